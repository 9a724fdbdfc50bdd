"""Two runs side by side: better, worse, or cannot tell. And a gate for continuous integration."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from assistant.errors import TestSetError
from assistant.evaluation.metrics import cluster_sums, draw_clusters
from assistant.evaluation.report import Report, Row
from assistant.evaluation.scoring import METRICS

Verdict = Literal["better", "worse", "cannot tell"]
HEADLINE = "answer: CRAG score"
_ALPHA = 0.05
_RESAMPLES = 10_000
# The smallest change that a two-sided test at 5 % finds with a chance of 80 %, in standard errors: 1.96 + 0.84.
_DETECTABLE = 2.80
_MAX_FAILED = 0.02  # of the questions: more that could not be asked say nothing of the answers


@dataclass(frozen=True, slots=True)
class Change:
    """A metric in both runs over the questions that both scored: means, their difference with its 95 % interval, the
    two-sided p-value, the smallest change that could have been seen, and the verdict after Holm's correction."""

    name: str
    before: float
    after: float
    count: int
    low: float
    high: float
    p: float
    detectable: float
    verdict: Verdict = "cannot tell"

    @property
    def difference(self) -> float:
        """After minus before."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Comparison:
    """All changes, and the questions whose answers turned right or wrong; `verdict` is that of the headline metric, or of
    the others where they agree."""

    changes: tuple[Change, ...]
    fixed: tuple[Row, ...]
    broken: tuple[Row, ...]
    only_one: int

    @property
    def verdict(self) -> Verdict:
        """Worse where any metric is worse; else better where any is better; else it cannot be told."""
        verdicts = {change.verdict for change in self.changes}
        return "worse" if "worse" in verdicts else "better" if "better" in verdicts else "cannot tell"

    def change(self, name: str) -> Change:
        """The change of a metric. Raises KeyError where it was not compared."""
        return {change.name: change for change in self.changes}[name]


def compare(before: Report, after: Report) -> Comparison:
    """Paired by question. Raises TestSetError where the runs share no question."""
    first = {row.id: row for row in before.rows if not row.error}
    pairs = [(first[row.id], row) for row in after.rows if row.id in first and not row.error]
    pairs = [(a, b) for a, b in pairs if a.question == b.question]
    if not pairs:
        raise TestSetError("the two reports share no question; compare runs of the same test set")
    changes = [change for metric in METRICS if (change := _change(metric.name, pairs))]
    return Comparison(
        changes=tuple(_holm(changes)),
        fixed=tuple(b for a, b in pairs if not _is_right(a) and _is_right(b)),
        broken=tuple(b for a, b in pairs if _is_right(a) and not _is_right(b)),
        only_one=len(before.rows) + len(after.rows) - 2 * len(pairs),
    )


def _is_right(row: Row) -> bool:
    return row.outcome in ("right", "rightly declined")


def _change(name: str, pairs: Sequence[tuple[Row, Row]]) -> Change | None:
    """The metric's change over the pairs that both scored, by a bootstrap that draws whole clusters of pairs."""
    scored = [(a, b) for a, b in pairs if name in a.scores and name in b.scores]
    if not scored:
        return None
    differences = np.array([b.scores[name] - a.scores[name] for a, b in scored])
    sums = cluster_sums(np.c_[differences, np.ones(len(scored))], [b.cluster for _, b in scored])
    drawn = draw_clusters(sums, _RESAMPLES)
    means = drawn[:, 0] / drawn[:, 1]
    low, high = np.quantile(means, [_ALPHA / 2, 1 - _ALPHA / 2])
    below, above = (means <= 0).mean(), (means >= 0).mean()
    return Change(
        name=name,
        before=float(np.mean([a.scores[name] for a, _ in scored])),
        after=float(np.mean([b.scores[name] for _, b in scored])),
        count=len(scored),
        low=float(low),
        high=float(high),
        p=float(min(1.0, 2 * max(1 / _RESAMPLES, min(below, above)))),
        detectable=float(_DETECTABLE * means.std()),
    )


def _holm(changes: Sequence[Change]) -> list[Change]:
    """Verdicts at a family-wise error of 5 %: Holm's step-down over all metrics."""
    ordered = sorted(changes, key=lambda change: change.p)
    found: set[str] = set()
    for rank, change in enumerate(ordered):
        if change.p > _ALPHA / (len(ordered) - rank):
            break
        found.add(change.name)

    def judged(change: Change) -> Change:
        verdict: Verdict = "cannot tell"
        if change.name in found and not math.isclose(change.difference, 0.0, abs_tol=1e-12):
            verdict = "better" if change.difference > 0 else "worse"
        return Change(
            change.name, change.before, change.after, change.count, change.low, change.high, change.p,
            change.detectable, verdict,
        )  # fmt: skip

    return [judged(change) for change in changes]


@dataclass(frozen=True, slots=True)
class Gate:
    """The outcome for continuous integration: `code` is 0 passed, 1 regression, 3 infrastructure failed, 4 cannot tell."""

    code: Literal[0, 1, 3, 4]
    lines: tuple[str, ...]


def gate(report: Report, baseline: Report | None = None, delta: float = 0.0, strict: bool = False) -> Gate:
    """Hard rules on the report itself, statistical ones against a baseline.

    Any quotation that is not verbatim fails. A metric fails where it is worse after Holm's correction and the 95 % interval
    of its paired change lies wholly below minus `delta`. More than 2 % of questions that could not be asked is a failure of
    the infrastructure, never of the answers.
    With `strict`, a drop beyond `delta` that cannot be told from noise is reported as such (code 4).
    """
    failed = len(report.failed)
    if failed > _MAX_FAILED * max(1, len(report.rows)):
        return Gate(3, (f"{failed} of {len(report.rows)} questions could not be asked: {report.failed[0].error}",))
    lines = [
        f"{metric.name} is below 1 for {row.id}"
        for metric in METRICS
        if metric.is_hard
        for row in report.rows
        if row.scores.get(metric.name, 1.0) < 1.0
    ]
    unsure: list[str] = []
    for change in compare(baseline, report).changes if baseline else ():
        said = f"{change.name}: {change.before:.3f} -> {change.after:.3f} [{change.low:+.3f}, {change.high:+.3f}]"
        if change.verdict == "worse" and change.high < -delta:
            lines.append(f"{said} is a regression")
        elif change.difference < -delta:
            unsure.append(f"{said} may be a regression; changes from {change.detectable:.3f} on can be seen")
    if lines:
        return Gate(1, (*lines, *unsure))
    return Gate(4 if strict and unsure else 0, tuple(unsure))
