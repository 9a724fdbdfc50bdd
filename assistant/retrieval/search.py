"""Question -> ranked passages: candidates that a reranker read again, with scored sentences in each passage."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import exp
from typing import Any

import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from assistant.models import Embedder, own_embedder
from assistant.questions.authorship import Authorship
from assistant.questions.expecting import is_headed, is_named_part, mentions_all, words_for
from assistant.questions.names import is_called, is_coined
from assistant.questions.orders import in_order
from assistant.questions.reading import Question, asked_of
from assistant.questions.sections import summing_up
from assistant.records import Chunk, Paper, Passage, paper_of
from assistant.retrieval.finding import Finder, Found
from assistant.retrieval.ranking import (
    BROAD_SHARE,
    FEATURES,
    RERANKED,
    RIVAL_SHARE,
    Candidates,
    coverer,
    mixed,
    reranked,
    shipped_weights,
)
from assistant.retrieval.reranking import LateInteraction, Reading, Reranker
from assistant.retrieval.sentences import Fits, SentenceScorer, reranked_text, spans_in
from assistant.store.catalogue import Catalogue
from assistant.store.following import Indexes
from assistant.terms import fold, stem, term_set

_YEAR_BONUS = 0.25
_OTHER_TIME = 0.1
_NAMED_BONUS = 1.0  # above every other
_HEADED_BONUS = 1.0
_SUMMING_UP_BONUS = 10.0  # above every other, names included
# What of a topic's idf mass a paper holds that is on it, and how many chunks with its words are looked at.
_HELD, _HOLDING = 0.8, 1000
_WHOLE_STEM = (
    4  # letters of a stem that a text surely holds; the last of a longer one may be another: "studi" of "study"
)
_COMPARING = frozenset(map(stem, ("compare", "contrast", "differ", "difference", "similar", "similarity", "versus")))
PER_PAPER = 2  # passages of one paper that a search finds


@dataclass(frozen=True, slots=True)
class _ReadAgain:
    """What a reranker made of candidates, by chunk id: the scores that order them, its own, and, where it is the shipped one,
    those of a chunk's sentences, and how far apart the learnt order puts the best and the last."""

    scores: Mapping[str, float] = field(default_factory=dict)
    meant: Mapping[str, float] = field(default_factory=dict)
    fits: Fits = field(default_factory=dict)
    spread: float | None = None

    def chances(self, scores: Mapping[str, float]) -> dict[str, float]:
        """How probably each paper is the one that answers, of those that were read, by the final scores: the softmax that the
        order was learnt by. Empty where the order is not a learnt one."""
        if self.spread is None:
            return {}
        top = max(scores[name] for name in self.scores)
        masses: defaultdict[str, float] = defaultdict(float)
        for name in self.scores:
            masses[paper_of(name)] += exp(self.spread * (scores[name] - top))
        total = sum(masses.values())
        return {paper: mass / total for paper, mass in masses.items()}


class Search:
    """Ranks the passages of a library for a question."""

    def __init__(
        self, catalogue: Catalogue, indexes: Indexes, embedder: Embedder, reranker: Reranker | None = None
    ) -> None:
        self._catalogue = catalogue
        self._indexes = indexes
        self._embedder = embedder
        self._finder = Finder(catalogue, indexes, embedder)
        self._reranker = reranker
        self._sentences = SentenceScorer(indexes, embedder, reranker)
        self._last_listed: tuple[object, list[Paper], dict[str, list[str]]] = None, [], {}

    def search(
        self,
        question: Question,
        k: int,
        paper_ids: Sequence[str] | None = None,
        dense_weight: float | None = None,
        rerank: bool = True,
        order: Sequence[float] = (),
    ) -> list[Passage]:
        """The `k` best passages, best first, at most two of one paper unless others lack, within `paper_ids` where given.

        `dense_weight` is the vectors' share of the score, 0 for words alone and 1 for vectors alone, both without the
        reranker; None lets the question decide. `rerank` False leaves the reranker out. `order` are weights of the library's
        own in place of `ranking.shipped_weights`.
        """
        by = self._by(question.by) if question.by else []
        question = question.settled(by)
        places: dict[str, int] = {}
        if question.wants_records:
            listed = (self.listed(question, paper_ids) or self.listed(replace(question, order=""), paper_ids))[:k]
            places, paper_ids = {key: place for place, key in enumerate(listed)}, listed or paper_ids
        elif question.amount:
            paper_ids = self.listed(replace(question, order=""), paper_ids) or paper_ids
        if question.kind:
            of_kind = self._catalogue.papers_with_words(question.kind.words, in_abstracts=True)
            held = [paper.id for paper in of_kind if question.kind.holds(paper)]
            paper_ids = [one for one in held if paper_ids is None or one in paper_ids] or paper_ids
        if question.called:
            called = [paper.id for paper in self._called(question.called) if question.is_of(paper)]
            paper_ids = [one for one in called if paper_ids is None or one in paper_ids] or paper_ids
        if by and not places:
            paper_ids = [paper.id for paper in by if paper_ids is None or paper.id in paper_ids] or paper_ids
        found = self._finder.find(question, paper_ids, dense_weight)
        scores, again = found.fused, _ReadAgain()
        if rerank and dense_weight is None and self._reranker is not None:
            again = self._read_again(found, self._reranker, np.array(order) if order else shipped_weights())
            scores = reranked(found.fused, again.scores)
        scores = self._dated(
            found.question, {name: score + _NAMED_BONUS * (name in found.named) for name, score in scores.items()}
        )
        if question.wants_summary or (paper_ids is not None and words_for(question)):
            scores = self._by_section(question, scores)
        ranked = sorted(scores, key=lambda name: (places.get(paper_of(name), 0), -scores[name], name))
        best = _one_of_each(ranked)[:k] if question.wants_records else _capped(ranked, k, PER_PAPER)
        top = max(1.0, *(scores[name] for name in best)) if best else 1.0
        chances = again.chances(scores)
        passages = [
            Passage(
                chunk,
                paper,
                score=scores[chunk.id] / top,
                signals=found.signals(chunk.id)
                | self._meant_signal(chunk.id, again.meant)
                | ({"chance": chances[paper.id]} if paper.id in chances else {}),
            )
            for chunk, paper in self._stored(best)
        ]
        if overlooked := self._overlooked(found, [one.paper for one in passages], paper_ids):
            passages = self.search(question, k, overlooked, dense_weight, rerank, order)
            return [replace(one, signals=one.signals | {"named": 1.0}) for one in passages]
        if dense_weight is None and (asked := self._asked_of_full_texts(found)):
            within = self.search(asked, k, sorted({paper_of(name) for name in found.named}), rerank=rerank, order=order)
            # Whether that answers is told as of other papers, by all that the question says.
            told = {key: max(one.signals.get(key, 0.0) for one in passages) for key in passages[0].signals}
            return [replace(one, signals={**one.signals, **told}) for one in within]
        return self._sentences.scored(found, passages, again.fits)

    def _overlooked(self, found: Found, papers: Sequence[Paper], paper_ids: Sequence[str] | None) -> list[str]:
        """The ids of papers, within `paper_ids` where given, that the question names beside much else, where none of those found
        mentions a name of theirs: what else it says is asked of them."""
        asked = set(found.question.names)
        names = [name for name in found.titled if asked & set(fold(name).split())]
        if found.question.wants_records or any(mentions_all(paper, [name]) for name in names for paper in papers):
            return []
        ids = dict.fromkeys(key for name in names for key in found.titled[name])
        return [key for key in ids if paper_ids is None or key in paper_ids] if papers else []

    def _asked_of_full_texts(self, found: Found) -> Question | None:
        """What a question asks of papers that it calls by their names, where one has so many passages that the names, which stand
        in all of them, would choose among these; None elsewhere."""
        question, chunks = found.question, Counter(map(paper_of, found.named))
        if question.wants_records or question.wants_summary or max(chunks.values(), default=0) <= PER_PAPER:
            return None
        asked = asked_of(question, self._catalogue.papers_by_id(list(chunks)).values())
        says = set(asked.terms) - _COMPARING
        return replace(asked, text=asked.topic) if says and asked.terms != question.terms else None

    def evidence(self, question: Question, paper_ids: Sequence[str] | None = None) -> Candidates:
        """The candidates that the reranker reads, within `paper_ids` where given: what their order is learnt from. None of them
        where the shipped reranker is not in use, which alone is ordered by learnt weights."""
        if not isinstance(self._reranker, LateInteraction):
            return Candidates([], np.zeros((0, len(FEATURES))), np.zeros(0), 0.0)
        found = self._finder.find(question, paper_ids)
        return self._candidates_read(found, self._stored(found.first(RERANKED)), self._reranker)[0]

    def _stored(self, names: Sequence[str]) -> list[tuple[Chunk, Paper]]:
        """The chunks of these names that are still there, with their papers."""
        chunks = self._catalogue.chunks(names)
        papers = self._catalogue.papers_by_id([paper_of(name) for name in names])
        return [(chunks[name], papers[paper_of(name)]) for name in names if name in chunks and paper_of(name) in papers]

    def _read_again(self, found: Found, reranker: Reranker, weights: np.ndarray) -> _ReadAgain:
        """What the reranker made of the best candidates."""
        read = self._stored(found.first(RERANKED))
        names = [chunk.id for chunk, _ in read]
        if not read:
            return _ReadAgain()
        if not isinstance(reranker, LateInteraction):
            texts = [reranked_text(paper, chunk) for chunk, paper in read]
            meant = np.array(reranker.score(found.question.topic, texts))
            scores = mixed(np.array([found.fused[name] for name in names]), meant, found.cover)
            return _ReadAgain(_named(names, scores), _named(names, meant))
        candidates, reading = self._candidates_read(found, read, reranker)
        fits = dict(zip(names, reading.spans, strict=True))
        spread = float(np.ptp(candidates.inputs @ weights))
        return _ReadAgain(_named(names, candidates.scores(weights)), _named(names, reading.scores), fits, spread)

    def _candidates_read(
        self, found: Found, read: Sequence[tuple[Chunk, Paper]], reranker: LateInteraction
    ) -> tuple[Candidates, Reading]:
        """What is known of candidates, and what of that the reranker said."""
        texts = [reranked_text(paper, chunk) for chunk, paper in read]
        spans = [spans_in(text, chunk) for text, (chunk, _) in zip(texts, read, strict=True)]
        reading = reranker.read(found.question.topic, texts, spans)
        cover = coverer(found.question.terms, self._indexes.lexical.idf)
        rows = [
            [
                found.bm25.get(chunk.id, 0.0),
                found.dense.get(chunk.id, 0.0),
                late,
                max((fit for fit in fits if fit is not None), default=0.0),
                similarity,
                cover(term_set(paper.title)),
            ]
            for (chunk, paper), late, fits, similarity in zip(
                read, reading.late, reading.spans, self._best_similarities(found, [c for c, _ in read]), strict=True
            )
        ]
        return Candidates(
            [paper.id for _, paper in read],
            np.array(rows).reshape(len(read), len(FEATURES)),
            np.array([found.fused[chunk.id] for chunk, _ in read]),
            found.cover,
            found.is_mended,
            bool(found.named),
        ), reading

    def _best_similarities(self, found: Found, chunks: Sequence[Chunk]) -> list[float]:
        """The highest cosine of the question and a sentence of each chunk, by the shipped embedding: one of a provider costs
        money for every sentence."""
        own = own_embedder()
        vector = found.vector if self._embedder is own else own.encode([found.question.topic])[0]
        sentences = [chunk.sentence(i) for chunk in chunks for i in range(len(chunk.sentences))]
        cosines = iter((own.encode_often(sentences) @ vector).tolist())
        return [max((next(cosines) for _ in chunk.sentences), default=0.0) for chunk in chunks]

    def spelt(self, text: str) -> str:
        """`text` with typing errors mended in the words that the library never uses."""
        return self._finder.mender.spelt(text)

    def papers_named(self, text: str) -> set[str]:
        """The ids of the papers that `text` calls by the short name in their title."""
        return self._finder.papers_named(text)

    def _meant_signal(self, name: str, meant: Mapping[str, float]) -> dict[str, float]:
        """The score of the shipped reranker; what another one's scores mean, the calibration cannot know."""
        return {"meant": meant[name]} if name in meant and isinstance(self._reranker, LateInteraction) else {}

    def listed(self, question: Question, paper_ids: Sequence[str] | None = None) -> list[str]:
        """The ids of the papers, within `paper_ids` where given, whose record is of the time and the people asked for, in the
        order asked for: the newest first where none is. What was listed last is remembered until a paper changes: an answer
        looks at it, and then says how many there are, and how many of them print what puts them in order."""
        whatever_order = replace(question, order="")
        key = (whatever_order, None if paper_ids is None else tuple(paper_ids), self._catalogue.last_change())
        last = self._last_listed
        if last[0] != key:
            last = self._last_listed = key, self._listed(question, paper_ids), {}
        _, papers, ordered = last
        if question.order not in ordered:
            ordered[question.order] = [paper.id for paper in in_order(papers, question.order)]
        return ordered[question.order]

    def _listed(self, question: Question, paper_ids: Sequence[str] | None) -> list[Paper]:
        scope = None if paper_ids is None else set(paper_ids)
        if question.by:
            papers = self._by(question.by)
            question = question.settled(papers)
        else:
            time = question.time
            years = (
                None
                if time is None or time.months
                else [year for year in self._catalogue.years() if time.may_hold(year)]
            )
            papers = self._catalogue.ordering(years)
        return [paper for paper in papers if (scope is None or paper.id in scope) and question.is_for(paper)]

    def on_topic(self, question: Question, paper_ids: Sequence[str] | None = None) -> list[Paper]:
        """The papers on the question's topic, within `paper_ids` where given, of the time and people asked for: those near the
        best that hold its words, or very near whatever their words, best first, then others whose title holds them."""
        question = question.settled(self._by(question.by)) if question.by else question
        question = self._finder.mender.mended(question)
        near = self.search(question, RERANKED, paper_ids)
        cover = coverer(question.terms, self._indexes.lexical.idf)
        papers = [
            one.paper
            for one in near
            if one.score >= RIVAL_SHARE * near[0].score
            or (one.score >= BROAD_SHARE * near[0].score and cover(term_set(f"{one.paper.title} {one.text}")) >= _HELD)
        ]
        holding = dict.fromkeys(paper_of(name) for name, _ in self._indexes.lexical.search(question.terms, _HOLDING))
        scope = None if paper_ids is None else set(paper_ids)
        titled = self._catalogue.papers_by_id([key for key in holding if scope is None or key in scope]).values()
        papers += [paper for paper in titled if cover(term_set(paper.title)) >= _HELD]
        return [paper for paper in {paper.id: paper for paper in papers}.values() if question.is_for(paper)]

    def _by(self, authorship: Authorship) -> list[Paper]:
        """The papers by someone."""
        apart = replace(authorship, together=False)
        found = {
            paper.id: paper
            for part in authorship.longest_parts
            for paper in self._catalogue.papers_printed_with(part)
            if apart.holds(paper)
        }
        return list(filter(authorship.settled(found.values()).holds, found.values()))

    def _called(self, name: str) -> list[Paper]:
        """The papers that may be called "the … paper" by a name."""
        stems = [term[:-1] if len(term) > _WHOLE_STEM else term for term in term_set(name) if term.isascii()]
        return [paper for paper in self._catalogue.papers_with_words(stems, is_coined(name)) if is_called(paper, name)]

    def _dated(self, question: Question, fused: Mapping[str, float]) -> dict[str, float]:
        """The scores by the question's years: a bonus for their papers, or, where the question is about the time of
        publication, a loss for all others."""
        if not question.years:
            return dict(fused)
        papers = self._catalogue.papers_by_id([paper_of(name) for name in fused])
        dated = {name for name in fused if paper_of(name) in papers and question.is_dated(papers[paper_of(name)])}
        if question.time is None:
            return {name: score + _YEAR_BONUS * (name in dated) for name, score in fused.items()}
        return {name: score * (1.0 if name in dated else _OTHER_TIME) for name, score in fused.items()}

    def _by_section(self, question: Question, scores: Mapping[str, float]) -> dict[str, float]:
        """The scores where sections come first that say what their paper does, if that is asked, and those that are headed by
        what is asked after, or that name the figure or the like that is asked of by its number."""
        chunks = self._catalogue.chunks(list(scores)).values()
        if question.wants_summary:
            bonus = {chunk.id: _SUMMING_UP_BONUS * summing_up(question.text, chunk) for chunk in chunks}
        else:
            bonus = {
                chunk.id: _HEADED_BONUS * (is_headed(question, chunk.heading) or is_named_part(question, chunk.text))
                for chunk in chunks
            }
        return {name: score + bonus.get(name, 0.0) for name, score in scores.items()}


def _named(names: Sequence[str], values: np.ndarray) -> dict[str, float]:
    return dict(zip(names, values.tolist(), strict=True))


def _one_of_each(ranked: Sequence[str]) -> list[str]:
    """The first chunk id of each paper."""
    first: dict[str, str] = {}
    for name in ranked:
        first.setdefault(paper_of(name), name)
    return list(first.values())


def _capped(ranked: Sequence[str], k: int, per_paper: int) -> list[str]:
    """The first `k` chunk ids, at most `per_paper` of one paper, so that lists and comparisons stay broad; where the papers are
    too few for that, as where one was chosen, the next best of any."""
    taken: Counter[str] = Counter()
    kept: list[str] = []
    others: list[str] = []
    for name in ranked:
        taken[paper_of(name)] += 1
        (kept if taken[paper_of(name)] <= per_paper else others).append(name)
        if len(kept) == k:
            return kept
    chosen = {*kept, *others[: k - len(kept)]}
    return [name for name in ranked if name in chosen]


class PaperRetriever(BaseRetriever):
    """The library as a LangChain retriever: composes with any chain. `find` ranks passages for a question's text."""

    find: Callable[..., list[Passage]]
    k: int = 6

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return [to_document(passage) for passage in self.find(query, k=self.k)]


def to_document(passage: Passage) -> Document:
    """A passage as a LangChain document; `metadata["passage"]` is the passage itself."""
    paper: Paper = passage.paper
    metadata: dict[str, Any] = {
        "paper_id": paper.id,
        "title": paper.title,
        "date": paper.date,
        "year": paper.year,
        "sources": list(paper.sources),
        "page": passage.chunk.page,
        "score": passage.score,
        "passage": passage,
    }
    return Document(page_content=passage.text, metadata=metadata, id=passage.chunk.id)
