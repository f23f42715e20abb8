"""Books as the spreadsheets accountants know: the journal of a span, the statement of an account, the trial balance.

Amounts are numbers with two decimals, dates are dates: they can be added up and compared at once.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings

from luoshi.kernel.clock import CLOCK, local
from luoshi.office.funds import plans, queries
from luoshi.office.funds.models import Account, Book
from luoshi.office.workbook import Workbook

LIMIT = 20_000
"""Lines in one file; more are asked for in spans."""


def yuan(fen: int) -> Decimal:
    """Return an amount in yuan, exact."""
    return Decimal(fen).scaleb(-2)


def journal(
    book: Book, rows: Sequence[queries.JournalRow], first: datetime.date, last: datetime.date, who: str
) -> bytes:
    """Return the journal (序时账) of a span: a row a posting, oldest first."""
    columns = (("凭证", 12), ("起息日", 12), ("入账", 17), ("摘要", 36), ("事项", 16), ("科目", 10), ("科目名称", 18),
               ("子目", 20), ("借方（元）", 16), ("贷方（元）", 16), ("银行流水", 20), ("业务编号", 18), ("依据", 28),
               ("经办", 14), ("复核", 14), ("对冲", 12))  # fmt: skip
    cells: list[list[Any]] = []
    for row in rows:
        one = row.entry
        undone = f"对冲 JZ-{one.counter_of_id % (1 << 32):04d}" if one.counter_of_id else ""
        cells.extend(
            [one.number, one.value_on, _moment(row.seal.booked_at), one.memo, plans.event_title(book.plan, one.event),
             line.account.code, line.account.title, line.subject, yuan(line.debit) if line.debit else "",
             yuan(line.credit) if line.credit else "", line.bank_txn_no, one.case, one.basis, row.seal.maker,
             row.seal.checker, undone]
            for line in row.lines
        )  # fmt: skip
    sums = ["合计", "", "", f"{len(rows)} 笔", "", "", "", "", sum((c[8] or 0 for c in cells), Decimal(0)),
            sum((c[9] or 0 for c in cells), Decimal(0))]  # fmt: skip
    return _sheet(book, f"{book.title} 序时账 {first} 至 {last}", columns, cells, sums, who)


def statement(
    account: Account, subject: str, told: queries.AccountStatement, first: datetime.date, last: datetime.date, who: str
) -> bytes:
    """Return the statement (明细账) of an account or one subject of it: opening, lines, turnover, closing."""
    columns = (("起息日", 12), ("凭证", 12), ("摘要", 40), ("对方科目", 28), ("子目", 20), ("银行流水", 20),
               ("借方（元）", 16), ("贷方（元）", 16), ("方向", 6), ("余额（元）", 18))  # fmt: skip
    cells: list[list[Any]] = [
        ["", "", "期初余额", "", "", "", "", "", side(account, told.opening), yuan(abs(told.opening))]
    ]
    cells.extend(
        [one.posting.value_on, one.entry.number, one.entry.memo, "、".join(one.others), one.posting.subject,
         one.posting.bank_txn_no, yuan(one.posting.debit) if one.posting.debit else "",
         yuan(one.posting.credit) if one.posting.credit else "", side(account, one.after), yuan(abs(one.after))]
        for one in told.rows
    )  # fmt: skip
    sums = ["", "", "本期合计、期末余额", "", "", "", yuan(told.debit), yuan(told.credit), side(account, told.closing),
            yuan(abs(told.closing))]  # fmt: skip
    title = f"{account.code} {account.title}{' ' + subject if subject else ''} 明细账 {first} 至 {last}"
    return _sheet(account.book, f"{account.book.title} {title}", columns, cells, sums, who)


def trial(book: Book, found: queries.Trial, who: str) -> bytes:
    """Return the trial balance of a span."""
    columns = (("科目", 10), ("名称", 24), ("期初借方（元）", 18), ("期初贷方（元）", 18), ("本期借方（元）", 18),
               ("本期贷方（元）", 18), ("期末借方（元）", 18), ("期末贷方（元）", 18))  # fmt: skip

    def pair(account: Account, value: int) -> list[Any]:
        return [yuan(abs(value)) if value and side(account, value) == one else "" for one in ("借", "贷")]

    cells = [
        [row.account.code, row.account.title, *pair(row.account, row.opening), yuan(row.debit) if row.debit else "",
         yuan(row.credit) if row.credit else "", *pair(row.account, row.closing)]
        for row in found.rows
    ]  # fmt: skip
    sums = ["合计", "", *(yuan(fen) for both in (found.opening, found.turnover, found.closing) for fen in both)]
    return _sheet(book, f"{book.title} 试算平衡表 {found.first_on} 至 {found.last_on}", columns, cells, sums, who)


def side(account: Account, balance: int) -> str:
    """Return the side a balance stands on: 借, 贷, or 平 for none."""
    if not balance:
        return "平"
    return "借" if (account.normal == "D") == (balance > 0) else "贷"


def _moment(at: datetime.datetime) -> str:
    return f"{local(at):%Y-%m-%d %H:%M}"


def _sheet(
    book: Book,
    title: str,
    columns: Sequence[tuple[str, int]],
    rows: Iterable[Sequence[Any]],
    sums: Sequence[Any],
    who: str,
) -> bytes:
    foot = f"{book.key}；记到 JZ-{book.last_no:04d}；导出 {_moment(CLOCK.now())} {who}"
    foot = f"演示数据；{foot}" if settings.DEMO or book.demo else foot
    file = Workbook(title)
    file.table("账", columns, rows, heading=[title], sums=sums, foot=foot)
    return file.data()
