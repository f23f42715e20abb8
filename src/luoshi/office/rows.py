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
from django.db.models.base import ModelState

from luoshi.office import pipeline
from luoshi.office.json_text import encoder
from luoshi.office.pipeline import Answer, Told

Row = TypeVar("Row", bound=models.Model)
Change = Callable[[Any], Any] | None
"""How a field's value becomes the database's or the other way round; None where it is the same."""

_FEW = 4
"""Up to so many rows are a statement each; on PostgreSQL more go in as one JSON list, whatever their number."""
_SAME = (
    models.CharField, models.TextField, models.BooleanField, models.IntegerField, models.BigIntegerField,
    models.PositiveIntegerField, models.PositiveSmallIntegerField, models.PositiveBigIntegerField, models.ForeignKey,
    models.BigAutoField,
)  # fmt: skip
_FIXED = (models.DateTimeField, models.DateField)


class OvertakenError(Exception):
    """A row that was to be changed is not there any more as it was when it was read."""


# --- reading ----------------------------------------------------------------------------------------------------------


class Asked(NamedTuple):
    """A question with its values put in. Without a model the rows come as the database gives them.

    `often`: it is asked again and again in these words, so PostgreSQL makes its plan once.
    """

    model: type[models.Model] | None
    sql: str
    values: Sequence[Any]
    often: bool = True
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question(Generic[Row]):
    """Rows of a model by a condition in SQL, `%s` for each value.

    `lock` holds the rows until the transaction ends; SQLite's transactions have one writer anyway. Columns `without`
    are not read until a row is asked for them.
    """

    model: type[Row]
    where: str
    lock: bool = False
    without: tuple[str, ...] = ()

    def of(self, *values: Any) -> Asked:
        """Return the question with its values."""
        return Asked(self.model, self._words, values, without=self.without)

    def among(self, values: Sequence[Any]) -> Asked:
        """Return the question with all of `values` where `%s` stands: `id IN %s`."""
        words = self._words.replace("%s", f"({', '.join(['%s'] * len(values))})")
        return Asked(self.model, words, values, often=False, without=self.without)

    def rows(self, *values: Any) -> list[Row]:
        """Return the rows."""
        return cast("list[Row]", ask(self.of(*values))[0])

    @cached_property
    def _words(self) -> str:
        locked = " FOR UPDATE" if self.lock and connection.features.has_select_for_update else ""
        return f"{_form(self.model, self.without).select} WHERE {self.where}{locked}"


def ask(*asked: Asked) -> list[list[Any]]:
    """Return the rows of each question, asked in this order."""
    answers = _carried_out([Told(one.sql, (one.values,), one.often) for one in asked])
    return [
        list(_read(one.model, rows, one.without)) if one.model is not None else rows
        for one, (rows, _) in zip(asked, answers, strict=True)
    ]


def _carried_out(told: Sequence[Told]) -> list[Answer]:
    """Carry out statements in their order; on SQLite by the driver itself where nobody watches.

    Django's own cursor for SQLite looks for the marks of values in the words anew each time.
    """
    link = connections[DEFAULT_DB_ALIAS]
    with link.wrap_database_errors:
        if _on_server():
            return pipeline.deliver(link, told)
        if link.queries_logged or link.execute_wrappers:
            with link.cursor() as cursor:
                return [_one_by_one(cursor, one.sql, one.rows) for one in told]
        link.validate_no_broken_transaction()
        link.ensure_connection()
        return [_one_by_one(link.connection, _marked(one.sql), one.rows) for one in told]


def _one_by_one(driver: Any, sql: str, rows: Sequence[Sequence[Any]]) -> Answer:
    if len(rows) == 1:
        cursor = driver.execute(sql, rows[0])
        return Answer(cursor.fetchall(), cursor.rowcount)
    return Answer([], driver.executemany(sql, rows).rowcount)


@lru_cache(maxsize=512)
def _marked(sql: str) -> str:
    return sql.replace("%s", "?")


def _read(model: type[Row], found: Sequence[Sequence[Any]], without: tuple[str, ...] = ()) -> Iterator[Row]:
    form = _form(model, without)
    for read in found:
        values = _changed(read, form.from_database)
        row = _bare(model)
        row.__dict__.update(zip(form.names, values, strict=True))
        row._state.adding = False
        if not without:
            for place in form.written:
                values[place] = read[place]
            row.__dict__[_FOUND] = values
        yield row


_FOUND = "_found"
"""Where a row keeps what the database held, in the order of its columns: what has not changed is not written again.

Of JSON it is the text: what a list or a mapping held when it was read may have been changed in it.
"""


def _bare(model: type[Row]) -> Row:
    """Return an object of a model without a value, past Django's way of making one, which takes ten times as long."""
    row = model.__new__(model)
    row.__dict__["_state"] = state = ModelState()
    state.db = DEFAULT_DB_ALIAS
    return row


def made(model: type[Row], **values: Any) -> Row:
    """Return a new row of a model with `values` by their columns' names (`case_id`); the rest are its defaults."""
    row, form = _bare(model), _form(model)
    row.__dict__.update(form.defaults)
    for name, default in form.made.items():
        if name not in values:
            row.__dict__[name] = default()
    row.__dict__.update(values)
    return row


def was(row: models.Model, name: str) -> Any:
    """Return what the database held in a column when the row was read, or written since; what it is for a new row."""
    found = row.__dict__.get(_FOUND)
    return getattr(row, name) if found is None else found[_form(type(row)).place[name]]


# --- writing ----------------------------------------------------------------------------------------------------------


class Writing:
    """Rows to be added and changed, sent in this order and all at once by `send`. Needs a transaction."""

    def __init__(self) -> None:
        self._told: list[tuple[Told, int | None]] = []
        self._asked: list[tuple[Asked, Callable[[list[Any]], None]]] = []

    def ask(self, asked: Asked, then: Callable[[list[Any]], None]) -> None:
        """Have a question asked before anything is sent; `then` takes its rows and may add to what is sent.

        Questions are asked in their order: what everybody waits for comes last.
        """
        self._asked.append((asked, then))

    def tell(self, told: Told, reaches: int | None = None) -> None:
        """Have a statement carried out, which must reach so many rows (None: any number)."""
        self._told.append((told, reaches))

    def insert(self, rows: Sequence[models.Model]) -> None:
        """Add rows of one model; they do not learn their ids."""
        if not rows:
            return
        form = _form(type(rows[0]))
        if _on_server() and len(rows) > _FEW:
            self.tell(Told(form.insert_many, [[form.text(rows, form.own)]]))
        else:
            self.tell(Told(form.insert, [form.values(row, form.own) for row in rows]))

    def update(self, rows: Sequence[Row], names: tuple[str, ...], guard: str = "") -> None:
        """Write the named attributes of rows of one model, as far as one of the rows has another value than was read.

        `guard` is a counter among them that must still be one less in the database. `send` raises OvertakenError when
        a row is not there like that.
        """
        if not rows:
            return
        form, many = _form(type(rows[0])), _on_server() and len(rows) > _FEW
        names = form.changed(rows, names)
        if not names:
            return
        sql, wanted = form.update(names, guard, many=many)
        found = [[form.text(rows, wanted)]] if many else [form.values(row, wanted) for row in rows]
        self.tell(Told(sql, found), len(rows))

    def send(self) -> None:
        """Ask what is to be asked, then send everything. OvertakenError: a row was not there as it was read."""
        asked, self._asked = self._asked, []
        for (_, then), found in zip(asked, ask(*(one for one, _ in asked)) if asked else (), strict=True):
            then(found)
        told, self._told = self._told, []
        if told:
            for (one, reaches), answer in zip(told, _carried_out([one for one, _ in told]), strict=True):
                if reaches not in (None, answer.reached):
                    raise OvertakenError(one.sql)


def add(row: models.Model) -> None:
    """Add one row, which learns its id."""
    form = _form(type(row))
    told = Told(f'{form.insert} RETURNING "{type(row)._meta.pk.column}"', [form.values(row, form.own)])
    row.pk, row._state.adding, row._state.db = _carried_out([told])[0].rows[0][0], False, DEFAULT_DB_ALIAS


# --- how a model lies in the database ---------------------------------------------------------------------------------


class Form:
    """A model's table: its words and the ways of its values. `own` are all attributes but the id, which is first.

    `defaults` is what a new row has where nothing is given; those `made` are made anew for each row.
    """

    def __init__(self, model: type[models.Model], without: tuple[str, ...] = ()) -> None:
        fields = model._meta.concrete_fields
        self.fields = {field.attname: field for field in fields if field.attname not in without}
        self.names = tuple(self.fields)
        self.own = self.names[1:]
        self.table = f'"{model._meta.db_table}"'
        self._key = str(model._meta.pk.attname)
        columns, marks = ", ".join(map(self.column, self.own)), ", ".join(["%s"] * len(self.own))
        self.select = f"SELECT {', '.join(map(self._read, self.names))} FROM {self.table}"  # noqa: S608
        self.insert = f"INSERT INTO {self.table} ({columns}) VALUES ({marks})"  # noqa: S608 - our own words
        many = f"SELECT {columns} FROM {self._recordset(self.own)}"  # noqa: S608 - our own words
        self.insert_many = f"INSERT INTO {self.table} ({columns}) {many}"
        self.from_database = _changes(self.fields.values(), _found)
        given = {name: field.default for name, field in self.fields.items() if field.has_default()}
        self.made = {name: default for name, default in given.items() if callable(default)}
        self.defaults = {name: field.get_default() for name, field in self.fields.items() if name not in self.made}
        self.place = {name: place for place, name in enumerate(self.names)}
        self.written = [place for place, field in enumerate(self.fields.values()) if _is_json(field)]
        self._unknown = {n for n, f in self.fields.items() if type(f) not in (*_SAME, *_FIXED) and not _is_json(f)}
        self._comparisons: dict[tuple[str, ...], list[tuple[str, int, bool]]] = {}
        self._ways: dict[tuple[str, ...], tuple[Callable[[Any], Sequence[Any]], Changes, Changes]] = {}
        self._updates: dict[tuple[tuple[str, ...], str, bool], tuple[str, tuple[str, ...]]] = {}

    def changed(self, rows: Sequence[models.Model], names: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of `names` of which a row has another value than the database, as far as that is known."""
        places = self._compared(names)
        kept: set[str] = set()
        for row in rows:
            own = row.__dict__
            if (found := own.get(_FOUND)) is None:
                return names
            for name, place, as_text in places:
                value = _json_text(own[name]) if as_text and own[name] is not None else own[name]
                if value != found[place]:
                    kept.add(name)
                    found[place] = value
        return tuple([name for name in names if name in kept or name in self._unknown])

    def _compared(self, names: tuple[str, ...]) -> list[tuple[str, int, bool]]:
        """Return, of the attributes whose old value is known, name and place, and whether the value is JSON."""
        if names not in self._comparisons:
            known = [name for name in names if name not in self._unknown]
            self._comparisons[names] = [(name, self.place[name], _is_json(self.fields[name])) for name in known]
        return self._comparisons[names]

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

    def _read(self, name: str) -> str:
        """Return how a column is read: moments as text on SQLite, where Django's reader of the type is slow."""
        as_text = type(self.fields[name]) is models.DateTimeField and not _on_server()
        return f"{self.column(name)} || ''" if as_text else self.column(name)

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
def _form(model: type[models.Model], without: tuple[str, ...] = ()) -> Form:
    connection.ensure_connection()
    return Form(model, without)


@cache
def _on_server() -> bool:
    """Tell whether the database is PostgreSQL, to which there is a way and back."""
    return connection.vendor == "postgresql"


def _plain(field: Any) -> Change:
    if type(field) in _SAME:
        return None
    if type(field) is models.DateTimeField:
        return _naive if connection.vendor == "sqlite" else None
    if isinstance(field, models.TextField):
        return cast("Change", field.get_prep_value)
    return _json_text if _is_json(field) else partial(field.get_db_prep_save, connection=connection)


def _is_json(field: Any) -> bool:
    return type(field) is models.JSONField and field.encoder is None and field.decoder is None


def _json_text(value: Any) -> str:
    """Return JSON as the database gives it back, where nothing was changed: SQLite keeps what Django writes."""
    if value in ([], {}):
        return "[]" if type(value) is list else "{}"
    return _unescaped(value) if _on_server() else _escaped(value)


_unescaped, _escaped = encoder(allow_nan=True), encoder(escaped=True, allow_nan=True)


def _from_json(text: str) -> Any:
    return [] if text == "[]" else json.loads(text)


def _json(field: Any) -> Change:
    if type(field) in _SAME or isinstance(field, models.JSONField):
        return None
    return _iso if isinstance(field, models.DateField) else cast("Change", field.get_prep_value)


def _found(field: Any) -> Change:
    if type(field) is models.DateTimeField and connection.vendor == "sqlite":
        return _aware
    if _is_json(field):
        return _from_json
    if type(field) is models.BooleanField:
        return None  # the driver knows it by the column's type
    expression = field.get_col(field.model._meta.db_table)
    changes = [*connection.ops.get_db_converters(expression), *expression.get_db_converters(connection)]
    if not changes:
        return None

    def change(value: Any) -> Any:
        for one in changes:
            value = one(value, expression, connection)
        return value

    return change


@lru_cache(maxsize=4096)
def _iso(value: Any) -> str:
    return str(value.isoformat())


@lru_cache(maxsize=4096)
def _naive(value: datetime) -> str:
    """Return a moment as SQLite keeps it: UTC without saying so."""
    return str(value.astimezone(UTC).replace(tzinfo=None))


@lru_cache(maxsize=4096)
def _aware(text: str) -> datetime:
    """Return a moment that SQLite keeps."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
