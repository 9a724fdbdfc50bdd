"""What every loader returns."""

from dataclasses import dataclass

from assistant.records import Paper


@dataclass(frozen=True, slots=True)
class Loaded:
    """Whole papers in the order of the file, one line for each thing that was left out and why, and the pages read
    (0 where the format has none)."""

    papers: tuple[Paper, ...]
    problems: tuple[str, ...] = ()
    pages: int = 0
