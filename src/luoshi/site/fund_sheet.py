"""Books as the spreadsheets accountants know: journal, statement of an account, its subjects, trial balance.

Amounts are numbers with two decimals, dates are dates: they can be added up and compared at once.
"""

from __future__ import annotations

import datetime
from collections.abc import Container, Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings

from luoshi.kernel.clock import CLOCK, local
from luoshi.office.duties import concern
from luoshi.office.funds import plans, queries
from luoshi.office.funds.models import Account, Balance, Book, Part
from luoshi.office.workbook import Workbook

LIMIT = 20_000
"""Lines in one file; more are asked for in spans."""


def yuan(fen: int) -> Decimal:
    """Return an amount in yuan, exact."""
    return Decimal(fen).scaleb(-2)


def journal(
    book: Book,
    rows: Sequence[queries.JournalRow],
    first: datetime.date,
    last: datetime.date,
    who: str,
    condition: str = "",
) -> bytes:
    """Return the journal (序时账) of a span: a row a posting, oldest first. `condition` is what it was narrowed to."""
    columns = (("凭证", 10), ("起息日", 11), ("入账", 16), ("摘要", 30), ("事项", 14), ("科目", 7), ("科目名称", 18),
               ("子目", 16), ("借方（元）", 16), ("贷方（元）", 16), ("银行流水", 14), ("业务编号", 16), ("依据", 22),
               ("制单（经办）", 13), ("复核", 10), ("对冲", 14))  # fmt: skip
    cells: list[list[Any]] = []
    for row in rows:
        one = row.entry
        undone = undoes(row) or (f"已由 {row.countered.number} 对冲" if row.countered else "")
        cells.extend(
            [one.number, one.value_on, _moment(row.seal.booked_at), one.memo, plans.event_title(book.plan, one.event),
             line.account.code, line.account.title, line.subject, yuan(line.debit) if line.debit else "",
             yuan(line.credit) if line.credit else "", line.bank_txn_no, one.case, one.basis, row.seal.maker,
             row.seal.checker, undone]
            for line in row.lines
        )  # fmt: skip
    sums = ["合计", "", "", f"{len(rows)} 笔", "", "", "", "", sum((c[8] or 0 for c in cells), Decimal(0)),
            sum((c[9] or 0 for c in cells), Decimal(0))]  # fmt: skip
    return _sheet(book, "序时账", _span(first, last), columns, cells, sums, who, condition)


def undoes(row: queries.JournalRow) -> str:
    """Return which entry a counter-entry undoes, in words; nothing for any other."""
    return f"对冲 JZ-{row.entry.counter_of_id % (1 << 32):04d}" if row.entry.counter_of_id else ""


def title_of(account: Account) -> str:
    """Return what accountants call the statement of an account."""
    return "银行存款日记账" if account.part == Part.BANK else "明细账"


def opening_word(first: datetime.date, opening: int) -> str:
    """Return what stands beside the balance brought in: from last year where the span begins with a year."""
    return "上年结转" if opening and (first.month, first.day) == (1, 1) else "期初余额"


def statement(
    account: Account, subject: str, told: queries.AccountStatement, first: datetime.date, last: datetime.date, who: str
) -> bytes:
    """Return the statement (明细账) of an account or one subject of it, as a bound book has it.

    The opening; each line with the balance after it; under each month its sums and the year's; turnover and closing.
    """
    columns = (("起息日", 12), ("凭证", 12), ("摘要", 40), ("对方科目", 28), ("子目", 20), ("银行流水", 20),
               ("借方（元）", 18), ("贷方（元）", 18), ("方向", 6), ("余额（元）", 18))  # fmt: skip

    def row(on: Any, words: str, debit: Any, credit: Any, net: int) -> list[Any]:
        return [on, "", words, "", "", "", debit, credit, side(account, net), yuan(abs(net))]

    cells: list[list[Any]] = [row(first, opening_word(first, told.opening), "", "", told.opening)]
    year, strong = first.year, set()
    for place, one in enumerate(told.rows):
        on = one.posting.value_on
        if place and on.year != year and (net := told.rows[place - 1].after):
            cells.append(row(on.replace(month=1, day=1), "上年结转", "", "", net))
        year = on.year
        cells.append(
            [on, one.entry.number, one.entry.memo, "、".join(one.others), one.posting.subject,
             one.posting.bank_txn_no, yuan(one.posting.debit) if one.posting.debit else "",
             yuan(one.posting.credit) if one.posting.credit else "", side(account, one.after), yuan(abs(one.after))]
        )  # fmt: skip
        if end := told.ends.get(one.posting.pk):
            strong |= {len(cells), len(cells) + 1}
            cells.append(row(end.until, "本月合计", yuan(end.debit), yuan(end.credit), end.after))
            cells.append(row(end.until, "本年累计", yuan(end.year_debit), yuan(end.year_credit), end.after))
    sums = row(last, "本期合计、期末余额", yuan(told.debit), yuan(told.credit), told.closing)
    about = f"科目：{account.code} {account.title}{' ' + subject if subject else ''}"
    return _sheet(account.book, title_of(account), _span(first, last), columns, cells, sums, who, about, strong)


def subjects(account: Account, rows: Sequence[Balance], on: datetime.date, who: str) -> bytes:
    """Return the balances of an account's subjects at the end of a day."""
    columns = (("子目", 28), ("借方累计（元）", 20), ("贷方累计（元）", 20), ("方向", 6), ("余额（元）", 20),
               ("笔数", 8), ("最近起息日", 12))  # fmt: skip
    cells = [
        [one.subject, yuan(one.debit), yuan(one.credit), side(account, one.net), yuan(abs(one.net)), one.count,
         one.last_on] for one in rows
    ]  # fmt: skip
    debit, credit = sum(one.debit for one in rows), sum(one.credit for one in rows)
    net = sum(one.net for one in rows)
    sums = ["合计", yuan(debit), yuan(credit), side(account, net), yuan(abs(net)), sum(one.count for one in rows)]
    about = f"科目：{account.code} {account.title}"
    return _sheet(account.book, "子目余额表", f"截至 {on}", columns, cells, sums, who, about)


def trial(book: Book, found: queries.Trial, who: str) -> bytes:
    """Return the trial balance of a span."""
    columns = (("科目", 10), ("名称", 24), ("期初借方（元）", 18), ("期初贷方（元）", 18), ("本期借方（元）", 18),
               ("本期贷方（元）", 18), ("本年累计借方（元）", 18), ("本年累计贷方（元）", 18), ("期末借方（元）", 18),
               ("期末贷方（元）", 18))  # fmt: skip

    def pair(account: Account, value: int) -> list[Any]:
        return [yuan(abs(value)) if value and side(account, value) == one else "" for one in ("借", "贷")]

    cells = [
        [row.account.code, row.account.title, *pair(row.account, row.opening),
         *(yuan(fen) if fen else "" for fen in (row.debit, row.credit, row.year_debit, row.year_credit)),
         *pair(row.account, row.closing)]
        for row in found.rows
    ]  # fmt: skip
    sums = ["合计", "", *(yuan(fen) for both in found.pairs for fen in both)]
    return _sheet(book, "试算平衡表", _span(found.first_on, found.last_on), columns, cells, sums, who)


def side(account: Account, balance: int) -> str:
    """Return the side a balance stands on: 借, 贷, or 平 for none."""
    if not balance:
        return "平"
    return "借" if (account.normal == "D") == (balance > 0) else "贷"


def _moment(at: datetime.datetime) -> str:
    return f"{local(at):%Y-%m-%d %H:%M}"


def _span(first: datetime.date, last: datetime.date) -> str:
    return f"{first} 至 {last}"


def _sheet(
    book: Book,
    name: str,
    span: str,
    columns: Sequence[tuple[str, int]],
    rows: Iterable[Sequence[Any]],
    sums: Sequence[Any],
    who: str,
    about: str = "",
    strong: Container[int] = (),
) -> bytes:
    """Return a table with what stands over every account book: who keeps it, of what and when, in which unit."""
    keeper = concern.titles([book.organ], CLOCK.today()).get(book.organ, "")
    foot = f"{book.key}；记到 JZ-{book.last_no:04d}；导出 {_moment(CLOCK.now())} {who}"
    foot = f"演示数据；{foot}" if settings.DEMO or book.demo else foot
    foot += f"　　制表：{'　' * 8}复核：{'　' * 8}会计主管："
    title = f"{book.title} {name} {span}"
    file = Workbook(title)
    line = "　　".join(filter(None, (f"记账单位：{keeper}", about, "单位：元")))
    file.table(name, columns, rows, heading=[title, line], sums=sums, foot=foot, strong=strong)
    return file.data()
