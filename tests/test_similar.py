"""Papers like one that is named are those nearest to what it says, and never that paper itself."""

import time
from pathlib import Path

import pytest

from assistant import Answer, Assistant, Paper
from assistant.questions.similar import similar_to


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("papers similar to HFT", "HFT"),
        ("Which papers are most similar to “Half Fine-Tuning”?", "“Half Fine-Tuning”"),
        ("related work for NOLA", "NOLA"),
        ("Can you suggest three papers like the HyenaDNA paper?", "the HyenaDNA paper"),
        ("what else is like this one?", "this one"),
        ("similar papers?", ""),
        ("more like this (about “HFT: Half Fine-Tuning”)", "this"),
        ("What is the most similar method in speed?", None),
        ("How similar are HFT and LST?", None),
        ("What does HFT share with LST?", None),
        ("I would like to know how HFT works", None),
    ],
)
def test_a_question_for_similar_papers_is_read(text: str, target: str | None) -> None:
    assert similar_to(text) == target


def test_long_hostile_text_is_read_at_once() -> None:
    start = time.perf_counter()
    for text in ("more like " * 400, "show me " * 500, f"papers like {'. ' * 1990}x", "similar papers to " * 220):
        similar_to(text[:4000])
    assert time.perf_counter() - start < 1


def titles(answer: Answer) -> list[str]:
    return list(dict.fromkeys(citation.paper.title.split(":")[0] for citation in answer.citations))


@pytest.mark.parametrize(
    "text",
    ["papers like NOLA", "related work for DyLoRA", "which papers are similar to S2FT?"],
)  # fmt: skip
def test_similar_papers_are_on_its_topic_without_the_paper(library: Assistant, text: str) -> None:
    answer = library.ask(text)
    assert (answer.status, len(titles(answer))) == ("partial", 4)
    assert "come nearest to “" in answer.reason
    assert not {"NOLA", "DyLoRA", "S^{2}FT"}.intersection(titles(answer)[:1])
    named = answer.reason.split("“")[1].split(":")[0]
    assert named not in titles(answer)
    on_topic = [
        one
        for one in answer.citations
        if any(word in one.paper.abstract.lower() for word in ("low-rank", "fine-tuning"))
    ]
    assert len(on_topic) >= 3


def test_similar_papers_are_a_follow_up_too(library: Assistant) -> None:
    first = library.ask("What does HFT propose?")
    turns = [{"role": "user", "content": first.question}, {"role": "assistant", "content": first.text}]
    asked = [
        library.ask(text, history=turns) for text in ("are there similar papers?", "which ones are similar to it?")
    ]
    assert all("nearest to “HFT" in answer.reason and "HFT" not in titles(answer) for answer in asked)
    assert titles(asked[0]) == titles(asked[1]) == titles(library.ask("papers similar to HFT"))


def test_a_method_that_is_no_papers_name_is_a_topic(library: Assistant) -> None:
    assert "come nearest to" not in library.ask("papers related to pruning").reason
    assert "come nearest to" not in library.ask("papers related to NOLA on graphs").reason


def test_where_no_other_paper_is_there_is_none_similar(tmp_path: Path) -> None:
    with Assistant(data_dir=tmp_path, model="extractive") as alone:
        alone.add([Paper("OtterNet: Counting otters", "We count otters in rivers with a network of cameras.")])
        answer = alone.ask("papers similar to OtterNet")
    assert (answer.status, answer.reason) == ("not_found", "No other paper is in the library or in the chosen scope.")
