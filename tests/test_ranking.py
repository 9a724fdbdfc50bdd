"""The order of candidates: scores mixed, scaled and weighed, and how the weights are learnt."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant import Assistant, Paper
from assistant.models import own_embedder
from assistant.questions.reading import read_question
from assistant.retrieval.ranking import (
    FEATURES,
    Candidates,
    in_order,
    learnt_weights,
    mixed,
    reranked,
    scaled,
    shipped_weights,
)
from assistant.training.ranking import Case, ndcg_of


def test_what_was_read_again_stands_before_the_rest() -> None:
    fused = {f"p-{number}": 1 - number / 100 for number in range(50)}
    scores = reranked(fused, {f"p-{number}": number / 44 for number in range(45)})
    assert sorted(scores, key=lambda name: -scores[name])[:3] == ["p-44", "p-43", "p-42"]
    assert sorted(scores, key=lambda name: -scores[name])[-5:] == ["p-45", "p-46", "p-47", "p-48", "p-49"]
    assert all(0 <= score <= 1 for score in scores.values())
    assert reranked(fused, {}) == fused


def test_another_reranker_counts_less_where_the_words_cover_the_question() -> None:
    fused, meant = np.array([1.0, 0.5, 0.0]), np.array([-3.0, 4.0, 4.0])
    assert mixed(fused, meant, 0.0) == pytest.approx([0.05, 0.975, 0.95])
    assert mixed(fused, meant, 1.0) == pytest.approx([0.7, 0.65, 0.3])


def test_features_are_scaled_over_the_candidates() -> None:
    assert scaled(np.array([[1.0, 7.0], [3.0, 7.0], [2.0, 7.0]])).tolist() == [[0, 0], [1, 0], [0.5, 0]]
    assert scaled(np.array([2.0, 4.0])).tolist() == [0, 1]


def test_a_candidate_that_is_best_in_everything_comes_first() -> None:
    assert shipped_weights().shape == (2 * len(FEATURES),)
    meaning = FEATURES.index("late interaction")
    rows = np.zeros((3, len(FEATURES)))
    rows[1], rows[2, meaning] = 0.5, 0.2
    for cover in (0.0, 0.5, 1.0):
        scores = Candidates("abc", rows, np.array([0.2, 0.9, 0.5]), cover).scores(shipped_weights())
        assert scores.argmax() == 1 and scores.min() == 0 and scores.max() == 1
    assert Candidates("a", rows[:1], np.ones(1), 0.5).scores(shipped_weights()).tolist() == [0]


def test_words_decide_where_they_were_mended_and_one_passage_holds_them_all() -> None:
    rows = np.zeros((3, len(FEATURES)))
    rows[0, FEATURES.index("BM25")], rows[1] = 1, 1
    rows[1, FEATURES.index("BM25")] = 0
    fused = np.array([1.0, 0.4, 0.0])
    firsts = {
        (cover, is_mended): Candidates("abc", rows, fused, cover, is_mended).scores(shipped_weights()).argmax()
        for cover in (0.6, 1.0)
        for is_mended in (False, True)
    }
    assert firsts == {(0.6, False): 1, (0.6, True): 1, (1.0, False): 1, (1.0, True): 0}


def test_weights_are_learnt_from_what_the_right_candidates_have() -> None:
    random = np.random.default_rng(0)
    cases = []
    for number in range(60):
        rows, cover = random.random((5, 2)), float(number % 2)
        right = rows[
            :, 1 if cover else 0
        ].argmax()  # the first feature tells, but where the question is covered the second
        cases.append(Case("p", np.hstack([rows, cover * rows]), np.arange(5) == right, list("abcde")))
    cases.append(Case("p", random.random((3, 4)), np.zeros(3, bool), list("abc")))  # teaches nothing
    weights = learnt_weights([(case.inputs, case.right) for case in cases], np.zeros(4), 0.06)
    assert np.mean([ndcg_of(case, case.inputs @ weights) for case in cases[:-1]]) > 0.95
    assert ndcg_of(cases[-1], cases[-1].inputs @ weights) == 0


def test_a_paper_counts_once_however_many_candidates_it_has() -> None:
    case = Case("p", np.zeros((4, 2)), np.array([False, False, False, True]), ["a", "a", "a", "b"])
    assert ndcg_of(case, np.array([4.0, 3.0, 2.0, 1.0])) == pytest.approx(1 / np.log2(3))


def test_the_evidence_of_candidates_is_what_ranks_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    papers = [
        Paper("Otters", "Otters swim in cold rivers. They sleep on their backs."),
        Paper("Voyages", "Ships cross oceans. Their engines burn oil."),
        Paper("Beavers", "Beavers build dams of wood."),
    ]
    question = "How do furry river animals rest?"
    with Assistant(data_dir=tmp_path / "data") as library:
        library.add(papers)
        found = library.evidence(read_question(question))
        order = [passage.paper.id for passage in library.search(question)]
        assert found.rows.shape == (3, len(FEATURES)) and 0 <= found.cover <= 1
        assert in_order(found.papers, found.scores(shipped_weights())) == order
        assert order[0] == next(paper.id for paper in library.papers() if paper.title == "Otters")


def test_sentences_of_candidates_are_not_sent_to_a_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []

    class Provider:
        name, dimension = "provider", 384

        def encode(self, texts: Any) -> np.ndarray:
            sent.extend(texts)
            return own_embedder().encode(texts)

        encode_often = encode

        def close(self) -> None:
            pass

    monkeypatch.setattr("assistant.holdings.open_embedder", lambda _: Provider())
    with Assistant(data_dir=tmp_path / "data") as library:
        library.add([Paper(f"Otters {number}", f"Otter {number} swims. Otter {number} eats.") for number in range(40)])
        sent.clear()
        library.search("Which otter swims?", k=3)
        assert len(sent) == 1 + 3 * 2  # the question, and the sentences of the passages shown
