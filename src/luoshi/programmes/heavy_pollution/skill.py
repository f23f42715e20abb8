"""What the indicators reckon: reductions reached (K9, K10), how good forecasts were (K13), peaks of a season (K15).

Everything is reckoned by the decisions of this room on what was measured; nothing is typed in.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Count
from django.urls import reverse

from luoshi.kernel.clock import CLOCK, day_of, local, start_of
from luoshi.kernel.decisions import Outcome
from luoshi.office.indicators import spans
from luoshi.office.indicators.declaration import CITY, Behind, Records
from luoshi.office.indicators.figures import Direction, Held, number
from luoshi.office.indicators.models import Measurement
from luoshi.office.indicators.spans import Span
from luoshi.office.parameters import book
from luoshi.programmes.heavy_pollution import air_queries, counting, plan, site_plans
from luoshi.programmes.heavy_pollution.air_actions import ROOM, dust_between
from luoshi.programmes.heavy_pollution.decisions.settings import PLAN
from luoshi.programmes.heavy_pollution.models import (
    CityHour,
    EmissionInventory,
    ForecastValue,
    MeasureTask,
    PollutionWarning,
    Response,
)
from luoshi.programmes.heavy_pollution.numbers import cut

OWN = "rushan_environment"
"""Whose forecast is judged; another's where it gave none."""
_DAY = datetime.timedelta(days=1)
_HOURS_OF_A_DAY = 20
POLLUTANTS = (("so2", "SO2"), ("nox", "NOx"), ("pm", "PM"), ("vocs", "VOCs"))
Amounts = dict[str, Decimal]


# --- reductions (D13) -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Test:
    """One target of a level tested."""

    level: str
    name: str
    ratio: str
    required: str
    ok: bool


def _inventory(day: datetime.date) -> list[EmissionInventory]:
    """Return the newest inventory not younger than a day's year."""
    rows = list(EmissionInventory.objects.filter(year__lte=day.year, **counting.STANDING).order_by("-year", "pk"))
    return [row for row in rows if row.year == rows[0].year]


def _tests(level: str, base: Amounts, red: Mapping[str, Any], on: datetime.date) -> list[Test]:
    known = {name: str(amount) for name, amount in base.items() if amount > 0}
    if not known:
        return []
    facts = {"level": level, "base": known, "red": {name: str(red[name]) for name in known}}
    found = book.decide("heavy_pollution.reduction", facts, on).value["tests"]
    return [Test(level, one["name"], str(one["ratio"]), str(one["required"]), bool(one["ok"])) for one in found]


def planned(span: Span) -> list[Test]:
    """Return the targets of all levels tested on the inventory's planned reductions (ex ante)."""
    rows = _inventory(span.last)
    base = {title: sum((getattr(row, name) for row in rows), Decimal(0)) for name, title in POLLUTANTS}
    found: list[Test] = []
    for level in plan.LEVEL_WORDS:
        red = {
            title: sum((getattr(row, f"{name}_{level.lower()}") for row in rows), Decimal(0))
            for name, title in POLLUTANTS
        }
        found += _tests(level, base, red, span.last)
    return found


def reached(span: Span) -> list[Test]:
    """Return the targets of a response's highest level tested on the tasks in place (ex post).

    A category saves the share of its plan that its tasks in place are of all its tasks: those of its own measure where
    it names one that is in force, else those of its class of sources.
    """
    response = Response.objects.filter(warning__case__number=span.key).first()
    if response is None:
        return []
    shares = _shares(response)
    rows = _inventory(span.first)
    base = {title: sum((getattr(row, name) for row in rows), Decimal(0)) for name, title in POLLUTANTS}
    red: dict[str, str] = {}
    for name, title in POLLUTANTS:
        column = f"{name}_{response.highest.lower()}"
        total = sum((_share(shares, row) * Fraction(getattr(row, column)) for row in rows), Fraction(0))
        # Down to the gram: what is not shown was not saved.
        red[title] = cut(total, 3)
    return _tests(response.highest, base, red, span.first)


def _shares(response: Response) -> dict[str, Fraction]:
    """Return the share of tasks in place by measure and by class of sources."""
    rows = response.tasks.exclude(state=MeasureTask.State.EXCUSED).exclude(closed="措施已被替代")
    counts: dict[str, list[int]] = {}
    for measure, state, count in rows.order_by().values_list("measure", "state").annotate(n=Count("pk")):
        for key in (measure, plan.measures()[measure].group):
            one = counts.setdefault(key, [0, 0])
            one[0] += count if state == MeasureTask.State.IN_PLACE else 0
            one[1] += count
    return {key: Fraction(done, total) for key, (done, total) in counts.items()}


def _share(shares: Mapping[str, Fraction], row: EmissionInventory) -> Fraction:
    return shares[row.measure] if row.measure in shares else shares.get(row.get_source_display(), Fraction(0))


Tested = Callable[[Span], list[Test]]


class Reductions:
    """K9: how many of the targets of each level are reached; `tested` says on which amounts."""

    def __init__(self, tested: Tested, *, by_level: bool) -> None:
        self._tested, self._by_level = tested, by_level

    def met(self, span: Span) -> dict[str, int]:
        """Targets reached."""
        return self._counted([one for one in self._tested(span) if one.ok])

    def all(self, span: Span) -> dict[str, int]:
        """Targets there are."""
        return self._counted(self._tested(span))

    def rows(self, _actor: Any, span: Span, place: str) -> Records:
        """The targets, each with its ratio cut to one decimal."""
        found = [one for one in self._tested(span) if not (place and self._by_level) or one.level == place]
        return Records(found, _shown_test, reverse("pollution-simulator"))

    def met_rows(self, actor: Any, span: Span, place: str) -> Records:
        """The targets that are reached."""
        found = self.rows(actor, span, place)
        return Records([one for one in found.rows if one.ok], found.shown, found.link)

    def _counted(self, tests: list[Test]) -> dict[str, int]:
        if not self._by_level:
            return {CITY: len(tests)}
        return {level: sum(one.level == level for one in tests) for level in plan.LEVEL_WORDS}


def _shown_test(one: Test) -> Behind:
    words = f"减排{one.ratio}%，须{one.required}%以上，{'达到' if one.ok else '未达到'}"
    href = f"{reverse('pollution-simulator')}?level={one.level}"
    return Behind(f"{plan.LEVEL_WORDS[one.level]} {one.name}", href, words)


# --- trades (D14) -----------------------------------------------------------------------------------------------------


_SHORT = (Outcome.REFUSE, Outcome.UNDETERMINED)


def _falling_short(span: Span) -> list[tuple[Any, str]]:
    """Return every firm on the list of a year with the levels at which its plan falls short; empty where none."""
    found, edition = [], book.current()
    for firm, row in counting.firms_with_plan(span):
        if row is None:
            found.append((firm, "没有经审核的方案"))
            continue
        results = site_plans.sector_results(row, span.last, edition)
        short = [plan.LEVEL_WORDS[level] for level, one in results.items() if one.outcome in _SHORT]
        found.append((firm, f"{'、'.join(short)}不足" if short else "" if results else "方案减排量有误"))
    return found


def sector_met(span: Span) -> dict[str, int]:
    """K10: firms whose plan reaches what their trade owes at every level, by town."""
    found: dict[str, int] = {}
    for firm, short in _falling_short(span):
        found[firm.town] = found.get(firm.town, 0) + (not short)
    return found


def sector_rows(actor: Any, span: Span, place: str) -> Records:
    """The firms, those that fall short first."""
    return _sector_records(actor, span, place, met=False)


def sector_met_rows(actor: Any, span: Span, place: str) -> Records:
    """The firms that reach it."""
    return _sector_records(actor, span, place, met=True)


def _sector_records(actor: Any, span: Span, place: str, *, met: bool) -> Records:
    reach = site_plans.reach_of(actor)
    rows = [
        (firm, short)
        for firm, short in _falling_short(span)
        if (not place or firm.town == place) and (reach is None or firm.town in reach) and not (met and short)
    ]

    def shown(one: tuple[Any, str]) -> Behind:
        firm, short = one
        href = f"{reverse('pollution-plans')}?year={firm.list_year}&q={firm.credit_code}"
        return Behind(firm.name, href, f"{firm.get_sector_display()}：{short or '各级都达到'}", firm.town)

    return Records(sorted(rows, key=lambda one: not one[1]), shown, reverse("pollution-plans"))


# --- forecasts (K13) --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Day:
    """A day as the forecast of the day before had it, and as it was. Indexes."""

    day: datetime.date
    forecast: int
    measured: int
    heavy: int

    @property
    def kind(self) -> str:
        """What became of it: hit, miss, false, quiet."""
        said, was = self.forecast > self.heavy, self.measured > self.heavy
        return ("hit" if said else "miss") if was else ("false" if said else "quiet")


_KINDS = {"hit": "报中", "miss": "漏报", "false": "空报", "quiet": "无重污染"}


def daily(first: datetime.datetime, last: datetime.datetime, on: datetime.date) -> dict[datetime.date, int]:
    """Return the index of whole days, from 00:00, that were measured between two moments; dust is left out.

    `on`: the day whose parameters hold.
    """
    decided = _windows(first, last, on)
    found = {}
    for one in decided:
        begins = local(datetime.datetime.fromisoformat(one["from"]))
        if one["aqi"] is not None and begins.hour == 0:
            found[day_of(begins)] = one["aqi"]
    return found


def _windows(first: datetime.datetime, last: datetime.datetime, on: datetime.date) -> list[dict[str, Any]]:
    hours = air_queries.measured(last, last - first)
    if not hours:
        return []
    facts = {"series": {"hours": hours}, "dust": dust_between(first, last)}
    return list(book.decide("heavy_pollution.window", facts, on).value.get("windows") or [])


def forecasts(first: datetime.datetime, last: datetime.datetime) -> dict[datetime.date, int]:
    """Return, for each day, what the newest forecast issued before it began said; our own bureau's before others'."""
    rows = ForecastValue.objects.filter(valid_from__gte=first, valid_from__lt=last, run__current=True)
    best: dict[datetime.date, tuple[tuple[bool, datetime.datetime, int], list[int]]] = {}
    chosen = rows.order_by("valid_from").values_list(
        "valid_from", "aqi", "low", "high", "run_id", "run__issuer", "run__issued_at"
    )
    for when, aqi, low, high, run, issuer, issued_at in chosen:
        day = day_of(local(when))
        value = aqi if aqi is not None else (low + high + 1) // 2 if low is not None and high is not None else None
        if value is None or issued_at >= start_of(day):
            continue
        rank = (issuer == OWN, issued_at, run)
        if day not in best or rank > best[day][0]:
            best[day] = (rank, [value])
        elif rank == best[day][0]:
            best[day][1].append(value)
    # A day is given whole, or hour by hour: then it needs as many hours as a daily mean does.
    return {
        day: -(-sum(values) // len(values))
        for day, (_rank, values) in best.items()
        if len(values) == 1 or len(values) >= _HOURS_OF_A_DAY
    }


def days(span: Span) -> list[Day]:
    """Return the days of a period that were both forecast and measured."""
    last = min(span.ends, CLOCK.now())
    if last <= span.begins:
        return []
    heavy = air_queries.number_on("hp.aqi.heavy", span.last)
    if heavy is None:
        return []
    measured, said = daily(span.begins, last, span.last), forecasts(span.begins, last)
    return [Day(day, said[day], measured[day], int(heavy)) for day in sorted(measured.keys() & said.keys())]


class Skill:
    """K13: how many days were of some kinds."""

    def __init__(self, *kinds: str) -> None:
        self._kinds = kinds

    def count(self, span: Span) -> dict[str, int]:
        """The days."""
        return {CITY: sum(one.kind in self._kinds for one in days(span))}

    def rows(self, _actor: Any, span: Span, _place: str) -> Records:
        """The days, each with forecast and measurement."""
        found = [one for one in days(span) if one.kind in self._kinds]
        return Records(found, _shown_day, reverse("pollution-air"))


def _shown_day(one: Day) -> Behind:
    words = f"{_KINDS[one.kind]}：前一日预报AQI {one.forecast}，实测 {one.measured}"
    return Behind(f"{one.day:%Y年%m月%d日}", "", words)


def _hindsight(span: Span) -> tuple[PollutionWarning, Mapping[str, Any]] | None:
    """Return an ended warning and the grade its air would have had at its issue, had all been known."""
    row = PollutionWarning.objects.filter(case__number=span.key, released_at__isnull=False).first()
    if row is None or row.released_at is None:
        return None
    first, issued = row.issued_at - air_queries.LOOKBACK, local(row.issued_at).replace(minute=0, second=0)
    hours = air_queries.measured(row.released_at, row.released_at - first)
    if not hours or not hours[0]["hour"] <= issued.replace(microsecond=0).isoformat() <= hours[-1]["hour"]:
        return None
    facts = {
        "series": {"hours": hours}, "now": issued.replace(microsecond=0).isoformat(),
        "dust": dust_between(first, row.released_at),
    }  # fmt: skip
    return row, book.decide("heavy_pollution.grade", facts, day_of(issued)).value


def colour_error(span: Span) -> dict[str, int]:
    """K13: by how many grades the highest colour of a warning missed what the air turned out to be."""
    found = _hindsight(span)
    if found is None:
        return {}
    row, value = found
    return {CITY: abs(plan.ORDER.index(row.highest) - plan.ORDER.index(value.get("grade") or "none"))}


def onset_error(span: Span) -> dict[str, Decimal]:
    """K13: by how many hours the announced onset missed the real one, to a hundredth."""
    found = _hindsight(span)
    if found is None or not found[1].get("start_at"):
        return {}
    begins = local(datetime.datetime.fromisoformat(found[1]["start_at"]))
    return {CITY: Decimal(int(abs((found[0].onset - begins).total_seconds())) * 100 // 3600) / 100}


def hindsight_rows(_actor: Any, span: Span, _place: str) -> Records:
    """What was announced beside what was measured."""
    found = _hindsight(span)
    if found is None:
        return Records([], lambda one: one)
    row, value = found
    begins = value.get("start_at")
    real = f"{local(datetime.datetime.fromisoformat(begins)):%m月%d日 %H:%M}开始" if begins else "没有重污染过程"
    words = (
        f"发布{row.get_highest_display()}，{local(row.onset):%m月%d日 %H:%M}开始；"
        f"实测{plan.COLOUR_WORDS[value.get('grade') or 'none']}，{real}"
    )
    return Records([Behind(row.case.number, reverse("pollution-warning", args=[row.pk]), words)], lambda one: one)


# --- peaks (K15) ------------------------------------------------------------------------------------------------------


def peak(span: Span) -> dict[str, int]:
    """K15: the highest running daily mean of a season."""
    found = _windows(span.begins, min(span.ends, CLOCK.now()), span.last)
    known = [one["aqi"] for one in found if one["aqi"] is not None]
    return {CITY: max(known)} if known else {}


def _heavy_hours(span: Span, parameter: str) -> list[tuple[datetime.datetime, int]]:
    bound = int(book.current().values(ROOM, span.last)[parameter])
    rows = CityHour.objects.filter(hour__gte=span.begins, hour__lt=span.ends, aqi__gt=bound).order_by("hour")
    dust = [
        (datetime.datetime.fromisoformat(one["begins"]), datetime.datetime.fromisoformat(one["ends"]))
        for one in dust_between(span.begins, span.ends)
        if len(one["confirmed"]) > 1 and one["grade"] in book.current().values(ROOM, span.last)["hp.dust.excluded"]
    ]
    return [
        (hour, aqi)
        for hour, aqi in rows.values_list("hour", "aqi")
        if aqi is not None and not any(begins <= hour < ends for begins, ends in dust)
    ]


class HeavyHours:
    """K15: hours of a season above a bound of the plan; dust that both bureaus confirmed is left out (1.3)."""

    def __init__(self, parameter: str) -> None:
        self._parameter = parameter

    def count(self, span: Span) -> dict[str, int]:
        """The hours; nothing where nothing was measured."""
        if not CityHour.objects.filter(hour__gte=span.begins, hour__lt=span.ends, aqi__isnull=False).exists():
            return {}
        return {CITY: len(_heavy_hours(span, self._parameter))}

    def rows(self, _actor: Any, span: Span, _place: str) -> Records:
        """The hours, each with its index."""
        found = _heavy_hours(span, self._parameter)
        return Records(found, lambda one: Behind(f"{local(one[0]):%Y年%m月%d日 %H:00}", "", f"AQI {one[1]}"))


def lower_than_before(key: str) -> Callable[[Span, str], Held | None]:
    """Return the target of K15: less than the season before, aimed at (削峰降频); none where that was not measured."""

    def target(span: Span, place: str) -> Held | None:
        earlier = spans.before(span)
        if earlier is None:
            return None
        row = Measurement.objects.filter(
            indicator=key, period_kind=span.kind, period=earlier.key, place=place, superseded_at__isnull=True
        ).first()
        if row is None or row.numerator is None:
            return None
        return Held(Decimal(number(row.numerator)), Direction.BELOW, aim=True, citation=f"{PLAN} 3.4")

    return target
