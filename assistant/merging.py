"""When two records are one paper, and what the one paper then holds."""

from collections.abc import Mapping
from dataclasses import replace

from rapidfuzz import fuzz

from assistant.records import Paper, normalised, paper_id

# Two abstracts under one title are versions of one paper from this share of equal words on (rapidfuzz token set ratio);
# unrelated abstracts of one field stay below 60.
_SAME_ABSTRACT = 80.0
# A shared DOI or arXiv id is believed where the titles agree this far: proceedings and supplements share DOIs too.
_SAME_TITLE = 60.0
_FILLED = ("authors", "author_count", "organisation", "url", "doi", "arxiv_id", "venue")


def identifiers(paper: Paper) -> list[str]:
    """The names under which other sources know the paper: its DOI and its arXiv id, without a version."""
    return [f"doi:{paper.doi}"] * bool(paper.doi) + [f"arxiv:{paper.arxiv_id}"] * bool(paper.arxiv_id)


def own_id(paper: Paper, known: Mapping[str, Paper], named: Mapping[str, str]) -> str:
    """The id to store the paper under: that of the known paper that it is, else one that no other paper has.

    `known` are papers by id; `named` are ids by identifier.
    """
    for name in identifiers(paper):
        other = known.get(named.get(name, ""))
        if other and (_titles_agree(other, paper) or _abstracts_agree(other, paper)):
            return other.id
    same_title = known.get(paper.id)
    if same_title is None or not same_title.abstract or not paper.abstract or _abstracts_agree(same_title, paper):
        return paper.id
    return paper_id(paper.title, paper.abstract)  # another paper has this title


def _titles_agree(first: Paper, second: Paper) -> bool:
    return fuzz.token_set_ratio(normalised(first.title), normalised(second.title)) >= _SAME_TITLE


def _abstracts_agree(first: Paper, second: Paper) -> bool:
    if not first.abstract or not second.abstract:
        return False
    if normalised(first.abstract) == normalised(second.abstract):
        return True
    return fuzz.token_set_ratio(first.abstract, second.abstract) >= _SAME_ABSTRACT


def merge(known: Paper, new: Paper) -> Paper:
    """One paper out of two records of it: every source, the metadata that says most, the newest text of a source.

    A record from a source that is known already replaces the text; from another source, only a longer text does. A new
    edition of the only source corrects the metadata too; where there are several, what is known stays.
    """
    is_new_edition = bool(set(new.sources) & set(known.sources))
    is_only_source = is_new_edition and set(known.sources) <= set(new.sources)
    first, second = (new, known) if is_only_source else (known, new)
    filled = {name: getattr(first, name) for name in _FILLED}
    filled |= {name: getattr(second, name) for name, value in filled.items() if value is None or value == ()}
    dated = max(known, new, key=_date_precision)
    takes_abstract = bool(new.abstract) and (is_new_edition or len(new.abstract) > len(known.abstract))
    takes_body = bool(new.body) and (is_new_edition or _length(new) > _length(known))
    return replace(
        known,
        abstract=new.abstract if takes_abstract else known.abstract,
        abstract_page=new.abstract_page if takes_abstract else known.abstract_page,
        body=new.body if takes_body else known.body,
        date=dated.date,
        year=dated.year,
        comment_count=known.comment_count if dated.comment_count is None else dated.comment_count,
        sources=tuple(dict.fromkeys(known.sources + new.sources)),
        **filled,
    )


def _date_precision(paper: Paper) -> tuple[bool, bool]:
    return paper.year is not None, paper.date is not None


def _length(paper: Paper) -> int:
    return sum(len(section.text) for section in paper.body)
