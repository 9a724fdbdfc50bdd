"""Stored conversations: no turn is lost, whoever writes at the same time, whatever is in the folder."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assistant.answers import Answer
from assistant.conversations import Conversations


def answer(question: str) -> Answer:
    return Answer(question, "not_found", reason="Not found.")


def test_turns_of_several_threads_are_all_kept(tmp_path: Path) -> None:
    name = Conversations(tmp_path).append("", answer("First?")).id

    def append(number: int) -> None:
        Conversations(tmp_path).append(name, answer(f"Question {number}?"))  # one object for each library that is open

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(append, range(80)))
    assert len(Conversations(tmp_path).load(name).turns) == 81


def test_a_file_that_cannot_be_read_is_never_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = Conversations(tmp_path)
    name = stored.append("", answer("First?")).id
    file = tmp_path / f"{name}.json"
    kept = file.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", lambda self: (_ for _ in ()).throw(OSError(24, "Too many open files")))
        beside = stored.append(name, answer("Second?"))
    assert (beside.id != name, file.read_bytes()) == (True, kept)
    other_format = b'{"id": "' + name.encode() + b'", "chapters": [], "turns": 7}'
    file.write_bytes(other_format)
    assert stored.get(name).id != name  # a page that opens it goes on under another id
    again = stored.append(name, answer("Third?"))
    assert (again.id != name, file.read_bytes()) == (True, other_format)
    assert [turn.question for turn in stored.load(again.id).turns] == ["Third?"]


def test_a_conversation_that_is_gone_is_new_under_its_id(tmp_path: Path) -> None:
    stored = Conversations(tmp_path)
    name = stored.append("", answer("First?")).id
    stored.delete(name)
    assert stored.get(name).turns == ()
    assert stored.append(name, answer("Second?")).id == name
    assert stored.get("../../etc").id != "../../etc"


def test_a_conversation_that_goes_while_they_are_listed_is_left_out(tmp_path: Path) -> None:
    stored = Conversations(tmp_path)
    name = stored.append("", answer("First?")).id
    (tmp_path / "0123456789ab.json").symlink_to(tmp_path / "gone")  # listed, and no longer there when it is looked at
    assert [summary.id for summary in stored.newest()] == [name]
