"""Scores of one ranking or one text, in [0, 1]. Pure functions; what they need is given."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from assistant.terms import terms


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


def idf_f1(text: str, reference: str, idf: Callable[[str], float]) -> float:
    """F1 of the index terms that `text` shares with `reference`, each weighted by `idf`; 0 where they share none."""
    ours, theirs = Counter(terms(text)), Counter(terms(reference))

    def weight(counts: Counter[str]) -> float:
        return sum(idf(term) * counts[term] for term in sorted(counts))

    total = weight(ours) + weight(theirs)
    return 2 * weight(ours & theirs) / total if total else 0.0


def nugget_recall(text: str, nuggets: Sequence[Mapping[str, Any]]) -> float | None:
    """The share of the vital nuggets that `text` states in their own words or an alias's; None where none is vital."""
    vital = [nugget for nugget in nuggets if nugget.get("vital", True)]
    if not vital:
        return None
    words = terms(text)
    return sum(_states(words, nugget) for nugget in vital) / len(vital)


def spellings_of(nugget: Mapping[str, Any]) -> tuple[str, ...]:
    """The texts any one of which states a nugget."""
    return (nugget["text"], *nugget.get("aliases", ()))


def _states(words: Sequence[str], nugget: Mapping[str, Any]) -> bool:
    spellings = [terms(spelling) for spelling in spellings_of(nugget)]
    numbers = [terms(str(number)) for number in nugget.get("numbers", ())]
    return any(_holds(words, part) for part in spellings) and all(_holds(words, number) for number in numbers)


def _holds(words: Sequence[str], part: Sequence[str]) -> bool:
    size = len(part)
    return bool(part) and any(list(words[i : i + size]) == list(part) for i in range(len(words) - size + 1))


def auroc(higher: Sequence[float], lower: Sequence[float]) -> float:
    """The chance that a score of those that should be higher is above one of the others, ties counting half."""
    first, second = np.array(higher), np.sort(lower)
    below = (np.searchsorted(second, first, "left") + np.searchsorted(second, first, "right")) / 2
    return float(below.mean() / len(second))


def declined_at(answerable: Sequence[float], others: Sequence[float], kept: float = 0.95) -> list[float]:
    """For each of the others 1 where it falls below the score that keeps the share `kept` of the answerable ones, else 0."""
    threshold = np.quantile(answerable, 1 - kept)
    return [float(score < threshold) for score in others]
