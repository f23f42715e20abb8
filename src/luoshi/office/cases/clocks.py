"""The clocks of a case: from a limit of the procedure to a moment, what fires next, counting again.

Everything here is a function of the clock's own rule, its start and a calendar; nothing writes.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from luoshi.kernel.calendar import WorkingCalendar
from luoshi.kernel.clock import day_of, local, start_of
from luoshi.kernel.dues import Due, Extension, Form, Pause, Roll, Step, Unit
from luoshi.kernel.limit_words import read_unit
from luoshi.kernel.limits import TimeLimit
from luoshi.kernel.periods import daily_at, due_at
from luoshi.kernel.procedures import Expiry, Limit, clock_of, moment_of, read_span
from luoshi.office.cases.models import CaseClock

FAR = datetime.datetime(9999, 12, 31, tzinfo=datetime.UTC)
"""The moment that never comes: of a case without a running limit."""
_AFTER = datetime.timedelta(seconds=1)
CLOCK_UNITS = frozenset({"h", "min", "wh"})
"""Units counted from the moment, not from the day."""
_WORKING_UNITS = frozenset({"wd", "wh"})

Rule = Mapping[str, Any]


def rule_of(limit: Limit, parameters: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the limit resolved for one case: the number of its parameter and the moment of its fact put in."""
    rule: dict[str, Any] = {"expiry": limit.expiry.kind.value}
    if limit.clock:
        rule |= {"form": "clock", "at": limit.clock, "cutoff": limit.cutoff}
    elif limit.at_fact:
        rule |= {"form": "at", "moment": str(facts[limit.at_fact])}
    else:
        n, unit = _span(limit.within or limit.before)
        if limit.parameter:
            n = int(parameters[limit.parameter])
        rule |= {"form": "after" if limit.within else "before", "n": n, "unit": unit, "roll": limit.roll.value}
    if limit.event_fact:
        rule["event"] = str(facts[limit.event_fact])
    return rule


def due_of(
    rule: Rule,
    started_at: datetime.datetime,
    calendar: WorkingCalendar,
    *,
    pauses: Iterable[Mapping[str, Any]] = (),
    extensions: Iterable[Mapping[str, Any]] = (),
    as_of: datetime.date | None = None,
) -> Due:
    """Return the end of a clock. Without pauses and extensions the answer of a day is kept: thousands share it."""
    event = moment_of(rule["event"]) if "event" in rule else started_at
    form = rule["form"]
    if form == "clock":
        cutoff = clock_of(rule["cutoff"]) if rule.get("cutoff") else None
        moment = daily_at(local(event) if isinstance(event, datetime.datetime) else start_of(event),
                          clock_of(rule["at"]), cutoff)  # fmt: skip
        return due_at(moment, calendar, Step("clock", f"每日{rule['at']}前，首次为{moment:%Y-%m-%d %H:%M}"))
    if form == "at":
        found = moment_of(rule["moment"])
        moment = found if isinstance(found, datetime.datetime) else start_of(found)
        return due_at(moment, calendar, Step("at", f"至{local(moment):%Y-%m-%d %H:%M}"))
    if not (pauses or extensions) and rule["unit"] not in CLOCK_UNITS:
        return _plain(rule["n"], rule["unit"], form, rule["roll"], day_of(event), calendar)
    limit = TimeLimit(rule["n"], read_unit(rule["unit"]), Form(form), Roll(rule["roll"]))
    taken = [
        Pause(moment_of(one["begins"]), moment_of(one["ends"]) if one.get("ends") else None, one.get("kind", ""))
        for one in pauses
    ]
    added = [Extension(one["n"], read_unit(one["unit"])) for one in extensions]
    if taken or added:
        return limit.due(event, calendar, pauses=taken, extensions=added, as_of=as_of)
    return limit.due(event, calendar)


@lru_cache(maxsize=20_000)
def _plain(n: int, unit: str, form: str, roll: str, day: datetime.date, calendar: WorkingCalendar) -> Due:
    return TimeLimit(n, read_unit(unit), Form(form), Roll(roll)).due(day, calendar)


_span = lru_cache(maxsize=1000)(read_span)


def reminders(limit: Limit, due: Due, calendar: WorkingCalendar) -> list[datetime.datetime]:
    """Return the moments at which people are reminded before the end, in order."""
    found = []
    for span in limit.remind:
        n, unit = read_span(span)
        if unit in CLOCK_UNITS:
            step = datetime.timedelta(hours=n) if unit == "h" else datetime.timedelta(minutes=n)
            found.append(due.until - step)
        elif unit == "wd":
            found.append(start_of(calendar.shift(due.due_on, -n) if n else due.due_on))
        else:
            found.append(start_of(due.due_on - datetime.timedelta(days=n)))
    return sorted(found)


def ends_at(due: Due) -> datetime.datetime:
    """Return the first moment that is no longer in time."""
    return due.until + _AFTER if due.inclusive else due.until


def next_firing(
    limit: Limit, due: Due, calendar: WorkingCalendar, after: datetime.datetime
) -> tuple[datetime.datetime, int]:
    """Return when the timer must act next on a clock and how many reminders are behind it by then."""
    for number, moment in enumerate(reminders(limit, due, calendar)):
        if moment > after:
            return moment, number
    return ends_at(due), len(limit.remind)


def set_due(
    clock: CaseClock, limit: Limit, calendar: WorkingCalendar, now: datetime.datetime, due: Due | None = None
) -> Due:
    """Count the clock's end (unless `due` is given) and put it into the clock, with what fires next."""
    found = due or due_of(
        clock.rule, clock.started_at, calendar, pauses=clock.pauses, extensions=clock.extensions, as_of=day_of(now)
    )
    clock.until, clock.inclusive, clock.provisional = found.until, found.inclusive, found.provisional
    clock.calendar = calendar.version if hangs_on_calendar(clock.rule, clock.extensions) else ""
    if clock.state == CaseClock.State.PAUSED or clock.expired:
        clock.fires_at = None
    else:
        clock.fires_at, clock.stage = next_firing(limit, found, calendar, now)
    return found


def hangs_on_calendar(rule: Rule, extensions: Iterable[Mapping[str, Any]] = ()) -> bool:
    """Tell whether a changed calendar can move the end: working days are counted, or a last day off is passed over."""
    units = {rule.get("unit"), *(one["unit"] for one in extensions)}
    return not units.isdisjoint(_WORKING_UNITS) or rule.get("roll") == Roll.NEXT


def unit_word(rule: Rule) -> str:
    """Return the Chinese word of the rule's unit, for chips."""
    return Unit(rule["unit"]).word if "unit" in rule else ""


def silent(rule: Rule) -> bool:
    """Tell whether the end of a clock decides by silence."""
    return Expiry(rule["expiry"]).by_silence
