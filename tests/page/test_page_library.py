"""The library, evaluation and settings tabs in headless Chromium."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from assistant import Assistant

pytestmark = pytest.mark.browser


def open_library(open_page: Any, served: Any) -> Any:
    page = open_page(served)
    page.get_by_role("tab", name="Library").click()
    page.wait_for_selector("#papers label")
    return page


def test_papers_are_searched_sorted_paged_and_opened(open_page: Any, otters: Any) -> None:
    page = open_library(open_page, otters)
    page.wait_for_selector("#which-papers :text('1–25 of 30 papers')")
    page.click("#next")
    page.wait_for_selector("#which-papers :text('26–30 of 30 papers')")
    page.fill("#find input, #find textarea", "2001 river cubs")
    page.wait_for_selector("#which-papers :text('1–10 of 10 papers')")
    page.locator("#papers label").first.click()
    page.wait_for_selector("#paper h3")
    assert "rivers.jsonl" in page.inner_text("#paper")
    assert "Otters live along river number" in page.inner_text("#paper")


def test_a_paper_is_removed_only_when_confirmed(open_page: Any, otters: Any) -> None:
    page = open_library(open_page, otters)
    page.locator("#papers label").first.click()
    page.click("#remove")
    page.wait_for_selector("#really-remove")
    assert otters.library.counts()[0] == 30
    page.click("#really-remove")
    page.wait_for_selector("#which-papers :text('of 29 papers')")
    assert otters.library.counts()[0] == 29


def test_the_paper_that_is_open_is_removed_whatever_the_list_shows(open_page: Any, otters: Any) -> None:
    page = open_library(open_page, otters)
    page.locator("#papers label").first.click()
    page.wait_for_selector("#paper h3")
    title = page.inner_text("#paper h3")
    page.click("#next")
    page.wait_for_selector("#which-papers :text('26–30 of 30 papers')")
    page.click("#remove")
    page.click("#really-remove")
    page.wait_for_selector("#which-papers :text('of 29 papers')")
    page.wait_for_selector("#paper h3", state="detached")
    assert title not in [paper.title for paper in otters.library.papers()]


def test_files_are_uploaded_with_a_report_and_kept_in_the_data_folder(
    open_page: Any, otters: Any, tmp_path: Path
) -> None:
    good, bad = tmp_path / "more papers.jsonl", tmp_path / "not papers.txt"
    good.write_text(
        json.dumps({"title": "Beavers", "abstract": "Beavers build dams. They fell trees."}), encoding="utf-8"
    )
    bad.write_text("", encoding="utf-8")
    page = open_library(open_page, otters)
    page.click("#add > button")
    page.set_input_files("#files input[type=file]", [str(good), str(bad)])
    page.wait_for_selector("#report :text('1 new paper')")
    assert "not read" in page.inner_text("#report")
    assert "is empty" in page.inner_text("#report")
    page.wait_for_selector("#which-papers :text('of 31 papers')")
    folder = otters.library.config.data_dir
    assert (folder / "uploads" / "more papers.jsonl").read_text(encoding="utf-8") == good.read_text(encoding="utf-8")
    assert otters.library.ask("What do beavers build?").citations[0].paper.title == "Beavers"


def test_what_is_added_can_be_asked_in_and_what_is_removed_not_any_more(
    open_page: Any, otters: Any, ask: Any, tmp_path: Path
) -> None:
    more = tmp_path / "beavers.jsonl"
    more.write_text(json.dumps({"title": "Beavers", "abstract": "Beavers build dams.", "year": 1987}), encoding="utf-8")
    page = open_library(open_page, otters)
    page.click("#add > button")
    page.set_input_files("#files input[type=file]", str(more))
    page.get_by_role("tab", name="Chat").click()  # before it is added
    page.click("#scope > button")
    for _ in range(40):
        page.click("#scope-years input")
        page.wait_for_timeout(250)
        if page.get_by_role("option", name="1987", exact=True).count():
            break
        page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.click("#scope-papers input")
    page.keyboard.type("Beavers")
    page.get_by_role("option", name="Beavers").click()
    page.keyboard.press("Escape")
    page.wait_for_selector("#scope :text('1 chosen paper')")
    ask(page, "What do they build?", "Beavers build dams")
    page.get_by_role("tab", name="Library").click()
    page.fill("#find input, #find textarea", "beavers")
    page.locator("#papers label:has-text('Beavers')").click()
    page.click("#remove")
    page.click("#really-remove")
    page.wait_for_selector("#which-papers :text('No paper')")
    page.get_by_role("tab", name="Chat").click()
    page.wait_for_selector("#scope :text('all papers')")
    page.click("#scope-papers input")
    page.get_by_role("option", name="Otters of river number 7").wait_for()
    assert page.get_by_role("option", name="Beavers").count() == 0
    page.keyboard.press("Escape")
    ask(page, "How many fish do otters of river number 7 eat?", "9 fish")


def test_settings_are_shown_and_secrets_never(open_page: Any, serve: Any, tmp_path: Path) -> None:
    secrets = {
        "openai_api_key": SecretStr("sk-very-secret"),
        "openai_base_url": "http://127.0.0.1:9/v1",
        "model": "m-1",
    }
    page = open_page(serve(Assistant(data_dir=tmp_path / "data", **secrets)))
    page.get_by_role("tab", name="Settings").click()
    page.wait_for_selector("#settings table")
    shown = page.inner_text("#settings")
    assert "m-1 at http://127.0.0.1:9/v1" in shown
    assert "OPENAI_API_KEY" in shown
    assert "sk-very-secret" not in page.content()


def test_a_pdf_is_uploaded_asked_and_shown_with_the_quotation_marked(
    open_page: Any, otters: Any, ask: Any, tmp_path: Path
) -> None:
    canvas = pytest.importorskip("reportlab.pdfgen.canvas", reason="pip install -e '.[test]'")
    drawing = canvas.Canvas(str(tmp_path / "walrus.pdf"))
    drawing.setFont("Times-Bold", 18)
    drawing.drawString(80, 760, "Walruses of the North")
    drawing.setFont("Times-Roman", 11)
    drawing.drawString(80, 700, "A walrus dives for thirty minutes. It weighs a tonne.")
    drawing.save()
    page = open_library(open_page, otters)
    page.click("#add > button")
    page.set_input_files("#files input[type=file]", str(tmp_path / "walrus.pdf"))
    page.wait_for_selector("#report :text('1 new paper')")
    page.get_by_role("tab", name="Chat").click()
    ask(page, "For how long does a walrus dive?", "thirty minutes")
    page.click("#evidence button:has-text('Show page 1')")
    page.wait_for_selector("#page-picture img")


def test_a_test_set_is_run_and_compared(open_page: Any, otters: Any) -> None:
    feedback = otters.library.feedback
    for number in range(3):
        feedback.add_to_testset(
            f"How many fish do otters of river number {number} eat?", otters.library.papers()[number]
        )
    feedback.add_to_testset("Who won the cup in 1998?", None)
    page = open_page(otters)
    page.get_by_role("tab", name="Evaluation").click()
    page.click("#testset input")
    page.get_by_role("option", name="my own questions").click()
    for runs in (1, 2):
        page.click("#run-eval")
        page.wait_for_function(f"document.querySelectorAll('#eval-report iframe').length && {runs}", timeout=30_000)
        page.wait_for_timeout(1500)
    frame = page.frame_locator("#eval-report iframe")
    frame.locator(":text('Cannot tell')").first.wait_for()
    assert "4 of 4 questions" in frame.locator("body").inner_text()
    assert len(list((otters.library.config.data_dir / "evaluations").glob("*/report.html"))) == 2
    page.set_viewport_size({"width": 390, "height": 844})
    for box in ("#testset input", "#eval-run input", "#find input"):  # what is chosen can be read on a phone
        if box == "#find input":
            page.get_by_role("tab", name="Library").click()
        width = page.locator(f"{box}, {box.replace('input', 'textarea')}").first.bounding_box()["width"]
        assert width > 220, box
