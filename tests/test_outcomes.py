"""Where questions went wrong, risk and coverage, evidence found and CRAG, on hand-worked examples."""

from dataclasses import replace

import pytest

from assistant.evaluation import Report, compare
from assistant.evaluation.outcomes import by_paper, risk_coverage, stage_of
from assistant.evaluation.rendering import junit, render
from assistant.evaluation.results import Cited, Result, Said
from assistant.evaluation.scoring import figures_of, scores_of
from assistant.evaluation.sections import partly_scored
from assistant.evaluation.testset import Evidence, Item

ITEM = Item(
    "q", "Where?", "t", True, "In rivers.", ({"text": "rivers"}, {"text": "cold"}, {"text": "old", "vital": False}),
    (Evidence("A", ("One.", "Uno.")), Evidence("B", ("Two.",))), {"A": 2, "B": 1},
)  # fmt: skip
NONE = Item("n", "Where not?", "t", False)


CITING_A = (Said("Rivers.", True, (Cited(1, "A", "Uno.", True, False),)),)
REFERENCE = Item("r", "Where?", "t", True, "In rivers.")


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
        (Result(REFERENCE, "answered", text="On the moon."), "not judged"),
        (Result(REFERENCE, "not_found"), "declined wrongly"),
        (Result(replace(REFERENCE, relevant={"A": 2}), "answered", claims=CITING_A, ranked=("A",)), "right"),
    ],
)
def test_each_question_goes_wrong_in_one_place(result: Result, stage: str) -> None:
    assert stage_of(result if result.error else replace(result, scores=scored(result))) == stage


def test_a_judge_says_whether_an_answer_without_nuggets_is_right() -> None:
    stages = [
        stage_of(Result(REFERENCE, "answered", scores={"judge: correct by the reference": grade}))
        for grade in (1.0, 0.5, 0.0)
    ]
    assert stages == ["right", "cited, not stated", "cited, not stated"]


def test_an_answer_that_nothing_judges_is_skipped_by_junit_and_neither_fixed_nor_broken() -> None:
    results = (
        Result(REFERENCE, "answered"),
        Result(NONE, "not_found"),
        Result(replace(NONE, id="m", question="Who?"), "answered"),
    )
    report = Report("made", results, tuple(figures_of(results)), {}, asked_of=3)
    text = junit(report, [stage_of(result) for result in results])
    assert 'tests="3" failures="1" errors="0" skipped="1"' in text
    assert '<skipped message="not judged">' in text
    before = replace(report, results=(Result(REFERENCE, "not_found"), *results[1:]))
    assert compare(before, report).fixed == compare(report, before).broken == ()


def test_what_no_annotation_judges_is_not_scored() -> None:
    """One of three answerable questions has nuggets: the rest of the figures would be of what should be declined."""
    plain = [Item(f"p{n}", f"Where {n}?", "t", True, "In rivers.", relevant={"A": 2}) for n in range(2)]
    results = [
        Result(item, status, "m", "Cold rivers.", probability=0.9)
        for item, status in zip([ITEM, *plain, NONE], ["answered"] * 3 + ["not_found"], strict=True)
    ]
    results = [replace(result, scores=scored(result, ())) for result in results]
    figures = {figure.name: figure for figure in figures_of(results)}
    for name, total in (("score: CRAG", 4), ("score: Trust", 4)):
        assert (figures[name].value, figures[name].count, figures[name].total) == (None, 0, total)
    assert risk_coverage(results) == []
    assert partly_scored(figures_of(results)).endswith("score: CRAG, score: Trust.")
    most = [results[0], replace(results[0], item=replace(ITEM, id="q2")), results[1], results[3]]
    figures = {figure.name: figure for figure in figures_of(most)}
    for name in ("score: CRAG", "score: Trust"):
        assert (figures[name].count, figures[name].total, figures[name].not_scored) == (3, 4, ("p0",))
    assert figures["score: Trust"].value == pytest.approx(2 / 3)  # decisions and nuggets right, nothing cited
    page = render(Report("made", tuple(most), tuple(figures.values()), {}, asked_of=4), [stage_of(r) for r in most])
    assert "answered of the 3 (of 4) questions with a known risk" in page


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
