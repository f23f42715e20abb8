"""Reads of the changes of the calendar."""

from __future__ import annotations

from collections.abc import Sequence

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.calendar.models import CalendarChange


def changes(limit: int = 100) -> Sequence[CalendarChange]:
    """Return the changes that were entered, newest first."""
    return list(CalendarChange.objects.order_by("-id")[:limit])


def change(pk: int) -> CalendarChange:
    """Return one change; E_NOT_FOUND."""
    found = CalendarChange.objects.filter(pk=pk).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 号日历变更。")
    return found


def waiting_for(actor: Actor, bound: int) -> int:
    """Return how many entered changes wait for this person's approval, at most `bound`."""
    waiting = CalendarChange.objects.filter(state=CalendarChange.State.PROPOSED)
    return waiting.exclude(proposed_by_user__in=sorted(actor.hands)).order_by()[:bound].count()
