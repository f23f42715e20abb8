"""Time limits: from an event to the last moment in time, with every step of the way (conventions section 1).

`TimeLimit` counts a number of days, working days, months, years or hours after an event, before it, or as a term from
its first day. `Due` is the answer: the last day, the instant, whether it is provisional, and its derivation. Limits
that hang on the calendar itself (by the end of October, every day at 15:00, once a quarter) are in `periods`.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from luoshi.kernel.calendar import ONE_DAY, DayKind, WorkingCalendar
from luoshi.kernel.clock import SHANGHAI, day_of, end_of, local, start_of
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
    """A pause: takes out the days after the day it begins up to and including the day it ends (`ends` None: still on)."""

    begins: date | datetime
    ends: date | datetime | None
    kind: str = ""
    recorded_at: date | datetime | None = None


class Extension(NamedTuple):
    """A prolongation by `n` units, from the old due day. `decided_at`: when it was granted (or asked, as the rule says)."""

    n: int
    unit: Unit
    decided_at: date | datetime | None = None


class Step(NamedTuple):
    """One step of a derivation: the rule applied, a Chinese sentence; `ok` False: something asked for was not applied."""

    rule: str
    text: str
    ok: bool = True


class DayCell(NamedTuple):
    """One day of a derivation. `role`: start, counted, off, paused or due; `ordinal` numbers the counted days from 1."""

    day: date
    kind: DayKind | None
    role: str
    ordinal: int | None
    provisional: bool


@dataclass(frozen=True, slots=True)
class Due:
    """The end of a limit. In time is what happens before `until`, or, where `inclusive`, at `until` itself at the latest."""

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

    def require_ended(self, moment: datetime) -> None:
        """Refuse (E_NOT_YET) what silence brings about, while the limit still runs; on provisional dates E_CALENDAR_MISSING."""
        self.require_final()
        if self.in_time(moment):
            raise LuoshiError("E_NOT_YET", f"期限至{self.text}止,尚未届满", fields={"until": self.until.isoformat()})

    def require_final(self) -> None:
        """Refuse (E_CALENDAR_MISSING) any tacit effect, lapse or lateness while the date is provisional."""
        if self.provisional:
            raise LuoshiError(
                "E_CALENDAR_MISSING",
                f"{self.text}为暂定期限:该年度放假安排尚未公布,不得视为同意、失效或逾期",
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


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """`n` units after, before or from an event. `at` names the hour of the last day at which it ends, else 24:00."""

    n: int
    unit: Unit
    form: Form = Form.AFTER
    roll: Roll = Roll.NONE
    at: time | None = None
    hours: WorkingHours = OFFICE_HOURS

    def __str__(self) -> str:
        return {"after": "{}内", "term": "期限{}", "before": "提前{}"}[self.form].format(f"{self.n}{self.unit.word}")

    def due(
        self,
        event: date | datetime,
        calendar: WorkingCalendar,
        *,
        pauses: Sequence[Pause] = (),
        extensions: Sequence[Extension] = (),
        reset_at: date | datetime | None = None,
        as_of: date | None = None,
        pause_kinds: Sequence[str] | None = None,
        max_extensions: int | None = None,
    ) -> Due:
        """Return the end of the limit.

        A reset starts it afresh. A pause that is still on counts as if it ended on `as_of`, and makes the answer
        provisional. A pause not of `pause_kinds` or recorded after the end, and an extension beyond `max_extensions` or
        decided after the end, are not applied; the derivation says so.
        """
        if self.n < 0:
            raise LuoshiError("E_INPUT", "期限不得为负数", fields={"n": self.n})
        if self.form is Form.BEFORE and (pauses or extensions or reset_at is not None):
            raise LuoshiError("E_INPUT", "“提前”的期限不能中止、延长或重新起算")
        steps: list[Step] = []
        if reset_at is not None:
            steps.append(
                Step(
                    "reset",
                    f"{moment_name(reset_at)}重新收到材料,期限自此重新起算,原起算点{moment_name(event)}不再适用",
                )
            )
            event = reset_at
        run = _Run(self, event, calendar, extensions, max_extensions)
        taken: list[Pause] = []
        for pause in sorted(pauses, key=lambda pause: _instant(pause.begins)):
            refusal = self._refusal(pause, run.due(taken), pause_kinds)
            if refusal is None:
                taken.append(_closed(pause, as_of))
            steps.append(_pause_step(pause, taken[-1] if refusal is None else pause, refusal))
        due = run.due(taken)
        still_on = any(pause.ends is None for pause in pauses)
        return replace(due, steps=(*steps, *due.steps), provisional=due.provisional or still_on)

    def _refusal(self, pause: Pause, due: Due, kinds: Sequence[str] | None) -> str | None:
        if kinds is not None and pause.kind not in kinds:
            return f"“{pause.kind}”不在本程序可中止的情形之列"
        if pause.ends is not None and _instant(pause.ends) < _instant(pause.begins):
            raise LuoshiError("E_INPUT", "中止的结束早于开始", fields={"begins": str(pause.begins)})
        moment = pause.begins if pause.recorded_at is None else pause.recorded_at
        return None if due.in_time(moment) else f"期限已于{due.text}届满"


def _pause_step(pause: Pause, closed: Pause, refusal: str | None) -> Step:
    name = f"“{pause.kind}”" if pause.kind else ""
    if refusal is not None:
        return Step("pause", f"{name}中止({moment_name(pause.begins)}起)不予扣除:{refusal}", ok=False)
    ends = moment_name(closed.ends) + ("(尚未结束,暂计至此日)" if pause.ends is None else "")
    return Step("pause", f"{name}中止:{moment_name(pause.begins)}当日照计,次日起至{ends}(含)不计入")


def _closed(pause: Pause, as_of: date | None) -> Pause:
    if pause.ends is not None:
        return pause
    if as_of is None:
        raise LuoshiError("E_INCOMPLETE", "中止尚未结束,请给出计算日(as_of)")
    return pause._replace(ends=max(as_of, day_of(pause.begins)))


class _Run:
    """One counting of a limit from its start; `due` is asked again as pauses are taken in."""

    def __init__(
        self,
        limit: TimeLimit,
        event: date | datetime,
        calendar: WorkingCalendar,
        extensions: Sequence[Extension],
        max_extensions: int | None,
    ) -> None:
        self.limit, self.event, self.calendar = limit, event, calendar
        self.extensions, self.max_extensions = extensions, max_extensions

    def due(self, pauses: Sequence[Pause]) -> Due:
        self.cells: list[DayCell] = []
        self.steps: list[Step] = []
        self.provisional = False
        self.pauses = pauses
        limit = self.limit
        due = self._by_clock(limit, self.event) if limit.unit.is_clock else self._by_day()
        granted = 0
        for extension in self.extensions:
            words = f"延长{extension.n}{extension.unit.word}"
            if self.max_extensions is not None and granted >= self.max_extensions:
                self.steps.append(Step("extension", f"{words}不予采用:最多延长{self.max_extensions}次", ok=False))
            elif extension.decided_at is not None and not due.in_time(extension.decided_at):
                late = f"{words}不予采用:{moment_name(extension.decided_at)}时期限已于{due.text}届满"
                self.steps.append(Step("extension", late, ok=False))
            else:
                granted += 1
                due = self._extended(due, extension)
                self.steps.append(Step("extension", f"{words},自原截止日的次日起算,至{due.text}"))
        return replace(due, provisional=self.provisional, steps=tuple(self.steps), cells=tuple(self.cells))

    # --- days -----------------------------------------------------------------------------------------------------

    def _by_day(self) -> Due:
        limit, event = self.limit, day_of(self.event)
        words = f"{limit.n}{limit.unit.word}"
        if limit.form is Form.BEFORE:
            last = self._back(event)
            self.steps.append(Step("start", f"{moment_name(event)}当日不计入,自前一日起倒数"))
            self.steps.append(Step("count", f"向前数{words},最迟为{moment_name(last)},不顺延"))
            return self._end(last)
        if limit.form is Form.TERM:
            self.steps.append(Step("start", f"自{moment_name(event)}起计,首日计入"))
            if limit.n == 0:
                raise LuoshiError("E_INPUT", "期间的长度应大于零")
            last = self._term_end(event)
            self.steps.append(Step("count", f"满{words},最后一日为{moment_name(last)}"))
        else:
            self.steps.append(Step("start", f"{moment_name(event)}当日不计入,自次日起算"))
            self.cells.append(self._cell(event, "start", None))
            last = self._forward(event, limit.n, limit.unit)
            self.steps.append(Step("count", f"数{words},最后一日为{moment_name(last)}"))
        return self._end(self._rolled(last))

    def _forward(self, start: date, n: int, unit: Unit) -> date:
        """The last of n units after the start day, days in a pause taken out."""
        if unit is Unit.DAY or unit is Unit.WEEK or unit is Unit.WORKING_DAY:
            return self._count(start, n * 7 if unit is Unit.WEEK else n, working=unit is Unit.WORKING_DAY)
        end = add_months(start, n * 12 if unit is Unit.YEAR else n)
        lost = sum(map(self._paused, self.calendar.days(start + ONE_DAY, end))) if self.pauses and end > start else 0
        while lost:
            end += ONE_DAY
            lost -= not self._paused(end)
        return end

    def _count(self, day: date, n: int, *, working: bool) -> date:
        ordinal = 0
        while ordinal < n:
            day += ONE_DAY
            if self._paused(day):
                role = "paused"
            elif working and not self.calendar.is_working(day):
                role = "off"
                self.provisional |= self.calendar.is_provisional(day)
            else:
                ordinal += 1
                role = "due" if ordinal == n else "counted"
                self.provisional |= working and self.calendar.is_provisional(day)
            self.cells.append(self._cell(day, role, ordinal if role in ("counted", "due") else None))
        return day

    def _term_end(self, first: date) -> date:
        unit, n = self.limit.unit, self.limit.n
        if unit in (Unit.MONTH, Unit.YEAR):
            whole = add_months(first.replace(day=1), n * 12 if unit is Unit.YEAR else n)
            end = whole + timedelta(days=min(first.day - 1, monthrange(whole.year, whole.month)[1]) - 1)
            lost = sum(map(self._paused, self.calendar.days(first, end))) if self.pauses else 0
            return self._count(end, lost, working=False) if lost else end
        return self._forward(first - ONE_DAY, n, unit)

    def _back(self, event: date) -> date:
        unit, n = self.limit.unit, self.limit.n
        if unit in (Unit.MONTH, Unit.YEAR):
            return add_months(event, -n * 12 if unit is Unit.YEAR else -n)
        if unit is not Unit.WORKING_DAY:
            return event - timedelta(days=n * 7 if unit is Unit.WEEK else n)
        last = self.calendar.shift(event, -n)
        left = n
        for day in self.calendar.days(event, last):
            working = day != event and self.calendar.is_working(day)
            role = "start" if day == event else ("due" if day == last else "counted") if working else "off"
            self.cells.append(self._cell(day, role, n - left + 1 if working else None))
            left -= working
            self.provisional |= day != event and self.calendar.is_provisional(day)
        return last

    def _rolled(self, last: date) -> date:
        if self.limit.roll is Roll.NONE:
            return last
        rolled = roll_to_working_day(last, self.calendar)
        self.provisional |= any(map(self.calendar.is_provisional, self.calendar.days(last, rolled.day)))
        if rolled.step is not None:
            self.steps.append(rolled.step)
            if self.cells:
                self.cells.pop()
                for day in self.calendar.days(last, rolled.day):
                    self.cells.append(self._cell(day, "due" if day == rolled.day else "off", None))
        return rolled.day

    def _paused(self, day: date) -> bool:
        return any(day_of(pause.begins) < day <= day_of(pause.ends or pause.begins) for pause in self.pauses)

    def _cell(self, day: date, role: str, ordinal: int | None) -> DayCell:
        known = day.year >= self.calendar.first_year
        kind = self.calendar.kind(day) if known else None
        return DayCell(day, kind, role, ordinal, known and self.calendar.is_provisional(day))

    def _end(self, last: date) -> Due:
        until = end_of(last) if self.limit.at is None else datetime.combine(last, self.limit.at, SHANGHAI)
        return Due(until, self.limit.at is not None, self.provisional, self.calendar.version, ())

    # --- hours ----------------------------------------------------------------------------------------------------

    def _by_clock(self, limit: TimeLimit, event: date | datetime) -> Due:
        if not isinstance(event, datetime):
            raise LuoshiError(
                "E_INPUT", f"以{limit.unit.word}计的期限须给出起算时刻,不能只有日期", fields={"event": str(event)}
            )
        start = local(event)
        if limit.form is Form.BEFORE:
            if limit.unit is Unit.WORKING_HOUR:
                raise LuoshiError("E_UNIT", "“提前”的期限不能用工作小时")
            until = start - timedelta(minutes=limit.n * (1 if limit.unit is Unit.MINUTE else 60))
            self.steps.append(
                Step("count", f"{moment_name(start)}之前{limit.n}{limit.unit.word},最迟为{moment_name(until)}(含)")
            )
        else:
            until = self._elapse(start, limit.n, limit.unit)
            self.steps.append(Step("start", f"自{moment_name(start)}起算,昼夜连续计算" if limit.unit is not Unit.WORKING_HOUR
                                   else f"自{moment_name(start)}起算,只计工作日的工作时间"))  # fmt: skip
            self.steps.append(Step("count", f"满{limit.n}{limit.unit.word},至{moment_name(until)}(含)"))
        return Due(until, True, self.provisional, self.calendar.version, ())

    def _elapse(self, start: datetime, n: int, unit: Unit) -> datetime:
        """The instant at which n hours or minutes have run after the start, pauses taken out."""
        left = timedelta(minutes=n if unit is Unit.MINUTE else n * 60)
        spans = self._sessions(start.date()) if unit is Unit.WORKING_HOUR else iter([(start, datetime.max)])
        for opens, closes in _without(spans, self.pauses):
            opens = max(opens, start)
            if closes.replace(tzinfo=SHANGHAI) - opens >= left:
                return opens + left
            left -= max(closes - opens, timedelta(0))
        raise LuoshiError("E_INPUT", "期限过长")

    def _sessions(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        while True:
            if self.calendar.is_working(day):
                self.provisional |= self.calendar.is_provisional(day)
                for opens, closes in self.limit.hours.sessions:
                    yield datetime.combine(day, opens, SHANGHAI), datetime.combine(day, closes, SHANGHAI)
            day += ONE_DAY

    # --- extensions -----------------------------------------------------------------------------------------------

    def _extended(self, due: Due, extension: Extension) -> Due:
        if extension.unit.is_clock != self.limit.unit.is_clock:
            raise LuoshiError("E_UNIT", "延长的单位与原期限不一致", fields={"unit": extension.unit.value})
        if extension.unit.is_clock:
            return replace(due, until=self._elapse(due.until, extension.n, extension.unit))
        return self._end(self._rolled(self._forward(due.due_on, extension.n, extension.unit)))


def _without(
    spans: Iterator[tuple[datetime, datetime]], pauses: Iterable[Pause]
) -> Iterator[tuple[datetime, datetime]]:
    """The spans with every pause cut out; a pause given by dates takes out whole days by the rule of days."""
    cuts = sorted((_cut(pause) for pause in pauses), key=lambda cut: cut[0])
    for opens, closes in spans:
        closes = closes.replace(tzinfo=SHANGHAI)
        for begins, ends in cuts:
            if begins < closes and ends > opens:
                if begins > opens:
                    yield opens, begins
                opens = max(opens, ends)
        if opens < closes:
            yield opens, closes


def _cut(pause: Pause) -> tuple[datetime, datetime]:
    begins = local(pause.begins) if isinstance(pause.begins, datetime) else end_of(pause.begins)
    ends = pause.ends if pause.ends is not None else pause.begins
    return begins, local(ends) if isinstance(ends, datetime) else end_of(ends)


# --- helpers shared with periods ------------------------------------------------------------------------------------


def add_months(day: date, months: int) -> date:
    """Return the same day number that many months on, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


class Rolled(NamedTuple):
    """A last day after rolling, and the step that says why it moved (None where it did not)."""

    day: date
    step: Step | None


def roll_to_working_day(last: date, calendar: WorkingCalendar) -> Rolled:
    """Move a last day that is a day off to the next working day."""
    day = calendar.on_or_after(last)
    if day == last:
        return Rolled(last, None)
    why = calendar.kind(last).value
    return Rolled(day, Step("roll", f"{moment_name(last)}是{why},顺延至其后第一个工作日{moment_name(day)}"))


def _instant(moment: date | datetime | None) -> datetime:
    if moment is None:
        raise LuoshiError("E_INCOMPLETE", "缺少时间")
    return local(moment) if isinstance(moment, datetime) else start_of(moment)


def moment_name(moment: date | datetime | None) -> str:
    """A day or moment as a derivation names it: 2018-10-10(周三), 2018-01-14 13:30."""
    if isinstance(moment, datetime):
        shown = local(moment)
        return f"{shown:%Y-%m-%d %H:%M:%S}" if shown.second else f"{shown:%Y-%m-%d %H:%M}"
    return "" if moment is None else f"{moment.isoformat()}(周{WEEKDAYS[moment.weekday()]})"


# --- a calendar changed while a limit ran ---------------------------------------------------------------------------


class Revision(NamedTuple):
    """A limit recomputed: what it was, what the new calendar gives, and what holds from now on."""

    old: Due
    computed: Due
    holds: Due


def revise(
    old: Due, recompute: Callable[[WorkingCalendar], Due], calendar: WorkingCalendar, entered_on: date
) -> Revision:
    """Recompute an open limit under a changed calendar, entered on the day; closed limits keep theirs.

    No open limit moves to before the end of the working day after the change was entered.
    """
    computed = recompute(calendar)
    if computed.until >= old.until:
        return Revision(old, computed, computed)
    earliest = end_of(calendar.shift(entered_on, 1))
    until = min(old.until, max(computed.until, earliest))
    if until == computed.until:
        return Revision(old, computed, computed)
    reason = f"日历变更于{moment_name(entered_on)}录入,未结期限不早于其后第一个工作日终了,定为{(until - timedelta(seconds=1)).date().isoformat()}"
    held = replace(computed, until=until, inclusive=old.inclusive and until == old.until,
                   steps=(*computed.steps, Step("revision", reason)))  # fmt: skip
    return Revision(old, computed, held)
