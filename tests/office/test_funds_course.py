"""The past of a gauge: its days come from kept balances, its steps stand where the share changed."""

from __future__ import annotations

import datetime
from fractions import Fraction

import pytest

from luoshi.kernel.clock import CLOCK
from luoshi.office.funds import queries
from luoshi.office.funds.gauge import Gauge, Mark, Point, course_of
from luoshi.office.funds.orders import Order, credit, debit
from luoshi.office.funds.writing import post_all
from luoshi.site.fund_words import gauge_drawn
from tests.office.funds_made import HAND, book, clock_at, funded

D = datetime.date


def test_a_point_stands_where_the_share_changes():
    days = [(D(2019, 1, n), {"3101": part, "3001": 100}) for n, part in ((1, 0), (2, 5), (3, 5), (4, 20))]
    points = course_of(days, lambda one: (one["3101"], one["3001"]))
    assert points == [Point(D(2019, 1, 1), 0, 100), Point(D(2019, 1, 2), 5, 100), Point(D(2019, 1, 4), 20, 100)]


@pytest.mark.django_db
def test_days_and_their_drawing():
    clock_at(D(2019, 3, 11))
    ledger = book()
    funded(ledger, 1_000, D(2019, 1, 15))
    for key, on, fen in (("a", D(2019, 3, 1), 50), ("b", D(2019, 3, 6), 150)):
        post_all(ledger, [Order(key, on, [debit("3101", fen), credit("1001", fen)])], HAND)
    days = list(queries.days_of(ledger.book, D(2019, 3, 1)))
    assert [(on, one["1001"], one["3101"]) for on, one in days] == [(D(2019, 3, 1), 950, 50), (D(2019, 3, 6), 800, 200)]
    points = course_of(days, lambda one: (one["3101"], one["3001"]))
    drawn = gauge_drawn(Gauge("份额", 200, 1_000, marks=(Mark("停办", Fraction(1, 5), stop=True),), course=points))
    # Ten days across, a quarter beyond the mark up: 5 % until the middle, then 20 %.
    assert drawn["course"]["points"] == "0.00,80.00 50.00,80.00 50.00,20.00 100.00,20.00 100.00,20.00"
    assert [(row["on"], row["words"]) for row in drawn["course"]["rows"]][:2] == [
        (D(2019, 3, 1), "5.00"),
        (D(2019, 3, 6), "20.00"),
    ]
    assert gauge_drawn(Gauge("份额", 200, 1_000))["course"] is None
    CLOCK.release()
