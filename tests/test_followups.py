"""Follow-ups whose words do not tell whether they lean on the turn before: the library tells (more in benchmarks/followups.py)."""

import pytest

from assistant import Assistant
from assistant.followups import without_start

LST, MACEDONIAN = "What is LST?", "Which model was trained for Macedonian?"


def chat(library: Assistant, *questions: str) -> tuple[str, list[str]]:
    """The last question as it was understood, and the titles of the papers that its answer cites."""
    history: list[dict[str, str]] = []
    for question in questions:
        answer = library.ask(question, history=history)
        history += [{"role": "user", "content": question}, {"role": "assistant", "content": answer.text}]
    return answer.standalone_question, list(dict.fromkeys(citation.paper.title for citation in answer.citations))


@pytest.mark.parametrize(
    ("first", "question", "title"),
    [
        (LST, "And which model was trained for Macedonian?", "Towards Open Foundation Language Model"),
        (LST, "Also, which papers study drones in haze?", "HazyDet"),
        (LST, "What about drone detection in haze?", "HazyDet"),
        (LST, "And what are model soups?", "Model soups"),
        (MACEDONIAN, "genomic sequences", "HyenaDNA"),
        ("Which papers study drones in haze?", "lameness of cows", "A Model Generalization Study"),
        ("What is DyLoRA?", "cyberbullying?", "Improving Classifier Training Efficiency"),
    ],
)
def test_a_question_on_another_topic_leaves_the_paper_before(
    library: Assistant, first: str, question: str, title: str
) -> None:
    understood, cited = chat(library, first, question)
    assert understood == without_start(question)
    assert cited[0].startswith(title)


@pytest.mark.parametrize(
    ("first", "question", "title"),
    [
        (MACEDONIAN, "how many examples are in the instruction data?", "Towards Open Foundation Language Model"),
        (MACEDONIAN, "is the data open?", "Towards Open Foundation Language Model"),
        ("What is HyenaDNA?", "context length?", "HyenaDNA"),
        (LST, "on which data sets?", "LST"),
        (LST, "compared with LoRA?", "LST"),
        (LST, "but how much slower?", "LST"),
        ("What is Lawma?", "and on images?", "Lawma"),
    ],
)
def test_a_short_question_that_no_other_paper_answers_better_keeps_the_paper(
    library: Assistant, first: str, question: str, title: str
) -> None:
    assert f"{question} (about “{title}" in chat(library, first, question)[0]


def test_the_paper_is_kept_from_turn_to_turn(library: Assistant) -> None:
    turns = ("What is HyenaDNA?", "context length?", "how long sequences can it read", "and on GenomicBenchmarks?")
    assert chat(library, *turns)[1] == [
        "HyenaDNA: Long-Range Genomic Sequence Modeling at Single Nucleotide Resolution"
    ]


def test_what_no_paper_answers_is_refused_as_it_is_after_an_answer_too(library: Assistant) -> None:
    history = [{"role": "user", "content": LST}, {"role": "assistant", "content": library.ask(LST).text}]
    answer = library.ask("but which football team won?", history=history)
    assert answer.status == "not_found"
    assert "“football”" in answer.reason


def test_a_question_about_the_library_is_not_asked_of_the_paper_before(library: Assistant) -> None:
    assert chat(library, LST, "How many papers are there?")[0] == "How many papers are there?"
