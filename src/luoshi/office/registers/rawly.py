"""Many rows at once: one prepared statement run over plain values, several times faster than making SQL of each row.

Values go through the same adaptation as a model's own (decimals, dates, moments, JSON); constraints and triggers are
the database's and hold as ever. Only `history` calls this, inside its transaction.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    from luoshi.office.registers.declaration import Register
    from luoshi.office.registers.history import Written

PIECE = 2_000
Adapt = Callable[[Any], Any]
_PLAIN = frozenset(
    {
        "AutoField", "BigAutoField", "BigIntegerField", "BooleanField", "CharField", "IntegerField", "TextField",
        "PositiveIntegerField", "PositiveSmallIntegerField", "SmallIntegerField", "PositiveBigIntegerField",
        "SlugField", "URLField", "EmailField",
    }
)  # fmt: skip
"""Fields whose values the database takes as they are."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def _connection(model: type[models.Model]) -> BaseDatabaseWrapper:
    return connections[router.db_for_write(model)]


def _adapt(field: models.Field[Any, Any], connection: BaseDatabaseWrapper) -> Adapt | None:
    """Return what makes a value one of the database; None where it is one already."""
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    kind = field.get_internal_type()
    if kind in _PLAIN:
        return None
    if isinstance(field, models.DecimalField):
        digits, places = field.max_digits, field.decimal_places
        return lambda value: None if value is None else connection.ops.adapt_decimalfield_value(value, digits, places)
    if kind == "DateField":
        return lambda value: None if value is None else connection.ops.adapt_datefield_value(value)
    if kind == "JSONField":
        return lambda value: None if value is None else _encode(value)
    return lambda value: field.get_db_prep_save(value, connection)


def insert(model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows of values, in the order of the fields `names`; the database numbers them."""
    connection = _connection(model)
    by_attname = {f.attname: f for f in model._meta.concrete_fields}
    fields = [by_attname[name] for name in names]
    adapts = [_adapt(field, connection) for field in fields]
    values = [
        tuple(value if adapt is None else adapt(value) for adapt, value in zip(adapts, row, strict=True))
        for row in rows
    ]
    _many(connection, _insert_sql(connection, model, fields), values)


def insert_records(register: Register, rows: Sequence[Written], at: datetime.datetime) -> None:
    """Insert new records and give each its id."""
    if not rows:
        return
    model, connection = register.model, _connection(register.model)
    own = {column.attname for column in register.columns}
    others = [f for f in model._meta.concrete_fields if f.attname not in own and not f.primary_key]
    kept = {"version", "ended_on", "void"}
    rest = [f for f in others if f.attname not in kept]
    key = model._meta.pk
    assert key is not None
    by_attname = {f.attname: f for f in model._meta.concrete_fields}
    columns = [(c.name, by_attname[c.attname], _adapt(by_attname[c.attname], connection)) for c in register.columns]
    fields = [key, *(field for _name, field, _adapt in columns), *(by_attname[name] for name in sorted(kept)), *rest]
    day = _adapt(by_attname["ended_on"], connection) or (lambda value: value)
    ids = _ids(connection, model, len(rows))
    values = []
    for pk, row in zip(ids, rows, strict=True):
        row.pk = pk
        held = row.values
        values.append(
            (
                pk,
                *(held[name] if adapt is None else adapt(held[name]) for name, _field, adapt in columns),
                day(row.ended_on),
                row.version + 1,
                row.void,
                *(_given(field, connection, at) for field in rest),
            )
        )
    _many(connection, _insert_sql(connection, model, fields), values)


def _given(field: models.Field[Any, Any], connection: BaseDatabaseWrapper, at: datetime.datetime) -> Any:
    """Return what a field that is no column of the register holds in a new row."""
    stamped = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    value = (at if isinstance(field, models.DateTimeField) else at.date()) if stamped else field.get_default()
    adapt = _adapt(field, connection)
    return value if adapt is None else adapt(value)


def update_records(register: Register, rows: Sequence[Written], at: datetime.datetime) -> None:
    """Write the register's columns, version, end and voidness of records; other fields keep what they hold."""
    if not rows:
        return
    model, connection = register.model, _connection(register.model)
    by_attname = {f.attname: f for f in model._meta.concrete_fields}
    columns = [(c.name, by_attname[c.attname], _adapt(by_attname[c.attname], connection)) for c in register.columns]
    stamps = [f for f in model._meta.concrete_fields if getattr(f, "auto_now", False)]
    fields = [field for _name, field, _adapt in columns]
    fields += [by_attname[name] for name in ("ended_on", "version", "void")] + stamps
    day = _adapt(by_attname["ended_on"], connection) or (lambda value: value)
    quote = connection.ops.quote_name
    key = model._meta.pk
    assert key is not None
    sets = ", ".join(f"{quote(str(f.column))} = %s" for f in fields)
    values = [
        (
            *(row.values[name] if adapt is None else adapt(row.values[name]) for name, _field, adapt in columns),
            day(row.ended_on),
            row.version + 1,
            row.void,
            *(_given(field, connection, at) for field in stamps),
            row.pk,
        )
        for row in rows
    ]
    table, name = quote(model._meta.db_table), quote(str(key.column))
    _many(connection, f"UPDATE {table} SET {sets} WHERE {name} = %s", values)  # noqa: S608 - names of our own models


def _insert_sql(
    connection: BaseDatabaseWrapper, model: type[models.Model], fields: Sequence[models.Field[Any, Any]]
) -> str:
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(f.column)) for f in fields)
    marks = ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({marks})"  # noqa: S608


def _many(connection: BaseDatabaseWrapper, sql: str, values: Sequence[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        for start in range(0, len(values), PIECE):
            cursor.executemany(sql, values[start : start + PIECE])


def _ids(connection: BaseDatabaseWrapper, model: type[models.Model], count: int) -> Sequence[int]:
    """Return ids nobody else gets: from the sequence, or after the last one, which the open transaction keeps ours."""
    table, key = model._meta.db_table, model._meta.pk
    assert key is not None
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [connection.ops.quote_name(table), str(key.column), count],
            )
            return [row[0] for row in cursor.fetchall()]
        quote = connection.ops.quote_name
        cursor.execute(
            f"SELECT max(coalesce((SELECT max({quote(str(key.column))}) FROM {quote(table)}), 0), "  # noqa: S608
            "coalesce((SELECT seq FROM sqlite_sequence WHERE name = %s), 0))",
            [table],
        )
        last = cursor.fetchone()[0]
    return range(last + 1, last + 1 + count)
