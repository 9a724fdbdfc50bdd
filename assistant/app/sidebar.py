"""The sidebar: the stored conversations to choose from; renaming, exporting and deleting the one that is open."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from assistant.app.common import PRIVATE, Trigger, guarded
from assistant.app.turns import Turns, Update
from assistant.errors import LibraryError
from assistant.library import Assistant


class Stored:
    """The callbacks of the sidebar."""

    def __init__(self, library: Assistant, turns: Turns) -> None:
        self._stored = library.conversations
        self._turns = turns

    # `chosen` is what the list shows as chosen, be it still on its way to the chat, whose conversation is `current`; a new one is
    # not listed.

    @guarded
    def rename(self, chosen: str | None, current: str, title: str) -> Any:
        """Gives the conversation another title."""
        self._stored.rename(chosen or current, title)
        return self._turns.newest(chosen or current)

    def ask_to_delete(self, chosen: str | None, current: str) -> tuple[gr.Button, str]:
        """The button that deletes, and which conversation it is for."""
        return gr.Button(visible=True), chosen or current

    @guarded
    def delete(self, meant: str, chosen: str | None, current: str) -> Update:
        """Deletes the conversation that was `meant` and shows a new one; nothing where another one was chosen since."""
        if meant != (chosen or current):
            raise LibraryError("another conversation was chosen meanwhile; nothing is deleted")
        self._stored.delete(meant)
        return self._turns.open(None)

    @guarded
    def export(self, chosen: str | None, current: str) -> Iterator[Any]:
        """The conversation as Markdown and its papers as BibTeX, as files to download."""
        conversation = self._stored.load(chosen or current)
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
    leaving: Sequence[Trigger],
) -> None:
    """Connects the sidebar with the chat: `current` names the conversation that is open, `outputs` show it, and leaving it, by
    the events `leaving` too, ends the `runs`."""
    stored = Stored(library, turns)
    which, meant = [sidebar.conversations, current], gr.State("")
    sidebar.conversations.input(turns.open, sidebar.conversations, outputs, cancels=runs, **PRIVATE)
    sidebar.rename.click(stored.rename, [*which, sidebar.title], sidebar.conversations, **PRIVATE)
    sidebar.export.click(stored.export, which, sidebar.exported, **PRIVATE)
    sidebar.delete.click(stored.ask_to_delete, which, [sidebar.really, meant], **PRIVATE)
    sidebar.really.click(stored.delete, [meant, *which], outputs, cancels=runs, **PRIVATE).then(
        lambda: gr.Button(visible=False), None, sidebar.really, **PRIVATE
    )
    # What was meant for one conversation goes with it; the title at once, not over what is typed while the server is asked.
    gr.on(
        [sidebar.conversations.input, *leaving],
        None,
        None,
        sidebar.title,
        js="() => ''",
        show_progress="hidden",
        **PRIVATE,
    )
    current.change(
        lambda: (gr.Button(visible=False), gr.File(visible=False)),
        None, [sidebar.really, sidebar.exported], show_progress="hidden", **PRIVATE,
    )  # fmt: skip
