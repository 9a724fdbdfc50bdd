"""The token list of the embedding: the teacher's word pieces and the frequent whole words of the corpus.

A whole word of its own ("retrieval-augmented" is three: the tokenizer cuts at hyphens) keeps a meaning that a sum of
word pieces loses ("##former" says little about transformers).
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

# Word pieces that no text of ours can use: place holders, and all special tokens but the unknown one.
PLACE_HOLDER = re.compile(r"^\[(?!UNK\])[^\]]+\]$")


def count_words(texts: Iterable[str], tokenizer_json: str) -> Counter[str]:
    """Count the words of the texts as the tokenizer normalises and cuts them (before word pieces)."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(tokenizer_json)
    counts: Counter[str] = Counter()
    for text in texts:
        normal = tokenizer.normalizer.normalize_str(text)
        counts.update(word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normal))
    return counts


def new_words(counts: Counter[str], known: Iterable[str], most: int, least_count: int = 5) -> list[str]:
    """Return at most `most` words that are not known, the most frequent first (then by alphabet).

    Only words of three letters or more, with nothing but letters: figures are better left to their digits.
    """
    taken = set(known)
    fitting = [
        (-count, word)
        for word, count in counts.items()
        if count >= least_count and word not in taken and len(word) >= 3 and word.isalpha() and len(word) <= 40
    ]
    return [word for _, word in sorted(fitting)[:most]]


def pieces_to_keep(vocabulary: dict[str, int]) -> list[str]:
    """Return the teacher's word pieces without place holders, in the order of their identifiers, [UNK] first.

    Pieces of writing systems that need one token a sign stay: they cost little and keep other languages apart.
    """
    ordered = sorted(vocabulary, key=vocabulary.__getitem__)
    kept = [piece for piece in ordered if not PLACE_HOLDER.match(piece) and piece != "[UNK]"]
    return ["[UNK]", *kept]


def extended_tokenizer(tokenizer_json: str, tokens: list[str]) -> str:
    """Return the teacher's tokenizer with `tokens` as its vocabulary, without special tokens or truncation (as JSON).

    WordPiece takes the longest token that fits, so a whole word of the list becomes one token.
    """
    described: dict[str, Any] = json.loads(tokenizer_json)
    unknown = tokens.index("[UNK]")
    described["model"]["vocab"] = {token: place for place, token in enumerate(tokens)}
    described["truncation"] = described["padding"] = described["post_processor"] = None
    described["added_tokens"] = [
        {**token, "id": unknown} for token in described["added_tokens"] if token["content"] == "[UNK]"
    ]
    return json.dumps(described, ensure_ascii=False, separators=(",", ":"))
