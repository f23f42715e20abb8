"""Limits that hang on the calendar: days of the year and month, clock times, periods, windows."""

from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.kernel import periods
from luoshi.kernel.calendar import announced_calendar
from luoshi.kernel.dues import Unit
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.limit_words import read_limit, read_unit

calendar = announced_calendar()
days = st.dates(date(2005, 1, 1), date(2026, 1, 1))


@given(days, st.sampled_from(["week", "month", "quarter", "half_year", "year"]))
def test_periods_follow_each_other_without_gap(day: date, name: str) -> None:
    period = periods.period_of(name, day)
    assert day in period
    following = periods.period_of(name, period.last.fromordinal(period.last.toordinal() + 1))
    assert following.first.toordinal() == period.last.toordinal() + 1


@given(days, st.integers(1, 12), st.integers(1, 31))
def test_yearly_day_is_the_first_not_past(day: date, month: int, number: int) -> None:
    found = periods.yearly(month, number, day)
    assert found >= day
    assert all(periods.clamped(year, month, number) < day for year in range(day.year - 1, found.year))


@given(days, st.integers(1, 31))
def test_monthly_day_is_the_first_not_past(day: date, number: int) -> None:
    found = periods.monthly(number, day)
    assert 0 <= (found - day).days <= 31


@given(days, st.integers(1, 15))
def test_nth_working_day_agrees_with_counting(day: date, n: int) -> None:
    working = [d for d in calendar.days(*periods.period_of("month", day)) if calendar.is_working(d)]
    assert periods.nth_working_day(day.year, day.month, n, calendar) == working[n - 1]
    assert periods.nth_working_day(day.year, day.month, -n, calendar) == working[-n]


@pytest.mark.parametrize("n", [0, 24, -24])
def test_nth_working_day_refuses_what_the_month_has_not(n: int) -> None:
    with pytest.raises(LuoshiError):
        periods.nth_working_day(2018, 3, n, calendar)


def test_season_spans_the_turn_of_the_year() -> None:
    winter = ((11, 15), (3, 31))
    assert periods.season_of(*winter, date(2018, 12, 1)) == (date(2018, 11, 15), date(2019, 3, 31))
    assert periods.season_of(*winter, date(2019, 3, 31)) == (date(2018, 11, 15), date(2019, 3, 31))
    assert periods.season_of(*winter, date(2019, 4, 1)) == (date(2019, 11, 15), date(2020, 3, 31))


@pytest.mark.parametrize(
    ("event", "first"),
    [("2018-01-12T11:00:00", "2018-01-12"), ("2018-01-12T11:00:01", "2018-01-13"), ("2018-01-12T16:00", "2018-01-13")],
)
def test_cutoff_says_which_day_is_first(event: str, first: str) -> None:
    found = periods.daily_at(datetime.fromisoformat(event), time(15), time(11))
    assert f"{found:%Y-%m-%d %H:%M}" == f"{first} 15:00"


def test_rolling_windows() -> None:
    window = periods.rolling_days(date(2018, 6, 30), 30)
    assert (date(2018, 6, 1) in window, date(2018, 5, 31) in window) == (True, False)
    at = datetime(2018, 1, 1, 0, 15, 1)  # noqa: DTZ001
    assert not periods.in_rolling_seconds(at, datetime(2018, 1, 1, 0, 0, 1), 900)  # noqa: DTZ001
    assert periods.in_rolling_seconds(at, datetime(2018, 1, 1, 0, 0, 2), 900)  # noqa: DTZ001


def test_one_liable_day_owes_the_period() -> None:
    quarter = periods.period_of("quarter", date(2018, 5, 1))
    assert periods.owed(quarter, [periods.Period(date(2018, 6, 30), date(2018, 7, 9))])
    assert not periods.owed(quarter, [periods.Period(date(2018, 7, 1), date(2018, 7, 9))])


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("10 working days", {"form": "after", "n": 10, "unit": Unit.WORKING_DAY}),
        ("4 hours", {"form": "after", "n": 4, "unit": Unit.HOUR}),
        ("1 month", {"form": "after", "n": 1, "unit": Unit.MONTH}),
        ("24 hours before", {"form": "before", "n": 24, "unit": Unit.HOUR}),
        ("提前24小时以上", {"form": "before", "n": 24, "unit": Unit.HOUR}),
        ("每季度至少一次", {"form": "period", "period": "quarter"}),
        ("每年10月底前", {"form": "yearly", "month": 10}),
        ("每年8月份之前", {"form": "yearly", "before_month": 8}),
        ("每年10月31日前", {"form": "yearly", "month": 10, "day": 31}),
        ("每月25日前", {"form": "monthly", "day": 25}),
        ("每日15时前", {"form": "clock", "at": "15:00"}),
        ("２０１８年２月底前", {"form": "fixed", "due_on": "2018-02-28"}),
        ("2020年2月底前", {"form": "fixed", "due_on": "2020-02-29"}),
        ("2018年1月前", {"form": "fixed", "due_on": "2017-12-31"}),
        ("2018年8月 15 日前", {"form": "fixed", "due_on": "2018-08-15"}),
        ("2017年底前", {"form": "fixed", "due_on": "2017-12-31"}),
        ("年内", {"form": "period", "period": "year"}),
        ("10个工作日内", {"form": "after", "n": 10, "unit": Unit.WORKING_DAY}),
        ("三日内", {"form": "after", "n": 3, "unit": Unit.DAY}),
        ("30天前", {"form": "before", "n": 30, "unit": Unit.DAY}),
        ("yearly by 10-31", {"form": "yearly", "month": 10, "day": 31}),
        ("monthly by 15", {"form": "monthly", "day": 15}),
        ("daily by 15:00", {"form": "clock", "at": "15:00"}),
        ("quarterly", {"form": "period", "period": "quarter"}),
        ("2018-12-31", {"form": "fixed", "due_on": "2018-12-31"}),
        ("2018-03-01/2018-03-31", {"form": "window", "opens": "2018-03-01", "closes": "2018-03-31"}),
        (
            "12 months/24 months",
            {"form": "window", "opens": {"n": 12, "unit": Unit.MONTH}, "closes": {"n": 24, "unit": Unit.MONTH}},
        ),
    ],
)
def test_limits_in_words(text: str, facts: dict[str, object]) -> None:
    assert read_limit(text) == facts


@pytest.mark.parametrize(
    "text", ["", "soon", "10", "ten days", "尽快", "quarterly by 20", "10 fortnights", "2018年2月30日前"]
)
def test_limits_that_say_nothing_are_refused(text: str) -> None:
    with pytest.raises(LuoshiError):
        read_limit(text)


@pytest.mark.parametrize("word", ["wd", "working_days", "working days", "工作日", "个工作日", "Business Days"])
def test_units_have_synonyms(word: str) -> None:
    assert read_unit(word) is Unit.WORKING_DAY
