"""The formats that can be read, and how a file finds its own."""

import glob
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

from assistant.errors import AssistantError, LoadError
from assistant.files import is_gone
from assistant.interrupts import raise_if_interrupted
from assistant.loaders import bibtex, csv_table, feed, json_papers, latex, listing, markdown, pdf, plain, ris, web, word
from assistant.loaders.result import Loaded
from assistant.loaders.source import Source, read_source

# Raise it when a loader reads more, or otherwise, out of the same file: such files are then read again.
LOADERS_VERSION = 5


class _Module(Protocol):
    def sniff(self, source: Source) -> bool: ...
    def load(self, source: Source) -> Loaded: ...


class Format(NamedTuple):
    """A readable format: its `name` for people, the endings that its files usually have, and the module that reads it."""

    name: str
    endings: tuple[str, ...]
    module: _Module


# In the order in which they are asked: what is surest first, plain text last.
FORMATS: tuple[Format, ...] = (
    Format("PDF", (".pdf",), pdf),
    Format("Word", (".docx", ".docm"), word),
    Format("Hugging Face papers listing", (".txt",), listing),
    Format("JSON or JSON Lines of papers", (".json", ".jsonl", ".ndjson"), json_papers),
    Format("arXiv Atom feed", (".xml", ".atom"), feed),
    Format("HTML", (".html", ".htm", ".xhtml"), web),
    Format("BibTeX", (".bib",), bibtex),
    Format("RIS", (".ris",), ris),
    Format("CSV or TSV of papers", (".csv", ".tsv"), csv_table),
    Format("LaTeX source", (".tex", ".ltx", ".gz", ".tgz"), latex),
    Format("Markdown", (".md", ".markdown"), markdown),
    Format("plain text", (".txt", ".text"), plain),
)
FILE_TYPES = tuple(dict.fromkeys([ending for format_ in FORMATS for ending in format_.endings] + [".zip"]))


@contextmanager
def named_errors(source: Source) -> Iterator[None]:
    """Turns an error that a loader did not foresee into a LoadError, so that one odd file does not stop the others."""
    try:
        yield
    except AssistantError:
        raise
    except Exception as error:
        raise_if_interrupted()
        first_line = (str(error).splitlines() or [""])[0][:200]
        raise LoadError(
            f"{source.name} could not be read ({type(error).__name__}: {first_line}); report it, and leave it out"
        ) from error


def load_parts(source: Source) -> Iterator[Loaded]:
    """The papers of one file's content, a large file of JSON Lines a part at a time, so that memory is bounded. Raises
    LoadError as `load_source` does, and for whatever else goes wrong in a loader."""
    with named_errors(source):
        if json_papers.is_large(source) and json_papers.sniff(source):
            yield from json_papers.load_lines(source)
        else:
            yield load_source(source)


def load_source(source: Source) -> Loaded:
    """The papers of one file's content. Raises LoadError, with the reason and what to do, where it holds none."""
    for candidate in FORMATS:
        if candidate.module.sniff(source):
            return candidate.module.load(source)
    if source.is_binary:
        raise LoadError(f"{source.name} is a binary file in no format that can be read; give a PDF or text")
    names = ", ".join(candidate.name for candidate in FORMATS)
    raise LoadError(f"{source.name} is in no format that can be read; give one of: {names}")


def ending_of(data: bytes) -> str:
    """The ending that a file with this content should have: formats are found by their names too, and some content, such as
    that of standard input, has none."""
    for start, ending in ((b"PK\x03\x04", ".zip"), (b"\x1f\x8b", ".gz")):
        if data.startswith(start):
            return ending
    source = Source(Path("unnamed"), data)
    found = next((candidate for candidate in FORMATS if candidate.module.sniff(source)), FORMATS[-1])
    if found is not FORMATS[-1]:
        return found.endings[0]
    return ".csv" if csv_table.is_table(source) else ".md" if markdown.is_marked(source) else ".txt"


def load_file(path: Path) -> Loaded:
    """The papers of one file. Raises LoadError, with the reason and what to do, where it holds none that can be read."""
    return load_source(read_source(path))


def expand(sources: Iterable[str | Path]) -> Iterator[Path]:
    """The files meant by paths, folders (searched below) and globs, each once, in order. Raises LoadError for no match.

    Hidden files and folders are left out; a folder below that may not be opened comes as itself, to be reported.
    """
    seen: set[Path] = set()
    for source in sources:
        if not str(source).strip():  # an unset variable of the shell would mean the working folder
            raise LoadError("an empty path names no file; name the files, folders or patterns to add")
        path = Path(source).expanduser()
        if path.is_dir():
            files = sorted(_below(path))
        elif not is_gone(path):
            files = [path]
        else:
            files = sorted(Path(name) for name in glob.glob(str(path), recursive=True) if Path(name).is_file())  # noqa: PTH207
        if not files and not path.is_dir():  # an empty folder has nothing to add, and perhaps something to prune
            raise LoadError(f"{source}: no such file, and no file matches; {_advice(str(source))}")
        for file in files:
            if (resolved := file.resolve()) not in seen:
                seen.add(resolved)
                yield file


def _below(folder: Path) -> Iterator[Path]:
    closed: list[OSError] = []
    for place, folders, files in os.walk(folder, onerror=closed.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (
            path for name in files if not name.startswith(".") and _is_readable_or_closed(path := Path(place, name))
        )
    yield from (Path(error.filename) for error in closed)


def _is_readable_or_closed(path: Path) -> bool:
    """True for a file, and for what may not be looked at, which reading then reports; not for pipes and the like."""
    try:
        return path.is_file()
    except OSError:
        return True


def _advice(source: str) -> str:
    return "download it first: nothing is fetched from the network" if "://" in source else "check the path"
