"""Changing the working calendar: a notice entered by one hand, approved by another; open limits are counted again."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max

from luoshi.kernel.calendar import announced_calendar
from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.calendar import book
from luoshi.office.calendar.models import CalendarChange
from luoshi.office.locks import serialise
from luoshi.office.permissions import require, require_other_hand


def propose(
    *, actor: Actor, source: str, off: Sequence[datetime.date] = (), worked: Sequence[datetime.date] = (),
    whole_year: int | None = None,
) -> CalendarChange:  # fmt: skip
    """Enter a notice: days turned off, days worked, or a whole year's arrangement. It holds once another approves.

    Errors: E_FORBIDDEN, E_INPUT (no day, a day both off and worked, no source).
    """
    require(actor, "calendar.propose")
    if len(source.strip()) < 4:
        raise LuoshiError("E_INPUT", "请写明依据哪份通知（文号和名称）。", fields={"fields": {"source": "请写明依据"}})
    if not off and not worked:
        raise LuoshiError("E_INPUT", "请至少写一个放假日或上班日。", fields={"fields": {"off": "请写日期"}})
    # The kernel refuses what contradicts itself.
    table = announced_calendar()
    if whole_year:
        table.with_year(whole_year, off=off, worked=worked, source=source)
    else:
        table.with_change(off=off, worked=worked, source=source)
    with transaction.atomic():
        row = CalendarChange.objects.create(
            off=[day.isoformat() for day in sorted(off)],
            worked=[day.isoformat() for day in sorted(worked)],
            whole_year=whole_year,
            source=source.strip()[:200],
            proposed_at=CLOCK.now(),
            proposed_by=actor.name[:100],
            proposed_by_user_id=actor.user_id,
        )
        append(actor=actor, act="calendar.propose", subject=f"calendar:{row.pk}",
               after={"off": row.off, "worked": row.worked, "year": whole_year}, basis=row.source)  # fmt: skip
    return row


def approve(*, actor: Actor, change: int) -> CalendarChange:
    """Put an entered notice in force. Open limits are counted again at the next tick, both dates kept.

    Errors: E_FORBIDDEN, E_NOT_FOUND, E_STATE, E_SELF (who entered it).
    """
    return _decide(actor, change, CalendarChange.State.APPROVED)


def refuse(*, actor: Actor, change: int) -> CalendarChange:
    """Refuse an entered notice. Errors as of `approve`."""
    return _decide(actor, change, CalendarChange.State.REFUSED)


def _decide(actor: Actor, change: int, state: CalendarChange.State) -> CalendarChange:
    with transaction.atomic():
        require(actor, "calendar.approve")
        serialise("calendar")
        row = CalendarChange.objects.select_for_update().filter(pk=change).first()
        if row is None:
            raise LuoshiError("E_NOT_FOUND", f"没有第 {change} 号日历变更。")
        if row.state != CalendarChange.State.PROPOSED:
            raise LuoshiError("E_STATE", f"这项日历变更已是“{row.get_state_display()}”。")
        require_other_hand(actor, [row.proposed_by_user_id], "日历变更")
        row.state, row.decided_at, row.decided_by = state, CLOCK.now(), actor.name[:100]
        row.decided_by_user_id = actor.user_id
        if state == CalendarChange.State.APPROVED:
            row.position = (CalendarChange.objects.aggregate(last=Max("position"))["last"] or 0) + 1
        row.save()
        append(actor=actor, act=f"calendar.{'approve' if row.position else 'refuse'}", subject=f"calendar:{row.pk}",
               after={"state": row.state, "version": book.calendar().version}, basis=row.source)  # fmt: skip
    return row
