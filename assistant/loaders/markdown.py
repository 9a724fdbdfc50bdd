"""Markdown: the first heading is the title, the others head sections; code, images and raw HTML are left out.

A block of `key: value` lines between "---" at the beginning (YAML front matter) gives the metadata, and the title where it
has one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from assistant.loaders.parts import clean, paper
from assistant.loaders.prose import prose_paper
from assistant.loaders.result import Loaded
from assistant.loaders.source import Source

_FRONT_MATTER = re.compile(r"---[ \t]*\n(?=\S)(.*?)^(?:---|\.\.\.)[ \t]*$", re.DOTALL | re.MULTILINE)
_FIELD = re.compile(r"([A-Za-z][\w-]*)\s*:(?:\s+(.*))?$")


def sniff(source: Source) -> bool:
    """True for text under a Markdown name."""
    return not source.is_binary and source.path.suffix.lower() in (".md", ".markdown")


def is_marked(source: Source) -> bool:
    """True for text that begins with a heading or a front matter, whatever its name."""
    return not source.is_binary and re.match(r"\s*#{1,6} |---[ \t]*\n\S", source.head) is not None


def load(source: Source) -> Loaded:
    """The one paper of the file. Raises LoadError where there is no text."""
    fields, text = _front_matter(source.text)
    blocks = list(_blocks(MarkdownIt("commonmark").parse(text)))
    first_heading = next((text for is_heading, text in blocks if is_heading), "")
    title = clean(fields.get("title")) or first_heading or source.path.stem.replace("_", " ")
    heading: str | None = None
    parts: list[tuple[str | None, str]] = []
    for is_heading, text in blocks:
        if is_heading:
            heading = None if text == title else text
        else:
            parts.append((heading, text))
    if "abstract" in fields and not any((heading or "").lower() == "abstract" for heading, _ in parts):
        parts.insert(0, ("Abstract", clean(fields["abstract"])))
    found = paper({**fields, "title": title, "abstract": ""}, source.name)
    return prose_paper(
        title, parts, source.name, authors=found.authors, date=found.date, year=found.year, doi=found.doi,
        arxiv_id=found.arxiv_id, venue=found.venue, url=found.url,
    )  # fmt: skip


def _front_matter(text: str) -> tuple[Mapping[str, str | Sequence[str]], str]:
    """The fields of the block at the beginning under the names of `parts.paper`, and the text after it. Of YAML, only what
    such blocks use is read: values on one line or indented below it, and lists."""
    block = _FRONT_MATTER.match(text)
    content = [line for line in block[1].split("\n") if line.strip() and not line.startswith("#")] if block else []
    if not block or not content or not _FIELD.match(content[0]):  # rules, not a block
        return {}, text
    lines: dict[str, list[str]] = {}
    name = ""
    for line in content:
        if field := _FIELD.match(line):
            name = field[1].lower()
            lines[name] = [field[2] or ""]
        else:
            lines[name].append(line.strip())
    fields: dict[str, str | Sequence[str]] = {name: _value(found) for name, found in lines.items()}
    fields["authors"] = _authors(lines.get("authors") or lines.get("author") or [""])
    fields.setdefault("arxiv_id", fields.get("arxiv", ""))
    fields.setdefault("venue", fields.get("journal", ""))
    return fields, text[block.end() :]


def _value(lines: Sequence[str]) -> str:
    """A value of one or more lines, without its quotes or the sign ("|", ">") that says how its lines are joined."""
    first = "" if re.fullmatch(r"[|>][+-]?", lines[0].strip()) else lines[0]
    return _unquoted(" ".join([first, *lines[1:]]))


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _authors(lines: Sequence[str]) -> str | list[str]:
    """The names in a text, a list on one line, or a list of lines, of names or of fields of which one is the name."""
    text = _value(lines)
    if text.startswith("[") and text.endswith("]"):
        return [_unquoted(name) for name in text[1:-1].split(",")]
    if not any(line.startswith("- ") for line in lines):
        return text
    found = []
    for line in lines[1:]:
        item = line.removeprefix("- ").strip()
        field = _FIELD.match(item)
        if field and field[1].lower() == "name":
            found.append(_unquoted(field[2] or ""))
        elif not field and line.startswith("- "):
            found.append(_unquoted(item.rstrip(":")))
    return found


def _blocks(tokens: list[Token]) -> Iterator[tuple[bool, str]]:
    """Every heading (True) and paragraph (False) as text."""
    opened = ""
    for token in tokens:
        if token.type in ("heading_open", "paragraph_open"):
            opened = token.type
        elif token.type == "inline" and (text := clean("".join(_text(token.children or [])))):
            yield opened == "heading_open", text


def _text(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type in ("text", "code_inline"):
            yield token.content
        elif token.type in ("softbreak", "hardbreak"):
            yield " "
