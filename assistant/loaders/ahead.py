"""PDFs are read beforehand, several at a time in child processes, while the papers of earlier files are stored."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import NamedTuple

from assistant.errors import LoadError
from assistant.loaders.child import PARALLEL, stop_children
from assistant.loaders.pdf import sniff
from assistant.loaders.registry import load_source, named_errors
from assistant.loaders.result import Loaded
from assistant.loaders.source import HEAD, Source, read_source

_numbers = count()


class ReadAhead(NamedTuple):
    """What a file held when it was read: the digest of its content, and its papers or why there are none."""

    digest: str
    loaded: Loaded | LoadError


Ahead = Future[ReadAhead | None]


def read_ahead(
    paths: Iterable[Path], is_wanted: Callable[[Source], bool], ocr: bool = False
) -> Generator[tuple[Path, Ahead], None, None]:
    """The paths in order, each with what is being read of it: None for what is no PDF or is not wanted.

    At most as many PDFs as there are processors are read and wait at any time. Close it: what is being read is then ended.
    """
    readers = f"reading-{next(_numbers)}_"  # another library's children go on reading
    pool = ThreadPoolExecutor(PARALLEL, thread_name_prefix=readers)
    waiting: deque[tuple[Path, Ahead]] = deque()
    try:
        for path in paths:
            waiting.append((path, pool.submit(_read, path, is_wanted, ocr)))
            if len(waiting) > PARALLEL:
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()
    finally:
        is_cut_off = bool(waiting)
        pool.shutdown(wait=False, cancel_futures=True)
        stop_children(idle_only=not is_cut_off, asked_by=readers)


def _read(path: Path, is_wanted: Callable[[Source], bool], ocr: bool) -> ReadAhead | None:
    try:
        with path.open("rb") as file:
            if not sniff(Source(path, file.read(HEAD))):
                return None
        source = read_source(path, ocr)
        if not is_wanted(source):
            return None
        try:
            with named_errors(source):
                return ReadAhead(source.digest, load_source(source))
        except LoadError as error:
            return ReadAhead(source.digest, error)
    except (OSError, LoadError):
        return None  # whoever reads it in its turn will say why
