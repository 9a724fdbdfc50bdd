"""Conversations that outlive the page: one JSON file each in the data folder, every answer with its citations inside.

What a message cites is stored with the message, so that a later change of the library cannot make its citations drift.
"""

import logging
import re
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from assistant.answers import Answer
from assistant.errors import LibraryError
from assistant.files import WriteQueue, write_whole
from assistant.markup import bibtex, escape_markdown
from assistant.records import Paper

_ID = re.compile(r"[0-9a-f]{12}")  # nothing else names a file
_TITLE_CHARACTERS = 80


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class Turn:
    """A question with its answer, and when it was answered (ISO 8601, UTC)."""

    question: str
    answer: Answer
    at: str = field(default_factory=_now)


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns under a title, and the question that was asked after them where it has no answer yet ("": there is none).

    A new one has no turns, an id of 12 hex digits, and is stored with its first question.
    """

    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    title: str = ""
    turns: tuple[Turn, ...] = ()
    unanswered: str = ""

    @property
    def history(self) -> list[dict[str, str]]:
        """The turns as `Assistant.ask` takes them."""
        return [
            {"role": role, "content": content}
            for turn in self.turns
            for role, content in (("user", turn.question), ("assistant", turn.answer.text))
        ]

    @property
    def cited_papers(self) -> tuple[Paper, ...]:
        """Every paper that an answer cites, once, in order."""
        papers = {c.paper.id: c.paper for turn in self.turns for c in turn.answer.citations}
        return tuple(papers.values())

    def to_markdown(self) -> str:
        """The conversation as Markdown: each answer with the sentences that it quotes."""
        parts = [f"# {escape_markdown(self.title)}\n", *(turn.answer.to_markdown() for turn in self.turns)]
        if self.unanswered:
            parts.append(f"**{escape_markdown(self.unanswered)}**\n\n*No answer.*\n")
        return "\n".join(parts)

    def to_bibtex(self) -> str:
        """All cited papers as BibTeX; "" where nothing is cited."""
        return bibtex(self.cited_papers)


def _titled(text: str) -> str:
    """One line that is short enough for a title."""
    return " ".join(text.split())[:_TITLE_CHARACTERS]


class Summary(NamedTuple):
    """A stored conversation in a list."""

    id: str
    title: str
    turns: int


def _changed(path: Path) -> int:
    """When a file was written last; 0 where it has gone since it was listed."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


_FORMAT = TypeAdapter(Conversation)


class Conversations:
    """The conversations stored in `folder`, which is made when the first is stored.

    Safe to use from several threads and processes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._queue = WriteQueue(folder)

    def newest(self, limit: int = 100) -> list[Summary]:
        """The newest `limit` conversations, newest first; a file that cannot be read is left out."""
        files = sorted(self._folder.glob("*.json"), key=_changed, reverse=True)
        found = (self._read(path.stem) for path in files[:limit])
        return [Summary(c.id, c.title, len(c.turns)) for c in found if c is not None]

    def load(self, conversation_id: str) -> Conversation:
        """A stored conversation. Raises LibraryError where there is none of this id, or its file is damaged."""
        found = self._read(conversation_id)
        if found is None and not self.holds(conversation_id):
            raise LibraryError("nothing is stored of this conversation: ask a question first, or open another one")
        if found is None:
            raise LibraryError("the file of this conversation is damaged; start a new chat")
        return found

    def get(self, conversation_id: str) -> Conversation:
        """A stored conversation, or a new, empty one where there is none of this id.

        The new one has this id, but for one whose file cannot be read: that file is left as it is, and the id with it.
        """
        if not _ID.fullmatch(conversation_id):
            return Conversation()
        try:
            return self._stored(conversation_id)
        except FileNotFoundError:
            return Conversation(conversation_id)
        except (OSError, ValidationError) as error:
            path, reason = self._path(conversation_id), str(error).partition("\n")[0]
            logging.getLogger(__name__).warning("%s cannot be read (%s); it is left as it is", path, reason)
            return Conversation()

    def holds(self, conversation_id: str) -> bool:
        """True where a conversation of this id is stored, whether or not it can be read."""
        return bool(_ID.fullmatch(conversation_id)) and self._path(conversation_id).exists()

    def ask(self, conversation_id: str, question: str) -> Conversation:
        """Keeps a question before it is answered, in what `get` finds or makes: whatever ends the answer, it is not lost."""
        with self._queue.turn():
            known = self.get(conversation_id)
            return self._write(replace(known, title=known.title or _titled(question), unanswered=question))

    def append(self, conversation_id: str, answer: Answer, instead_of: Turn | None = None) -> Conversation:
        """Adds a turn to what `get` finds, which makes the conversation where it is new, and returns all of it.

        The turn takes the place of the one that it is given `instead_of`, where that is still there, else of the question
        without an answer.
        """
        with self._queue.turn():
            known = self.get(conversation_id)
            title = known.title or _titled(answer.question)
            turn = Turn(answer.question, answer.trimmed())
            if instead_of in known.turns:
                turns = tuple(turn if each == instead_of else each for each in known.turns)
                return self._write(replace(known, title=title, turns=turns))
            return self._write(replace(known, title=title, turns=(*known.turns, turn), unanswered=""))

    def drop_unanswered(self, conversation_id: str) -> Conversation:
        """Takes the question without an answer away, and with it a conversation that holds no more than that."""
        with self._queue.turn():
            known = self.get(conversation_id)
            if known.unanswered and not known.turns:
                self._path(conversation_id).unlink(missing_ok=True)
                return Conversation(known.id)
            return self._write(replace(known, unanswered="")) if known.unanswered else known

    def drop_last(self, conversation_id: str) -> Conversation:
        """Takes the last turn away. Raises LibraryError where there is no such conversation."""
        with self._queue.turn():
            known = self.load(conversation_id)
            return self._write(replace(known, turns=known.turns[:-1]))

    def rename(self, conversation_id: str, title: str) -> Conversation:
        """Gives a conversation another title. Raises LibraryError for an empty one."""
        cleaned = _titled(title)
        if not cleaned:
            raise LibraryError("the title is empty; type a name for the conversation")
        with self._queue.turn():
            return self._write(replace(self.load(conversation_id), title=cleaned))

    def delete(self, conversation_id: str) -> None:
        """Deletes a conversation; one that is gone already is no error."""
        if _ID.fullmatch(conversation_id):
            with self._queue.turn():
                self._path(conversation_id).unlink(missing_ok=True)

    def _path(self, conversation_id: str) -> Path:
        return self._folder / f"{conversation_id}.json"

    def _read(self, conversation_id: str) -> Conversation | None:
        if not _ID.fullmatch(conversation_id):
            return None
        try:
            return self._stored(conversation_id)
        except (OSError, ValidationError):
            return None

    def _stored(self, conversation_id: str) -> Conversation:
        return _FORMAT.validate_json(self._path(conversation_id).read_bytes())

    def _write(self, conversation: Conversation) -> Conversation:
        write_whole(self._path(conversation.id), _FORMAT.dump_json(conversation))
        return conversation
