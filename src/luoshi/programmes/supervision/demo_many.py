"""A plan of any size, invented, for the benchmark and for tests of the board: items, trees, tasks, accepted reports.

Deterministic. Rows are put in by the thousand, as the actions would leave them, without their messages and history.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction

from django.db import transaction

from luoshi.kernel.clock import SHANGHAI
from luoshi.office.duties import concern, curve, lights
from luoshi.office.duties.matter_models import Kind, Matter, MatterOrgan, ProgressReport, State
from luoshi.office.organs.directory import load_data
from luoshi.programmes.supervision.models import Chapter, ItemConcern, ItemOrgan, KeyItem, Leaf, Node, Plan
from luoshi.programmes.supervision.rollup import text

YEAR = 2019
ISSUED = datetime.date(YEAR, 4, 10)
END = datetime.date(YEAR, 12, 31)
TODAY = datetime.date(YEAR, 10, 15)
CHAPTERS, ITEMS, TASKS = 8, 52, 4
BATCH = 2000
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


def _weights(count: int) -> list[int]:
    """Return weights that make exactly 10,000."""
    share, left = divmod(10_000, count)
    return [share + (n < left) for n in range(count)]


def _moment(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(9), SHANGHAI)


@transaction.atomic
def fill(leaves: int = 1500, items: int = ITEMS, organs: list[str] | None = None) -> Plan:
    """Make the plan of 2019 with so many smallest tasks, reported on until the middle of October; return it.

    Every eleventh item lags far, every sixth a little, every seventh is crossed off; one task in forty is overdue.
    """
    slugs = organs or [str(one["slug"]) for one in load_data()["organs"]][: min(60, len(load_data()["organs"]))]
    names = concern.titles(slugs)
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
    made = 0
    for item, count in zip(rows, _weights_of(leaves, items), strict=True):
        made += _tree(plan, item, count, slugs, names, made)
        if item.seq % 7 == 4:
            KeyItem.objects.filter(pk=item.pk).update(state=KeyItem.State.CROSSED_OFF, crossed_off_at=_moment(TODAY))
    return plan


def _weights_of(leaves: int, items: int) -> list[int]:
    share, left = divmod(leaves, items)
    return [share + (n < left) for n in range(items)]


def _tree(plan: Plan, item: KeyItem, count: int, slugs: list[str], names: dict[str, str], before: int) -> int:
    """Make the tree of one item: up to four tasks, its leaves under them; return how many leaves."""
    if not count:
        return 0
    head = f"{YEAR}-{item.seq:02d}"
    groups = [one for one in _weights_of(count, TASKS) if one]
    tasks = Node.objects.bulk_create(
        Node(plan=plan, item=item, code=f"{head}.{n:02d}", level=1, title=_PARTS[n - 1], kind="task", weight_bp=weight)
        for n, weight in enumerate(_weights(len(groups)), 1)
    )
    total, number = Fraction(0), before
    for task, size in zip(tasks, groups, strict=True):
        weights = _weights(size)
        reached = Fraction(0)
        for first in range(0, size, BATCH):
            some = range(first, min(first + BATCH, size))
            reached += _leaves(plan, item, task, [(n, weights[n], number + n) for n in some], slugs, names)
        number += size
        Node.objects.filter(pk=task.pk).update(actual=text(reached))
        total += reached * task.weight_bp / 10_000
    KeyItem.objects.filter(pk=item.pk).update(actual=text(total))
    return count


def _leaves(
    plan: Plan, item: KeyItem, task: Node, rows: list[tuple[int, int, int]], slugs: list[str], names: dict[str, str]
) -> Fraction:
    matters = []
    for n, _weight, number in rows:
        slug = slugs[(item.seq + number) % len(slugs)]
        start = ISSUED + datetime.timedelta(days=number % 40)
        due = datetime.date(YEAR, 12, 31) if number % 4 else datetime.date(YEAR, 6 + number % 7, 28)
        if number % 40 == 0:
            due = TODAY - datetime.timedelta(days=3 + number // 40 % 45)
        done = item.seq % 7 == 4 or number % 9 == 0 or (due < TODAY and number % 40 != 0)
        plan_now = curve.planned(start, due, (), TODAY)
        behind = 45 if item.seq % 11 == 3 else 18 if item.seq % 6 == 1 else number % 5
        value = Decimal(100) if done else Decimal(int(max(plan_now - behind, Fraction(0))))
        if number % 40 == 0 and not done:
            value = min(value, Decimal(80))
        row = Matter(
            module="supervision",
            external_id=f"{task.code}.{n + 1:0{max(2, len(str(n + 1)))}d}",
            kind=Kind.WORK_POINT,
            title=f"{item.title}{task.title}第{n + 1}处",
            organ=slug,
            organ_name=names[slug],
            handed_at=_moment(start),
            start=start,
            due_on=due,
            target_value=Decimal(100),
            target_unit="处",
            comparator=">=",
            value=value,
            accepted_only=True,
            percent_bp=int(value * 100),
            state=State.CROSSED_OFF if done else State.IN_PROGRESS,
            worked=True,
            created_at=_moment(ISSUED),
            updated_at=_moment(TODAY),
        )
        if done:
            row.crossed_off_at = row.completed_at = _moment(min(due, TODAY))
        lights.derive(row)
        matters.append(row)
    kept = Matter.objects.bulk_create(matters)
    MatterOrgan.objects.bulk_create(
        MatterOrgan(
            matter=row,
            seq=1,
            organ=row.organ,
            name=row.organ_name,
            role="lead",
            is_open=row.is_open,
            due_sort=row.due_sort,
        )
        for row in kept
    )
    nodes = Node.objects.bulk_create(
        Node(
            plan=plan,
            item=item,
            parent=task,
            code=row.external_id,
            level=2,
            title=row.title[:200],
            kind="leaf",
            weight_bp=weight,
            start=row.start,
            due=row.due_on,
            actual=text(Fraction(row.value or 0)),
        )
        for row, (_n, weight, _number) in zip(kept, rows, strict=True)
    )
    Leaf.objects.bulk_create(
        Leaf(
            node=node,
            matter=row,
            organ=row.organ,
            role="lead",
            post="科长",
            deliverable="完成一处",
            target_value=Decimal(100),
            unit="处",
            comparator=">=",
            evidence_types=["photo"],
        )
        for node, row in zip(nodes, kept, strict=True)
    )
    ProgressReport.objects.bulk_create(
        ProgressReport(
            matter=row,
            period=f"{YEAR}-{month:02d}",
            version=1,
            state="accepted",
            percent_bp=row.percent_bp * share // 4,
            value=(row.value or Decimal(0)) * share / 4,
            narrative="按计划推进，已完成本期任务。",
            filed_at=at,
            filed_name="测试甲",
            organ=row.organ,
            decided_at=at,
        )
        for row in kept
        for month, share in ((5, 1), (7, 2), (8, 3), (9, 4))
        for at in (_moment(datetime.date(YEAR, month, 20)),)
    )
    pairs = zip(kept, rows, strict=True)
    return sum((Fraction(row.value or 0) * weight / 10_000 for row, (_n, weight, _number) in pairs), Fraction(0))
