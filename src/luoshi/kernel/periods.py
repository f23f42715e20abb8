"""Limits that hang on the calendar: fixed dates, yearly and monthly days, clock times, periods, windows.

Each function gives a day, a moment or a pair of days; `due_on_day` and `due_at` make a `Due` of them.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from luoshi.kernel.calendar import ONE_DAY, WorkingCalendar
from luoshi.kernel.clock import SHANGHAI, end_of, local
from luoshi.kernel.counting import add_months, roll_to_working_day
from luoshi.kernel.dues import Due, Roll, Step, moment_name
from luoshi.kernel.errors import LuoshiError


class Period(NamedTuple):
    """Days from first to last, both included."""

    first: date
    last: date

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last


_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


def period_of(name: str, day: date) -> Period:
    """Return the week (Monday to Sunday), month, quarter, half-year or year in which the day lies."""
    if name == "week":
        first = day - timedelta(days=day.weekday())
        return Period(first, first + timedelta(days=6))
    if name not in _MONTHS:
        raise LuoshiError("E_INPUT", f"没有这种周期: {name}", fields={"period": name, "known": ["week", *_MONTHS]})
    months = _MONTHS[name]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return Period(first, add_months(first, months) - ONE_DAY)


def season_of(opens: tuple[int, int], closes: tuple[int, int], day: date) -> Period:
    """Return the season (heating season and the like), given by month and day, that holds the day or comes next."""
    for year in (day.year - 1, day.year, day.year + 1):
        first = clamped(year, *opens)
        last = clamped(year if closes >= opens else year + 1, *closes)
        if day <= last:
            return Period(first, last)
    raise AssertionError("a season comes every year")


def clamped(year: int, month: int, day: int) -> date:
    """Return the date, or the last day of the month if the month has no such day."""
    if not (1 <= month <= 12 and 1 <= day <= 31):
        raise LuoshiError("E_INPUT", f"没有这个日期: {month}月{day}日", fields={"month": month, "day": day})
    return date(year, month, min(day, monthrange(year, month)[1]))


def yearly(month: int, day: int, on_or_after: date) -> date:
    """Return the first such day of a year on or after the given one; 31 means the end of the month."""
    this_year = clamped(on_or_after.year, month, day)
    return this_year if this_year >= on_or_after else clamped(on_or_after.year + 1, month, day)


def monthly(day: int, on_or_after: date) -> date:
    """Return the first such day of a month on or after the given one; 31 means the end of the month."""
    this_month = clamped(on_or_after.year, on_or_after.month, day)
    if this_month >= on_or_after:
        return this_month
    following = add_months(on_or_after.replace(day=1), 1)
    return clamped(following.year, following.month, day)


def nth_working_day(year: int, month: int, n: int, calendar: WorkingCalendar) -> date:
    """Return the n-th working day of a month; -1 is the last one. E_INPUT if the month has not so many."""
    first = date(year, month, 1)
    last = add_months(first, 1) - ONE_DAY
    found = calendar.shift(first - ONE_DAY, n) if n > 0 else calendar.shift(last + ONE_DAY, n)
    if n == 0 or not first <= found <= last:
        raise LuoshiError("E_INPUT", f"{year}年{month}月没有第{n}个工作日", fields={"n": n})
    return found


def daily_at(event: datetime, at: time, cutoff: time | None) -> datetime:
    """Return the first clock time owed after an event.

    The day of the event owes it if the event came by the cut-off (included), or, without one, by the clock time itself.
    """
    start = local(event)
    same_day = start.time() <= (cutoff if cutoff is not None else at)
    return datetime.combine(start.date() if same_day else start.date() + ONE_DAY, at, SHANGHAI)


def repeated(first: datetime, ends_at: datetime) -> Iterator[datetime]:
    """Every daily moment from the first on; none on a day on which the duty ends before it."""
    moment = first
    while moment <= local(ends_at):
        yield moment
        moment += ONE_DAY


def rolling_days(day: date, n: int) -> Period:
    """Return the window of n days: the day and the n-1 days before it."""
    return Period(day - timedelta(days=n - 1), day)


def in_rolling_seconds(moment: datetime, other: datetime, seconds: int) -> bool:
    """Tell whether `other` lies in the window (moment - seconds, moment]."""
    return timedelta(0) <= local(moment) - local(other) < timedelta(seconds=seconds)


def owed(period: Period, liable: Sequence[Period]) -> bool:
    """Tell whether somebody liable on the given days owes the period its once: one day in it is enough."""
    return any(span.first <= period.last and span.last >= period.first for span in liable)


def due_on_day(
    day: date, calendar: WorkingCalendar, step: Step, roll: Roll = Roll.NONE, *, counted: bool = False
) -> Due:
    """Return the limit that ends with the day. `counted`: the day was found by counting working days of its month."""
    steps = [step]
    end = day
    if roll is Roll.NEXT:
        rolled = roll_to_working_day(day, calendar)
        end = rolled.day
        steps += [rolled.step] if rolled.step else []
    provisional = (counted or roll is Roll.NEXT) and (calendar.is_provisional(day) or calendar.is_provisional(end))
    return Due(end_of(end), False, provisional, calendar.version, tuple(steps))


def due_at(moment: datetime, calendar: WorkingCalendar, step: Step) -> Due:
    """Return the limit that ends at the moment, the moment itself in time."""
    return Due(local(moment), True, False, calendar.version, (step,))


def window_step(opens: date, closes: date) -> Step:
    """The step of a window from-to, both ends included."""
    return Step("window", f"自{moment_name(opens)}起至{moment_name(closes)}止，首尾两日均含")
