"""Sentences, terms, tokens and chunks: exact positions, and one term for all spellings of a name."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.chunking import chunk_paper
from assistant.records import Paper
from assistant.sentences import MAX_SENTENCE, sentence_spans
from assistant.terms import is_spelt_out, terms
from assistant.tokens import count_tokens, encoding


def sentences(text: str) -> list[str]:
    return [text[span.start : span.end] for span in sentence_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One here. Two there.", ["One here.", "Two there."]),
        ("We use BERT (e.g. Base). It gains 3.5 points.", ["We use BERT (e.g. Base).", "It gains 3.5 points."]),
        ("As in Smith et al. (2024), we win. Yes!", ["As in Smith et al. (2024), we win.", "Yes!"]),
        ("See Fig. 3 and Sec. 4 for more. Done.", ["See Fig. 3 and Sec. 4 for more.", "Done."]),
        (
            "Four aspects: 1. Chemical diversity, 2. System size.",
            ["Four aspects: 1. Chemical diversity, 2. System size."],
        ),
        ("Table 2. Weights of otters. They float.", ["Table 2. Weights of otters.", "They float."]),
        ("So it is. Fig. 3. The rates.", ["So it is.", "Fig. 3. The rates."]),
        (
            "As in Table 2. We then go. See Fig. 2. The end.",
            ["As in Table 2.", "We then go.", "See Fig. 2.", "The end."],
        ),
        ("Trained in A and B. This helps.", ["Trained in A and B.", "This helps."]),
        (
            "It grows with sizes.From a theoretical view, good.",
            ["It grows with sizes.", "From a theoretical view, good."],
        ),
        ("Code is at https://github.com/A.Bee/c.Dee now.", ["Code is at https://github.com/A.Bee/c.Dee now."]),
        ("Is it so? It is.", ["Is it so?", "It is."]),
        ("They rise by 3.¹²,¹³ However, 2² is 4.", ["They rise by 3.¹²,¹³", "However, 2² is 4."]),
        ("", []),
        (" \n ", []),
    ],
    ids=[
        "two",
        "eg",
        "et-al",
        "fig",
        "enumeration",
        "caption",
        "caption-after-a-sentence",
        "no-caption",
        "initial",
        "missing-space",
        "address",
        "question",
        "raised-notes",
        "empty",
        "blank",
    ],
)
def test_sentence_spans(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text())
def test_sentences_hold_every_visible_character_in_order(text: str) -> None:
    spans = sentence_spans(text)
    assert "".join(part for s in spans for part in text[s.start : s.end].split()) == "".join(text.split())
    assert all(span.end - span.start <= MAX_SENTENCE for span in spans)


@pytest.mark.parametrize(
    ("spellings", "term"),
    [
        (["S^{2}FT", "S^2FT", "S²FT", "$S^{2}$FT", "S2FT"], "s2ft"),
        (["μ-Bench", "mu-bench", r"$\mu$-Bench", r"{\mu}-Bench", "µ-Bench"], "mubench"),
        (["E.T. Bench", "ET bench"], "et"),
        (["(IA)^3", "IA3", "(IA)³", "$(IA)^{3}$", "(IA) ^ { 3 }"], "ia3"),
        ([r"97.23\%", "97.23%", "97.23 %"], "97.23"),
        (["1,024", "1024"], "1024"),
        (["naïve", "naive"], "naiv"),
        (["Delta-LoRA", "delta lora"], "lora"),
        (["ﬁne-tuning", "fine-tuning"], "finetun"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_spellings_of_a_name_share_a_term(spellings: list[str], term: str) -> None:
    assert [spelling for spelling in spellings if term not in terms(spelling)] == []


def test_signs_that_only_guide_how_text_is_set_part_no_word() -> None:
    assert terms("re\u00adin\u00adforce\u00adment of zero\u200bshot mod\u2060els") == terms(
        "reinforcement of zeroshot models"
    )
    assert terms("pre\u00adtrained caf\u00e9") == terms("pretrained cafe")


@pytest.mark.parametrize(
    ("name", "text", "is_there"),
    [
        ("MARL", "We use multi-agent reinforcement learning.", True),
        ("CoT", "It thinks in a Chain of Thought.", True),
        ("MLPs", "a multi-layer perceptron", True),
        ("MLP", "multi-layer networks, then a perceptron", False),
        ("STA", "close to state-of-the-art", False),  # "state the art" is no run of words
        ("OTA", "state of the art", False),  # begins with a little word
        ("RL", "reinforcement learning", False),  # two letters stand side by side by chance
        ("tea", "trees eat air", False),
        ("MARL", "", False),
    ],
)
def test_abbreviations_are_recognised_where_they_are_spelt_out(name: str, text: str, is_there: bool) -> None:
    assert is_spelt_out(name, text) is is_there


@given(st.text())
def test_terms_never_fail(text: str) -> None:
    assert all(term and " " not in term for term in terms(text))


def test_tokens_are_those_of_the_shipped_vocabulary() -> None:
    assert count_tokens("") == 0
    assert 5 <= count_tokens("Large language models are fine-tuned.") <= 12
    assert count_tokens("a" * 300_000) <= 300_000  # a hostile run of one letter must not take minutes


def test_no_copy_in_the_temporary_folder_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    fresh = encoding.__wrapped__()  # type: ignore[attr-defined]
    assert fresh.n_vocab == encoding().n_vocab > 1000
    assert list(tmp_path.iterdir()) == []


def paper(abstract: str) -> Paper:
    return Paper(title="T", abstract=abstract)


def test_chunks_are_whole_sentences_within_the_budget() -> None:
    text = " ".join(f"This is sentence number {number} of the abstract." for number in range(40))
    chunks = chunk_paper(paper(text), 60)
    assert len(chunks) > 3
    assert all(chunk.tokens <= 60 for chunk in chunks)
    assert [s for chunk in chunks for s in (chunk.sentence(i) for i in range(len(chunk.sentences)))] == sentences(text)
    assert all(text[chunk.start : chunk.start + len(chunk.text)] == chunk.text for chunk in chunks)
    assert min(chunk.tokens for chunk in chunks) > 20  # no stray last sentence


@given(st.text(max_size=400), st.integers(50, 200))
def test_chunks_cut_the_text_at_exact_positions(text: str, budget: int) -> None:
    for chunk in chunk_paper(paper(text), budget):
        if not chunk.is_record:
            assert text[chunk.start : chunk.start + len(chunk.text)] == chunk.text


def test_a_paper_without_text_is_found_by_its_record() -> None:
    (chunk,) = chunk_paper(Paper(title="Only a title", abstract="", year=2020), 100)
    assert chunk.is_record
    assert chunk.text == "Only a title · 2020"


@pytest.mark.parametrize("piece", ["^", " ", "\u3000", "10^-", "^{a", "\\text{", "(", "a", "1. "])
def test_hostile_text_takes_no_long(piece: str) -> None:
    text = piece * (50_000 // len(piece)) + "$"
    start = time.process_time()
    terms(text)
    sentence_spans(text)
    assert time.process_time() - start < 2


@pytest.mark.slow
@pytest.mark.parametrize("piece", ["otters.Swim,", "12. A "])
def test_a_text_of_a_million_signs_is_cut_in_seconds(piece: str) -> None:
    start = time.process_time()
    sentence_spans(piece * (1_000_000 // len(piece)))
    assert time.process_time() - start < 5
