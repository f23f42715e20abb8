"""The audit trail, jobs, a person's messages, health."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status

from luoshi.kernel.clock import local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.audit import queries
from luoshi.office.audit.jobs import VERIFY_JOB
from luoshi.office.audit.models import AuditEntry, AuditSeal
from luoshi.office.audit.queries import AuditFilter
from luoshi.office.jobs import actions as jobs
from luoshi.office.jobs.models import Job
from luoshi.office.messages import actions as messages
from luoshi.office.messages import queries as message_queries
from luoshi.site import health as checks
from luoshi.site.access import Needs, actor_of
from luoshi.site.api.gazettes import RowId
from luoshi.site.api.schemas import ERRORS, Problem

router = Router()

Word = Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")]


class AuditEntryOut(Schema):
    """One entry of the trail."""

    id: int
    stream: str
    position: int
    at: datetime.datetime
    received_at: datetime.datetime
    who: str
    user_id: int | None
    role: str
    organ: str
    for_id: int | None
    for_name: str
    via: str
    act: str
    subject: str
    purpose: str
    basis: str
    request_id: str
    key: str
    result: str
    previous: str
    digest: str


class AuditEntryFull(AuditEntryOut):
    """One entry with what was before and after."""

    before: Any
    after: Any
    version: int


class AuditPage(Schema):
    """One page of the trail."""

    items: list[AuditEntryOut]
    next: str | None
    total: int
    exact: bool


class SealOut(Schema):
    """One daily seal."""

    stream: str
    number: int
    day: datetime.date
    position: int
    count: int
    head: str
    digest: str
    signature: str
    made_at: datetime.datetime


class HeadOut(Schema):
    """Where a stream stands."""

    stream: str
    position: int
    digest: str


class MessageOut(Schema):
    """One message to the person who asks."""

    id: int
    key: str
    kind: str
    text: str
    href: str
    at: datetime.datetime
    read_at: datetime.datetime | None


class MessagePage(Schema):
    """One page of a person's messages."""

    items: list[MessageOut]
    next: str | None
    unread: int


class ReadIn(Schema):
    """Which messages were read; all of one's own without `ids`."""

    ids: list[int] | None = None


class ReadOut(Schema):
    """How many were unread."""

    read: int


class JobState(Schema):
    """One job."""

    id: int
    kind: str
    state: str
    by: str
    created_at: datetime.datetime
    finished_at: datetime.datetime | None
    result: Any = None
    error: Any = None


class CheckOut(Schema):
    """One check of the system's health."""

    key: str
    title: str
    state: str
    words: str
    remedy: str


def _entry(row: AuditEntry) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in AuditEntryOut.model_fields}
    return told | {"at": local(row.at), "received_at": local(row.received_at)}


@router.get("/audit", auth=Needs("audit.see"), response={200: AuditPage, ERRORS: Problem}, summary="审计记录")
def audit(
    request: HttpRequest,
    who: Word = "",
    act: Word = "",
    subject: Word = "",
    organ: Word = "",
    since: datetime.date | None = None,
    until: datetime.date | None = None,
    stream: Annotated[str, Query(pattern=r"^(?:|office|sensitive|access)$")] = "",
    result: Word = "",
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Any:
    """List the trail, newest first."""
    wanted = AuditFilter(who, act, subject, organ, since, until, stream, result)
    found, total = queries.audit_page(wanted, size=limit, after=after), queries.total(wanted)
    return {
        "items": [_entry(row) for row in found.rows],
        "next": found.next or None,
        "total": total.value,
        "exact": total.exact,
    }


@router.get("/audit/heads", auth=Needs("audit.verify"), response={200: list[HeadOut], ERRORS: Problem}, summary="链尾")
def heads(request: HttpRequest) -> Any:
    """Return where each stream stands."""
    return queries.heads()


@router.get(
    "/audit/seals", auth=Needs("audit.verify"), response={200: list[SealOut], ERRORS: Problem}, summary="每日封存"
)
def seals(
    request: HttpRequest, since: datetime.date | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> Any:
    """List seals, newest first."""
    rows = AuditSeal.objects.order_by("-id")
    if since is not None:
        rows = rows.filter(day__gte=since)
    return list(rows[:limit])


@router.post(
    "/audit/verify", auth=Needs("audit.verify"), response={202: JobState, ERRORS: Problem}, summary="校验审计链"
)
def verify(request: HttpRequest) -> Status[Any]:
    """Have the whole trail proven, as a job; its result says what was found."""
    return Status(202, jobs.enqueue(VERIFY_JOB, actor=actor_of(request), arguments={}))


@router.get(
    "/audit/{id}", auth=Needs("audit.see"), response={200: AuditEntryFull, ERRORS: Problem}, summary="一条审计记录"
)
def entry(request: HttpRequest, id: RowId) -> Any:  # noqa: A002 - the address's own word
    """Return one entry, with what was before and after."""
    row = queries.entry(id)
    if row is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第 {id} 号审计记录。")
    return _entry(row) | {"before": row.before, "after": row.after, "version": row.version}


@router.post("/jobs/{id}/stop", auth=Needs("job.see"), response={200: JobState, ERRORS: Problem}, summary="停下任务")
def stop(request: HttpRequest, id: RowId) -> Any:  # noqa: A002
    """Stop a job: at once while it waits, at its next report while it runs."""
    if not Job.objects.filter(pk=id).exists():
        raise LuoshiError("E_NOT_FOUND", f"没有第 {id} 号任务。")
    return jobs.stop(actor=actor_of(request), job_id=id)


@router.get("/messages", auth=Needs("desk.see"), response={200: MessagePage, ERRORS: Problem}, summary="我的消息")
def message_list(
    request: HttpRequest, unread: bool = False, after: str = "", limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Any:
    """List one's own messages, newest first."""
    user_id = actor_of(request).user_id or 0
    found = message_queries.messages_page(user_id, only_unread=unread, size=limit, after=after)
    return {"items": list(found.rows), "next": found.next or None, "unread": message_queries.unread(user_id)}


@router.post("/messages/read", auth=Needs("desk.see"), response={200: ReadOut, ERRORS: Problem}, summary="标为已读")
def read(request: HttpRequest, body: ReadIn) -> Any:
    """Mark one's own messages as read."""
    ids = None if body.ids is None else [pk for pk in body.ids[:1000] if 0 < pk < 2**62]
    return {"read": messages.mark_read(actor=actor_of(request), ids=ids)}


@router.get("/health", auth=Needs("health.see"), response={200: list[CheckOut], ERRORS: Problem}, summary="运行状况")
def health(request: HttpRequest) -> Any:
    """Carry out every check."""
    return checks.run()
