"""The list of sales as a workbook: what it was narrowed by, who took it and when, formulas never."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.http import content_disposition_header

from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.programmes.home_escrow import queries
from luoshi.programmes.home_escrow.models import Sale

MOST = 20_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_COLUMNS = ("协议编号", "合同编号", "坐落", "买受人", "出卖人", "房价款（元）", "监管资金（元）", "已存入（元）",
            "现存（元）", "冻结（元）", "已放款（元）", "已退款（元）", "签订日期", "备案日期", "登记日期",
            "状态")  # fmt: skip


def sales_sheet(
    actor: Actor, rows: QuerySet[Sale], state: str, text: str, months: Sequence[Mapping[str, Any]]
) -> bytes:
    """Return the workbook of some sales, with a sheet of the months; the export is in the audit trail."""
    found = list(rows[:MOST])
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("监管台账")
    head, money, day = (book.add_format(one) for one in (
        {"bold": True, "bg_color": "#E8F0F1"}, {"num_format": "#,##0.00"}, {"num_format": "yyyy-mm-dd"}))  # fmt: skip
    sheet.write(0, 0, f"条件：{state}{' ' + text if text else ''}；{CLOCK.now():%Y-%m-%d %H:%M} {actor.name} 导出")
    sheet.write_row(2, 0, _COLUMNS, head)
    for line, one in enumerate(queries.listed(found), 3):
        sale: Sale = one["sale"]
        kept = (one["inside"], one["balance"], one["held"])
        figures: tuple[Any, ...] = (sale.price, sale.supervised, *kept, sale.released, sale.refunded)
        for n, words in enumerate((sale.agreement_no, sale.contract_no, sale.address, sale.buyer, sale.seller)):
            sheet.write_string(line, n, words)
        for n, fen in enumerate(figures, 5):
            sheet.write_number(line, n, fen / 100, money)
        for n, date in enumerate((sale.signed_on, sale.filed_on, sale.registered_on), 12):
            if date is not None:
                sheet.write_datetime(line, n, date, day)
        sheet.write_string(line, 15, one["title"])
    sheet.freeze_panes(3, 1)
    sheet.set_column(0, 4, 18)
    sheet.set_column(5, 15, 14)
    summary = book.add_worksheet("月度汇总")
    summary.write_row(0, 0, ("月份", "签订（笔）", "监管资金（元）", "备案（笔）", "过户（笔）"), head)
    for line, month in enumerate(months, 1):
        summary.write_string(line, 0, f"{month['month']:%Y-%m}")
        summary.write_number(line, 1, month["signed"])
        summary.write_number(line, 2, month["supervised"] / 100, money)
        summary.write_number(line, 3, month["filed"])
        summary.write_number(line, 4, month["registered"])
    book.close()
    audit.append(actor=actor, act="escrow.export", subject="escrow:sales", permission="escrow.see",
                 after={"rows": len(found), "state": state, "text": text})  # fmt: skip
    return out.getvalue()


def attachment(data: bytes, name: str) -> HttpResponse:
    """Return the answer that downloads a workbook."""
    response = HttpResponse(data, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Cache-Control"] = "no-store, private"
    return response
