"""Counting open limits again after the calendar changed: in bulk, both dates kept, holders told.

Only limits that hang on working days can move; all others just take the new calendar's name. Closed limits keep theirs.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q

from luoshi.kernel.calendar import WorkingCalendar
from luoshi.kernel.clock import CLOCK, end_of, local, start_of
from luoshi.kernel.dues import Due
from luoshi.kernel.limits import revise
from luoshi.office.calendar import book as calendar_book
from luoshi.office.cases import clocks, procedures, turns
from luoshi.office.cases.expiry import load, shown_until
from luoshi.office.cases.models import CaseClock, CaseEvent, ClockChange
from luoshi.office.cases.writes import flush

BATCH = 5000
_READ = ("pk", "case_id", "rule", "started_at", "until", "inclusive", "provisional", "calendar", "pauses", "extensions")
_OPEN = (CaseClock.State.RUNNING, CaseClock.State.PAUSED)


def recount(entered_on: datetime.date | None = None) -> int:
    """Count again every open limit that was counted by another calendar; return how many ends moved."""
    calendar, day = calendar_book.calendar(), entered_on or CLOCK.today()
    moved, last = 0, 0
    while True:
        with transaction.atomic():
            rows = list(
                CaseClock.objects.filter(state__in=_OPEN, pk__gt=last)
                .exclude(calendar=calendar.version)
                .order_by("pk")
                .values(*_READ)[:BATCH]
            )
            if not rows:
                return moved
            last = rows[-1]["pk"]
            changes = {row["pk"]: holds for row in rows if (holds := _moved(row, calendar, day)) is not None}
            moved += len(changes)
            _write({row["pk"]: row for row in rows if row["pk"] in changes}, changes, calendar)
            CaseClock.objects.filter(pk__in=[row["pk"] for row in rows if row["pk"] not in changes]).update(
                calendar=calendar.version
            )


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
    rows = CaseClock.objects.filter(touched, state__in=_OPEN, started_at__lt=end_of(max(days))).order_by("until", "pk")
    later = earlier = looked_at = 0
    found: list[tuple[int, datetime.datetime, datetime.datetime]] = []
    for row in rows.values(*_READ)[: most + 1].iterator(chunk_size=2000):
        looked_at += 1
        if looked_at > most:
            break
        if (holds := _moved(row, calendar, day)) is None or holds.until == local(row["until"]):
            continue
        later, earlier = later + (holds.until > row["until"]), earlier + (holds.until < row["until"])
        if len(found) < samples:
            found.append((row["case_id"], row["until"], holds.until))
    return Foreseen(later, earlier, min(looked_at, most), looked_at <= most, tuple(found))


def _hangs_on_calendar(rule: Mapping[str, Any]) -> bool:
    return rule["form"] in ("after", "before") and (rule["unit"] in ("wd", "wh") or rule.get("roll") == "next")


def _moved(row: Mapping[str, Any], calendar: WorkingCalendar, entered_on: datetime.date) -> Due | None:
    """Return the end that holds now, None where it is the old one."""
    if not _hangs_on_calendar(row["rule"]):
        return None
    # What rests has no end yet; it is counted by the calendar in force when it goes on.
    if any(not one["ends"] for one in row["pauses"]):
        return None
    old = Due(local(row["until"]), row["inclusive"], row["provisional"], row["calendar"], ())

    def again(changed: WorkingCalendar) -> Due:
        return clocks.due_of(
            row["rule"], row["started_at"], changed, pauses=row["pauses"], extensions=row["extensions"],
            as_of=entered_on,
        )  # fmt: skip

    holds = revise(old, again, calendar, entered_on).holds
    return None if (holds.until, holds.provisional) == (old.until, old.provisional) else holds


def _write(rows: Mapping[int, Mapping[str, Any]], changes: Mapping[int, Due], calendar: WorkingCalendar) -> None:
    if not changes:
        return
    now = CLOCK.now()
    ClockChange.objects.bulk_create(
        [
            ClockChange(
                clock_id=pk,
                old_until=rows[pk]["until"],
                new_until=due.until,
                old_calendar=rows[pk]["calendar"],
                new_calendar=calendar.version,
                why=calendar.source[:200],
                at=now,
            )
            for pk, due in changes.items()
        ],
        batch_size=500,
    )
    turned = load(sorted({row["case_id"] for row in rows.values()}))
    for turn in turned:
        for clock in turn.clocks:
            if (due := changes.get(clock.pk)) is not None:
                _set(turn, clock, due)
        turns.settle(turn)
    flush(turned)


def _set(turn: turns.Turn, clock: CaseClock, due: Due) -> None:
    limit = procedures.version(turn.case.procedure, turn.case.version).limits.get(clock.limit)
    before = shown_until(clock)
    if limit is not None:
        if clock.expired and due.until > turn.now:
            clock.expired = False
        clocks.set_due(clock, limit, turn.calendar, turn.now, due)
    turn.touched.add(clock.limit)
    title = limit.title if limit else clock.limit
    text = f"放假安排变更（{turn.calendar.source}）：“{title}”原至{before}，现至{shown_until(clock)}"
    turns.say(turn, "calendar", turn.case.state, text, hand=CaseEvent.Hand.SYSTEM,
              data={"limit": clock.limit, "calendar": turn.calendar.version})  # fmt: skip
    for party in turn.parties:
        if party.acts:
            turn.tell(party.party, f"{turn.case.number} {turn.case.title}：{text}")
