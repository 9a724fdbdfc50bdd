"""Numbers with their units in a sentence, in one normal form: "97.2\\%" and "97.2 percent" are the same quantity.

A quantity is looked for where a number stands by itself; digits inside names (GPT-4, S2FT, CIFAR-100, 2D, top-1) belong to
the name. Papers and models write numbers in many ways, and the seeds have lost the backslashes of their LaTeX ("1.42times",
"sim0.01%"), so both spellings are read.
"""

import math
import re
from dataclasses import dataclass, replace

POINTS, PERCENT, TIMES, MANY = "points", "%", "times", "many"
_SCALES = {"k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12, "mn": 1e6, "bn": 1e9} | {
    "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
}  # fmt: skip
_FLOPS = {"K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_UNIT_NAMES = {
    "%": "% percent per\u0020cent", POINTS: "points point pts pp pps", TIMES: "x times time fold folds ×",
    "kb": "kb kib kilobyte", "mb": "mb mib megabyte", "gb": "gb gib gigabyte g", "tb": "tb tib terabyte",
    "pb": "pb petabyte", "bit": "bit", "byte": "byte", "ns": "ns nanosecond", "us": "us microsecond",
    "ms": "ms msec millisecond", "s": "s sec second", "min": "min minute", "h": "h hr hour", "day": "day",
    "week": "week", "month": "month", "year": "year", "token": "token", "parameter": "parameter param",
    "flop": "flop", "hz": "hz", "khz": "khz", "mhz": "mhz", "ghz": "ghz", "db": "db", "fps": "fps", "mm": "mm",
    "cm": "cm", "m": "m", "km": "km", "kg": "kg", "w": "watt", "$": "usd dollar", "epoch": "epoch",
}  # fmt: skip
_UNITS = {name: unit for unit, names in _UNIT_NAMES.items() for name in names.split()} | {"per cent": "%"}
_COUNTED = {"token", "parameter", "epoch"}  # units that are things counted: they say no more than a noun does
_FUNCTION_WORDS = frozenset(
    """a an the of on in at by for from to and or nor but with without than then that which who whose when while where as is
    are was were be been has have had do does did not no over under above below between within across compared versus vs
    after before during per via if so such it its we our this these those into onto out up can could may might will would
    respectively using requires require while whereas only also both each all any i e g""".split()
)
ONES = dict(
    zip(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
        eighteen nineteen""".split(),
        range(20),
        strict=True,
    )
)
TENS = dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True))
_SPECIAL = {
    "twice": (2.0, TIMES), "thrice": (3.0, TIMES), "double": (2.0, TIMES), "triple": (3.0, TIMES),
    "quadruple": (4.0, TIMES), "half": (50.0, PERCENT), "halve": (50.0, PERCENT),
}  # fmt: skip
_PARTS = {"half": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10}
_PARTS |= {"hundredth": 100, "thousandth": 1000}

_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\bdoi:\S+", re.IGNORECASE)
_GLUED = re.compile(r"(?<![A-Za-z])(?:sim|simeq|approx|leq?|geq?|pm|times|rightarrow)(?=\d)")
_REFERENCE = re.compile(r"\[\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*\]|\(\d{1,2}\)|(?<![\w.,(])\d{1,2}\)")
_PLAIN = str.maketrans({"−": "-", "–": "-", "‐": "-", "‑": "-", "—": ";", "﹣": "-", "∼": " ", "~": " ", "≈": " "} | {
    fullwidth: plain for fullwidth, plain in zip("０１２３４５６７８９．，％", "0123456789.,%", strict=True)
} | {"$": " ", "\\": " ", "}": " ", "*": " "})  # fmt: skip
_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_VALUE = r"\d{1,3}(?:(?:,|\x01+,?\x01*|[\u2009\u202f\u00a0'])\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_NUMBER = re.compile(
    rf"(?<![^\W_])(?<![\^_@#.])(?P<value>{_VALUE})"
    r"(?:\s{0,2}(?:x|×|times|\s)\s?(?P<base>10)(?:\s?\^\s?\^?\s?(?P<power>[-+]?\s?\d{1,4})|(?P<raised>[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,4}))"
    r"|(?:\s?\^\s?\^?\s?(?P<own>[-+]?\s?\d{1,4})|(?P<own_raised>[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,4}))"
    r"|e(?P<exponent>[-+]?\d{1,3})(?![\w.]))?\+?"
    r"(?:\s?(?P<scale>[KkMBbT]|[mb]n)(?=[^\w]|_|$)|[\s-]{0,2}(?P<word>hundred|thousand|million|billion|trillion)(?![A-Za-z]))?\+?",
)
_AFTER = re.compile(
    r"(?P<gap>\s{0,2}-?\s?)(?:(?P<prefix>[KMGTPE])?\s?(?P<flop>FLOPs?)\b"
    rf"|(?:(?:\w+\s+){{0,2}}(?:gpu|tpu|cpu)[\s-]+)?(?:(?:absolute|additional|accuracy|percentage|perplexity|relative|%|percent)\s+){{0,2}}(?P<unit>{_UNIT})s?"
    r"(?:(?<=times)(?=[A-Z])|(?<=[%×])|(?![^\W_]))(?P<points>\s?-?points?\b)?|(?P<noun>[^\W\d_]+))",
    re.IGNORECASE,
)
_ONE_WORD = "|".join([*ONES, *TENS])
_WORDS = re.compile(
    rf"(?<![\w-])(?P<first>{_ONE_WORD}|an?|several|many|some)?(?:(?<=y)[\s-](?P<second>{'|'.join(list(ONES)[1:10])}))?"
    r"(?:(?:^|(?<=\w)\s|(?<=\w)-|(?<![\w-]))(?P<scale>hundred|thousand|million|billion|trillion|dozen)(?P<plural>s)?)?(?![^\W_])",
    re.IGNORECASE,
)
_FRACTION = re.compile(
    rf"(?<![\w-])(?:(?P<count>an?|one|two|three|four|five|seven|nine)[\s-](?P<part>{'|'.join(_PARTS)})s?"
    r"(?![\w-])(?=\s+(?:of|as|the|less|fewer|more|smaller|lower|higher|faster|larger|that|its|their)\b|\s*[.,;)]|\s*$)"
    r"|(?P<special>twice|thrice|doubl(?:es?|ed|ing)|tripl(?:es?|ed|ing)|quadrupl(?:es?|ed|ing)|half|halv(?:es?|ed|ing))(?![\w-])"
    r"|(?P<folds>two|three|four|five|six|seven|eight|nine|ten|hundred|thousand)-?fold\b|(?P<above>[1-9])\s?/\s?(?P<below>\d{1,4})(?![\w/]|\.\d|\s?-?bit))",
    re.IGNORECASE,
)
_BOUND_WORDS = {
    "about": "about|around|approximately|roughly|circa|some|close to|[~≈∼]|sim",
    "nearly": "nearly|almost|just under|just below|not quite",
    "over": "(?:just |slightly |well )?(?:over|above)|exceeding|(?:more|greater|higher) than",
    "under": "(?:well )?(?:under|below)|(?:less|fewer|lower|smaller) than",
    "at least": "at least|no (?:less|fewer) than",
    "at most": "at most|up to|no more than|as (?:many|much) as",
}
_BOUND = re.compile(
    "|".join(f"(?P<{name.replace(' ', '_')}>(?<![a-z])(?:{words}))" for name, words in sorted(_BOUND_WORDS.items()))
)
LOWER_BOUNDS, UPPER_BOUNDS = frozenset({"over", "at least"}), frozenset({"under", "at most"})
_ROUNDED = {"about": (0.95, 1.05), "nearly": (0.95, 1.0), "over": (1.0, 1.25), "under": (0.75, 1.0)}
_NOT_HALF = re.compile(r"(?:first|second|latter|other|former|upper|lower|per)\s+$", re.IGNORECASE)
_MOBILE_NETWORK = re.compile(r"[2-6]G\b(?!\s*(?:HBM|RAM|GPU|mem|B))")  # "5G", not "5G RAM"
_SIZE_IN_NAME = re.compile(r"(?:(?<=[A-Za-z0-9.][-_])|(?<=\dx))(?P<value>\d+(?:\.\d+)?)(?P<scale>[KMBTkmb])(?![^\W_])")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number: its `value` with any scale worked in ("7B" is 7e9), the `text` as it stands at `start` to `end`, its `unit`.

    `unit` is a normal name ("%", "points", "times", "gb", "token" …), "many" for "thousands of", or ""; `noun` is the word that
    follows where no unit does, in lower case; `bound` is how the words before qualify it ("about", "nearly", "over", "under",
    "at least", "at most", or "").
    """

    value: float
    unit: str
    text: str
    start: int = 0
    end: int = 0
    noun: str = ""
    bound: str = ""

    @property
    def is_measured(self) -> bool:
        """True where the unit changes what the number means; things counted do not."""
        return bool(self.unit) and self.unit not in _COUNTED

    def agrees_with(self, other: "Quantity") -> bool:
        """True where `other`, of a source, holds this quantity: an equal value in the same unit.

        A claim may leave a unit out; it may not put one in, nor take percent for points. Fractions in words allow the
        rounding of percentages (a third is 33 % and 33.3 %), "thousands" any number from 1000 up to a million. A number that
        says so ("about 40 %", "nearly a third", "more than 9 points") may be a rounded one.
        """
        if MANY in (self.unit, other.unit):
            many, exact = (self, other) if self.unit == MANY else (other, self)
            if exact.is_measured and exact.unit != MANY:
                return False
            above = 10.0 if many.value < 1000 else 1000.0
            return many.value <= exact.value < many.value * above if exact.unit != MANY else many.value == exact.value
        contradicts = (
            self.is_measured or (other.is_measured and bool(self.unit or self.noun)) or bool(self.unit and other.unit)
        )
        if self.unit != other.unit and contradicts:
            return False
        rounding = 0.35 if self.unit == PERCENT and self.text.rstrip()[-1:].isalpha() and self.value % 1 else 0.0
        return math.isclose(self.value, other.value, rel_tol=1e-9, abs_tol=rounding) or self._rounds(other.value)

    def rounds_to(self, exact: float) -> bool:
        """True where this is `exact` to the digits that it is written with, or a rounding that says so."""
        decimals = len(self.text.rstrip("%x× ").partition(".")[2].split(" ")[0]) if "." in self.text else 0
        is_near = math.isclose(self.value, exact, rel_tol=0.05) and math.isclose(self.value, round(exact, decimals))
        return is_near or self._rounds(exact)

    def _rounds(self, exact: float) -> bool:
        """True where this is a coarser number near `exact`, on the side that its bound names."""
        least, most = _ROUNDED.get(self.bound, (1.0, 1.0))
        if not self.value or least == most or not least <= exact / self.value <= most:
            return False
        is_fraction = self.unit == PERCENT and self.text.rstrip()[-1:].isalpha() and self.value % 1 != 0
        return exact != self.value and (is_fraction or _digits(self.value) < _digits(exact))


def quantities(text: str, in_names: bool = False) -> list[Quantity]:
    """Every quantity of `text` in order; both ends of a range count. Never raises.

    With `in_names` also the sizes that are part of a name: the 7B of LLaMA-7B. A bare "one" and ordinals are none.
    """
    plain = _plain(text)
    found = [quantity for match in _NUMBER.finditer(plain) if (quantity := _from_digits(text, plain, match))]
    fractions = [_fraction(text, match) for match in _FRACTION.finditer(plain) if not _is_no_half(plain, match)]
    taken = {position for q in fractions for position in range(q.start, q.end)}
    scales = {position for q in found for position in range(q.start + 1, q.end)}  # the "million" of "2 million"
    words = [q for match in _WORDS.finditer(plain) if match.group() and (q := _from_words(text, plain, match))]
    found = [q for q in found + [w for w in words if w.start not in scales] if q.start not in taken] + fractions
    if in_names:
        found += [
            Quantity(float(m["value"][:30]) * _SCALES[m["scale"].lower()], "", m.group(), m.start(), m.end())
            for m in _SIZE_IN_NAME.finditer(plain)
        ]
    placed = _with_shared_units(plain, sorted(found, key=lambda quantity: quantity.start))
    return [replace(quantity, bound=_bound_before(text, quantity.start)) for quantity in placed]


def _bound_before(text: str, start: int) -> str:
    """How the words directly before position `start` qualify the number there; "" where they do not."""
    before = text[max(0, start - 24) : start].lower().rstrip(" $\\")
    match = next((m for m in _BOUND.finditer(before) if m.end() == len(before)), None)
    return (match.lastgroup or "").replace("_", " ") if match else ""


def _digits(value: float) -> int:
    """How many digits a number has but for zeros at its ends: 2 for 43, 1 for 300, 4 for 42.76."""
    return len(f"{abs(value):.10g}".replace(".", "").split("e")[0].strip("0"))


def _plain(text: str) -> str:
    """`text` at the same length, with plain signs, and without addresses and the numbers that only number something."""

    def blank(match: re.Match[str]) -> str:
        return " " * len(match.group())

    text = re.sub(r"(?<=\d)\{,\}(?=\d{3})", "\x01,\x01", text)
    text = re.sub(r"(?<=\d)\\,(?=\d{3})", "\x01\x01", text)
    text = re.sub(r"(?<=[\^_])\{", "^", text).translate(_PLAIN).replace("{", " ")
    for pattern in (_ADDRESS, _REFERENCE, _GLUED):
        text = pattern.sub(blank, text)
    return text


def _from_digits(text: str, plain: str, match: re.Match[str]) -> Quantity | None:
    start, end = match.span()
    sign = _sign(plain, start)
    if sign is None or re.match(r"\.\d", plain[end : end + 2]):
        return None  # the end of a name, or a version or date such as 2022.06.08
    value = _power(match, float(re.sub(r"[^\d.]", "", match["value"])[:400]))
    scale = match["scale"] or match["word"]
    after = _AFTER.match(plain, end)
    if scale:
        value *= _SCALES[scale.lower()]
    elif after and not after["gap"] and (after["noun"] or "").lower() not in ("", "s"):
        return None  # 3DGS, 2D, 1st
    if _MOBILE_NETWORK.match(plain, match.start()):
        return None
    unit, noun, end, factor = _unit(plain, end, after)
    start -= sign < 0
    return Quantity(sign * value * factor, unit, text[start:end], start, end, noun)


def _sign(plain: str, start: int) -> int | None:
    """1 or -1; None where the hyphen or slash before the number makes it part of a name (GPT-4, B/16)."""
    before = plain[max(0, start - 2) : start]
    if before.endswith("-"):
        if len(before) == 1 or before[0] in " (,;:[=\t\n<>":
            return -1 if len(before) == 1 or before[0] != "-" else None
        return 1 if re.search(r"(?:\d|\d[A-Za-z]|%|\d\s?[a-z]{1,5}|\s)-$", plain[max(0, start - 8) : start]) else None
    if before.endswith("/"):
        return 1 if re.search(r"\d[A-Za-z%]?/$", plain[max(0, start - 4) : start]) else None
    return 1


def _power(match: re.Match[str], value: float) -> float:
    power = match["power"] or match["raised"]
    own = match["own"] or match["own_raised"]
    exponent = match["exponent"]
    try:
        if power:
            return float(value * 10.0 ** int(re.sub(r"\s", "", power.translate(_SUPERSCRIPT))))
        if own:
            return float(value ** int(re.sub(r"\s", "", own.translate(_SUPERSCRIPT))))
        return value * 10.0 ** int(exponent) if exponent else value
    except (ArithmeticError, ValueError):
        return math.inf


def _unit(plain: str, end: int, after: re.Match[str] | None) -> tuple[str, str, int, float]:
    """The unit or the noun that follows position `end`, where the quantity ends, and what the unit multiplies it by (GFLOPs)."""
    if not after:
        return "", "", end, 1.0
    if after["flop"]:
        return "flop", "", after.end(), _FLOPS.get((after["prefix"] or "").upper(), 1.0)
    if after["unit"]:
        unit = _UNITS[after["unit"].lower()]
        if unit == "s" and not after["gap"] and re.search(r"(?:1[89]|20)\d\d$", plain[max(0, end - 4) : end]):
            return "", "", end, 1.0  # the 1990s
        if unit == TIMES and after["unit"] in "xX×" and re.match(r"\s?\d", plain[after.end() : after.end() + 2]):
            return "", "", end, 1.0  # 3x3, 8x7B: a product
        if after["points"] or "percentage" in after.group().lower():
            unit = POINTS if after["points"] or unit == POINTS else unit
        return unit, "", after.end(), 1.0
    noun = after["noun"].lower()
    return "", "" if noun in _FUNCTION_WORDS or noun == "x" else noun[:40], end, 1.0


def _from_words(text: str, plain: str, match: re.Match[str]) -> Quantity | None:
    first, second = (match["first"] or "").lower(), (match["second"] or "").lower()
    scale, plural = (match["scale"] or "").lower(), match["plural"]
    if not scale and (first not in ONES and first not in TENS or first == "one"):
        return None
    if first == "zero" and plain[match.end() : match.end() + 1] == "-":
        return None  # zero-shot
    value = float(ONES.get(first, TENS.get(first, 1)) + ONES.get(second, 0))
    value *= 12 if scale == "dozen" else _SCALES.get(scale, 1)
    start, end = match.span()
    if plural or first in ("several", "many", "some"):
        return Quantity(value, MANY, text[start:end], start, end)
    unit, noun, end, factor = _unit(plain, end, _AFTER.match(plain, end))
    return Quantity(value * factor, unit, text[start:end], start, end, noun)


def _fraction(text: str, match: re.Match[str]) -> Quantity:
    start, end = match.span()
    if match["part"]:
        value, unit = 100.0 * ONES.get(match["count"].lower(), 1) / _PARTS[match["part"].lower()], PERCENT
    elif match["below"]:
        value, unit = 100.0 * int(match["above"]) / max(1, int(match["below"])), PERCENT
    elif match["folds"]:
        folds = match["folds"].lower()
        value, unit = float(ONES.get(folds) or _SCALES[folds]), TIMES
    else:
        word = match["special"].lower()
        value, unit = next(_SPECIAL[known] for known in _SPECIAL if word.startswith(known[:4]))
    return Quantity(value, unit, text[start:end], start, end)


def _is_no_half(plain: str, match: re.Match[str]) -> bool:
    """ "the first half", "the other half": a place, not a share."""
    if match["below"]:  # 4/8, 7/5: no share
        above, below = int(match["above"]), int(match["below"])
        return below <= above or math.gcd(above, below) > 1
    return bool(match["special"]) and bool(_NOT_HALF.search(plain[max(0, match.start() - 10) : match.start()]))


def _with_shared_units(plain: str, found: list[Quantity]) -> list[Quantity]:
    """Gives a range's or list's first number the unit, and where it is smaller the scale, of the last: "15 to 30 dB"."""
    for index in range(len(found) - 2, -1, -1):
        first, second = found[index], found[index + 1]
        between = plain[first.end : second.start].strip().lower()
        if first.unit or first.noun or between not in ("-", "", "to", "and", "or", "/", "to approx") or not second.unit:
            continue
        if not between and "-" not in second.text[:1]:
            continue
        found[index] = replace(first, unit=second.unit)
    for index, first in enumerate(found[:-1]):
        second = found[index + 1]
        scale = re.search(
            r"(?<=\d)\s?-?(?:([KkMBTGPE])(?=\s?FLOP|\b)|(million|billion|trillion|thousand)\b)", second.text
        )
        if scale and re.fullmatch(r"\s*(?:-|to)\s*", plain[first.end : second.start]) and first.value < 1000:
            factor = (
                _FLOPS.get(scale[1] or "") if "FLOP" in second.text else _SCALES.get((scale[1] or scale[2]).lower())
            )
            if factor and first.value < second.value / factor and not re.search(r"[A-Za-z]", first.text):
                found[index] = replace(first, value=first.value * factor)
    return found
