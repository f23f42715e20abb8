"""What records prove over time: who held a post (organs D6), who took over an organ's duties (organs D5).

Both are pure functions of rows in any order. They prove or leave open; they never guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Literal, NamedTuple

from luoshi.kernel.counting import add_months
from luoshi.office.organs.facts import EvidenceRow, RelationFact

Result = Literal[
    "appointed", "attested", "bracketed", "uncertain", "vacant_or_unknown", "last_known", "unknown"
]  # fmt: skip

# --- posts ------------------------------------------------------------------------------------------------------------


class Point(NamedTuple):
    """A day on which a row proves its person the holder: a removal proves the day before."""

    day: date
    row: EvidenceRow

    @property
    def key(self) -> str:
        """The person's key."""
        return self.row.key


class Finding(NamedTuple):
    """Who held a seat on a day, and on what that rests.

    `basis` are the points of the answer, `holders` the rows of the persons named (one, or the candidates), `first` and
    `last` the interval, `ended` the removal that left the seat open, `conflicts` the points that speak against.
    """

    result: Result
    holders: tuple[EvidenceRow, ...] = ()
    basis: tuple[Point, ...] = ()
    first: date | None = None
    last: date | None = None
    ended: EvidenceRow | None = None
    conflicts: tuple[Point, ...] = ()
    supported_until: date | None = None
    first_evidence: date | None = None

    def is_stale(self, day: date, years: int) -> bool:
        """Whether the last supporting evidence is more than so many years older than the day."""
        last = self.supported_until
        if last is None or last.year + years > date.max.year:
            return False
        return day > add_months(last, 12 * years)


def points_of(rows: Iterable[EvidenceRow]) -> list[Point]:
    """The dated points of the rows, oldest first; the order of the rows does not matter, nor do repeated ones."""
    points = {
        Point(row.day - timedelta(days=1) if row.kind == "remove" else row.day, row)
        for row in rows
        if row.day is not None
    }
    return sorted(points, key=lambda point: (point.day, point.key, point.row.kind, point.row.model_dump_json()))


def find_holder(rows: Iterable[EvidenceRow], day: date) -> Finding:
    """Who held a post of one seat on the day: the first step of D6 that applies."""
    points = points_of(rows)
    return (
        _appointed(points, day)
        or _attested(points, day)
        or _from_latest(points, day)
        or (Finding("unknown", first_evidence=points[0].day) if points else Finding("unknown"))
    )


def find_holders(rows: Iterable[EvidenceRow], day: date) -> dict[str, Finding]:
    """Who sat on a post of several seats: the rule run for each person alone, by the person's key."""
    by_person: dict[str, list[EvidenceRow]] = {}
    for row in rows:
        if row.day is not None:
            by_person.setdefault(row.key, []).append(row)
    return {key: find_holder(own, day) for key, own in sorted(by_person.items())}


def _removal(points: Sequence[Point], point: Point, day: date) -> EvidenceRow | None:
    """The last removal of the point's person from the point's day on, up to the day."""
    found = [
        other.row
        for other in points
        if other.key == point.key
        and other.row.kind == "remove"
        and other.row.day is not None
        and point.day <= other.row.day <= day
    ]
    return max(found, key=lambda row: row.day or date.min) if found else None


def _one_each(points: Iterable[Point]) -> tuple[EvidenceRow, ...]:
    """One row for each person of the points."""
    return tuple({point.key: point.row for point in points}.values())


def _appointed(points: Sequence[Point], day: date) -> Finding | None:
    appoints = [point for point in points if point.row.kind == "appoint" and point.day <= day]
    if not appoints:
        return None
    since = appoints[-1].day
    standing = [point for point in appoints if point.day == since and _removal(points, point, day) is None]
    if not standing:
        return None
    holders = _one_each(standing)
    keys = {row.key for row in holders}
    own = [point for point in points if point.key in keys and point.day >= since]
    others = tuple(point for point in points if point.key not in keys and since <= point.day <= day)
    until = _tenure_ends(points, keys, day)
    if len(holders) > 1:
        return Finding("uncertain", holders, tuple(standing), since, until, supported_until=own[-1].day)
    return Finding("appointed", holders, tuple(standing), since, until, None, others, own[-1].day)


def _tenure_ends(points: Sequence[Point], keys: set[str], day: date) -> date | None:
    """Last day of a tenure that still runs on the day: the next removal of its person, or another's appointment."""
    ends = [point.day for point in points if point.row.kind == "remove" and point.key in keys and point.day >= day]
    ends += [
        point.day - timedelta(days=1)
        for point in points
        if point.row.kind == "appoint" and point.key not in keys and point.day > day
    ]
    return min(ends, default=None)


def _attested(points: Sequence[Point], day: date) -> Finding | None:
    today = tuple(point for point in points if point.day == day and _removal(points, point, day) is None)
    if not today:
        return None
    holders = _one_each(today)
    return Finding("attested" if len(holders) == 1 else "uncertain", holders, today, day, day, supported_until=day)


def _from_latest(points: Sequence[Point], day: date) -> Finding | None:
    earlier = [point for point in points if point.day <= day]
    if not earlier:
        return None
    latest = earlier[-1].day
    group = [point for point in earlier if point.day == latest]
    standing = [point for point in group if _removal(points, point, day) is None]
    if not standing:
        removals = [removal for point in group if (removal := _removal(points, point, day)) is not None]
        ended = max(removals, key=lambda row: (row.day or date.min, row.key))
        return Finding("vacant_or_unknown", (), tuple(group), ended.day, None, ended, supported_until=ended.day)
    later = [point for point in points if point.day > day]
    following = [point for point in later if point.day == later[0].day]
    holders = _one_each((*standing, *following))
    basis = (*standing, *following)
    last = following[0].day if following else None
    if len(holders) > 1:
        return Finding("uncertain", holders, basis, latest, last, supported_until=last or latest)
    if last is not None:
        return Finding("bracketed", holders, basis, latest, last, supported_until=last)
    return Finding("last_known", holders, basis, latest, None, supported_until=latest)


# --- organs -----------------------------------------------------------------------------------------------------------

MOVING = frozenset(("renamed", "merged_into", "functions_moved", "split"))
"""Relations that move duties; the others only tell where an organ sits or belongs."""


class Succession(NamedTuple):
    """Where an organ's duties lie on a day.

    `status`: same, moved, pending (the organ is gone, nobody confirmed took over), undetermined, cycle. `organ` holds
    them, None while open; `steps` are the relations followed, `candidates` those nobody confirmed that could follow.
    """

    status: Literal["same", "moved", "pending", "undetermined", "cycle"]
    organ: str | None
    steps: tuple[RelationFact, ...] = ()
    candidates: tuple[RelationFact, ...] = ()
    cycle: tuple[str, ...] = ()


def is_confirmed(names: Iterable[str], needed: int) -> bool:
    """Whether enough different persons confirmed."""
    return len({name.strip() for name in names} - {""}) >= needed


def is_effective(relation: RelationFact, day: date) -> bool | None:
    """Whether a relation is in effect on the day; None where its date is not known well enough."""
    if relation.effective is not None:
        return day >= relation.effective
    if relation.effective_until is not None and day >= relation.effective_until:
        return True
    if relation.effective_after is not None and day <= relation.effective_after:
        return False
    return None


def follow(
    organ: str,
    day: date,
    relations: Iterable[RelationFact],
    *,
    function: str | None = None,
    confirmations: int,
    ended: Callable[[str], bool | None] = lambda organ: None,
) -> Succession:
    """Follow confirmed relations in effect from the organ; `ended` tells of organs whose end is known otherwise."""
    moving = sorted(
        {relation for relation in relations if relation.kind in MOVING and relation.function in (None, function)},
        key=lambda relation: relation.model_dump_json(),
    )
    confirmed = [relation for relation in moving if is_confirmed(relation.confirmed_by, confirmations)]
    if cycle := find_cycle(confirmed):
        return Succession("cycle", None, cycle=cycle)
    steps: list[RelationFact] = []
    while True:
        edges = [relation for relation in moving if relation.origin == organ]
        sure = [relation for relation in edges if relation in confirmed and is_effective(relation, day)]
        taken = [relation for relation in sure if relation.function is not None] or sure
        if len({relation.target for relation in taken}) > 1:
            return Succession("undetermined", None, tuple(steps), tuple(taken))
        if taken:
            steps.append(taken[0])
            organ = taken[0].target
            continue
        status = _state(organ, day, edges, confirmed, ended(organ))
        open_edges = tuple(relation for relation in edges if is_effective(relation, day) is not False)
        if status == "alive":
            return Succession("moved" if steps else "same", organ, tuple(steps), open_edges)
        return Succession(status, None, tuple(steps), open_edges)


def _state(
    organ: str, day: date, edges: Sequence[RelationFact], confirmed: Sequence[RelationFact], ended: bool | None
) -> Literal["alive", "pending", "undetermined"]:
    """Whether an organ that no confirmed relation leads on from still holds its duties."""
    if ended is not None:
        return "pending" if ended else "alive"
    states: set[bool | None] = set()
    for relation in edges:
        state = is_effective(relation, day)
        dated = relation.effective is not None or relation.effective_until is not None
        if dated or relation.kind != "functions_moved" or relation in confirmed:
            states.add(state)
    if True in states:
        return "pending"
    return "undetermined" if None in states else "alive"


def find_cycle(relations: Sequence[RelationFact]) -> tuple[str, ...]:
    """The organs of a circle of relations, the first repeated at the end; empty if there is none."""
    targets: dict[str, list[str]] = {}
    for relation in relations:
        targets.setdefault(relation.origin, []).append(relation.target)
    done: set[str] = set()
    for start in targets:
        path: list[str] = []
        stack = [(start, iter(targets[start]))] if start not in done else []
        path += [start] if stack else []
        while stack:
            organ, following = stack[-1]
            step = next(following, None)
            if step is None:
                done.add(organ)
                stack.pop()
                path.pop()
            elif step in path:
                return (*path[path.index(step) :], step)
            elif step not in done:
                path.append(step)
                stack.append((step, iter(targets.get(step, ()))))
    return ()
