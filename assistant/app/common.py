"""What the tabs share: callbacks that say what went wrong, and a box to choose papers by title."""

import functools
import inspect
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import gradio as gr

from assistant.errors import AssistantError
from assistant.library import Assistant
from assistant.page.papers import label

PRIVATE: dict[str, Any] = {"api_visibility": "private"}  # Gradio makes every callback a public endpoint otherwise
Trigger = Callable[..., Any]  # an event of Gradio, such as `app.load`
_OFFERED = 1000  # papers in one dropdown


def guarded(callback: Callable[..., Any]) -> Callable[..., Any]:
    """The callback, be it a generator, with a failure shown as a message; the page then stays as it is."""

    @functools.wraps(callback)
    def guard(*values: Any) -> Any:
        with _failure_shown():
            return callback(*values)
        return gr.skip()

    @functools.wraps(callback)
    def guard_steps(*values: Any) -> Iterator[Any]:
        with _failure_shown():
            yield from callback(*values)
            return
        yield gr.skip()

    return guard_steps if inspect.isgeneratorfunction(callback) else guard


@contextmanager
def _failure_shown() -> Iterator[None]:
    """Shows a failure as a message, and goes on behind it."""
    try:
        yield
    except AssistantError as error:
        gr.Warning(str(error))
    except Exception:
        logging.getLogger(__name__).exception("the page could not do this")
        gr.Warning("Something went wrong. The terminal shows the details.")


def offer(choices: list[tuple[str, Any]], chosen: Any) -> gr.Dropdown:
    """A dropdown with these choices, pairs of what is shown and the value. Of what is `chosen`, a list or a single value, it lets
    go of what is not among them any more, and says so: Gradio would refuse every event that such a value takes part in."""
    values = {value for _, value in choices}
    given = chosen if isinstance(chosen, list) else [] if chosen is None else [chosen]
    kept = [value for value in given if value in values]
    if len(kept) == len(given):
        return gr.Dropdown(choices=choices)  # the value is left alone: it may just be changing
    gr.Warning("Something that you had chosen is not in the library any more, and is not chosen now.")
    return gr.Dropdown(choices=choices, value=kept if isinstance(chosen, list) else None)


def choose_papers(
    shows: Sequence[Trigger], library: Assistant, name: str, also: tuple[str, ...] = (), **options: Any
) -> gr.Dropdown:
    """A dropdown of papers by title, whose values are ids; a library too large for one has a box to narrow it by.

    What it offers is read anew at each of the events `shows`. Gradio filters choices in the browser well, but mixes old and new
    ones when they change while somebody types.
    """

    def offered(text: str, chosen: list[str] | str | None) -> Any:
        found, _ = library.find_papers(text, "title", limit=_OFFERED, titles_only=True)
        names = [chosen] if isinstance(chosen, str) else chosen or []
        kept = [paper for paper in map(library.paper, names) if paper]
        titles = {paper.id: label(paper) for paper in (*kept, *found)}
        return offer([(each, each) for each in also] + [(title, name) for name, title in titles.items()], chosen)

    def refresh(text: str, chosen: list[str] | str | None) -> tuple[Any, Any]:
        return offered(text, chosen), gr.Textbox(visible=library.counts()[0] > _OFFERED)

    narrow = gr.Textbox("", label=f"{name}: a part of the title", max_lines=1, visible=False)
    box = gr.Dropdown([], label=name, value=[] if options.get("multiselect") else None, **options)
    narrow.change(offered, [narrow, box], box, show_progress="hidden", **PRIVATE)
    gr.on(shows, refresh, [narrow, box], [box, narrow], show_progress="hidden", **PRIVATE)
    return box
