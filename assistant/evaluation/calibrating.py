"""Fits a library's order of papers, and its abstention, to the questions that its users ask.

The order comes first (`assistant.evaluation.ordering`): the abstention looks at how far the first paper stands out. The shipped
threshold keeps its share of questions like those that it was fitted on. How people ask moves it more than what papers they ask:
on four sets, questions made of a library's own titles and sentences did not find it. So it is questions of their own that
calibrate a library. Each answerable one is asked again without the papers that answer it: of what speaks for an answer, some
says more in a library of medicine than in one of machine learning.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.answering.abstention import OwnCalibration, refit, shipped_calibration
from assistant.errors import TestSetError
from assistant.evaluation.ordering import FOLDS, LEAST, LearntOrder, groups_of, learn_order, read_item
from assistant.evaluation.testset import Item, check_against
from assistant.library import Assistant
from assistant.records import Paper
from assistant.store.following import Progress


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What a calibration found.

    `ranking` is nDCG@10 of the papers of `ranked` answerable questions, as shipped and with weights of the library's own; None
    where fewer than 20 told anything. `reordered` says that those are in force, as the gain is above its standard error.
    `refitted` names the estimates that have new weights, which had 20 answerable questions and 10 others at least; `shift` moves
    the threshold of the rest, in log odds. `count` and `declined_count` say how many questions that the papers answer and do
    not answer an estimate decides, and no other rule: the latter are unanswerable ones, and answerable ones without their
    papers. `kept` and `declined` are the shares of these that were kept and declined as shipped, and that are now; `declined` is
    None where there are none. Each question is judged by what those about other papers give.
    """

    ranked: int
    ranking: tuple[float, float] | None
    reordered: bool
    refitted: tuple[str, ...]
    shift: float
    count: int
    kept: tuple[float, float]
    declined_count: int
    declined: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an estimate had to decide by; questions about one paper are of one fold."""

    estimate: str
    row: np.ndarray
    answerable: bool
    fold: int


def calibrate(library: Assistant, items: Sequence[Item], progress: Progress | None = None) -> Calibrated:
    """Finds the weights by which the library ranks best the papers that answer `items`, then weights and thresholds by which it
    keeps its share (`keep_answerable`) of the answerable ones, and stores all of them.

    Follow-ups are left out, and from the abstention what another rule than an estimate decides. An answerable question is asked
    again without all papers that are `relevant` to it or hold its evidence: name every paper that answers. Raises TestSetError
    where set and library do not fit together, or fewer than 20 answerable questions are left.
    """
    papers = library.papers()
    check_against(items, papers)
    groups = groups_of(items)
    folds = [group % FOLDS for group in groups]
    order = learn_order(library, papers, items, groups, progress)
    asked = _asked(library, papers, items, folds, order, progress)
    kept = np.array([one.answerable for one in asked], bool)
    if (count := int(kept.sum())) < LEAST:
        raise TestSetError(
            f"only {count} answerable questions are decided by an estimate; calibrate with {LEAST} or more"
        )
    keep = library.config.keep_answerable
    refitted = tuple(name for name in sorted({one.estimate for one in asked}) if _has_enough(asked, name))
    own = np.array([one.estimate if one.estimate in refitted else "" for one in asked])
    shipped = np.array([_shipped(one, keep) for one in asked])
    of_fold = [
        OwnCalibration(0.0, _weights([one for one in asked if one.fold != fold], refitted)) for fold in range(FOLDS)
    ]
    margins = np.array([of_fold[one.fold].margin(one.estimate, one.row, keep) for one in asked])
    # A threshold of its own for each estimate with new weights; the rest share one, which all answerable questions set.
    thresholds = {name: float(np.quantile(margins[kept & (own == name)], 1 - keep)) for name in refitted}
    shift = float(np.quantile(shipped[kept], 1 - keep))
    weights = {name: (*of[:-1], round(of[-1] - thresholds[name], 5)) for name, of in _weights(asked, refitted).items()}
    now = np.array([_reaches(place, margins, shipped, kept, own, 1 - keep) for place in range(len(asked))])
    before = _asked(library, papers, items, folds, LearntOrder(), progress) if order.weights else asked
    reached = {side: [_shipped(one, keep) >= 0 for one in before if one.answerable is side] for side in (True, False)}
    # In force only now: who stops it before has the library as it was.
    library.calibration = OwnCalibration(shift, weights, order.weights)
    return Calibrated(
        order.ranked,
        order.ranking,
        bool(order.weights),
        refitted,
        round(shift, 3),
        count,
        (float(np.mean(reached[True])), float(np.mean(now[kept]))),
        int(np.sum(~kept)),
        None if kept.all() or not reached[False] else (1 - float(np.mean(reached[False])), float(np.mean(~now[~kept]))),
    )


def _shipped(one: _Asked, keep: float) -> float:
    """How far a question is above the shipped threshold, in log odds."""
    return OwnCalibration().margin(one.estimate, one.row, keep)


def _reaches(
    place: int, margins: np.ndarray, shipped: np.ndarray, kept: np.ndarray, own: np.ndarray, share: float
) -> bool:
    """Whether a question is above the threshold that the other answerable questions give."""
    values = margins if own[place] else shipped
    others = kept & (own == own[place]) if own[place] else kept.copy()
    others[place] = False
    return bool(values[place] >= np.quantile(values[others], share))


def _asked(
    library: Assistant,
    papers: Sequence[Paper],
    items: Sequence[Item],
    folds: Sequence[int],
    order: LearntOrder,
    progress: Progress | None,
) -> list[_Asked]:
    """The questions that an estimate decides, and the answerable among them again without the papers that answer them; each
    ranked as questions about other papers taught.

    All within named papers, even where those are all: a search within some scores them exactly, and what tells the two
    apart must not be that.
    """
    found: dict[tuple[str, frozenset[str]], _Asked] = {}
    for number, (item, fold) in enumerate(zip(items, folds, strict=True), 1):
        answering = {*item.relevant, *(evidence.paper for evidence in item.evidence)} if item.answerable else set()
        without = frozenset(item.without)
        for left_out in dict.fromkeys([without, without | answering]):
            if item.history or (item.question, left_out) in found or not read_item(item):
                continue
            within = [paper.id for paper in papers if paper.title not in left_out]
            decision = library.decision(item.question, within, OwnCalibration(order=order.of_fold[fold]))
            if decision.margin is not None and decision.row is not None:
                answerable = item.answerable and left_out == without
                found[item.question, left_out] = _Asked(decision.estimate, decision.row, answerable, fold)
        if progress:
            progress("Asking", number, len(items))
    return list(found.values())


def _has_enough(asked: Sequence[_Asked], name: str) -> bool:
    sides = [one.answerable for one in asked if one.estimate == name]
    return sum(sides) >= LEAST and len(sides) - sum(sides) >= LEAST // 2


def _weights(asked: Sequence[_Asked], names: Sequence[str]) -> dict[str, tuple[float, ...]]:
    """New weights for these estimates."""
    found = {}
    for name in names:
        answered, others = (
            [one.row for one in asked if one.estimate == name and one.answerable is side] for side in (True, False)
        )
        if answered and others:
            found[name] = refit(shipped_calibration(name), np.array(answered), np.array(others))
    return found
