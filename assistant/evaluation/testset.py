"""Test sets: questions about papers with the sentences that answer them, one JSON object a line.

Evidence is AND across groups, OR within one: every group needs one of its verbatim alternatives. `relevant` maps exact
titles to grades (2 answers the question, 1 touches it). Questions that the papers do not answer have neither.
"""

import csv
import difflib
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from assistant.errors import TestSetError
from assistant.evaluation.metrics import spellings_of
from assistant.loaders.csv_table import reader_of
from assistant.questions.reading import MAX_CHARACTERS
from assistant.records import Paper
from assistant.terms import terms

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
        return next(iter((*self.relevant, *(one.paper for one in self.evidence), *self.without)), self.id)


def load_testset(path: Path) -> list[Item]:
    """The items of a JSON Lines file, or of a CSV or TSV with the columns question and reference, and as well id, type, split,
    answerable, reviewed, provenance and why.

    Raises TestSetError, naming the line, where one cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TestSetError(
            f"the test set {path} cannot be read ({error}); give a UTF-8 JSON Lines or CSV file"
        ) from None
    items: list[Item] = []
    seen: dict[str, Item] = {}
    records = _table_records if path.suffix.lower() in (".csv", ".tsv") else _json_records
    for number, record in records(text, path.name):
        try:
            record = json.loads(record) if isinstance(record, str) else record
            item = item_from(record)
            _check_sense(item)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            reason = f"the field {error} is missing" if isinstance(error, KeyError) else error
            raise TestSetError(f"{path.name}, line {number}: {reason}; mend the line and retry") from None
        item = replace(item, place=f"{path.name}, line {number}")
        if before := seen.get(item.id):
            where = before.place.rpartition(", ")[2]
            problem = (
                f"the id {item.id!r} occurs twice, as in {where}; give each line its own"
                if "id" in record
                else f"it asks what {where} asks; leave one of them out, or give both an 'id'"
            )
            raise TestSetError(f"{path.name}, line {number}: {problem}")
        seen[item.id] = item
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
_BESIDE = ("id", "type", "split", "provenance", "why", "answerable", "reviewed")  # columns that hold no answer
_ONLY_JSON = ("nuggets", "evidence", "relevant", "history", "without")
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _table_records(text: str, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows of question, reference and what else a header names; where no cell says whether a row is answerable, one without a
    reference is a question that the papers do not answer. Raises TestSetError for a header that does not say which column is
    which."""
    rows = reader_of(text)
    places, is_first = {"question": 0, "reference": 1}, True
    try:
        for row in rows:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if is_first and (named := _places(cells, name)):
                places = named
            elif places["question"] < len(cells):
                said = {column: cells[place] for column, place in places.items() if place < len(cells)}
                yield rows.line_num, _row_record(said)
            is_first = False
    except csv.Error as error:
        raise TestSetError(f"{name}, line {rows.line_num}: {error}; is a quotation mark left open?") from None


def _row_record(cells: Mapping[str, str]) -> dict[str, Any]:
    """The item of a row as plain JSON types; an empty cell says nothing, and a word that is no truth value is kept as it is."""
    said = {column: cell for column, cell in cells.items() if cell}
    truths: dict[str, Any] = {
        column: _BOOLEANS.get(said[column].lower(), said[column])
        for column in ("answerable", "reviewed")
        if column in said
    }
    return {"question": cells["question"], "answerable": "reference" in said, **said, **truths}


def _places(cells: Sequence[str], file: str) -> dict[str, int] | None:
    """Where the first row says that each column stands; None for a row that is no header."""
    names = [" ".join(cell.lower().replace("_", " ").split()) for cell in cells]
    if "question" not in names:
        if _looks_like_header(cells):
            raise TestSetError(
                f"{file}: the first row ({', '.join(cells)}) names no column 'question'; rename one, and one 'reference'"
            )
        return None
    places = {column: names.index(column) for column in ("question", *_BESIDE) if column in names}
    if reference := next((name for name in _REFERENCES if name in names), ""):
        places["reference"] = names.index(reference)
    for name in dict.fromkeys(names):
        if name in _ONLY_JSON:
            raise TestSetError(f"{file}: a table cannot hold the column {name!r}; write the test set as JSON Lines")
        known = ["question", *_BESIDE, *_REFERENCES]
        if name not in known and (near := difflib.get_close_matches(name, known, n=1, cutoff=0.8)):
            raise TestSetError(f"{file}: there is no column {name!r}; do you mean {near[0]!r}?")
    if not reference and not {*names} <= {"question", *_BESIDE, ""}:  # every question would be taken for unanswerable
        raise TestSetError(
            f"{file}: the first row ({', '.join(cells)}) names no column 'reference'; rename the one that holds the answers, "
            "or leave it out for questions that the papers do not answer"
        )
    return places


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
    if not isinstance(record.get("reviewed", True), bool):
        raise ValueError("'reviewed' must be true or false")
    if not isinstance(record.get("reference", ""), str):
        raise ValueError("'reference' must be text")
    if answerable and not (record.get("relevant") or record.get("reference")):
        raise ValueError("an answerable question needs 'relevant' titles or a 'reference'")
    relevant = record.get("relevant", {})
    if not isinstance(relevant, Mapping) or not all(isinstance(g, int) and g > 0 for g in relevant.values()):
        raise ValueError("'relevant' must map titles to grades of 1 or more")
    without = record.get("without", ())
    if not are_texts(without):
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
        reviewed=record.get("reviewed", True),
        why=str(record.get("why", "")),
        without=tuple(without),
    )


# What people write where they have no answer, from its beginning.
_NO_ANSWER = re.compile(
    r"(?:n\.?/?a\.?|none|null|nan|nil|unknown|unanswerable|[-–—?.]+)$|no answer\b|(?:cannot|can't|can not) be answered\b"
    r"|not (?:answer(?:ed|able)|applicable|available|covered|found|given|known|mentioned|reported|stated|specified)\b"
    r"|not in (?:the|this|these|any|our) "
    r"|(?:(?:the|this|these|our) )?(?:articles?|context|documents?|library|papers?|sources?|texts?)"
    r" (?:do|does|did)(?: not|n['’]t)\b",
    re.IGNORECASE,
)


def _check_sense(item: Item) -> None:
    """Raises ValueError where the fields of an item contradict each other, or cannot mean what they say."""
    if len(item.question) > MAX_CHARACTERS:
        raise ValueError(f"'question' has {len(item.question):,} characters, and {MAX_CHARACTERS:,} are read")
    if not item.answerable and (item.relevant or item.evidence):
        raise ValueError("'answerable' is false, but 'relevant' or 'evidence' says what answers it")
    for nugget in item.nuggets:
        if not nugget["text"].strip():
            raise ValueError("every one of 'nuggets' needs a 'text' that is not empty")
        if not isinstance(nugget.get("vital", True), bool):
            raise ValueError("'vital' must be true or false")


def doubts(items: Sequence[Item]) -> list[str]:
    """What may be a mistake in a test set though it can be asked, in sentences."""
    found = []
    if unreal := [item for item in items if item.answerable and _NO_ANSWER.match(item.reference.strip())]:
        found.append(
            f"{_named(unreal)}: the reference ({unreal[0].reference[:40]!r}) reads like none, but counts as an answer; leave it "
            "empty, and 'answerable' false, where the papers do not answer"
        )
    if unused := [
        i for i in items if not i.answerable and i.reference and not i.without and not _NO_ANSWER.match(i.reference)
    ]:
        found.append(
            f"{_named(unused)}: 'answerable' is false, so that the reference ({unused[0].reference[:40]!r}) is not used; is it "
            "an answer from the papers, or only a note ('why')?"
        )
    if wordless := [i for i in items if any(not any(map(terms, spellings_of(nugget))) for nugget in i.nuggets)]:
        found.append(f"{_named(wordless)}: a nugget has no word by which it could be found in an answer; add an alias")
    sides: dict[tuple[Any, ...], list[Item]] = {}
    for item in items:
        turns = tuple(turn["content"] for turn in item.history)
        sides.setdefault((" ".join(item.question.casefold().split()), turns, item.without), []).append(item)
    for same in sides.values():
        if len({item.answerable for item in same}) > 1:
            found.append(f"{_named(same)}: the same question is answerable in one line and not in another")
    return found


def _named(items: Sequence[Item]) -> str:
    names = "; ".join(item.place or item.id for item in items[:3])
    return f"{names} and {len(items) - 3} more" if len(items) > 3 else names


def _check_names(record: Mapping[str, Any]) -> None:
    known = [name for name in Item.__slots__ if name != "place"]
    for name in record.keys() - {*known}:
        if near := difflib.get_close_matches(name.casefold(), known, n=1, cutoff=0.8):
            raise ValueError(f"there is no field {name!r}; do you mean {near[0]!r}?")


def are_texts(value: Any) -> bool:
    """True for a list of texts; a text alone is none."""
    return isinstance(value, list | tuple) and all(isinstance(part, str) for part in value)


def _nuggets(value: Any) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(value, list | tuple) or not all(
        isinstance(n, Mapping)
        and isinstance(n.get("text"), str)
        and are_texts(n.get("aliases", ()))
        and isinstance(n.get("numbers", ()), list | tuple)
        for n in value
    ):
        raise ValueError("'nuggets' must hold objects with 'text', and lists as 'aliases' and 'numbers'")
    return tuple(value)


def _evidence(value: Any) -> tuple[Evidence, ...]:
    if not isinstance(value, list | tuple) or not all(
        isinstance(e, Mapping) and isinstance(e.get("paper"), str) and are_texts(e.get("alternatives")) for e in value
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


def of_split(items: Sequence[Item], split: str) -> list[Item]:
    """The items of one half, or of both for "all". Raises TestSetError where there are none."""
    chosen = [item for item in items if split in ("all", item.split)]
    if not chosen:
        raise TestSetError(f"no question has the split {split!r}; use test, dev or all")
    return chosen


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
