"""The chat tab's callbacks without a browser: whatever ends an answer, no stored turn is lost."""

import html
import json
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from markdown_it import MarkdownIt

from assistant import Paper
from assistant.answers import Answer, Citation, Claim, Event
from assistant.app import opinions, sidebar, turns
from assistant.app.turns import Turns
from assistant.conversations import Conversations
from assistant.errors import ProviderError, QuestionError
from assistant.feedback import Feedback
from assistant.markup import escape_markdown, unescape_markdown
from assistant.page.answers import UNANSWERED
from assistant.page.evidence import evidence_html
from assistant.records import Section, Span


def answer(question: str, reason: str = "Not found.") -> Answer:
    return Answer(question, "not_found", reason=reason)


class Library:
    """A library whose answers are `new`, or which fails with `error` after its first event; it keeps what it was asked with."""

    def __init__(self, folder: Path) -> None:
        self.conversations = Conversations(folder)
        self.error: Exception | None = None
        self.asked: list[Any] = []

    def stream(
        self, question: str, history: Any, papers: Any, years: Any, rewritten: Any, sources: Any
    ) -> Iterator[Event]:
        self.asked.append((question, history, rewritten))
        yield Event("writing")
        if self.error:
            raise self.error
        yield Event("done", answer=answer(question, "New."))


@pytest.fixture
def tab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A chat over two stored turns: `chat`, `opinions`, `library`, `name` of the conversation and what was `said` in warnings."""
    library, said = Library(tmp_path), []
    name = library.conversations.append("", answer("First?")).id
    library.conversations.append(name, answer("Second?", "Old."))
    monkeypatch.setattr(turns.gr, "Warning", said.append)
    chat, form = Turns(library), opinions.Opinions(library)  # type: ignore[arg-type]
    return SimpleNamespace(chat=chat, opinions=form, library=library, name=name, said=said)


def stored(tab: Any) -> list[tuple[str, str]]:
    return [(turn.question, turn.answer.text) for turn in tab.library.conversations.load(tab.name).turns]


def test_an_answer_asked_for_again_takes_the_old_ones_place(tab: Any) -> None:
    (*_, last) = tab.chat.again(tab.name, [], [], [], "Second, that is?")
    assert [message["content"] for message in last[0]][2:] == ["Second?", "New."]
    assert stored(tab) == [("First?", "Not found."), ("Second?", "New.")]
    ((question, history, rewritten),) = tab.library.asked
    assert (question, rewritten) == ("Second?", "Second, that is?")
    assert [turn["content"] for turn in history] == ["First?", "Not found."]  # not what is asked again


@pytest.mark.parametrize(
    "error", [QuestionError("the question is empty"), ProviderError("it is down"), RuntimeError()], ids=lambda e: type(e).__name__
)  # fmt: skip
def test_an_answer_stands_where_asking_again_fails(tab: Any, error: Exception) -> None:
    tab.library.error = error
    before = tab.chat.open(tab.name)[0]
    (*_, last) = tab.chat.again(tab.name, [], [], [], " ")
    assert last[0] == before
    assert (str(error) or "Something went wrong") in tab.said[0]
    assert stored(tab) == [("First?", "Not found."), ("Second?", "Old.")]


def test_an_answer_stands_where_asking_again_is_stopped(tab: Any) -> None:
    before = tab.chat.open(tab.name)[0]
    asking = tab.chat.again(tab.name, [], [], [])
    for _ in range(2):
        shown = next(asking)[0]
        assert tab.chat.stopped(shown, "typed", tab.name)[0] == before
    asking.close()
    assert stored(tab) == [("First?", "Not found."), ("Second?", "Old.")]


def test_a_turn_asked_meanwhile_in_another_window_stays(tab: Any) -> None:
    asking = tab.chat.again(tab.name, [], [], [])
    next(asking)
    tab.library.conversations.append(tab.name, answer("Third?"))
    list(asking)
    assert [question for question, _ in stored(tab)] == ["First?", "Second?", "Third?"]
    assert stored(tab)[1] == ("Second?", "New.")


@pytest.mark.parametrize("name", ["stored", "0123456789ab"], ids=["in a conversation", "in a new one"])
def test_a_question_outlives_its_answer(tab: Any, name: str) -> None:
    name, known = (tab.name, 2) if name == "stored" else (name, 0)
    asking = tab.chat.ask("Third *one*?", name, [], [], [])
    next(asking), next(asking)
    asking.close()  # as by a reload
    shown, *_ = tab.chat.open(name)
    assert [message["content"] for message in shown[2 * known :]] == [r"Third \*one\*?", UNANSWERED]
    assert "**Third" in tab.library.conversations.load(name).to_markdown()
    list(tab.chat.retry(shown, name, [], [], []))
    kept = tab.library.conversations.load(name)
    assert (kept.turns[-1].question, len(kept.turns), kept.unanswered) == ("Third *one*?", known + 1, "")
    tab.library.error = ProviderError("it is down")
    list(tab.chat.ask("Fourth?", name, [], [], []))
    list(tab.chat.ask("\u200b", name, [], [], []))  # this cannot be asked, and takes no place
    shown, *_ = tab.chat.open(name)
    assert (len(shown), shown[-2]["content"]) == (2 * known + 4, "Fourth?")
    messages, *_, typed = tab.chat.undo(shown, name)
    assert (len(messages), typed, len(tab.chat.open(name)[0])) == (2 * known + 2, "Fourth?", 2 * known + 2)


def test_a_new_conversation_whose_only_question_is_undone_is_gone(tab: Any) -> None:
    tab.library.error = ProviderError("it is down")
    (*_, (shown, *_)) = tab.chat.ask("Third?", "0123456789ab", [], [], [])
    assert len(tab.library.conversations.newest()) == 2
    tab.chat.undo(tab.chat.open("0123456789ab")[0], "0123456789ab")
    assert [summary.id for summary in tab.library.conversations.newest()] == [tab.name]


def test_a_stopped_question_goes_back_into_the_box(tab: Any) -> None:
    asking = tab.chat.ask("Third?", tab.name, [], [], [])
    shown, typed = tab.chat.stopped(next(asking)[0], "", tab.name)
    assert (shown[-1]["content"], typed) == ("*Stopped.*", "Third?")


def test_a_note_is_no_vote_and_needs_an_answer(tab: Any, tmp_path: Path) -> None:
    tab.library.feedback = Feedback(tmp_path)
    assert "kept" in tab.opinions.note(tab.name, None, "This is wrong.")
    (kept,) = [json.loads(line) for line in tab.library.feedback.votes.read_text("utf-8").splitlines()]
    assert (kept["question"], kept["good"], kept["note"]) == ("Second?", None, "This is wrong.")
    for _ in range(2):
        tab.library.conversations.drop_last(tab.name)
    tab.opinions.note(tab.name, None, "And this?")
    assert "ask a question first" in tab.said[-1]


def test_undo_and_retry_act_on_the_question_under_which_they_stand(tab: Any) -> None:
    asking = tab.chat.ask("Third?", tab.name, [], [], [])
    shown, _ = tab.chat.stopped(next(asking)[0], "", tab.name)
    asking.close()
    *_, question = tab.chat.undo(shown, tab.name)
    assert question == "Third?"
    assert stored(tab) == [("First?", "Not found."), ("Second?", "Old.")]
    list(tab.chat.retry(shown, tab.name, [], [], []))
    assert stored(tab) == [("First?", "Not found."), ("Second?", "Old."), ("Third?", "New.")]
    *_, question = tab.chat.undo(tab.chat.open(tab.name)[0], tab.name)
    assert (question, len(stored(tab))) == ("Third?", 2)


def test_what_is_stopped_while_the_model_writes_is_given_back(tab: Any) -> None:
    asking = tab.chat.ask("Third?", tab.name, [], [], [])
    shown, typed = tab.chat.stopped([next(asking)[0] for _ in range(2)][-1], "", tab.name)
    assert ([message["content"] for message in shown[-2:]], typed) == (["Third?", "*Stopped.*"], "Third?")


def test_an_answer_that_was_stopped_keeps_no_marks_that_lead_nowhere(tab: Any) -> None:
    shown = [*tab.chat.open(tab.name)[0], {"role": "user", "content": "Third?"}]
    begun = {"role": "assistant", "content": r"Otters swim. [\[1\]](#quote-3-0-1)"}
    kept, _ = tab.chat.stopped([*shown, begun], "", tab.name)
    assert kept[-1]["content"] == "Otters swim. \\[1\\]\n\n*Stopped.*"


def test_an_opinion_is_of_the_answer_whose_thumb_was_pressed(tab: Any, tmp_path: Path) -> None:
    tab.library.feedback = Feedback(tmp_path)
    about, form = tab.opinions.vote(tab.name, SimpleNamespace(index=1, liked=False))
    assert about == 0 and "First?" in form.label
    tab.opinions.note(tab.name, about, "This is wrong.")
    kept = [json.loads(line) for line in tab.library.feedback.votes.read_text("utf-8").splitlines()]
    assert [one["question"] for one in kept] == ["First?", "First?"]
    tab.opinions.vote(tab.name, SimpleNamespace(index=5, liked=True))  # below a question that was stopped
    assert "no whole answer" in tab.said[-1] and len(tab.library.feedback.votes.read_text("utf-8").splitlines()) == 2
    tab.opinions.to_testset(tab.name, about, opinions.NONE_ANSWERS, "")
    assert json.loads(tab.library.feedback.testset.read_text("utf-8"))["question"] == "First?"


QUOTED = [
    r"The loss $$Q_{loss} = \frac{k A}{d} < 3$$ and \[E_{loss}\] cost $5 & more.",
    "1. Wind mills\n2) turn\n- at night\n+ in wind\n===\n-5 or 1.5",
    "~~never~~ &lt;b&gt; at https://github.com/a_b?x=1&y=2, WWW.example.org or a.b@example.org",
]


@pytest.mark.parametrize("text", QUOTED, ids=["formulas", "lists", "links"])
def test_what_is_quoted_stands_in_markdown_as_it_is_written(text: str) -> None:
    shown = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(escape_markdown(text))
    assert html.unescape(shown) == f"<p>{text}</p>\n"
    assert unescape_markdown(escape_markdown(text)) == text


def test_escaping_takes_a_time_in_proportion_to_the_text() -> None:
    for hostile in (" " * 100_000 + "x", "1" * 100_000, "\n \t" * 40_000, "$$" * 50_000):
        started = time.monotonic()
        escape_markdown(hostile)
        assert time.monotonic() - started < 2


def test_a_section_without_a_heading_and_a_page_is_quoted_without_a_place(tab: Any) -> None:
    paper = Paper("Otters", "", body=(Section("Otters swim."),))
    claim = Claim("Otters swim.", (Citation(1, paper, "Otters swim.", Span(0, 12)),))
    kept = tab.library.conversations.append("", Answer("Swim?", "answered", (claim,)))
    shown = evidence_html(kept)
    assert '<p><mark data-keys="quote-1-0-1">Otters swim.</mark></p>' in shown
    assert "Source: added from Python" in shown


def test_what_the_list_shows_as_chosen_is_renamed_and_deleted_and_no_other(tab: Any) -> None:
    stored = sidebar.Stored(tab.library, tab.chat)
    other = tab.library.conversations.append("", answer("Another?")).id
    stored.rename(other, tab.name, "Chosen")  # the chat still shows what was open before
    assert tab.library.conversations.load(other).title == "Chosen"
    assert tab.library.conversations.load(tab.name).title == "First?"
    _, meant = stored.ask_to_delete(tab.name, tab.name)
    stored.delete(meant, other, tab.name)
    assert "nothing is deleted" in tab.said[-1]
    assert {one.id for one in tab.library.conversations.newest()} == {tab.name, other}
    stored.delete(meant, tab.name, other)
    assert [one.id for one in tab.library.conversations.newest()] == [other]


def test_a_conversation_without_a_question_says_what_to_do(tab: Any) -> None:
    stored = sidebar.Stored(tab.library, tab.chat)
    stored.rename(None, "0" * 12, "New")
    assert "ask a question first" in tab.said[-1]


def test_a_question_without_an_answer_leaves_no_form_that_rewords_the_one_before(tab: Any) -> None:
    asking = tab.chat.ask("Third?", tab.name, [], [], [])
    shown = next(asking)
    next(asking)
    asking.close()
    assert shown[4].constructor_args["visible"] is False
    assert list(tab.chat.again(tab.name, [], [], [], "Third, that is?"))[0][0]["__type__"] == "update"
    assert stored(tab) == [("First?", "Not found."), ("Second?", "Old.")]


def test_what_is_exported_stays_until_it_was_fetched_and_no_longer(tmp_path: Path) -> None:
    library: Any = Library(tmp_path)
    stored = sidebar.Stored(library, Turns(library))
    conversation = library.conversations.append("", answer("Where do otters swim?"))
    steps = stored.export(conversation.id, "")
    file = Path(next(steps).constructor_args["value"][0])
    assert "Where do otters swim?" in file.read_text(encoding="utf-8")
    assert list(steps) == [] and not file.parent.exists()
