"""D18: what falls due after a warning, an upgrade, the end of a response, and the issue of the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import ConfigDict, Field

from luoshi.kernel.clock import SHANGHAI, day_of
from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict, decision
from luoshi.kernel.dues import Due, Roll, Step, Unit
from luoshi.kernel.fact_kinds import Kind
from luoshi.kernel.limits import TimeLimit
from luoshi.kernel.periods import due_at, due_on_day, repeated, yearly
from luoshi.programmes.heavy_pollution.decisions.air import undetermined
from luoshi.programmes.heavy_pollution.decisions.fields import Moment, Strict
from luoshi.programmes.heavy_pollution.decisions.laying import refusal
from luoshi.programmes.heavy_pollution.decisions.settings import PARAMETERS, PLAN, clock, switch, whole
from luoshi.programmes.heavy_pollution.moments import named, read_moment, written
from luoshi.programmes.heavy_pollution.words import LEVELS, folded, rank_of

_ANNEX = f"{PLAN} 附件"
_LISTS = f"{PLAN} 3.3"
_UPWARD_FROM = 3
"""Rank from which the evaluation goes up: Ⅱ."""
MEMBERS, OFFICE, COMMAND = "指挥部各成员单位", "市指挥部办公室", "市指挥部"


class Duty(NamedTuple):
    """A kind of thing that falls due: what, who owes it to whom, where it is said."""

    what: str
    who: tuple[str, ...]
    who_name: str
    to: str
    citation: str


DUTIES: Mapping[str, Duty] = {
    "lists": Duty("报送限产停产企业和停工工地名单", ("environment", "economy-it", "housing-construction", "highway"),
                  "环保局、经信局、住建局（道路工地为公路局）", OFFICE, _LISTS),
    "publicity": Duty("通过各种渠道发布预警和响应信息", ("publicity-dept",), "信息公开和宣传组", "社会公众",
                      f"{_ANNEX}/信息公开和宣传组行动细则/一/(二)/1"),
    "daily_member": Duty("报送当日措施落实情况", ("air-command",), MEMBERS, OFFICE, _LISTS),
    "daily_office": Duty("汇总报送当日落实情况", ("environment",), OFFICE, COMMAND, _LISTS),
    "filing": Duty("报省工作小组备案", ("air-command",), COMMAND, "省重污染天气应急工作小组", f"{PLAN} 3.1.4"),
    "implementation": Duty("报送应急减排措施落实情况", ("air-command",), MEMBERS, OFFICE,
                           f"{_ANNEX}/应急处置组行动细则/三/(二)/7"),
    "evaluation": Duty("评估应急响应并报告", ("air-command",), MEMBERS, COMMAND, f"{PLAN} 3.4"),
    "upward": Duty("上报评估报告", ("environment",), OFFICE, "威海市和省重污染天气应急工作小组办公室",
                   f"{_ANNEX}/市指挥部办公室行动细则/一/(二)/8"),
    "plan_filing": Duty("修订并报备本单位方案", ("air-command",), MEMBERS, OFFICE, f"{PLAN} 6.4"),
    "publication": Duty("公布修订后的预案、方案和清单", ("air-command",), COMMAND, "社会公众", f"{PLAN} 3.5.1"),
}  # fmt: skip
FIRST_NEXT_DAY = Rule(_LISTS, "响应于{start}开始，距当日{at}不足{hours}小时，首次每日报告自次日起")
NO_DAILY = Rule(_LISTS, "响应于{end}结束，早于当日{at}，当日不再报告")
NOT_UPWARD = Rule(f"{PLAN} 3.4", "最高只到{level}级，评估报告不上报")
UPWARD_UNKNOWN = Rule(f"{PLAN} 3.4", "曾达到的最高级别不详，不能确定评估报告是否上报")
RESTARTS = Rule(_LISTS, "升级即为新的预警，名单和发布自{at}重新计时，每日报告不变")

# --- facts ------------------------------------------------------------------------------------------------------------


def _moments(value: Any) -> tuple[datetime, ...]:
    given = value if isinstance(value, list | tuple) else [value]
    return tuple(_with_hour(one) for one in given)


def _with_hour(value: Any) -> datetime:
    found = read_moment(value)
    if not isinstance(found, datetime):
        raise ValueError(f"“{value}”须给出时刻，不能只有日期")
    return found


def _ranks(value: Any) -> int:
    """The highest of one or several levels."""
    given = value if isinstance(value, list | tuple) else [value]
    return max((rank_of(one) for one in given), default=0)


_INSTANT = {"type": "string", "format": "date-time"}
AtInstant = Annotated[Any, Kind(_with_hour, written, _INSTANT)]
Instants = Annotated[Any, Kind(_moments, lambda found: list(map(written, found)), {"type": "array", "items": _INSTANT})]
Highest = Annotated[Any, Kind(_ranks, LEVELS.__getitem__, {"type": "string", "enum": ["Ⅳ", "Ⅲ", "Ⅱ", "Ⅰ"]})]

_EVENTS = {
    word: field
    for field, words in {
        "issued_at": "ISSUE ISSUED WARNING START STARTED 发布 预警发布 响应启动 启动",
        "upgraded_at": "UPGRADE UPGRADED 升级",
        "downgraded_at": "DOWNGRADE DOWNGRADED ADJUST ADJUSTED 降级 调整",
        "ended_at": "END ENDED TERMINATE TERMINATION TERMINATED RELEASE RELEASED 结束 终止 响应终止 解除",
        "plan_issued_on": "PLAN PLANISSUED 预案印发 印发",
    }.items()
    for word in words.split()
}


class DeadlinesFacts(Strict):
    """What happened, and when: fields by name, or one `event` `at` a moment."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"issued_at": "2018-01-12T16:00"},
                {"event": "upgrade", "at": "2018-01-14T09:30"},
                {"ended_at": "2018-02-14T10:00", "highest_level": "Ⅱ"},
                {"plan_issued_on": "2018-01-08"},
            ]
        }
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "issued": "issued_at", "warning_issued_at": "issued_at", "started": "started_at", "upgrades": "upgraded_at",
        "upgrade_at": "upgraded_at", "terminated_at": "ended_at", "ended": "ended_at", "released_at": "ended_at",
        "plan_issued": "plan_issued_on", "plan_issued_at": "plan_issued_on", "levels": "highest_level",
        "level": "highest_level", "max_level": "highest_level", "colour": "highest_level",
        "downgrades": "downgraded_at", "level_reached": "highest_level", "highest": "highest_level",
        "reached": "highest_level", "reached_level": "highest_level", "terminated": "ended_at",
    }  # fmt: skip

    issued_at: AtInstant = Field(None, description="预警发布时刻 / when the warning was issued")
    started_at: AtInstant = Field(None, description="响应开始时刻，默认与发布相同 / start of the response")
    upgraded_at: Instants = Field(None, description="升级时刻，可有多次 / upgrades")
    downgraded_at: Instants = Field(None, description="降级时刻，可有多次 / downgrades")
    ended_at: Moment = Field(None, description="响应终止时刻 / when the response ended")
    highest_level: Highest = Field(None, description="曾达到的最高级别 / highest level reached at any time")
    plan_issued_on: Moment = Field(None, description="预案印发日 / day the plan was issued")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """One event at a moment stands for its field; several may be listed under `events`."""
        listed = data.pop("events", None)
        if listed is not None:
            return cls._listed(data, listed)
        event, at = data.pop("event", None), data.pop("at", None)
        if event is None and at is None:
            return data
        if isinstance(event, Mapping):
            return cls._listed(data, [event])
        field = _EVENTS.get(folded(event).replace("_", "").replace("-", ""))
        if field is None:
            raise ValueError(f"“{str(event)[:20]}”应为 issue、upgrade、downgrade、end 或 plan")
        if at is None and field not in data:
            raise ValueError("缺少事件的时间 at")
        return data if at is None else data | {field: at}

    @classmethod
    def _listed(cls, data: dict[str, Any], events: Any) -> dict[str, Any]:
        """Return the fields of events given as objects; the same kind of event may come several times."""
        if not isinstance(events, Sequence) or isinstance(events, str):
            raise ValueError('“events”应为事件的列表，如 [{"event": "upgrade", "at": …}]')
        for one in events:
            if not isinstance(one, Mapping):
                raise ValueError('事件应写成 {"event": …, "at": …}')
            kind = next((one[name] for name in ("event", "type", "kind") if name in one), None)
            moment = next((one[name] for name in ("at", "time", "on") if name in one), None)
            found = cls.spelt_out({"event": str(kind), "at": moment})
            more = {name: part for name, part in one.items() if name in ("level", "highest_level", "colour", "levels")}
            if more and "highest_level" not in data and "ended_at" in found:
                data["highest_level"] = next(iter(more.values()))
            for field, value in found.items():
                if field in ("upgraded_at", "downgraded_at"):
                    data[field] = [*data.get(field, ()), value]
                elif field in data:
                    raise ValueError(f"“{field}”给出了两次")
                else:
                    data[field] = value
        return data


# --- the limits -------------------------------------------------------------------------------------------------------


class Item(NamedTuple):
    """A thing due: its key, the event it hangs on, when."""

    key: str
    event: str
    due: Due


def item_value(item: Item) -> dict[str, Any]:
    """Return a thing due as a decision answers it."""
    duty, due = DUTIES[item.key], item.due
    return {
        "key": item.key,
        "event": item.event,
        "what": duty.what,
        "who": list(duty.who),
        "who_name": duty.who_name,
        "to": duty.to,
        "due": written(due.until) if due.inclusive else due.due_on.isoformat(),
        "until": written(due.until),
        "until_inclusive": due.inclusive,
        "text": due.text,
        "provisional": due.provisional,
        "citation": duty.citation,
        "steps": [step.text for step in due.steps],
    }


class _Reckoning:
    """The limits of one question, gathered as they are found."""

    def __init__(self, facts: DeadlinesFacts, context: Context) -> None:
        self.facts, self.context = facts, context
        self.items: list[Item] = []
        self.reasons: list[Reason] = []
        self.member, self.office = (clock(context.parameters, f"hp.daily.{who}") for who in ("member", "office"))

    def limit(self, key: str, event: str, at: date | datetime, name: str, unit: Unit, roll: Roll = Roll.NONE) -> None:
        """Add what is due a number of units after an event; the number is a parameter."""
        number = whole(self.context.parameters, name)
        self.items.append(Item(key, event, TimeLimit(number, unit, roll=roll).due(at, self.context.calendar)))

    def issue(self, event: str, issued: datetime, started: datetime) -> None:
        """What a warning or an upgrade starts: lists, publicity, filing."""
        self.limit("publicity", event, started, "hp.pub.h", Unit.HOUR)
        self.limit("lists", event, issued, "hp.list.h", Unit.HOUR)
        self.limit("filing", event, issued, "hp.filing.days", Unit.DAY)

    def daily(self, event: str, first: datetime) -> None:
        """The first daily reports from a day on."""
        for key, at in (("daily_member", self.member), ("daily_office", self.office)):
            moment = datetime.combine(first.date(), at, SHANGHAI)
            step = Step("clock", f"每日{at:%H:%M}（含）前报告，首次为{named(moment)}")
            self.items.append(Item(key, event, due_at(moment, self.context.calendar, step)))

    def first_daily(self, started: datetime) -> datetime:
        """The first 15:00 that is owed: a response begun too shortly before it owes the next day's."""
        hours = whole(self.context.parameters, "hp.first_report.h")
        moment = datetime.combine(started.date(), self.member, SHANGHAI)
        if started + timedelta(hours=hours) <= moment:
            return moment
        self.reasons.append(FIRST_NEXT_DAY.reason(None, named(started), f"{self.member:%H:%M}", hours))
        return moment + timedelta(days=1)

    def next_daily(self, moment: datetime) -> datetime:
        """The next 15:00 of a response that has long been running."""
        at = datetime.combine(moment.date(), self.member, SHANGHAI)
        return at if moment <= at else at + timedelta(days=1)


@decision(
    key="heavy_pollution.deadlines",
    title="预警和响应的各项期限",
    citation=_LISTS,
    parameters=PARAMETERS,
    reads=(
        "hp.list.h", "hp.pub.h", "hp.daily.member", "hp.daily.office", "hp.first_report.h", "hp.impl.days",
        "hp.eval.wd", "hp.filing.days", "hp.plan.file.days", "hp.publish.by", "hp.roll",
    ),
    uses_calendar=True,
)  # fmt: skip
def deadlines(facts: DeadlinesFacts, context: Context) -> Verdict:
    """预警发布、升级、响应终止或预案印发后各项工作的期限：谁、何事、何时止，逐步推算。

    By key (lists, publicity, daily_member, daily_office, filing, implementation, evaluation, upward, plan_filing,
    publication): `due` (a moment, itself in time, or a day to its 24:00), `text`, `who`; `items` lists all of them with
    those of every upgrade; `daily` every report owed while the response ran.
    """
    started = facts.started_at or facts.issued_at
    issued = facts.issued_at or facts.started_at
    ended = facts.ended_at
    upgrades: Sequence[datetime] = facts.upgraded_at or ()
    if all(part is None for part in (issued, ended, facts.plan_issued_on)) and not (upgrades or facts.downgraded_at):
        return undetermined({"items": []}, "预警发布、升级、响应终止或预案印发的时间", _LISTS)
    if started is not None and ended is not None and day_of(ended) < started.date():
        raise refusal("早于响应开始", "ended_at")
    found = _Reckoning(facts, context)
    first: datetime | None = None
    if issued is not None and started is not None:
        found.issue("issue", issued, started)
        first = found.first_daily(started)
        if ended is None or not isinstance(ended, datetime) or first <= ended:
            found.daily("issue", first)
    for at in upgrades:
        found.issue("upgrade", at, at)
        found.reasons.append(RESTARTS.reason(None, named(at)))
        if started is None:
            found.daily("upgrade", found.next_daily(at))
    for at in facts.downgraded_at or ():
        found.limit("filing", "downgrade", at, "hp.filing.days", Unit.DAY)
    value: dict[str, Any] = {}
    if ended is not None:
        _end(found, ended, facts.highest_level, value)
        if first is not None and isinstance(ended, datetime):
            value["daily"] = [
                {"member": written(day), "office": written(datetime.combine(day.date(), found.office, SHANGHAI))}
                for day in repeated(first, ended)
            ]
    if facts.plan_issued_on is not None:
        _plan(found, facts.plan_issued_on)
    rows = [item_value(item) for item in found.items]
    for row in rows:
        value.setdefault(row["key"], row)
    value["items"] = rows
    reasons = [
        Rule(DUTIES[item.key].citation, "{who}：{what}，至{until}止").reason(
            None, DUTIES[item.key].who_name, DUTIES[item.key].what, item.due.text
        )
        for item in found.items
    ]
    open_ended = any(item.due.provisional for item in found.items) or value.get("upward_owed", True) is None
    return Verdict(value, Outcome.ALLOW_WITH_CONDITION if open_ended else Outcome.ALLOW, [*reasons, *found.reasons])


def _end(found: _Reckoning, ended: date | datetime, highest: int | None, value: dict[str, Any]) -> None:
    """What the end of a response brings, and whether its day still owes a daily report."""
    roll = Roll.NEXT if switch(found.context.parameters, "hp.roll") else Roll.NONE
    found.limit("filing", "end", ended, "hp.filing.days", Unit.DAY)
    found.limit("implementation", "end", ended, "hp.impl.days", Unit.DAY)
    found.limit("evaluation", "end", ended, "hp.eval.wd", Unit.WORKING_DAY, roll)
    if isinstance(ended, datetime):
        last = datetime.combine(ended.date(), found.member, SHANGHAI)
        value["daily_on_last_day"] = ended >= last
        if ended < last:
            found.reasons.append(NO_DAILY.reason(None, named(ended), f"{found.member:%H:%M}"))
    value["upward_owed"] = None if highest is None else highest >= _UPWARD_FROM
    if highest is None:
        found.reasons.append(UPWARD_UNKNOWN.reason(None))
    elif highest >= _UPWARD_FROM:
        found.limit("upward", "end", ended, "hp.eval.wd", Unit.WORKING_DAY, roll)
        value["upward_to"] = ["weihai-air-office", "shandong-air-office"]
    else:
        found.reasons.append(NOT_UPWARD.reason(None, LEVELS[highest]))


def _plan(found: _Reckoning, issued: date | datetime) -> None:
    """What the issue of a plan brings: members file theirs, the command publishes."""
    context, day = found.context, day_of(issued)
    roll = Roll.NEXT if switch(context.parameters, "hp.roll") else Roll.NONE
    found.limit("plan_filing", "plan", day, "hp.plan.file.days", Unit.DAY, roll)
    try:
        month, number = map(int, str(context.parameters["hp.publish.by"]).split("-"))
        last = yearly(month, number, day)
    except ValueError:
        raise refusal("应为月-日，如 07-31", "hp.publish.by") from None
    step = Step("fixed", f"每年{month}月{number}日前（含）公布")
    found.items.append(Item("publication", "plan", due_on_day(last, context.calendar, step)))
