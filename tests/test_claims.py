"""The checks of claims: what changes a fact is caught, what only changes the wording is kept, and nothing raises."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant import Assistant
from assistant.citations import EvidenceSentence, check_claim, is_filler, is_refusal, parse_claims

RECORD = "STEER: Unified Style Transfer · 6 authors · Apr 29, 2024"
CLAIMS = [
    json.loads(line) for line in (Path(__file__).parent / "data" / "claims.jsonl").read_text("utf-8").splitlines()
]


def even(term: str) -> float:
    """The same weight for every term."""
    return 1.0


def offered(*sentences: str, record: str = RECORD) -> dict[str, EvidenceSentence]:
    texts = {"1.0": record} | {f"1.{number}": text for number, text in enumerate(sentences, 1)}
    return {mark: EvidenceSentence(mark, text, " ".join(sentences), record) for mark, text in texts.items()}


def kinds(claim: str, *sentences: str) -> list[str]:
    """The problems of `claim` that cites all of `sentences`."""
    marks = [f"1.{number}" for number in range(1, len(sentences) + 1)]
    return [problem.kind for problem in check_claim(claim, marks, offered(*sentences), even)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("It works. [1.2]", [("It works.", ("1.2",))]),
        ("- It works [1.2].", [("It works.", ("1.2",))]),
        ("1. **It** works. [1.2][3.1]", [("It works.", ("1.2", "3.1"))]),
        ("2) It works. [1.2], [3.1]", [("It works.", ("1.2", "3.1"))]),
        ("It works. [1.2, 1.3; 2.1]", [("It works.", ("1.2", "1.3", "2.1"))]),
        ("It works. [1.2 and 1.4]", [("It works.", ("1.2", "1.4"))]),
        ("It works. [1.2-1.4]", [("It works.", ("1.2", "1.3", "1.4"))]),
        ("It works. [1.2–1.4]", [("It works.", ("1.2", "1.3", "1.4"))]),
        ("It works. [1.9-2.1]", [("It works.", ("1.9", "2.1"))]),
        ("It works. [[1.2]]", [("It works.", ("1.2",))]),
        ("It works. 【1.2】", [("It works.", ("1.2",))]),
        ("It works. [1.0]", [("It works.", ("1.0",))]),
        ("A is so. [1.1] B is not. [2.4, 2.5]", [("A is so.", ("1.1",)), ("B is not.", ("2.4", "2.5"))]),
        ("A is so [1.1]. B is not [2.4].", [("A is so.", ("1.1",)), ("B is not.", ("2.4",))]),
        (
            "It works [^1.2]. It holds [see 1.3]. It is fast 【1.4†source】.",
            [("It works.", ("1.2",)), ("It holds.", ("1.3",)), ("It is fast.", ("1.4",))],
        ),
        ("[1.2] It works.", [("It works.", ("1.2",))]),
        ("It works [1.2]; it is fast [1.3].", [("It works.", ("1.2",)), ("It is fast.", ("1.3",))]),
        ("It works, but the evidence does not say how. [1.2]", [("It works.", ("1.2",))]),
        (r"It is $14\times$ faster, by \(2\%\). [1.2]", [("It is 14× faster, by 2%.", ("1.2",))]),
        ("Sources: [1.2], [1.3]", []),
        ("It works [1.2] on all tasks.", [("It works on all tasks.", ("1.2",))]),
        ("It works [1.2], and it is fast [1.3].", [("It works, and it is fast.", ("1.2", "1.3"))]),
        ("It works. [1.2] And more.", [("It works.", ("1.2",)), ("And more.", ())]),
        ("It works. [1.2] Let me know if you need more!", [("It works.", ("1.2",))]),
        ("It has no mark.", [("It has no mark.", ())]),
        ('"It works." [1.2]', [("It works.", ("1.2",))]),
        ("Answer: It works. [1.2]", [("It works.", ("1.2",))]),
        ("(n = 1024) and (95% CI 1200-1300) hold. [1.1]", [("(n = 1024) and (95% CI 1200-1300) hold.", ("1.1",))]),
        ("It scores [0.87] (1.2) [12]. [1.1]", [("It scores [0.87] (1.2) [12].", ("1.1",))]),
        ("", []),
        ("[1.2]", []),
    ],
)
def test_claims_and_marks_are_read(line: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert [(claim.text, claim.marks) for claim in parse_claims(line)] == expected


@pytest.mark.parametrize("line", ["NOT FOUND", "not found.", "**NOT FOUND**", '"Not found"', "- NOT_FOUND!"])
def test_a_refusal(line: str) -> None:
    assert is_refusal(line)
    assert not is_refusal(f"{line} in the first paper, but in the second [1.1]")


@pytest.mark.parametrize(
    "line",
    [
        "", "  ---", "Sure! Here is the answer:", "## Summary", "**Answer**", "The claims are:", "I hope this helps!", "</think>",
        "Yes.", "I'm sorry, but I can't help with that.",
        "I do not know.", "The exact size is not given in the evidence.", "The number isn't specified.", "What is the catch?",
        "Let me know if you want more.", "The evidence does not mention the batch size.", "Would you like more detail?", "```",
    ],
)  # fmt: skip
def test_filler(line: str) -> None:
    assert is_filler(line)
    assert not is_filler(f"{line} It works. [1.1]")


@pytest.mark.parametrize(
    "line", ["The method works.", "SSF is not efficient.", "The evidence of overfitting is strong."]
)
def test_a_claim_is_no_filler(line: str) -> None:
    assert not is_filler(line)


BRACKETS = "IMBUE improves self-efficacy (up to 17%) and reduces negative emotions (up to 25%)."
SUPPORTED = {
    "percent": ("The authors reach 97.2 percent accuracy on MNIST.", r"We reach 97.2\% accuracy on MNIST."),
    "interval": (
        "The interval is 1200-1300 for 1,024 patients.",
        "For patients (n = 1024), the interval is (95% CI 1200-1300).",
    ),
    "times": ("It is up to 1.42 times faster.", r"Experiments show a speedup of up to 1.42\times, so it is faster."),
    "size-in-name": ("A model with 7 billion parameters was tuned.", "We tune LLaMA-7B, a model with many parameters."),
    "spaced-name": ("Llama 3 was tuned on images.", "We tune Llama-3 on images."),
    "script-name": ("S2FT trains few parameters.", r"$S^{2}$FT trains few parameters."),
    "without": ("The method needs no labelled data.", "Our method works without labelled data."),
    "prefix": ("The gating is not effective here.", "The gating is ineffective here."),
    "fails": ("Pruning does not recover accuracy.", "Pruning fails to recover accuracy at high sparsity."),
    "one-clause": (
        "Fine-tuning reduces forgetting.",
        "We show that ﬁne-tuning reduces forgetting, but not for small models.",
    ),
    "passive": ("BERT is outperformed by STEER on all tasks.", "We outperform BERT on all tasks."),
    "converse": ("Dense models are slower than sparse models.", "Sparse models are faster than dense models."),
    "both-ways": (
        "Throughput increases, but accuracy is reduced.",
        "Pruning increases throughput while reducing accuracy.",
    ),
    "both-ways-order": (
        "Dropout lowers latency in all models, and accuracy is increased.",
        "Dropout increased accuracy and decreased latency for all models.",
    ),
    "bracket": ("Bad emotions fall by up to 25% besides better self-efficacy.", BRACKETS),
    "letters": ("Model B is outperformed by model A.", "Model A outperforms model B."),
    "acronym": ("The LM learns from human feedback.", "The language model learns from human feedback."),
    "two-sentences": ("STEER edits style and needs 3 GB.", "STEER edits style.", "It needs 3 GB of memory."),
    "counted": ("It has three stages.", "It works in stages: (1) reading, (2) sorting, and (3) writing."),
    "record": ("STEER was published on April 29, 2024 by 6 authors.", "We introduce STEER."),
}


@pytest.mark.parametrize("case", SUPPORTED.values(), ids=SUPPORTED)
def test_a_faithful_rewording_is_kept(case: tuple[str, ...]) -> None:
    assert kinds(*case) == []


FALSE = {
    "patients": (
        "number",
        "The study followed 48 patients in 2019.",
        "We followed 480 patients in 2017 at two hospitals.",
    ),
    "digit": ("number", "It reaches 97.2 % accuracy.", "It reaches 92.7% accuracy on MNIST."),
    "unit": ("number", "It needs 5 MB of memory.", "It needs 5 GB of memory in all."),
    "points": ("number", "Accuracy rises by 3 percent.", "Accuracy rises by 3 percentage points over the baseline."),
    "word": ("number", "Three benchmarks were used.", "Five benchmarks were used in all."),
    "times": ("number", "It is 2x faster.", "It is 3x faster than the baseline."),
    "scale": ("number", "A 7M model was used.", "A 7B model was used for all tests."),
    "counted": ("number", "It was tested on 12 datasets.", "It was tested on 12 tasks and 5 datasets."),
    "exchanged": ("number", "It cuts latency by 22%.", "It cuts memory use of caches by 22% and latency by 16%."),
    "end-of-range": ("number", "It runs at 15 to 40 dB.", "It runs at 15 to 30 dB."),
    "other-name": ("name", "BERTX improves the score.", "Our method improves the score on all tasks."),
    "other-version": ("name", "GPT-3 improves the score.", "GPT-4 improves the score on all tasks."),
    "plain-name": ("name", "The score improves on Cityscapes.", "The score improves on all datasets."),
    "observed": (
        "negation",
        "We observed a significant difference in survival.",
        "We did not observe a significant difference in survival.",
    ),
    "added-not": ("negation", "The method does not need labels.", "The method needs labels for every class."),
    "added-never": ("negation", "The model never forgets old tasks.", "The model forgets old tasks."),
    "with": ("negation", "It works with extra labels.", "It works without extra labels."),
    "unsupervised": ("negation", "It is a supervised method for images.", "It is an unsupervised method for images."),
    "second-not": (
        "negation",
        "Routing does not help, and gating does not cost memory.",
        "Routing does not help, and gating does cost memory.",
    ),
    "bound": ("negation", "It uses more than 30 labels.", "It uses no more than 30 labels."),
    "increase": ("direction", "Larger batches increase the loss.", "Larger batches decrease the loss in all runs."),
    "worse": (
        "direction",
        "Pruned models perform worse than dense ones.",
        "Pruned models perform better than dense ones.",
    ),
    "before": ("direction", "Labels are added before training.", "Labels are added after training."),
    "small": ("direction", "It was tested on small graphs.", "It was tested on large graphs."),
    "both-ways": (
        "direction",
        "Dropout decreased accuracy.",
        "Dropout increased accuracy and decreased latency for all models.",
    ),
    "both-ways-second": (
        "direction",
        "Pruning increases accuracy.",
        "Pruning increases throughput while reducing accuracy.",
    ),
    "bracket": ("number", "IMBUE improves self-efficacy by up to 25%.", BRACKETS),
    "swapped-letters": ("swapped", "Model B beats model A.", "Model A beats model B."),
    "swapped": (
        "swapped",
        "Dense vision models outperform sparse language models.",
        "Sparse language models outperform dense vision models.",
    ),
    "swapped-own": ("swapped", "BERT outperforms STEER on all tasks.", "We outperform BERT on all tasks."),
    "swapped-passive": (
        "swapped",
        "STEER is outperformed by BERT on all tasks.",
        "STEER outperforms BERT on all tasks.",
    ),
    "turned-range": ("swapped", "Accuracy goes from 73.6% to 36.0%.", "Accuracy goes from 36.0% to 73.6%."),
    "tail": (
        "invented",
        "We freeze half of the parameters in each round of training while the others are updated, "
        "which also cures migraine in elderly volunteers.",
        "We freeze half of the parameters in each round of training while the others are updated as usual.",
    ),
    "short-tail": ("invented", "It edits style, which amused several companies.", "It edits style."),
    "run": (
        "invented",
        "STEER edits the style of single sentences in noisy hospital discharge letters.",
        "STEER edits the style of single sentences in texts.",
    ),
    "off-topic": ("off_topic", "Beavers build dams of wood.", "Otters swim in cold rivers of the north."),
}


@pytest.mark.parametrize("case", FALSE.values(), ids=FALSE)
def test_a_falsified_claim_is_caught(case: tuple[str, str, str]) -> None:
    kind, claim, sentence = case
    assert kind in kinds(claim, sentence)
    assert kinds(sentence, sentence) == []


def test_marks_that_are_missing_unknown_or_of_another_sentence() -> None:
    evidence = offered("Otters swim in cold rivers of the north.", "Beavers build dams of wood and mud.")
    claim = "Beavers build dams of wood."
    assert [problem.kind for problem in check_claim(claim, [], evidence, even)] == ["no_mark"]
    assert [problem.kind for problem in check_claim(claim, ["1.2", "9.9"], evidence, even)] == ["no_such_mark"]
    (problem,) = check_claim(claim, ["1.1"], evidence, even)
    assert problem.kind == "misattributed"
    assert "[1.2]" in problem.message
    assert check_claim(claim, ["1.2"], evidence, even) == []


def test_the_message_names_what_is_wrong() -> None:
    (problem,) = check_claim("It reaches 97.2 %.", ["1.1"], offered("It reaches 92.7% of all."), even)
    assert problem.message == "the cited sentence does not contain 97.2 %"


def _resolved(library: Assistant) -> list[tuple[str, EvidenceSentence]]:
    library.search("words")  # opens the word index
    papers = {paper.title: paper for paper in library.papers()}
    return [
        (
            row["claim"],
            EvidenceSentence("1.1", row["sentence"], papers[row["title"]].abstract, papers[row["title"]].record),
        )
        for row in CLAIMS
    ]


def _share(library: Assistant, edit: Callable[[str], str], caught: bool) -> float:
    """The share of the claims that `edit` changes and the checks then catch, or keep."""
    edited = [(edit(claim), claim, sentence) for claim, sentence in _resolved(library)]
    idf = library.lexical.idf
    hits = [
        bool(check_claim(text, ["1.1"], {"1.1": sentence}, idf)) is caught
        for text, claim, sentence in edited
        if not caught or (text != claim and not check_claim(claim, ["1.1"], {"1.1": sentence}, idf))
    ]
    assert len(hits) >= 15
    return sum(hits) / len(hits)


def _other_number(text: str) -> str:
    return re.sub(r"(?<![\w.,^-])(\d+)(?![\w.]*[A-Z])", lambda match: str(int(match[1]) + 7), text, count=1)


def _negated(text: str) -> str:
    return re.sub(r"\b(is|are|was|were|can)\b(?! not)", r"\1 not", text, count=1)


def _affirmed(text: str) -> str:
    return re.sub(
        r"\b(?:does|do) not |\bnot (?!only)|\bno (?=\w)|(?<=\bcan)not\b", "", text.replace("without", "with"), count=1
    )


def _with_tail(text: str) -> str:
    return f"{text.rstrip('.')}, and it was deployed in three hospitals."


@pytest.mark.parametrize(
    ("edit", "caught", "least"),
    [
        (str, False, 0.97),
        (_other_number, True, 0.95),
        (_negated, True, 0.95),
        (_affirmed, True, 0.9),
        (_with_tail, True, 0.95),
    ],
    ids=["kept", "number", "negated", "affirmed", "tail"],
)
def test_shares_over_hand_made_claims(
    library: Assistant, edit: Callable[[str], str], caught: bool, least: float
) -> None:
    assert _share(library, edit, caught) >= least


WORDS = (
    "not no without higher lower than outperforms 5% GPT-4 [1.1] (1) , . from to by is we LoRA \ud800 ½ \\times $ { } Ⅷ"
)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200), st.lists(st.sampled_from(WORDS.split()), max_size=40), st.text(max_size=200))
def test_nothing_raises(text: str, words: list[str], sentence: str) -> None:
    for claim in (text, " ".join(words), text + " ".join(words)):
        is_filler(claim), is_refusal(claim)
        for parsed in parse_claims(claim):
            check_claim(parsed.text, ["1.1"], offered(sentence, " ".join(reversed(words))), even)
        check_claim(claim, ["1.1", "1.2"], offered(sentence, " ".join(words), record=text), even)


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit", ["[1.1] ", "not ", "a than b higher ", "x ", "(", "1 ", "A", "**", "[1.1, ", "the evidence no "]
)
def test_long_lines_do_no_harm(unit: str) -> None:
    text = unit * (30_000 // len(unit))
    assert isinstance(parse_claims(text), list)
    is_filler(text), is_refusal(text)
    assert check_claim(text, ["1.1"], offered("Otters swim."), even)
    check_claim(text[:1500], ["1.1"], offered(text), even)
