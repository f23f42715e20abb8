"""The working calendar: which days are worked, from the State Council's yearly notices (conventions section 1).

A working day is a day that is neither a weekend nor a holiday, or a weekend turned into a working day (调休). A year
whose notice is not out yet is reckoned from weekends and statutory festival days and is provisional; before the first
year of the table there is no answer. A calendar never changes: a late notice makes a new one with a new version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from luoshi.kernel.errors import LuoshiError

ONE_DAY = timedelta(days=1)


class DayKind(StrEnum):
    """What sort of day it is; the value is the Chinese word for it."""

    WORKDAY = "工作日"
    WORKED_WEEKEND = "调休上班"
    WEEKEND = "周末"
    HOLIDAY = "节假日"

    @property
    def works(self) -> bool:
        """Whether people work on such a day."""
        return self in (DayKind.WORKDAY, DayKind.WORKED_WEEKEND)


def _festivals(rows: str) -> dict[int, tuple[tuple[int, int], ...]]:
    table = {}
    for row in rows.strip().splitlines():
        for entry in row.split(";"):
            year, *days = entry.split()
            table[int(year)] = tuple((int(day[:2]), int(day[3:])) for day in days)
    return table


LUNAR_FESTIVALS = _festivals(
    """
    2027 02-06 06-09 09-15; 2028 01-26 05-28 10-03; 2029 02-13 06-16 09-22; 2030 02-03 06-05 09-12
    2031 01-23 06-24 10-01; 2032 02-11 06-12 09-19; 2033 01-31 06-01 09-08; 2034 02-19 06-20 09-27
    2035 02-08 06-10 09-16; 2036 01-28 05-30 10-04; 2037 02-15 06-18 09-24; 2038 02-04 06-07 09-13
    2039 01-24 05-27 10-02; 2040 02-12 06-14 09-20; 2041 02-01 06-03 09-10; 2042 01-22 06-22 09-28
    2043 02-10 06-11 09-17; 2044 01-30 05-31 10-05; 2045 02-17 06-19 09-25; 2046 02-06 06-08 09-15
    2047 01-26 05-29 10-04; 2048 02-14 06-15 09-22; 2049 02-02 06-04 09-11; 2050 01-23 06-23 09-30
    2018 02-16 06-18 09-24; 2019 02-05 06-07 09-13; 2020 01-25 06-25 10-01; 2021 02-12 06-14 09-21
    2022 02-01 06-03 09-10; 2023 01-22 06-22 09-29; 2024 02-10 06-10 09-17; 2025 01-29 05-31 10-06
    2026 02-17 06-19 09-25
    """
)
"""Spring Festival (初一), Dragon Boat (端午) and Mid-Autumn (中秋) by year, known long ahead."""


@lru_cache(maxsize=64)
def statutory_days(year: int) -> frozenset[date]:
    """Return the festival days everyone has off by 《全国年节及纪念日放假办法》, without swapped weekends.

    From 2025 New Year's Eve of the lunar year and 2 May are among them. E_CALENDAR_MISSING outside the festival table.
    """
    if year not in LUNAR_FESTIVALS:
        raise LuoshiError("E_CALENDAR_MISSING", f"{year}年的节日日期不在日历表内", fields={"year": year})
    spring, dragon_boat, mid_autumn = (date(year, month, day) for month, day in LUNAR_FESTIVALS[year])
    tomb_sweeping = int((year % 100) * 0.2422 + 4.81) - (year % 100) // 4
    days = {date(year, 1, 1), date(year, 4, tomb_sweeping), date(year, 5, 1), dragon_boat, mid_autumn}
    days |= {spring + timedelta(days=offset) for offset in range(-1 if year >= 2025 else 0, 3)}
    days |= {date(year, 10, day) for day in (1, 2, 3)}
    if year >= 2025:
        days.add(date(year, 5, 2))
    return frozenset(days)


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """A version of the table: `off` are the weekdays and weekends named holidays, `worked` the weekends worked.

    `years` are the announced ones; `version` names this state of the table, `source` where it came from.
    """

    off: frozenset[date]
    worked: frozenset[date]
    years: frozenset[int]
    version: str
    source: str

    @property
    def first_year(self) -> int:
        """First year of the table."""
        return min(self.years)

    def is_provisional(self, day: date) -> bool:
        """Tell whether the day's year has not been announced."""
        return day.year not in self.years

    def knows(self, day: date) -> bool:
        """Tell whether `kind` has an answer for the day, be it a provisional one."""
        return day.year in self.years or (day.year > self.first_year and day.year in LUNAR_FESTIVALS)

    def kind(self, day: date) -> DayKind:
        """Return what sort of day it is. E_CALENDAR_MISSING before the first year."""
        if day in self.worked:
            return DayKind.WORKED_WEEKEND
        if day in self.off or (day.year not in self.years and day in self._unannounced(day.year)):
            return DayKind.HOLIDAY
        return DayKind.WEEKEND if day.weekday() >= 5 else DayKind.WORKDAY

    def is_working(self, day: date) -> bool:
        """Tell whether the day is a working day."""
        return self.kind(day).works

    def _unannounced(self, year: int) -> frozenset[date]:
        if year < self.first_year:
            raise LuoshiError(
                "E_CALENDAR_MISSING",
                f"工作日历自{self.first_year}年起，没有{year}年的放假安排",
                fields={"year": year, "first_year": self.first_year},
            )
        return statutory_days(year)

    def days(self, first: date, last: date) -> Iterator[date]:
        """Every day from first to last, both included; backwards if last is earlier."""
        step = ONE_DAY if last >= first else -ONE_DAY
        day = first
        while day != last:
            yield day
            day += step
        yield day

    def working_days(self, first: date, last: date) -> int:
        """Return the number of working days from first to last, both included; 0 if last is earlier."""
        return sum(map(self.is_working, self.days(first, last))) if last >= first else 0

    def shift(self, day: date, number: int) -> date:
        """Return the number-th working day after (or, negative, before) the day; the day itself is not counted."""
        step = ONE_DAY if number > 0 else -ONE_DAY
        left = abs(number)
        while left:
            day += step
            left -= self.is_working(day)
        return day

    def on_or_after(self, day: date) -> date:
        """Return the day if it is worked, else the next working day."""
        while not self.is_working(day):
            day += ONE_DAY
        return day

    def with_change(self, *, off: Iterable[date] = (), worked: Iterable[date] = (), source: str) -> WorkingCalendar:
        """Return the calendar after a notice that turns days off or into working days; its version names the change.

        A year is taken as announced by a notice only if it was before: a single date announces no year.
        """
        days_off, days_worked = frozenset(off), frozenset(worked)
        if both := days_off & days_worked:
            names = "、".join(day.isoformat() for day in sorted(both))
            raise LuoshiError("E_INPUT", f"同一天不能既放假又上班: {names}", fields={"days": names})
        return self._changed(days_off, days_worked, self.years, source)

    def with_year(self, year: int, *, off: Collection[date], worked: Collection[date], source: str) -> WorkingCalendar:
        """Return the calendar with a year announced; its dates lie in that year or just beside it."""
        if stray := [day for day in (*off, *worked) if abs((day - date(year, 7, 1)).days) > 190]:
            raise LuoshiError("E_INPUT", f"{stray[0].isoformat()}不在{year}年的放假安排内", fields={"year": year})
        return self._changed(frozenset(off), frozenset(worked), self.years | {year}, source)

    def _changed(
        self, off: frozenset[date], worked: frozenset[date], years: frozenset[int], source: str
    ) -> WorkingCalendar:
        weekends = frozenset(day for day in worked if day.weekday() >= 5)
        return WorkingCalendar(
            off=(self.off - worked) | off,
            worked=(self.worked - off) | weekends,
            years=years,
            version=f"{self.version.partition('+')[0]}+{_digest(self.version, off, worked, years)}",
            source=source,
        )


def _digest(before: str, off: Iterable[date], worked: Iterable[date], years: Iterable[int]) -> str:
    """Name a change by all that came before it and by itself, in few letters however many changes there were."""
    text = ";".join([before, *(",".join(sorted(map(str, part))) for part in (off, worked, years))])
    return hashlib.sha256(text.encode()).hexdigest()[:8]


@lru_cache(maxsize=1)
def announced_calendar() -> WorkingCalendar:
    """Return the calendar of the notices known to the package chinesecalendar (from 2004), the seed of every other."""
    import chinese_calendar
    from chinese_calendar import constants

    return WorkingCalendar(
        off=frozenset(constants.holidays),
        worked=frozenset(constants.workdays),
        years=frozenset(day.year for day in constants.holidays),
        version=f"chinesecalendar-{chinese_calendar.__version__}",
        source="国务院办公厅历年节假日安排通知",
    )
