"""Trains the byte-pair vocabulary that counts tokens offline, and writes it in tiktoken's text form.

Command:  python -m assistant.training.vocabulary --corpus papers.jsonl.gz --output assistant/data/vocabulary.tiktoken

The file has one token a line: its bytes in base64, a space, its rank. It loads without a network as
`tiktoken.Encoding(name="assistant", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={})`.
The same corpus gives the same file, byte for byte.
"""

import argparse
import base64
from collections.abc import Iterator
from pathlib import Path

from assistant.training.corpus import in_sample, read_papers

# How text is cut before merging. assistant/tokens.py holds a pattern that cuts alike; this one is without possessive
# quantifiers, so that the regular-expression engine of tokenizers reads it too.
PATTERN = r"'(?:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+(?!\S)|\s+"
MERGES = 16_000
SHARE = 0.125


def byte_letters() -> dict[str, int]:
    """Return the table from the printable letters that byte-level vocabularies use to the bytes they stand for."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    letters = {chr(byte): byte for byte in printable}
    others = [byte for byte in range(256) if byte not in set(printable)]
    return letters | {chr(256 + place): byte for place, byte in enumerate(others)}


def to_ranks(vocabulary: dict[str, int]) -> dict[bytes, int]:
    """Turn a byte-level vocabulary (letters to identifier) into ranks by bytes, numbered from 0 without a gap.

    The order of the identifiers is kept: single bytes first, then merges in the order they were learned, which is what
    tiktoken merges by.
    """
    letters = byte_letters()
    ordered = sorted(vocabulary, key=vocabulary.__getitem__)
    return {bytes(letters[letter] for letter in token): rank for rank, token in enumerate(ordered)}


def train(texts: Iterator[str], merges: int = MERGES) -> dict[bytes, int]:
    """Learn a byte-level byte-pair vocabulary of 256 bytes and `merges` merges; return the rank of each token."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERN), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])  # fmt: skip
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=256 + merges, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return to_ranks(tokenizer.get_vocab())


def write(ranks: dict[bytes, int], path: Path) -> None:
    """Write the ranks in tiktoken's text form; the file appears whole or not at all."""
    lines = [f"{base64.b64encode(token).decode('ascii')} {rank}\n" for token, rank in ranks.items()]
    partial = path.with_name(path.name + ".partial")
    partial.write_text("".join(lines), encoding="ascii")
    partial.replace(path)


def main() -> None:
    """Read the command line, train on a fixed sample of the corpus and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True, help="papers as gzip JSON lines with title and abstract")
    parser.add_argument("--output", type=Path, required=True, help="the vocabulary file to write")
    arguments = parser.parse_args()
    papers = (paper for paper in read_papers(arguments.corpus) if in_sample(paper.title, SHARE))
    ranks = train(f"{paper.title}\n\n{paper.abstract}" for paper in papers)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    write(ranks, arguments.output)
    print(f"{len(ranks)} tokens written to {arguments.output}")


if __name__ == "__main__":
    main()
