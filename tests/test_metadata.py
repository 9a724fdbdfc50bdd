"""Questions for the printed metadata are told from questions that only the text answers."""

from pathlib import Path

import pytest

from assistant import Assistant, Paper
from assistant.questions.metadata import Asked, asked_metadata, paper_called
from assistant.questions.names import is_called, is_named
from assistant.questions.reading import read_question

NOTHING = Asked(date=False, people=False, author_count=False, comments=False)


@pytest.mark.parametrize(
    "question",
    [
        "When was OtterNet published and how many authors does it have?",
        "When did the structured sparse fine-tuning paper S2FT first appear?",
        "When was part II of Otters of the River released?",
        "when was attention is all you need published",
        "Where and when did it come out?",
        "and when?",
        "which of these papers is the oldest?",
        "who wrote it and when? (about “Otters in May”)",
        "what year was S2FT released?",
        "In which year did the OtterNet paper appear?",
        "What date is printed for OtterNet?",
        "What year is Beaver-7 from?",
        "publication date of OtterNet",
        "What year was the paper on dens published in?",
        "papers on otters published in May",
        "How old is the paper on dens?",
        "how old is it?",
        "Which is newer, OtterNet or DenNet?",
        "which one came first: OtterNet or DenNet",
        "Which method was introduced earlier, OtterNet or the DenNet paper?",
        "Is OtterNet older than DenNet?",
        "Was the OtterNet paper published before DenNet?",
    ],
)
def test_when_a_paper_appeared_is_printed(question: str) -> None:
    assert asked_metadata(question).date


@pytest.mark.parametrize(
    "question",
    [
        "Who wrote Otters in May?",
        "and who wrote it?",
        "who wrote attention is all you need",
        "Can you tell me who wrote the original paper on dens?",
        "When was OtterNet published and who proposed it?",
        "Who proposed low-rank adaptation?",
        "Who developed OtterNet?",
        "By whom was it written?",
        "OtterNet was proposed by whom?",
        "who is the first author of Pointer Networks",
        "Who’s the author of OtterNet?",
        "What are the authors' names?",
        "What is the affiliation of the authors?",
        "Which company released OtterNet?",
        "Which university wrote this paper?",
        "Which lab is behind S2FT?",
        "What university are the authors from?",
        "What organization is the paper affiliated with?",
        "what company does s2ft come from?",
        "Who wrote the den vignette?",
        "Who are the authors of the otter thesis?",
        "Who wrote the report on dens?",
    ],
)
def test_who_made_a_paper_is_printed(question: str) -> None:
    assert asked_metadata(question).people


@pytest.mark.parametrize(
    "question",
    [
        "How many authors does the paper Otters of the River have?",
        "how many co-authors?",
        "How many authors are listed for the paper on dens?",
        "number of authors of OtterNet",
        "How many people wrote it?",
        "How many people are behind the OtterNet paper?",
        "how many researchers worked on this study?",
        "How many writers does the paper have?",
    ],
)
def test_how_many_authors_a_paper_has_is_printed(question: str) -> None:
    assert asked_metadata(question).author_count


@pytest.mark.parametrize(
    "question",
    [
        "How many comments does it have?",
        "How many comments are there on the OtterNet paper?",
        "comment count of OtterNet",
    ],
)
def test_how_many_comments_a_paper_has_is_printed(question: str) -> None:
    assert asked_metadata(question).comments


@pytest.mark.parametrize(
    "question",
    [
        "How many people participated in the randomized trial of OtterNet?",
        "How many people annotated the Beaver-7 videos?",
        "How many people worked on the annotation?",
        "How many people did the OtterNet paper recruit?",
        "How many researchers were interviewed?",
        "How many writers are shared among groups?",
        "How old are the otters in the medical dataset?",
        "how old are the models?",
        "When did the training loss spike?",
        "When was the training data collected?",
        "When were the models released?",
        "On what day were the 52,227 dens counted?",
        "In which year were the otters presented to visitors?",
        "What has been published on otters?",
        "Which group of otters benefits most from fish?",
        "Which university made the collection used for testing?",
        "At which university was the randomized trial of OtterNet run?",
        "What team size works best?",
        "Which group attention does OtterNet use?",
        "Who made the gold labels and who the silver ones?",
        "Who wrote these reviews?",
        "Who wrote the reviews of the study?",
        "Who is the target audience of OtterNet?",
        "Can OtterNet tell who is speaking, or who wrote it?",
        "Are affiliation networks biased?",
        "What is lost when author names are hidden?",
        "Which of these models is the latest?",
        "Which of the layers is the first?",
        "How many comments are in the published collection?",
        "How many comments were labelled by hand?",
        "Which is first, pruning or quantizing?",
        "Was OtterNet trained before DenNet was?",
        "Is a newer model better than an older one?",
        "Do papers with more authors have more citations?",
    ],
)
def test_what_the_text_answers_is_no_metadata(question: str) -> None:
    assert asked_metadata(question) == NOTHING
    assert not read_question(question).about_metadata


def test_two_papers_are_compared_by_their_records(library: Assistant) -> None:
    def names(question: str) -> list[str]:
        answer = library.ask(question)
        assert (answer.status, {citation.section for citation in answer.citations}) == ("answered", {"record"})
        return [citation.paper.title.split(":")[0] for citation in answer.citations]

    assert names("Which was published first, HFT or LST?") == ["LST", "HFT"]
    assert names("Which of LST and HFT is newer?") == ["HFT", "LST"]
    assert names("Which is newer, hft or lst?") == names("Did LST come out after HFT?") == ["HFT", "LST"]
    assert set(names("Which has more authors, HFT or LST?")) == {"HFT", "LST"}


def test_where_a_paper_that_is_compared_lacks_a_date_or_is_not_there_it_is_said(library: Assistant) -> None:
    def reason(question: str) -> str:
        answer = library.ask(question)
        assert (answer.status, [c.paper.title[:3] for c in answer.citations]) == ("partial", ["HFT"])
        return answer.reason

    assert "does not say in which year it appeared" in reason("Which is newer, PaCA or HFT?")
    assert reason("Which is more recent, LoRA+ or HFT?").startswith("Only one of the papers")


def test_a_paper_that_prints_no_year_has_no_place_in_an_order_of_dates(tmp_path: Path) -> None:
    papers = [
        Paper("OtterNet: Otters on Film", "OtterNet films otters.", date="Feb 19", author_count=2),
        Paper("DenNet: Dens on Film", "DenNet films dens.", date="Jan 5, 2022", year=2022),
        Paper("RiverNet: Rivers on Film", "RiverNet films rivers.", date="Mar 9, 2023", year=2023),
        Paper("LakeNet: Lakes on Film", "LakeNet films lakes."),
    ]
    titles = " and ".join(f"“{paper.title}”" for paper in papers)
    turns = [{"role": "user", "content": "papers on film"}, {"role": "assistant", "content": f"These are {titles}."}]
    with Assistant(data_dir=tmp_path) as own:
        own.add(papers)
        newest, oldest, all_of_them, pair = (
            own.ask("which of them is the newest?", history=turns),
            own.ask("Which paper is the oldest?"),
            own.ask("What is the newest paper?"),
            own.ask(
                "is it newer than DenNet?", history=[turns[0], {**turns[1], "content": f"See “{papers[0].title}”."}]
            ),
        )
    assert [c.paper.title[:5] for c in newest.citations] == ["River", "DenNe"]
    assert newest.reason.startswith("The records of") and "OtterNet" in newest.reason and "LakeNet" in newest.reason
    assert [c.paper.title[:5] for c in oldest.citations] == ["DenNe", "River"]
    assert "Of 4 papers, 2 without a printed year may belong before these." in oldest.reason
    assert "Of 4 papers, 2 without a printed year may belong before these." in all_of_them.reason
    assert [c.paper.title[:5] for c in pair.citations] == ["DenNe"]
    assert "it prints 2 authors · Feb 19: its place in this order is not known" in pair.reason


@pytest.mark.parametrize(
    ("question", "first"),
    [("which is newer?", "HFT"), ("which came first?", "NOLA"), ("which one has more authors?", "HFT")],
)
def test_the_few_papers_that_were_chosen_are_compared(library: Assistant, question: str, first: str) -> None:
    chosen = [paper.title for paper in library.papers() if paper.title.startswith(("HFT: ", "NOLA: "))]
    assert [claim.text.split(":")[0] for claim in library.ask(question, papers=chosen).claims][0] == first


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("When was the gorilla paper written?", "gorilla"),
        ("Who wrote the original Grün and Leisch paper on mixtures?", "Grün and Leisch"),
        ("How many authors does the S2FT paper have?", "S2FT"),
        ("Who wrote the timedep vignette?", "timedep"),
        ("Who wrote the paper?", ""),
        ("When was the first paper published?", ""),
        ("When did the sparse fine-tuning paper S2FT appear?", ""),
        ("Are the authors of the otter paper those of the bear paper?", ""),
        ("Did the authors write the paper?", ""),
    ],
)
def test_what_a_paper_is_called_is_read(question: str, name: str) -> None:
    assert paper_called(question) == name


def test_a_paper_is_called_by_its_title_its_file_its_people_or_a_name_that_it_introduces() -> None:
    paper = Paper(
        "Sleep in the Dens of Otters",
        "We propose a method called OtterNet, as against DenNet. Fish are eaten.",
        authors=("Ann Bär",),
        sources=("lutra_2.pdf",),
    )
    for name in ("otter", "dens", "otter sleep", "Bar", "lutra", "OtterNet", "otter den colours"):
        assert is_called(paper, name)
    for name in ("fish", "DenNet", "otter fish", "proposed method"):
        assert not is_called(paper, name)


def test_a_name_within_a_longer_one_is_no_name_of_its_paper() -> None:
    made = {
        name: Paper(f"{name}: Dams for Beavers", "Beavers build.") for name in ("BioBERT", "Qwen2.5-Math", "E.T. Bench")
    }
    assert not is_called(made["BioBERT"], "BERT")
    assert not is_called(made["BioBERT"], "Biob")
    assert is_called(made["BioBERT"], "biobert")
    assert is_called(made["Qwen2.5-Math"], "Qwen")  # of any version
    assert is_called(made["Qwen2.5-Math"], "Qwen2.5")
    assert not is_called(made["Qwen2.5-Math"], "Qwen3")
    assert is_called(made["E.T. Bench"], "ETBench")


@pytest.mark.parametrize(
    ("title", "abstract", "is_it"),
    [
        ("DenNet: Dams for beavers", "", True),
        ("DenNet2.5-Math Technical Report", "", True),
        ("Dams for beavers", "We propose a network for dams (DenNet), which is small.", True),
        ("Dams for beavers", "In this paper, we introduce DenNet, a network.", True),
        ("Dams for beavers", "We present a method called DenNet.", True),
        ("Improving DenNet training with dams", "We train it.", False),
        ("DenNet-based dams", "", False),
        ("Dams for beavers", "We adapt the recently introduced network DenNet.", False),
        ("Dams for beavers", "We propose a light DenNet training scheme.", False),
        ("Dams for beavers", "We propose a variant of DenNet.", False),
        ("Dams for beavers", "Dense Networks (DenNet) are common.", False),
    ],
)
def test_a_name_is_its_own_papers(title: str, abstract: str, is_it: bool) -> None:
    assert is_named(Paper(title, abstract), "DenNet") is is_it


def test_the_date_of_a_paper_called_by_the_name_is_told_and_no_other(tmp_path: Path) -> None:
    own = Paper("CLIP: Otter dens seen", "Dens are seen.", date="Jun 9, 2021", year=2021)
    assert read_question("when was CLIP published?").called_alone
    others = [
        Paper(f"Long clips of rivers {place}", "A clip is from a year.", date="May 3, 2022") for place in range(5)
    ]
    with Assistant(data_dir=tmp_path) as library:
        library.add([own, *others])
        for question in ("when was CLIP published?", "what year is CLIP from"):
            assert {one.paper.title for one in library.ask(question).citations} == {own.title}


def test_the_date_and_authors_of_another_paper_than_the_one_called_so_are_not_told(tmp_path: Path) -> None:
    filler = [
        Paper(
            f"{title} of papers written and published", f"{title} are written.", authors=("Bo",), date="2020", year=2020
        )
        for title in ("Dates", "Years", "Times", "Publications")
    ]
    gorillas = Paper("Shrinkage of Gorilla Estimators", "Estimators shrink.", authors=("Jane Doe",))
    with Assistant(data_dir=tmp_path) as library:
        library.add([*filler, gorillas])
        assert {one.paper.title for one in library.ask("Who wrote the gorilla paper?").citations} == {gorillas.title}
        reason = library.ask("When was the gorilla paper written?").reason
        assert reason.startswith(f"The record of “{gorillas.title}” does not say when it appeared")
        for question in ("In which year was the dinosaur paper published?", "Who wrote the dinosaur vignette?"):
            answer = library.ask(question)
            assert (answer.status, answer.reason) == ("not_found", "Not found: no paper found is called “dinosaur”.")
