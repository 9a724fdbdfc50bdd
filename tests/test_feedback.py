"""Opinions and the own test set: nothing is lost between threads, between processes, or in text with odd line separators."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant, Paper
from assistant.answers import Answer
from assistant.errors import LibraryBusyError
from assistant.evaluation.testset import load_testset
from assistant.feedback import Feedback
from assistant.files import WriterLock

ODD = "before\u2028after\u2029and\u0085on"
ADD = (
    "import sys; from pathlib import Path; from assistant.feedback import Feedback; print('ready', flush=True); input(); "
    "[Feedback(Path(sys.argv[1])).add_to_testset(f'{sys.argv[2]} {n}?', None) for n in range(60)]"
)


def answer(question: str) -> Answer:
    return Answer(question, "not_found", reason="Not found.")


def test_a_library_has_one_feedback_and_one_set_of_conversations(library: Assistant) -> None:
    assert library.feedback is library.feedback
    assert library.conversations is library.conversations


def test_votes_of_several_threads_are_all_kept(tmp_path: Path) -> None:
    def vote(number: int) -> None:
        Feedback(tmp_path).vote(answer(f"Question {number}?"), good=True)  # as many objects as there may be libraries

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(vote, range(120)))
    lines = Feedback(tmp_path).votes.read_bytes().split(b"\n")
    assert sorted(json.loads(line)["question"] for line in lines if line) == sorted(
        f"Question {number}?" for number in range(120)
    )


def test_questions_of_two_processes_are_all_kept(tmp_path: Path) -> None:
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    running = [subprocess.Popen([sys.executable, "-c", ADD, str(tmp_path), name], **pipes) for name in ("one", "two")]
    for process in running:
        assert process.stdout.readline() == "ready\n"
    for process in running:
        print(file=process.stdin, flush=True)
    assert [process.wait() for process in running] == [0, 0]
    assert len(load_testset(Feedback(tmp_path).testset)) == 120


def test_a_process_that_does_not_let_go_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.files._WAIT", 0.1)
    with WriterLock(tmp_path, name="feedback.lock"), pytest.raises(LibraryBusyError, match="another process"):
        Feedback(tmp_path).vote(answer("Why?"), good=True)


def test_line_separators_of_unicode_do_not_end_a_record(tmp_path: Path) -> None:
    feedback = Feedback(tmp_path)
    for number in range(2):
        feedback.vote(answer(f"{ODD} {number}"), good=False, note=ODD)
        # Whatever asks passes through split() first, titles and notes do not.
        assert feedback.add_to_testset(f"Question {number}?", Paper(ODD, "Otters swim."), ODD) == number + 1
    votes = [json.loads(line) for line in feedback.votes.read_bytes().split(b"\n") if line]
    assert [vote["question"] for vote in votes] == [f"{ODD} 0", f"{ODD} 1"]
    assert [item.relevant for item in load_testset(feedback.testset)] == [{ODD: 2}] * 2


def test_lines_that_cannot_be_read_stay_as_they_are(tmp_path: Path) -> None:
    feedback = Feedback(tmp_path)
    torn = b'{"id": "own-1", "ques\n\xff\xfe\n[1]\n{"id": "cut o'
    for path in (feedback.votes, feedback.testset):
        path.write_bytes(torn)
    feedback.vote(answer("Why?"), good=True)
    feedback.add_to_testset("Why?", None)
    for path in (feedback.votes, feedback.testset):
        assert path.read_bytes().startswith(torn + b"\n")
        assert json.loads(path.read_bytes().split(b"\n")[4])["question"] == "Why?"
