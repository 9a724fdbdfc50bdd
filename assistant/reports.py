"""What an `add` did, file by file: plain records for the terminal, the page and scripts."""

from dataclasses import dataclass, field, replace

from assistant.loaders.parts import named_problems


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file: papers read and, of those, added, updated and unchanged; `error` where nothing was read.

    `pages` is 0 where the format has none; `chunks` counts those written; `duplicates` are papers that another source listed
    before; `removed` are papers that the file held before. `seconds` is wall time.
    """

    name: str
    papers: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    problems: tuple[str, ...] = ()
    error: str | None = None
    pages: int = 0
    chunks: int = 0
    removed: int = 0
    duplicates: int = 0
    seconds: float = field(default=0.0, compare=False)

    def plus(self, part: "FileReport") -> "FileReport":
        """The report of two parts of the file."""
        counted = ("papers", "added", "updated", "unchanged", "pages", "chunks", "removed", "duplicates", "seconds")
        sums = {name: getattr(self, name) + getattr(part, name) for name in counted}
        return replace(self, problems=named_problems((*self.problems, *part.problems)), **sums)


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What an `add` did, file by file; `seconds` is the time that the caller waited, indexes included."""

    files: tuple[FileReport, ...]
    seconds: float = field(default=0.0, compare=False)

    @property
    def added(self) -> int:
        """Papers that are new in the library."""
        return sum(file.added for file in self.files)

    @property
    def removed(self) -> int:
        """Papers that went because their file went or holds them no more."""
        return sum(file.removed for file in self.files)

    @property
    def papers(self) -> int:
        """Papers read, counting one that several files list once a file."""
        return sum(file.papers for file in self.files)

    @property
    def failed(self) -> tuple[FileReport, ...]:
        """The files of which nothing could be read."""
        return tuple(file for file in self.files if file.error)
