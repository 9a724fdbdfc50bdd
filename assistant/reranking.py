"""Reads the best candidates again with a small encoder: what a question means, beyond the words that it shares.

The shipped reranker is all-MiniLM-L6-v2 as an int8 ONNX model (`assistant.training.reranker`): it compares a question with a
passage or sentence by the cosine of their vectors. Another can take its place by a setting.
"""

import hashlib
import importlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from assistant.catalogue import Catalogue
from assistant.config import Config
from assistant.errors import ConfigError, LibraryError
from assistant.interrupts import raise_if_interrupted
from assistant.resources import resource

_DIMENSION = 384
_MAX_TOKENS = 256  # what the model was trained for; an abstract has about as many
_RUNS = 2
_QUESTIONS_KEPT = 256
_TOGETHER = 8  # texts read beforehand at a time: a question that comes in between waits for no more
_PAUSE = 0.001  # seconds, for who waits: a lock that is taken again at once is not let go


class Reranker(Protocol):
    """Scores texts for a question. Any object with these two methods can be one.

    `score` gives one number for each text, higher for a better fit, on any scale. `prepare` may compute beforehand what
    does not depend on a question; it returns how many texts it had to work on.
    """

    def score(self, question: str, texts: Sequence[str]) -> Sequence[float]: ...

    def prepare(self, texts: Sequence[str]) -> int: ...


class Encoder:
    """The shipped model: texts to vectors of length 1, float32 (texts, 384). One text a run: in a batch, the int8 arithmetic of
    one would depend on its neighbours, and an answer on what was cached. Two runs at a time, however many people ask."""

    def __init__(self) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # two runs beside each other are a third faster than one on two threads
        folder = resource("reranker")
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self._tokenizer.no_padding()

        self._runs = ThreadPoolExecutor(_RUNS, "reranker")

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """The vectors of texts; those longer than 256 tokens are cut."""
        rows = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        return np.stack([*self._runs.map(self._vector, rows)]) if rows else np.zeros((0, _DIMENSION), np.float32)

    def _vector(self, identifiers: Sequence[int]) -> np.ndarray:
        ids = np.array([identifiers], np.int64)
        return self._session.run(None, {"ids": ids, "mask": np.ones_like(ids)})[0][0]


@lru_cache(maxsize=1)
def shipped_encoder() -> Encoder:
    """The shipped model, loaded once a process."""
    return Encoder()


class BiEncoder:
    """The shipped reranker: cosines of the encoder's vectors, which are kept in the catalogue by their text's hash."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = threading.Lock()  # two people asking at once must not encode the same texts twice
        self._question = lru_cache(maxsize=_QUESTIONS_KEPT)(lambda text: shipped_encoder().encode([text])[0])
        with suppress(LibraryError):  # a full disk: they cost room only
            catalogue.keep_encodings_of(_model_hash())

    def score(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """Cosines in [-1, 1]."""
        if not texts:
            return []
        by_key = {_key(text): text for text in texts}
        vectors = self._catalogue.encodings(list(by_key))
        if missing := [key for key in by_key if key not in vectors]:
            with self._lock:
                vectors |= self._catalogue.encodings(missing)  # another may have read them meanwhile
                new = self._encode({key: by_key[key] for key in missing if key not in vectors})
                with suppress(LibraryError):  # a disk that refuses costs a later question time, not this one its answer
                    self._store(new)
                vectors |= new
        asked = self._question(question)
        return [float(vectors[_key(text)] @ asked) for text in texts]

    def prepare(self, texts: Sequence[str]) -> int:
        """Encodes and stores the texts whose vectors are not stored yet."""
        by_key = {_key(text): text for text in texts}
        count = 0
        for start in range(0, len(by_key), _TOGETHER):
            keys = list(by_key)[start : start + _TOGETHER]
            with self._lock:
                known = self._catalogue.known_encodings(keys)
                new = self._encode({key: by_key[key] for key in keys if key not in known})
                self._store(new)
            count += len(new)
            time.sleep(_PAUSE if new else 0)
        return count

    def _encode(self, by_key: Mapping[bytes, str]) -> dict[bytes, np.ndarray]:
        """Vectors of these texts, as they are read back after they were stored."""
        if not by_key:
            return {}
        vectors = shipped_encoder().encode(list(by_key.values())).astype(np.float16)
        return dict(zip(by_key, vectors.astype(np.float32), strict=True))

    def _store(self, vectors: Mapping[bytes, np.ndarray]) -> None:
        if vectors:
            with self._catalogue.transaction():
                self._catalogue.put_encodings(list(vectors), list(vectors.values()))


def _key(text: str) -> bytes:
    return hashlib.sha256(f"{_model_hash()}\n{text}".encode("utf-8", "surrogatepass")).digest()[:16]


@lru_cache(maxsize=1)
def _model_hash() -> str:
    """The model's hash as the export wrote it down: hashing 23 MB would cost every first question."""
    return resource("reranker", "sha256").read_text(encoding="utf-8").strip()[:12]


def open_reranker(config: Config, catalogue: Catalogue) -> Reranker | None:
    """The reranker of the settings: the shipped one, None for "off", or what "package.module:factory" makes.

    Raises ConfigError where that cannot be loaded or does not score.
    """
    if config.reranker == "off":
        return None
    if config.reranker == "shipped":
        return BiEncoder(catalogue)
    module, _, name = config.reranker.partition(":")
    try:
        factory: Callable[[], Any] = getattr(importlib.import_module(module), name)
        made = factory()
    except Exception as error:
        raise_if_interrupted()
        raise ConfigError(
            f"the reranker {config.reranker!r} cannot be loaded ({error}); give 'shipped', 'off' or 'package.module:factory'"
        ) from None
    if not callable(getattr(made, "score", None)) or not callable(getattr(made, "prepare", None)):
        raise ConfigError(
            f"the reranker {config.reranker!r} has no methods score and prepare; see assistant/reranking.py"
        )
    return made
