"""A headless Chromium, the page over the seeds, and the page over a small library that a test may change."""

import shutil
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from assistant import Assistant, Paper
from assistant.app import launch

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-quic",
]  # fmt: skip
PAPERS = [
    Paper(
        title=f"Otters of river number {number}",
        abstract=f"Otters live along river number {number}. They eat {number + 2} fish a day. A den holds {number + 4} cubs.",
        year=2000 + number % 3,
        sources=("rivers.jsonl",),
    )
    for number in range(30)
]


_FAILED = pytest.StashKey[bool]()


class Served(NamedTuple):
    """A library with its page."""

    library: Assistant
    address: str


@pytest.fixture(scope="module")  # Playwright's event loop must not outlive the files of this folder
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine; apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def seeds(seeds_folder: Path) -> Iterator[Served]:
    with Assistant(data_dir=seeds_folder) as library:
        app = launch(library, port=0)
        yield Served(library, app.local_url)
        app.close()


@pytest.fixture
def serve() -> Iterator[Any]:
    """Serves the page of a library, which is closed after the test."""
    opened = []

    def serve_(library: Assistant) -> Served:
        app = launch(library, port=0)
        opened.append((app, library))
        return Served(library, app.local_url)

    yield serve_
    for app, library in opened:
        app.close()
        library.close()


@pytest.fixture
def otters(serve: Any, tmp_path: Path) -> Served:
    """A page over 30 papers on otters, for tests that change the library."""
    library = Assistant(data_dir=tmp_path / "otters")
    library.add(PAPERS)
    return serve(library)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Leaves the outcome of a test's call with the test, for `open_page`."""
    report = yield
    if report.when == "call":
        item.stash[_FAILED] = report.failed
    return report


@pytest.fixture
def open_page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Opens an address in a browser of its own; fails the test where the page asked for anything beyond it.

    Of a test that failed, what its pages said and asked for last is printed.
    """
    contexts = []
    opened: list[tuple[Any, deque[str]]] = []
    outside: list[str] = []

    def open_(served: Served, width: int = 1280, height: int = 900, dark: bool = False) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", accept_downloads=True
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        lately: deque[str] = deque(maxlen=40)
        opened.append((page, lately))
        page.on("request", lambda asked: lately.append(f"-> {_short(asked)}"))
        page.on("requestfinished", lambda asked: lately.append(f"<- {_short(asked)}"))
        page.on("requestfailed", lambda asked: lately.append(f"failed: {_short(asked)}"))
        page.on("console", lambda message: lately.append(f"console: {message.text[:300]}"))
        allowed = (served.address, "data:", "blob:")
        page.on("request", lambda request: None if request.url.startswith(allowed) else outside.append(request.url))
        page.goto(served.address)
        page.wait_for_selector("#question textarea")
        return page

    yield open_
    if request.node.stash.get(_FAILED, False):
        for page, lately in opened:
            print(f"{page.url} shows:", page.inner_text("body"), "and last:", *lately, sep="\n")
    assert outside == []
    for context in contexts:
        context.close()


def _short(asked: Any) -> str:
    """A request of the page in one line."""
    return f"{asked.method} {asked.url[:120]} {(asked.post_data or '')[:200]}"


def ask(page: Any, question: str, expect: str, is_answered: bool = True) -> None:
    """Types a question and waits until the answer holds `expect`, and for its evidence unless it `is_answered` not at all."""
    page.fill("#question textarea", question)
    for _ in range(40):  # until the page is ready and the last answer's event has ended, a question stays in the box
        page.press("#question textarea", "Enter")
        page.wait_for_timeout(300)
        if not page.input_value("#question textarea"):
            break
    else:
        pytest.fail("the page took no question in 12 seconds")
    page.wait_for_selector(f"#chatbot :text({expect!r}) >> nth=-1")
    if is_answered:
        page.wait_for_selector("#evidence .turn.current .badge")


@pytest.fixture(name="ask")
def ask_fixture() -> Any:
    return ask
