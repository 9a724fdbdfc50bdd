"""When two records are one paper, and what the one paper then holds."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from rapidfuzz import fuzz

from assistant.records import Paper, Section, normalised, paper_id

# Two abstracts under one title are versions of one paper from this share of equal words on (rapidfuzz token set ratio);
# unrelated abstracts of one field stay below 60. So do the beginnings of texts, but not whole texts: those share their words.
_SAME_TEXT = 80.0
_BEGINNING = 2_000  # characters
# A shared DOI or arXiv id is believed where the titles agree this far: proceedings and supplements share DOIs too.
_SAME_TITLE = 60.0
_FILLED = ("authors", "author_count", "organisation", "url", "doi", "arxiv_id", "venue")


def identifiers(paper: Paper) -> list[str]:
    """The names under which other sources know the paper: its DOI and its arXiv id, without a version."""
    return [f"doi:{paper.doi}"] * bool(paper.doi) + [f"arxiv:{paper.arxiv_id}"] * bool(paper.arxiv_id)


def own_id(
    paper: Paper, known: Mapping[str, Paper], named: Mapping[str, str], replaced: Collection[str] = frozenset()
) -> str:
    """The id to store the paper under: that of the known paper that it is, else one that no other paper has.

    `known` are papers by id; `named` are ids by identifier; `replaced` are ids of papers that nothing but an earlier content of
    the paper's own file holds: where no two abstracts tell them apart, a paper of that title is its new edition.
    """
    for name in identifiers(paper):
        other = known.get(named.get(name, ""))
        if other and (_titles_agree(other, paper) or _abstracts_agree(other, paper)):
            return other.id
    same_id = known.get(paper.id)
    if same_id is None or _texts_agree(same_id, paper):
        return paper.id
    namesakes = [other for other in known.values() if normalised(other.title) == normalised(paper.title)]
    for other in namesakes:
        is_earlier = other.id in replaced and not (other.abstract and paper.abstract) and _share_a_source(other, paper)
        if is_earlier or _texts_agree(other, paper):
            return other.id
    return distinct_id(paper)  # another paper has this title


def distinct_id(paper: Paper) -> str:
    """The id of a paper whose title another paper has: of the title and the abstract, or else of how its body begins."""
    return paper_id(paper.title, paper.abstract or _beginning(paper.body))


def _texts_agree(known: Paper, new: Paper) -> bool:
    """True where the texts of two records under one title are versions of one, or one of the records is without a text that
    could say otherwise, as a listing's or a bibliography's is."""
    if known.abstract and new.abstract:
        return _abstracts_agree(known, new)
    if not known.body or not new.body:
        return True
    # Of one of them the abstract may stand in the body, not recognised.
    firsts, seconds = ({_beginning(paper.sections), _beginning(paper.body)} for paper in (known, new))
    return any(fuzz.token_set_ratio(first, second) >= _SAME_TEXT for first in firsts for second in seconds)


def _beginning(sections: Collection[Section]) -> str:
    return "\n".join(section.text for section in sections)[:_BEGINNING]


def _share_a_source(first: Paper, second: Paper) -> bool:
    return not set(first.sources).isdisjoint(second.sources)


def _titles_agree(first: Paper, second: Paper) -> bool:
    return fuzz.token_set_ratio(normalised(first.title), normalised(second.title)) >= _SAME_TITLE


def _abstracts_agree(first: Paper, second: Paper) -> bool:
    if not first.abstract or not second.abstract:
        return False
    if normalised(first.abstract) == normalised(second.abstract):
        return True
    return fuzz.token_set_ratio(first.abstract, second.abstract) >= _SAME_TEXT


def is_edition(known: Paper, new: Paper, held: Collection[str] | None = None) -> bool:
    """True where both records come from one source, or both from none: those were given as they are, by one hand. `held` are
    ids of papers that the file of the new record holds or held: files in two folders may share a name. None where no file is
    known, and the names must do."""
    is_given = not known.sources and not new.sources
    return (is_given or _share_a_source(known, new)) and (held is None or known.id in held)


def merge(known: Paper, new: Paper, held: Collection[str] | None = None) -> Paper:
    """One paper out of two records of it: every source, the metadata that says most, the newest text of a source.

    A record from a source that is known already (`is_edition`) replaces the text; from another source, only a longer text
    does. A new edition of the only source corrects the metadata and the spelling of the title too; where there are several,
    what is known stays.
    """
    is_new_edition = is_edition(known, new, held)
    is_only_source = is_new_edition and set(known.sources) <= set(new.sources)
    first, second = (new, known) if is_only_source else (known, new)
    filled = {name: getattr(first, name) for name in _FILLED}
    filled |= {name: getattr(second, name) for name, value in filled.items() if value is None or value == ()}
    dated = max(first, second, key=_date_precision)
    takes_abstract = bool(new.abstract) and (is_new_edition or len(new.abstract) > len(known.abstract))
    takes_body = bool(new.body) and (is_new_edition or _length(new) > _length(known))
    return replace(
        known,
        title=new.title if is_only_source and normalised(new.title) == normalised(known.title) else known.title,
        abstract=new.abstract if takes_abstract else known.abstract,
        abstract_page=new.abstract_page if takes_abstract else known.abstract_page,
        abstract_turns=new.abstract_turns if takes_abstract else known.abstract_turns,
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
