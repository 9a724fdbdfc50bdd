"""The .tar.gz of LaTeX files that arXiv gives: the main file with its parts filled in, within bounds. Nothing is unpacked."""

import gzip
import io
import re
import tarfile
import zlib
from pathlib import PurePosixPath

from assistant.errors import LoadError
from assistant.loaders.source import Source

_MAX_BYTES = 300_000_000  # unpacked: figures are larger than text
_MAX_TEXT = 20_000_000
_MAX_FILES = 5_000
_MAX_PARTS = 500
_PART = re.compile(r"\\(?:input|include|subfile)\s*\{\s*([^{}]{1,200}?)\s*\}")


def is_tarball(source: Source) -> bool:
    """True for gzip under a name that such archives have."""
    return source.data[:2] == b"\x1f\x8b" and source.path.suffix.lower() in (".gz", ".tgz")


def main_file(source: Source) -> str:
    """The text of the document, with the files that it takes in. Raises LoadError where there is none, or it is too large."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(source.data)) as packed:
            data = packed.read(_MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise LoadError(f"{source.name} is damaged ({error}); download it again") from None
    if len(data) > _MAX_BYTES:
        raise LoadError(f"{source.name} unpacks to more than {_MAX_BYTES // 1_000_000} MB; unpack it and add its .tex")
    files = _files(data, source.name)
    main = [name for name, text in files.items() if "\\begin{document}" in text]
    if not main:
        raise LoadError(f"{source.name} holds no LaTeX document; give the archive of a paper's source, or a file of it")
    chosen = min(main, key=lambda name: (name.count("/"), "\\begin{abstract}" not in files[name], -len(files[name])))
    return _filled(files, chosen)


def _files(data: bytes, name: str) -> dict[str, str]:
    """The .tex files by their path; a single file that is no archive is one of them."""
    found: dict[str, str] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for number, member in enumerate(archive):
                if number >= _MAX_FILES:
                    break
                if member.isfile() and member.name.lower().endswith((".tex", ".ltx")) and member.size <= _MAX_TEXT:
                    file = archive.extractfile(member)
                    found[str(PurePosixPath(member.name))] = _text(file.read() if file else b"")
    except (tarfile.TarError, ValueError, OSError, EOFError):
        return found or {name: _text(data[:_MAX_TEXT])}  # arXiv packs a single file without tar
    return found


def _text(data: bytes) -> str:
    """Old sources are in Latin-1, which reads any bytes."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _filled(files: dict[str, str], main: str) -> str:
    """The main file with its parts in the place of the commands that take them in, each once."""
    folder = PurePosixPath(main).parent
    text, start = files[main], 0
    left = {name: part for name, part in files.items() if name != main}
    for _ in range(_MAX_PARTS):
        found = _PART.search(text, start)
        if not found:
            break
        named = str(folder / found[1])
        part = left.pop(named, None) or left.pop(f"{named}.tex", None)
        is_comment = "%" in text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
        if part is None or is_comment:
            start = found.end()
        else:
            text, start = text[: found.start()] + part + text[found.end() :], found.start()
    return text
