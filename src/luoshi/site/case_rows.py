"""From cases to what pages show: due chip, holder line, one row of a list, limits with their derivation."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from luoshi.kernel.calendar import WorkingCalendar
from luoshi.kernel.clock import day_of, local
from luoshi.kernel.procedures import Status
from luoshi.office.cases import clocks
from luoshi.office.cases.models import Case, CaseClock
from luoshi.office.cases.queries import Beside, Holder, beside, last_day, never, working_days
from luoshi.office.roles import ROLE_TITLES, Role
from luoshi.site import parameter_words
from luoshi.site.present import Cite, Due, day_words

NEAR_WORKING_DAYS = 3
_HOURS_SHOWN = 48
"""A limit by the clock that ends within so many hours is told in hours."""
TONES: dict[Status, str] = {
    Status.RETURNED: "yellow", Status.WAITING: "blue", Status.PAUSED: "yellow", Status.APPROVED: "green",
    Status.REFUSED: "red", Status.ISSUED: "green", Status.IN_FORCE: "green", Status.SUSPENDED: "yellow",
    Status.REVOKED: "red", Status.LAPSED: "red", Status.WITHDRAWN: "", Status.CLOSED: "",
}  # fmt: skip
"""The colour beside a state's word."""
CLOCK_STATES = {
    "running": (gettext_lazy("进行中"), ""), "paused": (gettext_lazy("停表"), "yellow"),
    "met": (gettext_lazy("按期"), "green"), "late": (gettext_lazy("逾期办成"), "red"),
    "expired": (gettext_lazy("期满"), "orange"), "stopped": (gettext_lazy("不再计算"), ""),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One row of a list of cases."""

    id: int
    href: str
    number: str
    title: str
    kind: str
    state: str
    tone: str
    due: Due
    limit: str
    cite: Cite | None
    holder: str
    holder_title: str
    holder_days: int
    organ: str
    opened: str
    exercise: bool
    is_open: bool
    overdue: bool
    due_sort: datetime.date | None


def case_href(pk: int) -> str:
    """Return the address of a case's page."""
    return reverse("case", args=[pk])


def role_title(role: str) -> str:
    """Return the word of a role."""
    return str(ROLE_TITLES.get(Role(role), role)) if role in set(Role) else role


def until_words(until: datetime.datetime, *, inclusive: bool, today: datetime.date | None = None) -> str:
    """Return the end of a limit as officials write it: `10月10日 24:00`."""
    end = local(until)
    if not inclusive and (end.hour, end.minute, end.second) == (0, 0, 0):
        return f"{day_words(last_day(until, inclusive=inclusive), today)} 24:00"
    return f"{day_words(end.date(), today)} {end:%H:%M}"


def _hour(until: datetime.datetime, *, inclusive: bool) -> str:
    return until_words(until, inclusive=inclusive).rpartition(" ")[2]


def due_of_clock(
    clock: Any, now: datetime.datetime, calendar: WorkingCalendar, *, title: str = "", started: Any = None
) -> Due:
    """Return the due chip of a running limit at the moment `now`; `clock` has until, inclusive, provisional, rule."""
    until, inclusive, today = clock.until, clock.inclusive, day_of(now)
    last = last_day(until, inclusive=inclusive)
    row = getattr(clock, "row", clock)
    rule = row.rule
    begun = started or row.started_at
    end = until_words(until, inclusive=inclusive, today=today)
    told = f"{title} {until_words(until, inclusive=inclusive)}".strip()
    provisional = bool(clock.provisional)
    if now >= until and not provisional:
        return Due("late", _late_words(until, last, now, calendar), last, end, told)
    if last <= today:
        state = "today" if last == today else "past"
        words = _("今日 %s") % _hour(until, inclusive=inclusive) if last == today else _("暂定期限已过")
        return Due(state, words, last, "" if last == today else end, told, provisional)
    span = (until - begun).total_seconds()
    elapsed = min(max((now - begun).total_seconds() / span, 0.0), 1.0) if span > 0 else None
    by_clock = rule.get("form") in ("clock", "at") or rule.get("unit") in ("h", "min", "wh")
    hours = (until - now).total_seconds() / 3600
    if by_clock and hours < _HOURS_SHOWN:
        return Due("near", _("剩 %d 小时") % int(hours), last, end, told, provisional, elapsed)
    left = working_days(today, last, calendar)
    if (rule.get("unit") not in ("wd", None) and not by_clock) or left == 0:
        days = (last - today).days
        state = "near" if left <= NEAR_WORKING_DAYS else "plenty"
        return Due(state, _("剩 %d 天") % days, last, end, told, provisional, elapsed)
    state = "near" if left <= NEAR_WORKING_DAYS else "plenty"
    return Due(state, _("剩 %d 个工作日") % left, last, end, told, provisional, elapsed)


def _late_words(
    until: datetime.datetime, last: datetime.date, now: datetime.datetime, calendar: WorkingCalendar
) -> str:
    today = day_of(now)
    if late := working_days(last, today, calendar):
        return _("逾期 %d 个工作日") % late
    if today > last:
        return _("逾期 %d 天") % (today - last).days
    minutes = int((now - until).total_seconds() // 60)
    return _("逾期 %d 小时") % (minutes // 60) if minutes >= 60 else _("逾期 %d 分钟") % minutes


def due_of(
    case: Case, running: Sequence[CaseClock], now: datetime.datetime, calendar: WorkingCalendar, title: str = ""
) -> Due:
    """Return the due chip of a case; `running` are its limits that run or rest, first end in front."""
    today = day_of(now)
    if not case.is_open and case.closed_at is not None:
        return Due("done", _("办结"), day_of(case.closed_at), day_words(day_of(case.closed_at), today))
    going = next((clock for clock in running if clock.state == CaseClock.State.RUNNING), None)
    if going is not None:
        return due_of_clock(going, now, calendar, title=title)
    if running:
        return paused_due(running[0].pauses, now)
    return Due("none", _("没有在计的期限"))


def paused_due(pauses: Sequence[Any], now: datetime.datetime) -> Due:
    """Return the chip of a limit that rests."""
    begins = next((one["begins"] for one in pauses if not one["ends"]), "")
    days = (day_of(now) - day_of(datetime.datetime.fromisoformat(begins))).days if begins else 0
    return Due("paused", _("停表"), None, _("已停 %d 日") % days)


def holder_words(holders: Sequence[Holder]) -> tuple[str, str]:
    """Return who has a case in few words, and in full."""
    organs = list(dict.fromkeys(one.organ_title for one in holders))
    full = "、".join(f"{one.organ_title} {one.title}" for one in holders)
    if len(organs) > 2:
        return _("%(first)s等 %(n)d 个单位") % {"first": organs[0], "n": len(organs)}, full
    if len(holders) == 1:
        return f"{organs[0]} · {role_title(holders[0].role)}", full
    return "、".join(organs), full


def rows_of(
    cases: Sequence[Case], now: datetime.datetime, calendar: WorkingCalendar, found: Beside | None = None
) -> list[CaseRow]:
    """Return the rows of cases; no query per row."""
    if not cases:
        return []
    known = found or beside(cases, day_of(now))
    texts = {text for case in cases for text in (_citation(case, known),) if text}
    cites = parameter_words.cites(texts)
    return [_row(case, known, cites, now, calendar) for case in cases]


def _citation(case: Case, known: Beside) -> str:
    kind = known.kinds.get((case.procedure, case.version))
    if kind is None:
        return ""
    limit = kind.limits.get(case.due_limit)
    return (limit.citation if limit else "") or kind.citation


def _row(
    case: Case, known: Beside, cites: dict[str, Cite], now: datetime.datetime, calendar: WorkingCalendar
) -> CaseRow:
    today = day_of(now)
    kind = known.kinds.get((case.procedure, case.version))
    limit = kind.limits.get(case.due_limit) if kind else None
    state = kind.states.get(case.state) if kind else None
    holders = known.holders.get(case.pk, [])
    words, full = holder_words(holders) if holders else ("", "")
    if case.is_open and not holders:
        words = full = _("系统自动")
    running = known.clocks.get(case.pk, [])
    due = due_of(case, running, now, calendar, limit.title if limit else "")
    return CaseRow(
        id=case.pk,
        href=case_href(case.pk),
        number=case.number,
        title=case.title,
        kind=kind.title if kind else case.procedure,
        state=state.title if state else case.state,
        tone=TONES.get(Status(case.status), ""),
        due=due,
        limit=limit.title if limit else "",
        cite=cites.get(_citation(case, known)),
        holder=words,
        holder_title=full,
        holder_days=working_days(day_of(case.entered_at), today, calendar) if case.is_open else 0,
        organ=known.organs.get(case.organ, case.organ),
        opened=day_words(day_of(case.opened_at), today),
        exercise=case.exercise,
        is_open=case.is_open,
        overdue=due.state == "late",
        due_sort=None if never(case.due_at) else last_day(case.due_at, inclusive=False),
    )


def groups_by_due(rows: Sequence[CaseRow], now: datetime.datetime) -> list[dict[str, Any]]:
    """Put rows, which come in the order of their ends, under headings: late, today, this week, next week, later."""
    found: list[dict[str, Any]] = []
    for row in rows:
        key, title = _bucket(row, day_of(now))
        if not found or found[-1]["key"] != key:
            found.append({"key": key, "title": title, "rows": []})
        found[-1]["rows"].append(row)
    for group in found:
        group["title"] = _("%(name)s · %(n)d 件") % {"name": group["title"], "n": len(group["rows"])}
    return found


def _bucket(row: CaseRow, today: datetime.date) -> tuple[str, str]:
    if row.overdue:
        return "late", _("已逾期")
    if row.due_sort is None:
        return "none", _("没有在计的期限")
    if row.due_sort <= today:
        return "today", _("今天到期")
    sunday = today + datetime.timedelta(days=6 - today.weekday())
    if row.due_sort <= sunday:
        return "week", _("本周")
    if row.due_sort <= sunday + datetime.timedelta(days=7):
        return "next", _("下周")
    return f"{row.due_sort:%Y-%m}", _("%(year)d年%(month)d月") % {
        "year": row.due_sort.year,
        "month": row.due_sort.month,
    }


def limit_words(rule: Any, words: str) -> str:
    """Return a limit in words, with the number a parameter gave it."""
    if "n" in rule and not words.startswith(("当日", "至")):
        return f"{rule['n']}{clocks.unit_word(rule)}"
    return words
