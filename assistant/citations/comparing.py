"""Direction and roles: "higher" must not be "lower" beside the same words, and what outperforms not what is outperformed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from assistant.citations.wording import Reading, Word, is_frame
from assistant.terms import stem

# Opposite words by what they measure: "axis: one side | the other".
_OPPOSITES = """
    amount: increase rise grow grew raise more higher high larger greater expand | decrease reduce drop decline lower low less
    amount: exceed above double upper most maximize maximise upward increment | fewer smaller shrink cut diminish below halve
    amount: maximum | lessen least minimize minimise fall fell downward decrement minimum lowest
    quality: improve better enhance outperform surpass superior best | degrade worse worsen underperform inferior
    quality: boost gain beat benefit beneficial strengthen improvement | worst deteriorate hurt harm harmful suffer
    quality: betterment | impair weaken degradation
    speed: faster fast quick speed accelerate speedup quicker rapid | slower slow decelerate slowdown slowly
    size: large big huge massive | small tiny
    degree: significant significantly substantial substantially considerable considerably | negligible negligibly insignificant
    degree: markedly greatly drastically | insignificantly slight slightly minor
    time: before prior precede earlier early | after subsequent follow later late afterwards
    strength: strong stronger robust strongly | weak weaker fragile brittle weakly
    ease: easy easier simple simpler | hard harder difficult complex
    sign: positive positively | negative negatively
    length: long longer | short shorter
    cost: cheap cheaper inexpensive | expensive costly costlier
    outcome: succeed success successful | fail failure unsuccessful
    agreement: support confirm agree | contradict refute disagree oppose
    enabling: enable allow facilitate permit | prevent hinder prohibit impede preclude
    easing: mitigate alleviate | exacerbate aggravate amplify
    always: always | never
    quantity: all every | none no
    adding: add include insert | remove exclude delete
    openness: open public | closed private
    likeness: similar same identical | different dissimilar distinct
    width: wide broad widen | narrow
    seen: seen | unseen
    presence: present | absent
    rank: first | last
    many: many | few
    density: sparse | dense
    motion: static | dynamic
    rightness: correct correctly | wrong wrongly incorrect
    keeping: maintain retain preserve | lose discard
    chance: random randomly | deterministic deterministically
    scope: local locally | global globally
    statement: explicit explicitly | implicit implicitly
    depth: deep deeper | shallow
    supply: abundant plentiful | scarce
    freezing: freeze frozen | update unfreeze
    knowledge: known | unknown"""


def _read_axes(lines: str) -> dict[str, tuple[str, int]]:
    """The stem of each word with its axis, and its side as 1 or -1."""
    axes: dict[str, tuple[str, int]] = {}
    for line in lines.strip().splitlines():
        axis, _, words = line.strip().partition(": ")
        for side, sign in zip(words.split(" | "), (1, -1), strict=True):
            axes.update((stem(word), (axis, sign)) for word in side.split())
    return axes


_AXES = _read_axes(_OPPOSITES)
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
_WINDOW = 5
_OBJECTS = 3  # words that a direction word is said of
_ACROSS_AXES = 0.6
_MIN_OPPOSITE = 0.3  # shared neighbours, a next word counting 1: fewer say nothing


def direction_problem(claim: Reading, sources: Sequence[Reading], settled: set[int]) -> str | None:
    """Finds a direction word that the cited sentences turn around beside the same words; None where none does."""
    theirs = [(w, axis, _neighbours(s, w), _objects(s, w)) for s in sources for w in s.words if (axis := _axis(w))]
    for word in claim.words:
        axis = _axis(word)
        if not axis or word.at in settled or _is_phrase(claim, word):
            continue
        mine, things = _neighbours(claim, word), _objects(claim, word)
        same: set[str] = set()
        turned: dict[str, str] = {}
        best, opposite = {1: 0.0, -1: 0.0}, ""
        for other, other_axis, near, of in theirs:
            relation = _relation(axis, other_axis, mine)
            if relation > 0:
                same |= of
            elif relation < 0:
                turned |= dict.fromkeys(of, other.lower)
            # Words of two axes, as "worse" and "increases", are opposites only where they are said of the same thing.
            score = shared(mine, near) * (1.0 if axis[0] == other_axis[0] else _ACROSS_AXES) if relation else 0.0
            score += 1.0 if relation > 0 and other.stem == word.stem and score else 0.0
            if relation < 0 and score > best[-1]:
                opposite = other.lower
            if relation:
                best[relation] = max(best[relation], score)
        # "Decreased mortality and increased bleeding" says "decreased" too, but not of the bleeding of a claim.
        if same and not things & same and things & turned.keys():
            opposite = turned[min(things & turned.keys())]
        elif best[-1] <= max(best[1], _MIN_OPPOSITE):
            opposite = ""
        if opposite:
            return f"the claim says “{word.lower}” where the cited sentence says “{opposite}”"
    return None


def _objects(text: Reading, word: Word) -> set[str]:
    """What a direction word is said of: the content words after it, to the next such word or the end of its clause, or, where
    nothing follows, those before it."""
    for side in (text.words[word.at + 1 :], reversed(text.words[: word.at])):
        found: list[str] = []
        for other in side:
            if (
                other.clause != word.clause
                or _axis(other)
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
    is_degree = word.lower in ("more", "less", "most", "least") and (following == "well" or following.endswith("ly"))
    return is_degree or (word.lower == "same" and following == "time")


def _axis(word: Word) -> tuple[str, int] | None:
    return _AXES.get(word.stem) or _AXES.get(word.lower)


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
        near = [w for w in side if w.is_content and w.stem not in _AXES][:_WINDOW]
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
        (_axis(w) or ("",))[0] in _RANKED or w.stem in _COMPARING or w.lower in _RANKING for w in text.words
    ) or any(quantity.unit in ("times", "points", "%") for quantity in text.quantities)


def _pivots(text: Reading, names: frozenset[str]) -> Iterator[Pivot]:
    words = text.words
    for word in words:
        sign, left, right, is_passive = 1, words[: word.at], words[word.at + 1 :], False
        if word.stem in _COMPARING:
            sign = _AXES.get(word.stem, ("", 1))[1]
            if right and right[0].lower == "by" and _has_be(words, word.at):
                left, right, is_passive = right[1:], left, True
        elif word.lower in ("than", "to", "over", "behind") and (direction := _direction_before(words, word.at)):
            if word.lower != "than" and direction.lower not in ("superior", "inferior", "improvement", "gains", "lags"):
                continue
            sign, left = _AXES[direction.stem][1], words[: direction.at]
        else:
            continue
        bracketed = text.folded[: word.start].rstrip().endswith(")")  # "Vision Transformer (ViT) outperforms …"
        before, after = (right, left) if is_passive else (left, right)
        subject, rest = _side(reversed(before[-14:]), word, names, bracketed), _side(after[:14], word, names)
        yield Pivot(sign, word, rest, subject) if is_passive else Pivot(sign, word, subject, rest)


def _side(words: Iterable[Word], pivot: Word, names: frozenset[str], bracketed: bool = False) -> dict[str, float]:
    """What is compared, weighted by closeness: up to the clause's end, or the preposition that adds where and how."""
    found: dict[str, float] = {}
    for word in words:
        if word.clause != pivot.clause and (found or not bracketed):
            break
        if word.at > pivot.at + 1 and word.lower in _ADJUNCTS:
            break
        if word.lower in _SELF_WORDS or word.stem in names:
            found[_SELF] = 1.0
        if word.is_content and (_axis(word) or ("",))[0] not in _GRADES and (not is_frame(word) or word.stem in names):
            found[word.sense] = 1.0 / (1 + 0.3 * len(found))
    return found or {_SELF: 1.0}


def _has_be(words: Sequence[Word], at: int) -> bool:
    return any(word.lower in _BE for word in words[max(0, at - 3) : at]) or at == 0 or not words[at].lower.endswith("s")


def _direction_before(words: Sequence[Word], at: int) -> Word | None:
    graded = _GENERAL | {"ease"}
    return next((w for w in reversed(words[max(0, at - 5) : at]) if _AXES.get(w.stem, ("",))[0] in graded), None)


def shared(first: dict[str, float], second: dict[str, float]) -> float:
    """How much two neighbourhoods, stems with weights, have in common."""
    return sum(min(weight, second[s]) for s, weight in first.items() if s in second)
