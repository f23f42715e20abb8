"""D1 and D2: the sub-index of a concentration, and the air quality index of a set of them (HJ 633)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.clock import day_of
from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict, decision
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.fact_kinds import Kind
from luoshi.programmes.heavy_pollution import air, series, words
from luoshi.programmes.heavy_pollution.air import Index, Standard, SubIndex, class_of, quotient
from luoshi.programmes.heavy_pollution.decisions.fields import Edition, Moment, Strict, Text
from luoshi.programmes.heavy_pollution.decisions.settings import PARAMETERS, PLAN, ROUNDING, number, rounding
from luoshi.programmes.heavy_pollution.numbers import Exact, Rounding, exact, plain

_SCOPE = f"{PLAN} 1.3"
_EDITIONS = {year: edition.title for year, edition in air.standards().items()}
_SEGMENT = "{series}浓度{given}修约为{used}，在{low}至{high}之间，分指数{iaqi}（{number}）"
_BEYOND = "{series}浓度{used}超过最高断点{high}，分指数{iaqi}（{number}）"
_CAPPED = "{series}浓度{used}超过{high}，按规定取分指数{iaqi}（{number}）"
_SENT = "{series}浓度超过{high}，改按{other}计"
_ABSENT = "{series}浓度超过{high}，应改按{other}计，但没有该项浓度，此项缺"
_INDEX = "各分指数中最大者{aqi}为空气质量指数，{level}（{name}）"
_PRIMARY = "首要污染物：{primary}；超标污染物：{exceeding}"
_PARTIAL = "缺{absent}：可据以预警，不能据以解除"
HEAVY = Rule(_SCOPE, "空气质量指数{aqi}{relation}{heavy}，{said}重污染天气")


def _any_concentration(value: Any) -> Exact | None:
    """A concentration whose pollutant is not known yet: a number that is not negative."""
    if series.is_missing_code(value):
        raise ValueError("浓度值无效：缺测")
    found = exact(value)
    if found < 0:
        raise ValueError(f"浓度值无效：{value}，不得为负")
    return found


Concentration = Annotated[Any, Kind(_any_concentration, plain, {"type": "number", "minimum": 0})]

# --- D1 ---------------------------------------------------------------------------------------------------------------


class IaqiFacts(Strict):
    """One concentration."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"series": "PM2.5_24h", "c": "150.5", "standard": "2012"},
                {"series": "CO_24h", "c": "2.2", "hour": "2018-01-10T08:00"},
                {"series": "O3_8h", "c": 801, "standard": "2012", "substitute": 401},
            ]
        }
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "concentration": "c", "value": "c", "pollutant": "series", "item": "series", "time": "hour", "at": "hour",
        "period": "averaging", "avg": "averaging", "averaging_time": "averaging",
        "edition": "standard", "date": "hour", "o3_1h": "substitute", "O3_1h": "substitute",
        "so2_24h": "substitute", "SO2_24h": "substitute",
    }  # fmt: skip

    series: Text = Field(
        None, description="项目和平均时间，如 PM2.5、SO2_24h、CO_1h、O3_8h / series: pollutant and averaging time"
    )
    averaging: Text = Field(
        None, description="平均时间：24h、1h、8h，项目中未写时 / averaging time, if not in the series"
    )
    c: Concentration = Field(None, description="浓度（微克/立方米，CO为毫克/立方米） / concentration, µg/m³, CO mg/m³")
    standard: Edition = Field(None, description="标准版本：2012或2026，默认按时间 / edition of HJ 633")
    hour: Moment = Field(None, description="时间，据以选标准版本 / the hour, chooses the edition; default: the day")
    substitute: Concentration = Field(
        None, description="替代项浓度：SO2_1h超800时为SO2_24h，O3_8h超800时为O3_1h / what the 2012 edition sends to"
    )

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Another concentration named by its series is what a value beyond the table is sent to."""
        others = [name for name in data if name not in cls.model_fields and words.read_series(name)]
        if len(others) == 1 and "series" in data and "substitute" not in data:
            data["substitute"] = data.pop(others[0])
        elif len(others) == 1 and "series" not in data and "c" not in data:
            data["series"], data["c"] = others[0], data.pop(others[0])
        return data


@decision(key="heavy_pollution.iaqi", title="空气质量分指数", citation=_SCOPE, parameters=PARAMETERS, reads=ROUNDING)
def iaqi(facts: IaqiFacts, context: Context) -> Verdict:
    """一项污染物浓度的空气质量分指数：先修约，再按标准的断点精确计算，向上取整。

    `iaqi` of a concentration, exact; `beyond_index` above the last breakpoint; None with `absent` where the standard
    sends to another series that is not there. Negative or absurd concentrations are E_INPUT.
    """
    if facts.series is None or facts.c is None:
        return undetermined({"iaqi": None}, "污染物浓度")
    name = _series_of(facts.series, facts.averaging)
    _believable(name, facts.c)
    standard = edition_of(facts.standard, facts.hour, context)
    rule = rounding(context.parameters)
    others = {}
    if facts.substitute is not None and "use" in standard.beyond.get(name, {}):
        other = str(standard.beyond[name]["use"])
        _believable(other, facts.substitute)
        others[other] = quotient(facts.substitute)
    found = standard.sub_index(name, *quotient(facts.c), rule, others)
    value = sub_value(name, found, rule) | {"standard": standard.number}
    outcome = Outcome.UNDETERMINED if found.value is None else Outcome.ALLOW
    return Verdict(value, outcome, sub_reasons(name, facts.c, found, standard, rule))


def _series_of(text: str, averaging: str | None) -> str:
    found = words.read_series(text)
    if found is None:
        known = "、".join(air.standards()["2012"].breakpoints)
        raise LuoshiError("E_INPUT", f"没有“{text[:20]}”这个项目，应为{known}", fields={"series": text})
    pollutant, own = found
    given = own
    if not own and averaging:
        timed = words.read_series(
            f"{pollutant}_{averaging}" if averaging[-1:] in "hH时" else f"{pollutant}_{averaging}h"
        )
        if timed is None:
            raise LuoshiError("E_INPUT", f"没有“{averaging[:20]}”这个平均时间", fields={"averaging": averaging})
        given = timed[1]
    if not given and not pollutant.startswith("PM"):
        raise LuoshiError("E_INPUT", f"请注明{pollutant}的平均时间，如 {pollutant}_1h", fields={"series": text})
    try:
        return series.series_name(pollutant, given, daily=True)
    except ValueError as error:
        raise LuoshiError("E_INPUT", str(error), fields={"series": text}) from None


def _believable(name: str, amount: Exact) -> None:
    try:
        series.concentration(name, amount)
    except ValueError as error:
        raise LuoshiError("E_INPUT", str(error), fields={"series": name, "value": plain(amount)}) from None


def edition_of(standard: str | None, hour: Any, context: Context) -> Standard:
    """Return the edition named, else that of the hour's date, else that of the day of the decision."""
    if standard is not None:
        return air.standards()[standard]
    return air.standard_on(context.on if hour is None else day_of(hour))


def sub_value(name: str, found: SubIndex, rule: Rounding) -> dict[str, Any]:
    """Return a sub-index as a decision answers it."""
    places = rule.places(found.used.partition("_")[0])
    return {
        "series": name,
        "iaqi": found.value,
        "concentration": plain(exact_units(found.units, places)),
        "used_series": found.used,
        "beyond_index": found.beyond and found.value is not None,
        "capped": found.capped,
        "absent": found.value is None,
    }


def exact_units(units: int, places: int) -> Exact:
    """Return a rounded concentration from units of its last decimal."""
    return exact(f"{units // 10**places}.{units % 10**places:0{places}d}") if places else units


def sub_reasons(name: str, given: Exact, found: SubIndex, standard: Standard, rule: Rounding) -> list[Reason]:
    """Return how a sub-index was found."""
    title = _EDITIONS[standard.year]
    places = rule.places(found.used.partition("_")[0])
    used = plain(exact_units(found.units, places))
    points = standard.breakpoints[found.used]
    top = standard.breakpoints[name][-1]
    if found.value is None:
        return [Rule(title, _ABSENT).reason(False, name, top, standard.beyond[name]["use"])]
    reasons = [] if found.used == name else [Rule(title, _SENT).reason(None, name, top, found.used)]
    if found.beyond or found.capped:
        said = _CAPPED if found.capped else _BEYOND
        reasons.append(Rule(title, said).reason(True, found.used, used, points[-1], found.value, standard.number))
    else:
        shown = used if found.used != name else plain(given)
        ends = (points[found.low], points[found.high])
        reasons.append(Rule(title, _SEGMENT).reason(True, found.used, shown, used, *ends, found.value, standard.number))
    return reasons


def undetermined(value: Mapping[str, Any], what: str, citation: str | None = None) -> Verdict:
    """Return the verdict for facts that are not there."""
    return Verdict(dict(value), Outcome.UNDETERMINED, [Rule(citation, "未提供{what}，不能确定").reason(False, what)])


# --- D2 ---------------------------------------------------------------------------------------------------------------


def _amounts(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError("应为“项目: 浓度”的对象")
    return {str(name): amount for name, amount in value.items()}


class AqiFacts(Strict):
    """Concentrations of an hour or a day."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"values": {"PM2.5": 162, "PM10": 231, "SO2": 48, "NO2": 85, "CO": "2.2", "O3_8h": 60, "O3_1h": 88}},
                {"values": {"PM2.5": 60}, "kind": "hourly", "hour": "2026-02-28T23:00"},
            ]
        }
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "concentrations": "values", "pollutants": "values", "time": "hour", "at": "hour", "edition": "standard",
        "date": "hour", "set": "kind", "daily": "values", "means": "values", "c": "values",
    }  # fmt: skip

    values: Annotated[Any, Kind(_amounts, dict, {"type": "object"})] = Field(
        None, description="各项浓度（微克/立方米，CO为毫克/立方米） / concentrations by series, µg/m³, CO mg/m³"
    )
    kind: Annotated[Any, Kind(lambda value: _kind_of(value), str, {"type": "string", "enum": ["日报", "小时报"]})] = (
        Field(None, description="日报还是小时报：默认日报，给出整点的为小时报 / daily or hourly set")
    )
    standard: Edition = Field(None, description="标准版本：2012或2026，默认按时间 / edition of HJ 633")
    hour: Moment = Field(None, description="时间：某日或某小时 / the day or hour")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Concentrations may also stand beside the other facts."""
        named = [name for name in data if words.read_series(name)]
        if named and "values" not in data:
            data["values"] = {name: data.pop(name) for name in named}
        return data


def _is_daily(facts: AqiFacts) -> bool:
    """Whether the amounts say themselves that they are of a day: a mean of 24 hours of a gas is no hour's."""
    found = [words.read_series(name) for name in facts.values or {}]
    return any(one is not None and one[1] == "24h" and not one[0].startswith("PM") for one in found)


def _kind_of(value: Any) -> str:
    word = words.folded(value)
    if word in ("DAILY", "DAY", "24H", "日", "日报"):
        return "daily"
    if word in ("HOURLY", "HOUR", "1H", "小时", "小时报", "实时报"):
        return "hourly"
    raise ValueError("应为 daily 或 hourly")


@decision(
    key="heavy_pollution.aqi",
    title="空气质量指数",
    citation=_SCOPE,
    parameters=PARAMETERS,
    reads=(*ROUNDING, "hp.aqi.heavy"),
)
def aqi(facts: AqiFacts, context: Context) -> Verdict:
    """空气质量指数：各分指数的最大值；大于50时最大者为首要污染物，大于100的为超标污染物。

    `aqi` with class, `primary` and `exceeding` pollutants, the sub-indices, and `partial`: the series of the set that
    are absent. A partial index may raise a warning, never support a release.
    """
    daily = facts.kind == "daily" or (facts.kind is None and (not isinstance(facts.hour, datetime) or _is_daily(facts)))
    standard = edition_of(facts.standard, facts.hour, context)
    wanted = standard.daily if daily else standard.hourly
    amounts: dict[str, Exact] = {}
    for name, given in (facts.values or {}).items():
        if (found := words.read_series(name)) is None:
            raise LuoshiError("E_INPUT", f"没有“{name[:20]}”这个项目", fields={"values": name})
        try:
            own = series.series_name(*found, daily=daily)
            amount = series.concentration(own, given)
        except ValueError as error:
            raise LuoshiError("E_INPUT", str(error), fields={"values": name}) from None
        # The 1 h and the 24 h table of particulate matter are one.
        own = own if own in wanted or not own.startswith("PM") else series.series_name(found[0], "", daily=daily)
        if amount is not None:
            amounts[own] = amount
    rule = rounding(context.parameters)
    index = air.index_of({name: quotient(amount) for name, amount in amounts.items()}, wanted, standard, rule)
    if index.value is None:
        return undetermined({"aqi": None, "partial": list(map(shown, wanted))}, "可用的浓度", _SCOPE)
    title = _EDITIONS[standard.year]
    reasons = [
        reason for name, sub in index.subs.items() for reason in sub_reasons(name, amounts[name], sub, standard, rule)
    ]
    of = class_of(index.value)
    reasons.append(Rule(title, _INDEX).reason(True, index.value, of.level, of.name))
    said = "、".join(index.primary) or "无", "、".join(index.exceeding) or "无"
    reasons.append(Rule(title, _PRIMARY).reason(None, *said))
    heavy = number(context.parameters, "hp.aqi.heavy")
    is_heavy = index.value > heavy
    relation, verdict = ("大于", "属于") if is_heavy else ("不大于", "不属于")
    reasons.append(HEAVY.reason(is_heavy, index.value, relation, heavy, verdict))
    if index.partial:
        reasons.append(Rule(f"{PLAN} 3.1.5", _PARTIAL).reason(None, "、".join(map(shown, index.absent))))
    value = index_value(index, daily) | {"standard": standard.number, "heavy": is_heavy}
    return Verdict(value, Outcome.ALLOW_WITH_CONDITION if index.partial else Outcome.ALLOW, reasons)


def shown(name: str) -> str:
    """Return a series as the index names it: the pollutant, ozone with its averaging time."""
    return name if name.startswith("O3") else name.partition("_")[0]


def index_value(index: Index, daily: bool) -> dict[str, Any]:
    """Return an index as a decision answers it."""
    assert index.value is not None
    of = class_of(index.value)
    return {
        "aqi": index.value,
        "class": of.number,
        "level": of.level,
        "name": of.name,
        "colour": of.colour,
        "rgb": of.rgb,
        "primary": index.primary,
        "exceeding": index.exceeding,
        "iaqi": {shown(name): sub.value for name, sub in index.subs.items()},
        "partial": [shown(name) for name in index.absent],
        "beyond_index": index.beyond,
        "kind": "daily" if daily else "hourly",
        "advice": {"sensitive": of.sensitive, "everyone": of.everyone},
    }
