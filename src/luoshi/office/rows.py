"""Rows by statements whose words are made once, several of them in one journey to the database.

Django words every statement anew, which takes longer than carrying it out. What each act does (read a case, write its
story, continue the trail, tell people) is worded here instead: `ask` answers several questions, `Writing` writes any
number of rows of any models, and PostgreSQL gets each of these as one message. Whatever is asked only now and then is
asked through the ORM.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property, lru_cache, partial
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

Row = TypeVar("Row", bound=models.Model)
Change = Callable[[Any], Any] | None
"""How a field's value becomes the database's or the other way round; None where it is the same."""

_FEW = 4
"""Up to so many rows PostgreSQL gets a statement each; more go in as one JSON list, whatever their number."""
_SAME = (
    models.CharField, models.TextField, models.BooleanField, models.IntegerField, models.BigIntegerField,
    models.PositiveIntegerField, models.PositiveSmallIntegerField, models.PositiveBigIntegerField, models.ForeignKey,
    models.BigAutoField,
)  # fmt: skip


class OvertakenError(Exception):
    """A row that was to be changed is not there any more as it was when it was read."""


# --- reading ----------------------------------------------------------------------------------------------------------


class Asked(NamedTuple):
    """A question with its values put in. Without a model the rows come as the database gives them."""

    model: type[models.Model] | None
    sql: str
    values: Sequence[Any]


@dataclass(frozen=True)
class Question(Generic[Row]):
    """Rows of a model by a condition in SQL, `%s` for each value.

    `lock` holds the rows until the transaction ends; SQLite's transactions have one writer anyway.
    """

    model: type[Row]
    where: str
    lock: bool = False

    def of(self, *values: Any) -> Asked:
        """Return the question with its values."""
        return Asked(self.model, self._words, values)

    def among(self, values: Sequence[Any]) -> Asked:
        """Return the question with all of `values` where `%s` stands: `id IN %s`."""
        return Asked(self.model, self._words.replace("%s", f"({', '.join(['%s'] * len(values))})"), values)

    def rows(self, *values: Any) -> list[Row]:
        """Return the rows."""
        return cast("list[Row]", ask(self.of(*values))[0])

    @cached_property
    def _words(self) -> str:
        locked = " FOR UPDATE" if self.lock and connection.features.has_select_for_update else ""
        return f"{_form(self.model).select} WHERE {self.where}{locked}"


def ask(*asked: Asked) -> list[list[Any]]:
    """Return the rows of each question, asked in this order."""
    link = connections[DEFAULT_DB_ALIAS]
    found, together = [], _together() and len(asked) > 1
    with link.cursor() as cursor, link.wrap_database_errors:
        execute = _execute(link, cursor)
        if together:
            execute(_message([(one.sql, one.values) for one in asked]))
        for one in asked:
            if not together:
                execute(one.sql, one.values)
            rows = cursor.fetchall()
            found.append(rows if one.model is None else list(_read(one.model, rows)))
            if together:
                cursor.nextset()
    return found


def _execute(link: BaseDatabaseWrapper, cursor: Any) -> Callable[..., Any]:
    """Return what carries out a statement: the driver itself where nobody watches, Django's way there is as long again.

    Django's own cursor for SQLite looks for the marks of values in the words anew each time.
    """
    link.validate_no_broken_transaction()
    if link.vendor != "sqlite" or link.queries_logged or link.execute_wrappers:
        return cast("Callable[..., Any]", cursor.execute)
    execute = super(type(cursor.cursor), cursor.cursor).execute
    return lambda sql, values: execute(_marked(sql), values)


@lru_cache(maxsize=512)
def _marked(sql: str) -> str:
    return sql.replace("%s", "?")


def _read(model: type[Row], found: Sequence[Sequence[Any]]) -> Iterator[Row]:
    form = _form(model)
    for values in found:
        yield model.from_db(DEFAULT_DB_ALIAS, form.names, _changed(values, form.from_database))


# --- writing ----------------------------------------------------------------------------------------------------------


class Statement(NamedTuple):
    """What is sent for one call: the words, the values of each row, and how many rows it must reach (None: any)."""

    sql: str
    rows: Sequence[Sequence[Any]]
    reaches: int | None


class Writing:
    """Rows to be added and changed, sent in this order and all at once by `send`. Needs a transaction."""

    def __init__(self) -> None:
        self._statements: list[Statement] = []
        self._asked: list[tuple[Asked, Callable[[list[Any]], None]]] = []

    def ask(self, asked: Asked, then: Callable[[list[Any]], None]) -> None:
        """Have a question asked before anything is sent; `then` takes its rows and may add to what is sent.

        Questions are asked in their order: what everybody waits for comes last.
        """
        self._asked.append((asked, then))

    def insert(self, rows: Sequence[models.Model]) -> None:
        """Add rows of one model; they do not learn their ids."""
        if not rows:
            return
        form = _form(type(rows[0]))
        if _together() and len(rows) > _FEW:
            self._statements.append(Statement(form.insert_many, [[form.text(rows, form.own)]], None))
        else:
            self._statements.append(Statement(form.insert, [form.values(row, form.own) for row in rows], None))

    def update(self, rows: Sequence[Row], names: tuple[str, ...], guard: str = "") -> None:
        """Write the named attributes of rows of one model.

        `guard` is a counter among them that must still be one less in the database. `send` raises OvertakenError when
        a row is not there like that.
        """
        if not rows:
            return
        form, many = _form(type(rows[0])), _together() and len(rows) > _FEW
        sql, wanted = form.update(names, guard, many=many)
        found = [[form.text(rows, wanted)]] if many else [form.values(row, wanted) for row in rows]
        self._statements.append(Statement(sql, found, len(rows)))

    def send(self) -> None:
        """Ask what is to be asked, then send everything. OvertakenError: a row was not there as it was read."""
        asked, self._asked = self._asked, []
        for (_, then), found in zip(asked, ask(*(one for one, _ in asked)) if asked else (), strict=True):
            then(found)
        statements, self._statements = self._statements, []
        if statements:
            link = connections[DEFAULT_DB_ALIAS]
            with link.cursor() as cursor, link.wrap_database_errors:
                (_send_together if _together() else _send)(cursor, statements)


def _send_together(cursor: Any, statements: Sequence[Statement]) -> None:
    cursor.execute(_message([(one.sql, row) for one in statements for row in one.rows]))
    for one in statements:
        reached = 0
        for _ in one.rows:
            reached += cursor.rowcount
            cursor.nextset()
        _require_all(one, reached)


def _send(cursor: Any, statements: Sequence[Statement]) -> None:
    execute = _execute(connections[DEFAULT_DB_ALIAS], cursor)
    for one in statements:
        if len(one.rows) == 1:
            execute(one.sql, one.rows[0])
        else:
            cursor.executemany(one.sql, one.rows)
        _require_all(one, cursor.rowcount)


def _message(statements: Iterable[tuple[str, Sequence[Any]]]) -> str:
    """Return statements with their values put in, as one text for PostgreSQL."""
    from psycopg.adapt import Transformer

    literal = Transformer(connections[DEFAULT_DB_ALIAS].connection).as_literal
    words = [
        sql.encode() % tuple([b"NULL" if value is None else literal(value) for value in values])
        for sql, values in statements
    ]
    return b"; ".join(words).decode()


def _require_all(one: Statement, reached: int) -> None:
    if one.reaches is not None and one.reaches != reached:
        raise OvertakenError(one.sql)


def add(row: models.Model) -> None:
    """Add one row, which learns its id."""
    form = _form(type(row))
    with connection.cursor() as cursor:
        key = type(row)._meta.pk.column
        cursor.execute(f'{form.insert} RETURNING "{key}"', form.values(row, form.own))
        found = cursor.fetchone()
    row.pk, row._state.adding, row._state.db = found[0], False, DEFAULT_DB_ALIAS


# --- how a model lies in the database ---------------------------------------------------------------------------------


class Form:
    """A model's table: its words and the ways of its values. `own` are all attributes but the id, which is first."""

    def __init__(self, model: type[models.Model]) -> None:
        self.fields = {field.attname: field for field in model._meta.concrete_fields}
        self.names = tuple(self.fields)
        self.own = self.names[1:]
        self.table = f'"{model._meta.db_table}"'
        self._key = str(model._meta.pk.attname)
        columns, marks = ", ".join(map(self.column, self.own)), ", ".join(["%s"] * len(self.own))
        self.select = f"SELECT {', '.join(map(self.column, self.names))} FROM {self.table}"  # noqa: S608
        self.insert = f"INSERT INTO {self.table} ({columns}) VALUES ({marks})"  # noqa: S608 - our own words
        many = f"SELECT {columns} FROM {self._recordset(self.own)}"  # noqa: S608 - our own words
        self.insert_many = f"INSERT INTO {self.table} ({columns}) {many}"
        self.from_database = _changes(self.fields.values(), _found)
        self._ways: dict[tuple[str, ...], tuple[Callable[[Any], Sequence[Any]], Changes, Changes]] = {}
        self._updates: dict[tuple[tuple[str, ...], str, bool], tuple[str, tuple[str, ...]]] = {}

    def update(self, names: tuple[str, ...], guard: str, *, many: bool) -> tuple[str, tuple[str, ...]]:
        """Return the words that change rows, and the attributes whose values they take, in order."""
        if (known := self._updates.get((names, guard, many))) is None:
            value = "d.{0}" if many else "%s"
            places = ", ".join(f"{self.column(name)} = {value.format(self.column(name))}" for name in names)
            where = f"{self.table}.{self.column(self._key)} = {value.format(self.column(self._key))}"
            if guard:
                where += f" AND {self.table}.{self.column(guard)} = {value.format(self.column(guard))} - 1"
            wanted = (*names, self._key, *((guard,) if guard and not many else ()))
            rows = f" FROM {self._recordset(wanted)}" if many else ""
            known = f"UPDATE {self.table} SET {places}{rows} WHERE {where}", wanted  # noqa: S608 - our own words
            self._updates[names, guard, many] = known
        return known

    def column(self, name: str) -> str:
        """Return the quoted column of an attribute."""
        return f'"{self.fields[name].column}"'

    def _way(self, names: tuple[str, ...]) -> tuple[Callable[[Any], Sequence[Any]], Changes, Changes]:
        if names not in self._ways:
            fields = [self.fields[name] for name in names]
            self._ways[names] = attrgetter(*names), _changes(fields, _plain), _changes(fields, _json)
        return self._ways[names]

    def values(self, row: models.Model, names: tuple[str, ...]) -> list[Any]:
        """Return the values of a row as the database's driver takes them; at least two."""
        get, changes, _ = self._way(names)
        return _changed(get(row), changes)

    def text(self, rows: Sequence[models.Model], names: tuple[str, ...]) -> str:
        """Return rows as a JSON list, of which the words for many rows make rows again."""
        get, _, changes = self._way(names)
        columns = [self.fields[name].column for name in names]
        return json.dumps(
            [dict(zip(columns, _changed(get(row), changes), strict=True)) for row in rows], ensure_ascii=False
        )

    def _recordset(self, names: tuple[str, ...]) -> str:
        """Return the words that make rows `d` of a JSON list."""
        columns = (f"{self.column(name)} {self.fields[name].rel_db_type(connection)}" for name in names)
        return f"json_to_recordset(%s) AS d({', '.join(columns)})"


Changes = Sequence[tuple[int, Callable[[Any], Any]]]
"""The values of a row that are to be changed, by place."""


def _changes(fields: Iterable[Any], way: Callable[[Any], Change]) -> Changes:
    found = ((place, way(field)) for place, field in enumerate(fields))
    return [(place, change) for place, change in found if change is not None]


def _changed(values: Sequence[Any], changes: Changes) -> list[Any]:
    found = list(values)
    for place, change in changes:
        if (value := found[place]) is not None:
            found[place] = change(value)
    return found


@cache
def _form(model: type[models.Model]) -> Form:
    connection.ensure_connection()
    return Form(model)


@cache
def _together() -> bool:
    """Tell whether several statements may go in one message: PostgreSQL, where Django puts the values in itself."""
    binds_there = getattr(connection.features, "uses_server_side_binding", False)
    return connection.vendor == "postgresql" and not binds_there


def _plain(field: Any) -> Change:
    if type(field) in _SAME:
        return None
    if type(field) is models.DateTimeField:
        return _naive if connection.vendor == "sqlite" else None
    if type(field) is models.JSONField and field.encoder is None:
        return json.dumps
    return partial(field.get_db_prep_save, connection=connection)


def _json(field: Any) -> Change:
    if type(field) in _SAME or isinstance(field, models.JSONField):
        return None
    return _iso if isinstance(field, models.DateField) else cast("Change", field.get_prep_value)


def _found(field: Any) -> Change:
    if type(field) is models.DateTimeField and connection.vendor == "sqlite":
        return _aware
    if type(field) is models.JSONField and field.decoder is None:
        return json.loads
    expression = field.get_col(field.model._meta.db_table)
    changes = [*connection.ops.get_db_converters(expression), *expression.get_db_converters(connection)]
    if not changes:
        return None

    def change(value: Any) -> Any:
        for one in changes:
            value = one(value, expression, connection)
        return value

    return change


def _iso(value: Any) -> str:
    return str(value.isoformat())


def _naive(value: datetime) -> str:
    """Return a moment as SQLite keeps it: UTC without saying so."""
    return str(value.astimezone(UTC).replace(tzinfo=None))


def _aware(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC)
