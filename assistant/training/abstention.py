"""Fits the shipped abstention estimate on the development half of the shipped test set, over the seed papers.

    python -m assistant.training.abstention

writes assistant/data/abstention.json. Run it again after every change of embedding, retrieval or sentence scores.
"""

import json
import tempfile
from pathlib import Path

import numpy as np

from assistant.abstention import Calibration, features, fit
from assistant.evaluation.testset import shipped_testset
from assistant.library import Assistant
from assistant.questions import read_question

OUTPUT = Path(__file__).parent.parent / "data" / "abstention.json"


def main() -> None:
    """Fits with the shipped reranker and without any, as the features differ."""
    fitted = [fitted_with(reranker) for reranker in ("shipped", "off")]
    calibrations = {str(len(calibration.weights)): calibration.to_dict() for calibration in fitted}
    OUTPUT.write_text(json.dumps(calibrations) + "\n", encoding="utf-8")


def fitted_with(reranker: str) -> Calibration:
    """Answerable development questions against off-topic ones; near misses have the same features as answerable ones."""
    rows: dict[bool, list[np.ndarray]] = {True: [], False: []}
    settings = {"model": "extractive", "reranker": reranker}
    with tempfile.TemporaryDirectory() as folder, Assistant(data_dir=folder, **settings) as library:
        for item in shipped_testset():
            if item.split != "dev" or item.history or not (item.answerable or item.type == "off_topic"):
                continue
            passages = library.search(item.question, k=library.config.passages)
            words = library.lexical
            rows[item.answerable].append(features(read_question(item.question), passages, words.idf, words.is_known))
    calibration = fit(np.array(rows[True]), np.array(rows[False]))
    print(
        f"reranker {reranker}: {len(rows[True])} answerable, {len(rows[False])} off-topic; weights {calibration.weights}"
    )
    return calibration


if __name__ == "__main__":
    main()
