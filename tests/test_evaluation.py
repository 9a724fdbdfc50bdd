"""Figures against worked examples, and the shipped test set against the seeds."""

import json
from collections import Counter
from pathlib import Path

import pytest

from assistant import Assistant, evaluate
from assistant.errors import TestSetError
from assistant.evaluation import load_testset, shipped_testset
from assistant.evaluation.metrics import ndcg_at, recall_at, reciprocal_rank
from assistant.evaluation.statistics import mean_figure
from assistant.evaluation.testset import check_against


def test_ranking_figures_by_hand() -> None:
    relevant = {"a": 2, "b": 1}
    assert recall_at(["x", "a", "y"], relevant, 2) == 0.5
    assert reciprocal_rank(["x", "a"], relevant) == 0.5
    assert reciprocal_rank(["x"], relevant) == 0
    # Gains 3 at rank 2 and 1 at rank 3: (3/1.585 + 1/2) / (3 + 1/1.585)
    assert ndcg_at(["x", "a", "b"], relevant, 10) == pytest.approx(0.6590, abs=1e-4)
    assert ndcg_at(["a", "b"], relevant, 10) == pytest.approx(1.0)


def test_a_mean_has_its_interval_and_never_is_nan() -> None:
    assert mean_figure("empty", [], []).value is None
    figure = mean_figure("half", [0.0, 1.0] * 50, [str(number) for number in range(100)])
    assert figure.value == 0.5
    assert figure.low is not None
    assert figure.high is not None
    assert 0.38 < figure.low < 0.43
    assert 0.57 < figure.high < 0.62
    clustered = mean_figure("half", [0.0, 1.0] * 50, [str(number % 2) for number in range(100)])
    assert clustered.low == 0.0  # two clusters say no more than two questions


def test_the_shipped_set_fits_the_seeds(library: Assistant) -> None:
    items = shipped_testset()
    check_against(items, library.papers())
    types = Counter(item.type for item in items)
    assert len(items) >= 60
    assert sum(not item.answerable for item in items) >= 15
    assert {"paraphrase", "numeric", "identifier", "list", "followup", "near_miss", "off_topic"} <= set(types)
    splits: dict[str, set[str]] = {}
    for item in items:
        if item.type in ("paraphrase", "numeric"):
            splits.setdefault(item.cluster, set()).add(item.split)
    assert all(len(split) == 1 for split in splits.values())


def test_a_run_reports_each_figure_with_its_count(library: Assistant) -> None:
    items = [item for item in shipped_testset() if item.split == "dev"]
    chosen = [item for item in items if item.type in ("numeric", "identifier", "off_topic")][:12]
    report = evaluate(library, chosen)
    assert report.figure("citation: quotes verbatim in the store").value == 1.0
    kept = report.figure("abstention: answerable kept")
    assert kept.count == sum(item.answerable for item in chosen)
    assert report.to_dict()["questions"][0]["id"] == chosen[0].id
    again = evaluate(library, chosen)
    assert again.figures == report.figures


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 1"),
        ('{"id": 1, "answerable": false}', "'question' is missing"),
        ('{"id": 1, "question": " ", "answerable": false}', "must be text"),
        ('{"id": 1, "question": "q", "answerable": true}', "relevant"),
        ("", "no question"),
    ],
    ids=["json", "id", "blank", "relevant", "empty"],
)
def test_a_broken_test_set_names_the_line(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(TestSetError, match=says):
        load_testset(path)


def test_evidence_that_is_not_verbatim_is_refused(library: Assistant, tmp_path: Path) -> None:
    title = library.papers()[0].title
    item = {
        "id": "x", "question": "q?", "answerable": True, "relevant": {title: 2},
        "evidence": [{"paper": title, "alternatives": ["This sentence is not there."]}],
    }  # fmt: skip
    path = tmp_path / "set.jsonl"
    path.write_text(json.dumps(item), encoding="utf-8")
    with pytest.raises(TestSetError, match="does not hold"):
        evaluate(library, load_testset(path))
