"""The evaluation tab: run a test set, read the report, compare two runs."""

import html
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import gradio as gr

from assistant.app.common import PRIVATE, guarded
from assistant.errors import TestSetError
from assistant.evaluation import (
    Item,
    Report,
    compare,
    evaluate,
    load_report,
    load_testset,
    save_report,
    shipped_testset,
)
from assistant.library import Assistant

_SETS = {  # and how a run of each is called
    "shipped questions, development half": "development half",
    "shipped questions, test half": "test half",
    "my own questions": "my own",
}
_DEV, _TEST, _OWN = _SETS
_NO_RUN = (
    '<p class="small">No run yet. Choose a test set and run it; a hundred questions take about fifteen seconds.</p>'
)


class Evaluations:
    """The callbacks of the tab."""

    def __init__(self, library: Assistant) -> None:
        self._library = library
        self._folder = library.config.data_dir / "evaluations"

    @guarded
    def run(self, which: str, limit: float | None, baselines: bool, progress: gr.Progress) -> tuple[Any, ...]:
        """Runs a test set, or its first `limit` questions, and shows its report, compared with the newest run before it.

        `baselines` also asks the model alone and as an ordinary chain, which costs two calls a question.
        """
        items = self._items(which)[: int(limit) if limit else None]
        earlier = self._runs()

        def show(label: str, done: int, total: int) -> None:
            progress((done, total), desc=label)

        report = evaluate(self._library, items, show, workers=2, baselines=baselines)
        folder = self._folder / f"{datetime.now():%Y-%m-%d %H.%M.%S} {_SETS[which]}, {len(items)}"
        save_report(report, folder)  # before anything that an earlier run could spoil
        if baseline := self._comparable(report, earlier):
            save_report(report, folder, compare(baseline, report))
        return (*self.refresh(), self._page(folder))

    def _items(self, which: str) -> list[Item]:
        if which == _OWN:
            path = self._library.feedback.testset
            if not path.exists():
                raise TestSetError("there are no questions of your own yet; add some below an answer in the Chat tab")
            return load_testset(path)
        split = "test" if which == _TEST else "dev"
        return [item for item in shipped_testset() if item.split == split]

    def _comparable(self, report: Report, earlier: list[str]) -> Report | None:
        """The newest earlier run of the same questions; one that cannot be read, as of another version, is passed over."""
        asked = {(result.item.id, result.item.question) for result in report.results}
        for name in earlier:
            try:
                before = load_report(self._folder / name)
            except TestSetError:
                continue
            if {(result.item.id, result.item.question) for result in before.results} == asked:
                return before
        return None

    def _runs(self) -> list[str]:
        """The names of the runs, newest first."""
        names = (path.parent.name for path in self._folder.glob("*/report.json"))
        return sorted((name for name in names if not name.startswith(".")), reverse=True)

    def refresh(self) -> tuple[Any, Any]:
        """The runs to choose from."""
        runs = self._runs()
        return gr.Dropdown(choices=runs, value=runs[0] if runs else None), gr.Dropdown(choices=runs)

    def _page(self, folder: Path) -> str:
        """The report in a frame that may run no script and load nothing."""
        page = (folder / "report.html").read_text(encoding="utf-8")
        return f'<iframe title="Report" sandbox="" srcdoc="{html.escape(page, quote=True)}"></iframe>'

    @guarded
    def show(self, run: str | None, before: str | None) -> str:
        """The report of a run, compared with another where one is chosen."""
        runs = self._runs()
        if run not in runs:
            return _NO_RUN
        if before not in runs or before == run:
            return self._page(self._folder / run)
        report, baseline = load_report(self._folder / run), load_report(self._folder / str(before))
        with tempfile.TemporaryDirectory() as folder:  # one of its own: others may be comparing at the same time
            save_report(report, folder, compare(baseline, report))
            return self._page(Path(folder))


def build(app: gr.Blocks, library: Assistant) -> None:
    """Lays the tab out and connects it. Call inside a tab of `app`."""
    tab = Evaluations(library)
    with gr.Row():
        which = gr.Dropdown(list(_SETS), value=_DEV, label="Test set", elem_id="testset", min_width=280)
        limit = gr.Number(100, label="Questions at most", minimum=1, precision=0, elem_id="eval-limit")
        baselines = gr.Checkbox(
            False, label="Also the model alone, and an ordinary chain (two calls a question)", elem_id="eval-baselines",
            visible=library.config.model_name is not None,
        )  # fmt: skip
        start = gr.Button("Run it", variant="primary", elem_id="run-eval", min_width=120, scale=0)
    with gr.Row():
        run = gr.Dropdown([], label="Report of", elem_id="eval-run", min_width=280)
        before = gr.Dropdown([], label="Compared with", elem_id="eval-before", min_width=280)
    report = gr.HTML(_NO_RUN, elem_id="eval-report", label="Report")

    def run_it(name: str, most: float, others: bool, progress: gr.Progress = gr.Progress()) -> Any:  # noqa: B008
        return tab.run(name, most, others, progress)

    start.click(
        run_it,
        [which, limit, baselines],
        [run, before, report],
        show_progress_on=report,
        concurrency_limit=1,
        **PRIVATE,
    )
    gr.on([run.input, before.input], tab.show, [run, before], report, **PRIVATE)
    app.load(tab.refresh, None, [run, before], show_progress="hidden", **PRIVATE).then(
        tab.show, [run, before], report, show_progress="hidden", **PRIVATE
    )
