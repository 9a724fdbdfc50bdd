"""How many falsified claims the checks catch, and how many faithful ones they keep, on every sentence of the seeds.

    python benchmarks/checks.py [--failures dev]

The edits, but for the invented clause, are those of the tests' stand-in for a model (`tests/provider.py`), whose author had not
seen the checks, and those of `edits.py`. A sentence counts for an edit that changes it. "The wrong sentence" is another sentence
of the same passage, cited for the true claim while the right one is not on offer.

Then the claims of `tests/data/rewordings.jsonl`, written by hand as a good model words them, faithful ones and plausible false
ones, with Wilson intervals. All were written before the checks were run on any; the checks were then improved on the papers of
the "dev" half alone, so only "held" says what to expect. `--failures dev` shows what goes wrong there.
"""

import json
import math
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from edits import FALSE, TRUE
from provider import negated, renumbered, reworded

from assistant import Assistant
from assistant.answering.generating import is_related
from assistant.answering.offering import number_evidence
from assistant.chunking import chunk_paper
from assistant.citations import EvidenceSentence, check_claim
from assistant.evaluation.statistics import mean_figure
from assistant.records import Passage
from assistant.retrieval.encoding import Encoding, Shelf, shipped_encoder


def likeness(claim: str, sentences: Sequence[str]) -> list[float]:
    """As the shipped reranker says it."""
    fits: list[float] = Shelf([encoding_of(text) for text in sentences]).fits(encoding_of(claim)).tolist()
    return fits


@lru_cache(maxsize=10_000)
def encoding_of(text: str) -> Encoding:
    """What the shipped reranker makes of a text."""
    return shipped_encoder().encode([text])[0]


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
_WRONG_REREAD = "… or found unrelated by the reranker"


def wilson(hits: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share by Wilson's score (1927)."""
    share, extra = hits / count, z * z / count
    middle = (share + extra / 2) / (1 + extra)
    half = z * math.sqrt(share * (1 - share) / count + extra / (4 * count)) / (1 + extra)
    return middle - half, middle + half


def rewordings(library: Assistant, shown: str = "") -> None:
    """Prints the share of hand-written claims judged rightly, by half and by what is wrong with the false ones."""
    library.search("words")  # opens the word index
    papers = {paper.title: paper for paper in library.papers()}
    hits: dict[tuple[str, bool, str], list[bool]] = {}
    for line in (Path(__file__).parent.parent / "tests/data/rewordings.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        paper = papers[row["title"]]
        cited = {
            f"1.{number}": EvidenceSentence(f"1.{number}", text, paper.abstract, paper.record)
            for number, text in enumerate(row["cites"], 1)
        }
        problems = check_claim(row["claim"], list(cited), cited, library.lexical.idf)
        is_right = bool(problems) is not row["faithful"]
        is_found = bool(problems) or not is_related(row["claim"], row["cites"], likeness)
        hits.setdefault((row["part"], row["faithful"], "all, with the reranker"), []).append(
            is_found is not row["faithful"]
        )
        for kind in ("all", row["kind"]):
            hits.setdefault((row["part"], row["faithful"], kind), []).append(is_right)
        if row["part"] == shown and not is_right:
            print(f"{row['kind']}: {row['claim']}\n    {[problem.message for problem in problems]}")
    for (part, faithful, kind), found in sorted(
        hits.items(), key=lambda item: (item[0][0], not item[0][1], item[0][2])
    ):
        low, high = wilson(sum(found), len(found))
        name = f"{part}: {'kept' if faithful else 'caught'}, {kind}"
        print(f"{name:32} {sum(found) / len(found):.3f} [{low:.3f}, {high:.3f}] n={len(found)}")


def main() -> None:
    """Prints the share for each edit, with its interval over papers; then the claims written by hand."""
    shown = sys.argv[sys.argv.index("--failures") + 1] if "--failures" in sys.argv else ""
    with Assistant(model="extractive") as library:
        if not shown:
            edits(library)
        rewordings(library, shown)


def edits(library: Assistant) -> None:
    """Prints the share for each edit, with its interval over papers."""
    scores: dict[str, list[float]] = {name: [] for name in (*EDITS, _WRONG, _WRONG_REREAD)}
    clusters: dict[str, list[str]] = {name: [] for name in (*EDITS, _WRONG, _WRONG_REREAD)}
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
                is_caught = bool(check_claim(sentence.text, [other], rest, library.lexical.idf))
                scores[_WRONG].append(float(is_caught))
                clusters[_WRONG].append(paper.id)
                is_caught = is_caught or not is_related(sentence.text, [rest[other].text], likeness)
                scores[_WRONG_REREAD].append(float(is_caught))
                clusters[_WRONG_REREAD].append(paper.id)
    for name in scores:
        figure = mean_figure(name, scores[name], clusters[name])
        print(f"{name:32} {figure.value:.3f} [{figure.interval_in_words}] n={figure.count}")


if __name__ == "__main__":
    main()
