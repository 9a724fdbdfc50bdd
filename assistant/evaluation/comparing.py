"""Is it better, worse, or can we not tell? Two reports over the same questions, compared in pairs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from assistant.errors import TestSetError
from assistant.evaluation.outcomes import stage_of
from assistant.evaluation.reports import Report
from assistant.evaluation.results import Result
from assistant.evaluation.scoring import COMPARED, HARD, is_representative
from assistant.evaluation.statistics import Differences, Verdict, paired_together, signed_interval, verdict_of
from assistant.records import counted

State = Literal["ok", "regression", "infrastructure", "cannot tell"]

_FAILED_AT_MOST = 0.02  # the share of questions that may fail before a run says nothing about answers
_COMMON_AT_LEAST = 0.9  # the share of a baseline's questions without which a report does not answer for it
_OVERLAP = "answer: idf-F1 with the reference"
_SHARED = 0.1  # what all but a few right answers have: 95 % of those to the development half of the shipped set
_LEAST = 5  # independent groups of questions: four that all fell may be chance, and as many that held say little


@dataclass(frozen=True, slots=True)
class Change:
    """How one figure changed on the `count` questions that both runs scored.

    `p` is adjusted for the number of figures that are tests of their own (Holm), and the interval is at the level at which that
    tests this one: it leaves out 0 exactly where the verdict is "better" or "worse". `visible` is the smallest change that would
    be seen with 80 % power, None where there are too few papers. Questions about one paper only leave no interval.
    """

    name: str
    before: float
    after: float
    change: float
    low: float | None
    high: float | None
    p: float
    visible: float | None
    count: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Comparison:
    """The verdict on run B against run A, with the changes, and the ids of questions that were fixed and broken.

    A question is broken that went right in A and wrong in B (see `outcomes.stage_of`), and fixed the other way round. Where
    nothing judged one of the two answers, as where a question has a reference alone, the overlap with the reference (idf-F1)
    tells: it is broken where that was at least 0.1 in A, and is less than half as much in B, as where B declines; and fixed the
    other way round. What could not be asked in one of them is neither.
    `infrastructure` says why the runs cannot be compared, where a server failed; `notes` what else differs between them.
    `tests` is how many figures Holm's method adjusts for: those that changed, without those that only repeat another.
    """

    verdict: Verdict
    reason: str
    changes: tuple[Change, ...]
    fixed: tuple[str, ...]
    broken: tuple[str, ...]
    infrastructure: str = ""
    notes: tuple[str, ...] = ()
    tests: int = 0

    @property
    def adjustment(self) -> str:
        """How verdicts, p and intervals are adjusted, in a sentence."""
        return (
            f"Adjusted by Holm's method for {counted(self.tests, 'figure')} that changed and that no other repeats: an interval "
            "leaves out 0 exactly where p is below 0.05, and 'visible from' is a change seen with 80 % power. "
            "'eval gate' goes by the same intervals, and asks whether they lie below -delta rather than 0."
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether a report may pass, and why; `notes` say what else differs from the baseline."""

    state: State
    reasons: tuple[str, ...]
    notes: tuple[str, ...] = ()


def compare(a: Report, b: Report) -> Comparison:
    """Compares run `b` with run `a` on the questions of both. Raises TestSetError where they share none."""
    return _compared(a, b, ("A", "B"))


def _compared(a: Report, b: Report, names: tuple[str, str]) -> Comparison:
    pairs = _pairs(a, b)
    changes, tests = _changes(pairs)
    fixed = tuple(y.item.id for x, y in pairs if _is_lost(y, x))
    broken = tuple(y.item.id for x, y in pairs if _is_lost(x, y))
    failure = _failure(a, names[0]) or _failure(b, names[1])
    verdict, reason = _verdict(changes)
    if failure:
        verdict, reason = "cannot tell", failure
    return Comparison(verdict, reason, tuple(changes), fixed, broken, failure, tuple(_notes(a, b, pairs, names)), tests)


def _is_lost(a: Result, b: Result) -> bool:
    """Whether what went right in `a` went wrong in `b`; by the reference where one of the two is not judged."""
    before, after = stage_of(a), stage_of(b)
    if before not in ("right", "not judged") or after in ("right", "not asked"):
        return False
    if "not judged" not in (before, after):
        return True
    shared, left = (run.scores.get(_OVERLAP) for run in (a, b))
    return shared is not None and left is not None and shared >= _SHARED and left < shared / 2


def _pairs(a: Report, b: Report) -> list[tuple[Result, Result]]:
    before = {(result.item.id, result.item.question): result for result in a.results}
    keys = [(result, (result.item.id, result.item.question)) for result in b.results]
    pairs = [(before[key], result) for result, key in keys if key in before]
    if not pairs:
        raise TestSetError("the two reports share no question; compare runs over the same test set")
    return pairs


def _changes(pairs: Sequence[tuple[Result, Result]]) -> tuple[list[Change], int]:
    """The change of every figure that both runs scored, and how many tests these are."""
    found: list[tuple[str, float]] = []
    samples: list[Differences] = []
    for name in COMPARED:
        both = [(x, y) for x, y in pairs if name in x.scores and name in y.scores]
        if both and all(is_representative(name, run) for run in zip(*pairs, strict=True)):
            found.append((name, sum(x.scores[name] for x, _ in both) / len(both)))
            samples.append([(y.item.id, y.item.cluster, y.scores[name] - x.scores[name]) for x, y in both])
    changes, tests = paired_together(samples)
    return [
        Change(
            name, before, before + c.change, c.change, c.low, c.high, c.p, c.visible, c.count, verdict_of(c.change, c.p)
        )
        for (name, before), c in zip(found, changes, strict=True)
    ], tests


def _verdict(changes: Sequence[Change]) -> tuple[Verdict, str]:
    worse, better = _named(changes, "worse"), _named(changes, "better")
    if worse:
        return "worse", ", ".join(worse) + (f"; better: {', '.join(better)}" if better else "")
    if better:
        return "better", ", ".join(better)
    visible = min((change.visible for change in changes if change.visible is not None), default=None)
    seen = f"; the smallest change visible is {100 * visible:.1f} points" if visible is not None else ""
    return "cannot tell", f"no figure changed beyond chance{seen}"


def _named(changes: Sequence[Change], verdict: Verdict) -> list[str]:
    return [change.name for change in changes if change.verdict == verdict]


def _failure(report: Report, name: str) -> str:
    failed = report.failed
    if not report.results or len(failed) > _FAILED_AT_MOST * len(report.results):
        first = f": {failed[0].error}" if failed else ""
        return f"{len(failed)} of {counted(len(report.results), 'question')} of {name} could not be asked{first}"
    return ""


def _notes(a: Report, b: Report, pairs: Sequence[tuple[Result, Result]], names: tuple[str, str]) -> list[str]:
    notes = [
        f"{name} differ" for name in ("papers", "settings", "code", "testset") if a.setup.get(name) != b.setup.get(name)
    ]
    if len(pairs) < max(len(a.results), len(b.results)):
        notes.append(f"{counted(len(pairs), 'question')} in common, of {len(a.results)} and {len(b.results)}")
    notes += _few_groups(pairs)
    notes += [f"{name} was interrupted" for name, report in zip(names, (a, b), strict=True) if report.interrupted]
    return notes


def _few_groups(pairs: Sequence[tuple[Result, Result]]) -> list[str]:
    groups = len({y.item.cluster for _, y in pairs})
    made = counted(groups, "independent group")
    few = f"the questions in common make {made} (one a paper), of {_LEAST} needed to tell"
    return [few] if groups < _LEAST else []


def _left_out(baseline: Report, pairs: Sequence[tuple[Result, Result]]) -> str:
    """What is missing where too few of the baseline's questions were asked; "" where enough were."""
    asked, wanted = len(pairs), len(baseline.results)
    if asked >= _COMMON_AT_LEAST * wanted:
        return ""
    return f"only {asked} of the baseline's {wanted} questions were asked: ask them all, or take a new baseline"


def gate(report: Report, baseline: Report | None = None, delta: float = 0.02) -> Gate:
    """Hard rules, then statistical ones against `baseline`: may the report pass?

    "regression" where a quotation or mark is invalid, or where the interval of a figure's change (as `compare` has it: adjusted
    for the number of figures) lies wholly below -`delta`; "infrastructure" where too many questions could not be asked, or less
    than 90 % of the baseline's were; "ok" where every interval lies above -`delta`; else "cannot tell", as also where they are
    about fewer than 5 papers. So every regression in a figure is "worse" to `compare`, but not the other way round: a note
    names what is worse, and not surely by more than `delta`.
    """
    broken = [
        f"{figure.name} is {figure.value:.3f}" for figure in report.figures if _is_broken(figure.name, figure.value)
    ]
    if broken:
        return Gate("regression", tuple(broken))
    try:
        comparison = _compared(baseline, report, ("the baseline", "the report")) if baseline else None
    except TestSetError as error:  # nothing was compared: the run before this step asked something else
        return Gate("infrastructure", (str(error),))
    failure = _failure(report, "the report") or (comparison.infrastructure if comparison else "")
    if failure:
        return Gate("infrastructure", (failure,))
    if report.interrupted:
        return Gate(
            "cannot tell",
            (f"the run was stopped after {len(report.results)} of {counted(report.asked_of, 'question')}",),
        )
    if baseline is None or comparison is None:
        return Gate("ok", ("valid",))
    pairs = _pairs(baseline, report)
    fallen = [
        f"{c.name}: {c.before:.3f} → {c.after:.3f} ({signed_interval(c.low, c.high)})"
        for c in comparison.changes
        if c.high is not None and c.high < -delta
    ]
    if not fallen and (missing := _left_out(baseline, pairs)):
        return Gate("infrastructure", (missing,))
    unsure = _few_groups(pairs)
    unsure += [
        f"{c.name}: change {signed_interval(c.low, c.high) or f'{c.change:+.3f} over one paper'}"
        for c in comparison.changes
        if (c.change if c.low is None else c.low) < -delta
    ]
    state: State = "regression" if fallen else "cannot tell" if unsure else "ok"
    worse = [
        c.name for c in comparison.changes if c.verdict == "worse" and not (c.high is not None and c.high < -delta)
    ]
    notes = [f"worse, but not surely by more than {delta:g}: {', '.join(worse)}"] if worse else []
    notes += [f"better: {', '.join(better)}"] if (better := _named(comparison.changes, "better")) else []
    reasons = tuple(fallen or unsure or [f"nothing fell by more than {delta:g}" if worse else "nothing fell"])
    return Gate(state, reasons, (*notes, *(note for note in comparison.notes if note not in reasons)))


def _is_broken(name: str, value: float | None) -> bool:
    return name in HARD and value is not None and value < 1
