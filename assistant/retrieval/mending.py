"""Typing errors in the words of a question's topic: what the library never uses is taken for what it does use."""

import re
from dataclasses import dataclass, replace

from assistant.models import common_words
from assistant.questions.reading import Question
from assistant.store.lexical import LexicalIndex
from assistant.terms import american, stem, terms

_ANY_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_MAY_BE_WRONG = re.compile(r"[a-z]{5,30}")  # names have capitals, and short words are too near to others
_LONG = 7  # letters from which on any letter may be one too many
_SOUNDS = (("f", "ph"), ("k", "ch"), ("s", "c"), ("t", "th"), ("z", "s"))  # written for one another
_VOWELS = "aeiou"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Mender:
    """Mends words by the vocabulary of a library."""

    lexical: LexicalIndex

    def spelt(self, text: str) -> str:
        """`text` with the common words that are meant by words which are none, and which the library never uses."""
        words = {word for word in _ANY_WORD.findall(text) if _MAY_BE_WRONG.fullmatch(word)}
        meant = {word: right for word in sorted(words) if (right := self._meant(word))}
        return _ANY_WORD.sub(lambda word: meant.get(word[0], word[0]), text) if meant else text

    def mended(self, question: Question) -> Question:
        """The question as the models that read its topic know the words, with what the library never uses mended: in text and
        topic where a common word is meant, else as terms alone, for those an edit or two away."""
        spelt = self.spelt(question.topic)
        topic = _in_american(spelt)
        if all(map(self.lexical.is_known, question.terms)):
            return replace(question, topic=topic)
        pairs = zip(_ANY_WORD.findall(question.topic), _ANY_WORD.findall(spelt), strict=True)
        meant = {term: terms(right) for word, right in pairs if right != word for term in terms(word)}
        every = [right for term in question.terms for right in meant.get(term, [self.lexical.correction(term) or term])]
        return replace(question, text=self.spelt(question.text), topic=topic, terms=tuple(dict.fromkeys(every)))

    def _meant(self, word: str) -> str:
        """The common word that is meant by one which is none, of those that the library uses the commonest; "" where there is
        none."""
        known, lexical = common_words(), self.lexical
        if word in known or american(word) in known:
            return ""
        near = _meant_by(word) & known
        if lexical.is_known(
            stem(word)
        ):  # "distilation"; what is but rare ("tuners") is of another stem than what is near it
            used = {other for other in near if stem(other) == stem(word)}
        else:
            used = {other for other in near if lexical.is_known(stem(other))}
        return min(used, key=lambda other: (lexical.idf(stem(other)), len(other), other), default="")


def _in_american(text: str) -> str:
    """The text in American spelling, in which the models have read most; words that are none are left alone."""
    known = common_words()
    return _ANY_WORD.sub(lambda word: right if (right := american(word[0])) in known else word[0], text)


def _meant_by(typed: str) -> set[str]:
    """All that a word may be meant for where two letters are swapped, one is left out or doubled, or a vowel or a sound is
    written as another one; in a long word also where a letter is too many. The first letter is right, and what one letter at
    the end says ("tuner", "tunes") is no error."""
    parts = [(typed[:at], typed[at:]) for at in range(1, len(typed))]
    swapped = {start + end[1] + end[0] + end[2:] for start, end in parts if len(end) > 1}
    too_many = {start + end[1:] for start, end in parts if start[-1] == end[0] or (len(typed) >= _LONG and end[1:])}
    left_out = {start + letter + end for start, end in parts for letter in _LETTERS}
    other = {start + vowel + end[1:] for start, end in parts if end[0] in _VOWELS for vowel in _VOWELS}
    sounds = [pair for one, two in _SOUNDS for pair in ((one, two), (two, one))]
    sounding = {
        start + right + end[len(wrong) :] for start, end in parts for wrong, right in sounds if end.startswith(wrong)
    }
    return swapped | too_many | left_out | other | sounding
