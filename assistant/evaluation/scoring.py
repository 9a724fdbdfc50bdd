"""The scores of one question, by name: what is exact, and what stands in for a judgement."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from assistant.evaluation.metrics import (
    Badge,
    all_evidence_at,
    idf_f1,
    ndcg_at,
    nugget_recall,
    recall_at,
    reciprocal_rank,
)
from assistant.evaluation.testset import Evidence, Item
from assistant.records import Answer, Citation

DEPTH = 10
_SHOWN = 3  # sentences that a reader looks at first


@dataclass(frozen=True, slots=True)
class Metric:
    """A score of one question: its name, how it is come by, and whether a drop in it fails a gate whatever its size."""

    name: str
    badge: Badge = "measured"
    is_hard: bool = False


METRICS = (
    Metric("retrieval: recall@10"),
    Metric("retrieval: nDCG@10"),
    Metric("retrieval: MRR"),
    Metric("retrieval: all evidence@10"),
    Metric("citation: right paper first"),
    Metric("citation: right sentence in the first three"),
    Metric("citation: precision (relevant paper)"),
    Metric("citation: recall (evidence cited)"),
    Metric("citation: quotes verbatim in the store", is_hard=True),
    Metric("answer: vital nuggets", "proxy"),
    Metric("answer: idf-F1 with the reference", "proxy"),
    Metric("answer: CRAG score", "proxy"),
    Metric("abstention: answerable kept"),
    Metric("abstention: unanswerable declined"),
)


def scores(item: Item, ranked: Sequence[str], answer: Answer, idf: Callable[[str], float]) -> dict[str, float]:
    """Every score that the question can have; one that it cannot have (no gold for it, nothing cited) is left out."""
    if not item.answerable:
        is_declined = float(answer.status == "not_found")
        return {
            **_verbatim(answer),
            "answer: CRAG score": 1.0 if is_declined else -1.0,
            "abstention: unanswerable declined": is_declined,
        }
    found: dict[str, float | None] = {
        "retrieval: recall@10": recall_at(ranked, item.relevant, DEPTH),
        "retrieval: nDCG@10": ndcg_at(ranked, item.relevant, DEPTH),
        "retrieval: MRR": reciprocal_rank(ranked, item.relevant),
        "citation: right paper first": _right_paper_first(item, answer),
        **_verbatim(answer),
        "answer: vital nuggets": nugget_recall(answer.text, item.nuggets),
        "answer: idf-F1 with the reference": idf_f1(answer.text, item.reference, idf),
        "abstention: answerable kept": float(answer.status != "not_found"),
    }
    if answer.citations:
        right = sum(citation.paper.title in item.relevant for citation in answer.citations)
        found["citation: precision (relevant paper)"] = right / len(answer.citations)
    if item.evidence:
        shown = [citation for claim in answer.supported for citation in claim.citations][:_SHOWN]
        found["retrieval: all evidence@10"] = all_evidence_at(ranked, [e.paper for e in item.evidence], DEPTH)
        found["citation: right sentence in the first three"] = float(
            any(holds(citation, evidence) for citation in shown for evidence in item.evidence)
        )
        found["citation: recall (evidence cited)"] = sum(
            any(holds(citation, evidence) for citation in answer.citations) for evidence in item.evidence
        ) / len(item.evidence)
    found["answer: CRAG score"] = _crag(answer, found)
    return {name: value for name, value in found.items() if value is not None}


def _crag(answer: Answer, found: Mapping[str, float | None]) -> float:
    """CRAG's score, right 1, declined 0, wrong -1; right is what cites evidence or says the vital nuggets."""
    if answer.status == "not_found":
        return 0.0
    is_right = (
        bool(found.get("citation: recall (evidence cited)")) or (found.get("answer: vital nuggets") or 0.0) >= 0.5
    )
    if "citation: recall (evidence cited)" not in found and found.get("answer: vital nuggets") is None:
        is_right = bool(found["citation: right paper first"])
    return 1.0 if is_right else -1.0


def _right_paper_first(item: Item, answer: Answer) -> float:
    return float(bool(answer.citations) and answer.citations[0].paper.title in item.relevant)


def holds(citation: Citation, evidence: Evidence) -> bool:
    """True where the citation quotes one of the alternatives of the evidence, or a part of it."""
    quotes = evidence.alternatives
    return citation.paper.title == evidence.paper and any(q in citation.quote or citation.quote in q for q in quotes)


def _verbatim(answer: Answer) -> dict[str, float]:
    """Whether every quotation is what the store holds at its place; nothing where nothing is cited."""

    def is_verbatim(citation: Citation) -> bool:
        paper, span = citation.paper, citation.span
        texts = [paper.record, *(section.text for section in paper.sections)]
        return any(text[span.start : span.end] == citation.quote for text in texts)

    if not answer.citations:
        return {}
    return {"citation: quotes verbatim in the store": float(all(map(is_verbatim, answer.citations)))}
