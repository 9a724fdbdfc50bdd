"""Question -> ranked passages: BM25 and vectors, fused by normalised scores, with scored sentences in each passage."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from assistant.catalogue import Catalogue
from assistant.following import Indexes
from assistant.models import Embedder
from assistant.questions import Question, is_titled, possible_titles
from assistant.records import Chunk, Paper, Passage, Sentence, paper_of
from assistant.reranking import LateInteraction, Reranker
from assistant.terms import term_set, terms

# Share of the vectors in the fused score, the rest being BM25's: high where no passage holds the question's words, low where
# one holds them all (a name, a number, a title). Chosen on the development half of the shipped test set, where a fixed share
# loses either the paraphrased questions or those about names and dates.
DENSE_WEIGHT_UNCOVERED, DENSE_WEIGHT_COVERED = 0.95, 0.25
_COVER_LOOKED_AT = 5
# Share of vector similarity in a sentence's score; the rest is its cover of the question's weighted terms.
SENTENCE_DENSE_WEIGHT = 0.5
SENTENCE_MEANT_WEIGHT = 0.6  # of the shipped reranker; chosen on the held-out questions of `training.asked`
# Of late interaction: of any two texts some tokens are alike, and no question is like its answer throughout. About the 5 % and
# 99 % quantiles over sentences of the first papers found, on the development half and the held-out questions.
SENTENCE_FLOOR, SENTENCE_CEILING = 0.4, 0.9
_CANDIDATES = 100  # from each side
_EXACT_LIMIT = 20_000  # chunks below which a filtered search scores vectors exactly: faster than Chroma's filter
_YEAR_BONUS = 0.25
_OTHER_YEAR, _OTHER_MONTH = 0.1, 0.3
# The reranker reads this many candidates: twice as many cost twice the time and gained less than half a point of nDCG on the
# held-out questions of `training.asked`, over 500 papers of the corpus. Its share of their score, chosen there, on the
# development half and on SciFact's training and SciTLDR's development splits, depends on the same cover of the question's words
# as the vectors' does.
RERANKED = 30
RERANK_WEIGHT_UNCOVERED, RERANK_WEIGHT_COVERED = 0.95, 0.3
_NAMED_BONUS = 1.0  # above every other
_NAMED_SHARE = 0.5  # of the question's idf mass that the names of papers hold where they decide
_NAMESAKES = 5  # papers of one short name that are looked at
_FLOOR = 0.01  # of a candidate that was read again; those that were not stay below


class Search:
    """Ranks the passages of a library for a question."""

    def __init__(
        self, catalogue: Catalogue, indexes: Indexes, embedder: Embedder, reranker: Reranker | None = None
    ) -> None:
        self._catalogue = catalogue
        self._indexes = indexes
        self._embedder = embedder
        self._reranker = reranker

    def search(
        self,
        question: Question,
        k: int,
        paper_ids: Sequence[str] | None = None,
        per_paper: int = 2,
        dense_weight: float | None = None,
        rerank: bool = True,
    ) -> list[Passage]:
        """The `k` best passages, best first, at most `per_paper` of one paper, within `paper_ids` where given.

        `dense_weight` is the vectors' share of the score, 0 for words alone and 1 for vectors alone, both without the
        reranker; None lets the question decide. `rerank` False leaves the reranker out.
        """
        vector = self._embedder.encode([question.text])[0]
        question = self._without_typing_errors(question)
        bm25, dense = self._candidates(question, vector, paper_ids)
        named = self._chunks_named(question, paper_ids) if dense_weight is None else set()
        dense |= self._similarities(vector, [name for name in named if name not in dense])
        whole = self._catalogue.searchable([*{*bm25, *dense}], self._indexes.number)  # papers may be added meanwhile
        bm25, dense = ({name: found[name] for name in found if name in whole} for found in (bm25, dense))
        cover = self._cover(question, bm25) if dense_weight is None else 0.0
        share = _between(DENSE_WEIGHT_UNCOVERED, DENSE_WEIGHT_COVERED, cover) if dense_weight is None else dense_weight
        fused = fuse({name: bm25.get(name, 0.0) for name in {*bm25, *dense}}, dense, share)
        meant: dict[str, float] = {}
        if rerank and dense_weight is None:
            meant = self._reread(question, sorted(fused, key=lambda name: (-fused[name], name))[:RERANKED])
            fused = reranked(fused, meant, _between(RERANK_WEIGHT_UNCOVERED, RERANK_WEIGHT_COVERED, cover))
        fused = self._dated(question, {name: score + _NAMED_BONUS * (name in named) for name, score in fused.items()})
        best = _capped(sorted(fused, key=lambda name: (-fused[name], name)), k, per_paper)
        chunks = self._catalogue.chunks(best)
        papers = self._catalogue.papers_by_id([paper_of(name) for name in best])
        top = max(1.0, fused[best[0]]) if best else 1.0
        passages = [
            Passage(
                chunks[name],
                papers[paper_of(name)],
                score=fused[name] / top,
                signals={"bm25": bm25.get(name, 0.0), "dense": dense.get(name, 0.0), "named": float(name in named)}
                | self._meant_signal(name, meant),
            )
            for name in best
            if name in chunks and paper_of(name) in papers
        ]
        return self._with_sentences(question, vector, passages, bool(meant))

    def papers_named(self, text: str) -> set[str]:
        """The ids of the papers that `text` calls by the short name in their title."""
        return {key for keys in self._titled(text).values() for key in keys}

    def _titled(self, text: str) -> dict[str, list[str]]:
        """The short names of titles that stand in `text`, each with the ids of its papers."""
        found = self._catalogue.papers_named(possible_titles(text))
        papers = self._catalogue.papers_by_id([paper_id for ids in found.values() for paper_id in ids[:_NAMESAKES]])
        titled = {
            name: [key for key in ids if key in papers and is_titled(papers[key], name)] for name, ids in found.items()
        }
        return {name: ids for name, ids in titled.items() if ids}

    def _chunks_named(self, question: Question, paper_ids: Sequence[str] | None) -> set[str]:
        """The chunks of the papers that the question is about, by their short names: where those are but a part of what it
        says, as a gene's is of a claim, they do not decide."""
        titled = self._titled(question.text)
        named = {term for name in titled for term in terms(name)}
        if coverage(question.terms, named, self._indexes.lexical.idf) < _NAMED_SHARE:
            return set()
        ids = {key for keys in titled.values() for key in keys}
        return set(self._catalogue.chunk_ids_of(sorted(ids if paper_ids is None else ids & set(paper_ids))))

    def _meant_signal(self, name: str, meant: Mapping[str, float]) -> dict[str, float]:
        """The score of the shipped reranker; what another one's scores mean, the calibration cannot know."""
        return {"meant": meant[name]} if name in meant and isinstance(self._reranker, LateInteraction) else {}

    def _reread(self, question: Question, names: Sequence[str]) -> dict[str, float]:
        """The reranker's score of each of these chunks; none where there is no reranker."""
        if self._reranker is None or not names:
            return {}
        chunks = self._catalogue.chunks(names)
        papers = self._catalogue.papers_by_id([paper_of(name) for name in names])
        names = [name for name in names if name in chunks and paper_of(name) in papers]
        texts = [reranked_text(papers[paper_of(name)], chunks[name]) for name in names]
        return dict(zip(names, self._reranker.score(question.text, texts), strict=True))

    def _without_typing_errors(self, question: Question) -> Question:
        """Terms that the library never uses, but for an edit or two, are taken for those that it does use."""
        lexical = self._indexes.lexical
        return replace(question, terms=tuple(dict.fromkeys(lexical.correction(t) or t for t in question.terms)))

    def _cover(self, question: Question, bm25: Mapping[str, float]) -> float:
        """How much of the question's idf mass, in [0, 1], one of the best passages of BM25 holds."""
        best = sorted(bm25, key=lambda name: -bm25[name])[:_COVER_LOOKED_AT]
        chunks = self._catalogue.chunks(best)
        papers = self._catalogue.papers_by_id([paper_of(name) for name in best])
        return max(
            (
                coverage(
                    question.terms, term_set(papers[paper_of(n)].record) | term_set(c.text), self._indexes.lexical.idf
                )
                for n, c in chunks.items()
                if paper_of(n) in papers
            ),
            default=0.0,
        )

    def _candidates(
        self, question: Question, vector: np.ndarray, paper_ids: Sequence[str] | None
    ) -> tuple[dict[str, float], dict[str, float]]:
        """BM25 scores and cosine similarities by chunk id; every candidate of one side has its score on the other."""
        lexical, vectors = self._indexes.lexical, self._indexes.vectors
        if paper_ids is not None:
            allowed = set(self._catalogue.chunk_ids_of(paper_ids))
            found = lexical.search(question.terms, lexical.count())
            bm25 = {name: score for name, score in found if name in allowed}
            if len(allowed) <= _EXACT_LIMIT:
                nearest = list(allowed)
            else:
                nearest = [name for name, _ in vectors.search(vector, vectors.count()) if name in allowed][:_CANDIDATES]
                bm25 = dict(islice(bm25.items(), _CANDIDATES))
            return bm25, self._similarities(vector, list({*nearest, *bm25}))
        bm25 = dict(lexical.search(question.terms, _CANDIDATES))
        dense = dict(vectors.search(vector, _CANDIDATES))
        return bm25, dense | self._similarities(vector, [name for name in bm25 if name not in dense])

    def _dated(self, question: Question, fused: Mapping[str, float]) -> dict[str, float]:
        """The scores by the question's years: a bonus for their papers, or, where the question is about the time of
        publication, a loss for all others, and a smaller one for those of another month."""
        if not question.years:
            return dict(fused)
        wanted = set(self._catalogue.paper_ids(question.years))
        if not question.of_year:
            return {name: score + _YEAR_BONUS * (paper_of(name) in wanted) for name, score in fused.items()}
        papers = self._catalogue.papers_by_id([paper_of(name) for name in fused if paper_of(name) in wanted])

        def share(paper_id: str) -> float:
            if paper_id not in papers:
                return _OTHER_YEAR
            return 1.0 if question.is_of_month(papers[paper_id]) else _OTHER_MONTH

        return {name: score * share(paper_of(name)) for name, score in fused.items()}

    def _similarities(self, vector: np.ndarray, chunk_ids: Sequence[str]) -> dict[str, float]:
        found = self._catalogue.vectors_of(chunk_ids)
        return {name: float(vector @ other) for name, other in found.items()}

    def _with_sentences(
        self, question: Question, vector: np.ndarray, passages: Sequence[Passage], reread: bool
    ) -> list[Passage]:
        scores = iter(self._sentence_scores(question, vector, passages, reread))
        return [
            replace(
                passage,
                sentences=tuple(
                    Sentence(passage.chunk.sentence(i), span, next(scores))
                    for i, span in enumerate(passage.chunk.sentences)
                ),
            )
            for passage in passages
        ]

    def _sentence_scores(
        self, question: Question, vector: np.ndarray, passages: Sequence[Passage], reread: bool
    ) -> list[float]:
        """How well each sentence fits the question, in [0, 1]: its similarity, its share of the question's idf mass and, with
        `reread`, what the shipped reranker makes of it."""
        texts = [passage.chunk.sentence(i) for passage in passages for i in range(len(passage.chunk.sentences))]
        similarity = np.clip(self._embedder.encode_often(texts) @ vector, 0.0, 1.0)
        idf = {term: self._indexes.lexical.idf(term) for term in question.terms}.__getitem__
        cover = np.array([coverage(question.terms, term_set(text), idf) for text in texts])
        scores = SENTENCE_DENSE_WEIGHT * similarity + (1 - SENTENCE_DENSE_WEIGHT) * cover
        if reread and isinstance(self._reranker, LateInteraction):
            meant = self._sentences_meant(question, passages[:RERANKED], self._reranker)
            read = scores[: len(meant)]
            read += SENTENCE_MEANT_WEIGHT * (meant - read)
        return [float(score) for score in scores]

    def _sentences_meant(
        self, question: Question, passages: Sequence[Passage], reranker: LateInteraction
    ) -> np.ndarray:
        """What the shipped reranker makes of each sentence of the passages, in [0, 1]."""
        texts = [reranked_text(passage.paper, passage.chunk) for passage in passages]
        shifts = [len(text) - len(passage.chunk.text) for passage, text in zip(passages, texts, strict=True)]
        spans = [
            [(span.start + shift, span.end + shift) for span in passage.chunk.sentences]
            for passage, shift in zip(passages, shifts, strict=True)
        ]
        found = [score for row in reranker.score_spans(question.text, texts, spans) for score in row]
        meant = np.array([SENTENCE_FLOOR if score is None else score for score in found])
        return np.clip((meant - SENTENCE_FLOOR) / (SENTENCE_CEILING - SENTENCE_FLOOR), 0.0, 1.0)


def reranked_text(paper: Paper, chunk: Chunk) -> str:
    """What the reranker reads of a chunk: the title gives a passage from the middle of a paper its topic."""
    return f"{paper.title}\n{chunk.text}"


def _between(start: float, end: float, share: float) -> float:
    return start + (end - start) * share


def reranked(fused: Mapping[str, float], meant: Mapping[str, float], weight: float) -> dict[str, float]:
    """The fused scores, those of the candidates that were read again mixed with the reranker's, which weighs `weight`.

    Both are scaled to [0, 1] over those candidates. The others stay below them, in their order.
    """
    if not meant:
        return dict(fused)
    first, second = _scaled({name: fused[name] for name in meant}), _scaled(meant)
    mixed = {name: _FLOOR + (1 - _FLOOR) * _between(first[name], second[name], weight) for name in meant}
    top = max(fused.values()) or 1.0
    return {name: mixed.get(name, _FLOOR * score / top) for name, score in fused.items()}


def _scaled(scores: Mapping[str, float]) -> dict[str, float]:
    low, high = min(scores.values()), max(scores.values())
    return {name: (score - low) / (high - low) if high > low else 0.0 for name, score in scores.items()}


def fuse(bm25: Mapping[str, float], dense: Mapping[str, float], dense_weight: float) -> dict[str, float]:
    """Both scores scaled to [0, 1] over this question's candidates, then mixed, the vectors with `dense_weight`.

    Mixing min-max scores beat reciprocal rank fusion by two to four points of nDCG@10 on SciFact and on the seeds.
    """
    low = min(dense.values(), default=0.0)
    high = max(dense.values(), default=0.0)
    top = max(bm25.values(), default=0.0)
    return {
        name: dense_weight * ((dense.get(name, low) - low) / (high - low) if high > low else 0.0)
        + (1 - dense_weight) * (bm25[name] / top if top > 0 else 0.0)
        for name in bm25
    }


def coverage(wanted: Sequence[str], present: Collection[str], idf: Callable[[str], float]) -> float:
    """The share, in [0, 1], of the idf mass of `wanted` terms that is `present`; 0 where nothing is wanted."""
    weights = {term: idf(term) for term in wanted}
    mass = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in present) / mass if mass else 0.0


def _capped(ranked: Sequence[str], k: int, per_paper: int) -> list[str]:
    """The first `k` chunk ids, at most `per_paper` of one paper: lists and comparisons stay broad."""
    taken: Counter[str] = Counter()
    kept: list[str] = []
    for name in ranked:
        taken[paper_of(name)] += 1
        if taken[paper_of(name)] <= per_paper:
            kept.append(name)
        if len(kept) == k:
            break
    return kept


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
