"""The light of a matter (supervision D4-D6): plan against progress, exactly, and the days on which it changes.

The plan runs from 0 on the start day over its points to 100 on the due day by calendar days. How far behind it a light
is yellow and red, and what being overdue means, the matter's profile says (`curve.PROFILES`). The days from which each
holds are stored with the matter, so that a list of any size is filtered by light on any day without computing one.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from luoshi.kernel.calendar import ONE_DAY
from luoshi.office.duties import curve, workdays
from luoshi.office.duties.curve import Profile
from luoshi.office.duties.matter_models import FAR, Comparator, Light, Matter, State

WORDS = {
    Light.RED: "逾期或严重滞后",
    Light.YELLOW: "滞后",
    Light.GREEN: "正常",
    Light.GREY: "未开始",
    Light.PAUSED: "暂停",
    Light.BLUE: "已销号",
}


def measured(matter: Matter, value: Decimal | None) -> curve.Progress | None:
    """Return how far a value brings the matter, and whether its target is reached; None where there is no target."""
    if value is None or matter.target_value is None:
        return None
    target, from_ = Fraction(matter.target_value), Fraction(matter.baseline or 0)
    if target == from_:
        # Nothing may be left: there is no way to measure, only to be there.
        there = matter.comparator == Comparator.MOST and Fraction(value) <= target
        return curve.Progress(curve.ALL if there else curve.NONE, there) if matter.comparator else None
    if not matter.comparator and target <= 0:
        return None
    upper = None if matter.upper is None else Fraction(matter.upper)
    return curve.actual(Fraction(value), target, from_, matter.comparator or ">=", upper)


def progress(matter: Matter) -> Fraction:
    """Return the progress in percent, 0 to 100, exactly: value against target, else the percentage reported."""
    found = measured(matter, matter.value)
    return Fraction(matter.percent_bp, 100) if found is None else found.percent


def reached(matter: Matter) -> bool:
    """Tell whether the target is reached on exact values: in its range, not beyond it; without a target at 100%."""
    found = measured(matter, matter.value)
    return matter.percent_bp >= 10000 if found is None else found.reached


def flag(matter: Matter) -> str:
    """Return what is odd about the value (beyond its range, worse than at the beginning), or nothing."""
    found = measured(matter, matter.value)
    return "" if found is None else found.flag


def points(matter: Matter) -> list[curve.Point]:
    """Return the corners of the matter's plan between its first and its last day."""
    return [(datetime.date.fromisoformat(day), Fraction(percent)) for day, percent in matter.planned_points]


def planned(matter: Matter, day: datetime.date) -> Fraction | None:
    """Return what the plan asks for by the end of `day` in percent; None for a matter without a due day."""
    if matter.due_on is None:
        return None
    return curve.planned(profile_of(matter).from_day(matter.start), matter.due_on, points(matter), day)


def profile_of(matter: Matter) -> Profile:
    """Return how a matter is judged: it keeps the profile of its root."""
    return curve.PROFILES[matter.profile]


def _behind_on(matter: Matter, profile: Profile, gap: int) -> datetime.date:
    """Return the first day on which progress is so far behind the plan as the profile says; `FAR` for never.

    No day before the start is one.
    """
    assert matter.due_on is not None
    begins = profile.from_day(matter.start)
    found = curve.first_day_behind(
        begins, matter.due_on, points(matter), progress(matter), gap, beyond=profile.beyond
    )  # fmt: skip
    return FAR if found is None else max(found, matter.start)


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
    profile = profile_of(matter)
    matter.yellow_on = _behind_on(matter, profile, profile.yellow)
    if profile.silent is not None:
        matter.yellow_on = min(matter.yellow_on, matter.silent_on)
    if matter.provisional:
        return
    matter.late_on = matter.due_on + ONE_DAY
    far_behind = _behind_on(matter, profile, profile.red)
    if profile.grace is None:
        matter.red_on = min(far_behind, matter.late_on)
        return
    matter.yellow_on = min(matter.yellow_on, matter.late_on)
    matter.red_on = min(far_behind, workdays.shift(matter.due_on, profile.grace + 1))


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
        return _overdue(matter, day)
    if matter.red_on <= day:
        return Light.RED, _behind(plan, done)
    if matter.yellow_on <= day:
        return Light.YELLOW, _silent(matter, day) or _behind(plan, done)
    if matter.green_on > day:
        if matter.backlog:
            return Light.GREY, "录入时已过期，待核实"
        return Light.GREY, "还没有人开始" if matter.due_on is None else "未到开始日"
    if matter.state == State.SUBMITTED:
        return Light.GREEN, "已送核验"
    return Light.GREEN, "按计划" if plan is not None else "未写时限，已在办"


def _overdue(matter: Matter, day: datetime.date) -> tuple[Light, str]:
    profile = profile_of(matter)
    if profile.grace is None or matter.due_on is None:
        return Light.RED, "已过最后一日，还没有销号"
    light = Light.RED if matter.red_on <= day else Light.YELLOW
    return light, f"逾期{workdays.after(matter.due_on, day)}个工作日，过{profile.grace}个转红"


def _silent(matter: Matter, day: datetime.date) -> str:
    """Return that reports were missed, when this alone makes the light yellow."""
    profile = profile_of(matter)
    if profile.silent is None or matter.silent_on > day:
        return ""
    behind = _behind_on(matter, profile, profile.yellow) <= day
    return "" if behind else f"连续{profile.silent}期没有填报"


def _behind(plan: Fraction | None, done: Fraction) -> str:
    return f"按计划应完成{shown(plan or Fraction(0))}%，实际{shown(done)}%"


def shown(percent: Fraction) -> str:
    """Return a percentage with two decimals, half-up, zeros dropped."""
    hundredths = (percent * 100 + Fraction(1, 2)).__floor__()
    return f"{hundredths // 100}.{hundredths % 100:02}".rstrip("0").rstrip(".")
