"""A second set of examples reckoned by hand from the plan and the standards before anything was run."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.programmes.heavy_pollution.facts import take, value

BOTH = ["环保局", "气象局"]


@pytest.mark.parametrize(
    ("series", "amount", "edition", "index"),
    [
        ("PM2.5", 90, "2012", 119),  # 100 + 50·15/40 = 118.75
        ("PM2.5", 175, "2012", 225), ("PM2.5", 400, "2012", 434),  # 400 + 100·50/150 = 433.3
        ("PM10", 300, "2012", 175), ("PM10", 385, "2012", 250), ("PM10", 470, "2012", 363),  # 300 + 62.5
        ("SO2 24h", 312, "2012", 125),  # 100 + 50·162/325 = 124.9
        ("SO2 24h", 1200, "2012", 250), ("NO2 24h", 130, "2012", 125),
        ("NO2 24h", 658, "2012", 351),  # 300 + 100·93/185 = 350.3
        ("NO2 1h", 150, "2012", 75), ("NO2 1h", 950, "2012", 175), ("CO 24h", 3, "2012", 75),
        ("CO 24h", 19, "2012", 175), ("CO 1h", "47.5", "2012", 175), ("O3 8h", 130, "2012", 75),
        ("O3 8h", 190, "2012", 128),  # 100 + 50·30/55 = 127.3
        ("O3 1h", 250, "2012", 125), ("O3 1h", 600, "2012", 250), ("SO2 1h", 575, "2012", 125),
        ("PM2.5", 48, "2026", 76), ("PM2.5", 90, "2026", 128),  # 50 + 26; 100 + 27.3
        ("PM10", 85, "2026", 75), ("PM10", 200, "2026", 131),  # 100 + 50·80/130 = 130.8
    ],
)  # fmt: skip
def test_points_within_the_tables(series: str, amount: Any, edition: str, index: int) -> None:
    assert value("iaqi", {"series": series, "c": amount, "standard": edition})["iaqi"] == index


@pytest.mark.parametrize(
    ("days", "grade"),
    [
        ([210, 220, 230, 240, 250], "yellow"), ([310, 210, 210, 310, 210], "orange"), ([210, 310, 310], "orange"),
        ([201, 150, 150, 201, 201], "yellow"), ([301, 301, 150, 150, 301], "yellow"), ([210, 90, 210, 210], "yellow"),
        ([310, 90, 310, 310], "red"), ([310, 90, 210, 310], "orange"), ([90, 500, 90], "red"),
        ([499, 150, 499], "orange"), ([301, 151, 150, 301, 301], "red"), ([150, 150, 150], "none"),
        ([201, 140, 140, 201, 140, 201, 201], "yellow"), ([120, 301], "blue"),
    ],
)  # fmt: skip
def test_rows_of_days(days: list[int], grade: str) -> None:
    assert value("grade", {"days": days})["grade"] == grade


@pytest.mark.parametrize(
    ("amount", "count", "grade", "hours"),
    [
        # A process begins with the first hour above 200 and ends with the last window of 13 hours on 350, or 24 on 205.
        (350, 36, "blue", 47), (350, 37, "yellow", 48), (350, 60, "yellow", 71), (350, 61, "orange", 72),
        (350, 84, "orange", 95), (350, 85, "red", 96), (205, 47, "blue", 47), (205, 48, "yellow", 48),
        (500, 23, "blue", 38), (500, 24, "red", 39),
    ],
)  # fmt: skip
def test_hours_on_other_heights(amount: int, count: int, grade: str, hours: int) -> None:
    found = value("grade", {"series": [[24, 50], [count, amount], [60, 50]]})
    assert (found["grade"], found["hours"]) == (grade, hours)


@pytest.mark.parametrize(
    ("series", "t0"),
    [([[3, 200], [36, 150]], 3), ([[10, 140], [1, 151], [36, 150]], 11), ([[35, 100], [1, 151], [35, 100]], None),
     ([[12, 100], [1, None], [36, 100]], 13), ([[48, 0]], 0)],
)  # fmt: skip
def test_the_first_thirty_six_clean_hours(series: list[Any], t0: int | None) -> None:
    assert value("release", {"series": series, "now": 0})["t0"] == t0


def test_half_a_point_is_rounded_up() -> None:
    assert value("window", {"series": [[12, 100], [12, 301]], "h": 0})["aqi"] == 201
    assert value("grade", {"series": [[12, 100], [12, 300]]})["grade"] == "none"
    assert value("grade", {"series": [[12, 100], [12, 301]]})["grade"] == "blue"


BASE = {"SO2": 1000, "NOx": 2000, "PM": 3000, "VOCs": 400}


@pytest.mark.parametrize(
    ("level", "red", "result"),
    [
        ("Ⅳ", {"PM": 150, "VOCs": 20}, "pass"), ("Ⅳ", {"PM": 149, "VOCs": 20}, "fail"),
        ("Ⅲ", {"SO2": 100, "NOx": 200, "PM": 300, "VOCs": 40}, "pass"),
        ("Ⅲ", {"SO2": 100, "NOx": "199.99", "PM": 300, "VOCs": 40}, "fail"),
        ("Ⅱ", {"SO2": 0, "NOx": 800, "PM": 600, "VOCs": 60}, "pass"),
        ("Ⅱ", {"SO2": 100, "NOx": 599, "PM": 600, "VOCs": 60}, "fail"),
        ("Ⅰ", {"SO2": 300, "NOx": 600, "PM": 900, "VOCs": 80}, "pass"),
        ("Ⅰ", {"SO2": 300, "NOx": 600, "PM": 900, "VOCs": 79}, "fail"),
    ],
)  # fmt: skip
def test_society_wide_reductions(level: str, red: dict[str, Any], result: str) -> None:
    given = {"SO2": 0, "NOx": 0, **red}
    assert value("reduction", {"level": level, "base": BASE, "red": given})["result"] == result


def test_the_gap_takes_only_what_helps() -> None:
    hundred = dict.fromkeys(BASE, 100)
    reserve = [
        {"name": name, "priority": n, "red": red}
        for n, (name, red) in enumerate(
            [("甲", {"VOCs": 5}), ("乙", {"PM": 1}), ("丙", {"PM": "1.5"}), ("丁", {"PM": 9})], 1
        )
    ]
    facts = {"level": "Ⅳ", "base": hundred, "mandatory": {"PM": 3, "VOCs": 6}, "reserve": reserve}
    found = value("fill_gap", facts)
    assert (found["order"], found["skipped"], found["result"]) == (["乙", "丙"], ["甲"], "pass")


@pytest.mark.parametrize(
    ("vehicle", "place", "when", "level", "answer"),
    [
        ({"category": "载货", "fuel": "柴油", "plate": "鲁K00010"}, "inside", "2018-01-31", "Ⅱ", "no"),
        ({"category": "载货", "fuel": "汽油", "plate": "鲁K00001"}, "inside", "2018-01-31", "Ⅰ", "yes"),
        ({"category": "载货", "fuel": "电", "use": "工程运输", "plate": "鲁K00001"}, "inside", "2018-01-31", "Ⅲ", "no"),
        ({"category": "载货", "fuel": "柴油", "use": "渣土", "plate": "鲁K00001"}, "outside", "2018-01-31", "Ⅰ", "yes"),
        ({"category": "非道路", "fuel": "汽油"}, "inside", "2018-01-31", "Ⅲ", "yes"),
        ({"category": "非道路", "fuel": "柴油"}, "inside", "2018-01-31", "Ⅲ", "stop"),
        ({"category": "载货", "fuel": "柴油", "plate": "鲁K00001", "exempt": True}, "inside", "2018-01-30", "Ⅰ", "yes"),
    ],
)  # fmt: skip
def test_who_may_drive(vehicle: dict[str, Any], place: str, when: str, level: str, answer: str) -> None:
    assert value("vehicle", {"vehicle": vehicle, "place": place, "t": when, "level": level})["answer"] == answer


@pytest.mark.parametrize(
    ("level", "rh", "frost", "runs"),
    [("Ⅳ", 69, False, 1), ("Ⅱ", 50, False, 3), ("Ⅱ", None, False, 3), ("Ⅰ", 71, False, 0), ("Ⅲ", 10, True, 0)],
)
def test_how_often_roads_are_watered(level: str, rh: Any, frost: bool, runs: int) -> None:
    assert value("road_water", {"level": level, "rh": rh, "frost": frost})["runs"] == runs


@pytest.mark.parametrize(
    ("issued", "first"),
    [("2019-01-29T11:00:00", "2019-01-29 15:00"), ("2019-01-29T11:00:01", "2019-01-30 15:00"),
     ("2019-01-29T23:59:59", "2019-01-30 15:00")],
)  # fmt: skip
def test_the_first_daily_report(issued: str, first: str) -> None:
    due = {row["key"]: row["text"] for row in value("deadlines", {"issued_at": issued}, date(2019, 1, 29))["items"]}
    assert due["daily_member"] == first


def test_the_end_before_spring_festival() -> None:
    on = date(2019, 2, 1)
    ended = value("deadlines", {"ended_at": "2019-02-01T10:00", "highest_level": "Ⅲ"}, on)
    # The Saturday and Sunday before the festival are worked; the third working day is Monday the 11th.
    assert (ended["implementation"]["text"], ended["evaluation"]["text"]) == ("2019-02-03 24:00", "2019-02-11 24:00")
    assert ended["upward_owed"] is False
    filed = value("deadlines", {"plan_issued_on": "2019-09-12"}, date(2019, 9, 12))
    assert filed["plan_filing"]["due"] == "2019-10-08"


@pytest.mark.parametrize(
    ("latest", "coming", "trigger"),
    [(201, [[11, 200], [1, 201]], True), (200, [[12, 300]], False), (201, [[12, 200]], False),
     (300, [[10, 201], [2, None]], True)],
)  # fmt: skip
def test_when_a_warning_is_issued_at_once(latest: int, coming: list[Any], trigger: bool) -> None:
    assert value("nowcast", {"latest": latest, "next": coming})["trigger"] is trigger


@pytest.mark.parametrize(
    ("grade", "confirmed", "excluded"),
    [("浮尘", BOTH, False), ("扬沙", BOTH, False), ("沙尘暴", BOTH, True), ("特强沙尘暴", BOTH, True),
     ("强沙尘暴", ["环保局"], False)],
)  # fmt: skip
def test_which_dust_is_out_of_scope(grade: str, confirmed: list[str], excluded: bool) -> None:
    records = [{"grade": grade, "from": "2018-01-12T00:00", "to": "2018-01-12T06:00", "confirmed_by": confirmed}]
    assert value("dust", {"hour": "2018-01-12T05:00", "records": records})["excluded"] is excluded
    assert value("dust", {"hour": "2018-01-12T06:00", "records": records})["excluded"] is False


def test_a_lead_that_is_long_enough_to_the_second() -> None:
    assert value("lead", {"onset": "2019-01-10T00:00", "issued_at": "2019-01-08T23:59:59"})["ok"] is True
    late = value("lead", {"onset": "2019-01-10T00:00", "issued_at": "2019-01-09T00:00:01"})
    assert (late["ok"], late["late_seconds"]) == (False, 1)


def test_every_reason_of_a_grade_names_its_clause() -> None:
    for reason in take("grade", {"days": [310, 320, 330, 210]}).reasons:
        assert reason.citation is not None
