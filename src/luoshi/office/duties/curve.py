"""Plan against progress, exactly (supervision D4 to D6): the curve of a task, how far it is, its light on a day.

Percentages are Fractions from 0 to 100, days calendar days; nothing is rounded before `shown`. No database here.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

from luoshi.kernel.calendar import ONE_DAY

Point = tuple[datetime.date, Fraction]
"""A day and the share of the work in percent that shall be done by its end."""

NONE, ALL = Fraction(0), Fraction(100)


@dataclass(frozen=True, slots=True)
class Profile:
    """How the tasks of one kind of root are judged: supervision D5 and D6, or services-governance 6.1.

    `yellow` and `red` are percentage points behind the plan; `beyond`: only more than so many, else that many already.
    `both_days`: the first day counts as a day of work, so that the plan stands at 0 on the day before it. `grace`:
    overdue is yellow up to so many working days, red beyond; None: red at once. `silent`: so many reports missed in a
    row are yellow; None: a missed report has no light. `tacit`: a report nobody looks at in time is taken for accepted.
    """

    key: str
    yellow: int
    red: int
    beyond: bool = False
    both_days: bool = False
    grace: int | None = None
    silent: int | None = None
    tacit: bool = True

    def from_day(self, start: datetime.date) -> datetime.date:
        """Return the day at whose end the plan's line leaves 0."""
        return start - ONE_DAY if self.both_days else start

    def behind(self, gap: Fraction) -> str:
        """Return the light of so many percentage points behind the plan: red, yellow or green."""
        for light, points in (("red", self.red), ("yellow", self.yellow)):
            if gap > points or (gap == points and not self.beyond):
                return light
        return "green"

    def overdue(self, working_days: int) -> str:
        """Return the light of what is past its last day by so many working days: red or yellow."""
        return "red" if self.grace is None or working_days > self.grace else "yellow"


WORKPOINTS = Profile("workpoints", yellow=10, red=25)
"""The work points of a year and the duties of instruments (supervision section 5, D6)."""
GOVERNANCE = Profile("governance", yellow=5, red=15, beyond=True, both_days=True, grace=5, silent=2, tacit=False)
"""Key works set outside the yearly plan (services-governance 5, 6.1 and 7.1)."""
PROFILES = {one.key: one for one in (WORKPOINTS, GOVERNANCE)}

ABOVE, WORSE = "超出区间", "低于基期"
"""What is said of a value above a range, and of one on the wrong side of where the work began."""


def knots(start: datetime.date, due: datetime.date, points: Iterable[Point] = ()) -> list[Point]:
    """Return the corners of the plan's line from (start, 0) to (due, 100); points not between the two are left out."""
    between = sorted((day, Fraction(percent)) for day, percent in points if start < day < due)
    return [(start, NONE), *between, (due, ALL)]


def planned(start: datetime.date, due: datetime.date, points: Iterable[Point], day: datetime.date) -> Fraction:
    """Return what the plan asks for by the end of a day (D5): 0 before the start, 100 from the due day on."""
    if day >= due:
        return ALL
    if day <= start:
        return NONE
    corners = knots(start, due, points)
    after = next(place for place, (corner, _percent) in enumerate(corners) if corner > day)
    (from_day, from_), (to_day, to) = corners[after - 1], corners[after]
    return from_ + (to - from_) * Fraction((day - from_day).days, (to_day - from_day).days)


def first_day_behind(
    start: datetime.date,
    due: datetime.date,
    points: Iterable[Point],
    percent: Fraction,
    gap: Fraction | int,
    *,
    beyond: bool = False,
) -> datetime.date | None:
    """Return the first day up to the due day on which the plan is `gap` points or more ahead of `percent`, or None.

    With `beyond` it has to be more than `gap` points.
    """
    wanted = Fraction(percent) + gap
    if wanted > ALL or (beyond and wanted == ALL):
        return None
    if start >= due:
        return due
    corners = knots(start, due, points)
    for (from_day, from_), (to_day, to) in pairwise(corners):
        if from_ > wanted or (from_ == wanted and not beyond):
            return from_day
        if to > wanted or (to == wanted and not beyond):
            days = (wanted - from_) / (to - from_) * (to_day - from_day).days
            return from_day + datetime.timedelta(days=floor(days) + 1 if beyond else ceil(days))
    return due


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a task is: percent (0 to 100), whether its target is reached on exact values, a flag that people see."""

    percent: Fraction
    reached: bool
    flag: str = ""


def actual(
    value: Fraction | int,
    target: Fraction | int,
    baseline: Fraction | int = 0,
    comparator: str = ">=",
    upper: Fraction | int | None = None,
) -> Progress:
    """Return the progress of a figure from its baseline to its target, rising or falling (D4).

    Comparators: >=, <=, =, range (target is the lower bound, `upper` the other). ValueError where target is baseline.
    """
    if target == baseline:
        raise ValueError("目标值与基期值相同，算不出进度")
    share = Fraction(value - baseline) / Fraction(target - baseline)
    percent = ALL * min(max(share, NONE), Fraction(1))
    if share < 0:
        return Progress(NONE, comparator == "<=" and value <= target, WORSE)
    if comparator == "range" or upper is not None:
        over = upper is not None and value > upper
        return Progress(ALL if over else percent, target <= value and not over, ABOVE if over else "")
    if comparator == "=":
        return Progress(percent, value == target)
    rising = comparator == ">=" and target > baseline
    return Progress(percent, value >= target if rising else value <= target)


def ratio(part: int | Fraction, whole: int | Fraction, target_percent: Fraction | int) -> Progress:
    """Return the progress of a share against a target in percent; reached on the exact fraction (D4)."""
    return actual(ALL * Fraction(part) / Fraction(whole), Fraction(target_percent))


def rolled(children: Sequence[tuple[int, Fraction]]) -> Fraction:
    """Return a parent's progress: the sum of weight times progress, weights in basis points of 10,000 (D4)."""
    return sum((weight * percent for weight, percent in children), NONE) / 10_000


def light(
    day: datetime.date,
    start: datetime.date,
    due: datetime.date,
    plan: Fraction,
    percent: Fraction,
    *,
    done: bool = False,
    paused: bool = False,
    profile: Profile = WORKPOINTS,
    working_days: int = 0,
    behind_below: bool = False,
) -> str:
    """Return the light of a day (D6): blue, grey, hollow, red, yellow or green.

    `working_days`: how many it is past its last day; `behind_below`: something under it is yellow or red, which raises
    a node of the profile governance to yellow.
    """
    if done:
        return "blue"
    if day < start:
        return "grey"
    if paused:
        return "hollow"
    found = {profile.behind(plan - percent)}
    if day > due:
        found.add(profile.overdue(working_days))
    if behind_below and profile.grace is not None:
        found.add("yellow")
    return next(one for one in ("red", "yellow", "green") if one in found)


def half_up(value: Fraction, places: int = 2) -> Fraction:
    """Return a number rounded half away from zero to so many decimals."""
    scaled = abs(value) * 10**places * 2
    digits = (scaled.numerator // scaled.denominator + 1) // 2
    return Fraction(-digits if value < 0 else digits, 10**places)


def written(value: Fraction, places: int = 2) -> str:
    """Return a number half-up with so many decimals, all of them written."""
    digits = str(abs(half_up(value, places) * 10**places)).rjust(places + 1, "0")
    sign = "-" if half_up(value, places) < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def shown(value: Fraction, bound: Fraction | int | None = None, comparator: str = ">=") -> str:
    """Return a number with two decimals half-up, and with four (or more) where fewer would contradict the verdict.

    `bound` is what the number was held against: 79.995 is not 80, so it is not shown as 80.00.
    """
    text = written(value)
    if bound is None:
        return text
    met = _met(value, bound, comparator)
    places = 2
    while places < 60 and _met(half_up(value, places), bound, comparator) != met:
        places += 2
    if places == 2:
        return text
    whole, _dot, decimals = written(value, places).partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def _met(value: Fraction, bound: Fraction | int, comparator: str) -> bool:
    return value == bound if comparator == "=" else value <= bound if comparator == "<=" else value >= bound
