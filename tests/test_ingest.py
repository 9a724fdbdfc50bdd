"""Adding files again: by content, moved, edited, pruned, and one paper out of many records of it."""

import base64
import json
import os
import sqlite3
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant import Assistant, Paper
from assistant.errors import LibraryError, LoadError
from assistant.indexing import Indexer
from assistant.loaders import Loaded, Source
from assistant.records import Section
from assistant.store.following import Indexes
from assistant.store.merging import merge, own_id

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
        monkeypatch.setattr("assistant.indexing.load_parts", lambda source: pytest.fail("read again"))
        report = library.add(path)
        assert (report.files[0].unchanged, report.added) == (2, 0)
        assert library._catalogue.last_change() == change
        monkeypatch.undo()
        library.remove(["Otter 1"])  # what was removed by hand comes back when it is added by hand
        assert library.add(path).added == 1


def test_a_paper_is_called_by_the_file_that_it_alone_came_from(tmp_path: Path) -> None:
    alone = write(tmp_path / "alone.jsonl", otter(1))
    several = write(tmp_path / "several.jsonl", otter(2), otter(3))
    with Assistant(data_dir=tmp_path / "data") as library:
        library.add([alone, several])
        found = library.search("What do otters eat?", papers=["alone.jsonl", "Otter 2"])
        assert {passage.paper.title for passage in found} == {"Otter 1", "Otter 2"}
        for call in (library.remove, lambda papers: library.ask("What do otters eat?", papers=papers)):
            with pytest.raises(LibraryError, match=r"2 papers came from the file 'several\.jsonl'"):
                call(["alone.jsonl", "several.jsonl"])
        with pytest.raises(LibraryError, match=r"no paper has the id, title or file 'none\.pdf'"):
            library.remove(["alone.jsonl", "none.pdf"])
        assert [paper.title for paper in library.remove("alone.jsonl")] == ["Otter 1"]
        assert titles(library) == {"Otter 2", "Otter 3"}


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
        monkeypatch.setattr("assistant.indexing.load_parts", lambda source: pytest.fail("read again"))
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
        write(folder / "b.pdf", otter(3))  # mislabelled, but readable
        assert library.add(folder).added == 1
        (folder / "b.pdf").write_bytes(b"%PDF-1.4 broken again")
        for _ in range(2):  # it is said each time, and what was read before stays
            assert [file.name for file in library.add(folder).failed] == ["b.pdf"]
        assert titles(library) == {"Otter 1", "Otter 2", "Otter 3"}


def test_an_odd_name_or_an_unforeseen_error_is_reported_for_its_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "papers"
    write(folder / "b.jsonl", otter(1))
    (folder / "c.md").write_text("# Odd\n\nText.", encoding="utf-8")
    try:
        Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.md")).write_text("# Otter 9\n\nText.", encoding="utf-8")
    except OSError:
        pytest.skip("this file system has no such names")
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("odd.md", "# Odd\n\nText.")
        archive.writestr("z.jsonl", json.dumps(otter(2)))

    def unforeseen(source: Source) -> Loaded:
        raise TypeError("odd")

    monkeypatch.setattr("assistant.loaders.markdown.load", unforeseen)
    with Assistant(data_dir=tmp_path / "data") as library:
        report = library.add(folder)
        errors = {file.name: file.error or "" for file in report.failed}
        assert sorted(errors) == ["a.zip/odd.md", "c.md", "caf?.md"]
        assert "rename it" in errors["caf?.md"]
        assert "TypeError: odd" in errors["c.md"]
        assert titles(library) == {"Otter 1", "Otter 2"}
        monkeypatch.setattr(Indexer, "write", unforeseen)  # the store's errors are no file's
        with pytest.raises(TypeError):
            library.add(write(folder / "d.jsonl", otter(3)))


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
            type(library._holdings.embedder), "encode", lambda self, texts: pytest.fail("embedded") if texts else []
        )
        library.add(tmp_path / "all.jsonl")
        assert library.papers() == before
        monkeypatch.undo()
        assert library.ask("What do beavers build?").citations[0].paper.title == "Beavers"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 7.0], ids=["nan", "infinite", "no unit vector"])
def test_an_exported_embedding_that_is_none_is_made_anew(tmp_path: Path, value: float) -> None:
    with Assistant(data_dir=tmp_path / "old", reranker="off") as library:
        library.add(Paper("Beavers", "Beavers build dams."))
        library.export(tmp_path / "all.jsonl")
    record = json.loads((tmp_path / "all.jsonl").read_text(encoding="utf-8"))
    none = base64.b64encode(np.full(384, value, np.float16).tobytes()).decode()
    record["embeddings"] = dict.fromkeys(record["embeddings"], none)
    with Assistant(data_dir=tmp_path / "new", reranker="off") as library:
        library.add(Paper("Otters", "Otters swim in cold rivers."))
        library.add(write(tmp_path / "none.jsonl", record))
        assert library.search("What do beavers build?")[0].paper.title == "Beavers"


def test_questions_are_answered_while_files_are_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def slow(source: Source) -> Iterator[Loaded]:
        reading.set()
        assert go_on.wait(30)
        yield Loaded((Paper("Beavers", "Beavers build dams."),))

    with Assistant(data_dir=tmp_path / "data") as library:
        library.add(Paper("Otters", "Otters swim in rivers."))
        monkeypatch.setattr("assistant.indexing.load_parts", slow)
        adding = threading.Thread(target=library.add, args=(write(tmp_path / "b.jsonl", otter(1)),))
        adding.start()
        assert reading.wait(30)
        assert library.ask("Where do otters swim?").citations[0].paper.title == "Otters"
        go_on.set()
        adding.join()
        assert library.ask("What do beavers build?").citations[0].paper.title == "Beavers"


def test_an_archive_goes_with_all_that_it_held(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    write(folder / "a.jsonl", otter(1))
    with zipfile.ZipFile(folder / "b.zip", "w") as archive:
        archive.writestr("in/a.jsonl", json.dumps(otter(2)))
        archive.writestr("in/c.jsonl", json.dumps(otter(1)))
    with Assistant(data_dir=tmp_path / "data") as library:
        library.add(folder)
        assert {paper.title: paper.sources for paper in library.papers()} == {
            "Otter 1": ("a.jsonl", "b.zip/in/c.jsonl"), "Otter 2": ("b.zip/in/a.jsonl",)
        }  # fmt: skip
        (folder / "b.zip").rename(folder / "c.zip")
        assert library.add(folder).added == 0
        assert library.papers()[1].sources == ("c.zip/in/a.jsonl",)
        (folder / "c.zip").unlink()
        assert library.add(folder, prune=True).removed == 1
        assert [(paper.title, paper.sources) for paper in library.papers()] == [("Otter 1", ("a.jsonl",))]


def test_a_paper_given_as_it_is_stays_when_a_file_that_lists_it_goes(tmp_path: Path) -> None:
    path = write(tmp_path / "papers" / "a.jsonl", otter(1), otter(2))
    with Assistant(data_dir=tmp_path / "data") as library:
        library.add([path, Paper(**otter(2))])
        path.unlink()
        write(path.with_name("b.jsonl"), otter(3))
        assert library.add(path.parent, prune=True).removed == 1
        assert titles(library) == {"Otter 2", "Otter 3"}


def cut_off(library: Assistant, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Adds the file, stopped by Ctrl-C after two batches."""
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        real, calls = Indexer.write, []

        def third_time_stopped(self: Indexer, *args: Any) -> int:
            calls.append(1)
            if len(calls) == 3:
                raise KeyboardInterrupt
            return real(self, *args)

        patched.setattr(Indexer, "write", third_time_stopped)
        library.add(path)


def test_a_reading_that_was_cut_off_leaves_nothing_behind_when_its_file_changes_or_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "papers" / "a.jsonl", *map(otter, range(200)))
    with Assistant(data_dir=tmp_path / "data") as library:
        cut_off(library, path, monkeypatch)
        assert library.counts()[0] == 128
        write(path, otter(0), otter(500))
        library.add(path)
        assert titles(library) == {"Otter 0", "Otter 500"}
        cut_off(library, write(path.with_name("b.jsonl"), *map(otter, range(600, 800))), monkeypatch)
        path.with_name("b.jsonl").unlink()
        assert library.add(path.parent, prune=True).removed == 128
        assert titles(library) == {"Otter 0", "Otter 500"}


def test_what_was_stored_before_a_cut_is_not_merged_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    longer = [otter(n, abstract=f"{otter(n)['abstract']} It sleeps on its back all night long.") for n in range(200)]
    paths = [write(tmp_path / "a.jsonl", *longer), write(tmp_path / "b.jsonl", *map(otter, range(200)))]
    with Assistant(data_dir=tmp_path / "data") as library:
        library.add(paths[0])
        cut_off(library, paths[1], monkeypatch)
        report = library.add(paths[1])
        assert (report.files[0].unchanged, report.files[0].duplicates) == (128, 72)
        assert {paper.abstract[-5:] for paper in library.papers()} == {
            "long."
        }  # the richer text, whenever it was stopped


def test_a_paper_that_is_being_edited_is_found_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [
        {"heading": name, "text": f"{LONG}The {name} is about dams. " * 3} for name in ("first", "second", "third")
    ]
    path = write(tmp_path / "a.jsonl", otter(1, body=parts, id="0" * 12), otter(2))
    with Assistant(data_dir=tmp_path / "data") as library:
        library.add(path)
        assert {passage.paper.title for passage in library.search("otter dams")} == {"Otter 1", "Otter 2"}
        write(path, otter(1, body=[*parts[:2], {"heading": "third", "text": "Other."}], id="0" * 12), otter(2))
        with monkeypatch.context() as patched:
            patched.setattr(Indexes, "follow", lambda self, progress=None: None)  # the indexes have not followed yet
            library.add(path)
            assert {passage.paper.title for passage in library.search("otter dams")} == {"Otter 2"}
        assert {passage.paper.title for passage in library.search("otter dams")} == {"Otter 1", "Otter 2"}


def test_a_library_of_the_schema_before_keeps_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.jsonl", otter(1), otter(2))
    with Assistant(data_dir=tmp_path / "data") as library:
        library.add(path)
        ids = library._catalogue.paper_ids()
        (file,) = library._catalogue.files()
    with sqlite3.connect(tmp_path / "data" / "catalogue.sqlite") as db:
        db.executescript(
            "DROP TABLE files; DROP TABLE file_papers; DROP INDEX papers_title; PRAGMA user_version = 3;"
            "CREATE TABLE files (path TEXT PRIMARY KEY, digest TEXT NOT NULL, papers TEXT NOT NULL) WITHOUT ROWID;"
            "CREATE INDEX files_digest ON files (digest);"
        )
        db.execute("INSERT INTO files VALUES (?, ?, ?)", (file.path, file.digest, json.dumps(ids)))
    db.close()
    with Assistant(data_dir=tmp_path / "data") as library:
        assert library._catalogue.files() == [file]
        assert library._catalogue.held_papers(file) == {(0, 0): ids[0], (0, 1): ids[1]}
        monkeypatch.setattr("assistant.indexing.load_parts", lambda source: pytest.fail("read again"))
        assert library.add(path).files[0].unchanged == 2


def test_a_large_file_is_read_in_parts_with_one_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.loaders.json_papers._LARGE", 1000)
    monkeypatch.setattr("assistant.loaders.json_papers._PART", 64)
    path = write(tmp_path / "a.jsonl", *map(otter, range(70)), {"no": "title"}, *map(otter, range(70, 200)), otter(3))
    seen: list[tuple[int, int]] = []
    with Assistant(data_dir=tmp_path / "data") as library:
        cut_off(library, path, monkeypatch)
        (file,) = library.add(path, progress=lambda label, done, total: seen.append((done, total))).files
        assert (file.papers, file.added, file.unchanged) == (201, 200 - 127, 128)
        assert "line 71" in file.problems[0]
        assert (201, 202) in seen
        assert library.add(path).files[0].unchanged == 201
    write(path, *[{"no": "title"}] * 200)
    with Assistant(data_dir=tmp_path / "data") as library:
        assert "holds no paper: line 1" in (library.add(path).files[0].error or "")


def test_a_folder_that_may_not_be_opened_is_reported_and_keeps_its_papers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "papers" / "closed"
    for folder, topic in (
        (closed, "Otters"),
        (tmp_path / "papers" / "open", "Badgers"),
        (closed.parent / ".git", "Git"),
    ):
        folder.mkdir(parents=True)
        (folder / "notes.md").write_text(f"# {topic}\n\n{topic} are described here at some length.\n", encoding="utf-8")
    scan, stat = os.scandir, os.stat

    def scandir(path: str | os.PathLike[str] = ".") -> Any:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    def status(path: str | os.PathLike[str], **options: Any) -> os.stat_result:
        if closed in Path(path).parents:
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, **options)

    with Assistant(data_dir=tmp_path / "data", model="extractive") as library:
        assert library.add(closed.parent).added == 2  # what lies in hidden folders is no paper
        monkeypatch.setattr(os, "scandir", scandir)
        monkeypatch.setattr(os, "stat", status)
        report = library.add(closed.parent, prune=True)
        assert [failed.name for failed in report.failed] == ["closed"]
        assert "may not be opened" in (report.failed[0].error or "")
        assert {paper.title for paper in library.papers()} == {"Otters", "Badgers"}


@pytest.mark.parametrize("nothing", ["", "  "])
def test_an_empty_path_is_not_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nothing: str) -> None:
    (tmp_path / "a.md").write_text("# Otters\n\nOtters swim at night in every river.")
    monkeypatch.chdir(tmp_path)
    with Assistant(data_dir=tmp_path / "library", reranker="off") as library:
        with pytest.raises(LoadError, match="names no file"):
            library.add(nothing)
        assert library.add(".").added == 1


def test_a_pattern_prunes_nothing_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Otters\n\nOtters swim at night in every river.")
    with Assistant(data_dir=tmp_path / "library", reranker="off") as library:
        with pytest.raises(LoadError, match="name the folder"):
            library.add(str(tmp_path / "*.md"), prune=True)
        assert library.add(str(tmp_path / "*.md")).added == 1
