"""The HTTP client of a model provider: it asks no other host, and stops at a moment that the caller sets."""

import importlib
import ipaddress
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

from assistant.errors import ProviderError

_DEADLINE: ContextVar[float | None] = ContextVar("deadline", default=None)
_QUOTA = "insufficient_quota"


@contextmanager
def until(deadline: float) -> Iterator[None]:
    """Requests begun inside end by `deadline` (of `time.monotonic`), retries, pauses and keep-alive lines included."""
    before = _DEADLINE.get()
    _DEADLINE.set(deadline)
    try:
        yield
    finally:
        _DEADLINE.set(before)


def http_client(base_url: str | None) -> Any:
    """A client for the openai package. No redirect leaves the host of `base_url`; no proxy stands before one's own machine."""
    import openai

    hooks: dict[str, list[Callable[..., None]]] = {
        "request": [_within_deadline],
        "response": [_stop_retries, _stop_late],
    }
    host = urlsplit(base_url or "").hostname
    if host:
        hooks["request"].append(_only(host))
    return openai.DefaultHttpxClient(event_hooks=hooks, trust_env=not _is_loopback(host))


def is_quota_used_up(text: str) -> bool:
    """True where an error of the provider says that there is no credit left, which no waiting changes."""
    return _QUOTA in text


def _is_loopback(host: str | None) -> bool:
    if host is None or host == "localhost":
        return host is not None
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _only(host: str) -> Callable[..., None]:
    def check(request: Any) -> None:
        if request.url.host.strip("[]") != host:
            raise ProviderError(
                f"The server at OPENAI_BASE_URL redirects to another host, {request.url.host}; nothing was sent there. "
                "Check OPENAI_BASE_URL."
            )

    return check


def _within_deadline(request: Any) -> None:
    """Shortens the request's own timeouts to the time that is left."""
    import openai

    if (deadline := _DEADLINE.get()) is None:
        return
    left = deadline - time.monotonic()
    if left <= 0:
        raise openai.APITimeoutError(request=request)
    limits = request.extensions.get("timeout", {})
    request.extensions["timeout"] = {name: min(limit or left, left) for name, limit in limits.items()}


def _stop_retries(response: Any) -> None:
    """Tells the openai client not to repeat a request that no waiting can help, or none that there is time for."""
    if response.status_code == 429:
        response.read()
        if is_quota_used_up(response.text):
            response.headers["x-should-retry"] = "false"
    if response.status_code >= 400 and (deadline := _DEADLINE.get()) is not None:
        try:
            wait = float(response.headers.get("retry-after-ms", "nan")) / 1000
            wait = wait if wait == wait else float(response.headers.get("retry-after", "0"))
        except ValueError:  # a date; the client knows what to make of it
            wait = 0.0
        if time.monotonic() + wait > deadline:
            response.headers["x-should-retry"] = "false"


def _stop_late(response: Any) -> None:
    """Ends a body that keeps the line alive without coming to an end: comment lines hold off every timeout."""
    import openai

    deadline = _DEADLINE.get()
    if deadline is None:
        return
    moment: float = deadline
    library = importlib.import_module(type(response).__module__.partition(".")[0])  # httpx, or its successor
    body, request = response.stream, response.request

    class Limited(library.SyncByteStream):  # type: ignore[misc, name-defined]
        def __iter__(self) -> Iterator[bytes]:
            for part in body:
                if time.monotonic() > moment:
                    raise openai.APITimeoutError(request=request)
                yield part

        def close(self) -> None:
            body.close()

    response.stream = Limited()
