"""Looks at the installation and the library, and says what is wrong and what to do."""

import os
from typing import Any, NamedTuple

from assistant.config import load_config
from assistant.errors import AssistantError
from assistant.library import Assistant, seed_files


class Finding(NamedTuple):
    """One thing looked at: whether it is well, and one line about it. Secrets are never shown."""

    what: str
    ok: bool
    message: str


def diagnose(**settings: Any) -> list[Finding]:
    """Checks settings, shipped files, the library and its indexes; stops at the first problem that hides the rest."""
    findings: list[Finding] = []
    try:
        config = load_config(**settings)
        findings.append(Finding("settings", True, f"data folder {config.data_dir}"))
        model = (
            f"{config.model_name} at {config.openai_base_url or 'its provider'}"
            if config.model_name
            else "none: answers are extractive"
        )
        findings.append(Finding("language model", True, model))
        findings.append(Finding("embedding", True, config.embedding))
        store = (
            f"Chroma server at {config.chroma_host}:{config.chroma_port}" if config.chroma_host else "embedded Chroma"
        )
        findings.append(Finding("vector store", True, store))
        findings.append(Finding("seeds", True, f"{len(seed_files())} listings as shipped"))
        parent = next(folder for folder in (config.data_dir, *config.data_dir.parents) if folder.exists())
        if not os.access(parent, os.W_OK):
            findings.append(Finding("data folder", False, f"{parent} is not writable; set ASSISTANT_DATA_DIR"))
            return findings
        with Assistant(config) as library:
            papers, chunks = library.counts()
            findings.append(Finding("library", True, f"{papers} papers in {chunks} chunks"))
            if papers:
                library.search("test", k=1)
                findings.append(Finding("indexes", True, "in step with the catalogue"))
    except AssistantError as error:
        findings.append(Finding(type(error).__name__.removesuffix("Error").lower(), False, str(error)))
    return findings
