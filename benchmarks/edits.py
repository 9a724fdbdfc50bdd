"""Wider edits for `checks.py`: each turns a true sentence into a false claim, or gives None where it does not apply.

Deterministic, so that two runs compare. Not blind: their author had seen the checker.
"""

import re
from collections.abc import Callable

_OPPOSITES = """increase/decrease increases/decreases higher/lower better/worse faster/slower more/fewer improve/degrade
improves/degrades with/without best/worst always/never before/after larger/smaller reduces/increases reduce/increase
effective/ineffective superior/inferior high/low large/small strong/weak gains/losses efficient/inefficient
supervised/unsupervised enables/prevents significantly/negligibly most/least above/below positive/negative easy/hard
simple/complex longer/shorter first/last open/closed early/late internal/external local/global linear/nonlinear""".split()
_OTHER_SIDE = {a: b for pair in _OPPOSITES for a, b in (pair.split("/"), pair.split("/")[::-1])}
_UNITS = [
    ("%", " percentage points"),
    ("billion", "million"),
    ("million", "billion"),
    ("GB", "MB"),
    ("hours", "minutes"),
]
_WORDS = "two three four five six seven eight nine ten".split()
_BEATS = re.compile(
    r"(.{8,90}?) (outperforms?|surpass(?:es)?|exceeds|beats|is better than) (.{4,90}?)"
    r"((?:,| on | in | by | across | for | with ).*)"
)


def other_unit(text: str) -> str | None:
    """The first measured number with another unit."""
    for unit, other in _UNITS:
        changed = re.sub(rf"(\d)\s?\\?{unit}", rf"\1 {other.strip()}", text, count=1)
        if changed != text:
            return changed
    return None


def other_word_number(text: str) -> str | None:
    """The first number in words, two more."""
    match = re.search(rf"\b({'|'.join(_WORDS)})\b", text)
    if not match:
        return None
    return text[: match.start()] + _WORDS[(_WORDS.index(match[1]) + 2) % len(_WORDS)] + text[match.end() :]


def opposite_word(text: str) -> str | None:
    """The first word that has an opposite, turned around."""
    match = next((m for m in re.finditer(r"\w+", text) if m.group() in _OTHER_SIDE), None)
    return text[: match.start()] + _OTHER_SIDE[match.group()] + text[match.end() :] if match else None


def swapped_sides(text: str) -> str | None:
    """What outperforms and what is outperformed, exchanged."""
    match = _BEATS.match(text)
    return f"{match[3]} {match[2]} {match[1]}{match[4]}" if match else None


def passive(text: str) -> str | None:
    """The same comparison told the other way round, which stays true."""
    match = _BEATS.match(text)
    if not match or not match[2].startswith(("outperform", "surpass")):
        return None
    verb = "outperformed" if match[2].startswith("outperform") else "surpassed"
    return f"{match[3]} is {verb} by {match[1]}{match[4]}"


FALSE: dict[str, Callable[[str], str | None]] = {
    "caught: another unit": other_unit,
    "caught: another number in words": other_word_number,
    "caught: an opposite word": opposite_word,
    "caught: sides exchanged": swapped_sides,
}
TRUE: dict[str, Callable[[str], str | None]] = {"kept: told in the passive": passive}
