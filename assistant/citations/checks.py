"""The checks: pure functions that hold a claim against the sentences it cites.

The checks go from certain to likely: the mark was offered; the claim's quantities, names, negation and direction stand in
the cited sentences; enough of its weighted words do, in every clause. They catch what changes a fact, not what merely
changes its wording, and none of them proves entailment.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.citations.comparing import comparison_problem, direction_problem, exchanged_number, reversed_range
from assistant.citations.negation import negation_problem
from assistant.citations.wording import Reading, Word, covered, missing_name, read, segments, weights
from assistant.quantities import Quantity

# Share of a claim's idf mass that the cited sentences must hold. .19 told on-topic from random citations at AUROC .995 on the
# expert labels of ExpertQA, with plain word counts; with names, synonyms and reporting words taken out, as here, faithful
# rewordings of seed sentences stay above .4 (tests/data/claims.jsonl).
MIN_COVER = 0.45
# The same for one clause of three content words or more: an invented tail has a clause of its own.
MIN_CLAUSE_COVER = 0.3
# So many content words in a row that the cited sentences do not hold are an invention, in whatever clause they stand.
MAX_INVENTED_RUN = 4
MAX_CLAIM = 2000  # characters; a model that writes more in one line states no claim
_LONGEST_SOURCE = 6000  # characters of a sentence or passage that are read; stored sentences end at 1200
_NUMBERING = re.compile(r"(?<![\w.])\(?([1-9]\d?|i{1,3}|iv|v|[a-e])\)")  # (1) … (2) …: what a claim may count
_FIRST_NUMBERS = [str(number) for number in range(1, 100)]
_RIVALS = 3  # sentences tried in full for what a cited sentence does not say


@dataclass(frozen=True, slots=True)
class EvidenceSentence:
    """A numbered sentence: its `mark` ("2.5"), `text` verbatim, its passage's `context`, and its paper's `record`."""

    mark: str
    text: str
    context: str
    record: str


Evidence = Mapping[str, EvidenceSentence]
Weight = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a claim is not supported: a `kind` for counting, and a `message` for readers."""

    kind: str
    message: str


def check_claim(
    text: str, marks: Sequence[str], evidence: Mapping[str, EvidenceSentence], idf: Callable[[str], float]
) -> list[Problem]:
    """What speaks against the claim `text` that cites `marks`; an empty list means supported. Never raises.

    `evidence` holds every sentence that was offered, by mark; `idf` gives the weight of an index term.
    """
    if not marks:
        return [Problem("no_mark", "it cites nothing")]
    unknown = [mark for mark in marks if mark not in evidence]
    if unknown:
        return [Problem("no_such_mark", f"it cites [{unknown[0]}], which was not offered")]
    if len(text) > MAX_CLAIM:
        return [Problem("off_topic", "it is too long to be one claim")]
    claim = read(text)
    cited = [evidence[mark] for mark in dict.fromkeys(marks)]
    problems = _problems(claim, cited, idf)
    if problems and (rival := _rival(claim, cited, evidence, idf)):
        return [Problem("misattributed", f"the cited sentence does not say it; [{rival}] does")]
    return problems


def _read(text: str) -> Reading:
    return read(text[:_LONGEST_SOURCE])


def _rival(claim: Reading, cited: Sequence[EvidenceSentence], evidence: Evidence, idf: Weight) -> str | None:
    """The mark of the offered sentence that holds the claim by itself, the likeliest by shared words first."""
    wanted = {word.stem: idf(word.stem) for word in claim.words if word.is_content}
    others = [sentence for sentence in evidence.values() if sentence not in cited]
    scores = [sum(wanted[s] for s in wanted.keys() & _read(sentence.text).stems) for sentence in others]
    ranked = sorted(zip(scores, range(len(others)), strict=True), key=lambda pair: (-pair[0], pair[1]))
    return next((others[i].mark for _, i in ranked[:_RIVALS] if not _problems(claim, [others[i]], idf)), None)


def _problems(claim: Reading, cited: Sequence[EvidenceSentence], idf: Callable[[str], float]) -> list[Problem]:
    sentences = [_read(sentence.text) for sentence in cited]
    records = list(dict.fromkeys(sentence.record[:_LONGEST_SOURCE] for sentence in cited))
    whole = read("\n".join([*(s.text[:_LONGEST_SOURCE] for s in cited), *records]))
    parts = [part[:_LONGEST_SOURCE] for s in cited for part in (s.text, s.context, s.record)]
    broad = read("\n".join(dict.fromkeys(parts)))
    found = [_number_problem(claim, sentences, [read(record) for record in records])]
    name = missing_name(claim, broad)
    found.append(Problem("name", f"the cited paper does not mention “{name}”") if name else None)
    negation = negation_problem(claim, sentences)
    found.append(Problem("negation", negation) if negation else None)
    comparison, settled = comparison_problem(claim, sentences, _method_names(records))
    if comparison or reversed_range(claim, sentences):
        found.append(Problem("swapped", comparison or "the claim turns a range of the cited sentence around"))
    elif not negation:
        direction = direction_problem(claim, sentences, settled)
        found.append(Problem("direction", direction) if direction else None)
    found.append(_cover_problem(claim, whole, broad, idf))
    return [problem for problem in found if problem]


def _number_problem(claim: Reading, sentences: Sequence[Reading], records: Sequence[Reading]) -> Problem | None:
    there = [quantity for source in (*sentences, *records) for quantity in source.quantities]
    for quantity in claim.quantities:
        agreeing = [other for other in there if quantity.agrees_with(other)]
        if agreeing and _counts_other_things(quantity, agreeing, there):
            counted = f"{quantity.text.strip()[:40]} {quantity.noun}"
            return Problem("number", f"the cited sentence does not contain {counted}")
        if not agreeing and not _is_said_otherwise(claim, quantity, [*sentences, *records]):
            return Problem("number", f"the cited sentence does not contain {quantity.text.strip()[:40]}")
    numbering = _NUMBERING.findall(claim.text)
    given = {number for source in sentences for number in _NUMBERING.findall(source.text)}
    if not set(numbering) <= given and numbering != _FIRST_NUMBERS[: len(numbering)]:
        return Problem("number", "the cited sentence numbers its points otherwise")
    exchanged = exchanged_number(claim, sentences)
    return Problem("number", f"the cited sentence says {exchanged[:40]} of something else") if exchanged else None


def _counts_other_things(quantity: Quantity, agreeing: Sequence[Quantity], there: Sequence[Quantity]) -> bool:
    """True for "5 tasks" where the sources have "12 tasks" and "5 datasets"."""
    if not quantity.noun or any(not q.noun or q.noun == quantity.noun for q in agreeing):
        return False
    return any(q.noun == quantity.noun for q in there)


def _is_said_otherwise(claim: Reading, quantity: Quantity, sources: Sequence[Reading]) -> bool:
    """True for numbers that the sources hold in another form: in a name ("Llama 3"), as "a single", as "both"."""
    before = re.search(r"[^\W_]+\W?$", claim.text[: quantity.start].rstrip())
    joined = re.sub(r"[\W_]", "", before.group()).lower() + quantity.text.lower() if before else ""
    if joined[:1].isalpha() and any(joined in source.joins for source in sources):
        return True
    if quantity.is_measured and quantity.unit != "times":
        return False
    words = {1.0: {"one", "singl"}, 2.0: {"both", "dual", "twin", "pair", "two"}}.get(quantity.value, set())
    numbered = [len(set(_NUMBERING.findall(source.text))) for source in sources]
    return any(words & source.stems for source in sources) or (quantity.value > 1 and quantity.value in numbered)


def _method_names(records: Sequence[str]) -> frozenset[str]:
    """The stems of what titles name before a colon: "STEER: Unified Style Transfer …"; "we" means the same in the text."""
    names: set[str] = set()
    for record in records:
        head, colon, _ = record.partition(":")
        if colon and len(head.split()) <= 3:
            names.update(word.stem for word in read(head).words if word.is_content)
    return frozenset(names)


def _cover_problem(claim: Reading, whole: Reading, broad: Reading, idf: Callable[[str], float]) -> Problem | None:
    held = covered(claim, whole, broad)
    mass = weights(claim, idf, frozenset())
    if _cover(claim.words, held, mass) < MIN_COVER:
        return Problem("off_topic", "the cited sentence is about something else")
    for part in (*_long_runs(claim, held, mass), *segments(claim)):
        content = [word for word in part if mass[word.at]]
        is_tail = part[0].at > 0 and content and sum(word.is_content for word in part) >= 2
        if _cover(part, held, mass) < (MIN_CLAUSE_COVER if len(content) >= 3 else 0.01 if is_tail else 0.0):
            start, end = part[0].start, part[-1].start + len(part[-1].lower)
            return Problem("invented", f"nothing in the cited sentence supports “{claim.folded[start:end][:80]}”")
    return None


def _cover(words: Sequence[Word], held: Sequence[bool], mass: Sequence[float]) -> float:
    total = sum(mass[word.at] for word in words)
    return sum(mass[word.at] * held[word.at] for word in words) / total if total else 1.0


def _long_runs(claim: Reading, held: Sequence[bool], mass: Sequence[float]) -> Iterator[list[Word]]:
    """Stretches of MAX_INVENTED_RUN or more weighted words of which the sources hold none."""
    run: list[Word] = []
    for word in claim.words:
        if mass[word.at] and held[word.at]:
            if len(run) >= MAX_INVENTED_RUN:
                yield run
            run = []
        elif mass[word.at]:
            run.append(word)
    if len(run) >= MAX_INVENTED_RUN:
        yield run
