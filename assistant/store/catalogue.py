"""The durable record of a library in one SQLite file: papers, chunks, cached embeddings and a numbered change log.

It is the truth that both indexes follow. Every change of a paper is one row of `changes`, written in the transaction of the
change itself; each follower (Chroma, the lexical index) keeps the last number that it holds, so that opening a library can
bring it up to date, or rebuild it, without embedding anything again. SQL stands only here, in `database`, `readings` and
`computed`.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from assistant.errors import LibraryError
from assistant.recent import Recent
from assistant.records import Chunk, Paper, Span, is_visible, paper_from
from assistant.store.computed import Computed
from assistant.store.database import TITLE
from assistant.store.merging import identifiers
from assistant.store.readings import GIVEN, Readings

Order = Literal["added", "newest", "oldest", "title"]
_ORDERS: dict[Order, str] = {
    "added": "position",
    "newest": "year IS NULL, year DESC",
    "oldest": "year IS NULL, year",
    "title": f"{TITLE} COLLATE NOCASE",
}


def _joined(*names: str) -> str:
    """SQL for these fields of a paper's record as one text."""
    return " || ' ' || ".join(f"COALESCE(json_extract(record, '$.{name}'), '')" for name in names)


_DECIDING = ("date", "author_count", "comment_count")
_SHOWN = _joined("title", "abstract", "authors", "organisation", "date", "year", "sources")
_CALLED = _joined("title", "authors", "organisation", "venue", "year", "sources")
_NAMES = f"REPLACE({_joined('organisation', 'venue', 'authors')}, ' ', '')"
# Numbers a change of a paper, with the ids of the chunks that went; "null" where its text stayed as it was.
_LOG = "INSERT INTO changes (paper_id, removed) VALUES (?, ?)"


@dataclass(frozen=True, slots=True)
class Follower:
    """How far an index has followed: its folder's generation, the last change that it holds, how many chunks it then
    held, and whether a write is under way."""

    generation: int = 0
    number: int = 0
    chunks: int = 0
    writing: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A chunk with its vector, float32 of shape (dimension,), and its paper: what an index needs to take it in."""

    chunk: Chunk
    paper: Paper
    vector: np.ndarray


_WORDS = 30  # that a paper is looked for by: each costs a look at all that it shows


class Catalogue(Readings, Computed):
    """Papers, chunks and changes by their meaning; see `Database` for what opening it raises."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._remembered: dict[str, Recent[str, Any]] = {}
        self._remembered_at: tuple[int, int] | None = None

    # Papers -------------------------------------------------------------------------------------------------------

    def put_papers(self, papers: Sequence[tuple[Paper, Sequence[Chunk], Sequence[bytes]]]) -> None:
        """Stores or replaces papers, each with its chunks and the keys of their vectors, and logs the changes. Call inside
        `transaction`."""
        gone: dict[str, list[str]] = {paper.id: [] for paper, _, _ in papers}
        for chunk_id, owner in self._in("SELECT id, paper_id FROM chunks WHERE paper_id IN (?)", list(gone)):
            gone[owner].append(chunk_id)
        self._run_many("DELETE FROM chunks WHERE paper_id = ?", [(owner,) for owner, ids in gone.items() if ids])
        last = self._rows("SELECT COALESCE(MAX(position), 0) FROM papers")[0][0]
        self._run_many(
            "INSERT INTO papers VALUES (?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET year = excluded.year, record = excluded.record",
            [(paper.id, place, paper.year, _dump(paper)) for place, (paper, _, _) in enumerate(papers, last + 1)],
        )
        rows = [(c.id, p.id, key, _dump(c)) for p, group, keys in papers for c, key in zip(group, keys, strict=True)]
        self._run_many("INSERT INTO chunks VALUES (?, ?, ?, ?)", rows)
        self._put_identifiers([paper for paper, _, _ in papers])
        self._run_many(_LOG, [(owner, json.dumps(ids)) for owner, ids in gone.items()])

    def update_record(self, paper: Paper) -> None:
        """Replaces a paper's metadata (its text unchanged), and logs the change. Call inside `transaction`."""
        self._run("UPDATE papers SET year = ?, record = ? WHERE id = ?", (paper.year, _dump(paper), paper.id))
        self._put_identifiers([paper])
        self._run(_LOG, (paper.id, "null"))

    def remove_paper(self, paper_id: str) -> None:
        """Removes a paper and its chunks, and logs the change. Call inside `transaction`."""
        ids = [row[0] for row in self._rows("SELECT id FROM chunks WHERE paper_id = ?", (paper_id,))]
        self._run(_LOG, (paper_id, json.dumps(ids)))
        self._run("DELETE FROM chunks WHERE paper_id = ?", (paper_id,))
        self._run("DELETE FROM papers WHERE id = ?", (paper_id,))
        self._run("DELETE FROM identifiers WHERE paper_id = ?", (paper_id,))
        self._run("DELETE FROM file_papers WHERE paper_id = ? AND file = ?", (paper_id, GIVEN))

    def forget_unused_vectors(self) -> None:
        """Deletes cached embeddings that no chunk uses any more. Call inside `transaction`, once after all removals."""
        self._run("DELETE FROM vectors WHERE key NOT IN (SELECT vector_key FROM chunks)")

    def _put_identifiers(self, papers: Sequence[Paper]) -> None:
        # A DOI that was corrected must not bring another paper's text here.
        self._run_many("DELETE FROM identifiers WHERE paper_id = ?", [(paper.id,) for paper in papers])
        rows = [(name, paper.id) for paper in papers for name in identifiers(paper)]
        self._run_many("INSERT OR REPLACE INTO identifiers VALUES (?, ?)", rows)

    def ids_by_identifier(self, names: Sequence[str]) -> dict[str, str]:
        """The ids of the papers that these identifiers (`merging.identifiers`) name."""
        return dict(self._in("SELECT name, paper_id FROM identifiers WHERE name IN (?)", list(names)))  # type: ignore[arg-type]

    # Reading ------------------------------------------------------------------------------------------------------

    def paper(self, paper_id: str) -> Paper | None:
        """The paper with this id, or None."""
        return self.papers_by_id([paper_id]).get(paper_id)

    def papers_by_id(self, ids: Sequence[str]) -> dict[str, Paper]:
        """The papers with these ids, by id; unknown ids are left out."""
        return self._read("papers", ids)

    def papers_named(self, names: Iterable[str]) -> dict[str, list[str]]:
        """The ids of the papers whose title is one of `names` or starts with it and a colon, whatever the case, by name."""
        # The names come first in the join: each is looked up in the index of titles. ";" follows ":".
        chosen = f"SELECT n.value, p.id, position FROM json_each(?1) n CROSS JOIN papers p WHERE {TITLE}"
        sql = f"{chosen} = n.value COLLATE NOCASE UNION ALL {chosen} >= n.value || ':' COLLATE NOCASE "
        sql += f"AND {TITLE} < n.value || ';' COLLATE NOCASE ORDER BY position"
        found: dict[str, list[str]] = {}
        for name, paper_id, _ in self._rows(sql, (json.dumps(list(names)),)):
            found.setdefault(name, []).append(paper_id)
        return found

    def papers_titled(self, titles: Collection[str]) -> list[Paper]:
        """The papers whose whole title is one of `titles`, as printed."""
        found = self.papers_named(titles).values()
        papers = self.papers_by_id([paper_id for ids in found for paper_id in ids]).values()
        return [paper for paper in papers if paper.title in titles]

    def papers_printed_with(self, text: str) -> list[Paper]:
        """The papers whose organisation, venue or authors hold `text`, which is plain letters, in order; spaces and accents do
        not count."""
        sql = f"SELECT record FROM papers WHERE fold({_NAMES}) LIKE ? ORDER BY position"
        return [_paper(row[0]) for row in self._rows(sql, (f"%{text}%",))] if text else []

    def papers_with_words(self, parts: Sequence[str], in_abstracts: bool = False) -> list[Paper]:
        """The papers whose title, metadata or files' names hold one of `parts`, which are plain letters, in order; or whose
        abstracts do, with `in_abstracts`."""
        shown = f"{_CALLED} || {_joined('abstract')}" if in_abstracts else _CALLED
        where = " OR ".join([f"fold({shown}) LIKE ?"] * len(parts))
        sql = f"SELECT record FROM papers WHERE {where} ORDER BY position"
        return [_paper(row[0]) for row in self._rows(sql, [f"%{part}%" for part in parts])] if parts else []

    def papers(self) -> list[Paper]:
        """All papers, in the order in which they came."""
        return [_paper(row[0]) for row in self._rows("SELECT record FROM papers ORDER BY position")]

    def ordering(self, years: Iterable[int] | None = None) -> list[Paper]:
        """All papers, or those printed with one of `years`, in order, with nothing but what decides which come first: dates and
        counts. (To decode whole records takes ten times as long.)"""
        values = ", ".join(f"json_extract(record, '$.{name}')" for name in _DECIDING)
        chosen = f"SELECT id, year, {values} FROM papers"
        if years is None:
            rows = self._rows(f"{chosen} ORDER BY position")
        else:
            rows = list(self._in(f"{chosen} WHERE year IN (?) ORDER BY position", list(years)))
        return [Paper("", "", id=row[0], year=row[1], **dict(zip(_DECIDING, row[2:], strict=True))) for row in rows]

    def paper_ids(self, years: Iterable[int] | None = None, at_most: int = -1) -> list[str]:
        """The ids of all papers, or of the first `at_most`, or of those printed with one of `years`, in order."""
        if years is None:
            return [row[0] for row in self._rows("SELECT id FROM papers ORDER BY position LIMIT ?", (at_most,))]
        return [row[0] for row in self._in("SELECT id FROM papers WHERE year IN (?) ORDER BY position", list(years))]

    def ids_of_sources(self, sources: Iterable[str]) -> dict[str, set[str]]:
        """The ids of the papers that each of these files listed, by file; files that listed none are left out."""
        sql = "SELECT s.value, p.id FROM papers p, json_each(p.record, '$.sources') s WHERE s.value IN (?)"
        found: dict[str, set[str]] = {}
        for source, paper_id in self._in(sql, list(sources)):
            found.setdefault(source, set()).add(paper_id)
        return found

    def untitled(self) -> list[str]:
        """The ids of the papers whose title shows nothing, which could be added once."""
        return [row[0] for row in self._rows(f"SELECT id, COALESCE({TITLE}, '') FROM papers") if not is_visible(row[1])]

    def find_papers(
        self, text: str, order: Order, offset: int, limit: int, titles_only: bool = False
    ) -> tuple[list[Paper], int]:
        """Papers whose title (or else abstract or metadata) holds every word of `text`, of a long one the first 30, in `order`,
        from `offset` on, at most `limit` of them, and how many there are in all."""
        if order not in _ORDERS:
            raise LibraryError(f"papers are in the order of {' or '.join(map(repr, _ORDERS))}, not {order!r}")
        words = list(dict.fromkeys(text.split()))[:_WORDS]
        shown = TITLE if titles_only else _SHOWN
        where = " AND ".join([f"({shown}) LIKE ? ESCAPE '\\'"] * len(words)) or "1"
        patterns = ["%" + re.sub(r"([%_\\])", r"\\\1", word) + "%" for word in words]
        total = self._rows(f"SELECT COUNT(*) FROM papers WHERE {where}", patterns)[0][0]
        sql = f"SELECT record FROM papers WHERE {where} ORDER BY {_ORDERS[order]}, position LIMIT ? OFFSET ?"
        return [_paper(row[0]) for row in self._rows(sql, [*patterns, limit, offset])], total

    def years(self) -> list[int]:
        """The years that papers are printed with, newest first."""
        return [
            row[0] for row in self._rows("SELECT DISTINCT year FROM papers WHERE year IS NOT NULL ORDER BY year DESC")
        ]

    def sources(self) -> list[str]:
        """The files that papers came from, in alphabetical order."""
        sql = "SELECT DISTINCT s.value FROM papers p, json_each(p.record, '$.sources') s ORDER BY s.value"
        return [row[0] for row in self._rows(sql)]

    def counts(self) -> tuple[int, int]:
        """How many papers and chunks there are."""
        return tuple(self._rows("SELECT (SELECT COUNT(*) FROM papers), (SELECT COUNT(*) FROM chunks)")[0])  # type: ignore[return-value]

    # Chunks and vectors -------------------------------------------------------------------------------------------

    def chunks(self, ids: Sequence[str]) -> dict[str, Chunk]:
        """The chunks with these ids, by id; unknown ids are left out."""
        return self._read("chunks", ids)

    def _read(self, table: str, ids: Sequence[str]) -> dict[str, Any]:
        """The records of a table by id, in the order asked for. Those read last are remembered until something is written."""
        limit, decode = _READ[table]
        with self._lock:
            if (state := self.state()) != self._remembered_at:
                self._remembered, self._remembered_at = {}, state
            recent = self._remembered.setdefault(table, Recent(limit))
            found = recent.find(ids)
            missing = [name for name in dict.fromkeys(ids) if name not in found]
            rows = list(self._in(f"SELECT id, record FROM {table} WHERE id IN (?)", missing))
            new = {row[0]: decode(row[1]) for row in rows}
            if not self.is_writing:  # what is written may yet be taken back
                recent.keep(new)
        found |= new
        return {name: found[name] for name in ids if name in found}

    def searchable(self, chunk_ids: Sequence[str], number: int) -> set[str]:
        """Those of the chunks that are stored, of papers whose text has not changed after change `number`.

        What an index that holds the changes up to `number` finds of the others is a part of an old or of a new text.
        """
        if self.last_change() == number:  # as nearly always, and sooner said
            return set(chunk_ids)
        owners = dict(self._in("SELECT id, paper_id FROM chunks WHERE id IN (?)", list(chunk_ids)))
        sql = f"SELECT paper_id FROM changes WHERE number > {number:d} AND removed != 'null' AND paper_id IN (?)"
        changed = {row[0] for row in self._in(sql, list(set(owners.values())))}
        return {name for name, owner in owners.items() if owner not in changed}

    def stored_vectors(self, paper_id: str) -> dict[bytes, bytes]:
        """The embeddings of a paper's chunks as they are stored: float16 bytes by key."""
        sql = "SELECT v.key, v.vector FROM chunks c JOIN vectors v ON v.key = c.vector_key WHERE c.paper_id = ?"
        return dict(self._rows(sql, (paper_id,)))  # type: ignore[arg-type]

    def vectors_of(self, chunk_ids: Sequence[str]) -> dict[str, np.ndarray]:
        """Embeddings by chunk id, float32 of shape (dimension,)."""
        sql = "SELECT c.id, v.vector FROM chunks c JOIN vectors v ON v.key = c.vector_key WHERE c.id IN (?)"
        rows = dict(self._in(sql, list(chunk_ids)))
        if not rows:
            return {}
        return dict(zip(rows, _vector(b"".join(rows.values())).reshape(len(rows), -1), strict=True))

    def all_vectors(self) -> tuple[list[str], np.ndarray]:
        """The ids of all chunks and their embeddings, float32 of shape (chunks, dimension)."""
        rows = self._rows("SELECT c.id, v.vector FROM chunks c JOIN vectors v ON v.key = c.vector_key ORDER BY c.rowid")
        if not rows:
            return [], np.zeros((0, 0), np.float32)
        return [row[0] for row in rows], _vector(b"".join(row[1] for row in rows)).reshape(len(rows), -1)

    def chunk_ids_of(self, paper_ids: Sequence[str]) -> list[str]:
        """The ids of all chunks of these papers."""
        return [row[0] for row in self._in("SELECT id FROM chunks WHERE paper_id IN (?) ORDER BY id", list(paper_ids))]

    def entries(self, paper_ids: Sequence[str]) -> list[Entry]:
        """Every chunk of these papers with its vector and paper."""
        papers = self.papers_by_id(paper_ids)
        sql = (
            "SELECT c.paper_id, c.record, v.vector FROM chunks c JOIN vectors v ON v.key = c.vector_key "
            "WHERE c.paper_id IN (?)"
        )
        return [Entry(_chunk(row[1]), papers[row[0]], _vector(row[2])) for row in self._in(sql, list(paper_ids))]

    # Changes and followers ----------------------------------------------------------------------------------------

    def last_change(self) -> int:
        """The number of the newest change; 0 for a library that never changed."""
        return self._rows("SELECT COALESCE(MAX(number), 0) FROM changes")[0][0]

    def changes_after(self, number: int, limit: int) -> tuple[int, list[str], list[str]]:
        """The next `limit` changes: the last one's number, the ids of changed papers, and the chunk ids that went."""
        rows = self._rows(
            "SELECT number, paper_id, removed FROM changes WHERE number > ? ORDER BY number LIMIT ?", (number, limit)
        )
        removed = dict.fromkeys(chunk_id for row in rows for chunk_id in json.loads(row[2]) or ())
        return (rows[-1][0] if rows else number), list(dict.fromkeys(row[1] for row in rows)), list(removed)

    def follower(self, name: str) -> Follower:
        """How far the index `name` has followed."""
        rows = self._rows("SELECT generation, number, chunks, writing FROM followers WHERE name = ?", (name,))
        return Follower(rows[0][0], rows[0][1], rows[0][2], bool(rows[0][3])) if rows else Follower()

    def set_follower(self, name: str, follower: Follower) -> None:
        """Stores how far the index `name` has followed."""
        values = (name, follower.generation, follower.number, follower.chunks, int(follower.writing))
        self._run("INSERT OR REPLACE INTO followers VALUES (?, ?, ?, ?, ?)", values)

    def follower_names(self) -> list[str]:
        """The names of all indexes that follow."""
        return [row[0] for row in self._rows("SELECT name FROM followers")]

    def retire_follower(self, name: str) -> None:
        """Makes an index start a new generation at the next opening. Call inside `transaction`."""
        self.set_follower(name, Follower(self.follower(name).generation, writing=True))


def _dump(record: Paper | Chunk) -> str:
    """JSON without the fields that hold nothing. (`dataclasses.asdict` copies every value, which takes twice as long.)"""
    kept = {name: value for name, value in _fields(record).items() if value not in (None, (), "")}
    return json.dumps(kept, ensure_ascii=False, default=_fields)


def _fields(record: Any) -> dict[str, Any]:
    kind: Any = type(record)
    return {name: getattr(record, name) for name in _names(kind)}


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _paper(record: str) -> Paper:
    return paper_from(json.loads(record))


def _chunk(record: str) -> Chunk:
    values = json.loads(record)
    values["sentences"] = tuple(Span(**span) for span in values["sentences"])
    return Chunk(**{"text": "", **values})


# By table: how many records are remembered (a paper may hold a book) and how one is read.
_READ: dict[str, tuple[int, Callable[[str], Any]]] = {"papers": (200, _paper), "chunks": (2000, _chunk)}


def _vector(blob: bytes) -> np.ndarray:
    return np.frombuffer(blob, dtype=np.float16).astype(np.float32)
