"""The parts of training that are plain functions; nothing here needs PyTorch or trains anything."""

import base64
import gzip
import importlib.util
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from assistant.evaluation.testset import shipped_testset
from assistant.retrieval.encoding import DIMENSION, TOKEN_DIMENSION, Encoding
from assistant.terms import terms
from assistant.training.abstention import EVERYDAY
from assistant.training.asked import QUESTIONS, AskedPaper, Question, asked_papers, corpus_and_asked, held_out_task
from assistant.training.batches import (
    Cycle,
    Tuning,
    confused_lessons_of,
    general_pairs,
    make_batch,
    neighbour_groups,
    papers_of,
    pools_of,
)
from assistant.training.confusions import confusions
from assistant.training.corpus import Paper, in_sample, sample_number
from assistant.training.measure import read_lines
from assistant.training.vocabulary import byte_letters, to_ranks, write
from assistant.training.words import extended_tokenizer, new_words, pieces_to_keep

ROOT = Path(__file__).parent.parent


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


def test_of_further_files_only_papers_with_questions_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "papers.jsonl.gz": [{"id": "x:1", "title": "Otters", "abstract": "They swim."}, {"id": "x:2", "title": "Untitled"}],
        "cells/corpus.jsonl.gz": [
            {"_id": "7", "title": "Cells", "text": "They split."}, {"_id": "8", "title": "Tested", "text": "It is."},
        ],
    }  # fmt: skip
    (tmp_path / "cells").mkdir()
    for name, records in files.items():
        with gzip.open(tmp_path / name, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(record) + "\n" for record in records)
    questions = tmp_path / "questions.jsonl"
    questions.write_text(
        "".join(
            json.dumps({"paper": paper, "kind": "p", "sentences": [0], "question": "Who?"}) + "\n"
            for paper in ("cells:7", "x:1")
        ),
        encoding="utf-8",
    )
    monkeypatch.setattr("assistant.training.asked.asked_papers", partial(asked_papers, path=questions))
    corpus, asked = corpus_and_asked([tmp_path / name for name in files])
    assert [paper.title for paper in corpus] == ["Otters"]
    assert [paper.title for paper in asked] == ["Cells", "Otters"]


@pytest.mark.slow
def test_no_paper_that_a_test_claim_of_scifact_is_about_was_trained_on() -> None:
    claims = ROOT.parent / "shared" / "benchmarks" / "scifact" / "queries.jsonl"
    if not claims.exists():
        pytest.skip("needs ../shared/benchmarks/scifact")
    tested = {
        f"scifact:{name}"
        for claim in read_lines(claims)
        if claim["split"] != "train"
        for name in (*claim["cited"], *(evidence["doc"] for evidence in claim["evidence"]))
    }
    assert len(tested) > 200
    assert not tested & {line["paper"] for line in read_lines(QUESTIONS)}


@pytest.mark.slow
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


def test_no_off_topic_question_of_the_test_half_is_learnt_from() -> None:
    everyday = EVERYDAY.read_text(encoding="utf-8").splitlines()
    assert len(everyday) == len(set(everyday)) > 100
    for item in shipped_testset():
        words = set(terms(item.question))
        like = max(len(words & set(terms(one))) / max(1, len(words | set(terms(one)))) for one in everyday)
        assert item.split == "dev" or like < 0.4, item.question


def test_a_chapter_is_filled_with_papers_of_earlier_ones() -> None:
    first, second, third = ([AskedPaper(title, (), ()) for title in titles] for titles in ("abcd", "e", "f"))
    chapters = [first, second, third]
    bare = papers_of(Cycle(1, (1, 0)), chapters, Random(0))
    assert [next(bare) for _ in range(3)] == [second, first, second]
    filled = papers_of(Cycle(1, (1, 2), filled_to=3), chapters, Random(0))
    one, other = next(filled), next(filled)
    assert one[0] == second[0] and other[0] == third[0]
    assert {paper.title for paper in one[1:] + other[1:]} == set("abcd")  # others each time, none of the cycle's own


def by_letters(texts: Sequence[str]) -> list[Encoding]:
    """Texts that are alike as far as they have the same letters; none has tokens."""
    counts = np.array([[text.count(letter) for letter in "abcdefgh"] for text in texts], np.float32)
    vectors = np.pad(counts / np.linalg.norm(counts, axis=1, keepdims=True), ((0, 0), (0, DIMENSION - 8)))
    return [Encoding(vector, np.zeros((0, TOKEN_DIMENSION), np.float32), np.zeros(0, np.uint32)) for vector in vectors]


def asked(title: str, *questions: str, kind: str = "p") -> AskedPaper:
    return AskedPaper(title, (), tuple(Question(text, kind, ()) for text in questions))


def test_confusions_are_the_papers_that_are_found_for_the_questions_about_another() -> None:
    papers = [asked("a", "a", "abb"), asked("b", "b"), asked("c", "cd", kind="q"), asked("d", "cdd", "ddd")]
    near, margins = confusions(papers, by_letters)
    assert near[0][0] == 1 and margins[0] < 0  # its hardest question finds another
    assert margins[1] == pytest.approx(1 / 3)  # the whole of the cosine's share
    assert near[2].tolist() == [2] * near.shape[1] and margins[2] == np.inf  # a detail may stand elsewhere too
    assert near[3][0] == 2 and 0 < margins[3] < margins[1]


def test_papers_that_are_taken_for_each_other_are_learnt_together() -> None:
    papers = [*(asked(title, question) for title, question in zip("abcd", ("ab", "ab", "cd", "cd"), strict=True))]
    papers += [asked(title, title) for title in "efgh"]  # these are told apart already
    lessons = list(confused_lessons_of([papers], by_letters, replace(Tuning(), papers=4, neighbours=2), 9, Random(0)))
    assert [[{a.title, b.title} for a, b in (lesson[:2], lesson[2:])] for lesson in lessons] in (
        [[{"a", "b"}, {"c", "d"}]],
        [[{"c", "d"}, {"a", "b"}]],
    )


def test_a_pool_is_a_part_of_all_papers_of_the_chapters() -> None:
    chapters = [[asked(title) for title in titles] for titles in ("abcd", "xy", "efgh")]
    pools = pools_of(Cycle(1, (0, 2), pools=4, pools_taken=3), chapters, Random(0))
    titles = [paper.title for pool in pools for paper in pool]
    assert [len(pool) for pool in pools] == [2, 2, 2]
    assert len({*titles}) == 6 and {*titles} < {*"abcdefgh"}


OTTERS = AskedPaper("Otters", ("They swim.", "They eat fish."), (Question("What eat fish?", "q", (1,)),))
RIVERS = AskedPaper("Rivers", ("Water flows.", "Fish swim."), (Question("Water?", "p", (0,)),))


def one_hot(texts: list[str]) -> Any:
    """Texts whose words, and which themselves, are like nothing but their own kind."""
    import torch

    from assistant.training.tuning import Encoded

    words = [list(re.finditer(r"\w+", text)) for text in texts]
    places: dict[str, int] = {}
    rows = [[places.setdefault(word.group().lower(), len(places)) for word in of] for of in words]
    tokens = torch.eye(64)[[place for row in rows for place in row]]
    owner = torch.tensor([text for text, of in enumerate(words) for _ in of])
    vectors = torch.stack([tokens[owner == text].sum(0) for text in range(len(texts))])
    starts = [word.start() for of in words for word in of]
    return Encoded(torch.nn.functional.normalize(vectors, dim=1), tokens, owner, starts)


@needs("torch", "scipy")
def test_a_step_of_tuning_learns_the_right_paper_and_sentence() -> None:
    from assistant.training.tuning import Memory, loss_of, sentence_loss

    tuning = Tuning()
    batch = make_batch([OTTERS, RIVERS], [("A title", "An abstract.")], tuning)
    encoded = one_hot([*batch.questions, *batch.documents])
    questions, documents = encoded.part(0, 3), encoded.part(3, 6)
    right = loss_of(batch, questions, documents, Memory(tuning), tuning)
    crossed = replace(batch, answered_by=[1, 0, 2])
    assert right < loss_of(crossed, questions, documents, Memory(tuning), tuning)
    assert right < loss_of(
        batch, questions, replace(documents, tokens=documents.tokens.flip(0)), Memory(tuning), tuning
    )
    other_sentence = replace(batch, supported_by=[[0], [1], []])
    assert sentence_loss(batch, questions, documents, tuning) < 0.1
    assert sentence_loss(other_sentence, questions, documents, tuning) > 5
    assert sentence_loss(replace(batch, supported_by=[[], [], []]), questions, documents, tuning) == 0


@needs("torch", "scipy")
def test_what_is_remembered_is_wrong_but_for_its_own_questions() -> None:
    import torch

    from assistant.training.tuning import Memory, loss_of

    tuning = Tuning()
    batch = make_batch([OTTERS, RIVERS], [], tuning)
    encoded = one_hot([*batch.questions, *batch.documents])
    questions, documents = encoded.part(0, 2), encoded.part(2, 4)

    def loss(keys: list[str], remembered: Any) -> torch.Tensor:
        memory = Memory(tuning)
        memory.extend(keys, remembered)
        return loss_of(batch, questions, documents, memory, tuning)

    alone = loss_of(batch, questions, documents, Memory(tuning), tuning)
    of_otters, of_rivers = documents.part(0, 1), documents.part(1, 2)
    assert loss(["Else"], of_otters) > alone
    own = loss(["Otters"], of_otters)  # wrong for the question about rivers alone, which it is nothing like
    assert torch.isclose(own, alone, atol=1e-2)
    assert loss(["Rivers"], of_otters) > own  # the same tokens, but now of another paper than the otters'
    without = replace(of_rivers, tokens=torch.zeros_like(of_rivers.tokens))
    assert loss(["Else"], of_rivers) > loss(["Else"], without)
    few = replace(tuning, memory=2, token_memory=1)
    memory = Memory(few)
    memory.extend(batch.keys, documents)
    memory.extend(batch.keys, documents)
    assert (len(memory.vectors), len(memory.tokens), memory.tokens[0][0]) == (2, 1, "Rivers")


@needs("torch", "scipy")
def test_gradients_reach_all_that_is_learnt_from() -> None:
    import torch

    from assistant.training.tuning import Memory, _sentence_at, loss_of, rate

    tuning = Tuning()
    batch = make_batch([OTTERS, RIVERS], [], tuning)
    encoded = one_hot([*batch.questions, *batch.documents])
    for name in ("vectors", "tokens"):
        noisy = getattr(encoded, name) + 0.1 * torch.randn_like(getattr(encoded, name))
        encoded = replace(encoded, **{name: noisy.requires_grad_()})
    memory = Memory(tuning)
    memory.extend(["Else"], encoded.part(2, 3))
    loss_of(batch, encoded.part(0, 2), encoded.part(2, 4), memory, tuning).backward()
    assert all((getattr(encoded, name).grad.abs().sum(1) > 0).any() for name in ("vectors", "tokens"))
    spans = batch.spans[0]
    assert [_sentence_at(spans, place) for place in (0, spans[0][0], spans[0][1], spans[1][0], spans[1][1])] == [
        None, 0, None, 1, None,
    ]  # fmt: skip
    assert rate(0, 1300, tuning) < rate(100, 1300, tuning) > rate(900, 1300, tuning) > 0
    assert rate(0, 700, tuning) < rate(650, 700, tuning) < rate(650, 1300, tuning)  # a shorter cycle falls sooner


@needs("torch", "scipy")
def test_late_interaction_is_trained_as_it_is_used() -> None:
    import torch

    from assistant.retrieval.encoding import LATE_SHARE, Encoding, Shelf
    from assistant.training.tuning import Encoded, late_memory_scores, late_scores, together

    torch.manual_seed(0)
    lengths = [[2, 3], [4, 1, 5]]  # tokens of the questions, of the documents
    vectors, tokens = (
        [[torch.nn.functional.normalize(torch.randn(*size), dim=-1) for size in of] for of in sizes]
        for sizes in ([[(384,)] * 2, [(384,)] * 3], [[(n, 64) for n in of] for of in lengths])
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
    assert np.allclose(found.numpy(), [Shelf(texts).fits(question) for question in asked], atol=1e-6)
    assert 0 < LATE_SHARE < 1
