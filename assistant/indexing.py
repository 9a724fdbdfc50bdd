"""Papers into the catalogue: read, merge with what is known, chunk, embed, store. Incremental, resumable, with a report.

A paper is stored in one transaction, so that a kill at any moment leaves whole papers only; unchanged papers cost nothing.
"""

import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rapidfuzz import fuzz

from assistant.catalogue import Catalogue
from assistant.chunking import chunk_paper
from assistant.errors import LoadError
from assistant.following import Progress
from assistant.loaders import expand, load_file
from assistant.models import Embedder
from assistant.records import Chunk, Paper, normalised, paper_id

_BATCH = 64  # papers embedded and stored together; what a kill can cost
# Two abstracts under one title are versions of one paper from this share of equal words on (rapidfuzz token set ratio);
# unrelated abstracts of one field stay below 60.
_SAME_PAPER = 80.0


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file: papers read and, of those, added, updated and unchanged; `error` where nothing was read."""

    name: str
    papers: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    problems: tuple[str, ...] = ()
    error: str | None = None


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

    def add(self, sources: Iterable[str | Path | Paper], progress: Progress | None = None) -> IngestReport:
        """Adds files, folders, globs and Paper objects. A file that cannot be read is reported and the rest go on.

        Raises LoadError where a source names no file at all.
        """
        start = time.monotonic()
        given = list(sources)
        papers = [source for source in given if isinstance(source, Paper)]
        paths = list(expand(source for source in given if not isinstance(source, Paper)))
        reports = [self._add_papers("papers given", papers, (), progress)] if papers else []
        for path in paths:
            try:
                loaded = load_file(path)
            except LoadError as error:
                reports.append(FileReport(path.name, error=str(error)))
                continue
            reports.append(self._add_papers(path.name, loaded.papers, loaded.problems, progress))
        return IngestReport(tuple(reports), time.monotonic() - start)

    def _add_papers(
        self, name: str, papers: Sequence[Paper], problems: tuple[str, ...], progress: Progress | None
    ) -> FileReport:
        counts = {"added": 0, "updated": 0, "unchanged": 0}
        for start in range(0, len(papers), _BATCH):
            batch = papers[start : start + _BATCH]
            for outcome, number in self._store(batch).items():
                counts[outcome] += number
            if progress:
                progress(f"Reading {name}", start + len(batch), len(papers))
        return FileReport(name, len(papers), counts["added"], counts["updated"], counts["unchanged"], problems)

    def _store(self, batch: Sequence[Paper]) -> dict[str, int]:
        """Merges a batch with the catalogue and writes what changed, each paper whole."""
        known = self._catalogue.papers_by_id([paper.id for paper in batch])
        known |= self._catalogue.papers_by_id([paper_id(paper.title, paper.abstract) for paper in batch])
        before = dict(known)
        outcomes = []
        for paper in batch:
            paper = _with_own_id(paper, known)
            merged = merge(known[paper.id], paper) if paper.id in known else paper
            outcomes.append(
                "added" if paper.id not in known else "updated" if merged != known[paper.id] else "unchanged"
            )
            known[paper.id] = merged
        changed = [paper for key, paper in known.items() if before.get(key) != paper]
        texts_changed = [
            p
            for p in changed
            if p.id not in before or before[p.id].sections != p.sections or before[p.id].title != p.title
        ]
        self.write(texts_changed, [paper for paper in changed if paper not in texts_changed])
        return {outcome: outcomes.count(outcome) for outcome in set(outcomes)}

    def write(self, papers: Sequence[Paper], records: Sequence[Paper] = ()) -> None:
        """Chunks, embeds and stores `papers`, and replaces the metadata of `records`, in one transaction."""
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

    def _key(self, text: str) -> bytes:
        """The cache key of a text's embedding: the model and the text, so that another model never reuses it."""
        return hashlib.sha256(f"{self._embedder.name}\n{text}".encode("utf-8", "surrogatepass")).digest()[:16]


def _texts(paper: Paper, chunks: Sequence[Chunk]) -> list[str]:
    """What is embedded for each chunk: the title gives a passage from the middle of a paper its topic."""
    return [f"{paper.title}\n{chunk.text}" for chunk in chunks]


def _with_own_id(paper: Paper, known: dict[str, Paper]) -> Paper:
    """The paper, under an id of title and abstract where another paper has its title already."""
    other = known.get(paper.id)
    if other is None or same_paper(other, paper):
        return paper
    return replace(paper, id=paper_id(paper.title, paper.abstract))


def same_paper(first: Paper, second: Paper) -> bool:
    """True for two records of one title whose abstracts agree, or where one has none."""
    if not first.abstract or not second.abstract:
        return True
    if normalised(first.abstract) == normalised(second.abstract):
        return True
    return fuzz.token_set_ratio(first.abstract, second.abstract) >= _SAME_PAPER


def merge(known: Paper, new: Paper) -> Paper:
    """One paper out of two records of it: every source, the metadata that says most, the newest text of a source.

    A record from a source that is known already replaces the text; from another source, only a longer text does.
    """
    newer = bool(set(new.sources) & set(known.sources)) or len(new.abstract) > len(known.abstract)
    dated = (
        new
        if (new.year is not None, new.date is not None) > (known.year is not None, known.date is not None)
        else known
    )
    return replace(
        known,
        abstract=new.abstract if newer and new.abstract else known.abstract,
        body=new.body or known.body,
        authors=known.authors or new.authors,
        author_count=known.author_count if known.author_count is not None else new.author_count,
        organisation=known.organisation or new.organisation,
        date=dated.date,
        year=dated.year,
        comment_count=dated.comment_count if dated.comment_count is not None else known.comment_count,
        url=known.url or new.url,
        sources=tuple(dict.fromkeys(known.sources + new.sources)),
    )
