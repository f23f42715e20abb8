"""Days as people write them, and what a change of the calendar makes of them."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from luoshi.kernel.calendar import ONE_DAY, DayKind, WorkingCalendar
from luoshi.kernel.errors import LuoshiError
from luoshi.office.calendar import book
from luoshi.office.calendar.models import CalendarChange

MOST = 400
"""So many days a notice may name: a year's arrangement names some forty."""
_DAY = r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?"
_SPAN = re.compile(rf"{_DAY}(?:\s*(?:~|～|至|到|–|—|\.\.)\s*{_DAY})?")
_BETWEEN = re.compile(r"[\s,，;；、]+")


def read_days(text: str) -> list[datetime.date]:
    """Return the days of `2019-10-01至2019-10-07，2019-10-12`, in order; E_INPUT names what cannot be read."""
    found: set[datetime.date] = set()
    rest = _SPAN.sub(lambda match: _taken(match, found), text)
    if left := [part for part in _BETWEEN.split(rest) if part]:
        raise LuoshiError("E_INPUT", f"“{left[0][:20]}”不是日期，应如 2019-10-01 或 2019-10-01至2019-10-07。")
    if len(found) > MOST:
        raise LuoshiError("E_INPUT", f"一次至多{MOST}天，现在是{len(found)}天。")
    return sorted(found)


def _taken(match: re.Match[str], found: set[datetime.date]) -> str:
    try:
        first = datetime.date(*(int(part) for part in match.groups()[:3]))
        last = datetime.date(*(int(part) for part in match.groups()[3:])) if match[4] else first
    except ValueError:
        raise LuoshiError("E_INPUT", f"没有“{match[0][:30]}”这一天。") from None
    if not 0 <= (last - first).days < MOST:
        raise LuoshiError("E_INPUT", f"“{match[0][:40]}”的止日早于起日，或超过{MOST}天。")
    found.update(first + datetime.timedelta(days=n) for n in range((last - first).days + 1))
    return " "


def with_change(change: CalendarChange) -> WorkingCalendar:
    """Return the calendar as it would be with an entered change over what is in force."""
    approved = CalendarChange.objects.filter(state=CalendarChange.State.APPROVED).exclude(pk=change.pk)
    known = list(approved.order_by("position").values_list("off", "worked", "whole_year", "source"))
    return book.applied([*known, (change.off, change.worked, change.whole_year, change.source)])


@dataclass(frozen=True, slots=True)
class Turned:
    """A day that becomes another kind of day."""

    day: datetime.date
    old: DayKind
    new: DayKind


def turned(before: WorkingCalendar, after: WorkingCalendar, days: Iterable[datetime.date]) -> list[Turned]:
    """Return the days among `days` that are not what they were, in order."""
    found = []
    for day in sorted(set(days)):
        if not after.knows(day):
            continue
        old = before.kind(day) if before.knows(day) else DayKind.WEEKEND if day.weekday() >= 5 else DayKind.WORKDAY
        if (new := after.kind(day)) is not old:
            found.append(Turned(day, old, new))
    return found


def named_days(change: CalendarChange) -> list[datetime.date]:
    """Return the days a change names; for a whole year all of that year and its edges."""
    named = [datetime.date.fromisoformat(day) for day in (*change.off, *change.worked)]
    if change.whole_year:
        first = datetime.date(change.whole_year, 1, 1)
        named += [first + n * ONE_DAY for n in range(366)]
    return sorted(set(named))


def span(days: Sequence[datetime.date]) -> list[tuple[datetime.date, datetime.date]]:
    """Put neighbouring days together: first and last of each stretch."""
    found: list[tuple[datetime.date, datetime.date]] = []
    for day in days:
        if found and day - found[-1][1] == ONE_DAY:
            found[-1] = found[-1][0], day
        else:
            found.append((day, day))
    return found
