"""Asks every question of a test set, several at a time, and reports. What was answered before is not asked again."""

import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path

from assistant.errors import AssistantError, QuestionError, TestSetError
from assistant.evaluation.results import Cited, Report, Result, Said, result_from, result_record
from assistant.evaluation.scoring import DEPTH, figures_of, holds, scores_of, timings_of
from assistant.evaluation.testset import Item, check_against
from assistant.library import Assistant
from assistant.records import Answer, Citation, Passage

Progress = Callable[[str, int, int], None]

_BASELINES = {"BM25 alone": 0.0, "vectors alone": 1.0}
_PACKAGE = Path(__file__).parent.parent
_OWN_SETTINGS = {"data_dir", "openai_api_key", "page_user", "page_password", "chroma_headers"}  # change no answer


def evaluate(
    assistant: Assistant,
    testset: Sequence[Item],
    progress: Progress | None = None,
    *,
    workers: int = 4,
    timeout: float = 180.0,
    cache: Path | None = None,
) -> Report:
    """Asks every item of `testset` of the library and scores the answers.

    `progress(label, done, total)` is called after each; `workers` questions are asked at a time; one that takes longer than
    `timeout` seconds, or whose model server fails, enters no figure and is named in the report. `cache` is a JSON Lines file
    of answers: a question whose text, papers, settings and code are as they were is not asked again. Ctrl-C ends the run
    early with the report of what was asked (`interrupted`). Raises TestSetError where set and library do not fit together.
    """
    start = time.monotonic()
    papers = assistant.papers()
    check_against(testset, papers)
    setup = _setup(assistant, testset)
    known = _Cache(cache, "".join(setup[name] for name in ("settings", "papers", "code")))
    results = {item.id: result for item in testset if (result := known.get(item))}
    interrupted = False
    waiting = _asked(assistant, [item for item in testset if item.id not in results], workers, timeout)
    try:
        for result in waiting:
            known.put(result)
            results[result.item.id] = result
            if progress:
                progress("Asking", len(results), len(testset))
    except KeyboardInterrupt:
        interrupted = True
    finally:
        waiting.close()
    ordered = [results[item.id] for item in testset if item.id in results]
    return replace(_report(ordered, len(testset), interrupted, setup), seconds=time.monotonic() - start)


def _report(results: Sequence[Result], asked_of: int, interrupted: bool, setup: dict[str, str]) -> Report:
    types = sorted({result.item.type for result in results})
    return Report(
        mode=next((result.mode for result in results if result.mode), ""),
        results=tuple(results),
        figures=tuple(figures_of(results)),
        by_type={name: tuple(figures_of([r for r in results if r.item.type == name])) for name in types},
        setup=setup,
        asked_of=asked_of,
        interrupted=interrupted,
        timings=tuple(timings_of(results)),
    )


def _asked(assistant: Assistant, items: Sequence[Item], workers: int, timeout: float) -> Generator[Result, None, None]:
    """A result for each item as it is ready; closing it leaves what is not asked yet."""
    stop = threading.Event()
    pool = ThreadPoolExecutor(max(1, workers), thread_name_prefix="evaluate")
    try:
        waiting = [pool.submit(_within, timeout, stop, assistant, item) for item in items]
        for future in as_completed(waiting):
            yield future.result()
    finally:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)


def _within(timeout: float, stop: threading.Event, assistant: Assistant, item: Item) -> Result:
    """The item's result, or one that says that it took too long: Python cannot end a thread, so it is left behind."""
    box: list[Result | Exception] = []

    def work() -> None:
        try:
            box.append(_ask(assistant, item))
        except Exception as error:  # whatever a question brings about must not end the run of the others
            box.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    end = time.monotonic() + timeout
    while thread.is_alive() and not stop.is_set() and time.monotonic() < end:
        thread.join(0.2)
    if not box:
        return Result(item, error=f"no answer within {timeout:g} s")
    if isinstance(box[0], Exception):
        name = "" if isinstance(box[0], AssistantError) else f"{type(box[0]).__name__}: "
        return Result(item, error=f"{name}{box[0]}")
    return box[0]


def _ask(assistant: Assistant, item: Item) -> Result:
    start = time.monotonic()
    try:
        answer = assistant.ask(item.question, history=item.history, fresh=True)  # a kept reply measures nothing
    except QuestionError as error:  # declined before it was searched for: an answer like any other
        answer = Answer(item.question, "not_found", reason=str(error), standalone_question=item.question)
    seconds = time.monotonic() - start
    model = assistant.config.model_name
    if model and answer.mode != model:
        return Result(item, mode=model, error=answer.reason or "the model did not answer", seconds=seconds)
    # Several passages of one paper hide others behind them: rank deeper, then keep the first ten papers.
    searched = answer.standalone_question or item.question
    found = {n: assistant.search(searched, k=2 * DEPTH, dense_weight=w) for n, w in {"": None, **_BASELINES}.items()}
    ranked = {name: tuple(dict.fromkeys(p.paper.title for p in passages))[:DEPTH] for name, passages in found.items()}
    tokens = [count for count in (answer.usage.input_tokens, answer.usage.output_tokens) if count is not None]
    result = Result(
        item, answer.status, answer.mode, answer.text, _claims(answer, item), ranked.pop(""), ranked,
        answer.probability, answer.usage.calls, sum(tokens) if tokens or not answer.usage.calls else None, seconds=seconds,
    )  # fmt: skip
    groups = [_is_found(group.paper, group.alternatives, found[""]) for group in item.evidence]
    return replace(result, scores=scores_of(result, groups, _has_unknown_marks(answer), assistant.lexical.idf))


def _is_found(paper: str, alternatives: Sequence[str], passages: Sequence[Passage]) -> bool:
    """Whether one of the first ten papers is the group's, with one of its sentences in a passage found or in its record."""
    first = list(dict.fromkeys(passage.paper.title for passage in passages))[:DEPTH]
    texts = [f"{passage.text}\n{passage.paper.record}" for passage in passages if passage.paper.title == paper]
    return paper in first and any(quote in text for text in texts for quote in alternatives)


def _claims(answer: Answer, item: Item) -> tuple[Said, ...]:
    def cited(citation: Citation) -> Cited:
        plain = Cited(citation.number, citation.paper.title, citation.quote, _is_verbatim(citation), False)
        return replace(plain, gold=any(holds(group.paper, group.alternatives, plain) for group in item.evidence))

    return tuple(
        Said(claim.lead + claim.text, claim.verdict == "supported", tuple(map(cited, claim.citations)), claim.reasons)
        for claim in answer.claims
    )


def _is_verbatim(citation: Citation) -> bool:
    span, paper = citation.span, citation.paper
    texts = [paper.record, *(section.text for section in paper.sections)]
    return bool(citation.quote) and any(text[span.start : span.end] == citation.quote for text in texts)


def _has_unknown_marks(answer: Answer) -> bool:
    """Whether a mark after a claim names no citation of the answer. A quoted sentence may hold marks of its own."""
    known = {citation.number for citation in answer.citations}
    marks = [claim.marked_text[len(claim.lead + claim.text) :] for claim in answer.supported]
    return any(int(number) not in known for text in marks for number in re.findall(r"\[(\d+)\]", text))


# What was measured --------------------------------------------------------------------------------------------------


def _setup(assistant: Assistant, items: Sequence[Item]) -> dict[str, str]:
    """Hashes of everything that an answer depends on, and of the test set."""
    settings = assistant.config.model_dump(mode="json", exclude=_OWN_SETTINGS)
    settings["model"] = assistant.config.model_name
    texts = [(paper.record, [section.text for section in paper.sections]) for paper in assistant.papers()]
    return {
        "settings": _hash(settings),
        "papers": _hash(texts),
        "code": code_hash(),
        "testset": _hash([asdict(item) for item in items]),
    }


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


@lru_cache(maxsize=1)
def code_hash() -> str:
    """A hash of the package's code, prompts and small data: answers of other code are other answers."""
    kinds = {".py", ".md", ".json"}
    folders = [_PACKAGE, _PACKAGE.parent / "prompts"]
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.suffix in kinds)
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


class _Cache:
    """Results by the hash of what they depend on, a line each; a line that was cut off is left out."""

    def __init__(self, path: Path | None, setup: str) -> None:
        self._path, self._setup, self._known = path, setup, {}  # type: Path | None, str, dict[str, Result]
        if path and path.exists():
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                with suppress(ValueError, KeyError, TypeError, AttributeError):
                    record = json.loads(line)
                    self._known[record["key"]] = result_from(record["result"])

    def _key(self, item: Item) -> str:
        return _hash([self._setup, asdict(item)])

    def get(self, item: Item) -> Result | None:
        return self._known.get(self._key(item))

    def put(self, result: Result) -> None:
        """Keeps a result at once, so that a killed run goes on from it. Failures are tried again, not kept."""
        if not self._path or result.error:
            return
        line = json.dumps({"key": self._key(result.item), "result": result_record(result)}, ensure_ascii=False)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"\n{line}")
        except OSError as error:
            raise TestSetError(f"{self._path} cannot be written ({error.strerror}); choose another --output") from None
