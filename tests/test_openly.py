"""Questions that a paper's record answers are read as such, however they are asked; others stay what they are."""

import time
from pathlib import Path

import pytest

from assistant import Assistant, Paper
from assistant.questions.openly import asked_openly


@pytest.mark.parametrize(
    ("question", "openly"),
    [
        ("Does OtterNet have 6 authors?", "How many authors does OtterNet have?"),
        ("does the otter paper really have more than ten authors", "How many authors does the otter paper have?"),
        ("Was OtterNet published in 2022?", "When was OtterNet published?"),
        ("Was “Otters at Night” published before May 7, 2021?", "When was “Otters at Night” published?"),
        ("Did OtterNet come out in 2022?", "When was OtterNet published?"),
        ("Is Ada Lovelace the first author of OtterNet?", "Who wrote OtterNet?"),
        ("Did Ludwig van der Berg write the otter paper?", "Who wrote the otter paper?"),
        ("Who works on pruning?", "Which papers are about pruning?"),
        ("Which authors have written papers about otters at night?", "Which papers are about otters at night?"),
        ("single-author papers about otters", "papers with one author about otters"),
        ("Which papers are single-authored?", "Which papers with one author?"),
        ("ok, and what about OtterNet, what is that?", "What is OtterNet?"),
        ("and OtterNet, what is it", "What is OtterNet?"),
    ],
)
def test_what_is_asked_in_a_roundabout_way_is_asked_plainly(question: str, openly: str) -> None:
    assert asked_openly(question) == openly


@pytest.mark.parametrize(
    "question",
    [
        "Does OtterNet have 6 layers?",
        "Was OtterNet trained in 2022?",
        "Is attention a kind of memory?",
        "Did the authors write tests?",
        "Did they write about it?",
        "Who wrote on this?",
        "Who wrote OtterNet?",
        "Are otters published data sets of authors?",
        "Can a single author be told by the style of papers?",
        "and its cost, what is it?",
        "what about that, what is it?",
    ],
)
def test_other_questions_stay(question: str) -> None:
    assert asked_openly(question) == question


def test_the_record_is_quoted(tmp_path: Path) -> None:
    pair = ("Ada Lovelace", "Alan Turing")
    otters = Paper("OtterNet: Finding Dens", "Dens are found.", authors=pair, date="May 7, 2022", year=2022)
    beavers = Paper(
        "BeaverNet: Finding Dams", "Dams are found.", authors=("Grace Hopper",), date="May 9, 2021", year=2021
    )
    with Assistant(data_dir=tmp_path, model="extractive") as library:
        library.add([otters, beavers])
        for question in (
            "Does OtterNet have 6 authors?",
            "Was OtterNet published in 2021?",
            "Is Grace Hopper an author of OtterNet?",
        ):
            answer = library.ask(question)
            assert (answer.status, answer.question) == ("answered", question)
            assert "Ada Lovelace, Alan Turing" in answer.text or "2 authors" in answer.text
            assert "May 7, 2022" in answer.text
        (citation,) = library.ask("single author papers").citations
        assert citation.paper.title == "BeaverNet: Finding Dams"


def test_it_is_read_in_no_time_whatever_the_text() -> None:
    start = time.monotonic()
    for text in (
        "does a have ",
        "was A B published in ",
        "Is A a b c A an author of ",
        "who works on ",
        "single author papers ",
        "did Ada A ",
    ):
        asked_openly(text * 400)
    assert time.monotonic() - start < 1
