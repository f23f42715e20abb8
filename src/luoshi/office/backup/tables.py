"""Every table as lines of JSON that are the same whichever database they come from, and back.

A line is the list of a row's columns. Text, whole numbers and truth go as they are; moments as UTC text, days and
times as ISO text, decimals as text, JSON as its text, bytes as base64. Rows are read in one snapshot and written in
pieces: memory does not grow with the table. What a column holds is told by its `kind`, kept in the archive, so that an
archive is read by a later version too.
"""

from __future__ import annotations

import base64
import datetime
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

BATCH = 5_000
_LEFT_OUT = frozenset({"django_session", "axes_accessattempt", "axes_accessattemptexpiration"})
"""Logins in progress are not restored: everybody logs in anew."""

Change = Callable[[Any], Any]
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its name, its columns and their kinds, the column by which its rows are read in order."""

    name: str
    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    order: str


def tables() -> list[Table]:
    """Return every table of the installed apps, by name."""
    found = {}
    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        if meta.proxy or not meta.managed or meta.db_table in _LEFT_OUT or meta.pk is None:
            continue
        fields = meta.concrete_fields
        columns, kinds = tuple(str(field.column) for field in fields), tuple(_kind(field) for field in fields)
        found[meta.db_table] = Table(meta.db_table, columns, kinds, str(meta.pk.column))
    return [found[name] for name in sorted(found)]


def _kind(field: models.Field[Any, Any]) -> str:
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    kind = field.get_internal_type()
    if kind in ("UUIDField", "DurationField"):
        raise NotImplementedError(f"backup does not know {kind} ({field})")
    return f"decimal:{field.decimal_places or 0}" if isinstance(field, models.DecimalField) else kind


def lines(connection: BaseDatabaseWrapper, table: Table) -> Iterator[str]:
    """Yield every row of `table` as a line, in the order of its key, inside the caller's snapshot."""
    quote, textual = connection.ops.quote_name, connection.vendor == "sqlite"
    columns = ", ".join(
        _selected(quote(column), kind, textual) for column, kind in zip(table.columns, table.kinds, strict=True)
    )
    readers = [(place, read) for place, kind in enumerate(table.kinds) if (read := _reader(kind, textual))]
    statement = f"SELECT {columns} FROM {quote(table.name)} ORDER BY {quote(table.order)}"  # noqa: S608
    cursor = connection.connection.cursor(**({} if textual else {"name": "luoshi_backup"}))
    try:
        cursor.execute(statement)
        while rows := cursor.fetchmany(BATCH):
            for found in rows:
                row = list(found)
                for place, read in readers:
                    if row[place] is not None:
                        row[place] = read(row[place])
                yield _encode(row) + "\n"
    finally:
        cursor.close()


def _selected(column: str, kind: str, textual: bool) -> str:
    if not textual:
        return f"{column}::text" if kind == "JSONField" else column
    # Without its declared type SQLite gives a value as it is stored.
    return f"{column} || ''" if kind in ("DateTimeField", "DateField", "TimeField", "JSONField") else f"+{column}"


def _reader(kind: str, textual: bool) -> Change | None:
    if kind == "DateTimeField":
        return None if textual else lambda value: str(value.astimezone(datetime.UTC).replace(tzinfo=None))
    if kind in ("DateField", "TimeField"):
        return None if textual else str
    if kind == "BooleanField":
        return bool
    if kind == "JSONField":
        return lambda value: json.dumps(json.loads(value), ensure_ascii=False)
    if kind == "BinaryField":
        return lambda value: base64.b64encode(bytes(value)).decode()
    if kind.startswith("decimal:"):
        step = Decimal(1).scaleb(-int(kind.partition(":")[2]))
        return lambda value: format(Decimal(str(value)).quantize(step), "f")
    return None


def load(connection: BaseDatabaseWrapper, table: Table, rows: Iterable[str]) -> int:
    """Write `rows` (lines) into the empty `table`, in pieces; return how many. The caller holds the transaction."""
    textual = connection.vendor == "sqlite"
    writers = [(place, write) for place, kind in enumerate(table.kinds) if (write := _writer(kind, textual))]
    quote = connection.ops.quote_name
    names = ", ".join(quote(name) for name in table.columns)
    if not textual:
        with connection.cursor() as cursor:
            return _copy(cursor, f"COPY {quote(table.name)} ({names}) FROM STDIN", _read(rows, writers))
    marks = ", ".join(["?"] * len(table.columns))
    statement = f"INSERT INTO {quote(table.name)} ({names}) VALUES ({marks})"  # noqa: S608
    count, piece = 0, []
    plain = connection.connection.cursor()
    for row in _read(rows, writers):
        piece.append(row)
        count += 1
        if len(piece) == BATCH:
            plain.executemany(statement, piece)
            piece.clear()
    plain.executemany(statement, piece)
    plain.close()
    return count


def _copy(cursor: Any, statement: str, rows: Iterable[Sequence[Any]]) -> int:
    count = 0
    with cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def _read(rows: Iterable[str], writers: Sequence[tuple[int, Change]]) -> Iterator[list[Any]]:
    for line in rows:
        row = json.loads(line)
        for place, write in writers:
            if row[place] is not None:
                row[place] = write(row[place])
        yield row


def _writer(kind: str, textual: bool) -> Change | None:
    if kind == "BinaryField":
        return base64.b64decode
    if kind == "DateTimeField" and not textual:
        return lambda value: f"{value}+00"
    if kind == "BooleanField" and textual:
        return int
    return None


def count(connection: BaseDatabaseWrapper, table: str) -> int:
    """Return how many rows the table has."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608
        return int(cursor.fetchone()[0])
