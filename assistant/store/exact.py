"""Nearest vectors by looking at every one: what a graph of neighbours has lost is found too."""

import numpy as np

from assistant.store.catalogue import Catalogue


class AllVectors:
    """The vectors that the catalogue holds now, in memory: 1.5 kB a chunk where they have 384 dimensions."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._names, self._vectors = catalogue.all_vectors()

    def search(self, vector: np.ndarray, k: int) -> list[tuple[str, float]]:
        """The `k` nearest chunks as (chunk id, cosine similarity in [-1, 1]), best first."""
        k = min(k, len(self._names))
        if not k:
            return []
        similarities = self._vectors @ vector
        nearest = np.argpartition(-similarities, k - 1)[:k]
        best = nearest[np.argsort(-similarities[nearest], kind="stable")]
        return [(self._names[place], float(similarities[place])) for place in best]
