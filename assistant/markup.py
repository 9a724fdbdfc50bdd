"""Papers' text in Markdown and BibTeX: what stands in a paper is shown and never becomes markup."""

import re
from collections.abc import Iterable

from assistant.records import Paper, normalised

_MARKUP = re.compile(
    r"(?P<special>[\\`*_<>!#|~&$\[\]@]|:(?=//)|(?<=www)\.)"  # emphasis, code, HTML, headings, tables, formulas, links
    r"|^(?P<before>[ \t]*[0-9]{0,9})(?P<start>[.)+=-])(?=[\s=-]|$)",  # at the start of a line: lists, rules, headings
    re.MULTILINE | re.IGNORECASE,
)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def escape_markdown(text: str, keep_marks: bool = False) -> str:
    """Paper text must not become links, images, HTML, lists or formulas in the reader's Markdown; `keep_marks` leaves [1]."""

    def escaped(match: re.Match[str]) -> str:
        if match["start"]:
            return rf"{match['before']}\{match['start']}"
        return match[0] if keep_marks and match[0] in "[]" else rf"\{match[0]}"

    return _MARKUP.sub(escaped, text)


def unescape_markdown(text: str) -> str:
    """What `escape_markdown` was given."""
    return _ESCAPED.sub(r"\1", text)


def bibtex(papers: Iterable[Paper]) -> str:
    """Papers as BibTeX, one entry each; "" for none."""
    return "\n".join(map(_bibtex_entry, papers))


def _bibtex_entry(paper: Paper) -> str:
    def braces_balanced(text: str) -> str:
        return re.sub(r"[{}\\]", "", text)

    fields = {
        "title": braces_balanced(paper.title),
        "author": " and ".join(map(braces_balanced, paper.authors)) or braces_balanced(paper.organisation or ""),
        "year": str(paper.year or ""),
        "howpublished": braces_balanced(paper.venue or ""),
        "doi": paper.doi or "",
        "eprint": paper.arxiv_id or "",
        "archiveprefix": "arXiv" if paper.arxiv_id else "",
        "url": paper.url or "",
        "note": "" if paper.year else (paper.date or ""),
    }
    first_word = (normalised(paper.title).split() or ["paper"])[0]
    key = f"{re.sub(r'[^a-z0-9]', '', first_word)}{paper.year or ''}{paper.id[:4]}"
    body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@misc{{{key},\n{body}\n}}\n"
