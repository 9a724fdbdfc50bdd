"""Numbers as questions say them: "3", "twelve", "twenty-five", "a dozen"; and places in an order: "second", "3rd"."""

import re

from assistant.quantities import ONES, TENS

_UNITS = [word for word, value in ONES.items() if 0 < value < 10]
_WORDS = [word for word, value in ONES.items() if value > 1] + ["dozen"]
# Two or more, in words; "twenty five" is read in one way only, as patterns repeat this.
SEVERAL = (
    rf"(?>(?:{'|'.join(TENS)})(?:[- ](?:{'|'.join(_UNITS)})\b)?|{'|'.join(sorted(_WORDS, key=len, reverse=True))})"
)
COUNTING_WORDS = (*_WORDS, *TENS)
_ORDINALS = "second third fourth fifth sixth seventh eighth ninth tenth".split()
ORDINAL = rf"(?:{'|'.join(_ORDINALS)}|\d{{1,3}}(?:st|nd|rd|th))"
_BETWEEN = re.compile(r"[- ]")


def number(word: str) -> int:
    """The number that digits or words say; 1 of any other word."""
    if word.isdigit():
        return int(word)
    values = {**ONES, **TENS, "dozen": 12}
    return sum(values.get(part, 0) for part in _BETWEEN.split(word.lower())) or 1


def place(ordinal: str) -> int:
    """The place, from 1 on, that an `ORDINAL` says."""
    digits = re.match(r"\d+", ordinal)
    return int(digits[0]) if digits else _ORDINALS.index(ordinal.lower()) + 2


def ordinal(place: int) -> str:
    """A place as it is said: 2 as "second", 11 as "11th"."""
    if 2 <= place < len(_ORDINALS) + 2:
        return _ORDINALS[place - 2]
    ending = "th" if 10 < place % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"
