"""Drafts of test questions from the user's own papers, without a model; each is marked as not reviewed.

An interrogative title is a question that its abstract's last sentence tends to answer (the construction of PubMedQA); a
sentence with a number is a question with the number left out; and a question whose paper is left out of the library while
it is asked is a near miss. People must read the drafts: some will be poor.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from assistant.evaluation.testset import Evidence, Item
from assistant.records import Paper
from assistant.sentences import sentence_spans

_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?\s?%")
_LONGEST = 240  # characters of a sentence that still reads as a question
_Kind = TypeVar("_Kind")


def draft(papers: Sequence[Paper], limit: int = 200) -> list[Item]:
    """At most `limit` items: questions that are titles, then one sentence of a paper with a percentage left out.

    A third of them are near misses: some of the same questions, with their paper left out.
    """
    made: dict[str, Item] = {}
    for drafts in (_title_question, _number_question):
        for paper in papers:
            for item in drafts(paper):
                made.setdefault(item.id, item)
    answerable = list(made.values())[: limit - limit // 3]
    return [*answerable, *left_out(answerable, limit - len(answerable))]


def left_out(items: Sequence[Item], limit: int) -> list[Item]:
    """Near misses: half as many as `items`, at most `limit`, each with its papers left out of the library.

    Whether another paper answers it, only a reader can say.
    """
    return [
        replace(
            item,
            id=f"{item.id}-without", type="near_miss", answerable=False, reference="", nuggets=(),
            evidence=(), relevant={}, without=tuple(item.relevant), why="the paper that answers it is left out",
            provenance=f"{item.provenance}, leave-one-out",
        )
        for item in spread(items, min(limit, (len(items) + 1) // 2))
    ]  # fmt: skip


def spread(things: Sequence[_Kind], count: int) -> list[_Kind]:
    """`count` of the things from all over them, in an order whose beginnings are spread as well."""
    order = sorted(range(len(things)), key=lambda n: hashlib.sha256(str(n).encode()).digest())
    return [things[number] for number in order[:count]]


def item_of(
    paper: Paper,
    question: str,
    kind: str,
    reference: str,
    quotes: Sequence[str],
    nuggets: tuple[Mapping[str, Any], ...] = (),
    provenance: str = "drafted without a model",
) -> Item:
    """An item about one paper; every one of `quotes` is evidence that an answer needs."""
    return Item(
        id=f"draft-{hashlib.sha256(question.encode()).hexdigest()[:10]}",
        question=question, type=kind, answerable=True, reference=reference, nuggets=nuggets,
        evidence=tuple(Evidence(paper.title, (quote,)) for quote in quotes), relevant={paper.title: 2},
        provenance=provenance, reviewed=False,
    )  # fmt: skip


def _sentences(paper: Paper) -> list[str]:
    return [paper.abstract[span.start : span.end] for span in sentence_spans(paper.abstract)]


def _title_question(paper: Paper) -> Iterator[Item]:
    sentences = _sentences(paper)
    question = paper.title.rsplit(":", 1)[-1].strip()
    if question.endswith("?") and len(question.split()) >= 4 and sentences:
        yield item_of(paper, question, "title question", sentences[-1], sentences[-1:])


def _number_question(paper: Paper) -> Iterator[Item]:
    for sentence in _sentences(paper):
        numbers = _NUMBER.findall(sentence)
        if len(numbers) == 1 and len(sentence) <= _LONGEST:
            blank = _NUMBER.sub("…", sentence).rstrip(". ")
            question = f"Which percentage belongs in the gap: {blank}?"
            yield item_of(
                paper, question, "number question", sentence, [sentence], ({"text": numbers[0], "vital": True},)
            )
            return
