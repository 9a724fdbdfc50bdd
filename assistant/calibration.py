"""Calibrates abstention for one library, at index time and without labels, and applies it to a question."""

import random
from collections.abc import Sequence

import numpy as np

from assistant.abstention import Calibration, features, fit
from assistant.answering import Decision
from assistant.catalogue import Catalogue
from assistant.lexical import LexicalIndex
from assistant.questions import Question, read_question
from assistant.records import Paper, Passage
from assistant.retrieval import Search
from assistant.sentences import sentence_spans

_PAPERS = 150  # drawn for pseudo-questions; more did not move the threshold
_FEWEST = 10  # papers below which a library is too small to calibrate
_PASSAGES = 8
_KEPT_WORDS = 0.6  # share of a sentence's words that a pseudo-question keeps: people rarely repeat a paper's own words
_SEED = 20261121


def calibrate(catalogue: Catalogue, search: Search, lexical: LexicalIndex) -> Calibration | None:
    """Fits the estimate on pseudo-questions from the library's own papers; None for a library too small to tell."""
    papers = [paper for paper in catalogue.papers() if paper.abstract]
    if len(papers) < _FEWEST:
        return None
    draw = random.Random(_SEED)
    answerable, unanswerable = [], []
    for paper in draw.sample(papers, min(_PAPERS, len(papers))):
        for text in _pseudo_questions(paper, draw):
            question = read_question(text)
            passages = search.search(question, _PASSAGES)
            if any(passage.paper.id == paper.id for passage in passages):
                answerable.append(features(question, passages, lexical.idf, lexical.is_known))
            others = [passage for passage in passages if passage.paper.id != paper.id]
            unanswerable.append(features(question, others, lexical.idf, lexical.is_known))
    return fit(np.array(answerable), np.array(unanswerable)) if answerable else None


def _pseudo_questions(paper: Paper, draw: random.Random) -> list[str]:
    """The title, and one sentence of the abstract with some of its words left out."""
    spans = sentence_spans(paper.abstract)
    span = draw.choice(spans)
    words = paper.abstract[span.start : span.end].split()
    kept = [word for word in words if draw.random() < _KEPT_WORDS] or words
    return [paper.title[:300], " ".join(kept)[:600]]


def decide(
    question: Question, passages: Sequence[Passage], lexical: LexicalIndex, calibration: Calibration | None, keep: float
) -> Decision:
    """Whether the library answers, keeping the share `keep` of answerable questions; with the reason where it does not."""
    if not passages:
        return Decision(False, 0.0, "The library holds no paper to answer from; add some with 'assistant add'.")
    if not question.terms:
        return Decision(False, 0.0, "The question names no topic; ask about something in the papers.")
    row = features(question, passages, lexical.idf, lexical.is_known)
    if calibration is None:
        return Decision(bool(row[0] > 0))
    probability = calibration.probability(row)
    if probability >= calibration.threshold(keep):
        return Decision(True, probability)
    return Decision(False, probability, _reason(question, lexical))


def _reason(question: Question, lexical: LexicalIndex) -> str:
    unknown = [term for term in question.terms if not lexical.is_known(term)]
    if len(unknown) >= max(1, len(question.terms) / 3):
        words = ", ".join(f"“{word}”" for word in unknown[:3])
        return f"Not found: the papers never mention {words}."
    return "Not found: no paper in the library comes close enough to answering this."
