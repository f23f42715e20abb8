"""D7, D8, D10: how far ahead a warning is issued, when it is issued at once, and from when it may be released."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from fractions import Fraction
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict, decision
from luoshi.programmes.heavy_pollution.decisions.air import undetermined
from luoshi.programmes.heavy_pollution.decisions.fields import AqiValue, Colour, Flag, Instant, Number, Strict, Text
from luoshi.programmes.heavy_pollution.decisions.grading import grade_of, grade_reasons
from luoshi.programmes.heavy_pollution.decisions.laying import Laid, SeriesFacts, laid
from luoshi.programmes.heavy_pollution.decisions.settings import (
    GRADING,
    LAYING,
    PARAMETERS,
    PLAN,
    limits,
    number,
    whole,
)
from luoshi.programmes.heavy_pollution.moments import HOUR, named, written
from luoshi.programmes.heavy_pollution.numbers import Exact, plain, rounded
from luoshi.programmes.heavy_pollution.processes import BLUE, Limits, Release
from luoshi.programmes.heavy_pollution.processes import release as find_release
from luoshi.programmes.heavy_pollution.words import COLOUR_WORDS, COLOURS, folded

_ISSUE = f"{PLAN} 3.1.4"
_RELEASE = f"{PLAN} 3.1.5"

# --- D7 ---------------------------------------------------------------------------------------------------------------

IN_TIME = Rule(_ISSUE, "重污染自{onset}起，{issued}发布，提前{lead}，不少于{needed}小时")
LATE = Rule(_ISSUE, "重污染自{onset}起，{issued}发布，只提前{lead}，比{needed}小时晚{late}，须说明理由")
AT_ONCE = Rule(_ISSUE, "已经重污染且无明显改善的即时发布，不计提前量")


class LeadFacts(Strict):
    """Onset and issue of a warning."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"onset": "2018-01-14T00:00", "issued_at": "2018-01-12T16:00"},
                {"onset": "2018-01-14T00:00", "issued_at": "2018-01-13T00:00:01"},
            ]
        }
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {"issued": "issued_at", "onset_at": "onset", "start": "onset"}

    onset: Instant = Field(None, description="重污染开始的时刻 / onset of the process")
    issued_at: Instant = Field(None, description="预警发布的时刻 / when the warning was or will be issued")
    basis: Text = Field(None, description="依据：预测forecast或即时nowcast，默认预测 / forecast or nowcast")
    reason: Text = Field(None, description="晚发的理由 / reason for being late")


@decision(
    key="heavy_pollution.lead", title="预警提前量", citation=_ISSUE, parameters=PARAMETERS, reads=("hp.issue.lead",)
)
def lead(facts: LeadFacts, context: Context) -> Verdict:
    """预警发布是否比重污染开始提前24小时以上，精确到秒；不足的照发，但须说明理由并计入考核。

    `lead_hours` and `lead_seconds`; `ok` at 24 h to the second, else `late_seconds`. Lateness never blocks an issue.
    """
    if facts.onset is None or facts.issued_at is None:
        return undetermined({"ok": None}, "重污染开始和预警发布的时刻", _ISSUE)
    needed = number(context.parameters, "hp.issue.lead")
    ahead = _seconds(facts.onset - facts.issued_at)
    late = max(needed * 3600 - ahead, 0)
    value: dict[str, Any] = {
        "ok": late == 0,
        "lead_hours": plain(Fraction(ahead) / 3600),
        "lead_seconds": plain(ahead),
        "late_seconds": plain(late),
        "required_hours": plain(needed),
        "counts": True,
        "reason_required": late > 0 and not facts.reason,
        "text": _span(ahead),
    }
    names = named(facts.onset), named(facts.issued_at), _span(ahead)
    if facts.basis is not None and folded(facts.basis) in ("NOWCAST", "即时", "实况"):
        value |= {"counts": False, "reason_required": False}
        return Verdict(value, Outcome.NOT_APPLICABLE, [AT_ONCE.reason(None)])
    if late == 0:
        return Verdict(value, Outcome.ALLOW, [IN_TIME.reason(True, *names, plain(needed))])
    said = LATE.reason(False, *names, plain(needed), _span(late))
    return Verdict(value, Outcome.ALLOW_WITH_CONDITION, [said])


def _seconds(span: timedelta) -> Fraction | int:
    exact = Fraction(span // timedelta(microseconds=1), 1_000_000)
    return exact.numerator if exact.denominator == 1 else exact


def _span(seconds: Any) -> str:
    """A span as a sentence names it."""
    sign, whole_seconds = ("负", -seconds) if seconds < 0 else ("", seconds)
    hours, rest = divmod(whole_seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = ((plain(hours), "小时"), (plain(minutes), "分"), (plain(rest), "秒"))
    return sign + ("".join(f"{part}{unit}" for part, unit in parts if part) or "0秒")


# --- D8 ---------------------------------------------------------------------------------------------------------------

MEASURED = Rule(_ISSUE, "最近一小时（{hour}）实测AQI为{latest}，{relation}{heavy}")
OUTLOOK = Rule(_ISSUE, "今后{hours}小时有{present}小时预报，均值{mean}，{relation}{heavy}")
THIN = Rule(_ISSUE, "今后{hours}小时只有{present}小时预报，不足{needed}小时，不能判断，须由会商说明")
STATED = Rule(_ISSUE, "会商认定{said}，理由：{reason}")
ISSUE = Rule(_ISSUE, "已经重污染且无明显改善，应立即发布，至少为蓝色，定为{grade}")
NOT_YET = Rule(_ISSUE, "未到应立即发布的情形")


class NowcastFacts(SeriesFacts):
    """The series with the place of now, or the latest hour and the next ones."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "measured": [[18, 90], [6, 205]],
                    "forecast": [210, 215, 220, 205, 200, 198, 196, 200, 201, 199, 197, 196, [24, 110]],
                },
                {"latest": 231, "next": [[12, 215]]},
            ]
        }
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        **SeriesFacts.SPELLINGS, "issue_at": "issued_at", "next12": "forecast", "next12_mean": "mean",
        "forecast_mean": "mean",
    }  # fmt: skip

    latest: AqiValue = Field(None, description="最近一小时实测AQI，没有给出实测序列时 / latest measured hourly AQI")
    mean: Number = Field(
        None, description="今后12小时均值，没有给出逐小时预报时 / mean of the next hours, if they are not given"
    )
    present: Number = Field(None, description="均值所依据的小时数，默认全部 / hours behind that mean; default: all")
    grade: Colour = Field(None, description="按预测定的级别，没有给出整个序列时 / grade by forecast, if known")
    issued_at: Instant = Field(None, description="发布时刻，默认现在 / moment of issue; default: now")
    no_improvement: Flag = Field(None, description="会商认定今后无明显改善 / the consultation states it: yes or no")
    reason: Text = Field(None, description="会商认定的理由 / reason of the consultation")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """The latest hour alone stands for what was measured."""
        data = super().spelt_out(data)
        if data.get("latest") is not None and data.get("measured") is None and data.get("series") is None:
            data["measured"] = [data["latest"]]
        return data


@decision(
    key="heavy_pollution.nowcast",
    title="即时发布预警",
    citation=_ISSUE,
    parameters=PARAMETERS,
    reads=(*GRADING, *LAYING, "hp.nowcast.h", "hp.nowcast.present"),
)
def nowcast(facts: NowcastFacts, context: Context) -> Verdict:
    """最近实测已重污染、今后12小时均值仍大于200的，应立即发布，至少为蓝色；预报不足10小时的由会商说明。

    `trigger` (None: cannot be judged), `grade` = max(grade by forecast, blue) when triggered, `onset`, `expected_end`.
    Where the forecast gives no grade the onset is the issue and the end 12 hours later.
    """
    found = laid(facts, context)
    if found is None or found.hour == 0:
        return undetermined({"trigger": None}, "实测和预报的逐小时数据（及现在的位置）", _ISSUE)
    numbers = limits(context.parameters)
    hours, needed = whole(context.parameters, "hp.nowcast.h", 1, 240), whole(context.parameters, "hp.nowcast.present")
    line = found.line
    latest_hour = next((hour for hour in range(found.hour - 1, -1, -1) if line.is_usable(hour)), None)
    if latest_hour is None:
        return undetermined({"trigger": None}, "最近一小时的实测", _ISSUE)
    latest = line.aqi[latest_hour]
    assert latest is not None
    upcoming = range(found.hour, min(found.hour + hours, len(line)))
    values = [aqi for hour in upcoming if (aqi := line.aqi[hour]) is not None and not line.excluded[hour]]
    present = len(values)
    mean = Fraction(sum(values)) / present if values else None
    if not values and facts.mean is not None:
        mean, present = facts.mean, hours if facts.present is None else facts.present
    heavy = latest > numbers.heavy
    reasons: list[Reason] = [
        *found.reasons,
        MEASURED.reason(heavy, found.place(latest_hour), plain(latest), _relation(heavy), numbers.heavy),
    ]
    persists: bool | None = None
    if present < needed or mean is None:
        reasons.append(THIN.reason(False, hours, plain(present), needed))
    else:
        persists = mean > numbers.heavy
        shown = rounded(mean)
        reasons.append(OUTLOOK.reason(persists, hours, plain(present), shown, _relation(persists), numbers.heavy))
    if facts.no_improvement is not None and facts.reason:
        persists = facts.no_improvement
        said = "今后无明显改善" if persists else "今后有明显改善"
        reasons.append(STATED.reason(persists, said, facts.reason))
    trigger = False if not heavy else persists
    graded = grade_of(found, numbers)
    by_forecast = max(graded.judged.grade, facts.grade or 0)
    rank = max(by_forecast, BLUE) if trigger else by_forecast
    value: dict[str, Any] = {
        "trigger": trigger,
        "grade": COLOURS[rank],
        "colour": COLOUR_WORDS[rank],
        "d6_grade": COLOURS[by_forecast],
        "latest": plain(latest),
        "latest_hour": latest_hour,
        "mean": None if mean is None else rounded(mean),
        "mean_exact": plain(mean),
        "present": plain(present),
        "override": facts.no_improvement is not None and bool(facts.reason),
    }
    if trigger:
        value |= _onset(found, graded.judged.start, graded.judged.end, facts.issued_at, hours)
        reasons.append(ISSUE.reason(True, COLOUR_WORDS[rank]))
        if graded.judged.grade:
            reasons += grade_reasons(graded)
        return Verdict(value, Outcome.ALLOW, reasons)
    if trigger is None:
        return Verdict(value, Outcome.UNDETERMINED, reasons)
    return Verdict(value, Outcome.NOT_APPLICABLE, [*reasons, NOT_YET.reason(False)])


def _relation(above: bool) -> str:
    return "大于" if above else "不大于"


def _onset(found: Laid, start: int | None, end: int | None, issued: Any, hours: int) -> dict[str, Any]:
    """Onset and expected end: of the process where there is one, else from the issue on."""
    if start is not None and end is not None:
        return {"onset": start, "expected_end": end, "onset_at": found.at(start), "expected_end_at": found.at(end)}
    begin = found.line.start
    onset: Exact = found.now
    if issued is not None and begin is not None:
        onset = Fraction(int((issued - begin).total_seconds()), 3600)
    value: dict[str, Any] = {"onset": plain(onset), "expected_end": plain(onset + hours)}
    if issued is not None:
        return value | {"onset_at": written(issued), "expected_end_at": written(issued + hours * HOUR)}
    return value | {"onset_at": found.at(onset), "expected_end_at": found.at(onset + hours)}


# --- D10 --------------------------------------------------------------------------------------------------------------

RELEASABLE = Rule(_RELEASE, "自{t0}起连续{hours}小时AQI不大于{limit}，可以解除，自该整点生效，公告不迟于此时发布")
NEVER_CLEAN = Rule(_RELEASE, "现在以后没有一小时AQI不大于{limit}，不能解除")
TOO_SHORT = Rule(
    _RELEASE, "不大于{limit}最长只连续{longest}小时（自{first}起，不足{hours}小时），至{ended}因{why}中断，不能解除"
)
_WHY = {"above": "高于界线", "missing": "缺数据", "partial": "数据不全", "horizon": "预报到此为止"}


class ReleaseFacts(SeriesFacts):
    """The series from which a release is asked for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"series": [[6, 180], [36, 150], [6, 160]]},
                {"days": [140, 151], "start": "2018-01-17T00:00", "now": "2018-01-17T00:00"},
            ]
        }
    )


@decision(
    key="heavy_pollution.release",
    title="预警解除",
    citation=_RELEASE,
    parameters=PARAMETERS,
    reads=(*GRADING, *LAYING),
)
def release(facts: ReleaseFacts, context: Context) -> Verdict:
    """自哪一整点起今后连续36小时AQI都不大于150，即可解除；没有的，写明最长一段和中断它的小时。

    `t0` in hours from the first one and `offset` from now, or refused with `longest_h`, `longest_from` and `ended_by`.
    Missing and partial hours break a stretch, excluded dust is skipped. A release is an offer, never automatic.
    """
    if (found := laid(facts, context)) is None or found.next_full >= len(found.line):
        return undetermined({"release": None, "t0": None}, "现在以后的逐小时数据", _RELEASE)
    numbers = limits(context.parameters)
    result = find_release(found.line, found.next_full, numbers)
    value = {"release": result.hour is not None} | _release_value(found, result)
    outcome = Outcome.ALLOW if result.hour is not None else Outcome.REFUSE
    return Verdict(value, outcome, [*found.reasons, _release_reason(found, result, numbers)])


def _release_value(found: Laid, result: Release) -> dict[str, Any]:
    now, longest = found.now, result.longest

    def offset(hour: int | None) -> Any:
        return None if hour is None else plain(hour - now)

    first = None if longest is None else longest.first
    return {
        "t0": result.hour,
        "t0_at": found.at(result.hour),
        "offset": offset(result.hour),
        "until": result.until,
        "until_at": found.at(result.until),
        "longest_h": 0 if longest is None else longest.counted,
        "longest_from": first,
        "longest_from_at": found.at(first),
        "longest_offset": offset(first),
        "ended_by": result.ended_by,
        "ended_by_at": found.at(result.ended_by),
        "ended_offset": offset(result.ended_by),
        "ended_why": result.why or None,
    }


def _release_reason(found: Laid, result: Release, numbers: Limits) -> Reason:
    if result.hour is not None:
        return RELEASABLE.reason(True, found.place(result.hour), numbers.release_hours, numbers.release)
    if result.longest is None:
        return NEVER_CLEAN.reason(False, numbers.release)
    longest = result.longest
    places = found.place(longest.first), numbers.release_hours, found.place(result.ended_by)
    return TOO_SHORT.reason(False, numbers.release, longest.counted, *places, _WHY[result.why])
