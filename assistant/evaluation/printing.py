"""Reports and comparisons as tables in the terminal."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from assistant.evaluation.comparing import Change, Comparison
from assistant.evaluation.reports import Report
from assistant.evaluation.results import Spent
from assistant.evaluation.sections import dollars_in_words, partly_scored, tokens_in_words
from assistant.evaluation.statistics import Figure, Paired, signed_interval
from assistant.records import counted

_WIDE = 120  # columns of a terminal that shows every column of a comparison; report.html has them all
_FIGURE = 20  # columns in which the names of figures break between words only


def print_comparison(comparison: Comparison) -> None:
    """Prints the verdict, what was fixed and broken, and the change of every figure."""
    console = Console(highlight=False)
    verdict = "infrastructure" if comparison.infrastructure else comparison.verdict
    console.print(Text(f"{verdict}: {comparison.reason}", style="bold"))
    for label, ids in (("fixed", comparison.fixed), ("broken", comparison.broken)):
        console.print(Text(f"{label}: {len(ids)}  {' '.join(ids[:20])}{' …' if len(ids) > 20 else ''}"))
    for note in comparison.notes:
        console.print(Text(note, style="dim"))
    table = Table("figure", "before", "after", "change (interval)", "verdict")
    table.columns[0].min_width = _FIGURE
    details = ("p (Holm)", "visible from", "n") if console.width >= _WIDE else ()
    for column in details:
        table.add_column(column)
    for c in comparison.changes:
        visible = "–" if c.visible is None else f"{c.visible:.3f}"
        more = (f"{c.p:.3f}", visible, str(c.count)) if details else ()
        table.add_row(c.name, f"{c.before:.3f}", f"{c.after:.3f}", _changed(c), c.verdict, *more)
    console.print(table)
    if comparison.changes:
        elsewhere = (
            "" if details else " A wider terminal, --json and report.html show p, 'visible from' and the counts."
        )
        console.print(Text(comparison.adjustment + elsewhere, style="dim"))


def print_report(report: Report, comparison: Comparison | None) -> None:
    """Prints every figure, the types of questions, what the pipeline adds, what was spent, and the comparison."""
    console = Console(highlight=False)
    if report.judge_failure:
        console.print(Text(report.judge_failure, style="bold"))
    table = Table(
        title=f"{len(report.results)} of {counted(report.asked_of, 'question')}, {report.mode}, {report.seconds:.1f} s"
    )
    for column in ("figure", "value", "95 % interval", "questions", "kind"):
        table.add_column(column, min_width=_FIGURE if column == "figure" else None)
    for figure in (*report.figures, *report.timings):
        table.add_row(figure.name, figure.in_words, figure.interval_in_words, _scored(figure), figure.badge)
    console.print(table)
    if partly := partly_scored(report.figures):
        console.print(Text(partly, style="dim"))
    _print_types(console, report)
    _print_gains(console, report)
    print_spent(report.spent)
    if comparison:
        print_comparison(comparison)


def print_spent(spent: Mapping[str, Spent], before: str = "") -> None:
    """Prints a line for everything that asked a model; `before` begins each number, such as "about "."""
    for name, part in spent.items():
        if part.calls:
            tokens, dollars = tokens_in_words(part), dollars_in_words(part)
            Console(highlight=False).print(
                Text(f"{name}: {before}{counted(part.calls, 'call')}, {tokens} tokens, US dollars {dollars}")
            )


def _scored(figure: Figure) -> str:
    return str(figure.count) if figure.count == figure.total else f"{figure.count} of {figure.total}"


def _changed(change: Change | Paired) -> str:
    interval = signed_interval(change.low, change.high)
    return f"{change.change:+.3f} ({interval})" if interval else f"{change.change:+.3f}"


def _print_gains(console: Console, report: Report) -> None:
    table = Table(title="What the pipeline adds")
    for column in ("baseline", "figure", "ours", "theirs", "ours more by (interval)", "n", "ours is"):
        table.add_column(column)
    for gain in report.gains:
        values = (gain.ours.in_words, gain.theirs.in_words, _changed(gain.change), _scored(gain.theirs), gain.verdict)
        table.add_row(gain.baseline, gain.ours.name, *values)
    console.print(table)
    for name, reason in report.not_run.items():
        console.print(Text(f"{name}: not run: {reason}", style="dim"))


def _print_types(console: Console, report: Report) -> None:
    slices = Table(title="By type of question")
    for column in ("type", "nDCG@10", "paper", "sentence", "answered", "n"):
        slices.add_column(column)
    for name, figures in report.by_type.items():
        results = [result for result in report.results if result.item.type == name]
        answered = sum(result.answered for result in results) / len(results)
        by_name = {figure.name: figure.value for figure in figures}
        chosen = ("retrieval: nDCG@10", "citation: right paper first", "citation: right sentence in the first three")
        values = [by_name[figure] for figure in chosen]
        slices.add_row(name, *("–" if v is None else f"{v:.2f}" for v in values), f"{answered:.2f}", str(len(results)))
    console.print(slices)
