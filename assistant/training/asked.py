"""Questions over papers of the training corpus, in other words than the papers': `questions.jsonl`.

Each line has `paper` (its id in the corpus), `kind` ("p" shares no words with the paper where that can be done, "q" asks in
other words for one finding, "n" is asked as a researcher of the field would), `sentences` (numbers from 0 of those that
answer, best first, in the sentences of `assistant.sentences`) and `question`. They were written one paper at a time, by language
models that worked as this project's authors. None is about a seed paper, and their writers saw neither seeds nor test questions.
Papers whose id begins with "scifact:" are abstracts of biology and medicine out of SciFact's corpus, about which no claim of its
test split is; there a "p" may be a claim.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.evaluation.testset import shipped_testset
from assistant.loaders import load_file
from assistant.seeding import seed_files
from assistant.sentences import sentence_spans
from assistant.training.corpus import Paper, in_sample, read_papers, shuffled
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
    """The papers that have questions, in the order of the file of questions.

    Raises ValueError where there are none: a corpus must be one that the questions are about, with its ids.
    """
    by_id = {paper.id: paper for paper in papers}
    by_paper: dict[str, list[Question]] = {}
    for line in read_lines(path):
        question = Question(line["question"], line["kind"], tuple(line["sentences"]))
        by_paper.setdefault(line["paper"], []).append(question)
    if not by_id.keys() & by_paper.keys():
        raise ValueError(
            f"no paper of the corpus has the id of one in {path}; give the corpus that the questions are about"
        )
    for paper_id, questions in by_paper.items():
        paper = by_id.get(paper_id)
        if paper is not None:
            spans = sentence_spans(paper.abstract)
            sentences = tuple(" ".join(paper.abstract[span.start : span.end].split()) for span in spans)
            yield AskedPaper(paper.title, sentences, tuple(questions))


def corpus_and_asked(paths: Sequence[Path]) -> tuple[list[Paper], list[AskedPaper]]:
    """The papers of the first file, shuffled, and those of all files that have questions, in the order of the questions.

    Of the other files nothing else may be trained on: they hold what test questions are about.
    """
    first, *others = paths
    corpus = shuffled(list(read_papers(first)))
    return corpus, list(asked_papers([*corpus, *(paper for path in others for paper in read_papers(path))]))


def held_out_papers(path: Path) -> list[AskedPaper]:
    """The papers of a file whose questions measure."""
    return [paper for paper in asked_papers(list(read_papers(path))) if paper.is_held_out]


def held_out_task(papers: Sequence[AskedPaper], kind: str, field: str = "") -> Task:
    """The held-out questions of one kind against all of `papers`; `field` says in the name what these are about."""
    asked = [
        (question.text, place)
        for place, paper in enumerate(papers)
        if paper.is_held_out
        for question in paper.questions
        if question.kind == kind
    ]
    texts = [paper.text for paper in papers]
    return Task(
        f"held-out questions{field and f' of {field}'}, kind {kind}",
        texts,
        [text for text, _ in asked],
        [{place: 1.0} for _, place in asked],
    )


def paraphrases() -> Task:
    """The paraphrased questions of the development half against the seed papers."""
    papers = list({paper.id: paper for file in seed_files() for paper in load_file(file).papers}.values())
    places = {paper.title: place for place, paper in enumerate(papers)}
    items = [item for item in shipped_testset() if item.split == "dev" and item.type == "paraphrase"]
    return Task(
        "paraphrased questions, development half",
        [f"{paper.title}\n{paper.abstract}" for paper in papers],
        [item.question for item in items],
        [{places[title]: float(grade) for title, grade in item.relevant.items()} for item in items],
    )
