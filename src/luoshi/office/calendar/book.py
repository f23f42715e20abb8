"""The working calendar in force: the delivered table with the approved changes over it."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Sequence

from luoshi.kernel.calendar import WorkingCalendar, announced_calendar
from luoshi.office.calendar.models import CalendarChange
from luoshi.office.rows import Question

_LOCK = threading.Lock()
_KNOWN: dict[str, WorkingCalendar] = {}
_KEPT = 8
Change = tuple[list[str], list[str], int | None, str]
"""Days off, days worked (ISO), the year that is announced by it, its source."""


APPROVED = Question(CalendarChange, "state = 'approved' ORDER BY position")
"""What has to be asked to know the calendar in force; `read` takes the answer."""


def read(approved: Sequence[CalendarChange]) -> WorkingCalendar:
    """Return the calendar that approved changes make, in their order."""
    return applied([(row.off, row.worked, row.whole_year, row.source) for row in approved])


def calendar(at: datetime.datetime | None = None) -> WorkingCalendar:
    """Return the calendar in force, or that of the moment `at`; one query, the table itself is made once a change."""
    if at is None:
        return read(APPROVED.rows())
    approved = CalendarChange.objects.filter(state=CalendarChange.State.APPROVED, decided_at__lte=at)
    return applied(list(approved.order_by("position").values_list("off", "worked", "whole_year", "source")))


def applied(changes: Sequence[Change]) -> WorkingCalendar:
    """Return the delivered table with changes over it, in their order."""
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
            if len(_KNOWN) >= _KEPT:
                _KNOWN.pop(next(iter(_KNOWN)))
            _KNOWN[key] = known
    return known
