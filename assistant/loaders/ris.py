"""RIS, the exchange format of reference managers: lines such as "TI  - A title", records ended by "ER  -"."""

import re
from collections.abc import Iterator

from assistant.errors import LoadError
from assistant.loaders.parts import named_problems, paper
from assistant.loaders.result import Loaded
from assistant.loaders.source import Source
from assistant.records import Paper

_FIELD = re.compile(r"^([A-Z][A-Z0-9])  ?- ?(.*)$")


def sniff(source: Source) -> bool:
    """True where the first line is a record's type."""
    return re.match(r"\s*TY  ?-", source.head) is not None


def load(source: Source) -> Loaded:
    """The records in order. Raises LoadError where none is a paper."""
    papers: list[Paper] = []
    problems: list[str] = []
    for number, record in enumerate(_records(source.text), 1):
        try:
            papers.append(_paper(record, source.name))
        except ValueError as error:
            problems.append(f"record {number}: {error}; left out")
    if not papers:
        raise LoadError(f"{source.name} holds no paper: {problems[0] if problems else 'no record'}")
    return Loaded(tuple(papers), named_problems(problems, "record"))


def _records(text: str) -> Iterator[dict[str, list[str]]]:
    record: dict[str, list[str]] = {}
    last = ""
    for line in text.split("\n"):
        match = _FIELD.match(line.rstrip())
        if match and match[1] == "ER":
            yield record
            record, last = {}, ""
        elif match:
            last = match[1]
            record.setdefault(last, []).append(match[2].strip())
        elif last and line.strip():
            record[last][-1] += f" {line.strip()}"
    if record:
        yield record


def _paper(record: dict[str, list[str]], source: str) -> Paper:
    def first(*tags: str) -> str:
        return next((record[tag][0] for tag in tags if record.get(tag)), "")

    return paper(
        {
            "title": first("TI", "T1"),
            "abstract": first("AB", "N2"),
            "authors": record.get("AU", record.get("A1", [])),
            "year": first("PY", "Y1"),
            "date": first("DA").strip("/"),
            "doi": first("DO"),
            "arxiv_id": first("UR"),
            "venue": first("JO", "JF", "T2", "BT"),
            "url": first("UR"),
        },
        source,
    )
