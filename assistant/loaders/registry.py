"""The formats that can be read, and how a file finds its own."""

import glob
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from assistant.errors import LoadError
from assistant.loaders import json_lines, listing
from assistant.loaders.result import Loaded

MAX_BYTES = 1_000_000_000
_HEAD = 4096  # characters that a format may look at to recognise its files


class _Module(Protocol):
    def sniff(self, path: Path, head: str) -> bool: ...
    def load(self, path: Path, text: str) -> Loaded: ...


class Format(NamedTuple):
    """A readable format: its `name` for people, and the module that recognises and loads it."""

    name: str
    module: _Module


FORMATS: tuple[Format, ...] = (
    Format("Hugging Face papers listing", listing),
    Format("JSON Lines of papers", json_lines),
)


FILE_TYPES = (".txt", ".jsonl", ".json")  # what an upload may be called; a file's content decides what it is


def load_file(path: Path) -> Loaded:
    """The papers of one file. Raises LoadError, with the reason and what to do, where it holds none that can be read."""
    text = _read_text(path)
    for candidate in FORMATS:
        if candidate.module.sniff(path, text[:_HEAD]):
            return candidate.module.load(path, text)
    names = ", ".join(candidate.name for candidate in FORMATS)
    raise LoadError(f"{path.name} is in no format that can be read; give one of: {names}")


def _read_text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size == 0:
            raise LoadError(f"{path.name} is empty; nothing was read from it")
        if size > MAX_BYTES:
            raise LoadError(f"{path.name} is larger than {MAX_BYTES // 1_000_000} MB; split it")
        data = path.read_bytes()
    except OSError as error:
        raise LoadError(
            f"{path} cannot be read ({error.strerror or error}); check the path and its permissions"
        ) from None
    if b"\x00" in data[:_HEAD] or data.startswith(b"%PDF"):
        raise LoadError(f"{path.name} is a binary file, which cannot be read yet; give text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LoadError(f"{path.name} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None


def expand(sources: Iterable[str | Path]) -> Iterator[Path]:
    """The files meant by paths, folders (searched below) and globs, each once, in order. Raises LoadError for no match."""
    seen: set[Path] = set()
    for source in sources:
        path = Path(source).expanduser()
        if path.is_dir():
            files = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
        elif path.exists():
            files = [path]
        else:
            files = sorted(Path(name) for name in glob.glob(str(path), recursive=True) if Path(name).is_file())  # noqa: PTH207
        if not files:
            raise LoadError(f"{source}: no such file, and no file matches; check the path")
        for file in files:
            if (resolved := file.resolve()) not in seen:
                seen.add(resolved)
                yield file
