"""A limit and what presses against it, now and after what is pending (picture 05); its arithmetic is pure.

    marks = Mark("提醒", rate("15%")), Mark("停办", rate("20%"), stop=True)
    Gauge("累计代偿占现有基金", part=S, whole=E, pending=C, marks=marks)

Comparisons are exact; what is shown is rounded half-up to two decimals, with more where that would contradict them.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from luoshi.kernel.money import Rounding

if TYPE_CHECKING:
    from luoshi.office.funds.models import Book


@dataclass(frozen=True, slots=True)
class Mark:
    """A line on the gauge. `stop`: beyond it nothing more may happen; `reached` says whether equality counts."""

    title: str
    at: Fraction
    stop: bool = False
    reached: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """Where a gauge stood at the end of a value date; it stays there until the next point."""

    on: datetime.date
    part: int
    whole: int

    @property
    def ratio(self) -> Fraction | None:
        """The share; None without a whole."""
        return Fraction(self.part, self.whole) if self.whole > 0 else None


@dataclass(frozen=True, slots=True)
class Gauge:
    """`part` of `whole` in fen; `pending` is added to the part and taken from the whole when `drains`.

    `course` are the points of the past, oldest first (`course_of`); the page draws them as steps.
    """

    title: str
    part: int
    whole: int
    pending: int = 0
    pending_count: int = 0
    marks: Sequence[Mark] = ()
    drains: bool = True
    citation: str = ""
    part_title: str = ""
    whole_title: str = ""
    course: Sequence[Point] = ()

    @property
    def ratio(self) -> Fraction | None:
        """The share now; None without a whole (无数据)."""
        return Fraction(self.part, self.whole) if self.whole > 0 else None

    @property
    def after(self) -> Fraction | None:
        """The share when all that is pending is paid."""
        whole = self.whole - (self.pending if self.drains else 0)
        return Fraction(self.part + self.pending, whole) if whole > 0 else None

    @property
    def scale(self) -> Fraction:
        """The right end of the drawing: a quarter beyond the last mark, or the figure when that is more."""
        return self._beyond(self.ratio, self.after)

    @property
    def course_scale(self) -> Fraction:
        """The top of the drawing of its course: what `scale` says, or the highest point when that is more."""
        return self._beyond(self.ratio, *(one.ratio for one in self.course))

    def _beyond(self, *ratios: Fraction | None) -> Fraction:
        last = max([mark.at for mark in self.marks], default=Fraction(1))
        return max([last * 5 / 4, *(one * 21 / 20 for one in ratios if one is not None)])

    @property
    def passed(self) -> Mark | None:
        """The highest mark the share has passed, None when it has passed none."""
        return self._passed(self.ratio)

    def _passed(self, ratio: Fraction | None) -> Mark | None:
        if ratio is None:
            return None
        found = [one for one in self.marks if ratio > one.at or (one.reached and ratio == one.at)]
        return max(found, key=lambda one: one.at, default=None)

    def room(self) -> int | None:
        """Fen that may still be paid until the first stop mark is passed, what is pending counted; None without one."""
        stops = [one for one in self.marks if one.stop]
        if not stops or self.whole <= 0:
            return None
        at = min(one.at for one in stops)
        part, whole = self.part + self.pending, self.whole - (self.pending if self.drains else 0)
        # (part + x) / (whole - x) <= at, or (part + x) / whole <= at
        most = (at * whole - part) / (1 + at) if self.drains else at * whole - part
        return max(most.numerator // most.denominator, 0)


def percent(ratio: Fraction | None, marks: Sequence[Mark] = ()) -> str:
    """Return a share as shown: `16.26`, four decimals where two would hide a verdict, `>20.00` where four would too."""
    if ratio is None:
        return "无数据"
    for places in (2, 4):
        step = 10**places
        whole = Rounding.HALF_UP.apply(ratio * 100 * step)
        shown = Fraction(whole, 100 * step)
        if all((ratio > one.at) == (shown > one.at) and (ratio < one.at) == (shown < one.at) for one in marks):
            text = f"{whole // step}.{whole % step:0{places}d}"
            return text if places == 2 else text.rstrip("0").ljust(text.index(".") + 3, "0")
    near = min(marks, key=lambda one: abs(one.at - ratio))
    limit = Rounding.HALF_UP.apply(near.at * 10_000)
    return f"{'>' if ratio > near.at else '<'}{limit // 100}.{limit % 100:02d}"


def course_of(
    days: Iterable[tuple[datetime.date, Mapping[str, int]]], share: Callable[[Mapping[str, int]], tuple[int, int]]
) -> list[Point]:
    """Return the points at which a share changed; `share` makes (part, whole) of the balances by account code.

    `days` are those of `queries.days_of`.
    """
    points: list[Point] = []
    for on, balances in days:
        point = Point(on, *share(balances))
        if not points or point.ratio != points[-1].ratio:
            points.append(point)
    return points


@dataclass(frozen=True, slots=True)
class Headline:
    """What a room says of its money at the top of the book's page: fen, or `words` where it is no amount."""

    title: str
    fen: int | None = None
    words: str = ""
    note: str = ""


HEADLINES: dict[str, Callable[[Book], Sequence[Headline]]] = {}


def headlines(plan: str) -> Callable[[Callable[[Book], Sequence[Headline]]], Callable[[Book], Sequence[Headline]]]:
    """Register the decorated function as what the page of a book of `plan` says first."""

    def register(function: Callable[[Book], Sequence[Headline]]) -> Callable[[Book], Sequence[Headline]]:
        HEADLINES[plan] = function
        return function

    return register


def said_of(book: Book) -> Sequence[Headline]:
    """Return what the room says first of a book, nothing where it says nothing."""
    found = HEADLINES.get(book.plan)
    return found(book) if found else ()


GAUGES: dict[str, Callable[[Book], Sequence[Gauge]]] = {}


def gauges(plan: str) -> Callable[[Callable[[Book], Sequence[Gauge]]], Callable[[Book], Sequence[Gauge]]]:
    """Register the decorated function as what the page of a book of `plan` shows at its top."""

    def register(function: Callable[[Book], Sequence[Gauge]]) -> Callable[[Book], Sequence[Gauge]]:
        GAUGES[plan] = function
        return function

    return register


def of_book(book: Book) -> Sequence[Gauge]:
    """Return the gauges of a book, none where its room declares none."""
    found = GAUGES.get(book.plan)
    return found(book) if found else ()
