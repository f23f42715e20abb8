"""Write records with their history: the one place where a register's rows are made or altered."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.registers.declaration import Register
from luoshi.office.registers.kinds import KINDS
from luoshi.office.registers.models import RegisterChange, RegisterImport

BATCH = 500


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
    kept = {column.name: KINDS[column.kind].keep(values[column.name]) for column in register.columns}
    return kept | {"ended_on": None if ended_on is None else ended_on.isoformat(), "void": void}


def values_in(register: Register, state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values by column of a state of history; a column that did not exist then is empty."""
    return {
        column.name: KINDS[column.kind].restore(state[column.name]) if column.name in state else column.empty
        for column in register.columns
    }


def write(
    register: Register,
    rows: Sequence[Written],
    *,
    actor: Actor,
    at: datetime.datetime,
    reason: str = "",
    taken: RegisterImport | None = None,
) -> list[RegisterChange]:
    """Write records and their history inside the caller's transaction; return the changes in the order of `rows`.

    Rows with a `pk` are altered, the others made; `pk` and `version` of each row say afterwards what it became. The
    register's own `changed` is called with what was written. E_DUPLICATE where the model's constraints refuse.
    """
    made = [row for row in rows if row.pk is None]
    altered = [row for row in rows if row.pk is not None]
    attnames = [(column.name, column.attname) for column in register.columns]

    def instance(row: Written) -> Any:
        held = {attname: row.values[name] for name, attname in attnames}
        if row.pk is not None:
            held["id"] = row.pk
        return register.model(**held, version=row.version + 1, ended_on=row.ended_on, void=row.void)

    try:
        with transaction.atomic():
            fresh = [instance(row) for row in made]
            register.model._default_manager.bulk_create(fresh, batch_size=BATCH)
            for row, record in zip(made, fresh, strict=True):
                row.pk = record.pk
            renewed = [instance(row) for row in altered]
            _overwrite(register, renewed, attnames)
    except IntegrityError as error:
        raise LuoshiError(
            "E_DUPLICATE",
            f"“{register.title}”里已有相同的记录，或内容不符合登记的约束，没有写入任何一行。请核对后再办。",
            fields={"constraint": str(error)[:300]},
        ) from None
    changes = RegisterChange.objects.bulk_create(
        [_change(register, row, actor, at, reason, taken) for row in rows], batch_size=BATCH
    )
    for row in rows:
        row.version += 1
    if register.changed is not None:
        records = {record.pk: record for record in (*fresh, *renewed)}
        register.changed(actor, changes, [records[row.pk] for row in rows])
    return changes


def _overwrite(register: Register, records: Sequence[Any], attnames: Iterable[tuple[str, str]]) -> None:
    """Write whole rows over those of the same id; fields that are no columns of the register keep what they hold."""
    if not records:
        return
    others = [
        f
        for f in register.model._meta.concrete_fields
        if not f.primary_key
        and f.attname not in {attname for _name, attname in attnames} | {"version", "ended_on", "void"}
    ]
    if others:
        names = [f.attname for f in others]
        held = {pk: values for pk, *values in _held(register, records, names)}
        for record in records:
            for name, value in zip(names, held[record.pk], strict=True):
                setattr(record, name, value)
    fields = [f.name for f in register.model._meta.concrete_fields if not f.primary_key]
    register.model._default_manager.bulk_create(
        records, batch_size=BATCH, update_conflicts=True, unique_fields=["id"], update_fields=fields
    )


def _held(register: Register, records: Sequence[Any], names: Sequence[str]) -> Iterable[tuple[Any, ...]]:
    ids = [record.pk for record in records]
    for start in range(0, len(ids), BATCH):
        yield from register.model._default_manager.filter(pk__in=ids[start : start + BATCH]).values_list("pk", *names)


def _change(
    register: Register,
    row: Written,
    actor: Actor,
    at: datetime.datetime,
    reason: str,
    taken: RegisterImport | None,
) -> RegisterChange:
    after = state_of(register, row.values, row.ended_on, row.void)
    before = None
    if row.before is not None:
        old = state_of(register, row.before, row.old_ended_on, row.old_void)
        before = {name: value for name, value in old.items() if after[name] != value}
    return RegisterChange(
        register=register.key,
        record_id=row.pk or 0,
        version=row.version + 1,
        kind=row.kind,
        before=before,
        after=after,
        at=at,
        by=actor.name,
        by_user_id=actor.user_id,
        for_name=actor.for_name,
        reason=reason[:300],
        taken=taken,
        row=row.row,
    )
