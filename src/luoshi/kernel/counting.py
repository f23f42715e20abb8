"""The counting itself: day after day, or hour after hour, from start to end, with every step written down."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from luoshi.kernel.calendar import ONE_DAY, WorkingCalendar
from luoshi.kernel.clock import SHANGHAI, day_of, end_of, local
from luoshi.kernel.dues import DayCell, Due, Extension, Form, Pause, Roll, Step, Unit, moment_name
from luoshi.kernel.errors import LuoshiError

if TYPE_CHECKING:
    from luoshi.kernel.limits import TimeLimit

_FAR = datetime(9999, 12, 31, tzinfo=SHANGHAI)


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
    return Rolled(day, Step("roll", f"{moment_name(last)}是{why}，顺延至其后第一个工作日{moment_name(day)}"))


class Counting:
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
        """Return the end of the limit with these pauses taken out and the extensions added."""
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
                self.steps.append(Step("extension", f"{words}不予采用：最多延长{self.max_extensions}次", ok=False))
            elif extension.decided_at is not None and not due.in_time(extension.decided_at):
                late = f"{words}不予采用：{moment_name(extension.decided_at)}时期限已于{due.text}届满"
                self.steps.append(Step("extension", late, ok=False))
            else:
                granted += 1
                due = self._extended(due, extension)
                self.steps.append(Step("extension", f"{words}，自原截止日的次日起算，至{due.text}"))
        return replace(due, provisional=self.provisional, steps=tuple(self.steps), cells=tuple(self.cells))

    # --- days -----------------------------------------------------------------------------------------------------

    def _by_day(self) -> Due:
        limit, event = self.limit, day_of(self.event)
        words = f"{limit.n}{limit.unit.word}"
        if limit.form is Form.BEFORE:
            last = self._back(event)
            self.steps.append(Step("start", f"{moment_name(event)}当日不计入，自前一日起倒数"))
            self.steps.append(Step("count", f"向前数{words}，最迟为{moment_name(last)}，不顺延"))
            return self._end(last)
        if limit.form is Form.TERM:
            self.steps.append(Step("start", f"自{moment_name(event)}起计，首日计入"))
            if limit.n == 0:
                raise LuoshiError("E_INPUT", "期间的长度应大于零")
            last = self._term_end(event)
            self.steps.append(Step("count", f"满{words}，最后一日为{moment_name(last)}"))
        else:
            self.steps.append(Step("start", f"{moment_name(event)}当日不计入，自次日起算"))
            self.cells.append(self._cell(event, "start", None))
            last = self._forward(event, limit.n, limit.unit)
            self.steps.append(Step("count", f"数{words}，最后一日为{moment_name(last)}"))
        self._mark(last)
        return self._end(self._rolled(last))

    def _mark(self, last: date) -> None:
        """Put the last day among the cells where it was not reached by counting days (months, years)."""
        if not self.cells or self.cells[-1].day != last:
            self.cells.append(self._cell(last, "due", None))

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
            self.cells.pop()
            for day in self.calendar.days(last, rolled.day):
                self.cells.append(self._cell(day, "due" if day == rolled.day else "off", None))
        return rolled.day

    def _paused(self, day: date) -> bool:
        return any(day_of(pause.begins) < day <= day_of(pause.ends or pause.begins) for pause in self.pauses)

    def _cell(self, day: date, role: str, ordinal: int | None) -> DayCell:
        known = self.calendar.knows(day)
        kind = self.calendar.kind(day) if known else None
        return DayCell(day, kind, role, ordinal, known and self.calendar.is_provisional(day))

    def _end(self, last: date) -> Due:
        until = end_of(last) if self.limit.at is None else datetime.combine(last, self.limit.at, SHANGHAI)
        return Due(until, self.limit.at is not None, self.provisional, self.calendar.version, ())

    # --- hours ----------------------------------------------------------------------------------------------------

    def _by_clock(self, limit: TimeLimit, event: date | datetime) -> Due:
        if not isinstance(event, datetime):
            raise LuoshiError(
                "E_INPUT", f"以{limit.unit.word}计的期限须给出起算时刻，不能只有日期", fields={"event": str(event)}
            )
        start = local(event)
        if limit.form is Form.BEFORE:
            if limit.unit is Unit.WORKING_HOUR:
                raise LuoshiError("E_UNIT", "“提前”的期限不能用工作小时")
            until = start - timedelta(minutes=limit.n * (1 if limit.unit is Unit.MINUTE else 60))
            self.steps.append(
                Step("count", f"{moment_name(start)}之前{limit.n}{limit.unit.word}，最迟为{moment_name(until)}（含）")
            )
        else:
            until = self._elapse(start, limit.n, limit.unit)
            how = "只计工作日的工作时间" if limit.unit is Unit.WORKING_HOUR else "昼夜连续计算"
            self.steps.append(Step("start", f"自{moment_name(start)}起算，{how}"))
            self.steps.append(Step("count", f"满{limit.n}{limit.unit.word}，至{moment_name(until)}（含）"))
        return Due(until, True, self.provisional, self.calendar.version, ())

    def _elapse(self, start: datetime, n: int, unit: Unit) -> datetime:
        """The instant at which n hours or minutes have run after the start, pauses taken out."""
        left = timedelta(minutes=n if unit is Unit.MINUTE else n * 60)
        spans = self._sessions(start.date()) if unit is Unit.WORKING_HOUR else iter([(start, _FAR)])
        for opens, closes in _without(spans, self.pauses):
            opens = max(opens, start)
            if closes - opens >= left:
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
        last = self._forward(due.due_on, extension.n, extension.unit)
        self._mark(last)
        return self._end(self._rolled(last))


def _without(
    spans: Iterator[tuple[datetime, datetime]], pauses: Iterable[Pause]
) -> Iterator[tuple[datetime, datetime]]:
    """The spans with every pause cut out; a pause given by dates takes out whole days by the rule of days."""
    cuts = sorted((_cut(pause) for pause in pauses), key=lambda cut: cut[0])
    for opens, closes in spans:
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
