"""Counting open limits again after the calendar changed: in bulk, both dates kept, holders told.

Only limits that count working days can move, and only while they run: one that is stopped is counted when it goes on.
Closed limits keep theirs. All is counted under the lock of its case: what people do meanwhile is neither lost nor late.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet

from luoshi.kernel.calendar import WorkingCalendar
from luoshi.kernel.clock import CLOCK, end_of, local, start_of
from luoshi.kernel.collecting import collector_paused
from luoshi.kernel.dues import Due
from luoshi.kernel.limits import revise
from luoshi.office.calendar import book as calendar_book
from luoshi.office.cases import clocks, turns
from luoshi.office.cases.expiry import load, shown_until
from luoshi.office.cases.models import Case, CaseClock, CaseEvent, ClockChange
from luoshi.office.cases.writes import flush
from luoshi.office.rows import Question, Writing, ask, made

BATCH = 2000
"""So many limits are counted in one transaction."""
_CLOCKS = Question(CaseClock, "case_id IN %s AND state IN ('running', 'paused') ORDER BY id")


def recount(entered_on: datetime.date | None = None) -> int:
    """Count again every running limit that was counted by another calendar; return how many ends moved."""
    day, moved = entered_on or CLOCK.today(), 0
    version = calendar_book.calendar().version
    # Two stretches of one index, so that the timer sees at once that there is nothing to do.
    with collector_paused():
        for others in (Q(calendar__gt="", calendar__lt=version), Q(calendar__gt=version)):
            while (count := _batch(others, day)) is not None:
                moved += count
    return moved


def _batch(others: Q, day: datetime.date) -> int | None:
    """Count one transaction's worth; return how many ends moved, None when there was nothing to count."""
    with transaction.atomic():
        rows = _counted().filter(others)
        cases = sorted(set(rows.order_by("calendar", "id").values_list("case_id", flat=True)[:BATCH]))
        if not cases:
            return None
        list(Case.objects.select_for_update().filter(pk__in=cases).order_by("pk").values_list("pk"))
        calendar = calendar_book.calendar()
        (found,) = ask(_CLOCKS.among(cases))
        running = [clock for clock in found if clock.state == CaseClock.State.RUNNING]
        old = [clock for clock in running if clock.calendar not in ("", calendar.version)]
        changes = {clock.pk: holds for clock in old if (holds := _moved(clock, calendar, day)) is not None}
        staying = [clock.pk for clock in old if clock.pk not in changes]
        CaseClock.objects.filter(pk__in=staying).update(calendar=calendar.version)
        _move([clock for clock in old if clock.pk in changes], changes, calendar, found)
        return len(changes)


def _counted() -> QuerySet[CaseClock]:
    """Return the running limits that count working days."""
    # Both: the index is of what runs or rests.
    return CaseClock.objects.filter(state__in=("running", "paused"), calendar__gt="").filter(state="running")


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What another calendar would do to open limits: how many would end later, earlier; of more than `exact` says."""

    later: int
    earlier: int
    looked_at: int
    exact: bool
    samples: tuple[tuple[int, datetime.datetime, datetime.datetime], ...]

    @property
    def moved(self) -> int:
        """How many ends would move."""
        return self.later + self.earlier


def foresee(
    calendar: WorkingCalendar,
    days: Sequence[datetime.date],
    entered_on: datetime.date | None = None,
    *,
    most: int = 20_000,
    samples: int = 8,
) -> Foreseen:
    """Tell how many open limits would end at another moment under `calendar`, which differs on `days`; writes nothing.

    Looks at `most` limits at the most, those first whose end is nearest; samples are (case, old end, new end).
    """
    day = entered_on or CLOCK.today()
    if not days:
        return Foreseen(0, 0, 0, True, ())
    # Only what runs over one of the days can move; what is counted back from an event may end before them.
    touched = Q(until__gte=start_of(min(days))) | Q(rule__form="before")
    rows = _counted().filter(touched, started_at__lt=end_of(max(days))).order_by("until", "pk")
    later = earlier = looked_at = 0
    found: list[tuple[int, datetime.datetime, datetime.datetime]] = []
    for clock in rows[: most + 1].iterator(chunk_size=2000):
        looked_at += 1
        if looked_at > most:
            break
        if (holds := _moved(clock, calendar, day)) is None or holds.until == local(clock.until):
            continue
        later, earlier = later + (holds.until > clock.until), earlier + (holds.until < clock.until)
        if len(found) < samples:
            found.append((clock.case_id, clock.until, holds.until))
    return Foreseen(later, earlier, min(looked_at, most), looked_at <= most, tuple(found))


def _moved(clock: CaseClock, calendar: WorkingCalendar, entered_on: datetime.date) -> Due | None:
    """Return the end that holds now, None where it is the old one."""
    old = Due(local(clock.until), clock.inclusive, clock.provisional, clock.calendar, ())

    def again(changed: WorkingCalendar) -> Due:
        return clocks.due_of(
            clock.rule, clock.started_at, changed, pauses=clock.pauses, extensions=clock.extensions, as_of=entered_on
        )

    holds = revise(old, again, calendar, entered_on).holds
    return None if (holds.until, holds.provisional) == (old.until, old.provisional) else holds


def _move(
    moving: Sequence[CaseClock], changes: Mapping[int, Due], calendar: WorkingCalendar, found: Sequence[CaseClock]
) -> None:
    """Write the new ends of limits, both dates of each, and tell whose turn it is; `found` are the cases' clocks."""
    if not moving:
        return
    writing, now = Writing(), CLOCK.now()
    writing.insert(
        [
            made(
                ClockChange,
                clock_id=clock.pk,
                old_until=clock.until,
                new_until=changes[clock.pk].until,
                old_calendar=clock.calendar,
                new_calendar=calendar.version,
                why=calendar.source[:200],
                at=now,
            )
            for clock in moving
        ]
    )
    writing.send()
    turned = load(sorted({clock.case_id for clock in moving}), calendar=calendar, held=found)
    for turn in turned:
        for clock in turn.clocks:
            if (due := changes.get(clock.pk)) is not None:
                _set(turn, clock, due)
        turns.settle(turn)
    flush(turned)


def _set(turn: turns.Turn, clock: CaseClock, due: Due) -> None:
    limit = turn.procedure.limits.get(clock.limit)
    before = shown_until(clock)
    if clock.expired and due.until > turn.now:
        clock.expired = False
    if limit is None:
        clock.until, clock.inclusive, clock.provisional = due.until, due.inclusive, due.provisional
        clock.calendar = turn.calendar.version
    else:
        clocks.set_due(clock, limit, turn.calendar, turn.now, due)
    turn.touched.add(clock.limit)
    title = limit.title if limit else clock.limit
    text = f"放假安排变更（{turn.calendar.source}）：“{title}”原至{before}，现至{shown_until(clock)}"
    turns.say(turn, "calendar", turn.case.state, text, hand=CaseEvent.Hand.SYSTEM,
              data={"limit": clock.limit, "calendar": turn.calendar.version})  # fmt: skip
    for party in turn.parties:
        if party.acts:
            turn.tell(party.party, f"{turn.case.number} {turn.case.title}：{text}")
