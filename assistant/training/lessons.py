"""What the teacher is asked: single tokens, titles and sentences of the corpus, with its answers kept in a folder.

Encoding is the slow part of training (about 300 titles or 150 sentences a second on two cores), so each set of answers
is saved and found again by a hash of its texts.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assistant.training.corpus import Paper, sample_number, sentences
from assistant.training.teacher import Teacher

# Texts encoded at a time; the answers of each block are saved, so a stopped run goes on where it was.
BLOCK = 5000


def one_sentence(paper: Paper) -> str:
    """Return one sentence of the abstract, always the same one; the title where the abstract has none."""
    choices = sentences(paper.abstract) or [paper.title]
    return choices[sample_number(paper.abstract) % len(choices)]


def ask(teacher: Teacher, texts: Sequence[str], cache: Path) -> np.ndarray:
    """Return the teacher's vectors of the texts, float16 of shape (texts, 384), from the cache where it holds them."""
    blocks = [texts[start : start + BLOCK] for start in range(0, len(texts), BLOCK)]
    answers = []
    for block in blocks:
        path = cache / f"{hashlib.sha256(chr(0).join([teacher.digest, *block]).encode()).hexdigest()[:24]}.npy"
        if not path.exists():
            cache.mkdir(parents=True, exist_ok=True)
            np.save(path, teacher.encode(block))
        answers.append(np.load(path))
    return np.concatenate(answers)


def ask_tokens(teacher: Teacher, tokens: Sequence[str]) -> np.ndarray:
    """Return the teacher's vector of each token read alone; float16 of shape (tokens, 384).

    The teacher's own word pieces ("##ing" too) are given as identifiers; other tokens are encoded as texts.
    """
    begin, end = teacher.tokenizer.token_to_id("[CLS]"), teacher.tokenizer.token_to_id("[SEP]")
    identifiers = [teacher.tokenizer.token_to_id(token) for token in tokens]
    rows = [
        teacher.tokenizer.encode(token).ids if identifier is None else [begin, identifier, end]
        for token, identifier in zip(tokens, identifiers, strict=True)
    ]
    return teacher.encode_many(rows)
