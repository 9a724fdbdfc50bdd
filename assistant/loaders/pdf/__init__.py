"""PDF files: text in reading order with pages and headings, and the metadata that the first page prints.

pdfium reads hostile files too, so that it runs in a child process (`assistant.loaders.child`) with a limit on time and memory.
"""

import base64
import importlib.util
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from assistant.errors import LoadError
from assistant.loaders.child import SECONDS, in_child, load_in_child
from assistant.loaders.result import Loaded
from assistant.loaders.source import Source

_OCR_SECONDS = 1800.0  # a page takes some seconds, and there may be hundreds


@cache
def ocr_is_installed() -> bool:
    """True where the extra `ocr` and the program tesseract are there."""
    return importlib.util.find_spec("pytesseract") is not None and shutil.which("tesseract") is not None


def sniff(source: Source) -> bool:
    """True where the first kilobyte holds a PDF header, as the format allows, and not as that of an archive's first file.

    The beginning of a file, `HEAD` bytes of it, is enough.
    """
    return b"%PDF-" in source.data[:1024] and not source.is_archive


def load(source: Source) -> Loaded:
    """The one paper of the file. Raises LoadError where it is damaged, encrypted, without text, or takes too long."""
    if not source.path.is_file():
        raise LoadError(f"{source.name} is a PDF inside an archive or a stream; save it as a file of its own")
    seconds = _OCR_SECONDS if source.ocr else SECONDS
    return load_in_child("assistant.loaders.pdf.reading:read_pdf", source.path, seconds, ocr=source.ocr)


def page_with_quotes(paths: Sequence[Path], page: int, quotes: Sequence[str]) -> bytes:
    """Page `page` (from 1) as a PNG with the quotations marked, of the first of a paper's files that shows one of them, else of
    the first that has such a page. Raises LoadError where no file is what was read any more."""
    failed = LoadError("there is no such file")
    for must_hold in (True, False) if len(paths) > 1 else (False,):
        for path in paths:
            try:
                picture = in_child(
                    "assistant.loaders.pdf.picture:quote_picture",
                    path,
                    page=page,
                    quotes=list(quotes),
                    must_hold=must_hold,
                )
                return base64.b64decode(picture)
            except LoadError as error:
                failed = error
    raise failed
