"""Asks one question of a library and scores what comes: the answer, the ranking, and what the baselines make of it."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.answering.writing import QUOTED
from assistant.answers import Answer, Citation
from assistant.errors import QuestionError
from assistant.evaluation.baselines import RANKINGS, rivals_of, spent_of
from assistant.evaluation.results import Cited, Result, Rival, Said
from assistant.evaluation.scoring import DEPTH, holds, scores_of
from assistant.evaluation.testset import Item
from assistant.library import Assistant
from assistant.records import Paper, Passage


@dataclass(frozen=True, slots=True)
class Examiner:
    """Asks the items of a test set of `library`, which holds `papers`; with `rivals`, the model's baselines too."""

    library: Assistant
    papers: Sequence[Paper]
    rivals: bool = True

    def ask(self, item: Item) -> Result:
        """The item's result. One whose model failed has an `error`. Raises what the library raises, but QuestionError."""
        only = self._left(item)
        start = time.monotonic()
        try:  # a kept reply measures nothing
            answer = self.library.ask(item.question, history=item.history, papers=only, fresh=True)
        except QuestionError as error:  # declined before it was searched for: an answer like any other
            answer = Answer(item.question, "not_found", reason=str(error), standalone_question=item.question)
        seconds = time.monotonic() - start
        model, spent = self.library.config.model_name, spent_of(answer.usage)
        sources = self._sources(item)
        if model and answer.mode != model:
            failure = answer.reason.removesuffix(QUOTED).strip() or "the model did not answer"
            return Result(item, mode=model, error=failure, spent=spent, sources=sources, seconds=seconds)
        # Several passages of one paper hide others behind them: rank deeper, then keep the first ten papers.
        searched = answer.standalone_question or item.question
        found = {
            name: self.library.search(searched, k=2 * DEPTH, papers=only, dense_weight=weight)
            for name, weight in {"": None, **RANKINGS}.items()
        }
        ranked = {n: tuple(dict.fromkeys(p.paper.title for p in passages))[:DEPTH] for n, passages in found.items()}
        result = Result(
            item, answer.status, answer.mode, answer.text, _claims(answer, item), ranked.pop(""), ranked,
            answer.probability, spent, sources=sources, seconds=seconds,
        )  # fmt: skip
        groups = [_is_found(group.paper, group.alternatives, found[""]) for group in item.evidence]
        idf = self.library.lexical.idf
        return replace(result, scores=scores_of(result, groups, _has_unknown_marks(answer), idf))

    def ask_rivals(self, item: Item) -> dict[str, Rival]:
        """What the baselines with a model answer; {} where there are none."""
        writer = self.library.language_model() if self.rivals else None
        if writer is None:
            return {}
        # As an ordinary chain has it: the nearest passages by vectors alone to the question as typed.
        passages = self.library.config.passages
        read = self.library.search(item.question, passages, papers=self._left(item), dense_weight=1.0)
        return rivals_of(writer, item, read, self.library.lexical.idf)

    def _left(self, item: Item) -> list[str] | None:
        """The ids of the papers that may be asked, None for all of them."""
        return [paper.id for paper in self.papers if paper.title not in item.without] if item.without else None

    def _sources(self, item: Item) -> tuple[str, ...]:
        asked_about = {*item.relevant, *item.without}
        return tuple(sorted({name for paper in self.papers if paper.title in asked_about for name in paper.sources}))


def _is_found(paper: str, alternatives: Sequence[str], passages: Sequence[Passage]) -> bool:
    """Whether one of the first ten papers is the group's, with one of its sentences in a passage found or in its record."""
    first = list(dict.fromkeys(passage.paper.title for passage in passages))[:DEPTH]
    texts = [f"{passage.text}\n{passage.paper.record}" for passage in passages if passage.paper.title == paper]
    return paper in first and any(quote in text for text in texts for quote in alternatives)


def _claims(answer: Answer, item: Item) -> tuple[Said, ...]:
    def cited(citation: Citation) -> Cited:
        plain = Cited(citation.number, citation.paper.title, citation.quote, _is_verbatim(citation), False)
        return replace(plain, gold=any(holds(group.paper, group.alternatives, plain) for group in item.evidence))

    return tuple(
        Said(claim.lead + claim.text, claim.verdict == "supported", tuple(map(cited, claim.citations)), claim.reasons)
        for claim in answer.claims
    )


def _is_verbatim(citation: Citation) -> bool:
    span, paper = citation.span, citation.paper
    texts = [paper.record, *(section.text for section in paper.sections)]
    return bool(citation.quote) and any(text[span.start : span.end] == citation.quote for text in texts)


def _has_unknown_marks(answer: Answer) -> bool:
    """Whether a mark after a claim names no citation of the answer. A quoted sentence may hold marks of its own."""
    known = {citation.number for citation in answer.citations}
    marks = [claim.marked_text[len(claim.lead + claim.text) :] for claim in answer.supported]
    return any(int(number) not in known for text in marks for number in re.findall(r"\[(\d+)\]", text))
