"""D1 and D2: every worked example of the plan's air quality, both editions of the standard, exactly."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from luoshi.kernel.decisions import Outcome, decide
from luoshi.kernel.errors import LuoshiError
from luoshi.programmes.heavy_pollution import air
from luoshi.programmes.heavy_pollution.numbers import Rounding, cut, exact, plain, rounded
from tests.programmes.heavy_pollution.facts import ON, take, value

IAQI = [
    ("PM2.5", 150, 200), ("PM2.5", 150.5, 200), ("PM2.5", 151, 201), ("PM2.5", "151.5", 202), ("PM2.5", 499, 500),
    ("PM2.5", 620, 500), ("PM2.5", 0, 0), ("PM2.5", "0.5", 0), ("PM2.5", 1, 2), ("PM10", 350, 200), ("PM10", 351, 202),
    ("PM10", 421, 302), ("CO 24h", 2.2, 55), ("CO_24h", 24.05, 200), ("CO_24h", 24.15, 202), ("O3 8h", 265, 200),
    ("O3_8h", 266, 201), ("SO2 24h", 801, 201), ("CO 1h", 65.4, 218), ("NO2 24h", 281, 201), ("PM2.5 1h", 60, 82),
]  # fmt: skip


@pytest.mark.parametrize(("series", "amount", "expected"), IAQI)
def test_sub_index(series: str, amount: Any, expected: int) -> None:
    found = value("iaqi", {"series": series, "c": amount, "standard": "2012"})
    assert (found["iaqi"], found["beyond_index"]) == (expected, amount == 620)


def test_above_the_last_breakpoint_another_averaging_time_decides() -> None:
    sent = value("iaqi", {"series": "O3 8h", "c": 801, "O3_1h": 401})
    assert (sent["iaqi"], sent["used_series"], sent["beyond_index"]) == (201, "O3_1h", False)
    sulphur = value("iaqi", {"series": "SO2_1h", "c": 801, "substitute": 801})
    assert (sulphur["iaqi"], sulphur["used_series"]) == (201, "SO2_24h")
    alone = take("iaqi", {"series": "O3 8h", "c": 801})
    assert (alone.value["iaqi"], alone.value["absent"], alone.outcome) == (None, True, Outcome.UNDETERMINED)
    assert value("iaqi", {"series": "O3_8h", "c": "800.5"})["iaqi"] == 300


def test_the_edition_of_2026_caps_instead() -> None:
    for series, amount, expected in (("SO2_1h", 801, 200), ("O3_8h", 801, 300)):
        found = value("iaqi", {"series": series, "c": amount, "hour": "2026-03-01"})
        assert (found["iaqi"], found["capped"], found["beyond_index"]) == (expected, True, False)


def test_the_edition_follows_the_hour() -> None:
    assert value("aqi", {"PM2.5": 60, "hour": "2026-02-28T23:00"})["aqi"] == 82
    assert value("aqi", {"PM2.5": 60, "hour": "2026-03-01T00:00"})["aqi"] == 100
    for standard in ("2012", "HJ 633-2026"):
        assert value("aqi", {"values": {"PM2.5": 150}, "standard": standard})["aqi"] == 200
    assert value("aqi", {"PM2.5": 60}, date(2026, 3, 1))["standard"] == "HJ 633—2026"


def test_index_names_primary_and_exceeding_pollutants() -> None:
    day = {"PM2.5": 162, "PM10": 231, "SO2": 48, "NO2": 85, "CO": 2.2, "O3 8h": 60, "O3 1h": 88}
    taken = take("aqi", {"values": day})
    found = taken.value
    assert found["iaqi"] == {"PM2.5": 212, "PM10": 141, "SO2": 48, "NO2": 103, "CO": 55, "O3_8h": 30, "O3_1h": 28}
    assert (found["aqi"], found["level"], found["name"], found["colour"]) == (212, "五级", "重度污染", "紫")
    assert (found["primary"], found["exceeding"], found["partial"]) == (["PM2.5"], ["PM2.5", "PM10", "NO2"], [])
    assert taken.outcome is Outcome.ALLOW
    both = take("aqi", {"PM2.5": 190, "PM10": 378})
    assert (both.value["aqi"], both.value["primary"]) == (240, ["PM2.5", "PM10"])
    assert both.value["partial"] == ["SO2", "NO2", "CO", "O3_8h", "O3_1h"]
    assert both.outcome is Outcome.ALLOW_WITH_CONDITION
    assert value("aqi", {"PM2.5": 35})["primary"] == []
    assert "O3_1h" not in value("aqi", {"PM2.5": 35, "standard": "2026"})["partial"]


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({"series": "PM2.5", "c": -1}, "不得为负"),
        ({"series": "PM2.5", "c": 5001}, "浓度值无效"),
        ({"series": "CO_1h", "c": 1200}, "mg/m³"),
        ({"series": "CO_1h", "c": "150.05"}, "CO_1h为150.05"),
        ({"series": "PM2.5", "c": "多"}, "不是数字"),
        ({"series": "PM2.5", "c": 1e300}, "不是数字"),
        ({"series": "SO2", "c": 10}, "平均时间"),
        ({"series": "O3_24h", "c": 10}, "O3"),
        ({"series": "Pb", "c": 10}, "没有"),
        ({"series": "PM2.5", "c": 10, "standard": "1996"}, "标准"),
        ({"series": "PM2.5", "c": 10, "hour": "2011-01-01"}, "没有生效"),
        ({"series": "PM2.5", "c": 10, "x": 1}, "没有这个字段"),
        ({"series": "PM2.5", "c": True}, "数字"),
    ],
)
def test_what_is_no_concentration_is_refused(facts: dict[str, Any], word: str) -> None:
    with pytest.raises(LuoshiError) as refused:
        take("iaqi", facts)
    assert refused.value.code in ("E_INPUT", "E_PARAMETER_MISSING")
    assert word in refused.value.message


def test_nothing_known_is_undetermined() -> None:
    for name, facts in (("iaqi", {}), ("iaqi", {"series": "PM2.5"}), ("aqi", {}), ("aqi", {"values": {"PM2.5": -999}})):
        assert take(name, facts).outcome is Outcome.UNDETERMINED


@pytest.mark.parametrize(("method", "expected"), [("half-even", 200), ("half-up", 201), ("truncate", 200)])
def test_rounding_can_be_switched(method: str, expected: int) -> None:
    found = decide("heavy_pollution.iaqi", {"series": "PM2.5", "c": "150.5"}, ON, {"hp.round": method})
    assert (found.value["iaqi"], found.informal) == (expected, True)


def test_numbers_are_exact() -> None:
    assert exact(0.1) == Fraction(1, 10)
    assert [exact(number) for number in ("１５０．５", Decimal("2.20"), 3, "1,200")] == [
        Fraction(301, 2), Fraction(11, 5), 3, 1200,
    ]  # fmt: skip
    assert [plain(number) for number in (Fraction(1, 8), Fraction(1, 3), Fraction(6, 3), -Fraction(1, 4))] == [
        "0.125", "1/3", 2, "-0.25",
    ]  # fmt: skip
    assert [cut(Fraction(999, 100), 1), cut(-Fraction(1, 100), 1), rounded(Fraction(2437, 12))] == [
        "9.9",
        "0.0",
        "203.08",
    ]
    for wrong in (True, "1e5", "x", None, float("nan"), Decimal("1e400"), "9" * 30):
        with pytest.raises(ValueError, match="数字"):
            exact(wrong)


@pytest.mark.parametrize("year", ["2012", "2026"])
def test_every_whole_concentration_lies_on_the_printed_line(year: str) -> None:
    standard = air.standards()[year]
    for series, points in standard.breakpoints.items():
        places = 1 if series.startswith("CO") else 0
        for units in range(points[-1] * 10**places + 1):
            amount = Fraction(units, 10**places)
            place = next(place for place, point in enumerate(points) if amount <= point)
            if place == 0:
                expected = 0
            else:
                low, high = points[place - 1], points[place]
                first, last = standard.index[place - 1], standard.index[place]
                line = (amount - low) / (high - low) * (last - first) + first
                expected = line.numerator // line.denominator + (line.denominator > 1)
            found = standard.sub_index(series, amount.numerator, amount.denominator, Rounding(), {}).value
            assert found == expected, (series, amount)


def test_a_city_hour_needs_three_quarters_of_its_stations() -> None:
    assert air.city_mean(100 + 101 + 103, 3, 4, 75) == (304, 3)
    assert air.city_mean(100 + 103, 2, 4, 75) is None
    assert air.city_mean(0, 0, 0, 75) is None
