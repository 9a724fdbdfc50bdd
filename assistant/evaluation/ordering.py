"""Learns the order of a library's papers from the questions that its users ask.

How much words, vectors and meaning count depends on the field: claims of biology want more of the words than questions about
machine learning do. So the weights of `assistant.retrieval.ranking` are learnt anew, from the shipped ones on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from assistant.errors import QuestionError
from assistant.evaluation.metrics import ndcg_at
from assistant.evaluation.statistics import mean_figure
from assistant.evaluation.testset import Item
from assistant.library import Assistant
from assistant.questions.reading import Question, read_question
from assistant.records import Paper
from assistant.retrieval.ranking import Candidates, in_order, learnt_weights, shipped_weights
from assistant.store.following import Progress

LEAST = 20  # questions: fewer say little about any paper but theirs, or about the lowest twentieth
FOLDS = 5
# How firmly the shipped order holds. Chosen of 5, 20 and 60, on 20 to 200 questions that the order was not learnt from: claims of
# SciFact's training split, summaries of SciTLDR's development split, and questions over the corpus, which gain nothing.
_FIRMNESS = 20.0
_WIDTH = 3.92  # standard errors of a 95 % interval


@dataclass(frozen=True, slots=True)
class _Ranked:
    """The candidates of an answerable question, their papers' titles, the titles that answer it, with grades, and its group."""

    candidates: Candidates
    titles: Sequence[str]
    answering: Mapping[str, int]
    group: int

    @property
    def taught(self) -> tuple[np.ndarray, np.ndarray]:
        """What `ranking.learnt_weights` learns from: the papers of the highest grade are right."""
        right = {title for title, grade in self.answering.items() if grade == max(self.answering.values())}
        return self.candidates.inputs, np.array([title in right for title in self.titles], bool)

    def ndcg(self, weights: np.ndarray) -> float:
        """nDCG@10 of the papers, ranked with these weights."""
        return ndcg_at(in_order(self.titles, self.candidates.scores(weights)), self.answering, 10)


@dataclass(frozen=True, slots=True)
class LearntOrder:
    """The order of a library: weights learnt from all questions, and for each fold from the others; () for the shipped ones.
    `ranking` is nDCG@10 of `ranked` questions as shipped and with weights of their own, None where too few told anything."""

    weights: tuple[float, ...] = ()
    of_fold: tuple[tuple[float, ...], ...] = ((),) * FOLDS
    ranked: int = 0
    ranking: tuple[float, float] | None = None


def groups_of(items: Sequence[Item]) -> list[int]:
    """For each item the number of its group: items that share a paper or a question depend on each other. The fold of a group
    is its number modulo `FOLDS`."""
    group_of: dict[str, int] = {}
    members: dict[int, list[str]] = {}
    for place, item in enumerate(items):
        keys = [*item.relevant, *(evidence.paper for evidence in item.evidence), *item.without, f"? {item.question}"]
        joined = [key for group in {group_of[key] for key in keys if key in group_of} for key in members.pop(group)]
        members[place] = [*joined, *keys]
        group_of |= dict.fromkeys(members[place], place)
    numbers: dict[int, int] = {}
    return [numbers.setdefault(group_of[f"? {item.question}"], len(numbers)) for item in items]


def learn_order(
    library: Assistant,
    papers: Sequence[Paper],
    items: Sequence[Item],
    groups: Sequence[int],
    progress: Progress | None,
) -> LearntOrder:
    """Weights of the library's own where they rank better than the shipped ones, by more than the gain's standard error.

    Each of the answerable `items` that name their papers counts, but for follow-ups and those that other rules rank: by
    a name, or a year. `groups` are those of the items, `papers` all of the library. (A standard error is a low bar: weights
    that stand so near the shipped ones do little harm.)
    """
    title_of = {paper.id: paper.title for paper in papers}
    cases: dict[tuple[str, frozenset[str]], _Ranked] = {}
    for number, (item, group) in enumerate(zip(items, groups, strict=True), 1):
        answering = {evidence.paper: 2 for evidence in item.evidence} | dict(item.relevant)
        question, without = read_item(item), frozenset(item.without)
        if answering and item.answerable and question and not (item.history or question.years):
            within = [key for key, title in title_of.items() if title not in without] if without else None
            candidates = library.evidence(question, within)
            titles = [title_of.get(key, "") for key in candidates.papers]
            if titles and not candidates.is_named:  # no candidates where another reranker is in use
                cases.setdefault((item.question, without), _Ranked(candidates, titles, answering, group))
        if progress:
            progress("Ranking", number, len(items))
    taught = [(case.taught, case.group % FOLDS) for case in cases.values()]
    if sum(bool(right.any()) for (_, right), _ in taught) < LEAST:
        return LearntOrder()

    def learnt(left_out: int | None = None) -> np.ndarray:
        of_others = [one for one, fold in taught if fold != left_out]
        return learnt_weights(of_others, shipped_weights(), _FIRMNESS).round(3)

    of_fold = [learnt(fold) for fold in range(FOLDS)]
    before = [case.ndcg(shipped_weights()) for case in cases.values()]
    now = [case.ndcg(of_fold[case.group % FOLDS]) for case in cases.values()]
    gains = [b - a for a, b in zip(before, now, strict=True)]
    gain = mean_figure("gain", gains, [str(case.group) for case in cases.values()])
    found = LearntOrder(ranked=len(cases), ranking=(float(np.mean(before)), float(np.mean(now))))
    if gain.value is None or gain.low is None or gain.high is None or gain.value <= (gain.high - gain.low) / _WIDTH:
        return found
    return replace(found, weights=tuple(learnt().tolist()), of_fold=tuple(tuple(one.tolist()) for one in of_fold))


def read_item(item: Item) -> Question | None:
    """The item's question; None for one that cannot be asked."""
    try:
        return read_question(item.question)
    except QuestionError:  # declined before it is searched for
        return None
