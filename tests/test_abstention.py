"""What the abstention estimate looks at, and that it tells what the library answers from what it does not."""

from pathlib import Path

import numpy as np
import pytest

from assistant import Assistant, Paper
from assistant.abstention import WITHOUT_RERANKER, features, fit, shipped_calibration
from assistant.questions import read_question
from assistant.records import Chunk, Passage, Sentence, Span


def passage(title: str, text: str, score: float, **signals: float) -> Passage:
    span = Span(0, len(text))
    chunk = Chunk(f"{title}-{score}", title, text, (span,), section=0, start=0, tokens=4)
    return Passage(
        chunk,
        Paper(title, text, id=title),
        score,
        (Sentence(text, span, score / 2),),
        {"bm25": 0.0, "dense": 0.0} | signals,
    )


def row(question: str, *passages: Passage) -> np.ndarray:
    return features(read_question(question), passages, lambda term: 1.0, lambda term: term != "zebra")


def test_features_compare_papers_and_not_passages_of_one() -> None:
    otters = passage("Otters", "otters swim", 1.0, dense=0.8, bm25=4.0, meant=0.7)
    again = passage("Otters", "otters swim again", 0.9, dense=0.7, bm25=3.0, meant=0.6)
    rivers = passage("Rivers", "water", 0.4, dense=0.2, bm25=1.0, meant=0.1)
    found = row("otters swim zebra", otters, again, rivers)
    assert len(found) == WITHOUT_RERANKER + 2
    unknown, cover, lead, words, words_lead, dense, dense_lead, *_, gap, meant, meant_lead = found
    assert (unknown, cover, lead) == pytest.approx((1 / 3, 2 / 3, 2 / 3))
    assert (words, words_lead, dense, dense_lead) == pytest.approx((4 / 3, 1.0, 0.8, 0.6))
    assert (gap, meant, meant_lead) == pytest.approx((0.6, 0.7, 0.6))
    alone = row("otters swim", otters, again)
    assert alone[1] == 1.0 and np.isnan(alone[2])  # nothing to stand out from
    assert np.isnan(row("Which papers are about otters?", otters, rivers)[2])  # several are wanted


def test_without_reranker_or_passages_there_are_fewer_features() -> None:
    assert len(row("otters", passage("Otters", "otters", 1.0))) == WITHOUT_RERANKER
    assert list(row("otters")) == [1.0, *[0.0] * (WITHOUT_RERANKER - 1)]


def test_the_threshold_keeps_the_share_asked_for() -> None:
    random = np.random.default_rng(0)
    calibration = fit(random.normal(1, 1, (400, 3)), random.normal(-1, 1, (400, 3)))
    kept = [calibration.probability(one) >= calibration.threshold(0.9) for one in random.normal(1, 1, (2000, 3))]
    assert np.mean(kept) == pytest.approx(0.9, abs=0.04)


def test_a_better_fit_never_speaks_against_an_answer() -> None:
    random = np.random.default_rng(0)
    signal = random.normal(0, 1, 400) + np.r_[np.ones(200), -np.ones(200)]
    noise = random.normal(0, 1, 400)
    rows = np.c_[signal + noise, noise]  # a free fit takes the noise away again, with a negative weight
    free, bound = fit(rows[:200], rows[200:]), fit(rows[:200], rows[200:], (1, 1))
    assert free.weights[1] < 0 == bound.weights[1]
    assert bound.weights[0] > 0


@pytest.mark.parametrize("name", ["reread", "reread, words", "words"])
def test_shipped_calibrations_fit_their_features(name: str) -> None:
    calibration = shipped_calibration(name)
    assert len(calibration.weights) == WITHOUT_RERANKER + 2 * (name == "reread")
    assert calibration.weights[0] <= 0 <= min(calibration.weights[1:])
    assert list(calibration.answerable) == sorted(calibration.answerable)
    assert 0 < calibration.threshold(0.95) < calibration.threshold(0.7) < 1


@pytest.mark.parametrize("reranker", ["shipped", "off"])
def test_questions_are_likelier_with_their_paper_than_without(seeds_folder: Path, reranker: str) -> None:
    with Assistant(data_dir=seeds_folder, model="extractive", reranker=reranker) as library:
        papers = library.papers()

        def probability(asked: Paper, scope: list[Paper]) -> float:
            question = asked.title.rpartition(":")[2]  # without the short name, which decides
            return library.ask(question, papers=[paper.id for paper in scope]).probability or 0.0

        asked = papers[::90]
        gains = [probability(one, papers) - probability(one, [p for p in papers if p is not one]) for one in asked]
        assert np.mean([gain > 0 for gain in gains]) >= 0.8
        assert np.mean(gains) > 0.2
