"""Reading the training corpora: papers as titles and abstracts, with the same order on every run."""

import argparse
import gzip
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z(\[\"'$])")


class Paper(NamedTuple):
    """One paper of the corpus."""

    title: str
    abstract: str
    id: str = ""


def read_papers(path: Path) -> Iterator[Paper]:
    """Yield the papers of a gzip file of JSON lines (`title`, `abstract`, `id`) in the order of the file.

    In BEIR's form (`_id`, `text`) an id is the folder's name and the file's id, "scifact:4983". Papers without a title or an
    abstract are left out: neither a pair nor a sample can be made of them.
    """
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            title = (record.get("title") or "").strip()
            abstract = (record.get("abstract") or record.get("text") or "").strip()
            name = f"{path.parent.name}:{record['_id']}" if "_id" in record else record.get("id", "")
            if title and abstract:
                yield Paper(title, abstract, name)


def corpus_argument(parser: argparse.ArgumentParser) -> None:
    """Adds `--corpus`: the papers that are trained on, and files of others of which only those with questions are read."""
    parser.add_argument(
        "--corpus",
        type=Path,
        nargs="+",
        required=True,
        help="papers as gzip JSON lines with id, title and abstract; then others that questions are about",
    )


def sample_number(text: str) -> int:
    """Return a number from 0 to 2**32 - 1 that depends on the text alone.

    Sampling by it does not depend on a random state or on the order of the papers, so the same papers are always drawn.
    """
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:4], "big")


def in_sample(text: str, share: float) -> bool:
    """Say whether the text belongs to a fixed sample that holds about `share` (0 to 1) of all texts."""
    return sample_number(text) < share * 2**32


def sentences(text: str, least_words: int = 5) -> list[str]:
    """Split an abstract into sentences of at least `least_words` words; a simple rule, enough to train on."""
    parts = (part.strip() for part in SENTENCE_END.split(text))
    return [part for part in parts if len(part.split()) >= least_words]


def shuffled(papers: Sequence[Paper]) -> list[Paper]:
    """Return the papers in an order that looks random and depends on the titles alone."""
    return sorted(papers, key=lambda paper: (sample_number(paper.title), paper.title))
