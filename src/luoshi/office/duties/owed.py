"""From printed time limits to dated things owed: pure, so that it can be tested against a slow definition.

A dated limit is owed once. A recurring one is owed once a period in which the instrument is in force: with a printed
day when that day lies in force, without one when a day of the period does, by the period's last day. Each day and each
week are one standing thing a quarter: a matter a day would bury every other. A limit that counts from an event, a
beginning, and no limit at all make one standing thing without a day, so that nothing is forgotten.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from luoshi.kernel.counting import add_months
from luoshi.kernel.periods import Period, clamped, owed, period_of
from luoshi.office.duties.dates import occurrence, words
from luoshi.office.duties.matter_models import FAR

STANDING = "standing"
_FIRST = datetime.date(1949, 10, 1)
_PERIODS = {
    "yearly": "year",
    "half-yearly": "half_year",
    "quarterly": "quarter",
    "monthly": "month",
    "weekly": "quarter",
    "daily": "quarter",
}
_LENGTH = {"year": 12, "half_year": 6, "quarter": 3, "month": 1}
_SPAN = re.compile(r"(\d{4}-\d\d-\d\d)/(\d{4}-\d\d-\d\d)")


class Limit(NamedTuple):
    """A printed limit, as the ledger keeps it: kind, normalised value, text."""

    kind: str
    value: str
    text: str


class Slot(NamedTuple):
    """One thing owed: its period's key, first day, last day (None: none written), how it arose, the sentence of it."""

    period: str
    start: datetime.date
    due_on: datetime.date | None
    origin: str
    rule: str
    text: str


def slots(
    limits: Iterable[Limit],
    begins: datetime.date | None,
    ends: datetime.date | None,
    first: datetime.date,
    last: datetime.date,
) -> list[Slot]:
    """Return what a duty with `limits` owes, of the recurring ones those whose period meets `first` to `last`.

    `begins` and `ends` are the first and last day of the instrument's force, None where none is known. Dated and
    standing things are returned whatever the window is.
    """
    found: dict[str, Slot] = {}
    rest: list[Limit] = []
    for limit in limits:
        some = list(_dated(limit, begins)) or list(_recurring(limit, begins, ends, first, last))
        found |= {slot.period: slot for slot in some}
        if not some and not _recurs(limit):
            rest.append(limit)
    if not found and not any(_recurs(limit) for limit in limits):
        found[STANDING] = _standing(rest, begins, first)
    return sorted(found.values(), key=lambda slot: (slot.due_on or FAR, slot.period))


def _recurs(limit: Limit) -> bool:
    return occurrence(limit.kind, limit.value).months > 0


def _dated(limit: Limit, begins: datetime.date | None) -> Iterator[Slot]:
    due = occurrence(limit.kind, limit.value).due_on
    if due is None:
        return
    start = min(begins or due, due)
    if match := _SPAN.fullmatch(limit.value):
        start = min(datetime.date.fromisoformat(match[1]), due)
    yield Slot(
        f"once:{due}", start, due, "by", "fixed", f"“{limit.text}”读作{words(limit.kind, limit.value)}，当日终了止"
    )


def _recurring(
    limit: Limit,
    begins: datetime.date | None,
    ends: datetime.date | None,
    first: datetime.date,
    last: datetime.date,
) -> Iterator[Slot]:
    months, day = occurrence(limit.kind, limit.value)[1:]
    if not months or (begins and ends and ends < begins):
        return
    name = limit.value.partition(" ")[0]
    period, printed = _PERIODS[name], " by " in limit.value and name not in ("weekly", "daily")
    liable = Period(begins or _FIRST, ends or FAR)
    opening = period_of(period, first).first
    while opening <= last:
        span = period_of(period, opening)
        opening = add_months(span.first, _LENGTH[period])
        due = _due(span, months, day) if printed else span.last
        if due is None or due < first:
            continue
        if not (liable.first <= due <= liable.last if printed else owed(span, [liable])):
            continue
        text = f"“{limit.text}”读作{words(limit.kind, limit.value)}，本期{span.first}至{due}"
        yield Slot(f"{name}:{due}", min(max(span.first, liable.first), due), due, "every", name, text)


def _due(span: Period, months: int, day: int) -> datetime.date | None:
    month = span.first
    while month <= span.last:
        if months >> month.month & 1:
            return clamped(month.year, month.month, day)
        month = add_months(month, 1)
    return None


def _standing(rest: list[Limit], begins: datetime.date | None, first: datetime.date) -> Slot:
    start = begins or first
    for limit in rest:
        if limit.kind == "from" and re.fullmatch(r"\d{4}-\d\d-\d\d", limit.value):
            start = datetime.date.fromisoformat(limit.value)
    within = next((limit for limit in rest if limit.kind in ("within", "between")), None)
    if within:
        text = f"“{within.text}”自事由发生起算，事由未登记，没有最后一日"
        return Slot(STANDING, start, None, "within", "within", text)
    return Slot(STANDING, start, None, "none", "none", "未写时限，不会逾期，办结前一直列在台账")


def period_words(period: str) -> str:
    """Return a period's key in words: `2026年11月`, `每日（2026年四季度）`; empty for what is owed once."""
    name, _, day = period.partition(":")
    if name not in _PERIODS or not day:
        return ""
    due = datetime.date.fromisoformat(day)
    whole = {
        "year": f"{due.year}年",
        "half_year": f"{due.year}年{'上' if due.month <= 6 else '下'}半年",
        "quarter": f"{due.year}年{'一二三四'[(due.month - 1) // 3]}季度",
        "month": f"{due.year}年{due.month}月",
    }[_PERIODS[name]]
    return {"daily": f"每日（{whole}）", "weekly": f"每周（{whole}）"}.get(name, whole)
