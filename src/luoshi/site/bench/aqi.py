"""`luoshi bench aqi`: station-hours a second of the hourly index, beside python-aqi and aqi-hub, with their errors.

Wrong is judged by exact rational arithmetic on every whole concentration (0.1 mg/m³ of CO) up to the last breakpoint of
either edition. Before the clock runs the vectorised index is compared with the exact one. Rates are
by processor time, as the other work on the machine then slows none of them; ours also by the wall's clock.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import random
import time
import warnings
from collections.abc import Callable, Iterator

import click

from luoshi.programmes.heavy_pollution import air, bulk
from luoshi.programmes.heavy_pollution.numbers import Rounding
from luoshi.programmes.heavy_pollution.words import POLLUTANTS

SERIES = tuple(f"{name}_1h" for name in POLLUTANTS)
"""What an hour is reckoned from."""
OneValue = Callable[[str, int], int | None]
OneHour = Callable[[list[int]], object]


def _places(series: str) -> int:
    return 1 if series.startswith("CO") else 0


def _exact(year: str, series: str, units: int) -> int | None:
    standard = air.standards()[year]
    return standard.sub_index(series, units, 10 ** _places(series), Rounding(), {}).value


def _whole(year: str) -> Iterator[tuple[str, int]]:
    """Every series and concentration that is tried."""
    for series in SERIES:
        scale = 10 ** _places(series)
        for units in range(air.standards()[year].breakpoints[series][-1] * scale + 1):
            yield series, units


# --- the peers --------------------------------------------------------------------------------------------------------


def python_aqi() -> tuple[OneValue, OneHour]:
    """Return python-aqi's sub-index and index, by its algorithm for China (2012). PM10 and PM2.5 have one table."""
    aqi, known = importlib.import_module("aqi"), importlib.import_module("aqi.constants")
    names = {
        "PM2.5_1h": known.POLLUTANT_PM25, "PM10_1h": known.POLLUTANT_PM10, "SO2_1h": known.POLLUTANT_SO2_1H,
        "NO2_1h": known.POLLUTANT_NO2_1H, "CO_1h": known.POLLUTANT_CO_1H, "O3_1h": known.POLLUTANT_O3_1H,
    }  # fmt: skip

    def text(series: str, units: int) -> str:
        return f"{units // 10}.{units % 10}" if _places(series) else str(units)

    def one(series: str, units: int) -> int | None:
        return int(aqi.to_iaqi(names[series], text(series, units), algo=aqi.ALGO_MEP))

    def hour(row: list[int]) -> object:
        given = [(names[series], text(series, units)) for series, units in zip(SERIES, row, strict=True)]
        return aqi.to_aqi(given, algo=aqi.ALGO_MEP)

    return one, hour


def aqi_hub() -> tuple[OneValue, OneHour]:
    """Return aqi-hub's sub-index and index of an hour, by its tables for China (2026)."""
    china = importlib.import_module("aqi_hub.aqi_cn.aqi")
    names = {series: series.replace(".", "").upper() for series in SERIES}

    def number(series: str, units: int) -> float:
        return units / 10 if _places(series) else units

    def one(series: str, units: int) -> int | None:
        found: int | None = china.cal_iaqi_cn(names[series], number(series, units))
        return found

    def hour(row: list[int]) -> object:
        values = [number(series, units) for series, units in zip(SERIES, row, strict=True)]
        return china.cal_aqi_cn(*values, data_type="hourly")

    return one, hour


PEERS = (("python-aqi", "2012", python_aqi), ("aqi-hub", "2026", aqi_hub))


def wrong_share(one: OneValue, year: str) -> tuple[int, int]:
    """Return how many values a peer gets wrong by an edition (errors too), and how many were tried."""
    wrong = tried = 0
    for series, units in _whole(year):
        right = _exact(year, series, units)
        if right is None:
            continue  # the standard sends to another series
        tried += 1
        found: int | None = None
        with contextlib.suppress(Exception):
            found = one(series, units)
        wrong += found != right
    return wrong, tried


# --- the run ----------------------------------------------------------------------------------------------------------


def run(argv: list[str]) -> None:
    """Compare with the exact arithmetic, measure, print; a peer that is not installed is named and left out."""
    parser = argparse.ArgumentParser(prog="luoshi bench aqi")
    parser.add_argument("--hours", type=int, default=8_760_000, help="站时数，默认1000站一年")
    parser.add_argument("--random", type=int, default=1_000_000, help="与精确算法对比的随机站时数")
    parser.add_argument("--workers", type=int, default=2, help="线程数")
    given = parser.parse_args(argv)
    numpy = importlib.import_module("numpy")
    click.echo(f"identical with the exact arithmetic on {_compare(given.random):,} station-hours and every whole value")
    chance = numpy.random.default_rng(20180112)
    tops = [60 if name == "CO" else 450 for name in POLLUTANTS]
    columns = [chance.integers(0, top, given.hours).astype(numpy.int16) for top in tops]
    wall, processor = _best(lambda: bulk.hourly(columns, "2012"))
    ours = given.hours / processor
    _line("luoshi, vectorised, one thread", ours, f"by the wall's clock {given.hours / wall:,.0f}; 0 values wrong")
    wall, _processor = _best(lambda: bulk.hourly(columns, "2012", given.workers))
    _line(f"luoshi, vectorised, {given.workers} threads, wall's clock", given.hours / wall, "")
    rows = [[int(column[place]) for column in columns] for place in range(20_000)]
    standard = air.standards()["2012"]

    def exactly(row: list[int]) -> object:
        amounts = {name: (units, 10 ** _places(name)) for name, units in zip(SERIES, row, strict=True)}
        return air.index_of(amounts, standard.hourly, standard, Rounding())

    _line("luoshi, exact, one at a time", _one_by_one(exactly, rows), "0 values wrong")
    for name, year, build in PEERS:
        try:
            one, hour = build()
        except ImportError as error:
            click.echo(f"{name}: not installed ({error.name})")
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shares = [wrong_share(one, edition) for edition in air.standards()]
            rate = _one_by_one(hour, rows)
        said = "; ".join(
            f"HJ 633-{edition}: {wrong:,} of {tried:,} values wrong ({100 * wrong / tried:.1f} %)"
            for edition, (wrong, tried) in zip(air.standards(), shares, strict=True)
        )
        _line(f"{name} (follows {year})", rate, f"luoshi is {ours / rate:,.0f}x; {said}")


def _line(what: str, rate: float, said: str) -> None:
    click.echo(f"{what:<46}{rate:>14,.0f} station-hours/s   {said}")


def _compare(number: int) -> int:
    """Compare both ways on every whole value of both editions and on random station-hours; stop at a difference."""
    numpy = importlib.import_module("numpy")
    for year in air.standards():
        for place, name in enumerate(POLLUTANTS):
            units = numpy.arange(air.largest(name) * 10 ** _places(name) + 1, dtype=numpy.int16)
            columns = [numpy.full(units.size, -1, numpy.int16) for _ in POLLUTANTS]
            columns[place] = units
            if bulk.hourly(columns, year).aqi.tolist() != [
                -1 if (one := _exact(year, SERIES[place], int(each))) is None else one for each in units
            ]:
                raise click.ClickException(f"{name} differs from the exact arithmetic ({year})")
    chance = random.Random(633)  # noqa: S311
    done = 0
    while done < number:
        count = min(100_000, number - done)
        tops = [air.largest(name) * 10 ** _places(name) for name in POLLUTANTS]
        rows = [[chance.choice((chance.randint(0, top), chance.randint(0, top // 10), -1)) for top in tops]
                for _ in range(count)]  # fmt: skip
        year = ("2012", "2026")[done // 100_000 % 2]
        found = bulk.hourly(list(numpy.array(rows, numpy.int16).T), year)
        standard = air.standards()[year]
        values, masks = found.aqi.tolist(), found.primary.tolist()
        for place, row in enumerate(rows):
            amounts = {
                name: (units, 10 ** _places(name)) for name, units in zip(SERIES, row, strict=True) if units >= 0
            }
            index = air.index_of(amounts, standard.hourly, standard, Rounding())
            mask = sum(1 << POLLUTANTS.index(name) for name in index.primary)
            if (values[place], masks[place]) != (-1 if index.value is None else index.value, mask):
                raise click.ClickException(f"{row} differs from the exact arithmetic ({year})")
        done += count
    return done


def _best(work: Callable[[], object]) -> tuple[float, float]:
    """Return the shortest wall and processor time of seven runs."""
    walls, processors = [], []
    for _ in range(7):
        wall, processor = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    return min(walls), min(processors)


def _one_by_one(take: OneHour, rows: list[list[int]]) -> float:
    """Return how many rows a second of processor time are answered; rows that end in an error count as answered."""
    begin = time.process_time()
    answered = 0
    for row in rows:
        with contextlib.suppress(Exception):
            take(row)
        answered += 1
        if answered % 500 == 0 and time.process_time() - begin > 2:
            break
    return answered / (time.process_time() - begin)
