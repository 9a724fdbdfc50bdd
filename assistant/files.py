"""Writing files so that a reader never sees half of one, under names that are safe."""

import errno
import hashlib
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from assistant.errors import LibraryError


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


def write_whole(path: Path, data: bytes) -> None:
    """Replaces the file in one step; its folder is made when missing. Raises LibraryError where the disk refuses it."""
    write_lines(path, [data])


def write_lines(path: Path, lines: Iterable[bytes]) -> int:
    """Replaces the file in one step with `lines` as they come, and returns how many. Raises LibraryError as above."""
    count = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        try:
            with os.fdopen(handle, "wb") as file:
                for line in lines:
                    file.write(line)
                    count += 1
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise LibraryError(f"{path} could not be written ({error}); free some disk space and retry") from None
    return count


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
