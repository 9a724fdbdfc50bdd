"""What a run may cost, before anything is asked: calls, tokens and dollars, on the safe side."""

from collections.abc import Sequence

from assistant.config import Config
from assistant.costs import Price, price_of, tokens_at_most
from assistant.evaluation.baselines import CHAIN, CLOSED_BOOK
from assistant.evaluation.results import Spent
from assistant.evaluation.testset import Item
from assistant.prompts import load_prompt

_OTHER_VOCABULARY = 1.5  # how many more tokens another model's vocabulary may need for the same text
_HISTORY = 4 * 600 // 3  # tokens of the turns that a rewrite reads


def estimate(config: Config, items: Sequence[Item], baselines: bool = True, judge: int = 0) -> dict[str, Spent]:
    """The most that "answers", each baseline and "judging" would ask for; {} where no model would be asked.

    Dollars are None where a price is not known. Replies that are kept already, and questions that are declined without a
    call, make it less. Raises ConfigError where ASSISTANT_PRICES cannot be read.
    """
    model, judging = config.model_name, config.judge_model or config.model_name
    evidence = round(_OTHER_VOCABULARY * config.evidence_tokens)
    passages = round(_OTHER_VOCABULARY * config.passages * (config.chunk_tokens + 50))
    found: dict[str, Spent] = {}

    def add(name: str, prompt: str, price: Price | None, times: int, *texts: int) -> None:
        size = tokens_at_most(load_prompt(prompt).system.template) + sum(texts)
        written = config.max_answer_tokens
        dollars = None if price is None else times * price.of(size, written)
        found[name] = found.get(name, Spent()) + Spent(times, times * (size + written), dollars)

    for item in items:
        asked = tokens_at_most(item.question)
        if model:
            price = price_of(config, model)
            add("answers", "answer", price, 1, asked, evidence)
            add("answers", "repair", price, 1, asked, evidence, config.max_answer_tokens)
            if item.history:
                add("answers", "rewrite", price, 1, asked, _HISTORY)
        if model and baselines:
            add(CHAIN, "baseline_chain", price, 1, asked, passages)
            add(CLOSED_BOOK, "baseline_closed_book", price, 1, asked)
        if judging and judge:
            price = price_of(config, judging)
            # A text is read up to three times: among all that a claim cites, alone, and with the others left out.
            read = [evidence, *([passages] if model and baselines else [])]
            for size in read:
                add("judging", "judge_support", price, 2 * judge, 3 * size, config.max_answer_tokens)
            if item.answerable and item.reference:
                size = asked + tokens_at_most(item.reference) + config.max_answer_tokens
                answers = 3 if model and baselines else 1
                add("judging", "judge_correct", price, 2 * judge * answers, size)
    return found
