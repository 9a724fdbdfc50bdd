"""What is found and quoted of papers in full, of which an abstract is a hundredth."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import Assistant
from assistant.answers import Answer
from assistant.questions.numbered import parts_asked
from assistant.questions.reading import read_question
from assistant.questions.sections import summary_of
from assistant.records import Paper, Section

FILLER = [
    Section(
        " ".join(
            f"In trial {n} the {animal} of river {n} dived {n} times, and plots are shown of it."
            for n in range(8 * k, 8 * k + 8)
        ),
        f"Trial {k}",
    )
    for k, animal in enumerate(
        ("otters", "beavers", "voles", "newts", "frogs", "eels", "pikes", "toads", "herons", "coots")
    )
]


def full(name: str, subject: str, *more: Section) -> Paper:
    """A paper of ten sections of trials between abstract and conclusions."""
    own = f"{name} is a package for {subject}. We present how {name} treats {subject}."
    abstract = f"A version of this paper was published in Rivers. {own}"
    return Paper(
        f"{name}: A Package for {subject.title()}",
        abstract,
        id=name,
        body=(
            Section(
                f"Much is known of {subject}. This paper is organized as follows: Section 2 has the trials.",
                "1 Introduction",
            ),
            *FILLER[:5],
            *more,
            *FILLER[5:],
            Section(f"We have shown that {name} halves the time that {subject} takes.", "7 Conclusions"),
        ),
    )


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    defined = Section("A splash plot is a picture of how far water flies. Its axes are free.", "Details")
    plots = Section(
        " ".join(f"Splash plots are used for trial {n} and splash plots for trial {n + 1}." for n in range(30)), "Plots"
    )
    limits = Section("Only tame otters were seen. Nothing holds at night.", "6 Limitations")
    praise = Section(
        "The limiting law is normal. Prior methods suffer from noise, and ours passes all of them.", "Laws"
    )
    with Assistant(data_dir=tmp_path_factory.mktemp("shelf")) as library:
        library.add(
            [
                full("Splasher", "counting splashes", plots, defined),
                full("Whisker", "measuring whiskers", praise, limits),
                full("Burrower", "mapping burrows"),
                full("Pebbler", "sorting pebbles"),
            ]
        )
        yield library


def sections_of(answer: Answer) -> set[str | None]:
    return {citation.section for citation in answer.citations}


@pytest.mark.parametrize(
    "question",
    ["What is this paper about?", "summarise it", "tl;dr", "What are the main contributions?", "give me an overview"],
)
def test_a_summary_of_a_chosen_paper_is_of_its_abstract_and_conclusions(shelf: Assistant, question: str) -> None:
    answer = shelf.ask(question, papers=["Splasher"])
    assert sections_of(answer) <= {"Abstract", "7 Conclusions"}
    assert "Splasher is a package for counting splashes." in answer.text
    assert "was published" not in answer.text


@pytest.mark.parametrize(
    "question", ["Summarise Whisker", "What is Whisker about?", "Summarise Whisker: A Package for Measuring Whiskers"]
)
def test_so_is_that_of_one_that_is_named(shelf: Assistant, question: str) -> None:
    answer = shelf.ask(question)
    assert sections_of(answer) <= {"Abstract", "7 Conclusions"}
    assert {citation.paper.id for citation in answer.citations} == {"Whisker"}


def test_conclusions_are_quoted_from_the_conclusions(shelf: Assistant) -> None:
    assert shelf.ask("What does this paper conclude?", papers=["Pebbler"]).citations[0].section == "7 Conclusions"


@pytest.mark.parametrize(
    "question", ["Summarise these papers", "what are these papers about?", "What do they propose?"]
)
@pytest.mark.parametrize("chosen", [["Splasher", "Whisker"], ["Splasher", "Whisker", "Burrower", "Pebbler"]])
def test_of_several_chosen_papers_each_is_summed_up(shelf: Assistant, question: str, chosen: list[str]) -> None:
    answer = shelf.ask(question, papers=chosen)
    assert {citation.paper.id for citation in answer.citations} == set(chosen)
    assert sections_of(answer) <= {"Abstract", "7 Conclusions"}


def test_a_summary_of_something_in_a_paper_is_no_summary_of_the_paper() -> None:
    subjects = {
        "Summarise the trials of voles": "the trials of voles",
        "What is Whisker about?": "Whisker",
        "What is it about?": "",
        "what are the key findings of these two papers?": "",
        "How many voles are there?": None,
        "What about voles?": None,
        "Sum this paper up in two sentences": None,
        "Summarise this paper in two sentences": "",
        "please explain these papers": "",
        "Explain Whisker": None,
    }
    assert {question: summary_of(question) for question in subjects} == subjects


def test_limitations_are_quoted_from_under_their_heading_and_not_from_praise(shelf: Assistant) -> None:
    answer = shelf.ask("What are the limitations?", papers=["Whisker"])
    assert answer.citations[0].section == "6 Limitations"
    assert "ours passes" not in answer.text
    assert "limiting law" not in answer.text


def test_a_definition_is_found_beyond_the_pages_that_use_the_word_most(shelf: Assistant) -> None:
    assert shelf.ask("What is a splash plot?").claims[0].text == "A splash plot is a picture of how far water flies."


def test_what_a_paper_is_called_after_is_defined_by_that_paper(shelf: Assistant) -> None:
    assert shelf.ask("What is Burrower?").claims[0].text == "Burrower is a package for mapping burrows."


def test_of_a_chosen_paper_as_many_passages_are_found_as_of_several(shelf: Assistant) -> None:
    assert len(shelf.search("How often did otters dive?", k=6, papers=["Pebbler"])) == 6
    papers = [passage.paper.id for passage in shelf.search("How often did otters dive?", k=6)]
    assert max(map(papers.count, papers)) == 2


def test_what_is_asked_of_a_named_paper_is_found_in_it_by_what_is_asked(shelf: Assistant) -> None:
    question = "What does “Burrower: A Package for Mapping Burrows” say about toads?"
    (first, *_) = shelf.search(question)
    assert (first.paper.id, first.chunk.heading) == ("Burrower", "Trial 7")
    assert "toads" in shelf.ask(question).claims[0].text


def test_a_paper_may_be_called_by_the_name_of_its_file(tmp_path: Path) -> None:
    for name, animal in (("night-otters.md", "otters"), ("voles.v2.md", "voles")):
        text = f"# How {animal.title()} Sleep\n\n## Abstract\n\nWe find that {animal} sleep in rivers by night.\n"
        (tmp_path / name).write_text(text)
    with Assistant(data_dir=tmp_path / "data", model="extractive") as library:
        library.add(tmp_path)
        answer = library.ask("What is night-otters.md about?")
        assert answer.standalone_question == "What is “How Otters Sleep” about?"
        assert {citation.paper.title for citation in answer.citations} == {"How Otters Sleep"}
        assert library.ask("where do the animals of voles.v2.md sleep?").citations[0].paper.title == "How Voles Sleep"
        assert library.ask("What is beavers.md about?").status == "not_found"


def test_a_summary_is_read_in_no_time_whatever_the_text() -> None:
    start = time.monotonic()
    for text in (
        "please " * 600,
        "what is the " * 300,
        "of this " * 400,
        "summary of the " * 200,
        "what do they " * 300,
    ):
        summary_of(text)
    assert time.monotonic() - start < 1


class TestNumberedParts:
    """ "What does Figure 2 show?" is answered by what names that figure, and by nothing else."""

    @pytest.fixture(scope="class")
    def drawn(self, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
        results = Section(
            "Figure 1 shows the rivers. Most otters float (see Figs. 1 and 2). Figure 3 depicts the group effects of all rivers. "
            "The rates in Table 12 are rounded.",
            "4 Results",
        )
        captions = Section(
            "Figure 2: Share of otters that float at night.\n\nTable 2. Weights of all otters.", "4 Results"
        )
        with Assistant(data_dir=tmp_path_factory.mktemp("drawn")) as library:
            library.add([full("Otterly", "otters", results, captions), full("Beaverly", "beavers", results)])
            yield library

    @pytest.mark.parametrize(
        ("question", "quoted"),
        [
            (
                "What does Figure 2 show?",
                {"Figure 2: Share of otters that float at night.", "Most otters float (see Figs. 1 and 2)."},
            ),
            ("explain fig. 3", {"Figure 3 depicts the group effects of all rivers."}),
            ("What is in Table 2?", {"Table 2. Weights of all otters."}),
        ],
    )
    def test_only_what_names_the_part_is_quoted(self, drawn: Assistant, question: str, quoted: set[str]) -> None:
        answer = drawn.ask(question, papers=["Otterly: A Package for Otters"])
        assert {claim.text for claim in answer.claims} == quoted

    def test_the_paper_may_be_named_in_the_question_or_before_it(self, drawn: Assistant) -> None:
        for question in ("What does Figure 2 of Otterly show?", "In the otters paper, what does Figure 2 show?"):
            answer = drawn.ask(question)
            assert "Figure 2: Share of otters that float at night." in {claim.text for claim in answer.claims}, question
        turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer.text}]
        assert {claim.text for claim in drawn.ask("and Figure 3?", history=turns).claims} == {
            "Figure 3 depicts the group effects of all rivers."
        }

    def test_a_part_that_is_not_there_or_of_an_unknown_paper_is_declined(self, drawn: Assistant) -> None:
        one = drawn.ask("What does Figure 4 show?", papers=["Otterly: A Package for Otters"])
        assert (one.status, one.reason) == (
            "not_found",
            "Not found: the passages found say nothing of Figure 4.",
        )
        assert drawn.ask("What does Figure 1 show?").reason == "Not found: the question does not say of which paper."

    @pytest.mark.parametrize(
        ("asked", "name", "named", "others"),
        [
            (
                "figure 2",
                "Figure 2",
                ("Fig. 2", "Figures 1 and 2", "(Figure 2a)", "Figs. 1, 2"),
                ("Figure 20", "Figure 2.1", "Table 2"),
            ),
            ("eq. (3)", "Equation 3", ("Equations 2, 3, and 4", "Eq. (3)", "equation 3"), ("Equation 13", "figure 3")),
            ("Table A.1", "Table A.1", ("Table A.1:",), ("Table A.11", "Table 1")),
        ],
    )
    def test_spellings(self, asked: str, name: str, named: tuple[str, ...], others: tuple[str, ...]) -> None:
        ((found, pattern),) = parts_asked(f"What does {asked} show?")
        assert found == name
        assert [bool(pattern.search(text)) for text in (*named, *others)] == [True] * len(named) + [False] * len(others)

    @pytest.mark.parametrize(
        ("asked", "names"),
        [
            ("Figures 2 and 3", ["Figure 2", "Figure 3"]),
            ("tables 1-3", ["Table 1", "Table 2", "Table 3"]),
            ("figs. 1, 3 and 4a", ["Figure 1", "Figure 3", "Figure 4"]),
            ("Definitions 1.2 and 1.4", ["Definition 1.2", "Definition 1.4"]),
            ("Table 2 and Figure 3", ["Figure 3", "Table 2"]),
            ("Figure 1-2", []),
        ],
    )
    def test_several(self, asked: str, names: list[str]) -> None:
        assert [name for name, _ in parts_asked(f"What do {asked} show?")] == names
        assert read_question(f"What do {asked} show?").names == () or not names

    @pytest.mark.parametrize(
        "question",
        [
            "What is table tennis?",
            "a figure of 20 %",
            "Is 3 million the right figure?",
            "Which freezes half, for example 7B models?",
            "is the second example 2 times faster",
            "tables 5x larger",
            "how to prop 3 walls",
        ],
    )
    def test_other_figures(self, question: str) -> None:
        assert parts_asked(question) == ()
