"""A page of a PDF as a picture, with a quotation marked on it. Runs in a child process."""

import base64
import ctypes
import io
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as raw
from PIL import Image, ImageChops, ImageDraw

from assistant.errors import LoadError
from assistant.loaders.pdf.signs import page_signs

_SCALE = 1.6  # pixels a point: a letter page is about 980 wide
_MARK = (255, 226, 110)
_FEWEST = 12  # letters and digits: a shorter piece of a quotation could stand anywhere

Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels


def quote_picture(path: Path, page: int, quotes: Sequence[str], must_hold: bool = False) -> str:
    """Page `page` (from 1) as a PNG in base64, with the quotations marked as far as the page shows them.

    Raises LoadError where the file is no longer what was read, and, if it `must_hold` a quotation, where it shows none.
    """
    try:
        document = pypdfium2.PdfDocument(path)
    except (pypdfium2.PdfiumError, OSError):
        raise LoadError(f"{path.name} is gone or damaged; add it again") from None
    try:
        if not 1 <= page <= len(document):
            raise LoadError(f"{path.name} has no page {page} any more; add it again")
        shown = document[page - 1]
        picture = shown.render(scale=_SCALE).to_pil().convert("RGB")
        marks = Image.new("RGB", picture.size, "white")
        draw = ImageDraw.Draw(marks)
        boxes = [box for quote in quotes for box in _boxes(shown, quote)]
        if must_hold and not boxes:
            raise LoadError(f"page {page} of {path.name} does not show the quotation")
        for box in boxes:
            draw.rectangle(box, fill=_MARK)
        buffer = io.BytesIO()
        ImageChops.multiply(picture, marks).save(buffer, "PNG", optimize=True)
        return base64.b64encode(buffer.getvalue()).decode()
    finally:
        document.close()


def _boxes(page: Any, quote: str) -> list[Box]:
    """The boxes of the quotation's characters, one a line."""
    text_page = page.get_textpage()
    letters, places = _letters(text_page)
    boxes: list[Box] = []
    for start, end in _pieces(letters, "".join(_folded(sign) for sign in quote)):
        for index in dict.fromkeys(places[start:end]):
            box = _box(page, text_page, index)
            if boxes and abs(boxes[-1][3] - box[3]) < 6 and -2 < box[0] - boxes[-1][2] < 20:
                last = boxes[-1]
                boxes[-1] = (last[0], min(last[1], box[1]), max(last[2], box[2]), max(last[3], box[3]))
            else:
                boxes.append(box)
    return boxes


def _folded(sign: str) -> str:
    """The letters and digits that a character stands for, in one case: what two ways of setting a text share."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", sign).casefold() if letter.isalnum())


def _letters(text_page: Any) -> tuple[str, list[int]]:
    """The page's letters and digits as one text, and for each the index of its character."""
    letters: list[str] = []
    places: list[int] = []
    for index, sign in enumerate(page_signs(text_page.raw, max(0, text_page.count_chars()))):
        folded = _folded(sign)
        letters.append(folded)
        places += [index] * len(folded)
    return "".join(letters), places


def _pieces(letters: str, wanted: str) -> list[tuple[int, int]]:
    """Where the quotation stands, piece by piece: lines of two columns interleave, and a sentence may go on overleaf."""
    found: list[tuple[int, int]] = []
    while len(wanted) >= _FEWEST:
        low, high = 0, len(wanted)
        while low < high:  # the longest beginning that the page holds
            middle = (low + high + 1) // 2
            low, high = (middle, high) if wanted[:middle] in letters else (low, middle - 1)
        if low < _FEWEST:
            break
        start = letters.index(wanted[:low])
        found.append((start, start + low))
        wanted = wanted[low:]
    return found


def _box(page: Any, text_page: Any, index: int) -> Box:
    values = [ctypes.c_double() for _ in range(4)]
    raw.FPDFText_GetCharBox(text_page, index, *values)
    left, right, bottom, top = (value.value for value in values)
    width, height = (round(side * _SCALE) for side in page.get_size())
    corners = []
    for x, y in ((left, top), (right, bottom)):
        pixel_x, pixel_y = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(page, 0, 0, width, height, 0, x, y, pixel_x, pixel_y)
        corners.append((pixel_x.value, pixel_y.value))
    (x0, y0), (x1, y1) = corners
    return min(x0, x1) - 1, min(y0, y1) - 2, max(x0, x1) + 1, max(y0, y1) + 2
