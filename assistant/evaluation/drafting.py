"""Drafts of test questions from the user's own papers, without a model; each is marked as not reviewed.

An interrogative title is a question that its abstract's last sentence tends to answer (the construction of PubMedQA); a
sentence with a number is a question with the number left out. People must read the drafts: some will be poor.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence

from assistant.evaluation.testset import Evidence, Item
from assistant.records import Paper
from assistant.sentences import sentence_spans

_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?\s?%")
_LONGEST = 240  # characters of a sentence that still reads as a question


def draft(papers: Sequence[Paper], limit: int = 200) -> list[Item]:
    """At most `limit` items: questions that are titles, then one sentence of a paper with a percentage left out."""
    made: dict[str, Item] = {}
    for paper in papers:
        for item in _title_question(paper):
            made.setdefault(item.id, item)
    for paper in papers:
        for item in _number_question(paper):
            made.setdefault(item.id, item)
    return list(made.values())[:limit]


def _sentences(paper: Paper) -> list[str]:
    return [paper.abstract[span.start : span.end] for span in sentence_spans(paper.abstract)]


def _title_question(paper: Paper) -> Iterator[Item]:
    sentences = _sentences(paper)
    question = paper.title.rsplit(":", 1)[-1].strip()
    if question.endswith("?") and len(question.split()) >= 4 and sentences:
        yield _item(paper, question, "title question", sentences[-1], ())


def _number_question(paper: Paper) -> Iterator[Item]:
    for sentence in _sentences(paper):
        numbers = _NUMBER.findall(sentence)
        if len(numbers) == 1 and len(sentence) <= _LONGEST:
            blank = _NUMBER.sub("…", sentence).rstrip(". ")
            question = f"Which percentage belongs in the gap: {blank}?"
            yield _item(paper, question, "number question", sentence, ({"text": numbers[0], "vital": True},))
            return


def _item(paper: Paper, question: str, kind: str, sentence: str, nuggets: tuple[dict[str, object], ...]) -> Item:
    return Item(
        id=f"draft-{hashlib.sha256(question.encode()).hexdigest()[:10]}",
        question=question, type=kind, answerable=True, reference=sentence, nuggets=nuggets,
        evidence=(Evidence(paper.title, (sentence,)),), relevant={paper.title: 2},
        provenance="drafted without a model", reviewed=False,
    )  # fmt: skip
