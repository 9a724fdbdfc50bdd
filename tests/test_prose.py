"""What of a paper's text is prose, and which sentences define what is asked for."""

import time

import pytest

from assistant.prose import prose_share
from assistant.questions.definitions import definer, thing_asked


@pytest.mark.parametrize(
    "text",
    [
        "Otters swim.",
        "We evaluate OtterNet on three benchmarks (Beaver et al. 2019) and gain 3.5 points over LLaMA-3-8B.",
        "Large Language Models have achieved remarkable success, demonstrating powerful capabilities.",
        "Our code is available at https://example.org/otters/and/their/very/long/address.",
        "Figure 2.5 shows the dives broken down by whether they happened before or after noon.",
    ],
)
def test_sentences_of_papers_are_prose(text: str) -> None:
    assert prose_share(text) == 1


@pytest.mark.parametrize(
    "text",
    [
        "> fit <- otter(Surv(time, status) ~ age, data=river) > plot(fit[2], lwd=2, fun='event', conf.int=FALSE)",
        "0.009 0.000 0.010 0.003",
        "Estimate Std. Error z value Pr(>|z|) (Intercept) 2.84 0.25 10.98 < 2.2e-16 *** log(Day) -0.40 0.09",
        "pi(x) = k+1 X nt, i=1 ui (0 f t f 1), (t) = X + nt.",
        "Figure 29: Spine plot for the otter data.",
        "Keywords: otters, rivers, lakes, dives.",
        "dis rad tax crim b dis rad crim b dis rad tax crim indus chas dis rad crim",
        "(42)",
        "",
    ],
)
def test_code_tables_formulas_and_captions_are_not(text: str) -> None:
    assert prose_share(text) <= 0.6


def test_what_is_to_be_defined_is_read_from_the_question() -> None:
    asked = {
        "What is a river plot?": "river plot",
        "what are competing otters": "competing otters",
        "Explain mixture of otters": "mixture of otters",
        "What does OTT mean?": "OTT",
        "what is OTT? (about “Otters: A Study”)": "OTT",
        "What is the reason that so many otters swim in lakes?": "",
    }
    assert {question: thing_asked(question) for question in asked} == asked


@pytest.mark.parametrize(
    "text",
    [
        "A river plot is a bar plot whose bars are bent.",
        "River plots (Otter 1980) are diagrams that show what flows.",
        "Such a diagram is known as a “river plot”.",
        "We call the result a river plot.",
        "We use a river plot, a bar plot with bent bars.",
        "The term river plot denotes any of these.",
        "Here, a river plot refers to each of them.",
    ],
)
def test_sentences_that_define_are_told(text: str) -> None:
    assert definer("river plot")(text)
    assert definer("river plots")(text)


@pytest.mark.parametrize(
    "text",
    [
        "River plots are used throughout.",
        "The width of a river plot is the number of otters.",
        "This is called the river plot method.",
        "We show river plots and bar plots.",
        "In a river plot the bars are bent.",
        "Conditional river plots are plots that show one bend.",
        "The upriver plot is a bar plot.",
    ],
)
def test_sentences_that_only_mention_are_not(text: str) -> None:
    assert not definer("river plot")(text)


def test_an_abbreviation_is_defined_where_it_is_spelt_out() -> None:
    assert definer("OTT")("Our method is Otter Time Travel (OTT) which swims back.")
    assert not definer("OTT")("We train OTT on three rivers.")


def test_hostile_text_takes_no_time() -> None:
    start = time.monotonic()
    for text in (
        "river plot (" * 3000,
        "river plot, " * 3000,
        "refer to " * 5000,
        "river plot which that " * 3000,
        "( \"'" * 9000,
    ):
        definer("river plot")(text)
        prose_share(text)
        thing_asked(f"What is {text}?")
    assert time.monotonic() - start < 2
