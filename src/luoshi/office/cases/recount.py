"""Counting open limits again after the calendar changed: in bulk, both dates kept, holders told.

Only limits that hang on working days can move; all others just take the new calendar's name. Closed limits keep theirs.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from luoshi.kernel.calendar import WorkingCalendar
from luoshi.kernel.clock import CLOCK, local
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


def _hangs_on_calendar(rule: Mapping[str, Any]) -> bool:
    return rule["form"] in ("after", "before") and (rule["unit"] in ("wd", "wh") or rule.get("roll") == "next")


def _moved(row: Mapping[str, Any], calendar: WorkingCalendar, entered_on: datetime.date) -> Due | None:
    """Return the end that holds now, None where it is the old one."""
    if not _hangs_on_calendar(row["rule"]):
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
