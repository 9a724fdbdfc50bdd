"""What the abstention estimate looks at, and that it tells what the library answers from what it does not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant import Assistant, Paper
from assistant.answering.abstention import (
    WITHOUT_RERANKER,
    Calibration,
    OwnCalibration,
    features,
    fit,
    refit,
    shipped_calibration,
)
from assistant.errors import TestSetError
from assistant.evaluation import Item, calibrate
from assistant.evaluation.keeping import setup_of
from assistant.evaluation.ordering import groups_of
from assistant.evaluation.testset import Evidence
from assistant.questions.reading import read_question
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


@pytest.mark.parametrize("reranker", [pytest.param("shipped", marks=pytest.mark.slow), "off"])
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


ANIMALS = "otter badger heron salmon beetle falcon tortoise marmot lynx pelican walrus gecko".split()
FOODS = "crabs worms frogs plankton bark pigeons lettuce grass hares herring clams flies".split()


def filled(folder: Path, **settings: str) -> Assistant:
    """A library of one paper an animal."""
    library = Assistant(data_dir=folder, model="extractive", **settings)
    library.add(
        [
            Paper(f"The diet of the {animal}", f"We watched the {animal} for a year. It mostly eats {food} at night.")
            for animal, food in zip(ANIMALS, FOODS, strict=True)
        ]
    )
    return library


def items(most: int | None = None) -> list[Item]:
    """Two questions a paper that it answers, and one without the paper."""
    found = []
    for number, animal in enumerate(ANIMALS[:most]):
        title = f"The diet of the {animal}"
        for form in ("What does the {} eat?", "Which food does a {} look for at night?"):
            question = form.format(animal)
            found.append(Item(f"{number} {form}", question, "own", True, relevant={title: 2}))
            found.append(Item(f"{number} {form} without", question, "own", False, without=(title,)))
    return found


def test_own_questions_move_weights_as_far_as_they_are_sure() -> None:
    """Two features of which the shipped weights use the one, and the library's questions speak for the other."""
    random = np.random.default_rng(0)
    shipped = Calibration((0.0, 0.0), (1.0, 1.0), (0.0, 1.5), -0.3, (0.5, 0.5))

    def sides(count: int) -> tuple[np.ndarray, np.ndarray]:
        return random.normal((-1, 0), 1, (count, 2)), random.normal((1, 0), 1, (count, 2))  # the first speaks against

    few, many = refit(shipped, *sides(20)), refit(shipped, *sides(2000))
    assert 0 > few[0] > many[0] and 1.5 > few[1] > many[1] >= 0
    assert many[1] < 0.3 and abs(many[0]) > 1.2
    against = refit(
        shipped, *reversed(sides(2000))
    )  # now more unknown words would speak for an answer, which cannot be
    assert against[0] == 0.0


def test_a_library_that_the_shipped_estimate_knows_nothing_of_is_fitted_all_the_same() -> None:
    """Every question of it looks answerable to the shipped weights, whose slope is steep."""
    random = np.random.default_rng(1)
    shipped = Calibration((0.0, 0.0), (1.0, 1.0), (-1.0, 4.0), 2.0, (0.5, 0.5))
    answered, others = random.normal((0, 3), 0.3, (20, 2)), random.normal((1, 2), 0.3, (40, 2))
    assert min(shipped.probability(row) for row in others) > 0.95
    *weights, bias = refit(shipped, answered, others)
    assert abs(bias) < 30
    own = replace(shipped, weights=tuple(weights), bias=bias)
    assert (
        np.mean([own.probability(row) for row in answered])
        > 0.7
        > 0.3
        > np.mean([own.probability(row) for row in others])
    )


def test_a_library_is_calibrated_with_questions_of_its_own(tmp_path: Path) -> None:
    with filled(tmp_path) as library:
        asked = [item for item in items() if item.answerable]
        found = calibrate(library, items())
        # Each is asked without its paper as well, which is what the unanswerable ones are: they count once.
        assert (found.count, found.declined_count, found.refitted) == (24, 24, ("reread",))
        own = library.calibration
        titles = [paper.title for paper in library.papers()]
        margins = [library.decision(item.question, titles).margin or 0.0 for item in asked]
        below = [item.question for item, margin in zip(asked, margins, strict=True) if margin < 0]
        assert len(below) <= 4  # about the 5 % of 24
        assert all(library.ask(question, papers=titles).status == "not_found" for question in below)
        assert found.kept[1] > 0.8 and found.declined is not None and found.declined[1] > found.declined[0]
    with Assistant(data_dir=tmp_path, model="extractive") as again:
        assert again.calibration == own
        assert calibrate(again, items()) == found  # whatever was in force before
    for changed in ({"reranker": "off"}, {"keep_answerable": 0.9}):  # another estimate, or another share
        with Assistant(data_dir=tmp_path, model="extractive", **changed) as other:
            assert other.calibration == OwnCalibration()


@pytest.mark.slow
def test_a_library_learns_its_own_order(tmp_path: Path) -> None:
    """Its users mean what an animal eats by words that no paper uses, and other papers hold the rest of the question."""
    question = "Which nourishment does the {} prefer in its winter home?"

    def reciprocal_rank(library: Assistant) -> float:
        ranks = []
        for animal in ANIMALS:
            titles = [passage.paper.title for passage in library.search(question.format(animal), k=24)]
            ranks.append(titles.index(f"The meals of the {animal}") + 1)
        return float(np.mean(1 / np.array(ranks)))

    with Assistant(data_dir=tmp_path, model="extractive") as library:
        for number, (animal, food) in enumerate(zip(ANIMALS, FOODS, strict=True)):
            library.add(
                [
                    Paper(f"The meals of the {animal}", f"We watched the {animal} for a year. It mostly eats {food}."),
                    Paper(
                        f"Fieldwork {number}",
                        f"No {animal} prefers a road near its home. We measured {number} in spring.",
                    ),
                ]
            )
        before = reciprocal_rank(library)
        asked = [
            Item(f"{a} {n}", question.format(a) + "?" * n, "own", True, relevant={f"The meals of the {a}": 2})
            for a in ANIMALS
            for n in range(2)
        ]
        found = calibrate(library, asked)
        assert (
            found.ranked == 24 and found.reordered and found.ranking is not None and found.ranking[1] > found.ranking[0]
        )
        assert reciprocal_rank(library) > 1.2 * before
        assert calibrate(library, asked) == found  # whatever order was in force before
        library.calibration = OwnCalibration()
        passes = 0

        def stop_in_the_last_pass(label: str, done: int, total: int) -> None:
            nonlocal passes
            passes += label == "Asking" and done == 1
            if passes == 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            calibrate(library, asked, stop_in_the_last_pass)
        assert library.calibration == OwnCalibration()
    with Assistant(data_dir=tmp_path, model="extractive", reranker="off") as other:
        assert other.calibration == OwnCalibration()
        assert calibrate(other, asked).ranking is None
    with filled(tmp_path / "well ordered") as library:
        found = calibrate(library, items())
        assert not found.reordered and found.ranking == (pytest.approx(1.0, abs=0.1),) * 2
        assert library.calibration.order == ()


def test_questions_that_share_a_paper_are_of_one_fold() -> None:
    both = Item("1", "Which?", "own", True, relevant={"A": 2, "B": 2})
    one = Item("2", "Who?", "own", True, relevant={"C": 2})
    by_evidence = Item("3", "When?", "own", True, evidence=(Evidence("B", ("It is.",)),))
    left_out = Item("4", "Why?", "own", False, without=("D",))
    again = Item("5", "Who?", "own", True, relevant={"D": 2})
    assert groups_of([both, one, by_evidence]) == [0, 1, 0]
    assert groups_of([both, one, by_evidence, left_out, again]) == [0, 1, 0, 1, 1]


def test_questions_without_known_papers_move_the_threshold_alone(tmp_path: Path) -> None:
    with filled(tmp_path) as library:
        titles = [paper.title for paper in library.papers()]
        found = calibrate(library, [replace(item, relevant={}) for item in items() if item.answerable])
        assert (found.count, found.declined_count, found.declined, found.refitted) == (24, 0, None, ())
        assert library.calibration == OwnCalibration(pytest.approx(found.shift, abs=1e-3))
        margins = [library.decision(item.question, titles).margin or 0.0 for item in items() if item.answerable]
        assert 1 <= sum(margin < 0 for margin in margins) <= 3


def test_the_threshold_of_a_library_decides(tmp_path: Path) -> None:
    with filled(tmp_path) as library:
        question = "What does the otter eat?"
        assert library.ask(question).status == "answered"
        margin = library.decision(question).margin
        assert margin is not None
        before = setup_of(library, [])
        library.calibration = OwnCalibration(margin - 0.01)
        assert setup_of(library, []) != before  # an evaluation asks again
        assert library.ask(question).status == "answered"
        library.calibration = OwnCalibration(margin + 0.01)
        assert library.ask(question).status == "not_found"
        assert library.decision(question).probability == pytest.approx(library.ask(question).probability)


def test_too_few_questions_calibrate_nothing(tmp_path: Path) -> None:
    with filled(tmp_path) as library, pytest.raises(TestSetError, match="only 8 answerable"):
        calibrate(library, items(4))
    with Assistant(data_dir=tmp_path, model="extractive") as library, pytest.raises(TestSetError, match="Otters"):
        calibrate(library, [Item("x", "What is eaten?", "own", False, without=("Otters of the North",))] * 30)
    with Assistant(data_dir=tmp_path, model="extractive") as library:
        assert library.calibration == OwnCalibration()


HFT = "HFT: Half Fine-Tuning for Large Language Models"
OF_ANY_PAPER = [
    "What does the paper propose?",
    "What is this about?",
    "Summarize this paper.",
    "What is the main result?",
]
FOREIGN = ["What colour is {}?", "Which airport does {} use?", "How many languages does {} support?"]


@pytest.mark.parametrize("question", [*OF_ANY_PAPER, "How was it evaluated?", "How many authors does it have?"])
def test_what_can_be_asked_of_any_paper_is_answered_of_the_chosen_one(library: Assistant, question: str) -> None:
    answer = library.ask(question, papers=[HFT])
    assert (answer.status, {citation.paper.title for citation in answer.citations}) == ("answered", {HFT})


@pytest.mark.parametrize("question", FOREIGN)
def test_what_is_foreign_to_the_paper_asked_about_is_declined(library: Assistant, question: str) -> None:
    named = library.ask(question.format("HFT"))
    chosen = library.ask(question.format("it"), papers=[HFT])
    carried = library.ask(f"{question.format('it')} (about “{HFT}”)")
    for answer in (named, chosen, carried):
        assert answer.reason == f"Not found: nothing in “{HFT}” comes close enough to answering this."


def test_a_few_chosen_papers_are_what_is_meant(library: Assistant) -> None:
    papers = [HFT, "LiST: Lite Prompted Self-training Makes Parameter-Efficient Few-shot Learners"]
    cited = {citation.paper.title for citation in library.ask("What do they propose?", papers=papers).citations}
    assert cited and cited <= set(papers)
    assert library.ask("How do I bake sourdough bread?", papers=papers).status == "not_found"


def test_the_only_paper_of_a_library_is_meant(tmp_path: Path) -> None:
    with Assistant(data_dir=tmp_path) as library:
        library.add([Paper("Otters at night", "We propose a lamp that counts otters. It finds nine of ten.")])
        assert library.ask("What does the paper propose?").status == "answered"
        assert library.ask("How do I bake sourdough bread?").status == "not_found"


@pytest.mark.parametrize("question", ["What are the limitations of HFT?", "Where is the code of HFT?"])
def test_limitations_and_code_that_a_paper_does_not_speak_of_are_not_made_up(library: Assistant, question: str) -> None:
    assert library.ask(question).status == "not_found"
