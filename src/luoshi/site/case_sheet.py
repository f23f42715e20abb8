"""The list of cases as the spreadsheet clerks know: the rows, the order and the columns of the list."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext as _

from luoshi.kernel.clock import CLOCK
from luoshi.office.duties.export import LIMIT
from luoshi.office.workbook import Workbook
from luoshi.site.case_rows import CaseRow

__all__ = ["COLUMNS", "LIMIT", "workbook"]

COLUMNS = (
    ("编号", 18), ("办件", 50), ("种类", 22), ("状态", 12), ("期限", 22), ("剩余", 16), ("算的是", 16), ("依据", 30),
    ("在谁手上", 28), ("到手（工作日）", 12), ("单位", 20), ("立案", 14), ("演练", 8),
)  # fmt: skip
"""Title and width."""


def cells(row: CaseRow) -> list[str]:
    """Return the cells of one case."""
    due = f"{row.due.date:%Y-%m-%d}" if row.due.date else ""
    return [
        row.number, row.title, row.kind, row.state, due, row.due.words, row.limit, row.cite.text if row.cite else "",
        row.holder_title or row.holder, str(row.holder_days) if row.is_open else "", row.organ, row.opened,
        _("演练") if row.exercise else "",
    ]  # fmt: skip


def workbook(rows: Sequence[CaseRow], *, day: datetime.date, described: str, who: str) -> bytes:
    """Return the Excel file of `rows`; the foot names conditions, date and reader."""
    foot = f"数据截至 {day:%Y-%m-%d}；条件：{described}；共 {len(rows)} 件；导出 {CLOCK.now():%Y-%m-%d %H:%M} {who}"
    book = Workbook(_("办件"))
    book.table("办件", COLUMNS, map(cells, rows), foot=f"演示数据；{foot}" if settings.DEMO else foot)
    return book.data()
