"""Which papers come first by what is printed of them: the newest, the second oldest, those with the most authors."""

import re
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from assistant.questions.asking import ABOUT, ON_TOPIC, SHELF, is_about_library
from assistant.questions.numbers import ORDINAL, SEVERAL, place
from assistant.questions.times import first_day
from assistant.records import Paper

_ORDERS = {
    "newest": r"newest|latest|most recent",
    "oldest": r"oldest|earliest",
    "most authors": r"most authors",
    "fewest authors": r"fewest authors",
    "most comments": r"most comment(?:s|ed)",
    "fewest comments": r"fewest comments",
}
_PLACE_WANTED = re.compile(rf"\b({ORDINAL})[- ](?:{ORDINAL}[- ])*(?=(?:{'|'.join(_ORDERS.values())})\b)", re.IGNORECASE)
_EACH_ORDER = {order: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for order, words in _ORDERS.items()}
# The same of the papers on a topic: "the two newest papers on otters", "Which paper about otters has the most authors?", "the
# latest otter paper". In mid-sentence it is a topic: "How does the latest work on otters …?"
_FEW = rf"(?:(?:\d{{1,3}}|(?:a )?{SEVERAL}) )?"
_FIRST_OR_LAST = r"(?:newest|latest|most recent|last|oldest|earliest|first)"
_MOST = r"(?:most|fewest) (?:authors|comments)"
_REQUEST = (
    r"^\W*(?:(?:(?:and|please|which|what|when|is|are|was|were|give|show|tell|find|list|name|me|us|about|can|could|you|"
    r"i|want|need|looking|for|see|do|have|we)|(?:what|which|who)['’]s)\W+)*"
)
_ONE_OF = r"(?:papers?|articles?|publications?|preprints?|works?|stud(?:y|ies)|surveys?|research)"
_OF_TOPIC = rf"(?: (?:here|you have|we have|{SHELF}))? (?:{ON_TOPIC}|in) "
_END = rf"(?: (?:published|released|written|(?:that )?(?:you|we) have))?(?: (?:here|{SHELF}))?\W*$"
_COMES = (
    r"(?:(?:is|are|was|were|appeared|came(?: out)?|has been)(?: (?:published|released))?(?: the)?"
    rf" (?P<order>{_FIRST_OR_LAST})|(?:has|have|had|with)(?: the)? (?P<most>{_MOST}))\W*$"
)
_TOPIC_WORD = rf"(?!(?:{_ONE_OF}|{ABOUT}|of|the|these|those|this|that|other|one|my|our|your|and|or)\b)[\w-]+"
_TOPIC_BEFORE = rf"(?P<topic>{_TOPIC_WORD}(?: {_TOPIC_WORD}){{0,3}}) (?:papers?|articles?|publications?|preprints?)"
_ON_TOPIC_FIRST = (
    rf"{_REQUEST}(?:the )?{_FEW}(?P<order>{_FIRST_OR_LAST}|most commented) {_FEW}{_ONE_OF}{_OF_TOPIC}"
    rf"(?P<topic>[^?.]{{2,200}}?){_END}",
    rf"{_REQUEST}(?:the )?{_FEW}{_ONE_OF}{_OF_TOPIC}(?P<topic>[^?.]{{2,200}}?) (?:that )?{_COMES}",
    rf"{_REQUEST}(?:the )?{_FEW}(?P<order>newest|latest|most recent|oldest|earliest|most commented) {_FEW}{_TOPIC_BEFORE}{_END}",
    rf"^\W*(?:which|what) {_TOPIC_BEFORE} (?:that )?{_COMES}",
)
_EACH_ON_TOPIC_FIRST = [re.compile(pattern, re.IGNORECASE) for pattern in _ON_TOPIC_FIRST]
# Another end or place of an order that was asked for: "and the second newest?", "what about the three oldest?", "the fewest?"
_WORDS = "|".join(_ORDERS.values())
_PLACED = rf"(?:(?:\d{{1,3}}|{SEVERAL}) )?(?:{ORDINAL}[- ])*\b"
_IN_ORDER = re.compile(rf"{_PLACED}(?:{_WORDS})\b", re.IGNORECASE)
_END_OF_COUNTS = re.compile(rf"{_PLACED}(?:most|fewest)\b(?= (?:authors|comments)\b)", re.IGNORECASE)
_ORDER_ALONE = re.compile(
    r"^\W*(?:(?:and|but|so|then|what about|how about|which(?: one)? (?:is|was|has|had)|what (?:is|was)|what['’]s)\W+)*"
    rf"the (?P<order>{_PLACED}(?:{_WORDS}|most|fewest))(?: (?:one|paper)s?)?\W*$", re.IGNORECASE,
)  # fmt: skip
_NAMES_OF_ORDERS = {"last": "newest", "first": "oldest"}  # of what was published


def order_of_records(text: str) -> str:
    """Which of the library's papers come first by what is printed of them: "newest", "most authors", …; "" where that is not
    asked."""
    return next((order for order, words in _EACH_ORDER.items() if is_about_library(text) and words.search(text)), "")


def first_on_topic(text: str) -> tuple[str, str]:
    """Which of the papers on a topic come first by what is printed of them, as in `order_of_records`, and the topic; "" twice
    where that is not asked."""
    for pattern in _EACH_ON_TOPIC_FIRST:
        if (asked := pattern.match(text)) and not is_about_library(text):
            said = {"most": "", **asked.groupdict()}
            words = said["order"] or said["most"]
            named = next((order for order, each in _EACH_ORDER.items() if each.search(words)), "")
            return named or _NAMES_OF_ORDERS[words.lower()], said["topic"]
    return "", ""


def place_wanted(text: str) -> tuple[int, str]:
    """Which place in an order is asked for, 2 of "the second newest paper", 0 where none is, and the text without it."""
    wanted = _PLACE_WANTED.search(text)
    return (place(wanted[1]), _PLACE_WANTED.sub("", text)) if wanted else (0, text)


def order_alone(text: str) -> str:
    """What a question that names nothing but an order asks for: "second newest" of "and the second newest?"; "" of any other."""
    alone = _ORDER_ALONE.match(text)
    return alone["order"] if alone else ""


def as_which(text: str, papers: str = "paper ") -> str:
    """A question that names nothing but an order as one of `papers`: "Which paper is the newest?" of "what is the newest?"; the
    text itself where it is none."""
    order = order_alone(text)
    verb = "has" if order.endswith(("authors", "comments")) else "is"
    return f"Which {papers}{verb} the {order}?" if _IN_ORDER.search(order) else text


def in_another_order(text: str, earlier: str) -> str:
    """The earlier question for the place in its order that the follow-up asks for: "What is the oldest paper on otters?" of "and
    the oldest?" after "What is the newest paper on otters?"; "" where either names no order."""
    order = order_alone(text)
    said = _END_OF_COUNTS if order.lower().endswith(("most", "fewest")) else _IN_ORDER
    return said.sub(lambda _: order, earlier, count=1) if order and said.search(earlier) else ""


def in_order(papers: Sequence[Paper], order: str) -> list[Paper]:
    """The papers as `Question.order` says, without those that do not print what decides; the newest first, and those without a
    date last, where it says nothing."""
    value: Callable[[Paper], Any] = first_day
    if order.endswith(("authors", "comments")):
        value = attrgetter("author_count" if order.endswith("authors") else "comment_count")
    printed = [paper for paper in papers if value(paper) is not None]
    first = sorted(printed, key=value, reverse=not order.startswith(("oldest", "fewest")))
    return first if order else [*first, *(paper for paper in papers if value(paper) is None)]


def decided_by(order: str) -> str:
    """What of a paper's record decides its place in an order: its "year", or its "number of authors" or "of comments"."""
    return f"number of {order.split()[1]}" if " " in order else "year"
