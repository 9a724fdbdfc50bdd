"""Test sets: questions about papers with the sentences that answer them, one JSON object a line.

Evidence is AND across groups, OR within one: every group needs one of its verbatim alternatives. `relevant` maps exact
titles to grades (2 answers the question, 1 touches it). Questions that the papers do not answer have neither.
"""

import csv
import difflib
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from assistant.errors import TestSetError
from assistant.loaders.csv_table import reader_of
from assistant.records import Paper

Split = Literal["dev", "test"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that an answer must rest on: a paper, by title, and sentences of it of which any one will do."""

    paper: str
    alternatives: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A question of a test set. `type` is free text by which results are sliced; near misses are not `answerable`.

    `without` names papers that are left out of the library while it is asked, by title: what they alone answer is then
    unanswerable. `place` says which line of which file it came from.
    """

    id: str
    question: str
    type: str
    answerable: bool
    reference: str = ""
    nuggets: tuple[Mapping[str, Any], ...] = ()
    evidence: tuple[Evidence, ...] = ()
    relevant: Mapping[str, int] = field(default_factory=dict)
    history: tuple[Mapping[str, str], ...] = ()
    split: Split = "test"
    provenance: str = ""
    reviewed: bool = True
    why: str = ""
    without: tuple[str, ...] = ()
    place: str = field(default="", compare=False, repr=False)

    @property
    def cluster(self) -> str:
        """What makes items depend on each other: the paper asked about, else the item itself."""
        return next(iter((*self.relevant, *self.without)), self.id)


def load_testset(path: Path) -> list[Item]:
    """The items of a JSON Lines file, or of a CSV or TSV with the columns question and reference.

    Raises TestSetError, naming the line, where one cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TestSetError(
            f"the test set {path} cannot be read ({error}); give a UTF-8 JSON Lines or CSV file"
        ) from None
    items: list[Item] = []
    seen: set[str] = set()
    records = _table_records if path.suffix.lower() in (".csv", ".tsv") else _json_records
    for number, record in records(text, path.name):
        try:
            item = item_from(json.loads(record) if isinstance(record, str) else record)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            reason = f"the field {error} is missing" if isinstance(error, KeyError) else error
            raise TestSetError(f"{path.name}, line {number}: {reason}; mend the line and retry") from None
        item = replace(item, place=f"{path.name}, line {number}")
        if item.id in seen:
            raise TestSetError(f"{path.name}, line {number}: the id {item.id!r} occurs twice; give each line its own")
        seen.add(item.id)
        items.append(item)
    if not items:
        raise TestSetError(f"{path.name} holds no question; give one JSON object a line")
    return items


def _json_records(text: str, name: str) -> Iterator[tuple[int, str]]:
    if text.lstrip().startswith("["):
        raise TestSetError(
            f"{name} holds a JSON array; write each of its objects on a line of its own, without brackets"
        )
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line


_REFERENCES = (
    "reference", "answer", "answers", "expected", "ground truth", "reference answer", "expected answer", "expected output",
)  # fmt: skip
_BESIDE = ("question", "id", "type", "split", "provenance", "reviewed", "why")  # columns that hold no answer


def _table_records(text: str, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows of question and reference, by their header where there is one; a row without a reference is a question that the
    papers do not answer. Raises TestSetError for a header that does not say which column is which."""
    rows = reader_of(text)
    question, reference, is_first = 0, 1, True
    try:
        for row in rows:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if is_first and (places := _places(cells, name)):
                question, reference = places
            elif question < len(cells):
                said = cells[reference] if reference < len(cells) else ""
                yield rows.line_num, {"question": cells[question], "answerable": bool(said), "reference": said}
            is_first = False
    except csv.Error as error:
        raise TestSetError(f"{name}, line {rows.line_num}: {error}; is a quotation mark left open?") from None


def _places(cells: Sequence[str], file: str) -> tuple[int, int] | None:
    """Where the first row says that question and reference stand, the latter beyond its end where there is none; None for a
    row that is no header."""
    names = [" ".join(cell.lower().replace("_", " ").split()) for cell in cells]
    if "question" not in names:
        if _looks_like_header(cells):
            raise TestSetError(
                f"{file}: the first row ({', '.join(cells)}) names no column 'question'; rename one, and one 'reference'"
            )
        return None
    reference = next((names.index(name) for name in _REFERENCES if name in names), len(names))
    if reference == len(names) and not {*names} <= {*_BESIDE, ""}:  # every question would be taken for unanswerable
        raise TestSetError(
            f"{file}: the first row ({', '.join(cells)}) names no column 'reference'; rename the one that holds the answers, "
            "or leave it out for questions that the papers do not answer"
        )
    return names.index("question"), reference


def _looks_like_header(cells: Sequence[str]) -> bool:
    """True for several single words: names of columns, and no question with its answer."""
    return len(cells) > 1 and all(cell and len(cell.split()) == 1 and not cell.endswith("?") for cell in cells)


def item_from(record: Mapping[str, Any]) -> Item:
    """An item from plain JSON types. Raises KeyError for a missing field, ValueError for one that cannot be.

    Fields of other names are left alone, but for those that look like a misspelt one of ours.
    """
    if not isinstance(record, Mapping):
        raise ValueError("it is no JSON object")
    _check_names(record)
    if not isinstance(record["question"], str) or not record["question"].strip():
        raise ValueError("'question' must be text")
    if record.get("split", "test") not in ("dev", "test"):
        raise ValueError("'split' must be 'dev' or 'test'")
    answerable = record["answerable"]
    if not isinstance(answerable, bool):
        raise ValueError("'answerable' must be true or false")
    if not isinstance(record.get("reference", ""), str):
        raise ValueError("'reference' must be text")
    if answerable and not (record.get("relevant") or record.get("reference")):
        raise ValueError("an answerable question needs 'relevant' titles or a 'reference'")
    relevant = record.get("relevant", {})
    if not isinstance(relevant, Mapping) or not all(isinstance(g, int) and g > 0 for g in relevant.values()):
        raise ValueError("'relevant' must map titles to grades of 1 or more")
    without = record.get("without", ())
    if not _are_texts(without):
        raise ValueError("'without' must be a list of titles")
    if set(without) & set(relevant):
        raise ValueError("a title stands both in 'relevant' and in 'without'")
    digest = hashlib.sha256(record["question"].encode()).hexdigest()[:10]
    return Item(
        id=str(record.get("id", f"q-{digest}")),
        question=record["question"],
        type=str(record.get("type", "question")),
        answerable=answerable,
        reference=record.get("reference", ""),
        nuggets=_nuggets(record.get("nuggets", ())),
        evidence=_evidence(record.get("evidence", ())),
        relevant=dict(relevant),
        history=_history(record.get("history", ())),
        split=record.get("split", "test"),
        provenance=str(record.get("provenance", "")),
        reviewed=bool(record.get("reviewed", True)),
        why=str(record.get("why", "")),
        without=tuple(without),
    )


def _check_names(record: Mapping[str, Any]) -> None:
    known = [name for name in Item.__slots__ if name != "place"]
    for name in record.keys() - {*known}:
        if near := difflib.get_close_matches(name.casefold(), known, n=1, cutoff=0.8):
            raise ValueError(f"there is no field {name!r}; do you mean {near[0]!r}?")


def _are_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(part, str) for part in value)


def _nuggets(value: Any) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(value, list | tuple) or not all(
        isinstance(n, Mapping)
        and isinstance(n.get("text"), str)
        and _are_texts(n.get("aliases", ()))
        and isinstance(n.get("numbers", ()), list | tuple)
        for n in value
    ):
        raise ValueError("'nuggets' must hold objects with 'text', and lists as 'aliases' and 'numbers'")
    return tuple(value)


def _evidence(value: Any) -> tuple[Evidence, ...]:
    if not isinstance(value, list | tuple) or not all(
        isinstance(e, Mapping) and isinstance(e.get("paper"), str) and _are_texts(e.get("alternatives")) for e in value
    ):
        raise ValueError("'evidence' must hold objects with a 'paper' and a list of 'alternatives'")
    if not all(e["alternatives"] and all(e["alternatives"]) for e in value):
        raise ValueError("every group of 'evidence' needs alternatives that are not empty")
    return tuple(Evidence(e["paper"], tuple(e["alternatives"])) for e in value)


def _history(value: Any) -> tuple[Mapping[str, str], ...]:
    if not isinstance(value, list | tuple) or not all(
        isinstance(t, Mapping) and t.get("role") in ("user", "assistant") and isinstance(t.get("content"), str)
        for t in value
    ):
        raise ValueError("'history' must hold turns with the 'role' user or assistant and text as 'content'")
    return tuple(value)


def shipped_testset() -> list[Item]:
    """The set over the seed papers that the package carries."""
    return load_testset(Path(__file__).parent / "seeds_testset.jsonl")


def check_against(items: Sequence[Item], papers: Sequence[Paper]) -> None:
    """Raises TestSetError for the first title that the library lacks, or quotation that its paper does not hold verbatim."""
    by_title = {paper.title: paper for paper in papers}
    for item in items:
        where = f"{item.place}: {item.id}" if item.place else item.id
        for title in (*item.relevant, *item.without):
            if title not in by_title:
                raise TestSetError(f"{where}: the library holds no paper titled {title!r}; add it or mend the test set")
        for evidence in item.evidence:
            paper = by_title.get(evidence.paper)
            texts = [paper.record, *(section.text for section in paper.sections)] if paper else []
            for quote in evidence.alternatives:
                if not any(quote in text for text in texts):
                    raise TestSetError(
                        f"{where}: {evidence.paper!r} does not hold the evidence {quote[:60]!r}…; mend the test set"
                    )
