"""The helper for other people's test suites, as they would use it: with pytest."""

import sys
from pathlib import Path

import pytest
from provider import Fail, Provider

from assistant import Assistant, Paper
from assistant.errors import ConfigError, ProviderError, TestSetError
from assistant.evaluation import Item
from assistant.testing import check_testset, each_question

pytest_plugins = ["pytester"]
OTTERS = Paper("Otters and rivers", "Otters swim in cold rivers. Otters eat fish at night.")
SWIM = Item("swim", "Where do otters swim?", "lookup", True, "", ({"text": "cold rivers"},), (), {OTTERS.title: 2})
FLY = Item(
    "fly", "Where do otters swim in rivers?", "lookup", True, "", ({"text": "in the sky"},), (), {OTTERS.title: 2}
)
THEIRS = """
from assistant.testing import check_testset, each_question

test_question = each_question("questions.csv", data_dir="library", reranker="off")

def test_set():
    check_testset("questions.csv", data_dir="library", reranker="off", at_least={"abstention: answerable kept": 1.0})
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("theirs")
    with Assistant(data_dir=folder / "library", reranker="off") as library:
        library.add(OTTERS)
    return folder


def test_their_suite_fails_where_an_answer_is_wrong(folder: Path, pytester: pytest.Pytester) -> None:
    text = 'question,reference\n"Where do otters swim?",In cold rivers.\n"What do otters eat at night?",\n'
    (pytester.path / "questions.csv").write_text(text, encoding="utf-8")
    (pytester.path / "library").symlink_to(folder / "library")
    pytester.makepyfile(test_their_answers=THEIRS)
    run = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    # A question without a reference should be declined; a reference alone says nothing of an answer that is no quotation of it.
    run.assert_outcomes(passed=1, failed=1, skipped=1)
    run.stdout.fnmatch_lines(["*should have declined: What do otters eat at night?*"])


def test_a_set_is_checked_against_what_is_wanted(folder: Path) -> None:
    with Assistant(data_dir=folder / "library", reranker="off") as library:
        report = check_testset([SWIM, FLY], library=library, at_least={"answer: vital nuggets": 0.5})
        assert report.figure("answer: vital nuggets").value == 0.5
        with pytest.raises(AssertionError, match=r"vital nuggets is 0.500 \(2 questions\), wanted 0.6"):
            check_testset([SWIM, FLY], library=library, at_least={"answer: vital nuggets": 0.6})
        with pytest.raises(AssertionError, match="unanswerable declined is not scored"):
            check_testset([SWIM], library=library, at_least={"abstention: unanswerable declined": 0.0})
        with pytest.raises(TestSetError, match="no figure is called 'accuracy'"):
            check_testset([SWIM], library=library, at_least={"accuracy": 0.5})
        with pytest.raises(TestSetError, match="split 'dev'"):
            check_testset([SWIM], library=library, split="dev")


def test_a_baseline_over_other_questions_is_no_regression(folder: Path) -> None:
    with Assistant(data_dir=folder / "library", reranker="off") as library:
        other = check_testset([FLY], library=library)
        with pytest.raises(ProviderError, match="share no question"):
            check_testset([SWIM], library=library, baseline=other)


def test_an_outage_is_no_regression(folder: Path) -> None:
    with Provider([Fail(500)]) as provider, pytest.raises(ProviderError, match="HTTP 500"):
        settings = {"openai_base_url": provider.url, "model": "m", "max_retries": 0, "reranker": "off"}
        check_testset([SWIM], data_dir=folder / "library", at_least={"answer: vital nuggets": 1.0}, **settings)


def test_without_pytest_it_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pytest", None)
    with pytest.raises(ConfigError, match="pip install pytest"):
        each_question([SWIM], data_dir=folder / "library")
