"""How many authors or comments the papers have that a question asks for: "papers with more than 20 authors".

"Do papers with more than 20 authors age well?" is a question of its own: only a request for papers is read.
"""

import re
from dataclasses import dataclass

from assistant.questions.numbers import SEVERAL, number
from assistant.records import Paper

_NUMBER = rf"(?:\d{{1,5}}|{SEVERAL}|one|a single|a dozen)"
_ABOVE = r"more than|over|above"
_LEAST = r"at least|no fewer than|not fewer than|no less than"
_BELOW = r"fewer than|less than|under|below"
_MOST = r"at most|up to|no more than|not more than"
_REQUEST = re.compile(
    r"^\W*(?:(?:hi|hello|hey|please|which|what|list|show|find|give|get|name|tell|me|us|all|the|any|some|are there|is there|"
    r"do (?:you|we) have|(?:can|could|would) you|i (?:want|need)|how many|of|these|those|other)\W+){0,8}"
    r"(?:(?!(?:are|can|could|did|do|does|how|is|should|was|were|when|why|will|would)\b)[\w-]+ ){0,3}?"
    r"(?:papers?|articles?|publications?|preprints?)\b", re.IGNORECASE,
)  # fmt: skip
_AMOUNT = re.compile(
    r"(?:,? (?:and|but))?(?: (?:that|which|there|are|is|were|was|have|has|had|having|with|written|authored|by))+"
    rf" (?P<said>(?:(?:(?P<above>{_ABOVE})|(?P<least>{_LEAST})|(?P<below>{_BELOW})|(?P<most>{_MOST})|exactly|only|just) )?"
    rf"(?P<number>{_NUMBER})(?P<later> or more)?(?P<earlier> or (?:fewer|less))? (?:co-?)?(?P<noun>author|comment)"
    r"(?:s(?P<or_more> or more)?\b|(?=\W*$| (?:about|on|that|and)\b)))", re.IGNORECASE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Amount:
    """From `least` to `most` "authors" or "comments" (`noun`), and the words that `said` so."""

    noun: str
    least: int
    most: int
    said: str

    def __str__(self) -> str:
        return self.said

    def holds(self, paper: Paper) -> bool:
        """True where the paper prints a number of them that is within; one that prints none is not known to be."""
        count = paper.author_count if self.noun == "authors" else paper.comment_count
        return count is not None and self.least <= count <= self.most


def read_amount(text: str) -> tuple[Amount | None, str]:
    """How many authors or comments the papers have that `text` asks for, None where it says nothing of that, and the text without
    it."""
    request = _REQUEST.match(text)
    found = request and _AMOUNT.search(text, request.end())
    # "Papers on threads with more than 20 comments" has a topic.
    if not (request and found) or (found["noun"].lower() == "comment" and found.start() > request.end()):
        return None, text
    value, most = number(found["number"].removeprefix("a ")), 10**9
    least = value
    if found["above"]:
        least = value + 1
    elif found["below"]:
        least, most = 0, value - 1
    elif found["most"] or found["earlier"]:
        least, most = 0, value
    elif not (found["least"] or found["later"] or found["or_more"]):
        most = value
    amount = Amount(f"{found['noun'].lower()}s", least, most, found["said"])
    return amount, f"{text[: found.start()]}{text[found.end() :]}"
