"""JSON Lines: one object a line with `title` and `abstract`, and optionally `authors` (list of names), `year`, `date`, `url`."""

import json
from pathlib import Path
from typing import Any

from assistant.errors import LoadError
from assistant.loaders.result import Loaded
from assistant.records import Paper

_PROBLEMS_NAMED = 20


def sniff(path: Path, head: str) -> bool:
    """True where the first character that is not space opens a JSON object."""
    return head.lstrip()[:1] == "{"


def load(path: Path, text: str) -> Loaded:
    """The papers in order; a line that is no paper is named in `problems`. Raises LoadError where no line is one."""
    papers: list[Paper] = []
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            papers.append(_paper(json.loads(line), path.name))
        except (ValueError, RecursionError) as error:
            problems.append(f"line {number}: {str(error).splitlines()[0]}; left out")
    if not papers:
        raise LoadError(f"{path.name} holds no paper: {problems[0] if problems else 'every line is empty'}")
    if len(problems) > _PROBLEMS_NAMED:
        problems = [*problems[:_PROBLEMS_NAMED], f"and {len(problems) - _PROBLEMS_NAMED} more lines"]
    return Loaded(tuple(papers), tuple(problems))


def _paper(record: Any, source: str) -> Paper:
    if not isinstance(record, dict):
        raise ValueError("not a JSON object")
    title, abstract = record.get("title"), record.get("abstract") or ""
    if not isinstance(title, str) or not title.strip() or not isinstance(abstract, str):
        raise ValueError("needs a text 'title' and a text 'abstract'")
    authors = record.get("authors") or []
    year = record.get("year")
    return Paper(
        title=title.strip(),
        abstract=abstract.strip(),
        authors=tuple(str(name) for name in authors) if isinstance(authors, list) else (str(authors),),
        year=int(year) if isinstance(year, int | str) and str(year).isdigit() else None,
        date=str(record["date"]) if record.get("date") else None,
        url=str(record["url"]) if record.get("url") else None,
        sources=(source,),
    )
