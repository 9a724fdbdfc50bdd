"""What was computed last is remembered, up to a limit, and comes back as it was computed."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from assistant.config import Config
from assistant.library import Assistant
from assistant.models import Embedder, open_embedder
from assistant.recent import Recent
from assistant.records import Paper


def test_what_was_not_used_for_longest_is_forgotten() -> None:
    recent = Recent[str, int](2)
    recent.keep({"a": 1, "b": 2})
    recent.find(["a"])
    recent.keep({"c": 3})
    assert recent.find(["a", "b", "c"]) == {"a": 1, "c": 3}


class Counting:
    """The shipped embeddings, which notes what it is asked."""

    def __init__(self) -> None:
        self.shipped = open_embedder(Config())
        self.asked: list[str] = []

    def embed_documents(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        return self.shipped.encode(texts)


def test_texts_that_come_up_again_are_embedded_once_and_alike() -> None:
    counting = Counting()
    embedder = Embedder("counting", counting)  # type: ignore[arg-type]
    first = ["half of the parameters stay frozen", "sparse attention", "sparse attention"]
    again = ["sparse attention", "", "half of the parameters stay frozen"]
    shipped = counting.shipped.encode
    assert embedder.encode_often([]).shape == (0, embedder.dimension)
    counting.asked.clear()
    np.testing.assert_array_equal(embedder.encode_often(first), shipped(first))
    np.testing.assert_array_equal(embedder.encode_often(again), shipped(again))
    assert counting.asked == ["half of the parameters stay frozen", "sparse attention", ""]


def test_a_question_asked_again_embeds_no_sentence_and_reads_no_encoding_again(
    library: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = "Which method keeps half of the parameters frozen?"
    first = library.search(question, k=5)
    embedded: list[str] = []
    encode = library._holdings.embedder.embeddings.embed_documents
    monkeypatch.setattr(
        library._holdings.embedder.embeddings, "embed_documents", lambda texts: embedded.extend(texts) or encode(texts)
    )
    monkeypatch.setattr(library._catalogue, "encodings", lambda keys: dict.fromkeys(keys) and pytest.fail("read again"))
    again = library.search(question, k=5)
    assert embedded == [question]
    assert [(p.chunk.id, p.score, p.sentences) for p in again] == [(p.chunk.id, p.score, p.sentences) for p in first]


def test_words_of_a_paper_that_was_just_added_mend_typing_errors(tmp_path: Path) -> None:
    with Assistant(data_dir=tmp_path, model="extractive") as library:
        library.add([Paper("Otters", "Otters swim in cold rivers and orient themselves by smell.")])
        library.search("orchestrration of rivers")  # reads the words that begin with o
        assert library.lexical.correction("orchestrr") is None
        library.add([Paper("Bands", "Orchestras play by the orchestra pit.")])
        assert library.search("orchestrra", k=1)[0].paper.title == "Bands"
        assert library.lexical.correction("orchestrr") == "orchestra"
