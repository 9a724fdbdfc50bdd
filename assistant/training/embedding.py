"""Trains the static sentence embedding that the package ships and writes it in Model2Vec's format.

Command:  python -m assistant.training.embedding --corpus papers.jsonl.gz --benchmarks FOLDER --output FOLDER

About a quarter of an hour on two free cores, half of it for the teacher's answers, which `--cache` keeps. All draws
are seeded, so the same machine with the same number of threads gives the same table as far as PyTorch's arithmetic does.
"""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from assistant.training.bags import Texts, bag_sum, gather, tokenise
from assistant.training.corpus import Paper, read_papers, sentences, shuffled
from assistant.training.export import export, quantise
from assistant.training.fitting import Fitting, Material, fit
from assistant.training.lessons import ask, ask_tokens, one_sentence
from assistant.training.measure import Encode, Task, figures, read_lines, scifact_task, scitldr_task
from assistant.training.pairs import Library
from assistant.training.student import Student
from assistant.training.teacher import Teacher, teacher_folder
from assistant.training.words import count_words, extended_tokenizer, new_words, pieces_to_keep

NEW_WORDS = 8_000
# A token that makes up this share of all tokens starts with half weight (smooth inverse frequency).
SMOOTHING = 3e-4
TAUGHT_TITLES = 50_000
# The papers whose sentences are taught: others than those whose titles are, for more variety.
TAUGHT_SENTENCES = slice(60_000, 110_000)


def make_tokens(papers: list[Paper]) -> tuple[list[str], str, np.ndarray]:
    """Return the tokens, the tokenizer as JSON, and how often each token occurs in the corpus (tokens,)."""
    described = (teacher_folder() / "tokenizer.json").read_text(encoding="utf-8")
    vocabulary = json.loads(described)["model"]["vocab"]
    words = count_words((f"{paper.title} {paper.abstract}" for paper in papers), described)
    tokens = pieces_to_keep(vocabulary) + new_words(words, vocabulary, NEW_WORDS)
    extended = extended_tokenizer(described, tokens)
    tokenizer = Tokenizer.from_str(extended)
    counts = np.zeros(len(tokens))
    for word, count in words.items():
        np.add.at(counts, tokenizer.encode(word).ids, count)
    return tokens, extended, counts


def first_student(vectors: np.ndarray, counts: np.ndarray) -> Student:
    """Return the untrained student: the teacher's token vectors (tokens, 384), centred, with inverse frequencies."""
    shares = counts / counts.sum()
    centred = vectors - (vectors * shares[:, None]).sum(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    return Student(centred, SMOOTHING / (SMOOTHING + np.maximum(shares, 1e-7)))


def make_library(tokenizer: Tokenizer, papers: list[Paper]) -> Library:
    """Tokenise titles and sentences of the papers."""
    parts = [sentences(paper.abstract) or [paper.abstract] for paper in papers]
    firsts = np.concatenate([[0], np.cumsum([len(part) for part in parts])])
    titles = tokenise(tokenizer, [paper.title for paper in papers])
    return Library(titles, tokenise(tokenizer, [sentence for part in parts for sentence in part]), firsts)


def summary_texts(tokenizer: Tokenizer, file: Path) -> tuple[Texts, Texts]:
    """Return the SciTLDR training summaries and, text by text, the titles with abstracts that they sum up."""
    papers = read_lines(file)
    pairs = [(text, f"{paper['title']} {' '.join(paper['source'])}") for paper in papers for text in paper["target"]]
    return tokenise(tokenizer, [text for text, _ in pairs]), tokenise(tokenizer, [text for _, text in pairs])


def make_encoder(table: np.ndarray, tokenizer: Tokenizer) -> Encode:
    """Return a function from texts to vectors (texts, dimensions) that reads the table as stored, in int8."""
    rows, weights = quantise(table)
    stored = torch.from_numpy(rows * weights[:, None])

    def encode(texts: list[str]) -> np.ndarray:
        taken = tokenise(tokenizer, list(texts))
        summed = bag_sum(stored, gather(taken.identifiers, taken.bounds[:-1], taken.bounds[1:]))
        return torch.nn.functional.normalize(summed, dim=1).numpy()

    return encode


def report(name: str, table: np.ndarray, tokenizer: Tokenizer, tasks: list[Task]) -> None:
    """Print the development figures of a table."""
    encode = make_encoder(table, tokenizer)
    for task in tasks:
        rounded = {key: round(value, 3) for key, value in figures(task, encode).items()}
        print(f"{name}: {task.name}: {rounded}", flush=True)


def train(corpus: Path, benchmarks: Path, cache: Path, fitting: Fitting) -> tuple[np.ndarray, str]:
    """Train and measure; return the table (tokens, dimensions) and the tokenizer as JSON."""
    papers = shuffled(list(read_papers(corpus)))
    tokens, described, counts = make_tokens(papers)
    tokenizer, teacher = Tokenizer.from_str(described), Teacher()
    lessons = [paper.title for paper in papers[:TAUGHT_TITLES]] + [one_sentence(p) for p in papers[TAUGHT_SENTENCES]]
    vectors = ask_tokens(teacher, tokens).astype(np.float32)
    summaries, abstracts = summary_texts(tokenizer, benchmarks / "scitldr" / "train.jsonl.gz")
    taught = ask(teacher, lessons, cache)
    library = make_library(tokenizer, papers)
    material = Material(library, summaries, abstracts, tokenise(tokenizer, lessons), taught)
    tasks = [scitldr_task(benchmarks / "scitldr"), scifact_task(benchmarks / "scifact")]
    student = first_student(vectors, counts)
    report("untrained", student.table(), tokenizer, tasks)
    fit(student, material, fitting)
    report("trained", student.table(), tokenizer, tasks)
    return student.table(), described


def main() -> None:
    """Read the command line, train and write the embedding."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True, help="papers as gzip JSON lines with title and abstract")
    parser.add_argument("--benchmarks", type=Path, required=True, help="the folder that holds scitldr and scifact")
    parser.add_argument("--output", type=Path, required=True, help="the folder to write the embedding to")
    parser.add_argument("--cache", type=Path, default=Path(".training"), help="where the teacher's answers are kept")
    parser.add_argument("--steps", type=int, default=Fitting.steps, help="how many batches to train on")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    torch.manual_seed(Fitting.seed)
    fitting = replace(Fitting(), steps=arguments.steps)
    print(asdict(fitting), flush=True)
    table, described = train(arguments.corpus, arguments.benchmarks, arguments.cache, fitting)
    print(f"SHA-256 of model.safetensors: {export(arguments.output, table, described)}")


if __name__ == "__main__":
    main()
