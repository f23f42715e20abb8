"""Declare an indicator: what is counted over what, in which unit, by which period, against which target.

    LISTS_ON_TIME = register(Indicator(
        key="heavy_pollution.lists_on_time",
        title="名单按时报送率",
        programme="heavy_pollution",
        unit="%",
        period="month",
        numerator=Part("按时报送的单位", lists_on_time, lists_on_time_rows),
        denominator=Part("应报送的单位", lists_due, lists_due_rows),
        target=Target(value=100),
        formula="按时报送 ÷ 应报送",
        owner="environment",
        citation="乳政办发〔2018〕2号 3.3",
    ))

A part's `count(span)` answers for all places at once: exact integers or Decimals by place (an organ's slug; "" the
whole city), None where nothing was measured. The city is the sum of the places unless the part names it itself.
`rows(actor, span, place)` are the records behind the figure, filtered by what the actor may see.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from luoshi.kernel.errors import LuoshiError
from luoshi.office.indicators import spans
from luoshi.office.indicators.figures import Direction, Held, Number
from luoshi.office.indicators.spans import Span

CITY = ""
"""The place of the whole city."""

Count = Callable[[Span], Mapping[str, Number | None]]
Spans = Callable[[datetime.date, datetime.date], Iterable[Span]]


@dataclass(frozen=True, slots=True)
class Behind:
    """One record behind a figure: what it is, where it stands, what else is said of it."""

    title: str
    href: str = ""
    note: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Records:
    """The records behind a figure: a queryset or a list, and how one of them is shown."""

    rows: Any
    shown: Callable[[Any], Behind]
    link: str = ""
    """The address of a list with the same rows, where there is one."""


@dataclass(frozen=True, slots=True)
class Part:
    """A numerator or a denominator: what it counts, how, and which records are behind it."""

    title: str
    count: Count
    rows: Callable[[Any, Span, str], Records] | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be reached: a value, or a dated parameter (`room.name`); an `aim` (力争) is never judged as failed.

    `value` and the parameter's are in the indicator's unit: 95 for 95 %.
    """

    value: Decimal | int | None = None
    parameter: str = ""
    direction: Direction = Direction.AT_LEAST
    aim: bool = False
    citation: str = ""

    def __post_init__(self) -> None:
        if (self.value is None) is not bool(self.parameter):
            raise ValueError("a target has a value or a parameter")


Targets = Target | Callable[[Span, str], "Held | None"] | None


@dataclass(frozen=True, eq=False)
class Indicator:
    """An indicator.

    `unit` is %, ‰ or what is counted (`小时`, `次`); without a `denominator` the numerator is the value. `period` is
    its base period; `longer` are the kinds it is rolled up to by `over` (sum, last, most). `places` are shown even when
    nothing was counted there. `periods` names the periods where no calendar does (episodes), `season` the days of a
    season (month, day) to (month, day). `reads` are registers whose last change tells the version of the data.
    `place_titles` names places that are no organs. `rank` is `most` or `least`: the
    order of places.
    """

    key: str
    title: str
    programme: str
    unit: str
    period: str
    numerator: Part
    denominator: Part | None = None
    target: Targets = None
    formula: str = ""
    owner: str = ""
    citation: str = ""
    longer: Sequence[str] = ()
    over: str = "sum"
    places: Sequence[str] | Callable[[], Sequence[str]] = ()
    place_titles: Mapping[str, str] = field(default_factory=dict)
    periods: Spans | None = None
    season: tuple[tuple[int, int], tuple[int, int]] = spans.SEASON
    reads: Sequence[str] = ()
    decimals: int = 2
    rank: str = "most"
    note: str = ""
    number: str = ""

    @property
    def whole(self) -> bool:
        """Whether the numerator alone is the value."""
        return self.denominator is None

    @property
    def listed(self) -> Sequence[str]:
        """The places that are always shown."""
        return self.places() if callable(self.places) else self.places

    def spans_between(self, first: datetime.date, last: datetime.date) -> list[Span]:
        """Return the base periods that share a day with the days given, in order."""
        if self.periods is not None:
            return [span for span in self.periods(first, last) if span.first <= last and span.last >= first]
        return list(spans.between(self.period, first, last, self.season))

    def span(self, kind: str, key: str, first: datetime.date | None = None) -> Span:
        """Return a period by kind and key; E_NOT_FOUND for an episode nobody knows."""
        if kind != self.period and kind not in self.longer:
            known = "、".join((self.period, *self.longer))
            raise LuoshiError("E_INPUT", f"“{self.title}”不按“{kind}”统计，可用：{known}。", fields={"kind": kind})
        if kind == self.period and self.periods is not None:
            day = first or datetime.date(1949, 1, 1)
            for found in self.periods(day, first or datetime.date(2100, 12, 31)):
                if found.key == key:
                    return found
            raise LuoshiError("E_NOT_FOUND", f"“{self.title}”没有“{key[:40]}”这个过程。", fields={"period": key[:40]})
        return spans.read(kind, key, self.season)


_INDICATORS: dict[str, Indicator] = {}


def register(one: Indicator) -> Indicator:
    """Make an indicator known; ValueError says what its declaration lacks."""
    if not 0 < len(one.key) <= 60:
        raise ValueError(f"{one.key}: a key has 1 to 60 characters")
    if one.period not in spans.KINDS:
        raise ValueError(f"{one.key}: unknown period {one.period!r}")
    if one.period == "episode" and one.periods is None:
        raise ValueError(f"{one.key}: episodes are named by periods")
    if wrong := [kind for kind in one.longer if one.period not in spans.PARTS.get(kind, ())]:
        raise ValueError(f"{one.key}: {', '.join(wrong)} cannot be put together of {one.period}")
    if one.over not in ("sum", "last", "most"):
        raise ValueError(f"{one.key}: over is sum, last or most")
    if one.whole and one.unit in ("%", "‰"):
        raise ValueError(f"{one.key}: a share needs a denominator")
    _INDICATORS[one.key] = one
    return one


def indicators(programme: str = "") -> list[Indicator]:
    """Return every indicator, or those of one programme, in the order of declaration."""
    return [one for one in _INDICATORS.values() if not programme or one.programme == programme]


def find(key: str) -> Indicator:
    """Return the indicator `key`; E_NOT_FOUND."""
    if key not in _INDICATORS:
        raise LuoshiError("E_NOT_FOUND", f"没有“{key}”这个指标。", fields={"indicator": key[:80]})
    return _INDICATORS[key]
