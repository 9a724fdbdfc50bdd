"""Whose papers a question asks for is looked up in what the listings print, and not in what the papers mention."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import Assistant, Paper
from assistant.questions.authorship import Authorship, read_authorship

PAPERS = [
    Paper("Otters asleep", "Otters sleep in rivers, by NVIDIA.", organisation="Den Lab", date="May 3, 2022", year=2022),
    Paper("Otters awake", "Otters dive for fish in rivers.", organisation="Den Lab", date="May 3, 2019", year=2019),
    Paper("Bears", "Bears fish in rivers by gradient descent.", authors=("Ann Bär", "Yann LeBear")),
    Paper("Beavers", "Beavers dam rivers with chips from NVIDIA.", organisation="River Research"),
    Paper("Herons", "Herons wait for fish at rivers.", authors=("Jo Marsh", "Öykü Ülker")),
    Paper("Egrets", "Egrets wait for frogs.", authors=("Jo Marsh",)),
]  # fmt: skip


@pytest.fixture(scope="module")
def rivers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with Assistant(data_dir=tmp_path_factory.mktemp("rivers")) as library:
        library.add(PAPERS)
        yield library


@pytest.mark.parametrize(
    ("question", "titles"),
    [
        ("Which papers are by Den Lab?", {"Otters asleep", "Otters awake"}),
        ("Show me papers from DenLab", {"Otters asleep", "Otters awake"}),
        ("What has Den Lab published?", {"Otters asleep", "Otters awake"}),
        ("papers by den lab", {"Otters asleep", "Otters awake"}),
        ("Which manuscripts are by Den Lab?", {"Otters asleep", "Otters awake"}),
        ("papers by Den Lab before 2020", {"Otters awake"}),
        ("Which papers did Den Lab write?", {"Otters asleep", "Otters awake"}),
        ("What did Den Lab write before 2020?", {"Otters awake"}),
        ("What else has Yann LeBear written?", {"Bears"}),
        ("Which papers has LeBear co-authored?", {"Bears"}),
        ("Which papers has Den Lab published?", {"Otters asleep", "Otters awake"}),
        ("Publications of Jo Marsh", {"Herons", "Egrets"}),
        ("papers by Ann Bar", {"Bears"}),
        ("papers by Oyku Ulker", {"Herons"}),
        ("Which papers are by Ülker?", {"Herons"}),
        ("Which papers are by Marsh and Ulker?", {"Herons"}),
        ("Which papers did Öykü Ülker and Jo Marsh write together?", {"Herons"}),
        ("Which papers did Öykü Ülker write with Jo Marsh?", {"Herons"}),
        ("Which papers are by Marsh or Ulker?", {"Herons", "Egrets"}),
        ("Which papers are by Den Lab and River Research?", {"Otters asleep", "Otters awake", "Beavers"}),
        ("Do you have papers by LeBear et al.?", {"Bears"}),
        ("papers by Y. LeBear", {"Bears"}),
        ("papers written by researchers at River Research", {"Beavers"}),
        ("Are there papers from Den Lab or NVIDIA?", {"Otters asleep", "Otters awake"}),
        ("Papers from River Research, Ann Bär and Otter Inc.", {"Bears", "Beavers"}),
        ("papers by Yann LeBear or by the Den Lab before 2020", {"Otters awake"}),
    ],
)
def test_papers_by_someone_are_listed_from_their_records(rivers: Assistant, question: str, titles: set[str]) -> None:
    answer = rivers.ask(question)
    assert {citation.paper.title for citation in answer.citations} == titles
    assert {citation.section for citation in answer.citations} == {"record"}


@pytest.mark.parametrize(
    "question", ["Which papers are by NVIDIA?", "papers from NVIDIA about rivers", "works by NVIDIA"]
)
def test_who_is_only_mentioned_wrote_nothing(rivers: Assistant, question: str) -> None:
    answer = rivers.ask(question)
    assert (answer.status, answer.reason) == ("not_found", "Not found: no paper is printed under “NVIDIA”.")


def test_papers_by_someone_on_a_topic_are_quoted(rivers: Assistant) -> None:
    answer = rivers.ask("Which papers by Den Lab are about how otters dive for fish?")
    assert answer.citations[0].paper.title == "Otters awake"
    assert {citation.paper.organisation for citation in answer.citations} == {"Den Lab"}
    assert "record" in {citation.section for citation in answer.citations}


def test_what_may_be_a_topic_is_a_name_only_where_it_is_printed(rivers: Assistant) -> None:
    assert rivers.ask("papers by gradient descent").citations[0].paper.title == "Bears"
    assert rivers.ask("papers about chips from NVIDIA").citations[0].paper.title == "Beavers"


@pytest.mark.parametrize(
    "question",
    [
        "Which papers learn from Wikipedia?",
        "Can papers written by GPT-4 be told from those of people?",
        "How does it work by Monte Carlo?",
    ],
)
def test_what_comes_from_elsewhere_is_no_authorship(question: str) -> None:
    assert read_authorship(question) == (None, question)


def test_of_several_names_none_of_which_is_printed_all_are_said(rivers: Assistant) -> None:
    reason = rivers.ask("Papers from Meta AI or Google").reason
    assert reason == "Not found: no paper is printed under “Meta AI” or “Google”."


def test_of_authors_who_wrote_nothing_together_no_paper_is_told(rivers: Assistant) -> None:
    for question in ("papers by Öykü Ülker and Yann LeBear", "Which papers did Ülker and LeBear write together?"):
        answer = rivers.ask(question)
        assert answer.status == "not_found" and answer.reason.endswith(" together.")


def test_what_a_program_wrote_about_something_is_no_authorship(rivers: Assistant) -> None:
    by, _ = read_authorship("What did ChatGPT write about otters?")
    assert by and not by.is_sure
    assert read_authorship("What do Germans write when they diet?") == (None, "What do Germans write when they diet?")


def test_a_name_is_held_against_what_is_printed() -> None:
    lab = Paper("Otters", "", organisation="Institute of Learning", authors=("Zoë Young",))
    assert Authorship("Institute of Learning", True).holds(lab) and Authorship("Z. Young", True).holds(lab)
    assert not Authorship("learning", False).holds(lab)  # it may be a topic
    assert not Authorship("Learn", True).holds(lab) and not Authorship("Zoë Old", True).holds(lab)


def test_the_seeds_paper_of_an_organisation_is_found(library: Assistant) -> None:
    for question in (
        "Which papers are by NVIDIA?",
        "Show me papers from NVIDIA",
        "What has NVIDIA published about reasoning?",
    ):
        assert {citation.paper.organisation for citation in library.ask(question).citations} == {"NVIDIA"}
    assert library.ask("papers from Google").reason == "Not found: no paper is printed under “Google”."


def test_a_reason_says_what_papers_by_someone_do_not_print(rivers: Assistant) -> None:
    assert rivers.ask("papers by Den Lab before 2015").reason == (
        "Not found: no paper printed under “Den Lab” is printed with a date of that time."
    )
    reason = rivers.ask("What is the newest paper by River Research?").reason
    assert reason.startswith("Not found: no paper printed under “River Research” prints its year.")


def test_a_reason_is_of_the_papers_that_were_asked(rivers: Assistant) -> None:
    reason = rivers.ask("papers by Den Lab", papers=["Bears", "Beavers"]).reason
    assert reason == "Not found: no paper is printed under “Den Lab”. Only the chosen papers were asked."
    answer = rivers.ask("papers by River Research")
    turns = [{"role": "user", "content": answer.question}, {"role": "assistant", "content": answer.text}]
    reason = rivers.ask("any others?", history=turns).reason
    assert reason == "Not found: no paper is found for this but those that were named already."


def test_what_someone_published_at_a_time_is_listed(rivers: Assistant) -> None:
    for question in ("What did Den Lab publish before 2020?", "What has Den Lab published before 2020?"):
        assert {citation.paper.title for citation in rivers.ask(question).citations} == {"Otters awake"}


def test_papers_that_print_no_year_are_not_said_to_be_the_newest(tmp_path: Path) -> None:
    undated = [Paper(f"Otters {number}", f"Otters swim {number} times.", authors=("Ann Bär",)) for number in range(12)]
    dated = [
        Paper(f"Bears {number}", f"Bears eat {number} fish.", authors=("Bo Rör",), date=f"{number}", year=number)
        for number in range(2001, 2013)
    ]
    with Assistant(data_dir=tmp_path) as own:
        own.add([*undated, *dated, Paper("Dens", "Dens are dug.", authors=("Ann Bär",), date="2020", year=2020)])

        def asked(question: str) -> tuple[str, str]:
            answer = own.ask(question)
            turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer.text}]
            return answer.reason.split(". ")[0], own.ask("any others?", history=turns).reason.split(". ")[0]

        assert asked("papers by Ann Bär") == (
            "13 papers in all, of which 1 prints its year; 10 are shown",
            "13 papers in all, of which 1 prints its year; 3 others are shown",
        )
        assert asked("papers by Bo Rör") == (
            "12 papers in all; these are the 10 newest",
            "12 papers in all; 2 others are shown",
        )
