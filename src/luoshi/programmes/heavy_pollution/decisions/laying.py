"""Series as facts of several decisions: how they may be given, and how they are laid out for grading."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil, floor
from typing import Any, ClassVar, NamedTuple

from pydantic import Field

from luoshi.kernel.decisions import Context, Reason
from luoshi.kernel.errors import LuoshiError
from luoshi.programmes.heavy_pollution import air
from luoshi.programmes.heavy_pollution.decisions.dust import DustRecord, rule_on
from luoshi.programmes.heavy_pollution.decisions.fields import Days, Edition, Hours, Instant, Strict, When, hours_from
from luoshi.programmes.heavy_pollution.decisions.settings import rounding, validity
from luoshi.programmes.heavy_pollution.moments import after, named, written
from luoshi.programmes.heavy_pollution.numbers import Exact, plain
from luoshi.programmes.heavy_pollution.series import Series, joined
from luoshi.programmes.heavy_pollution.windows import Line, lay_out
from luoshi.programmes.heavy_pollution.words import folded, read_series


class SeriesFacts(Strict):
    """A series: as a whole, as days, or measured and forecast; from when, and where now is."""

    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "hours": "series", "hourly": "series", "values": "series", "data": "series", "aqi": "series",
        "first_hour": "start", "from": "start", "next": "forecast", "dust_records": "dust", "edition": "standard",
        "t": "now", "daily": "days", "next_12": "forecast", "next_12h": "forecast", "next12h": "forecast",
    }  # fmt: skip

    series: Hours = Field(
        None,
        description="逐小时数据：AQI列表，或分段 [[小时数, AQI], …]，或含浓度的对象；空缺写null / the hourly series: "
        "AQI, runs [hours, AQI], or objects with concentrations; null is missing",
    )
    days: Days = Field(None, description="整日数据：每日一个AQI，每日24个相同小时 / whole days instead of hours")
    measured: Hours = Field(None, description="实测部分，写法同上，其后接预报 / what was measured")
    forecast: Hours = Field(None, description="预报部分，写法同上 / what is forecast")
    start: Instant = Field(None, description="第一小时的开始时刻，如 2018-01-14T00:00 / beginning of the first hour")
    now: When = Field(
        None,
        description="现在：第几小时（自0，默认0；给出实测的为实测之后）或时刻 / now: hour index or moment; "
        "default: the first hour, or the end of what was measured",
    )
    dust: tuple[DustRecord, ...] = Field((), description="沙尘记录 / dust records")
    standard: Edition = Field(None, description="标准版本：默认按时间 / edition of HJ 633; default by the hours' dates")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """`measured_days`, `forecast_days` are whole days, `unit` days makes all so; one dust record stands for a list.

        Concentrations by pollutant may stand beside the other facts.
        """
        unit = folded(data.pop("unit")) if "unit" in data else ""
        if unit in ("D", "DAY", "DAYS", "日", "天"):
            for name in ("series", "measured", "forecast"):
                if isinstance(data.get(name), list | tuple):
                    data[name] = {"days": data[name]}
        elif unit not in ("", "H", "HOUR", "HOURS", "小时"):
            raise ValueError("“unit”应为 h 或 d")
        named = [name for name in data if name not in cls.model_fields and read_series(name)]
        if named and "series" not in data:
            data["series"] = {name: data.pop(name) for name in named}
        for name in ("measured", "forecast"):
            if f"{name}_days" in data:
                if name in data:
                    raise ValueError(f"“{name}”给出了两次")
                data[name] = {"days": data.pop(f"{name}_days")}
        if isinstance(data.get("dust"), Mapping):
            data["dust"] = [data["dust"]]
        elif data.get("dust", ()) is None:
            data["dust"] = ()
        return data


class Laid(NamedTuple):
    """A series laid out: its line, where now is in hours from its first hour, what was said about dust."""

    line: Line
    now: Exact
    reasons: list[Reason]
    series: Series

    @property
    def hour(self) -> int:
        """The hour in progress."""
        return floor(self.now)

    @property
    def next_full(self) -> int:
        """The first full hour from now on."""
        return ceil(self.now)

    def place(self, hour: Exact | None) -> str:
        """Return an hour as a sentence names it: its moment, else its number."""
        if hour is None:
            return "—"
        if self.line.start is None:
            return f"第{plain(hour)}小时"
        return named(after(self.line.start, hour))

    def at(self, hour: Exact | None) -> str | None:
        """Return the moment of an hour as JSON has it, None where the series has no times."""
        return None if hour is None or self.line.start is None else written(after(self.line.start, hour))


def refusal(message: str, field: str) -> LuoshiError:
    """Return the error for a fact that does not fit the others."""
    faults = [{"field": field, "fault": message}]
    return LuoshiError("E_INPUT", f"事实填写有误：“{field}”{message}", fields={"faults": faults})


def whole_series(facts: SeriesFacts) -> tuple[Series, int] | None:
    """Return the series, and how many hours of it were measured; None where none was given."""
    parts = facts.measured, facts.forecast
    given = [name for name in ("series", "days") if getattr(facts, name) is not None]
    if any(part is not None for part in parts):
        given.append("measured")
    if len(given) > 1:
        raise refusal("与其他写法只能给出一种", given[0])
    if not given:
        return None
    if given == ["measured"]:
        measured, forecast = (part or Series(()) for part in parts)
        try:
            whole = joined(measured, forecast) if measured.hours else forecast
        except ValueError as error:
            raise refusal(str(error), "forecast") from None
        known = len(measured.hours)
    else:
        whole, known = getattr(facts, given[0]), 0
    if facts.start is not None:
        if whole.start is not None and whole.start != facts.start:
            raise refusal("与各小时的时间不一致", "start")
        whole = whole._replace(start=facts.start)
    if whole.start is not None and (whole.start.minute or whole.start.second or whole.start.microsecond):
        raise refusal("应为整点", "start")
    return (whole, known) if whole.hours else None


def laid(facts: SeriesFacts, context: Context) -> Laid | None:
    """Return the series laid out with the numbers of the day, None where there is none; E_INPUT if facts do not fit."""
    if (found := whole_series(facts)) is None:
        return None
    whole, known = found
    now = place_of(facts.now, whole, "now") if facts.now is not None else known
    if not 0 <= now <= len(whole.hours):
        raise refusal("不在数据的时间范围内", "now")
    excluded, reasons = _exclusions(facts, whole, context)
    standard = None if facts.standard is None else air.standards()[facts.standard]
    line = lay_out(whole, excluded, context.on, standard, rounding(context.parameters), validity(context.parameters))
    return Laid(line, now, reasons, whole)


def place_of(when: Any, whole: Series, field: str) -> Exact:
    """Return where in a series a moment or an hour's number lies."""
    try:
        place = hours_from(whole.start, when)
    except ValueError as error:
        raise refusal(str(error), field) from None
    return place.numerator if isinstance(place, Fraction) and place.denominator == 1 else place


def _exclusions(facts: SeriesFacts, whole: Series, context: Context) -> tuple[list[bool], list[Reason]]:
    excluded = [hour.dust for hour in whole.hours]
    reasons = []
    for record in facts.dust:
        try:
            span = record.span(whole.start)
        except ValueError as error:
            raise refusal(str(error), "dust") from None
        if span is None:
            raise refusal("沙尘记录缺少起止时间", "dust")
        names = tuple(named(after(whole.start, end)) if whole.start else f"第{plain(end)}小时" for end in span)
        ruling = rule_on(record, tuple(context.parameters["hp.dust.excluded"]), (names[0], names[1]))
        reasons.append(ruling.reason)
        if ruling.excludes:
            for hour in range(max(0, ceil(span[0])), min(len(excluded), floor(span[1]))):
                excluded[hour] = True
    return excluded, reasons
