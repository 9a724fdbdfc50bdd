"""Two questions in one, of a paper's record and of its text: "What is NOLA and who wrote it?"."""

import re

from assistant.questions.metadata import asked_metadata, asked_now
from assistant.terms import terms

_NEXT = re.compile(
    r"(?:[?;]\s+(?:(?:and|but)\s+)?|,?\s+(?:and|but|plus)\s+(?:also\s+)?)"
    r"(?=(?:what|how|why|which|who|whom|where|when|by whom|is|are|was|were|do|does|did|can|could|explain|describe"
    r"|summari[sz]e)\b)",
    re.IGNORECASE,
)


def of_text(text: str) -> str:
    """What a question asks of the paper's text beside what it asks of its record; "" where it does not ask for both."""
    parts = [part for part in _NEXT.split(asked_now(text)) if terms(part)]
    rest = [part for part in parts if not asked_metadata(part).is_any]
    return " and ".join(rest) if len(rest) < len(parts) else ""
