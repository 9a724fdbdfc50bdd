"""Leave-one-out: does a library notice that the one paper which answers a question is not in it?

    python benchmarks/abstention.py FOLDER [--limit N]

FOLDER holds pubmedqa/ori_pqal.json.gz: 1,000 questions with an abstract each. Every abstract is a paper of one library, under
its PubMed number, as the question is its title there. Each question is asked twice: in all papers, and in all but its own.
For the probability that the library answers, and for scores of BM25 alone in the same run, it prints how often a question
with its paper scores higher than one without (AUROC), and the share that is declined while 95 % of those with their paper are
kept; the same, measured on the others, after `assistant eval calibrate` with the first hundred questions; then what the
package keeps and declines with its settings as they are, and calibrated.
"""

import argparse
import gzip
import json
import tempfile
from pathlib import Path

import numpy as np

from assistant import Assistant, Paper
from assistant.evaluation import Item, calibrate
from assistant.evaluation.metrics import auroc, declined_at
from assistant.evaluation.statistics import mean_figure
from assistant.questions.reading import read_question

KEPT = 0.95
CALIBRATING = 100  # questions


def pubmedqa(folder: Path) -> tuple[list[Paper], list[tuple[str, str]]]:
    """The papers, and each question with its paper's title."""
    records = json.loads(gzip.decompress((folder / "ori_pqal.json.gz").read_bytes()))
    papers = [Paper(f"PubMed {number}", " ".join(record["CONTEXTS"])) for number, record in records.items()]
    return papers, [(record["QUESTION"], f"PubMed {number}") for number, record in records.items()]


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, help="ask only the first N questions")
    options = parser.parse_args()
    papers, asked = pubmedqa(options.folder / "pubmedqa")
    asked = asked[: options.limit]
    scores: dict[str, tuple[list[float], list[float]]] = {}
    answered: tuple[list[bool], list[bool]] = ([], [])
    calibrated: tuple[list[bool], list[bool]] = ([], [])
    with tempfile.TemporaryDirectory() as data_dir, Assistant(data_dir=data_dir, model="extractive") as library:
        library.add(papers)
        print(f"{len(papers)} papers; the reranker read {library.prepare()} passages", flush=True)
        titles = [paper.title for paper in papers]
        for question, own in asked:
            mass = sum(map(library.lexical.idf, read_question(question).terms)) or 1.0
            for side, scope in enumerate((titles, [title for title in titles if title != own])):
                answer = library.ask(question, papers=scope)
                words = max(
                    (p.signals["bm25"] for p in library.search(question, 5, scope, dense_weight=0.0)), default=0.0
                )
                found = {"ours": answer.probability or 0.0, "BM25": words, "BM25 / idf mass": words / mass}
                for name, value in found.items():
                    scores.setdefault(name, ([], []))[side].append(value)
                answered[side].append(answer.status != "not_found")
        if len(asked) >= 2 * CALIBRATING:
            items = [Item(own, text, "title", True, relevant={own: 1}) for text, own in asked[:CALIBRATING]]
            if ranking := (found := calibrate(library, items)).ranking:
                outcome = "which are in force" if found.reordered else "which are not in force"
                print(
                    f"order: nDCG@10 {ranking[0]:.3f}, {ranking[1]:.3f} with weights of its own, {outcome}", flush=True
                )
        for question, own in asked[CALIBRATING:]:
            for side, scope in enumerate((titles, [title for title in titles if title != own])):
                answer = library.ask(question, papers=scope)
                calibrated[side].append(answer.status != "not_found")
                scores.setdefault("ours, calibrated", ([], []))[side].append(answer.probability or 0.0)
    for name, (present, absent) in scores.items():
        figure = mean_figure(name, declined_at(present, absent, KEPT), [own for _, own in asked[-len(absent) :]])
        print(
            f"  {name:16} AUROC {auroc(present, absent):.3f}  declined at {KEPT:.0%} kept {figure.value:.3f} "
            f"[{figure.interval_in_words}] n={figure.count}"
        )
    others = (answered[0][CALIBRATING:], answered[1][CALIBRATING:])
    shares = {
        "as it ships": answered,
        "as it ships, but for the first hundred": others,
        "calibrated with those": calibrated,
    }
    for name, (present_answered, absent_answered) in shares.items():
        if present_answered:
            kept, declined = np.mean(present_answered), 1 - np.mean(absent_answered)
            print(f"  {name}: {kept:.3f} kept, {declined:.3f} declined n={len(present_answered)}")


if __name__ == "__main__":
    main()
