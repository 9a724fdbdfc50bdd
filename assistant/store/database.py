"""The SQLite file of a library: tables, their changes from version to version, settings, transactions with clear errors."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from assistant.errors import LibraryError
from assistant.terms import fold

_T = TypeVar("_T")
SCHEMA_VERSION = 6
_SCHEMA = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE papers (id TEXT PRIMARY KEY, position INTEGER NOT NULL, year INTEGER, record TEXT NOT NULL);
CREATE INDEX papers_position ON papers (position);
CREATE TABLE chunks (id TEXT PRIMARY KEY, paper_id TEXT NOT NULL, vector_key BLOB NOT NULL, record TEXT NOT NULL);
CREATE INDEX chunks_paper ON chunks (paper_id);
CREATE TABLE vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE changes (number INTEGER PRIMARY KEY AUTOINCREMENT, paper_id TEXT NOT NULL, removed TEXT NOT NULL);
CREATE TABLE followers (name TEXT PRIMARY KEY, generation INTEGER NOT NULL, number INTEGER NOT NULL,
                        chunks INTEGER NOT NULL, writing INTEGER NOT NULL) WITHOUT ROWID;
"""
_SCHEMA_2 = """
CREATE TABLE files (path TEXT PRIMARY KEY, digest TEXT NOT NULL, papers TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX files_digest ON files (digest);
CREATE TABLE identifiers (name TEXT PRIMARY KEY, paper_id TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX identifiers_paper ON identifiers (paper_id);
CREATE TABLE encodings (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID;
"""
_SCHEMA_3 = (
    "CREATE TABLE replies (number INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE, text TEXT NOT NULL);"
)
# A file may have two readings: the whole one of its last content, and one of newer content that is under way or was cut off.
_SCHEMA_4 = """
DROP INDEX files_digest;
ALTER TABLE files RENAME TO files_3;
CREATE TABLE files (number INTEGER PRIMARY KEY, path TEXT NOT NULL, digest TEXT NOT NULL, whole INTEGER NOT NULL,
                    UNIQUE (path, digest));
CREATE INDEX files_digest ON files (digest);
CREATE TABLE file_papers (file INTEGER NOT NULL, part INTEGER NOT NULL, number INTEGER NOT NULL, paper_id TEXT NOT NULL,
                          PRIMARY KEY (file, part, number)) WITHOUT ROWID;
CREATE INDEX file_papers_paper ON file_papers (paper_id);
INSERT INTO files (path, digest, whole) SELECT path, digest, 1 FROM files_3;
INSERT INTO file_papers SELECT n.number, 0, p.key, p.value FROM files_3 o JOIN files n ON n.path = o.path, json_each(o.papers) p;
DROP TABLE files_3;
"""
TITLE = "json_extract(record, '$.title')"  # of a row of `papers`
_SCHEMA_5 = f"CREATE INDEX papers_title ON papers ({TITLE} COLLATE NOCASE);"
# Encodings have grown to many kilobytes, for which a table by row number is several times as fast.
_SCHEMA_6 = """
DROP TABLE encodings;
CREATE TABLE encodings (key BLOB PRIMARY KEY, encoding BLOB NOT NULL);
"""
_SCHEMAS = (_SCHEMA, _SCHEMA_2, _SCHEMA_3, _SCHEMA_4, _SCHEMA_5, _SCHEMA_6)
_VARIABLES = 900  # names in one IN (…) list; SQLite's oldest limit is 999


class Database:
    """The file at `path`, made or brought up to date when opened. Safe to use from several threads and beside other
    processes.

    Raises LibraryError where the file is no catalogue, is damaged, or was written by a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
            try:
                self._db.create_function("fold", 1, fold, deterministic=True)
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute("PRAGMA synchronous=NORMAL")
                self._prepare()
            except BaseException:
                self._db.close()
                raise
        except (OSError, sqlite3.Error) as error:
            is_locked_away = isinstance(error, PermissionError) or "readonly" in str(error)
            step = "make the folder writable, or choose another ASSISTANT_DATA_DIR" if is_locked_away else ""
            step = step or "choose another ASSISTANT_DATA_DIR or restore a backup"
            raise LibraryError(f"{path} cannot be opened as a library ({error}); {step}") from None

    def _prepare(self) -> None:
        with self.transaction():
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise LibraryError(f"{self.path} was written by a newer version of assistant; upgrade assistant")
            for statements in _SCHEMAS[version:]:
                for statement in filter(str.strip, statements.split(";")):
                    self._db.execute(statement)
            if version < SCHEMA_VERSION:
                self._db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    def close(self) -> None:
        """Closes the file; the catalogue cannot be used afterwards."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is written together or not at all; may be nested. Raises LibraryError where the disk refuses it."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            self._guarded(lambda: self._db.execute("BEGIN IMMEDIATE"))
            try:
                yield
                self._guarded(lambda: self._db.execute("COMMIT"))
            except BaseException:
                if self._db.in_transaction:  # where the disk is full, SQLite has rolled back by itself
                    self._db.execute("ROLLBACK")
                raise

    @property
    def is_writing(self) -> bool:
        """True inside a transaction."""
        return self._db.in_transaction

    def state(self) -> tuple[int, int]:
        """Two numbers one of which is another after anything was written: by other processes, and by this one."""
        return self._rows("PRAGMA data_version")[0][0], self._db.total_changes

    def setting(self, name: str) -> Any:
        """The stored value (any JSON type) of `name`, or None."""
        rows = self._rows("SELECT value FROM settings WHERE name = ?", (name,))
        return json.loads(rows[0][0]) if rows else None

    def set_setting(self, name: str, value: Any) -> None:
        """Stores a JSON value under `name`."""
        self._run("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, json.dumps(value)))

    def _guarded(self, call: Callable[[], _T]) -> _T:
        try:
            return call()
        except sqlite3.ProgrammingError as error:
            if "closed" in str(error):
                raise LibraryError("this library is closed; open it again with Assistant(…)") from None
            raise
        except sqlite3.OperationalError as error:
            raise LibraryError(
                f"the library could not be written or read ({error}); free some disk space, or end what else uses it, and retry"
            ) from None
        except sqlite3.DatabaseError as error:
            raise LibraryError(f"{self.path} is damaged ({error}); restore a backup, or add the papers again") from None

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._guarded(lambda: self._db.execute(sql, values).fetchall())

    def _run(self, sql: str, values: Sequence[Any] = ()) -> None:
        with self._lock:
            self._guarded(lambda: self._db.execute(sql, values))

    def _run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        with self._lock:
            self._guarded(lambda: self._db.executemany(sql, rows))

    def _in(self, sql: str, values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        """The rows of `sql`, whose "(?)" is filled with `values` a part at a time."""
        for start in range(0, len(values), _VARIABLES):
            part = values[start : start + _VARIABLES]
            yield from self._rows(sql.replace("(?)", f"({','.join('?' * len(part))})"), part)
