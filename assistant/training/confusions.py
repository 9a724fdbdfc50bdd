"""Which papers an encoder takes for each other: those that it finds for a question about one and that are another.

Near neighbours by their own texts are hard wrong answers in general; these are the ones that this encoder gets wrong
(as Xiong et al. 2021, ANCE, find them again while they train).
"""

from collections.abc import Callable, Sequence

import numpy as np

from assistant.retrieval.encoding import Encoding, Shelf
from assistant.training.asked import AskedPaper

Encode = Callable[[Sequence[str]], list[Encoding]]

_LOOKED_AT = 16  # papers for a question, the nearest by the cosine of both texts
_KIND = "p"  # of questions: a detail (q) may stand in other papers too, and n tells papers apart nearly always
_COUNT = 8  # confusions of a paper that are told


def confusions(papers: Sequence[AskedPaper], encode: Encode) -> tuple[np.ndarray, np.ndarray]:
    """For each paper the others that come nearest to it, or before it, for its questions, best first, int64 (papers, 8); and
    by how much its hardest question tells it from the first of them, float (papers,): below 0 where it does not.

    A paper without questions in quite other words is beside itself, and is told from it by any amount.
    """
    documents = encode([paper.text for paper in papers])
    vectors = np.stack([document.vector for document in documents])
    asked = [
        (place, question.text)
        for place, paper in enumerate(papers)
        for question in paper.questions
        if question.kind == _KIND
    ]
    ahead: list[dict[int, float]] = [{} for _ in papers]  # by how much each other paper comes before a paper, at most
    questions = encode([text for _, text in asked])
    for (place, _), question in zip(asked, questions, strict=True):
        cosines = vectors @ question.vector
        count = min(_LOOKED_AT, len(papers))
        found = {place, *np.argpartition(-cosines, count - 1)[:count].tolist()}
        fits = dict(zip(found, Shelf([documents[other] for other in found]).fits(question).tolist(), strict=True))
        for other in found - {place}:
            ahead[place][other] = max(fits[other] - fits[place], ahead[place].get(other, -np.inf))
    near = np.repeat(np.arange(len(papers))[:, None], _COUNT, axis=1)
    margins = np.full(len(papers), np.inf)
    for place, leads in enumerate(ahead):
        best = sorted(leads, key=lambda other: -leads[other])[:_COUNT]
        near[place, : len(best)] = best
        margins[place] = -leads[best[0]] if best else np.inf
    return near, margins
