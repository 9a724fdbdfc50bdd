"""Sections of the report page: what the pipeline adds over simpler ways, results by paper and by file, and the cost."""

from collections.abc import Mapping, Sequence
from html import escape

from assistant.evaluation.comparing import Comparison
from assistant.evaluation.outcomes import by_paper
from assistant.evaluation.reports import Report
from assistant.evaluation.results import Result, Spent
from assistant.evaluation.scoring import NEED_MOST
from assistant.evaluation.statistics import Figure, Gain, signed_interval
from assistant.records import counted

_PAPERS = 15
_OF_SOURCES = (
    "retrieval: nDCG@10", "citation: right paper first", "citation: recall of gold evidence",
    "abstention: answerable kept",
)  # fmt: skip


def added(report: Report) -> str:
    """The table of every baseline's figures beside ours, on the same questions, and which baselines did not run."""
    rows = []
    for name in dict.fromkeys(gain.baseline for gain in report.gains):
        rows.append(f"<tr><th colspan=7>over {escape(name)}</th></tr>")
        rows += [_gain_row(gain) for gain in report.gains if gain.baseline == name]
    names = ("figure", "ours", "baseline’s", "ours is more by (interval)", "scored", "ours is", "kind")
    head = "".join(f"<th>{name}</th>" for name in names)
    table = f'<div class="wide"><table><tr>{head}</tr>{"".join(rows)}</table></div>' if rows else ""
    skipped = "".join(f"<br>{escape(name)}: not run: {escape(why)}." for name, why in report.not_run.items())
    meaning = "Each row over the questions that both scored. Verdicts and intervals are adjusted for the number of rows (Holm)."
    return f"<h2>What the pipeline adds</h2>{table}<p class=quiet>{meaning}{skipped}</p>"


def _gain_row(gain: Gain) -> str:
    change, theirs = gain.change, gain.theirs
    names = f' title="not scored: {escape(", ".join(theirs.not_scored[:50]))}"' if theirs.not_scored else ""
    return (
        f"<tr><td class=indent>{escape(gain.ours.name)}</td>{_cell(gain.ours)}{_cell(theirs)}"
        f"<td><b>{change.change:+.3f}</b><br>{signed_interval(change.low, change.high)}</td>"
        f'<td{names}>{theirs.count} of {theirs.total}</td><td class="{gain.verdict.split()[0]}">{gain.verdict}</td>'
        f'<td><span class="badge {gain.ours.badge}">{gain.ours.badge}</span></td></tr>'
    )


def _cell(figure: Figure) -> str:
    return f"<td><b>{figure.in_words}</b><br>{figure.interval_in_words}</td>"


def partly_scored(figures: Sequence[Figure]) -> str:
    """Which figures that want nuggets or a judge have no value as most questions lack them; "" for none."""
    names = [figure.name for figure in figures if figure.name in NEED_MOST and figure.value is None and figure.total]
    if not names:
        return ""
    return f"Not scored, as most answerable questions have no nuggets (or evidence, reference, verdict): {', '.join(names)}."


def changes(comparison: Comparison) -> str:
    """The table of every figure's change against the baseline; "" where nothing was compared."""
    rows = "".join(
        f"<tr><td>{escape(c.name)}</td><td class=number>{c.before:.3f}</td><td class=number>{c.after:.3f}</td>"
        f"<td class=number><b>{c.change:+.3f}</b></td><td>{signed_interval(c.low, c.high)}</td><td class=number>{c.p:.3f}</td>"
        f"<td class=number>{'–' if c.visible is None else f'{c.visible:.3f}'}</td><td class=number>{c.count}</td>"
        f'<td class="{c.verdict.split()[0]}">{c.verdict}</td></tr>'
        for c in comparison.changes
    )
    names = ("before", "now", "change", "interval", "p (Holm)", "visible from", "questions", "verdict")
    words = ("interval", "verdict")
    head = "<th>figure</th>" + "".join(f"<th{'' if name in words else ' class=number'}>{name}</th>" for name in names)
    table = f'<h2>Changes</h2><div class="wide"><table><tr>{head}</tr>{rows}</table></div>'
    return f"{table}<p class=quiet>{escape(comparison.adjustment)}</p>" if rows else ""


def by_source(report: Report) -> str:
    """A table of figures for each file of papers; "" where the questions' papers came from one."""
    if len(report.by_source) < 2:
        return ""
    rows = []
    for source, figures in report.by_source.items():
        named = {figure.name: figure for figure in figures}
        count = sum(source in result.sources for result in report.results)
        cells = "".join(_cell(named[name]) for name in _OF_SOURCES)
        rows.append(f"<tr><td>{escape(source)}</td>{cells}<td class=number>{count}</td></tr>")
    head = "".join(f"<th>{name}</th>" for name in ("file", *(n.partition(": ")[2] for n in _OF_SOURCES), "questions"))
    return f'<h2>By file of papers</h2><div class="wide"><table><tr>{head}</tr>{"".join(rows)}</table></div>'


def worst_papers(report: Report) -> str:
    """A table of the papers whose questions went wrong most often; "" where none did."""
    papers = [(title, n) for title, n in by_paper(report.results).items() if n["right"] < n["questions"]]
    if not papers:
        return ""
    rows = "".join(
        f"<tr><td>{escape(title)}</td><td class=number>{n['right']} of {n['questions']}</td></tr>"
        for title, n in papers[:_PAPERS]
    )
    more = f"{counted(len(papers), 'paper')} with a question that went wrong; report.json lists every paper."
    table = f"<table><tr><th>paper</th><th class=number>right</th></tr>{rows}</table>"
    return f'<h2>By paper, worst first</h2><div class="wide">{table}</div><p class=quiet>{more}</p>'


def costs(spent: Mapping[str, Spent]) -> str:
    """What was spent on answers, baselines and judging; "" where no model was asked."""
    if not any(part.calls for part in spent.values()):
        return ""
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td class=number>{part.calls}</td><td class=number>{tokens_in_words(part)}</td>"
        f"<td class=number>{dollars_in_words(part)}</td></tr>"
        for name, part in spent.items()
    )
    head = "<th>spent on</th><th class=number>calls</th><th class=number>tokens</th><th class=number>US dollars</th>"
    return f'<h2>Cost</h2><div class="wide"><table><tr>{head}</tr>{rows}</table></div>'


def tokens_in_words(spent: Spent) -> str:
    """The tokens, or "unknown" where the provider did not report them all."""
    return "unknown" if spent.tokens is None else f"{spent.tokens:,}"


def dollars_in_words(spent: Spent) -> str:
    """The dollars, or "unknown" where a price is not known."""
    return "unknown" if spent.dollars is None else f"{spent.dollars:.6f}"


def judgements(result: Result) -> str:
    """What the judge said of an answer and of each of its claims, a verdict for each repeat."""
    if not result.judgements and not result.judge_error:
        return ""
    shown = [claim for claim in result.claims if claim.shown]
    rows = []
    for judgement in result.judgements:
        whole = judgement.about == "correct" or len(judgement.sources) == len(shown[judgement.claim].citations)
        about = "the answer" if judgement.about == "correct" else f"claim {judgement.claim + 1}"
        part = "" if whole else f" by citation {', '.join(str(source + 1) for source in judgement.sources)} alone"
        said = ", ".join(verdict or "no verdict" for verdict in judgement.verdicts)
        rows.append(f"<li>{about}{part}: {escape(said)}</li>")
    failed = f"<p class=bad>{escape(result.judge_error)}</p>" if result.judge_error else ""
    return f"<details><summary>What the judge said</summary>{failed}<ul>{''.join(rows)}</ul></details>"


def rivals(result: Result) -> str:
    """What the baselines with a model answered."""
    if not result.rivals:
        return ""
    texts = "".join(
        f"<p><b>{escape(name)}:</b> {escape(rival.error or rival.text)}</p>" for name, rival in result.rivals.items()
    )
    return f"<details><summary>What simpler ways answered</summary>{texts}</details>"
