"""The duty ledger."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.duties import queries
from luoshi.office.duties.dates import next_due, words
from luoshi.office.duties.models import Duty, Target
from luoshi.office.duties.queries import Ledger, LedgerFilter
from luoshi.site.access import Needs, actor_of
from luoshi.site.api.gazettes import RowId
from luoshi.site.api.schemas import ERRORS, DutyOut, DutyPage, LimitOut, OrganOut, Problem, TargetOut
from luoshi.site.present import cite

router = Router()


@router.get(
    "/duties",
    auth=Needs("duty.see"),
    response={200: DutyPage, ERRORS: Problem},
    summary="责任台账",
)
def duties(
    request: HttpRequest,
    organ: Annotated[list[str], Query(max_length=20, description="单位名称或代号")] = [],  # noqa: B006 - the framework copies it
    any_role: Annotated[bool, Query(description="配合单位也算")] = False,
    instrument: Annotated[list[str], Query(max_length=20, description="文件的键")] = [],  # noqa: B006
    origin: Annotated[list[str], Query(max_length=4, description="by | within | every | none")] = [],  # noqa: B006
    month: Annotated[
        str, Query(pattern=r"^(?:|(?:19|20)\d\d-(?:0[1-9]|1[0-2]))$", description="到期月份 YYYY-MM")
    ] = "",
    local: Annotated[bool, Query(description="只看镇区也要办的")] = False,
    q: Annotated[str, Query(max_length=60)] = "",
    on: Annotated[datetime.date | None, Query(description="只看这一天有效的文件")] = None,
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> DutyPage:
    """List the duties of current instruments by due date."""
    wanted = LedgerFilter(
        organs=tuple(organ),
        any_role=any_role,
        documents=tuple(instrument),
        origins=tuple(value for value in origin if value in Duty.Origin.values),
        month=datetime.date.fromisoformat(f"{month}-01") if month else None,
        local=local,
        q=q.strip(),
        on=on,
    )
    asked = Ledger(wanted, actor=actor_of(request))
    found = asked.page(size=limit, after=after)
    targets = queries.targets_by_clause(found.rows)
    total = asked.total()
    day = on or CLOCK.today()
    return DutyPage(
        items=[_duty(row, targets, day) for row in found.rows],
        next=found.next or None,
        total=total.value,
        exact=total.exact,
    )


@router.get(
    "/duties/{id}",
    auth=Needs("duty.see"),
    response={200: DutyOut, ERRORS: Problem},
    summary="一条责任",
)
def duty(request: HttpRequest, id: RowId) -> DutyOut:  # noqa: A002 - the address's own word
    """Return one duty; those of superseded versions too."""
    rows = list(queries.complete(queries.visible(actor_of(request)).filter(pk=id)))
    if not rows:
        raise LuoshiError("E_NOT_FOUND", f"台账里没有第 {id} 号责任。")
    return _duty(rows[0], queries.targets_by_clause(rows), CLOCK.today())


def _duty(row: Duty, targets: Mapping[int, list[Target]], day: datetime.date) -> DutyOut:
    organs = [(o.leads, OrganOut(name=o.name, slug=o.slug or None)) for o in row.organs.all()]
    chip = cite(row.instrument, row.clause_path)
    return DutyOut(
        id=row.pk,
        instrument=row.instrument.key,
        instrument_title=row.instrument.name,
        clause=row.clause_path,
        citation=chip.text,
        href=chip.href,
        summary=row.summary,
        action=row.action,
        lead=[organ for leads, organ in organs if leads],
        cooperating=[organ for leads, organ in organs if not leads],
        local=row.local,
        local_text=row.local_text,
        time_limits=[
            LimitOut(
                kind=limit.kind,
                value=limit.value,
                text=limit.text,
                words=words(limit.kind, limit.value),
                due_on=limit.due_on,
                next_due=next_due(limit.kind, limit.value, day),
            )
            for limit in row.limits.all()
        ],
        targets=[
            TargetOut(
                subject=t.subject,
                op=t.op,
                value=t.value,
                unit=t.unit,
                by=t.by,
                baseline=t.baseline or None,
                aspiration=t.aspiration,
            )
            for t in targets.get(row.clause_id or 0, [])
        ],
        origin=row.origin,
        basis=row.basis,
        confidence=row.confidence,
        open_ended=row.open_ended,
    )
