"""The package's own embedding: our look-up of tokens against Model2Vec's own."""

import threading

import numpy as np
import pytest

from assistant import models
from assistant.models import own_embedder
from assistant.seeding import seed_files

ODD = [
    "",
    "  \n",
    "[UNK] of [unk]",
    "naïve café, naïve\u0301",
    "全角 と ＡＢＣ １２３",
    "a\x0cb a\u200bb a\x00b",
    "x" * 3000,
    "word " * 3000,
    "(IA)^3 beats S^{2}FT by 97.23%, 1,024-dim. e.g. isn't_it?",
    "Ω-shaped\u3000spaces\u00a0here",
]


def _vectors_of_model2vec(texts: list[str]) -> np.ndarray:
    vectors = own_embedder().embeddings._model.encode(texts, show_progress_bar=False)  # type: ignore[attr-defined]
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norms > 0, norms, 1.0)


def test_vectors_are_those_of_model2vec() -> None:
    lines = [line for file in seed_files() for line in file.read_text(encoding="utf-8").splitlines()[:300]]
    texts = [*ODD, *lines, *ODD]
    assert np.abs(own_embedder().encode(texts) - _vectors_of_model2vec(texts)).max() < 1e-5


def test_a_memory_that_overflows_and_threads_that_share_it_change_no_vector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "_WORDS_KEPT", 5)
    texts = [f"zebrafishes{i} unlearnt{i % 7} quaggas" for i in range(200)]
    expected, wrong = _vectors_of_model2vec(texts), []

    def encode() -> None:
        for i in range(0, 200, 3):
            if np.abs(own_embedder().encode(texts[i : i + 3]) - expected[i : i + 3]).max() > 1e-5:
                wrong.append(i)

    threads = [threading.Thread(target=encode) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
