"""Chroma: chunks with their vectors, documents and metadata, as a follower of the catalogue. The only file that imports chromadb.

The collection is complete in itself, so that any Chroma or LangChain client can read it. On disk each generation has a
folder of its own; on a server, a collection of its own.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import chromadb
import numpy as np
from chromadb.api import ClientAPI
from chromadb.api.models.Collection import Collection
from chromadb.config import Settings

from assistant.config import Config
from assistant.errors import StoreError, with_step
from assistant.files import is_disk_full
from assistant.interrupts import raise_if_interrupted
from assistant.store.catalogue import Entry

_BATCH = 2000  # at most 5,461; each upsert costs Chroma a write to the disk
# Recall of HNSW on hard synthetic vectors rises from .5 to .8 between the default ef_search (100) and 400, at 3 ms.
_HNSW = {"space": "cosine", "ef_search": 400, "ef_construction": 200}
_CLOSING = 20.0  # seconds that closing may take
_SILENT = 60.0  # seconds without a byte after which a server is given up
# Bytes of links a chunk. A sound HNSW segment is far below; a damaged one was seen with a sparse file of 260 GB.
_LINKS_AT_MOST = 40_000
_SAME = 0.99  # cosine from which a vector has found itself: half precision and HNSW keep more


_CONNECTING = threading.Lock()  # Chroma's clients are not made safely by several threads at once


class VectorIndex:
    """One generation of the vectors of a library. Raises StoreError, which names the place, where Chroma fails."""

    def __init__(self, config: Config, library_id: str, generation: int) -> None:
        self._folder = None if config.chroma_host else config.data_dir / "chroma" / f"gen-{generation}"
        self._where = (
            f"the Chroma server at {config.chroma_host}:{config.chroma_port}"
            if config.chroma_host
            else str(self._folder)
        )
        self._with_documents = config.chroma_documents
        self._generations = f"assistant-{library_id}-gen-"
        self.name = f"{self._generations}{generation}"
        with _CONNECTING:
            self._client = self._guarded(lambda: _connect(config, self._folder))
            try:
                self._collection: Collection = self._guarded(self._create)
            except BaseException:
                self.close()
                raise

    def _create(self) -> Collection:
        configuration: Any = {"hnsw": _HNSW}
        return self._client.get_or_create_collection(self.name, embedding_function=None, configuration=configuration)

    def _guarded(self, call: Any) -> Any:
        try:
            return call()
        except Exception as error:  # Chroma raises many unrelated classes, which differ between its clients
            raise_if_interrupted()
            first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
            step = "free some disk space and retry" if is_disk_full(error) else "run 'assistant doctor'"
            raise StoreError(with_step(f"Chroma failed at {self._where}: {first_line}", step)) from error

    def add(self, entries: Sequence[Entry]) -> None:
        """Takes in chunks; those with a known id are replaced."""
        for start in range(0, len(entries), _BATCH):
            batch = entries[start : start + _BATCH]
            self._guarded(
                lambda batch=batch: self._collection.upsert(
                    ids=[entry.chunk.id for entry in batch],
                    embeddings=np.stack([entry.vector for entry in batch]),
                    metadatas=[_metadata(entry) for entry in batch],
                    documents=[entry.chunk.text for entry in batch] if self._with_documents else None,
                )
            )

    def remove(self, chunk_ids: Sequence[str]) -> None:
        """Forgets chunks; unknown ids are ignored."""
        for start in range(0, len(chunk_ids), _BATCH):
            part = list(chunk_ids[start : start + _BATCH])
            self._guarded(lambda part=part: self._collection.delete(ids=part))

    def search(self, vector: np.ndarray, k: int) -> list[tuple[str, float]]:
        """The `k` nearest chunks as (chunk id, cosine similarity in [-1, 1]), best first."""
        if not k:
            return []
        found = self._guarded(
            lambda: self._collection.query(query_embeddings=[vector], n_results=k, include=["distances"])
        )
        return [(name, 1.0 - distance) for name, distance in zip(found["ids"][0], found["distances"][0], strict=True)]

    def count(self) -> int:
        """How many chunks it holds."""
        return self._guarded(self._collection.count)

    def is_sound(self, expected: int, sample: Sequence[tuple[str, np.ndarray]]) -> bool:
        """True where it holds `expected` chunks, can be searched, and has each of `sample` (chunk id, own vector) as it is."""
        if self._folder is not None:
            used = sum(file.stat().st_size for file in self._folder.rglob("link_lists.bin"))
            if used > _LINKS_AT_MOST * max(1, expected):
                return False
        try:
            return self.count() == expected and (
                not sample or (self._holds(sample) and bool(self.search(sample[0][1], 1)))
            )
        except StoreError:
            return False

    def _holds(self, sample: Sequence[tuple[str, np.ndarray]]) -> bool:
        """By name, not by search: what a sound graph does not reach is there all the same. Chroma raises for lost vectors."""
        ids = [name for name, _ in sample]
        got = self._guarded(lambda: self._collection.get(ids=ids, include=["embeddings"]))
        held = dict(zip(got["ids"], got["embeddings"], strict=True))
        return all(name in held and float(held[name] @ vector) > _SAME for name, vector in sample)

    def reaches(self, sample: Sequence[tuple[str, np.ndarray]]) -> bool:
        """True where a search for each of `sample` (chunk id, own vector) comes upon it, or upon one nearly equal."""
        if not sample:
            return True
        vectors = [vector for _, vector in sample]
        found = self._guarded(
            lambda: self._collection.query(query_embeddings=vectors, n_results=1, include=["distances"])
        )
        return all(distances and 1.0 - distances[0] > _SAME for distances in found["distances"])

    def close(self) -> None:
        """Lets go of the files, and of Chroma's process-wide cache, so that reopening sees what others wrote."""
        # A worker of chromadb 1.5.9 was seen to spin for ever, and its close to wait for it: once in a thousand closings.
        closing = threading.Thread(target=self._client.close, name="closing Chroma", daemon=True)
        closing.start()
        closing.join(_CLOSING)

    def clear(self) -> None:
        """Forgets everything, so that a generation that a killed process began starts empty."""
        if self.count():
            self._guarded(lambda: self._client.delete_collection(self.name))
            self._collection = self._guarded(self._create)

    def remove_others(self) -> None:
        """Deletes the library's other generations from a server; what one who looks on still reads there is gone for them."""
        for collection in self._guarded(self._client.list_collections):
            if collection.name.startswith(self._generations) and collection.name != self.name:
                self._guarded(lambda name=collection.name: self._client.delete_collection(name))


def _connect(config: Config, folder: Path | None) -> ClientAPI:
    settings = Settings(anonymized_telemetry=False)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        return chromadb.PersistentClient(path=str(folder), settings=settings)
    return _connect_to_server(config, settings)


def _connect_to_server(config: Config, settings: Settings) -> ClientAPI:
    """A client that gives up on a server which says nothing: those of chromadb 1.5 wait for ever, from their making on."""
    headers = {name: value.get_secret_value() for name, value in config.chroma_headers.items()}
    address = f"{'https' if config.chroma_ssl else 'http'}://{config.chroma_host}:{config.chroma_port}/api/v2/heartbeat"
    try:
        urlopen(Request(address, headers=headers), timeout=_SILENT).close()
    except URLError as error:  # of all that is said at once Chroma's client says more
        if isinstance(error.reason, TimeoutError):
            raise error.reason from None
    client = chromadb.HttpClient(
        host=config.chroma_host or "",
        port=config.chroma_port,
        ssl=config.chroma_ssl,
        headers=headers,
        settings=settings,
        tenant=config.chroma_tenant,
        database=config.chroma_database,
    )
    session = getattr(getattr(client, "_server", None), "_session", None)
    if session is not None:
        session.timeout = _SILENT
    return client


def _metadata(entry: Entry) -> dict[str, Any]:
    """What another client needs to show the chunk; Chroma takes no None and no empty list."""
    paper, chunk = entry.paper, entry.chunk
    values = {
        "paper_id": paper.id,
        "title": paper.title,
        "authors": list(paper.authors),
        "date": paper.date,
        "year": paper.year,
        "url": paper.url,
        "sources": list(paper.sources),
        "heading": chunk.heading,
        "page": chunk.page,
        "section": chunk.section,
        "start": chunk.start,
    }
    return {name: value for name, value in values.items() if value not in (None, [], "")}
