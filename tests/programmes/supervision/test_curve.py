"""Plan, progress, light: the worked examples 3 to 8, and what must hold for any figures."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luoshi.office.duties import reminders, workdays
from luoshi.office.duties.curve import actual, first_day_behind, light, planned, ratio, rolled, shown, written

PLAIN = (date(2019, 4, 10), date(2019, 12, 31), ())
STEPS = (date(2019, 4, 11), date(2019, 10, 31), ((date(2019, 5, 31), Fraction(20)), (date(2019, 8, 31), Fraction(60))))
F = Fraction


@pytest.mark.parametrize(
    ("plan", "day", "exact", "text"),
    [
        (PLAIN, date(2019, 6, 30), F(1620, 53), "30.57"),
        (PLAIN, date(2019, 4, 9), F(0), "0.00"),
        (PLAIN, date(2019, 12, 31), F(100), "100.00"),
        (PLAIN, date(2020, 5, 1), F(100), "100.00"),
        (STEPS, date(2019, 5, 1), F(8), "8.00"),
        (STEPS, date(2019, 5, 31), F(20), "20.00"),
        (STEPS, date(2019, 7, 16), F(40), "40.00"),
        (STEPS, date(2019, 9, 30), F(4860, 61), "79.67"),
    ],
)
def test_plan_of_a_day(plan: tuple, day: date, exact: Fraction, text: str) -> None:
    assert planned(*plan, day) == exact
    assert written(exact) == text


@pytest.mark.parametrize(
    ("value", "target", "text", "reached"),
    [(120, 151, "79.47", False), (61, 97, "62.89", False), (6, 6, "100.00", True), (4999, 5000, "99.98", False)],
)
def test_progress_of_figures(value: int, target: int, text: str, reached: bool) -> None:
    found = actual(value, target)
    assert (written(found.percent), found.reached) == (text, reached)


def test_item_24_rolls_up() -> None:
    parts = [(3000, actual(120, 151).percent), (4500, actual(61, 97).percent), (2500, F(100))]
    assert written(rolled(parts)) == "77.14"


@pytest.mark.parametrize(
    ("part", "whole", "reached", "text"),
    [(1200, 1500, True, "80.00"), (1199, 1499, False, "79.99"), (15999, 20000, False, "79.995")],
)
def test_a_share_is_not_shown_as_reached_when_it_is_not(part: int, whole: int, reached: bool, text: str) -> None:
    assert ratio(part, whole, 80).reached is reached
    assert shown(F(100 * part, whole), 80) == text


@pytest.mark.parametrize(
    ("value", "percent", "reached", "flag"),
    [(20, 100, True, ""), (30, 100, True, ""), (31, 100, False, "超出区间"), (19, 95, False, "")],
)
def test_a_range_is_measured_against_its_lower_bound(value: int, percent: int, reached: bool, flag: str) -> None:
    found = actual(value, 20, comparator="range", upper=30)
    assert (found.percent, found.reached, found.flag) == (percent, reached, flag)


def test_falling_targets_and_wrong_sides() -> None:
    assert actual(6, 2, baseline=10, comparator="<=").percent == 50
    assert actual(2, 2, baseline=10).reached
    worse = actual(11, 2, baseline=10)
    assert (worse.percent, worse.flag) == (0, "低于基期")
    assert not actual(27, 26, comparator="=").reached
    with pytest.raises(ValueError, match="相同"):
        actual(5, 5, baseline=5)


@pytest.mark.parametrize(
    ("gap", "colour"), [(F(25), "red"), (F(2499, 100), "yellow"), (F(10), "yellow"), (F(999, 100), "green")]
)
def test_lights_include_their_limits(gap: Fraction, colour: str) -> None:
    start, due, _points = PLAIN
    assert light(date(2019, 8, 1), start, due, F(50), 50 - gap) == colour


def test_lights_that_no_gap_decides() -> None:
    start, due, _points = PLAIN
    bad = (F(100), F(0))
    assert light(due + timedelta(days=1), start, due, F(100), F(100)) == "red"
    assert light(start - timedelta(days=1), start, due, *bad) == "grey"
    assert light(due, start, due, *bad, paused=True) == "hollow"
    assert light(due, start, due, *bad, done=True, paused=True) == "blue"


DAYS = st.dates(date(2019, 1, 1), date(2019, 12, 31))
PERCENTS = st.fractions(0, 100, max_denominator=300)


@st.composite
def plans(draw: st.DrawFn) -> tuple[date, date, tuple[tuple[date, Fraction], ...]]:
    start, due = sorted((draw(DAYS), draw(DAYS)))
    days = sorted(draw(st.sets(DAYS, max_size=4)))
    shares = sorted(draw(st.lists(PERCENTS, min_size=len(days), max_size=len(days))))
    return start, due, tuple(zip(days, shares, strict=True))


@settings(max_examples=150, deadline=None)
@given(plans(), PERCENTS, st.integers(1, 40))
def test_first_day_behind_is_the_first(plan: tuple, percent: Fraction, gap: int) -> None:
    start, due, points = plan
    days = [start + timedelta(days=step) for step in range((due - start).days + 1)]
    slow = next((day for day in days if planned(start, due, points, day) - percent >= gap), None)
    assert first_day_behind(start, due, points, percent, gap) == slow
    curve = [planned(start, due, points, day) for day in days]
    assert curve == sorted(curve)


@settings(max_examples=150, deadline=None)
@given(st.fractions(0, 200, max_denominator=10**6), st.integers(1, 150))
def test_what_is_shown_says_what_is_true(value: Fraction, bound: int) -> None:
    text = shown(value, bound)
    assert (Fraction(text) >= bound) == (value >= bound)
    assert abs(Fraction(text) - value) <= F(1, 200)


@given(st.dates(date(2019, 4, 1), date(2020, 1, 20)), st.integers(0, 70), st.sampled_from([1, 3, 7, 15, 30]))
def test_a_step_of_the_ladder_is_reached_on_the_day_the_count_of_working_days_says(due, later, wd):
    # A due day that is no working day as well: what is found by one date is what counting finds.
    day = due + timedelta(days=later)
    if workdays.is_working(day):
        assert (due < reminders.reached_before(day, wd)) == (workdays.after(due, day) >= wd)
