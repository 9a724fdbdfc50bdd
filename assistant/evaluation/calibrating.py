"""Moves a library's threshold of abstention to the questions that its users ask.

The shipped threshold keeps its share of questions like those that it was fitted on. How people ask moves it more than what
papers they ask: on four sets, questions made of a library's own titles and sentences did not find it. So it is questions of
their own that calibrate a library.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.errors import QuestionError, TestSetError
from assistant.evaluation.testset import Item, check_against
from assistant.library import Assistant

LEAST = 20  # answerable questions: fewer say little about the lowest twentieth


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What a calibration found.

    `shift` is in log odds, one for every kind of question; `count` and `declined_count` say how many answerable and
    unanswerable questions a threshold decides, and no other rule. `kept` and `declined` are the shares of these that the
    shipped threshold keeps and declines, and the new one, where an answerable question is judged by the threshold that the
    others give (leave-one-out); `declined` is None where no unanswerable question was asked.
    """

    shift: float
    count: int
    kept: tuple[float, float]
    declined_count: int
    declined: tuple[float, float] | None


def calibrate(
    library: Assistant, items: Sequence[Item], progress: Callable[[str, int, int], None] | None = None
) -> Calibrated:
    """Finds the threshold that keeps the library's share (`keep_answerable`) of the answerable `items`, and stores it.

    Follow-ups are left out, and what another rule than the threshold decides. Raises TestSetError where set and library do not
    fit together, or fewer than 20 answerable questions are left.
    """
    papers = library.papers()
    check_against(items, papers)
    margins: dict[bool, list[float]] = {True: [], False: []}
    for number, item in enumerate(items, 1):
        left = [paper.id for paper in papers if paper.title not in item.without] if item.without else None
        margin = None if item.history else _margin(library, item, left)
        if margin is not None:
            margins[item.answerable].append(margin)
        if progress:
            progress("Asking", number, len(items))
    answerable, others = np.array(margins[True]), np.array(margins[False])
    if len(answerable) < LEAST:
        raise TestSetError(
            f"only {len(answerable)} answerable questions are decided by a threshold; calibrate with {LEAST} or more"
        )
    share = 1 - library.config.keep_answerable
    shift = float(np.quantile(answerable, share))
    without = [np.quantile(np.delete(answerable, place), share) for place in range(len(answerable))]
    library.threshold_shift = shift
    return Calibrated(
        round(shift, 3),
        len(answerable),
        (float(np.mean(answerable >= 0)), float(np.mean(answerable >= without))),
        len(others),
        (float(np.mean(others < 0)), float(np.mean(others < shift))) if len(others) else None,
    )


def _margin(library: Assistant, item: Item, papers: Sequence[str] | None) -> float | None:
    try:
        return library.decision(item.question, papers).margin
    except QuestionError:  # declined before it is searched for
        return None
