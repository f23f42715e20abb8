"""Parameters: the numbers of a policy, by date, each with its unit, its citation and where it comes from.

A date without a value is an error that names the parameter, never the last known value; two values for one date are
refused when the table is read. Values are integers, text, booleans, exact decimals or lists of these; never floats.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cached_property
from typing import Any

from pydantic_core import to_json

from luoshi.kernel.citation import Citation
from luoshi.kernel.errors import LuoshiError

DECIMAL_UNITS = frozenset({"decimal", "%", "‰"})
"""Units whose values are exact decimals, written as text."""


class Provenance(StrEnum):
    """Where a value comes from; all but a clause show as unconfirmed until two persons confirm them."""

    CLAUSE = "clause"
    OUTSIDE_RULE = "outside_rule"
    DEFAULT = "default"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True)
class DatedValue:
    """One value: in force from `valid_from` to `valid_to`, both included (None: no end known).

    `basis` names in words the outside rule or document a value rests on, where that is no clause of an instrument.
    """

    value: Any
    valid_from: date
    valid_to: date | None
    citation: Citation | None
    source: Provenance
    confirmed_by: str | None = None
    basis: str | None = None

    @property
    def needs_confirmation(self) -> bool:
        """Whether it must be shown as 默认值，未经确认."""
        return self.source is not Provenance.CLAUSE and self.confirmed_by is None

    def covers(self, day: date) -> bool:
        """Tell whether the value is in force on the day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named number with its history, oldest first.

    `owner` is the slug of the organ that keeps it, `room` the programme it belongs to; empty where nobody said.
    `choices` are the words of a value that is one of some, with what each means.
    """

    name: str
    title: str
    unit: str
    values: tuple[DatedValue, ...]
    owner: str = ""
    room: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ordered = sorted(self.values, key=lambda value: value.valid_from)
        for earlier, later in itertools.pairwise(ordered):
            if earlier.valid_to is None or earlier.valid_to >= later.valid_from:
                raise LuoshiError(
                    "E_INPUT",
                    f"参数“{self.name}”在{later.valid_from.isoformat()}有两个值",
                    fields={"parameter": self.name, "date": later.valid_from.isoformat()},
                )
        for value in ordered:
            if value.valid_to is not None and value.valid_to < value.valid_from:
                raise LuoshiError("E_INPUT", f"参数“{self.name}”的终止日早于起始日", fields={"parameter": self.name})
        object.__setattr__(self, "values", tuple(ordered))

    def on(self, day: date) -> DatedValue:
        """Return the value in force on the day; E_PARAMETER_MISSING, naming the dates there are, if there is none."""
        for value in self.values:
            if value.covers(day):
                return value
        raise missing(self.name, day, self)


def missing(name: str, day: date, parameter: Parameter | None) -> LuoshiError:
    """The error for a parameter without a value on the day."""
    spans = [
        f"{value.valid_from.isoformat()}至{value.valid_to.isoformat() if value.valid_to else '今'}"
        for value in (parameter.values if parameter else ())
    ]
    known = f"已有：{'、'.join(spans)}" if spans else "尚无任何值"
    return LuoshiError(
        "E_PARAMETER_MISSING",
        f"参数“{name}”在{day.isoformat()}没有值({known}),请补录后再办",
        fields={"parameter": name, "date": day.isoformat(), "known": spans},
    )


class Values(dict[str, Any]):
    """The values in force on one day, by name. Reading one that is not there is E_PARAMETER_MISSING."""

    def __init__(self, on: date, parameters: Mapping[str, Parameter], overrides: Mapping[str, Any]) -> None:
        self.on = on
        self.parameters = parameters
        self.dated: dict[str, DatedValue] = {}
        for name, parameter in parameters.items():
            if (found := next((value for value in parameter.values if value.covers(on)), None)) is not None:
                self.dated[name] = found
        super().__init__({name: found.value for name, found in self.dated.items()} | dict(overrides))

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The dated values as a decision lists them, with citation and provenance."""
        return [
            {
                "name": name,
                "title": self.parameters[name].title,
                "unit": self.parameters[name].unit,
                "value": dated.value,
                "from": dated.valid_from.isoformat(),
                "to": None if dated.valid_to is None else dated.valid_to.isoformat(),
                "citation": None if dated.citation is None else str(dated.citation),
                "source": dated.source.value,
                "confirmed_by": dated.confirmed_by,
                "needs_confirmation": dated.needs_confirmation,
            }
            | ({} if dated.basis is None else {"basis": dated.basis})
            for name, dated in self.dated.items()
        ]

    @cached_property
    def rows_json(self) -> bytes:
        """The same as JSON text."""
        return to_json(self.rows)

    def __missing__(self, name: str) -> Any:
        raise missing(name, self.on, self.parameters.get(name))


class ParameterTable(Mapping[str, Parameter]):
    """The parameters of a room."""

    def __init__(self, parameters: Iterable[Parameter] = ()) -> None:
        self._by_name = {parameter.name: parameter for parameter in parameters}

    def __getitem__(self, name: str) -> Parameter:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    @classmethod
    def from_data(cls, data: Mapping[str, Any], room: str = "") -> ParameterTable:
        """Read the parsed content of a `parameters.yaml` of `room`.

        name: {title, unit, owner?, choices?, values: [{value, from, to?, citation?, source?, basis?, confirmed_by?}]}.
        Decimals are written as text with `unit` saying so (`decimal`, `%`); floats are refused. Every fault names the
        parameter (E_INPUT).
        """
        return cls(_parameter(name, entry, room) for name, entry in data.items())


def superseding(values: Iterable[DatedValue], new: DatedValue) -> tuple[DatedValue, ...]:
    """Return a history with `new` in it: it takes the place of what begins within its span.

    What began before it ends on the day before and does not come back after it: where nothing else was decided for the
    days after `new`, these days have no value.
    """
    kept = []
    for value in values:
        if value.valid_from < new.valid_from:
            if value.valid_to is None or value.valid_to >= new.valid_from:
                value = replace(value, valid_to=new.valid_from - timedelta(days=1))
            kept.append(value)
        elif new.valid_to is not None and value.valid_from > new.valid_to:
            kept.append(value)
    return tuple(sorted([*kept, new], key=lambda value: value.valid_from))


def exact(name: str, unit: str, value: Any) -> Any:
    """Return a value read from JSON or YAML as a parameter holds it: decimals exact, lists fixed; E_INPUT for floats.

    Text is a decimal where the unit says so.
    """
    if isinstance(value, float):
        raise LuoshiError("E_INPUT", f"参数“{name}”的值{value}是浮点数，请加引号写成文本", fields={"parameter": name})
    if isinstance(value, str) and unit in DECIMAL_UNITS:
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise LuoshiError("E_INPUT", f"参数“{name}”的值“{value}”不是数", fields={"parameter": name})
        return number
    if isinstance(value, Mapping):
        return {str(key): exact(name, unit, part) for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(exact(name, unit, part) for part in value)
    return value


def plain(value: Any) -> Any:
    """Return a parameter's value as JSON holds it without loss: decimals as text; `exact` reads it back."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(part) for part in value]
    return value


def _parameter(name: str, entry: Any, room: str) -> Parameter:
    try:
        unit = str(entry["unit"])
        values = tuple(_dated(name, unit, row) for row in entry["values"])
        choices = {str(key): str(words) for key, words in (entry.get("choices") or {}).items()}
        return Parameter(name, str(entry["title"]), unit, values, str(entry.get("owner", "")), room, choices)
    except (KeyError, TypeError) as error:
        raise LuoshiError("E_INPUT", f"参数“{name}”缺少 {error}", fields={"parameter": name}) from None


def _dated(name: str, unit: str, row: Mapping[str, Any]) -> DatedValue:
    citation = row.get("citation")
    source = Provenance(row.get("source", "clause"))
    if source is Provenance.CLAUSE and citation is None:
        raise LuoshiError("E_INPUT", f"参数“{name}”出自条款，应注明条款", fields={"parameter": name})
    return DatedValue(
        value=exact(name, unit, row["value"]),
        valid_from=_day(name, row["from"]),
        valid_to=None if row.get("to") is None else _day(name, row["to"]),
        citation=None if citation is None else Citation.of(str(citation)),
        source=source,
        confirmed_by=row.get("confirmed_by"),
        basis=row.get("basis"),
    )


def _day(name: str, value: Any) -> date:
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        raise LuoshiError("E_INPUT", f"参数“{name}”的日期“{value}”不存在", fields={"parameter": name}) from None
