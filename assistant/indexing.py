"""Papers into the catalogue: read, merge with what is known, chunk, embed, store. Incremental, resumable, with a report.

A paper is stored in one transaction, so that a kill at any moment leaves whole papers only. A file whose content is known
costs a hash; one that changed replaces what it held; one that moved is recognised.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from os import PathLike
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from assistant.chunking import chunk_paper
from assistant.errors import LoadError
from assistant.files import is_gone, printable_name
from assistant.loaders import (
    LOADERS_VERSION,
    Ahead,
    Loaded,
    Source,
    expand,
    load_archive,
    load_parts,
    read_ahead,
    read_source,
)
from assistant.loaders.checking import checked
from assistant.loaders.pdf import ocr_is_installed, sniff
from assistant.models import Embedder
from assistant.records import Chunk, Paper, one_line
from assistant.reports import FileReport, IngestReport
from assistant.store.catalogue import Catalogue
from assistant.store.following import Progress
from assistant.store.merging import distinct_id, identifiers, is_edition, merge, own_id
from assistant.store.readings import File

_BATCH = 64  # papers embedded and stored together; what a kill can cost


class Place(NamedTuple):
    """Where papers come from: a part of a file (an archive has many), and the ids of those numbers stored already."""

    file: File
    part: int
    stored: Mapping[int, str]
    before: int = 0  # papers in earlier parts of the same file


class Indexer:
    """Stores papers in `catalogue`, embedded by `embedder`, in chunks of at most `chunk_tokens` tokens."""

    def __init__(self, catalogue: Catalogue, embedder: Embedder, chunk_tokens: int, ocr: bool = False) -> None:
        self._catalogue = catalogue
        self._embedder = embedder
        self._chunk_tokens = chunk_tokens
        self._ocr = ocr

    def add(
        self, sources: Iterable[str | Path | Paper], progress: Progress | None = None, prune: bool = False
    ) -> IngestReport:
        """Adds files, folders, globs and Paper objects. A file that cannot be read is reported and the rest go on.

        With `prune`, papers go whose file was read from one of these places and is there no more. Raises LoadError where a
        source names no file at all, is a Paper that cannot be stored, or with `prune` is a pattern: nothing is added then.
        """
        start = time.monotonic()
        papers, places = _parted(sources)
        paths = list(expand(places))
        pattern = next((place for place in places if is_gone(Path(place).expanduser())), None)
        if prune and pattern is not None:
            raise LoadError(
                f"{pattern}: what is gone matches no pattern; name the folder whose papers are to be pruned"
            )
        reports = [self._add_papers("papers given", Loaded(tuple(papers)), progress, None)] if papers else []
        with closing(read_ahead(paths, self._is_new, self._ocr)) as reading:
            for number, (path, ahead) in enumerate(reading):
                if progress and len(paths) > 1:
                    progress("Reading files", number, len(paths))
                reports += self._add_file(path, ahead, progress if len(paths) == 1 else None)
        if progress and len(paths) > 1:
            progress("Reading files", len(paths), len(paths))
        if prune:
            reports += self._prune([Path(place).expanduser().resolve() for place in places])
        return IngestReport(tuple(reports), time.monotonic() - start)

    def texts_to_embed(self, sources: Iterable[str | Path | Paper]) -> list[str]:
        """What `add` would have to embed for these sources: each text once, without those whose embedding is stored.

        Files that cannot be read are left out. Raises LoadError where a source names no file at all.
        """
        papers, places = _parted(sources)
        for path in expand(places):
            with suppress(LoadError):
                loaded = [found for _, found in _loaded(read_source(path, self._ocr)) if isinstance(found, Loaded)]
                papers += [paper for part in loaded for paper in part.papers]
        return self.texts_not_embedded(papers)

    def texts_not_embedded(self, papers: Iterable[Paper]) -> list[str]:
        """The texts of these papers, each once, whose embedding by the present model is not stored."""
        texts = {self._key(t): t for p in papers for t in _texts(p, chunk_paper(p, self._chunk_tokens))}
        known = self._catalogue.known_vectors(list(texts))
        return [text for key, text in texts.items() if key not in known]

    # Files --------------------------------------------------------------------------------------------------------

    def _is_new(self, source: Source) -> bool:
        """True where no file with this content was read to the end."""
        return not any(map(self._catalogue.files_with, _names(source)))

    def _add_file(self, path: Path, ahead: Ahead, progress: Progress | None) -> Iterator[FileReport]:
        """Adds what one file holds, or what each file of an archive does, unless its content is known already.

        What a run that was cut off has stored of the same content is not stored again: merging is not the same twice.
        """
        place, name = str(path.resolve()), printable_name(path)
        start = time.monotonic()
        try:
            source = read_source(path, self._ocr)
            names = _names(source)
            file, removed = next(filter(None, (self._catalogue.file(place, name) for name in names)), None), 0
            if file is None:
                file, removed = self._moved(names, path)
            held, still = self._catalogue.count_papers(file) if file else (0, 0)
            if file and file.whole and held == still:
                yield FileReport(path.name, held, unchanged=held, removed=removed)
                return
            file = self._catalogue.begin_file(place, file.digest if file else names[0])
            yield from self._store_file(file, _loaded(source, ahead), progress)
        except LoadError as error:
            yield FileReport(name, error=str(error), seconds=time.monotonic() - start)
            return
        with self._catalogue.transaction():
            removed += self._let_go(self._catalogue.finish_file(file), path.name)
        if removed:
            yield FileReport(path.name, problems=("papers that it no longer holds were removed",), removed=removed)

    def _store_file(
        self, file: File, found: Iterable[tuple[str, Loaded | LoadError]], progress: Progress | None
    ) -> Iterator[FileReport]:
        """Stores what a file, or each file of an archive, holds; a report for each, however many parts it comes in."""
        known: dict[int, dict[int, str]] = {}
        for (part, number), stored in self._catalogue.held_papers(file).items():
            known.setdefault(part, {})[number] = stored
        report, start = None, time.monotonic()
        for part, (name, loaded) in enumerate(found):
            if report and report.name != name:
                yield report
                report, start = None, time.monotonic()
            if isinstance(loaded, LoadError):
                new = FileReport(name, error=str(loaded))
            else:
                place = Place(file, part, known.pop(part, {}), before=report.papers if report else 0)
                new = self._add_papers(name, loaded, progress, place)
            report = replace(report.plus(new) if report else new, seconds=time.monotonic() - start)
        if report:
            yield report

    def _moved(self, names: Sequence[str], path: Path) -> tuple[File | None, int]:
        """The reading of a file with this content that is no longer where it was, now under its new place; and how many
        papers went with what the new place held before."""
        for old in (file for name in names for file in self._catalogue.files_with(name)):
            if is_gone(Path(old.path)):
                moved = replace(old, path=str(path.resolve()))
                with self._catalogue.transaction():
                    self._catalogue.move_file(old, moved.path)
                    for paper_id in dict.fromkeys(self._catalogue.held_papers(old).values()):
                        self._rename_source(paper_id, Path(old.path).name, path.name)
                    return moved, self._let_go(self._catalogue.finish_file(moved), path.name)
        return None, 0

    def _rename_source(self, held: str, old: str, new: str | None) -> None:
        """Gives one of a paper's sources, and what lies in it where it is an archive, another name, or takes it away."""
        if (paper := self._catalogue.paper(held)) is None:
            return
        names = [
            f"{new}{name.removeprefix(old)}" if name.partition("/")[0] == old else name
            for name in paper.sources
            if new is not None or name.partition("/")[0] != old
        ]
        self._catalogue.update_record(replace(paper, sources=tuple(dict.fromkeys(names))))

    def _prune(self, roots: Sequence[Path]) -> Iterator[FileReport]:
        """Lets go of files that were read from below `roots` and are there no more."""
        for file in self._catalogue.files():
            path = Path(file.path)
            if is_gone(path) and any(path == root or root in path.parents for root in roots):
                with self._catalogue.transaction():
                    ids = list(dict.fromkeys(self._catalogue.held_papers(file).values()))
                    self._catalogue.forget_file(file)
                    removed = self._let_go(ids, path.name)
                yield FileReport(path.name, problems=("the file is gone",), removed=removed)

    def _let_go(self, ids: Sequence[str], source: str) -> int:
        """Takes a file's name away from papers that it holds no more; those that nothing else holds are removed. Returns how
        many. Call in a transaction."""
        removed = 0
        for held in ids:
            if not self._catalogue.is_held(held):
                self._catalogue.remove_paper(held)
                removed += 1
            elif source not in {Path(path).name for path in self._catalogue.files_of(held)}:
                self._rename_source(held, source, None)
        if removed:
            self._catalogue.forget_unused_vectors()
        return removed

    # Papers -------------------------------------------------------------------------------------------------------

    def _add_papers(self, name: str, loaded: Loaded, progress: Progress | None, place: Place | None) -> FileReport:
        """Stores the papers a batch at a time, but for those that `place` says are stored; the report."""
        counts: Counter[str] = Counter()
        if loaded.vectors:
            with self._catalogue.transaction():
                self._catalogue.put_stored_vectors(loaded.vectors, self._embedder.dimension)
        for start in range(0, len(loaded.papers), _BATCH):
            numbered = dict(enumerate(loaded.papers[start : start + _BATCH], start))
            if place:
                counts["unchanged"] += sum(number in place.stored for number in numbered)
                numbered = {number: paper for number, paper in numbered.items() if number not in place.stored}
            self._store(numbered, counts, place)
            if progress:
                done = (place.before if place else 0) + min(start + _BATCH, len(loaded.papers))
                progress(f"Reading {name}", done, max(done, loaded.total or len(loaded.papers)))
        return FileReport(
            name, len(loaded.papers), counts["added"], counts["updated"], counts["unchanged"], loaded.problems,
            pages=loaded.pages, chunks=counts["chunks"], duplicates=counts["duplicates"],
        )  # fmt: skip

    def _store(self, numbered: Mapping[int, Paper], counts: Counter[str], place: Place | None) -> None:
        """Merges a batch with the catalogue and writes what changed, each paper whole, with its place."""
        batch = list(numbered.values())
        named = self._catalogue.ids_by_identifier([name for paper in batch for name in identifiers(paper)])
        wanted = {paper.id for paper in batch} | {distinct_id(paper) for paper in batch}
        namesakes = self._catalogue.papers_named({paper.title for paper in batch})
        wanted |= {namesake for ids in namesakes.values() for namesake in ids}
        known = self._catalogue.papers_by_id(sorted(wanted | set(named.values())))
        held, replaced = self._catalogue.held_at(place.file, list(known)) if place else (None, set())
        before = dict(known)
        ids: dict[int, str] = {}
        for number, paper in numbered.items():
            paper = replace(paper, id=own_id(paper, known, named, replaced))
            other = known.get(paper.id)
            merged = merge(other, paper, held) if other else paper
            counts["added" if other is None else "unchanged" if other == merged else "updated"] += 1
            counts["duplicates"] += other is not None and not is_edition(other, paper, held)
            if held is not None:
                held.add(paper.id)
            known[paper.id] = merged
            named |= dict.fromkeys(identifiers(merged), merged.id)
            ids[number] = paper.id
        changed = [paper for key, paper in known.items() if before.get(key) != paper]
        same_text = [paper for paper in changed if _has_same_text(before.get(paper.id), paper)]
        with_text = [paper for paper in changed if not _has_same_text(before.get(paper.id), paper)]

        def with_it() -> None:
            for paper in same_text:
                self._catalogue.update_record(paper)
            if place:
                self._catalogue.put_held(place.file, place.part, ids)
            else:
                self._catalogue.put_given(dict.fromkeys(ids.values()))

        counts["chunks"] += self.write(with_text, with_it)

    def write(self, papers: Sequence[Paper], with_it: Callable[[], None] = lambda: None) -> int:
        """Chunks, embeds and stores `papers`, and does `with_it`, in one transaction; returns how many chunks were written."""
        chunks = [chunk_paper(paper, self._chunk_tokens) for paper in papers]
        missing, vectors = self._embedded(papers, chunks)
        with self._catalogue.transaction():
            self._catalogue.put_vectors(missing, vectors)
            keys = [[self._key(text) for text in _texts(p, group)] for p, group in zip(papers, chunks, strict=True)]
            self._catalogue.put_papers(list(zip(papers, chunks, keys, strict=True)))
            with_it()
        return sum(map(len, chunks))

    def embed_all(self, progress: Progress | None = None) -> None:
        """Embeds what every paper's chunks will be and stores the vectors, without changing a paper or chunk."""
        for papers in self._all_papers("Embedding papers", progress):
            missing, vectors = self._embedded(papers, [chunk_paper(paper, self._chunk_tokens) for paper in papers])
            with self._catalogue.transaction():
                self._catalogue.put_vectors(missing, vectors)

    def write_all(self) -> None:
        """Chunks every paper again. Call inside a transaction, after `embed_all`."""
        for papers in self._all_papers("", None):
            self.write(papers)

    def _all_papers(self, label: str, progress: Progress | None) -> Iterator[list[Paper]]:
        """All papers of the library, a batch at a time."""
        ids = self._catalogue.paper_ids()
        for start in range(0, len(ids), _BATCH):
            yield list(self._catalogue.papers_by_id(ids[start : start + _BATCH]).values())
            if progress:
                progress(label, min(start + _BATCH, len(ids)), len(ids))

    def _embedded(self, papers: Sequence[Paper], chunks: Sequence[Sequence[Chunk]]) -> tuple[list[bytes], np.ndarray]:
        """The keys and vectors, shape (len(keys), dimension), of those chunks whose embedding is not stored."""
        texts = {self._key(text): text for p, group in zip(papers, chunks, strict=True) for text in _texts(p, group)}
        known = self._catalogue.known_vectors(list(texts))
        missing = [key for key in texts if key not in known]
        return missing, self._embedder.encode([texts[key] for key in missing])

    def _key(self, text: str) -> bytes:
        """The cache key of a text's embedding: the model and the text, so that another model never reuses it."""
        return hashlib.sha256(f"{self._embedder.name}\n{text}".encode("utf-8", "surrogatepass")).digest()[:16]


def _parted(sources: Iterable[str | Path | Paper]) -> tuple[list[Paper], list[str | Path]]:
    """The papers given as they are, checked, and the places of files. Raises LoadError for a source that is neither."""
    papers: list[Paper] = []
    places: list[str | Path] = []
    for source in sources:
        if isinstance(source, Paper):
            try:
                papers.append(checked(source))
            except ValueError as error:
                name = one_line(source.title)[:60] if isinstance(source.title, str) else ""
                named = f"the Paper “{name}”" if name else "a Paper"
                raise LoadError(f"{named} cannot be stored: {error}; nothing was added") from None
        elif isinstance(source, str | PathLike):
            places.append(source)
        else:
            kind = type(source).__name__
            raise LoadError(f"papers are added from files, folders or Paper objects, not {kind}; nothing was added")
    return papers, places


def _names(source: Source) -> list[str]:
    """The names of a file's content together with what reads it, the one to read it under first.

    Another version of the loaders reads it again, and so does OCR once it is switched on; switched off, it is not unread.
    """
    name = f"{LOADERS_VERSION}:{source.digest}"
    if not (sniff(source) or source.data.startswith(b"PK")):
        return [name]
    return [f"ocr-{name}"] if source.ocr and ocr_is_installed() else [name, f"ocr-{name}"]


def _loaded(source: Source, ahead: Ahead | None = None) -> Iterator[tuple[str, Loaded | LoadError]]:
    """What the file holds, or each file of an archive, by name; `ahead` is what was read of it beforehand."""
    read = ahead.result() if ahead else None
    if read and read.digest == source.digest:
        if isinstance(read.loaded, LoadError):
            raise read.loaded
        yield source.name, read.loaded
    elif source.data.startswith(b"PK\x03\x04") and source.path.suffix.lower() == ".zip":
        for name, loaded in load_archive(source.path, source.ocr):
            place = f"{source.name}/{name}"
            if isinstance(loaded, Loaded):
                loaded = _from_archive(loaded, PurePosixPath(name).name, place)
            yield place, loaded
    else:
        for part in load_parts(source):
            yield source.name, part


def _from_archive(loaded: Loaded, name: str, place: str) -> Loaded:
    """The same papers with `place` as their source instead of the bare name: the archive goes with all of them."""
    papers = (replace(p, sources=(place,)) if p.sources == (name,) else p for p in loaded.papers)
    return replace(loaded, papers=tuple(papers))


def _texts(paper: Paper, chunks: Sequence[Chunk]) -> list[str]:
    """What is embedded for each chunk: the title gives a passage from the middle of a paper its topic."""
    return [f"{paper.title}\n{chunk.text}" for chunk in chunks]


def _has_same_text(before: Paper | None, paper: Paper) -> bool:
    return before is not None and before.sections == paper.sections and before.title == paper.title
