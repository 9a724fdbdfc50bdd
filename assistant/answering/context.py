"""A question among sentences that ask nothing: "We could not agree over lunch. Which method …? My boss wants to know by Friday."

Those sentences may say what the question is about, or nothing that a paper says. Words cannot tell; the library can: the reading
that it more probably answers is taken.
"""

import re
from collections.abc import Callable, Sequence

from assistant.answering.deciding import OF_ANY_PAPER, Decision
from assistant.questions.asking import topic_of
from assistant.questions.followups import leans_on_history
from assistant.questions.reading import Question, read_question
from assistant.records import Passage
from assistant.sentences import sentence_spans
from assistant.terms import terms

_FEWEST_TERMS = 3
_INTERROGATIVE = (
    r"(?:what|how|why|which|who|whose|when|where|is|are|do|does|did|was|were|has|have|can|could|should|would|will)\b"
)
_REQUEST = re.compile(
    rf"^\W*(?:(?:please|so|and|now|then)\W+)*(?:{_INTERROGATIVE}"
    r"|tell|explain|describe|summari[sz]e|list|name|show|find|give|compare|help"
    r"|i['’]d like|i (?:want|need|would like|wonder)(?! (?:it|this|that|them)\b)"
    r"|(?:i['’]?m|i am) (?:looking|searching|wondering|interested))",
    re.IGNORECASE,
)
# "My boss wants to know.", "This is for a school project.", but not "role of the wrong options"
_OF_ASKER = re.compile(
    r"\b(?:i|me|my|we|our|us)\b|^\W*(?:this|that|it)(?:['’]s| is| was| would| will)\b", re.IGNORECASE
)
# Chats know small letters after a full stop: "we could not agree. which method …"
_SMALL_START = re.compile(r"(?<=\w\w[\w)][.!?]) +(?=[a-z])")
_CLAUSE_OF_ASKER = re.compile(
    rf"(^\W*(?:i|i['’]m|my|we|our)\b[^,;]*), (?=(?:so |and |but )?{_INTERROGATIVE})", re.IGNORECASE
)


def question_within(question: Question) -> Question | None:
    """What is asked, without the sentences beside it; None where there are none, or where it cannot be understood without."""
    sentences = _sentences(question.text)
    asked = " ".join(one for one in sentences if _asks(one) or not _OF_ASKER.search(one))
    if asked == " ".join(sentences) or leans_on_history(asked):
        return None
    said = set(terms(topic_of(asked)))  # "Which data sets are used?" is about what is said beside it
    return read_question(asked) if len(said) >= _FEWEST_TERMS and not OF_ANY_PAPER.issuperset(said) else None


def _asks(sentence: str) -> bool:
    return sentence.rstrip("\"'”’)").endswith("?") or bool(_REQUEST.match(sentence))


def _sentences(text: str) -> list[str]:
    spans = (text[span.start : span.end] for span in sentence_spans(text))
    parts = (part for one in spans for part in _SMALL_START.split(one))
    return [clause for part in parts for clause in _CLAUSE_OF_ASKER.split(part) if clause.strip()]


def best_reading(
    question: Question,
    find: Callable[[Question], list[Passage]],
    decide: Callable[[Question, Sequence[Passage]], Decision],
) -> tuple[Question, list[Passage]]:
    """The whole question, or what it asks without the sentences beside that, and the passages found for it: the whole one where
    the library answers both, and it more probably than what is asked alone."""
    whole, within = (question, find(question)), question_within(question)
    if within is None:
        return whole
    asked = within, find(within)
    decision, alone = decide(*whole), decide(*asked)
    is_about_both = decision.answerable and alone.answerable
    return whole if is_about_both and (decision.probability or 0) > (alone.probability or 0) else asked
