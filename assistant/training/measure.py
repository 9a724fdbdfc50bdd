"""Development figures of an embedding: nDCG@10 of vectors alone, of BM25 alone and of both mixed."""

import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

Encode = Callable[[Sequence[str]], np.ndarray]


@dataclass(frozen=True)
class Task:
    """A search task: documents, queries, and for each query the grade (above 0) of its relevant document numbers."""

    name: str
    documents: list[str]
    queries: list[str]
    relevant: list[dict[int, float]]


def ndcg(scores: np.ndarray, grades: dict[int, float], depth: int = 10) -> float:
    """Return nDCG at `depth` of one query: `scores` has one number a document; ties go to the earlier document."""
    best = np.argsort(-scores, kind="stable")[:depth]
    discounts = 1 / np.log2(np.arange(2, depth + 2))
    gained = sum(grades.get(int(document), 0.0) * discount for document, discount in zip(best, discounts, strict=False))
    ideal = sum(
        grade * discount for grade, discount in zip(sorted(grades.values(), reverse=True), discounts, strict=False)
    )
    return float(gained / ideal) if ideal else 0.0


def scaled(scores: np.ndarray) -> np.ndarray:
    """Scale each row of (queries, documents) to 0..1; a row of equal scores becomes 0."""
    low, high = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
    return (scores - low) / np.maximum(high - low, 1e-9)


def mean_ndcg(scores: np.ndarray, relevant: Sequence[dict[int, float]]) -> float:
    """Return the mean nDCG@10 over the rows of (queries, documents)."""
    return float(np.mean([ndcg(row, grades) for row, grades in zip(scores, relevant, strict=True)]))


def bm25_scores(task: Task) -> np.ndarray:
    """Return BM25 scores (queries, documents) with English stop words and the Snowball stemmer."""
    import bm25s
    import Stemmer

    stemmer = Stemmer.Stemmer("english")
    index = bm25s.BM25()
    index.index(
        bm25s.tokenize(task.documents, stopwords="en", stemmer=stemmer, show_progress=False), show_progress=False
    )
    queries = bm25s.tokenize(task.queries, stopwords="en", stemmer=stemmer, return_ids=False, show_progress=False)
    rows = [index.get_scores(words) if words else np.zeros(len(task.documents), np.float32) for words in queries]
    return np.stack(rows)


def best_mix(words: np.ndarray, vectors: np.ndarray, relevant: Sequence[dict[int, float]]) -> tuple[float, float]:
    """Return (weight of the vectors, nDCG@10) of the best min-max mixture with BM25, over weights in steps of 0.1."""
    tried = [(step / 10, mean_ndcg((1 - step / 10) * words + step / 10 * vectors, relevant)) for step in range(1, 10)]
    return max(tried, key=lambda pair: pair[1])


def figures(task: Task, encode: Encode, words: np.ndarray | None = None) -> dict[str, float]:
    """Measure one task; `words` are its BM25 scores where they are at hand.

    Out: `queries` (count), nDCG@10 as `bm25`, `vectors`, `mixed`, and the `weight` of the vectors in the best mixture.
    """
    words = bm25_scores(task) if words is None else words
    vectors = encode(task.queries).astype(np.float32) @ encode(task.documents).astype(np.float32).T
    weight, mixed = best_mix(scaled(words), scaled(vectors), task.relevant)
    alone = mean_ndcg(vectors, task.relevant)
    count = len(task.queries)
    return {
        "queries": count,
        "bm25": mean_ndcg(words, task.relevant),
        "vectors": alone,
        "mixed": mixed,
        "weight": weight,
    }


def read_lines(path: Path) -> list[dict]:
    """Read JSON lines, gzip or plain."""
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")
    # Not splitlines: abstracts may hold other line separators of Unicode.
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def scitldr_task(folder: Path, split: str = "dev") -> Task:
    """Return known-item search: every summary of the split's papers against all abstracts of the three splits."""
    papers = [(name, paper) for name in ("dev", "train", "test") for paper in read_lines(folder / f"{name}.jsonl.gz")]
    documents = [f"{paper['title']}\n{' '.join(paper['source'])}" for _, paper in papers]
    asked = [(text, place) for place, (name, paper) in enumerate(papers) if name == split for text in paper["target"]]
    return Task(f"SciTLDR {split}", documents, [text for text, _ in asked], [{place: 1.0} for _, place in asked])


def scifact_task(folder: Path, split: str = "train") -> Task:
    """Return the claims of a BEIR split against the 5,183 abstracts."""
    papers = read_lines(folder / "corpus.jsonl.gz")
    places = {str(paper["_id"]): place for place, paper in enumerate(papers)}
    claims = {str(claim["_id"]): claim["text"] for claim in read_lines(folder / "queries.jsonl")}
    relevant: dict[str, dict[int, float]] = {}
    for line in (folder / f"beir_{split}.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        claim, paper, grade = line.split("\t")
        relevant.setdefault(claim, {})[places[paper]] = float(grade)
    documents = [f"{paper['title']}\n{paper['text']}" for paper in papers]
    return Task(f"SciFact {split}", documents, [claims[claim] for claim in relevant], list(relevant.values()))


def question_task(papers_file: Path, question_files: Sequence[Path], split: str = "dev") -> Task:
    """Return the hand-written paraphrased questions of a split against the papers they were written over."""
    papers = read_lines(papers_file)
    places = {paper["title"]: place for place, paper in enumerate(papers)}
    asked = [line for path in question_files for line in read_lines(path)]
    asked = [line for line in asked if line["split"] == split and line["type"] == "paraphrase"]
    documents = [f"{paper['title']}\n{paper['abstract']}" for paper in papers]
    relevant = [{places[title]: float(grade) for title, grade in line["relevant"].items()} for line in asked]
    return Task(f"paraphrased questions {split}", documents, [line["question"] for line in asked], relevant)
