"""What kind of papers a question asks for: "Are there any surveys on pruning?" is answered by papers that say they are one.

"Which reviews did the participants write?" asks for no papers: only a request for surveys of something is read.
"""

import re
from dataclasses import dataclass

from assistant.records import Paper
from assistant.terms import terms

_PAPERS = r"(?:papers?|articles?|works?|stud(?:y|ies)|ones?)"
_ADJECTIVES = r"(?:(?:comprehensive|systematic|recent|good|literature|state-of-the-art|existing|other|published) )*"
_SURVEYS = rf"{_ADJECTIVES}(?:surveys?|reviews?)(?: {_PAPERS})?"
_ON = r"(?=\W*$| (?:papers?|articles?|on|of|about|in|for|that|which|covering|dealing|among|here)\b)"
_ANY = r"(?:any|an?|some|the|all|all the|more)"
_REQUEST = re.compile(
    rf"^\W*(?:(?:and|so|also|please|hi|hello|hey)\W+)*(?:"
    rf"(?:are|is) there (?:{_ANY} )?{_SURVEYS}{_ON}"
    rf"|(?:do you have|have you(?: got)?|do we have|does (?:it|the library) (?:have|hold|contain)) (?:{_ANY} )?{_SURVEYS}{_ON}"
    rf"|(?:(?:can|could) you )?(?:list|find|show|give|name|recommend|suggest)(?: me)?(?: {_ANY})? {_SURVEYS}{_ON}"
    rf"|any {_SURVEYS}{_ON}"
    rf"|(?:which|what)(?: {_PAPERS}| of (?:the|these|those|them|your)(?: {_PAPERS})?)? (?:is|are) (?:{_ANY} )?{_SURVEYS}{_ON}"
    rf"|(?:which|what) {_SURVEYS}(?: (?:are there|exist|cover|discuss|deal|do you have|are in)|{_ON})"
    rf"|{_SURVEYS} (?:on|of|about)\b)", re.IGNORECASE,
)  # fmt: skip
_TITLED = re.compile(
    r"(?:^|\b(?:a|an|the|literature|systematic|scoping) )(?:(?!peer)[\w-]+ ){0,3}?(?:survey|(?<!peer )review)\b"
    r"(?=\W*$|:|,| (?:of|on|and|in|for)\b)|\b(?:survey|review)\W*$|^an overview of\b", re.IGNORECASE,
)  # fmt: skip
_PEOPLE = (
    r"(?! (?:data|responses?|respondents|questions?|participants|scores?|results|texts?|comments?|generation)\b"
    r"| (?:of|with|among|from|to) (?:\d|(?:\w+ ){0,2}(?:users|participants|students|developers|people|practitioners|patients"
    r"|experts|respondents|customers)\b))"
)
_SAID = re.compile(
    r"\b(?:this|our|(?:provid|offer|giv|present|conduct|perform|undertak)(?:es?|ed|ing)?(?: (?:the first|first|an?|the))?)"
    rf"(?: (?!peer)[\w-]+){{0,2}}? (?:survey|review)\b{_PEOPLE}"
    rf"|\b(?:we|paper|article|chapter) (?:\w+ly |also |first |then )*(?:surveys?|reviews?)\b{_PEOPLE}"
    r"|\boverview of (?:[\w-]+ ){0,3}?(?:advance\w*|approaches|methods|techniques|literature|research|progress|developments)\b",
    re.IGNORECASE,
)  # fmt: skip
# What a request for surveys of whatever topic says.
OF_ANY_TOPIC = frozenset(
    terms(
        "survey surveys review reviews paper papers article articles work works study studies library collection any some exist "
        "cover comprehensive systematic recent good literature existing other published list show give find name"
    )
)


@dataclass(frozen=True, slots=True)
class Kind:
    """Papers that survey what others did; `words` are those of which one stands in their title or abstract."""

    words = ("survey", "review", "overview")
    said = _SAID  # by a text that says so: "This survey covers …", "we review …"

    def __str__(self) -> str:
        return "a survey"

    def holds(self, paper: Paper) -> bool:
        """True where the paper's title or abstract says that it is one."""
        return bool(_TITLED.search(paper.title) or self.said.search(paper.abstract))


def read_kind(text: str) -> Kind | None:
    """The kind of papers that a question asks for; None where it asks for papers of any kind, or for none."""
    return Kind() if _REQUEST.match(text) else None
