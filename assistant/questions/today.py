"""Times that a question names as seen from today: "this year", "last month", "the past two years"."""

import re
from datetime import date

from assistant.questions.numbers import SEVERAL, number
from assistant.terms import MONTHS

_IN = r"(?:\b(?:in|from|of|over|within|during|for) )?"
_SEEN_FROM_TODAY = re.compile(
    rf"{_IN}\b(?:(?:this|the current) (?P<this>year|month)|last (?P<last>year|month)"
    rf"|the (?:last|past) (?:(?P<count>\d\d?|{SEVERAL}) )?(?P<unit>year|month)s?)\b", re.IGNORECASE,
)  # fmt: skip
_NAMES = tuple(MONTHS)


def with_dates(text: str, today: date) -> str:
    """The text with the years and months that such words mean on that day."""
    return _SEEN_FROM_TODAY.sub(lambda match: _date_of(match, today), text)


def _date_of(match: re.Match[str], today: date) -> str:
    unit = match["this"] or match["last"] or match["unit"]
    back = 0 if match["this"] else number(match["count"]) if match["count"] else 1
    months = today.year * 12 + today.month - 1 - (back if unit.lower() == "month" else 12 * back)
    year, month = divmod(months, 12)
    called = str(year) if unit.lower() == "year" else f"{_NAMES[month].capitalize()} {year}"
    return f"since {called}" if match["unit"] else f"from {called}"
