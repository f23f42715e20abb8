"""The light of a matter (supervision D4-D6): plan against progress, exactly, and the days on which it changes.

The plan runs from 0 on the start day to 100 on the due day by calendar days. A gap of 10 percentage points is yellow,
of 25 red, both inclusive. The days from which each holds are stored with the matter, so that a list of any size is
filtered by light on any day without computing one.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from luoshi.kernel.calendar import ONE_DAY
from luoshi.office.duties.matter_models import FAR, Light, Matter, State

GAP_YELLOW, GAP_RED = 10, 25
"""Percentage points behind the plan (supervision section 5: gap_yellow, gap_red), inclusive."""

WORDS = {
    Light.RED: "逾期或严重滞后",
    Light.YELLOW: "滞后",
    Light.GREEN: "正常",
    Light.GREY: "未开始",
    Light.PAUSED: "暂停",
    Light.BLUE: "已销号",
}


def progress(matter: Matter) -> Fraction:
    """Return the progress in percent, 0 to 100, exactly: value against target, else the percentage reported."""
    if matter.value is not None and matter.target_value is not None and matter.target_value > 0:
        return min(max(Fraction(matter.value) / Fraction(matter.target_value), Fraction(0)), Fraction(1)) * 100
    return Fraction(matter.percent_bp, 100)


def planned(matter: Matter, day: datetime.date) -> Fraction | None:
    """Return what the plan asks for by the end of `day` in percent; None for a matter without a due day."""
    if matter.due_on is None:
        return None
    if day < matter.start:
        return Fraction(0)
    if day >= matter.due_on:
        return Fraction(100)
    return Fraction((day - matter.start).days * 100, (matter.due_on - matter.start).days)


def _behind_on(matter: Matter, gap: int) -> datetime.date:
    """Return the first day on which progress is `gap` points or more behind the plan; `FAR` for never."""
    assert matter.due_on is not None
    wanted = progress(matter) + gap
    if wanted > 100:
        return FAR
    span = (matter.due_on - matter.start).days
    return matter.start + datetime.timedelta(days=ceil(wanted * span / 100))


def derive(matter: Matter) -> None:
    """Set the days from which the matter is begun, behind, far behind, overdue, and what follows from its due day.

    Nothing is late while it is paused, when it was handed in for check in time, on a provisional date, or when its day
    was past before anybody could know of it here (`backlog`).
    """
    matter.due_sort = matter.due_on or FAR
    matter.is_open = matter.state not in (State.CROSSED_OFF, State.WITHDRAWN)
    matter.green_on = matter.yellow_on = matter.red_on = matter.late_on = FAR
    if matter.due_sort == FAR or not matter.is_open:
        matter.escalated, matter.supervised_at = 0, None
    if not matter.is_open or matter.state == State.PAUSED:
        return
    if matter.due_on is None:
        matter.green_on = matter.start if matter.state != State.OPEN else FAR
        return
    if matter.backlog:
        matter.green_on = matter.start if matter.state != State.OPEN else FAR
        return
    matter.green_on = matter.start
    if matter.state == State.SUBMITTED and in_time(matter, matter.submitted_at):
        return
    matter.yellow_on = _behind_on(matter, GAP_YELLOW)
    if matter.provisional:
        return
    matter.late_on = matter.due_on + ONE_DAY
    matter.red_on = min(_behind_on(matter, GAP_RED), matter.late_on)


def in_time(matter: Matter, moment: datetime.datetime | None) -> bool:
    """Tell whether something received at `moment` is in time: before 24:00 of the due day, or by its hour."""
    from luoshi.kernel.clock import SHANGHAI, end_of, local

    if moment is None or matter.due_on is None or matter.provisional:
        return True
    if matter.due_time is not None:
        return local(moment) <= datetime.datetime.combine(matter.due_on, matter.due_time, SHANGHAI)
    return local(moment) < end_of(matter.due_on)


@dataclass(frozen=True, slots=True)
class Lamp:
    """A light on a day: its key, word and reason, plan and progress in percent (two decimals are for display)."""

    light: str
    word: str
    reason: str
    planned: Fraction | None
    done: Fraction
    overdue: bool
    late_days: int

    @property
    def gap(self) -> Fraction | None:
        """How far progress is behind the plan, in percentage points."""
        return None if self.planned is None else self.planned - self.done


def lamp(matter: Matter, day: datetime.date) -> Lamp:
    """Return the light of `matter` on `day`."""
    plan, done = planned(matter, day), progress(matter)
    overdue = matter.is_open and matter.late_on <= day
    light, reason = _light(matter, day, plan, done, overdue)
    late = (day - matter.due_on).days if overdue and matter.due_on else 0
    return Lamp(light, WORDS[light], reason, plan, done, overdue, late)


def _light(
    matter: Matter, day: datetime.date, plan: Fraction | None, done: Fraction, overdue: bool
) -> tuple[Light, str]:
    if matter.state == State.WITHDRAWN:
        return Light.BLUE, "已撤回，不再要求"
    if matter.state == State.CROSSED_OFF:
        return Light.BLUE, "已核验销号"
    if matter.state == State.PAUSED:
        return Light.PAUSED, "停表，期限不走"
    if overdue:
        return Light.RED, "已过最后一日，还没有销号"
    if matter.red_on <= day:
        return Light.RED, _behind(plan, done)
    if matter.yellow_on <= day:
        return Light.YELLOW, _behind(plan, done)
    if matter.green_on > day:
        if matter.backlog:
            return Light.GREY, "录入时已过期，待核实"
        return Light.GREY, "还没有人开始" if matter.due_on is None else "未到开始日"
    if matter.state == State.SUBMITTED:
        return Light.GREEN, "已送核验"
    return Light.GREEN, "按计划" if plan is not None else "未写时限，已在办"


def _behind(plan: Fraction | None, done: Fraction) -> str:
    return f"按计划应完成{shown(plan or Fraction(0))}%，实际{shown(done)}%"


def shown(percent: Fraction) -> str:
    """Return a percentage with two decimals, half-up, zeros dropped."""
    hundredths = (percent * 100 + Fraction(1, 2)).__floor__()
    return f"{hundredths // 100}.{hundredths % 100:02}".rstrip("0").rstrip(".")
