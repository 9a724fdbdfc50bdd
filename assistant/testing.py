"""Assertions on answers over your own papers, for your own test suite. With pytest, in a file `test_library.py`:

    from assistant.testing import check_testset, each_question

    test_question = each_question("questions.jsonl", data_dir="my-library")  # a test for each question

    def test_library():  # the set as a whole
        check_testset("questions.jsonl", data_dir="my-library", at_least={"retrieval: recall@10": 0.9})

A question that went wrong, and a figure that is too low, is an AssertionError; a broken model server is a ProviderError, so
that an outage is not taken for a regression. Settings go by name, as for `Assistant`.
"""

import atexit
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.errors import ConfigError, ProviderError, TestSetError, with_step
from assistant.evaluation import (
    Item,
    Report,
    Result,
    evaluate,
    gate,
    load_report,
    load_testset,
    save_report,
    shipped_testset,
)
from assistant.evaluation.asking import Examiner
from assistant.evaluation.outcomes import stage_of
from assistant.evaluation.testset import check_against, doubts, of_split
from assistant.library import Assistant
from assistant.records import counted

_MEND = "mend that and run again"
TestSet = str | Path | Sequence[Item] | None


def check_testset(
    testset: TestSet = None,
    *,
    at_least: Mapping[str, float] | None = None,
    split: str = "all",
    baseline: str | Path | Report | None = None,
    delta: float = 0.02,
    output: str | Path | None = None,
    library: Assistant | None = None,
    judge: int = 0,
    **settings: Any,
) -> Report:
    """Asks a whole test set and asserts on its figures; returns the report.

    `testset` is a file (JSON Lines or CSV) or items, the shipped set where left out; `at_least` maps names of figures to the
    lowest values that pass; `baseline` is an earlier report that no figure may fall behind by more than `delta` (as
    `assistant eval gate` has it: what one cannot tell passes); `output` is a folder for the report. It asks `library`, or one
    with these settings. Raises AssertionError that names every figure that failed, ProviderError where the model server
    did, and TestSetError for a set or a name that does not exist.
    """
    items = _items(testset, split)
    before = load_report(baseline) if isinstance(baseline, str | Path) else baseline
    if library is not None:
        report = evaluate(library, items, judge=judge, baselines=False)
    else:
        with Assistant(**settings) as opened:
            report = evaluate(opened, items, judge=judge, baselines=False)
    if output is not None:
        save_report(report, output)
    verdict = gate(report, before, delta)
    if verdict.state == "infrastructure":
        raise ProviderError(with_step(verdict.reasons[0], _MEND))
    if report.judge_failed:
        raise ProviderError(with_step(report.judge_failure, _MEND))
    failed = list(verdict.reasons) if verdict.state == "regression" else []
    failed += _too_low(report, at_least or {})
    if failed:
        raise AssertionError("; ".join(failed))
    return report


def each_question(
    testset: TestSet = None, *, split: str = "all", library: Assistant | None = None, **settings: Any
) -> Callable[[Item], None]:
    """A pytest test for each question: assign it to a name that begins with `test`. Wants pytest.

    A question passes where it went right as the report's waterfall has it: what the papers do not answer is declined; else a
    relevant paper is found and cited, and every vital nugget is stated. One that was answered and has neither relevant papers nor
    nuggets is skipped: nothing says whether the answer is right. The library opens at the first question.
    Raises ConfigError without pytest.
    """
    try:
        import pytest  # the package itself runs without it
    except ModuleNotFoundError:
        raise ConfigError("each_question makes tests for pytest, which is not installed; pip install pytest") from None

    examiners: list[Examiner] = []

    def test(item: Item) -> None:
        if not examiners:
            examiners.append(_examiner(library, settings))
        check_against([item], examiners[0].papers)
        result = examiners[0].ask(item)
        if result.error:
            raise ProviderError(result.error)
        if (stage := stage_of(result)) == "not judged":
            pytest.skip(f"not judged, as it has neither nuggets nor relevant papers: {item.question}")
        if stage != "right":
            raise AssertionError(_explained(result, stage))

    return pytest.mark.parametrize("item", [pytest.param(item, id=item.id) for item in _items(testset, split)])(test)


def _examiner(library: Assistant | None, settings: Mapping[str, Any]) -> Examiner:
    if library is None:
        library = Assistant(**settings)
        atexit.register(library.close)
    return Examiner(library, library.papers(), rivals=False)


def _items(testset: TestSet, split: str) -> list[Item]:
    if testset is None:
        items: Sequence[Item] = shipped_testset()
    else:
        items = load_testset(Path(testset)) if isinstance(testset, str | Path) else testset
    chosen = of_split(items, split)
    for doubt in doubts(chosen):
        warnings.warn(doubt, stacklevel=3)
    return chosen


def _too_low(report: Report, at_least: Mapping[str, float]) -> list[str]:
    figures = {figure.name: figure for figure in report.figures}
    if unknown := sorted(at_least.keys() - figures.keys()):
        raise TestSetError(f"no figure is called {unknown[0]!r}; the figures are {', '.join(map(repr, figures))}")
    return [
        f"{name} is {figures[name].in_words} ({counted(figures[name].count, 'question')}), wanted {least:g}"
        for name, least in at_least.items()
        if (value := figures[name].value) is None or value < least
    ]


def _explained(result: Result, stage: str) -> str:
    item = result.item
    lines = [f"{stage}: {item.question}", f"answer: {result.text}"]
    lines += [f"wanted: {item.reference}"] if item.reference else []
    lines += [f"wanted from: {title}" for title in item.relevant]
    return "\n".join([*lines, "found: " + "; ".join(result.ranked[:5])])
