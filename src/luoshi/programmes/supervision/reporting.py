"""Reports that fall due (P3): for which period a report is, what an organ still owes, who is told when it is late."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable

from django.db.models import Exists, OuterRef, QuerySet

from luoshi.kernel.calendar import ONE_DAY
from luoshi.kernel.clock import day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.duties import hooks, workdays
from luoshi.office.duties.matter_acts_open import RUNNING
from luoshi.office.duties.matter_models import Matter, ProgressReport
from luoshi.office.messages.actions import Telling, tell_organs
from luoshi.office.parameters import book
from luoshi.office.roles import Role
from luoshi.programmes.supervision.decisions.course import due_of_period
from luoshi.programmes.supervision.models import Leaf
from luoshi.programmes.supervision.plan_actions import MODULE

AHEAD = datetime.timedelta(days=7)
"""So long before its last day a report stands on the desk of who owes it."""
_CYCLES = (Leaf.Cycle.MONTHLY, Leaf.Cycle.WEEKLY, Leaf.Cycle.QUARTERLY)


def period_on(cycle: str, day: datetime.date) -> str:
    """Return the period of a cycle a day lies in; that of reports by event is the month."""
    if cycle == Leaf.Cycle.WEEKLY:
        year, week, _weekday = day.isocalendar()
        return f"{year}-W{week:02}"
    return f"{day:%Y}-Q{(day.month + 2) // 3}" if cycle == Leaf.Cycle.QUARTERLY else f"{day:%Y-%m}"


@hooks.periods(MODULE)
def period_of(matter: Matter, day: datetime.date) -> str:
    """Return the period of a report filed on a day, by the cycle of its smallest task."""
    cycle = Leaf.objects.filter(matter=matter).values_list("cycle", flat=True).first()
    return period_on(cycle or Leaf.Cycle.MONTHLY, day)


def last_day(period: str, day: datetime.date) -> datetime.date | None:
    """Return the last day of the reports of a period, by the parameters of a day; None before there are any."""
    try:
        wanted = int(book.current().values(MODULE, day)["report_due_day"])
        return due_of_period(period, wanted, workdays.calendar())
    except LuoshiError:
        return None


def owing(cycle: str, period: str, due: datetime.date) -> QuerySet[Leaf]:
    """Return the smallest tasks that owe a report of a period by its last day and have none that stands."""
    rows = ProgressReport.objects.filter(matter=OuterRef("matter"), period=period)
    there = rows.filter(state__in=[ProgressReport.State.FILED, ProgressReport.State.ACCEPTED])
    running = Leaf.objects.filter(cycle=cycle, node__ended_at=None, matter__is_open=True, matter__state__in=RUNNING)
    return running.filter(matter__start__lte=due, matter__due_on__gte=due).exclude(Exists(there))


def owed(organs: Iterable[str], day: datetime.date) -> tuple[int, datetime.date | None]:
    """Return how many reports some organs owe by a day not far off or just past, and the first such last day."""
    slugs, many, first = sorted(organs), 0, None
    for cycle in _CYCLES if slugs else ():
        period = period_on(cycle, day)
        due = last_day(period, day)
        if due is None or day < due - AHEAD:
            continue
        count = owing(cycle, period, due).filter(organ__in=slugs).count()
        if count:
            many, first = many + count, due if first is None else min(first, due)
    return many, first


def tell_late(moment: datetime.datetime) -> int:
    """Tell clerks and heads, on the day after the last, how many reports of their organ are late; return how many told.

    Exactly once a period and organ: the timer runs once for each day, and on no other day.
    """
    day, told = day_of(moment), []
    for cycle in _CYCLES:
        period = period_on(cycle, day - ONE_DAY)
        if last_day(period, day) != day - ONE_DAY:
            continue
        late = Counter(owing(cycle, period, day - ONE_DAY).order_by().values_list("organ", flat=True))
        told += [
            Telling(f"work.report_late:{period}:{organ}:{role}", organ, str(role), "matter",
                    f"{period}的进展填报{day - ONE_DAY:%-m月%-d日}截止，还有{count}个最小任务没有填报", "/field/")
            for organ, count in sorted(late.items()) for role in (Role.CLERK, Role.LEADER)
        ]  # fmt: skip
    return tell_organs(told)
