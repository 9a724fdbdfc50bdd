"""The chat tab: questions within a scope, the chat, and the evidence beside it with the pages of PDFs."""

import io
from typing import Any

import gradio as gr
from PIL import Image

from assistant.app import opinions, sidebar
from assistant.app.common import PRIVATE, Trigger, choose_papers, guarded, offer
from assistant.app.turns import Turns
from assistant.library import Assistant
from assistant.markup import escape_markdown
from assistant.page import evidence
from assistant.questions.reading import MAX_CHARACTERS

AT_ONCE = 4  # questions answered at one time; the rest wait in the queue
_EXAMPLES = 4
_SOURCES = 1000  # offered in the scope; the papers of more can be chosen by title
_SHOW_PICTURE = "() => document.querySelector('#page-caption')?.scrollIntoView({block: 'nearest'})"


def build(app: gr.Blocks, shows: list[Trigger], library: Assistant) -> None:
    """Lays the tab out and connects it. Call inside a tab of `app`; at the events `shows` the library is read anew."""
    turns = Turns(library)
    current = gr.BrowserState("", storage_key="assistant-conversation", secret="assistant")
    side = sidebar.lay_out()
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=320):
            with gr.Row(elem_id="which-chat"):
                show = gr.Button("Conversations", elem_id="show-conversations", size="sm", min_width=120, scale=0)
                clear = gr.Button("New chat", elem_id="clear", size="sm", min_width=90, scale=0)
            chatbot = gr.Chatbot(
                label="Chat", show_label=False, elem_id="chatbot", height=480, buttons=["copy"],
                latex_delimiters=[], group_consecutive_messages=False, allow_tags=False, autoscroll=False,
                placeholder="Ask a question about the papers.", examples=_examples(library),
            )  # fmt: skip
            with gr.Row(elem_id="composer"):
                question = gr.Textbox(
                    label="Question", placeholder="Ask about the papers …", lines=1, max_lines=6, autofocus=True,
                    max_length=MAX_CHARACTERS, elem_id="question", container=False, scale=1, min_width=120,
                )  # fmt: skip
                ask = gr.Button("Ask", variant="primary", elem_id="ask", size="md", min_width=72, scale=0)
                stop = gr.Button("Stop", elem_id="stop", size="md", min_width=72, scale=0)
            with gr.Accordion("Not what you meant?", open=False, visible=False, elem_id="rewording") as rewording:
                rewrite = gr.Textbox(
                    label="Reword the question and press Enter to ask that instead", lines=1, max_lines=4,
                    max_length=MAX_CHARACTERS, elem_id="rewrite",
                )  # fmt: skip
            scope = _scope(shows, library)
            opinion = opinions.build(shows, library, chatbot, current)
        with gr.Column(scale=2, min_width=320):
            panel = gr.HTML(evidence.EMPTY, elem_id="evidence", label="Evidence")
            wanted = gr.Textbox("", label="Page to show", elem_id="wanted-page", container=False)
            caption = gr.Markdown(visible=False, elem_id="page-caption")
            picture = gr.Image(
                visible=False, interactive=False, show_label=False, elem_id="page-picture", buttons=["fullscreen"]
            )
    outputs = [chatbot, panel, current, side.conversations, rewording, rewrite]
    events: dict[str, Any] = PRIVATE | {"concurrency_limit": AT_ONCE, "show_progress": "hidden"}
    example = gr.State("")
    # One event for both ways of asking: while it runs, Gradio leaves what is typed and asked meanwhile in the box.
    runs = [
        gr.on(
            [question.submit, ask.click], turns.ask_typed, [question, current, *scope], [*outputs, question], **events
        ),
        chatbot.example_select(_example_text, None, example, queue=False, **PRIVATE).then(
            turns.ask, [example, current, *scope], outputs, **events
        ),
    ]
    runs.append(rewrite.submit(turns.again, [current, *scope, rewrite], outputs, **events))
    runs.append(chatbot.retry(turns.retry, [chatbot, current, *scope], outputs, **events))
    stop.click(turns.stopped, [chatbot, question, current], [chatbot, question], cancels=runs, **PRIVATE)
    chatbot.undo(turns.undo, [chatbot, current], [*outputs, question], **PRIVATE)
    clear.click(lambda: turns.open(None), None, outputs, cancels=runs, **PRIVATE)
    chatbot.clear(lambda: turns.open(None), None, outputs, cancels=runs, **PRIVATE)
    show.click(lambda: gr.Sidebar(open=True), None, side.frame, **PRIVATE)
    sidebar.connect(side, library, turns, current, outputs, runs, leaving=[clear.click, chatbot.clear])
    wanted.change(_picture_of(library), [wanted, current], [caption, picture], **PRIVATE).then(None, js=_SHOW_PICTURE)
    # What belongs to an answer goes as another is asked for, and with the conversation: at once, beside the queue, and not when
    # that has changed, for then its first answer may be there and somebody judging it.
    asked = (question.submit, ask.click, chatbot.example_select, rewrite.submit, chatbot.retry)
    left = (clear.click, chatbot.clear, side.conversations.input, side.really.click)
    for happens in (*asked, *left):
        happens(
            _nothing_of_an_answer, None, [*opinion, caption, picture], queue=False, show_progress="hidden", **PRIVATE
        )
    app.load(
        turns.open, current, outputs, show_progress="hidden", **PRIVATE
    )  # on load: the conversation that this browser was in


def _scope(shows: list[Trigger], library: Assistant) -> list[Any]:
    """The choice of papers, years and sources to ask in."""
    with gr.Accordion("Ask in: all papers", open=False, elem_id="scope") as scope:
        papers = choose_papers(shows, library, "Papers", multiselect=True, elem_id="scope-papers")
        with gr.Row():
            years = gr.Dropdown([], label="Years", multiselect=True, value=[], elem_id="scope-years")
            sources = gr.Dropdown([], label="Sources", multiselect=True, value=[], elem_id="scope-sources")
    chosen = [papers, years, sources]

    def offered(in_years: list[int], from_sources: list[str]) -> tuple[Any, Any]:
        return (
            offer([(str(year), year) for year in library.years()], in_years),
            offer([(name, name) for name in library.sources()[:_SOURCES]], from_sources),
        )

    gr.on(shows, offered, [years, sources], [years, sources], show_progress="hidden", **PRIVATE)
    gr.on([box.change for box in chosen], _scope_words, chosen, scope, **PRIVATE)
    return chosen


def _scope_words(papers: list[str], years: list[int], sources: list[str]) -> Any:
    """What the scope's heading says."""
    parts = [
        f"{len(papers)} chosen paper{'s' * (len(papers) != 1)}" if papers else "",
        ", ".join(map(str, years)),
        ", ".join(sources),
    ]
    return gr.Accordion(label=f"Ask in: {' · '.join(filter(None, parts)) or 'all papers'}")


def _picture_of(library: Assistant) -> Any:
    """The callback that shows the page of a PDF that an answer cites."""

    @guarded
    def picture(wanted: str, conversation_id: str) -> Any:
        """`wanted` is the number of the page's turn and of the citation."""
        turn, index, _ = map(int, wanted.split(":"))  # the last part only tells one click from the next
        citations = library.conversations.load(conversation_id).turns[turn - 1].answer.citations
        citation = citations[index]
        shown = Image.open(io.BytesIO(library.page_picture(citation, *citations)))
        caption = f"Page {citation.page} of {escape_markdown(citation.paper.title)}"
        return gr.Markdown(caption, visible=True), gr.Image(shown, visible=True)

    return picture


def _nothing_of_an_answer() -> tuple[Any, ...]:
    """The form of opinions and the picture of a page, as they are before anything is said or shown."""
    return (*opinions.nothing_said(), gr.Markdown(visible=False), gr.Image(None, visible=False))


def _examples(library: Assistant) -> list[Any]:
    """Questions drawn from the library: they ask for what some titles name."""
    titles = [paper.title for paper in library.find_papers(limit=400)[0] if len(paper.title) < 80]
    step = max(1, len(titles) // _EXAMPLES)
    return [{"text": f"What does “{title}” propose?"} for title in titles[::step][:_EXAMPLES]]


def _example_text(data: gr.SelectData) -> str:
    return data.value["text"]
