"""Drafts of test questions by the language model; each is marked as not reviewed.

The model points at sentences and the code takes them from the store, so evidence is verbatim. The facts that an answer must
state must stand in those sentences letter by letter. What the model answers from memory tests no library and is left out.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.errors import ProviderError
from assistant.evaluation.baselines import spent_of
from assistant.evaluation.drafting import item_of, left_out, spread
from assistant.evaluation.json_replies import objects_in
from assistant.evaluation.metrics import nugget_recall
from assistant.evaluation.results import Spent
from assistant.evaluation.testset import Item
from assistant.prompts import load_prompt
from assistant.records import Paper
from assistant.sentences import sentence_spans
from assistant.store.following import Progress
from assistant.tokens import count_tokens

if TYPE_CHECKING:
    from assistant.answering.generating import ModelWriter

_TOKENS = 1500  # of a paper's sentences in the prompt
_SENTENCES = 3
_LONGEST = 300  # characters of a question
_LEANING = ("this paper", "the paper", "this study", "the study", "the authors", "this work", "the abstract")


@dataclass(frozen=True, slots=True)
class Drafted:
    """The drafts, why others were left out and how often, and what it cost."""

    items: tuple[Item, ...]
    rejected: Mapping[str, int]
    spent: Spent


def draft_with_model(
    model: "ModelWriter",
    papers: Sequence[Paper],
    limit: int = 200,
    progress: Progress | None = None,
) -> Drafted:
    """At most `limit` items over papers from the whole library; a third of them near misses, with the paper left out.

    Raises ProviderError where the model gave nothing because it failed.
    """
    wanted = limit - limit // 3
    made: dict[str, Item] = {}
    rejected: Counter[str] = Counter()
    spent, failure = Spent(), ""
    for paper in spread(papers, len(papers)):
        if len(made) >= wanted:
            break
        try:
            items, cost = _drafts(model, paper, rejected)
        except ProviderError as error:
            failure = str(error)
            rejected["the model failed"] += 1
            if not made:
                break
            continue
        spent += cost
        for item in items[: wanted - len(made)]:
            made.setdefault(item.id, item)
        if progress:
            progress("Drafting", len(made), wanted)
    if not made and failure:
        raise ProviderError(failure)
    return Drafted((*made.values(), *left_out([*made.values()], limit - len(made))), rejected, spent)


def _drafts(model: "ModelWriter", paper: Paper, rejected: Counter[str]) -> tuple[list[Item], Spent]:
    sentences = _sentences(paper)
    listed = "\n".join(f"[{number}] {' '.join(text.split())}" for number, text in enumerate(sentences, 1))
    reply, usage = model.complete(load_prompt("draft").render(title=paper.title, sentences=listed))
    spent, items = spent_of(usage), []
    drafts = [record for pairs in objects_in(reply) if "question" in (record := dict(pairs))]
    if not drafts:
        rejected["no question in the form asked for"] += 1
    for record in drafts:
        item = _item(paper, sentences, record)
        if isinstance(item, str):
            rejected[item] += 1
            continue
        answer, usage = model.complete(load_prompt("baseline_closed_book").render(question=item.question))
        spent += spent_of(usage)
        if nugget_recall(answer, item.nuggets) == 1.0:
            rejected["the model answers it from memory"] += 1
        else:
            items.append(item)
    return items, spent


def _sentences(paper: Paper) -> list[str]:
    """The paper's first sentences, verbatim, within the prompt's budget."""
    texts: list[str] = []
    left = _TOKENS
    for section in paper.sections:
        for span in sentence_spans(section.text):
            text = section.text[span.start : span.end]
            left -= count_tokens(text) + 4
            if left < 0:
                return texts
            texts.append(text)
    return texts


def _item(paper: Paper, sentences: Sequence[str], record: Mapping[str, Any]) -> Item | str:
    """The item that a draft makes, or why it makes none."""
    question, answer = record.get("question"), record.get("answer")
    if not isinstance(question, str) or not isinstance(answer, str) or not answer.strip():
        return "no question in the form asked for"
    question = " ".join(question.split())
    if not question.endswith("?") or len(question.split()) < 4 or len(question) > _LONGEST:
        return "not a question of a usable length"
    if any(words in question.lower() for words in _LEANING):
        return "not clear without the paper"
    numbers = record.get("sentences")
    if not isinstance(numbers, list) or not 0 < len(numbers) <= _SENTENCES:
        return "no sentences that say so"
    if not all(type(number) is int and 0 < number <= len(sentences) for number in numbers):
        return "no sentences that say so"
    quotes = [sentences[number - 1] for number in dict.fromkeys(numbers)]
    facts = record.get("facts")
    stated = [fact for fact in facts if isinstance(fact, str) and fact.strip()] if isinstance(facts, list) else []
    if not stated or not all(any(fact in quote for quote in quotes) for fact in stated):
        return "facts that are not in the sentences letter by letter"
    nuggets = tuple({"text": fact, "vital": True} for fact in stated)
    return item_of(paper, question, "drafted question", answer.strip(), quotes, nuggets, "drafted by a model")
