"""What a follow-up asks once more, of the last answer or question: "and from 2023?", "in one sentence", "any others?", "not PaCA,
I mean LST"."""

import re

from assistant.questions.names import names_in
from assistant.questions.orders import in_another_order
from assistant.terms import terms

# "And how does mob do it?" after "How does ctree choose the variable?"
_DO_IT = re.compile(
    r"^\W*(?:(?:and|but|so)\W+)*(?P<how>how (?:do|does|did) .{1,60}?) do (?:it|this|that|so)\W*$", re.IGNORECASE
)
_HOW = re.compile(
    r"^\W*how (?:do|does|did) (?:the )?[\w.+-]+(?: (?:method|algorithm|model|function|package|procedure|approach))?"
    r" (?P<what>.*\w)",
    re.IGNORECASE,
)
_FEW_TERMS = 4
# "and from 2023?" and "2023 only" ask the same of other papers.
_OF_ANOTHER_TIME = re.compile(
    r"^\W*(?:(?:and|but|so|now|ok(?:ay)?|please|just|only|the|those|any|ones?|papers|published|what about|how about"
    r"|(?:are|is) there|have you|do you have)\W+)*"
    r"((?:from|in|of) (?:[a-z]+ )?)?((?:19|20)\d\d)(?:\W+(?:only|please))*\W*$", re.IGNORECASE,
)  # fmt: skip
_POLITE = r"^\W*(?:(?:and|but|so|now|no|ok(?:ay)?|please|sorry|(?:can|could|would) you)\b\W*)*"
_END = r"(?:\W+(?:then|instead|please|too|there|now))*\W*$"
_ONE = r"(?:ones?|papers?|methods?|models?|works?|answers?)"
# Others than those that were shown: "not that one", "no, I meant the other paper", "any others?".
_OTHERS = re.compile(
    rf"^\W*(?:no|nope|wrong|more|others)\W*$|{_POLITE}(?:(?:i )?(?:meant?|want) )?(?:not (?:that|this|these|those)(?: {_ONE})?"
    rf"|(?:(?:that['’]?s|that is|that was|it['’]?s) )?(?:not it|(?:the )?wrong {_ONE})|(?:the |an)other {_ONE}"
    rf"|(?:(?:show|give)(?: me)? |are there |is there |do you have )?"
    rf"(?:(?:any |some )?(?:more|other) {_ONE}|another {_ONE}|(?:any |some )?(?:others?|more))|a different {_ONE}|something else)"
    rf"(?: (?:on|about|for) (?:this|that|it)(?: {_ONE}| topic)?)?{_END}", re.IGNORECASE,
)  # fmt: skip
_MEANT = re.compile(rf"{_POLITE}(?:not ([^\s,.;]+)[\s,.;]+)?(?:but|rather|i (?:mean|meant))\s(?=.*\w)", re.IGNORECASE)
# What is meant may be another paper, or asked whole.
_WHOLE = re.compile(
    r"(?:the|this|that) .*\b(?:paper|one|method|model|study)\b|(?:what|how|why|which|who|when|where|is|are|do|does|can)\b",
    re.IGNORECASE,
)
_WITHOUT = re.compile(
    rf"{_POLITE}(?:without|excluding|except(?: for)?|leave out|not (?:with|using|about|on))\b", re.IGNORECASE
)
_NARROWING = re.compile(
    rf"{_POLITE}(?:(?:only|just) (?=\w)|(?:the ones|those(?: ones)?) (?:that|which|with|on|about|for|from|using|in)\b)",
    re.IGNORECASE,
)
_ASKED_AGAIN = re.compile(
    rf"{_POLITE}(?:(?:say|put|give|answer|tell)(?: (?:it|that|me|this))* )?(?:again|(?:much )?(?:shorter|briefer|briefly|simpler)"
    rf"|in (?:short|brief|(?:a|one|two|three|fewer|other) (?:sentences?|words?|lines?)))(?: again)?{_END}", re.IGNORECASE,
)  # fmt: skip
_OF_EACH = re.compile(
    rf"{_POLITE}(?:(?:list|show|give|name|tell|what are)(?: me)? )?(?:(?:the|their|all|just|only) )*(?:titles|names)"
    rf"(?: of (?:the|these|those|all) {_ONE})?{_END}"
    rf"|{_POLITE}(?:(?:give|tell|write|list|summari[sz]e|describe|explain)(?: me)? )?(?:(?:an?|one) (?:sentence|line|summary) "
    rf"(?:about|on|for|of) )?each(?: (?:one|of them|paper|method))?(?: in (?:a|one) (?:sentence|line))?{_END}", re.IGNORECASE,
)  # fmt: skip


def asks_for_others(text: str) -> bool:
    """True where others are wanted than the papers that were shown: "not that one", "any others?"."""
    return bool(_OTHERS.search(text))


def wants_each(text: str) -> bool:
    """True where something of each paper that was shown is wanted: "can you list the titles?", "one sentence about each"."""
    return bool(_OF_EACH.search(text))


def asked_again(text: str, earlier: str) -> str:
    """The earlier question as a follow-up changes it, "" where that is another one: "and from 2023?" and "only those on images"
    narrow it, "in one sentence" asks it again, "not PaCA, I mean LST" puts one name in the place of another."""
    if not earlier:
        return ""
    if time := _OF_ANOTHER_TIME.search(text):
        return f"{earlier} ({text if time[1] else f'from {time[2]}'})"
    if ordered := in_another_order(text, earlier):
        return ordered
    if (other := _DO_IT.match(text)) and (done := _HOW.match(earlier)):
        return f"{other['how']} {done['what']}?"
    if _ASKED_AGAIN.search(text) or excluded(text):
        return earlier
    if meant := _MEANT.search(text):
        named = text[meant.end() :].strip(" .!")
        wrong = re.compile(rf"(?<!\w){re.escape(meant[1])}(?!\w)", re.IGNORECASE) if meant[1] else None
        if wrong and wrong.search(earlier):
            return wrong.sub(lambda _: named, earlier)
        if "i mean" not in meant[0].lower():
            return ""
        wrongly = names_in(earlier)
        if name_meant(text) and len(wrongly) == 1:
            return earlier.replace(wrongly[0], named)
        is_part = len(terms(named)) <= _FEW_TERMS and not _WHOLE.match(named)
        return f"{earlier} ({named})" if is_part else named
    return f"{earlier} ({text})" if _narrows(text) and _NARROWING.search(text) else ""


def is_of_last_answer(text: str) -> bool:
    """True for what says something of the last answer, whatever it names: "not PaCA, I mean LST", "any others?"."""
    return asks_for_others(text) or wants_each(text) or bool(asked_again(text, "?"))


def name_meant(text: str) -> str:
    """The name that is meant in place of another: "HFT" of "not LST, I mean HFT"; "" where that is none or says more."""
    meant = _MEANT.search(text)
    named = text[meant.end() :].strip(" .!") if meant and "i mean" in meant[0].lower() else ""
    return named if names_in(named) and " " not in named else ""


def excluded(text: str) -> frozenset[str]:
    """The terms of what a follow-up leaves out: "without reinforcement learning"."""
    without = _WITHOUT.search(text) if _narrows(text) else None
    return frozenset(terms(text[without.end() :])) if without else frozenset()


def _narrows(text: str) -> bool:
    """True for a few words that ask nothing: "without labels?" asks what then happens."""
    return not text.rstrip().endswith("?") and 0 < len(terms(text)) <= _FEW_TERMS
