"""Numbers: each quantity of a claim must stand in the cited sentences, as a value, a rounding that says so, or a list."""

import math
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile

from assistant.citations.placing import MOVES
from assistant.citations.wording import Reading
from assistant.quantities import LOWER_BOUNDS, MANY, PERCENT, POINTS, TIMES, UPPER_BOUNDS, Quantity
from assistant.terms import stem

_NUMBERING = re.compile(r"(?<![\w.])\(?([1-9]\d?|i{1,3}|iv|v|[a-e])\)")  # (1) … (2) …: what a claim may count
_FIRST_NUMBERS = [str(number) for number in range(1, 100)]
_MOST_NUMBERS, _MOST_NUMBERS_OF_SENTENCE = 40, 80
_JOINING = re.compile(r" (?:and|or|than|to) ")
_ITEM = 4  # words of a thing in a list
_LIST_REACH = 200  # characters before an "and" in which its list is looked for
_AGAINST = re.compile(r"\b(?:to|vs|versus|against|over|than|compared|instead)\b|→|->|–")
_APART = 40  # characters between two numbers that a claim sets against each other
_LESSENING = frozenset(
    map(stem, "smaller less fewer lower shorter cheaper reduce reduction shrink compress saving cut".split())
)
_LONGEST_LIST = 5  # "the two", "all three": what a claim may count without a numeral in the source


def number_problem(claim: Reading, sentences: Sequence[Reading], records: Sequence[Reading]) -> str | None:
    """What is wrong with the numbers of `claim`, for readers; None where the cited sentences and records hold them all."""
    there = [quantity for source in sentences for quantity in source.quantities]
    if len(claim.quantities) > _MOST_NUMBERS:
        return "it holds more numbers than one claim can"
    printed = [quantity for record in records for quantity in record.quantities]
    for quantity in claim.quantities:
        agreeing = [other for other in there if quantity.agrees_with(other)]
        agreeing += [other for other in printed if _is_of_record(quantity, other)]
        if agreeing and _counts_other_things(quantity, agreeing, [*there, *printed]):
            return f"the cited sentence does not contain {quantity.text.strip()[:40]} {quantity.noun}"
        if agreeing or _is_computed(claim, quantity, sentences) or _is_inverse(claim, quantity, sentences):
            pass
        elif not _is_said_otherwise(claim, quantity, [*sentences, *records]):
            return f"the cited sentence does not contain {quantity.text.strip()[:40]}"
        if agreeing and all(_bounds_otherwise(quantity, other) for other in agreeing):
            return f"the cited sentence bounds {quantity.text.strip()[:40]} from the other side"
    numbering = _NUMBERING.findall(claim.text)
    given = {number for source in sentences for number in _NUMBERING.findall(source.text)}
    if not set(numbering) <= given and numbering != _FIRST_NUMBERS[: len(numbering)]:
        return "the cited sentence numbers its points otherwise"
    if len(there) > _MOST_NUMBERS_OF_SENTENCE:
        return None  # a table; comparing what stands around each would take too long
    moved = next((text for find in MOVES if (text := find(claim, sentences))), None)
    return f"the cited sentence says {moved[:40]} of something else" if moved else None


def _is_of_record(quantity: Quantity, printed: Quantity) -> bool:
    """True where a title or printed metadata hold the quantity: a year or day by itself, or so many of the same thing."""
    if MANY in (quantity.unit, printed.unit) or (quantity.noun or quantity.unit) != (printed.noun or printed.unit):
        return False
    return quantity.agrees_with(printed)


def _counts_other_things(quantity: Quantity, agreeing: Sequence[Quantity], there: Sequence[Quantity]) -> bool:
    """True for "5 tasks" where the sources have "12 tasks" and "5 datasets"."""
    if not quantity.noun or any(not q.noun or q.noun == quantity.noun for q in agreeing):
        return False
    return any(q.noun == quantity.noun for q in there)


def _bounds_otherwise(quantity: Quantity, other: Quantity) -> bool:
    """True for "at least 40 %" where the source says "up to 40 %"."""
    bounds = {quantity.bound, other.bound}
    return quantity.value == other.value and bool(bounds & LOWER_BOUNDS) and bool(bounds & UPPER_BOUNDS)


def _is_computed(claim: Reading, quantity: Quantity, sentences: Sequence[Reading]) -> bool:
    """True for the difference, the ratio or the relative change of two numbers of one cited sentence that the claim itself gives
    side by side: "from 12.3 % to 45.6 %, a gain of 33.3 points", "roughly doubled, from 17.6 to 35.7"."""
    given = [other for other in claim.quantities if other is not quantity]
    for first, second in pairwise(given):
        values = sorted((abs(first.value), abs(second.value)))
        between = claim.folded[first.end : second.start].lower()
        if len(between) > _APART or not _AGAINST.search(between):
            continue
        if first.unit != second.unit or first.noun != second.noun or not 0 < values[0] < values[1] < math.inf:
            continue
        if not any(all(any(q.agrees_with(o) for o in s.quantities) for q in (first, second)) for s in sentences):
            continue
        found = {TIMES: values[1] / values[0], first.unit: values[1] - values[0]}
        if first.unit == PERCENT:
            found |= {POINTS: values[1] - values[0]}
        found |= {PERCENT: 100 * (values[1] - values[0]) / abs(first.value)}
        if quantity.text[-1:].isalpha() and quantity.unit == PERCENT:  # a fraction in words
            found[PERCENT] = 100 * values[0] / values[1]
        if quantity.unit in found and quantity.rounds_to(found[quantity.unit]):
            return True
    return False


def _is_inverse(claim: Reading, quantity: Quantity, sentences: Sequence[Reading]) -> bool:
    """True for "an eighth of the size" where the source says "8 times smaller", and the reverse."""
    for source in sentences:
        for other in source.quantities:
            pair = {quantity.unit: (quantity, claim), other.unit: (other, source)}
            if pair.keys() != {TIMES, PERCENT}:
                continue
            (times, text), (share, _) = pair[TIMES], pair[PERCENT]
            around = [w for w in text.words if -24 < w.start - times.start < 40]
            is_lessening = share.text[-1:].isalpha() and any(w.stem in _LESSENING for w in around)
            if is_lessening and times.value and math.isclose(share.value, 100 / times.value, rel_tol=0.01):
                return True
    return False


def _is_said_otherwise(claim: Reading, quantity: Quantity, sources: Sequence[Reading]) -> bool:
    """True for numbers that the sources hold in another form: in a name ("Llama 3"), as "a single", as "both", as a list."""
    before = re.search(r"[^\W_]+\W?$", claim.text[: quantity.start].rstrip())
    joined = re.sub(r"[\W_]", "", before.group()).lower() + quantity.text.lower() if before else ""
    if joined[:1].isalpha() and any(joined in source.joins for source in sources):
        return True
    is_tenfold = quantity.value == 10 and (quantity.unit == TIMES or quantity.text[-1:].isalpha())
    if is_tenfold and any("order of magnitude" in source.folded.lower() for source in sources):
        return True
    if quantity.is_measured and quantity.unit != TIMES:
        return False
    words = {0.0: {"zero"}, 1.0: {"one", "singl"}, 2.0: {"both", "dual", "twin", "pair", "two", "biphas"}}.get(
        quantity.value, set()
    )
    numbered = [len(set(_NUMBERING.findall(source.text))) for source in sources]
    if any(words & source.stems for source in sources) or (quantity.value > 1 and quantity.value in numbered):
        return True
    # "The two" speaks of things that were named: as many as the source lists.
    is_definite = bool(re.search(r"\b(?:the|these|those|its|their|all)\s+$", claim.folded[: quantity.start].lower()))
    return is_definite and quantity.value in {n for source in sources for n in _listed(source)}


def _listed(source: Reading) -> Iterator[int]:
    """How many things each list of the source holds: "a and b" 2, "a, b, and c" 3."""
    for match in _JOINING.finditer(source.folded):
        before = re.split(r"[;:()]", source.folded[max(0, match.start() - _LIST_REACH) : match.start()])[-1]
        items = before.rstrip(", ").split(",")
        short = list(takewhile(lambda item: len(item.split()) <= _ITEM, reversed(items[1:])))
        if len(short) + 2 <= _LONGEST_LIST:
            yield len(short) + 2
