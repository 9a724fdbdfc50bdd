"""How a model lays its answer out: what it wraps, heads, tabulates or puts into JSON is read as plain statements."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.citations import Layout, Statement, parse_claims, passages_of, says_lacking
from assistant.replies import THOUGHT_ENDS


def read(*lines: str | None) -> list[tuple[str, str]]:
    """The statements of a reply's lines, each with its heading."""
    return [(s.line, s.heading) for s in Layout().read(iter(lines)) if s is not None]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["It works. [1.2]", "It is fast. [1.3]"], [("It works. [1.2]", ""), ("It is fast. [1.3]", "")]),
        (["It works", "on all tasks. [1.2]"], [("It works on all tasks. [1.2]", "")]),
        (["It works.", "", "[1.2]"], [("It works. [1.2]", "")]),
        (["It works.", "It is fast. [1.3]"], [("It works.", ""), ("It is fast. [1.3]", "")]),
        (["## LST", "- Saves memory. [1.2]", "", "All work. [1.3]"], [("- Saves memory. [1.2]", "LST"), ("All work. [1.3]", "")]),
        (["**LST:**", "Saves memory. [1.2]"], [("Saves memory. [1.2]", "LST")]),
        (["- LST", "  - Saves memory. [1.2]"], [("- Saves memory. [1.2]", "LST")]),
        (
            ["| | LST | PaCA |", "|---|:--:|---|", "| Memory | less [1.2] | 16% less [2.1] |"],
            [("Memory: less [1.2]", "LST"), ("Memory: 16% less [2.1]", "PaCA")],
        ),
        (["| Method | Memory |", "|--|--|", "| LST | 69% less | [1.2] |"], [("LST: 69% less [1.2]", "Memory")]),
        (['{"answer": "It works well.", "citations": ["1.2"]}'], [("It works well. [1.2]", "")]),
        (["[", '{"claim": "It works.", "marks": ["1.2"]}', "]"], [("It works. [1.2]", "")]),
        (["{not json", "It works. [1.2]"], [("{not json", ""), ("It works. [1.2]", "")]),
        (["It works. [1.2]", "**References**", "[1.2] A Paper"], [("It works. [1.2]", "")]),
        (["Let me think", THOUGHT_ENDS, "It works. [1.2]"], [(THOUGHT_ENDS, ""), ("It works. [1.2]", "")]),
    ],
)  # fmt: skip
def test_a_layout_is_read_as_statements(lines: list[str], expected: list[tuple[str, str]]) -> None:
    assert read(*lines) == expected


def test_a_line_that_cites_waits_for_nothing() -> None:
    def lines():
        yield "It works. [1.2]"
        raise AssertionError("the next line was asked for")

    assert next(Layout().read(lines())) == Statement("It works. [1.2]")


@given(st.lists(st.text('[]{}|-*#: .a1\n"', max_size=40), max_size=8))
def test_no_layout_raises(lines: list[str]) -> None:
    assert all(isinstance(statement, Statement) for statement in Layout().read(iter(lines)))


def test_what_the_evidence_does_not_tell_is_noticed() -> None:
    lacking = (
        "The passages do not mention it.",
        "The size isn't reported.",
        "It works, but the evidence does not say why. [1.2]",
    )
    assert all(map(says_lacking, lacking))
    assert not any(map(says_lacking, ("It works without labels. [1.2]", "Models do not transfer. [1.2]")))


@pytest.mark.parametrize(
    "lines",
    [
        ["It works [1.1" + " 1.1" * 10_000],  # a model that repeats itself until it is cut off
        ["It works [1." + "1111." * 10_000],
        ["It works [1.1" + " " * 50_000],
        ["It works" + "[1]" * 15_000 + "["],
        ["and so on"] * 10_000,
        ['{"answer": "' + "a" * 50_000 + '"}'],
    ],
    ids=["marks", "digits", "spaces", "passages", "wrapped", "JSON"],
)
def test_a_model_that_goes_on_and_on_keeps_nobody_waiting(lines: list[str]) -> None:
    start = time.monotonic()
    for statement in Layout().read(iter(lines)):
        assert statement is not None
        for claim in parse_claims(statement.line):
            passages_of(claim.text)
    assert time.monotonic() - start < 2


def test_json_within_json_within_json_is_no_answer_and_no_error() -> None:
    deep = '{"a":' * 5_000 + "1" + "}" * 5_000
    assert [line for line, _ in read(deep, "It works. [1.2]")][-1] == "It works. [1.2]"
