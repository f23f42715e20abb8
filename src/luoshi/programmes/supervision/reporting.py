"""Reports that fall due (P3): for which period a report is, what an organ still owes, who is told when it is late."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from luoshi.kernel.calendar import ONE_DAY
from luoshi.kernel.clock import day_of, start_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import acts, concern, hooks, workdays
from luoshi.office.duties.curve import PROFILES
from luoshi.office.duties.matter_acts_open import RUNNING
from luoshi.office.duties.matter_models import FAR, Matter, ProgressReport
from luoshi.office.messages.actions import Telling, tell_organ, tell_organs
from luoshi.office.parameters import book
from luoshi.office.roles import Role
from luoshi.programmes.supervision.decisions.course import due_of_period
from luoshi.programmes.supervision.models import Leaf, ReportSignature
from luoshi.programmes.supervision.plan_actions import MODULE

AHEAD = datetime.timedelta(days=7)
"""So long before its last day a report stands on the desk of who owes it."""
TIMER = Actor.system("系统", "timer")
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


@hooks.on(MODULE, "reporting")
def speaks_again(matter: Matter, _actor: Actor) -> None:
    """A report ends the silence of who missed reports."""
    matter.silent_on = FAR


def note_silence(moment: datetime.datetime) -> int:
    """Note, on the day after a report's last, which tasks missed it and the one before; return how many.

    A profile that asks for it makes them yellow (services-governance 7.1); others have the message of `tell_late`.
    """
    day, noted = day_of(moment), 0
    asked = [one.key for one in PROFILES.values() if one.silent is not None]
    for cycle in _CYCLES:
        period = period_on(cycle, day - ONE_DAY)
        due = last_day(period, day)
        if due != day - ONE_DAY:
            continue
        before = _before(cycle, due)
        earlier = last_day(before, day)
        if earlier is None:
            continue
        both = owing(cycle, period, due).filter(pk__in=owing(cycle, before, earlier).values("pk"))
        silent = both.filter(matter__profile__in=asked, matter__silent_on=FAR).values("matter")
        with transaction.atomic():
            for matter in Matter.objects.select_for_update(of=("self",)).filter(pk__in=silent).order_by("pk"):
                was, matter.silent_on = acts.picture(matter), day
                text = f"{before}、{period}两期没有填报，转黄"
                acts.written(matter, actor=TIMER, act="silent", text=text, before=was)
                noted += 1
    return noted


def _before(cycle: str, day: datetime.date) -> str:
    """Return the period before the one of a cycle a day lies in."""
    if cycle == Leaf.Cycle.WEEKLY:
        return period_on(cycle, day - datetime.timedelta(days=7))
    month = day.replace(month=(day.month - 1) // 3 * 3 + 1) if cycle == Leaf.Cycle.QUARTERLY else day
    return period_on(cycle, month.replace(day=1) - ONE_DAY)


def tell_unverified(moment: datetime.datetime) -> int:
    """Tell supervision and its director of signed reports nobody verified in time, where silence is no acceptance.

    Once a report (services-governance 7.1: two working days). Returns how many were told.
    """
    day, told = day_of(moment), 0
    asked = [one.key for one in PROFILES.values() if not one.tacit]
    days = int(book.current().values(MODULE, day)["gov_verify_wd"])
    latest = workdays.shift(day, -days)
    rows = ReportSignature.objects.filter(
        report__state=ProgressReport.State.FILED, report__matter__profile__in=asked, report__matter__is_open=True,
        signed_at__lt=start_of(latest),
    )  # fmt: skip
    for one in rows.select_related("report__matter").order_by("pk"):
        told += tell_organ(
            key=f"work.unverified:{one.report_id}", organ=concern.GOVERNMENT_OFFICE,
            roles=(Role.SUPERVISOR, Role.LEADER), kind="matter", href=acts.href(one.report.matter_id),
            text=f"填报签字后已过{days}个工作日，还没有核实：{one.report.matter.title}"[:300],
        )  # fmt: skip
    return told


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
