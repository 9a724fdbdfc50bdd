"""Answers by a language model: one streamed call over numbered evidence, each claim checked as its line completes.

What fails the checks is asked for once more, all together; what fails again is kept as an unsupported claim. Where the
provider fails, the extractive answer, which may be to decline, is given in its place, and says so.
"""

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence

from assistant.answering.extractive import Numbering, Part, extract
from assistant.answering.offering import RECORD, Offered, defused, number_evidence
from assistant.answering.streaming import ContextTooShortError, Meter, Streamer
from assistant.answering.writing import QUOTED, Pieces, Withdrawn, Written
from assistant.answers import Citation, Claim, Usage
from assistant.citations import (
    Layout,
    ParsedClaim,
    check_claim,
    is_filler,
    is_refusal,
    marks_within,
    parse_claims,
    passages_of,
    says_lacking,
)
from assistant.citations.wording import is_frame, is_name, read
from assistant.config import Config
from assistant.errors import ProviderError
from assistant.prompts import load_prompt
from assistant.questions.reading import Question
from assistant.records import Passage
from assistant.replies import THOUGHT_ENDS
from assistant.store.catalogue import Catalogue

Likeness = Callable[[str, Sequence[str]], Sequence[float]]
_MAX_CLAIMS = 12  # of a model that goes on and on
_LEAST_EVIDENCE = 300  # tokens; a model whose context holds no more cannot answer from papers
_REWRITE_SHARE = 0.25  # of the time for an answer
_STRAYED = (
    "The claims are backed by the papers, but share no word with the question; the model may have answered another one."
)
_REFUSED = "The model found no answer in the evidence; the nearest passages follow."
# A claim that fits every sentence that it cites less is about something else: as the shipped reranker says it, no faithful claim
# of `tests/data/rewordings.jsonl` lies below (the part that is for improving the checks begins at .534, the other at .621), and
# two in five of those do that cite the wrong sentence of a passage past the other checks (`benchmarks/checks.py`).
_RELATED = 0.52
_UNRELATED = "the cited sentence is about something else"
_NOTHING_FITS = (
    "No line of the evidence fits into {} tokens; raise ASSISTANT_EVIDENCE_TOKENS, or use a model of longer context."
)
_JOINING = frozenset("and or vs vs. versus &".split())
_LONGEST_SUBJECT = 4  # words of a heading that says what the lines below it are about
_TIE = re.compile(
    r"^(?:however|moreover|furthermore|in addition|additionally|also|similarly|likewise|(?:by|in) contrast|conversely|instead"
    r"|on the other hand|nevertheless|nonetheless|that said|still|therefore|thus|hence|as a result|consequently|besides|then"
    r"|meanwhile|despite (?:that|this)|because of (?:that|this)|secondly|thirdly|finally),\s+"
    r"|^(?:but|and|so(?! (?:far|that|many|much|few|little|long)\b)|yet(?! another\b))\s+(?=\S)",
    re.IGNORECASE,
)
_LACKS = "The model says that the evidence does not answer all of it."
_NOTHING_HELD = "Nothing that the model wrote is held by the sentences that it cites; the nearest passages follow."


def is_related(claim: str, sentences: Sequence[str], likeness: Likeness) -> bool:
    """Whether one of the sentences is about what the claim is about."""
    return max(likeness(claim, sentences)) >= _RELATED


class _Draft:
    """What one call to the model has said so far, added to the claims `shown` before it, which said what is `told`; those that
    failed the checks wait in `failed` for the repair."""

    def __init__(self, shown: list[Claim], told: Iterable[str] = ()) -> None:
        self.shown = shown
        self._before = len(shown), frozenset(told)
        self.forget()

    def forget(self) -> list[Claim]:
        """Begins again, as all that the call has said were thoughts; returns those that were shown."""
        count, told = self._before
        thoughts = self.shown[count:]
        del self.shown[count:]
        self.failed: list[Claim] = []
        self.lacks = False  # it says that the evidence does not tell all
        self.lead = ""  # what the last shown claim stands under
        self.is_broken = True  # what came before the next claim is not shown
        self.told = set(told)  # what is shown, with and without what it stands under
        self.seen = set(told)  # claims are said once, however often they are repeated
        self.numbering = Numbering(self.shown)
        return thoughts

    @property
    def is_full(self) -> bool:
        """True where no more claims are taken."""
        return len(self.shown) + len(self.failed) >= _MAX_CLAIMS


class ModelWriter:
    """Writes answers with the chat model of the settings. `idf` gives the weight of an index term; `kept` keeps replies;
    `unquotable(question, passages)` gives why the passages answer nothing by being quoted, "" where they may;
    `likeness(claim, sentences)` gives how well a claim fits each sentence, and is None where no model can tell.

    A reply is kept by all that the model was given (so by prompts, question and evidence), the model and its settings, and
    its claims are checked again whenever it is used.
    """

    def __init__(
        self,
        config: Config,
        idf: Callable[[str], float],
        kept: Catalogue,
        unquotable: Callable[[Question, Sequence[Passage]], str],
        likeness: Likeness | None = None,
    ) -> None:
        self._idf = idf
        self._unquotable = unquotable
        self._likeness = likeness
        self._model = Streamer(config, kept)
        self.mode = self._model.mode
        self._evidence_tokens = config.evidence_tokens

    def close(self) -> None:
        """Lets go of the connections to the provider."""
        self._model.close()

    def rewrite(
        self, question: str, history: Sequence[Mapping[str, str]], language: str = "", fresh: bool = False
    ) -> tuple[str, Usage] | None:
        """The question so that it stands alone, in its own language or the given one; None where the model fails or answers with
        anything else."""
        turns = "\n".join(
            f"{turn.get('role', 'user')}: {defused(turn.get('content', ''))[:600]}" for turn in history[-4:]
        )
        meter = self._model.meter(fresh, _REWRITE_SHARE)
        try:
            messages = load_prompt("rewrite").render(
                history=turns, question=question, language=language or "its own language"
            )
            lines = [line for line in self._model.lines(messages, meter) if line is not None]
        except ProviderError:
            return None
        text = " ".join(" ".join(_after_thoughts(lines)).split()).strip("\"'“” ")
        return (text, meter.usage) if 0 < len(text) <= 600 else None

    def write(
        self, question: Question, passages: Sequence[Passage], fresh: bool = False, parts: Sequence[Part] = ()
    ) -> Pieces:
        """Supported claims as their lines complete, then what failed twice, then the usage; None while the model writes.

        Claims are taken back that turn out to be thoughts: some servers say so only at the end of thinking.
        """
        draft, meter = _Draft([]), self._model.meter(fresh)
        try:
            offered = yield from self._first(question, passages, draft, meter)
            if draft.failed:
                yield from self._repaired(question, offered, draft, meter)
        except ProviderError as error:
            yield from draft.failed
            if draft.shown:
                yield Written(meter.usage, f"{error} What came before that is shown.")
                return
            # The model was to tell what is lacking, so the decision to ask it left that out.
            asked = list(parts) or [(question, passages)]
            reasons = [self._unquotable(*part) for part in asked]
            quotable = [part for part, reason in zip(asked, reasons, strict=True) if not reason]
            if quotable:
                yield from extract(question, passages, quotable)
            lacking = next(filter(None, reasons), "")
            yield Written(meter.usage, f"{error} {lacking or QUOTED}", "extractive")
            return
        strayed = draft.shown and _strayed(question, draft.shown, offered)
        nothing = _NOTHING_HELD if draft.failed else _REFUSED
        told = _STRAYED if strayed else _LACKS if draft.lacks and not draft.failed else ""
        yield Written(meter.usage, told if draft.shown else nothing)

    def complete(
        self, messages: list[tuple[str, str]], fresh: bool = False, salt: str = "", kept: int = 0
    ) -> tuple[str, Usage]:
        """The model's whole reply to other messages than those of an answer, without its thoughts, and what it cost.

        For `fresh`, `salt` and `kept` see `Streamer.meter`. Raises ProviderError as `write` meets it.
        """
        meter = self._model.meter(fresh, salt=salt, kept=kept)
        lines = _after_thoughts([line for line in self._model.lines(messages, meter) if line is not None])
        return "\n".join(lines).strip(), meter.usage

    def _first(
        self, question: Question, passages: Sequence[Passage], draft: _Draft, meter: Meter
    ) -> Generator[Claim | Withdrawn | None, None, Offered]:
        """The first call's claims; returns the evidence. Where it does not fit the model's context, half of it is offered.

        What fitted is remembered, so that the next question fits at once.
        """
        tokens = self._evidence_tokens  # of this question: others may be asked beside it
        while True:
            offered = number_evidence(passages, tokens)
            if not offered.sentences:
                raise ProviderError(_NOTHING_FITS.format(tokens))
            messages = load_prompt("answer").render(evidence=offered.text, question=question.text)
            try:
                yield from self._checked(self._model.lines(messages, meter), offered, draft)
                self._evidence_tokens = min(self._evidence_tokens, tokens)
                return offered
            except ContextTooShortError:
                if tokens // 2 < _LEAST_EVIDENCE:
                    raise
                tokens //= 2

    def _checked(
        self, lines: Iterator[str | None], offered: Offered, draft: _Draft
    ) -> Iterator[Claim | Withdrawn | None]:
        """The supported claims of the lines; the others go to `draft.failed`. Those before an end of thinking are withdrawn."""
        for statement in Layout().read(lines):
            if statement is None:
                yield None
                continue
            line = statement.line
            if line == THOUGHT_ENDS:
                yield from map(Withdrawn, draft.forget())
                continue
            draft.lacks = draft.lacks or says_lacking(line)
            if draft.is_full or is_refusal(line) or is_filler(line):  # what is left may still end the thinking
                continue
            subject = _subject(statement.heading, offered)
            for parsed in parse_claims(line):
                if not parsed.marks:
                    text, passages = passages_of(parsed.text)
                    parsed = ParsedClaim(text, marks_within(text, passages, offered.sentences, self._idf))
                lead = "" if _is_named(subject, parsed.text) else f"{subject}: "
                alone = _standing_alone(parsed.text)
                said = _bare(lead + alone)
                if draft.is_full or {said, tried := f"{said} {parsed.marks}"} & draft.seen:
                    continue
                whole = ParsedClaim(lead + parsed.text, parsed.marks)
                problems = check_claim(whole.text, whole.marks, offered.sentences, self._idf)
                if reasons := tuple(dict.fromkeys(problem.message for problem in problems)) or self._unrelated(
                    whole, offered
                ):
                    draft.failed.append(Claim(whole.text, (), "unsupported", reasons))
                    draft.seen.add(tried)  # it may come again with other marks
                    draft.is_broken = True
                else:
                    text = alone if draft.is_broken else parsed.text
                    cited = _citations(parsed.marks, offered, draft.numbering)
                    draft.shown.append(Claim(text, cited, lead=lead if lead != draft.lead else ""))
                    draft.lead = lead
                    draft.seen.add(said)
                    draft.told |= {said, _bare(alone)}
                    draft.is_broken = False
                    yield draft.shown[-1]

    def _unrelated(self, claim: ParsedClaim, offered: Offered) -> tuple[str, ...]:
        """Why the claim is about something else than the sentences that it cites; () where it is not. What is printed of a
        paper, in a few words, is not compared."""
        marks = [mark for mark in claim.marks if int(mark.rpartition(".")[2]) != RECORD]
        if self._likeness is None or not marks:
            return ()
        sentences = [offered.sentences[mark].text for mark in marks]
        return () if is_related(claim.text, sentences, self._likeness) else (_UNRELATED,)

    def _repaired(
        self, question: Question, offered: Offered, draft: _Draft, meter: Meter
    ) -> Iterator[Claim | Withdrawn | None]:
        """One call for all failed claims; those stay listed of which no mended claim has come back."""
        listed = "\n".join(f"- {defused(claim.text)} ({'; '.join(claim.reasons)})" for claim in draft.failed)
        messages = load_prompt("repair").render(evidence=offered.text, question=question.text, claims=listed)
        before = len(draft.shown)
        # What failed may come back as it was, now with the right mark; what is shown already may not.
        second = _Draft(draft.shown, draft.told)
        yield from self._checked(self._model.lines(messages, meter), offered, second)
        draft.failed = second.failed or _without_mended(draft.failed, draft.shown[before:])
        yield from draft.failed


def _without_mended(failed: Sequence[Claim], mended: Sequence[Claim]) -> list[Claim]:
    """The failed claims but for the one that each mended claim shares most words with."""
    left = list(failed)
    for claim in mended[: len(left)]:
        words = read(claim.text).stems
        left.remove(max(left, key=lambda other: len(words & read(other.text).stems)))
    return left


def _subject(heading: str, offered: Offered) -> str:
    """The heading where it names the one thing that the lines below it are about: "LST", "Model Breadcrumbs"; else ""."""
    words = heading.split()
    if not 0 < len(words) <= _LONGEST_SUBJECT or any(word[0].islower() or word.lower() in _JOINING for word in words):
        return ""
    is_titled = len(words) > 1 and any(heading in sentence.record for sentence in offered.sentences.values())
    return heading if is_titled or any(is_name(word, False) for word in words) else ""


def _is_named(subject: str, text: str) -> bool:
    """True where the text names the subject by one of its names, or there is none."""
    return subject in text or any(is_name(word, False) and word.strip("()") in text for word in subject.split())


def _standing_alone(text: str) -> str:
    """The text without a "However, " that ties it to a claim which is not shown."""
    rest = _TIE.sub("", text)
    return rest[:1].upper() + rest[1:] if rest != text else text


def _bare(text: str) -> str:
    """A claim's text as it is compared with another: repetitions differ at most in case, spaces and the full stop."""
    return " ".join(text.casefold().split()).rstrip(".")


def _after_thoughts(lines: list[str]) -> list[str]:
    """The lines behind the last end of thinking."""
    return lines[len(lines) - lines[::-1].index(THOUGHT_ENDS) :] if THOUGHT_ENDS in lines else lines


def _strayed(question: Question, claims: Sequence[Claim], offered: Offered) -> bool:
    """True where the evidence holds words of the question, but neither a claim nor what it cites does."""

    def senses(texts: set[str]) -> set[str]:
        return {word.sense for text in texts for word in read(text).words if not is_frame(word)}

    asked = senses({question.text}) & senses({sentence.text for sentence in offered.sentences.values()})
    cited = {text for claim in claims for c in claim.citations for text in (c.quote, c.paper.record)}
    return bool(asked) and not asked & senses({claim.text for claim in claims} | cited)


def _citations(marks: Sequence[str], offered: Offered, numbering: Numbering) -> tuple[Citation, ...]:
    def cite(mark: str) -> Citation:
        passage, sentence = offered.places[mark]
        return numbering.cite_record(passage) if sentence == RECORD else numbering.cite(passage, sentence - 1)

    return tuple(cite(mark) for mark in dict.fromkeys(marks))
