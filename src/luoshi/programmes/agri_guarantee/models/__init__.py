"""What the guarantee keeps: the fund's figures, claims, recoveries; registers of operators, loans and the rest."""

from luoshi.programmes.agri_guarantee.models.fund import Claim, DueReport, FundState, Halt, PayeeAccount, Receipt
from luoshi.programmes.agri_guarantee.models.registers import (
    BankScore,
    Custody,
    Delegation,
    Loan,
    LoanBalance,
    Operator,
    Placement,
    Publicity,
    Ruling,
    TownScore,
    VillageCharge,
)

__all__ = [
    "BankScore",
    "Claim",
    "Custody",
    "Delegation",
    "DueReport",
    "FundState",
    "Halt",
    "Loan",
    "LoanBalance",
    "Operator",
    "PayeeAccount",
    "Placement",
    "Publicity",
    "Receipt",
    "Ruling",
    "TownScore",
    "VillageCharge",
]
