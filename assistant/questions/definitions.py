"""What is to be defined, and which sentences define it: "What is a mosaic plot?", "A mosaic plot is a picture of a table …"."""

import re
from collections.abc import Callable

from assistant.questions.metadata import asked_now
from assistant.terms import STOP_WORDS

_ASKED = re.compile(
    r"^\W*(?:(?:(?:what|who)(?:['’]?s| is| are| was| were| do(?:es)?)|explain|describe|define|tell me about|definition of)\b)?"
    r"(?P<what>.{1,100}?)(?:\bmeans?)?\W*$", re.IGNORECASE,
)  # fmt: skip
_ARTICLE = re.compile(r"^\W*(?:(?:meant by|the term|called|exactly|actually|an?|the)\b\W*)+", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:[-+.'’][^\W_]+)*\+*")
_MOST_WORDS = 5
_SHORTEST_PLURAL = 4
_OPEN, _CLOSE = r"[\"“‘'`(]{0,2}", r"[\"”’'`)]{0,2}"
_ASIDE = r"(?: ?\([^()]{1,80}\)|, [^,.;]{1,60},)?"
# After the thing: "is a …", "are methods that …", "refers to …", ", a …", "(the …". "Is used" and "are available" define nothing.
_SAYS = (
    rf"{_CLOSE}{_ASIDE}(?:,? (?:which |that |simply |usually |also |often )*(?:"
    r"(?:is|are|was|were) (?:(?:\w+ly|just|then|thus|here) )?(?:an?|the|one|any|those|defined|when|where"
    r"|(?:[a-z-]+ ){0,2}[a-z-]+s (?:that|which|who|whose|where|in which|for which|of|between)) "
    r"|(?:means?|denotes?|refers? to|describes?|stands? for|consists? of|comprises?|captures?|visuali[sz]es?"
    r"|provides?|implements?|can be (?:defined|seen|viewed|understood|thought of|regarded)) )"
    r"|(?:,| [–—-]) (?:i\.e\.,? |that is,? |namely,? )?(?:an?|which (?:is|are)) "
    r"| \((?:an?|the|i\.e\.) |(?<=\)),? (?:which|that) )"
)
# Before it: "known as …", "we call this …", "define … as", "the term …".
_SAID = (
    r"(?:\bcall(?:ed|s)?(?: (?:this|these|the [\w-]{1,30}|such [\w-]{1,30}))?"
    r"|\b(?:termed|dubbed|named|known as|called as|referred to as)|\brefer to [^,.;]{1,60} as"
    r"|\bdefin(?:es?|ing)|\bdefinition of|\bdenoted(?: as| by)?|\b(?:the|use|using) term) (?:the |an? )?"
)
_ENDS = rf"(?!\.?\w|-|\s(?!(?:{'|'.join(sorted(map(re.escape, STOP_WORDS)))})\b)\w)"  # not "called the REML criterion"
# "The rank of sandwich estimators is the …" says what the rank is.
_OF = frozenset("of for in with by from on to using between under via through".split())
_BEFORE = STOP_WORDS | frozenset("package method model algorithm framework approach function procedure term".split())
_LOOKED_BACK = 60


def thing_asked(text: str) -> str:
    """What a question that wants a definition asks it of: "sandwich estimator" of "What is a sandwich estimator?"; "" where that
    is no short name."""
    asked = _ASKED.match(asked_now(text))
    if not asked:
        return ""
    words = _WORD.findall(_ARTICLE.sub("", asked["what"]))
    is_plain = 0 < len(words) <= _MOST_WORDS and words[0].lower() not in STOP_WORDS
    return " ".join(words) if is_plain else ""


def definer(thing: str) -> Callable[[str], bool]:
    """Whether a sentence defines the thing."""
    words = [re.escape(word) for word in thing.split()]
    if len(words[-1]) >= _SHORTEST_PLURAL:
        words[-1] = rf"{words[-1].removesuffix('s')}(?:e?s)?"
    name = rf"(?<![\w.-]){_OPEN}{'[ -]'.join(words)}"
    says = re.compile(rf"{name}(?!\w|-|\.\w){_SAYS}", re.IGNORECASE)
    said = re.compile(rf"{_SAID}{name}{_CLOSE}{_ENDS}", re.IGNORECASE)

    def is_defined(text: str) -> bool:
        return bool(said.search(text)) or any(
            not _depends(text[: match.start()], match[0]) for match in says.finditer(text)
        )

    return is_defined


def _depends(before: str, name: str) -> bool:
    """True where the words before a name make it a part, or a kind, of what is spoken of; one in brackets stands alone."""
    last = [word.lower() for word in _WORD.findall(before[-_LOOKED_BACK:])[-3:]]
    is_kind = name[0].isalnum() and before.rstrip()[-1:].isalnum() and bool(last) and last[-1] not in _BEFORE
    return is_kind or not _OF.isdisjoint(last)
