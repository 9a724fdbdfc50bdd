"""What is tuned on at each step: papers with their questions, near neighbours among them, and pairs of other papers."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, cycle, islice, pairwise
from random import Random

import numpy as np

from assistant.config import Config
from assistant.models import open_embedder
from assistant.retrieval.encoding import TOKEN_DIMENSION
from assistant.training.asked import AskedPaper
from assistant.training.confusions import Encode, confusions
from assistant.training.corpus import Paper, sentences

_NEIGHBOURS = 30  # looked at for each paper


@dataclass(frozen=True)
class Cycle:
    """One rise and fall of the learning rate: how many steps, and which chapters of the questions.

    A paper's neighbours are looked for within a chapter; each is `filled_to` so many papers with some of the chapters before
    the cycle's first. Where there are `pools`, all chapters are shuffled into so many, of which `pools_taken` are learnt from,
    and the neighbours of a paper are those that the network so far takes for it (`assistant.training.confusions`).
    """

    steps: int
    chapters: tuple[int, ...]
    filled_to: int = 0
    pools: int = 0
    pools_taken: int = 0


@dataclass(frozen=True)
class Tuning:
    """Settings of a run, not searched for: most are of a first trial on a tenth of the questions, those of tokens of none.

    A cycle goes through chapters of the file of questions. (The first one ran before the third chapter was written, the second
    before the fifth, the third before the sixth; the eighth was written during the fourth, which took none of it.)
    """

    chapters: tuple[int, ...] = (5920, 11557, 17917, 24477, 33866, 38066, 45826)  # papers before which a new one begins
    cycles: tuple[Cycle, ...] = (
        Cycle(1300, (0, 1, 0)),
        Cycle(1400, (1, 2, 3)),
        Cycle(2000, (0, 1, 2, 4, 3)),
        Cycle(1600, (5, 6), filled_to=12_000),
        Cycle(1600, tuple(range(8)), pools=8, pools_taken=5),
        Cycle(1280, tuple(range(8)), pools=8, pools_taken=4),
    )
    # By how much a paper's hardest question may tell it from the nearest other for a group to begin with it: below that, the
    # other may answer as well, and above nothing is to be learnt.
    told_apart: tuple[float, float] = (-0.1, 0.03)
    papers: int = 12  # a step, in groups of neighbours
    neighbours: int = 4
    general: int = 4  # other papers of the corpus a step
    dimensions: int = TOKEN_DIMENSION  # of a token's vector
    memory: int = 2000  # documents of the last steps whose vectors are wrong answers
    token_memory: int = 160  # of those, the ones whose tokens are kept
    frozen_layers: int = 2
    rate: float = 5e-5
    warm_up: float = 0.06
    temperature: float = 0.05  # of cosines
    late_temperature: float = 0.03  # of late interaction, and of both
    backward_weight: float = 0.3
    cosine_weight: float = 0.5
    sentence_weight: float = 0.5
    detail_weight: float = 0.3  # of finding the paper from a question about a detail, which may fit others as well
    mixed: float = 0.7  # the share of the tuned weights in what is written
    seed: int = 1


@dataclass
class Batch:
    """Texts of one step: for each question its document's number, and which of its sentences answer it.

    `spans` are where each document's sentences stand in it: character offsets, those of a pair are none.
    """

    questions: list[str]
    documents: list[str]
    spans: list[list[tuple[int, int]]]
    answered_by: list[int]
    supported_by: list[list[int]]
    keys: list[str]  # of the documents: titles
    weights: list[float]  # of the questions


def neighbour_groups(
    near: np.ndarray, size: int, random: Random, first: Sequence[int] | None = None
) -> list[list[int]]:
    """Groups of a paper and its nearest that are still free, each paper once: all papers, or those that `first` papers and
    their nearest are; `near` is (papers, neighbours)."""
    order = list(range(len(near))) if first is None else list(first)
    random.shuffle(order)
    free = set(range(len(near)))
    groups = []
    for paper in order:
        if paper in free:
            group = [paper, *[int(other) for other in near[paper] if int(other) in free and other != paper][: size - 1]]
            free.difference_update(group)
            groups.append(group)
    random.shuffle(groups)
    return groups


def nearest(texts: Sequence[str], count: int) -> np.ndarray:
    """The `count` nearest texts of each by the shipped static embedding, int64 (texts, count)."""
    vectors = open_embedder(Config()).encode(texts)
    count = min(count, len(texts) - 1)
    found = np.zeros((len(texts), count), np.int64)
    for start in range(0, len(texts), 1000):
        likeness = vectors[start : start + 1000] @ vectors.T
        found[start : start + 1000] = np.argsort(-likeness, axis=1)[:, 1 : count + 1]
    return found


def general_pairs(papers: Sequence[Paper], random: Random) -> Iterator[tuple[str, str]]:
    """For ever: a title and its abstract, or a sentence and the title with all other sentences."""
    for paper in cycle(papers):
        parts = sentences(paper.abstract)
        if len(parts) < 3 or random.random() < 0.5:
            yield paper.title, paper.abstract
        else:
            taken = random.randrange(len(parts))
            yield parts[taken], f"{paper.title}\n{' '.join(parts[:taken] + parts[taken + 1 :])}"


def make_batch(papers: Sequence[AskedPaper], general: Sequence[tuple[str, str]], tuning: Tuning) -> Batch:
    """The texts of one step: papers with their questions, and general pairs."""
    batch = Batch([], [], [], [], [], [], [])
    for paper in papers:
        for question in paper.questions:
            batch.questions.append(question.text)
            batch.answered_by.append(len(batch.documents))
            batch.supported_by.append(list(question.sentences[:2]))
            batch.weights.append(tuning.detail_weight if question.kind == "q" else 1.0)
        batch.documents.append(paper.text)
        ends = [*accumulate((len(sentence) + 1 for sentence in paper.sentences), initial=len(paper.title) + 1)]
        batch.spans.append([(start, end - 1) for start, end in pairwise(ends)])
        batch.keys.append(paper.title)
    for query, document in general:
        batch.questions.append(query)
        batch.answered_by.append(len(batch.documents))
        batch.supported_by.append([])
        batch.documents.append(document)
        batch.spans.append([])
        batch.weights.append(1.0)
        batch.keys.append("")
    return batch


def papers_of(taken: Cycle, chapters: Sequence[Sequence[AskedPaper]], random: Random) -> Iterator[list[AskedPaper]]:
    """The papers of a cycle's chapters, for ever; those that fill a chapter are others each time."""
    before = chapters[: min(taken.chapters)] if taken.filled_to else ()
    earlier = [paper for papers in before for paper in papers]
    random.shuffle(earlier)
    others = cycle(earlier)
    for place in cycle(taken.chapters):
        papers = list(chapters[place])
        yield papers + list(islice(others, max(0, min(taken.filled_to - len(papers), len(earlier)))))


def lessons_of(chapters: Iterable[Sequence[AskedPaper]], tuning: Tuning, random: Random) -> Iterator[list[AskedPaper]]:
    """The papers of each step, each paper of a chapter once; what does not fill a step is left out."""
    for papers in chapters:
        near = nearest([paper.text for paper in papers], _NEIGHBOURS)
        yield from _steps_of(papers, neighbour_groups(near, tuning.neighbours, random), tuning)


def confused_lessons_of(
    pools: Iterable[Sequence[AskedPaper]], encode: Encode, tuning: Tuning, steps: int, random: Random
) -> Iterator[list[AskedPaper]]:
    """The papers of each step, at most `steps` of each pool: in groups that `encode` takes for each other."""
    low, high = tuning.told_apart
    for papers in pools:
        near, margins = confusions(papers, encode)
        first = np.flatnonzero((margins > low) & (margins < high)).tolist()
        groups = [
            group
            for group in neighbour_groups(near, tuning.neighbours, random, first)
            if len(group) == tuning.neighbours
        ]
        yield from islice(_steps_of(papers, groups, tuning), steps)


def _steps_of(papers: Sequence[AskedPaper], groups: Iterable[list[int]], tuning: Tuning) -> Iterator[list[AskedPaper]]:
    flat = [papers[number] for group in groups for number in group]
    for start in range(0, len(flat) - tuning.papers + 1, tuning.papers):
        yield flat[start : start + tuning.papers]


def pools_of(taken: Cycle, chapters: Sequence[Sequence[AskedPaper]], random: Random) -> list[list[AskedPaper]]:
    """The papers of a cycle's chapters shuffled into its pools, of which those are given that it learns from."""
    papers = [paper for place in taken.chapters for paper in chapters[place]]
    random.shuffle(papers)
    return [papers[number :: taken.pools] for number in range(taken.pools_taken)]
