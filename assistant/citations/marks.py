"""Reading a model's lines: its claims, the marks that they cite, the fixed refusal, and lines that claim nothing."""

import re
from dataclasses import dataclass

_MARK = r"[1-9]\d{0,2}\.\d{1,3}"
_MARKS = re.compile(rf"\[?[\[【]\s*({_MARK}(?:\s*(?:[,;–-]|and|to)?\s*{_MARK})*)\s*[\]】]\]?")
_REFUSAL = re.compile(r"^\W*not[ _-]?found\W*$", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:(?:[-*•–>]|\d{1,2}[.)]|\(\d{1,2}\)|[a-z][)]|#+)\s+)+")
_LABEL = re.compile(r"^(?:answer|claim(?:\s\d+)?)\s*:\s*", re.IGNORECASE)
# What a model says around its claims. "The evidence does not say …" claims nothing that a mark could support.
_FILLER = re.compile(
    r"^(?:sure|certainly|of course|okay|ok|great question|absolutely|here(?:'s|’s| is| are)\b.*|(?:the )?(?:answer|summary"
    r"|sources|references|conclusion|claims?|key (?:points|findings))"
    r"|in (?:summary|short)|to summari[sz]e|(?:i hope|let me know|feel free)\b.*"
    r"|please (?:let|note|feel|ask)\b.*|if you (?:have|would|need|want)\b.*"
    r"|thanks?\b.*|thank you\b.*"
    r"|(?:would|do) you (?:like|want)\b.*|is there anything\b.*|based on the (?:evidence|papers?|provided|given)[^.]*"
    r"|(?:the|this) (?:\w+ ){0,2}(?:evidence|passages?|sentences?|context|sources?)\b.{0,20}?(?:\bnot|n['’]t|\bnothing|\bno) .*"
    r"|(?:no|none of the) (?:\w+ ){0,2}(?:evidence|passages?|sentences?|sources?)\b.*|</?\w+>|```\w*)[\s.!:,]*$",
    re.IGNORECASE,
)
_OPENING = re.compile(r"^(?:sure|certainly|of course|okay|ok|absolutely|great question)\s*[!,.:]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ParsedClaim:
    """A statement of the model's, without its marks, and the marks it ended in."""

    text: str
    marks: tuple[str, ...]


def is_refusal(line: str) -> bool:
    """True for the fixed line NOT FOUND, in any case and with any decoration."""
    return bool(_REFUSAL.match(line[:200]))


def is_filler(line: str) -> bool:
    """True for a line without marks that claims nothing: empty, a heading, an opening or closing remark."""
    if _MARKS.search(line):
        return False
    text = _undecorated(line)
    if not re.search(r"\w", text) or re.fullmatch(r"\s*(?:```|~~~)\s*\w*\s*", line):
        return True
    return text.endswith(":") or bool(re.match(r"\s*#+\s", line)) or (len(text) < 400 and bool(_FILLER.match(text)))


def parse_claims(line: str) -> list[ParsedClaim]:
    """The claims of a line: a sentence or more with the marks in or behind it; what follows the last marks stands without.

    [1.2] [1.3, 2.1] [1.2; 1.4] [1.2-1.4] and 【1.2】 are marks: a passage from 1 on, a point, a sentence. (1.2) is none, nor
    is [0.87] or [12], so values and references in brackets stay in the text.
    """
    text = _undecorated(line)
    claims: list[tuple[str, list[str]]] = []
    position = 0
    for match in [*_MARKS.finditer(text), None]:
        words = text[position : match.start() if match else len(text)]
        marks = _expanded(match[1]) if match else []
        position = match.end() if match else len(text)
        end = re.match(r"[\s.,;:!?)\]]*(?=\s|$)", words) if claims else None
        if end:  # the full stop behind a mark
            stop = words[: end.end()].strip()
            claims[-1] = (claims[-1][0] + (stop if stop[:1] in (".", "!", "?") else ""), claims[-1][1])
            goes_on = stop[:1] not in (".", "!", "?", ";") and not claims[-1][0].rstrip().endswith((".", "!", "?"))
            words = words[end.end() :] if not goes_on else words
        else:
            goes_on = bool(claims) and not claims[-1][0].rstrip().endswith((".", "!", "?"))
        if not re.search(r"\w", words):
            if claims:
                claims[-1][1].extend(marks)
        elif claims and goes_on and re.match(r"\s*(?:[a-z(,–-]|[^\w\s]?\s*[a-z])", words):
            claims[-1] = (claims[-1][0] + words, claims[-1][1] + marks)  # the mark stood in mid-sentence
        else:
            claims.append((words, marks))
    parsed = [ParsedClaim(_clean(words), tuple(dict.fromkeys(marks))) for words, marks in claims]
    return [claim for claim in parsed if re.search(r"\w", claim.text) and (claim.marks or not is_filler(claim.text))]


def _undecorated(line: str) -> str:
    """The line without bullets, numbering, headings, bold and a label around it."""
    text = _BULLET.sub("", line)
    text = re.sub(r"\*\*|__|(?<![\w`])`|`(?![\w`])|(?<![\w*])\*(?=\w)|(?<=[\w.])\*(?![\w*])", "", text).strip()
    return _OPENING.sub("", _LABEL.sub("", text)).strip() if re.search(r"\w", _OPENING.sub("", text)) else text


def _clean(words: str) -> str:
    words = re.sub(r"\s+([.,;:!?])", r"\1", " ".join(words.split())).lstrip(".,;:!? ")
    words = re.sub(r"(?:\(\)|[,;:(–-])\s*$", "", words).strip()
    quoted = re.fullmatch(r"[\"“”'‘’«]([^\"“”«»]*)[\"“”'‘’»][.!?]?", words)
    return quoted[1].strip() if quoted else words


def _expanded(group: str) -> list[str]:
    """ "1.2, 1.4-1.6" -> 1.2, 1.4, 1.5, 1.6; a range over two passages is its two ends."""
    found: list[str] = []
    for first, join, last in re.findall(rf"({_MARK})(?:(\s*(?:[–-]|to)\s*)({_MARK}))?", group):
        passage, start = first.split(".")
        other, stop = last.split(".") if last else (passage, start)
        if join and passage == other and 0 <= int(stop) - int(start) <= 20:
            found += [f"{passage}.{number}" for number in range(int(start), int(stop) + 1)]
        else:
            found += [mark for mark in (first, last) if mark]
    return [f"{int(p)}.{int(s)}" for p, s in (mark.split(".") for mark in found)]
