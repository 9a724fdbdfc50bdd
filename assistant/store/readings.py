"""Which files were read, how far, and which papers each of them held: what makes adding a file again cost a hash."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assistant.store.database import Database

GIVEN = 0  # stands for a file in `file_papers` where a paper was given as it is


@dataclass(frozen=True, slots=True)
class File:
    """A reading of a file: where it was, the digest of its content and reader, and whether it was read to the end."""

    number: int
    path: str
    digest: str
    whole: bool


class Readings(Database):
    """The part of the catalogue that knows files."""

    def file(self, path: str, digest: str) -> File | None:
        """The reading of this content at this path, whole or not, or None."""
        return next(iter(self._files("path = ? AND digest = ?", path, digest)), None)

    def files(self) -> list[File]:
        """Every reading of a file."""
        return self._files("1")

    def files_with(self, digest: str) -> list[File]:
        """The whole readings of this content."""
        return self._files("digest = ? AND whole", digest)

    def _files(self, where: str, *values: str) -> list[File]:
        rows = self._rows(f"SELECT number, path, digest, whole FROM files WHERE {where} ORDER BY path, number", values)
        return [File(row[0], row[1], row[2], bool(row[3])) for row in rows]

    def begin_file(self, path: str, digest: str) -> File:
        """Notes that this content is about to be read, and gives its reading: what was stored of it stays known."""
        self._run("INSERT OR IGNORE INTO files (path, digest, whole) VALUES (?, ?, 0)", (path, digest))
        (file,) = self._files("path = ? AND digest = ?", path, digest)
        return file

    def finish_file(self, file: File) -> list[str]:
        """Marks a reading as whole, forgets others of the path, and gives the papers that only those held. Call inside
        `transaction`."""
        sql = (
            "SELECT DISTINCT paper_id FROM file_papers WHERE file IN (SELECT number FROM files WHERE path = ? AND number != ?) "
            "AND paper_id NOT IN (SELECT paper_id FROM file_papers WHERE file = ?)"
        )
        gone = [row[0] for row in self._rows(sql, (file.path, file.number, file.number))]
        for other in self._files("path = ?", file.path):
            if other.number != file.number:
                self.forget_file(other)
        self._run("UPDATE files SET whole = 1 WHERE number = ?", (file.number,))
        return gone

    def move_file(self, file: File, path: str) -> None:
        """The file now lies at `path`. Call inside `transaction`."""
        self._run("UPDATE files SET path = ? WHERE number = ?", (path, file.number))

    def forget_file(self, file: File) -> None:
        """Forgets a reading; its papers stay. Call inside `transaction`."""
        self._run("DELETE FROM files WHERE number = ?", (file.number,))
        self._run("DELETE FROM file_papers WHERE file = ?", (file.number,))

    def held_papers(self, file: File) -> dict[tuple[int, int], str]:
        """The ids of the papers that were stored from a file and still are, by their place in it: part and number."""
        sql = "SELECT part, number, paper_id FROM file_papers JOIN papers ON id = paper_id WHERE file = ?"
        return {(row[0], row[1]): row[2] for row in self._rows(sql, (file.number,))}

    def count_papers(self, file: File) -> tuple[int, int]:
        """How many papers were stored from a file, and how many of them still are."""
        sql = "SELECT COUNT(*), COUNT(id) FROM file_papers LEFT JOIN papers ON id = paper_id WHERE file = ?"
        return self._rows(sql, (file.number,))[0]  # type: ignore[return-value]

    def put_held(self, file: File, part: int, ids: Mapping[int, str]) -> None:
        """Notes which papers the numbers of a part of a file are stored as. Call inside `transaction`."""
        rows = [(file.number, part, number, paper_id) for number, paper_id in ids.items()]
        self._run_many("INSERT OR REPLACE INTO file_papers VALUES (?, ?, ?, ?)", rows)

    def put_given(self, ids: Iterable[str]) -> None:
        """Notes that these papers were given as they are, so that they stay when a file goes. Call inside `transaction`."""
        sql = (
            "INSERT INTO file_papers SELECT ?1, 0, (SELECT COALESCE(MAX(number), 0) + 1 FROM file_papers WHERE file = ?1), ?2 "
            "WHERE NOT EXISTS (SELECT 1 FROM file_papers WHERE paper_id = ?2 AND file = ?1)"
        )
        self._run_many(sql, [(GIVEN, paper_id) for paper_id in ids])

    def held_at(self, file: File, ids: Sequence[str]) -> tuple[set[str], set[str]]:
        """Those of the papers that any reading of the file's path holds, and those that nothing but earlier readings of it
        hold."""
        readings = {other.number for other in self._files("path = ?", file.path)}
        holders: dict[str, set[int]] = {}
        for held, number in self._in("SELECT paper_id, file FROM file_papers WHERE paper_id IN (?)", ids):
            holders.setdefault(held, set()).add(number)
        earlier = {held for held, numbers in holders.items() if numbers <= readings - {file.number}}
        return {held for held, numbers in holders.items() if numbers & readings}, earlier

    def is_held(self, paper_id: str) -> bool:
        """True where some reading of a file holds the paper, or it was given as it is."""
        return bool(self._rows("SELECT 1 FROM file_papers WHERE paper_id = ? LIMIT 1", (paper_id,)))

    def files_of(self, paper_id: str) -> list[str]:
        """The paths of the files that hold a paper."""
        sql = "SELECT DISTINCT path FROM files JOIN file_papers ON file = files.number WHERE paper_id = ? ORDER BY path"
        return [row[0] for row in self._rows(sql, (paper_id,))]
