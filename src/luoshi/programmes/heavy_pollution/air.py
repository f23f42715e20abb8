"""The air quality index of HJ 633 in exact arithmetic: sub-index, index, primary pollutant, class.

Two editions of the standard lie in `data/air.yaml`, chosen by the hour's date. Concentrations are µg/m³, CO mg/m³; they
are rounded first, then looked up in whole units of their last decimal, so that nothing is ever a float.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from luoshi.kernel import yaml_text
from luoshi.kernel.errors import LuoshiError
from luoshi.programmes.heavy_pollution.numbers import Exact, Rounding, ceiling

TOP = 500
"""The index ends here; more is 爆表."""
_MOST_KEPT = 200_000
"""Sub-indices kept for the next asking: every concentration of every series, and some."""


@lru_cache(maxsize=1)
def _data() -> Any:
    return yaml_text.read((Path(__file__).parent / "data" / "air.yaml").read_text("utf-8"))


class AirClass(NamedTuple):
    """A class of the index: its number, words, colour, and what people should do."""

    upto: int | None
    number: int
    level: str
    name: str
    colour: str
    rgb: str
    sensitive: str
    everyone: str


@lru_cache(maxsize=1)
def classes() -> tuple[AirClass, ...]:
    """Return the six classes, best first."""
    return tuple(AirClass(**row) for row in _data()["classes"])


def class_of(aqi: int) -> AirClass:
    """Return the class of an index value."""
    return next(row for row in classes() if row.upto is None or aqi <= row.upto)


class SubIndex(NamedTuple):
    """A sub-index: its value (None: the series is absent), the rounded concentration in units, where it was looked up.

    `used` is the series that decided, another one where the standard sends there; `beyond` above the last breakpoint;
    `capped` where the standard gives a fixed value instead.
    """

    value: int | None
    used: str
    units: int
    low: int = 0
    high: int = 0
    beyond: bool = False
    capped: bool = False


@dataclass(frozen=True)
class Standard:
    """An edition of HJ 633."""

    year: str
    number: str
    title: str
    first: date
    last: date | None
    index: tuple[int, ...]
    breakpoints: Mapping[str, tuple[int, ...]]
    beyond: Mapping[str, Mapping[str, Any]]
    daily: tuple[str, ...]
    hourly: tuple[str, ...]

    @cached_property
    def _scaled(self) -> dict[tuple[str, int], tuple[int, ...]]:
        return {}

    def points(self, series: str, places: int) -> tuple[int, ...]:
        """Return the breakpoints of a series in units of so many decimals."""
        known = self._scaled.get((series, places))
        if known is None:
            known = tuple(point * 10**places for point in self.breakpoints[series])
            self._scaled[series, places] = known
        return known

    @cached_property
    def _known(self) -> dict[tuple[str, int, int], SubIndex]:
        return {}

    def of_units(self, series: str, units: int, places: int) -> SubIndex:
        """Return the sub-index of a rounded concentration, without regard to other series."""
        key = (series, units, places)
        if (known := self._known.get(key)) is None:
            if len(self._known) > _MOST_KEPT:
                self._known.clear()
            known = self._known[key] = self._looked_up(series, units, places)
        return known

    def _looked_up(self, series: str, units: int, places: int) -> SubIndex:
        points = self.points(series, places)
        place = bisect_left(points, units)
        if place == 0:
            return SubIndex(0, series, units)
        if place == len(points):
            rule = self.beyond.get(series, {})
            if "cap" in rule:
                return SubIndex(int(rule["cap"]), series, units, place - 1, place - 1, capped=True)
            return SubIndex(None if rule else TOP, series, units, place - 1, place - 1, beyond=True)
        low, high = points[place - 1], points[place]
        step = self.index[place] - self.index[place - 1]
        value = self.index[place - 1] + ceiling(step * (units - low), high - low)
        return SubIndex(value, series, units, place - 1, place)

    def sub_index(
        self, series: str, numerator: int, denominator: int, rounding: Rounding, others: Mapping[str, tuple[int, int]]
    ) -> SubIndex:
        """Return the sub-index of a concentration, a quotient; `others` hold the series the standard may send to."""
        pollutant = series.partition("_")[0]
        places = rounding.places(pollutant)
        found = self.of_units(series, rounding.units(numerator, denominator, pollutant), places)
        if found.value is None:
            other = str(self.beyond[series]["use"])
            if other in others:
                return self.of_units(other, rounding.units(*others[other], pollutant), places)
        return found


@lru_cache(maxsize=1)
def standards() -> Mapping[str, Standard]:
    """Return the editions by year."""
    data = _data()
    return {
        year: Standard(
            year=year,
            number=row["number"],
            title=row["title"],
            first=row["from"],
            last=row["to"],
            index=tuple(data["index"]),
            breakpoints={series: tuple(points) for series, points in row["breakpoints"].items()},
            beyond=row["beyond"],
            daily=tuple(row["daily"]),
            hourly=tuple(row["hourly"]),
        )
        for year, row in data["standards"].items()
    }


def standard_on(day: date) -> Standard:
    """Return the edition in force on a day; E_PARAMETER_MISSING where none was."""
    for edition in standards().values():
        if edition.first <= day and (edition.last is None or day <= edition.last):
            return edition
    raise LuoshiError(
        "E_PARAMETER_MISSING",
        f"{day.isoformat()}没有生效的环境空气质量指数技术规定，请核对时间",
        fields={"parameter": "HJ 633", "date": day.isoformat()},
    )


@lru_cache(maxsize=16)
def largest(pollutant: str) -> int:
    """Return the largest concentration that is believed, in the pollutant's unit."""
    return int(_data()["largest"]["CO" if pollutant == "CO" else "ug"])


# --- the index --------------------------------------------------------------------------------------------------------


class Index(NamedTuple):
    """An index: its value (None: nothing to reckon with), the sub-indices by series, and the series that are absent.

    `partial`: a series of the set is absent; such an index may raise a warning, never support a release.
    """

    value: int | None
    subs: Mapping[str, SubIndex]
    absent: tuple[str, ...]

    @property
    def partial(self) -> bool:
        """Whether a series of the set is absent."""
        return bool(self.absent)

    @property
    def beyond(self) -> bool:
        """Whether a sub-index lies above the last breakpoint (爆表)."""
        return any(sub.beyond and sub.value is not None for sub in self.subs.values())

    @property
    def primary(self) -> list[str]:
        """The primary pollutants: all at the maximum where the index is above 50."""
        if self.value is None or self.value <= 50:
            return []
        return _pollutants(series for series, sub in self.subs.items() if sub.value == self.value)

    @property
    def exceeding(self) -> list[str]:
        """The pollutants whose sub-index is above 100."""
        return _pollutants(series for series, sub in self.subs.items() if sub.value is not None and sub.value > 100)


def _pollutants(series: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name.partition("_")[0] for name in series))


def index_of(
    values: Mapping[str, tuple[int, int]], wanted: Sequence[str], standard: Standard, rounding: Rounding
) -> Index:
    """Return the index of concentrations (quotients) by series; `wanted` is the set of series that should be there.

    A series outside the set does not count, but may be what another one is sent to.
    """
    subs: dict[str, SubIndex] = {}
    absent = []
    highest: int | None = None
    for series in wanted:
        if series not in values:
            absent.append(series)
            continue
        sub = subs[series] = standard.sub_index(series, *values[series], rounding, values)
        if sub.value is None:
            absent.append(series)
        elif highest is None or sub.value > highest:
            highest = sub.value
    return Index(highest, subs, tuple(absent))


def quotient(number: Exact) -> tuple[int, int]:
    """Return a number as numerator and denominator."""
    return number.numerator, number.denominator


def city_mean(total: int, valid: int, stations: int, share: Exact) -> tuple[int, int] | None:
    """Return sum and number of the valid stations' values, None where fewer than `share` percent are valid."""
    return None if not valid or 100 * valid < share * stations else (total, valid)
