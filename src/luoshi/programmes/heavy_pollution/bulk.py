"""The hourly index of many stations at once: whole arrays through lookup tables, the same as the exact arithmetic.

Concentrations are integers as stations deliver them: µg/m³, CO in 0.1 mg/m³. A table of every concentration is made
once an edition from the exact arithmetic, so that nothing can differ; a station-hour then costs six look-ups. numpy is
loaded when first used.

    found = hourly([pm25, pm10, so2, no2, co, o3], "2012")
    found.aqi, found.primary, found.iaqi
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from luoshi.programmes.heavy_pollution.air import largest, standards
from luoshi.programmes.heavy_pollution.words import POLLUTANTS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.integer]
    Shorts = NDArray[np.int16]

MISSING = -1
"""No concentration, one that is not believed (negative, above 5000 µg/m³ or 150 mg/m³), no sub-index, no index."""
_BLOCK = 1 << 15
_FEWEST_PER_WORKER = 1 << 20


class Hourly(NamedTuple):
    """The index of station-hours, in the shape of the concentrations.

    `iaqi` has the sub-indices of the six pollutants in the order of `POLLUTANTS`; `primary` is a bit mask in that
    order, 0 where the index is at most 50. An index is partial where a sub-index is MISSING.
    """

    aqi: Shorts
    iaqi: Shorts
    primary: NDArray[np.uint8]

    @property
    def partial(self) -> NDArray[np.bool_]:
        """Whether a series is absent."""
        found: NDArray[np.bool_] = (self.iaqi == MISSING).any(axis=0)
        return found

    def primary_of(self, place: int) -> list[str]:
        """Return the primary pollutants of one station-hour, by its place."""
        mask = int(self.primary.flat[place])
        return [name for bit, name in enumerate(POLLUTANTS) if mask >> bit & 1]


@lru_cache(maxsize=4)
def tables(year: str) -> tuple[Shorts, ...]:
    """Return the sub-index of every 16-bit number for the six pollutants of an hour, by an edition."""
    import numpy as np

    standard = standards()[year]
    found = []
    for pollutant in POLLUTANTS:
        places = 1 if pollutant == "CO" else 0
        table = np.full(1 << 16, MISSING, np.int16)
        for units in range(largest(pollutant) * 10**places + 1):
            value = standard.of_units(f"{pollutant}_1h", units, places).value
            table[units] = MISSING if value is None else value
        table.flags.writeable = False
        found.append(table)
    return tuple(found)


def hourly(concentrations: Sequence[Integers], year: str, workers: int = 1) -> Hourly:
    """Return the index of six arrays of concentrations (in the order of `POLLUTANTS`, one shape) by an edition.

    16-bit arrays are read as they are, others are copied. `workers` threads share large arrays.
    """
    import numpy as np

    if len(concentrations) != len(POLLUTANTS) or len({column.shape for column in concentrations}) != 1:
        raise ValueError("six arrays of one shape are needed")
    shape = concentrations[0].shape
    columns = [_as_index(column) for column in concentrations]
    size = columns[0].size
    iaqi = np.empty((len(columns), size), np.int16)
    aqi = np.empty(size, np.int16)
    primary = np.empty(size, np.uint8)
    lookup = tables(year)

    def work(begin: int, end: int) -> None:
        equal = np.empty(_BLOCK, np.bool_)
        for first in range(begin, end, _BLOCK):
            last = min(first + _BLOCK, end)
            highest, mask, same = aqi[first:last], primary[first:last], equal[: last - first]
            for row, (column, table) in enumerate(zip(columns, lookup, strict=True)):
                np.take(table, column[first:last], out=iaqi[row, first:last], mode="clip")
            np.maximum(iaqi[0, first:last], iaqi[1, first:last], out=highest)
            for row in range(2, len(columns)):
                np.maximum(highest, iaqi[row, first:last], out=highest)
            # The mask is built from its highest bit down: doubling is quicker than shifting each bit into its place.
            np.equal(iaqi[-1, first:last], highest, out=mask.view(np.bool_))
            for row in reversed(range(len(columns) - 1)):
                np.equal(iaqi[row, first:last], highest, out=same)
                np.add(mask, mask, out=mask)
                np.bitwise_or(mask, same.view(np.uint8), out=mask)
            np.greater(highest, 50, out=same)
            np.negative(same.view(np.uint8), out=same.view(np.uint8))
            np.bitwise_and(mask, same.view(np.uint8), out=mask)

    share = -(-size // max(1, min(workers, size // _FEWEST_PER_WORKER)))
    share = -(-share // _BLOCK) * _BLOCK
    if share >= size:
        work(0, size)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda begin: work(begin, min(begin + share, size)), range(0, size, share)))
    return Hourly(aqi.reshape(shape), iaqi.reshape(len(columns), *shape), primary.reshape(shape))


def _as_index(column: Integers) -> NDArray[np.uint16]:
    """Return a column as places in a table; what does not fit into 16 bits is missing."""
    import numpy as np

    flat = np.ascontiguousarray(column).reshape(-1)
    if flat.dtype == np.int16 or flat.dtype == np.uint16:
        return flat.view(np.uint16)
    short = np.where((flat >= 0) & (flat < 1 << 15), flat, MISSING).astype(np.int16)
    return short.view(np.uint16)
