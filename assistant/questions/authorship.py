"""Whose papers a question asks for: "Which papers are by NVIDIA?", "papers from Google on pruning", "papers by Yann LeCun".

"Papers by gradient descent" is a topic, and "papers about chips from NVIDIA" may be: there only a name that the library prints
is taken for one. Accents do not count: "Grun" is Grün.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from assistant.records import Paper, normalised
from assistant.terms import fold

_BIG = r"(?-i:[A-ZÀ-Þ])(?:\.|(?:[\w&'’+-]|\.(?=\w))*)"  # "Y." of "Y. LeCun", not "NVIDIA." before another sentence
_OF = r"(?:of|the|for|at|de|la|van|von|der|den|di|al)"
_NAME = rf"(?:the )?(?P<name>{_BIG}(?: (?:{_OF} ){{0,2}}{_BIG}){{0,6}})"
_SMALL_NAME = r"(?P<small>[\w.&'’+-]+(?: (?!(?:about|and|for|in|of|on|or|that|which|with)\b)[\w.&'’+-]+){0,3})"
_MEMBERS = r"(?:researchers|authors|scientists|people|members|teams?|someone|anyone)"
_ANOTHER = rf"(?:,? (?:and|or|and/or)|,) (?:by |from )?(?:the )?{_BIG}(?: (?:{_OF} ){{0,2}}{_BIG}){{0,6}}"
_NAMES = rf"(?:either |both )?{_NAME}(?P<name_others>(?:{_ANOTHER}){{0,6}})"
_BETWEEN = re.compile(r"(?:,? (?:and/or|and|or)|,) (?:(?:by|from) )?(?:the )?")
_JOINING, _PARTING = re.compile(r",? and (?!by |from )"), re.compile(r",? (?:and/or|or) |,? and (?:by|from) ")
_WITH_MEMBERS = r"(?:,? et al\b\.?| and (?:colleagues|others|co-?workers|co-?authors))"
_AFTER_MEMBERS = r"(?: (?:researchers|authors|scientists|labs?|teams?))"
# A name is whole: "papers from English sources" are no papers of "English".
_WHOLE = (
    r"(?=\W*$|[.,;:?!)]| (?:about|on|in|that|which|with|regarding|concerning|covering|for|are|were|is|was|do|deal|discuss|"
    r"study|use|propose|address|focus|show|look|say)\b| (?:and|or) (?!by\b|from\b)(?-i:[a-z]))"
)
_END = rf"(?:{_WITH_MEMBERS}|{_AFTER_MEMBERS}?{_WHOLE})"
_PUBLISHED = r"(?:written|(?:co-?)?authored|published|released|produced|made|posted|submitted)"
_PAPERS = r"(?:papers|articles|publications|preprints|vignettes|manuscripts)"
_BY = (
    rf"(?: (?:that|which|is|are|there|here|was|were|been|have|has|you|do))*(?: {_PUBLISHED})? (?:by|from) "
    rf"(?:(?:the )?{_MEMBERS} (?:at|from|of) )?"
)
_ASKING = (
    r"^\W*(?:(?:please|can|could|would|you|do|i|we|have|has|want|need|am|i['’]m|looking|for|show|find|give|list|get|name|me|us|tell|"
    r"which|what|any|some|all|the|are|is|there|else|other|more|recent|new|newest|latest|oldest|earliest|search|see|read|hi|hello|of|your|know|about)\W+){0,12}"
)
_ANYTHING = rf"(?:(?:[\w-]+ ){{0,3}}{_PAPERS}|(?:an? )?paper|anything|something|everything|works|research)"
_HAS = r"(?:has|have|did|does|do)"
_TOGETHER = r"(?: (?:together|jointly))?"
_PUBLISHED_ONE = rf"{_HAS} {_NAMES} publish(?:ed)?{_TOGETHER}".replace("<name", "<one")
_WROTE = (
    rf"{_HAS} {_NAMES} (?:co-?)?(?:author(?:ed)?|writ(?:e|ten)){_TOGETHER}"
    rf"(?: with (?P<name_with>{_BIG}(?: {_BIG}){{0,6}}))?"
)


# Programs write too, and "What did ChatGPT write about cats?" asks for no paper.
_SURE = re.compile(
    rf"{_ASKING}{_ANYTHING}(?P<by>{_BY}{_NAMES}{_END})"
    rf"|{_ASKING}(?:{_ANYTHING} )?(?P<verb>{_PUBLISHED_ONE}){_WHOLE}"
    rf"|{_ASKING}{_ANYTHING} (?P<works>{_WROTE.replace('<name', '<author')}){_WHOLE}"
    rf"|{_ASKING}(?P<alone>{_WROTE.replace('<name', '<writer')})\W*$"
    rf"|{_ASKING}(?P<past>(?:was|were|been|got) published by {_NAMES.replace('name', 'other')}{_END})", re.IGNORECASE,
)  # fmt: skip
_SAID_BY = {"by": "name", "verb": "one", "works": "author", "alone": "writer", "past": "other"}
_UNSURE = re.compile(
    rf"\b(?:{_PAPERS}|paper)(?P<by>(?P<topic> (?:about|on) [^.?!,;]{{1,60}}?)?{_BY}(?:{_NAMES}|{_SMALL_NAME}){_END})"
    rf"|\b(?:{_PAPERS}|works)(?P<of> of {_NAMES.replace('name', 'whose')}){_WHOLE}"
    rf"|{_ASKING}(?P<verb>{_WROTE.replace('<name', '<one')}){_WHOLE}", re.IGNORECASE,
)  # fmt: skip
_MAYBE_SAID_BY = {"by": "name", "of": "whose", "verb": "one"}
_PLAIN = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Authorship:
    """Papers by `name` or one of the `others`, by all of them where they wrote `together`; where it is not sure that the words
    mean that, only of a name that is printed."""

    name: str
    is_sure: bool
    others: tuple[str, ...] = ()
    together: bool = False

    def __str__(self) -> str:
        names = [f"“{name}”" for name in self.names]
        return f"{' and '.join(names)} together" if self.together else " or ".join(names)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name."""
        return (self.name, *self.others)

    @property
    def longest_parts(self) -> list[str]:
        """What a paper that prints one of the names holds, whatever the case and accents: of plain letters, where there are
        any."""
        return [max(_PLAIN.findall(name) or name.split(), key=len, default="") for name in map(_spelt, self.names)]

    def holds(self, paper: Paper) -> bool:
        """True where the paper prints a name as its organisation, its venue or an author, or a part of it: "LeCun" of "Yann
        LeCun", "Google" of "Google Research"; a word that may be another ("learning") must be all of it. Of those who wrote
        together it prints every name."""
        every = [_spelt(name).split() for name in (paper.organisation or "", paper.venue or "", *paper.authors)]
        return (all if self.together else any)(_is_printed(name, every) for name in self.names)

    def settled(self, papers: Collection[Paper]) -> "Authorship":
        """The same, now that papers by one of them are found: "Meta and Google" are those of either where none is of both."""
        apart = replace(self, together=False)
        if not self.together or any(map(self.holds, papers)):
            return self
        return apart if any(map(apart._is_of_organisation, papers)) else self

    def _is_of_organisation(self, paper: Paper) -> bool:
        return self.holds(replace(paper, authors=()))


def _spelt(name: str) -> str:
    """What all spellings of a name share, with accents and without."""
    return normalised(fold(name))


def _is_printed(name: str, every: list[list[str]]) -> bool:
    wanted = _spelt(name).split()
    may_be_part = name[0].isupper() or len(wanted) > 1
    return any("".join(wanted) == "".join(printed) or (may_be_part and _is_part(wanted, printed)) for printed in every)


def _is_part(wanted: list[str], printed: list[str]) -> bool:
    """True where every word of a name is printed, of an initial ("Y. LeCun") a word that it begins."""
    return any(len(word) > 1 for word in wanted) and all(
        word in printed or (len(word) == 1 and any(name.startswith(word) for name in printed)) for word in wanted
    )


def read_authorship(text: str) -> tuple[Authorship | None, str]:
    """Whose papers `text` asks for, None where it says nothing of that, and the text without it."""
    if sure := _SURE.search(text):
        said = next(said for said in _SAID_BY if sure[said])
        return _authorship(sure, _SAID_BY[said], is_sure=True), _cut(text, sure.span(said))
    if unsure := _UNSURE.search(text):
        said = next(said for said in _MAYBE_SAID_BY if unsure[said])
        start = unsure.end("topic") if unsure["topic"] else unsure.start(said)
        return _authorship(unsure, _MAYBE_SAID_BY[said], is_sure=False), _cut(text, (start, unsure.end(said)))
    return None, text


def _authorship(asked: re.Match[str], kind: str, is_sure: bool) -> Authorship:
    """The names that a pattern calls `kind`."""
    said = {"small": None, f"{kind}_with": None, **asked.groupdict()}
    others, partner = said[f"{kind}_others"] or "", said[f"{kind}_with"]
    found = [said[kind] or said["small"] or "", *_BETWEEN.split(others)[1:], *filter(None, [partner])]
    names = [one.rstrip(".,'’") for one in found]
    together = bool(partner or _JOINING.search(others)) and not _PARTING.search(others)
    return Authorship(names[0], is_sure, tuple(names[1:]), together)


def _cut(text: str, span: tuple[int, int]) -> str:
    return " ".join(f"{text[: span[0]]}{text[span[1] :]}".split())
