"""Counting open limits again after the calendar changed: in bulk, both dates kept, holders told.

Only limits that count working days can move, and only while they run: one that is stopped is counted when it goes on.
Closed limits keep theirs. All is counted under the lock of its case: what people do meanwhile is neither lost nor late.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from luoshi.kernel.calendar import WorkingCalendar
from luoshi.kernel.clock import CLOCK, day_of, end_of, local, start_of
from luoshi.kernel.collecting import collector_paused
from luoshi.kernel.dues import Due
from luoshi.kernel.limits import revise
from luoshi.kernel.procedures import Procedure
from luoshi.office.audit.actions import Act, append_all
from luoshi.office.audit.models import canonical
from luoshi.office.calendar import book as calendar_book
from luoshi.office.cases import clocks, procedures
from luoshi.office.cases.expiry import shown_until
from luoshi.office.cases.models import Case, CaseClock, CaseParty
from luoshi.office.cases.turns import PROGRAM, picture
from luoshi.office.messages.actions import Telling, tell_organs
from luoshi.office.pipeline import Told
from luoshi.office.rows import Question, Writing, ask, was

BATCH = 5000
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
        known: dict[tuple[Any, ...], _Alike] = {}
        alike: dict[int, _Alike] = {}
        for clock in old:
            if (one := known.get(key := _key(clock))) is None:
                one = known[key] = _Alike(_moved(clock, calendar, day))
            alike[clock.id] = one
        staying = [pk for pk, one in alike.items() if one.due is None]
        CaseClock.objects.filter(pk__in=staying).update(calendar=calendar.version)
        moving = {pk: one for pk, one in alike.items() if one.due is not None}
        _move(moving, running, calendar)
        return len(moving)


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


@dataclass(frozen=True, slots=True, eq=False)
class _New:
    """What a changed calendar does to a limit: the same for all limits that were alike."""

    until: datetime.datetime
    columns: tuple[Any, ...]
    text: str
    data: str | None
    basis: str


class _Alike:
    """Limits counted from the same day by the same rule to the same end: what they have in common is found out once.

    `due` is the end that holds now, None where it is the old one.
    """

    def __init__(self, due: Due | None) -> None:
        self.due = due
        self._news: dict[tuple[Any, ...], _New] = {}

    def new(self, case: Case, clock: CaseClock, calendar: WorkingCalendar, now: datetime.datetime) -> _New:
        """Return what becomes of one of them, whose end moves."""
        key = (case.procedure, case.version, clock.limit, clock.stage, clock.expired)
        if key not in self._news:
            self._news[key] = self._made(procedures.version(case.procedure, case.version), clock, calendar, now)
        return self._news[key]

    def _made(self, procedure: Procedure, clock: CaseClock, calendar: WorkingCalendar, now: datetime.datetime) -> _New:
        limit, due, one = procedure.limits.get(clock.limit), self.due, copy(clock)
        assert due is not None
        if one.expired and due.until > now:
            one.expired = False
        if limit is None:
            one.until, one.inclusive, one.provisional = due.until, due.inclusive, due.provisional
            one.calendar = calendar.version
        else:
            clocks.set_due(one, limit, calendar, now, due)
        title = limit.title if limit else clock.limit
        text = f"放假安排变更（{calendar.source}）：“{title}”原至{shown_until(clock)}，现至{shown_until(one)}"
        data = canonical({"limit": clock.limit, "calendar": calendar.version})
        columns = tuple(_stored(getattr(one, name)) for name in _CLOCK_MOVES)
        return _New(one.until, columns, text[:600], data, procedure.citation)


def _key(clock: CaseClock) -> tuple[Any, ...]:
    """Return what an end is counted from, and the old end."""
    old = clock.until, clock.inclusive, clock.provisional, clock.calendar
    if clock.pauses or clock.extensions or clock.rule.get("unit") in clocks.CLOCK_UNITS:
        return clock.started_at, was(clock, "rule"), was(clock, "pauses"), was(clock, "extensions"), *old
    return day_of(clock.started_at), was(clock, "rule"), *old


@lru_cache(maxsize=4096)
def _stored(value: Any) -> Any:
    """Return a value as the database takes it."""
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime.datetime) else value


_until = attrgetter("until")
_CLOCK_MOVES = ("until", "inclusive", "provisional", "calendar", "fires_at", "stage", "expired")
_CASES = Question(
    Case, "id IN %s ORDER BY id",
    without=("facts", "subject", "one_open", "organ", "status", "is_open", "rules_on", "opened_at", "entered_at",
             "entered_event", "closed_at", "exercise", "parent_id", "programme"),
)  # fmt: skip
_ACTING = Question(CaseParty, "acts AND case_id IN %s ORDER BY id", without=("due_at", "is_open"))
_KEEP = """
INSERT INTO cases_clockchange (clock_id, old_until, new_until, old_calendar, new_calendar, why, at)
SELECT id, until, %s, calendar, %s, %s, %s FROM cases_caseclock WHERE id"""
_STORY = """
INSERT INTO cases_caseevent
(case_id, n, at, received_at, hand, act, from_state, to_state, text, who, party, organ, data)
SELECT id, events_count + %s, %s, %s, 'system', 'calendar', state, state, %s, %s, '', '', %s FROM cases_case WHERE id"""
_CASE = """
UPDATE cases_case SET events_count = events_count + %s, revision = revision + 1, due_at = %s, due_limit = %s WHERE id"""
_PARTY = "UPDATE cases_caseparty SET due_at = %s WHERE case_id"
_CLOCK = f"UPDATE cases_caseclock SET {', '.join(f'{name} = %s' for name in _CLOCK_MOVES)} WHERE id"  # noqa: S608
Group = tuple[Any, ...]


def _among(sql: str, groups: Mapping[Group, Sequence[int]]) -> Told:
    """Return a statement for groups of rows: a group is one message to PostgreSQL, on SQLite each row is one."""
    if connection.vendor == "postgresql":
        lists = ((*values, "{" + ",".join(map(str, ids)) + "}") for values, ids in groups.items())
        return Told(f"{sql} = ANY(%s::bigint[])", list(lists))
    return Told(f"{sql} = %s", [(*values, one) for values, ids in groups.items() for one in ids])


def _move(moving: Mapping[int, _Alike], running: Sequence[CaseClock], calendar: WorkingCalendar) -> None:
    """Write the new ends of limits, both dates of each, and tell whose turn it is; `running` are the cases' clocks.

    What a turn would do to each case, done to all that are alike at once: only ends move, so whose turn it is stays.
    """
    if not moving:
        return
    clocks_of: dict[int, list[CaseClock]] = {clock.case_id: [] for clock in running if clock.id in moving}
    for clock in running:
        if clock.case_id in clocks_of:
            clocks_of[clock.case_id].append(clock)
    ids, now = sorted(clocks_of), CLOCK.now()
    cases, parties = ask(_CASES.among(ids), _ACTING.among(ids))
    acting: dict[int, list[CaseParty]] = {}
    for party in parties:
        acting.setdefault(party.case_id, []).append(party)
    kept, story, due, own, ends = (defaultdict[Group, list[int]](list) for _ in range(5))
    acts: list[Act] = []
    tellings: list[Telling] = []
    stamp, why = _stored(now), calendar.source[:200]
    for case in cases:
        pk, before, count, news = case.id, picture(case), case.events_count, []
        for clock in clocks_of[pk]:
            if (alike := moving.get(clock.id)) is not None:
                news.append(new := alike.new(case, clock, calendar, now))
                kept[new.columns[0], calendar.version, why, stamp].append(clock.id)
                ends[new.columns].append(clock.id)
                story[len(news), stamp, stamp, new.text, PROGRAM.name, new.data].append(pk)
                clock.until = new.until
        first = min(clocks_of[pk], key=_until)
        if first.until != case.due_at:
            own[(_stored(first.until),)].append(pk)
        due[len(news), _stored(first.until), first.limit].append(pk)
        case.revision += 1
        case.events_count, case.due_at = count + len(news), first.until
        after = picture(case)
        for n, new in enumerate(news, 1):
            told = after | {"n": count + n, "hand": "system", "text": new.text}
            acts.append(
                Act(PROGRAM, "case.calendar", f"case:{pk}", before if n == 1 else None, told, basis=new.basis,
                    permission="case.act", at=now)
            )  # fmt: skip
        said = f"{case.number} {case.title}：{news[-1].text}"
        for organ, role in dict.fromkeys((party.organ, party.role) for party in acting.get(pk, ())):
            tellings.append(
                Telling(f"case:{pk}:{case.revision}:{organ}:{role}", organ, role, "case", said, f"/cases/{pk}/")
            )
    writing = Writing()
    for sql, groups in ((_KEEP, kept), (_STORY, story), (_CASE, due), (_PARTY, own), (_CLOCK, ends)):
        writing.tell(_among(sql, groups))
    tell_organs(tellings, writing=writing)
    append_all(acts, writing=writing)
    writing.send()
