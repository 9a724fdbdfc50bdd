"""Asks every question of a test set, several at a time, and reports. What was answered before is not asked again."""

import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

from assistant.errors import AssistantError
from assistant.evaluation.asking import Examiner
from assistant.evaluation.baselines import CHAIN, CLOSED_BOOK, gains_of
from assistant.evaluation.keeping import Kept, setup_of
from assistant.evaluation.reports import Report
from assistant.evaluation.results import Result
from assistant.evaluation.scoring import figures_of, timings_of
from assistant.evaluation.testset import Item, check_against
from assistant.library import Assistant

Progress = Callable[[str, int, int], None]


def evaluate(
    assistant: Assistant,
    testset: Sequence[Item],
    progress: Progress | None = None,
    *,
    workers: int = 4,
    timeout: float = 180.0,
    cache: Path | None = None,
    baselines: bool = True,
) -> Report:
    """Asks every item of `testset` of the library and scores the answers.

    `progress(label, done, total)` is called after each; `workers` questions are asked at a time; one that takes longer than
    `timeout` seconds, or whose model server fails, enters no figure and is named in the report. `cache` is a JSON Lines file
    of answers: a question whose text, papers, settings and code are as they were is not asked again. `baselines` False
    leaves out those that ask the model (two calls a question). Ctrl-C ends the run early with the report of what was asked
    (`interrupted`). Raises TestSetError where set and library do not fit together.
    """
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
    except KeyboardInterrupt:
        interrupted = True
    finally:
        waiting.close()
    ordered = [results[item.id] for item in testset if item.id in results]
    report = _report(ordered, len(testset), interrupted, setup, _not_run(assistant, baselines))
    return replace(report, seconds=time.monotonic() - start)


def _not_run(assistant: Assistant, baselines: bool) -> dict[str, str]:
    """What was not measured, and why not."""
    reason = "" if baselines else "it was switched off"
    reason = "no model is set" if assistant.config.model_name is None else reason
    return dict.fromkeys((CHAIN, CLOSED_BOOK), reason) if reason else {}


def _report(
    results: Sequence[Result], asked_of: int, interrupted: bool, setup: dict[str, str], not_run: dict[str, str]
) -> Report:
    types = sorted({result.item.type for result in results})
    sources = sorted({source for result in results for source in result.sources})
    return Report(
        mode=next((result.mode for result in results if result.mode), ""),
        results=tuple(results),
        figures=tuple(figures_of(results)),
        by_type={name: tuple(figures_of([r for r in results if r.item.type == name])) for name in types},
        by_source={name: tuple(figures_of([r for r in results if name in r.sources])) for name in sources},
        gains=tuple(gains_of(results)),
        not_run=not_run,
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
    """The item's result, or one that says that it took too long: Python cannot end a thread, so it is left behind."""
    box: list[Result | Exception] = []

    def work() -> None:
        try:
            box.append(examiner.ask(item))
        except Exception as error:  # whatever a question brings about must not end the run of the others
            box.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    end = time.monotonic() + timeout
    while thread.is_alive() and not stop.is_set() and time.monotonic() < end:
        thread.join(0.2)
    if not box:
        return Result(item, error=f"no answer within {timeout:g} s")
    if isinstance(box[0], Exception):
        name = "" if isinstance(box[0], AssistantError) else f"{type(box[0]).__name__}: "
        return Result(item, error=f"{name}{box[0]}")
    return box[0]
