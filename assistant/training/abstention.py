"""Fits the shipped abstention estimate by leaving papers out.

    python -m assistant.training.abstention --corpus papers.jsonl.gz --benchmarks FOLDER

writes assistant/data/abstention.json. Run it again after every change of embedding, reranker, retrieval or sentence scores.

The questions are of three kinds, some in the papers' words and some in others, and no model was trained on them: the held-out
ones over papers of the corpus, the training claims of SciFact that measure and have evidence, and the summaries of SciTLDR's
development split. Each is asked in a library of all papers of its kind, or of some of them, as libraries differ in size, once
with its own papers and once without. Where one of them is among the passages the question counts as answered, else as not. The
off-topic questions of the shipped test set's development half are asked in the corpus's library, as often as it takes to weigh
a third of what is not answered, and its answerable ones over the seeds. What is printed for a kind is of an estimate that
did not see a fifth of its papers, and of one that saw none; what ships is fitted on all of them.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from assistant.abstention import SIGNS, WITHOUT_RERANKER, Calibration, features, fit
from assistant.evaluation.metrics import auroc, declined_at
from assistant.evaluation.testset import shipped_testset
from assistant.library import Assistant
from assistant.questions import read_question
from assistant.records import Paper
from assistant.training.asked import asked_papers
from assistant.training.corpus import read_papers
from assistant.training.measure import Task, scitldr_task
from assistant.training.public import measured_claims

OUTPUT = Path(__file__).parent.parent / "data" / "abstention.json"
QUESTIONS = 600  # of a kind
PAPERS = 1200  # of a kind, where there are more
SIZES = (3, 30, 100, 300, None)  # papers of a library, None for all
MEASURED = 5  # every fifth paper measures
OFF_TOPIC = 0.33  # share of off-topic questions among those that are not answered
Row = tuple[np.ndarray, bool]


def row_of(library: Assistant, question: str, right: set[str], papers: Sequence[str] | None = None) -> Row:
    """The features of a question asked in `papers`, and whether one of the `right` titles is among its passages."""
    passages = library.search(question, k=library.config.passages, papers=papers)
    words = library.lexical
    found = any(passage.paper.title in right for passage in passages)
    return features(read_question(question), passages, words.idf, words.is_known), found


@dataclass(frozen=True)
class Asked:
    """Papers, and questions each with the titles of the papers that answer it."""

    name: str
    papers: list[Paper]
    questions: list[tuple[str, set[str]]]


def asked_in_corpus(corpus: Path) -> Asked:
    """The held-out questions."""
    papers = [paper for paper in asked_papers(list(read_papers(corpus))) if paper.is_held_out]
    asked = [(question.text, {paper.title}) for paper in papers for question in paper.questions]
    return Asked("questions", [Paper(paper.title, " ".join(paper.sentences)) for paper in papers], asked)


def asked_by(task: Task, most: int = PAPERS) -> Asked:
    """A task's questions, over the papers that answer them and some others."""
    wanted = {place for grades in task.relevant for place in grades}
    others = [place for place in range(len(task.documents)) if place not in wanted]
    others = Random(1).sample(others, min(max(0, most - len(wanted)), len(others)))
    parts = {place: task.documents[place].partition("\n") for place in sorted([*wanted, *others])}
    papers = [Paper(title, abstract) for title, _, abstract in parts.values()]
    asked = [
        (text, {parts[place][0] for place in grades}) for text, grades in zip(task.queries, task.relevant, strict=True)
    ]
    return Asked(task.name, papers, asked)


def left_out_rows(asked: Asked, reranker: str, off_topic: bool) -> Iterator[tuple[str, Row]]:
    """A paper of each question, with the features of the question, with its papers and without."""
    random = Random(1)
    with tempfile.TemporaryDirectory() as folder, library_of(folder, reranker) as library:
        library.add(asked.papers)
        library.prepare()
        titles = sorted({paper.title for paper in asked.papers})
        chosen = random.sample(asked.questions, min(QUESTIONS, len(asked.questions)))
        for number, (question, own) in enumerate(chosen):
            size = SIZES[number % len(SIZES)] or len(titles)
            others = random.sample(
                [title for title in titles if title not in own], max(1, min(size, len(titles)) - len(own))
            )
            with_own = [*sorted(own), *others] if size < len(titles) else None
            yield min(own), row_of(library, question, own, with_own)
            yield min(own), row_of(library, question, own, others)
        for item in shipped_testset():
            if off_topic and item.split == "dev" and item.type == "off_topic":
                for size in SIZES:
                    some = random.sample(titles, size) if size else None
                    yield "", row_of(library, item.question, set(), some)


def seed_rows(reranker: str) -> Iterator[Row]:
    """The answerable development questions over the seeds."""
    with tempfile.TemporaryDirectory() as folder, library_of(folder, reranker) as library:
        for item in shipped_testset():
            if item.split == "dev" and not item.history and item.answerable:
                yield row_of(library, item.question, set(item.relevant))


def library_of(folder: str, reranker: str) -> Assistant:
    """An empty library."""
    return Assistant(data_dir=folder, model="extractive", reranker=reranker)


def fitted(rows: Sequence[Row]) -> Calibration:
    """Those whose passages hold the answer against the others."""
    found, others = (np.array([row for row, is_found in rows if is_found is wanted]) for wanted in (True, False))
    return fit(found, others, SIGNS[: found.shape[1]])


def weighed(rows: Sequence[tuple[str, Row]]) -> list[Row]:
    """The rows, those of off-topic questions as often as it takes."""
    left_out = [row for own, row in rows if own]
    off_topic = [row for own, row in rows if not own]
    wanted = OFF_TOPIC / (1 - OFF_TOPIC) * sum(not found for _, found in left_out)
    return left_out + off_topic * max(1, round(wanted / max(1, len(off_topic))))


def cut(rows: Sequence[tuple[str, Row]], count: int) -> list[tuple[str, Row]]:
    """The first `count` features of the rows that have as many."""
    return [(own, (row[:count], found)) for own, (row, found) in rows if len(row) >= count]


def figures(calibration: Calibration, rows: Sequence[Row]) -> str:
    """How well an estimate tells the rows of others apart: AUROC, and the share declined at 95 % kept."""
    kept = np.array([calibration.probability(row) for row, found in rows if found])
    lost = np.array([calibration.probability(row) for row, found in rows if not found])
    declined = np.mean(declined_at(kept, lost))
    return f"AUROC {auroc(kept, lost):.3f}, {declined:.3f} declined at 95 % kept ({len(kept)} found, {len(lost)} not)"


def main() -> None:
    """Fits with the shipped reranker and without any, as the features differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--corpus", type=Path, required=True, help="papers as gzip JSON lines with id, title and abstract"
    )
    parser.add_argument("--benchmarks", type=Path, required=True, help="the folder that holds scifact and scitldr")
    options = parser.parse_args()
    kinds = [
        asked_in_corpus(options.corpus),
        asked_by(measured_claims(options.benchmarks / "scifact", answered=True)),
        asked_by(scitldr_task(options.benchmarks / "scitldr", "dev")),
    ]
    calibrations: dict[str, dict] = {}
    for reranker in ("shipped", "off"):
        asked = {kind.name: list(left_out_rows(kind, reranker, kind is kinds[0])) for kind in kinds}
        seeds = list(seed_rows(reranker))
        counts = {"reread": WITHOUT_RERANKER + 2, "reread, words": WITHOUT_RERANKER}
        for name, count in (counts if reranker == "shipped" else {"words": WITHOUT_RERANKER}).items():
            rows = {kind: cut(found, count) for kind, found in asked.items()}
            more = [row for _, row in cut([("", row) for row in seeds], count)]
            print(f"{name}, {count} features")
            for kind in rows:
                measured = set(sorted({own for own, _ in rows[kind] if own})[::MEASURED])
                others = [row for other, found in rows.items() if other != kind for row in found]
                seen = [*others, *((own, row) for own, row in rows[kind] if own not in measured)]
                unseen = [row for own, row in rows[kind] if own in measured]
                print(f"  {kind}, papers kept out: {figures(fitted([*weighed(seen), *more]), unseen)}")
                every = [row for own, row in rows[kind] if own]
                print(f"  {kind}, all kept out: {figures(fitted([*weighed(others), *more]), every)}")
            together = [row for found in rows.values() for row in found]
            calibrations[name] = fitted([*weighed(together), *more]).to_dict()
            print(f"  weights {calibrations[name]['weights']}", flush=True)
    OUTPUT.write_text(json.dumps(calibrations) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
