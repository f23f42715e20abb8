"""Progress carried upward (supervision D4): from a smallest task to its node, and up the path to the item; exactly.

Only the path of the task that changed is reckoned anew; fractions of percent are kept as "num/den". Beside it stand the
sums the board is read from, so that it reads no task: how many tasks of an item are alike (`LeafSums`), and what the
reports of a day added to it (`ItemDay`). Every change of a task moves them in its own transaction; `check_all` makes
them anew each night from the tasks and reports, asked in sets (`summing`), and says of which items they did not agree.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import F, Max, Q

from luoshi.kernel.clock import CLOCK, day_of
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.duties import curve, hooks, lights
from luoshi.office.duties.matter_models import FAR, Matter, ProgressReport, State
from luoshi.programmes.supervision import summing
from luoshi.programmes.supervision.alike import (
    WHOLE,
    Alike,
    alike,
    alike_of,
    bend_of,
    date_of,
    newest_month,
    parts_of,
    percent_of,
    read_value,
    text,
)
from luoshi.programmes.supervision.models import ItemDay, KeyItem, Leaf, LeafSums, Node

TIMER = Actor.system("系统", "timer")
_BATCH = 2000


# --- what a change of one task does -----------------------------------------------------------------------------------


@hooks.on("supervision", "changed")
def changed(matter: Matter, act: str) -> None:
    """Carry what a smallest task reached to its item, and its change to the sums of the item.

    Nothing is written above a node that stays as it was. Two tasks of one item are reckoned one after the other.
    """
    item = Leaf.objects.filter(matter=matter).values_list("node__item", flat=True).first()
    if item is None:
        return
    with transaction.atomic():
        KeyItem.objects.select_for_update().filter(pk=item).values_list("pk").first()
        leaf = Leaf.objects.select_related("node", "sums").get(matter=matter)
        was, value = Fraction(leaf.node.actual), lights.progress(matter)
        if was != value:
            _up(leaf.node, value)
        # An approved tree is handed over task by task, and then reckoned as a whole.
        if act == "plan" or leaf.sums is None:
            return
        _sum_anew(leaf, matter)
        if _begins_to_count(matter, act):
            _gained(item, day_of(CLOCK.now()), (value - was) * Fraction(leaf.part, WHOLE))
        elif was != value:
            days_anew(item)


def _begins_to_count(matter: Matter, act: str) -> bool:
    """Tell whether by this act a report begins to count; by any other a task's progress is moved for its past too."""
    if act == "cross_off":
        now = ProgressReport.objects.filter(matter=matter, state="accepted", decided_at=matter.crossed_off_at)
        return now.exists()
    return act == "accept_report" or (act == "report" and not matter.accepted_only)


def _up(node: Node, value: Fraction) -> None:
    above: int | None = node.pk
    parent = node.parent_id
    while above is not None:
        if not Node.objects.filter(pk=above).exclude(actual=text(value)).update(actual=text(value)):
            return
        siblings = Node.objects.filter(item=node.item_id, parent=parent, ended_at__isnull=True)
        rows = siblings.values_list("weight_bp", "actual")
        value = curve.rolled([(weight, Fraction(actual)) for weight, actual in rows])
        if parent is None:
            KeyItem.objects.filter(pk=node.item_id).update(actual=text(value))
            return
        above, parent = parent, Node.objects.values_list("parent_id", flat=True).get(pk=parent)


def _sum_anew(leaf: Leaf, matter: Matter) -> None:
    filed = ProgressReport.objects.filter(matter=matter).exclude(state="returned").values_list("period", flat=True)
    key, red_on = alike(matter, newest_month(filed)), _red_on(matter)
    old = leaf.sums
    assert old is not None
    if key == alike_of(old):
        if red_on != leaf.red_on:
            Leaf.objects.filter(pk=leaf.pk).update(red_on=red_on)
        return
    LeafSums.objects.filter(pk=old.pk).update(count=F("count") - 1, part=F("part") - leaf.part)
    made = _kept(leaf.node.item_id, key, matter.planned_points)
    LeafSums.objects.filter(pk=made).update(count=F("count") + 1, part=F("part") + leaf.part)
    Leaf.objects.filter(pk=leaf.pk).update(sums=made, red_on=red_on)


def _red_on(matter: Matter) -> datetime.date:
    return matter.red_on if matter.is_open else FAR


def _kept(item: int, key: Alike, points: Sequence[Any]) -> int:
    row, _new = LeafSums.objects.get_or_create(item_id=item, **key._asdict(), defaults={"points": points})
    return row.pk


def _gained(item: int, day: datetime.date, share: Fraction, reports: int = 1) -> None:
    row, _new = ItemDay.objects.get_or_create(item_id=item, day=day)
    row.gained, row.reports = text(Fraction(row.gained) + share), row.reports + reports
    row.save(update_fields=["gained", "reports"])


# --- all of an item anew ----------------------------------------------------------------------------------------------


def recompute(item: int) -> Fraction:
    """Reckon a whole item anew, from all its tasks and reports, and return how far it is; after its tree was changed.

    Only what differs is written.
    """
    return anew(item)[0]


def anew(item: int) -> tuple[Fraction, int]:
    """Reckon a whole item anew; return how far it is and how many rows of it were other than that.

    It is asked in sets first; only where these do not agree every task is read and what differs is put right.
    """
    with transaction.atomic():
        KeyItem.objects.select_for_update().filter(pk=item).values_list("pk").first()
        total = summing.agreed(item)
        return task_by_task(item) if total is None else (total, int(days_anew(item)))


def task_by_task(item: int) -> tuple[Fraction, int]:
    """Reckon a whole item anew from each of its tasks and write what differs, as `anew`."""
    with transaction.atomic():
        kept = KeyItem.objects.select_for_update().filter(pk=item).values_list("actual", flat=True).first()
        nodes = Node.objects.filter(item=item, ended_at__isnull=True).order_by("-level")
        rows = list(nodes.values_list("id", "parent_id", "weight_bp", "actual"))
        tasks = [_Task(*one) for one in Leaf.objects.filter(node__item=item).order_by("pk").values_list(*_TASK)]
        reached = {one.node: percent_of(*one.measure) for one in tasks if one.matter is not None}
        children: dict[int | None, list[tuple[int, Fraction]]] = defaultdict(list)
        wrong = 0
        for pk, parent, weight, actual in rows:
            value = curve.rolled(children[pk]) if pk in children else reached.get(pk, curve.NONE)
            children[parent].append((weight, value))
            if actual != text(value):
                wrong += Node.objects.filter(pk=pk).update(actual=text(value))
        total = curve.rolled(children[None])
        if kept != text(total):
            wrong += KeyItem.objects.filter(pk=item).update(actual=text(total))
        wrong += _sums_anew(item, tasks, parts_of({pk: (parent, weight) for pk, parent, weight, _actual in rows}))
        wrong += days_anew(item)
    return total, wrong


class _Task(NamedTuple):
    """A smallest task with what its matter says, as it is read for a whole item."""

    pk: int
    node: int
    item: int | None
    sums: int | None
    part: int
    red_on: datetime.date
    matter: int | None
    start: datetime.date
    due: datetime.date | None
    points: list[Any]
    open: bool
    state: str
    late_on: datetime.date
    matter_red_on: datetime.date
    value: Decimal | None
    percent_bp: int
    target: Decimal | None
    baseline: Decimal | None
    comparator: str
    upper: Decimal | None

    @property
    def measure(self) -> tuple[Decimal | None, int, Decimal | None, Decimal | None, str, Decimal | None]:
        """Return what its progress is measured by."""
        return self.value, self.percent_bp, self.target, self.baseline, self.comparator, self.upper


_TASK = (
    "pk", "node", "item", "sums", "part", "red_on", "matter", "matter__start", "matter__due_on",
    "matter__planned_points", "matter__is_open", "matter__state", "matter__late_on", "matter__red_on", "matter__value",
    "matter__percent_bp", "matter__target_value", "matter__baseline", "matter__comparator", "matter__upper",
)  # fmt: skip


def _sums_anew(item: int, tasks: Sequence[_Task], parts: dict[int, int]) -> int:
    """Make the sums of an item anew, return how many rows differed; a task taken out is in none of them."""
    months = _months(item)
    held = {row.pk: row for row in LeafSums.objects.filter(item=item)}
    ids = {alike_of(row): row.pk for row in held.values()}
    totals: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    moved = []
    for one in tasks:
        should: tuple[int | None, int, datetime.date] = (None, parts.get(one.node, 0), FAR)
        if one.matter is not None and one.node in parts and one.due is not None:
            key = Alike(
                one.start, one.due, bend_of(one.points), one.open, one.open and one.state == State.PAUSED,
                one.late_on != FAR, months.get(one.matter, ""),
            )  # fmt: skip
            if key not in ids:
                ids[key] = _kept(item, key, one.points)
            should = (ids[key], should[1], one.matter_red_on if one.open else FAR)
            totals[ids[key]][0] += 1
            totals[ids[key]][1] += should[1]
        if (one.item, one.sums, one.part, one.red_on) != (item, *should):
            sums, part, red_on = should
            moved.append(Leaf(pk=one.pk, item_id=item, sums_id=sums, part=part, red_on=red_on))
    Leaf.objects.bulk_update(moved, ["item", "sums", "part", "red_on"], batch_size=_BATCH)
    wrong = len(moved)
    for pk in ids.values():
        count, part = totals.get(pk, (0, 0))
        row = held.get(pk)
        if row is None or (row.count, row.part) != (count, part):
            wrong += LeafSums.objects.filter(pk=pk).update(count=count, part=part)
    return wrong


def _months(item: int) -> dict[int, str]:
    """Return the newest month reported on, by matter."""
    rows = ProgressReport.objects.filter(matter__work_leaf__node__item=item).exclude(state="returned").order_by()
    kinds = {"month": r"^[0-9]{4}-[0-9][0-9]$", "quarter": r"^[0-9]{4}-Q", "week": r"^[0-9]{4}-W"}
    newest = {name: Max("period", filter=Q(period__regex=words)) for name, words in kinds.items()}
    found = rows.values_list("matter").annotate(**newest)
    return {matter: newest_month(filter(None, periods)) for matter, *periods in found}


_DAY = {
    # Cut to the second: SQLite would carry 23:59:59.9996 into the next day.
    "sqlite": "date(substr({0}, 1, 19), '+8 hours')",
    "postgresql": "({0} AT TIME ZONE 'Asia/Shanghai')::date",
}
_MEASURE = ("target_value", "baseline", "comparator", "upper")


@cache
def _days_query(vendor: str) -> str:
    """Return the reports of an item (%s) added up by the day each begins to count and the day the next one replaces it.

    Columns: both days (the second null for the last report), value, percent, what they are measured by; parts, reports.
    """
    leaf, matter, report = (model._meta.db_table for model in (Leaf, Matter, ProgressReport))
    at = "COALESCE(r.decided_at, r.filed_at)"
    day = _DAY[vendor].format(at)
    measure = ", ".join(f"m.{name}" for name in _MEASURE)
    return f"""
        WITH counted AS (
            SELECT {day} AS day, LEAD({day}) OVER (PARTITION BY r.matter_id ORDER BY {at}, r.id) AS until,
                   r.value, r.percent_bp, {measure}, l.part
            FROM {leaf} l JOIN {matter} m ON m.id = l.matter_id JOIN {report} r ON r.matter_id = m.id
            WHERE l.item_id = %s AND l.sums_id IS NOT NULL
              AND (r.state = 'accepted' OR NOT m.accepted_only AND r.state <> 'returned')
        )
        SELECT day, until, value, percent_bp, {", ".join(_MEASURE)}, SUM(part), COUNT(*) FROM counted
        GROUP BY day, until, value, percent_bp, {", ".join(_MEASURE)}
    """  # noqa: S608 - names of our own tables only


def days_of(item: int) -> dict[datetime.date, tuple[Fraction, int]]:
    """Return by day what the reports that began to count on it added to an item, exactly, and how many they were.

    The database adds up the parts of the tasks alike; only the fractions are made here, one for each kind of report. A
    report adds its percent on its day, and takes it back on the day of the next one of its task.
    """
    columns = [ProgressReport._meta.get_field("value"), None, *map(Matter._meta.get_field, _MEASURE)]
    # Numerators are added up by denominator: one addition of whole numbers a kind.
    gained: dict[datetime.date, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    counts: dict[datetime.date, int] = defaultdict(int)
    with connection.cursor() as cursor:
        cursor.execute(_days_query(connection.vendor), [item])
        while rows := cursor.fetchmany(_BATCH):
            for begins, ends, *measure, part, count in rows:
                percent = percent_of(*(read_value(column, one) for column, one in zip(columns, measure, strict=True)))
                day, share = date_of(begins), int(part) * percent.numerator
                counts[day] += count
                gained[day][percent.denominator] += share
                if ends is not None:
                    gained[date_of(ends)][percent.denominator] -= share
    return {
        day: (sum((Fraction(up, down * WHOLE) for down, up in sums.items()), curve.NONE), counts[day])
        for day, sums in gained.items()
    }


def days_anew(item: int) -> bool:
    """Make the days of an item anew from its reports; return whether they were other than that."""
    found = {day: (text(gained), count) for day, (gained, count) in days_of(item).items()}
    held = {row.day: (row.gained, row.reports) for row in ItemDay.objects.filter(item=item)}
    if found == held:
        return False
    ItemDay.objects.filter(item=item, day__in=[day for day in held if held[day] != found.get(day)]).delete()
    ItemDay.objects.bulk_create(
        ItemDay(item_id=item, day=day, gained=gained, reports=count)
        for day, (gained, count) in sorted(found.items()) if held.get(day) != (gained, count)
    )  # fmt: skip
    return True


def not_summed(items: Sequence[int]) -> list[int]:
    """Return those of the items that have tasks in no sum yet: they came in by another way than an approved tree."""
    rows = Leaf.objects.filter(sums__isnull=True, matter__due_on__isnull=False, node__ended_at__isnull=True)
    return sorted(set(rows.filter(node__item__in=items).values_list("node__item", flat=True)))


def check_all() -> tuple[int, list[int]]:
    """Reckon every item of the plans that run anew, one transaction each; return how many there were, which differed.

    What differed is put right and noted in the audit trail: it says that something was written past the acts.
    """
    items = KeyItem.objects.exclude(plan__status__in=["loading", "closed"]).order_by("pk").values_list("pk", flat=True)
    wrong, rows = [], list(items)
    for pk in rows:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                # An item's reports are looked up one task after the other: else the year's are walked for each item.
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL enable_seqscan = off")
            unknown = bool(not_summed([pk]))
            _total, differing = anew(pk)
            if differing and not unknown:
                wrong.append(pk)
                audit.append(
                    actor=TIMER, act="work.sums_righted", subject=f"item:{pk}", after={"rows": differing}
                )  # fmt: skip
    return len(rows), wrong
