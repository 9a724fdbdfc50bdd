"""Does the library answer this question? A probability from what retrieval found, and a threshold that the user sets.

A logistic regression over how well the best paper fits the question and how far it stands out from the next. It was fitted by
leaving papers out (`python -m assistant.training.abstention`): questions over papers of a corpus, asked with their paper among
the passages and without it, and questions that have nothing to do with the library. A near miss that stays within what its
paper is about looks answerable to it: `assistant.answering.deciding` knows more.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from math import log
from typing import Any

import numpy as np

from assistant.questions.reading import Question
from assistant.records import Passage
from assistant.resources import resource
from assistant.retrieval.ranking import coverage, terms_held

_RIDGE = 1.0  # keeps weights finite where few examples are told apart without error
# How firmly the shipped weights hold against a library's own questions. Chosen on claims of SciFact's training split, of 30, 10
# and 3, calibrated by 20 and by 100 of them; held-out questions over the corpus, which the shipped weights suit, lose a point.
_FIRMNESS = 10.0
_STEPS = 50
WITHOUT_RERANKER = 10  # features
SIGNS = (-1, *[1] * 11)  # of the features: strange words speak against an answer, all others for one


def features(
    question: Question, passages: Sequence[Passage], idf: Callable[[str], float], is_known: Callable[[str], bool]
) -> np.ndarray:
    """What retrieval says about a question, shape (10,), or (12,) with the shipped reranker.

    The share of the question's terms that the library has never seen; then the best paper's value, and how far it is above
    the mean of the other papers', of: its cover of the question's idf mass, its BM25 score by that mass, its cosine, and its
    best sentence; by how much the first paper's score is above the second's; and value and lead of the reranker's score.
    Leads are NaN, not known, where there is one paper only, and where the question is about several.
    """
    if not passages or not question.terms:
        return np.array([1.0, *[0.0] * (WITHOUT_RERANKER - 1)])
    mass = sum(map(idf, question.terms)) or 1.0
    papers: dict[str, list[Passage]] = {}
    for passage in passages:
        papers.setdefault(passage.paper.id, []).append(passage)
    covers = [
        max(coverage(question.terms, terms_held(question.terms, p.paper, p.chunk), idf) for p in of)
        for of in papers.values()
    ]
    rows = [
        covers,
        [max(p.signals["bm25"] for p in of) / mass for of in papers.values()],
        [max(p.signals["dense"] for p in of) for of in papers.values()],
        [max((s.score for p in of for s in p.sentences), default=0.0) for of in papers.values()],
    ]
    if any("meant" in passage.signals for passage in passages):
        rows.append(
            [max((p.signals["meant"] for p in of if "meant" in p.signals), default=0.0) for of in papers.values()]
        )
    scores = [max(p.score for p in of) for of in papers.values()]
    stands_alone = len(papers) > 1 and not (question.wants_list or question.wants_comparison)
    pairs = [(max(row), _lead(row) if stands_alone else np.nan) for row in rows]
    gap = scores[0] - scores[1] if stands_alone else np.nan
    unknown = sum(not is_known(term) for term in question.terms) / len(question.terms)
    first, last = pairs[:4], pairs[4:]
    return np.array(
        [unknown, *(value for pair in first for value in pair), gap, *(value for pair in last for value in pair)]
    )


def _lead(values: Sequence[float]) -> float:
    """How far the highest value is above the mean of the others."""
    others = sorted(values)[:-1]
    return max(values) - sum(others) / len(others)


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic regression over standardised features, and the probabilities that it gave answerable questions."""

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float
    answerable: tuple[float, ...]  # quantiles 0, .005, … 1 of the probability of answerable questions

    def probability(self, row: np.ndarray) -> float:
        """The probability, in (0, 1), that the library answers a question with these features."""
        z = np.nan_to_num((row - np.array(self.mean)) / np.array(self.scale))  # what is not known counts for nothing
        return float(1.0 / (1.0 + np.exp(-(z @ np.array(self.weights) + self.bias))))

    def threshold(self, keep: float) -> float:
        """The probability below which to decline so that the share `keep` of answerable questions is still answered."""
        return float(np.quantile(self.answerable, 1.0 - keep))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


@lru_cache(maxsize=1)
def estimate_version() -> str:
    """Changes with the shipped estimate: a library's own threshold holds for one only."""
    return hashlib.sha256(resource("abstention.json").read_bytes()).hexdigest()[:12]


@lru_cache
def shipped_calibration(name: str) -> Calibration:
    """The calibration that ships with the package: "reread" with the shipped reranker, "reread, words" with it but for its own
    two features, "words" without it."""
    values: dict[str, Any] = json.loads(resource("abstention.json").read_text(encoding="utf-8"))[name]
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return Calibration(**values | lists)


@dataclass(frozen=True, slots=True)
class OwnCalibration:
    """What a library learnt from questions of its own. `order` are weights of its own in `ranking.Candidates.scores`; () leaves
    the shipped ones.

    `weights` holds, by the name of an estimate, other weights than the shipped ones, the bias last: such that the shipped
    threshold suits them. For the other estimates `shift` is how far the threshold is above the shipped one, in log odds.
    """

    shift: float = 0.0
    weights: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    order: tuple[float, ...] = ()

    def of(self, name: str) -> Calibration:
        """The shipped calibration of that name, with the library's weights where it has some."""
        shipped = shipped_calibration(name)
        if name not in self.weights:
            return shipped
        *weights, bias = self.weights[name]
        return replace(shipped, weights=tuple(weights), bias=bias)

    def margin(self, name: str, row: np.ndarray, keep: float) -> float:
        """How far the log odds of a row of features are above the threshold that keeps the share `keep`."""
        shift = 0.0 if name in self.weights else self.shift
        return log_odds(self.of(name).probability(row)) - log_odds(shipped_calibration(name).threshold(keep)) - shift


def fit(answerable: np.ndarray, unanswerable: np.ndarray, signs: Sequence[int] | None = None) -> Calibration:
    """Ridge-regularised logistic regression by Newton's method; rows are features, shape (n, number of features), NaN where a
    feature is not known.

    `signs` says for each feature whether it may only speak for (1) or against (-1) an answer: those that the fit would use the
    other way round, as it does with features that say nearly the same, are left out one after another, the worst first.
    """
    rows = np.vstack([answerable, unanswerable])
    labels = np.r_[np.ones(len(answerable)), np.zeros(len(unanswerable))]
    mean, scale = np.nanmean(rows, axis=0), np.maximum(np.nanstd(rows, axis=0), 1e-6)
    x = np.nan_to_num((rows - mean) / scale)
    weights = _regression(x, labels, signs, np.zeros(x.shape[1] + 1), _RIDGE)
    p = _logistic(x @ weights[:-1] + weights[-1])
    quantiles = np.quantile(p[: len(answerable)], np.linspace(0, 1, 201))

    def rounded(values: np.ndarray) -> tuple[float, ...]:
        return tuple(round(float(value), 5) for value in values)

    return Calibration(
        rounded(mean), rounded(scale), rounded(weights[:-1]), round(float(weights[-1]), 5), rounded(quantiles)
    )


def refit(shipped: Calibration, answerable: np.ndarray, unanswerable: np.ndarray) -> tuple[float, ...]:
    """The weights of a shipped estimate, bias last, moved towards what a library's own questions say: the maximum a posteriori
    under a normal prior around the shipped ones. Rows are features as in `fit`."""
    rows = np.vstack([answerable, unanswerable])
    labels = np.r_[np.ones(len(answerable)), np.zeros(len(unanswerable))]
    x = np.nan_to_num((rows - np.array(shipped.mean)) / np.array(shipped.scale))
    found = _regression(x, labels, SIGNS[: x.shape[1]], np.r_[shipped.weights, shipped.bias], _FIRMNESS)
    return tuple(round(float(weight), 5) for weight in found)


def _regression(
    x: np.ndarray, labels: np.ndarray, signs: Sequence[int] | None, prior: np.ndarray, firmness: float
) -> np.ndarray:
    """The weights of a logistic regression, the last one the bias, drawn to `prior`; those whose sign is not the one in `signs`
    are left out, the worst first."""
    used = np.ones(x.shape[1], bool)
    weights = _newton(x, labels, prior, firmness)
    while signs is not None and (weights[:-1] * signs).min() < 0:
        used[np.argmin(weights[:-1] * signs)] = False
        left = np.r_[used, True]
        weights = np.zeros(len(weights))
        weights[left] = _newton(x[:, used], labels, prior[left], firmness)
    return weights


def _newton(x: np.ndarray, labels: np.ndarray, prior: np.ndarray, firmness: float) -> np.ndarray:
    """The weights of a logistic regression with the penalty firmness / 2 · |weights - prior|², the last one the bias."""
    x = np.c_[x, np.ones(len(x))]
    penalty = np.diag([firmness] * (x.shape[1] - 1) + [1e-6])
    weights = np.zeros(x.shape[1])  # not from the prior: a bias far off would run away
    for _ in range(_STEPS):
        p = _logistic(x @ weights)
        hessian = (x * (p * (1 - p))[:, None]).T @ x + penalty
        step = np.linalg.solve(hessian, x.T @ (labels - p) - penalty @ (weights - prior))
        weights += step
        if np.abs(step).max() < 1e-6:
            break
    return weights


def _logistic(values: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip(values, -30, 30)))


def log_odds(probability: float) -> float:
    """Of a probability in [0, 1], cut to ±14."""
    inside = min(max(probability, 1e-6), 1 - 1e-6)
    return log(inside / (1 - inside))
