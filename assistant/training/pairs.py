"""Batches of query-document pairs cut from tokenised papers, with queries made to share few words with the document."""

from dataclasses import dataclass

import numpy as np

from assistant.training.bags import Bag, Texts, gather, shared_tokens


@dataclass(frozen=True)
class Library:
    """Tokenised papers: a title each, and sentences `firsts[p] .. firsts[p + 1]` of paper p, in one flat text."""

    titles: Texts
    sentences: Texts
    firsts: np.ndarray

    def __post_init__(self) -> None:
        """Lay titles and sentences end to end, so that one batch may take stretches of both."""
        flat = np.concatenate([self.titles.identifiers, self.sentences.identifiers])
        object.__setattr__(self, "flat", flat)
        object.__setattr__(self, "bounds", self.sentences.bounds + len(self.titles.identifiers))


@dataclass(frozen=True)
class Mixture:
    """How the pairs of a batch are made: shares of kinds, and how much is taken out of the queries."""

    title_share: float = 0.45
    title_in_document: float = 0.5
    # Half of the queries lose words that the document holds too, each such word with this chance: what is left must
    # be matched by meaning, which is what a paraphrased question asks for and what BM25 cannot do.
    masked_queries: float = 0.5
    masked_words: float = 0.7
    dropped_words: float = 0.1


def paper_pairs(library: Library, papers: np.ndarray, mixture: Mixture, random: np.random.Generator) -> tuple[Bag, Bag]:
    """Return the queries and documents of some papers: title to abstract, or sentence to title and other sentences."""
    first, after = library.firsts[papers], library.firsts[papers + 1]
    sentence = first + (random.random(len(papers)) * (after - first)).astype(np.int64)
    by_title = (random.random(len(papers)) < mixture.title_share) | (after - first < 2)
    title_start, title_end = library.titles.bounds[papers], library.titles.bounds[papers + 1]
    cut_start, cut_end = library.bounds[sentence], library.bounds[sentence + 1]
    query = gather(library.flat, np.where(by_title, title_start, cut_start), np.where(by_title, title_end, cut_end))
    start, end = library.bounds[first], library.bounds[after]
    cut_start, cut_end = np.where(by_title, end, cut_start), np.where(by_title, end, cut_end)
    with_title = ~by_title & (random.random(len(papers)) < mixture.title_in_document)
    starts = np.stack([title_start, start, cut_end], axis=1)
    ends = np.stack([np.where(with_title, title_end, title_start), cut_start, end], axis=1)
    return query, gather(library.flat, starts, ends)


def text_pairs(queries: Texts, documents: Texts, rows: np.ndarray) -> tuple[Bag, Bag]:
    """Return ready-made pairs (text `rows[k]` of both lists) as bags."""
    return tuple(
        gather(texts.identifiers, texts.bounds[rows], texts.bounds[rows + 1]) for texts in (queries, documents)
    )


def joined(first: Bag, second: Bag) -> Bag:
    """Put the texts of two bags one after the other."""
    identifiers = np.concatenate([first.identifiers, second.identifiers])
    return Bag(identifiers, np.concatenate([first.rows, second.rows + first.count]), first.count + second.count)


def harder(query: Bag, document: Bag, size: int, mixture: Mixture, random: np.random.Generator) -> Bag:
    """Take words out of the queries: any word by chance, and in some queries the words that the document holds too."""
    masked = random.random(query.count) < mixture.masked_queries
    lost = (
        shared_tokens(query, document, size)
        & (random.random(len(query.rows)) < mixture.masked_words)
        & masked[query.rows]
    )
    lost |= random.random(len(query.rows)) < mixture.dropped_words
    return query.only(~lost)
