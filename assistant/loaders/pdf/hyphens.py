"""Words broken at the ends of lines: whether a hyphen there is the word's own or the typesetter's, told without a dictionary."""

import re
from collections import Counter
from collections.abc import Iterable

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LAST_WORD = re.compile(rf"(?<!\w){_WORD.pattern}$")  # none in "the 2nd-"
_TAIL = 80  # characters of a text in which its last word is looked for
_ADDRESS = re.compile(r"://|^www\.|@")
_SUSPENDED = {"and", "or", "to"}  # "pre- and post-training"
_INNER = {"a", "and", "as", "by", "for", "in", "of", "on", "or", "the", "to"}  # "state-of-the-art", "end-to-end"
_OPEN_BEFORE = frozenset(
    """self well non multi cross half few fine held high low near zero two three four five six seven eight nine twenty thirty
    forty fifty sixty seventy eighty ninety""".split()
)
_OPEN_AFTER = frozenset("agnostic aware based constrained driven grained intensive level scale series specific".split())
_DOUBLED = re.compile(r"(?:re|pre|de)-e|(?:anti|semi)-i")  # "re-election", "anti-inflammatory"
# What closes up with the word beside it, though it is a word itself: "within", "profitable", "framework".
_CLOSED_BEFORE = frozenset(
    """after any back com down every for fore her here him how inter not out over per pre some sub the them there under what
    when where who with your""".split()
)
_CLOSED_AFTER = re.compile(
    r"(?:able|ably|back|base|bases|body|book|cases?|come|ered|ering|est|ever|flow|fold|forms?|formed|fully?|gram|graph|ground|head|house|ing|ings|ish|"
    r"land|less|lighted|lights?|lines?|load|marks?|more|ness|over|places?|points?|ports?|rates?|rated|ration|room|scope|script|self|"
    r"selves|sense|sets?|sheet|ships?|shops?|side|some|spread|stamp|stand|standing|take|teen|teenth|thing|ties|times?|tude|view|wards?|"
    r"ware|weight|ways?|where|wise|works?|words?)$|ple|pli|ply"
)


def vocabulary(lines: Iterable[str]) -> Counter[str]:
    """How often lines, in reading order, use each word, hyphenated ones as one word; the parts of a broken one do not count."""
    counts: Counter[str] = Counter()
    is_broken = False
    for line in lines:
        words = line.lower().split()
        whole = words[is_broken : len(words) - line.endswith("-")]
        is_broken = line.endswith("-")
        counts.update(_WORD.findall(" ".join(whole)))
    return counts


def join(text: str, following: str, words: Counter[str]) -> str:
    """A text and the line that follows it as one text; `words` is the document's vocabulary."""
    before = text[-_TAIL:].rsplit(" ", 1)[-1]
    if before.endswith("–") and before[-2:-1].isdigit() and following[:1].isdigit():  # a range
        return text + following
    if not before.endswith("-") or before == "-" or before.endswith("--") or not following[:1].isalnum():
        return f"{text} {following}"
    left, right = _LAST_WORD.search(before[:-1]), _WORD.match(following)
    if not left or not right or _ADDRESS.search(before):
        return text + following
    first, second = left.group(), right.group()
    if second in _SUSPENDED and not words[first.lower() + second]:
        return f"{text} {following}"
    return text + following if _is_own(first, second, words) else text[:-1] + following


def _is_own(left: str, right: str, words: Counter[str]) -> bool:
    """True where the hyphen between two parts of a word is its own: as the document writes the word elsewhere, or else as such
    words are written mostly."""
    last, first = left.rpartition("-")[2], right.partition("-")[0]
    for parts in ((left, right), (last, first)):
        whole, hyphenated = words["".join(parts).lower()], words["-".join(parts).lower()]
        if whole or hyphenated:
            return hyphenated > whole
    if len(last) == 1 or last.isupper() or first[0].isupper():  # "x-ray", "LLM-based", "Smith-Jones"
        return True
    last = last.lower()
    if ("-" in left and last in _INNER) or _DOUBLED.match(f"{last}-{first}"):
        return True
    if len(last) < 3 or len(first) < 3 or last in _CLOSED_BEFORE or _CLOSED_AFTER.match(first):
        return False
    are_words = len(first) > 3 and words[last] > 0 and words[first] > 0
    return are_words or last in _OPEN_BEFORE or first in _OPEN_AFTER
