"""The chain: (question, history, scope) -> events and an Answer, as a LangChain Runnable that streams.

rewrite -> retrieve -> decide -> write: each step is a plain method, and `chain` is their pipe. `invoke` gives
{"events": [...], "answer": Answer}; `stream` gives the same a piece at a time.
"""

import asyncio
import re
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from langchain_core.runnables import AddableDict, Runnable, RunnableGenerator, RunnableLambda

from assistant.answering.context import best_reading
from assistant.answering.continuing import Continued, Lookup, continued
from assistant.answering.deciding import Decision
from assistant.answering.extractive import MAX_SENTENCES, asked_about, extract, missing_metadata
from assistant.answers import Answer, Claim, Event, Status, Usage
from assistant.errors import QuestionError
from assistant.questions.expecting import is_about_several
from assistant.questions.followups import points_back
from assistant.questions.reading import MOST_WANTED, Question, in_order, read_question
from assistant.records import Paper, Passage, best_of_each_paper, counted, one_line
from assistant.retrieval.search import PER_PAPER
from assistant.terms import squeezed, term_set

_NEAREST = 3
_NEAR = 40  # characters behind a "without", half as many before a "-free", that say what is left out
# "Papers that do not use adapters", and what such a paper says: "without adapters", "adapter-free".
_LEAVING_OUT = re.compile(
    r"\b(?:(?:do|does|did|is|are|was|were|has|have)(?: not|n['’]t)|without|except|excluding|other than"
    r"|not (?:using|based|relying|involving|about|on))\b",
    re.IGNORECASE,
)
_PAPERS_THAT = re.compile(
    r"\W*(?:(?:list|find|show|give|me|the|any|all|some)\W+){0,4}(?:papers|studies|articles) (?:that|which)\b", re.I
)
_LEFT_OUT_THERE = re.compile(
    r"\b(?:not?|none|never|without|neither|nor|free|instead|rather|avoid\w*|eliminat\w+)\b|n['’]t\b", re.I
)
_LEFT_OUT = 10  # papers that "without …" may leave out
# Papers that are named where records are listed, and where the newest and the like are asked for.
_LISTED, _FIRST = 10, 3


@dataclass(frozen=True, slots=True)
class Scope:
    """The ids of the papers to ask in, None for all of them, and the same in words."""

    paper_ids: Sequence[str] | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: the question as typed, the earlier turns, and the papers to ask in.

    Raises QuestionError for turns of another form than {"role": …, "content": str}.
    """

    question: str
    history: Sequence[Mapping[str, str]] = ()
    scope: Scope = Scope()
    rewritten: str | None = None  # a standalone question edited by the user, used as it is
    fresh: bool = False  # ask the model again, whatever the answer cache holds

    def __post_init__(self) -> None:
        turns = tuple(self.history or ()) if isinstance(self.history, Iterable | None) else (self.history,)
        if not all(isinstance(turn, Mapping) and isinstance(turn.get("content"), str) for turn in turns):
            raise QuestionError(
                'history must hold turns such as {"role": "user", "content": "…"}, with text as content'
            )
        object.__setattr__(self, "history", turns)


def request_of(given: "Request | str | Mapping[str, Any]") -> Request:
    """What the chain was invoked with, as a Request: a question's text and a mapping of a Request's fields are taken too.

    Raises QuestionError for anything else.
    """
    if isinstance(given, Request):
        return given
    try:
        return Request(**given) if isinstance(given, Mapping) else Request(_text(given))
    except TypeError:
        raise QuestionError('invoke the chain with a question, or {"question": "…", "history": […]}') from None


def _text(given: object) -> str:
    if not isinstance(given, str):
        raise TypeError
    return given


@dataclass(slots=True)
class State:
    """What the steps know of one question on its way."""

    request: Request
    question: Question
    start: float
    passages: list[Passage] = field(default_factory=list)
    on_topic: list[Paper] = field(default_factory=list)  # of which those that come first are asked for
    decision: Decision = field(default_factory=lambda: Decision(True))
    continued: Continued = Continued()
    timings: dict[str, float] = field(default_factory=dict)
    usage: Usage = Usage()

    def clock(self, name: str) -> None:
        """Notes the seconds since the start under `name`."""
        self.timings[name] = round(time.monotonic() - self.start, 4)


@dataclass(frozen=True, slots=True)
class Written:
    """What a writer adds after its last claim: usage, and the reason where it found nothing or fell back."""

    usage: Usage = Usage()
    reason: str = ""
    mode: str | None = None


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A claim that came before is no part of the answer."""

    claim: Claim


Pieces = Iterator[Claim | Withdrawn | Written | None]


class Writer(Protocol):
    """Writes an answer from passages: an extractive or a generating one."""

    mode: str

    def rewrite(
        self, question: str, history: Sequence[Mapping[str, str]], language: str = "", fresh: bool = False
    ) -> tuple[str, Usage] | None:
        """A standalone question by a model, in `language` where one is given, or None where the writer has none."""

    def write(self, question: Question, passages: Sequence[Passage], fresh: bool = False) -> Pieces:
        """Checked claims as they are ready, those that no longer stand as Withdrawn, then one Written; None in between says
        that more is being written."""


class ExtractiveWriter:
    """Quotes the best sentences."""

    mode = "extractive"

    def rewrite(
        self, question: str, history: Sequence[Mapping[str, str]], language: str = "", fresh: bool = False
    ) -> tuple[str, Usage] | None:
        """No model: the pipeline carries terms over by itself."""
        return None

    def write(self, question: Question, passages: Sequence[Passage], fresh: bool = False) -> Pieces:
        """The extracted claims, then an empty Written."""
        yield from extract(question, passages)
        yield Written()


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
        stands_alone = asked.small_talk or (asked.about_library and not points_back(asked.text))
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

        state.question, state.passages = best_reading(state.question, lambda asked: self._found(asked, state), decided)
        if is_about_several(state.question, state.passages):
            state.question = replace(state.question, wants_comparison=True)  # one paper cannot answer
        state.clock("retrieve")
        return state

    def _found(self, asked: Question, state: State) -> list[Passage]:
        """The passages, but for those of papers that are left out."""
        shown, without = state.continued.left_out, state.continued.without
        count = self._library.passages
        if asked.wants_records:
            count = asked.papers_wanted or (_FIRST if asked.order else _LISTED)
        elif asked.wants_list:
            count = max(count, PER_PAPER * asked.things_wanted)
        more = PER_PAPER * (len(shown) + _LEFT_OUT * bool(without))
        found = self._library.find(asked, count + more, state.request.scope.paper_ids)
        about = {one.paper.id for one in found if without and without <= term_set(f"{one.paper.record} {one.text}")}
        return [one for one in found if one.paper.id not in shown | about][:count]

    def decide(self, state: State) -> State:
        """Estimates whether they answer."""
        state.decision = self._library.decide(state.question, state.passages, state.request.scope.paper_ids)
        if state.decision.answerable and state.question.wants_first:
            self._put_in_order(state)
        return state

    def _put_in_order(self, state: State) -> None:
        """Takes those of the papers on the topic that come first in the order asked for; the nearest where none prints what
        decides that."""
        papers = self._library.on_topic(state.question, state.request.scope.paper_ids)
        state.on_topic = [paper for paper in papers if paper.id not in state.continued.left_out] or papers
        first = in_order(state.on_topic, state.question.order) or state.on_topic
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
                for piece in self._writer.write(state.question, state.passages, state.request.fresh):
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
        status, reason = self._status(state, claims, written)
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

    def _status(self, state: State, claims: Sequence[Claim], written: Written) -> tuple[Status, str]:
        if not state.decision.answerable:
            return "not_found", state.decision.reason
        supported = [claim for claim in claims if claim.verdict == "supported"]
        if not supported:
            return "not_found", written.reason or self._nothing_said(state)
        if len(supported) < len(claims) or written.reason:
            return "partial", written.reason or "some claims were left out: the cited sentences do not hold them"
        if state.question.counts_papers:
            return "partial", "papers are found, not counted: these come nearest"
        if _leaves_out(state.question, supported):
            return "partial", "papers are found by what they say, not by what they leave out: these come nearest"
        cited = {citation.paper.id for claim in supported for citation in claim.citations}
        if more := self._more(state, len(cited)):
            return "partial", more
        not_printed = self._not_printed(state, cited)
        return ("partial", not_printed) if not_printed else ("answered", "")

    def _more(self, state: State, cited: int) -> str:
        """Says how many papers are asked for where not all of them are cited, or where that is asked, and that there may be more
        on a topic; "" elsewhere."""
        question = state.question.settled(passage.paper for passage in state.passages)
        if question.wants_first:
            printed = len(in_order(state.on_topic, question.order))
            return _undecided(question.order, printed, len(state.on_topic))
        if question.things_wanted and question.wants_papers:
            fewer = f"only {counted(cited, 'paper')} found {'comes' if cited == 1 else 'come'} near enough"
            more = f"at most {MOST_WANTED} papers are named, and 'assistant search' shows the next"
            return fewer if cited < question.things_wanted else more if cited < question.papers_wanted else ""
        if not question.wants_records:
            is_full = question.wants_papers and cited >= MAX_SENTENCES
            return (
                "these papers come nearest; there may be more, and 'assistant search' shows the next" if is_full else ""
            )
        count = len(self._library.listed(question, state.request.scope.paper_ids))
        if count <= cited and not (question.counts_records or question.order):
            return ""
        if question.order:
            found = f"{counted(count, 'paper')} may be meant, by what is printed of them; these come first"
        else:
            found = f"{counted(count, 'paper')} in all" + (f"; these are the {cited} newest" if cited < count else "")
        return f"{found}. 'assistant papers' or the Library tab lists every paper."

    def _nothing_said(self, state: State) -> str:
        nothing = "The papers found say nothing that answers this; the nearest passages follow."
        return self._not_printed(state, set()) or nothing

    def _not_printed(self, state: State, cited: set[str]) -> str:
        """Says of the first paper asked about, but for the `cited` ones, that its listing does not print what is asked for; ""
        where there is none."""
        for paper in (passage.paper for passage in asked_about(state.question, state.passages)):
            if paper.id not in cited and (missing := missing_metadata(state.question, paper)):
                printed = f"; it prints {paper.details}" if paper.details else ""
                return f"The listing of “{paper.title}” does not say {missing}{printed}."
        titles = [squeezed(one.paper.title) for one in state.passages if one.paper.id in cited]
        beside = [names[0] for names in state.question.together if len(names) == 1]
        if state.question.about_metadata and len(beside) > 1:
            strangers = [name for name in beside if not any(squeezed(name) in title for title in titles)]
            if strangers:
                return f"No paper found is called “{strangers[0]}”."
        if (
            state.question.order
            and state.question.about_metadata
            and not state.question.wants_records
            and len(cited) == 1
        ):
            return "Only one of the papers that are to be compared was found."
        return ""


def _leaves_out(question: Question, claims: Sequence[Claim]) -> bool:
    """True where papers are asked for that do not do something, and no claim says of one that it does not."""
    asks = question.wants_papers or _PAPERS_THAT.match(question.text)
    if not (asks and _LEAVING_OUT.search(question.text)):
        return False
    wanted = set(question.terms)
    said = (
        claim.text[max(0, cue.start() - _NEAR // 2) : cue.end() + _NEAR]
        for claim in claims
        for cue in _LEFT_OUT_THERE.finditer(claim.text)
    )
    return not any(wanted & term_set(text) for text in said)


def _undecided(order: str, printed: int, found: int) -> str:
    """Says that some of the papers found on a topic print nothing that puts them in order; "" where all do."""
    if printed == found:
        return ""
    what = f"number of {order.split()[1]}" if " " in order else "year"
    if not printed:
        return f"no paper found on this prints its {what}; these come nearest"
    return f"of {counted(found, 'paper')} found on this, {found - printed:,} without a printed {what} may belong before these"


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
