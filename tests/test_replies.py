"""What models put around and in place of claims: thoughts, fences, lists, repetitions, another question's answer."""

from pathlib import Path
from typing import Any

import pytest
from provider import Body, Fail, Provider, Reply, evidence, faithful

from assistant import Answer, Assistant, Claim, Paper
from assistant.citations import parse_claims
from assistant.errors import ConfigError
from assistant.replies import THOUGHT_ENDS
from assistant.replies import Reply as Lines

OTTERS = Paper(title="Otters and rivers", abstract="Otters swim in cold rivers. Otters eat fish at night.")
QUESTION = "Where do otters swim?"


def ask(folder: Path, provider: Provider, question: str = QUESTION, **settings: Any) -> Answer:
    chosen = {"openai_base_url": provider.url, "model": "m"} | settings
    with Assistant(data_dir=folder, answer_cache=0, **chosen) as library:
        library.add(OTTERS)
        return library.ask(question)


def claim(body: Body) -> str:
    """A faithful claim with its mark."""
    return next(f"{text} {mark}" for mark, text in evidence(body).items() if "cold" in text)


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("reply", "lines"),
    [
        ("<think>a\nb [1.1]\n</think>\nc", ["", "c"]),
        ("<think>a</think>c\n<THINKING>x</THINKING>d", ["c", "d"]),
        ("b\n<reasoning>never closed\na", ["b"]),
        ("a thought\nmore</think>\nc", ["a thought", THOUGHT_ENDS, "", "c"]),
        ("1 < 2 and <thin> are text\nb", ["1 < 2 and <thin> are text", "b"]),
        ("a\n  <think>b\n</think> c <think> d\ne", ["a", " c <think> d", "e"]),
        ("R1 thinks behind <think>. [1.2]\nb", ["R1 thinks behind <think>. [1.2]", "b"]),
        ("R1 thinks from <think> to </think>. [1.2]\nb", ["R1 thinks from <think> to </think>. [1.2]", "b"]),
        ("It ends in `</think>`. [1.2]\nb", ["It ends in `</think>`. [1.2]", "b"]),
    ],
)
def test_thoughts_are_skipped_in_any_cut(reply: str, lines: list[str], size: int) -> None:
    reader = Lines()
    found = [line for start in range(0, len(reply), size) for line in reader.feed(reply[start : start + size])]
    found.append(reader.end())
    if THOUGHT_ENDS in lines:  # lines before it are out already, or not: what follows counts
        found, lines = found[found.index(THOUGHT_ENDS) :], lines[lines.index(THOUGHT_ENDS) :]
    assert [line for line in found if line] == [line for line in lines if line]


@pytest.mark.parametrize("size", [1, 4, 500])
@pytest.mark.parametrize(
    "before", ["<think>\nOtters can fly. [1.1]\n</think>\n\n", "Otters can fly. [1.1]\nSo.\n</think>\n"]
)
def test_thoughts_of_a_model_are_no_claims(tmp_path: Path, before: str, size: int) -> None:
    with Provider([Reply(lambda body: before + claim(body), size=size)]) as provider:
        answer = ask(tmp_path, provider)
    assert (answer.status, provider.calls, len(answer.claims)) == ("answered", 1, 1)


def test_a_claim_that_was_first_thought_without_its_mark_is_shown(tmp_path: Path) -> None:
    with Provider([Reply(lambda body: f"Otters swim in cold rivers.\n</think>\n{claim(body)}")]) as provider:
        answer = ask(tmp_path, provider)
    assert (answer.status, provider.calls, len(answer.claims)) == ("answered", 1, 1)


def test_thoughts_however_long_leave_the_answer_its_room(tmp_path: Path) -> None:
    thoughts = "".join(f"Otters can fly {n} miles. [1.1]\n" for n in range(20))
    with Provider([Reply(lambda body: f"{thoughts}</think>\n{claim(body)}")]) as provider:
        answer = ask(tmp_path, provider)
    assert (answer.status, provider.calls, len(answer.claims)) == ("answered", 1, 1)


def test_a_model_that_goes_on_and_on_is_cut(tmp_path: Path) -> None:
    with Provider([Reply("".join(f"Otters can fly {n} miles. [1.1]\n" for n in range(40))), Reply("")]) as provider:
        assert len(ask(tmp_path, provider).claims) == 12


def test_a_claim_that_fails_as_a_thought_and_in_the_answer_is_repaired(tmp_path: Path) -> None:
    wrong = "Otters swim in 7 cold rivers. [1.1]"
    with Provider([Reply(f"{wrong}\n</think>\n{wrong}"), Reply(claim)]) as provider:
        answer = ask(tmp_path, provider)
    assert (answer.status, provider.calls) == ("answered", 2)
    assert f"- {wrong.removesuffix(' [1.1]')} (" in provider.requests[1].prompt


@pytest.mark.parametrize(
    ("after", "status", "left"),
    [
        ("NOT FOUND", "not_found", []),
        ("Otters eat fish at night. [1.2]", "answered", ["Otters eat fish at night."]),
        ("Otters swim in cold rivers. [1.1]", "answered", ["Otters swim in cold rivers."]),
    ],
    ids=["refused", "another", "the-same"],
)
def test_a_supported_claim_that_was_only_thought_is_withdrawn(
    tmp_path: Path, after: str, status: str, left: list[str]
) -> None:
    with (
        Provider([Reply(lambda body: f"{claim(body)}\n</think>\n{after}")]) as provider,
        Assistant(data_dir=tmp_path, openai_base_url=provider.url, model="m", answer_cache=0) as library,
    ):
        library.add(OTTERS)
        events = list(library.stream(QUESTION))
    shown: list[Claim] = []
    for event in events:
        if event.claim:
            (shown.append if event.kind == "claim" else shown.remove)(event.claim)
    answer = events[-1].answer
    assert answer is not None and [c.text for c in shown] == [c.text for c in answer.claims] == left
    assert (answer.status, provider.calls) == (status, 1)
    assert "withdrawn" in [event.kind for event in events]


def test_thoughts_of_a_repair_leave_what_was_shown_before(tmp_path: Path) -> None:
    first = "Otters swim in cold rivers. [1.1]\nOtters eat 9 fish at night. [1.2]"
    again = "Otters eat fish. [1.2]\n</think>\nOtters eat fish at night. [1.2]"
    with Provider([Reply(first), Reply(again)]) as provider:
        answer = ask(tmp_path, provider)
    assert [c.text for c in answer.claims] == ["Otters swim in cold rivers.", "Otters eat fish at night."]


@pytest.mark.parametrize(
    "text", ["<think>hm, otters [1.1]", "<think>hm</think>", "Otters swim in cold rivers. [1.1]\n</think>\n", "\n\n"]
)
def test_a_model_that_only_thinks_is_named_and_the_papers_are_quoted(tmp_path: Path, text: str) -> None:
    with Provider([Reply(text)]) as provider:
        answer = ask(tmp_path, provider)
    assert "ASSISTANT_MAX_ANSWER_TOKENS" in answer.reason
    assert (answer.mode, bool(answer.citations)) == ("extractive", True)


@pytest.mark.parametrize(
    "wrap",
    [
        "```\n{}\n```", "```text\n{}\n```", "- {}", "* {}", "1. {}", "2) {}", "**{}**", "> {}", "### Answer\n{}",
        "{0}\n{0}\n{0}", "{0}\n- {0}",
    ],
)  # fmt: skip
def test_what_stands_around_a_claim_is_no_claim(tmp_path: Path, wrap: str) -> None:
    with Provider([Reply(lambda body: wrap.format(claim(body)))]) as provider:
        answer = ask(tmp_path, provider)
    assert (answer.status, provider.calls) == ("answered", 1)
    assert [c.text for c in answer.claims] == ["Otters swim in cold rivers."]


@pytest.mark.parametrize(
    ("marks", "found"),
    [
        ("[2.5, 2.6]", ("2.5", "2.6")),
        ("[2.5][3.1]", ("2.5", "3.1")),
        ("[2.5] [3.1]", ("2.5", "3.1")),
        ("【2.5】", ("2.5",)),
        ("[2.5; 3.1]", ("2.5", "3.1")),
        ("[2.5] and [3.1]", ("2.5", "3.1")),
        ("**[2.5]**", ("2.5",)),
        ("(2.5)", ()),  # a number in brackets is a value as often as a mark: the repair asks for the right form
    ],
)
def test_marks_in_other_spellings(marks: str, found: tuple[str, ...]) -> None:
    claims = parse_claims(f"Otters swim {marks}.")
    assert tuple(mark for parsed in claims for mark in parsed.marks) == found


def test_used_up_quota_is_explained_and_not_asked_for_again(tmp_path: Path) -> None:
    fail = Fail(429, "insufficient_quota", "You exceeded your current quota.", retry_after=0.01)
    with Provider([fail]) as provider:
        answer = ask(tmp_path, provider, max_retries=3)
        assert provider.calls == 1
    assert "billing" in answer.reason and answer.mode == "extractive"


def test_a_passing_limit_is_asked_again(tmp_path: Path) -> None:
    with Provider([Fail(429, retry_after=0.01), Reply(faithful(1))]) as provider:
        assert ask(tmp_path, provider, max_retries=1).status == "answered"
        assert provider.calls == 2


def test_the_answer_to_another_question_is_shown_as_such(tmp_path: Path) -> None:
    bees = Paper(title="A survey of bees", abstract="Wasps build paper nests. Bees dance to share directions.")
    with Assistant(data_dir=tmp_path, model="extractive") as library:
        library.add([OTTERS, bees])
    with (
        Provider([Reply(lambda body: next(f"{t} {m}" for m, t in evidence(body).items() if "Wasps" in t))]) as provider,
        Assistant(data_dir=tmp_path, openai_base_url=provider.url, model="m", answer_cache=0) as library,
    ):
        answer = library.ask("Where do otters swim at night?")
    assert answer.status == "partial"
    assert "another one" in answer.reason


def test_an_edited_follow_up_is_used_as_it_is(tmp_path: Path) -> None:
    history = [{"role": "user", "content": "What do otters eat?"}, {"role": "assistant", "content": "Fish."}]
    with Provider([Reply(faithful(1))]) as provider:
        with Assistant(data_dir=tmp_path, openai_base_url=provider.url, model="m", answer_cache=0) as library:
            library.add(OTTERS)
            events = list(library.stream("and where do they swim?", history, rewritten=QUESTION))
            answer = library.ask("and where do they swim?", history, rewritten=QUESTION)
        assert provider.calls == 2  # no call for a rewrite
        assert all(f"Question: {QUESTION}" in request.prompt for request in provider.requests)
    assert [event.question for event in events if event.kind == "rewritten"] == [QUESTION]
    assert events[-1].answer is not None and events[-1].answer.claims == answer.claims


def test_a_provider_by_its_prefix(tmp_path: Path) -> None:
    with Provider([Reply(faithful(1))]) as provider:
        assert ask(tmp_path, provider, model="openai:my-model").status == "answered"
        assert provider.requests[0].body["model"] == "my-model"
        assert ask(tmp_path, provider, model="llama3:8b").status == "answered"
        assert provider.requests[1].body["model"] == "llama3:8b"
        with pytest.raises(ConfigError, match="OPENAI_BASE_URL"):  # a local server is never left for another host
            ask(tmp_path, provider, model="anthropic:claude")


def test_a_provider_whose_package_is_missing_is_named() -> None:
    with pytest.raises(ConfigError, match="langchain-fireworks"):
        Assistant(model="fireworks:some-model")


def test_azure_answers_through_langchain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Provider([Reply(faithful(1))]) as provider:
        endpoint = provider.url.removesuffix("/v1")
        provider.scripts["/openai/deployments/mine/chat/completions?api-version=2024-10-21"] = [Reply(faithful(1))]
        for name, value in {"API_KEY": "k", "ENDPOINT": endpoint}.items():
            monkeypatch.setenv(f"AZURE_OPENAI_{name}", value)
        monkeypatch.setenv("OPENAI_API_VERSION", "2024-10-21")
        answer = ask(tmp_path, provider, openai_base_url=None, model="azure_openai:mine")
        assert (answer.status, answer.usage.calls, answer.usage.cost) == ("answered", 1, None)
        assert answer.usage.input_tokens
