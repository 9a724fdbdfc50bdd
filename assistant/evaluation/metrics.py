"""Figures with their count and interval. Pure functions over rankings and scores; nothing is ever NaN or vacuously 1."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")

_RESAMPLES = 2000
_SEED = 7


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over `count` items with its 95 % interval; `value` is None where no item could be scored."""

    name: str
    value: float | None
    count: int
    low: float | None = None
    high: float | None = None


def recall_at(ranked: Sequence[str], relevant: Mapping[str, int], k: int) -> float:
    """The share of the relevant titles among the first `k`."""
    return len(set(ranked[:k]) & relevant.keys()) / len(relevant)


def reciprocal_rank(ranked: Sequence[str], relevant: Mapping[str, int]) -> float:
    """1 / rank of the first relevant title; 0 where none is ranked."""
    return next((1.0 / rank for rank, title in enumerate(ranked, 1) if title in relevant), 0.0)


def ndcg_at(ranked: Sequence[str], relevant: Mapping[str, int], k: int) -> float:
    """Normalised discounted cumulative gain of the first `k`, with gain 2^grade - 1 and discount log2(rank + 1)."""

    def gain(grades: Sequence[int]) -> float:
        return sum((2**grade - 1) / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))

    ideal = gain(sorted(relevant.values(), reverse=True)[:k])
    return gain([relevant.get(title, 0) for title in ranked[:k]]) / ideal if ideal else 0.0


def mean_figure(name: str, scores: Sequence[float], clusters: Sequence[str]) -> Figure:
    """The mean with a percentile bootstrap interval that draws whole clusters, as items of one paper are not independent."""
    if not scores:
        return Figure(name, None, 0)
    sums: dict[str, list[float]] = {}
    for score, cluster in zip(scores, clusters, strict=True):
        total = sums.setdefault(cluster, [0.0, 0.0])
        total[0] += score
        total[1] += 1
    table = np.array(list(sums.values()))
    drawn = np.random.default_rng(_SEED).integers(0, len(table), (_RESAMPLES, len(table)))
    resampled = table[drawn].sum(axis=1)
    low, high = np.quantile(resampled[:, 0] / resampled[:, 1], [0.025, 0.975])
    return Figure(name, float(np.mean(scores)), len(scores), float(low), float(high))


def figure_over(
    name: str, items: Sequence[Item], score: Callable[[Item], float], cluster: Callable[[Item], str]
) -> Figure:
    """`mean_figure` of `score` over items."""
    return mean_figure(name, [score(item) for item in items], [cluster(item) for item in items])
