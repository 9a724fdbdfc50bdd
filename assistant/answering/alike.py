"""Papers like others: what those say is what the library is searched for, and they themselves are no answer."""

from collections.abc import Sequence
from dataclasses import replace

from assistant.answering.continuing import Lookup
from assistant.questions.names import holds_title
from assistant.questions.reading import Question
from assistant.questions.similar import are_all_of, similar_to
from assistant.records import Paper
from assistant.terms import terms

_SAID = 2000  # characters of a paper that are searched for: its title and most abstracts


def papers_meant(question: Question, paper_ids: Sequence[str] | None, library: Lookup) -> list[Paper]:
    """The papers that others are to be similar to; none where the question does not ask for that, or names none of them."""
    target = similar_to(question.text)
    if target is None:
        return []
    named = library.papers_named(question.text)
    found = library.find(question, library.passages, paper_ids)
    if named:
        found = [*library.find(question, library.passages, sorted(named)), *found]
    papers = {one.paper.id: one.paper for one in found if one.paper.id in named or holds_title(target, one.paper)}
    return list(papers.values()) if are_all_of(target, list(papers.values())) else []


def question_of(question: Question, papers: Sequence[Paper]) -> Question:
    """The question, as one for what `papers` say."""
    said = " ".join(f"{paper.title}. {_text_of(paper)}"[: _SAID // len(papers)] for paper in papers)
    return replace(
        question,
        topic=said,
        terms=tuple(dict.fromkeys(terms(said))),
        names=(),
        together=(),
        words_beside=(),
        wants_list=True,
        wants_papers=True,
        wants_definition=False,
        similar_to=tuple(paper.title for paper in papers),
    )


def _text_of(paper: Paper) -> str:
    return paper.abstract or next((section.text for section in paper.sections), "")
