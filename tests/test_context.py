"""Questions among sentences that ask nothing: what is asked is found, and what is said beside it counts where it helps."""

import pytest

from assistant import Assistant
from assistant.answering.context import question_within
from assistant.questions.reading import read_question

HFT = "Which method keeps half of the parameters frozen in each tuning round?"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (f"We had a debate over lunch and nobody was sure. {HFT}", HFT),
        (f"{HFT} My boss wants to know by Friday.", HFT),
        (f"I read about it on Twitter last week! {HFT} I'd be glad about a reference.", HFT),
        ("we were unsure. which method keeps half the weights frozen?", "which method keeps half the weights frozen?"),
        ("Pruning language models at initialization. I need it for my thesis.",
         "Pruning language models at initialization."),
        (f"{HFT} It is for a school project.", HFT),
        ("I am from Skopje, is there a language model for Macedonian?", "is there a language model for Macedonian?"),
        ("We are students from Lagos. Is there any model for African languages?", "Is there any model for African languages?"),
    ],
)  # fmt: skip
def test_what_is_asked_is_told_from_what_is_said_beside_it(text: str, asked: str) -> None:
    within = question_within(read_question(text))
    assert within is not None and within.text == asked


@pytest.mark.parametrize(
    "text",
    [
        HFT,
        "I use Llama 3.1 8B. How can its memory be reduced when it is tuned on a GPU?",  # "its" is of the sentence before
        "I work on protein folding. Which data sets are used for evaluation?",  # too little by itself
        "What is LoRA? And how much memory does it save on a small GPU?",
        "Why are exam-type scores harder to forecast than perplexity? role of the wrong options",
        "We tune with adapters, which methods are better?",
        "We propose a network. We train it on pictures.",  # nothing would be left
        "",
    ],
)
def test_what_belongs_to_the_question_is_kept(text: str) -> None:
    assert question_within(read_question(text or "otters")) is None


@pytest.mark.parametrize(
    "wording",
    ["{} My boss wants to know by Friday.", "I am writing my thesis at ETH Zurich. {}", "I read that on Twitter! {}"],
)
def test_an_aside_costs_no_answer(library: Assistant, wording: str) -> None:
    bare, worded = library.ask(HFT), library.ask(wording.format(HFT))
    assert worded.status == "answered"
    assert [claim.text for claim in worded.claims] == [claim.text for claim in bare.claims]
    assert worded.standalone_question == HFT  # shown as it was understood
    assert library.decision(wording.format(HFT)).answerable
    assert library.search(wording.format(HFT), k=3) == library.search(HFT, k=3)


def test_an_aside_about_the_papers_answers_nothing_else(library: Assistant) -> None:
    answer = library.ask(
        "We tune half of the parameters of language models. Which oven temperature suits a cheese souffle best?"
    )
    assert answer.status == "not_found"


def test_what_is_said_beside_the_question_counts_where_it_helps(library: Assistant) -> None:
    """Both are answered; with the sentence before it the question is answered more probably."""
    text = "We fine-tune half of the parameters of large language models. Which methods keep the most basic knowledge?"
    assert question_within(read_question(text)) is not None
    assert library.ask(text).standalone_question == text
