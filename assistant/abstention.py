"""Does the library answer this question? A probability from retrieval evidence, calibrated for each library by leave-one-out.

Title-like and sentence-like pseudo-questions are drawn from the library's own papers. Asked of the whole library they are
answerable; asked of the library without their paper they are near misses. A logistic regression over the features below
tells the two apart, and its threshold keeps the wanted share of the answerable ones.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from assistant.questions import Question
from assistant.records import Passage
from assistant.retrieval import coverage
from assistant.terms import terms

FEATURES = ("cover", "bm25_share", "dense", "margin", "sentence", "unknown")
_RIDGE = 1.0  # keeps weights finite where a small library is told apart without error
_STEPS = 50


def features(question: Question, passages: Sequence[Passage], idf: Callable[[str], float], known: Callable[[str], bool]) -> np.ndarray:
    """What retrieval says about a question, shape (6,), each about in [0, 1].

    The best passage's cover of the question's idf mass; BM25 over that mass; its cosine; the lead over the other papers;
    the best sentence; and the share of the question's terms that the library has never seen.
    """
    if not passages or not question.terms:
        return np.array([0.0, 0.0, 0.0, 0.0, 0.0, 1.0])
    mass = sum(idf(term) for term in question.terms)
    best = passages[0]
    cover = max(
        coverage(question.terms, {*terms(p.paper.record), *terms(p.text)}, idf) for p in passages[:3]
    )
    rivals = [p.signals["dense"] for p in passages if p.paper.id != best.paper.id]
    dense = max(p.signals["dense"] for p in passages)
    return np.array(
        [
            cover,
            max(p.signals["bm25"] for p in passages) / (mass + 1.0) / 2.0,
            dense,
            dense - float(np.mean(rivals)) if rivals else 0.0,
            max((s.score for p in passages[:3] for s in p.sentences), default=0.0),
            sum(not known(term) for term in question.terms) / len(question.terms),
        ]
    )


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fitted logistic regression: weights over standardised features, and the threshold that keeps `kept` answerable."""

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float
    scores: tuple[float, ...]  # probabilities of the answerable pseudo-questions, ascending: the threshold's distribution

    def probability(self, row: np.ndarray) -> float:
        """The probability, in (0, 1), that the library answers a question with these features."""
        z = (row - np.array(self.mean)) / np.array(self.scale)
        return float(1.0 / (1.0 + np.exp(-(z @ np.array(self.weights) + self.bias))))

    def threshold(self, keep: float) -> float:
        """The probability below which to decline so that the share `keep` of answerable questions is still answered."""
        return float(np.quantile(self.scores, 1.0 - keep)) if self.scores else 0.5

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, for the catalogue."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Calibration":
        """The inverse of `to_dict`."""
        return cls(**{name: tuple(v) if isinstance(v, list) else v for name, v in values.items()})


def fit(answerable: np.ndarray, unanswerable: np.ndarray) -> Calibration:
    """Ridge-regularised logistic regression by Newton's method; rows are features, shape (n, 6)."""
    rows = np.vstack([answerable, unanswerable])
    labels = np.r_[np.ones(len(answerable)), np.zeros(len(unanswerable))]
    mean, scale = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-6)
    x = np.c_[(rows - mean) / scale, np.ones(len(rows))]
    penalty = np.diag([_RIDGE] * (x.shape[1] - 1) + [1e-6])
    w = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ w, -30, 30)))
        gradient = x.T @ (labels - p) - penalty @ w
        hessian = (x * (p * (1 - p))[:, None]).T @ x + penalty
        step = np.linalg.solve(hessian, gradient)
        w += step
        if np.abs(step).max() < 1e-6:
            break
    p = 1.0 / (1.0 + np.exp(-np.clip(x @ w, -30, 30)))
    kept = np.quantile(p[: len(answerable)], np.linspace(0, 1, 201))
    return Calibration(tuple(mean.tolist()), tuple(scale.tolist()), tuple(w[:-1].tolist()), float(w[-1]), tuple(kept.tolist()))
