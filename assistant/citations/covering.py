"""How much of a claim's wording the cited sentences hold, word by word and clause by clause."""

from collections.abc import Callable, Iterator, Sequence

from assistant.citations.evidence import Problem
from assistant.citations.synonyms import SYNONYMS
from assistant.citations.wording import Reading, Word, alike, is_frame

# Share of a claim's idf mass that the cited sentences must hold. .19 told on-topic from random citations at AUROC .995 on the
# expert labels of ExpertQA, with plain word counts; with names, synonyms and reporting words taken out, as here, faithful
# rewordings of seed sentences stay above .4 (tests/data/claims.jsonl).
MIN_COVER = 0.45
# The same for one clause of three content words or more: an invented tail has a clause of its own.
MIN_CLAUSE_COVER = 0.3
# So many content words in a row that the cited sentences do not hold are an invention, in whatever clause they stand.
MAX_INVENTED_RUN = 4
# What a share by number of words counts beside one by mass; at 1, more claims pass that cite a neighbour of their sentence.
_PLAIN = 0.8


def cover_problem(claim: Reading, whole: Reading, broad: Reading, idf: Callable[[str], float]) -> Problem | None:
    """What the cited sentences and records (`whole`) do not hold; `broad`, their passages too, tells what acronyms mean."""
    held = covered(claim, whole, broad)
    mass, numbers = weights(claim, idf), _in_numbers(claim)
    if _cover(claim.words, held, mass) < MIN_COVER:
        return Problem("off_topic", "the cited sentence is about something else")
    for part in (*_long_runs(claim, held, mass), *segments(claim)):
        content = [word for word in part if mass[word.at]]
        is_tail = part[0].at > 0 and content and sum(word.is_content and word.at not in numbers for word in part) >= 2
        if _cover(part, held, mass) < (MIN_CLAUSE_COVER if len(content) >= 3 else 0.01 if is_tail else 0.0):
            start, end = part[0].start, part[-1].start + len(part[-1].lower)
            return Problem("invented", f"nothing in the cited sentence supports “{claim.folded[start:end][:80]}”")
    return None


def _cover(words: Sequence[Word], held: Sequence[bool], mass: Sequence[float]) -> float:
    """The share that is held, by mass or by number of words, whichever is more.

    A model's own plain words ("ran", "attractive") are rare in papers, so that idf alone would weigh them most.
    """
    weighted = [word for word in words if mass[word.at]]
    if not weighted:
        return 1.0
    by_mass = sum(mass[word.at] * held[word.at] for word in weighted) / sum(mass[word.at] for word in weighted)
    return max(by_mass, _PLAIN * sum(held[word.at] for word in weighted) / len(weighted))


def _long_runs(claim: Reading, held: Sequence[bool], mass: Sequence[float]) -> Iterator[list[Word]]:
    """Stretches of MAX_INVENTED_RUN or more weighted words of which the sources hold none."""
    run: list[Word] = []
    for word in claim.words:
        if mass[word.at] and held[word.at]:
            if len(run) >= MAX_INVENTED_RUN:
                yield run
            run = []
        elif mass[word.at]:
            run.append(word)
    if len(run) >= MAX_INVENTED_RUN:
        yield run


def covered(claim: Reading, source: Reading, passage: Reading) -> list[bool]:
    """Which words of `claim` the words of `source` hold; `passage` tells only what an acronym stands for."""
    held = [_holds(claim, word, source) for word in claim.words]
    for words in (claim.words, [word for word in claim.words if word.is_content]):
        initials = "".join(word.lower[0] for word in words)
        for acronym in source.acronyms:  # the claim writes out what the source shortens
            place = initials.find(acronym)
            while place >= 0:
                for word in words[place : place + len(acronym)]:
                    held[word.at] = True
                place = initials.find(acronym, place + len(acronym))
    for acronym, long_form in passage.definitions.items():
        if acronym in source.joins or acronym + "s" in source.joins:
            held = [was or word.stem in long_form for was, word in zip(held, claim.words, strict=True)]
        elif len(long_form & source.stems) > len(long_form) / 2:  # or the other way round
            held = [was or word.lower.removesuffix("s") == acronym for was, word in zip(held, claim.words, strict=True)]
    return held


def _holds(claim: Reading, word: Word, source: Reading) -> bool:
    if word.stem in source.stems or word.lower in source.joins:
        return True
    if word.lower.isalpha() and len(word.lower) <= 7 and word.lower.rstrip("s") in claim.acronyms:
        letters = word.lower[:-1] if word.lower.endswith("s") and word.lower not in claim.acronyms else word.lower
        if letters in source.initials:
            return True
    if SYNONYMS.get(word.stem, -1) in source.synonyms:
        return True
    if any(alike(word.stem, other) for other in source.starts.get(word.stem[:5], ())):
        return True
    before = claim.words[word.at - 1].lower if word.at else ""
    after = claim.words[word.at + 1].lower if word.at + 1 < len(claim.words) else ""
    return any(joined in source.joins for joined in (before + word.lower, word.lower + after))


def weights(claim: Reading, idf: Callable[[str], float]) -> list[float]:
    """The idf of each word of `claim`, 0 for words that claim nothing and for numbers."""
    numbers = _in_numbers(claim)
    return [0.0 if is_frame(word) or word.at in numbers else max(0.1, idf(word.stem)) for word in claim.words]


def _in_numbers(claim: Reading) -> set[int]:
    """The places of words that are, or belong to, a number: "two thirds", "7B", "points"; they are checked as numbers."""
    spans = {at for quantity in claim.quantities for at in range(quantity.start, quantity.end)}
    return {word.at for word in claim.words if word.start in spans or word.lower[0].isdigit()}


def segments(claim: Reading) -> Iterator[list[Word]]:
    """The clauses of the claim, as lists of words."""
    current: list[Word] = []
    for word in claim.words:
        if current and word.clause != current[-1].clause:
            yield current
            current = []
        current.append(word)
    if current:
        yield current
