"""Papers' text in Markdown and BibTeX: what stands in a paper is shown and never becomes markup."""

import re
from collections.abc import Iterable

from assistant.records import Paper, normalised

_MARKUP = re.compile(
    r"(?P<special>[\\`*_<>!#|~&$\[\]@]|:(?=//)|(?<=www)\.)"  # emphasis, code, HTML, headings, tables, formulas, links
    r"|^(?P<before>[ \t]*[0-9]{0,9})(?P<start>[.)+=-])(?=[\s=-]|$)",  # at the start of a line: lists, rules, headings
    re.MULTILINE | re.IGNORECASE,
)
_FORMULA = re.compile(r"(\$[^$]*[\\^_][^$]*\$)")  # "from $5 to $10" is none
_LATEX_SIGN = re.compile(r"[\\{}&%#_$~^]")
_LATEX_NAMES = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_SEVERAL_PEOPLE = re.compile(
    r"\b(?:and|association|collaboration|committee|consortium|foundation|group|institute|organi[sz]ation|society|team|university)\b",
    re.IGNORECASE,
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
    fields = {
        "title": _in_braces(_latex(paper.title)),  # styles leave the capitals in them alone
        "author": " and ".join(map(_bibtex_name, paper.authors)) or _in_braces(_latex(paper.organisation or "")),
        "year": str(paper.year or ""),
        "howpublished": _latex(paper.venue or ""),
        "doi": _in_a_url(paper.doi or ""),
        "eprint": paper.arxiv_id or "",
        "archiveprefix": "arXiv" if paper.arxiv_id else "",
        "url": _in_a_url(paper.url or ""),
        "note": "" if paper.year else _latex(paper.date or ""),
    }
    first_word = (normalised(paper.title).split() or ["paper"])[0]
    key = f"{re.sub(r'[^a-z0-9]', '', first_word)}{paper.year or ''}{paper.id[:4]}"
    body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@misc{{{key},\n{body}\n}}\n"


def _in_a_url(text: str) -> str:
    """An address without what BibTeX reads as the end of a field."""
    return "".join(f"%{ord(sign):02X}" if sign in "{}\\" else sign for sign in text)


def _in_braces(text: str) -> str:
    return f"{{{text}}}" if text else ""


def _bibtex_name(name: str) -> str:
    """A person as BibTeX reads one; several people under one name in braces, so that it stays whole."""
    return _in_braces(_latex(name)) if _SEVERAL_PEOPLE.search(name) else _latex(name)


def _latex(text: str) -> str:
    """Text with the signs of LaTeX escaped; a formula between dollar signs stays one. Braces without a partner are left out."""
    if not _has_balanced_braces(text):
        text = re.sub(r"[{}]", "", text)
    parts = _FORMULA.split(text)  # every second one is a formula
    return "".join(part if number % 2 else _LATEX_SIGN.sub(_escaped, part) for number, part in enumerate(parts))


def _escaped(sign: re.Match[str]) -> str:
    return _LATEX_NAMES.get(sign[0], f"\\{sign[0]}")


def _has_balanced_braces(text: str) -> bool:
    depth = 0
    for brace in re.findall(r"[{}]", text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return not depth
