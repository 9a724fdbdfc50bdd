"""The store: killed at any moment it opens and answers; on a Chroma server it is the same library."""

import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import chromadb
import pytest

from assistant import Assistant, Paper
from assistant.errors import FingerprintError, LibraryError, LoadError, StoreError
from assistant.files import is_stream, write_lines
from assistant.indexing import Indexer
from assistant.loaders.child import in_child as real
from assistant.retrieval.finding import Finder
from assistant.store.catalogue import Catalogue
from assistant.store.vectors import VectorIndex

HALF = "Which method keeps half of the parameters frozen in each tuning round?"
BUILD = "import sys; from assistant import Assistant; Assistant(data_dir=sys.argv[1]).search('x'); print('done')"


def build(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", BUILD, str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@pytest.mark.slow
def test_killed_at_twenty_random_moments_of_building_it_opens_and_answers(tmp_path: Path) -> None:
    start = time.monotonic()
    assert build(tmp_path / "undisturbed").wait() == 0
    whole = time.monotonic() - start
    draw = random.Random(20)
    with Assistant(data_dir=tmp_path / "undisturbed") as library:
        expected = library.ask(HALF).text
    for number in range(20):
        folder = tmp_path / f"killed-{number}"
        process = build(folder)
        # The first third of the time goes into imports, before anything is written.
        time.sleep(draw.uniform(0.3, 1.0) * whole)
        process.send_signal(signal.SIGKILL)
        process.wait()
        with Assistant(data_dir=folder) as library:
            assert library.ask(HALF).text == expected, number
            assert len(library.papers()) == 456


def test_an_index_that_was_being_written_is_built_anew(tmp_path: Path) -> None:
    with Assistant(data_dir=tmp_path) as library:
        library.add(Paper(title="Otters", abstract="Otters swim in cold rivers."))
        state = library._catalogue.follower("chroma")
        library._catalogue.set_follower("chroma", replace(state, writing=True))
    with Assistant(data_dir=tmp_path) as library:
        assert library.search("otters")[0].paper.title == "Otters"
        assert library._catalogue.follower("chroma") == replace(state, generation=state.generation + 1)
    assert [folder.name for folder in (tmp_path / "chroma").iterdir()] == [f"gen-{state.generation + 1}"]


@pytest.mark.parametrize("index", ["chroma", "lexical"])
def test_a_deleted_index_comes_back_without_embedding_again(tmp_path: Path, index: str) -> None:
    import shutil

    with Assistant(data_dir=tmp_path) as library:
        library.add(Paper(title="Otters", abstract="Otters swim in cold rivers."))
    shutil.rmtree(tmp_path / index)
    with Assistant(data_dir=tmp_path) as library:
        library._holdings.indexer._embedder = None  # type: ignore[assignment]
        assert library.search("otters")[0].paper.title == "Otters"


def test_filling_that_was_cut_off_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant.indexing import Indexer

    real, calls = Indexer.write, []

    def stop_at_the_third(self: Indexer, *args: object) -> int:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Indexer, "write", stop_at_the_third)
    with Assistant(data_dir=tmp_path) as library, pytest.raises(KeyboardInterrupt):
        library.search("x")
    monkeypatch.undo()
    with Assistant(data_dir=tmp_path) as library:
        assert 0 < library.counts()[0] < 456
        assert len(library.papers()) == 456


def test_any_chroma_client_can_read_the_collection(seeds_folder: Path) -> None:
    (folder,) = (seeds_folder / "chroma").iterdir()
    client = chromadb.PersistentClient(str(folder))
    (collection,) = client.list_collections()
    found = client.get_collection(collection.name).get(where={"year": 2017}, include=["documents", "metadatas"])
    assert found["documents"]
    assert all(metadata["title"] and metadata["paper_id"] for metadata in found["metadatas"] or [])


@pytest.fixture(scope="module")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        str(Path(sys.executable).with_name("chroma")),
        "run",
        "--path",
        str(tmp_path_factory.mktemp("server")),
        "--port",
        str(port),
    ]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    )  # a full pipe would stop it
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    else:
        process.kill()
        pytest.skip("the chroma server did not start")
    yield port
    process.kill()
    process.wait()


def test_on_a_chroma_server_it_is_the_same_library(
    chroma_server: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    papers = [
        Paper(title="Otters", abstract="Otters swim in cold rivers."),
        Paper(title="Beavers", abstract="Beavers build dams."),
    ]
    with Assistant(data_dir=tmp_path) as library:
        library.add(papers)
        embedded = [passage.text for passage in library.search("who builds dams?")]
    monkeypatch.setenv("CHROMA_HOST", "127.0.0.1")
    monkeypatch.setenv("CHROMA_PORT", str(chroma_server))
    monkeypatch.setenv("CHROMA_HEADERS", '{"X-Chroma-Token": "secret"}')
    with Assistant(data_dir=tmp_path) as library:
        assert [passage.text for passage in library.search("who builds dams?")] == embedded
        library.remove(["Beavers"])
        assert [passage.paper.title for passage in library.search("who builds dams?")] == ["Otters"]
        names = [collection.name for collection in chromadb.HttpClient("127.0.0.1", chroma_server).list_collections()]
        assert library._holdings.indexes.vectors.name in names
    monkeypatch.delenv("CHROMA_HOST")
    with Assistant(data_dir=tmp_path) as library:  # and back, without a setting of its own
        assert [passage.paper.title for passage in library.search("who builds dams?")] == ["Otters"]


def test_a_new_generation_on_a_chroma_server_takes_the_place_of_the_old_one(chroma_server: int, tmp_path: Path) -> None:
    client = chromadb.HttpClient("127.0.0.1", chroma_server)
    strangers = client.create_collection("assistant-of-another-gen-1")
    settings = {"chroma_host": "127.0.0.1", "chroma_port": chroma_server, "reranker": "off"}
    generations = []
    for chunk_tokens in (400, 300):
        with Assistant(
            data_dir=tmp_path, rebuild=chunk_tokens == 300, chunk_tokens=chunk_tokens, **settings
        ) as library:
            library.add([Paper(title="Otters", abstract="Otters swim in cold rivers.")])
            assert library.search("where do otters swim?")
            generations.append(library._holdings.indexes.vectors.name)
    names = {collection.name for collection in client.list_collections()}
    assert generations[0] != generations[1]
    assert names & {*generations, strangers.name} == {generations[1], strangers.name}


def test_a_chroma_server_that_says_nothing_is_given_up(
    chroma_server: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.store.vectors._SILENT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = {"chroma_host": "127.0.0.1", "chroma_port": silent.getsockname()[1]}
        with Assistant(data_dir=tmp_path, **address) as library, pytest.raises(StoreError, match="timed out.*doctor"):
            library.add([Paper(title="Otters", abstract="Otters swim.")])
    with Assistant(data_dir=tmp_path, chroma_host="127.0.0.1", chroma_port=chroma_server) as library:
        assert library.search("otters")
        assert (
            library._holdings.indexes.vectors._client._server._session.timeout.read == 0.5
        )  # of a request later on, too


def test_a_chroma_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Assistant(data_dir=tmp_path, chroma_host="127.0.0.1", chroma_port=port) as library:
        with pytest.raises(StoreError, match=re.escape(f"127.0.0.1:{port}")):
            library.add(Paper(title="Otters", abstract="Otters swim."))
        assert library.counts() == (1, 1)  # nothing given is lost
    with Assistant(data_dir=tmp_path) as library:
        assert library.search("otters")[0].paper.title == "Otters"


@pytest.mark.parametrize("fails", [False, True], ids=["works", "crashes"])
def test_a_process_of_its_own_indexes_many_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    asked: list[str] = []

    def in_child(function: str, path: Path, seconds: float, **options: Any) -> None:
        if fails:
            asked.append("crashed")
            raise LoadError("crashed")
        real(function, path, seconds, **options)
        asked.append(function)

    monkeypatch.setattr("assistant.store.following._WORTH_A_PROCESS", 2)
    monkeypatch.setattr("assistant.store.following.in_child", in_child)
    papers = [Paper(title=f"Otter {n}", abstract=f"Otter number {n} eats {n} fish.") for n in range(5)]
    with Assistant(data_dir=tmp_path, reranker="off") as library:
        library.add(papers)
        library.remove(["Otter 1", "Otter 2"])
        assert asked == ["crashed" if fails else "assistant.store.lexical:index_words"] * 2
        assert library._holdings.indexes.lexical.count() == library._holdings.indexes.vectors.count() == 3
        assert library.search("number 4", dense_weight=0)[0].paper.title == "Otter 4"
        assert {p.paper.title for p in library.search("otter", dense_weight=0)} == {"Otter 0", "Otter 3", "Otter 4"}


def test_a_reader_goes_on_asking_while_the_library_is_rebuilt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embedding, go_on = threading.Event(), threading.Event()
    papers = [Paper(title=f"Otter {n}", abstract=f"Otter number {n} eats {n} fish. " * 30) for n in range(3)]
    with Assistant(data_dir=tmp_path, reranker="off") as library:
        library.add(papers)
    reader = Assistant(data_dir=tmp_path, reranker="off")
    assert reader.search("number 2")
    real = Indexer._embedded

    def slow(self: Indexer, *values: Any) -> Any:
        embedding.set()
        assert go_on.wait(30)
        return real(self, *values)

    monkeypatch.setattr(Indexer, "_embedded", slow)
    rebuilding = threading.Thread(
        target=lambda: Assistant(data_dir=tmp_path, reranker="off", chunk_tokens=60, rebuild=True).close()
    )
    rebuilding.start()
    assert embedding.wait(30)
    assert reader.search("number 2")[0].paper.title == "Otter 2"
    assert reader.ask("How many fish does otter number 2 eat?").citations
    with Assistant(data_dir=tmp_path, reranker="off") as another:  # a new process too
        assert another.search("number 2")[0].paper.title == "Otter 2"
    go_on.set()
    rebuilding.join()
    with pytest.raises(FingerprintError, match="60"):  # it would mix two kinds of chunks
        reader.search("number 2")
    reader.close()
    with Assistant(data_dir=tmp_path, reranker="off", chunk_tokens=60) as library:
        assert library.counts()[1] > 3
        assert library.search("number 2")[0].paper.title == "Otter 2"


def test_a_rebuild_in_the_middle_of_a_question_does_not_empty_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Assistant(data_dir=tmp_path, reranker="off") as reader, Assistant(data_dir=tmp_path, reranker="off") as beside:
        reader.add([Paper("Otters", "Otters swim in cold rivers."), Paper("Beavers", "Beavers build dams of wood.")])
        real, rebuilds = Finder.find, iter(range(1))

        def meanwhile(self: Finder, *values: Any, **options: Any) -> Any:
            for _ in rebuilds:  # once, after the indexes were followed and before they are asked
                beside.rebuild()
            return real(self, *values, **options)

        monkeypatch.setattr(Finder, "find", meanwhile)
        answer = reader.ask("Where do otters swim?")
        assert next(rebuilds, None) is None
        assert (answer.status, answer.citations[0].paper.title) == ("answered", "Otters")


def test_an_export_moves_to_a_chroma_server_without_embedding_again(
    chroma_server: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    papers = [Paper(title="Otters", abstract="Otters swim."), Paper(title="Beavers", abstract="Beavers build dams.")]
    with Assistant(data_dir=tmp_path / "old", reranker="off") as library:
        library.add(papers)
        library.export(tmp_path / "all.jsonl")
        vectors = library._catalogue.vectors_of(library._catalogue.chunk_ids_of(library._catalogue.paper_ids()))
    with Assistant(
        data_dir=tmp_path / "new", reranker="off", chroma_host="127.0.0.1", chroma_port=chroma_server
    ) as library:
        with monkeypatch.context() as patched:
            patched.setattr(
                type(library._holdings.embedder), "encode", lambda self, texts: pytest.fail("embedded") if texts else []
            )
            library.add(tmp_path / "all.jsonl")
        assert library.search("who builds dams?")[0].paper.title == "Beavers"
        collection = chromadb.HttpClient("127.0.0.1", chroma_server).get_collection(
            library._holdings.indexes.vectors.name
        )
        got = collection.get(include=["embeddings"])
    assert set(got["ids"]) == set(vectors)
    for name, vector in zip(got["ids"], got["embeddings"], strict=True):
        assert vector == pytest.approx(vectors[name], abs=1e-3)


def test_no_client_of_chroma_outlives_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither one whose vectors are not sound, nor one that could not be brought up to date."""
    opened: list[VectorIndex] = []
    closed: list[VectorIndex] = []
    connect, close = VectorIndex.__init__, VectorIndex.close
    monkeypatch.setattr(VectorIndex, "__init__", lambda index, *given: opened.append(index) or connect(index, *given))
    monkeypatch.setattr(VectorIndex, "close", lambda index: closed.append(index) or close(index))
    with Assistant(data_dir=tmp_path) as library:
        library.add(Paper(title="Otters", abstract="Otters swim in cold rivers."))
    with monkeypatch.context() as damaged, Assistant(data_dir=tmp_path) as library:
        damaged.setattr(VectorIndex, "is_sound", lambda index, *given: False)
        assert library.search("otters")
    with monkeypatch.context() as full, Assistant(data_dir=tmp_path / "new") as library:
        full.setattr(VectorIndex, "add", lambda index, entries: index._guarded(lambda: 1 / 0))
        with pytest.raises(StoreError):
            library.add(Paper(title="Otters", abstract="Otters swim in cold rivers."))
    assert len(opened) == 4
    assert set(map(id, closed)) == set(map(id, opened))


@pytest.mark.parametrize("content", ["newer", "damaged"])
def test_a_catalogue_that_cannot_be_used_is_not_left_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    path = tmp_path / "catalogue.sqlite"
    if content == "damaged":
        path.write_bytes(b"broken" * 200)
    else:
        with closing(sqlite3.connect(path)) as newer:
            newer.execute("PRAGMA user_version=99")
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect
    monkeypatch.setattr(
        "assistant.store.database.sqlite3.connect",
        lambda *given, **options: opened.append(connect(*given, **options)) or opened[-1],
    )
    with pytest.raises(LibraryError):
        Catalogue(path)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")


def test_records_that_are_remembered_follow_every_write(tmp_path: Path) -> None:
    old, new = Paper("Otters", "They swim.", id="a"), Paper("Otters", "They eat fish.", id="a")
    with closing(Catalogue(tmp_path / "c")) as here, closing(Catalogue(tmp_path / "c")) as elsewhere:
        with here.transaction():
            here.put_papers([(old, [], [])])
        assert here.papers_by_id(["b", "a"]) == elsewhere.papers_by_id(["a"]) == {"a": old}
        assert here.paper("a") is here.paper("a")  # read once
        with elsewhere.transaction():
            elsewhere.put_papers([(new, [], [])])
        assert here.paper("a") == elsewhere.paper("a") == new
        with suppress(ZeroDivisionError), here.transaction():
            here.put_papers([(old, [], [])])
            assert here.paper("a") == old
            raise ZeroDivisionError
        assert here.paper("a") == new


def test_papers_are_found_by_the_names_in_their_titles(tmp_path: Path) -> None:
    with Assistant(data_dir=tmp_path, model="extractive") as library:
        library.add(
            [
                Paper("DenNet: Counting Dens", "One."),
                Paper("RiverNet", "Two."),
                Paper('The "Weir"; a survey', "Three."),
                Paper("DenNet: Again", "Four."),
                Paper("DenNets", "Five."),
            ]
        )
        titles = {paper.id: paper.title for paper in library.papers()}
        with closing(Catalogue(tmp_path / "catalogue.sqlite")) as catalogue:
            found = catalogue.papers_named(["dennet", "RiverNet", "weir", 'the "weir"; a survey', "o'er", "😀\u2028\\"])
    assert {name: [titles[key] for key in ids] for name, ids in found.items()} == {
        "dennet": ["DenNet: Counting Dens", "DenNet: Again"],
        "RiverNet": ["RiverNet"],
        'the "weir"; a survey': ['The "Weir"; a survey'],
    }


def test_a_chroma_that_does_not_close_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = Assistant(data_dir=tmp_path)
    library.add([Paper("Otters", "Otters swim in cold rivers.")])
    never = threading.Event()
    client = library._holdings.indexes.vectors._client
    monkeypatch.setattr("assistant.store.vectors._CLOSING", 0.2)
    monkeypatch.setattr(client, "close", never.wait)
    began = time.monotonic()
    library.close()
    assert time.monotonic() - began < 10
    never.set()


@pytest.mark.slow
def test_papers_beside_a_text_that_says_one_thing_over_and_over_are_found_and_nothing_is_built_anew(
    tmp_path: Path, seeds_folder: Path
) -> None:
    with Assistant(data_dir=seeds_folder) as library:
        few = [Paper(paper.title, abstract=paper.abstract[:150]) for paper in library.papers()[:60]]
    log = (
        "The sensor sent its reading of the day to the station by the river, and nothing happened that was noted. "
        * 2000
    )
    with Assistant(data_dir=tmp_path, chunk_tokens=50) as library:
        library.add(few)
        library.add(Paper("Log", abstract=log))
    with Assistant(data_dir=tmp_path, chunk_tokens=50) as library:
        found = [library.search(f"{paper.title}\n{paper.abstract}", k=5, dense_weight=1.0) for paper in few]
        assert [any(p.paper.title == paper.title for p in ps) for ps, paper in zip(found, few, strict=True)] == [
            True
        ] * 60
        assert library._catalogue.follower("chroma").generation == 1
        # The graph alone loses most of them: were it not so, this would show nothing.
        catalogue, vectors = library._catalogue, library._holdings.indexes.vectors
        own = catalogue.vectors_of(catalogue.chunk_ids_of(catalogue.paper_ids()[:60]))
        assert not vectors.reaches(list(own.items()))
        assert vectors.is_sound(catalogue.counts()[1], list(own.items()))


def test_vectors_that_chroma_lost_are_noticed_at_the_next_opening(tmp_path: Path) -> None:
    with Assistant(data_dir=tmp_path) as library:
        library.add([Paper("Otters", "Otters swim."), Paper("Beavers", "Beavers build dams.")])
        catalogue, vectors = library._catalogue, library._holdings.indexes.vectors
        first, second = catalogue.chunk_ids_of(catalogue.paper_ids())
        wrong = catalogue.vectors_of([first])[first]
        vectors._collection.update(ids=[second], embeddings=[wrong])  # as many as before, but not what it was
    with Assistant(data_dir=tmp_path) as library:
        assert library.search("dams")[0].paper.title == "Beavers"
        assert library._catalogue.follower("chroma").generation == 2


@pytest.mark.skipif(os.name != "posix", reason="wants links, permissions and pipes of POSIX")
class TestFilesThatAreReplaced:
    def test_through_a_link_the_file_itself_is_replaced_and_keeps_its_permissions(self, tmp_path: Path) -> None:
        shared = tmp_path / "shared" / "papers.jsonl"
        shared.parent.mkdir()
        shared.write_bytes(b"old")
        shared.chmod(0o640)
        link = tmp_path / "link.jsonl"
        link.symlink_to(shared)
        assert write_lines(link, [b"new\n", b"lines\n"]) == 2
        assert link.is_symlink()
        assert shared.read_bytes() == b"new\nlines\n"
        assert shared.stat().st_mode & 0o777 == 0o640
        assert [path.name for path in shared.parent.iterdir()] == ["papers.jsonl"]

    def test_a_new_file_has_the_permissions_of_any_other(self, tmp_path: Path) -> None:
        (tmp_path / "plain").write_bytes(b"")
        write_lines(tmp_path / "ours", [b"x"])
        assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode

    def test_a_pipe_is_written_to_and_stays_one(self, tmp_path: Path) -> None:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        with ThreadPoolExecutor(1) as reader:
            read = reader.submit(pipe.read_bytes)
            write_lines(pipe, [b"a line\n"])
            assert read.result(timeout=10) == b"a line\n"
        assert pipe.is_fifo()

    def test_a_file_is_no_stream_wherever_it_is(self, tmp_path: Path) -> None:
        assert is_stream(Path("/dev/stdout")) and is_stream(Path("/proc/self/fd/1"))
        assert not is_stream(Path("/dev/shm/papers.jsonl")) and not is_stream(tmp_path / "papers.jsonl")

    def test_what_stands_in_the_file_behind_standard_output_stays(self, tmp_path: Path) -> None:
        with (tmp_path / "kept").open("ab") as file:
            file.write(b"kept\n")
            file.flush()
            assert write_lines(Path(f"/dev/fd/{file.fileno()}"), [b"a line\n"]) == 1
        assert (tmp_path / "kept").read_bytes() == b"kept\na line\n"

    def test_what_is_written_to_standard_output_can_be_piped(self) -> None:
        write = "from pathlib import Path; from assistant.files import write_lines; write_lines(Path('/dev/stdout'), [b'a line'])"
        assert subprocess.run([sys.executable, "-c", write], capture_output=True, check=True).stdout == b"a line"
