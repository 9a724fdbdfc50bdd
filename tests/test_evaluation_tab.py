"""The callbacks of the evaluation tab, without a browser: runs are kept, found again and compared."""

import html
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant, Paper
from assistant.app.evaluation import Evaluations

OTTERS = Paper("Otters and rivers", "Otters swim in cold rivers. Otters eat fish at night.")
OWN = "my own questions"


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Evaluations]:
    """The tab of a library with one paper and two questions of the user's own."""
    with Assistant(data_dir=tmp_path, reranker="off") as library:
        library.add(OTTERS)
        library.feedback.add_to_testset("Where do otters swim?", library.papers()[0])
        library.feedback.add_to_testset("Who won the cup in 1998?", None)
        yield Evaluations(library)


def run(tab: Evaluations, limit: int = 2) -> tuple[Any, ...]:
    return tab.run(OWN, limit, False, lambda part, desc: None)  # type: ignore[arg-type]


@pytest.mark.parametrize("older", ['{"format": 2}', "[]", '{"form', "\u2028"], ids=["version", "list", "cut", "noise"])
def test_a_run_is_kept_whatever_older_reports_hold(tab: Evaluations, tmp_path: Path, older: str) -> None:
    folder = tmp_path / "evaluations" / "2025-01-01 00.00.00 my own, 2"
    folder.mkdir(parents=True)
    (folder / "report.json").write_text(older, encoding="utf-8")
    assert "2 of 2 questions" in run(tab)[-1]
    new, old = tab._runs()
    assert old == folder.name
    assert "2 of 2 questions" in tab.show(new, None)


def test_runs_are_compared_and_comparisons_are_no_runs(
    tab: Evaluations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tab, 1)
    run(tab, 2)
    evaluations = tmp_path / "evaluations"
    (evaluations / ".compared").mkdir()  # as earlier versions left it
    (evaluations / ".compared" / "report.json").write_text("{}", encoding="utf-8")
    before = sorted(evaluations.rglob("*"))
    second, first = tab._runs()
    assert (first[-1], second[-1]) == ("1", "2")
    assert "Cannot tell" in tab.show(second, first)
    assert tab._runs() == [second, first]
    assert sorted(evaluations.rglob("*")) == before  # nor is anything left behind


def test_a_question_that_changed_is_another(tab: Evaluations, tmp_path: Path) -> None:
    run(tab)
    (name,) = tab._runs()
    (tmp_path / "evaluations" / name).rename(tmp_path / "evaluations" / "2025-01-01 00.00.00 my own, 2")
    assert "<b>Cannot tell</b>" in html.unescape(run(tab)[-1])
    shutil.rmtree(tmp_path / "evaluations" / tab._runs()[0])
    testset = tab._library.feedback.testset
    text = testset.read_text(encoding="utf-8")
    testset.write_text(text.replace("swim", "hunt").replace("cup in 1998", "race in 1999"), encoding="utf-8")
    assert "Not compared with another run" in run(tab)[-1]
