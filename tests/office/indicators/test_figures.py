"""Exact ratios, targets, verdicts, and what is shown never saying otherwise (conventions 2)."""

from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.kernel.errors import LuoshiError
from luoshi.office.indicators import spans
from luoshi.office.indicators.figures import (
    Direction,
    Held,
    Verdict,
    exact,
    gap,
    half_up,
    in_unit,
    judge,
    number,
    ranked,
    ratio,
    reaches,
    rolled,
    shown,
    summed,
)

DAY = datetime.date


def percent(above, below):
    return in_unit(ratio(above, below, whole=False), "%")


def held(value, direction=Direction.AT_LEAST, aim=False):
    return Held(Decimal(value), direction, aim)


@pytest.mark.parametrize(
    ("above", "below", "target", "verdict", "words"),
    [
        # supervision 6: 79.995 % is below 80 and may not be shown as 80.00
        (15999, 20000, held(80), Verdict.NOT_MET, "79.995"),
        (799999, 1000000, held(80), Verdict.NOT_MET, "79.9999"),
        (79999999, 100000000, held(80), Verdict.NOT_MET, "<80.00"),
        (8, 10, held(80), Verdict.MET, "80.00"),
        # public-debt 12: a hair above 10 %
        (1000001, 10000000, held(10, Direction.AT_MOST), Verdict.NOT_MET, ">10.00"),
        (100001, 1000000, held(10, Direction.AT_MOST), Verdict.NOT_MET, "10.0001"),
        (1, 10, held(10, Direction.AT_MOST), Verdict.MET, "10.00"),
        (1, 3, held(90), Verdict.NOT_MET, "33.33"),
        (2, 3, None, Verdict.NO_TARGET, "66.67"),
        (19999, 20000, held(100), Verdict.NOT_MET, "99.995"),
        (0, 5, held(90), Verdict.NOT_MET, "0.00"),
        (0, 0, held(90), Verdict.NO_DATA, ""),
        (95, 100, held(96, aim=True), Verdict.AIM_OPEN, "95.00"),
        (97, 100, held(96, aim=True), Verdict.AIM_MET, "97.00"),
        (1, 2, held(50, Direction.ABOVE), Verdict.NOT_MET, "50.00"),
        (1, 2, held(50, Direction.BELOW), Verdict.NOT_MET, "50.00"),
        (100001, 200000, held(50, Direction.ABOVE), Verdict.MET, "50.0005"),
        (1, 1, held(100, Direction.EQUAL), Verdict.MET, "100.00"),
        (99999, 100000, held(100, Direction.EQUAL), Verdict.NOT_MET, "99.999"),
        (0, 0, None, Verdict.NO_DATA, ""),
    ],
)
def test_verdict_and_words(above, below, target, verdict, words):
    value = ratio(above, below, whole=False)
    value = None if value is None else in_unit(value, "%")
    assert judge(value, target) is verdict
    assert shown(value, target) == words


DIRECTIONS = st.sampled_from(list(Direction))


@given(
    above=st.integers(0, 10**9), below=st.integers(1, 10**9), target=st.decimals(0, 100, places=2), direction=DIRECTIONS
)
def test_what_is_shown_never_says_otherwise(above, below, target, direction):
    value = percent(above, below)
    bound = held(target, direction)
    words = shown(value, bound)
    if words[0] in "<>":
        assert (words[0] == "<") is (value < Fraction(target))
        assert Decimal(words[1:].replace(",", "")) == target
    else:
        assert reaches(Fraction(words.replace(",", "")), bound) is reaches(value, bound)
        assert abs(Fraction(words.replace(",", "")) - value) <= Fraction(1, 200)


@given(value=st.fractions(-(10**6), 10**6), places=st.integers(0, 6))
def test_half_up_is_the_nearest_and_a_half_goes_away_from_zero(value, places):
    found = Fraction(half_up(value, places))
    step = Fraction(1, 10**places)
    assert abs(found - value) <= step / 2
    if abs(found - value) == step / 2:
        assert abs(found) > abs(value)


def test_half_of_a_hundredth_goes_up():
    assert [str(half_up(Fraction(text), 2)) for text in ("0.005", "-0.005", "1.015", "2.675")] == [
        "0.01",
        "-0.01",
        "1.02",
        "2.68",
    ]


@given(st.one_of(st.integers(-(10**30), 10**30), st.decimals(-(10**9), 10**9, places=6)))
def test_kept_figures_come_back_exactly(value):
    assert number(exact(value)) == value


def test_sums_and_peaks_of_periods():
    parts = [(1, 2), (None, None), (3, 4)]
    assert rolled(parts, "sum") == (4, 6)
    assert rolled(parts, "last") == (3, 4)
    assert rolled([(5, None), (9, None), (7, None)], "most") == (9, None)
    assert rolled([(1, 2), (2, 3)], "most") == (2, 3)
    assert rolled([(None, None)], "sum") == (None, None)
    assert summed([1, Decimal("0.1"), None]) == Decimal("1.1")
    assert summed([]) is None


def test_the_whole_is_the_ratio_of_sums_not_the_mean_of_ratios():
    assert percent(*rolled([(1, 1), (0, 9)], "sum")) == 10


def test_equal_values_share_a_rank_and_the_next_is_skipped():
    values = [Fraction(3), Fraction(5), None, Fraction(3), Fraction(1)]
    assert ranked(values) == [2, 1, None, 2, 4]
    assert ranked(values, most_first=False) == [2, 4, None, 2, 1]


def test_gap_is_what_is_missing():
    assert gap(Fraction(79), held(80)) == 1
    assert gap(Fraction(11), held(10, Direction.AT_MOST)) == 1
    assert gap(Fraction(85), held(80)) == -5


@pytest.mark.parametrize(
    ("kind", "day", "key", "first", "last", "words"),
    [
        ("day", DAY(2018, 1, 14), "2018-01-14", DAY(2018, 1, 14), DAY(2018, 1, 14), "2018年1月14日"),
        ("month", DAY(2018, 2, 14), "2018-02", DAY(2018, 2, 1), DAY(2018, 2, 28), "2018年2月"),
        ("quarter", DAY(2018, 5, 1), "2018-Q2", DAY(2018, 4, 1), DAY(2018, 6, 30), "2018年二季度"),
        ("half", DAY(2018, 7, 1), "2018-H2", DAY(2018, 7, 1), DAY(2018, 12, 31), "2018年下半年"),
        ("year", DAY(2018, 7, 1), "2018", DAY(2018, 1, 1), DAY(2018, 12, 31), "2018年"),
        ("season", DAY(2018, 1, 14), "2017S", DAY(2017, 11, 15), DAY(2018, 3, 15), "2017–2018年采暖季"),
        ("season", DAY(2018, 7, 1), "2017S", DAY(2017, 11, 15), DAY(2018, 3, 15), "2017–2018年采暖季"),
    ],
)
def test_periods(kind, day, key, first, last, words):
    span = spans.span_of(kind, day)
    assert (span.key, span.first, span.last, span.words) == (key, first, last, words)
    assert spans.read(kind, key) == span


@given(
    kind=st.sampled_from(["day", "month", "quarter", "half", "year"]), day=st.dates(DAY(2000, 1, 1), DAY(2099, 1, 1))
)
def test_periods_follow_each_other_without_gap(kind, day):
    span = spans.span_of(kind, day)
    earlier = spans.before(span)
    assert span.first <= day <= span.last
    assert earlier.last + datetime.timedelta(days=1) == span.first
    assert [one.key for one in spans.between(kind, earlier.first, span.last)] == [earlier.key, span.key]
    assert earlier.key < span.key


@pytest.mark.parametrize(
    ("kind", "key"), [("month", "2018-13"), ("day", "2018-02-30"), ("quarter", "2018-Q5"), ("year", "x")]
)
def test_wrong_keys_are_refused(kind, key):
    with pytest.raises(LuoshiError) as refused:
        spans.read(kind, key)
    assert refused.value.code == "E_INPUT"
