"""The command line. Everything heavy is imported inside the commands, so that `--help` answers at once."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from assistant import interrupts
from assistant.cli_eval import eval_app
from assistant.errors import AssistantError, ConfigError, with_step
from assistant.records import counted
from assistant.terminal import INTERRUPTED, AsJson, DataDir, library_of, print_json, settings_of

if TYPE_CHECKING:
    from assistant.answers import Answer
    from assistant.library import Assistant
    from assistant.reports import IngestReport

app = typer.Typer(
    help="Ask questions of a library of papers. Every sentence of an answer is backed by exact sentences of the papers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(eval_app, name="eval")
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before much is sent to a provider's embedding.")]


@app.callback()
def options(debug: Annotated[bool, typer.Option(help="Show tracebacks.")] = False) -> None:
    """Ask questions of a library of papers."""


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    paper: Annotated[
        list[str] | None, typer.Option(help="Ask only in this paper (id, title or file name); may be repeated.")
    ] = None,
    year: Annotated[list[int] | None, typer.Option(help="Ask only in papers of this year; may be repeated.")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Answer a question with citations."""
    with library_of(data_dir, quiet=as_json) as library:
        answer = library.ask(question, papers=paper, years=year)
    if as_json:
        print_json(answer.to_dict())
    else:
        _print_answer(answer)


@app.command()
def search(
    question: Annotated[str, typer.Argument(help="What to look for.")],
    k: Annotated[int, typer.Option("-k", min=1, max=200, help="How many passages.")] = 10,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show the passages nearest to a question, without an answer."""
    with library_of(data_dir, quiet=as_json) as library:
        passages = library.search(question, k=k)
    if as_json:
        print_json([{"title": p.paper.title, "score": round(p.score, 4), "text": p.text} for p in passages])
        return
    for number, passage in enumerate(passages, 1):
        typer.echo(f"{number:3}  {passage.score:.2f}  {passage.paper.title}\n           {passage.best_sentence}")


@app.command()
def chat(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")] = 7860,
    data_dir: DataDir = None,
) -> None:
    """Open the chat page."""
    with library_of(data_dir) as library:
        from assistant.app import launch

        page = launch(library, host, port)
        typer.echo(f"assistant is at {page.local_url} (Ctrl-C stops it)")
        page.block_thread()


@app.command()
def add(
    sources: Annotated[list[str], typer.Argument(help="Files, folders, globs, or - for standard input.")],
    prune: Annotated[bool, typer.Option(help="Remove papers whose file was in these folders and is gone.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Add papers to the library: PDFs, listings, and what reference managers and APIs export."""
    with library_of(data_dir, quiet=as_json) as library, _standard_input(sources) as given:
        if not yes:
            _confirm_embedding(library, library.estimate(given), ask_user=not as_json)
        report = library.add(given, prune=prune)
    if as_json:
        from dataclasses import asdict

        print_json(asdict(report))
    else:
        _print_ingest(report)
    if report.failed:
        raise typer.Exit(1)


@app.command()
def remove(
    papers: Annotated[list[str], typer.Argument(help="Ids, titles or file names.")], data_dir: DataDir = None
) -> None:
    """Remove papers from the library."""
    with library_of(data_dir) as library:
        for paper in library.remove(papers):
            typer.echo(f"removed {paper.title or paper.id}")


@app.command()
def papers(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the papers of the library."""
    with library_of(data_dir, quiet=as_json) as library:
        found = library.papers()
    if as_json:
        from dataclasses import asdict

        print_json([asdict(paper) for paper in found])
        return
    counts = Counter(source for paper in found for source in paper.sources)
    for paper in found:
        typer.echo(f"{paper.id}  {paper.record}")
        if files := [source for source in paper.sources if counts[source] == 1]:  # by which the paper can be named
            typer.echo(f"{' ' * len(paper.id)}  {', '.join(files)}")
    typer.echo(counted(len(found), "paper"))


@app.command()
def prepare(data_dir: DataDir = None) -> None:
    """Let the reranker read every passage now, so that no question waits for it. Stopped, it goes on the next time."""
    with library_of(data_dir) as library:
        typer.echo(f"the reranker read {counted(library.prepare(library.progress), 'new passage')}")


@app.command()
def rebuild(yes: Yes = False, data_dir: DataDir = None) -> None:
    """Chunk and embed every paper again, after a change of embedding or chunk settings."""

    def confirm(library: "Assistant") -> None:
        if not yes:
            _confirm_embedding(library, library.estimate())

    with library_of(data_dir, rebuild=confirm) as library:
        typer.echo(f"rebuilt {counted(len(library.papers()), 'paper')} in {library.config.data_dir}")


@app.command()
def doctor(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Check the installation and the library, and name what is wrong."""
    from assistant.doctor import diagnose

    findings = diagnose(**settings_of(data_dir))
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            typer.echo(f"{'ok     ' if finding.ok else 'PROBLEM'}  {finding.what}: {finding.message}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


@app.command()
def export(
    file: Annotated[
        Path,
        typer.Argument(
            help="The JSON Lines file to write, or - for standard output; 'assistant add' reads it anywhere."
        ),
    ],
    embeddings: Annotated[
        bool, typer.Option(help="Write the embeddings too, so that nothing is embedded again.")
    ] = True,
    data_dir: DataDir = None,
) -> None:
    """Write every paper with its text to one file, to move a library or keep a copy."""
    from assistant.files import is_stream

    target = Path("/dev/stdout") if str(file) == "-" else file
    with library_of(data_dir) as library:
        written = counted(library.export(target, embeddings), "paper")
        typer.echo(f"wrote {written} to {target}", err=is_stream(target))


@contextmanager
def _standard_input(sources: list[str]) -> Iterator[list[str]]:
    """The sources, with standard input as a file in the place of "-"."""
    if "-" not in sources:
        yield sources
        return
    import tempfile

    from assistant.loaders import ending_of

    with tempfile.TemporaryDirectory() as folder:
        data = sys.stdin.buffer.read()
        name = Path(folder) / f"standard-input{ending_of(data)}"
        name.write_bytes(data)
        yield [str(name) if source == "-" else source for source in sources]


def _confirm_embedding(library: "Assistant", estimate: tuple[int, float | None], ask_user: bool = True) -> None:
    """Asks before many tokens go to a provider. Raises ConfigError where nobody can be asked."""
    from assistant.costs import embedding_question

    question = embedding_question(library.config, *estimate)
    if question is None:
        return
    if not (ask_user and sys.stdin.isatty()):
        raise ConfigError(f"{question}; run again with --yes to go on")
    typer.confirm(f"{question}. Go on?", abort=True)


def _print_answer(answer: "Answer") -> None:
    """The answer, then each cited paper once with the sentences quoted from it."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    if answer.was_rewritten:
        console.print(Text(f"Understood as: {answer.standalone_question}", style="italic"))
    console.print(Text(answer.text))
    if answer.status == "partial":
        console.print(Text(f"\nPartly answered: {answer.reason}", style="yellow"))
    # A quotation that the text shows already would only be repeated: its place stands beside the paper.
    shown = {claim.text for claim in answer.supported}
    for _, group in groupby(answer.citations, key=lambda citation: citation.number):
        citations = list(group)
        paper = citations[0].paper
        places = dict.fromkeys(citation.place for citation in citations if citation.quote in shown)
        heading = Text(f"\n[{citations[0].number}] {paper.title}", style="bold")
        heading.append(f"  ({paper.details})" if paper.details else "", style="dim not bold")
        console.print(heading.append("".join(f" · {place}" for place in places if place), style="dim not bold"))
        for citation in citations:
            if citation.quote not in shown:
                place = f" ({citation.place})" if citation.place else ""
                console.print(Text(f"    “{citation.quote}”{place}", style="dim"))
    if answer.nearest:
        console.print(Text("\nNearest passages:", style="bold"))
    for passage in answer.nearest:
        console.print(Text(f"  · {passage.paper.title}\n    {passage.best_sentence}", style="dim"))
    if answer.usage.in_words:
        console.print(Text(f"\n{answer.mode}: {answer.usage.in_words}", style="dim"))


def _print_ingest(report: "IngestReport") -> None:
    """A line for each file that brought something or could not be read; the rest are counted."""
    is_quiet = [file.unchanged == file.papers and not file.problems and not file.error for file in report.files]
    for file, says_nothing in zip(report.files, is_quiet, strict=True):
        if says_nothing and len(report.files) > 1:
            continue
        if file.error:
            typer.echo(f"{file.name}: NOT READ: {file.error}")
            continue
        pages = f", {counted(file.pages, 'page')}" if file.pages else ""
        gone = f", {file.removed} removed" if file.removed else ""
        counts = f"{file.added} new, {file.updated} updated, {file.unchanged} unchanged{gone}"
        twice = f", {file.duplicates} known from another source" if file.duplicates else ""
        typer.echo(f"{file.name}: {counted(file.papers, 'paper')}{pages}, {counts}{twice}, {file.seconds:.1f} s")
        for problem in file.problems:
            typer.echo(f"    {problem}")
    if any(is_quiet) and len(report.files) > 1:
        typer.echo(f"{counted(sum(is_quiet), 'file')} unchanged")
    failed = f", {counted(len(report.failed), 'file')} not read" if report.failed else ""
    typer.echo(f"{counted(report.added, 'new paper')} in {report.seconds:.1f} s{failed}")


def main() -> None:
    """Runs the command line: user errors become one line and an exit code; --debug shows tracebacks."""
    arguments = sys.argv[1:]
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    interrupts.watch()
    try:
        app(args=arguments, standalone_mode=True)
    except AssistantError as error:
        if debug:
            raise
        if interrupts.was_interrupted():
            _stop()
        typer.echo(f"assistant: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _stop()
    except SystemExit as end:
        if end.__context__ and isinstance(end.__context__.__cause__, KeyboardInterrupt):  # typer took Ctrl-C, silently
            _say_stopped()
        raise
    except Exception as error:
        if debug:
            raise
        if interrupts.was_interrupted():
            _stop()
        first_line = (str(error) or type(error).__name__).splitlines()[0]
        unexpected = f"assistant: unexpected {type(error).__name__}: {first_line}"
        typer.echo(with_step(unexpected, "run again with --debug and report it"), err=True)
        sys.exit(1)


def _stop() -> NoReturn:
    _say_stopped()
    sys.exit(INTERRUPTED)


def _say_stopped() -> None:
    typer.echo("assistant: stopped; what was stored so far stays, and the next run goes on from there", err=True)
