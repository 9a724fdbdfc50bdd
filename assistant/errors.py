"""Every failure a user can meet, as one tree. Each message is one line that says what to do next.

AssistantError
├── ConfigError          a setting is wrong or missing
├── QuestionError        the question is empty, too long or unreadable
├── LoadError            a file could not be read as papers
├── LibraryError         the library on disk cannot be used as it stands
│   ├── LibraryBusyError     another process is writing
│   └── FingerprintError     built with another embedding or chunker: rebuild
├── StoreError           Chroma or its server failed
├── PromptError          a prompt file is missing or malformed
├── ProviderError        the model provider failed
└── TestSetError         a test set cannot be read or does not match the library
"""


def with_step(message: str, step: str) -> str:
    """A message, which may end as a provider's own text does, and what to do about it: "…; retry", or "…. Retry." behind a
    whole sentence."""
    message = message.strip()
    return f"{message} {step[:1].upper()}{step[1:]}." if message.endswith((".", "?", "!")) else f"{message}; {step}"


class AssistantError(Exception):
    """Base of every error that a user may see; `str(error)` is one line that names the next step."""

    exit_code = 1


class ConfigError(AssistantError):
    """A setting is wrong or missing."""

    exit_code = 2


class QuestionError(AssistantError):
    """The question cannot be asked as it stands."""

    exit_code = 2


class LoadError(AssistantError):
    """A file could not be read as papers."""


class LibraryError(AssistantError):
    """The library on disk cannot be used as it stands."""


class LibraryBusyError(LibraryError):
    """Another process is writing to the library."""


class FingerprintError(LibraryError):
    """The library was built with another embedding model, dimension or chunker."""


class StoreError(AssistantError):
    """Chroma, embedded or on a server, failed."""


class PromptError(AssistantError):
    """A prompt file is missing, or its variables differ from what the code gives."""


class ProviderError(AssistantError):
    """The model provider failed, or its answer cannot be used."""


class TestSetError(AssistantError):
    """A test set cannot be read, or names what the library does not hold."""

    __test__ = False  # pytest would otherwise take the name for a test class
