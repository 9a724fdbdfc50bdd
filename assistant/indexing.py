"""Papers into the catalogue: read, merge with what is known, chunk, embed, store. Incremental, resumable, with a report.

A paper is stored in one transaction, so that a kill at any moment leaves whole papers only. A file whose content is known
costs a hash; one that changed replaces what it held; one that moved is recognised.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from assistant.catalogue import Catalogue, File
from assistant.chunking import chunk_paper
from assistant.errors import LoadError
from assistant.following import Progress
from assistant.loaders import LOADERS_VERSION, Loaded, Source, expand, load_archive, load_source, read_source
from assistant.merging import identifiers, merge, own_id
from assistant.models import Embedder
from assistant.records import Chunk, Paper, paper_id

_BATCH = 64  # papers embedded and stored together; what a kill can cost


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file: papers read and, of those, added, updated and unchanged; `error` where nothing was read.

    `pages` is 0 where the format has none; `chunks` counts those written; `removed` are papers that the file held before.
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


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What an `add` did, file by file; `seconds` is wall time."""

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


class Indexer:
    """Stores papers in `catalogue`, embedded by `embedder`, in chunks of at most `chunk_tokens` tokens."""

    def __init__(self, catalogue: Catalogue, embedder: Embedder, chunk_tokens: int) -> None:
        self._catalogue = catalogue
        self._embedder = embedder
        self._chunk_tokens = chunk_tokens

    def add(
        self, sources: Iterable[str | Path | Paper], progress: Progress | None = None, prune: bool = False
    ) -> IngestReport:
        """Adds files, folders, globs and Paper objects. A file that cannot be read is reported and the rest go on.

        With `prune`, papers go whose file was read from one of these places and is there no more. Raises LoadError where a
        source names no file at all.
        """
        start = time.monotonic()
        given = list(sources)
        papers = [source for source in given if isinstance(source, Paper)]
        places = [source for source in given if not isinstance(source, Paper)]
        reports = [self._add_papers("papers given", Loaded(tuple(papers)), progress)[0]] if papers else []
        paths = list(expand(places))
        for number, path in enumerate(paths):
            if progress and len(paths) > 1:
                progress("Reading files", number, len(paths))
            reports += self._add_file(path, progress if len(paths) == 1 else None)
        if progress and len(paths) > 1:
            progress("Reading files", len(paths), len(paths))
        if prune:
            reports += self._prune([Path(place).expanduser().resolve() for place in places])
        return IngestReport(tuple(reports), time.monotonic() - start)

    def texts_to_embed(self, sources: Iterable[str | Path | Paper]) -> list[str]:
        """What `add` would have to embed for these sources: each text once, without those whose embedding is stored.

        Files that cannot be read are left out. Raises LoadError where a source names no file at all.
        """
        given = list(sources)
        papers = [source for source in given if isinstance(source, Paper)]
        for path in expand([source for source in given if not isinstance(source, Paper)]):
            with suppress(LoadError):
                loaded = [found for _, found in _loaded(read_source(path)) if isinstance(found, Loaded)]
                papers += [paper for part in loaded for paper in part.papers]
        return self.texts_not_embedded(papers)

    def texts_not_embedded(self, papers: Iterable[Paper]) -> list[str]:
        """The texts of these papers, each once, whose embedding by the present model is not stored."""
        texts = {self._key(t): t for p in papers for t in _texts(p, chunk_paper(p, self._chunk_tokens))}
        known = self._catalogue.known_vectors(list(texts))
        return [text for key, text in texts.items() if key not in known]

    # Files --------------------------------------------------------------------------------------------------------

    def _add_file(self, path: Path, progress: Progress | None) -> Iterator[FileReport]:
        """Adds what one file holds, or what each file of an archive does, unless its content is known already."""
        place = str(path.resolve())
        try:
            source = read_source(path)
            digest = hashlib.sha256(b"%d:" % LOADERS_VERSION + source.data).hexdigest()
            before = self._catalogue.file(place) or self._moved(digest, path)
            if before and before.digest == digest and self._holds(before.papers):
                yield FileReport(path.name, len(before.papers), unchanged=len(before.papers))
                return
            ids: list[str] = []
            for name, loaded in _loaded(source):
                if isinstance(loaded, LoadError):
                    yield FileReport(name, error=str(loaded))
                    continue
                report, stored = self._add_papers(name, loaded, progress)
                ids += stored
                yield replace(report, removed=0)
        except LoadError as error:
            yield FileReport(path.name, error=str(error))
            return
        with self._catalogue.transaction():
            self._catalogue.put_file(File(place, digest, tuple(dict.fromkeys(ids))))
            gone = [name for name in before.papers if name not in ids] if before else []
            removed = self._let_go(gone, path.name)
        if removed:
            yield FileReport(path.name, problems=("papers that it no longer holds were removed",), removed=removed)

    def _moved(self, digest: str, path: Path) -> File | None:
        """The record of a file with this content that is no longer where it was, now under its new place."""
        for old in self._catalogue.files_with(digest):
            if not Path(old.path).exists():
                moved = replace(old, path=str(path.resolve()))
                with self._catalogue.transaction():
                    self._catalogue.forget_file(old.path)
                    self._catalogue.put_file(moved)
                    for paper in self._catalogue.papers_by_id(old.papers).values():
                        names = [path.name if name == Path(old.path).name else name for name in paper.sources]
                        self._catalogue.update_record(replace(paper, sources=tuple(dict.fromkeys(names))))
                return moved
        return None

    def _holds(self, ids: Sequence[str]) -> bool:
        return len(self._catalogue.papers_by_id(ids)) == len(ids)

    def _prune(self, roots: Sequence[Path]) -> Iterator[FileReport]:
        """Lets go of files that were read from below `roots` and are there no more."""
        for file in self._catalogue.files():
            path = Path(file.path)
            if not path.exists() and any(path == root or root in path.parents for root in roots):
                with self._catalogue.transaction():
                    self._catalogue.forget_file(file.path)
                    removed = self._let_go(file.papers, path.name)
                yield FileReport(path.name, problems=("the file is gone",), removed=removed)

    def _let_go(self, ids: Sequence[str], source: str) -> int:
        """Takes a source away from papers; those that have no other are removed. Returns how many. Call in a transaction."""
        removed = 0
        for paper in self._catalogue.papers_by_id(ids).values():
            holders = {Path(path).name for path in self._catalogue.files_of(paper.id)}
            rest = tuple(name for name in paper.sources if name != source or name in holders)
            if rest:
                self._catalogue.update_record(replace(paper, sources=rest))
            else:
                self._catalogue.remove_paper(paper.id)
                removed += 1
        if removed:
            self._catalogue.forget_unused_vectors()
        return removed

    # Papers -------------------------------------------------------------------------------------------------------

    def _add_papers(self, name: str, loaded: Loaded, progress: Progress | None) -> tuple[FileReport, list[str]]:
        """Stores the papers a batch at a time; the report, and the ids that they were stored under."""
        counts: Counter[str] = Counter()
        ids: list[str] = []
        if loaded.vectors:
            with self._catalogue.transaction():
                self._catalogue.put_stored_vectors(loaded.vectors, self._embedder.dimension)
        for start in range(0, len(loaded.papers), _BATCH):
            batch = loaded.papers[start : start + _BATCH]
            ids += self._store(batch, counts)
            if progress:
                progress(f"Reading {name}", start + len(batch), len(loaded.papers))
        report = FileReport(
            name, len(loaded.papers), counts["added"], counts["updated"], counts["unchanged"], loaded.problems,
            pages=loaded.pages, chunks=counts["chunks"],
        )  # fmt: skip
        return report, ids

    def _store(self, batch: Sequence[Paper], counts: Counter[str]) -> list[str]:
        """Merges a batch with the catalogue and writes what changed, each paper whole; the papers' ids, in order."""
        named = self._catalogue.ids_by_identifier([name for paper in batch for name in identifiers(paper)])
        wanted = {paper.id for paper in batch} | {paper_id(paper.title, paper.abstract) for paper in batch}
        known = self._catalogue.papers_by_id(sorted(wanted | set(named.values())))
        before = dict(known)
        ids: list[str] = []
        for paper in batch:
            paper = replace(paper, id=own_id(paper, known, named))
            merged = merge(known[paper.id], paper) if paper.id in known else paper
            is_same = known.get(paper.id) == merged
            counts["added" if paper.id not in known else "unchanged" if is_same else "updated"] += 1
            known[paper.id] = merged
            named |= dict.fromkeys(identifiers(merged), merged.id)
            ids.append(paper.id)
        changed = [paper for key, paper in known.items() if before.get(key) != paper]
        with_text = [paper for paper in changed if not _has_same_text(before.get(paper.id), paper)]
        counts["chunks"] += self.write(with_text, [paper for paper in changed if paper not in with_text])
        return ids

    def write(self, papers: Sequence[Paper], records: Sequence[Paper] = ()) -> int:
        """Chunks, embeds and stores `papers`, and replaces the metadata of `records`, in one transaction.

        Returns how many chunks were written.
        """
        chunks = [chunk_paper(paper, self._chunk_tokens) for paper in papers]
        texts = {self._key(text): text for p, group in zip(papers, chunks, strict=True) for text in _texts(p, group)}
        known = self._catalogue.known_vectors(list(texts))
        missing = [key for key in texts if key not in known]
        vectors = self._embedder.encode([texts[key] for key in missing])
        with self._catalogue.transaction():
            self._catalogue.put_vectors(missing, vectors)
            for paper, group in zip(papers, chunks, strict=True):
                self._catalogue.put_paper(paper, group, [self._key(text) for text in _texts(paper, group)])
            for paper in records:
                self._catalogue.update_record(paper)
        return sum(map(len, chunks))

    def _key(self, text: str) -> bytes:
        """The cache key of a text's embedding: the model and the text, so that another model never reuses it."""
        return hashlib.sha256(f"{self._embedder.name}\n{text}".encode("utf-8", "surrogatepass")).digest()[:16]


def _loaded(source: Source) -> Iterator[tuple[str, Loaded | LoadError]]:
    """What the file holds, or each file of an archive, by name."""
    if source.data.startswith(b"PK\x03\x04") and source.path.suffix.lower() == ".zip":
        for name, loaded in load_archive(source.path):
            yield f"{source.name}/{name}", loaded
    else:
        yield source.name, load_source(source)


def _texts(paper: Paper, chunks: Sequence[Chunk]) -> list[str]:
    """What is embedded for each chunk: the title gives a passage from the middle of a paper its topic."""
    return [f"{paper.title}\n{chunk.text}" for chunk in chunks]


def _has_same_text(before: Paper | None, paper: Paper) -> bool:
    return before is not None and before.sections == paper.sections and before.title == paper.title
