"""The air as the board and the decisions see it: measured hours, forecasts, the series that is graded."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from luoshi.kernel.clock import CLOCK, day_of, local
from luoshi.kernel.decisions import Decision
from luoshi.kernel.errors import LuoshiError
from luoshi.office.parameters import book
from luoshi.programmes.heavy_pollution import air
from luoshi.programmes.heavy_pollution.air_actions import HOURLY, ROOM, dust_between
from luoshi.programmes.heavy_pollution.decisions import settings
from luoshi.programmes.heavy_pollution.models import (
    CityHour,
    ForecastRun,
    HourlyObservation,
    MetDay,
    MetHour,
    Station,
)
from luoshi.programmes.heavy_pollution.models.air import POLLUTANTS

LOOKBACK = datetime.timedelta(days=15)
AHEAD = datetime.timedelta(days=8)
NAMES = dict(zip(POLLUTANTS, ("SO2", "NO2", "CO", "O3", "PM10", "PM2.5"), strict=True))


class Grading(NamedTuple):
    """The series assembled, its grade, and what it was made of."""

    assembled: Decision
    graded: Decision
    runs: list[ForecastRun]
    dust: list[dict[str, Any]]


def measured(now: datetime.datetime, since: datetime.timedelta = LOOKBACK) -> list[dict[str, Any]]:
    """Return the city's measured hours that have ended by `now`, as the decisions read them."""
    rows = CityHour.objects.filter(hour__gte=now - since, hour__lte=now - datetime.timedelta(hours=1)).order_by("hour")
    return [_hour(row) for row in rows]


def _hour(row: CityHour) -> dict[str, Any]:
    found: dict[str, Any] = {"hour": local(row.hour).isoformat()}
    for column, name in NAMES.items():
        value = getattr(row, column)
        if value is not None:
            found[name] = f"{value.normalize():f}"
    return found


def newest_runs(now: datetime.datetime) -> list[ForecastRun]:
    """Return the newest run in use of each issuer and kind, the newest first."""
    rows = ForecastRun.objects.filter(current=True, issued_at__lte=now, issued_at__gte=now - datetime.timedelta(days=4))
    found: dict[tuple[str, str], ForecastRun] = {}
    for run in rows.order_by("-issued_at", "-id"):
        found.setdefault((run.issuer, run.kind), run)
    return list(found.values())


def forecast_of(run: ForecastRun, now: datetime.datetime, pick: str = "mid") -> list[dict[str, Any]]:
    """Return a run's hours or days from the hour in progress on; `pick` chooses low, mid or high of a range."""
    begin = now.replace(minute=0, second=0, microsecond=0)
    if run.kind == "daily":
        begin = begin.replace(hour=0)
    found = []
    for value in run.values.filter(valid_from__gte=begin).order_by("valid_from"):
        when = local(value.valid_from)
        one: dict[str, Any] = {"date": f"{when:%Y-%m-%d}"} if run.kind == "daily" else {"hour": when.isoformat()}
        aqi = _picked(value, pick)
        if aqi is not None:
            one["aqi"] = aqi
        else:
            for column, name in NAMES.items():
                amount = getattr(value, column)
                if amount is not None:
                    one[name] = f"{amount.normalize():f}"
        found.append(one)
    return found


def _picked(value: Any, pick: str) -> int | None:
    if pick == "low" and value.low is not None:
        return int(value.low)
    if pick == "high" and value.high is not None:
        return int(value.high)
    if value.aqi is not None:
        return int(value.aqi)
    if value.low is not None and value.high is not None:
        return int(value.low + value.high + 1) // 2
    return None


def grading(
    now: datetime.datetime | None = None,
    *,
    forecast: Sequence[Mapping[str, Any]] | None = None,
    edits: Sequence[Mapping[str, Any]] = (),
    pick: str = "mid",
    issuer: str = "rushan_environment",
    weihai: str = "",
) -> Grading:
    """Return the grade of now: what was measured, then the given forecast or the newest of the issuer (else of any)."""
    moment = local(now) if now is not None else CLOCK.now()
    runs = newest_runs(moment)
    facts: dict[str, Any] = {"now": moment.isoformat(), "measured": measured(moment)}
    if forecast is not None:
        facts["forecast"] = list(forecast)
    else:
        own = [run for run in runs if run.issuer == issuer] or runs
        for kind, field in (("hourly", "forecast"), ("daily", "daily")):
            run = next((one for one in own if one.kind == kind), None)
            if run is not None and (values := forecast_of(run, moment, pick)):
                facts[field] = values
    if edits:
        facts["edits"] = list(edits)
    facts = {name: value for name, value in facts.items() if value != []}
    assembled = book.decide("heavy_pollution.assemble", facts, day_of(moment))
    dust = dust_between(moment - LOOKBACK, moment + AHEAD)
    given: dict[str, Any] = {"dust": dust}
    if assembled.value.get("series") is not None:
        hour = moment.replace(minute=0, second=0, microsecond=0)
        given |= {"series": assembled.value["series"], "now": hour.isoformat()}
    if weihai:
        given["weihai_grade"] = weihai
    return Grading(assembled, book.decide("heavy_pollution.grade", given, day_of(moment)), runs, dust)


def number_on(name: str, day: datetime.date) -> Any:
    """Return a number of the plan on a day, None on a day before the plan; E_PARAMETER_MISSING for a gap after it."""
    try:
        return book.current().values(ROOM, day)[name]
    except LuoshiError as error:
        if error.code != "E_PARAMETER_MISSING" or day >= settings.ISSUED:
            raise
        return None


def release_of(graded: Grading, now: datetime.datetime) -> Decision:
    """Return whether a warning may be released, and from when, on the same series."""
    # Without a forecast the series ends with the hour in progress: what comes after it nobody knows.
    last = graded.assembled.value["hours"][-1]["hour"]
    end = local(datetime.datetime.fromisoformat(last)) + datetime.timedelta(hours=1)
    given = {"series": graded.assembled.value["series"], "now": min(local(now), end).isoformat(),
             "dust": graded.dust}  # fmt: skip
    return book.decide("heavy_pollution.release", given, day_of(now))


def nowcast_of(
    graded: Grading, now: datetime.datetime, *, no_improvement: bool | None = None, reason: str = ""
) -> Decision | None:
    """Return whether the air as measured asks for a warning at once (D8), on the same series; None without a series.

    `no_improvement` with its reason is what the consultation states in place of the next twelve hours' mean (A9).
    """
    series = graded.assembled.value.get("series")
    if series is None:
        return None
    hour = local(now).replace(minute=0, second=0, microsecond=0)
    given: dict[str, Any] = {"series": series, "now": hour.isoformat(), "issued_at": local(now).isoformat(),
                             "dust": graded.dust}  # fmt: skip
    if no_improvement is not None:
        given |= {"no_improvement": no_improvement, "reason": reason}
    return book.decide("heavy_pollution.nowcast", given, day_of(now))


def latest(now: datetime.datetime | None = None) -> CityHour | None:
    """Return the newest measured hour of the city that has an index."""
    moment = now or CLOCK.now()
    return CityHour.objects.filter(hour__lte=moment, aqi__isnull=False).order_by("-hour").first()


def primary(row: CityHour) -> list[str]:
    """Return the pollutants that make an hour's index, none where it is 50 or less."""
    day = day_of(row.hour)
    rounding = settings.rounding(book.current().values(ROOM, day))
    amounts = {
        f"{name}_1h": air.quotient(Fraction(value))
        for column, name in NAMES.items()
        if (value := getattr(row, column)) is not None
    }
    return list(air.index_of(amounts, HOURLY, air.standard_on(day), rounding).primary)


def humidity(now: datetime.datetime) -> tuple[Any, bool | None]:
    """Return the mean humidity of the day's hours so far (None: unknown), and whether the frost period is set."""
    start = local(now).replace(hour=0, minute=0, second=0, microsecond=0)
    values = [value for value in MetHour.objects.filter(hour__gte=start, hour__lte=now).values_list("rh", flat=True)
              if value is not None]  # fmt: skip
    day = MetDay.objects.filter(day=day_of(now)).first()
    mean = str(sum(values) / len(values)) if values else None
    return mean, None if day is None else day.frost


def stations(hour: datetime.datetime | None) -> list[tuple[Station, int | None]]:
    """Return the stations in use with their hourly index of an hour; None where it has none."""
    day = day_of(hour or CLOCK.now())
    rows = list(
        Station.objects.filter(active_from__lte=day, void=False, ended_on=None)
        .exclude(active_to__lt=day)
        .order_by("code")
    )
    found: dict[int, int | None] = {}
    if hour is not None:
        rounding = settings.rounding(book.current().values(ROOM, day))
        observed = HourlyObservation.objects.filter(hour=hour, current=True, station__in=rows)
        for one in observed:
            amounts = {
                f"{name}_1h": air.quotient(Fraction(value))
                for column, name in NAMES.items()
                if (value := getattr(one, column)) is not None
            }
            found[one.station_id] = air.index_of(amounts, HOURLY, air.standard_on(day), rounding).value
    return [(row, found.get(row.pk)) for row in rows]
