"""The shipped listings, and how a new library is filled with them."""

import hashlib
import json
from pathlib import Path

from assistant.errors import LibraryError
from assistant.indexing import Indexer
from assistant.resources import resource
from assistant.store.catalogue import Catalogue
from assistant.store.following import Progress


def seed_files() -> list[Path]:
    """The shipped listings, checked against their manifest. Raises LibraryError where one differs."""
    manifest = json.loads(resource("seeds", "manifest.json").read_text(encoding="utf-8"))
    paths = [resource("seeds", entry["file"]) for entry in manifest["files"]]
    for path, entry in zip(paths, manifest["files"], strict=True):
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
            raise LibraryError(f"the shipped seed file {path.name} is missing or changed; install assistant again")
    return paths


class Seeding:
    """Whether a library is still to be filled, kept in its catalogue: a filling that was cut off is taken up again."""

    def __init__(self, catalogue: Catalogue, indexer: Indexer) -> None:
        self._catalogue = catalogue
        self._indexer = indexer

    @property
    def is_due(self) -> bool:
        """True for a library that was never added to, and for one whose filling has begun and not ended."""
        state = self._catalogue.setting("seeding")
        return state == "begun" or (state is None and not self._catalogue.last_change())

    def fill(self, progress: Progress | None) -> None:
        """Adds the shipped listings. Call under the writer lock. Raises LibraryError where they cannot be read."""
        self._catalogue.set_setting("seeding", "begun")
        report = self._indexer.add(seed_files(), progress)
        if report.failed:
            raise LibraryError(
                f"the shipped seed papers cannot be read: {report.failed[0].error}; install assistant again"
            )
        self._catalogue.set_setting("seeding", "done")

    def give_way(self) -> None:
        """A reader's own papers come: what was cut off before the first seed was stored is not taken up again."""
        if not self._catalogue.last_change():
            self._catalogue.set_setting("seeding", None)
