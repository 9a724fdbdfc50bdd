"""Papers' text in Markdown and BibTeX: what stands in a paper is shown and never becomes markup."""

import re
from collections.abc import Iterable

from assistant.records import Paper, normalised


def escape_markdown(text: str, keep_marks: bool = False) -> str:
    """Paper text must not become links, images or HTML in the reader's Markdown."""
    specials = r"([\\`*_<>!#|])" if keep_marks else r"([\\`*_<>!#|\[\]])"
    return re.sub(specials, r"\\\1", text)


def unescape_markdown(text: str) -> str:
    """What `escape_markdown` was given."""
    return re.sub(r"\\([\\`*_<>!#|\[\]])", r"\1", text)


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
