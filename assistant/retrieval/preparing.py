"""Lets the reranker read a library before anybody asks, a few papers at a time."""

import threading
from collections.abc import Sequence

from assistant.retrieval.reranking import LateInteraction, Reranker
from assistant.retrieval.sentences import reranked_text
from assistant.store.catalogue import Catalogue
from assistant.store.following import Progress

_TOGETHER = 4  # papers
_SPARE = 500  # encodings beside those of the passages: of claims that were checked, of papers that went


def read_beforehand(
    reranker: Reranker, catalogue: Catalogue, progress: Progress | None = None, stop: threading.Event | None = None
) -> int:
    """Lets `reranker` read every passage; the shipped one then forgets the passages that are gone.

    Returns how many it had not read yet. What was read stays stored, so the next call goes on where `stop` ended this.
    """
    ids, count = catalogue.paper_ids(), 0
    for start in range(0, len(ids), _TOGETHER):
        if stop is not None and stop.is_set():
            return count
        count += reranker.prepare(_texts(catalogue, ids[start : start + _TOGETHER]))
        if progress:
            progress("Reading passages", min(start + _TOGETHER, len(ids)), len(ids))
    passages = catalogue.counts()[1]
    if isinstance(reranker, LateInteraction) and reranker.stored() > passages + max(_SPARE, passages // 10):
        parts = (ids[start : start + _TOGETHER] for start in range(0, len(ids), _TOGETHER))
        reranker.forget_all_but(text for part in parts for text in _texts(catalogue, part))
    return count


def _texts(catalogue: Catalogue, paper_ids: Sequence[str]) -> list[str]:
    return [reranked_text(entry.paper, entry.chunk) for entry in catalogue.entries(paper_ids)]
