"""What a question compares: "ctree" and "rpart" of "Compare ctree with rpart"."""

import re

from assistant.terms import term_set

_THING = r"(?:(?:the|an?|using|between) )*(?P<{}>[^\s,;:?!]+(?: [^\s,;:?!]+){{0,3}}?)"
_ONE, _OTHER = _THING.format("one"), _THING.format("other")
_ENDS = (
    r"(?=\W*$|[,;:?!]| (?:in|on|for|when|while|with|at|as|by|of|during|regarding|concerning|under|across|differ\w*|compare"
    r"|(?:method|model|algorithm|approach|technique|package|paper)s?)\b)"
)
_AGAINST = r"(?:with|to|and|from|against|or|versus|vs\.?)"
_COMPARED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\bcompar(?:e|ing) {_ONE} {_AGAINST} {_OTHER}{_ENDS}",
        rf"\b(?:differences?|differ|comparison) (?:between|of) {_ONE} (?:and|or|versus|vs\.?) {_OTHER}{_ENDS}",
        rf"\bhow (?:does|do|did|is|are|was|were) {_ONE} (?:different|differ|compared?|distinguished|distinct)"
        rf" {_AGAINST} {_OTHER}{_ENDS}",
        rf"\bhow (?:do|are|did) {_ONE} and {_OTHER} (?:different|differ|compared?)\b",
        rf"^\W*{_ONE} (?:versus|vs\.?) {_OTHER}{_ENDS}",
        rf"\bwhat (?:distinguishes|sets) {_ONE} (?:apart )?from {_OTHER}{_ENDS}",
    )
)


def things_compared(text: str) -> tuple[str, ...]:
    """The two things that a question compares, by short names in whatever case; none where it compares none, or says them
    otherwise."""
    for pattern in _COMPARED:
        if found := pattern.search(text):
            return found["one"].strip("“”\"'‘’().?"), found["other"].strip("“”\"'‘’().?")
    return ()


def mentions(text: str, name: str) -> bool:
    """True where a text holds a name in whatever spelling, or all its words."""
    words = term_set(name)
    return bool(words) and words <= term_set(text)
