"""How much of PDFs is read, beside pdftotext (Debian's poppler-utils) on the same files.

    python benchmarks/pdf_text.py FOLDER [--limit 300]

prints for the PDFs below a folder: the share of pdftotext's words (four letters and more) that our text lacks, and of ours that
pdftotext's lacks; how many files lose more than half; for how many a title, authors and a year are read; and seconds a file. Our
text leaves out reference lists, running heads and tables of contents, so that the first share is never zero; pdftotext has no
letters for ligatures without a name ("coe cients"), which is most of the second.
"""

import argparse
import re
import shutil
import subprocess
import time
import unicodedata
from collections import Counter
from pathlib import Path
from statistics import mean, median

from assistant.errors import LoadError
from assistant.loaders.pdf.reading import read_pdf

WORD = re.compile(r"[a-z]{4,}")
FEWEST = 300  # words of a file that is looked at
LOST = 0.5


def words_of(text: str) -> Counter[str]:
    """How often a text has each word, whatever its case and ligatures."""
    return Counter(WORD.findall(unicodedata.normalize("NFKC", text).lower()))


def main() -> None:
    """Reads the command line and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=None, help="files at most, in the order of their names")
    arguments = parser.parse_args()
    if shutil.which("pdftotext") is None:
        parser.error("pdftotext is missing: install poppler-utils")
    lacking: list[float] = []
    further: list[float] = []
    seconds: list[float] = []
    told: Counter[str] = Counter()
    refused = 0
    for path in sorted(arguments.folder.rglob("*.pdf"))[: arguments.limit]:
        run = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, check=False)
        theirs = words_of(run.stdout.decode("utf-8", "replace"))
        count = sum(theirs.values())
        if count < FEWEST:
            continue
        start = time.perf_counter()
        try:
            (paper,) = read_pdf(path).papers
        except LoadError:
            refused += 1
            continue
        seconds.append(time.perf_counter() - start)
        ours = words_of("\n".join([paper.title, *paper.authors, *(section.text for section in paper.sections)]))
        lacking.append(sum((theirs - ours).values()) / count)
        further.append(sum((ours - theirs).values()) / max(1, sum(ours.values())))
        named = re.sub(r"[_\s]+", " ", path.stem)
        told.update({"title": paper.title != named, "authors": bool(paper.authors), "year": paper.year is not None})
    files = len(lacking)
    if not files:
        parser.error(f"no PDF below {arguments.folder} holds {FEWEST} words")
    print(f"{files} files of {FEWEST} words and more; {refused} refused; median {median(seconds):.2f} s a file")
    print(
        f"of pdftotext's words ours lacks {mean(lacking):.3f}; more than half in {sum(share > LOST for share in lacking)} files"
    )
    print(f"of our words pdftotext lacks {mean(further):.3f}")
    print(", ".join(f"{name} read of {told[name]}" for name in ("title", "authors", "year")))


if __name__ == "__main__":
    main()
