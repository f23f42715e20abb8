"""The ledger as the spreadsheet clerks know."""

from __future__ import annotations

import datetime

from django.conf import settings

from luoshi.kernel.citation import Locator
from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import Actor
from luoshi.office.duties import queries
from luoshi.office.duties.dates import words
from luoshi.office.duties.models import Duty, Target
from luoshi.office.duties.queries import LedgerFilter
from luoshi.office.workbook import Workbook

LIMIT = 5000
"""Rows in one file; more are asked for in parts."""

COLUMNS = (
    ("序号", 6), ("文号", 22), ("条款", 14), ("工作任务", 60), ("牵头单位", 24), ("配合单位", 30),
    ("完成时限", 24), ("目标值", 24),
)  # fmt: skip


def row(duty: Duty, targets: list[Target]) -> list[str]:
    """Return the cells of one duty after its number."""
    organs, limits = list(duty.organs.all()), list(duty.limits.all())
    cooperating = [organ.name for organ in organs if not organ.leads]
    if duty.local:
        cooperating += duty.local_text or ["各镇区"]
    return [
        duty.instrument.number or duty.instrument.name,
        str(Locator.parse(duty.clause_path)) if duty.clause_path else "",
        duty.action,
        "、".join(organ.name for organ in organs if organ.leads),
        "、".join(dict.fromkeys(cooperating)),
        "；".join(dict.fromkeys(words(limit.kind, limit.value) for limit in limits)),
        "；".join(f"{t.subject}{t.op.replace('>=', '≥').replace('<=', '≤')}{t.value}{t.unit}" for t in targets),
    ]


def workbook(wanted: LedgerFilter, *, actor: Actor, as_of: datetime.date, described: str) -> bytes:
    """Return the Excel file of the duties that fit `wanted` and `actor` may see; the foot says filter and date."""
    duties = list(queries.complete(queries.duties(queries.scoped(wanted, actor))).order_by("due_sort", "id")[:LIMIT])
    targets = queries.targets_by_clause(duties)
    foot = f"数据截至 {as_of:%Y-%m-%d}；条件：{described}；共 {len(duties)} 条；"
    foot += f"导出 {CLOCK.now():%Y-%m-%d %H:%M} {settings.OPERATOR} {actor.name}"
    rows = ([n, *row(duty, targets.get(duty.clause_id or 0, []))] for n, duty in enumerate(duties, 1))
    book = Workbook("责任台账")
    book.table("责任台账", COLUMNS, rows, foot=f"演示数据；{foot}" if settings.DEMO else foot)
    return book.data()
