"""A model's reply as lines: from the answer cache or the provider, within budget and deadline, each failure explained."""

import hashlib
import json
import re
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain

from assistant.answers import Usage
from assistant.config import Config
from assistant.costs import Budget, Price, price_of, tokens_at_most
from assistant.errors import ProviderError
from assistant.interrupts import raise_if_interrupted
from assistant.models import close_client, open_chat_model
from assistant.records import counted
from assistant.replies import THOUGHT_ENDS, Reply
from assistant.store.catalogue import Catalogue
from assistant.transport import is_quota_used_up, until

_PULSE = 0.5  # seconds
_ONLY_THOUGHT = "The model spent its tokens on reasoning and answered nothing; raise ASSISTANT_MAX_ANSWER_TOKENS."
_FILTERED = (
    "The provider's content filter withheld the model's answer; word the question otherwise, or use another model."
)
_TOO_LATE = "The model did not finish within {:.0f} s; ask again, or raise ASSISTANT_ANSWER_DEADLINE."
_TOO_LONG = "The model's context is too short for the evidence; lower ASSISTANT_EVIDENCE_TOKENS or use another model."


class ContextTooShortError(ProviderError):
    """The evidence does not fit the model's context."""


@dataclass(slots=True)
class Meter:
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
        given, written = map(sum, zip(*self.reported, strict=True))
        cost = self.price.of(given, written) if self.price and len(self.reported) == self.calls else None
        return Usage(self.calls, given, written, cost, self.cached)


class Streamer:
    """Asks the chat model of the settings. `kept` keeps replies.

    A reply is kept by all that the model was given (so by prompts, question and evidence), the model and its settings.
    Raises ConfigError where no model is configured.
    """

    def __init__(self, config: Config, kept: Catalogue) -> None:
        self._config = config
        self._kept = kept
        self.mode = config.model_name or ""
        self._price = price_of(config, self.mode)
        self._budget = Budget(config.budget, config.token_budget, self._price, self.mode)
        self._model = open_chat_model(config)
        # A stream of the OpenAI protocol that was cut off raises nothing: only its finish reason is missing.
        self._ends_in_reason = type(self._model).__name__ == "ChatOpenAI"

    def close(self) -> None:
        """Lets go of the connections to the provider."""
        close_client(self._model)

    def meter(self, fresh: bool, share: float = 1.0, salt: str = "", kept: int = 0) -> Meter:
        """What is to be counted for one answer, or for a `share` of the time that one may take.

        `fresh` goes past the answer cache. `salt` tells repeats of the same messages apart in it, and it holds up to `kept`
        replies where that is more than its setting.
        """
        limit = self._config.answer_cache
        limit = 0 if fresh or not limit else max(limit, kept)
        return Meter(time.monotonic() + share * self._config.answer_deadline, self._price, limit, salt)

    def lines(self, messages: list[tuple[str, str]], meter: Meter) -> Iterator[str | None]:
        """The model's reply a complete line at a time, from the answer cache where it is there and may be.

        None comes now and then while a line is being written, so that whoever reads can leave in the middle of it.
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
                if line is not None:
                    lines.append(line)
                yield line
        if limit and lines:
            self._kept.put_reply(key, "\n".join(lines), limit)

    def _key(self, messages: list[tuple[str, str]], salt: str) -> bytes:
        config = self._config
        settings = (self.mode, config.openai_base_url, config.temperature, config.max_answer_tokens)
        return hashlib.sha256(json.dumps([messages, settings, *([salt] if salt else [])]).encode()).digest()

    def _streamed(self, messages: list[tuple[str, str]], meter: Meter) -> Iterator[str | None]:
        """The provider's reply as `lines` gives it: one call, reserved in the budget before and settled after."""
        reserved = (sum(tokens_at_most(text) for _, text in messages), self._config.max_answer_tokens)
        self._budget.reserve(*reserved)
        meter.calls += 1
        reply, finish, given, written = Reply(), None, 0, 0
        has_begun, has_text, pulse = False, False, time.monotonic()
        try:
            with closing(self._model.stream(messages)) as stream:  # type: ignore[type-var]
                with until(meter.deadline):  # the request is made when its first piece is asked for
                    first = next(stream, None)
                for piece in chain([first] if first is not None else [], stream):
                    has_begun = True
                    if usage := piece.usage_metadata:
                        given, written = given + usage["input_tokens"], written + usage["output_tokens"]
                    finish = piece.response_metadata.get("finish_reason") or finish
                    for line in reply.feed(str(piece.text)):
                        has_text = line != THOUGHT_ENDS and (has_text or bool(line.strip()))
                        yield line
                    if time.monotonic() > pulse + _PULSE:
                        pulse = time.monotonic()
                        yield None
                    if time.monotonic() > meter.deadline:
                        raise ProviderError(_TOO_LATE.format(self._config.answer_deadline))
        except ProviderError:
            raise
        except Exception as error:  # each provider has its own classes, and LangChain passes them on
            raise_if_interrupted()
            raise self._explained(error, meter, has_begun) from error
        finally:
            used = (given, written)
            if any(used):
                meter.reported.append(used)
            self._budget.settle(reserved, used if any(used) or not has_begun else None)
        last = reply.end()
        if finish == "content_filter":
            raise ProviderError(_FILTERED)
        if not (has_text or last.strip()) and (written or reply.thought):
            raise ProviderError(_ONLY_THOUGHT)
        if finish == "length" or (finish is None and self._ends_in_reason):
            raise ProviderError("The model's answer was cut off before its end.")
        if last:
            yield last

    def _explained(self, error: Exception, meter: Meter, has_begun: bool) -> ProviderError:
        """A provider's failure as one of ours; `has_begun`: an answer was on its way."""
        if time.monotonic() > meter.deadline:
            return ProviderError(_TOO_LATE.format(self._config.answer_deadline))
        if is_context_too_short(error):
            meter.calls -= 1  # refused before it was read
            return ContextTooShortError(_TOO_LONG)
        return ProviderError(explain(error, self._config, has_begun))


def is_context_too_short(error: Exception) -> bool:
    """True where the provider refused a prompt for its length; each server says so in its own words."""
    text = f"{getattr(error, 'code', None)} {error}".lower()
    is_refused = getattr(error, "status_code", None) in (400, 413, 422) or "ContextOverflow" in type(error).__name__
    return is_refused and bool(
        re.search(r"context|too (?:long|large|many tokens)|maximum (?:length|number of tokens)", text)
    )


def explain(error: Exception, config: Config, has_begun: bool = False) -> str:
    """One sentence about a provider's failure that says what to do; never the key. `has_begun`: an answer was on its way."""
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
        return f"{where} is limiting requests (HTTP 429) for longer than retries can wait; ask again later, or use another key."
    if status is not None:
        retries = f", also after {counted(config.max_retries, 'retry')}" if config.max_retries else ""
        return f"{where} failed (HTTP {status}){retries}; try again later."
    if "Timeout" in name:
        return f"{where} sent nothing for {config.request_timeout:.0f} s; raise ASSISTANT_REQUEST_TIMEOUT or try again."
    if has_begun and any(word in name for word in ("Connect", "Protocol", "ReadError")):
        return f"{where} broke off in mid-answer; ask again."
    if "Connect" in name:
        return f"{where} cannot be reached; is the server running, and OPENAI_BASE_URL right?"
    return f"{where} sent an answer that cannot be read ({name})."
