"""Writing files so that a reader never sees half of one, under names that are safe."""

import errno
import hashlib
import os
import re
import stat
import threading
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from assistant.errors import LibraryBusyError, LibraryError

_OPEN = re.compile(r"/dev/(?:stdout|stderr|fd/\d+)|/proc/(?:self|\d+)/fd/\d+")
_WAIT = 30.0  # seconds for another process that writes at the moment


def is_disk_full(error: BaseException) -> bool:
    """True where an error, of whatever class, says that there is no room left on the disk."""
    words = str(error).lower()
    return getattr(error, "errno", None) == errno.ENOSPC or "no space left" in words or "disk is full" in words


def is_gone(path: Path) -> bool:
    """True where nothing is at `path`; what lies in a folder that may not be opened may well be there."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: no such name can be
        return True
    except OSError:
        return False
    return False


def printable_name(path: Path) -> str:
    """The file's name as text that can be printed and stored: what is no UTF-8 in it is replaced."""
    return path.name.encode("utf-8", "replace").decode()


def _refused(path: Path, error: OSError) -> LibraryError:
    """That a file could not be written, and what to do."""
    if isinstance(error, BrokenPipeError):
        return LibraryError(f"what reads {path} has ended before all was written; let it read to the end and retry")
    step = "free some disk space" if is_disk_full(error) else "check the path and its permissions"
    return LibraryError(f"{path} could not be written ({error}); {step} and retry")


# Of this process's threads, by the file that other processes see locked.
_threads_at: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)


class WriterLock:
    """One writer at a time in `folder` over all threads and processes; writers of another `name` go on beside it.

    Raises LibraryBusyError where another holds it for `timeout` seconds, LibraryError where the folder cannot be written. One
    that `is_patient` waits for other threads of this process however long they write.
    """

    def __init__(self, folder: Path, timeout: float = 0, name: str = "writer.lock", is_patient: bool = False) -> None:
        self._lock = FileLock(folder / name, timeout=timeout)
        self._threads = _threads_at[os.path.realpath(folder / name)]
        self._wait = -1 if is_patient else timeout
        self._folder = folder

    def __enter__(self) -> None:
        if not self._threads.acquire(timeout=self._wait):
            raise self._busy()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except BaseException as error:
            self._threads.release()
            if isinstance(error, Timeout):  # an OSError too
                raise self._busy() from None
            if isinstance(error, OSError):
                raise LibraryError(f"{self._folder} cannot be written ({error}); make it writable and retry") from None
            raise

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        self._threads.release()

    def _busy(self) -> LibraryBusyError:
        return LibraryBusyError(
            f"another process is writing to the library in {self._folder}; wait for it to end and retry"
        )


class WriteQueue:
    """Writers in `folder` that wait for each other, of all threads and processes; raises as `WriterLock` does, after half a
    minute."""

    def __init__(self, folder: Path, name: str = "writer.lock") -> None:
        self._folder = folder
        self._name = name

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Nobody else writes inside."""
        with WriterLock(self._folder, _WAIT, self._name, is_patient=True):
            yield


def write_whole(path: Path, data: bytes) -> None:
    """Replaces the file in one step; its folder is made when missing. Raises LibraryError where the disk refuses it."""
    write_lines(path, [data])


def is_stream(path: Path) -> bool:
    """True for a pipe, a device, and what is open under a number, such as /dev/stdout, be it a file."""
    return bool(_OPEN.fullmatch(str(path))) or (path.exists() and not path.is_file())


def write_lines(path: Path, lines: Iterable[bytes]) -> int:
    """Replaces the file in one step with `lines` as they come, and returns how many. Raises LibraryError as above.

    Through a link the file that it names is replaced, whose permissions stay; a pipe or device is written to as it is, and so is
    whatever stands open as standard output.
    """
    if path.is_dir():
        raise LibraryError(f"{path} is a folder; give the file to write, such as {path / 'papers.jsonl'}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if is_stream(path):
            return _written(path, "ab", lines)  # what stands in a file behind `>>` stays
        whole = Path(os.path.realpath(path))
        partial = whole.with_name(f".writing-{uuid.uuid4().hex}")
        try:
            count = _written(partial, "xb", lines)
            if whole.exists():
                partial.chmod(stat.S_IMODE(whole.stat().st_mode))
            partial.replace(whole)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _refused(path, error) from None
    return count


def _written(path: Path, mode: str, lines: Iterable[bytes]) -> int:
    count = 0
    with path.open(mode) as file:
        for line in lines:
            file.write(line)
            count += 1
    return count


def append_line(path: Path, line: bytes) -> None:
    """Adds a line; one before it that was cut off stays a line of its own. Raises LibraryError as above."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                line = line if file.read(1) == b"\n" else b"\n" + line
            file.write(line + b"\n")
    except OSError as error:
        raise _refused(path, error) from None


def keep_copy(source: Path, folder: Path) -> Path:
    """Copies a file into `folder` under a safe name and returns where it now lies; the same content is kept once.

    A name that is taken by other content gets a part of the content's SHA-256. Raises LibraryError where it cannot be read.
    """
    try:
        data = source.read_bytes()
    except OSError as error:
        raise LibraryError(f"{source.name} cannot be read ({error.strerror or error}); try again") from None
    stem = re.sub(r"[^\w.() -]", "_", source.stem).strip(". ")[:80] or "file"
    suffix = re.sub(r"[^\w.]", "", source.suffix)[:10]
    kept = folder / f"{stem}{suffix}"
    if kept.exists() and kept.read_bytes() != data:
        kept = folder / f"{stem}-{hashlib.sha256(data).hexdigest()[:8]}{suffix}"
    if not kept.exists():
        write_whole(kept, data)
    return kept
