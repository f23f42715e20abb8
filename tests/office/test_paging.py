"""Counts that stop at a bound, one by one and many in one query."""

from __future__ import annotations

import pytest

from luoshi.office.accounts.models import User
from luoshi.office.paging import Total, bounded_total, bounded_totals
from tests.office.people import person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("bound", [1, 2, 3, 9])
def test_many_counts_in_one_query_are_those_of_one_by_one(bound, django_assert_num_queries):
    for login in ("a", "b", "c"):
        person(login)
    everybody = User.objects.all()
    rows = [everybody, everybody.filter(login="b"), everybody.filter(login="x").order_by("name"), everybody.none()]
    with django_assert_num_queries(1):
        found = bounded_totals(rows, bound)
    assert found == [bounded_total(one, bound) for one in rows]
    assert found[0] == Total(min(bound, 3), bound >= 3)


def test_nothing_to_count_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert bounded_totals([]) == []
