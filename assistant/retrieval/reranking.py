"""Reads the best candidates again with a small encoder: what a question means, beyond the words that it shares.

The shipped reranker compares a question with a passage by late interaction: each token of the question is held against
every token of the passage, in its context. Another can take its place by a setting.
"""

import hashlib
import importlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from assistant.config import Config
from assistant.errors import ConfigError, LibraryError
from assistant.interrupts import raise_if_interrupted
from assistant.recent import Recent
from assistant.retrieval.encoding import Encoding, Shelf, encoder_version, shipped_encoder, together
from assistant.store.catalogue import Catalogue

_QUESTIONS_KEPT = 256
# 17 MB, at most 34: a question's passages are looked at again for their sentences, and by a follow-up.
_TEXTS_KEPT = 256
_TOGETHER = 4  # texts read beforehand at a time: a question that comes in between waits for no more
_PAUSE = 0.001  # seconds, for who waits: a lock that is taken again at once is not let go


class Reranker(Protocol):
    """Scores texts for a question. Any object with these two methods can be one.

    `score` gives one number for each text, higher for a better fit, on any scale. `prepare` may compute beforehand what
    does not depend on a question; it returns how many texts it had to work on.
    """

    def score(self, question: str, texts: Sequence[str]) -> Sequence[float]: ...

    def prepare(self, texts: Sequence[str]) -> int: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """How a question fits texts, each in [-1, 1]: the cosine of both vectors, late interaction, (texts,), and that with parts
    of each text, None for one that was not read."""

    cosines: np.ndarray
    late: np.ndarray
    spans: list[list[float | None]]

    @property
    def scores(self) -> np.ndarray:
        """What `LateInteraction.score` says of the texts."""
        return together(self.cosines, self.late)


class LateInteraction:
    """The shipped reranker. Encodings of texts are kept in the catalogue by the text's hash."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = threading.Lock()  # two people asking at once must not encode the same texts twice
        self._recent = Recent[bytes, Encoding](_TEXTS_KEPT)
        self._question = lru_cache(maxsize=_QUESTIONS_KEPT)(lambda text: shipped_encoder().encode([text])[0])
        with suppress(LibraryError):  # a full disk: they cost room only
            catalogue.keep_encodings_of(encoder_version())

    def score(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """How well the question fits each text, in [-1, 1]."""
        found = self._encodings(texts)
        fits: list[float] = Shelf([found[text] for text in texts]).fits(self._question(question)).tolist()
        return fits

    def read(self, question: str, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]]) -> Reading:
        """What is known of how the question fits texts and parts of them; `spans` are as in `score_spans`."""
        asked, found = self._question(question), self._encodings(texts)
        shelf = Shelf([found[text] for text in texts])
        return Reading(shelf.cosines(asked), shelf.late(asked), shelf.fits_of_spans(asked, spans))

    def score_spans(
        self, question: str, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]]
    ) -> list[list[float | None]]:
        """How well the question fits parts of each text, in [-1, 1]; None where a part or the question has no tokens.

        `spans` has for each text the start and end of its parts, as character offsets. A part beyond the model's places is
        read by itself.
        """
        asked, found = self._question(question), self._encodings(texts)
        rows = Shelf([found[text] for text in texts]).fits_of_spans(asked, spans)
        unread = {
            (row, place): texts[row][slice(*spans[row][place])]
            for row, fits in enumerate(rows)
            for place, fit in enumerate(fits)
            if fit is None
        }
        alone = self._encodings(list(unread.values()))
        shelf = Shelf([alone[part] for part in unread.values()])
        again = shelf.fits_of_spans(asked, [[(0, len(part))] for part in unread.values()])
        for (row, place), fits in zip(unread, again, strict=True):
            rows[row][place] = fits[0]
        return rows

    def likeness(self, claim: str, sentences: Sequence[str]) -> Sequence[float]:
        """How well a claim fits sentences, in [-1, 1], as `score` says it of a question. Nothing is stored."""
        fits: list[float] = Shelf([self._question(text) for text in sentences]).fits(self._question(claim)).tolist()
        return fits

    def prepare(self, texts: Sequence[str]) -> int:
        """Encodes and stores the texts whose encodings are not stored yet."""
        by_key = {_key(text): text for text in texts}
        count = 0
        for start in range(0, len(by_key), _TOGETHER):
            keys = list(by_key)[start : start + _TOGETHER]
            with self._lock:
                known = self._catalogue.known_encodings(keys)
                new = _encoded({key: by_key[key] for key in keys if key not in known})
                self._store(new)
            count += len(new)
            time.sleep(_PAUSE if new else 0)
        return count

    def stored(self) -> int:
        """How many encodings are stored."""
        return self._catalogue.count_encodings()

    def forget_all_but(self, texts: Iterable[str]) -> None:
        """Deletes the encodings of other texts: a question that needs one reads it again."""
        self._catalogue.keep_encodings({_key(text) for text in texts})

    def _encodings(self, texts: Sequence[str]) -> dict[str, Encoding]:
        """By text, as they are read back after they were stored."""
        by_key = {_key(text): text for text in texts}
        found = self._recent.find(by_key)
        wanted = [key for key in by_key if key not in found]
        stored = self._catalogue.encodings(wanted)
        if missing := [key for key in wanted if key not in stored]:
            with self._lock:
                stored |= self._catalogue.encodings(missing)  # another may have read them meanwhile
                new = _encoded({key: by_key[key] for key in missing if key not in stored})
                with suppress(LibraryError):  # a disk that refuses costs a later question time, not this one its answer
                    self._store(new)
                stored |= new
        read = {key: Encoding.unpacked(packed) for key, packed in stored.items()}
        self._recent.keep(read)
        found |= read
        return {text: found[key] for key, text in by_key.items()}

    def _store(self, encodings: Mapping[bytes, bytes]) -> None:
        if encodings:
            with self._catalogue.transaction():
                self._catalogue.put_encodings(encodings)


def _encoded(by_key: Mapping[bytes, str]) -> dict[bytes, bytes]:
    if not by_key:
        return {}
    encodings = shipped_encoder().encode(list(by_key.values()))
    return {key: encoding.packed() for key, encoding in zip(by_key, encodings, strict=True)}


def _key(text: str) -> bytes:
    return hashlib.sha256(f"{encoder_version()}\n{text}".encode("utf-8", "surrogatepass")).digest()[:16]


def open_reranker(config: Config, catalogue: Catalogue) -> Reranker | None:
    """The reranker of the settings: the shipped one, None for "off", or what "package.module:factory" makes.

    Raises ConfigError where that cannot be loaded or does not score.
    """
    if config.reranker == "off":
        return None
    if config.reranker == "shipped":
        return LateInteraction(catalogue)
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
            f"the reranker {config.reranker!r} has no methods score and prepare; see assistant/retrieval/reranking.py"
        )
    return made
