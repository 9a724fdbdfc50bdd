"""Drafts of test questions: near misses by leaving the paper out, and a model's drafts, checked against the store."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from provider import Body, Fail, Provider, Reply
from typer.testing import CliRunner

from assistant import Assistant, Paper, evaluate
from assistant.cli import app
from assistant.errors import ProviderError, TestSetError
from assistant.evaluation import load_testset
from assistant.evaluation.drafting import draft, left_out, spread
from assistant.evaluation.formats import export_testset
from assistant.evaluation.model_drafting import Drafted, draft_with_model
from assistant.evaluation.testset import check_against, item_from

OTTERS = Paper("Do otters sleep in groups?", "We watched otters. Rafts hold 62.5% of sleepers. Otters sleep in groups.")
BEES = Paper("Bees and dances", "Bees dance to share directions. A hive holds 40,000 bees.")


@pytest.fixture(scope="module")
def provider() -> Any:
    with Provider([Reply("")]) as server:
        yield server


@pytest.fixture(scope="module")
def small(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Any:
    settings = {"openai_base_url": provider.url, "model": "m", "max_retries": 0, "reranker": "off", "answer_cache": 0}
    with Assistant(data_dir=tmp_path_factory.mktemp("drafts"), **settings) as library:
        library.add([OTTERS, BEES])
        yield library


def test_a_near_miss_is_asked_without_its_paper(tmp_path: Path) -> None:
    question, _, near_miss = draft([OTTERS])
    assert (near_miss.question, near_miss.answerable, near_miss.without) == (question.question, False, (OTTERS.title,))
    assert near_miss.cluster == question.cluster  # both depend on that paper
    assert replace(question, relevant={}).cluster == question.cluster  # its evidence names it too
    export_testset([question, near_miss], tmp_path / "set.jsonl", "assistant")
    assert load_testset(tmp_path / "set.jsonl") == [question, near_miss]
    with Assistant(data_dir=tmp_path / "library", reranker="off") as library:
        library.add([OTTERS, BEES])
        report = evaluate(library, [question, near_miss])
    whole, without = report.results
    assert whole.ranked[0] == OTTERS.title
    assert OTTERS.title not in {*without.ranked, *without.baselines["BM25 alone"], *without.baselines["vectors alone"]}
    assert OTTERS.title not in {citation.title for claim in without.claims for citation in claim.citations}
    assert report.figure("abstention: unanswerable declined").count == 1
    assert report.to_dict()["by_paper"][OTTERS.title]["questions"] == 2


def test_a_paper_that_is_left_out_must_be_there_and_not_be_relevant() -> None:
    near_miss = draft([OTTERS])[-1]
    with pytest.raises(TestSetError, match="no paper titled"):
        check_against([near_miss], [BEES])
    with pytest.raises(ValueError, match="both"):
        item_from({"question": "q?", "answerable": True, "relevant": {"a": 2}, "without": ["a"]})
    with pytest.raises(ValueError, match="list of titles"):
        item_from({"question": "q?", "answerable": False, "without": "a"})


def test_a_limit_holds_for_both_kinds() -> None:
    papers = [replace(OTTERS, title=f"Do otters of river {n} sleep?", id="") for n in range(30)]
    items = draft(papers, 12)
    assert (len(items), sum(not item.answerable for item in items)) == (12, 4)
    assert len(draft(papers, 1)) == 1
    assert sorted(spread(range(50), 50)) == list(range(50))
    assert left_out([], 5) == []


GOOD = {"question": "How do honey bees tell each other where food is?", "answer": "They dance.", "sentences": [1]}
FACTS = {"facts": ["share directions"]}


def drafting(*lines: Any, memory: str = "NOT FOUND") -> Callable[[Body], str]:
    """A model that drafts `lines` for the paper of bees, nothing for others, and answers `memory` without papers."""

    def write(body: Body) -> str:
        if "from memory" in body["messages"][0]["content"]:
            return memory
        is_bees = "Bees and dances" in body["messages"][1]["content"]
        return "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) if is_bees else "None."

    return write


def drafts(small: Assistant, provider: Provider, *lines: Any, memory: str = "NOT FOUND", limit: int = 9) -> Drafted:
    provider.scripts["chat/completions"] = [Reply(drafting(*lines, memory=memory))]
    return draft_with_model(small.language_model(), small.papers(), limit)  # type: ignore[arg-type]


def test_a_models_draft_rests_on_verbatim_sentences(small: Assistant, provider: Provider) -> None:
    drafted = drafts(small, provider, "Here you are:", GOOD | FACTS)
    question, near_miss = drafted.items
    assert question.evidence[0].alternatives == ("Bees dance to share directions.",)
    assert question.nuggets[0]["text"] == "share directions"
    assert (question.reference, question.relevant, question.reviewed) == ("They dance.", {BEES.title: 2}, False)
    assert (near_miss.without, near_miss.answerable, near_miss.reviewed) == ((BEES.title,), False, False)
    check_against(drafted.items, small.papers())
    assert drafted.spent.calls == 3  # two papers, and the question once without papers
    assert drafted.rejected == {"no question in the form asked for": 1}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (GOOD | {"facts": ["share maps"]}, "letter by letter"),
        (GOOD | {"facts": []}, "letter by letter"),
        (GOOD | {"facts": "share directions"}, "letter by letter"),
        (GOOD | FACTS | {"sentences": [7]}, "no sentences"),
        (GOOD | FACTS | {"sentences": [True]}, "no sentences"),
        (GOOD | FACTS | {"sentences": "1"}, "no sentences"),
        (GOOD | FACTS | {"question": "What does this paper say of bees?"}, "without the paper"),
        (GOOD | FACTS | {"question": "Bees dance."}, "usable length"),
        (GOOD | FACTS | {"question": None}, "form asked for"),
        ('{"question": "How do bees', "form asked for"),
    ],
)  # fmt: skip
def test_what_cannot_be_verified_is_left_out_with_the_reason(
    small: Assistant, provider: Provider, line: Any, why: str
) -> None:
    drafted = drafts(small, provider, line)
    assert drafted.items == ()
    assert any(why in reason for reason in drafted.rejected)


def test_what_a_model_knows_by_heart_tests_no_library(small: Assistant, provider: Provider) -> None:
    drafted = drafts(small, provider, GOOD | FACTS, memory="They share directions by dancing.")
    assert drafted.items == ()
    assert drafted.rejected["the model answers it from memory"] == 1


def test_a_failing_model_is_named(small: Assistant, provider: Provider) -> None:
    provider.scripts["chat/completions"] = [Fail(500)]
    with pytest.raises(ProviderError, match="HTTP 500"):
        draft_with_model(small.language_model(), small.papers())  # type: ignore[arg-type]


def test_generate_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: Provider, small: Assistant
) -> None:
    provider.scripts["chat/completions"] = [Reply(drafting(GOOD | FACTS))]
    folder = str(small.config.data_dir)
    plain = CliRunner().invoke(app, ["eval", "generate", "plain.jsonl", "--data-dir", folder])
    assert plain.exit_code == 0, plain.output
    assert {item.type for item in load_testset(Path("plain.jsonl"))} == {
        "title question",
        "number question",
        "near_miss",
    }
    monkeypatch.setenv("OPENAI_BASE_URL", provider.url)
    by_model = CliRunner().invoke(app, ["eval", "generate", "drafts.jsonl", "--data-dir", folder])
    assert "3 calls, US dollars unknown" in by_model.output, by_model.output
    assert [item.type for item in load_testset(Path("drafts.jsonl"))] == ["drafted question", "near_miss"]
    without = CliRunner().invoke(app, ["eval", "generate", "again.jsonl", "--no-model", "--data-dir", folder])
    assert "calls" not in without.output
    assert Path("again.jsonl").read_bytes() == Path("plain.jsonl").read_bytes()
