"""Reads one PDF into a paper. Runs in a child process."""

import re
from pathlib import Path

import pypdfium2

from assistant.errors import LoadError
from assistant.loaders.pdf.front import Front, read_front
from assistant.loaders.pdf.layout import Paragraph, body_size, furniture, paragraphs, sections, without_abstract_mark
from assistant.loaders.pdf.lines import PageText, page_text
from assistant.loaders.result import Loaded
from assistant.records import Paper

MAX_PAGES = 2000  # of a longer file the rest is left out, and said so
_EMPTY = 20  # characters: a page with fewer has no text to speak of
_NAMED = 12  # empty pages named one by one


def read_pdf(path: Path) -> Loaded:
    """The paper of the file at `path`. Raises LoadError where it cannot be read as one."""
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
        problems: list[str] = []
        pages: list[PageText] = []
        for number in range(min(len(document), MAX_PAGES)):
            try:
                page = document[number]
                pages.append(page_text(page, number + 1))
                page.close()
            except pypdfium2.PdfiumError:
                problems.append(f"page {number + 1} is damaged; left out")
        if len(document) > MAX_PAGES:
            problems.append(f"has {len(document):,} pages; only the first {MAX_PAGES:,} were read")
    finally:
        document.close()
    return _loaded(path, pages, metadata, problems)


def _loaded(path: Path, pages: list[PageText], metadata: dict[str, str], problems: list[str]) -> Loaded:
    empty = [page.number for page in pages if sum(len(line.text) for line in page.lines) < _EMPTY]
    if len(empty) == len(pages):
        raise LoadError(f"{path.name} holds no text, only images; run it through OCR first (for example ocrmypdf)")
    if empty:
        named = ", ".join(map(str, empty[:_NAMED])) + (" …" if len(empty) > _NAMED else "")
        problems = [*problems, f"no text on page{'s' * (len(empty) > 1)} {named}; scanned pages need OCR first"]
    body = body_size(line for page in pages for line in page.lines)
    skip = furniture(pages)
    shown = [
        PageText(p.number, p.width, p.height, tuple(x for x in p.lines if x not in skip), p.sideways) for p in pages
    ]
    front = read_front(shown, metadata, path.name, body)
    found = list(paragraphs(shown, set(front.used), body))
    abstract, rest = _abstract(found)
    return Loaded((_paper(path, front, abstract, rest),), tuple(problems), pages=len(pages))


def _abstract(found: list[Paragraph]) -> tuple[Paragraph | None, list[Paragraph]]:
    """The abstract and everything else: what stands under that heading, or after the word where it is set in line."""
    under = [p for p in found if (p.heading or "").lower() == "abstract"]
    if under:
        text = "\n\n".join(paragraph.text for paragraph in under)
        return Paragraph(text, under[0].page, "Abstract"), [p for p in found if p not in under]
    for position, paragraph in enumerate(found[:5]):
        inline = without_abstract_mark(paragraph.text)
        if inline:
            return Paragraph(inline, paragraph.page, "Abstract"), found[:position] + found[position + 1 :]
    return None, found


def _paper(path: Path, front: Front, abstract: Paragraph | None, rest: list[Paragraph]) -> Paper:
    return Paper(
        title=front.title or re.sub(r"[_\s]+", " ", path.stem),
        abstract=abstract.text if abstract else "",
        abstract_page=abstract.page if abstract else None,
        authors=front.authors,
        date=front.date,
        year=front.year,
        doi=front.doi,
        arxiv_id=front.arxiv_id,
        body=sections(rest),
        sources=(path.name,),
    )
