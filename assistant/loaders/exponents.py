"""Raised and lowered text: digits as signs of their own, so that 2² is not read as 22, and other exponents and indices with
"^" and "_", so that x^n is not read as xn."""

import re

_DIGITS = "0123456789+-−–"
ABOVE = str.maketrans(_DIGITS, "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")
BELOW = str.maketrans(_DIGITS, "₀₁₂₃₄₅₆₇₈₉₊₋₋₋")
_EXPRESSION = re.compile(r"(?=[^A-Za-zΑ-ω/.]{0,30}[A-Za-zΑ-ω/.])[\w+\-−–/=().,′' ]{1,30}")
# What can be raised to a power or have an index: a variable, which may have an index itself, a number or what is in brackets.
_VARIABLE = re.compile(r"(?:(?<![\w.'’-])[^\W\d_]|[_^][^\W_]|[_^]\([^()]{1,30}\))$")
_NUMBER_OR_BRACKET = re.compile(r"[\d)\]]$")
_ORDINAL = re.compile(r"(?:st|nd|rd|th|er|re|me|mes|os|lle|TM|SM)\b")
_NOTE = re.compile(r"[a-ho]$|.*,|[^\W\d_]{2,}$")  # as a mark at a number, at brackets or at initials, which name a note


def raised(text: str, below: bool = False, before: str = "") -> str:
    """How a raised text is written, or one that stands `below` the line, after the text `before`: numbers in signs of their own,
    powers and indices as in "x^(n+1)" and "x_i"; marks of notes, ordinals and the like as they are."""
    if all(sign in f"{_DIGITS}, " for sign in text):
        return text.replace(" ", "").translate(BELOW if below else ABOVE)
    if not _EXPRESSION.fullmatch(text) or not (_is_index if below else _is_power)(text, before):
        return text
    inner = text[1:-1] if re.fullmatch(r"\([^()]*\)", text) else text
    return f"{'_' if below else '^'}{inner if len(text) == 1 else f'({inner})'}"


def _is_index(text: str, before: str) -> bool:
    """True where a lowered text is an index of a variable: what is a word ("V" and "max") is written as one with it."""
    return _VARIABLE.search(before) is not None and re.fullmatch(r"[^\W\d_]{3,}", text) is None


def _is_power(text: str, before: str) -> bool:
    if _ORDINAL.match(text):
        return False
    if _VARIABLE.search(before):
        return "," not in text and not (before[-1].isupper() and _NOTE.match(text))
    return _NUMBER_OR_BRACKET.search(before) is not None and not _NOTE.match(text)
