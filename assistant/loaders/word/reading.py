"""Reads one Word document into a paper, by way of the HTML that mammoth makes of it. Runs in a child process."""

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

import mammoth
from defusedxml import DefusedXmlException, ElementTree

from assistant.errors import LoadError
from assistant.loaders.parts import DATED, NAME, NOT_A_NAME, clean, is_person, year
from assistant.loaders.prose import prose_paper
from assistant.loaders.result import Loaded
from assistant.loaders.web import page_parts, parsed

_TEXT, _PROPERTIES = "word/document.xml", "docProps/core.xml"
_MOST = 200_000_000  # bytes unpacked, of all that is not a picture
_STYLES = """p[style-name='Title'] => h1.title:fresh
p[style-name='Author'] => h1.author:fresh
p[style-name='Date'] => h1.date:fresh
p[style-name='Abstract Title'] => h2:fresh
p[style-name='Caption'] => p:fresh"""
_LONGEST_TITLE = 200  # characters of a first line that is one
_MARKS = re.compile(r"[⁰¹²³⁴-⁹⁺⁻*∗†‡§¶]")
_SPACE = "{http://purl.org/dc/elements/1.1/}"


def read_word(path: Path) -> Loaded:
    """The paper of the file at `path`. Raises LoadError where it cannot be read as one."""
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = [entry.file_size for entry in archive.infolist() if entry.filename.endswith((".xml", ".rels"))]
            if sum(sizes) > _MOST:
                raise LoadError(f"{path.name} unpacks to more than {_MOST // 1_000_000} MB of text; split it")
            names = set(archive.namelist())
            if _TEXT not in names:
                raise LoadError(f"{path.name} is no Word document; save it again as .docx or as PDF")
            properties = archive.read(_PROPERTIES) if _PROPERTIES in names else b""
        with path.open("rb") as file:
            html = mammoth.convert_to_html(
                file, style_map=_STYLES, convert_image=mammoth.images.img_element(_nothing)
            ).value
    except (zipfile.BadZipFile, KeyError, OSError, RuntimeError, ExpatError) as error:
        reason = (str(error).splitlines() or ["?"])[0][:100]
        raise LoadError(f"{path.name} is damaged or protected ({reason}); save it again as .docx or as PDF") from None
    tree = parsed(html, path.name)
    title = _taken(tree.css("h1.title"))
    first = tree.css_first("h1, h2, p")
    line = clean(first.text()) if first is not None else ""
    if (
        not title and line and len(line) <= _LONGEST_TITLE and not line.endswith(".")
    ):  # properties are often a template's
        title = _taken([first])
    title = title or _property(properties, "title")
    styled = _names(_taken(tree.css("h1.author")))
    dated = DATED.match(_taken(tree.css("h1.date")))
    printed, date = _names_and_date_above(tree)
    date = dated["date"] if dated else date
    said = filter(is_person, _names(_property(properties, "creator")))
    return prose_paper(
        title or path.stem.replace("_", " "),
        page_parts(tree, title),
        path.name,
        authors=tuple(styled or printed or said),
        date=date,
        year=year(date),
    )


def _taken(nodes: Sequence[Any]) -> str:
    """The text of elements, which are then no longer part of the page."""
    text = ", ".join(clean(node.text()) for node in nodes)
    for node in nodes:
        node.decompose()
    return text


def _names_and_date_above(tree: Any) -> tuple[list[str], str | None]:
    """The names, and the date, that paragraphs above the first heading hold, where they hold nothing else."""
    found: list[str] = []
    date: str | None = None
    for node in tree.css("h1, h2, h3, p"):
        line = _unmarked(node)
        names, dated = _names(line), DATED.match(line)
        if node.tag != "p" or not (names or dated):
            break
        node.decompose()
        found += names
        date = date or (dated["date"] if dated else None)
    return found, date


def _unmarked(node: Any) -> str:
    """The text of a paragraph without raised marks, as names have them of notes and affiliations."""
    parts = (part for part in node.traverse(include_text=True) if part.tag == "-text" and part.parent.tag != "sup")
    return _MARKS.sub(" ", clean("".join(part.text() for part in parts)))


def _names(line: str) -> list[str]:
    """The names of a line, parted by commas; none where anything else is there."""
    parts = [part.strip() for part in re.split(r",|;|\band\b|&", line) if part.strip()]
    return parts if all(NAME.match(part) and not NOT_A_NAME.search(part) for part in parts) else []


def _nothing(image: object) -> dict[str, str]:
    return {}


def _property(properties: bytes, name: str) -> str:
    """What the file says of itself; "" where it says nothing."""
    try:
        return clean(ElementTree.fromstring(properties).findtext(f"{_SPACE}{name}")) if properties else ""
    except (ElementTree.ParseError, DefusedXmlException):
        return ""
