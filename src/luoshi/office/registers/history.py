"""Write records with their history: the one place where a register's rows are made or altered."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import IntegrityError, transaction

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.registers import rawly
from luoshi.office.registers.declaration import Register
from luoshi.office.registers.kinds import KINDS
from luoshi.office.registers.models import RegisterChange, RegisterImport


@dataclass(slots=True)
class Written:
    """One record to write: its values by column, what it held before (None: a new one), where the change comes from."""

    kind: str
    values: Mapping[str, Any]
    pk: int | None = None
    version: int = 0
    before: Mapping[str, Any] | None = None
    ended_on: datetime.date | None = None
    void: bool = False
    old_ended_on: datetime.date | None = None
    old_void: bool = False
    row: int | None = None


def state_of(
    register: Register, values: Mapping[str, Any], ended_on: datetime.date | None, void: bool
) -> dict[str, Any]:
    """Return a record as history keeps it: plain JSON by column."""
    kept = {name: keep(values[name]) for name, keep in _keepers(register)}
    kept["ended_on"] = None if ended_on is None else ended_on.isoformat()
    kept["void"] = void
    return kept


@cache
def _keepers(register: Register) -> list[tuple[str, Callable[[Any], Any]]]:
    return [(column.name, KINDS[column.kind].keep) for column in register.columns]


def values_in(register: Register, state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values by column of a state of history; a column that did not exist then is empty."""
    return {
        column.name: KINDS[column.kind].restore(state[column.name]) if column.name in state else column.empty
        for column in register.columns
    }


_FIELDS = (
    "register", "record_id", "version", "kind", "before", "after", "at", "by", "by_user_id", "for_name", "reason",
    "taken_id", "row",
)  # fmt: skip


def write(
    register: Register,
    rows: Sequence[Written],
    *,
    actor: Actor,
    at: datetime.datetime,
    reason: str = "",
    taken: RegisterImport | None = None,
) -> None:
    """Write records and their history inside the caller's transaction.

    Rows with a `pk` are altered, the others made; `pk` and `version` of each row say afterwards what it became. The
    register's own `changed` is called with what was written. E_DUPLICATE where the model's constraints refuse.
    """
    made = [row for row in rows if row.pk is None]
    altered = [row for row in rows if row.pk is not None]
    try:
        with transaction.atomic():
            rawly.insert_records(register, made, at)
            rawly.update_records(register, altered, at)
    except IntegrityError as error:
        raise LuoshiError(
            "E_DUPLICATE",
            f"“{register.title}”里已有相同的记录，或内容不符合登记的约束，没有写入任何一行。请核对后再办。",
            fields={"constraint": str(error)[:300]},
        ) from None
    said = (at, actor.name, actor.user_id, actor.for_name, reason[:300], None if taken is None else taken.pk)
    lines = [
        (register.key, row.pk, row.version + 1, row.kind, *_before_after(register, row), *said, row.row) for row in rows
    ]
    rawly.insert(RegisterChange, _FIELDS, lines)
    for row in rows:
        row.version += 1
    if register.changed is not None:
        found = register.model._default_manager.in_bulk([row.pk for row in rows])
        changes = [RegisterChange(**dict(zip(_FIELDS, line, strict=True))) for line in lines]
        register.changed(actor, changes, [found[row.pk] for row in rows])


def _before_after(register: Register, row: Written) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Return the old values of what changed and the record as it stands, as history keeps them."""
    after = state_of(register, row.values, row.ended_on, row.void)
    if row.before is None:
        return None, after
    old, new = row.before, row.values
    before: dict[str, Any] = {
        column.name: KINDS[column.kind].keep(old[column.name])
        for column in register.columns
        if old[column.name] != new[column.name]
    }
    if row.old_ended_on != row.ended_on:
        before["ended_on"] = None if row.old_ended_on is None else row.old_ended_on.isoformat()
    if row.old_void != row.void:
        before["void"] = row.old_void
    return before, after
