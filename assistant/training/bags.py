"""Texts as token identifiers in one flat array, and sums of a table's rows over stretches of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse
import torch
from tokenizers import Tokenizer


@dataclass(frozen=True)
class Texts:
    """Tokenised texts: text `t` holds `identifiers[bounds[t] : bounds[t + 1]]`."""

    identifiers: np.ndarray
    bounds: np.ndarray

    @property
    def count(self) -> int:
        """The number of texts."""
        return len(self.bounds) - 1


@dataclass(frozen=True)
class Bag:
    """The tokens of a batch: `identifiers` with, for each, the `rows` (text number, rising) it belongs to."""

    identifiers: np.ndarray
    rows: np.ndarray
    count: int

    def only(self, kept: np.ndarray) -> "Bag":
        """Return the bag with the tokens where `kept` is true; a text that would lose all keeps all of its tokens."""
        left = np.bincount(self.rows[kept], minlength=self.count)
        kept = kept | (left[self.rows] == 0)
        return Bag(self.identifiers[kept], self.rows[kept], self.count)


def tokenise(tokenizer: Tokenizer, texts: Sequence[str], block: int = 20_000) -> Texts:
    """Tokenise texts without special tokens; unknown tokens (identifier 0) are left out, as Model2Vec does."""
    parts, lengths = [], []
    for start in range(0, len(texts), block):
        rows = [encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts[start : start + block]))]
        rows = [[identifier for identifier in row if identifier] for row in rows]
        lengths.extend(len(row) for row in rows)
        parts.append(np.fromiter((identifier for row in rows for identifier in row), dtype=np.int32))
    return Texts(np.concatenate(parts), np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]))


def gather(identifiers: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> Bag:
    """Make a bag of the stretches `starts[k]..ends[k]` of the flat identifiers, row k for stretch k.

    `starts` and `ends` have the shape (rows,) or (rows, stretches): then a row is made of several stretches.
    """
    count = len(starts)
    flat_starts = starts.reshape(-1)
    lengths = np.maximum(ends.reshape(-1) - flat_starts, 0)
    offsets = np.cumsum(lengths) - lengths
    positions = np.arange(lengths.sum()) + np.repeat(flat_starts - offsets, lengths)
    rows = np.repeat(np.arange(len(flat_starts)) // (len(flat_starts) // count), lengths)
    return Bag(identifiers[positions], rows, count)


def shared_tokens(query: Bag, document: Bag, size: int) -> np.ndarray:
    """Say for each token of the query whether the document of its row holds it too; `size` is that of the table."""
    return np.isin(
        query.rows.astype(np.int64) * size + query.identifiers,
        document.rows.astype(np.int64) * size + document.identifiers,
    )


class _BagSum(torch.autograd.Function):
    """Rows of the table summed over each text: a sparse matrix product, much faster here than torch's embedding bag."""

    @staticmethod
    def forward(context, table: torch.Tensor, matrix: scipy.sparse.csr_matrix) -> torch.Tensor:
        context.matrix = matrix
        return torch.from_numpy(matrix @ table.detach().numpy())

    @staticmethod
    def backward(context, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        return torch.from_numpy(context.matrix.T.tocsr() @ gradient.contiguous().numpy()), None


def bag_sum(table: torch.Tensor, bag: Bag) -> torch.Tensor:
    """Sum the rows of `table` (tokens, dimensions) over each text of the bag; return (texts, dimensions)."""
    ones = np.ones(len(bag.identifiers), dtype=np.float32)
    matrix = scipy.sparse.csr_matrix((ones, (bag.rows, bag.identifiers)), shape=(bag.count, len(table)))
    return _BagSum.apply(table, matrix)
