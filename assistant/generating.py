"""Answers by a language model: one streamed call over numbered evidence, each claim checked as its line completes.

What fails the checks is asked for once more, all together; what fails again is kept as an unsupported claim. Where the
provider fails, the extractive answer is given in its place, and says so.
"""

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from assistant.answering import Written
from assistant.catalogue import Catalogue
from assistant.citations import EvidenceSentence, check_claim, is_filler, is_refusal, parse_claims
from assistant.citations.wording import is_frame, read
from assistant.config import Config
from assistant.costs import Budget, Price, price_of, tokens_at_most
from assistant.errors import ProviderError
from assistant.extractive import Numbering, extract
from assistant.models import is_quota_used_up, open_chat_model
from assistant.prompts import load_prompt
from assistant.questions import Question
from assistant.records import Citation, Claim, Passage, Usage
from assistant.replies import THOUGHT_ENDS, Reply
from assistant.tokens import count_tokens

_RECORD = 0  # sentence number of a paper's title and metadata
_MAX_CLAIMS = 12  # a model that goes on and on is stopped here
_STRAYED = (
    "The claims are backed by the papers, but share no word with the question; the model may have answered another one."
)
_ONLY_THOUGHT = "The model spent its tokens on reasoning and answered nothing; raise ASSISTANT_MAX_ANSWER_TOKENS."
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
    price: Price | None
    limit: int  # replies that the answer cache may hold; 0 goes past it
    salt: str = ""
    calls: int = 0
    reported: list[tuple[int, int]] = field(default_factory=list)  # input and output tokens of calls that said them
    cached: bool = False

    @property
    def usage(self) -> Usage:
        if not self.reported:
            return Usage(self.calls, cached=self.cached)
        given, written = (sum(counts) for counts in zip(*self.reported, strict=True))
        is_known = self.price is not None and len(self.reported) == self.calls
        cost = self.price.of(given, written) if self.price is not None and is_known else None
        return Usage(self.calls, given, written, cost, self.cached)


@dataclass(slots=True)
class _Draft:
    """What the model has said so far: checked claims that failed wait here for the repair."""

    failed: list[Claim] = field(default_factory=list)
    shown: list[Claim] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)  # claims are said once, however often the model repeats them


class ModelWriter:
    """Writes answers with the chat model of the settings. `idf` gives the weight of an index term; `kept` keeps replies.

    A reply is kept by all that the model was given (so by prompts, question and evidence), the model and its settings, and
    its claims are checked again whenever it is used.
    """

    def __init__(self, config: Config, idf: Callable[[str], float], kept: Catalogue) -> None:
        self._config = config
        self._idf = idf
        self._kept = kept
        self._model = open_chat_model(config)
        self.mode = config.model_name or ""
        self._price = price_of(config, self.mode)
        self._budget = Budget(config.budget, config.token_budget, self._price, self.mode)
        # A stream of the OpenAI protocol that was cut off raises nothing: only its finish reason is missing.
        self._ends_in_reason = type(self._model).__name__ == "ChatOpenAI"

    def rewrite(
        self, question: str, history: Sequence[Mapping[str, str]], fresh: bool = False
    ) -> tuple[str, Usage] | None:
        """The follow-up as a standalone question; None where the model fails or answers with anything else."""
        turns = "\n".join(
            f"{turn.get('role', 'user')}: {' '.join(turn.get('content', '').split())[:600]}" for turn in history[-4:]
        )
        meter = self._meter(fresh)
        try:
            lines = list(self._lines(load_prompt("rewrite").render(history=turns, question=question), meter))
        except ProviderError:
            return None
        text = " ".join(" ".join(_after_thoughts(lines)).split()).strip("\"'“” ")
        return (text, meter.usage) if 0 < len(text) <= 600 else None

    def write(self, question: Question, passages: Sequence[Passage], fresh: bool = False) -> Iterator[Claim | Written]:
        """Supported claims as their lines complete, then what failed twice, then the usage."""
        offered = number_evidence(passages, self._config.evidence_tokens)
        numbering, draft, meter = Numbering(), _Draft(), self._meter(fresh)
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
        strayed = draft.shown and _strayed(question, draft.shown, offered)
        yield Written(meter.usage, _STRAYED if strayed else "" if draft.shown else _REFUSED)

    def complete(
        self, messages: list[tuple[str, str]], fresh: bool = False, salt: str = "", kept: int = 0
    ) -> tuple[str, Usage]:
        """The model's whole reply to other messages than those of an answer, without its thoughts, and what it cost.

        `salt` tells repeats of the same messages apart in the answer cache, which holds up to `kept` replies where that is
        more than its setting. Raises ProviderError as `write` meets it.
        """
        meter = self._meter(fresh, salt, kept)
        lines = _after_thoughts(list(self._lines(messages, meter)))
        return "\n".join(lines).strip(), meter.usage

    def _meter(self, fresh: bool, salt: str = "", kept: int = 0) -> _Meter:
        limit = self._config.answer_cache
        limit = 0 if fresh or not limit else max(limit, kept)
        return _Meter(time.monotonic() + self._config.answer_deadline, self._price, limit, salt)

    def _checked(self, lines: Iterator[str], offered: Offered, numbering: Numbering, draft: _Draft) -> Iterator[Claim]:
        """The supported claims of the lines; the others go to `draft.failed`."""
        for line in lines:
            if line == THOUGHT_ENDS:
                draft.failed.clear()
            if is_refusal(line) or is_filler(line):
                continue
            for parsed in parse_claims(line):
                said = _bare(parsed.text)
                if {said, tried := f"{said} {parsed.marks}"} & draft.seen:
                    continue
                problems = check_claim(parsed.text, parsed.marks, offered.sentences, self._idf)
                if problems:
                    reasons = tuple(dict.fromkeys(problem.message for problem in problems))
                    draft.failed.append(Claim(parsed.text, (), "unsupported", reasons))
                    draft.seen.add(tried)  # it may come again with other marks
                else:
                    draft.shown.append(Claim(parsed.text, _citations(parsed.marks, offered, numbering)))
                    draft.seen.add(said)
                    yield draft.shown[-1]
                if len(draft.shown) + len(draft.failed) >= _MAX_CLAIMS:
                    return

    def _repaired(
        self, question: Question, offered: Offered, numbering: Numbering, draft: _Draft, meter: _Meter
    ) -> Iterator[Claim]:
        """One call for all failed claims; the first failures stay listed unless as many claims came back mended."""
        listed = "\n".join(f"- {claim.text} ({'; '.join(claim.reasons)})" for claim in draft.failed)
        messages = load_prompt("repair").render(evidence=offered.text, question=question.text, claims=listed)
        before = len(draft.shown)
        # What failed may come back as it was, now with the right mark; what is shown already may not.
        second = _Draft(shown=draft.shown, seen={_bare(claim.text) for claim in draft.shown})
        yield from self._checked(self._lines(messages, meter), offered, numbering, second)
        mended = len(draft.shown) - before
        draft.failed = draft.failed[mended:] if not second.failed else second.failed
        yield from draft.failed

    def _lines(self, messages: list[tuple[str, str]], meter: _Meter) -> Iterator[str]:
        """The model's reply a complete line at a time, from the answer cache where it is there and may be.

        Raises ProviderError, one sentence, where the provider fails, breaks off, or may not be asked within the budget.
        """
        limit, key = meter.limit, self._key(messages, meter.salt)
        if limit and (known := self._kept.reply(key)) is not None:
            meter.cached = True
            yield from known.split("\n")
            return
        lines: list[str] = []
        # Closing ends the request when the reader goes away; a stream that is only dropped goes on.
        with closing(self._streamed(messages, meter)) as streamed:  # type: ignore[type-var]
            for line in streamed:
                lines.append(line)
                yield line
        if limit and lines:
            self._kept.put_reply(key, "\n".join(lines), limit)

    def _key(self, messages: list[tuple[str, str]], salt: str) -> bytes:
        config = self._config
        settings = (self.mode, config.openai_base_url, config.temperature, config.max_answer_tokens)
        return hashlib.sha256(json.dumps([messages, settings, *([salt] if salt else [])]).encode()).digest()

    def _streamed(self, messages: list[tuple[str, str]], meter: _Meter) -> Iterator[str]:
        reserved = (sum(tokens_at_most(text) for _, text in messages), self._config.max_answer_tokens)
        self._budget.reserve(*reserved)
        meter.calls += 1
        reply, finish, given, written = Reply(), None, 0, 0
        has_begun = has_text = False
        try:
            with closing(self._model.stream(messages)) as stream:  # type: ignore[type-var]
                for piece in stream:
                    has_begun = True
                    if usage := piece.usage_metadata:
                        given, written = given + usage["input_tokens"], written + usage["output_tokens"]
                    finish = piece.response_metadata.get("finish_reason") or finish
                    for line in reply.feed(str(piece.text)):
                        has_text = has_text or bool(line.strip())
                        yield line
                    if time.monotonic() > meter.deadline:
                        raise ProviderError(f"The model did not finish within {self._config.answer_deadline:.0f} s.")
        except ProviderError:
            raise
        except Exception as error:  # each provider has its own classes, and LangChain passes them on
            raise ProviderError(explain(error, self._config)) from error
        finally:
            if given or written:
                meter.reported.append((given, written))
            self._budget.settle(reserved, (given, written) if given or written or not has_begun else None)
        last = reply.end()
        if not (has_text or last.strip()) and (written or reply.thought):
            raise ProviderError(_ONLY_THOUGHT)
        if finish == "length" or (finish is None and self._ends_in_reason):
            raise ProviderError("The model's answer was cut off before its end.")
        if last:
            yield last


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
    if status == 429 and is_quota_used_up(f"{getattr(error, 'code', None)} {error}"):
        return f"{where} says that the account's quota is used up (HTTP 429); check its plan and billing, or use another key."
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
