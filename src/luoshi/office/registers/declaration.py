"""Declare a register: which model, which columns, what makes a record one and the same, who may see and change it.

    ENTERPRISES = register(Register(
        key="heavy_pollution.enterprises",
        title="应急减排企业",
        programme="heavy_pollution",
        model=Enterprise,                        # inherits luoshi.office.registers.models.Record
        natural_key=("credit_code",),            # under an unconditional unique constraint of the model
        organ_field="town",
        owners=("ecology-environment-bureau",),
        columns=(
            Column("credit_code", "统一社会信用代码", kind="uscc"),
            Column("name", "企业名称"),
            Column("baseline_so2", "SO2基准", kind="decimal", unit="kg/d", least=0),
            Column("town", "所在镇街", kind="organ"),
            Column("sector", "行业", kind="choice"),
            Column("phone", "责任人电话", kind="phone", sensitive=True),
        ),
        checks=(reductions_below_baseline,),
    ))

From that alone come template, import with preview, history, list, record page, export, API and command. What a column
leaves open (length, decimals, choices, whether it must be filled) is taken from the model's field.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.registers.kinds import KINDS, narrow
from luoshi.office.registers.models import Record

Row = Mapping[str, Any]
"""A record's values by column, as the model keeps them: an organ's slug, fen, a Decimal, the id of a reference."""


@dataclass(frozen=True, slots=True)
class RowFault:
    """What a check found: the column it is about (empty: the row), what to do; `warning` does not stop the row."""

    column: str
    message: str
    warning: bool = False
    code: str = "E_INPUT"


Check = Callable[[Row], Iterable["RowFault | tuple[str, str]"]]
"""A check of one row as it would stand afterwards."""
BatchCheck = Callable[[Sequence[tuple[int, Row]]], Iterable[tuple[int, "RowFault | tuple[str, str]"]]]
"""A check of many rows at once, (number, row) each, for what needs a query: up to `plan.BATCH` rows a call."""


@dataclass(frozen=True, slots=True)
class Link:
    """Something that belongs to a record: its kind, what it is, where it stands."""

    title: str
    words: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the model's field `name`, its Chinese title, its kind (`kinds.KINDS`).

    `least` and `most` bound figures (money in yuan) and dates; `places` decimals; `unit` stands in the header.
    `required`, `longest`, `choices` (value, word), `places` come from the field unless given. `past` refuses days after
    today. `unique` refuses a value another standing record has. `sensitive` masks it wherever it is shown, `public`
    shows it to everybody in a public register. `listed` False keeps it off the list unless asked for; `facet` offers it
    as a filter (choices, organs and truths unless said otherwise). `by` is the field by which a reference is written,
    `called` the field by which it is shown. `note` is the hint under the field and in the template.
    """

    name: str
    title: str
    kind: str = "text"
    required: bool | None = None
    unit: str = ""
    places: int = -1
    digits: int = 0
    least: Decimal | int | datetime.date | None = None
    most: Decimal | int | datetime.date | None = None
    longest: int = 0
    choices: Sequence[tuple[Any, str]] | Mapping[Any, str] = ()
    pattern: str = ""
    past: bool = False
    unique: bool = False
    sensitive: bool = False
    public: bool = False
    listed: bool = True
    facet: bool | None = None
    by: str = ""
    called: str = ""
    note: str = ""
    empty: Any = None
    attname: str = ""
    words_of: Mapping[Any, str] = field(default_factory=dict)
    by_word: Mapping[str, Any] = field(default_factory=dict)

    @property
    def header(self) -> str:
        """The title as tables print it, with the unit."""
        return f"{self.title}（{self.unit}）" if self.unit else self.title

    @property
    def right(self) -> bool:
        """Whether figures are aligned to the right."""
        return KINDS[self.kind].right


@dataclass(frozen=True, eq=False)
class Register:
    """A register over a programme's model.

    `natural_key` are the columns that make two rows the same record. `organ_field` are columns with organs' slugs: a
    person whose role reaches only the own organ sees and changes the records of that organ; a person of one of the
    `owners` (slugs) all of them. `name` is the column that names a record, `search` the columns searched, `order` the
    column lists are sorted by. `public` shows the public columns of the records that fit `published` to everybody.
    `modes` are the ways an import may be confirmed; `group` is the column whose groups stand or fall together in mode
    by_group; beyond `most_faulty_bp` (1/10,000 of the rows) an import is refused whole. `links` names what belongs to a
    record and the reader may see: (record, day, actor); `changed` is called with what was written, inside the
    transaction: (actor, changes, their records).
    """

    key: str
    title: str
    programme: str
    model: type[Record]
    natural_key: Sequence[str]
    columns: Sequence[Column]
    organ_field: str | Sequence[str] = ()
    owners: Sequence[str] = ()
    checks: Sequence[Check] = ()
    batch_checks: Sequence[BatchCheck] = ()
    name: str = ""
    search: Sequence[str] = ()
    order: str = ""
    note: str = ""
    citation: str = ""
    public: bool = False
    published: Q | None = None
    see: str = "register.see"
    edit: str = "register.edit"
    take_in: str = "register.import"
    modes: Sequence[str] = ("all", "valid_rows")
    group: str = ""
    most_faulty_bp: int | None = None
    links: Callable[[Any, datetime.date, Actor], Iterable[Link]] | None = None
    changed: Callable[[Any, Sequence[Any], Sequence[Any]], None] | None = None

    @property
    def organ_fields(self) -> tuple[str, ...]:
        """The columns that say which organs a record concerns."""
        return (self.organ_field,) if isinstance(self.organ_field, str) else tuple(self.organ_field)

    @property
    def by_name(self) -> dict[str, Column]:
        """The columns by the name of their field."""
        return {column.name: column for column in self.columns}

    @property
    def facets(self) -> list[Column]:
        """The columns a list can be narrowed by."""
        return [column for column in self.columns if column.facet]

    def column(self, name: str) -> Column:
        """Return a column; E_INPUT names what there is."""
        found = self.by_name.get(name)
        if found is None:
            raise LuoshiError(
                "E_INPUT", f"“{self.title}”没有“{name}”这一列。", fields={"known": [c.name for c in self.columns]}
            )
        return found

    def called(self, record: Any) -> str:
        """Return what a record is called."""
        return str(getattr(record, self.by_name[self.name].attname))


_REGISTERS: dict[str, Register] = {}


def register(one: Register) -> Register:
    """Make a register known and return it with its columns completed; ValueError says what its declaration lacks."""
    fields = {f.name: f for f in one.model._meta.concrete_fields}
    if not issubclass(one.model, Record):
        raise ValueError(f"{one.key}: the model must inherit luoshi.office.registers.models.Record")
    if not 0 < len(one.key) <= 40:
        raise ValueError(f"{one.key}: a key has 1 to 40 characters")
    if missing := [c.name for c in one.columns if c.name not in fields]:
        raise ValueError(f"{one.key}: the model has no field {', '.join(missing)}")
    columns = tuple(_completed(one, column, fields[column.name]) for column in one.columns)
    names = [column.name for column in columns]
    organs = (one.organ_field,) if isinstance(one.organ_field, str) else tuple(one.organ_field)
    for use, wanted in (("natural_key", one.natural_key), ("organ_field", organs), ("search", one.search)):
        if unknown := [name for name in wanted if name not in names]:
            raise ValueError(f"{one.key}: {use} names no column: {', '.join(unknown)}")
    if not one.natural_key or not _is_unique(one.model, one.natural_key):
        raise ValueError(f"{one.key}: natural_key needs an unconditional unique constraint of the model")
    if len({column.header for column in columns}) != len(columns):
        raise ValueError(f"{one.key}: two columns bear the same title")
    name = one.name or ("name" if "name" in names else one.natural_key[0])
    by_default = [n for n in dict.fromkeys((*one.natural_key, name)) if columns[names.index(n)].kind in _SEARCHED]
    done = replace(
        one,
        columns=columns,
        natural_key=tuple(one.natural_key),
        organ_field=organs,
        name=name,
        search=tuple(one.search) or tuple(by_default),
        order=one.order or one.natural_key[0],
    )
    _REGISTERS[done.key] = done
    return done


_SEARCHED = ("text", "code", "uscc", "person", "area")
_FACETS = ("choice", "organ", "boolean")


def _completed(one: Register, column: Column, source: models.Field[Any, Any]) -> Column:
    """Fill in what the declaration leaves to the model's field."""
    if column.kind not in KINDS:
        raise ValueError(f"{one.key}: {column.name} has the unknown kind {column.kind!r}")
    text = isinstance(source, (models.CharField, models.TextField))
    choices = column.choices.items() if isinstance(column.choices, Mapping) else column.choices
    words = {value: str(word) for value, word in (choices or source.choices or ()) if value not in ("", None)}
    if column.kind == "choice" and not words:
        raise ValueError(f"{one.key}: {column.name} is a choice without choices")
    filled = not source.null and not source.has_default() and not (text and source.blank)
    required = column.required if column.required is not None else filled or column.name in one.natural_key
    default = source.get_default() if source.has_default() else "" if text and not source.null else None
    # A whole number between two years is a year: it is shown without a comma.
    bounds = [bound for bound in (column.least, column.most) if isinstance(bound, int)]
    years = column.kind == "integer" and len(bounds) == 2 and all(1900 <= bound <= 2200 for bound in bounds)
    places = column.places if column.places >= 0 else getattr(source, "decimal_places", None) or 0
    return replace(
        column,
        kind="year" if years else column.kind,
        required=required,
        choices=(),
        words_of=words,
        by_word={narrow(str(key)): value for value, word in words.items() for key in (value, word)},
        longest=column.longest or getattr(source, "max_length", None) or 4000,
        places=places,
        digits=column.digits or getattr(source, "max_digits", None) or 18,
        facet=column.kind in _FACETS if column.facet is None else column.facet,
        empty=default,
        attname=source.attname,
        by=column.by or ("id" if column.kind == "reference" else ""),
    )


def _is_unique(model: type[models.Model], names: Sequence[str]) -> bool:
    wanted, meta = set(names), model._meta
    if any(set(given) == wanted for given in meta.unique_together):
        return True
    if len(wanted) == 1 and any(f.name in wanted and f.unique for f in meta.concrete_fields):
        return True
    return any(
        isinstance(rule, models.UniqueConstraint) and rule.condition is None and set(rule.fields) == wanted
        for rule in meta.constraints
    )


def registers(programme: str = "") -> list[Register]:
    """Return every register, or those of one programme, in the order of declaration."""
    return [one for one in _REGISTERS.values() if not programme or one.programme == programme]


def find(key: str) -> Register:
    """Return the register `key`; E_NOT_FOUND."""
    if key not in _REGISTERS:
        raise LuoshiError("E_NOT_FOUND", f"没有“{key}”这个台账。", fields={"register": key[:80]})
    return _REGISTERS[key]
