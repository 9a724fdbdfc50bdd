"""What every loader returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from assistant.records import Paper


@dataclass(frozen=True, slots=True)
class Loaded:
    """Whole papers in the order of the file, one line for each thing that was left out and why, and the pages read
    (0 where the format has none). `vectors` are embeddings that the file brings, float16 bytes by catalogue key. Where this is
    one of several parts of a large file, `total` is about how many papers all of them have."""

    papers: tuple[Paper, ...]
    problems: tuple[str, ...] = ()
    pages: int = 0
    vectors: Mapping[bytes, bytes] = field(default_factory=dict)
    total: int = 0
