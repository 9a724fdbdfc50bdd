"""Asks every question of a test set: resumable, several at a time, with what failed named."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from assistant.errors import AssistantError
from assistant.evaluation.report import Report, Row, Shown
from assistant.evaluation.scoring import DEPTH, scores
from assistant.evaluation.testset import Item, check_against
from assistant.library import Assistant
from assistant.records import Answer

_BASELINES = {"BM25 alone": 0.0, "vectors alone": 1.0}
_ROWS = "rows.jsonl"  # what is done already, in the report's folder
_ROW = TypeAdapter(Row)

Progress = Callable[[str, int, int], None]


def evaluate(
    assistant: Assistant,
    items: Sequence[Item],
    progress: Progress | None = None,
    folder: Path | None = None,
    workers: int = 2,
    timeout: float = 300.0,
) -> Report:
    """Asks every item of the library; rows come in the order of the items, whatever the number of `workers`.

    With a `folder`, each row is kept there as it is done, so that a run that was stopped goes on where it was; one that
    came to its end starts afresh. An item that takes longer than `timeout` seconds, or whose provider fails, is a
    row with an error, not a wrong answer. Raises TestSetError where items and library do not fit together.
    """
    start = time.monotonic()
    check_against(items, assistant.papers())
    known = _Kept(folder, assistant)
    rows: dict[str, Row] = {item.id: row for item in items if (row := known.row(item))}
    todo = [item for item in items if item.id not in rows]
    for item, row in _asked(assistant, todo, workers, timeout):
        rows[item.id] = row
        known.keep(item, row)
        if progress:
            progress("Asking", len(rows), len(items))
    known.finish()
    return Report(
        mode=assistant.config.model_name or "extractive",
        rows=tuple(rows[item.id] for item in items),
        settings=assistant.settings_of_answers,
        seconds=time.monotonic() - start,
    )


def _asked(assistant: Assistant, items: Sequence[Item], workers: int, timeout: float) -> Iterator[tuple[Item, Row]]:
    """Each item with its row, as they are done."""
    pool = ThreadPoolExecutor(max(1, workers))
    try:
        waiting = iter(items)
        running: dict[Future[Row], tuple[Item, float]] = {}
        while True:
            for item in waiting:
                running[pool.submit(_row, assistant, item)] = (item, time.monotonic())
                if len(running) >= max(1, workers):
                    break
            if not running:
                return
            done, _ = wait(running, timeout=1.0, return_when=FIRST_COMPLETED)
            late = {future for future, (_, since) in running.items() if time.monotonic() - since > timeout} - done
            for future in [*done, *late]:
                item, _ = running.pop(future)
                yield item, future.result() if future in done else _failed(item, f"took longer than {timeout:.0f} s")
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _row(assistant: Assistant, item: Item) -> Row:
    start = time.monotonic()
    try:
        answer = assistant.ask(item.question, history=item.history, fresh=True)  # a kept reply measures nothing
        if assistant.config.model_name and answer.mode == "extractive" and answer.claims:
            return _failed(item, answer.reason or "the model did not answer")  # the papers were quoted in its place
        seconds = time.monotonic() - start
        ranked = _ranked(assistant, answer.standalone_question, None)
        baselines = {
            name: _ranked(assistant, answer.standalone_question, weight) for name, weight in _BASELINES.items()
        }
    except AssistantError as error:
        return _failed(item, str(error))
    return Row(
        id=item.id,
        question=item.question,
        type=item.type,
        cluster=item.cluster,
        answerable=item.answerable,
        status=answer.status,
        reason=answer.reason,
        claims=tuple(_shown(answer)),
        ranked=ranked,
        relevant=dict(item.relevant),
        evidence=tuple(quote for evidence in item.evidence for quote in evidence.alternatives),
        baselines=baselines,
        scores=scores(item, ranked, answer, assistant.lexical.idf),
        probability=answer.probability,
        calls=answer.usage.calls,
        tokens=answer.usage.input_tokens,
        seconds=round(seconds, 4),
    )


def _failed(item: Item, error: str) -> Row:
    return Row(item.id, item.question, item.type, item.cluster, item.answerable, error=error)


def _shown(answer: Answer) -> Iterator[Shown]:
    for claim in answer.claims:
        yield Shown(claim.lead + claim.text, claim.verdict, tuple((c.paper.title, c.quote) for c in claim.citations))


def _ranked(assistant: Assistant, question: str, dense_weight: float | None) -> tuple[str, ...]:
    # Several passages of one paper hide others behind them: rank deeper, then keep the first ten papers.
    found = assistant.search(question, k=2 * DEPTH, dense_weight=dense_weight)
    return tuple(dict.fromkeys(passage.paper.title for passage in found))[:DEPTH]


class _Kept:
    """The rows of earlier runs in a folder, by what they depend on: question, library and settings."""

    def __init__(self, folder: Path | None, assistant: Assistant) -> None:
        self._file = folder / _ROWS if folder else None
        self._base = json.dumps([assistant.settings_of_answers, assistant.last_change])
        self._rows: dict[str, Row] = {}
        if self._file and self._file.exists():
            for line in self._file.read_text(encoding="utf-8").splitlines():
                try:
                    record = json.loads(line)
                    self._rows[record["key"]] = _ROW.validate_python(record["row"])
                except (ValueError, KeyError, TypeError, ValidationError):
                    continue  # a line that was being written when the run was stopped

    def _key(self, item: Item) -> str:
        text = self._base + json.dumps(asdict(item), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def row(self, item: Item) -> Row | None:
        """The row of the item where it was asked before under the same conditions."""
        return self._rows.get(self._key(item))

    def finish(self) -> None:
        """Forgets the rows: the report holds them now, and the next run measures again."""
        if self._file:
            self._file.unlink(missing_ok=True)

    def keep(self, item: Item, row: Row) -> None:
        """Appends a row; what failed is asked again by the next run."""
        if self._file and not row.error:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            record = {"key": self._key(item), "row": _ROW.dump_python(row, mode="json")}
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
