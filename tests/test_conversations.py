"""Stored conversations: no turn is lost, whoever writes at the same time, whatever is in the folder."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

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
