"""The working calendar: days off and worked of a year, changes by two hands with what they would move."""

from __future__ import annotations

import datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Header, Query, Router, Schema, Status
from pydantic import AfterValidator, Field

from luoshi.kernel.calendar import DayKind
from luoshi.kernel.clock import CLOCK, local
from luoshi.office.calendar import actions, queries
from luoshi.office.calendar.book import calendar
from luoshi.office.calendar.days import named_days, turned, with_change
from luoshi.office.calendar.models import CalendarChange
from luoshi.office.cases.recount import foresee
from luoshi.site.access import Needs, actor_of
from luoshi.site.api.gazettes import RowId
from luoshi.site.api.schemas import ERRORS, Problem

router = Router()

Key = Annotated[str, Header(alias="Idempotency-Key", max_length=100, description="幂等键：同键同内容得第一次的答复")]
Moment = Annotated[datetime.datetime, AfterValidator(local)]
Days = Annotated[list[datetime.date], Field(max_length=400, default_factory=list)]


class YearOut(Schema):
    """A year: days off that are no plain weekends, weekends worked."""

    year: int
    version: str
    source: str
    provisional: bool
    off: list[datetime.date]
    worked: list[datetime.date]


class CalendarChangeOut(Schema):
    """A change, and who entered and decided it."""

    id: int
    source: str
    off: list[datetime.date]
    worked: list[datetime.date]
    whole_year: int | None = None
    state: str
    proposed_by: str
    proposed_at: Moment
    decided_by: str | None = None
    decided_at: Moment | None = None


class TurnedOut(Schema):
    """A day that becomes another kind of day."""

    day: datetime.date
    old: str
    new: str


class ChangeEffectOut(CalendarChangeOut):
    """A change that waits, with what it would do: how many open limits would end later and earlier."""

    turned: list[TurnedOut]
    later: int
    earlier: int
    exact: bool


class ChangeIn(Schema):
    """A notice to enter."""

    source: Annotated[str, Field(max_length=200)]
    off: Days
    worked: Days
    whole_year: Annotated[int | None, Field(ge=2005, le=2050)] = None


@router.get("/calendar", auth=Needs("desk.see"), response={200: YearOut, ERRORS: Problem}, summary="工作日历")
def year(request: HttpRequest, year: Annotated[int | None, Query(ge=2004, le=2050)] = None) -> YearOut:
    """Return a year of the calendar in force."""
    table, wanted = calendar(), year or CLOCK.today().year
    days = list(table.days(datetime.date(wanted, 1, 1), datetime.date(wanted, 12, 31)))
    return YearOut(
        year=wanted,
        version=table.version,
        source=table.source,
        provisional=table.is_provisional(days[0]),
        off=[day for day in days if table.kind(day) is DayKind.HOLIDAY],
        worked=[day for day in days if table.kind(day) is DayKind.WORKED_WEEKEND],
    )


@router.get(
    "/calendar/changes", auth=Needs("desk.see"), response={200: list[CalendarChangeOut], ERRORS: Problem},
    summary="日历变更",
)  # fmt: skip
def list_changes(request: HttpRequest) -> list[CalendarChangeOut]:
    """Return the changes that were entered, newest first."""
    return [_change(row) for row in queries.changes()]


@router.get(
    "/calendar/changes/{id}", auth=Needs("desk.see"), response={200: ChangeEffectOut, ERRORS: Problem},
    summary="一项日历变更和它的后果",
)  # fmt: skip
def one_change(request: HttpRequest, id: RowId) -> ChangeEffectOut:  # noqa: A002
    """Return a change with what it would do; one that is decided does nothing more."""
    row = queries.change(id)
    waits = row.state == CalendarChange.State.PROPOSED
    after = with_change(row) if waits else calendar()
    shifted = turned(calendar(), after, named_days(row)) if waits else []
    found = foresee(after, [one.day for one in shifted])
    return ChangeEffectOut(
        **_change(row).dict(),
        turned=[TurnedOut(day=one.day, old=one.old.value, new=one.new.value) for one in shifted],
        later=found.later,
        earlier=found.earlier,
        exact=found.exact,
    )


@router.post(
    "/calendar/changes", auth=Needs("calendar.propose"), response={201: CalendarChangeOut, ERRORS: Problem},
    summary="录入放假调休通知",
)  # fmt: skip
def propose(request: HttpRequest, body: ChangeIn, key: Key = "") -> Status[CalendarChangeOut]:
    """Enter a notice; it holds once another person approves."""
    made = actions.propose(
        actor=actor_of(request), source=body.source, off=body.off, worked=body.worked, whole_year=body.whole_year
    )
    return Status(201, _change(made))


@router.post(
    "/calendar/changes/{id}/approve", auth=Needs("calendar.approve"),
    response={200: CalendarChangeOut, ERRORS: Problem}, summary="批准日历变更",
)  # fmt: skip
def approve(request: HttpRequest, id: RowId, key: Key = "") -> CalendarChangeOut:  # noqa: A002
    """Put a change in force; open limits are counted again at the next tick."""
    return _change(actions.approve(actor=actor_of(request), change=id))


@router.post(
    "/calendar/changes/{id}/refuse", auth=Needs("calendar.approve"),
    response={200: CalendarChangeOut, ERRORS: Problem}, summary="不同意日历变更",
)  # fmt: skip
def refuse(request: HttpRequest, id: RowId, key: Key = "") -> CalendarChangeOut:  # noqa: A002
    """Refuse a change."""
    return _change(actions.refuse(actor=actor_of(request), change=id))


def _change(row: CalendarChange) -> CalendarChangeOut:
    return CalendarChangeOut(
        id=row.pk,
        source=row.source,
        off=[datetime.date.fromisoformat(day) for day in row.off],
        worked=[datetime.date.fromisoformat(day) for day in row.worked],
        whole_year=row.whole_year,
        state=row.state,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        decided_by=row.decided_by or None,
        decided_at=row.decided_at,
    )


__all__ = ["router"]
