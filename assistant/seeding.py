"""The shipped listings, with which a new library is filled."""

import hashlib
import json
from pathlib import Path

from assistant.errors import LibraryError
from assistant.resources import resource


def seed_files() -> list[Path]:
    """The shipped listings, checked against their manifest. Raises LibraryError where one differs."""
    manifest = json.loads(resource("seeds", "manifest.json").read_text(encoding="utf-8"))
    paths = [resource("seeds", entry["file"]) for entry in manifest["files"]]
    for path, entry in zip(paths, manifest["files"], strict=True):
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
            raise LibraryError(f"the shipped seed file {path.name} is missing or changed; install assistant again")
    return paths
