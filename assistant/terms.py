"""Text -> index terms: what counts as the same word for BM25, sentence choice and the claim checks.

Names of methods are written in odd ways, and people type them in others: S^{2}FT, $\\mu$-Bench, E.T. Bench, (IA)^3, 97.23\\%.
Markup is folded away first, so that "S2FT", "S^2FT", "S²FT" and "$S^{2}$FT" give one term; a compound such as
"Delta-LoRA" gives its parts and the whole.
"""

import re
import unicodedata
from functools import lru_cache

import Stemmer

# Function words, and words that questions about papers use without meaning a topic by them.
STOP_WORDS = frozenset(
    """a about above after again against all also am an and any are aren't as at be because been before being below
    between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each few for
    from further had hadn't has hasn't have haven't having he her here hers him his how i if in into is isn't it it's its
    itself let's me more most my no nor not of off on once only or other ought our ours out over own same she should
    shouldn't so some such than that that's the their theirs them then there these they this those through to too under
    until up upon us very was wasn't we were weren't what when where which while who whom whose why will with without
    won't would wouldn't yet you your yours
    paper papers author authors say says said tell please according does much many anyone anything something exist exists
    there's what's who's how's i'm i've""".split()
)

_GREEK = {letter: unicodedata.name(letter).split()[-1].lower() for letter in "αβγδεζηθικλμνξοπρστυφχψω"} | {
    "µ": "mu",
    "λ": "lambda",
    "ς": "sigma",
}
_GREEK_NAMES = "|".join(sorted(set(_GREEK.values()), key=len, reverse=True))
MONTHS = {  # in lower case, with the three letters that listings print
    month: month[:3]
    for month in "january february march april may june july august september october november december".split()
}
_TIMES = re.compile(r"(?<=\d)\s*\\?times\b")  # "1.42\times", and "1.42times" where a listing lost the backslash
_MARKUP = re.compile(r"[\\^${}]")
_GREEK_COMMAND = re.compile(rf"\\({_GREEK_NAMES})(?![a-z])")
_FONT_COMMAND = re.compile(r"\\(?:text\w*|math\w*|emph|it|bf|rm|tt)\s*\{([^{}]*)\}")
_ESCAPED = re.compile(r"\\([%$&#_])")
# Where nothing closes it, all is taken up to the last caret: no signs are read twice, however many carets or spaces there are.
_SUPERSCRIPT = re.compile(r"(?<!\s)\s*\^\s*(?:\{\s*)?([^\s{}]+)(?:(\s*\})|(?<!\^)|(?=\^))")
_CARET = re.compile(r"\^(?=\w)")
_SIGNS = re.compile(r"[${}]|_(?=\{)|\\(?=\w)")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_GREEK_BY_NAME = str.maketrans(_GREEK)
_WORD = re.compile(r"[^\W_]+(?:[-'’.,/+&][^\W_]+)*\+*", re.UNICODE)
_PART = re.compile(r"[^\W_]+", re.UNICODE)
_NAME_IN_BRACKETS = re.compile(r"\(([^\W_]{1,6})\)(?=\d)")
_NUMBER = re.compile(r"[\d.,]+")
_POSSESSIVE = re.compile(r"['’]s$")
# British and American spellings of one word. The same is done to texts and to questions, so that a wrong "noize" does no harm.
_SPELLINGS = (
    (re.compile(r"(?<=[a-z]{3})is(?=(?:e|es|ed|er|ers|ing|ation|ations)$)"), "iz"),
    (re.compile(r"(?<=[a-z]{3})our(?=(?:s|ed|ing|al|ally|able|ful|ite|ites|hood|hoods)?$)"), "or"),
    (re.compile(r"(?<=[a-z]{3})yse(?=[srd]?$)"), "yze"),
    (re.compile(r"^(model|label|travel|signal|cancel|channel|level)l(?=ed$|ing$|er$|ers$)"), r"\1"),
    (re.compile(r"^(cent|met|fib|lit|theat)re(?=s?$)"), r"\1er"),
)
INDEX_VERSION = "3"  # of the terms that an index holds; an index of another version is built again
_STEMMER = Stemmer.Stemmer("english")
_ABBREVIATION = re.compile(r"(?=(?:[a-z]*[A-Z]){2})[A-Za-z]{3,6}")
_LETTERS = re.compile(r"[a-z]+")
_LONGEST = 60  # letters of a term; what is longer is no word


def fold(text: str) -> str:
    """`text` without LaTeX markup, accents, typographic variants and unseen characters such as soft hyphens; Greek letters by
    name; case kept."""
    if "times" in text:
        text = _TIMES.sub(" times", text)
    if text.isascii() and not _MARKUP.search(text):
        return text
    text = _GREEK_COMMAND.sub(r"\1", text)
    text = _FONT_COMMAND.sub(r"\1", text)
    text = _ESCAPED.sub(r"\1", text)
    text = _SUPERSCRIPT.sub(lambda m: m[1] if m[2] else _CARET.sub("", m[0]), text)
    text = _SIGNS.sub("", text)
    text = unicodedata.normalize("NFKD", text.translate(_GREEK_BY_NAME))
    return _NOT_ASCII.sub(lambda m: "" if _is_unseen(m[0]) else m[0], text)


def _is_unseen(sign: str) -> bool:
    """True for an accent that stands by itself, and for a soft hyphen or another sign that only guides how text is set."""
    return bool(unicodedata.combining(sign)) or unicodedata.category(sign) == "Cf"


def _spellings(word: str) -> list[str]:
    """The word as one term, and its parts where it is a compound: "e.t" -> "et"; "delta-lora" -> "deltalora", "delta", "lora"."""
    if _NUMBER.fullmatch(word):
        return [word.replace(",", "").strip(".")]
    word = _POSSESSIVE.sub("", word)
    if word in MONTHS:  # listings print "Oct 3, 2017"; people ask for October
        return [MONTHS[word]]
    parts = _PART.findall(word)
    if len(parts) == 1:
        return [word if word.endswith("+") and len(word) <= 4 else parts[0]]
    whole = "".join(parts)
    letters = all(len(part) == 1 for part in parts)
    return [whole] if letters else [whole, *(part for part in parts if len(part) > 1 or part.isdigit())]


def squeezed(text: str) -> str:
    """The folded letters and digits alone: what all spellings of a name share ("E.T. Bench", "ETBench", "ET-bench")."""
    return re.sub(r"[\W_]+", "", fold(text)).casefold()


def is_spelt_out(name: str, text: str) -> bool:
    """True where the text spells an abbreviation of three to six letters out: "MARL" as "multi-agent reinforcement learning"."""
    letters = name.removesuffix("s")
    if not _ABBREVIATION.fullmatch(letters):
        return False
    words = _LETTERS.findall(fold(text).lower())
    wanted, size = letters.lower(), len(letters)
    initials = "".join(word[0] for word in words)
    starts = (at for at in range(len(words) - size + 1) if initials.startswith(wanted, at))
    # Little words are inside at most, as in "chain of thought": runs that begin or end with one are chance.
    return any(not {words[at], words[at + size - 1]} & STOP_WORDS for at in starts)


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The Snowball English stem of a lower-case word; words with digits are kept as they are."""
    if not word.isalpha() and any(letter.isdigit() for letter in word):
        return word
    return _STEMMER.stemWord(american(word))


@lru_cache(maxsize=200_000)
def american(word: str) -> str:
    """A lower-case word in American spelling; of a few others, too: "noize"."""
    for pattern, spelling in _SPELLINGS:
        word = pattern.sub(spelling, word)
    return word


@lru_cache(maxsize=20_000)
def term_set(text: str) -> frozenset[str]:
    """The distinct index terms of a short text, remembered: the same sentences are scored for question after question."""
    return frozenset(terms(text))


def terms(text: str) -> list[str]:
    """The index terms of `text` in order, stemmed, without stop words."""
    folded = _NAME_IN_BRACKETS.sub(r"\1", fold(text)).lower()  # "(ia)3" is one name
    of_word, of_other = _of_word, _of_word.__wrapped__
    # The words of a library are few beside their occurrences; what is no word must not fill the memory.
    return [
        term for word in _WORD.findall(folded) for term in (of_word(word) if len(word) <= _LONGEST else of_other(word))
    ]


@lru_cache(maxsize=200_000)
def _of_word(word: str) -> tuple[str, ...]:
    """The index terms of one folded lower-case word; none for a stop word."""
    if word.replace("’", "'") in STOP_WORDS:
        return ()
    return tuple(stem(spelling) for spelling in _spellings(word) if len(spelling) <= _LONGEST)
