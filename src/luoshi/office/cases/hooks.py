"""What a room adds to its procedures in Python: where a guard's facts come from, what a step does besides.

    @facts("heavy_pollution.release")
    def release_facts(turn: Turn) -> dict: ...

    @effect("heavy_pollution.start_response")
    def start_response(turn: Turn) -> None: ...

Both are called inside the transaction of the step, before the case is written; an effect may change `turn.case` (title,
facts), write the room's own records and raise a refusal, which undoes everything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from luoshi.kernel.errors import LuoshiError

if TYPE_CHECKING:
    from luoshi.office.cases.turns import Turn

FACTS: dict[str, Callable[[Turn], dict[str, Any]]] = {}
EFFECTS: dict[str, Callable[[Turn], None]] = {}


def facts(name: str) -> Callable[[Callable[[Turn], dict[str, Any]]], Callable[[Turn], dict[str, Any]]]:
    """Register the decorated function as what gathers the facts of that name."""

    def register(function: Callable[[Turn], dict[str, Any]]) -> Callable[[Turn], dict[str, Any]]:
        FACTS[name] = function
        return function

    return register


def effect(name: str) -> Callable[[Callable[[Turn], None]], Callable[[Turn], None]]:
    """Register the decorated function as the effect of that name."""

    def register(function: Callable[[Turn], None]) -> Callable[[Turn], None]:
        EFFECTS[name] = function
        return function

    return register


def find_facts(name: str) -> Callable[[Turn], dict[str, Any]]:
    """Return the function of that name; E_INTERNAL for a procedure that names none that exists."""
    if name not in FACTS:
        raise LuoshiError("E_INTERNAL", f"程序要用的事实“{name}”没有登记，请联系系统管理员。")
    return FACTS[name]


def find_effect(name: str) -> Callable[[Turn], None]:
    """Return the effect of that name; E_INTERNAL for a procedure that names none that exists."""
    if name not in EFFECTS:
        raise LuoshiError("E_INTERNAL", f"程序要用的动作“{name}”没有登记，请联系系统管理员。")
    return EFFECTS[name]
