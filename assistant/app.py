"""The page: a chat with the evidence beside it. Callbacks are short; all logic is in the library."""

import ipaddress
import logging
from collections.abc import Iterator
from typing import Any

from assistant.privacy import silence

silence()  # before Gradio is imported: it starts its analytics at import

import gradio as gr  # noqa: E402

from assistant import page  # noqa: E402
from assistant.errors import AssistantError, ConfigError  # noqa: E402
from assistant.library import Assistant  # noqa: E402
from assistant.questions import MAX_CHARACTERS  # noqa: E402
from assistant.records import Claim, Event  # noqa: E402

_QUEUE = 40  # people waiting; more are told that the page is busy
_AT_ONCE = 4
_EXAMPLES = 4
_LATEX = [{"left": "$$", "right": "$$", "display": True}]  # single dollars occur in papers as plain text

Turns = list[dict[str, str]]
Update = tuple[list[dict[str, Any]], str, Turns]


def create_app(library: Assistant) -> gr.Blocks:
    """The page over an open library, ready for `launch`."""
    with gr.Blocks(title="assistant", analytics_enabled=False, fill_width=True) as app:
        turns = gr.State([])
        gr.Markdown(
            "# assistant\nAsk the papers. Every sentence of an answer is backed by exact sentences, shown beside it.",
            elem_id="title",
        )
        with gr.Row(equal_height=False):
            with gr.Column(scale=3, min_width=320):
                chatbot = gr.Chatbot(
                    label="Chat", show_label=False, elem_id="chatbot", height=540, buttons=["copy"], feedback_options=None,
                    latex_delimiters=_LATEX, group_consecutive_messages=False, allow_tags=False,
                    placeholder="Ask a question about the papers.",
                )  # fmt: skip
                question = gr.Textbox(
                    label="Question", placeholder="Ask about the papers …", lines=1, max_lines=6, autofocus=True,
                    max_length=MAX_CHARACTERS, elem_id="question",
                )  # fmt: skip
                with gr.Row():
                    ask = gr.Button("Ask", variant="primary", elem_id="ask", size="md", min_width=80)
                    stop = gr.Button("Stop", elem_id="stop", size="md", min_width=80)
                    clear = gr.Button("New chat", elem_id="clear", size="md", min_width=80)
            with gr.Column(scale=2, min_width=320):
                evidence = gr.HTML(page.EMPTY_EVIDENCE, elem_id="evidence", label="Evidence")
        gr.Examples(_examples(library), question, label="For example", api_visibility="private")
        respond = _responder(library)
        outputs = [chatbot, evidence, turns]
        events: dict[str, Any] = {"concurrency_limit": _AT_ONCE, "api_visibility": "private", "show_progress": "hidden"}
        runs = [
            trigger(lambda text: ("", text), question, [question, asked], api_visibility="private", queue=False).then(
                respond, [asked, chatbot, turns], outputs, **events
            )
            for asked in [gr.State("")]
            for trigger in (question.submit, ask.click)
        ]
        stop.click(None, cancels=runs, api_visibility="private")
        clear.click(lambda: ([], page.EMPTY_EVIDENCE, []), None, outputs, cancels=runs, api_visibility="private")
        _expose(library)
    return app.queue(max_size=_QUEUE)


def _examples(library: Assistant) -> list[str]:
    """Questions drawn from the library: they ask for what the first papers' titles name."""
    titles = [paper.title for paper in library.papers() if len(paper.title) < 80]
    step = max(1, len(titles) // _EXAMPLES)
    return [f"What does “{title}” propose?" for title in titles[::step][:_EXAMPLES]]


def _responder(library: Assistant) -> Any:
    """The chat callback. It never raises: an exception would lock Gradio's input until the page is reloaded."""

    def respond(question: str, messages: list[dict[str, Any]], turns: Turns) -> Iterator[Update]:
        if not question.strip():
            yield messages, page.EMPTY_EVIDENCE if not turns else gr.skip(), turns
            return
        number = len(turns) // 2 + 1
        shown = [*messages, {"role": "user", "content": page.escape_markdown(question)}]
        claims: list[Claim] = []
        yield [*shown, {"role": "assistant", "content": "Searching the papers …"}], gr.skip(), turns
        try:
            for event in library.stream(question, history=turns):
                yield from _update(event, shown, claims, question, turns, number)
        except AssistantError as error:
            gr.Warning(str(error))
            yield [*shown, {"role": "assistant", "content": page.escape_markdown(str(error))}], gr.skip(), turns
        except Exception:  # anything that escapes would lock the page; the log has the details
            logging.getLogger(__name__).exception("the page could not answer")
            message = "Something went wrong. Ask again; the terminal shows the details."
            yield [*shown, {"role": "assistant", "content": message}], gr.skip(), turns

    return respond


def _update(
    event: Event, shown: list[dict[str, Any]], claims: list[Claim], question: str, turns: Turns, number: int
) -> Iterator[Update]:
    """What one event of a streamed answer changes on the page."""
    if event.kind == "claim" and event.claim:
        claims.append(event.claim)
        yield [*shown, {"role": "assistant", "content": page.answer_markdown(claims, number)}], gr.skip(), turns
    elif event.kind == "done" and event.answer:
        answer = event.answer
        said = [*turns, {"role": "user", "content": question}, {"role": "assistant", "content": answer.text}]
        text = page.final_markdown(answer, number)
        yield [*shown, {"role": "assistant", "content": text}], page.evidence_html(answer, number), said


def _expose(library: Assistant) -> None:
    """The page's API: /ask and /search, typed and documented, for gradio_client."""

    def ask(question: str) -> dict:
        """Answers a question; the result is `Answer.to_dict()`."""
        return library.ask(question).to_dict()

    def search(question: str, k: int = 10) -> list[dict]:
        """The k nearest passages, each with title, score and text."""
        found = library.search(question, k=min(max(1, int(k)), 100))
        return [{"title": p.paper.title, "score": p.score, "text": p.text} for p in found]

    gr.api(ask, api_name="ask", concurrency_limit=_AT_ONCE)
    gr.api(search, api_name="search", concurrency_limit=_AT_ONCE)


def launch(library: Assistant, host: str = "127.0.0.1", port: int = 7860) -> gr.Blocks:
    """Serves the page in the background; `app.local_url` is its address, `app.block_thread()` waits for Ctrl-C.

    Raises ConfigError for an address beyond loopback without a password, or a port that is taken.
    """
    config = library.config
    auth = (
        (config.page_user, config.page_password.get_secret_value())
        if config.page_user and config.page_password
        else None
    )
    if not _is_loopback(host) and auth is None:
        raise ConfigError(
            f"listening on {host} lets other machines in; set ASSISTANT_PAGE_USER and ASSISTANT_PAGE_PASSWORD first, "
            "or use 127.0.0.1"
        )
    app = create_app(library)
    try:
        app.launch(
            server_name=host, server_port=port or None, auth=auth,
            css=page.CSS, theme=gr.themes.Soft(font=["system-ui", "sans-serif"]),
            prevent_thread_lock=True, show_error=False, share=False, footer_links=["api"], ssr_mode=False, quiet=True,
        )  # fmt: skip
    except OSError as error:
        raise ConfigError(f"the page cannot listen on {host}:{port} ({error}); choose another --port") from None
    return app


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
