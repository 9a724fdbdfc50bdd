"""Plain text: the first line is the title, blank lines part paragraphs, a line "Abstract" heads the abstract."""

import re
from collections.abc import Iterator

from assistant.errors import LoadError
from assistant.loaders.parts import clean
from assistant.loaders.prose import prose_paper
from assistant.loaders.result import Loaded
from assistant.loaders.source import Source

_TITLE = 300  # characters: a longer first line is text, and the file's name the title


def sniff(source: Source) -> bool:
    """True for text under a name that says no more."""
    return not source.is_binary and source.path.suffix.lower() in (".txt", ".text", "")


def load(source: Source) -> Loaded:
    """The one paper of the file. Raises LoadError where there is no text."""
    text = source.text.strip()
    if not re.search(r"\w", text):
        raise LoadError(f"{source.name} holds no text; nothing was read from it")
    title, _, rest = text.partition("\n")
    while not clean(title):  # control and zero-width characters are no title
        title, _, rest = rest.partition("\n")
    if not rest.strip() or len(title) > _TITLE:
        title, rest = source.path.stem.replace("_", " "), text
    return prose_paper(" ".join(title.split()), _paragraphs(rest), source.name)


def _paragraphs(text: str) -> Iterator[tuple[str | None, str]]:
    """The paragraphs; the one below a line "Abstract" is headed so."""
    heading: str | None = None
    for part in re.split(r"\n[^\S\n]*\n", text):
        first, _, rest = part.strip().partition("\n")
        if first.strip().rstrip(":.").lower() == "abstract":
            heading, part = "Abstract", rest
        paragraph = " ".join(part.split())
        if paragraph:
            yield heading, paragraph
            heading = None
