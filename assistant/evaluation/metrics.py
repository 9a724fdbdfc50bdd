"""Scores of one question, and figures over many. Pure functions; nothing is ever NaN or vacuously 1."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from assistant.records import normalised
from assistant.terms import terms

Badge = Literal["measured", "proxy", "judged"]

RESAMPLES = 2000
SEED = 7


@dataclass(frozen=True, slots=True)
class Figure:
    """A value over `count` items with its 95 % interval; `value` is None where no item could be scored.

    `badge` says how it was come by: measured exactly, by a proxy for what is meant, or judged by a model.
    """

    name: str
    value: float | None
    count: int
    low: float | None = None
    high: float | None = None
    badge: Badge = "measured"


# One question ---------------------------------------------------------------------------------------------------------


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


def all_evidence_at(ranked: Sequence[str], papers: Sequence[str], k: int) -> float:
    """1 where every paper that holds a required piece of evidence is among the first `k`, else 0."""
    return float(set(papers) <= set(ranked[:k]))


def nugget_recall(text: str, nuggets: Sequence[Mapping[str, object]]) -> float | None:
    """The share of the vital nuggets (of all where none is vital) whose text or an alias stands in `text`; None for none.

    AutoNuggetizer's V_strict with aliases in the place of a judge: words are compared, case and punctuation are not.
    """
    wanted = [nugget for nugget in nuggets if nugget.get("vital")] or list(nuggets)
    if not wanted:
        return None
    said = f" {normalised(text)} "

    def is_said(nugget: Mapping[str, object]) -> bool:
        aliases = nugget.get("aliases")
        forms = [str(nugget.get("text", "")), *(map(str, aliases) if isinstance(aliases, list | tuple) else [])]
        return any(f" {normalised(form)} " in said for form in forms if normalised(form))

    return sum(map(is_said, wanted)) / len(wanted)


def idf_f1(text: str, reference: str, idf: Callable[[str], float]) -> float | None:
    """F1 of the terms of an answer against its reference, each weighted by its idf in the library; None for no reference.

    Agrees with human judgements of answers at r = .54, a judge of 70 billion parameters at .62 (RAGChecker's 280 pairs): good
    for comparing runs, not for grading one answer.
    """
    wanted, given = Counter(terms(reference)), Counter(terms(text))
    if not wanted:
        return None

    def mass(counts: Counter[str]) -> float:
        return sum(idf(term) * count for term, count in counts.items())

    shared = mass(wanted & given)
    return 2 * shared / (mass(wanted) + mass(given)) if shared else 0.0


# Many questions -------------------------------------------------------------------------------------------------------


def mean_figure(name: str, scores: Sequence[float], clusters: Sequence[str], badge: Badge = "measured") -> Figure:
    """The mean with a percentile bootstrap interval that draws whole clusters, as items of one paper are not independent."""
    if not scores:
        return Figure(name, None, 0, badge=badge)
    table = cluster_sums(np.c_[scores, np.ones(len(scores))], clusters)
    resampled = draw_clusters(table)
    low, high = np.quantile(resampled[:, 0] / resampled[:, 1], [0.025, 0.975])
    return Figure(name, float(np.mean(scores)), len(scores), float(low), float(high), badge)


def ratio_figure(
    name: str, counts: np.ndarray, clusters: Sequence[str], formula: Callable[[np.ndarray], np.ndarray], badge: Badge
) -> Figure:
    """A figure that is a function of summed counts, shape (items, kinds), with its clustered bootstrap interval.

    `formula` takes sums of shape (draws, kinds) to values of shape (draws,), NaN where they say nothing.
    """
    if not len(counts):
        return Figure(name, None, 0, badge=badge)
    value = float(formula(counts.sum(axis=0, keepdims=True))[0])
    if math.isnan(value):
        return Figure(name, None, 0, badge=badge)
    drawn = formula(draw_clusters(cluster_sums(counts, clusters)))
    drawn = drawn[~np.isnan(drawn)]
    low, high = np.quantile(drawn, [0.025, 0.975]) if len(drawn) else (value, value)
    return Figure(name, value, len(counts), float(low), float(high), badge)


def cluster_sums(rows: np.ndarray, clusters: Sequence[str]) -> np.ndarray:
    """The sums of rows, shape (items, kinds), over each cluster: shape (clusters, kinds), in order of first sight."""
    places = {name: place for place, name in enumerate(dict.fromkeys(clusters))}
    sums = np.zeros((len(places), rows.shape[1]))
    np.add.at(sums, [places[name] for name in clusters], rows)
    return sums


def draw_clusters(sums: np.ndarray, resamples: int = RESAMPLES) -> np.ndarray:
    """Totals of `resamples` draws of as many clusters as there are, with replacement: shape (resamples, kinds)."""
    drawn = np.random.default_rng(SEED).integers(0, len(sums), (resamples, len(sums)))
    return np.asarray(sums[drawn].sum(axis=1))


def trust_score(counts: np.ndarray) -> np.ndarray:
    """The mean of the F1 of declining and the F1 of answering (Trust-Score's grounded refusals), from sums of shape
    (draws, 4): answerable answered, answerable declined, unanswerable answered, unanswerable declined."""
    kept, lost, fooled, declined = counts.T
    with np.errstate(invalid="ignore", divide="ignore"):
        refusing = 2 * declined / (2 * declined + fooled + lost)
        answering = 2 * kept / (2 * kept + lost + fooled)
    return np.asarray((refusing + answering) / 2)


def precision_of_declining(counts: np.ndarray) -> np.ndarray:
    """The share of declined questions that are unanswerable, from the sums that `trust_score` takes."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(counts[:, 3] / (counts[:, 3] + counts[:, 1]))
