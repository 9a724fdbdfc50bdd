"""The shipped encoder: a text as one vector and as one for each of its tokens, and how well a question fits such a text.

all-MiniLM-L6-v2, tuned by this project, as an int8 ONNX model (`assistant.training.reranker`).
"""

import struct
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from assistant.resources import resource

DIMENSION, TOKEN_DIMENSION = 384, 64
MAX_TOKENS = 512  # as many places as the model has, [CLS] and [SEP] among them; more of a text is not read
# Share of late interaction in a score, the rest being the cosine: as the model was tuned (`assistant.training.tuning`).
LATE_SHARE = 2 / 3
_RUNS = 2
_FORMAT = 1  # of what `packed` makes
_HEADER = struct.Struct("<H")


@dataclass(frozen=True, slots=True, eq=False)
class Encoding:
    """A text as the encoder reads it.

    `vector` is of length 1, float32 (384,); `tokens` has one of length 1 for each token, float32 (tokens, 64), in the text's
    context; `starts` are the tokens' character offsets in the text, uint32 (tokens,).
    """

    vector: np.ndarray
    tokens: np.ndarray
    starts: np.ndarray

    def packed(self) -> bytes:
        """The encoding as it is stored: about 70 bytes a token, whose vector is int8 with a scale."""
        scales = np.abs(self.tokens).max(axis=1, initial=1e-6).astype(np.float16)
        rounded = np.round(self.tokens / scales[:, None].astype(np.float32) * 127).clip(-127, 127).astype(np.int8)
        parts = (self.vector.astype(np.float16), scales, self.starts.astype(np.uint32), rounded)
        return _HEADER.pack(len(self.tokens)) + b"".join(part.tobytes() for part in parts)

    @classmethod
    def unpacked(cls, stored: bytes) -> "Encoding":
        """What `packed` made."""
        (count,) = _HEADER.unpack_from(stored)
        at = _HEADER.size
        vector = np.frombuffer(stored, np.float16, DIMENSION, at).astype(np.float32)
        at += vector.size * 2
        scales = np.frombuffer(stored, np.float16, count, at).astype(np.float32)
        at += count * 2
        starts = np.frombuffer(stored, np.uint32, count, at).copy()  # not a view: it would keep all that is stored
        at += count * 4
        rounded = np.frombuffer(stored, np.int8, count * TOKEN_DIMENSION, at).reshape(count, TOKEN_DIMENSION)
        return cls(vector, rounded * (scales / 127)[:, None], starts)


class Shelf:
    """Texts to be compared with questions: their encodings side by side."""

    def __init__(self, texts: Sequence[Encoding]) -> None:
        lengths = np.array([len(text.tokens) for text in texts], int)
        self._starts = [text.starts for text in texts]
        self._vectors = np.array([text.vector for text in texts], np.float32).reshape(len(texts), DIMENSION)
        tokens = [np.zeros((0, TOKEN_DIMENSION), np.float32), *(text.tokens for text in texts if len(text.tokens))]
        # The last one stands there twice: a span may end where no other begins.
        self._tokens = np.concatenate([*tokens, tokens[-1][-1:]])
        self._has_tokens = lengths > 0
        self._offsets = np.cumsum(lengths) - lengths
        self._compared: tuple[Encoding, np.ndarray] | None = None

    def fits(self, question: Encoding) -> np.ndarray:
        """How well a question fits each text, in [-1, 1]: late interaction with its tokens, and the cosine of the whole."""
        return together(self.cosines(question), self.late(question))

    def cosines(self, question: Encoding) -> np.ndarray:
        """The cosine of the question's vector and each text's."""
        return self._vectors @ question.vector

    def late(self, question: Encoding) -> np.ndarray:
        """Late interaction with each text: the mean over the question's tokens of the best cosine with a token of the text
        (Khattab and Zaharia 2020, ColBERT; there it is the sum, which grows with the question); 0 where either has no tokens.
        """
        late = np.zeros(len(self._vectors), np.float32)
        if len(question.tokens) and len(self._tokens):
            late[self._has_tokens] = _best_of_parts(self._likeness(question), self._offsets[self._has_tokens])
        return late

    def fits_of_spans(self, question: Encoding, spans: Sequence[Sequence[tuple[int, int]]]) -> list[list[float | None]]:
        """Late interaction with the tokens of spans: for each text the start and end of some, as character offsets in it.

        None for a span that was not read to its end, as the text is longer than the model has places, or that is blank; and
        for a question without tokens.
        """
        places = [_places_of(starts, of_text) for starts, of_text in zip(self._starts, spans, strict=True)]
        edges = np.concatenate([np.zeros((0, 2), int), *(p + at for p, at in zip(places, self._offsets, strict=True))])
        read = edges[:, 0] < edges[:, 1]
        fits: list[float | None] = [None] * len(edges)
        if len(question.tokens) and read.any():
            # Every other part is what lies between two spans.
            best = _best_of_parts(self._likeness(question), edges[read].ravel())[::2].tolist()
            for place, fit in zip(np.flatnonzero(read).tolist(), best, strict=True):
                fits[place] = fit
        row = iter(fits)
        return [[next(row) for _ in of_text] for of_text in spans]

    def _likeness(self, question: Encoding) -> np.ndarray:
        """The cosine of each of the question's tokens and each of all texts', computed once for a question."""
        if self._compared is None or self._compared[0] is not question:
            self._compared = question, question.tokens @ self._tokens.T
        return self._compared[1]


def together(cosines: np.ndarray, late: np.ndarray) -> np.ndarray:
    """The score of texts from both parts of it."""
    return cosines + LATE_SHARE * (late - cosines)


def _best_of_parts(likeness: np.ndarray, firsts: np.ndarray) -> np.ndarray:
    """For each part of the columns, which begins at one of `firsts`, the mean over the rows of the highest in it."""
    return np.maximum.reduceat(likeness, firsts, axis=1).mean(axis=0)


def _places_of(starts: np.ndarray, spans: Sequence[tuple[int, int]]) -> np.ndarray:
    """The first token of each span and the one after its last, (spans, 2); the same twice for one not read to its end."""
    places = np.searchsorted(starts, np.array(spans, int).reshape(-1, 2))
    if len(starts) == MAX_TOKENS - 2:
        places[[end > starts[-1] for _, end in spans]] = 0
    return places


class Encoder:
    """The shipped model. One text a run: in a batch, the int8 arithmetic of one would depend on its neighbours, and an answer
    on what was cached. Two runs at a time, however many people ask."""

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
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()
        self._runs = ThreadPoolExecutor(_RUNS, "reranker")

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        """The encodings of texts, cut where they are longer than the model has places."""
        encodings = self._tokenizer.encode_batch(list(texts))
        starts = [np.array([start for start, _ in one.offsets[1:-1]], np.uint32) for one in encodings]
        outputs = self._runs.map(self._run, [one.ids for one in encodings])
        return [Encoding(vector, tokens, first) for (vector, tokens), first in zip(outputs, starts, strict=True)]

    def _run(self, identifiers: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        ids = np.array([identifiers], np.int64)
        vectors, tokens = self._session.run(None, {"ids": ids, "mask": np.ones_like(ids)})
        return vectors[0], tokens[0, 1:-1]  # without [CLS] and [SEP]


@lru_cache(maxsize=1)
def shipped_encoder() -> Encoder:
    """The shipped model, loaded once a process."""
    return Encoder()


@lru_cache(maxsize=1)
def encoder_version() -> str:
    """Changes with the model, by its hash as the export wrote it down (hashing 23 MB would cost every first question), and
    with the form in which encodings are stored."""
    digest = resource("reranker", "sha256").read_text(encoding="utf-8").strip()
    return f"{digest[:12]}-{_FORMAT}"
