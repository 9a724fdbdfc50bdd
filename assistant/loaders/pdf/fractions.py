"""Small signs above and below a line of text: pdfium ends the line before each, which would tear the sentence. They are put back
into their line, and a fraction, which is told by its bar, is written with a stroke: −1/3, (k − 1)/n."""

import ctypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, NamedTuple

import pypdfium2.raw as raw

from assistant.loaders.pdf.characters import Character

SMALL = 0.78  # times the size of a line's letters
_LONGEST = 24  # signs above or below a line
# All as times that size: how far signs beside a line may stand from its end, and their middle from its foot; how far the feet of
# one line differ, and how far a fraction's bar may be from what it parts.
_BEFORE, _BEHIND, _BELOW_FOOT, _ABOVE_FOOT, _LEVEL, _NEAR_BAR = 0.5, 0.9, 0.6, 1.2, 0.12, 0.25
_GAP = 1.5  # as that which ends a line elsewhere
_SPACE = 0.3  # a minus before a number stands nearer
_MOST_SHAPES = 20_000  # of a page: beyond, it is a drawing
_THICKEST, _LONGEST_BAR = 1.5, 200.0  # points
_CLOSING = ",.;:)]"
_SUM = frozenset("+-−–±, /·×")


class Bar(NamedTuple):
    """A horizontal stroke, in points."""

    left: float
    right: float
    height: float


@dataclass(frozen=True, slots=True)
class _Level:
    """Where a line of text stands: the size of its letters, the height of their feet, and where it ends."""

    size: float
    foot: float
    right: float


def bars(page: Any) -> list[Bar]:
    """The horizontal strokes of a pdfium page that may part a fraction; none where it has thousands of shapes."""
    x, y, _, _ = page.get_mediabox()
    count = raw.FPDFPage_CountObjects(page.raw)
    if count > _MOST_SHAPES:
        return []
    found = []
    box = [ctypes.c_float() for _ in range(4)]
    left, bottom, right, top = box
    places = [ctypes.byref(number) for number in box]
    for index in range(count):
        shape = raw.FPDFPage_GetObject(page.raw, index)
        if raw.FPDFPageObj_GetType(shape) == raw.FPDF_PAGEOBJ_PATH and raw.FPDFPageObj_GetBounds(shape, *places):
            width = right.value - left.value
            if top.value - bottom.value <= _THICKEST and _THICKEST < width <= _LONGEST_BAR:
                found.append(Bar(left.value - x, right.value - x, (bottom.value + top.value) / 2 - y))
    return found


def levelled(characters: Sequence[Character], find_bars: Callable[[], Sequence[Bar]]) -> list[Character]:
    """The characters of a page, with small ones that stand above or below a line within it, and fractions written out.
    `find_bars` is asked at most once, and only where there may be a fraction."""
    found: list[Character] = []
    line: _Level | None = None
    beside: list[list[Character]] = []  # small signs at the line's end
    strokes: Sequence[Bar] | None = None
    for ends, run in _runs(characters):
        start = _small_start(run, line) if line else 0
        if line and _is_beside(run[:start], line, beside):
            beside.append(run[:start])
            run, ends = run[start:], []
            if not run:
                continue
        if line and beside:
            if strokes is None and len(beside) > 1:
                strokes = find_bars()
            found += _written(beside, line, strokes or ())
            line = replace(line, right=max(one.right for small in beside for one in small))
        goes_on = line is not None and bool(beside) and _continues(run, line)
        before = line if goes_on else None
        found += [] if goes_on else ends
        kept, last = _without_small_end(run, before)
        found += [*(_space(kept, before) if before else []), *kept]
        line, beside = _level(kept, before), [last] if last else []
    if line and beside:
        found += _written(beside, line, (find_bars() if strokes is None else strokes) if len(beside) > 1 else ())
    return found


def _runs(characters: Sequence[Character]) -> Iterator[tuple[list[Character], list[Character]]]:
    """The characters between line ends, each time with the line ends before them."""
    ends: list[Character] = []
    run: list[Character] = []
    for character in characters:
        if character.sign not in "\r\n":
            run.append(character)
            continue
        if run:
            yield ends, run
            ends, run = [], []
        ends.append(character)
    yield ends, run


def _ink(run: Sequence[Character]) -> list[Character]:
    return [one for one in run if not one.sign.isspace()]


def _level(run: Sequence[Character], before: _Level | None) -> _Level | None:
    """Where a run of text stands: where the line stood that it goes on with, if it does."""
    ink = _ink(run)
    if not ink:
        return before
    if before:
        return replace(before, right=ink[-1].right)
    size = median(one.size for one in ink)
    feet = [one.bottom for one in ink if one.sign.isalnum() and one.size > SMALL * size]
    return _Level(size, median(feet), ink[-1].right) if feet else None


def _is_beside(run: Sequence[Character], line: _Level, beside: Sequence[Sequence[Character]]) -> bool:
    """True for a few small signs at the end of a line, a little above or below."""
    ink = _ink(run)
    if not 0 < len(ink) <= _LONGEST or max(one.size for one in ink) > SMALL * line.size:
        return False
    right = max([line.right, *(one.right for small in beside for one in small)])
    middle = (min(one.bottom for one in ink) + max(one.top for one in ink)) / 2 - line.foot
    is_near = line.right - _BEFORE * line.size <= ink[0].left <= right + _BEHIND * line.size
    return is_near and -_BELOW_FOOT * line.size <= middle <= _ABOVE_FOOT * line.size


def _continues(run: Sequence[Character], line: _Level) -> bool:
    """True for text that goes on in the same line."""
    ink = _ink(run)
    if not ink or not SMALL * line.size < ink[0].size <= line.size / SMALL:
        return False
    level = _level(run, None)
    is_level = level is None or abs(level.foot - line.foot) <= _LEVEL * line.size
    overlaps = ink[0].bottom < line.foot + line.size and ink[0].top > line.foot - _BELOW_FOOT * line.size
    return is_level and overlaps and -_BEFORE * line.size <= ink[0].left - line.right <= _GAP * line.size


def _small_start(run: Sequence[Character], line: _Level) -> int:
    """How many characters a run of text begins with that are smaller than those of the line before."""
    large = (number for number, one in enumerate(run) if not one.sign.isspace() and one.size > SMALL * line.size)
    start = next(large, len(run))
    while start < len(run) and start and run[start - 1].sign.isspace():
        start -= 1
    return start


def _without_small_end(run: list[Character], before: _Level | None) -> tuple[list[Character], list[Character]]:
    """A run of text, and the small signs at its end, which may be above a bar."""
    level = _level(run, before)
    end = len(run)
    while level and end and (run[end - 1].sign.isspace() or run[end - 1].size <= SMALL * level.size):
        end -= 1
    last = run[end:]
    return (run[:end], last) if end and _ink(last) else (run, [])


def _written(beside: Sequence[list[Character]], line: _Level, strokes: Sequence[Bar]) -> list[Character]:
    """Small signs in the order of their content, those above and below a bar as a fraction."""
    written: list[Character] = []
    place = 0
    while place < len(beside):
        pair = beside[place : place + 2]
        if len(pair) == 2 and _is_fraction(pair[0], pair[1], line.size, strokes):
            above, below = (_on_line(part, line) for part in pair)
            stroke = above[-1]._replace(sign="/")
            written += [*_space(above, line), *_bracketed(above, _SUM), stroke, *_bracketed(below, None)]
            line = replace(line, right=max(above[-1].right, below[-1].right))
            place += 2
        else:
            written += [*_space(pair[0], line), *pair[0]]
            line = replace(line, right=pair[0][-1].right)
            place += 1
    return written


def _space(part: Sequence[Character], line: _Level) -> list[Character]:
    """A space where one is left free between a line's end and what comes next, and none is in the content."""
    first = part[0]
    is_free = not first.sign.isspace() and first.sign not in _CLOSING and first.left - line.right > _SPACE * line.size
    return [first._replace(sign=" ", left=line.right, right=line.right)] if is_free else []


def _is_fraction(above: Sequence[Character], below: Sequence[Character], size: float, strokes: Sequence[Bar]) -> bool:
    over, under = _ink(above), _ink(below)
    foot, head = min(one.bottom for one in over), max(one.top for one in under)
    slack = _NEAR_BAR * size
    left, right = min(over[0].left, under[0].left), max(over[-1].right, under[-1].right)
    return any(
        head - slack <= bar.height <= foot + slack
        and head <= foot + slack
        and bar.left <= left + slack
        and bar.right >= right - slack
        and bar.right - bar.left <= right - left + 4 * slack
        for bar in strokes
    )


def _on_line(part: Sequence[Character], line: _Level) -> list[Character]:
    """Small signs as large as those of their line, and as high, so that they are no exponents; what is smaller still stays so."""
    ink = _ink(part)
    size = max(one.size for one in ink)
    foot = median(one.bottom for one in ink if one.size == size)
    scale = line.size / size
    return [
        one._replace(size=one.size * scale, bottom=one.bottom - foot + line.foot, top=one.top - foot + line.foot)
        for one in ink
    ]


def _bracketed(part: list[Character], signs: frozenset[str] | None) -> list[Character]:
    """A part of a fraction in brackets where it holds one of `signs`, or, without them, more than a number or a letter."""
    text = "".join(one.sign for one in part)
    is_plain = not signs & set(text[1:]) if signs is not None else text.isdigit() or len(text) == 1
    return part if is_plain else [part[0]._replace(sign="("), *part, part[-1]._replace(sign=")")]
