"""Looks at the installation and the library, and says what is wrong and what to do."""

import os
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from assistant.answering.abstention import OwnCalibration
from assistant.config import Config, misspelt_variables
from assistant.errors import AssistantError
from assistant.library import Assistant
from assistant.records import counted
from assistant.seeding import seed_files


class Finding(NamedTuple):
    """One thing looked at: whether it is well, and one line about it. Secrets are never shown."""

    what: str
    ok: bool
    message: str


class InUse(NamedTuple):
    """A setting as it is in force, in words, and the variables that change it. Secrets are never shown."""

    what: str
    value: str
    variables: str


def in_use(config: Config) -> list[InUse]:
    """What answers, embeds and stores, and what to set to change it."""
    model = (
        f"{config.model_name} at {_host(config.openai_base_url) or 'its provider'}"
        if config.model_name
        else "none: answers are extractive"
    )
    store = f"Chroma server at {config.chroma_host}:{config.chroma_port}" if config.chroma_host else "embedded Chroma"
    is_protected = bool(config.page_user and config.page_password)
    return [
        InUse("data folder", str(config.data_dir), "ASSISTANT_DATA_DIR"),
        InUse("language model", model, "ASSISTANT_MODEL, OPENAI_API_KEY, OPENAI_BASE_URL"),
        InUse("embedding", config.embedding, "ASSISTANT_EMBEDDING, then 'assistant rebuild'"),
        InUse("vector store", store, "CHROMA_HOST, CHROMA_PORT, CHROMA_SSL, CHROMA_HEADERS"),
        InUse("answerable questions kept", f"{config.keep_answerable:.0%}", "ASSISTANT_KEEP_ANSWERABLE"),
        InUse("password", "set" if is_protected else "none", "ASSISTANT_PAGE_USER, ASSISTANT_PAGE_PASSWORD"),
    ]


def _host(address: str | None) -> str:
    """A server's address without what may be secret in it: user, password and query."""
    if not address:
        return ""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"


def diagnose(**settings: Any) -> list[Finding]:
    """Checks settings, shipped files, the library and its indexes; stops at the first problem that hides the rest."""
    findings: list[Finding] = []
    try:
        config = Config(**settings)
        findings += [Finding(setting.what, True, setting.value) for setting in in_use(config)]
        findings += [
            Finding(name, False, f"there is no such setting; did you mean {nearest}?")
            for name, nearest in misspelt_variables().items()
        ]
        findings.append(Finding("seeds", True, f"{len(seed_files())} listings as shipped"))
        parent = next(folder for folder in (config.data_dir, *config.data_dir.parents) if folder.exists())
        if not os.access(parent, os.W_OK):
            findings.append(Finding("data folder", False, f"{parent} is not writable; set ASSISTANT_DATA_DIR"))
            return findings
        with Assistant(config) as library:
            papers, chunks = library.counts()
            findings.append(Finding("library", True, f"{counted(papers, 'paper')} in {counted(chunks, 'chunk')}"))
            if untitled := library.untitled():
                ids = f"{', '.join(untitled[:3])}{', …' * (len(untitled) > 3)}"
                message = f"without a title: {ids}; 'assistant remove ID' removes one"
                findings.append(Finding("papers", False, message))
            if library.calibration != OwnCalibration():
                findings.append(
                    Finding("calibration", True, "fitted to questions of its own ('assistant eval calibrate')")
                )
            if papers:
                library.search("test", k=1)
                findings.append(Finding("indexes", True, "in step with the catalogue"))
    except AssistantError as error:
        findings.append(Finding(type(error).__name__.removesuffix("Error").lower(), False, str(error)))
    return findings
