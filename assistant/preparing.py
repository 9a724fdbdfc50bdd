"""Lets the reranker read a library before anybody asks, a few papers at a time."""

import threading
from collections.abc import Callable

from assistant.catalogue import Catalogue, Entry
from assistant.following import Progress
from assistant.reranking import BiEncoder, Reranker
from assistant.retrieval import reranked_text

_TOGETHER = 4  # papers
_SENTENCES_READ_TO = 5_000  # passages; in more, a question's few dozen sentences are read when it comes


def read_beforehand(
    reranker: Reranker, catalogue: Catalogue, progress: Progress | None = None, stop: threading.Event | None = None
) -> int:
    """Lets `reranker` read every passage and, in a small library, the shipped one then every sentence.

    Returns how many passages it had not read yet. What was read stays stored, so the next call goes on where `stop` ended this.
    """

    def read(label: str, texts_of: Callable[[Entry], list[str]]) -> int:
        ids, count = catalogue.paper_ids(), 0
        for start in range(0, len(ids), _TOGETHER):
            if stop is not None and stop.is_set():
                break
            entries = catalogue.entries(ids[start : start + _TOGETHER])
            count += reranker.prepare([text for entry in entries for text in texts_of(entry)])
            if progress:
                progress(label, min(start + _TOGETHER, len(ids)), len(ids))
        return count

    passages = read("Reading passages", lambda entry: [reranked_text(entry.paper, entry.chunk)])
    if isinstance(reranker, BiEncoder) and catalogue.counts()[1] <= _SENTENCES_READ_TO:
        read("Reading sentences", lambda entry: [entry.chunk.sentence(n) for n in range(len(entry.chunk.sentences))])
    return passages
