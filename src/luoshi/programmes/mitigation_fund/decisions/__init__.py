"""The decisions `mitigation_fund.*`: pure functions of facts and dated parameters, one module a part of the rules."""

from __future__ import annotations

from luoshi.programmes.mitigation_fund.decisions import claims, credit, firm, ledger, review

__all__ = ["claims", "credit", "firm", "ledger", "review"]
