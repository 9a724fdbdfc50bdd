"""In which order candidates stand: what words and vectors say, mixed, and then what a reranker makes of the best of them."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache

import numpy as np

from assistant.resources import resource

# What is known of a candidate that the shipped reranker read: BM25's score, the vectors' similarity, late interaction with all of
# it and with its best sentence, the highest similarity of a sentence by the shipped embedding, and the share of the question's
# idf mass that its title holds.
FEATURES = ("BM25", "similarity", "late interaction", "best sentence", "similar sentence", "title")
# The share of a reranker in a candidate's score, by the cover of the question's words.
RERANK_WEIGHT_UNCOVERED, RERANK_WEIGHT_COVERED = 0.95, 0.3
# That of the learnt order, which falls only where one passage holds nearly all words, as a name with odd characters or words
# mended of typing errors: the questions that it was learnt from hold few of those, and lose nothing by it.
LEARNT_WEIGHT_COVERED, _FALL = 0.3, 4
_FLOOR = 0.01  # of a candidate that was read again; those that were not stay below


def between(start: float, end: float, share: float) -> float:
    """The point that lies `share` of the way from `start` to `end`."""
    return start + (end - start) * share


def coverage(wanted: Sequence[str], present: Collection[str], idf: Callable[[str], float]) -> float:
    """The share, in [0, 1], of the idf mass of `wanted` terms that is `present`; 0 where nothing is wanted."""
    weights = {term: idf(term) for term in wanted}
    mass = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in present) / mass if mass else 0.0


def fuse(bm25: Mapping[str, float], dense: Mapping[str, float], dense_weight: float) -> dict[str, float]:
    """Both scores scaled to [0, 1] over this question's candidates, then mixed, the vectors with `dense_weight`.

    Mixing min-max scores beat reciprocal rank fusion by two to four points of nDCG@10 on SciFact and on the seeds.
    """
    low = min(dense.values(), default=0.0)
    high = max(dense.values(), default=0.0)
    top = max(bm25.values(), default=0.0)
    return {
        name: dense_weight * ((dense.get(name, low) - low) / (high - low) if high > low else 0.0)
        + (1 - dense_weight) * (bm25[name] / top if top > 0 else 0.0)
        for name in bm25
    }


@lru_cache(maxsize=1)
def shipped_weights() -> np.ndarray:
    """Of `FEATURES`, float64 (2, features): the weights, and what is added to them for a question that is wholly covered."""
    stored = json.loads(resource("ranking.json").read_text(encoding="utf-8"))
    return np.array([[stored["weights"][name][place] for name in FEATURES] for place in (0, 1)])


def learned_scores(rows: np.ndarray, fused: np.ndarray, cover: float) -> np.ndarray:
    """Scores in [0, 1] of candidates from their `FEATURES`, shape (candidates, features), for a question of which `cover` is
    covered: each feature scaled to [0, 1] over the candidates, and weighed as `training.ranking` learnt it; then mixed with
    the fused scores where words must decide."""
    plain, covered = shipped_weights()
    learnt = scaled(scaled(rows) @ (plain + cover * covered))
    weight = between(1.0, LEARNT_WEIGHT_COVERED, cover**_FALL)
    return (1 - weight) * scaled(fused) + weight * learnt


def scaled(values: np.ndarray) -> np.ndarray:
    """Each column (or the one there is) scaled to [0, 1]; zeros where all values are the same."""
    low, spread = values.min(axis=0), np.ptp(values, axis=0)
    return (values - low) / np.where(spread > 0, spread, 1.0)


def reranked(fused: Mapping[str, float], read: Mapping[str, float]) -> dict[str, float]:
    """The scores where some candidates were read again, with a score in [0, 1]; the others stay below, in their order."""
    if not read:
        return dict(fused)
    top = max(fused.values()) or 1.0
    return {
        name: _FLOOR + (1 - _FLOOR) * read[name] if name in read else _FLOOR * score / top
        for name, score in fused.items()
    }


def mixed(fused: np.ndarray, meant: np.ndarray, cover: float) -> np.ndarray:
    """The scores, in [0, 1], of candidates that any other reranker read: its own mixed with the fused ones."""
    weight = between(RERANK_WEIGHT_UNCOVERED, RERANK_WEIGHT_COVERED, cover)
    return (1 - weight) * scaled(fused) + weight * scaled(meant)
