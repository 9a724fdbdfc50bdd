"""Test sets by others, from local files: SciFact, PubMedQA, QASA, and the forms of ALCE and ScholarQABench.

Each reader gives items and the papers that come with them; `assistant eval import` writes both. Nothing is fetched.

- SciFact: a folder with corpus.jsonl (or .gz), queries.jsonl or claims_*.jsonl. A claim with evidence is answerable.
- PubMedQA: ori_pqal.json: a question, its abstract, the conclusion as reference; half of them again with the abstract left
  out. The question is the paper's title there, so papers are called by their PubMed number instead.
- QASA: questions on papers that are not in the file; where no evidence was found, the reason is kept.
- ALCE: a list with `question`, `answer`, `docs`; `qa_pairs` or `answers` become nuggets. `docs` were retrieved, not judged.
- ScholarQABench: `input`, `answer`, `gold_ctx(s)` as evidence, `ctxs`.
"""

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.errors import TestSetError
from assistant.evaluation.drafting import left_out
from assistant.evaluation.testset import Evidence, Item
from assistant.files import write_whole
from assistant.records import Paper, paper_id
from assistant.sentences import sentence_spans


@dataclass(frozen=True, slots=True)
class PublicSet:
    """A set by others: its name, its items, and the papers that come with it."""

    name: str
    items: tuple[Item, ...]
    papers: tuple[Paper, ...] = ()

    def save_papers(self, path: Path) -> None:
        """Writes the papers in the form that `assistant add` reads, word for word."""
        lines = (json.dumps(asdict(paper), ensure_ascii=False) + "\n" for paper in self.papers)
        write_whole(path, "".join(lines).encode())


def read_public_set(path: Path) -> PublicSet | None:
    """The set in a file or folder; None where it has none of these forms. Raises TestSetError where one is broken."""
    try:
        if path.is_dir():
            return _scifact(path)
        records = _records(path)
        form = next((read for known, read in _FORMS if records and known(records[0][1])), None)
        return form(records) if form else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        reason = f"the field {error} is missing" if isinstance(error, KeyError) else error
        raise TestSetError(f"{path} is not whole ({reason}); give the public set as it was published") from None


def _records(path: Path) -> list[tuple[str, Mapping[str, Any]]]:
    """The records of a JSON or JSON Lines file with their names or numbers; [] where it holds something else."""
    try:
        value = _json(path)
    except (OSError, ValueError):
        return []  # for others to read, or to name what is wrong
    named = value.items() if isinstance(value, dict) else enumerate(value, 1) if isinstance(value, list) else ()
    records = [(str(name), record) for name, record in named]
    return records if all(isinstance(record, dict) for _, record in records) else []


def _text(path: Path) -> str:
    data = path.read_bytes()
    try:
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    except (EOFError, zlib.error) as error:
        raise ValueError(f"{path.name}: {error}") from None


def _json(path: Path) -> Any:
    text = _text(path)
    try:
        value = json.loads(text)
    except ValueError:
        return _lines(path)
    return [value] if isinstance(value, dict) and not all(isinstance(part, dict) for part in value.values()) else value


def _lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in _text(path).split("\n") if line.strip()]


class _Shelf:
    """Papers by what a set calls them; a title that comes again with another text gets an id of its own."""

    def __init__(self) -> None:
        self._papers: dict[tuple[str, str], Paper] = {}
        self._titles: set[str] = set()

    def add(self, title: str, text: str) -> Paper:
        title, text = title.strip() or text[:80], text.strip()
        if (title, text) not in self._papers:
            own = paper_id(title, text) if title in self._titles else paper_id(title)
            self._papers[title, text] = Paper(title, text, id=own)
            self._titles.add(title)
        return self._papers[title, text]

    @property
    def papers(self) -> tuple[Paper, ...]:
        return tuple(self._papers.values())


def _scifact(folder: Path) -> PublicSet | None:
    corpus = next((p for p in (folder / "corpus.jsonl", folder / "corpus.jsonl.gz") if p.exists()), None)
    claims = [p for p in [folder / "queries.jsonl", *sorted(folder.glob("claims_*.jsonl"))] if p.exists()]
    if corpus is None or not claims:
        return None
    shelf, docs = _Shelf(), {}
    for record in _lines(corpus):
        sentences = [" ".join(s.split()) for s in record.get("sentences") or record["abstract"]]
        docs[str(record.get("_id", record.get("doc_id")))] = (
            shelf.add(record["title"], " ".join(sentences)),
            sentences,
        )
    items = tuple(_claim(record, docs) for path in claims for record in _lines(path) if "evidence" in record)
    return PublicSet("SciFact", items, shelf.papers)


def _claim(record: Mapping[str, Any], docs: Mapping[str, tuple[Paper, Sequence[str]]]) -> Item:
    """A claim; any sentence of any rationale is evidence enough, as one paper that settles it is."""
    given = record["evidence"]
    if isinstance(given, dict):  # as published: document -> rationales
        given = [{"doc": doc, **rationale} for doc, rationales in given.items() for rationale in rationales]
    found: dict[str, list[str]] = {}
    for rationale in given:
        paper, sentences = docs[str(rationale["doc"])]
        found.setdefault(paper.title, []).extend(sentences[number] for number in rationale["sentences"])
    number = record.get("_id", record.get("id"))
    labels = {rationale["label"].lower() for rationale in given}
    return Item(
        id=f"scifact-{number}",
        question=record.get("text") or record["claim"],
        type=f"claim, {'/'.join(sorted(labels))}" if labels else "claim without evidence",
        answerable=bool(found),
        evidence=tuple(Evidence(title, tuple(sentences)) for title, sentences in found.items())[:1],
        relevant=dict.fromkeys(found, 2),
        split="dev" if record.get("split") == "train" else "test",
        provenance="SciFact",
        why="" if found else "the abstracts that it cites do not settle it",
    )


def _pubmedqa(records: Sequence[tuple[str, Mapping[str, Any]]]) -> PublicSet:
    shelf, items = _Shelf(), []
    for number, record in records:
        conclusion = " ".join(record["LONG_ANSWER"].split())
        text = " ".join(" ".join([*record["CONTEXTS"], conclusion]).split())
        paper = shelf.add(f"PubMed {number}", text)
        sentences = tuple(conclusion[span.start : span.end] for span in sentence_spans(conclusion))
        evidence = (Evidence(paper.title, sentences),) if sentences else ()
        kind = f"pubmedqa {record.get('final_decision', 'question')}"
        items.append(Item(
            f"pubmedqa-{number}", record["QUESTION"], kind, True, conclusion, (), evidence, {paper.title: 2},
            provenance="PubMedQA",
        ))  # fmt: skip
    return PublicSet("PubMedQA", (*items, *left_out(items, len(items))), shelf.papers)


def _qasa(records: Sequence[tuple[str, Mapping[str, Any]]]) -> PublicSet:
    def item(number: str, record: Mapping[str, Any]) -> Item:
        known, said = bool(record["evidential_info"]), record["composition"]
        return Item(
            f"qasa-{number}", record["question"], "qasa" if known else "qasa unanswerable", known, said if known else "",
            provenance=f"QASA, on {record.get('title', 'a paper')}", why="" if known else said,
        )  # fmt: skip

    return PublicSet("QASA", tuple(item(number, record) for number, record in records))


def _alce(records: Sequence[tuple[str, Mapping[str, Any]]]) -> PublicSet:
    shelf, items = _Shelf(), []
    for number, record in records:
        for doc in record["docs"]:
            shelf.add(str(doc.get("title") or ""), doc["text"])
        short = [pair["short_answers"] for pair in record.get("qa_pairs") or ()] or record.get("answers") or ()
        nuggets = tuple(
            {"text": names[0], "aliases": names[1:], "vital": True} for names in map(_names, short) if names
        )
        reference = record.get("answer") or "; ".join(names[0] for names in map(_names, short) if names)
        name = f"alce-{record.get('sample_id', number)}"
        items.append(Item(name, record["question"], "alce", bool(reference), reference, nuggets, provenance="ALCE"))
    return PublicSet("ALCE", tuple(items), shelf.papers)


def _names(answer: Any) -> list[str]:
    names = [answer] if isinstance(answer, str) else answer
    return [name for name in names if isinstance(name, str) and name.strip()]


def _scholarqa(records: Sequence[tuple[str, Mapping[str, Any]]]) -> PublicSet:
    shelf, items = _Shelf(), []
    for number, record in records:
        gold = record.get("gold_ctxs") or record.get("gold_ctx") or ()
        papers = [shelf.add(str(ctx.get("title") or ""), ctx["text"]) for ctx in _contexts(gold)]
        for ctx in _contexts(record.get("ctxs") or ()):
            shelf.add(str(ctx.get("title") or ""), ctx["text"])
        answer = record.get("answer", record.get("output", ""))
        items.append(Item(
            f"scholarqa-{number}", record["input"], "scholarqa", bool(answer or papers), str(answer or ""),
            relevant=dict.fromkeys((paper.title for paper in papers), 2), provenance="ScholarQABench",
        ))  # fmt: skip
    return PublicSet("ScholarQABench", tuple(items), shelf.papers)


def _contexts(value: Any) -> Iterator[Mapping[str, Any]]:
    for ctx in value if isinstance(value, list) else [value]:
        if isinstance(ctx, dict) and str(ctx.get("text") or "").strip():
            yield ctx


def _has(*names: str, any_of: Iterable[str] = ()) -> Callable[[Mapping[str, Any]], bool]:
    others = set(any_of)
    return lambda record: record.keys() >= {*names} and (not others or bool(others & record.keys()))


_FORMS: list[
    tuple[Callable[[Mapping[str, Any]], bool], Callable[[Sequence[tuple[str, Mapping[str, Any]]]], PublicSet]]
] = [
    (_has("QUESTION", "CONTEXTS", "LONG_ANSWER"), _pubmedqa),
    (_has("question", "composition", "evidential_info"), _qasa),
    (_has("question", "docs"), _alce),
    (_has("input", any_of=("gold_ctx", "gold_ctxs", "ctxs", "answer", "output")), _scholarqa),
]
