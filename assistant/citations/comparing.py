"""Direction and roles: "higher" must not be "lower" beside the same words, and what outperforms not what is outperformed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from assistant.citations.negation import is_denied, is_equality
from assistant.citations.opposites import AXES, axis_of, compound_of
from assistant.citations.wording import Reading, Word, is_frame
from assistant.terms import stem

_GENERAL = frozenset({"amount", "quality", "speed"})  # "improves" can stand for "higher", not for "lower"
_GRADES = frozenset({"quality", "speed", "degree"})  # say how much, not what
# Less of these is better: "improves latency" and "reduces latency" agree.
_LOWER_IS_BETTER = frozenset(
    stem(word)
    for word in """error loss latency memory cost time perplexity overhead consumption footprint hallucination forgetting bias gap
    risk complexity overfitting usage requirement burden noise variance toxicity size redundancy communication energy""".split()
)
_COMPARING = frozenset(map(stem, "outperform surpass exceed beat underperform outdo dominate overtake".split()))
_RANKED = frozenset("amount quality speed size degree ease length strength sign time".split())
_RANKING = frozenset("sota state-of-the-art state top win wins ahead record than over optimal leading".split())
_BE = frozenset("is are was were be been being gets get".split())
_SELF_WORDS = frozenset("we our us ours it its proposed they their authors".split())
_SELF = "<this paper>"
_ADJUNCTS = frozenset(
    "on in across for by with while when at under despite including using as from during within".split()
)
_FALLING = frozenset(
    "into back in within on under short outside".split()
)  # "falls into", "falls short of": nothing sinks
_OF_A_NOUN = frozenset("include includes are of in such like".split())  # "the benefits are": none goes up
_DEGREES = frozenset("more most less least".split())
_WINDOW = 5
_OBJECTS = 3  # words that a direction word is said of
_ACROSS_AXES = 0.6
_MIN_OPPOSITE = 0.3  # shared neighbours, a next word counting 1: fewer say nothing


def direction_problem(claim: Reading, sources: Sequence[Reading], settled: set[int]) -> str | None:
    """Finds a direction word that the cited sentences turn around beside the same words; None where none does."""
    theirs = [
        _Direction(s, w, axis, _neighbours(s, w), _objects(s, w))
        for s in sources
        for w in s.words
        if (axis := axis_of(s, w)) and not _is_idiom(s, w)
    ]
    # "At large and at small scale": what the claim says of a thing too, it does not turn around.
    said = Counter((w.stem, thing) for w in claim.words if axis_of(claim, w) for thing in _objects(claim, w))
    said.subtract((other.word.stem, thing) for other in theirs for thing in other.things)
    for word in claim.words:
        axis = axis_of(claim, word)
        if not axis or word.at in settled or _is_phrase(claim, word):
            continue
        mine = _Direction(claim, word, axis, _neighbours(claim, word), _objects(claim, word))
        same: set[str] = set()
        turned: dict[str, str] = {}
        best, opposite = {1: 0.0, -1: 0.0}, ""
        for other in theirs:
            relation = mine.relation(other)
            if relation > 0:
                same |= other.things
            elif relation < 0:
                turned |= {t: other.word.lower for t in other.things if said[other.word.stem, t] < 0}
            # Words of two axes, as "worse" and "increases", are opposites only where they are said of the same thing.
            score = (
                shared(mine.near, other.near) * (1.0 if axis[0] == other.axis[0] else _ACROSS_AXES) if relation else 0.0
            )
            score += 1.0 if relation > 0 and other.word.stem == word.stem and score else 0.0
            if relation < 0 and score > best[-1]:
                opposite = other.word.lower
            if relation:
                best[relation] = max(best[relation], score)
        # "Decreased mortality and increased bleeding" says "decreased" too, but not of the bleeding of a claim.
        if same and not mine.things & same and mine.things & turned.keys():
            opposite = turned[min(mine.things & turned.keys())]
        elif best[-1] <= max(best[1], _MIN_OPPOSITE):
            opposite = ""
        if opposite:
            return f"the claim says “{word.lower}” where the cited sentence says “{opposite}”"
    return None


@dataclass(frozen=True, slots=True)
class _Direction:
    """A direction word, with what stands around it and what it is said of."""

    text: Reading
    word: Word
    axis: tuple[str, int]
    near: dict[str, float]
    things: set[str]

    def relation(self, other: "_Direction") -> int:
        """1 where the word of a claim says the same as `other` of a source, -1 the opposite, 0 where they are unrelated."""
        relation = _relation(self.axis, other.axis, self.near)
        if is_denied(self.text, self.word) and not is_denied(other.text, other.word):
            relation = abs(relation)  # "not the same" is "different"; that it is denied is a matter of negation
        before = [w.lower for w in other.text.words[max(0, other.word.at - 2) : other.word.at]]
        if before[-1:] == ["to"] and before[0].startswith("fail"):
            relation = abs(relation)  # to "lose" is to "fail to retain"
        if relation < 0 and self.axis[0] != other.axis[0] and other.word.sense in self.text.senses:
            return 0  # "better prompts reduce the errors" says "better" too
        if relation < 0 and any(
            _is_quantifier(a) and not a.things & b.text.senses for a, b in ((self, other), (other, self))
        ):
            return 0  # "more pretraining" says nothing of a text that speaks of no pretraining
        pair = {self.word.lower, other.word.lower}
        if relation < 0 and (_is_superlative(self) or _is_superlative(other)) and not pair <= _DEGREES:
            return 0
        heads = compound_of(self.text, self.word), compound_of(other.text, other.word)
        if relation < 0 and heads[0] != heads[1]:  # the "low" of "low-dimensional" measures dimensions
            is_apart = any(head and head not in near for head, near in zip(heads, (other.near, self.near), strict=True))
            if is_apart or _holds_compound(self.text, other):
                return 0
        return relation


def _is_idiom(text: Reading, word: Word) -> bool:
    """True in "the benefits are" and "falls into", where nothing goes up or down."""
    following = text.words[word.at + 1].lower if word.at + 1 < len(text.words) else ""
    return (word.lower == "benefits" and following in _OF_A_NOUN) or (
        word.stem in ("fall", "fell") and following in _FALLING
    )


def _is_superlative(direction: _Direction) -> bool:
    """True in "at least as good" and "it helps most in …"."""
    words, at = direction.text.words, direction.word.at
    before, following = words[at - 1].lower if at else "", words[at + 1].lower if at + 1 < len(words) else ""
    return direction.word.lower in ("least", "most") and (
        before == "at" or following in _ADJUNCTS or following == "from"
    )


def _is_quantifier(direction: _Direction) -> bool:
    """True for the "more" of "more data", which says how much of a thing there is and not what becomes of it."""
    following = direction.text.words[direction.word.at + 1 : direction.word.at + 2]
    if direction.word.lower not in ("more", "less", "fewer") or not following or not following[0].is_content:
        return False
    return not axis_of(direction.text, following[0]) and not following[0].lower.endswith("ly")


def _holds_compound(claim: Reading, other: _Direction) -> bool:
    """True where the claim holds the compound of a source as often: what it says, it does not turn around."""
    head = compound_of(other.text, other.word)

    def count(text: Reading) -> int:
        return sum(word.stem == other.word.stem and compound_of(text, word) == head for word in text.words)

    return bool(head) and count(claim) >= count(other.text)


def _objects(text: Reading, word: Word) -> set[str]:
    """What a direction word is said of: the content words after it, to the next such word or the end of its clause, or, where
    nothing follows, those before it."""
    for side in (text.words[word.at + 1 :], reversed(text.words[: word.at])):
        found: list[str] = []
        for other in side:
            if (
                other.clause != word.clause
                or axis_of(text, other)
                or len(found) == _OBJECTS
                or (found and other.lower in _ADJUNCTS)
            ):
                break
            if other.is_content:
                found.append(other.sense)
        if found:
            return set(found)
    return set()


def _is_phrase(text: Reading, word: Word) -> bool:
    """True in "at the same time", which likens nothing, and in "less well", which grades a word."""
    following = text.words[word.at + 1].lower if word.at + 1 < len(text.words) else ""
    if following == "than" and any(
        q.bound in ("over", "under") and 0 < q.start - word.start < 15 for q in text.quantities
    ):
        return True  # "more than 70 %" bounds a number
    if _is_idiom(text, word):
        return True
    is_degree = word.lower in ("more", "less", "most", "least") and (following == "well" or following.endswith("ly"))
    return is_degree or (word.lower == "same" and following == "time")


def _relation(mine: tuple[str, int], theirs: tuple[str, int], near: dict[str, float]) -> int:
    """1 where the words say the same, -1 where they are opposites, 0 where they have nothing to do with each other."""
    if mine[0] == theirs[0]:
        return mine[1] * theirs[1]
    if {mine[0], theirs[0]} <= _GENERAL:
        if mine[1] == theirs[1]:
            return 1
        return 0 if "speed" in (mine[0], theirs[0]) or _LOWER_IS_BETTER & near.keys() else -1
    return 0


def _neighbours(text: Reading, word: Word) -> dict[str, float]:
    """The stems of the content words around, weighted by closeness; another clause counts half."""
    found: dict[str, float] = {}
    for side in (reversed(text.words[max(0, word.at - 12) : word.at]), text.words[word.at + 1 : word.at + 13]):
        near = [w for w in side if w.is_content and w.stem not in AXES][:_WINDOW]
        for distance, other in enumerate(near, 1):
            weight = (1.0 if other.clause == word.clause else 0.5) / distance
            found[other.stem] = max(found.get(other.stem, 0.0), weight)
    return found


@dataclass(frozen=True, slots=True)
class Pivot:
    """A comparison: its sign, its word, and what stands on either side; `agent` outdoes `other` where the sign is +1."""

    sign: int
    word: Word
    agent: dict[str, float]
    other: dict[str, float]


def comparison_problem(
    claim: Reading, sources: Sequence[Reading], names: frozenset[str]
) -> tuple[str | None, set[int]]:
    """What is wrong with the claim's comparisons, and the places of those words that agree though they look opposite.

    `names` are the stems that name this paper's method, which a sentence calls "we" or "our method".
    """
    settled: set[int] = set()
    if any(_pivots(claim, names)) and not any(_compares(source) for source in sources):
        return "the claim compares what the cited sentence does not", settled
    theirs = [pivot for source in sources for pivot in _pivots(source, names)]
    for mine in _pivots(claim, names):
        best, problem, agreed = 0.0, None, False
        for other in theirs:
            direct = shared(mine.agent, other.agent) + shared(mine.other, other.other)
            crossed = shared(mine.agent, other.other) + shared(mine.other, other.agent)
            if max(direct, crossed) <= best:
                continue
            best, apart = max(direct, crossed), abs(direct - crossed) > 0.3
            agreed = apart and (direct > crossed) == (mine.sign == other.sign)
            turned = apart and crossed > direct and mine.sign == other.sign  # another sign is a matter of direction
            problem = "the claim turns the comparison of the cited sentence around" if turned else None
        if problem:
            return problem, settled
        if agreed:
            settled.update(range(mine.word.at - 3, mine.word.at + 2))
    return None, settled


def _compares(text: Reading) -> bool:
    """True where a text ranks anything: by a word with an opposite, a verb such as "exceed", or a mark reached."""
    return any(
        (axis_of(text, w) or ("",))[0] in _RANKED or w.stem in _COMPARING or w.lower in _RANKING for w in text.words
    ) or any(quantity.unit in ("times", "points", "%") for quantity in text.quantities)


def _pivots(text: Reading, names: frozenset[str]) -> Iterator[Pivot]:
    words = text.words
    for word in words:
        sign, left, right, is_passive = 1, words[: word.at], words[word.at + 1 :], False
        if word.stem in _COMPARING:
            sign = AXES.get(word.stem, ("", 1))[1]
            if right and right[0].lower == "by" and _has_be(words, word.at):
                left, right, is_passive = right[1:], left, True
        elif word.lower in ("than", "to", "over", "behind") and (direction := _direction_before(words, word.at)):
            if word.lower == "than" and any(0 < q.start - word.start < 6 for q in text.quantities):
                continue  # "by more than 100 %" bounds a number
            if direction.at and words[direction.at - 1].lower == "no" and is_equality(words, direction.at - 1):
                continue  # "no worse than"
            if word.lower != "than" and direction.lower not in ("superior", "inferior", "improvement", "gains", "lags"):
                continue
            sign, left = AXES[direction.stem][1], words[: direction.at]
        else:
            continue
        bracketed = text.folded[: word.start].rstrip().endswith(")")  # "Vision Transformer (ViT) outperforms …"
        before, after = (right, left) if is_passive else (left, right)
        subject = _side(text, reversed(before[-14:]), word, names, bracketed)
        rest = _side(text, after[:14], word, names)
        yield Pivot(sign, word, rest, subject) if is_passive else Pivot(sign, word, subject, rest)


def _side(
    text: Reading, words: Iterable[Word], pivot: Word, names: frozenset[str], bracketed: bool = False
) -> dict[str, float]:
    """What is compared, weighted by closeness: up to the clause's end, or the preposition that adds where and how."""
    found: dict[str, float] = {}
    counted = {at for quantity in text.quantities for at in range(quantity.start, quantity.end)}
    for word in words:
        if word.start in counted:
            continue
        if word.clause != pivot.clause and (found or not bracketed):
            break
        if word.at > pivot.at + 1 and word.lower in _ADJUNCTS:
            break
        if word.lower in _SELF_WORDS or word.stem in names:
            found[_SELF] = 1.0
        if (
            word.is_content
            and (axis_of(text, word) or ("",))[0] not in _GRADES
            and (not is_frame(word) or word.stem in names)
        ):
            found[word.sense] = 1.0 / (1 + 0.3 * len(found))
    return found or {_SELF: 1.0}


def _has_be(words: Sequence[Word], at: int) -> bool:
    return any(word.lower in _BE for word in words[max(0, at - 3) : at]) or at == 0 or not words[at].lower.endswith("s")


def _direction_before(words: Sequence[Word], at: int) -> Word | None:
    graded = _GENERAL | {"ease"}
    return next((w for w in reversed(words[max(0, at - 5) : at]) if AXES.get(w.stem, ("",))[0] in graded), None)


def shared(first: dict[str, float], second: dict[str, float]) -> float:
    """How much two neighbourhoods, stems with weights, have in common."""
    return sum(min(weight, second[s]) for s, weight in first.items() if s in second)
