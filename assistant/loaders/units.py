"""What the LaTeX packages siunitx and units write quantities with, as plain text: `\\SI{5}{\\kilo\\gram}` is "5 kg"."""

import re
from collections.abc import Mapping

# How many arguments each command has before its unit, and whether it has a unit.
_COMMANDS = {"SI": (1, True), "qty": (1, True), "SIrange": (2, True), "qtyrange": (2, True), "SIlist": (1, True),
             "qtylist": (1, True), "num": (1, False), "numrange": (2, False), "numlist": (1, False), "ang": (1, False),
             "si": (0, True), "unit": (0, True), "unitfrac": (1, True)}  # fmt: skip
# A pair of backslashes ends a line: what follows it is no command.
_COMMAND = re.compile(rf"\\\\|\\({'|'.join(_COMMANDS)})(?![A-Za-z@])\*?")
_OPTION = re.compile(r"\s*\[([^][]{0,300})\]")
_ARGUMENT = re.compile(r"\s*\{((?:[^{}]|\{[^{}]{0,100}\}){0,300})\}")
_OWN_UNIT = re.compile(
    r"\\DeclareSIUnit\s*(?:\[[^][]{0,300}\])?\s*\{?\s*\\([A-Za-z]{1,40})\s*\}?\s*\{((?:[^{}]|\{[^{}]{0,60}\}){0,100})\}"
)
_IN_UNIT = re.compile(
    r"\\(?P<name>[A-Za-z]+)\s*(?:\{(?P<argument>[^{}]*)\})?|\\(?P<sign>[^A-Za-z])|(?P<literal>[^\\]+)"
)
_PREFIXES = {"quecto": "q", "ronto": "r", "yocto": "y", "zepto": "z", "atto": "a", "femto": "f", "pico": "p", "nano": "n",
             "micro": "µ", "milli": "m", "centi": "c", "deci": "d", "deca": "da", "deka": "da", "hecto": "h", "kilo": "k",
             "mega": "M", "giga": "G", "tera": "T", "peta": "P", "exa": "E", "zetta": "Z", "yotta": "Y", "kibi": "Ki",
             "mebi": "Mi", "gibi": "Gi", "tebi": "Ti", "mu": "µ", "textmu": "µ"}  # fmt: skip
_UNITS = {"ampere": "A", "candela": "cd", "kelvin": "K", "gram": "g", "metre": "m", "meter": "m", "mole": "mol", "second": "s",
          "becquerel": "Bq", "coulomb": "C", "degreeCelsius": "°C", "celsius": "°C", "farad": "F", "gray": "Gy", "henry": "H",
          "hertz": "Hz", "joule": "J", "katal": "kat", "lumen": "lm", "lux": "lx", "newton": "N", "ohm": "Ω", "pascal": "Pa",
          "radian": "rad", "siemens": "S", "sievert": "Sv", "steradian": "sr", "tesla": "T", "volt": "V", "watt": "W",
          "weber": "Wb", "astronomicalunit": "au", "bel": "B", "dalton": "Da", "atomicmassunit": "u", "day": "d",
          "decibel": "dB", "electronvolt": "eV", "hectare": "ha", "hour": "h", "litre": "L", "liter": "L", "minute": "min",
          "neper": "Np", "tonne": "t", "percent": "%", "degree": "°", "arcminute": "′", "arcsecond": "″", "arcmin": "′",
          "arcsec": "″", "angstrom": "Å", "bar": "bar", "barn": "b", "knot": "kn", "mmHg": "mmHg", "nauticalmile": "M",
          "parsec": "pc", "lightyear": "ly", "gauss": "G", "bit": "bit", "byte": "byte", "molar": "M", "kWh": "kWh",
          "AA": "Å", "Omega": "Ω", "circ": "°", "textdegree": "°", "cdot": "·"}  # fmt: skip
_MICRO = re.compile(r"u(?=(?:m|s|g|l|L|mol|A|V|W|J|F|H|T|N|Pa|M|C|eV)$)")  # "\um", as siunitx abbreviates it
_AFTER_POWER = {"squared": "2", "cubed": "3"}
_BEFORE_POWER = {"square": "2", "cubic": "3"}
_NO_SPACE = ("°", "′", "″")


def plain_units(text: str) -> str:
    """`text` with every quantity, number, angle and unit of these packages as plain text, the rest as it was."""
    own = {name: _unit(written, {}) for name, written in _OWN_UNIT.findall(text)}
    text = _OWN_UNIT.sub("", text) if own else text
    parts, at = [], 0
    for match in _COMMAND.finditer(text):
        if match[1] and match.start() >= at and (read := _read(match[1], text, match.end(), own)):
            parts += [text[at : match.start()], read[0]]
            at = read[1]
    return "".join([*parts, text[at:]])


def _read(name: str, text: str, at: int, own: Mapping[str, str]) -> tuple[str, int] | None:
    """The plain text of the command whose arguments begin at `at`, and where they end; None where they are not all there, as
    those of other packages' commands of the name are not."""
    count, has_unit = _COMMANDS[name]
    option = _OPTION.match(text, at)
    values: list[str] = []
    end = option.end() if option else at
    for number in range(count + has_unit):
        if number == count and (before := _OPTION.match(text, end)):  # \SI{5}[\$]{}: what stands before the number
            end = before.end()
        if not (found := _ARGUMENT.match(text, end)):
            return None
        values.append(found[1])
        end = found.end()
    bracketed = option[1] if option and re.fullmatch(r"[\d.,\s$+-]+", option[1]) else ""
    if name == "unitfrac":  # of the package units, whose value stands in brackets, as in \unit[5]{kg}
        return _joined(bracketed, "/".join(_unit(value, own) for value in values)), end
    unit = _unit(values.pop(), own) if has_unit else ""
    if name == "ang":
        parts = zip(values[0].split(";"), "°′″", strict=False)
        return "".join(f"{_number(part)}{sign}" for part, sign in parts if part.strip()), end
    if name.endswith("list"):
        numbers = [_number(part) for part in values[0].split(";")]
        value = f"{', '.join(numbers[:-1])} and {numbers[-1]}" if len(numbers) > 1 else numbers[0]
    else:
        value = " to ".join(map(_number, values))
    return _joined(value or _number(bracketed), unit), end


def _joined(value: str, unit: str) -> str:
    return value + unit if unit.startswith(_NO_SPACE) and unit[1:2] != "C" else f"{value} {unit}".strip()


def _number(written: str) -> str:
    """A number as siunitx prints it: "1.5e-3" is 1.5 × 10^{-3}."""
    text = re.sub(r"\\(?:pm|mp)(?![A-Za-z])|\+-", " ± ", " ".join(written.split()))
    text = re.sub(r"(?<=\d),(?=\d)", ".", text)
    text = re.sub(r"(?<=[\d.)])\s*[eEdD]\s*([+-]?)(\d+)", lambda m: f" × 10^{{{m[1].strip('+')}{m[2]}}}", text)
    text = re.sub(r"(?<![\d.])e([+-]?\d+)", r"10^{\1}", text)
    text = re.sub(r"(?<=\d)\s*x\s*(?=\d)", " × ", text)
    text = re.sub(r"\\(?:num|times|cdot)(?![A-Za-z])", " × ", text)
    return " ".join(re.sub(r"[~${}]|\\,", lambda m: m.group() if m.group() in "{}" else " ", text).split())


def _unit(written: str, own: Mapping[str, str]) -> str:
    """A unit as plain text: its commands by their symbols, what it is divided by after a slash."""
    above: list[str] = []
    below: list[str] = []
    prefix = power = ""
    is_below = False
    latest: list[str] = []  # where the unit before stands, which a power after it raises
    for part in _IN_UNIT.finditer(written):
        name, literal = part["name"], part["literal"]
        group = below if is_below else above
        if name == "per":
            is_below = True
        elif name in _PREFIXES:
            prefix = _PREFIXES[name]
        elif name in _BEFORE_POWER:
            power = _BEFORE_POWER[name]
        elif name in _AFTER_POWER or name in ("tothe", "raiseto"):
            raised = _AFTER_POWER.get(name) or (part["argument"] or "").strip()
            if name == "raiseto":
                power = raised
            elif latest:
                latest[-1] += f"^{{{raised}}}"
        elif name and name not in ("of", "highlight", "cancel", "text", "mathrm", "textrm", "rm"):
            symbol = prefix + (_UNITS.get(name) or own.get(name) or _MICRO.sub("µ", name))
            group.append(f"{symbol}^{{{power}}}" if power else symbol)
            prefix, power, is_below, latest = "", "", False, group
        elif text := " ".join(re.sub(r"[.~$]", " ", literal or part["argument"] or part["sign"].strip(",;: ")).split()):
            text = re.sub(r"\^(?!\{)(-?\w)", r"^{\1}", re.sub(r"(?<!\^)\{([^{}]*)\}", r"\1", text))
            group.append(prefix + text)
            prefix, is_below, latest = "", False, group
    if not below:
        return " ".join(above)
    if not above:
        return " ".join(one[:-1].replace("^{", "^{-") + "}" if "^{" in one else f"{one}^{{-1}}" for one in below)
    divisor = below[0] if len(below) == 1 else f"({' '.join(below)})"
    return f"{' '.join(above)}/{divisor}"
