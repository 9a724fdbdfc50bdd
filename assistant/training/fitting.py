"""The training loop: pairs of the corpus by contrast, and the teacher's view of short texts by imitation."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import cos, pi

import numpy as np
import torch

from assistant.training.bags import Bag, Texts, gather
from assistant.training.pairs import Library, Mixture, harder, joined, paper_pairs, text_pairs
from assistant.training.student import Student, contrast, imitation


@dataclass(frozen=True)
class Fitting:
    """Settings of the training loop."""

    steps: int = 600
    batch: int = 2048
    summaries: int = 40
    lessons: int = 1024
    temperature: float = 0.05
    imitation_weight: float = 5.0
    vector_rate: float = 1e-3
    weight_rate: float = 5e-3
    turn_rate: float = 5e-4
    warm_up: int = 20
    seed: int = 0
    mixture: Mixture = field(default_factory=Mixture)


@dataclass(frozen=True)
class Material:
    """What is learned from: papers, summaries with their abstracts (text by text), and taught texts with vectors.

    `taught` holds the teacher's vectors, float16 of shape (texts, 384), of the texts of `lessons`.
    """

    library: Library
    summaries: Texts
    abstracts: Texts
    lessons: Texts
    taught: np.ndarray


def rounds(count: int, size: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield for ever `size` numbers below `count`, each number once a round, every round in a new order."""
    while True:
        order = random.permutation(count)
        for start in range(0, count - size + 1, size):
            yield order[start : start + size]


def pair_batch(
    material: Material, papers: np.ndarray, fitting: Fitting, size: int, random: np.random.Generator
) -> tuple[Bag, Bag]:
    """Return the queries and documents of one batch; `size` is the number of tokens of the table."""
    query, document = paper_pairs(material.library, papers, fitting.mixture, random)
    rows = random.choice(material.summaries.count, fitting.summaries, replace=False)
    more_queries, more_documents = text_pairs(material.summaries, material.abstracts, rows)
    query, document = joined(query, more_queries), joined(document, more_documents)
    return harder(query, document, size, fitting.mixture, random), document


def rate(step: int, fitting: Fitting) -> float:
    """Return the share of the learning rate at a step: a short rise, then half a cosine down to 2 %."""
    rise = min(1.0, (step + 1) / fitting.warm_up)
    return rise * (0.02 + 0.98 * 0.5 * (1 + cos(pi * step / fitting.steps)))


def fit(student: Student, material: Material, fitting: Fitting) -> None:
    """Train the student in place and print the losses now and then."""
    random = np.random.default_rng(fitting.seed)
    rates = [fitting.vector_rate, fitting.weight_rate, fitting.turn_rate]
    parameters = [student.vectors, student.weights, student.turn]
    groups = [{"params": [one], "lr": speed} for one, speed in zip(parameters, rates, strict=True)]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.0, betas=(0.9, 0.99), fused=True)
    batches = rounds(len(material.library.firsts) - 1, fitting.batch - fitting.summaries, random)
    for step in range(fitting.steps):
        for group, speed in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = speed * rate(step, fitting)
        query, document = pair_batch(material, next(batches), fitting, len(student.vectors), random)
        rows = random.choice(len(material.taught), fitting.lessons, replace=False)
        bounds = material.lessons.bounds
        lesson = gather(material.lessons.identifiers, bounds[rows], bounds[rows + 1])
        asked, found, texts = student([query, document, lesson])
        matched = contrast(asked, found, fitting.temperature)
        copied = imitation(texts, torch.from_numpy(material.taught[rows].astype(np.float32)), fitting.temperature)
        optimiser.zero_grad()
        (matched + fitting.imitation_weight * copied).backward()
        optimiser.step()
        if step % 50 == 0:
            print(f"step {step}: contrast {matched.item():.3f}, imitation {copied.item():.3f}", flush=True)
