"""Whether a pronoun of a question stands for something said before it, or for something in the question itself."""

import re

from assistant.questions.metadata import clauses
from assistant.questions.names import NAME

_PRONOUN = re.compile(
    r"\b(?:it|its|itself|they|their|them|theirs|he|she|this|that|these|those)\b(?! (?:is|are) (?:known|called))",
    re.IGNORECASE,
)
_IT = re.compile(r"\b(?:(?P<its>its|their)|it|they)\b", re.IGNORECASE)
# "A method that freezes …", but not "explain that in simple words" and "how does that compare with LoRA?"
_OWN_ANTECEDENT = re.compile(r"that\s+(?!one\b)\w", re.IGNORECASE)
_BEFORE_DEMONSTRATIVE = re.compile(
    r"(?:^|\b(?:do|does|did|is|are|was|were|can|could|would|will|should|has|have|of|about|with|from|to|for|on|by|like|than|"
    r"why|how|what|if|whether|and|but|explain|describe|summari[sz]e))\W+$", re.IGNORECASE,
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
# "How does the platypus find its prey?" speaks of its own subject, "what is the size of its vocabulary?" does not.
_SINGULAR_SUBJECT = re.compile(
    r"\b(?:does|did|is|was|has|had|can|could|may|might|must|should|will|would) (?:an? |the )?"
    r"(?!(?:he|i|it|one|she|that|there|they|this|we|you)\b)[\w-]{2,}\b.{0,80}\b(?!(?:about|and|are|at|by|does|for|from|has|in|into|is|like|of|on|or|than|to|was|with|within|without)\b)"
    r"[\w-]+ $", re.IGNORECASE,
)  # fmt: skip
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

# "What about MeZO, what is that?"
_TURNS_TO = re.compile(
    r"\b(?:what|how) about (?!(?:it|its|that|this|these|those|they|them|their)\b)[^,:;?–—]{2,60}[,:;?–—]", re.I
)


def points_back(text: str) -> bool:
    """True where a pronoun stands for something said earlier, and not for something in the question itself."""
    return not _PLURAL_AFTER_CLAUSE.search(text) and not all(
        _stands_for_its_own(pronoun) for pronoun in _PRONOUN.finditer(text)
    )


def of_thing(thing: str, text: str) -> str:
    """What is asked of "it" as it is asked of a thing with a name: "how much memory does LST save?", "what is LST's limit?"."""
    said, is_said = _IT.subn(lambda it: f"{thing}'s" if it["its"] else thing, text, count=1)
    return said if is_said else f"{text} (about “{thing}”)"


def _stands_for_its_own(pronoun: re.Match[str]) -> bool:
    """True where what the pronoun stands for is in the question before it, or where it stands for nothing."""
    text, word = pronoun.string, pronoun.group().lower()
    before = text[: pronoun.start()]
    if _TURNS_TO.search(before):
        return True
    if word == "that":
        return bool(_OWN_ANTECEDENT.match(text, pronoun.start())) and not _BEFORE_DEMONSTRATIVE.search(before)
    if any(NAME.search(clause) for clause in clauses(before)[:-1]):  # "What is NOLA and who wrote it?"
        return True
    if word in ("they", "their", "theirs"):
        return bool(_PLURAL_SUBJECT.search(before))
    if word == "it" and _EXPLETIVE.match(text, pronoun.start()):
        return True
    if word == "its" and _SINGULAR_SUBJECT.search(before):
        return True
    return (word in ("its", "itself") or bool(word == "it" and _BEGINS_CLAUSE.search(before))) and bool(
        NAME.search(before)
    )
