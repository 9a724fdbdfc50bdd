"""What a question asks for, and that the library acts on it: years, requests that are no topics, small talk, spellings."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant import Assistant, Paper
from assistant.questions.asking import asks_for_papers, counts_papers, topic_of, without_opening
from assistant.questions.followups import leans_on_history, points_back
from assistant.questions.names import is_titled, possible_titles
from assistant.questions.orders import first_on_topic
from assistant.questions.reading import read_question
from assistant.questions.spelling import foreign_words, in_small_letters, without_typing_errors
from assistant.store.catalogue import Catalogue
from assistant.terms import stem

PAPERS = [
    Paper("Otters in May", "Otters swim in cold rivers and eat fish.", date="May 3, 2022", year=2022, author_count=4),
    Paper("Otters in June", "Otters dive for fish in cold rivers.", date="Jun 9, 2022", year=2022),
    Paper("Otters before", "Otters of cold rivers eat fish. The election of 2022 was far away.", date="May 1, 2019", year=2019),
    Paper("PALBEAR: Bears that ponder", "Bears ponder before they fish. The colour of a bear is brown.", year=2020),
    Paper("Mountains explained", "We explain how mountains rise, and list many of them.", year=2020),
]  # fmt: skip


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with Assistant(data_dir=tmp_path_factory.mktemp("zoo")) as library:
        library.add(PAPERS)
        yield library


def titles(library: Assistant, question: str) -> list[str]:
    return list(dict.fromkeys(citation.paper.title for citation in library.ask(question).citations))


@pytest.mark.parametrize(
    ("question", "of_year"),
    [
        ("Which papers from 2021 are about pruning?", True),
        ("papers on otters published in May 2022", True),
        ("studies that appeared in 2019", True),
        ("2019 papers about otters", True),
        ("What was the turnout of the 2022 election?", False),
        ("How does it do on BEA-2019?", False),
        ("What is said of the world in 2019?", False),
    ],
)
def test_a_year_of_publication_is_told_from_others(question: str, of_year: bool) -> None:
    assert read_question(question).of_year is of_year


@pytest.mark.parametrize(
    ("question", "compares"),
    [
        ("What baselines does OtterNet compare against?", False),
        ("How does OtterNet compare to SealNet?", True),
        ("Compare pruning and distillation", True),
        ("How does LoRA differ from full fine-tuning?", True),
        ("How do adapters and prompts differ across tasks?", True),
        ("Do the two benchmarks differ in size?", True),
        ("How is DoRA different from LoRA?", True),
        ("How different are the two benchmarks?", True),
        ("What are the differences between the two benchmarks?", True),
        ("What is the difference in memory use between pruning and distillation?", True),
        ("UL2 versus CodeT5: which is cheaper?", True),
        ("Llama vs. Mistral on long inputs", True),
        ("pruning versus distillation: which is cheaper?", True),
        ("Could many different cues make a classifier sturdier?", False),
        ("How are trees of different shapes handled at once?", False),
        ("How does the model handle different input lengths?", False),
        ("How are different attention heads pruned?", False),
        ("telling moves apart that differ by half a twist", False),
        ("Does it help both speed and accuracy?", False),
        ("What does BERT do for both English and German?", False),
    ],
)
def test_a_comparison_is_told_from_a_question_about_one_paper(question: str, compares: bool) -> None:
    assert read_question(question).wants_comparison is compares


def test_papers_of_another_year_are_not_cited(zoo: Assistant) -> None:
    assert titles(zoo, "Which papers from 2019 are about otters?") == ["Otters before"]
    assert set(titles(zoo, "Which papers about otters appeared in 2022?")) == {"Otters in May", "Otters in June"}


def test_papers_of_a_time_are_listed_by_their_printed_record(zoo: Assistant) -> None:
    answer = zoo.ask("Which papers are from May 2022?")
    assert [claim.text for claim in answer.claims] == ["Otters in May · 4 authors · May 3, 2022"]
    assert len(zoo.ask("List papers from 2022").claims) == 2


@pytest.mark.parametrize(
    "date",
    [
        "Mar 9, 2023",
        "9 March 2023",
        "mar 2023",
        "2023-03-05",
        "2023/03/05",
        "2023-03",
        "2023-03-05T10:00:00Z",
        "03/2023",
    ],
)
def test_a_month_is_read_from_a_date_however_printed(date: str) -> None:
    dated = Paper("Otters", "Otters swim.", date=date, year=2023)
    assert read_question("papers published in March 2023").is_of_time(dated)
    assert not read_question("papers published in May 2023").is_of_time(dated)


@pytest.mark.parametrize("date", [None, "2023", "2023-2024", "2023-13-01", "12/03/2023"])
def test_a_date_without_a_clear_month_is_of_none(date: str | None) -> None:
    dated = Paper("Otters", "Otters swim.", date=date, year=2023)
    assert not any(
        read_question(f"papers published in {month} 2023").is_of_time(dated)
        for month in ("January", "March", "December")
    )


def test_a_paper_with_a_date_in_digits_is_listed_by_its_month(tmp_path: Path) -> None:
    with Assistant(data_dir=tmp_path) as library:
        library.add(
            [Paper(f"Otters {day}", "Otters swim.", date=day, year=2023) for day in ("2023-03-05", "2023-05-09")]
        )
        assert titles(library, "Which papers were published in March 2023?") == ["Otters 2023-03-05"]


@pytest.mark.parametrize("question", ["Explain PALBEAR", "Summarise PALBEAR", "Can you list PALBEAR?", "whats PALBEAR"])
def test_what_is_said_to_the_assistant_is_no_topic(zoo: Assistant, question: str) -> None:
    assert titles(zoo, question)[0] == PAPERS[3].title


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("tell me about otters", "otters"),
        ("Hi there, could you please tell me something about otters?", "otters"),
        ("I'd like to know how otters swim, thanks", "how otters swim"),
        ("I’m looking for papers on otters in your library", "otters"),
        ("Are there any recent papers about otters?", "otters"),
        ("papers from 2022 about otters", "otters"),
        ("Which papers deal with otters?", "otters"),
        ("How many papers do you have about otters?", "otters"),
        ("Can you explain to me what otters eat, like I'm five", "what otters eat"),
        ("What do you know about otters?", "otters"),
        ("summarize the paper on otters for me", "otters"),
        ("Do you know who feeds otters?", "who feeds otters"),
        ("I’m a PhD student and I need to know what otters eat. Thanks in advance!", "what otters eat"),
        ("As a new student of rivers, how do I feed otters?", "how do I feed otters"),
        ("wat is an otter pls", "an otter"),
        ("Give me three papers on otters", "otters"),
        ("Quick question: what do otters eat?", "what do otters eat"),
        ("According to your papers, what do otters eat?", "what do otters eat"),
    ],
)
def test_the_topic_is_what_is_not_said_to_the_assistant(question: str, topic: str) -> None:
    assert topic_of(question) == topic


@pytest.mark.parametrize(
    "question",
    [
        "What do otters eat?",
        "Which papers show that otters swim?",
        "Name-based search for otters",
        "teach otters to swim",
        "overview of ways to feed otters",
        "survey on otters",
        "find dens of otters from the air",
        "How many varieties are in the collection?",
        "As a fisherman, how do I feed otters?",
        "Well-known otters",
        "How many papers does the survey of otters cover?",
        "Does the paper about otters count dams?",
        "hello",
        "explain",
        "Which paper is from 2022 and about otters?",
    ],
)
def test_a_question_that_says_nothing_to_the_assistant_is_its_topic(question: str) -> None:
    assert topic_of(question) == question


def test_a_request_finds_what_the_bare_topic_finds(zoo: Assistant) -> None:
    bare = zoo.search("otters in cold rivers")
    assert zoo.search("Hi, can you tell me something about otters in cold rivers, please?") == bare
    assert zoo.search("otters in cold deserts") != bare


@pytest.mark.parametrize(
    "piece",
    [
        " (about “",
        "please ",
        "!",
        "“",
        "some papers about ",
        "how many of these ",
        "hi, I am a ",
        "twenty five ",
        "papers with 2 ",
        "second newest ",
        "second ",
    ],
)
def test_a_hostile_text_holds_nothing_up(piece: str) -> None:
    """A pattern that tries every pair of quotes took 80 seconds for the first of these."""
    text = f"x{piece * 4000}"[:4000].strip()
    start = time.process_time()
    read_question(text)
    leans_on_history(text)
    assert time.process_time() - start < 5


def test_a_greeting_is_no_name() -> None:
    assert read_question("Hello, Could you explain how otters swim?").names == ()


def test_papers_on_a_topic_are_listed(zoo: Assistant) -> None:
    assert asks_for_papers("are there papers about otters?") and not asks_for_papers("What do papers about otters say?")
    assert len(titles(zoo, "papers about otters")) == len(titles(zoo, "Show me 3 papers on otters")) == 3


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Which paper should I read first about otters?", "otters"),
        ("What should I read to learn more about sea otters?", "sea otters"),
        ("I'm new to otters, what should I read?", "otters"),
        ("Where do I start reading about otters?", "otters"),
        ("Please recommend some papers on otters", "otters"),
    ],
)
def test_advice_on_what_to_read_is_a_list_of_papers(text: str, topic: str) -> None:
    question = read_question(text)
    assert (question.topic, question.wants_list, question.wants_papers) == (topic, True, True)


def test_reading_something_else_asks_for_no_list() -> None:
    for text in (
        "Where can I read how otters are counted?",
        "What can I read off the scores?",
        "Where do otters start to swim?",
    ):
        assert not read_question(text).wants_papers


def test_a_papers_own_citation_is_no_question_to_the_papers() -> None:
    asked = ("How do I cite OtterNet?", "bibtex for OtterNet", "Give me the BibTeX of OtterNet", "OtterNet bibtex",
             "cite the paper in APA style", "the APA citation of OtterNet")  # fmt: skip
    others = ("Do models cite sources?", "How do otters cite the law?", "bibliographic records as triples",
              "Which papers cite X?", "A bibliography tool that corrects entries")  # fmt: skip
    assert [read_question(text).wants_reference for text in (*asked, *others)] == [True] * 6 + [False] * 5


def test_papers_are_not_counted_and_that_is_said(zoo: Assistant) -> None:
    answer = zoo.ask("How many papers do you have about otters?")
    assert (answer.status, answer.reason) == (
        "partial",
        "papers are found, not counted or compared: these come nearest",
    )
    assert {citation.paper.title for citation in answer.citations} >= {"Otters in May", "Otters in June"}
    assert counts_papers("how many papers on otters are there?")
    assert counts_papers("Could you tell me how many papers you have about otters?")
    assert not counts_papers("How many papers does the survey of otters cover?")
    assert not counts_papers("How many articles on otters were read?")


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("papers on denning without sand", "partial"),
        ("Which papers do not use sand?", "partial"),
        ("papers on rivers without dams", "answered"),
        ("papers on denning in sand", "answered"),
    ],
)
def test_papers_that_leave_something_out_are_said_to_be_found_by_what_they_say(
    tmp_path: Path, question: str, says: str
) -> None:
    with Assistant(data_dir=tmp_path) as own:
        own.add(
            [
                Paper("Otters", "Otters use sand for denning."),
                Paper("Eels", "Eels cross rivers without dams in spring."),
            ]
        )
        answer = own.ask(question)
    assert answer.status == says, answer.reason
    assert ("not by what they leave out" in answer.reason) is (says == "partial")


def test_a_year_of_publication_is_looked_up_and_not_read(tmp_path: Path) -> None:
    """That bears were counted in 2022 says nothing of otters."""
    assert read_question("papers from 2022 about otters").undated == ("otter",)
    bears = Paper("Bears", "From 2005 to 2022 we counted papers about bears.", date="Mar 1, 2022", year=2022)
    with Assistant(data_dir=tmp_path) as library:
        library.add([*PAPERS, bears])
        assert set(titles(library, "papers from 2022 about otters")[:2]) == {"Otters in May", "Otters in June"}
        assert titles(library, "What did you count from 2005 to 2022?")[0] == "Bears"
        assert titles(library, "Which paper is dated Jun 9, 2022?") == ["Otters in June"]


def test_papers_of_a_year_of_which_there_are_none_are_not_found(zoo: Assistant) -> None:
    answer = zoo.ask("papers from 2015 about otters")
    assert answer.reason == "Not found: no paper that comes near this is printed with that date."
    assert answer.nearest[0].paper.title.startswith("Otters")


def test_where_no_date_is_printed_a_year_is_not_held_against_a_paper(tmp_path: Path) -> None:
    with Assistant(data_dir=tmp_path) as library:
        library.add([Paper(paper.title, paper.abstract) for paper in PAPERS])
        assert titles(library, "papers from 2015 about otters")


def test_a_topic_that_no_paper_mentions_is_not_answered_by_what_is_alike(zoo: Assistant) -> None:
    answer = zoo.ask("tell me about salmon")
    assert (answer.status, answer.reason) == ("not_found", "Not found: the papers never mention “salmon”.")
    assert zoo.ask("tell me about hills").probability > 0.5  # which are much like mountains
    assert titles(zoo, "tell me about hills") == ["Mountains explained"]
    answer = zoo.ask("What is immortal otter bias?")  # a part of its name is not enough
    assert (answer.status, answer.reason) == ("not_found", "Not found: the papers never mention “immortal”, “bias”.")


def test_the_record_of_a_name_that_no_paper_is_called_by_is_no_other_papers(tmp_path: Path) -> None:
    trained = Paper("Cold rivers", "We train RiverNet on cold rivers.", date="May 3, 2022", year=2022, author_count=4)
    own = Paper("BeaverNet: A Network for Dams", "BeaverNet sees dams.", date="Jun 9, 2021", year=2021, author_count=3)
    with Assistant(data_dir=tmp_path) as library:
        library.add([trained, own])
        for question in ("when was RiverNet published?", "Who wrote RiverNet?", "how many authors does RiverNet have?"):
            answer = library.ask(question)
            assert (answer.status, answer.reason) == ("not_found", "Not found: no paper found is called “RiverNet”."), (
                question
            )
        assert titles(library, "when was BeaverNet published?") == [own.title]
        assert titles(library, "When was the paper that trains RiverNet on cold rivers published?") == [trained.title]


def test_stuff_is_no_topic() -> None:
    assert {read_question(text).topic for text in ("stuff about otters", "tell me stuff about otters")} == {"otters"}


def test_where_no_paper_mentions_both_of_two_things_that_is_said(zoo: Assistant) -> None:
    answer = zoo.ask("Has anyone studied otters in mountains?")
    assert (answer.status, answer.reason) == (
        "partial", "no paper found mentions “otters” and “mountains” together in these words; these come nearest",
    )  # fmt: skip
    assert zoo.ask("Are there papers on otters in cold rivers?").reason == ""
    assert "together" not in zoo.ask("Do otters live in mountains?").reason  # asks for no papers


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("Has anyone studied otters?", "otters"),
        ("does anybody here work on otters?", "otters"),
        ("Did any papers look at otters in rivers?", "otters in rivers"),
        ("Is there any research on otters?", "otters"),
    ],
)
def test_whether_there_is_work_on_something_asks_for_papers(question: str, topic: str) -> None:
    read = read_question(question)
    assert (read.topic, read.wants_papers) == (topic, True)


def test_a_question_of_requests_only_is_still_searched_for() -> None:
    assert read_question("explain").terms == ("explain",)


@pytest.mark.parametrize(
    "question", ["Hello", "thanks!", "Good morning", "What can you do?", "ok, thank you very much"]
)
def test_small_talk_gets_advice(zoo: Assistant, question: str) -> None:
    answer = zoo.ask(question)
    assert (answer.status, answer.reason[:27]) == ("not_found", "That asks nothing of the pa")
    assert answer.passages == answer.nearest == ()  # nothing is looked up


@pytest.mark.parametrize(
    "question",
    [
        "How many papers are in the library?",
        "so how many documents do you hold altogether?",
        "What is the newest paper?",
        "what’s the longest paper?",
        "Which is the latest paper in the library?",
        "Show me the 3 most recent papers, please",
        "Which has the most authors?",
        "Which of these papers has the most comments?",
        "Which paper is the most cited?",
    ],
)
def test_questions_about_the_library_say_where_to_look(zoo: Assistant, question: str) -> None:
    assert "Library tab" in zoo.ask(question).reason


@pytest.mark.parametrize(
    "question",
    ["LIST ALL PAPERS", "which papers are in the library?", "How many papers do you have?", "What is in your library?"],
)
def test_of_the_papers_of_the_library_the_newest_are_named_and_all_are_counted(
    library: Assistant, question: str
) -> None:
    answer = library.ask(question)
    assert (answer.status, len(answer.claims)) == ("partial", 10)
    assert answer.reason.startswith("456 papers in all; these are the 10 newest. 'assistant papers' or the Library tab")
    assert {citation.section for citation in answer.citations} == {"record"}


def test_a_listing_of_the_library_reads_what_is_printed_once(
    library: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[object] = []
    read = Catalogue.ordering
    monkeypatch.setattr(Catalogue, "ordering", lambda self, years=None: reads.append(years) or read(self, years))
    assert library.ask("list every paper, please").status == "partial"
    assert len(reads) == 1
    assert not any(paper.abstract or paper.title for paper in read(library._catalogue))


def test_papers_of_a_time_are_counted_and_others_follow(library: Assistant) -> None:
    question = "list all papers from 2023"
    answer = library.ask(question)
    assert (answer.status, answer.reason[:18]) == ("partial", "59 papers in all; ")
    assert {citation.paper.year for citation in answer.citations} == {2023}
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer.text}]
    others = library.ask("any others?", history=turns)
    assert {c.paper.year for c in others.citations} == {2023}
    assert not {c.paper.id for c in others.citations} & {c.paper.id for c in answer.citations}
    assert library.ask("Which papers appeared before 2018?").status == "answered"  # all of them are named


def test_the_first_papers_by_what_is_printed_of_them_are_named(library: Assistant) -> None:
    by_date = [c.paper.date for c in library.ask("Show me the 4 most recent papers").citations]
    assert by_date == ["Dec 17, 2024", "Dec 12, 2024", "Dec 2, 2024", "Nov 28, 2024"]
    counts = [paper.author_count or 0 for paper in library.papers()]
    most = library.ask("Which paper has the most authors?")
    assert most.citations[0].paper.author_count == max(counts)
    assert most.reason.startswith(f"of {sum(map(bool, counts))} papers that print their")


@pytest.mark.parametrize(
    ("question", "order", "topic"),
    [
        ("What is the newest paper on pruning?", "newest", "pruning"),
        ("the two oldest papers about model merging", "oldest", "model merging"),
        ("most recent work on LoRA", "newest", "LoRA"),
        ("Which paper on quantization has the most authors?", "most authors", "quantization"),
        ("what was the first paper about otters?", "oldest", "otters"),
        ("Show me the latest federated learning papers", "newest", "federated learning"),
        ("Which LoRA paper has the fewest comments?", "fewest comments", "LoRA"),
        ("the most commented paper on LoRA", "most comments", "LoRA"),
        ("Which of the papers has the most authors?", "", ""),
        ("How does the latest work on pruning reduce memory?", "", ""),
        ("What is the newest approach to pruning?", "", ""),
        ("Why is the first paper on pruning wrong?", "", ""),
        ("Which paper has the most authors?", "", ""),
    ],
)
def test_the_first_papers_on_a_topic_are_told_from_the_topic(question: str, order: str, topic: str) -> None:
    asked = read_question(question)
    assert first_on_topic(question) == (order, topic)
    assert asked.wants_first is bool(order) and (not order or (asked.topic, asked.order) == (topic, order))


def test_of_the_papers_on_a_topic_those_that_come_first_by_date_are_named(zoo: Assistant, library: Assistant) -> None:
    answer = zoo.ask("What is the newest paper about otters?")
    assert [c.paper.title for c in answer.citations] == ["Otters in June", "Otters in May", "Otters before"]
    assert (answer.status, answer.citations[0].quote) == ("answered", "Otters in June · Jun 9, 2022")
    assert zoo.ask("the 3 oldest papers on otters from 2022").reason == "only 2 papers found come near enough"
    assert titles(zoo, "the oldest paper on otters from 2022") == ["Otters in May", "Otters in June"]
    assert zoo.ask("the newest paper on beekeeping").status == "not_found"
    answer = library.ask("the two newest papers on pruning")
    assert [c.paper.date for c in answer.citations] == ["Oct 11, 2024", "Sep 11, 2024"]
    assert (answer.status, "without a printed year" in answer.reason) == ("partial", True)


def test_where_no_paper_on_a_topic_prints_what_decides_that_is_said(zoo: Assistant) -> None:
    answer = zoo.ask("Which paper about mountains has the most comments?")
    assert (answer.status, titles(zoo, answer.question)) == ("partial", ["Mountains explained"])
    assert "prints its number of comments" in answer.reason


def test_the_newest_paper_by_someone_is_looked_up(library: Assistant) -> None:
    answer = library.ask("What is the newest paper by NVIDIA?")
    assert {citation.paper.organisation for citation in answer.citations} <= {"NVIDIA"}
    answer = library.ask("What is the newest paper by Google?")
    assert (answer.status, answer.reason) == ("not_found", "Not found: no paper is printed under “Google”.")


def test_a_place_in_an_order_is_looked_up(library: Assistant, zoo: Assistant) -> None:
    newest = [c.paper.id for c in library.ask("Show me the 3 most recent papers").citations]
    answer = library.ask("What is the second newest paper?")
    assert [c.paper.id for c in answer.citations] == newest[1:2]
    assert answer.reason.startswith("of 160 papers that print their year, this comes second.")
    assert titles(zoo, "the 2nd newest paper about otters") == ["Otters in May"]
    assert (
        zoo.ask("the ninth newest paper about otters").reason
        == "Not found: only 3 papers found on this print their year."
    )
    assert library.ask("What is the 200th newest paper?").reason == "Not found: only 160 papers print their year."


@pytest.mark.parametrize(
    ("question", "least", "most"),
    [
        ("which papers have more than 20 authors?", 21, 10**9),
        ("Papers with at least twenty-two authors", 22, 10**9),
        ("list the papers that were written by a single author", 1, 1),
        ("papers of 2024 by 2 or fewer authors", 0, 2),
    ],
)
def test_papers_are_chosen_by_how_many_authors_are_printed(
    library: Assistant, question: str, least: int, most: int
) -> None:
    answer = library.ask(question)
    year = read_question(question).time and 2024
    counts = [paper.author_count or -1 for paper in library.papers() if year in (None, paper.year)]
    found = [citation.paper.author_count for citation in answer.citations]
    assert sorted(found) == sorted(count for count in counts if least <= count <= most)
    assert ("print no number of authors" in answer.reason) is (-1 in counts)


def test_how_many_authors_papers_on_a_topic_have_is_told_from_the_topic(library: Assistant) -> None:
    found = library.ask("papers on pruning with exactly two authors").citations
    assert {citation.paper.author_count for citation in found} == {2}
    assert library.ask("papers with over 500 authors").reason == "Not found: no paper is printed with over 500 authors."
    assert read_question("Do papers with more than 20 authors age well?").amount is None
    for topic in ("teams of more than 20 authors", "threads with more than 20 comments", "pages with two author names"):
        assert read_question(f"papers on {topic}").amount is None


def test_the_newest_paper_by_someone_on_a_topic_is_looked_up(library: Assistant) -> None:
    for question in ("newest paper by NVIDIA on reasoning", "the newest paper on reasoning by NVIDIA"):
        answer = library.ask(question)
        assert {citation.paper.organisation for citation in answer.citations} == {"NVIDIA"}
        assert answer.reason == "no paper found on this prints its year; these come nearest"
    reason = library.ask("the newest paper on reasoning by Google").reason
    assert reason == "Not found: no paper is printed under “Google”."


@pytest.mark.parametrize("number", ["20", "twelve", "a dozen", "twenty-five"])
def test_more_papers_than_an_answer_names_are_no_whole_answer(library: Assistant, number: str) -> None:
    answer = library.ask(f"give me {number} papers on fine-tuning")
    assert (answer.status, len(answer.claims)) == ("partial", 10) and "at most 10" in answer.reason


@pytest.mark.parametrize(
    ("question", "count"),
    [("five papers on LoRA", 5), ("name two papers about LoRA", 2), ("list ten papers on LoRA, please", 10)],
)
def test_as_many_papers_are_named_as_are_asked_for(library: Assistant, question: str, count: int) -> None:
    answer = library.ask(question)
    assert (answer.status, len({c.paper.id for c in answer.citations})) == ("answered", count)


def test_as_many_sentences_are_quoted_as_are_asked_for(library: Assistant) -> None:
    for count, question in enumerate(("Explain HFT in one sentence", "summarise HFT in two sentences."), 1):
        assert len(library.ask(question).claims) == count
    assert read_question("In three sentences, explain HFT").topic == "HFT"
    assert not read_question("How is the order of words told in one sentence?").sentences_wanted


@pytest.mark.parametrize(
    "question", ["which papers are these?", "list the papers on otters", "What is in the image library?"]
)
def test_what_names_a_topic_or_points_back_lists_no_library(question: str) -> None:
    assert not read_question(question).wants_records


def test_a_full_list_of_papers_on_a_topic_says_that_there_may_be_more(library: Assistant) -> None:
    answer = library.ask("papers on LoRA")
    assert (answer.status, len(answer.claims)) == ("partial", 4) and "there may be more" in answer.reason


@pytest.mark.parametrize(
    "question",
    [
        "What is the longest document that the model can process?",
        "How does the latest work on pruning reduce memory?",
        "Which papers of the oldest works on otters are the most cited?",
        "From how many documents were the answers taken, and how many articles did they judge?",
        "Most authors of field studies count otters at night.",
    ],
)
def test_questions_of_papers_are_not_about_the_library(question: str) -> None:
    assert not read_question(question).about_library


@pytest.mark.parametrize(
    "question",
    [
        "Write me a Python function that counts otters.",
        "please compose a haiku about otters in May",
        "Can you tell me a joke about otters?",
        "Draft an e-mail to the keeper of the otters",
    ],
)
def test_requests_to_write_something_are_declined(zoo: Assistant, question: str) -> None:
    answer = zoo.ask(question)
    assert (answer.status, answer.reason[:34]) == ("not_found", "That asks for something to be writ")


@pytest.mark.parametrize(
    "question",
    [
        "Write a summary of Otters in May",
        "tell me about otters",
        "Which models write code?",
        "write code",
        "Give me some papers on code generation",
        "Give me some speech recognition papers",
        "Give me a list of code models",
        "Tell me a bit about program synthesis",
        "Give me a loop closure method",
        "Write a story generation survey",
    ],
)
def test_questions_about_writing_are_not_requests(question: str) -> None:
    assert not read_question(question).wants_writing


def test_who_wrote_it_says_what_is_printed(zoo: Assistant) -> None:
    for question in ("Who wrote Otters in May?", "Who authored Otters in May?"):
        reason = zoo.ask(question).reason
        assert reason == "The record of “Otters in May” does not say who wrote it; it prints 4 authors · May 3, 2022."


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("colour", "color"), ("behaviours", "behaviors"), ("optimisation", "optimization"), ("generalises", "generalizes"),
        ("labelled", "labeled"), ("modelling", "modeling"), ("analyse", "analyze"), ("centre", "center"), ("metres", "meters"),
    ],
)  # fmt: skip
def test_both_spellings_share_a_stem(british: str, american: str) -> None:
    assert stem(british) == stem(american)


@pytest.mark.parametrize(("one", "other"), [("hour", "hor"), ("noise", "noize"), ("called", "caled"), ("four", "for")])
def test_words_that_only_look_so_stay_apart(one: str, other: str) -> None:
    assert stem(one) != stem(other)


def test_an_american_question_finds_a_british_text(zoo: Assistant) -> None:
    assert titles(zoo, "What color is a bear?") == [PAPERS[3].title]


def test_an_index_of_an_older_version_is_built_again(tmp_path: Path) -> None:
    with Assistant(data_dir=tmp_path) as library:
        library.add(PAPERS[:1])
        library.search("otters")
        (marker,) = (tmp_path / "lexical").rglob("terms-version")
        marker.write_text("1")
    with Assistant(data_dir=tmp_path) as library:
        library.search("otters")
        assert not marker.exists()
        assert library.lexical.count() == 1


FOLLOWED = [
    Paper("OtterNet: Finding Dens", "OtterNet finds dens of otters. Finding a den takes an hour. OtterNet runs on a phone."),
    Paper("Beaver-7: Counting Dams", "Beaver-7 counts dams of beavers. A dam takes a minute. Beaver-7 runs on a server."),
    Paper("POINTS: Where Otters Meet", "POINTS maps where otters meet. Maps of a river take a day."),
    Paper("On data", "Data points of otters are rare. Points of view on otters differ."),
]  # fmt: skip


@pytest.fixture(scope="module")
def dens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with Assistant(data_dir=tmp_path_factory.mktemp("dens")) as library:
        library.add(FOLLOWED)
        yield library


def chat(library: Assistant, *questions: str) -> tuple[str, list[str]]:
    """The last question as it was understood, and the titles that its answer cites."""
    history: list[dict[str, str]] = []
    for question in questions:
        answer = library.ask(question, history=history)
        history += [{"role": "user", "content": question}, {"role": "assistant", "content": answer.text}]
    return answer.standalone_question, list(dict.fromkeys(citation.paper.title for citation in answer.citations))


@pytest.mark.parametrize(
    "typed",
    [
        "\u200bWhat does Beaver-7 count?",
        "What does Bea\u00adver-7 count?",
        "What\u00a0does  Beaver-7\u2060 count?\u200e\n",
    ],
    ids=["zero-width", "soft-hyphen", "spaces"],
)
def test_what_is_not_seen_is_left_out_of_a_question(dens: Assistant, typed: str) -> None:
    answer = dens.ask(typed)
    assert answer.standalone_question == "What does Beaver-7 count?"
    assert not answer.was_rewritten
    assert "rewritten" not in [event.kind for event in dens.stream(typed)]
    assert answer.citations[0].paper.title == "Beaver-7: Counting Dams"


@pytest.mark.parametrize("question", ["And what about Beaver-7?", "What is Beaver-7?", "and beaver-7?"])
def test_a_follow_up_on_another_paper_leaves_the_first(dens: Assistant, question: str) -> None:
    understood, cited = chat(dens, "What is OtterNet?", question)
    assert understood == question
    assert cited[0] == "Beaver-7: Counting Dams"


def test_thanks_in_between_are_no_question(dens: Assistant) -> None:
    history = [{"role": "user", "content": "What is OtterNet?"}, {"role": "assistant", "content": "It finds dens."}]
    answer = dens.ask("thanks!", history=history)
    assert (answer.standalone_question, answer.reason[:27]) == ("thanks!", "That asks nothing of the pa")


@pytest.mark.parametrize(
    "question",
    ["explain that in simple words", "How does that compare with LoRA?", "which one runs longer on a phone?"],
)
def test_what_points_at_the_turn_before_leans_on_it(question: str) -> None:
    assert leans_on_history(question)


@pytest.mark.parametrize(
    "question", ["Which tool that counts dams runs on a phone?", "Which one of the tools counts dams?"]
)
def test_what_points_at_its_own_noun_does_not(question: str) -> None:
    assert not leans_on_history(question)


def test_another_year_asks_the_same_of_other_papers(zoo: Assistant) -> None:
    understood, cited = chat(zoo, "papers about otters published in 2022", "and from 2019?")
    assert understood == "papers about otters published in 2022 (and from 2019?)"
    understood, cited = chat(zoo, "papers about otters", "are there any from 2019?")
    assert (understood, cited) == ("papers about otters (are there any from 2019?)", ["Otters before"])
    understood, cited = chat(zoo, "papers about otters", "only from 2019")
    assert understood == "papers about otters (only from 2019)"
    assert cited == ["Otters before"]


def test_printed_metadata_is_asked_of_the_paper_of_the_turn_before(zoo: Assistant) -> None:
    history = [
        {"role": "user", "content": "Compare PALBEAR and Otters in May"},
        {"role": "assistant", "content": "PALBEAR: Bears that ponder: Bears ponder. Otters in May: Otters swim."},
    ]
    who = zoo.ask("who wrote it?", history=history)
    assert who.reason.startswith("The record of “PALBEAR: Bears that ponder” does not say who wrote it")
    newest = zoo.ask("which of them is the newest?", history=history)
    assert {c.paper.title: c.section for c in newest.citations} == {
        "PALBEAR: Bears that ponder": "record",
        "Otters in May": "record",
    }


@pytest.mark.parametrize("question", ["How long does it take?", "and the time it takes?", "What does it run on?"])
def test_a_follow_up_on_the_same_paper_keeps_it(dens: Assistant, question: str) -> None:
    understood, cited = chat(dens, "What is Beaver-7?", question)
    assert "(about “Beaver-7: Counting Dams”)" in understood
    assert cited == ["Beaver-7: Counting Dams"]


@pytest.mark.parametrize(
    "question",
    [
        "Explain how mixture-of-experts routing works",
        "How many authors does the paper Points of View on Otters have?",
        "What does the paper “Otters in May” measure?",
        "How many authors are listed for the paper on counting dams?",
        "What does the model GPT-4 score?",
        "What is in the code of Beaver-7?",
        "Can LLMs correct their own reasoning?",
        "Do large otters forget what they learned?",
        "When asked outright how sure they are, do closed chatbots overstate it?",
        "How does Beaver-7 choose its dams?",
        "What does Beaver-7 forget after it has learned?",
        "Why is it getting harder to understand otters from within?",
        "Is it possible to count dams without cameras?",
        "Does it pay to count dams longer?",
    ],
)
def test_a_question_that_says_what_it_is_about_stands_alone(dens: Assistant, question: str) -> None:
    assert chat(dens, "What is OtterNet?", question)[0] == question


@pytest.mark.parametrize(
    "question",
    [
        "and what about its cost?",
        "Explain it",
        "explain",
        "Please explain it in simple words",
        "Explain in simple terms",
        "Explain the results",
        "how do they train it?",
        "What datasets do they use?",
        "Which baselines does it beat?",
        "How many people took part in their study?",
        "How well does GPT-4 do on it?",
        "Does LoRA help it?",
        "Do the results support their claim?",
        "Why is it hard to train?",
        "Is it cheap to run in practice?",
        "Is it trained to predict tokens?",
        "What does the paper propose?",
        "Is the paper on arXiv?",
        "Does the model on ImageNet beat the others?",
    ],
)
def test_a_question_that_does_not_leans_on_the_turn_before(question: str) -> None:
    assert leans_on_history(question)


def test_a_pronoun_with_its_own_noun_does_not_keep_the_paper(dens: Assistant) -> None:
    assert not points_back("and how does Beaver-7 count its dams?")
    assert chat(dens, "What is OtterNet?", "and how does Beaver-7 count its dams?")[1] == ["Beaver-7: Counting Dams"]


def test_one_of_several_papers_is_chosen_by_its_place(dens: Assistant) -> None:
    first, cited = chat(dens, "Compare OtterNet and Beaver-7")
    assert len(cited) > 1
    understood, _ = chat(dens, "Compare OtterNet and Beaver-7", "What does the second one run on?")
    assert understood.endswith(f"(about “{cited[1]}”)")
    understood, _ = chat(dens, "Compare OtterNet and Beaver-7", "Which of them runs on a phone?")
    assert all(title in understood for title in cited)


def test_a_short_name_that_is_a_word_means_its_paper(dens: Assistant) -> None:
    assert chat(dens, "Explain POINTS")[1][0] == "POINTS: Where Otters Meet"
    assert chat(dens, "Are data points of otters rare?")[1][0] == "On data"


def test_what_something_is_is_answered_by_the_sentence_that_introduces_it(tmp_path: Path) -> None:
    abstract = (
        "Otters are studied widely. We introduce a detector of dens that listens at night. On OtterBench, OtterX beats OtterY. "
        "OtterX scores 91 on OtterBench. OtterX is trained on 4 GPUs. We release OtterX."
    )
    with Assistant(data_dir=tmp_path) as library:
        library.add(Paper("OtterX: Hearing Dens", abstract))
        assert "We introduce a detector" in library.ask("What is OtterX?").text
        assert "We introduce a detector" in library.ask("Explain OtterX").text
        assert "OtterX scores 91" in library.ask("What does OtterX score on OtterBench?").text


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Is Acupuncture Efficacious for Treating Phonotraumatic Vocal Pathologies?", ()),
        ("Parameter-Efficient Tuning of DoRA and CodeT5 for Scientific Question Answering", ("DoRA", "CodeT5")),
        ("Does Bulgarian web text help a model that speaks Croatian?", ("Bulgarian", "Croatian")),
        ("Which of Llama and Mistral is tuned on French novels?", ("Llama", "Mistral", "French")),
    ],
)
def test_the_capitals_of_a_title_name_nothing(question: str, names: tuple[str, ...]) -> None:
    assert read_question(question).names == names


@pytest.mark.parametrize(
    "question",
    [
        "PLEASE TELL ME WHICH PAPER USES GABOR FILTERS!!!",
        "DOES IT TAKE 3 HOURS?",
        "GABOR FILTERS FINE-GRAINED RECOGNITION",
        "IN WHICH COUNTRY DO OTTERS LIVE, AND WHO WROTE POINTER NETWORKS?",
    ],
)
def test_a_question_that_shouts_is_read_as_in_small_letters(question: str) -> None:
    assert replace(read_question(question), text="") == replace(read_question(question.lower()), text="")
    assert possible_titles(question) == possible_titles(question.lower())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Whats the diffrence betwen LoRA adn pruning", "What is the difference between LoRA and pruning"),
        ("Hwo does adamerging learn?", "How does adamerging learn?"),
        ("wich papr is abuot otters", "which paper is about otters"),
        ("HWO MANY HOURS DOSE TEH OTTER SWIM?", "how many hours dose the otter swim?"),
    ],
)
def test_typing_errors_in_the_words_of_questions_are_mended(typed: str, meant: str) -> None:
    read, wanted = read_question(typed), read_question(meant)
    assert replace(read, text="", topic=read.topic.lower()) == replace(wanted, text="", topic=wanted.topic.lower())


@pytest.mark.parametrize(
    "question", ["three cold forms of a dose", "ADN and MoE", "x-adn of adn.py", "vera, dora, moe, hft and lst"]
)
def test_other_words_and_names_are_left_as_they_are(question: str) -> None:
    assert without_typing_errors(question) == question


@pytest.mark.parametrize(
    "question",
    [
        "Welche Methoden wurden für Sprachmodelle vorgeschlagen?",
        "Quelles méthodes réduisent la mémoire ?",
        "¿Cómo se podan los modelos de lenguaje?",
        "哪些方法减少训练内存?",
    ],
)
def test_a_question_in_another_language_is_told_what_to_do(zoo: Assistant, question: str) -> None:
    assert zoo.ask(question).reason.endswith("The papers are in English; ask in English.")


@pytest.mark.parametrize(
    "question", ["How is LoRA à la carte de novo?", "nasty comment per word and per image", "Does IL-4 lower β or λ?"]
)
def test_a_question_with_some_words_of_other_languages_is_english(question: str) -> None:
    assert foreign_words(question) == []


def test_what_is_found_is_answered_in_any_language_and_a_library_may_have_its_own(tmp_path: Path) -> None:
    with Assistant(data_dir=tmp_path) as library:
        library.add(
            Paper("OtterNet: Der Otter", "Wie der Otter schwimmt und das Ufer misst, ist mit OtterNet bekannt.")
        )
        assert library.ask("Was ist OtterNet?").citations
        assert "English" not in library.ask("Wie ist das Wetter mit der Kamera?").reason


@pytest.mark.parametrize("question", ["EXPLAIN HFT", "HFT", "BERT GPT CLIP", "does GPT-4 use LoRA on GSM8K?"])
def test_names_in_capitals_do_not_shout(question: str) -> None:
    assert in_small_letters(question) == question


@pytest.mark.parametrize(
    ("title", "name", "is_it"),
    [
        ("HFT: Half Fine-Tuning", "hft", True),  # no word has no vowel
        ("S^{2}FT: Efficient Tuning", "S2FT", True),
        ("E.T. Bench: Towards Video", "ET bench", True),
        ("$\\mu$-Bench: A Benchmark", "μ-Bench", True),
        ("(IA)^3: Few Parameters", "IA3", True),
        ("CorDA: Adaptation", "corda", True),
        ("POINTS: Some Models", "points", False),  # a common word must have its case
        ("LoRA+: Efficient Adaptation", "LoRA", False),
        ("S^{3}FT: Selective Tuning", "S2FT", False),
        ("…: Dots", "?", False),
    ],
)
def test_a_paper_is_called_by_its_short_name_however_it_is_spelt(title: str, name: str, is_it: bool) -> None:
    assert is_titled(Paper(title, ""), name) is is_it


@pytest.mark.parametrize(("name", "title"), [("S2FT", "S^{2}FT"), ("s²ft", "S^{2}FT"), ("ET Bench", "E.T. Bench")])
def test_a_named_paper_comes_first_however_its_name_is_spelt(library: Assistant, name: str, title: str) -> None:
    found = library.search(f"What does {name} freeze?", k=2)
    assert found[0].paper.title.startswith(f"{title}:")


def test_a_follow_up_may_be_the_first_question_of_an_open_library(library: Assistant) -> None:
    with Assistant(library.config) as again:
        history = [
            {"role": "user", "content": "What does HFT freeze?"},
            {"role": "assistant", "content": "HFT freezes half of the parameters."},
        ]
        answer = again.ask("And what about S2FT?", history=history)
    assert answer.citations[0].paper.title.startswith("S^{2}FT:")


def test_a_name_that_is_a_word_elsewhere_counts_in_its_own_spelling_or_where_it_is_called_so(
    library: Assistant,
) -> None:
    library.search("warm")
    named = library._holdings.papers_named
    assert not any(map(named, ["list methods for pruning", "List all papers on adapters", "What about a list?"]))
    calls = ["What does LiST do?", "what does the list paper do?", "a method called list", "What is “list”?"]
    assert all(len(named(text)) == 1 for text in calls)
    assert all(len(named(text)) == 1 for text in ("how does hft work?", "Hft", "what is biobert?"))  # no words anywhere


@pytest.mark.parametrize(
    "text",
    ["explain otters like I am five", "Give me a one-sentence summary of otters", "tell me somthing about otters"],
)
def test_how_it_is_to_be_told_is_no_topic(text: str) -> None:
    assert topic_of(without_typing_errors(text)) == "otters"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("thanks! now, which paper is the newest?", "which paper is the newest?"),
        ("ok thanks. alright then, how does it work?", "how does it work?"),
        ("Great! Thanks. And now list papers on otters", "list papers on otters"),
        ("now what is HFT?", "what is HFT?"),
        ("interesting - why?", "why?"),
        ("now something else: what is HFT?", "what is HFT?"),
        ("one more thing: what is HFT?", "what is HFT?"),
        ("change of subject. what is HFT?", "what is HFT?"),
        ("thanks!", "thanks!"),
        ("ok, thanks", "ok, thanks"),
        ("Right whales sing", "Right whales sing"),
        ("fine-tuning of models", "fine-tuning of models"),
        ("next sentence prediction in BERT", "next sentence prediction in BERT"),
        ("Now You See Me: Learning to hide", "Now You See Me: Learning to hide"),
    ],
)
def test_words_that_turn_to_a_question_say_nothing(text: str, asked: str) -> None:
    assert without_opening(text) == asked
    assert read_question(text).terms == read_question(asked).terms


def test_a_title_asks_for_no_number() -> None:
    assert not read_question("why? (about “How Far Away Are Otters?”)").wants_number
    assert not read_question("What does “How Many Otters Are Needed?” propose?").wants_number
    assert read_question("How many otters does “How Many Otters Are Needed?” need?").wants_number


@pytest.mark.parametrize(
    ("question", "is_counted"),
    [
        ("Which model is used in most papers?", True),
        ("What is the most common data set?", True),
        ("Which optimizer do most papers on pruning use?", True),
        ("What is the largest model in these papers?", True),
        ("Which method in the library saves the most memory?", False),
        ("What is the fastest optimizer of all the papers?", True),
        ("Which is the most recent paper in the library?", False),
        ("Which has the most authors in the library?", False),
        ("What is the largest model that HFT tunes?", False),
        ("What is the most common cause of death?", False),
        ("Which papers use the most common words?", False),
    ],
)
def test_what_would_have_to_be_counted_over_all_papers(question: str, is_counted: bool) -> None:
    assert read_question(question).counts_papers is is_counted


def test_nothing_is_counted_over_all_papers(library: Assistant) -> None:
    answer = library.ask("Which model is used in most papers?")
    assert (answer.status, answer.claims) == ("not_found", ())
    assert "nothing is counted or compared over all of them" in answer.reason
    assert "found, not counted" in library.ask("Which optimizer do most papers on pruning use?").reason


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What are the top 3 methods to save memory?", 3),
        ("what are two ways to prune?", 2),
        ("What are 7B models?", 0),
    ],
)
def test_things_are_listed_where_it_is_asked_what_they_are(question: str, wanted: int) -> None:
    assert read_question(question).things_wanted == wanted


def test_which_languages_and_what_share_are_answered_by_such_or_declined(tmp_path: Path) -> None:
    papers = [
        Paper("OtterSpeak: calls of otters", "OtterSpeak transcribes Swahili and Zulu. It is trained on rivers."),
        Paper("BeaverSpeak: calls of beavers", "BeaverSpeak transcribes many languages. It freezes all its layers."),
        Paper(
            "NewtTune: tuning for newts", "NewtTune is fast. NewtTune trains its weights. It trains 7% of the weights."
        ),
    ]
    with Assistant(data_dir=tmp_path) as library:
        library.add(papers)
        assert "Swahili" in library.ask("Which languages does OtterSpeak transcribe?").text
        declined = library.ask("Which languages does BeaverSpeak transcribe?")
        assert (declined.status, "say nothing of a language" in declined.reason) == ("not_found", True)
        assert "7%" in library.ask("What percentage of the weights does NewtTune train?").text
        assert "say nothing of a share" in library.ask("What share of its layers does BeaverSpeak freeze?").reason


def test_what_comes_first_is_summed_up(library: Assistant) -> None:
    newest = [c.paper.title for c in library.ask("Which paper is the newest?").citations]
    one = library.ask("What is the newest paper about?")
    assert {c.paper.title for c in one.citations} == {newest[0]}
    assert (one.status, "without a printed year may belong before" in one.reason) == ("partial", True)
    three = library.ask("Summarize the three most recent papers")
    assert list(dict.fromkeys(c.paper.title for c in three.citations)) == newest[:3]


def test_a_coined_name_is_meant_however_common_its_letters_are(library: Assistant) -> None:
    answer = library.ask("What loss function does DeTeCtive use?")
    assert answer.passages[0].signals["named"]
    assert "“DeTeCtive: " in answer.reason
