"""Is a stretch of text prose? What is read from a PDF holds much that is none: code, tables, formulas, captions, keywords."""

import re

from assistant.terms import STOP_WORDS

# With the signs that stand at a word in prose, and not the brackets, arrows and quotation marks of code.
_WORD = re.compile(r"[(\"'“‘]*[^\W\d_]+(?:[-'’/][^\W\d_]+)*[)\"'”’]*[.,;:!?]*")
_CAPTION = re.compile(
    r"(?:fig(?:ure)?|table|algorithm|listing)s?\.? ?\d+(?:\.\d+)*\s?[.:](?!\S)|keywords?(?: and phrases)?\s?[:—–-]",
    re.I,
)
# Shares of prose in the abstracts of papers: nearly none lies below.
_WORDS, _FUNCTION_WORDS = 0.75, 0.1
_JOINING = STOP_WORDS | frozenset(
    "across via within without using based including may might however one two three".split()
)
_SHORT = 12  # words of a text that may do without function words: "Otters dive deep."
_OF_CAPTION = 0.5


def prose_share(text: str) -> float:
    """How much like prose a sentence is, in [0, 1]: 1 for most sentences of abstracts, near 0 for code and tables; in between
    for captions and lists of keywords, which are words but say little."""
    parts = [part for part in text.split() if "://" not in part]  # an address belongs to prose as well as to code
    words = [part for part in parts if _WORD.fullmatch(part)]
    if not words:
        return 0.0
    share = min(1.0, sum(map(len, words)) / sum(map(len, parts)) / _WORDS)  # letters count: the names of code are long
    if len(parts) >= _SHORT:
        said = sum(word.strip(".,;:!?()\"'“”‘’").lower() in _JOINING for word in words)
        share *= min(1.0, said / len(parts) / _FUNCTION_WORDS)
    return share * (_OF_CAPTION if _CAPTION.match(text) else 1.0)
