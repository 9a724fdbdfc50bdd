"""HTML pages: the title, the citation_* metadata that publishers print or others like it, and the text under its headings."""

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from assistant.errors import LoadError
from assistant.loaders.exponents import raised
from assistant.loaders.parts import arxiv_id, clean, doi, is_person, names, year
from assistant.loaders.prose import prose_paper
from assistant.loaders.result import Loaded
from assistant.loaders.source import Source

_LEFT_OUT = "script, style, noscript, nav, header, footer, aside, form, template, svg, math, iframe, button"
_LAYS_OUT = "h1, h2, h3, h4, h5, h6, pre"  # what tables hold that lay out a page or code
# Where pages name their authors and dates, the surest first; what else does says when a page was made or changed.
_CREATORS = ("dc.creator", "dcterms.creator", "author")
_DATES = (
    "citation_publication_date", "citation_date", "dcterms.issued", "dc.date.issued", "dcterms.date", "dc.date",
    "article:published_time", "date",
)  # fmt: skip
_SITES = ("og:site_name", "application-name", "generator", "dc.publisher", "dcterms.publisher")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d")
_QUOTED = 600  # characters of a table's rows that stay together
_BEFORE = 40  # characters before a raised text that tell what it is
_DEEPEST = 10_000
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]{0,40})[^<>]*?(/?)>")
# Elements without content, and those that the next of their kind closes.
_NEVER_DEEP = frozenset(
    """area base br col embed hr img input link meta source track wbr param html head body p li dt dd option tr td th thead
    tbody tfoot colgroup""".split()
)
_TEXT = "h1, h2, h3, h4, h5, h6, p, li, blockquote"


def sniff(source: Source) -> bool:
    """True for text that is HTML by its name, and for what begins like a page."""
    if not source.is_binary and source.path.suffix.lower() in (".html", ".htm", ".xhtml"):
        return True
    head = source.head.lstrip()[:1000].lower()
    return head.startswith("<") and ("<html" in head or "<!doctype html" in head or "<body" in head)


def load(source: Source) -> Loaded:
    """The one paper of the page. Scripts are never run. Raises LoadError where there is no text."""
    tree = parsed(source.text, source.name)
    metadata = _metadata(tree)
    site = {name.casefold() for key in _SITES for name in metadata.get(key, ())}
    authors = names("; ".join(metadata.get("citation_author", ()))) or [
        name
        for key in _CREATORS
        for name in names("; ".join(metadata.get(key, ())))
        if is_person(name) and name.casefold() not in site
    ]
    named = tree.css_first("h1") or tree.css_first("title")
    title = (
        _first(metadata, "citation_title")
        or (clean(named.text()) if named else "")
        or source.path.stem.replace("_", " ")
    )
    date = next(
        (_day(date) for key in _DATES for date in metadata.get(key, ()) if year(date) or "citation" in key), None
    )
    return prose_paper(
        title,
        page_parts(tree, title),
        source.name,
        authors=tuple(dict.fromkeys(authors)),
        date=date,
        year=year(date),
        doi=doi(_first(metadata, "citation_doi")),
        arxiv_id=arxiv_id(_first(metadata, "citation_arxiv_id")),
        venue=_first(metadata, "citation_journal_title") or _first(metadata, "citation_conference_title"),
    )


def _metadata(tree: Any) -> dict[str, list[str]]:
    """What the page's meta elements say, by their names in small letters."""
    found: dict[str, list[str]] = {}
    for node in tree.css("meta[name], meta[property]"):
        if content := clean(node.attributes.get("content")):
            found.setdefault(clean(node.attributes.get("name") or node.attributes.get("property")).lower(), []).append(
                content
            )
    return found


def _first(metadata: Mapping[str, list[str]], key: str) -> str | None:
    return next(iter(metadata.get(key, ())), None)


def _day(date: str) -> str:
    """A date without the time of day that it may have."""
    return date[:10] if _TIME.match(date) else date


def parsed(text: str, name: str) -> Any:
    """The page of a file called `name`, its powers and indices as text. Raises LoadError where it is nested too deeply."""
    if _depth(text) > _DEEPEST:
        raise LoadError(f"{name} is nested too deeply for a paper; save the page again, or as text")
    tree = LexborHTMLParser(text)
    for node in tree.css("br"):
        node.replace_with(" ")
    for node in tree.css("sup, sub"):
        before, text = node.prev, node.text().strip()
        written = raised(text, node.tag == "sub", before.text()[-_BEFORE:] if before else "")
        if written != text:  # what is a mark stays one, so that names can be told from it
            node.replace_with(written)
    return tree


def _depth(text: str) -> int:
    """About how many elements are open at once at most: finding text below them takes the square of that."""
    depth = deepest = 0
    for closes, name, is_empty in _TAG.findall(text):
        if not is_empty and name.lower() not in _NEVER_DEEP:
            depth = max(0, depth + (-1 if closes else 1))
            deepest = max(deepest, depth)
    return deepest


def page_parts(tree: Any, title: str) -> Iterator[tuple[str | None, str]]:
    """The paragraphs of a page with the heading that they stand under. Tables come after the running text under their heading,
    so that they interrupt no sentence."""
    for node in reversed(tree.css(_LEFT_OUT)):  # what is inside of another goes first
        node.decompose()
    tables = _tables_taken(tree)
    heading: str | None = None
    asides: list[str] = []
    for node in tree.css(f"{_TEXT}, table"):
        if node.tag == "table":
            asides.append(tables[node.mem_id])
            continue
        text = clean(node.text())
        if node.tag.startswith("h") and len(node.tag) == 2:
            yield from ((heading, aside) for aside in asides)
            asides = []
            heading = None if text == title else text or None
        elif text and not (node.tag in ("li", "blockquote") and node.css_first("p")):
            yield heading, text
    yield from ((heading, aside) for aside in asides)


def _tables_taken(tree: Any) -> dict[int, str]:
    """The text of each table, which is then empty. Tables that lay out a page, as all do that hold another, are taken out of it,
    and so is all else in figures."""
    found: dict[int, str] = {}
    outer = {table.mem_id for table in tree.css("table:has(table)")}
    for table in reversed(tree.css("table")):
        if table.mem_id not in outer and (text := _table_text(table)):
            found[table.mem_id] = text
            for child in [*table.iter()]:
                child.decompose()
        else:
            table.decompose()
    for figure in tree.css("figure:not(figure figure)"):
        if table := figure.css_first("table"):
            captions = filter(None, (clean(caption.text()) for caption in figure.css("figcaption")))
            found[table.mem_id] = "\n".join([*captions, found[table.mem_id]])
            for node in reversed(figure.css(f"figcaption, {_TEXT}")):
                node.decompose()
        else:
            figure.decompose()
    return found


def _table_text(table: Any) -> str:
    """A caption and the rows, a line each, with their cells parted by " | ", in paragraphs of few enough rows to be quoted whole;
    "" for a table that lays out a page or is mostly links, to go on by."""
    if table.css_first(_LAYS_OUT):
        return ""
    linked = sum(len(clean(link.text())) for link in table.css("a"))
    rows = [[_cell_text(cell) for cell in row.css("td, th")] for row in table.css("tr")]
    if 2 * linked > sum(map(len, chain(*rows))) or not any(len(list(filter(None, row))) > 1 for row in rows):
        return ""
    captions = (clean(caption.text()) for caption in table.css("caption"))
    blocks: list[str] = [""]
    for line in filter(None, [*captions, *(clean(" | ".join(row)).rstrip("| ") for row in rows)]):
        if len(blocks[-1]) + len(line) > _QUOTED:
            blocks.append("")
        blocks[-1] += f"{line}\n"
    return "\n".join(blocks).strip()


def _cell_text(cell: Any) -> str:
    parts = cell.css(":is(p, li):not(:has(p, li))")
    return " ".join(clean(part.text()) for part in parts or [cell]).strip()
