"""The decision `calendar.limit`: when a limit ends, with its derivation. See `facts` for what may be asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from luoshi.kernel import yaml_text
from luoshi.kernel.calendar import WorkingCalendar
from luoshi.kernel.citation import Citation
from luoshi.kernel.clock import day_of, local
from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict, decision
from luoshi.kernel.dues import Due, Unit, moment_name
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.limits import Revision, revise
from luoshi.kernel.parameters import ParameterTable
from luoshi.office.calendar.facts import LimitFacts
from luoshi.office.calendar.forms import FORMS, Answer

PARAMETERS = ParameterTable.from_data(yaml_text.read((Path(__file__).parent / "parameters.yaml").read_text("utf-8")))


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
    compute = FORMS[facts.form]
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
    asked = on if facts.event is None else day_of(facts.event)

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
