"""Lets the reranker read a library before anybody asks, a few papers at a time."""

import threading

from assistant.catalogue import Catalogue
from assistant.following import Progress
from assistant.reranking import Reranker
from assistant.retrieval import reranked_text

_TOGETHER = 4  # papers


def read_beforehand(
    reranker: Reranker, catalogue: Catalogue, progress: Progress | None = None, stop: threading.Event | None = None
) -> int:
    """Lets `reranker` read every passage.

    Returns how many it had not read yet. What was read stays stored, so the next call goes on where `stop` ended this.
    """
    ids, count = catalogue.paper_ids(), 0
    for start in range(0, len(ids), _TOGETHER):
        if stop is not None and stop.is_set():
            break
        entries = catalogue.entries(ids[start : start + _TOGETHER])
        count += reranker.prepare([reranked_text(entry.paper, entry.chunk) for entry in entries])
        if progress:
            progress("Reading passages", min(start + _TOGETHER, len(ids)), len(ids))
    return count
