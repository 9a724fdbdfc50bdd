"""The time of publication that a question asks for, open at an end or with a year left out, is told from other times."""

from datetime import date
from pathlib import Path

import pytest

from assistant import Assistant, Paper
from assistant.questions.reading import read_question
from assistant.questions.times import read_time

DATED = [
    Paper(f"Otters of {date}", "Otters swim.", date=date, year=year)
    for date, year in (("Dec 2, 2019", 2019), ("2020", 2020), ("Jan 5, 2021", 2021), ("May 7, 2022", 2022), ("2023-05-09", 2023))
]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "years"),
    [
        ("Which papers appeared before 2020?", {2019}),
        ("papers on otters published after 2021", {2022, 2023}),
        ("papers about otters since 2022", {2022, 2023}),
        ("papers from 2022 onwards", {2022, 2023}),
        ("papers on otters until 2020", {2019, 2020}),
        ("papers published by 2020", {2019, 2020}),
        ("papers on otters from 2020 to 2022", {2020, 2021, 2022}),
        ("papers published between 2020 and 2022", {2020, 2021, 2022}),
        ("papers published 2020-2022", {2020, 2021, 2022}),
        ("papers from 2020 or 2022", {2020, 2022}),
        ("papers on otters in the last two years before 2022", {2020, 2021}),
        ("papers on otters published after 2019 and before 2022", {2020, 2021}),
        ("Compare papers on otters before 2020 and after 2022", {2019, 2023}),
        ("papers about otters, but not from 2022", {2019, 2020, 2021, 2023}),
        ("papers since 2021 except those of 2022", {2021, 2023}),
        ("pre-2021 otter papers", {2019, 2020}),
        ("papers published before May 7, 2022", {2019, 2020, 2021}),
        ("papers from May 2022 on", {2022, 2023}),
        ("papers published between January and June 2022", {2022}),
        ("papers from January 2020", set()),  # the one of 2020 may be of another month
        ("papers about otters published in 2022 (and from 2021?)", {2021}),
    ],
)
def test_papers_of_a_time_are_told_by_their_date(question: str, years: set[int]) -> None:
    asked = read_question(question)
    assert {paper.year for paper in DATED if asked.is_of_time(paper)} == years


@pytest.mark.parametrize(
    "question",
    [
        "models trained before 2020",
        "papers about models trained before 2020",
        "papers on surveys held in 2020",
        "papers on OtterNet-2019",
        "How did otters live before 2020?",
        "a paper on voice, with scenarios up to 2060",
    ],
)
def test_a_time_of_something_else_is_a_topic(question: str) -> None:
    assert read_time(question) == (None, question)


def test_a_time_is_no_topic() -> None:
    assert (
        read_time("Which papers that were published before 2020 are about otters?")[1]
        == "Which papers are about otters?"
    )
    assert read_question("What was published after 2021 about otters?").topic == "otters"
    assert read_question("papers published before May 2020").wants_records


def test_what_prints_no_year_is_not_of_a_year_that_is_left_out() -> None:
    undated = Paper("Otters", "Otters swim.")
    assert read_question("papers about otters, but not from 2022").is_of_time(undated)
    assert not read_question("papers about otters before 2022").is_of_time(undated)


def test_papers_of_a_range_of_years_are_listed(library: Assistant) -> None:
    def years(question: str) -> set[int | None]:
        return {citation.paper.year for citation in library.ask(question).citations}

    assert years("Which papers appeared before 2018?") == {2017}
    assert max(years("papers published before 2020"), key=lambda year: year or 9999) in (2018, 2019)
    assert years("What was published after 2023 about model merging?") == {2024}
    assert 2024 not in years("model merging papers, but not from 2024")
    assert years("papers on pruning from 2021 to 2022") <= {2021, 2022}
    reason = library.ask("papers about pruning published before 1990").reason
    assert reason == "Not found: no paper that comes near this is printed with a date of that time."


def test_what_prints_no_year_is_not_listed_as_of_a_time(tmp_path: Path) -> None:
    undated = [Paper(f"Otters {number}", "Otters swim in cold rivers.", date="Feb 19") for number in (1, 2)]
    with Assistant(data_dir=tmp_path) as own:
        own.add([*undated, Paper("Bears in May", "Bears eat berries on mountains.", date="May 7, 2022", year=2022)])
        none = own.ask("papers from 2022 about otters in rivers", papers=[paper.title for paper in undated])
        own.add([Paper("Otters of 2022", "Otters swim in cold rivers.", date="2022", year=2022)])
        some = own.ask("papers from 2022 about otters in rivers")
    assert (none.status, none.citations) == ("not_found", ())
    assert "is printed with that date; the 2 that come nearest print no year." in none.reason
    assert {citation.paper.title for citation in some.citations} == {"Otters of 2022"}
    assert (some.status, some.reason) == ("partial", "2 papers found on this print no year")


def test_fewer_papers_of_a_time_than_are_asked_for_are_said_to_be_all(library: Assistant) -> None:
    answer = library.ask("list fifteen papers from 2021")
    assert (answer.status, len(answer.claims)) == ("partial", 11) and answer.reason.startswith("11 papers in all.")
    assert library.ask("list three papers from 2021").status == "answered"
    assert "leave out" not in library.ask("papers about pruning except those of 2023").reason


def test_where_no_paper_prints_a_year_those_that_come_nearest_are_not_said_to_be_of_one(tmp_path: Path) -> None:
    with Assistant(data_dir=tmp_path) as own:
        own.add([Paper("Otters", "Otters swim in cold rivers."), Paper("Bears", "Bears eat berries on mountains.")])
        answer = own.ask("papers from 2022 about otters")
    assert (answer.status, answer.reason) == ("partial", "no paper prints its year; these come nearest")


@pytest.mark.parametrize(
    ("question", "years"),
    [
        ("papers on otters from this year", {2023}),
        ("papers published last year", {2022}),
        ("papers published in the last year", {2022, 2023}),
        ("Which papers appeared in the past two years?", {2021, 2022, 2023}),
        ("papers on otters of last month", set()),
        ("papers from this month", {2023}),
        ("papers from the last 20 months", {2022, 2023}),
        ("papers that were published in May", {2022, 2023}),
        ("papers of January or december", {2019, 2021}),
        ("papers on otters from June", set()),
    ],
)
def test_times_are_seen_from_today_and_months_may_be_of_any_year(
    question: str, years: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.questions.times.today", lambda: date(2023, 5, 20))
    asked = read_question(question)
    assert {paper.year for paper in DATED if asked.is_of_time(paper)} == years


@pytest.mark.parametrize(
    "question",
    [
        "Which models were trained last year?",
        "What happened in March?",
        "How did otters swim in the last two years of trials?",
    ],
)
def test_other_times_than_those_of_publication_stay_a_topic(question: str) -> None:
    assert read_question(question).time is None


def test_what_is_meant_by_last_year_is_said_where_nothing_is_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.questions.times.today", lambda: date(2031, 5, 20))
    with Assistant(data_dir=tmp_path, model="extractive") as library:
        library.add(DATED)
        assert "a date of 2030" in library.ask("papers published last year").reason
        assert "a date since April 2031" in library.ask("papers of the last month").reason
        (undated,) = library.ask("papers from May of any otter").citations[:1] or [None]
        assert undated is None or undated.paper.date in {"May 7, 2022", "2023-05-09"}
