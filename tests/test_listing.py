"""The seeds' format: what is read, what is never guessed, and what happens to a listing that breaks off."""

import json
from pathlib import Path

import pytest

from assistant.errors import LoadError
from assistant.loaders import Loaded, Source, load_file
from assistant.loaders.listing import load
from assistant.records import Paper
from assistant.seeding import seed_files

HEADER = (
    "new\n\nGet trending papers in your email inbox!\n\nSubscribe\n\n{}byAK and the research community\n\nMar 17\n\n"
)
ABSTRACT = "We study a thing. It works well."


def read(text: str) -> Loaded:
    return load(Source(Path("x.txt"), text.encode()))


def papers(body: str, variant: str = "") -> tuple[Paper, ...]:
    return read(HEADER.format(variant) + body).papers


def test_the_seeds_hold_what_their_listings_print() -> None:
    loaded = [load_file(path) for path in seed_files()]
    assert [len(one.papers) for one in loaded] == [99, 148, 114, 75, 79]
    assert all(not one.problems for one in loaded)
    assert len({paper.id for one in loaded for paper in one.papers}) == 456


def test_every_title_and_abstract_is_verbatim() -> None:
    for path in seed_files():
        text = path.read_text(encoding="utf-8")
        assert all(f"{paper.title}\n\n{paper.abstract}" in text for paper in load_file(path).papers)


def test_the_manifest_counts_what_is_there() -> None:
    manifest = json.loads((seed_files()[0].parent / "manifest.json").read_text(encoding="utf-8"))
    assert [len(load_file(path).papers) for path in seed_files()] == [entry["papers"] for entry in manifest["files"]]


@pytest.mark.parametrize("variant", ["", "Daily Papers\n\n"], ids=["plain-header", "daily-papers-header"])
@pytest.mark.parametrize(
    ("metadata", "authors", "organisation", "date", "year", "comments"),
    [
        ("  • 5 authors\n·\nMar 3, 2023", 5, None, "Mar 3, 2023", 2023, None),
        ("  • 1 author\n·\nSep 10, 2024 2", 1, None, "Sep 10, 2024", 2024, 2),
        ("  • 6 authors\n·\nMay 24 2", 6, None, "May 24", None, 2),
        ("nvidia NVIDIA\n·\nSep 26 4", None, "NVIDIA", "Sep 26", None, 4),
        ("handle A Long Name\n·\nSep 26", None, "A Long Name", "Sep 26", None, None),
    ],
    ids=["year", "comments", "no-year", "organisation", "organisation-of-words"],
)
def test_metadata(
    variant: str,
    metadata: str,
    authors: int | None,
    organisation: str | None,
    date: str,
    year: int | None,
    comments: int | None,
) -> None:
    found = papers(f"A Title\n\n{ABSTRACT}\n\n{metadata}\n\nNext\n\n{ABSTRACT}", variant)
    assert [paper.title for paper in found] == ["A Title", "Next"]
    first = found[0]
    assert (first.author_count, first.organisation, first.date, first.year, first.comment_count) == (
        authors, organisation, date, year, comments,
    )  # fmt: skip
    assert found[1].date is None


def test_a_listing_that_breaks_off_in_an_abstract_keeps_what_is_whole() -> None:
    result = read(HEADER.format("") + f"Whole\n\n{ABSTRACT}\n\nCut Off\n\nThis abstract ends in the mid")
    assert [paper.title for paper in result.papers] == ["Whole"]
    assert "Cut Off" in result.problems[0]


def test_a_listing_that_breaks_off_after_a_title_names_it() -> None:
    result = read(HEADER.format("") + f"Whole\n\n{ABSTRACT}\n\nOnly A Title")
    assert len(result.papers) == 1
    assert "Only A Title" in result.problems[0]


def test_every_cut_of_a_real_listing_keeps_only_whole_papers() -> None:
    path = seed_files()[1]
    text = path.read_text(encoding="utf-8")
    whole = {paper.title: paper.abstract for paper in load_file(path).papers}
    for cut in range(900, 30_000, 997):
        try:
            found = read(text[:cut]).papers
        except LoadError:
            continue
        for paper in found[:-1]:
            assert paper.abstract == whole[paper.title]
        # The last one may end where a sentence does, which nobody can tell from its end.
        assert whole.get(found[-1].title, "").startswith(found[-1].abstract)


@pytest.mark.parametrize(
    "text", [HEADER.format(""), "Just some text.\n\nMore of it."], ids=["header-only", "no-listing"]
)
def test_what_is_no_listing_is_a_clear_error(text: str) -> None:
    with pytest.raises(LoadError, match="x.txt"):
        read(text)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\x00\x01" * 50, "binary"),
        (b"%PDF-1.7 x", "damaged"),
        (b"caf\xe9 " * 40, "UTF-8"),
        (b" \n .. \n", "no text"),
    ],
    ids=["empty", "binary", "pdf", "latin-1", "blank"],
)
def test_bad_files_are_named_with_a_reason(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    with pytest.raises(LoadError, match=message):
        load_file(path)
