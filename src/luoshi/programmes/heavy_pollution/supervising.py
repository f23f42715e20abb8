"""督办: the letter to an organ whose reports of an episode are overdue or whose measures are not in place (9)."""

from __future__ import annotations

import datetime
from typing import Any

from luoshi.kernel.clock import CLOCK, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.notices import actions as notices
from luoshi.office.notices.models import Notice
from luoshi.office.permissions import require
from luoshi.programmes.heavy_pollution import plan
from luoshi.programmes.heavy_pollution.models import Contact, EpisodeDuty, MeasureTask, Response
from luoshi.programmes.heavy_pollution.moments import until

KIND = "heavy_pollution.supervision"
ANSWER = datetime.timedelta(hours=24)
"""So long an organ has to answer, unless the draft is changed."""
MOST = 40
"""A letter names at most so many failures; the rest is a line that counts them."""
_State = MeasureTask.State


def faults_of(response: Response, organ: str, now: datetime.datetime) -> list[dict[str, str]]:
    """Return what an organ has not done by now: reports overdue, tasks that failed or were not answered in time."""
    found = [
        {
            "what": row.get_kind_display(),
            "due": _moment(row.due_at),
            "state": "逾期未报",
            "basis": _clause(row.citation),
        }
        for row in response.duties.filter(organ=organ, state=EpisodeDuty.State.DUE, due_at__lt=now).order_by("due_at")
    ]
    known = plan.measures()
    tasks = response.tasks.filter(organ=organ, closed="")
    late = tasks.filter(state__in=(_State.SENT, _State.RECEIVED), due_at__lt=now) | tasks.filter(state=_State.FAILED)
    rows = list(late.order_by("measure", "id")[: MOST + 1])
    for row in rows[:MOST]:
        state = "未落实" if row.state == _State.FAILED else "逾期未回报"
        what = f"{known[row.measure].title}：{row.object_name}" if row.object_name else known[row.measure].title
        found.append({"what": what, "due": _moment(row.due_at), "state": state,
                      "basis": _clause(known[row.measure].citations[0])})  # fmt: skip
    if len(rows) > MOST:
        found.append({"what": f"其余{late.count() - MOST}项措施", "due": "—", "state": "见措施任务页", "basis": "—"})
    return found


def supervise(*, actor: Actor, response: int, organ: str) -> Notice:
    """Draft the letter to an organ, once a day and response; it is signed and sent like any paper.

    Errors: E_FORBIDDEN (not of the command's office), E_NOT_FOUND, E_STATE where the organ has nothing overdue.
    """
    require(actor, "pollution.command", [plan.COMMAND])
    row = Response.objects.select_related("warning__case").filter(pk=response).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第 {response} 号应急响应。")
    now = CLOCK.now()
    faults = faults_of(row, organ, now)
    if not faults:
        raise LuoshiError("E_STATE", "这个单位没有逾期的报告或未落实的任务，不用督办。")
    person = Contact.objects.filter(organ=organ, kind=Contact.Kind.RESPONSIBLE, void=False, ended_on=None).first()
    fields: dict[str, Any] = {
        "organ": organ, "person": person.name if person else "", "warning": row.warning.case.number, "items": faults,
        "answer_by": now + ANSWER,
    }  # fmt: skip
    return notices.draft(
        actor=actor, kind=KIND, fields=fields, case=row.warning.case_id, organ=plan.COMMAND,
        exercise=row.warning.exercise, subject=f"hp-response:{row.pk}",
        key=f"hp-supervision:{row.pk}:{organ}:{local(now):%Y-%m-%d}",
    )  # fmt: skip


def _moment(at: datetime.datetime | None) -> str:
    return until(at) if at is not None else "—"


def _clause(citation: str) -> str:
    """Return the clause without the document, which the letter names once."""
    return citation.partition(" ")[2] or citation
