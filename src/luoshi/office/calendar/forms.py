"""One function a form of limit: from the facts of `calendar.limit` to the end of the limit and what else it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from luoshi.kernel import periods
from luoshi.kernel.calendar import WorkingCalendar
from luoshi.kernel.clock import day_of, end_of, local, start_of
from luoshi.kernel.decisions import Context
from luoshi.kernel.dues import Due, Extension, Form, Pause, Roll, Step, Unit, WorkingHours, moment_name
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.limits import TimeLimit
from luoshi.office.calendar.facts import LimitFacts, PauseFacts, Span

_LISTED = timedelta(days=3653)
"""Occurrences of a daily duty are listed for ten years at most."""


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
    return _on_day(facts, found, calendar, f"{found.year}年{found.month}月的期限为{moment_name(found)}，当日计入")


def _kth_working_day(facts: LimitFacts, calendar: WorkingCalendar, context: Context) -> Answer:
    (k,) = _need(facts, "k")
    first, is_fixed = _month(facts, context)
    found = periods.nth_working_day(first.year, first.month, k, calendar)
    if not is_fixed and found < (context.on if facts.event is None else day_of(facts.event)):
        first = _later_month(first, 1)
        found = periods.nth_working_day(first.year, first.month, k, calendar)
    words = f"第{k}个" if k > 0 else f"倒数第{-k}个"
    return _on_day(
        facts, found, calendar, f"{found.year}年{found.month}月{words}工作日为{moment_name(found)}", counted=True
    )


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
    if ends - first > _LISTED:
        raise LuoshiError("E_INPUT", "每日的义务最多列出十年", fields={"ends_at": ends.isoformat()})
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


FORMS: dict[str, Callable[[LimitFacts, WorkingCalendar, Context], Answer]] = {
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
