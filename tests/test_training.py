"""The parts of training that are plain functions; nothing here needs PyTorch or trains anything."""

import base64
import importlib.util
import json
import re
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from assistant.evaluation.testset import shipped_testset
from assistant.terms import terms
from assistant.training.asked import QUESTIONS, AskedPaper, Question, asked_papers, held_out_task
from assistant.training.batches import Tuning, general_pairs, make_batch, neighbour_groups
from assistant.training.corpus import Paper, in_sample, sample_number
from assistant.training.measure import read_lines
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


def test_groups_hold_every_paper_once_and_near_ones_together() -> None:
    near = np.array(
        [[other for other in range(12) if other != paper and other % 3 == paper % 3] for paper in range(12)]
    )
    groups = neighbour_groups(near, 4, Random(1))
    assert sorted(paper for group in groups for paper in group) == list(range(12))
    assert all(len({paper % 3 for paper in group}) == 1 for group in groups)


def test_a_batch_knows_which_paper_and_which_sentences_answer() -> None:
    otters = AskedPaper("Otters", ("They swim.", "They eat fish.", "They sleep."), (Question("What food?", "q", (1,)),))
    rivers = AskedPaper("Rivers", ("Water flows.", "Fish swim."), (Question("a", "p", (0, 1)), Question("b", "n", ())))
    batch = make_batch([otters, rivers], [("A title", "An abstract.")], Tuning())
    assert [batch.documents[place].partition("\n")[0] for place in batch.answered_by] == [
        "Otters",
        "Rivers",
        "Rivers",
        "An abstract.",
    ]
    shown = [
        [batch.documents[paper][slice(*batch.spans[paper][place])] for place in places]
        for paper, places in zip(batch.answered_by, batch.supported_by, strict=True)
    ]
    assert shown == [["They eat fish."], ["Water flows.", "Fish swim."], [], []]
    assert batch.weights == [Tuning.detail_weight, 1.0, 1.0, 1.0]


def test_general_pairs_leave_the_sentence_asked_for_out_of_its_document() -> None:
    paper = Paper(
        "Otters",
        "Otters swim in cold rivers at night. Otters eat fish and crabs daily. Otters hold hands while asleep.",
    )
    pairs = general_pairs([paper], Random(0))
    drawn = {next(pairs) for _ in range(40)}
    assert ("Otters", paper.abstract) in drawn and len(drawn) == 4
    assert not any(query in document for query, document in drawn if query != "Otters")


def test_questions_are_read_with_their_papers_sentences(tmp_path: Path) -> None:
    held_out = next(title for title in map("Otters {}".format, range(100)) if in_sample(title, 0.1))
    lines = [
        {"paper": "x:1", "kind": "p", "sentences": [1], "question": "Who swims?"},
        {"paper": "x:1", "kind": "n", "sentences": [0], "question": "What is eaten?"},
        {"paper": "x:2", "kind": "n", "sentences": [], "question": "Of a paper that is not there?"},
    ]
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    papers = [Paper(held_out, "They eat fish.\nThey swim.", "x:1")]
    (paper,) = asked_papers(papers, tmp_path / "questions.jsonl")
    assert paper.text == f"{held_out}\nThey eat fish. They swim."
    assert paper.sentences[paper.questions[0].sentences[0]] == "They swim."
    assert held_out_task([paper], "p").queries == ["Who swims?"]
    with pytest.raises(ValueError, match="no paper of the corpus"):
        list(asked_papers([Paper("Otters", "They swim.")], tmp_path / "questions.jsonl"))


def test_no_question_of_the_test_set_was_trained_on() -> None:
    lines = read_lines(QUESTIONS)
    assert len(lines) > 10_000
    assert all(set(line) == {"paper", "kind", "sentences", "question"} and line["kind"] in "pqn" for line in lines)
    trained = {frozenset(terms(line["question"])) for line in lines}
    assert not [
        item.question
        for item in shipped_testset()
        if len(words := frozenset(terms(item.question))) > 3 and words in trained
    ]


@needs("torch", "scipy")
def test_a_step_of_tuning_lowers_its_own_loss() -> None:
    import torch

    from assistant.training.tuning import Encoded, Memory, loss_of, rate

    otters = AskedPaper("Otters", ("They swim.", "They eat fish."), (Question("What food?", "q", (1,)),))
    rivers = AskedPaper("Rivers", ("Water flows.", "Fish swim."), (Question("What flows?", "p", (0,)),))
    batch = make_batch([otters, rivers], [("A title", "An abstract.")], Tuning())
    torch.manual_seed(0)

    def unit(rows: int) -> torch.Tensor:
        return torch.nn.functional.normalize(torch.randn(rows, 8), dim=1).requires_grad_()

    def words(texts: list[str]) -> list[list[int]]:
        return [[found.start() for found in re.finditer(r"\w+", text)] for text in texts]

    def encoded(texts: list[str]) -> Encoded:
        starts = words(texts)
        owner = torch.tensor([text for text, of in enumerate(starts) for _ in of])
        return Encoded(unit(len(texts)), unit(len(owner)), owner, [start for of in starts for start in of])

    questions, documents = encoded(batch.questions), encoded(batch.documents)
    memory = Memory(Tuning())
    memory.extend(["Otters", "Else"], documents.part(1, 3))
    before = loss_of(batch, questions, documents, memory, Tuning())
    before.backward()
    moved = [
        replace(one, vectors=one.vectors - 0.003 * one.vectors.grad, tokens=one.tokens - 0.003 * one.tokens.grad)
        for one in (questions, documents)
    ]
    assert all(one.tokens.grad.abs().sum() > 0 for one in (questions, documents))
    assert loss_of(batch, *moved, memory, Tuning()) < before
    assert rate(0, Tuning()) < rate(100, Tuning()) > rate(900, Tuning()) > 0


@needs("torch", "scipy")
def test_late_interaction_is_trained_as_it_is_used() -> None:
    import torch

    from assistant.encoding import LATE_SHARE, Encoding, fits
    from assistant.training.tuning import Encoded, late_memory_scores, late_scores, together

    torch.manual_seed(0)
    lengths = [[2, 3], [4, 1, 5]]  # tokens of the questions, of the documents
    vectors, tokens = (
        [[torch.nn.functional.normalize(torch.randn(*size), dim=-1) for size in of] for of in sizes]
        for sizes in ([[(8,)] * 2, [(8,)] * 3], [[(n, 8) for n in of] for of in lengths])
    )
    questions, documents = (
        Encoded(
            torch.stack(vectors[side]),
            torch.cat(tokens[side]),
            torch.tensor([text for text, count in enumerate(lengths[side]) for _ in range(count)]),
            [],
        )
        for side in (0, 1)
    )
    late = late_scores(questions, documents.tokens, documents.owner, 3)
    assert torch.allclose(late, late_memory_scores(questions, tokens[1]), atol=0.02)  # which looks in bfloat16
    found = together(questions.vectors @ documents.vectors.T, late)
    texts, asked = (
        [Encoding(v.numpy(), t.numpy(), np.zeros(len(t))) for v, t in zip(vectors[side], tokens[side], strict=True)]
        for side in (1, 0)
    )
    assert np.allclose(found.numpy(), [fits(question, texts) for question in asked], atol=1e-6)
    assert 0 < LATE_SHARE < 1
