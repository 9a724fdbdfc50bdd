"""Which papers a question is asked of: the ids of chosen papers, years and sources, and the same in words."""

import re
from collections.abc import Iterable

from assistant.answering.requests import Scope
from assistant.errors import LibraryError
from assistant.records import Paper, counted, quoted
from assistant.store.catalogue import Catalogue

_FILE = re.compile(r"(?<![\w/\\.])\w[\w+-]{0,120}(?:\.[\w+-]{1,120}){0,3}\.[A-Za-z]{2,5}\b")
_FEW = 3  # papers of a file: one of more is a listing


def scope_of(
    catalogue: Catalogue, papers: Iterable[str] | None, years: Iterable[int] | None, sources: Iterable[str] | None
) -> Scope:
    """The papers to ask in, those that are in every choice; an empty choice is none. None leaves a choice open.

    Raises LibraryError where a paper is not in the library, a file gave it none, or a year is no number.
    """
    words: list[str] = []
    ids = catalogue.paper_ids()
    if papers is not None:
        ids = ids_of(catalogue, papers)
        words.append(counted(len(ids), "chosen paper"))
    if years is not None:
        years = _numbers(years)
        kept = set(catalogue.paper_ids(years))
        ids = [paper_id for paper_id in ids if paper_id in kept]
        words.append(f"years {', '.join(map(str, years)) or 'none'}")
    if sources is not None:
        sources = _names(sources)
        listed = catalogue.ids_of_sources(sources)
        for source in sources:
            if source not in listed:
                raise LibraryError(
                    f"no paper came from a file {source!r}; 'assistant papers --json' lists them as sources"
                )
        kept = set().union(*listed.values())
        ids = [paper_id for paper_id in ids if paper_id in kept]
        words.append(f"sources {', '.join(sources) or 'none'}")
    return Scope(ids, f"{' · '.join(words)}: {len(ids):,} of {counted(catalogue.counts()[0], 'paper')}")


def by_titles(question: str, catalogue: Catalogue) -> str | None:
    """The question with the titles of papers for the names of their files ("lmer.pdf"); None where it has none that a paper, or
    two or three, came from."""
    names = list(dict.fromkeys(_FILE.findall(question))) if isinstance(question, str) else []
    found = catalogue.ids_of_sources(names) if names else {}
    titles = {
        name: quoted(paper.title for paper in catalogue.papers_by_id(sorted(ids)).values())
        for name, ids in found.items()
        if len(ids) <= _FEW
    }
    return _FILE.sub(lambda name: titles.get(name[0], name[0]), question) if titles else None


def ids_of(catalogue: Catalogue, papers: Iterable[str]) -> list[str]:
    """Ids from ids, titles, or names of files that one paper came from, each once. Raises LibraryError, naming the first that
    is unknown, or a title or file that several papers have."""
    wanted = _names(papers)
    found = {name: name for name in catalogue.papers_by_id(wanted)}
    for name, titled in catalogue.papers_named([name for name in wanted if name not in found]).items():
        papers_titled = catalogue.papers_by_id(titled).values()
        same = [paper.id for paper in papers_titled if paper.title.casefold() == name.casefold()]
        if len(same) > 1:
            raise LibraryError(
                f"{counted(len(same), 'paper')} are called {name!r}; give the id instead: {' or '.join(same)}"
            )
        if same:
            found[name] = same[0]
    for name, ids in catalogue.ids_of_sources([name for name in wanted if name not in found]).items():
        if len(ids) > 1:
            raise LibraryError(
                f"{counted(len(ids), 'paper')} came from the file {name!r}; give the ids or titles of those that you mean, "
                "which 'assistant papers' lists"
            )
        found[name] = ids.pop()
    if unknown := [name for name in wanted if name not in found]:
        raise LibraryError(f"no paper has the id, title or file {unknown[0]!r}; 'assistant papers' lists them")
    return list(dict.fromkeys(found[name] for name in wanted))


def _names(given: Iterable[str]) -> list[str]:
    """The names; one that is given alone is one name, not letters, and a `Paper` stands for its id."""
    named = [given] if isinstance(given, str | Paper) else list(given)
    names = [one.id if isinstance(one, Paper) else one for one in named]
    if wrong := [one for one in names if not isinstance(one, str)]:
        raise LibraryError(f"papers are named by id, title or file, not by {type(wrong[0]).__name__}")
    return names


def _numbers(years: Iterable[int]) -> list[int]:
    try:
        return [int(year) for year in ([years] if isinstance(years, int | str) else years)]
    except (TypeError, ValueError):
        raise LibraryError(f"years are numbers such as [2023, 2024], not {years!r}") from None
