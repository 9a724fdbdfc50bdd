"""Does the library answer this question? A probability from what retrieval found, and a threshold that the user sets.

A logistic regression over how well the best paper fits the question and how far it stands out from the next. It was fitted by
leaving papers out (`python -m assistant.training.abstention`): questions over papers of a corpus, asked with their paper among
the passages and without it, and questions that have nothing to do with the library. A near miss that stays within what its
paper is about looks answerable to it. Some of those give themselves away by a name that no paper mentions, or by the kind of
answer that they expect.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from math import log
from typing import Any

import numpy as np

from assistant.asking import foreign_words
from assistant.expecting import unmet
from assistant.lexical import LexicalIndex
from assistant.places import is_placed
from assistant.questions import Question
from assistant.ranking import coverage
from assistant.records import Passage
from assistant.resources import resource
from assistant.terms import is_spelt_out, squeezed, term_set, terms

_RIDGE = 1.0  # keeps weights finite where few examples are told apart without error
# How firmly the shipped weights hold against a library's own questions. Chosen on claims of SciFact's training split, of 30, 10
# and 3, calibrated by 20 and by 100 of them; held-out questions over the corpus, which the shipped weights suit, lose a point.
_FIRMNESS = 10.0
_FEW_TERMS = 2
_RARE = (
    2.0  # idf of a function word that is none of the library's language: fewer than about one chunk in seven holds it
)
_STEPS = 50
# Of a paper that the question names, or that was chosen, it is known that it is meant: only what is foreign to it is declined. On
# the development half 98 % are kept of their own paper so, and 86 % declined of one drawn by chance.
_KEEP_WITHIN = 0.98
# What can be asked of every paper: a question in these words says nothing that a paper could be found by, and any one answers it.
_OF_ANY_PAPER = term_set(
    """abstract accomplish accuracy accurate achieve address advantage aim algorithm application apply approach article
    assess assumption author authors availability available baseline basic benchmark benefit best better brief build
    bullet central challenge claim code compare comparison compute concept conclude conclusion consist contain contribute
    contribution core cost costs data dataset define demonstrate describe detail difference different do document done dr
    drawback earlier efficiency efficient english evaluate evaluation evidence existing experiment experimental explain
    fast find finding five found four framework future general get gist github give goal good got great handle help home
    idea impact implication importance important improve improvement include innovation introduce issue key layman limit
    limitation list main make matter mean means measure measures message method methodology metric model motivate
    motivation need new novel novelty objective offer one open outcome overall overview paragraph perform performance
    plain point points practical present previous prior problem propose purpose quality question read reader related
    released repository result run said say scale sentence sentences short shortcoming show shown significance simple
    simply size slow solve source speed stand state strength study subject suggest summarize summary system tackle take
    takeaway technique tell terms test tested thing things three tl tldr tool topic train training two use useful weakness
    whats words work works"""
)
WITHOUT_RERANKER = 10  # features
SIGNS = (-1, *[1] * 11)  # of the features: strange words speak against an answer, all others for one


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the library answers: the estimated probability, and why not where it does not.

    `margin` is how far the probability's log odds are above those of the threshold; None where no probability decides.
    `estimate` names the estimate behind it, and `row` holds its features.
    """

    answerable: bool
    probability: float | None = None
    reason: str = ""
    margin: float | None = None
    estimate: str = ""
    row: np.ndarray | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Within:
    """A question as it is asked of the papers that it is about (`questions.asked_of`), and what was found in those alone.
    `is_certain` is False where it names one beside much else, as a claim does a gene, and all papers may answer."""

    question: Question
    passages: Sequence[Passage]
    is_certain: bool = True


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
        max(coverage(question.terms, term_set(p.paper.record) | term_set(p.text), idf) for p in of)
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


def decide(
    question: Question,
    passages: Sequence[Passage],
    lexical: LexicalIndex,
    keep: float,
    quoting: bool = False,
    own: OwnCalibration | None = None,
    within: Within | None = None,
) -> Decision:
    """Whether the library answers, keeping the share `keep` of answerable questions; with the reason where it does not, and what
    to do where the question is in a language that the library does not use.

    `within` is None where all papers may answer; `own` is what `assistant eval calibrate` found for the library's own questions.
    A question that names what no paper mentions is declined whatever its scores: those cannot tell near misses. With `quoting`
    (no model will read the passages) so is one that expects a kind of answer which the passages do not hold.
    """
    decision = _decide(question, passages, lexical, keep, quoting, own, within)
    if decision.answerable or not passages or not _is_in_another_language(question.text, lexical):
        return decision
    return replace(decision, reason=f"{decision.reason} The papers are in English; ask in English.")


def _is_in_another_language(text: str, lexical: LexicalIndex) -> bool:
    """True for a question in another language than English, of whose words the library has hardly any."""
    words = [term for word in foreign_words(text) for term in terms(word)]
    return bool(words) and all(lexical.idf(word) > _RARE for word in words)


def _decide(
    question: Question,
    passages: Sequence[Passage],
    lexical: LexicalIndex,
    keep: float,
    quoting: bool,
    own: OwnCalibration | None,
    within: Within | None,
) -> Decision:
    if question.small_talk:
        return Decision(False, 0.0, "That asks nothing of the papers. Ask what a paper proposes, finds or measures.")
    if question.about_library:
        return Decision(
            False,
            0.0,
            "No paper answers questions about the library itself; 'assistant papers' or the Library tab lists it.",
        )
    if question.wants_writing:
        return Decision(
            False, 0.0, "That asks for something to be written. Ask what a paper proposes, finds or measures."
        )
    if not passages:
        return Decision(False, 0.0, "Nothing to answer from: no paper is in the library or in the chosen scope.")
    if not question.terms and within is None:
        return Decision(False, 0.0, "The question names no topic; ask about something in the papers.")
    question = question.settled(passage.paper for passage in passages)
    if question.by and not any(question.by.holds(passage.paper) for passage in passages):
        return Decision(False, None, f"Not found: no paper is printed under “{question.by.name}”.")
    if question.wants_records:  # what is printed decides
        is_there = any(question.is_for(passage.paper) for passage in passages)
        return Decision(
            is_there, None, "" if is_there else f"Not found: no paper is printed with {_date_wanted(question)}."
        )
    printed = [passage.paper for passage in passages if passage.paper.year is not None]
    if question.of_year and printed and not any(map(question.is_of_time, printed)):
        reason = f"Not found: no paper that comes near this is printed with {_date_wanted(question)}."
        return Decision(False, None, reason)
    name, row = _estimated(question, passages, lexical)
    own = own or OwnCalibration()
    probability = own.of(name).probability(row)
    if strangers := _strangers(question, lexical, passages, probability):
        return Decision(False, probability, _never_mentioned(strangers))
    margin = None if within and within.is_certain else own.margin(name, row, keep)
    lacking = ""
    if within and not question.about_metadata and _is_foreign(within, lexical, max(keep, _KEEP_WITHIN), own):
        titles = list(dict.fromkeys(f"“{passage.paper.title}”" for passage in within.passages))
        lacking = f"Not found: nothing in {' or '.join(titles[:2])} comes close enough to answering this."
    elif margin is None or margin >= 0:
        looked_at = passages if within is None else within.passages
        lacking = unmet(question, looked_at, lambda name: _is_spelt_right(name, lexical)) if quoting else ""
    else:
        unknown = [t for t in question.terms if not (lexical.is_known(t) or lexical.correction(t))]
        lacking = "Not found: no paper in the library comes close enough to answering this."
        if len(unknown) >= max(1, len(question.terms) / 3):
            lacking = _never_mentioned(_as_typed(question.text, unknown))
    return Decision(not lacking, probability, lacking, margin, name, row)


def _estimated(question: Question, passages: Sequence[Passage], lexical: LexicalIndex) -> tuple[str, np.ndarray]:
    """Which estimate holds for the question, and its features."""
    row = features(question, passages, lexical.idf, lexical.is_known)
    if len(row) == WITHOUT_RERANKER:
        return "words", row
    if question.about_metadata or question.years or question.names:
        # Of dates, of authors and of what a new name means the reranker knows nothing: its score does not count.
        return "reread, words", row[:WITHOUT_RERANKER]
    return "reread", row


def _is_foreign(within: Within, lexical: LexicalIndex, keep: float, own: OwnCalibration) -> bool:
    """True where what is asked of some papers has nothing to do with them."""
    asked, passages = within.question, within.passages
    held = _OF_ANY_PAPER.union(*(term_set(f"{passage.paper.record} {passage.text}") for passage in passages))
    return not held.issuperset(terms(asked.topic)) and own.margin(*_estimated(asked, passages, lexical), keep) < 0


def _date_wanted(question: Question) -> str:
    return "that date" if question.time and question.time.is_one else "a date of that time"


def _strangers(question: Question, lexical: LexicalIndex, passages: Sequence[Passage], probability: float) -> list[str]:
    """The names in the question that the library does not use. Where the question says little and rather no paper answers, all
    its words if none of them is used: for "tell me about football" it is not enough that something comes near in meaning."""
    if strangers := [name for name in question.names if not _is_mentioned(name, lexical, passages)]:
        return strangers
    if len(question.terms) > _FEW_TERMS or probability >= 0.5:
        return []
    words = _as_typed(question.topic, question.terms)
    return [] if any(_is_mentioned(word, lexical, passages) for word in words) else words


def _is_mentioned(name: str, lexical: LexicalIndex, passages: Sequence[Passage]) -> bool:
    """True where the library uses a part of the name, the name with a typing error mended, or, among the passages, another
    spelling of it, what it abbreviates, or the place whose adjective it is."""
    parts = terms(name)
    if not parts or any(lexical.is_known(part) or lexical.correction(part) for part in parts):
        return True
    texts = [f"{passage.paper.record} {passage.text}" for passage in passages]
    return any(squeezed(name) in squeezed(text) or is_spelt_out(name, text) or is_placed(name, text) for text in texts)


def _is_spelt_right(name: str, lexical: LexicalIndex) -> bool:
    """True where the library uses a part of the name, and no other part looks like a typing error."""
    unknown = [part for part in terms(name) if not lexical.is_known(part)]
    return len(unknown) < len(terms(name)) and not any(lexical.correction(part) for part in unknown)


def _never_mentioned(words: Sequence[str]) -> str:
    return f"Not found: the papers never mention {', '.join(f'“{word}”' for word in words[:3])}."


def _as_typed(text: str, wanted: Sequence[str]) -> list[str]:
    """The words of the question behind index terms, as the user wrote them."""
    return [word.strip(".,;:!?()\"'“”") for word in text.split() if term_set(word) & set(wanted)]
