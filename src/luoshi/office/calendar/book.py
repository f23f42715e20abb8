"""The working calendar in force: the delivered table with the approved changes over it."""

from __future__ import annotations

import datetime
import threading

from luoshi.kernel.calendar import WorkingCalendar, announced_calendar
from luoshi.office.calendar.models import CalendarChange

_LOCK = threading.Lock()
_KNOWN: dict[str, WorkingCalendar] = {}


def calendar() -> WorkingCalendar:
    """Return the calendar in force; one query, the table itself is made once a change."""
    changes = list(
        CalendarChange.objects.filter(state=CalendarChange.State.APPROVED)
        .order_by("position")
        .values_list("off", "worked", "whole_year", "source")
    )
    key = repr(changes)
    with _LOCK:
        if (known := _KNOWN.get(key)) is None:
            known = announced_calendar()
            for off, worked, whole_year, source in changes:
                days_off = [datetime.date.fromisoformat(day) for day in off]
                days_on = [datetime.date.fromisoformat(day) for day in worked]
                known = (
                    known.with_year(whole_year, off=days_off, worked=days_on, source=source)
                    if whole_year
                    else known.with_change(off=days_off, worked=days_on, source=source)
                )
            _KNOWN.clear()
            _KNOWN[key] = known
    return known
