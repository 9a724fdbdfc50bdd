"""Settings: what is misspelt or malformed is named, with its variable and its file."""

from pathlib import Path

import pytest

from assistant.config import Config, load_config, misspelt_variables, variable_of
from assistant.errors import ConfigError


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("ASSISTANT_PASSAGES=6\n".encode("utf-16"), "is not UTF-8 text"),
        (b"ASSISTANT_PASSAGES=6\nsome words\n", ", line 2: expected NAME=value"),
        (b"ASSISTANT_PASSAGES=many\n", "ASSISTANT_PASSAGES: "),
    ],
    ids=["utf-16", "no-equals-sign", "bad-number"],
)
def test_a_broken_env_file_is_named(content: bytes, says: str) -> None:
    Path(".env").write_bytes(content)
    with pytest.raises(ConfigError, match=says) as caught:
        load_config()
    assert "\n" not in str(caught.value)


def test_a_sound_env_file_is_read() -> None:
    Path(".env").write_text("# a comment\n\nexport ASSISTANT_PASSAGES=7\nOTHER='two\nlines'\n")
    assert load_config().passages == 7


def test_misspelt_variables_are_named_with_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_PASAGES", "20")
    Path(".env").write_text("ASSISTANT_MODLE=x\n")
    assert misspelt_variables() == {"ASSISTANT_MODLE": "ASSISTANT_MODEL", "ASSISTANT_PASAGES": "ASSISTANT_PASSAGES"}


def test_every_setting_has_its_variable() -> None:
    assert variable_of("chroma_host") == "CHROMA_HOST"
    assert variable_of("openai_base_url") == "OPENAI_BASE_URL"
    assert {variable_of(name) for name in Config.model_fields} >= {"ASSISTANT_PASSAGES", "ASSISTANT_DATA_DIR"}
