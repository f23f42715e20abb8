"""Whether an item's progress and sums are what its tasks and reports say: asked in sets, answered exactly.

The database groups what is alike (tasks by what they are measured by and counted as, children of a node by weight and
progress) and adds up whole numbers; the fractions are made here, once a group. No task is read by itself: of millions
that agree, as on every night but those after somebody wrote past the acts, only groups come out. What does not agree
is for `rollup` to find and put right, task by task.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from django.db import connection

from luoshi.office.duties import curve
from luoshi.office.duties.matter_models import FAR, Matter, ProgressReport, State
from luoshi.programmes.supervision.alike import (
    TOTAL_BP,
    WHOLE,
    Alike,
    alike_of,
    bend_of,
    date_of,
    newest_month,
    parts_of,
    percent_of,
    read_value,
    text,
)
from luoshi.programmes.supervision.models import KeyItem, Leaf, LeafSums, Node

_NODE, _LEAF, _MATTER, _REPORT = (model._meta.db_table for model in (Node, Leaf, Matter, ProgressReport))
_MEASURE = ("value", "percent_bp", "target_value", "baseline", "comparator", "upper")
_FIELDS = [None if name == "percent_bp" else Matter._meta.get_field(name) for name in _MEASURE]
_ROWS = 5000

_PARENTS = f"SELECT parent_id FROM {_NODE} WHERE item_id = %s AND ended_at IS NULL AND parent_id IS NOT NULL"  # noqa: S608 - names of our own tables only
_INNER = f"SELECT id, parent_id, weight_bp, actual FROM {_NODE} WHERE item_id = %s AND ended_at IS NULL AND id IN ({_PARENTS})"  # noqa: E501, S608 - as above
_TIPS = f"""
    SELECT n.parent_id, n.weight_bp, n.actual, l.part, COUNT(*)
    FROM {_NODE} n LEFT JOIN {_LEAF} l ON l.node_id = n.id
    WHERE n.item_id = %s AND n.ended_at IS NULL AND n.id NOT IN ({_PARENTS})
    GROUP BY n.parent_id, n.weight_bp, n.actual, l.part
"""  # noqa: S608 - as above
_KIND = "CASE WHEN LENGTH(r.period) = {length} AND SUBSTR(r.period, 6, 1) IN ({marks}) THEN r.period END"
_MONTH, _QUARTER, _WEEK = (
    _KIND.format(length=length, marks=marks) for length, marks in ((7, "'0', '1'"), (7, "'Q'"), (8, "'W'"))
)
_PARTS = (
    "n.ended_at IS NULL", "n.actual", "l.item_id", "l.sums_id",
    f"l.red_on = CASE WHEN n.ended_at IS NULL AND m.is_open AND m.due_on IS NOT NULL THEN m.red_on ELSE '{FAR}' END",
    "m.id IS NULL", "m.start", "m.due_on", "CAST(m.planned_points AS TEXT)", "m.is_open",
    f"m.state = '{State.PAUSED}'", f"m.late_on = '{FAR}'", "p.month", "p.quarter", "p.week",
    *(f"m.{name}" for name in _MEASURE),
)  # fmt: skip
_TASKS = f"""
    SELECT {", ".join(_PARTS)}, COUNT(*), SUM(l.part)
    FROM {_NODE} n JOIN {_LEAF} l ON l.node_id = n.id LEFT JOIN {_MATTER} m ON m.id = l.matter_id
    LEFT JOIN (
        SELECT r.matter_id, MAX({_MONTH}) AS month, MAX({_QUARTER}) AS quarter, MAX({_WEEK}) AS week
        FROM {_REPORT} r JOIN {_LEAF} f ON f.matter_id = r.matter_id JOIN {_NODE} o ON o.id = f.node_id
        WHERE o.item_id = %s AND r.state <> 'returned' GROUP BY r.matter_id
    ) p ON p.matter_id = m.id
    WHERE n.item_id = %s GROUP BY {", ".join(map(str, range(1, len(_PARTS) + 1)))}
"""  # noqa: S608 - as above


@lru_cache(maxsize=100_000)
def _fraction(text: str) -> Fraction:
    return Fraction(text)


def _rows(sql: str, *values: Any) -> Iterator[Sequence[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        while rows := cursor.fetchmany(_ROWS):
            yield from rows


def agreed(item: int) -> Fraction | None:
    """Return how far an item is when all that is kept of it agrees with its tasks; None when anything does not.

    The days of its reports are not looked at here (`rollup.days_anew`). To be asked with the item locked.
    """
    total = _tree(item)
    return total if total is not None and _tasks(item) else None


def _tree(item: int) -> Fraction | None:
    """Return the item's progress when every node's is its children's, and every task's part that of its path."""
    inner = {pk: rest for pk, *rest in _rows(_INNER, item, item)}
    parts = parts_of({pk: (parent, weight) for pk, (parent, weight, _actual) in inner.items()})
    # Weight times progress of the children: whole numbers by denominator, made one fraction at the end.
    below: dict[int | None, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for parent, weight, actual, part, count in _rows(_TIPS, item, item):
        if part is None:
            if actual != "0/1":
                return None
        elif part != parts.get(parent, WHOLE) * weight // TOTAL_BP:
            return None
        value = _fraction(actual)
        below[parent][value.denominator] += weight * count * value.numerator
    for parent, weight, actual in inner.values():
        value = Fraction(actual)
        below[parent][value.denominator] += weight * value.numerator
    for pk, (_parent, _weight, actual) in inner.items():
        if actual != text(_rolled(below[pk])):
            return None
    total = _rolled(below[None])
    kept = KeyItem.objects.values_list("actual", flat=True).get(pk=item)
    return total if kept == text(total) else None


def _rolled(sums: dict[int, int]) -> Fraction:
    """Return what `curve.rolled` does, of weights times numerators added up by denominator."""
    return sum((Fraction(up, down) for down, up in sums.items()), curve.NONE) / TOTAL_BP


def _tasks(item: int) -> bool:
    """Tell whether every task's node has its progress, and the sums count exactly the tasks that are alike."""
    held = {row.pk: row for row in LeafSums.objects.filter(item=item)}
    counted: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for row in _rows(_TASKS, item, item):
        living, actual, of_item, sums, red_right, bare, start, due, points, is_open, paused, on_time = row[:12]
        periods, measure, (count, part) = row[12:15], row[15:-2], row[-2:]
        if of_item != item or not red_right:
            return False
        if living and actual != _reached(tuple(measure), bool(bare)):
            return False
        if not living or bare or due is None:
            if sums is not None or (not living and part):
                return False
            continue
        if sums not in held:
            return False
        key = Alike(
            date_of(start), date_of(due), _bend(points), bool(is_open), bool(is_open and paused), not on_time,
            newest_month(filter(None, periods)),
        )  # fmt: skip
        if key != alike_of(held[sums]):
            return False
        counted[sums][0] += count
        counted[sums][1] += int(part)
    return all([row.count, row.part] == counted.get(pk, [0, 0]) for pk, row in held.items())


@lru_cache(maxsize=100_000)
def _reached(measure: tuple[Any, ...], bare: bool) -> str:
    if bare:
        return "0/1"
    return text(percent_of(*map(read_value, _FIELDS, measure)))


@lru_cache(maxsize=10_000)
def _bend(points: str) -> str:
    return bend_of(json.loads(points))
