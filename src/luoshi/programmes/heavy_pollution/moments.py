"""Moments of hourly data: read from text, put on the full hour, written with +08:00."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from luoshi.kernel.clock import local, start_of
from luoshi.programmes.heavy_pollution.numbers import Exact

HOUR = timedelta(hours=1)
_FIRST, _LAST = 1990, 2100
_Moment = TypeVar("_Moment", date, datetime)


def read_moment(value: Any) -> date | datetime:
    """Return a day (text without an hour) or a moment; `24:00` is the start of the next day. ValueError else."""
    if isinstance(value, datetime):
        return _within(local(value), value)
    if isinstance(value, date):
        return _within(value, value)
    if not isinstance(value, str):
        raise ValueError("应为日期或时刻，如 2018-01-14 或 2018-01-14T09:30")
    text = value.strip().replace(" ", "T", 1).replace("Z", "+00:00")
    try:
        if len(text) <= 10:
            return _within(date.fromisoformat(text), value)
        midnight = text[10:16] == "T24:00"
        if midnight and text[16:].replace(":00", "").strip("+08"):
            raise ValueError
        moment = local(datetime.fromisoformat(text.replace("T24:", "T00:") if midnight else text))
        return _within(moment + timedelta(days=1) if midnight else moment, value)
    except ValueError:
        raise ValueError(f"“{value[:40]}”不是日期或时刻，应如 2018-01-14 或 2018-01-14T09:30") from None


def read_instant(value: Any) -> datetime:
    """Return a moment; a day counts from its 00:00."""
    found = read_moment(value)
    return found if isinstance(found, datetime) else start_of(found)


def read_full_hour(value: Any) -> datetime:
    """Return the start of an hour; ValueError for a moment inside one."""
    found = read_instant(value)
    if found.minute or found.second or found.microsecond:
        raise ValueError(f"“{value}”不是整点：每小时的数据以其开始的整点为准")
    return found


def _within(moment: _Moment, value: Any) -> _Moment:
    if not _FIRST <= moment.year < _LAST:
        raise ValueError(f"“{str(value)[:40]}”的年份应在{_FIRST}年至{_LAST}年之间")
    return moment


def after(moment: datetime, hours: Exact) -> datetime:
    """Return the moment so many hours later; parts of an hour are exact to the microsecond."""
    return moment + timedelta(microseconds=int(hours * 3_600_000_000))


def written(moment: datetime) -> str:
    """Return a moment as it is exchanged: to the second, with +08:00."""
    return local(moment).isoformat(timespec="seconds")


def named(moment: datetime) -> str:
    """Return a moment as a sentence names it."""
    return local(moment).strftime("%Y-%m-%d %H:%M:%S" if moment.second else "%Y-%m-%d %H:%M")


def until(moment: datetime) -> str:
    """Write the end of a limit as officials do: midnight is 24:00 of the day that ends (01月13日 24:00)."""
    shown = local(moment)
    if (shown.hour, shown.minute, shown.second) == (0, 0, 0):
        return f"{shown - timedelta(days=1):%m月%d日} 24:00"
    return f"{shown:%m月%d日 %H:%M}"
