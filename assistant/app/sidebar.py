"""The sidebar: the stored conversations to choose from; renaming, exporting and deleting the one that is open."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from assistant.app.common import PRIVATE, guarded
from assistant.app.turns import Turns, Update
from assistant.library import Assistant


class Stored:
    """The callbacks of the sidebar."""

    def __init__(self, library: Assistant, turns: Turns) -> None:
        self._stored = library.conversations
        self._turns = turns

    @guarded
    def rename(self, conversation_id: str, title: str) -> Any:
        """Gives the conversation another title."""
        self._stored.rename(conversation_id, title)
        return self._turns.newest(conversation_id)

    @guarded
    def delete(self, conversation_id: str) -> Update:
        """Deletes the conversation and shows a new one."""
        self._stored.delete(conversation_id)
        return self._turns.open(None)

    @guarded
    def export(self, conversation_id: str) -> Iterator[Any]:
        """The conversation as Markdown and its papers as BibTeX, as files to download."""
        conversation = self._stored.load(conversation_id)
        texts = {"conversation.md": conversation.to_markdown(), "papers.bib": conversation.to_bibtex()}
        with tempfile.TemporaryDirectory(prefix="assistant-") as folder:
            files = {Path(folder, name): text for name, text in texts.items() if text}
            for file, text in files.items():
                file.write_text(text, encoding="utf-8")
            yield gr.File(value=list(map(str, files)), visible=True)  # Gradio has copied them when it asks for more


class Sidebar(NamedTuple):
    """The parts of the sidebar."""

    frame: gr.Sidebar
    conversations: gr.Radio
    title: gr.Textbox
    rename: gr.Button
    export: gr.Button
    exported: gr.File
    delete: gr.Button
    really: gr.Button


def lay_out() -> Sidebar:
    """The sidebar, closed. Call where it is to stand."""
    with gr.Sidebar(label="Conversations", open=False, width=300) as frame:
        conversations = gr.Radio([], label="Conversations", elem_id="conversations")
        with gr.Accordion("This conversation", open=False, elem_id="manage"):
            title = gr.Textbox(label="New title", max_lines=1, elem_id="title-box")
            rename = gr.Button("Rename", size="sm", elem_id="rename")
            export = gr.Button("Export Markdown and BibTeX", size="sm", elem_id="export")
            exported = gr.File(label="Exported", visible=False, interactive=False, elem_id="exported")
            delete = gr.Button("Delete …", size="sm", elem_id="delete")
            really = gr.Button("Really delete it", size="sm", variant="stop", visible=False, elem_id="really-delete")
    return Sidebar(frame, conversations, title, rename, export, exported, delete, really)


def connect(
    sidebar: Sidebar,
    library: Assistant,
    turns: Turns,
    current: gr.BrowserState,
    outputs: Sequence[Any],
    runs: Sequence[Any],
) -> None:
    """Connects the sidebar with the chat: `current` names the conversation that is open, `outputs` show it, and leaving it
    ends the `runs`."""
    stored = Stored(library, turns)
    sidebar.conversations.input(turns.open, sidebar.conversations, outputs, cancels=runs, **PRIVATE)
    sidebar.rename.click(stored.rename, [current, sidebar.title], sidebar.conversations, **PRIVATE)
    sidebar.export.click(stored.export, current, sidebar.exported, **PRIVATE)
    sidebar.delete.click(lambda: gr.Button(visible=True), None, sidebar.really, **PRIVATE)
    sidebar.really.click(stored.delete, current, outputs, cancels=runs, **PRIVATE).then(
        lambda: gr.Button(visible=False), None, sidebar.really, **PRIVATE
    )
    # What was meant for one conversation goes with it; the title at once, not over what is typed while the server is asked.
    current.change(None, None, sidebar.title, js="() => ''", show_progress="hidden", **PRIVATE)
    current.change(
        lambda: (gr.Button(visible=False), gr.File(visible=False)),
        None, [sidebar.really, sidebar.exported], show_progress="hidden", **PRIVATE,
    )  # fmt: skip
