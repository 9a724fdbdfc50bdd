"""The library and settings tabs, as HTML and Markdown: one paper with its text, the report of an ingest, the settings."""

import html
from collections.abc import Sequence

from assistant.doctor import InUse
from assistant.markup import escape_markdown
from assistant.records import Paper, counted
from assistant.reports import IngestReport

NO_PAPER = '<p class="small">Choose a paper to read what the library holds of it.</p>'
_LABEL = 110  # characters of a title in the list


def label(paper: Paper) -> str:
    """A paper in a list: its title, shortened, and when it appeared."""
    title = paper.title if len(paper.title) <= _LABEL else f"{paper.title[: _LABEL - 1]}…"
    when = paper.year or paper.date
    return f"{title} ({when})" if when else title


def paper_html(paper: Paper) -> str:
    """A paper as the library holds it: title, metadata, where it came from, and its text section by section."""
    sections = "".join(
        f"<h4>{html.escape(section.heading or 'Text')}{f' · page {section.page}' if section.page else ''}</h4>"
        f"<p>{html.escape(section.text)}</p>"
        for section in paper.sections
    )
    source = html.escape(" · ".join(filter(None, (", ".join(paper.sources) or "added from Python", paper.url))))
    return (
        f'<article class="paper"><h3>{html.escape(paper.title)}</h3><div class="small">{html.escape(paper.details)}</div>'
        f'<div class="small">Source: {source}</div>{sections or "<p>No text is stored.</p>"}</article>'
    )


def report_markdown(report: IngestReport) -> str:
    """What an ingest did, a line a file, with what was left out and why."""
    lines = [f"**{counted(report.added, 'new paper')}** in {report.seconds:.1f} s"]
    for file in report.files:
        name = escape_markdown(file.name)
        if file.error:
            lines.append(f"- {name}: **not read.** {escape_markdown(file.error)}")
            continue
        lines.append(
            f"- {name}: {counted(file.papers, 'paper')}, {file.added} new, {file.updated} updated, {file.unchanged} unchanged"
        )
        lines += [f"    - {escape_markdown(problem)}" for problem in file.problems]
    return "\n".join(lines)


def settings_html(settings: Sequence[InUse]) -> str:
    """A table of what is in force, and the variables that change it."""
    rows = "".join(
        f"<tr><th scope='row'>{html.escape(s.what)}</th><td>{html.escape(s.value)}</td><td>{html.escape(s.variables)}</td></tr>"
        for s in settings
    )
    head = "".join(f"<th scope='col'>{name}</th>" for name in ("setting", "in use", "change it with"))
    return f"<table class='settings'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
