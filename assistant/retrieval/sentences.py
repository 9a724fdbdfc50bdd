"""How well each sentence of the passages found fits the question: its words, its meaning, and what the reranker makes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from assistant.models import Embedder, own_embedder
from assistant.questions.reading import Question, asked_of
from assistant.records import Chunk, Paper, Passage, Sentence
from assistant.retrieval.finding import Found
from assistant.retrieval.ranking import RERANKED, coverer
from assistant.retrieval.reranking import LateInteraction, Reranker
from assistant.store.following import Indexes
from assistant.terms import term_set

# Share of vector similarity in a sentence's score; the rest is its cover of the question's weighted terms.
SENTENCE_DENSE_WEIGHT = 0.5
SENTENCE_MEANT_WEIGHT = 0.6  # of the shipped reranker; chosen on the held-out questions of `training.asked`
# Of late interaction: of any two texts some tokens are alike, and no question is like its answer throughout. About the 5 % and
# 99 % quantiles over sentences of the first papers found, on the development half and the held-out questions.
SENTENCE_FLOOR, SENTENCE_CEILING = 0.4, 0.9

Fits = Mapping[str, Sequence[float | None]]  # late interaction with each sentence of a chunk, by its id


class SentenceScorer:
    """Scores sentences with the same embedding and reranker as their passages."""

    def __init__(self, indexes: Indexes, embedder: Embedder, reranker: Reranker | None) -> None:
        self._indexes = indexes
        self._embedder = embedder
        self._reranker = reranker

    def scored(self, found: Found, passages: Sequence[Passage], fits: Fits) -> list[Passage]:
        """The passages with their sentences; `fits` are those that the reranker read already."""
        rows = self._scores(found.question, found.vector, passages, fits or None)
        titled = {key for keys in found.titled.values() for key in keys}
        for paper in {passage.paper.id: passage.paper for passage in passages if passage.paper.id in titled}.values():
            # A paper's own name says nothing about which of its sentences answers: those that repeat it would win.
            places = [place for place, passage in enumerate(passages) if passage.paper.id == paper.id]
            asked = asked_of(found.question, [paper])
            if asked.terms:
                # A provider's embedding would be another call, for little.
                is_own = self._embedder is own_embedder()
                vector = self._embedder.encode([asked.topic])[0] if is_own else found.vector
                of_paper = [passages[place] for place in places]
                scores = self._scores(asked, vector, of_paper, {} if fits else None)
                for place, row in zip(places, scores, strict=True):
                    rows[place] = row
        return [
            replace(
                passage,
                sentences=tuple(
                    Sentence(passage.chunk.sentence(i), span, row[i]) for i, span in enumerate(passage.chunk.sentences)
                ),
            )
            for passage, row in zip(passages, rows, strict=True)
        ]

    def _scores(
        self,
        question: Question,
        vector: np.ndarray,
        passages: Sequence[Passage],
        fits: Mapping[str, Sequence[float | None]] | None,
    ) -> list[list[float]]:
        """How well each sentence of each passage fits the question, in [0, 1]: its similarity, its share of the question's idf
        mass and, where the shipped reranker is in use, what that makes of it, which `fits` holds as far as it has read."""
        texts = [passage.chunk.sentence(i) for passage in passages for i in range(len(passage.chunk.sentences))]
        similarity = np.clip(self._embedder.encode_often(texts) @ vector, 0.0, 1.0)
        cover = coverer(question.terms, self._indexes.lexical.idf)
        covers = np.array([cover(term_set(text)) for text in texts])
        scores = SENTENCE_DENSE_WEIGHT * similarity + (1 - SENTENCE_DENSE_WEIGHT) * covers
        if fits is not None and isinstance(self._reranker, LateInteraction):
            meant = self._meant(question, passages[:RERANKED], self._reranker, fits)
            read = scores[: len(meant)]
            read += SENTENCE_MEANT_WEIGHT * (meant - read)
        every = iter(scores.tolist())
        return [[next(every) for _ in passage.chunk.sentences] for passage in passages]

    def _meant(
        self,
        question: Question,
        passages: Sequence[Passage],
        reranker: LateInteraction,
        fits: Mapping[str, Sequence[float | None]],
    ) -> np.ndarray:
        """What the shipped reranker makes of each sentence of the passages, in [0, 1]; `fits` are those that it read already."""
        fits = dict(fits)
        unread = [passage for passage in passages if None in fits.get(passage.chunk.id, (None,))]
        if unread:
            texts = [reranked_text(passage.paper, passage.chunk) for passage in unread]
            spans = [spans_in(text, passage.chunk) for passage, text in zip(unread, texts, strict=True)]
            rows = reranker.score_spans(question.topic, texts, spans)
            fits |= {passage.chunk.id: row for passage, row in zip(unread, rows, strict=True)}
        found = [score for passage in passages for score in fits[passage.chunk.id]]
        meant = np.array([SENTENCE_FLOOR if score is None else score for score in found])
        return np.clip((meant - SENTENCE_FLOOR) / (SENTENCE_CEILING - SENTENCE_FLOOR), 0.0, 1.0)


def reranked_text(paper: Paper, chunk: Chunk) -> str:
    """What the reranker reads of a chunk: the title gives a passage from the middle of a paper its topic."""
    return f"{paper.title}\n{chunk.text}"


def spans_in(text: str, chunk: Chunk) -> list[tuple[int, int]]:
    """Where the sentences of a chunk stand in what the reranker reads of it."""
    shift = len(text) - len(chunk.text)
    return [(span.start + shift, span.end + shift) for span in chunk.sentences]
