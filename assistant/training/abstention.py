"""Fits the shipped abstention estimate by leaving papers out.

    python -m assistant.training.abstention --corpus papers.jsonl.gz

writes assistant/data/abstention.json. Run it again after every change of embedding, reranker, ranking, retrieval or sentence
scores.

The questions are the held-out ones over papers of the corpus, which no model was trained on: each is asked in a library of all
held-out papers, or of some of them, as libraries differ in size, once with its own paper and once without. (With those over
SciFact's abstracts too, which share more words, .89 of the development half's were kept and not .96.) Where its paper is
among the passages the question counts as answered, else as not. Off-topic questions (`off_topic.txt`, and those of the shipped
test set's development half) are asked in the same libraries and weigh half of what is not answered; the answerable ones of
that half are asked over the seeds. What is printed is of an estimate that did not see a fifth of the papers; what ships is
fitted on all of them.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import numpy as np

from assistant.answering.abstention import SIGNS, WITHOUT_RERANKER, Calibration, features, fit
from assistant.evaluation.metrics import auroc, declined_at
from assistant.evaluation.testset import shipped_testset
from assistant.library import Assistant
from assistant.questions.reading import read_question
from assistant.records import Paper
from assistant.training.asked import AskedPaper, held_out_papers

OUTPUT = Path(__file__).parent.parent / "data" / "abstention.json"
QUESTIONS = 1000
SIZES = (3, 30, 100, 300, None)  # papers of a library, None for all
MEASURED = 5  # every fifth paper measures
OFF_TOPIC = 0.5  # weight of off-topic questions among those that are not answered
EVERYDAY = Path(__file__).parent / "off_topic.txt"
Row = tuple[np.ndarray, bool]


def row_of(library: Assistant, question: str, right: set[str], papers: Sequence[str] | None = None) -> Row:
    """The features of a question asked in `papers`, and whether one of the `right` titles is among its passages."""
    passages = library.search(question, k=library.config.passages, papers=papers)
    words = library.lexical
    found = any(passage.paper.title in right for passage in passages)
    return features(read_question(question), passages, words.idf, words.is_known), found


def left_out_rows(papers: Sequence[AskedPaper], reranker: str) -> Iterator[tuple[str, Row]]:
    """Each question's paper, with the features of the question, with its paper and without."""
    random = Random(1)
    asked = [(question.text, paper.title) for paper in papers for question in paper.questions]
    asked = random.sample(asked, min(QUESTIONS, len(asked)))
    with tempfile.TemporaryDirectory() as folder, library_of(folder, reranker) as library:
        library.add([Paper(paper.title, " ".join(paper.sentences)) for paper in papers])
        library.prepare()
        titles = [paper.title for paper in papers]
        for number, (question, own) in enumerate(asked):
            size = SIZES[number % len(SIZES)] or len(titles)
            others = random.sample([title for title in titles if title != own], min(size, len(titles)) - 1)
            yield own, row_of(library, question, {own}, [own, *others] if size < len(titles) else None)
            yield own, row_of(library, question, {own}, others)
        for number, question in enumerate(off_topic_questions()):
            size = SIZES[number % len(SIZES)]
            yield "", row_of(library, question, set(), random.sample(titles, min(size, len(titles))) if size else None)


def off_topic_questions() -> list[str]:
    """Questions that no paper is about: of everyday life, some in words of the field ("layers", "fine tuning")."""
    tested = [item.question for item in shipped_testset() if item.split == "dev" and item.type == "off_topic"]
    return list(dict.fromkeys([*EVERYDAY.read_text(encoding="utf-8").splitlines(), *tested]))


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
    papers = held_out_papers(parser.parse_args().corpus)
    calibrations: dict[str, dict] = {}
    for reranker in ("shipped", "off"):
        asked, seeds = list(left_out_rows(papers, reranker)), list(seed_rows(reranker))
        counts = {"reread": WITHOUT_RERANKER + 2, "reread, words": WITHOUT_RERANKER}
        for name, count in (counts if reranker == "shipped" else {"words": WITHOUT_RERANKER}).items():
            rows = [(own, (row[:count], found)) for own, (row, found) in asked if len(row) >= count]
            measured = set(sorted({own for own, _ in rows if own})[::MEASURED])
            seen = weighed([(own, row) for own, row in rows if own not in measured])
            unseen = [row for own, row in rows if own in measured]
            more = [(row[:count], found) for row, found in seeds if len(row) >= count]
            print(f"{name}, {count} features, on papers kept out: {figures(fitted(seen + more), unseen)}")
            calibrations[name] = fitted([*weighed(rows), *more]).to_dict()
            print(f"  weights {calibrations[name]['weights']}", flush=True)
    OUTPUT.write_text(json.dumps(calibrations) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
