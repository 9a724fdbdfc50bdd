"""Sentence spans in a text: exact character positions, so that every quotation can be cut from the stored text."""

import re

from assistant.records import Span

MAX_SENTENCE = 1200  # characters; longer stretches without a sentence end are cut at a space, so that budgets hold

_LOOKED_BACK = (
    2000  # characters before a place that tell what it is: hardly an address is longer, and a text may be one word
)
_ABBREVIATIONS = frozenset(
    """e.g i.e etc al fig figs eq eqs sec secs tab no nos vol pp cf vs resp approx ref refs ch dr mr mrs ms prof st jr sr
    inc ltd co corp dept univ ed eds ca est w.r.t a.k.a u.s u.k e.t ph.d m.sc""".split()
)
# A sentence ends at . ! ? … with any closing quotes, brackets or raised numbers of notes, before white space; the next starts
# with something that can open a sentence.
_BOUNDARY = re.compile(
    r"(?P<end>(?<![.!?…])[.!?…]+[\"'”’)\]}*]*(?:[⁰¹²³⁴-⁹][⁰¹²³⁴-⁹⁻,]{0,40})?)(?P<space>\s+)(?=[\"'“‘(\[{*$\\]*[A-Z0-9À-ÞΑ-Ω]|[^\x00-\u02ff])"
)
_MISSING_SPACE = re.compile(r"(?<=[a-z]{3}[.!?])(?=[A-Z][a-z]*[ ,])")  # "… of sizes.From a theoretical view"
_PARAGRAPH = re.compile(r"\n\s*\n")
_OPENERS = re.compile(r"(?:This|These|The|We|In|It|Our|To|However|Moreover|Finally|Experiments|Results|By|As|For)\b")
# "Table 2. Weights of otters": the number ends no sentence where the caption begins one.
_CAPTION = re.compile(
    r"(?:\A|\n|[.!?:]\s)\s*(?:Fig(?:ure|\.)?|Tab(?:le|\.)|Algorithm|Listing|Box|Scheme) [A-Z]?\.?\d{1,3}[a-z]?\Z"
)
_LAST_WORD = re.compile(r"[^\s(\[\"'“‘]*$")


def sentence_spans(text: str) -> list[Span]:
    """The sentences of `text` in order, without surrounding white space; together they hold every non-space character."""
    cuts = {0, len(text)}
    cuts.update(match.end() for match in _BOUNDARY.finditer(text) if _ends_sentence(text, match))
    cuts.update(match.start() for match in _MISSING_SPACE.finditer(text) if not _in_address(text, match.start()))
    cuts.update(match.end() for match in _PARAGRAPH.finditer(text))
    ordered = sorted(cuts)
    spans: list[Span] = []
    for start, end in zip(ordered, ordered[1:], strict=False):
        spans.extend(_bounded(text, start, end))
    return spans


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    end = match["end"]
    if not end.startswith(".") or end.startswith(".."):
        return True
    word = _LAST_WORD.search(text, max(0, match.start() - 40), match.start())
    last = (word.group() if word else "").lower()
    if _CAPTION.search(text, max(0, match.start() - 40), match.start()):
        return False
    if _OPENERS.match(text, match.end()):
        return True  # "… by Smith et al. We show", "… in stages A and B. This"
    if last in _ABBREVIATIONS:
        return last == "etc"
    if re.fullmatch(r"[a-z]", last) and text[match.start() - 1].isupper():
        return False  # an initial: "J. Smith"
    if re.fullmatch(r"\d{1,2}", last):
        place = match.start() - len(last)
        before = text[max(0, place - _LOOKED_BACK) : place].rstrip()
        return not before.endswith((":", ";", ",", ".")) and bool(before)  # "aspects: 1. Chemical diversity"
    return True


def _in_address(text: str, position: int) -> bool:
    """True inside a web address or file path, whose dots end nothing."""
    before = text[max(0, position - _LOOKED_BACK) : position]
    word = before[max(before.rfind(" "), before.rfind("\n")) + 1 :]
    return any(sign in word for sign in ("/", "@", "www."))


def _bounded(text: str, start: int, end: int) -> list[Span]:
    """The trimmed span from `start` to `end`, cut at spaces where it is longer than MAX_SENTENCE."""
    spans: list[Span] = []
    while start < end:
        while start < end and text[start].isspace():
            start += 1
        stop = end
        if stop - start > MAX_SENTENCE:
            space = text.rfind(" ", start + MAX_SENTENCE // 2, start + MAX_SENTENCE)
            stop = space if space > 0 else start + MAX_SENTENCE
        trimmed = stop
        while trimmed > start and text[trimmed - 1].isspace():
            trimmed -= 1
        if trimmed > start:
            spans.append(Span(start, trimmed))
        start = stop
    return spans
