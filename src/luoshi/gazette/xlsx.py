"""The duty ledger of a compilation as the spreadsheet clerks know, with further sheets for what else was read."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import xlsxwriter

from luoshi.gazette.ledger import ACTION_NAMES, OPERATORS, names, place, rows, title
from luoshi.gazette.records import Compilation

Columns = tuple[tuple[str, int], ...]
DUTIES: Columns = (
    ("序号", 6), ("文号", 22), ("条款", 14), ("工作任务", 60), ("牵头单位", 24), ("配合单位", 30),
    ("完成时限", 24), ("目标值", 24),
)  # fmt: skip
"""Title and width of each column of the ledger."""
_TARGETS: Columns = (
    ("序号", 6), ("文号", 22), ("条款", 14), ("指标", 40), ("要求", 8), ("数值", 12), ("单位", 12),
    ("完成日期", 12), ("基准", 16), ("力争", 6), ("牵头单位", 24),
)  # fmt: skip
_LIMITS: Columns = (
    ("序号", 6),
    ("文号", 22),
    ("条款", 14),
    ("牵头单位", 24),
    ("时限原文", 40),
    ("种类", 10),
    ("归一", 26),
)
_SEATS: Columns = (("序号", 6), ("文件", 30), ("条款", 14), ("机构", 36), ("角色", 14), ("姓名", 12), ("职务", 40))
_ACTS: Columns = (
    ("序号", 6),
    ("文号", 22),
    ("日期", 12),
    ("任免", 8),
    ("姓名", 12),
    ("机构", 30),
    ("职务", 30),
    ("备注", 24),
)
_WARNINGS: Columns = (("序号", 6), ("文号", 22), ("代码", 18), ("说明", 60), ("起", 10), ("止", 10))
_LIMIT_KINDS = {"by": "截止", "from": "起始", "between": "期间", "within": "期限", "every": "定期"}
_CREATED = datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook knows no zones; a fixed date makes equal input equal output
_LONGEST_CELL = 32_767
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_A4 = 9


def to_xlsx(compilation: Compilation) -> bytes:
    """Return a workbook: 责任台账, 目标, 时限, 名单, 任免, 存疑. Equal compilations give equal bytes.

    Text that a spreadsheet could take for a formula gets an apostrophe before it; a cell holds 32,767 characters.
    """
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": "责任台账", "created": _CREATED})
    found = compilation.instruments
    heads = {id(item): item.number or title(item) for item in found}
    _sheet(book, "责任台账", DUTIES, (row for item in found for row in rows(item)))
    _sheet(book, "目标", _TARGETS, (
        (heads[id(item)], place(target.clause), target.subject, OPERATORS[target.op] or "=", target.value, target.unit,
         target.by or "", target.baseline or "", "是" if target.aspiration else "", names(target.lead))
        for item in found for target in item.targets
    ))  # fmt: skip
    _sheet(book, "时限", _LIMITS, (
        (heads[id(item)], place(duty.clause), names(duty.lead), limit.text, _LIMIT_KINDS[limit.kind], limit.value)
        for item in found for duty in item.duties for limit in duty.time_limits
    ))  # fmt: skip
    _sheet(book, "名单", _SEATS, (
        (heads[id(item)], place(seat.clause), seat.group, seat.role, seat.person or "", seat.post or "")
        for item in found for seat in item.memberships
    ))  # fmt: skip
    _sheet(book, "任免", _ACTS, (
        (heads[id(item)], item.issued_on or "", ACTION_NAMES[act.action], act.person, act.organ.name, act.title,
         act.remark or "")
        for item in found for act in item.appointments
    ))  # fmt: skip
    _sheet(book, "存疑", _WARNINGS, (
        (warning.instrument or "", warning.code, warning.message, str(warning.start), str(warning.end))
        for warning in compilation.warnings
    ))  # fmt: skip
    book.close()
    return stream.getvalue()


def plain(text: str) -> str:
    """Return `text` so that a cell can hold it and no spreadsheet takes it for a formula."""
    text = _FORBIDDEN.sub("\ufffd", text)
    if text.startswith(_FORMULA):
        text = f"'{text}"
    return text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - 1] + "…"


def _sheet(book: Any, name: str, columns: Columns, body: Iterable[tuple[str, ...]]) -> None:
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "border": 1, "align": "center", "valign": "vcenter", "bg_color": "#EEF2F0"})
    cell = book.add_format({"border": 1, "text_wrap": True, "valign": "top"})
    for column, (heading, width) in enumerate(columns):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, heading, head)
    number = 0
    for number, texts in enumerate(body, 1):
        sheet.write_number(number, 0, number, cell)
        for column, text in enumerate(texts, 1):
            sheet.write_string(number, column, plain(text), cell)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(number, 1), len(columns) - 1)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
