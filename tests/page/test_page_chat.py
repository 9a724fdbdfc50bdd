"""The chat tab in headless Chromium: answers with their evidence, follow-ups, conversations that last, scope, opinions."""

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant, Paper

pytestmark = pytest.mark.browser
HALF = "Which method keeps half of the parameters frozen in each tuning round?"
HFT = "HFT: Half Fine-Tuning for Large Language Models"
TIME = "and how much training time does it save?"


def turns(page: Any) -> int:
    return page.locator("#evidence .turn").count()


def test_a_question_shows_its_answer_and_the_marked_sentences_beside_it(open_page: Any, seeds: Any, ask: Any) -> None:
    page = open_page(seeds)
    ask(page, HALF, "half of the parameters")
    assert page.inner_text("#evidence .badge") == "Answered"
    assert "extractive" in page.inner_text("#evidence .head")
    assert HFT in page.inner_text("#evidence h3 >> nth=0")
    quotes = page.locator("#evidence mark").all_inner_texts()
    chat = page.inner_text("#chatbot")
    assert quotes
    assert all(quote in chat for quote in quotes)


def test_a_chip_shows_its_own_sentences_by_click_and_by_focus_in_any_turn(open_page: Any, seeds: Any, ask: Any) -> None:
    page = open_page(seeds)
    ask(page, HALF, "half of the parameters")
    ask(page, TIME, "30%")
    page.wait_for_function("document.querySelectorAll('#evidence .turn').length == 2")
    first_turn = page.locator("#chatbot a[href^='#quote-1-']")
    sentence = first_turn.first.locator("xpath=..").inner_text().removesuffix("[1]").strip()
    first_turn.first.click()
    assert page.locator("#evidence mark.active").all_inner_texts() == [sentence]
    assert page.get_attribute("#evidence .turn.current", "aria-label") == "Evidence of answer 1"
    page.locator("#chatbot a[href^='#quote-2-']").last.focus()
    assert page.get_attribute("#evidence .turn.current", "aria-label") == "Evidence of answer 2"
    assert page.locator("#evidence mark.active").is_visible()


BELOW_TOP = """() => {
    const box = document.querySelector("#chatbot .bubble-wrap").getBoundingClientRect();
    const last = [...document.querySelectorAll("#chatbot .user.message, #chatbot .message.user")].at(-1);
    return last.getBoundingClientRect().top - box.top;
}"""


def test_a_new_question_stands_at_the_top_of_the_chat_where_its_answer_fills_it(
    open_page: Any, seeds: Any, ask: Any
) -> None:
    page = open_page(seeds)
    ask(page, HALF, "half of the parameters")
    ask(page, "Which papers prune large language models?", "prun")
    page.wait_for_function(f"Math.abs(({BELOW_TOP})()) < 30")
    assert page.locator("#chatbot a[href^='#quote-2-']").first.bounding_box()["y"] < 700
    page.locator("#chatbot").hover()
    page.mouse.wheel(0, -4000)
    page.wait_for_timeout(300)
    assert page.evaluate(f"({BELOW_TOP})()") > 100  # where the reader scrolls, the chat stays


def test_a_short_answer_is_in_view_from_its_question_to_its_last_chip(open_page: Any, seeds: Any, ask: Any) -> None:
    page = open_page(seeds)
    ask(page, HALF, "half of the parameters")
    ask(page, "What does CorDA use to obtain the covariance matrices?", "covariance")
    page.wait_for_selector("#chatbot a[href^='#quote-2-']")
    last = "[...document.querySelectorAll('#chatbot a[href^=\"#quote-2-\"]')].at(-1).getBoundingClientRect()"
    box = "document.querySelector('#chatbot .bubble-wrap').getBoundingClientRect()"
    page.wait_for_function(f"({BELOW_TOP})() >= 0 && {last}.bottom <= {box}.bottom")


def test_a_follow_up_shows_what_was_understood_and_can_be_reworded(open_page: Any, seeds: Any, ask: Any) -> None:
    page = open_page(seeds)
    ask(page, HALF, "half of the parameters")
    ask(page, TIME, "Understood as")
    page.click("#rewording > button")
    page.wait_for_selector("#rewrite textarea")
    assert HFT in page.input_value("#rewrite textarea")
    page.fill("#rewrite textarea", "What does CorDA use to obtain the covariance matrices?")
    page.press("#rewrite textarea", "Enter")
    page.wait_for_selector("#chatbot :text('Understood as: What does CorDA use to obtain the covariance matrices?')")
    page.wait_for_selector("#evidence .turn.current:nth-of-type(2) h3:has-text('CorDA')")
    assert turns(page) == 2


def test_retry_and_undo(open_page: Any, seeds: Any, ask: Any) -> None:
    page = open_page(seeds)
    ask(page, HALF, "half of the parameters")
    page.get_by_label("Retry").last.click()
    page.wait_for_timeout(1000)
    page.wait_for_selector("#evidence .turn.current .badge")
    assert turns(page) == 1
    page.get_by_label("Undo").last.click()
    page.wait_for_selector("#evidence .turn", state="detached")
    assert page.input_value("#question textarea") == HALF


def test_a_question_that_is_not_answered(open_page: Any, seeds: Any, ask: Any) -> None:
    page = open_page(seeds)
    ask(page, "How long do I bake sourdough bread?", "Not found")
    assert "sourdough" in page.inner_text("#chatbot")
    assert page.inner_text("#evidence .badge") == "Not found"
    assert "Nearest passages" in page.inner_text("#evidence")


def test_what_cannot_be_asked_is_said_and_the_page_goes_on(open_page: Any, seeds: Any, ask: Any) -> None:
    page = open_page(seeds)
    ask(page, "\u200b\u200b", "question is empty", is_answered=False)
    ask(page, HALF, "half of the parameters")
    page.click("#clear")
    page.wait_for_selector("#chatbot :text('half of the parameters')", state="detached")


def test_an_example_can_be_asked(open_page: Any, seeds: Any) -> None:
    page = open_page(seeds)
    page.locator("#chatbot button:has-text('propose?')").first.click()
    page.wait_for_selector("#evidence .turn.current .badge")


def test_conversations_outlive_reload_and_restart(open_page: Any, otters: Any, ask: Any) -> None:
    page = open_page(otters)
    ask(page, "How many fish do otters of river number 7 eat?", "9 fish")
    page.reload()
    page.wait_for_selector("#chatbot :text('9 fish')")
    page.wait_for_selector("#evidence mark")
    otters.library.remove(["Otters of river number 7"])  # what was cited stays as it was cited
    with Assistant(data_dir=otters.library.config.data_dir) as again:
        (summary,) = again.conversations.newest()
        stored = again.conversations.load(summary.id)
    assert "9 fish" in stored.turns[0].answer.text
    page.reload()
    page.wait_for_selector("#evidence mark:has-text('9 fish')")


def test_conversations_are_renamed_exported_and_deleted(open_page: Any, otters: Any, ask: Any) -> None:
    page = open_page(otters)
    ask(page, "How many fish do otters of river number 7 eat?", "9 fish")
    page.click("#clear")
    page.wait_for_selector("#chatbot :text('9 fish')", state="detached")
    ask(page, "How many cubs does a den at river number 5 hold?", "9 cubs")
    page.click("#show-conversations")
    page.wait_for_function("document.querySelectorAll('#conversations label').length == 2")
    page.click("#manage > button")
    page.fill("#title-box input, #title-box textarea", "Cubs <b>")
    page.click("#rename")
    page.wait_for_selector("#conversations label:has-text('Cubs <b> (1 answer)')")
    page.click("#export")
    page.wait_for_selector("#exported a")
    with page.expect_download() as download:
        page.locator("#exported a[download='conversation.md']").click()
    assert "9 cubs" in download.value.path().read_text(encoding="utf-8")
    page.fill("#title-box input, #title-box textarea", "Dens")
    page.click("#delete")
    page.wait_for_selector("#really-delete")
    page.locator("#conversations label").nth(1).click()
    page.wait_for_selector("#chatbot :text('9 fish')")
    page.wait_for_selector("#really-delete", state="hidden")  # these were meant for the other conversation
    assert page.input_value("#title-box input, #title-box textarea") == ""
    page.wait_for_selector("#exported", state="hidden")
    page.click("#delete")
    page.click("#really-delete")
    page.wait_for_function("document.querySelectorAll('#conversations label').length == 1")
    assert [summary.title for summary in otters.library.conversations.newest()] == ["Cubs <b>"]


def test_a_title_typed_while_a_conversation_opens_is_kept_and_is_for_that_one(open_page: Any, otters: Any) -> None:
    stored = otters.library.conversations
    for question in ("How many fish do otters eat?", "How many cubs does a den hold?"):
        stored.append("", otters.library.ask(question))
    get = stored.get
    page = open_page(otters)
    page.click("#show-conversations")
    page.wait_for_function("document.querySelectorAll('#conversations label').length == 2")
    page.click("#manage > button")
    page.fill("#title-box input, #title-box textarea", "old")
    stored.get = lambda name: time.sleep(1) or get(name)  # a busy server
    page.locator("#conversations label:has-text('fish')").click()
    page.wait_for_function("!document.querySelector('#title-box input, #title-box textarea').value")
    page.fill("#title-box input, #title-box textarea", "Fish")
    page.click("#rename")
    page.wait_for_selector("#conversations label:has-text('Fish (1 answer)')")
    page.wait_for_selector("#chatbot :text('How many fish')")
    assert page.input_value("#title-box input, #title-box textarea") == "Fish"
    assert {one.title for one in stored.newest()} == {"Fish", "How many cubs does a den hold?"}


def test_the_sidebar_closes_where_it_covers_what_was_chosen_and_by_escape(
    open_page: Any, otters: Any, ask: Any
) -> None:
    otters.library.conversations.append("", otters.library.ask("How many cubs does a den at river number 5 hold?"))
    page = open_page(otters, 390, 844)
    is_open = "document.querySelector('.sidebar').classList.contains('open')"
    for _ in range(2):  # the second time it is the conversation that is open already
        page.click("#show-conversations")
        page.wait_for_function(is_open)
        page.locator("#conversations label").click()
        page.wait_for_function(f"!{is_open}")
        page.wait_for_selector("#chatbot :text('9 cubs')")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.click("#show-conversations")
    page.wait_for_function(is_open)
    controls = page.locator("#ask, #stop, #clear, #show-conversations")
    assert controls.evaluate_all(
        "all => all.every(one => one.scrollWidth <= one.clientWidth)"
    )  # the chat is narrower now
    page.locator("#conversations label").click()
    page.wait_for_timeout(500)
    assert page.evaluate(is_open)
    page.keyboard.press("Escape")
    page.wait_for_function(f"!{is_open}")
    assert page.evaluate("document.activeElement.id") == "show-conversations"


def test_a_scope_limits_the_answer_and_is_shown_in_it(open_page: Any, otters: Any, ask: Any) -> None:
    page = open_page(otters)
    page.click("#scope > button")
    page.click("#scope-years input")
    page.get_by_role("option", name="2001").click()
    page.keyboard.press("Escape")
    page.wait_for_selector("#scope :text('Ask in: 2001')")
    ask(page, "What do otters eat?", "Asked in years 2001: 10 of 30 papers")
    cited = otters.library.conversations.load(otters.library.conversations.newest()[0].id).cited_papers
    assert {paper.year for paper in cited} == {2001}
    page.click("#clear")
    page.click("#scope-papers input")
    page.keyboard.type("number 23")
    page.get_by_role("option", name="Otters of river number 23").click()
    page.wait_for_selector("#scope :text('1 chosen paper')")


def test_an_opinion_and_a_question_for_the_test_set_are_kept(open_page: Any, otters: Any, ask: Any) -> None:
    page = open_page(otters)
    ask(page, "How many fish do otters of river number 7 eat?", "9 fish")
    page.get_by_label("dislike").last.click()
    page.wait_for_selector("#note textarea, #note input")
    page.fill("#note textarea, #note input", "too long")
    page.click("#send-note")
    page.wait_for_selector("#opinion-said :text('kept')")
    page.click("#expected input")
    page.keyboard.type("number 7")
    page.get_by_role("option", name="Otters of river number 7").first.click()
    page.click("#to-testset")
    page.wait_for_selector("#opinion-said :text('1 question')")
    feedback = otters.library.feedback
    votes = [json.loads(line) for line in feedback.votes.read_text(encoding="utf-8").splitlines()]
    assert [(vote["good"], vote["note"]) for vote in votes] == [(False, ""), (None, "too long")]
    (item,) = [json.loads(line) for line in feedback.testset.read_text(encoding="utf-8").splitlines()]
    assert (item["relevant"], item["answerable"]) == ({"Otters of river number 7": 2}, True)


class Slow:
    """A reranker that waits until it may go on: an answer that takes as long as a test wants."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def score(self, question: str, texts: Any) -> list[float]:
        self.go.wait(20)
        return [0.0] * len(texts)

    def prepare(self, texts: Any) -> int:
        return 0


@pytest.fixture
def slow(serve: Any, tmp_path: Path) -> Any:
    """A page whose answers wait for `slow.library._holdings._search._reranker.go`."""
    library = Assistant(data_dir=tmp_path / "slow", reranker="off")
    library.add([Paper("Otters", "Otters swim in cold rivers."), Paper("Bears", "Bears sleep in warm caves.")])
    library._holdings._search._reranker = Slow()
    return serve(library)


def test_what_is_asked_while_an_answer_runs_stays_in_the_box(open_page: Any, slow: Any) -> None:
    page = open_page(slow)
    page.fill("#question textarea", "Where do otters swim?")
    page.press("#question textarea", "Enter")
    page.wait_for_selector("#chatbot :text('Searching the papers')")
    page.fill("#question textarea", "Where do bears sleep?")
    page.press("#question textarea", "Enter")
    page.wait_for_timeout(500)
    slow.library._holdings._search._reranker.go.set()
    page.wait_for_selector("#chatbot :text('cold rivers')")
    assert page.input_value("#question textarea") == "Where do bears sleep?"
    page.wait_for_timeout(1000)
    page.press("#question textarea", "Enter")
    page.wait_for_selector("#chatbot :text('warm caves')")
    assert page.locator("#chatbot :text('cold rivers')").count() == 1  # both in one conversation


def test_stop_gives_the_question_back(open_page: Any, slow: Any) -> None:
    page = open_page(slow)
    page.fill("#question textarea", "Where do *otters* swim?")
    page.press("#question textarea", "Enter")
    page.wait_for_selector("#chatbot :text('Searching the papers')")
    for _ in range(5):  # a loaded machine may take the first click before the answer's event can be cancelled
        page.click("#stop")
        page.wait_for_timeout(1000)
        if page.locator("#chatbot :text('Stopped.')").count():
            break
    page.wait_for_selector("#chatbot :text('Stopped.')")
    assert page.input_value("#question textarea") == "Where do *otters* swim?"
    slow.library._holdings._search._reranker.go.set()
    page.wait_for_timeout(1000)
    page.press("#question textarea", "Enter")
    page.wait_for_selector("#chatbot :text('cold rivers')")


def test_a_reload_in_the_middle_of_an_answer_keeps_the_question(open_page: Any, slow: Any) -> None:
    page = open_page(slow)
    page.fill("#question textarea", "Where do otters swim?")
    page.press("#question textarea", "Enter")
    page.wait_for_selector("#chatbot :text('Searching the papers')")
    page.wait_for_timeout(500)
    page.reload()
    page.wait_for_selector("#chatbot :text('Where do otters swim?')")
    page.wait_for_selector("#chatbot :text('it was interrupted')")
    slow.library._holdings._search._reranker.go.set()
    page.wait_for_timeout(1000)
    page.get_by_label("Retry").last.click()
    page.wait_for_selector("#chatbot :text('cold rivers')")
    page.wait_for_selector("#evidence .turn.current .badge")
    assert turns(page) == 1
    page.reload()
    page.wait_for_selector("#chatbot :text('cold rivers')")
    assert page.locator("#chatbot :text('Where do otters swim?')").count() == 1


def test_an_answer_stands_while_it_is_asked_again(open_page: Any, slow: Any) -> None:
    page = open_page(slow)
    reranker = slow.library._holdings._search._reranker
    reranker.go.set()
    page.fill("#question textarea", "Where do otters swim?")
    page.press("#question textarea", "Enter")
    page.wait_for_selector("#chatbot :text('cold rivers')")
    reranker.go.clear()
    page.get_by_label("Retry").last.click()
    page.wait_for_selector("#chatbot :text('Searching the papers')")
    for _ in range(5):  # see above
        page.click("#stop")
        page.wait_for_timeout(1000)
        if page.locator("#chatbot :text('cold rivers')").count():
            break
    page.wait_for_selector("#chatbot :text('cold rivers')")
    assert page.input_value("#question textarea") == ""
    reranker.go.set()
    page.reload()
    page.wait_for_selector("#chatbot :text('cold rivers')")
    assert turns(page) == 1


def test_a_conversation_that_is_deleted_gets_no_further_answer(open_page: Any, slow: Any) -> None:
    page = open_page(slow)
    reranker = slow.library._holdings._search._reranker
    reranker.go.set()
    page.fill("#question textarea", "Where do otters swim?")
    page.press("#question textarea", "Enter")
    page.wait_for_selector("#chatbot :text('cold rivers')")
    page.click("#show-conversations")
    page.click("#manage > button")
    page.wait_for_function("document.querySelectorAll('#conversations label').length == 1")
    reranker.go.clear()
    page.fill("#question textarea", "Where do bears sleep?")
    page.press("#question textarea", "Enter")
    page.wait_for_selector("#chatbot :text('Searching the papers')")
    page.click("#delete")
    page.click("#really-delete")
    page.wait_for_function("document.querySelectorAll('#conversations label').length == 0")
    reranker.go.set()
    page.wait_for_timeout(2000)
    assert page.locator("#chatbot :text('warm caves')").count() == 0
    assert slow.library.conversations.newest() == []
