"""D6 and D9: the grade of a warning, and whether a warning in force should be raised or lowered."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate, pairwise
from math import floor
from typing import Any, ClassVar, NamedTuple

from pydantic import ConfigDict, Field

from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict, decision
from luoshi.programmes.heavy_pollution.decisions.air import undetermined
from luoshi.programmes.heavy_pollution.decisions.assembly import METHODS
from luoshi.programmes.heavy_pollution.decisions.fields import Colour
from luoshi.programmes.heavy_pollution.decisions.laying import Laid, SeriesFacts, laid
from luoshi.programmes.heavy_pollution.decisions.settings import GRADING, LAYING, PARAMETERS, PLAN, limits, validity
from luoshi.programmes.heavy_pollution.numbers import Exact, plain
from luoshi.programmes.heavy_pollution.processes import (
    BLUE,
    NONE,
    ORANGE,
    RED,
    YELLOW,
    Judged,
    Limits,
    Process,
    cut_at,
    judge,
    meets,
    processes,
    release_stretches,
)
from luoshi.programmes.heavy_pollution.words import COLOUR_WORDS, COLOURS, LEVELS

_GRADES = f"{PLAN} 3.1.3"
_ADJUST = f"{PLAN} 3.1.5"
TOP = Rule(f"{_GRADES}(4)", "今后的滑动日均值最高{peak}，红色的一项条件为达到{top}")
OF_RED = Rule(
    f"{_GRADES}(4)",
    "自{start}至{end}大于{heavy}共{hours}小时（红色须{needed}小时以上），其中大于{severe}连续{severe_h}小时"
    "（须{severe_needed}小时以上）",
)
OF_ORANGE = Rule(
    f"{_GRADES}(3)",
    "自{start}至{end}大于{heavy}共{hours}小时（橙色须{needed}小时以上），日均值最高{peak}（须大于{severe}）",
)
OF_YELLOW = Rule(f"{_GRADES}(2)", "自{start}至{end}大于{heavy}共{hours}小时（黄色须{needed}小时以上）")
OF_BLUE = Rule(f"{_GRADES}(1)", "自{start}至{end}有日均值大于{heavy}，最高{peak}，未达更高级别的条件")
OF_NONE = Rule(f"{_GRADES}(1)", "现在以后没有日均值大于{heavy}，最高{peak}，未达预警条件")
MERGED = Rule(_ADJUST, "前后重污染之间没有连续{hours}小时不大于{release}，按一次过程计；分开计为{unmerged}")
APART = Rule(_ADJUST, "自{start}起连续{hours}小时不大于{release}，前后是两次过程")
ELAPSED = Rule(_ADJUST, "过程自{start}起，已经过的{elapsed}小时计入；只看以后为{forward}")
NOT_ELAPSED = Rule(_ADJUST, "已经过的小时不计入，只看以后")
METHOD = Rule(_GRADES, "日均值取法：{method}")
GAPS = Rule(_GRADES, "现在以后有{count}个24小时窗口因数据不足没有日均值")
CUT = Rule(f"{PLAN} 3.1.2", "过程到数据末尾仍未结束，持续时间可能更长")
WEIHAI = Rule(f"{PLAN} 3.1.2", "威海会商结果为{theirs}，本地为{ours}，由会商确定")


class Graded(NamedTuple):
    """A series graded: the judgement, the same with processes split where bridged, and for what is still to come."""

    laid: Laid
    limits: Limits
    judged: Judged
    unmerged: Judged
    forward: Judged


def grade_of(found: Laid, numbers: Limits) -> Graded:
    """Return the grades of a series laid out."""
    line, now = found.line, found.now
    hour = floor(now)
    ahead = cut_at(line, hour)
    forward = _moved(judge(ahead, now - hour, numbers, bridging=numbers.gap_counts), hour)
    unmerged = judge(line, now, numbers, bridging=False)
    if not numbers.elapsed_counts:
        unmerged = _moved(judge(ahead, now - hour, numbers, bridging=False), hour)
        judged = forward
    else:
        judged = judge(line, now, numbers) if numbers.gap_counts else unmerged
    return Graded(found, numbers, judged, unmerged, forward)


def _moved(judged: Judged, hours: int) -> Judged:
    """Return a judgement of a cut line in the hours of the whole."""
    if judged.start is None or judged.end is None:
        return judged
    process = judged.process
    if process is not None:
        process = process._replace(first=process.first + hours, last=process.last + hours)
    return Judged(judged.grade, process, judged.start + hours, judged.end + hours)


# --- D6 ---------------------------------------------------------------------------------------------------------------


class GradeFacts(SeriesFacts):
    """The series that is graded, and what the consultation at Weihai found."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"series": [[24, 50], [24, 400], [48, 50]]},
                {"days": [210, 310, 320, 210]},
                {"measured_days": [260, 310], "forecast_days": [320, 230, 120]},
                {"series": [[24, 240], [36, 120], [24, 240], [24, 80]], "start": "2018-01-14T00:00", "now": 0},
                {
                    "series": [[24, 100], [6, 500], [18, 120], [24, 100]],
                    "dust": [{"grade": "沙尘暴", "from": 24, "to": 30, "confirmed_by": ["气象局", "环保局"]}],
                },
            ]
        }
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {**SeriesFacts.SPELLINGS, "weihai": "weihai_grade"}

    weihai_grade: Colour = Field(None, description="威海会商的级别或颜色 / grade found by Weihai, shown beside ours")


@decision(
    key="heavy_pollution.grade",
    title="重污染天气预警级别",
    citation=_GRADES,
    parameters=PARAMETERS,
    reads=(*GRADING, *LAYING),
)
def grade(facts: GradeFacts, context: Context) -> Verdict:
    """按滑动24小时日均值和持续时间定预警级别：蓝、黄、橙、红或无；写明过程的起止、时长和依据。

    `grade` (none, blue, yellow, orange, red), `start` and `end` in hours from the first one, `hours`, `days`, `max_w`,
    `severe_h`, `bridged`, `horizon`, `unmerged_grade`, `forward_grade`, `method`, all processes and release stretches.
    """
    if (found := laid(facts, context)) is None:
        return undetermined({"grade": None}, "逐小时或逐日的AQI", _GRADES)
    graded = grade_of(found, limits(context.parameters))
    value = grade_value(graded)
    reasons = [*found.reasons, *grade_reasons(graded)]
    if all(daily.aqi is None for daily in found.line.daily):
        needed = validity(context.parameters)
        said = Rule(_GRADES, "没有一个{window}小时窗口有{hours}个可用小时，不能分级")
        reasons = [*found.reasons, said.reason(False, needed.window, needed.hours)]
        return Verdict(value | {"grade": "none"}, Outcome.UNDETERMINED if not _only_dust(found) else _NONE, reasons)
    if facts.weihai_grade is not None:
        theirs = facts.weihai_grade
        value |= {"weihai_grade": COLOURS[theirs], "weihai_is_higher": theirs > graded.judged.grade}
        reasons.append(WEIHAI.reason(None, COLOUR_WORDS[theirs], COLOUR_WORDS[graded.judged.grade]))
    if graded.judged.grade != NONE:
        return Verdict(value, Outcome.ALLOW, reasons)
    return Verdict(value, Outcome.UNDETERMINED if value["gaps"] else _NONE, reasons)


_NONE = Outcome.NOT_APPLICABLE
"""No warning is due."""


def _only_dust(found: Laid) -> bool:
    """Whether nothing but dust takes hours out of a series long enough to grade."""
    return len(found.line) >= found.line.window and all(
        value is not None or out for value, out in zip(found.line.aqi, found.line.excluded, strict=True)
    )


def grade_value(graded: Graded) -> dict[str, Any]:
    """Return a grade as a decision answers it."""
    found, judged, process = graded.laid, graded.judged, graded.judged.process
    line, now = found.line, found.now
    span = range(judged.start, judged.end - line.window + 1) if judged.start is not None and judged.end else ()
    later = [hour for hour in range(len(line.daily)) if hour + line.window > now]
    peaks = [line.daily[hour].aqi for hour in (span or later)]
    hours = None if process is None else process.hours
    return {
        "grade": COLOURS[judged.grade],
        "colour": COLOUR_WORDS[judged.grade],
        "level": LEVELS[judged.grade],
        "start": judged.start,
        "end": judged.end,
        "start_at": found.at(judged.start),
        "end_at": found.at(judged.end),
        "horizon": judged.end is not None and judged.end >= len(line),
        "hours": hours,
        "days": None if hours is None else hours // 24,
        "max_w": max((peak for peak in peaks if peak is not None), default=None),
        "severe_h": 0 if process is None else process.severe_hours,
        "bridged": process is not None and process.bridged,
        "unmerged_grade": COLOURS[graded.unmerged.grade],
        "forward_grade": COLOURS[graded.forward.grade],
        "forward_hours": None if graded.forward.process is None else graded.forward.process.hours,
        "method": _method(graded),
        "now": plain(now),
        "gaps": _thin(found),
        "processes": [_process_value(found, one, now, graded.limits) for one in processes(line, graded.limits)],
        "release_stretches": [[one.first, one.end] for one in release_stretches(line, graded.limits)],
    }


def _thin(found: Laid) -> int:
    """How many windows still to come have no daily mean, and miss hours for another reason than dust."""
    line = found.line
    missing = [value is None and not out for value, out in zip(line.aqi, line.excluded, strict=True)]
    before = list(accumulate(missing, initial=0))
    return sum(
        daily.aqi is None and hour + line.window > found.now and before[hour + line.window] > before[hour]
        for hour, daily in enumerate(line.daily)
    )


def _method(graded: Graded) -> str | None:
    """How the daily means were made: one way, or mixed; None where there is none."""
    ways = {daily.by for daily in graded.laid.line.daily if daily.by}
    return "mixed" if len(ways) > 1 else next(iter(ways), None)


def _process_value(found: Laid, process: Process, now: Exact, numbers: Limits) -> dict[str, Any]:
    own = next((grade for grade in (RED, ORANGE, YELLOW) if meets(process, grade, numbers)), BLUE)
    return {
        "start": process.first,
        "end": process.end,
        "start_at": found.at(process.first),
        "end_at": found.at(process.end),
        "hours": process.hours,
        "severe_h": process.severe_hours,
        "max_w": process.max_daily,
        "bridged": process.bridged,
        "live": process.end > now,
        "grade": COLOURS[RED if process.max_daily >= numbers.top else own],
    }


def grade_reasons(graded: Graded) -> list[Reason]:
    """Return why a grade was given: every test from the worst down to the one that is met."""
    found, numbers, judged = graded.laid, graded.limits, graded.judged
    line, now = found.line, found.now
    later = [daily.aqi for hour, daily in enumerate(line.daily) if hour + line.window > now and daily.aqi is not None]
    peak = max(later, default=0)
    reasons = []
    if judged.grade == NONE:
        reasons.append(OF_NONE.reason(False, numbers.heavy, peak or "无"))
    else:
        reasons += _tests(graded, peak)
        if judged.process is not None and judged.process.bridged:
            unmerged = COLOUR_WORDS[graded.unmerged.grade]
            reasons.append(MERGED.reason(None, numbers.release_hours, numbers.release, unmerged))
        if judged.start is not None and judged.start < now:
            forward = COLOUR_WORDS[graded.forward.grade]
            elapsed = plain(now - judged.start)
            reasons.append(ELAPSED.reason(None, found.place(judged.start), elapsed, forward))
        if judged.end is not None and judged.end >= len(line):
            reasons.append(CUT.reason(None))
    if not numbers.elapsed_counts and now > 0:
        reasons.append(NOT_ELAPSED.reason(None))
    apart = list(pairwise(processes(line, numbers)))
    for stretch in release_stretches(line, numbers):
        if any(one.first < stretch.first < two.first for one, two in apart):
            reasons.append(APART.reason(None, found.place(stretch.first), stretch.counted, numbers.release))
    ways = [METHODS[way] for way in METHODS if any(daily.by == way for daily in line.daily)]
    if ways:
        reasons.append(METHOD.reason(None, "；".join(ways)))
    if thin := _thin(found):
        reasons.append(GAPS.reason(False, thin))
    return reasons


def _tests(graded: Graded, peak: int) -> list[Reason]:
    """The tests of 3.1.3 in order, on the process that decides, else on the longest live one."""
    found, numbers, judged = graded.laid, graded.limits, graded.judged
    reasons = [TOP.reason(peak >= numbers.top, peak, numbers.top)]
    if peak >= numbers.top:
        return reasons
    ends = found.place(judged.start), found.place(judged.end)
    process = judged.process
    if process is None:
        return [*reasons, OF_BLUE.reason(True, *ends, numbers.heavy, peak)]
    hours, heavy, severe = process.hours, numbers.heavy, numbers.severe
    data = {
        RED: (OF_RED, (heavy, hours, numbers.red_hours, severe, process.severe_hours, numbers.red_severe_hours)),
        ORANGE: (OF_ORANGE, (heavy, hours, numbers.orange_hours, process.max_daily, severe)),
        YELLOW: (OF_YELLOW, (heavy, hours, numbers.yellow_hours)),
    }
    for rank, (rule, values) in data.items():
        reasons.append(rule.reason(rank == judged.grade, *ends, *values))
        if rank == judged.grade:
            return reasons
    return [*reasons, OF_BLUE.reason(True, *ends, heavy, process.max_daily)]


# --- D9 ---------------------------------------------------------------------------------------------------------------

UPGRADE = Rule(_ADJUST, "当前{current}，预测或监测已达{grade}的条件，应及时按同一程序提高级别")
DOWNGRADE = Rule(_ADJUST, "当前{current}，今后只达{forward}的条件，可建议按同一程序降低级别")
KEEP = Rule(_ADJUST, "当前{current}，预测或监测为{grade}，今后为{forward}，级别不变")
NO_DOWNGRADE = Rule(_ADJUST, "今后未达预警条件，是否解除另按解除条件判断")


class AdjustFacts(SeriesFacts):
    """The warning in force, and the series or the grades found from it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"current": "yellow", "measured_days": [260, 310], "forecast_days": [320, 230, 120]},
                {"current": "橙色", "grade": "橙色", "forward_grade": "黄色"},
            ]
        }
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        **SeriesFacts.SPELLINGS, "current_grade": "current", "colour": "current", "current_colour": "current",
        "d6": "grade", "forward": "forward_grade", "warning": "current", "computed": "grade", "new_grade": "grade",
        "current_warning": "current",
    }  # fmt: skip

    current: Colour = Field(None, description="现行预警的级别或颜色 / colour of the warning in force")
    grade: Colour = Field(None, description="重新分级的结果，没有给出序列时 / the new grade, where no series is given")
    forward_grade: Colour = Field(None, description="只看以后的级别，没有给出序列时 / the grade of what is to come")


@decision(
    key="heavy_pollution.adjust",
    title="预警级别调整",
    also=("heavy_pollution.upgrade", "heavy_pollution.adjustment"),
    citation=_ADJUST,
    parameters=PARAMETERS,
    reads=(*GRADING, *LAYING),
)
def adjust(facts: AdjustFacts, context: Context) -> Verdict:
    """现行预警是否应提高或可降低级别：达到更高级别的应及时提高；今后较轻的只作降级建议。均须走同一程序。

    `proposal`: upgrade (urgent), downgrade (a suggestion only) or keep; `to` the colour proposed.
    """
    if facts.current is None:
        return undetermined({"proposal": None}, "现行预警级别", _ADJUST)
    found = laid(facts, context)
    more: list[Reason] = []
    if found is not None and any(daily.aqi is not None for daily in found.line.daily):
        graded = grade_of(found, limits(context.parameters))
        now_grade, forward = graded.judged.grade, graded.forward.grade
        more = [*found.reasons, *grade_reasons(graded)]
    elif facts.grade is not None or facts.forward_grade is not None:
        now_grade = facts.grade if facts.grade is not None else facts.forward_grade
        forward = facts.forward_grade if facts.forward_grade is not None else facts.grade
    else:
        return undetermined({"proposal": None}, "可以分级的逐小时数据", _ADJUST)
    names = COLOUR_WORDS[facts.current], COLOUR_WORDS[now_grade], COLOUR_WORDS[forward]
    value: dict[str, Any] = {
        "proposal": "keep",
        "current": COLOURS[facts.current],
        "to": COLOURS[facts.current],
        "urgent": False,
        "suggestion": False,
        "grade": COLOURS[now_grade],
        "forward_grade": COLOURS[forward],
    }
    if now_grade > facts.current:
        value |= {"proposal": "upgrade", "to": COLOURS[now_grade], "urgent": True}
        return Verdict(value, Outcome.ALLOW, [UPGRADE.reason(True, names[0], names[1]), *more])
    if forward < facts.current:
        value |= {"proposal": "downgrade", "to": COLOURS[forward], "suggestion": True}
        reasons = [DOWNGRADE.reason(True, names[0], names[2])]
        if forward == NONE:
            reasons.append(NO_DOWNGRADE.reason(None))
        return Verdict(value, Outcome.ALLOW_WITH_CONDITION, [*reasons, *more])
    return Verdict(value, Outcome.NOT_APPLICABLE, [KEEP.reason(None, *names), *more])
