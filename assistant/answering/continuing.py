"""A question with a history: what it leans on is told by its words where they say so, else by what the library answers."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from assistant.answering.abstention import log_odds
from assistant.answering.deciding import OF_ANY_PAPER, Decision
from assistant.questions.again import asks_for_others, excluded, is_of_last_answer
from assistant.questions.asking import without_opening
from assistant.questions.followups import (
    asked_of_a_position,
    is_question,
    leans_on_history,
    may_lean,
    named_in,
    needs_history,
    place_before,
    question_before,
    spoken_of,
    standalone,
    starts_leaning,
    titles_in,
    without_start,
)
from assistant.questions.metadata import asked_now
from assistant.questions.positions import names_a_position
from assistant.questions.pronouns import points_back
from assistant.questions.reading import MAX_CHARACTERS, Question, read_question
from assistant.questions.similar import similar_to
from assistant.records import Paper, Passage, is_visible

_CITATION = re.compile(r"\[\d{1,3}\]")
_LOOKED_BACK = 2000  # characters of the last turn
_REWRITE_CANDIDATES = 10
_CARRIED = 2
_LISTS = 8  # turns in which an answer that names several papers is looked for
# A question that may lean on the paper before stands alone where the log odds that the library answers it, less those that this
# paper does, and _BY_RARE_WORD for all that it says come to more than _STANDS_ALONE. A word that no passage holds says 1. Chosen
# on 92 follow-ups to answers from the seeds, of which 46 lean, and on questions of the development half of the shipped test set
# that were asked after one that their second paper answers.
_STANDS_ALONE, _BY_RARE_WORD = 6.0, 2.3
History = Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a conversation asks of a library: to `find` at most so many passages for a question within papers (None for all), to
    `decide` whether those answer it, which papers (ids) are `listed` by their records, which are `on_topic`, which
    `papers_named` a text holds, which are `papers_titled` so, a term's `idf`, whether a question `is_foreign`, and the question
    `with_titles` for the names of files, and `spelt` as the papers spell its words. An answer is written from so many
    `passages`."""

    find: Callable[[Question, int, Sequence[str] | None], list[Passage]]
    decide: Callable[[Question, Sequence[Passage], Sequence[str] | None], Decision]
    listed: Callable[[Question, Sequence[str] | None], list[str]]
    on_topic: Callable[[Question, Sequence[str] | None], list[Paper]]
    papers_named: Callable[[str], set[str]]
    papers_titled: Callable[[Collection[str]], list[Paper]]
    idf: Callable[[str], float]
    is_foreign: Callable[[str], bool]
    with_titles: Callable[[str], str]
    spelt: Callable[[str], str]
    passages: int


@dataclass(frozen=True, slots=True)
class Continued:
    """A question made to stand alone. The papers `left_out` (ids) were shown already, and those whose text holds all terms of
    `without` are not asked for. A model may word it better where it `may_be_reworded`."""

    question: Question | None = None
    left_out: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    may_be_reworded: bool = False


def continued(asked: Question, history: History, paper_ids: Sequence[str] | None, library: Lookup) -> Continued:
    """The question with what it leans on, or as it stands alone, asked within `paper_ids` where given."""
    text = asked.text if starts_leaning(asked.text) else without_opening(asked.text)
    if not is_of_last_answer(text) and _changes_the_paper(text, history, library):
        return Continued(asked)
    rest = without_start(text)
    leans, alone = needs_history(text), read_question(rest) if rest not in ("", text) else asked
    if not (leans or may_lean(text)):
        return Continued(alone)
    if asks_for_others(text):
        return _others(text, history, paper_ids, library)
    last, near = _shown(history, library)
    last = last or _spoken_of_before(history, library)
    # A model's answer, and a refusal, need not name papers: then those that come nearest.
    if not leans and _stands_alone(alone, (last or near)[:_CARRIED], paper_ids, library):
        return Continued(alone)
    papers = spoken_of(text, _several(text, history, library) or last, lambda: _shown_since(history, library, count=2))
    named = library.papers_named(text)
    papers = [paper for paper in papers if paper.id in named] or papers  # "and HFT?" after both were spoken of
    text = asked_of_a_position(text, history)
    return Continued(read_question(standalone(text, history, papers)), without=excluded(text), may_be_reworded=True)


def _others(text: str, history: History, paper_ids: Sequence[str] | None, library: Lookup) -> Continued:
    """What was asked last but for others, as it was understood, without the papers that were shown for it since; where that is
    about one paper, what was asked before it; `text` where nothing was asked."""
    asked = [place for place, turn in enumerate(history) if is_question(turn) and not asks_for_others(turn["content"])]
    first = asked[-1] if asked else place_before(history)
    question = read_question(history[first]["content"][:MAX_CHARACTERS] if asked else question_before(history) or text)
    if asked and first:
        question = continued(question, history[:first], paper_ids, library).question or question
    if asked_now(question.text) != question.text and similar_to(question.text) is None:
        first = place_before(history)
        question = read_question(question_before(history) or text)
    shown = _shown_since(history, library, since=first)
    return Continued(question, frozenset(paper.id for paper in shown))


def _changes_the_paper(text: str, history: History, library: Lookup) -> bool:
    """True where the follow-up calls a paper by its name that the last turn did not, "and what about CorDA?", or says of one what
    it asks: "What does CorDA use?"."""
    if points_back(text) or not (named := library.papers_named(text)):
        return False
    return not leans_on_history(text) or bool(named - library.papers_named(_last_turn(history)))


def _last_turn(history: History) -> str:
    return " ".join(turn.get("content", "") for turn in history[-2:])[:_LOOKED_BACK]


def _shown(history: History, library: Lookup) -> tuple[list[Paper], list[Paper]]:
    """The papers that the last answer names, and those that the last turn's question and answer find, where it names none by
    its title."""
    answer = next((turn["content"] for turn in reversed(history[-2:]) if turn.get("role") == "assistant"), "")
    if titled := library.papers_titled(titles_in(answer)):
        return named_in(answer, titled), titled
    earlier = _last_turn(history)
    if not is_visible(earlier):
        return [], []
    found = library.find(read_question(earlier), _REWRITE_CANDIDATES, None)
    near = list({passage.paper.id: passage.paper for passage in found}.values())
    return named_in(answer, near), near


def _several(text: str, history: History, library: Lookup) -> list[Paper]:
    """The papers of the last answer that names several, for a question about one by its place; none for any other."""
    if names_a_position(text):
        for end in range(len(history), place_before(history) + 1, -1)[:_LISTS]:
            if history[end - 1].get("role") == "assistant" and len(papers := _shown(history[:end], library)[0]) > 1:
                return papers
    return []


def _spoken_of_before(history: History, library: Lookup) -> list[Paper]:
    """The papers that the answer before a refusal names, since the last question that stood alone."""
    first, end = place_before(history), len(history)
    while end - 2 > first and history[end - 1].get("role") == "assistant" and not _cites(history[end - 1]):
        end -= 2
        if papers := _shown(history[:end], library)[0]:
            return papers
    return []


def _cites(turn: Mapping[str, str]) -> bool:
    return bool(_CITATION.search(turn["content"]))


def _shown_since(history: History, library: Lookup, count: int = 0, since: int | None = None) -> list[Paper]:
    """The papers that answers have named since the last question that stood alone, or the turn `since`, first to last; where they
    are fewer than `count`, with the first of the turn before."""
    first = place_before(history) if since is None else since
    papers: dict[str, Paper] = {}
    for end in range(first + 2, len(history) + 1):
        if history[end - 1].get("role") == "assistant":
            papers |= {paper.id: paper for paper in _shown(history[:end], library)[0]}
    if len(papers) < count and first:
        papers = {paper.id: paper for paper in _shown(history[:first], library)[0][:1]} | papers
    return list(papers.values())


def _stands_alone(asked: Question, papers: Sequence[Paper], paper_ids: Sequence[str] | None, library: Lookup) -> bool:
    """Whether a question whose words do not tell stands for itself: the more it says, and the more probably the library
    answers it than the papers before do, the more clearly it does."""
    if asked.about_metadata:  # of which the estimate knows nothing
        return not leans_on_history(asked.text)
    if papers and not asked.names and OF_ANY_PAPER.issuperset(asked.terms):  # "what are the drawbacks?"
        return False
    allowed = [one.id for one in papers if paper_ids is None or one.id in paper_ids]
    alone = library.decide(asked, library.find(asked, library.passages, paper_ids), paper_ids)
    before = (
        library.decide(asked, library.find(asked, library.passages, allowed), allowed) if allowed else Decision(False)
    )
    said = sum(map(library.idf, asked.terms)) / library.idf("")
    if not alone.answerable and not before.answerable:
        return said >= 1
    lead = log_odds(alone.probability or 0) - log_odds(before.probability or 0)
    return lead + _BY_RARE_WORD * said >= _STANDS_ALONE
