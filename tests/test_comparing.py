"""Verdicts: planted changes are seen, repeats are not, a broken server is no regression; statistics by simulation."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from assistant import Assistant, evaluate
from assistant.cli_eval import eval_app
from assistant.errors import TestSetError
from assistant.evaluation import (
    Item,
    Report,
    Result,
    compare,
    gate,
    load_report,
    load_testset,
    save_report,
    shipped_testset,
)
from assistant.evaluation.printing import print_report
from assistant.evaluation.scoring import figures_of, timings_of
from assistant.evaluation.statistics import holm, mean_figure, paired, paired_together

RIGHT = "citation: right sentence in the first three"
VERBATIM = "citation: quotes verbatim in the store"


@pytest.fixture(scope="module")
def library(seeds_folder: Path) -> Iterator[Assistant]:
    """The seeds without the reranker, which would read every passage found for the first time here."""
    with Assistant(data_dir=seeds_folder, reranker="off") as opened:
        yield opened


def report(scores: list[float], name: str = RIGHT, errors: int = 0, papers: int | None = None) -> Report:
    """A report of made-up scores, a paper for each or so many in turn; the first `errors` questions could not be asked."""
    results = tuple(
        Result(
            Item(f"q{number}", f"question {number}", "made", True, relevant={f"paper {number % (papers or 999)}": 2}),
            status="answered",
            scores={} if number < errors else {name: score},
            error="no connection" if number < errors else "",
        )
        for number, score in enumerate(scores)
    )
    timings = tuple(timings_of(results))
    return Report("made", results, tuple(figures_of(results)), {}, asked_of=len(results), timings=timings)


def test_a_planted_regression_of_ten_points_is_worse() -> None:
    before = [1.0] * 200 + [0.0] * 100
    after = [0.0] * 30 + before[30:]
    comparison = compare(report(before), report(after))
    assert comparison.verdict == "worse"
    assert comparison.changes[0].change == pytest.approx(-0.1)
    assert compare(report(after), report(before)).verdict == "better"
    assert gate(report(after), report(before)).state == "regression"


def test_a_repeat_cannot_be_told_and_passes() -> None:
    run = report([1.0] * 200 + [0.0] * 100)
    comparison = compare(run, run)
    assert comparison.verdict == "cannot tell"
    assert comparison.fixed == comparison.broken == ()
    assert comparison.changes[0].visible > 0  # agreement on 300 questions is no proof of seeing everything
    assert gate(run, run).state == "ok"


def test_what_only_a_reference_judges_is_fixed_or_broken_by_it() -> None:
    overlap = "answer: idf-F1 with the reference"

    def run(shared: dict[str, float], failed: str = "") -> Report:
        results = tuple(
            Result(
                Item(name, f"question {name}", "made", True, "In cold rivers."),
                status="answered" if value else "not_found",
                scores={} if name == failed else {overlap: value},
                error="no connection" if name == failed else "",
            )
            for name, value in shared.items()
        )
        return Report("made", results, tuple(figures_of(results)), {}, asked_of=len(results))

    before = run({"kept": 0.4, "reworded": 0.4, "lost": 0.4, "declined": 0.4, "chance": 0.05, "failed": 0.4})
    after = run({"kept": 0.4, "reworded": 0.3, "lost": 0.1, "declined": 0, "chance": 0, "failed": 0}, failed="failed")
    assert compare(before, after).broken == ("lost", "declined")
    assert compare(after, before).fixed == ("lost", "declined")
    assert compare(before, after).fixed == compare(after, before).broken == ()


def test_a_small_change_in_noise_is_inconclusive() -> None:
    random = np.random.default_rng(3)
    before = random.integers(0, 2, 60).astype(float)
    after = np.where(random.random(60) < 0.15, 1 - before, before)
    assert compare(report(list(before)), report(list(after))).verdict == "cannot tell"
    assert gate(report(list(after)), report(list(before))).state == "cannot tell"


def test_an_invalid_quotation_fails_whatever_the_baseline() -> None:
    assert gate(report([1.0] * 99 + [0.0], VERBATIM)).state == "regression"
    assert gate(report([1.0] * 100, VERBATIM)).state == "ok"


def test_questions_that_could_not_be_asked_are_infrastructure_and_named() -> None:
    whole, broken = report([1.0] * 50), report([1.0] * 50, errors=20)
    assert compare(whole, broken).infrastructure
    assert compare(whole, broken).verdict == "cannot tell"
    assert gate(broken, whole).state == "infrastructure"
    figure = broken.figure(RIGHT)
    assert (figure.value, figure.count, figure.total) == (1.0, 30, 50)
    assert figure.not_scored[0] == "q0"


def test_reports_without_a_common_question_are_refused() -> None:
    other = report([1.0])
    other = replace(other, results=tuple(replace(r, item=replace(r.item, question="another")) for r in other.results))
    with pytest.raises(TestSetError, match="share no question"):
        compare(report([1.0]), other)


def test_questions_about_one_paper_are_compared_without_an_interval(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """30 questions would give an interval of width zero, and one change among them a p of .001."""
    before, after = report([1.0] * 30, papers=1), report([0.0] + [1.0] * 29, papers=1)
    comparison = compare(before, after)
    (change,) = comparison.changes
    assert (comparison.verdict, change.low, change.high, change.visible, change.p) == ("cannot tell", *[None] * 3, 1.0)
    verdict = gate(after, before)
    assert verdict.state == gate(before, before).state == "cannot tell"
    assert "1 independent group (" in "; ".join(verdict.reasons)
    figure = after.figure(RIGHT)
    assert (figure.value, figure.low, figure.high) == (pytest.approx(29 / 30), None, None)
    print_report(after, comparison)
    assert "-0.033" in capsys.readouterr().out
    page = save_report(after, tmp_path, comparison).read_text(encoding="utf-8")
    assert "<b>0.967</b></td><td></td><td></td>" in page
    assert load_report(tmp_path) == after
    assert report([1.0]).timings[0].low is None  # nor has one question's time


@pytest.mark.parametrize(
    ("steps", "p"),
    [
        ([1.0] * 2, 0.5),
        ([1.0] * 4 + [0.0] * 96, 0.125),  # the sign test's
        ([-1.0] * 5 + [0.0] * 5, 0.0625),
        ([3.0, 1.0, -1.0], 0.75),  # 3 + 1 - 1 and 3 - 1 + 1 are as large, 3 + 1 + 1 larger, 3 - 1 - 1 is not
        ([1.0] * 6 + [0.0] * 94, 0.03125),
    ],
    ids=["both of two", "four of a hundred", "half of ten", "unequal", "six of a hundred"],
)
def test_few_changes_have_an_exact_p_and_an_interval_that_agrees(steps: list[float], p: float) -> None:
    change = paired(steps, [f"p{paper}" for paper in range(len(steps))])
    assert change.p == p
    assert change.low is not None and change.high is not None
    assert (change.low <= 0 <= change.high) == (p >= 0.05)


def test_few_papers_rarely_cry_wolf() -> None:
    """500 seeded sets of 6 papers with 5 dependent questions each, where nothing but chance is at work."""
    random = np.random.default_rng(5)
    clusters = [f"p{paper}" for paper in range(6) for _ in range(5)]
    shifts = np.repeat(random.normal(0, 0.2, (500, 6)), 5, axis=1) + random.normal(0, 0.2, (500, 30))
    assert sum(paired(list(row), clusters).p < 0.05 for row in shifts) / 500 <= 0.06


def test_a_report_that_leaves_questions_out_does_not_pass() -> None:
    """Else one may pass by deleting the questions that fail."""
    baseline = report([1.0] * 100)
    kept = report([1.0] * 80)
    verdict = gate(kept, baseline)
    assert verdict.state == "infrastructure"
    assert verdict.reasons == (
        "only 80 of the baseline's 100 questions were asked: ask them all, or take a new baseline",
    )
    assert gate(report([1.0] * 95), baseline).state == "ok"
    assert gate(report([0.0] * 40 + [1.0] * 40), baseline).state == "regression"  # whatever was left out
    assert gate(report([1.0]), report([1.0] * 3)).state == "infrastructure"
    assert gate(report([1.0] * 4), report([1.0] * 4)).state == "cannot tell"


def test_the_gate_prints_what_differs(tmp_path: Path) -> None:
    save_report(report([1.0] * 100), tmp_path / "a")
    save_report(report([1.0] * 95), tmp_path / "b")
    save_report(report([1.0] * 80), tmp_path / "c")
    passed = CliRunner().invoke(eval_app, ["gate", str(tmp_path / "b"), "--baseline", str(tmp_path / "a")])
    assert (passed.exit_code, passed.output) == (0, "ok: nothing fell\n95 questions in common, of 100 and 95\n")
    short = CliRunner().invoke(eval_app, ["gate", str(tmp_path / "c"), "--baseline", str(tmp_path / "a")])
    assert short.exit_code == 4  # README's recipe lets 5 pass


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def scored(scores: dict[str, list[float]]) -> Report:
    """A report of several made-up figures of the same questions, a paper for each."""
    run = report([0.0] * len(next(iter(scores.values()))))
    results = tuple(
        replace(result, scores={name: values[place] for name, values in scores.items()})
        for place, result in enumerate(run.results)
    )
    return replace(run, results=results, figures=tuple(figures_of(results)))


def test_compare_and_gate_give_one_answer_where_several_figures_changed() -> None:
    """Six of fifty fell, p .031 alone: with another figure at work that may be chance, and both say so."""
    other = "abstention: answerable kept"
    before = scored({RIGHT: [1.0] * 50, other: [1.0, 0.0] * 25})
    after = scored({RIGHT: [0.0] * 6 + [1.0] * 44, other: [0.0, 1.0] * 2 + [1.0, 0.0] * 23})
    comparison, verdict = compare(before, after), gate(after, before)
    assert (comparison.verdict, comparison.tests, verdict.state) == ("cannot tell", 2, "cannot tell")
    fallen = comparison.changes[0]
    assert fallen.p == 0.0625 and fallen.low < 0 <= fallen.high  # type: ignore[operator]
    assert fallen.visible is not None and fallen.visible >= abs(
        fallen.change
    )  # a change that was not seen is not visible


def test_figures_that_repeat_another_or_never_change_cost_nothing() -> None:
    fell = [0.0] * 6 + [1.0] * 44
    before = scored({RIGHT: [1.0] * 50, "score: CRAG": [1.0] * 50, "answer: vital nuggets": [0.5] * 50})
    after = scored({RIGHT: fell, "score: CRAG": [2 * x - 1 for x in fell], "answer: vital nuggets": [0.5] * 50})
    comparison = compare(before, after)
    assert (comparison.tests, comparison.verdict, gate(after, before).state) == (1, "worse", "regression")
    assert {change.name: change.p for change in comparison.changes} == {
        RIGHT: 0.03125, "score: CRAG": 0.03125, "answer: vital nuggets": 1.0
    }  # fmt: skip


def test_intervals_of_several_changes_agree_with_their_verdicts() -> None:
    """200 seeded sets of four figures with changes of any size."""
    random = np.random.default_rng(2)
    for size in random.uniform(0, 0.3, 200):
        steps = random.normal(size, 0.5, (4, 30))
        samples = [[(str(n), f"p{n}", step) for n, step in enumerate(row)] for row in steps]
        changes, tests = paired_together(samples)
        assert tests == 4
        assert all((c.low <= 0 <= c.high) == (c.p >= 0.05) for c in changes)  # type: ignore[operator]
        assert all(c.p < 0.05 or c.visible >= abs(c.change) for c in changes)  # type: ignore[operator]


def test_nothing_is_visible_to_five_papers() -> None:
    """All five falling has a p of .0625."""
    change = paired([0.01, -0.01, 0.0, 0.0, 0.0], [f"p{n}" for n in range(5)])
    assert change.visible is None


def test_a_fall_within_the_gates_tolerance_is_named() -> None:
    comparison = compare(report([1.0] * 1000), report([0.0] * 8 + [1.0] * 992))
    verdict = gate(report([0.0] * 8 + [1.0] * 992), report([1.0] * 1000))
    assert (comparison.verdict, verdict.state) == ("worse", "ok")
    assert verdict.reasons == ("nothing fell by more than 0.02",)
    assert verdict.notes == (f"worse, but not surely by more than 0.02: {RIGHT}",)


def test_the_page_has_every_column_of_the_comparison(tmp_path: Path) -> None:
    before, after = report([1.0] * 100), report([0.0] * 20 + [1.0] * 80)
    page = save_report(after, tmp_path, compare(before, after)).read_text(encoding="utf-8")
    table = page.partition("<h2>Changes</h2>")[2].partition("</table>")[0]
    assert all(name in table for name in ("before", "now", "change", "interval", "p (Holm)", "visible from", "verdict"))
    assert f"<td>{RIGHT}</td><td class=number>1.000</td><td class=number>0.800</td>" in table
    assert "<b>-0.200</b>" in table and 'class="worse"' in table
    assert "<h2>Changes</h2>" not in save_report(after, tmp_path).read_text(encoding="utf-8")


def test_reports_that_share_no_question_are_an_infrastructure_failure_to_the_gate(tmp_path: Path) -> None:
    before, after = report([1.0] * 20), report([1.0] * 20)
    other = tuple(replace(r, item=replace(r.item, question="another")) for r in after.results)
    save_report(before, tmp_path / "a")
    save_report(replace(after, results=other), tmp_path / "b")
    gated = CliRunner().invoke(eval_app, ["gate", str(tmp_path / "b"), "--baseline", str(tmp_path / "a")])
    assert gated.exit_code == 4
    assert "share no question" in gated.output


def test_nothing_is_nan_where_nothing_can_be_scored() -> None:
    empty = Report("made", (), tuple(figures_of([])), {})
    assert {figure.value for figure in empty.figures} == {None}
    assert "NaN" not in json.dumps(empty.to_dict())
    assert gate(empty).state == "infrastructure"


def test_intervals_cover_and_comparisons_rarely_cry_wolf() -> None:
    """300 seeded sets of 40 papers with 1 to 5 dependent questions each: coverage near .95, false alarms near .05."""
    random = np.random.default_rng(11)
    covered = alarms = 0
    for _ in range(300):
        sizes = random.integers(1, 6, 40)
        clusters = [f"p{paper}" for paper, size in enumerate(sizes) for _ in range(size)]
        papers = np.repeat(random.beta(2, 2, 40), sizes)  # mean .5; questions of a paper share its difficulty
        figure = mean_figure("x", list((random.random(len(papers)) < papers).astype(float)), clusters)
        covered += (figure.low or 0) <= 0.5 <= (figure.high or 0)
        shifts = np.repeat(random.normal(0, 0.2, 40), sizes) + random.normal(0, 0.2, len(papers))
        alarms += paired(list(shifts), clusters).p < 0.05
    assert 0.90 <= covered / 300 <= 0.98
    assert alarms / 300 <= 0.09


def chosen_items(count: int = 8) -> list[Item]:
    return [item for item in shipped_testset() if item.type in ("numeric", "off_topic")][:count]


def test_a_run_is_saved_loaded_and_bit_identical(library: Assistant, tmp_path: Path) -> None:
    items = chosen_items()
    first, second = evaluate(library, items, workers=3), evaluate(library, items, workers=1)
    save_report(first, tmp_path / "a")
    save_report(second, tmp_path / "b")
    assert (tmp_path / "a" / "report.json").read_bytes() == (tmp_path / "b" / "report.json").read_bytes()
    assert load_report(tmp_path / "a") == first
    assert (tmp_path / "a" / "junit.xml").exists()
    with pytest.raises(TestSetError, match="cannot be read"):
        load_report(tmp_path / "c")


@pytest.mark.slow
def test_two_hundred_questions_take_less_than_a_minute_and_are_identical(seeds_folder: Path) -> None:
    """With the reranker, which has read the library. Seconds of one core, so that a busy machine does not matter."""
    items = shipped_testset()[:200]
    with Assistant(data_dir=seeds_folder) as whole:
        whole.prepare()
        start = time.process_time()
        first = evaluate(whole, items, workers=2)
        assert time.process_time() - start < 60
        assert evaluate(whole, items, workers=4).to_dict() == first.to_dict()
    assert len(first.results) == 200 and not first.failed


def test_what_was_answered_is_not_asked_again(
    library: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items, cache = chosen_items(), tmp_path / "answers.jsonl"

    def stop(label: str, done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    partial = evaluate(library, items, stop, workers=1, cache=cache)
    assert partial.interrupted
    assert (len(partial.results), partial.asked_of) == (3, len(items))
    with cache.open("a") as file:
        file.write('\n{"key": "cut o')
    asked = []
    original = Assistant.ask
    monkeypatch.setattr(Assistant, "ask", lambda self, q, **rest: asked.append(q) or original(self, q, **rest))
    whole = evaluate(library, items, workers=1, cache=cache)
    assert len(asked) == len(items) - 3
    assert whole == evaluate(library, items)


def test_a_question_that_takes_too_long_is_named(library: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = threading.Event()
    monkeypatch.setattr(Assistant, "ask", lambda *_, **__: waiting.wait(20))
    report = evaluate(library, chosen_items(2), timeout=0.05)
    waiting.set()
    assert [result.error for result in report.results] == ["no answer within 0.05 s"] * 2
    assert gate(report).state == "infrastructure"


class _Broken(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_response(500)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_a_broken_model_server_is_infrastructure(seeds_folder: Path) -> None:
    server = HTTPServer(("127.0.0.1", 0), _Broken)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = {
        "openai_base_url": f"http://127.0.0.1:{server.server_port}/v1",
        "model": "none",
        "max_retries": 0,
        "reranker": "off",
    }
    items = [item for item in shipped_testset() if item.type == "numeric"][:3]
    with Assistant(data_dir=seeds_folder, **settings) as library:
        report = evaluate(library, items)
    server.shutdown()
    assert len(report.failed) == 3
    assert gate(report).state == "infrastructure"
    (reason,) = gate(report).reasons  # what an answer shows in its place says nothing here
    assert reason.endswith("(HTTP 500); try again later.")


def test_a_csv_and_a_line_of_feedback_load(tmp_path: Path) -> None:
    table = tmp_path / "set.csv"
    table.write_text('question,reference\n"What, then?",An answer\nNothing?,\n', encoding="utf-8")
    assert [(item.question, item.answerable) for item in load_testset(table)] == [
        ("What, then?", True),
        ("Nothing?", False),
    ]
    lines = tmp_path / "feedback.jsonl"
    lines.write_text('{"question": "Which?", "relevant": {"A paper": 2}, "answerable": true}\n', encoding="utf-8")
    assert load_testset(lines)[0].id.startswith("q-")
    table.write_text('id,Answer,Question\n7,"An answer","What, then?"\n8,,Nothing?\n', encoding="utf-8")
    assert [(item.question, item.reference) for item in load_testset(table)] == [
        ("What, then?", "An answer"),
        ("Nothing?", ""),
    ]
    table.write_text("Prompt,Expected\nWhat, then\n", encoding="utf-8")
    with pytest.raises(TestSetError, match="names no column 'question'"):  # asked as a question before
        load_testset(table)
    table.write_text("question,reference\nA?,x\n ,y\n", encoding="utf-8")
    with pytest.raises(TestSetError, match="line 3"):
        load_testset(table)
