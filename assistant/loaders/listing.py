"""Hugging Face "daily papers" listings, as text copied from the page.

After a page header come blocks parted by blank lines: a title, an abstract and, in some listings and for most papers,
a metadata block such as

      • 5 authors              nvidia NVIDIA          (the organisation's handle and display name)
    ·                          ·
    Mar 3, 2023 4              Sep 26

whose last line is the date as printed, without a year where the page showed none, then the number of comments if any.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from assistant.errors import LoadError
from assistant.loaders.result import Loaded
from assistant.loaders.source import Source
from assistant.records import Paper, is_visible

_HEADER_LINES = {
    "new",
    "Get trending papers in your email inbox!",
    "Subscribe",
    "Daily Papers",
    "byAK and the research community",
}
_SIGNATURE = "Get trending papers in your email inbox!"
_MONTH_DAY = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{1,2}"
_METADATA = re.compile(
    rf"(?:•\s*(?P<authors>\d+) authors?|(?P<handle>\S+) (?P<name>[^\n]+))\n·\n"
    rf"(?P<date>{_MONTH_DAY}(?:, (?P<year>\d{{4}}))?)(?:[ \n](?P<comments>\d+))?"
)
_METADATA_START = re.compile(r"•\s*\d+ author|\S+ [^\n]+\n·(?:\n|$)")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]}*$]*$|https?://\S+$")


def sniff(source: Source) -> bool:
    """True where the first lines are those of a listing's page header."""
    return _SIGNATURE in source.head[:600]


def load(source: Source) -> Loaded:
    """The listed papers, in order, a paper listed twice twice.

    A listing that breaks off keeps what is whole and names the rest in `problems`. Raises LoadError where the page
    header or every paper is missing.
    """
    blocks = [block.strip() for block in re.split(r"\n[^\S\n]*\n", source.text) if is_visible(block)]
    body = _without_header(blocks, source.name)
    papers: list[Paper] = []
    problems: list[str] = []
    position = 0
    while position < len(body):
        title, rest = body[position], body[position + 1 : position + 3]
        if not rest or _METADATA_START.match(rest[0]):
            problems.append(f"{_short(title)}: no abstract follows its title; the listing breaks off there")
            position += 2 if rest else 1
            continue
        paper, used = _paper(title, rest, source.name)
        at_end = position + 1 + used >= len(body)
        if at_end and used == 1 and not _SENTENCE_END.search(paper.abstract):
            problems.append(f"{_short(title)}: its abstract breaks off at the end of the listing; left out")
        else:
            papers.append(paper)
        position += 1 + used
    if not papers:
        raise LoadError(f"{source.name} has the header of a papers listing but no whole paper; copy the page again")
    return Loaded(tuple(papers), tuple(problems))


def _without_header(blocks: Sequence[str], name: str) -> Sequence[str]:
    """Both header variants end in the page's own date, with or without a "Daily Papers" line before it."""
    for position, block in enumerate(blocks[:10]):
        if re.fullmatch(_MONTH_DAY, block):
            return blocks[position + 1 :]
    kept = [block for block in blocks if block not in _HEADER_LINES]
    if len(kept) == len(blocks):
        raise LoadError(f"{name} is not a papers listing: its page header is missing")
    return kept


def _paper(title: str, rest: Sequence[str], source: str) -> tuple[Paper, int]:
    """The paper, and how many of the blocks after its title it used: the abstract, and the metadata where printed."""
    paper = Paper(title=title, abstract=rest[0], sources=(source,))
    if len(rest) < 2 or not _METADATA_START.match(rest[1]):
        return paper, 1
    match = _METADATA.fullmatch(rest[1])
    if match is None:  # cut off inside the metadata: the paper itself is whole
        return paper, 2
    paper = replace(
        paper,
        author_count=int(match["authors"]) if match["authors"] else None,
        organisation=match["name"],
        date=match["date"],
        year=int(match["year"]) if match["year"] else None,
        comment_count=int(match["comments"]) if match["comments"] else None,
    )
    return paper, 2


def _short(title: str) -> str:
    return f"“{title[:60]}{'…' if len(title) > 60 else ''}”"
