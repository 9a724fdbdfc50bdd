"""Where each question went wrong, and what answering fewer of them would save."""

from collections.abc import Sequence
from typing import Literal

from assistant.evaluation.results import Result
from assistant.evaluation.scoring import is_representative


def risk_coverage(results: Sequence[Result]) -> list[tuple[float, float, float]]:
    """(share of all questions answered, share of those that are wrong, lowest probability) as the threshold falls.

    Wrong is an answer to what the papers do not answer, or one without a vital nugget. The questions are `with_known_risk`. Only
    what was answered has a known risk: the curve ends at the run's own threshold.
    """
    judged = with_known_risk(results)
    answered = sorted((r for r in judged if r.answered), key=lambda r: -(r.probability or 0.0))
    curve, wrong = [], 0
    for number, result in enumerate(answered, 1):
        wrong += result.scores["score: CRAG"] < 0
        curve.append((number / len(judged), wrong / number, result.probability or 0.0))
    return curve


def with_known_risk(results: Sequence[Result]) -> list[Result]:
    """The results that an estimate decided and of which nuggets say whether an answer is right; none where most answerable
    questions have no nuggets, as the rest would be those that should be declined."""
    if not is_representative("score: CRAG", results):
        return []
    return [r for r in results if not r.error and "score: CRAG" in r.scores and r.probability is not None]


Stage = Literal[
    "right", "not judged", "not retrieved", "declined wrongly", "retrieved, not cited", "cited, not stated",
    "should have declined", "not asked",
]  # fmt: skip
_PARTLY = 0.5  # the grade of an answer that a judge finds partly correct


def stage_of(result: Result) -> Stage:
    """Where the answer of a question went wrong.

    An answer is "right" by its nuggets, else by the judge's opinion where it was asked for one, else where it cites a relevant
    paper; "not judged" where none of these can be said.
    """
    item = result.item
    if result.error:
        return "not asked"
    if not item.answerable:
        return "should have declined" if result.answered else "right"
    if item.relevant and not set(result.ranked) & item.relevant.keys():
        return "not retrieved"
    if not result.answered:
        return "declined wrongly"
    titles = {citation.title for claim in result.claims if claim.shown for citation in claim.citations}
    if item.relevant and not titles & item.relevant.keys():
        return "retrieved, not cited"
    if (stated := result.scores.get("answer: vital nuggets")) is not None:
        return "right" if stated == 1 else "cited, not stated"
    if (correct := result.scores.get("judge: correct by the reference")) is not None:
        return "right" if correct > _PARTLY else "cited, not stated"
    return "right" if item.relevant else "not judged"


def is_wrong(stage: str) -> bool:
    """Whether a stage says that an answer was wrong: not where nothing judged it, or nothing was asked."""
    return stage not in ("right", "not judged", "not asked")


def by_paper(results: Sequence[Result]) -> dict[str, dict[str, int]]:
    """Paper asked about -> how many of its questions were asked and how many went right; the worst first.

    Questions that no paper answers are left out.
    """
    counts: dict[str, dict[str, int]] = {}
    for result in results:
        if (result.item.relevant or result.item.without) and not result.error:
            count = counts.setdefault(result.item.cluster, {"questions": 0, "right": 0})
            count["questions"] += 1
            count["right"] += stage_of(result) == "right"
    return dict(sorted(counts.items(), key=lambda pair: (pair[1]["right"] - pair[1]["questions"], pair[0])))
