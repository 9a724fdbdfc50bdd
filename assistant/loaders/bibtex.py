"""BibTeX: every entry with a title is a paper, with its abstract where it has one."""

import logging
import re
from collections import OrderedDict
from collections.abc import Iterator

import bibtexparser
from bibtexparser.bparser import BibTexParser

from assistant.errors import LoadError
from assistant.interrupts import raise_if_interrupted
from assistant.loaders.latex import plain_text
from assistant.loaders.parts import named_problems, paper
from assistant.loaders.result import Loaded
from assistant.loaders.source import Source
from assistant.records import Paper, counted

_ENTRY = re.compile(r"^[^\S\n]*@\w+\s*\{", re.MULTILINE)
_ESCAPE = re.compile(r"\\(?:url\s*(?=\{))?(?=[_%&#$~{])|[{}]")
_AND = re.compile(r"(\\.|[{}]|\s+and\s+|;)", re.DOTALL)


class _Macros(OrderedDict[str, str]):
    """The @string definitions; one that is missing, such as a journal's of a style file, stands for its own name."""

    def __missing__(self, name: str) -> str:
        return name


def sniff(source: Source) -> bool:
    """True where an entry such as "@article{" begins a line."""
    return (
        not source.is_binary
        and _ENTRY.search(source.head) is not None
        and source.path.suffix.lower() in (".bib", ".txt", "")
    )


def load(source: Source) -> Loaded:
    """The entries in order. Raises LoadError where none can be read."""
    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # it warns of every entry type that it does not know
    parser = BibTexParser(common_strings=True, ignore_nonstandard_types=False)
    parser.bib_database.strings = _Macros(parser.bib_database.strings)
    try:
        entries = bibtexparser.loads(source.text, parser).entries
    except Exception as error:  # its parser raises errors of several libraries
        raise_if_interrupted()
        raise LoadError(
            f"{source.name} is no BibTeX that can be read ({str(error).splitlines()[0]}); mend it"
        ) from None
    papers: list[Paper] = []
    problems: list[str] = []
    for entry in entries:
        try:
            papers.append(_paper(entry, source.name))
        except ValueError as error:
            problems.append(f"{entry.get('ID', 'an entry')}: {error}; left out")
    missing = (
        len(_ENTRY.findall(source.text))
        - len(entries)
        - len(re.findall(r"(?im)^[^\S\n]*@(?:string|comment|preamble)\b", source.text))
    )
    if missing > 0:
        problems.append(f"{counted(missing, 'entry')} could not be read; check the braces")
    if not papers:
        raise LoadError(f"{source.name} holds no paper: {problems[0] if problems else 'no entry'}")
    return Loaded(tuple(papers), named_problems(problems, "entry"))


def _paper(entry: dict[str, str], source: str) -> Paper:
    def text(name: str) -> str:
        return plain_text(entry.get(name, ""))

    def address(name: str) -> str:
        return _ESCAPE.sub("", entry.get(name, ""))

    is_arxiv = "arxiv" in (address("archiveprefix") + address("eprinttype") + address("journal")).lower()
    return paper(
        {
            "title": text("title"),
            "abstract": text("abstract"),
            "authors": [plain_text(name) for name in _authors(entry.get("author", ""))],
            "year": address("year") or address("date"),
            "date": text("date"),
            "doi": address("doi"),
            "arxiv_id": address("eprint") if is_arxiv else address("url"),
            "venue": text("journal")
            or text("booktitle")
            or ("" if "://" in address("howpublished") else text("howpublished")),
            "url": address("url"),
        },
        source,
    )


def _authors(written: str) -> Iterator[str]:
    """The names between "and"; within braces it is a part of one, as in {Rivers and Lakes Trust}."""
    name, depth = "", 0
    for part in _AND.split(written):
        depth += (part == "{") - (part == "}")
        if depth <= 0 and (part == ";" or part.strip() == "and" != part):
            yield name
            name = ""
        else:
            name += part
    yield name
