"""Free rewordings: what a good model makes of a sentence is kept; what says more, or of something else, is caught."""

import json
from pathlib import Path

import pytest

from assistant import Assistant
from assistant.citations import EvidenceSentence, check_claim
from assistant.citations.wording import read, stems_of
from assistant.quantities import quantities

ROWS = [json.loads(line) for line in (Path(__file__).parent / "data/rewordings.jsonl").read_text("utf-8").splitlines()]
CONTEXT = (
    "Matryoshka Retrieval Networks (MRNs) are new. Multi-turn prompting and GPT-4V were tried on MathVista as well. "
    "MLM stands for masked language modeling."
)


def kinds(claim: str, sentence: str) -> list[str]:
    evidence = {"1.1": EvidenceSentence("1.1", sentence, f"{sentence} {CONTEXT}", "RIF: A Method · 6 authors · 2023")}
    return [problem.kind for problem in check_claim(claim, ["1.1"], evidence, lambda term: 1.0)]


KEPT = {
    "about": ("Errors fall by about 40 %.", "Errors fall by 39.7% in all runs."),
    "nearly": ("Nearly a third of the errors are removed.", "We remove 32.1% of the errors."),
    "more-than": ("Errors fall by more than 70 %.", "Errors fall by 72% in all runs."),
    "fewer-than": ("Fewer than 0.05 % of the weights are trained.", "Only 0.047% of the weights are trained."),
    "two-thirds": ("Its size falls by one to two thirds.", "Its size falls by 1/3 to 2/3."),
    "hours": ("Almost a million GPU hours were used.", "Nearly one million NVIDIA H800 GPU hours were used."),
    "the-two": ("The two kinds of noise differ.", "Static and dynamic noise differ in kind."),
    "all-for-every": ("All tasks profit from it.", "Every task profits from it."),
    "not-all": ("It does not work for all tasks.", "It does not work for some tasks."),
    "only-a-number": ("It needs only four GPUs.", "It needs four GPUs in total."),
    "only": ("Only the head is trained.", "The head alone is trained."),
    "may": ("Depth may hurt small models.", "Depth might hurt small models."),
    "could-only": ("Earlier methods produced static videos.", "Earlier methods could only produce static videos."),
    "cause": ("It is cheap because few weights are tuned.", "Due to the few tuned weights, it is cheap."),
    "no-longer": ("The two are no longer equivalent under SGD.", "This equivalence of the two breaks down under SGD."),
    "same-time": ("Both are trained at the same time.", "Both different models are trained simultaneously."),
    "gain": (
        "It lifts the score from 12.3% to 45.6%, a gain of 33.3 points.",
        "RIF lifts the score from 12.3% to 45.6% on all sets.",
    ),
    "doubled": ("The average roughly doubled, from 17.6% to 35.7%.", "It improves the average from 17.6% to 35.7%."),
    "five-fold": (
        "It shrinks from 12.6 GB to 2.5 GB, roughly a five-fold cut.",
        "It shrinks a model from 12.6 GB to 2.5 GB.",
    ),
    "an-eighth": ("The student has one eighth of the size.", "The student model is 8times smaller."),
    "near-zero": ("Training goes on until the loss is almost zero.", "It is trained to a near-zero loss."),
    "only-slightly": ("It needs only minimal changes to pipelines.", "It minimally modifies existing pipelines."),
    "all-is-100": ("Using all of the data helps further.", "Using 100% of the data results in a further improvement."),
    "no-more-than": (
        "Tuning needs no more memory than inference.",
        "Tuning has the same memory footprint as inference.",
    ),
    "not-the-same": ("It is not the same as grokking.", "This phenomenon is distinctly different from grokking."),
    "not-by-much": (
        "White-box methods are better, but not by much.",
        "White-box methods perform better, but the gap is narrow.",
    ),
    "they-do-not": (
        "It refrains from questions that models do not know.",
        "It refrains from answering unknown questions.",
    ),
    "not-seen": ("Wordings not seen in tuning lower the score.", "Unobserved wordings in tuning decrease the score."),
    "compound": (
        "They exceed the accuracy of small vectors.",
        "They beat independent low-dimensional small vectors in accuracy.",
    ),
    "greater-saving": ("It cuts memory by 69%.", "It saves 69% of memory, a 2.7x greater reduction."),
    "falls-into": ("Models keep high quality.", "Models rarely fall into loops and give high-quality output."),
    "better-too": (
        "Better prompts can reduce the overconfidence.",
        "Using better prompts can help to mitigate this overconfidence.",
    ),
    "more-of-something-else": (
        "The score may drop while the loss improves.",
        "The score may get worse with more pretraining, whereas the loss improves.",
    ),
    "two-scales": (
        "Noise appears in small models, and fixes of large models work in small models too.",
        "Noise appears in small models, and fixes known from large models are effective there.",
    ),
    "more-than-a-number": (
        "It outperforms Vicuna by over 100% on hard benchmarks.",
        "RIF surpasses models such as Vicuna by more than 100% in hard benchmarks.",
    ),
    "name-in-one": ("It beats XLM-R base.", "It outperforms XLMR-base on most tasks."),
    "not-behind-its-subject": (
        "Scores fall over time, and finetuning does not make up for it.",
        "Scores fall over time, which is not overcome by finetuning.",
    ),
    "one-size-fits-all": ("There is no one-size-fits-all filter.", "There does not exist a one-size-fits-all filter."),
    "not-limited": ("It isn't limited to medicine and works in law.", "Beyond medicine, it works in law."),
    "neither-nor": ("It shows up neither in names nor in documents.", "It is not shown in names or their documents."),
    "fail-to": ("Such methods lose knowledge.", "Such methods fail to retain knowledge."),
    "a-tenth": ("It takes a tenth of the calls.", "It takes an order of magnitude fewer calls."),
    "spelt-out": (
        "Matryoshka Retrieval Networks impose no additional cost during inference.",
        "MRN minimally modifies pipelines and imposes no additional cost during inference.",
    ),
    "possibly-because": (
        "They are overconfident, possibly because they imitate humans.",
        "They tend to be overconfident, potentially imitating humans.",
    ),
    "respectively": (
        "It gains 3.3 points with the 1.5B model and 4.8 points with the 7B model.",
        "It gains 3.3 points and 4.8 points with 1.5B and 7B models, respectively.",
    ),
}
CAUGHT = {
    "gain": ("number", "It rises from 12.3% to 45.6%, a gain of 43.3 points.", "It raises it from 12.3% to 45.6%."),
    "gain-of-nothing-given": ("number", "It gains 33.3 points.", "It raises the score from 12.3% to 45.6%."),
    "tripled": ("number", "It more than tripled, from 17.6% to 35.7%.", "It improves from 17.6% to 35.7%."),
    "an-eighth-of-more": ("number", "The student has one eighth of the size.", "The student is 8times faster."),
    "only-small-ones": ("strength", "Only small models fail at it.", "Even advanced small models fail at it."),
    "more-than-the-same": ("negation", "Tuning needs no more memory than serving.", "Tuning needs more memory than serving."),
    "low-budget": ("direction", "It helps in high budget settings.", "It helps in low-budget settings."),
    "smaller-saving": ("direction", "It has a smaller memory reduction.", "It has a greater memory reduction."),
    "every-other-compound": (
        "direction",
        "RIF works on high-resource data, between high- and low-resource data.",
        "RIF works on low-resource data, between high- and low-resource data.",
    ),
    "at-most": ("direction", "They are at most as accurate as others.", "They are at least as accurate as others."),
    "two-counts": (
        "number",
        "It gains 3 points with 14% and 11% of the data.",
        "It gains 4 points with 14% and 11% of the data.",
    ),
    "without-behind": (
        "negation",
        "It requires the original training data.",
        "It works without relying on the original training data.",
    ),
    "none": ("negation", "One technique consistently beats the others.", "None of them consistently beats the others."),
    "underconfident": ("negation", "Models tend to be underconfident.", "Models tend to be overconfident."),
    "contrast": ("strength", "It uses scalars rather than matrices.", "It multiplies with matrices rather than scalars."),
    "extra": ("negation", "RIF requires retraining of the weights.", "RIF finds weights without extra retraining."),
    "reduction": ("direction", "It increases the error rate by 27%.", "It achieves a 27% reduction in error rate."),
    "limited": ("negation", "It is not limited to medicine.", "It is limited to medicine."),
    "mitigated": ("direction", "Prompts increase the overconfidence.", "Prompts help to mitigate the overconfidence."),
    "exchanged-around-a-number": (
        "swapped",
        "The baseline uses 5 times less data than the intervention.",
        "The intervention uses 5times less data than our baseline.",
    ),
    "rounded-without-saying": ("number", "Errors fall by 40 %.", "Errors fall by 39.7% in all runs."),
    "about-something-else": ("number", "Errors fall by about 45 %.", "Errors fall by 39.7% in all runs."),
    "about-as-many-digits": ("number", "Errors fall by about 39.9 %.", "Errors fall by 39.7% in all runs."),
    "more-than-less": ("number", "Errors fall by more than 80 %.", "Errors fall by 72% in all runs."),
    "bound": ("number", "Errors fall by at least 40%.", "Errors fall by up to 40% in all runs."),
    "gpus": ("number", "One million NVIDIA H800 GPUs were used.", "One million NVIDIA H800 GPU hours were used."),
    "thousands": ("number", "It trains thousands of networks.", "It trains hundreds of networks at once."),
    "unpaired": (
        "number",
        "It gains 4.8 points with 1.5B models.",
        "It gains 3.3 points and 4.8 points with 1.5B and 7B models, respectively.",
    ),
    "benchmark": (
        "number",
        "It gains 15% on MathVista.",
        "It gains 15% on MathVerse and is on par with GPT-4V on MathVista.",
    ),
    "measure": ("number", "It is correct in 70% of cases.", "It shows a 70% error rate in such cases."),
    "counts": (
        "number",
        "It was applied to three vision-language models.",
        "It was applied to three vision-only and one vision-language models.",
    ),
    "all": ("strength", "It works for all graphs.", "It works for most graphs of this kind."),
    "always": ("strength", "Noise always results in lower loss.", "Noise can result in lower loss."),
    "only": ("strength", "Only Transformers can learn in context.", "Transformers and other models learn in context."),
    "may": ("strength", "Direct tuning is suboptimal for far domains.", "Direct tuning may be suboptimal for far domains."),
    "unclear": ("strength", "The gains reflect the objective.", "It is unclear whether the gains reflect the objective."),
    "despite": ("strength", "It is good because it is trained on less data.", "Despite being trained on less data it is good."),
    "rather": (
        "strength",
        "Demonstrations are randomly sampled.",
        "We use many tasks rather than randomly sampled demonstrations.",
    ),
    "order": ("strength", "It applies MLM and then CLM.", "It applies CLM and then MLM in training."),
    "subject": (
        "subject",
        "Multi-turn prompting improves the score of the small model.",
        "RIF improves the score of the small model.",
    ),
    "no-comparison": ("swapped", "Costs are lower than with LoRA.", "Costs are kept constant compared to LoRA."),
    "density": ("direction", "Three models give sparse rewards.", "Three models give dense rewards."),
}  # fmt: skip


@pytest.mark.parametrize("case", KEPT.values(), ids=KEPT)
def test_a_rewording_that_says_the_same_is_kept(case: tuple[str, str]) -> None:
    assert kinds(*case) == []


@pytest.mark.parametrize("case", CAUGHT.values(), ids=CAUGHT)
def test_what_says_more_or_something_else_is_caught(case: tuple[str, str, str]) -> None:
    kind, claim, sentence = case
    assert kind in kinds(claim, sentence)
    assert kinds(sentence, sentence) == []


def test_the_hand_written_claims_are_balanced_and_cite_the_seeds(library: Assistant) -> None:
    abstracts = {paper.title: paper.abstract for paper in library.papers()}
    assert all(text in abstracts[row["title"]] for row in ROWS for text in row["cites"])
    counts = [sum(r["part"] == p and r["faithful"] is f for r in ROWS) for p in ("dev", "held") for f in (True, False)]
    assert min(counts) >= 60
    titles = {part: {row["title"] for row in ROWS if row["part"] == part} for part in ("dev", "held")}
    assert not titles["dev"] & titles["held"]


def test_shares_over_the_dev_half(library: Assistant) -> None:
    library.search("words")  # opens the word index
    papers = {paper.title: paper for paper in library.papers()}
    right: dict[bool, list[bool]] = {True: [], False: []}
    for row in ROWS:
        if row["part"] == "dev":
            paper = papers[row["title"]]
            cited = {
                f"1.{n}": EvidenceSentence(f"1.{n}", text, paper.abstract, paper.record)
                for n, text in enumerate(row["cites"], 1)
            }
            problems = check_claim(row["claim"], list(cited), cited, library.lexical.idf)
            right[row["faithful"]].append(bool(problems) is not row["faithful"])
    assert sum(right[True]) / len(right[True]) >= 0.97
    assert sum(right[False]) / len(right[False]) >= 0.8


def test_the_short_cut_to_stems_is_the_reading() -> None:
    texts = [text for row in ROWS for text in (*row["cites"], row["claim"])]
    assert all(stems_of(text) == read(text).stems for text in [*texts, "It’s March 3's \ud800 LoRA's n’t 'x'"])


@pytest.mark.parametrize(
    ("text", "bound"),
    [("about 5", "about"), ("nearly 5", "nearly"), ("more than 5", "over"), ("no more than 5", "at most"),
     ("up to $5", "at most"), ("fewer than 5", "under"), ("at least 5", "at least"), ("we use 5", ""), ("5", "")],
)  # fmt: skip
def test_the_words_before_a_number_bound_it(text: str, bound: str) -> None:
    assert [quantity.bound for quantity in quantities(text)] == [bound]
