"""The reconciliation sheet (余额调节表) as a paper: the same layout and PDF as every paper of the house."""

from __future__ import annotations

from typing import Any

from luoshi.kernel.clock import day_of
from luoshi.kernel.money import Money
from luoshi.office.funds.models import Sheet
from luoshi.office.notices.content import Paper, full_name
from luoshi.office.notices.pdf import render


def paper(sheet: Sheet) -> Paper:
    """Return the sheet as it is printed."""
    account, book = sheet.account, sheet.account.book
    day = f"{sheet.on.year}年{sheet.on.month}月{sheet.on.day}日"
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
            "t": f"账簿：{book.title}。科目：{account.code}（{account.title}）。银行账户：尾号{account.number[-4:]}。",
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
    return Paper(**_paper(sheet, blocks, issuer, day))


def _paper(sheet: Sheet, blocks: list[dict[str, Any]], issuer: str, day: str) -> dict[str, Any]:
    return {
        "layout": "form", "masthead": "", "number": f"{sheet.on:%Y%m%d}-{sheet.number}", "title": "银行存款余额调节表",
        "to": "", "blocks": blocks, "attachments": [], "signatory": issuer, "dated": day, "note": "", "copy": "",
        "issuer": issuer, "signer": "", "digest": "", "verify": "",
        "marks": ["演示数据"] if sheet.account.book.demo else [],
        "watermark": "" if sheet.checked_at else "草稿",
    }  # fmt: skip


def pdf(sheet: Sheet) -> bytes:
    """Return the sheet as PDF."""
    return render(paper(sheet))


def _yuan(fen: int) -> str:
    return str(Money(fen))
