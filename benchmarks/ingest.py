"""Adding papers and searching them at scale, beside what bare Chroma and bare tantivy need for the same.

    python benchmarks/ingest.py FOLDER_OR_JSONL [--papers N] [--questions N] [--library FOLDER]

Takes the first N papers of a JSON Lines file, gzipped or not (in a folder: of papers.jsonl.gz), into a fresh library in a
temporary folder through `Assistant.add`, then adds the same file again. The limit is upserting the very same ids, vectors,
texts and metadata into an empty Chroma collection of the same settings, in the same process, in batches of 5,000.
Searches and answers are of the questions of the shipped test set, after ten that warm up: without the reranker, then with
it, once while it finds no passage read, and once more when it has read those. Processor seconds stand beside wall seconds,
because those of a shared machine say as much about its other users.

With --library the library stays in that folder; one that is there is only searched.
"""

import argparse
import gzip
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import chromadb
import numpy as np
import tantivy

from assistant import Assistant
from assistant.evaluation import shipped_testset
from assistant.questions.reading import read_question
from assistant.retrieval.reranking import LateInteraction

_LIMIT_BATCH = 5000  # Chroma refuses more than 5,461 at once
_WARM_UP = 10
_K = 10


class Spent(NamedTuple):
    """Wall seconds, and processor seconds over all threads and the child processes that have ended."""

    wall: float
    processor: float

    def __str__(self) -> str:
        return f"{self.wall:.2f} s (processor {self.processor:.2f} s)"


def timed(call: Callable[[], Any]) -> tuple[Spent, Any]:
    """What the call took, and what it returned."""
    wall, processor = time.perf_counter(), processor_seconds()
    result = call()
    return Spent(time.perf_counter() - wall, processor_seconds() - processor), result


def processor_seconds() -> float:
    """Of this process and of its children that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def peak_memory() -> float:
    """The most memory that this process has held so far, in MB (Linux counts it in KB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def size_on_disk(folder: Path) -> float:
    """MB that the files below `folder` take up; a sparse file counts what it holds."""
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file()) / 1e6


def first_papers(given: Path, count: int, target: Path) -> None:
    """Writes the first `count` lines of the file, or of the folder's papers.jsonl.gz, to `target`."""
    path = given / "papers.jsonl.gz" if given.is_dir() else given
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines, target.open("wb") as out:
        out.writelines(islice(lines, count))


def contents(library: Assistant) -> Iterator[dict[str, Any]]:
    """What the library's Chroma collection holds, as the arguments of upserts, read out before any clock runs."""
    collection = library._holdings.indexes.vectors._collection
    for offset in range(0, collection.count(), _LIMIT_BATCH):
        got = collection.get(limit=_LIMIT_BATCH, offset=offset, include=["embeddings", "metadatas", "documents"])
        yield {name: got[name] for name in ("ids", "embeddings", "metadatas", "documents")}


def bare_chroma(library: Assistant, folder: Path) -> Spent:
    """What it takes to upsert what the library's collection holds into a new one with its settings."""
    batches = list(contents(library))
    hnsw = library._holdings.indexes.vectors._collection.configuration["hnsw"]
    settings: Any = {"hnsw": {name: hnsw[name] for name in ("space", "ef_search", "ef_construction")}}
    client = chromadb.PersistentClient(str(folder))
    collection = client.create_collection("bare", embedding_function=None, configuration=settings)
    return timed(lambda: [collection.upsert(**batch) for batch in batches])[0]


def show_searches(name: str, search: Callable[[Any], Any], queries: Sequence[Any], warm_up: int = _WARM_UP) -> None:
    """A line with the median and the 95th percentile of the milliseconds of one query; the first ones warm up."""
    for query in queries[:warm_up]:
        search(query)
    spent = [timed(lambda query=query: search(query))[0].wall * 1000 for query in queries[warm_up:]]
    p50, p95 = statistics.median(spent), float(np.percentile(spent, 95))
    print(f"{name:34} p50 {p50:7.1f} ms  p95 {p95:7.1f} ms  n={len(spent)}", flush=True)


def show_adding(library: Assistant, scratch: Path) -> None:
    """Adds papers.jsonl of the folder, then what the limit takes, then adds it again."""
    before = peak_memory()
    spent, report = timed(lambda: library.add(scratch / "papers.jsonl"))
    papers = library.counts()[0]
    print(f"added {papers:,} papers    {spent}, {papers / spent.wall:.0f} papers/s")
    print(f"  of which reading to embedding    {report.seconds:.2f} s; the rest goes into both indexes")
    print(f"peak memory                        {peak_memory():.0f} MB ({before:.0f} MB before adding)")
    limit = bare_chroma(library, scratch / "bare")
    print(f"bare Chroma upserts                {limit}")
    ratios = spent.wall / limit.wall, spent.processor / limit.processor
    print(f"adding / bare Chroma               {ratios[0]:.2f} (processor {ratios[1]:.2f})")
    again, report = timed(lambda: library.add(scratch / "papers.jsonl"))
    changed = report.papers - report.files[0].unchanged
    print(
        f"the same file again                {again}, {again.wall / spent.wall:.1%}; {changed} papers changed",
        flush=True,
    )


def questions_to_ask(count: int) -> list[str]:
    """The first `count` questions of the shipped test set that stand alone."""
    return [item.question for item in shipped_testset() if not item.history][:count]


def compare_searches(library: Assistant, questions: Sequence[str]) -> None:
    """Our search without the reranker, then both of its engines alone, for the same questions; answers to others."""
    questions, others = questions[::2], questions[1::2]
    show_searches("search (reranker off)", lambda question: library.search(question, k=_K), questions)
    collection = library._holdings.indexes.vectors._collection
    vectors = library._holdings.embedder.encode(questions)
    show_searches(
        "bare Chroma query", lambda vector: collection.query(query_embeddings=[vector], n_results=_K), list(vectors)
    )
    index = tantivy.Index.open(str(library._holdings.indexes.lexical.folder))
    searcher = index.searcher()
    words = [" ".join(read_question(question).terms) for question in questions]

    def bm25(text: str) -> list[Any]:
        query, _ = index.parse_query_lenient(text, ["text"])
        return [searcher.doc(address) for _, address in searcher.search(query, _K).hits]

    show_searches("bare tantivy query", bm25, words)
    show_searches("answer (reranker off)", library.ask, others)


def show_reranked(library: Assistant, questions: Sequence[str]) -> None:
    """Answers with the reranker that finds nothing read before, then to the same questions in slightly other words."""
    assert isinstance(library._holdings.reranker, LateInteraction)
    library._holdings.reranker.forget_all_but(())
    library.ask("Is there a method that says when it is done?")  # loads the model
    show_searches("answer, passages not read before", library.ask, questions, warm_up=0)
    reworded = [f"Tell me this: {question}" for question in questions]
    show_searches("answer, most passages read before", library.ask, reworded)
    reworded = [f"I wonder about this: {question}" for question in questions]
    show_searches("search, most passages read before", lambda question: library.search(question, k=_K), reworded)


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("papers_from", type=Path, metavar="FOLDER_OR_JSONL")
    parser.add_argument("--papers", type=int, default=5000, help="how many papers to add (default 5,000)")
    parser.add_argument("--questions", type=int, default=200, help="how many searches to time (default 200)")
    parser.add_argument("--library", type=Path, help="keep the library in this folder, or search the one that is there")
    options = parser.parse_args()
    questions = questions_to_ask(options.questions)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        folder = options.library or scratch / "library"
        with Assistant(data_dir=folder, model="extractive", reranker="off") as library:
            if not library.counts()[0]:
                first_papers(options.papers_from, options.papers, scratch / "papers.jsonl")
                show_adding(library, scratch)
            papers, chunks = library.counts()
            print(f"{papers:,} papers, {chunks:,} chunks; on disk {size_on_disk(folder):.0f} MB")
            compare_searches(library, questions)
        with Assistant(data_dir=folder, model="extractive", reranker="shipped") as library:
            show_reranked(library, questions[::4])
        print(f"peak memory                        {peak_memory():.0f} MB")


if __name__ == "__main__":
    main()
