"""What comes back of a question, the same in every mode: an `Answer` is made of `Claim`s, each with `Citation`s that point at
exact characters of the papers' stored text; `Event`s are the steps of a streamed one."""

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from assistant.markup import bibtex, escape_markdown
from assistant.records import ABSTRACT, Paper, Passage, Span, one_line

Status = Literal["answered", "partial", "not_found"]
Verdict = Literal["supported", "unsupported"]


@dataclass(frozen=True, slots=True)
class Citation:
    """Points at one exact sentence: `quote` is what the store holds at `span` of section `section` of `paper`.

    `number` is the [n] that the answer's text shows: one number a paper, in order of first use.
    """

    number: int
    paper: Paper
    quote: str
    span: Span
    section: str | None = None
    page: int | None = None
    chunk_id: str = ""

    @property
    def place(self) -> str:
        """Where in the paper the sentence stands, such as "p. 21", or the section's heading where no page is known; "" where
        that is the abstract, or the sentence is of the paper's record."""
        if self.page:
            return f"p. {self.page}"
        return self.section if self.section and self.section not in (ABSTRACT, "record") else ""


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of an answer, its citations, and whether the cited sentences hold it; `reasons` say why not.

    `lead` names the paper where the text needs it ("We propose …"); it is shown before the text and claims nothing more.
    """

    text: str
    citations: tuple[Citation, ...] = ()
    verdict: Verdict = "supported"
    reasons: tuple[str, ...] = ()
    lead: str = ""

    @property
    def marked_text(self) -> str:
        """The text followed by its marks, such as "Half of the parameters stay frozen. [1]"."""
        numbers = dict.fromkeys(citation.number for citation in self.citations)
        return " ".join([self.lead + self.text, *(f"[{number}]" for number in numbers)])


@dataclass(frozen=True, slots=True)
class Usage:
    """What the model provider was asked for: calls, tokens as it reported them, and their cost in US dollars.

    None where it did not report them, or the price is not known. `cached` is True where a reply came from the answer
    cache; with no calls, all of them did.
    """

    calls: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    cached: bool = False

    @property
    def in_words(self) -> str:
        """Such as "1 call · 2,100 + 80 tokens · $0.0004", with "unknown" for what is not known; "" where nothing was asked."""
        if not self.calls:
            return "from the answer cache, no call" if self.cached else ""
        tokens = "tokens unknown"
        if self.input_tokens is not None and self.output_tokens is not None:
            tokens = f"{self.input_tokens:,} + {self.output_tokens:,} tokens"
        cost = "cost unknown" if self.cost is None else f"${self.cost:.4f}"
        cached = " · partly from the answer cache" if self.cached else ""
        return f"{self.calls} call{'s' * (self.calls != 1)} · {tokens} · {cost}{cached}"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question.

    `claims` holds every claim, supported or not; `text` and `citations` only what is supported. `nearest` holds the
    passages closest to the question where nothing answers it. `scope` says in words which papers were asked, "" for all.
    `mode` is "extractive" or the model's name. `probability` is the estimate that the library answers the question, None
    where the library is uncalibrated. `timings` are seconds.
    """

    question: str
    status: Status
    claims: tuple[Claim, ...] = ()
    nearest: tuple[Passage, ...] = ()
    reason: str = ""
    mode: str = "extractive"
    standalone_question: str = ""
    scope: str = ""
    probability: float | None = None
    usage: Usage = Usage()
    timings: dict[str, float] = field(default_factory=dict, compare=False)
    passages: tuple[Passage, ...] = ()

    @property
    def was_rewritten(self) -> bool:
        """True where the question was made to stand alone before it was searched for."""
        return bool(self.standalone_question) and self.standalone_question != one_line(self.question)

    @property
    def supported(self) -> tuple[Claim, ...]:
        """The claims that an answer may show."""
        return tuple(claim for claim in self.claims if claim.verdict == "supported")

    @property
    def text(self) -> str:
        """Readable prose with [1] [2] marks; the reason where nothing was found."""
        if self.status == "not_found":
            return self.reason
        return "\n".join(claim.marked_text for claim in self.supported)

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The citations of the supported claims, each quote once, in order of number."""
        seen = {(c.number, c.chunk_id, c.span): c for claim in self.supported for c in claim.citations}
        return tuple(sorted(seen.values(), key=lambda c: c.number))

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain JSON types, with `text` and `citations` written out; papers come without the sections of their
        bodies that nothing quotes."""
        shown = self.trimmed()
        found = {
            "question": self.question,
            "standalone_question": self.standalone_question,
            "scope": self.scope,
            "status": self.status,
            "text": self.text,
            "claims": [asdict(claim) for claim in shown.claims],
            "citations": [asdict(citation) for citation in shown.citations],
            "nearest": [{"paper": asdict(p.paper), "text": p.text, "score": round(p.score, 4)} for p in shown.nearest],
            "reason": self.reason,
            "mode": self.mode,
            "probability": self.probability,
            "usage": asdict(self.usage),
            "timings": self.timings,
        }
        return json.loads(json.dumps(found))  # type: ignore[no-any-return]  # lists for tuples

    def to_markdown(self) -> str:
        """The answer as Markdown: the text, what it leaves open, then each cited paper with its quotes."""
        lines = [f"**{escape_markdown(self.question)}**", ""]
        if self.was_rewritten:
            lines += [f"*Understood as: {escape_markdown(self.standalone_question)}*", ""]
        lines += [escape_markdown(self.text, keep_marks=True), ""]
        if self.status == "partial" and self.reason:
            lines += [f"*Partly answered: {escape_markdown(self.reason)}*", ""]
        previous = 0
        for citation in self.citations:
            if citation.number != previous:
                details = f" ({citation.paper.details})" if citation.paper.details else ""
                lines += [f"[{citation.number}] **{escape_markdown(citation.paper.title)}**{details}", ""]
                previous = citation.number
            place = f" (page {citation.page})" if citation.page else ""
            lines += [f"> {escape_markdown(citation.quote)}{place}", ""]
        return "\n".join(lines).strip() + "\n"

    def to_bibtex(self) -> str:
        """The cited papers as BibTeX, one entry a paper; "" where nothing is cited."""
        return bibtex({citation.paper.id: citation.paper for citation in self.citations}.values())

    def trimmed(self) -> "Answer":
        """The same answer, each paper without the parts of its body that nothing quotes: what is worth storing."""
        quotes: dict[str, list[str]] = {}
        for citation in (citation for claim in self.claims for citation in claim.citations):
            quotes.setdefault(citation.paper.id, []).append(citation.quote)

        def cited(citation: Citation) -> Citation:
            of_paper = quotes[citation.paper.id]
            body = tuple(part for part in citation.paper.body if any(quote in part.text for quote in of_paper))
            return replace(citation, paper=replace(citation.paper, body=body))

        def found(passage: Passage) -> Passage:
            return replace(passage, paper=replace(passage.paper, body=()))

        return replace(
            self,
            claims=tuple(replace(claim, citations=tuple(map(cited, claim.citations))) for claim in self.claims),
            nearest=tuple(map(found, self.nearest)),
            passages=tuple(map(found, self.passages)),
        )


@dataclass(frozen=True, slots=True)
class Event:
    """A step of a streamed answer: "rewritten" (standalone question), "retrieved", "claim" (checked), "done" (answer).

    "writing" comes now and then while a model writes a line; it holds nothing, but who reads may leave then. "withdrawn" takes
    a claim back: the model had only thought it.
    """

    kind: Literal["rewritten", "retrieved", "writing", "claim", "withdrawn", "done"]
    question: str = ""
    passages: tuple[Passage, ...] = ()
    claim: Claim | None = None
    answer: Answer | None = None
