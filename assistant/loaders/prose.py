"""Headed text, from whatever format, as one paper: the title, the abstract where one is headed so, and sections."""

from collections.abc import Iterable

from assistant.errors import LoadError
from assistant.loaders.result import Loaded
from assistant.records import Paper, Section

_LEFT_OUT = {"references", "bibliography"}


def prose_paper(title: str, parts: Iterable[tuple[str | None, str]], source: str, **metadata: object) -> Loaded:
    """The paper of (heading, paragraph) pairs in reading order, without its reference list. Raises LoadError for no text."""
    grouped: list[tuple[str | None, list[str]]] = []
    for heading, text in parts:
        if not text.strip() or (heading or "").strip().lower() in _LEFT_OUT:
            continue
        if not grouped or grouped[-1][0] != heading:
            grouped.append((heading, []))
        grouped[-1][1].append(text.strip())
    sections = [Section("\n\n".join(texts), heading) for heading, texts in grouped]
    if not sections:
        raise LoadError(f"{source} holds no text; nothing was read from it")
    abstract = next((section for section in sections if (section.heading or "").lower() == "abstract"), None)
    body = tuple(section for section in sections if section is not abstract)
    paper = Paper(title, abstract.text if abstract else "", body=body, sources=(source,), **metadata)  # type: ignore[arg-type]
    return Loaded((paper,))
