"""Answers without a language model: the sentences of the papers that answer best, each its own citation."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from assistant.answering.deciding import OF_ANY_PAPER
from assistant.answering.enumerations import further_points
from assistant.answering.selecting import chances
from assistant.answering.weighing import Pick, is_said, weighed
from assistant.answers import Citation, Claim
from assistant.questions.abbreviations import spelt_out
from assistant.questions.comparing import mentions, things_compared
from assistant.questions.expecting import left_out, words_for
from assistant.questions.metadata import asked_now
from assistant.questions.names import holds_title
from assistant.questions.orders import in_order
from assistant.questions.reading import Question
from assistant.records import Paper, Passage, Span, best_of_each_paper
from assistant.retrieval.ranking import BROAD_SHARE, RIVAL_SHARE
from assistant.terms import squeezed, term_set, terms

MAX_SENTENCES = 4
_WHICH_OF = re.compile(r"\bwhich (?:ones?|of (?:them|these|those|the (?:two|three|four|papers)))\b", re.IGNORECASE)
_COMPARED = 2  # papers of which each says more than one sentence in a comparison
_MOST_OF_KIND = 10  # papers that are named where all surveys are asked for
_SENTENCES = 3  # of an answer to a question that one paper answers
# Of 4,893 held-out questions (`assistant.training.selecting`), the share whose paper's best sentence answers, and whose second or
# third is the first that does.
_RIGHT_BY_PLACE = (0.73, 0.16, 0.06)
# What a sentence of a further paper counts beside one of the best, which more probably belongs to the answer at least: half the
# wrong papers of a weight of 1, and as often a right sentence, on the same questions.
_FURTHER = 0.7
# How much less probably than the best sentence of its paper one answers that does not belong beside it. Of 1,096 held-out
# questions whose paper is found first the quoted sentences hold a right one in .925; in .913 with .05.
_WEAK = 0.02
# How probably the first paper is meant where no other's date is given for its own. Asked for the date of their papers, 110
# questions of the development half get 14 wrong records and 41 right ones; with all dated papers near in score, 16 and 41.
_SURE = 0.5


class Numbering:
    """Citation numbers: one a paper, in order of first use, after those of the `claims` that are there already."""

    def __init__(self, claims: Iterable[Claim] = ()) -> None:
        self._numbers = {citation.paper.id: citation.number for claim in claims for citation in claim.citations}

    def cite(self, passage: Passage, sentence: int) -> Citation:
        """The citation of sentence `sentence` (0-based) of the passage."""
        chunk = passage.chunk
        span = chunk.sentences[sentence]
        return Citation(
            number=self._number(passage.paper),
            paper=passage.paper,
            quote=chunk.sentence(sentence),
            span=Span(chunk.start + span.start, chunk.start + span.end),
            section=chunk.heading or ("record" if chunk.is_record else None),
            page=chunk.page,
            chunk_id=chunk.id,
        )

    def cite_record(self, passage: Passage) -> Citation:
        """The citation of the paper's title and printed metadata."""
        record = passage.paper.record
        return Citation(
            self._number(passage.paper), passage.paper, record, Span(0, len(record)), "record", None, passage.chunk.id
        )

    def _number(self, paper: Paper) -> int:
        return self._numbers.setdefault(paper.id, len(self._numbers) + 1)


Part = tuple[Question, Sequence[Passage]]  # of a question that has several, and what was found for it


def extract(question: Question, passages: Sequence[Passage], parts: Sequence[Part] = ()) -> Iterator[Claim]:
    """One to four claims, each a sentence of the passages as it stands, grouped by paper in order of relevance; those of each of
    its `parts` where a question has some."""
    numbering = Numbering()
    said: list[Claim] = []
    for asked, found in parts or [(question, passages)]:
        said += (claims := list(_extracted(asked, found, numbering, said)))
        yield from claims


def _extracted(
    question: Question, passages: Sequence[Passage], numbering: Numbering, said: Sequence[Claim]
) -> Iterator[Claim]:
    """The claims of one part after those of the parts before, of which it says none again: it names a paper where another one, or
    a whole record, was quoted before it."""
    question, texts = question.settled(passage.paper for passage in passages), {claim.text for claim in said}
    if question.about_metadata or question.wants_first:
        yield from (claim for claim in _from_records(question, passages, numbering) if claim.text not in texts)
        return
    previous = said[-1].citations[0].paper if said else None
    if previous and said[-1].text == previous.record:
        previous = None
    for pick in _choose(question, passages):
        passage = passages[pick.passage]
        if passage.chunk.sentence(pick.sentence) in texts:
            continue
        lead = "" if previous and passage.paper.id == previous.id else f"{passage.paper.title}: "
        previous = passage.paper
        citation = numbering.cite(passage, pick.sentence)
        citations = [citation]
        if lead and (question.by or question.amount or (passage.paper.year and question.is_dated(passage.paper))):
            citations.append(numbering.cite_record(passage))
        yield Claim(citation.quote, tuple(citations), lead=lead)


def missing_metadata(question: Question, paper: Paper) -> str:
    """What a metadata question asks for that the paper's listing does not print; "" where it is printed."""
    return " or ".join(name for name, is_printed in _asked_of_listing(question, paper).items() if not is_printed)


def _asked_of_listing(question: Question, paper: Paper) -> dict[str, bool]:
    """What a metadata question asks for, and whether the paper's listing prints it."""
    date = "in which year it appeared" if question.order else "when it appeared"
    dated = paper.year is not None or bool(paper.date and not question.order)
    asked = {
        date: (question.wants_date, dated),
        "how many authors it has": (question.wants_author_count, paper.author_count is not None),
        "who wrote it": (question.wants_people, bool(paper.authors or paper.organisation)),
        "how many comments it has": (question.wants_comments, paper.comment_count is not None),
    }
    return {name: is_printed for name, (is_asked, is_printed) in asked.items() if is_asked}


def asked_about(question: Question, passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The best passage of each paper whose printed metadata is asked for: of those that the question names, else of the first."""
    return _named(question, passages) or best_of_each_paper(passages)[:1]


def _named(question: Question, passages: Sequence[Passage]) -> tuple[Passage, ...]:
    papers = best_of_each_paper(passages)
    names = ("named", "titled") if question.order else ("named",)  # what is compared has a name
    return tuple(p for p in papers if any(map(p.signals.get, names)) or holds_title(question.text, p.paper))


def _from_records(question: Question, passages: Sequence[Passage], numbering: Numbering) -> Iterator[Claim]:
    """The records of the papers asked about, where they print some of what is asked for: another paper's date answers nothing."""
    if question.wants_first:
        wanted = best_of_each_paper(passages)
    elif question.wants_records:
        wanted = tuple(p for p in best_of_each_paper(passages) if question.is_for(p.paper))
    else:
        wanted = _named(question, passages) or _likely(question, passages)
        if question.order:
            places = {p.id: place for place, p in enumerate(in_order([one.paper for one in wanted], question.order))}
            wanted = tuple(sorted(wanted, key=lambda one: places.get(one.paper.id, len(places))))
            if question.place:
                wanted = tuple(one for one in wanted if places.get(one.paper.id) == question.place - 1)
        wanted = wanted[:MAX_SENTENCES]
    for passage in wanted:
        asked = _asked_of_listing(question, passage.paper)
        if all(asked.values()) or (any(asked.values()) and not question.order):
            yield Claim(passage.paper.record, (numbering.cite_record(passage),))


def _likely(question: Question, passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The papers that a question which names none may mean: the first, and those near it where several are asked for or the
    first is no likelier than all others together."""
    papers = best_of_each_paper(passages)
    is_sure = bool(papers) and papers[0].signals.get("chance", 0.0) >= _SURE
    if is_sure and not (question.wants_list or question.wants_comparison):
        return papers[:1]
    return tuple(passage for passage in papers if passage.score >= RIVAL_SHARE * papers[0].score)


def _choose(question: Question, passages: Sequence[Passage]) -> list[Pick]:
    """The sentences to quote, best paper first, in reading order within a paper."""
    if question.abbreviation:
        return _spelling_out(question, passages)
    picks = every = sorted(weighed(question, passages), key=lambda pick: -pick.score)
    if is_left_out := left_out(question):
        picks = [one for one in picks if is_left_out(passages[one.passage].sentences[one.sentence].text)]
    if not question.wants_release and words_for(question):  # what is said beside limitations may be praise
        picks = [one for one in picks if is_said(question, passages[one.passage], one.sentence)] or picks
    of_papers: dict[str, list[Pick]] = {}
    for pick in picks:
        of_papers.setdefault(passages[pick.passage].paper.id, []).append(pick)
    is_full = question.wants_list or question.wants_comparison or question.wants_summary or question.sentences_wanted
    chosen: list[Pick] = []
    shares = _shares(question, passages)
    for paper_id, wanted in shares.items():
        of_paper = of_papers.get(paper_id, [])
        best = of_paper[:wanted] if is_full else _with_further_points(_without_weak(of_paper)[:wanted], every, passages)
        chosen.extend(best[: most_sentences(question) - len(chosen)])
    places = {paper_id: place for place, paper_id in enumerate(shares)}
    return sorted(chosen, key=lambda one: (places[passages[one.passage].paper.id], one.passage, one.sentence))


def _without_weak(picks: Sequence[Pick]) -> list[Pick]:
    """Those of a paper's picks, the best first, that answer about as probably as the best one."""
    likely = chances([pick.score for pick in picks])
    return [pick for pick, chance in zip(picks, likely, strict=True) if chance >= _WEAK * likely[0]]


def _with_further_points(picks: Sequence[Pick], every: Sequence[Pick], passages: Sequence[Passage]) -> list[Pick]:
    """The picks, each with those of `every` that give the further points of an enumeration that it begins."""
    by_place = {(pick.passage, pick.sentence): pick for pick in every}
    found: dict[Pick, None] = {}
    for pick in picks:
        texts = [sentence.text for sentence in passages[pick.passage].sentences]
        points = [(pick.passage, point) for point in further_points(texts, pick.sentence)]
        found |= dict.fromkeys([pick, *(by_place[place] for place in points if place in by_place)])
    return list(found)


def _words_of(form: str) -> tuple[str, ...]:
    """What "Fine-Tuning" and "fine tuning" share."""
    return tuple(terms(form.replace("-", " ")))


def _spelling_out(question: Question, passages: Sequence[Passage]) -> list[Pick]:
    """A sentence for each long form of the abbreviation, those that most papers give first."""
    picks: dict[tuple[str, ...], Pick] = {}
    papers: dict[tuple[str, ...], set[str]] = {}
    for pick in weighed(question, passages):
        passage = passages[pick.passage]
        if form := _words_of(spelt_out(question.abbreviation, passage.sentences[pick.sentence].text)):
            picks.setdefault(form, pick)
            papers.setdefault(form, set()).add(passage.paper.id)
    first = sorted(picks, key=lambda form: -len(papers[form]))
    return [picks[form] for form in first[: most_sentences(question)]]


def most_sentences(question: Question) -> int:
    """How many sentences an answer quotes at most."""
    if question.wants_summary:
        return question.sentences_wanted or max(MAX_SENTENCES, question.things_wanted)
    if question.wants_any_of_kind and not question.things_wanted:
        return _MOST_OF_KIND
    return (
        question.sentences_wanted
        or (question.things_wanted if question.wants_list or question.wants_comparison else 0)
        or MAX_SENTENCES
    )


def _shares(question: Question, passages: Sequence[Passage]) -> dict[str, int]:
    """How many sentences to quote of which papers, the best first: those among which one that answers is most probably, so
    that a doubtful best paper leaves room for its rivals; one each for comparisons and lists, but not for a list of what one
    paper has."""
    papers = list(dict.fromkeys(p.paper.id for p in passages))
    if question.wants_any_of_kind:
        return dict.fromkeys(papers, 1)
    if question.wants_list and not question.wants_papers:  # "On which data sets was NOLA evaluated?"
        papers = [paper for paper in _told_of(passages) if paper in _naming(question, passages)]
    named = {p.paper.id for p in passages if p.signals.get("named")}
    is_listed = question.wants_list and not (question.wants_parts and len(named) == 1)
    broad = (is_listed or question.wants_comparison or len(named) > 1) and len(papers) > 1
    share = BROAD_SHARE if broad else RIVAL_SHARE
    if question.wants_summary and question.things_wanted > 1 and not question.sentences_wanted:
        return dict.fromkeys(papers, max(1, MAX_SENTENCES // len(papers)))
    chance_of = {p.paper.id: p.signals["chance"] for p in passages if "chance" in p.signals}
    if broad or not chance_of:
        near = dict.fromkeys(
            p.paper.id for p in passages if p.score >= share * passages[0].score and p.paper.id in papers
        )
        if (
            question.wants_comparison or len(named) > 1
        ):  # what is named, and two at least, however few of the question's words the second one holds
            meant = {p.paper.id for p in passages if p.signals.get("titled") or holds_title(question.text, p.paper)}
            near = dict.fromkeys(paper for paper in papers if paper in near or paper in meant or paper in papers[:2])
        if question.wants_comparison and (mentioning := _mentioning(question, passages)):
            near = dict.fromkeys(paper for paper in near if paper in mentioning)
            if len(question.names) > 1 and len(near) <= _COMPARED:
                return dict.fromkeys(near, MAX_SENTENCES // _COMPARED)
        near = _meeting(question, passages, near) if _WHICH_OF.search(question.text) else near
        return {
            paper: 1 if broad or place else question.sentences_wanted or _SENTENCES for place, paper in enumerate(near)
        }
    papers = [paper for paper in _told_of(passages) if paper in papers]
    if question.sentences_wanted:  # all from the paper that answers, one after another where that is asked
        return dict.fromkeys(papers[:1], question.sentences_wanted)
    gains = [
        (chance_of.get(paper, 0.0) * right * (_FURTHER if place else 1.0), paper)
        for place, paper in enumerate(papers)
        for right in _RIGHT_BY_PLACE
    ]
    best = Counter(paper for _, paper in sorted(gains, key=lambda gain: -gain[0])[:_SENTENCES])
    return {paper: best[paper] or 1 for place, paper in enumerate(papers) if best[paper] or not place}


def _meeting(question: Question, passages: Sequence[Passage], papers: Iterable[str]) -> dict[str, None]:
    """Those of the papers (ids) that say all that "which of them …?" asks; all of them where none does."""
    asked = {*terms(asked_now(question.topic))} - OF_ANY_PAPER
    texts = {p.paper.id: f"{p.paper.record} {p.paper.abstract} {p.text}" for p in reversed(passages)}
    meeting = dict.fromkeys(paper for paper in papers if asked <= term_set(texts[paper]))
    return meeting or dict.fromkeys(papers)


def _mentioning(question: Question, passages: Sequence[Passage]) -> set[str]:
    """The ids of the papers that mention one of the things that are compared; of names, where a paper mentions all of them, of
    such papers and those called by one; none where they are names not each of which is mentioned."""
    names = question.names if len(question.names) > 1 else ()
    texts = {p.paper.id: f"{p.paper.record} {p.text}" for p in reversed(passages)}
    things = names or things_compared(question.text)
    holding = [{paper for paper, text in texts.items() if mentions(text, thing)} for thing in things]
    if names and not all(holding):
        return set()
    every = set().union(*holding)
    spoken_of = {p.paper.id for p in passages if holds_title(question.text, p.paper)}  # what "it" is
    if names and (of_all := set.intersection(*holding)):
        return of_all | spoken_of | {p.paper.id for p in passages if p.signals.get("titled") and p.paper.id in every}
    return every | spoken_of if every else every


def _naming(question: Question, passages: Sequence[Passage]) -> set[str]:
    """The ids of the papers that mention the names in the question; all where the first does not."""
    texts = {p.paper.id: f"{p.paper.record} {p.text}" for p in reversed(passages)}
    naming = {key for key, text in texts.items() if all(mentions(text, name) for name in question.names)}
    return naming if passages[0].paper.id in naming else set(texts)


def _told_of(passages: Sequence[Passage]) -> list[str]:
    """The ids of the papers, best first; where the question calls the first by its name, without those that do not mention it."""
    first, *others = best_of_each_paper(passages)
    if first.signals.get("titled"):
        name = squeezed(first.paper.title.split(":")[0])
        others = [
            one for one in others if one.signals.get("titled") or name in squeezed(f"{one.paper.record} {one.text}")
        ]
    return [one.paper.id for one in (first, *others)]
