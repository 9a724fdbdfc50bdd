"""Whether a question leans on the turns before it, and what it asks by itself."""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from assistant.questions.again import asked_again, is_of_last_answer, name_meant, wants_each
from assistant.questions.asking import asks_for_papers
from assistant.questions.definitions import thing_asked
from assistant.questions.kinds import read_kind
from assistant.questions.metadata import credited
from assistant.questions.names import holds_title, is_titled
from assistant.questions.orders import as_which, order_alone
from assistant.questions.positions import (
    few_of_set,
    is_position_alone,
    names_a_position,
    of_one_position,
    of_several,
    positions,
)
from assistant.questions.pronouns import of_thing, points_back
from assistant.questions.similar import similar_to
from assistant.records import Paper, is_visible, normalised, quoted
from assistant.terms import terms

_LEANING_START = re.compile(
    r"^\W*(?:and|but|so|also|then|what about|how about|what else|anything else|any other|tell me more|go on|"
    r"more (?:details?|on))\b(?!-)", re.IGNORECASE,
)  # fmt: skip
_POINTING_START = re.compile(
    r"^\W*(?:why (?:is|was) that|which ones?(?! of\b)|which (?:one )?of the (?:two|three|four))\b", re.IGNORECASE
)
_ON_A_THING = re.compile(
    r"^\W*(?:what(?:['’]?s| is| are| was| were)|explain|describe|define|how (?:do|does|did)(?=.* works?\W*$))\s+"
    r"(?P<what>.{1,100}?)(?: works?)?\W*$", re.IGNORECASE,
)  # fmt: skip
_FEW_TERMS = 4  # "how many examples are in the instruction data?" may be meant of the paper before, or of any
_THEY_DIFFER = re.compile(r"\bthey(?= (?:\w+ )?(?:differ|compare)\b)", re.IGNORECASE)
_EXPLAIN = re.compile(
    r"^\W*(?:(?:please|can you|could you|would you)\W+)*explain\b( (?:again|further|in|like|more)\b(?!-))?",
    re.IGNORECASE,
)
_A_THING = re.compile(r"\b(?:it|this|that)\b(?=\W*$| (?:as|for|in|on|to|with)\b)", re.IGNORECASE)
_OF_ONE = re.compile(r"\bits?\b", re.IGNORECASE)
_STANDS_FOR = re.compile(
    r"^\W*what (?:do|does|did) (?!it\b|they\b|that\b|this\b)\S+ (?:stand for|mean|abbreviate)\W*$", re.I
)
_WHAT_IS = re.compile(  # "What is pruning?" stands alone, "What is the cost?" does not
    r"^\W*(?:what|who)(?:['’]s| is| are| was| were) (?!(?:the|its?|their|that|this|these|those|they|he|she|his|her)\b)",
    re.IGNORECASE,
)
_SEVERAL, _CARRIED = 10, 2
_TITLE_ENDS, _TITLE_ENDINGS = re.compile(r":\s|\s·\s|\s?\[\d+\]|$"), 6  # some titles hold colons
_SENTENCE_ENDS = re.compile(r"\n|(?<=[.!?\]])\s")
_QUOTED = re.compile(r"“([^“”]+)”")
_LONGEST = 2000  # characters of an earlier question
_OF_SEVERAL = re.compile(r"\b(?:they|them|their|these|those|each|both|all|which ones?)\b", re.IGNORECASE)
# "How do they differ?" and "which is the oldest?" are about all that was spoken of since the last question that stood alone.
_OF_SET = re.compile(
    r"\b(?:which (?:one )?(?:is|was|has|had) the (?:most|least|[a-z]+st)|of (?:them|these|those|the (?:two|three|four))|both"
    r"|they (?:\w+ )?(?:differ|compare)|(?:differ|compare|difference)\b.*\b(?:them|these|those|two))\b", re.IGNORECASE,
)  # fmt: skip
# "Which papers prune language models?" is asked of the library, "which paper is newer?" of what was spoken of.
_COMPARED = (
    r"(?:more|less|fewer|better|worse|(?:old|new|earli|lat|long|short|strong|fast|cheap|simpl|larg|small|bigg)er)\b"
)
_WHICH_PAPERS = re.compile(
    r"^\W*(?:which|what) (?:papers?|(?!of\b)[\w-]+ papers)\b(?! of\b| (?:do|did|are|were) (?:you|we)\b(?! have\b))"
    rf"(?! (?:\w+ ){{1,2}}?{_COMPARED})", re.IGNORECASE,
)  # fmt: skip
_DEFINITE = re.compile(
    r"\bthe (?:same |said |above )?"
    r"(?:method|model|approach|paper|work|dataset|data ?set|benchmark|authors?|study|technique|framework|system|code)s?\b"
    # "The paper General Scales …", "the code of S2FT" and "the paper on pruning" say which; "is the paper on arXiv?" does not.
    r"(?! (?:of )?[\"“‘]?(?:(?-i:[A-Z])|[a-z]+-?\d))"
    r"(?!(?<=paper|study) (?:on|about|called|titled|entitled) (?!arxiv|github|hugging)\w)", re.IGNORECASE,
)  # fmt: skip


def leans_on_history(text: str) -> bool:
    """True for a question that cannot be understood without the turn before it: "and its cost?", "why?", "what about images?"."""
    says_little = len(_content(text)) <= 1 and not _asks_what_is(text) and not _asks_the_library(text)
    return starts_leaning(text) or says_little or needs_history(text)


def needs_history(text: str) -> bool:
    """True where words alone show that the question is no whole one: "why?", "explain that", "the second one", "from 2023?"."""
    rest = without_start(text)
    if similar_to(text) == "":
        return True
    if is_of_last_answer(text) or names_a_position(text) or order_alone(text):
        return True
    if _POINTING_START.search(rest) or not _content(rest):
        return True
    if (explain := _EXPLAIN.search(rest)) and explain[1] and len(_content(rest)) <= 2:  # "explain in simple words"
        return True
    return len(terms(rest)) <= 6 and (points_back(text) or bool(_DEFINITE.search(rest)))


def may_lean(text: str) -> bool:
    """True where words do not tell whether the question stands for itself or leans on the turn before: "and on images?", "was the
    bigger model better?"."""
    rest = without_start(text)
    says_little = len(_content(text)) <= _FEW_TERMS and not _asks_the_library(text)
    return (rest != text or says_little) and not _asks_what_is(rest)


def starts_leaning(text: str) -> bool:
    """True for a question whose first words tie it to the turn before: "And which model …"."""
    return bool(_LEANING_START.search(text))


def without_start(text: str) -> str:
    """The question without the words that tie it to the turn before: "And which model …" -> "which model …"."""
    while start := _LEANING_START.match(text):
        text = text[start.end() :].lstrip(" ,;:.…-–—")
    return text


def _content(text: str) -> list[str]:
    """The terms, but for the request to explain."""
    explain = _EXPLAIN.search(text)
    return terms(text[explain.end() :] if explain else text)


def _asks_the_library(text: str) -> bool:
    return asks_for_papers(text) or bool(_WHICH_PAPERS.search(text) and terms(text) and not points_back(text))


def _asks_what_is(text: str) -> bool:
    return bool((_WHAT_IS.search(text) and terms(text)) or _STANDS_FOR.match(text))


def place_before(history: Sequence[Mapping[str, str]]) -> int:
    """Where the last question that was none of the follow-ups stands in the history; 0 where there is none."""
    asked = [number for number, turn in enumerate(history) if is_question(turn)]
    whole = [number for number in asked if not leans_on_history(without_start(history[number]["content"][:_LONGEST]))]
    return whole[-1] if whole else asked[0] if asked else 0


def is_question(turn: Mapping[str, str]) -> bool:
    """True for a turn in which the user said something."""
    return turn.get("role") == "user" and is_visible(turn["content"])


def question_before(history: Sequence[Mapping[str, str]]) -> str:
    """That question, cut where it is longer than any; "" where there is none."""
    turn = history[place_before(history)] if history else {}
    return without_start(turn["content"]).strip()[:_LONGEST] if is_question(turn) else ""


def spoken_of(text: str, last: Sequence[Paper], earlier: Callable[[], Sequence[Paper]]) -> list[Paper]:
    """The papers that a follow-up carries over: of those of the `last` answer one for "the second one", the first for "it", else
    two; up to ten, as many as a list names, for "which of them", of all since the `earlier` question that stood alone."""
    papers, few = list(last), few_of_set(text)
    is_of_set = bool(_OF_SET.search(text) or order_alone(text)) and not few
    if is_of_set or max([few, *positions(text, len(last))]) > len(last):
        papers = list({paper.id: paper for paper in (*earlier(), *last)}.values())
    if few:
        return papers[:few]
    if named := [papers[position - 1] for position in positions(text, len(papers)) if position <= len(papers)]:
        return named
    is_of_several = _OF_SEVERAL.search(text) or is_of_set or wants_each(text)
    return papers[: _SEVERAL if is_of_several else 1 if _OF_ONE.search(text) else _CARRIED]


def asked_of_a_position(text: str, history: Sequence[Mapping[str, str]]) -> str:
    """What is asked of a paper by its position as it is asked of "it": "who wrote it?" of "who wrote the second one?". A position
    by itself, "and the first one?", is asked what was asked of another last, or of "it"."""
    if not is_position_alone(text):
        return of_one_position(text)
    asked = (turn["content"][:_LONGEST] for turn in reversed(history) if is_question(turn))
    question = of_one_position(next((one for one in asked if not is_position_alone(one)), ""))
    return question if _OF_ONE.search(question) and needs_history(question) else "What is it?"


def standalone(text: str, history: Sequence[Mapping[str, str]], papers: Sequence[Paper]) -> str:
    """A follow-up made readable without its history: the earlier question as it changes it, else with the papers that it carries
    over, else with that question; as it is where there is nothing to add."""
    asked = [turn["content"] for turn in history if is_question(turn)]
    if (name := name_meant(text)) and asked and points_back(asked[-1]) and not is_of_last_answer(asked[-1]):
        return of_thing(name, without_start(asked[-1]).strip()[:_LONGEST])
    if again := asked_again(text, question_before(history)):
        return again
    if order_alone(text):
        if len(papers) < 2:  # there is nothing to compare
            return as_which(text)
        text = as_which(text, papers="")
    if thing := _thing_credited(text, question_before(history), papers):
        return text.replace(credited(text), thing)
    if _asks_for_papers_on(text) and (thing := _thing_before(question_before(history))):
        return _A_THING.sub(lambda _: thing, text, count=1)
    titles = quoted(paper.title for paper in papers)
    if titles:
        if len(papers) > 1 and (named := _THEY_DIFFER.sub(lambda _: titles, of_several(text, titles))) != text:
            return named
        return f"Name {titles}" if wants_each(text) else f"{text} (about {titles})"
    return f"{text} (after: {asked[-1][:300]})" if asked else text


def _thing_credited(text: str, earlier: str, papers: Sequence[Paper]) -> str:
    """What "it" stands for in "who proposed it?" after a question on a thing that none of the papers is called by: "the Fine-Gray
    model"; "" elsewhere."""
    if credited(text).lower() not in ("it", "this", "that"):
        return ""
    thing = _thing_before(earlier)
    is_own = any(is_titled(paper, thing) or holds_title(thing, paper) for paper in papers)
    return "" if is_own or not thing else f"the {thing}" if " " in thing else thing


def _asks_for_papers_on(text: str) -> bool:
    """True for "which papers improve it?", "are there surveys on it?": it is a thing, and no paper that says what it is."""
    is_asked = _WHICH_PAPERS.search(text) or asks_for_papers(text) or read_kind(text)
    return bool(_A_THING.search(text)) and bool(is_asked)


def _thing_before(earlier: str) -> str:
    """What a question asks the meaning or the workings of: "GRPO" of "What is GRPO?"; "" for any other."""
    asked = _ON_A_THING.match(earlier)
    return thing_asked(asked["what"]) if asked else ""


def titles_in(answer: str) -> set[str]:
    """What may be whole titles in an answer: what its lines and sentences begin with, up to a colon or the printed metadata, and
    quotations."""
    found = set(_QUOTED.findall(answer))
    for text in {*answer.split("\n"), *_SENTENCE_ENDS.split(answer)}:
        found |= {text[: end.start()].strip() for end in islice(_TITLE_ENDS.finditer(text), _TITLE_ENDINGS)}
    return found


def named_in(answer: str, candidates: Sequence[Paper]) -> list[Paper]:
    """Those of the candidates whose title an answer names, in its order."""
    said = normalised(answer)
    places = {paper.id: said.find(normalised(paper.title)) for paper in candidates if normalised(paper.title)}
    return sorted((one for one in candidates if places.get(one.id, -1) >= 0), key=lambda one: places[one.id])
