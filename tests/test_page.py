"""The page in headless Chromium: a question, its evidence, a follow-up, hostile text, and a failure that does not lock it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant, Paper
from assistant.app import launch

pytestmark = pytest.mark.browser
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-quic",
]  # fmt: skip
HALF = "Which method keeps half of the parameters frozen in each tuning round?"
HFT = "HFT: Half Fine-Tuning for Large Language Models"
HOSTILE = Paper(
    title='</script><img src=x onerror="window.hacked=1"> Otters',
    abstract="Otters swim <b onclick='window.hacked=1'>fast</b> ![x](http://evil.example/leak.png) in "
    "[rivers](javascript:alert(1)). "
    "Otters eat fish <script>window.hacked=1</script> every day.",
)
SCREENSHOTS = Path(__file__).parent.parent / "docs"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine; apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def address(seeds_folder: Path) -> Iterator[str]:
    with Assistant(data_dir=seeds_folder) as library:
        app = launch(library, port=0)
        yield app.local_url
        app.close()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    opened = browser.new_page(viewport={"width": 1280, "height": 860})
    opened.outside = []
    opened.on(
        "request", lambda r: opened.outside.append(r.url) if not r.url.startswith((address, "data:", "blob:")) else None
    )
    opened.goto(address)
    opened.wait_for_selector("#question textarea")
    yield opened
    assert opened.outside == []
    opened.close()


def ask(page: Any, question: str, expect: str) -> None:
    page.fill("#question textarea", question)
    page.press("#question textarea", "Enter")
    page.wait_for_selector(f"#chatbot :text({expect!r}) >> nth=-1", timeout=15_000)
    page.wait_for_selector("#evidence .badge")


def test_a_question_shows_its_answer_and_the_marked_sentences_beside_it(page: Any) -> None:
    ask(page, HALF, "half of the parameters")
    page.wait_for_selector("#evidence mark")
    assert page.inner_text("#evidence .badge") == "Answered"
    assert HFT in page.inner_text("#evidence h3 >> nth=0")
    quotes = page.locator("#evidence mark").all_inner_texts()
    chat = page.inner_text("#chatbot")
    assert all(quote in chat for quote in quotes)
    page.locator("#chatbot a", has_text="[1]").first.click()
    assert page.evaluate("document.querySelector('#evidence .paper:target h3').textContent").startswith("[1]")


def test_a_follow_up_and_a_question_that_is_not_answered(page: Any) -> None:
    ask(page, HALF, "half of the parameters")
    ask(page, "and how much training time does it save?", "Understood as")
    page.wait_for_selector("#chatbot :text('30%')")
    ask(page, "How long do I bake sourdough bread?", "Not found")
    page.wait_for_selector("#evidence .not_found")
    assert "sourdough" in page.inner_text("#chatbot")
    assert "Nearest passages" in page.inner_text("#evidence")


def test_what_cannot_be_asked_is_said_and_the_page_goes_on(page: Any) -> None:
    page.fill("#question textarea", "\u200b\u200b")
    page.press("#question textarea", "Enter")
    page.wait_for_selector("#chatbot :text('question is empty')")
    ask(page, HALF, "half of the parameters")
    page.click("#clear")
    page.wait_for_selector("#chatbot :text('half of the parameters')", state="detached")


@pytest.mark.parametrize("width", [1280, 390], ids=["desktop", "phone"])
def test_nothing_overflows_and_a_picture_is_taken(page: Any, width: int, tmp_path: Path) -> None:
    page.set_viewport_size({"width": width, "height": 860 if width > 400 else 844})
    ask(page, HALF, "half of the parameters")
    page.wait_for_selector("#evidence mark")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    # The panel scrolls in itself: it must not run over what stands below it.
    assert page.evaluate(
        "(e => e.scrollHeight <= e.clientHeight || getComputedStyle(e).overflowY === 'auto')(document.querySelector('#evidence'))"
    )
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(600)
    # README's pictures: UPDATE_SCREENSHOTS=1 python -m pytest -m browser
    folder = SCREENSHOTS if "UPDATE_SCREENSHOTS" in os.environ else tmp_path
    page.screenshot(path=folder / f"page-{width}.png")


def test_hostile_papers_are_shown_as_text(browser: Any, tmp_path: Path) -> None:
    with Assistant(data_dir=tmp_path) as library:
        library.add(HOSTILE)
        app = launch(library, port=0)
        page = browser.new_page()
        outside: list[str] = []
        page.on(
            "request",
            lambda r: outside.append(r.url) if not r.url.startswith((app.local_url, "data:", "blob:")) else None,
        )
        page.goto(app.local_url)
        page.wait_for_selector("#question textarea")
        ask(page, "Where do otters swim fast? <img src=x onerror='window.hacked=1'>", "Otters swim")
        page.wait_for_timeout(500)
        assert page.evaluate("window.hacked") is None
        assert page.locator("#chatbot a[href^='javascript']").count() == 0
        assert page.locator("#chatbot img[src*='evil'], #evidence img").count() == 0
        assert outside == []
        page.close()
        app.close()


def test_the_api_answers(address: str) -> None:
    from gradio_client import Client

    client = Client(address, verbose=False)
    assert client.predict(HALF, api_name="/ask")["citations"][0]["paper"]["title"] == HFT
    assert len(client.predict(HALF, 3, api_name="/search")) == 3
    assert {name for name in client.view_api(return_format="dict")["named_endpoints"]} == {"/ask", "/search"}
