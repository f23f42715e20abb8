"""The rows J1 to J11 of the fund's posting table: which accounts move, for a bank `b` and another `c`.

Pure: the decision `mitigation_fund.ledger` and the book in the office's ledger are both made from this table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Move(NamedTuple):
    """One posting of an entry: the account's code and whether it is debited."""

    account: str
    debit: bool


def _entry(*moves: str) -> tuple[Move, ...]:
    return tuple(Move(move[1:], move[0] == "+") for move in moves)


# `+` debits, `-` credits; `.b` the bank's own account, `.c` the other bank's.
EVENTS: Mapping[str, Sequence[tuple[Move, ...]]] = {
    "J1": [_entry("+1001.b", "-3001.b")],
    "J2": [_entry("+1201", "-1001.b"), _entry("+1001.c", "+3001.b", "-1201", "-3001.c")],
    "J3": [_entry("+3101.b", "-2001.b")],
    "J4": [_entry("+2001.b", "-1001.b")],
    "J5": [_entry("+2001.b", "-3101.b")],
    "J6": [_entry("+1001.b", "-3002.b")],
    "J7": [_entry("+1001.b", "-2002.b")],
    "J8 fund": [_entry("+2002.b", "-3003.b")],
    "J8 treasury": [_entry("+2002.b", "-2001.b"), _entry("+2001.b", "-1001.b")],
    "J9": [_entry("+1101.b", "-1001.b")],
    "J9 good": [_entry("+1001.b", "-1101.b")],
    "J10": [_entry("+1001.b", "-2003.b")],
    "J10 identified": [_entry("+2003.b", "-3001.b")],
    "J10 back": [_entry("+2003.b", "-2001.b"), _entry("+2001.b", "-1001.b")],
    "J11": [_entry("+3001.b", "-2001.b"), _entry("+2001.b", "-1001.b")],
    "returned": [_entry("+1001.b", "-2001.b")],
}
TITLES: Mapping[str, str] = {
    "J1": "拨款到账",
    "J2": "银行间调拨",
    "J3": "补偿指令",
    "J4": "银行支付成功",
    "J5": "支付失败，对冲",
    "J6": "追回归基金",
    "J7": "利息入账",
    "J8": "利息归基金或上缴",
    "J9": "错扣、收费及补回",
    "J10": "不明来款及处理",
    "J11": "退回财政",
}
ACCOUNTS: Mapping[str, tuple[str, str]] = {
    "1001": ("专户存款", "D"),
    "1101": ("应收错扣款", "D"),
    "1201": ("银行间调拨在途", "D"),
    "2001": ("在途付款", "C"),
    "2002": ("待财政处理的利息", "C"),
    "2003": ("待查来款", "C"),
    "3001": ("财政拨款", "C"),
    "3002": ("追回归基金", "C"),
    "3003": ("利息归基金", "C"),
    "3101": ("已付补偿", "D"),
}
"""Titles and growing sides by the code before the bank's."""


def balance_of(accounts: Mapping[str, int], bank: str) -> int:
    """Return F_b: what of the bank account is the fund's."""
    return accounts.get(f"1001.{bank}", 0) - sum(accounts.get(f"{code}.{bank}", 0) for code in ("2001", "2002", "2003"))


def identity(accounts: Mapping[str, int]) -> bool:
    """Tell whether ΣF_b = Σ(3001 + 3002 + 3003 − 3101) − Σ1101 − 1201 (W3)."""
    total: dict[str, int] = {}
    for code, net in accounts.items():
        head = code.partition(".")[0]
        total[head] = total.get(head, 0) + net
    of = total.get
    left = of("1001", 0) - of("2001", 0) - of("2002", 0) - of("2003", 0)
    right = of("3001", 0) + of("3002", 0) + of("3003", 0) - of("3101", 0) - of("1101", 0) - of("1201", 0)
    return left == right
