"""The training splits of public sets as papers with questions: claims of SciFact, summaries of SciTLDR.

SciFact's claims are CC BY 4.0 and its abstracts ODC-By 1.0 (Wadden et al. 2020); SciTLDR is Apache-2.0 (Cachola et al. 2020).
No claim or summary of a test split trains. The abstracts of SciFact's splits overlap: 137 of its 300 test claims are about
an abstract that a training claim is about too, so figures on them are split by that (`benchmarks/retrieval.py`).
"""

from pathlib import Path

from assistant.training.asked import AskedPaper, Question
from assistant.training.corpus import in_sample
from assistant.training.measure import Task, read_lines, scifact_task

MEASURING = 0.25  # share of SciFact's papers whose training claims measure and do not train


def _measures(title: str) -> bool:
    return in_sample(title, MEASURING)


def claimed_papers(folder: Path) -> list[AskedPaper]:
    """The abstracts that one of SciFact's training claims (kind "c") has as its only relevant one, without those that measure.

    `folder` holds corpus.jsonl.gz, queries.jsonl and beir_train.tsv.
    """
    relevant: dict[str, list[str]] = {}
    for line in (folder / "beir_train.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        claim, paper, _ = line.split("\t")
        relevant.setdefault(claim, []).append(paper)
    questions: dict[str, list[Question]] = {}
    for claim in read_lines(folder / "queries.jsonl"):
        papers = relevant.get(str(claim["_id"]), [])
        if len(papers) == 1:  # a second relevant paper would be a wrong one of its batch
            sentences = [place for found in claim["evidence"] for place in found["sentences"]]
            questions.setdefault(papers[0], []).append(Question(claim["text"], "c", tuple(dict.fromkeys(sentences))))
    return [
        AskedPaper(row["title"], tuple(row["sentences"]), tuple(questions[str(row["_id"])]))
        for row in read_lines(folder / "corpus.jsonl.gz")
        if str(row["_id"]) in questions and not _measures(row["title"])
    ]


def measured_claims(folder: Path, answered: bool = False) -> Task:
    """The training claims all of whose relevant abstracts are among those that measure, against all abstracts; with `answered`
    those only that an abstract supports or contradicts."""
    task = scifact_task(folder, "train")
    told = {claim["text"] for claim in read_lines(folder / "queries.jsonl") if claim["evidence"]}
    kept = [
        (claim, grades)
        for claim, grades in zip(task.queries, task.relevant, strict=True)
        if all(_measures(task.documents[place].partition("\n")[0]) for place in grades)
        and (claim in told or not answered)
    ]
    return Task("SciFact train, held out", task.documents, [claim for claim, _ in kept], [grades for _, grades in kept])


def summarised_papers(folder: Path) -> list[AskedPaper]:
    """The papers of SciTLDR's training split, asked for by their summaries (kind "s")."""
    return [
        AskedPaper(row["title"], tuple(row["source"]), tuple(Question(text, "s", ()) for text in row["target"]))
        for row in read_lines(folder / "train.jsonl.gz")
    ]
