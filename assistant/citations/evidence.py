"""What the checks are given, and what they find."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EvidenceSentence:
    """A numbered sentence: its `mark` ("2.5"), `text` verbatim, its passage's `context`, and its paper's `record`."""

    mark: str
    text: str
    context: str
    record: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a claim is not supported: a `kind` for counting, and a `message` for readers."""

    kind: str
    message: str


Evidence = Mapping[str, EvidenceSentence]
Weight = Callable[[str], float]
