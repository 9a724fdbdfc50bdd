"""Questions of one chosen paper, which need not say what they are about, and questions that have nothing to do with it.

    python benchmarks/chosen.py [--papers N]

asks them of papers of the seeds chosen at random, one at a time, and as follow-ups that carry the paper's title over, without a
model, and prints the share that is answered. Then those of the development half that have an answer: of their own paper, and of
another.
"""

import argparse
import tempfile
from collections.abc import Iterable
from random import Random

from assistant import Assistant
from assistant.evaluation.testset import shipped_testset

OF_ANY_PAPER = """What does the paper propose? / What is the main result? / What problem does it solve? / What is this about?
Summarize this paper. / How was it evaluated? / Which datasets are used? / What is new about it? / How does the method work?
Why is it better than earlier work? / What are the contributions? / What experiments were done? / What is the motivation?
Explain the approach in simple terms. / What did they find? / What are the key takeaways? / What is the conclusion?
What is the take-home message? / How does it compare with baselines? / Why does it matter?"""
FOREIGN = """What colour is it? / Which airport does it use? / Does it hurt? / How many legs does it have?
What is the weather in Paris? / Who won the world cup? / How do I bake sourdough bread?
Which football club do they support? / What is the capital of Mongolia?
How tall is the tower? / What does the cat eat? / Which hospital was it done in? / How many languages does it support?
Which restaurant is near the station? / Does it run on a washing machine? / What is the price of a train ticket?
How do I fix my bicycle? / Who is the king of Spain? / What is the melting point of lead? / How old is the universe?"""


def listed(text: str) -> list[str]:
    """The questions of one of the lists above."""
    return [question.strip() for line in text.splitlines() for question in line.split("/")]


def answered(library: Assistant, pairs: Iterable[tuple[str, str]], carried: bool = False) -> float:
    """The share of (question, title) that is answered, the title chosen, or carried over from the turn before."""
    asked = [
        library.ask(f"{question} (about “{title}”)") if carried else library.ask(question, papers=[title])
        for question, title in pairs
    ]
    return sum(answer.status != "not_found" for answer in asked) / len(asked)


def main() -> None:
    """Asks and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--papers", type=int, default=10)
    count, random = parser.parse_args().papers, Random(1)
    with tempfile.TemporaryDirectory() as folder, Assistant(data_dir=folder, model="extractive") as library:
        library.search("anything")  # fills it
        titles = [paper.title for paper in library.papers()]
        chosen = random.sample([title for title in titles if ":" in title], count)
        for name, questions in (("of any paper", listed(OF_ANY_PAPER)), ("foreign to it", listed(FOREIGN))):
            pairs = [(question, title) for title in chosen for question in questions]
            shares = answered(library, pairs), answered(library, pairs, carried=True)
            print(f"{name:16} answered {shares[0]:.3f}, as follow-ups {shares[1]:.3f}   n={len(pairs)}", flush=True)
        items = [item for item in shipped_testset() if item.split == "dev" and not item.history and item.answerable]
        own = [(item.question, title) for item in items for title in list(item.relevant)[:1] if title in titles]
        others = [(question, random.choice([other for other in titles if other != title])) for question, title in own]
        print(f"development half answered of its own paper {answered(library, own):.3f}, ", end="", flush=True)
        print(f"of another {answered(library, others):.3f}   n={len(own)}")


if __name__ == "__main__":
    main()
