"""How a model lays its answer out: wrapped lines, marks on lines of their own, headings, tables and JSON become plain statements.

Line by line, so that an answer streams: only a line that cites nothing waits for the next one.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from assistant.citations.marks import MARKS, is_heading, undecorated
from assistant.replies import THOUGHT_ENDS

_BULLET = re.compile(r"^\s*(?:[-*•–+]|\d{1,2}[.)]|[a-z][)])\s+")
_RULE = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*$")
_REFERENCES = re.compile(
    r"^\W*(?:references?|sources?|citations?|bibliography|works cited|evidence)\W*$", re.IGNORECASE
)
_MOST_JSON = 20_000  # characters of a reply that are tried as JSON
_MOST_JOINED = 2_000  # characters: what is longer states no claim
_LONGEST_LABEL = 8  # words of a line above a list that is a label and no claim


@dataclass(frozen=True, slots=True)
class Statement:
    """A line that may hold claims, and the heading that it stands under, "" for none."""

    line: str
    heading: str = ""


class Layout:
    """Reads a reply's lines into statements."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._held = ""  # a line without marks that may go on in the next
        self._heading = ""
        self._is_parted = False  # a blank line came since the last statement
        self._columns: list[str] = []
        self._is_listing_references = False
        self._json = ""

    def read(self, lines: Iterator[str | None]) -> Iterator[Statement | None]:
        """The statements; None and the end of thinking, as a statement of that line, pass through."""
        for line in lines:
            if line is None:
                yield None
            elif line == THOUGHT_ENDS:
                self._forget()
                yield Statement(line)
            else:
                yield from self._statements(line)
        yield from self._no_json()
        yield from self._released()

    def _statements(self, line: str) -> Iterator[Statement]:
        begins_json = not self._json and re.match(r"\s*(?:\{|\[\s*(?:\{|\"|$))", line) is not None
        if not (self._json or begins_json):
            yield from self._laid_out(line)
            return
        self._json = f"{self._json}\n{line}" if self._json else line
        if len(self._json) > _MOST_JSON:
            yield from self._no_json()
        elif line.rstrip(" ,`\t\r").endswith(("}", "]")):
            try:
                told = list(_told(json.loads(self._json.strip().rstrip(",`"))))
            except (ValueError, RecursionError):
                return
            self._json = ""
            yield from self._released()
            yield from map(Statement, told)

    def _no_json(self) -> Iterator[Statement]:
        """What was taken for JSON, as the lines that it is."""
        given, self._json = self._json, ""
        for line in given.split("\n") if given else ():
            yield from self._laid_out(line)

    def _laid_out(self, line: str) -> Iterator[Statement]:
        text = line.strip()
        if not text:
            self._is_parted, self._columns = True, []
            return
        if is_heading(line) or _REFERENCES.match(line):
            yield from self._released()
            self._heading = undecorated(line).rstrip(":").strip()
            self._is_listing_references, self._is_parted = bool(_REFERENCES.match(line)), False
            return
        if self._is_listing_references:
            return
        if text.startswith("|") and text.count("|") > 2:
            yield from self._released()
            yield from self._row(text)
            return
        is_item = bool(_BULLET.match(line))
        if self._held and not re.search(r"\w", MARKS.sub("", text)) and MARKS.search(text):
            self._held, joined = "", f"{self._held} {text}"
            yield self._under(joined, is_item)
            return
        is_short = len(self._held) < _MOST_JOINED
        if self._held and is_short and not self._is_parted and not is_item and _goes_on(self._held, text):
            self._held, text = "", f"{self._held} {text}"
        elif is_item and self._held and len(self._held.split()) <= _LONGEST_LABEL and self._held[-1:] not in (".", "!"):
            self._heading, self._held, self._is_parted = undecorated(self._held).rstrip(":?"), "", False
        yield from self._released()
        if MARKS.search(text):
            yield self._under(text, is_item)
        else:
            self._held, self._is_parted = text, False

    def _released(self) -> Iterator[Statement]:
        if self._held:
            held, self._held = self._held, ""
            yield self._under(held, bool(_BULLET.match(held)))

    def _under(self, text: str, is_item: bool) -> Statement:
        """The statement with the heading that it stands under: a new paragraph behind a list has left it."""
        if self._is_parted and not is_item:
            self._heading = ""
        self._is_parted = False
        return Statement(text, self._heading)

    def _row(self, text: str) -> Iterator[Statement]:
        """A table's row as a statement a cell: "| Memory | −69 % [2.9] |" below "| | LST |" is "Memory: −69 % [2.9]" of LST."""
        if _RULE.match(text):
            return
        cells = [cell.strip() for cell in text.strip("|").split("|")]
        marks = [" ".join(match.group() for match in MARKS.finditer(cell)) for cell in cells]
        if not self._columns:
            self._columns = [undecorated(cell) for cell in cells] if not any(marks) else [""]
            if not any(marks):
                return
        columns = [*self._columns, *[""] * len(cells)]
        label = undecorated(MARKS.sub("", cells[0]))
        for column, cell, own in list(zip(columns, cells, marks, strict=False))[1:]:
            if re.search(r"\w", MARKS.sub("", cell)):
                cited = "" if own else " ".join(filter(None, marks))
                yield Statement(f"{label}: {cell} {cited}".strip(": "), column)


def _goes_on(held: str, text: str) -> bool:
    """True where a sentence was broken over two lines."""
    return held[-1:] not in (".", "!", "?", ":", ";") and re.match(r"[a-z(]", text) is not None


def _is_prose(text: str) -> bool:
    """True for words, of which there is more than one."""
    word = re.search(r"[^\W\d_]{2}", text)
    return word is not None and re.search(r"\s", text[word.end() :]) is not None


def _told(found: Any) -> Iterator[str]:
    """The statements of an answer in JSON: each object's first text, with all marks of the object behind it."""
    if isinstance(found, list):
        for each in found:
            yield from _told(each)
    elif isinstance(found, dict):
        texts = [value for value in found.values() if isinstance(value, str) and _is_prose(value)]
        if texts:
            others = json.dumps([value for value in found.values() if value != texts[0]])
            marks = re.findall(r"(?<![\w.])[1-9]\d{0,2}\.\d{1,3}(?![\w.])", others)
            yield " ".join([" ".join(texts[0].split()), *(f"[{mark}]" for mark in marks)])
        else:
            for value in found.values():
                yield from _told(value) if isinstance(value, list | dict) else ()
    elif isinstance(found, str):
        yield found
