"""An ingest that is killed, that meets a full disk, or that is stopped: the library opens, holds whole papers only, answers,
and the next run makes of it what an undisturbed one would have."""

import json
import pydoc
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import zipfile
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any

import chromadb
import pytest
import tantivy

from assistant import Assistant
from assistant.chunking import chunk_paper
from assistant.errors import LibraryError, StoreError
from assistant.loaders import load_file
from assistant.seeding import seed_files
from assistant.store.catalogue import Catalogue

KILLS = 50
ADD = (
    "import sys; from assistant import Assistant; library = Assistant(data_dir=sys.argv[1], reranker='off'); "
    "import assistant.loaders.pdf; print('ready', flush=True); library.add(sys.argv[2], prune=True); library.close()"
)


def write_folder(folder: Path, edition: int) -> None:
    """PDFs, JSON Lines, BibTeX, Markdown and an archive, with papers in common; the second edition of the folder has lost,
    gained, moved and edited files."""
    seeds = [paper for path in seed_files()[:3] for paper in load_file(path).papers]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    changed = " It was revised." if edition == 2 else ""
    records = [{"title": p.title, "abstract": p.abstract + changed * (n % 5 == 0)} for n, p in enumerate(seeds[:200])]
    lines = records[10:] if edition == 2 else records
    (folder / "listing.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    entry = "@article{{k{}, title = {{{{{}}}}}, year = {{2020}}, abstract = {{{}}}}}"
    shorter = [entry.format(n, p.title.replace("%", ""), p.abstract[: len(p.abstract) // 2].replace("%", ""))
               for n, p in enumerate(seeds[150:260]) if not set("{}\\$#&_^~") & set(p.title + p.abstract)]  # fmt: skip
    (folder / "more.bib").write_text("\n".join(shorter), encoding="utf-8")
    for number, paper in enumerate(seeds[250:256]):
        name = f"moved-{number}.md" if edition == 2 and number < 2 else f"note-{number}.md"
        text = f"# {paper.title}\n\n## Abstract\n\n{paper.abstract}\n\n## Notes\n\n{seeds[number].abstract}\n"
        (folder / name).write_text(text, encoding="utf-8")
    for number, paper in enumerate(seeds[240:246] if edition == 1 else seeds[242:248]):
        write_pdf(
            folder / f"paper-{number}.pdf",
            paper.title,
            paper.abstract,
            [p.abstract for p in seeds[number : number + 4]],
        )
    with zipfile.ZipFile(folder / "packed.zip", "w") as archive:
        for number, paper in enumerate(seeds[256:262]):
            archive.writestr(
                f"in/{number}.json", json.dumps({"title": paper.title, "abstract": paper.abstract + changed})
            )


def write_pdf(path: Path, title: str, abstract: str, texts: list[str]) -> None:
    platypus = pytest.importorskip("reportlab.platypus", reason="pip install -e '.[test]'")
    styles = pytest.importorskip("reportlab.lib.styles").getSampleStyleSheet()
    from xml.sax.saxutils import escape

    flow: list[Any] = [
        platypus.Paragraph(escape(title), styles["Title"]),
        platypus.Paragraph("Abstract", styles["Heading2"]),
    ]
    flow.append(platypus.Paragraph(escape(abstract), styles["BodyText"]))
    for number, text in enumerate(texts, 1):
        flow += [
            platypus.Paragraph(f"{number} Part Number {number}", styles["Heading2"]),
            platypus.Paragraph(escape(text), styles["BodyText"]),
        ]
    platypus.SimpleDocTemplate(str(path), invariant=True).build(flow)


def contents(data: Path) -> dict[str, Any]:
    """Everything that the library holds: the catalogue's tables and both indexes, without generations and change numbers."""
    with sqlite3.connect(data / "catalogue.sqlite") as db:
        tables = {
            "papers": "SELECT id, year, record FROM papers ORDER BY position",
            "chunks": "SELECT id, paper_id, vector_key, record FROM chunks ORDER BY id",
            "vectors": "SELECT key, vector FROM vectors ORDER BY key",
            "files": "SELECT path, digest, whole FROM files ORDER BY path, digest",
            "held": "SELECT path, part, p.number, paper_id FROM file_papers p JOIN files f ON file = f.number ORDER BY 1, 2, 3",
            "identifiers": "SELECT name, paper_id FROM identifiers ORDER BY name",
        }
        found: dict[str, Any] = {name: db.execute(sql).fetchall() for name, sql in tables.items()}
    db.close()
    found["chroma"] = in_chroma(data)
    found["lexical"] = in_lexical(data)
    return found


def in_chroma(data: Path) -> dict[str, Any]:
    (folder,) = (data / "chroma").iterdir()
    client = chromadb.PersistentClient(str(folder))
    (collection,) = client.list_collections()
    got = collection.get(include=["documents", "metadatas", "embeddings"])
    closing = threading.Thread(target=client.close, daemon=True)  # as `VectorIndex.close`, and why
    closing.start()
    closing.join(20)
    rows = zip(got["ids"], got["documents"], got["metadatas"], got["embeddings"], strict=True)
    return {name: (text, metadata, vector.round(3).tolist()) for name, text, metadata, vector in rows}


def in_lexical(data: Path) -> list[str]:
    (folder,) = (data / "lexical").iterdir()
    searcher = tantivy.Index.open(str(folder)).searcher()
    hits = searcher.search(tantivy.Query.all_query(), max(1, searcher.num_docs)).hits
    return sorted(searcher.doc(address)["chunk_id"][0] for _, address in hits)


def assert_whole(catalogue: Catalogue, budget: int = 400) -> None:
    """Every stored paper has all chunks of its text, each with its vector, and nothing else is stored."""
    papers = catalogue.papers()
    stored = defaultdict(list)
    for entry in catalogue.entries([paper.id for paper in papers]):
        stored[entry.paper.id].append(entry.chunk.id)
    for paper in papers:
        assert sorted(stored[paper.id]) == sorted(chunk.id for chunk in chunk_paper(paper, budget)), paper.title
    assert catalogue.counts() == (len(papers), sum(map(len, stored.values())))


def assert_usable(data: Path) -> None:
    """It opens, both indexes agree with the catalogue, and a paper that it holds is found."""
    with Assistant(data_dir=data, reranker="off") as library:
        assert_whole(library._catalogue)
        if not library._catalogue.last_change():
            return  # killed before the first paper: a question would fill it from the seeds
        papers = library.papers()
        for paper in papers[:1] + papers[-1:]:
            assert paper.id in {passage.paper.id for passage in library.search(paper.title, k=5)}
        assert library.ask(papers[-1].title).status
        ids = sorted(entry.chunk.id for entry in library._catalogue.entries([paper.id for paper in papers]))
        assert library._holdings.indexes.vectors.count() == library._holdings.indexes.lexical.count() == len(ids)
    assert in_lexical(data) == sorted(in_chroma(data)) == ids


def assert_no_half_paper_in_the_lexical_index(data: Path) -> None:
    """As the kill left it, before anything is repaired: a paper is there with all of its chunks, or with none."""
    catalogue = Catalogue(data / "catalogue.sqlite")
    folders = list((data / "lexical").glob("gen-*/meta.json"))
    found = set(in_lexical(data)) if len(folders) == 1 else set()
    kept = catalogue.searchable(sorted(found), catalogue.follower("lexical").number)
    by_paper = defaultdict(set)
    for name in kept:
        by_paper[name.partition("-")[0]].add(name)
    for paper_id, names in by_paper.items():
        assert names == set(catalogue.chunk_ids_of([paper_id]))
    catalogue.close()


def start(data: Path, folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", ADD, str(data), str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.slow
def test_killed_at_fifty_random_moments_it_ends_as_if_undisturbed(tmp_path: Path) -> None:
    folder, first = tmp_path / "papers", tmp_path / "first"
    write_folder(folder, 1)
    assert start(first, folder).wait() == 0
    write_folder(folder, 2)
    expected, seconds = {}, {}
    for base in (None, first):
        data = tmp_path / f"undisturbed-{bool(base)}"
        if base:
            shutil.copytree(base, data)
        process, began = start(data, folder), time.monotonic()
        assert process.wait() == 0
        seconds[base], expected[base] = time.monotonic() - began, contents(data)
    assert len(expected[None]["papers"]) > 200
    draw, killed = random.Random(50), 0
    for number in range(3 * KILLS):
        if killed == KILLS:
            break
        base, data = (None, first)[number % 2], tmp_path / f"killed-{number}"
        if base:
            shutil.copytree(base, data)
        process = start(data, folder)
        began = time.monotonic()
        with suppress(subprocess.TimeoutExpired):
            process.wait(draw.uniform(0.0, 1.0) * seconds[base])
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
        else:  # it was faster than the first one, on a machine that has other users
            seconds[base] = time.monotonic() - began
        assert_no_half_paper_in_the_lexical_index(data)
        assert_usable(data)
        with Assistant(data_dir=data, reranker="off") as library:
            library.add(folder, prune=True)
        found = contents(data)
        for name, rows in expected[base].items():
            assert found[name] == rows, (number, name)
        shutil.rmtree(data)
    assert killed == KILLS


def some_papers(path: Path, count: int = 80) -> Path:
    seeds = [paper for file in seed_files() for paper in load_file(file).papers]
    path.write_text(
        "\n".join(json.dumps({"title": p.title, "abstract": p.abstract}) for p in seeds[:count]), encoding="utf-8"
    )
    return path


@pytest.fixture(scope="module")
def listing(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A file of papers, and what a library holds after adding it undisturbed."""
    folder = tmp_path_factory.mktemp("listing")
    path = some_papers(folder / "listing.jsonl")
    with Assistant(data_dir=folder / "data", reranker="off") as library:
        library.add(path)
    return path, contents(folder / "data")


def goes_on(data: Path, path: Path, expected: dict[str, Any]) -> None:
    assert_usable(data)
    with Assistant(data_dir=data, reranker="off") as library:
        library.add(path)
    assert contents(data) == expected


@pytest.mark.parametrize(
    "pages", [pytest.param(0, id="at once", marks=pytest.mark.slow), pytest.param(110, id="half way")]
)
def test_a_full_disk_is_one_clear_line_and_the_next_run_goes_on(
    pages: int, tmp_path: Path, listing: tuple[Path, dict[str, Any]]
) -> None:
    path, expected = listing
    with Assistant(data_dir=tmp_path / "data", reranker="off") as library:
        database = library._catalogue._db
        used = database.execute("PRAGMA page_count").fetchone()[0]
        database.execute(f"PRAGMA max_page_count = {used + pages}")
        with pytest.raises(LibraryError, match="free some disk space"):
            library.add(path)
        assert library.counts()[0] == (64 if pages else 0)
        database.execute("PRAGMA max_page_count = 1000000")
    goes_on(tmp_path / "data", path, expected)


NO_SPACE = OSError(28, "No space left on device")
PLACES = {  # what is stopped, and at which call
    "putting papers": ("assistant.store.catalogue.Catalogue.put_papers", 2),
    "noting what a file held": ("assistant.store.catalogue.Catalogue.put_held", 2),
    "finishing a file": ("assistant.store.catalogue.Catalogue.finish_file", 1),
    "storing vectors": ("chromadb.api.models.Collection.Collection.upsert", 1),
    "writing words": ("assistant.store.lexical.tantivy.Document", 30),
    "words are written": ("assistant.store.lexical.LexicalIndex.refresh", 1),
}


@pytest.mark.parametrize(
    ("place", "error"),
    [
        pytest.param("putting papers", KeyboardInterrupt(), marks=pytest.mark.slow),
        ("noting what a file held", KeyboardInterrupt()),
        pytest.param("finishing a file", KeyboardInterrupt(), marks=pytest.mark.slow),
        pytest.param("storing vectors", KeyboardInterrupt(), marks=pytest.mark.slow),
        pytest.param("storing vectors", NO_SPACE, marks=pytest.mark.slow),
        pytest.param("writing words", NO_SPACE, marks=pytest.mark.slow),
        pytest.param("words are written", KeyboardInterrupt(), marks=pytest.mark.slow),
    ],
)
def test_stopped_anywhere_it_answers_and_the_next_run_goes_on(
    place: str,
    error: BaseException,
    tmp_path: Path,
    listing: tuple[Path, dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, expected = listing
    name, turn = PLACES[place]
    calls: list[int] = []
    real = pydoc.locate(name)

    def stop_at_its_turn(*values: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == turn:
            raise error
        return real(*values, **named)  # type: ignore[operator]

    with Assistant(data_dir=tmp_path / "data", reranker="off") as library:
        with monkeypatch.context() as patched:
            patched.setattr(name, stop_at_its_turn)
            with pytest.raises(
                (StoreError, KeyboardInterrupt), match="free some disk space" if error is NO_SPACE else None
            ):
                library.add(path)
        if library.counts()[0]:
            assert library.search(library.papers()[0].title)  # the open library goes on too
    goes_on(tmp_path / "data", path, expected)
