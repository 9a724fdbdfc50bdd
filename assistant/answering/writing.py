"""Who writes an answer from passages: what a writer gives, and the one that quotes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant.answering.extractive import Part, extract
from assistant.answers import Claim, Usage
from assistant.questions.reading import Question
from assistant.records import Passage

QUOTED = "This answer quotes the papers instead."  # why an answer is not the model's, behind what failed


@dataclass(frozen=True, slots=True)
class Written:
    """What a writer adds after its last claim: usage, and the reason where it found nothing or fell back."""

    usage: Usage = Usage()
    reason: str = ""
    mode: str | None = None


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A claim that came before is no part of the answer."""

    claim: Claim


Pieces = Iterator[Claim | Withdrawn | Written | None]


class Writer(Protocol):
    """Writes an answer from passages: an extractive or a generating one."""

    mode: str

    def rewrite(
        self, question: str, history: Sequence[Mapping[str, str]], language: str = "", fresh: bool = False
    ) -> tuple[str, Usage] | None:
        """A standalone question by a model, in `language` where one is given, or None where the writer has none."""

    def write(
        self, question: Question, passages: Sequence[Passage], fresh: bool = False, parts: Sequence[Part] = ()
    ) -> Pieces:
        """Checked claims as they are ready, those that no longer stand as Withdrawn, then one Written; None in between says
        that more is being written. `parts` are those of the question that may be answered, where it has some."""


class ExtractiveWriter:
    """Quotes the best sentences."""

    mode = "extractive"

    def rewrite(
        self, question: str, history: Sequence[Mapping[str, str]], language: str = "", fresh: bool = False
    ) -> tuple[str, Usage] | None:
        """No model: the pipeline carries terms over by itself."""
        return None

    def write(
        self, question: Question, passages: Sequence[Passage], fresh: bool = False, parts: Sequence[Part] = ()
    ) -> Pieces:
        """The extracted claims, then an empty Written."""
        yield from extract(question, passages, parts)
        yield Written()
