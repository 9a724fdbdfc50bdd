"""Files become papers: one module per format behind one registry.

A format is a module with `sniff(path, head) -> bool` and `load(path, text) -> Loaded`; add it to `FORMATS` to register it.
"""

from assistant.loaders.registry import FILE_TYPES, FORMATS, Format, expand, load_file
from assistant.loaders.result import Loaded

__all__ = ["FILE_TYPES", "FORMATS", "Format", "Loaded", "expand", "load_file"]
