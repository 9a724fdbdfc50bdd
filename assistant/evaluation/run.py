"""Asks every question of a test set, several at a time, and reports. What was answered before is not asked again."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from assistant import interrupts
from assistant.config import Config
from assistant.errors import AssistantError
from assistant.evaluation.agreement import agreement_of
from assistant.evaluation.asking import Examiner
from assistant.evaluation.baselines import CHAIN, CLOSED_BOOK, gains_of
from assistant.evaluation.judging import judged, open_judge
from assistant.evaluation.keeping import Kept, setup_of
from assistant.evaluation.reports import Report
from assistant.evaluation.results import Result, Rival
from assistant.evaluation.scoring import figures_of, timings_of
from assistant.evaluation.testset import Item, check_against
from assistant.library import Assistant
from assistant.store.following import Progress

_SOURCES = 20  # files of papers with figures of their own, those with the most questions
_Value = TypeVar("_Value", Result, dict[str, Rival])


def evaluate(
    assistant: Assistant,
    testset: Sequence[Item],
    progress: Progress | None = None,
    *,
    workers: int = 4,
    timeout: float = 180.0,
    cache: Path | None = None,
    baselines: bool = True,
    judge: int = 0,
    fresh: bool = False,
) -> Report:
    """Asks every item of `testset` of the library and scores the answers.

    `progress(label, done, total)` is called after each; `workers` questions are asked at a time; one that takes longer than
    `timeout` seconds, or whose model server fails, enters no figure and is named in the report. `cache` is a JSON Lines file
    of answers: a question whose text, papers, settings and code are as they were is not asked again. `baselines` False
    leaves out those that ask the model (two calls a question). `judge` is how often a model judges each answer; what it said
    is kept in the library and not asked for again unless `fresh`. Ctrl-C ends the run early with the report of what was
    asked (`interrupted`). Raises TestSetError where set and library do not fit together, ConfigError for a judge without a
    model.
    """
    judging = open_judge(assistant, judge, fresh) if judge else None
    start = time.monotonic()
    papers = assistant.papers()
    check_against(testset, papers)
    setup = setup_of(assistant, testset)
    known = Kept(cache, "".join([*(setup[name] for name in ("settings", "papers", "code")), str(baselines)]))
    results = {item.id: result for item in testset if (result := known.get(item))}
    interrupted = False
    examiner = Examiner(assistant, papers, baselines)
    waiting = _asked(examiner, [item for item in testset if item.id not in results], workers, timeout)
    try:
        for result in waiting:
            known.put(result)
            results[result.item.id] = result
            if progress:
                progress("Asking", len(results), len(testset))
        if judging:
            waiting.close()
            waiting = judged(judging, list(results.values()), workers)
            for done, result in enumerate(waiting, 1):
                results[result.item.id] = result
                if progress:
                    progress("Judging", done, len(results))
    except KeyboardInterrupt:
        interrupts.forget()
        interrupted = True
    finally:
        waiting.close()
    ordered = [results[item.id] for item in testset if item.id in results]
    if judging:
        setup["judge"] = f"{judging.model.mode} × {judge}"
    report = _report(ordered, len(testset), interrupted, setup, judge)
    not_run = _not_run(assistant.config, baselines, judge)
    return replace(report, not_run=not_run, seconds=time.monotonic() - start)


def _not_run(config: Config, baselines: bool, judge: int) -> dict[str, str]:
    """What was not measured, and why not."""
    not_run = {} if baselines else dict.fromkeys((CHAIN, CLOSED_BOOK), "it was switched off")
    if judge < 2:
        reason = "each answer was judged once; judge 3 times" if judge else "no judge was asked for (--judge 3)"
        not_run["agreement of the judge with itself" if judge else "judged figures"] = reason
    if config.model_name is None:
        not_run |= dict.fromkeys((CHAIN, CLOSED_BOOK, *(() if judge else ("judged figures",))), "no model is set")
    return not_run


def _report(results: Sequence[Result], asked_of: int, interrupted: bool, setup: dict[str, str], judge: int) -> Report:
    types = sorted({result.item.type for result in results})
    questions = Counter(source for result in results for source in result.sources)
    sources = sorted(source for source, _ in questions.most_common(_SOURCES))
    return Report(
        mode=next((result.mode for result in results if result.mode), ""),
        results=tuple(results),
        figures=(*figures_of(results, bool(judge)), *agreement_of(results, judge)),
        by_type={t: tuple(figures_of([r for r in results if r.item.type == t], bool(judge))) for t in types},
        by_source={s: tuple(figures_of([r for r in results if s in r.sources], bool(judge))) for s in sources},
        gains=tuple(gains_of(results)),
        setup=setup,
        asked_of=asked_of,
        interrupted=interrupted,
        timings=tuple(timings_of(results)),
    )


def _asked(examiner: Examiner, items: Sequence[Item], workers: int, timeout: float) -> Generator[Result, None, None]:
    """A result for each item as it is ready; closing it leaves what is not asked yet."""
    stop = threading.Event()
    pool = ThreadPoolExecutor(max(1, workers), thread_name_prefix="evaluate")
    try:
        waiting = [pool.submit(_within, timeout, stop, examiner, item) for item in items]
        for future in as_completed(waiting):
            yield future.result()
    finally:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)


def _within(timeout: float, stop: threading.Event, examiner: Examiner, item: Item) -> Result:
    """The item's result, or one that says that it took too long; the baselines have the same time again."""
    result = _timed(timeout, stop, lambda: examiner.ask(item))
    if isinstance(result, str):
        return Result(item, error=result)
    rivals = {} if result.error else _timed(timeout, stop, lambda: examiner.ask_rivals(item))
    if isinstance(rivals, str):
        rivals = dict.fromkeys((CHAIN, CLOSED_BOOK), Rival(error=rivals))
    return replace(result, rivals=rivals)


def _timed(timeout: float, stop: threading.Event, work: Callable[[], _Value]) -> _Value | str:
    """What `work` gives, or why it gave nothing: Python cannot end a thread, so one that takes too long is left behind."""
    box: list[_Value | str] = []

    def run() -> None:
        try:
            box.append(work())
        except Exception as error:  # whatever a question brings about must not end the run of the others
            name = "" if isinstance(error, AssistantError) else f"{type(error).__name__}: "
            box.append(f"{name}{error}")

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    end = time.monotonic() + timeout
    while thread.is_alive() and not stop.is_set() and time.monotonic() < end:
        thread.join(0.2)
    return box[0] if box else f"no answer within {timeout:g} s"
