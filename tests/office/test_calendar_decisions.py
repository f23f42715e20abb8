"""`calendar.limit` on the worked examples of the programmes, in facts a clerk would write."""

from __future__ import annotations

import contextlib
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import luoshi.office.calendar.decisions  # noqa: F401  registers the decision
from luoshi.kernel.decisions import Decision, decide, find
from luoshi.kernel.errors import LuoshiError


def limit(facts: dict[str, Any], on: str = "2018-01-01") -> Decision:
    return decide("calendar.limit", facts, date.fromisoformat(on))


def due(**facts: Any) -> str:
    return str(limit(facts).value["due"]).removesuffix(":00+08:00")


WORKING_DAYS = [
    # handling 2, 4, 5, 10, 12
    ("2018-04-23", 10, "2018-05-08"),
    ("2018-02-12", 5, "2018-02-24"),
    ("2018-02-10", 5, "2018-02-22"),
    ("2018-03-01", 5, "2018-03-08"),
    ("2018-03-01", 20, "2018-03-29"),
    ("2018-03-05", 2, "2018-03-07"),
    ("2018-03-05", 5, "2018-03-12"),
    ("2018-05-17", 10, "2018-05-31"),
    # agri E6, E7
    ("2018-09-20", 10, "2018-10-10"),
    ("2018-10-11", 2, "2018-10-15"),
    ("2019-04-18", 10, "2019-05-05"),
    ("2018-04-27", 2, "2018-05-02"),
    ("2018-04-04", 2, "2018-04-09"),
    ("2018-09-22", 10, "2018-10-11"),
    # enforcement 1, 2, 3, 5
    ("2018-05-04", 5, "2018-05-11"),
    ("2018-05-11", 3, "2018-05-16"),
    ("2018-05-14", 1, "2018-05-15"),
    ("2018-05-14", 7, "2018-05-23"),
    ("2018-05-14", 3, "2018-05-17"),
    ("2018-04-27", 1, "2018-04-28"),
    ("2018-04-28", 1, "2018-05-02"),
    # it-projects 1, public-debt 14
    ("2018-09-27", 5, "2018-10-09"),
    ("2019-01-31", 5, "2019-02-12"),
    ("2018-04-25", 5, "2018-05-03"),
    ("2018-09-28", 5, "2018-10-10"),
    # appeals 1, 2, 7, 10; credit 6, 12; joint 1, 4, 9
    ("2018-09-10", 15, "2018-09-30"),
    ("2018-05-04", 1, "2018-05-07"),
    ("2018-05-07", 2, "2018-05-09"),
    ("2018-03-05", 7, "2018-03-14"),
    ("2018-03-16", 7, "2018-03-27"),
    ("2018-09-20", 10, "2018-10-10"),
    ("2018-04-27", 10, "2018-05-14"),
    ("2018-09-17", 5, "2018-09-25"),
    ("2018-09-17", 15, "2018-10-12"),
    ("2018-09-17", 18, "2018-10-17"),
    ("2018-09-17", 25, "2018-10-26"),
    ("2018-06-14", 3, "2018-06-20"),
    ("2018-06-19", 2, "2018-06-21"),
    ("2018-04-27", 3, "2018-05-03"),
    ("2018-05-02", 10, "2018-05-16"),
    ("2018-03-01", 45, "2018-05-07"),
    ("2018-03-01", 60, "2018-05-28"),
    # governance 8; items 9; food 11; heavy-pollution 14; enterprise 9
    ("2018-02-13", 20, "2018-03-19"),
    ("2018-09-21", 15, "2018-10-18"),
    ("2018-04-20", 15, "2018-05-14"),
    ("2018-05-02", 10, "2018-05-16"),
    ("2018-02-14", 3, "2018-02-24"),
    ("2019-04-26", 1, "2019-04-28"),
    ("2019-04-26", 5, "2019-05-06"),
    ("2019-04-26", 15, "2019-05-20"),
    ("2019-04-30", 1, "2019-05-05"),
    ("2019-04-30", 5, "2019-05-09"),
    ("2019-09-29", 5, "2019-10-11"),
    ("2019-09-29", 15, "2019-10-24"),
]


@pytest.mark.parametrize(("event", "n", "expected"), WORKING_DAYS)
def test_working_days_after_an_event(event: str, n: int, expected: str) -> None:
    assert due(limit=f"{n} working days", event=event) == expected
    assert due(n=n, unit="个工作日", event=f"{event}T23:59") == expected


NATURAL = [
    # appeals 10, 11: an organ's natural days do not roll
    ({"limit": "60 days", "event": "2018-03-27"}, "2018-05-26"),
    ({"limit": "15 days", "event": "2018-04-20"}, "2018-05-05"),
    ({"limit": "60 days", "event": "2018-05-03"}, "2018-07-02"),
    ({"limit": "60 days", "event": "2018-05-03", "extensions": [{"n": 30, "unit": "d"}]}, "2018-08-01"),
    # handling 15, enforcement 10: a party's do
    ({"limit": "30 days", "event": "2018-03-08", "holder": "party"}, "2018-04-08"),
    ({"limit": "30 days", "event": "2018-03-12", "holder": "party"}, "2018-04-11"),
    ({"limit": "15 days", "event": "2018-06-02", "roll": "next"}, "2018-06-19"),
    ({"limit": "15 days", "event": "2018-06-02"}, "2018-06-17"),
    # heavy-pollution A18 and example 14; governance 6
    ({"limit": "20 days", "event": "2018-01-08", "roll": "next"}, "2018-01-29"),
    ({"limit": "2 days", "event": "2018-02-14T10:00"}, "2018-02-16"),
    ({"limit": "30 days", "event": "2018-03-05"}, "2018-04-04"),
    # months: it-projects 2, governance 9, mental-health 2
    ({"limit": "3 months", "event": "2018-11-30", "roll": "next"}, "2019-02-28"),
    ({"limit": "3 months", "event": "2018-11-29", "roll": "next"}, "2019-02-28"),
    ({"limit": "3 months", "event": "2018-07-02", "roll": "next"}, "2018-10-08"),
    ({"limit": "3 months", "event": "2018-06-30", "roll": "next"}, "2018-09-30"),
    ({"limit": "3 months", "event": "2019-05-31", "roll": "next"}, "2019-09-02"),
    ({"limit": "3 months", "event": "2018-11-30"}, "2019-02-28"),
    ({"limit": "3 months", "event": "2019-11-30"}, "2020-02-29"),
    ({"limit": "3 months", "event": "2019-01-31"}, "2019-04-30"),
    # land-linkage 15
    ({"limit": "1 year", "event": "2020-02-29"}, "2021-02-28"),
    ({"limit": "4 years", "event": "2020-02-29"}, "2024-02-29"),
    ({"limit": "5 years", "event": "2020-02-29"}, "2025-02-28"),
    # credit 10, governance 12
    ({"form": "term", "n": 36, "unit": "months", "event": "2018-03-01"}, "2021-02-28"),
    ({"form": "term", "n": 2, "unit": "年", "event": "2018-03-01"}, "2020-02-29"),
    # public-debt 5 and 4, handling 11, governance 6
    ({"limit": "5 working days before", "event": "2019-02-11"}, "2019-01-30"),
    ({"form": "before", "n": 5, "unit": "wd", "event": "2019-05-15"}, "2019-05-08"),
    ({"direction": "before", "n": 30, "unit": "d", "event": "2018-12-31"}, "2018-12-01"),
    ({"form": "before", "n": 5, "unit": "wd", "event": "2018-04-11"}, "2018-04-03"),
    ({"form": "fixed", "due_on": "2019-02-09", "roll": "next"}, "2019-02-11"),
    # tax 15: the 15th of the next month, rolled; supervision T: k-th working days
    ({"form": "monthly", "day": 15, "event": "2018-06-30", "months_after": 1, "roll": "next"}, "2018-07-16"),
    ({"form": "monthly", "day": 15, "of_month": "2018-02", "roll": "next"}, "2018-02-22"),
    ({"form": "kth_working_day", "k": 3, "event": "2018-09-15", "months_after": 1}, "2018-10-10"),
    ({"form": "kth_working_day", "k": 8, "of_month": "2018-02"}, "2018-02-11"),
    ({"form": "kth_working_day", "k": 5, "event": "2018-03-09"}, "2018-04-09"),
    ({"limit": "yearly by 10-31", "event": "2018-03-06"}, "2018-10-31"),
    ({"limit": "yearly by 10-31", "event": "2018-11-01"}, "2019-10-31"),
    ({"form": "yearly", "before_month": 8, "event": "2018-03-06"}, "2018-07-31"),
    ({"form": "yearly", "month": 2, "event": "2020-01-06"}, "2020-02-29"),
    ({"form": "yearly", "before_month": 1, "event": "2018-03-06"}, "2018-12-31"),
    # mental-health D4: a quarter as ceiling, fourteen days' grace
    *(
        (
            {"limit": "30 days", "event": event, "ceiling": {"period": "quarter", "grace_days": 14}},
            expected,
        )
        for event, expected in [
            ("2019-05-20", "2019-06-19"),
            ("2019-06-16", "2019-06-30"),
            ("2019-06-17", "2019-07-17"),
            ("2019-04-11", "2019-05-11"),
        ]
    ),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "expected"), NATURAL)
def test_days_months_years_and_fixed_days(facts: dict[str, Any], expected: str) -> None:
    assert due(**facts) == expected


HOURS = [
    # appeals 9, heavy-pollution 7 and 14
    ({"limit": "5 hours", "event": "2018-05-01T22:10"}, "2018-05-02T03:10"),
    ({"limit": "24 hours", "event": "2018-05-01 22:10"}, "2018-05-02T22:10"),
    ({"limit": "48 hours", "event": "2018-05-01T22:10+08:00"}, "2018-05-03T22:10"),
    ({"limit": "4 hours", "event": "2018-01-12T16:00"}, "2018-01-12T20:00"),
    ({"limit": "4 hours", "event": "2018-01-12T16:00", "reset_at": "2018-01-14T09:30"}, "2018-01-14T13:30"),
    ({"limit": "24 hours before", "event": "2018-01-14T00:00"}, "2018-01-13T00:00"),
    ({"limit": "10 minutes", "event": "2018-04-27T10:00"}, "2018-04-27T10:10"),
    ({"limit": "daily by 15:00", "cutoff": "11:00", "event": "2018-01-12T16:00"}, "2018-01-13T15:00"),
    ({"limit": "daily by 15:00", "cutoff": "11:00", "event": "2018-01-14T11:00:00"}, "2018-01-14T15:00"),
    ({"limit": "daily by 15:00", "cutoff": "11:00", "event": "2018-01-14T11:00:01"}, "2018-01-15T15:00"),
    ({"limit": "daily by 15:00", "event": "2018-01-14T15:00"}, "2018-01-14T15:00"),
    ({"n": 6, "unit": "wh", "event": "2018-04-27T16:00"}, "2018-04-28T14:30"),
]


@pytest.mark.parametrize(("facts", "expected"), HOURS)
def test_hours_and_clock_times(facts: dict[str, Any], expected: str) -> None:
    assert due(**facts) == expected


def test_working_hours_are_a_parameter() -> None:
    facts = {"n": 6, "unit": "wh", "event": "2018-04-27T16:00"}
    assert limit(facts).parameters[0]["needs_confirmation"]
    hours = [["09:00", "12:00"], ["14:00", "17:00"]]
    assumed = decide("calendar.limit", facts, date(2018, 4, 27), {"working_hours": hours})
    assert (assumed.value["due"], assumed.informal) == ("2018-04-28T16:00:00+08:00", True)


def test_overlapping_pauses_count_once() -> None:
    inspection = {"from": "2018-04-26", "to": "2018-05-08", "kind": "检测"}
    review = {"from": "2018-05-03", "to": "2018-05-10", "kind": "专家论证"}
    facts = {"limit": "10 working days", "event": "2018-04-23"}
    assert due(**facts, pauses=[inspection]) == "2018-05-17"
    assert due(**facts, pauses=[inspection, review]) == "2018-05-21"


@pytest.mark.parametrize(
    ("extensions", "more", "expected", "outcome"),
    [
        ([("granted_at", "2018-10-19T16:00")], {}, "2018-11-02", "allow"),
        ([("granted_at", "2018-10-20")], {}, "2018-10-19", "refuse"),
        ([("granted_at", "2018-10-19")] * 2, {"max_extensions": 1}, "2018-11-02", "refuse"),
        ([("asked_at", "2018-10-19")], {"extension_by": "asked"}, "2018-11-02", "allow"),
        ([("asked_at", "2018-10-20")], {"extension_by": "asked"}, "2018-10-19", "refuse"),
    ],
)
def test_extension_must_come_in_time(extensions: Any, more: dict[str, Any], expected: str, outcome: str) -> None:
    asked = [{"n": 10, "unit": "wd", field: moment} for field, moment in extensions]
    taken = limit({"limit": "20 working days", "event": "2018-09-17", "extensions": asked} | more)
    assert (taken.value["due"], taken.outcome) == (expected, outcome)


def test_late_calendar_change_gives_old_and_new() -> None:
    turned = ["2020-01-31", "2020-02-01"]
    taken = limit(
        {
            "limit": "10 working days",
            "event": "2020-01-20",
            "calendar": {"working": turned},
            "calendar_change": {"off": turned, "entered_on": "2020-01-27"},
        }
    )
    assert taken.value["before_change"]["due"] == "2020-02-07"
    assert taken.value["due"] == taken.value["computed"] == "2020-02-11"
    assert taken.value["before_change"]["calendar_version"] != taken.value["calendar_version"]
    assert due(limit="10 working days", event="2020-01-20") == "2020-02-11"


def test_silence_takes_effect_at_midnight_and_not_a_minute_earlier() -> None:
    facts = {"limit": "10 working days", "event": "2018-09-20", "tacit": True}
    early, ended = (limit(facts | {"looked_at": at}) for at in ("2018-10-10T23:59", "2018-10-11T00:00"))
    assert (early.outcome, early.value["code"], ended.outcome) == ("refuse", "E_NOT_YET", "allow")
    assert ended.value["effective_from"] == "2018-10-11T00:00:00+08:00"


def test_unannounced_year_is_provisional_and_refuses_tacit_effect() -> None:
    facts = {"limit": "10 working days", "event": "2049-12-25"}
    taken = limit(facts)
    assert (taken.value["provisional"], taken.outcome) == (True, "allow_with_condition")
    assert limit(facts | {"looked_at": "2050-03-01"}).outcome == "undetermined"
    with pytest.raises(LuoshiError) as refused:
        limit(facts | {"tacit": True})
    assert refused.value.code == "E_CALENDAR_MISSING"
    with pytest.raises(LuoshiError):
        limit({"limit": "10 working days", "event": "2003-12-25"})


@pytest.mark.parametrize(
    ("done", "state"),
    [("2019-11-30", "not_yet"), ("2019-12-01", "in_time"), ("2020-12-01", "in_time"), ("2020-12-02", "late")],
)
def test_window_has_both_ends(done: str, state: str) -> None:
    taken = limit({"limit": "12 months/24 months", "event": "2018-12-01", "looked_at": done})
    assert (taken.value["opens"], taken.value["due"]) == ("2019-12-01", "2020-12-01")
    assert taken.value["state"] == state


def test_hours_before_are_judged_to_the_second() -> None:
    facts = {"limit": "24 hours before", "event": "2018-01-14T00:00"}
    exact, late = (limit(facts | {"done_at": f"2018-01-13T00:00:0{second}"}).value for second in (0, 1))
    assert (exact["state"], exact["code"], exact["seconds_late"]) == ("in_time", None, 0)
    assert (late["state"], late["code"], late["seconds_late"]) == ("late", "E_EXPIRED", 1)


def test_window_from_the_last_of_february() -> None:
    value = limit({"limit": "12 months/24 months", "event": "2020-02-29"}).value
    assert (value["opens"], value["due"]) == ("2021-02-28", "2022-02-28")


def test_lateness_is_told_in_the_counting_words() -> None:
    late = limit({"limit": "5 working days", "event": "2018-09-28", "done_at": "2018-10-11"}).value
    assert (late["state"], late["working_days_overdue"], late["days_late"]) == ("late", 1, 1)
    early = limit({"limit": "15 working days", "event": "2018-09-10", "looked_at": "2018-09-29"}).value
    assert (early["state"], early["working_days_remaining"]) == ("in_time", 2)
    fine = limit({"limit": "15 days", "event": "2018-06-02", "roll": "next", "done_at": "2018-06-29"}).value
    assert fine["days_late"] == 10


def test_quarter_owed_once_by_whoever_served_a_day() -> None:
    quarter = {"period": "quarter", "event": "2018-04-15"}
    owing = limit(quarter | {"liable": [{"from": "2018-06-30", "to": "2018-08-01"}]})
    free = limit(quarter | {"liable": [{"from": "2018-07-01", "to": "2018-08-01"}]})
    assert (owing.value["due"], owing.outcome) == ("2018-06-30", "allow")
    assert (free.value["due"], free.outcome) == (None, "not_applicable")
    assert due(period="quarterly", event="2019-06-17", grace_days=14) == "2019-09-30"
    assert due(period="heating_season", season_from="11-15", season_to="03-31", event="2018-12-01") == "2019-03-31"


def test_rolling_windows_count_what_lies_in_them() -> None:
    month = limit(
        {"form": "rolling", "n": 30, "unit": "d", "event": "2018-06-30", "moments": ["2018-06-01", "2018-05-31"]}
    )
    assert (month.value["opens"], month.value["count"]) == ("2018-06-01", 1)
    base = "2018-01-01T00:"
    moments = [f"{base}00:01", f"{base}05:00", f"{base}10:00", f"{base}14:50", f"{base}15:01"]
    quarter_hour = limit({"form": "rolling", "seconds": 900, "event": f"{base}15:01", "moments": moments})
    assert quarter_hour.value["count"] == 4


def test_daily_reports_stop_with_the_duty() -> None:
    facts = {"limit": "daily by 15:00", "cutoff": "11:00", "event": "2018-01-12T16:00"}
    some = limit(facts | {"ends_at": "2018-01-15T10:00"}).value["occurrences"]
    assert [moment[:10] for moment in some] == ["2018-01-13", "2018-01-14"]
    assert limit(facts | {"ends_at": "2018-01-13T14:59"}).outcome == "not_applicable"


def test_every_step_is_cited_and_every_day_shown() -> None:
    taken = limit({"limit": "10 working days", "event": "2018-09-20"}).as_dict()
    assert all(reason["citation"] for reason in taken["reasons"])
    assert taken["reasons"][0]["citation"] == "《中华人民共和国民法总则》第二百零一条"
    assert [day["date"] for day in taken["value"]["days"] if day["kind"] == "调休上班"] == ["2018-09-29", "2018-09-30"]
    assert taken["value"]["days"][-1] == {
        "date": "2018-10-10",
        "kind": "工作日",
        "role": "due",
        "ordinal": 10,
        "provisional": False,
    }
    own = limit(
        {"limit": "1 month", "event": "2018-09-20", "citation": "测政发〔2018〕1号 三", "reset_at": "2018-09-25"}
    )
    assert str(own.reasons[0].citation) == "测政发〔2018〕1号 三"


@pytest.mark.parametrize("example", find("calendar.limit").facts_model.model_config["json_schema_extra"]["examples"])  # type: ignore[index]
def test_every_example_of_the_schema_can_be_decided(example: dict[str, Any]) -> None:
    assert limit(example).value["until"]


moments = st.sampled_from(["2018-02-10", "2018-09-20T15:00", "2027-01-04", "9999-12-31", "0001-01-01T00:00", "x", None])
spans = st.fixed_dictionaries({"n": st.integers(-1, 50_000), "unit": st.sampled_from(["wd", "mo", "h", "日"])})
any_facts = st.fixed_dictionaries(
    {},
    optional={
        "limit": st.sampled_from(
            ["10 working days", "4 hours", "3 months", "yearly by 02-30", "daily by 15:00", "1 d/2 y"]
        ),
        "form": st.sampled_from(
            ["after", "before", "term", "window", "rolling", "monthly", "kth_working_day", "clock"]
        ),
        "n": st.integers(0, 50_000),
        "unit": st.sampled_from(["wd", "d", "w", "mo", "y", "h", "min", "wh"]),
        "event": moments,
        "looked_at": moments,
        "roll": st.sampled_from(["none", "next"]),
        "k": st.integers(-30, 30),
        "day": st.integers(1, 31),
        "at": st.sampled_from(["15:00", "00:00"]),
        "ends_at": moments,
        "period": st.sampled_from(["quarter", "season", "week"]),
        "opens": spans,
        "closes": st.one_of(spans, moments),
        "moments": st.lists(moments, max_size=2),
        "pauses": st.lists(st.fixed_dictionaries({"from": moments, "to": moments}), max_size=2),
        "extensions": st.lists(spans, max_size=2),
        "reset_at": moments,
        "tacit": st.booleans(),
    },
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_facts)
def test_any_facts_get_an_answer_or_a_refusal(facts: dict[str, Any]) -> None:
    with contextlib.suppress(LuoshiError):
        assert limit(facts).as_dict()["receipt"]


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"limit": "10 fortnights", "event": "2018-01-01"}, "E_INPUT"),
        ({"limit": "10 working days"}, "E_INCOMPLETE"),
        ({"limit": "10 working days", "event": "2018-02-30"}, "E_INPUT"),
        ({"limit": "10 working days", "event": "2018-01-01", "evnt": 1}, "E_INPUT"),
        ({"limit": "4 hours", "event": "2018-01-01"}, "E_INPUT"),
        ({"n": -1, "unit": "d", "event": "2018-01-01"}, "E_INPUT"),
        ({"form": "kth_working_day", "k": 23, "of_month": "2018-02"}, "E_INPUT"),
        ({"form": "monthly", "day": 3, "of_month": "2018-13"}, "E_INPUT"),
        ({"limit": "5 days", "event": "2018-01-09", "pauses": [{"from": "2018-01-12", "to": "2018-01-10"}]}, "E_INPUT"),
        ({"form": "rolling", "n": 2, "unit": "mo", "event": "2018-01-09"}, "E_UNIT"),
        ({"opens": "2018-02-01", "closes": "2018-01-01"}, "E_INPUT"),
        ({"limit": "99999 days", "event": "2018-01-01"}, "E_INPUT"),
        ({"limit": "9000 years", "event": "2018-01-01"}, "E_INPUT"),
        ({"limit": "3 days", "event": "9999-12-31"}, "E_INPUT"),
    ],
)
def test_bad_facts_are_refused(facts: dict[str, Any], code: str) -> None:
    with pytest.raises(LuoshiError) as refused:
        limit(facts)
    assert refused.value.code == code
