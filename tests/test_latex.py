"""LaTeX source: what becomes of its commands, arXiv's archives of it, and that no source takes long."""

import gzip
import io
import tarfile
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.errors import LoadError
from assistant.loaders import Loaded, Source, load_file, load_source

LATEX = r"""% a comment \title{Not this}
\documentclass[11pt]{article}
\newcommand{\ours}{\textsc{OtterNet}\xspace}
\title[Short]{Otters \\ at Night\thanks{Funded by rivers.}}
\author{Ada Lovelace\thanks{x@y} \\ University of Rivers \and Fran\c{c}ois Vi\`ete$^1$, Kurt G{\"o}del \\ \texttt{k@g}}
\date{3 January 2023}
\begin{document}
\maketitle
\begin{abstract}
Otters hold hands. % they do
They do so in 87\,\% of nights.
\end{abstract}
\section{Introduction}\label{sec:intro}
\ours\ beats all~\cite{otter23, beaver-99}, as Section~\ref{sec:results} shows. It ``floats''---with $\alpha_t = 5$
and a \textbf{bold \emph{claim}}\footnote{An {\it aside}.}.
\begin{figure}[t]\includegraphics{x}\caption{An otter on its back.}\end{figure}

A new paragraph: \begin{equation}\label{e} E = mc^2 \end{equation} holds.
\begin{itemize} \item One river. \item[b] Two rivers. \end{itemize}
\subsection*{Results for \ours} They float. \begin{tabular}{ll} 1 & 2 \end{tabular}
\href{http://x.y}{See here}. \textcolor{red}{Red} otters cost \$5.
\begin{thebibliography}{9}\bibitem{a} Old.\end{thebibliography}
\end{document} after"""


def read(text: str, name: str = "otters.tex") -> Loaded:
    return load_source(Source(Path(name), text.encode()))


def test_it_becomes_readable_text_with_its_sections() -> None:
    (paper,) = read(LATEX).papers
    assert (paper.title, paper.year, paper.date) == ("Otters at Night", 2023, "3 January 2023")
    assert paper.authors == ("Ada Lovelace", "François Viète", "Kurt Gödel")
    assert paper.abstract == "Otters hold hands. They do so in 87 % of nights."
    assert [(section.heading, section.text.split("\n\n")) for section in paper.body] == [
        ("Introduction", [
            r"OtterNet beats all [otter23, beaver-99], as Section sec:results shows. It “floats”—with $\alpha_t = 5$ and a "
            "bold claim.",
            "A new paragraph: $E = mc^2$ holds.", "One river.", "Two rivers.", "An otter on its back.",
        ]),
        ("Results for OtterNet", ["They float. See here. Red otters cost $5."]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (
            r"5\,\textmu g of \textsuperscript{13}C in H\textsubscript{2}O\textsuperscript{*}",
            "5 µg of ^{13}C in H_{2}O",
        ),
        (r"\SI{5}{\kilo\gram}, \qty[per-mode=symbol]{3}{\metre\per\second}", "5 kg, 3 m/s"),
        (
            r"\qty{9.81}{\m\per\s\squared}, \SI{4}{\J\per\kg\per\K}, \si{\per\cubic\cm}",
            "9.81 m/s^{2}, 4 J/(kg K), cm^{-3}",
        ),
        (r"\num{1.5e-3}, \num{1,5 +- 0.2}, \ang{45}, \ang{1;2;3}", "1.5 × 10^{-3}, 1.5 ± 0.2, 45°, 1°2′3″"),
        (
            r"\SIrange{1}{5}{\um}, \qtyrange{10}{20}{\degreeCelsius}, \numlist{1;2;3}",
            "1 to 5 µm, 10 to 20 °C, 1, 2 and 3",
        ),
        (r"\SI{5}{kg.m^{-2}}, \SI{7}{\percent}, $\SI{2}{\ms}$, \unit[5]{kg}", "5 kg m^{-2}, 7 %, $2 ms$, 5 kg"),
        (r"\DeclareSIUnit{\spike}{sp}\SI{3}{\kilo\spike} at 10^{-3}, in a\_b", "3 ksp at 10^{-3}, in a_b"),
    ],
)
def test_quantities_keep_their_units(written: str, text: str) -> None:
    (paper,) = read(rf"\begin{{document}}Of {written}.\end{{document}}").papers
    assert paper.body[0].text == f"Of {text}."


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (r"One.\iffalse No. \ifx\a\b No.\else No.\fi No.\else Two.\fi", "One. Two."),
        (r"\iftrue One.\else No.\fi \todo[inline]{No \emph{no}.} Two.", "One. Two."),
        (r"\ifdraft No.\else One.\fi \drafttrue \ifdraft Two.\else No.\fi", "One. Two."),
        (r"\ifx\a\undefined One.\else No.\fi \ifcase 0 Two.\or No.\fi", "One. Two."),  # the first, where none can tell
        (r"\ifthenelse{\boolean{x}}{One.}{No.} \iftoggle{a}{Two.}{} \iffalse No.\fi", "One. Two."),
        (r"One. \iffalse Two.", "One. Two."),  # which is never closed
    ],
)
def test_what_a_document_leaves_out_is_no_text_of_it(written: str, text: str) -> None:
    (paper,) = read(rf"\newif\ifdraft \begin{{document}}{written}\end{{document}}").papers
    assert " ".join(paper.body[0].text.split()) == text


def pack(path: Path, files: dict[str, str]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path


def test_the_archive_of_a_source_is_read_with_its_parts(tmp_path: Path) -> None:
    main = LATEX.replace("They float.", r"\input{parts/more} \input{../../../etc/passwd}")
    files = {"main.tex": main, "parts/more.tex": r"They \input{main} swim.", "old.tex": "nothing", "figure.pdf": "%PDF"}
    (paper,) = load_file(pack(tmp_path / "2301.01234.tar.gz", files)).papers
    assert paper.body[-1].text.split("\n\n") == ["They swim. See here. Red otters cost $5."]
    single = tmp_path / "2301.01234.gz"  # how arXiv packs a single file
    single.write_bytes(gzip.compress(LATEX.encode()))
    assert load_file(single).papers[0].title == "Otters at Night"


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("x.tar.gz", b"\x1f\x8bxx", "damaged"),
        ("x.tar.gz", gzip.compress(b"x"), "no LaTeX document"),
        ("x.tex", rb"\section{x} Otters.", "only a part"),
        ("x.tex", rb"\begin{document} \maketitle \end{document}", "no text"),
    ],
)
def test_what_holds_no_paper_is_one_clear_line(name: str, data: bytes, message: str) -> None:
    with pytest.raises(LoadError, match=message):
        load_source(Source(Path(name), data))


def test_parts_that_lie_elsewhere_are_named() -> None:
    loaded = read(LATEX.replace("They float.", r"\input{more}"))
    assert loaded.problems == ("its parts (more) were not read; add all of it as a .tar.gz",)


HOSTILE = [r"\begin{figure}", "{", "a{", "}", r"\footnote{", "$", r"\begin{equation}", r"\(", r"\end{x}", r"\newcommand{\a}{",
           r"\'", "%", r"\section{", "[", r"\cite[", r"\iffalse ", r"\fi ", r"\else ", r"\SI{", r"\num{\SI[",
           r"^{", r"\title{", "\\", "\n%"]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_source_takes_no_long(piece: str) -> None:
    start = time.process_time()
    with suppress(LoadError):
        read(r"\begin{document} Otters. " + piece * (100_000 // len(piece)))
    assert time.process_time() - start < 3


PIECES = [*HOSTILE, "~", "\n", "\n\n", r"\\", r"\begin{document}", r"\end{document}", r"\begin{abstract}", r"\end{abstract}", "é",
          r"\end{figure}", r"\caption{", r"\author{", r"\newcommand{\a}{b}", r"\a", "]", "word", "Otters.", r"\item", "&", "\x01",
          "\x02", r"\cite{a}", r"\)", r"\end{equation}", r"\c", "\x00"]  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(PIECES), max_size=60))
def test_no_source_gets_further_than_a_load_error(pieces: list[str]) -> None:
    try:
        (paper,) = read(r"\begin{document}" + "".join(pieces)).papers
    except LoadError as error:
        assert str(error)
    else:
        assert paper.title.strip()
        assert paper.sections
        assert not {"\x01", "\x02"} & set("".join(section.text for section in paper.sections))


def test_a_per_cent_sign_of_an_address_begins_no_comment() -> None:
    text = r"Code\footnote{See \url{http://x.y/a%20b}.} is public. It gains 5 points. % not this"
    (paper,) = read(rf"\begin{{document}}{text}" "\n" r"\end{document}").papers
    assert " ".join(paper.body[0].text.split()) == "Code is public. It gains 5 points."
