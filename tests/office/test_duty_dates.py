"""From normalised limits to dates the ledger sorts by, and to Chinese words."""

from __future__ import annotations

import calendar
import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.office.duties.dates import NEVER, Occurrence, first_in, next_due, occurrence, words


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("by", "2018-10-31", Occurrence(datetime.date(2018, 10, 31), 0, 31)),
        ("between", "2018-01-01/2018-12-31", Occurrence(datetime.date(2018, 12, 31), 0, 31)),
        ("between", "12 months/24 months", NEVER),
        ("from", "2018-01-01", NEVER),
        ("within", "10 working days", NEVER),
        ("every", "yearly by 10-31", Occurrence(None, 1 << 10, 31)),
        ("every", "yearly", Occurrence(None, 1 << 12, 31)),
        ("every", "quarterly", Occurrence(None, 1 << 3 | 1 << 6 | 1 << 9 | 1 << 12, 31)),
        ("every", "monthly by 15", Occurrence(None, 8190, 15)),
        ("every", "daily by 15:00", Occurrence(None, 8190, 31)),
        ("every", "yearly by 13-01", NEVER),
        ("every", "now and then", NEVER),
        ("by", "soon", NEVER),
    ],
)
def test_occurrence_reads_every_form(kind, value, expected):
    assert occurrence(kind, value) == expected


@given(
    st.sets(st.integers(1, 12), min_size=1),
    st.integers(1, 31),
    st.dates(datetime.date(1990, 1, 1), datetime.date(2090, 1, 1)),
)
def test_first_in_is_the_first_day_that_fits(months, day, on):
    def fits(date):
        last = calendar.monthrange(date.year, date.month)[1]
        return date.month in months and date.day == min(day, last)

    expected = next(d for n in range(400) if fits(d := on + datetime.timedelta(days=n)))
    assert first_in(sum(1 << month for month in months), day, on) == expected


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("every", "yearly by 10-31", datetime.date(2027, 10, 31)),
        ("every", "monthly", datetime.date(2026, 11, 30)),
        ("every", "monthly by 15", datetime.date(2026, 12, 15)),
        ("every", "weekly", None),
        ("every", "daily by 16:00", None),
        ("by", "2027-01-01", None),
    ],
)
def test_each_day_and_each_week_name_no_day_to_wait_for(kind, value, expected):
    assert next_due(kind, value, datetime.date(2026, 11, 22)) == expected


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("by", "2018-10-31", "2018年10月31日前"),
        ("from", "2018-01-01", "2018年1月1日起"),
        ("between", "2018-01-01/2018-12-31", "2018年1月1日至2018年12月31日"),
        ("between", "12 months/24 months", "12个月至24个月"),
        ("within", "10 working days", "10个工作日内"),
        ("within", "24 hours before", "提前24小时"),
        ("every", "yearly by 10-31", "每年10月31日前"),
        ("every", "monthly by 15", "每月15日前"),
        ("every", "daily by 15:00", "每日15:00前"),
        ("every", "half-yearly", "每半年"),
        ("every", "some other form", "some other form"),
    ],
)
def test_words_say_it_in_chinese(kind, value, expected):
    assert words(kind, value) == expected
