"""The checks: pure functions that hold a claim against the sentences it cites.

The checks go from certain to likely: the mark was offered; the claim's quantities stand in the cited sentences, said of the
same things; negation, comparison, direction and strength ("all", "only", "may", "because") agree; its names occur; enough of
its weighted words do, in every clause. They catch what changes a fact, not what merely changes its wording, and none of them
proves entailment: `benchmarks/checks.py` says how much of what a model may write they tell apart.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from assistant.citations.comparing import comparison_problem, direction_problem
from assistant.citations.covering import cover_problem
from assistant.citations.evidence import Evidence, EvidenceSentence, Problem, Weight
from assistant.citations.negation import negation_problem
from assistant.citations.numbers import number_problem
from assistant.citations.placing import reversed_range
from assistant.citations.strength import strength_problem
from assistant.citations.subjects import subject_problem
from assistant.citations.wording import Reading, missing_name, read, stems_of

MAX_CLAIM = 2000  # characters; a model that writes more in one line states no claim
_LONGEST_SOURCE = 6000  # characters of a sentence or passage that are read; stored sentences end at 1200
_RIVALS = 3  # sentences tried in full for what a cited sentence does not say


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
    problems = list(_problems(claim, cited, idf))
    if problems and (rival := _rival(claim, cited, evidence, idf)):
        return [Problem("misattributed", f"the cited sentence does not say it; [{rival}] does")]
    return problems


def _read(text: str) -> Reading:
    return read(text[:_LONGEST_SOURCE])


def marks_within(text: str, passages: Sequence[int], evidence: Evidence, idf: Weight) -> tuple[str, ...]:
    """The mark of the sentence of the numbered passages that holds the claim by itself; () where none does."""
    offered = {
        mark: s for mark, s in evidence.items() if int(mark.partition(".")[0]) in passages and not mark.endswith(".0")
    }
    rival = _rival(read(text), (), offered, idf) if len(text) <= MAX_CLAIM else None
    return (rival,) if rival else ()


def _rival(claim: Reading, cited: Sequence[EvidenceSentence], evidence: Evidence, idf: Weight) -> str | None:
    """The mark of the offered sentence that holds the claim by itself, the likeliest by shared words first."""
    wanted = {word.stem: idf(word.stem) for word in claim.words if word.is_content}
    others = [sentence for sentence in evidence.values() if sentence not in cited]
    scores = [sum(wanted[s] for s in wanted.keys() & stems_of(other.text[:_LONGEST_SOURCE])) for other in others]
    ranked = sorted(zip(scores, range(len(others)), strict=True), key=lambda pair: (-pair[0], pair[1]))
    return next((others[i].mark for _, i in ranked[:_RIVALS] if not any(_problems(claim, [others[i]], idf))), None)


def _problems(claim: Reading, cited: Sequence[EvidenceSentence], idf: Weight) -> Iterator[Problem]:
    """What speaks against a claim, the cheaper checks first: who only asks whether anything does stops at the first."""
    sentences = [_read(sentence.text) for sentence in cited]
    records = list(dict.fromkeys(sentence.record[:_LONGEST_SOURCE] for sentence in cited))
    if number := number_problem(claim, sentences, [read(record) for record in records]):
        yield Problem("number", number)
    if negation := negation_problem(claim, sentences):
        yield Problem("negation", negation)
    comparison, settled = comparison_problem(claim, sentences, _method_names(records))
    if not comparison and reversed_range(claim, sentences):
        comparison = "the claim turns a range of the cited sentence around"
    if comparison:
        yield Problem("swapped", comparison)
    elif not negation and (direction := direction_problem(claim, sentences, settled)):
        yield Problem("direction", direction)
    if strength := strength_problem(claim, sentences):
        yield Problem("strength", strength)
    whole = read("\n".join([*(s.text[:_LONGEST_SOURCE] for s in cited), *records]))
    contexts = [context for s in cited for context in _around(s)]
    broad = read("\n".join(dict.fromkeys([*contexts, *records])))
    if name := missing_name(claim, broad):
        yield Problem("name", f"the cited paper does not mention “{name}”")
    told = [reading for reading, sentence in zip(sentences, cited, strict=True) if not sentence.mark.endswith(".0")]
    if subject := subject_problem(claim, told, broad):  # in a title every word has a capital
        yield Problem("subject", subject)
    if cover := cover_problem(claim, whole, broad, idf):
        yield cover


def _around(sentence: EvidenceSentence) -> list[str]:
    """What stands around a sentence, itself included: its passage, so that all sentences of one are read once."""
    text, context = sentence.text[:_LONGEST_SOURCE], sentence.context[:_LONGEST_SOURCE]
    return [context] if text in context else [text, context]


def _method_names(records: Sequence[str]) -> frozenset[str]:
    """The stems of what titles name before a colon: "STEER: Unified Style Transfer …"; "we" means the same in the text."""
    names: set[str] = set()
    for record in records:
        head, colon, _ = record.partition(":")
        if colon and len(head.split()) <= 3:
            names.update(word.stem for word in read(head).words if word.is_content)
    return frozenset(names)
