"""The page: a chat with the evidence beside it, the library, evaluation and settings. All logic is in the library."""

import importlib.metadata
import ipaddress
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from assistant.privacy import silence

silence()  # before Gradio is imported: it starts its analytics at import

import gradio as gr  # noqa: E402

from assistant.app import chat, evaluation, papers, settings  # noqa: E402
from assistant.errors import AssistantError, ConfigError  # noqa: E402
from assistant.library import Assistant  # noqa: E402
from assistant.resources import resource  # noqa: E402

_QUEUE = 40  # people waiting; more are told that the page is busy
_UPLOAD = "200mb"
_STALE = 86_400  # seconds after which Gradio's copies of uploads and exports are deleted


def create_app(library: Assistant) -> gr.Blocks:
    """The page over an open library, ready for `launch`."""
    with gr.Blocks(title="assistant", analytics_enabled=False, fill_width=True, delete_cache=(3600, _STALE)) as app:
        _expose(library)  # first: the callbacks of the tabs would otherwise take the names of the public endpoints
        gr.Markdown(
            "# assistant\nAsk the papers. Every sentence of an answer is backed by exact sentences, shown beside it.",
            elem_id="title",
        )
        changes = gr.State(0)  # of the library, counted by its tab
        with gr.Tabs():
            with gr.Tab("Chat", id="chat") as tab:
                chat.build(app, [app.load, tab.select, changes.change], library)
            with gr.Tab("Library", id="library"):
                papers.build(app, changes, library)
            with gr.Tab("Evaluation", id="evaluation"):
                evaluation.build(app, library)
            with gr.Tab("Settings", id="settings"):
                settings.build(library)
    return app.queue(max_size=_QUEUE)


def _expose(library: Assistant) -> None:
    """The page's API: /ask and /search, typed and documented, for gradio_client and as tools of an MCP server."""

    def ask(question: str) -> dict:
        """Answers a question from the library of papers; every sentence is backed by exact sentences of them.

        Args:
            question: A question about the papers, in a sentence.

        Returns:
            `Answer.to_dict()`: status (answered, partial or not_found), text with [1] [2], and the citations with their quotes.
        """
        with _clear_errors():
            return library.ask(question).to_dict()

    def search(question: str, k: int = 10) -> list[dict]:
        """Finds the passages of the papers that are nearest to a question, without answering it.

        Args:
            question: What to look for, as a question or in keywords.
            k: How many passages, at most 100.

        Returns:
            The passages, best first, each with title, score and text.
        """
        with _clear_errors():
            found = library.search(question, k=min(max(1, int(k)), 100))
        return [{"title": p.paper.title, "score": p.score, "text": p.text} for p in found]

    gr.api(ask, api_name="ask", concurrency_limit=chat.AT_ONCE)
    gr.api(search, api_name="search", concurrency_limit=chat.AT_ONCE)


@contextmanager
def _clear_errors() -> Iterator[None]:
    """Callers of the API get our one line; of other errors Gradio tells them nothing."""
    try:
        yield
    except (AssistantError, TypeError, ValueError) as error:
        raise gr.Error(str(error), print_exception=False) from None


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
    os.environ["GRADIO_TEMP_DIR"] = str(config.data_dir / "page-files")  # uploads never leave the data folder
    app = create_app(library)
    try:
        app.launch(
            server_name=host, server_port=port or None, auth=auth, max_file_size=_UPLOAD,
            css_paths=resource("page.css"), head=f"<script>{resource('page.js').read_text(encoding='utf-8')}</script>",
            theme=_theme(),
            prevent_thread_lock=True, show_error=False, share=False, footer_links=["api"], ssr_mode=False, quiet=True,
            mcp_server=_has_mcp(),
        )  # fmt: skip
    except OSError as error:
        reason = error.strerror or "the port is taken"  # Gradio's own words name its settings, not ours
        raise ConfigError(f"the page cannot listen on {host}:{port} ({reason}); choose another --port, or 0") from None
    if config.prepare:
        _prepare_in_background(library, app)
    return app


def _has_mcp() -> bool:
    """True where the extra `mcp` is installed, in the version that Gradio speaks."""
    try:
        return importlib.metadata.version("mcp").startswith("1.")
    except importlib.metadata.PackageNotFoundError:
        return False


def _prepare_in_background(library: Assistant, app: gr.Blocks) -> None:
    """Lets the reranker read the library while people look at the page; `app.close()` and the end of the process stop it."""
    stop = threading.Event()
    thread = threading.Thread(target=_prepare, args=(library, stop), daemon=True)
    close = app.close

    def close_both(*args: Any, **options: Any) -> None:
        stop.set()
        thread.join()
        close(*args, **options)

    app.close = close_both
    thread.start()


def _prepare(library: Assistant, stop: threading.Event) -> None:
    try:
        library.prepare(stop=stop)
    except Exception:  # questions are answered without it, only later
        logging.getLogger(__name__).exception("the reranker could not read the library beforehand")


def _theme() -> gr.themes.Base:
    """Gradio's soft theme with the machine's own fonts, and labels as plain text: filled, they look like buttons."""
    theme = gr.themes.Soft(font=["system-ui", "sans-serif"])
    return theme.set(
        block_title_background_fill="transparent",
        block_title_background_fill_dark="transparent",
        block_title_padding="0",
        block_title_text_color="*body_text_color",
        block_title_text_weight="500",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_label_text_color="*body_text_color",
        button_primary_background_fill="*primary_600",
        checkbox_label_background_fill_selected="*primary_600",
        checkbox_border_color="*neutral_400",
        input_border_color="*neutral_300",
        input_border_color_dark="*neutral_600",
        input_border_width="1px",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
