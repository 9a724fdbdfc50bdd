"""What repeats on the pages of a PDF and belongs to none of its sentences: running heads, footers and page numbers."""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from assistant.loaders.pdf.lines import Line, PageText

# Of a page's height, above and below: where running heads and page numbers stand, and where they may when something parts them
# from the text or they are numbers. LaTeX's article on letter paper has its page numbers at .12.
_EDGE, _WIDE_EDGE = 0.1, 0.14
_NEAR = 6  # pages: those of a chapter have its running head on every other one at least
_APART, _OFF = 1.9, 1.4  # times the text's line distance: more than between paragraphs, and more than within one
_COMPARED = 50  # lines of one key and page: where there are more, it is a table or a picture
_A_NUMBER = re.compile(r"\d+|\b[ivxlc]+\b")
_ONLY_NUMBER = re.compile(r"[\W#]*#[\W#]*|page #( of #)?")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


class _Edge(NamedTuple):
    """A line near the upper or lower edge of its page, and what tells a running head or page number from the text.

    `key` is the text with "#" for numbers, which `numbers` has; `height` is measured from the nearest edge of the page, which is
    `width` wide; `is_apart` says that more than the distance of two lines parts it from the text; `is_unlike`, that some distance
    does and it is not set like the text: in another size, or apart and beginning where none of the text's lines do.
    """

    line: Line
    key: str
    numbers: tuple[int, ...]
    height: float
    width: float
    is_apart: bool
    is_unlike: bool

    @property
    def is_number(self) -> bool:
        """True where nothing but a number is there, as a page has it."""
        return bool(self.numbers) and _ONLY_NUMBER.fullmatch(self.key.lower()) is not None

    @property
    def offset(self) -> int:
        """How far the first number is from the page's place in the file: the same for all page numbers of a document."""
        return self.numbers[0] - self.line.page


def furniture(pages: Sequence[PageText], body: float) -> set[Line]:
    """Running heads, footers and page numbers, where `body` is the text's font size.

    A running head repeats on other pages, numbers apart: near by, where it could be a line of the text by its looks, and with
    the same words at the same place, where nothing parts it from the text. Page numbers count on at the same place; what stands
    alone is one where it is apart from the text and not set like it, or fits those of other pages.
    """
    edges = _edges(pages, body)
    wanted = max(2, min(3, len(pages) - 1))
    pages_of: dict[str, set[int]] = {}
    near: dict[tuple[str, int], list[_Edge]] = {}
    for edge in edges:
        if len(alike := near.setdefault((edge.key, edge.line.page), [])) < _COMPARED:
            alike.append(edge)
        if edge.is_unlike:
            pages_of.setdefault(edge.key, set()).add(edge.line.page)

    def count(edge: _Edge, agree: Callable[[_Edge, _Edge], bool]) -> int:
        """On how many pages near the edge's own, with that, a line stands that agrees with it."""
        around = range(edge.line.page - _NEAR, edge.line.page + _NEAR + 1)
        return sum(any(agree(edge, other) for other in near.get((edge.key, page), ())) for page in around)

    numbers = [edge for edge in edges if edge.is_number]
    counted = [
        edge for edge in numbers if count(edge, _counts_on) >= (wanted if edge.is_apart or edge.is_unlike else 3)
    ]
    offsets = {0, *(edge.offset for edge in counted)}
    alone = [edge for edge in numbers if edge.is_apart and (edge.is_unlike or edge.offset in offsets)]
    repeated = [
        edge
        for edge in edges
        if not edge.is_number
        and (
            (edge.is_unlike and len(pages_of[edge.key]) >= wanted)
            or (edge.is_apart and count(edge, lambda one, other: other.is_apart) >= wanted)
            or count(edge, _is_same) >= 3
        )
    ]
    return {edge.line for edge in (*counted, *alone, *repeated)}


def _edges(pages: Sequence[PageText], body: float) -> list[_Edge]:
    lines = [line for page in pages for line in page.lines if _is_body_size(line, body)]
    lefts = Counter(round(line.left) for line in lines)
    common = {left + by for left, count in lefts.items() if count > 0.05 * len(lines) for by in (-2, -1, 0, 1, 2)}
    step = _line_distance(lines, body)
    found: list[_Edge] = []
    for page in pages:
        heights = sorted(line.middle for line in page.lines)
        low, high = page.height * _WIDE_EDGE, page.height * (1 - _WIDE_EDGE)
        is_apart, is_off = (_apart(heights, low, high, share * step) for share in (_APART, _OFF))
        for line in page.lines:
            if low <= line.middle <= high:
                continue
            height = line.middle if line.middle < low else line.middle - page.height
            text = line.text.replace("#", "♯")
            key, numbers = _A_NUMBER.sub("#", text).strip(), tuple(map(_value, _A_NUMBER.findall(text)))
            is_near = abs(height) <= _EDGE * page.height
            if not is_near and (line.size > body + 1 or not (is_apart(line) or _ONLY_NUMBER.fullmatch(key.lower()))):
                continue
            is_unlike = is_apart(line) and round(line.left) not in common
            is_unlike |= is_off(line) and not _is_body_size(line, body)
            found.append(_Edge(line, key, numbers, height, page.width, is_apart(line), is_unlike))
    return found


def _is_body_size(line: Line, body: float) -> bool:
    return abs(line.size - body) < 0.75


def _apart(heights: Sequence[float], low: float, high: float, gap: float) -> Callable[[Line], bool]:
    """Tells the lines that such a gap parts from those between `low` and `high`, by all lines' heights in ascending order."""
    parted = [(below, above) for below, above in pairwise(heights) if above - below > gap]
    floor = max((below for below, _ in parted if below < low), default=-math.inf)
    ceiling = min((above for _, above in parted if above > high), default=math.inf)
    return lambda line: line.middle <= floor or line.middle >= ceiling


def _line_distance(lines: Sequence[Line], body: float) -> float:
    """The distance, in points, at which most of the text's lines follow each other."""
    steps = Counter(
        round(previous.middle - line.middle)
        for previous, line in pairwise(lines)
        if previous.page == line.page and 0.9 * body < previous.middle - line.middle < 3 * body
    )
    return float(max(steps, key=lambda step: steps[step] + steps[step - 1] + steps[step + 1], default=1.2 * body))


def _value(number: str) -> int:
    """The value of a number of digits or of small Roman letters."""
    if number[0] not in _ROMAN:
        return int(number[-9:])
    values = [_ROMAN[letter] for letter in number]
    return sum(-one if one < following else one for one, following in zip(values, [*values[1:], 0], strict=True))


def _is_level(one: _Edge, other: _Edge) -> bool:
    """True where both stand at the same place of their pages, or at that of a left and a right page."""
    sides = (
        (one.line.left, other.line.left),
        (one.line.right, other.line.right),
        (one.line.left, one.width - other.line.right),
    )
    return abs(one.height - other.height) < 3 and any(abs(first - second) < 6 for first, second in sides)


def _counts_on(one: _Edge, other: _Edge) -> bool:
    return one.offset == other.offset and _is_level(one, other)


def _is_same(one: _Edge, other: _Edge) -> bool:
    """True for the same words at the same place, where what numbers there are stay or count on."""
    step = other.line.page - one.line.page
    numbers = zip(one.numbers, other.numbers, strict=True)
    return _is_level(one, other) and all(second - first in (0, step) for first, second in numbers)
