"""The plain way of a case through its procedure: what is behind, where it is now, what is ahead with its limit."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import NamedTuple

from luoshi.kernel.clock import day_of
from luoshi.kernel.procedures import OPEN, Procedure
from luoshi.office.cases.models import CaseEvent

DONE, HERE, NEXT = "done", "here", "next"


class Place(NamedTuple):
    """A state on the way: `mark` (done, here, next), the day on which it was entered, the limit that runs in it."""

    title: str
    mark: str
    day: datetime.date | None = None
    limit: str = ""
    passed_by: bool = False


def way(kind: Procedure, here: str, entered_on: datetime.date, events: Sequence[CaseEvent]) -> list[Place]:
    """Return the way of a case that is in the state `here` since `entered_on`, as its story tells it.

    A state beside the plain way stands after the last state of it that was visited. Behind an end nothing is coming.
    """
    entered = {
        event.to_state: day_of(event.at)
        for event in events
        if event.act == OPEN or event.from_state not in ("", event.to_state)
    }
    keys = [state.key for state in kind.path]
    if here not in keys:
        visited = [keys.index(key) for key in entered if key in keys]
        keys.insert(max(visited, default=-1) + 1, here)
    at, ended = keys.index(here), kind.states[here].ends
    found = []
    for place, key in enumerate(keys):
        title, limit = kind.states[key].title, _limit(kind, key)
        if place < at:
            found.append(Place(title, DONE if key in entered else NEXT, entered.get(key), passed_by=key not in entered))
        elif place == at:
            found.append(Place(title, HERE, entered.get(key) if ended else entered_on, "" if ended else limit))
        else:
            found.append(Place(title, NEXT, limit=limit))
    return [one for one in found if not (ended and one.mark == NEXT)]


def _limit(kind: Procedure, state: str) -> str:
    return next((limit.words for limit in kind.limits.values() if state in limit.during), "")
