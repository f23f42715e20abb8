"""Key works set outside the yearly plan (profile `governance`): plan, progress, level; false reports; proposals."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, model_validator

from luoshi.kernel.answers import answer, undetermined
from luoshi.kernel.counting import add_months
from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict, decision
from luoshi.kernel.fact_kinds import Choice, Day, Facts, Flag, Moment, Text, at, plain
from luoshi.office.duties import curve
from luoshi.programmes.supervision.decisions.course import WRONG_SUM, planned_governance
from luoshi.programmes.supervision.decisions.settings import (
    PARAMETERS,
    PERSONS,
    PLAN,
    WHOLE_BP,
    Percent,
    Weight,
    iso,
    number,
    whole,
    working_between,
)

PROPOSALS = f"{PLAN} 47"
_ORDER = ("green", "yellow", "red")
_WORDS = {"red": "红", "yellow": "黄", "green": "绿"}

# --- a work and its leaves --------------------------------------------------------------------------------------------

NODE = Rule(PERSONS, "计划{planned}%，核实{actual}%，偏差{deviation}个百分点：{colour}")
LEAF = Rule(PERSONS, "“{name}”计划{planned}%，核实{actual}%：{colour}")
LATE = Rule(PERSONS, "“{name}”已过{due}没有完成，逾期{days}个工作日：{colour}")
RAISED = Rule(PERSONS, "下级有{colour}，上级至少为黄")
UNCOUNTED = Rule(PERSONS, "“{name}”填报{reported}%，核实{verified}%，多出的不计")
ONE_PERSON = Rule(PERSONS, "“{name}”须正好一个责任人，现为{count}个")
UPSIDE = Rule(PERSONS, "“{name}”的开始日晚于最后一日")
OUTSIDE = Rule(PERSONS, "“{name}”的起止日不在上级的起止日之内")


class Part(Facts):
    """一个最小颗粒：权重、起止日、核实的进度、责任人。"""

    SPELLINGS: ClassVar[dict[str, str]] = {
        "weight_bp": "weight", "actual": "verified", "crossed_off": "done", "finished": "done", "person": "persons",
        "holder": "persons", "code": "name", "id": "name", "title": "name",
    }  # fmt: skip
    name: Text = Field(None, description="名称或编号 / name")
    weight: Weight = Field(None, description="权重：合计100，或合计10000个基点 / weight, 100 or 10,000 in all")
    start: Day = Field(None, description="开始日 / start")
    due: Day = Field(None, description="最后一日 / due day")
    verified: Percent = Field(None, description="核实的进度（百分数） / verified percent")
    reported: Percent = Field(None, description="填报的进度，只列不计 / reported percent, shown only")
    done: Flag = Field(False, description="已销号 / crossed off")
    persons: list[Text] | None = Field(None, description="责任人，须正好一个 / who answers for it, exactly one")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """One person may stand by itself."""
        return data | {
            name: [data[name]] for name in ("persons", "person", "holder") if isinstance(data.get(name), str)
        }


class WorkFacts(Facts):
    """一项重点工作在某日：各最小颗粒；上级的起止日。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "day": "2018-03-31",
                    "leaves": [
                        {"name": "L1", "weight": 60, "start": "2018-03-01", "due": "2018-03-31", "verified": 95},
                        {"name": "L2", "weight": 40, "start": "2018-03-11", "due": "2018-04-09", "verified": 65},
                    ],
                }
            ]
        },
    )
    SPELLINGS: ClassVar[dict[str, str]] = {
        "children": "leaves", "parts": "leaves", "date": "day", "on": "day", "t": "day", "as_of": "day",
        "today": "day", "parent_start": "start", "parent_due": "due",
    }  # fmt: skip
    day: Day = Field(None, description="看哪一天：默认按哪一天 / the day looked at")
    start: Day = Field(None, description="上级的开始日 / start of the node above")
    due: Day = Field(None, description="上级的最后一日 / due day of the node above")
    leaves: list[Part] | None = Field(None, description="最小颗粒 / leaves")


def _level(deviation: Fraction, context: Context) -> str:
    yellow, red = number(context, "gov_yellow"), number(context, "gov_red")
    return "red" if deviation < -red else "yellow" if deviation < -yellow else "green"


def _refusals(facts: WorkFacts, rows: list[Part]) -> list[Reason]:
    found: list[Reason] = []
    for place, one in enumerate(rows, 1):
        name = one.name or f"第{place}个"
        if one.persons is not None and len(one.persons) != 1:
            found.append(ONE_PERSON.reason(False, name, len(one.persons)))
        if one.start > one.due:
            found.append(UPSIDE.reason(False, name))
        early = facts.start is not None and one.start < facts.start
        if early or (facts.due is not None and one.due > facts.due):
            found.append(OUTSIDE.reason(False, name))
    total = sum((one.weight for one in rows), Fraction(0))
    if total not in (100, WHOLE_BP):
        found.append(WRONG_SUM.reason(False, plain(total / 100 if total > 1000 else total)))
    return found


@decision(
    key="supervision.governance",
    title="政务督查：计划、核实、偏差、级别",
    citation=PERSONS,
    parameters=PARAMETERS,
    reads=("gov_yellow", "gov_red", "gov_overdue"),
    uses_calendar=True,
    also=("supervision.deviation", "supervision.leaf_ok", "governance.deviation"),
)
def work(facts: WorkFacts, context: Context) -> Verdict:
    """计划按起止日（两头都算）和权重，实际只计核实的；偏差不低于-5为绿，不低于-15为黄，再低为红；逾期至少黄，过5个工作日红。

    Value: `level` of the work, `planned`, `actual` as shown, `deviation` exact, `leaves` with the level of each. The
    worst leaf raises the work's level to yellow at least. REFUSE: weights, two persons, days outside the node above.
    """
    rows, day = facts.leaves, facts.day or context.on
    if not rows:
        return undetermined({"leaves": "最小颗粒"}, PERSONS)
    words = {"weight": "权重", "start": "开始日", "due": "最后一日"}
    if missing := {name: word for name, word in words.items() if any(getattr(one, name) is None for one in rows)}:
        return undetermined(missing, PERSONS)
    if refused := _refusals(facts, rows):
        code = "E_SUM" if refused[0].rule is WRONG_SUM else "E_INPUT"
        return answer("REFUSE", Outcome.REFUSE, refused, code=code, message=refused[0].text)
    scale = sum((one.weight for one in rows), Fraction(0))
    reasons: list[Reason] = []
    leaves: list[dict[str, Any]] = []
    plan = done = Fraction(0)
    for place, one in enumerate(rows, 1):
        name, wanted = one.name or f"第{place}个", planned_governance(one.start, one.due, day)
        verified = curve.ALL if one.done else one.verified or Fraction(0)
        plan, done = plan + one.weight * wanted / scale, done + one.weight * verified / scale
        level = _level(verified - wanted, context)
        late = working_between(context, one.due, day) if day > one.due and verified < curve.ALL else None
        if late is not None:
            level = "red" if late > whole(context, "gov_overdue") else max(level, "yellow", key=_ORDER.index)
            reasons.append(LATE.reason(False, name, iso(one.due), late, _WORDS[level]))
        else:
            shown = (name, curve.written(wanted), curve.written(verified), _WORDS[level])
            reasons.append(LEAF.reason(level == "green", *shown))
        if one.reported is not None and one.reported > verified:
            reasons.append(UNCOUNTED.reason(None, name, plain(one.reported), plain(verified)))
        leaves.append({"name": one.name, "planned": curve.written(wanted), "actual": plain(verified),
                       "deviation": plain(verified - wanted), "overdue_wd": late, "level": level})  # fmt: skip
    deviation = done - plan
    own = _level(deviation, context)
    worst = max((one["level"] for one in leaves), key=_ORDER.index)
    level = max(own, "yellow" if worst != "green" else "green", key=_ORDER.index)
    told = (curve.written(plan), curve.written(done), plain(deviation), _WORDS[own])
    head = [NODE.reason(own == "green", *told)]
    head += [RAISED.reason(False, _WORDS[worst])] if level != own else []
    outcome = Outcome.ALLOW if level == "green" else Outcome.REFUSE
    return answer(level.upper(), outcome, [*head, *reasons], level=level, by_number=own, planned=told[0],
                  actual=told[1], deviation=plain(deviation), day=iso(day), leaves=leaves)  # fmt: skip


# --- false reports ----------------------------------------------------------------------------------------------------

FALSE = Rule(PERSONS, "核查为{found}%，比填报的{reported}%少{gap}个百分点，多于{limit}个：弄虚作假，进度退回{found}%")
HONEST = Rule(PERSONS, "核查为{found}%，比填报的{reported}%少{gap}个百分点，不多于{limit}个")
FORGED = Rule(PERSONS, "佐证{what}：弄虚作假")
_FORGED = {"place": "地点不符", "time": "时间不符", "reused": "文件在别处用过"}


_Forged = Annotated[Any, Choice({"place": "地点 地点不符", "time": "时间 时间不符", "reused": "重复 重复使用 hash"})]


class FalseFacts(Facts):
    """一次核查：最近填报的进度、查到的进度、佐证有无问题。"""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"reported": 60, "found": 54}]}
    )
    SPELLINGS: ClassVar[dict[str, str]] = {
        "last_reported": "reported", "verified": "found", "checked": "found", "actual": "found",
        "wrong_evidence": "evidence",
    }  # fmt: skip
    reported: Percent = Field(None, description="最近填报的进度 / last reported percent")
    found: Percent = Field(None, description="核查到的进度 / percent found by the check")
    evidence: _Forged = Field(
        None, description="佐证的问题：place 地点、time 时间、reused 重复使用 / fault of the evidence"
    )


@decision(
    key="supervision.false_report",
    title="是不是弄虚作假",
    citation=PERSONS,
    parameters=PARAMETERS,
    reads=("gov_false",),
    also=("governance.false_report",),
)
def false_report(facts: FalseFacts, context: Context) -> Verdict:
    """核查的进度比最近填报的少5个百分点以上（不含5），或佐证的地点、时间不符、重复使用，为弄虚作假，进度退回核查的数。

    Value: `result` FALSE_REPORT or OK, `false_report`, `progress`: what counts from now on.
    """
    words = {"reported": "最近填报的进度", "found": "核查到的进度"}
    missing = {name: word for name, word in words.items() if getattr(facts, name) is None}
    if missing and facts.evidence is None:
        return undetermined(missing, PERSONS)
    reasons = [FORGED.reason(False, _FORGED[facts.evidence])] if facts.evidence else []
    if not missing:
        gap, limit = facts.reported - facts.found, number(context, "gov_false")
        rule = FALSE if gap > limit else HONEST
        reasons.append(rule.reason(gap <= limit, plain(facts.found), plain(facts.reported), plain(gap), plain(limit)))
    false = any(one.ok is False for one in reasons)
    progress = None if facts.found is None else plain(facts.found)
    outcome = Outcome.REFUSE if false else Outcome.ALLOW
    return answer("FALSE_REPORT" if false else "OK", outcome, reasons, false_report=false, progress=progress)


# --- proposals --------------------------------------------------------------------------------------------------------

ASSIGN = Rule(PROPOSALS, "收到后{days}个工作日内分办，{due}止")
REPLY = Rule(PROPOSALS, "交办之日起{months}个月内答复，{due}止")
EXTENDED = Rule(PROPOSALS, "已延长，最迟{months}个月，{due}止")
IN_TIME = Rule(PROPOSALS, "{day}答复，按时")
REPLIED_LATE = Rule(PROPOSALS, "{day}答复，晚于{due}")
PAST = Rule(PROPOSALS, "到{day}还没有答复，已过{due}")
AGAIN = Rule(PROPOSALS, "代表、委员不满意，{days}日内重新办理，{due}止")
_Rating = Annotated[
    Any,
    Choice({"satisfied": "满意", "mostly": "基本满意 mostly_satisfied", "unsatisfied": "不满意 dissatisfied"}),
]


class ProposalFacts(Facts):
    """一件人大代表建议或政协提案的办理。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"transferred_on": "2018-11-30"},
            {"transferred_on": "2018-11-30", "extended": True, "day": "2019-05-31"}]},
    )  # fmt: skip
    SPELLINGS: ClassVar[dict[str, str]] = {
        "transferred": "transferred_on", "transferred_at": "transferred_on", "assigned_on": "transferred_on",
        "received": "received_on", "received_at": "received_on", "replied": "replied_on", "replied_at": "replied_on",
        "on": "day", "today": "day", "date": "day", "rated": "rated_on", "as_of": "day",
    }  # fmt: skip
    received_on: Day = Field(None, description="政府办收到之日 / received by the government office")
    transferred_on: Day = Field(None, description="交办之日 / transferred to the organ")
    extended: Flag = Field(False, description="已同意延长 / more time was granted")
    replied_on: Moment = Field(None, description="答复之日 / when it was answered")
    rating: _Rating = Field(None, description="评价：satisfied 满意、mostly 基本满意、unsatisfied 不满意 / rating")
    rated_on: Day = Field(None, description="评价之日 / day of the rating")
    day: Day = Field(None, description="看哪一天：默认按哪一天 / the day looked at")

    @model_validator(mode="after")
    def _in_order(self) -> ProposalFacts:
        days = [one for one in (self.received_on, self.transferred_on, self.replied_on, self.rated_on) if one]
        if any(at(one) > at(other) for one, other in pairwise(days)):
            raise ValueError("收到、交办、答复、评价的日子应先后为序，请核对")
        return self


@decision(
    key="supervision.proposal",
    title="建议、提案该在哪天前答复",
    citation=PROPOSALS,
    parameters=PARAMETERS,
    reads=("proposal_assign", "proposal_limit", "proposal_max", "proposal_redo"),
    uses_calendar=True,
    also=("governance.proposal",),
)
def proposal(facts: ProposalFacts, context: Context) -> Verdict:
    """收到后5个工作日内分办；交办之日起3个月内答复，延长的最迟6个月；不满意的30日内重新办理。

    Value: `result` RUNNING, REPLIED, LATE, OVERDUE or REDO; `due`, `latest` (six months), `assign_by`, `redo_by`.
    """
    if facts.transferred_on is None and facts.received_on is None:
        return undetermined({"transferred_on": "交办之日"}, PROPOSALS)
    day, reasons = facts.day or context.on, []
    value: dict[str, Any] = {}
    if facts.received_on is not None:
        days = whole(context, "proposal_assign")
        value["assign_by"] = iso(context.calendar.shift(facts.received_on, days))
        reasons.append(ASSIGN.reason(None, days, value["assign_by"]))
    if facts.transferred_on is None:
        return answer("RUNNING", Outcome.ALLOW, reasons, due=None, latest=None, **value)
    limit, most = whole(context, "proposal_limit"), whole(context, "proposal_max")
    first, latest = add_months(facts.transferred_on, limit), add_months(facts.transferred_on, most)
    due = latest if facts.extended else first
    reasons.append((EXTENDED if facts.extended else REPLY).reason(None, most if facts.extended else limit, iso(due)))
    value |= {"due": iso(due), "latest": iso(latest)}
    if facts.replied_on is None:
        late = day > due
        reasons += [PAST.reason(False, iso(day), iso(due))] if late else []
        return answer("OVERDUE" if late else "RUNNING", Outcome.REFUSE if late else Outcome.ALLOW, reasons, **value)
    replied = at(facts.replied_on)
    in_time = replied <= due
    reasons.append(
        IN_TIME.reason(True, iso(replied)) if in_time else REPLIED_LATE.reason(False, iso(replied), iso(due))
    )
    value["on_time"] = in_time
    if facts.rating == "unsatisfied":
        days, begins = whole(context, "proposal_redo"), facts.rated_on or day
        value["redo_by"] = iso(begins + timedelta(days=days))
        reasons.append(AGAIN.reason(False, days, value["redo_by"]))
        return answer("REDO", Outcome.REFUSE, reasons, **value)
    return answer("REPLIED" if in_time else "LATE", Outcome.ALLOW if in_time else Outcome.REFUSE, reasons, **value)
