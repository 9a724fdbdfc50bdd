"""How a question is typed: in capitals, with typing errors in the words that questions are made of, or in another language."""

import re
import unicodedata

from assistant.terms import STOP_WORDS, fold

_IN_CAPITALS = re.compile(r"\b[A-Z]{2,}\b")
_SHOUTED_WORDS = 4  # from so many on, or with a function word among them: "BERT GPT" and "EXPLAIN HFT" hold names


def in_small_letters(text: str) -> str:
    """A text that shouts, nearly every letter a capital, in small letters, as its capitals name nothing; any other as it is."""
    words = _IN_CAPITALS.findall(text)
    small, large = sum(map(str.islower, text)), sum(map(str.isupper, text))
    says = len(words) >= _SHOUTED_WORDS or any(word.lower() in STOP_WORDS for word in words)
    return text.lower() if says and large > 9 * small else text


# The words that questions are made of, the likelier one first where a typing error may stand for two ("hwo").
_QUESTION_WORDS = (
    "the and for are but can any did how who why was what which whom whose when where much many does were have could would "
    "should will about after because before between both during each from into most other than that their them then there "
    "these they this those through using with without author authors better compare comparison describe difference differences "
    "different differ explain list number paper papers please show something summarize tell"
).split()
# What is printed of a paper is asked for in these: "who is the auther", "when was it publishd".
_RECORD_WORDS = "wrote written publish published publication appear appeared released organization year date".split()
_VOWELS = "aeiou"
_WORDS_OF_THEIR_OWN = frozenset(
    "abut aws booth btu cold data ddi dose form fro manny nad nay odes pleas rae release thee three though trough write".split()
)
_TYPED_WITHOUT_APOSTROPHE = {
    "whats": "what is", "whos": "who is", "hows": "how is", "wheres": "where is", "whens": "when is",
    "doesnt": "does not", "dont": "do not", "didnt": "did not", "isnt": "is not", "arent": "are not", "wasnt": "was not",
}  # fmt: skip
# In small letters, or with a capital at the beginning: "ADN" and "MoE" are names, and "x-form" is a part of one.
_SMALL_WORD = re.compile(r"(?<![\w.'’/@+-])[a-z]{3,}(?![\w'’/@+-]|\.\w)|^(\W*)[A-Z][a-z]{2,}(?![\w'’/@+-]|\.\w)")


def _typing_errors() -> dict[str, str]:
    """Typing errors in question words: two letters swapped, in longer words one left out or doubled, and in those for a paper's
    record another vowel."""
    errors: dict[str, str] = {}
    for word in (*_QUESTION_WORDS, *_RECORD_WORDS):
        typed = [word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)]
        if len(word) > 3:
            typed += [word[:i] + word[i] + word[i:] for i in range(len(word))]
        if len(word) > 4 or word == "what":
            typed += [word[:i] + word[i + 1 :] for i in range(1, len(word))]
        if word in _RECORD_WORDS or word.startswith("author"):
            typed += [
                word[:i] + vowel + word[i + 1 :] for i in range(1, len(word)) if word[i] in _VOWELS for vowel in _VOWELS
            ]
        for error in typed:
            errors.setdefault(error, word)
    words = {*_QUESTION_WORDS, *_RECORD_WORDS, *_WORDS_OF_THEIR_OWN}
    return {error: word for error, word in errors.items() if error not in words}


_MENDED = _typing_errors() | _TYPED_WITHOUT_APOSTROPHE


def without_typing_errors(text: str) -> str:
    """The text with the words mended that questions are made of: "wich papr", "hwo does", "whats the diffrence betwen"."""

    def mended(match: re.Match[str]) -> str:
        before, word = match[1] or "", match[0].removeprefix(match[1] or "")
        return before + _MENDED.get(word.lower(), word)

    return _SMALL_WORD.sub(mended, text)


# Of the commonest European languages, without accents, and none that is a word of English or of papers in it ("die", "la", "de").
_FOREIGN_QUESTION_WORDS = frozenset(
    """wie welche welcher welches welchen warum wieso weshalb wann gibt quel quelle quels quelles pourquoi combien quand
    que cual cuales como donde cuando cuantos quien quale quali perche quando dove quanti qual quais quantos quem welke hoe
    waarom wanneer hoeveel vilka varfor hvilke hvordan hvorfor jaki jakie dlaczego""".split()
)
_FOREIGN_WORDS = _FOREIGN_QUESTION_WORDS | frozenset(
    """der das den dem des ein eine einer eines einen und oder ist sind wird werden wurde wurden von zum zur mit fur auf uber bei
    nicht durch nach es le les un une est comment sont dans pour avec sur aux du et ou qui ce cette pas par el los las una en por
    para con del al se lo gli della delle di sono nel durante os um uma sao dos das em het een zijn wordt worden voor
    met van ook att och ett som og det til jest sie""".split()
)
_SHARED_WORDS = frozenset("a am an as do had has he i in is me no of on or over so to up us was".split())
_FEWEST_FOREIGN = 2  # a question word counts for two
_PLAIN_WORD = re.compile(r"[a-z]+")


def foreign_words(text: str) -> list[str]:
    """What tells that a text is plainly in another language than English: its words in other letters than Latin ones, where those
    are most of it, or its function words; none where it may be English."""
    words = re.findall(r"[^\W\d_]+", text)
    strange = [word for word in words if not _is_latin(word)]
    if sum(map(len, strange)) * 2 > sum(map(len, words)):
        return strange
    small = _PLAIN_WORD.findall(fold(text).lower())
    foreign = list(dict.fromkeys(word for word in small if word in _FOREIGN_WORDS))
    english = sum(word in STOP_WORDS - _SHARED_WORDS for word in small if word not in foreign)
    weight = len(foreign) + sum(word in _FOREIGN_QUESTION_WORDS for word in foreign)
    return foreign if weight >= _FEWEST_FOREIGN and weight > english else []


def _is_latin(word: str) -> bool:
    return unicodedata.name(word[0], "").startswith(("LATIN", "GREEK", "MODIFIER"))
