"""Measure: ask an indicator's parts for all places of a period at once; keep what they answer, version by version."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.duties import concern
from luoshi.office.indicators import figures
from luoshi.office.indicators.declaration import CITY, Indicator, Part
from luoshi.office.indicators.figures import Number
from luoshi.office.indicators.models import Measurement
from luoshi.office.indicators.spans import Span
from luoshi.office.locks import serialise
from luoshi.office.permissions import require

Report = Callable[[str, int, int], None]
MOST_SPANS = 2_000
"""So many periods are measured in one go."""


@dataclass(frozen=True, slots=True)
class Computed:
    """What measuring did: how many figures were looked at, came new, differ from before."""

    periods: int = 0
    figures: int = 0
    new: int = 0
    changed: int = 0

    def __add__(self, other: Computed) -> Computed:
        return Computed(
            self.periods + other.periods,
            self.figures + other.figures,
            self.new + other.new,
            self.changed + other.changed,
        )


def compute(
    *, actor: Actor, indicator: Indicator, first: datetime.date, last: datetime.date, report: Report | None = None
) -> Computed:
    """Measure an indicator in every base period that shares a day with the days given.

    Side effects: measurements, one audit entry where a figure came new or changed. Errors: E_FORBIDDEN for who may not,
    E_INPUT for days the wrong way round or too many periods, E_FUTURE for days to come.
    """
    _require(actor, indicator)
    if first > last:
        raise LuoshiError("E_INPUT", "起始日晚于终止日。", fields={"first": str(first), "last": str(last)})
    if first > CLOCK.today():
        raise LuoshiError("E_FUTURE", f"{first} 还没有到，没有可测算的。")
    spans = indicator.spans_between(first, min(last, CLOCK.today()))
    if len(spans) > MOST_SPANS:
        raise LuoshiError("E_INPUT", f"要测算 {len(spans):,} 个周期，超过 {MOST_SPANS:,} 个，请分段。")
    done = Computed()
    for place, span in enumerate(spans, 1):
        done += _measure(actor, indicator, span)
        if report is not None:
            report("computing", place, len(spans))
    if done.new or done.changed:
        append(
            actor=actor,
            act="indicator.compute",
            subject=f"indicator:{indicator.key}",
            after={"first": str(first), "last": str(last), "new": done.new, "changed": done.changed},
            permission="indicator.compute",
        )
    return done


def _measure(actor: Actor, indicator: Indicator, span: Span) -> Computed:
    counted = counts(indicator, span)
    at, version = CLOCK.now(), data_version(indicator)
    with transaction.atomic():
        serialise(f"indicators:{indicator.key}")
        rows = Measurement.objects.filter(
            indicator=indicator.key, period_kind=span.kind, period=span.key, superseded_at__isnull=True
        )
        known = {row.place: row for row in rows}
        fresh, outdated, same = [], [], []
        for place in sorted({*counted, *known}):
            numerator, denominator = counted.get(place, (None, None))
            texts = (
                None if numerator is None else figures.exact(numerator),
                None if numerator is None or denominator is None else figures.exact(denominator),
            )
            old = known.get(place)
            if old is not None and (old.numerator, old.denominator) == texts:
                same.append(old.pk)
                continue
            if old is not None:
                outdated.append(old.pk)
            fresh.append(
                Measurement(
                    indicator=indicator.key, period_kind=span.kind, period=span.key, title=span.title[:80],
                    first=span.first, last=span.last, place=place, numerator=texts[0], denominator=texts[1],
                    version=1 if old is None else old.version + 1, computed_at=at, checked_at=at,
                    data_version=version, by=actor.name, by_user_id=actor.user_id,
                )
            )  # fmt: skip
        Measurement.objects.filter(pk__in=outdated).update(superseded_at=at)
        Measurement.objects.filter(pk__in=same).update(checked_at=at)
        Measurement.objects.bulk_create(fresh, batch_size=500)
    return Computed(1, len(fresh) + len(same), len(fresh) - len(outdated), len(outdated))


def _require(actor: Actor, indicator: Indicator) -> None:
    """Refuse with E_FORBIDDEN who may not have the indicator measured: its owner's people, and who supervises."""
    reached = concern.organs_for(actor, "indicator.compute")
    if reached is not None and indicator.owner not in reached:
        require(actor, "indicator.compute", [indicator.owner or "-"])


def counts(indicator: Indicator, span: Span) -> Mapping[str, tuple[Number | None, Number | None]]:
    """Return exact numerator and denominator by place; the city is put together of the places unless it is named.

    A place that only the denominator knows counted nothing: its numerator is 0. One that only the numerator knows has
    no denominator: no data.
    """
    above = _asked(indicator, indicator.numerator, span)
    below = _asked(indicator, indicator.denominator, span) if indicator.denominator is not None else {}
    # What flows and did not come is none; of a stock or a peak nobody knows.
    nothing = 0 if indicator.over == "sum" or not indicator.whole else None
    found: dict[str, tuple[Number | None, Number | None]] = {}
    for place in {*above, *below, *indicator.listed} - {CITY}:
        found[place] = (above.get(place, nothing), None if indicator.whole else below.get(place, 0))
    whole = above[CITY] if CITY in above else _together(indicator, above)
    if indicator.whole:
        found[CITY] = (whole if whole is not None else nothing, None)
    else:
        total = below[CITY] if CITY in below else figures.summed(below.values())
        found[CITY] = (whole or 0, total or 0)
    return found


def _together(indicator: Indicator, above: Mapping[str, Number | None]) -> Number | None:
    known = [value for value in above.values() if value is not None]
    if indicator.over == "most" and indicator.whole:
        return max(known, default=None)
    return figures.summed(known)


def _asked(indicator: Indicator, part: Part, span: Span) -> Mapping[str, Number | None]:
    found = dict(part.count(span))
    for place, value in found.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, Decimal))):
            raise TypeError(f"{indicator.key}: {part.title} of {place!r} is {value!r}, not an exact number")
    return found


def data_version(indicator: Indicator) -> str:
    """Return the state of the registers an indicator reads: the number of the last change of each."""
    from luoshi.office.registers.models import RegisterChange

    parts = []
    for key in indicator.reads:
        last = RegisterChange.objects.filter(register=key).order_by("-at", "-id").values_list("id", flat=True).first()
        parts.append(f"{key}@{last or 0}")
    return ";".join(parts)[:200]


def compute_all(*, actor: Actor, indicators: Iterable[Indicator], on: datetime.date) -> Computed:
    """Measure each indicator in the period of a day and the one that ended before it: late corrections count."""
    done = Computed()
    for indicator in indicators:
        spans = indicator.spans_between(on - datetime.timedelta(days=400), on)
        if spans:
            recent = spans[-2:]
            done += compute(actor=actor, indicator=indicator, first=recent[0].first, last=min(recent[-1].last, on))
    return done
