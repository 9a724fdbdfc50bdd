"""Tunes all-MiniLM-L6-v2 on questions asked in other words: first the paper that answers, then its sentence.

Command:  python -m assistant.training.tuning --corpus papers.jsonl.gz --output tuned.safetensors

A step takes some papers with their questions, near neighbours of each other among them, so that the wrong papers of a batch
are hard ones. A question's own paper must score higher than the others of the batch and than those of the last steps, whose
vectors are kept (cross-batch memory, Wang et al. 2020); its answering sentences higher than the paper's other sentences and
those of the other papers. Titles and sentences of other papers of the corpus are asked beside them, so that the model keeps
what it knew. The embeddings and the lowest layers stay as they are. What is written is a mixture of the plain and the tuned
weights, which holds up better on other topics (Wortsman et al. 2022). About an hour on two free cores.
"""

import argparse
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import cos, pi
from pathlib import Path
from random import Random

import numpy as np
import torch
from safetensors.torch import save_file

from assistant.training.asked import AskedPaper, asked_papers
from assistant.training.batches import Batch, Tuning, general_pairs, lessons_of, make_batch
from assistant.training.corpus import read_papers, shuffled
from assistant.training.teacher import plain_tokenizer, plain_weights
from assistant.training.transformer import Transformer, by_length, padded

_TOKENS_AT_ONCE = 2048
_HIDDEN = -1e4  # a logit that counts for nothing


def any_of(scores: torch.Tensor, right: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
    """InfoNCE with several right columns a row: how little of a row's softmax is on them; the (weighted) mean over rows."""
    lost = torch.logsumexp(scores, 1) - torch.logsumexp(scores.masked_fill(~right, _HIDDEN), 1)
    return lost.mean() if weights is None else (lost * weights).sum() / weights.sum()


def loss_of(
    batch: Batch,
    vectors: Sequence[torch.Tensor],
    memory: Sequence[tuple[str, torch.Tensor]],
    tuning: Tuning,
) -> torch.Tensor:
    """The loss of a step; `vectors` are those of the questions, documents and sentences, of length 1."""
    questions, documents, parts = vectors
    rows = torch.arange(len(questions))
    right = torch.zeros(len(questions), len(documents), dtype=torch.bool)
    right[rows, torch.tensor(batch.answered_by)] = True
    scores = questions @ documents.T / tuning.temperature
    loss = tuning.backward_weight * any_of(scores.T, right.T)
    if memory:
        known = [key for key, _ in memory]
        same = torch.tensor([[key == batch.keys[place] != "" for key in known] for place in batch.answered_by])
        older = questions @ torch.stack([vector for _, vector in memory]).T / tuning.temperature
        scores = torch.cat([scores, older.masked_fill(same, _HIDDEN)], 1)
        right = torch.cat([right, torch.zeros_like(same)], 1)
    loss = loss + any_of(scores, right, torch.tensor(batch.weights))
    supported = [row for row, places in enumerate(batch.supported_by) if places]
    backed = torch.zeros(len(supported), len(parts), dtype=torch.bool)
    for row, question in enumerate(supported):
        backed[row, batch.supported_by[question]] = True
    return loss + tuning.sentence_weight * any_of(questions[supported] @ parts.T / tuning.temperature, backed)


def encode(network: Transformer, rows: list[list[int]]) -> torch.Tensor:
    """Vectors with gradients, (rows, 384), the like lengths together."""
    groups = by_length(rows, _TOKENS_AT_ONCE)
    vectors = torch.cat([network(*padded([rows[row] for row in group])) for group in groups])
    return vectors[torch.argsort(torch.tensor([row for group in groups for row in group]))]


def rate(step: int, tuning: Tuning) -> float:
    """The learning rate at a step: a short rise, then half a cosine down to 5 %."""
    rise = min(1.0, (step + 1) / (tuning.warm_up * tuning.horizon + 1))
    return tuning.rate * rise * (0.05 + 0.95 * 0.5 * (1 + cos(pi * step / tuning.horizon)))


def tune(lessons: Iterable[Sequence[AskedPaper]], general: Iterator[tuple[str, str]], tuning: Tuning) -> Transformer:
    """Returns the tuned network, before mixing; `lessons` are the papers of each step."""
    random, begun = Random(tuning.seed), time.monotonic()
    network, tokenizer = Transformer(plain_weights()), plain_tokenizer()
    parameters = network.freeze(tuning.frozen_layers)
    optimiser = torch.optim.AdamW(parameters, lr=tuning.rate, weight_decay=0.01)
    memory = deque[tuple[str, torch.Tensor]](maxlen=tuning.memory)
    losses: list[float] = []
    for step, papers in enumerate(islice(lessons, tuning.horizon)):
        batch = make_batch(papers, [next(general) for _ in range(tuning.general)], tuning, random)
        texts = [batch.questions, batch.documents, batch.sentences]
        rows = [encoding.ids for encoding in tokenizer.encode_batch([one for part in texts for one in part])]
        vectors = torch.split(encode(network, rows), [len(part) for part in texts])
        loss = loss_of(batch, vectors, memory, tuning)
        for group in optimiser.param_groups:
            group["lr"] = rate(step, tuning)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        memory.extend(zip(batch.keys, vectors[1].detach(), strict=True))
        losses.append(loss.item())
        if step % 50 == 49:
            spent = time.monotonic() - begun
            print(f"step {step + 1} of {tuning.horizon}: loss {np.mean(losses[-50:]):.3f}, {spent:.0f} s", flush=True)
    return network


@torch.no_grad()
def mixed(network: Transformer, share: float) -> Transformer:
    """The published weights and the network's, which weigh `share`."""
    plain, tuned = plain_weights(), network.named()
    return Transformer({name: torch.lerp(plain[name].float(), tensor, share) for name, tensor in tuned.items()})


def main() -> None:
    """Reads the command line, tunes and writes the weights."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--corpus", type=Path, required=True, help="papers as gzip JSON lines with id, title and abstract"
    )
    parser.add_argument("--output", type=Path, required=True, help="the file of weights to write")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    torch.manual_seed(Tuning.seed)
    corpus = shuffled(list(read_papers(arguments.corpus)))
    papers = list(asked_papers(corpus))
    tuning, known = Tuning(), {paper.title for paper in papers}
    chapters = [papers[start : start + tuning.chapter] for start in range(0, len(papers), tuning.chapter)]
    training = [[paper for paper in chapter if not paper.is_held_out] for chapter in chapters]
    general = general_pairs([paper for paper in corpus if paper.title not in known], Random(tuning.seed))
    lessons = lessons_of(training, tuning, Random(tuning.seed))
    network = mixed(tune(lessons, general, tuning), tuning.mixed)
    save_file({name: tensor.half().contiguous() for name, tensor in network.named().items()}, arguments.output)


if __name__ == "__main__":
    main()
