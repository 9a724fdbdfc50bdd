"""Keeps both indexes in step with the catalogue: one mechanism for ingest, resume, repair, freshness and moves.

Before an index is written, its row in the catalogue says so; after, the row holds the last change taken in. A row that
still says "writing" when nobody holds the writer lock was left by a killed process: that index is rebuilt into a new
generation from the catalogue's own vectors, because a killed Chroma cannot be trusted even where it opens.
"""

import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from assistant.config import Config
from assistant.errors import LibraryBusyError, LoadError, StoreError
from assistant.files import WriterLock
from assistant.loaders.child import in_child, stop_children
from assistant.records import paper_of
from assistant.store.catalogue import Catalogue, Follower
from assistant.store.exact import AllVectors
from assistant.store.lexical import LexicalIndex
from assistant.store.vectors import VectorIndex

_T = TypeVar("_T")
Progress = Callable[[str, int, int], None]  # what is being done, how much of it is done, how much there is in all

_BATCH = 2000  # chunks, about, per step: more of them at a time cost less, and memory
_SAMPLE, _REACHED = 20, 200  # chunks looked at when the vectors are opened, and after they took something in
_LOOKED_AT = 100_000  # chunks up to which all vectors are looked at where Chroma loses some: 150 MB and 20 ms
_WORTH_A_PROCESS = 2000  # changes: it takes a second to start
_LONGEST = 6 * 3600.0  # seconds that indexing words may take
_WAIT = 60.0  # seconds for the process that first fills the library


_numbers = count()


class Beside(Generic[_T]):
    """A call that runs in a thread of its own, which ends with the program; `result` waits for what it returned or raised."""

    def __init__(self, call: Callable[[], _T]) -> None:
        self._future: Future[_T] = Future()
        self._call = call
        self._thread = threading.Thread(target=self._run, name=f"beside-{next(_numbers)}_", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        """The name of its thread, which no other has."""
        return self._thread.name

    def _run(self) -> None:
        try:
            self._future.set_result(self._call())
        except BaseException as error:
            self._future.set_exception(error)

    def result(self) -> _T:
        return self._future.result()


class Indexes:
    """The open vector and lexical index of a library, as fresh as the catalogue when `follow` returns."""

    vectors: VectorIndex
    lexical: LexicalIndex

    def __init__(self, config: Config, catalogue: Catalogue, library_id: str) -> None:
        self._config = config
        self._catalogue = catalogue
        self._library_id = library_id
        self._open: dict[str, Follower] = {}
        self._all: tuple[int, AllVectors] | None = None  # as of the last change that both indexes held
        # A server's vectors are a follower of their own, so that moving there and back needs no settings of its own.
        self._vectors_name = f"chroma@{config.chroma_host}:{config.chroma_port}" if config.chroma_host else "chroma"

    @property
    def is_current(self) -> bool:
        """True where both open indexes hold the newest change and nobody has rebuilt or written them since."""
        last = self._catalogue.last_change()
        return all(
            self._open.get(name) == self._catalogue.follower(name) and self._open[name].number == last
            for name in (self._vectors_name, "lexical")
        )

    @property
    def number(self) -> int:
        """The last change that both open indexes hold."""
        return min((state.number for state in self._open.values()), default=0)

    def nearest(self, vector: np.ndarray, k: int) -> list[tuple[str, float]]:
        """The `k` nearest chunks as (chunk id, cosine similarity in [-1, 1]), best first, by Chroma; by looking at all vectors
        where Chroma's graph loses some."""
        reach = self._catalogue.setting(f"reach of {self._vectors_name}")
        if reach is None or reach["whole"] or self._catalogue.counts()[1] > _LOOKED_AT:
            return self.vectors.search(vector, k)
        if self._all is None or self._all[0] != self.number:
            self._all = self.number, AllVectors(self._catalogue)
        return self._all[1].search(vector, k)

    def follow(self, progress: Progress | None = None) -> None:
        """Opens both indexes and brings them up to date, under the writer lock.

        Beside a process that is writing, a reader gets what has been taken in so far. Raises LibraryBusyError where
        that is nothing yet after a minute.
        """
        if self.is_current:
            return
        readable = all(self._catalogue.follower(name).number for name in (self._vectors_name, "lexical"))
        try:
            with WriterLock(self._config.data_dir, timeout=0 if readable else _WAIT):
                lexical = self._opened_lexical()
                with self._words_beside(lexical) as words:
                    self._follow_vectors(progress)
                    self._follow_lexical(words.result() or lexical, progress)
        except LibraryBusyError:
            if not readable:
                raise
            if any(self._open.get(name) != self._catalogue.follower(name) for name in (self._vectors_name, "lexical")):
                self._reopen()

    def _reopen(self) -> None:
        """Opens what is there, without writing."""
        self.close()
        vectors, lexical = self._catalogue.follower(self._vectors_name), self._catalogue.follower("lexical")
        self.vectors = VectorIndex(self._config, self._library_id, vectors.generation)
        self.lexical = LexicalIndex(self._lexical_folder(lexical.generation))
        self._open = {self._vectors_name: vectors, "lexical": lexical}

    def close(self) -> None:
        """Lets go of both indexes' files."""
        self._close_vectors()
        self._open = {}

    def _close_vectors(self) -> None:
        """Lets go of the vectors, whether or not they were found sound and brought up to date."""
        if hasattr(self, "vectors"):
            self.vectors.close()
            del self.vectors
        self._open.pop(self._vectors_name, None)

    # Each of the two follows in the same way: open what is sound, else start a new generation; take in what is missing.

    def _follow_vectors(self, progress: Progress | None) -> None:
        name, state = self._vectors_name, self._catalogue.follower(self._vectors_name)
        is_new = self._open.get(name) != state and not self._open_vectors(state)
        if is_new:
            self._close_vectors()
            state = Follower(state.generation + 1)
            if not self._config.chroma_host:
                shutil.rmtree(self._config.data_dir / "chroma" / f"gen-{state.generation}", ignore_errors=True)
            self.vectors = VectorIndex(self._config, self._library_id, state.generation)
            self.vectors.clear()
        self._take_in(name, state, self._apply_vectors, self.vectors.count, progress, "Storing vectors in Chroma")
        self._measure_reach()
        if not self._config.chroma_host:
            _remove_others(self._config.data_dir / "chroma", state.generation)
        elif is_new:
            self.vectors.remove_others()

    def _open_vectors(self, state: Follower) -> bool:
        """Opens the generation of `state`; False where there is none, or none that can be trusted."""
        self._close_vectors()
        if not state.generation or state.writing:
            return False
        try:
            self.vectors = VectorIndex(self._config, self._library_id, state.generation)
        except StoreError:
            if self._config.chroma_host:
                raise  # a server that does not answer is no damaged index
            return False
        return self._is_sound(state)

    def _is_sound(self, state: Follower) -> bool:
        """True where the open vectors hold as many chunks as they did, and those of a sample as they are."""
        is_whole = state.number == self._catalogue.last_change()
        return self.vectors.is_sound(state.chunks, self._sample(_SAMPLE) if is_whole else [])

    def _measure_reach(self) -> None:
        """Keeps, once for each state of the vectors, whether searches come upon what Chroma's graph holds.

        A search that gets among thousands of nearly equal vectors does not get out again, and no new generation would be
        better: other vectors are then lost to it, though they are there.
        """
        name, state = f"reach of {self._vectors_name}", self._open[self._vectors_name]
        of = [state.generation, state.number]
        if (self._catalogue.setting(name) or {}).get("of") != of:
            whole = self.vectors.reaches(self._sample(_REACHED))
            self._catalogue.set_setting(name, {"of": of, "whole": whole})

    def _sample(self, count: int) -> list[tuple[str, np.ndarray]]:
        """A chunk each of `count` papers, from the first to the last, with its vector; zeros, which are near nothing, are left
        out."""
        ids = self._catalogue.paper_ids()
        places = sorted({round(place) for place in np.linspace(0, len(ids) - 1, min(count, len(ids)))})
        chunk_ids = self._catalogue.chunk_ids_of([ids[place] for place in places])
        firsts = {paper_of(name): name for name in reversed(chunk_ids)}
        vectors = self._catalogue.vectors_of(list(firsts.values()))
        return [(name, vector) for name, vector in vectors.items() if vector.any()]

    def _apply_vectors(self, paper_ids: list[str], removed: list[str]) -> None:
        # First what is new: who searches in between finds a paper's old text or its new one, never a part of either.
        entries = self._catalogue.entries(paper_ids)
        self.vectors.add(entries)
        present = {entry.chunk.id for entry in entries}
        self.vectors.remove([chunk_id for chunk_id in removed if chunk_id not in present])

    def _follow_lexical(self, state: Follower, progress: Progress | None) -> None:
        self._take_in("lexical", state, self._apply_lexical, self.lexical.count, progress, "Indexing words")
        _remove_others(self._config.data_dir / "lexical", state.generation)

    def _opened_lexical(self) -> Follower:
        """Opens the word index, or begins a new generation of it, and says how far it has followed."""
        state = self._catalogue.follower("lexical")
        if self._open.get("lexical") != state and not self._open_lexical(state):
            state = Follower(state.generation + 1)
            shutil.rmtree(self._lexical_folder(state.generation), ignore_errors=True)
            self.lexical = LexicalIndex(self._lexical_folder(state.generation))
        return state

    @contextmanager
    def _words_beside(self, state: Follower) -> Iterator[Beside[Follower | None]]:
        """Lets a process of its own index the words meanwhile, where there are many: Chroma keeps this one busy.

        The result is how far the word index has then followed; None where it was not worth it, or the process failed.
        """
        last = self._catalogue.last_change()

        def index() -> Follower | None:
            if last - state.number < _WORTH_A_PROCESS:
                return None
            self._catalogue.set_follower("lexical", replace(state, writing=True))
            folder, step = str(self.lexical.folder.resolve()), self._step()
            try:
                in_child("assistant.store.lexical:index_words", self._catalogue.path, _LONGEST, folder=folder,
                         first=state.number, last=last, step=step)  # fmt: skip
            except LoadError:
                return None  # it is done here then: taking in the same changes twice does no harm
            self.lexical.refresh()
            return Follower(state.generation, last, self.lexical.count())

        words = Beside(index)
        try:
            yield words
        except BaseException:
            stop_children(asked_by=words.name)
            raise
        if last - state.number >= _WORTH_A_PROCESS:
            stop_children(idle_only=True)

    def _open_lexical(self, state: Follower) -> bool:
        """Opens the generation of `state`; False where there is none, or where a write of it was cut off."""
        if not state.generation or state.writing:
            return False
        try:
            self.lexical = LexicalIndex(self._lexical_folder(state.generation))
        except StoreError:
            return False
        return self.lexical.count() == state.chunks and (self.lexical.is_current or not state.chunks)

    def _apply_lexical(self, paper_ids: list[str], removed: list[str]) -> None:
        self.lexical.apply(self._catalogue.entries(paper_ids), removed)

    def _lexical_folder(self, generation: int) -> Path:
        return self._config.data_dir / "lexical" / f"gen-{generation}"

    def _step(self) -> int:
        """How many changes to take in at a time: about as many as make a batch of chunks."""
        papers, chunks = self._catalogue.counts()
        return max(1, _BATCH * papers // chunks) if chunks > papers else _BATCH

    def _take_in(
        self,
        name: str,
        state: Follower,
        apply: Callable[[list[str], list[str]], None],
        count: Callable[[], int],
        progress: Progress | None,
        label: str,
    ) -> None:
        """Applies every change after `state.number`, a batch at a time; each is safe to apply twice."""
        first, last = state.number, self._catalogue.last_change()
        step = self._step()
        while state.number < last:
            self._catalogue.set_follower(name, replace(state, writing=True))
            number, paper_ids, removed = self._catalogue.changes_after(state.number, step)
            apply(paper_ids, removed)
            state = Follower(state.generation, number, count())
            self._catalogue.set_follower(name, state)
            if progress:
                progress(label, number - first, last - first)
        if state.writing:  # nothing was missing after a write that was cut off
            state = replace(state, writing=False)
        self._catalogue.set_follower(name, state)
        self._open[name] = state


def _remove_others(parent: Path, generation: int) -> None:
    """Deletes the folders of earlier generations."""
    for folder in parent.glob("gen-*"):
        if folder.name != f"gen-{generation}":
            shutil.rmtree(folder, ignore_errors=True)
