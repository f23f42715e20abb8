"""D3 to D5: the running daily mean, the series that is graded, and what dust takes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict, decision
from luoshi.programmes.heavy_pollution import air
from luoshi.programmes.heavy_pollution.air import class_of
from luoshi.programmes.heavy_pollution.decisions.air import index_value, undetermined
from luoshi.programmes.heavy_pollution.decisions.dust import DustRecord, Ruling, rule_on
from luoshi.programmes.heavy_pollution.decisions.fields import (
    AqiValue,
    Edition,
    Hours,
    Instant,
    Strict,
    When,
    hours_from,
)
from luoshi.programmes.heavy_pollution.decisions.laying import Laid, SeriesFacts, laid, place_of, refusal
from luoshi.programmes.heavy_pollution.decisions.settings import (
    LAYING,
    PARAMETERS,
    PLAN,
    ROUNDING,
    rounding,
    validity,
    whole,
)
from luoshi.programmes.heavy_pollution.moments import HOUR, named, written
from luoshi.programmes.heavy_pollution.numbers import plain, rounded
from luoshi.programmes.heavy_pollution.series import GAP, Hour, Series, write
from luoshi.programmes.heavy_pollution.windows import CONCENTRATIONS, Window, lay_out

_MEAN = f"{PLAN} 3.1.3"
_FORECAST = f"{PLAN} 3.1.2"
_SCOPE = f"{PLAN} 1.3"
METHODS = {CONCENTRATIONS: "各项浓度24小时均值的指数", "aqi": "24个小时指数的均值向上取整"}

# --- D3 ---------------------------------------------------------------------------------------------------------------

DEFINED = Rule(_MEAN, "{first}至{last}的{window}小时中{usable}小时可用，日均值{aqi}（{method}）")
UNDEFINED = Rule(_MEAN, "{first}至{last}的{window}小时中只有{usable}小时可用，不足{needed}小时，没有日均值")
OUTSIDE = Rule(_MEAN, "自{first}起的{window}小时不全在数据之内，没有日均值")


class WindowFacts(SeriesFacts):
    """A series and the hour whose running daily mean is asked for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"series": {"PM2.5": [[12, 100], [24, 160], [12, 80]]}, "h": 12},
                {"series": [[24, 210], [24, 190]], "h": 6},
                {"series": [[30, 210]], "at": 29},
            ]
        }
    )

    SPELLINGS: ClassVar[Mapping[str, str]] = {
        **SeriesFacts.SPELLINGS, "hour": "h", "first": "h", "t": "at", "shown_at": "at",
    }  # fmt: skip

    h: When = Field(None, description="窗口的第一小时：第几小时或时刻 / first hour of the window: index or moment")
    at: When = Field(None, description="在此小时显示的滑动值，即截至该小时的窗口 / hour at which the value is shown")


@decision(
    key="heavy_pollution.window",
    title="滑动24小时日均值",
    citation=_MEAN,
    parameters=PARAMETERS,
    reads=LAYING,
)
def window(facts: WindowFacts, context: Context) -> Verdict:
    """连续24小时（可跨零时）的AQI日均值；可用小时不足20的没有日均值。不指明小时的，列出全部窗口。

    `aqi` of the window from hour `h` (or of the one that ends with hour `at`), how it was made (`method`), and its
    sub-indices; without either all windows in `windows`. Undetermined where the window is not whole or too thin.
    """
    if (found := laid(facts, context)) is None:
        return undetermined({"aqi": None}, "逐小时数据", _MEAN)
    line = found.line
    needed = validity(context.parameters).hours
    rows = [_window_row(found, hour, daily) for hour, daily in enumerate(line.daily)]
    if facts.h is None and facts.at is None:
        known = [daily.aqi for daily in line.daily if daily.aqi is not None]
        every = {"aqi": None, "windows": rows, "max_w": max(known, default=None)}
        if not known:
            return Verdict(every, Outcome.UNDETERMINED, [*found.reasons, _thin(found, 0, needed)])
        top = max(range(len(line.daily)), key=lambda hour: (line.daily[hour].aqi or -1, -hour))
        return Verdict(every, Outcome.ALLOW, [*found.reasons, _defined(found, top)])
    asked = place_of(facts.at if facts.h is None else facts.h, found.series, "h" if facts.h is not None else "at")
    first = floor(asked) - (line.window - 1 if facts.h is None else 0)
    if not 0 <= first < len(line.daily):
        said = OUTSIDE.reason(False, found.place(first), line.window)
        return Verdict({"aqi": None, "h": first}, Outcome.UNDETERMINED, [said])
    daily = line.daily[first]
    value: dict[str, Any] = rows[first]
    if daily.aqi is None:
        return Verdict(value, Outcome.UNDETERMINED, [*found.reasons, _thin(found, first, needed)])
    value |= {"class": class_of(daily.aqi).number, "name": class_of(daily.aqi).name}
    if daily.by == CONCENTRATIONS:
        index = line.means.index(first)
        means = {name: rounded(Fraction(*part)) for name, part in line.means.values(first).items()}
        value |= {"means": means} | index_value(index, daily=True) | {"standard": line.means.standard(first).number}
    else:
        counted = [line.aqi[hour] for hour in range(first, first + line.window) if line.is_usable(hour)]
        mean = Fraction(sum(part for part in counted if part is not None)) / len(counted)
        value |= {"mean": rounded(mean), "mean_exact": plain(mean)}
    return Verdict(value, Outcome.ALLOW, [*found.reasons, _defined(found, first)])


def _window_row(found: Laid, first: int, daily: Window) -> dict[str, Any]:
    row: dict[str, Any] = {
        "aqi": daily.aqi,
        "h": first,
        "usable": daily.usable,
        "method": daily.by or None,
        "partial": daily.partial,
    }
    if found.line.start is not None:
        row |= {"from": found.at(first), "to": found.at(first + found.line.window)}
    return row


def _defined(found: Laid, first: int) -> Reason:
    daily, size = found.line.daily[first], found.line.window
    ends = found.place(first), found.place(first + size)
    return DEFINED.reason(True, *ends, size, daily.usable, daily.aqi, METHODS[daily.by])


def _thin(found: Laid, first: int, needed: int) -> Reason:
    size = found.line.window
    if first >= len(found.line.daily):
        return OUTSIDE.reason(False, found.place(first), size)
    ends = found.place(first), found.place(first + size)
    return UNDEFINED.reason(False, *ends, size, found.line.daily[first].usable, needed)


# --- D4 ---------------------------------------------------------------------------------------------------------------

TAKEN = Rule(_FORECAST, "实测{measured}小时（至{now}已结束），其后采用预报{forecast}小时，回看不超过{days}天")
FLAT = Rule(_FORECAST, "{count}小时由每日预报平摊为相同的小时值")
EDITED = Rule(_FORECAST, "{hour}由{original}改为{aqi}：{reason}")
LACKING = Rule(_FORECAST, "{count}小时没有数据（只有范围的预报不据以分级，须会商确定一个值）")
SHORT = Rule(_FORECAST, "预报只到{hours}小时后，不足{days}天")
EARLY = Rule(_FORECAST, "{count}小时的实测晚于现在，不予采用")


class EditedHour(Strict):
    """会商改定的一小时：值和理由。"""

    SPELLINGS: ClassVar[Mapping[str, str]] = {"h": "hour", "at": "hour", "value": "aqi"}

    hour: When = Field(description="哪一小时：时刻，或自现在所在小时起第几小时 / which hour: moment, or hours from now")
    aqi: AqiValue = Field(description="改定的AQI / the adopted AQI")
    reason: str = Field(min_length=1, max_length=200, description="理由 / why")


class AssembleFacts(Strict):
    """What was measured, the adopted forecast, and what the consultation changed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "now": "2018-01-14T09:30",
                    "measured": {"start": "2018-01-14T00:00", "hours": [[9, 231]]},
                    "forecast": [{"date": "2018-01-14", "aqi": 220}, {"date": "2018-01-15", "aqi": 315}],
                }
            ]
        }
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {"daily_forecast": "daily", "days": "daily", "edition": "standard"}

    now: Instant = Field(None, description="现在的时刻 / now")
    measured: Hours = Field(
        None, description="实测的小时：带时间，或到现在为止的列表 / measured hours, timed, or ending now"
    )
    forecast: Hours = Field(
        None, description="采用的预报：小时或每日；带时间，或自现在所在小时起 / the adopted forecast, hourly or daily"
    )
    daily: Hours = Field(
        None, description="每日预报，补小时预报之缺 / a daily forecast for hours without an hourly one"
    )
    edits: tuple[EditedHour, ...] = Field((), description="会商改定的小时 / hours the consultation changed")
    standard: Edition = Field(None, description="标准版本：默认按时间 / edition of HJ 633")


@decision(
    key="heavy_pollution.assemble",
    title="分级所用的小时序列",
    citation=_FORECAST,
    parameters=PARAMETERS,
    reads=(
        *ROUNDING,
        "hp.window",
        "hp.valid.24h",
        "hp.valid.8h",
        "hp.valid.8h.windows",
        "hp.lookback.days",
        "hp.forecast.days",
    ),
)
def assemble(facts: AssembleFacts, context: Context) -> Verdict:
    """把已结束的实测小时和自现在所在小时起的预报接成一个序列；每日预报平摊为24个小时，改定的保留原值和理由。

    `series` reads as the series of `heavy_pollution.grade`, `now` is its place in it; `hours` has every hour with its
    origin (measured, forecast, edited), `flat`, `original` and `reason`.
    """
    if all(part is None for part in (facts.measured, facts.forecast, facts.daily)):
        return undetermined({"series": None}, "实测或预报", _FORECAST)
    parts = {"measured": facts.measured, "forecast": facts.forecast, "daily": facts.daily}
    if facts.now is None and (timed := [name for name, part in parts.items() if part is not None and part.start]):
        raise refusal("缺少，数据带有时间时须给出现在的时刻", "now" if timed else "measured")
    lookback = 24 * whole(context.parameters, "hp.lookback.days", 0, 400)
    current = None if facts.now is None else facts.now.replace(minute=0, second=0, microsecond=0)
    placed: dict[int, Hour] = {}
    unsaid: set[int] = set()
    early = 0
    for name in ("daily", "forecast", "measured"):
        if (part := parts[name]) is None:
            continue
        offset = _offset(part, current, name)
        for place, hour in enumerate(part.hours, start=offset):
            if name == "measured":
                early += place >= 0 and not hour.is_missing
                if -lookback <= place < 0:
                    placed[place] = hour._replace(origin=hour.origin or "measured")
            elif place >= 0 and hour.is_missing:
                unsaid.add(place)
            elif place >= 0:
                placed[place] = hour._replace(origin=hour.origin or "forecast")
    reasons: list[Reason] = []
    if not placed:
        return undetermined({"series": None}, "可用的实测或预报", _FORECAST)
    # Up to now the series is whole: hours nobody measured, or forecast yet, are gaps in it, not its end.
    first, last = min(*placed, 0), max(*placed, -1)
    edits = _edits(facts, current)
    if edits:
        first, last = min(first, *edits), max(last, *edits)
    if last - first > 20_000:
        raise refusal("相隔过远", "edits" if edits else "forecast")
    start = None if current is None else current + first * HOUR
    hours = [placed.get(place, GAP) for place in range(first, last + 1)]
    standard = None if facts.standard is None else air.standards()[facts.standard]
    line = lay_out(
        Series(tuple(hours), start), [False] * len(hours), context.on, standard, rounding(context.parameters),
        validity(context.parameters),
    )  # fmt: skip
    for place, edit in edits.items():
        before = line.aqi[place - first]
        hours[place - first] = Hour(aqi=edit.aqi, origin="edited", original=before, reason=edit.reason)
        shown = named(current + place * HOUR) if current else f"第{place - first}小时"
        reasons.append(EDITED.reason(None, shown, plain(before), plain(edit.aqi), edit.reason))
    series = Series(tuple(hours), start)
    now = -first
    counts = (
        sum(1 for hour in hours[:now] if not hour.is_missing),
        sum(1 for hour in hours[now:] if not hour.is_missing),
    )
    at = named(facts.now) if facts.now is not None else f"第{now}小时"
    reasons.insert(0, TAKEN.reason(True, counts[0], at, counts[1], lookback // 24))
    flat = sum(1 for hour in hours if hour.flat and not hour.is_missing)
    if flat:
        reasons.append(FLAT.reason(None, flat))
    gaps = len({place for place, hour in enumerate(hours, start=first) if hour.is_missing} | (unsaid - placed.keys()))
    if gaps:
        reasons.append(LACKING.reason(False, gaps))
    least = _least_days(context)
    if len(hours) - now < 24 * least:
        reasons.append(SHORT.reason(False, len(hours) - now, least))
    if early:
        reasons.append(EARLY.reason(False, early))
    rows = []
    for place, hour in enumerate(hours):
        row = {
            "h": place,
            "aqi": plain(hour.aqi if hour.origin == "edited" else line.aqi[place]),
            "origin": hour.origin or None,
            "flat": hour.flat,
            "partial": line.partial[place],
        }
        if start is not None:
            row["hour"] = written(start + place * HOUR)
        if hour.origin == "edited":
            row |= {"original": plain(hour.original), "reason": hour.reason}
        rows.append(row)
    value = {
        "series": write(series),
        "start": None if start is None else written(start),
        "now": now,
        "measured": counts[0],
        "forecast": counts[1],
        "flat": flat,
        "gaps": gaps,
        "hours": rows,
    }
    complete = not gaps and counts[1]
    return Verdict(value, Outcome.ALLOW if complete else Outcome.ALLOW_WITH_CONDITION, reasons)


def _least_days(context: Context) -> int:
    """How many days a forecast covers at least."""
    days = context.parameters["hp.forecast.days"]
    first = days[0] if isinstance(days, list | tuple) and days else days
    return whole({"hp.forecast.days": first}, "hp.forecast.days", 0, 30)


def _offset(part: Series, current: datetime | None, name: str) -> int:
    """Where a part begins, in hours from the hour in progress."""
    if part.start is not None and current is not None:
        return int((part.start - current) / timedelta(hours=1))
    return -len(part.hours) if name == "measured" else 0


def _edits(facts: AssembleFacts, current: datetime | None) -> dict[int, EditedHour]:
    found: dict[int, EditedHour] = {}
    for edit in facts.edits:
        try:
            place = hours_from(current, edit.hour)
        except ValueError as error:
            raise refusal(str(error), "edits") from None
        if (not isinstance(place, int) and place.denominator != 1) or not -10_000 < place < 10_000:
            raise refusal("应为整点", "edits")
        found[int(place)] = edit
    return found


# --- D5 ---------------------------------------------------------------------------------------------------------------

NO_RECORD = Rule(_SCOPE, "{hour}不在任何沙尘记录之内，照常计入")


class DustFacts(Strict):
    """An hour and the dust records."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "hour": "2018-03-28T10:00",
                    "records": [
                        {
                            "grade": "沙尘暴",
                            "from": "2018-03-28T08:00",
                            "to": "2018-03-28T14:00",
                            "confirmed_by": ["气象局", "环保局"],
                        }
                    ],
                },
                {
                    "hour": 24,
                    "records": [{"grade": "扬沙", "from": 24, "to": 30, "confirmed_by": ["气象局", "环保局"]}],
                },
            ]
        }
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "record": "records", "dust": "records", "dust_records": "records", "h": "hour", "at": "hour", "time": "hour",
    }  # fmt: skip

    hour: When = Field(None, description="哪一小时：第几小时或时刻 / the hour: index or moment")
    records: tuple[DustRecord, ...] = Field((), description="沙尘记录 / dust records")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """A single record stands for a list, and may stand beside the hour."""
        own = {name: data.pop(name) for name in list(data) if name not in ("hour", "records")}
        if own and "records" not in data:
            data["records"] = [own]
        elif own:
            data.update(own)
        if isinstance(data.get("records"), Mapping):
            data["records"] = [data["records"]]
        return data


@decision(
    key="heavy_pollution.dust",
    title="沙尘是否不计入",
    citation=_SCOPE,
    parameters=PARAMETERS,
    reads=("hp.dust.excluded",),
)
def dust(facts: DustFacts, context: Context) -> Verdict:
    """某小时是否因沙尘暴不适用预案：等级在列、并经气象局和环保局确认的才不计入，浮尘、扬沙照常计入。

    `excluded` iff the hour lies in a record of an excluded grade that both organs confirmed; a record without a span is
    taken to cover the hour asked about.
    """
    if not facts.records:
        if facts.hour is None:
            return undetermined({"excluded": None}, "小时和沙尘记录", _SCOPE)
        return Verdict({"excluded": False, "grade": None}, Outcome.REFUSE, [NO_RECORD.reason(False, _said(facts.hour))])
    grades = tuple(context.parameters["hp.dust.excluded"])
    rulings: list[tuple[DustRecord, Ruling]] = []
    for record in facts.records:
        if _covers(record, facts.hour):
            span = _said(record.begins), _said(record.ends)
            rulings.append((record, rule_on(record, grades, span)))
    if not rulings:
        said = NO_RECORD.reason(False, _said(facts.hour))
        return Verdict({"excluded": False, "grade": None}, Outcome.REFUSE, [said])
    record, ruling = next(((record, ruling) for record, ruling in rulings if ruling.excludes), rulings[0])
    outcome = {True: Outcome.ALLOW, False: Outcome.REFUSE, None: Outcome.UNDETERMINED}[ruling.excludes]
    value = {"excluded": bool(ruling.excludes), "grade": record.graded, "lacking": record.lacking}
    return Verdict(value, outcome, [ruling.reason for _, ruling in rulings])


def _said(when: Any) -> str:
    if when is None:
        return "所问时间"
    return named(when) if isinstance(when, datetime) else f"第{plain(when)}小时"


def _covers(record: DustRecord, hour: Any) -> bool:
    """Whether an hour lies wholly inside a record."""
    if record.begins is None or hour is None:
        return True
    if isinstance(record.begins, datetime) != isinstance(hour, datetime):
        raise refusal("与沙尘记录的时间应同为时刻或同为小时数", "hour")
    ends = record.ends
    if ends is None:
        if record.hours is None:
            raise refusal("沙尘记录缺少结束时间", "records")
        ends = record.begins + (
            timedelta(seconds=int(record.hours * 3600)) if isinstance(hour, datetime) else record.hours
        )
    if isinstance(ends, datetime) != isinstance(hour, datetime):
        raise refusal("与沙尘记录的时间应同为时刻或同为小时数", "hour")
    after = hour + HOUR if isinstance(hour, datetime) else hour + 1
    return bool(record.begins <= hour and after <= ends)
