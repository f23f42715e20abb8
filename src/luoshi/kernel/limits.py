"""Time limits: from an event to the last moment in time, with every step of the way (conventions section 1).

`TimeLimit` counts a number of days, working days, months, years or hours after an event, before it, or as a term from
its first day. Limits that hang on the calendar itself (by the end of October, every day at 15:00, once a quarter) are
in `periods`, the counting in `counting`, the answer in `dues`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import NamedTuple

from luoshi.kernel.calendar import WorkingCalendar
from luoshi.kernel.clock import day_of, end_of, local, start_of
from luoshi.kernel.counting import Counting
from luoshi.kernel.dues import (
    OFFICE_HOURS,
    Due,
    Extension,
    Form,
    Pause,
    Roll,
    Step,
    Unit,
    WorkingHours,
    moment_name,
)
from luoshi.kernel.errors import LuoshiError


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
                    f"{moment_name(reset_at)}重新收到材料，期限自此重新起算，原起算点{moment_name(event)}不再适用",
                )
            )
            event = reset_at
        run = Counting(self, event, calendar, extensions, max_extensions)
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
        return Step("pause", f"{name}中止（{moment_name(pause.begins)}起）不予扣除：{refusal}", ok=False)
    ends = moment_name(closed.ends) + ("（尚未结束，暂计至此日）" if pause.ends is None else "")
    return Step("pause", f"{name}中止：{moment_name(pause.begins)}当日照计，次日起至{ends}（含）不计入")


def _closed(pause: Pause, as_of: date | None) -> Pause:
    if pause.ends is not None:
        return pause
    if as_of is None:
        raise LuoshiError("E_INCOMPLETE", "中止尚未结束，请给出计算日(as_of)")
    return pause._replace(ends=max(as_of, day_of(pause.begins)))


def _instant(moment: date | datetime | None) -> datetime:
    if moment is None:
        raise LuoshiError("E_INCOMPLETE", "缺少时间")
    return local(moment) if isinstance(moment, datetime) else start_of(moment)


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
    reason = f"日历变更于{moment_name(entered_on)}录入，未结期限不早于其后第一个工作日终了，故不提前至{computed.text}"
    held = replace(computed, until=until, inclusive=old.inclusive and until == old.until,
                   steps=(*computed.steps, Step("revision", reason)))  # fmt: skip
    return Revision(old, computed, held)
