"""A report's faces beside its JSON: one self-contained HTML page, JUnit XML, and a line of the folder's history."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape as escape_xml
from xml.sax.saxutils import quoteattr

from assistant.evaluation import plots, sections
from assistant.evaluation.comparing import Comparison
from assistant.evaluation.outcomes import is_wrong, with_known_risk
from assistant.evaluation.reports import Report
from assistant.evaluation.results import Result, Said
from assistant.evaluation.statistics import Figure
from assistant.files import write_whole
from assistant.records import counted

_HISTORY = 30
_COLOURS = {"right": "var(--good)", "not judged": "var(--quiet)"}  # all other stages are bad
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def save_faces(report: Report, folder: Path, comparison: Comparison | None, stages: Sequence[str]) -> Path:
    """Writes history.jsonl, junit.xml and report.html; `stages` says where each question went wrong. Returns the page."""
    history = _history(folder / "history.jsonl", report)
    write_whole(folder / "junit.xml", junit(report, stages).encode())
    page = folder / "report.html"
    write_whole(page, render(report, stages, comparison, history).encode())
    return page


def _history(path: Path, report: Report) -> list[dict[str, Any]]:
    """The runs of the folder, this one last; a repeat of the last run adds no line."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    runs = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
    figures = {figure.name: figure.value for figure in report.figures if figure.value is not None}
    now = {"mode": report.mode, "questions": len(report.results), "figures": figures, "setup": report.setup}
    if not runs or {name: runs[-1].get(name) for name in now} != now:
        runs.append({"at": datetime.now(UTC).isoformat(timespec="minutes"), **now})
        write_whole(path, "".join(json.dumps(run, ensure_ascii=False) + "\n" for run in runs).encode())
    return runs


def junit(report: Report, stages: Sequence[str]) -> str:
    """JUnit XML: a case for each question; one that could not be asked is an error, one that went wrong a failure, one whose
    answer nothing judges is skipped."""
    cases, counts = [], Counter(stages)
    for result, stage in zip(report.results, stages, strict=True):
        name, group = quoteattr(_clean(result.item.id)), quoteattr(_clean(result.item.type))
        text = escape_xml(_clean(f"{result.item.question}\n{result.text or result.error}"))
        kind = "error" if result.error else "failure" if is_wrong(stage) else "skipped"
        inside = "" if stage == "right" else f"<{kind} message={quoteattr(_clean(stage))}>{text}</{kind}>"
        cases.append(f'<testcase classname={group} name={name} time="{result.seconds:.3f}">{inside}</testcase>')
    failures = sum(count for stage, count in counts.items() if is_wrong(stage))
    head = (
        f'<testsuite name="assistant eval" tests="{len(cases)}" failures="{failures}" errors="{counts["not asked"]}" '
        f'skipped="{counts["not judged"]}">'
    )
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + "\n".join([head, *cases, "</testsuite>"]) + "\n"


def _clean(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "�", text)


def render(
    report: Report,
    stages: Sequence[str],
    comparison: Comparison | None = None,
    history: Sequence[dict[str, Any]] = (),
) -> str:
    """The page as one HTML text. Everything that comes from papers, questions and models is escaped."""
    css = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
    previous = history[-2]["figures"] if len(history) > 1 else {}
    asked = counted(report.asked_of, "question")
    parts = [
        "<h1>Evaluation</h1>",
        f'<p class="quiet">{len(report.results)} of {asked} · {escape(report.mode)} · '
        f"{report.seconds:.1f} s · {escape(' · '.join(f'{k} {v}' for k, v in report.setup.items()))}</p>",
        _verdict(report, comparison),
        sections.changes(comparison) if comparison else "",
        _scorecard(report, previous),
        sections.added(report),
        sections.costs(report.spent),
        '<div class="plots">',
        _waterfall(stages),
        _risk(report),
        _slices(report, stages),
        _runs(history),
        "</div>",
        sections.by_source(report),
        sections.worst_papers(report),
        _questions(report, stages, comparison),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><title>Evaluation</title>'
        f"<style>{css}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _verdict(report: Report, comparison: Comparison | None) -> str:
    stopped = " The run was stopped before its end." if report.interrupted else ""
    failed = (
        f" {counted(len(report.failed), 'question')} could not be asked, and no figure counts them."
        if report.failed
        else ""
    )
    if report.judge_failure:
        failed += f" {escape(report.judge_failure[:1].upper() + report.judge_failure[1:])}."
    if comparison is None:
        text = "Not compared with another run. Comparing says whether this one is better or worse."
        return f'<p class="verdict">{text}{failed}{stopped}</p>'
    kind = "infrastructure" if comparison.infrastructure else comparison.verdict
    notes = "".join(f'<br><span class="quiet">{escape(note)}</span>' for note in comparison.notes)
    lists = f"<br>{counted(len(comparison.fixed), 'question')} fixed, {len(comparison.broken)} broken."
    word = f"<b>{kind.capitalize()}</b>: {escape(comparison.reason)}."
    return f'<p class="verdict {kind.split()[0]}">{word}{lists}{failed}{stopped}{notes}</p>'


def _scorecard(report: Report, previous: dict[str, float]) -> str:
    rows = "".join(_figure_row(figure, previous.get(figure.name)) for figure in (*report.figures, *report.timings))
    head = "<th>figure</th><th class=number>value</th><th>95 % interval</th><th></th><th class=number>scored</th>"
    return (
        f'<h2>Scorecard</h2><div class="wide"><table><tr>{head}<th class=number>since last run</th><th>kind</th></tr>{rows}'
        "</table></div><p class=quiet>Measured figures are exact. Proxies let words stand for meaning: good for comparing "
        f"runs, not for grading one answer. Judged ones are a model's opinion{_judge(report)}. Intervals are bootstrapped over "
        f"papers. {escape(sections.partly_scored(report.figures))}</p>"
    )


def _judge(report: Report) -> str:
    judge = report.setup.get("judge", "")
    also = ", which also wrote the answers and may favour them" if judge.rpartition(" × ")[0] == report.mode else ""
    return f" ({escape(judge)}{escape(also)})" if judge else ""


def _figure_row(figure: Figure, before: float | None) -> str:
    indent = ' class="indent"' if figure.name.startswith(" ") else ""
    name = f"<td{indent}>{escape(figure.name.strip())}</td>"
    badge = f'<td><span class="badge {figure.badge}">{figure.badge}</span></td>'
    names = f' title="not scored: {escape(", ".join(figure.not_scored[:50]))}"' if figure.not_scored else ""
    scored = f"<td class=number{names}>{figure.count} of {figure.total}</td>"
    if figure.value is None:
        return f"<tr>{name}<td class=number>{figure.in_words}</td><td></td><td></td>{scored}<td></td>{badge}</tr>"
    change = "" if before is None else f"{figure.value - before:+.3f}"
    is_share = not ("seconds" in figure.name or "cost" in figure.name)
    spark = ""
    if is_share and figure.low is not None and figure.high is not None and figure.low >= 0 and figure.high <= 1:
        spark = plots.interval(figure.low, figure.value, figure.high)
    return (
        f"<tr>{name}<td class=number><b>{figure.in_words}</b></td><td>{figure.interval_in_words}</td>"
        f"<td>{spark}</td>{scored}<td class=number>{change}</td>{badge}</tr>"
    )


def _waterfall(stages: Sequence[str]) -> str:
    counts = Counter(stages)
    bars = {stage: (count / len(stages), str(count)) for stage, count in counts.most_common()}
    colours = {stage: _COLOURS.get(stage, "var(--bad)") for stage in counts}
    unknown = (
        "Not judged: no nugget, relevant paper or judge says whether the answer is right."
        if "not judged" in counts
        else ""
    )
    meaning = f"<p class=quiet>{unknown}</p>" if unknown else ""
    return f"<section><h2>Where questions went wrong</h2>{plots.bars(bars, colours)}{meaning}</section>"


def _risk(report: Report) -> str:
    curve = report.risk_coverage
    if not curve:
        return ""
    names = [f"threshold {p:.2f}: {coverage:.0%} answered, {risk:.0%} of it wrong" for coverage, risk, p in curve]
    known, asked = len(with_known_risk(report.results)), len(report.results)
    across = (
        "questions answered" if known == asked else f"answered of the {known} (of {asked}) questions with a known risk"
    )
    plot = plots.line([(coverage, risk) for coverage, risk, _ in curve], across, "answers wrong", names)
    meaning = "Wrong: answers what the papers do not, or lacks a vital nugget."
    if known < asked:
        meaning += (
            " The risk of the others is not known: they have no nuggets, or another rule than an estimate decided them."
        )
    return f"<section><h2>Risk and coverage</h2>{plot}<p class=quiet>{meaning}</p></section>"


def _slices(report: Report, stages: Sequence[str]) -> str:
    right: dict[str, list[bool]] = {}
    for result, stage in zip(report.results, stages, strict=True):
        if stage == "right" or is_wrong(stage):
            right.setdefault(result.item.type, []).append(stage == "right")
    if not right:
        return ""
    bars = {name: (sum(r) / len(r), f"{sum(r)} of {len(r)}") for name, r in sorted(right.items())}
    return f"<section><h2>Right, by type of question</h2>{plots.bars(bars)}</section>"


def _runs(history: Sequence[dict[str, Any]]) -> str:
    name = "retrieval: nDCG@10"
    runs = [run for run in history if name in run.get("figures", {})][-_HISTORY:]
    if len(runs) < 2:
        return ""
    points = [(number / (len(runs) - 1), run["figures"][name]) for number, run in enumerate(runs)]
    titles = [f"{run['at']}: {run['figures'][name]:.3f}, {run['mode']}" for run in runs]
    return (
        f"<section><h2>Runs into this folder</h2>{plots.line(points, 'first run to last', 'nDCG@10', titles)}</section>"
    )


def _questions(report: Report, stages: Sequence[str], comparison: Comparison | None) -> str:
    changed = (
        {**dict.fromkeys(comparison.broken, "broken"), **dict.fromkeys(comparison.fixed, "fixed")} if comparison else {}
    )
    pairs = list(zip(report.results, stages, strict=True))
    order = {"broken": 0, "fixed": 1, "": 2}
    pairs.sort(key=lambda pair: (order[changed.get(pair[0].item.id, "")], pair[1] in _COLOURS, pair[1] == "right"))
    rows = [_question(result, stage, changed.get(result.item.id, "")) for result, stage in pairs]
    return f"<h2>Questions</h2><p class=quiet>Changed ones first, then what went wrong.</p>{''.join(rows)}"


def _question(result: Result, stage: str, changed: str) -> str:
    item = result.item
    kind = "right" if stage == "right" else "" if stage in _COLOURS else "wrong"
    badge = f'<span class="badge {kind}">{escape(stage)}</span>'
    change = f'<span class="badge">{changed}</span>' if changed else ""
    why = f"<p class=bad>{escape(result.error)}</p>" if result.error else ""
    text = "" if result.answered else f"<p>{escape(result.text)}</p>"
    reference = f"<p><b>Reference:</b> {escape(item.reference)}</p>" if item.reference else ""
    quotes = [quote for claim in result.claims for citation in claim.citations for quote in [citation.quote]]
    evidence = "".join(
        f"<p class=quiet>{escape(group.paper)}</p>" + "".join(map(_blockquote(quotes), group.alternatives))
        for group in item.evidence
    )
    gold = f"<p><b>Evidence that answers it</b>, marked where it was quoted:</p>{evidence}" if evidence else ""
    ranked = "".join(
        f"<li>{'<b>' if t in item.relevant else ''}{escape(t)}{'</b>' if t in item.relevant else ''}</li>"
        for t in result.ranked
    )
    papers = f"<details><summary>Papers found</summary><ol>{ranked}</ol></details>" if ranked else ""
    claims = "".join(map(_claim, result.claims)) + sections.judgements(result) + sections.rivals(result)
    return (
        f"<details><summary>{badge}{change}{escape(item.question)} <span class=quiet>{escape(item.id)} · "
        f"{escape(item.type)}</span></summary>{why}{text}{claims}{reference}{gold}{papers}</details>"
    )


def _blockquote(quotes: Sequence[str]) -> Any:
    def marked(alternative: str) -> str:
        quoted = any(alternative in quote or quote in alternative for quote in quotes)
        text = escape(alternative)
        return f"<blockquote>{f'<mark>{text}</mark>' if quoted else text}</blockquote>"

    return marked


def _claim(claim: Said) -> str:
    def shown(parts: Iterable[Any]) -> str:
        return "".join(
            f"<blockquote>[{c.number}] {'<mark>' if c.gold else ''}{escape(c.quote)}{'</mark>' if c.gold else ''}"
            f"{'' if c.verbatim else ' <b class=bad>not verbatim</b>'} — {escape(c.title)}</blockquote>"
            for c in parts
        )

    reasons = f"<p class=bad>Not shown: {escape('; '.join(claim.reasons))}</p>" if not claim.shown else ""
    return f'<div class="claim{"" if claim.shown else " hidden"}">{escape(claim.text)}{shown(claim.citations)}{reasons}</div>'
