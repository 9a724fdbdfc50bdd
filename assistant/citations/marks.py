"""Reading a model's lines: its claims, the marks that they cite, the fixed refusal, and lines that claim nothing."""

import re
from dataclasses import dataclass

_MARK = r"[1-9]\d{0,2}\.\d{1,3}"
_LONGEST_CITED = 300  # characters at the end of a claim that may cite passages
# As models write them: [1.2], 【1.2†source】, [^1.2], [see 1.2], [Source 1.2; 1.3], [1.2](#a).
MARKS = re.compile(
    r"\[?[\[【]\s*(?:\^|(?:(?:see|sources?|evidence|sentences?|passages?|refs?|ids?|cf|[sp])\b\.?:?|§|#)\s?)?"
    rf"({_MARK}(?:(?:\s*+(?:[,;–-]|and|to)\s*+|\s++){_MARK})*+)(?:\s?†[^\]】\n]{{0,30}})?\s*[\]】]\]?(?:\((?:#|http)[^)\s]{{0,200}}\))?",
    re.IGNORECASE,
)
_PASSAGES = re.compile(r"(?:\s*[\[【](\d{1,2}(?:\s*[,;]\s*\d{1,2})*)[\]】])+[\s.;!]*$")
_REFUSAL = re.compile(r"^\W*not[ _-]?found\W*$", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:(?:[-*•–>]|\d{1,2}[.)]|\(\d{1,2}\)|[a-z][)]|#+)\s+)+")
_LABEL = re.compile(r"^(?:answer|claim(?:\s\d+)?)\s*:\s*", re.IGNORECASE)
# What a model says around its claims. "The evidence does not say …" claims nothing that a mark could support.
_FILLER = re.compile(
    r"^(?:sure|certainly|of course|okay|ok|great question|absolutely|here(?:'s|’s| is| are)\b.*|(?:the )?(?:answer|summary"
    r"|sources|references|conclusion|claims?|key (?:points|findings))"
    r"|in (?:summary|short)|to summari[sz]e|(?:i hope|let me know|feel free)\b.*"
    r"|please (?:let|note|feel|ask)\b.*|if you (?:have|would|need|want)\b.*"
    r"|(?:i['’]?m|i am|we are)?\s?(?:very )?sorry\b.*|as an ai\b.*|i (?:cannot|can['’]t|could ?n['’o]t|do ?n['’o]t|am unable)\b.*"
    r"|yes|no|it depends|thanks?\b.*|thank you\b.*"
    r"|(?:would|do) you (?:like|want)\b.*|is there anything\b.*|based on the (?:evidence|papers?|provided|given)[^.]*"
    r"|(?:the|this) (?:\w+ ){0,2}(?:evidence|passages?|sentences?|context|sources?)\b.{0,20}?(?:\bnot|n['’]t|\bnothing|\bno) .*"
    r"|(?:no|none of the) (?:\w+ ){0,2}(?:evidence|passages?|sentences?|sources?)\b.*|</?\w+>|```\w*)[\s.!:,]*$",
    re.IGNORECASE,
)
# What says that the evidence does not tell: no claim, but the answer is none to all that was asked.
_NOT = r"(?:\b(?:not|nor|cannot|never|nothing|no)\b|n['’]t\b)"
_EVIDENCE = r"\b(?:evidence|passages?|excerpts?|sentences?|context|sources?|papers?|abstracts?|text|material)\b"
_TOLD = (
    r"(?:stat|specif|report|mention|provid|giv|contain|includ|describ|sa[iy]|tell|told|disclos|answer|compar|cover|know|detail)"
    r"\w*"
)
_LACKING = re.compile(
    rf"{_NOT}.{{0,60}}{_EVIDENCE}|{_EVIDENCE}.{{0,40}}{_NOT}|{_NOT}\s(?:\w+\s){{0,2}}{_TOLD}\s*(?:here)?[.!]?$"
    r"|^no (?:\w+ ){0,2}information\b",
    re.IGNORECASE,
)
_LACKING_TAIL = re.compile(
    r"\s?[,;–—-]{1,3}\s?(?:but|although|though|while|whereas|however|and)\b[^.;]{0,60}\b(?:evidence|passages?|excerpts?)\b"
    rf"[^.;]{{0,40}}{_NOT}[^.;]{{0,200}}[.\s]*$",
    re.IGNORECASE,
)
_SOURCES = re.compile(r"^\W*(?:sources?|references?|evidence|citations?|see(?: also)?|cf)\W*$", re.IGNORECASE)
_BOLD = re.compile(r"^\s*(?:\*\*|__)[^*_]{1,120}(?:\*\*:?|__:?|:\*\*|:__)\s*$")
_MATH = {  # commands that stand for one sign, and the sign
    "times": "×", "approx": "≈", "sim": "~", "pm": "±", "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "to": "→",
    "rightarrow": "→", "cdot": "·", "%": "%", "&": "&", "$": "$",
}  # fmt: skip
_COMMAND = re.compile(r"\\(times|approx|sim|pm|leq?|geq?|rightarrow|to|cdot)(?![a-z])\s?|\\([%&$])")
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
    if MARKS.search(line):
        return False
    text = undecorated(line)
    if not re.search(r"\w", text) or re.fullmatch(r"\s*(?:```|~~~)\s*\w*\s*", line):
        return True
    if text.endswith((":", "?")) or is_heading(line):
        return True
    return len(text) < 400 and (bool(_FILLER.match(text)) or bool(_LACKING.search(text)))


def is_heading(line: str) -> bool:
    """True for a line that names what follows: "## Memory", "**Memory**", "Memory:"."""
    if MARKS.search(line) or not re.search(r"\w", line):
        return False
    return bool(
        re.match(r"\s*#+\s", line) or _BOLD.match(line) or (len(line) < 120 and line.rstrip("* _").endswith(":"))
    )


def says_lacking(line: str) -> bool:
    """True for a line, or a claim's last clause, that says what the evidence does not tell."""
    text = undecorated(line)
    if not MARKS.search(line):
        return len(text) < 400 and bool(_LACKING.search(text))
    return bool(_LACKING_TAIL.search(" ".join(MARKS.sub("", text).split())))


def passages_of(text: str) -> tuple[str, tuple[int, ...]]:
    """A claim without marks, and the passages that it cites as a whole: "It works [2]." is "It works." and 2."""
    match = _PASSAGES.search(text, max(0, len(text) - _LONGEST_CITED))
    if not match:
        return text, ()
    numbers = tuple(dict.fromkeys(int(number) for number in re.findall(r"\d+", match.group())))
    stop = "." if match.group().rstrip().endswith(".") else ""
    return text[: match.start()].rstrip() + stop, numbers


def parse_claims(line: str) -> list[ParsedClaim]:
    """The claims of a line: a sentence or more with the marks in or behind it; what follows the last marks stands without.

    [1.2] [1.3, 2.1] [1.2; 1.4] [1.2-1.4] and 【1.2】 are marks: a passage from 1 on, a point, a sentence. (1.2) is none, nor
    is [0.87] or [12], so values and references in brackets stay in the text.
    """
    text = undecorated(line)
    first = MARKS.match(text)
    if first and not MARKS.search(text, first.end()):
        text = f"{text[first.end() :].lstrip(' :–-')} {first.group()}"  # "[1.2] It works."
    claims: list[tuple[str, list[str]]] = []
    position = 0
    for match in [*MARKS.finditer(text), None]:
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
            if claims and end and stop == ";":  # what stood behind a semicolon is a sentence now
                claims[-1] = (claims[-1][0].rstrip() + ".", claims[-1][1])
                words = re.sub(r"[a-z]", lambda letter: letter.group().upper(), words, count=1)
            claims.append((words, marks))
    parsed = [ParsedClaim(_clean(words), tuple(dict.fromkeys(marks))) for words, marks in claims]
    stated = [claim for claim in parsed if re.search(r"\w", claim.text) and not _SOURCES.match(claim.text)]
    return [claim for claim in stated if claim.marks or not is_filler(claim.text)]


def undecorated(line: str) -> str:
    """The line without bullets, numbering, headings, bold and a label around it."""
    text = _BULLET.sub("", line.strip())
    text = re.sub(r"\*\*|__|(?<![\w`])`|`(?![\w`])|(?<![\w*])\*(?=\w)|(?<=[\w.])\*(?![\w*])", "", text).strip()
    return _OPENING.sub("", _LABEL.sub("", text)).strip() if re.search(r"\w", _OPENING.sub("", text)) else text


def _clean(words: str) -> str:
    words = re.sub(r"\s+([.,;:!?])", r"\1", " ".join(words.split())).lstrip(".,;:!? ")
    words = re.sub(r"(?:\(\)|[,;:(–-])\s*$", "", words).strip()
    words = _LACKING_TAIL.sub(".", words)
    words = _plain_math(words) if "\\" in words or "$" in words else words
    quoted = re.fullmatch(r"[\"“”'‘’«]([^\"“”«»]*)[\"“”'‘’»][.!?]?", words)
    return quoted[1].strip() if quoted else words


def _plain_math(words: str) -> str:
    """Words without the delimiters of LaTeX and its commonest commands: "$14\\times$" is "14×"."""
    words = _COMMAND.sub(lambda match: _MATH[match[1] or match[2]], words)
    words = re.sub(r"\\[()\[\]]", "", words)
    words = re.sub(r"\\(?:text|textbf|textit|emph|mathrm|mathbf)\{([^{}]*)\}", r"\1", words)
    return re.sub(r"(?<![\w$])\$([^$\\]{1,40})\$(?!\w)", r"\1", words)


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
