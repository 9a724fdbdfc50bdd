"""Every other format: what is read out of a small file of each, and that hostile bytes end in a LoadError."""

import json
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant import Assistant
from assistant.chunking import chunk_paper
from assistant.errors import LoadError
from assistant.loaders import FORMATS, Source, ending_of, load_archive, load_file, load_source, parts
from assistant.markup import bibtex
from assistant.records import Paper, Section

ABSTRACT = "Otters hold hands. They do so in 87 % of nights."
FEED = f"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom">
<entry><id>http://arxiv.org/abs/2301.01234v2</id><published>2023-01-03T00:00:00Z</published><title>Otters
 at Night</title><summary> {ABSTRACT}</summary><author><name>Ada Lovelace</name></author><arxiv:doi>10.1000/Otter.1</arxiv:doi>
</entry></feed>"""
BOMB = '<?xml version="1.0"?>\n<!DOCTYPE f [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><feed><title>&b;</title></feed>'
HTML = f"""<!DOCTYPE html><html><head><title>x</title><meta name="citation_title" content="Otters at Night">
<meta name="citation_author" content="Ada Lovelace"><meta name="citation_publication_date" content="2023/01/03">
<meta name="citation_doi" content="10.1000/otter.1"></head><body><nav>Menu</nav><h1>Otters at Night</h1>
<h2>Abstract</h2><p>{ABSTRACT}</p><h2>Results</h2><p>They <b>float</b>.</p>
<script>alert(1)</script><h2>References</h2><p>Old.</p></body></html>"""
MARKDOWN = f"# Otters at Night\n\n## Abstract\n\n{ABSTRACT}\n\n## Results\n\nThey *float*, [see](javascript:x).\n\n```\nx\n```\n"
BIBTEX = """@string{j = "Rivers"}
@article{otter, title = {{Otters} at Night}, author = {Lovelace, Ada and Turing, Alan}, year = 2023, journal = j,
  doi = {10.1000/OTTER.1}, eprint = {2301.01234v2}, archivePrefix = {arXiv}, abstract = {%s}}
@misc{untitled, year = 2020}
""" % ABSTRACT.replace("%", "\\%")  # noqa: UP031
RIS = f"TY  - JOUR\nTI  - Otters at\n  Night\nAU  - Lovelace, Ada\nPY  - 2023\nDO  - 10.1000/otter.1\nAB  - {ABSTRACT}\nER  - \n"
CSV = f'Title;Authors;Year;Abstract\n"Otters at Night";"Ada Lovelace; Alan Turing";2023;"{ABSTRACT}"\n;nobody;1999;x\n'
OPENALEX = {
    "results": [
        {
            "id": "W1", "display_name": "Otters at Night", "publication_year": 2023, "doi": "https://doi.org/10.1000/otter.1",
            "authorships": [{"author": {"display_name": "Ada Lovelace"}}],
            "abstract_inverted_index": {word: [place] for place, word in enumerate("Otters hold hands while asleep.".split())},
        }
    ]
}  # fmt: skip
SEMANTIC_SCHOLAR = {
    "data": [{"title": "Otters at Night", "abstract": ABSTRACT, "year": 2023, "externalIds": {"ArXiv": "2301.01234"},
              "authors": [{"name": "Ada Lovelace"}]}]
}  # fmt: skip
ARXIV_DUMP = {
    "id": "2301.01234",
    "title": "Otters at\n  Night",
    "abstract": f"  {ABSTRACT}\n",
    "authors": "Ada Lovelace and Alan Turing",
}
HUGGING_FACE = [
    {
        "title": "Otters at Night",
        "paper": {
            "id": "2301.01234",
            "title": "Otters at Night",
            "summary": ABSTRACT,
            "authors": [{"name": "Ada Lovelace"}],
        },
    }
]


def read(name: str, text: str) -> Paper:
    (paper,) = load_source(Source(Path(name), text.encode())).papers
    return paper


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.xml", FEED), ("x.html", HTML), ("x.md", MARKDOWN), ("x.bib", BIBTEX), ("x.ris", RIS), ("x.csv", CSV),
        ("x.json", json.dumps(OPENALEX)), ("s.json", json.dumps(SEMANTIC_SCHOLAR)), ("x.jsonl", json.dumps(ARXIV_DUMP)),
        ("h.json", json.dumps(HUGGING_FACE)), ("x.txt", f"Otters at Night\n\nAbstract\n{ABSTRACT}\n\nThey float.\n"),
    ],
    ids="atom html markdown bibtex ris csv openalex semantic-scholar arxiv-dump hugging-face text".split(),
)  # fmt: skip
def test_the_same_paper_out_of_every_format(name: str, text: str) -> None:
    paper = read(name, text)
    assert paper.title == "Otters at Night"
    assert paper.abstract in (ABSTRACT, "Otters hold hands while asleep.")
    assert paper.sources == (name,)
    if name not in ("x.md", "x.txt"):
        assert paper.authors[0] == "Ada Lovelace"
        assert paper.year == 2023 or (paper.year is None and "2301" in text)
    if "10.1000" in text:
        assert paper.doi == "10.1000/otter.1"
    elif "2301.01234" in text:
        assert paper.arxiv_id == "2301.01234"


def test_text_keeps_its_sections_and_loses_menus_scripts_code_and_references() -> None:
    for name, text in (("x.html", HTML), ("x.md", MARKDOWN)):
        (results,) = read(name, text).body
        assert (results.heading, results.text.split(",")[0].rstrip(".")) == ("Results", "They float")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("x.xml", BOMB.encode(), "entities"),
        ("x.xml", b"<feed><entry>", "well-formed"),
        ("x.xml", b"<feed xmlns='http://www.w3.org/2005/Atom'></feed>", "without papers"),
        ("x.bib", b"@article{x, year = 1999}", "no title"),
        ("x.csv", b"a,b\n1,2\n", "no column 'title'"),
        ("x.json", b'{"title": ', "holds no paper"),
        ("x.jsonl", b'{"a": 1}\n{"b": 2}\n', "line 1"),
        ("x.html", b"<html><body><script>x</script></body></html>", "no text"),
        ("x.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00", "binary"),
        ("x.py", b"import this", "no format"),
    ],
)
def test_what_holds_no_paper_is_one_clear_line(name: str, data: bytes, message: str) -> None:
    with pytest.raises(LoadError, match=message) as caught:
        load_source(Source(Path(name), data))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.jsonl", '{"title": "¤", "abstract": "They swim."}', "no title"),
        ("a.csv", "title,abstract\n¤,They swim.", "no title"),
        ("a.bib", "@article{a, title={¤}, abstract={They swim.}}", "no title"),
        ("a.ris", "TY  - JOUR\nTI  - ¤\nAB  - They swim.\nER  -", "no title"),
        (
            "a.xml",
            "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>¤</title><summary>They swim.</summary></entry></feed>",
            "papers",
        ),
        ("o.md", "# ¤\n\nThey swim.", ""),
        ("o.txt", "¤\no\n\nThey swim.", ""),
        ("o.html", "<html><h1>¤</h1><p>They swim.</p></html>", ""),
        ("o.tex", "\\documentclass{article}\\title{¤}\\begin{document}They swim.\\end{document}", ""),
    ],
)
@pytest.mark.parametrize("sign", ["\u200b", "\u0085 \u2060"], ids=["zero-width", "control"])
def test_a_title_that_shows_nothing_is_no_title(name: str, text: str, message: str, sign: str) -> None:
    source = Source(Path(name), text.replace("¤", sign).encode())
    if message:
        with pytest.raises(LoadError, match=message):
            load_source(source)
    else:
        assert [paper.title for paper in load_source(source).papers] == ["o"]


def test_a_bad_line_or_entry_is_named_and_the_rest_is_kept() -> None:
    loaded = load_source(Source(Path("x.bib"), BIBTEX.encode()))
    assert len(loaded.papers) == 1
    assert "untitled" in loaded.problems[0]
    lines = json.dumps(ARXIV_DUMP) + "\nnonsense\n" + json.dumps({"title": 5})
    assert [problem.split(":")[0] for problem in load_source(Source(Path("x.jsonl"), lines.encode())).problems] == [
        "line 2",
        "line 3",
    ]


@pytest.mark.parametrize(
    ("title", "authors", "written"),
    [
        ("S^{2}FT & 97.23% of μ-Bench_v2 #1 for $5", ("Ada Lovelace",), r"S\textasciicircum{}\{2\}FT \& 97.23\% of"),
        (
            r"Learning $\mathbf{x}_2$ from LoRA",
            ("World Health Organization", "R Core Team"),
            r"Learning $\mathbf{x}_2$ from",
        ),
        (
            "A ~ B, or C:\\temp",
            ("Rivers and Lakes Trust", "Ana López"),
            r"A \textasciitilde{} B, or C:\textbackslash{}temp",
        ),
    ],
)
def test_bibtex_that_is_written_is_read_again(title: str, authors: tuple[str, ...], written: str) -> None:
    entry = bibtex([Paper(title, "", authors, venue="Rivers & Seas", year=2023)])
    assert f"title = {{{{{written}" in entry  # in braces of its own: BibTeX's styles would write "Lora"
    assert "{R Core Team}" in entry or "R Core Team" not in authors
    (read,) = load_source(Source(Path("x.bib"), entry.encode())).papers
    assert (read.title, read.authors, read.venue, read.year) == (title, authors, "Rivers & Seas", 2023)


def test_braces_in_an_address_break_no_bibtex() -> None:
    entries = bibtex(
        [Paper("Otters", "", url="https://rivers.org/a}b", doi="10.1000/{x"), Paper("Beavers", "", doi="10.1000/y")]
    )
    assert "https://rivers.org/a%7Db" in entries
    papers = load_source(Source(Path("x.bib"), entries.encode())).papers
    assert [paper.title for paper in papers] == ["Otters", "Beavers"]


def test_a_brace_without_its_partner_breaks_no_bibtex() -> None:
    entry = bibtex([Paper("Otters } at { Night", ""), Paper("Beavers", "", organisation="Meta AI")])
    papers = load_source(Source(Path("x.bib"), entry.encode())).papers
    assert [paper.title for paper in papers] == ["Otters at Night", "Beavers"]
    assert "author = {{Meta AI}}" in entry


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Ileana Streinu, Louis Theran", ("Ileana Streinu", "Louis Theran")),
        (
            "C. Balazs, E. L. Berger, P. M. Nadolsky, C.-P. Yuan",
            ("C. Balazs", "E. L. Berger", "P. M. Nadolsky", "C.-P. Yuan"),
        ),
        ("Ada Lovelace, Alan Turing, and Grace Hopper", ("Ada Lovelace", "Alan Turing", "Grace Hopper")),
        (f"Ada Lovelace{' ' * 50_000}and Grace Hopper", ("Ada Lovelace", "Grace Hopper")),
        ("Ada Lovelace, Alan Turing and Grace Hopper", ("Ada Lovelace", "Alan Turing", "Grace Hopper")),
        ("Lovelace, Ada", ("Ada Lovelace",)),
        ("Smith, John; Garcia Marquez, Gabriel Jose", ("John Smith", "Gabriel Jose Garcia Marquez")),
        ("Turing, Alan and van Rossum, Guido", ("Alan Turing", "Guido van Rossum")),
        ("van der Berg, Jan Pieter", ("Jan Pieter van der Berg",)),
        ("Ada Lovelace", ("Ada Lovelace",)),
    ],
)
def test_a_text_of_authors_is_parted_into_names(written: str, names: tuple[str, ...]) -> None:
    record = {"title": "Otters", "abstract": ABSTRACT, "authors": written}
    assert read("x.jsonl", json.dumps(record)).authors == names
    assert read("x.csv", f'title,authors\nOtters,"{written}"\n').authors == names


def test_names_that_a_format_parts_itself_are_left_so() -> None:
    dump = ARXIV_DUMP | {
        "authors": "A. Lovelace, The Otter Group",
        "authors_parsed": [["Lovelace", "Ada", ""], ["King", "M.", "Jr."]],
    }
    assert read("x.jsonl", json.dumps(dump)).authors == ("Ada Lovelace", "M. King Jr.")
    name = "Garcia Marquez, Gabriel Jose"
    for file, text in (
        ("x.bib", "@misc{a, title={A}, author={" + name + "}}"),
        ("x.ris", f"TY  - JOUR\nTI  - A\nAU  - {name}\nER  - "),
    ):
        assert read(file, text).authors == ("Gabriel Jose Garcia Marquez",)


def test_an_exported_record_of_other_types_is_named_and_left_out() -> None:
    good = {
        "id": "",
        "title": "Otters",
        "abstract": None,
        "body": [{"text": "They swim."}],
        "authors": ["Ada"],
        "year": 2020,
    }
    bad = [
        {"title": 5},
        {"title": " "},
        {"body": [{"text": None}]},
        {"authors": "Ada"},
        {"year": 10**30},
        {"embeddings": {"x": 1}},
    ]
    lines = "\n".join(json.dumps(good | change) for change in [{}, *bad])
    loaded = load_source(Source(Path("x.jsonl"), lines.encode()))
    assert loaded.papers == (
        Paper("Otters", "", ("Ada",), year=2020, body=(Section("They swim."),), sources=("x.jsonl",)),
    )
    assert [problem.split(":")[0] for problem in loaded.problems] == [f"line {number}" for number in range(2, 8)]


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
def test_half_a_surrogate_pair_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool) -> None:
    if large:
        monkeypatch.setattr("assistant.loaders.json_papers._LARGE", 1)
    (tmp_path / "x.jsonl").write_text(
        r'{"title": "Half \ud835", "abstract": "Otters \ud83e\udda6 use \udc00 symbols."}'
        + "\n"
        + r'{"title": "Whole"}'
        + "\n"
    )
    with Assistant(data_dir=tmp_path / "data") as library:
        assert library.add(tmp_path / "x.jsonl").added == 2
        assert [paper.title for paper in library.papers()] == ["Half \ufffd", "Whole"]
        assert library.papers()[0].abstract == "Otters \U0001f9a6 use \ufffd symbols."


def test_a_macro_that_is_defined_nowhere_stands_for_its_name() -> None:
    first = "@article{a, title = {Otters}, journal = jcp, month = sept, year = 2020}"
    second = "@string{jcp = {Rivers}}\n@article{b, title = {Beavers}, journal = JCP # { } # x, year = 2021}"
    loaded = load_source(Source(Path("x.bib"), f"{first}\n{second}\n".encode()))
    assert [(paper.title, paper.venue) for paper in loaded.papers] == [("Otters", "jcp"), ("Beavers", "Rivers x")]
    assert loaded.problems == ()


@pytest.mark.parametrize(
    ("written", "title"),
    [
        (r"{Two} \emph{and} \& three: \textit{E. coli}", "Two and & three: E. coli"),
        (r"{\it E. coli} in {\bf Rivers}, \textbf{\emph {again}}", "E. coli in Rivers, again"),
        (r"M{\"u}ller's caf\'e, \c{C}a va, Stra{\ss}e", "Müller's café, Ça va, Straße"),
        (
            r"On $\beta$-Carotene in \cite{foo} at $10^{-3}$ and 10^{-3}",
            r"On $\beta$-Carotene in [foo] at $10^{-3}$ and 10^{-3}",
        ),
        (r"From \rho \rightarrow \infty, \href{http://x.y}{here}\relax{}, 5\,\textmu g", "From ρ → ∞, here, 5 µg"),
        (r"{GANs} at 5% of \$5 -- or {\L}\'od\'z~II, 9\% [95\% CI]", "GANs at 5% of $5 – or Łódź II, 9% [95% CI]"),
    ],
)
def test_commands_of_style_leave_a_title(written: str, title: str) -> None:
    assert read("x.bib", "@misc{a, title = {" + written + "}}").title == title


def test_braces_hold_a_name_together_and_addresses_stay_as_they_are() -> None:
    fields = r"author = {{Rivers and Lakes Trust} and G{\"o}del, Kurt}, url = {\url{http://x.y/~a\_b--c}}, doi = {10.1000/a\_b}"
    paper = read("x.bib", f"@misc{{a, title = {{Otters}}, {fields}}}")
    assert (paper.authors, paper.url, paper.doi) == (
        ("Rivers and Lakes Trust", "Kurt Gödel"),
        "http://x.y/~a_b--c",
        "10.1000/a_b",
    )


FRONT_MATTER = f"""---
# of the site
title: "Otters at Night"
date: 2023-01-03
doi: 10.1000/otter.1
tags: [otter, night]
AUTHORS
abstract: >
  {ABSTRACT[:18]}
  {ABSTRACT[19:]}
---

# Results

They float.
"""


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("author: Ada Lovelace", ("Ada Lovelace",)),
        ("authors: Ada Lovelace, Alan Turing", ("Ada Lovelace", "Alan Turing")),
        ("authors: [Ada Lovelace, 'Alan Turing']", ("Ada Lovelace", "Alan Turing")),
        ("author:\n- Ada Lovelace\n- Alan Turing", ("Ada Lovelace", "Alan Turing")),
        (
            "author:\n  - name: Ada Lovelace\n    affiliation: Rivers\n  - email: x\n    name: Alan Turing",
            ("Ada Lovelace", "Alan Turing"),
        ),
    ],
    ids="text commas inline lines fields".split(),
)
def test_front_matter_is_metadata(written: str, names: tuple[str, ...]) -> None:
    paper = read("x.md", FRONT_MATTER.replace("AUTHORS", written))
    assert (paper.title, paper.abstract, paper.authors) == ("Otters at Night", ABSTRACT, names)
    assert (paper.date, paper.year, paper.doi) == ("2023-01-03", 2023, "10.1000/otter.1")
    assert paper.body == (Section("They float.", "Results"),)


def test_a_rule_at_the_beginning_is_no_front_matter() -> None:
    paper = read("x.md", "---\n\nOtters float: so they do.\n\n---\n\n# Otters\n\nThey swim.\n")
    assert paper.title == "Otters"
    assert "float" in paper.body[0].text
    note = read("x.md", "---\n\nNote: they swim.\n\n---\n\nAnd float.\n")
    assert "they swim" in note.body[0].text
    untitled = read("x.md", "---\nauthor: Ada Lovelace\n---\n# Otters\n\nThey swim.\n")
    assert (untitled.title, untitled.authors) == ("Otters", ("Ada Lovelace",))


@pytest.mark.parametrize(
    ("data", "ending"),
    [
        (CSV.encode(), ".csv"), (CSV.replace(";", "\t").encode("utf-16"), ".csv"), (b'"Title","DOI"\n"Otters","x"\n', ".csv"),
        (MARKDOWN.encode(), ".md"), (FRONT_MATTER.encode(), ".md"), (BIBTEX.encode(), ".bib"), (RIS.encode(), ".ris"),
        (json.dumps(ARXIV_DUMP).encode(), ".json"), (FEED.encode(), ".xml"), (HTML.encode(), ".html"),
        (b"\\documentclass{article}\n\\begin{document}Otters.\\end{document}", ".tex"), (b"%PDF-1.7\n", ".pdf"),
        (b"PK\x03\x04", ".zip"), (b"\x1f\x8b\x08", ".gz"), (b"The title, and more\n\nThey swim.\n", ".txt"), (b"", ".txt"),
        (b"#otters\n", ".txt"), (b"\x89PNG\r\n\x00", ".txt"),
    ],
)  # fmt: skip
def test_content_without_a_name_gets_its_ending(data: bytes, ending: str) -> None:
    assert ending_of(data) == ending


def test_utf16_is_read_and_latin1_is_refused_with_the_byte() -> None:
    assert load_source(Source(Path("x.txt"), "Otters\n\nThey swim.".encode("utf-16"))).papers[0].title == "Otters"
    with pytest.raises(LoadError, match="byte 3"):
        load_source(Source(Path("x.txt"), b"caf\xe9 au lait\n\nIt is warm."))


@pytest.mark.parametrize(
    ("name", "text", "encoding", "said"),
    [
        ("x.html", '<!doctype html><meta charset="iso-8859-1"><h1>T</h1><p>@', "cp1252", "Müller’s £5"),
        ("x.htm", "<meta http-equiv=x content='text/html; charset=koi8-r'><h1>T</h1><p>@", "koi8-r", "Выдры плавают"),
        (
            "x.xhtml",
            "<?xml version='1.0' encoding='Shift_JIS'?><html><h1>T</h1><p>@</p></html>",
            "shift_jis",
            "カワウソ",
        ),
        ("x.xml", FEED.replace("?>", " encoding='ISO-8859-15'?>").replace(ABSTRACT, "@"), "iso8859-15", "Müller: €5"),
        ("x.tex", "\\usepackage[latin1]{inputenc}\\begin{document}@\\end{document}", "latin1", "Müller: £5"),
        ("x.bib", "% Encoding: windows-1251\n@article{a, title={T}, abstract={@}}", "cp1251", "Выдры плавают"),
    ],
)
def test_an_encoding_that_a_file_declares_is_read(name: str, text: str, encoding: str, said: str) -> None:
    text = text.replace("@", said) if name != "x.bib" else text.replace("{@}", f"{{{said}}}")
    (paper,) = load_source(Source(Path(name), text.encode(encoding))).papers
    assert [section.text for section in paper.sections] == [said]


@pytest.mark.parametrize("declared", ["nonsense", "punycode", "hex", "utf-7", "utf-8"])
def test_an_encoding_that_cannot_be_is_refused(declared: str) -> None:
    with pytest.raises(LoadError, match="not UTF-8"):
        load_source(Source(Path("x.html"), f'<meta charset="{declared}"><h1>T</h1><p>Müller'.encode("latin-1")))


def test_a_page_without_its_beginning_is_known_by_its_name() -> None:
    paper = read("x.htm", "<p>unclosed <b>bold<h1>Mossy Roofs</h1><p>Moss grows two millimetres a year.")
    assert (paper.title, paper.body[0].text.split("\n\n")[-1]) == ("Mossy Roofs", "Moss grows two millimetres a year.")


def test_an_archive_is_read_file_by_file_within_bounds(tmp_path: Path) -> None:
    path = tmp_path / "papers.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../escape.jsonl", json.dumps({"title": "Otters", "abstract": ABSTRACT}))
        archive.writestr("empty.txt", "")
        archive.writestr("bomb.txt", b"a" * 30_000_000)
        archive.writestr("inner.zip", b"PK\x03\x04")
        archive.writestr("__MACOSX/._x", "x")
    found = dict(load_archive(path))
    assert found["../../escape.jsonl"].papers[0].title == "Otters"  # type: ignore[union-attr]
    assert {name: str(error).split(" ", 1)[1].split(" ")[0] for name, error in found.items() if isinstance(error, LoadError)} == {
        "empty.txt": "is", "bomb.txt": "unpacks", "inner.zip": "is",
    }  # fmt: skip
    assert not (tmp_path.parent / "escape.jsonl").exists()
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(LoadError, match="no zip archive"):
        list(load_archive(path))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)),
    st.sampled_from([ending for each in FORMATS if each.name != "PDF" for ending in each.endings]),
    st.sampled_from(
        [
            b"",
            b"{",
            b'[{"title": "x", ',
            b"<feed>",
            b"<html><body>",
            b"@article{",
            b"TY  - ",
            b"title,abstract\n",
            b"# x\n",
            b"PK\x03\x04",
        ]
    ),
)
def test_no_bytes_get_further_than_a_load_error(data: bytes, ending: str, start: bytes) -> None:
    try:
        loaded = load_source(Source(Path(f"fuzz{ending}"), start + data))
    except LoadError as error:
        assert str(error)
    else:
        assert all(paper.title.strip() for paper in loaded.papers)


def test_every_format_says_what_it_is(tmp_path: Path) -> None:
    assert len({each.name for each in FORMATS}) == len(FORMATS)
    with pytest.raises(LoadError, match="check the path"):
        load_file(tmp_path / "missing.pdf")


def test_gigantic_and_deeply_nested_files_are_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LoadError, match="holds no paper"):
        load_source(Source(Path("deep.json"), b'{"a":' * 200_000))
    with pytest.raises(LoadError, match="nested too deeply"):
        load_source(Source(Path("deep.html"), b"<html><body>" + b"<div>" * 100_000))
    monkeypatch.setattr("assistant.loaders.source.MAX_BYTES", 5)
    (tmp_path / "big.txt").write_text("Otters")
    with pytest.raises(LoadError, match="split it"):
        load_file(tmp_path / "big.txt")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.bib", "@article{a, title = {Otters}, abstract = {" + "\n" * 100_000 + "}}"),
        ("x.md", "# Otters\n\n" + "!" * 100_000),
    ],
)
def test_a_run_of_one_sign_holds_nothing_up(name: str, text: str) -> None:
    """Either took half a minute or more with a pattern that begins anew at each of them."""
    start = time.process_time()
    for paper in load_source(Source(Path(name), text.encode())).papers:
        chunk_paper(paper, 256)
    assert time.process_time() - start < 5


def word_file(path: Path, body: str, properties: str = "") -> Path:
    """A Word document of paragraphs as XML, with what it says of itself."""
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>'
    )
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    rels = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r" Type="{relation}" Target="word/document.xml"/></Relationships>'
    )
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{name}"><w:name w:val="{called}"/></w:style>'
        for name, called in (("Title", "Title"), ("Heading1", "heading 1"))
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr("_rels/.rels", rels)
        archive.writestr("word/document.xml", f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>')
        archive.writestr("word/styles.xml", f'<w:styles xmlns:w="{space}">{styles}</w:styles>')
        if properties:
            archive.writestr("docProps/core.xml", properties)
    return path


def word_line(text: str, style: str = "", raised: str = "") -> str:
    styled = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    above = f'<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>{raised}</w:t></w:r>' if raised else ""
    return f"<w:p>{styled}<w:r><w:t>{text}</w:t></w:r>{above}</w:p>"


def test_a_word_document_is_read_under_its_headings(tmp_path: Path) -> None:
    body = [
        word_line("Otters at Night", "Title"), word_line("Ada Lovelace and Alan Turing"), word_line("Abstract", "Heading1"),
        word_line(ABSTRACT), word_line("Results", "Heading1"), word_line("Rivers carry 2", raised="2"),
        word_line("References", "Heading1"), word_line("Old."),
    ]  # fmt: skip
    (found,) = load_file(word_file(tmp_path / "a.docx", "".join(body))).papers
    assert (found.title, found.authors, found.abstract) == (
        "Otters at Night",
        ("Ada Lovelace", "Alan Turing"),
        ABSTRACT,
    )
    assert found.body == (Section("Rivers carry 2²", "Results"),)


def test_a_table_of_a_word_document_comes_row_by_row_after_the_text_under_its_heading(tmp_path: Path) -> None:
    rows = "".join(
        f"<w:tr>{''.join(f'<w:tc>{word_line(cell)}</w:tc>' for cell in row)}</w:tr>"
        for row in (("Group", "Patients"), ("Placebo", "112"))
    )
    body = [
        word_line("Otters at Night", "Title"), word_line("Results", "Heading1"), word_line("They float,"),
        f"<w:tbl>{rows}</w:tbl>", word_line("and sleep."), word_line("Outlook", "Heading1"), word_line("They wake."),
    ]  # fmt: skip
    (found,) = load_file(word_file(tmp_path / "a.docx", "".join(body))).papers
    results = Section("They float,\n\nand sleep.\n\nGroup | Patients\nPlacebo | 112", "Results")
    assert found.body == (results, Section("They wake.", "Outlook"))


def test_a_page_keeps_its_tables_but_none_to_go_on_by_or_to_lay_it_out() -> None:
    table = "<tr><th></th><th>Otters</th></tr><tr><td><p>South</p><p>(all)</p></td><td>10<sup>3</sup></td></tr>"
    many = "".join(f"<tr><td>River number {number}</td><td>{number}</td></tr>" for number in range(60))
    page = f"""<h1>Otters at Night</h1><table><tr><td><a href="a">Home</a></td><td><a href="b">About us</a></td></tr></table>
        <table><tr><td><table><tr><td>Left</td><td>Right</td></tr></table></td></tr></table>
        <table><tr><td>1</td><td><pre>import this</pre></td></tr></table><table><tr><td>(1)</td></tr></table>
        <h2>Places</h2><figure><img><p>Not read.</p><figcaption>A picture.</figcaption></figure><table>{many}</table>
        <figure><figcaption>Table 1: Sites.</figcaption><table>{table}</table></figure><p>They float.</p>"""
    (section,) = read("x.html", page).body
    text, *blocks, last = section.text.split("\n\n")
    assert text == "They float."
    assert "\n".join(blocks).split("\n") == [f"River number {number} | {number}" for number in range(60)]
    assert max(map(len, blocks)) <= 600
    assert last == "Table 1: Sites.\n| Otters\nSouth (all) | 10³"


@pytest.mark.parametrize(
    ("meta", "names", "date"),
    [
        (
            '<meta name="author" content="Ada Lovelace"><meta name="author" content="Turing, Alan">'
            '<meta name="date" content="3 March 2021">',
            ("Ada Lovelace", "Alan Turing"),
            "3 March 2021",
        ),
        (
            '<meta name="DC.creator" content="Lovelace, Ada; Turing, Alan"><meta name="dcterms.date" content="2021-03-03">'
            '<meta name="dcterms.modified" content="2024-01-01">',
            ("Ada Lovelace", "Alan Turing"),
            "2021-03-03",
        ),
        (
            '<meta property="article:published_time" content="2021-03-03T10:00:00+01:00"><meta name="date" content="today">'
            '<meta name="author" content="Otter Holt"><meta property="og:site_name" content="Otter Holt">',
            (),
            "2021-03-03",
        ),
        ('<meta name="author" content="Microsoft Word">', (), None),
        ('<meta name="author" content="The River News">', (), None),
        (
            '<meta name="citation_author" content="Grace Hopper"><meta name="author" content="Ada Lovelace">'
            '<meta name="citation_date" content="2020/01/02"><meta name="date" content="2021-03-03">',
            ("Grace Hopper",),
            "2020/01/02",
        ),
        (
            '<meta name="citation_author" content="Hopper, Grace"><meta name="citation_author" content="Lovelace, Ada">',
            ("Grace Hopper", "Ada Lovelace"),
            None,
        ),
    ],
)
def test_a_page_s_authors_and_date_are_read_where_it_says_them(
    meta: str, names: tuple[str, ...], date: str | None
) -> None:
    found = read("x.html", f"<html><head>{meta}</head><body><h1>Otters at Night</h1><p>They float.</p></body></html>")
    assert (found.authors, found.date) == (names, date)
    assert str(found.year) in (date or "None")


def test_a_date_under_the_authors_of_a_word_document_is_its_date_and_no_text(tmp_path: Path) -> None:
    title, text = word_line("Otters at Night", "Title"), word_line("They float.")
    body = title + word_line("Ada Lovelace") + word_line("3 March 2021") + text
    (found,) = load_file(word_file(tmp_path / "a.docx", body)).papers
    assert (found.authors, found.date, found.year) == (("Ada Lovelace",), "3 March 2021", 2021)
    assert found.body == (Section("They float."),)
    core = '<p xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>Windows User</dc:creator></p>'
    (found,) = load_file(word_file(tmp_path / "b.docx", title + text, core)).papers
    assert found.authors == ()


def test_a_word_document_without_styles_is_named_by_its_properties_or_first_line(tmp_path: Path) -> None:
    said = "<dc:title>Otters at Night</dc:title><dc:creator>Ada Lovelace</dc:creator>"
    core = f'<p xmlns:dc="http://purl.org/dc/elements/1.1/">{said}</p>'
    body = word_line(ABSTRACT) + word_line("They float.")
    (found,) = load_file(word_file(tmp_path / "a.docx", body, core)).papers
    assert (found.title, found.authors) == ("Otters at Night", ("Ada Lovelace",))
    (again,) = load_file(word_file(tmp_path / "c.docx", word_line("Otters at Night") + body, core)).papers
    assert again.body == found.body
    (found,) = load_file(word_file(tmp_path / "b.docx", word_line("Otters at Night") + body)).papers
    assert (found.title, found.authors, len(found.sections)) == ("Otters at Night", (), 1)


def test_a_word_document_that_is_none_says_what_to_do(tmp_path: Path) -> None:
    for name, data in (("cut.docx", b"PK\x03\x04 and no more"), ("empty.docx", b"PK\x05\x06" + bytes(18))):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(LoadError, match=name):
            load_file(tmp_path / name)
    with pytest.raises(LoadError, match="no text"):
        load_file(word_file(tmp_path / "blank.docx", word_line("")))
    bomb = '<!DOCTYPE d [<!ENTITY a "' + "a" * 9000 + '">]><w:p><w:r><w:t>' + "&a;" * 90_000 + "</w:t></w:r></w:p>"
    with zipfile.ZipFile(tmp_path / "bomb.docx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bomb)
    with pytest.raises(LoadError, match="bomb.docx"):
        load_file(tmp_path / "bomb.docx")


def test_raised_digits_of_a_page_are_no_part_of_the_number_before_them(tmp_path: Path) -> None:
    text = "Of 10<sup>7</sup> otters<sup>12, 13</sup> in CO<sub>2</sub> the 5<sup>th</sup> swam."
    page = f"<html><h1>Otters</h1><p>{text}</p></html>"
    (found,) = load_source(Source(tmp_path / "a.html", page.encode())).papers
    assert found.body[0].text == "Of 10⁷ otters¹²,¹³ in CO₂ the 5th swam."


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("x<sup>n+1</sup> and <i>x</i><sup>n</sup>", "x^(n+1) and x^n"),
        ("e<sup>-kt</sup>, 2<sup>n</sup>, (1+x)<sup>n</sup>, x<sup>1/2</sup>", "e^(-kt), 2^n, (1+x)^n, x^(1/2)"),
        ("x<sub>i</sub><sup>2</sup>, x<sub>t−1</sub><sup>(k)</sup>, β<sub>i,j</sub>", "x_i², x_(t−1)^(k), β_(i,j)"),
        ("V<sub>max</sub>, NO<sub>x</sub>, HbA<sub>1c</sub>, PM<sub>2.5</sub>", "Vmax, NOx, HbA1c, PM2.5"),
        ("the n<sup>th</sup> of 112<sup>a</sup> A<sup>TM</sup>", "the nth of 112a ATM"),
        (
            "Dee<sup>2,*</sup>, Holt<sup>a,b</sup>, Lee K<sup>b</sup>, rivers<sup>[1]</sup>",
            "Dee2,*, Holta,b, Lee Kb, rivers[1]",
        ),
    ],
)
def test_powers_and_indices_are_written_as_such_and_marks_stay_marks(written: str, text: str) -> None:
    assert read("x.html", f"<html><h1>Otters</h1><p>We see {written}.</p></html>").body[0].text == f"We see {text}."


@pytest.mark.parametrize("marks", ["2", "2,*", "a,b", "†"])
def test_marks_of_affiliations_are_no_part_of_names_in_a_word_document(tmp_path: Path, marks: str) -> None:
    body = (
        word_line("Otters at Night", "Title")
        + word_line("Grace Hopper and Ada Dee", raised=marks)
        + word_line(ABSTRACT)
    )
    (found,) = load_file(word_file(tmp_path / "a.docx", body)).papers
    assert found.authors == ("Grace Hopper", "Ada Dee")


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        ("(see doi:10.1000/182).", "10.1000/182"),
        ("10.1016/S0140-6736(96)", "10.1016/s0140-6736(96)"),
        ("(10.1061/(ASCE)0733-9399(2002)128:3(28)).", "10.1061/(asce)0733-9399(2002)128:3(28)"),
    ],
)
def test_the_brackets_of_a_doi_stay_and_those_around_it_go(printed: str, kept: str) -> None:
    assert parts.doi(printed) == kept


def test_a_name_s_suffix_is_no_given_name() -> None:
    assert parts.names(["Davis, Sammy", "Sammy Davis, Jr."]) == ("Sammy Davis", "Sammy Davis, Jr.")
