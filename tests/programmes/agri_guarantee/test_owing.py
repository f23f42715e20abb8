"""What is owed by the calendar: which days, and that nothing is owed twice."""

from __future__ import annotations

import datetime

import pytest

from luoshi.programmes.agri_guarantee.owing import owed, standing


@pytest.mark.parametrize(
    ("day", "month_due", "quarter_due"),
    [
        (datetime.date(2019, 1, 1), datetime.date(2019, 1, 5), datetime.date(2019, 3, 31)),
        (datetime.date(2019, 6, 30), datetime.date(2019, 6, 5), datetime.date(2019, 6, 30)),
        (datetime.date(2019, 12, 31), datetime.date(2019, 12, 5), datetime.date(2019, 12, 31)),
    ],
)
def test_each_duty_has_its_day(day, month_due, quarter_due):
    found = {one.key: one for one in owed(day, ["rural-commercial-bank"])}
    assert len(found) == 6
    assert found[f"balances:{day:%Y-%m}:rural-commercial-bank"].due_on == month_due
    assert next(one for one in found.values() if one.key.startswith("supervise:")).due_on == quarter_due
    assert {one.due_on for key, one in found.items() if key.endswith(f":{day.year}")} == {
        datetime.date(day.year, 12, 31)
    }


@pytest.mark.parametrize(
    ("ruled", "owed_by", "keys"),
    [
        (True, "", ["control:2019"]),
        (False, "", ["control:2019", "subsidy-rules"]),
        (True, "J-7", ["control:2019", "restore:J-7"]),
    ],
)
def test_what_stands_until_it_is_done(ruled, owed_by, keys):
    day = datetime.date(2019, 6, 30)
    found = standing(day, ruled=ruled, owed_by=owed_by)
    assert [one.key for one in found] == keys
    # A loss is made good at once, by the custodian.
    assert {one.due_on for one in found if one.key.startswith("restore")} <= {day}
    assert {one.organ for one in found if not one.key.startswith("subsidy")} == {"state-capital-co"}
