"""BibTeX: every entry with a title is a paper, with its abstract where it has one."""

import logging
import re
from collections import OrderedDict

import bibtexparser
from bibtexparser.bparser import BibTexParser
from bibtexparser.customization import convert_to_unicode

from assistant.errors import LoadError
from assistant.interrupts import raise_if_interrupted
from assistant.loaders.parts import named_problems, paper
from assistant.loaders.result import Loaded
from assistant.loaders.source import Source
from assistant.records import Paper

_ENTRY = re.compile(r"^[^\S\n]*@\w+\s*\{", re.MULTILINE)
# Commands of type and size: what they stand before is kept. Accents and signs are the parser's to turn into letters.
_STYLE = re.compile(
    r"\\(?:emph|enquote|underline|[mh]box|ensuremath|operatorname|boldsymbol|url|text(?:it|bf|sc|tt|rm|sf|sl|up|md|normal)?"
    r"|textsu(?:per|b)script|math(?:rm|bf|it|sf|tt|cal|bb|frak|scr|normal))\s*(?=\{)"
    r"|\\(?:em|it|bf|sc|tt|rm|sf|sl|itshape|bfseries|scshape|ttfamily|small|large)(?![A-Za-z])\s*"
)


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
    parser = BibTexParser(common_strings=True, ignore_nonstandard_types=False, customization=_unicode)
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
        problems.append(f"{missing} entries could not be read; check their braces")
    if not papers:
        raise LoadError(f"{source.name} holds no paper: {problems[0] if problems else 'no entry'}")
    return Loaded(tuple(papers), named_problems(problems, "entries"))


def _unicode(entry: dict[str, str]) -> dict[str, str]:
    """The entry with letters for LaTeX. The commands of style go before the braces do, which part them from the words."""
    return convert_to_unicode({name: _STYLE.sub("", value) for name, value in entry.items()})  # type: ignore[no-any-return]


def _paper(entry: dict[str, str], source: str) -> Paper:
    def plain(name: str) -> str:
        return re.sub(r"[{}]", "", entry.get(name, ""))

    is_arxiv = "arxiv" in (plain("archiveprefix") + plain("eprinttype") + plain("journal")).lower()
    return paper(
        {
            "title": plain("title"),
            "abstract": plain("abstract"),
            "authors": re.split(r"\s+and\s+|;", plain("author")),
            "year": plain("year") or plain("date"),
            "date": plain("date"),
            "doi": plain("doi"),
            "arxiv_id": plain("eprint") if is_arxiv else plain("url"),
            "venue": plain("journal") or plain("booktitle"),
            "url": plain("url"),
        },
        source,
    )
