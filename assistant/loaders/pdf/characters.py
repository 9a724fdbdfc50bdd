"""The characters of a PDF's page, with where they are printed, on a page turned so that most of its text stands upright."""

import ctypes
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pypdfium2.raw as raw

from assistant.loaders.pdf.signs import page_signs


class Character(NamedTuple):  # a page has thousands: a tuple is made several times faster than a frozen dataclass
    sign: str
    left: float
    bottom: float
    right: float
    top: float
    size: float
    number: int  # pdfium's, within the page


@dataclass(frozen=True, slots=True)
class PageCharacters:
    """A page's upright characters in the order of its content, its size in points, and the text set at another angle; a page
    that `is_upright` was not turned."""

    characters: list[Character]
    width: float
    height: float
    sideways: str
    is_upright: bool


def page_characters(page: Any, text_page: Any) -> PageCharacters:
    """The characters of a pdfium page and its text. Letters that only stand for layout (ligatures, soft hyphens) are written
    out."""
    count = max(0, text_page.count_chars())
    handle = text_page.raw
    quarters = [_quarter(handle, index) for index in range(count)]
    upright = Counter(quarters).most_common(1)[0][0] if quarters else 0
    x, y, right, top = page.get_mediabox()
    width, height = right - x, top - y
    signs = page_signs(handle, count)
    read = _character_reader(handle, signs, upright, (x, y, width, height))
    characters = [read(index) for index in range(count) if signs[index] and quarters[index] == upright]
    sideways = "".join(sign for sign, quarter in zip(signs, quarters, strict=True) if quarter != upright)
    if upright % 2:
        width, height = height, width
    return PageCharacters(characters, width, height, " ".join(sideways.split()), upright == 0)


def _quarter(handle: Any, index: int) -> int:
    """How many quarter turns a character is rotated by; generated spaces and line ends count as upright."""
    angle = raw.FPDFText_GetCharAngle(handle, index)
    return round(angle / (math.pi / 2)) % 4 if angle > 0 else 0


def _character_reader(
    handle: Any, signs: Sequence[str], upright: int, page: tuple[float, float, float, float]
) -> Callable[[int], Character]:
    """Gives the character of an index in a page turned so that most of its text stands upright; `page` is x, y, width and
    height, `signs` are as `page_signs` has them. The four numbers that pdfium writes to are made once a page."""
    x, y, page_width, page_height = page
    box = [ctypes.c_double() for _ in range(4)]
    places = [ctypes.byref(number) for number in box]
    left_, right_, bottom_, top_ = box
    matrix = raw.FS_MATRIX()
    matrix_ = ctypes.byref(matrix)
    char_box, font_size, char_matrix = raw.FPDFText_GetCharBox, raw.FPDFText_GetFontSize, raw.FPDFText_GetMatrix

    def read(index: int) -> Character:
        char_box(handle, index, *places)
        left, right, bottom, top = left_.value - x, right_.value - x, bottom_.value - y, top_.value - y
        width, height = page_width, page_height
        for _ in range(upright):  # a quarter turn takes (x, y) to (height - y, x)
            left, right, bottom, top = height - top, height - bottom, left, right
            width, height = height, width
        size = font_size(handle, index)
        if char_matrix(handle, index, matrix_):  # many files give each font a size of 1 and scale it
            size *= math.hypot(matrix.c, matrix.d)
        return Character(signs[index], left, bottom, right, top, size if size > 1 else top - bottom, index)

    return read
