"""What the page shows, as HTML and Markdown strings: every text of a paper, a model or a user is escaped here."""

import html
from collections.abc import Sequence

from assistant.records import Answer, Citation, Claim, Passage, best_of_each_paper, escape_markdown

_STATUS = {"answered": "Answered", "partial": "Partly answered", "not_found": "Not found"}

CSS = """
.gradio-container { max-width: 1280px !important; margin: 0 auto; }
#title h1 { margin: 0; font-size: 1.35rem; } #title p { margin: 0; opacity: .75; }
#evidence { height: 700px; overflow-y: auto !important; overscroll-behavior: contain; padding: 2px 10px 2px 2px; }
#evidence .head { display: flex; gap: .5rem; align-items: center; flex-wrap: wrap; margin-bottom: .6rem; }
#evidence .badge { font-size: .78rem; font-weight: 600;
    padding: .1rem .6rem; border-radius: 1rem; border: 1px solid currentColor; }
#evidence .answered { color: #12703f; } #evidence .partial { color: #8a5300; } #evidence .not_found { color: #a3272f; }
.dark #evidence .answered { color: #6fd6a0; } .dark #evidence .partial { color: #f0b45c; }
.dark #evidence .not_found { color: #ff9a9f; }
#evidence .small { font-size: .8rem; opacity: .8; }
#evidence .paper { border: 1px solid var(--border-color-primary); border-radius: 8px;
    padding: .7rem .9rem; margin-bottom: .7rem; }
#evidence .paper:target { outline: 2px solid var(--color-accent); }
#evidence .paper h3 { font-size: .98rem; margin: 0 0 .15rem; }
#evidence .paper p { margin: .45rem 0 0; font-size: .9rem; line-height: 1.5; }
#evidence mark { background: #ffe58a; color: #1d1d1f; padding: 0 .1em; border-radius: 2px; }
#evidence details { margin: .5rem 0; }
#evidence summary { cursor: pointer; font-size: .88rem; }
@media (max-width: 700px) { #evidence { height: auto; max-height: 75vh; } #chatbot { height: 52vh !important; } }
"""

EMPTY_EVIDENCE = '<p class="small">The papers behind an answer appear here, with the quoted sentences marked.</p>'


def answer_markdown(claims: Sequence[Claim], turn: int) -> str:
    """Supported claims as Markdown, one paragraph each; marks become links to the evidence of this turn."""
    lines = [
        f"{_lead(claim)}{escape_markdown(claim.text)}{_marks(claim, turn)}"
        for claim in claims
        if claim.verdict == "supported"
    ]
    return "\n\n".join(lines)


def _lead(claim: Claim) -> str:
    return f"**{escape_markdown(claim.lead.rstrip(': '))}**\n\n" if claim.lead else ""


def _marks(claim: Claim, turn: int) -> str:
    """Links to the cited papers in the panel; the marks are ours, and never read from a paper's text."""
    numbers = dict.fromkeys(citation.number for citation in claim.citations)
    return "".join(f" [\\[{number}\\]](#source-{turn}-{number})" for number in numbers)


def final_markdown(answer: Answer, turn: int) -> str:
    """The finished answer: status first where it is not simply answered, then the claims, then time and mode."""
    parts = []
    if answer.was_rewritten:
        parts.append(f"*Understood as: {escape_markdown(answer.standalone_question)}*")
    if answer.status == "not_found":
        parts.append(f"**{_STATUS[answer.status]}.** {escape_markdown(answer.reason.removeprefix('Not found: '))}")
    else:
        if answer.status == "partial":
            parts.append(f"**{_STATUS[answer.status]}:** {escape_markdown(answer.reason)}")
        parts.append(answer_markdown(answer.claims, turn))
    return "\n\n".join(parts)


def evidence_html(answer: Answer, turn: int) -> str:
    """The panel beside the chat: each cited paper with its quotations marked in its text; what was not cited, folded."""
    parts = [_head(answer)]
    by_number: dict[int, list[Citation]] = {}
    for citation in answer.citations:
        by_number.setdefault(citation.number, []).append(citation)
    parts += [_paper(citations, turn) for _, citations in sorted(by_number.items())]
    parts.append(_unsupported(answer))
    cited = {citation.paper.id for citation in answer.citations}
    others = [passage for passage in best_of_each_paper(answer.passages) if passage.paper.id not in cited]
    parts.append(_also_considered(others, bool(answer.nearest)))
    return "".join(parts)


def _head(answer: Answer) -> str:
    seconds = answer.timings.get("total", 0.0)
    tokens = answer.usage.input_tokens
    small = f"{html.escape(answer.mode)} · {seconds:.2f} s" + (f" · {tokens:,} tokens read" if tokens else "")
    status = f'<span class="badge {answer.status}" role="status">{_STATUS[answer.status]}</span>'
    return f'<div class="head">{status}<span class="small">{small}</span></div>'


def _paper(citations: Sequence[Citation], turn: int) -> str:
    number, paper = citations[0].number, citations[0].paper
    quotes = {citation.section: [c.span for c in citations if c.section == citation.section] for citation in citations}
    texts = [
        _marked(section.text, [(span.start, span.end) for span in quotes.get(section.heading, [])], section.page)
        for section in paper.sections
        if section.heading in quotes
    ]
    record = html.escape(paper.details)
    if "record" in quotes:
        record = f"<mark>{record or 'title'}</mark>"
    sources = html.escape(", ".join(paper.sources))
    return (
        f'<article class="paper" id="source-{turn}-{number}" tabindex="0"><h3>[{number}] {html.escape(paper.title)}</h3>'
        f'<div class="small">{record}</div>{"".join(texts)}<div class="small">Source: {sources}</div></article>'
    )


def _marked(text: str, spans: Sequence[tuple[int, int]], page: int | None) -> str:
    """The text with the spans highlighted."""
    parts, position = [], 0
    for start, end in sorted(spans):
        if start < position:
            continue
        parts += [html.escape(text[position:start]), f"<mark>{html.escape(text[start:end])}</mark>"]
        position = end
    parts.append(html.escape(text[position:]))
    place = f'<span class="small">Page {page}. </span>' if page else ""
    return f"<p>{place}{''.join(parts)}</p>"


def _unsupported(answer: Answer) -> str:
    failed = [claim for claim in answer.claims if claim.verdict == "unsupported"]
    if not failed:
        return ""
    items = "".join(
        f"<li>{html.escape(claim.text)}<br><span class='small'>{html.escape('; '.join(claim.reasons))}</span></li>"
        for claim in failed
    )
    return f"<details><summary>{len(failed)} claims left out: not supported by what they cite</summary><ul>{items}</ul></details>"


def _also_considered(passages: Sequence[Passage], is_open: bool) -> str:
    if not passages:
        return ""
    items = "".join(
        f'<div class="paper"><h3>{html.escape(p.paper.title)}</h3><div class="small">{html.escape(p.paper.details)}</div>'
        f"<p>{html.escape(p.best_sentence)}</p></div>"
        for p in passages
    )
    label = "Nearest passages" if is_open else "Also considered"
    return f"<details{' open' if is_open else ''}><summary>{label} ({len(passages)})</summary>{items}</details>"
