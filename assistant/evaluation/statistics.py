"""Figures with count, interval and badge, by a bootstrap that draws whole papers: their questions depend on each other.

Each item gives a row of numbers; a figure is a function of the rows' sums, so that a mean, an F1 and a macro score are
resampled alike. Nothing is ever NaN or vacuously 1: what cannot be scored has the value None, and is counted and named.
A single paper shows no spread, so that nothing over it has an interval.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from statistics import NormalDist
from typing import Literal

import numpy as np

Badge = Literal["measured", "proxy", "judged"]
Verdict = Literal["better", "worse", "cannot tell"]
Statistic = Callable[[np.ndarray], np.ndarray]  # sums (…, columns) -> values (…)

Interval = tuple[float, float] | tuple[None, None]
Differences = Sequence[tuple[str, str, float]]  # of each item: its id, its cluster, after - before

RESAMPLES = 2000
_SEED = 7
_SURE = 0.05
_FEW = 12  # changed clusters, whose signs can be flipped in all 4,096 ways
_ALIKE = 1e-7  # scores have nine digits: sums of them differ by more, or not at all
_POWER = 0.8  # the chance with which a change of the smallest visible size is seen


@dataclass(frozen=True, slots=True)
class Figure:
    """A value over `count` items of `total` with its 95 % interval; `value` is None where no item could be scored, `low` and
    `high` where all are about one paper.

    `badge` says what it rests on: "measured" (exact), "proxy" (words stand for meaning) or "judged" (a model's opinion).
    `not_scored` names the items that were eligible, and could not be scored.
    """

    name: str
    value: float | None
    count: int
    low: float | None = None
    high: float | None = None
    badge: Badge = "measured"
    total: int = 0
    not_scored: tuple[str, ...] = ()

    @property
    def in_words(self) -> str:
        """The value with its digits; "not scored" without one, "unknown" for a cost that nobody knows.

        "not defined" where everything was scored and the figure still says nothing, as kappa of one verdict only.
        """
        if self.value is None and self.count:
            return "not defined"
        if self.value is None:
            return "unknown" if self.name.startswith("cost") and self.total else "not scored"
        return f"{self.value:.{self._digits}f}"

    @property
    def interval_in_words(self) -> str:
        """Such as "0.533 – 0.680"; "" without one."""
        if self.low is None or self.high is None:
            return ""
        return f"{self.low:.{self._digits}f} – {self.high:.{self._digits}f}"

    @property
    def _digits(self) -> int:
        return 6 if "dollars" in self.name else 3


@dataclass(frozen=True, slots=True)
class Paired:
    """The change of a mean between two runs over the same items: interval, two-sided p and smallest visible change.

    All items about one paper leave no interval and nothing visible, and a p of 1; so few that no change could be seen leave
    nothing visible.
    """

    change: float
    low: float | None
    high: float | None
    p: float
    visible: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Gain:
    """What the pipeline has over a baseline in one figure, on the questions that both scored; `verdict` after Holm."""

    baseline: str
    ours: Figure
    theirs: Figure
    change: Paired
    verdict: Verdict


def mean_of(sums: np.ndarray) -> np.ndarray:
    """Sum of scores over count, for rows (score, 1)."""
    return ratio(sums[..., 0], sums[..., 1])


def ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """`top / bottom`, 0 where the bottom is 0."""
    return np.divide(top, bottom, out=np.zeros_like(top, dtype=float), where=bottom > 0)


def resampled_sums(rows: np.ndarray, clusters: Sequence[str]) -> np.ndarray:
    """Sums of `rows` (items, columns) over bootstrap draws of whole clusters: (RESAMPLES, columns)."""
    names = {name: number for number, name in enumerate(dict.fromkeys(clusters))}
    table = np.zeros((len(names), rows.shape[1]))
    np.add.at(table, [names[name] for name in clusters], rows)
    draws = np.random.default_rng(_SEED).integers(0, len(table), (RESAMPLES, len(table)))
    cells = draws + len(table) * np.arange(RESAMPLES)[:, None]  # each draw counts in a row of its own
    counts = np.bincount(cells.ravel(), minlength=RESAMPLES * len(table)).reshape(RESAMPLES, -1)
    return counts @ table


def interval_of(rows: np.ndarray, clusters: Sequence[str], statistic: Statistic = mean_of) -> Interval:
    """The 95 % percentile interval of the statistic over draws that it is defined for; none for fewer than two clusters."""
    if len(set(clusters)) < 2:
        return None, None
    low, high = np.nanquantile(statistic(resampled_sums(rows, clusters)), [0.025, 0.975])
    return float(low), float(high)


def signed_interval(low: float | None, high: float | None) -> str:
    """The interval of a change in words, such as "-0.012 – +0.034"; "" without one."""
    return "" if low is None or high is None else f"{low:+.3f} – {high:+.3f}"


def figure_of(name: str, rows: np.ndarray, clusters: Sequence[str], statistic: Statistic = mean_of) -> Figure:
    """The statistic of all rows with its percentile interval; value None where there are no rows."""
    if not len(rows):
        return Figure(name, None, 0)
    low, high = interval_of(rows, clusters, statistic)
    value = float(statistic(rows.sum(axis=0, keepdims=True))[0])
    return Figure(name, value, len(rows), low, high, total=len(rows))


def mean_figure(name: str, scores: Sequence[float], clusters: Sequence[str]) -> Figure:
    """The mean of `scores` with its interval; `clusters` holds the paper of each."""
    rows = np.array([(score, 1.0) for score in scores]).reshape(-1, 2)
    return figure_of(name, rows, clusters)


def paired(
    differences: Sequence[float], clusters: Sequence[str], sure: float = _SURE, strictest: float = _SURE
) -> Paired:
    """The mean of paired `differences` (after - before) with a bootstrap over clusters. Raises ValueError for none.

    Where few clusters changed, the bootstrap is too sure: p is then at least that of an exact test. The interval is at the level
    1 - `sure`, and holds 0 where p is not below `sure`. What is visible is the smallest change seen with 80 % power at the level
    `strictest`; None where so few clusters could show none. Runs that agree on every item would seem to see anything: the
    standard error is then that of 3 / n discordant items, the most that n agreements leave likely ("rule of three").
    """
    count = len(differences)
    if not count:
        raise ValueError("no item is in both runs")
    change = float(np.mean(differences))
    groups = len(set(clusters))
    if groups < 2:
        return Paired(change, None, None, 1.0, None, count)
    sums = resampled_sums(np.array([(difference, 1.0) for difference in differences]), clusters)
    means = mean_of(sums)
    low, high = map(float, np.quantile(means, [sure / 2, 1 - sure / 2]))
    # A draw that is exactly 0 speaks for neither side; one more draw keeps p above 0 (Davison and Hinkley 1997, 4.2).
    tail = min(int((means <= 0).sum()), int((means >= 0).sum()))
    p = max(min(1.0, 2 * (tail + 1) / (RESAMPLES + 1)), _sign_flip_p(differences, clusters))
    error = max(float(means.std()), 3**0.5 / count)
    normal = NormalDist()
    visible = error * (normal.inv_cdf(1 - strictest / 2) + normal.inv_cdf(_POWER))
    least_p = 2.0 ** (1 - groups) if groups <= _FEW else 0.0  # all of them changed, and to one side
    change_of = Paired(change, low, high, p, None if least_p >= strictest else visible, count)
    return _unsure(change_of) if p >= sure else change_of


def _unsure(change: Paired) -> Paired:
    """A change that is not seen: its interval holds 0, and what would be seen is no smaller than itself."""
    low, high = (
        (None, None) if change.low is None or change.high is None else (min(change.low, 0.0), max(change.high, 0.0))
    )
    return replace(change, low=low, high=high, visible=change.visible and max(change.visible, abs(change.change)))


def paired_together(samples: Sequence[Differences]) -> tuple[list[Paired], int]:
    """The changes of several figures, judged together, and how many tests that are; each sample has an item's id, cluster and
    difference.

    p is adjusted by Holm's method, and every interval is at the level at which Holm tests its change: it leaves out 0 exactly
    where p is below .05. Figures whose differences are those of another, in another unit, are one test with it; one that changed
    nowhere can reject nothing, and is none (Tarone 1990).
    """
    kinds = [_kind(sample) for sample in samples]
    first = {kind: place for place, kind in reversed([*enumerate(kinds)])}
    tests = [kind for kind in dict.fromkeys(kinds) if kind]
    count = max(1, len(tests))

    def changed(place: int, sure: float) -> Paired:
        clusters = [cluster for _, cluster, _ in samples[place]]
        return paired([step for *_, step in samples[place]], clusters, sure, _SURE / count)

    raw = {kind: changed(first[kind], _SURE).p for kind in tests}
    ordered = sorted(tests, key=raw.__getitem__)
    sure = {kind: _SURE / (count - rank) for rank, kind in enumerate(ordered)}
    adjusted = dict(zip(tests, holm([raw[kind] for kind in tests]), strict=True))
    changes = []
    for place, kind in enumerate(kinds):
        change = replace(changed(place, sure.get(kind, _SURE)), p=adjusted.get(kind, 1.0))
        changes.append(_unsure(change) if change.p >= _SURE else change)
    return changes, len(tests)


def _kind(sample: Differences) -> tuple[tuple[str, float], ...]:
    """What samples that are multiples of each other have in common; () where nothing differs."""
    largest = max((step for *_, step in sample), key=abs, default=0.0)
    if abs(largest) <= _ALIKE:
        return ()
    return tuple(sorted((name, round(step / largest, 6)) for name, _, step in sample))


def _sign_flip_p(differences: Sequence[float], clusters: Sequence[str]) -> float:
    """The exact two-sided p of Fisher's randomisation test (1935, The Design of Experiments, III): how often the changed
    clusters, each with either sign, change as much together as they did; 0, no bound, where more than a few changed."""
    sums: dict[str, float] = {}
    for difference, cluster in zip(differences, clusters, strict=True):
        sums[cluster] = sums.get(cluster, 0.0) + difference
    changed = np.array([change for change in sums.values() if abs(change) > _ALIKE])
    if len(changed) > _FEW:
        return 0.0
    signs = np.array(list(product((-1.0, 1.0), repeat=len(changed))))
    return float(np.mean(np.abs(signs @ changed) >= abs(changed.sum()) - _ALIKE))


def verdict_of(change: float, p: float) -> Verdict:
    """What a change with the (adjusted) two-sided `p` says at the 5 % level."""
    if p >= _SURE or not change:
        return "cannot tell"
    return "better" if change > 0 else "worse"


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted for how many there are (Holm 1979), in the order given."""
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted
