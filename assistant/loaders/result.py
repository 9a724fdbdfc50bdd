"""What every loader returns."""

from dataclasses import dataclass

from assistant.records import Paper


@dataclass(frozen=True, slots=True)
class Loaded:
    """Whole papers in the order of the file, and one line for each thing that was left out and why."""

    papers: tuple[Paper, ...]
    problems: tuple[str, ...] = ()
