"""The panel beside the chat, as HTML: each cited paper with the quoted sentences marked in its text."""

import html
from collections.abc import Iterator, Sequence

from assistant.answers import Answer, Citation
from assistant.conversations import Conversation, Turn
from assistant.page.answers import STATUS, quote_key
from assistant.records import Paper, Passage, Section, best_of_each_paper, counted

EMPTY = '<p class="small">The papers behind an answer appear here, with the quoted sentences marked.</p>'
_TURNS = 50  # older ones keep their answer in the chat; the panel would grow without end
_WHOLE, _AROUND = 2500, 600  # characters: a longer text is shown only around its quotations

Quote = tuple[int, int, str]  # start, end, and the keys of the chips that point at it


def evidence_html(conversation: Conversation) -> str:
    """The evidence of every turn; only the newest is visible until a chip of another is chosen."""
    numbered = list(enumerate(conversation.turns, 1))[-_TURNS:]
    if not numbered:
        return EMPTY
    last = numbered[-1][0]
    return "".join(
        f'<section class="turn{" current" if number == last else ""}" aria-label="Evidence of answer {number}">'
        f"{''.join(_turn(turn, number))}</section>"
        for number, turn in numbered
    )


def _turn(turn: Turn, number: int) -> Iterator[str]:
    answer = turn.answer
    yield _head(answer)
    keys = _keys(answer, number)
    by_number: dict[int, list[Citation]] = {}
    for citation in answer.citations:
        by_number.setdefault(citation.number, []).append(citation)
    for _, citations in sorted(by_number.items()):
        yield _paper(citations, keys)
        yield _page_buttons(citations, answer, number)
    yield _unsupported(answer)
    cited = {citation.paper.id for citation in answer.citations}
    others = [passage for passage in best_of_each_paper(answer.passages) if passage.paper.id not in cited]
    yield _also_considered(others, bool(answer.nearest))


def _page_buttons(citations: Sequence[Citation], answer: Answer, turn: int) -> str:
    """A button for each page of a PDF that is cited: it shows the page with the quotations on it marked."""
    first = {c.page: answer.citations.index(c) for c in reversed(citations) if is_from_pdf(c)}
    return "".join(
        f'<button class="page-picture" data-wanted="{turn}:{index}">Show page {page}</button>'
        for page, index in sorted(first.items(), key=lambda item: item[0] or 0)
    )


def is_from_pdf(citation: Citation) -> bool:
    """True where the cited sentence has a page that can be shown."""
    return citation.page is not None and any(name.lower().endswith(".pdf") for name in citation.paper.sources)


def _keys(answer: Answer, turn: int) -> dict[tuple[int, str], str]:
    """By paper number and quotation, the keys of the chips that point at it."""
    keys: dict[tuple[int, str], str] = {}
    for index, claim in enumerate(answer.claims):
        for citation in claim.citations:
            place = (citation.number, citation.quote)
            keys[place] = f"{keys.get(place, '')} {quote_key(turn, index, citation.number)}".strip()
    return keys


def _head(answer: Answer) -> str:
    seconds = answer.timings.get("total", 0.0)
    used = answer.usage.in_words
    small = f"{html.escape(answer.mode)} · {seconds:.2f} s" + (f" · {used}" if used else "")
    shown = STATUS[answer.status] if answer.claims or answer.passages else "Nothing looked up"
    status = f'<span class="badge {answer.status}" role="status">{shown}</span>'
    asked = f'<div class="small asked">{html.escape(answer.question)}</div>'
    back = '<a class="back small" href="#chatbot">Back to the answer</a>'  # shown where the panel stands below the chat
    return f'<div class="head">{status}<span class="small">{small}</span>{back}</div>{asked}'


def _paper(citations: Sequence[Citation], keys: dict[tuple[int, str], str]) -> str:
    number, paper = citations[0].number, citations[0].paper
    texts = []
    for section in paper.sections:
        quotes = [
            (c.span.start, c.span.end, keys[number, c.quote])
            for c in citations
            if c.section != "record" and section.text[c.span.start : c.span.end] == c.quote
        ]
        if quotes:
            texts.append(_marked(section, quotes))
    record = html.escape(paper.details)
    of_record = " ".join(keys[number, c.quote] for c in citations if c.section == "record")
    if of_record:
        record = f'<mark data-keys="{of_record}">{record or "title"}</mark>'
    return (
        f'<article class="paper" id="source-{keys[number, citations[0].quote].split()[0]}">'
        f'<h3>[{number}] {html.escape(paper.title)}</h3><div class="small">{record}</div>{"".join(texts)}'
        f'<div class="small">{_where(paper)}</div></article>'
    )


def _where(paper: Paper) -> str:
    """The files that hold the paper, and its address as text: nothing of a paper becomes a link."""
    return html.escape(
        " · ".join(filter(None, ("Source: " + (", ".join(paper.sources) or "added from Python"), paper.url)))
    )


def _marked(section: Section, quotes: Sequence[Quote]) -> str:
    """The section's text with the quotations highlighted; a long text only around them."""
    parts: list[str] = []
    position = 0
    for start, end, keys in sorted(quotes):
        if start < position:
            continue
        parts += [_between(section.text[position:start], bool(position), True)]
        parts += [f'<mark data-keys="{keys}">{html.escape(section.text[start:end])}</mark>']
        position = end
    parts.append(_between(section.text[position:], True, False))
    place = " · ".join(filter(None, (f"Page {section.page}" if section.page else "", section.heading or "")))
    is_usual = section.heading == "Abstract" and not section.page  # which needs no words
    shown = f'<span class="small">{html.escape(place)}. </span>' if place and not is_usual else ""
    return f"<p>{shown}{''.join(parts)}</p>"


def _between(text: str, has_before: bool, has_after: bool) -> str:
    """What stands before, between or after quotations, shortened where it is long."""
    if len(text) <= _WHOLE:
        return html.escape(text)
    head = html.escape(text[:_AROUND]) if has_before else ""
    tail = html.escape(text[-_AROUND:]) if has_after else ""
    return f"{head} … {tail}"


def _unsupported(answer: Answer) -> str:
    failed = [claim for claim in answer.claims if claim.verdict == "unsupported"]
    if not failed:
        return ""
    items = "".join(
        f"<li>{html.escape(claim.text)}<br><span class='small'>{html.escape('; '.join(claim.reasons))}</span></li>"
        for claim in failed
    )
    left_out = (
        f"{counted(len(failed), 'claim')} left out: not supported by what {'they cite' if failed[1:] else 'it cites'}"
    )
    return f"<details><summary>{left_out}</summary><ul>{items}</ul></details>"


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
