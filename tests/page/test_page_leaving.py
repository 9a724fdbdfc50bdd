"""A reader who closes the page stops the request to the model."""

import sys
import time
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from provider import Provider, Reply

from assistant import Assistant, Paper

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
