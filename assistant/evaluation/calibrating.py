"""Fits a library's abstention to the questions that its users ask.

The shipped threshold keeps its share of questions like those that it was fitted on. How people ask moves it more than what
papers they ask: on four sets, questions made of a library's own titles and sentences did not find it. So it is questions of
their own that calibrate a library. Each answerable one is asked again without the papers that answer it: of what speaks for an
answer, some says more in a library of medicine than in one of machine learning.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.abstention import Decision, OwnCalibration, refit, shipped_calibration
from assistant.errors import QuestionError, TestSetError
from assistant.evaluation.testset import Item, check_against
from assistant.library import Assistant

LEAST = 20  # answerable questions: fewer say little about the lowest twentieth
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What a calibration found.

    `shift` is in log odds, one for every kind of question; `count` and `declined_count` say how many questions that the papers
    answer and do not answer the estimate decides, and no other rule: the latter are unanswerable ones and answerable ones
    without their papers. `kept` and `declined` are the shares of these that the shipped estimate and threshold keep and
    decline, and the new ones, each question judged by what the others give; `declined` is None where there are none.
    """

    shift: float
    count: int
    kept: tuple[float, float]
    declined_count: int
    declined: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an estimate had to decide by; questions of one item are of one fold."""

    estimate: str
    row: np.ndarray
    answerable: bool
    fold: int


def calibrate(
    library: Assistant, items: Sequence[Item], progress: Callable[[str, int, int], None] | None = None
) -> Calibrated:
    """Finds weights and threshold by which the library keeps its share (`keep_answerable`) of the answerable `items`, and
    stores them.

    Follow-ups are left out, and what another rule than the estimate decides. Raises TestSetError where set and library do not
    fit together, or fewer than 20 answerable questions are left.
    """
    asked = _asked(library, items, progress)
    count = sum(one.answerable for one in asked)
    if count < LEAST:
        raise TestSetError(
            f"only {count} answerable questions are decided by an estimate; calibrate with {LEAST} or more"
        )
    keep = library.config.keep_answerable
    share = 1 - keep
    of_fold = [OwnCalibration(weights=_weights([one for one in asked if one.fold != fold])) for fold in range(_FOLDS)]
    margins = np.array([of_fold[one.fold].margin(one.estimate, one.row, keep) for one in asked])
    shipped = np.array([OwnCalibration().margin(one.estimate, one.row, keep) for one in asked])
    kept = np.array([one.answerable for one in asked])
    shift = float(np.quantile(margins[kept], share))
    others = [np.quantile(np.delete(margins[kept], place), share) for place in range(count)]
    library.calibration = OwnCalibration(shift, _weights(asked))
    return Calibrated(
        round(shift, 3),
        count,
        (float(np.mean(shipped[kept] >= 0)), float(np.mean(margins[kept] >= others))),
        int(np.sum(~kept)),
        (float(np.mean(shipped[~kept] < 0)), float(np.mean(margins[~kept] < shift))) if not kept.all() else None,
    )


def _asked(library: Assistant, items: Sequence[Item], progress: Callable[[str, int, int], None] | None) -> list[_Asked]:
    """The questions that an estimate decides, and the answerable among them again without the papers that answer them."""
    papers = library.papers()
    check_against(items, papers)
    found = []
    for number, item in enumerate(items, 1):
        answering = {*item.relevant, *(evidence.paper for evidence in item.evidence)} if item.answerable else set()
        without = {*item.without}
        for left_out in [without, without | answering] if answering else [without]:
            left = [paper.id for paper in papers if paper.title not in left_out] if left_out else None
            decision = None if item.history else _decision(library, item, left)
            if decision is not None and decision.margin is not None and decision.row is not None:
                answerable = item.answerable and left_out == without
                found.append(_Asked(decision.estimate, decision.row, answerable, number % _FOLDS))
        if progress:
            progress("Asking", number, len(items))
    return found


def _decision(library: Assistant, item: Item, papers: Sequence[str] | None) -> Decision | None:
    try:
        return library.decision(item.question, papers)
    except QuestionError:  # declined before it is searched for
        return None


def _weights(asked: Sequence[_Asked]) -> dict[str, tuple[float, ...]]:
    """Weights for each estimate that has some questions of both sides."""
    found = {}
    for name in {one.estimate for one in asked}:
        answered, others = (
            [one.row for one in asked if one.estimate == name and one.answerable is side] for side in (True, False)
        )
        if min(len(answered), len(others)) >= LEAST // 2:
            found[name] = refit(shipped_calibration(name), np.array(answered), np.array(others))
    return found
