"""Tunes all-MiniLM-L6-v2 on questions asked in other words, for late interaction: first the paper that answers, then its
sentence.

Command:  python -m assistant.training.tuning --corpus papers.jsonl.gz scifact/corpus.jsonl.gz --output tuned.safetensors

A step takes some papers with their questions, near neighbours of each other among them, so that the wrong papers of a batch
are hard ones. A question's own paper must score higher than the others of the batch and than those of the last steps, whose
vectors are kept (cross-batch memory, Wang et al. 2020): by the cosine of both texts' vectors, and by that together with late
interaction (Khattab and Zaharia 2020), which holds each token of the question against those of the paper. Late interaction
with the answering sentences must be higher than with all other sentences. Titles and sentences of other papers of the
corpus are asked beside them, so that the model keeps what it knew. The embeddings and the lowest layers stay as they are.
There are six cycles: each of the first four has questions that the others did not see, the others take papers together that
the network as it is then takes for each other. What is written is a mixture of the plain weights and those after the last
cycle, which holds up better on other topics (Wortsman et al. 2022).
Five hours on two free cores with bfloat16 instructions; others round differently.
"""

import argparse
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, islice, pairwise
from math import cos, pi
from pathlib import Path
from random import Random
from sys import maxsize

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from assistant.retrieval.encoding import LATE_SHARE, Encoding
from assistant.training.asked import AskedPaper, corpus_and_asked
from assistant.training.batches import (
    Batch,
    Tuning,
    confused_lessons_of,
    general_pairs,
    lessons_of,
    make_batch,
    papers_of,
    pools_of,
)
from assistant.training.corpus import corpus_argument
from assistant.training.teacher import plain_tokenizer, plain_weights
from assistant.training.transformer import DIMENSIONS, Transformer, by_length, padded

_TOKENS_AT_ONCE = 2048
_TEXTS_AT_ONCE = 256  # that are read without learning
_SAMPLE = 300  # papers whose tokens the projection begins with; some are held out, but no question is read there
_HIDDEN = -1e4  # a logit that counts for nothing


@dataclass
class Encoded:
    """Texts as vectors: one for each text (texts, 384), and those of the tokens of all texts, one after another.

    `owner` is the text of each token, `starts` the character offset of each in its text. [CLS] and [SEP] are left out.
    """

    vectors: torch.Tensor
    tokens: torch.Tensor
    owner: torch.Tensor
    starts: list[int]

    def part(self, start: int, end: int) -> "Encoded":
        """The texts from `start` to before `end`."""
        inside = ((self.owner >= start) & (self.owner < end)).nonzero()[:, 0]
        starts = [self.starts[place] for place in inside.tolist()]
        return Encoded(self.vectors[start:end], self.tokens[inside], self.owner[inside] - start, starts)


class Memory:
    """The documents of the last steps: their keys, their vectors and, of fewer, those of their tokens."""

    def __init__(self, tuning: Tuning) -> None:
        self.vectors = deque[tuple[str, torch.Tensor]](maxlen=tuning.memory)
        self.tokens = deque[tuple[str, torch.Tensor]](maxlen=tuning.token_memory)

    def extend(self, keys: Sequence[str], documents: Encoded) -> None:
        """Keep these documents, and forget the oldest."""
        self.vectors.extend(zip(keys, documents.vectors.detach(), strict=True))
        lengths = torch.bincount(documents.owner, minlength=len(keys)).tolist()
        self.tokens.extend(zip(keys, torch.split(documents.tokens.detach(), lengths), strict=True))


def any_of(scores: torch.Tensor, right: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
    """InfoNCE with several right columns a row: how little of a row's softmax is on them; the (weighted) mean over rows."""
    lost = torch.logsumexp(scores, 1) - torch.logsumexp(scores.masked_fill(~right, _HIDDEN), 1)
    return lost.mean() if weights is None else (lost * weights).sum() / weights.sum()


def late_scores(questions: Encoded, tokens: torch.Tensor, owner: torch.Tensor, count: int) -> torch.Tensor:
    """Late interaction (Khattab and Zaharia 2020): the mean, over the question's tokens, of the best cosine with a token of
    each part; (questions, count). `owner` is the part of each of `tokens`."""
    best = questions.tokens.new_full((len(questions.tokens), count), -1.0)
    likeness = questions.tokens @ tokens.T
    best = best.scatter_reduce(1, owner.expand(len(likeness), -1), likeness, "amax", include_self=False)
    return _mean_by_question(questions, best)


def late_memory_scores(questions: Encoded, remembered: Sequence[torch.Tensor]) -> torch.Tensor:
    """The same with documents that are not learnt from: the gradient reaches the questions alone."""
    lengths = torch.tensor([len(tokens) for tokens in remembered])
    documents = pad_sequence(list(remembered), batch_first=True)
    padding = torch.arange(documents.shape[1]) >= lengths[:, None]
    documents = torch.where(padding[:, :, None], documents[:, :1], documents)  # a first token twice changes nothing
    with torch.no_grad():
        likeness = (questions.tokens.bfloat16() @ documents.flatten(0, 1).bfloat16().T).view(-1, *documents.shape[:2])
        best = likeness.argmax(2)
    found = documents[torch.arange(len(documents)), best]  # (tokens of questions, documents, dimensions)
    return _mean_by_question(questions, torch.einsum("qd,qnd->qn", questions.tokens, found))


def _mean_by_question(questions: Encoded, best: torch.Tensor) -> torch.Tensor:
    summed = best.new_zeros(len(questions.vectors), best.shape[1]).index_add(0, questions.owner, best)
    return summed / torch.bincount(questions.owner, minlength=len(summed))[:, None]


def together(cosines: torch.Tensor, late: torch.Tensor) -> torch.Tensor:
    """What the reranker scores a passage with."""
    return (1 - LATE_SHARE) * cosines + LATE_SHARE * late


def loss_of(batch: Batch, questions: Encoded, documents: Encoded, memory: Memory, tuning: Tuning) -> torch.Tensor:
    """The loss of a step: of both scores together, of the cosine alone, and of the sentences by late interaction."""
    rows, count = torch.arange(len(batch.questions)), len(batch.documents)
    right = torch.zeros(len(rows), count, dtype=torch.bool)
    right[rows, torch.tensor(batch.answered_by)] = True
    weights = torch.tensor(batch.weights)
    cosines = questions.vectors @ documents.vectors.T
    scores = together(cosines, late_scores(questions, documents.tokens, documents.owner, count))
    loss = tuning.backward_weight * any_of(scores.T / tuning.late_temperature, right.T)
    if memory.vectors:
        older = questions.vectors @ torch.stack([vector for _, vector in memory.vectors]).T
        hidden = torch.tensor(
            [[key == batch.keys[place] != "" for key, _ in memory.vectors] for place in batch.answered_by]
        )
        cosines = torch.cat([cosines, older.masked_fill(hidden, _HIDDEN)], 1)
        recent = len(memory.tokens)
        late = late_memory_scores(questions, [tokens for _, tokens in memory.tokens])
        mixed = together(older[:, -recent:], late)
        scores = torch.cat([scores, mixed.masked_fill(hidden[:, -recent:], _HIDDEN)], 1)
    for given, temperature, weight in (
        (scores, tuning.late_temperature, 1.0),
        (cosines, tuning.temperature, tuning.cosine_weight),
    ):
        shown = functional.pad(right, (0, given.shape[1] - count))
        loss = loss + weight * any_of(given / temperature, shown, weights)
    return loss + tuning.sentence_weight * sentence_loss(batch, questions, documents, tuning)


def sentence_loss(batch: Batch, questions: Encoded, documents: Encoded, tuning: Tuning) -> torch.Tensor:
    """How little late interaction puts the sentences that answer before all others of the batch."""
    first = [0, *accumulate(len(spans) for spans in batch.spans)]
    owner = torch.tensor(
        [
            first[document] + place if (place := _sentence_at(batch.spans[document], start)) is not None else first[-1]
            for document, start in zip(documents.owner.tolist(), documents.starts, strict=True)
        ]
    )
    scores = late_scores(questions, documents.tokens, owner, first[-1] + 1)[:, :-1] / tuning.late_temperature
    backed = torch.zeros_like(scores, dtype=torch.bool)
    seen = set(owner.tolist())
    for row, places in enumerate(batch.supported_by):
        columns = [first[batch.answered_by[row]] + place for place in places]
        backed[row, [column for column in columns if column in seen]] = True
    supported = backed.any(1)
    if not supported.any():
        return scores.new_zeros(())
    return any_of(scores[supported], backed[supported])


def _sentence_at(spans: Sequence[tuple[int, int]], start: int) -> int | None:
    place = bisect_right(spans, (start, maxsize)) - 1
    return place if place >= 0 and start < spans[place][1] else None


def encode(network: Transformer, tokenizer: Tokenizer, texts: Sequence[str]) -> Encoded:
    """Texts with gradients, the like lengths together; in bfloat16, which takes about half the time of float32 where the
    processor has it."""
    encodings = tokenizer.encode_batch(list(texts))
    rows = [encoding.ids for encoding in encodings]
    vectors: dict[int, torch.Tensor] = {}
    tokens: dict[int, torch.Tensor] = {}
    for group in by_length(rows, _TOKENS_AT_ONCE):
        ids, mask = padded([rows[row] for row in group])
        with torch.autocast("cpu", torch.bfloat16):
            states = network.states(ids, mask)
            of_texts, of_tokens = network.of_texts(states, mask), network.of_tokens(states)
        for place, row in enumerate(group):
            vectors[row] = of_texts[place].float()
            tokens[row] = of_tokens[place, 1 : len(rows[row]) - 1].float()
    order = range(len(rows))
    lengths = torch.tensor([len(row) - 2 for row in rows])
    return Encoded(
        torch.stack([vectors[row] for row in order]),
        torch.cat([tokens[row] for row in order]),
        torch.repeat_interleave(torch.arange(len(rows)), lengths),
        [start for encoding in encodings for start, _ in encoding.offsets[1:-1]],
    )


def rate(step: int, steps: int, tuning: Tuning) -> float:
    """The learning rate at a step of a cycle: a short rise, then half a cosine down to 5 % (warm restarts, Loshchilov and
    Hutter 2017)."""
    rise = min(1.0, (step + 1) / (tuning.warm_up * steps + 1))
    return tuning.rate * rise * (0.05 + 0.95 * 0.5 * (1 + cos(pi * step / steps)))


def tune(
    network: Transformer,
    lessons: Iterable[Sequence[AskedPaper]],
    general: Iterator[tuple[str, str]],
    tuning: Tuning,
    steps: int,
) -> None:
    """Tunes the network in place for a cycle of `steps`; `lessons` are the papers of each."""
    begun = time.monotonic()
    tokenizer = plain_tokenizer()
    parameters = network.freeze(tuning.frozen_layers)
    optimiser = torch.optim.AdamW(parameters, lr=tuning.rate, weight_decay=0.01)
    memory = Memory(tuning)
    losses: list[float] = []
    for step, papers in enumerate(islice(lessons, steps)):
        batch = make_batch(papers, [next(general) for _ in range(tuning.general)], tuning)
        encoded = encode(network, tokenizer, [*batch.questions, *batch.documents])
        asked = len(batch.questions)
        questions, documents = encoded.part(0, asked), encoded.part(asked, asked + len(batch.documents))
        loss = loss_of(batch, questions, documents, memory, tuning)
        for group in optimiser.param_groups:
            group["lr"] = rate(step, steps, tuning)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        memory.extend(batch.keys, documents)
        losses.append(loss.item())
        if step % 50 == 49:
            spent = time.monotonic() - begun
            print(f"step {step + 1} of {steps}: loss {np.mean(losses[-50:]):.3f}, {spent:.0f} s", flush=True)


@torch.no_grad()
def with_tokens(weights: Mapping[str, torch.Tensor], texts: Sequence[str], dimensions: int) -> dict[str, torch.Tensor]:
    """The published weights and a projection of a token's state to begin with: the principal directions over `texts`."""
    network, tokenizer = Transformer(weights), plain_tokenizer()
    rows = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
    moments = torch.zeros(DIMENSIONS, DIMENSIONS)
    for row in rows:
        states = functional.normalize(network.states(*padded([row]))[0], dim=1)
        moments += states.T @ states
    return {**weights, "late.weight": torch.linalg.eigh(moments).eigenvectors[:, -dimensions:].T.contiguous()}


@torch.no_grad()
def mixed(start: Mapping[str, torch.Tensor], tuned: Mapping[str, torch.Tensor], share: float) -> Transformer:
    """The weights that the training began with, and the tuned ones, which weigh `share`."""
    return Transformer({name: torch.lerp(start[name].float(), one.float(), share) for name, one in tuned.items()})


@torch.no_grad()
def read(network: Transformer, texts: Sequence[str]) -> list[Encoding]:
    """What the network makes of texts, as `encode` does in training."""
    tokenizer, found = plain_tokenizer(), list[Encoding]()
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        part = encode(network, tokenizer, texts[start : start + _TEXTS_AT_ONCE])
        lengths = torch.bincount(part.owner, minlength=len(part.vectors)).tolist()
        starts = np.split(np.array(part.starts, np.uint32), np.cumsum(lengths)[:-1])
        tokens = torch.split(part.tokens, lengths)
        found += [
            Encoding(vector.numpy(), of_tokens.numpy(), first)
            for vector, of_tokens, first in zip(part.vectors, tokens, starts, strict=True)
        ]
    return found


def main() -> None:
    """Reads the command line, tunes and writes the weights."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    corpus_argument(parser)
    parser.add_argument("--output", type=Path, required=True, help="the file of weights to write")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    torch.manual_seed(Tuning.seed)
    corpus, papers = corpus_and_asked(arguments.corpus)
    tuning, known = Tuning(), {paper.title for paper in papers}
    bounds = pairwise([0, *tuning.chapters, len(papers)])
    chapters = [[paper for paper in papers[start:end] if not paper.is_held_out] for start, end in bounds]
    general = general_pairs([paper for paper in corpus if paper.title not in known], Random(tuning.seed))
    start = with_tokens(
        plain_weights(), [f"{paper.title}\n{paper.abstract}" for paper in corpus[:_SAMPLE]], tuning.dimensions
    )
    network = Transformer(start)
    for number, taken in enumerate(tuning.cycles):
        random = Random(tuning.seed + number)
        if taken.pools:
            so_far = mixed(start, network.named(), tuning.mixed)
            lessons = confused_lessons_of(
                pools_of(taken, chapters, random),
                partial(read, so_far),
                tuning,
                taken.steps // taken.pools_taken,
                random,
            )
        else:
            lessons = lessons_of(papers_of(taken, chapters, random), tuning, random)
        tune(network, lessons, general, tuning, taken.steps)
    network = mixed(start, network.named(), tuning.mixed)
    save_file({name: tensor.half().contiguous() for name, tensor in network.named().items()}, arguments.output)


if __name__ == "__main__":
    main()
