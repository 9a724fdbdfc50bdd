"""Learns the order of a library's papers from the questions that its users ask.

How much words, vectors and meaning count depends on the field: claims of biology want more of the words than questions about
machine learning do. So the weights of `assistant.ranking` are learnt anew, from the shipped ones on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.errors import QuestionError
from assistant.evaluation.metrics import ndcg_at
from assistant.evaluation.testset import Item
from assistant.library import Assistant
from assistant.questions import Question, read_question
from assistant.ranking import Candidates, in_order, learnt_weights, shipped_weights
from assistant.records import Paper

LEAST = 20  # questions: fewer say little about any paper but theirs, or about the lowest twentieth
FOLDS = 5
# How firmly the shipped order holds. Chosen of 5, 20 and 60, on 20 to 200 questions that the order was not learnt from: claims of
# SciFact's training split, summaries of SciTLDR's development split, and questions over the corpus, which gain nothing.
_FIRMNESS = 20.0


@dataclass(frozen=True, slots=True)
class _Ranked:
    """The candidates of an answerable question, the ids of the papers that answer it, with grades, and its fold."""

    candidates: Candidates
    answering: Mapping[str, int]
    fold: int

    def ndcg(self, weights: np.ndarray) -> float:
        """nDCG@10 of the papers, ranked with these weights."""
        ranked = in_order(self.candidates.papers, self.candidates.scores(weights))
        return ndcg_at(ranked, self.answering, 10)


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a library: weights learnt from all questions, and for each fold from the others; () for the shipped ones.
    `ranking` is nDCG@10 of `ranked` questions as shipped and with weights of their own, None where too few told anything."""

    weights: tuple[float, ...] = ()
    of_fold: tuple[tuple[float, ...], ...] = ((),) * FOLDS
    ranked: int = 0
    ranking: tuple[float, float] | None = None


def learn_order(
    library: Assistant,
    papers: Sequence[Paper],
    items: Sequence[Item],
    folds: Sequence[int],
    progress: Callable[[str, int, int], None] | None,
) -> Order:
    """Weights of the library's own where they rank better than the shipped ones, by more than the gain's standard error.

    Each of the answerable `items` that name their papers counts, follow-ups left out; `folds` are the items' folds, below
    `FOLDS`, those about one paper in the same; `papers` are all of the library.
    """
    ids = {paper.title: paper.id for paper in papers}
    cases: list[_Ranked] = []
    for number, (item, fold) in enumerate(zip(items, folds, strict=True), 1):
        answering = {ids[e.paper]: 1 for e in item.evidence} | {ids[title]: n for title, n in item.relevant.items()}
        question = read_item(item)
        if answering and item.answerable and question and not item.history:
            within = [key for title, key in ids.items() if title not in item.without] if item.without else None
            candidates = library.evidence(question, within)
            if candidates.papers:  # none where another reranker is in use
                cases.append(_Ranked(candidates, answering, fold))
        if progress:
            progress("Ranking", number, len(items))
    taught = [
        (case.candidates.inputs, np.array([key in case.answering for key in case.candidates.papers], bool))
        for case in cases
    ]
    if sum(bool(right.any()) for _, right in taught) < LEAST:
        return Order()

    def learnt(left_out: int | None = None) -> np.ndarray:
        of_others = [one for one, case in zip(taught, cases, strict=True) if case.fold != left_out]
        return learnt_weights(of_others, shipped_weights(), _FIRMNESS).round(3)

    of_fold = [learnt(fold) for fold in range(FOLDS)]
    before = np.array([case.ndcg(shipped_weights()) for case in cases])
    now = np.array([case.ndcg(of_fold[case.fold]) for case in cases])
    ranking, gains = (float(before.mean()), float(now.mean())), now - before
    if gains.mean() <= gains.std(ddof=1) / np.sqrt(len(gains)):
        return Order(ranked=len(cases), ranking=ranking)
    return Order(tuple(learnt().tolist()), tuple(tuple(one.tolist()) for one in of_fold), len(cases), ranking)


def read_item(item: Item) -> Question | None:
    """The item's question; None for one that cannot be asked."""
    try:
        return read_question(item.question)
    except QuestionError:  # declined before it is searched for
        return None
