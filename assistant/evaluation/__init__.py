"""Evaluating answers with a test set: questions with evidence, figures with counts and intervals, runs compared."""

from assistant.evaluation.comparing import Comparison, Gate, compare, gate
from assistant.evaluation.page import write_report
from assistant.evaluation.report import Report, Row
from assistant.evaluation.run import evaluate
from assistant.evaluation.testset import Item, load_testset, shipped_testset

__all__ = [
    "Comparison", "Gate", "Item", "Report", "Row", "compare", "evaluate", "gate", "load_testset", "shipped_testset",
    "write_report",
]  # fmt: skip
