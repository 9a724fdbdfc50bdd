"""What took time or money to compute, by a key of its content: embeddings, the reranker's encodings, a model's replies."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

import numpy as np

from assistant.errors import LibraryError
from assistant.store.database import Database

_ROUNDED = 0.01  # what float16 makes of a length of 1


class Computed(Database):
    """The part of the catalogue that could be computed again."""

    def known_vectors(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of `keys` whose embedding is stored already."""
        return {row[0] for row in self._in("SELECT key FROM vectors WHERE key IN (?)", list(keys))}

    def put_vectors(self, keys: Sequence[bytes], vectors: np.ndarray) -> None:
        """Stores embeddings, shape (len(keys), dimension), as float16. Call inside `transaction`."""
        rows = [(key, vector.astype(np.float16).tobytes()) for key, vector in zip(keys, vectors, strict=True)]
        self._run_many("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    def put_stored_vectors(self, vectors: Mapping[bytes, bytes], dimension: int) -> None:
        """Stores embeddings that another catalogue exported, those that are unit vectors of `dimension` numbers, or zeros. Call
        inside `transaction`."""
        rows = [(key, vector) for key, vector in vectors.items() if _is_embedding(vector, dimension)]
        self._run_many("INSERT OR IGNORE INTO vectors VALUES (?, ?)", rows)

    def known_encodings(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of `keys` whose encoding by the reranker is stored already."""
        return {row[0] for row in self._in("SELECT key FROM encodings WHERE key IN (?)", list(keys))}

    def encodings(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The reranker's encodings by key, as it packed them."""
        return dict(self._in("SELECT key, encoding FROM encodings WHERE key IN (?)", list(keys)))  # type: ignore[arg-type]

    def keep_encodings_of(self, model: str) -> None:
        """Forgets the encodings that another reranker than `model` made."""
        if self.setting("encodings of") != model:
            with self.transaction():
                self._run("DELETE FROM encodings")
                self.set_setting("encodings of", model)

    def count_encodings(self) -> int:
        """How many encodings are stored."""
        return int(self._rows("SELECT COUNT(*) FROM encodings")[0][0])

    def keep_encodings(self, keys: Collection[bytes]) -> None:
        """Forgets all encodings but these."""
        with self.transaction():
            others = [row for row in self._rows("SELECT key FROM encodings") if row[0] not in keys]
            self._run_many("DELETE FROM encodings WHERE key = ?", others)

    def put_encodings(self, encodings: Mapping[bytes, bytes]) -> None:
        """Stores the reranker's encodings by key. Call inside `transaction`."""
        self._run_many("INSERT OR REPLACE INTO encodings VALUES (?, ?)", list(encodings.items()))

    def reply(self, key: bytes) -> str | None:
        """The model's reply that is kept under `key`, or None."""
        rows = self._rows("SELECT text FROM replies WHERE key = ?", (key,))
        return rows[0][0] if rows else None

    def put_reply(self, key: bytes, text: str, limit: int) -> None:
        """Keeps a reply, and of all replies the newest `limit`. A disk that refuses costs a later call, not the answer."""
        with suppress(sqlite3.Error, LibraryError), self.transaction():
            self._run("INSERT OR REPLACE INTO replies (key, text) VALUES (?, ?)", (key, text))
            newest = "SELECT number FROM replies ORDER BY number DESC LIMIT ?"
            self._run(f"DELETE FROM replies WHERE number NOT IN ({newest})", (limit,))


def _is_embedding(stored: bytes, dimension: int) -> bool:
    """True for the bytes of a float16 vector as `Embedder.encode` makes them; NaN would stop Chroma at each question."""
    if len(stored) != 2 * dimension:
        return False
    norm = float(np.linalg.norm(np.frombuffer(stored, np.float16).astype(np.float32)))
    return norm == 0.0 or abs(norm - 1.0) < _ROUNDED
