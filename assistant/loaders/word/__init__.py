"""Word documents (.docx): the text under its headings.

A document is XML in an archive, which may be hostile: it is read in a child process (`assistant.loaders.child`) with a limit on
time and memory.
"""

from assistant.errors import LoadError
from assistant.loaders.child import load_in_child
from assistant.loaders.result import Loaded
from assistant.loaders.source import Source


def sniff(source: Source) -> bool:
    """True for a zip archive under a name that Word gives."""
    return source.is_archive and source.path.suffix.lower() in (".docx", ".docm")


def load(source: Source) -> Loaded:
    """The one paper of the file. Raises LoadError where it is damaged, without text, or takes too long."""
    if not source.path.is_file():
        raise LoadError(f"{source.name} is a Word document in a stream; save it as a file of its own")
    return load_in_child("assistant.loaders.word.reading:read_word", source.path)
