"""What every test gets: no settings from the machine, a data folder of its own, and a small library of the seeds."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.privacy import silence

silence()
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # What runs in the background is born deaf to Ctrl-C, and so would be the processes that tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def clean_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key, server or `.env` of the machine reaches a test."""
    for name in list(os.environ):
        if name.startswith(("ASSISTANT_", "OPENAI_", "CHROMA_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(tmp_path / "default-data"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def seeds_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a library filled from the seeds, for tests that do not change it."""
    from assistant.library import Assistant

    folder = tmp_path_factory.mktemp("seeds")
    with Assistant(data_dir=folder) as library:
        library.search("anything")
    return folder


@pytest.fixture(scope="session")
def library(seeds_folder: Path) -> Iterator["Assistant"]:  # noqa: F821
    """That library, open. Do not change it."""
    from assistant.library import Assistant

    with Assistant(data_dir=seeds_folder) as opened:
        yield opened
