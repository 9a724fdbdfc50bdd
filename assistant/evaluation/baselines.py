"""What simpler ways answer to the same questions, so that a report says what the pipeline adds over them.

Two are rankings (BM25 alone, vectors alone); two ask the language model and run only where one is set: an ordinary chain
(the nearest passages in one prompt, the answer taken as it comes) and the model alone, from memory.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.answers import Usage
from assistant.citations import is_refusal
from assistant.errors import ProviderError
from assistant.evaluation.results import Cited, Result, Rival, Said, Spent
from assistant.evaluation.scoring import JUDGED, MEANS, holds, is_representative, scores_of
from assistant.evaluation.statistics import Differences, Figure, Gain, mean_figure, paired_together, verdict_of
from assistant.evaluation.testset import Item
from assistant.prompts import load_prompt
from assistant.records import Passage
from assistant.sentences import sentence_spans

if TYPE_CHECKING:
    from assistant.answering.generating import ModelWriter

RANKINGS = {"BM25 alone": 0.0, "vectors alone": 1.0}  # name -> the vectors' share of the score
CHAIN, CLOSED_BOOK = "naive top-k chain", "closed-book model"
_ANSWERED = (
    "answer: vital nuggets", "answer: idf-F1 with the reference", "abstention: answerable kept",
    "abstention: unanswerable declined", "score: CRAG",
)  # fmt: skip
# Figures in which each baseline is compared. The model alone has no paper to cite.
COMPARED_IN = {
    **dict.fromkeys(RANKINGS, ("retrieval: recall@10", "retrieval: nDCG@10")),
    CHAIN: (
        *_ANSWERED, "citation: precision (relevant paper)", "citation: claims with a citation",
        "citation: marks that name a citation", *JUDGED,
    ),
    CLOSED_BOOK: (*_ANSWERED, "judge: correct by the reference", "judge: CRAG"),
}  # fmt: skip
_MARKS = r"\[\d+(?:\s*[,;–-]\s*\d+)*\]"


def rivals_of(
    model: "ModelWriter", item: Item, passages: Sequence[Passage], idf: Callable[[str], float]
) -> dict[str, Rival]:
    """The answers of both baselines with a model; `passages` are what the chain may read, best first."""
    question = "\n".join([*(f"{turn['role']}: {turn['content']}" for turn in item.history), item.question])
    listed = "\n\n".join(f"[{n}] {p.paper.title}\n{p.text}" for n, p in enumerate(passages, 1))
    prompts = {
        CHAIN: load_prompt("baseline_chain").render(passages=listed, question=question),
        CLOSED_BOOK: load_prompt("baseline_closed_book").render(question=question),
    }
    rivals = {}
    for name, messages in prompts.items():
        try:
            text, usage = model.complete(messages, fresh=True)
        except ProviderError as error:
            rivals[name] = Rival(error=str(error))
            continue
        rivals[name] = _rival(item, text, passages if name == CHAIN else (), spent_of(usage), idf, COMPARED_IN[name])
    return rivals


def spent_of(usage: Usage) -> Spent:
    """The usage of an answer as the report adds it up: nothing was spent where nothing was asked."""
    if not usage.calls:
        return Spent()
    given, written = usage.input_tokens, usage.output_tokens
    return Spent(usage.calls, None if given is None or written is None else given + written, usage.cost)


def _rival(
    item: Item,
    text: str,
    passages: Sequence[Passage],
    spent: Spent,
    idf: Callable[[str], float],
    names: Sequence[str],
) -> Rival:
    if not text:
        return Rival(spent=spent, error="the model answered nothing")
    answered = not any(map(is_refusal, text.split("\n"))) and not text.upper().startswith("NOT FOUND")
    claims, unknown_marks = claims_of(text, item, passages) if answered else ((), False)
    result = Result(item, "answered" if answered else "not_found", text=text, claims=claims)
    scores = scores_of(result, (), unknown_marks, idf)
    return Rival(answered, text, claims, {name: scores[name] for name in names if name in scores}, spent)


def claims_of(text: str, item: Item, passages: Sequence[Passage]) -> tuple[tuple[Said, ...], bool]:
    """The sentences of a chain's answer with the passages that they mark, and whether a mark names none.

    A marked passage is cited whole: it is taken for gold where it holds a gold sentence anywhere.
    """
    claims, unknown = [], False
    text = re.sub(rf"([.!?])((?:\s*{_MARKS})+)", r"\2\1", text)  # "So. [1]" is one sentence with its mark
    for line in text.split("\n"):
        for span in sentence_spans(line):
            sentence = line[span.start : span.end]
            numbers = dict.fromkeys(int(n) for mark in re.findall(_MARKS, sentence) for n in re.findall(r"\d+", mark))
            words = re.sub(rf"\s*{_MARKS}", "", sentence).strip()
            cited = tuple(_cited(n, passages[n - 1], item) for n in numbers if 0 < n <= len(passages))
            unknown = unknown or len(cited) < len(numbers)
            if re.search(r"\w", words):
                claims.append(Said(words, True, cited))
    return tuple(claims), unknown


def _cited(number: int, passage: Passage, item: Item) -> Cited:
    plain = Cited(number, passage.paper.title, passage.text, True, False)
    gold = any(holds(group.paper, group.alternatives, plain) for group in item.evidence)
    return Cited(number, passage.paper.title, passage.text, True, gold)


def gains_of(results: Sequence[Result]) -> list[Gain]:
    """What the pipeline has over each baseline that ran, figure by figure, with paired intervals; Holm over all of them.

    A figure is compared on the questions that both scored; a baseline that could not be asked is named as not scored.
    """
    found: list[tuple[str, Figure, Figure]] = []
    samples: list[Differences] = []
    for baseline, names in COMPARED_IN.items():
        for name in names:
            if not is_representative(name, results):
                continue
            pairs = [(result, _score(result, baseline, name)) for result in results if name in result.scores]
            both = [(r, r.scores[name], score) for r, score in pairs if score is not None]
            failed = [result.item.id for result in results if _has_failed(result, baseline, name)]
            if both:
                clusters = [r.item.cluster for r, _, _ in both]
                ours = _figure(name, [x for _, x, _ in both], clusters, failed)
                theirs = _figure(name, [y for _, _, y in both], clusters, failed)
                found.append((baseline, ours, theirs))
                samples.append([(r.item.id, r.item.cluster, x - y) for r, x, y in both])
    changes, _ = paired_together(samples)
    return [
        Gain(*gain, change, verdict_of(change.change, change.p)) for gain, change in zip(found, changes, strict=True)
    ]


def _score(result: Result, baseline: str, name: str) -> float | None:
    if baseline in RANKINGS:
        return result.scores.get(f"  {baseline}: {name.removeprefix('retrieval: ')}")
    return result.rivals[baseline].scores.get(name) if baseline in result.rivals else None


def _has_failed(result: Result, baseline: str, name: str) -> bool:
    """Whether the baseline could not be asked, or the judge gave no opinion on what it answered."""
    rival = result.rivals.get(baseline)
    if rival is None or rival.error:
        return rival is not None
    wanted = name in JUDGED and name in result.scores and (rival.answered or not name.startswith("judge: citation"))
    return wanted and name not in rival.scores


def _figure(name: str, scores: Sequence[float], clusters: Sequence[str], failed: Sequence[str]) -> Figure:
    figure = mean_figure(name, scores, clusters)
    return replace(figure, badge=(MEANS | JUDGED)[name], total=len(scores) + len(failed), not_scored=tuple(failed))
