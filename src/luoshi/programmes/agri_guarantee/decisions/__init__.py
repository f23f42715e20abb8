"""The decisions `agri_guarantee.*`: pure functions of facts and dated parameters, one module a part of the policy."""

from __future__ import annotations

from luoshi.programmes.agri_guarantee.decisions import archiving, claims, fund, granting, ledger, sharing, subsidy

__all__ = ["archiving", "claims", "fund", "granting", "ledger", "sharing", "subsidy"]
