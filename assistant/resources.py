"""Where the files that ship with the package lie: models, seeds and prompts."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def resource(*parts: str) -> Path:
    """The path of a shipped file or folder, such as `resource("prompts", "answer.md")`.

    `prompts/` and `seeds/` lie at the top of a checkout, and inside `assistant/data/` once installed as a wheel.
    """
    installed = _PACKAGE.joinpath("data", *parts)
    return installed if installed.exists() else _PACKAGE.parent.joinpath(*parts)
