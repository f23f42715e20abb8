"""What a limit is made of and what it comes to: units, pauses, extensions, and `Due`, the end with its derivation.

A derivation is a list of steps, each a sentence, and for limits in days the days themselves, counted or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import NamedTuple

from luoshi.kernel.calendar import ONE_DAY, DayKind, WorkingCalendar
from luoshi.kernel.clock import local
from luoshi.kernel.errors import LuoshiError

WEEKDAYS = "一二三四五六日"


class Unit(StrEnum):
    """What is counted."""

    WORKING_DAY = "wd"
    DAY = "d"
    WEEK = "w"
    MONTH = "mo"
    YEAR = "y"
    HOUR = "h"
    MINUTE = "min"
    WORKING_HOUR = "wh"

    @property
    def word(self) -> str:
        """The Chinese word for the unit."""
        return _UNIT_WORDS[self]

    @property
    def is_clock(self) -> bool:
        """Whether the limit runs from an instant, by the clock."""
        return self in (Unit.HOUR, Unit.MINUTE, Unit.WORKING_HOUR)


_UNIT_WORDS = {
    Unit.WORKING_DAY: "个工作日",
    Unit.DAY: "日",
    Unit.WEEK: "周",
    Unit.MONTH: "个月",
    Unit.YEAR: "年",
    Unit.HOUR: "小时",
    Unit.MINUTE: "分钟",
    Unit.WORKING_HOUR: "个工作小时",
}


class Form(StrEnum):
    """How a counted limit lies to its event."""

    AFTER = "after"
    TERM = "term"
    BEFORE = "before"


class Roll(StrEnum):
    """What happens to a last day that is a day off: nothing, or the limit ends with the next working day."""

    NONE = "none"
    NEXT = "next"


class Pause(NamedTuple):
    """A pause: takes out the days after its first up to and including its last (`ends` None: still on)."""

    begins: date | datetime
    ends: date | datetime | None
    kind: str = ""
    recorded_at: date | datetime | None = None


class Extension(NamedTuple):
    """A prolongation by `n` units from the old due day. `decided_at`: when granted (or asked, as the rule says)."""

    n: int
    unit: Unit
    decided_at: date | datetime | None = None


class Step(NamedTuple):
    """One step of a derivation: its rule and a Chinese sentence; `ok` False: something asked for was not applied."""

    rule: str
    text: str
    ok: bool = True


class DayCell(NamedTuple):
    """One day of a derivation. `role`: start, counted, off, paused, due; `ordinal` numbers the counted days."""

    day: date
    kind: DayKind | None
    role: str
    ordinal: int | None
    provisional: bool


@dataclass(frozen=True, slots=True)
class Due:
    """The end of a limit. In time is what happens before `until`; where `inclusive`, at `until` itself too."""

    until: datetime
    inclusive: bool
    provisional: bool
    calendar_version: str
    steps: tuple[Step, ...]
    cells: tuple[DayCell, ...] = ()

    @property
    def due_on(self) -> date:
        """The last day of the limit."""
        return self.until.date() if self.inclusive else self.until.date() - ONE_DAY

    @property
    def text(self) -> str:
        """The end as officials write it: `2018-10-10 24:00`."""
        if not self.inclusive:
            return f"{self.due_on.isoformat()} 24:00"
        return moment_name(self.until)

    def in_time(self, moment: date | datetime) -> bool:
        """Tell whether an act at the moment (or on the day) keeps the limit."""
        if not isinstance(moment, datetime):
            return moment <= self.due_on
        return local(moment) <= self.until if self.inclusive else local(moment) < self.until

    def require_final(self) -> None:
        """Refuse (E_CALENDAR_MISSING) any tacit effect, lapse or lateness while the date is provisional."""
        if self.provisional:
            raise LuoshiError(
                "E_CALENDAR_MISSING",
                f"{self.text}为暂定期限：该年度放假安排尚未公布，不得视为同意、失效或逾期",
                fields={"provisional_due": self.due_on.isoformat()},
            )

    def days_late(self, day: date) -> int:
        """Natural days after the due day up to the day."""
        return max(0, (day - self.due_on).days)

    def working_days_overdue(self, day: date, calendar: WorkingCalendar) -> int:
        """Working days after the due day up to and including the day."""
        return calendar.working_days(self.due_on + ONE_DAY, day)

    def working_days_remaining(self, day: date, calendar: WorkingCalendar) -> int:
        """Working days from the day to the due day, both included."""
        return calendar.working_days(day, self.due_on)


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """The hours that count for limits in working hours, in order, within one day."""

    sessions: tuple[tuple[time, time], ...] = ((time(8, 30), time(12)), (time(13, 30), time(17, 30)))


OFFICE_HOURS = WorkingHours()


def moment_name(moment: date | datetime | None) -> str:
    """A day or moment as a derivation names it: 2018-10-10(周三), 2018-01-14 13:30."""
    if isinstance(moment, datetime):
        shown = local(moment)
        return f"{shown:%Y-%m-%d %H:%M:%S}" if shown.second else f"{shown:%Y-%m-%d %H:%M}"
    return "" if moment is None else f"{moment.isoformat()}（周{WEEKDAYS[moment.weekday()]}）"
