"""Evaluating answers with a test set: questions with evidence, figures with counts and intervals."""

from assistant.evaluation.run import Report, evaluate
from assistant.evaluation.testset import Item, load_testset, shipped_testset

__all__ = ["Item", "Report", "evaluate", "load_testset", "shipped_testset"]
