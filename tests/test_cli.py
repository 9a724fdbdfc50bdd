"""The command line as a person meets it: in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.answers import Answer, Citation, Claim
from assistant.cli import _print_answer
from assistant.records import Paper, Span

HALF = "Which method keeps half of the parameters frozen in each tuning round?"
COMMAND = [sys.executable, "-c", "from assistant.cli import main; main()"]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, env=os.environ | environment, timeout=120
    )


@pytest.fixture
def seeds(seeds_folder: Path) -> dict[str, str]:
    return {"ASSISTANT_DATA_DIR": str(seeds_folder)}


def test_ask_prints_the_answer_and_its_papers(seeds: dict[str, str]) -> None:
    result = run("ask", HALF, **seeds)
    assert result.returncode == 0, result.stderr
    assert "half of the parameters" in result.stdout
    assert "[1] HFT: Half Fine-Tuning for Large Language Models" in result.stdout


def test_ask_prints_where_in_its_papers_the_sentences_stand(capsys: pytest.CaptureFixture[str]) -> None:
    paper = Paper("Otters", "Otters swim.")
    places = (("Otters float.", "Results", 21), ("Otters dive.", "Methods", None), ("Otters swim.", "Abstract", None))
    cited = [Citation(1, paper, quote, Span(0, len(quote)), heading, page, quote) for quote, heading, page in places]
    claims = tuple(Claim(citation.quote, (citation,)) for citation in cited)
    own_words = Claim("They keep afloat.", (Citation(1, paper, "No otter sank.", Span(5, 19), "Results", 22),))
    _print_answer(Answer("What do otters do?", "answered", (*claims, own_words)))
    printed = capsys.readouterr().out
    assert "[1] Otters · p. 21 · Methods\n" in printed
    assert "“No otter sank.” (p. 22)" in printed


def test_ask_as_json(seeds: dict[str, str]) -> None:
    answer = json.loads(run("ask", HALF, "--json", **seeds).stdout)
    assert answer["status"] == "answered"
    citation = answer["citations"][0]
    span = citation["span"]
    assert citation["paper"]["abstract"][span["start"] : span["end"]] == citation["quote"]


@pytest.mark.slow  # five processes
def test_add_papers_remove(tmp_path: Path) -> None:
    settings = {"ASSISTANT_DATA_DIR": str(tmp_path / "own")}
    (tmp_path / "own.jsonl").write_text('{"title": "Otters", "abstract": "Otters swim in cold rivers."}\n')
    assert "1 new paper in" in run("add", str(tmp_path / "own.jsonl"), **settings).stdout
    listed = json.loads(run("papers", "--json", **settings).stdout)
    assert [paper["title"] for paper in listed] == ["Otters"]
    printed = run("papers", **settings).stdout.splitlines()
    assert printed == [f"{listed[0]['id']}  Otters", f"{' ' * len(listed[0]['id'])}  own.jsonl", "1 paper"]
    assert "removed Otters" in run("remove", "own.jsonl", **settings).stdout
    assert "0 papers" in run("papers", **settings).stdout


@pytest.mark.slow
def test_standard_input_is_read_as_what_it_holds(tmp_path: Path) -> None:
    table = "title,abstract\nOtters,Otters swim.\nBeavers,Beavers build dams.\n"
    settings = os.environ | {"ASSISTANT_DATA_DIR": str(tmp_path / "own")}
    result = subprocess.run(
        [*COMMAND, "add", "-"], input=table, capture_output=True, text=True, env=settings, timeout=120
    )
    assert "standard-input.csv: 2 papers" in result.stdout, result.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "says", "code"),
    [
        (["ask", ""], {}, "question is empty", 2),
        (["ask", "x"], {"ASSISTANT_MODEL": "gpt-x"}, "OPENAI_API_KEY", 2),
        pytest.param(["ask", "x"], {"CHROMA_PORT": "many"}, "CHROMA_PORT", 2, marks=pytest.mark.slow),
        pytest.param(["add", "missing.txt"], {}, "missing.txt", 1, marks=pytest.mark.slow),
        pytest.param(["chat", "--host", "0.0.0.0"], {}, "ASSISTANT_PAGE_PASSWORD", 2, marks=pytest.mark.slow),
        pytest.param(["add", "https://example.org/paper.pdf"], {}, "download it first", 1, marks=pytest.mark.slow),
        pytest.param(["eval", "missing.jsonl"], {}, "missing.jsonl", 1, marks=pytest.mark.slow),
        pytest.param(["eval", "gate", "missing"], {}, "missing", 4, marks=pytest.mark.slow),
        pytest.param(["eval", "calibrate"], {}, "--reset", 1, marks=pytest.mark.slow),
    ],
    ids=[
        "empty",
        "no-key",
        "bad-port",
        "missing-file",
        "open-host",
        "address",
        "missing-testset",
        "missing-report",
        "calibrated-by-nothing",
    ],
)
def test_failures_are_one_line_with_the_next_step(
    seeds: dict[str, str], arguments: list[str], environment: dict[str, str], says: str, code: int
) -> None:
    result = run(*arguments, **seeds, **environment)
    assert result.returncode == code
    assert says in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr


@pytest.mark.slow  # three processes
def test_one_of_a_thing_is_one_thing_and_a_folder_is_no_file_to_write(tmp_path: Path) -> None:
    data = {"ASSISTANT_DATA_DIR": str(tmp_path / "data")}
    (tmp_path / "a.bib").write_text("@article{a, title={Otters}}\n@article{b, title={Beavers\n", encoding="utf-8")
    added = run("add", str(tmp_path / "a.bib"), **data).stdout
    assert "a.bib: 1 paper, 1 new" in added and "1 entry could not be read" in added and "\n1 new paper in" in added
    assert run("papers", **data).stdout.endswith("\n1 paper\n")
    refused = run("export", str(tmp_path), **data)
    assert refused.returncode == 1 and "give the file to write" in refused.stderr


@pytest.mark.slow
def test_debug_shows_the_traceback(seeds: dict[str, str]) -> None:
    assert "Traceback" in run("--debug", "ask", "", **seeds).stderr


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom assistant.cli import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'gradio', 'chromadb', 'langchain_core', 'langchain_openai', 'openai', 'numpy', 'tantivy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr


@pytest.mark.slow
def test_doctor_names_what_is_wrong(seeds: dict[str, str], tmp_path: Path) -> None:
    assert "PROBLEM" not in run("doctor", **seeds).stdout
    (tmp_path / "catalogue.sqlite").write_bytes(b"broken" * 100)
    result = run("doctor", ASSISTANT_DATA_DIR=str(tmp_path))
    assert result.returncode == 1
    assert "PROBLEM" in result.stdout


def test_every_command_is_in_the_readme() -> None:
    from assistant.cli import app

    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    names = [command.name or command.callback.__name__ for command in app.registered_commands if command.callback]
    assert [name for name in names if f"assistant {name}" not in readme] == []
