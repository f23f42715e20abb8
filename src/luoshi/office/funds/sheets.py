"""The reconciliation sheet (余额调节表) and the voucher (记账凭证) as papers: layout and PDF of every paper here."""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings

from luoshi.kernel.clock import day_of, local
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.funds import links, plans
from luoshi.office.funds.models import Book, Posting, Sheet
from luoshi.office.funds.queries import JournalRow
from luoshi.office.notices.content import Paper, full_name
from luoshi.office.notices.pdf import render


def paper(sheet: Sheet) -> Paper:
    """Return the sheet as it is printed."""
    account, book = sheet.account, sheet.account.book
    day = _day(sheet.on)
    own = [one for one in sheet.items if one["side"] == "book"]
    theirs = [one for one in sheet.items if one["side"] == "bank"]
    adjusted = sheet.bank + sheet.book_receipts - sheet.book_payments
    rows = [
        ["银行存款日记账余额", _yuan(sheet.book), "银行对账单余额", _yuan(sheet.bank)],
        ["加：银行已收、账上未收", _yuan(sheet.bank_receipts), "加：账上已收、银行未收", _yuan(sheet.book_receipts)],
        ["减：银行已付、账上未付", _yuan(sheet.bank_payments), "减：账上已付、银行未付", _yuan(sheet.book_payments)],
        ["调节后余额", _yuan(adjusted - sheet.difference), "调节后余额", _yuan(adjusted)],
    ]
    words = "相符" if not sheet.difference else f"不符，差 {Money(sheet.difference)} 元"
    blocks: list[dict[str, Any]] = [
        {
            "k": "p",
            "t": f"账簿：{book.title}。科目：{account.code}（{account.title}）。"
            f"开户银行：{links.names([account.bank]).get(account.bank, account.bank)}，账号尾号{account.number[-4:]}。",
        },
        {"k": "p", "t": f"截至{day}，单位：元。调节后{words}。"},
        {"k": "table", "head": ["账面方", "金额", "银行方", "金额"], "rows": rows},
    ]
    for title, items in (("银行有、账上无", theirs), ("账上有、银行无", own)):
        if items:
            blocks.append({"k": "p", "t": "", "head": f"{title}（{len(items)} 笔）", "level": 1})
            blocks.append(
                {
                    "k": "table",
                    "head": ["日期", "方向", "金额", "凭证、流水", "摘要"],
                    "rows": [
                        [one["on"], "收" if one["direction"] == "C" else "付", _yuan(one["amount"]), one["no"],
                         one["text"][:30]]
                        for one in items
                    ],
                }
            )  # fmt: skip
    checked = f"{sheet.checker_name}　{day_of(sheet.checked_at)}" if sheet.checked_at else "（待复核）"
    made = f"{sheet.maker_name}　{day_of(sheet.made_at)}"
    blocks.append({"k": "table", "head": ["制表", "复核", "开户银行（章）"], "rows": [[made, checked, ""]]})
    issuer = full_name(book.organ, sheet.on)
    number = f"{sheet.on:%Y%m%d}-{sheet.number}"
    told = _paper(book, "银行存款余额调节表", number, blocks, issuer, day)
    return Paper(**told | {"watermark": "" if sheet.checked_at else "草稿"})


def _paper(book: Book, title: str, number: str, blocks: list[dict[str, Any]], issuer: str, day: str) -> dict[str, Any]:
    return {
        "layout": "form", "masthead": "", "number": number, "title": title, "to": "", "blocks": blocks,
        "attachments": [], "signatory": issuer, "dated": day, "note": "", "copy": "", "issuer": issuer, "signer": "",
        "digest": "", "verify": "", "marks": ["演示数据"] if settings.DEMO or book.demo else [], "watermark": "",
    }  # fmt: skip


VOUCHER_LINES = 500
"""A voucher is printed with so many lines; a longer one is taken as a spreadsheet."""


def voucher(book: Book, row: JournalRow) -> Paper:
    """Return an entry as it is printed: what was booked, its sum in capital characters, why, and by which hands.

    Errors: E_TOO_LARGE.
    """
    entry, day = row.entry, _day(row.entry.value_on)
    if entry.lines > VOUCHER_LINES:
        raise LuoshiError(
            "E_TOO_LARGE", f"{entry.number} 有 {entry.lines} 行，凭证最多打印 {VOUCHER_LINES} 行，请导出序时账。"
        )
    event = " ".join(filter(None, (entry.event, plans.event_title(book.plan, entry.event))))
    about = [("起息日", day), ("事项", event), ("业务编号", entry.case), ("依据", entry.basis)]
    if entry.counter_of_id:
        about.append(("对冲", f"JZ-{entry.counter_of_id % (1 << 32):04d}"))
    if row.countered:
        about.append(("已被对冲", row.countered.number))
    lines = [
        [entry.memo if not place else "", _account_words(one), _yuan(one.debit) if one.debit else "",
         _yuan(one.credit) if one.credit else ""]
        for place, one in enumerate(row.lines)
    ]  # fmt: skip
    lines.append([f"合计 {Money(row.amount).capitals()}", "", _yuan(row.amount), _yuan(row.amount)])
    issuer, booked = full_name(book.organ, entry.value_on), local(row.seal.booked_at)
    blocks: list[dict[str, Any]] = [
        {"k": "p", "t": f"账簿：{book.title}。单位：元。"},
        {"k": "table", "head": ["摘要", "科目", "借方金额", "贷方金额"], "rows": lines},
        {"k": "table", "head": [words for words, told in about if told], "rows": [[told for _words, told in about
                                                                                 if told]]},
        {"k": "table", "head": ["制单（经办）", "复核", "入账", "会计主管"],
         "rows": [[row.seal.maker, row.seal.checker, f"{_day(booked.date())} {booked:%H:%M}", ""]]},
    ]  # fmt: skip
    return Paper(**_paper(book, "记账凭证", entry.number, blocks, issuer, day))


def _account_words(line: Posting) -> str:
    words = " ".join(filter(None, (line.account.code, line.account.title, line.subject)))
    return f"{words}（银行流水 {line.bank_txn_no}）" if line.bank_txn_no else words


def voucher_pdf(book: Book, row: JournalRow) -> bytes:
    """Return a voucher as PDF."""
    return render(voucher(book, row))


def _day(on: datetime.date) -> str:
    return f"{on.year}年{on.month}月{on.day}日"


def pdf(sheet: Sheet) -> bytes:
    """Return the sheet as PDF."""
    return render(paper(sheet))


def _yuan(fen: int) -> str:
    return str(Money(fen))
