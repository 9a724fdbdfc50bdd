"""The BM25 side: a tantivy index of stemmed terms, as a follower of the catalogue.

Text is turned into terms here (`assistant.terms`), not by tantivy, so that queries, sentences and claims all agree on
what counts as the same word. tantivy's commits are atomic: a kill leaves the index as it was after the last one.
"""

import math
import os
from collections.abc import Sequence
from pathlib import Path

import tantivy
from rapidfuzz import process
from rapidfuzz.distance import OSA

from assistant.errors import StoreError
from assistant.files import is_disk_full
from assistant.store.catalogue import Catalogue, Entry
from assistant.terms import INDEX_VERSION, terms

_HEAP = 64_000_000  # bytes that tantivy may buffer before it writes a segment
_VERSION_FILE = "terms-version"  # beside tantivy's own files
_TERMS_A_LETTER = 50_000
_TYPO_LENGTH = 5  # letters below which an unknown word is not taken for a typing error


def index_words(catalogue: Path, folder: str, first: int, last: int, step: int) -> None:
    """Takes the catalogue's changes after `first`, up to `last`, into the index in `folder`, `step` of them at a time.

    For a process of its own: it only writes that folder. Whoever starts it holds the writer lock and keeps the record.
    """
    index, truth, parent = LexicalIndex(Path(folder)), Catalogue(catalogue), os.getppid()
    while first < last and os.getppid() == parent:  # a killed parent holds the lock no more
        first, paper_ids, removed = truth.changes_after(first, min(step, last - first))
        index.apply(truth.entries(paper_ids), removed)
    truth.close()


class LexicalIndex:
    """The index in `folder`, made when missing. Raises StoreError where it cannot be opened or written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("chunk_id", stored=True, tokenizer_name="raw", index_option="basic")
        builder.add_text_field("text", tokenizer_name="whitespace", index_option="freq")
        builder.add_text_field("details", tokenizer_name="whitespace", index_option="freq")
        self._schema = builder.build()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._index = tantivy.Index(self._schema, path=str(folder))
        except (OSError, ValueError) as error:
            raise StoreError(f"the word index at {folder} cannot be opened ({error}); run 'assistant doctor'") from None
        self._searcher = self._index.searcher()
        self._by_letter: dict[str, dict[str, int]] = {}

    @property
    def is_current(self) -> bool:
        """True where the index holds terms as this version of the package makes them."""
        try:
            return (self.folder / _VERSION_FILE).read_text(encoding="ascii") == INDEX_VERSION
        except (OSError, ValueError):
            return False

    def apply(self, entries: Sequence[Entry], removed: Sequence[str]) -> None:
        """Forgets the chunks `removed`, then takes in `entries` (replacing those with a known id), in one commit."""
        try:
            writer = self._index.writer(heap_size=_HEAP, num_threads=1)
            for chunk_id in {*removed, *(entry.chunk.id for entry in entries)}:
                writer.delete_documents_by_term("chunk_id", chunk_id)
            for entry in entries:
                writer.add_document(
                    tantivy.Document(
                        chunk_id=entry.chunk.id,
                        text=" ".join(terms(f"{entry.paper.title}\n{entry.chunk.text}")),
                        details=" ".join(terms(entry.paper.details)),
                    )
                )
            writer.commit()
            (self.folder / _VERSION_FILE).write_text(INDEX_VERSION, encoding="ascii")
            writer.wait_merging_threads()
        except (OSError, ValueError) as error:
            step = "free some disk space and retry" if is_disk_full(error) else "run 'assistant doctor'"
            raise StoreError(f"the word index at {self.folder} cannot be written ({error}); {step}") from None
        self.refresh()

    def refresh(self) -> None:
        """Shows what has been committed since, by this process or another."""
        self._index.reload()
        self._searcher = self._index.searcher()
        self._by_letter = {}

    def count(self) -> int:
        """How many chunks it holds."""
        return self._searcher.num_docs

    def idf(self, term: str) -> float:
        """BM25's inverse document frequency of an index term, ln(1 + (N - n + .5) / (n + .5)); at least that of n = N."""
        total = self._searcher.num_docs
        found = min(total, self._searcher.doc_freq("text", term))
        return math.log(1 + (total - found + 0.5) / (found + 0.5))

    def is_known(self, term: str) -> bool:
        """True where some chunk or printed metadata holds the index term."""
        return bool(self._searcher.doc_freq("text", term) or self._searcher.doc_freq("details", term))

    def search(self, query: Sequence[str], k: int) -> list[tuple[str, float]]:
        """The `k` best chunks for the index terms as (chunk id, BM25 score > 0), best first; none where no term occurs."""
        clauses = [(tantivy.Occur.Should, part) for term in dict.fromkeys(query) for part in self._clauses(term)]
        if not clauses or not k:
            return []
        hits = self._searcher.search(tantivy.Query.boolean_query(clauses), k, count=False).hits
        return [(self._searcher.doc(address)["chunk_id"][0], float(score)) for score, address in hits]

    def _clauses(self, term: str) -> list[tantivy.Query]:
        # Dates, organisations and author counts are short fields, which BM25's length norm favours: they need no weight.
        fields = ("text", "details")
        return [tantivy.Query.term_query(self._schema, field, term, index_option="freq") for field in fields]

    def correction(self, term: str) -> str | None:
        """The index's own term that an unknown `term` most likely mistypes: one edit away (two from eight letters on)."""
        if len(term) < _TYPO_LENGTH or not term.isalpha() or self.is_known(term):
            return None
        known = self._beginning_with(term[0])
        edits = 2 if len(term) >= 8 else 1
        close = process.extract(term, known.keys(), scorer=OSA.distance, score_cutoff=edits, limit=20)
        return min(close, key=lambda match: (match[1], -known[match[0]]))[0] if close else None

    def _beginning_with(self, letter: str) -> dict[str, int]:
        """The index's terms that begin so, with how many chunks use them: read once, as it takes 18 ms of 160,000 papers."""
        known = self._by_letter  # of the searcher as it stands: after a refresh meanwhile, what is kept here is dropped
        if letter not in known:
            known[letter] = dict(self._searcher.terms_with_prefix("text", letter, limit=_TERMS_A_LETTER))
        return known[letter]
