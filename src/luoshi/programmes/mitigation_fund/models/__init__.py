"""What the mitigation fund keeps: registers, applications and loans, agreements, claims, votes."""

from __future__ import annotations

from luoshi.programmes.mitigation_fund.models.fund import Agreement, Claim, ClaimVote, Score, UnknownLoan
from luoshi.programmes.mitigation_fund.models.lending import Application, Loan
from luoshi.programmes.mitigation_fund.models.registers import Benchmark, Firm, Holder, Listing, MonthlyReport, Window

__all__ = [
    "Agreement",
    "Application",
    "Benchmark",
    "Claim",
    "ClaimVote",
    "Firm",
    "Holder",
    "Listing",
    "Loan",
    "MonthlyReport",
    "Score",
    "UnknownLoan",
    "Window",
]
