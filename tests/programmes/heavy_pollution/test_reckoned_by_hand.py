"""Examples reckoned by hand from the plan and the standards, apart from those of the specification."""

from __future__ import annotations

from typing import Any

import pytest

from luoshi.kernel.decisions import Outcome
from luoshi.kernel.errors import LuoshiError
from tests.programmes.heavy_pollution.facts import take, value

BOTH = ["气象局", "环保局"]

# series, concentration, edition, sub-index, above the last breakpoint: the corners of both tables and their rounding
CORNERS = [
    ("PM2.5", "34.5", "2012", 49, False),  # 34: 48.57 up
    ("PM2.5", 35, "2012", 50, False), ("PM2.5", "35.5", "2012", 52, False),  # 36: 51.25 up
    ("PM2.5", 75, "2012", 100, False), ("PM2.5", 76, "2012", 102, False), ("PM2.5", 115, "2012", 150, False),
    ("PM2.5", 116, "2012", 152, False), ("PM2.5", 250, "2012", 300, False), ("PM2.5", 251, "2012", 301, False),
    ("PM2.5", 350, "2012", 400, False), ("PM2.5", 351, "2012", 401, False), ("PM2.5", 500, "2012", 500, False),
    ("PM2.5", "500.5", "2012", 500, False), ("PM2.5", 501, "2012", 500, True),
    ("PM2.5", 36, "2026", 52, False), ("PM2.5", 60, "2026", 100, False), ("PM2.5", 61, "2026", 101, False),
    ("PM2.5", 115, "2026", 150, False), ("PM10", 51, "2026", 51, False), ("PM10", 120, "2026", 100, False),
    ("PM10", 121, "2026", 101, False), ("PM10", 150, "2012", 100, False), ("PM10", 151, "2012", 101, False),
    ("PM10", "350.5", "2012", 200, False), ("PM10", "351.5", "2012", 203, False), ("PM10", 600, "2012", 500, False),
    ("PM10", 601, "2012", 500, True), ("CO 24h", "2.05", "2012", 50, False), ("CO 24h", "2.15", "2012", 55, False),
    ("CO 24h", "4.1", "2012", 101, False), ("CO 24h", 60, "2012", 500, False), ("CO 24h", "60.1", "2012", 500, True),
    ("CO 1h", "5.1", "2012", 51, False), ("CO 1h", "35.1", "2012", 151, False), ("SO2 24h", 151, "2012", 101, False),
    ("SO2 24h", 2620, "2012", 500, False), ("SO2 1h", 651, "2012", 151, False), ("SO2 1h", 800, "2012", 200, False),
    ("NO2 24h", 41, "2012", 52, False), ("NO2 24h", 181, "2012", 151, False), ("NO2 24h", 566, "2012", 301, False),
    ("NO2 1h", 201, "2012", 101, False), ("NO2 1h", 3840, "2012", 500, False), ("O3 1h", 161, "2012", 52, False),
    ("O3 1h", 1200, "2012", 500, False), ("O3 8h", 161, "2012", 101, False), ("O3 8h", 800, "2012", 300, False),
]  # fmt: skip


@pytest.mark.parametrize(("series", "amount", "edition", "index", "beyond"), CORNERS)
def test_corners_of_the_tables(series: str, amount: Any, edition: str, index: int, beyond: bool) -> None:
    found = value("iaqi", {"series": series, "c": amount, "standard": edition})
    assert (found["iaqi"], found["beyond_index"]) == (index, beyond)


@pytest.mark.parametrize(
    ("values", "index", "number", "primary", "exceeding"),
    [
        ({"PM2.5": 35, "PM10": 50}, 50, 1, [], []),
        ({"PM2.5": 36, "PM10": 50}, 52, 2, ["PM2.5"], []),
        ({"PM2.5": 75, "PM10": 150}, 100, 2, ["PM10", "PM2.5"], []),
        ({"PM2.5": 75, "O3_1h": 201}, 101, 3, ["O3"], ["O3"]),
        ({"PM2.5": 250}, 300, 5, ["PM2.5"], ["PM2.5"]),
        ({"PM2.5": 251}, 301, 6, ["PM2.5"], ["PM2.5"]),
    ],
)
def test_classes_at_their_edges(
    values: dict[str, Any], index: int, number: int, primary: list[str], exceeding: list[str]
) -> None:
    found = value("aqi", {"values": values, "standard": "2012"})
    said = [sorted({one.partition("_")[0] for one in found[name]}) for name in ("primary", "exceeding")]
    assert (found["aqi"], found["class"], *said) == (index, number, primary, exceeding)


# whole days: grade; what decides is how many days lie from the first heavy one to the last of a process
DAYS = [
    ([150, 150, 201], "blue"), ([200, 301, 200], "blue"), ([201, 150, 150, 201], "blue"), ([201, 150, 201], "yellow"),
    ([301, 150, 301], "orange"), ([301, 151, 151, 301], "orange"), ([301, 301, 150, 301], "red"),
    ([201, 301, 301, 201, 150, 150, 320], "red"), ([500], "red"), ([499, 499, 499], "orange"),
    ([499, 499, 499, 499], "red"), ([300, 300, 300, 300], "yellow"), ([301, 300, 300, 300], "orange"),
    ([201, 151, 151, 151, 201], "yellow"), ([201, 201, 150, 150, 201, 201], "yellow"), ([90, 150, 200], "none"),
]  # fmt: skip


@pytest.mark.parametrize(("days", "grade"), DAYS)
def test_whole_days(days: list[int], grade: str) -> None:
    assert value("grade", {"days": days})["grade"] == grade


# From 24 clean hours on 50, n hours on a: a window of m such hours passes θ when 50 + (a-50)m/24 is above θ.
HOURS = [
    (250, 42, "blue", 47), (250, 43, "yellow", 48), (310, 37, "blue", 47), (310, 38, "yellow", 48),
    (310, 61, "yellow", 71), (310, 62, "orange", 72), (310, 85, "orange", 95), (310, 86, "red", 96),
]  # fmt: skip


@pytest.mark.parametrize(("amount", "count", "grade", "hours"), HOURS)
def test_hours_at_the_lines(amount: int, count: int, grade: str, hours: int) -> None:
    found = value("grade", {"series": [[24, 50], [count, amount], [60, 50]]})
    assert (found["grade"], found["hours"]) == (grade, hours)


@pytest.mark.parametrize(
    ("series", "dust", "grade", "hours", "bridged"),
    [
        # 36 clean hours part two processes, each of 34 hours: 240 - 3.75k is above 200 up to k = 10.
        ([[24, 240], [36, 150], [24, 240], [24, 80]], [], "blue", 34, False),
        # On 151 they do not: 0 to 65, and 24.
        ([[24, 240], [36, 151], [24, 240], [24, 80]], [], "yellow", 89, True),
        # A missing hour breaks the stretch: 0 to 62, and 24.
        ([[24, 210], [18, 100], [1, None], [17, 100], [24, 210], [36, 100]], [], "yellow", 86, True),
        # Confirmed sandstorm hours neither break nor count: 18 + 18 clean hours part.
        ([[24, 240], [18, 120], [3, 400], [18, 120], [24, 240], [24, 80]], BOTH, "blue", None, False),
        # Not confirmed they break it.
        ([[24, 240], [18, 120], [3, 400], [18, 120], [24, 240], [24, 80]], ["气象局"], "yellow", None, True),
    ],
)  # fmt: skip
def test_what_parts_two_processes(
    series: list[Any], dust: list[str], grade: str, hours: int | None, bridged: bool
) -> None:
    facts: dict[str, Any] = {"series": series}
    if dust:
        facts["dust"] = [{"grade": "沙尘暴", "from": 42, "to": 45, "confirmed_by": dust}]
    found = value("grade", facts)
    assert (found["grade"], found["bridged"]) == (grade, bridged)
    assert hours is None or found["hours"] == hours


def test_the_mean_of_hours_is_rounded_up_and_needs_twenty() -> None:
    assert value("window", {"series": [[23, 200], [1, 201]], "h": 0})["aqi"] == 201
    assert value("grade", {"series": [[23, 499], [1, 500]]})["grade"] == "red"
    assert value("grade", {"series": [[24, 499]]})["grade"] == "blue"
    assert value("window", {"series": [[20, 210], [4, None]], "h": 0})["aqi"] == 210
    assert value("window", {"series": [[19, 210], [5, None]], "h": 0})["aqi"] is None


@pytest.mark.parametrize(
    ("series", "dust", "t0"),
    [
        ([[36, 150]], None, 0), ([[35, 150]], None, None), ([[20, 150], [1, None], [36, 150]], None, 21),
        ([[18, 150], [2, 400], [18, 100]], BOTH, 0), ([[18, 150], [2, 400], [18, 100]], ["环保局"], None),
        ([[1, 151], [36, 150]], None, 1),
    ],
)  # fmt: skip
def test_when_a_warning_may_be_released(series: list[Any], dust: list[str] | None, t0: int | None) -> None:
    facts: dict[str, Any] = {"series": series, "now": 0}
    if dust is not None:
        facts["dust"] = [{"grade": "强沙尘暴", "from": 18, "to": 20, "confirmed_by": dust}]
    taken = take("release", facts)
    assert (taken.value["t0"], taken.outcome is Outcome.ALLOW) == (t0, t0 is not None)


@pytest.mark.parametrize(
    ("current", "facts", "act"),
    [
        ("blue", {"grade": "orange", "forward_grade": "orange"}, "upgrade"),
        ("orange", {"grade": "orange", "forward_grade": "yellow"}, "downgrade"),
        ("orange", {"grade": "orange", "forward_grade": "orange"}, "keep"),
        ("red", {"grade": "yellow", "forward_grade": "none"}, "downgrade"),
    ],
)
def test_adjustment(current: str, facts: dict[str, Any], act: str) -> None:
    assert value("adjust", {"current": current, **facts})["proposal"] == act


BASE = {"SO2": 3000, "NOx": 3000, "PM": 9000, "VOCs": 5000}


@pytest.mark.parametrize(
    ("level", "red", "result"),
    [
        # 6.66… and 13.33… are 20 exactly.
        ("Ⅲ", {"SO2": 200, "NOx": 400, "PM": 900, "VOCs": 500}, "pass"),
        ("Ⅲ", {"SO2": 199.9, "NOx": 400, "PM": 900, "VOCs": 500}, "fail"),
        ("Ⅲ", {"SO2": 0, "NOx": 600, "PM": 900, "VOCs": 500}, "pass"),
        ("Ⅳ", {"SO2": 0, "NOx": 0, "PM": 450, "VOCs": 250}, "pass"),
        ("Ⅳ", {"PM": "449.999", "VOCs": 250}, "fail"),
        ("Ⅰ", {"SO2": 900, "NOx": 900, "PM": 2700, "VOCs": 1000}, "pass"),
        ("Ⅰ", {"SO2": 900, "NOx": 900, "PM": 2699, "VOCs": 1000}, "fail"),
        ("Ⅱ", {"SO2": 1200, "NOx": 0, "PM": 1800, "VOCs": "749.99"}, "fail"),
    ],
)
def test_reduction_at_the_lines(level: str, red: dict[str, Any], result: str) -> None:
    assert value("reduction", {"level": level, "base": BASE, "red": red})["result"] == result


def test_reserve_is_called_by_priority_until_the_line_is_reached() -> None:
    facts = {
        "level": "Ⅳ", "base": BASE, "mandatory": {"PM": 440, "VOCs": 250},
        "reserve": [{"name": "丙", "priority": 3, "red": {"PM": 5}}, {"name": "甲", "priority": 1, "red": {"VOCs": 50}},
                    {"name": "乙", "priority": 2, "red": {"PM": 5}}],
    }  # fmt: skip
    found = value("fill_gap", facts)
    assert (found["order"], found["skipped"], found["result"], found["shortfall"]) == (["乙", "丙"], ["甲"], "pass", {})


TRUCK = {"category": "载货", "fuel": "柴油"}


@pytest.mark.parametrize(
    ("vehicle", "when", "level", "answer"),
    [
        # The last digit of the plate decides, whatever stands behind it; 0 is even.
        (TRUCK | {"plate": "鲁K1234F"}, "2018-01-14", "Ⅱ", "yes"),
        (TRUCK | {"plate": "鲁KD12345"}, "2018-01-15", "Ⅱ", "yes"),
        (TRUCK | {"plate": "鲁K12345学"}, "2018-01-14", "Ⅱ", "no"),
        (TRUCK | {"plate": "鲁K1234挂"}, "2018-01-15", "Ⅱ", "no"),
        (TRUCK | {"plate": "WJ15-12347"}, "2018-01-15", "Ⅱ", "yes"),
        (TRUCK | {"plate": "京A·12340"}, "2018-01-14", "Ⅱ", "yes"),
        (TRUCK | {"plate": "鲁K临0358"}, "2018-01-16", "Ⅱ", "yes"),
        (TRUCK | {"plate": "鲁KABCDE"}, "2018-01-16", "Ⅱ", "officer_decides"),
        (TRUCK | {"plate": "鲁K１２３４７"}, "2018-01-16", "Ⅱ", "no"),
        (TRUCK | {"plate": "鲁K00001"}, "2018-01-31", "Ⅱ", "yes"),
        (TRUCK | {"plate": "鲁K00001"}, "2018-02-01", "Ⅱ", "yes"),
        (TRUCK | {"plate": "鲁K00001"}, "2018-02-02", "Ⅰ", "no"),
        # 23:30 of the 14th in London is the 15th here.
        (TRUCK | {"plate": "鲁K00001"}, "2018-01-14T23:30+00:00", "Ⅱ", "yes"),
        ({"category": "载货", "fuel": "电", "plate": "鲁KD12345"}, "2018-01-14", "Ⅰ", "yes"),
        ({"category": "载客", "fuel": "柴油", "plate": "鲁K00001"}, "2018-01-14", "Ⅰ", "yes"),
        ({"category": "载货", "fuel": "汽油", "use": "散装建材", "plate": "鲁K00001"}, "2018-01-14", "Ⅳ", "no"),
        ({"category": "载货", "fuel": "电", "use": "建筑垃圾", "plate": "鲁K00001"}, "2018-01-14", "Ⅳ", "no"),
        ({"category": "载货", "fuel": "柴油", "use": "渣土", "plate": "鲁K00001"}, "2018-01-15", "none", "yes"),
        ({"category": "非道路", "fuel": "柴油"}, "2018-01-15", "Ⅳ", "yes"),
        ({"category": "非道路", "fuel": "柴油"}, "2018-01-15", "Ⅱ", "stop"),
    ],
)  # fmt: skip
def test_plates_of_every_form(vehicle: dict[str, Any], when: str, level: str, answer: str) -> None:
    assert value("vehicle", {"vehicle": vehicle, "place": "inside", "t": when, "level": level})["answer"] == answer


@pytest.mark.parametrize(
    ("level", "rh", "frost", "runs"),
    [("Ⅳ", 0, False, 1), ("Ⅱ", "69.99", False, 3), ("Ⅰ", "70.0", False, 0), ("Ⅱ", None, True, 0),
     ("Ⅲ", [69, 70], False, 2), ("Ⅲ", [69, 71], False, 0), ("Ⅲ", 100, True, 0)],
)  # fmt: skip
def test_roads_are_watered_below_seventy_percent(level: str, rh: Any, frost: bool, runs: int) -> None:
    assert value("road_water", {"level": level, "rh": rh, "frost": frost})["runs"] == runs


def test_deadlines_over_midnight_and_a_weekend() -> None:
    due = {row["key"]: row["text"] for row in value("deadlines", {"issued_at": "2018-01-12T23:00"})["items"]}
    assert (due["publicity"], due["lists"], due["filing"]) == (
        "2018-01-13 01:00", "2018-01-13 03:00", "2018-01-12 24:00",
    )  # fmt: skip
    ended = value("deadlines", {"ended_at": "2018-03-02T16:00", "highest_level": "Ⅰ"})
    # Friday: two natural days end on Sunday and do not roll; three working days on Wednesday.
    assert (ended["implementation"]["text"], ended["evaluation"]["text"]) == ("2018-03-04 24:00", "2018-03-07 24:00")
    assert ended["daily_on_last_day"] is True
    assert value("deadlines", {"plan_issued_on": "2018-01-10"})["plan_filing"]["due"] == "2018-01-30"


@pytest.mark.parametrize(
    ("next_hours", "trigger"),
    [([[12, 201]], True), ([[12, 200]], False), ([[8, 210], [2, 190]], True), ([[9, 300]], None),
     ([[6, 300], [6, 101]], True), ([[6, 300], [6, 100]], False)],
)  # fmt: skip
def test_no_clear_improvement_is_a_mean_above_two_hundred(next_hours: list[Any], trigger: bool | None) -> None:
    assert value("nowcast", {"latest": 201, "next": next_hours})["trigger"] is trigger


def test_lead_of_twenty_four_hours() -> None:
    found = value("lead", {"onset": "2018-01-14T00:00", "issued_at": "2018-01-13T12:00"})
    assert (found["ok"], found["late_seconds"]) == (False, 43_200)
    assert value("lead", {"onset": "2018-01-14T00:00", "issued_at": "2018-01-12T23:59:59"})["ok"] is True


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("iaqi", {"series": "PM2.5", "c": -1}),
        ("reduction", {"level": "Ⅳ", "base": BASE, "red": {"PM": -1, "VOCs": 250}}),
        ("reduction", {"level": "Ⅳ", "base": BASE | {"PM": 0}, "red": {"PM": 1, "VOCs": 250}}),
        ("grade", {"days": [-5]}),
    ],
)
def test_what_cannot_be_is_refused(name: str, facts: dict[str, Any]) -> None:
    with pytest.raises(LuoshiError) as refusal:
        take(name, facts)
    assert refusal.value.code == "E_INPUT"
