"""What a PDF's first page says of the paper: title, authors, date, DOI and arXiv id. What is not printed is not guessed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.loaders.parts import NOT_A_NAME
from assistant.loaders.pdf.layout import heading_of, without_abstract_mark
from assistant.loaders.pdf.lines import Line, PageText

_STAMP = re.compile(
    r"arXiv:\s*(?P<id>\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?(?:\s*\[[^\]]*\])?(?P<date>[^\n]{0,20})"
)
_DATE = re.compile(r"\b\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* (?P<year>(?:19|20)\d{2})\b")
_DOI = re.compile(r"\b10\.\d{4,9}/[-._;()/:A-Za-z0-9]*[A-Za-z0-9]")
_FILE_ID = re.compile(r"(?<!\d)(\d{4}\.\d{4,5})(?:v\d+)?(?!\d)")
_VENUE_YEAR = re.compile(
    r"(?:published as|proceedings|conference|copyright|©|\(c\)|workshop|transactions|journal|preprint)[^\n]{0,120}?"
    r"\b((?:19|20)\d{2})\b", re.IGNORECASE,
)  # fmt: skip
_NO_TITLE = re.compile(
    r"^(?:untitled|microsoft word|title|paper|main|manuscript|template)\b|\.(?:docx?|tex|dvi|pdf|indd)$", re.IGNORECASE
)
_NAME = re.compile(r"^(?:[A-ZÀ-Ý][\w'’.-]*\s+){1,4}[A-ZÀ-Ý][\w'’-]+$")
_MARKS = re.compile(r"[*†‡§¶∗⋆♠♣♦♥✉]|(?<=[A-Za-z])[\d,]+(?=\s|$|,)|\s\d+(?=\s|,|$)")


@dataclass(frozen=True, slots=True)
class Front:
    """The printed metadata, and the lines that were used for it."""

    title: str
    authors: tuple[str, ...]
    date: str | None
    year: int | None
    doi: str | None
    arxiv_id: str | None
    used: frozenset[Line]


def read_front(pages: Sequence[PageText], metadata: Mapping[str, str], file_name: str, body: float) -> Front:
    """The first page's metadata; the file's own metadata and its name fill what the page does not show."""
    first = pages[0]
    title_lines = _title_lines(first, body)
    printed = " ".join(line.text for line in title_lines)
    title = (
        printed
        or _clean_title(metadata.get("Title", ""))
        or re.sub(r"[_\s]+", " ", file_name.rsplit(".", 1)[0]).strip()
    )
    between = _between_title_and_text(first, title_lines, body)
    text = "\n".join([first.sideways, *(line.text for line in first.lines)])
    stamp = _STAMP.search(first.sideways) or _STAMP.search("\n".join(line.text for line in first.lines[:6]))
    named = _FILE_ID.fullmatch(file_name.rsplit(".", 1)[0])
    arxiv_id = stamp["id"] if stamp else named.group(1) if named else None
    date = _DATE.search(stamp["date"]) if stamp else None
    venue = _VENUE_YEAR.search(text)
    doi = _DOI.search(text)
    return Front(
        title=title,
        authors=_authors(between, metadata.get("Author", "")),
        date=date.group() if date else None,
        year=int(date["year"]) if date else int(venue.group(1)) if venue else _year_of(arxiv_id),
        doi=doi.group().lower() if doi else None,
        arxiv_id=arxiv_id,
        used=frozenset([*title_lines, *between]),
    )


def _title_lines(page: PageText, body: float) -> list[Line]:
    """The lines in the largest type of the upper part of the page, where that is larger than the text's."""
    upper = [line for line in page.lines if line.middle > 0.45 * page.height and len(line.text) > 3]
    large = [line for line in upper if line.size > body + 1.5 and not _STAMP.match(line.text)]
    if not large:
        return []
    size = max(line.size for line in large)
    chosen = [line for line in upper if line.size >= size - 0.6]
    start = chosen.index(next(line for line in chosen if line.size == size))
    title: list[Line] = []
    for line in chosen[start:]:
        if title and abs(title[-1].middle - line.middle) > 2.2 * size:
            break
        title.append(line)
    return title if sum(len(line.text) for line in title) >= 8 else []


def _clean_title(title: str) -> str:
    cleaned = " ".join(title.split())
    return "" if len(cleaned) < 8 or _NO_TITLE.search(cleaned) else cleaned


def _between_title_and_text(page: PageText, title: Sequence[Line], body: float) -> list[Line]:
    """Authors and affiliations: what stands between the title and the abstract or the first heading."""
    if not title:
        return []
    lines = list(page.lines)
    found: list[Line] = []
    for line in lines[lines.index(title[-1]) + 1 :]:
        if heading_of(line, body) or without_abstract_mark(line.text) is not None:
            return found
        found.append(line)
    return []  # no abstract and no heading: it cannot be told from the text


def _authors(lines: Sequence[Line], from_metadata: str) -> tuple[str, ...]:
    """The names printed under the title, where every part of a line is one; else those of the file's metadata."""
    names: list[str] = []
    for line in lines:
        parts = [
            part.strip() for part in re.split(r",|;|\band\b|&|\s{2,}", _MARKS.sub(" ", line.text).replace("  ", ","))
        ]
        parts = [" ".join(part.split()) for part in parts if part.strip()]
        if parts and all(_NAME.match(part) and not NOT_A_NAME.search(part) for part in parts):
            names += parts
        elif names:
            break
    if not names:
        parts = [" ".join(part.split()) for part in re.split(r",|;|\band\b", from_metadata)]
        names = [part for part in parts if _NAME.match(part)]
    return tuple(dict.fromkeys(names))


def _year_of(arxiv_id: str | None) -> int | None:
    """The year in which an arXiv id was given: its first two digits, since April 2007."""
    return 2000 + int(arxiv_id[:2]) if arxiv_id and arxiv_id[:4].isdigit() else None
