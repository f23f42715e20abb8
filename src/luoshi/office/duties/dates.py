"""From a normalised time limit to what the ledger sorts and filters by.

Forms are those of the gazette contract: `by` 2018-10-31; `between` 2018-01-01/2018-12-31; `every` yearly by 10-31,
quarterly, monthly by 15, daily by 15:00.
"""

from __future__ import annotations

import calendar
import datetime
import re
from typing import NamedTuple

_MONTHS = {
    "yearly": (12,),
    "half-yearly": (6, 12),
    "quarterly": (3, 6, 9, 12),
    "monthly": tuple(range(1, 13)),
    "weekly": tuple(range(1, 13)),
    "daily": tuple(range(1, 13)),
}
_RULE = re.compile(r"(yearly|half-yearly|quarterly|monthly|weekly|daily)(?: by (?:(\d\d)-)?(\d\d)(:\d\d)?)?")


class Occurrence(NamedTuple):
    """When a limit falls due: on `due_on`, or in each month of the bit mask `months` on `day` (31: the last)."""

    due_on: datetime.date | None
    months: int
    day: int


NEVER = Occurrence(None, 0, 31)


def _date(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


def occurrence(kind: str, value: str) -> Occurrence:
    """Return when the limit falls due; `NEVER` for spans that need an event, beginnings, and values of another form."""
    if kind == "by":
        return Occurrence(_date(value), 0, 31)
    if kind == "between":
        return Occurrence(_date(value.partition("/")[2]), 0, 31)
    if kind == "every" and (match := _RULE.fullmatch(value)):
        period, month, day, clock = match.groups()
        months = (int(month),) if month else _MONTHS[period]
        last = 31 if clock or day is None else int(day)
        if all(1 <= m <= 12 for m in months) and 1 <= last <= 31:
            return Occurrence(None, sum(1 << m for m in months), last)
    return NEVER


def next_due(kind: str, value: str, on: datetime.date) -> datetime.date | None:
    """Return the first due date of a recurring limit on or after `on`.

    None for what does not recur, and for each week and each day: they name no day of the year to wait for.
    """
    months, day = occurrence(kind, value)[1:]
    return None if value.startswith(("weekly", "daily")) else first_in(months, day, on)


def first_in(months: int, day: int, on: datetime.date) -> datetime.date | None:
    """Return the first `day` (31: the last) of one of the `months` on or after `on`, None when `months` is empty."""
    if not months:
        return None
    year, month = on.year, on.month
    for _ in range(13):
        if months >> month & 1:
            due = datetime.date(year, month, min(day, calendar.monthrange(year, month)[1]))
            if due >= on:
                return due
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return None


def words(kind: str, value: str) -> str:
    """Return the limit in Chinese as lists show it: `2018年10月31日前`, `每年10月31日前`, `10个工作日内`."""
    if kind in ("by", "from") and (day := _date(value)):
        return f"{day.year}年{day.month}月{day.day}日{'前' if kind == 'by' else '起'}"
    if kind == "between":
        first, _, last = value.partition("/")
        if (begin := _date(first)) and (end := _date(last)):
            return f"{begin.year}年{begin.month}月{begin.day}日至{end.year}年{end.month}月{end.day}日"
        return f"{_span(first)}至{_span(last)}"
    if kind == "within":
        before = value.endswith(" before")
        return f"提前{_span(value.removesuffix(' before'))}" if before else f"{_span(value)}内"
    if kind == "every" and (match := _RULE.fullmatch(value)):
        period, month, number, clock = match.groups()
        name = _PERIODS[period]
        if clock:
            return f"{name}{number}{clock}前"
        if month and number:
            return f"{name}{int(month)}月{int(number)}日前"
        return f"{name}{int(number)}日前" if number else name
    return value


_PERIODS = {
    "yearly": "每年",
    "half-yearly": "每半年",
    "quarterly": "每季度",
    "monthly": "每月",
    "weekly": "每周",
    "daily": "每日",
}
_UNITS = {
    "minutes": "分钟", "minute": "分钟", "hours": "小时", "hour": "小时", "days": "天", "day": "天",
    "working days": "个工作日", "working day": "个工作日", "weeks": "周", "week": "周",
    "months": "个月", "month": "个月",
    "years": "年", "year": "年",
}  # fmt: skip


def _span(value: str) -> str:
    figure, _, unit = value.partition(" ")
    return f"{figure}{_UNITS.get(unit, unit)}"
