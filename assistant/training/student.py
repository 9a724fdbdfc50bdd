"""The student: a table of token vectors whose mean is the embedding of a text, and the two losses it learns from."""

import numpy as np
import torch
from torch.nn import functional

from assistant.training.bags import Bag, bag_sum


class Student(torch.nn.Module):
    """Token vectors (tokens, dimensions), a log weight a token, and one linear map after the sum.

    The map lets all tokens turn together, so that tokens too rare to be trained stay in line with the others; it and
    the weights are folded into one table for use.
    """

    def __init__(self, vectors: np.ndarray, weights: np.ndarray) -> None:
        """Start from vectors (tokens, dimensions) and positive weights (tokens,)."""
        super().__init__()
        self.vectors = torch.nn.Parameter(torch.tensor(vectors, dtype=torch.float32))
        self.weights = torch.nn.Parameter(torch.tensor(np.log(weights), dtype=torch.float32)[:, None])
        self.turn = torch.nn.Parameter(torch.eye(vectors.shape[1]))

    def forward(self, bags: list[Bag]) -> list[torch.Tensor]:
        """Embed bags; return for each a tensor (texts, dimensions) of length 1."""
        table = self.vectors * self.weights.exp()
        return [functional.normalize(bag_sum(table, bag) @ self.turn, dim=1) for bag in bags]

    @torch.no_grad()
    def table(self) -> np.ndarray:
        """Return the table for use, float32 of shape (tokens, dimensions)."""
        return (self.vectors * self.weights.exp() @ self.turn).numpy()


def contrast(queries: torch.Tensor, documents: torch.Tensor, temperature: float) -> torch.Tensor:
    """InfoNCE in both directions: query k belongs to document k, all others of the batch are wrong."""
    scores = queries @ documents.T / temperature
    labels = torch.arange(len(scores))
    return (functional.cross_entropy(scores, labels) + functional.cross_entropy(scores.T, labels)) / 2


def imitation(texts: torch.Tensor, taught: torch.Tensor, temperature: float) -> torch.Tensor:
    """How far the student's likeness of texts to each other is from the teacher's (Kullback-Leibler, by rows).

    In: the student's and the teacher's vectors of the same texts. Likeness of a text to itself is left out.
    """
    own = torch.eye(len(texts), dtype=torch.bool)
    mine = (texts @ texts.T / temperature).masked_fill(own, -1e4)
    wanted = (taught @ taught.T / temperature).masked_fill(own, -1e4)
    return functional.kl_div(mine.log_softmax(1), wanted.log_softmax(1), reduction="batchmean", log_target=True)


def agreement(texts: torch.Tensor, taught: torch.Tensor) -> torch.Tensor:
    """One minus the mean cosine of the student's and the teacher's vectors of the same texts."""
    return 1 - (texts * taught).sum(1).mean()
