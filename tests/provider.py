"""A loopback stand-in for a model provider: the OpenAI wire protocol, and the ways real servers and models go wrong.

A `Provider` plays a script of behaviours. The writers, at its end, answer from the evidence in a prompt, well or badly.
"""

import base64
import hashlib
import json
import math
import re
import socket
import threading
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from select import select
from typing import Any, Self

Body = dict[str, Any]
Writer = Callable[[Body], str]
Order = Callable[[Body], list[str]]
Head = tuple[int, dict[str, str]]  # the status and the headers of a response
Steps = Iterator[Head | bytes | float]  # a response: its head, pieces of its body, and seconds of waiting in between
ERRORS: dict[int, tuple[str, str | None, str]] = {  # status: type, code and message, as the real service words them
    400: ("invalid_request_error", "context_length_exceeded", "This model's maximum context length is 4097 tokens."),
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided: test."),
    404: ("invalid_request_error", "model_not_found", "The model `test` does not exist."),
    429: ("tokens", "rate_limit_exceeded", "Rate limit reached for test on tokens per min (TPM): Limit 10000."),
    500: ("server_error", None, "The server had an error while processing your request. Sorry about that!"),
    503: ("server_error", None, "The engine is currently overloaded, please try again later."),
}
STREAM: Head = (200, {"content-type": "text/event-stream; charset=utf-8", "transfer-encoding": "chunked"})
END = b"0\r\n\r\n"  # of the body of a stream


def lines(text: str) -> bytes:
    """Lines of a stream, framed as one HTTP chunk."""
    return b"%x\r\n%b\r\n" % (len(text.encode()), text.encode())


@dataclass
class Request:
    """One recorded request."""

    path: str
    headers: dict[str, str]
    body: Body
    time: float
    disconnected: bool = False  # the client went away before the answer was complete
    ended: threading.Event = field(default_factory=threading.Event)  # answered or disconnected

    @property
    def prompt(self) -> str:
        """All that the model was given to read: the text of every message."""
        return "\n".join(message.get("content") or "" for message in self.body.get("messages", []))

    def usage(self, text: str) -> Body:
        """The tokens of this prompt and of an answer, at four characters a token."""
        read, written = math.ceil(len(self.prompt) / 4), math.ceil(len(text) / 4)
        return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}

    def completion(self, kind: str, choice: Body | None, reason: str | None, usage: Body | None) -> str:
        """The JSON of an answer or of a chunk of one, unknown field included; `choice` is None in the usage chunk."""
        choices = [] if choice is None else [{"index": 0, "logprobs": None, "finish_reason": reason} | choice]
        head = {"id": "chatcmpl-1", "object": kind, "created": 1_700_000_000, "model": self.body["model"]}
        return json.dumps(head | {"choices": choices, "usage": usage, "x_unknown": {"ms": 1}}, ensure_ascii=False)

    def chunk(self, delta: Body | None, reason: str | None = None, usage: Body | None = None) -> bytes:
        """One event of a stream; a `delta` of None is for the usage chunk."""
        choice = None if delta is None else {"delta": delta}
        return lines(f"data: {self.completion('chat.completion.chunk', choice, reason, usage)}\n\n")


class Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    provider: "Provider"

    def handle(self) -> None:
        """Serve the connection until either side closes it, quietly where the client resets it."""
        self.provider.connections.append(self.connection)
        with suppress(ConnectionError):
            super().handle()

    def do_POST(self) -> None:
        """Record the request, then play its behaviour; a client that leaves ends the behaviour early."""
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.path, headers, json.loads(raw or b"{}"), time.monotonic())
        keep = False
        try:
            keep = self.play(self.provider.behaviour(request).steps(request))
        except ConnectionError:
            request.disconnected = not self.provider.closing
        except Exception as error:  # a writer failed: `Provider` raises it at its end
            self.provider.errors.append(error)
        self.close_connection = self.close_connection or not keep
        request.ended.set()

    do_GET = do_POST  # noqa: N815

    def play(self, steps: Steps) -> bool:
        """Send the steps; False where they end before the body does, so that the connection must close."""
        chunked, owed = False, 1
        for step in steps:
            self.wait(step if isinstance(step, float) else 0.0)
            if isinstance(step, tuple):
                status, headers = step
                chunked, owed = "transfer-encoding" in headers, int(headers.get("content-length", 1))
                self.send_response(status)
                for name, value in {"x-request-id": "req_1", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
            elif isinstance(step, bytes):
                self.wfile.write(step)
                owed = int(not step.endswith(END)) if chunked else owed - len(step)
        return owed == 0

    def wait(self, seconds: float) -> None:
        """Let time pass; raise as soon as the client has closed its end."""
        if select([self.connection], [], [], seconds)[0] and not self.connection.recv(1, socket.MSG_PEEK):
            raise ConnectionAbortedError("the client closed the connection")

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""


@dataclass(frozen=True)
class Raw:
    """A whole body as it is, or with `cut` that many bytes of it and the end of the connection."""

    text: str
    status: int = 200
    kind: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    cut: int | None = None

    def steps(self, request: Request) -> Steps:
        data = self.text.encode()
        yield self.status, {"content-type": self.kind, "content-length": str(len(data)), **dict(self.headers)}
        yield data[: self.cut]


@dataclass(frozen=True)
class Fail:
    """An error in the real service's JSON. A fraction of `retry_after` seconds is exact in retry-after-ms only."""

    status: int
    code: str | None = None
    message: str | None = None
    retry_after: float | None = None

    @property
    def json(self) -> str:
        """The error object."""
        kind, code, message = ERRORS.get(self.status, ("invalid_request_error", None, f"Error {self.status}"))
        error = {"message": self.message or message, "type": kind, "param": None, "code": self.code or code}
        return json.dumps({"error": error})

    def steps(self, request: Request) -> Steps:
        after = self.retry_after or 0
        headers = ("retry-after", str(math.ceil(after))), ("retry-after-ms", str(round(after * 1000)))
        return Raw(self.json, self.status, headers=headers[: bool(after) + bool(after % 1)]).steps(request)


@dataclass(frozen=True)
class Reply:
    """A good answer: `delay` before the first token, then pieces of `size` characters with a `pause` between them.

    What goes wrong: `noise` is raw lines after the text, `after` ends the text (of a plain request, the JSON) after so
    many characters, and `end` takes the place of the finish reason, the usage and the end mark of a stream.
    """

    text: str | Writer | None
    size: int = 4
    delay: float = 0.0
    pause: float = 0.0
    finish_reason: str = "stop"
    usage: bool = True
    noise: str = ""
    after: int | None = None
    end: bytes | None = None

    def steps(self, request: Request) -> Steps:
        text = self.text(request.body) if callable(self.text) else self.text
        return self.streamed(request, text or "") if request.body.get("stream") else self.whole(request, text)

    def whole(self, request: Request, text: str | None) -> Steps:
        """The answer to a plain request."""
        yield self.delay
        choice = {"message": {"role": "assistant", "content": text, "refusal": None}}
        usage = request.usage(text or "") if self.usage else None
        answer = Raw(request.completion("chat.completion", choice, self.finish_reason, usage), cut=self.after)
        yield from answer.steps(request)

    def streamed(self, request: Request, text: str) -> Steps:
        """The answer to a streaming request."""
        yield from (STREAM, self.delay, request.chunk({"role": "assistant", "content": "", "refusal": None}))
        for start in range(0, len(text[: self.after]), self.size):
            yield self.pause if start else 0.0
            yield request.chunk({"content": text[: self.after][start : start + self.size]})
        yield lines(self.noise) if self.noise else 0.0
        if self.end is not None:
            yield self.end
            return
        yield request.chunk({}, self.finish_reason)
        if self.usage and (request.body.get("stream_options") or {}).get("include_usage"):
            yield request.chunk(None, usage=request.usage(text))
        yield lines("data: [DONE]\n\n") + END


@dataclass(frozen=True)
class Silence:
    """Some text, then nothing for `timeout` seconds or until the client leaves; without text, not even headers."""

    text: str | Writer = ""
    timeout: float = 30.0

    def steps(self, request: Request) -> Steps:
        if self.text and request.body.get("stream"):
            yield from Reply(self.text, end=b"").steps(request)
        yield self.timeout


PINGS = ": ping\n\n\n\nx-unknown: 1\n\n"  # legal lines that say nothing
CutOff = partial(Reply, after=20, end=END)  # the stream ends in good order; with end=b"" it breaks in mid-body
MalformedLines = partial(Reply, noise=PINGS + 'data: {"id": "chatcmpl-1", "choices": [{"del\n\n')
SlowFirstToken = partial(Reply, delay=1.0)
Empty = partial(Reply, text="")  # or text=None: a plain answer without content, as of reasoning models and refusals
MalformedJson = partial(Raw, text='{"id": "chatcmpl-1", "choices": [{"mess')  # with status 200
HtmlError = partial(Raw, text="<html><h1>Bad Gateway</h1></html>", status=502, kind="text/html")  # of a proxy


def vector(text: str, dimension: int) -> "array[float]":
    """A unit vector of hashed words: the same for the same text, near for texts that share words."""
    values = [0.0] * dimension
    for word in re.findall(r"\w+", text.casefold()) or [text]:
        number = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())
        values[(number >> 1) % dimension] += 1.0 if number % 2 else -1.0
    return array("f", (value / (math.hypot(*values) or 1.0) for value in values))


@dataclass(frozen=True)
class Embed:
    """One vector a text, as floats or base64; refuses more than `limit` texts, empty texts and token numbers. A `broken` model
    overflows, and gives NaN."""

    dimension: int = 64
    limit: int = 2048
    broken: bool = False

    def steps(self, request: Request) -> Steps:
        given, packed = request.body["input"], request.body.get("encoding_format") == "base64"
        texts = [given] if isinstance(given, str) else given
        if not 0 < len(texts) <= self.limit or not all(isinstance(text, str) and text for text in texts):
            return Fail(400, "invalid_input", f"'input' must be 1 to {self.limit} non-empty texts.").steps(request)
        vectors = [vector(text, request.body.get("dimensions") or self.dimension) for text in texts]
        if self.broken:
            vectors = [array("f", [math.nan] * len(found)) for found in vectors]
        data = [base64.b64encode(found.tobytes()).decode() if packed else list(found) for found in vectors]
        items = [{"object": "embedding", "index": index, "embedding": found} for index, found in enumerate(data)]
        answer = {"object": "list", "data": items, "model": request.body["model"], "usage": request.usage("")}
        return Raw(json.dumps(answer)).steps(request)


Behaviour = Raw | Fail | Reply | Silence | Embed


class Provider:
    """The server, as a context manager. Both scripts are played in order, the last behaviour repeated."""

    def __init__(self, script: Sequence[Behaviour] = (), embeddings: Sequence[Behaviour] = (Embed(),)) -> None:
        models = {"object": "list", "data": [{"id": "test", "object": "model", "created": 1, "owned_by": "test"}]}
        self.scripts: dict[str, list[Behaviour]] = {"models": [Raw(json.dumps(models))]}
        self.scripts |= {"chat/completions": list(script), "embeddings": list(embeddings)}
        self.requests: list[Request] = []
        self.errors: list[Exception] = []
        self.connections: list[socket.socket] = []
        self.closing = False
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"provider": self}))
        self._server.socket.listen(128)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *failure: object) -> None:
        self.closing = True
        self._server.shutdown()
        self._server.server_close()
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        if self.errors and failure[0] is None:
            raise self.errors[0]

    def behaviour(self, request: Request) -> Behaviour:
        """Record the request and say what happens to it."""
        with self._lock:
            self.requests.append(request)
            script = self.scripts.get(request.path.removeprefix("/v1/")) or [Fail(404, "unknown_url", "Invalid URL")]
            return script.pop(0) if len(script) > 1 else script[0]

    @property
    def calls(self) -> int:
        """How many chat requests came in, retries included."""
        return sum("messages" in request.body for request in self.requests)

    @property
    def prompt_characters(self) -> int:
        """How many characters all chat requests together gave the model to read."""
        return sum(len(request.prompt) for request in self.requests)


MARKED = re.compile(r"^[ \t]*(\[\d+\.\d+\])[ \t]+(.*\S)", re.MULTILINE)


def shown(body: Body) -> str:
    """The last user message that holds evidence."""
    said = [message["content"] for message in body["messages"] if message["role"] == "user"]
    return next((text for text in reversed(said) if MARKED.search(text)), "")


def evidence(body: Body) -> dict[str, str]:
    """The evidence sentences by their marks, such as "[2.5]"."""
    return dict(MARKED.findall(shown(body)))


def ranked(body: Body) -> list[str]:
    """The marks of the sentences (not of titles, [P.0]), those first that share most words with the question below."""
    found, question = evidence(body), MARKED.split(shown(body))[-1]
    words = {mark: set(re.findall(r"\w{4,}", text.lower())) for mark, text in (found | {"": question}).items()}
    return sorted((m for m in found if not m.endswith(".0]")), key=lambda mark: -len(words[mark] & words[""]))


def each(template: str, n: int = 2, change: Callable[[str], str] = str, order: Order = ranked) -> Writer:
    """A writer of `n` lines: the template with the mark and the changed text of an evidence sentence."""

    def line(mark: str, body: Body) -> str:
        others = [other for other in ranked(body) if other.split(".")[0] != mark.split(".")[0]] + ["[9.99]"]
        return template.format(mark=mark, text=change(evidence(body)[mark]), elsewhere=others[0])

    return lambda body: "\n".join(line(mark, body) for mark in order(body)[:n]) or refusal(body)


def reworded(text: str) -> str:
    """The same statement told of the authors, without "However," and the like."""
    text = re.sub(r"^(?:However|Moreover|Furthermore|Specifically), (\w)", lambda match: match[1].upper(), text)
    told = {"We": "The authors", "we": "the authors", "Our": "The authors'", "our": "the authors'"}
    return re.sub(r"\b(?:[Ww]e|[Oo]ur)\b", lambda match: told[match[0]], text)


def renumbered(text: str) -> str:
    """The sentence with another last digit in its first number, or with a number that it does not have."""
    number = re.search(r"(?<![\w.,-])[\d.,]*\d", text)
    others = [number[0][:-1] + digit for digit in "123456789" if number[0][:-1] + digit not in text] if number else []
    return text.replace(number[0], others[-1], 1) if number and others else f"{text.rstrip('.')} by 37.4%."


def negated(text: str) -> str:
    """The opposite: a "not" dropped, or put behind the first auxiliary verb."""
    if re.search(r" not\b|\bcannot\b", text):
        return re.sub(r" not\b|(?<=\bcan)not\b", "", text, count=1)
    changed = re.sub(r"\b(is|are|was|were|can|could|has|have|does|do|will|may)\b", r"\1 not", text, count=1)
    return changed if changed != text else f"It is not the case that {re.sub('^We ', 'we ', text)}"


def refusal(body: Body) -> str:
    """The line for "the evidence does not tell"."""
    return "NOT FOUND"


def chatty(body: Body) -> str:
    """True claims as a markdown list with bold words, between a greeting and a closing remark."""
    claims = re.sub(r"^(\S+ \S+)", r"- **\1**", faithful(3)(body), flags=re.MULTILINE)
    return f"Sure! Here is the answer:\n\n{claims}\n\nLet me know if you have any other questions!"


def injected(body: Body) -> str:
    """The instruction that is planted in the evidence, repeated with and without its mark; else a true claim."""
    order = r"(?i)(ignore|disregard|forget)\b.*\b(instruction|prompt|previous|above)"
    planted = [f"{text}\n{text} {mark}" for mark, text in evidence(body).items() if re.search(order, text)]
    return "\n".join(planted) or faithful(1)(body)


faithful = partial(each, "{text} {mark}", change=reworded)  # faithful(n): true claims in slightly other words
copy_first = partial(each, "{text} {mark}", order=lambda body: [m for m in evidence(body) if m in ranked(body)])
no_marks = each("{text}")
all_marks_to_first = each("{text} [1.1]", 3)
invented_marks = each("{text} [9.99]")
misattributed = each("{text} {elsewhere}")
invented_tail = each("{text}, which also halves the cost of training. {mark}", change=lambda text: text.rstrip("."))
wrong_numbers = each("{text} {mark}", change=renumbered)
flipped_negation = each("{text} {mark}", change=negated)
answers_other_question = each("{text} {mark}", order=lambda body: ranked(body)[::-1])
