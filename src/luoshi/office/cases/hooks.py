"""What a room adds to its procedures in Python: where a guard's facts come from, what a step does besides.

    @facts("heavy_pollution.release")
    def release_facts(turn: Turn) -> dict: ...

    @effect("heavy_pollution.start_response")
    def start_response(turn: Turn) -> None: ...

    @links("heavy_pollution")
    def pages(case: Case) -> list[tuple[str, str]]: ...

    @reading("heavy_pollution")
    def paper(case: Case, step: str) -> int | None: ...

    @elsewhere("heavy_pollution")
    def page(case: Case, step: str) -> tuple[str, str] | None: ...

The first two are called inside the transaction of the step, before the case is written; an effect may change
`turn.case` (title, facts), write the room's own records and raise a refusal, which undoes everything. `links` names
the room's own pages that belong to a case (title, address), `reading` the paper (its id) that is to be read in full
before a step is taken, `elsewhere` the page on which a step is taken that is not taken on the case's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from luoshi.kernel.errors import LuoshiError

if TYPE_CHECKING:
    from luoshi.office.cases.models import Case
    from luoshi.office.cases.turns import Turn

    Links = Callable[[Case], Sequence[tuple[str, str]]]
    Reading = Callable[[Case, str], int | None]
    Elsewhere = Callable[[Case, str], tuple[str, str] | None]

FACTS: dict[str, Callable[[Turn], dict[str, Any]]] = {}
EFFECTS: dict[str, Callable[[Turn], None]] = {}
LINKS: dict[str, Links] = {}
READING: dict[str, Reading] = {}
ELSEWHERE: dict[str, Elsewhere] = {}


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


def links(programme: str) -> Callable[[Links], Links]:
    """Register the decorated function as what names the pages of a programme that belong to one of its cases."""

    def register(function: Links) -> Links:
        LINKS[programme] = function
        return function

    return register


def links_of(case: Case) -> Sequence[tuple[str, str]]:
    """Return title and address of the pages of its programme that belong to a case."""
    found = LINKS.get(case.programme)
    return found(case) if found is not None else ()


def reading(programme: str) -> Callable[[Reading], Reading]:
    """Register the decorated function as what names the paper that a step of a programme's case signs or sends out."""

    def register(function: Reading) -> Reading:
        READING[programme] = function
        return function

    return register


def to_read(case: Case, step: str) -> int | None:
    """Return the paper that is to be read in full before a step is taken, None for no such paper."""
    found = READING.get(case.programme)
    return found(case, step) if found is not None else None


def elsewhere(programme: str) -> Callable[[Elsewhere], Elsewhere]:
    """Register the decorated function as what tells where a step is taken that is not taken on the case's page.

    It returns title and address of that page; an empty address for a step this case never takes; None: on the case's.
    """

    def register(function: Elsewhere) -> Elsewhere:
        ELSEWHERE[programme] = function
        return function

    return register


def elsewhere_of(case: Case, step: str) -> tuple[str, str] | None:
    """Return title and address of the page on which a step is taken, None where it is the case's own."""
    found = ELSEWHERE.get(case.programme)
    return found(case, step) if found is not None else None


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
