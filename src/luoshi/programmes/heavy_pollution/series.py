"""Hourly series as people write them: hours, runs of hours, whole days, concentrations; with or without times.

What a series may be written as: `[210, 205, null]` (AQI of hour after hour), `[[24, 50], [24, 400]]` (runs: number of
hours, value), `"24×50, 24×400"`, `{"days": [201, 150]}` or `"[201,150]d"` (whole days), objects
`{"hour": "2018-01-14T00:00", "PM2.5": 160, "CO": 1.2}`, or columns `{"PM2.5": [[12, 100], [24, 160]]}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from luoshi.kernel.clock import start_of
from luoshi.programmes.heavy_pollution import air
from luoshi.programmes.heavy_pollution.moments import HOUR, read_full_hour, read_moment, written
from luoshi.programmes.heavy_pollution.numbers import Exact, exact, plain
from luoshi.programmes.heavy_pollution.words import read_series

MAX_HOURS = 20_000
DAY_HOURS = 24
_NINES = re.compile(r"-9{2,}(\.[09]+)?")


class Hour(NamedTuple):
    """One hour. Its AQI is given, or reckoned from `amounts` (concentrations by series); neither: it is missing.

    `flat`: an equal part of a whole day, whose amounts are daily ones. `dust`: known to be excluded. `origin`:
    measured, forecast or edited; an edited hour keeps its `original` value and the `reason`.
    """

    aqi: Exact | None = None
    amounts: tuple[tuple[str, Exact], ...] = ()
    partial: bool = False
    dust: bool = False
    flat: bool = False
    origin: str = ""
    original: Exact | None = None
    reason: str = ""

    @property
    def is_missing(self) -> bool:
        """Whether nothing is known of the hour."""
        return self.aqi is None and not self.amounts


GAP = Hour()


class Series(NamedTuple):
    """Hours one after another; `start` is the beginning of the first where it is known."""

    hours: tuple[Hour, ...]
    start: datetime | None = None


# --- single values ----------------------------------------------------------------------------------------------------


def is_missing_code(value: Any) -> bool:
    """Whether a value stands for no value: nothing, or a code of nines (-999)."""
    if isinstance(value, int) and value >= 0:
        return False
    return value is None or value == "" or _NINES.fullmatch(str(value).strip()) is not None


def concentration(name: str, value: Any) -> Exact | None:
    """Return a concentration, None for a missing one; ValueError for a negative, absurd or non-numeric one."""
    if is_missing_code(value):
        return None
    pollutant = name.partition("_")[0]
    number = exact(value)
    if number < 0:
        raise ValueError(f"浓度值无效：{name}为{plain(number)}，不得为负")
    if number > air.largest(pollutant):
        why = "CO 单位应为 mg/m³" if pollutant == "CO" else "超出可信范围"
        raise ValueError(f"浓度值无效：{name}为{plain(number)}，{why}")
    return number


def index_value(value: Any) -> Exact | None:
    """Return an AQI, None for a missing one; ValueError outside 0 to 500."""
    if is_missing_code(value):
        return None
    number = exact(value)
    if not 0 <= number <= air.TOP:
        raise ValueError(f"AQI应在0至{air.TOP}之间，现为{value}")
    return number


# --- reading ----------------------------------------------------------------------------------------------------------

_COUNTS = frozenset({"n", "count", "repeat", "times", "小时数"})
_TIMES = frozenset({"hour", "time", "at", "hour_at", "时间"})
_DATES = frozenset({"date", "day", "日期"})
_INDEX = frozenset({"aqi", "AQI", "value"})
_NESTED = frozenset({"concentrations", "amounts", "pollutants", "values"})
_IGNORED = frozenset({"aqi_low", "aqi_high", "aqi_mid", "low", "high", "mid", "primary", "首要污染物"})
"""A range of the forecast is never graded by itself; the consultation adopts one value."""
_LISTS = ("hours", "series", "values", "hourly", "aqi")
_STARTS = ("start", "from", "first_hour")
_RUN = re.compile(r"(?:(\d{1,5})[×xX*])?([^×xX*]+)")
_DAYS = re.compile(r"\[(.*)\]\s*(?:d|天|日)", re.DOTALL)

Placed = tuple[datetime | None, int, Hour]
"""When (None: after the one before), how many hours, what."""


def read(value: Any, *, days: bool = False) -> Series:
    """Return a series written in any of the forms above; ValueError says what is wrong. `days`: one value a day."""
    if isinstance(value, Series):
        return value
    if isinstance(value, str):
        return _laid(_from_text(value, days), None)
    if isinstance(value, Mapping):
        return _from_mapping(value, days)
    if isinstance(value, Sequence):
        return _laid(_from_list(value, days), None)
    raise ValueError("应为逐小时数据的列表，如 [[24, 210], [24, 190]]")


def _from_text(text: str, days: bool) -> Iterator[Placed]:
    if found := _DAYS.fullmatch(text.strip()):
        text, days = found[1], True
    for part in re.split(r"[,，、;；\s]+", text.strip()):
        run = _RUN.fullmatch(part)
        if run is None:
            raise ValueError(f"“{part[:20]}”应如 24×210")
        yield None, _count(run[1] or 1, days), _plain_hour(run[2], days)


def _from_mapping(value: Mapping[str, Any], days: bool) -> Series:
    if "days" in value:
        rest = set(value) - {"days", *_STARTS}
        if rest:
            raise ValueError(f"没有“{sorted(rest)[0]}”这个字段")
        return _with_start(read(value["days"], days=True), value)
    if columns := {name: found for name in value if (found := read_series(name))}:
        if rest := set(value) - set(columns) - {*_STARTS}:
            raise ValueError(f"没有“{sorted(rest)[0]}”这个字段")
        return _with_start(_from_columns({name: value[name] for name in columns}, days), value)
    listed = [name for name in _LISTS if name in value]
    if len(listed) != 1 or (rest := set(value) - {listed[0], *_STARTS}):
        raise ValueError('应写成列表，或 {"hours": […], "start": "2018-01-14T00:00"}、{"days": […]}')
    return _with_start(read(value[listed[0]], days=days), value)


def _with_start(series: Series, value: Mapping[str, Any]) -> Series:
    given = next((value[name] for name in _STARTS if value.get(name) is not None), None)
    if given is None:
        return series
    start = read_full_hour(given)
    if series.start is not None and series.start != start:
        raise ValueError("开始时间与各小时的时间不一致")
    return series._replace(start=start)


def _from_columns(columns: Mapping[str, Any], days: bool) -> Series:
    """Read one list a pollutant, all of the same length."""
    lists = {}
    for name, column in columns.items():
        if isinstance(column, str):
            runs = [_RUN.fullmatch(part) for part in re.split(r"[,，、;；\s]+", column.strip())]
            if not all(runs):
                raise ValueError(f"“{name}”应如 24×160")
            column = [[int(run[1] or 1), run[2]] for run in runs if run is not None]
        if not isinstance(column, Sequence):
            raise ValueError(f"“{name}”应为列表")
        lists[name] = [amount for part in column for amount in _repeated(part)]
        if len(lists[name]) > MAX_HOURS:
            raise ValueError(f"最多{MAX_HOURS}小时")
    if len({len(column) for column in lists.values()}) > 1:
        raise ValueError("各污染物的小时数不一致")
    length = len(next(iter(lists.values())))
    count = DAY_HOURS if days else 1
    rows = ({name: column[place] for name, column in lists.items()} for place in range(length))
    return _laid(((None, count, _hour_of(row, days)) for row in rows), None)


def _repeated(part: Any) -> list[Any]:
    if isinstance(part, Sequence) and not isinstance(part, str):
        if len(part) != 2:
            raise ValueError("一段应写成 [小时数, 数值]")
        return [part[1]] * _count(part[0], False)
    return [part]


def _from_list(items: Sequence[Any], days: bool) -> Iterator[Placed]:
    for item in items:
        if isinstance(item, Mapping):
            yield _from_object(item, days)
        elif isinstance(item, str) and not is_missing_code(item):
            yield from _from_text(item, days)
        elif isinstance(item, Sequence) and not isinstance(item, str):
            if len(item) != 2:
                raise ValueError("一段应写成 [小时数, 数值]")
            count, inner = item
            if isinstance(inner, Mapping):
                when, times, hour = _from_object(inner, days)
                yield when, _count(count, False) * times, hour
            else:
                yield None, _count(count, days), _plain_hour(inner, days)
        else:
            yield None, DAY_HOURS if days else 1, _plain_hour(item, days)


def _count(value: Any, days: bool) -> int:
    count = exact(value)
    if not isinstance(count, int) or not 0 <= count <= MAX_HOURS:
        raise ValueError(f"小时数应为0至{MAX_HOURS}的整数，现为{value}")
    return count * DAY_HOURS if days else count


def _plain_hour(value: Any, days: bool) -> Hour:
    return Hour(aqi=index_value(value), flat=days)


def _from_object(item: Mapping[str, Any], days: bool) -> Placed:
    when: datetime | None = None
    count = 1
    is_day = days or item.get("flat") is True
    rest: dict[str, Any] = {}
    counted = False
    for name, value in item.items():
        if name in _COUNTS or (name == "hours" and not isinstance(value, str)):
            count, counted = _count(value, False), True
        elif name in _DATES and value is not None:
            day = read_moment(value)
            when, is_day = start_of(day) if not isinstance(day, datetime) else read_full_hour(value), True
        elif name in _TIMES and value is not None:
            when = read_full_hour(value)
        elif name in _NESTED and isinstance(value, Mapping):
            rest.update(value)
        else:
            rest[name] = value
    if is_day and not counted:
        count = DAY_HOURS
    return when, count, _hour_of(rest, is_day)


def _hour_of(row: Mapping[str, Any], is_day: bool) -> Hour:
    """Return the hour of named values; unknown names are refused."""
    fields: dict[str, Any] = {"flat": is_day}
    amounts: list[tuple[str, Exact]] = []
    for name, value in row.items():
        if name in _INDEX:
            fields["aqi"] = index_value(value)
        elif (found := read_series(name)) is not None:
            series = series_name(*found, daily=is_day)
            if (amount := concentration(series, value)) is not None:
                amounts.append((series, amount))
        elif name in ("partial", "missing", "dust", "excluded", "flat"):
            if not isinstance(value, bool):
                raise ValueError(f"“{name}”应为是或否")
            fields["dust" if name == "excluded" else name] = value
        elif name == "original":
            fields[name] = index_value(value)
        elif name in ("origin", "reason"):
            fields[name] = str(value or "")[:200]
        elif name not in _IGNORED:
            raise ValueError(f"没有“{str(name)[:20]}”这个字段")
    if fields.pop("missing", False):
        return GAP
    return Hour(amounts=tuple(amounts), **fields)


def series_name(pollutant: str, averaging: str, *, daily: bool) -> str:
    """Return the series of a pollutant: the averaging time as named, else that of a day's or an hour's set."""
    if not averaging:
        averaging = ("8h" if pollutant == "O3" else "24h") if daily else "1h"
    if averaging not in (("1h", "8h") if pollutant == "O3" else ("1h", "24h")):
        raise ValueError(f"没有{pollutant}的{averaging}平均")
    return f"{pollutant}_{averaging}"


def _laid(placed: Iterable[Placed], start: datetime | None) -> Series:
    """Put hours one after another; times leave gaps as missing hours, an hour told twice is refused."""
    hours: list[Hour] = []
    told: set[int] = set()
    for when, count, hour in placed:
        if when is not None and start is None:
            start = when - len(hours) * HOUR
        place = len(hours) if when is None or start is None else int((when - start) / HOUR)
        if place + count > MAX_HOURS:
            raise ValueError(f"最多{MAX_HOURS}小时")
        if place < 0:
            raise ValueError("各小时应按时间先后排列")
        if not told.isdisjoint(range(place, place + count)):
            raise ValueError("同一小时给出了两次，或各小时没有按时间先后排列")
        told.update(range(place, place + count))
        hours += [GAP] * (place + count - len(hours))
        hours[place : place + count] = [hour] * count
    return Series(tuple(hours), start)


def joined(measured: Series, forecast: Series) -> Series:
    """Return what was measured followed by what is forecast; by time where both have times, the measured first."""
    if measured.start is None or forecast.start is None:
        return Series(measured.hours + forecast.hours, measured.start)
    start = min(measured.start, forecast.start)
    placed: dict[int, Hour] = {}
    for series in (forecast, measured):
        offset = int((series.start - start) / HOUR) if series.start else 0
        placed.update({offset + place: hour for place, hour in enumerate(series.hours) if not hour.is_missing})
    length = max(
        int((series.start - start) / HOUR) + len(series.hours) for series in (measured, forecast) if series.start
    )
    if length > MAX_HOURS:
        raise ValueError(f"实测与预报相隔超过{MAX_HOURS}小时")
    return Series(tuple(placed.get(place, GAP) for place in range(length)), start)


# --- writing ----------------------------------------------------------------------------------------------------------


def write(series: Series) -> Any:
    """Return a series as JSON, runs of equal hours together; `read` gives the same series back."""
    hours: list[Any] = []
    has_days = any(hour.flat for hour in series.hours)
    for hour, run in groupby(series.hours):
        count = sum(1 for _ in run)
        simple = not (has_days or hour.amounts or hour.partial or hour.dust or hour.origin or hour.reason)
        hours.append([count, plain(hour.aqi)] if simple and hour.original is None else _written(hour, count))
    return hours if series.start is None else {"start": written(series.start), "hours": hours}


def _written(hour: Hour, count: int) -> dict[str, Any]:
    row: dict[str, Any] = {"n": count}
    if hour == GAP:
        return row | {"missing": True}
    if hour.aqi is not None:
        row["aqi"] = plain(hour.aqi)
    row |= {name: plain(amount) for name, amount in hour.amounts}
    row |= {name: True for name in ("partial", "dust", "flat") if getattr(hour, name)}
    row |= {name: getattr(hour, name) for name in ("origin", "reason") if getattr(hour, name)}
    if hour.original is not None:
        row["original"] = plain(hour.original)
    return row
