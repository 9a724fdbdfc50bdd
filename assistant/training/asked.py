"""Questions written by hand over papers of the training corpus, in other words than the papers': `questions.jsonl`.

Each line has `paper` (its id in the corpus), `kind` ("p" shares no words with the paper where that can be done, "q" asks in
other words for one finding, "n" is asked as a researcher of the field would), `sentences` (numbers from 0 of those that
answer, best first) and `question`. None is about a seed paper, and their writers had seen neither seeds nor test questions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.sentences import sentence_spans
from assistant.training.corpus import Paper, in_sample
from assistant.training.measure import Task, read_lines

QUESTIONS = Path(__file__).parent / "questions.jsonl"
HELD_OUT = 0.1  # share of the papers whose questions measure and do not train


@dataclass(frozen=True)
class Question:
    """A question, and the numbers of the sentences that answer it."""

    text: str
    kind: str
    sentences: tuple[int, ...]


@dataclass(frozen=True)
class AskedPaper:
    """A paper of the corpus with its sentences and its questions."""

    title: str
    sentences: tuple[str, ...]
    questions: tuple[Question, ...]

    @property
    def text(self) -> str:
        """What the reranker reads of the paper."""
        return f"{self.title}\n{' '.join(self.sentences)}"

    @property
    def is_held_out(self) -> bool:
        """True for the papers that measure."""
        return in_sample(self.title, HELD_OUT)


def asked_papers(papers: Sequence[Paper], path: Path = QUESTIONS) -> Iterator[AskedPaper]:
    """The papers that have questions, in the order of the file of questions."""
    by_id = {paper.id: paper for paper in papers}
    by_paper: dict[str, list[Question]] = {}
    for line in read_lines(path):
        question = Question(line["question"], line["kind"], tuple(line["sentences"]))
        by_paper.setdefault(line["paper"], []).append(question)
    for paper_id, questions in by_paper.items():
        paper = by_id.get(paper_id)
        if paper is not None:
            spans = sentence_spans(paper.abstract)
            sentences = tuple(" ".join(paper.abstract[span.start : span.end].split()) for span in spans)
            yield AskedPaper(paper.title, sentences, tuple(questions))


def held_out_task(papers: Sequence[AskedPaper], kind: str) -> Task:
    """The held-out questions of one kind against all papers that have questions."""
    asked = [
        (question.text, place)
        for place, paper in enumerate(papers)
        if paper.is_held_out
        for question in paper.questions
        if question.kind == kind
    ]
    texts = [paper.text for paper in papers]
    return Task(
        f"held-out questions, kind {kind}", texts, [text for text, _ in asked], [{place: 1.0} for _, place in asked]
    )
