"""Questions of a library of papers, answered with checked citations.

>>> from assistant import ask
>>> print(ask("Which method keeps half of the parameters frozen in each tuning round?").text)  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.answers import Answer, Citation, Claim, Event
    from assistant.config import Config
    from assistant.errors import AssistantError
    from assistant.evaluation import Report, evaluate
    from assistant.library import Assistant, ask
    from assistant.records import Paper, Passage
    from assistant.reports import IngestReport

# Loaded at first use: `import assistant` stays instant, and the command line shows its help without LangChain or Chroma.
_HOMES = {
    "Answer": "answers",
    "Assistant": "library",
    "AssistantError": "errors",
    "Citation": "answers",
    "Claim": "answers",
    "Config": "config",
    "Event": "answers",
    "IngestReport": "reports",
    "Paper": "records",
    "Passage": "records",
    "Report": "evaluation",
    "ask": "library",
    "evaluate": "evaluation",
}

__all__ = [
    "Answer", "Assistant", "AssistantError", "Citation", "Claim", "Config", "Event", "IngestReport", "Paper", "Passage",
    "Report", "ask", "evaluate",
]  # fmt: skip
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'assistant' has no attribute {name!r}")
    return getattr(import_module(f"assistant.{_HOMES[name]}"), name)
