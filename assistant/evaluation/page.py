"""The report for people: one HTML file without scripts or foreign resources, and JUnit XML for continuous integration."""

import html
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from assistant.evaluation.comparing import HEADLINE, Comparison, compare
from assistant.evaluation.metrics import Figure
from assistant.evaluation.plots import bars, history_plot, risk_plot
from assistant.evaluation.report import Report, Row, counted_outcomes, risk_coverage
from assistant.files import write_whole
from assistant.resources import resource

_HISTORY = "history.jsonl"
_SLICES = ("retrieval: nDCG@10", "citation: right paper first", "citation: right sentence in the first three", HEADLINE)
_RIGHT = ("right", "rightly declined")


def write_report(report: Report, folder: Path, baseline: Report | None = None) -> Path:
    """Writes report.json, report.html and junit.xml into `folder`, adds a line to its history, and returns the HTML's path.

    Raises LibraryError where the disk refuses it.
    """
    history = _history(folder, report)
    comparison = compare(baseline, report) if baseline else None
    report.save(folder)
    write_whole(folder / "junit.xml", junit(report).encode("utf-8", "replace"))
    write_whole(folder / "report.html", report_html(report, comparison, history).encode("utf-8", "replace"))
    return folder / "report.html"


def _history(folder: Path, report: Report) -> list[dict[str, float]]:
    """The headline of every run that was written to the folder, this one last."""
    file = folder / _HISTORY
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    values = {figure.name: figure.value for figure in report.figures if figure.name in _SLICES}
    lines.append(json.dumps({"at": datetime.now(UTC).isoformat(timespec="seconds"), "values": values}))
    write_whole(file, "".join(f"{line}\n" for line in lines).encode())
    return [json.loads(line)["values"] for line in lines if line.strip()]


def report_html(report: Report, comparison: Comparison | None, history: Sequence[dict[str, float]]) -> str:
    """The whole page. Everything that papers, models or test sets say is escaped."""
    asked = len(report.rows) - len(report.failed)
    settings = " · ".join(f"{name} {value}" for name, value in report.settings.items())
    outcomes = counted_outcomes(report.rows)
    plots = [
        (
            "Where questions ended",
            bars([(n, c, "right" if n in _RIGHT else "wrong") for n, c in outcomes.items() if c]),
        ),
        ("Risk and coverage", risk_plot(risk_coverage(report.rows))),
    ]
    if len(history) > 1:
        plots.append(
            ("Earlier runs in this folder: CRAG score", history_plot([each.get(HEADLINE) for each in history]))
        )
    parts = [
        f"<h1>Evaluation: {asked} questions, {_text(report.mode)}</h1><p class='small'>{_text(settings)}</p>",
        _verdict(comparison, report),
        f"<h2>Scorecard</h2><div class='card scroll'>{_scorecard(report.figures, comparison)}</div>",
        "<h2>Plots</h2><div class='plots'>",
        *(f"<div class='card'><b>{_text(title)}</b>{plot}</div>" for title, plot in plots),
        f"</div><h2>By type of question</h2><div class='card scroll'>{_slices(report)}</div>",
        f"<h2>Questions</h2><div class='card'>{''.join(_questions(report, comparison))}</div>",
    ]
    style = resource("report.css").read_text(encoding="utf-8")
    head = "<meta charset='utf-8'><meta name='viewport' content='width=device-width'><title>Evaluation</title>"
    body = f"<body><main>{''.join(parts)}</main></body>"
    return f"<!DOCTYPE html><html lang='en'><head>{head}<style>{style}</style></head>{body}</html>\n"


def _text(value: object) -> str:
    return html.escape(str(value))


def _verdict(comparison: Comparison | None, report: Report) -> str:
    failed = ""
    if report.failed:
        failed = (
            f"<p class='wrong'>{len(report.failed)} questions could not be asked: {_text(report.failed[0].error)}</p>"
        )
    if comparison is None:
        return failed and f"<div class='card'>{failed}</div>"
    headline = next((change for change in comparison.changes if change.name == HEADLINE), comparison.changes[0])
    seen = f"{headline.count} questions can show a change of {headline.detectable:.3f} in {_text(headline.name)}."
    counts = f"{len(comparison.fixed)} questions fixed, {len(comparison.broken)} broken."
    name = comparison.verdict
    return f"<div class='card'><p class='verdict {name}'>{name.capitalize()}</p><p>{counts} {seen}</p>{failed}</div>"


def _scorecard(figures: Sequence[Figure], comparison: Comparison | None) -> str:
    changes = {change.name: change for change in comparison.changes} if comparison else {}
    head = "<tr><th>figure</th><th class='n'>value</th><th class='n'>95 % interval</th><th class='n'>questions</th><th></th>"
    rows = []
    for figure in figures:
        value = "not scored" if figure.value is None else f"{figure.value:.3f}"
        interval = "" if figure.low is None or figure.high is None else f"{figure.low:.3f} – {figure.high:.3f}"
        change = changes.get(figure.name)
        delta = "<td></td><td></td>" if changes else ""
        if change:
            moved = f"{change.difference:+.3f} [{change.low:+.3f}, {change.high:+.3f}]"
            delta = f"<td class='n'>{moved}</td><td class='{change.verdict.replace(' ', '-')}'>{change.verdict}</td>"
        badge = f"<span class='badge {figure.badge}'>{figure.badge}</span>"
        rows.append(
            f"<tr><td>{_text(figure.name)}</td><td class='n'>{value}</td><td class='n'>{interval}</td>"
            f"<td class='n'>{figure.count}</td><td>{badge}</td>{delta}</tr>"
        )
    more = "<th class='n'>change</th><th>verdict</th>" if changes else ""
    return f"<table>{head}{more}</tr>{''.join(rows)}</table>"


def _slices(report: Report) -> str:
    head = "".join(f"<th class='n'>{_text(name.split(': ')[1])}</th>" for name in _SLICES)
    rows = []
    for name, figures in report.by_type.items():
        values = {figure.name: figure.value for figure in figures}
        cells = "".join(f"<td class='n'>{'–' if values.get(s) is None else f'{values[s]:.2f}'}</td>" for s in _SLICES)
        asked = [row for row in report.rows if row.type == name]
        answered = sum(row.status != "not_found" for row in asked) / len(asked)
        rows.append(
            f"<tr><td>{_text(name)}</td>{cells}<td class='n'>{answered:.2f}</td><td class='n'>{len(asked)}</td></tr>"
        )
    return f"<table><tr><th>type</th>{head}<th class='n'>answered</th><th class='n'>questions</th></tr>{''.join(rows)}</table>"


def _questions(report: Report, comparison: Comparison | None) -> Iterator[str]:
    """Every question to open: what broke and what was fixed first, then what is wrong, then what is right."""
    broken = {row.id for row in comparison.broken} if comparison else set()
    fixed = {row.id for row in comparison.fixed} if comparison else set()

    def order(row: Row) -> tuple[bool, bool, bool]:
        return row.id not in broken, row.id not in fixed, row.outcome in _RIGHT

    for row in sorted(report.rows, key=order):
        note = (
            " · <b class='wrong'>broken</b>"
            if row.id in broken
            else " · <b class='right'>fixed</b>"
            if row.id in fixed
            else ""
        )
        shade = "right" if row.outcome in _RIGHT else "wrong"
        yield (
            f"<details><summary>{_text(row.question)} <span class='small'>{_text(row.type)} · "
            f"<span class='{shade}'>{_text(row.outcome)}</span>{note}</span></summary>{''.join(_opened(row))}</details>"
        )


def _opened(row: Row) -> Iterator[str]:
    if row.error or row.reason:
        yield f"<p>{_text(row.error or row.reason)}</p>"
    for claim in row.claims:
        folded = "" if claim.verdict == "supported" else " <span class='wrong'>(unsupported, folded away)</span>"
        yield f"<p>{_text(claim.text)}{folded}</p>"
        for title, quote in claim.quotes:
            is_gold = any(quote in gold or gold in quote for gold in row.evidence)
            shown = f"<mark>{_text(quote)}</mark>" if is_gold else _text(quote)
            shade = "gold" if is_gold else "other"
            yield f"<blockquote class='{shade}'>{shown}<br><span class='small'>{_text(title)}</span></blockquote>"
    if row.relevant:
        yield f"<p class='small'>Answered by: {_text(' · '.join(row.relevant))}</p>"
    for quote in row.evidence:
        yield f"<blockquote class='gold'><span class='small'>evidence: {_text(quote)}</span></blockquote>"
    ranked = " · ".join(f"{n}. {title}" for n, title in enumerate(row.ranked[:5], 1))
    yield f"<p class='small'>Ranked: {_text(ranked)}</p>"
    yield f"<p class='small'>{_text(', '.join(f'{name} {value:.2f}' for name, value in row.scores.items()))}</p>"


def junit(report: Report) -> str:
    """One test case a question: a failure where it ended wrong, an error where it could not be asked."""
    cases = []
    for row in report.rows:
        inner = ""
        if row.error:
            inner = f"<error message={quoteattr(_plain(row.error))}/>"
        elif row.outcome not in _RIGHT:
            inner = f"<failure message={quoteattr(row.outcome)}>{escape(_plain(row.question))}</failure>"
        name = quoteattr(_plain(f"{row.id}: {row.question}"))
        cases.append(
            f'<testcase classname={quoteattr(_plain(row.type))} name={name} time="{row.seconds}">{inner}</testcase>'
        )
    wrong = sum(not row.error and row.outcome not in _RIGHT for row in report.rows)
    counts = f'tests="{len(report.rows)}" failures="{wrong}" errors="{len(report.failed)}" time="{report.seconds:.2f}"'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="assistant eval" {counts}>{"".join(cases)}</testsuite>\n'


def _plain(text: str) -> str:
    """XML 1.0 has no way to write control characters."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
