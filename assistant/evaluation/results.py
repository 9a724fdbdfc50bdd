"""What asking one item leaves: a Result with what was said, cited, found, judged and spent."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from assistant.evaluation.testset import Item, item_from


@dataclass(frozen=True, slots=True)
class Cited:
    """A quotation of an answer: `verbatim` is True where the store holds it at its place, `gold` where it is evidence."""

    number: int
    title: str
    quote: str
    verbatim: bool
    gold: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A claim of an answer; one that failed its check is not shown to readers."""

    text: str
    shown: bool
    citations: tuple[Cited, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spent:
    """What a provider was asked for; None for tokens that it did not report and dollars whose price is not known."""

    calls: int = 0
    tokens: int | None = 0
    dollars: float | None = 0.0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            self.calls + other.calls,
            None if self.tokens is None or other.tokens is None else self.tokens + other.tokens,
            None if self.dollars is None or other.dollars is None else self.dollars + other.dollars,
        )


@dataclass(frozen=True, slots=True)
class Rival:
    """What a simpler way of using the model answered to an item; `error` says why it could not be asked."""

    answered: bool = False
    text: str = ""
    claims: tuple[Said, ...] = ()
    scores: dict[str, float] = field(default_factory=dict)
    spent: Spent = Spent()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A judge's opinion on one thing, once for each repeat: `verdicts` holds "" where the judge failed.

    `about` is "support" (does the text of citations `sources` of claim `claim` say what the claim says?) or "correct" (does
    the answer agree with the reference?).
    """

    about: str
    verdicts: tuple[str, ...]
    claim: int = -1
    sources: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """One item with what was answered. `scores` holds a number for each metric that applies to it.

    `error` says why it could not be asked ("" where it could): a broken server or a time-out, which is no fault of the
    answers and enters no figure. `ranked` are titles, best first; `baselines` the same by simpler rankings; `rivals` are
    answers by simpler ways of using the model. `sources` are the files that hold the papers asked about.
    """

    item: Item
    status: str = ""
    mode: str = ""
    text: str = ""
    claims: tuple[Said, ...] = ()
    ranked: tuple[str, ...] = ()
    baselines: dict[str, tuple[str, ...]] = field(default_factory=dict)
    probability: float | None = None
    spent: Spent = Spent()
    scores: dict[str, float] = field(default_factory=dict)
    error: str = ""
    rivals: dict[str, Rival] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    judging: Spent = Spent()
    judge_error: str = ""
    seconds: float = field(default=0.0, compare=False)

    @property
    def answered(self) -> bool:
        """True where something was answered, in full or in part."""
        return self.status in ("answered", "partial")


def item_record(item: Item) -> dict[str, Any]:
    """An item as plain JSON types: the same from whatever file it came."""
    record = asdict(item)
    record.pop("place")
    return record


def question_record(result: Result) -> dict[str, Any]:
    """A result as plain JSON types, without its seconds: what a report holds."""
    record = asdict(result)
    record.pop("item")
    item = item_record(result.item)
    record.pop("seconds")
    return {"id": item["id"], "type": item["type"], "question": item["question"], **record, "item": item}


def result_from(record: Mapping[str, Any]) -> Result:
    """A result from the plain JSON types of `to_dict`."""
    values = {name: record[name] for name in Result.__slots__ if name in record and name != "item"}
    values["claims"] = _claims(record["claims"])
    values["ranked"] = tuple(record["ranked"])
    values["baselines"] = {name: tuple(titles) for name, titles in record["baselines"].items()}
    values["rivals"] = {
        name: Rival(**{**rival, "claims": _claims(rival["claims"]), "spent": Spent(**rival["spent"])})
        for name, rival in record["rivals"].items()
    }
    values["judgements"] = tuple(
        Judgement(j["about"], tuple(j["verdicts"]), j["claim"], tuple(j["sources"])) for j in record["judgements"]
    )
    values["spent"], values["judging"] = Spent(**record["spent"]), Spent(**record["judging"])
    values["sources"] = tuple(record["sources"])
    return Result(item=item_from(record["item"]), **values)


def _claims(records: Sequence[Mapping[str, Any]]) -> tuple[Said, ...]:
    return tuple(
        Said(c["text"], c["shown"], tuple(Cited(**cited) for cited in c["citations"]), tuple(c["reasons"]))
        for c in records
    )


def result_record(result: Result) -> dict[str, Any]:
    """A result as plain JSON types, with its seconds: what the cache keeps."""
    return {**question_record(result), "seconds": result.seconds}
