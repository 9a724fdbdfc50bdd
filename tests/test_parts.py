"""Questions of several parts: of a paper's listing and its text, and of what a thing is and something else."""

from pathlib import Path

import pytest
from provider import Fail, Provider, Reply, evidence

from assistant import Answer, Assistant
from assistant.questions.parts import parts_of
from assistant.questions.reading import read_question

WHO = "does not say who wrote it"


def kinds(answer: Answer) -> set[str]:
    """What the answer cites: records, or sentences of the text."""
    return {"record" if citation.section == "record" else "text" for citation in answer.citations}


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("What is NOLA and who wrote it?", ("What is NOLA?", "who wrote it? (about “NOLA”)")),
        ("What is NOLA? Who wrote it?", ("What is NOLA?", "Who wrote it? (about “NOLA”)")),
        (
            "Who wrote HFT, and how much memory does it save?",
            ("Who wrote HFT?", "how much memory does it save? (about “HFT”)"),
        ),
        (
            "who wrote it, and on which data is it evaluated? (about “HFT: Half”)",
            (
                "who wrote it? (after: on which data is it evaluated?) (about “HFT: Half”)",
                "on which data is it evaluated? (after: who wrote it?) (about “HFT: Half”)",
            ),
        ),
        ("When was HFT published and what is NOLA?", ("When was HFT published?", "what is NOLA?")),
        ("How many authors does HFT have and how many GPUs are used?", None),
        ("Who wrote NOLA and when was it published?", ()),  # the listing answers both
        ("Which paper proposes NOLA, and who wrote it?", ()),
        ("Who wrote NOLA, which compresses LoRA?", ()),
        ("When and where does the contest conclude?", ()),
        ("What is NOLA and how does it work?", ("What is NOLA?", "how does NOLA work?")),
        ("Explain NOLA, and what are its limits?", ("Explain NOLA?", "what are NOLA's limits?")),
        ("What is NOLA and list its limits.", ("What is NOLA?", "list NOLA's limits?")),
        ("What is NOLA and what are the limits?", ("What is NOLA?", "what are the limits? (about “NOLA”)")),
        ("What is NOLA and how does LST work?", ("What is NOLA?", "how does LST work?")),
        ("What is catastrophic forgetting and how can it be reduced?", ()),
        ("How does NOLA work and what does it cost?", ()),
        ("", ()),
    ],
)
def test_the_parts_of_a_question_can_be_understood_alone(question: str, parts: tuple[str, ...] | None) -> None:
    assert parts_of(question) == parts if parts is not None else len(parts_of(question)) == 2


def test_each_part_is_answered_from_where_it_is_said(library: Assistant) -> None:
    for question in ("When did LST appear and what does it propose?", "What is LST? When was it published?"):
        answer = library.ask(question)
        assert (answer.status, kinds(answer)) == ("answered", {"record", "text"})
        assert {citation.paper.title[:4] for citation in answer.citations} == {"LST:"}


def test_each_part_may_be_of_a_paper_of_its_own(library: Assistant) -> None:
    claims = library.ask("When was HFT published and what is NOLA?").claims
    assert claims[0].text.startswith("HFT: Half Fine-Tuning for Large Language Models · ")
    assert len(claims) > 1 and {claim.citations[0].paper.title[:5] for claim in claims[1:]} == {"NOLA:"}


@pytest.mark.parametrize(
    ("question", "cited", "missing"),
    [
        ("What is NOLA and who wrote it?", {"text"}, WHO),
        ("Who wrote HFT, and how much memory does it save?", {"text"}, WHO),
        ("When was UL2 published and who are its authors?", {"record"}, WHO),
        ("What is HFT, who wrote it, and when did it come out?", {"record", "text"}, WHO),
        (
            "When was HFT published, and how many football fields does it cover?",
            {"record"},
            "“how many football fields",
        ),
        (
            "What is NOLA, what is its batch size and when did it appear?",
            {"record", "text"},
            "“what is its batch size”",
        ),
    ],
)
def test_a_part_that_has_no_answer_is_named(library: Assistant, question: str, cited: set[str], missing: str) -> None:
    answer = library.ask(question)
    assert (answer.status, kinds(answer)) == ("partial", cited)
    assert missing in answer.reason


def test_what_a_thing_is_is_told_where_nothing_else_is(library: Assistant) -> None:
    answer = library.ask("What is HFT and does it work on images?")
    assert answer.status == "partial" and "“does HFT work on images”" in answer.reason
    assert [claim.citations[0].paper.title[:4] for claim in answer.claims] == ["HFT:"]


def test_a_paper_is_named_once_for_parts_that_it_answers(library: Assistant) -> None:
    answer = library.ask("What is LST and how much memory does it save?")
    assert [bool(claim.lead) for claim in answer.claims] == [True, *[False] * (len(answer.claims) - 1)]
    assert "69%" in answer.text and "we propose Ladder Side-Tuning" in answer.text


def test_what_has_no_answer_in_any_part_is_not_found(library: Assistant) -> None:
    assert library.ask("Who wrote NOLA?").status == "not_found"
    assert library.ask("Who wrote NOLA, and which football team won?").status == "not_found"
    assert library.ask("When was Bloogle published and what does it propose?").status == "not_found"


def test_it_in_a_later_part_is_what_an_earlier_one_names(library: Assistant) -> None:
    question = "What is NOLA and when did it appear?"
    history = [{"role": "user", "content": "What is LST?"}, {"role": "assistant", "content": "LST: Ladder Side-Tuning"}]
    assert library.ask(question, history=history).standalone_question == question


def test_a_model_is_asked_once_for_all_parts_and_what_no_listing_prints_is_said(seeds_folder: Path) -> None:
    def of_text(body: object) -> str:
        mark, text = next((mark, text) for mark, text in evidence(body).items() if "we introduce NOLA" in text)
        return f"{text} {mark}"

    with (
        Provider([Reply(of_text), Fail(401)]) as provider,
        Assistant(
            data_dir=seeds_folder, openai_base_url=provider.url, model="test-model", max_retries=1, answer_cache=0
        ) as library,
    ):
        answer = library.ask("What is NOLA and who wrote it?")
        assert (answer.status, provider.calls) == ("partial", 1)
        assert WHO in answer.reason
        quoted = library.ask("What is NOLA and when was it published?")
        assert (quoted.mode, kinds(quoted)) == ("extractive", {"record", "text"})


def test_a_question_of_many_words_has_no_parts() -> None:
    assert not read_question("What is NOLA and who wrote it? " * 100).parts
