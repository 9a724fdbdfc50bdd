"""Whose papers a question asks for: "Which papers are by NVIDIA?", "papers from Google on pruning", "papers by Yann LeCun".

"Papers by gradient descent" is a topic, and "papers about chips from NVIDIA" may be: there only a name that the library prints
is taken for one.
"""

import re
from dataclasses import dataclass

from assistant.records import Paper, normalised

_BIG = r"(?-i:[A-Z])(?:\.|(?:[\w&'’+-]|\.(?=\w))*)"  # "Y." of "Y. LeCun", not "NVIDIA." before another sentence
_OF = r"(?:of|the|for|at|de|la|van|von|der|den|di|al)"
_NAME = rf"(?:the )?(?P<name>{_BIG}(?: (?:{_OF} ){{0,2}}{_BIG}){{0,6}})"
_SMALL_NAME = r"(?P<small>[\w.&'’+-]+(?: (?!(?:about|and|for|in|of|on|or|that|which|with)\b)[\w.&'’+-]+){0,3})"
_MEMBERS = r"(?:researchers|authors|scientists|people|members|teams?|someone|anyone)"
_ANOTHER = rf"(?:,? (?:and|or|and/or)|,) (?:by |from )?(?:the )?{_BIG}(?: (?:{_OF} ){{0,2}}{_BIG}){{0,6}}"
_NAMES = rf"(?:either |both )?{_NAME}(?P<name_others>(?:{_ANOTHER}){{0,6}})"
_BETWEEN = re.compile(r"(?:,? (?:and/or|and|or)|,) (?:(?:by|from) )?(?:the )?")
_WITH_MEMBERS = r"(?:,? et al\b\.?| and (?:colleagues|others|co-?workers|co-?authors))"
_AFTER_MEMBERS = r"(?: (?:researchers|authors|scientists|labs?|teams?))"
# A name is whole: "papers from English sources" are no papers of "English".
_WHOLE = (
    r"(?=\W*$|[.,;:?!)]| (?:about|on|in|that|which|with|regarding|concerning|covering|for|are|were|is|was|do|deal|discuss|"
    r"study|use|propose|address|focus|show|look|say)\b| (?:and|or) (?!by\b|from\b)(?-i:[a-z]))"
)
_END = rf"(?:{_WITH_MEMBERS}|{_AFTER_MEMBERS}?{_WHOLE})"
_PUBLISHED = r"(?:written|(?:co-?)?authored|published|released|produced|made|posted|submitted)"
_PAPERS = r"(?:papers|articles|publications|preprints)"
_BY = (
    rf"(?: (?:that|which|is|are|there|here|was|were|been|have|has|you|do))*(?: {_PUBLISHED})? (?:by|from) "
    rf"(?:(?:the )?{_MEMBERS} (?:at|from|of) )?"
)
_ASKING = (
    r"^\W*(?:(?:please|can|could|would|you|do|i|we|have|has|want|need|am|i['’]m|looking|for|show|find|give|list|get|name|me|us|tell|"
    r"which|what|any|some|all|the|are|is|there|other|more|recent|new|newest|latest|oldest|earliest|search|see|read|hi|hello|of|your|know|about)\W+){0,12}"
)
_ANYTHING = rf"(?:(?:[\w-]+ ){{0,3}}{_PAPERS}|(?:an? )?paper|anything|something|everything|works|research)"
_SURE = re.compile(
    rf"{_ASKING}{_ANYTHING}(?P<by>{_BY}{_NAMES}{_END})"
    rf"|{_ASKING}(?P<verb>(?:has|have|did|does) {_NAMES.replace('name', 'one')} publish(?:ed)?){_WHOLE}"
    rf"|{_ASKING}(?P<past>(?:was|were|been|got) published by {_NAMES.replace('name', 'other')}{_END})", re.IGNORECASE,
)  # fmt: skip
_UNSURE = re.compile(
    rf"\b(?:{_PAPERS}|paper)(?P<by>(?P<topic> (?:about|on) [^.?!,;]{{1,60}}?)?{_BY}(?:{_NAMES}|{_SMALL_NAME}){_END})",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Authorship:
    """Papers by `name` or one of the `others`; where it is not sure that the words mean that, only of a name that is printed."""

    name: str
    is_sure: bool
    others: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " or ".join(f"“{name}”" for name in (self.name, *self.others))

    @property
    def longest_parts(self) -> list[str]:
        """What a paper that prints one of the names holds, whatever the case: of plain letters, where there are any."""
        names = map(normalised, (self.name, *self.others))
        return [max(_PLAIN.findall(name) or name.split(), key=len, default="") for name in names]

    def holds(self, paper: Paper) -> bool:
        """True where the paper prints a name as its organisation, its venue or an author, or a part of it: "LeCun" of "Yann
        LeCun", "Google" of "Google Research"; a word that may be another ("learning") must be all of it."""
        every = [normalised(name).split() for name in (paper.organisation or "", paper.venue or "", *paper.authors)]
        return any(_is_printed(name, every) for name in (self.name, *self.others))


def _is_printed(name: str, every: list[list[str]]) -> bool:
    wanted = normalised(name).split()
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
        said = next(name for name in ("by", "verb", "past") if sure[name])
        kind = next(kind for kind in ("name", "one", "other") if sure[kind])
        return _authorship(sure[kind], sure[f"{kind}_others"], is_sure=True), _cut(text, sure.span(said))
    if unsure := _UNSURE.search(text):
        start = unsure.end("topic") if unsure["topic"] else unsure.start("by")
        by = _authorship(unsure["name"] or unsure["small"], unsure["name_others"], is_sure=False)
        return by, _cut(text, (start, unsure.end("by")))
    return None, text


def _authorship(name: str, others: str | None, is_sure: bool) -> Authorship:
    names = [one.rstrip(".,'’") for one in (name, *_BETWEEN.split(others or "")[1:])]
    return Authorship(names[0], is_sure, tuple(names[1:]))


def _cut(text: str, span: tuple[int, int]) -> str:
    return " ".join(f"{text[: span[0]]}{text[span[1] :]}".split())
