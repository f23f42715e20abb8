"""Who else is told or asked when a matter is written: rooms whose tasks are matters put their own rules in here.

A listener belongs to a module (`Matter.module`; `ANY` for all) and an event, and is called in the transaction of the
act; raising a `LuoshiError` refuses the act.

| event | called with | when |
|---|---|---|
| `changed` | matter, act | after a matter, its history and its audit entry were written |
| `reporting` | matter, actor | before a report is filed |
| `reported` | matter, report, actor | after it was filed |
| `accepting` | matter, report, actor | before a report is accepted, or taken for accepted by the timer |
| `submitting` | matter, actor | before it is handed in for check, after what the office itself asks |
| `submitted` | matter, check, actor | after it was handed in |
| `crossing` | matter, check, actor | before it is crossed off |
| `extending` | matter, new_due, actor | before a request for more time is taken |
| `pausing` | matter, expected_end, actor | before its clock is stopped |

A room may also put a block of its own on the page of its matters (`block_of`).

The steps of the ladder (`on_step`) are told with all matters that reached them in one go: the act's name (`overdue`,
`supervise`, `head`, `letter`, `leader`, `referral`), the matters, the moment.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import concern
from luoshi.office.duties.matter_models import Matter
from luoshi.office.permissions import may, require

ANY = "*"
EVENTS = (
    "changed", "reporting", "reported", "accepting", "submitting", "submitted", "crossing", "extending", "pausing",
)  # fmt: skip

Listener = Callable[..., None]
F = TypeVar("F", bound=Callable[..., None])
Step = Callable[[Sequence[Matter], datetime.datetime], None]
_LISTENERS: dict[tuple[str, str], list[Listener]] = defaultdict(list)
_STEPS: dict[str, list[Step]] = defaultdict(list)
_BLOCKS: dict[str, Callable[[Matter, Actor, datetime.date], dict[str, Any] | None]] = {}
_DECIDERS: dict[str, Callable[[Matter, Actor], None]] = {}
_PERIODS: dict[str, Callable[[Matter, datetime.date], str]] = {}


def on(module: str, event: str) -> Callable[[F], F]:
    """Register a listener of a module's matters; ValueError for an event there is not."""
    if event not in EVENTS:
        raise ValueError(f"no event {event!r}; there are {', '.join(EVENTS)}")

    def keep(function: F) -> F:
        if function not in _LISTENERS[module, event]:
            _LISTENERS[module, event].append(function)
        return function

    return keep


def call(matter: Matter, event: str, *facts: Any) -> None:
    """Call the listeners of an event, those of the matter's module first."""
    for module in (matter.module, ANY):
        for listener in _LISTENERS.get((module, event), ()):
            listener(matter, *facts)


def on_step(act: str) -> Callable[[Step], Step]:
    """Register what happens with the matters that reach a step of the ladder."""

    def keep(function: Step) -> Step:
        if function not in _STEPS[act]:
            _STEPS[act].append(function)
        return function

    return keep


def heard(act: str) -> bool:
    """Tell whether anybody listens to a step."""
    return bool(_STEPS.get(act))


def stepped(act: str, rows: Sequence[Matter], moment: datetime.datetime) -> None:
    """Tell who listens that matters reached a step."""
    if rows:
        for function in _STEPS.get(act, ()):
            function(rows, moment)


def block_of(
    module: str,
) -> Callable[[Callable[[Matter, Actor, datetime.date], dict[str, Any] | None]], Callable[..., Any]]:
    """Register what a room adds to the page of its matters: a `template` and what it shows, or None for nothing.

    `withheld` in it names acts that are not offered yet, because another hand has to do something first.
    """

    def keep(function: Callable[[Matter, Actor, datetime.date], dict[str, Any] | None]) -> Callable[..., Any]:
        _BLOCKS[module] = function
        return function

    return keep


def block(matter: Matter, actor: Actor, day: datetime.date) -> dict[str, Any] | None:
    """Return the block of a matter's room for its page."""
    function = _BLOCKS.get(matter.module)
    return None if function is None else function(matter, actor, day)


def decides(module: str) -> Callable[[Callable[[Matter, Actor], None]], Callable[[Matter, Actor], None]]:
    """Register who decides on more time and on stopping the clock of a module's matters, instead of supervision.

    The function refuses with E_FORBIDDEN whoever may not.
    """

    def keep(function: Callable[[Matter, Actor], None]) -> Callable[[Matter, Actor], None]:
        _DECIDERS[module] = function
        return function

    return keep


def require_decider(matter: Matter, actor: Actor) -> None:
    """Refuse with E_FORBIDDEN whoever may not decide on more time or a stop of the clock."""
    own = _DECIDERS.get(matter.module)
    if own is None:
        require(actor, "matter.check")
    else:
        own(matter, actor)


def periods(module: str) -> Callable[[Callable[[Matter, datetime.date], str]], Callable[[Matter, datetime.date], str]]:
    """Register which period a report on a module's matters is for that is filed on a day and names none."""

    def keep(function: Callable[[Matter, datetime.date], str]) -> Callable[[Matter, datetime.date], str]:
        _PERIODS[module] = function
        return function

    return keep


def period(matter: Matter, day: datetime.date) -> str:
    """Return the period of a report that is filed on a day and names none: its month, unless its room has others."""
    own = _PERIODS.get(matter.module)
    return f"{day:%Y-%m}" if own is None else own(matter, day)


def also_sees(matter: Matter, actor: Actor) -> bool:
    """Tell whether somebody sees a matter as the leader in charge, or as the director who signs letters about it."""
    own = matter.module in _DECIDERS
    return own and (may_decide(matter, actor) or may(actor, "work.sign", [concern.GOVERNMENT_OFFICE]))


def may_decide(matter: Matter, actor: Actor) -> bool:
    """Tell whether somebody may decide on more time or a stop of the clock."""
    try:
        require_decider(matter, actor)
    except LuoshiError:
        return False
    return True
