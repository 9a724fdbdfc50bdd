"""What calls of a provider cost: a dated price table that the user can override, and a session's budget.

An unknown price is None, never 0. The shipped table (`data/prices.json`, dated) holds OpenAI's own list prices, so it counts
only where OpenAI itself is asked.
"""

import json
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from assistant.config import Config
from assistant.errors import ConfigError, ProviderError
from assistant.resources import resource
from assistant.tokens import count_tokens

MANY_TOKENS = 1_000_000  # of embedding, above which a person is asked first
_MILLION = 1_000_000
_CHARACTERS_A_TOKEN = 3  # English has four or more: an estimate from here errs on the safe side
_EACH_CALL = 20  # tokens of roles and framing


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens of input and of output."""

    input: float
    output: float

    def of(self, input_tokens: int, output_tokens: int = 0) -> float:
        """The cost in US dollars of so many tokens."""
        return (input_tokens * self.input + output_tokens * self.output) / _MILLION


def price_of(config: Config, model: str) -> Price | None:
    """The price of a model or embedding: from ASSISTANT_PRICES, else the shipped table, else None.

    `model` may carry a provider ("openai:gpt-4o"). Raises ConfigError where ASSISTANT_PRICES cannot be read.
    """
    provider, _, bare = model.rpartition(":")
    own = _own_prices(config.prices)
    for name in (model, bare):
        if name in own:
            return own[name]
    host = urlsplit(config.openai_base_url or "https://api.openai.com").hostname
    return _shipped()[1].get(bare) if host == "api.openai.com" and provider in ("", "openai") else None


def prices_date() -> str:
    """The month of the shipped prices, such as "2025-08"."""
    return _shipped()[0]


@lru_cache(maxsize=1)
def _shipped() -> tuple[str, dict[str, Price]]:
    table = json.loads(resource("prices.json").read_text(encoding="utf-8"))
    return table["date"], {name: Price(*pair) for name, pair in table["prices"].items()}


@lru_cache(maxsize=8)
def _own_prices(setting: str) -> dict[str, Price]:
    """The prices of the setting: JSON itself, or the path of a JSON file."""
    if not setting.strip():
        return {}
    is_json = setting.lstrip().startswith(("{", "["))
    try:
        text = setting if is_json else Path(setting).expanduser().read_text(encoding="utf-8")
        prices = {str(name): Price(*map(float, pair)) for name, pair in json.loads(text).items()}
        if all(0 <= value < float("inf") for price in prices.values() for value in (price.input, price.output)):
            return prices
        problem = "holds a price below 0 or without end"
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
    except (ValueError, TypeError, AttributeError, RuntimeError):
        problem = "is no table of prices"
    what = "its JSON" if is_json else f"the file {setting!r}"
    raise ConfigError(
        f'ASSISTANT_PRICES: {what} {problem}; give JSON such as {{"my-model": [0.15, 0.6]}} (US dollars per million tokens of '
        "input and output), or the path of a file that holds it"
    )


def embedding_question(config: Config, tokens: int, dollars: float | None) -> str | None:
    """What to ask before so much is sent to a provider's embedding; None where it is little (see `Assistant.estimate`)."""
    if tokens <= MANY_TOKENS:
        return None
    cost = (
        "a cost that is not known" if dollars is None else f"about ${dollars:.2f} (prices of {prices_date()} or yours)"
    )
    return f"this sends up to {tokens:,} tokens to {config.embedding}, {cost}"


def tokens_at_most(text: str) -> int:
    """How many tokens a provider may count in `text`, on the safe side for any model's vocabulary."""
    return max(count_tokens(text), len(text) // _CHARACTERS_A_TOKEN) + _EACH_CALL


class Budget:
    """What one session (an open library) may spend. Safe to use from several threads.

    A call is reserved before it is made, with its prompt and the longest reply, and settled with what it used.
    Raises ConfigError where a budget in dollars is set for a model without a known price.
    """

    def __init__(self, dollars: float | None, tokens: int | None, price: Price | None, model: str) -> None:
        if dollars is not None and price is None:
            raise ConfigError(
                f"ASSISTANT_BUDGET is set, but the price of {model!r} is not known; set ASSISTANT_PRICES, or "
                "ASSISTANT_TOKEN_BUDGET instead"
            )
        self._dollars, self._tokens, self._price = dollars, tokens, price
        self._input, self._output = 0, 0
        self._lock = threading.Lock()

    def reserve(self, input_tokens: int, output_tokens: int) -> None:
        """Sets a call aside. Raises ProviderError, and sets nothing aside, where it could exceed the budget."""
        with self._lock:
            used, more = self._input + self._output, input_tokens + output_tokens
            if self._tokens is not None and used + more > self._tokens:
                raise ProviderError(
                    f"This session's budget of {self._tokens:,} tokens does not allow another call (used {used:,}, next "
                    f"up to {more:,}); raise ASSISTANT_TOKEN_BUDGET or start again."
                )
            if self._dollars is not None and self._price is not None:
                spent, next_call = (
                    self._price.of(self._input, self._output),
                    self._price.of(input_tokens, output_tokens),
                )
                if spent + next_call > self._dollars:
                    raise ProviderError(
                        f"This session's budget of ${self._dollars:g} does not allow another call (spent ${spent:.4f}, "
                        f"next up to ${next_call:.4f}); raise ASSISTANT_BUDGET or start again."
                    )
            self._input, self._output = self._input + input_tokens, self._output + output_tokens

    def settle(self, reserved: tuple[int, int], used: tuple[int, int] | None) -> None:
        """Puts what a call used in the place of what was reserved; a call that did not say keeps its reservation."""
        if used is not None:
            with self._lock:
                self._input += used[0] - reserved[0]
                self._output += used[1] - reserved[1]
