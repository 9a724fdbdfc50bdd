"""Reading PDFs one at a time, and as many at a time as there are processors.

    python benchmarks/pdfs.py [--files N] [--rounds N]

Draws N PDFs of 20 pages from the shipped seeds and reads them with one child process and with several, in turns, so that other
users of the machine meet both alike. Prints the median wall seconds of each, and their ratio. Wants the extra `test`.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate

from assistant.loaders import ahead, load_file
from assistant.loaders.child import PARALLEL, stop_children
from assistant.loaders.result import Loaded
from assistant.records import Paper
from assistant.seeding import seed_files

_ABSTRACTS = 55  # in each file: about 20 pages


def draw(folder: Path, count: int) -> list[Path]:
    """Writes the PDFs and returns where they are."""
    seeds: list[Paper] = [paper for path in seed_files() for paper in load_file(path).papers]
    styles = getSampleStyleSheet()
    paths = [folder / f"{number:03}.pdf" for number in range(count)]
    for number, path in enumerate(paths):
        texts = [seeds[(7 * number + place) % len(seeds)].abstract for place in range(_ABSTRACTS)]
        flow = [Paragraph(escape(seeds[number % len(seeds)].title), styles["Title"])]
        SimpleDocTemplate(str(path)).build(flow + [Paragraph(escape(text), styles["BodyText"]) for text in texts])
    return paths


def read(paths: list[Path], at_a_time: int) -> tuple[float, int]:
    """Wall seconds, with starting the children, and pages read."""
    ahead.PARALLEL = at_a_time
    start = time.perf_counter()
    found = [reading.result() for _, reading in ahead.read_ahead(paths, lambda source: True)]
    seconds = time.perf_counter() - start
    stop_children()
    return seconds, sum(one.loaded.pages for one in found if one and isinstance(one.loaded, Loaded))


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        paths = draw(Path(name), options.files)
        spent: dict[int, list[float]] = {1: [], PARALLEL: []}
        for _ in range(options.rounds):
            for at_a_time in spent:
                seconds, pages = read(paths, at_a_time)
                spent[at_a_time].append(seconds)
    middle = {at_a_time: statistics.median(seconds) for at_a_time, seconds in spent.items()}
    for at_a_time, seconds in spent.items():
        rounds = ", ".join(f"{one:.1f}" for one in seconds)
        print(f"{at_a_time} at a time  {middle[at_a_time]:6.1f} s ({rounds})  {pages / middle[at_a_time]:.0f} pages/s")
    print(f"{options.files} files, {pages} pages: {middle[1] / middle[PARALLEL]:.2f} times as fast")


if __name__ == "__main__":
    main()
