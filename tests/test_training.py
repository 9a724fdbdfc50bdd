"""The parts of training that are plain functions; nothing here needs PyTorch or trains anything."""

import base64
import importlib.util
from pathlib import Path

import pytest

from assistant.training.corpus import in_sample, sample_number
from assistant.training.vocabulary import byte_letters, to_ranks, write
from assistant.training.words import extended_tokenizer, new_words, pieces_to_keep


def needs(*modules: str) -> pytest.MarkDecorator:
    """Skip a test where a module is not installed."""
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {missing}")


def test_sample_depends_on_text_alone_and_has_about_its_share() -> None:
    texts = [f"paper {number}" for number in range(4000)]
    assert sample_number("paper 1") == sample_number("paper 1")
    assert 400 < sum(in_sample(text, 0.125) for text in texts) < 600
    assert not any(in_sample(text, 0.0) for text in texts)
    assert all(in_sample(text, 1.0) for text in texts)


def test_every_byte_has_one_letter() -> None:
    letters = byte_letters()
    assert sorted(letters.values()) == list(range(256))
    assert letters["Ġ"] == ord(" ")


def test_ranks_keep_the_order_of_the_identifiers(tmp_path: Path) -> None:
    ranks = to_ranks({"b": 1, "a": 0, "ab": 2, "Ġab": 5})
    assert ranks == {b"a": 0, b"b": 1, b"ab": 2, b" ab": 3}
    write(ranks, tmp_path / "vocabulary.tiktoken")
    lines = (tmp_path / "vocabulary.tiktoken").read_text(encoding="ascii").splitlines()
    assert {base64.b64decode(line.split()[0]): int(line.split()[1]) for line in lines} == ranks


def test_new_words_are_frequent_long_and_unknown() -> None:
    counts = {"transformer": 9, "llm": 9, "model": 50, "ai": 30, "gpt4": 8, "rare": 1}
    assert new_words(counts, ["model"], most=5) == ["llm", "transformer"]
    assert new_words(counts, ["model"], most=1) == ["llm"]


def test_place_holders_are_left_out_and_unknown_comes_first() -> None:
    vocabulary = {"[PAD]": 0, "[unused0]": 1, "[UNK]": 2, "[": 3, "word": 4, "##s": 5}
    assert pieces_to_keep(vocabulary) == ["[UNK]", "[", "word", "##s"]


@needs("tokenizers")
def test_a_whole_word_of_the_list_is_one_token() -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    teacher = Tokenizer(models.WordPiece({"[UNK]": 0, "trans": 1, "##former": 2, "##s": 3}, unk_token="[UNK]"))
    teacher.pre_tokenizer = pre_tokenizers.Whitespace()
    tokens = ["[UNK]", "trans", "##former", "##s", "transformer"]
    extended = Tokenizer.from_str(extended_tokenizer(teacher.to_str(), tokens))
    assert teacher.encode("transformers").tokens == ["trans", "##former", "##s"]
    assert extended.encode("transformers trans").tokens == ["transformer", "##s", "trans"]


@needs("numpy", "safetensors")
def test_quantised_rows_are_close_to_the_table() -> None:
    import numpy as np

    from assistant.training.export import quantise

    table = np.random.default_rng(0).normal(size=(50, 16)).astype(np.float32) * np.logspace(-3, 2, 50)[:, None]
    rows, weights = quantise(table)
    assert rows.dtype == np.int8
    assert np.abs(rows * weights[:, None] - table).max(axis=1) == pytest.approx(0, abs=np.abs(table).max() / 250)
    assert (np.abs(rows * weights[:, None] - table).max(axis=1) <= np.abs(table).max(axis=1) / 253).all()
    assert (quantise(np.zeros((2, 4)))[0] == 0).all()


@needs("numpy")
def test_ndcg_and_mixing() -> None:
    import numpy as np

    from assistant.training.measure import best_mix, ndcg, scaled

    assert ndcg(np.array([0.1, 0.9, 0.5]), {1: 1.0}) == 1.0
    assert ndcg(np.array([0.1, 0.9, 0.5]), {2: 1.0}) == pytest.approx(0.6309, abs=1e-4)
    assert ndcg(np.array([0.1, 0.9, 0.5]), {7: 1.0}) == 0.0
    assert scaled(np.array([[1.0, 3.0], [2.0, 2.0]])).tolist() == [[0.0, 1.0], [0.0, 0.0]]
    weight, value = best_mix(np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]]), [{0: 1.0}])
    assert (round(weight, 1), value) == (0.5, 1.0)
