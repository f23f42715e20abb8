"""Operations on smallest tasks that the room adds: the head's signature, changes by an instrument."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from luoshi.office.web import Needs, actor_of
from luoshi.programmes.supervision import adjusting, signing
from luoshi.programmes.supervision.models import Adjustment
from luoshi.programmes.supervision.task_views import task_of

router = Router()
_PLAIN = r"^[^\x00]*$"
Text = Annotated[str, Field(max_length=1000, pattern=_PLAIN)]
Short = Annotated[str, Field(max_length=80, pattern=_PLAIN)]
Version = Annotated[int | None, Field(ge=1, lt=2**31)]
_REFUSALS = frozenset((400, 401, 403, 404, 405, 409, 422))


class Refused(Schema):
    """A refusal (RFC 9457)."""

    code: str
    detail: str


class SignIn(Schema):
    """The version of the task that was seen."""

    version: Version = None


class AdjustIn(SignIn):
    """A change asked for: the instrument and the place in it, the reason; new target, new due day, or cancelled."""

    instrument: Short
    place: Short
    reason: Text
    value: Decimal | None = None
    due: datetime.date | None = None
    withdraw: bool = False


class DecideIn(SignIn):
    """The leader's decision; a refusal has a reason."""

    approve: bool
    reason: Text = ""


_ANSWERS: dict[Any, Any] = {200: dict[str, Any], _REFUSALS: Refused}


def _told(row: Adjustment) -> dict[str, Any]:
    return {
        "id": row.pk, "matter": row.matter_id, "kind": row.kind, "instrument": row.instrument.key,
        "citation": row.citation, "reason": row.reason, "words": adjusting.words(row),
        "old": {"value": None if row.old_value is None else str(row.old_value.normalize()), "due": str(row.old_due),
                "planned_points": row.old_points},
        "new": {"value": None if row.new_value is None else str(row.new_value.normalize()), "due": str(row.new_due)},
        "asked_at": row.asked_at.isoformat(), "decision": row.decision or "waiting",
        "decided_at": row.decided_at.isoformat() if row.decided_at else None, "decision_reason": row.decision_reason,
    }  # fmt: skip


@router.post(
    "/supervision/tasks/{int:task}/sign-report", auth=Needs("work.reply"), response=_ANSWERS, summary="填报签字"
)
def report_sign(request: HttpRequest, task: int, body: SignIn) -> dict[str, Any]:
    """Sign the open report of a task as the head of its organ; a second time changes nothing."""
    made = signing.sign_report(actor=actor_of(request), matter=task, version=body.version)
    return {"report": made.report_id, "signed_at": made.signed_at.isoformat(), "signed_by": made.signed_name}


@router.get(
    "/supervision/tasks/{int:task}/adjustments", auth=Needs("work.see"), response=_ANSWERS, summary="任务的调整"
)
def adjustments(request: HttpRequest, task: int) -> dict[str, Any]:
    """Return the changes of a task that were asked for, oldest first, with what was and what is."""
    return {"adjustments": [_told(row) for row in adjusting.of(task_of(actor_of(request), task))]}


@router.post(
    "/supervision/tasks/{int:task}/adjustments", auth=Needs("work.reply"), response=_ANSWERS, summary="申请调整"
)
def adjust_ask(request: HttpRequest, task: int, body: AdjustIn) -> dict[str, Any]:
    """Ask to change a task by an instrument; nothing changes before the leader in charge decides."""
    return _told(adjusting.ask(actor=actor_of(request), matter=task, **body.dict()))


@router.post("/supervision/adjustments/{int:adjustment}", auth=Needs("work.lead"), response=_ANSWERS, summary="批调整")
def adjust_decide(request: HttpRequest, adjustment: int, body: DecideIn) -> dict[str, Any]:
    """Decide on a change as the leader in charge."""
    return _told(adjusting.decide(actor=actor_of(request), adjustment=adjustment, **body.dict()))
