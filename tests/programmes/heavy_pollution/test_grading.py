"""D3 to D10 on the plan's worked examples; whole days and hours agree; the engine agrees with a slow reading."""

from __future__ import annotations

import random
from datetime import date
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luoshi.kernel.decisions import Outcome, decide
from luoshi.kernel.errors import LuoshiError
from luoshi.programmes.heavy_pollution import series as reading
from luoshi.programmes.heavy_pollution.numbers import Rounding
from luoshi.programmes.heavy_pollution.processes import Limits, judge, processes, release, release_stretches
from luoshi.programmes.heavy_pollution.windows import Line, Validity, lay_out
from luoshi.programmes.heavy_pollution.words import COLOURS
from tests.programmes.heavy_pollution.facts import ON, take, value

BOTH = ["气象局", "环保局"]

# --- D3 ---------------------------------------------------------------------------------------------------------------

PM = {"PM2.5": [[12, 100], [24, 160], [12, 80]]}


def test_a_window_may_cross_midnight() -> None:
    for hour, mean, aqi in ((0, "130.00", 172), (24, "120.00", 158), (12, "160.00", 210)):
        found = value("window", {"series": PM, "h": hour})
        assert (found["means"], found["aqi"], found["method"]) == ({"PM2.5_24h": mean}, aqi, "concentrations")
    graded = value("grade", {"series": PM, "start": "2018-01-10T00:00"})
    assert (graded["grade"], graded["start_at"]) == ("blue", "2018-01-10T12:00:00+08:00")


def test_running_value_shown_at_an_hour_is_the_window_that_ends_with_it() -> None:
    assert value("window", {"series": [[30, 210]], "at": 29})["h"] == 6
    assert take("window", {"series": [[30, 210]], "at": 22}).outcome is Outcome.UNDETERMINED
    assert take("window", {"series": [[30, 210]], "h": 7}).outcome is Outcome.UNDETERMINED
    assert len(value("window", {"series": [[30, 210]]})["windows"]) == 7


@pytest.mark.parametrize(("usable", "aqi"), [(20, 201), (19, None)])
def test_a_window_needs_twenty_usable_hours(usable: int, aqi: int | None) -> None:
    found = value("window", {"series": [[usable, 201], [24 - usable, None]], "h": 0})
    assert (found["aqi"], found["usable"]) == (aqi, usable)


def test_mean_of_hourly_indices_is_rounded_up() -> None:
    found = value("window", {"series": [[23, 200], 201], "h": 0})
    assert (found["aqi"], found["mean"], found["mean_exact"], found["method"]) == (201, "200.04", "4801/24", "aqi")


def test_daily_ozone_is_the_highest_eight_hour_mean_of_a_window() -> None:
    hours = [{"n": 8, "O3": 20}, {"n": 8, "O3": 260}, {"n": 8, "O3": 20}]
    found = value("window", {"series": hours, "h": 0})
    assert (found["means"], found["aqi"]) == ({"O3_8h": "260.00", "O3_1h": "260.00"}, 195)
    gap = [{"n": 8, "O3": 20}, {"n": 8, "O3": 260}, {"n": 4, "O3": 20}, [4, {"PM2.5": 10}]]
    assert "O3_8h" in value("window", {"series": gap, "h": 0})["means"]
    wide = [{"n": 8, "O3": 20}, {"n": 6, "O3": 260}, [10, {"PM2.5": 10}]]
    assert value("window", {"series": wide, "h": 0})["method"] == "aqi"


# --- D4, D5 -----------------------------------------------------------------------------------------------------------


def test_measured_hours_are_followed_by_the_forecast() -> None:
    facts = {
        "now": "2018-01-14T09:30",
        "measured": {"start": "2018-01-14T00:00", "hours": [[8, 231], -999, 240]},
        "forecast": [{"date": "2018-01-14", "aqi": 220}, {"date": "2018-01-15", "aqi_low": 200, "aqi_high": 330}],
        "edits": [{"hour": "2018-01-14T12:00", "aqi": 250, "reason": "会商采用高值"}],
    }
    found = value("assemble", facts)
    hours = found["hours"]
    assert (found["start"], found["now"], found["measured"], found["forecast"]) == (
        "2018-01-14T00:00:00+08:00",
        9,
        8,
        15,
    )
    assert [hours[place]["origin"] for place in (7, 8, 9, 12)] == ["measured", "measured", "forecast", "edited"]
    assert hours[8]["aqi"] is None
    assert (hours[12]["aqi"], hours[12]["original"], hours[12]["reason"]) == (250, 220, "会商采用高值")
    assert (hours[9]["flat"], found["flat"], found["gaps"]) == (True, 14, 25)
    graded = value("grade", {"series": found["series"], "now": found["now"]})
    assert graded["grade"] == "blue"


def test_measurements_older_than_fifteen_days_are_left_out() -> None:
    facts = {
        "now": "2018-01-31T00:00",
        "measured": {"start": "2018-01-01T00:00", "days": [100] * 30},
        "forecast": [100],
    }
    assert value("assemble", facts)["start"] == "2018-01-16T00:00:00+08:00"


def test_a_daily_forecast_is_reckoned_from_its_concentrations() -> None:
    facts = {"now": "2018-01-14T00:00", "forecast": [{"date": "2018-01-14", "PM2.5": 162, "PM10": 231}]}
    assert {row["aqi"] for row in value("assemble", facts)["hours"]} == {212}


DUST = [
    ("扬沙", BOTH, False, "blue"),
    ("浮尘", BOTH, False, "blue"),
    ("沙尘暴", BOTH, True, "none"),
    ("强沙尘暴", BOTH, True, "none"),
    ("沙尘暴", ["气象局"], False, "blue"),
    ("沙尘暴", ["环保局"], False, "blue"),
]


@pytest.mark.parametrize(("grade", "confirmed", "excluded", "expected"), DUST)
def test_only_a_confirmed_sandstorm_is_out_of_scope(
    grade: str, confirmed: list[str], excluded: bool, expected: str
) -> None:
    record = {"grade": grade, "from": 24, "to": 30, "confirmed_by": confirmed}
    series = [[24, 100], [6, 500], [18, 120], [24, 100]]
    assert value("dust", {"hour": 25, "records": [record]})["excluded"] is excluded
    found = value("grade", {"series": series, "dust": [record]})
    assert (found["grade"], found["max_w"] == 215) == (expected, not excluded)
    window = value("window", {"series": series, "dust": [record], "h": 24})
    assert (window["aqi"], window["usable"]) == ((None, 18) if excluded else (215, 24))


def test_dust_covers_whole_hours_and_who_enters_confirms() -> None:
    record = {"grade": "沙尘暴", "from": "2018-03-28T08:30", "to": "2018-03-28T11:00", "entered_by": "气象局",
              "confirmed_by": "环保局"}  # fmt: skip
    hours = [f"2018-03-28T{hour:02}:00" for hour in (8, 9, 10, 11)]
    assert [value("dust", {"hour": hour, "records": record})["excluded"] for hour in hours] == [
        False,
        True,
        True,
        False,
    ]
    assert take("dust", {"visibility_km": "0.4", "confirmed": True}).value["grade"] == "强沙尘暴"
    assert take("dust", {"confirmed": True}).outcome is Outcome.UNDETERMINED


# --- D6 ---------------------------------------------------------------------------------------------------------------

DAYS = [
    ([200, 200, 200, 200], "none", "none"), ([201, 150], "blue", "blue"), ([310, 150], "blue", "blue"),
    ([201, 201], "yellow", "yellow"), ([320, 330], "yellow", "yellow"), ([499, 499], "yellow", "yellow"),
    ([201, 201, 201], "yellow", "yellow"), ([201, 301, 201], "orange", "orange"), ([310, 320, 330], "orange", "orange"),
    ([210, 210, 210, 210], "yellow", "yellow"), ([210, 310, 210, 320], "orange", "orange"),
    ([499, 300, 499, 210], "orange", "orange"), ([210, 310, 320, 210], "red", "red"), ([500, 100], "red", "red"),
    ([260, 140, 260], "yellow", "blue"), ([320, 140, 210], "orange", "blue"), ([320, 140, 140, 210], "blue", "blue"),
    ([260, 160, 160, 260], "yellow", "blue"), ([330, 340, 140, 210], "red", "yellow"),
    ([220, 130, 151, 130, 230], "yellow", "blue"), ([499.01, 100], "red", "red"),
]  # fmt: skip


@pytest.mark.parametrize(("days", "expected", "unmerged"), DAYS)
def test_grade_of_whole_days(days: list[float], expected: str, unmerged: str) -> None:
    taken = take("grade", {"days": days})
    assert (taken.value["grade"], taken.value["unmerged_grade"]) == (expected, unmerged)
    assert taken.outcome is (Outcome.NOT_APPLICABLE if expected == "none" else Outcome.ALLOW)
    hours = [hour for day in days for hour in [day] * 24]
    assert value("grade", {"series": hours}) == taken.value


HOURS = [
    ("24×50, 24×400, 48×50", "blue", 37), ("24×50, 34×400, 60×50", "blue", 47), ("24×50, 35×400, 60×50", "yellow", 48),
    ("24×50, 38×300, 60×50", "blue", 47), ("24×50, 39×300, 60×50", "yellow", 48),
    ("24×240, 35×120, 24×240, 24×80", "yellow", 88),
]  # fmt: skip


@pytest.mark.parametrize(("series", "expected", "hours"), HOURS)
def test_grade_of_hours(series: str, expected: str, hours: int) -> None:
    found = value("grade", {"series": series})
    assert (found["grade"], found["hours"], found["days"]) == (expected, hours, hours // 24)


def test_thirty_six_clean_hours_part_two_processes() -> None:
    bridged = value("grade", {"series": "24×240, 35×120, 24×240, 24×80"})
    assert (bridged["bridged"], bridged["release_stretches"], bridged["unmerged_grade"]) == (True, [], "blue")
    apart = value("grade", {"series": "24×240, 36×120, 24×240, 24×80"})
    assert (apart["grade"], apart["bridged"], apart["release_stretches"]) == ("blue", False, [[24, 60]])
    assert [process["start"] for process in apart["processes"]] == [0, 60]


def test_hours_already_measured_count() -> None:
    facts = {"measured_days": [260, 310], "forecast_days": [320, 230, 120]}
    found = value("grade", facts)
    assert (found["grade"], found["hours"], found["severe_h"], found["now"]) == ("red", 102, 53, 48)
    assert (found["forward_grade"], found["forward_hours"]) == ("yellow", 54)
    assert value("grade", {"days": [260, 310, 320, 230, 120], "now": 48}) == found
    proposal = take("adjust", {"current": "黄色", **facts})
    assert (proposal.value["proposal"], proposal.value["to"], proposal.value["urgent"]) == ("upgrade", "red", True)
    assert str(proposal.reasons[0].citation) == "乳政办发〔2018〕2号 3.1.5"


def test_readings_are_switches() -> None:
    series = {"days": [260, 310, 320, 230, 120], "now": 48}
    assert decide("heavy_pollution.grade", series, ON, {"hp.elapsed_counts": False}).value["grade"] == "yellow"
    merged = {"days": [260, 140, 260]}
    assert decide("heavy_pollution.grade", merged, ON, {"hp.merge.gap_counts": False}).value["grade"] == "blue"
    with pytest.raises(LuoshiError) as refused:
        decide("heavy_pollution.grade", merged, ON, {"hp.yellow.h": "很久"})
    assert "hp.yellow.h" in refused.value.message


def test_reasons_cite_the_clause_of_every_test_tried() -> None:
    taken = take("grade", {"days": [201, 301, 201], "weihai": "红色"})
    tried = [(str(reason.citation).partition(" ")[2], reason.ok) for reason in taken.reasons]
    assert tried[:3] == [("3.1.3(4)", False), ("3.1.3(4)", False), ("3.1.3(3)", True)]
    assert taken.value["weihai_is_higher"]


def test_a_process_cut_by_the_forecast_says_so() -> None:
    assert value("grade", {"days": [150, 210]})["horizon"]
    assert not value("grade", {"days": [210, 150]})["horizon"]


def test_what_cannot_be_graded_is_undetermined() -> None:
    for facts in ({}, {"series": [[23, 300]]}, {"series": [[48, None]]}, {"series": [[30, None], [24, 100]]}):
        assert take("grade", facts).outcome is Outcome.UNDETERMINED, facts
    assert take("grade", {"series": [[3, None], [24, 100]]}).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({"series": [501]}, "0至500"),
        ({"series": [-1]}, "0至500"),
        ({"series": "多"}, "不是数字"),
        ({"series": [[24, 100, 3]]}, "小时数"),
        ({"series": [[1e9, 100]]}, "小时数"),
        ({"series": [{"hour": "2018-01-01T00:00", "aqi": 1}, {"hour": "2018-01-01T00:00", "aqi": 2}]}, "两次"),
        ({"series": [{"hour": "2018-01-01T00:30", "aqi": 1}]}, "整点"),
        ({"series": [{"aqi": 1, "x": 2}]}, "没有"),
        ({"series": [{"PM2.5": -3}]}, "不得为负"),
        ({"series": [1], "days": [1]}, "一种"),
        ({"series": [1], "now": 2}, "时间范围"),
        ({"series": [1], "now": "2018-01-01T00:00"}, "start"),
        ({"days": [201], "dust": {"grade": "沙尘暴"}}, "起止"),
        ({"days": [201], "y": 1}, "没有这个字段"),
    ],
)
def test_series_that_make_no_sense_are_refused(facts: dict[str, Any], word: str) -> None:
    with pytest.raises(LuoshiError) as refused:
        take("grade", facts)
    assert refused.value.code == "E_INPUT"
    assert word in refused.value.message


def test_all_ways_of_writing_a_series_are_the_same() -> None:
    start = "2018-01-14T00:00:00+08:00"
    hours = [{"hour": f"2018-01-14T{hour:02}:00", "AQI": "210"} for hour in range(24)]
    ways: list[Any] = [
        {"series": [[24, 210]], "start": start},
        {"series": "24×210", "start": "2018-01-14"},
        {"hours": ["24x210"], "start": start},
        {"series": {"hours": [210] * 24, "start": start}},
        {"series": hours},
        {"days": [{"date": "2018-01-14", "aqi": 210}]},
        {"series": "[210]d", "start": start},
        {"forecast": hours, "measured": None},
    ]
    first = value("grade", ways[0])
    assert first["start_at"] == start
    for way in ways[1:]:
        assert value("grade", way) == first, way


# --- whole days and hours ---------------------------------------------------------------------------------------------

VALUES = (90, 150, 151, 200, 201, 300, 301, 499, 500)


def by_days(days: tuple[int, ...]) -> str:
    """The plan's rule on whole days, told without hours: heavy days, clean days, runs above 300."""
    if any(day >= 500 for day in days):
        return "red"
    heavy = [place for place, day in enumerate(days) if day > 200]
    if not heavy:
        return "none"
    spans = [[heavy[0]]]
    for before, place in pairwise(heavy):
        between = days[before + 1 : place]
        clean = any(one <= 150 and two <= 150 for one, two in pairwise(between))
        if clean:
            spans.append([])
        spans[-1].append(place)
    return max((by_span(days[span[0] : span[-1] + 1]) for span in spans), key=COLOURS.index)


def by_span(days: tuple[int, ...]) -> str:
    if len(days) == 1:
        return "blue"
    above = [day > 300 for day in days]
    if len(days) == 2 or not any(above):
        return "yellow"
    running = any(one and two for one, two in pairwise(above))
    return "red" if len(days) >= 4 and running else "orange"


def line_of(aqi: list[int | None], excluded: list[bool] | None = None, partial: list[bool] | None = None) -> Line:
    hours = tuple(reading.Hour(aqi=value, partial=bool(partial and partial[place])) for place, value in enumerate(aqi))
    out = excluded or [False] * len(aqi)
    return lay_out(reading.Series(hours), out, date(2018, 1, 10), None, Rounding(), Validity())


def by_hours(days: tuple[int, ...]) -> str:
    return COLOURS[judge(line_of([hour for day in days for hour in [day] * 24]), 0, Limits()).grade]


def test_whole_days_and_hours_agree_on_every_series_of_up_to_four_days() -> None:
    series = [days for length in range(1, 5) for days in product(VALUES, repeat=length)]
    assert len(series) == 7_380
    assert [days for days in series if by_hours(days) != by_days(days)] == []


@settings(max_examples=400)
@given(st.lists(st.sampled_from(VALUES), min_size=5, max_size=7))
def test_whole_days_and_hours_agree_on_longer_series(days: list[int]) -> None:
    assert by_hours(tuple(days)) == by_days(tuple(days))


# --- an independent, slow reading of the definition -------------------------------------------------------------------


def slow(aqi: list[int | None], excluded: list[bool], partial: list[bool], now: int) -> tuple[Any, ...]:
    """The definition read word by word: every window summed anew, every pair of anchors looked between."""
    size = len(aqi)
    usable = [aqi[h] is not None and not excluded[h] for h in range(size)]

    def mean(h: int) -> int | None:
        if h + 24 > size:
            return None
        used = [aqi[k] for k in range(h, h + 24) if usable[k]]
        return -(-sum(used) // len(used)) if len(used) >= 20 else None

    def clean_from(h: int) -> int:
        """Counted hours of the clean run that begins at h."""
        counted = 0
        for k in range(h, size):
            if excluded[k]:
                continue
            if aqi[k] is None or aqi[k] > 150 or partial[k]:
                break
            counted += 1
        return counted

    def begins(h: int) -> bool:
        """Whether a maximal clean run begins at h: h is clean, and the counted hour before it is not."""
        if excluded[h] or aqi[h] is None or aqi[h] > 150 or partial[h]:
            return False
        before = [k for k in range(h) if not excluded[k]]
        return not before or aqi[before[-1]] is None or aqi[before[-1]] > 150 or partial[before[-1]]

    means = [mean(h) for h in range(size)]

    def anchors(above: int) -> list[int]:
        return [h for h in range(size) if usable[h] and aqi[h] > above and (means[h] or 0) > above]

    starts = [h for h in range(size) if begins(h) and clean_from(h) >= 36]
    groups: list[list[int]] = []
    for anchor in anchors(200):
        if groups and not any(groups[-1][-1] < start < anchor for start in starts):
            groups[-1].append(anchor)
        else:
            groups.append([anchor])
    found = []
    for group in groups:
        first, last = group[0], group[-1]
        chains: list[list[int]] = []
        for h in [h for h in anchors(300) if first <= h <= last]:
            if chains and h - chains[-1][-1] <= 24:
                chains[-1].append(h)
            else:
                chains.append([h])
        severe = max((chain[-1] - chain[0] + 24 for chain in chains), default=0)
        peak = max(means[h] for h in range(first, last + 1) if means[h] is not None)
        found.append((first, last + 24, severe, peak, any(two - one > 24 for one, two in pairwise(group))))
    live = [process for process in found if process[1] > now]
    ahead = [h for h in range(size) if means[h] is not None and h + 24 > now]
    if any(means[h] >= 500 for h in ahead) or any(
        end - first >= 96 and severe >= 48 for first, end, severe, _, _ in live
    ):
        grade = "red"
    elif any(end - first >= 72 and peak > 300 for first, end, _, peak, _ in live):
        grade = "orange"
    elif any(end - first >= 48 for first, end, _, _, _ in live):
        grade = "yellow"
    elif live or any(means[h] > 200 for h in ahead):
        grade = "blue"
    else:
        grade = "none"
    free = next((t for t in range(now, size) if clean_from(t) >= 36), None)
    return grade, found, starts, free


@settings(max_examples=300)
@given(st.integers(0, 2**32 - 1))
def test_the_engine_agrees_with_the_definition_read_word_by_word(seed: int) -> None:
    chance = random.Random(seed)
    aqi: list[int | None] = []
    while len(aqi) < chance.choice((30, 80, 150, 240)):
        level = chance.choice((40, 120, 150, 151, 200, 201, 205, 240, 299, 300, 301, 330, 420, 499, 500))
        aqi += [level] * chance.choice((1, 2, 5, 12, 20, 24, 30, 36, 40, 48))
    excluded, partial = [False] * len(aqi), [False] * len(aqi)
    for _ in range(chance.choice((0, 0, 1, 3))):
        at = chance.randrange(len(aqi))
        for h in range(at, min(len(aqi), at + chance.choice((1, 3, 6)))):
            kind = chance.choice(("gap", "dust", "partial"))
            aqi[h] = None if kind == "gap" else aqi[h]
            excluded[h] = kind == "dust"
            partial[h] = kind == "partial"
    now = chance.choice((0, 0, chance.randrange(len(aqi))))
    line = line_of(aqi, excluded, partial)
    grade, found, starts, free = slow(aqi, excluded, partial, now)
    ours = [(one.first, one.end, one.severe_hours, one.max_daily, one.bridged) for one in processes(line, Limits())]
    assert ours == found
    assert COLOURS[judge(line, now, Limits()).grade] == grade
    assert [stretch.first for stretch in release_stretches(line, Limits())] == starts
    assert release(line, now, Limits()).hour == free


# --- D7, D8 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("issued", "ok", "seconds", "late"),
    [
        ("2018-01-12T16:00", True, 32 * 3600, 0),
        ("2018-01-13 00:00:00", True, 86400, 0),
        ("2018-01-13T00:00:01+08:00", False, 86399, 1),
        ("2018-01-12T16:00:00Z", True, 86400, 0),
        ("2018-01-14T06:00", False, -6 * 3600, 30 * 3600),
    ],
)
def test_lead_is_exact_to_the_second(issued: str, ok: bool, seconds: int, late: int) -> None:
    taken = take("lead", {"onset": "2018-01-14T00:00", "issued_at": issued})
    found = taken.value
    assert (found["ok"], found["lead_seconds"], found["late_seconds"]) == (ok, seconds, late)
    assert taken.outcome is (Outcome.ALLOW if ok else Outcome.ALLOW_WITH_CONDITION)
    at_once = take("lead", {"onset": "2018-01-14T00:00", "issued_at": issued, "basis": "nowcast"})
    assert (at_once.value["counts"], at_once.outcome) == (False, Outcome.NOT_APPLICABLE)


NEXT = [210, 215, 220, 205, 200, 198, 196, 200, 201, 199, 197, 196]


def test_heavy_without_improvement_is_issued_at_once() -> None:
    facts = {"measured": "18×90, 6×205", "forecast": [*NEXT, [24, 110]], "start": "2018-01-10T00:00"}
    taken = take("nowcast", facts)
    found = taken.value
    assert (found["trigger"], found["d6_grade"], found["grade"], found["mean"]) == (True, "none", "blue", "203.08")
    assert (found["onset"], found["expected_end"]) == (24, 36)
    assert found["onset_at"] == "2018-01-11T00:00:00+08:00"
    assert str(taken.reasons[-1].citation) == "乳政办发〔2018〕2号 3.1.4"
    better = value("nowcast", {"measured": "18×90, 6×205", "forecast": [*range(210, 154, -5), [24, 110]]})
    assert (better["trigger"], better["mean"], better["grade"]) == (False, "182.50", "none")


def test_too_few_forecast_hours_are_left_to_the_consultation() -> None:
    for count, trigger, outcome in ((10, True, Outcome.ALLOW), (9, None, Outcome.UNDETERMINED)):
        facts: dict[str, Any] = {"latest": 231, "next": [[count, 215]]}
        taken = take("nowcast", facts)
        assert (taken.value["trigger"], taken.outcome) == (trigger, outcome)
    stated = value("nowcast", facts | {"no_improvement": True, "reason": "静稳持续"})
    assert (stated["trigger"], stated["grade"], stated["override"]) == (True, "blue", True)
    assert value("nowcast", {"latest": 200, "next": [[12, 300]]})["trigger"] is False
    by_mean = value("nowcast", {"latest": 205, "mean": "203.08"})
    assert (by_mean["trigger"], by_mean["grade"], by_mean["mean"], by_mean["present"]) == (True, "blue", "203.08", 12)
    assert value("nowcast", {"latest": 205, "mean": 200})["trigger"] is False
    assert value("nowcast", {"latest": 205, "mean": 240, "present": 9})["trigger"] is None
    assert take("nowcast", {"series": [[24, 300]]}).outcome is Outcome.UNDETERMINED


# --- D9, D10 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("current", "grade", "forward", "proposal", "to"),
    [
        ("yellow", "red", "yellow", "upgrade", "red"),
        ("Ⅱ", "orange", "blue", "downgrade", "blue"),
        ("橙色", "橙色", "橙色", "keep", "orange"),
        ("blue", "blue", "none", "downgrade", "none"),
    ],
)
def test_adjustment(current: str, grade: str, forward: str, proposal: str, to: str) -> None:
    found = value("adjust", {"current": current, "grade": grade, "forward_grade": forward})
    assert (found["proposal"], found["to"]) == (proposal, to)
    assert found["suggestion"] is (proposal == "downgrade")
    assert take("adjust", {"current": current}).outcome is Outcome.UNDETERMINED


RELEASES = [
    ({"series": "6×180,36×150,6×160"}, 6, 36, 6, None),
    ({"series": "6×180,35×150,6×151"}, None, 35, 6, 41),
    ({"days": [140, 150]}, 0, 48, 0, None),
    ({"days": [140, 151]}, None, 24, 0, 24),
    ({"series": [[20, 100], None, [40, 100]]}, 21, 40, 21, None),
    ({"series": [[20, 100], {"n": 1, "aqi": 100, "partial": True}, [30, 100]]}, None, 30, 21, 51),
    ({"series": [[20, 100], {"n": 6, "aqi": 500, "dust": True}, [16, 100]]}, 0, 36, 0, None),
    ({"series": [[48, 200]]}, None, 0, None, 0),
]


@pytest.mark.parametrize(("facts", "t0", "longest", "first", "ended"), RELEASES)
def test_release(facts: Any, t0: int | None, longest: int, first: int | None, ended: int | None) -> None:
    taken = take("release", facts)
    found = taken.value
    assert (found["t0"], found["longest_h"], found["longest_from"], found["ended_by"]) == (t0, longest, first, ended)
    assert taken.outcome is (Outcome.REFUSE if t0 is None else Outcome.ALLOW)
    assert str(taken.reasons[-1].citation) == "乳政办发〔2018〕2号 3.1.5"


def test_release_is_reckoned_from_the_next_full_hour() -> None:
    facts = {"series": [[60, 100]], "start": "2018-01-17T00:00", "now": "2018-01-17T09:30"}
    found = value("release", facts)
    assert (found["t0_at"], found["offset"]) == ("2018-01-17T10:00:00+08:00", "0.5")
    assert take("release", facts | {"now": "2018-01-19T12:00"}).outcome is Outcome.UNDETERMINED
