"""Whether a question leans on the turns before it, and what it asks by itself."""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from assistant.questions.asking import asks_for_papers
from assistant.questions.definitions import thing_asked
from assistant.questions.metadata import clauses, credited
from assistant.questions.names import NAME, holds_title, is_titled
from assistant.questions.orders import as_which, in_another_order, order_alone
from assistant.questions.positions import (
    few_of_set,
    is_position_alone,
    names_a_position,
    of_one_position,
    of_several,
    positions,
)
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
# "And how does mob do it?" after "How does ctree choose the variable?"
_DO_IT = re.compile(
    r"^\W*(?:(?:and|but|so)\W+)*(?P<how>how (?:do|does|did) .{1,60}?) do (?:it|this|that|so)\W*$", re.IGNORECASE
)
_HOW = re.compile(
    r"^\W*how (?:do|does|did) (?:the )?[\w.+-]+(?: (?:method|algorithm|model|function|package|procedure|approach))?"
    r" (?P<what>.*\w)",
    re.IGNORECASE,
)
_FEW_TERMS = 4  # "how many examples are in the instruction data?" may be meant of the paper before, or of any
_THEY_DIFFER = re.compile(r"\bthey(?= (?:\w+ )?(?:differ|compare)\b)", re.IGNORECASE)
_EXPLAIN = re.compile(
    r"^\W*(?:(?:please|can you|could you|would you)\W+)*explain\b( (?:again|further|in|like|more)\b(?!-))?",
    re.IGNORECASE,
)
_OF_ONE = re.compile(r"\bits?\b", re.IGNORECASE)
_PRONOUN = re.compile(
    r"\b(?:it|its|itself|they|their|them|theirs|he|she|this|that|these|those)\b(?! (?:is|are) (?:known|called))",
    re.IGNORECASE,
)
_STANDS_FOR = re.compile(
    r"^\W*what (?:do|does|did) (?!it\b|they\b|that\b|this\b)\S+ (?:stand for|mean|abbreviate)\W*$", re.I
)
_WHAT_IS = re.compile(  # "What is pruning?" stands alone, "What is the cost?" does not
    r"^\W*(?:what|who)(?:['’]s| is| are| was| were) (?!(?:the|its?|their|that|this|these|those|they|he|she|his|her)\b)",
    re.IGNORECASE,
)
_SEVERAL, _CARRIED = 4, 2
_TITLE_ENDS, _TITLE_ENDINGS = re.compile(r":\s|\s·\s|\s?\[\d+\]|$"), 6  # some titles hold colons
_SENTENCE_ENDS = re.compile(r"\n|(?<=[.!?\]])\s")
_QUOTED = re.compile(r"“([^“”]+)”")
_LONGEST = 2000  # characters of an earlier question
_OF_SEVERAL = re.compile(r"\b(?:they|them|their|these|those|each|both|all|which ones?)\b", re.IGNORECASE)
# "A method that freezes …", but not "explain that in simple words" and "how does that compare with LoRA?"
_OWN_ANTECEDENT = re.compile(r"that\s+(?!one\b)\w", re.IGNORECASE)
_BEFORE_DEMONSTRATIVE = re.compile(
    r"(?:^|\b(?:do|does|did|is|are|was|were|can|could|would|will|should|has|have|of|about|with|from|to|for|on|by|like|than|"
    r"why|how|what|if|whether|and|but|explain|describe|summari[sz]e))\W+$", re.IGNORECASE,
)  # fmt: skip
# "and from 2023?" and "2023 only" ask the same of other papers.
_OF_ANOTHER_TIME = re.compile(
    r"^\W*(?:(?:and|but|so|now|ok(?:ay)?|please|just|only|the|those|any|ones?|papers|published|what about|how about"
    r"|(?:are|is) there|have you|do you have)\W+)*"
    r"((?:from|in|of) (?:[a-z]+ )?)?((?:19|20)\d\d)(?:\W+(?:only|please))*\W*$", re.IGNORECASE,
)  # fmt: skip
_POLITE = r"^\W*(?:(?:and|but|so|now|no|ok(?:ay)?|please|sorry|(?:can|could|would) you)\b\W*)*"
_END = r"(?:\W+(?:then|instead|please|too|there|now))*\W*$"
_ONE = r"(?:ones?|papers?|methods?|models?|works?|answers?)"
# Others than those that were shown: "not that one", "no, I meant the other paper", "any others?".
_OTHERS = re.compile(
    rf"^\W*(?:no|nope|wrong|more|others)\W*$|{_POLITE}(?:(?:i )?(?:meant?|want) )?(?:not (?:that|this|these|those)(?: {_ONE})?"
    rf"|(?:(?:that['’]?s|that is|that was|it['’]?s) )?(?:not it|(?:the )?wrong {_ONE})|(?:the |an)other {_ONE}"
    rf"|(?:(?:show|give)(?: me)? |are there |is there |do you have )?"
    rf"(?:(?:any |some )?(?:more|other) {_ONE}|(?:any |some )?(?:others?|more))|a different {_ONE}|something else){_END}",
    re.IGNORECASE,
)  # fmt: skip
_MEANT = re.compile(rf"{_POLITE}(?:not ([^\s,.;]+)[\s,.;]+)?(?:but|rather|i (?:mean|meant))\s(?=.*\w)", re.IGNORECASE)
_WITHOUT = re.compile(
    rf"{_POLITE}(?:without|excluding|except(?: for)?|leave out|not (?:with|using|about|on))\b", re.IGNORECASE
)
_NARROWING = re.compile(
    rf"{_POLITE}(?:(?:only|just) (?=\w)|(?:the ones|those(?: ones)?) (?:that|which|with|on|about|for|from|using|in)\b)",
    re.IGNORECASE,
)
_ASKED_AGAIN = re.compile(
    rf"{_POLITE}(?:(?:say|put|give|answer|tell)(?: (?:it|that|me|this))* )?(?:again|(?:much )?(?:shorter|briefer|briefly|simpler)"
    rf"|in (?:short|brief|(?:a|one|two|three|fewer|other) (?:sentences?|words?|lines?)))(?: again)?{_END}", re.IGNORECASE,
)  # fmt: skip
_OF_EACH = re.compile(
    rf"{_POLITE}(?:(?:list|show|give|name|tell|what are)(?: me)? )?(?:(?:the|their|all|just|only) )*(?:titles|names)"
    rf"(?: of (?:the|these|those|all) {_ONE})?{_END}"
    rf"|{_POLITE}(?:(?:give|tell|write|list|summari[sz]e|describe|explain)(?: me)? )?(?:(?:an?|one) (?:sentence|line|summary) "
    rf"(?:about|on|for|of) )?each(?: (?:one|of them|paper|method))?(?: in (?:a|one) (?:sentence|line))?{_END}", re.IGNORECASE,
)  # fmt: skip
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
    rf"^\W*(?:which|what) papers?\b(?! of\b| (?:do|did|are|were) (?:you|we)\b)(?! (?:\w+ ){{1,2}}?{_COMPARED})",
    re.IGNORECASE,
)
_DEFINITE = re.compile(
    r"\bthe (?:same |said |above )?"
    r"(?:method|model|approach|paper|work|dataset|data ?set|benchmark|authors?|study|technique|framework|system|code)s?\b"
    # "The paper General Scales …", "the code of S2FT" and "the paper on pruning" say which; "is the paper on arXiv?" does not.
    r"(?! (?:of )?[\"“‘]?(?:(?-i:[A-Z])|[a-z]+-?\d))"
    r"(?!(?<=paper|study) (?:on|about|called|titled|entitled) (?!arxiv|github|hugging)\w)", re.IGNORECASE,
)  # fmt: skip
# What a pronoun stands for in its own question: the subject "LLMs" of "Can LLMs correct their own reasoning?", where "What
# datasets do they use?" asks for datasets; and a name, for "its" and for an "it" that begins a clause, not in "GPT-4 on it".
_AUXILIARY = r"(?:are|can|could|did|do|had|have|may|might|must|should|were|will|would)"
_BARE_PLURAL = (
    r"(?:(?!(?:an?|the|this|that|these|those|its?|they|their|them|many|most|much|to|of|on|in|for|by|with|and|or|what|which)\b)"
    r"[\w-]+ ){0,2}?"
    r"(?!(?:its|this|does|was|has)\b)(?:[\w-]{2,}(?<![sui])s|people|children)\b"
)
_PLURAL_SUBJECT = re.compile(rf"\b(?:{_AUXILIARY}|how|if|that|whether|when|where|why) {_BARE_PLURAL}", re.IGNORECASE)
_PLURAL_AFTER_CLAUSE = re.compile(
    rf"^\W*(?:after|as|before|given|if|once|since|unless|when|while)\b[^,]*, {_AUXILIARY} {_BARE_PLURAL}", re.IGNORECASE
)
# "How does the platypus find its prey?" speaks of its own subject, "what is the size of its vocabulary?" does not.
_SINGULAR_SUBJECT = re.compile(
    r"\b(?:does|did|is|was|has|had|can|could|may|might|must|should|will|would) (?:an? |the )?"
    r"(?!(?:he|i|it|one|she|that|there|they|this|we|you)\b)[\w-]{2,}\b.{0,80}\b(?!(?:about|and|are|at|by|does|for|from|has|in|into|is|like|of|on|or|than|to|was|with|within|without)\b)"
    r"[\w-]+ $", re.IGNORECASE,
)  # fmt: skip
_BEGINS_CLAUSE = re.compile(
    r"\b(?:after|as|because|before|how|if|once|than|that|what|when|where|whether|which|while|why) $", re.IGNORECASE
)
# "It" stands for nothing: "is it possible to …", and "it is hard to train models", but not "is it hard to train?".
_EXPLETIVE = re.compile(
    r"it (?:(?:is|was|be|been|gets?|getting|becom(?:es?|ing)|seems?|remains?) )*(?:\w+ly )?(?:"
    r"(?:possible|impossible|necessary|better|best|worse|wise|feasible|sensible|enough|worthwhile|pays?|helps?) to\b"
    r"|(?:hard|easy|difficult|harder|easier|safe|safer|cheap|cheaper) to [\w-]+ "
    r"(?!(?:and|at|by|for|from|in|of|on|or|than|under|when|with|without|\w+ly)\b)\w"
    r"|(?:true|likely|known|clear|possible|important|plausible) (?:that|if|whether)\b|worth \w+ing\b)", re.IGNORECASE,
)  # fmt: skip


def leans_on_history(text: str) -> bool:
    """True for a question that cannot be understood without the turn before it: "and its cost?", "why?", "what about images?"."""
    says_little = len(_content(text)) <= 1 and not _asks_what_is(text) and not _asks_the_library(text)
    return bool(_LEANING_START.search(text)) or says_little or needs_history(text)


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


def points_back(text: str) -> bool:
    """True where a pronoun stands for something said earlier, and not for something in the question itself."""
    return not _PLURAL_AFTER_CLAUSE.search(text) and not all(
        _stands_for_its_own(pronoun) for pronoun in _PRONOUN.finditer(text)
    )


def _stands_for_its_own(pronoun: re.Match[str]) -> bool:
    """True where what the pronoun stands for is in the question before it, or where it stands for nothing."""
    text, word = pronoun.string, pronoun.group().lower()
    before = text[: pronoun.start()]
    if word == "that":
        return bool(_OWN_ANTECEDENT.match(text, pronoun.start())) and not _BEFORE_DEMONSTRATIVE.search(before)
    if any(NAME.search(clause) for clause in clauses(before)[:-1]):  # "What is NOLA and who wrote it?"
        return True
    if word in ("they", "their", "theirs"):
        return bool(_PLURAL_SUBJECT.search(before))
    if word == "it" and _EXPLETIVE.match(text, pronoun.start()):
        return True
    if word == "its" and _SINGULAR_SUBJECT.search(before):
        return True
    return (word in ("its", "itself") or bool(word == "it" and _BEGINS_CLAUSE.search(before))) and bool(
        NAME.search(before)
    )


def asks_for_others(text: str) -> bool:
    """True where others are wanted than the papers that were shown: "not that one", "any others?"."""
    return bool(_OTHERS.search(text))


def wants_each(text: str) -> bool:
    """True where something of each paper that was shown is wanted: "can you list the titles?", "one sentence about each"."""
    return bool(_OF_EACH.search(text))


def asked_again(text: str, earlier: str) -> str:
    """The earlier question as a follow-up changes it, "" where that is another one: "and from 2023?" and "only those on images"
    narrow it, "in one sentence" asks it again, "not PaCA, I mean LST" puts one name in the place of another."""
    if not earlier:
        return ""
    if time := _OF_ANOTHER_TIME.search(text):
        return f"{earlier} ({text if time[1] else f'from {time[2]}'})"
    if ordered := in_another_order(text, earlier):
        return ordered
    if (other := _DO_IT.match(text)) and (done := _HOW.match(earlier)):
        return f"{other['how']} {done['what']}?"
    if _ASKED_AGAIN.search(text) or excluded(text):
        return earlier
    if meant := _MEANT.search(text):
        named = text[meant.end() :].strip(" .!")
        wrong = re.compile(rf"(?<!\w){re.escape(meant[1])}(?!\w)", re.IGNORECASE) if meant[1] else None
        if wrong and wrong.search(earlier):
            return wrong.sub(lambda _: named, earlier)
        return named if "i mean" in meant[0].lower() else ""
    return f"{earlier} ({text})" if _narrows(text) and _NARROWING.search(text) else ""


def is_of_last_answer(text: str) -> bool:
    """True for what says something of the last answer, whatever it names: "not PaCA, I mean LST", "any others?"."""
    return asks_for_others(text) or wants_each(text) or bool(asked_again(text, "?"))


def excluded(text: str) -> frozenset[str]:
    """The terms of what a follow-up leaves out: "without reinforcement learning"."""
    without = _WITHOUT.search(text) if _narrows(text) else None
    return frozenset(terms(text[without.end() :])) if without else frozenset()


def _narrows(text: str) -> bool:
    """True for a few words that ask nothing: "without labels?" asks what then happens."""
    return not text.rstrip().endswith("?") and 0 < len(terms(text)) <= _FEW_TERMS


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
    two; up to four for "which of them", of all since the `earlier` question that stood alone."""
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
    if again := asked_again(text, question_before(history)):
        return again
    if order_alone(text):
        if len(papers) < 2:  # there is nothing to compare
            return as_which(text)
        text = as_which(text, papers="")
    if thing := _thing_credited(text, question_before(history), papers):
        return text.replace(credited(text), thing)
    titles = quoted(paper.title for paper in papers)
    if titles:
        if len(papers) > 1 and (named := _THEY_DIFFER.sub(lambda _: titles, of_several(text, titles))) != text:
            return named
        return f"Name {titles}" if wants_each(text) else f"{text} (about {titles})"
    asked = [turn["content"] for turn in history if is_question(turn)]
    return f"{text} (after: {asked[-1][:300]})" if asked else text


def _thing_credited(text: str, earlier: str, papers: Sequence[Paper]) -> str:
    """What "it" stands for in "who proposed it?" after a question on a thing that none of the papers is called by: "the Fine-Gray
    model"; "" elsewhere."""
    if credited(text).lower() not in ("it", "this", "that"):
        return ""
    asked = _ON_A_THING.match(earlier)
    thing = thing_asked(asked["what"]) if asked else ""
    is_own = any(is_titled(paper, thing) or holds_title(thing, paper) for paper in papers)
    return "" if is_own or not thing else f"the {thing}" if " " in thing else thing


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
