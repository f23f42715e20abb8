"""The decisions `home_escrow.*`: pure functions of facts and dated parameters, one module a part of the rules."""

from __future__ import annotations

from luoshi.programmes.home_escrow.decisions import bank, ending, ledger, money, paying, scope

__all__ = ["bank", "ending", "ledger", "money", "paying", "scope"]
