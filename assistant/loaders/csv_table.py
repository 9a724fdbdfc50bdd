"""CSV and TSV tables of papers: a header line names the columns; `title` is needed, `abstract` and the rest are taken where
they are there, under the usual names."""

import csv
import io
import re
from typing import Any

from assistant.errors import LoadError
from assistant.loaders.parts import named_problems, paper
from assistant.loaders.result import Loaded
from assistant.loaders.source import Source
from assistant.records import Paper

_COLUMNS = {
    "title": ("title", "paper title", "article title", "name"),
    "abstract": ("abstract", "summary", "abstract note"),
    "authors": ("authors", "author"),
    "year": ("year", "publication year"),
    "date": ("date", "published", "publication date"),
    "doi": ("doi",),
    "arxiv_id": ("arxiv_id", "arxiv id", "arxiv"),
    "venue": ("venue", "journal", "publication title", "source title", "conference"),
    "url": ("url", "link"),
}
_LONGEST = 10_000_000  # characters of one field


def sniff(source: Source) -> bool:
    """True for a text whose name says that it is a table."""
    return source.path.suffix.lower() in (".csv", ".tsv") and not source.is_binary


def is_table(source: Source) -> bool:
    """True for text whose first line names a title column and others, whatever its name."""
    if source.is_binary:
        return False
    columns = {name.strip().lower() for name in next(reader_of(source.head.partition("\n")[0]), [])}
    return len(columns) > 1 and not columns.isdisjoint(_COLUMNS["title"])


def reader_of(text: str) -> Any:
    """A csv.reader of a table whose first line says what separates its cells: most often "," or ";" or a tab, outside quotes."""
    first = re.sub(r'"[^"]*"', "", text.lstrip("\n").partition("\n")[0])
    csv.field_size_limit(_LONGEST)
    return csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count))


def load(source: Source) -> Loaded:
    """The rows in order. Raises LoadError where there is no title column or no row with a title."""
    reader = reader_of(source.text)
    papers: list[Paper] = []
    problems: list[str] = []
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        places = {
            field: next((header.index(n) for n in names if n in header), None) for field, names in _COLUMNS.items()
        }
        if places["title"] is None:
            raise LoadError(f"{source.name} has no column 'title' (it has {', '.join(header[:8])}); name one so")
        for row in reader:
            fields = {field: row[at] for field, at in places.items() if at is not None and at < len(row)}
            try:
                papers.append(paper(fields, source.name))
            except ValueError as error:
                problems.append(f"line {reader.line_num}: {error}; left out")
    except csv.Error as error:
        problems.append(f"line {reader.line_num}: {error}; the rest was left out")
    if not papers:
        raise LoadError(f"{source.name} holds no paper: {problems[0] if problems else 'no row follows the header'}")
    return Loaded(tuple(papers), named_problems(problems))
