"""What is to be posted, and its canonical text: pure, no database.

An `Order` is one entry as a room asks for it; `content` is the text whose SM3 digest a seal carries.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money

LIMITS = {"key": 120, "event": 20, "memo": 200, "basis": 200, "case": 80, "subject": 60, "bank_txn_no": 60}
MOST_FEN = 10**16
"""One posting holds less: a hundred trillion yuan, so that no kept sum can leave 63 bits."""
MOST_LINES = 65_535
_CONTROL = re.compile(r"[\x00-\x1c\x7f\ud800-\udfff]")
_FIELD, _LINE, _ENTRY = "\x1f", "\x1e", "\x1d"


class Line(NamedTuple):
    """One posting: account code, fen on one side, the subject where the account has subjects, the bank's number."""

    account: str
    debit: int = 0
    credit: int = 0
    subject: str = ""
    bank_txn_no: str = ""


class Order(NamedTuple):
    """One entry to post. `key` makes it once in its book; `event` is the row of the spec's table (J3)."""

    key: str
    value_on: datetime.date
    lines: Sequence[Line]
    event: str = ""
    memo: str = ""
    basis: str = ""
    case: str = ""
    counter_of: int | None = None


class Hand(NamedTuple):
    """Who made and who checked; ids of accounts where there are persons."""

    maker: str
    via: str
    maker_id: int | None = None
    checker: str = ""
    checker_id: int | None = None
    request_id: str = ""


def debit(account: str, fen: int, subject: str = "", bank_txn_no: str = "") -> Line:
    """Return a line on the debit side."""
    return Line(account, fen, 0, subject, bank_txn_no)


def credit(account: str, fen: int, subject: str = "", bank_txn_no: str = "") -> Line:
    """Return a line on the credit side."""
    return Line(account, 0, fen, subject, bank_txn_no)


def mirrored(lines: Iterable[Line]) -> list[Line]:
    """Return the lines of a counter-entry: sides exchanged, the bank's numbers left out (they stay with the first)."""
    return [Line(one.account, one.credit, one.debit, one.subject) for one in lines]


def content(orders: Sequence[Order]) -> str:
    """Return the canonical text of entries: what the digest of their seal is over."""
    return _ENTRY.join(
        [
            f"{o.key}\x1f{o.value_on}\x1f{o.event}\x1f{o.memo}\x1f{o.basis}\x1f{o.case}\x1f{o.counter_of or ''}\x1e"
            + _LINE.join([f"{a}\x1f{d}\x1f{c}\x1f{s}\x1f{t}" for a, d, c, s, t in o.lines])
            for o in orders
        ]
    )


def checked_content(orders: Sequence[Order]) -> str:
    """Return `content`; E_INPUT where a text holds a control character, which would make two contents alike."""
    text = content(orders)
    lines = sum([len(order.lines) for order in orders])
    if (
        _CONTROL.search(text) is None
        and text.count(_FIELD) == 6 * len(orders) + 4 * lines
        and text.count(_LINE) == lines
        and text.count(_ENTRY) == len(orders) - 1
    ):
        return text
    raise LuoshiError("E_INPUT", "分录的文字里有控制字符，没有入账。请检查摘要、依据和编号。")


def faults(order: Order, accounts: dict[str, tuple[int, bool]]) -> LuoshiError | None:
    """Return what is wrong with an order by itself, None when nothing is; `accounts` are {code: (id, by_subject)}."""
    where = {"key": order.key}
    for name in ("key", "event", "memo", "basis", "case"):
        value = getattr(order, name)
        if not isinstance(value, str) or len(value) > LIMITS[name]:
            return LuoshiError("E_INPUT", f"分录的“{name}”最多{LIMITS[name]}字。", fields=where)
    if not order.key:
        return LuoshiError("E_INPUT", "每笔分录要有幂等键。", fields=where)
    if type(order.value_on) is not datetime.date:
        return LuoshiError("E_INPUT", "起息日应为日期。", fields=where)
    if not 2 <= len(order.lines) <= MOST_LINES:
        return LuoshiError("E_SUM", "一笔分录至少要有两行，一借一贷。", fields=where)
    for one in order.lines:
        amounts = (one.debit, one.credit)
        if any(type(fen) is not int for fen in amounts) or min(amounts) != 0 or not 0 < max(amounts) < MOST_FEN:
            return LuoshiError(
                "E_AMOUNT", f"科目 {one.account}：金额应为正整数（分），且只在借方或贷方一边。", fields=where
            )
        if one.account not in accounts:
            return LuoshiError("E_INPUT", f"账簿里没有科目 {one.account}。", fields={**where, "account": one.account})
        if accounts[one.account][1] != bool(one.subject):
            need = "要写明细（子目）" if accounts[one.account][1] else "不设明细（子目）"
            return LuoshiError("E_INPUT", f"科目 {one.account} {need}。", fields={**where, "account": one.account})
        if len(one.subject) > LIMITS["subject"] or len(one.bank_txn_no) > LIMITS["bank_txn_no"]:
            return LuoshiError("E_INPUT", f"科目 {one.account}：明细或银行流水号过长。", fields=where)
    owed, had = sum(one.debit for one in order.lines), sum(one.credit for one in order.lines)
    if owed != had:
        return LuoshiError(
            "E_SUM",
            f"借贷不平：借方 {Money(owed)} 元，贷方 {Money(had)} 元，差 {Money(abs(owed - had))} 元，没有入账。",
            fields={**where, "debit": owed, "credit": had},
        )
    return None
