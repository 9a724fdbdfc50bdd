"""Where questions went wrong, risk and coverage, evidence found and CRAG, on hand-worked examples."""

from dataclasses import replace

import pytest

from assistant.evaluation.outcomes import by_paper, risk_coverage, stage_of
from assistant.evaluation.results import Cited, Result, Said
from assistant.evaluation.scoring import figures_of, scores_of
from assistant.evaluation.testset import Evidence, Item

ITEM = Item(
    "q", "Where?", "t", True, "In rivers.", ({"text": "rivers"}, {"text": "cold"}, {"text": "old", "vital": False}),
    (Evidence("A", ("One.", "Uno.")), Evidence("B", ("Two.",))), {"A": 2, "B": 1},
)  # fmt: skip
NONE = Item("n", "Where not?", "t", False)


def cited(number: int, title: str, quote: str, gold: bool = True) -> Cited:
    return Cited(number, title, quote, True, gold)


def answered(text: str, *citations: Cited, ranked: tuple[str, ...] = ("A", "X", "B")) -> Result:
    return Result(ITEM, "answered", text=text, claims=(Said(text, True, citations),), ranked=ranked)


def scored(result: Result, found: tuple[bool, ...] = (True, True)) -> dict[str, float]:
    return scores_of(result, found, False, lambda term: 1.0)


def test_evidence_is_and_across_groups_and_or_within() -> None:
    one = scored(answered("Cold rivers.", cited(1, "A", "Uno.")))
    both = scored(answered("Cold rivers.", cited(1, "A", "Uno."), cited(2, "B", "Two.")))
    assert (one["citation: recall of gold evidence"], both["citation: recall of gold evidence"]) == (0.5, 1.0)
    assert scored(answered("x"), (True, False))["retrieval: all evidence@10"] == 0.0
    assert scored(answered("x"), (True, True))["retrieval: all evidence@10"] == 1.0
    assert "retrieval: all evidence@10" not in scored(answered("x"), ())  # without evidence there is nothing to find


def test_citations_by_hand() -> None:
    result = answered(
        "Cold.", cited(2, "A", "Uno."), cited(1, "X", "Ex.", gold=False), cited(2, "A", "Else.", gold=False)
    )
    scores = scored(result)
    assert scores["citation: precision (relevant paper)"] == pytest.approx(2 / 3)
    assert scores["citation: precision (gold sentence)"] == pytest.approx(1 / 3)
    assert scores["citation: right paper first"] == 0.0  # [1] is paper X
    assert scores["citation: right sentence in the first three"] == 1.0


def test_crag_is_one_for_right_minus_one_for_wrong_and_nothing_for_declined() -> None:
    assert scored(answered("Cold rivers."))["score: CRAG"] == 1.0
    assert scored(answered("Rivers."))["score: CRAG"] == -1.0  # half of the vital nuggets
    assert scored(Result(ITEM, "not_found"))["score: CRAG"] == 0.0
    assert scored(Result(NONE, "not_found"))["score: CRAG"] == 1.0
    assert scored(Result(NONE, "answered"))["score: CRAG"] == -1.0


def test_nothing_is_vacuously_right() -> None:
    """An answer that cites nothing has no perfect citations; a run that answers all has not declined perfectly."""
    scores = scored(Result(ITEM, "answered", text="Cold rivers.", claims=(Said("Cold rivers.", True),), ranked=("A",)))
    assert scores["citation: claims with a citation"] == scores["citation: precision (gold sentence)"] == 0.0
    assert "citation: quotes verbatim in the store" not in scores
    figures = {figure.name: figure for figure in figures_of([replace(answered("x"), scores=scored(answered("x")))])}
    assert figures["abstention: declined rightly"].value is None
    assert figures["abstention: unanswerable declined"].value is None


@pytest.mark.parametrize(
    ("result", "stage"),
    [
        (Result(ITEM, error="down"), "not asked"),
        (Result(NONE, "answered"), "should have declined"),
        (Result(NONE, "not_found"), "right"),
        (answered("x", ranked=("X",)), "not retrieved"),
        (Result(ITEM, "not_found", ranked=("A",)), "declined wrongly"),
        (answered("x", cited(1, "X", "Ex.")), "retrieved, not cited"),
        (answered("Rivers.", cited(1, "A", "Uno.")), "cited, not stated"),
        (answered("Cold rivers.", cited(1, "A", "Uno.")), "right"),
    ],
)
def test_each_question_goes_wrong_in_one_place(result: Result, stage: str) -> None:
    assert stage_of(result if result.error else replace(result, scores=scored(result))) == stage


def test_risk_and_coverage_by_hand() -> None:
    def at(probability: float, status: str, crag: float) -> Result:
        return Result(ITEM, status, probability=probability, scores={"score: CRAG": crag})

    results = [at(0.9, "answered", 1.0), at(0.8, "answered", -1.0), at(0.6, "answered", 1.0), at(0.2, "not_found", 0.0)]
    assert risk_coverage([*results, Result(ITEM, error="down"), Result(ITEM, "answered", probability=0.7)]) == [
        (0.25, 0.0, 0.9), (0.5, 0.5, 0.8), (0.75, pytest.approx(1 / 3), 0.6),
    ]  # fmt: skip


def test_papers_worst_first() -> None:
    right = replace(answered("Cold rivers.", cited(1, "A", "Uno.")), scores={"answer: vital nuggets": 1.0})
    other = Item("o", "q", "t", True, "r", relevant={"Z": 2})
    left_out = Item("w", "q", "t", False, without=("Z",))
    results = [
        right,
        Result(other, "not_found"),
        Result(left_out, "not_found"),
        Result(NONE, "answered"),
        Result(ITEM, error="x"),
    ]
    assert list(by_paper(results).items()) == [("Z", {"questions": 2, "right": 1}), ("A", {"questions": 1, "right": 1})]
