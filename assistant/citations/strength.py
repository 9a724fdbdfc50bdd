"""Strength: a claim must not say more than its sentences do: "all" for "most", "does" for "may", "because" for "although"."""

import re
from collections.abc import Iterator, Sequence

from assistant.citations.wording import Reading, Word, alike, is_frame
from assistant.terms import stem

_UNIVERSAL = frozenset(
    "all every always any entirely everywhere completely fully invariably universally wholly".split()
)
# What a sentence may say for such a word; "each" and "any" are as strong as "all", and "no … not" is about everything too.
_AS_UNIVERSAL = _UNIVERSAL | frozenset(
    "each entire whole both complete total full consistently consistent universal regardless irrespective throughout".split()
)
_EXCLUSIVE = frozenset("only solely exclusively".split())
_AS_EXCLUSIVE = _EXCLUSIVE | frozenset(
    """sole just merely alone exclusive single nothing except unless limited restricted confined neglect neglects neglecting
    ignore ignores ignoring overlook overlooks purely simply without""".split()
)
# "Only slightly" calls something small and excludes nothing.
_SLIGHT = frozenset(
    """minimal minimally slight slightly minor marginal marginally modest modestly limited partially partly briefly weakly mildly
    rarely moderate moderately imperfect imperfectly""".split()
)
_AMOUNTS = frozenset(
    """gain gains improvement improvements drop drops loss losses change changes difference differences increase increases
    decrease decreases amount amounts fraction fractions part parts portion portions share number numbers subset subsets
    effect effects""".split()
)
_DOUBT = frozenset(
    """may might could possibly perhaps potentially probably likely unclear unknown whether hypothesis hypothesize hypothesise
    conjecture speculate""".split()
)
# Any of these in a claim says that it is no plain statement either.
_HEDGES = _DOUBT | frozenset(
    """can possible potential seem seems seemed appear appears suggest suggests suggesting suggested should would expected
    hypothesized hypothesised conjectured speculated if sometimes open question probable unlikely presumably plausible risk
    prone tend tends little ask asks study studies investigate investigates examine examines""".split()
)
_CAUSAL = re.compile(
    r"\b(?:because|due to|owing to|thanks to|caused by|as a result of|attributable to|attributed to|therefore|causes)\b"
)
_AS_CAUSAL = re.compile(
    r"\b(?:because|since|due to|owing to|thank\w*|caus\w+|result\w*|attribut\w+|therefore|thus|hence|so|consequen\w+|lead\w*"
    r"|led|induc\w+|allow\w*|enabl\w+|mak\w+|thereby|stem\w*|driven?|drives|arise\w*|reason\w*|explain\w*|yield\w*|by|through"
    r"|for (?:its|their|his|her)|owe\w*|compensat\w*|given|as|via|with|which|-based|using)\b"
)
_CONCESSION = re.compile(r"\b(?:despite|although|though|notwithstanding|in spite of|regardless of)\b")
_CONTRAST = re.compile(r"\b(?:rather than|instead of)\b")
_THEN = re.compile(r"\b(?:and then|then|followed by)\b")
_NEAR = 10  # words on either side
_MIN_SHARED = 2
_CONTRASTED = 3  # words on either side of a "rather than"


def strength_problem(claim: Reading, sources: Sequence[Reading]) -> str | None:
    """What the claim says more strongly than the cited sentences, for readers; None where it does not."""
    return (
        _scope_problem(claim, sources)
        or _doubt_problem(claim, sources)
        or _cause_problem(claim, sources)
        or _contrast_problem(claim, sources)
        or _order_problem(claim, sources)
    )


def _scope_problem(claim: Reading, sources: Sequence[Reading]) -> str | None:
    said = {word.lower for source in sources for word in _free_words(source)}
    is_whole = any(q.value == 100 and q.unit == "%" for source in sources for q in source.quantities)
    for word in _free_words(claim):
        before, after = _around(claim, word)
        if word.lower in _UNIVERSAL and not said & _AS_UNIVERSAL and not is_whole:
            is_of_all = word.lower == "all" and before in ("of", "at", "above", "after")
            is_negated = word.lower in ("any", "all", "always", "entirely", "fully") and _is_negated(claim, word)
            if not (is_of_all or is_negated):
                return f"the claim says “{word.lower}” where the cited sentence does not"
        if word.lower in _EXCLUSIVE and not said & _AS_EXCLUSIVE:
            is_measure = after in ("about", "a", "an", "few", "one", "some") or after[:1].isdigit() or before == "not"
            is_condition = after in ("if", "when", "after", "once", "recently")
            if not (is_measure or is_condition or _is_counted(claim, word) or _is_slight(claim, word)):
                return f"the claim says “{word.lower}” where the cited sentence does not"
    return None


def _free_words(text: Reading) -> list[Word]:
    """The words but for the first parts of compounds, such as the "fully" of "fully-connected"."""
    return [word for word in text.words if text.folded[word.start + len(word.lower) :][:1] != "-"]


def _around(text: Reading, word: Word) -> tuple[str, str]:
    """The words before and after, "" where there is none."""
    before = text.words[word.at - 1].lower if word.at else ""
    after = text.words[word.at + 1].lower if word.at + 1 < len(text.words) else ""
    return before, after


def _is_negated(text: Reading, word: Word) -> bool:
    near = text.words[max(0, word.at - 5) : word.at]
    return any(w.lower in ("not", "no", "without", "nor", "never", "cannot") or w.lower.endswith("n't") for w in near)


def _is_slight(text: Reading, word: Word) -> bool:
    """True for "only slightly" and "only small gains", but not for "only small models"."""
    first, second = [*(w.lower for w in text.words[word.at + 1 : word.at + 3]), "", ""][:2]
    return first in _SLIGHT or (first in ("small", "little", "weak") and second in _AMOUNTS)


def _is_counted(text: Reading, word: Word) -> bool:
    """True for "only four GPUs" and "four GPUs only": a number is called small, nothing is excluded."""
    near = text.words[word.at + 1 : word.at + 3]
    return any(w.start <= q.start < w.start + len(w.lower) + 1 for q in text.quantities for w in near)


def _doubt_problem(claim: Reading, sources: Sequence[Reading]) -> str | None:
    """Finds "is" for "may be", and as a finding what a sentence calls unknown."""
    if any(word.lower in _HEDGES for word in claim.words):
        return None
    for source in sources:
        for cue in source.words:
            is_little = cue.lower == "little" and _around(source, cue)[1] in ("is", "was")
            is_ability = cue.lower == "could" and _around(source, cue)[1] in ("only", "not")
            if (cue.lower in _DOUBT or is_little) and not is_ability and _states(claim, source, cue, plain=sources):
                return f"the cited sentence says it with “{cue.lower}”, the claim without"
    return None


def _states(claim: Reading, source: Reading, cue: Word, plain: Sequence[Reading]) -> bool:
    """True where the claim holds the first words that follow `cue` in their clause, beside words that stand near it."""
    scope = [w for w in source.words[cue.at + 1 : cue.at + 10] if w.clause == cue.clause and not is_frame(w)][:3]
    if not scope:
        return False
    head = scope[0]
    others = {w.sense for s in plain for w in s.words if not is_frame(w) and not (s is source and w.at == head.at)}
    if any(alike(head.sense, other) for other in others):
        return False  # it stands elsewhere too, perhaps without doubt
    around = source.words[max(0, cue.at - _NEAR) : head.at + _NEAR + 1]
    near = {w.sense for w in around if not is_frame(w)} - {head.sense}
    for word in claim.words:
        if alike(word.sense, head.sense):
            beside = {w.sense for w in claim.words[max(0, word.at - _NEAR) : word.at + _NEAR + 1]}
            if len(near & beside) >= _MIN_SHARED:
                return True
    return False


def _cause_problem(claim: Reading, sources: Sequence[Reading]) -> str | None:
    """Finds a cause that no cited sentence names, and "because" for "although"."""
    match = _CAUSAL.search(claim.folded.lower())
    if not match:
        return None
    if claim.folded.lower()[: match.start()].rstrip().endswith(tuple(_DOUBT)) and any(
        _DOUBT & s.lowers for s in sources
    ):
        return None  # "possibly because": the doubt is the sentence's own
    texts = [source.folded.lower() for source in sources]
    is_turned = any(_CONCESSION.search(text) for text in texts) and not any(_CAUSAL.search(text) for text in texts)
    if is_turned and not _CONCESSION.search(claim.folded.lower()):
        return f"the claim says “{match.group()}” where the cited sentence says the opposite"
    if not any(_AS_CAUSAL.search(text) for text in texts):
        return f"the claim says “{match.group()}” where the cited sentence names no cause"
    return None


def _contrast_problem(claim: Reading, sources: Sequence[Reading]) -> str | None:
    """Finds "X is done" for "rather than X"."""
    if _turns_contrast(claim, sources):
        return "the claim turns the contrast of the cited sentence around"
    if re.search(
        r"\b(?:rather|instead|not|no|than|unlike|whereas|while|but|without|replac\w+|contrast)\b", claim.folded.lower()
    ):
        return None
    for source in sources:
        for match in _CONTRAST.finditer(source.folded.lower()):
            first = next((w.at for w in source.words if w.start >= match.end()), len(source.words))
            scope = [w for w in source.words[first : first + 8] if not is_frame(w)]
            scope = [w for w in scope if w.clause == scope[0].clause][:4]
            rest = {w.sense for w in source.words if w.at < first}
            mine = {word.sense for word in claim.words}
            if len(scope) >= _MIN_SHARED and all(w.sense in mine for w in scope[:3]) and scope[0].sense not in rest:
                return f"the cited sentence says “{match.group()} {scope[0].lower}”, the claim the opposite"
    return None


def _turns_contrast(claim: Reading, sources: Sequence[Reading]) -> bool:
    """True for "B rather than A" where the cited sentence says "A rather than B"."""
    theirs = [sides for source in sources for sides in _contrasted(source)]
    return any(
        before & after_there and after & before_there and not (before & before_there or after & after_there)
        for before, after in _contrasted(claim)
        for before_there, after_there in theirs
    )


def _contrasted(text: Reading) -> Iterator[tuple[set[str], set[str]]]:
    """What stands before and behind a "rather than"."""
    for match in _CONTRAST.finditer(text.folded.lower()):
        before = [w.sense for w in text.words if w.start < match.start() and not is_frame(w)][-_CONTRASTED:]
        behind = [w.sense for w in text.words if w.start >= match.end() and not is_frame(w)][:_CONTRASTED]
        yield set(before), set(behind)


def _order_problem(claim: Reading, sources: Sequence[Reading]) -> str | None:
    """Finds "B and then A" for "A and then B"."""
    theirs = {pair for source in sources for pair in _sequences(source)}
    for first, second in _sequences(claim):
        if first != second and (second, first) in theirs and (first, second) not in theirs:
            return "the claim turns the order of the cited sentence around"
    return None


def _sequences(text: Reading) -> Iterator[tuple[str, str]]:
    """The stems of what stands before and after a "then"."""
    for match in _THEN.finditer(text.folded.lower()):
        before = [w for w in text.words if w.start < match.start() and not is_frame(w) and w.lower not in _STEPS]
        after = [w for w in text.words if w.start >= match.end() and not is_frame(w) and w.lower not in _STEPS]
        if before and after:
            yield before[-1].stem, after[0].stem


_STEPS = frozenset(stem(word) for word in "first applies apply applying then next finally afterwards".split())
