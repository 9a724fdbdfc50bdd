"""Questions for papers like others that they name: "papers similar to HFT", "related work for NOLA", "more like this"."""

import re
from collections.abc import Sequence

from assistant.questions.metadata import asked_now
from assistant.questions.names import is_titled, possible_titles
from assistant.records import Paper
from assistant.terms import term_set

_PAPERS = (
    r"(?:papers?|works?|stud(?:y|ies)|articles?|publications?|preprints?|research|literature|methods?"
    r"|approach(?:es)?|ones?)"
)
_ANY = r"(?:anything|something|others?|more|else)"
_ALIKE = r"(?:(?:most|more|very|rather|closely) )?(?:similar|close|closest|related|comparable|akin|near|nearest)"
_LEAD = (
    r"^\W*(?:(?:please|can|could|would|will|you|show|find|give|get|list|name|tell|suggest|recommend|me|us|i|we|want|need|are|is"
    r"|there|any|some|the|all|other|further|which|what|do|have|know|of|also|and|\d{1,2}|two|three|four|five|six|seven|eight"
    r"|nine|ten)\W+)*"
)
_TO = r"(?P<target>.{1,300}?)[\s.?!]*$"
_FORMS = [
    re.compile(_LEAD + form, re.IGNORECASE)
    for form in (
        rf"{_ALIKE} {_PAPERS}(?: (?:here|in the library))?(?:\W*$| (?:to|with|of|for|as) {_TO})",
        rf"(?:(?:{_PAPERS}|{_ANY}) (?:that |which )?(?:is |are )?)?{_ALIKE} (?:to|with) {_TO}",
        rf"(?:{_PAPERS}|{_ANY}) (?:that |which )?(?:is |are )?like {_TO}",
    )
]
_BESIDE = term_set("this that it these those them one paper work study article method model approach technique the")


def similar_to(text: str) -> str | None:
    """What other papers are to be similar to, as the question has it: "" where it names nothing, as in "similar papers?"; None
    where it does not ask for that. Papers "related to pruning" are read so too: `are_all_of` tells whether papers are named."""
    match = next((match for form in _FORMS if (match := form.match(asked_now(text)))), None)
    return None if match is None else (match["target"] or "")


def are_all_of(target: str, papers: Sequence[Paper]) -> bool:
    """True where `target` is made of the names of `papers`, and of words that point at them."""
    for name in sorted((paper.title for paper in papers), key=len, reverse=True):
        target = re.sub(re.escape(name), " ", target, flags=re.IGNORECASE)
    called = [run for run in possible_titles(target) if any(is_titled(paper, run) for paper in papers)]
    known = _BESIDE.union(*map(term_set, called), *(term_set(paper.title.split(":")[0]) for paper in papers))
    return term_set(target) <= known
