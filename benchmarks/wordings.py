"""The development half's questions as people type them in a chat: with greetings, requests, thanks and asides around them.

    python benchmarks/wordings.py

asks them bare and in each wording, of the seeds, without a model, and prints nDCG@10 of the right paper, the share of answerable
questions that is kept, and the share of the others that is declined. What a wording loses against the bare question is lost to
words that ask nothing of the papers. The last wording says something that papers are about, and is of no use here. Then they are
asked with typing errors: in one, two and three of their longer words two letters are swapped, or one is left out or doubled.
"""

import random
import re
import tempfile
from collections.abc import Callable

import numpy as np

from assistant import Assistant
from assistant.evaluation.metrics import ndcg_at
from assistant.evaluation.testset import Item, shipped_testset

WORDINGS = (
    "{as_it_is}",
    "Hi! Could you tell me: {inside}",
    "I'd like to know {inside} Thanks in advance!",
    "hello, {inside} thank you very much",
    "I'm a PhD student and I need to know {inside}",
    "Quick question - {inside}",
    "According to your papers, {inside}",
    "Please help me understand this: {inside}",
    "We had a debate over lunch about this and nobody was sure. {as_it_is}",
    "I am writing the related work section of my thesis at ETH Zurich. {as_it_is}",
    "{as_it_is} My boss wants to know by Friday.",
    "Our team trains models on two GPUs. {as_it_is}",
)


def worded(question: str, wording: str) -> str:
    """The question in a wording; inside a sentence it begins with a small letter, but for names such as "LoRA"."""
    question += "" if question[-1] in ".?!" else "."
    is_name = question[:2].isupper() or any(sign.isupper() for sign in question.split()[0][1:])
    return wording.format(as_it_is=question, inside=question if is_name else question[0].lower() + question[1:])


_LONGER_WORD = re.compile(r"(?<![\w-])[a-z]{6,}(?![\w-])")


def mistyped(question: str, count: int) -> str:
    """The question with typing errors in `count` of its longer words, the same ones each time."""
    chance = random.Random(question)
    words = list(_LONGER_WORD.finditer(question))
    for word in sorted(chance.sample(words, min(count, len(words))), key=lambda one: -one.start()):
        typed, at = word[0], chance.randrange(1, len(word[0]) - 1)
        typed = chance.choice(
            (
                typed[:at] + typed[at + 1] + typed[at] + typed[at + 2 :],
                typed[:at] + typed[at + 1 :],
                typed[:at] + typed[at] + typed[at:],
            )
        )
        question = question[: word.start()] + typed + question[word.end() :]
    return question


def measured(library: Assistant, items: list[Item], reworded: Callable[[str], str]) -> tuple[float, float, float]:
    """nDCG@10, the share kept, and the share declined."""
    ranks, kept, declined = [], [], []
    for item in items:
        question = reworded(item.question)
        is_found = library.ask(question).status != "not_found"
        if not item.answerable:
            declined.append(not is_found)
            continue
        titles = list(dict.fromkeys(passage.paper.title for passage in library.search(question, k=10)))
        ranks.append(ndcg_at(titles, item.relevant, 10))
        kept.append(is_found)
    return float(np.mean(ranks)), float(np.mean(kept)), float(np.mean(declined))


def main() -> None:
    """Asks and prints."""
    items = [item for item in shipped_testset() if item.split == "dev" and not item.history]
    with tempfile.TemporaryDirectory() as folder, Assistant(data_dir=folder, model="extractive") as library:
        print(f"{'nDCG@10':>8} {'kept':>6} {'declined':>9}   of {len(items)} questions, asked as")
        for wording in WORDINGS:
            found = measured(library, items, lambda question, wording=wording: worded(question, wording))
            print(
                "{:8.3f} {:6.3f} {:9.3f}".format(*found), f"  {wording.format(as_it_is='…?', inside='…?')}", flush=True
            )
        for count in (1, 2, 3):
            found = measured(library, items, lambda question, count=count: mistyped(question, count))
            print("{:8.3f} {:6.3f} {:9.3f}".format(*found), f"  with {count} words mistyped", flush=True)


if __name__ == "__main__":
    main()
