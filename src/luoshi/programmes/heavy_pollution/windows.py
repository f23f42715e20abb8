"""Running daily means W(h): the 24 hours from h, by sliding sums, so that a month costs no more than its hours.

Where every used hour of a window has concentrations its index is that of their means, else the mean of the hourly AQI,
rounded up. A window with too few usable hours has no value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate
from math import lcm
from typing import NamedTuple

from luoshi.programmes.heavy_pollution.air import Index, Standard, index_of, quotient, standard_on
from luoshi.programmes.heavy_pollution.moments import HOUR
from luoshi.programmes.heavy_pollution.numbers import Exact, Rounding, ceiling
from luoshi.programmes.heavy_pollution.series import Series

EIGHT = 8
CONCENTRATIONS, INDICES = "concentrations", "aqi"
"""How a daily mean was made: from the means of concentrations, or from the mean of hourly AQI."""


class Validity(NamedTuple):
    """What a mean must rest on: hours of a window, valid hours of it, valid hours of 8, valid 8 h means of a window."""

    window: int = 24
    hours: int = 20
    of_eight: int = 6
    eights: int = 14


class Window(NamedTuple):
    """A running daily mean: its AQI (None: undefined), the hours it rests on, how it was made, whether series lack."""

    aqi: int | None
    usable: int
    by: str = ""
    partial: bool = False


@dataclass(frozen=True)
class Line:
    """A series laid out for grading: AQI of every hour, which hours do not count, which lack series, and W of each.

    `daily[h]` exists for every h whose whole window lies inside the series. Excluded hours are dust that is out of
    scope; a missing hour has no AQI. `start` is the moment of hour 0 where it is known.
    """

    aqi: tuple[Exact | None, ...]
    excluded: tuple[bool, ...]
    partial: tuple[bool, ...]
    daily: tuple[Window, ...]
    start: datetime | None
    window: int
    means: Means

    def __len__(self) -> int:
        return len(self.aqi)

    def is_usable(self, hour: int) -> bool:
        """Whether the hour has a value and counts."""
        return self.aqi[hour] is not None and not self.excluded[hour]

    def moment(self, hour: int) -> datetime | None:
        """Return the moment at which an hour begins, None where the series has no times."""
        return None if self.start is None else self.start + hour * HOUR


def lay_out(
    series: Series, excluded: Sequence[bool], day: date, standard: Standard | None, rounding: Rounding, valid: Validity
) -> Line:
    """Return a series with its hourly AQI and running daily means.

    The standard is the one given, else that of each hour's date, `day` where the series has no times.
    """
    begin = series.start
    if standard is not None or begin is None:
        fixed = standard or standard_on(day)

        def standard_of(hour: int) -> Standard:
            return fixed

    else:
        known: dict[date, Standard] = {}

        def standard_of(hour: int) -> Standard:
            on = (begin + hour * HOUR).date()
            return known.get(on) or known.setdefault(on, standard_on(on))

    aqi: list[Exact | None] = []
    partial: list[bool] = []
    reckoned: dict[object, Index] = {}
    for place, hour in enumerate(series.hours):
        value, lacks = hour.aqi, hour.partial
        if hour.amounts and value is None:
            edition = standard_of(place)
            key = (id(hour.amounts), hour.flat, edition.year)  # runs share their amounts
            if (found := reckoned.get(key)) is None:
                amounts = {name: quotient(amount) for name, amount in hour.amounts}
                wanted = edition.daily if hour.flat else edition.hourly
                found = reckoned[key] = index_of(amounts, wanted, edition, rounding)
            value, lacks = found.value, lacks or found.partial
        aqi.append(value)
        partial.append(lacks)
    counts = [value is not None and not out for value, out in zip(aqi, excluded, strict=True)]
    means = Means(series, counts, standard_of, rounding, valid)
    totals = list(accumulate((value or 0 if ok else 0 for value, ok in zip(aqi, counts, strict=True)), initial=0))
    usable = list(accumulate(counts, initial=0))
    lacking = list(accumulate((ok and lacks for ok, lacks in zip(counts, partial, strict=True)), initial=0))
    daily = []
    for first in range(len(aqi) - valid.window + 1):
        last = first + valid.window
        number = usable[last] - usable[first]
        if number < valid.hours:
            daily.append(Window(None, number))
            continue
        index = means.index(first) if means.is_whole(first, number) else None
        if index is not None and index.value is not None:
            daily.append(Window(index.value, number, CONCENTRATIONS, index.partial))
            continue
        total = totals[last] - totals[first]
        mean = ceiling(total.numerator, total.denominator * number)
        daily.append(Window(mean, number, INDICES, lacking[last] > lacking[first]))
    return Line(tuple(aqi), tuple(excluded), tuple(partial), tuple(daily), begin, valid.window, means)


class Means:
    """The means of concentrations over windows, by prefix sums; hours that do not count are left out."""

    def __init__(
        self,
        series: Series,
        counts: Sequence[bool],
        standard_of: Callable[[int], Standard],
        rounding: Rounding,
        valid: Validity,
    ) -> None:
        self._standard_of, self._rounding, self._valid = standard_of, rounding, valid
        columns: dict[str, list[Exact | None]] = {}
        having = []
        for place, (hour, ok) in enumerate(zip(series.hours, counts, strict=True)):
            has = False
            if ok and not hour.flat:
                for name, amount in hour.amounts:
                    pollutant, _, averaging = name.partition("_")
                    if averaging == "1h":
                        columns.setdefault(pollutant, [None] * len(counts))[place] = amount
                        has = True
            having.append(has)
        self._having = list(accumulate(having, initial=0))
        # Sums are of whole numbers, in parts of a unit in which all amounts are whole: fractions are slow.
        self._scales = {
            name: lcm(*(part.denominator for part in column if part is not None)) for name, column in columns.items()
        }
        self._sums = {
            name: list(accumulate((_in_parts(part, self._scales[name]) for part in column), initial=0))
            for name, column in columns.items()
        }
        self._valid_hours = {
            name: list(accumulate((part is not None for part in column), initial=0)) for name, column in columns.items()
        }
        self._ozone = [
            None if part is None else rounding.units(part.numerator, part.denominator, "O3")
            for part in columns.get("O3", ())
        ]
        self._eights = [self._eight(first) for first in range(len(self._ozone) - EIGHT + 1)]

    def _eight(self, first: int) -> int | None:
        """The 8 h mean of ozone from an hour on, in rounded units; None with too few valid hours."""
        number = self._valid_hours["O3"][first + EIGHT] - self._valid_hours["O3"][first]
        if number < self._valid.of_eight:
            return None
        total = self._sums["O3"][first + EIGHT] - self._sums["O3"][first]
        return self._rounding.units(total, self._scales["O3"] * number, "O3")

    def is_whole(self, first: int, usable: int) -> bool:
        """Whether every used hour of a window has concentrations."""
        return bool(self._sums) and self._having[first + self._valid.window] - self._having[first] == usable

    def values(self, first: int) -> Mapping[str, tuple[int, int]]:
        """Return the daily values of a window by series, as quotients; those with too few valid hours are absent."""
        last = first + self._valid.window
        found: dict[str, tuple[int, int]] = {}
        for pollutant, sums in self._sums.items():
            number = self._valid_hours[pollutant][last] - self._valid_hours[pollutant][first]
            if pollutant != "O3" and number >= self._valid.hours:
                found[f"{pollutant}_24h"] = sums[last] - sums[first], self._scales[pollutant] * number
        if self._ozone:
            scale: int = 10**self._rounding.ug
            eights = [part for part in self._eights[first : last - EIGHT + 1] if part is not None]
            if len(eights) >= self._valid.eights:
                found["O3_8h"] = max(eights), scale
            hours = [part for part in self._ozone[first:last] if part is not None]
            if len(hours) >= self._valid.hours:
                found["O3_1h"] = max(hours), scale
        return found

    def index(self, first: int) -> Index:
        """Return the index of a window's means."""
        standard = self._standard_of(first)
        return index_of(self.values(first), standard.daily, standard, self._rounding)

    def standard(self, first: int) -> Standard:
        """Return the standard a window is judged by."""
        return self._standard_of(first)


def _in_parts(amount: Exact | None, scale: int) -> int:
    """Return an amount in parts of which `scale` make a unit; nothing for a missing one."""
    return 0 if amount is None else amount.numerator * (scale // amount.denominator)
