"""What readers think of answers: votes with notes, and questions for a test set of one's own, as JSON Lines."""

import hashlib
import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.answers import Answer
from assistant.errors import LibraryError
from assistant.files import write_whole
from assistant.records import Paper


class Feedback:
    """The files `feedback.jsonl` (votes) and `testset.jsonl` (questions that `assistant eval` reads) in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.votes = folder / "feedback.jsonl"
        self.testset = folder / "testset.jsonl"
        self._lock = threading.Lock()

    def vote(self, answer: Answer, good: bool, note: str = "") -> None:
        """Keeps one opinion of an answer: good or not, with an optional note."""
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
        with self._lock:
            lines = _lines(self.votes)
            write_whole(self.votes, _joined([*lines, json.dumps(record, ensure_ascii=False)]))

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
        with self._lock:
            kept = [line for line in _lines(self.testset) if json.loads(line).get("id") != item["id"]]
            write_whole(self.testset, _joined([*kept, json.dumps(item, ensure_ascii=False)]))
        return len(kept) + 1


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except FileNotFoundError:
        return []


def _joined(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
