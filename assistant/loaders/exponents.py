"""Raised and lowered digits as signs of their own, so that 2² is not read as 22."""

_DIGITS = "0123456789+-−–"
ABOVE = str.maketrans(_DIGITS, "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")
BELOW = str.maketrans(_DIGITS, "₀₁₂₃₄₅₆₇₈₉₊₋₋₋")


def raised(text: str, below: bool = False) -> str:
    """A raised text, or one that stands `below` the line: its digits as such signs where it has nothing but numbers."""
    if not all(sign in f"{_DIGITS}, " for sign in text):
        return text
    return text.replace(" ", "").translate(BELOW if below else ABOVE)
