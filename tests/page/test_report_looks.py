"""The report page in Chromium: it fits, asks for nothing, and what papers and models wrote stays text."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant, evaluate
from assistant.evaluation import compare, save_report, shipped_testset
from assistant.evaluation.results import Cited, Judgement, Rival, Said

pytestmark = pytest.mark.browser
SCREENSHOTS = Path(__file__).parent.parent.parent / "docs"
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">]]>\x00"


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_report_fits_and_fetches_nothing(
    browser: Any, library: Assistant, tmp_path: Path, width: int, colours: str
) -> None:
    dev = [item for item in shipped_testset() if item.split == "dev"]
    report = evaluate(library, dev if "UPDATE_SCREENSHOTS" in os.environ else dev[::12])
    path = save_report(report, tmp_path, compare(report, report))
    page = browser.new_page(viewport={"width": width, "height": 1200}, color_scheme=colours)
    requests: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(path.as_uri())
    assert requests == [path.as_uri()]
    assert errors == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("svg.plot").count() >= 3
    page.locator("body > details > summary").first.click()
    assert page.locator("body > details").first.get_by_text("Papers found").is_visible()
    # README's picture: UPDATE_SCREENSHOTS=1 python -m pytest -m browser
    folder = SCREENSHOTS if "UPDATE_SCREENSHOTS" in os.environ and (width, colours) == (1280, "light") else tmp_path
    page.screenshot(
        path=folder / f"report-{width}.png", full_page=True, clip={"x": 0, "y": 0, "width": width, "height": 1900}
    )
    page.close()


def test_what_others_wrote_stays_text(browser: Any, library: Assistant, tmp_path: Path) -> None:
    report = evaluate(library, shipped_testset()[:1])
    result = report.results[0]
    claim = Said(HOSTILE, False, (Cited(1, HOSTILE, HOSTILE, False, True),), (HOSTILE,))
    item = replace(result.item, id=HOSTILE, question=HOSTILE, type=HOSTILE, reference=HOSTILE)
    hostile = replace(
        result, item=item, text=HOSTILE, claims=(claim,), ranked=(HOSTILE,), error=HOSTILE, mode=HOSTILE,
        rivals={HOSTILE: Rival(True, HOSTILE)}, sources=(HOSTILE,), judge_error=HOSTILE,
        judgements=(Judgement("correct", (HOSTILE,)),),
    )  # fmt: skip
    wrong = replace(hostile, error="", scores={"answer: vital nuggets": 0.0})
    gains = tuple(replace(gain, baseline=HOSTILE) for gain in report.gains)
    shown = replace(
        report, results=(hostile, wrong), mode=HOSTILE, by_type={HOSTILE: ()}, gains=gains, not_run={HOSTILE: HOSTILE},
        by_source={HOSTILE: report.figures, "other": report.figures}, setup={"judge": HOSTILE},
    )  # fmt: skip
    path = save_report(shown, tmp_path)
    assert len(gains) == 4
    page = browser.new_page()
    page.goto(path.as_uri())
    assert page.title() == "Evaluation"
    assert page.locator("script, img").count() == 0
    page.close()
    from defusedxml.ElementTree import parse

    assert parse(tmp_path / "junit.xml").getroot().get("errors") == "1"
