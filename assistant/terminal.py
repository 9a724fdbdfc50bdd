"""What the commands share: options, the open library, progress bars, JSON. Imports nothing heavy before it is needed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from assistant.library import Assistant

INTERRUPTED = 130  # the exit code after Ctrl-C

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="The library's folder, instead of ASSISTANT_DATA_DIR.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def settings_of(data_dir: Path | None) -> dict[str, Any]:
    """The settings that the option stands for."""
    return {"data_dir": data_dir} if data_dir else {}


@contextmanager
def library_of(data_dir: Path | None, quiet: bool = False, rebuild: bool = False) -> "Iterator[Assistant]":
    """The library of the settings, with a progress bar in the terminal for what takes long."""
    from assistant.config import misspelt_variables
    from assistant.library import Assistant

    with (
        progress_bars(quiet) as progress,
        Assistant(progress=progress, rebuild=rebuild, **settings_of(data_dir)) as library,
    ):
        for name, nearest in misspelt_variables().items():
            typer.echo(f"assistant: {name} is no setting and has no effect; did you mean {nearest}?", err=True)
        yield library


@contextmanager
def progress_bars(quiet: bool = False) -> Iterator[Any]:
    """A callback (label, done, total) that draws rich progress bars on standard error; None where `quiet`."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    bars = Progress(console=Console(stderr=True), transient=True)
    tasks: dict[str, Any] = {}

    def show(label: str, done: int, total: int) -> None:
        bars.start()  # only while something goes on: the page and the answers have the terminal to themselves
        if label not in tasks:
            tasks[label] = bars.add_task(label, total=total)
        bars.update(tasks[label], completed=done, total=total)
        if bars.finished:
            bars.stop()

    try:
        yield show
    finally:
        bars.stop()


def print_json(value: Any) -> None:
    """Prints plain JSON types."""
    import json

    typer.echo(json.dumps(value, ensure_ascii=False, indent=1))
