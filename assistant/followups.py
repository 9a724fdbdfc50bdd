"""Whether a question leans on the turns before it, and what it asks by itself."""

import re
from collections.abc import Mapping, Sequence

from assistant.questions import NAME
from assistant.records import Paper, normalised
from assistant.terms import terms

_LEANING_START = re.compile(
    r"^\W*(?:and|but|so|also|then|what about|how about|what else|anything else|any other|tell me more|go on|"
    r"more (?:details?|on))\b(?!-)", re.IGNORECASE,
)  # fmt: skip
_POINTING_START = re.compile(r"^\W*(?:why (?:is|was) that|which ones?(?! of\b))\b", re.IGNORECASE)
_FEW_TERMS = 4  # "how many examples are in the instruction data?" may be meant of the paper before, or of any
_EXPLAIN = re.compile(
    r"^\W*(?:(?:please|can you|could you|would you)\W+)*explain\b( (?:again|further|in|like|more)\b(?!-))?",
    re.IGNORECASE,
)
_OF_ONE = re.compile(r"\bits?\b", re.IGNORECASE)
_PRONOUN = re.compile(
    r"\b(?:it|its|itself|they|their|them|theirs|he|she|this|that|these|those)\b(?! (?:is|are) (?:known|called))",
    re.IGNORECASE,
)
_WHAT_IS = re.compile(  # "What is pruning?" stands alone, "What is the cost?" does not
    r"^\W*(?:what|who)(?:['’]s| is| are| was| were) (?!(?:the|its?|their|that|this|these|those|they|he|she|his|her)\b)",
    re.IGNORECASE,
)
_ORDINAL = re.compile(
    r"\bthe (first|second|third|fourth|last) (?:one|paper|method|work|study|approach)\b", re.IGNORECASE
)
_ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}
_SEVERAL = 4
_OF_SEVERAL = re.compile(r"\b(?:they|them|their|these|those|each|both|all|which ones?)\b", re.IGNORECASE)
# "A method that freezes …", but not "explain that in simple words" and "how does that compare with LoRA?"
_OWN_ANTECEDENT = re.compile(r"that\s+\w", re.IGNORECASE)
_BEFORE_DEMONSTRATIVE = re.compile(
    r"(?:^|\b(?:do|does|did|is|are|was|were|can|could|would|will|should|has|have|of|about|with|from|to|for|on|by|like|than|"
    r"why|how|what|if|whether|and|but|explain|describe|summari[sz]e))\W+$", re.IGNORECASE,
)  # fmt: skip
# "and from 2023?" asks the same of other papers.
_OF_ANOTHER_TIME = re.compile(
    r"^\W*(?:(?:and|but|so|now|ok(?:ay)?|please|just|only|the|those|ones?|papers|published|what about|how about)\W+)*"
    r"(?:from|in|of) (?:[a-z]+ )?(?:19|20)\d\d\W*$", re.IGNORECASE,
)  # fmt: skip
_DEFINITE = re.compile(
    r"\bthe (?:same |said |above )?"
    r"(?:method|model|approach|paper|work|dataset|data ?set|benchmark|authors?|study|technique|framework|system|code)s?\b"
    # "The paper General Scales …", "the code of S2FT" and "the paper on pruning" say which; "is the paper on arXiv?" does not.
    r"(?! (?:of )?[\"“‘]?(?:(?-i:[A-Z])|[a-z]+-?\d))"
    r"(?!(?<=paper|study) (?:on|about|called|titled|entitled) (?!arxiv|github|hugging)\w)", re.IGNORECASE,
)  # fmt: skip
# What a pronoun stands for in its own question: the subject "LLMs" of "Can LLMs correct their own reasoning?", where "What
# datasets do they use?" asks for datasets; and a name, for "its" and for an "it" that begins a clause, not in "GPT-4 on it".
_AUXILIARY = r"(?:are|can|could|did|do|had|have|may|might|must|should|were|will|would)"
_BARE_PLURAL = (
    r"(?:(?!(?:an?|the|this|that|these|those|its?|they|their|them|many|most|much|to|of|on|in|for|by|with|and|or|what|which)\b)"
    r"[\w-]+ ){0,2}?"
    r"(?!(?:its|this|does|was|has)\b)(?:[\w-]{2,}(?<![sui])s|people|children)\b"
)
_PLURAL_SUBJECT = re.compile(rf"\b(?:{_AUXILIARY}|how|if|that|whether|when|where|why) {_BARE_PLURAL}", re.IGNORECASE)
_PLURAL_AFTER_CLAUSE = re.compile(
    rf"^\W*(?:after|as|before|given|if|once|since|unless|when|while)\b[^,]*, {_AUXILIARY} {_BARE_PLURAL}", re.IGNORECASE
)
_BEGINS_CLAUSE = re.compile(
    r"\b(?:after|as|because|before|how|if|once|than|that|what|when|where|whether|which|while|why) $", re.IGNORECASE
)
# "It" stands for nothing: "is it possible to …", and "it is hard to train models", but not "is it hard to train?".
_EXPLETIVE = re.compile(
    r"it (?:(?:is|was|be|been|gets?|getting|becom(?:es?|ing)|seems?|remains?) )*(?:\w+ly )?(?:"
    r"(?:possible|impossible|necessary|better|best|worse|wise|feasible|sensible|enough|worthwhile|pays?|helps?) to\b"
    r"|(?:hard|easy|difficult|harder|easier|safe|safer|cheap|cheaper) to [\w-]+ "
    r"(?!(?:and|at|by|for|from|in|of|on|or|than|under|when|with|without|\w+ly)\b)\w"
    r"|(?:true|likely|known|clear|possible|important|plausible) (?:that|if|whether)\b|worth \w+ing\b)", re.IGNORECASE,
)  # fmt: skip


def leans_on_history(text: str) -> bool:
    """True for a question that cannot be understood without the turn before it: "and its cost?", "why?", "what about images?"."""
    says_little = len(_content(text)) <= 1 and not _asks_what_is(text)
    return bool(_LEANING_START.search(text)) or says_little or needs_history(text)


def needs_history(text: str) -> bool:
    """True where words alone show that the question is no whole one: "why?", "explain that", "the second one", "from 2023?"."""
    rest = without_start(text)
    if _OF_ANOTHER_TIME.search(text) or _ORDINAL.search(text) or _POINTING_START.search(rest) or not _content(rest):
        return True
    if (explain := _EXPLAIN.search(rest)) and explain[1] and len(_content(rest)) <= 2:  # "explain in simple words"
        return True
    return len(terms(rest)) <= 6 and (points_back(text) or bool(_DEFINITE.search(rest)))


def may_lean(text: str) -> bool:
    """True where words do not tell whether the question stands for itself or leans on the turn before: "and on images?", "was the
    bigger model better?"."""
    rest = without_start(text)
    return (rest != text or len(_content(text)) <= _FEW_TERMS) and not _asks_what_is(rest)


def without_start(text: str) -> str:
    """The question without the words that tie it to the turn before: "And which model …" -> "which model …"."""
    while start := _LEANING_START.match(text):
        text = text[start.end() :].lstrip(" ,;:.…-–—")
    return text


def _content(text: str) -> list[str]:
    """The terms, but for the request to explain."""
    explain = _EXPLAIN.search(text)
    return terms(text[explain.end() :] if explain else text)


def _asks_what_is(text: str) -> bool:
    return bool(_WHAT_IS.search(text) and terms(text))


def points_back(text: str) -> bool:
    """True where a pronoun stands for something said earlier, and not for something in the question itself."""
    return not _PLURAL_AFTER_CLAUSE.search(text) and not all(
        _stands_for_its_own(pronoun) for pronoun in _PRONOUN.finditer(text)
    )


def _stands_for_its_own(pronoun: re.Match[str]) -> bool:
    """True where what the pronoun stands for is in the question before it, or where it stands for nothing."""
    text, word = pronoun.string, pronoun.group().lower()
    before = text[: pronoun.start()]
    if word == "that":
        return bool(_OWN_ANTECEDENT.match(text, pronoun.start())) and not _BEFORE_DEMONSTRATIVE.search(before)
    if word in ("they", "their", "theirs"):
        return bool(_PLURAL_SUBJECT.search(before))
    if word == "it" and _EXPLETIVE.match(text, pronoun.start()):
        return True
    return (word in ("its", "itself") or bool(word == "it" and _BEGINS_CLAUSE.search(before))) and bool(
        NAME.search(before)
    )


def papers_before(text: str, history: Sequence[Mapping[str, str]], candidates: Sequence[Paper]) -> list[Paper]:
    """The papers that a follow-up carries over: those of `candidates` whose title the last answer names, in its order (one for
    "the second one", the first for "it", up to four for "which of them", else two)."""
    answered = normalised(_last(history, "assistant"))
    places = {paper.id: answered.find(normalised(paper.title)) for paper in candidates if normalised(paper.title)}
    papers = sorted((one for one in candidates if places.get(one.id, -1) >= 0), key=lambda one: places[one.id])
    ordinal = _ORDINAL.search(text)
    if ordinal and abs(number := _ORDINALS[ordinal[1].lower()]) < len(papers):
        papers = [papers[number]]
    return papers[: _SEVERAL if _OF_SEVERAL.search(text) else 1 if _OF_ONE.search(text) else 2]


def standalone(text: str, history: Sequence[Mapping[str, str]], papers: Sequence[Paper]) -> str:
    """A follow-up made readable without its history, by naming the papers that it carries over, else the earlier question, as
    for another year ("and from 2023?"); as it is where there is neither."""
    asked = _last(history, "user")
    if asked and _OF_ANOTHER_TIME.search(text):
        return f"{asked} ({text})"
    if papers:
        return f"{text} (about {' and '.join(f'“{paper.title}”' for paper in papers)})"
    return f"{text} (after: {asked[:300]})" if asked else text


def _last(history: Sequence[Mapping[str, str]], role: str) -> str:
    """What was said last in that role."""
    said = (turn["content"] for turn in reversed(history) if turn.get("role") == role and turn["content"].strip())
    return next(said, "")
