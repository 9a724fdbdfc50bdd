"""A question of several parts: "What is NOLA and who wrote it?" asks the paper's text and its listing, "What is HFT and does it
work on images?" two things of the text, of which one may have no answer."""

import re
from collections.abc import Sequence

from assistant.questions.asking import topic_of
from assistant.questions.definitions import thing_asked
from assistant.questions.metadata import asked_metadata, asked_now, clauses
from assistant.questions.names import names_in
from assistant.questions.pronouns import of_thing, points_back
from assistant.terms import terms

_ASKS = re.compile(
    r"^\W*(?:(?:and|but|also|so|then|please|in|on|at|for|to|with|by)\W+)*(?:what|how|why|which|where|who|whose|is|are|was|were|do|does|did|has|have|can|"
    r"could|would|will|explain|describe|summari[sz]e|outline|define|tell|list|name)\b", re.IGNORECASE,
)  # fmt: skip
# The record of a paper says which one it is, too: "Which paper proposes NOLA, and who wrote it?"
_WHICH_PAPER = re.compile(r"^\W*(?:and )?(?:which|what) (?:[\w-]+ )?(?:papers?|works?|stud(?:y|ies)|articles?)\b", re.I)
_WHAT_IT_IS = re.compile(r"\bwhat(?:['’]s| is| are| does| do) (?:it|this|that|they)\b", re.IGNORECASE)
_SAYS_WHAT_IT_IS = re.compile(r"^\W*(?:what(?:['’]s| is| are)|explain|describe|define|tell me about)\b", re.IGNORECASE)
_SUBJECT = re.compile(
    r"\b(?:is|are|was|were|do|does|did|has|have|can|could|about|of|explain|describe|summari[sz]e|define) (?:the )?([\w-]+)",
    re.I,
)
_TOLD = re.compile(r"^\W*(?:when|who|by whom)\b", re.IGNORECASE)
_AFTER = " (after: "
_LONGEST = 1000  # characters of a question of two parts
_NO_TOPIC = frozenset(
    terms(
        "wrote write written published appear appeared released release proposed presented introduced comments come came"
    )
)


def parts_of(text: str) -> tuple[str, ...]:
    """What of a question the listing of a paper answers, and what its text does, in their order, each to be understood alone:
    "Who wrote HFT" and "how much memory does it save? (about “HFT”)"; and what a thing with a name is, and what else is asked of
    it; () where it is neither."""
    asked = asked_now(text)
    carried = text[len(asked) :]
    every = clauses(asked) if len(text) <= _LONGEST else ()
    if len(every) < 2:
        return ()
    of_record: list[str] = []
    units: list[list[str]] = []  # what the listing is asked is one
    for clause in every:
        printed = asked_metadata(clause)
        if printed.order:
            return ()
        if any((printed.date, printed.people, printed.author_count, printed.comments)):
            units += [of_record] * (not of_record)
            of_record.append(clause)
        elif _asks_the_text(clause):
            units.append([clause])
    if not of_record and len(units) == len(every):
        return _of_what_it_is(every, carried)
    if not of_record or len(units) < 2 or not any(" " in clause.strip() for clause in of_record):  # "how, and when?"
        return ()
    said = [f"{' and '.join(unit).rstrip(' .?!')}?" for unit in units]
    leans = [
        points_back(text)
        or (not set(terms(text)) - _NO_TOPIC if unit is of_record else place and not _names_subject(text))
        for place, (text, unit) in enumerate(zip(said, units, strict=True))
    ]
    others = [" ".join(said[:place] or said[1:]) for place in range(len(said))]
    return tuple(
        text + (_after(other) if leaning else "") + carried
        for text, leaning, other in zip(said, leans, others, strict=True)
    )


def _of_what_it_is(every: Sequence[str], carried: str) -> tuple[str, ...]:
    """What a thing with a name is, and what else is asked of it; () where that is not what the clauses ask."""
    first, *others = (f"{clause.rstrip(' .?!')}?" for clause in every)
    thing = thing_asked(first)
    if carried or thing not in names_in(first) or not _SAYS_WHAT_IT_IS.search(first):
        return ()
    return (first, *(text if _names_subject(text) else of_thing(thing, text) for text in others))


def leans_on_a_question(part: str) -> bool:
    """True for a part that is about what another one finds, and not about a paper by its name."""
    return _AFTER in part


def _asks_the_text(clause: str) -> bool:
    if not _ASKS.search(clause) or _WHICH_PAPER.search(clause):
        return False
    topic = topic_of(clause)
    is_told = topic != clause and _TOLD.search(topic)  # "tell me when it appeared"
    return not is_told and bool(terms(topic) or _WHAT_IT_IS.search(clause))


def _names_subject(clause: str) -> bool:
    """True for "how does NOLA work?", but not for "how many GPUs are used?"."""
    return any(name in names_in(clause) for name in _SUBJECT.findall(clause))


def _after(other: str) -> str:
    """What a part carries over from the other one, as a follow-up does from the turn before."""
    names = names_in(other)
    return f" (about {' and '.join(f'“{name}”' for name in names)})" if names else f"{_AFTER}{other})"
