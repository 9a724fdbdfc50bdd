"""What a library holds, open: the catalogue, both indexes as they follow it, and finding and deciding over them."""

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict

from assistant.answering.abstention import OwnCalibration
from assistant.answering.deciding import Decision, asked_within, decide, is_in_another_language
from assistant.config import Config
from assistant.files import WriterLock
from assistant.identity import check_fingerprint, estimating, fingerprint, library_id
from assistant.indexing import Indexer
from assistant.models import open_embedder
from assistant.questions.reading import Question
from assistant.records import Paper, Passage
from assistant.retrieval.ranking import Candidates
from assistant.retrieval.reranking import open_reranker
from assistant.retrieval.search import Search
from assistant.seeding import Seeding
from assistant.store.catalogue import Catalogue
from assistant.store.following import Indexes, Progress
from assistant.store.lexical import LexicalIndex

_FEW = 3  # papers that "the paper" or "they" may mean


class Holdings:
    """The open parts of the library in `config.data_dir`, for one object and all its threads.

    `progress` is called while something long goes on. With `may_differ`, settings other than those that the library was built
    with are no error: it is about to be rebuilt. Raises ConfigError, LibraryError or FingerprintError.
    """

    def __init__(self, config: Config, progress: Progress | None = None, may_differ: bool = False) -> None:
        self.config = config
        self.progress = progress
        self.lock = threading.RLock()  # of the indexes: a thread that searches or writes them holds it
        with ExitStack() as opened:  # what is open by then is closed where the rest fails
            self.catalogue = Catalogue(config.data_dir / "catalogue.sqlite")
            opened.callback(self.catalogue.close)
            self.embedder = open_embedder(config)
            opened.callback(self.embedder.close)
            if not may_differ:
                check_fingerprint(self.catalogue, config, self.embedder)
            self.indexes = Indexes(config, self.catalogue, library_id(self.catalogue))
            self.reranker = open_reranker(config, self.catalogue)
            self.indexer = Indexer(self.catalogue, self.embedder, config.chunk_tokens, ocr=config.ocr == "on")
            self.seeding = Seeding(self.catalogue, self.indexer)
            self._search = Search(self.catalogue, self.indexes, self.embedder, self.reranker)
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Lets go of every file, and of the connections to a provider of embeddings."""
        with self.lock:
            self.indexes.close()
            self._opened.close()

    @property
    def lexical(self) -> LexicalIndex:
        """The open word index; another one after a rebuild."""
        return self.indexes.lexical

    def idf(self, term: str) -> float:
        """The weight of an index term, by the word index that is open when it is asked for."""
        return self.lexical.idf(term)

    # Kept up ------------------------------------------------------------------------------------------------------

    @contextmanager
    def current(self) -> Iterator[Search]:
        """The search, over indexes that hold all that is stored; one thread at a time."""
        with self.lock:
            self.fill_if_new()
            self.follow()
            yield self._search

    def follow(self, progress: Progress | None = None) -> None:
        """Lets the indexes take in what the catalogue holds."""
        with self.lock:
            if not self.indexes.is_current:
                # Another process may have rebuilt the library.
                check_fingerprint(self.catalogue, self.config, self.embedder)
                self.indexes.follow(progress or self.progress)

    def fill_if_new(self) -> None:
        """Fills a library that was never added to from the seeds; one whose filling was cut off is filled to the end."""
        if not self.seeding.is_due:
            return
        with self.lock, WriterLock(self.config.data_dir, timeout=60):
            if self.seeding.is_due:  # while this waited, another process may have filled it or added to it
                self.seeding.fill(self.progress)

    def remove(self, paper_ids: Sequence[str]) -> None:
        """Takes papers out of the catalogue, and lets the indexes follow."""
        with WriterLock(self.config.data_dir, is_patient=True), self.catalogue.transaction():
            for paper_id in paper_ids:
                self.catalogue.remove_paper(paper_id)
            self.catalogue.forget_unused_vectors()
        self.follow()

    def rebuild(self, progress: Progress | None = None) -> None:
        """Chunks and embeds every paper again with the present settings; the caller keeps other writers away.

        Embedding, which takes long, goes on beside readers, and goes on where it was after a kill; then one transaction puts
        the new chunks in the place of the old, for the indexes to follow.
        """
        self.indexer.embed_all(progress or self.progress)
        with self.lock, self.catalogue.transaction():
            self.indexer.write_all()
            self.catalogue.forget_unused_vectors()
            self.catalogue.set_setting("fingerprint", fingerprint(self.config, self.embedder))
            for name in self.catalogue.follower_names():
                self.catalogue.retire_follower(name)

    # Asked --------------------------------------------------------------------------------------------------------

    def find(
        self,
        question: Question,
        k: int,
        paper_ids: Sequence[str] | None = None,
        dense_weight: float | None = None,
        rerank: bool = True,
        own: OwnCalibration | None = None,
    ) -> list[Passage]:
        """`Search.search` in the order that the library learnt, or in that of `own` where given."""

        def found() -> list[Passage]:
            with self.current() as search:
                order = (own or self.calibration).order
                return search.search(question, k, paper_ids, dense_weight=dense_weight, rerank=rerank, order=order)

        passages = found()
        if passages:
            return passages
        with self.lock:
            # Nothing is found of papers that another process wrote since the indexes were followed, be it all of them, as in a
            # rebuild: they are there, and are asked again.
            return [] if self.indexes.is_current else found()

    def decide(
        self,
        question: Question,
        passages: Sequence[Passage],
        paper_ids: Sequence[str] | None = None,
        own: OwnCalibration | None = None,
        quoting: bool | None = None,
    ) -> Decision:
        """Whether these passages, found within `paper_ids` where given, answer the question, by the library's calibration or by
        `own` where given. Where quotations are the whole answer, as they are without a language model or where `quoting` says
        so, more is declined."""
        own = own or self.calibration
        quoting = self.config.model_name is None if quoting is None else quoting
        few = self.catalogue.paper_ids(at_most=_FEW + 1) if paper_ids is None else list(paper_ids)
        chosen = list(self.catalogue.papers_by_id(few).values()) if len(few) <= _FEW else []

        def find(asked: Question, within: Sequence[str]) -> list[Passage]:
            return self.find(asked, self.config.passages, within, own=own)

        within = asked_within(question, passages, chosen, find)
        prints_years = not question.of_year or bool(self.catalogue.years())
        keep = self.config.keep_answerable
        return decide(question, passages, self.lexical, keep, quoting, own, within, prints_years)

    def evidence(self, question: Question, paper_ids: Sequence[str] | None = None) -> Candidates:
        """`Search.evidence` over all that is stored."""
        with self.current() as search:
            return search.evidence(question, paper_ids)

    def listed(self, question: Question, paper_ids: Sequence[str] | None = None) -> list[str]:
        """`Search.listed` over all that is stored."""
        with self.current() as search:
            return search.listed(question, paper_ids)

    def on_topic(self, question: Question, paper_ids: Sequence[str] | None = None) -> list[Paper]:
        """`Search.on_topic` over all that is stored."""
        with self.current() as search:
            return search.on_topic(question, paper_ids)

    def papers_named(self, text: str) -> set[str]:
        """The ids of the papers that `text` calls by the short name in their title."""
        with self.current() as search:
            return search.papers_named(text)

    def spelt(self, text: str) -> str:
        """`text` with typing errors mended in the words that the library never uses, unless it is in another language."""
        with self.current() as search:
            return text if is_in_another_language(text, self.lexical) else search.spelt(text)

    def papers_titled(self, titles: Collection[str]) -> list[Paper]:
        """The papers whose whole title is one of `titles`, as printed."""
        with self.current():
            return self.catalogue.papers_titled(titles)

    def is_foreign(self, text: str) -> bool:
        """True for a question in another language than English, of whose words the library has hardly any."""
        with self.current():
            return is_in_another_language(text, self.lexical)

    @property
    def calibration(self) -> OwnCalibration:
        """What the library learnt of its order and of when it answers, kept in its catalogue.

        What was learnt beside another estimate or order, other models, chunks or share of questions to keep holds no more.
        """
        stored = self.catalogue.setting("calibration") or {}
        if stored.get("of") != estimating(self.config, self.embedder):
            return OwnCalibration()
        weights = {name: tuple(row) for name, row in stored["weights"].items()}
        return OwnCalibration(stored["shift"], weights, tuple(stored["order"]))

    @calibration.setter
    def calibration(self, found: OwnCalibration) -> None:
        of = estimating(self.config, self.embedder)
        self.catalogue.set_setting("calibration", asdict(found) | {"of": of})
