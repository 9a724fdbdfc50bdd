"""The lines of a PDF's pages, with where and how they are printed: all that pdfium tells, and nothing that it does not.

Characters come in the order of the page's content; a wide gap ends a line, so that text set across two columns is cut.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import pypdfium2.raw as raw

from assistant.loaders.exponents import ABOVE, BELOW
from assistant.loaders.pdf.characters import Character, page_characters
from assistant.loaders.pdf.fractions import SMALL, bars, levelled
from assistant.loaders.pdf.signs import font_name

_GAP = 1.5  # times the font size: wider than any space of justified text, narrower than the space between columns
_LAYOUT = str.maketrans({"\u00a0": " ", "\u00ad": "-"})
_BROKEN_WORD = ("\x02", "\ufffe")  # pdfium's sign for a hyphen at the end of a line
_BOLD = re.compile(r"bold|black|heavy|medi|demi|(?:cm|ec|lm|sf)(?:ss)?b|(?:libertine|biolinum)t?b", re.IGNORECASE)
# What pdfium makes of the width of stems tells little by itself (TeX's common roman: 744, its bold: 560): a weight counts from
# here on, and where it is so many times that of the page.
_HEAVY, _HEAVIER = 600, 1.25
_NARROW = frozenset("iljftr.,:;'|()[]")  # as wide as other signs in a font of fixed pitch only
_MEASURED = 24  # characters of a line
_RAISED, _LOWERED = 0.15, 0.06  # times that size: how far above or below the others' feet small digits stand
_BEFORE_EXPONENT = re.compile(
    r"(?<=[\w)\]}|∥]) (?=[⁰¹²³⁴-⁹⁻])"
)  # pdfium sees a space there more often than there is one
_APART = 0.8  # times the font size: wider than a space, as between names that stand side by side


@dataclass(frozen=True, slots=True)
class Line:
    """A stretch of text on one line: its box in points (origin at the lower left), font size, whether it is bold, and whether it
    is in a font of fixed pitch, as code is; `parts` is the text, cut where more than a space is left free and at smaller signs,
    which are left out: raised ones."""

    text: str
    page: int
    left: float
    bottom: float
    right: float
    top: float
    size: float
    bold: bool
    fixed: bool = False
    parts: tuple[str, ...] = ()

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


def page_text(page: Any, number: int) -> PageText:
    """The lines of a pdfium page. Letters that only stand for layout (ligatures, soft hyphens) are written out."""
    text_page = page.get_textpage()
    try:
        found = page_characters(page, text_page)
        groups = _groups(levelled(found.characters, lambda: bars(page) if found.is_upright else []))
        lines = _with_heavy_ones([line for group in groups if (line := _line(text_page, number, group)) is not None])
        return PageText(number, found.width, found.height, lines, found.sideways)
    finally:
        text_page.close()


def _groups(characters: list[Character]) -> Iterator[list[Character]]:
    """The characters of each line: cut at line ends, at broken words, at gaps as wide as those between columns, and where
    the height changes (pdfium ends no line in text that is turned)."""
    group: list[Character] = []
    previous: Character | None = None  # the last one that is not white space
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


def _with_heavy_ones(weighed: list[tuple[Line, int]]) -> tuple[Line, ...]:
    """The lines of a page, bold also where their weight is much above that of most of the text."""
    weights = sorted(weight for line, weight in weighed for _ in line.text)
    heavy = max(_HEAVY, _HEAVIER * weights[len(weights) // 2]) if weights else math.inf
    return tuple(replace(line, bold=True) if weight >= heavy else line for line, weight in weighed)


def _line(text_page: Any, page: int, group: list[Character]) -> tuple[Line, int] | None:
    """A line and the weight of its first letter's font, as pdfium makes it out."""
    inked = [character for character in group if character.sign.strip()]
    if not inked:
        return None
    size = Counter(round(character.size * 2) / 2 for character in inked).most_common(1)[0][0]
    text = _BEFORE_EXPONENT.sub("", _text(_with_exponents(group, size)))
    if not text:
        return None
    first = inked[0].number
    line = Line(
        text=text,
        page=page,
        left=min(c.left for c in inked),
        bottom=min(c.bottom for c in inked),
        right=max(c.right for c in inked),
        top=max(c.top for c in inked),
        size=size,
        bold=_BOLD.search(font_name(text_page, first).decode("utf-8", "replace")) is not None,
        fixed=_is_fixed(text_page, inked[:: 1 + len(inked) // _MEASURED]),
        parts=tuple(filter(None, map(_text, _parts(group, size)))),
    )
    return line, raw.FPDFText_GetFontWeight(text_page, first)


def _with_exponents(group: list[Character], size: float) -> list[Character]:
    """The characters of a line of this size, small digits and signs as raised and lowered ones, so that 2² is not read as 22."""
    feet = [c.bottom for c in group if c.sign.isalnum() and c.size > SMALL * size]
    if not feet or not any(c.sign.isdigit() and c.size <= SMALL * size for c in group):
        return group
    foot = median(feet)
    found = []
    for character in group:
        above = character.bottom - foot
        if character.size <= SMALL * size and (above > _RAISED * size or above < -_LOWERED * size):
            character = character._replace(sign=character.sign.translate(ABOVE if above > 0 else BELOW))
        found.append(character)
    return found


def _parts(group: list[Character], size: float) -> Iterator[list[Character]]:
    """The characters of a line of this size, cut where a space is wider than one, and where smaller ones stood."""
    part: list[Character] = []
    right = math.inf
    for character in group:
        is_ink = not character.sign.isspace()
        is_small = is_ink and character.size <= SMALL * size
        if is_small or (is_ink and character.left - right > _APART * size):
            yield part
            part = []
        if is_ink:
            right = character.right
        if not is_small:
            part.append(character)
    yield part


def _text(characters: list[Character]) -> str:
    text = "".join("-" if c.sign in _BROKEN_WORD else c.sign for c in characters).translate(_LAYOUT)
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _is_fixed(text_page: Any, characters: list[Character]) -> bool:
    """True where narrow signs are as wide as others, as to how far the next one is. (pdfium adds what a letter's ink takes
    beyond.)"""
    box = raw.FS_RECTF()
    narrow: list[float] = []
    wide: list[float] = []
    for character in characters:
        raw.FPDFText_GetLooseCharBox(text_page, character.number, box)
        (narrow if character.sign in _NARROW else wide).append(abs(box.right - box.left))
    if not narrow or not wide:
        return False
    least, both = 1.02 * min(*narrow, *wide), narrow + wide
    return (
        min(narrow) < least > min(wide)
        and max(both) < 1.4 * least
        and sum(width < least for width in both) >= 0.4 * len(both)
    )
