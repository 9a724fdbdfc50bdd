"""What a run will cost, before anything is asked: calls, tokens and dollars, as they most probably are and on the safe side."""

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.config import Config
from assistant.costs import Price, price_of, tokens_at_most
from assistant.evaluation.baselines import CHAIN, CLOSED_BOOK
from assistant.evaluation.results import Spent
from assistant.evaluation.testset import Item
from assistant.prompts import load_prompt

_OTHER_VOCABULARY = 1.5  # how many more tokens another model's vocabulary may need for the same text
_HISTORY = 4 * 600 // 3  # tokens of the turns that a rewrite reads
# What answers and verdicts mostly take, in tokens: a short answer of a few claims, and a quoted sentence for each.
_ANSWER, _CLAIMS, _CLAIM_WITH_QUOTE, _VERDICT = 120, 3, 90, 15


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Tokens of what prompts hold and replies say, and how often one is asked for again.

    `cited` and `chain_cited` are what a judge reads of an answer and of the chain's; `declined` says whether questions that the
    papers do not answer are declined before a model is asked.
    """

    evidence: int
    passages: int
    answer: int
    cited: int
    chain_cited: int
    verdicts: int
    attempts: int
    declined: bool


def estimate(config: Config, items: Sequence[Item], baselines: bool = True, judge: int = 0) -> dict[str, Spent]:
    """The most that "answers", each baseline and "judging" would ask for; {} where no model would be asked.

    Every reply is as long as it may be and asked for twice, and every question is answered from all the evidence that fits.
    Dollars are None where a price is not known. Raises ConfigError where ASSISTANT_PRICES cannot be read.
    """
    evidence = round(_OTHER_VOCABULARY * config.evidence_tokens)
    passages = round(_OTHER_VOCABULARY * config.passages * (config.chunk_tokens + 50))
    longest = config.max_answer_tokens
    # A text is read up to three times: among all that a claim cites, alone, and with the others left out.
    sizes = _Sizes(evidence, passages, longest, 3 * evidence + longest, 3 * passages + longest, longest, 2, False)
    return _spent(config, items, baselines, judge, sizes)


def likely(config: Config, items: Sequence[Item], baselines: bool = True, judge: int = 0) -> dict[str, Spent]:
    """What the same most probably takes where nothing is kept from an earlier run: short answers to what the papers answer, which
    need no repair, and verdicts that can be read. Raises ConfigError where ASSISTANT_PRICES cannot be read."""
    cited = _CLAIMS * _CLAIM_WITH_QUOTE
    passages = config.passages * config.chunk_tokens
    chain_cited = cited + _CLAIMS * config.chunk_tokens  # it cites passages whole
    sizes = _Sizes(config.evidence_tokens, passages, _ANSWER, cited, chain_cited, _CLAIMS * _VERDICT, 1, True)
    return _spent(config, items, baselines, judge, sizes)


def _spent(config: Config, items: Sequence[Item], baselines: bool, judge: int, sizes: _Sizes) -> dict[str, Spent]:
    model, judging = config.model_name, config.judge_model or config.model_name
    found: dict[str, Spent] = {}

    def add(name: str, prompt: str, price: Price | None, times: int, written: int, *texts: int) -> None:
        size = tokens_at_most(load_prompt(prompt).system.template) + sum(texts)
        dollars = None if price is None else times * price.of(size, written)
        found[name] = found.get(name, Spent()) + Spent(times, times * (size + written), dollars)

    for item in items:
        asked, written = tokens_at_most(item.question), sizes.answer
        is_answered = item.answerable or not sizes.declined
        if model:
            price = price_of(config, model)
            if is_answered:
                add("answers", "answer", price, 1, written, asked, sizes.evidence)
            if is_answered and sizes.attempts > 1:
                add("answers", "repair", price, 1, written, asked, sizes.evidence, written)
            if item.history:
                add("answers", "rewrite", price, 1, written, asked, _HISTORY)
        if model and baselines:
            add(CHAIN, "baseline_chain", price, 1, written, asked, sizes.passages)
            add(CLOSED_BOOK, "baseline_closed_book", price, 1, written, asked)
        if judging and judge:
            price, times = price_of(config, judging), sizes.attempts * judge
            read = [sizes.cited] if is_answered else []
            read += [sizes.chain_cited] if model and baselines else []
            for size in read:
                add("judging", "judge_support", price, times, sizes.verdicts, size)
            if item.answerable and item.reference:
                size = asked + tokens_at_most(item.reference) + sizes.answer
                answers = 3 if model and baselines else 1
                add("judging", "judge_correct", price, times * answers, sizes.verdicts, size)
    return found
