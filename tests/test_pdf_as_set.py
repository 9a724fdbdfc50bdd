"""PDFs as TeX and publishers set them: signs without names, accents and letters that are pictures, fronts of many layouts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant
from assistant.loaders import load_file
from assistant.loaders.pdf.layout import paragraphs
from assistant.loaders.pdf.lines import Line, PageText
from assistant.loaders.pdf.picture import _boxes
from assistant.loaders.pdf.reading import read_pdf
from assistant.records import Paper

canvas = pytest.importorskip("reportlab.pdfgen.canvas", reason="pip install -e '.[test]'")
pypdfium2 = pytest.importorskip("pypdfium2")

TEXT = [
    "Otters sleep on water and hold hands with the others while the river runs",
    "past them, which no earlier study of rivers saw.",
]
# What Ghostscript wrote for letters that are pictures, in a paper's file.
DINGBATS = dict(zip("aWeyfghinolmpucdbvxz", "❛❲❡②❢❣❤✐♥♦❧♠♣✉❝❞❜✈①③", strict=True))


def raw_pdf(path: Path, content: bytes, *fonts: bytes) -> Path:
    """A PDF of one page, whose fonts F0, F1 … are given as they stand in the file."""
    named = b"".join(b"/F%d %d 0 R" % (number, 5 + number) for number in range(len(fonts)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<<%s>>>>>>" % named,
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        *fonts,
    ]
    written, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj%sendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    path.write_bytes(
        written + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
        + b"trailer<</Size %d/Root 1 0 R>>startxref\n%d\n%%%%EOF" % (size, len(written))
    )  # fmt: skip
    return path


def tex_font(name: bytes) -> bytes:
    """A font that says nothing of what its codes stand for."""
    widths = b" ".join([b"500"] * 256)
    return (
        b"<</Type/Font/Subtype/Type1/BaseFont/ABCDEF+%s/FirstChar 0/LastChar 255/Widths[%s]>>" % (name, widths)
    )  # fmt: skip


def shown(*texts: bytes, font: int = 0) -> bytes:
    return b"\n".join(
        b"BT /F%d 10 Tf 72 %d Td (%s) Tj ET" % (font, 700 - 12 * number, text) for number, text in enumerate(texts)
    )


def text_of(path: Path) -> str:
    (paper,) = read_pdf(path).papers
    return "\n".join(section.text for section in paper.sections)


def test_ligatures_quotation_marks_and_dashes_without_a_name_are_read(tmp_path: Path) -> None:
    newer = shown(
        rb"The coe\036cients of a strati\034ed model that \020\034ts\021 di\033er \026 by 2\0253 % \026 a\037uent."
    )
    assert text_of(raw_pdf(tmp_path / "t1.pdf", newer, tex_font(b"SFRM1000"))) == (
        "The coefficients of a stratified model that “fits” differ — by 2–3 % — affluent."
    )
    first = shown(rb"The coe\016cients of a strati\014ed model di\013er from in\015uence.")
    assert text_of(raw_pdf(tmp_path / "ot1.pdf", first, tex_font(b"CMR10"))) == (
        "The coefficients of a stratified model differ from influence."
    )


def test_codes_of_a_formula_are_no_ligatures(tmp_path: Path) -> None:
    content = shown(b"Let the rate of the otters be ") + b"\nBT /F1 10 Tf 300 700 Td (\\033 \\034 2) Tj ET"
    assert "ff" not in text_of(raw_pdf(tmp_path / "f.pdf", content, tex_font(b"CMR10"), tex_font(b"CMMI10")))


def test_a_quotation_with_ligatures_without_a_name_is_marked_whole(tmp_path: Path) -> None:
    path = raw_pdf(tmp_path / "t1.pdf", shown(rb"The coe\036cients of strati\034ed rivers."), tex_font(b"SFRM1000"))
    page = pypdfium2.PdfDocument(path)[0]
    boxes = _boxes(page, "coefficients of stratified rivers")
    assert max(box[2] for box in boxes) - min(box[0] for box in boxes) > 1.6 * 5 * len("coecients of stratied rivers")


def test_letters_that_are_pictures_are_read_as_letters(tmp_path: Path) -> None:
    text = "We find no diving animal in a deep hollow and a high pool"
    codes = dict.fromkeys(text)
    entries = b"".join(b"<%02X><%04X>\n" % (ord(sign), ord(DINGBATS.get(sign, sign))) for sign in codes)
    cmap = b"begincmap 1 begincodespacerange<00><FF>endcodespacerange %d beginbfchar\n%sendbfchar endcmap"
    cmap %= (len(codes), entries)
    font = tex_font(b"X")[:-2] + b"/ToUnicode 6 0 R>>"
    stream = b"<</Length %d>>stream\n%s\nendstream" % (len(cmap), cmap)
    path = raw_pdf(tmp_path / "z.pdf", shown(text.encode()), font, stream)
    assert "❡" in pypdfium2.PdfDocument(path)[0].get_textpage().get_text_range()
    assert text_of(path) == text
    few = text.replace("We find", "See ❡ and ❛ of").encode("cp1252", "ignore")
    assert "diving" in text_of(raw_pdf(tmp_path / "few.pdf", shown(few), tex_font(b"X")))


def test_accents_that_are_drawn_by_themselves_stand_on_their_letters(tmp_path: Path) -> None:
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>"  # every sign is 6 points wide
    text = b"Otters of the Universitat in Munchen and of Bronte live here."
    places = (text.index(b"tat ") + 1, text.index(b"unch"), text.index(b"te live") + 1)
    accents = (b"BT /F0 10 Tf %d 700 Td (\\250) Tj ET" % (72 + 6 * place) for place in places)
    found = text_of(raw_pdf(tmp_path / "a.pdf", b"\n".join([shown(text), *accents]), font))
    assert found == "Otters of the Universität in München and of Brontë live here."


def page_of(path: Path, *lines: tuple[float, float, str, float, str], more: Sequence[Any] = ()) -> Paper:
    """A paper of lines at (x, y) with a font, a size and a text; `more` are functions that draw further pages."""
    page = canvas.Canvas(str(path), pagesize=(612, 792))
    for x, y, font, size, text in lines:
        page.setFont(font, size)
        page.drawString(x, y, text)
    page.showPage()
    for draw in more:
        draw(page)
        page.showPage()
    page.save()
    (found,) = load_file(path).papers
    return found


def body(y: float, x: float = 72, count: int = 12) -> list[tuple[float, float, str, float, str]]:
    return [(x, y - 12 * number, "Times-Roman", 10, TEXT[number % 2]) for number in range(count)]


def test_authors_side_by_side_and_a_date_under_the_title_are_read(tmp_path: Path) -> None:
    found = page_of(
        tmp_path / "x.pdf",
        (150, 700, "Times-Roman", 17, "Sleeping Otters of the North"),
        (100, 670, "Times-Roman", 12, "Ada Lovelace"),
        (200, 670, "Times-Roman", 12, "Ludwig van der Berg"),
        (330, 670, "Times-Roman", 12, "Zoë Çelik"),
        (340, 655, "Times-Roman", 12, "River Clinic"),
        (250, 630, "Times-Roman", 12, "February 6, 2023"),
        (72, 590, "Times-Bold", 14, "1 Introduction"),
        *body(570),
    )
    assert found.authors == ("Ada Lovelace", "Ludwig van der Berg", "Zoë Çelik")
    assert (found.date, found.year) == ("February 6, 2023", 2023)


@pytest.mark.parametrize(
    ("between", "names"),
    [
        ((), ("Ada Lovelace", "Alan Turing")),
        (((220, 630, "Times-Roman", 12, "A User Guide"),), ("Ada Lovelace", "Alan Turing")),
        (((220, 660, "Times-Roman", 14, "Northern Rivers Explained"),), ("Ada Lovelace", "Alan Turing")),
    ],
)
def test_names_and_a_date_on_a_title_page_of_its_own_are_read_and_subtitles_are_none(
    tmp_path: Path, between: Sequence[Any], names: tuple[str, ...]
) -> None:
    def text(page: Any) -> None:
        page.setFont("Times-Roman", 10)
        for x, y, _, _, line in body(700):
            page.drawString(x, y, line)

    found = page_of(
        tmp_path / "x.pdf",
        (150, 700, "Times-Roman", 17, "Sleeping Otters of the North"),
        *between,
        (200, 600, "Times-Roman", 12, "Ada Lovelace and Alan Turing"),
        (200, 585, "Times-Roman", 10, "River Lane"),
        (250, 560, "Times-Roman", 12, "February 6, 2023"),
        more=(text,),
    )
    assert found.authors == names
    assert (found.date, found.year) == ("February 6, 2023", 2023)


@pytest.mark.parametrize("last", ["Holt and Otter Den", "Contents"])
def test_a_list_on_a_page_without_text_or_date_names_no_authors(tmp_path: Path, last: str) -> None:
    found = page_of(
        tmp_path / "x.pdf",
        (150, 700, "Times-Roman", 17, "Sleeping Otters of the North"),
        (72, 640, "Times-Roman", 12, "Rivers Of Sweden"),
        (72, 620, "Times-Roman", 12, last),
        *((72, 600 - 14 * number, "Times-Roman", 12, "Lakes Of Norway") for number in range(20)),
        (72, 200, "Times-Roman", 12, "February 6, 2023"),
    )
    assert found.authors == ()


def test_names_with_raised_marks_over_several_blocks_are_read_and_affiliations_are_none(tmp_path: Path) -> None:
    found = page_of(
        tmp_path / "x.pdf",
        (150, 700, "Times-Roman", 17, "Sleeping Otters of the North"),
        (150, 706, "Times-Roman", 10, ""),
        (250, 670, "Times-Roman", 12, "Ada Lovelace"),
        (316, 674, "Times-Roman", 7, "a,∗"),
        (250, 655, "Times-Italic", 8, "Rivers and Lakes, Uppsala"),
        (250, 640, "Times-Roman", 12, "Alan M. Turing"),
        (329, 644, "Times-Roman", 7, "b"),
        (250, 625, "Times-Italic", 8, "Bletchley Park"),
        (72, 600, "Times-Bold", 10, "Abstract"),
        *body(585),
    )
    assert found.authors == ("Ada Lovelace", "Alan M. Turing")
    assert found.abstract.startswith(TEXT[0])


def test_a_title_no_larger_than_the_text_is_read_and_names_in_capitals_are_written_as_names(tmp_path: Path) -> None:
    found = page_of(
        tmp_path / "x.pdf",
        (150, 690, "Times-Bold", 10, "ON SLEEPING OTTERS IN THE NORTH"),
        (150, 665, "Times-Roman", 9, "ADA LOVELACE, ALAN TURING, AND GRACE HOPPER"),
        (250, 640, "Times-Roman", 10, "Introduction"),
        *body(620),
    )
    assert found.title == "ON SLEEPING OTTERS IN THE NORTH"
    assert found.authors == ("Ada Lovelace", "Alan Turing", "Grace Hopper")


def test_names_in_bold_type_are_no_headings(tmp_path: Path) -> None:
    found = page_of(
        tmp_path / "x.pdf",
        (150, 700, "Times-Bold", 17, "Sleeping Otters of the North"),
        (100, 670, "Times-Bold", 12, "Ada Lovelace"),
        (300, 670, "Times-Bold", 12, "Alan Turing"),
        (100, 655, "Times-Roman", 10, "University of Rivers"),
        (300, 655, "Times-Roman", 10, "Lake College"),
        (250, 620, "Times-Bold", 10, "Abstract"),
        *body(600, count=4),
        (72, 520, "Times-Bold", 12, "1 Introduction"),
        *body(500),
    )
    assert found.authors == ("Ada Lovelace", "Alan Turing")
    assert {section.heading for section in found.body} == {"Introduction"}


def test_an_abstract_without_its_word_is_the_text_above_the_first_heading(tmp_path: Path) -> None:
    found = page_of(
        tmp_path / "x.pdf",
        (150, 700, "Times-Bold", 17, "Sleeping Otters of the North"),
        (250, 670, "Times-Roman", 12, "Ada Lovelace"),
        *body(640, count=4),
        (72, 560, "Times-Bold", 12, "1 Introduction"),
        *body(540),
    )
    assert found.abstract == " ".join([*TEXT, *TEXT])
    assert "no earlier study" in found.body[0].text


def test_the_paper_s_own_reference_names_its_authors_and_year(tmp_path: Path) -> None:
    found = page_of(
        tmp_path / "x.pdf",
        (150, 700, "Times-Bold", 17, "Sleeping Otters of the North"),
        (100, 670, "Times-Roman", 9, "A. LOVELACE, Lake College, UK"),
        (72, 640, "Times-Bold", 10, "Abstract"),
        *body(620, count=4),
        (72, 560, "Times-Bold", 9, "ACM Reference Format:"),
        (72, 548, "Times-Roman", 9, "Ada Lovelace, G.K.M. Tobin, and Alan Turing. 2018. Sleeping Otters of the"),
        (72, 536, "Times-Roman", 9, "North. J. ACM 37, 4 (2018), 11 pages."),
        (72, 500, "Times-Bold", 12, "1 Introduction"),
        *body(480),
    )
    assert found.authors == ("Ada Lovelace", "G.K.M. Tobin", "Alan Turing")
    assert found.year == 2018


def test_page_numbers_where_latex_puts_them_are_no_text(tmp_path: Path) -> None:
    def another(number: int) -> Any:
        def draw(page: Any) -> None:
            page.setFont("Times-Roman", 10)
            for x, y, *_, text in body(660, count=45):
                page.drawString(x, y, text)
            page.drawString(300, 93, str(number))

        return draw

    found = page_of(tmp_path / "x.pdf", *body(660, count=45), more=[another(number) for number in (2, 3, 4)])
    assert not any(number in section.text for section in found.sections for number in "234")


def test_code_interrupts_no_sentence_and_a_heading_over_two_lines_is_one(tmp_path: Path) -> None:
    code = [
        (72, 570 - 12 * row, "Courier", 9, line) for row, line in enumerate(["> fit <- otters(river)", "+", "[1] 0.82"])
    ]
    found = page_of(
        tmp_path / "x.pdf",
        (150, 700, "Times-Bold", 17, "Sleeping Otters of the North"),
        (72, 640, "Times-Bold", 12, "2 Otters that sleep among the others in the"),
        (72, 626, "Times-Bold", 12, "river"),
        *body(606, count=2),
        *code,
        (72, 534, "Times-Roman", 10, "is what we see of it, and no more than that in all of the rivers."),
        *body(522),
    )
    (section,) = found.body
    assert section.heading == "Otters that sleep among the others in the river"
    paragraphs = section.text.split("\n\n")
    assert "> fit <- otters(river) + [1] 0.82" in paragraphs
    assert not any(">" in paragraph for paragraph in paragraphs[:-1])


def test_raised_and_lowered_digits_are_no_part_of_the_number_before_them(tmp_path: Path) -> None:
    pieces = [
        ("Rivers carry 2", 0),
        ("2", 4),
        ("− 1 = 3 times the CO", 0),
        ("2", -2),
        ("of lakes.", 0),
        ("3,12", 4),
        ("Otters sleep.", 0),
    ]
    drawn, x = [], 72.0
    for text, rise in pieces:
        size = 7 if rise else 10
        drawn.append((x, 700 + rise, "Courier", size, text))
        x += 0.6 * size * len(text) + (3 if rise else 0)
    (section,) = page_of(tmp_path / "x.pdf", *drawn, *body(680)).body
    assert section.text.startswith("Rivers carry 2² − 1 = 3 times the CO₂ of lakes.³,¹² Otters sleep.")


@pytest.mark.parametrize("numbers", ["beside", "apart"])
def test_references_in_a_table_of_contents_begin_no_reference_list(tmp_path: Path, numbers: str) -> None:
    entries = [
        "1. Introduction",
        "2. Otters of the north",
        "3. What they say of it",
        "References",
        "Index of all rivers",
    ]
    contents = []
    for row, entry in enumerate(entries):
        contents.append((72, 650 - 12 * row, "Times-Roman", 10, entry))
        contents.append((180 if numbers == "beside" else 500, 650 - 12 * row, "Times-Roman", 10, str(3 + 10 * row)))
    found = page_of(
        tmp_path / "x.pdf", (150, 700, "Times-Bold", 17, "Sleeping Otters of the North"), *contents, *body(500)
    )
    assert TEXT[1] in found.body[-1].text


def test_a_chapter_after_a_reference_list_is_text_and_what_the_list_holds_is_none(tmp_path: Path) -> None:
    found = page_of(
        tmp_path / "x.pdf",
        (150, 700, "Times-Bold", 17, "Sleeping Otters of the North"),
        (72, 660, "Times-Bold", 14, "1 Introduction"),
        *body(640, count=4),
        (72, 570, "Times-Bold", 14, "References"),
        (72, 550, "Times-Roman", 10, "[1] A. Nobody. A paper on beavers in the rivers of the world. 1999."),
        (72, 538, "Times-Roman", 10, "3 Introduction of beavers, a report."),
        (72, 526, "Times-Roman", 10, "[2] B. Nobody. Another one on beavers. 2001."),
        (72, 490, "Times-Bold", 14, "2 Of Sleep"),
        *body(470, count=4),
    )
    assert [section.heading for section in found.body] == ["Introduction", "Of Sleep"]
    assert not any("beavers" in section.text for section in found.body)


def test_a_section_that_is_called_references_and_is_no_list_is_text(tmp_path: Path) -> None:
    found = page_of(
        tmp_path / "x.pdf",
        (150, 700, "Times-Bold", 17, "Sleeping Otters of the North"),
        (72, 660, "Times-Bold", 12, "3.2 References"),
        *body(640, count=20),
    )
    assert TEXT[1] in found.body[-1].text


def test_a_line_of_a_number_sign_beside_page_numbers_is_read(tmp_path: Path) -> None:
    def another(page: Any) -> None:
        page.setFont("Times-Roman", 10)
        page.drawString(72, 40, "3")
        page.drawString(72, 400, TEXT[0])

    found = page_of(tmp_path / "x.pdf", *body(600), (72, 40, "Times-Roman", 10, "#"), more=[another, another])
    assert "#" in found.body[0].text


FRACTION = [
    ("They take ", 10, 0),
    ("k−1", 7, 4.2),
    ("2n", 7, -3.6),
    (" of all fish, a slope of −", 10, 0),
    ("1", 7, 4.2),
    ("3", 7, -3.6),
]


def with_fractions(path: Path, bars: bool) -> str:
    """A line with a wide and a narrow fraction, the text of the paper."""

    def draw(page: Any) -> None:
        x = 72.0
        for place, (said, size, rise) in enumerate(FRACTION):
            page.setFont("Courier", size)
            is_below = rise < 0
            above = 0.6 * 7 * len(FRACTION[place - 1][0])
            at = x - above + (above - 0.6 * size * len(said)) / 2 if is_below else x + (1.2 if rise else 0)
            page.drawString(at, 700 + rise, said)
            if rise > 0 and bars:
                page.rect(x + 1, 702.6, 0.6 * size * len(said) + 0.4, 0.4, stroke=0, fill=1)
            x = x + 0.6 * size * len(said) + (1.2 if rise else 0) if not is_below else x
        page.setFont("Courier", 10)
        page.drawString(x + 1.2, 700, ", and rest.")
        for y, text in enumerate(TEXT * 4):
            page.setFont("Courier", 10)
            page.drawString(72, 670 - 12 * y, text)

    page = canvas.Canvas(str(path), pagesize=(612, 792))
    draw(page)
    page.save()
    return text_of(path)


def test_fractions_stay_in_their_sentence(tmp_path: Path) -> None:
    assert "They take (k−1)/(2n) of all fish, a slope of −1/3, and rest." in with_fractions(tmp_path / "x.pdf", True)


def test_what_stands_above_and_below_without_a_bar_is_no_fraction(tmp_path: Path) -> None:
    found = with_fractions(tmp_path / "x.pdf", False)
    assert "/" not in found and ", and rest." in found.split("of all fish, a slope of −")[1][:20]


def test_an_equation_s_number_and_lines_of_figures_are_no_part_of_a_sentence(tmp_path: Path) -> None:
    found = page_of(
        tmp_path / "x.pdf",
        *body(706, count=3),
        (72, 670, "Times-Roman", 10, "Of all the otters that were counted in a river the share that sleeps is then"),
        (240, 640, "Times-Roman", 10, "s = a + b"),
        (520, 640, "Times-Roman", 10, "(12)"),
        (72, 610, "Times-Roman", 10, "17 17 15 52"),
        (72, 580, "Times-Roman", 10, "The otters of the lakes sleep as long."),
        *body(568),
    )
    text = "\n\n".join(section.text for section in found.body)
    assert "(12)" not in text
    assert any(part.startswith("The otters of the lakes sleep as long.") for part in text.split("\n\n"))
    assert "17 17 15 52" in text.split("\n\n")


@pytest.mark.parametrize(("gap", "is_table"), [(4, False), (30, True)])
def test_a_line_that_signs_cut_in_pieces_is_no_row_of_a_table(gap: float, is_table: bool) -> None:
    def line(text: str, left: float, middle: float) -> Line:
        return Line(text, 1, left, middle - 5, left + 5 * len(text), middle + 5, 10, False)

    pieces = ["and that we split", "by the share", "of sleepers in the rivers."]
    lefts = [72, 157 + gap, 217 + 2 * gap]
    row = [line(text, left, 676) for text, left in zip(pieces, lefts, strict=True)]
    lines = (line("All of them sleep here,", 72, 688), *row, line("and end.", 72, 664))
    first, *asides = paragraphs([PageText(1, 612, 792, lines)], set(), 10)
    assert ("by the share of sleepers" in first.text) != is_table
    assert bool(asides) == is_table


def test_of_two_files_of_a_paper_the_picture_is_of_the_one_that_is_quoted(tmp_path: Path) -> None:
    front = [
        (150, 700, "Times-Bold", 17, "Sleeping Otters of the North"),
        (72, 660, "Times-Bold", 12, "Abstract"),
        *body(640, count=4),
    ]

    def later(page: Any) -> None:
        page.setFont("Times-Bold", 12)
        page.drawString(72, 700, "2 Rivers")
        page.setFont("Times-Roman", 10)
        for number in range(20):
            page.drawString(
                72, 680 - 12 * number, f"River number {number} of the north holds {number + 20} otters in all."
            )

    page_of(tmp_path / "a-preprint.pdf", *front)
    page_of(tmp_path / "b-journal.pdf", *front, more=[later])
    with Assistant(data_dir=tmp_path / "own") as own:
        own.add([tmp_path / "a-preprint.pdf", tmp_path / "b-journal.pdf"])
        assert len(own.papers()) == 1
        cited = next(one for one in own.ask("How many otters does river number 7 hold?").citations if one.page == 2)
        assert own.page_picture(cited).startswith(b"\x89PNG")
