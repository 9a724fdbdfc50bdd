"""What the tabs share: callbacks that say what went wrong, and a box to choose papers by title."""

import functools
import logging
from collections.abc import Callable
from typing import Any

import gradio as gr

from assistant.errors import AssistantError
from assistant.library import Assistant
from assistant.page.papers import label

PRIVATE: dict[str, Any] = {"api_visibility": "private"}  # Gradio makes every callback a public endpoint otherwise
_OFFERED = 1000  # papers in one dropdown


def guarded(callback: Callable[..., Any]) -> Callable[..., Any]:
    """The callback, with a failure shown as a message; the page then stays as it is."""

    @functools.wraps(callback)
    def guard(*values: Any) -> Any:
        try:
            return callback(*values)
        except AssistantError as error:
            gr.Warning(str(error))
        except Exception:
            logging.getLogger(__name__).exception("the page could not do this")
            gr.Warning("Something went wrong. The terminal shows the details.")
        return gr.skip()

    return guard


def choose_papers(
    app: gr.Blocks, library: Assistant, name: str, also: tuple[str, ...] = (), **options: Any
) -> gr.Dropdown:
    """A dropdown of papers by title, whose values are ids; a library too large for one has a box to narrow it by.

    Gradio filters choices in the browser well, but mixes old and new ones when they change while somebody types.
    """

    def offered(text: str, chosen: list[str] | str | None) -> Any:
        found, _ = library.find_papers(text, "title", limit=_OFFERED, titles_only=True)
        names = [chosen] if isinstance(chosen, str) else chosen or []
        kept = [paper for paper in map(library.paper, names) if paper]
        titles = {(label(paper), paper.id): None for paper in (*kept, *found)}
        return gr.Dropdown(choices=[(each, each) for each in also] + list(titles))

    def refresh(chosen: list[str] | str | None) -> tuple[Any, Any]:
        return offered("", chosen), gr.Textbox(visible=library.counts()[0] > _OFFERED)

    narrow = gr.Textbox("", label=f"{name}: a part of the title", max_lines=1, visible=False)
    box = gr.Dropdown([], label=name, value=[] if options.get("multiselect") else None, **options)
    narrow.change(offered, [narrow, box], box, show_progress="hidden", **PRIVATE)
    app.load(refresh, box, [box, narrow], show_progress="hidden", **PRIVATE)
    return box
