"""Papers called by their position in an earlier answer: "the second one", "the first two", "which of the two"."""

import re

from assistant.questions.numbers import number

_POSITIONS = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_AT, _ONE = "|".join([*_POSITIONS, "last"]), r"(?:one|paper|method|work|study|approach)\b"
_NAMED = re.compile(
    rf"\bthe ({_AT}) {_ONE}"
    r"|\b(?:and|about|do|does|did|is|was|has|of) the (second|third|fourth)"
    r"(?=\W*$| (?:published|appear|come|released|propose|say|use|find|show|report|measure|compare|work|do|about|from"
    rf"|called)\b)|\b(?:wrote|published) the ({_AT})(?=\W*$)"
    r"|^\W*(?:(?:and|but|so|then|what about|how about)\W+)+the (first|last)(?=\W*$)", re.IGNORECASE,
)  # fmt: skip
_FEW = r"two|three|four|2|3|4"
# "Compare the first two", "the first and the third", but not "the first two layers".
_SEVERAL = re.compile(
    rf"\bthe (?P<end>first|last) (?P<few>{_FEW})\b(?: (?:ones|papers|methods|works|studies|approaches)\b|(?=\W*$))"
    rf"|\bthe (?P<one>{_AT})(?: {_ONE})? (?:and|or|with|to|versus|vs\.?) (?:the )?(?P<other>{_AT})\b(?: {_ONE}|(?=\W*$))",
    re.IGNORECASE,
)
_FEW_OF_SET = re.compile(
    rf"\b(?:of|between) the ({_FEW})\b(?: (?:ones|papers|methods|works)\b|(?=\W*$| (?:is|was|are|were|has|had|does|came)\b))",
    re.IGNORECASE,
)
_PHRASE = rf"the (?:{_AT})(?: {_ONE})?"
_EACH = re.compile(_PHRASE, re.IGNORECASE)
_ALONE = re.compile(rf"^\W*(?:(?:and|but|so|then|what about|how about)\W+)*{_PHRASE}\W*$", re.IGNORECASE)


def names_a_position(text: str) -> bool:
    """True for what is asked of papers by their position in an earlier answer: "who wrote the second one?"."""
    return bool(_NAMED.search(text) or _SEVERAL.search(text))


def is_position_alone(text: str) -> bool:
    """True where nothing but a position is named: "and the first one?"."""
    return bool(_ALONE.match(text))


def positions(text: str, count: int) -> list[int]:
    """Which of the `count` papers of an answer a question means, from 1 on: [2] for "the second one", [1, 2] for "the first two",
    [] where it names none. There may be fewer papers than that."""
    if several := _SEVERAL.search(text):
        few = number(several["few"]) if several["few"] else 0
        if several["end"] == "last":
            return list(range(max(count - few, 0) + 1, count + 1))
        return list(range(1, few + 1)) or [_position(several[name], count) for name in ("one", "other")]
    named = _NAMED.search(text)
    return [_position(next(filter(None, named.groups())), count)] if named else []


def _position(word: str, count: int) -> int:
    return _POSITIONS.get(word.lower(), max(count, 1))


def few_of_set(text: str) -> int:
    """Of how many papers that were spoken of something is asked: 2 of "which of the two is newer?"; 0 where that is not said."""
    few = _FEW_OF_SET.search(text)
    return number(few[1]) if few else 0


def of_one_position(text: str) -> str:
    """What is asked of a paper by its position as it is asked of "it": "who wrote it?" of "who wrote the second one?"; the text
    itself where it names none, or several."""
    is_one = names_a_position(text) and len(_EACH.findall(text)) == 1 and not _SEVERAL.search(text)
    return _EACH.sub("it", text) if is_one else text


def of_several(text: str, titles: str) -> str:
    """What is asked of papers by their positions as it is asked of their `titles`: of "compare the first two" "compare “A” and
    “B”"; the text itself where it names no more than one."""
    return _SEVERAL.sub(lambda _: titles, text, count=1)
