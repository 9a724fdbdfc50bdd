"""Atom feeds of papers, as arXiv's API gives them."""

from typing import Any

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from assistant.errors import LoadError
from assistant.loaders.parts import clean, named_problems, paper
from assistant.loaders.result import Loaded
from assistant.loaders.source import Source
from assistant.records import Paper

_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"


def sniff(source: Source) -> bool:
    """True for XML whose root is an Atom feed."""
    return source.head.lstrip().startswith("<") and "<feed" in source.head


def load(source: Source) -> Loaded:
    """The feed's entries as papers. Raises LoadError for broken or hostile XML, or where no entry is a paper."""
    try:
        root = fromstring(source.data)
    except DefusedXmlException:
        raise LoadError(f"{source.name} defines entities, which may hide a bomb; save the feed without them") from None
    except (ParseError, ValueError, LookupError) as error:
        raise LoadError(f"{source.name} is not well-formed XML ({error}); download the feed again") from None
    papers: list[Paper] = []
    problems: list[str] = []
    for number, entry in enumerate(root.iter(f"{_ATOM}entry"), 1):
        try:
            papers.append(_paper(entry, source.name))
        except ValueError as error:
            problems.append(f"entry {number}: {error}; left out")
    if not papers:
        raise LoadError(f"{source.name} is a feed without papers; check the query that made it")
    return Loaded(tuple(papers), named_problems(problems, "entry"))


def _paper(entry: Any, source: str) -> Paper:
    def text(name: str) -> str:
        return clean(entry.findtext(name) or "")

    return paper(
        {
            "title": text(f"{_ATOM}title"),
            "abstract": text(f"{_ATOM}summary"),
            "authors": [author.findtext(f"{_ATOM}name") or "" for author in entry.iter(f"{_ATOM}author")],
            "date": text(f"{_ATOM}published")[:10],
            "doi": text(f"{_ARXIV}doi"),
            "arxiv_id": text(f"{_ATOM}id"),
            "venue": text(f"{_ARXIV}journal_ref"),
            "url": text(f"{_ATOM}id"),
        },
        source,
    )
