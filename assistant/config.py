"""All settings in one frozen object; the only reader of the environment and of `.env`.

Order: keyword arguments, environment variables, the `.env` file of the current folder, defaults. Own settings carry the
prefix `ASSISTANT_`; those of OpenAI and Chroma keep the providers' own names. `.env.example` lists them all.
"""

import difflib
import os
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import platformdirs
from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from assistant.errors import ConfigError, with_step

OWN_EMBEDDING = "assistant-static"
DEFAULT_MODEL = "gpt-4o-mini"


class Config(BaseSettings):
    """Settings of an assistant, from keyword arguments, environment and `.env`.

    Raises ConfigError, which names the setting, where there is none of a name, a value does not fit, or `.env` is broken.
    """

    model_config = SettingsConfigDict(
        env_prefix="ASSISTANT_", env_file=".env", env_ignore_empty=True, frozen=True, extra="ignore",
        populate_by_name=True, hide_input_in_errors=True,
    )  # fmt: skip

    data_dir: Path = Field(default_factory=lambda: platformdirs.user_data_path("assistant"))

    # The language model. With neither a key nor a base URL, answers are extractive.
    openai_api_key: SecretStr | None = Field(None, validation_alias=AliasChoices("OPENAI_API_KEY"))
    openai_base_url: str | None = Field(None, validation_alias=AliasChoices("OPENAI_BASE_URL", "OPENAI_API_BASE"))
    model: str | None = None  # a model's name, "provider:name" for any that LangChain knows, or "extractive"
    temperature: float = Field(0.0, ge=0, le=2)
    request_timeout: float = Field(30.0, gt=0, description="seconds without a byte before a request is given up")
    answer_deadline: float = Field(
        120.0, gt=0, description="seconds for one whole answer, retries, waits and repair included"
    )
    max_retries: int = Field(2, ge=0, le=10)
    max_answer_tokens: int = Field(700, ge=50)
    prices: str = ""  # JSON or the path of a JSON file: {"model": [input, output]} in US dollars per million tokens
    budget: float | None = Field(None, ge=0, description="US dollars that one session may spend on answers")
    token_budget: int | None = Field(None, ge=0, description="tokens that one session may spend on answers")
    judge_model: str | None = None  # judges answers in `assistant eval --judge`; else the model that answers
    answer_cache: int = Field(1000, ge=0, description="replies of the model that are kept; 0 keeps none")

    # Reading files.
    ocr: Literal["off", "on"] = "off"  # "on" reads scanned pages with tesseract; needs the extra "ocr"

    # Retrieval and evidence.
    embedding: str = OWN_EMBEDDING  # or "openai:MODEL" for any OpenAI-compatible /v1/embeddings
    reranker: str = "shipped"  # or "off", or "package.module:factory" for one of your own
    prepare: bool = True  # the page lets the reranker read all passages in the background
    chunk_tokens: int = Field(400, ge=50, le=8000)
    evidence_tokens: int = Field(1500, ge=200)
    passages: int = Field(6, ge=1, le=50, description="passages shown to the answerer")
    keep_answerable: float = Field(0.95, gt=0.5, lt=1, description="share of answerable questions to keep answering")

    # The page. Beyond loopback it wants both.
    page_user: str | None = None
    page_password: SecretStr | None = None

    # Chroma: embedded under data_dir unless a host is named.
    chroma_host: str | None = Field(None, validation_alias=AliasChoices("CHROMA_HOST"))
    chroma_port: int = Field(8000, ge=1, le=65535, validation_alias=AliasChoices("CHROMA_PORT"))
    chroma_ssl: bool = Field(False, validation_alias=AliasChoices("CHROMA_SSL"))
    chroma_headers: dict[str, SecretStr] = Field(default_factory=dict, validation_alias=AliasChoices("CHROMA_HEADERS"))
    chroma_tenant: str = Field("default_tenant", validation_alias=AliasChoices("CHROMA_TENANT"))
    chroma_database: str = Field("default_database", validation_alias=AliasChoices("CHROMA_DATABASE"))
    chroma_documents: bool = True  # False leaves the texts out of Chroma, for very large libraries

    def __init__(self, **settings: Any) -> None:
        names = sorted(Config.model_fields)
        for unknown in sorted(set(settings) - set(names)):
            nearest = difflib.get_close_matches(unknown, names, 1, 0.0)[0]
            raise ConfigError(f"unknown setting {unknown!r}, perhaps {nearest!r}; the settings are {', '.join(names)}")
        _check_env_file(Path(".env"))
        try:
            super().__init__(**settings)
        except ValidationError as error:
            first = error.errors(include_input=False)[0]
            name = variable_of(str(first["loc"][0])) if first["loc"] else "a setting"
            raise ConfigError(
                f"{name}: {first['msg'].removeprefix('Value error, ')}; see .env.example for what it may be"
            ) from None
        except Exception as error:  # pydantic-settings wraps malformed JSON of a dict-valued variable in its own error
            raise ConfigError(with_step(str(error).splitlines()[0], "see .env.example for what it may be")) from None
        if self.model and not self.model_name and self.model != "extractive":
            raise ConfigError(
                f"ASSISTANT_MODEL is {self.model!r} but neither OPENAI_API_KEY nor OPENAI_BASE_URL is set; set one, "
                "or name the provider as in 'anthropic:claude-…', or unset ASSISTANT_MODEL for extractive answers"
            )

    def replaced(self, **settings: Any) -> "Config":
        """This configuration with some settings changed, whatever the environment says by now, checked as a new one is. Raises
        ConfigError."""
        return Config(**{name: getattr(self, name) for name in type(self).model_fields} | settings)

    @field_validator("data_dir")
    @classmethod
    def _of_the_user(cls, path: Path) -> Path:
        """A "~" is the user's folder also where no shell has seen it, as in `.env`."""
        try:
            return path.expanduser()
        except RuntimeError:
            raise ValueError(f"{path} names the folder of a user that is not known here") from None

    @field_validator("openai_base_url")
    @classmethod
    def _is_address(cls, address: str | None) -> str | None:
        try:  # a port that is no number raises as it is read
            parts = urlsplit(address or "http://unset")
            is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_whole = False
        if not is_whole:
            raise ValueError("expected an address such as http://127.0.0.1:11434/v1, its port a number up to 65535")
        return address

    @property
    def model_name(self) -> str | None:
        """The language model that answers, or None where answers are extractive."""
        if self.model == "extractive":
            return None
        if self.model and ":" in self.model:
            return self.model
        if self.openai_api_key or self.openai_base_url:
            return self.model or DEFAULT_MODEL
        return None


def variable_of(name: str) -> str:
    """The environment variable of a setting: ASSISTANT_PASSAGES of "passages", CHROMA_HOST of "chroma_host"."""
    field = Config.model_fields.get(name)
    alias = field.validation_alias if field else None
    if isinstance(alias, AliasChoices):
        return str(alias.choices[0])
    return f"ASSISTANT_{name.upper()}" if field else name


def misspelt_variables() -> dict[str, str]:
    """Environment variables, of the process or of `.env`, that begin as ours but are none, each with the nearest that is."""
    ours = [variable_of(name) for name in Config.model_fields]
    given = {name.upper() for name in (*os.environ, *dotenv_values(".env"))}
    strangers = sorted(name for name in given - set(ours) if name.startswith("ASSISTANT_"))
    return {name: difflib.get_close_matches(name, ours, 1, 0.0)[0] for name in strangers}


def _check_env_file(path: Path) -> None:
    """Raises ConfigError for a `.env` that cannot be read, which would be ignored in part or fail without its name.

    A folder of that name, as a virtual environment may have, is none.
    """
    try:
        if path.is_dir():
            return
        with path.open(encoding="utf-8") as lines:
            broken = next((binding for binding in parse_stream(lines) if binding.error), None)
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        what = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else f"cannot be read ({error.strerror})"
        raise ConfigError(f"{path.resolve()} {what}; save it as UTF-8, or remove it") from None
    if broken:
        raise ConfigError(f"{path.resolve()}, line {broken.original.line}: expected NAME=value")
