"""D11 to D18 on the plan's worked examples, exactly, and where facts are missing or make no sense."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from luoshi.kernel.decisions import Outcome, decide, find
from luoshi.kernel.errors import LuoshiError
from luoshi.programmes.heavy_pollution import catalogue
from luoshi.programmes.heavy_pollution.decisions.vehicles import Point, contains
from tests.programmes.heavy_pollution.facts import ON, take, value


def refused(name: str, facts: Any) -> LuoshiError:
    with pytest.raises(LuoshiError) as error:
        take(name, facts)
    return error.value


# --- D11, D12 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("colour", "level", "severity"),
    [("blue", "Ⅳ", "一般"), ("黄色预警", "Ⅲ", "较大"), ("橙", "Ⅱ", "重大"), ("RED", "Ⅰ", "特别重大")],
)
def test_level_of_a_colour(colour: str, level: str, severity: str) -> None:
    found = value("level", {"colour": colour, "issued_at": "2018-01-12T16:00"})
    assert (found["level"], found["severity"], found["started_at"]) == (level, severity, "2018-01-12T16:00:00+08:00")


@pytest.mark.parametrize("written", ["Ⅱ", "II", "ii", 2, "2", "二级", "Ⅱ级", "orange", "橙色"])
def test_levels_are_read_in_any_writing(written: Any) -> None:
    assert value("measures", {"level": written})["level"] == "Ⅱ"


def test_other_words_are_no_level() -> None:
    assert "不是级别" in refused("measures", {"level": "Ⅴ"}).message
    assert take("measures", {}).outcome is Outcome.UNDETERMINED
    assert value("measures", {"level": "none"})["ids"] == []


def test_measures_of_every_level() -> None:
    four = {"P1", "P2", "P7", "A1", "E1", "E2", "E3", "E4", "V1", "W1", "S1", "F1", "I1", "I2", "T"}
    three = four - {"E4", "W1"} | {"P3", "A2", "E5", "E7", "V2", "V3", "W2", "S2", "S3"}
    two = three - {"E5", "E7", "W2", "S3"} | {"P4", "P5", "A3", "E6", "E8", "V4", "W3", "S4", "H1"}
    one = two - {"E1", "E8", "V4", "W3", "S4"} | {"P6", "A4", "E9", "E10", "V5", "W4", "S5"}
    for level, expected, count in (("Ⅳ", four, 15), ("Ⅲ", three, 22), ("Ⅱ", two, 27), ("Ⅰ", one, 29)):
        found = value("measures", {"level": level})
        assert (set(found["ids"]), found["count"], len(found["measures"])) == (expected, count, count)
    assert value("measures", {"level": "Ⅳ"})["ids"] == (
        ["P1", "P2", "P7", "A1", "E1", "E2", "E3", "E4", "V1", "W1", "S1", "F1", "I1", "I2", "T"]
    )  # fmt: skip
    change = value("measures", {"level": "Ⅰ", "from_level": "Ⅱ"})
    assert change["added"] == ["P6", "A4", "E9", "E10", "V5", "W4", "S5"]
    assert change["closed"] == ["E1", "E8", "V4", "W3", "S4"]


def test_every_measure_has_all_its_columns() -> None:
    for row in (*catalogue.measures(), *catalogue.standing()):
        assert row.lead
        assert row.text
        assert row.citations
    for row in catalogue.measures():
        assert row.objects
        assert row.evidence
        assert not row.replaces or catalogue.measure(row.replaces).rank < row.rank
        assert all(catalogue.sector_of(name) for name in row.sectors)


# --- D13, D17 ---------------------------------------------------------------------------------------------------------

BASE = {"SO2": 4000, "NOx": 6000, "PM": 9000, "VOCs": 5000}
REDUCTIONS = [
    ("Ⅳ", {"PM": 450, "VOCs": 250}, "pass", {"PM": "5.0"}),
    ("Ⅲ", {"SO2": 240, "NOx": 840, "PM": 900, "VOCs": 500}, "pass", {"SO2": "6.0", "NOx": "14.0"}),
    ("Ⅲ", {"SO2": 200, "NOx": 894, "PM": 900, "VOCs": 500}, "fail", {"SO2+NOx": "19.9"}),
    ("Ⅲ", {"SO2": 240, "NOx": 840, "PM": 899, "VOCs": 500}, "fail", {"PM": "9.9"}),
    ("Ⅱ", {"SO2": 440, "NOx": 1740, "PM": 1800, "VOCs": 750}, "pass", {"SO2+NOx": "40.0"}),
    ("Ⅰ", {"SO2": 2400, "NOx": 0, "PM": 2700, "VOCs": 1000}, "pass", {"SO2+NOx": "60.0"}),
    ("Ⅰ", {"SO2": 2400, "NOx": 0, "PM": 2700, "VOCs": 999.9}, "fail", {"VOCs": "19.9"}),
]


@pytest.mark.parametrize(("level", "red", "result", "shown"), REDUCTIONS)
def test_reduction(level: str, red: dict[str, Any], result: str, shown: dict[str, str]) -> None:
    found = value("reduction", {"level": level, "base": BASE, "red": red})
    ratios = found["ratios"] | {test["name"]: test["ratio"] for test in found["tests"]}
    assert (found["result"], {name: ratios[name] for name in shown}) == (result, shown)


def test_targets_is_another_name_and_classes_add_up() -> None:
    assert find("heavy_pollution.targets") is find("heavy_pollution.reduction")
    base = {"工业源": {"PM": 6000, "VOCs": 5000}, "移动源": {"PM": 1000}, "扬尘源": {"PM": 2000}}
    red = {"工业源": {"PM": 300, "VOCs": 250}, "扬尘源": {"PM": "150"}}
    found = value("targets", {"level": "IV", "base": base, "red": red})
    assert (found["result"], found["exact"]) == ("pass", {"PM": 5, "VOCs": 5})
    assert found["classes"]["扬尘源"] == {"base": {"PM": 2000}, "red": {"PM": 150}}
    many = [{"PM": 200}, {"PM": 250, "VOCs": 250}]
    assert value("targets", {"level": "IV", "base": BASE, "red": many})["result"] == "pass"


def test_an_inventory_is_added_up_source_by_source() -> None:
    sources = [
        {"class": "工业源", "baseline": {"PM": 6000, "VOCs": 5000}, "reduction": {"PM": 300, "VOCs": 250}},
        {"class": "扬尘源", "base": {"PM": 3000}, "red": {"PM": 150}},
    ]
    found = value("reduction", {"level": "Ⅳ", "sources": sources})
    assert (found["result"], found["exact"]) == ("pass", {"PM": 5, "VOCs": 5})
    sources[1]["red"] = {"PM": 149}
    assert value("reduction", {"level": "Ⅳ", "sources": sources})["result"] == "fail"
    assert "基数和减排量" in refused("reduction", {"level": "Ⅳ", "sources": [{"class": "工业源"}]}).message


def test_without_the_joint_rule_each_pollutant_counts() -> None:
    facts = {"level": "Ⅱ", "base": BASE, "red": {"SO2": 440, "NOx": 1740, "PM": 1800, "VOCs": 750}}
    single = decide("heavy_pollution.reduction", facts, ON, {"hp.red.joint": False})
    assert (single.value["result"], single.outcome) == ("fail", Outcome.REFUSE)


@pytest.mark.parametrize(
    ("base", "red", "word"),
    [
        (BASE | {"PM": 0}, {"PM": 1, "VOCs": 1}, "PM的基数"),
        (BASE, {"PM": -1, "VOCs": 1}, "PM"),
        (BASE, {"PM": 9001, "VOCs": 1}, "超过基数"),
        (BASE, {"CO2": 1}, "没有“CO2”"),
        (BASE, [{"PM": 450, "VOCs": 500}, {"PM": -1}], "PM"),
    ],
)
def test_amounts_that_make_no_sense_are_refused(base: Any, red: Any, word: str) -> None:
    error = refused("reduction", {"level": "Ⅳ", "base": base, "red": red})
    assert (error.code, word in error.message) == ("E_INPUT", True)


def test_an_unknown_reduction_leaves_a_target_open() -> None:
    taken = take("reduction", {"level": "Ⅲ", "base": BASE, "red": {"SO2": 2400, "PM": 900, "VOCs": 500}})
    assert (taken.outcome, taken.value["result"]) == (Outcome.UNDETERMINED, None)


GAP = {
    "level": "Ⅱ",
    "base": BASE,
    "mandatory": {"SO2": 520, "NOx": 1500, "PM": 1750, "VOCs": 760},
    "reserve": [
        {"name": "甲", "priority": 1, "red": {"VOCs": 100}},
        {"name": "戊", "priority": 5, "red": {"SO2": 500, "PM": 500}},
        {"name": "乙", "priority": 2, "red": {"PM": 40}},
        {"name": "丙", "priority": 3, "plan": {"Ⅲ": {"SO2": 1}, "Ⅱ": {"SO2": 60, "PM": 20}}},
        {"name": "丁", "priority": 4, "NOx": 30},
    ],
}


def test_the_gap_is_closed_by_priority() -> None:
    found = value("fill_gap", GAP)
    assert (found["order"], found["skipped"], found["not_needed"]) == (["乙", "丙", "丁"], ["甲"], ["戊"])
    assert found["ratios"] == {"SO2": "14.5", "NOx": "25.5", "PM": "20.1", "VOCs": "15.2"}
    assert (found["result"], found["shortfall"]) == ("pass", {})
    short = value("fill_gap", GAP | {"reserve": {"乙": {"PM": 40}, "丁": {"NOx": 30}}})
    assert (short["order"], short["result"]) == (["乙", "丁"], "fail")
    assert short["shortfall"] == {"PM": "1/9", "SO2+NOx": "1.5"}
    twice = GAP | {"reserve": [{"name": "甲", "priority": 1}, {"name": "乙", "priority": 1}]}
    assert "重复" in refused("fill_gap", twice).message


# --- D14 --------------------------------------------------------------------------------------------------------------

FIRM = {"credit_code": "913710830000000195", "sector": "化工", "baseline": {"PM": 100, "VOCs": 250, "SO2": 0}}


def test_a_firm_fails_on_the_pollutant_that_falls_short() -> None:
    taken = take("sector", {"level": "Ⅱ", "firm": FIRM | {"plan": {"Ⅱ": {"PM": 20, "VOCs": 49}}}})
    assert taken.outcome is Outcome.REFUSE
    assert [(test["name"], test["ratio"], test["ok"]) for test in taken.value["tests"]] == [
        ("PM", "20.0", True), ("VOCs", "19.6", False),
    ]  # fmt: skip
    assert take("sector", {"level": "Ⅱ", "firm": FIRM | {"plan": {"PM": 20, "VOCs": 50}}}).outcome is Outcome.ALLOW
    assert take("sector", {"level": "Ⅱ", "firm": FIRM}).outcome is Outcome.UNDETERMINED
    assert take("sector", {"level": "Ⅳ", "firm": FIRM | {"plan": {"PM": 0}}}).outcome is Outcome.NOT_APPLICABLE


ROWS = [
    ("橡胶", (10, 20, 30, 30)),
    ("casting", (None, 20, 30, 30)),
    ("印刷", (None, 10, 20, 20)),
    ("chemical", (None, 10, 20, 20)),
    ("金属制品", (None, None, None, 20)),
    ("设备制造", (None, None, None, 20)),
]


@pytest.mark.parametrize(("sector", "row"), ROWS)
def test_every_sector_at_every_level(sector: str, row: tuple[int | None, ...]) -> None:
    for level, needed in zip("ⅣⅢⅡⅠ", row, strict=True):
        facts = {"level": level, "sector": sector, "base": {"PM": 100}, "plan": {"PM": needed or 0}}
        assert value("sector", facts).get("required") == needed
        if needed:
            assert take("sector", facts).outcome is Outcome.ALLOW
            assert take("sector", facts | {"plan": {"PM": f"{needed - 1}.9"}}).outcome is Outcome.REFUSE


@pytest.mark.parametrize(
    ("firm", "level", "outcome"),
    [
        ({"sector": "其他", "other_heavy": True, "base": {"PM": 10}, "plan": {"PM": 2}}, "Ⅲ", Outcome.ALLOW),
        ({"sector": "其他", "other_heavy": True, "base": {"PM": 10}, "plan": {"PM": 2}}, "Ⅱ", Outcome.REFUSE),
        ({"sector": "水泥粉磨", "plan": {"stop": True}}, "Ⅳ", Outcome.ALLOW),
        ({"sector": "喷涂烤漆(VOCs)", "stops": False}, "Ⅰ", Outcome.REFUSE),
        ({"sector": "喷涂烤漆"}, "Ⅳ", Outcome.UNDETERMINED),
        ({"sector": "混凝土搅拌", "plan_state": "审核通过"}, "Ⅳ", Outcome.ALLOW),
        ({"sector": "其他", "plan_state": "draft"}, "Ⅳ", Outcome.REFUSE),
        ({"sector": "其他"}, "Ⅳ", Outcome.UNDETERMINED),
        ({"sector": "橡胶", "exempt_basis": "生产安全", "max_load": 60, "load": "60"}, "Ⅰ", Outcome.ALLOW),
        ({"sector": "橡胶", "exempt_basis": "群众基本生活", "max_load": 60, "load": "60.1"}, "Ⅰ", Outcome.REFUSE),
        ({"sector": "橡胶", "exempt_basis": "生产安全", "max_load": 60}, "Ⅰ", Outcome.UNDETERMINED),
        ({"sector": "橡胶", "exempt_basis": "生产安全", "max_load": 60, "load": 50, "base": {"PM": 10},
          "plan": {"PM": 1}}, "Ⅲ", Outcome.REFUSE),
        ({"base": {"PM": 1}}, "Ⅲ", Outcome.UNDETERMINED),
    ],
)  # fmt: skip
def test_firms_of_other_kinds(firm: dict[str, Any], level: str, outcome: Outcome) -> None:
    assert take("sector", {"level": level, "firm": firm}).outcome is outcome


@pytest.mark.parametrize(
    ("firm", "code", "word"),
    [
        ({"credit_code": "913710830000000196"}, "E_CHECK_DIGIT", "校验位"),
        ({"plan": {"PM": 101}}, "E_INPUT", "超过基数"),
        ({"plan": {"Ⅲ": {"VOCs": 60}, "Ⅱ": {"VOCs": 50}}}, "E_INPUT", "Ⅱ级VOCs"),
        ({"plan": {"PM": -1}}, "E_INPUT", "不得为负"),
        ({"exempt_basis": "生产安全"}, "E_INPUT", "max_load"),
        ({"sector": "造纸"}, "E_INPUT", "没有“造纸”"),
    ],
)
def test_firms_that_make_no_sense_are_refused(firm: dict[str, Any], code: str, word: str) -> None:
    error = refused("sector", {"level": "Ⅱ", "firm": FIRM | firm})
    assert (error.code, word in error.message) == (code, True)


# --- D15 --------------------------------------------------------------------------------------------------------------

TRUCK = {"category": "载货", "fuel": "柴油", "plate": "鲁K12A4B"}
VEHICLES = [
    (TRUCK, "建成区内", 14, "Ⅱ", "yes"), (TRUCK, "inside", 15, "Ⅱ", "no"), (TRUCK, "inside", 15, "Ⅲ", "yes"),
    (TRUCK, "inside", 14, "Ⅰ", "no"), (TRUCK, "outside", 14, "Ⅰ", "yes"), (TRUCK, "inside", 15, "none", "yes"),
    ({"category": "载货", "fuel": "gas", "use": "渣土"}, "inside", 14, "Ⅳ", "no"),
    ({"category": "载货", "fuel": "电"}, "inside", 14, "Ⅰ", "yes"),
    ({"use": "工程运输"}, "inside", 14, "Ⅳ", "yes"), ({"use": "工程运输"}, "inside", 14, "Ⅲ", "no"),
    ({"category": "forklift", "fuel": "diesel"}, "inside", 14, "Ⅲ", "stop"),
    ({"category": "forklift", "fuel": "diesel"}, "inside", 14, "Ⅳ", "yes"),
    ({"category": "forklift", "fuel": "电"}, "inside", 14, "Ⅰ", "yes"),
    ({"category": "载客", "fuel": "柴油"}, "inside", 14, "Ⅰ", "yes"),
    (TRUCK | {"exempt": True}, "inside", 14, "Ⅰ", "yes"),
    (TRUCK | {"plate": "使馆"}, "inside", 14, "Ⅱ", "officer_decides"),
    (TRUCK | {"plate": None}, "inside", 14, "Ⅱ", "unknown"),
    (TRUCK | {"fuel": None}, "inside", 15, "Ⅱ", "unknown"), (TRUCK | {"fuel": None}, "inside", 14, "Ⅱ", "yes"),
    (TRUCK, None, 14, "Ⅰ", "unknown"), (TRUCK, None, 14, "Ⅱ", "yes"), ({}, "inside", 14, "Ⅰ", "unknown"),
    (TRUCK, "inside", None, "Ⅱ", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("vehicle", "place", "day", "level", "answer"), VEHICLES)
def test_may_drive(vehicle: dict[str, Any], place: str | None, day: int | None, level: str, answer: str) -> None:
    facts = {"vehicle": vehicle, "place": place, "t": day and f"2018-01-{day}T09:00", "level": level}
    taken = take("may_drive", facts)
    assert taken.value["answer"] == answer
    outcome = {"yes": Outcome.ALLOW, "no": Outcome.REFUSE, "stop": Outcome.REFUSE}.get(answer, Outcome.UNDETERMINED)
    assert taken.outcome is outcome
    assert taken.value["may_drive"] is {Outcome.ALLOW: True, Outcome.REFUSE: False}.get(outcome)


def test_the_last_digit_of_a_plate_counts() -> None:
    found = value("vehicle", TRUCK | {"plate": "鲁K1230挂", "place": "inside", "t": "2018-01-14", "level": "Ⅱ"})
    assert (found["digit"], found["parity"], found["answer"]) == (0, "even", "yes")
    for day, answer in (("2018-01-31", "yes"), ("2018-02-01", "yes"), ("2018-02-02", "no")):
        facts = TRUCK | {"plate": "鲁Ｋ１２３４５", "place": "inside", "t": day, "level": "Ⅱ"}
        assert value("vehicle", facts)["answer"] == answer
    opposite = TRUCK | {"place": "inside", "t": "2018-01-14", "level": "Ⅱ"}
    assert decide("heavy_pollution.vehicle", opposite, ON, {"hp.vehicle.parity": "opposite"}).value["answer"] == "no"


def test_every_rule_that_forbids_is_listed() -> None:
    facts = {"vehicle": TRUCK | {"use": "渣土"}, "place": "inside", "t": "2018-01-15", "level": "Ⅱ"}
    assert [rule.partition(" ")[2] for rule in value("vehicle", facts)["rules"]] == ["3.2.1.3(3)②", "3.2.3.3(3)②"]


def test_a_point_on_the_boundary_is_inside() -> None:
    square = tuple(Point(lat, lon) for lat, lon in ((0, 0), (0, 4), (4, 4), (4, 2), (2, 2), (2, 0)))
    inside = [(1, 1), (0, 0), (0, 2), (3, 2), (2, 1), (3, 3), (4, 4)]
    outside = [(3, 1), (5, 1), (-1, 0), (0, 5), (2, -1), (4, 1)]
    assert [contains(square, Point(*point)) for point in (*inside, *outside)] == [True] * 7 + [False] * 6
    facts = TRUCK | {"level": "Ⅰ", "t": "2018-01-14", "polygon": [[36, 121], [36, 122], [37, 122], [37, 121]]}
    assert value("vehicle", facts | {"place": {"lat": "36.5", "lon": 121}})["answer"] == "no"
    assert value("vehicle", facts | {"place": {"lat": 36.5, "lon": "120.999"}})["answer"] == "yes"


# --- D16 --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "rh", "frost", "runs"),
    [
        ("Ⅲ", 69.9, False, 2), ("Ⅲ", 70, False, 0), ("Ⅰ", 40, True, 0), ("Ⅰ", None, False, 4), ("none", 40, False, 0),
        ("Ⅳ", 40, False, 1), ("Ⅱ", 40, False, 3), ("Ⅱ", 40, None, None), ("Ⅱ", 80, None, 0),
        ("Ⅱ", [72, None, 67.9], False, 3), ("Ⅱ", [72, 68], False, 0),
    ],
)  # fmt: skip
def test_road_water(level: str, rh: Any, frost: bool | None, runs: int | None) -> None:
    taken = take("road_water", {"level": level, "rh": rh, "frost": frost})
    assert taken.value["runs"] == runs
    assert taken.value["sites"] == (0 if level == "none" else 2)
    assert (taken.outcome is Outcome.UNDETERMINED) is (runs is None)


def test_low_temperature_only_suggests_frost() -> None:
    found = value("road_water", {"level": "Ⅲ", "rh": 40, "frost": False, "min_temp": "-0.5"})
    assert (found["runs"], found["frost_suggested"]) == (2, True)


# --- D18 --------------------------------------------------------------------------------------------------------------


def texts(facts: Any) -> dict[str, str]:
    """What is due by key, as officials write it; an upgrade's under `upgrade.`"""
    return {
        (row["key"] if row["event"] != "upgrade" or "issued_at" not in facts else f"upgrade.{row['key']}"): row["text"]
        for row in value("deadlines", facts)["items"]
    }


def test_what_a_warning_starts() -> None:
    assert texts({"issued_at": "2018-01-12T16:00"}) == {
        "publicity": "2018-01-12 18:00",
        "lists": "2018-01-12 20:00",
        "filing": "2018-01-12 24:00",
        "daily_member": "2018-01-13 15:00",
        "daily_office": "2018-01-13 17:00",
    }
    for start, first in (("11:00:00", "2018-01-12 15:00"), ("11:00:01", "2018-01-13 15:00")):
        assert texts({"event": "issue", "at": f"2018-01-12T{start}"})["daily_member"] == first


def test_an_upgrade_starts_lists_and_publicity_anew() -> None:
    upgrade = texts({"event": "upgrade", "at": "2018-01-14T09:30"})
    assert (upgrade["lists"], upgrade["publicity"]) == ("2018-01-14 13:30", "2018-01-14 11:30")
    assert (upgrade["daily_member"], upgrade["daily_office"]) == ("2018-01-14 15:00", "2018-01-14 17:00")
    both = texts({"issued_at": "2018-01-12T16:00", "upgraded_at": ["2018-01-14T09:30"]})
    assert (both["lists"], both["upgrade.lists"]) == ("2018-01-12 20:00", "2018-01-14 13:30")


def test_events_may_be_listed() -> None:
    events = [{"event": "issue", "at": "2018-01-12T16:00"}, {"type": "upgrade", "at": "2018-01-14T09:30"}]
    plain = {"issued_at": "2018-01-12T16:00", "upgraded_at": ["2018-01-14T09:30"]}
    assert value("deadlines", {"events": events}) == value("deadlines", plain)
    ended = {"type": "end", "at": "2018-02-14T10:00", "level": "Ⅱ"}
    assert value("deadlines", {"event": ended})["upward"]["text"] == "2018-02-24 24:00"


def test_what_the_end_of_a_response_brings() -> None:
    found = value("deadlines", {"ended_at": "2018-02-14T10:00", "highest_level": "Ⅱ"})
    assert found["implementation"]["text"] == "2018-02-16 24:00"
    assert found["evaluation"]["text"] == found["upward"]["text"] == "2018-02-24 24:00"
    assert found["upward_to"] == ["weihai-air-office", "shandong-air-office"]
    assert found["daily_on_last_day"] is False
    assert value("deadlines", {"ended_at": "2018-02-14T15:00", "level": 3})["daily_on_last_day"] is True
    assert "upward" not in value("deadlines", {"ended_at": "2018-02-14T10:00", "levels": ["Ⅳ", "Ⅲ"]})
    unknown = take("deadlines", {"ended_at": "2018-02-14T10:00"})
    assert (unknown.value["upward_owed"], unknown.outcome) == (None, Outcome.ALLOW_WITH_CONDITION)


def test_daily_reports_of_a_whole_response() -> None:
    facts = {"issued_at": "2018-01-12T16:00", "ended_at": "2018-01-15T10:00", "level": "Ⅲ"}
    daily = value("deadlines", facts)["daily"]
    assert [day["member"][:16] for day in daily] == ["2018-01-13T15:00", "2018-01-14T15:00"]
    assert daily[0]["office"] == "2018-01-13T17:00:00+08:00"
    short = value("deadlines", {"issued_at": "2018-01-12T08:00", "ended_at": "2018-01-12T14:00", "level": "Ⅳ"})
    assert (short["daily"], "daily_member" in short) == ([], False)


def test_plans_are_filed_in_twenty_days_rolled() -> None:
    found = value("deadlines", {"plan_issued_on": "2018-01-08"})
    assert (found["plan_filing"]["due"], found["publication"]["due"]) == ("2018-01-29", "2018-07-31")
    fixed = decide("heavy_pollution.deadlines", {"plan_issued_on": "2018-01-08"}, ON, {"hp.roll": False})
    assert fixed.value["plan_filing"]["due"] == "2018-01-28"


def test_moments_that_make_no_sense_are_refused() -> None:
    for facts, word in (
        ({"issued_at": "2018-01-12"}, "时刻"),
        ({"issued_at": "2018-01-12T16:00", "ended_at": "2018-01-11T10:00"}, "早于"),
        ({"event": "party", "at": "2018-01-12"}, "应为"),
        ({"issued_at": "2018-13-12T16:00"}, "不是日期"),
    ):
        assert word in refused("deadlines", facts).message
    assert take("deadlines", {}).outcome is Outcome.UNDETERMINED


# --- the room ---------------------------------------------------------------------------------------------------------

NAMES = (
    "iaqi", "aqi", "window", "assemble", "dust", "grade", "lead", "nowcast", "adjust", "release", "level", "measures",
    "reduction", "sector", "vehicle", "road_water", "fill_gap", "deadlines",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_decision_explains_itself(name: str) -> None:
    definition = find(f"heavy_pollution.{name}")
    schema = definition.schema()
    assert str(schema["citation"]).startswith("乳政办发〔2018〕2号 ")
    for field, part in schema["facts"]["properties"].items():
        assert "\u4e00" <= part["description"][0] <= "\u9fff" or part["description"][0].isupper(), field
    for example in schema["facts"]["examples"]:
        taken = take(name, example)
        assert isinstance(taken.value, dict)
        assert taken.outcome is not Outcome.UNDETERMINED, example
        assert taken.reasons
        assert all(reason.citation is not None for reason in taken.reasons), taken.reasons
    nothing = take(name, {})
    assert nothing.outcome is Outcome.UNDETERMINED


def test_a_day_before_the_plan_has_no_numbers() -> None:
    with pytest.raises(LuoshiError) as error:
        take("grade", {"days": [201]}, date(2018, 1, 7))
    assert error.value.code == "E_PARAMETER_MISSING"


# --- facts by the names a reader of the plan would give them ----------------------------------------------------------

_AMOUNTS = {"SO2": 4000, "NOx": 6000, "PM": 9000, "VOCs": 5000}
_TAKEN = {"SO2": 520, "NOx": 1500, "PM": 1850, "VOCs": 760}


@pytest.mark.parametrize(
    ("name", "facts", "path", "expected"),
    [
        ("iaqi", {"series": "O3 8h", "c": 801, "O3 1h": 401}, "iaqi", 201),
        ("iaqi", {"PM2.5": 151, "standard": "2012"}, "iaqi", 201),
        ("aqi", {"daily": {"PM2.5": 162, "PM10": 231}}, "aqi", 212),
        ("aqi", {"values": {"PM2.5_24h": 162, "NO2_24h": 85}, "time": "2018-01-14T10:00"}, "iaqi",
         {"PM2.5": 212, "NO2": 103}),
        ("window", {"PM2.5": [[12, 100], [24, 160], [12, 80]], "h": 12}, "aqi", 210),
        ("window", {"series": {"PM2.5": "12×100, 24×160, 12×80"}, "h": 12}, "aqi", 210),
        ("grade", {"series": [201, 301, 201], "unit": "d"}, "grade", "orange"),
        ("grade", {"measured": [260, 310], "forecast": [320, 230, 120], "unit": "day", "now": 48}, "grade", "red"),
        ("grade", {"series": "24×100,6×500,18×120,24×100", "dust": [{"grade": "沙尘暴", "hours": [24, 30],
                   "env_confirmed": True, "met_confirmed": True}]}, "grade", "none"),
        ("grade", {"series": "24×100,6×500,18×120,24×100", "dust": [{"grade": "沙尘暴", "hours": [24, 30],
                   "env_confirmed": False, "met_confirmed": True}]}, "grade", "blue"),
        ("adjust", {"current_warning": "yellow", "computed": "red", "forward": "yellow"}, "to", "red"),
        ("nowcast", {"latest": 205, "next_12": [[12, 201]]}, "trigger", True),
        ("fill_gap", {"level": "Ⅱ", "base": _AMOUNTS, "current": _TAKEN,
                      "candidates": [{"name": "丙", "priority": 1, "red": {"SO2": 600}}]}, "order", ["丙"]),
        ("vehicle", {"vehicle": {"category": "载货", "fuel": "柴油", "plate": "鲁K12A4B"}, "place": "建成区", "day": 15,
                     "response_level": "Ⅱ"}, "answer", "no"),
        ("vehicle", {"vehicle": {"category": "非道路", "type": "叉车", "fuel": "柴油"}, "place": "建成区",
                     "t": "2018-01-14", "level": "Ⅲ"}, "answer", "stop"),
        ("vehicle", {"vehicle": {"category": "载货", "fuel": "柴油"}, "place": "建成区", "t": "2018-01-14",
                     "level": None}, "answer", "yes"),
        ("road_water", {"level": None, "humidity": "40%", "frost": "no"}, "runs", 0),
        ("road_water", {"response": "Ⅲ", "humidity": "69.9%", "frost": False}, "runs", 2),
        ("deadlines", {"event": "terminate", "ended_at": "2018-02-14 10:00", "highest": "II"}, "upward_owed", True),
    ],
)  # fmt: skip
def test_facts_have_more_than_one_name(name: str, facts: Any, path: str, expected: Any) -> None:
    assert value(name, facts)[path] == expected
