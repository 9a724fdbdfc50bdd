"""Test sets of others read and written, and drafts from papers."""

from pathlib import Path

import pytest

from assistant import Assistant, Paper
from assistant.errors import TestSetError
from assistant.evaluation import Item, load_testset
from assistant.evaluation.drafting import draft
from assistant.evaluation.formats import Form, export_testset, import_testset, not_held
from assistant.evaluation.testset import Evidence, check_against, doubts

PAPER = Paper("Do otters sleep in groups?", "We watched otters. Rafts hold 62.5% of sleepers. Otters sleep in groups.")


@pytest.mark.parametrize("form", ["ragas", "deepeval"])
def test_other_forms_go_out_and_come_back(tmp_path: Path, form: Form) -> None:
    path = tmp_path / "set.jsonl"
    export_testset(draft([PAPER]), path, form)
    items, lost = import_testset(path, [PAPER])
    assert [(i.question, i.reference, i.evidence) for i in items] == [
        (i.question, i.reference, i.evidence) for i in draft([PAPER])
    ]
    assert lost == 0
    assert import_testset(path, [])[1] == sum(len(item.evidence) for item in items) == 2


@pytest.mark.parametrize("form", ["ragas", "deepeval"])
def test_what_is_answerable_comes_back_answerable(tmp_path: Path, form: Form) -> None:
    """Evidence without a reference says that the papers answer; what a form cannot hold is said, and not turned round."""
    path = tmp_path / "set.jsonl"
    by_evidence = Item("e", "Do they?", "t", True, evidence=(Evidence(PAPER.title, ("We watched otters.",)),))
    by_title = Item("t", "And?", "t", True, relevant={PAPER.title: 2})
    items = [
        by_evidence,
        by_title,
        Item("n", "Why?", "t", False, "Not said.", history=({"role": "user", "content": "Otters."},)),
    ]
    export_testset(items, path, form)
    back, _ = import_testset(path, [PAPER])
    assert [(item.question, item.answerable) for item in back] == [("Do they?", True), ("Why?", False)]
    assert back[0].evidence == by_evidence.evidence
    assert [lost.split(",")[0] for lost in not_held(items)] == [
        "1 question left out", "1 question without the turns before them", "no ids"
    ]  # fmt: skip
    with pytest.raises(TestSetError, match=r"record 1: no paper of the library holds its contexts"):
        import_testset(path, [])


def test_our_own_form_is_kept_whole(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    export_testset(draft([PAPER]), path, "assistant")
    assert load_testset(path) == draft([PAPER])


def test_an_unknown_form_names_the_record(tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    path.write_text('[{"user_input": "q", "reference": "r"}, {"text": "?"}]')
    with pytest.raises(TestSetError, match="record 2"):
        import_testset(path, [])


@pytest.mark.parametrize("contexts", ['"We watched otters."', "[1]", "[null]"])
def test_contexts_that_are_no_list_of_texts_are_refused(tmp_path: Path, contexts: str) -> None:
    """A text alone would be read letter by letter, each of which some paper holds."""
    path = tmp_path / "set.json"
    path.write_text(f'[{{"user_input": "q", "reference": "r", "reference_contexts": {contexts}}}]')
    with pytest.raises(TestSetError, match="record 1: 'reference_contexts' must be a list of texts"):
        import_testset(path, [PAPER])


def test_line_separators_of_unicode_do_not_end_a_row(tmp_path: Path) -> None:
    path = tmp_path / "set.csv"
    path.write_text("question,reference\nWhere do\u2028otters swim?,In cold\u0085rivers.\r\nWhy?,\n", encoding="utf-8")
    (where, why) = load_testset(path)
    assert (where.question, where.reference) == ("Where do\u2028otters swim?", "In cold\u0085rivers.")
    assert (why.question, why.place) == ("Why?", "set.csv, line 3")


@pytest.mark.parametrize(
    "text",
    [
        "question;reference\nWhat, then, is X?;It is Y\n",
        "question\treference\nWhat, then, is X?\tIt is Y\n",
        '"What, then, is X?";It is Y\n',
        'Question,Expected answer\n"What, then, is X?",It is Y\n',
        'question,ground truth\n"What, then, is X?",It is Y\n',
        'question,Ground_Truth\n"What, then, is X?",It is Y\n',
        'id,question,answers\n1,"What, then, is X?",It is Y\n',
    ],
    ids=["semicolons", "tabs", "no header", "expected answer", "ground truth", "ground_truth", "answers"],
)
def test_tables_keep_their_answers(tmp_path: Path, text: str) -> None:
    path = tmp_path / "set.csv"
    path.write_text(text, encoding="utf-8")
    (item,) = load_testset(path)
    assert (item.question, item.answerable, item.reference) == ("What, then, is X?", True, "It is Y")


def test_tables_of_questions_alone_hold_no_answers(tmp_path: Path) -> None:
    path = tmp_path / "set.tsv"
    path.write_text("id\tquestion\n1\tWhat is X?\n", encoding="utf-8")
    assert [(item.question, item.answerable) for item in load_testset(path)] == [("What is X?", False)]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.csv", "question,gold\nWhat is X?,It is Y\n", r"a\.csv: .*\(question, gold\) names no column 'reference'"),
        ("a.csv", "prompt,gold\nWhat is X?,It is Y\n", r"a\.csv: .*names no column 'question'"),
        ("a.csv", "question,reference,split\nWhat?,It,tset\n", r"a\.csv, line 2: 'split' must be 'dev' or 'test'"),
        (
            "a.csv",
            "question,reference,answerable\nWhat?,It,maybe\n",
            r"a\.csv, line 2: 'answerable' must be true or false",
        ),
        ("a.csv", "question,reference,answrable\nWhat?,It,no\n", r"a\.csv: .*do you mean 'answerable'"),
        ("a.csv", "question,reference,relevant\nWhat?,It,A\n", r"a\.csv: a table cannot hold the column 'relevant'"),
        ("a.csv", f'question,reference\nWhat?,"{"x" * 10_000_001}"\n', r"a\.csv, line 2: field larger.*left open\?"),
        ("a.jsonl", '[{"question": "a?", "answerable": false}]', r"a\.jsonl holds a JSON array"),
        ("a.jsonl", '[\n{"question": "a?", "answerable": false}\n]', r"a\.jsonl holds a JSON array"),
        ("a.jsonl", '"a?"\n', r"a\.jsonl, line 1: it is no JSON object"),
    ],
    ids=[
        "unknown answers",
        "unknown questions",
        "split",
        "truth",
        "misspelt",
        "titles",
        "endless cell",
        "array",
        "array over lines",
        "text",
    ],
)
def test_what_is_no_test_set_says_so_in_a_line(tmp_path: Path, name: str, text: str, says: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(TestSetError, match=says) as caught:
        load_testset(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_the_other_columns_of_a_table_are_honoured(tmp_path: Path) -> None:
    path = tmp_path / "set.csv"
    path.write_text(
        "id,question,type,split,Answerable,reference\nz1,How many?,detail,dev,true,Twelve\n"
        "z2,Why?,off,,FALSE,The papers do not say\n,Where?,,,,Here\n",
        encoding="utf-8",
    )
    assert [(i.id, i.type, i.split, i.answerable, i.reference) for i in load_testset(path)][:2] == [
        ("z1", "detail", "dev", True, "Twelve"), ("z2", "off", "test", False, "The papers do not say")
    ]  # fmt: skip
    assert load_testset(path)[2].answerable and load_testset(path)[2].id.startswith("q-")


def test_references_that_are_none_are_doubted(tmp_path: Path) -> None:
    path = tmp_path / "set.csv"
    none = ["N/A", "not in the papers", "none", "The paper doesn't say", "-"]
    real = ["No effect", "Not in mice but in rats", "The papers", "Nonesuch", "Naples"]
    path.write_text(
        "question,reference\n" + "".join(f"Q{n}?,{r}\n" for n, r in enumerate([*none, *real])), encoding="utf-8"
    )
    (doubt,) = doubts(load_testset(path))
    assert doubt.startswith(
        "set.csv, line 2; set.csv, line 3; set.csv, line 4 and 2 more: the reference ('N/A') reads like none"
    )


def test_a_long_answer_is_read(tmp_path: Path) -> None:
    path = tmp_path / "set.csv"
    path.write_text(f'question,reference\nWhat?,"{"x" * 140_000}"\n', encoding="utf-8")
    assert len(load_testset(path)[0].reference) == 140_000


def test_drafts_rest_on_the_papers_and_are_not_reviewed(library: Assistant) -> None:
    title, number, _ = draft([PAPER])
    assert (title.question, title.reference) == ("Do otters sleep in groups?", "Otters sleep in groups.")
    assert number.nuggets[0]["text"] == "62.5%"
    assert "62.5" not in number.question
    items = draft(library.papers())
    check_against(items, library.papers())
    assert len(items) > 20
    assert not any(item.reviewed for item in items)
    assert 0.3 <= sum(not item.answerable for item in items) / len(items) <= 0.36
