"""Negation: a "not" of the claim must stand before the same words in a cited sentence, and the other way round."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from assistant.citations.opposites import axis_of
from assistant.citations.wording import Reading, Word, alike, is_frame, sense_of
from assistant.terms import stem

_CUES = frozenset(
    """not no never cannot without neither nor non hardly barely scarcely rarely seldom unable lack lacks
    lacked lacking cant none""".split()
)
# These can stand for a "not" of the claim, but a claim need not repeat them.
_SOFT_CUES = frozenset(
    """nothing nobody avoid avoids avoiding avoided eliminate eliminates eliminating eliminated obviate obviates obviating
    remove removes removing prevent prevents preventing refrain refrains refraining abstain abstains abstaining withhold
    withholds withholding circumvent circumvents circumventing free absence absent instead
    rather unlike little few unnecessary impossible fail fails failed failing failure agnostic refuse refuses skip skips
    bypass bypasses devoid""".split()
)
_AFTER_SUBJECT = frozenset("free breaks break vanishes vanish disappears disappear ceases cease".split())
_NO_CUE_AFTER = frozenset("only just merely simply solely least".split())
_BOUND = re.compile(
    r"\b(?:(no|not|never)\s+)?((?:more|less|fewer|later|earlier) than|only|just|merely|simply|solely)\b", re.IGNORECASE
)
_EQUAL_AFTER_NO = frozenset("more less fewer higher lower worse better larger smaller slower faster greater".split())
_PREFIXES = ("un", "in", "im", "ir", "il", "dis", "non", "mis")
_MUCH = ["much"], ["far"]
_LITTLE = frozenset(
    "narrow small smaller slight slightly minor marginal marginally modest little negligible close".split()
)
_EQUAL = frozenset("same equal equally equals identical match matches matching comparable par as".split())
_MORE = frozenset("extra additional".split())
_LIMITED = frozenset("limited restricted confined".split())
_SIDE_BY_SIDE = 2
_DENIED = 3  # words behind a "not" that it directly denies
_SCOPE = 4  # content words after a cue that it can be about
_MIN_SCOPE_MATCH = 0.25


@dataclass(frozen=True, slots=True)
class Cue:
    """A negation: the word, the content words that it is about, and whether it must be repeated."""

    word: Word
    scope: tuple[Word, ...]
    is_hard: bool


def negation_problem(claim: Reading, sources: Sequence[Reading]) -> str | None:
    """What is wrong with the claim's negations against the cited sentences, for readers; None where they agree."""
    mine = list(_cues(claim))
    theirs = [(source, cue) for source in sources for cue in _cues(source)]
    matched = _matched(mine, [cue for _, cue in theirs])
    for m, cue in enumerate(mine):
        if m in matched or not cue.is_hard or _is_said_otherwise(claim, cue, sources):
            continue
        left = [t for t in range(len(theirs)) if t not in matched.values()]
        spare = next((t for t in left if _is_spare(claim, cue, *theirs[t])), None)
        if spare is None:
            return f"the claim says “{cue.word.lower}” where the cited sentence does not"
        matched[m] = spare
    for t, (source, cue) in enumerate(theirs):
        if cue.is_hard and t not in matched.values() and _is_dropped(claim, mine, source, cue):
            return f"the claim leaves out the “{cue.word.lower}” of the cited sentence"
    return _bound_problem(claim, sources) or _prefix_problem(claim, sources)


def is_denied(text: Reading, word: Word) -> bool:
    """True where a "not" stands directly before the word, or with few words between in its clause."""
    before = text.words[max(0, word.at - _DENIED) : word.at]
    return any(
        (w.lower in ("not", "never", "no", "nor", "cannot", "without") or w.lower.endswith("n't"))
        and w.clause == word.clause
        for w in before
    )


def _is_said_otherwise(claim: Reading, cue: Cue, sources: Sequence[Reading]) -> bool:
    """True where the sources say without a "not" what the claim negates: "different" for "not the same", "unknown" for what
    models "do not know", "a small gap" for "not by much"."""
    following = claim.words[cue.word.at + 1 : cue.word.at + 1 + _DENIED]
    is_last = not any(word.is_content and word.clause == cue.word.clause for word in claim.words[cue.word.at + 1 :])
    about = claim.words if is_last and cue.word.lower != "no" else cue.scope[:3]
    if _opposite_prefix(about, sources):
        return True
    if following and following[0].lower in _LIMITED:  # "is not limited to medicine"
        return not any((_LIMITED | {"only"}) & source.lowers for source in sources)
    if is_equality(claim.words, cue.word.at) and any(_EQUAL & source.lowers for source in sources):
        return True
    if (
        cue.word.lower == "not"
        and [w.lower for w in following if w.lower != "by"][:1] in _MUCH
        and any(_LITTLE & source.lowers for source in sources)
    ):
        return True
    axes = {axis for word in following if word.clause == cue.word.clause and (axis := axis_of(claim, word))}
    theirs = {axis for source in sources for word in source.words if (axis := axis_of(source, word))}
    return any(axis not in theirs and (axis[0], -axis[1]) in theirs for axis in axes)


def _matched(mine: Sequence[Cue], theirs: Sequence[Cue]) -> dict[int, int]:
    """Which negation of the sources stands for which of the claim: each for one at most, the closest first."""
    scores = [(_scope_match(cue, other), m, t) for m, cue in enumerate(mine) for t, other in enumerate(theirs)]
    matched: dict[int, int] = {}
    for score, m, t in sorted(scores, reverse=True):
        if score >= _MIN_SCOPE_MATCH and m not in matched and t not in matched.values():
            matched[m] = t
    return matched


def _scope_match(cue: Cue, other: Cue) -> float:
    """How far two negations are about the same words: 1 for the same first word, less for later ones."""
    return sum(
        1.0 / ((1 + i) * (1 + j))
        for i, word in enumerate(cue.scope)
        for j, candidate in enumerate(other.scope)
        if alike(word.sense, candidate.sense)
    )


def _cues(text: Reading) -> Iterator[Cue]:
    words = text.words
    for word in words:
        following = words[word.at + 1].lower if word.at + 1 < len(words) else ""
        hard = word.lower in _CUES or word.lower.endswith("n't")
        hard = hard or (word.stem == "fail" and following in ("to", "at", "in"))
        if not hard and word.lower not in _SOFT_CUES | _AFTER_SUBJECT:
            continue
        if word.lower in ("not", "no") and (following in _NO_CUE_AFTER or _is_bound(words, word.at)):
            continue
        if word.lower == "nor" and {"neither", "not", "no"} & {w.lower for w in words[max(0, word.at - 15) : word.at]}:
            continue  # the same "not" goes on
        if word.lower in _AFTER_SUBJECT:  # "label-free", "this equivalence breaks down"
            before = [w for w in words[: word.at] if w.is_content][-1 if word.lower == "free" else -_SCOPE :]
            yield Cue(word, tuple(reversed(before)), False)
            continue
        yield Cue(word, _scope(words, word), hard)


def is_equality(words: Sequence[Word], at: int) -> bool:
    """True at "no more memory than" and "no worse than": as much, or as good."""
    behind = [word.lower for word in words[at + 1 : at + 6]]
    return words[at].lower == "no" and bool(behind) and behind[0] in _EQUAL_AFTER_NO and "than" in behind


def _is_bound(words: Sequence[Word], at: int) -> bool:
    """ "no more than 5", "no. 5": nothing is negated."""
    following = [word.lower for word in words[at + 1 : at + 3]]
    bound = len(following) == 2 and following[0] in ("more", "less", "fewer") and following[1] == "than"
    return bound or (words[at].lower == "no" and bool(following) and following[0].isdigit())


def _scope(words: Sequence[Word], cue: Word) -> tuple[Word, ...]:
    if cue.lower == "non":
        return tuple(words[cue.at + 1 : cue.at + 2])
    after = [w for w in words[cue.at + 1 : cue.at + 14] if w.clause == cue.clause and w.is_content][:_SCOPE]
    if after:
        return tuple(after)
    near = [w for w in words[cue.at + 1 : cue.at + 10] if w.is_content][:1]
    return tuple(near or [w for w in words[max(0, cue.at - 6) : cue.at] if w.is_content][-2:])


def _is_spare(claim: Reading, cue: Cue, source: Reading, other: Cue) -> bool:
    """True where a negation of the source, which no other of the claim took, stands before some of the same words."""
    mine = {w.sense for w in claim.words[cue.word.at + 1 : cue.word.at + 12] if not is_frame(w)}
    theirs = source.words[other.word.at + 1 : other.word.at + 12]
    if not mine:  # "fine-tuning does not make up for it": what the "not" is about stands before it
        mine = {w.sense for w in claim.words if w.clause == cue.word.clause and not is_frame(w)}
        mine |= {a.lower + b.lower for a, b in pairwise(claim.words) if b.clause == cue.word.clause}  # fine-tuning
        theirs = tuple(w for w in source.words if w.clause == other.word.clause)
    return other.is_hard and any({w.sense, w.lower} & mine for w in theirs if not is_frame(w))


def _is_dropped(claim: Reading, mine: Sequence[Cue], source: Reading, cue: Cue) -> bool:
    """True where the claim holds what `cue` is about, beside words that stand near it, and does not negate it."""
    scope = [word for word in cue.scope if not is_frame(word) and word.lower not in _MORE] or list(cue.scope)
    if not scope:
        return False
    head, following = scope[0].sense, scope[1].sense if len(scope) > 1 else ""
    negated = {word.at for other in mine for word in other.scope}
    around = source.words[max(0, cue.word.at - 8) : cue.word.at + 9]
    about = {w.sense for w in around if w.is_content and w.sense != head and w.at != cue.word.at}
    affirmed = {w.sense for w in source.words if w not in cue.scope}
    for word in claim.words:
        if not alike(word.sense, head) or word.at in negated:
            continue
        near = [w.sense for w in claim.words[max(0, word.at - 8) : word.at + 9] if w.is_content]
        shared = about & set(near)
        phrase = bool(following) and following in [w.sense for w in claim.words[word.at + 1 : word.at + 4]]
        if (shared and head not in affirmed) or (phrase and {head, following} - affirmed) or len(shared) > 3:
            return True
    # What stands further behind the "not" counts where two neighbours do: "without relying on the original data".
    mine_senses = [
        (w.sense, {x.sense for x in claim.words[w.at + 1 : w.at + 4]}) for w in claim.words if w.at not in negated
    ]
    return any(
        second.at - first.at <= _SIDE_BY_SIDE
        and {first.sense, second.sense} - affirmed
        and any(sense == first.sense and second.sense in behind for sense, behind in mine_senses)
        for first, second in pairwise(scope[1:])
    )


def _bound_problem(claim: Reading, sources: Sequence[Reading]) -> str | None:
    """Finds "more than 30" for "no more than 30", and "only" for "not only", and the reverse."""
    mine, theirs = _bounds(claim), {bound for source in sources for bound in _bounds(source)}
    for negator, bound in sorted(mine - theirs):
        if any(other == bound and bool(word) != bool(negator) for word, other in theirs):
            return f"the claim and the cited sentence differ in “{'' if negator else 'no '}{bound}”"
    return None


def _bounds(text: Reading) -> set[tuple[str, str]]:
    return {("no" if m[1] else "", m[2].lower()) for m in _BOUND.finditer(text.folded)}


def _opposite_prefix(words: Iterable[Word], sources: Sequence[Reading]) -> bool:
    """True where the sources hold a word of `words` with a prefix that negates it: "ineffective" for "effectively", "unobserved"
    for what was "not seen"."""
    stems = {word.stem for word in words}
    senses = {word.sense for word in words}
    for source in sources:
        for other in source.words:
            for prefix in _PREFIXES:
                if other.lower.startswith(prefix) and len(other.lower) > len(prefix) + 3:
                    base = stem(other.lower[len(prefix) :])
                    if base in stems or (other.lower.endswith(("ed", "en", "wn")) and sense_of(base) in senses):
                        return True
    return False


def _prefix_problem(claim: Reading, sources: Sequence[Reading]) -> str | None:
    """Finds "supervised" for "unsupervised" and the reverse, where the right word does not occur."""
    negated = {w.at for cue in _cues(claim) if cue.is_hard for w in cue.scope}
    for word in claim.words:
        known = any(word.stem in source.stems or word.lower in source.joins for source in sources)
        if known or len(word.lower) < 6 or word.at in negated:
            continue
        others = [prefix + word.lower for prefix in _PREFIXES if prefix != "mis"]
        others += [word.lower[len(p) :] for p in _PREFIXES if word.lower.startswith(p) and len(word.lower) - len(p) > 4]
        others += [
            new + word.lower.removeprefix(old)
            for old, new in (("over", "under"), ("under", "over"))
            if word.lower.startswith(old)
        ]
        found = next((o for o in others for s in sources if o in s.lowers or stem(o) in s.stems), None)
        negates = word.lower.startswith(_PREFIXES) and any(cue.is_hard for s in sources for cue in _cues(s))
        if found and not negates:
            return f"the claim says “{word.lower}” where the cited sentence says “{found}”"
    return None
