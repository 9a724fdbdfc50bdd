"""Asks every question of a test set and reports retrieval, citation and abstention figures."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from assistant.evaluation.metrics import Figure, figure_over, ndcg_at, recall_at, reciprocal_rank
from assistant.evaluation.testset import Evidence, Item, check_against
from assistant.library import Assistant
from assistant.records import Answer, Citation

_DEPTH = 10
_BASELINES = {"BM25 alone": 0.0, "vectors alone": 1.0}
_SHOWN = 3  # sentences that a reader looks at first


@dataclass(frozen=True, slots=True)
class Result:
    """One item with its answer, and the titles that were ranked for it, best first: by us and by each baseline."""

    item: Item
    ranked: tuple[str, ...]
    baselines: dict[str, tuple[str, ...]]
    answer: Answer
    seconds: float = field(compare=False)


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a run over `results`, over all of them and for each type of question."""

    mode: str
    results: tuple[Result, ...]
    figures: tuple[Figure, ...]
    by_type: dict[str, tuple[Figure, ...]]
    seconds: float = field(compare=False)

    def figure(self, name: str) -> Figure:
        """The figure called `name`. Raises KeyError where there is none."""
        return {figure.name: figure for figure in self.figures}[name]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, with one line a question."""
        return {
            "mode": self.mode,
            "seconds": round(self.seconds, 2),
            "figures": [asdict(figure) for figure in self.figures],
            "by_type": {name: [asdict(figure) for figure in figures] for name, figures in self.by_type.items()},
            "questions": [
                {
                    "id": result.item.id,
                    "type": result.item.type,
                    "question": result.item.question,
                    "status": result.answer.status,
                    "cited": [citation.paper.title for citation in result.answer.citations],
                    "ranked": list(result.ranked),
                    "seconds": round(result.seconds, 4),
                }
                for result in self.results
            ],
        }


def evaluate(
    assistant: Assistant, items: Sequence[Item], progress: Callable[[str, int, int], None] | None = None
) -> Report:
    """Asks every item of `items` of the library. Raises TestSetError where they do not fit together."""
    start = time.monotonic()
    check_against(items, assistant.papers())
    results = []
    for number, item in enumerate(items, 1):
        results.append(_ask(assistant, item))
        if progress:
            progress("Asking", number, len(items))
    types = sorted({item.type for item in items})
    return Report(
        mode=results[0].answer.mode if results else "",
        results=tuple(results),
        figures=tuple(_figures(results)),
        by_type={name: tuple(_figures([r for r in results if r.item.type == name])) for name in types},
        seconds=time.monotonic() - start,
    )


def _ask(assistant: Assistant, item: Item) -> Result:
    start = time.monotonic()
    answer = assistant.ask(item.question, history=item.history)
    seconds = time.monotonic() - start

    def ranked(dense_weight: float | None) -> tuple[str, ...]:
        # Several passages of one paper hide others behind them: rank deeper, then keep the first ten papers.
        found = assistant.search(answer.standalone_question, k=2 * _DEPTH, dense_weight=dense_weight)
        return tuple(dict.fromkeys(passage.paper.title for passage in found))[:_DEPTH]

    return Result(item, ranked(None), {name: ranked(weight) for name, weight in _BASELINES.items()}, answer, seconds)


def _figures(results: Sequence[Result]) -> list[Figure]:
    answerable = [result for result in results if result.item.answerable]
    unanswerable = [result for result in results if not result.item.answerable]
    answered = [result for result in results if result.answer.status != "not_found"]
    with_evidence = [result for result in answerable if result.item.evidence]

    def over(name: str, items: Sequence[Result], score: Callable[[Result], float]) -> Figure:
        return figure_over(name, items, score, lambda result: result.item.cluster)

    return [
        over("retrieval: recall@10", answerable, lambda r: recall_at(r.ranked, r.item.relevant, _DEPTH)),
        over("retrieval: nDCG@10", answerable, lambda r: ndcg_at(r.ranked, r.item.relevant, _DEPTH)),
        *(
            over(
                f"  {name}: nDCG@10",
                answerable,
                partial(_baseline_ndcg, name),
            )
            for name in _BASELINES
        ),
        over("retrieval: MRR", answerable, lambda r: reciprocal_rank(r.ranked, r.item.relevant)),
        over("citation: right paper first", answerable, _right_paper_first),
        over("citation: right sentence in the first three", with_evidence, _right_sentence_shown),
        over("citation: precision (relevant paper)", [r for r in answered if r.item.answerable], _precision),
        over("citation: quotes verbatim in the store", [r for r in answered if r.answer.citations], _verbatim),
        over("abstention: answerable kept", answerable, lambda r: float(r.answer.status != "not_found")),
        over("abstention: unanswerable declined", unanswerable, lambda r: float(r.answer.status == "not_found")),
    ]


def _baseline_ndcg(name: str, result: Result) -> float:
    return ndcg_at(result.baselines[name], result.item.relevant, _DEPTH)


def _right_paper_first(result: Result) -> float:
    citations = result.answer.citations
    return float(bool(citations) and citations[0].paper.title in result.item.relevant)


def _right_sentence_shown(result: Result) -> float:
    shown = [citation for claim in result.answer.supported for citation in claim.citations][:_SHOWN]
    return float(any(_holds(citation, evidence) for citation in shown for evidence in result.item.evidence))


def _holds(citation: Citation, evidence: Evidence) -> bool:
    quotes = evidence.alternatives
    return citation.paper.title == evidence.paper and any(q in citation.quote or citation.quote in q for q in quotes)


def _precision(result: Result) -> float:
    citations = result.answer.citations
    right = sum(citation.paper.title in result.item.relevant for citation in citations)
    return right / len(citations) if citations else 0.0


def _verbatim(result: Result) -> float:
    def is_verbatim(citation: Citation) -> bool:
        paper, span = citation.paper, citation.span
        texts = [paper.record, *(section.text for section in paper.sections)]
        return any(text[span.start : span.end] == citation.quote for text in texts)

    return float(all(is_verbatim(citation) for citation in result.answer.citations))
