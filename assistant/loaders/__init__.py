"""Files become papers: one module per format behind one registry.

A format is a module with `sniff(source) -> bool` and `load(source) -> Loaded`; add it to `FORMATS` to register it.
"""

from assistant.loaders.ahead import Ahead, read_ahead
from assistant.loaders.archive import load_archive
from assistant.loaders.registry import (
    FILE_TYPES,
    FORMATS,
    LOADERS_VERSION,
    Format,
    ending_of,
    expand,
    load_file,
    load_parts,
    load_source,
)
from assistant.loaders.result import Loaded
from assistant.loaders.source import Source, read_source

__all__ = [
    "Ahead", "FILE_TYPES", "FORMATS", "LOADERS_VERSION", "Format", "Loaded", "Source", "ending_of", "expand", "load_archive",
    "load_file", "load_parts", "load_source", "read_ahead", "read_source",
]  # fmt: skip
