"""D4 to D7, P6 and the days of reports: how far a task is, how far it should be, its light, what being late entails."""

from __future__ import annotations

import re
from datetime import date, timedelta
from fractions import Fraction
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, model_validator

from luoshi.kernel.answers import answer, judged, undetermined
from luoshi.kernel.calendar import ONE_DAY, WorkingCalendar
from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict, decision
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.fact_kinds import Choice, Day, Facts, Flag, Moment, Number, Text, at, plain
from luoshi.office.duties import curve
from luoshi.programmes.supervision.decisions.settings import (
    CROSSING,
    INSPECT,
    PARAMETERS,
    PERSONS,
    PLATFORM,
    TARGETS,
    WHOLE_BP,
    Comparator,
    Measure,
    Percent,
    Points,
    Profile,
    Weight,
    day_of,
    iso,
    number,
    whole,
    working_between,
)

# --- D4: progress -----------------------------------------------------------------------------------------------------

REACHED = Rule(CROSSING, "完成{value}，目标{target}，已达到")
NOT_REACHED = Rule(CROSSING, "完成{value}，目标{target}，没有达到")
OVER_RANGE = Rule(CROSSING, "完成{value}，超出区间{target}，不能销号")
WORSE = Rule(CROSSING, "完成{value}，还不如基期{baseline}，进度记0")
SAME = Rule(CROSSING, "目标值与基期值都是{target}，算不出进度，须改目标值或写明依据")
STAGE = Rule(CROSSING, "最近一个被接受的节点累计{percent}%")
NO_STAGE = Rule(CROSSING, "还没有被接受的节点，进度为0")
ONLY_ACCEPTED = Rule(PLATFORM, "只计被接受的填报，{count}次没有计")
NO_DATA = Rule(CROSSING, "分母为0，无数据，不算进度")
NEGATIVE = Rule(PERSONS, "填报的值{value}不得为负")
_ACCEPTED = {"accepted", "已接受", "接受", "tacit", "true"}
_STATE = Annotated[
    Any,
    Choice({"accepted": "接受 已接受 tacit", "filed": "已填报 pending submitted draft signed 待审",
        "returned": "退回 已退回",
            "superseded": "已有更新"}),
]  # fmt: skip


class Reported(Facts):
    """一次填报：数值或节点累计百分比，是否被接受。"""

    SPELLINGS: ClassVar[dict[str, str]] = {
        "figure": "value", "amount": "value", "cumulative": "percent", "stage_percent": "percent", "status": "state",
    }  # fmt: skip
    value: Measure = Field(None, description="填报的值 / reported value")
    percent: Number = Field(None, description="节点的累计百分比 / cumulative percent of the milestone")
    name: Text = Field(None, description="节点名称 / milestone")
    accepted: Flag = Field(None, description="被接受 / accepted")
    state: _STATE = Field(None, description="状态：accepted、filed、returned / state")

    @property
    def counts(self) -> bool:
        """Whether it was accepted; what says nothing of it counts."""
        return self.accepted if self.accepted is not None else self.state in (None, "accepted")


class ProgressFacts(Facts):
    """一个最小颗粒的目标和完成情况：数量、比例、区间或节点。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"value": 120, "target": 151, "baseline": 0},
                {"measured": 1199, "of": 1499, "target": 80},
                {"value": 31, "target": 20, "upper": 30, "comparator": "range"},
                {"milestones": [{"percent": 40, "accepted": True}, {"percent": 70, "accepted": False}]},
            ]
        },
    )
    SPELLINGS: ClassVar[dict[str, str]] = {
        "actual": "value", "reported": "value", "done": "value", "target_value": "target", "base": "baseline",
        "baseline_value": "baseline", "upper_bound": "upper", "target_upper": "upper", "high": "upper",
        "lower": "target",
        "lower_bound": "target", "low": "target", "numerator": "measured", "part": "measured", "denominator": "of",
        "whole": "of", "total": "of", "base_count": "of", "cmp": "comparator", "stages": "milestones",
        "measured_of": "of", "count": "measured", "op": "comparator", "accepted_reports": "reports",
    }  # fmt: skip

    value: Measure = Field(None, description="完成值 / measured value")
    target: Measure = Field(None, description="目标值；比例的目标为百分数；区间为下限 / target, a ratio's in percent")
    baseline: Measure = Field(0, description="基期值，默认0 / baseline")
    comparator: Comparator = Field(None, description="比较：>=（默认）、<=、=、range、event / comparator")
    upper: Measure = Field(None, description="区间的上限 / upper bound of a range")
    measured: Number = Field(None, description="比例的分子 / numerator of a ratio")
    of: Number = Field(None, description="比例的分母 / denominator of a ratio")
    milestones: list[Reported] | None = Field(None, description="节点及其累计百分比，先后为序 / milestones in order")
    reports: list[Reported] | None = Field(
        None, description="历次填报，只计被接受的 / reports, only accepted ones count"
    )

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """A range may be given as two numbers; one milestone by its percentage alone."""
        for name in ("range", "target"):
            if isinstance(data.get(name), list | tuple) and len(data[name]) == 2:
                data["target"], data["upper"] = data.pop(name)
        if "stage_percent" in data:
            data["milestones"] = [{"percent": data.pop("stage_percent")}]
        return data


def _state_of(facts: ProgressFacts) -> tuple[curve.Progress | None, list[Reason], dict[str, Any]]:
    """Return the progress, why, and the figures beside it; no progress where facts are missing or contradict."""
    reasons: list[Reason] = []
    value = facts.value
    left = sum(not one.counts for rows in (facts.reports, facts.milestones) for one in rows or ())
    reasons += [ONLY_ACCEPTED.reason(None, left)] if left else []
    if facts.milestones is not None:
        counted = [one.percent for one in facts.milestones if one.counts and one.percent is not None]
        if not counted:
            return curve.Progress(curve.NONE, False), [*reasons, NO_STAGE.reason(False)], {}
        percent = min(max(counted[-1], curve.NONE), curve.ALL)
        reasons.append(STAGE.reason(percent >= curve.ALL, plain(percent)))
        return curve.Progress(percent, percent >= curve.ALL), reasons, {}
    if facts.reports is not None:
        counted = [one.value for one in facts.reports if one.counts and one.value is not None]
        value = counted[-1] if counted else facts.baseline
    target, baseline = facts.target, facts.baseline or Fraction(0)
    more: dict[str, Any] = {}
    if facts.measured is not None and facts.of is not None and facts.of > 0:
        value = 100 * facts.measured / facts.of
    elif facts.measured is not None and facts.of is None:
        value = facts.measured
    if facts.comparator == "event" and target is None:
        target = Fraction(1)
    if value is None or target is None:
        return None, reasons, more
    share = facts.of is not None
    if share:
        more["measured"] = curve.shown(value, target)
        more["measured_exact"] = plain(value)
    if value < 0:
        return None, [*reasons, NEGATIVE.reason(False, plain(value))], more
    comparator = ">=" if facts.comparator in (None, "event") else facts.comparator
    words = (f"{more['measured']}%" if share else plain(value), f"{plain(target)}%" if share else plain(target))
    if target == baseline:
        # Nothing may be left: there is no way to measure, only to be there.
        if comparator == "<=":
            met = value <= target
            reasons.append((REACHED if met else NOT_REACHED).reason(met, *words))
            return curve.Progress(curve.ALL if met else curve.NONE, met), reasons, more
        return None, [*reasons, SAME.reason(False, plain(target))], more
    found = curve.actual(value, target, baseline, comparator, facts.upper)
    if found.flag == curve.ABOVE:
        reasons.append(OVER_RANGE.reason(False, words[0], f"{plain(target)}–{plain(facts.upper)}"))
    else:
        reasons.append((REACHED if found.reached else NOT_REACHED).reason(found.reached, *words))
    if found.flag == curve.WORSE:
        reasons.append(WORSE.reason(None, words[0], plain(baseline)))
    return found, reasons, more


def _progress(facts: ProgressFacts) -> Verdict:
    if facts.of == 0:
        return answer("NO_DATA", Outcome.UNDETERMINED, [NO_DATA.reason(None)], A=None, percent=None, reached=None,
                      cross_off=False)  # fmt: skip
    found, reasons, more = _state_of(facts)
    if found is None:
        if reasons and reasons[-1].ok is False:
            return answer("REFUSE", Outcome.REFUSE, reasons, code="E_INPUT", **more)
        missing = {name: words for name, words in {"value": "完成值", "target": "目标值"}.items()
                   if getattr(facts, name) is None}  # fmt: skip
        return undetermined(missing or {"of": "分母"}, CROSSING)
    bound = None if found.reached else curve.ALL
    text = curve.written(found.percent) if found.percent == curve.ALL else curve.shown(found.percent, bound)
    more = {"A": text, "percent": plain(found.percent), "reached": found.reached, "flag": found.flag or None,
            "cross_off": found.reached} | more  # fmt: skip
    outcome = Outcome.ALLOW if found.reached else Outcome.REFUSE
    return answer("REACHED" if found.reached else "NOT_REACHED", outcome, reasons, **more)


@decision(
    key="supervision.progress",
    title="完成了多少，目标达到没有",
    citation=CROSSING,
    parameters=PARAMETERS,
    also=("supervision.actual", "supervision.actual_progress"),
)
def progress(facts: ProgressFacts, context: Context) -> Verdict:
    """进度=100×(完成−基期)/(目标−基期)，在0到100之间；达到与否按精确值，不按取整后的数；区间以下限计、超出不能销号。

    Value: `result` REACHED or NOT_REACHED, `A` as shown, `percent` exact, `reached`, `flag`, `measured` of a ratio.
    """
    return _progress(facts)


class TargetFacts(Facts):
    """工作要点的一个量化目标：代号和完成值。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"code": "T24.2", "measured": 151}, {"code": "T28.2", "value": 4999}]},
    )
    SPELLINGS: ClassVar[dict[str, str]] = {
        "target": "code", "key": "code", "actual": "value", "numerator": "measured", "part": "measured",
        "denominator": "of", "whole": "of", "total": "of", "villages": "measured",
    }  # fmt: skip

    code: Text = Field(None, description="目标代号，如 T24.2 / code of the target")
    value: Measure = Field(None, description="完成值；金额为分 / measured value, money in fen")
    measured: Number = Field(None, description="比例的分子 / numerator of a ratio")
    of: Number = Field(None, description="比例的分母；T24.2默认全市的村 / denominator")
    baseline: Number = Field(0, description="基期值 / baseline")


_PER_VILLAGE = {"T34.4": 1, "T34.5": 12}
"""Targets a village, and how often a year: judged by all villages together."""


@decision(
    key="supervision.target",
    title="工作要点的一个量化目标达到没有",
    citation=CROSSING,
    parameters=PARAMETERS,
    reads=(*TARGETS, "village_count"),
)
def target(facts: TargetFacts, context: Context) -> Verdict:
    """目标值按所问之日的参数；比例以分子、分母计；每村的戏和电影按全市的村合计。

    Value: as supervision.progress, with `target`.
    """
    code = (facts.code or "").upper()
    if not code:
        return undetermined({"code": "目标代号"}, CROSSING)
    if code not in TARGETS:
        raise LuoshiError(
            "E_INPUT", f"没有“{code[:20]}”这个目标", fields={"code": code[:20], "known": list(TARGETS)[:20]}
        )
    goal = number(context, code)
    of, value, measured = facts.of, facts.value, facts.measured
    if of is None and measured is not None and code == "T24.2":
        of = number(context, "village_count")
    if code in _PER_VILLAGE:
        goal *= _PER_VILLAGE[code] * (of or number(context, "village_count"))
        of, value, measured = None, value if measured is None else measured, None
    comparator = {"T39.1": "=", "T38.1": "<=", "T15.1": "range"}.get(code, ">=")
    upper = number(context, "T15.1.max") if code == "T15.1" else None
    found = _progress(
        ProgressFacts(
            value=value, measured=measured, of=of, target=goal, upper=upper, comparator=comparator,
            baseline=facts.baseline,
        )
    )  # fmt: skip
    return found._replace(value=found.value | {"target": plain(goal)})


# --- D4: a parent -----------------------------------------------------------------------------------------------------

SUMS = Rule(CROSSING, "各项权重之和{total}个基点，进度{percent}%")
WRONG_SUM = Rule(CROSSING, "同级任务权重之和须为 100%(现为{total}%)")
CHILD_SAME = Rule(CROSSING, "第{place}项算不出进度：目标值与基期值相同，或值为负")


class Child(ProgressFacts):
    """一个下级：权重和进度。"""

    SPELLINGS: ClassVar[dict[str, str]] = ProgressFacts.SPELLINGS | {
        "weight_bp": "weight", "w": "weight", "a": "percent", "actual_percent": "percent", "progress": "percent",
    }  # fmt: skip
    weight: Weight = Field(None, description="权重（基点，满分10000） / weight in basis points")
    percent: Percent = Field(None, description="进度（百分数），不写则按完成值和目标值算 / progress in percent")
    code: Text = Field(None, description="编号 / node code")


class RollupFacts(Facts):
    """同级的各项：权重和进度。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "children": [
                        {"weight": 3000, "value": 120, "target": 151},
                        {"weight": 4500, "value": 61, "target": 97},
                        {"weight": 2500, "value": 6, "target": 6},
                    ]
                }
            ]
        },
    )
    SPELLINGS: ClassVar[dict[str, str]] = {"leaves": "children", "siblings": "children", "nodes": "children"}
    children: list[Child] | None = Field(None, description="下级各项 / children")


@decision(
    key="supervision.rollup",
    title="上一级的进度",
    citation=CROSSING,
    parameters=PARAMETERS,
    also=("supervision.parent_progress", "supervision.weights"),
)
def rollup(facts: RollupFacts, context: Context) -> Verdict:
    """上一级进度=Σ权重×进度÷10000，分数计算；同级权重之和须正好100%。

    Value: `A` as shown, `percent` exact, `children` with the `A` of each; REFUSE names what the weights are now.
    """
    rows = facts.children
    if not rows:
        return undetermined({"children": "各项的权重和进度"}, CROSSING)
    if bare := [place for place, one in enumerate(rows, 1) if one.weight is None]:
        return undetermined({"weight": f"第{'、'.join(map(str, bare[:10]))}项的权重"}, CROSSING)
    weights = [one.weight for one in rows]
    total = sum(weights, Fraction(0))
    if total != WHOLE_BP:
        reason = WRONG_SUM.reason(False, plain(total / 100))
        return answer("REFUSE", Outcome.REFUSE, [reason], code="E_SUM", total_bp=plain(total), message=reason.text)
    parts: list[Fraction] = []
    shown: list[dict[str, Any]] = []
    for place, one in enumerate(rows, 1):
        if one.percent is not None:
            part = min(max(one.percent, curve.NONE), curve.ALL)
        else:
            found, reasons, _more = _state_of(one)
            if found is None:
                if not reasons or reasons[-1].ok is not False:
                    return undetermined({"children": f"第{place}项的完成值和目标值"}, CROSSING)
                return answer("REFUSE", Outcome.REFUSE, [CHILD_SAME.reason(False, place)], code="E_INPUT")
            part = found.percent
        parts.append(part)
        shown.append({"code": one.code, "weight": plain(one.weight), "A": curve.shown(part, curve.ALL),
                      "percent": plain(part)})  # fmt: skip
    percent = sum((w * a for w, a in zip(weights, parts, strict=True)), Fraction(0)) / WHOLE_BP
    text = curve.shown(percent, curve.ALL)
    return answer("OK", Outcome.ALLOW, [SUMS.reason(True, plain(total), text)], A=text, percent=plain(percent),
                  children=shown)  # fmt: skip


# --- D5 and D6: plan and light ----------------------------------------------------------------------------------------

BEFORE = Rule(CROSSING, "{day}早于开始日{start}，计划为0")
AFTER = Rule(CROSSING, "{day}已到最后一日{due}，计划为100%")
ALONG = Rule(CROSSING, "{start}到{due}，到{day}计划完成{percent}%")
UPSIDE = Rule(CROSSING, "开始日{start}晚于最后一日{due}")


class PlannedFacts(Facts):
    """起止日、计划点、要看的日子。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"start": "2019-04-10", "due": "2019-12-31", "day": "2019-06-30"},
                {
                    "start": "2019-04-11",
                    "due": "2019-10-31",
                    "points": [["2019-05-31", 20], ["2019-08-31", 60]],
                    "day": "2019-09-30",
                },
            ]
        },
    )
    SPELLINGS: ClassVar[dict[str, str]] = {
        "planned_points": "points", "milestones": "points", "d": "day", "date": "day", "on": "day", "as_of": "day",
        "today": "day", "start_on": "start", "from": "start", "due_on": "due", "end": "due", "due_date": "due",
        "start_date": "start", "deadline": "due",
    }  # fmt: skip

    start: Day = Field(None, description="开始日 / start")
    due: Day = Field(None, description="最后一日，默认年底 / due day")
    points: Points = Field((), description="计划点：日期和累计百分比 / planned points")
    day: Day = Field(None, description="看哪一天：默认按哪一天 / the day looked at")
    profile: Profile = Field(
        "workpoints", description="规则：workpoints（工作要点）或 governance（政务督查） / profile"
    )

    @model_validator(mode="after")
    def _points_inside(self) -> PlannedFacts:
        for day, _percent in self.points or ():
            if (self.start is not None and day < self.start) or (self.due is not None and day > self.due):
                raise ValueError(f"计划点{day}不在开始日和最后一日之间")
        return self


def planned_governance(start: date, due: date, day: date) -> Fraction:
    """Return the plan of services-governance 6.1 in percent: both end days counted."""
    if day < start:
        return curve.NONE
    if day > due:
        return curve.ALL
    return curve.ALL * Fraction((day - start).days + 1, (due - start).days + 1)


def _plan(facts: PlannedFacts, start: date, due: date, day: date) -> Fraction:
    if facts.profile == "governance":
        return planned_governance(start, due, day)
    return curve.planned(start, due, facts.points or (), day)


@decision(
    key="supervision.planned",
    title="到哪天计划应完成多少",
    citation=CROSSING,
    parameters=PARAMETERS,
    reads=("plan_year_end",),
    also=("supervision.plan_on",),
)
def planned(facts: PlannedFacts, context: Context) -> Verdict:
    """开始日之前为0，最后一日起为100，之间按自然日在计划点间取直线；政务督查两头的日子都算。

    Value: `P` as shown, `planned` exact in percent.
    """
    if facts.start is None:
        return undetermined({"start": "开始日"}, CROSSING)
    due, day = facts.due or day_of(context, "plan_year_end"), facts.day or context.on
    start = facts.start
    if start > due:
        return answer("REFUSE", Outcome.REFUSE, [UPSIDE.reason(False, str(start), str(due))], code="E_INPUT")
    percent = _plan(facts, start, due, day)
    text = curve.written(percent)
    if day < start:
        reason = BEFORE.reason(None, str(day), str(start))
    elif day >= due:
        reason = AFTER.reason(None, str(day), str(due))
    else:
        reason = ALONG.reason(None, str(start), str(due), str(day), text)
    return answer("OK", Outcome.ALLOW, [reason], P=text, planned=plain(percent), day=iso(day), due=iso(due))


DONE = Rule(CROSSING, "已销号，蓝灯")
GREY = Rule(CROSSING, "未到开始日{start}，灰灯")
PAUSED = Rule(CROSSING, "停表，空灯")
PAST = Rule(INSPECT, "已过最后一日{due}，没有销号，红灯")
FAR_BEHIND = Rule(PLATFORM, "计划{plan}%，实际{actual}%，落后{gap}个百分点，不少于{limit}，{colour}灯")
ON_TRACK = Rule(PLATFORM, "计划{plan}%，实际{actual}%，落后{gap}个百分点，绿灯")
DEVIATION = Rule(PERSONS, "实际{actual}%减计划{plan}%为{gap}个百分点，{colour}灯")
PAST_GOV = Rule(PERSONS, "已过最后一日{due}，逾期{days}个工作日，{colour}灯")
WORST = Rule(PERSONS, "下级有{colour}灯，上级至少黄灯")
_WORDS = {"red": "红", "yellow": "黄", "green": "绿", "grey": "灰", "hollow": "空", "blue": "蓝"}
_LightWord = Annotated[
    Any,
    Choice({"red": "红 红灯", "yellow": "黄 黄灯 amber", "green": "绿 绿灯", "grey": "灰 灰灯 gray",
        "blue": "蓝 蓝灯 done",
            "hollow": "空 空灯 paused"}),
]  # fmt: skip
_LeafState = Annotated[
    Any,
    Choice({"running": "planned open in_progress submitted returned verified reopened 进行中 未开始 待核验 退回",
            "paused": "暂停 停表", "crossed_off": "done 销号 已销号 completed finished"}),
]  # fmt: skip


class LightFacts(PlannedFacts):
    """起止日、计划、进度、状态。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"start": "2019-04-10", "due": "2019-12-31", "day": "2019-06-30", "actual": "20.57"},
                {"planned": 50, "actual": 25},
                {
                    "profile": "governance",
                    "start": "2019-04-10",
                    "due": "2019-12-31",
                    "day": "2019-06-30",
                    "actual": 16,
                },
            ]
        },
    )
    SPELLINGS: ClassVar[dict[str, str]] = PlannedFacts.SPELLINGS | {
        "a": "actual", "progress": "actual", "percent": "actual", "actual_percent": "actual", "p": "planned",
        "plan": "planned", "planned_percent": "planned", "crossed_off": "done", "finished": "done",
        "verified": "actual",
    }  # fmt: skip

    actual: Number = Field(None, description="进度（百分数），精确值 / progress in percent, exact")
    planned: Number = Field(None, description="计划（百分数），不写则按起止日算 / plan in percent")
    gap: Number = Field(None, description="落后几个百分点，不写则按计划减进度 / plan less progress")
    state: _LeafState = Field(None, description="状态：running、paused、crossed_off / state")
    done: Flag = Field(False, description="已销号 / crossed off")
    paused: Flag = Field(False, description="停表 / paused")
    children: list[_LightWord] | None = Field(None, description="下级的灯（政务督查） / lights of the children")


@decision(
    key="supervision.light",
    title="这一天亮什么灯",
    citation=PLATFORM,
    parameters=PARAMETERS,
    reads=("gap_yellow", "gap_red", "gov_yellow", "gov_red", "gov_overdue", "plan_year_end"),
    uses_calendar=True,
    also=("supervision.lamp",),
)
def light(facts: LightFacts, context: Context) -> Verdict:
    """已销号蓝，未开始灰，停表空，过期红；落后25个百分点红、10个百分点黄（含本数），否则绿。

    Profile governance (services-governance 6.1): -5 and -15, both end days counted, overdue at least yellow, over 5
    working days red. Value: `light`, `P`, `A`, `gap` exact; `deviation` for governance.
    """
    day = facts.day or context.on
    due, start = facts.due or day_of(context, "plan_year_end"), facts.start
    done, paused = facts.done or facts.state == "crossed_off", facts.paused or facts.state == "paused"
    dated = start is not None or facts.due is not None
    plan, actual, gap = facts.planned, facts.actual, facts.gap
    if start is not None and start > due:
        return answer("REFUSE", Outcome.REFUSE, [UPSIDE.reason(False, str(start), str(due))], code="E_INPUT")
    if plan is None and start is not None:
        plan = _plan(facts, start, due, day)
    if plan is None and facts.due is not None and day >= due:
        plan = curve.ALL
    if gap is None and plan is not None and actual is not None:
        gap = plan - actual
    value: dict[str, Any] = {
        "P": None if plan is None else curve.written(plan),
        "A": None if actual is None else curve.written(actual),
        "gap": None if gap is None else plain(gap),
    }
    if facts.profile == "governance":
        value["deviation"] = None if gap is None else plain(-gap)
        return _light_governance(facts, context, value, gap, due if dated else None, day, done)
    past = dated and day > due
    if done:
        return _lit("blue", DONE.reason(True), value)
    if start is not None and day < start:
        return _lit("grey", GREY.reason(None, str(start)), value)
    if paused:
        return _lit("hollow", PAUSED.reason(None), value)
    if past:
        return _lit("red", PAST.reason(False, str(due)), value)
    if gap is None:
        missing = {"actual": "进度"} if actual is None else {"start": "开始日", "planned": "计划"}
        return undetermined(missing, PLATFORM)
    yellow, red = number(context, "gap_yellow"), number(context, "gap_red")
    words = (value["P"] or "—", value["A"] or "—", _gap(gap, red, yellow))
    for colour, limit in (("red", red), ("yellow", yellow)):
        if gap >= limit:
            return _lit(colour, FAR_BEHIND.reason(False, *words, plain(limit), _WORDS[colour]), value)
    return _lit("green", ON_TRACK.reason(True, *words), value)


def _gap(gap: Fraction, *limits: Fraction) -> str:
    """Return a gap with two decimals, more where two would seem to reach a limit that is not reached."""
    near = min(limits, key=lambda limit: abs(gap - limit))
    return curve.shown(gap, near)


def _lit(colour: str, reason: Reason, value: dict[str, Any], *more: Reason) -> Verdict:
    bad = colour in ("red", "yellow")
    outcome = Outcome.NOT_APPLICABLE if colour in ("grey", "hollow") else Outcome.REFUSE if bad else Outcome.ALLOW
    return answer(colour.upper(), outcome, [reason, *more], light=colour, colour=_WORDS[colour], **value)


def _light_governance(
    facts: LightFacts, context: Context, value: dict[str, Any], gap: Fraction | None, due: date | None, day: date,
    done: bool,
) -> Verdict:  # fmt: skip
    if done:
        return _lit("blue", DONE.reason(True), value)
    found: list[tuple[str, Reason]] = []
    if due is not None and day > due:
        late = working_between(context, due, day)
        colour = "red" if late > whole(context, "gov_overdue") else "yellow"
        value = value | {"overdue_wd": late}
        found.append((colour, PAST_GOV.reason(False, str(due), late, _WORDS[colour])))
    if gap is not None:
        yellow, red = number(context, "gov_yellow"), number(context, "gov_red")
        colour = "red" if gap > red else "yellow" if gap > yellow else "green"
        words = (value["A"] or "—", value["P"] or "—", curve.shown(-gap, -red if gap > yellow else -yellow))
        found.append((colour, DEVIATION.reason(colour == "green", *words, _WORDS[colour])))
    worst = next((one for one in ("red", "yellow") if one in (facts.children or ())), None)
    if worst:
        found.append(("yellow", WORST.reason(False, _WORDS[worst])))
    if not found:
        return undetermined({"actual": "进度", "start": "开始日"}, PERSONS)
    order = ("red", "yellow", "green")
    found.sort(key=lambda one: order.index(one[0]))
    return _lit(found[0][0], found[0][1], value, *(reason for _colour, reason in found[1:]))


# --- D7: overdue and escalation ---------------------------------------------------------------------------------------

NOT_LATE = Rule(INSPECT, "{day}未过最后一日{due}，没有逾期")
LATE = Rule(INSPECT, "最后一日{due}，到{day}逾期{k}个工作日")
ENDED = Rule(INSPECT, "已于{day}完成，逾期到此为止")
EXTENDED = Rule(INSPECT, "延期已批准到{due}，原来的逾期到此为止")
STEP = Rule(INSPECT, "{what}：{day}")
WAITS = Rule(INSPECT, "{what}：{year}年的放假安排还没有公布，日期是暂算的，公布后再走这一步（E_CALENDAR_MISSING）")
LETTERS = Rule(INSPECT, "{count}份督办函没有回复，拟移交建议")
UNSIGNED = Rule(INSPECT, "督办函只进主任待签，不签不发")
_STEPS = {
    "holder": "提醒责任人", "head": "报责任单位负责人", "letter": "拟督办函，待主任签发",
    "leader": "报分包领导，列入下期通报红榜", "referral": "拟移交建议",
}  # fmt: skip


class Paused(Facts):
    """一次停表：领导决定之日和恢复之日。"""

    SPELLINGS: ClassVar[dict[str, str]] = {
        "begins": "start", "from": "start", "decided_on": "start", "ends": "end", "to": "end", "resumed_on": "end",
        "until": "end", "paused_on": "start",
    }  # fmt: skip
    start: Day = Field(None, description="决定停表之日，当天照计 / the day of the decision")
    end: Day = Field(None, description="恢复之日，当天不计 / the day of resumption")

    @model_validator(mode="after")
    def _in_order(self) -> Paused:
        if self.start is not None and self.end is not None and self.end < self.start:
            raise ValueError("停表的恢复之日早于决定之日，请核对")
        return self


class EscalationFacts(Facts):
    """最后一日、要看的日子、完成、延期、停表、未回复的督办函。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [{"due": "2019-04-26", "day": "2019-06-11"}, {"due": "2019-09-27", "day": "2019-10-12"}]
        },
    )
    SPELLINGS: ClassVar[dict[str, str]] = {
        "due_on": "due", "due_date": "due", "today": "day", "on": "day", "date": "day", "as_of": "day", "d": "day",
        "completed_at": "completed_on", "crossed_off_on": "completed_on", "effective_completion": "completed_on",
        "extended_to": "extended_due", "new_due": "extended_due", "unanswered": "unanswered_letters",
        "letters_unanswered": "unanswered_letters",
    }  # fmt: skip

    due: Day = Field(None, description="最后一日，默认年底 / due day")
    day: Day = Field(None, description="看哪一天：默认按哪一天 / the day looked at")
    completed_on: Moment = Field(None, description="完成日（销号的有效完成日） / effective completion")
    extended_due: Day = Field(None, description="批准的延期到哪天 / due day after an approved extension")
    pauses: list[Paused] = Field(default_factory=list, description="停表 / pauses")
    unanswered_letters: Number = Field(0, description="没有回复的督办函 / unanswered letters")
    unanswered_on: Day = Field(
        None, description="第二份督办函回复期满之次日 / the day the second letter was unanswered"
    )


def _paused(day: date, pauses: list[Paused]) -> bool:
    return any(one.start is not None and one.start < day and (one.end is None or day <= one.end) for one in pauses)


def late_days(context: Context, due: date, day: date, pauses: list[Paused]) -> int:
    """Return the working days after the due day up to a day, those of pauses left out."""
    if not pauses:
        return working_between(context, due, day)
    days = (due + timedelta(days=step) for step in range(1, (day - due).days + 1))
    return sum(1 for one in days if not _paused(one, pauses) and context.calendar.is_working(one))


def _reached_on(context: Context, due: date, wanted: int, pauses: list[Paused]) -> date | None:
    """Return the working day on which so many of them have passed; None where a pause is open or no calendar tells."""
    day, left = due, wanted
    try:
        for _step in range(4000):
            day += ONE_DAY
            if not _paused(day, pauses) and context.calendar.is_working(day):
                left -= 1
                if left <= 0:
                    return day
            if any(one.end is None and one.start is not None and one.start < day for one in pauses):
                return None
    except (LuoshiError, OverflowError):
        return None
    return None


@decision(
    key="supervision.escalation",
    title="逾期多久，该走到哪一步",
    citation=INSPECT,
    parameters=PARAMETERS,
    reads=("plan_year_end", "esc_head", "esc_letter", "esc_leader", "esc_referral", "esc_letters"),
    uses_calendar=True,
    also=("supervision.overdue", "supervision.ladder"),
)
def escalation(facts: EscalationFacts, context: Context) -> Verdict:
    """过最后一日次日提醒责任人（不论放不放假），此后满3、7、15、30个工作日逐级上报；延期批准、完成即止；停表的日子不计。

    Value: `result` OVERDUE or NONE, `k` working days late, the day of each step (`holder`, `head`, `letter`, `leader`,
    `referral`), `steps` with whether it has come by the day.
    """
    due, day = facts.due or day_of(context, "plan_year_end"), facts.day or context.on
    if facts.extended_due is not None:
        due = facts.extended_due
    pauses = list(facts.pauses)
    completed = None if facts.completed_on is None else at(facts.completed_on)
    first = due + ONE_DAY if due < date.max else due
    while first < date.max and pauses and _paused(first, pauses) and (first - due).days < 4000:
        first += ONE_DAY
    dates: dict[str, date | None] = {"holder": first}
    for step in ("head", "letter", "leader", "referral"):
        dates[step] = _reached_on(context, due, whole(context, f"esc_{step}"), pauses)
    letters = facts.unanswered_letters or 0
    many = letters >= number(context, "esc_letters")
    if many:
        early = facts.unanswered_on or max(day, first)
        dates["referral"] = min(early, dates["referral"] or early)
    until = day if completed is None else min(day, completed)
    if completed is not None:
        dates = {step: when if when is not None and when <= completed else None for step, when in dates.items()}
    overdue = day > due and (completed is None or completed > day)
    late = late_days(context, due, until, pauses) if until > due else 0
    # The holder's reminder goes by the calendar day; the rest wait for the notice of the year's holidays.
    unsure = {step: step != "holder" and when is not None and context.calendar.is_provisional(when)
              for step, when in dates.items()}  # fmt: skip
    steps = [{"step": step, "title": _STEPS[step], "on": iso(when), "provisional": unsure[step],
              "reached": when is not None and when <= until and not unsure[step]}
             for step, when in dates.items()]  # fmt: skip
    value: dict[str, Any] = {
        "overdue": overdue, "k": late, "due": iso(due), **{step: iso(when) for step, when in dates.items()},
        "step": next((one["step"] for one in reversed(steps) if one["reached"]), None) if day > due else None,
        "steps": steps, "provisional": any(unsure.values()),
    }  # fmt: skip
    reasons: list[Reason] = []
    if facts.extended_due is not None:
        reasons.append(EXTENDED.reason(None, iso(due)))
    if completed is not None and completed <= day:
        reasons.append(ENDED.reason(None, iso(completed)))
    if not overdue:
        if not reasons or facts.extended_due is not None:
            reasons.append(NOT_LATE.reason(None, str(day), str(due)))
        return answer("NONE", Outcome.NOT_APPLICABLE, reasons, **value)
    reasons.append(LATE.reason(False, str(due), str(day), late))
    reasons += [STEP.reason(None, one["title"], one["on"]) for one in steps if one["on"]]
    reasons += [WAITS.reason(None, one["title"], str(one["on"])[:4]) for one in steps if one["provisional"]]
    reasons += [LETTERS.reason(None, plain(letters))] if many else []
    return answer("OVERDUE", Outcome.REFUSE, [*reasons, UNSIGNED.reason(None)], **value)


# --- P6: extension and adjustment -------------------------------------------------------------------------------------

FILED_IN_TIME = Rule(CROSSING, "{filed}提出，不晚于最后一日{due}")
FILED_LATE = Rule(CROSSING, "{filed}提出，晚于最后一日{due}，不予受理")
FIRST_ONE = Rule(CROSSING, "以前批准过{count}次，最多{limit}次")
TOO_MANY = Rule(CROSSING, "以前批准过{count}次，已到{limit}次，不能再延")
WITHIN = Rule(CROSSING, "延{days}天，不超过{limit}天")
TOO_LONG = Rule(CROSSING, "延{days}天，超过{limit}天")
NOT_LATER = Rule(CROSSING, "新的最后一日{new}不晚于原来的{due}")
OVER_YEAR = Rule(CROSSING, "{new}晚于年底{end}，须有年度收尾决定")
CLOSED_YEAR = Rule(CROSSING, "{new}晚于年底{end}，已有年度收尾决定")
LEADER = Rule(CROSSING, "由分包领导决定")
BY_INSTRUMENT = Rule(CROSSING, "目标值按{instrument}调整")
NO_INSTRUMENT = Rule(CROSSING, "没有文件依据，不能改目标值")


class ExtensionFacts(Facts):
    """延期或调整的申请。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"due": "2019-06-30", "filed_on": "2019-06-30", "new_due": "2019-08-29"},
                {"kind": "adjustment", "instrument": "某政发〔2019〕9号"},
            ]
        },
    )
    SPELLINGS: ClassVar[dict[str, str]] = {
        "old_due": "due", "due_on": "due", "filed": "filed_on", "filed_at": "filed_on", "requested_at": "filed_on",
        "requested_on": "filed_on", "requested_due": "new_due", "to": "new_due", "extended_to": "new_due",
        "for": "new_due",
        "count": "approved_before", "previous": "approved_before", "approved_count": "approved_before",
        "previous_extensions": "approved_before", "earlier_approved": "approved_before", "citation": "instrument",
        "closing_decision": "plan_closing", "plan_closing_decision": "plan_closing",
        "prior_approved": "approved_before",
    }  # fmt: skip

    kind: Annotated[Any, Choice({"extension": "延期", "adjustment": "调整 adjust target"})] = Field(
        "extension", description="延期 extension 或调整 adjustment / kind"
    )
    due: Day = Field(None, description="最后一日 / due day")
    new_due: Day = Field(None, description="要延到哪天 / new due day")
    filed_on: Moment = Field(None, description="提出的日子或时刻 / when it was filed")
    approved_before: Number = Field(0, description="以前批准过几次 / approved extensions so far")
    plan_closing: Flag = Field(False, description="有年度收尾决定 / the plan-closing decision exists")
    instrument: Text = Field(None, description="调整目标值所依文件 / instrument behind an adjustment")


@decision(
    key="supervision.extension",
    title="可以延期吗",
    citation=CROSSING,
    parameters=PARAMETERS,
    reads=("ext_max_count", "ext_max_days", "plan_year_end"),
    also=("supervision.adjustment", "supervision.extend"),
)
def extension(facts: ExtensionFacts, context: Context) -> Verdict:
    """不晚于最后一日提出，最多一次，最多60天，过年底的须有年度收尾决定，由分包领导决定；改目标值须引文件。

    Value: `result` MAY_APPROVE or REFUSE, `days`, `latest`: the latest day that may be asked for.
    """
    if facts.kind == "adjustment":
        reason = BY_INSTRUMENT.reason(True, facts.instrument) if facts.instrument else NO_INSTRUMENT.reason(False)
        return judged(
            [reason, LEADER.reason(None)], good="MAY_APPROVE", code="E_RULE", may_approve=bool(facts.instrument)
        )
    words = {"due": "最后一日", "new_due": "要延到哪天", "filed_on": "提出的日子"}
    if missing := {name: word for name, word in words.items() if getattr(facts, name) is None}:
        return undetermined(missing, CROSSING)
    filed = at(facts.filed_on)
    count, limit = facts.approved_before or 0, whole(context, "ext_max_count")
    days, most = (facts.new_due - facts.due).days, whole(context, "ext_max_days")
    end = day_of(context, "plan_year_end")
    reasons = [
        (FILED_IN_TIME if filed <= facts.due else FILED_LATE).reason(filed <= facts.due, iso(filed), iso(facts.due)),
        (FIRST_ONE if count < limit else TOO_MANY).reason(count < limit, plain(count), limit),
    ]
    if days <= 0:
        reasons.append(NOT_LATER.reason(False, iso(facts.new_due), iso(facts.due)))
    else:
        reasons.append((WITHIN if days <= most else TOO_LONG).reason(days <= most, days, most))
    if facts.due <= end < facts.new_due:
        rule = CLOSED_YEAR if facts.plan_closing else OVER_YEAR
        reasons.append(rule.reason(bool(facts.plan_closing), iso(facts.new_due), iso(end)))
    refused = any(reason.ok is False for reason in reasons)
    try:
        latest = facts.due + timedelta(days=most)
    except OverflowError:
        latest = date.max
    if not facts.plan_closing and facts.due <= end:
        latest = min(latest, end)
    return judged([*reasons, LEADER.reason(None)], good="MAY_APPROVE", code="E_RULE", may_approve=not refused,
        days=days,
                  latest=iso(latest))  # fmt: skip


# --- the days of reports ----------------------------------------------------------------------------------------------

MONTHLY = Rule(PLATFORM, "{period}的填报，每月{day}日，遇休息日顺延，{due}截止")
WEEKLY = Rule(PLATFORM, "{period}的填报，周五，遇休息日顺延，{due}截止")
ON_EVENT = Rule(PLATFORM, "按节点填报，没有固定日子")
BAD_PERIOD = Rule(PLATFORM, "期数“{period}”读不出，应如 2019-05、2019-Q2、2019-W18")
_Cycle = Annotated[
    Any,
    Choice(
        {"monthly": "每月 月 month", "weekly": "每周 周 week", "quarterly": "每季 季 quarter", "event": "节点 事件"}
    ),
]


class ReportDueFacts(Facts):
    """填报周期和哪一期；或者起止日之间的各期。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [{"cycle": "monthly", "period": "2019-05"}, {"start": "2019-04-10", "due": "2019-07-31"}]
        },
    )
    SPELLINGS: ClassVar[dict[str, str]] = {
        "report_cycle": "cycle", "month": "period", "quarter": "period", "week": "period", "filed_at": "filed_on",
        "from": "start", "to": "due", "end": "due", "filed": "filed_on",
    }  # fmt: skip

    cycle: _Cycle = Field(None, description="周期：monthly（默认）、weekly、quarterly、event / cycle")
    period: Text = Field(None, description="哪一期：2019-05、2019-Q2、2019-W18 / period")
    start: Day = Field(None, description="开始日 / first day of the leaf")
    due: Day = Field(None, description="最后一日 / last day of the leaf")
    filed_on: Moment = Field(None, description="填报送出的日子或时刻 / when it was filed")


def due_of_period(period: str, day: int, calendar: WorkingCalendar) -> date | None:
    """Return the last day for the report of a month, quarter or week, `day` of the month; None for what is no period.

    A week's is its Friday; a day that is not worked gives way to the next one that is. E_CALENDAR_MISSING.
    """
    if week := re.fullmatch(r"(\d{4})-?W(\d{1,2})", period.upper()):
        try:
            found = date.fromisocalendar(int(week[1]), int(week[2]), 5)
        except ValueError:
            return None
        return calendar.on_or_after(found)
    month = re.fullmatch(r"(\d{4})[-年.](\d{1,2})月?", period)
    quarter = re.fullmatch(r"(\d{4})-?Q([1-4])", period.upper())
    named = month or quarter
    if named is None:
        return None
    try:
        found = date(int(named[1]), int(named[2]) * (3 if quarter else 1), min(max(day, 1), 28))
    except ValueError:
        return None
    return calendar.on_or_after(found)


def periods_of(cycle: str, start: date, due: date) -> list[str]:
    """Return the periods of a cycle that touch some days, in order; at most 240, none for reports by event."""
    if cycle == "event" or due < start:
        return []
    if cycle == "weekly":
        weeks = min((due - start).days // 7 + 2, 240)
        days = [start + timedelta(days=7 * step) for step in range(weeks) if (date.max - start).days > 7 * step]
        return list(dict.fromkeys(f"{one.isocalendar()[0]:04}-W{one.isocalendar()[1]:02}" for one in days))
    if cycle == "quarterly":
        return list(dict.fromkeys(f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}" for month in _months(start, due)))
    return _months(start, due)


def _months(start: date, due: date) -> list[str]:
    found: list[str] = []
    year, month = start.year, start.month
    while (year, month) <= (due.year, due.month) and len(found) < 240:
        found.append(f"{year:04}-{month:02}")
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found


@decision(
    key="supervision.report_due",
    title="填报该在哪天前送出",
    citation=PLATFORM,
    parameters=PARAMETERS,
    reads=("report_cycle_default", "report_due_day", "report_review_wd"),
    uses_calendar=True,
    also=("supervision.report_dates",),
)
def report_due(facts: ReportDueFacts, context: Context) -> Verdict:
    """每月25日，遇休息日顺延到下一个工作日；送出后3个工作日内接受或退回，过期视为接受并标记。

    Value: `due` of a period, `accept_by`, `on_time` where it is filed; or `dues`: every period between two days.
    """
    cycle = facts.cycle or str(context.parameters["report_cycle_default"])
    if cycle == "event":
        return answer("NONE", Outcome.NOT_APPLICABLE, [ON_EVENT.reason(None)], due=None, dues=[])
    day, review = whole(context, "report_due_day"), whole(context, "report_review_wd")
    if facts.period:
        due = due_of_period(facts.period, day, context.calendar)
        if due is None:
            return answer("REFUSE", Outcome.REFUSE, [BAD_PERIOD.reason(False, facts.period[:20])], code="E_INPUT")
        weekly = "W" in facts.period.upper()
        reason = (
            WEEKLY.reason(None, facts.period, iso(due)) if weekly else MONTHLY.reason(None, facts.period, day, iso(due))
        )
        filed = None if facts.filed_on is None else at(facts.filed_on)
        by = context.calendar.shift(filed or due, review)
        value: dict[str, Any] = {
            "due": iso(due),
            "accept_by": iso(by),
            "on_time": None if filed is None else filed <= due,
            "provisional": context.calendar.is_provisional(due),
        }
        late = value["on_time"] is False
        return answer("LATE" if late else "DUE", Outcome.REFUSE if late else Outcome.ALLOW, [reason], **value)
    if facts.start is None or facts.due is None:
        return undetermined({"period": "哪一期"}, PLATFORM)
    dues = [(period, due_of_period(period, day, context.calendar))
            for period in periods_of(cycle, facts.start, facts.due)]  # fmt: skip
    kept = [{"period": period, "due": iso(due)} for period, due in dues if due and facts.start <= due <= facts.due]
    reasons = [MONTHLY.reason(None, one["period"], day, one["due"]) for one in kept[:3]]
    return answer(
        "DUE" if kept else "NONE", Outcome.ALLOW, reasons or [ON_EVENT.reason(None)], dues=kept, count=len(kept)
    )
