"""What a run depends on, as hashes, and the file of answers from which a run that was stopped goes on."""

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

from assistant.errors import TestSetError
from assistant.evaluation.results import Result, item_record, result_from, result_record
from assistant.evaluation.testset import Item
from assistant.library import Assistant
from assistant.resources import resource

_PACKAGE = Path(__file__).parent.parent
# Settings that change no answer.
_OWN_SETTINGS = {"data_dir", "openai_api_key", "page_user", "page_password", "chroma_headers", "judge_model"}


def setup_of(assistant: Assistant, items: Sequence[Item]) -> dict[str, str]:
    """Hashes of everything that an answer depends on, and of the test set."""
    settings = assistant.config.model_dump(mode="json", exclude=_OWN_SETTINGS)
    settings |= {"model": assistant.config.model_name, "calibration": asdict(assistant.calibration)}
    texts = [(paper.record, [section.text for section in paper.sections]) for paper in assistant.papers()]
    return {
        "settings": _hash(settings),
        "papers": _hash(texts),
        "code": code_hash(),
        "testset": _hash([item_record(item) for item in items]),
    }


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


@lru_cache(maxsize=1)
def code_hash() -> str:
    """A hash of the package's code, prompts and small data: answers of other code are other answers."""
    kinds = {".py", ".md", ".json"}
    folders = [_PACKAGE, resource("prompts")]
    files = sorted({path for folder in folders for path in folder.rglob("*") if path.suffix in kinds})
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


class Kept:
    """Results by the hash of what they depend on, a line each; a line that was cut off is left out."""

    def __init__(self, path: Path | None, setup: str) -> None:
        self._path = path
        self._setup = setup
        self._known: dict[str, Result] = {}
        if path and path.exists():
            # Not splitlines: answers may hold other line separators of Unicode.
            for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
                with suppress(ValueError, KeyError, TypeError, AttributeError):
                    record = json.loads(line)
                    self._known[record["key"]] = result_from(record["result"])

    def _key(self, item: Item) -> str:
        return _hash([self._setup, item_record(item)])

    def get(self, item: Item) -> Result | None:
        return self._known.get(self._key(item))

    def put(self, result: Result) -> None:
        """Keeps a result at once, so that a killed run goes on from it. Failures are tried again, not kept."""
        if not self._path or result.error or any(rival.error for rival in result.rivals.values()):
            return
        line = json.dumps({"key": self._key(result.item), "result": result_record(result)}, ensure_ascii=False)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"\n{line}")
        except OSError as error:
            raise TestSetError(f"{self._path} cannot be written ({error.strerror}); choose another --output") from None
