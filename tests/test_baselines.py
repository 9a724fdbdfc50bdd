"""What a report says of simpler ways: ranking alone, an ordinary chain, the model alone; and what all of it cost."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from provider import Body, Fail, Provider, Reply, evidence

from assistant import Assistant, Paper, Report, evaluate
from assistant.evaluation import load_report, save_report
from assistant.evaluation.asking import Examiner
from assistant.evaluation.baselines import CHAIN, CLOSED_BOOK, claims_of
from assistant.evaluation.keeping import Kept
from assistant.evaluation.results import Result
from assistant.evaluation.testset import Evidence, Item
from assistant.records import Chunk, Passage

OTTERS = Paper("Otters and rivers", "Otters swim in cold rivers. Otters eat fish at night.")
BEES = Paper("Bees and dances", "Bees dance to share directions. A hive holds 40,000 bees.")
WHERE = Item(
    "where", "Where do otters swim?", "lookup", True, "In cold rivers.", ({"text": "cold rivers"},),
    (Evidence(OTTERS.title, ("Otters swim in cold rivers.",)),), {OTTERS.title: 2},
)  # fmt: skip
COST = Item("cost", "What does an otter licence cost in rivers?", "near_miss", False)


def part(body: Body) -> str:
    """Which prompt of the run this is."""
    system = body["messages"][0]["content"]
    return (
        "closed" if "papers from memory" in system else "chain" if "with the help of the passages" in system else "ours"
    )


def answering(chain: str, closed: str) -> Callable[[Body], str]:
    def write(body: Body) -> str:
        said = {"chain": chain, "closed": closed}
        ours = "\n".join(f"{text} {mark}" for mark, text in evidence(body).items() if "cold" in text)
        question = body["messages"][-1]["content"].rpartition("Question:")[2]
        return said.get(part(body)) or (ours if "swim" in question else "NOT FOUND")

    return write


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("baselines")
    with Assistant(data_dir=folder, reranker="off") as library:
        library.add([OTTERS, BEES])
    return folder


@pytest.fixture
def run(folder: Path) -> Callable[..., tuple[Report, Provider]]:
    def ask(script: list[Any], items: list[Item], baselines: bool = True, **settings: Any) -> tuple[Report, Provider]:
        chosen = {"model": "m", "max_retries": 0, "reranker": "off"} | settings
        with (
            Provider(script) as provider,
            Assistant(data_dir=folder, openai_base_url=provider.url, **chosen) as library,
        ):
            return evaluate(library, items, workers=1, baselines=baselines), provider

    return ask


def test_both_baselines_are_scored_on_the_same_questions(run: Callable[..., Any]) -> None:
    script = [Reply(answering("They swim in cold rivers [1]. It costs nothing.", "Otters swim in the sea."))]
    report, provider = run(script, [WHERE, COST])
    chain = {gain.ours.name: gain for gain in report.gains if gain.baseline == CHAIN}
    closed = {gain.ours.name: gain for gain in report.gains if gain.baseline == CLOSED_BOOK}
    assert (chain["answer: vital nuggets"].ours.value, chain["answer: vital nuggets"].theirs.value) == (1.0, 1.0)
    assert closed["answer: vital nuggets"].theirs.value == 0.0
    assert chain["abstention: unanswerable declined"].theirs.value == 0.0
    assert chain["abstention: unanswerable declined"].ours.value == 1.0
    assert chain["citation: claims with a citation"].theirs.value == 0.5
    assert chain["citation: precision (relevant paper)"].theirs.value == 1.0
    assert chain["score: CRAG"].theirs.value == 0.0  # one right, one that should have been declined
    assert closed["score: CRAG"].theirs.value == -1.0
    assert not any(name.startswith("citation") for name in closed)  # it has nothing to cite
    assert all(gain.theirs.count == gain.theirs.total for gain in report.gains)
    several = [gain.change for gain in report.gains if gain.change.count > 1]
    assert several and all(change.low <= change.change <= change.high for change in several)
    alone = [gain.change for gain in report.gains if gain.change.count == 1]
    assert alone and all((change.low, change.high, change.p) == (None, None, 1.0) for change in alone)
    assert not {CHAIN, CLOSED_BOOK} & report.not_run.keys()
    kinds = [part(request.body) for request in provider.requests if "messages" in request.body]
    assert (kinds.count("chain"), kinds.count("closed")) == (2, 2)
    memory = [request for request in provider.requests if part(request.body) == "closed"]
    assert not any("cold rivers" in request.prompt for request in memory)


def test_the_report_shows_them_and_comes_back(run: Callable[..., Any], tmp_path: Path) -> None:
    script = [Reply(answering("In <b>cold rivers</b> [1].", "NOT FOUND"))]
    report, _ = run(script, [WHERE, COST], prices='{"m": [1.0, 2.0]}')
    page = save_report(report, tmp_path / "out").read_text(encoding="utf-8")
    assert "What the pipeline adds" in page and CHAIN in page and CLOSED_BOOK in page
    assert "<b>cold rivers</b>" not in page
    assert load_report(tmp_path / "out") == report
    record = report.to_dict()
    assert {gain["baseline"] for gain in record["gains"]} >= {CHAIN, CLOSED_BOOK, "BM25 alone", "vectors alone"}
    assert record["spent"]["answers"]["dollars"] > 0
    assert record["spent"][CLOSED_BOOK]["calls"] == 2
    assert report.figure("cost: US dollars").in_words != "0.000000"


def test_an_unknown_price_is_unknown_and_never_nothing(run: Callable[..., Any], tmp_path: Path) -> None:
    report, _ = run([Reply(answering("So [1].", "So."))], [WHERE])
    assert (report.spent["answers"].dollars, report.figure("cost: US dollars").in_words) == (None, "unknown")
    assert report.spent["answers"].tokens and report.spent["answers"].calls == 1
    assert "unknown" in save_report(report, tmp_path / "out").read_text(encoding="utf-8")


def test_without_a_model_the_report_says_so(folder: Path, tmp_path: Path) -> None:
    with Assistant(data_dir=folder, reranker="off") as library:
        report = evaluate(library, [WHERE])
    assert report.not_run[CHAIN] == report.not_run[CLOSED_BOOK] == "no model is set"
    assert {gain.baseline for gain in report.gains} == {"BM25 alone", "vectors alone"}
    page = save_report(report, tmp_path / "out").read_text(encoding="utf-8")
    assert f"{CLOSED_BOOK}: not run: no model is set" in page


def test_they_can_be_switched_off(run: Callable[..., Any]) -> None:
    report, provider = run([Reply(answering("x", "y"))], [WHERE], baselines=False)
    assert report.not_run[CHAIN] == "it was switched off"
    assert {part(request.body) for request in provider.requests if "messages" in request.body} == {"ours"}


def test_a_baseline_that_fails_is_named_and_never_scored(run: Callable[..., Any]) -> None:
    ours = Reply(answering("Cold rivers [1].", "Cold rivers."))
    report, _ = run([ours, Fail(500), ours], [WHERE])
    assert not report.failed  # the answer itself stands
    assert report.results[0].rivals[CHAIN].error
    assert CHAIN not in {gain.baseline for gain in report.gains}
    both, _ = run([ours, Fail(500), ours, ours, ours, ours], [WHERE, COST])
    gain = next(g for g in both.gains if g.baseline == CHAIN and g.ours.name == "abstention: unanswerable declined")
    assert (gain.theirs.count, gain.theirs.total, gain.theirs.not_scored) == (1, 2, ("where",))


def test_a_baseline_that_takes_too_long_costs_the_answer_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, kept = threading.Event(), Kept(tmp_path / "answers.jsonl", "")
    with monkeypatch.context() as patched:
        patched.setattr(Examiner, "ask", lambda self, item: Result(item, "answered"))
        patched.setattr(Examiner, "ask_rivals", lambda self, item: ended.wait(20))
        with Assistant(data_dir=folder, reranker="off") as library:
            (result,) = evaluate(library, [WHERE], timeout=0.05).results
    ended.set()
    assert (result.error, result.rivals[CHAIN].error) == ("", "no answer within 0.05 s")
    kept.put(result)
    assert not (tmp_path / "answers.jsonl").exists()  # what failed is asked for again
    kept.put(replace(result, rivals={}))
    assert (tmp_path / "answers.jsonl").exists()


def test_answers_with_line_separators_of_unicode_are_kept(tmp_path: Path) -> None:
    result = Result(WHERE, "answered", text="Cold\u2028rivers\u0085[1].")
    Kept(tmp_path / "answers.jsonl", "").put(result)
    found = Kept(tmp_path / "answers.jsonl", "").get(WHERE)
    assert found and found.text == result.text


def test_marks_of_a_chain_are_read_as_they_stand() -> None:
    passage = Passage(Chunk("c-0", OTTERS.id, OTTERS.abstract, (), 0, 0, 9), OTTERS, 1.0)
    claims, unknown = claims_of("Cold rivers. [1] Fish, too [1, 3]!\nNothing here.", WHERE, [passage])
    assert [(claim.text, len(claim.citations)) for claim in claims] == [
        ("Cold rivers.", 1), ("Fish, too!", 1), ("Nothing here.", 0),
    ]  # fmt: skip
    assert unknown  # there is no third passage
    assert claims[0].citations[0].gold
    assert not claims_of("All of it [1].", WHERE, [passage])[1]
