"""What a library is: its own id, and the settings that it was built with and can be searched with."""

import uuid
from typing import Any

from assistant.answering.abstention import estimate_version
from assistant.chunking import CHUNKER_VERSION
from assistant.config import Config
from assistant.errors import FingerprintError
from assistant.models import Embedder
from assistant.retrieval.encoding import encoder_version
from assistant.retrieval.ranking import ranking_version
from assistant.store.catalogue import Catalogue


def library_id(catalogue: Catalogue) -> str:
    """The library's own id, which keeps libraries apart on a shared Chroma server; a new library gets one."""
    if (known := catalogue.setting("library_id")) is None:
        with catalogue.transaction():
            known = catalogue.setting("library_id") or uuid.uuid4().hex[:8]
            catalogue.set_setting("library_id", known)
    return known


def fingerprint(config: Config, embedder: Embedder) -> dict[str, Any]:
    """What the stored chunks and vectors depend on."""
    return {
        "embedding": embedder.name,
        "dimension": embedder.dimension,
        "chunker": CHUNKER_VERSION,
        "chunk_tokens": config.chunk_tokens,
    }


def check_fingerprint(catalogue: Catalogue, config: Config, embedder: Embedder) -> None:
    """Stores the fingerprint of a new library; raises FingerprintError where a library was built with another."""
    stored = catalogue.setting("fingerprint")
    if stored and stored["embedding"] != embedder.name:  # said without asking the other one for its dimension
        wanted: dict[str, Any] = {"embedding": embedder.name}
    else:
        wanted = fingerprint(config, embedder)
    if stored is None:
        catalogue.set_setting("fingerprint", wanted)
    elif stored != wanted:
        changed = ", ".join(f"{k} {stored.get(k)!r} -> {v!r}" for k, v in wanted.items() if stored.get(k) != v)
        raise FingerprintError(
            f"the library in {config.data_dir} was built with other settings ({changed}); "
            "run 'assistant rebuild' to build it again with these, or restore the settings"
        )


def estimating(config: Config, embedder: Embedder) -> str:
    """What a library's own calibration depends on, as one line."""
    reranker = encoder_version() if config.reranker == "shipped" else config.reranker
    parts = (embedder.name, reranker, config.chunk_tokens, config.passages, config.keep_answerable)
    return " ".join(map(str, (estimate_version(), ranking_version(), *parts)))
