"""From the configuration to a chat model and to embeddings: the only place that knows providers."""

import hashlib
import re
from collections import ChainMap
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.config import OWN_EMBEDDING, Config
from assistant.errors import ConfigError, ProviderError, with_step
from assistant.interrupts import raise_if_interrupted
from assistant.recent import Recent
from assistant.resources import resource
from assistant.transport import http_client

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import BaseChatModel

_NO_KEY = "no-key"  # local servers want none, but the client insists on one
_EMBEDDING_BATCH = 256
_PLAIN = re.compile(r"(?!.*\[UNK\])[ -~\t\n\r]*", re.DOTALL)
_PIECE = re.compile(r"[a-z0-9]+|[!-/:-@\[-`{-~]")  # a word or a sign of lower-case ASCII
_WORDS_KEPT = 200_000
_LONGEST_WORD = 60  # characters: what is longer does not come again
_KEPT = 8192  # vectors of sentences, about as many as the shipped library has: 13 MB where they have 384 dimensions
# Prefixes of ASSISTANT_MODEL that never name a model on a server of one's own ("llama3:8b" does).
_OTHER_PROVIDERS = frozenset(
    """anthropic azure_openai azure_ai google_genai google_vertexai bedrock bedrock_converse cohere fireworks together mistralai
    huggingface groq ollama deepseek ibm nvidia xai openrouter perplexity upstage litellm""".split()
)


class Embedder:
    """Text -> unit vectors. `name` tells models apart: vectors of different names never meet in one library.

    `unset` is the setting without which nothing can be embedded; a library of another embedding says first that it is one.
    """

    def __init__(self, name: str, embeddings: "Embeddings", unset: str = "") -> None:
        self.name = name
        self._unset = unset
        self.embeddings = embeddings
        self._dimension: int | None = None
        self._recent = Recent[str, np.ndarray](_KEPT)

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        if self._dimension is None:
            self._dimension = self.encode(["dimension"]).shape[1]
        return self._dimension

    def close(self) -> None:
        """Lets go of the connections to a provider."""
        close_client(self.embeddings)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32 of shape (len(texts), dimension); a text without a known word gives zeros.

        Raises ProviderError where a provider of embeddings fails, and ConfigError where its key is missing.
        """
        if self._unset:
            raise ConfigError(f"the embedding {self.name!r} needs {self._unset}; set it, or unset ASSISTANT_EMBEDDING")
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        try:
            vectors = np.asarray(self.embeddings.embed_documents(list(texts)), dtype=np.float32)
        except Exception as error:  # each provider has its own classes
            raise_if_interrupted()
            first_line = (str(error) or type(error).__name__).splitlines()[0]
            failure = f"the embedding {self.name!r} failed: {first_line}"
            raise ProviderError(with_step(failure, "check OPENAI_API_KEY and OPENAI_BASE_URL")) from error
        if not np.isfinite(vectors).all():
            raise ProviderError(f"the embedding {self.name!r} gave numbers that are none (NaN); try another model")
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.where(norms > 0, norms, 1.0)

    def encode_often(self, texts: Sequence[str]) -> np.ndarray:
        """As `encode`, for texts that come up in question after question, such as sentences: the latest are remembered."""
        found = self._recent.find(texts)
        new = list(dict.fromkeys(text for text in texts if text not in found))
        # Copies: a row would keep the vectors of all texts that came with it.
        computed = {text: vector.copy() for text, vector in zip(new, self.encode(new), strict=True)}
        self._recent.keep(computed)
        found |= computed
        return np.array([found[text] for text in texts], np.float32).reshape(len(texts), self.dimension)


class _StaticEmbeddings:
    """The package's own embedding: a table of token vectors, looked up and averaged (Model2Vec's format).

    Most of the time went into cutting texts into tokens. Words that are tokens themselves are looked up instead, and the tokens
    of other words remembered: the words of a library are few beside their occurrences.
    """

    def __init__(self) -> None:
        from model2vec import StaticModel

        self._model = model = StaticModel.from_pretrained(resource("embedding"))
        self._weights = model.weights.astype(np.float32)  # type: ignore[union-attr]  # ours has them
        self._words = {word: (token,) for word, token in model.tokenizer.get_vocab().items() if _PIECE.fullmatch(word)}
        self._others: dict[str, tuple[int, ...]] = {}

    def embed_documents(self, texts: list[str]) -> np.ndarray:
        """Vectors along the weighted means of the texts' token vectors, float32 of shape (len(texts), dimension)."""
        vectors = np.zeros((len(texts), self._model.dim), np.float32)
        for vector, tokens in zip(vectors, self._tokens(texts), strict=True):
            vector[:] = self._weights[tokens] @ self._model.embedding[tokens]
        return vectors

    def embed_query(self, text: str) -> np.ndarray:
        return self.embed_documents([text])[0]

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The tokens of each text, as far as the model reads: those of its pieces, which the tokenizer too cuts by themselves.
        What is more than plain ASCII is one piece."""
        pieces = [_PIECE.findall(text.lower()) if _PLAIN.fullmatch(text) else [text] for text in texts]
        words, others = self._words, self._others
        new = list({piece for found in pieces for piece in found if piece not in words and piece not in others})
        cut = dict(zip(new, map(tuple, self._model.tokenize(new)), strict=True)) if new else {}
        if len(others) + len(cut) > _WORDS_KEPT:
            self._others = {}  # a new one: other threads may be reading this
        self._others.update((piece, tokens) for piece, tokens in cut.items() if len(piece) <= _LONGEST_WORD)
        every = ChainMap(words, cut, others)
        most = self._model.max_length
        return [list(islice(chain.from_iterable(map(every.__getitem__, found)), most)) for found in pieces]

    @property
    def words(self) -> frozenset[str]:
        """The whole words of its vocabulary, in small letters."""
        return frozenset(filter(str.isalpha, self._words))


@lru_cache(maxsize=1)
def own_embedder() -> Embedder:
    """The package's own embedding, loaded once a process: it takes a fifth of a second, and holds no state of a library."""
    digest = hashlib.sha256(resource("embedding", "model.safetensors").read_bytes()).hexdigest()
    return Embedder(f"{OWN_EMBEDDING}:{digest[:12]}", _StaticEmbeddings())  # type: ignore[arg-type]


@lru_cache(maxsize=1)
def common_words() -> frozenset[str]:
    """Some 25,000 words, in small letters, that are spelt right: those that the package's own embedding knows."""
    return own_embedder().embeddings.words  # type: ignore[attr-defined]


def open_embedder(config: Config) -> Embedder:
    """The embedding that `config.embedding` names. Raises ConfigError where it names none."""
    if config.embedding == OWN_EMBEDDING:
        return own_embedder()
    provider, _, model = config.embedding.partition(":")
    if provider != "openai" or not model:
        raise ConfigError(
            f"ASSISTANT_EMBEDDING is {config.embedding!r}; use {OWN_EMBEDDING!r} or 'openai:MODEL' "
            "(any server with /v1/embeddings, at OPENAI_BASE_URL)"
        )
    from langchain_openai import OpenAIEmbeddings

    return Embedder(
        config.embedding,
        OpenAIEmbeddings(
            model=model,
            api_key=config.openai_api_key or _NO_KEY,  # type: ignore[arg-type]
            base_url=config.openai_base_url,
            check_embedding_ctx_length=False,  # otherwise it downloads tiktoken's vocabulary
            chunk_size=_EMBEDDING_BATCH,
            timeout=config.request_timeout,
            max_retries=config.max_retries,
            http_client=http_client(config.openai_base_url),
        ),
        unset="" if config.openai_api_key or config.openai_base_url else "OPENAI_API_KEY or OPENAI_BASE_URL",
    )


def open_chat_model(config: Config) -> "BaseChatModel":
    """The chat model that the settings name. Raises ConfigError where there is none or its package is missing."""
    name = config.model_name
    if name is None:
        raise ConfigError("no language model is configured; set OPENAI_API_KEY or OPENAI_BASE_URL")
    common: dict[str, Any] = {
        "temperature": config.temperature,
        "timeout": config.request_timeout,
        "max_retries": config.max_retries,
        "max_tokens": config.max_answer_tokens,
    }
    provider, _, bare = name.partition(":")
    is_other = provider in _OTHER_PROVIDERS
    if is_other and config.openai_base_url:
        raise ConfigError(
            f"ASSISTANT_MODEL {name!r} names another provider than OPENAI_BASE_URL; unset one of the two, so that nothing is "
            "sent where you did not mean it"
        )
    if is_other or (bare and provider != "openai" and not config.openai_base_url):
        return _open_by_provider(name, common)
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(
        model=bare if bare and provider == "openai" else name,
        api_key=config.openai_api_key or _NO_KEY,  # type: ignore[arg-type]
        base_url=config.openai_base_url,
        stream_usage=True,  # off by default for other base URLs
        http_client=http_client(config.openai_base_url),
        **common,  # type: ignore[arg-type]
    )


def close_client(model: Any) -> None:
    """Closes the HTTP client that was made here for this chat model or these embeddings alone; what LangChain shares between
    models, and other providers' own, it leaves alone."""
    if (client := getattr(model, "http_client", None)) is not None:
        client.close()


def _open_by_provider(name: str, options: dict[str, Any]) -> "BaseChatModel":
    """The chat model "provider:name" of any provider that LangChain knows. Raises ConfigError with what to install or set."""
    from langchain.chat_models import init_chat_model

    if name.startswith("azure_openai:"):
        options = options | {"stream_usage": True}
    try:
        return init_chat_model(name, **options)
    except Exception as error:  # a missing package, key or endpoint: each provider says so in its own class
        raise_if_interrupted()
        first_line = " ".join(str(error).split())[:300].rstrip(". ")
        raise ConfigError(f"ASSISTANT_MODEL {name!r} cannot be opened: {first_line}") from None
