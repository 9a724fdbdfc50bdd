"""Does the library answer this question? A probability from what retrieval found, and a threshold that the user sets.

A logistic regression over five features, fitted on the development half of the shipped test set: its answerable questions
against its off-topic ones (`python -m assistant.training.abstention`). It recognises questions that have nothing to do with
the library. It cannot recognise a near miss, whose topic is in the library but whose answer is not: every retrieval score
was at chance on those. Some give themselves away by a name that no paper mentions, or by the kind of answer that they expect.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from assistant.expecting import unmet
from assistant.lexical import LexicalIndex
from assistant.questions import Question
from assistant.records import Passage
from assistant.resources import resource
from assistant.retrieval import coverage
from assistant.terms import squeezed, term_set, terms

_RIDGE = 1.0  # keeps weights finite where few examples are told apart without error
_STEPS = 50
_WITHOUT_RERANKER = 4  # features
_LOOKED_AT = 3  # passages whose words and sentences count


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the library answers: the estimated probability, and why not where it does not."""

    answerable: bool
    probability: float | None = None
    reason: str = ""


def features(
    question: Question, passages: Sequence[Passage], idf: Callable[[str], float], is_known: Callable[[str], bool]
) -> np.ndarray:
    """What retrieval says about a question, shape (5,), each in [0, 1]; (4,) without the shipped reranker.

    The best passage's cover of the question's idf mass; the best cosine; the best sentence; the share of the question's
    terms that the library has never seen; and the reranker's best cosine.
    """
    if not passages or not question.terms:
        return np.array([0.0, 0.0, 0.0, 1.0])
    top = passages[:_LOOKED_AT]
    meant = [p.signals["meant"] for p in passages if "meant" in p.signals]
    return np.array(
        [
            max(coverage(question.terms, term_set(p.paper.record) | term_set(p.text), idf) for p in top),
            max(p.signals["dense"] for p in passages),
            max((s.score for p in top for s in p.sentences), default=0.0),
            sum(not is_known(term) for term in question.terms) / len(question.terms),
            *([max(meant)] if meant else []),
        ]
    )


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
        z = (row - np.array(self.mean)) / np.array(self.scale)
        return float(1.0 / (1.0 + np.exp(-(z @ np.array(self.weights) + self.bias))))

    def threshold(self, keep: float) -> float:
        """The probability below which to decline so that the share `keep` of answerable questions is still answered."""
        return float(np.quantile(self.answerable, 1.0 - keep))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


@lru_cache
def shipped_calibration(features: int) -> Calibration:
    """The calibration that ships with the package for this number of features: 5 with the shipped reranker, 4 without."""
    values: dict[str, Any] = json.loads(resource("abstention.json").read_text(encoding="utf-8"))[str(features)]
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return Calibration(**values | lists)


def fit(answerable: np.ndarray, unanswerable: np.ndarray) -> Calibration:
    """Ridge-regularised logistic regression by Newton's method; rows are features, shape (n, number of features)."""
    rows = np.vstack([answerable, unanswerable])
    labels = np.r_[np.ones(len(answerable)), np.zeros(len(unanswerable))]
    mean, scale = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-6)
    x = np.c_[(rows - mean) / scale, np.ones(len(rows))]
    penalty = np.diag([_RIDGE] * (x.shape[1] - 1) + [1e-6])
    weights = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ weights, -30, 30)))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + penalty
        step = np.linalg.solve(hessian, x.T @ (labels - p) - penalty @ weights)
        weights += step
        if np.abs(step).max() < 1e-6:
            break
    p = 1.0 / (1.0 + np.exp(-np.clip(x @ weights, -30, 30)))
    quantiles = np.quantile(p[: len(answerable)], np.linspace(0, 1, 201))

    def rounded(values: np.ndarray) -> tuple[float, ...]:
        return tuple(round(float(value), 5) for value in values)

    return Calibration(
        rounded(mean), rounded(scale), rounded(weights[:-1]), round(float(weights[-1]), 5), rounded(quantiles)
    )


def decide(
    question: Question, passages: Sequence[Passage], lexical: LexicalIndex, keep: float, quoting: bool = False
) -> Decision:
    """Whether the library answers, keeping the share `keep` of answerable questions; with the reason where it does not.

    A question that names what no paper mentions is declined whatever its scores: those cannot tell near misses. With `quoting`
    (no model will read the passages) so is one that expects a kind of answer which the passages do not hold.
    """
    if question.small_talk:
        return Decision(False, 0.0, "That asks nothing of the papers. Ask what a paper proposes, finds or measures.")
    if question.about_library:
        return Decision(
            False,
            0.0,
            "No paper answers questions about the library itself; 'assistant papers' or the Library tab lists it.",
        )
    if not passages:
        return Decision(False, 0.0, "Nothing to answer from: no paper is in the library or in the chosen scope.")
    if not question.terms:
        return Decision(False, 0.0, "The question names no topic; ask about something in the papers.")
    if question.wants_records:  # what is printed decides
        is_there = any(question.is_of_time(passage.paper) for passage in passages)
        return Decision(is_there, None, "" if is_there else "Not found: no paper is printed with that date.")
    row = features(question, passages, lexical.idf, lexical.is_known)
    if question.about_metadata or question.years or question.names:
        row = row[:_WITHOUT_RERANKER]  # of dates, of authors and of what a new name means the reranker knows nothing
    calibration = shipped_calibration(len(row))
    probability = calibration.probability(row)
    strangers = [name for name in question.names if not _is_mentioned(name, lexical, passages)]
    if strangers:
        return Decision(False, probability, _never_mentioned(strangers))
    if probability >= calibration.threshold(keep) or any(passage.signals.get("named") for passage in passages):
        lacking = unmet(question, passages, lambda name: _is_spelt_right(name, lexical)) if quoting else ""
        return Decision(not lacking, probability, lacking)
    unknown = [term for term in question.terms if not lexical.is_known(term)]
    if len(unknown) >= max(1, len(question.terms) / 3):
        return Decision(False, probability, _never_mentioned(_as_typed(question.text, unknown)))
    return Decision(False, probability, "Not found: no paper in the library comes close enough to answering this.")


def _is_mentioned(name: str, lexical: LexicalIndex, passages: Sequence[Passage]) -> bool:
    """True where the library uses a part of the name, the name with a typing error mended, or another spelling of it."""
    parts = terms(name)
    if not parts or any(lexical.is_known(part) or lexical.correction(part) for part in parts):
        return True
    return any(squeezed(name) in squeezed(f"{passage.paper.record} {passage.text}") for passage in passages)


def _is_spelt_right(name: str, lexical: LexicalIndex) -> bool:
    """True where the library uses a part of the name, and no other part looks like a typing error."""
    unknown = [part for part in terms(name) if not lexical.is_known(part)]
    return len(unknown) < len(terms(name)) and not any(lexical.correction(part) for part in unknown)


def _never_mentioned(words: Sequence[str]) -> str:
    return f"Not found: the papers never mention {', '.join(f'“{word}”' for word in words[:3])}."


def _as_typed(text: str, wanted: Sequence[str]) -> list[str]:
    """The words of the question behind index terms, as the user wrote them."""
    return [word.strip(".,;:!?()\"'“”") for word in text.split() if term_set(word) & set(wanted)]
