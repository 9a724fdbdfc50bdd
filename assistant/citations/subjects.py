"""Subjects: what a sentence says of one method, a claim must not say of another that is named beside it."""

import re
from collections.abc import Iterator, Sequence

from assistant.citations.opposites import axis_of
from assistant.citations.wording import Reading, Word, is_frame, is_name

_PART = re.compile(r"[;:,.!?](?=\s|$)|\b(?:but|while|whereas|although|though|yet|unlike)\b", re.IGNORECASE)
_LATEST = 3  # words of a claim before its subject
_MIN_HELD = 0.6  # of the claim's other words, in one part of a sentence, for that part to be what the claim tells


def subject_problem(claim: Reading, sources: Sequence[Reading], passage: Reading) -> str | None:
    """Finds "A is fast" where the cited sentence says "B is fast" and names A elsewhere, or only `passage` does."""
    mine = [word for word in claim.words if not is_frame(word) and not word.lower[0].isdigit()]
    if len(mine) < 3 or mine[0].at > _LATEST:
        return None
    subject, told = mine[0], {word.sense for word in mine[1:]}
    if axis_of(claim, subject):
        return None  # "gains", "larger": no method
    if not {subject.sense, subject.stem} & {sense for word in passage.words for sense in (word.sense, word.stem)}:
        return None  # a word of the claim's own
    for source in sources:
        for part in _parts(source):
            senses = {word.sense for word in part}
            if subject.sense in senses or len(told & senses) < max(2, _MIN_HELD * len(told)):
                continue
            first = next(word.at for word in part if word.sense in told)
            other = next((w for w in part if w.at < first and _is_named(source, w)), None)
            if other and other.lower not in claim.lowers and not _is_short_for(claim, subject, source, other, passage):
                return f"the cited sentence says it of {other.lower}, not of {subject.lower}"
    return None


def _is_short_for(claim: Reading, subject: Word, source: Reading, other: Word, passage: Reading) -> bool:
    """True where one of the two is the other's abbreviation: "MRL" and "Matryoshka Representation Learning"."""
    if subject.stem in passage.definitions.get(other.lower, ()) or other.stem in passage.definitions.get(
        subject.lower, ()
    ):
        return True
    texts = (subject, claim, other, source), (other, source, subject, claim)
    for long, text, short, within in texts:
        initials = "".join(word.lower[0] for word in text.words[long.at : long.at + len(short.lower)])
        if len(short.lower) > 1 and short.lower in within.acronyms and initials == short.lower:
            return True
    return False


def _parts(source: Reading) -> Iterator[list[Word]]:
    """The words of each part of a sentence, between commas and the words that set one part against another."""
    ends = [match.end() for match in _PART.finditer(source.folded)]
    for start, end in zip([0, *ends], [*ends, len(source.folded) + 1], strict=True):
        if part := [word for word in source.words if start <= word.start < end]:
            yield part


def _is_named(source: Reading, word: Word) -> bool:
    written = source.folded[word.start : word.start + len(word.lower)]
    return not written[0].isdigit() and is_name(written, capital_counts=word.at > 0)
