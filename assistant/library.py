"""The one object that holds a library together: ask, stream, search, add."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from assistant.answering.abstention import OwnCalibration
from assistant.answering.context import best_reading
from assistant.answering.continuing import History, Lookup
from assistant.answering.deciding import Decision
from assistant.answering.pipeline import Pipeline
from assistant.answering.requests import Request, Scope
from assistant.answering.scoping import by_titles, ids_of, scope_of
from assistant.answering.writing import ExtractiveWriter, Writer
from assistant.answers import Answer, Citation, Event
from assistant.config import OWN_EMBEDDING, Config
from assistant.conversations import Conversations
from assistant.costs import price_of, tokens_at_most
from assistant.errors import LoadError, QuestionError
from assistant.exporting import exported
from assistant.feedback import Feedback
from assistant.files import WriterLock, keep_copy, write_lines
from assistant.holdings import Holdings
from assistant.loaders.pdf import page_with_quotes
from assistant.privacy import silence
from assistant.questions.reading import Question, read_question
from assistant.records import Paper, Passage
from assistant.reports import IngestReport
from assistant.retrieval.preparing import read_beforehand
from assistant.retrieval.ranking import Candidates
from assistant.retrieval.reranking import LateInteraction
from assistant.retrieval.search import PaperRetriever
from assistant.store.catalogue import Order
from assistant.store.following import Progress
from assistant.store.lexical import LexicalIndex

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

    from assistant.answering.generating import ModelWriter


class Assistant:
    """A library of papers on disk, and everything that can be asked of it. Use it as a context manager, or call `close`.

    `Assistant(data_dir="…")` takes settings by name; `Assistant(config)` takes a finished Config, in which settings by name
    change what they name. A library that was never added to fills itself from the shipped seed papers at the first
    question. `progress(label, done, total)` is called while something long goes on; `rebuild` builds the library again with
    changed settings, and where it is a function, calls that with the library first, which may raise to leave everything as
    it was. Methods are safe to call from several threads.
    Raises ConfigError, LibraryError or FingerprintError.
    """

    def __init__(
        self,
        config: Config | None = None,
        *,
        progress: Progress | None = None,
        rebuild: "bool | Callable[[Assistant], None]" = False,
        **settings: Any,
    ) -> None:
        silence()
        self.config = config.replaced(**settings) if config and settings else config or Config(**settings)
        self._adding = threading.Lock()
        self._conversations = Conversations(self.config.data_dir / "conversations")
        self._feedback = Feedback(self.config.data_dir)
        self._holdings = Holdings(self.config, progress, may_differ=bool(rebuild))
        self._catalogue = self._holdings.catalogue
        self._model_writers: list[ModelWriter] = []
        try:
            self._writer = self._open_writer()
            if rebuild:
                if callable(rebuild):
                    rebuild(self)
                self.rebuild()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Assistant":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of every file and connection. The object, and its language models, cannot be used afterwards."""
        for writer in self._model_writers:
            writer.close()
        self._holdings.close()

    @property
    def progress(self) -> Progress | None:
        """What is called while something long goes on, where no other is given; it can be set."""
        return self._holdings.progress

    @progress.setter
    def progress(self, progress: Progress | None) -> None:
        self._holdings.progress = progress

    # Asking -------------------------------------------------------------------------------------------------------

    def ask(
        self,
        question: str,
        history: History | None = None,
        papers: Iterable[str] | None = None,
        years: Iterable[int] | None = None,
        rewritten: str | None = None,
        sources: Iterable[str] | None = None,
        fresh: bool = False,
    ) -> Answer:
        """Answers a question from the library.

        `history` holds earlier turns, {"role": "user" | "assistant", "content": str}; `papers` (titles or ids),
        `years` and `sources` (file names) limit the search; `rewritten` replaces the automatic rewrite of a follow-up;
        `fresh` asks the model again, whatever the answer cache holds (for repeats of a measurement).
        Works inside a running event loop.
        Raises QuestionError for a question that cannot be asked.
        """
        scope = self._scope(papers, years, sources)
        result = self.chain.invoke(Request(question, history or (), scope, rewritten, fresh))
        return result["answer"]

    async def aask(self, question: str, *args: Any, **options: Any) -> Answer:
        """`ask` in a thread of its own, for async code."""
        return await asyncio.to_thread(self.ask, question, *args, **options)

    def stream(
        self,
        question: str,
        history: History | None = None,
        papers: Iterable[str] | None = None,
        years: Iterable[int] | None = None,
        rewritten: str | None = None,
        sources: Iterable[str] | None = None,
        fresh: bool = False,
    ) -> Iterator[Event]:
        """The same answer a step at a time: events "rewritten", "retrieved", "claim" (already checked), "done".

        "writing" comes in between while a model writes, and "withdrawn" for a claim that it had only thought. Closing the
        iterator stops the model's request.
        """
        scope = self._scope(papers, years, sources)
        for piece in self.chain.stream(Request(question, history or (), scope, rewritten, fresh)):
            yield from piece["events"]

    def search(
        self,
        question: str,
        k: int = 10,
        papers: Iterable[str] | None = None,
        years: Iterable[int] | None = None,
        dense_weight: float | None = None,
        rerank: bool = True,
    ) -> list[Passage]:
        """The `k` passages nearest to the question, best first, without an answer.

        `dense_weight` fixes the vectors' share of the score in [0, 1], without the reranker: 0 is BM25 alone, 1 vectors
        alone. `rerank` False leaves only the reranker out. Raises QuestionError as `ask` does, and for `k` below 1.
        """
        if k < 1:
            raise QuestionError(f"k is the number of passages and at least 1, not {k}")
        scope = self._scope(papers, years).paper_ids
        held = self._holdings
        return best_reading(
            read_question(question),
            lambda asked: held.find(asked, k, scope, dense_weight, rerank),
            lambda asked, passages: held.decide(asked, passages, scope),
        )[1]

    def decision(
        self, question: str, papers: Iterable[str] | None = None, own: OwnCalibration | None = None
    ) -> Decision:
        """Whether the library answers, as `ask` decides it before it writes; with `own` in place of its calibration, where
        given. Raises as `ask` does."""
        held, scope = self._holdings, self._scope(papers).paper_ids

        def decided(asked: Question, passages: Sequence[Passage]) -> Decision:
            return held.decide(asked, passages, scope, own)

        asked = read_question(question)
        return decided(*best_reading(asked, lambda one: held.find(one, self.config.passages, scope, own=own), decided))

    def evidence(self, question: Question, papers: Iterable[str] | None = None) -> Candidates:
        """`Search.evidence` over the library, or over these papers (titles or ids)."""
        return self._holdings.evidence(question, self._scope(papers).paper_ids)

    @property
    def calibration(self) -> OwnCalibration:
        """What the library learnt of its order and of when it answers; `assistant eval calibrate` finds it."""
        return self._holdings.calibration

    @calibration.setter
    def calibration(self, found: OwnCalibration) -> None:
        self._holdings.calibration = found

    @property
    def chain(self) -> "Runnable[Request, dict[str, Any]]":
        """The answering chain as a LangChain Runnable: a question as text, {"question": …, "history": […]}, or a `Request`, to
        {"answer": Answer}."""
        held = self._holdings
        asked = Lookup(
            held.find,
            held.decide,
            held.listed,
            held.on_topic,
            held.papers_named,
            held.papers_titled,
            held.idf,
            held.is_foreign,
            lambda text: by_titles(text, self._catalogue) or text,
            held.spelt,
            self.config.passages,
        )
        return Pipeline(asked, self._writer).chain

    @property
    def retriever(self) -> PaperRetriever:
        """The library as a LangChain retriever."""
        return PaperRetriever(find=self.search, k=self.config.passages)

    @property
    def lexical(self) -> LexicalIndex:
        """The open word index: term weights and vocabulary of the library."""
        return self._holdings.lexical

    def language_model(self, name: str | None = None) -> "ModelWriter | None":
        """The language model that answers, or the one called `name` with settings and budget of its own; None without one.

        It serves other prompts than answers, such as a judge's. Raises ConfigError where `name` cannot be opened.
        """
        if name is None or name == self.config.model_name:
            return cast("ModelWriter", self._writer) if self.config.model_name else None
        return self._model_writer(self.config.model_copy(update={"model": name}))

    # Papers -------------------------------------------------------------------------------------------------------

    def add(
        self,
        sources: str | Path | Paper | Iterable[str | Path | Paper],
        progress: Progress | None = None,
        prune: bool = False,
    ) -> IngestReport:
        """Adds files, folders, globs or Paper objects; what is unchanged costs nothing.

        With `prune`, papers go whose file was below one of these folders and is there no more. Raises LoadError for a path
        that names nothing, and for a Paper that cannot be stored; nothing is added then.
        """
        start = time.monotonic()
        given = _listed(sources)
        # Not under the lock of questions: they go on being answered from what the indexes hold so far.
        with self._adding, WriterLock(self.config.data_dir, is_patient=True):
            self._holdings.seeding.give_way()
            report = self._holdings.indexer.add(given, progress or self.progress, prune)
        self._holdings.follow(progress)
        return replace(report, seconds=time.monotonic() - start)

    def estimate(
        self, sources: str | Path | Paper | Iterable[str | Path | Paper] | None = None
    ) -> tuple[int, float | None]:
        """What embedding these sources would send to a provider: tokens (on the safe side), and US dollars or None.

        Without sources, what `rebuild` would send. (0, 0.0) with the package's own embedding, which sends nothing. Raises
        LoadError for a path that names nothing.
        """
        if self.config.embedding == OWN_EMBEDDING:
            return 0, 0.0
        if sources is None:
            texts = self._holdings.indexer.texts_not_embedded(self._catalogue.papers())
        else:
            texts = self._holdings.indexer.texts_to_embed(_listed(sources))
        tokens = sum(map(tokens_at_most, texts))
        price = price_of(self.config, self.config.embedding)
        return tokens, None if price is None else price.of(tokens)

    def add_uploads(self, files: Iterable[str | Path], progress: Progress | None = None) -> IngestReport:
        """Adds files that are about to go away, such as a page's uploads: keeps a copy of each in the data folder first."""
        folder = self.config.data_dir / "uploads"
        return self.add([keep_copy(Path(file), folder) for file in files], progress)

    def remove(self, papers: Iterable[str]) -> list[Paper]:
        """Removes papers by id, title or the file that one paper came from, and returns them. Raises LibraryError where one is
        not in the library, or several papers came from the file."""
        with self._adding:
            ids = ids_of(self._catalogue, papers)
            removed = list(self._catalogue.papers_by_id(ids).values())
            self._holdings.remove(ids)
        return removed

    def prepare(self, progress: Progress | None = None, stop: threading.Event | None = None) -> int:
        """Lets the reranker read every passage, so that no question waits for it; returns how many it had not read yet.

        What was read stays stored: stopped at any moment, by `stop` or a kill, the next call goes on from there.
        """
        self._holdings.fill_if_new()
        reranker = self._holdings.reranker
        return read_beforehand(reranker, self._catalogue, progress, stop) if reranker else 0

    def export(self, file: str | Path, embeddings: bool = True) -> int:
        """Writes every paper with its text, one JSON object a line, and returns how many; `add` reads the file anywhere.

        With `embeddings`, nothing is embedded again where the same embedding is in use. Raises LibraryError where the file
        cannot be written.
        """
        self._holdings.fill_if_new()
        return write_lines(Path(file), exported(self._catalogue, embeddings))

    def papers(self) -> list[Paper]:
        """All papers, in the order in which they were added."""
        self._holdings.fill_if_new()
        return self._catalogue.papers()

    def find_papers(
        self, text: str = "", order: Order = "added", offset: int = 0, limit: int = 50, titles_only: bool = False
    ) -> tuple[list[Paper], int]:
        """Papers whose title, abstract or metadata hold every word of `text`, a page at a time, and how many there are.

        `order` is "added", "newest", "oldest" or "title"; `titles_only` looks for the words in titles alone.
        """
        self._holdings.fill_if_new()
        return self._catalogue.find_papers(text, order, max(0, offset), max(1, limit), titles_only)

    def paper(self, paper_id: str) -> Paper | None:
        """The paper with this id, or None."""
        return self._catalogue.paper(paper_id)

    def untitled(self) -> list[str]:
        """The ids of the papers without a title, without filling a new library."""
        return self._catalogue.untitled()

    def years(self) -> list[int]:
        """The years that papers are printed with, newest first."""
        self._holdings.fill_if_new()
        return self._catalogue.years()

    def sources(self) -> list[str]:
        """The files that papers came from."""
        self._holdings.fill_if_new()
        return self._catalogue.sources()

    def counts(self) -> tuple[int, int]:
        """How many papers and chunks are stored, without filling a new library."""
        return self._catalogue.counts()

    def rebuild(self, progress: Progress | None = None) -> None:
        """Chunks and embeds every paper again with the present settings.

        Embedding, which takes long, goes on beside readers, and goes on where it was after a kill; then one transaction
        puts the new chunks in the place of the old, and the indexes follow.
        """
        with self._adding, WriterLock(self.config.data_dir, is_patient=True):
            self._holdings.rebuild(progress)
        self._holdings.follow(progress)

    def page_picture(self, citation: Citation, *others: Citation) -> bytes:
        """The page that a citation of a PDF points at as a PNG, with its quotation and those of `others` on that page marked.

        Raises LoadError where the paper is not from a PDF, or its file is gone.
        """
        files = [Path(path) for path in self._catalogue.files_of(citation.paper.id)]
        paths = [path for path in files if path.suffix.lower() == ".pdf" and path.exists()]
        if not paths or citation.page is None:
            raise LoadError(f"the PDF of “{citation.paper.title}” is not where it was added from; add it again")
        quotes = [c.quote for c in (citation, *others) if (c.paper.id, c.page) == (citation.paper.id, citation.page)]
        return page_with_quotes(paths, citation.page, quotes)

    # What readers leave -------------------------------------------------------------------------------------------

    @property
    def conversations(self) -> Conversations:
        """The conversations kept with this library."""
        return self._conversations

    @property
    def feedback(self) -> Feedback:
        """Opinions of answers, and the test set that readers build."""
        return self._feedback

    # Inside -------------------------------------------------------------------------------------------------------

    def _scope(
        self,
        papers: Iterable[str] | None = None,
        years: Iterable[int] | None = None,
        sources: Iterable[str] | None = None,
    ) -> Scope:
        if papers is None and years is None and sources is None:
            return Scope()
        self._holdings.fill_if_new()
        return scope_of(self._catalogue, papers, years, sources)

    def _open_writer(self) -> Writer:
        if self.config.model_name is None:
            return ExtractiveWriter()
        return self._model_writer(self.config)

    def _model_writer(self, config: Config) -> "ModelWriter":
        from assistant.answering.generating import ModelWriter  # costs the provider's import time

        held = self._holdings
        likeness = held.reranker.likeness if isinstance(held.reranker, LateInteraction) else None

        def unquotable(question: Question, passages: Sequence[Passage]) -> str:
            return held.decide(question, passages, quoting=True).reason

        writer = ModelWriter(config, held.idf, self._catalogue, unquotable, likeness)
        self._model_writers.append(writer)
        return writer


def _listed(sources: str | Path | Paper | Iterable[str | Path | Paper]) -> list[str | Path | Paper]:
    if isinstance(sources, Iterable) and not isinstance(sources, str | bytes | Mapping):
        return list(sources)
    return [cast("str | Path | Paper", sources)]


_OPENING = threading.Lock()


def default_library() -> Assistant:
    """The library of the default settings, opened once a process, whichever thread asks first."""
    with _OPENING:
        return _opened()


@lru_cache(maxsize=1)
def _opened() -> Assistant:
    return Assistant()


def ask(question: str, **options: Any) -> Answer:
    """`Assistant.ask` on the default library."""
    return default_library().ask(question, **options)
