"""Learns how much each of `assistant.retrieval.ranking.FEATURES` counts in the order of the candidates that the reranker read.

    python -m assistant.training.ranking --corpus papers.jsonl.gz scifact/corpus.jsonl.gz --benchmarks FOLDER

writes assistant/data/ranking.json. Run it again after every change of embedding, reranker or retrieval, and before
`assistant.training.abstention`.

The questions are the held-out ones, which no model was trained on, each in a library of all held-out papers of its file; so that
other forms count too, claims of SciFact's training split (but for those on papers that the models were trained with) and
summaries of SciTLDR's development split, each among all papers of its set. The weights are those under which a softmax over a
question's candidates puts most on those of its paper (a listwise loss, Cao et al. 2007, ListNet). What is printed is nDCG@10,
each fifth of the questions ranked by weights learnt on the others.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from assistant.evaluation.metrics import ndcg_at
from assistant.library import Assistant
from assistant.questions.reading import read_question
from assistant.records import Paper
from assistant.retrieval.ranking import FEATURES, in_order, learnt_weights
from assistant.training.asked import AskedPaper, corpus_and_asked, held_out_papers
from assistant.training.corpus import corpus_argument
from assistant.training.measure import Task, scifact_task, scitldr_task

OUTPUT = Path(__file__).parent.parent / "data" / "ranking.json"
QUESTIONS, OTHERS = 1500, 600  # at most, of each file, and of each benchmark
RIDGE = 1e-3  # for each question
FOLDS = 5
_LONGEST = 3900  # characters of a question: some summaries are longer than one may be


@dataclass(frozen=True)
class Case:
    """A question's candidates: their `Candidates.inputs`, which are right, and their papers' ids."""

    kind: str
    inputs: np.ndarray
    right: np.ndarray
    papers: Sequence[str]


@dataclass(frozen=True)
class Set:
    """Papers with ids, and questions about them: kind, text, and the ids of the papers that answer."""

    papers: list[Paper]
    asked: list[tuple[str, str, set[str]]]


def held_out_set(papers: Sequence[AskedPaper]) -> Set:
    """Some of the papers' questions."""
    stored = [Paper(paper.title, " ".join(paper.sentences), id=str(place)) for place, paper in enumerate(papers)]
    asked = [
        (question.kind, question.text, {str(place)})
        for place, paper in enumerate(papers)
        for question in paper.questions
    ]
    return Set(stored, Random(1).sample(asked, min(QUESTIONS, len(asked))))


def set_of(task: Task, trained: set[str]) -> Set:
    """Some of a task's queries: of those that no paper answers whose title is in `trained`."""
    parts = [document.partition("\n") for document in task.documents]
    stored = [Paper(title or text, text, id=str(place)) for place, (title, _, text) in enumerate(parts)]
    asked = [
        (task.name, query, set(map(str, grades)))
        for query, grades in zip(task.queries, task.relevant, strict=True)
        if not any(parts[place][0] in trained for place in grades)
    ]
    return Set(stored, Random(1).sample(asked, min(OTHERS, len(asked))))


def cases_of(given: Set) -> Iterator[Case]:
    """The candidates of the questions, in a library of all the papers."""
    with tempfile.TemporaryDirectory() as folder, Assistant(data_dir=folder, model="extractive") as library:
        library.add(given.papers)
        library.prepare()
        for kind, question, answering in given.asked:
            found = library.evidence(read_question(question[:_LONGEST]))
            yield Case(kind, found.inputs, np.array([paper in answering for paper in found.papers]), found.papers)


def learnt(cases: Sequence[Case]) -> np.ndarray:
    """The weights, as `assistant.retrieval.ranking.shipped_weights` has them."""
    return learnt_weights(
        [(case.inputs, case.right) for case in cases], np.zeros(2 * len(FEATURES)), RIDGE * len(cases)
    )


def ndcg_of(case: Case, scores: np.ndarray) -> float:
    """nDCG@10 of the papers in the order of their best candidates; 0 where the right one is not among them."""
    right = {paper: 1 for paper, is_right in zip(case.papers, case.right, strict=True) if is_right}
    return ndcg_at(in_order(case.papers, scores), right, 10)


def main() -> None:
    """Reads the command line, learns, prints and writes the weights."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    corpus_argument(parser)
    parser.add_argument("--benchmarks", type=Path, required=True, help="the folder that holds scitldr and scifact")
    arguments = parser.parse_args()
    trained = {paper.title for paper in corpus_and_asked(arguments.corpus)[1]}
    tasks = (scifact_task(arguments.benchmarks / "scifact"), scitldr_task(arguments.benchmarks / "scitldr"))
    sets = [
        *(held_out_set(held_out_papers(path)) for path in arguments.corpus), *(set_of(task, trained) for task in tasks),
    ]  # fmt: skip
    cases = [case for given in sets for case in cases_of(given)]
    Random(2).shuffle(cases)
    figures: dict[str, list[float]] = {}
    for fold in range(FOLDS):
        weights = learnt([case for place, case in enumerate(cases) if place % FOLDS != fold])
        for case in cases[fold::FOLDS]:
            figures.setdefault(f"learnt, kind {case.kind}", []).append(ndcg_of(case, case.inputs @ weights))
            for place, name in enumerate(FEATURES):
                figures.setdefault(f"{name} alone, kind {case.kind}", []).append(ndcg_of(case, case.inputs[:, place]))
    for name, values in sorted(figures.items()):
        print(f"{name}: {np.mean(values):.3f} ({len(values)})")
    weights = learnt(cases).reshape(2, len(FEATURES)).round(3)
    stored = {"weights": {name: weights[:, place].tolist() for place, name in enumerate(FEATURES)}}
    OUTPUT.write_text(json.dumps(stored) + "\n", encoding="utf-8")
    print(stored)


if __name__ == "__main__":
    main()
