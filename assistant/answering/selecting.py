"""How well each sentence of a passage answers, by learnt weights (answer sentence selection): how well it and its neighbours fit
the question, where in an abstract it stands, what it does there, and in which form the question asks.

`assistant.training.selecting` learns the weights.
"""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from math import log

import numpy as np

from assistant.questions.reading import Question
from assistant.records import ABSTRACT, Passage
from assistant.resources import resource

_CLAIMING = re.compile(
    r"\b(?:we (?:\w+ ){0,2}?(?:find|found|show|prove|demonstrate|observe|propose|introduce|present|develop|achieve|"
    r"identify|design|reveal)|results? (?:show|demonstrate|indicate|suggest|reveal)|outperform\w*|achiev\w+|"
    r"our (?:method|approach|model|results?|experiments|analysis)|this paper (?:proposes|introduces|presents|shows))\b",
    re.IGNORECASE,
)  # fmt: skip
INTRODUCING = re.compile(
    r"\b(?:we|this (?:paper|work|article|study)|here,? we) (?:(?!not )\w+ ){0,2}?(?:propos|introduc|present|develop|design)\w*\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|half|third|twice|hundreds?|thousands?|millions?)\b",
    re.IGNORECASE,
)
_FORMS = ("yes or no", "how", "why", "what")
_CLAUSE = r"(?:^\W*|[,;:.–—-] ?)(?:and |but |so |then )?"
# "why …", "In rivers, which …", "… by what"
_ASKING = re.compile(
    rf"(?:{_CLAUSE}|\b(?:in|by|on|at|for|to|from|with|of|under|through) )(how|why|what|which)\b", re.IGNORECASE
)
_YES_OR_NO = re.compile(
    rf"{_CLAUSE}(?:do|does|did|is|are|was|were|can|could|will|would|has|have|had|should|must|may|might|need)\b(?!,)",
    re.IGNORECASE,
)
_OF_ALL = (
    "score", "score before", "score after", "first", "second", "length", "number", "place", "claims", "introduces",
)  # fmt: skip
_OF_FORMS = ("place", "first", "claims", "introduces")  # what counts otherwise in each form of question
FEATURES = (*_OF_ALL, *(f"{name}, {form}" for form in _FORMS for name in _OF_FORMS))
_MIDDLE = 0.5  # the place of what stands in no abstract


def inputs(question: Question, passage: Passage) -> np.ndarray:
    """The `FEATURES` of each sentence of a passage, float64 (sentences, features)."""
    rows, form = _rows(question, passage), _form(question.text)
    of_forms = rows[:, [_OF_ALL.index(name) for name in _OF_FORMS]]
    return np.hstack([rows, *((form == one) * of_forms for one in _FORMS)])


def _rows(question: Question, passage: Passage) -> np.ndarray:
    """What counts in any form of question, float64 (sentences, features)."""
    chunk, texts = passage.chunk, [sentence.text for sentence in passage.sentences]
    scores = [0.0, *(sentence.score for sentence in passage.sentences), 0.0]
    is_abstract = chunk.heading == ABSTRACT or (chunk.heading is None and not chunk.start)
    begins, last = is_abstract and not chunk.start, max(1, len(texts) - 1)
    rows = [
        (
            *(scores[at + 1], scores[at], scores[at + 2]),
            *(begins and at == 0, begins and at == 1),
            log(len(text.split()) or 1),
            question.wants_number and bool(_NUMBER.search(text)),
            at / last if is_abstract else _MIDDLE,
            *(bool(_CLAIMING.search(text)), bool(INTRODUCING.search(text))),
        )
        for at, text in enumerate(texts)
    ]
    return np.array(rows, dtype=np.float64).reshape(-1, len(_OF_ALL))


def _form(text: str) -> str:
    """One of `_FORMS`; "" for a question in no such form, as for a few words that are typed."""
    asking, deciding = _ASKING.search(text), _YES_OR_NO.search(text)
    is_typed_out = text.rstrip().endswith("?")
    if deciding and (is_typed_out or not deciding.start()) and not (asking and asking.start() < deciding.start()):
        return "yes or no"
    word = asking[1].lower() if asking else ""
    return "what" if word == "which" else word


@lru_cache(maxsize=len(_FORMS) + 1)
def _weights(form: str) -> np.ndarray:
    """Of `_OF_ALL` in a form of question; of the score it is the same in each."""
    stored = json.loads(resource("selecting.json").read_text(encoding="utf-8"))["weights"]
    return np.array([stored[name] + stored.get(f"{name}, {form}", 0.0) for name in _OF_ALL])


def fits(question: Question, passage: Passage) -> list[float]:
    """How well each sentence of a passage answers, in the unit of its score: 0.1 is what one of .5 has before one of .4."""
    weights = _weights(_form(question.text))
    return (_rows(question, passage) @ (weights / weights[0])).tolist()


def chances(fitting: Sequence[float]) -> list[float]:
    """How probably each of a paper's sentences is the one that answers, where one does: the learnt softmax of their `fits`."""
    if not fitting:
        return []
    logits = _weights("")[0] * np.array(fitting)
    masses = np.exp(logits - logits.max())
    return (masses / masses.sum()).tolist()
