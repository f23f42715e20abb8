"""Whole arrays through lookup tables give what the exact arithmetic gives."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from luoshi.programmes.heavy_pollution import air, bulk
from luoshi.programmes.heavy_pollution.numbers import Rounding
from luoshi.programmes.heavy_pollution.words import POLLUTANTS

TOPS = [15_00 if name == "CO" else 5_000 for name in POLLUTANTS]


def exactly(row: list[int], year: str) -> tuple[int, list[int], list[str]]:
    """Index, sub-indices and primary pollutants of one station-hour by the exact arithmetic."""
    standard = air.standards()[year]
    amounts = {
        f"{name}_1h": (units, 10 if name == "CO" else 1)
        for name, units, top in zip(POLLUTANTS, row, TOPS, strict=True)
        if 0 <= units <= top
    }
    found = air.index_of(amounts, standard.hourly, standard, Rounding())
    subs = [found.subs[f"{name}_1h"].value if f"{name}_1h" in found.subs else None for name in POLLUTANTS]
    return -1 if found.value is None else found.value, [-1 if one is None else one for one in subs], found.primary


@pytest.mark.parametrize("year", ["2012", "2026"])
def test_every_whole_concentration(year: str) -> None:
    standard = air.standards()[year]
    for row, (name, top) in enumerate(zip(POLLUTANTS, TOPS, strict=True)):
        units = np.arange(top + 1, dtype=np.int16)
        none = np.full(top + 1, -1, np.int16)
        columns: list[Any] = [none] * 6
        columns[row] = units
        found = bulk.hourly(columns, year)
        places = 1 if name == "CO" else 0
        exact = [standard.sub_index(f"{name}_1h", int(one), 10**places, Rounding(), {}).value for one in units]
        assert found.iaqi[row].tolist() == [-1 if one is None else one for one in exact]
        assert (found.aqi == found.iaqi[row]).all()
        assert found.partial.all()


@pytest.mark.parametrize("year", ["2012", "2026"])
def test_random_station_hours(year: str) -> None:
    chance = random.Random(2026)
    rows = [
        [chance.choice((-1, chance.randint(0, top), chance.randint(0, top // 8))) for top in TOPS] for _ in range(4_000)
    ]
    found = bulk.hourly([np.array(column, np.int16) for column in zip(*rows, strict=True)], year)
    for place, row in enumerate(rows):
        aqi, subs, primary = exactly(row, year)
        assert (found.aqi[place], found.iaqi[:, place].tolist()) == (aqi, subs)
        assert found.primary_of(place) == primary
        assert found.partial[place] == (-1 in subs)


def test_shapes_kinds_and_threads_make_no_difference() -> None:
    chance = np.random.default_rng(7)
    columns = [chance.integers(-5, 6_000, (3, 1_000)) for _ in range(6)]
    first = bulk.hourly([column.astype(np.int16) for column in columns], "2012")
    assert first.aqi.shape == (3, 1_000)
    wide = [np.where(column > 5_990, 70_000, column) for column in columns]
    for found in (
        bulk.hourly(columns, "2012"),
        bulk.hourly(wide, "2012"),
        bulk.hourly([one.T for one in columns], "2012"),
    ):
        assert (np.sort(found.aqi, axis=None) == np.sort(first.aqi, axis=None)).all()
    assert (bulk.hourly(wide, "2012").aqi == first.aqi).all()
    large = [np.tile(column.astype(np.int16).ravel(), 1_000) for column in columns]
    one, two = bulk.hourly(large, "2026"), bulk.hourly(large, "2026", workers=2)
    assert (one.aqi == two.aqi).all()
    assert (one.primary == two.primary).all()
    assert bulk.hourly([np.array([], np.int16)] * 6, "2012").aqi.size == 0
    with pytest.raises(ValueError, match="six arrays"):
        bulk.hourly(large[:5], "2012")
