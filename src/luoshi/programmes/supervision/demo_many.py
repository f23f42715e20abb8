"""A plan of any size, invented, for the benchmark and for tests of the board: items, trees, tasks, accepted reports.

Deterministic. Rows are put in by the ten thousand, as the actions would leave them, without their messages and history:
PostgreSQL gets them by COPY, with the indexes made afterwards when they are many.
"""

from __future__ import annotations

import datetime
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from django.db import connection, models, transaction

from luoshi.kernel.clock import SHANGHAI
from luoshi.office.duties import concern, curve, lights
from luoshi.office.duties.matter_models import FAR, Kind, Matter, MatterOrgan, ProgressReport, State
from luoshi.office.organs.directory import load_data
from luoshi.programmes.supervision.alike import TOTAL_BP, WHOLE, text
from luoshi.programmes.supervision.models import Chapter, ItemConcern, ItemOrgan, KeyItem, Leaf, LeafSums, Node, Plan
from luoshi.programmes.supervision.rollup import days_anew

YEAR = 2019
ISSUED = datetime.date(YEAR, 4, 10)
END = datetime.date(YEAR, 12, 31)
TODAY = datetime.date(YEAR, 10, 15)
CHAPTERS, ITEMS = 8, 52
BATCH = 20_000
WIDE = 94
"""Smallest tasks under one node, about, where there are many: codes go up to 99."""
MANY = 50_000
"""From so many smallest tasks on PostgreSQL makes the indexes after the rows."""
_WORDS = (
    "园区道路",
    "河道治理",
    "养老床位",
    "冷链物流",
    "校舍改造",
    "公共绿地",
    "农村供水",
    "老旧小区",
    "数据共享",
    "海洋牧场",
)
_PARTS = ("勘测设计", "招标采购", "施工建设", "竣工验收")
_REPORTS = ((7, 2), (8, 3), (9, 4), (5, 1))
"""Month and quarters of what was reached by then; the last only of three tasks in five."""


def _weights(count: int) -> list[int]:
    """Return weights that make exactly 10,000."""
    share, left = divmod(TOTAL_BP, count)
    return [share + (n < left) for n in range(count)]


def _split(total: int, among: int) -> list[int]:
    share, left = divmod(total, among)
    return [share + (n < left) for n in range(among)]


def _moment(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(9), SHANGHAI)


def fill(leaves: int = 1500, items: int = ITEMS, organs: list[str] | None = None) -> Plan:
    """Make the plan of 2019 with so many smallest tasks, reported on until the middle of October; return it.

    Every eleventh item lags far, every sixth a little, every seventh is crossed off; one task in forty is overdue.
    """
    slugs = organs or [str(one["slug"]) for one in load_data()["organs"]][: min(60, len(load_data()["organs"]))]
    names = concern.titles(slugs)
    with transaction.atomic():
        plan, rows = _plan(items, slugs, names)
    late = connection.vendor == "postgresql" and leaves >= MANY
    with _indexes_afterwards() if late else nullcontext():
        made = 0
        for item, count in zip(rows, _split(leaves, items), strict=True):
            with transaction.atomic():
                _Tree(plan, item, slugs, names, made).grow(count)
            made += count
    for item in rows:
        days_anew(item.pk)
    return plan


def _plan(items: int, slugs: list[str], names: dict[str, str]) -> tuple[Plan, list[KeyItem]]:
    at = _moment(ISSUED)
    plan = Plan.objects.create(
        year=YEAR,
        title="重点工作（生成）",
        issued_on=ISSUED,
        status=Plan.Status.ACTIVE,
        loaded_at=at,
        loaded_by="生成",
        activated_at=at,
        activated_by="生成",
    )
    chapters = Chapter.objects.bulk_create(
        Chapter(plan=plan, no=n, title=f"测试{_WORDS[n]}") for n in range(1, CHAPTERS + 1)
    )
    rows = KeyItem.objects.bulk_create(
        KeyItem(
            plan=plan,
            chapter=chapters[(seq - 1) * CHAPTERS // items],
            seq=seq,
            due=END,
            leader_post="副市长" if seq % 2 else "市长",
            title=f"{_WORDS[seq % len(_WORDS)]}{seq}",
            decomposition=KeyItem.Decomposition.APPROVED,
            approved_at=at,
            state=KeyItem.State.CROSSED_OFF if seq % 7 == 4 else KeyItem.State.OPEN,
            crossed_off_at=_moment(TODAY) if seq % 7 == 4 else None,
        )
        for seq in range(1, items + 1)
    )
    ItemOrgan.objects.bulk_create(
        ItemOrgan(item=item, seq=1, role="lead", raw=names[slug], organ=slug, resolution="exact")
        for item, slug in ((item, slugs[item.seq % len(slugs)]) for item in rows)
    )
    ItemConcern.objects.bulk_create(
        ItemConcern(item=item, organ=slugs[item.seq % len(slugs)], role="lead") for item in rows
    )
    return plan, rows


# --- rows by the ten thousand -----------------------------------------------------------------------------------------


class _Table:
    """Rows of one model that differ in a few columns, each given as text or number; written when there are many."""

    def __init__(self, like: models.Model, *varying: str) -> None:
        fields = [one for one in like._meta.concrete_fields if one.column not in varying]
        fixed = [one.get_db_prep_save(getattr(like, one.attname), connection) for one in fields]
        self._name, self._columns = like._meta.db_table, (*varying, *(one.column for one in fields))
        self._fixed = tuple(_plain(value) for value in fixed)
        self._rows: list[tuple[Any, ...]] = []
        self._model = type(like)
        self.next = (self._model._base_manager.aggregate(most=models.Max("pk"))["most"] or 0) + 1

    def add(self, *values: Any) -> int:
        """Put a row in, without its id, and return the id it has."""
        pk, self.next = self.next, self.next + 1
        self._rows.append((pk, *values))
        if len(self._rows) >= BATCH:
            self.write()
        return pk

    def write(self) -> None:
        """Write what was put in."""
        columns = ", ".join(f'"{one}"' for one in self._columns)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                tail = "".join("\t" + _copied(value) for value in self._fixed)
                with cursor.copy(f'COPY "{self._name}" ({columns}) FROM STDIN') as copy:
                    copy.write("".join("\t".join(map(_copied, row)) + tail + "\n" for row in self._rows))
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [f'"{self._name}"', self.next])
            else:
                marks = ", ".join(["%s"] * len(self._columns))
                rows = [(*row, *self._fixed) for row in self._rows]
                cursor.executemany(f'INSERT INTO "{self._name}" ({columns}) VALUES ({marks})', rows)  # noqa: S608
        self._rows.clear()


def _plain(value: Any) -> Any:
    return value.dumps(value.obj) if hasattr(value, "obj") else value


def _copied(value: Any) -> str:
    return r"\N" if value is None else "t" if value is True else "f" if value is False else str(value)


@contextmanager
def _indexes_afterwards() -> Iterator[None]:
    """Take the indexes off that hold no rule, and the checks of foreign keys; put them back when the rows are in."""
    tables = [one._meta.db_table for one in (Matter, MatterOrgan, Node, Leaf, ProgressReport)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexname NOT IN"
            " (SELECT conname FROM pg_constraint)",
            [tables],
        )
        found = cursor.fetchall()
        cursor.execute("SET session_replication_role = replica")
        for name, _words in found:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for _name, words in found:
            cursor.execute(words)
        cursor.execute("SET session_replication_role = DEFAULT")
        for table in tables:
            cursor.execute(f'VACUUM ANALYZE "{table}"')


class _Tree:
    """The tree of one item: nodes of at most 99 children, its smallest tasks under them."""

    def __init__(self, plan: Plan, item: KeyItem, slugs: list[str], names: dict[str, str], before: int) -> None:
        self.plan, self.item, self.slugs, self.names, self.number = plan, item, slugs, names, before
        self.sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
        self.sum_ids: dict[tuple[Any, ...], int] = {}
        at, start = _moment(TODAY), _moment(ISSUED)
        matter = Matter(
            module="supervision", kind=Kind.WORK_POINT, target_value=Decimal(100), target_unit="处", comparator=">=",
            accepted_only=True, worked=True, created_at=start, updated_at=at, handed_at=start, start=ISSUED,
        )  # fmt: skip
        self.matters = _Table(
            matter, "id", "external_id", "title", "organ", "organ_name", "start", "due_on", "due_sort", "value",
            "percent_bp", "state", "is_open", "green_on", "yellow_on", "red_on", "late_on", "crossed_off_at",
            "completed_at",
        )  # fmt: skip
        self.organs = _Table(MatterOrgan(seq=1, role="lead"), "id", "matter_id", "organ", "name", "is_open", "due_sort")
        node = Node(plan=plan, item=item, level=1, kind="leaf", weight_bp=0)
        self.nodes = _Table(
            node, "id", "parent_id", "level", "code", "title", "kind", "weight_bp", "start", "due", "actual"
        )  # fmt: skip
        leaf = Leaf(
            role="lead", post="科长", deliverable="完成一处", target_value=Decimal(100), unit="处", comparator=">=",
            evidence_types=["photo"], item=item,
        )  # fmt: skip
        self.leaves = _Table(leaf, "id", "node_id", "matter_id", "organ", "sums_id", "part", "red_on")
        report = ProgressReport(
            version=1, state="accepted", narrative="按计划推进，已完成本期任务。", filed_name="测试甲", percent_bp=0,
            filed_at=at,
        )  # fmt: skip
        self.reports = _Table(
            report, "id", "matter_id", "period", "value", "percent_bp", "organ", "filed_at", "decided_at"
        )
        days = [(datetime.date(YEAR, month, 20), share) for month, share in _REPORTS]
        self.reported = [(f"{day:%Y-%m}", share, _stored(_moment(day))) for day, share in days]

    def grow(self, count: int) -> None:
        """Make the tree of so many smallest tasks."""
        if not count:
            return
        total = self._branch(None, self.item.code, count, 1, self._widths(count), WHOLE)
        for table in (self.nodes, self.matters, self.organs, self.leaves, self.reports):
            table.write()
        for key, (number, part) in self.sums.items():
            LeafSums.objects.filter(pk=self.sum_ids[key]).update(count=number, part=part)
        KeyItem.objects.filter(pk=self.item.pk).update(actual=text(total))

    def _widths(self, count: int) -> list[int]:
        """Return how many nodes stand under one at each level above the smallest tasks."""
        groups = -(-count // WIDE)
        if groups <= 4:
            return [4]
        if groups <= 4 * WIDE:
            return [4, -(-groups // 4)]
        middle = math.isqrt(-(-groups // 4)) + 1
        return [4, middle, middle]

    def _branch(
        self, parent: int | None, head: str, count: int, level: int, widths: Sequence[int], part: int
    ) -> Fraction:
        sizes = [one for one in _split(count, widths[0]) if one] if widths else [1] * count
        total = Fraction(0)
        for n, (size, weight) in enumerate(zip(sizes, _weights(len(sizes)), strict=True), 1):
            code, share = f"{head}.{n:02d}", part * weight // TOTAL_BP
            if widths:
                title = _PARTS[(n - 1) % len(_PARTS)]
                pk = self.nodes.next
                self.nodes.next += 1
                reached = self._branch(pk, code, size, level + 1, widths[1:], share)
                after, self.nodes.next = self.nodes.next, pk
                self.nodes.add(parent, level, code, title, "task", weight, None, None, text(reached))
                self.nodes.next = after
            else:
                reached = self._leaf(parent, code, n, level, weight, share)
            total += reached * weight / TOTAL_BP
        return total

    def _leaf(self, parent: int | None, code: str, n: int, level: int, weight: int, part: int) -> Fraction:
        number, seq = self.number, self.item.seq
        self.number += 1
        slug = self.slugs[(seq + number) % len(self.slugs)]
        start, due, done, value = _figures(seq % 7, seq % 11 == 3, seq % 6 == 1, number % 4, number % 7, number % 40,
                                           number % 9, number // 40 % 45, number % 5)  # fmt: skip
        green, yellow, red, late = _days(start, due, value, done)
        state, closed = (State.CROSSED_OFF, _stored(_moment(min(due, TODAY)))) if done else (State.IN_PROGRESS, None)
        title = f"{self.item.title}{_PARTS[number % len(_PARTS)]}第{n}处"
        matter = self.matters.add(
            code, title, slug, self.names[slug], start, due, due, value, value * 100, str(state), not done, green,
            yellow, red, late, closed, closed,
        )  # fmt: skip
        self.organs.add(matter, slug, self.names[slug], not done, due)
        node = self.nodes.add(parent, level, code, title, "leaf", weight, start, due, f"{value}/1")
        key = (start, due, not done, late != str(FAR))
        if key not in self.sum_ids:
            self.sum_ids[key] = LeafSums.objects.create(
                item=self.item, start=start, due=due, open=key[2], paused=False, late=key[3], month=f"{YEAR}-09"
            ).pk
        sums = self.sums[key]
        sums[0] += 1
        sums[1] += part
        self.leaves.add(node, matter, slug, self.sum_ids[key], part, red)
        for period, share, at in self.reported[: 4 if number % 5 < 3 else 3]:
            self.reports.add(matter, period, f"{value * share / 4:.6f}", value * 100 * share // 4, slug, at, at)
        return Fraction(value)


def _stored(moment: datetime.datetime) -> str:
    return str(connection.ops.adapt_datetimefield_value(moment))


@cache
def _figures(
    seventh: int, far: bool, little: bool, quarter: int, seven: int, forty: int, nine: int, ago: int, five: int
) -> tuple[datetime.date, datetime.date, bool, int]:
    """Return start, due day, whether it is crossed off, and the value of 100 it reached."""
    start = ISSUED + datetime.timedelta(days=forty)
    due = END if quarter else datetime.date(YEAR, 6 + seven, 28)
    if forty == 0:
        due = TODAY - datetime.timedelta(days=3 + ago)
    done = seventh == 4 or nine == 0 or (due < TODAY and forty != 0)
    behind = 45 if far else 18 if little else five
    value = 100 if done else int(max(curve.planned(start, due, (), TODAY) - behind, Fraction(0)))
    return start, due, done, min(value, 80) if forty == 0 and not done else value


@cache
def _days(start: datetime.date, due: datetime.date, value: int, done: bool) -> tuple[str, str, str, str]:
    row = Matter(
        start=start, due_on=due, target_value=Decimal(100), comparator=">=", value=Decimal(value),
        state=State.CROSSED_OFF if done else State.IN_PROGRESS,
    )  # fmt: skip
    lights.derive(row)
    return str(row.green_on), str(row.yellow_on), str(row.red_on), str(row.late_on)
