"""The chat tab: conversations, questions within a scope, answers claim by claim with their evidence, opinions of them."""

import io
import logging
import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from assistant.answers import Claim, Event
from assistant.app.common import PRIVATE, choose_papers, guarded
from assistant.conversations import Conversation, Turn
from assistant.errors import AssistantError, LibraryError
from assistant.library import Assistant
from assistant.markup import unescape_markdown
from assistant.page import answers, evidence
from assistant.questions import MAX_CHARACTERS
from assistant.records import counted

AT_ONCE = 4  # questions answered at one time; the rest wait in the queue
_EXAMPLES = 4
_SOURCES = 1000  # offered in the scope; the papers of more can be chosen by title
_LATEX = [{"left": "$$", "right": "$$", "display": True}]  # single dollars occur in papers as plain text
_SEARCHING, _WRITING = "Searching the papers …", "The model is writing …"
_ABOUT_LAST = "What do you think of this answer?"
_CHIP = re.compile(r" \[\\\[(\d+)\\\]\]\(#quote-[\w-]*\)")  # of an answer that was stopped no evidence is shown
_SHORT = 60  # characters of a question in a heading
_SHOW_PICTURE = "() => document.querySelector('#page-caption')?.scrollIntoView({block: 'nearest'})"
_NONE_ANSWERS = "(no paper answers it)"

Update = tuple[Any, ...]  # chatbot, evidence, conversation id, conversations, the frame and the text of the rewrite box
_OUTPUTS = 6


class Chat:
    """The callbacks of the tab. None of them raises: an exception would lock Gradio's input until the page is reloaded."""

    def __init__(self, library: Assistant) -> None:
        self._library = library
        self._stored = library.conversations

    def ask(
        self, question: str, conversation_id: str, papers: list[str], years: list[int], sources: list[str]
    ) -> Iterator[Update]:
        """Streams the answer to a question into the conversation."""
        if not question.strip():
            yield (gr.skip(),) * _OUTPUTS
            return
        yield from self._answer(question, self._stored.get(conversation_id), (papers, years, sources))

    def ask_typed(self, question: str, *chosen: Any) -> Iterator[tuple[Any, ...]]:
        """Streams the answer to what is typed, and empties the box."""
        for number, update in enumerate(self.ask(question, *chosen)):
            yield (*update, gr.skip() if number else "")

    def again(
        self,
        conversation_id: str,
        papers: list[str],
        years: list[int],
        sources: list[str],
        rewritten: str | None = None,
    ) -> Iterator[Update]:
        """Asks the last question again, as the reader words it where it is `rewritten`; the answer takes the old one's place
        once it is done, and what stops or fails before leaves that standing."""
        conversation = self._stored.get(conversation_id)
        if not conversation.turns:
            yield (gr.skip(),) * _OUTPUTS
            return
        *earlier, last = conversation.turns
        before = replace(conversation, turns=tuple(earlier))
        yield from self._answer(last.question, before, (papers, years, sources), last, rewritten)

    def retry(
        self, shown: list[Any], conversation_id: str, papers: list[str], years: list[int], sources: list[str]
    ) -> Iterator[Update]:
        """Asks the last question of the chat again."""
        if unanswered := self._unanswered(shown, self._stored.get(conversation_id)):
            yield from self.ask(unanswered, conversation_id, papers, years, sources)
        else:
            yield from self.again(conversation_id, papers, years, sources)

    def _answer(
        self,
        question: str,
        before: Conversation,
        scope: tuple[list[str], list[int], list[str]],
        standing: Turn | None = None,
        rewritten: str | None = None,
    ) -> Iterator[Update]:
        """Streams an answer after the turns of `before` and stores it there, in the place of `standing` where that is given."""
        shown = [*answers.messages(before), answers.user_message(question)]
        number = len(before.turns) + 1
        papers, years, sources = scope
        claims: list[Claim] = []
        yield self._saying(shown, _SEARCHING)
        try:
            for event in self._library.stream(
                question, before.history, papers or None, years or None, rewritten, sources or None
            ):
                if before.turns and not self._stored.holds(before.id):
                    return  # it was deleted meanwhile, which may come before Gradio can cancel this
                if event.kind == "done" and event.answer:
                    yield self.show(self._stored.append(before.id, event.answer, standing))
                else:
                    yield from self._update(event, shown, claims, number)
            return
        except AssistantError as error:
            said = str(error)
        except Exception:  # anything that escapes would lock the page; the log has the details
            logging.getLogger(__name__).exception("the page could not answer")
            said = "Something went wrong. Ask again; the terminal shows the details."
        gr.Warning(said)
        if standing:
            yield self._showing(answers.messages(self._stored.get(before.id)))
        else:
            yield self._saying(shown, answers.escape_markdown(said))

    def stopped(self, shown: list[Any], typed: str, conversation_id: str) -> tuple[Any, Any]:
        """Says that the answer was stopped; what was asked goes back into the box where nothing was answered yet. Of a question
        asked again, the answer that stands is shown."""
        stored = self._stored.get(conversation_id)
        if sum(message.get("role") == "user" for message in shown) <= len(stored.turns):
            return answers.messages(stored), gr.skip()
        *before, last = shown
        if last.get("role") != "user" and not _plain_text(last).startswith((_SEARCHING, _WRITING)):
            begun = _CHIP.sub(r" \\[\1\\]", _content(last))  # it stays as far as it came
            return [*before, answers.assistant_message(f"{begun}\n\n*Stopped.*")], gr.skip()
        if last.get("role") == "user":
            before = shown
        asked = typed if typed.strip() else _plain_text(before[-1])
        return [*before, answers.assistant_message("*Stopped.*")], asked

    def _unanswered(self, shown: list[Any], conversation: Conversation) -> str:
        """The question at the end of the chat whose answer is not stored, as one that was stopped or failed; "" where there is
        none."""
        asked = [message for message in shown if message.get("role") == "user"]
        return _plain_text(asked[-1]) if len(asked) > len(conversation.turns) else ""

    def _showing(self, messages: list[answers.Message]) -> Update:
        return (messages, *(gr.skip(),) * (_OUTPUTS - 1))

    def _saying(self, shown: list[answers.Message], markdown: str) -> Update:
        return self._showing([*shown, answers.assistant_message(markdown)])

    def _update(self, event: Event, shown: list[answers.Message], claims: list[Claim], number: int) -> Iterator[Update]:
        """What one event of a streamed answer, before it is done, changes on the page."""
        if event.kind == "claim" and event.claim:
            claims.append(event.claim)
        elif event.kind == "withdrawn" and event.claim:
            claims.remove(event.claim)
        elif event.kind != "writing":  # Gradio lets go of a reader who left when it is handed something
            return
        yield self._saying(shown, answers.claims_markdown(claims, number) if claims else _WRITING)

    @guarded
    def undo(self, shown: list[Any], conversation_id: str) -> Update:
        """Takes the last question of the chat away, with the answer that is stored of it, and puts it back into the box."""
        conversation = self._stored.get(conversation_id)
        if unanswered := self._unanswered(shown, conversation):
            return (*self.show(conversation), unanswered)
        if not conversation.turns:
            return (gr.skip(),) * (_OUTPUTS + 1)
        return (*self.show(self._stored.drop_last(conversation.id)), conversation.turns[-1].question)

    def open(self, conversation_id: str | None) -> Update:
        """Shows a stored conversation, or a new one where there is none of this id."""
        return self.show(self._stored.get(conversation_id or ""))

    def show(self, conversation: Conversation) -> Update:
        """Everything on the page that depends on the conversation."""
        last = conversation.turns[-1].answer if conversation.turns else None
        return (
            answers.messages(conversation),
            evidence.evidence_html(conversation),
            conversation.id,
            self.newest(conversation.id),
            gr.Accordion(visible=bool(last and last.was_rewritten), open=False),
            last.standalone_question if last else "",
        )

    def newest(self, current: str = "") -> Any:
        """The stored conversations, newest first."""
        found = [(f"{title} ({turns})", name) for name, title, turns in self._stored.newest()]
        return gr.Radio(choices=found, value=current if current in {name for _, name in found} else None)

    @guarded
    def rename(self, conversation_id: str, title: str) -> Any:
        """Gives the conversation another title."""
        self._stored.rename(conversation_id, title)
        return self.newest(conversation_id)

    @guarded
    def delete(self, conversation_id: str) -> Update:
        """Deletes the conversation and shows a new one."""
        self._stored.delete(conversation_id)
        return self.open(None)

    @guarded
    def export(self, conversation_id: str) -> Any:
        """The conversation as Markdown and its papers as BibTeX, as files to download."""
        conversation = self._stored.load(conversation_id)
        folder = Path(tempfile.mkdtemp(prefix="assistant-"))
        texts = {"conversation.md": conversation.to_markdown(), "papers.bib": conversation.to_bibtex()}
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        return gr.File(value=[str(folder / name) for name, text in texts.items() if text], visible=True)

    @guarded
    def picture(self, wanted: str, conversation_id: str) -> Any:
        """The page of a PDF that an answer cites; `wanted` is the number of its turn and of the citation."""
        turn, index, _ = map(int, wanted.split(":"))  # the last part only tells one click from the next
        citations = self._stored.load(conversation_id).turns[turn - 1].answer.citations
        citation = citations[index]
        picture = Image.open(io.BytesIO(self._library.page_picture(citation, *citations)))
        caption = f"Page {citation.page} of {answers.escape_markdown(citation.paper.title)}"
        return gr.Markdown(caption, visible=True), gr.Image(picture, visible=True)

    @guarded
    def vote(self, conversation_id: str, data: gr.LikeData) -> Any:
        """Keeps a thumb up or down, and opens the form for more of that answer."""
        number = int(data.index if isinstance(data.index, int) else data.index[0]) // 2
        conversation = self._stored.get(conversation_id)
        if number < len(conversation.turns) and data.liked in (True, False):
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
        paper = None if expected == _NONE_ANSWERS else self._library.paper(expected)
        question = turn.answer.standalone_question or turn.question
        count = self._library.feedback.add_to_testset(question, paper, note)
        return f"Added. The test set holds {counted(count, 'question')}; the Evaluation tab runs it."

    def _turn(self, conversation_id: str, number: int | None) -> Turn:
        conversation = self._stored.load(conversation_id)
        if not conversation.turns:
            raise LibraryError("the conversation holds no answer; ask a question first")
        return conversation.turns[-1 if number is None or number >= len(conversation.turns) else number]

    def scope_words(self, papers: list[str], years: list[int], sources: list[str]) -> Any:
        """What the scope's heading says."""
        parts = [
            f"{len(papers)} chosen paper{'s' * (len(papers) != 1)}" if papers else "",
            ", ".join(map(str, years)),
            ", ".join(sources),
        ]
        return gr.Accordion(label=f"Ask in: {' · '.join(filter(None, parts)) or 'all papers'}")


def build(app: gr.Blocks, library: Assistant) -> None:
    """Lays the tab out and connects it. Call inside a tab of `app`."""
    chat = Chat(library)
    current = gr.BrowserState("", storage_key="assistant-conversation", secret="assistant")
    with gr.Sidebar(label="Conversations", open=False, width=300) as sidebar:
        conversations = gr.Radio([], label="Conversations", elem_id="conversations")
        with gr.Accordion("This conversation", open=False, elem_id="manage"):
            title = gr.Textbox(label="New title", max_lines=1, elem_id="title-box")
            rename = gr.Button("Rename", size="sm", elem_id="rename")
            export = gr.Button("Export Markdown and BibTeX", size="sm", elem_id="export")
            exported = gr.File(label="Exported", visible=False, interactive=False, elem_id="exported")
            delete = gr.Button("Delete …", size="sm", elem_id="delete")
            really = gr.Button("Really delete it", size="sm", variant="stop", visible=False, elem_id="really-delete")
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=320):
            chatbot = gr.Chatbot(
                label="Chat", show_label=False, elem_id="chatbot", height=480, buttons=["copy"],
                latex_delimiters=_LATEX, group_consecutive_messages=False, allow_tags=False, autoscroll=False,
                placeholder="Ask a question about the papers.", examples=_examples(library),
            )  # fmt: skip
            question = gr.Textbox(
                label="Question", placeholder="Ask about the papers …", lines=1, max_lines=6, autofocus=True,
                max_length=MAX_CHARACTERS, elem_id="question",
            )  # fmt: skip
            with gr.Row():
                ask = gr.Button("Ask", variant="primary", elem_id="ask", size="md", min_width=80, scale=2)
                stop = gr.Button("Stop", elem_id="stop", size="md", min_width=80)
                clear = gr.Button("New chat", elem_id="clear", size="md", min_width=80)
                show = gr.Button("Conversations", elem_id="show-conversations", size="md", min_width=80)
            with gr.Accordion("Not what you meant?", open=False, visible=False, elem_id="rewording") as rewording:
                rewrite = gr.Textbox(
                    label="Reword the question and press Enter to ask that instead", lines=1, max_lines=4,
                    max_length=MAX_CHARACTERS, elem_id="rewrite",
                )  # fmt: skip
            scope = _scope(app, library, chat)
            about, opinion, note, expected, said, send, keep = _opinion(app, library)
        with gr.Column(scale=2, min_width=320):
            panel = gr.HTML(evidence.EMPTY, elem_id="evidence", label="Evidence")
            wanted = gr.Textbox("", label="Page to show", elem_id="wanted-page", container=False)
            caption = gr.Markdown(visible=False, elem_id="page-caption")
            picture = gr.Image(
                visible=False, interactive=False, show_label=False, elem_id="page-picture", buttons=["fullscreen"]
            )
    outputs = [chatbot, panel, current, conversations, rewording, rewrite]
    events: dict[str, Any] = PRIVATE | {"concurrency_limit": AT_ONCE, "show_progress": "hidden"}
    example = gr.State("")
    # One event for both ways of asking: while it runs, Gradio leaves what is typed and asked meanwhile in the box.
    runs = [
        gr.on(
            [question.submit, ask.click], chat.ask_typed, [question, current, *scope], [*outputs, question], **events
        ),
        chatbot.example_select(_example_text, None, example, queue=False, **PRIVATE).then(
            chat.ask, [example, current, *scope], outputs, **events
        ),
    ]
    runs.append(rewrite.submit(chat.again, [current, *scope, rewrite], outputs, **events))
    runs.append(chatbot.retry(chat.retry, [chatbot, current, *scope], outputs, **events))
    stop.click(chat.stopped, [chatbot, question, current], [chatbot, question], cancels=runs, **PRIVATE)
    chatbot.undo(chat.undo, [chatbot, current], [*outputs, question], **PRIVATE)
    clear.click(lambda: chat.open(None), None, outputs, cancels=runs, **PRIVATE)
    chatbot.clear(lambda: chat.open(None), None, outputs, cancels=runs, **PRIVATE)
    conversations.input(chat.open, conversations, outputs, cancels=runs, **PRIVATE)
    show.click(lambda: gr.Sidebar(open=True), None, sidebar, **PRIVATE)
    rename.click(chat.rename, [current, title], conversations, **PRIVATE)
    export.click(chat.export, current, exported, **PRIVATE)
    delete.click(lambda: gr.Button(visible=True), None, really, **PRIVATE)
    really.click(chat.delete, current, outputs, cancels=runs, **PRIVATE).then(
        lambda: gr.Button(visible=False), None, really, **PRIVATE
    )
    wanted.change(chat.picture, [wanted, current], [caption, picture], **PRIVATE).then(None, js=_SHOW_PICTURE)
    chatbot.like(chat.vote, current, [about, opinion], **PRIVATE)
    send.click(chat.note, [current, about, note], said, **PRIVATE)
    keep.click(chat.to_testset, [current, about, expected, note], said, **PRIVATE)
    # What belongs to an answer goes with a new one, and what belongs to a conversation with another.
    of_answer = [about, opinion, note, expected, said, caption, picture]
    for run in runs:
        run.success(_nothing_of_an_answer, None, of_answer, show_progress="hidden", **PRIVATE)
    current.change(
        lambda: (*_nothing_of_an_answer(), gr.Button(visible=False), gr.File(visible=False), ""),
        None, [*of_answer, really, exported, title], show_progress="hidden", **PRIVATE,
    )  # fmt: skip
    app.load(
        chat.open, current, outputs, show_progress="hidden", **PRIVATE
    )  # on load: the conversation that this browser was in


def _scope(app: gr.Blocks, library: Assistant, chat: Chat) -> list[Any]:
    """The choice of papers, years and sources to ask in."""
    with gr.Accordion("Ask in: all papers", open=False, elem_id="scope") as scope:
        papers = choose_papers(app, library, "Papers", multiselect=True, elem_id="scope-papers")
        with gr.Row():
            years = gr.Dropdown([], label="Years", multiselect=True, value=[], elem_id="scope-years")
            sources = gr.Dropdown([], label="Sources", multiselect=True, value=[], elem_id="scope-sources")
    chosen = [papers, years, sources]
    app.load(
        lambda: (gr.Dropdown(choices=library.years()), gr.Dropdown(choices=library.sources()[:_SOURCES])),  # type: ignore[arg-type]
        None, [years, sources], show_progress="hidden", **PRIVATE,
    )  # fmt: skip
    gr.on([box.change for box in chosen], chat.scope_words, chosen, scope, **PRIVATE)
    return chosen


def _opinion(app: gr.Blocks, library: Assistant) -> tuple[Any, ...]:
    """What a reader may say of an answer."""
    about = gr.State(None)  # the number, from 0, of the turn that was voted on
    with gr.Accordion(_ABOUT_LAST, open=False, elem_id="opinion") as opinion:
        note = gr.Textbox(label="Note", lines=1, max_lines=4, max_length=MAX_CHARACTERS, elem_id="note")
        expected = choose_papers(
            app, library, "The paper that answers it", also=(_NONE_ANSWERS,), multiselect=False, elem_id="expected"
        )
        with gr.Row():
            send = gr.Button("Keep the note", size="sm", elem_id="send-note", min_width=80)
            keep = gr.Button("Add the question to my test set", size="sm", elem_id="to-testset", min_width=80)
        said = gr.Markdown(elem_id="opinion-said")
    return about, opinion, note, expected, said, send, keep


def _nothing_of_an_answer() -> tuple[Any, ...]:
    """The form of opinions and the picture of a page, as they are before anything is said or shown."""
    form = None, gr.Accordion(open=False, label=_ABOUT_LAST), "", None, ""
    return (*form, gr.Markdown(visible=False), gr.Image(None, visible=False))


def _examples(library: Assistant) -> list[Any]:
    """Questions drawn from the library: they ask for what some titles name."""
    titles = [paper.title for paper in library.find_papers(limit=400)[0] if len(paper.title) < 80]
    step = max(1, len(titles) // _EXAMPLES)
    return [{"text": f"What does “{title}” propose?"} for title in titles[::step][:_EXAMPLES]]


def _plain_text(message: Any) -> str:
    """The text of a chat message as it was typed."""
    return unescape_markdown(_content(message))


def _content(message: Any) -> str:
    """The Markdown of a chat message, which Gradio hands back in parts."""
    content = message.get("content", "")
    if isinstance(content, list):
        content = "".join(part.get("text", "") for part in content if isinstance(part, dict))
    return str(content)


def _example_text(data: gr.SelectData) -> str:
    return data.value["text"]
