"""The decision `calendar.limit`: when a limit ends, with its derivation. See `facts` for what may be asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import yaml

from luoshi.kernel import periods
from luoshi.kernel.calendar import WorkingCalendar
from luoshi.kernel.citation import Citation
from luoshi.kernel.clock import day_of, end_of, local, start_of
from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict, decision
from luoshi.kernel.dues import Due, Extension, Form, Pause, Roll, Step, Unit, WorkingHours, moment_name
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.limits import Revision, TimeLimit, revise
from luoshi.kernel.parameters import ParameterTable
from luoshi.office.calendar.facts import LimitFacts, PauseFacts, Span

PARAMETERS = ParameterTable.from_data(yaml.safe_load((Path(__file__).parent / "parameters.yaml").read_text("utf-8")))


class Answer(NamedTuple):
    """The end of a limit and what else its form has to say."""

    due: Due
    opens: date | datetime | None = None
    more: Mapping[str, Any] = MappingProxyType({})
    owed: bool = True


# --- one function a form ----------------------------------------------------------------------------------------------


def _need(facts: LimitFacts, *names: str) -> tuple[Any, ...]:
    absent = [name for name in names if getattr(facts, name) is None]
    if absent:
        words = "、".join(absent)
        raise LuoshiError("E_INCOMPLETE", f"“{facts.form}”形式的期限还缺少：{words}", fields={"missing": absent})
    return tuple(getattr(facts, name) for name in names)


def _roll(facts: LimitFacts) -> Roll:
    if facts.roll is not None:
        return Roll(facts.roll)
    rolls = (
        facts.holder == "party" and facts.form == "after" and facts.unit in (Unit.DAY, Unit.WEEK, Unit.MONTH, Unit.YEAR)
    )
    return Roll.NEXT if rolls else Roll.NONE


def _pauses(pauses: tuple[PauseFacts, ...]) -> list[Pause]:
    return [Pause(pause.begins, pause.ends, pause.kind, pause.recorded_at) for pause in pauses]


def _counted(facts: LimitFacts, calendar: WorkingCalendar, context: Context) -> Answer:
    n, unit, event = _need(facts, "n", "unit", "event")
    limit = TimeLimit(n, unit, Form(facts.form), _roll(facts), facts.at)
    if unit is Unit.WORKING_HOUR:
        limit = replace(limit, hours=_hours(context))
    due = limit.due(
        event,
        calendar,
        pauses=_pauses(facts.pauses),
        extensions=[
            Extension(extension.n, extension.unit, extension.asked_at or extension.granted_at)
            if facts.extension_by == "asked"
            else Extension(extension.n, extension.unit, extension.granted_at)
            for extension in facts.extensions
        ],
        reset_at=facts.reset_at,
        as_of=context.on if facts.looked_at is None else day_of(facts.looked_at),
        pause_kinds=facts.pause_kinds,
        max_extensions=facts.max_extensions,
    )
    return Answer(_under_ceiling(facts, due, day_of(event), calendar))


def _hours(context: Context) -> WorkingHours:
    sessions = context.parameters["working_hours"]
    return WorkingHours(tuple((time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in sessions))


def _under_ceiling(facts: LimitFacts, due: Due, event: date, calendar: WorkingCalendar) -> Due:
    if facts.ceiling is None:
        return due
    period = periods.period_of(facts.ceiling.period, event)
    left = (period.last - event).days
    if left < facts.ceiling.grace_days:
        step = Step(
            "ceiling",
            f"距周期末{period.last.isoformat()}只有{left}日，少于{facts.ceiling.grace_days}日，当期不受周期限制",
        )
        return _with_step(due, step)
    if due.due_on <= period.last:
        return due
    step = Step("ceiling", f"不得晚于事件所在周期末{moment_name(period.last)}")
    capped = periods.due_on_day(period.last, calendar, step)
    return Due(capped.until, False, due.provisional, calendar.version, (*due.steps, step), due.cells)


def _with_step(due: Due, step: Step) -> Due:
    return Due(due.until, due.inclusive, due.provisional, due.calendar_version, (*due.steps, step), due.cells)


def _on_day(facts: LimitFacts, day: date, calendar: WorkingCalendar, text: str, *, counted: bool = False) -> Answer:
    due = periods.due_on_day(day, calendar, Step("fixed", text), _roll(facts), counted=counted)
    if facts.at is not None:
        moment = datetime.combine(due.due_on, facts.at)
        due = Due(local(moment), True, due.provisional, due.calendar_version, due.steps)
    return Answer(due)


def _fixed(facts: LimitFacts, calendar: WorkingCalendar, context: Context) -> Answer:
    (day,) = _need(facts, "due_on")
    return _on_day(facts, day, calendar, f"规定的日期为{moment_name(day)}，当日计入")


def _yearly(facts: LimitFacts, calendar: WorkingCalendar, context: Context) -> Answer:
    asked = context.on if facts.event is None else day_of(facts.event)
    if facts.before_month is not None:
        month, day = (facts.before_month - 2) % 12 + 1, 31
    else:
        (month,) = _need(facts, "month")
        day = facts.day or 31
    found = periods.yearly(month, day, asked)
    return _on_day(
        facts, found, calendar, f"每年{month}月{found.day}日前，自{asked.isoformat()}起最近一次为{moment_name(found)}"
    )


def _month(facts: LimitFacts, context: Context) -> tuple[date, bool]:
    """The month asked about, as its first day, and whether it is fixed (else the first that is not past is taken)."""
    if facts.of_month is not None:
        try:
            return date.fromisoformat(f"{facts.of_month}-01"), True
        except ValueError:
            raise LuoshiError("E_INPUT", f"没有这个月份: {facts.of_month}") from None
    asked = context.on if facts.event is None else day_of(facts.event)
    return _later_month(asked, facts.months_after or 0), facts.months_after is not None


def _later_month(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _monthly(facts: LimitFacts, calendar: WorkingCalendar, context: Context) -> Answer:
    first, is_fixed = _month(facts, context)
    day = facts.day or 31
    asked = context.on if facts.event is None else day_of(facts.event)
    found = periods.clamped(first.year, first.month, day) if is_fixed else periods.monthly(day, asked)
    return _on_day(facts, found, calendar, f"{found:%Y-%m}月的期限为{moment_name(found)}，当日计入")


def _kth_working_day(facts: LimitFacts, calendar: WorkingCalendar, context: Context) -> Answer:
    (k,) = _need(facts, "k")
    first, is_fixed = _month(facts, context)
    found = periods.nth_working_day(first.year, first.month, k, calendar)
    if not is_fixed and found < (context.on if facts.event is None else day_of(facts.event)):
        first = _later_month(first, 1)
        found = periods.nth_working_day(first.year, first.month, k, calendar)
    words = f"第{k}个" if k > 0 else f"倒数第{-k}个"
    return _on_day(facts, found, calendar, f"{found:%Y-%m}月{words}工作日为{moment_name(found)}", counted=True)


def _clock(facts: LimitFacts, calendar: WorkingCalendar, context: Context) -> Answer:
    at, event = _need(facts, "at", "event")
    start = event if isinstance(event, datetime) else start_of(event)
    first = periods.daily_at(start, at, facts.cutoff)
    cutoff = f"{facts.cutoff:%H:%M}" if facts.cutoff else f"{at:%H:%M}"
    step = Step(
        "clock", f"事件在{moment_name(start)}，{cutoff}（含）之前的当日即应完成，故首次为{moment_name(first)}（含）"
    )
    if facts.ends_at is None:
        return Answer(periods.due_at(first, calendar, step))
    ends = facts.ends_at if isinstance(facts.ends_at, datetime) else end_of(facts.ends_at)
    every = [moment.isoformat() for moment in periods.repeated(first, ends)]
    text = (
        f"义务于{moment_name(ends)}终止，共{len(every)}次"
        if every
        else f"义务于{moment_name(ends)}终止，早于首次时刻，一次也不欠"
    )
    due = _with_step(periods.due_at(first, calendar, step), Step("ends", text))
    return Answer(due, more={"occurrences": every}, owed=bool(every))


def _period(facts: LimitFacts, calendar: WorkingCalendar, context: Context) -> Answer:
    (name,) = _need(facts, "period")
    asked = context.on if facts.event is None else day_of(facts.event)

    def period_at(day: date) -> periods.Period:
        if name != "season":
            return periods.period_of(name, day)
        opens, closes = _need(facts, "season_from", "season_to")
        return periods.season_of(_month_day(opens), _month_day(closes), day)

    period = period_at(asked)
    left = (period.last - asked).days
    steps = []
    if left < facts.grace_days:
        steps.append(
            Step(
                "grace", f"进入时距周期末{period.last.isoformat()}只有{left}日，少于{facts.grace_days}日，自下一周期起"
            )
        )
        period = period_at(period.last + timedelta(days=1))
    text = f"周期为{moment_name(period.first)}至{moment_name(period.last)}，其间应完成一次"
    due = periods.due_on_day(period.last, calendar, Step("period", text), _roll(facts))
    liable = [periods.Period(day_of(span.begins), day_of(span.ends or span.begins)) for span in facts.liable]
    is_owed = periods.owed(period, liable) if liable else True
    if not is_owed:
        due = _with_step(due, Step("liable", "该周期内没有一日负有义务，当期不欠"))
    due = Due(due.until, False, due.provisional, due.calendar_version, (*steps, *due.steps))
    return Answer(due, opens=period.first, owed=is_owed)


def _month_day(text: str) -> tuple[int, int]:
    return int(text[:2]), int(text[3:])


def _rolling(facts: LimitFacts, calendar: WorkingCalendar, context: Context) -> Answer:
    event = context.on if facts.event is None else facts.event
    seconds = facts.seconds
    if seconds is None:
        n, unit = _need(facts, "n", "unit")
        seconds = {Unit.HOUR: 3600, Unit.MINUTE: 60}.get(unit, 0) * n
        if unit in (Unit.DAY, Unit.WEEK):
            window = periods.rolling_days(day_of(event), n * 7 if unit is Unit.WEEK else n)
            count = sum(day_of(moment) in window for moment in facts.moments)
            length = (window.last - window.first).days + 1
            text = f"含当日的{length}日：{moment_name(window.first)}至{moment_name(window.last)}"
            due = periods.due_on_day(window.last, calendar, Step("rolling", text))
            return Answer(due, opens=window.first, more={"count": count})
        if not seconds:
            raise LuoshiError("E_UNIT", "滚动窗口只能用日、周、小时、分钟或秒", fields={"unit": unit.value})
    if not isinstance(event, datetime):
        raise LuoshiError("E_INPUT", "以小时、分钟、秒计的窗口须给出时刻", fields={"event": str(event)})
    start = event - timedelta(seconds=seconds)
    count = sum(
        periods.in_rolling_seconds(event, moment, seconds) for moment in facts.moments if isinstance(moment, datetime)
    )
    text = f"{moment_name(start)}(不含)至{moment_name(event)}（含）"
    return Answer(periods.due_at(event, calendar, Step("rolling", text)), opens=start, more={"count": count})


def _window(facts: LimitFacts, calendar: WorkingCalendar, context: Context) -> Answer:
    opens, closes = (_edge(facts, edge, calendar) for edge in _need(facts, "opens", "closes"))
    if closes.due_on < opens.due_on:
        raise LuoshiError("E_INPUT", "窗口的终止早于起始")
    step = periods.window_step(opens.due_on, closes.due_on)
    provisional = opens.provisional or closes.provisional
    steps = (*opens.steps, *closes.steps, step)
    rolled = periods.due_on_day(closes.due_on, calendar, step, _roll(facts))
    until = closes.until if rolled.due_on == closes.due_on else rolled.until
    due = Due(until, closes.inclusive, provisional or rolled.provisional, calendar.version, (*steps, *rolled.steps[1:]))
    opens_at: date | datetime = opens.until if opens.inclusive else opens.due_on
    return Answer(due, opens=opens_at)


def _edge(facts: LimitFacts, edge: Any, calendar: WorkingCalendar) -> Due:
    if isinstance(edge, Span):
        (event,) = _need(facts, "event")
        return TimeLimit(edge.n, edge.unit).due(event, calendar)
    step = Step("fixed", f"规定为{moment_name(edge)}")
    if isinstance(edge, datetime):
        return periods.due_at(edge, calendar, step)
    return periods.due_on_day(edge, calendar, step)


_FORMS: dict[str, Callable[[LimitFacts, WorkingCalendar, Context], Answer]] = {
    "after": _counted,
    "before": _counted,
    "term": _counted,
    "fixed": _fixed,
    "yearly": _yearly,
    "monthly": _monthly,
    "kth_working_day": _kth_working_day,
    "clock": _clock,
    "period": _period,
    "rolling": _rolling,
    "window": _window,
}

# --- what the law says about counting ---------------------------------------------------------------------------------

_ARTICLES = {"start": "第二百零一条", "count": "第二百零二条", "roll": "第二百零三条", "end": "第二百零三条"}
_OTHERWISE = "第二百零四条"
_GENERAL_RULES: tuple[tuple[date, str, Mapping[str, str], str], ...] = (
    (date(2021, 1, 1), "《中华人民共和国民法典》", _ARTICLES, _OTHERWISE),
    (date(2017, 10, 1), "《中华人民共和国民法总则》", _ARTICLES, _OTHERWISE),
    (date.min, "《中华人民共和国民法通则》", {}, "第一百五十四条"),
)
"""The law on counting periods, newest first: from when, title, article by step, article that lets other rules stand."""
_WORKING_DAYS = "《中华人民共和国行政许可法》第八十二条"
_HOLIDAYS = "《全国年节及纪念日放假办法》"


def _citation(rule: str, facts: LimitFacts, asked: date) -> Citation:
    """The clause a step rests on: the law on working days, the limit's own clause, or the general law of the time."""
    if rule == "count" and facts.unit is Unit.WORKING_DAY:
        return Citation.of(_WORKING_DAYS)
    if rule in ("provisional", "revision"):
        return Citation.of(_HOLIDAYS)
    title, articles, otherwise = next(row[1:] for row in _GENERAL_RULES if asked >= row[0])
    own = Citation.parse(facts.citation) if facts.citation is not None else None
    if rule not in articles and own is not None:
        return own
    return Citation.of(title + articles.get(rule, otherwise))


_CHANGED = "日历变更前截止{before}，变更后截止{after}，现执行{holds}"
_PROVISIONAL = "涉及的年度放假安排尚未公布，按周末和法定节日推算，结果为暂定，不产生默示同意、失效或逾期"
_END = "期限至{until}止"
_STATE = "{looked_at}：{state}"
_CODES = {"not_yet": "E_NOT_YET", "tacit": "E_NOT_YET", "late": "E_EXPIRED", "undetermined": "E_CALENDAR_MISSING"}
_STATES = {
    "not_yet": "尚未到起始日",
    "in_time": "在期限内",
    "late": "已逾期",
    "undetermined": "期限为暂定，不能认定逾期",
}


# --- the decision -----------------------------------------------------------------------------------------------------


@decision(
    key="calendar.limit",
    title="期限计算：何时届满，如何算出",
    citation="《中华人民共和国民法典》第二百零一条",
    parameters=PARAMETERS,
    reads=("working_hours",),
    uses_calendar=True,
)
def limit(facts: LimitFacts, context: Context) -> Verdict:
    """期限何时届满。value.due 为截止(日期，至当日24:00；或时刻，含该时刻),value.days 为逐日推算。

    When a limit ends. `value.due`: a date (to its 24:00) or an instant (itself in time); `value.until`: the exact end;
    `value.provisional`: the calendar of a year concerned is not announced; `value.days`: every day counted or not.
    """
    try:
        return _limit(facts, context)
    except (OverflowError, ValueError):
        raise LuoshiError("E_INPUT", "结果超出可计算的日期范围，请核对数量和日期") from None


def _limit(facts: LimitFacts, context: Context) -> Verdict:
    compute = _FORMS[facts.form]
    calendar = context.calendar
    if facts.calendar is not None:
        days = facts.calendar
        calendar = calendar.with_change(off=days.off, worked=days.working, source="事实给定的日历")
    answer = compute(facts, calendar, context)
    revision = None
    if facts.calendar_change is not None:
        change = facts.calendar_change
        calendar = calendar.with_change(off=change.off, worked=change.working, source="事实给定的日历变更")
        revision = revise(answer.due, lambda changed: compute(facts, changed, context).due, calendar, change.entered_on)
        answer = answer._replace(due=revision.holds)
    if facts.tacit:
        answer.due.require_final()
    state = _state(facts, answer)
    return Verdict(
        _value(facts, answer, state, calendar, revision),
        _outcome(facts, answer, state),
        _reasons(facts, answer, state, revision, context.on),
    )


def _state(facts: LimitFacts, answer: Answer) -> str | None:
    """Where the moment looked at lies; on a provisional date nothing is late."""
    if facts.looked_at is None:
        return None
    opens = answer.opens
    if opens is not None:
        comparable = isinstance(facts.looked_at, datetime) and isinstance(opens, datetime)
        early = facts.looked_at < opens if comparable else day_of(facts.looked_at) < day_of(opens)
        if early:
            return "not_yet"
    if answer.due.in_time(facts.looked_at):
        return "in_time"
    return "undetermined" if answer.due.provisional else "late"


def _outcome(facts: LimitFacts, answer: Answer, state: str | None) -> Outcome:
    if not answer.owed:
        return Outcome.NOT_APPLICABLE
    if state == "undetermined":
        return Outcome.UNDETERMINED
    ended_too_soon = facts.tacit and state == "in_time"
    failed = (state in ("late", "not_yet") and not facts.tacit) or ended_too_soon
    if failed or not all(step.ok for step in answer.due.steps):
        return Outcome.REFUSE
    return Outcome.ALLOW_WITH_CONDITION if answer.due.provisional else Outcome.ALLOW


def _reasons(facts: LimitFacts, answer: Answer, state: str | None, revision: Revision | None, on: date) -> list[Reason]:
    due = answer.due
    asked = context.on if facts.event is None else day_of(facts.event)

    def say(rule: str, sentence: str, ok: bool | None, *values: Any) -> None:
        reasons.append(Rule(_citation(rule, facts, asked), sentence).reason(ok, *values))

    reasons: list[Reason] = []
    for step in due.steps:
        say(step.rule, "{step}", step.ok, step.text)
    if revision is not None:
        say("revision", _CHANGED, None, revision.old.text, revision.computed.text, revision.holds.text)
    if due.provisional:
        say("provisional", _PROVISIONAL, None)
    say("end", _END, None, due.text)
    if state is not None:
        say("state", _STATE, state == "in_time", moment_name(facts.looked_at), _STATES[state])
    return reasons


def _value(
    facts: LimitFacts, answer: Answer, state: str | None, calendar: WorkingCalendar, revision: Revision | None
) -> dict[str, Any]:
    due = answer.due
    value: dict[str, Any] = {"due": _shown(due)} if answer.owed else {"due": None}
    value |= {
        "due_on": due.due_on.isoformat(),
        "until": due.until.isoformat(),
        "until_inclusive": due.inclusive,
        "text": due.text,
        "owed": answer.owed,
        "provisional": due.provisional,
        "calendar_version": due.calendar_version,
    }
    if answer.opens is not None:
        value["opens"] = answer.opens.isoformat()
    value |= answer.more
    if facts.tacit:
        value["effective_from"] = due.until.isoformat()
    if revision is not None:
        value["before_change"] = {"due": _shown(revision.old), "calendar_version": revision.old.calendar_version}
        value["computed"] = _shown(revision.computed)
    if state is not None and facts.looked_at is not None:
        day = day_of(facts.looked_at)
        value |= {
            "state": state,
            "code": _CODES.get("tacit" if facts.tacit and state == "in_time" else state),
            "days_late": due.days_late(day),
            "working_days_overdue": due.working_days_overdue(day, calendar),
            "working_days_remaining": due.working_days_remaining(day, calendar),
        }
        if due.inclusive and isinstance(facts.looked_at, datetime):
            late = local(facts.looked_at) - due.until
            value["seconds_late"] = max(0, int(late.total_seconds()))
    if due.cells:
        value["days"] = [
            {
                "date": cell.day.isoformat(),
                "kind": cell.kind and cell.kind.value,
                "role": cell.role,
                "ordinal": cell.ordinal,
                "provisional": cell.provisional,
            }
            for cell in due.cells
        ]
    return value


def _shown(due: Due) -> str:
    return due.until.isoformat() if due.inclusive else due.due_on.isoformat()
