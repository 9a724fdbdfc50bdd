"""Test sets by others, from files of their forms; the real ones where ../shared/benchmarks has them."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assistant import Assistant
from assistant.cli import app
from assistant.errors import TestSetError
from assistant.evaluation import Item, load_testset
from assistant.evaluation.public_sets import PublicSet, read_public_set
from assistant.evaluation.testset import Evidence, check_against

BENCHMARKS = Path(__file__).parent.parent.parent / "shared" / "benchmarks"
DOCS = [{"_id": "7", "title": "Otters", "abstract": ["Otters swim. ", " They eat fish."]}]


def read(path: Path, value: Any) -> PublicSet:
    text = json.dumps(value) if not isinstance(value, list) else "\n".join(map(json.dumps, value))
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    found = read_public_set(path)
    assert found is not None
    check_against(found.items, found.papers)
    return found


@pytest.mark.parametrize("form", ["published", "listed"])
def test_scifact(tmp_path: Path, form: str) -> None:
    rationale = {"sentences": [1], "label": "SUPPORT"}
    evidence = {"7": [rationale]} if form == "published" else [{"doc": "7", **rationale}]
    claims = [
        {"id": 1, "claim": "Otters eat fish.", "evidence": evidence},
        {"_id": "2", "text": "Otters fly.", "split": "train", "evidence": []},
    ]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, DOCS)))
    (tmp_path / "claims_dev.jsonl").write_text("\n".join(map(json.dumps, claims)))
    found = read_public_set(tmp_path)
    assert found is not None
    check_against(found.items, found.papers)
    supported, unsettled = found.items
    assert supported.evidence == (Evidence("Otters", ("They eat fish.",)),)
    assert (supported.type, supported.split) == ("claim, support", "test")
    assert (unsettled.answerable, unsettled.split) == (False, "dev")
    assert read_public_set(tmp_path.parent) is None


def test_pubmedqa_with_near_misses(tmp_path: Path) -> None:
    record = {
        "QUESTION": "Do otters sleep?",
        "CONTEXTS": ["We looked."],
        "LONG_ANSWER": "They do. Soundly.",
        "final_decision": "yes",
    }
    found = read(tmp_path / "ori_pqal.json.gz", {"11": record, "12": record | {"QUESTION": "Do they dream?"}})
    question, near_miss = found.items[0], found.items[-1]
    assert question.evidence[0].alternatives == ("They do.", "Soundly.")
    assert question.question not in found.papers[0].title  # the title would give the abstract away
    assert (near_miss.answerable, len(near_miss.without), len(found.items)) == (False, 1, 3)


def test_qasa(tmp_path: Path) -> None:
    unanswered = {"question": "Why?", "composition": "It does not say.", "evidential_info": [], "title": "T"}
    answered = unanswered | {"composition": "Because.", "evidential_info": [{"context": "c", "rationale": "r"}]}
    items = read(tmp_path / "qasa.json", {"0": unanswered, "1": answered}).items
    assert [(item.answerable, item.reference, item.why) for item in items] == [
        (False, "", "It does not say."), (True, "Because.", ""),
    ]  # fmt: skip


def test_alce(tmp_path: Path) -> None:
    docs = [{"title": "Rivers", "text": "Otters live there."}, {"title": "Rivers", "text": "Fish, too."}]
    asqa = {
        "question": "Who lives there?",
        "answer": "Otters do.",
        "docs": docs,
        "qa_pairs": [{"short_answers": ["otters", "an otter"]}],
    }
    qampari = {"question": "Which animals?", "answers": [["otter"], ["fish"]], "docs": docs, "sample_id": "q9"}
    found = read(tmp_path / "alce.json", [asqa, qampari])
    assert found.items[0].nuggets[0]["aliases"] == ["an otter"]
    assert (found.items[1].id, found.items[1].reference) == ("alce-q9", "otter; fish")
    assert len({paper.id for paper in found.papers}) == len(found.papers) == 2


def test_scholarqabench(tmp_path: Path) -> None:
    gold = [{"title": "Rivers", "text": "Otters live there."}]
    found = read(
        tmp_path / "pubmed_test.jsonl",
        [{"input": "Who?", "answer": "yes", "gold_ctx": gold}, {"input": "What?", "answer": "x"}],
    )
    assert [dict(item.relevant) for item in found.items] == [{"Rivers": 2}, {}]
    assert [item.reference for item in found.items] == ["yes", "x"]


def test_other_forms_are_left_to_others_and_broken_ones_named(tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    for other in ([{"user_input": "q", "reference": "r"}], [{"input": "q", "expectedOutput": "r"}], []):
        path.write_text(json.dumps(other))
        assert read_public_set(path) is None
    path.write_text('{"1": {"QUESTION": "q", "CONTEXTS": 3, "LONG_ANSWER": "a"}}')
    with pytest.raises(TestSetError, match="set.json is not whole"):
        read_public_set(path)
    corpus = gzip.compress(b'{"_id": "1"}' * 100)
    (tmp_path / "queries.jsonl").write_text("")
    for damaged in (corpus[:-8], corpus[:20] + b"\xff" * 20 + corpus[40:]):
        (tmp_path / "corpus.jsonl.gz").write_bytes(damaged)
        with pytest.raises(TestSetError, match="is not whole .corpus.jsonl.gz: "):
            read_public_set(tmp_path)
    for other in ("{", "3", '[{"question": "q", "docs": []}, 3]'):
        path.write_text(other)
        assert read_public_set(path) is None
    assert read_public_set(tmp_path / "missing.json") is None
    result = CliRunner().invoke(app, ["eval", "import", "missing.json", "out.jsonl"])
    assert "missing.json cannot be read" in str(result.exception)


def test_imported_papers_are_added_word_for_word(tmp_path: Path) -> None:
    record = {
        "QUESTION": "Do otters sleep?",
        "CONTEXTS": ["We  looked."],
        "LONG_ANSWER": "They do.",
        "final_decision": "yes",
    }
    Path("set.json").write_text(json.dumps({"11": record}))
    result = CliRunner().invoke(app, ["eval", "import", "set.json", "out.jsonl"])
    assert "assistant add out-papers.jsonl" in result.output, result.output
    with Assistant(data_dir=tmp_path / "new", reranker="off") as opened:
        opened.add("out-papers.jsonl")
        check_against(load_testset(Path("out.jsonl")), opened.papers())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "questions", "papers"),
    [
        ("scifact", 1109, 5183),
        ("pubmedqa/ori_pqal.json.gz", 1500, 1000),
        ("qasa/testset_unanswerable_244_v1.1.json", 244, 0),
    ],
)
def test_the_real_sets(name: str, questions: int, papers: int) -> None:
    if not (BENCHMARKS / name).exists():
        pytest.skip("../shared/benchmarks is not there")
    found = read_public_set(BENCHMARKS / name)
    assert found is not None
    check_against(found.items, found.papers)
    assert (len(found.items), len(found.papers)) == (questions, papers)
    assert isinstance(found.items[0], Item)
