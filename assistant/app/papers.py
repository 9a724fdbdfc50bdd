"""The library tab: what it holds, a page at a time; adding files; removing a paper."""

from typing import Any

import gradio as gr

from assistant.app.common import PRIVATE, guarded
from assistant.costs import embedding_question
from assistant.library import Assistant
from assistant.loaders import FILE_TYPES
from assistant.page import papers as shown
from assistant.records import counted

_PAGE = 25
_LONGEST = 300  # characters to search by
_ORDERS = [("as added", "added"), ("newest first", "newest"), ("oldest first", "oldest"), ("by title", "title")]


class Papers:
    """The callbacks of the tab."""

    def __init__(self, library: Assistant) -> None:
        self._library = library

    def page(self, text: str, order: str, number: int) -> tuple[Any, ...]:
        """Page `number` (from 1) of the papers that match, the words that say which it is, and its number."""
        number = max(1, int(number or 1))
        found, total = self._library.find_papers(text, order, (number - 1) * _PAGE, _PAGE)  # type: ignore[arg-type]
        if not found and number > 1:
            return self.page(text, order, 1)
        first = (number - 1) * _PAGE + 1
        words = f"{first:,}–{first + len(found) - 1:,} of {counted(total, 'paper')}" if found else "No paper matches."
        return gr.Radio(choices=[(shown.label(paper), paper.id) for paper in found], value=None), words, number

    def open(self, paper_id: str | None) -> tuple[Any, ...]:
        """The paper's text, whether it may be removed, and its id, which stands while the list beside it changes."""
        paper = self._library.paper(paper_id or "")
        return (
            shown.paper_html(paper) if paper else shown.NO_PAPER,
            gr.Button(visible=paper is not None),
            gr.Button(visible=False),
            paper.id if paper else None,
        )

    @guarded
    def remove(self, paper_id: str | None, text: str, order: str, number: int) -> tuple[Any, ...]:
        """Removes the paper that is open and shows the list without it."""
        if self._library.paper(paper_id or "") is None:
            gr.Warning("This paper is not in the library any more.")
            return (*self.page(text, order, number), *self.open(None))
        removed = self._library.remove([str(paper_id)])
        gr.Info(f"Removed “{removed[0].title}”.")
        return (*self.page(text, order, number), *self.open(None))

    @guarded
    def add(self, files: list[str] | None, progress: gr.Progress, may_send: bool = False) -> tuple[Any, ...]:
        """Keeps the uploaded files in the data folder and adds what they hold, with a report.

        Where much would be sent to a provider's embedding, it asks first, unless it `may_send`.
        """
        if not files:
            return (gr.skip(),) * 8
        if not may_send and (question := embedding_question(self._library.config, *self._library.estimate(files))):
            return (f"**Not added yet:** {question}.", gr.skip(), gr.Button(visible=True), *(gr.skip(),) * 5)

        def show(label: str, done: int, total: int) -> None:
            progress((done, total), desc=label)

        report = self._library.add_uploads(files, show)
        said = shown.report_markdown(report), None, gr.Button(visible=False)
        return (*said, *self.page("", "added", 1), "", "added")  # all papers: none that is new is searched away


def build(app: gr.Blocks, changes: gr.State, library: Assistant) -> None:
    """Lays the tab out and connects it. Call inside a tab of `app`; each change of the library is counted in `changes`."""
    tab = Papers(library)
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=320):
            with gr.Accordion("Add papers", open=False, elem_id="add"):
                files = gr.File(
                    label="Drop files here", file_count="multiple", file_types=list(FILE_TYPES), elem_id="files"
                )
                report = gr.Markdown(elem_id="report")
                send = gr.Button("Send and add them", size="sm", visible=False, elem_id="send-and-add")
            with gr.Row():
                text = gr.Textbox(
                    value="",
                    label="Search titles, abstracts and metadata",
                    max_lines=1,
                    max_length=_LONGEST,
                    scale=3,
                    min_width=280,
                    elem_id="find",
                )
                order = gr.Dropdown(_ORDERS, value="added", label="Order", scale=1, min_width=140, elem_id="order")
            papers = gr.Radio([], label="Papers", elem_id="papers")
            with gr.Row():
                before = gr.Button("‹ Previous", size="sm", min_width=80, elem_id="previous")
                words = gr.Markdown(elem_id="which-papers")
                after = gr.Button("Next ›", size="sm", min_width=80, elem_id="next")
        with gr.Column(scale=2, min_width=320):
            paper = gr.HTML(shown.NO_PAPER, elem_id="paper", label="Paper")
            remove = gr.Button("Remove this paper …", size="sm", visible=False, elem_id="remove")
            really = gr.Button("Really remove it", size="sm", variant="stop", visible=False, elem_id="really-remove")
    number = gr.State(1)
    listed = [papers, words, number]
    asked = [text, order, number]
    current = gr.State(None)  # the id of the paper that is open
    opened = [paper, remove, really, current]

    def add(given: list[str] | None, progress: gr.Progress = gr.Progress()) -> tuple[Any, ...]:  # noqa: B008
        return tab.add(given, progress)

    def add_anyway(given: list[str] | None, progress: gr.Progress = gr.Progress()) -> tuple[Any, ...]:  # noqa: B008
        return tab.add(given, progress, True)

    @guarded
    def first_page(wanted: str, by: str) -> tuple[Any, ...]:
        return tab.page(wanted, by, 1)

    @guarded
    def turn(wanted: str, by: str, page: int, step: int) -> tuple[Any, ...]:
        return tab.page(wanted, by, page + step)

    gr.on(
        [text.submit, text.change, order.change], first_page, [text, order], listed, show_progress="hidden", **PRIVATE
    ).then(tab.open, papers, opened, show_progress="hidden", **PRIVATE)  # the list has lost what was chosen
    before.click(turn, [*asked, gr.State(-1)], listed, **PRIVATE)
    after.click(turn, [*asked, gr.State(1)], listed, **PRIVATE)
    papers.input(tab.open, papers, opened, **PRIVATE)
    remove.click(lambda: gr.Button(visible=True), None, really, **PRIVATE)
    added = [report, files, send, *listed, text, order]
    changing = [
        really.click(tab.remove, [current, *asked], [*listed, *opened], **PRIVATE),
        files.upload(add, files, added, show_progress_on=files, concurrency_limit=1, **PRIVATE),
        send.click(add_anyway, files, added, show_progress_on=files, concurrency_limit=1, **PRIVATE),
    ]
    for change in changing:
        change.then(lambda count: count + 1, changes, changes, show_progress="hidden", **PRIVATE)
    app.load(guarded(tab.page), asked, listed, show_progress="hidden", **PRIVATE)  # on load
