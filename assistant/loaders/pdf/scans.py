"""Pages without text, read from their picture by OCR: an optional extra, off by default. Runs in a child process."""

import importlib
import shutil
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any, NamedTuple

from PIL import Image

from assistant.errors import LoadError
from assistant.loaders.pdf.lines import Line, PageText

MAX_SCANS = 300  # pages of one file; the rest is left out, and said so
_DOTS = 300 / 72  # pixels a point: 300 dots an inch, which tesseract is made for
_MAX_PIXELS = 40_000_000  # a larger page is rendered coarser
_PAGE_SECONDS = 60
_SURE = 30  # per cent: what tesseract is less sure of is a speck or a picture more often than a word
_LINE_TO_FONT = 0.72  # a line of text, with what hangs above and below, is about 1.4 times as high as a capital


class Word(NamedTuple):
    """A recognised word: its box in pixels from the upper left, and the line that it stands on."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    line: tuple[int, ...]


Engine = Callable[[Image.Image], Sequence[Word]]


def open_engine() -> Engine:
    """Tesseract. Raises LoadError, with what to install, where a part of it is missing."""
    try:
        pytesseract = importlib.import_module("pytesseract")
    except ImportError:
        raise LoadError("OCR is on, but its package is missing: pip install 'assistant[ocr]'") from None
    if shutil.which(pytesseract.pytesseract.tesseract_cmd) is None:
        raise LoadError("OCR is on, but the program tesseract is missing: install it (package tesseract-ocr)")
    return lambda picture: _tesseract(pytesseract, picture)


def _tesseract(pytesseract: Any, picture: Image.Image) -> list[Word]:
    found = pytesseract.image_to_data(picture, output_type=pytesseract.Output.DICT, timeout=_PAGE_SECONDS)
    words = zip(
        found["text"], found["conf"], found["left"], found["top"], found["width"], found["height"],
        found["block_num"], found["par_num"], found["line_num"], strict=True,
    )  # fmt: skip
    return [
        Word(text.strip(), left, top, left + width, top + height, place)
        for text, sure, left, top, width, height, *place_ in words
        if text.strip() and float(sure) >= _SURE and (place := tuple(place_))
    ]


def scanned_page(page: Any, number: int, recognise: Engine) -> PageText:
    """The lines that are recognised on a pdfium page, in points and in the order in which the engine gives them.

    Raises LoadError where the engine fails or takes too long.
    """
    width, height = page.get_size()
    scale = min(_DOTS, (_MAX_PIXELS / max(1.0, width * height)) ** 0.5)
    picture = page.render(scale=scale).to_pil().convert("L")
    try:
        words = recognise(picture)
    except Exception as error:  # pytesseract raises RuntimeError at its time limit, and classes of its own
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise LoadError(f"OCR of page {number} failed ({reason})") from None
    lines: dict[tuple[int, ...], list[Word]] = {}
    for word in words:
        lines.setdefault(word.line, []).append(word)
    sizes: dict[int, list[float]] = {}
    for key, group in lines.items():  # lines of a block share a size: that of one line depends on its letters
        sizes.setdefault(key[0], []).append(max(w.bottom for w in group) - min(w.top for w in group))
    return PageText(
        number,
        width,
        height,
        tuple(
            Line(
                text=" ".join(word.text for word in group),
                page=number,
                left=min(word.left for word in group) / scale,
                bottom=height - max(word.bottom for word in group) / scale,
                right=max(word.right for word in group) / scale,
                top=height - min(word.top for word in group) / scale,
                size=round(median(sizes[key[0]]) / scale * _LINE_TO_FONT),
                bold=False,
            )
            for key, group in lines.items()
        ),
    )
