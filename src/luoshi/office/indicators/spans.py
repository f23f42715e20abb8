"""Periods over which indicators are measured: a day, month, quarter, half-year, year, season, or an episode.

A period has a key that sorts in time within its kind: `2018-01-14`, `2018-01`, `2018-Q1`, `2018-H1`, `2018`, `2017S`,
`RSZWR-2018-001`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass

from luoshi.kernel.clock import CLOCK, end_of, start_of
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.periods import clamped, period_of

KINDS = ("day", "month", "quarter", "half", "year", "season", "episode")
WORDS = {
    "day": "日", "month": "月", "quarter": "季度", "half": "半年", "year": "年", "season": "采暖季", "episode": "过程",
}  # fmt: skip
PARTS = {"quarter": ("day", "month"), "half": ("day", "month", "quarter"), "month": ("day",),
         "year": ("day", "month", "quarter", "half"), "season": ("day", "month")}  # fmt: skip
"""Of which kinds a longer period can be put together."""
_CALENDAR = {"month": "month", "quarter": "quarter", "half": "half_year", "year": "year"}
SEASON = ((11, 15), (3, 15))
"""First and last day of a season (month, day) unless the indicator says otherwise."""


@dataclass(frozen=True, slots=True)
class Span:
    """A period: its kind, key, first and last day (both included), what it is called."""

    kind: str
    key: str
    first: datetime.date
    last: datetime.date
    title: str = ""

    @property
    def words(self) -> str:
        """The period as people say it."""
        if self.title:
            return self.title
        year, month = self.first.year, self.first.month
        if self.kind == "day":
            return f"{year}年{month}月{self.first.day}日"
        if self.kind == "month":
            return f"{year}年{month}月"
        if self.kind == "quarter":
            return f"{year}年{'一二三四'[(month - 1) // 3]}季度"
        if self.kind == "half":
            return f"{year}年{'上' if month <= 6 else '下'}半年"
        if self.kind == "year":
            return f"{year}年"
        if self.kind == "season":
            return f"{year}–{self.last.year}年采暖季"
        return self.key

    @property
    def begins(self) -> datetime.datetime:
        """00:00 of the first day."""
        return start_of(self.first)

    @property
    def ends(self) -> datetime.datetime:
        """24:00 of the last day."""
        return end_of(self.last)

    @property
    def running(self) -> bool:
        """Whether the period has not ended."""
        return self.last >= CLOCK.today()


def span_of(kind: str, day: datetime.date, season: tuple[tuple[int, int], tuple[int, int]] = SEASON) -> Span:
    """Return the period of a kind in which the day lies; of a season also the one that ended last before it."""
    if kind == "day":
        return Span(kind, day.isoformat(), day, day)
    if kind == "season":
        return _season(day, season)
    if kind not in _CALENDAR:
        raise LuoshiError("E_INPUT", f"“{kind}”这种周期不能按日期算出。", fields={"kind": kind})
    found = period_of(_CALENDAR[kind], day)
    year, month = found.first.year, found.first.month
    key = {
        "month": f"{year}-{month:02d}",
        "quarter": f"{year}-Q{(month + 2) // 3}",
        "half": f"{year}-H{1 if month <= 6 else 2}",
        "year": f"{year}",
    }[kind]
    return Span(kind, key, found.first, found.last)


def _season(day: datetime.date, season: tuple[tuple[int, int], tuple[int, int]]) -> Span:
    opens, closes = season
    for year in (day.year, day.year - 1, day.year - 2):
        first = clamped(year, *opens)
        last = clamped(year if closes >= opens else year + 1, *closes)
        if first <= day:
            return Span("season", f"{year}S", first, last)
    raise AssertionError("a season begins every year")


_KEYS = {
    "day": re.compile(r"(\d{4})-(\d{2})-(\d{2})"), "month": re.compile(r"(\d{4})-(\d{2})"),
    "quarter": re.compile(r"(\d{4})-Q([1-4])"), "half": re.compile(r"(\d{4})-H([12])"),
    "year": re.compile(r"(\d{4})"), "season": re.compile(r"(\d{4})S"),
}  # fmt: skip


def read(kind: str, key: str, season: tuple[tuple[int, int], tuple[int, int]] = SEASON) -> Span:
    """Return the period of a key; E_INPUT for what is none."""
    found = _KEYS[kind].fullmatch(key) if kind in _KEYS else None
    if found is None:
        raise LuoshiError("E_INPUT", f"“{key[:40]}”不是{WORDS.get(kind, kind)}的写法。", fields={"period": key[:40]})
    try:
        year = int(found[1])
        if kind == "day":
            return span_of(kind, datetime.date(year, int(found[2]), int(found[3])))
        if kind == "season":
            return _season(clamped(year, *season[0]), season)
        factor = {"month": 1, "quarter": 3, "half": 6, "year": 12}[kind]
        step = int(found[2]) if kind != "year" else 1
        return span_of(kind, datetime.date(year, (step - 1) * factor + 1, 1))
    except ValueError:
        raise LuoshiError("E_INPUT", f"没有“{key}”这个{WORDS[kind]}。", fields={"period": key}) from None


def between(
    kind: str,
    first: datetime.date,
    last: datetime.date,
    season: tuple[tuple[int, int], tuple[int, int]] = SEASON,
) -> Iterator[Span]:
    """Yield the periods of a kind that share a day with the days given, in order."""
    span = span_of(kind, first, season)
    while span.first <= last:
        if span.last >= first:
            yield span
        following = span.last + datetime.timedelta(days=1)
        if kind == "season":
            following = clamped(span.first.year + 1, *season[0])
        span = span_of(kind, following, season)


def before(span: Span, season: tuple[tuple[int, int], tuple[int, int]] = SEASON) -> Span | None:
    """Return the period before; None for an episode."""
    if span.kind == "episode":
        return None
    return span_of(span.kind, span.first - datetime.timedelta(days=1), season)
