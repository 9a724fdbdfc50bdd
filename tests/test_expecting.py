"""Near misses: the topic is there, the kind of answer is not. One text answers every question, the other none."""

import pytest

from assistant import Assistant, Paper
from assistant.questions.abbreviations import spelt_out
from assistant.questions.expecting import counting, unmet
from assistant.questions.reading import read_question
from assistant.records import Chunk, Passage, Span

DENS = Paper(
    title="OtterNet: Counting Dens from Drones",
    abstract="OtterNet finds 41 dens in 12 hours on two A100 GPUs with a batch size of 64 in Norway. It is released under the "
    "MIT licence, beats RiverNet by 3 points, and each flight costs 90 dollars. Trained with support by grants of 2019. Seals "
    "are left for future work. It installs from PyPI and is maintained by Den Lab.",
)
BARE = Paper(title="OtterNet: Counting Dens from Drones", abstract="OtterNet finds dens from drones, and it is fast.")
ASKED = [
    "How many dens does OtterNet find?",
    "How many dens per flight does it find?",
    "How many dens come with the licence?",
    "What is the number of dens found?",
    "How long does finding dens take, in hours?",
    "What batch size does OtterNet use?",
    "Under which licence is OtterNet released?",
    "How much money does a flight cost?",
    "What does a flight of OtterNet cost?",
    "Which GPU does OtterNet run on?",
    "Who funded OtterNet?",
    "Does OtterNet beat RiverNet at counting?",
    "In which country are the dens?",
    "Which years do the grants span?",
    "By what share is OtterNet better?",
    "What future work does OtterNet leave?",
    "Who is the maintainer of OtterNet?",
    "How can I install OtterNet?",
]


def passage_of(paper: Paper) -> Passage:
    return Passage(
        Chunk(f"{paper.id}:0", paper.id, paper.abstract, (Span(0, len(paper.abstract)),), 0, 0, 60), paper, 1.0
    )


def lacking(question: str, *papers: Paper) -> str:
    return unmet(read_question(question), [passage_of(paper) for paper in papers], lambda name: True)


def test_a_unit_is_no_part_of_a_compound() -> None:
    assert lacking("What are the open problems in parameter-efficient tuning?", BARE) == ""


@pytest.mark.parametrize("question", ASKED)
def test_what_the_passages_hold_is_answered(question: str) -> None:
    assert lacking(question, DENS) == ""


@pytest.mark.parametrize("question", ASKED)
def test_what_the_passages_do_not_hold_is_named(question: str) -> None:
    assert lacking(question, BARE).startswith("Not found:")


@pytest.mark.parametrize(
    "question",
    [
        "How does OtterNet find dens?",
        "Compare OtterNet and RiverNet",
        "Which methods beat RiverNet?",
        "how many of the dens are found from drones?",
        "Is an OtterNet-like search fast?",
    ],
)
def test_a_question_that_expects_nothing_particular_is_answered(question: str) -> None:
    assert lacking(question, DENS) == ""


def test_two_names_must_stand_in_one_paper() -> None:
    other = Paper(title="RiverNet", abstract="RiverNet maps rivers.")
    assert "“OtterNet” and “RiverNet” together" in lacking("Does OtterNet beat RiverNet?", BARE, other)
    assert lacking("Does OtterNet differ from RiverNet?", BARE, other) == ""  # a comparison may quote both


@pytest.mark.parametrize(
    "question",
    [
        "Tell me about OtterNet and RiverNet",
        "How do OtterNet and RiverNet find dens?",
        "Is OtterNet faster than RiverNet?",
        "Does OtterNet need fewer drones than RiverNet?",
        "OtterNet and RiverNet: which of the two is newer?",
        "Which is older, OtterNet or RiverNet?",
        "Does OtterNet find dens, and does RiverNet map rivers?",
    ],
)
def test_names_side_by_side_may_stand_in_a_paper_each(question: str) -> None:
    other = Paper(title="RiverNet", abstract="RiverNet maps rivers.")
    assert lacking(question, BARE, other) == ""
    assert lacking(question, BARE) == "Not found: no paper found mentions “RiverNet”."


@pytest.mark.parametrize(
    "question",
    [
        "Does OtterNet use RiverNet?",
        "Is OtterNet tuned on RiverNet and LakeNet?",
        "Is OtterNet faster than LakeNet on RiverNet?",
        "What is OtterNet, and how does it do on RiverNet?",
        "Why OtterNet rather than RiverNet?",
    ],
)
def test_names_that_are_parts_of_one_thing_must_stand_together(question: str) -> None:
    others = [Paper(title=name, abstract=f"{name} maps waters.") for name in ("RiverNet", "LakeNet")]
    assert "together" in lacking(question, BARE, *others)


@pytest.mark.parametrize(
    "question",
    [
        "Tell me about DyLoRA and NOLA",
        "Is NOLA smaller than DyLoRA?",
        "How does NOLA reduce parameters, and does DyLoRA search for a rank?",
    ],
)
def test_names_side_by_side_are_answered_from_a_paper_each(library: Assistant, question: str) -> None:
    assert {"DyLoRA", "NOLA"} <= {c.paper.title.split(":")[0] for c in library.ask(question).citations}


def test_a_name_may_be_spelt_out_or_part_of_a_compound() -> None:
    spelt = Paper(
        title="Dens of otters", abstract="LLMs and multi-agent reinforcement learning find the dens of otters."
    )
    assert lacking("Does MARL find dens?", spelt) == ""
    assert lacking("Does LLM-guided search find dens?", spelt) == ""
    assert "“MCTS”" in lacking("Does MCTS find dens?", spelt)


def test_names_joined_in_a_compound_stand_near_each_other() -> None:
    for apart in (
        "Box plots show where otters den, and models of Cox when.",
        "Cox and others watch otters from a box.",
    ):
        assert "“Box-Cox”" in lacking("What is the Box-Cox transformation?", Paper(title="Otters", abstract=apart))
    for near in ("Box and Cox (1964) transform dens.", "The Böx–Cóx transformation is of dens.", "The BoxCox way."):
        assert lacking("What is the Box-Cox transformation?", Paper(title="Otters", abstract=near)) == ""
    abroad = Paper(
        title="Otters", abstract="Otters of Spain were told from others, of whom we wrote before, in English."
    )
    assert lacking("Is there Spanish-English talk of otters?", abroad) == ""


def test_a_place_may_stand_for_its_adjective() -> None:
    rivers = Paper(title="Otters of the UK", abstract="Otters swim in rivers of the EU and tell us of it.")
    assert lacking("Do British otters swim as European ones do?", rivers) == ""
    assert "“American”" in lacking("Do American otters swim?", rivers)  # "us" is no country


def test_people_may_be_counted_by_what_they_did() -> None:
    trial = Paper(
        title="OtterNet on trial", abstract="In a randomized trial of 86 participants, OtterNet finds 41 dens."
    )
    assert lacking("How many people participated in the trial of OtterNet?", trial) == ""
    assert "a number of volunteers" in lacking("How many volunteers used OtterNet?", trial)
    assert "a number of people" in lacking("How many people used OtterNet?", DENS)


@pytest.mark.parametrize("said", ["patients", "subjects", "participants"])
def test_who_takes_part_in_a_study_is_counted_under_another_name_too(said: str) -> None:
    trial = Paper(title="OtterNet on trial", abstract=f"OtterNet is tried by 86 {said}, who find dens.")
    for asked in ("patients", "subjects", "participants", "people", "individuals"):
        assert lacking(f"How many {asked} tried OtterNet?", trial) == ""
    assert "a number of patients" in lacking("How many patients tried OtterNet?", DENS)
    assert "a number of nurses" in lacking("How many nurses tried OtterNet?", trial)


def test_a_ratio_counts_nothing() -> None:
    assert lacking("How many times faster is OtterNet than RiverNet?", DENS) == ""


def test_a_name_may_stand_anywhere_in_the_paper() -> None:
    whole = Paper(title="OtterNet", abstract="OtterNet finds dens. RiverNet does not.")
    first = Chunk(f"{whole.id}:0", whole.id, whole.abstract[:20], (Span(0, 20),), 0, 0, 5)
    question = read_question("Does OtterNet beat RiverNet?")
    assert unmet(question, [Passage(first, whole, 1.0)], lambda name: True) == ""


def test_the_library_declines_and_says_what_is_missing(tmp_path: object) -> None:
    with Assistant(data_dir=str(tmp_path)) as library:
        library.add([BARE])
        answer = library.ask("How many dens does OtterNet find?")
        assert (answer.status, answer.reason) == (
            "not_found",
            "Not found: the passages found say nothing of a number of dens.",
        )
        assert answer.nearest
        assert library.ask("How does OtterNet find dens?").status == "answered"


def test_a_paper_that_is_named_beside_much_else_is_looked_into(library: Assistant) -> None:
    """Others come nearer to a learning rate schedule, and none of them mentions SaRA."""
    for question in (
        "what learning rate schedule is used in SaRA",
        "How is the alignment of vision encoders tested in TÜLU 3?",
    ):
        reason, name = library.ask(question).reason, question.split(" in ")[1].strip("?")
        assert reason.startswith(f"Not found: nothing in “{name}: "), reason


@pytest.mark.parametrize(
    ("short", "text", "long"),
    [
        ("PEFT", "We study parameter-efficient fine-tuning (PEFT) here.", "parameter-efficient fine-tuning"),
        (
            "rlhf",
            "Reinforcement learning from human feedback (RLHF, for short)",
            "Reinforcement learning from human feedback",
        ),
        ("LLM", "of large language models (LLMs)", "large language models"),
        ("LoRA", "LoRA (low-rank adaptation) is cheap", "low-rank adaptation"),
        ("PEFT", "a method for tuning (PEFT)", ""),
        ("PEFT", "PEFT is cheap (see below)", ""),
        ("OtterNet", "a network (OtterNet)", ""),
        ("MHC3", "a multi-head convolutional cross-covariance (MHC^3)", "multi-head convolutional cross-covariance"),
        ("FFT", "FFT, short for full fine-tuning.", "full fine-tuning"),
    ],
)
def test_an_abbreviation_is_spelt_out_before_or_in_brackets(short: str, text: str, long: str) -> None:
    assert spelt_out(short, text) == long


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("What does PEFT stand for?", "PEFT"),
        ("what is the full form of “RLHF”?", "RLHF"),
        ("What is MoE short for?", "MoE"),
        ("What does the acronym GRPO mean?", "GRPO"),
        ("what does it stand for? (about “LST: Ladder Side-Tuning”)", "LST"),
        ("what does it stand for?", ""),
        ("What do the colours stand for?", ""),
        ("What can stand for a label?", ""),
    ],
)
def test_the_abbreviation_that_is_asked_of_is_read(question: str, short: str) -> None:
    assert read_question(question).abbreviation == short
    assert read_question("What does SAM stand for in vision?").terms == ("sam", "vision")


def test_an_abbreviation_is_answered_where_a_paper_spells_it_out(library: Assistant) -> None:
    answer = library.ask("What does PEFT stand for?")
    assert (answer.status, len(answer.claims)) == ("answered", 1)
    assert "arameter-efficient fine-tuning (PEFT)" in answer.text
    history = [
        {"role": "user", "content": "What is LST?"},
        {"role": "assistant", "content": library.ask("What is LST?").text},
    ]
    assert "Ladder Side-Tuning (LST)" in library.ask("what does it stand for?", history=history).text
    answer = library.ask("What does NOLA stand for?")
    assert (answer.status, answer.reason) == ("not_found", "Not found: no paper found spells “NOLA” out.")


def test_what_a_paper_leaves_out_is_told_only_where_it_says_so(library: Assistant) -> None:
    said = library.ask("What does HFT not change?")
    assert [claim.text[:7] for claim in said.claims] == ["Without"]
    history = [
        {"role": "user", "content": "What is NOLA?"},
        {"role": "assistant", "content": library.ask("What is NOLA?").text},
    ]
    answer = library.ask("What do they not evaluate?", history=history)
    assert (answer.status, "tell what was done" in answer.reason) == ("not_found", True)
    assert library.ask("What do they not evaluate?").reason == "Not found: the question does not say of which paper."
    assert library.ask("Which methods do not need labels?").claims


def test_a_number_counts_nothing_beyond_a_dash() -> None:
    is_counted = counting(read_question("How many languages does Otterly support?"))
    assert is_counted and is_counted("It reads 21 languages -- more than any other.")
    assert not is_counted("It outperforms Beaver 260B -- the largest Chinese language model -- by far.")
