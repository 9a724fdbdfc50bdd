"""Trains the shipped static embedding further, on questions asked in other words than the papers' (`questions.jsonl`).

Command:  python -m assistant.training.further --corpus papers.jsonl.gz scifact/corpus.jsonl.gz --benchmarks FOLDER

It starts from the embedding in assistant/data/embedding, which must be as the first training left it, and writes it anew. Each
batch holds questions with their papers, and titles and sentences of other papers as in the first training, so that it keeps
what it knew. A few minutes on two free cores.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from assistant.training.asked import AskedPaper, corpus_and_asked, held_out_task, paraphrases
from assistant.training.bags import Bag, Texts, gather, tokenise
from assistant.training.corpus import corpus_argument
from assistant.training.embedding import make_library, report
from assistant.training.export import export
from assistant.training.fitting import Fitting, rate, rounds
from assistant.training.measure import scifact_task, scitldr_task
from assistant.training.pairs import Library, Mixture, harder, joined, paper_pairs
from assistant.training.student import Student, contrast

EMBEDDING = Path(__file__).parent.parent / "data" / "embedding"


@dataclass(frozen=True)
class Further:
    """Settings of the run."""

    steps: int = 600
    asked: int = 1024  # papers with questions a batch, one question of each
    others: int = 1024  # papers without
    corpus: int = 60_000
    temperature: float = 0.05
    vector_rate: float = 5e-4
    weight_rate: float = 1e-3
    turn_rate: float = 2e-4
    seed: int = 0


@dataclass(frozen=True)
class Asked:
    """Tokenised papers with questions; those of paper p are `firsts[p] .. firsts[p + 1]`."""

    papers: Texts
    questions: Texts
    firsts: np.ndarray

    def pairs(self, rows: np.ndarray, random: np.random.Generator) -> tuple[Bag, Bag]:
        """One question of each of these papers, and the papers."""
        first, after = self.firsts[rows], self.firsts[rows + 1]
        chosen = first + (random.random(len(rows)) * (after - first)).astype(np.int64)
        return _bag(self.questions, chosen), _bag(self.papers, rows)


def _bag(texts: Texts, rows: np.ndarray) -> Bag:
    return gather(texts.identifiers, texts.bounds[rows], texts.bounds[rows + 1])


def tokenised(tokenizer: Tokenizer, papers: list[AskedPaper]) -> Asked:
    """The papers with their questions as token identifiers."""
    questions = [question.text for paper in papers for question in paper.questions]
    firsts = np.concatenate([[0], np.cumsum([len(paper.questions) for paper in papers])])
    return Asked(tokenise(tokenizer, [paper.text for paper in papers]), tokenise(tokenizer, questions), firsts)


def train(student: Student, asked: Asked, library: Library, settings: Further) -> None:
    """Train the student in place."""
    random = np.random.default_rng(settings.seed)
    rates = [settings.vector_rate, settings.weight_rate, settings.turn_rate]
    parameters = [student.vectors, student.weights, student.turn]
    groups = [{"params": [one], "lr": speed} for one, speed in zip(parameters, rates, strict=True)]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.0, betas=(0.9, 0.99), fused=True)
    schedule = Fitting(steps=settings.steps)
    asking = rounds(asked.papers.count, settings.asked, random)
    others = rounds(len(library.firsts) - 1, settings.others, random)
    for step in range(settings.steps):
        for group, speed in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = speed * rate(step, schedule)
        questions, papers = asked.pairs(next(asking), random)
        query, document = paper_pairs(library, next(others), Mixture(), random)
        query = harder(query, document, len(student.vectors), Mixture(), random)
        found = student([joined(questions, query), joined(papers, document)])
        loss = contrast(*found, settings.temperature)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 20 == 0:
            print(f"step {step}: {loss.item():.3f}", flush=True)


def main() -> None:
    """Read the command line, train, measure and write the embedding."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    corpus_argument(parser)
    parser.add_argument("--benchmarks", type=Path, required=True, help="the folder that holds scitldr and scifact")
    parser.add_argument("--output", type=Path, default=EMBEDDING, help="the folder to write the embedding to")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    torch.manual_seed(Further.seed)
    described = (EMBEDDING / "tokenizer.json").read_text(encoding="utf-8")
    tokenizer, stored = Tokenizer.from_str(described), load_file(EMBEDDING / "model.safetensors")
    rows = stored["embeddings"].astype(np.float32) * stored["weights"][:, None]
    lengths = np.maximum(
        np.linalg.norm(rows, axis=1), 1e-6
    )  # the rates suit vectors of length 1, as in the first training
    student = Student(rows / lengths[:, None], lengths)
    corpus, papers = corpus_and_asked(arguments.corpus)
    known = {paper.title for paper in papers}
    library = make_library(tokenizer, [paper for paper in corpus if paper.title not in known][: Further.corpus])
    asked = tokenised(tokenizer, [paper for paper in papers if not paper.is_held_out])
    held_out = [paper for paper in papers if paper.is_held_out]
    tasks = [
        scitldr_task(arguments.benchmarks / "scitldr"), scifact_task(arguments.benchmarks / "scifact"), paraphrases(),
        *(held_out_task(held_out, kind) for kind in ("p", "n")),
    ]  # fmt: skip
    report("before", student.table(), tokenizer, tasks)
    train(student, asked, library, Further())
    report("after", student.table(), tokenizer, tasks)
    print(f"SHA-256 of model.safetensors: {export(arguments.output, student.table(), described)}")


if __name__ == "__main__":
    main()
