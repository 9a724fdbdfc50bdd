"""Marks and checks: pure functions that hold a claim against the sentences it cites.

The checks go from certain to likely: the mark was offered; the claim's numbers, names, negation and direction stand in the
cited sentences; enough of its weighted words do. They catch what changes a fact, not what merely changes its wording, and
none of them proves entailment.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from assistant.quantities import quantities
from assistant.terms import fold, squeezed, stem, terms

# Share of a claim's idf mass that its cited sentences must hold. .19 told on-topic from random citations on ExpertQA
# (evaluation of public labels, AUROC .995); a claim may also not take most of its words from nowhere.
MIN_COVER = 0.35
# The same for each clause of three or more content words: an invented tail has a clause of its own.
MIN_CLAUSE_COVER = 0.2

_MARK = r"\d{1,3}\.\d{1,3}"
_MARKS = re.compile(rf"[\[【]\s*({_MARK}(?:\s*[,;–-]\s*{_MARK})*)\s*[\]】]")
_REFUSAL = re.compile(r"^\W*not[ _]found\W*$", re.IGNORECASE)
_FILLER = re.compile(
    r"^(?:sure|certainly|of course|okay|ok|here (?:is|are)|based on the (?:evidence|papers|provided)|answer|summary|in summary|"
    r"i hope|let me know|please|note that this)\b", re.IGNORECASE,
)  # fmt: skip
_NEGATORS = re.compile(
    r"\b(?:not|no|never|neither|nor|cannot|without|hardly|fails? to|failed to|failing to|unable to|lacks?|lacking)\b|\w+n['’]t\b",
    re.IGNORECASE,
)
_OPPOSITES = [
    pair.split("/")
    for pair in "increase/decrease increase/reduce improve/degrade improve/worsen higher/lower high/low better/worse best/worst "
    "faster/slower more/fewer more/less larger/smaller larger/less outperform/underperform above/below before/after "
    "maximize/minimize maximise/minimise always/never strong/weak stronger/weaker positive/negative superior/inferior "
    "gain/loss rise/fall accelerate/slow enable/prevent success/failure succeed/fail many/few longer/shorter "
    "with/without most/least all/none upper/lower cheaper/costlier easier/harder".split()
]
_NAME = re.compile(r"\b(?=\w*[A-Z])(?:\w*[A-Z]\w*[A-Z]\w*|\w*[A-Za-z]\w*\d\w*)(?:[-+]\w+)*\b")
_CLAUSE = re.compile(
    r";|—|, (?:and|but|while|which|because|so|making|thereby|although|whereas) |\b(?:because|whereas|although)\b"
)
_COMPARING = re.compile(
    r"\b(?:outperform\w*|surpass\w*|exceed\w*|beats?|(?:better|worse|faster|slower|larger|smaller|higher|lower|more \w+) than)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class EvidenceSentence:
    """A numbered sentence: its `mark` ("2.5"), `text` verbatim, its passage's `context`, and its paper's `record`."""

    mark: str
    text: str
    context: str
    record: str


@dataclass(frozen=True, slots=True)
class ParsedClaim:
    """A statement of the model's, without its marks, and the marks it ended in."""

    text: str
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a claim is not supported: a `kind` for counting, and a `message` for readers."""

    kind: str
    message: str


def is_refusal(line: str) -> bool:
    """True for the fixed line NOT FOUND, in any case and with any decoration."""
    return bool(_REFUSAL.match(line))


def is_filler(line: str) -> bool:
    """True for a line that claims nothing: empty, a heading, an opening or closing remark without marks."""
    text = _undecorated(line)
    if not re.search(r"\w", text) or _MARKS.search(line):
        return not re.search(r"\w", text)
    return text.endswith(":") or line.lstrip().startswith("#") or bool(_FILLER.match(text))


def parse_claims(line: str) -> list[ParsedClaim]:
    """The claims of a line: each stretch of text up to a group of marks; what follows the last marks stands without."""
    claims: list[ParsedClaim] = []
    position, text = 0, _undecorated(line)
    matches = list(_MARKS.finditer(text))
    for index, match in enumerate(matches):
        words = text[position : match.start()]
        marks = tuple(_expanded(match[1]))
        position = match.end()
        if not re.search(r"\w", words) and claims:  # "[1.2] [3.1]": marks in a row
            claims[-1] = ParsedClaim(claims[-1].text, tuple(dict.fromkeys(claims[-1].marks + marks)))
            continue
        following = text[position : matches[index + 1].start() if index + 1 < len(matches) else len(text)]
        if re.match(r"\s*[a-z,]", following):  # a mark in mid-sentence: the sentence goes on to its end
            rest = re.match(r"[^.!?\[]*[.!?]?", following)
            words += following[: rest.end()] if rest else ""
            position += rest.end() if rest else 0
        claims.append(ParsedClaim(_clean(words), marks))
    tail = text[position:]
    if re.search(r"\w", tail):
        claims.append(ParsedClaim(_clean(tail), ()))
    return claims


def _undecorated(line: str) -> str:
    """The line without bullets, numbering, bold and quotes around it."""
    line = re.sub(r"^\s*(?:[-*•]\s+|\d{1,2}[.)]\s+|#+\s*)", "", line)
    return re.sub(r"\*\*|__|`", "", line).strip()


def _clean(words: str) -> str:
    words = re.sub(r"\s+([.,;:!?])", r"\1", " ".join(words.split())).lstrip(".,;: ")
    return re.sub(r"(\w)[,;:]$", r"\1", words)


def _expanded(group: str) -> Iterable[str]:
    """ "1.2, 1.4-1.6" -> 1.2, 1.4, 1.5, 1.6; a range over two passages is its two ends."""
    for part in re.split(r"\s*[,;]\s*", group):
        ends = re.findall(_MARK, part)
        (passage, first), (other, last) = (end.split(".") for end in (ends[0], ends[-1]))
        if passage == other and int(first) <= int(last):
            yield from (f"{passage}.{number}" for number in range(int(first), int(last) + 1))
        else:
            yield from ends


def check_claim(
    text: str, marks: Sequence[str], evidence: Mapping[str, EvidenceSentence], idf: Callable[[str], float]
) -> list[Problem]:
    """What speaks against the claim; an empty list means supported. Never raises."""
    if not marks:
        return [Problem("no_mark", "it cites nothing")]
    unknown = [mark for mark in marks if mark not in evidence]
    if unknown:
        return [Problem("no_such_mark", f"it cites [{unknown[0]}], which was not offered")]
    cited = [evidence[mark] for mark in marks]
    problems = _against(text, cited, idf)
    if problems:
        other = next((s for s in evidence.values() if s.mark not in marks and not _against(text, [s], idf)), None)
        if other:
            return [Problem("misattributed", f"the cited sentence does not say it; [{other.mark}] does")]
    return problems


def _against(text: str, cited: Sequence[EvidenceSentence], idf: Callable[[str], float]) -> list[Problem]:
    sentences = " ".join(sentence.text for sentence in cited)
    records = " ".join(sentence.record for sentence in cited)
    problems = [*_numbers(text, f"{sentences} ; {records}")]
    problems += _names(text, " ".join((sentences, records, *(sentence.context for sentence in cited))))
    problems += _polarity(text, [sentence.text for sentence in cited])
    problems += _swapped(text, [sentence.text for sentence in cited])
    return problems + _cover(text, f"{sentences} {records}", idf)


def _numbers(text: str, source: str) -> list[Problem]:
    there = quantities(source)
    missing = [quantity for quantity in quantities(text) if not any(quantity.agrees_with(other) for other in there)]
    return [Problem("number", f"the cited sentence does not contain “{quantity.text}”") for quantity in missing[:2]]


def _names(text: str, source: str) -> list[Problem]:
    there = squeezed(source)
    for match in _NAME.finditer(fold(text)):
        name = squeezed(match.group())
        singular = name[:-1] if name.endswith("s") else name
        if (
            name not in there
            and singular not in there
            and not all(squeezed(p) in there for p in match.group().split("-"))
        ):
            return [Problem("name", f"the cited paper does not mention “{match.group()}”")]
    return []


def _polarity(text: str, cited: Sequence[str]) -> list[Problem]:
    """Negation and direction, against the cited sentence that is closest to the claim."""
    wanted = set(terms(text))
    closest = max(cited, key=lambda sentence: len(wanted & set(terms(sentence))))
    everything = " ".join(cited)
    problems: list[Problem] = []
    # The same negations and one more, or one less, are an edit; where they only overlap, the claim may say the same in
    # other words.
    mine, theirs = _negated_terms(text), _negated_terms(everything)
    added = mine - theirs if not mine & theirs or theirs <= mine else set()
    dropped = _negated_terms(closest) & wanted - mine if not mine & theirs or mine <= theirs else set()
    if added & set(terms(closest)) or (added and not _NEGATORS.search(closest)):
        problems.append(Problem("negation", "it says “not” where the cited sentence does not"))
    if dropped:
        problems.append(Problem("negation", "it leaves out a “not” of the cited sentence"))
    said, there = _stems(text), _stems(everything)
    for first, second in ((stem(a), stem(b)) for a, b in _OPPOSITES):
        for word, opposite in ((first, second), (second, first)):
            if word in said and word not in there and opposite in there and opposite not in said:
                return [*problems, Problem("direction", f"the cited sentence says the opposite (“{opposite}”)")]
    return problems


def _stems(text: str) -> set[str]:
    return {stem(word) for word in re.findall(r"[a-z]+", fold(text).lower())}


def _negated_terms(text: str) -> set[str]:
    """The two content words after each negator: what is negated."""
    found: set[str] = set()
    for match in _NEGATORS.finditer(text):
        if re.match(r"\s+only\b", text[match.end() :]):
            continue
        found.update(terms(text[match.end() : match.end() + 60])[:2])
    return found


def _swapped(text: str, cited: Sequence[str]) -> list[Problem]:
    """Finds “A outperforms B” cited for “B outperforms A”."""

    def sides(sentence: str) -> tuple[set[str], set[str]] | None:
        match = _COMPARING.search(sentence)
        if not match:
            return None
        before, after = set(terms(sentence[: match.start()])), set(terms(sentence[match.end() :]))
        return (after, before) if re.match(r"\s+by\b", sentence[match.end() :]) else (before, after)

    mine = sides(text)
    for sentence in cited:
        theirs = sides(sentence)
        if mine and theirs:
            straight = len(mine[0] & theirs[0] - theirs[1]) + len(mine[1] & theirs[1] - theirs[0])
            crossed = len(mine[0] & theirs[1] - theirs[0]) + len(mine[1] & theirs[0] - theirs[1])
            if crossed >= 2 and crossed > straight:
                return [Problem("swapped", "it turns the comparison of the cited sentence around")]
    return []


def _cover(text: str, source: str, idf: Callable[[str], float]) -> list[Problem]:
    there = set(terms(source))

    def cover(part: str) -> tuple[float, int]:
        wanted = set(terms(part))
        mass = sum(idf(term) for term in wanted)
        return (sum(idf(term) for term in wanted & there) / mass if mass else 1.0), len(wanted)

    share, _ = cover(text)
    if share < MIN_COVER:
        return [Problem("off_topic", "the cited sentence is about something else")]
    for clause in _CLAUSE.split(text):
        share, size = cover(clause)
        if size >= 3 and share < MIN_CLAUSE_COVER:
            return [Problem("invented", f"nothing in the cited sentence supports “{' '.join(clause.split())[:80]}”")]
    return []
