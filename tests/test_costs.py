"""Prices, budgets and the answer cache: what an answer cost is known or "unknown", and the same question costs once."""

import json
from pathlib import Path

import pytest
from provider import Provider, Reply, faithful
from typer.testing import CliRunner

from assistant import Assistant, Paper, costs
from assistant.config import Config
from assistant.costs import Budget, Price, price_of, prices_date, tokens_at_most
from assistant.errors import ConfigError, ProviderError

OTTERS = Paper(title="Otters and rivers", abstract="Otters swim in cold rivers. Otters eat fish at night.")
QUESTION = "Where do otters swim?"
PRICES = '{"m": [2.0, 8.0]}'


def open_library(folder: Path, provider: Provider, **settings: object) -> Assistant:
    library = Assistant(data_dir=folder, openai_base_url=provider.url, model="m", max_retries=0, **settings)
    library.add(OTTERS)
    return library


def test_a_price_is_known_or_none(tmp_path: Path) -> None:
    assert price_of(Config(openai_api_key="k"), "gpt-4o-mini") == Price(0.15, 0.6)
    assert price_of(Config(openai_api_key="k"), "openai:gpt-4o-mini") == Price(0.15, 0.6)
    assert price_of(Config(), "anthropic:gpt-4o-mini") is None
    assert price_of(Config(), "no-such-model") is None
    assert price_of(Config(openai_base_url="http://127.0.0.1:1/v1"), "gpt-4o-mini") is None
    assert price_of(Config(openai_base_url="http://127.0.0.1:1/v1", prices=PRICES), "m") == Price(2, 8)
    file = tmp_path / "prices.json"
    file.write_text('{"gpt-4o-mini": [1, 2]}')
    assert price_of(Config(prices=str(file)), "gpt-4o-mini") == Price(1, 2)
    assert prices_date()[:2] == "20"


@pytest.mark.parametrize(
    ("prices", "says"),
    [
        ('{"m": 1}', "its JSON is no table of prices"),
        ("{", "its JSON is no table of prices"),
        ("nofile.json", r"the file 'nofile\.json' cannot be read \(No such file or directory\)"),
        ("prices.json", r"the file 'prices\.json' is no table of prices"),
        ('{"m": [-1, 2]}', "its JSON holds a price below 0 or without end"),
        ('["m"]', "its JSON is no table of prices"),
        ('{"m": [NaN, 1]}', "its JSON holds a price below 0 or without end"),
    ],
)
def test_prices_that_cannot_be_read_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prices: str, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("prices.json").write_text("my prices: low")
    with pytest.raises(ConfigError, match=f"ASSISTANT_PRICES: {says}; give JSON such as"):
        price_of(Config(prices=prices), "m")


def test_an_answer_says_its_cost(tmp_path: Path) -> None:
    with Provider([Reply(faithful(1))]) as provider, open_library(tmp_path, provider, prices=PRICES) as library:
        usage = library.ask(QUESTION).usage
    assert usage.cost == pytest.approx((usage.input_tokens * 2 + usage.output_tokens * 8) / 1e6)  # type: ignore[operator]
    assert f"${usage.cost:.4f}" in usage.in_words


@pytest.mark.parametrize("reports_usage", [True, False])
def test_an_unknown_cost_is_unknown_and_not_nothing(tmp_path: Path, reports_usage: bool) -> None:
    with Provider([Reply(faithful(1), usage=reports_usage)]) as provider:
        prices = "" if reports_usage else PRICES
        with open_library(tmp_path, provider, prices=prices) as library:
            answer = library.ask(QUESTION)
    assert answer.usage.cost is None
    assert answer.to_dict()["usage"]["cost"] is None
    assert "cost unknown" in answer.usage.in_words


@pytest.mark.parametrize("budget", [{"budget": 0.008}, {"token_budget": 3000}])
def test_a_budget_stops_before_it_is_exceeded(tmp_path: Path, budget: dict[str, float]) -> None:
    settings = {"prices": PRICES, "answer_cache": 0} | budget
    with Provider([Reply(faithful(1))]) as provider, open_library(tmp_path, provider, **settings) as library:
        answers = [library.ask(QUESTION) for _ in range(12)]
    stopped = [answer for answer in answers if "budget" in answer.reason]
    assert 0 < len(stopped) < 12
    assert all((a.status, a.mode, a.usage.calls) == ("partial", "extractive", 0) and a.citations for a in stopped)
    tokens = [(a.usage.input_tokens or 0, a.usage.output_tokens or 0) for a in answers]
    assert sum(2 * given + 8 * written for given, written in tokens) / 1e6 <= 0.008
    assert "token_budget" not in budget or sum(map(sum, tokens)) <= 3000


def test_a_call_that_does_not_say_what_it_used_counts_in_full() -> None:
    budget = Budget(None, 100, None, "m")
    budget.reserve(40, 20)
    budget.settle((40, 20), None)
    with pytest.raises(ProviderError, match="ASSISTANT_TOKEN_BUDGET"):
        budget.reserve(30, 20)
    budget.settle((40, 20), (10, 5))
    budget.reserve(30, 20)


def test_a_budget_in_dollars_needs_a_price(tmp_path: Path) -> None:
    with Provider() as provider, pytest.raises(ConfigError, match="ASSISTANT_PRICES"):
        open_library(tmp_path, provider, budget=1.0)


def test_estimates_err_on_the_safe_side() -> None:
    assert tokens_at_most("word " * 300) >= 500


def test_the_same_question_costs_once(tmp_path: Path) -> None:
    with Provider([Reply(faithful(1))]) as provider:
        with open_library(tmp_path, provider) as library:
            first = library.ask(QUESTION)
        with open_library(tmp_path, provider) as library:  # kept over sessions
            again = library.ask(QUESTION)
            assert provider.calls == 1
            assert not library.ask(QUESTION, fresh=True).usage.cached
            assert provider.calls == 2
    assert again.claims == first.claims
    assert (first.usage.cached, again.usage.cached, again.usage.calls) == (False, True, 0)
    assert "cache" in again.usage.in_words and again.usage.cost is None


def test_another_paper_text_model_or_setting_asks_again_and_citations_stay_valid(tmp_path: Path) -> None:
    with Provider([Reply(faithful(1))]) as provider:
        with open_library(tmp_path, provider) as library:
            library.ask(QUESTION)
            [old] = library.papers()
            library.remove([old.id])
            library.add(Paper(title=OTTERS.title, abstract="At dusk, otters swim in warm lakes. Otters eat fish."))
            answer = library.ask(QUESTION)
            assert provider.calls == 2
            library.ask(QUESTION)
            assert provider.calls == 2
        for citation in answer.citations:
            assert "lakes" in citation.paper.abstract
            assert citation.paper.abstract[citation.span.start : citation.span.end] == citation.quote
        with open_library(tmp_path, provider, temperature=0.5) as library:
            library.ask(QUESTION)
            assert provider.calls == 3


def test_the_cache_is_bounded_and_can_be_off(tmp_path: Path) -> None:
    with Provider([Reply(faithful(1))]) as provider:
        with open_library(tmp_path, provider, answer_cache=1) as library:
            library.ask(QUESTION)
            library.ask("What do otters eat?")
            library.ask(QUESTION)  # was pushed out
            assert provider.calls == 3
        with open_library(tmp_path, provider, answer_cache=0) as library:
            assert not library.ask(QUESTION).usage.cached
            assert provider.calls == 4


def test_replies_of_a_failing_provider_are_not_kept(tmp_path: Path) -> None:
    replies = [Reply("Otters swim in", finish_reason="length"), Reply(faithful(1))]
    with Provider(replies) as provider, open_library(tmp_path, provider) as library:
        assert "cut off" in library.ask(QUESTION).reason
        assert library.ask(QUESTION).status == "answered"


def test_an_ingest_says_beforehand_what_it_would_send(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import assistant.cli as cli

    monkeypatch.setattr(costs, "MANY_TOKENS", 20)
    file = tmp_path / "papers.jsonl"
    file.write_text(json.dumps({"title": OTTERS.title, "abstract": OTTERS.abstract}))
    with Provider() as provider:
        settings = {
            "OPENAI_BASE_URL": provider.url,
            "ASSISTANT_EMBEDDING": "openai:small",
            "ASSISTANT_MODEL": "extractive",
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        with Assistant(data_dir=tmp_path / "data", prices='{"small": [0.02, 0]}') as library:
            tokens, cost = library.estimate(file)
            assert tokens >= 20 and cost == pytest.approx(tokens * 0.02 / 1e6)
            assert library.counts() == (0, 0)  # nothing was added
        arguments = ["add", str(file), "--data-dir", str(tmp_path / "data")]
        refused = CliRunner().invoke(cli.app, arguments)
        assert isinstance(refused.exception, ConfigError) and "--yes" in str(refused.exception)
        assert "not known" in str(refused.exception)
        assert CliRunner().invoke(cli.app, [*arguments, "--yes"]).exit_code == 0
        with Assistant(data_dir=tmp_path / "data") as library:
            assert library.estimate(file) == (0, None)  # stored by now
            assert library.estimate() == (0, None)
        monkeypatch.setenv("ASSISTANT_EMBEDDING", "openai:large")
        sent = len(provider.requests)
        arguments = ["rebuild", "--data-dir", str(tmp_path / "data")]
        refused = CliRunner().invoke(cli.app, arguments)
        assert isinstance(refused.exception, ConfigError) and "openai:large" in str(refused.exception)
        assert len(provider.requests) == sent
        monkeypatch.setenv("ASSISTANT_EMBEDDING", "openai:small")
        Assistant(data_dir=tmp_path / "data").close()  # left as it was
        monkeypatch.setenv("ASSISTANT_EMBEDDING", "openai:large")
        assert CliRunner().invoke(cli.app, [*arguments, "--yes"]).exit_code == 0


def test_the_page_asks_before_uploads_are_sent_to_an_embedding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant.app.papers import Papers

    monkeypatch.setattr(costs, "MANY_TOKENS", 20)
    file = tmp_path / "papers.jsonl"
    file.write_text(json.dumps({"title": OTTERS.title, "abstract": OTTERS.abstract}))
    with Provider() as provider:
        settings = {"openai_base_url": provider.url, "embedding": "openai:small", "model": "extractive"}
        with Assistant(data_dir=tmp_path / "data", **settings) as library:
            said, kept, button, *_ = Papers(library).add([str(file)], lambda *_, **__: None)  # type: ignore[arg-type]
            assert "Not added yet" in said and "openai:small" in said and button.visible
            assert library.counts() == (0, 0)
            said, kept, button, *_ = Papers(library).add([str(file)], lambda *_, **__: None, True)  # type: ignore[arg-type]
            assert "**1 new paper** in" in said and kept is None and not button.visible
            assert library.counts()[0] == 1
