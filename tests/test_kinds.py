"""Papers of a kind: a request for surveys is answered by papers that say they are surveys."""

import pytest

from assistant import Assistant
from assistant.questions.kinds import Kind, read_kind
from assistant.questions.reading import read_question
from assistant.records import Paper


@pytest.mark.parametrize(
    "question",
    [
        "Are there any surveys?",
        "Are there surveys of low-precision training?",
        "Which of these papers are reviews?",
        "which papers are survey papers",
        "Do you have a survey on pruning?",
        "Please list all literature reviews about agents",
        "What surveys cover quantisation?",
        "review articles on dialogue",
    ],
)
def test_a_request_for_surveys_is_read(question: str) -> None:
    assert read_kind(question) and read_question(question).wants_papers


@pytest.mark.parametrize(
    "question",
    [
        "Which surveys were sent to participants?",
        "Which papers use movie reviews?",
        "Is there a review score for each film?",
        "What does the survey on low-precision training cover?",
        "How are reviews summarised?",
        "Give me an overview of the library",
    ],
)
def test_what_else_speaks_of_surveys_asks_for_none(question: str) -> None:
    assert read_kind(question) is None


@pytest.mark.parametrize(
    ("title", "abstract", "is_one"),
    [
        ("A Survey on Otters", "Otters swim.", True),
        ("Otters: A Systematic Review", "Otters swim.", True),
        ("Otters", "This survey covers what is known of otters.", True),
        ("Otters", "In this paper, we review recent work on otters.", True),
        ("Otters", "We provide a comprehensive overview of recent advances in otters.", True),
        ("Otters", "We conducted a survey of 230 developers who keep otters.", False),
        ("Otters", "The otters of the peer review process swim.", False),
        ("Otters", "We train on a corpus of product reviews and a survey.", False),
    ],
)
def test_a_paper_is_a_survey_where_it_says_so(title: str, abstract: str, is_one: bool) -> None:
    assert Kind().holds(Paper(title, abstract, id="p")) is is_one


def test_surveys_are_all_that_is_named(library: Assistant) -> None:
    every = library.ask("Are there any surveys?")
    assert every.status == "answered" and len(every.claims) > 1
    assert all(Kind().holds(claim.citations[0].paper) for claim in every.claims)
    [first] = library.ask("Are there surveys of low-precision training?").claims
    assert first.citations[0].paper.title.startswith("Low-Precision") and "This survey" in first.text


def test_where_no_paper_is_a_survey_that_is_said(library: Assistant) -> None:
    hft = [paper.id for paper in library.papers() if paper.title.startswith("HFT")]
    answer = library.ask("Are there any surveys on fine-tuning?", papers=hft)
    assert answer.status == "not_found" and "no paper found says that it is a survey" in answer.reason
    assert library.ask("Is there a survey of cooking recipes?").status == "not_found"
