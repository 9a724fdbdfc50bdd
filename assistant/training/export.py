"""Writes a token table in Model2Vec's format: int8 rows, one float weight a token, the tokenizer and the settings."""

import hashlib
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from assistant.files import write_whole

# Tokens of a text that are read at most; an abstract has about 250, so only whole pages are cut.
MAXIMUM_TOKENS = 1024


def quantise(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn float rows (tokens, dimensions) into int8 rows and float32 weights (tokens,), so that row = int8 * weight.

    Each row uses the whole range of int8, which loses less than one scale for all; Model2Vec multiplies a token's row
    by its weight anyway, so the scale costs nothing when a text is encoded.
    """
    scales = np.maximum(np.abs(table).max(axis=1), 1e-12) / 127
    rows = np.rint(table / scales[:, None]).astype(np.int8)
    return rows, scales.astype(np.float32)


def export(folder: Path, table: np.ndarray, tokenizer_json: str) -> str:
    """Write the three files of a static embedding; return the SHA-256 of model.safetensors.

    In: the table of shape (tokens, dimensions), rows scaled by the importance of the token, in the order of the
    tokenizer's identifiers. Texts come out as mean of rows, scaled to length 1.
    """
    rows, weights = quantise(table)
    # Weights of about 1 on average: the length of the mean is lost in any case.
    weights /= weights.mean() * 127
    content = save({"embeddings": rows, "weights": weights})
    settings = {
        "model_type": "model2vec",
        "architectures": ["StaticModel"],
        "hidden_dim": int(table.shape[1]),
        "normalize": True,
        "max_length": MAXIMUM_TOKENS,
        "embedding_dtype": "int8",
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "model.safetensors", content)
    write_whole(folder / "tokenizer.json", tokenizer_json.encode("utf-8"))
    write_whole(folder / "config.json", (json.dumps(settings, indent=2) + "\n").encode("utf-8"))
    return hashlib.sha256(content).hexdigest()
