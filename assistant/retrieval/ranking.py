"""In which order candidates stand: what words and vectors say, mixed, and then what a reranker makes of the best of them."""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from assistant.records import Chunk, Paper
from assistant.resources import resource
from assistant.terms import term_set

# What is known of a candidate that the shipped reranker read: BM25's score, the vectors' similarity, late interaction with all of
# it and with its best sentence, the highest similarity of a sentence by the shipped embedding, and the share of the question's
# idf mass that its title holds.
FEATURES = ("BM25", "similarity", "late interaction", "best sentence", "similar sentence", "title")
# The share of a reranker in a candidate's score, by the cover of the question's words.
RERANK_WEIGHT_UNCOVERED, RERANK_WEIGHT_COVERED = 0.95, 0.3
# That of the learnt order falls where one passage holds the question's words; more so where typing errors were mended, which
# the reranker reads as they stand. Of five sets of held-out questions the mean nDCG@10 is that of the learnt order alone (.872):
# researchers' terse questions and summaries gain .002 and .005 by it, details asked in quite other words lose .006.
LEARNT_WEIGHT_COVERED, LEARNT_WEIGHT_MENDED = 0.5, 0.3
# The shares of the best passage's score from which on a further paper belongs to a list, and from which on it is a rival of the
# best one.
BROAD_SHARE, RIVAL_SHARE = 0.6, 0.93
# The reranker reads this many candidates: 60 gained less than a tenth of a point of nDCG@10 on the held-out questions of
# `training.asked` for a third more time, 30 lost more than half a point.
RERANKED = 45
_STEPS, _RATE = 500, 0.1  # of learning
_FLOOR = 0.01  # of a candidate that was read again; those that were not stay below


def between(start: float, end: float, share: float) -> float:
    """The point that lies `share` of the way from `start` to `end`."""
    return start + (end - start) * share


def coverage(wanted: Sequence[str], present: Collection[str], idf: Callable[[str], float]) -> float:
    """The share, in [0, 1], of the idf mass of `wanted` terms that is `present`; 0 where nothing is wanted."""
    return coverer(wanted, idf)(present)


def coverer(wanted: Sequence[str], idf: Callable[[str], float]) -> Callable[[Collection[str]], float]:
    """`coverage` of the same `wanted` terms by one text after another."""
    weights = {term: idf(term) for term in wanted}
    mass = sum(weights.values())

    def cover(present: Collection[str]) -> float:
        return sum(weight for term, weight in weights.items() if term in present) / mass if mass else 0.0

    return cover


def terms_held(wanted: Collection[str], paper: Paper, chunk: Chunk) -> set[str]:
    """Those of the `wanted` terms that a chunk or its paper's record holds. Sentence by sentence: the terms of those are
    remembered, and looked at next."""
    terms, sentences = frozenset(wanted), range(len(chunk.sentences))
    texts = [paper.record, *(chunk.sentence(at) for at in sentences)] if sentences else [paper.record, chunk.text]
    return set().union(*(terms & term_set(text) for text in texts))


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
    """What `Candidates.scores` weighs with, float64 (2 · features,): of each of `FEATURES`, then what is added for a question
    that is wholly covered."""
    stored = json.loads(resource("ranking.json").read_text(encoding="utf-8"))
    return np.array([stored["weights"][name][place] for place in (0, 1) for name in FEATURES])


@lru_cache(maxsize=1)
def ranking_version() -> str:
    """Changes with the shipped weights: what a library learnt beside them holds for those only."""
    return hashlib.sha256(resource("ranking.json").read_bytes()).hexdigest()[:12]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """A question's candidates, as the shipped reranker read them: the ids of their `papers`, `rows` of their `FEATURES`,
    (candidates, features), their `fused` scores, and how much of the question's words is covered. `is_mended` says that some of
    those words were taken for others, `is_named` that the question calls papers by their names: those come first, whatever
    the scores."""

    papers: Sequence[str]
    rows: np.ndarray
    fused: np.ndarray
    cover: float
    is_mended: bool = False
    is_named: bool = False

    @property
    def inputs(self) -> np.ndarray:
        """Each feature scaled to [0, 1] over the candidates, then the same times the cover, (candidates, 2 · features)."""
        rows = scaled(self.rows)
        return np.hstack([rows, self.cover * rows])

    def scores(self, weights: np.ndarray) -> np.ndarray:
        """Scores in [0, 1], (candidates,): the inputs as they were learnt to be weighed, mixed with the fused scores where words
        should decide too."""
        learnt = scaled(self.inputs @ weights)
        covered = LEARNT_WEIGHT_MENDED if self.is_mended else LEARNT_WEIGHT_COVERED
        weight = between(1.0, covered, self.cover**2)
        return (1 - weight) * scaled(self.fused) + weight * learnt


def in_order(papers: Sequence[str], scores: np.ndarray) -> list[str]:
    """The ids of candidates' papers, best first, each once."""
    return list(dict.fromkeys(papers[place] for place in np.argsort(-scores, kind="stable")))


def learnt_weights(cases: Sequence[tuple[np.ndarray, np.ndarray]], start: np.ndarray, firmness: float) -> np.ndarray:
    """The weights, as `shipped_weights` has them, under which a softmax over each question's candidates puts most on the right
    ones (a listwise loss, Cao et al. 2007, ListNet).

    A case holds a question's inputs, (candidates, 2 · features), and which candidates are right, bool (candidates,); one with
    none right teaches nothing. The penalty firmness / 2 · |weights - start|² stands beside the sum of the questions' losses.
    """
    told = [(inputs, right) for inputs, right in cases if right.any()]
    if not told:
        return start.copy()
    most = max(len(inputs) for inputs, _ in told)
    rows = np.zeros((len(told), most, len(start)))
    absent, wrong = np.full((2, len(told), most), -np.inf)
    for place, (inputs, right) in enumerate(told):
        rows[place, : len(inputs)] = inputs
        absent[place, : len(inputs)] = 0
        wrong[place, np.flatnonzero(right)] = 0
    weights, (mean, square) = start.copy(), np.zeros((2, len(start)))
    for step in range(1, _STEPS + 1):  # Adam (Kingma and Ba 2015)
        scores = rows @ weights
        gradient = np.einsum("qc,qcf->f", _softmax(scores + absent) - _softmax(scores + wrong), rows) / len(told)
        gradient += firmness / len(told) * (weights - start)
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        weights = weights - _RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return weights


def _softmax(scores: np.ndarray) -> np.ndarray:
    """Along the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


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
