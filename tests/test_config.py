"""Settings: what is misspelt or malformed is named, with its variable and its file."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant
from assistant.config import Config, misspelt_variables, variable_of
from assistant.doctor import diagnose
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
        Config()
    assert "\n" not in str(caught.value)


def test_a_folder_called_env_is_left_alone() -> None:
    Path(".env").mkdir()  # a virtual environment
    assert Config().passages == 6
    assert misspelt_variables() == {}


@pytest.mark.parametrize("given", ["keyword", "variable", "file"])
def test_the_users_folder_may_be_a_tilde(given: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    if given == "variable":
        monkeypatch.setenv("ASSISTANT_DATA_DIR", "~/mylib")
    if given == "file":
        monkeypatch.delenv("ASSISTANT_DATA_DIR")
        Path(".env").write_text("ASSISTANT_DATA_DIR=~/mylib\n")
    config = Config(**{"data_dir": "~/mylib"} if given == "keyword" else {})
    assert config.data_dir == tmp_path / "home" / "mylib"
    with pytest.raises(ConfigError, match="ASSISTANT_DATA_DIR: ~nobody-of-this-name"):
        Config(data_dir="~nobody-of-this-name/mylib")


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost:abc/v1",
        "http://localhost:70000/v1",
        "localhost:8000/v1",
        "ftp://localhost",
        "http:///v1",
        "http://[::1/v1",
    ],
)
def test_an_address_that_is_none_is_named_where_it_is_set(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", address)
    with pytest.raises(ConfigError, match=r"^OPENAI_BASE_URL: expected an address such as http://") as caught:
        Config()
    assert "\n" not in str(caught.value)
    (finding,) = diagnose()
    assert (finding.ok, finding.message) == (False, str(caught.value))


@pytest.mark.parametrize("address", ["http://[::1]:8000/v1", "https://user:secret@api.example.org/v1?key=1"])
def test_an_address_is_kept_as_it_is(address: str) -> None:
    assert Config(openai_base_url=address).openai_base_url == address


def test_a_sound_env_file_is_read() -> None:
    Path(".env").write_text("# a comment\n\nexport ASSISTANT_PASSAGES=7\nOTHER='two\nlines'\n")
    assert Config().passages == 7


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"pasages": 7}, "unknown setting 'pasages', perhaps 'passages'; the settings are answer_cache, "),
        ({"passages": 0}, "ASSISTANT_PASSAGES: Input should be greater than or equal to 1"),
        ({"model": "gpt-4"}, "ASSISTANT_MODEL is 'gpt-4' but neither OPENAI_API_KEY nor OPENAI_BASE_URL is set"),
    ],
)
@pytest.mark.parametrize("make", [Config, Config().replaced, lambda **settings: Assistant(Config(), **settings)])
def test_a_setting_that_does_not_fit_is_named_however_it_is_given(
    make: Callable[..., object], settings: dict[str, Any], says: str
) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(says)}") as caught:
        make(**settings)
    assert "\n" not in str(caught.value)


def test_settings_by_name_change_a_finished_config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    config = Config(passages=7, model="m")
    monkeypatch.delenv("OPENAI_BASE_URL")
    with Assistant(config, evidence_tokens=300, model="extractive") as assistant:
        changed = assistant.config
    assert (changed.passages, changed.evidence_tokens, changed.model) == (7, 300, "extractive")
    assert changed.openai_base_url == "http://127.0.0.1:1/v1"
    assert (config.evidence_tokens, config.model) == (1500, "m")


def test_misspelt_variables_are_named_with_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_PASAGES", "20")
    Path(".env").write_text("ASSISTANT_MODLE=x\n")
    assert misspelt_variables() == {"ASSISTANT_MODLE": "ASSISTANT_MODEL", "ASSISTANT_PASAGES": "ASSISTANT_PASSAGES"}


def test_every_setting_has_its_variable() -> None:
    assert variable_of("chroma_host") == "CHROMA_HOST"
    assert variable_of("openai_base_url") == "OPENAI_BASE_URL"
    assert {variable_of(name) for name in Config.model_fields} >= {"ASSISTANT_PASSAGES", "ASSISTANT_DATA_DIR"}


def test_what_is_replaced_leaves_all_else_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config(data_dir="x")
    monkeypatch.setenv("ASSISTANT_PASSAGES", "3")
    changed = config.replaced(chunk_tokens=300)
    assert (changed.passages, changed.chunk_tokens) == (config.passages, 300)
