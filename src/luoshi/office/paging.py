"""Keyset paging: a page is found by the last row seen, so page 1,000 costs what page 1 costs.

A cursor is the order's values of the last row and how many rows came before, joined by `.`; it goes into the URL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Model, Q, QuerySet

from luoshi.kernel.errors import LuoshiError

COUNT_BOUND = 2000
"""Lists count exactly up to here; beyond, they say so."""

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Key:
    """One column of a list's order: field, direction, how a cursor's text becomes its value."""

    field: str
    parse: Callable[[str], Any]
    descending: bool = False


@dataclass(frozen=True, slots=True)
class KeysetPage(Generic[Row]):
    """The rows of a page and the cursors of its neighbours, empty where there is none."""

    rows: Sequence[Row]
    previous: str
    next: str
    first: int


@dataclass(frozen=True, slots=True)
class Total:
    """How many rows there are: exactly, or `value` and more."""

    value: int
    exact: bool


def bounded_total(rows: QuerySet[Any], bound: int = COUNT_BOUND) -> Total:
    """Count `rows`, stopping at the bound."""
    value = rows.order_by()[: bound + 1].count()
    return Total(min(value, bound), value <= bound)


def bounded_totals(rows: Sequence[QuerySet[Any]], bound: int = COUNT_BOUND) -> list[Total]:
    """Count each of `rows`, stopping at the bound, all in one query."""
    parts: list[str] = []
    params: list[Any] = []
    for one in rows:
        try:
            statement, own = one.order_by().values("pk")[: bound + 1].query.sql_with_params()
        except EmptyResultSet:
            parts.append("0")
            continue
        parts.append(f"(SELECT count(*) FROM ({statement}) AS found)")  # noqa: S608 - Django's own words
        params += own
    if not parts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", params)
        values = cursor.fetchone()
    return [Total(min(value, bound), value <= bound) for value in values]


def keyset_page(
    rows: QuerySet[Row], keys: Sequence[Key], *, size: int, after: str = "", before: str = ""
) -> KeysetPage[Row]:
    """Return the page of `size` rows behind the cursor `after`, or in front of `before`; E_INPUT for another cursor."""
    backwards = bool(before) and not after
    cursor = before if backwards else after
    values, position = _read(cursor, keys)
    if values:
        rows = rows.filter(_beyond(keys, values, backwards))
    rows = rows.order_by(*(f"{'-' if key.descending != backwards else ''}{key.field}" for key in keys))
    found = list(rows[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
        first = max(position - len(found), 1)
        has_previous, has_next = more, True
    else:
        first = position + 1 if values else 1
        has_previous, has_next = bool(values), more
    return KeysetPage(
        found,
        _write(found[0], keys, first) if found and has_previous else "",
        _write(found[-1], keys, first + len(found) - 1) if found and has_next else "",
        first,
    )


def _beyond(keys: Sequence[Key], values: Sequence[Any], backwards: bool) -> Q:
    condition = Q()
    same: dict[str, Any] = {}
    for key, value in zip(keys, values, strict=True):
        test = "lt" if key.descending != backwards else "gt"
        condition |= Q(**same, **{f"{key.field}__{test}": value})
        same[key.field] = value
    # The first column's bound alone again, so that the index is entered at the cursor.
    first = keys[0]
    test = "lte" if first.descending != backwards else "gte"
    return Q(**{f"{first.field}__{test}": values[0]}) & condition


def _write(row: Model, keys: Sequence[Key], position: int) -> str:
    return ".".join([*(str(getattr(row, key.field)) for key in keys), str(position)])


def _read(cursor: str, keys: Sequence[Key]) -> tuple[list[Any], int]:
    if not cursor:
        return [], 0
    parts = cursor.split(".")
    try:
        if len(parts) != len(keys) + 1:
            raise ValueError
        position = int(parts[-1])
        values = [key.parse(part) for key, part in zip(keys, parts, strict=False)]
        if not 0 <= position < 10**9 or any(isinstance(v, int) and abs(v) >= 2**62 for v in values):
            raise ValueError
    except ValueError:
        raise LuoshiError("E_INPUT", "翻页的位置不对，请回到第一页。", fields={"cursor": cursor[:80]}) from None
    return values, position
