"""The calendar against the table of the years 2018 to 2020, written out day by day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.kernel.calendar import DayKind, announced_calendar, statutory_days
from luoshi.kernel.errors import LuoshiError

OFF = {
    2018: "01-01; 02-15..02-21; 04-05..04-07; 04-29..05-01; 06-16..06-18; 09-22..09-24; 10-01..10-07; 12-30..12-31",
    2019: "01-01; 02-04..02-10; 04-05..04-07; 05-01..05-04; 06-07..06-09; 09-13..09-15; 10-01..10-07",
    2020: "01-01; 01-24..02-02; 04-04..04-06; 05-01..05-05; 06-25..06-27; 10-01..10-08",
}
WORKED = {
    2018: "02-11, 02-24, 04-08, 04-28, 09-29, 09-30, 12-29",
    2019: "02-02, 02-03, 04-28, 05-05, 09-29, 10-12",
    2020: "01-19, 04-26, 05-09, 06-28, 09-27, 10-10",
}
WORKING_DAYS = {2018: 250, 2019: 250, 2020: 249}
calendar = announced_calendar()


def expected(year: int) -> dict[date, bool]:
    works = {}
    day = date(year, 1, 1)
    while day.year == year:
        works[day] = day.weekday() < 5
        day += timedelta(days=1)
    for span in OFF[year].split("; "):
        first, _, last = span.partition("..")
        day = date.fromisoformat(f"{year}-{first}")
        while day <= date.fromisoformat(f"{year}-{last or first}"):
            works[day] = False
            day += timedelta(days=1)
    for text in WORKED[year].split(", "):
        works[date.fromisoformat(f"{year}-{text}")] = True
    return works


@pytest.mark.parametrize("year", [2018, 2019, 2020])
def test_calendar_agrees_with_the_printed_table(year: int) -> None:
    assert {day: calendar.is_working(day) for day in expected(year)} == expected(year)
    assert calendar.working_days(date(year, 1, 1), date(year, 12, 31)) == WORKING_DAYS[year]


def test_calendar_tells_kinds_of_days_apart() -> None:
    kinds = [calendar.kind(date(2018, 9, day)) for day in (21, 22, 23, 24, 29)]
    assert kinds == [DayKind.WORKDAY, DayKind.WEEKEND, DayKind.WEEKEND, DayKind.HOLIDAY, DayKind.WORKED_WEEKEND]


@pytest.mark.parametrize("year", range(2018, 2027))
def test_statutory_days_lie_within_the_announced_holidays(year: int) -> None:
    assert statutory_days(year) <= calendar.off
    assert len(statutory_days(year)) == (13 if year >= 2025 else 11) - (year in (2020,))


def test_unannounced_year_is_provisional_and_has_no_worked_weekends() -> None:
    year = max(calendar.years) + 1
    days = list(calendar.days(date(year, 1, 1), date(year, 12, 31)))
    assert all(map(calendar.is_provisional, days))
    assert {day for day in days if day.weekday() < 5 and not calendar.is_working(day)} == {
        day for day in statutory_days(year) if day.weekday() < 5
    }


def test_before_the_first_year_there_is_no_answer() -> None:
    with pytest.raises(LuoshiError) as refusal:
        calendar.is_working(date(2003, 12, 31))
    assert refusal.value.code == "E_CALENDAR_MISSING"


def test_a_change_makes_a_new_version_and_leaves_the_old() -> None:
    older = calendar.with_change(worked=[date(2020, 1, 31), date(2020, 2, 1)], source="原安排")
    assert older.is_working(date(2020, 1, 31))
    assert older.kind(date(2020, 2, 1)) is DayKind.WORKED_WEEKEND
    assert not calendar.is_working(date(2020, 1, 31))
    assert older.version != calendar.version
    back = older.with_change(off=[date(2020, 1, 31), date(2020, 2, 1)], source="延长假期")
    assert {day: back.is_working(day) for day in expected(2020)} == expected(2020)


def test_an_announced_year_is_no_longer_provisional() -> None:
    year = max(calendar.years) + 1
    known = calendar.with_year(year, off=[date(year, 1, 1)], worked=[], source="测试通知")
    assert not known.is_provisional(date(year, 6, 1))
    assert known.is_working(date(year, 10, 1)) == (date(year, 10, 1).weekday() < 5)
    with pytest.raises(LuoshiError):
        calendar.with_year(year, off=[date(year + 1, 5, 1)], worked=[], source="测试通知")


def test_a_change_refuses_one_day_both_ways() -> None:
    with pytest.raises(LuoshiError):
        calendar.with_change(off=[date(2020, 3, 2)], worked=[date(2020, 3, 2)], source="矛盾")


@given(st.dates(date(2005, 1, 1), date(2026, 6, 1)), st.integers(-60, 60))
def test_shift_counts_like_counting_on_fingers(day: date, number: int) -> None:
    found = calendar.shift(day, number)
    if number == 0:
        assert found == day
        return
    first, last = (day + timedelta(days=1), found) if number > 0 else (found, day - timedelta(days=1))
    assert calendar.is_working(found)
    assert calendar.working_days(first, last) == abs(number)
