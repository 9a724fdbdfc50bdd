"""Whether to answer a question: by the estimate of `assistant.answering.abstention`, and by what that cannot see.

A near miss gives itself away by a name that no paper mentions, by the kind of answer that it expects, or by a date that no paper
is printed with. Where it is known which papers a question is about, what they say decides, and no longer how well it fits them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from assistant.answering.abstention import WITHOUT_RERANKER, OwnCalibration, features
from assistant.questions.abbreviations import spelt_out
from assistant.questions.authorship import Authorship
from assistant.questions.definitions import thing_asked
from assistant.questions.expecting import unmet
from assistant.questions.names import holds_title
from assistant.questions.numbered import parts_asked
from assistant.questions.orders import decided_by, in_order
from assistant.questions.places import is_placed
from assistant.questions.reading import Question, asked_of
from assistant.questions.spelling import foreign_words
from assistant.records import Paper, Passage, counted
from assistant.retrieval.ranking import terms_held
from assistant.store.lexical import LexicalIndex
from assistant.terms import is_spelt_out, squeezed, term_set, terms

_FEW_TERMS = 2
_FEW_PAPERS = 3  # that a question may mean by what it calls one; of more it is not known which
# idf of a function word that is none of the library's language: fewer than about one chunk in seven holds it.
_RARE = 2.0
# Of a paper that the question names, or that was chosen, it is known that it is meant: only what is foreign to it is declined. On
# the development half 98 % are kept of their own paper so, and 86 % declined of one drawn by chance.
_KEEP_WITHIN = 0.98
# What can be asked of every paper: a question in these words says nothing that a paper could be found by, and any one answers it.
OF_ANY_PAPER = term_set(
    """abstract accomplish accuracy accurate achieve address advantage aim algorithm application apply approach article assess
    assumption author authors availability available baseline basic beat benchmark benefit best better big biggest brief build
    bullet central challenge cheap cheapest claim code common compare comparison compute con concept conclude conclusion
    consist contain contribute contribution core cost costs data dataset define demonstrate describe detail difference
    different disadvantage do document done downside dr drawback earlier easiest easy efficiency efficient english evaluate
    evaluation evidence exact example existing experiment experimental explain fast fastest find finding first five found four
    fourth framework future general get gist github give goal good got great handle help high highest home idea impact
    implication importance important improve improvement include innovation introduce issue key large largest last layman
    learn learned learnt limit limitation list low lowest main make matter mean means measure measures message method
    methodology metric model motivate motivation need new novel novelty objective offer one open outcome outperform overall
    overview paragraph perform performance plain point points practical present previous prior problem propose pros purpose
    quality question quote read reader related released repository result run said say scale second sentence sentences set
    sets short shortcoming show shown significance simple simplest simply size slow small smallest solve source speed stand
    state strength strongest study subject suggest summarize summary system tackle take takeaway technique tell terms test
    tested thing things third three tl tldr tool topic train training two use used useful uses version versions versus vs
    weakest weakness whats words work working works worst well try tried really actually special trick happen hold check prevent
    avoid"""
)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the library answers: the estimated probability, and why not where it does not.

    `margin` is how far the probability's log odds are above those of the threshold; None where no probability decides.
    `estimate` names the estimate behind it, and `row` holds its features.
    """

    answerable: bool
    probability: float | None = None
    reason: str = ""
    margin: float | None = None
    estimate: str = ""
    row: np.ndarray | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Within:
    """A question as it is asked of the papers that it is about (`questions.asked_of`), and what was found in those alone.
    `is_certain` is False where it names one beside much else, as a claim does a gene, and all papers may answer."""

    question: Question
    passages: Sequence[Passage]
    is_certain: bool = True


def asked_within(
    question: Question,
    passages: Sequence[Passage],
    chosen: Sequence[Paper],
    find: Callable[[Question, Sequence[str]], list[Passage]],
) -> Within | None:
    """What is asked of the papers that the question names, or else of the few that were `chosen`, and what `find` finds of it in
    those; None where all papers may answer."""
    papers = {passage.paper.id: passage.paper for passage in passages if passage.signals.get("named")}
    papers = papers or {paper.id: paper for paper in chosen}
    is_certain = bool(papers)
    if not papers and passages and passages[0].signals.get("titled"):
        papers = {passages[0].paper.id: passages[0].paper}
    if not papers:
        return None
    asked = asked_of(question, list(papers.values()))
    return Within(asked, find(asked, list(papers)), is_certain)


def decide(
    question: Question,
    passages: Sequence[Passage],
    lexical: LexicalIndex,
    keep: float,
    quoting: bool = False,
    own: OwnCalibration | None = None,
    within: Within | None = None,
    prints_years: bool = True,
) -> Decision:
    """Whether the library answers, keeping the share `keep` of answerable questions; with the reason where it does not, and what
    to do where the question is in a language that the library does not use.

    `within` is None where all papers may answer; `own` is what `assistant eval calibrate` found for the library's own questions.
    A question that names what no paper mentions is declined whatever its scores: those cannot tell near misses. With `quoting`
    (no model will read the passages) so is one that expects a kind of answer which the passages do not hold. Where no paper of
    the library `prints_years`, a time that is asked for is held against none.
    """
    decision = _decide(question, passages, lexical, keep, quoting, own, within, prints_years)
    if decision.answerable or not passages or not is_in_another_language(question.text, lexical):
        return decision
    return replace(decision, reason=f"{decision.reason} The papers are in English; ask in English.")


def is_in_another_language(text: str, lexical: LexicalIndex) -> bool:
    """True for a question in another language than English, of whose words the library has hardly any."""
    words = [term for word in foreign_words(text) for term in terms(word)]
    return bool(words) and all(lexical.idf(word) > _RARE for word in words)


def _decide(
    question: Question,
    passages: Sequence[Passage],
    lexical: LexicalIndex,
    keep: float,
    quoting: bool,
    own: OwnCalibration | None,
    within: Within | None,
    prints_years: bool,
) -> Decision:
    if asks_nothing := _asks_nothing(question, passages, within):
        return Decision(False, 0.0, asks_nothing)
    signed, question = question.by, question.settled(passage.paper for passage in passages)
    if signed and question.by is None and question.order and (question.by_alone or _is_signed_last(question, signed)):
        return Decision(False, None, f"Not found: no paper is printed under {signed}.")
    if not_printed := _not_printed(question, passages, prints_years):
        return Decision(False, None, not_printed)
    if question.wants_records or question.wants_any_of_kind:  # what is printed decides
        return Decision(True)
    if question.called and (question.called in question.names or not (within and within.is_certain)):
        papers = {passage.paper.id: passage.paper for passage in passages}.values()
        called = sum(question.is_of(paper) or holds_title(question.text, paper) for paper in papers)
        if not called and not any(map(lexical.correction, terms(question.called))):
            return Decision(False, None, f"Not found: no paper found is called “{question.called}”.")
        if 0 < called <= _FEW_PAPERS and (question.about_metadata or parts_asked(question.text)):
            return Decision(True)
    name, row = _estimated(question, passages, lexical)
    own = own or OwnCalibration()
    probability = own.of(name).probability(row)
    is_of_any = within is not None and OF_ANY_PAPER.issuperset(question.terms)
    if strangers := _strangers(question, lexical, passages, 1.0 if is_of_any else probability):
        return Decision(False, probability, _never_mentioned(strangers))
    if question.abbreviation:
        is_there = any(spelt_out(question.abbreviation, passage.text) for passage in passages)
        return Decision(
            is_there, reason="" if is_there else f"Not found: no paper found spells “{question.abbreviation}” out."
        )
    margin = None if within and within.is_certain else own.margin(name, row, keep)
    lacking = ""
    if within and not question.about_metadata and _is_foreign(within, lexical, max(keep, _KEEP_WITHIN), own):
        titles = list(dict.fromkeys(f"“{passage.paper.title}”" for passage in within.passages))
        lacking = f"Not found: nothing in {' or '.join(titles[:2])} comes close enough to answering this."
    elif margin is None or margin >= 0:
        looked_at = passages if within is None else within.passages
        lacking = unmet(question, looked_at, lambda name: _is_spelt_right(name, lexical)) if quoting else ""
    else:
        unknown = [t for t in question.terms if not (lexical.is_known(t) or lexical.correction(t))]
        lacking = "Not found: no paper comes close enough to answering this."
        if len(unknown) >= max(1, len(question.terms) / 3):
            lacking = _never_mentioned(_as_typed(question.text, unknown))
    return Decision(not lacking, probability, lacking, margin, name, row)


def _is_signed_last(question: Question, by: Authorship) -> bool:
    """True where "by" and a name end what is asked of papers on a topic: "the newest paper on otters by Den Lab"."""
    return question.wants_first and by.name[:1].isupper() and f" by {by.name}" in question.text


def _asks_nothing(question: Question, passages: Sequence[Passage], within: Within | None) -> str:
    """Why the question asks nothing that passages could answer; "" where it does."""
    if question.small_talk:
        return "That asks nothing of the papers. Ask what a paper proposes, finds or measures."
    if question.doubts:
        return "Each sentence of an answer cites those of the papers that back it: open its number to read them there."
    if question.about_library and not question.wants_records:
        return "No paper answers questions about the library itself; 'assistant papers' or the Library tab lists it."
    if question.wants_writing:
        return "That asks for something to be written. Ask what a paper proposes, finds or measures."
    if question.wants_reference:
        return (
            "References are not written into answers: ask what the paper proposes, then take 'Export Markdown and BibTeX' in the "
            "page, or answer.to_bibtex() in Python."
        )
    if not passages:
        return "Nothing to answer from: no paper is in the library or in the chosen scope."
    if question.counts_papers and not question.wants_records and OF_ANY_PAPER.issuperset(question.terms):
        return (
            "Papers are found by what they say, and nothing is counted or compared over all of them; "
            "ask about a topic or a paper."
        )
    if not (question.terms or question.wants_records) and within is None:
        return "The question names no topic; ask about something in the papers."
    return ""


def _not_printed(question: Question, passages: Sequence[Passage], prints_years: bool) -> str:
    """Which name, date or number that the question asks for none of the papers found is printed with; "" where one is."""
    papers = list({passage.paper.id: passage.paper for passage in passages}.values())
    if question.by and not any(map(question.by.holds, papers)):
        return f"Not found: no paper is printed under {question.by}."
    if question.kind and not any(map(question.kind.holds, papers)):
        return f"Not found: no paper found says that it is {question.kind}."
    signed = f" printed under {question.by}" if question.by else ""
    if question.wants_records:
        if not any(map(question.is_for, papers)):
            return f"Not found: no paper{signed} is printed with {_wanted(question)}."
        if not question.order:
            return ""
        printed, of_time = len(in_order(papers, question.order)), " of that time" if question.time else ""
        if not printed:
            nothing = f"Not found: no paper{signed}{of_time} prints its {decided_by(question.order)}."
            return f"{nothing} 'assistant papers' or the Library tab lists every paper."
        return too_few(printed, f"{signed}{of_time}", question.order) if printed < question.place else ""
    if question.amount and not any(map(question.is_for, papers)):
        return f"Not found: no paper{signed} is printed with {_wanted(question)}."
    if question.of_year and prints_years and not any(map(question.is_of_time, papers)):
        none = f"Not found: no paper{signed} that comes near this is printed with {_wanted(question)}"
        if any(paper.year is not None for paper in papers):
            return f"{none}."
        found = f"{len(papers)} that come nearest print" if len(papers) > 1 else "one that comes nearest prints"
        return f"{none}; the {found} no year."
    return ""


def _estimated(question: Question, passages: Sequence[Passage], lexical: LexicalIndex) -> tuple[str, np.ndarray]:
    """Which estimate holds for the question, and its features."""
    row = features(question, passages, lexical.idf, lexical.is_known)
    if len(row) == WITHOUT_RERANKER:
        return "words", row
    if question.about_metadata or question.years or question.names:
        # Of dates, of authors and of what a new name means the reranker knows nothing: its score does not count.
        return "reread, words", row[:WITHOUT_RERANKER]
    return "reread", row


def _is_foreign(within: Within, lexical: LexicalIndex, keep: float, own: OwnCalibration) -> bool:
    """True where what is asked of some papers has nothing to do with them."""
    asked, passages = within.question, within.passages
    wanted = set(terms(asked.topic)) - OF_ANY_PAPER
    held = set().union(*(terms_held(wanted, passage.paper, passage.chunk) for passage in passages))
    return wanted != held and own.margin(*_estimated(asked, passages, lexical), keep) < 0


def _wanted(question: Question) -> str:
    """What the papers that are asked for are printed with."""
    time = question.time
    date = time and ("that date" if time.is_one else "a date of that time")
    if time and time.in_words and not question.years:  # "last year" says none
        date = f"a date {time.in_words}"
    return " and ".join(str(wanted) for wanted in (date, question.amount) if wanted)


def too_few(printed: int, of_these: str, order: str) -> str:
    """Says that there is no such place in an order: the papers `of_these` that print what decides it are too few."""
    prints = "prints its" if printed == 1 else "print their"
    return f"Not found: only {counted(printed, 'paper')}{of_these} {prints} {decided_by(order)}."


def _strangers(question: Question, lexical: LexicalIndex, passages: Sequence[Passage], probability: float) -> list[str]:
    """The names in the question that the library does not use. Where the question says little and rather no paper answers, all
    its words if none of them is used: for "tell me about football" it is not enough that something comes near in meaning; and
    those of a thing of several words that is to be defined."""
    if strangers := [name for name in question.names if not _is_mentioned(name, lexical, passages)]:
        return strangers
    if len(question.terms) > _FEW_TERMS or probability >= 0.5:
        return []
    words = _as_typed(question.topic, question.terms)
    unknown = [word for word in words if not _is_mentioned(word, lexical, passages)]
    is_thing = question.wants_definition and not question.wants_summary and " " in thing_asked(question.topic)
    return unknown if is_thing or len(unknown) == len(words) else []


def _is_mentioned(name: str, lexical: LexicalIndex, passages: Sequence[Passage]) -> bool:
    """True where the library uses a part of the name, the name with a typing error mended, or, among the passages, another
    spelling of it, what it abbreviates, or the place whose adjective it is."""
    parts = terms(name)
    if not parts or any(lexical.is_known(part) or lexical.correction(part) for part in parts):
        return True
    texts = [f"{passage.paper.record} {passage.text}" for passage in passages]
    return any(squeezed(name) in squeezed(text) or is_spelt_out(name, text) or is_placed(name, text) for text in texts)


def _is_spelt_right(name: str, lexical: LexicalIndex) -> bool:
    """True where the library uses a part of the name, and no other part looks like a typing error."""
    unknown = [part for part in terms(name) if not lexical.is_known(part)]
    return len(unknown) < len(terms(name)) and not any(lexical.correction(part) for part in unknown)


def _never_mentioned(words: Sequence[str]) -> str:
    return f"Not found: the papers never mention {', '.join(f'“{word}”' for word in words[:3])}."


def _as_typed(text: str, wanted: Sequence[str]) -> list[str]:
    """The words of the question behind index terms, as the user wrote them."""
    return [word.strip(".,;:!?()\"'“”") for word in text.split() if term_set(word) & set(wanted)]
