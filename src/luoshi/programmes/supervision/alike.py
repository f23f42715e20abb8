"""What tasks of an item have in common where they are counted together, and exact numbers as they are kept: pure.

Used by `rollup`, which keeps the sums, and `summing`, which asks whether they are right.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import DecimalField

from luoshi.office.duties import lights
from luoshi.office.duties.matter_models import FAR, Matter, State
from luoshi.programmes.supervision.models import LeafSums

TOTAL_BP = 10_000
WHOLE = TOTAL_BP**4
"""An item in the smallest parts a tree of four levels of weights can divide it into."""
_FIFTEEN = Context(prec=15)


def text(value: Fraction) -> str:
    """Return a fraction as it is kept: "num/den", in lowest terms."""
    return f"{value.numerator}/{value.denominator}"


class Alike(NamedTuple):
    """What tasks have in common that are counted together; see `LeafSums`."""

    start: datetime.date
    due: datetime.date
    bend: str
    open: bool
    paused: bool
    late: bool
    month: str


def alike(matter: Matter, month: str) -> Alike:
    """Return among which tasks of its item a task is counted."""
    paused = matter.is_open and matter.state == State.PAUSED
    due = matter.due_on or FAR
    return Alike(
        matter.start, due, bend_of(matter.planned_points), matter.is_open, paused, matter.late_on != FAR, month
    )


def alike_of(row: LeafSums) -> Alike:
    """Return what the tasks of a kept sum have in common."""
    return Alike(*(getattr(row, name) for name in Alike._fields))


def bend_of(points: Sequence[Any]) -> str:
    """Return the digest of a plan's corners, nothing for a straight one."""
    return hashlib.sha256(json.dumps(points).encode()).hexdigest()[:32] if points else ""


def newest_month(periods: Iterable[str]) -> str:
    """Return the newest of the months reported on (2019-10), nothing when there is none.

    A quarter counts as its last month, a week as the month of its Friday.
    """
    return max(map(_month_of, periods), default="")


def _month_of(period: str) -> str:
    year, _dash, part = period.partition("-")
    if part[:1] == "Q":
        return f"{year}-{int(part[1:]) * 3:02}"
    if part[:1] == "W":
        return f"{datetime.date.fromisocalendar(int(year), int(part[1:]), 5):%Y-%m}"
    return period if part.isdecimal() else ""


def parts_of(nodes: dict[int, tuple[int | None, int]]) -> dict[int, int]:
    """Return what each node makes up of its item, of `WHOLE`, from parent and weight: the product on its path."""
    parts: dict[int, int] = {}

    def part(pk: int) -> int:
        if pk not in parts:
            parent, weight = nodes[pk]
            parts[pk] = (part(parent) if parent in nodes else WHOLE) * weight // TOTAL_BP
        return parts[pk]

    for pk in nodes:
        part(pk)
    return parts


@lru_cache(maxsize=100_000)
def percent_of(
    value: Decimal | None, bp: int, target: Decimal | None, base: Decimal | None, sign: str, upper: Decimal | None
) -> Fraction:
    """Return the progress in percent of what has this value or percentage, measured by these."""
    row = Matter(value=value, percent_bp=bp, target_value=target, baseline=base, comparator=sign, upper=upper)
    return lights.progress(row)


def date_of(value: str | datetime.date) -> datetime.date:
    """Return a day as a database gave it."""
    return datetime.date.fromisoformat(value) if isinstance(value, str) else value


def read_value(column: Any, value: Any) -> Any:
    """Return a value of a column as a model has it: SQLite keeps decimals as numbers of 15 digits."""
    if isinstance(value, Decimal) or value is None or not isinstance(column, DecimalField):
        return value
    return _FIFTEEN.create_decimal_from_float(value).quantize(Decimal(1).scaleb(-column.decimal_places))
