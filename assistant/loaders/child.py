"""Parsers that may hang or crash run in a child process, with a limit on time and memory.

One child serves many files; it is replaced when it crashes or takes too long. It speaks lines: a JSON request on its standard
input, a JSON answer on its standard output.
"""

import atexit
import importlib
import json
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from queue import Empty, Queue
from typing import IO, Any

from assistant.errors import LoadError
from assistant.loaders.result import Loaded
from assistant.records import paper_from

SECONDS = 120.0
_MEMORY = 4 << 30  # bytes of address space


class _Child:
    """A running child and the thread that reads its answers."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "assistant.loaders.child"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
        )  # fmt: skip
        self._answers: Queue[str] = Queue()
        threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True).start()

    def _read(self, stream: IO[str]) -> None:
        with suppress(OSError, ValueError):
            for line in stream:
                self._answers.put(line)
        self._answers.put("")  # it ended

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any] | None:
        """The answer; None where the child crashed. Raises queue.Empty after `seconds`."""
        assert self.process.stdin
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except OSError:
            return None
        line = self._answers.get(timeout=seconds)
        return json.loads(line) if line else None

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


_lock = threading.Lock()
_child: _Child | None = None


def in_child(function: str, path: Path, seconds: float = SECONDS, **options: Any) -> Any:
    """What `function` ("module:name", taking a path and options, giving JSON types or Loaded) makes of `path`, in a
    child process, as JSON types.

    Raises LoadError where the function does, where the child crashes, and after `seconds`.
    """
    global _child
    with _lock:
        if _child is None or _child.process.poll() is not None:
            _child = _Child()
        try:
            answer = _child.ask({"function": function, "path": str(path.resolve()), "options": options}, seconds)
        except Empty:
            _stop()
            raise LoadError(
                f"{path.name} took longer than {seconds:.0f} s to read; it may be damaged or hostile"
            ) from None
        except BaseException:
            _stop()  # an answer to an interrupted question must not be taken for the next one's
            raise
        if answer is None:
            _stop()
            raise LoadError(
                f"{path.name} crashed its reader; it is damaged or hostile, or too large for the memory limit"
            )
    if "error" in answer:
        raise LoadError(answer["error"])
    return answer["value"]


def load_in_child(function: str, path: Path) -> Loaded:
    """`in_child` for a function that gives Loaded."""
    value = in_child(function, path)
    return Loaded(tuple(map(paper_from, value["papers"])), tuple(value["problems"]), value["pages"])


def _stop() -> None:
    global _child
    if _child is not None:
        _child.stop()
        _child = None


atexit.register(_stop)


def _limit_memory() -> None:
    try:
        import resource  # not on Windows

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    except (ImportError, ValueError, OSError):
        pass


def main() -> None:
    """The child's loop: one answer for each request, until its standard input ends."""
    _limit_memory()
    for line in sys.stdin:
        request = json.loads(line)
        path = Path(request["path"])
        module, _, name = request["function"].partition(":")
        answer: dict[str, Any]
        try:
            value = getattr(importlib.import_module(module), name)(path, **request["options"])
            answer = {"value": asdict(value) if isinstance(value, Loaded) else value}
        except LoadError as error:
            answer = {"error": str(error)}
        except MemoryError:
            answer = {"error": f"{path.name} needs more memory than a paper should; it is too large or hostile"}
        except Exception as error:
            answer = {"error": f"{path.name} cannot be read ({type(error).__name__}: {error}); it may be damaged"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
