"""`assistant eval`: run, compare, gate. Heavy imports wait for the command that needs them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from assistant.terminal import AsJson, DataDir, library_of, print_json, progress_bars

if TYPE_CHECKING:
    from assistant.evaluation import Comparison, Report


class _RunByDefault(TyperGroup):
    """`assistant eval`, `assistant eval --split dev` and `assistant eval my.jsonl` all mean `assistant eval run …`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("--help", "-h")):
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=_RunByDefault, help="Measure retrieval, citations and abstention with a test set; compare runs.")


@app.command()
def run(
    testset: Annotated[
        Path | None, typer.Argument(help="JSON Lines or CSV; the shipped set over the seeds when left out.")
    ] = None,
    split: Annotated[str, typer.Option(help="test, dev or all.")] = "test",
    output: Annotated[
        Path | None,
        typer.Option(help="A folder for report.html, report.json and junit.xml; a stopped run goes on there."),
    ] = None,
    baseline: Annotated[Path | None, typer.Option(help="An earlier report to compare with.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Ask only the first so many questions.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=32, help="Questions asked at one time.")] = 2,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds for one question.")] = 300.0,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Ask every question of a test set and print the figures."""
    from assistant import evaluation
    from assistant.errors import TestSetError

    items = evaluation.load_testset(testset) if testset else evaluation.shipped_testset()
    chosen = [item for item in items if split in ("all", item.split)][:limit]
    if not chosen:
        raise TestSetError(f"no question has the split {split!r}; use --split test, dev or all")
    before = evaluation.Report.load(baseline) if baseline else None
    with library_of(data_dir, quiet=as_json) as library, progress_bars(quiet=as_json) as progress:
        report = evaluation.evaluate(library, chosen, progress, output, workers, timeout)
    if output:
        evaluation.write_report(report, output, before)
    if as_json:
        print_json(report.to_dict())
        return
    _print_report(report)
    if before:
        _print_comparison(evaluation.compare(before, report))
    if output:
        typer.echo(f"the report is at {output / 'report.html'}")


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(help="A report, or the folder that holds it.")],
    after: Annotated[Path, typer.Argument(help="Another, of the same questions.")],
    as_json: AsJson = False,
) -> None:
    """Say whether the second run is better, worse, or cannot be told from the first."""
    from assistant.evaluation import Report, compare

    comparison = compare(Report.load(before), Report.load(after))
    if as_json:
        from dataclasses import asdict

        print_json({"verdict": comparison.verdict, "changes": [asdict(change) for change in comparison.changes]})
        return
    _print_comparison(comparison)


@app.command()
def gate(
    report: Annotated[Path, typer.Argument(help="The report to judge, or the folder that holds it.")],
    baseline: Annotated[Path | None, typer.Option(help="The report that it must not be worse than.")] = None,
    delta: Annotated[float, typer.Option(min=0, help="A drop up to this much is let through.")] = 0.0,
    strict: Annotated[bool, typer.Option(help="Exit with 4 where a drop cannot be told from noise.")] = False,
) -> None:
    """Exit with 0 for passed, 1 for a regression, 3 for failed infrastructure, 4 for cannot tell (with --strict)."""
    from assistant.evaluation import Report
    from assistant.evaluation import gate as judge

    outcome = judge(Report.load(report), Report.load(baseline) if baseline else None, delta, strict)
    for line in outcome.lines:
        typer.echo(line)
    typer.echo({0: "passed", 1: "regression", 3: "infrastructure failed", 4: "cannot tell"}[outcome.code])
    raise typer.Exit(outcome.code)


def _print_comparison(comparison: "Comparison") -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    for name, rows in (("broken", comparison.broken), ("fixed", comparison.fixed)):
        for row in rows[:10]:
            console.print(f"{name}: {row.question} [dim]({row.outcome})[/dim]", markup=True, soft_wrap=True)
    table = Table(title=f"{comparison.verdict.upper()}: {len(comparison.fixed)} fixed, {len(comparison.broken)} broken")
    for column in ("metric", "before", "after", "change, 95 % interval", "can be seen from", "verdict"):
        table.add_column(column)
    for change in comparison.changes:
        table.add_row(
            change.name, f"{change.before:.3f}", f"{change.after:.3f}",
            f"{change.difference:+.3f} [{change.low:+.3f}, {change.high:+.3f}]".replace("[", "\\["),
            f"{change.detectable:.3f}", change.verdict,
        )  # fmt: skip
    console.print(table)


def _print_report(report: "Report") -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    table = Table(title=f"{len(report.rows)} questions, {report.mode}, {report.seconds:.1f} s")
    for column in ("figure", "value", "95 % interval", "questions", ""):
        table.add_column(column)
    for figure in report.figures:
        value = "not scored" if figure.value is None else f"{figure.value:.3f}"
        interval = "" if figure.low is None or figure.high is None else f"{figure.low:.3f} – {figure.high:.3f}"
        table.add_row(figure.name, value, interval, str(figure.count), figure.badge)
    console.print(table)
    slices = Table(title="By type: nDCG@10, right paper first, right sentence in three, answered, questions")
    for column in ("type", "nDCG@10", "paper", "sentence", "answered", "n"):
        slices.add_column(column)
    for name, figures in report.by_type.items():
        rows = [row for row in report.rows if row.type == name]
        answered = sum(row.status != "not_found" for row in rows) / len(rows)
        by_name = {figure.name: figure.value for figure in figures}
        chosen = ("retrieval: nDCG@10", "citation: right paper first", "citation: right sentence in the first three")
        values = [by_name[figure] for figure in chosen]
        slices.add_row(name, *("–" if v is None else f"{v:.2f}" for v in values), f"{answered:.2f}", str(len(rows)))
    console.print(slices)
    if report.failed:
        console.print(f"{len(report.failed)} questions could not be asked: {report.failed[0].error}", markup=False)
