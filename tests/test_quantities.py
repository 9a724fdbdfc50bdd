"""Numbers in one normal form: every spelling that papers and models use, and what is a name and no number."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.quantities import Quantity, quantities

READINGS = [
    (r"97.2\% of cases", [(97.2, "%")]),
    ("97.2 percent of cases", [(97.2, "%")]),
    ("$97.2\\%$", [(97.2, "%")]),
    ("２５％", [(25, "%")]),
    ("by 6.90 pp", [(6.9, "points")]),
    ("3.2 percentage points", [(3.2, "points")]),
    ("3.69% points", [(3.69, "points")]),
    ("20 absolute % points", [(20, "points")]),
    ("10^{-4}", [(1e-4, "")]),
    ("10⁻⁴", [(1e-4, "")]),
    (r"1.5 \times 10^{-4}", [(1.5e-4, "")]),
    ("1e-4", [(1e-4, "")]),
    ("10^{19} to 10^{22} FLOPs", [(1e19, "flop"), (1e22, "flop")]),
    (r"a 1.42\times speed-up", [(1.42, "times")]),
    ("a 1.42times speed-up", [(1.42, "times")]),
    ("a 1.42x speed-up", [(1.42, "times")]),
    ("a 200-fold speed-up", [(200, "times")]),
    ("a tenfold speed-up", [(10, "times")]),
    ("twice as fast", [(2, "times")]),
    ("the cost doubled", [(2, "times")]),
    ("half of the parameters", [(50, "%")]),
    ("a third of the data", [(100 / 3, "%")]),
    ("two thirds of the data", [(200 / 3, "%")]),
    ("1/10 of the data", [(10, "%")]),
    ("a quarter of it", [(25, "%")]),
    ("1,024 images", [(1024, "")]),
    (r"10{,}000 images", [(10000, "")]),
    (r"10\,000 images", [(10000, "")]),
    ("(n = 1024)", [(1024, "")]),
    ("(95% CI 1200-1300)", [(95, "%"), (1200, ""), (1300, "")]),
    ("3-5 times", [(3, "times"), (5, "times")]),
    ("15 to 30 dB", [(15, "db"), (30, "db")]),
    ("1.18times-1.22times", [(1.18, "times"), (1.22, "times")]),
    ("1.18x–1.22x", [(1.18, "times"), (1.22, "times")]),
    (r"12-38\%", [(12, "%"), (38, "%")]),
    ("7-13B", [(7e9, ""), (13e9, "")]),
    ("1 to 2 million", [(1e6, ""), (2e6, "")]),
    ("200 to 1000 MFLOPs", [(2e8, "flop"), (1e9, "flop")]),
    ("a 7B model", [(7e9, "")]),
    ("7 billion parameters", [(7e9, "parameter")]),
    ("300B tokens", [(3e11, "token")]),
    ("a 106k-instance set", [(106000, "")]),
    ("1.8+ million codes", [(1.8e6, "")]),
    ("seven tasks", [(7, "")]),
    ("Twenty-five tasks", [(25, "")]),
    ("three hundred tasks", [(300, "")]),
    ("a dozen tasks", [(12, "")]),
    ("thousands of tasks", [(1000, "many")]),
    ("5 GB of memory", [(5, "gb")]),
    ("5MB", [(5, "mb")]),
    ("12 ms", [(12, "ms")]),
    ("10.5 hours", [(10.5, "h")]),
    ("1.5k GPU hours", [(1500, "h")]),
    ("in the 1990s", [(1990, "")]),
    ("a loss of -0.5", [(-0.5, "")]),
    ("a loss of −0.5", [(-0.5, "")]),
    ("sim0.01% of it", [(0.01, "%")]),
    ("83.59pm2.11%", [(83.59, ""), (2.11, "%")]),
    ("12 of 17 datasets", [(12, ""), (17, "")]),
    ("a 4-bit, 12-layer model", [(4, "bit"), (12, "")]),
]
NAMES = [
    "GPT-4", "S2FT", "S^{2}FT", "CIFAR-100", "LLaMA-7B", "2D and 3DGS", "5G networks", "top-1", "pass@1", "ViT-B/16", "O(n^3)",
    "one of the first methods", "the second stage", "zero-shot", "(1) this and (2) that", "1) this", "as in [23]", "2022.06.08",
    "the first half", "https://a.b/12/34", "3x3",
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READINGS, ids=[text for text, _ in READINGS])
def test_a_quantity_is_read(text: str, expected: list[tuple[float, str]]) -> None:
    found = quantities(text)
    assert [quantity.unit for quantity in found] == [unit for _, unit in expected]
    assert [quantity.value for quantity in found] == pytest.approx([value for value, _ in expected])


@pytest.mark.parametrize("text", NAMES, ids=NAMES)
def test_a_name_is_no_quantity(text: str) -> None:
    assert quantities(text) == []


def test_a_quantity_knows_where_it_stands() -> None:
    text = r"It reaches 97.2\% in 3-5 hours."
    assert [text[quantity.start : quantity.end] for quantity in quantities(text)] == [r"97.2\%", "3", "5 hours"]
    assert all(text[quantity.start : quantity.end] == quantity.text for quantity in quantities(text))


@pytest.mark.parametrize(
    ("claim", "source", "agree"),
    [
        ("97.2 percent", r"97.2\%", True),
        ("97.2", "97.2%", True),
        ("97.2%", "97.2", False),
        ("5%", "5 percentage points", False),
        ("5 percentage points", "5%", False),
        ("5 tasks", "5%", False),
        ("5 GB", "5 MB", False),
        ("7 billion parameters", "a 7B model", True),
        ("300B tokens", "300B parameters", False),
        ("a third of it", "33.3%", True),
        ("a third of it", "35%", False),
        ("33%", "33.3%", False),
        ("half of them", "50%", True),
        ("thousands of images", "5,137 images", True),
        ("thousands of images", "137 images", False),
        ("thousands of images", "5,137 ms", False),
        ("-0.5", "0.5", False),
        ("1024", "1,024", True),
        ("one hundred", "100", True),
    ],
)
def test_agreement(claim: str, source: str, agree: bool) -> None:
    (mine,), (theirs,) = quantities(claim), quantities(source)
    assert mine.agrees_with(theirs) is agree


def test_the_size_in_a_name_can_be_asked_for() -> None:
    (size,) = quantities("LLaMA-7B", in_names=True)
    (asked,) = quantities("a 7B model")
    assert asked.agrees_with(size)
    assert [quantity.value for quantity in quantities("Mixtral-8x7B", in_names=True)] == [7e9]
    assert quantities("CIFAR-100", in_names=True) == []


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200) | st.text("0123456789.,-−^{}\\$%xkKMB ()times/e\ud800", max_size=60))
def test_nothing_raises_and_spans_lie_inside(text: str) -> None:
    for quantity in quantities(text, in_names=True):
        assert isinstance(quantity, Quantity)
        assert 0 <= quantity.start < quantity.end <= len(text)


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit", ["1 ", "9", "1,", "10^", "two ", "half ", "(1", "x1-", "- ", " ", "1\n", "http://", "1/", "-1"]
)
def test_long_texts_take_linear_time(unit: str) -> None:
    quantities(unit * (60_000 // len(unit)))
