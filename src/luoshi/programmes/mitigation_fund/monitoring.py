"""What the Centre watches: monthly reports owed and in, loans that grow older than their due day, reports copied on."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Q

from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import Actor
from luoshi.office.duties import concern
from luoshi.office.messages.actions import tell_organ
from luoshi.office.parameters import book as parameters
from luoshi.office.permissions import scope_of
from luoshi.office.registers.models import standing
from luoshi.office.roles import Role
from luoshi.programmes.mitigation_fund.fund import ORGAN, ROOM
from luoshi.programmes.mitigation_fund.models import Agreement, Loan, MonthlyReport

COMMITTEE = frozenset({ORGAN, "finance", "tax"})
"""Whose people see the files of every bank."""


def reach_of(actor: Actor) -> frozenset[str] | None:
    """Return the banks (organs) whose files an actor sees; None for all of them."""
    scope = scope_of(actor, "mitigation.see")
    organs = concern.organs_within(scope)
    if organs is None or organs & COMMITTEE or scope.organs & COMMITTEE:
        return None
    return organs


def agreements(actor: Actor) -> list[Agreement]:
    """Return the agreements whose files an actor sees, in the order of bank numbers."""
    reach, rows = reach_of(actor), Agreement.objects.select_related("book").order_by("bank")
    return list(rows if reach is None else rows.filter(organ__in=reach))


def month_before(day: datetime.date, back: int = 1) -> datetime.date:
    """Return the first day of the month so many months before the day's."""
    months = day.year * 12 + day.month - 1 - back
    return datetime.date(months // 12, months % 12 + 1, 1)


def month_end(month: datetime.date) -> datetime.date:
    """Return the last day of a month."""
    return month_before(month, -1) - datetime.timedelta(days=1)


class Owed(NamedTuple):
    """A bank's report for a month: whom from, by when, when it came, how many loans it must name and names."""

    organ: str
    name: str
    month: datetime.date
    due_on: datetime.date
    received_on: datetime.date | None
    loans: int
    told: int

    @property
    def complete(self) -> bool:
        """Whether every loan is in it, or it is a nil report."""
        return self.received_on is not None and self.told >= self.loans


def owed(month: datetime.date, organs: Iterable[str] | None = None) -> list[Owed]:
    """Return the reports of a month: every bank whose agreement stood in it owes one, by `report_day` of the next."""
    last = month_end(month)
    rows = Agreement.objects.filter(~Q(organ=""), signed_on__lte=last).order_by("bank")
    if organs is not None:
        rows = rows.filter(organ__in=list(organs))
    day = int(parameters.current().values(ROOM, max(last, datetime.date(2019, 6, 4)))["report_day"])
    due = month_before(month, -1).replace(day=day)
    lines: dict[str, list[MonthlyReport]] = {}
    for one in MonthlyReport.objects.filter(standing(CLOCK.today()), month=month):
        lines.setdefault(one.bank, []).append(one)
    running: dict[int, set[str]] = {}
    loans = Loan.objects.filter(disbursed_at__date__lte=last).filter(Q(repaid_at=None) | Q(repaid_at__date__gt=last))
    # Nothing more is reported of a loan whose recourse has ended, with or without compensation.
    loans = loans.exclude(application__case__closed_at__date__lte=last)
    for agreement, contract in loans.values_list("agreement", "contract_no"):
        running.setdefault(agreement, set()).add(contract)
    found = []
    for row in rows:
        if row.ended_on is not None and row.ended_on < month and not running.get(row.pk):
            continue
        told, wanted = lines.get(row.organ, []), running.get(row.pk, set())
        days = [one.received_on for one in told if one.received_on is not None]
        named = {one.contract_no for one in told} & wanted
        found.append(Owed(row.organ, row.name, month, due, max(days) if days else None, len(wanted), len(named)))
    return found


def remind(day: datetime.date) -> int:
    """Tell banks, once, of last month's report that is not complete when its day has come; return how many."""
    late = [one for one in owed(month_before(day)) if not one.complete and day >= one.due_on]
    words = "{month:%Y年%m月}贷后月报应于{due:%m月%d日}前报，还没有报全"
    for one in late:
        tell_organ(
            key=f"mf-report:{one.month}:{one.organ}", organ=one.organ, roles=(Role.CLERK,), kind="mitigation",
            text=words.format(month=one.month, due=one.due_on), href="/registers/mitigation_fund.reports/",
        )  # fmt: skip
    return len(late)


def copied(months: int = 3) -> list[str]:
    """Return contracts whose report has been the same, line by line, so many months running."""
    since = month_before(CLOCK.today(), months)
    lines: dict[tuple[str, str], list[tuple[object, ...]]] = {}
    rows = MonthlyReport.objects.filter(standing(CLOCK.today()), month__gte=since).exclude(contract_no="-")
    for one in rows.order_by("month"):
        told = (one.outstanding, one.interest_paid, one.money_use, one.business, one.loan_class, one.remark)
        lines.setdefault((one.bank, one.contract_no), []).append(told)
    return [contract for (_bank, contract), told in lines.items() if len(told) >= months and len(set(told)) == 1]
