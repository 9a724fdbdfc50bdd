"""The chain: (question, history, scope) -> events and an Answer, as a LangChain Runnable that streams.

rewrite -> retrieve -> decide -> write: each step is a plain method, and `chain` is their pipe. `invoke` gives
{"events": [...], "answer": Answer}; `stream` gives the same a piece at a time.
"""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from langchain_core.runnables import AddableDict, Runnable, RunnableGenerator, RunnableLambda

from assistant.answering.closing import status_of
from assistant.answering.continuing import Continued, Lookup, continued
from assistant.answering.gathering import Gathering
from assistant.answering.requests import Request, State, request_of
from assistant.answering.writing import Withdrawn, Writer, Written
from assistant.answers import Answer, Claim, Event, Usage
from assistant.questions.orders import order_alone
from assistant.questions.pronouns import points_back
from assistant.questions.reading import Question, read_question
from assistant.records import best_of_each_paper, one_line

_NEAREST = 3


class Pipeline:
    """The steps, given what they ask of a library, and a writer."""

    def __init__(self, library: Lookup, writer: Writer) -> None:
        self._library = library
        self._gathering = Gathering(library)
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
        asked = read_question(self._library.spelt(self._library.with_titles(asked.text)))
        state = State(request, asked, start)
        leans = points_back(asked.text) or order_alone(asked.text)
        stands_alone = asked.small_talk or asked.doubts or (asked.about_library and not leans)
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
        self._gathering.find(state)
        state.clock("retrieve")
        return state

    def decide(self, state: State) -> State:
        """Estimates whether they answer."""
        self._gathering.decide(state)
        return state

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
