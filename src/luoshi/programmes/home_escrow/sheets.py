"""The list of sales as a workbook: what it was narrowed by, who took it and when, formulas never."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.workbook import Workbook
from luoshi.programmes.home_escrow import queries
from luoshi.programmes.home_escrow.models import Sale

MOST = 20_000
_COLUMNS = ("协议编号", "合同编号", "坐落", "买受人", "出卖人", "房价款（元）", "监管资金（元）", "已存入（元）",
            "现存（元）", "冻结（元）", "已放款（元）", "已退款（元）", "签订日期", "备案日期", "登记日期",
            "状态")  # fmt: skip
_MONTHS = ("月份", "签订（笔）", "监管资金（元）", "备案（笔）", "过户（笔）")


def sales_sheet(
    actor: Actor, rows: QuerySet[Sale], state: str, text: str, months: Sequence[Mapping[str, Any]]
) -> bytes:
    """Return the workbook of some sales, with a sheet of the months; the export is in the audit trail."""
    found = list(rows[:MOST])
    lines = []
    for one in queries.listed(found):
        sale: Sale = one["sale"]
        kept = (one["inside"], one["balance"], one["held"])
        figures = (sale.price, sale.supervised, *kept, sale.released, sale.refunded)
        lines.append(
            [sale.agreement_no, sale.contract_no, sale.address, sale.buyer, sale.seller,
             *(Decimal(fen).scaleb(-2) for fen in figures), sale.signed_on, sale.filed_on, sale.registered_on,
             one["title"]]
        )  # fmt: skip
    summary = (
        [f"{month['month']:%Y-%m}", month["signed"], Decimal(month["supervised"]).scaleb(-2), month["filed"],
         month["registered"]]
        for month in months
    )  # fmt: skip
    foot = f"条件：{state}{' ' + text if text else ''}；{CLOCK.now():%Y-%m-%d %H:%M} {actor.name} 导出"
    book = Workbook("监管台账")
    book.table("监管台账", [(title, 18 if place < 5 else 14) for place, title in enumerate(_COLUMNS)], lines, foot=foot)
    book.table("月度汇总", [(title, 16) for title in _MONTHS], summary)
    audit.append(actor=actor, act="escrow.export", subject="escrow:sales", permission="escrow.see",
                 after={"rows": len(found), "state": state, "text": text})  # fmt: skip
    return book.data()
