"""Token counts that are the same on every machine: tiktoken over a small vocabulary that ships with the package.

tiktoken's own vocabularies are downloaded on first use, which must never happen here. The shipped byte pairs were
trained on abstracts (`assistant/training/vocabulary.py`).
"""

from base64 import b64decode
from functools import lru_cache

import tiktoken

from assistant.resources import resource

# The split pattern that the shipped vocabulary was trained with: words with their leading space, numbers of up to three
# digits, runs of punctuation, runs of white space.
SPLIT_PATTERN = (
    r"""'(?:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s+(?!\S)|\s"""
)

# Texts are encoded in windows of this many characters, so that a hostile run of one letter stays linear in time.
_WINDOW = 2000


@lru_cache(maxsize=1)
def encoding() -> tiktoken.Encoding:
    """The package's own tiktoken encoding.

    Read here, as tiktoken's own reader prefers a copy that it keeps in the temporary folder, whoever wrote that one.
    """
    lines = resource("vocabulary.tiktoken").read_bytes().splitlines()
    ranks = {b64decode(token): int(rank) for token, rank in map(bytes.split, lines)}
    return tiktoken.Encoding("assistant", pat_str=SPLIT_PATTERN, mergeable_ranks=ranks, special_tokens={})


def count_tokens(text: str) -> int:
    """How many tokens `text` has in the package's own encoding (special tokens have no meaning in it)."""
    windows = (text[start : start + _WINDOW] for start in range(0, len(text), _WINDOW))
    return sum(len(encoding().encode_ordinary(window)) for window in windows)
