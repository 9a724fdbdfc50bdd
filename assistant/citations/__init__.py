"""Marks and checks: a model's claims are read from its lines and held against the sentences that they cite.

Pure functions. `parse_claims`, `is_refusal` and `is_filler` read a line; `check_claim` says what speaks against a claim.
"""

from assistant.citations.checks import check_claim, marks_within
from assistant.citations.evidence import EvidenceSentence, Problem
from assistant.citations.layout import Layout, Statement
from assistant.citations.marks import ParsedClaim, is_filler, is_refusal, parse_claims, passages_of, says_lacking

__all__ = [
    "EvidenceSentence",
    "Layout",
    "ParsedClaim",
    "Problem",
    "Statement",
    "check_claim",
    "is_filler",
    "is_refusal",
    "marks_within",
    "parse_claims",
    "passages_of",
    "says_lacking",
]
