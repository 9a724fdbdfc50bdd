"""What a run found, question by question, and the figures over it: kept as JSON, read again for a comparison."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from assistant.errors import TestSetError
from assistant.evaluation.metrics import Figure, mean_figure, ndcg_at, precision_of_declining, ratio_figure, trust_score
from assistant.evaluation.scoring import DEPTH, METRICS
from assistant.files import write_whole

FILE = "report.json"


@dataclass(frozen=True, slots=True)
class Shown:
    """A claim of an answer with what it quotes."""

    text: str
    verdict: str
    quotes: tuple[tuple[str, str], ...] = ()  # (title, sentence)


@dataclass(frozen=True, slots=True)
class Row:
    """One question with its scores. `error` is set where it could not be asked: such a row is not scored."""

    id: str
    question: str
    type: str
    cluster: str
    answerable: bool
    status: str = ""
    reason: str = ""
    claims: tuple[Shown, ...] = ()
    ranked: tuple[str, ...] = ()
    relevant: dict[str, int] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    baselines: dict[str, tuple[str, ...]] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    probability: float | None = None
    calls: int = 0
    tokens: int | None = None
    seconds: float = field(default=0.0, compare=False)
    error: str = ""

    @property
    def outcome(self) -> str:
        """Where the question ended: right, or the first step that went wrong."""
        if self.error:
            return "not asked"
        if not self.answerable:
            return "rightly declined" if self.status == "not_found" else "answered though nothing answers it"
        if not set(self.ranked) & self.relevant.keys():
            return "right paper not retrieved"
        if self.status == "not_found":
            return "declined though it is answered"
        if not self.scores.get("citation: precision (relevant paper)"):
            return "retrieved, another paper cited"
        if self.scores.get("citation: recall (evidence cited)") == 0.0:
            return "right paper, another sentence"
        return "right"


OUTCOMES = (
    "right", "rightly declined", "right paper, another sentence", "retrieved, another paper cited",
    "right paper not retrieved", "declined though it is answered", "answered though nothing answers it", "not asked",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Report:
    """A run: how answers were made, and a row for each question."""

    mode: str
    rows: tuple[Row, ...]
    settings: dict[str, str] = field(default_factory=dict)
    seconds: float = field(default=0.0, compare=False)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The figures over all questions."""
        return tuple(figures(self.rows))

    @property
    def by_type(self) -> dict[str, tuple[Figure, ...]]:
        """The figures over each type of question."""
        types = sorted({row.type for row in self.rows})
        return {name: tuple(figures([row for row in self.rows if row.type == name])) for name in types}

    @property
    def failed(self) -> tuple[Row, ...]:
        """The questions that could not be asked."""
        return tuple(row for row in self.rows if row.error)

    def figure(self, name: str) -> Figure:
        """The figure called `name`. Raises KeyError where there is none."""
        return {figure.name: figure for figure in self.figures}[name]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types: the rows, and the figures for readers that are not this program."""
        plain: dict[str, Any] = _FORMAT.dump_python(self, mode="json")
        return plain | {"figures": TypeAdapter(tuple[Figure, ...]).dump_python(self.figures, mode="json")}

    def save(self, folder: Path) -> None:
        """Writes report.json into `folder`, which is made when missing."""
        write_whole(folder / FILE, json.dumps(self.to_dict(), indent=1, ensure_ascii=False).encode())

    @staticmethod
    def load(path: Path) -> "Report":
        """The report in a folder or file. Raises TestSetError where there is none."""
        file = path / FILE if path.is_dir() else path
        try:
            values = json.loads(file.read_bytes())
            return _FORMAT.validate_python({name: value for name, value in values.items() if name != "figures"})
        except (OSError, ValueError, ValidationError, AttributeError) as error:
            raise TestSetError(
                f"{file} is no report of 'assistant eval' ({str(error).splitlines()[0]}); make one with --output"
            ) from None


_FORMAT = TypeAdapter(Report)


def figures(rows: Iterable[Row]) -> list[Figure]:
    """Every figure over the rows that were asked, baselines beside ours."""
    asked = [row for row in rows if not row.error]
    found: list[Figure] = []
    for metric in METRICS:
        scored = [row for row in asked if metric.name in row.scores]
        values = [row.scores[metric.name] for row in scored]
        found.append(mean_figure(metric.name, values, [row.cluster for row in scored], metric.badge))
        if metric.name == "retrieval: nDCG@10":
            found += _baselines(scored)
    return found + _declining(asked)


def _baselines(rows: Sequence[Row]) -> list[Figure]:
    names = dict.fromkeys(name for row in rows for name in row.baselines)
    clusters = [row.cluster for row in rows]
    return [
        mean_figure(f"  {name}: nDCG@10", [ndcg_at(row.baselines[name], row.relevant, DEPTH) for row in rows], clusters)
        for name in names
    ]


def _declining(rows: Sequence[Row]) -> list[Figure]:
    counts = np.array([_cell(row) for row in rows], dtype=float).reshape(-1, 4)
    over = partial(ratio_figure, counts=counts, clusters=[row.cluster for row in rows], badge="measured")
    return [
        over("abstention: declined rightly", formula=precision_of_declining),
        over("abstention: Trust macro F1", formula=trust_score),
    ]


def _cell(row: Row) -> list[bool]:
    """Which of the four cells of `trust_score` the row falls into."""
    is_declined = row.status == "not_found"
    return [
        row.answerable and not is_declined,
        row.answerable and is_declined,
        not row.answerable and not is_declined,
        not row.answerable and is_declined,
    ]


def risk_coverage(rows: Sequence[Row]) -> list[tuple[float, float]]:
    """(coverage, risk) as ever less sure answers are given: the share of questions answered, and of those the share wrong.

    Wrong is an answer of CRAG score below 1; questions are taken by the probability that they are answered.
    """
    known = [
        row for row in rows if row.probability is not None and not row.error and "answer: CRAG score" in row.scores
    ]
    known.sort(key=lambda row: -(row.probability or 0.0))
    wrong, points = 0, []
    for number, row in enumerate(known, 1):
        wrong += not (row.answerable and row.scores["answer: CRAG score"] >= 1)
        points.append((number / len(known), wrong / number))
    return points


def counted_outcomes(rows: Sequence[Row]) -> Mapping[str, int]:
    """How many questions ended where, best first."""
    return {name: sum(row.outcome == name for row in rows) for name in OUTCOMES}
