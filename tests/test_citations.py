"""The checks: what changes a fact is caught, what only changes the wording is kept, and nothing ever raises."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.citations import EvidenceSentence, check_claim, is_filler, is_refusal, parse_claims

RECORD = "HFT: Half Fine-Tuning · 6 authors · Apr 29, 2024"


def evidence(*sentences: str, record: str = RECORD) -> dict[str, EvidenceSentence]:
    context = " ".join(sentences)
    return {f"1.{n}": EvidenceSentence(f"1.{n}", text, context, record) for n, text in enumerate(sentences, 1)}


def kinds(claim: str, *sentences: str) -> list[str]:
    return [problem.kind for problem in check_claim(claim, ["1.1"], evidence(*sentences), lambda term: 1.0)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("It works. [1.2]", [("It works.", ("1.2",))]),
        ("- It works [1.2].", [("It works.", ("1.2",))]),
        ("1. **It** works. [1.2][3.1]", [("It works.", ("1.2", "3.1"))]),
        ("It works. [1.2, 1.3; 2.1]", [("It works.", ("1.2", "1.3", "2.1"))]),
        ("It works. [1.2-1.4]", [("It works.", ("1.2", "1.3", "1.4"))]),
        ("It works. 【1.2】", [("It works.", ("1.2",))]),
        ("A is so. [1.1] B is not. [2.4]", [("A is so.", ("1.1",)), ("B is not.", ("2.4",))]),
        ("It works [1.2] on all tasks.", [("It works on all tasks.", ("1.2",))]),
        ("It works. [1.2] And more.", [("It works.", ("1.2",)), ("And more.", ())]),
        ("It has no mark.", [("It has no mark.", ())]),
        ("(n = 1024) and (95% CI 1200-1300) hold. [1.1]", [("(n = 1024) and (95% CI 1200-1300) hold.", ("1.1",))]),
        ("Citations [12] of a paper are no marks. [1.1]", [("Citations [12] of a paper are no marks.", ("1.1",))]),
    ],
    ids=[
        "plain",
        "bullet",
        "bold-two",
        "list",
        "range",
        "lenticular",
        "two-claims",
        "mid",
        "tail",
        "none",
        "brackets",
        "numbers",
    ],
)
def test_parsing_claims_and_marks(line: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert [(claim.text, claim.marks) for claim in parse_claims(line)] == expected


@pytest.mark.parametrize("line", ["NOT FOUND", "not found.", "**NOT FOUND**", '"Not found"'])
def test_refusals(line: str) -> None:
    assert is_refusal(line)
    assert not is_refusal(f"{line} in the first paper, but in the second [1.1]")


@pytest.mark.parametrize(
    "line", ["", "Sure! Here is the answer:", "## Summary", "The claims are:", "Let me know if you want more."]
)
def test_filler(line: str) -> None:
    assert is_filler(line)
    assert not is_filler("The method works. [1.1]")


@pytest.mark.parametrize(
    ("claim", "sentence"),
    [
        ("The study followed 48 patients in 2019.", "We followed 480 patients in 2017 at two hospitals."),
        ("It reaches 97.2 % accuracy.", "It reaches 92.7% accuracy on MNIST."),
        ("It needs 5 MB of memory.", "It needs 5 GB of memory in all."),
        ("Accuracy rises by 3 percent.", "Accuracy rises by 3 percentage points over the baseline."),
        ("Three benchmarks were used.", "Five benchmarks were used in all."),
        ("It is 2x faster.", "It is 3x faster than the baseline."),
        ("A 7B model was used.", "A 13B model was used for all tests."),
    ],
    ids=["patients", "digits", "unit", "points", "words", "times", "size"],
)
def test_a_changed_number_is_caught(claim: str, sentence: str) -> None:
    assert "number" in kinds(claim, sentence)


@pytest.mark.parametrize(
    ("claim", "sentence", "kind"),
    [
        (
            "We observed a significant difference in survival.",
            "We did not observe a significant difference in survival.",
            "negation",
        ),
        ("The method does not need labels.", "The method needs labels for every class.", "negation"),
        ("The model never forgets old tasks.", "The model forgets old tasks.", "negation"),
        ("Larger batches increase the loss.", "Larger batches decrease the loss in all runs.", "direction"),
        ("Pruned models perform worse than dense ones.", "Pruned models perform better than dense ones.", "direction"),
        (
            "Dense small models outperform large sparse models.",
            "Large sparse models outperform dense small models.",
            "swapped",
        ),
        ("BERTX improves the score.", "Our method improves the score on all tasks.", "name"),
    ],
    ids=["dropped-not", "added-not", "added-never", "opposite", "worse", "swapped", "name"],
)
def test_a_changed_meaning_is_caught(claim: str, sentence: str, kind: str) -> None:
    assert kind in kinds(claim, sentence)


def test_an_invented_tail_is_caught() -> None:
    sentence = "We introduce half fine-tuning, which freezes half of the parameters in each round of training."
    claim = f"{sentence[:80]}…, which also cures migraine in elderly volunteers."
    assert set(kinds(claim, sentence)) & {"invented", "off_topic"}


@pytest.mark.parametrize(
    ("claim", "sentence"),
    [
        ("The authors reach 97.2 percent accuracy on MNIST.", r"We reach 97.2\% accuracy on MNIST."),
        (
            "HFT freezes half of the parameters in each round.",
            "Half of the parameters are frozen in each round, while the rest learn.",
        ),
        ("The corpus has 1,024 images.", "The corpus (n = 1024) consists of images of birds."),
        ("It is up to 1.42 times faster.", r"Experiments show a speedup of up to 1.42\times, so it is faster."),
        ("A model of 7 billion parameters was tuned.", "We tune LLaMA-7B, a model with many parameters."),
        ("The method does not need labelled data.", "Our method works without labels, so no labelled data is needed."),
        ("HFT was published on Apr 29, 2024 by 6 authors.", "We introduce Half Fine-Tuning (HFT)."),
        ("Fine-tuning reduces forgetting.", "We show that ﬁne-tuning reduces forgetting, but not for small models."),
    ],
    ids=["percent", "rewording", "thousands", "times", "billion", "without", "record", "ligature-and-part"],
)
def test_faithful_rewordings_are_kept(claim: str, sentence: str) -> None:
    assert kinds(claim, sentence) == []


def test_marks_that_were_not_offered_and_marks_of_another_sentence() -> None:
    offered = evidence("Otters swim in cold rivers of the north.", "Beavers build dams of wood and mud.")

    def idf(term: str) -> float:
        return 1.0

    assert [p.kind for p in check_claim("Beavers build dams of wood.", [], offered, idf)] == ["no_mark"]
    assert [p.kind for p in check_claim("Beavers build dams of wood.", ["9.9"], offered, idf)] == ["no_such_mark"]
    (problem,) = check_claim("Beavers build dams of wood.", ["1.1"], offered, idf)
    assert problem.kind == "misattributed"
    assert "[1.2]" in problem.message


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300), st.text(max_size=300))
def test_nothing_raises(claim: str, sentence: str) -> None:
    for parsed in parse_claims(claim):
        check_claim(parsed.text, ["1.1"], evidence(sentence), lambda term: 1.0)
    is_filler(claim), is_refusal(claim)
    check_claim(claim, ["1.1"], evidence(sentence), lambda term: 1.0)
