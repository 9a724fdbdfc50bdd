"""What is asked: a question with its history and the papers to ask in; and what the steps know of it on its way."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assistant.answering.continuing import Continued
from assistant.answering.deciding import Decision
from assistant.answering.extractive import Part
from assistant.answers import Usage
from assistant.errors import QuestionError
from assistant.questions.reading import Question
from assistant.records import Paper, Passage


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
    first: Question | None = None  # which lists papers, the first of which are summed up
    on_topic: list[Paper] = field(default_factory=list)  # of which those that come first are asked for
    parts: list[Part] = field(default_factory=list)  # that may be answered, of a question that has some,
    left: list[Question] = field(default_factory=list)  # and those that may not
    decision: Decision = field(default_factory=lambda: Decision(True))
    continued: Continued = Continued()
    timings: dict[str, float] = field(default_factory=dict)
    usage: Usage = Usage()

    def clock(self, name: str) -> None:
        """Notes the seconds since the start under `name`."""
        self.timings[name] = round(time.monotonic() - self.start, 4)
