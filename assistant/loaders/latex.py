"""LaTeX source: title, authors, abstract and sections of a .tex file, or of the .tar.gz that arXiv gives.

One pass over the text with a stack of open groups, so that no nesting is too deep and no file takes long. Nothing is executed:
of macros, only those that stand for plain words are filled in. Formulas stay as they are written, between dollar signs.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from assistant.errors import LoadError
from assistant.loaders.conditionals import kept_branches
from assistant.loaders.parts import NOT_A_NAME, clean, year
from assistant.loaders.prose import prose_paper
from assistant.loaders.result import Loaded
from assistant.loaders.source import Source
from assistant.loaders.tarball import is_tarball, main_file
from assistant.loaders.units import plain_units

_BEGINNING = re.compile(r"(?:\s*%[^\n]*\n)*\s*\\documentclass\b")
_COMMENT_LINE = re.compile(r"^[ \t]*%.*\n", re.MULTILINE)
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%.*")
_ADDRESS = re.compile(r"\\(?:url|nolinkurl|href|path)\s{0,3}\{[^{}\n]{0,2000}\}")
_PERCENT = re.compile(r"(?<!\\)%")
_DEEPEST = 200  # groups within each other: each may be copied into the one around it
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
    phantom includeonly subfile nocite cline addtocounter newcommand renewcommand DeclareMathOperator todo todototoc
    missingfigure marginpar marginnote fixme fxnote fxwarning fxerror fxfatal sisetup""".split()
)
_FIRST_DROPPED = frozenset("textcolor href colorbox scalebox resizebox raisebox fontsize hyperref".split())
_SIGNS = {"ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å",
          "i": "i", "ldots": "…", "dots": "…", "textellipsis": "…", "textbackslash": "\\", "textasciitilde": "\x03",
          "textendash": "–", "textemdash": "—", "S": "§", "copyright": "©", "textdegree": "°", "quad": " ", "qquad": " ",
          "par": "\n\n", "newline": " ", "linebreak": " ", "LaTeX": "LaTeX", "TeX": "TeX", "item": "\n\n", "and": "\n",
          "And": "\n", "AND": "\n", "textquotesingle": "'", "textbar": "|", "textless": "<", "textgreater": ">", "textmu": "µ",
          "micro": "µ", "textohm": "Ω", "ohm": "Ω", "degree": "°", "textcelsius": "°C", "celsius": "°C", "texttimes": "×",
          "textpm": "±", "textdiv": "÷", "textperthousand": "‰", "perthousand": "‰", "textonehalf": "½", "textonequarter": "¼",
          "textthreequarters": "¾", "textonesuperior": "^{1}", "texttwosuperior": "^{2}", "textthreesuperior": "^{3}",
          "textminus": "−", "textrightarrow": "→", "textleftarrow": "←", "texteuro": "€", "euro": "€", "pounds": "£",
          "textsterling": "£", "textyen": "¥", "textcent": "¢", "textregistered": "®", "texttrademark": "™", "P": "¶",
          "textquoteleft": "‘", "textquoteright": "’", "textquotedblleft": "“", "textquotedblright": "”", "textquotedbl": '"',
          "textasciicircum": "^", "textunderscore": "_", "textbullet": "•", "textperiodcentered": "·", "slash": "/", "j": "j",
          "guillemotleft": "«", "guillemotright": "»", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ",
          "textdollar": "$", "textpercent": "%", "textampersand": "&"}  # fmt: skip
# Signs of formulas that stand in text all the same, as in the fields of reference managers.
_SIGNS |= {
    "times": " × ",
    "cdot": " · ",
    "pm": " ± ",
    "leq": " ≤ ",
    "le": " ≤ ",
    "geq": " ≥ ",
    "ge": " ≥ ",
    "neq": " ≠ ",
    "approx": " ≈ ",
    "sim": " ∼ ",
    "rightarrow": " → ",
    "leftarrow": " ← ",
    "ll": " ≪ ",
    "gg": " ≫ ",
    "infty": "∞ ",
}
_GREEK = """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi
    omega""".split()
for _case, _fold in (("SMALL", str), ("CAPITAL", str.title)):
    _letters = {
        _fold(name): unicodedata.lookup(f"GREEK {_case} LETTER {name.replace('mbda', 'mda')}") for name in _GREEK
    }
    _SIGNS |= _letters | {f"text{name}": letter for name, letter in _letters.items() if name != "mu"}
_WITH_OPTION = {"item", "newline", "linebreak"}
_ACCENTS = dict(
    zip("'`^\"~=.uvHckrdb", map(unicodedata.lookup, [f"COMBINING {name}" for name in (
        "ACUTE ACCENT,GRAVE ACCENT,CIRCUMFLEX ACCENT,DIAERESIS,TILDE,MACRON,DOT ABOVE,BREVE,CARON,DOUBLE ACUTE ACCENT,CEDILLA,"
        "OGONEK,RING ABOVE,DOT BELOW,MACRON BELOW").split(",")]), strict=True)
)  # fmt: skip
_ACCENTED = re.compile(r"\s*(?:\{\s*\\?([A-Za-z])\s*\}|\\?([A-Za-z]))")
_TYPOGRAPHY = (("``", "“"), ("''", "”"), ("---", "—"), ("--", "–"), ("~", " "), ("\x03", "~"))
_HEAD, _END = "\x01", "\x02"  # around a heading in the text under way; control characters are taken out of it first
_CONTROLS = re.compile("[\x01-\x03]")


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


def plain_text(fragment: str) -> str:
    """A piece of LaTeX, such as a field of BibTeX, as text, its paragraphs parted by blank lines. A percent sign is one."""
    text = "".join(_Reading(fragment, is_fragment=True).read().body).replace(_HEAD, "").replace(_END, "")
    return "\n\n".join(_paragraphs(text)) or _typeset(text)


@dataclass
class _Group:
    """An open group: what becomes of its text at its end, the name that ends it where it is an environment, and what becomes
    of the groups after it, where it is an argument of several."""

    action: str = "keep"
    environment: str = ""
    out: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)


class _Reading:
    """The pass over one document, or a fragment of one; `read` fills the parts of the paper."""

    def __init__(self, text: str, is_fragment: bool = False) -> None:
        text = _CONTROLS.sub("", text)
        if not is_fragment:
            text = _ADDRESS.sub(lambda address: _PERCENT.sub(r"\\%", address[0]), text)  # "%20" begins no comment
            text = kept_branches(_COMMENT.sub(r"\1", _COMMENT_LINE.sub("", text)))
        text = self.text = plain_units(text)
        self.is_fragment = is_fragment
        self.at = 0
        self.groups = [_Group()]
        self.too_deep = 0  # braces that are open beyond _DEEPEST
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
            elif token.group() == "{" and len(self.groups) > _DEEPEST:
                self.too_deep += 1
            elif token.group() == "}" and self.too_deep:
                self.too_deep -= 1
            elif token.group() == "{":
                action = self.pending.pop(0) if self.pending else "keep"
                if action == "keep" and self._is_raised_or_lowered(token.start()):
                    action = self.text[token.start() - 1]
                self.groups.append(_Group(action, after=self.pending))
                self.pending = []
            elif token.group() == "}":
                if len(self.groups) > 1 and not self.groups[-1].environment:
                    self.pending = self.groups[-1].after
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
            if name in _WITH_OPTION:
                self._skip_optional()
        elif len(name) == 1 and name in _ACCENTS:
            self._accent(name)
        else:
            self._skip_optional()
            self.pending = _actions(name)

    def _is_raised_or_lowered(self, brace: int) -> bool:
        """True for the braces of "10^{-3}", which stand outside a formula all the same."""
        return self.text[brace - 1 : brace] in ("^", "_") and self.text[brace - 2 : brace - 1] != "\\"

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
            # In a fragment the signs may be dollars: what is between them stays as it is.
            self._put(found.group() if self.is_fragment else _math(found.group().strip("$")))
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
        elif len(self.groups) <= _DEEPEST:
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
        elif group.action in ("^", "_"):  # their sign stands before the group
            self._put(f"{{{text}}}")
        elif group.action in ("raised", "lowered"):
            if re.search(r"\w", text):  # not the mark of a note
                self._put(f"{'^' if group.action == 'raised' else '_'}{{{text.strip()}}}")
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
    if name in ("textsuperscript", "textsubscript"):
        return ["raised" if name == "textsuperscript" else "lowered"]
    if name in ("ifthenelse", "iftoggle", "ifbool"):
        return ["drop", "keep", "drop"]
    return ["drop"] if name in _DROPPED else ["drop", "keep"] if name in _FIRST_DROPPED else []


def _plain(body: str) -> str:
    return " ".join(re.sub(r"\\[A-Za-z]+|[{}\\]", " ", body).split())


def _math(formula: str) -> str:
    return f"${' '.join(_LABEL.sub(' ', formula).split())}$"


def _paragraphs(text: str) -> Iterator[str]:
    paragraphs = map(_typeset, re.split(r"\n[^\S\n]*\n", text))
    return (paragraph for paragraph in paragraphs if re.search(r"\w", paragraph))


def _typeset(text: str) -> str:
    """`text` on one line, with the signs that stand for others in LaTeX replaced."""
    for written, meant in _TYPOGRAPHY:
        text = text.replace(written, meant)
    return re.sub(r"\s+([.,;:!?])(?=\s|$)", r"\1", " ".join(text.split()))


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
    unmarked = re.sub(r"\$[^$\n]*\$|\^\{[^{}\n]*\}|[\d*†‡~]", " ", text)
    parts = (part for line in unmarked.split("\n") for part in re.split(r",|;|\band\b", line))
    names = (" ".join(part.split()) for part in parts)
    return tuple(dict.fromkeys(n for n in names if _NAME.match(n) and n[:1].isupper() and not NOT_A_NAME.search(n)))
