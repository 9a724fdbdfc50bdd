"""Numbers with their units in a sentence, in one normal form, so that "97.2\\%" and "97.2 percent" are the same quantity."""

import re
from dataclasses import dataclass

from assistant.terms import fold

_WORDS = dict(
    zip(
        "zero two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand".split(),
        [0, *range(2, 21), 30, 40, 50, 60, 70, 80, 90, 100, 1000],
        strict=True,
    )
) | {
    "dozen": 12,
    "half": 0.5,
    "twice": 2,
    "thrice": 3,
    "double": 2,
    "doubles": 2,
    "doubled": 2,
    "triple": 3,
    "quarter": 0.25,
}
_SCALES = {
    "k": 1e3,
    "thousand": 1e3,
    "m": 1e6,
    "million": 1e6,
    "b": 1e9,
    "bn": 1e9,
    "billion": 1e9,
    "t": 1e12,
    "trillion": 1e12,
}
_UNITS = {
    "%": "%", "percent": "%", "per cent": "%", "percentage points": "points", "percentage point": "points", "points": "points",
    "point": "points", "pp": "points", "x": "times", "×": "times", "times": "times", "time": "times", "fold": "times",
    "-fold": "times", "gb": "gb", "mb": "mb", "kb": "kb", "tb": "tb", "ms": "ms", "milliseconds": "ms", "s": "s",
    "seconds": "s", "second": "s", "minutes": "min", "minute": "min", "hours": "h", "hour": "h", "days": "days", "day": "days",
    "db": "db", "hz": "hz", "khz": "khz", "fps": "fps",
}  # fmt: skip
_MULTIPLIERS = {"twice", "thrice", "double", "doubles", "doubled", "triple"}
_UNIT_PATTERN = "|".join(sorted((re.escape(unit) for unit in _UNITS), key=len, reverse=True))
_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.])(?<![A-Za-z]-)(?P<sign>[-−](?=\d)(?<!\d[-−]))?(?P<value>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?:[ -]?(?P<scale>k|m|b|bn|t|thousand|million|billion|trillion)(?![A-Za-z]))?"
    rf"(?:\s?-?(?P<unit>{_UNIT_PATTERN})(?![A-Za-z]))?",
    re.IGNORECASE,
)
_MODEL_SIZE = re.compile(r"[A-Za-z]\w*-(?P<value>\d+(?:\.\d+)?)(?P<scale>[BMK])\b")
_WORD = re.compile(r"[A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number: its `value` with any scale worked in ("7B" is 7e9), its normal `unit` or "", and the `text` it stood as."""

    value: float
    unit: str
    text: str

    def agrees_with(self, other: "Quantity") -> bool:
        """True for equal values whose units do not contradict each other; a missing unit contradicts nothing."""
        same = abs(self.value - other.value) <= 1e-9 * max(1.0, abs(self.value))
        return same and (self.unit == other.unit or not self.unit or not other.unit)


def quantities(text: str) -> list[Quantity]:
    """Every quantity of `text`; digits inside names (GPT-4, S2FT) and ordinals are none. Both ends of a range count."""
    text = re.sub(r"(?<=\d)\s*(?:\\times|times)(?![a-z])", " times", text)
    text = re.sub(r"10\s*\^\s*\{?\s*([-−]?\d+)\s*\}?", lambda m: f"1e{m[1].replace('−', '-')}", text)
    text = fold(text).replace("−", "-")
    found = [_from_digits(match) for match in _NUMBER.finditer(text)]
    found += [
        Quantity(float(m["value"]) * _SCALES[m["scale"].lower()], "", m.group().rpartition("-")[2])
        for m in _MODEL_SIZE.finditer(text)
    ]
    for match in _WORD.finditer(text):
        word = match.group().lower()
        if word in _WORDS:
            unit = "times" if word in _MULTIPLIERS else _unit_after(text[match.end() : match.end() + 20])
            found.append(Quantity(float(_WORDS[word]), unit, match.group()))
    return found


def _from_digits(match: re.Match[str]) -> Quantity:
    value = float(match["value"].replace(",", ""))
    if match["scale"]:
        value *= _SCALES[match["scale"].lower()]
    unit = _UNITS[match["unit"].lower()] if match["unit"] else ""
    return Quantity(-value if match["sign"] else value, unit, match.group().strip())


def _unit_after(text: str) -> str:
    match = re.match(rf"[\s-]*({_UNIT_PATTERN})(?![A-Za-z])", text, re.IGNORECASE)
    return _UNITS[match[1].lower()] if match else ""
