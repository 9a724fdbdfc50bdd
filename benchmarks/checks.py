"""How many falsified claims the checks catch, and how many faithful ones they keep, on every sentence of the seeds.

    python benchmarks/checks.py

The edits, but for the invented clause, are those of the tests' stand-in for a model (`tests/provider.py`), whose author had not
seen the checks, and those of `edits.py`. A sentence counts for an edit that changes it. "The wrong sentence" is another sentence
of the same passage, cited for the true claim while the right one is not on offer.
"""

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from edits import FALSE, TRUE
from provider import negated, renumbered, reworded

from assistant import Assistant
from assistant.chunking import chunk_paper
from assistant.citations import check_claim
from assistant.evaluation.statistics import mean_figure
from assistant.generating import number_evidence
from assistant.records import Passage


def tail(text: str) -> str:
    """The sentence with a clause that no paper holds."""
    return f"{text.rstrip('.')}, which also halves the salaries of museum guards."


def plain(text: str) -> str:
    """The sentence as it is."""
    return text


EDITS: dict[str, tuple[Callable[[str], str | None], bool]] = {
    "kept: the sentence itself": (plain, True),
    "kept: told of the authors": (reworded, True),
    "caught: another number": (renumbered, False),
    "caught: not added or dropped": (negated, False),
    "caught: an invented clause": (tail, False),
    **{name: (edit, True) for name, edit in TRUE.items()},
    **{name: (edit, False) for name, edit in FALSE.items()},
}
_WRONG = "caught: the wrong sentence"


def main() -> None:
    """Prints the share for each edit, with its interval over papers."""
    scores: dict[str, list[float]] = {name: [] for name in (*EDITS, _WRONG)}
    clusters: dict[str, list[str]] = {name: [] for name in (*EDITS, _WRONG)}
    with Assistant(model="extractive") as library:
        for paper in library.papers():
            library.search("words") if not scores["kept: the sentence itself"] else None  # opens the word index
            offered = number_evidence([Passage(chunk, paper, 1.0) for chunk in chunk_paper(paper, 400)], 100_000)
            for mark, sentence in offered.sentences.items():
                if mark.endswith(".0"):
                    continue
                for name, (edit, faithful) in EDITS.items():
                    claim = edit(sentence.text)
                    if claim is None or (claim == sentence.text and edit is not plain):
                        continue
                    problems = check_claim(claim, [mark], offered.sentences, library.lexical.idf)
                    scores[name].append(float(bool(problems) is not faithful))
                    clusters[name].append(paper.id)
                other = next((m for m in offered.sentences if m != mark and m.split(".")[1] != "0"), None)
                if other:
                    rest = {m: s for m, s in offered.sentences.items() if m != mark}
                    scores[_WRONG].append(float(bool(check_claim(sentence.text, [other], rest, library.lexical.idf))))
                    clusters[_WRONG].append(paper.id)
    for name in scores:
        figure = mean_figure(name, scores[name], clusters[name])
        print(f"{name:32} {figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}] n={figure.count}")


if __name__ == "__main__":
    main()
