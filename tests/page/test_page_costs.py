"""What the page owes its reader: a closed page stops the request to the model, and an upload asks before it costs much."""

import sys
import time
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from provider import Provider, Reply

from assistant import Assistant, Paper, costs

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_closed_page_stops_the_request(open_page: Any, serve: Any, tmp_path: Path) -> None:
    def endless(body: Any) -> str:
        return "Otters swim in cold rivers. [1.1]\n" + "Otters " * 2000

    with Provider([Reply(endless, pause=0.05)]) as provider:
        library = Assistant(data_dir=tmp_path, openai_base_url=provider.url, model="m", answer_cache=0, prepare=False)
        library.add(Paper(title="Otters and rivers", abstract="Otters swim in cold rivers. Otters eat fish."))
        page = open_page(serve(library))
        page.fill("#question textarea", "Where do otters swim?")
        page.press("#question textarea", "Enter")
        page.wait_for_selector("#chatbot :text('cold rivers') >> nth=-1")
        assert not provider.requests[0].ended.is_set()
        page.close()
        closed = time.monotonic()
        assert provider.requests[0].ended.wait(10) and provider.requests[0].disconnected
        assert time.monotonic() - closed < 8


def test_uploads_wait_until_the_reader_agrees_to_what_they_would_send(
    open_page: Any, serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(costs, "MANY_TOKENS", 20)
    given = tmp_path / "beavers.jsonl"
    given.write_text('{"title": "Beavers", "abstract": "Beavers build dams. They fell trees, and they eat bark."}')
    with Provider() as provider:
        settings = {"openai_base_url": provider.url, "embedding": "openai:small", "model": "extractive"}
        library = Assistant(data_dir=tmp_path / "data", prepare=False, **settings)
        library.add(Paper(title="Otters", abstract="Otters swim."))
        sent = len(provider.requests)
        page = open_page(serve(library))
        page.click("button[role=tab]:has-text('Library')")
        page.click("#add > button")
        page.set_input_files("#files input[type=file]", [str(given)])
        page.wait_for_selector("#report :text('Not added yet')")
        assert (library.counts()[0], len(provider.requests)) == (1, sent)
        page.click("#send-and-add")
        page.wait_for_selector("#report :text('1 new paper')")
        assert library.counts()[0] == 2
        page.wait_for_selector("#send-and-add", state="hidden")
