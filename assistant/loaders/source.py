"""What every loader gets: a file's name and bytes, and its text where it is one."""

import codecs
import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from assistant.errors import LoadError
from assistant.files import printable_name

MAX_BYTES = 1_000_000_000
HEAD = 4096  # bytes or characters that a format may look at to recognise its files
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
# Where XML, HTML, LaTeX and JabRef's BibTeX say which encoding they are in.
_DECLARED = re.compile(
    rb"""\A\s*<\?xml[^>]{0,100}\sencoding\s*=\s*["']([\w.:-]{1,40})|<meta\s[^>]{0,200}\bcharset\s*=\s*["']?\s*([\w.:-]{1,40})"""
    rb"|^[^%\n]{0,200}\\(?:usepackage\s*\[\s*([\w-]{1,40})\s*\]\s*\{inputenc\}|inputencoding\s*\{([\w-]{1,40})\})"
    rb"|^\s?%[^\n]{0,80}\bEncoding:\s*([\w.:-]{1,40})",
    re.IGNORECASE | re.MULTILINE,
)
# Encodings of text whose bytes beyond ASCII are no UTF-8. As browsers do, what is declared Latin-1 is read as its Windows form.
_ENCODINGS = re.compile(r"iso8859-|cp\d|koi8-|mac-|gbk|gb\d|big5|shift_jis|euc_|johab|tis-620|kz1048|ptcp154")
_ALIASES = {"iso8859-1": "cp1252", "ascii": "cp1252"}
_LATEX_NAMES = {"ansinew": "cp1252", "applemac": "mac-roman", "latin9": "iso8859-15", "latin10": "iso8859-16"}
_ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")  # what zip, gzip, 7-Zip and RAR begin with
_TAR = slice(257, 262), b"ustar"


@dataclass(frozen=True)
class Source:
    """A file's content. `path` need not exist: the content may come from an archive or from standard input. `ocr` asks for
    pages without text to be read from their picture."""

    path: Path
    data: bytes
    ocr: bool = False

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the content, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def head(self) -> str:
        """The beginning as text, with what is no UTF-8 replaced: enough to recognise a format by."""
        if self.data[:2] in _UTF16:
            return self.data[:HEAD].decode("utf-16", "replace")
        return self.data[:HEAD].decode("utf-8-sig", "replace")

    @property
    def is_binary(self) -> bool:
        """True for what is no text in any encoding."""
        return b"\x00" in self.data[:HEAD] and self.data[:2] not in _UTF16

    @property
    def is_archive(self) -> bool:
        """True for what begins as an archive does; the beginning of its first file may follow in plain sight."""
        place, mark = _TAR
        return self.data.startswith(_ARCHIVES) or self.data[place] == mark

    @property
    def text(self) -> str:
        """The whole content as text: UTF-8, UTF-16 with its mark, or else the encoding that the content itself declares. Raises
        LoadError, naming the byte, for anything else: which of the many others it is in would be a guess."""
        if self.is_binary:
            raise LoadError(f"{self.name} is a binary file in no format that can be read; give a PDF or text")
        try:
            text = self.data.decode("utf-16" if self.data[:2] in _UTF16 else "utf-8-sig")
        except UnicodeDecodeError as error:
            if (declared := self._as_declared()) is not None:
                return declared
            raise LoadError(f"{self.name} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
        return _with_plain_lines(text)

    def _as_declared(self) -> str | None:
        """The text in the encoding that it declares; None where it declares none, or another than it is in."""
        found = _DECLARED.search(self.data[:HEAD])
        if not found:
            return None
        name = next(filter(None, found.groups())).decode().lower()
        try:
            codec = codecs.lookup(_LATEX_NAMES.get(name, name)).name
            codec = _ALIASES.get(codec, codec)
            return _with_plain_lines(self.data.decode(codec)) if _ENCODINGS.match(codec) else None
        except (LookupError, UnicodeDecodeError):
            return None


def _with_plain_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_source(path: Path, ocr: bool = False) -> Source:
    """The file at `path`. Raises LoadError where it is empty, too large, or cannot be read."""
    try:
        str(path.resolve()).encode()
    except UnicodeEncodeError:
        name = printable_name(path)
        raise LoadError(f"the name of {name}, or of a folder above it, is not UTF-8; rename it") from None
    try:
        if path.is_dir():
            raise LoadError(f"the folder {path} may not be opened, so nothing in it was read; check its permissions")
        size = path.stat().st_size
        if size == 0:
            raise LoadError(f"{path.name} is empty; nothing was read from it")
        if size > MAX_BYTES:
            raise LoadError(f"{path.name} is larger than {MAX_BYTES // 1_000_000} MB; split it")
        return Source(path, path.read_bytes(), ocr)
    except OSError as error:
        raise LoadError(
            f"{path} cannot be read ({error.strerror or error}); check the path and its permissions"
        ) from None
