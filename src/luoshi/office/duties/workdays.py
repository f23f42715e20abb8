"""Working days between two days in constant time: lists ask it for every row."""

from __future__ import annotations

import datetime
from functools import lru_cache

from luoshi.kernel.calendar import ONE_DAY, WorkingCalendar, announced_calendar
from luoshi.kernel.errors import LuoshiError

_FIRST = datetime.date(2004, 1, 1)
_LAST = datetime.date(2050, 12, 31)


def calendar() -> WorkingCalendar:
    """Return the working calendar in force."""
    return announced_calendar()


@lru_cache(maxsize=4)
def _counts(version: str) -> tuple[list[int], WorkingCalendar]:
    """Return, for every day since the table begins, the number of working days up to and including it."""
    table, total, found = calendar(), 0, []
    for offset in range((_LAST - _FIRST).days + 1):
        total += table.is_working(_FIRST + datetime.timedelta(days=offset))
        found.append(total)
    return found, table


def _upto(day: datetime.date) -> int:
    counts, _table = _counts(calendar().version)
    if day < _FIRST:
        return 0
    return counts[min((day - _FIRST).days, len(counts) - 1)]


def after(first: datetime.date, last: datetime.date) -> int:
    """Return the working days after `first` up to and including `last`; 0 when `last` is not later."""
    return max(_upto(last) - _upto(first), 0)


def left(today: datetime.date, due: datetime.date) -> int:
    """Return the working days from `today` to the due day, both included."""
    return max(_upto(due) - _upto(today - ONE_DAY), 0)


def is_working(day: datetime.date) -> bool:
    """Tell whether the day is worked; a day the table does not reach counts by its weekday."""
    try:
        return calendar().is_working(day)
    except LuoshiError:
        return day.weekday() < 5


def shift(day: datetime.date, number: int) -> datetime.date:
    """Return the number-th working day after (negative: before) the day."""
    step = ONE_DAY if number > 0 else -ONE_DAY
    while number:
        day += step
        number -= (1 if step > datetime.timedelta(0) else -1) * is_working(day)
    return day


def is_provisional(day: datetime.date) -> bool:
    """Tell whether the day's year has not been announced."""
    return calendar().is_provisional(day)
