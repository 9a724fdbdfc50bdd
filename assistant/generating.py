"""Answers by a language model: one streamed call over numbered evidence, each claim checked as its line completes.

What fails the checks is asked for once more, all together; what fails again is kept as an unsupported claim. Where the
provider fails, the extractive answer is given in its place, and says so.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from assistant.answering import Written
from assistant.citations import EvidenceSentence, check_claim, is_filler, is_refusal, parse_claims
from assistant.config import Config
from assistant.errors import ProviderError
from assistant.extractive import Numbering, extract
from assistant.models import open_chat_model
from assistant.prompts import load_prompt
from assistant.questions import Question
from assistant.records import Citation, Claim, Passage, Usage
from assistant.tokens import count_tokens

_RECORD = 0  # sentence number of a paper's title and metadata
_MAX_CLAIMS = 12  # a model that goes on and on is stopped here
_REFUSED = "The model found no answer in the evidence; the nearest passages follow."


@dataclass(frozen=True, slots=True)
class Offered:
    """The numbered evidence of one question: what the prompt shows, and what each mark stands for."""

    text: str
    sentences: Mapping[str, EvidenceSentence]
    places: Mapping[str, tuple[Passage, int]]


def number_evidence(passages: Sequence[Passage], budget: int) -> Offered:
    """Numbers sentences as [passage.sentence] from 1, [P.0] for the record, best passages first, within `budget` tokens.

    Marks and tags that stand in a paper's own text are defused in the prompt, so that only ours count there; quotations
    are always cut from the store.
    """
    lines: list[str] = []
    sentences: dict[str, EvidenceSentence] = {}
    places: dict[str, tuple[Passage, int]] = {}
    left = budget
    for p, passage in enumerate(passages, 1):
        chunk = passage.chunk
        texts = [(_RECORD, passage.paper.record)]
        if not chunk.is_record:
            texts += [(s, chunk.sentence(s - 1)) for s in range(1, len(chunk.sentences) + 1)]
        for s, text in texts:
            line = f"[{p}.{s}] {_defused(text)}"
            left -= count_tokens(line) + 1
            if left < 0:
                return Offered("\n".join(lines), sentences, places)
            mark = f"{p}.{s}"
            lines.append(line)
            sentences[mark] = EvidenceSentence(mark, text, passage.text, passage.paper.record)
            places[mark] = (passage, s)
    return Offered("\n".join(lines), sentences, places)


def _defused(text: str) -> str:
    """One line without square brackets around numbers, or tags that could end the evidence."""
    text = " ".join(text.split())
    text = re.sub(r"[\[【](\d+(?:\.\d+)*)[\]】]", r"(\1)", text)
    return re.sub(r"</?\s*(evidence|system|user|conversation)[^>]*>", r"(\1)", text, flags=re.IGNORECASE)


@dataclass(slots=True)
class _Meter:
    """Calls and tokens so far, and the moment by which everything must be done."""

    deadline: float
    calls: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None

    def count(self, usage: Mapping[str, Any] | None) -> None:
        if usage:
            self.input_tokens = (self.input_tokens or 0) + usage.get("input_tokens", 0)
            self.output_tokens = (self.output_tokens or 0) + usage.get("output_tokens", 0)

    @property
    def usage(self) -> Usage:
        return Usage(self.calls, self.input_tokens, self.output_tokens)


@dataclass(slots=True)
class _Draft:
    """What the model has said so far: checked claims that failed wait here for the repair."""

    failed: list[Claim] = field(default_factory=list)
    shown: int = 0


class ModelWriter:
    """Writes answers with the chat model of the settings. `idf` gives the weight of an index term."""

    def __init__(self, config: Config, idf: Callable[[str], float]) -> None:
        self._config = config
        self._idf = idf
        self._model = open_chat_model(config)
        self.mode = config.model_name or ""
        # A stream of the OpenAI protocol that was cut off raises nothing: only its finish reason is missing.
        self._ends_in_reason = type(self._model).__name__ == "ChatOpenAI"

    def rewrite(self, question: str, history: Sequence[Mapping[str, str]]) -> tuple[str, Usage] | None:
        """The follow-up as a standalone question; None where the model fails or answers with anything else."""
        turns = "\n".join(
            f"{turn.get('role', 'user')}: {' '.join(turn.get('content', '').split())[:600]}" for turn in history[-4:]
        )
        meter = self._meter()
        try:
            lines = list(self._lines(load_prompt("rewrite").render(history=turns, question=question), meter))
        except ProviderError:
            return None
        text = " ".join(" ".join(lines).split()).strip("\"'“” ")
        return (text, meter.usage) if 0 < len(text) <= 600 else None

    def write(self, question: Question, passages: Sequence[Passage]) -> Iterator[Claim | Written]:
        """Supported claims as their lines complete, then what failed twice, then the usage."""
        offered = number_evidence(passages, self._config.evidence_tokens)
        numbering, draft, meter = Numbering(), _Draft(), self._meter()
        try:
            messages = load_prompt("answer").render(evidence=offered.text, question=question.text)
            yield from self._checked(self._lines(messages, meter), offered, numbering, draft)
            if draft.failed:
                yield from self._repaired(question, offered, numbering, draft, meter)
        except ProviderError as error:
            yield from draft.failed
            if draft.shown:
                yield Written(meter.usage, f"{error} What came before that is shown.")
                return
            yield from extract(question, passages)
            yield Written(meter.usage, f"{error} This answer quotes the papers instead.", "extractive")
            return
        yield Written(meter.usage, "" if draft.shown else _REFUSED)

    def _meter(self) -> _Meter:
        return _Meter(time.monotonic() + self._config.answer_deadline)

    def _checked(self, lines: Iterator[str], offered: Offered, numbering: Numbering, draft: _Draft) -> Iterator[Claim]:
        """The supported claims of the lines; the others go to `draft.failed`."""
        for line in lines:
            if is_refusal(line) or is_filler(line):
                continue
            for parsed in parse_claims(line):
                problems = check_claim(parsed.text, parsed.marks, offered.sentences, self._idf)
                if problems:
                    reasons = tuple(dict.fromkeys(problem.message for problem in problems))
                    draft.failed.append(Claim(parsed.text, (), "unsupported", reasons))
                else:
                    draft.shown += 1
                    yield Claim(parsed.text, _citations(parsed.marks, offered, numbering))
                if draft.shown + len(draft.failed) >= _MAX_CLAIMS:
                    return

    def _repaired(
        self, question: Question, offered: Offered, numbering: Numbering, draft: _Draft, meter: _Meter
    ) -> Iterator[Claim]:
        """One call for all failed claims; the first failures stay listed unless as many claims came back mended."""
        listed = "\n".join(f"- {claim.text} ({'; '.join(claim.reasons)})" for claim in draft.failed)
        messages = load_prompt("repair").render(evidence=offered.text, question=question.text, claims=listed)
        second = _Draft(shown=draft.shown)
        before = draft.shown
        yield from self._checked(self._lines(messages, meter), offered, numbering, second)
        draft.shown = second.shown
        mended = second.shown - before
        draft.failed = draft.failed[mended:] if not second.failed else second.failed
        yield from draft.failed

    def _lines(self, messages: list[tuple[str, str]], meter: _Meter) -> Iterator[str]:
        """The model's reply a complete line at a time. Raises ProviderError, one sentence, where it fails or breaks off."""
        meter.calls += 1
        buffer, finish = "", None
        try:
            # Closing ends the request when the reader goes away; a stream that is only dropped goes on.
            with closing(self._model.stream(messages)) as stream:  # type: ignore[type-var]
                for piece in stream:
                    meter.count(piece.usage_metadata)  # type: ignore[arg-type]
                    finish = piece.response_metadata.get("finish_reason") or finish
                    buffer += str(piece.text)
                    *complete, buffer = buffer.split("\n")
                    yield from complete
                    if time.monotonic() > meter.deadline:
                        raise ProviderError(f"The model did not finish within {self._config.answer_deadline:.0f} s.")
        except ProviderError:
            raise
        except Exception as error:  # each provider has its own classes, and LangChain passes them on
            raise ProviderError(explain(error, self._config)) from error
        if finish == "length" or (finish is None and self._ends_in_reason):
            raise ProviderError("The model's answer was cut off before its end.")
        if buffer:
            yield buffer


def _citations(marks: Sequence[str], offered: Offered, numbering: Numbering) -> tuple[Citation, ...]:
    def cite(mark: str) -> Citation:
        passage, sentence = offered.places[mark]
        return numbering.cite_record(passage) if sentence == _RECORD else numbering.cite(passage, sentence - 1)

    return tuple(cite(mark) for mark in dict.fromkeys(marks))


def explain(error: Exception, config: Config) -> str:
    """One sentence about a provider's failure that says what to do; never the key."""
    where = config.openai_base_url or "the provider"
    status = getattr(error, "status_code", None)
    name = type(error).__name__
    if status in (401, 403):
        return f"{where} refused the key (HTTP {status}); check OPENAI_API_KEY."
    if status == 404:
        return f"{where} does not know the model {config.model_name!r}; set ASSISTANT_MODEL."
    if status == 429:
        return f"{where} is limiting requests (HTTP 429), also after {config.max_retries} retries; wait, or use another key."
    if status == 400 and "context" in str(error).lower():
        return "The model's context is too short for the evidence; lower ASSISTANT_EVIDENCE_TOKENS."
    if status is not None:
        return f"{where} failed (HTTP {status}), also after {config.max_retries} retries; try again later."
    if "Timeout" in name:
        return f"{where} sent nothing for {config.request_timeout:.0f} s; raise ASSISTANT_REQUEST_TIMEOUT or try again."
    if "Connection" in name or "Connect" in name:
        return f"{where} cannot be reached; is the server running, and OPENAI_BASE_URL right?"
    return f"{where} sent an answer that cannot be read ({name})."
