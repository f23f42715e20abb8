"""The ledger of matters as the spreadsheet clerks know: the rows, the order and the columns of the list."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from luoshi.kernel.clock import CLOCK
from luoshi.office.duties.export import LIMIT
from luoshi.office.workbook import Workbook
from luoshi.site.matter_rows import MatterRow
from luoshi.site.templatetags.ls import LAMPS

__all__ = ["COLUMNS", "LIMIT", "workbook"]

COLUMNS = (
    ("编号", 9, ""), ("状态", 12, ""), ("工作任务", 60, ""), ("文号", 24, "cite"), ("条款", 16, "cite"),
    ("牵头", 20, "organ"), ("配合", 30, "coop"), ("期限", 13, ""), ("剩余", 16, ""), ("完成", 12, "done"),
    ("目标", 18, "done"), ("在谁手上", 20, "holder"), ("最近进展", 13, "progress"),
)  # fmt: skip
"""Title, width and the column of the list it belongs to; those without one are always there."""


def cells(row: MatterRow) -> dict[str, Any]:
    """Return the cells of one matter by title."""
    state = f"{LAMPS[row.light]} {row.light_words}"
    cite = row.cite
    return {
        "编号": row.id,
        "状态": state,
        "工作任务": row.title,
        "文号": (cite.number or cite.text) if cite else "",
        "条款": cite.path_words if cite else "",
        "牵头": row.organ.name,
        "配合": row.cooperating_names,
        "期限": f"{row.due.date:%Y-%m-%d}" if row.due.date else row.due.words,
        "剩余": row.due.words,
        "完成": f"{row.done.words}%" if row.done.of == "%" else row.done.words,
        "目标": "100%" if row.done.of == "%" else row.done.of,
        "在谁手上": f"{row.holder} {row.holder_note}".strip(),
        "最近进展": row.progress,
    }


def workbook(
    rows: Sequence[MatterRow], *, shown: frozenset[str], day: datetime.date, described: str, who: str
) -> bytes:
    """Return the Excel file of `rows` with the columns `shown`; the foot names conditions, date and reader."""
    columns = [(title, width) for title, width, of in COLUMNS if not of or of in shown]
    foot = f"数据截至 {day:%Y-%m-%d}；条件：{described}；共 {len(rows)} 条；导出 {CLOCK.now():%Y-%m-%d %H:%M} {who}"
    lines = ([written[title] for title, _width in columns] for written in map(cells, rows))
    book = Workbook(_("责任台账"))
    book.table("责任台账", columns, lines, foot=f"演示数据；{foot}" if settings.DEMO else foot)
    return book.data()
