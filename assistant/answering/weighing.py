"""How well each sentence of the passages found fits a question, by what it says and what kind of answer is asked for."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from assistant.answering.selecting import INTRODUCING, fits
from assistant.prose import prose_share
from assistant.questions.abbreviations import spelt_out
from assistant.questions.comparing import mentions, things_compared
from assistant.questions.definitions import definer, thing_asked
from assistant.questions.expecting import counting, is_caption, is_headed, sharing, words_for
from assistant.questions.reading import Question
from assistant.questions.sections import summing_up
from assistant.records import ABSTRACT, Passage
from assistant.terms import term_set

_BOILERPLATE = re.compile(
    r"\b(?:code|data|dataset|models?|implementation|project page)s?\b.{0,60}\b(?:available|released?|open-sourced?|found at)\b"
    r"|github\.com|https?://|\b(?:release|open-?source|publish|share)s? (?:our|the|all|all our) (?:source )?code\b",
    re.IGNORECASE,
)  # fmt: skip
_RELEASING = re.compile(
    r"\b(?:release|open-?source|publish|share)(?:s|d)?\b.{0,60}\b(?:code|data ?sets?|models?|weights|checkpoints)\b",
    re.IGNORECASE,
)
# "on GLUE", "across nine benchmarks", "the GSM8K dataset", "we evaluate it on"
_ON_DATA = re.compile(
    r"\b(?:[Oo]n|[Aa]cross|including) (?:[a-z][\w-]{0,30} ){0,2}\(?[\w-]{0,30}[A-Z]"
    r"|\b[A-Z][\w-]{0,30} (?:data ?sets?|benchmarks?|corpus|corpora|tasks)\b"
    r"|\b(?:benchmarks|tasks) \(|\b(?:evaluat|experiment)\w{0,9} .{0,60}\bon\b"
)
_OF_OTHERS = re.compile(
    r"\b(?:existing|previous|prior|current|traditional|conventional|other|many|most|earlier|classical) (?:[\w-]+ ){0,3}?"
    r"(?:methods?|approach(?:es)?|models?|works?|techniques?|implementations?|systems?|algorithms?|benchmarks?|studies)\b",
    re.IGNORECASE,
)
# "A version of this manuscript was published in …", "Section 2 describes …"
_OF_TEXT = re.compile(
    r"\b(?:version of|(?:originally|previously|been|was) published|manuscript|organi[sz]ed as follows"
    r"|(?:re(?:mainder|st)|sections?|structure|outline) of (?:this|the) (?:paper|article|vignette)|[Ss]ections? \d"
    r"|this section)\b"
)
_ASKED_AFTER_BONUS = 0.3  # where limitations, a licence, a learning rate and the like are asked for
_COMPARED_BONUS = 0.15  # for each of the things that are compared
_CAPTION_BONUS = 0.3  # where it is asked what a figure or the like shows
_RELEASE_BONUS = 0.5  # where code, data or a link is asked for
_DATA_BONUS = 0.3  # where the question asks for data sets
_DEFINING_BONUS = 1.0  # where that is asked, and a sentence says "X is a …"
_COUNTING_BONUS = 0.2  # where a number of things or a share is asked for, and those are counted, or one is given
_NO_PROSE_LOSS = 0.5  # of code, tables and formulas: what a sentence says as well is quoted instead
_ASKING_LOSS = 0.3  # of a sentence that asks itself, as the question does
_INTRODUCING_BONUS = 0.9  # where a question asks what something is: more than holding its name counts for
_OF_OTHERS_LOSS = 0.3
_TITLE_BONUS, _INTRODUCING_LITTLE, _OF_TEXT_LOSS = 0.5, 0.3, 0.5  # where a summary is asked for
_SPELLING_BONUS = 0.5  # where it is asked what an abbreviation is
_BOILERPLATE_LOSS = 0.3


@dataclass(frozen=True, slots=True)
class Pick:
    """A sentence worth quoting: which of which passage, and how well it fits."""

    passage: int
    sentence: int
    score: float


def weighed(question: Question, passages: Sequence[Passage]) -> Iterator[Pick]:
    """Every sentence of the passages: how well it answers by what was learnt, and by the kind of answer that is asked for."""
    wanted = () if question.wants_release else words_for(question)
    is_counted = (counting(question) or sharing(question)) if question.wants_number else None
    compared = things_compared(question.text) if question.wants_comparison else ()
    is_definition, is_defined, thing = _wants_definition(question), defined_by(question), thing_asked(question.topic)
    for number, passage in enumerate(passages):
        for position, score in enumerate(fits(question, passage)):
            text = passage.sentences[position].text
            score -= _NO_PROSE_LOSS * (1 - prose_share(text))
            score -= _ASKING_LOSS * text.rstrip().endswith("?")
            score += _COMPARED_BONUS * sum(mentions(text, name) for name in compared)
            if wanted:
                score += _asked_after_bonus(question, passage, position)
            score += _INTRODUCING_BONUS * (is_definition and _introduces(question, passage, text))
            score += _DEFINING_BONUS * bool(is_defined and is_defined(text))
            score += _SPELLING_BONUS * bool(is_defined and spelt_out(thing, text))
            score += _COUNTING_BONUS * bool(is_counted and is_counted(text))
            score += _DATA_BONUS * (question.wants_data and bool(_ON_DATA.search(text)))
            if question.wants_release:
                score += _RELEASE_BONUS * bool(_BOILERPLATE.search(text) or _RELEASING.search(text))
            else:
                score -= _BOILERPLATE_LOSS * bool(_BOILERPLATE.search(text))
            if question.wants_summary:
                score += _summary_bonus(question, passage, text)
            yield Pick(number, position, score)


def _introduces(question: Question, passage: Passage, text: str) -> bool:
    """True where a sentence introduces what the question asks for: what is named, or in the abstract of a paper that is called so
    its own."""
    is_own = passage.chunk.heading == ABSTRACT or passage.chunk.heading is None
    is_called_so = passage.signals.get("titled") or passage.signals.get("named")
    return bool(INTRODUCING.search(text)) and (
        bool(is_own and is_called_so) or term_set(text).issuperset(question.terms)
    )


def is_said(question: Question, passage: Passage, sentence: int) -> bool:
    """True where a sentence says something of what is asked after by name, such as limitations, or stands under that heading."""
    text = passage.sentences[sentence].text
    return is_headed(question, passage.chunk.heading) or any(word.search(text) for word in words_for(question))


def _asked_after_bonus(question: Question, passage: Passage, sentence: int) -> float:
    """How much better than others such a sentence fits: limitations of others are rather a paper's reason than its own."""
    if not is_said(question, passage, sentence):
        return 0.0
    caption = _CAPTION_BONUS * is_caption(question, passage.sentences[sentence].text)
    is_of_others = bool(_OF_OTHERS.search(passage.sentences[sentence].text)) and not _OF_OTHERS.search(question.text)
    return _ASKED_AFTER_BONUS + caption - _OF_OTHERS_LOSS * is_of_others


def _summary_bonus(question: Question, passage: Passage, text: str) -> float:
    """How much better than others a sentence tells what its paper does: by where it stands, and its words of the title. How well
    it fits the question says little: "What is this paper about?" fits what is said of the paper as a publication."""
    titled = term_set(passage.paper.title)
    share = len(titled & term_set(text)) / len(titled) if titled else 0.0
    is_of_text = bool(_OF_TEXT.search(text))
    introduces = _TITLE_BONUS * share + _INTRODUCING_LITTLE * bool(INTRODUCING.search(text))
    return introduces + summing_up(question.text, passage.chunk) - _OF_TEXT_LOSS * is_of_text


def _wants_definition(question: Question) -> bool:
    """True where it is asked what something is: "What is the accuracy of …?" asks for something else, and so does "What are the
    limitations?"."""
    asks_else = question.wants_number or question.wants_data or question.wants_release or question.wants_summary
    return question.wants_definition and not (asks_else or words_for(question))


def defined_by(question: Question) -> Callable[[str], bool] | None:
    """Whether a sentence defines what the question asks the definition of; None where it asks for none."""
    thing = thing_asked(question.topic) if _wants_definition(question) else ""
    return definer(thing) if thing else None
