"""A history with a new value in it; values go to JSON and back without loss; a decision under another edition."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.parameters import DatedValue, ParameterTable, Provenance, exact, plain, superseding


def dated(value: Any, first: date, last: date | None = None) -> DatedValue:
    return DatedValue(value, first, last, None, Provenance.DEFAULT)


OLD = (dated(1, date(2018, 1, 1), date(2018, 6, 30)), dated(2, date(2018, 7, 1)))


@pytest.mark.parametrize(
    ("first", "last", "spans"),
    [
        (date(2019, 1, 1), None, [(1, "01-01", "06-30"), (2, "07-01", "12-31"), (9, "01-01", None)]),
        (date(2018, 1, 1), date(2018, 6, 30), [(9, "01-01", "06-30"), (2, "07-01", None)]),
        (date(2018, 3, 1), date(2018, 6, 30), [(1, "01-01", "02-28"), (9, "03-01", "06-30"), (2, "07-01", None)]),
        (date(2018, 3, 1), date(2018, 7, 1), [(1, "01-01", "02-28"), (9, "03-01", "07-01")]),
        (date(2017, 1, 1), None, [(9, "01-01", None)]),
    ],
)
def test_new_value_takes_its_days_and_what_it_ended_does_not_come_back(first, last, spans) -> None:
    found = superseding(OLD, dated(9, first, last))
    assert [(v.value, f"{v.valid_from:%m-%d}", v.valid_to and f"{v.valid_to:%m-%d}") for v in found] == spans


@pytest.mark.parametrize(
    ("unit", "value"),
    [
        ("年", 5),
        ("%", Decimal("12.50")),
        ("", "文字"),
        ("", True),
        ("时刻", (("08:30", "12:00"),)),
        ("%", {"a": Decimal(1)}),
    ],
)
def test_value_survives_json(unit: str, value: Any) -> None:
    assert exact("p", unit, plain(value)) == value


@pytest.mark.parametrize(("unit", "value"), [("年", 1.5), ("%", "NaN"), ("%", "Infinity"), ("%", "ein"), ("", [[0.1]])])
def test_what_is_not_exact_is_refused(unit: str, value: Any) -> None:
    with pytest.raises(LuoshiError) as refused:
        exact("p", unit, value)
    assert refused.value.code == "E_INPUT"


def test_table_tells_room_owner_and_basis() -> None:
    row = {"value": 1, "from": "2018-01-01", "source": "outside_rule", "basis": "某标准"}
    table = ParameterTable.from_data({"p": {"title": "某数", "unit": "", "owner": "finance", "values": [row]}}, "room")
    assert (table["p"].owner, table["p"].room, table["p"].values[0].basis) == ("finance", "room", "某标准")
