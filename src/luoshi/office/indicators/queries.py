"""Read indicators: the latest figure against its target, a series in time, places side by side, what is behind."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from luoshi.kernel.clock import CLOCK, end_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import concern
from luoshi.office.indicators import figures, spans
from luoshi.office.indicators.declaration import CITY, Indicator, Part, Records, indicators
from luoshi.office.indicators.figures import Held, Number, Verdict
from luoshi.office.indicators.models import Measurement
from luoshi.office.indicators.spans import Span
from luoshi.office.indicators.targets import TargetsOf
from luoshi.office.permissions import require

_RECENT = 7
LATEST = 60
"""So many periods a series shows unless asked for more."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure held against its target.

    `value` is exact and in the unit, None without data; `parts` of `of` base periods have one where it is rolled up.
    """

    span: Span
    place: str
    numerator: Number | None
    denominator: Number | None
    value: Fraction | None
    target: Held | None
    verdict: Verdict
    version: int = 0
    computed_at: datetime.datetime | None = None
    checked_at: datetime.datetime | None = None
    data_version: str = ""
    parts: int = 1
    of: int = 1

    def words(self, decimals: int = 2) -> str:
        """Return the value as people read it, never otherwise than the verdict; empty without data."""
        if self.value is None:
            return ""
        if self.denominator is None and self.value.denominator == 1:
            return f"{self.value.numerator:,}"
        return figures.shown(self.value, self.target, places=decimals)


def require_seen(actor: Actor) -> None:
    """Refuse with E_FORBIDDEN who may not see indicators."""
    require(actor, "indicator.see")


def _rows(indicator: Indicator, day: datetime.date | None) -> QuerySet[Measurement]:
    """Return the figures as they stood at the end of a day; today's unless given."""
    return _standing(Measurement.objects.filter(indicator=indicator.key, period_kind=indicator.period), day)


def _standing(rows: QuerySet[Measurement], day: datetime.date | None) -> QuerySet[Measurement]:
    if day is None or day >= CLOCK.today():
        return rows.filter(superseded_at__isnull=True)
    bound = end_of(day)
    return rows.filter(Q(superseded_at__isnull=True) | Q(superseded_at__gte=bound), computed_at__lt=bound)


def _figure(indicator: Indicator, targets: TargetsOf, row: Measurement) -> Figure:
    span = Span(row.period_kind, row.period, row.first, row.last, row.title)
    above = None if row.numerator is None else figures.number(row.numerator)
    below = None if row.denominator is None else figures.number(row.denominator)
    return _held(indicator, targets, span, row.place, above, below, row)


def _held(
    indicator: Indicator,
    targets: TargetsOf,
    span: Span,
    place: str,
    above: Number | None,
    below: Number | None,
    row: Measurement | None = None,
    parts: int = 1,
    of: int = 1,
) -> Figure:
    ratio = figures.ratio(above, below, whole=indicator.whole)
    value = None if ratio is None else figures.in_unit(ratio, indicator.unit)
    target = targets.on(span, place)
    return Figure(
        span=span,
        place=place,
        numerator=above,
        denominator=below,
        value=value,
        target=target,
        verdict=figures.judge(value, target),
        version=row.version if row else 0,
        computed_at=row.computed_at if row else None,
        checked_at=row.checked_at if row else None,
        data_version=row.data_version if row else "",
        parts=parts,
        of=of,
    )


def series(
    indicator: Indicator,
    *,
    place: str = CITY,
    kind: str = "",
    day: datetime.date | None = None,
    limit: int = LATEST,
) -> list[Figure]:
    """Return the figures of a place over time, oldest first; of a longer `kind` rolled up from the base periods."""
    kind = kind or indicator.period
    targets = TargetsOf(indicator)
    rows = _rows(indicator, day).filter(place=place).order_by("-last", "-period")
    if kind == indicator.period:
        return [_figure(indicator, targets, row) for row in reversed(rows[:limit])]
    if kind not in indicator.longer:
        raise LuoshiError("E_INPUT", f"“{indicator.title}”不按“{kind}”统计。", fields={"kind": kind})
    groups: dict[str, tuple[Span, list[Measurement]]] = {}
    for row in rows[: limit * 400].iterator(chunk_size=2000):
        span = spans.span_of(kind, row.first, indicator.season)
        if span.first <= row.first and row.last <= span.last:
            groups.setdefault(span.key, (span, []))[1].append(row)
        if len(groups) > limit:
            break
    found = [_rolled(indicator, targets, span, place, list(reversed(own))) for span, own in groups.values()]
    return list(reversed(found[:limit]))


def _rolled(indicator: Indicator, targets: TargetsOf, span: Span, place: str, rows: list[Measurement]) -> Figure:
    parts = [
        (
            None if row.numerator is None else figures.number(row.numerator),
            None if row.denominator is None else figures.number(row.denominator),
        )
        for row in rows
    ]
    above, below = figures.rolled(parts, indicator.over)
    ended = min(span.last, CLOCK.today())
    expected = len(list(spans.between(indicator.period, span.first, ended, indicator.season)))
    return _held(indicator, targets, span, place, above, below, None, len(rows), max(expected, len(rows)))


def places_in(indicator: Indicator, span: Span, *, day: datetime.date | None = None) -> list[Figure]:
    """Return the figures of every place in a period, in the indicator's own order, those without data last."""
    targets = TargetsOf(indicator)
    rows = _rows(indicator, day).exclude(place=CITY)
    if span.kind == indicator.period:
        found = [_figure(indicator, targets, row) for row in rows.filter(period=span.key)]
    else:
        within: dict[str, list[Measurement]] = {}
        for row in rows.filter(first__gte=span.first, last__lte=span.last).order_by("last", "period"):
            within.setdefault(row.place, []).append(row)
        found = [_rolled(indicator, targets, span, place, own) for place, own in within.items()]
    most = indicator.rank == "most"

    def order(figure: Figure) -> tuple[int, Fraction, str]:
        value = figure.value if figure.value is not None else Fraction(0)
        return (figure.value is None, -value if most else value, figure.place)

    return sorted(found, key=order)


def latest(indicator: Indicator, *, place: str = CITY, day: datetime.date | None = None) -> Figure | None:
    """Return the newest figure with data, else the newest; None where nothing was measured."""
    found = recent_of([indicator], place=place, day=day).get(indicator.key)
    return found[0] if found else None


def recent_of(
    wanted: Sequence[Indicator], *, place: str = CITY, day: datetime.date | None = None
) -> dict[str, tuple[Figure, Figure | None]]:
    """Return the newest figure with data of each indicator (else the newest) and the one before it; one query for all.

    Indicators that were never measured are left out.
    """
    rows = _standing(Measurement.objects.filter(indicator__in=[one.key for one in wanted], place=place), day)
    if day is not None:
        rows = rows.filter(first__lte=day)
    newest_first = Window(
        RowNumber(), partition_by=[F("indicator"), F("period_kind")], order_by=[F("last").desc(), F("period").desc()]
    )
    rows = rows.annotate(place_in_time=newest_first).filter(place_in_time__lte=_RECENT).order_by("place_in_time")
    by_key: dict[str, list[Measurement]] = {}
    for row in rows:
        by_key.setdefault(f"{row.indicator} {row.period_kind}", []).append(row)
    found = {}
    for indicator in wanted:
        if own := by_key.get(f"{indicator.key} {indicator.period}"):
            targets = TargetsOf(indicator)
            known = [_figure(indicator, targets, row) for row in own]
            at = next((place for place, figure in enumerate(known) if figure.value is not None), 0)
            found[indicator.key] = (known[at], known[at + 1] if at + 1 < len(known) else None)
    return found


def figure(indicator: Indicator, span: Span, place: str = CITY, *, day: datetime.date | None = None) -> Figure | None:
    """Return the figure of a place in a period, base or longer; None where nothing was measured."""
    targets = TargetsOf(indicator)
    rows = _rows(indicator, day).filter(place=place)
    if span.kind == indicator.period:
        row = rows.filter(period=span.key).first()
        return None if row is None else _figure(indicator, targets, row)
    own = list(rows.filter(first__gte=span.first, last__lte=span.last).order_by("last", "period"))
    return _rolled(indicator, targets, span, place, own) if own else None


def versions(indicator: Indicator, span: Span, place: str = CITY, *, day: datetime.date | None = None) -> list[Figure]:
    """Return every version of a figure of a base period that was known on a day, newest first."""
    rows = Measurement.objects.filter(
        indicator=indicator.key, period_kind=span.kind, period=span.key, place=place
    ).order_by("-version")
    if day is not None:
        rows = rows.filter(computed_at__lt=end_of(day))
    targets = TargetsOf(indicator)
    return [_figure(indicator, targets, row) for row in rows[:50]]


def part_of(indicator: Indicator, name: str) -> Part:
    """Return the numerator or the denominator; E_INPUT for another word."""
    part = {"numerator": indicator.numerator, "denominator": indicator.denominator}.get(name)
    if part is None:
        raise LuoshiError("E_INPUT", f"“{indicator.title}”没有“{name}”这一部分。", fields={"part": name})
    return part


def behind(actor: Actor, indicator: Indicator, name: str, span: Span, place: str = CITY) -> Records:
    """Return the records behind a figure; E_NOT_FOUND where the indicator names none."""
    require_seen(actor)
    part = part_of(indicator, name)
    if part.rows is None:
        raise LuoshiError("E_NOT_FOUND", f"“{part.title}”是汇总数，没有逐条记录。")
    return part.rows(actor, span, place)


def place_titles(indicator: Indicator, places: Sequence[str], day: datetime.date) -> dict[str, str]:
    """Return what places are called; the city by its word."""
    titles = concern.titles([place for place in places if place and place not in indicator.place_titles], day)
    return {CITY: "全市"} | titles | dict(indicator.place_titles)


def known(programme: str = "") -> list[Indicator]:
    """Return the indicators there are, by programme."""
    return indicators(programme)
