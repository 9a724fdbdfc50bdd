"""Markdown: the first heading is the title, the others head sections; code, images and raw HTML are left out."""

from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from assistant.loaders.prose import prose_paper
from assistant.loaders.result import Loaded
from assistant.loaders.source import Source


def sniff(source: Source) -> bool:
    """True for text under a Markdown name."""
    return not source.is_binary and source.path.suffix.lower() in (".md", ".markdown")


def load(source: Source) -> Loaded:
    """The one paper of the file. Raises LoadError where there is no text."""
    blocks = list(_blocks(MarkdownIt("commonmark").parse(source.text)))
    title = next((text for is_heading, text in blocks if is_heading), "")
    heading: str | None = None
    parts: list[tuple[str | None, str]] = []
    for is_heading, text in blocks:
        if is_heading:
            heading = None if text == title else text
        else:
            parts.append((heading, text))
    return prose_paper(title or source.path.stem.replace("_", " "), parts, source.name)


def _blocks(tokens: list[Token]) -> Iterator[tuple[bool, str]]:
    """Every heading (True) and paragraph (False) as text."""
    opened = ""
    for token in tokens:
        if token.type in ("heading_open", "paragraph_open"):
            opened = token.type
        elif token.type == "inline":
            text = " ".join("".join(_text(token.children or [])).split())
            if text:
                yield opened == "heading_open", text


def _text(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type in ("text", "code_inline"):
            yield token.content
        elif token.type in ("softbreak", "hardbreak"):
            yield " "
