"""Whose records are whose: the permission table asked for one register, by the organs its records concern."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import concern
from luoshi.office.permissions import Scope, require, scope_of
from luoshi.office.registers.declaration import Register, Row

ACTS = ("see", "edit", "take_in")


def reach(actor: Actor, register: Register, act: str = "see") -> Scope:
    """Return how far `act` (see, edit, take_in) goes for `actor`: all records, or those of some organs.

    A person of an organ that keeps the register has all of it, whatever organ a record concerns.
    """
    scope = scope_of(actor, getattr(register, act))
    organs = concern.organs_within(scope)
    if organs is None or not organs.isdisjoint(register.owners):
        return Scope(True)
    return Scope(False, organs if register.organ_fields else frozenset())


def may_open(actor: Actor, register: Register) -> bool:
    """Tell whether the register is there for `actor` at all."""
    return bool(reach(actor, register))


def require_open(actor: Actor, register: Register) -> Scope:
    """Return how much of the register `actor` sees; E_NOT_FOUND where it is nothing, as for what does not exist."""
    scope = reach(actor, register)
    if not scope:
        raise LuoshiError("E_NOT_FOUND", f"没有“{register.key}”这个台账。", fields={"register": register.key})
    return scope


def require_act(actor: Actor, register: Register, act: str, row: Row | None = None) -> Scope:
    """Return how far `act` goes; E_FORBIDDEN where not at all, or not as far as the record `row`."""
    require_open(actor, register)
    scope = reach(actor, register, act)
    if not scope or (row is not None and not covers(register, scope, row)):
        require(actor, getattr(register, act), [])
        raise LuoshiError("E_FORBIDDEN", f"“{register.title}”的这条记录不属您所在单位，由其所属单位或主管单位办理。")
    return scope


def within(register: Register, scope: Scope) -> Q:
    """Return the condition of the records inside a scope."""
    if scope.everywhere:
        return Q()
    condition = Q(pk__in=[])
    for name in register.organ_fields:
        condition |= Q(**{f"{name}__in": sorted(scope.organs)})
    return condition


def covers(register: Register, scope: Scope, row: Row) -> bool:
    """Tell whether a record with these values lies inside a scope."""
    return scope.everywhere or any(row.get(name) in scope.organs for name in register.organ_fields)


def organs_of(register: Register, record: Any) -> list[str]:
    """Return the organs a record concerns."""
    return [slug for name in register.organ_fields if (slug := getattr(record, name))]
