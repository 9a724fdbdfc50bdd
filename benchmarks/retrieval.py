"""Known-item and claim retrieval on sets that this project did not write, beside BM25 alone and the vectors alone.

    python benchmarks/retrieval.py FOLDER [--limit N]

FOLDER holds scifact/ (corpus.jsonl.gz, queries.jsonl, beir_train.tsv, beir_test.tsv) and scitldr/ (the three splits).
Every set becomes a library of its own in a temporary folder, searched through `Assistant.search`, as any user's
papers are. Last it is calibrated, as with `assistant eval calibrate`, by a hundred questions that are not of its test split:
claims of SciFact's training split, summaries of SciTLDR's development split.
"""

import argparse
import gzip
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from assistant import Assistant, Paper
from assistant.evaluation import Item, calibrate
from assistant.evaluation.metrics import ndcg_at
from assistant.evaluation.statistics import mean_figure, signed_interval

WAYS: dict[str, dict[str, Any]] = {
    "ours": {},
    "without reranker": {"rerank": False},
    "BM25 alone": {"dense_weight": 0.0},
    "vectors alone": {"dense_weight": 1.0},
    "ours, calibrated": {},
}
CALIBRATING = 100  # questions
LONGEST = 3900  # characters of a question: some summaries are longer than one may be


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON Lines file, gzipped or not."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    yield from map(json.loads, filter(str.strip, text.split("\n")))


Asked = list[tuple[str, dict[str, int]]]  # questions, each with the ids of the papers that answer it, and their grades


def scifact(folder: Path) -> tuple[list[Paper], Asked, Asked]:
    """The abstracts, the 300 test claims, and those of the training split."""
    papers = [
        Paper(
            title=row["title"],
            abstract=row["text"] if isinstance(row["text"], str) else " ".join(row["text"]),
            id=str(row["_id"]),
        )
        for row in lines(folder / "corpus.jsonl.gz")
    ]
    claims = {str(row["_id"]): row["text"] for row in lines(folder / "queries.jsonl")}

    def asked(split: str) -> Asked:
        relevant: dict[str, dict[str, int]] = {}
        for line in (folder / f"beir_{split}.tsv").read_text(encoding="utf-8").splitlines()[1:]:
            query, document, grade = line.split("\t")
            relevant.setdefault(query, {})[document] = int(grade)
        return [(claims[query], grades) for query, grades in relevant.items()]

    return papers, asked("test"), asked("train")


def scitldr(folder: Path) -> tuple[list[Paper], Asked, Asked]:
    """All papers, each summary of the test split with its own paper, and those of the development split."""
    papers: list[Paper] = []
    asked: dict[str, Asked] = {}
    for split in ("train", "dev", "test"):
        for row in lines(folder / f"{split}.jsonl.gz"):
            identifier = "".join(letter for letter in str(row["paper_id"]) if letter.isalnum())
            papers.append(Paper(title=row.get("title") or identifier, abstract=" ".join(row["source"]), id=identifier))
            asked.setdefault(split, []).extend((summary, {identifier: 1}) for summary in row["target"])
    return papers, asked["test"], asked["dev"]


def calibrated(library: Assistant, others: Asked) -> None:
    """Calibrates the library with some of these questions, and says what that found."""
    titles = {paper.id: paper.title for paper in library.papers()}
    items = [
        Item(str(number), text[:LONGEST], "own", True, relevant={titles[key]: grade for key, grade in grades.items()})
        for number, (text, grades) in enumerate(Random(1).sample(others, CALIBRATING))
    ]
    start = time.monotonic()
    found = calibrate(library, items)
    if found.ranking:
        before, now = found.ranking
        seconds = time.monotonic() - start
        print(
            f"  calibrated with {found.ranked} other questions in {seconds:.0f} s: their nDCG@10 {before:.3f}, {now:.3f} with "
            f"weights of its own, which are {'' if found.reordered else 'not '}in force"
        )


def main() -> None:
    """Prints a table for each set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, help="ask only the first N questions of each set")
    options = parser.parse_args()
    for name, load in {"scifact": scifact, "scitldr": scitldr}.items():
        papers, queries, others = load(options.folder / name)
        with tempfile.TemporaryDirectory() as data_dir, Assistant(data_dir=data_dir, model="extractive") as library:
            start = time.monotonic()
            library.add(papers)
            print(f"{name}: {len(papers)} papers added in {time.monotonic() - start:.1f} s")
            prepared = time.monotonic()
            print(f"  the reranker read {library.prepare()} passages in {time.monotonic() - prepared:.0f} s")
            ours: list[float] = []
            for way, options_of_search in WAYS.items():
                if way == "ours, calibrated":
                    calibrated(library, others)
                scores, clusters, seconds = [], [], []
                for text, relevant in queries[: options.limit]:
                    start = time.monotonic()
                    found = library.search(text[:LONGEST], k=20, **options_of_search)
                    seconds.append(time.monotonic() - start)
                    ranked = list(dict.fromkeys(passage.paper.id for passage in found))
                    scores.append(ndcg_at(ranked, relevant, 10))
                    clusters.append(next(iter(relevant)))
                ours = ours or scores
                figure = mean_figure(way, scores, clusters)
                gain = mean_figure(way, [a - b for a, b in zip(ours, scores, strict=True)], clusters)
                median = sorted(seconds)[len(seconds) // 2]
                print(
                    f"  {way:16} nDCG@10 {figure.value:.3f} [{figure.interval_in_words}] n={figure.count}"
                    f"  ours better by {gain.value:+.3f} [{signed_interval(gain.low, gain.high)}]"
                    f"  median search {median * 1000:.0f} ms",
                    flush=True,
                )


if __name__ == "__main__":
    main()
