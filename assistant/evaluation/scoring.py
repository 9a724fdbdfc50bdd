"""Results -> scores of each question -> figures. What each metric means stands beside its name."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from assistant.evaluation.metrics import idf_f1, ndcg_at, nugget_recall, recall_at, reciprocal_rank
from assistant.evaluation.results import Cited, Result
from assistant.evaluation.statistics import RESAMPLES, Badge, Figure, Statistic, figure_of, mean_of, ratio

DEPTH = 10
_SHOWN = 3  # sentences that a reader looks at first

# Name of a mean over questions -> badge. A question without the score is eligible or not by `_eligible`.
MEANS: dict[str, Badge] = {
    "retrieval: recall@5": "measured",
    "retrieval: recall@10": "measured",
    "retrieval: all evidence@10": "measured",
    "retrieval: nDCG@10": "measured",
    "  BM25 alone: nDCG@10": "measured",
    "  vectors alone: nDCG@10": "measured",
    "retrieval: MRR": "measured",
    "citation: right paper first": "measured",
    "citation: right sentence in the first three": "measured",
    "citation: precision (relevant paper)": "measured",
    "citation: precision (gold sentence)": "proxy",
    "citation: recall of gold evidence": "proxy",
    "citation: quotes verbatim in the store": "measured",
    "citation: marks that name a citation": "measured",
    "citation: claims with a citation": "measured",
    "answer: vital nuggets": "proxy",
    "answer: idf-F1 with the reference": "proxy",
    "abstention: answerable kept": "measured",
    "abstention: unanswerable declined": "measured",
    "abstention: declined rightly": "measured",
    "score: CRAG": "proxy",
    "cost: model calls": "measured",
    "cost: tokens": "measured",
    "cost: US dollars": "measured",
}
# A model's opinion: reported where a judge was asked for.
JUDGED: dict[str, Badge] = dict.fromkeys(
    ("judge: citation recall", "judge: citation precision", "judge: correct by the reference", "judge: CRAG"), "judged"
)
HARD = (
    "citation: quotes verbatim in the store", "citation: marks that name a citation", "citation: claims with a citation",
)  # fmt: skip
COMPARED = (
    "retrieval: nDCG@10", "retrieval: all evidence@10", "citation: right sentence in the first three",
    "citation: precision (relevant paper)", "citation: recall of gold evidence", "answer: vital nuggets",
    "abstention: answerable kept", "abstention: unanswerable declined", "score: CRAG",
)  # fmt: skip


# Scores of answerable questions that also count others, or declined ones, without any annotation or judge: what remains where
# these are missing would be the easy half.
_BY_JUDGE = ("judge: CRAG", "judge: correct by the reference")
NEED_MOST = ("score: CRAG", "score: Trust", *_BY_JUDGE)


def is_representative(name: str, results: Sequence[Result]) -> bool:
    """Whether most of the answerable questions that want nuggets or a judge for the score called `name` have it."""
    if name not in NEED_MOST:
        return True
    wanted = [result for result in results if result.item.answerable and not result.error and _eligible(name, result)]
    if name in _BY_JUDGE:  # nobody judges what was declined
        wanted = [result for result in wanted if result.answered or not result.item.reference]
    scored = [_has_trust(result) if name == "score: Trust" else name in result.scores for result in wanted]
    return 2 * sum(scored) >= len(scored)


def scores_of(
    result: Result, found: Sequence[bool], unknown_marks: bool, idf: Callable[[str], float]
) -> dict[str, float]:
    """The score of each metric that applies to the result. `found` says of each evidence group whether it was retrieved."""
    item, spent = result.item, result.spent
    costs = {"cost: model calls": spent.calls, "cost: tokens": spent.tokens, "cost: US dollars": spent.dollars}
    scores = {name: float(value) for name, value in costs.items() if value is not None}
    scores |= (
        _validity(result, unknown_marks) if result.answered else {"abstention: declined rightly": not item.answerable}
    )
    if not item.answerable:
        declined = float(not result.answered)
        return _plain(scores | {"abstention: unanswerable declined": declined, "score: CRAG": 2 * declined - 1})
    scores["abstention: answerable kept"] = float(result.answered)
    return _plain(scores | _retrieval(result, found) | _citation(result) | _content(result, idf))


def _plain(scores: dict[str, float]) -> dict[str, float]:
    return {name: round(float(score), 9) for name, score in scores.items()}


def _validity(result: Result, unknown_marks: bool) -> dict[str, float]:
    shown = [claim for claim in result.claims if claim.shown]
    cited = [citation for claim in shown for citation in claim.citations]
    scores = {"citation: marks that name a citation": float(not unknown_marks)}
    if cited:
        scores["citation: quotes verbatim in the store"] = float(all(citation.verbatim for citation in cited))
    if shown:
        scores["citation: claims with a citation"] = sum(bool(claim.citations) for claim in shown) / len(shown)
    return scores


def _retrieval(result: Result, found: Sequence[bool]) -> dict[str, float]:
    relevant, ranked = result.item.relevant, result.ranked
    scores = {"retrieval: all evidence@10": float(all(found))} if found else {}
    if not relevant:
        return scores
    return scores | {
        "retrieval: recall@5": recall_at(ranked, relevant, 5),
        "retrieval: recall@10": recall_at(ranked, relevant, DEPTH),
        "retrieval: nDCG@10": ndcg_at(ranked, relevant, DEPTH),
        "retrieval: MRR": reciprocal_rank(ranked, relevant),
        **{f"  {name}: recall@10": recall_at(titles, relevant, DEPTH) for name, titles in result.baselines.items()},
        **{f"  {name}: nDCG@10": ndcg_at(titles, relevant, DEPTH) for name, titles in result.baselines.items()},
    }


def _citation(result: Result) -> dict[str, float]:
    item = result.item
    in_order = [citation for claim in result.claims if claim.shown for citation in claim.citations]
    cited = list(dict.fromkeys(in_order))
    scores: dict[str, float] = {}
    if item.relevant:
        first = min(cited, key=lambda citation: citation.number, default=None)
        scores["citation: right paper first"] = float(first is not None and first.title in item.relevant)
        if result.answered:
            scores["citation: precision (relevant paper)"] = _share(c.title in item.relevant for c in cited)
    if item.evidence:
        scores["citation: right sentence in the first three"] = float(any(c.gold for c in in_order[:_SHOWN]))
        scores["citation: recall of gold evidence"] = _share(
            any(holds(group.paper, group.alternatives, c) for c in cited) for group in item.evidence
        )
        if result.answered:
            scores["citation: precision (gold sentence)"] = _share(c.gold for c in cited)
    return scores


def _content(result: Result, idf: Callable[[str], float]) -> dict[str, float]:
    """Declining an answerable question states nothing: 0 nuggets, 0 overlap, and a CRAG score of 0."""
    item, text = result.item, result.text if result.answered else ""
    scores: dict[str, float] = {}
    nuggets = nugget_recall(text, item.nuggets)
    if nuggets is not None:
        scores["answer: vital nuggets"] = nuggets
        scores["score: CRAG"] = (1.0 if nuggets == 1.0 else -1.0) if result.answered else 0.0
    if item.reference:
        scores["answer: idf-F1 with the reference"] = idf_f1(text, item.reference, idf)
    return scores


def holds(paper: str, alternatives: Sequence[str], citation: Cited) -> bool:
    """True where the citation quotes one of the alternatives, or a part of it, from that paper."""
    return citation.title == paper and any(q in citation.quote or citation.quote in q for q in alternatives)


def _share(parts: Iterable[bool]) -> float:
    values = list(parts)
    return sum(values) / len(values) if values else 0.0


def _eligible(name: str, result: Result) -> bool:
    """Whether the metric means anything for the question: what is eligible and has no score is named in the report."""
    if name.startswith(("retrieval", "  ", "answer")) or name.startswith("abstention: answerable"):
        return result.item.answerable
    if name == "abstention: unanswerable declined":
        return not result.item.answerable
    if name == "abstention: declined rightly":
        return bool(result.error) or not result.answered
    if name == "judge: correct by the reference":
        return result.item.answerable and bool(result.item.reference)
    if name.startswith("judge: citation"):
        return bool(result.error) or result.answered
    if name.startswith("citation"):
        validity = name in HARD
        needs_answer = validity or "precision" in name
        return bool(result.error) or ((validity or result.item.answerable) and (result.answered or not needs_answer))
    return True


def figures_of(results: Sequence[Result], judged: bool = False) -> list[Figure]:
    """Every figure over the results: the means of MEANS (and of JUDGED), then those that are functions of sums."""
    figures = [_mean(name, badge, results) for name, badge in (MEANS | JUDGED if judged else MEANS).items()]
    for name, badge, columns, statistic in _OF_SUMS:
        scored = [r for r in results if not r.error and (name != "score: Trust" or _has_trust(r))]
        if {r.item.answerable for r in scored} != {True, False} or not is_representative(name, results):
            scored = []
        rows = np.array([columns(result) for result in scored], dtype=float)
        figure = figure_of(name, rows, [result.item.cluster for result in scored], statistic)
        ids = {result.item.id for result in scored}
        named = tuple(result.item.id for result in results if result.item.id not in ids)
        figures.append(replace(figure, badge=badge, total=len(results), not_scored=named))
    return figures


def _mean(name: str, badge: Badge, results: Sequence[Result]) -> Figure:
    eligible = [result for result in results if _eligible(name, result)]
    scored = [result for result in eligible if name in result.scores] if is_representative(name, results) else []
    rows = np.array([(result.scores[name], 1.0) for result in scored]).reshape(-1, 2)
    figure = figure_of(name, rows, [result.item.cluster for result in scored], mean_of)
    named = tuple(r.item.id for r in eligible if name not in r.scores)
    return replace(figure, badge=badge, total=len(eligible), not_scored=named)


def _decisions(result: Result) -> tuple[float, ...]:
    answerable, answered = result.item.answerable, result.answered
    right = float(answerable and answered)
    return (not answerable and not answered, not answered, not answerable, right, answered, answerable)


def _macro_f1(sums: np.ndarray) -> np.ndarray:
    """The mean of the F1 of declining and the F1 of answering."""
    declined = ratio(2 * sums[..., 0], sums[..., 1] + sums[..., 2])
    return (declined + ratio(2 * sums[..., 3], sums[..., 4] + sums[..., 5])) / 2


def _has_trust(result: Result) -> bool:
    """Whether nuggets and evidence say what a right answer to an answerable question states and cites."""
    needed = ("answer: vital nuggets", "citation: recall of gold evidence")
    return not result.item.answerable or all(name in result.scores for name in needed)


def _trust_columns(result: Result) -> tuple[float, ...]:
    right = result.answered and result.item.answerable
    scores = result.scores if right else {}
    return (
        *_decisions(result),
        scores.get("answer: vital nuggets", 0.0),
        scores.get("citation: precision (gold sentence)", 0.0),
        scores.get("citation: recall of gold evidence", 0.0),
        float(right),
    )


def _trust(sums: np.ndarray) -> np.ndarray:
    """Mean of decision macro-F1, calibrated correctness F1 and citation F1 of the answered (Song et al. 2025, Trust-Score).

    Nuggets stand for exact matches, gold sentences for entailment. Calibrated correctness: the correctness summed over what
    was rightly answered, over all answered (precision) and over all answerable (recall). Answerable questions without nuggets or
    evidence are not scored.
    """
    correct = ratio(2 * sums[..., 6], sums[..., 4] + sums[..., 5])
    precision, recall = ratio(sums[..., 7], sums[..., 9]), ratio(sums[..., 8], sums[..., 9])
    cited = ratio(2 * precision * recall, precision + recall)
    return (_macro_f1(sums) + correct + cited) / 3


_OF_SUMS: list[tuple[str, Badge, Callable[[Result], tuple[float, ...]], Statistic]] = [
    ("abstention: macro F1", "measured", _decisions, _macro_f1),
    ("score: Trust", "proxy", _trust_columns, _trust),
]


def timings_of(results: Sequence[Result]) -> list[Figure]:
    """The median and the 95th percentile of the seconds of an answer, with bootstrap intervals over questions."""
    seconds = np.array([result.seconds for result in results if not result.error])
    failed = tuple(result.item.id for result in results if result.error)
    names = {"seconds of an answer: median": 0.5, "seconds of an answer: 95th percentile": 0.95}
    if not len(seconds):
        return [Figure(name, None, 0, total=len(results), not_scored=failed) for name in names]
    draws = np.random.default_rng(7).choice(seconds, (RESAMPLES, len(seconds)))
    figures = []
    for name, share in names.items():
        figure = Figure(name, float(np.quantile(seconds, share)), len(seconds), total=len(results), not_scored=failed)
        if len(seconds) > 1:
            low, high = np.quantile(np.quantile(draws, share, axis=1), [0.025, 0.975])
            figure = replace(figure, low=float(low), high=float(high))
        figures.append(figure)
    return figures
