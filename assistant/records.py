"""The nouns that flow through the pipeline: frozen, plain, and the same in every mode.

A `Paper` is cut into `Chunk`s; a search returns `Passage`s; an `Answer` is made of `Claim`s, each with `Citation`s that
point at exact character positions of the paper's stored text.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

Status = Literal["answered", "partial", "not_found"]
Verdict = Literal["supported", "unsupported"]


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a paper's text: `text` verbatim, with its `heading` and 1-based `page` where they are known."""

    text: str
    heading: str | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper. `title` and `abstract` are verbatim; what was not printed is None, never guessed.

    `date` is kept as printed; `year` is None where no year was printed. `abstract_page` is the page that the abstract
    stands on. `sources` names every file that listed the paper.
    """

    title: str
    abstract: str
    authors: tuple[str, ...] = ()
    author_count: int | None = None
    organisation: str | None = None
    date: str | None = None
    year: int | None = None
    comment_count: int | None = None
    url: str | None = None
    body: tuple[Section, ...] = ()
    sources: tuple[str, ...] = ()
    id: str = ""
    doi: str | None = None
    arxiv_id: str | None = None
    venue: str | None = None
    abstract_page: int | None = None

    def __post_init__(self) -> None:
        if not self.id:
            object.__setattr__(self, "id", paper_id(self.title))
        if self.author_count is None and self.authors:
            object.__setattr__(self, "author_count", len(self.authors))

    @property
    def details(self) -> str:
        """The printed metadata as one line, such as "5 authors · Mar 3, 2023 · 2 comments"; "" where none was printed."""
        parts = [", ".join(self.authors), self.organisation or ""]
        if self.author_count and not self.authors:
            parts.insert(0, f"{self.author_count} author{'s' if self.author_count != 1 else ''}")
        parts.append(self.venue or "")
        parts.append(self.date or (str(self.year) if self.year else ""))
        if self.comment_count is not None:
            parts.append(f"{self.comment_count} comment{'s' if self.comment_count != 1 else ''}")
        return " · ".join(part for part in parts if part)

    @property
    def record(self) -> str:
        """The title and the printed metadata as one citable line: what can be said of a paper without its text."""
        return f"{self.title} · {self.details}" if self.details else self.title

    @property
    def sections(self) -> tuple[Section, ...]:
        """Everything that can be quoted, in reading order: the abstract, then the body."""
        abstract = (Section(self.abstract, "Abstract", self.abstract_page),) if self.abstract else ()
        return abstract + self.body


_TUPLES = ("authors", "sources")


def paper_from(values: Mapping[str, Any]) -> Paper:
    """A paper from the plain JSON types that `dataclasses.asdict` gives; what is left out has its default."""
    known: dict[str, Any] = {name: tuple(value) if name in _TUPLES else value for name, value in values.items()}
    known["body"] = tuple(Section(**section) for section in values.get("body", ()))
    return Paper(**{"abstract": "", **known})


def normalised(text: str) -> str:
    """Letters and digits only, folded to one case and one Unicode form: what two spellings of a title share."""
    return re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", text).casefold()).strip()


def paper_id(title: str, abstract: str = "") -> str:
    """A stable id of 12 hex digits from the normalised title (and from the abstract where titles collide)."""
    key = normalised(title) or title
    return hashlib.sha256("\n".join(filter(None, (key, normalised(abstract)))).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` (inclusive) to `end` (exclusive) of some text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole sentences of one section of a paper, within a token budget.

    `text` is verbatim; `start` is its position in the section's text; `sentences` are positions within `text`. The
    section is number `section` of `paper.sections`, or -1 for the record of title and printed metadata.
    """

    id: str
    paper_id: str
    text: str
    sentences: tuple[Span, ...]
    section: int
    start: int
    tokens: int
    heading: str | None = None
    page: int | None = None

    @property
    def is_record(self) -> bool:
        """True for the chunk that holds the title and the printed metadata in place of running text."""
        return self.section < 0

    def sentence(self, index: int) -> str:
        """The verbatim text of sentence `index` (0-based)."""
        span = self.sentences[index]
        return self.text[span.start : span.end]


def paper_of(chunk_id: str) -> str:
    """The id of the paper that a chunk is of: chunk ids begin with it."""
    return chunk_id.partition("-")[0]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage: `text` verbatim, `span` within the passage's text, `score` for the question in [0, 1]."""

    text: str
    span: Span
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk found for a question, with its paper, a `score` in [0, 1] (higher is better) and its scored sentences.

    `signals` holds the parts of the score by name (bm25, dense, …), as they were before fusion.
    """

    chunk: Chunk
    paper: Paper
    score: float
    sentences: tuple[Sentence, ...] = ()
    signals: dict[str, float] = field(default_factory=dict, compare=False)

    @property
    def text(self) -> str:
        """The passage's verbatim text."""
        return self.chunk.text

    @property
    def best_sentence(self) -> str:
        """The sentence that fits the question best; the whole text where none was scored."""
        return max(self.sentences, key=lambda sentence: sentence.score).text if self.sentences else self.text


def best_of_each_paper(passages: Iterable[Passage]) -> tuple[Passage, ...]:
    """The first passage of each paper, in order: the best where they come best first."""
    first: dict[str, Passage] = {}
    for passage in passages:
        first.setdefault(passage.paper.id, passage)
    return tuple(first.values())


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
        return bool(self.standalone_question) and self.standalone_question != " ".join(self.question.split())

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
        """The answer as plain JSON types, with `text` and `citations` written out."""
        return {
            "question": self.question,
            "standalone_question": self.standalone_question,
            "scope": self.scope,
            "status": self.status,
            "text": self.text,
            "claims": [asdict(claim) for claim in self.claims],
            "citations": [asdict(citation) for citation in self.citations],
            "nearest": [{"paper": asdict(p.paper), "text": p.text, "score": round(p.score, 4)} for p in self.nearest],
            "reason": self.reason,
            "mode": self.mode,
            "probability": self.probability,
            "usage": asdict(self.usage),
            "timings": self.timings,
        }

    def to_markdown(self) -> str:
        """The answer as Markdown: the text, then each cited paper with its quotes."""
        lines = [f"**{escape_markdown(self.question)}**", ""]
        if self.was_rewritten:
            lines += [f"*Understood as: {escape_markdown(self.standalone_question)}*", ""]
        lines += [escape_markdown(self.text, keep_marks=True), ""]
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
    """A step of a streamed answer: "rewritten" (standalone question), "retrieved", "claim" (checked), "done" (answer)."""

    kind: Literal["rewritten", "retrieved", "claim", "done"]
    question: str = ""
    passages: tuple[Passage, ...] = ()
    claim: Claim | None = None
    answer: Answer | None = None


def escape_markdown(text: str, keep_marks: bool = False) -> str:
    """Paper text must not become links, images or HTML in the reader's Markdown."""
    specials = r"([\\`*_<>!#|])" if keep_marks else r"([\\`*_<>!#|\[\]])"
    return re.sub(specials, r"\\\1", text)


def unescape_markdown(text: str) -> str:
    """What `escape_markdown` was given."""
    return re.sub(r"\\([\\`*_<>!#|\[\]])", r"\1", text)


def bibtex(papers: Iterable[Paper]) -> str:
    """Papers as BibTeX, one entry each; "" for none."""
    return "\n".join(map(_bibtex_entry, papers))


def _bibtex_entry(paper: Paper) -> str:
    def braces_balanced(text: str) -> str:
        return re.sub(r"[{}\\]", "", text)

    fields = {
        "title": braces_balanced(paper.title),
        "author": " and ".join(map(braces_balanced, paper.authors)) or braces_balanced(paper.organisation or ""),
        "year": str(paper.year or ""),
        "howpublished": braces_balanced(paper.venue or ""),
        "doi": paper.doi or "",
        "eprint": paper.arxiv_id or "",
        "archiveprefix": "arXiv" if paper.arxiv_id else "",
        "url": paper.url or "",
        "note": "" if paper.year else (paper.date or ""),
    }
    first_word = (normalised(paper.title).split() or ["paper"])[0]
    key = f"{re.sub(r'[^a-z0-9]', '', first_word)}{paper.year or ''}{paper.id[:4]}"
    body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@misc{{{key},\n{body}\n}}\n"
