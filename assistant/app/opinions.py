"""What a reader may say of an answer below it: a thumb, a note, a question for the test set."""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from assistant.app.common import PRIVATE, Trigger, choose_papers, guarded
from assistant.conversations import Turn
from assistant.errors import LibraryError
from assistant.library import Assistant
from assistant.questions.reading import MAX_CHARACTERS
from assistant.records import counted

NONE_ANSWERS = "(no paper answers it)"
_ABOUT_LAST = "What do you think of this answer?"
_SHORT = 60  # characters of a question in a heading


class Opinions:
    """The callbacks of the form."""

    def __init__(self, library: Assistant) -> None:
        self._library = library
        self._stored = library.conversations

    @guarded
    def vote(self, conversation_id: str, data: gr.LikeData) -> Any:
        """Keeps a thumb up or down, and opens the form for more of that answer."""
        number = int(data.index if isinstance(data.index, int) else data.index[0]) // 2
        conversation = self._stored.get(conversation_id)
        if number >= len(conversation.turns):  # it was stopped or failed: a note would go to another answer
            raise LibraryError("there is no whole answer here to have an opinion of")
        if data.liked in (True, False):
            self._library.feedback.vote(conversation.turns[number].answer, data.liked)
            words = " ".join(conversation.turns[number].question.split())
            short = words if len(words) <= _SHORT else f"{words[:_SHORT].rstrip()} …"
            return number, gr.Accordion(open=True, label=f"What do you think of the answer to “{short}”?")
        return None, gr.Accordion(open=True, label=_ABOUT_LAST)

    @guarded
    def note(self, conversation_id: str, about: int | None, note: str) -> Any:
        """Keeps a note on the answer that was voted on, or else the last."""
        self._library.feedback.vote(self._turn(conversation_id, about).answer, None, note)
        return "Thank you. The note is kept in feedback.jsonl in the data folder."

    @guarded
    def to_testset(self, conversation_id: str, about: int | None, expected: str | None, note: str) -> Any:
        """Adds the question of that answer to the reader's own test set, with the paper that answers it."""
        turn = self._turn(conversation_id, about)
        if not expected:
            return "Choose the paper that answers it first."
        paper = None if expected == NONE_ANSWERS else self._library.paper(expected)
        question = turn.answer.standalone_question or turn.question
        count = self._library.feedback.add_to_testset(question, paper, note)
        return f"Added. The test set holds {counted(count, 'question')}; the Evaluation tab runs it."

    def _turn(self, conversation_id: str, number: int | None) -> Turn:
        conversation = self._stored.load(conversation_id)
        if not conversation.turns:
            raise LibraryError("the conversation holds no answer; ask a question first")
        return conversation.turns[-1 if number is None or number >= len(conversation.turns) else number]


def build(shows: Sequence[Trigger], library: Assistant, chatbot: gr.Chatbot, current: gr.BrowserState) -> list[Any]:
    """Lays the form out below the chat and connects it; returns what `nothing_said` empties. Its papers are read at `shows`."""
    opinions = Opinions(library)
    about = gr.State(None)  # the number, from 0, of the turn that was voted on
    with gr.Accordion(_ABOUT_LAST, open=False, elem_id="opinion") as form:
        note = gr.Textbox(label="Note", lines=1, max_lines=4, max_length=MAX_CHARACTERS, elem_id="note")
        expected = choose_papers(
            shows, library, "The paper that answers it", also=(NONE_ANSWERS,), multiselect=False, elem_id="expected"
        )
        with gr.Row():
            send = gr.Button("Keep the note", size="sm", elem_id="send-note", min_width=80)
            keep = gr.Button("Add the question to my test set", size="sm", elem_id="to-testset", min_width=80)
        said = gr.Markdown(elem_id="opinion-said")
    chatbot.like(opinions.vote, current, [about, form], **PRIVATE)
    send.click(opinions.note, [current, about, note], said, **PRIVATE)
    keep.click(opinions.to_testset, [current, about, expected, note], said, **PRIVATE)
    return [about, form, note, expected, said]


def nothing_said() -> tuple[Any, ...]:
    """The form as it is before anything is said."""
    return None, gr.Accordion(open=False, label=_ABOUT_LAST), "", None, ""
