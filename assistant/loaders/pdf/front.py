"""What a PDF's first page says of the paper: title, authors, date, DOI and arXiv id. What is not printed is not guessed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.loaders.parts import DATED, NAME, NOT_A_NAME
from assistant.loaders.pdf.layout import follows, is_known_heading, without_abstract_mark
from assistant.loaders.pdf.lines import Line, PageText

_STAMP = re.compile(
    r"arXiv:\s*(?P<id>\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?(?:\s*\[[^\]]*\])?(?P<date>[^\n]{0,20})"
)
_DATE = re.compile(r"\b(?P<date>\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* (?:19|20)\d{2})\b")
_YEAR = re.compile(r"(?:19|20)\d\d")
_DOI = re.compile(r"\b10\.\d{4,9}/[-._;()/:A-Za-z0-9]*[A-Za-z0-9]")
_FILE_ID = re.compile(r"(?<!\d)(\d{4}\.\d{4,5})(?:v\d+)?(?!\d)")
_VENUE_YEAR = re.compile(
    r"(?:published as|proceedings|conference|copyright|©|\(c\)|workshop|transactions|journal|preprint)[^\n]{0,120}?"
    r"\b((?:19|20)\d{2})\b", re.IGNORECASE,
)  # fmt: skip
_NO_TITLE = re.compile(
    r"^(?:untitled|microsoft word|title|paper|main|manuscript|template)\b|\.(?:docx?|tex|dvi|pdf|indd)$", re.IGNORECASE
)
_MARKS = re.compile(r"[*†‡§¶∗⋆♠♣♦♥✉]|(?<=[A-Za-z])[\d,]+(?=\s|$|,)|\s\d+(?=\s|,|$)")
_BETWEEN_NAMES = re.compile(r",|;|\band\b|&|\s{2,}", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_BY = re.compile(r"^(?:by|and)\s+", re.IGNORECASE)
_TRAILING_MARKS = re.compile(r"(?<=[^\s*∗†‡§¶⋆])[\s*∗†‡§¶⋆,]*[*∗†‡§¶⋆]$")
_FURNITURE = re.compile(
    r"^(?:accepted|available|draft|journal|preprint|proceedings|published|received|submitted|to appear|typeset|under review|"
    r"version|vol(?:ume|\.)|\W*\d)\b", re.IGNORECASE,
)  # fmt: skip
_REFERENCE_FORMAT = re.compile(r"^acm reference format:?\s*", re.IGNORECASE)
_OWN_REFERENCE = re.compile(r"(?P<authors>[^.]*(?:\b[A-Z]\.[^.]*)*)\. (?P<year>(?:19|20)\d\d)\. ")
_ALIKE = 0.6  # points between the sizes of lines that are set alike
_TITLE_PAGE = 12  # lines below the title, among which the date of a title page is looked for
_PROSE = 40  # characters: a line of this length with as many small words is text, and no affiliation
_SMALL_WORD = re.compile(r"\b(?!(?:and|at|de|du|for|in|of|the|und)\b)[a-zà-ÿ]{2,}\b")


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
    title_lines = _large_title(first, body) or _plain_title(first, body)
    printed = _TRAILING_MARKS.sub("", " ".join(line.text for line in title_lines))
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
    date = (_DATE.search(stamp["date"]) if stamp else None) or _dated(first, title_lines, between)
    venue = _VENUE_YEAR.search(text)
    own = _own_reference(first)
    years = (
        date and _YEAR.search(date["date"]),
        own and _YEAR.fullmatch(own["year"]),
        venue and _YEAR.search(venue.group(1)),
    )
    doi = _DOI.search(text)
    return Front(
        title=title,
        authors=_authors(between, metadata.get("Author", ""), own["authors"] if own else ""),
        date=date["date"] if date else None,
        year=next((int(year.group()) for year in years if year), _year_of(arxiv_id)),
        doi=doi.group().lower() if doi else None,
        arxiv_id=arxiv_id,
        used=frozenset([*title_lines, *between]),
    )


def _large_title(page: PageText, body: float) -> list[Line]:
    """The lines in the largest type of the upper part of the page, where that is larger than the text's and they are words."""
    ends = (place for place, line in enumerate(page.lines) if place and (_is_abstract(line) or _is_contents(line)))
    above = page.lines[: next(ends, len(page.lines))]
    upper = [line for line in above if line.middle > 0.45 * page.height and len(line.text) > 3]
    large = [line for line in upper if line.size > body + 1.5 and not _STAMP.match(line.text)]
    for size in sorted({line.size for line in large}, reverse=True):
        chosen = [line for line in upper if line.size >= size - 0.6]
        title = _block(chosen[chosen.index(next(line for line in chosen if line.size == size)) :])
        words = [word for line in title for word in line.text.split() if word.isalpha()]
        if len(words) > 1 or (len(title) > 1 and words) or sum(map(len, words)) >= 8:
            return title
    return []


def _plain_title(page: PageText, body: float) -> list[Line]:
    """The first lines of a page that are in bold type or in capitals, and above a heading or abstract: those of a title that is
    no larger than the text."""
    lines = list(page.lines)
    for place, line in enumerate(lines):
        if line.middle < 0.5 * page.height or _is_abstract(line) or _is_prose(line):
            return []
        words = [word for word in line.text.split() if word.isalpha()]
        stands_out = line.size >= body - 0.25 and (line.bold or (line.text.isupper() and len(words) > 1))
        if stands_out and len(words) > 1 and not _FURNITURE.match(line.text) and not _STAMP.match(line.text):
            title = _block([other for other in lines[place:] if (other.size, other.bold) == (line.size, line.bold)])
            title = [other for other in title if other.text.isupper() == line.text.isupper()]
            below = _between_title_and_text(page, title, body)
            return title if below and len(title) < 5 else []
    return []


def _block(lines: Sequence[Line]) -> list[Line]:
    """The lines from the first on that follow each other closely."""
    found: list[Line] = []
    for line in lines:
        if found and abs(found[-1].middle - line.middle) > 2.2 * found[0].size:
            break
        found.append(line)
    return found


def _clean_title(title: str) -> str:
    cleaned = " ".join(title.split())
    return "" if len(cleaned) < 8 or _NO_TITLE.search(cleaned) else cleaned


def _between_title_and_text(page: PageText, title: Sequence[Line], body: float) -> list[Line]:
    """Authors and affiliations: what stands between the title and the abstract, the first heading that has a number or a known
    name, or the text; on a title page of its own its names and date. Bold type there is a name's."""
    if not title:
        return []
    found: list[Line] = []
    for line in page.lines[page.lines.index(title[-1]) + 1 :]:
        if _is_abstract(line) or is_known_heading(line, body):
            return found
        if _is_prose(line):
            while found and follows(found[-1], line):
                line = found.pop()
            return found
        found.append(line)
    return _on_a_title_page(found)


def _on_a_title_page(below: Sequence[Line]) -> list[Line]:
    """The names and the date below a title on a page that has no text: lines set alike, down to a date that stands by itself.
    Without such a date names cannot be told from a subtitle or a list, and none are taken."""
    for place, line in enumerate(below[:_TITLE_PAGE]):
        if _is_contents(line):
            break
        if DATED.match(line.text):
            return [other for other in below[: place + 1] if abs(other.size - line.size) <= _ALIKE]
    return []


def _is_abstract(line: Line) -> bool:
    return without_abstract_mark(line.text) is not None or line.text.replace(" ", "").lower() == "abstract"


def _is_contents(line: Line) -> bool:
    return line.text.strip(" .:").lower() in {"contents", "table of contents"}


def _is_prose(line: Line) -> bool:
    return len(line.text) >= _PROSE and len(_SMALL_WORD.findall(line.text)) >= 4


def _dated(page: PageText, title: Sequence[Line], between: Sequence[Line]) -> re.Match[str] | None:
    """The date that is printed by itself under the title, or above it."""
    if not title:
        return None
    above = page.lines[: page.lines.index(title[0])]
    return next(filter(None, (DATED.match(line.text) for line in (*between, *above))), None)


def _own_reference(page: PageText) -> re.Match[str] | None:
    """How the paper wants to be cited, where the page prints that: its authors, parted by commas, and its year."""
    for place, line in enumerate(page.lines):
        if mark := _REFERENCE_FORMAT.match(line.text):
            lines = [line.text[mark.end() :], *(other.text for other in page.lines[place + 1 : place + 7])]
            return _OWN_REFERENCE.match(" ".join(" ".join(lines).split()))
    return None


def _authors(lines: Sequence[Line], from_metadata: str, from_reference: str) -> tuple[str, ...]:
    """The names in the paper's own reference; else those printed under the title; else those of the file's metadata."""
    for listed in (from_reference, _names_printed(lines), from_metadata):
        names = [_BY.sub("", " ".join(part.split())) for part in _BETWEEN_NAMES.split(listed)]
        if found := [_in_small_letters(name) for name in names if NAME.match(name) and not NOT_A_NAME.search(name)]:
            return tuple(dict.fromkeys(found))
    return ()


def _names_printed(lines: Sequence[Line]) -> str:
    """The names, parted by commas, of those lines under a title that hold nothing else and are of the first such line's size:
    they may stand side by side, and above an affiliation each."""
    names: list[str] = []
    size: float | None = None
    for line in lines:
        if size is not None and abs(line.size - size) > _ALIKE:
            continue
        printed = ", ".join(_BY.sub("", part) for part in line.parts or (line.text,))
        text = _MARKS.sub(" ", _IN_BRACKETS.sub(" ", printed))
        parts = [_BY.sub("", " ".join(part.split())) for part in _BETWEEN_NAMES.split(text) if part.strip()]
        if parts and all(NAME.match(part) and not NOT_A_NAME.search(part) for part in parts):
            names += parts
            size = size or line.size
    return ", ".join(names)


def _in_small_letters(name: str) -> str:
    """A name that is set in capitals as names are written: "ADA LOVELACE II" as "Ada Lovelace II"."""
    if not name.isupper():
        return name
    return re.sub(r"\b(?!I{2,3}\b|IV\b)[^\W\d_]{2,}", lambda part: part.group().capitalize(), name)


def _year_of(arxiv_id: str | None) -> int | None:
    """The year in which an arXiv id was given: its first two digits, since April 2007."""
    return 2000 + int(arxiv_id[:2]) if arxiv_id and arxiv_id[:4].isdigit() else None
