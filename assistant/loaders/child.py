"""Parsers that may hang or crash run in a child process, with a limit on time and memory.

A child serves many files, one at a time; it is replaced when it crashes or takes too long. Callers in several threads have a
child each, as many as there are processors. It speaks lines: a JSON request on its standard input, a JSON answer on its
standard output.
"""

import atexit
import importlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from queue import Empty, Queue
from typing import IO, Any

from assistant.errors import LoadError
from assistant.loaders.result import Loaded
from assistant.records import paper_from

SECONDS = 120.0
_PROCESSORS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
PARALLEL = min(_PROCESSORS, 8)  # files worth reading at a time; each may take the memory below
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
_slots = threading.BoundedSemaphore(PARALLEL + 1)  # one more, so that a page's picture need not wait for an ingest
_idle: list[_Child] = []
_busy: dict[_Child, str] = {}  # with the name of the thread that asks it


@contextmanager
def _borrowed() -> Iterator[_Child]:
    """A child that nobody else asks meanwhile; it is kept for the next one unless this ends with an error."""
    with _slots:
        with _lock:
            child = _idle.pop() if _idle else _Child()
            if child.process.poll() is not None:  # it was ended while it was idle
                child = _Child()
            _busy[child] = threading.current_thread().name
        try:
            yield child
        except BaseException:  # an answer to an interrupted question must not be taken for the next one's
            with _lock:
                _busy.pop(child, None)
            child.stop()
            raise
        with _lock:
            _busy.pop(child, None)
            _idle.append(child)


def in_child(function: str, path: Path, seconds: float = SECONDS, **options: Any) -> Any:
    """What `function` ("module:name", taking a path and options, giving JSON types or Loaded) makes of `path`, in a
    child process, as JSON types.

    Raises LoadError where the function does, where the child crashes, and after `seconds`.
    """
    with _borrowed() as child:
        try:
            answer = child.ask({"function": function, "path": str(path.resolve()), "options": options}, seconds)
        except Empty:
            raise LoadError(
                f"{path.name} took longer than {seconds:.0f} s to read; it may be damaged or hostile"
            ) from None
        if answer is None:
            raise LoadError(
                f"{path.name} crashed its reader; it is damaged or hostile, or too large for the memory limit"
            )
    if "error" in answer:
        raise LoadError(answer["error"])
    return answer["value"]


def load_in_child(function: str, path: Path, seconds: float = SECONDS, **options: Any) -> Loaded:
    """`in_child` for a function that gives Loaded."""
    value = in_child(function, path, seconds, **options)
    return Loaded(tuple(map(paper_from, value["papers"])), tuple(value["problems"]), value["pages"])


def stop_children(idle_only: bool = False, asked_by: str = "") -> None:
    """Ends the children; what they are reading for threads whose names begin with `asked_by`, unless `idle_only`, ends in a
    LoadError for those who wait for it."""
    with _lock:
        busy = [child for child, thread in _busy.items() if thread.startswith(asked_by)]
        stopped = [*_idle, *(() if idle_only else busy)]
        _idle.clear()
    for child in stopped:
        child.stop()


atexit.register(stop_children)


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
