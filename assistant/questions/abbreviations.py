"""What an abbreviation stands for: which one a question asks of, and how a text spells it out."""

import re

from assistant.questions.metadata import asked_now
from assistant.terms import fold

_SHORT = r"[\"“‘']?([^\W_][\w+*-]{0,14})[\"”’']?"
_KIND = r"(?:(?:the )?(?:abbreviation|acronym|short form|term|name|letters?) (?:of )?)?"
_ASKED = re.compile(
    rf"\bwhat (?:do|does|did) {_KIND}{_SHORT} (?:stand for|abbreviate)\b"
    rf"|\bwhat (?:is|was|are) {_KIND}{_SHORT} (?:(?:an? )?(?:short|abbreviation|acronym) (?:for|of)|abbreviated from)\b"
    rf"|\b(?:full|long) (?:form|name) of {_KIND}{_SHORT}\W*$"
    rf"|\b(?:what does|meaning of) the (?:abbreviation|acronym) {_SHORT}\b",
    re.IGNORECASE,
)
_STANDS = r"(?:stands for|short for|an (?:abbreviation|acronym) (?:of|for))"
_IT = frozenset("it this that they".split())
_TITLE = re.compile(r"“([^”:]+)")
_BRACKETS = re.compile(r"\(([^()]{1,200})\)")
_NEAR = 200  # characters before a bracket
_WORD = re.compile(r"[^\W_]+")
_MORE_WORDS = 5


def abbreviation_asked(text: str) -> tuple[str, str]:
    """The abbreviation that a question asks the long form of, and the rest of it: "SAM" and " in vision?" of "What does SAM stand
    for in vision?", "LST" of "what does it stand for? (about “LST: …”)"; "" twice where it asks for none."""
    asked = asked_now(text)
    found = _ASKED.search(asked)
    if not found:
        return "", ""
    short, rest = next(filter(None, found.groups())), text[found.end() :]
    if short.lower() not in _IT:
        return short, rest
    title = _TITLE.search(rest)
    return (title[1].strip(), rest) if title and " " not in title[1].strip() else ("", "")


def spelt_out(short: str, text: str) -> str:
    """What a text gives as the long form of an abbreviation, before or in brackets: "low-rank adaptation (LoRA)", "LoRA (low-rank
    adaptation)", "FFT stands for full fine-tuning"; "" where it gives none."""
    short, text = fold(short), fold(text)
    names = {short.casefold(), f"{short}s".casefold()}
    if said := re.search(
        rf"\b{re.escape(short)}\W{{1,3}}(?:(?:which|is) )?{_STANDS}\W+([^.;]{{3,80}})", text, re.IGNORECASE
    ):
        return said[1]
    for match in _BRACKETS.finditer(text):
        before, within = text[max(0, match.start() - _NEAR) : match.start()].split(), match[1].strip()
        if within.split(",")[0].split(";")[0].strip("\"'“”‘’ ").casefold() in names:
            words = before[-min(len(short) + _MORE_WORDS, 2 * len(short)) :]
            if form := _long_form(short, " ".join(words)):
                return form
        if before and before[-1].strip("\"'“”‘’").casefold() in names and (form := _long_form(short, within)) == within:
            return form
    return ""


def _long_form(short: str, before: str) -> str:
    """The end of a text whose letters an abbreviation takes, the first one at the start of a word (Schwartz and Hearst, 2003)."""
    place = len(before)
    for number, letter in reversed(list(enumerate(short.casefold()))):
        if not letter.isalpha():  # "S2FT", "MHC3"
            continue
        place -= 1
        while place >= 0 and not (
            before[place].casefold() == letter and (number or not place or not before[place - 1].isalnum())
        ):
            place -= 1
        if place < 0:
            return ""
    form = before[before.rfind(" ", 0, place) + 1 :]
    return form if len(_WORD.findall(form)) > 1 else ""
