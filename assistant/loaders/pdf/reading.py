"""Reads one PDF into a paper. Runs in a child process."""

import re
from itertools import takewhile
from pathlib import Path
from typing import Any

import pypdfium2

from assistant.errors import LoadError
from assistant.loaders.pdf.front import Front, read_front
from assistant.loaders.pdf.furniture import furniture
from assistant.loaders.pdf.layout import (
    Paragraph,
    body_size,
    paragraphs,
    sections,
    together,
    without_abstract_mark,
)
from assistant.loaders.pdf.lines import PageText, page_text
from assistant.loaders.pdf.scans import MAX_SCANS, Engine, open_engine, scanned_page
from assistant.loaders.result import Loaded
from assistant.records import Paper

MAX_PAGES = 2000  # of a longer file the rest is left out, and said so
_TEXT, _LONGEST_ABSTRACT = 200, 4000  # characters of a paragraph that is no affiliation, and of an abstract
_EMPTY = 20  # characters: a page with fewer has no text to speak of
_NAMED = 12  # empty pages named one by one


def read_pdf(path: Path, ocr: bool = False, recognise: Engine | None = None) -> Loaded:
    """The paper of the file at `path`. With `ocr`, pages without text are read from their picture, by `recognise` in the
    place of tesseract where it is given. Raises LoadError where the file cannot be read as a paper."""
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        reason = "is protected by a password; save it without one" if "password" in str(error).lower() else (
            "is damaged or no PDF; open it in a viewer and save it again"
        )  # fmt: skip
        raise LoadError(f"{path.name} {reason}") from None
    try:
        if not len(document):
            raise LoadError(f"{path.name} has no page; nothing was read from it")
        metadata = {name: value for name, value in document.get_metadata_dict().items() if value}
        pages, problems = _pages(document)
        step = "scanned pages need OCR: set ASSISTANT_OCR=on, or run ocrmypdf first"
        if ocr and any(map(_is_empty, pages)):
            pages, step = _with_scans(document, pages, recognise)
    finally:
        document.close()
    empty = [page.number for page in pages if _is_empty(page)]
    if len(empty) == len(pages):
        raise LoadError(f"{path.name} holds no text, only images; {step}")
    if empty:
        named = ", ".join(map(str, empty[:_NAMED])) + (" …" if len(empty) > _NAMED else "")
        problems.append(f"no text on page{'s' * (len(empty) > 1)} {named}; {step}")
    return _loaded(path, pages, metadata, problems)


def _pages(document: Any) -> tuple[list[PageText], list[str]]:
    """The text of the pages, and what could not be read."""
    pages: list[PageText] = []
    problems: list[str] = []
    for number in range(min(len(document), MAX_PAGES)):
        try:
            page = document[number]
            pages.append(page_text(page, number + 1))
            page.close()
        except pypdfium2.PdfiumError:
            problems.append(f"page {number + 1} is damaged; left out")
    if len(document) > MAX_PAGES:
        problems.append(f"has {len(document):,} pages; only the first {MAX_PAGES:,} were read")
    return pages, problems


def _is_empty(page: PageText) -> bool:
    return sum(len(line.text) for line in page.lines) < _EMPTY


def _with_scans(document: Any, pages: list[PageText], recognise: Engine | None) -> tuple[list[PageText], str]:
    """The pages, those without text as OCR reads them, and what to do about the ones that it does not read."""
    read: list[PageText] = []
    step, tried = "OCR found none there either", 0
    for page in pages:
        if _is_empty(page) and tried < MAX_SCANS:
            tried += 1
            try:
                recognise = recognise or open_engine()
                page = scanned_page(document[page.number - 1], page.number, recognise)
            except LoadError as error:
                step = str(error)
                if recognise is None:
                    return pages, step
        elif _is_empty(page):
            step = f"OCR reads the first {MAX_SCANS} scanned pages of a file; split it"
        read.append(page)
    return read, step


def _loaded(path: Path, pages: list[PageText], metadata: dict[str, str], problems: list[str]) -> Loaded:
    body = body_size(line for page in pages for line in page.lines)
    skip = furniture(pages, body)
    shown = [
        PageText(p.number, p.width, p.height, tuple(x for x in p.lines if x not in skip), p.sideways) for p in pages
    ]
    front = read_front(shown, metadata, path.name, body)
    found = list(paragraphs(shown, set(front.used), body))
    abstract, rest = _abstract(found)
    return Loaded((_paper(path, front, abstract, rest),), tuple(problems), pages=len(pages))


def _abstract(found: list[Paragraph]) -> tuple[Paragraph | None, list[Paragraph]]:
    """The abstract and everything else: what stands under that heading, or after the word where it is set in line, or, in papers
    that do not call it so, the text above the first heading."""
    under = [p for p in found if (p.heading or "").lower() == "abstract"]
    if under:
        return together(under), [p for p in found if p not in under]
    for position, paragraph in enumerate(found[:5]):
        inline = without_abstract_mark(paragraph.text)
        if inline:
            cut = len(paragraph.text) - len(inline)
            turns = tuple((start - cut, page) for start, page in paragraph.turns)
            return Paragraph(inline, paragraph.page, "Abstract", turns), found[:position] + found[position + 1 :]
    above = list(takewhile(lambda paragraph: paragraph.heading is None, found))
    text = [paragraph for paragraph in above if paragraph.page == 1 and len(paragraph.text) >= _TEXT]
    if text and len(above) < len(found) and sum(len(paragraph.text) for paragraph in text) <= _LONGEST_ABSTRACT:
        return together(text), [paragraph for paragraph in found if paragraph not in text]
    return None, found


def _paper(path: Path, front: Front, abstract: Paragraph | None, rest: list[Paragraph]) -> Paper:
    return Paper(
        title=front.title or re.sub(r"[_\s]+", " ", path.stem),
        abstract=abstract.text if abstract else "",
        abstract_page=abstract.page if abstract else None,
        abstract_turns=abstract.sentence_turns() if abstract else (),
        authors=front.authors,
        date=front.date,
        year=front.year,
        doi=front.doi,
        arxiv_id=front.arxiv_id,
        body=sections(rest),
        sources=(path.name,),
    )
