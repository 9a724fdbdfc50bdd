"""The reranker: what the shipped one finds, what is stored, and how another takes its place."""

import hashlib
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from assistant import Assistant, Paper
from assistant.catalogue import Catalogue
from assistant.errors import ConfigError, LibraryError
from assistant.reranking import BiEncoder, Encoder, shipped_encoder
from assistant.resources import resource
from assistant.retrieval import RERANKED, reranked

PAPERS = [
    Paper("Half Fine-Tuning", "Half of the weights stay frozen while the others learn a new task."),
    Paper("A Survey of Rivers", "Rivers carry water from mountains to the sea, and otters live along them."),
    Paper("Frozen Desserts", "Ice cream stays frozen below zero degrees while it is learned to be made."),
]


@pytest.fixture
def library(tmp_path: Path) -> Assistant:
    with Assistant(data_dir=tmp_path / "data") as opened:
        opened.add(PAPERS)
        yield opened


def test_the_shipped_model_is_the_one_that_the_card_names() -> None:
    digest = hashlib.sha256(resource("reranker", "model.onnx").read_bytes()).hexdigest()
    assert resource("reranker", "sha256").read_text(encoding="utf-8").strip() == digest
    assert digest in resource("reranker", "README.md").read_text(encoding="utf-8")
    size = sum(path.stat().st_size for path in resource("reranker").iterdir())
    assert size <= 25_000_000


def test_vectors_have_length_one_and_do_not_depend_on_their_neighbours() -> None:
    encoder = shipped_encoder()
    texts = [
        "Otters swim.",
        "A much longer sentence about half of the parameters of a model staying frozen.",
        "x " * 600,
    ]
    together = encoder.encode(texts)
    assert np.allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-3)
    assert all(np.array_equal(together[i], encoder.encode([text])[0]) for i, text in enumerate(texts))


def test_what_is_meant_is_found_where_the_words_mislead(library: Assistant) -> None:
    question = "Which approach keeps fifty percent of a network fixed while training on something new?"
    assert library.search(question)[0].paper.title == "Half Fine-Tuning"
    assert "meant" in library.search(question)[0].signals


def test_texts_are_encoded_once_and_a_stopped_pass_goes_on(library: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    stop.set()
    assert library.prepare(stop=stop) == 0
    assert library.prepare() == 3
    assert library.prepare() == 0
    encoded: list[str] = []
    real = Encoder.encode

    def encode(self: Encoder, texts: Sequence[str]) -> np.ndarray:
        encoded.extend(texts)
        return real(self, texts)

    monkeypatch.setattr(Encoder, "encode", encode)
    library.search("What lives along rivers?")
    library.search("What lives along rivers?")
    assert encoded == ["What lives along rivers?"]


def test_sentences_are_read_beforehand_too_and_an_older_models_vectors_forgotten(
    library: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stored() -> int:
        return library._catalogue._rows("SELECT COUNT(*) FROM encodings")[0][0]

    library.prepare()
    assert stored() == 6  # three passages of one sentence each
    library.add(Paper("Otters", "Otters swim in cold rivers."))
    assert library.search("Where do otters swim?")[0].paper.title == "Otters"  # some are stored, others are not
    monkeypatch.setattr("assistant.reranking._model_hash", lambda: "newer")
    with Assistant(data_dir=library.config.data_dir) as newer:
        assert stored() == 0
        assert newer.prepare() == 4
        assert stored() == 8


def test_a_disk_that_refuses_vectors_costs_no_question_its_answer(
    library: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise LibraryError("the disk is full")

    monkeypatch.setattr(Catalogue, "put_encodings", refuse)
    assert "meant" in library.search("Which approach keeps half of a network fixed?")[0].signals
    with pytest.raises(LibraryError, match="full"):
        library.prepare()


def test_who_asks_waits_for_a_few_texts_of_the_reading_and_not_for_all(
    library: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    real = Encoder.encode

    def encode(self: Encoder, texts: Sequence[str]) -> np.ndarray:
        read.append(len(texts))
        return real(self, texts)

    monkeypatch.setattr(Encoder, "encode", encode)
    library.add(Paper("Long", " ".join(f"Otter number {number} swims in river {number}." for number in range(60))))
    library.prepare()
    assert max(read) <= 8 < sum(read)


def test_it_can_be_switched_off_or_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Longest:
        def score(self, question: str, texts: Sequence[str]) -> list[float]:
            return [1e6 * ("Desserts" in text) for text in texts]

        def prepare(self, texts: Sequence[str]) -> int:
            return 0

    module = ModuleType("my_reranker")
    module.make, module.broken = Longest, object  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "my_reranker", module)
    question = "Which approach keeps half of a network fixed while it learns?"
    with Assistant(data_dir=tmp_path / "off", reranker="off") as library:
        library.add(PAPERS)
        assert "meant" not in library.search(question)[0].signals
        assert library.prepare() == 0
        assert library.ask("How is half of the weights kept frozen?").status == "answered"  # calibrated without it too
    with Assistant(data_dir=tmp_path / "own", reranker="my_reranker:make") as library:
        library.add(PAPERS)
        assert library.search(question)[0].paper.title == "Frozen Desserts"
    for wrong in ("my_reranker:broken", "my_reranker:missing", "no_such_module:make"):
        with pytest.raises(ConfigError, match="reranker"):
            Assistant(data_dir=tmp_path / "wrong", reranker=wrong)


def test_mixing_keeps_scores_in_bounds_and_the_unread_below() -> None:
    fused = {f"p-{number}": 1 - number / 100 for number in range(RERANKED + 5)}
    meant = {f"p-{number}": number / 100 for number in range(RERANKED)}
    mixed = reranked(fused, meant, 1.0)
    assert max(mixed, key=lambda name: mixed[name]) == f"p-{RERANKED - 1}"
    assert all(0 <= score <= 1 for score in mixed.values())
    assert min(mixed[name] for name in meant) >= max(score for name, score in mixed.items() if name not in meant)
    assert reranked(fused, {}, 0.5) == fused


def test_the_baselines_leave_it_out(library: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BiEncoder, "score", lambda *_: pytest.fail("read again"))
    library.search("rivers", dense_weight=0.0)
    library.search("rivers", dense_weight=1.0)
