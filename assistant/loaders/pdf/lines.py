"""The lines of a PDF's pages, with where and how they are printed: all that pdfium tells, and nothing that it does not.

Characters come in the order of the page's content; a wide gap ends a line, so that text set across two columns is cut.
"""

import ctypes
import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import pypdfium2.raw as raw

_GAP = 1.5  # times the font size: wider than any space of justified text, narrower than the space between columns
_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "\u00a0": " ", "\u00ad": "-"}
)
_BROKEN_WORD = ("\x02", "\ufffe")  # pdfium's sign for a hyphen at the end of a line
_BOLD = ("bold", "black", "heavy", "medi", "cmbx", "demi")


@dataclass(frozen=True, slots=True)
class Line:
    """A stretch of text on one line: its box in points (origin at the lower left), font size, and whether it is bold."""

    text: str
    page: int
    left: float
    bottom: float
    right: float
    top: float
    size: float
    bold: bool

    @property
    def middle(self) -> float:
        """The height of the line's middle."""
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class PageText:
    """A page (1-based number) with its lines in the order of its content; `sideways` is text set at another angle."""

    number: int
    width: float
    height: float
    lines: tuple[Line, ...]
    sideways: str = ""


class _Character(NamedTuple):  # a page has thousands: a tuple is made several times faster than a frozen dataclass
    sign: str
    left: float
    bottom: float
    right: float
    top: float
    size: float
    number: int  # pdfium's, within the page


def page_text(page: Any, number: int) -> PageText:
    """The lines of a pdfium page. Letters that only stand for layout (ligatures, soft hyphens) are written out."""
    text_page = page.get_textpage()
    try:
        count = max(0, text_page.count_chars())
        handle = text_page.raw
        quarters = [_quarter(handle, index) for index in range(count)]
        upright = Counter(quarters).most_common(1)[0][0] if quarters else 0
        x, y, right, top = page.get_mediabox()
        width, height = right - x, top - y
        read = _character_reader(handle, upright, (x, y, width, height))
        characters = [read(index) for index in range(count) if quarters[index] == upright]
        sideways = "".join(_sign(handle, index) for index in range(count) if quarters[index] != upright)
        lines = tuple(filter(None, (_line(text_page, number, group) for group in _groups(characters))))
        if upright % 2:
            width, height = height, width
        return PageText(number, width, height, lines, " ".join(sideways.split()))
    finally:
        text_page.close()


def _quarter(handle: Any, index: int) -> int:
    """How many quarter turns a character is rotated by; generated spaces and line ends count as upright."""
    angle = raw.FPDFText_GetCharAngle(handle, index)
    return round(angle / (math.pi / 2)) % 4 if angle > 0 else 0


def _sign(handle: Any, index: int) -> str:
    code = raw.FPDFText_GetUnicode(handle, index)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


def _character_reader(
    handle: Any, upright: int, page: tuple[float, float, float, float]
) -> Callable[[int], _Character]:
    """Gives the character of an index in a page turned so that most of its text stands upright; `page` is x, y, width and
    height. The four numbers that pdfium writes to are made once a page."""
    x, y, page_width, page_height = page
    box = [ctypes.c_double() for _ in range(4)]
    places = [ctypes.byref(number) for number in box]
    left_, right_, bottom_, top_ = box
    char_box, font_size = raw.FPDFText_GetCharBox, raw.FPDFText_GetFontSize

    def read(index: int) -> _Character:
        char_box(handle, index, *places)
        left, right, bottom, top = left_.value - x, right_.value - x, bottom_.value - y, top_.value - y
        width, height = page_width, page_height
        for _ in range(upright):  # a quarter turn takes (x, y) to (height - y, x)
            left, right, bottom, top = height - top, height - bottom, left, right
            width, height = height, width
        size = font_size(handle, index)
        return _Character(_sign(handle, index), left, bottom, right, top, size if size > 1 else top - bottom, index)

    return read


def _groups(characters: list[_Character]) -> Iterator[list[_Character]]:
    """The characters of each line: cut at line ends, at broken words, at gaps as wide as those between columns, and where
    the height changes (pdfium ends no line in text that is turned)."""
    group: list[_Character] = []
    previous: _Character | None = None  # the last one that is not white space
    bottom = top = 0.0
    for character in characters:
        if character.sign in "\r\n":
            yield group
            group, previous = [], None
            continue
        is_ink = not character.sign.isspace()
        if previous is not None and is_ink:
            slack = 0.3 * character.size  # for what hangs above or below: quotes, commas, exponents
            is_level = bottom - slack <= character.top and character.bottom <= top + slack
            if character.left - previous.right > _GAP * max(previous.size, character.size) or not is_level:
                yield group
                group, previous = [], None
        group.append(character)
        if character.sign in _BROKEN_WORD:
            yield group
            group, previous = [], None
        elif is_ink:
            bottom = character.bottom if previous is None else min(bottom, character.bottom)
            top = character.top if previous is None else max(top, character.top)
            previous = character
    yield group


def _line(text_page: Any, page: int, group: list[_Character]) -> Line | None:
    inked = [character for character in group if character.sign.strip()]
    if not inked:
        return None
    text = "".join("-" if c.sign in _BROKEN_WORD else c.sign for c in group).translate(_LIGATURES)
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    if not text:
        return None
    sizes = Counter(round(character.size * 2) / 2 for character in inked)
    return Line(
        text=text,
        page=page,
        left=min(c.left for c in inked),
        bottom=min(c.bottom for c in inked),
        right=max(c.right for c in inked),
        top=max(c.top for c in inked),
        size=sizes.most_common(1)[0][0],
        bold=_is_bold(text_page, inked[0].number),
    )


def _is_bold(text_page: Any, index: int) -> bool:
    if raw.FPDFText_GetFontWeight(text_page, index) >= 600:
        return True
    buffer, flags = ctypes.create_string_buffer(128), ctypes.c_int()
    raw.FPDFText_GetFontInfo(text_page, index, buffer, 128, flags)
    name = buffer.value.decode("utf-8", "replace").lower()
    return any(part in name for part in _BOLD)
