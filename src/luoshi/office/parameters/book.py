"""The book in force: delivered parameters with the approved changes over them. Every decision is taken with it.

An edition is read once a process and kept until another is approved; one small query each time says whether it was.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

from luoshi.kernel import decisions
from luoshi.kernel.calendar import WorkingCalendar
from luoshi.kernel.citation import Citation
from luoshi.kernel.decisions import Decision, Definition, Rerun
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.parameters import DatedValue, Parameter, Provenance, Values, exact, superseding
from luoshi.office.parameters import packaged

Key = tuple[str, str]


class Span(NamedTuple):
    """Days for which an approved change holds, as the database has them."""

    room: str
    name: str
    valid_from: datetime.date
    valid_to: datetime.date | None
    value: Any
    source: str
    citation: str
    confirmed_by: str | None


@dataclass(frozen=True)
class Book:
    """One edition: its name for receipts, the spans that stand, and the days on which something was ever decided."""

    name: str = ""
    spans: Mapping[Key, tuple[Span, ...]] = field(default_factory=dict)
    windows: Mapping[Key, tuple[tuple[datetime.date, datetime.date | None], ...]] = field(default_factory=dict)

    @cached_property
    def _editions(self) -> dict[str, tuple[Definition, Definition]]:
        return {}

    def apply(self, room: str, delivered: Parameter) -> Parameter:
        """Return a parameter as this edition has it; the delivered one itself where nobody changed it."""
        key = (room, delivered.name)
        if key not in self.windows:
            return delivered
        kept = delivered.values
        for first, last in self.windows[key]:
            gap = DatedValue(None, first, last, None, Provenance.DEFAULT)
            kept = tuple(value for value in superseding(kept, gap) if value is not gap)
        changed = tuple(dated_value(delivered, span) for span in self.spans.get(key, ()))
        return replace(delivered, values=kept + changed, room=room)

    def parameter(self, room: str, name: str) -> Parameter:
        """Return a parameter of this edition; E_NOT_FOUND where the book has none of that name."""
        return self.apply(room, packaged.parameter(room, name))

    def values(self, room: str, on: datetime.date) -> Values:
        """Return what holds in a room on a day, for code that is no decision; reading a gap is E_PARAMETER_MISSING."""
        table = packaged.rooms()[room].table
        return Values(on, {name: self.apply(room, parameter) for name, parameter in table.items()}, {})

    def definition(self, key: str) -> Definition:
        """Return a registered decision with the parameters of this edition; E_NOT_FOUND names those there are."""
        delivered = decisions.find(key)
        known = self._editions.get(key)
        if known is not None and known[0] is delivered:
            return known[1]
        parameters = {
            name: self.apply(packaged.room_of(delivered, name), parameter)
            for name, parameter in delivered.parameters.items()
        }
        edition = delivered.edition(parameters, self.name) if self.name else delivered
        self._editions[key] = delivered, edition
        return edition


DELIVERED = Book()
"""The book before anybody changed it."""


def dated_value(delivered: Parameter, span: Span) -> DatedValue:
    """Return a span as the kernel knows it; a rule that is no clause of an instrument is named in words."""
    citation = Citation.parse(span.citation) if span.citation else None
    return DatedValue(
        value=exact(delivered.name, delivered.unit, span.value),
        valid_from=span.valid_from,
        valid_to=span.valid_to,
        citation=citation,
        source=Provenance(span.source),
        confirmed_by=span.confirmed_by,
        basis=span.citation if span.citation and citation is None else None,
    )


# --- the edition in force ---------------------------------------------------------------------------------------------

_latest = DELIVERED


def current() -> Book:
    """Return the edition in force now. One query; more only when another was approved since this process last asked."""
    global _latest
    from luoshi.office.parameters import queries

    newest = queries.newest_edition()
    if newest == DELIVERED.name:
        return DELIVERED
    if _latest.name != newest:
        _latest = queries.read_book()
    return _latest


def decide(
    key: str,
    facts: Mapping[str, Any] | str | bytes,
    on: datetime.date,
    overrides: Mapping[str, Any] | None = None,
    calendar: WorkingCalendar | None = None,
) -> Decision:
    """Take a decision with the book in force: what command line, API and pages call.

    E_NOT_FOUND, E_INPUT, E_PARAMETER_MISSING, E_CALENDAR_MISSING.
    """
    return decisions.decide(current().definition(key), facts, on, overrides, calendar)


def rerun(receipt: Mapping[str, Any]) -> Rerun:
    """Take the decision of a receipt again with the values it names, and say what the book has differently today.

    E_HASH for an altered receipt, E_INPUT for what is none, E_NOT_FOUND for a decision that is not known here.
    """
    try:
        return decisions.rerun(receipt, today=current().definition(str(receipt["key"])))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise LuoshiError("E_INPUT", "这不是一份决定的回执：缺少名称、日期、事实或参数。请给出完整的回执。") from None
