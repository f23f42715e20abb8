"""Measured hours on file: the city's hour is the exact mean of the stations that count, corrections are revisions."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal
from fractions import Fraction

import pytest

from luoshi.kernel.clock import CLOCK, SHANGHAI, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.programmes.heavy_pollution import air, air_actions
from luoshi.programmes.heavy_pollution.models import CityHour, HourlyObservation, Station
from luoshi.programmes.heavy_pollution.models.air import POLLUTANTS

PROGRAM = Actor.system("测试程序", "test")
FIRST = datetime.datetime(2026, 1, 4, 22, tzinfo=SHANGHAI)
HEAD = "station,time," + ",".join(POLLUTANTS)


@pytest.fixture(autouse=True)
def known(db):
    """Nine stations: one is not evaluated, one begins at midnight of the fifth, one ended the day before."""
    CLOCK.set(datetime.datetime(2026, 1, 6, 12, tzinfo=SHANGHAI))
    for n in range(9):
        Station.objects.create(
            code=f"S{n}", name=f"测试站{n}", station_class="city", town="xiacun", evaluated=n != 6,
            active_from=datetime.date(2026, 1, 5) if n == 7 else datetime.date(2020, 1, 1),
            active_to=datetime.date(2026, 1, 4) if n == 8 else None,
        )  # fmt: skip
    yield
    CLOCK.release()


def text_of(rows) -> bytes:
    lines = [HEAD]
    for (station, hour), amounts in rows.items():
        values = ",".join("" if one is None else str(one) for one in amounts)
        lines.append(f"{station},{hour:%Y-%m-%d %H:%M},{values}")
    return "\n".join(lines).encode()


def drawn(dice):
    """Amounts with three decimals, some missing."""
    return {
        (f"S{n}", FIRST + datetime.timedelta(hours=h)): [
            None if dice.random() < 0.12 else Decimal(dice.randrange(20_000 if name == "co" else 900_000)) / 1000
            for name in POLLUTANTS
        ]
        for n in range(9)
        for h in range(5)
    }  # fmt: skip


def expected(rows, hour):
    """The means by hand: of evaluated stations active that day, where three quarters of them are valid."""
    begun = {"S7"} if hour.day >= 5 else {"S8"}
    counting = {f"S{n}" for n in range(6)} | begun
    found = {}
    for place, name in enumerate(POLLUTANTS):
        valid = [Fraction(rows[one, hour][place]) for one in counting if rows[one, hour][place] is not None]
        if 4 * len(valid) >= 3 * len(counting):
            found[name] = sum(valid) / len(valid)
    return found


def stands_as_reckoned(rows):
    assert CityHour.objects.count() == 5
    for city in CityHour.objects.all():
        means = expected(rows, local(city.hour))
        kept = {name: getattr(city, name) for name in POLLUTANTS if getattr(city, name) is not None}
        assert kept == {name: air_actions._stored(mean) for name, mean in means.items()}
        standard = air.standard_on(local(city.hour).date())
        quotients = {air_actions._NAMES[name]: (mean.numerator, mean.denominator) for name, mean in means.items()}
        rounding = air_actions._rounding(local(city.hour).date())
        index = air.index_of(quotients, air_actions.HOURLY, standard, rounding)
        assert (city.aqi, city.partial, city.stations) == (index.value, index.partial, 7)


def test_the_city_s_hours_are_the_exact_means_of_the_stations_that_count():
    rows = drawn(random.Random(20260105))
    taken = air_actions.import_hours(actor=PROGRAM, name="甲.csv", data=text_of(rows))
    assert taken == {"rows": 45, "new": 45, "corrected": 0, "unchanged": 0}
    stands_as_reckoned(rows)
    again = air_actions.import_hours(actor=PROGRAM, name="甲.csv", data=text_of(rows))
    assert again == {"rows": 45, "new": 0, "corrected": 0, "unchanged": 45}


def test_a_correction_keeps_the_old_value_and_makes_the_city_s_hour_anew():
    rows = drawn(random.Random(1))
    air_actions.import_hours(actor=PROGRAM, name="甲.csv", data=text_of(rows))
    place = ("S1", FIRST)
    rows[place] = [Decimal("7.125"), *rows[place][1:]]
    with pytest.raises(LuoshiError, match="首个是 2026-01-04 22:00") as refusal:
        air_actions.import_hours(actor=PROGRAM, name="乙.csv", data=text_of(rows))
    assert refusal.value.code == "E_INCOMPLETE"
    taken = air_actions.import_hours(actor=PROGRAM, name="乙.csv", data=text_of(rows), reason="仪器校准")
    assert taken == {"rows": 45, "new": 0, "corrected": 1, "unchanged": 44}
    found = HourlyObservation.objects.filter(station__code="S1", hour=FIRST).order_by("revision")
    assert [(one.revision, one.current, one.reason, one.source) for one in found] == [
        (1, False, "", "甲.csv"), (2, True, "仪器校准", "乙.csv")
    ]  # fmt: skip
    assert found[1].so2 == Decimal("7.125")
    stands_as_reckoned(rows)
