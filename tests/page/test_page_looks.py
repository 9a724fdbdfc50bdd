"""How the page looks: nothing overflows, every control has a name, enough contrast, README's pictures."""

import os
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser
HALF = "Which method keeps half of the parameters frozen in each tuning round?"
SCREENSHOTS = Path(__file__).parent.parent.parent / "docs"
TABS = ["Chat", "Library", "Evaluation", "Settings"]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390], ids=["desktop", "phone"])
def test_nothing_overflows_and_a_picture_is_taken(
    open_page: Any, seeds: Any, ask: Any, width: int, dark: bool, tmp_path: Path
) -> None:
    page = open_page(seeds, width, 900 if width > 400 else 844, dark)
    ask(page, HALF, "half of the parameters")
    page.wait_for_selector("#evidence mark")
    # The panel scrolls in itself: it must not run over what stands below it.
    assert page.evaluate(
        "(e => e.scrollHeight <= e.clientHeight || getComputedStyle(e).overflowY === 'auto')(document.querySelector('#evidence'))"
    )
    # README's pictures: UPDATE_SCREENSHOTS=1 python -m pytest -m browser
    folder = SCREENSHOTS if "UPDATE_SCREENSHOTS" in os.environ else tmp_path
    shade = "-dark" if dark else ""
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        if tab == "Library":
            page.locator("#papers label").nth(2).click()
            page.wait_for_selector("#paper h3")
        if tab == "Settings":
            borders = "e => getComputedStyle(e).borderRightWidth"
            assert set(page.locator(".settings, .settings tr").evaluate_all(f"all => all.map({borders})")) == {"0px"}
        page.evaluate("document.activeElement.blur()")
        page.wait_for_timeout(500)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), tab
        name = "page" if tab == "Chat" else f"page-{tab.lower()}"
        if tab == "Chat" or (width > 400 and not dark):
            page.screenshot(path=folder / f"{name}-{width}{shade}.png")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(open_page: Any, seeds: Any, ask: Any, dark: bool) -> None:
    axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install -e '.[test]'")
    page = open_page(seeds, dark=dark)
    ask(page, HALF, "half of the parameters")
    ask(page, "and how much training time does it save?", "30%")
    found = []
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        page.wait_for_timeout(500)
        results = axe_playwright.Axe().run(page).response
        found += [
            (tab, violation["id"], violation["impact"], node["html"][:160], node.get("failureSummary", "")[:300])
            for violation in results["violations"]
            if violation["impact"] in ("serious", "critical")
            for node in violation["nodes"]
        ]
    assert not found, "\n".join(map(str, found))
