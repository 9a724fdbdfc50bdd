"""Lines become running text: reading order, headings, paragraphs, the reference list."""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

from assistant.loaders.pdf.hyphens import join, vocabulary
from assistant.loaders.pdf.lines import Line, PageText
from assistant.records import Section
from assistant.sentences import sentence_spans

_NAMES = frozenset(
    """abstract introduction background motivation preliminaries method methods methodology approach model experiments
    experiment evaluation results discussion conclusion conclusions limitations limitation acknowledgments
    acknowledgements acknowledgment acknowledgement references bibliography appendix appendices overview summary setup
    analysis implementation data dataset datasets supplementary""".split()
) | {"related work", "related works", "future work", "experimental setup", "experimental results", "ethics statement",
     "broader impact", "problem formulation", "results and discussion", "conclusion and future work", "literature cited",
     "discussion and conclusion", "materials and methods", "supplementary material", "reproducibility statement"}  # fmt: skip
# A section's number. A lone "A" is an article ("A Simple Method") more often than an appendix, and stays.
_NUMBER = re.compile(
    r"^(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[IVX]{1,5}\.|[A-H](?:\.\d{1,2}){1,2}\.?|A\.|[B-H]\.?)\s+(?=[A-Z“\"])"
)
_CAPTION = re.compile(r"^(?:Figure|Fig\.|Table|Algorithm|Listing)\s*\d+\s*[:.|]")
_LEADERS = re.compile(r"(?:\. ?){4}")  # of a table of contents
_SENTENCE_END = re.compile(r"[.!?:;][\"'”’)\]]*$")
_INLINE_ABSTRACT = re.compile(r"^abstract\s*[—–:.-]+\s*(?=\S)", re.IGNORECASE)
_REFERENCES = {"references", "bibliography", "literature cited"}
_AFTER_REFERENCES = re.compile(r"^(?:[A-H](?:\.\d{1,2})*\.?\s+\S|appendi|supplement)", re.IGNORECASE)
_OF_A_LIST = re.compile(r"\b(?:1[5-9]|20)\d\d[a-z]?\b|^\W?\d{1,3}[\].)]?\s|\bdoi\b|https?:")
_FEW_LINES = 12  # of a short list
_MARKED = 0.13  # the share of a list's lines that are marked so; in 70 of 72 lists it was .2 and more
_AROUND = 4  # lines before and after one, by which a table of contents is told
_PAGE_AT_END = re.compile(r"(?:^|\s|\.)(?:\d{1,3}|[ivxl]{1,6})$")
_SMALL_PRINT = 0.87  # of the text's font size: footnotes, not a slightly smaller abstract
_MAX_HEADING = 90  # characters
# What interrupts a text: an equation's number, figures of a table or an axis, a prompt and what is typed there.
_EQUATION_NUMBER = re.compile(r"\(\d{1,3}(?:\.\d{1,3})?[a-z]?\)")
_FIGURES = re.compile(r"(?:(?:[A-Za-z] ?= ?)?[-−+(]?\d[\d.,%]*(?:e[-+−]?\d+)?\)?(?:\s+|$))+(?<![.,])")
_PROMPT = re.compile(r"(?:R?>|>>>|\$) \S|\+ \S+\(")
_CAPITALISED, _IN_SMALL_LETTERS = re.compile(r"[A-Z][a-z]*\b"), re.compile(r"\b[a-z]+\b")
_INTERRUPTED = 2.2  # times the font size, from one line to the next
_CELLS_APART = 1.2  # times the font size
_LITTLE = 4  # characters of a line: "+", "> z"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text under a heading; `page` is where it begins, `turns` say from which character on it stands on another."""

    text: str
    page: int
    heading: str | None
    turns: tuple[tuple[int, int], ...] = ()

    def sentence_turns(self) -> tuple[tuple[int, int], ...]:
        """Where a sentence begins on another page than the one before: its first character, and that page."""
        found = [(0, self.page)]
        for span in sentence_spans(self.text) if self.turns else ():
            page = max((turn for turn in self.turns if turn[0] <= span.start), default=found[0])[1]
            if page != found[-1][1]:
                found.append((span.start, page))
        return tuple(found[1:])

    def by_page(self) -> Iterator[tuple[str, int]]:
        """Its sentences, together as far as they begin on the same page, each time with that page."""
        starts = ((0, self.page), *self.sentence_turns(), (len(self.text), 0))
        for (start, page), (end, _) in pairwise(starts):
            if text := self.text[start:end].strip():
                yield text, page


def body_size(lines: Iterable[Line]) -> float:
    """The font size, in points, in which most of the text is set."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def in_reading_order(page: PageText) -> list[Line]:
    """The lines column by column, where the page's content goes back and forth between two columns; else as they come."""
    lines = list(page.lines)
    if not lines:
        return lines
    centre = (min(line.left for line in lines) + max(line.right for line in lines)) / 2
    sides = [_side(line, centre) for line in lines]
    columns = [side for side in sides if side]
    jumps = sum(a != b for a, b in zip(columns, columns[1:], strict=False))
    if min(columns.count(-1), columns.count(1)) < 5 or jumps < 0.3 * len(columns):
        return lines
    ordered: list[Line] = []
    band: list[Line] = []  # lines of the columns between two lines that go across both
    for line in sorted(lines, key=lambda each: (-round(each.middle), each.left)):
        if _side(line, centre):
            band.append(line)
        else:
            ordered += [*_by_column(band, centre), line]
            band = []
    return ordered + _by_column(band, centre)


def _side(line: Line, centre: float) -> int:
    """-1 for the left column, 1 for the right one, 0 for a line that goes across."""
    if line.right <= centre + 4:
        return -1
    return 1 if line.left >= centre - 4 else 0


def _by_column(band: Sequence[Line], centre: float) -> list[Line]:
    return sorted(band, key=lambda line: (_side(line, centre), -line.middle, line.left))


def heading_of(line: Line, body: float) -> str | None:
    """The heading that the line is, without its number; None where it is no heading."""
    text = line.text.strip()
    if not 3 <= len(text) <= _MAX_HEADING or text.endswith((",", ";", "-")) or _LEADERS.search(text):
        return None
    number = _NUMBER.match(text)
    name = text[number.end() :] if number else text
    if name.rstrip(" .:").lower() in _NAMES and name[0].isupper():  # "model" alone may be a paragraph's last word
        return _title_case(name.rstrip(" .:"))
    stands_out = line.size >= body + 0.9 or line.bold or (name.isupper() and len(name) > 5)
    if not stands_out or text.endswith(".") or not any(letter.islower() or name.isupper() for letter in name):
        return None
    if number or (line.size >= body + 0.9 and name[:1].isupper() and len(name.split()) <= 12):
        return _title_case(name)
    return None


def _in_contents(lines: Sequence[Line], place: int) -> bool:
    """True for a line of a table of contents: many of those around it end in a page number, or have one beside them."""
    around = lines[max(0, place - _AROUND) : place + _AROUND + 1]
    beside = {round(line.middle) for line in lines if _PAGE_AT_END.match(line.text)}
    numbered = sum(round(line.middle) in beside or _PAGE_AT_END.search(line.text) is not None for line in around)
    return numbered >= max(3, 0.4 * len(around))


def _ends_references(line: Line, body: float) -> bool:
    """True for a heading after a reference list: of an appendix, or of a section that has a number and stands out or is called as
    most papers call one. What a list holds may look like other headings."""
    number = _NUMBER.match(line.text)
    name = line.text[number.end() if number else 0 :].rstrip(" .:").lower()
    stands_out = line.size >= body + 0.9 or (line.bold and line.size > body - 0.5)
    return bool(
        _AFTER_REFERENCES.match(line.text) or (stands_out and (number or name in _NAMES)) or (number and name in _NAMES)
    )


def is_known_heading(line: Line, body: float) -> bool:
    """True for a heading that has a number or the name of a section that most papers have."""
    text = line.text.strip()
    return heading_of(line, body) is not None and (
        _NUMBER.match(text) is not None or text.rstrip(" .:").lower() in _NAMES
    )


def _title_case(name: str) -> str:
    return name.capitalize() if name.isupper() else name


def paragraphs(pages: Sequence[PageText], skip: set[Line], body: float) -> Iterator[Paragraph]:
    """The document's paragraphs in reading order, without furniture, tables of contents and the reference list.

    Captions, tables, footnotes and code come as paragraphs of their own after the running text under their heading, so that
    they interrupt no sentence.
    """
    ordered = [[line for line in in_reading_order(page) if line not in skip] for page in pages]
    ordered = _with_code(ordered)
    written = [line.text for lines in ordered for line in lines]
    small = frozenset(word for text in written for word in _IN_SMALL_LETTERS.findall(text))
    joined = partial(_joined, words=vocabulary(written), small=small)
    heading: str | None = None
    in_references = False
    running: list[Line] = []
    asides: list[Line] = []
    listed: list[Line] = []  # in what is called references
    is_after_code = False
    for lines in ordered:
        cells = _cells(lines)
        in_caption: Line | None = None
        in_heading: Line | None = None
        for place, line in enumerate(lines):
            if in_heading and heading and _continues_heading(in_heading, line, heading, body):
                heading, in_heading = f"{heading} {line.text}", line
                continue
            found = heading_of(line, body)
            in_heading = line if found else None
            if found:
                yield from joined(running, heading)
                yield from joined(asides, heading)
                if in_references and not _is_list(listed):
                    yield from joined(listed, "References")
                running, asides, listed, heading, in_caption = [], [], [], found, None
                in_references = (
                    not _in_contents(lines, place)
                    if found.lower() in _REFERENCES
                    else in_references and not _ends_references(line, body)
                )
            elif _LEADERS.search(line.text) or (not in_references and _EQUATION_NUMBER.fullmatch(line.text)):
                continue
            elif in_references:
                listed.append(line)
            elif _CAPTION.match(line.text) or (in_caption and _continues(in_caption, line)):
                in_caption = line
                asides.append(line)
            elif (
                line.size < _SMALL_PRINT * body
                or cells[round(line.middle)] > 2
                or _interrupts(line, lines[place - 1] if place else None)
            ):
                asides.append(line)
                is_after_code = line.fixed
            else:
                if is_after_code and running and _begins_a_sentence(line, small):
                    yield from joined(running, heading)
                    running = []
                in_caption, is_after_code = None, False
                running.append(line)
    yield from joined(running, heading)
    yield from joined(asides, heading)
    if in_references and not _is_list(listed):
        yield from joined(listed, "References")


def _interrupts(line: Line, previous: Line | None) -> bool:
    """True for what is no part of a sentence: code, and lines of nothing but figures, one of them where it is set apart."""
    if line.fixed or _PROMPT.match(line.text):
        return True
    is_apart = previous is not None and not 0 < previous.middle - line.middle < 1.6 * line.size
    return _FIGURES.fullmatch(line.text) is not None and (is_apart or " " in line.text)


def _cells(lines: Iterable[Line]) -> Counter[int]:
    """How many stretches of text, parted by more than a space, stand on the same height: three or more are a table's. What small
    signs cut is one."""
    ends: dict[int, float] = {}
    cells: Counter[int] = Counter()
    for line in sorted(lines, key=lambda each: each.left):
        row = round(line.middle)
        cells[row] += line.left - ends.get(row, -math.inf) > _CELLS_APART * line.size
        ends[row] = max(line.right, ends.get(row, line.right))
    return cells


def _is_list(lines: Sequence[Line]) -> bool:
    """True for a reference list, by the years and numbers in it: a section may be on references, or stand behind such a heading
    unseen."""
    marked = sum(_OF_A_LIST.search(line.text) is not None for line in lines)
    return len(lines) < _FEW_LINES or marked >= _MARKED * len(lines)


def _with_code(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The lines, in a font of fixed pitch where they are code: what little stands between such lines is, too, and nothing is in a
    document that is set in such a font throughout."""
    letters: Counter[bool] = Counter()
    for line in (line for lines in pages for line in lines):
        letters[line.fixed] += len(line.text)
    is_typed, is_code = letters[True] > letters[False], False
    found: list[list[Line]] = []
    for lines in pages:
        found.append([])
        for line in lines:
            is_code = not is_typed and (line.fixed or (is_code and len(line.text) < _LITTLE))
            found[-1].append(line if line.fixed == is_code else replace(line, fixed=is_code))
    return found


def follows(previous: Line, line: Line) -> bool:
    """True for the next line of a text: set alike, and right below."""
    is_below = line.page == previous.page and 0 < previous.middle - line.middle < 1.6 * line.size
    return is_below and line.size == previous.size and line.bold == previous.bold


def _continues_heading(previous: Line, line: Line, heading: str, body: float) -> bool:
    """True for a further line of a heading that stands out by its type, and has no number of its own."""
    stands_out = line.size >= body + 0.9 or line.bold
    is_own = _NUMBER.match(line.text) or line.text.endswith(".") or line.text.rstrip(" :").lower() in _NAMES
    is_short = len(heading) + len(line.text) <= 2 * _MAX_HEADING
    return stands_out and not is_own and is_short and heading.lower() not in _NAMES and follows(previous, line)


def _continues(caption: Line, line: Line) -> bool:
    """True for the next line of a caption: the same size, right below, in the same column."""
    return (
        line.size == caption.size
        and 0 < caption.middle - line.middle < 1.7 * line.size
        and line.left < caption.right
        and caption.left < line.right
        and not (_SENTENCE_END.search(caption.text) and line.right - line.left > 1.05 * (caption.right - caption.left))
    )


def _joined(
    lines: Sequence[Line], heading: str | None, words: Counter[str], small: Collection[str]
) -> Iterator[Paragraph]:
    """Lines as paragraphs: a new one begins where the line before ends a sentence and the next stands apart. `words` and those
    in `small` letters are the document's."""
    text = ""
    turns: list[tuple[int, int]] = []
    for previous, line in zip([None, *lines], lines, strict=False):
        if text and previous and (_parts(previous, line) or _begins_anew(previous, line, small)):
            yield Paragraph(text, turns[0][1], heading, tuple(turns[1:]))
            text, turns = "", []
        text = join(text, line.text, words) if text else line.text
        if not turns or turns[-1][1] != line.page:
            turns.append((len(text) - len(line.text), line.page))
    if text:
        yield Paragraph(text, turns[0][1], heading, tuple(turns[1:]))


def _parts(previous: Line, line: Line) -> bool:
    """True where `line` begins a paragraph: after a sentence's end, with an indent, a gap, or in another column; and where code
    begins or ends."""
    if previous.fixed != line.fixed:
        return True
    if not _SENTENCE_END.search(previous.text):
        return _CAPTION.match(line.text) is not None
    is_below = line.page == previous.page and 0 < previous.middle - line.middle < 1.6 * line.size
    return not is_below or line.left > previous.left + 0.7 * line.size


def _begins_anew(previous: Line, line: Line, small: Collection[str]) -> bool:
    """True where a sentence that was not ended is followed, below a formula, code or a figure, by one that begins with a word
    which stands in small letters elsewhere: no name."""
    is_far = line.page == previous.page and previous.middle - line.middle > _INTERRUPTED * line.size
    return is_far and _begins_a_sentence(line, small)


def _begins_a_sentence(line: Line, small: Collection[str]) -> bool:
    first = _CAPITALISED.match(line.text)
    return first is not None and first[0].lower() in small


def sections(found: Iterable[Paragraph]) -> tuple[Section, ...]:
    """Paragraphs as sections: one for each heading on each page, so that every sentence knows its page."""
    grouped: list[tuple[str | None, int, list[str]]] = []
    for paragraph in found:
        for text, page in paragraph.by_page():
            if not grouped or grouped[-1][:2] != (paragraph.heading, page):
                grouped.append((paragraph.heading, page, []))
            grouped[-1][2].append(text)
    return tuple(Section("\n\n".join(texts), heading, page) for heading, page, texts in grouped)


def together(found: Sequence[Paragraph]) -> Paragraph:
    """Paragraphs under one heading as one."""
    text, turns = "", []
    for paragraph in found:
        text += "\n\n" if text else ""
        turns += [(len(text) + start, page) for start, page in ((0, paragraph.page), *paragraph.turns)]
        text += paragraph.text
    return Paragraph(text, found[0].page, found[0].heading, tuple(turns[1:]))


def without_abstract_mark(text: str) -> str | None:
    """The text after an "Abstract—" at its beginning; None where there is none."""
    match = _INLINE_ABSTRACT.match(text)
    return text[match.end() :] if match else None
