"""Enumerations that run over several sentences: "Two problems remain: (1) Cost. (2) Data is scarce." """

import re
from collections.abc import Iterator, Sequence

_ROMAN = ("i", "ii", "iii", "iv", "v", "vi")
_ANNOUNCING = re.compile(
    r"\b(?:two|three|four|five|six|several) (?:[\w-]+ ){0,3}?(?:advantages|aspects|benefits|challenges|components|contributions"
    r"|designs|drawbacks|factors|features|findings|innovations|insights|issues|limitations|modules|observations|parts|phases"
    r"|problems|properties|questions|reasons|stages|steps|strategies|techniques|things|ways)\b[^.]*\.$", re.IGNORECASE,
)  # fmt: skip
_LOOKED_AHEAD = 8  # sentences: each point may take a few
_MOST = 3  # further points


def further_points(sentences: Sequence[str], at: int) -> list[int]:
    """The numbers of the sentences that give the next points of an enumeration whose first one stands in sentence `at`, or comes
    right after it; none where that holds more than one itself, or none."""
    announces = sentences[at].endswith(":") or _ANNOUNCING.search(sentences[at])
    following = sentences[at + 1] if announces and at + 1 < len(sentences) else ""
    for signs in _styles():
        begins_here, begins_next = (
            re.search(rf"(?:^|[\s:;,–—-]){signs[0]}\s", text) for text in (sentences[at], following)
        )
        is_next = bool(begins_next and not begins_here)
        opening = f"{sentences[at]} {following}" if is_next else sentences[at]
        if not (begins_here or is_next) or re.search(rf"\s{signs[1]}\s", opening):
            continue
        points = [at + 1] if is_next else []
        ahead = range(at + 1 + is_next, min(len(sentences), at + 1 + _LOOKED_AHEAD))
        for sign in signs[1:]:
            begins = [place for place in ahead if re.match(rf"(?:and )?{sign}\s", sentences[place])]
            if not begins:
                break
            points.append(begins[0])
            ahead = range(begins[0] + 1, ahead.stop)
        if len(points) > is_next:
            return points[:_MOST]
    return []


def _styles() -> Iterator[list[str]]:
    """Patterns of the numbers of points, in each way of writing them."""
    for names in (tuple("123456"), _ROMAN, tuple("abcdef")):
        yield [rf"\({name}\)" for name in names]
        yield [rf"{name}\)" for name in names]
    yield [rf"{name}\." for name in "123456"]
    yield [rf"{name}(?:ly)?,?" for name in ("First", "Second", "Third", "Fourth")]
