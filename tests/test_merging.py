"""Papers that share a title, or a file's name, and are not one paper; and editions that are."""

import zipfile
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant, Paper
from assistant.records import Section, paper_id
from assistant.store.merging import merge, own_id

ASSAY = "The zebrafish assay used 14 plates of agar and lasted nine days in the incubator."
MIRROR = "The telescope mirror was cooled to four kelvin before the exposure. It was then exposed for nine hours."
TITLE = "Supplementary Material"


def write(path: Path, text: str, title: str = TITLE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"# {title}\n\n{text}\n", encoding="utf-8")
    return path


def texts(library: Assistant) -> dict[str, str]:
    return {paper.id: " ".join(section.text for section in paper.sections) for paper in library.papers()}


@pytest.mark.parametrize("names", [("a.md", "b.md"), ("1/main.tex", "2/main.tex")], ids=["names", "folders"])
def test_two_texts_under_one_title_are_two_papers_whatever_is_added_again(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    folder = tmp_path / "papers"

    def put(name: str, text: str) -> None:
        path = write(folder / name, text)
        if path.suffix == ".tex":
            path.write_text(f"\\documentclass{{article}}\\begin{{document}}{text}\\end{{document}}", encoding="utf-8")

    for name, text in zip(names, (ASSAY, MIRROR), strict=True):
        put(name, text)
    with Assistant(data_dir=tmp_path / "data") as library:
        report = library.add(folder)
        first = texts(library)
        assert (report.added, sorted(first.values())) == (2, sorted((ASSAY, MIRROR)))
        put(names[1], "Its dish holds 66 segments of beryllium, aligned at night.")  # an edition with other words
        put(names[0], f"{ASSAY} It was repeated.")
        report = library.add(folder)
        assert (report.added, report.removed, texts(library).keys()) == (0, 0, first.keys())
        assert sorted(text.split()[0] for text in texts(library).values()) == ["Its", "The"]
        assert not any(file.duplicates for file in report.files)


def test_copies_that_part_become_two_papers(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    for name in "ab":
        write(folder / f"{name}.md", ASSAY)
    with zipfile.ZipFile(folder / "c.zip", "w") as archive:
        for name in "12":
            archive.writestr(f"{name}/notes.md", f"# {TITLE}\n\n{ASSAY}\n")
    with Assistant(data_dir=tmp_path / "data") as library:
        assert library.add(folder).added == 1
        write(folder / "b.md", MIRROR)
        with zipfile.ZipFile(folder / "c.zip", "w") as archive:
            archive.writestr("1/notes.md", f"# {TITLE}\n\nIts dish holds 66 segments of beryllium, aligned at night.\n")
            archive.writestr("2/notes.md", f"# {TITLE}\n\n{ASSAY}\n")
        library.add(folder)
        assert sorted(text[:9] for text in texts(library).values()) == ["Its dish ", "The teles", "The zebra"]
        assert "b.md" not in library.papers()[0].sources


def test_files_of_one_name_in_an_archive_are_not_one_file(tmp_path: Path) -> None:
    path = tmp_path / "papers.zip"
    for mirror in (MIRROR, "Its dish holds 66 segments of beryllium, aligned at night."):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("1/notes.md", f"# {TITLE}\n\n{ASSAY}\n")
            archive.writestr("2/notes.md", f"# {TITLE}\n\n{mirror}\n")
        with Assistant(data_dir=tmp_path / "data") as library:
            library.add(path)
            assert sorted(texts(library).values()) == sorted((ASSAY, mirror))


def test_a_text_without_an_abstract_is_merged_with_its_listing_and_its_other_edition() -> None:
    body = (Section(f"{ASSAY} {MIRROR}", "Methods"),)
    known = Paper("Otters", "", body=body, sources=("a.pdf",))
    papers = {known.id: known}
    assert (
        own_id(Paper("OTTERS", "An abstract of a listing that has no body.", sources=("l.txt",)), papers, {})
        == known.id
    )
    assert own_id(Paper("Otters", "", year=2020, sources=("l.bib",)), papers, {}) == known.id
    edition = Paper("Otters", "", body=(Section(f"{ASSAY} Indeed. {MIRROR}", None),), sources=("b.pdf",))
    assert own_id(edition, papers, {}) == known.id
    whole = Paper("Otters", "An abstract that says it all, in some words.", body=body, sources=("c.pdf",))
    assert own_id(whole, papers, {}) == known.id
    other = Paper("Otters", "", body=(Section("Beavers fell trees and build dams across streams at night.", None),))
    assert own_id(other, papers, {}) == paper_id("Otters", other.body[0].text) != known.id


def test_a_paper_that_is_given_again_replaces_what_was_given(tmp_path: Path) -> None:
    def squids(speed: int, **more: Any) -> Paper:
        return Paper("Given Paper on Squids", f"Squids jet at {speed} metres per second.", **more)

    with Assistant(data_dir=tmp_path / "data") as library:
        library.add(squids(11, year=2019, authors=("Jon Smth",), doi="10.1/x"))
        (report,) = library.add(Paper("Given paper on squids", squids(12).abstract, ("John Smith",), year=2020)).files
        assert (report.updated, report.unchanged, report.duplicates) == (1, 0, 0)
        assert "12 metres" in library.ask("How fast do squids jet?").text
        assert library.papers() == [
            Paper("Given paper on squids", squids(12).abstract, ("John Smith",), year=2020, doi="10.1/x")
        ]
        assert library.add(Paper("Given Paper on Squids", MIRROR)).added == 1  # another text is another paper


def test_a_paper_that_is_given_does_not_replace_what_files_say(tmp_path: Path) -> None:
    file = write(tmp_path / "squids.md", f"{ASSAY} {MIRROR}", title="Squids")
    given = Paper("Squids", "", body=(Section(f"{ASSAY} {MIRROR[:60]}"),))
    with Assistant(data_dir=tmp_path / "data") as library:
        library.add(file)
        (report,) = library.add(given).files
        assert (report.unchanged, report.duplicates) == (1, 1)
        assert list(texts(library).values()) == [f"{ASSAY} {MIRROR}"]


def test_a_file_of_the_same_name_elsewhere_does_not_replace_a_longer_text(tmp_path: Path) -> None:
    known = Paper("Otters", "They swim at night in rivers.", sources=("main.tex",))
    new = Paper("Otters", "They swim at night.", sources=("main.tex",))
    assert merge(known, new, held=set()).abstract == known.abstract
    assert merge(known, new, held={known.id}).abstract == new.abstract
    longer, shorter = write(tmp_path / "1" / "x.md", f"{ASSAY} {MIRROR}"), write(tmp_path / "2" / "x.md", MIRROR)
    with Assistant(data_dir=tmp_path / "data") as library:
        report = library.add([longer, shorter])
        assert [file.duplicates for file in report.files] == [0, 1]
        assert list(texts(library).values()) == [f"{ASSAY} {MIRROR}"]
