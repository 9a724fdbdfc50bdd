"""LaTeX source: title, authors, abstract and sections of a .tex file, or of the .tar.gz that arXiv gives.

One pass over the text with a stack of open groups, so that no nesting is too deep and no file takes long. Nothing is executed:
of macros, only those that stand for plain words are filled in. Formulas stay as they are written, between dollar signs.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from assistant.errors import LoadError
from assistant.loaders.parts import NOT_A_NAME, clean, year
from assistant.loaders.prose import prose_paper
from assistant.loaders.result import Loaded
from assistant.loaders.source import Source
from assistant.loaders.tarball import is_tarball, main_file

_BEGINNING = re.compile(r"(?:\s*%[^\n]*\n)*\s*\\documentclass\b")
_COMMENT_LINE = re.compile(r"^[ \t]*%.*\n", re.MULTILINE)
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%.*")
_TOKEN = re.compile(r"\\(?P<name>[A-Za-z@]+)\*?[ \t]*\n?[ \t]*|\\(?P<sign>.)|[{}]|\$|[^\\{}$]+|\\", re.DOTALL)
_OPTIONAL = re.compile(r"\s*\[[^][{}]{0,300}\]")
_ENVIRONMENT = re.compile(r"\s*\{\s*([A-Za-z]{1,40})\*?\s*\}")
_MATH = re.compile(r"\$\$(?:[^$\\]|\\.){1,5000}\$\$|\$(?:[^$\\]|\\.){1,5000}\$", re.DOTALL)
_MACRO = re.compile(
    r"\\(?:(?:re|provide)?newcommand\*?\s*\{?|def\s*)\\([A-Za-z]+)\}?\s*\{((?:[^{}#$]|\{[^{}#$]{0,200}\}){0,300})\}"
)
_LABEL = re.compile(r"\\(?:label\s*\{[^{}]*\}|nonumber|notag)")
_NAME = re.compile(r"^(?:[^\W\d_][\w'’.-]*\s+){1,4}[^\W\d_][\w'’.-]+$")

_HEADINGS = {"chapter", "section", "subsection", "subsubsection"}
_FORMULAS = {"equation", "align", "gather", "multline", "eqnarray", "displaymath", "math", "flalign", "alignat"}
_SKIPPED = {"verbatim", "lstlisting", "minted", "comment", "filecontents", "thebibliography", "tikzpicture", "tabular",
            "tabularx", "algorithmic", "CCSXML"}  # fmt: skip
_FLOATS = {"figure", "table", "wrapfigure", "wraptable", "algorithm", "longtable", "SCfigure"}
# Commands whose argument is no text of the paper.
_DROPPED = frozenset(
    """label vspace hspace includegraphics bibliographystyle bibliography usepackage input include setcounter setlength
    addcontentsline pagestyle thispagestyle thanks footnote footnotetext footnotemark inst orcid email affiliation affil
    institute address documentclass graphicspath hypersetup definecolor color vskip pdfoutput markboth keywords ccsdesc
    textsuperscript phantom includeonly subfile nocite cline addtocounter newcommand renewcommand DeclareMathOperator""".split()
)
_FIRST_DROPPED = frozenset("textcolor href colorbox scalebox resizebox raisebox fontsize hyperref".split())
_SIGNS = {"ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å",
          "i": "i", "ldots": "…", "dots": "…", "textellipsis": "…", "textbackslash": "\\", "textasciitilde": "~",
          "textendash": "–", "textemdash": "—", "S": "§", "copyright": "©", "textdegree": "°", "quad": " ", "qquad": " ",
          "par": "\n\n", "newline": " ", "linebreak": " ", "LaTeX": "LaTeX", "TeX": "TeX", "item": "\n\n", "and": "\n",
          "And": "\n", "AND": "\n", "textquotesingle": "'", "textbar": "|", "textless": "<", "textgreater": ">"}  # fmt: skip
_ACCENTS = dict(
    zip("'`^\"~=.uvHckr", map(unicodedata.lookup, [f"COMBINING {name}" for name in (
        "ACUTE ACCENT,GRAVE ACCENT,CIRCUMFLEX ACCENT,DIAERESIS,TILDE,MACRON,DOT ABOVE,BREVE,CARON,DOUBLE ACUTE ACCENT,CEDILLA,"
        "OGONEK,RING ABOVE").split(",")]), strict=True)
)  # fmt: skip
_ACCENTED = re.compile(r"\s*(?:\{\s*\\?([A-Za-z])\s*\}|\\?([A-Za-z]))")
_TYPOGRAPHY = (("``", "“"), ("''", "”"), ("---", "—"), ("--", "–"), ("~", " "))
_HEAD, _END = "\x01", "\x02"  # around a heading in the text under way; control characters are taken out of it first


def sniff(source: Source) -> bool:
    """True for text that is LaTeX by its name or its first lines, and for the archive that arXiv packs it in."""
    if source.is_binary or is_tarball(source):
        return is_tarball(source)
    return source.path.suffix.lower() in (".tex", ".ltx") or _BEGINNING.match(source.head) is not None


def load(source: Source) -> Loaded:
    """The one paper of the document. Raises LoadError where there is no text, or where the file is only a part of one."""
    text = main_file(source) if is_tarball(source) else source.text
    if "\\begin{document}" not in text:
        raise LoadError(
            f"{source.name} is only a part of a LaTeX document; add the main file, or all of it as a .tar.gz"
        )
    found = _Reading(text).read()
    title = clean("".join(found.title)) or source.path.name.split(".")[0].replace("_", " ")
    abstract = [("Abstract", paragraph) for paragraph in _paragraphs("".join(found.abstract))]
    date = " ".join("".join(found.date).split()) or None
    loaded = prose_paper(
        title, [*abstract, *_parts("".join(found.body))], source.name, authors=_authors("".join(found.authors)),
        date=date, year=year(date),
    )  # fmt: skip
    missing = [] if is_tarball(source) else re.findall(r"\\(?:input|include)\s*\{([^{}]{1,80})\}", found.text)[:5]
    if not missing:
        return loaded
    return Loaded(loaded.papers, (f"its parts ({', '.join(missing)}) were not read; add all of it as a .tar.gz",))


@dataclass
class _Group:
    """An open group: what becomes of its text at its end, and, where it is an environment, the name that ends it."""

    action: str = "keep"
    environment: str = ""
    out: list[str] = field(default_factory=list)


class _Reading:
    """The pass over one document; `read` fills the parts of the paper."""

    def __init__(self, text: str) -> None:
        text = _COMMENT.sub(r"\1", _COMMENT_LINE.sub("", text.replace(_HEAD, "").replace(_END, "")))
        self.text = text
        self.at = 0
        self.groups = [_Group()]
        self.pending: list[str] = []  # what becomes of the next groups in braces
        self.unclosed: set[str] = set()  # what was looked for and is not there: it is not looked for twice
        self.macros = {name: _plain(body) for name, body in _MACRO.findall(text)}
        self.title: list[str] = []
        self.authors: list[str] = []
        self.date: list[str] = []
        self.abstract: list[str] = []
        self.asides: list[str] = []
        self.body: list[str] = []

    def read(self) -> "_Reading":
        """Goes through the text once."""
        while self.at < len(self.text):
            token = _TOKEN.match(self.text, self.at)
            assert token
            self.at = token.end()
            if token["name"]:
                self._command(token["name"])
            elif token["sign"]:
                self._sign(token["sign"])
            elif token.group() == "{":
                self.groups.append(_Group(self.pending.pop(0) if self.pending else "keep"))
            elif token.group() == "}":
                if len(self.groups) > 1 and not self.groups[-1].environment:
                    self._close(self.groups.pop())
            elif token.group() == "$":
                self._formula(token.start())
            else:
                if token.group().strip():
                    self.pending.clear()
                self._put(token.group())
        while len(self.groups) > 1:  # what was never closed is text
            self._put_in_parent(self.groups.pop())
        self.body = [*self.groups[0].out, "\n\n", *self.asides]
        return self

    def _put(self, text: str) -> None:
        self.groups[-1].out.append(text)

    def _put_in_parent(self, group: _Group) -> None:
        self.groups[-1].out.extend(group.out)

    def _command(self, name: str) -> None:
        self.pending.clear()
        if name == "begin":
            self._begin()
        elif name == "end":
            self._end()
        elif name in self.macros:
            self._put(self.macros[name] + " ")
        elif name in _SIGNS:
            self._put(_SIGNS[name])
            self._skip_optional()
        elif len(name) == 1 and name in _ACCENTS:
            self._accent(name)
        else:
            self._skip_optional()
            self.pending = _actions(name)

    def _sign(self, sign: str) -> None:
        if sign in _ACCENTS:
            self._accent(sign)
        elif sign in "([":
            end = self._find("\\)" if sign == "(" else "\\]")
            if end >= 0:
                self._put(_math(self.text[self.at : end]))
                self.at = end + 2
        elif sign == "\\":
            self._skip_optional()
            self._put("\n" if any(group.action == "author" for group in self.groups[-3:]) else " ")
        elif sign in "%&$#_{}":
            self._put(sign)
        elif sign.isspace() or sign in ",;:":
            self._put(" ")

    def _accent(self, name: str) -> None:
        letter = _ACCENTED.match(self.text, self.at)
        if letter:
            self.at = letter.end()
            self._put(unicodedata.normalize("NFC", (letter[1] or letter[2]) + _ACCENTS[name]))

    def _formula(self, start: int) -> None:
        found = _MATH.match(self.text, start)
        if found and "\n\n" not in found.group():
            self._put(_math(found.group().strip("$")))
            self.at = found.end()

    def _begin(self) -> None:
        named = _ENVIRONMENT.match(self.text, self.at)
        if not named:
            return
        name, self.at = named[1], named.end()
        if name in _FORMULAS or name in _SKIPPED:
            end = self._find(f"\\end{{{name}")
            if end >= 0:
                if name in _FORMULAS:
                    self._put(_math(self.text[self.at : end]))
                self.at = self.text.find("}", end) + 1 or len(self.text)
        elif name == "document":
            for group in self.groups:
                group.out.clear()
        else:
            self._skip_optional()
            action = "abstract" if name == "abstract" else "drop" if name in _FLOATS else "keep"
            self.groups.append(_Group(action, name))
            self._put("\n\n" if action == "keep" else "")

    def _end(self) -> None:
        named = _ENVIRONMENT.match(self.text, self.at)
        if not named:
            return
        self.at = named.end()
        if named[1] == "document":
            self.at = len(self.text)
        depth = next((n for n, g in enumerate(reversed(self.groups)) if g.environment == named[1]), None)
        if depth is not None and depth < 50:
            for _ in range(depth):
                self._put_in_parent(self.groups.pop())
            self._close(self.groups.pop())
            self._put("\n\n")

    def _close(self, group: _Group) -> None:
        """Does with a group's text what its command says."""
        text = "".join(group.out)
        if group.action == "keep":
            self._put_in_parent(group)
        elif group.action == "cite":
            self._put(f"[{', '.join(key.strip() for key in text.split(','))}]")
        elif group.action == "heading":
            self._put("".join(["\n\n", *self.asides, f"\n\n{_HEAD}{' '.join(text.split())}{_END}\n\n"]))
            self.asides.clear()
        elif group.action == "run-in":
            self._put(f"\n\n{text.rstrip(' .:')}. ")
        elif group.action == "caption":
            self.asides.append(f"\n\n{text}\n\n")
        elif group.action == "author":
            self.authors.append(text + "\n")
        elif group.action in ("title", "date", "abstract"):
            getattr(self, group.action).append(text)

    def _skip_optional(self) -> None:
        for _ in range(2):
            found = _OPTIONAL.match(self.text, self.at)
            if not found:
                return
            self.at = found.end()

    def _find(self, wanted: str) -> int:
        """Where the next `wanted` is; -1 where there is none."""
        if wanted in self.unclosed:
            return -1
        found = self.text.find(wanted, self.at)
        if found < 0:
            self.unclosed.add(wanted)
        return found


def _actions(name: str) -> list[str]:
    """What becomes of the arguments of a command."""
    if name in _HEADINGS:
        return ["heading"]
    if name in ("title", "author", "date", "caption", "abstract"):
        return [name]
    if name in ("paragraph", "subparagraph"):
        return ["run-in"]
    if "cite" in name.lower():
        return ["cite"]
    return ["drop"] if name in _DROPPED else ["drop", "keep"] if name in _FIRST_DROPPED else []


def _plain(body: str) -> str:
    return " ".join(re.sub(r"\\[A-Za-z]+|[{}\\]", " ", body).split())


def _math(formula: str) -> str:
    return f"${' '.join(_LABEL.sub(' ', formula).split())}$"


def _paragraphs(text: str) -> Iterator[str]:
    for part in re.split(r"\n[^\S\n]*\n", text):
        for written, meant in _TYPOGRAPHY:
            part = part.replace(written, meant)
        paragraph = re.sub(r"\s+([.,;:!?])(?=\s|$)", r"\1", " ".join(part.split()))
        if re.search(r"\w", paragraph):
            yield paragraph


def _parts(body: str) -> Iterator[tuple[str | None, str]]:
    """The paragraphs, each with the heading that it stands under."""
    heading: str | None = None
    for piece in re.split(f"({_HEAD}[^{_END}]*{_END})", body):
        if piece.startswith(_HEAD):
            heading = piece.strip(_HEAD + _END) or None
        else:
            yield from ((heading, paragraph) for paragraph in _paragraphs(piece))


def _authors(text: str) -> tuple[str, ...]:
    """The names among the lines of all \\author commands: what stands between commas and looks like one."""
    parts = (part for line in text.split("\n") for part in re.split(r",|;|\band\b", line))
    names = (" ".join(re.sub(r"\$[^$]*\$|[\d*†‡~]", " ", part).split()) for part in parts)
    return tuple(dict.fromkeys(n for n in names if _NAME.match(n) and n[:1].isupper() and not NOT_A_NAME.search(n)))
