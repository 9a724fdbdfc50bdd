"""all-MiniLM-L6-v2's network in plain PyTorch: what the teacher reads with, what is tuned, and what becomes an ONNX graph.

A tuned network also has a vector for each token (`late.weight` projects the last layer), for late interaction.
"""

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional

DIMENSIONS = 384
LAYERS = 6
HEADS = 12
MAXIMUM_TOKENS = 256  # what the model is trained with; it has places for 512


class Transformer(nn.Module):
    """Token identifiers to a vector of length 1 for each text, the mean over the tokens of the last layer, as
    sentence-transformers does; and to one of length 1 for each token, where there are weights for it."""

    def __init__(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Take the weights by their names in the published file; what is not of the network (a pooler) is left out."""
        super().__init__()
        mine = {
            name: tensor for name, tensor in weights.items() if name.startswith(("embeddings.", "encoder.", "late."))
        }
        self.weights = nn.ParameterDict(
            {
                name.replace(".", "_"): nn.Parameter(tensor.float())
                for name, tensor in mine.items()
                if tensor.is_floating_point()
            }
        )
        self.names = {name.replace(".", "_"): name for name in mine}

    def named(self) -> dict[str, torch.Tensor]:
        """The weights as they stand now, by their published names."""
        return {self.names[key]: parameter.detach() for key, parameter in self.weights.items()}

    @property
    def has_tokens(self) -> bool:
        """True where there are weights for the vectors of tokens."""
        return "late_weight" in self.weights

    def freeze(self, layers: int) -> list[nn.Parameter]:
        """Keep the embeddings and the first `layers` layers as they are; return the parameters that are left to train."""
        fixed = ("embeddings_", *(f"encoder_layer_{layer}_" for layer in range(layers)))
        for key, parameter in self.weights.items():
            parameter.requires_grad = not key.startswith(fixed)
        return [parameter for parameter in self.weights.values() if parameter.requires_grad]

    def token_vectors(self, ids: torch.Tensor) -> torch.Tensor:
        """The rows of the token table, shape (texts, tokens, 384)."""
        return functional.embedding(ids, self._weight("embeddings.word_embeddings.weight"))

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Token identifiers and mask (1 for a token, 0 for padding), both int64 (texts, tokens), to float32 (texts, 384)."""
        return self.of_texts(self.states(ids, mask), mask)

    def states(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The last layer, (texts, tokens, 384)."""
        places = self._weight("embeddings.position_embeddings.weight")[: ids.shape[1]]
        kind = self._weight("embeddings.token_type_embeddings.weight")[0]
        states = self._normalised("embeddings.LayerNorm", self.token_vectors(ids) + places + kind)
        bias = (mask.to(torch.float32)[:, None, None, :] - 1) * 1e4
        for layer in range(LAYERS):
            states = self._layer(f"encoder.layer.{layer}", states, bias)
        return states

    def of_texts(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The last layer to a vector for each text, (texts, 384)."""
        shown = mask.to(torch.float32)
        summed = (states * shown[:, :, None]).sum(1) / shown.sum(1, keepdim=True)
        return functional.normalize(summed, dim=1)

    def of_tokens(self, states: torch.Tensor) -> torch.Tensor:
        """The last layer to a vector for each token, (texts, tokens, dimensions of `late.weight`)."""
        return functional.normalize(functional.linear(states, self._weight("late.weight")), dim=2)

    def _weight(self, name: str) -> torch.Tensor:
        return self.weights[name.replace(".", "_")]

    def _linear(self, name: str, states: torch.Tensor) -> torch.Tensor:
        return functional.linear(states, self._weight(f"{name}.weight"), self._weight(f"{name}.bias"))

    def _normalised(self, name: str, states: torch.Tensor) -> torch.Tensor:
        weight, bias = self._weight(f"{name}.weight"), self._weight(f"{name}.bias")
        return functional.layer_norm(states, (DIMENSIONS,), weight, bias, 1e-12)

    def _layer(self, prefix: str, states: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        texts, tokens = states.shape[0], states.shape[1]
        query, key, value = (
            self._linear(f"{prefix}.attention.self.{part}", states).view(texts, tokens, HEADS, -1).transpose(1, 2)
            for part in ("query", "key", "value")
        )
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias.to(query.dtype))
        mixed = mixed.transpose(1, 2).reshape(texts, tokens, DIMENSIONS)
        states = self._normalised(
            f"{prefix}.attention.output.LayerNorm", self._linear(f"{prefix}.attention.output.dense", mixed) + states
        )
        inner = functional.gelu(self._linear(f"{prefix}.intermediate.dense", states))
        return self._normalised(f"{prefix}.output.LayerNorm", self._linear(f"{prefix}.output.dense", inner) + states)


def by_length(rows: list[list[int]], tokens: int) -> list[list[int]]:
    """The numbers of the rows in groups of like length, padded to at most `tokens` tokens each (a longer row has its own)."""
    groups: list[list[int]] = []
    for row in sorted(range(len(rows)), key=lambda row: len(rows[row])):
        if groups and (len(groups[-1]) + 1) * len(rows[row]) <= tokens:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def padded(rows: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Identifiers and mask, int64 (rows, longest)."""
    longest = max(len(row) for row in rows)
    ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    return ids, mask
