"""The nouns of a library, frozen and plain: a `Paper` is cut into `Chunk`s; a search returns `Passage`s of scored `Sentence`s."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ABSTRACT = "Abstract"  # the heading of a paper's abstract


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
    begins on; `abstract_turns` say at which character a sentence begins on another page, and on which. `sources` names every
    file that listed the paper.
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
    abstract_turns: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        # What is of another type is for `loaders.checking` to refuse, in words.
        if not self.id and isinstance(self.title, str):
            object.__setattr__(self, "id", paper_id(self.title))
        if self.author_count is None and self.authors and isinstance(self.authors, Sequence):
            object.__setattr__(self, "author_count", len(self.authors))

    @property
    def details(self) -> str:
        """The printed metadata as one line, such as "5 authors · Mar 3, 2023 · 2 comments"; "" where none was printed."""
        parts = [", ".join(self.authors), self.organisation or ""]
        if self.author_count and not self.authors:
            parts.insert(0, counted(self.author_count, "author"))
        parts.append(self.venue or "")
        parts.append(self.date or (str(self.year) if self.year else ""))
        if self.comment_count is not None:
            parts.append(counted(self.comment_count, "comment"))
        return " · ".join(part for part in parts if part)

    @property
    def record(self) -> str:
        """The title and the printed metadata as one citable line: what can be said of a paper without its text."""
        return f"{self.title} · {self.details}" if self.details else self.title

    @property
    def sections(self) -> tuple[Section, ...]:
        """Everything that can be quoted, in reading order: the abstract, then the body."""
        starts = ((0, self.abstract_page), *self.abstract_turns)
        ends = (*(start for start, _ in self.abstract_turns), len(self.abstract))
        parts = ((self.abstract[start:end], page) for (start, page), end in zip(starts, ends, strict=True))
        return (*(Section(text, ABSTRACT, page) for text, page in parts if text), *self.body)


_TUPLES = ("authors", "sources")


def paper_from(values: Mapping[str, Any]) -> Paper:
    """A paper from the plain JSON types that `dataclasses.asdict` gives; what is left out has its default."""
    known: dict[str, Any] = {name: tuple(value) if name in _TUPLES else value for name, value in values.items()}
    known["abstract_turns"] = tuple(map(tuple, values.get("abstract_turns", ())))
    known["body"] = tuple(Section(**section) for section in values.get("body", ()))
    return Paper(**{"title": "", "abstract": "", **known})


def one_line(text: str) -> str:
    """`text` with white space and control characters made plain, and without soft hyphens and zero-width characters."""
    if text.isascii() and text.isprintable():  # as nearly all questions are
        return " ".join(text.split())
    seen = (letter for letter in text if unicodedata.category(letter) != "Cf")
    return " ".join("".join(letter if letter.isprintable() else " " for letter in seen).split())


def counted(number: int, noun: str) -> str:
    """A number with what it counts: "1 paper", "1,234 papers", "2 entries"."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def quoted(names: Iterable[str]) -> str:
    """Names or titles as a sentence lists them: “HFT” and “LST”."""
    return " and ".join(f"“{name}”" for name in names)


def is_visible(text: str) -> bool:
    """True where `text` shows anything: white space, control and zero-width characters show nothing."""
    return any(letter.isprintable() and letter != " " for letter in text)


def normalised(text: str) -> str:
    """Letters and digits only, folded to one case and one Unicode form: what two spellings of a title share."""
    return re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", text).casefold()).strip()


def paper_id(title: str, abstract: str = "") -> str:
    """A stable id of 12 hex digits from the normalised title (and from the abstract where titles collide)."""
    key = normalised(title) or title
    return hashlib.sha256(
        "\n".join(filter(None, (key, normalised(abstract)))).encode("utf-8", "surrogatepass")
    ).hexdigest()[:12]


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
    """The id of the paper that a chunk is of: chunk ids begin with it, and end with a number and a digest."""
    return chunk_id.rsplit("-", 2)[0]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage: `text` verbatim, `span` within the passage's text, `score` for the question in [0, 1]."""

    text: str
    span: Span
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk found for a question, with its paper, a `score` in [0, 1] (higher is better) and its scored sentences.

    `signals` holds the parts of the score by name (bm25, dense, …), as they were before fusion, and `chance`, how probably its
    paper is the one that answers, where the learnt order is in use.
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
