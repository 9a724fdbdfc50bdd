"""What is found for a question, in all its forms, and whether that answers it."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from assistant.answering.alike import papers_meant, question_of
from assistant.answering.context import best_reading
from assistant.answering.continuing import Lookup
from assistant.answering.deciding import Decision, too_few
from assistant.answering.extractive import asked_about
from assistant.answering.requests import State
from assistant.answering.weighing import defined_by
from assistant.questions.abbreviations import spelt_out
from assistant.questions.expecting import is_about_several
from assistant.questions.metadata import asked_now, credited
from assistant.questions.names import holds_title
from assistant.questions.orders import in_order
from assistant.questions.parts import leans_on_a_question
from assistant.questions.reading import MOST_WANTED, Question, asked_of, read_question
from assistant.questions.sections import compares_alone, summary_of
from assistant.records import Passage, best_of_each_paper, normalised
from assistant.retrieval.search import PER_PAPER
from assistant.terms import term_set

_LEFT_OUT = 10  # papers that "without …" may leave out
# Papers that are named where records are listed, and where the newest and the like are asked for.
_LISTED, _FIRST = 10, 3
_SPELLING = 40  # passages in which the long form of an abbreviation is looked for


class Gathering:
    """Finds and decides, given what a conversation asks of a library."""

    def __init__(self, library: Lookup) -> None:
        self._library = library

    def find(self, state: State) -> None:
        """Finds the passages of a question, or of each of its parts."""

        def decided(asked: Question, passages: Sequence[Passage]) -> Decision:
            return self._library.decide(asked, passages, state.request.scope.paper_ids)

        if _sums_up_chosen(state):
            of_each = len(state.request.scope.paper_ids or ())
            said = replace(
                state.question, wants_list=False, wants_papers=False, wants_records=False, about_library=False
            )
            state.question = replace(said, wants_summary=True, things_wanted=of_each)
        if state.question.asks_nothing:
            return
        if first := self._first_to_sum_up(state):
            state.question = replace(state.question, wants_summary=True, things_wanted=len(first))
            found = self._found(state.question, state, within=first)
            state.passages = sorted(found, key=lambda one: first.index(one.paper.id))
            return
        if _is_of_all_chosen(state):  # "which is newer?" of two that were chosen
            state.question = replace(state.question, wants_records=True)
        if alike := papers_meant(state.question, state.request.scope.paper_ids, self._library):
            state.question = question_of(state.question, alike)
            state.passages = self._found(state.question, state, {paper.id for paper in alike})
            return
        state.question, state.passages = best_reading(state.question, lambda asked: self._found(asked, state), decided)
        if state.question.wants_people and credited(state.question.text) and not _is_titled(state):
            state.question = replace(state.question, wants_people=False)  # who wrote of it is no answer
        if is_about_several(state.question, state.passages):
            state.question = replace(state.question, wants_comparison=True)  # one paper cannot answer
        if state.question.parts:
            self._find_for_parts(state)
        elif named := _named_to_sum_up(state):
            state.question = replace(state.question, wants_summary=True, things_wanted=len(named))
            found = self._found(state.question, state, within=named)
            state.passages = sorted(found, key=lambda one: named.index(one.paper.id))

    def _first_to_sum_up(self, state: State) -> list[str]:
        """The ids of the papers that are to be summed up by what comes first: "Summarize the two newest papers"."""
        of = summary_of(state.question.text)
        asked = read_question(f"List {of}") if of else state.question
        if not (of and asked.wants_records and asked.order and not asked.wants_first):
            return []
        several = _FIRST if re.search(r"\b(?:papers|articles|publications)\b", of, re.IGNORECASE) else 1
        listed = self._library.listed(asked, state.request.scope.paper_ids)
        state.first = asked if listed else None
        return listed[: asked.papers_wanted or several][:MOST_WANTED]

    def _found(
        self, asked: Question, state: State, alike: Collection[str] = (), within: Sequence[str] | None = None
    ) -> list[Passage]:
        """The passages, but for those of papers that are left out, those to which others are to be `alike` (ids) among them;
        `within` some papers (ids), else within those chosen."""
        shown, without = state.continued.left_out.union(alike), state.continued.without
        count = self._library.passages
        if asked.wants_records:
            count = asked.place or asked.papers_wanted or (_FIRST if asked.order else _LISTED)
        elif asked.abbreviation:
            count = _SPELLING
        elif asked.order or asked.wants_any_of_kind:  # of as many papers as a list may have named before
            count = max(count, PER_PAPER * _LISTED)
        elif asked.wants_list or asked.wants_summary:
            count = max(count, PER_PAPER * asked.things_wanted)
        more = PER_PAPER * (len(shown) + _LEFT_OUT * bool(without))
        found = self._library.find(asked, count + more, within or state.request.scope.paper_ids)
        about = {one.paper.id for one in found if without and without <= term_set(f"{one.paper.record} {one.text}")}
        return [one for one in found if one.paper.id not in shown | about][:count]

    def _find_for_parts(self, state: State) -> None:
        """Finds what answers each part: of those that lean on the first, in the papers that this one is about."""
        first, *others = state.question.parts
        found = self._found(first, state)
        meant = [one.paper.id for one in asked_about(first, found)]
        state.parts = [(first, found)]
        for part in others:
            leans = meant and asked_now(part.text) != part.text
            found = self._library.find(part, self._library.passages, meant) if leans else self._found(part, state)
            state.parts.append((part, found))
        shown: dict[str, Passage] = {}
        for part, of_part in sorted(state.parts, key=lambda each: each[0].about_metadata):
            for one in asked_about(part, of_part) if part.about_metadata else of_part:
                shown.setdefault(one.chunk.id, one)
        state.passages = list(shown.values())

    def _decide_parts(self, state: State) -> None:
        """Keeps the parts that the library answers."""
        decisions: list[Decision] = []
        for asked, found in state.parts:
            decision = self._library.decide(asked, found, state.request.scope.paper_ids)
            # Of what has no answer it is not known which paper is "it".
            lost = decisions and not decisions[0].answerable and leans_on_a_question(asked.text)
            decisions.append(replace(decision, answerable=False) if lost else decision)
        both = list(zip(state.parts, decisions, strict=True))
        state.left = [asked for (asked, _), decision in both if not decision.answerable]
        state.parts = [part for part, decision in both if decision.answerable]
        state.decision = max(decisions, key=lambda decision: decision.answerable)

    def decide(self, state: State) -> None:
        """Estimates whether they answer, and leaves out those that do not after all."""
        if state.question.similar_to:  # nearest there always are: how near is the reader's to say
            none = "" if state.passages else "No other paper is in the library or in the chosen scope."
            state.decision = Decision(not none, reason=none)
            return
        if state.question.wants_summary:  # of papers that are there
            state.decision = Decision(bool(state.passages))
            return
        if state.parts:
            self._decide_parts(state)
            return
        state.decision = self._library.decide(state.question, state.passages, state.request.scope.paper_ids)
        if state.decision.answerable and state.question.of_year:  # what prints no year is not known to be of that time
            of_time = [one for one in state.passages if state.question.is_of_time(one.paper)]
            state.passages = of_time or state.passages
        if state.question.abbreviation:
            short = state.question.abbreviation
            holding = [one for one in state.passages if spelt_out(short, one.text)]
            state.passages = (holding or state.passages)[: self._library.passages]
        elif state.decision.answerable and (is_defined := defined_by(state.question)):
            self._put_definitions_first(state, is_defined)
        if state.decision.answerable and state.question.wants_first:
            self._put_in_order(state)
        elif state.decision.answerable and state.question.wants_records and state.question.place:
            state.passages = state.passages[state.question.place - 1 :]

    def _put_definitions_first(self, state: State, is_defined: Callable[[str], bool]) -> None:
        """Puts passages of the papers found that define what is asked before the others: a paper that uses a thing on every page
        defines it on one."""
        titled = [one for one in state.passages if one.signals.get("titled")]
        # Of an abstract all was seen.
        papers = {one.paper.id: one for one in reversed(titled or state.passages) if one.paper.body}
        if not papers:
            return
        found = self._library.find(state.question, _SPELLING, list(papers))
        defining = [one for one in found if any(is_defined(sentence.text) for sentence in one.sentences)][:PER_PAPER]
        known = [replace(one, score=1.0, signals=papers[one.paper.id].signals) for one in defining]
        ids = {one.chunk.id for one in known}
        state.passages = [*known, *(one for one in state.passages if one.chunk.id not in ids)][: len(state.passages)]

    def _put_in_order(self, state: State) -> None:
        """Takes those of the papers on the topic that come first in the order asked for; the nearest where none prints what
        decides that."""
        papers = self._library.on_topic(state.question, state.request.scope.paper_ids)
        state.on_topic = [paper for paper in papers if paper.id not in state.continued.left_out] or papers
        printed, place = in_order(state.on_topic, state.question.order), state.question.place
        if printed and len(printed) < place:
            state.decision = Decision(False, reason=too_few(len(printed), " found on this", state.question.order))
            return
        first = printed[place - 1 : place] if printed and place else printed or state.on_topic
        ids = [paper.id for paper in first[: min(state.question.papers_wanted, MOST_WANTED) or _FIRST]]
        found = best_of_each_paper(self._library.find(state.question, PER_PAPER * len(ids), ids)) if ids else ()
        state.passages = sorted(found, key=lambda one: ids.index(one.paper.id)) or state.passages


def _sums_up_chosen(state: State) -> bool:
    """True where the few papers that were chosen are to be summed up."""
    question, chosen = state.question, state.request.scope.paper_ids
    is_one = not (question.parts or question.abbreviation or question.similar_to)
    return is_one and chosen is not None and 0 < len(chosen) <= _LISTED and summary_of(question.text) == ""


def _named_to_sum_up(state: State) -> list[str]:
    """The ids of the papers that the question names, in its order, where it asks nothing of them but a summary, or how they
    compare."""
    question = state.question
    if question.wants_summary or (summary_of(asked_now(question.text)) is None and not question.wants_comparison):
        return []
    papers = {one.paper.id: one for one in reversed(state.passages)}.values()
    named = [one.paper for one in papers if one.signals.get("named") or holds_title(question.text, one.paper)]
    text = asked_now(question.text)
    for paper in named:
        text = text.replace(paper.title, "")
    beside = asked_of(replace(question, topic=text), named).topic
    is_all = bool(named) and summary_of(beside) == "" or (len(named) > 1 and compares_alone(beside))
    asked = normalised(question.text)
    in_its_order = sorted(named, key=lambda paper: asked.find(normalised(paper.title.split(":")[0])))
    return [paper.id for paper in in_its_order] if is_all else []


def _is_titled(state: State) -> bool:
    """True where one of the papers found is called by what the question asks after."""
    return any(one.signals.get("titled") or holds_title(state.question.text, one.paper) for one in state.passages)


def _is_of_all_chosen(state: State) -> bool:
    """True where the few papers that were chosen are to be compared by what is printed of them."""
    question, chosen = state.question, state.request.scope.paper_ids
    is_compared = bool(question.order) and question.about_metadata and not question.names
    return is_compared and chosen is not None and len(chosen) <= _LISTED
