"""Figures against worked examples, and the shipped test set against the seeds."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from assistant import Assistant, evaluate, evaluation
from assistant.cli_eval import eval_app
from assistant.errors import TestSetError
from assistant.evaluation import Item, Result, load_testset, shipped_testset
from assistant.evaluation.metrics import idf_f1, ndcg_at, nugget_recall, recall_at, reciprocal_rank
from assistant.evaluation.scoring import figures_of
from assistant.evaluation.statistics import mean_figure
from assistant.evaluation.testset import Evidence, check_against, doubts


@pytest.fixture(scope="module")
def library(seeds_folder: Path) -> Iterator[Assistant]:
    """The seeds without the reranker, which would read every passage found for the first time here."""
    with Assistant(data_dir=seeds_folder, reranker="off") as opened:
        yield opened


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
    assert len(items) >= 200
    assert sum(not item.answerable for item in items) >= len(items) / 3
    assert {
        "paraphrase", "numeric", "identifier", "list", "comparison", "followup", "near_miss", "off_topic", "false_premise",
    } <= set(types)  # fmt: skip
    splits: dict[str, set[str]] = {}
    for item in items:
        if item.type in ("paraphrase", "numeric"):
            splits.setdefault(item.cluster, set()).add(item.split)
    assert all(len(split) == 1 for split in splits.values())


def test_the_shipped_set_and_its_schema_agree() -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    folder = Path(evaluation.__file__).parent
    schema = json.loads((folder / "testset.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    for line in (folder / "seeds_testset.jsonl").read_text(encoding="utf-8").splitlines():
        validator.validate(json.loads(line))
    assert set(schema["properties"]) == {*Item.__slots__} - {"place"}
    for wrong in ({"question": "q", "answerable": True}, {"question": " ", "answerable": False}):
        assert not validator.is_valid(wrong)


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
    asked_about = [set(result.sources) for result in report.results if result.item.relevant]
    assert len(report.by_source) > 1 and set(report.by_source) == set().union(*asked_about)
    for source, figures in report.by_source.items():
        recall = next(figure for figure in figures if figure.name == "retrieval: recall@10")
        assert recall.count == sum(source in sources for sources in asked_about)
    papers = report.to_dict()["by_paper"]
    assert sum(paper["questions"] for paper in papers.values()) == len(asked_about)
    assert [paper["questions"] - paper["right"] for paper in papers.values()] == sorted(
        (paper["questions"] - paper["right"] for paper in papers.values()), reverse=True
    )


def test_json_prints_every_figure_and_the_seconds_beside(library: Assistant) -> None:
    folder = str(library.config.data_dir)
    result = CliRunner().invoke(eval_app, ["run", "--split", "dev", "--limit", "2", "--json", "--data-dir", folder])
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert {"retrieval: nDCG@10", "score: CRAG"} <= {figure["name"] for figure in printed["figures"]}
    assert [figure["count"] for figure in printed["timings"]] == [2, 2]
    assert len(printed["questions"]) == 2


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 1"),
        ('{"id": 1, "answerable": false}', "'question' is missing"),
        ('{"id": 1, "question": " ", "answerable": false}', "must be text"),
        ('{"id": 1, "question": "q", "answerable": true}', "relevant"),
        ("", "no question"),
        ('{"question": "q", "answerable": false, "nugets": []}', "do you mean 'nuggets'"),
        ('{"question": "q", "answerable": false, "nuggets": [{"text": "t", "aliases": "a"}]}', "line 1: 'nuggets'"),
        ('{"question": "q", "answerable": false, "evidence": [{"paper": "p", "alternatives": "s"}]}', "'evidence'"),
        ('{"question": "q", "answerable": false, "evidence": [{"paper": "p", "alternatives": []}]}', "not empty"),
        ('{"question": "q", "answerable": false, "history": [{"role": "system", "content": "c"}]}', "'history'"),
        ('{"question": "q", "answerable": true, "reference": 3}', "'reference'"),
        ('{"question": "q", "answerable": false, "relevant": {"p": 2}}', "'answerable' is false, but 'relevant'"),
        ('{"question": "q", "answerable": false, "nuggets": [{"text": "t", "vital": "no"}]}', "'vital' must be"),
        ('{"question": "q", "answerable": false, "nuggets": [{"text": " "}]}', "not empty"),
        ('{"question": "q", "answerable": false, "reviewed": "no"}', "'reviewed' must be"),
        ('{"question": "q", "answerable": false}\n' * 2, "line 2: it asks what line 1 asks"),
        (f'{{"question": "{"q" * 4001}", "answerable": false}}', "line 1: 'question' has 4,001 characters"),
    ],
    ids=[
        "json",
        "id",
        "blank",
        "relevant",
        "empty",
        "misspelt",
        "nuggets",
        "evidence",
        "no alternative",
        "history",
        "reference",
        "relevant but unanswerable",
        "vital",
        "empty nugget",
        "reviewed",
        "twice",
        "long",
    ],
)
def test_a_broken_test_set_names_the_line(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(TestSetError, match=says):
        load_testset(path)


def test_lines_that_contradict_each_other_are_doubted() -> None:
    items = [
        Item("a", "How many?", "t", True, "Two"),
        Item("b", "how  many?", "t", False),
        Item("c", "Who?", "t", False),
    ]
    wordless = Item("d", "What?", "t", True, "The who", ({"text": "the"},))
    assert doubts([items[0], items[2]]) == []
    noted = replace(items[2], reference="The papers do not say.")
    assert doubts([noted]) == []
    assert "is not used" in doubts([replace(noted, reference="Twelve")])[0]
    assert [doubt.partition(":")[0] for doubt in doubts([*items, wordless])] == ["d", "a; b"]


def test_evidence_that_is_not_verbatim_is_refused(library: Assistant, tmp_path: Path) -> None:
    title = library.papers()[0].title
    item = {
        "id": "x", "question": "q?", "answerable": True, "relevant": {title: 2},
        "evidence": [{"paper": title, "alternatives": ["This sentence is not there."]}],
    }  # fmt: skip
    path = tmp_path / "set.jsonl"
    path.write_text(json.dumps(item), encoding="utf-8")
    with pytest.raises(TestSetError, match=r"set.jsonl, line 1: x: .* does not hold"):
        evaluate(library, load_testset(path))


def test_texts_by_hand() -> None:
    # Shared: apples (weight 2); ours also pears (1), theirs plums (3): 2 * 2 / (3 + 5)
    weights = {"appl": 2.0, "pear": 1.0, "plum": 3.0}
    assert idf_f1("apples and pears", "apples with plums", weights.__getitem__) == pytest.approx(0.5)
    assert idf_f1("", "", weights.__getitem__) == 0
    nuggets = [{"text": "10.5 percent", "aliases": ["10.5%"]}, {"text": "BERT"}, {"text": "extra", "vital": False}]
    assert nugget_recall("It gains 10.5% over GPT.", nuggets) == 0.5
    assert nugget_recall("It gains 110.5% with BERTology.", nuggets) == 0
    assert nugget_recall("anything", [{"text": "extra", "vital": False}]) is None
    assert nugget_recall("BERT at 3.5", [{"text": "BERT", "numbers": [3.5]}, {"text": "BERT", "numbers": [5]}]) == 0.5


def test_rankings_against_ir_measures() -> None:
    measures = pytest.importorskip("ir_measures", reason="ir-measures is not installed; pip install '.[test]'")
    random = np.random.default_rng(5)
    names = [f"d{number}" for number in range(30)]
    for _ in range(40):
        relevant = {
            str(name): int(random.integers(1, 3)) for name in random.choice(names, random.integers(1, 6), False)
        }
        ranked = [str(name) for name in random.permutation(names)[:10]]
        run = {"q": {name: float(-rank) for rank, name in enumerate(ranked)}}
        # Their gain is the grade itself; ours is 2^grade - 1.
        gains = {"q": {name: 2**grade - 1 for name, grade in relevant.items()}}
        wanted = [measures.R @ 5, measures.RR, measures.nDCG @ 10]
        theirs = measures.calc_aggregate(wanted, gains, run)
        assert recall_at(ranked, relevant, 5) == pytest.approx(theirs[measures.R @ 5])
        assert reciprocal_rank(ranked, relevant) == pytest.approx(theirs[measures.RR])
        assert ndcg_at(ranked, relevant, 10) == pytest.approx(theirs[measures.nDCG @ 10])


def test_macro_scores_by_hand() -> None:
    def result(answerable: bool, status: str, **scores: float) -> Result:
        relevant = {"p": 2} if answerable else {}
        evidence = (Evidence("p", ("s",)),) if answerable else ()
        item = Item(f"{answerable}{status}{scores}", "q", "t", answerable, evidence=evidence, relevant=relevant)
        named = {
            "answer: vital nuggets": scores.get("n", 0.0),
            "citation: precision (gold sentence)": scores.get("p", 0.0),
            "citation: recall of gold evidence": scores.get("r", 0.0),
        }
        return Result(item, status, scores=named)

    results = [
        result(True, "answered", n=1.0, p=0.5, r=1.0), result(True, "answered", n=0.0, p=0.5, r=0.0),
        result(True, "not_found"), result(False, "not_found"), result(False, "answered"),
    ]  # fmt: skip
    figures = {figure.name: figure.value for figure in figures_of(results)}
    # Declining: 1 right of 2 declined and 2 to decline. Answering: 2 right of 3 answered and 3 answerable.
    assert figures["abstention: macro F1"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    # Correctness 1 of 3 answered and 3 answerable; citations: precision .5, recall .5.
    assert figures["score: Trust"] == pytest.approx((7 / 12 + 1 / 3 + 1 / 2) / 3)
