"""Evaluating answers with a test set: questions with evidence, figures with counts and intervals, and verdicts."""

from assistant.evaluation.calibrating import Calibrated, calibrate
from assistant.evaluation.comparing import Comparison, Gate, compare, gate
from assistant.evaluation.reports import Report
from assistant.evaluation.results import Result
from assistant.evaluation.run import evaluate
from assistant.evaluation.saving import load_report, save_report
from assistant.evaluation.statistics import Figure
from assistant.evaluation.testset import Item, load_testset, shipped_testset

__all__ = [
    "Calibrated", "Comparison", "Figure", "Gate", "Item", "Report", "Result", "calibrate", "compare", "evaluate", "gate",
    "load_report", "load_testset", "save_report", "shipped_testset",
]  # fmt: skip
