"""The reranker: what the shipped one finds, what is stored, and how another takes its place."""

import hashlib
import re
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from assistant import Assistant, Paper
from assistant.errors import ConfigError, LibraryError
from assistant.resources import resource
from assistant.retrieval.encoding import MAX_TOKENS, Encoder, Encoding, Shelf, shipped_encoder
from assistant.retrieval.reranking import LateInteraction
from assistant.retrieval.sentences import SENTENCE_MEANT_WEIGHT
from assistant.store.catalogue import Catalogue

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
    alone = [encoder.encode([text])[0] for text in texts]
    for text, one, other in zip(texts, together, alone, strict=True):
        assert np.allclose(np.linalg.norm(one.vector), 1.0, atol=1e-3)
        assert np.allclose(np.linalg.norm(one.tokens, axis=1), 1.0, atol=1e-3)
        assert np.array_equal(one.vector, other.vector) and np.array_equal(one.tokens, other.tokens)
        assert len(one.tokens) == len(one.starts) <= MAX_TOKENS
        assert one.starts[0] == 0 and not text[one.starts[-1]].isspace()


def encoding(tokens: Sequence[Sequence[float]], vector: Sequence[float] = (1.0,), every: int = 10) -> Encoding:
    """An encoding whose vectors begin with these numbers; each token is `every` characters long."""
    first = np.zeros((1, 384), np.float32)
    first[0, : len(vector)] = vector
    others = np.zeros((len(tokens), 64), np.float32)
    for place, token in enumerate(tokens):
        others[place, : len(token)] = token
    return Encoding(first[0], others, np.arange(len(tokens), dtype=np.uint32) * every)


def test_a_score_is_late_interaction_and_the_cosine() -> None:
    question = encoding([(1, 0), (0, 1)], (1, 0))
    texts = [encoding([(1, 0), (0.6, 0.8)], (0.6, 0.8)), encoding([], (1, 0)), encoding([(0, 1)], (0, 1))]
    assert Shelf(texts).fits(question) == pytest.approx([(2 * (1 + 0.8) / 2 + 0.6) / 3, 1 / 3, (2 * 0.5 + 0) / 3])
    assert Shelf(texts).fits(encoding([], (1, 0))) == pytest.approx([0.2, 1 / 3, 0])
    assert len(Shelf([]).fits(question)) == 0


def test_a_part_of_a_text_is_scored_by_its_own_tokens() -> None:
    question = encoding([(1, 0), (0, 1)])
    text = encoding([(1, 0), (0.6, 0.8), (0, 1)])
    blank, short = encoding([]), encoding([(0.6, 0.8)])
    long = encoding(
        [(1, 0)] * (MAX_TOKENS - 3) + [(0, 1)]
    )  # nobody knows what comes after the last token that was read
    spans = [
        [(0, 10), (0, 30), (10, 30), (40, 50)],
        [],
        [(0, 5)],
        [(0, 10), (3, 9)],
        [(5070, 5090), (5080, 5100)],
        [(20, 30)],
    ]
    assert Shelf([text, text, blank, short, long, text]).fits_of_spans(question, spans) == [
        [pytest.approx(0.5), pytest.approx(1.0), pytest.approx(0.8), None],
        [], [None], [pytest.approx(0.7), None], [pytest.approx(0.5), None], [pytest.approx(0.5)],
    ]  # fmt: skip
    assert Shelf([text]).fits_of_spans(encoding([]), [[(0, 30)]]) == [[None]]
    assert Shelf([]).fits_of_spans(question, []) == []


def test_what_is_stored_is_what_was_read() -> None:
    for text in ("Otters swim in cold rivers.", "x " * 600, "🦦", ""):
        (read,) = shipped_encoder().encode([text])
        stored = read.packed()
        again = Encoding.unpacked(stored)
        assert len(stored) <= 770 + 70 * len(read.tokens)
        assert np.array_equal(again.starts, read.starts)
        assert np.allclose(again.vector, read.vector, atol=1e-3) and np.allclose(again.tokens, read.tokens, atol=5e-3)
        assert np.array_equal(Encoding.unpacked(again.packed()).vector, again.vector)


def test_tokens_know_their_characters() -> None:
    text = "🦦 E\u0301lan, İstanbul ﬁsh 河 and Île\u200brivers."
    starts = shipped_encoder().encode([text])[0].starts
    assert {text.index(word) for word in ("İstanbul", "ﬁsh", "河", "and", "Île")} <= set(starts.tolist())


class WordsEncoder:
    """Reads a word as a token that is like itself alone."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        encodings = []
        for text in texts:
            words = list(re.finditer(r"\w+", text))[: MAX_TOKENS - 2]
            numbers = [self._known.setdefault(word.group().lower(), len(self._known)) for word in words]
            starts = np.array([word.start() for word in words], np.uint32)
            encodings.append(Encoding(np.eye(384)[0], np.eye(64, dtype=np.float32)[numbers], starts))
        return encodings


@pytest.mark.parametrize("cut", [False, True])
def test_sentences_are_scored_by_their_own_words_wherever_they_stand(
    cut: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = WordsEncoder()
    monkeypatch.setattr("assistant.retrieval.reranking.shipped_encoder", lambda: encoder)
    others = 250 if cut else 1  # the last sentence then begins among what is read and ends beyond
    abstract = f"Ships are old. Motors drink oil. {'Nothing else. ' * others}Ships have motors that drink oil."
    with Assistant(data_dir=tmp_path / "data", chunk_tokens=2000) as library:
        library.add(Paper("On a voyage", abstract))
        question = "motors drink oil"
        best, plain = (library.search(question, rerank=rerank)[0] for rerank in (True, False))
    for sentence, base, share in zip(best.sentences, plain.sentences, [0, 1, *[0] * others, 1], strict=True):
        assert sentence.score == pytest.approx(base.score + SENTENCE_MEANT_WEIGHT * (share - base.score), abs=1e-3)
        assert type(sentence.score) is float


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

    def encode(self: Encoder, texts: Sequence[str]) -> list[Encoding]:
        encoded.extend(texts)
        return real(self, texts)

    monkeypatch.setattr(Encoder, "encode", encode)
    library.search("What lives along rivers?")
    library.search("What lives along rivers?")
    assert encoded == ["What lives along rivers?"]


def test_passages_are_read_beforehand_and_an_older_models_encodings_forgotten(
    library: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.prepare()
    assert library._catalogue.count_encodings() == 3
    library.add(Paper("Otters", "Otters swim in cold rivers."))
    assert library.search("Where do otters swim?")[0].paper.title == "Otters"  # some are stored, others are not
    monkeypatch.setattr("assistant.retrieval.reranking.encoder_version", lambda: "newer")
    with Assistant(data_dir=library.config.data_dir) as newer:
        assert library._catalogue.count_encodings() == 0
        assert newer.prepare() == 4
        assert library._catalogue.count_encodings() == 4


def test_what_is_gone_is_forgotten(library: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.retrieval.preparing._SPARE", 0)
    library.add(Paper("Otters", "Otters swim in cold rivers."))
    library.prepare()
    library.remove(["Otters"])
    library.prepare()
    assert library._catalogue.count_encodings() == 3
    assert library.prepare() == 0


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

    def encode(self: Encoder, texts: Sequence[str]) -> list[Encoding]:
        read.append(len(texts))
        return real(self, texts)

    monkeypatch.setattr(Encoder, "encode", encode)
    library.add(Paper(f"Otter {number}", f"Otter {number} swims in river {number}.") for number in range(60))
    library.prepare()
    assert max(read) <= 4 < sum(read)


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


def test_the_baselines_leave_it_out(library: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("score", "score_spans", "read"):
        monkeypatch.setattr(LateInteraction, name, lambda *_: pytest.fail("read again"))
    library.search("rivers", dense_weight=0.0)
    library.search("rivers", dense_weight=1.0)
