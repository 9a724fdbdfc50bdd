"""Where each question went wrong, and what answering fewer of them would save."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.evaluation.results import Result


def risk_coverage(results: "Sequence[Result]") -> list[tuple[float, float, float]]:
    """(share of all questions answered, share of those that are wrong, lowest probability) as the threshold falls.

    Wrong is an answer to what the papers do not answer, or one without a vital nugget; questions without nuggets are left
    out. Only what was answered has a known risk: the curve ends at the run's own threshold.
    """
    judged = [r for r in results if not r.error and "score: CRAG" in r.scores and r.probability is not None]
    answered = sorted((r for r in judged if r.answered), key=lambda r: -(r.probability or 0.0))
    curve, wrong = [], 0
    for number, result in enumerate(answered, 1):
        wrong += result.scores["score: CRAG"] < 0
        curve.append((number / len(judged), wrong / number, result.probability or 0.0))
    return curve


STAGES = (
    "right", "not retrieved", "declined wrongly", "retrieved, not cited", "cited, not stated", "should have declined",
    "not asked",
)  # fmt: skip


def stage_of(result: "Result") -> str:
    """Where the answer of a question went wrong, one of STAGES."""
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
    return "cited, not stated" if result.scores.get("answer: vital nuggets", 1.0) < 1 else "right"


def by_paper(results: "Sequence[Result]") -> dict[str, dict[str, int]]:
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
