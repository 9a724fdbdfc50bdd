"""Adding files again: by content, moved, edited, pruned, and one paper out of many records of it."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant, Paper
from assistant.loaders import Loaded, Source
from assistant.merging import merge, own_id
from assistant.records import Section

LONG = "Otters hold hands while they sleep, so that the river does not part them, as nine rivers over one year show. "


def write(path: Path, *papers: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(map(json.dumps, papers)), encoding="utf-8")
    return path


def otter(number: int, **more: Any) -> dict[str, Any]:
    return {"title": f"Otter {number}", "abstract": f"Otter number {number} eats {number + 3} fish."} | more


def titles(library: Assistant) -> set[str]:
    return {paper.title for paper in library.papers()}


def test_a_known_file_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.jsonl", otter(1), otter(2))
    with Assistant(data_dir=tmp_path / "data") as library:
        library.add(path)
        change = library._catalogue.last_change()
        monkeypatch.setattr("assistant.indexing.load_source", lambda source: pytest.fail("read again"))
        report = library.add(path)
        assert (report.files[0].unchanged, report.added) == (2, 0)
        assert library._catalogue.last_change() == change
        monkeypatch.undo()
        library.remove(["Otter 1"])  # what was removed by hand comes back when it is added by hand
        assert library.add(path).added == 1


def test_an_edited_file_replaces_what_it_held(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", otter(1), otter(2))
    other = write(tmp_path / "b.jsonl", otter(2))
    with Assistant(data_dir=tmp_path / "data") as library:
        library.add([path, other])
        write(path, otter(1, abstract="Otter number 1 eats 99 fish."), otter(3))
        report = library.add(path)
        assert (report.added, report.files[0].updated, report.removed) == (1, 1, 0)
        assert titles(library) == {"Otter 1", "Otter 2", "Otter 3"}  # the other file still lists Otter 2
        assert "99" in library.ask("How many fish does otter number 1 eat?").text
        write(other, otter(4))
        assert library.add(other).removed == 1
        assert titles(library) == {"Otter 1", "Otter 3", "Otter 4"}


def test_a_moved_file_is_recognised_and_a_lost_one_pruned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "papers"
    path = write(folder / "a.jsonl", otter(1))
    write(folder / "b.jsonl", otter(2))
    with Assistant(data_dir=tmp_path / "data") as library:
        library.add(folder)
        path.rename(folder / "c.jsonl")
        monkeypatch.setattr("assistant.indexing.load_source", lambda source: pytest.fail("read again"))
        assert library.add(folder).added == 0
        monkeypatch.undo()
        assert {paper.title: paper.sources for paper in library.papers()}["Otter 1"] == ("c.jsonl",)
        (folder / "b.jsonl").unlink()
        assert library.add(folder).removed == 0  # only when asked for
        assert library.add(folder, prune=True).removed == 1
        assert titles(library) == {"Otter 1"}
        assert library.search("otter number 2")[0].paper.title == "Otter 1"


def test_one_bad_file_does_not_stop_the_rest(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    write(folder / "a.jsonl", otter(1))
    (folder / "b.pdf").write_bytes(b"%PDF-1.4 broken")
    write(folder / "c.jsonl", otter(2))
    with Assistant(data_dir=tmp_path / "data") as library:
        report = library.add(folder)
        assert [file.name for file in report.failed] == ["b.pdf"]
        assert titles(library) == {"Otter 1", "Otter 2"}


def test_a_preprint_and_its_published_form_become_one_paper(tmp_path: Path) -> None:
    preprint = Paper(
        "Otters at Night", LONG, arxiv_id="2301.01234", sources=("arxiv.jsonl",), body=(Section("Body.", "Results", 2),)
    )
    published = Paper(
        "Otters at Night: A Study",
        LONG + "More.",
        doi="10.1/otter",
        arxiv_id="2301.01234",
        year=2024,
        sources=("doi.bib",),
    )
    with Assistant(data_dir=tmp_path) as library:
        report = library.add([preprint, published])
        assert report.files[0].added == 1
        (paper,) = library.papers()
        assert (paper.doi, paper.arxiv_id, paper.year) == ("10.1/otter", "2301.01234", 2024)
        assert paper.sources == ("arxiv.jsonl", "doi.bib")
        assert paper.abstract.endswith("More.")  # the richer text
        assert paper.body == preprint.body
        assert library.add(Paper("Otters, Revised", LONG, doi="10.1/otter")).added == 0  # by DOI, in a later run


def test_nothing_is_merged_on_a_title_or_a_doi_alone() -> None:
    known = Paper("Editorial", "Otters hold hands while they sleep in rivers.", doi="10.1/x")
    same_title = Paper("Editorial", "Beavers fell trees and build dams across streams.")
    other = Paper("Beavers build dams", "Beavers fell trees and build dams across streams.", doi="10.1/x")
    papers, named = {known.id: known}, {"doi:10.1/x": known.id}
    assert own_id(same_title, papers, named) != known.id
    assert own_id(other, papers, named) != known.id
    assert own_id(Paper("EDITORIAL", "", doi="10.1/X"), papers, named) == known.id


def test_merging_keeps_the_text_that_says_more() -> None:
    pdf = Paper(
        "Otters", "Short.", body=(Section("A long body. " * 9, "Results", 1),), sources=("o.pdf",), abstract_page=1
    )
    listing = Paper("Otters", "A longer abstract.", author_count=3, date="May 1", sources=("l.txt",))
    merged = merge(pdf, listing)
    assert (merged.abstract, merged.body, merged.author_count) == ("A longer abstract.", pdf.body, 3)
    assert merge(merged, Paper("Otters", "New.", sources=("l.txt",))).abstract == "New."  # a newer edition of a source
    assert merged.abstract_page is None  # the longer abstract does not stand on the PDF's page
    assert merge(merged, merged) == merged


def test_a_new_edition_corrects_what_it_alone_said() -> None:
    old = Paper("Otters", "They swim.", authors=("Jon Smth",), doi="10.1/x", sources=("a.pdf",), abstract_page=1)
    new = Paper("Otters", "They swim.", authors=("John Smith",), sources=("a.pdf",), abstract_page=2)
    merged = merge(old, new)
    assert (merged.authors, merged.doi, merged.abstract_page) == (("John Smith",), "10.1/x", 2)
    both = merge(old, Paper("Otters", "", authors=("J. Smith",), sources=("b.bib",)))
    assert merge(both, new).authors == ("Jon Smth",)


def test_an_exported_library_moves_without_embedding_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Paper(
        "Otters", LONG, body=(Section("They float.", "Results", 3),), sources=("o.pdf",), doi="10.1/o", year=2020
    )
    with Assistant(data_dir=tmp_path / "old") as library:
        library.add([whole, Paper("Beavers", "Beavers build dams.")])
        assert library.export(tmp_path / "all.jsonl") == 2
        before = library.papers()
    with Assistant(data_dir=tmp_path / "new") as library:
        monkeypatch.setattr(
            type(library._embedder), "encode", lambda self, texts: pytest.fail("embedded") if texts else []
        )
        library.add(tmp_path / "all.jsonl")
        assert library.papers() == before
        monkeypatch.undo()
        assert library.ask("What do beavers build?").citations[0].paper.title == "Beavers"


def test_questions_are_answered_while_files_are_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def slow(source: Source) -> Loaded:
        reading.set()
        assert go_on.wait(30)
        return Loaded((Paper("Beavers", "Beavers build dams."),))

    with Assistant(data_dir=tmp_path / "data") as library:
        library.add(Paper("Otters", "Otters swim in rivers."))
        monkeypatch.setattr("assistant.indexing.load_source", slow)
        adding = threading.Thread(target=library.add, args=(write(tmp_path / "b.jsonl", otter(1)),))
        adding.start()
        assert reading.wait(30)
        assert library.ask("Where do otters swim?").citations[0].paper.title == "Otters"
        go_on.set()
        adding.join()
        assert library.ask("What do beavers build?").citations[0].paper.title == "Beavers"
