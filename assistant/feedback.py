"""What readers think of answers: votes with notes, and questions for a test set of one's own, as JSON Lines."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.answers import Answer
from assistant.errors import LibraryError
from assistant.files import WriteQueue, append_line, write_whole
from assistant.records import Paper


class Feedback:
    """The files `feedback.jsonl` (votes) and `testset.jsonl` (questions that `assistant eval` reads) in `folder`.

    Safe to use from several threads and processes. A line that cannot be read is left as it is.
    """

    def __init__(self, folder: Path) -> None:
        self.votes = folder / "feedback.jsonl"
        self.testset = folder / "testset.jsonl"
        self._queue = WriteQueue(folder, "feedback.lock")

    def vote(self, answer: Answer, good: bool | None, note: str = "") -> None:
        """Keeps one opinion of an answer: good or not, None for a note that says neither, with an optional note."""
        record = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "good": good,
            "note": note.strip(),
            "question": answer.question,
            "standalone_question": answer.standalone_question,
            "status": answer.status,
            "mode": answer.mode,
            "text": answer.text,
            "cited": [citation.paper.title for citation in answer.citations],
        }
        with self._queue.turn():
            append_line(self.votes, _line(record))

    def add_to_testset(self, question: str, expected: Paper | None, note: str = "") -> int:
        """Adds a question to the own test set: `expected` is the paper that answers it, None where none does.

        A question that is there already is replaced. Returns how many questions the set then holds. Raises LibraryError
        for an empty question.
        """
        text = " ".join(question.split())
        if not text:
            raise LibraryError("the question is empty; ask something first")
        item: dict[str, Any] = {
            "id": f"own-{hashlib.sha256(text.casefold().encode()).hexdigest()[:10]}",
            "question": text,
            "type": "own" if expected else "own unanswerable",
            "answerable": expected is not None,
            "reference": note.strip(),
            "relevant": {expected.title: 2} if expected else {},
            "provenance": "page",
            "reviewed": True,
        }
        with self._queue.turn():
            kept = [line for line in _lines(self.testset) if _id(line) != item["id"]]
            write_whole(self.testset, b"".join(line + b"\n" for line in (*kept, _line(item))))
        return len(kept) + 1


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode()


def _lines(path: Path) -> list[bytes]:
    """The lines that are not empty. Quoted text may hold other line separators of Unicode; only "\n" ends a record."""
    try:
        return [line for line in path.read_bytes().split(b"\n") if line.strip()]
    except FileNotFoundError:
        return []


def _id(line: bytes) -> Any:
    """The id of a record; None for a line that is none."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record.get("id") if isinstance(record, dict) else None
