"""A paper becomes chunks: whole sentences of one section, within a token budget, at known character positions."""

import hashlib

from assistant.records import Chunk, Paper, Section, Span
from assistant.sentences import sentence_spans
from assistant.tokens import count_tokens

# Raise this with every change of sentence splitting, token vocabulary or chunking: stored libraries are then rebuilt.
CHUNKER_VERSION = 1


def chunk_paper(paper: Paper, budget: int) -> list[Chunk]:
    """The paper's chunks in reading order, each at most `budget` tokens unless one sentence alone is longer.

    A paper without any text gives one chunk that holds its record (title and printed metadata), so that it is found.
    """
    chunks: list[Chunk] = []
    for number, section in enumerate(paper.sections):
        for spans in _groups(section.text, sentence_spans(section.text), budget):
            chunks.append(_chunk(paper, number, section, spans, len(chunks)))
    return chunks or [_chunk(paper, -1, Section(paper.record), [Span(0, len(paper.record))], 0)]


def _groups(text: str, spans: list[Span], budget: int) -> list[list[Span]]:
    """Consecutive sentences in as few, and as even, groups as the budget allows: no last group of one stray sentence."""
    sizes = [count_tokens(text[span.start : span.end]) for span in spans]
    total = sum(sizes)
    share = total / max(1, -(-total // budget))  # tokens per group if all were equal
    groups: list[list[Span]] = []
    filled = 0
    for span, size in zip(spans, sizes, strict=True):
        if not groups or filled + size > budget or filled + size / 2 > share:
            groups.append([])
            filled = 0
        groups[-1].append(span)
        filled += size
    return groups


def _chunk(paper: Paper, number: int, section: Section, spans: list[Span], ordinal: int) -> Chunk:
    start, end = spans[0].start, spans[-1].end
    text = section.text[start:end]
    digest = hashlib.sha256(f"{number}:{start}:{text}".encode()).hexdigest()[:8]
    return Chunk(
        id=f"{paper.id}-{ordinal}-{digest}",
        paper_id=paper.id,
        text=text,
        sentences=tuple(Span(span.start - start, span.end - start) for span in spans),
        section=number,
        start=start,
        tokens=count_tokens(text),
        heading=section.heading,
        page=section.page,
    )
