"""What the page must never do: run what a paper says, ask a host beyond loopback, serve a file that is not its own."""

import asyncio
import http.client
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from assistant import Assistant, Paper
from assistant.app import launch
from assistant.errors import ConfigError

HOSTILE = Paper(
    title='</script><img src=x onerror="window.hacked=1"> Otters',
    abstract="Otters swim <b onclick='window.hacked=1'>fast</b> ![x](http://evil.example/leak.png) in "
    "[rivers](javascript:alert(1)). "
    "Otters eat fish <script>window.hacked=1</script> every day.",
    url="javascript:window.hacked=1",
    sources=("<svg onload=window.hacked=1>.jsonl",),
)


@pytest.mark.browser
def test_hostile_papers_questions_and_titles_are_shown_as_text(
    open_page: Any, serve: Any, ask: Any, tmp_path: Path
) -> None:
    library = Assistant(data_dir=tmp_path / "hostile")
    library.add(HOSTILE)
    page = open_page(serve(library))
    ask(page, "Where do otters swim fast? <img src=x onerror='window.hacked=1'>", "Otters swim")
    page.click("#show-conversations")
    page.wait_for_selector("#conversations label")
    page.click("#scope > button")
    page.click("#scope-papers input")
    page.wait_for_timeout(300)
    page.get_by_role("tab", name="Library").click()
    page.locator("#papers label").first.click()
    page.wait_for_selector("#paper h3")
    page.wait_for_timeout(500)
    assert page.evaluate("window.hacked") is None
    assert page.locator("a[href^='javascript']").count() == 0
    assert page.locator("img[src*='evil'], #evidence img, #paper img, #paper svg, #paper a").count() == 0


@pytest.mark.browser
def test_a_quotation_is_shown_as_it_is_written(open_page: Any, serve: Any, ask: Any, tmp_path: Path) -> None:
    library = Assistant(data_dir=tmp_path / "odd")
    said = r"1. Heat pumps lose $$Q_{l} = \frac{k A}{d}$$ and \[E_{loss}\] & more, at https://example.org/a_b~c or www.a.org."
    library.add(Paper(title="Heat pumps", abstract=said))
    page = open_page(serve(library))
    ask(page, "What do heat pumps lose?", "Heat pumps lose")
    assert said in page.inner_text("#chatbot .bot.message, #chatbot .message.bot")
    assert page.locator("#chatbot :is(ol, .katex, a[href*='.org'])").count() == 0


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "{data}/catalogue.sqlite",
        "{data}/conversations/x.json",
        "{data}/page-files/../catalogue.sqlite",
        "{package}/app/chat.py",
    ],
)
def test_no_file_is_served_but_the_pages_own(otters: Any, path: str) -> None:
    import assistant

    named = path.format(data=otters.library.config.data_dir, package=Path(assistant.__file__).parent)
    connection = http.client.HTTPConnection(urlsplit(otters.address).netloc, timeout=10)
    for route in ("/gradio_api/file=", "/file=", "/gradio_api/file/", "/gradio_api/file=%2e%2e/"):
        connection.request("GET", route + quote(named))
        answer = connection.getresponse()
        assert (answer.status, b"SQLite" in answer.read()) in {(403, False), (404, False), (405, False)}


def test_only_ask_and_search_are_public(otters: Any) -> None:
    from gradio_client import Client

    client = Client(otters.address, verbose=False)
    answer = client.predict("How many fish do otters of river number 7 eat?", api_name="/ask")
    assert answer["citations"][0]["paper"]["title"] == "Otters of river number 7"
    assert len(client.predict("otters", 3, api_name="/search")) == 3
    assert set(client.view_api(return_format="dict")["named_endpoints"]) == {"/ask", "/search"}
    for question in ("", None, "x" * 100_000):
        with pytest.raises(Exception, match="question"):
            client.predict(question, api_name="/ask")


def test_ask_and_search_are_tools_of_an_mcp_server(otters: Any) -> None:
    pytest.importorskip("mcp", reason="pip install -e '.[test]'")
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async def use() -> tuple[list[str], str]:
        async with (
            streamablehttp_client(f"{otters.address}gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = (await session.list_tools()).tools
            asked = await session.call_tool("ask", {"question": "How many fish do otters of river number 7 eat?"})
            assert all(tool.description and tool.inputSchema["properties"]["question"]["description"] for tool in tools)
            return [tool.name for tool in tools], str(asked.content)

    names, answer = asyncio.run(use())
    assert (sorted(names), "They eat 9 fish a day." in answer) == (["ask", "search"], True)


def test_beyond_loopback_it_wants_a_password(tmp_path: Path) -> None:
    with Assistant(data_dir=tmp_path / "data") as library, pytest.raises(ConfigError, match="ASSISTANT_PAGE_PASSWORD"):
        launch(library, "0.0.0.0", 0)


def test_a_full_queue_is_said(serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gradio_client import Client

    library = Assistant(data_dir=tmp_path / "data")
    library.add(HOSTILE)
    monkeypatch.setattr("assistant.app._QUEUE", 2)
    go_on = threading.Event()
    monkeypatch.setattr(library, "search", lambda *_, **__: go_on.wait(20) and [])
    client = Client(serve(library).address, verbose=False)
    jobs = [client.submit("otters", 1, api_name="/search") for _ in range(12)]
    time.sleep(1.5)
    go_on.set()
    refused = [str(error) for error in (job.exception(timeout=20) for job in jobs) if error]
    assert refused
    assert all("queue" in message.lower() for message in refused)
