"""Zip archives: their files are read one by one, within bounds; nothing is unpacked outside a temporary folder."""

import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from assistant.errors import LoadError
from assistant.loaders.registry import load_source, named_errors
from assistant.loaders.result import Loaded
from assistant.loaders.source import MAX_BYTES, Source

MAX_FILES = 20_000
_MAX_TOTAL = 4 * MAX_BYTES  # bytes unpacked, of the whole archive
_MAX_RATIO = 200  # unpacked to packed: text reaches 20, a bomb 1,000 and more
_SMALL = 10_000_000  # bytes: below this a ratio says nothing


def load_archive(path: Path, ocr: bool = False) -> Iterator[tuple[str, Loaded | LoadError]]:
    """Each file of the archive with what it holds, or why it could not be read. Raises LoadError for a bad archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [
                e
                for e in archive.infolist()
                if not e.is_dir() and not PurePosixPath(e.filename).name.startswith((".", "__"))
            ]
            if len(entries) > MAX_FILES:
                raise LoadError(
                    f"{path.name} holds {len(entries):,} files; split it into archives of at most {MAX_FILES:,}"
                )
            if sum(entry.file_size for entry in entries) > _MAX_TOTAL:
                raise LoadError(f"{path.name} unpacks to more than {_MAX_TOTAL // 1_000_000_000} GB; split it")
            for entry in entries:
                yield entry.filename, _load(archive, entry, ocr)
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise LoadError(f"{path.name} is no zip archive that can be read ({error}); pack it again") from None


def _load(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, ocr: bool) -> Loaded | LoadError:
    name = PurePosixPath(entry.filename.replace("\\", "/")).name or "file"  # the folders of an archive are not trusted
    if entry.flag_bits & 1:
        return LoadError(f"{name} is protected by a password; pack it without one")
    if entry.file_size > _SMALL and entry.file_size > _MAX_RATIO * max(1, entry.compress_size):
        return LoadError(
            f"{name} unpacks to {entry.file_size // 1_000_000} MB from almost nothing, as a bomb does; left out"
        )
    if name.lower().endswith(".zip"):
        return LoadError(f"{name} is an archive inside an archive; unpack it first")
    try:
        with archive.open(entry) as file:
            data = file.read(min(entry.file_size, MAX_BYTES) + 1)
        if not data or len(data) > entry.file_size:
            return LoadError(
                f"{name} is empty; nothing was read from it" if not data else f"{name} is damaged; left out"
            )
        with tempfile.TemporaryDirectory(prefix="assistant-") as folder:
            kept = Path(folder) / name  # a PDF is read by a child process, from a file
            kept.write_bytes(data)
            source = Source(kept, data, ocr)
            with named_errors(source):
                return load_source(source)
    except LoadError as error:
        return error
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        return LoadError(f"{name} is damaged in the archive ({error}); pack it again")
