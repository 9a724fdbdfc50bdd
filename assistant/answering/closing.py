"""How an answer ends: whether its claims answer the question, in part or not at all, and why not."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from assistant.answering.continuing import Lookup
from assistant.answering.extractive import MAX_SENTENCES, asked_about, missing_metadata
from assistant.answering.requests import State
from assistant.answering.writing import Written
from assistant.answers import Claim, Status
from assistant.questions.comparing import mentions, things_joined
from assistant.questions.metadata import asked_now
from assistant.questions.names import holds_title
from assistant.questions.numbers import ordinal
from assistant.questions.orders import decided_by, in_order
from assistant.questions.reading import MOST_WANTED, Question
from assistant.questions.times import read_time
from assistant.records import Passage, counted, quoted
from assistant.terms import squeezed, term_set

_NEAR = 40  # characters behind a "without", half as many before a "-free", that say what is left out
# "Papers that do not use adapters", and what such a paper says: "without adapters", "adapter-free".
_LEAVING_OUT = re.compile(
    r"\b(?:(?:do|does|did|is|are|was|were|has|have)(?: not|n['’]t)|without|except|excluding|other than"
    r"|not (?:using|based|relying|involving|about|on))\b",
    re.IGNORECASE,
)
_PAPERS_THAT = re.compile(
    r"\W*(?:(?:list|find|show|give|me|the|any|all|some)\W+){0,4}(?:papers|studies|articles) (?:that|which)\b", re.I
)
_OF_NONE = "Not found: no paper"  # a reason that is of all papers asked
_METADATA = r"\b(?:authors?|authored|wrote|written|by|from|comments?|(?:19|20)\d\d)\b"  # what says who or when
_LEFT_OUT_THERE = re.compile(
    r"\b(?:not?|none|never|without|neither|nor|free|instead|rather|avoid\w*|eliminat\w+)\b|n['’]t\b", re.I
)


def status_of(state: State, claims: Sequence[Claim], written: Written, library: Lookup) -> tuple[Status, str]:
    """Whether the claims answer the question, in part or not at all, and why not wholly: "" where they do."""
    if not state.decision.answerable:
        return "not_found", _declined(state)
    supported = [claim for claim in claims if claim.verdict == "supported"]
    if not supported:
        return "not_found", written.reason or _nothing_said(state)
    if len(supported) < len(claims) or written.reason:
        return "partial", written.reason or "some claims were left out: the cited sentences do not hold them"
    if state.question.counts_papers:
        return "partial", "papers are found, not counted or compared: these come nearest"
    if _leaves_out(state.question, supported):
        return "partial", "papers are found by what they say, not by what they leave out: these come nearest"
    cited = {citation.paper.id for claim in supported for citation in claim.citations}
    if state.question.of_year and not any(state.question.is_of_time(one.paper) for one in state.passages):
        return "partial", "no paper prints its year; these come nearest"
    if not _compares(state.question) and (more := _more(state, cited, library)):
        return "partial", more
    lacking = " ".join(filter(None, (_part_left(state, supported), _not_printed(state, cited, supported))))
    return ("partial", lacking) if lacking else ("answered", "")


def _part_left(state: State, claims: Sequence[Claim]) -> str:
    """Says which parts of a question of several no paper answers; "" where there is none. A model may answer from what no
    quotation would, and says itself what it does not."""
    if not state.left or _says_itself(claims):
        return ""
    left = " or ".join(f"“{asked_now(part.text).strip(' ?')}”" for part in state.left)
    return f"The papers found say nothing that answers {left}."


def _says_itself(claims: Sequence[Claim], what: str = "") -> bool:
    """True where a claim says something, `what` is a pattern of it, in other words than its paper's."""
    return any(claim.text != claim.citations[0].quote and re.search(what, claim.text, re.I) for claim in claims)


def _declined(state: State) -> str:
    """Why nothing is answered, as it is true of the papers that were asked."""
    if state.continued.left_out and not state.passages:
        return "Not found: no paper is found for this but those that were named already."
    reason, is_chosen = state.decision.reason, state.request.scope.paper_ids is not None
    return f"{reason} Only the chosen papers were asked." if is_chosen and reason.startswith(_OF_NONE) else reason


def _compares(question: Question) -> bool:
    """True where papers that are named are to be compared by what is printed of them."""
    return bool(question.order) and question.about_metadata and not question.wants_records


def _more(state: State, cited_ids: Collection[str], library: Lookup) -> str:
    """Says how many papers are asked for where not all of them (ids) are cited, or where that is asked, and that there may be
    more on a topic; "" elsewhere."""
    cited = len(cited_ids)
    question = state.question.settled(passage.paper for passage in state.passages)
    if question.similar_to:
        titles = quoted(question.similar_to)
        return f"these papers come nearest to {titles} by what they say; 'assistant search' shows the next"
    if state.first:
        order, ids = state.first.order, state.request.scope.paper_ids
        count, printed = (len(library.listed(replace(state.first, order=by), ids)) for by in ("", order))
        return _undecided(order, printed, count)
    yearless = _yearless(state, question, library)
    fewer = f"only {counted(cited, 'paper')} found {'comes' if cited == 1 else 'come'} near enough"
    if question.wants_first:
        printed = len(in_order(state.on_topic, question.order))
        undecided = _undecided(question.order, printed, len(state.on_topic), " found on this")
        few = fewer if len(state.on_topic) < question.things_wanted else ""
        return "; ".join(filter(None, (few, undecided, yearless)))
    if question.things_wanted and question.wants_papers and not question.wants_records:
        more = f"at most {MOST_WANTED} papers are named, and 'assistant search' shows the next"
        if cited < question.things_wanted:
            return "; ".join(filter(None, (fewer, yearless)))
        return more if cited < question.papers_wanted else ""
    if not question.wants_records:
        is_full = question.wants_papers and cited >= MAX_SENTENCES
        more = "these papers come nearest; there may be more, and 'assistant search' shows the next" if is_full else ""
        if question.wants_papers and (apart := _apart(question, state.passages)):
            more = f"no paper found mentions {apart} together in these words; these come nearest"
        return "; ".join(filter(None, (more, yearless)))
    order, ids = question.order or "newest", state.request.scope.paper_ids
    count, printed = (len(library.listed(replace(question, order=by), ids)) for by in ("", order))
    if cited >= (question.papers_wanted or count) and not (question.counts_records or question.order):
        return _unnumbered(question, ids, library)
    if question.order:
        prints = "prints its" if printed == 1 else "print their"
        comes = f"this comes {ordinal(question.place)}" if question.place else "these come first"
        found = f"of {counted(printed, 'paper')} that {prints} {decided_by(order)}, {comes}"
    else:
        found = f"{counted(count, 'paper')} in all" + (
            _shown(state, cited_ids, count, printed) if cited < count else ""
        )
    are_first = question.order or (cited < count and _are_newest(state, cited_ids))
    undecided = _undecided(order, printed, count) if are_first else ""
    further = (f"{said[0].upper()}{said[1:]}." for said in (undecided, _unnumbered(question, ids, library)) if said)
    return " ".join([f"{found}. 'assistant papers' or the Library tab lists every paper.", *further])


def _apart(question: Question, passages: Sequence[Passage]) -> str:
    """The two things that the question joins where none of the papers found mentions both; "" elsewhere."""
    joined = things_joined(question.topic)
    papers = {one.paper.id: one.paper for one in passages}.values()
    texts = ("\n".join([paper.record, *(section.text for section in paper.sections)]) for paper in papers)
    is_apart = bool(joined) and not any(all(mentions(text, thing) for thing in joined) for text in texts)
    return " and ".join(f"“{thing}”" for thing in joined) if is_apart else ""


def _are_newest(state: State, cited: Collection[str]) -> bool:
    """True where all that are cited print their years, and none that comes before them was shown already."""
    papers = [one.paper for one in state.passages if one.paper.id in cited]
    return not state.continued.left_out and all(paper.year is not None for paper in papers)


def _shown(state: State, cited: Collection[str], count: int, printed: int) -> str:
    """Says which of `count` papers, of which some have `printed` years, are cited."""
    if _are_newest(state, cited):
        return f"; these are the {len(cited)} newest"
    prints = "prints its" if printed <= 1 else "print their"
    years = "" if printed == count else f", of which {printed or 'none'} {prints} year"
    is_one = len(cited) == 1
    others = f" {'other' if is_one else 'others'}" if state.continued.left_out else ""
    return f"{years}; {len(cited)}{others} {'is' if is_one else 'are'} shown"


def _unnumbered(question: Question, ids: Sequence[str] | None, library: Lookup) -> str:
    """Says how many papers print no number of what papers of an amount are asked for; "" where that is nothing."""
    if not question.amount:
        return ""
    by_number = replace(question, amount=None, order=f"most {question.amount.noun}")
    count = len(library.listed(replace(by_number, order=""), ids)) - len(library.listed(by_number, ids))
    prints = "prints" if count == 1 else "print"
    return f"{counted(count, 'paper')} {prints} no number of {question.amount.noun}" if count else ""


def _yearless(state: State, question: Question, library: Lookup) -> str:
    """Says how many papers on a topic print no year where papers of a time are asked for; "" where that is nothing."""
    if question.wants_records or not (question.wants_papers and question.of_year):
        return ""
    of_any_time = replace(question, time=None, years=())
    found = library.on_topic(of_any_time, state.request.scope.paper_ids)
    count = sum(paper.year is None for paper in found)
    return f"{counted(count, 'paper')} found on this {'prints' if count == 1 else 'print'} no year" if count else ""


def _nothing_said(state: State) -> str:
    nothing = "The papers found say nothing that answers this; the nearest passages follow."
    return _not_printed(state, set(), ()) or nothing


def _not_printed(state: State, cited: set[str], claims: Sequence[Claim]) -> str:
    """Says of the first paper asked about, but for the `cited` ones where that is all that is asked, that its listing does not
    print what is asked for, and no claim in other words than a paper's says it; and of papers that are compared which do not, as
    their place is not known; "" where there is none."""
    of_record = [part for part in state.parts if part[0].about_metadata]
    if state.parts and not of_record:
        return ""
    question, passages = of_record[0] if of_record else (state.question, state.passages)
    answers_all = not state.question.asks_several or _compares(question) or _says_itself(claims, _METADATA)
    lacking = [
        (paper, missing)
        for paper in (passage.paper for passage in asked_about(question, passages))
        if not (paper.id in cited and answers_all) and (missing := missing_metadata(question, paper))
    ]
    is_unplaced = bool(cited) and _compares(question)
    together = [paper for paper, missing in lacking if missing == lacking[0][1]]
    if len(together) > 1 and (is_unplaced or all(holds_title(question.text, paper) for paper in together)):
        titles = quoted(paper.title for paper in together)
        unplaced = ": their places in this order are not known" if is_unplaced else ""
        return f"The records of {titles} do not say {_of_several(lacking[0][1])}{unplaced}."
    for paper, missing in lacking:
        printed = f"; it prints {paper.details}" if paper.details else ""
        unplaced = ": its place in this order is not known" if is_unplaced else ""
        return f"The record of “{paper.title}” does not say {missing}{printed}{unplaced}."
    cited_titles = [squeezed(one.paper.title) for one in state.passages if one.paper.id in cited]
    beside = [names[0] for names in state.question.together if len(names) == 1]
    if state.question.about_metadata and len(beside) > 1:
        strangers = [name for name in beside if not any(squeezed(name) in title for title in cited_titles)]
        if strangers:
            return f"No paper found is called “{strangers[0]}”."
    if _compares(state.question) and len(cited) == 1 and not state.question.place:
        return "Only one of the papers that are to be compared was found."
    return ""


def _of_several(missing: str) -> str:
    """What one listing does not say as several do not: "who wrote it" -> "who wrote them"."""
    return (
        missing.replace("it has", "they have").replace("it appeared", "they appeared").replace("wrote it", "wrote them")
    )


def _leaves_out(question: Question, claims: Sequence[Claim]) -> bool:
    """True where papers are asked for that do not do something, and no claim says of one that it does not."""
    asks = question.wants_papers or _PAPERS_THAT.match(question.text)
    if not (asks and _LEAVING_OUT.search(read_time(question.text)[1])):  # "not from 2023" is looked up
        return False
    wanted = set(question.terms)
    said = (
        claim.text[max(0, cue.start() - _NEAR // 2) : cue.end() + _NEAR]
        for claim in claims
        for cue in _LEFT_OUT_THERE.finditer(claim.text)
    )
    return not any(wanted & term_set(text) for text in said)


def _undecided(order: str, printed: int, found: int, where: str = "") -> str:
    """Says that some of the papers found, `where` tells on what, print nothing that puts them in order; "" where all do."""
    if printed == found:
        return ""
    if not printed:
        return f"no paper{where} prints its {decided_by(order)}; these come nearest"
    without = f"{found - printed:,} without a printed {decided_by(order)}"
    return f"of {counted(found, 'paper')}{where}, {without} may belong before these"
