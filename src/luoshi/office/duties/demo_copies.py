"""A library made many times as large in minutes: copies of what is there, with ids and keys of their own.

For measuring only: copies go past the actions, in statements over whole tables.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.core.management.color import no_style
from django.db import connection, models, transaction

from luoshi.office import search
from luoshi.office.duties.actions import SEARCH_TABLE
from luoshi.office.duties.matter_models import Matter, MatterEvent, MatterOrgan
from luoshi.office.duties.models import Duty, DutyOrgan, Target, TimeLimit
from luoshi.office.instruments.models import Clause, Instrument

_COPIED: tuple[type[models.Model], ...] = (
    Instrument, Clause, Duty, DutyOrgan, TimeLimit, Target, Matter, MatterOrgan, MatterEvent,
)  # fmt: skip
_OWN = {
    (Instrument, "key"): "{column} || '~{n}'",
    (Instrument, "seq"): "{column} + {n} * 100000",
    (Matter, "external_id"): "{column} || '~{n}'",
}
_CHUNK = 2000


def multiply(copies: int) -> int:
    """Add `copies` copies of every instrument with clauses, duties and matters; return how many duties there are."""
    spans = {model: model._default_manager.aggregate(n=models.Max("pk"))["n"] or 0 for model in _COPIED}
    for n in range(1, copies + 1):
        with transaction.atomic(), connection.cursor() as cursor:
            for model in _COPIED:
                cursor.execute(_statement(model, n, spans))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), list(_COPIED)):
                cursor.execute(statement)
    duties = Duty.objects.filter(pk__lte=spans[Duty]).values_list("pk", "summary", "action")
    _index(SEARCH_TABLE, ((pk, parts) for pk, *parts in duties.iterator()), copies, spans[Duty])
    rows = Instrument.objects.filter(pk__lte=spans[Instrument]).values_list("pk", "number", "title", "covering_title")
    titles = {pk: parts for pk, *parts in rows}
    _index("instruments_titles", titles.items(), copies, spans[Instrument])
    clauses = Clause.objects.filter(pk__lte=spans[Clause]).order_by("instrument_id", "seq")
    for instrument, heading, text in clauses.values_list("instrument_id", "heading", "text").iterator():
        titles[instrument] += [heading, text]
    _index("instruments_search", titles.items(), copies, spans[Instrument])
    return Duty.objects.count()


def _statement(model: type[models.Model], n: int, spans: dict[type[models.Model], int]) -> str:
    columns, values = [], []
    for field in model._meta.concrete_fields:
        column = connection.ops.quote_name(str(field.column))
        columns.append(column)
        target = model if field.primary_key else field.related_model
        value = _OWN.get((model, field.name), "{column}").format(column=column, n=n)
        values.append(f"{column} + {n * spans[target]}" if target in spans else value)
    table = connection.ops.quote_name(model._meta.db_table)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) "  # noqa: S608 - names of our own tables
        f"SELECT {', '.join(values)} FROM {table} WHERE id <= {spans[model]} ORDER BY id"
    )


def _pairs(parts: Iterable[str]) -> str:
    folded = (search.fold(part) for part in parts)
    return " ".join(text[at : at + 2] for text in folded for at in range(len(text)))


def _index(table: str, texts: Iterable[tuple[int, Iterable[str]]], copies: int, span: int) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for n in range(1, copies + 1):
                cursor.execute(
                    f"INSERT INTO {table} (rowid, pairs) SELECT rowid + {n * span}, pairs FROM {table} "  # noqa: S608
                    f"WHERE rowid <= {span}"
                )
        return
    rows = [(pk, _pairs(parts)) for pk, parts in texts]
    for n in range(1, copies + 1):
        with transaction.atomic(), connection.cursor() as cursor:
            for first in range(0, len(rows), _CHUNK):
                some = [(pk + n * span, words) for pk, words in rows[first : first + _CHUNK]]
                cursor.executemany(f"INSERT INTO {table} (rowid, pairs) VALUES (%s, %s)", some)  # noqa: S608
