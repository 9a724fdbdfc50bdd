"""The chain: (question, history, scope) -> events and an Answer, as a LangChain Runnable that streams.

rewrite -> retrieve -> decide -> write: each step is a plain method, and `chain` is their pipe. `invoke` gives
{"events": [...], "answer": Answer}; `stream` gives the same a piece at a time.
"""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from langchain_core.runnables import AddableDict, Runnable, RunnableGenerator, RunnableLambda

from assistant.answering.alike import papers_meant, question_of
from assistant.answering.closing import status_of
from assistant.answering.context import best_reading
from assistant.answering.continuing import Continued, Lookup, continued
from assistant.answering.deciding import Decision, too_few
from assistant.answering.extractive import asked_about
from assistant.answering.requests import Request, State, request_of
from assistant.answering.writing import Withdrawn, Writer, Written
from assistant.answers import Answer, Claim, Event, Usage
from assistant.questions.abbreviations import spelt_out
from assistant.questions.expecting import is_about_several
from assistant.questions.followups import points_back
from assistant.questions.metadata import asked_now
from assistant.questions.parts import leans_on_a_question
from assistant.questions.reading import MOST_WANTED, Question, in_order, read_question
from assistant.records import Passage, best_of_each_paper, one_line
from assistant.retrieval.search import PER_PAPER
from assistant.terms import term_set

_NEAREST = 3
_LEFT_OUT = 10  # papers that "without …" may leave out
# Papers that are named where records are listed, and where the newest and the like are asked for.
_LISTED, _FIRST = 10, 3
_SPELLING = 40  # passages in which the long form of an abbreviation is looked for


class Pipeline:
    """The steps, given what they ask of a library, and a writer."""

    def __init__(self, library: Lookup, writer: Writer) -> None:
        self._library = library
        self._writer = writer

    @property
    def chain(self) -> Runnable[Request, dict[str, Any]]:
        """The LangChain chain over a Request."""
        steps = RunnableLambda(self.rewrite) | RunnableLambda(self.retrieve) | RunnableLambda(self.decide)
        return steps | RunnableGenerator(self.write, self.awrite)

    def rewrite(self, given: "Request | str | Mapping[str, Any]") -> State:
        """Makes the question stand alone."""
        start, request = time.monotonic(), request_of(given)
        asked = read_question(request.question)
        state = State(request, asked, start)
        stands_alone = asked.small_talk or asked.doubts or (asked.about_library and not points_back(asked.text))
        if request.rewritten:
            state.question = read_question(request.rewritten)
        elif self._library.is_foreign(asked.text) and (translated := self._reworded(state, "English")):
            state.question = translated
        elif request.history and not stands_alone:
            state.question = self._continued(state)
        state.clock("rewrite")
        return state

    def _continued(self, state: State) -> Question:
        """A question with a history: with what it leans on, or as it stands alone."""
        request, asked = state.request, state.question
        state.continued = continued(asked, request.history, request.scope.paper_ids, self._library)
        if state.continued.may_be_reworded and (reworded := self._reworded(state)):
            state.continued = Continued()
            return reworded
        return state.continued.question or asked

    def _reworded(self, state: State, language: str = "") -> Question | None:
        """The question as a model words it to stand alone, in `language` where one is given; None where none does."""
        request = state.request
        by_model = self._writer.rewrite(state.question.text, request.history, language, request.fresh)
        if by_model is None:
            return None
        text, state.usage = by_model
        return read_question(text)

    def retrieve(self, state: State) -> State:
        """Finds the passages."""

        def decided(asked: Question, passages: Sequence[Passage]) -> Decision:
            return self._library.decide(asked, passages, state.request.scope.paper_ids)

        if state.question.asks_nothing:
            state.clock("retrieve")
            return state
        if alike := papers_meant(state.question, state.request.scope.paper_ids, self._library):
            state.question = question_of(state.question, alike)
            state.passages = self._found(state.question, state, {paper.id for paper in alike})
            state.clock("retrieve")
            return state
        state.question, state.passages = best_reading(state.question, lambda asked: self._found(asked, state), decided)
        if is_about_several(state.question, state.passages):
            state.question = replace(state.question, wants_comparison=True)  # one paper cannot answer
        if state.question.parts:
            self._find_for_parts(state)
        state.clock("retrieve")
        return state

    def _found(self, asked: Question, state: State, alike: Collection[str] = ()) -> list[Passage]:
        """The passages, but for those of papers that are left out, those to which others are to be `alike` (ids) among them."""
        shown, without = state.continued.left_out.union(alike), state.continued.without
        count = self._library.passages
        if asked.wants_records:
            count = asked.place or asked.papers_wanted or (_FIRST if asked.order else _LISTED)
        elif asked.abbreviation:
            count = _SPELLING
        elif asked.wants_list:
            count = max(count, PER_PAPER * asked.things_wanted)
        more = PER_PAPER * (len(shown) + _LEFT_OUT * bool(without))
        found = self._library.find(asked, count + more, state.request.scope.paper_ids)
        about = {one.paper.id for one in found if without and without <= term_set(f"{one.paper.record} {one.text}")}
        return [one for one in found if one.paper.id not in shown | about][:count]

    def _find_for_parts(self, state: State) -> None:
        """Finds what answers each part: of those that lean on the first, in the papers that this one is about."""
        first, *others = state.question.parts
        found = self._found(first, state)
        meant = [one.paper.id for one in asked_about(first, found)]
        state.parts = [(first, found)]
        for part in others:
            leans = meant and asked_now(part.text) != part.text
            found = self._library.find(part, self._library.passages, meant) if leans else self._found(part, state)
            state.parts.append((part, found))
        shown: dict[str, Passage] = {}
        for part, of_part in sorted(state.parts, key=lambda each: each[0].about_metadata):
            for one in asked_about(part, of_part) if part.about_metadata else of_part:
                shown.setdefault(one.chunk.id, one)
        state.passages = list(shown.values())

    def _decide_parts(self, state: State) -> None:
        """Keeps the parts that the library answers."""
        decisions: list[Decision] = []
        for asked, found in state.parts:
            decision = self._library.decide(asked, found, state.request.scope.paper_ids)
            # Of what has no answer it is not known which paper is "it".
            lost = decisions and not decisions[0].answerable and leans_on_a_question(asked.text)
            decisions.append(replace(decision, answerable=False) if lost else decision)
        both = list(zip(state.parts, decisions, strict=True))
        state.left = [asked for (asked, _), decision in both if not decision.answerable]
        state.parts = [part for part, decision in both if decision.answerable]
        state.decision = max(decisions, key=lambda decision: decision.answerable)

    def decide(self, state: State) -> State:
        """Estimates whether they answer."""
        if state.question.similar_to:  # nearest there always are: how near is the reader's to say
            none = "" if state.passages else "No other paper is in the library or in the chosen scope."
            state.decision = Decision(not none, reason=none)
            return state
        if state.parts:
            self._decide_parts(state)
            return state
        state.decision = self._library.decide(state.question, state.passages, state.request.scope.paper_ids)
        if state.decision.answerable and state.question.of_year:  # what prints no year is not known to be of that time
            of_time = [one for one in state.passages if state.question.is_of_time(one.paper)]
            state.passages = of_time or state.passages
        if state.question.abbreviation:
            short = state.question.abbreviation
            holding = [one for one in state.passages if spelt_out(short, one.text)]
            state.passages = (holding or state.passages)[: self._library.passages]
        if state.decision.answerable and state.question.wants_first:
            self._put_in_order(state)
        elif state.decision.answerable and state.question.wants_records and state.question.place:
            state.passages = state.passages[state.question.place - 1 :]
        return state

    def _put_in_order(self, state: State) -> None:
        """Takes those of the papers on the topic that come first in the order asked for; the nearest where none prints what
        decides that."""
        papers = self._library.on_topic(state.question, state.request.scope.paper_ids)
        state.on_topic = [paper for paper in papers if paper.id not in state.continued.left_out] or papers
        printed, place = in_order(state.on_topic, state.question.order), state.question.place
        if printed and len(printed) < place:
            state.decision = Decision(False, reason=too_few(len(printed), " found on this", state.question.order))
            return
        first = printed[place - 1 : place] if printed and place else printed or state.on_topic
        ids = [paper.id for paper in first[: min(state.question.papers_wanted, MOST_WANTED) or _FIRST]]
        found = best_of_each_paper(self._library.find(state.question, PER_PAPER * len(ids), ids)) if ids else ()
        state.passages = sorted(found, key=lambda one: ids.index(one.paper.id)) or state.passages

    def write(self, states: Iterator[State]) -> Generator[AddableDict, None, None]:
        """Streams the answer: events one at a time, then the Answer itself."""
        for state in states:
            if state.question.text != one_line(state.request.question):
                yield _event(Event("rewritten", question=state.question.text))
            yield _event(Event("retrieved", question=state.question.text, passages=tuple(state.passages)))
            claims: list[Claim] = []
            written = Written()
            if state.decision.answerable:
                for piece in self._writer.write(state.question, state.passages, state.request.fresh, state.parts):
                    if piece is None:
                        yield _event(Event("writing"))
                        continue
                    if isinstance(piece, Written):
                        written = piece
                        continue
                    if isinstance(piece, Withdrawn):
                        claims.remove(piece.claim)
                        yield _event(Event("withdrawn", claim=piece.claim))
                        continue
                    if not claims:
                        state.clock("first_claim")
                    claims.append(piece)
                    yield _event(Event("claim", claim=piece))
            answer = self._answer(state, claims, written)
            yield AddableDict(events=[Event("done", answer=answer)], answer=answer)

    async def awrite(self, states: AsyncIterator[State]) -> AsyncIterator[AddableDict]:
        """`write` for async code, each piece made in a thread."""
        async for state in states:
            async with aclosing(_in_threads(self.write(iter([state])))) as pieces:
                async for piece in pieces:
                    yield piece

    def _answer(self, state: State, claims: Sequence[Claim], written: Written) -> Answer:
        state.clock("total")
        status, reason = status_of(state, claims, written, self._library)
        return Answer(
            question=state.request.question,
            status=status,
            claims=tuple(claims),
            nearest=best_of_each_paper(state.passages)[:_NEAREST] if status == "not_found" else (),
            reason=reason,
            mode=written.mode or self._writer.mode,
            standalone_question=state.question.text,
            scope=state.request.scope.description,
            probability=state.decision.probability,
            usage=_sum(state.usage, written.usage),
            timings=state.timings,
            passages=tuple(state.passages),
        )


async def _in_threads(pieces: Generator[AddableDict, None, None]) -> AsyncGenerator[AddableDict, None]:
    """The pieces, each made in a thread while the event loop goes on. Who leaves, or is cancelled, waits for nothing: the pieces
    are closed, which ends a model's request, when the one that is being made is there."""
    turn = threading.Lock()

    def advance() -> AddableDict | None:
        with turn:
            return next(pieces, None)

    def leave() -> None:
        with turn:
            pieces.close()

    try:
        while (piece := await asyncio.to_thread(advance)) is not None:
            yield piece
    finally:
        asyncio.get_running_loop().run_in_executor(None, leave)


def _event(event: Event) -> AddableDict:
    return AddableDict(events=[event])


def _sum(first: Usage, second: Usage) -> Usage:
    def add(a: int | None, b: int | None) -> int | None:
        return None if a is None and b is None else (a or 0) + (b or 0)

    paid = [usage for usage in (first, second) if usage.calls]
    costs = [usage.cost for usage in paid]
    return Usage(
        first.calls + second.calls,
        add(first.input_tokens, second.input_tokens),
        add(first.output_tokens, second.output_tokens),
        None if not paid or None in costs else sum(cost for cost in costs if cost is not None),
        first.cached or second.cached,
    )
