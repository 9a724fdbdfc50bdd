"""What a number is said of: a claim must not give a number of the cited sentence to something else that stands there."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from assistant.citations.comparing import shared
from assistant.citations.wording import Reading, Word, is_name
from assistant.quantities import Quantity, quantities

_WINDOW = 5
_REACH = 6  # words behind a number within which "on NAME" says where it holds
_RIGHT = frozenset("correct correctly right accuracy accurate accurately success successfully".split())
_WRONG = frozenset("error errors wrong wrongly incorrect incorrectly mistake mistakes failure failures misses".split())
_RESPECTIVELY = re.compile(r"\brespectively\b", re.IGNORECASE)


def reversed_range(claim: Reading, sources: Sequence[Reading]) -> bool:
    """True for "from 36.0 % to 73.6 %" where the cited sentence goes from 73.6 % to 36.0 %."""
    theirs = {pair for source in sources for pair in _ranges(source)}
    return any((b, a) in theirs and (a, b) not in theirs for a, b in _ranges(claim) if a != b)


def _ranges(text: Reading) -> Iterator[tuple[float, float]]:
    for first, second in pairwise(text.quantities):
        before = text.text[max(0, first.start - 12) : first.start].lower()
        between = text.text[first.end : second.start].lower()
        if len(between) < 40 and re.search(r"\bfrom\b", before) and re.search(r"\b(?:to|down to|up to)\b", between):
            yield first.value, second.value


def exchanged_number(claim: Reading, sources: Sequence[Reading]) -> str | None:
    """The text of a number that the cited sentence says of something else, while another number stands there; else None."""
    for source in sources:
        standing = [q for q in quantities(source.folded) if not _is_of_name(source, q)]
        placed = [q for q in standing if not q.text[:1].isalpha()]
        if len({q.value for q in placed}) < 2:
            continue
        around = [(q, _around(source, q)) for q in standing]
        for quantity in quantities(claim.folded):
            own = [near for q, near in around if quantity.agrees_with(q)]
            if not own:
                continue
            mine = _around(claim, quantity)
            best = max(shared(mine, near) for near in own)
            alike = [
                near for q, near in around if q in placed and q.unit == quantity.unit and q.value != quantity.value
            ]
            others = [shared(mine, near) for near in alike]
            if others and max(others) >= 1.0 and max(others) > 1.5 * best:
                return quantity.text
    return None


def _is_of_name(text: Reading, quantity: Quantity) -> bool:
    """True for the number of "AlpacaEval 2.0" and "Llama 3"."""
    before = re.search(r"(\w+) $", text.folded[: quantity.start])
    return before is not None and not (quantity.unit or quantity.noun) and is_name(before[1], True)


def _around(text: Reading, quantity: Quantity) -> dict[str, float]:
    """The stems of the words beside a number, weighted by closeness."""
    at, after = _place(text, quantity)
    clause = text.words[at].clause if at < len(text.words) else -1
    found: dict[str, float] = {}
    for side in (reversed(text.words[max(0, at - 10) : at]), text.words[after : after + 10]):
        near = [w for w in side if w.is_content and not w.lower[0].isdigit()][:_WINDOW]
        for distance, word in enumerate(near, 1):
            weight = (1.0 if word.clause == clause else 0.4) / distance
            found[word.stem] = max(found.get(word.stem, 0.0), weight)
    return found


def _place(text: Reading, quantity: Quantity) -> tuple[int, int]:
    """The number of the first word of a quantity, and of the first word behind it."""
    at = next((word.at for word in text.words if word.start >= quantity.start), len(text.words))
    return at, next((word.at for word in text.words[at:] if word.start >= quantity.end), len(text.words))


def unpaired_number(claim: Reading, sources: Sequence[Reading]) -> str | None:
    """The text of a number that the claim pairs otherwise than "3.3 and 4.8 points with 1.5B and 7B models, respectively"."""
    if _RESPECTIVELY.search(claim.folded):
        return None
    for source in sources:
        for first, second in _paired_lists(source):
            mine = [(i, q) for q in claim.quantities for i, other in enumerate(first) if q.agrees_with(other)]
            theirs = [(i, q) for q in claim.quantities for i, other in enumerate(second) if q.agrees_with(other)]
            for (i, quantity), (j, _) in zip(mine, theirs, strict=False) if len(mine) == len(theirs) else ():
                if i != j:
                    return quantity.text
    return None


def _paired_lists(source: Reading) -> Iterator[tuple[list[Quantity], list[Quantity]]]:
    """Two lists of as many numbers each, in a sentence that says "respectively"."""
    if not _RESPECTIVELY.search(source.folded):
        return
    runs: list[list[Quantity]] = []
    for quantity in source.quantities:
        between = source.text[runs[-1][-1].end : quantity.start] if runs else "."
        if runs and re.fullmatch(r"\s*\w{0,12}\s*(?:,|and|,\s*and|or)\s*\+?", between):
            runs[-1].append(quantity)
        else:
            runs.append([quantity])
    for first, second in pairwise(run for run in runs if len(run) > 1):
        if len(first) == len(second):
            yield first, second


def turned_measure(claim: Reading, sources: Sequence[Reading]) -> str | None:
    """The text of a number that the claim gives for what is right and the cited sentences for what is wrong, or reversed."""
    for quantity in claim.quantities:
        mine = _measures(claim, quantity)
        theirs = [_measures(s, other) for s in sources for other in s.quantities if quantity.agrees_with(other)]
        if mine and theirs and all(len(each) == 1 and not each & mine for each in theirs) and len(mine) == 1:
            return quantity.text
    return None


def _measures(text: Reading, quantity: Quantity) -> set[bool]:
    """Whether a number's clause speaks of what is right (True), of what is wrong (False), of both or of neither."""
    at, after = _place(text, quantity)
    clause = text.words[at].clause if at < len(text.words) else -1
    near = [w.lower for w in text.words[max(0, at - _REACH) : after + _REACH] if w.clause == clause]
    return {True for word in near if word in _RIGHT} | {False for word in near if word in _WRONG}


def swapped_counts(claim: Reading, sources: Sequence[Reading]) -> str | None:
    """The number of a claim that counts "three B" where the cited sentence counts "three A and one B"; else None."""
    theirs = [count for source in sources for count in _counts(source)]
    for number, things in _counts(claim):
        same = [other for n, other in theirs if n == number]
        if things in {other for n, other in theirs if n != number} and same and things not in same:
            return f"{number:g}"
    return None


def _counts(text: Reading) -> Iterator[tuple[float, tuple[str, str]]]:
    """Small whole numbers with the stems of the two words behind them; "one" counts here."""
    ones = [(m.start(), m.end(), 1.0) for m in re.finditer(r"\b(?:one|a single)\b", text.folded.lower())]
    numbers = [(q.start, q.end, q.value) for q in text.quantities if not q.is_measured and q.value % 1 == 0]
    for _, end, value in sorted(ones + numbers):
        behind = [word.stem for word in text.words if word.start >= end][:2]
        if value < 100 and len(behind) == 2:
            yield value, (behind[0], behind[1])


def foreign_name(claim: Reading, sources: Sequence[Reading]) -> str | None:
    """The text of a number that the claim gives "on B" where the cited sentence gives it "on A" and names B elsewhere."""
    for quantity in claim.quantities:
        mine = _name_behind(claim, quantity)
        if mine is None or not any(mine.lower in source.lowers for source in sources):
            continue
        theirs = [
            name.lower
            for source in sources
            for other in source.quantities
            if quantity.agrees_with(other) and (name := _name_behind(source, other)) is not None
        ]
        if theirs and not any(name in claim.lowers for name in theirs):
            return quantity.text
    return None


def _name_behind(text: Reading, quantity: Quantity) -> Word | None:
    """The name after "on", "for" or the like that follows a number before the next number."""
    _, after = _place(text, quantity)
    behind = text.words[after : after + _REACH]
    for place, word in enumerate(behind):
        if word.lower[0].isdigit() or (behind and word.clause != behind[0].clause):
            return None
        if word.lower in ("on", "for", "in", "over") and place + 1 < len(behind):
            following = behind[place + 1 + (behind[place + 1].lower == "the") :][:1]
            written = [text.folded[w.start : w.start + len(w.lower)] for w in following]
            return following[0] if written and is_name(written[0], True) else None
    return None


def misplaced_in_brackets(claim: Reading, sources: Sequence[Reading]) -> str | None:
    """The text of a number that the claim says of A, and the cited sentence of B: "improves A (up to 17%) and B (up to 25%)"."""
    for source in sources:
        told = list(_bracketed(source))
        for quantity in claim.quantities:
            own = {thing for number, things in told if quantity.agrees_with(number) for thing in things}
            others = {thing for number, things in told if quantity.unit == number.unit for thing in things} - own
            at, _ = _place(claim, quantity)
            near = {word.sense for word in claim.words[max(0, at - _REACH) : at]}
            if own and near & others and not own & {word.sense for word in claim.words}:
                return quantity.text
    return None


def _bracketed(text: Reading) -> Iterator[tuple[Quantity, set[str]]]:
    """Numbers that stand alone in brackets, with what stands before these: up to two content words of its clause."""
    for quantity in text.quantities:
        opened = text.folded.rfind("(", 0, quantity.start)
        inside = text.folded[opened + 1 : quantity.start].split()
        if opened < 0 or len(inside) > 3 or ")" not in text.folded[quantity.end : quantity.end + 12]:
            continue
        before = [word for word in text.words if word.start < opened]
        things = [word.sense for word in before[-4:] if word.is_content and word.clause == before[-1].clause]
        yield quantity, set(things[-2:])


MOVES = (exchanged_number, unpaired_number, foreign_name, turned_measure, swapped_counts, misplaced_in_brackets)
"""All ways to find a number that the claim says of something else."""
