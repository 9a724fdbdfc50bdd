"""Learns which sentence of a paper answers: how much each of `assistant.answering.selecting.FEATURES` counts.

    python -m assistant.training.selecting --corpus papers.jsonl.gz scifact/corpus.jsonl.gz

writes assistant/data/selecting.json. Run it again after every change of embedding or reranker.

The questions are the held-out ones, which no model was trained on, each asked of its own paper in a library of all held-out
papers of its file. The weights are those under which a softmax over the paper's sentences puts most on those that answer (the
listwise loss of `assistant.training.ranking`). What is printed is in how many questions the best sentence answers, and one of the
best three does, by learnt weights and by the scores alone, each fifth of the papers judged by weights learnt on the others.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from assistant.answering.selecting import FEATURES, inputs
from assistant.library import Assistant
from assistant.questions.reading import read_question
from assistant.records import Paper
from assistant.retrieval.ranking import learnt_weights
from assistant.training.asked import AskedPaper, held_out_papers
from assistant.training.corpus import corpus_argument

OUTPUT = Path(__file__).parent.parent / "data" / "selecting.json"
RIDGE = 1e-3  # for each question
FOLDS = 5
_PASSAGES = 6


@dataclass(frozen=True)
class Case:
    """A question's kind, its paper's sentences as `selecting.inputs`, and which of them answer."""

    kind: str
    inputs: np.ndarray
    right: np.ndarray


def cases_of(papers: Sequence[AskedPaper]) -> Iterator[list[Case]]:
    """The cases of each paper, asked in a library of all of them, but for questions whose sentences are cut otherwise there."""
    stored = [Paper(paper.title, " ".join(paper.sentences), id=str(place)) for place, paper in enumerate(papers)]
    with tempfile.TemporaryDirectory() as folder, Assistant(data_dir=folder, model="extractive") as library:
        library.add(stored)
        library.prepare()
        for place, paper in enumerate(papers):
            cases = []
            for asked in paper.questions:
                question = read_question(asked.text)
                passages = library.search(asked.text, _PASSAGES, [str(place)])
                texts = [sentence.text for passage in passages for sentence in passage.sentences]
                answering = {paper.sentences[number] for number in asked.sentences if number < len(paper.sentences)}
                right = np.array([text in answering for text in texts])
                if right.any():
                    rows = np.concatenate([inputs(question, passage) for passage in passages])
                    cases.append(Case(asked.kind, rows, right))
            yield cases


def learnt(cases: Sequence[Case]) -> np.ndarray:
    """The weights of `FEATURES`, float64; learnt on features of the same spread, so that the penalty is the same to each."""
    spread = np.concatenate([case.inputs for case in cases]).std(axis=0) + 1e-9
    told = [(case.inputs / spread, case.right) for case in cases]
    return learnt_weights(told, np.zeros(len(FEATURES)), RIDGE * len(cases)) / spread


def main() -> None:
    """Reads the command line, learns, prints and writes the weights."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    corpus_argument(parser)
    arguments = parser.parse_args()
    papers = [cases for path in arguments.corpus for cases in cases_of(held_out_papers(path))]
    Random(2).shuffle(papers)
    figures: dict[str, list[float]] = {}
    for fold in range(FOLDS):
        weights = learnt([case for place, of in enumerate(papers) if place % FOLDS != fold for case in of])
        for case in (case for of in papers[fold::FOLDS] for case in of):
            for name, scores in (("learnt", case.inputs @ weights), ("score alone", case.inputs[:, 0])):
                best = case.right[np.argsort(-scores, kind="stable")]
                for kind in (f"kind {case.kind}", "all kinds"):
                    figures.setdefault(f"best sentence, {kind}, {name}", []).append(best[0])
                    figures.setdefault(f"best three, {kind}, {name}", []).append(best[:3].any())
    for name, values in sorted(figures.items()):
        print(f"{name}: {np.mean(values):.3f} ({len(values)})")
    weights = learnt([case for of in papers for case in of]).round(3)
    stored = {"weights": dict(zip(FEATURES, weights.tolist(), strict=True))}
    OUTPUT.write_text(json.dumps(stored) + "\n", encoding="utf-8")
    print(stored)


if __name__ == "__main__":
    main()
