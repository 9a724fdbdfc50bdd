"""What an answer by a model costs beside the model: calls, prompt characters, and our own milliseconds.

    python benchmarks/overhead.py [questions] [faithful | misattributed | wrong_numbers]

Asks the shipped test set's answerable questions over the seeds, of a model that answers at once (`tests/provider.py`, a server
on loopback, so HTTP and the openai client are counted as ours). "Line to claim" is the time from a complete line to its
checked claim, of the claims of all answers, those that fail included.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import numpy as np
import provider as models

import assistant.answering.generating as generating
from assistant import Assistant
from assistant.evaluation import shipped_testset

WRITERS = {
    "faithful": models.faithful(3),
    "misattributed": models.misattributed,
    "wrong_numbers": models.wrong_numbers,
}


def figure(name: str, values: Sequence[float], unit: str = "ms") -> str:
    """A line with the median and the 95th percentile."""
    p50, p95, most = np.percentile(values, [50, 95, 100])
    return f"{name:24} p50 {p50:8.1f}  p95 {p95:8.1f}  most {most:8.1f} {unit}  n={len(values)}"


def main(count: int, writer: str) -> None:
    """Prints the figures of `count` questions."""
    asked = [item.question for item in shipped_testset() if item.answerable and not item.history][:count]
    checks: list[float] = []
    check = generating.check_claim

    def timed(*arguments: object) -> object:
        start = time.perf_counter()
        try:
            return check(*arguments)  # type: ignore[arg-type]
        finally:
            checks.append((time.perf_counter() - start) * 1000)

    generating.check_claim = timed  # type: ignore[assignment]
    with models.Provider([models.Reply(WRITERS[writer], size=10_000)]) as server:
        settings = {"openai_base_url": server.url, "model": "m", "answer_cache": 0}
        with Assistant(**settings) as library:  # type: ignore[arg-type]
            library.ask(asked[0])  # opens indexes and imports
            papers = library.counts()[0]
            checks.clear()
            server.requests.clear()
            answers = [library.ask(question) for question in asked]
        used = [answer for answer in answers if answer.usage.calls]
        print(f"{papers} papers, {len(answers)} questions, {len(used)} reached the model; it is {writer}")
        print(f"calls a question         {server.calls / len(used):.2f}")
        print(f"prompt characters        {server.prompt_characters / len(used):,.0f} a question")
        print(figure("whole answer", [answer.timings["total"] * 1000 for answer in used]))
        print(figure("line to claim", checks))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100, sys.argv[2] if len(sys.argv) > 2 else "faithful")
