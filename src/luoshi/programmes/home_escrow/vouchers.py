"""The voucher of a deposit (存款凭证) as a paper: figures and capitals, what is in so far, what is open, check code."""

from __future__ import annotations

from typing import Any

from luoshi.kernel.clock import day_of, local
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.notices.content import Paper, full_name
from luoshi.office.notices.pdf import render
from luoshi.programmes.home_escrow import common
from luoshi.programmes.home_escrow.models import Sale, Voucher

TITLE = "存量房交易资金监管存款凭证"


def told(sale: Sale, n: int) -> dict[str, Any]:
    """Return the n-th voucher of a sale with its sums in fen; E_NOT_FOUND where there is none."""
    rows = list(sale.vouchers.order_by("at", "pk"))
    if not 1 <= n <= len(rows):
        raise LuoshiError("E_NOT_FOUND", f"{sale.agreement_no} 没有第 {n} 张存款凭证。")
    so_far = sum(one.amount for one in rows[:n])
    return {"voucher": rows[n - 1], "so_far": so_far, "open": max(sale.supervised - so_far, 0)}


def pdf(sale: Sale, n: int) -> bytes:
    """Return the n-th voucher of a sale as PDF."""
    found = told(sale, n)
    return render(paper(sale, found["voucher"], found["so_far"], found["open"]))


def paper(sale: Sale, row: Voucher, so_far: int, left: int) -> Paper:
    """Return a voucher as it is printed."""
    at = local(row.at)
    rows = [
        ["监管协议", sale.agreement_no, "合同编号", sale.contract_no],
        ["付款人", row.payer, "监管账户", f"{sale.book.title}（{sale.book.key[-4:]}）"],
        ["金额（元）", f"{Money(row.amount)}", "大写", Money(row.amount).capitals()],
        ["累计存入（元）", f"{Money(so_far)}", "尚待存入（元）", f"{Money(left)}"],
        ["存入时间", f"{at:%Y-%m-%d %H:%M}", "银行流水号", row.bank_txn_no],
        ["校验码", row.code, "查询码", sale.code],
    ]
    issuer = full_name(common.ORGAN, day_of(at))
    return Paper(
        layout="form", masthead="", number=row.number, title=TITLE, to="",
        blocks=[{"k": "table", "head": ["项目", "内容", "项目", "内容"], "rows": rows},
                {"k": "p", "t": "凭协议编号和查询码可在公开页查询本笔交易；凭凭证编号和校验码可验真。监管不收费。"}],
        attachments=[], signatory=issuer, dated=f"{at.year}年{at.month}月{at.day}日", note="", copy="", issuer=issuer,
        signer="", digest="", verify="", marks=["演示数据"] if sale.book.demo else [], watermark="",
    )  # fmt: skip
