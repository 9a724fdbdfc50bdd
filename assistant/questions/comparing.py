"""What a question compares, as "ctree" and "rpart" in "Compare ctree with rpart", or joins, as in "LoRA for speech"."""

import re

from assistant.questions.names import stands_in
from assistant.terms import term_set

_THING = r"(?:(?:the|an?|using|between) )*(?P<{}>[^\s,;:?!]+(?: [^\s,;:?!]+){{0,3}}?)"
_ONE, _OTHER = _THING.format("one"), _THING.format("other")
_ENDS = (
    r"(?=\W*$|[,;:?!]| (?:in|on|for|when|while|with|at|as|by|of|during|regarding|concerning|under|across|differ\w*|compare"
    r"|(?:method|model|algorithm|approach|technique|package|paper)s?)\b)"
)
_PRONOUNS = frozenset("it its this that they them these those both".split())
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
# "papers that use LoRA for speech recognition", "pruning in language models"
_NAMES = r"[\w+*.-]+(?: [\w+*.-]+){0,2}?"
_SAYS_LITTLE = r"(?:(?:the|an?|new|recent|novel|other|different|various|some|any) )*"
_PAPERS_ON = (
    r"(?:(?:please |find |list |show (?:me )?)*(?:which|what|any|all|some)? ?(?:papers?|works?|stud(?:y|ies)|articles?)"
    r"(?: (?:that|which))?(?: (?:do|are|have))? (?:about|on|[a-z]+) )?"
)
_JOINING = (
    r"(?:how|whether|that) @ (?:affect|influence|impact|improve|reduce|hurt|harm|help|change)s? @",
    r"(?:the )?(?:effects?|influence|impact) of @ on @",
    r"@ (?:for|in|on|with) @",
)
_JOINED = tuple(
    re.compile(
        rf"^\W*{_PAPERS_ON}"
        + pattern.replace("@", rf"{_SAYS_LITTLE}(?P<one>{_NAMES})", 1).replace(
            "@", rf"{_SAYS_LITTLE}(?P<other>{_NAMES})"
        )
        + r"\W*$",
        re.IGNORECASE,
    )
    for pattern in _JOINING
)


def things_compared(text: str) -> tuple[str, ...]:
    """The two things that a question compares, by short names in whatever case; none where it compares none, or says them
    otherwise."""
    for pattern in _COMPARED:
        if found := pattern.search(text):
            things = tuple(found[name].strip("“”\"'‘’().?") for name in ("one", "other"))
            # What "it" is stands elsewhere.
            return () if _PRONOUNS & {thing.lower() for thing in things} else things
    return ()


def things_joined(topic: str) -> tuple[str, ...]:
    """The two things that a topic of few words joins; none where it is another phrase."""
    found = next(filter(None, (pattern.match(topic) for pattern in _JOINED)), None)
    return (found["one"], found["other"]) if found and term_set(found["one"]) and term_set(found["other"]) else ()


def mentions(text: str, name: str) -> bool:
    """True where a text holds a name in whatever spelling, or all its words."""
    words = term_set(name)
    return (bool(words) and words <= term_set(text)) or stands_in(name, text)
