"""What a reviewed year leaves goes over into the plan of the next one (P9): items, organs, targets, tasks.

The tasks are a draft of the new year's tree: the lead organs set days and weights anew, the leader approves. Until a
task of the new year begins, the old one goes on; then the old one ends and what was done stands in the new one, so
that nothing promised is lost, and nothing stands on a desk twice.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.duties import acts
from luoshi.office.duties.lights import derive, progress, shown
from luoshi.office.duties.matter_models import Matter, State
from luoshi.office.permissions import require
from luoshi.programmes.supervision import assessing, plan_import
from luoshi.programmes.supervision.adjusting import whole
from luoshi.programmes.supervision.models import (
    AnnualReview,
    CarriedTask,
    Chapter,
    ItemEvent,
    ItemOrgan,
    KeyItem,
    Leaf,
    Node,
    Plan,
    Target,
    Waiver,
)

CHAPTER = "上年结转事项"
_MOST = 99


def next_plan(review: AnnualReview) -> Plan | None:
    """Return the plan of the year after a reviewed one, None while it is not loaded."""
    open_ = [Plan.Status.LOADING, Plan.Status.ACTIVE]
    return Plan.objects.filter(year=review.plan.year + 1, kind=review.plan.kind, status__in=open_).first()


def carry_over(*, actor: Actor, plan: int) -> list[KeyItem]:
    """Carry what a signed review left over into the next year's plan and return the items made there.

    Items keep title, leader, organs that still owe and targets; every task left is a draft leaf from 1 January to
    31 December. Side effects: items, drafts of their trees, histories, audit. Errors: E_FORBIDDEN, E_NOT_FOUND (no
    review), E_STATE (not signed, carried already, nothing left, the next plan not loaded).
    """
    require(actor, "work.plan")
    with transaction.atomic():
        review = AnnualReview.objects.select_for_update(of=("self",)).select_related("plan").filter(plan=plan).first()
        if review is None:
            raise LuoshiError("E_NOT_FOUND", "还没有年度评价。")
        if review.state != AnnualReview.State.SIGNED:
            raise LuoshiError("E_STATE", "年度评价签字以后才能转入下一年。")
        into = next_plan(review)
        if into is None:
            raise LuoshiError("E_STATE", f"还没有导入{review.plan.year + 1}年的计划，导入以后才能转入。")
        Plan.objects.select_for_update(of=("self",)).get(pk=into.pk)
        if review.carried_tasks.exists():
            raise LuoshiError("E_STATE", f"{review.plan.year}年未完成的任务已经转入{into.year}年计划。")
        lines = [one for one in review.lines.select_related("item").order_by("item__seq") if one.carried]
        weights = assessing.weights(review.plan)
        left = [(line.item, leaves) for line in lines if (leaves := _left(line.item, line.carried))]
        if not left:
            raise LuoshiError("E_STATE", "没有要转入下一年的任务。")
        last = into.chapters.order_by("-no").first()
        chapter = Chapter.objects.create(plan=into, no=last.no + 1 if last else 1, title=CHAPTER)
        seq = max(into.items.values_list("seq", flat=True), default=0)
        made = []
        for n, (item, leaves) in enumerate(left, 1):
            shares = whole([int(weights.get(leaf.node_id, 1) * 1000) for leaf in leaves])
            made.append(_item(actor, review, into, chapter, seq + n, item, list(zip(leaves, shares, strict=True))))
        audit.append(
            actor=actor, act="work.carry_over", subject=f"work_plan:{into.pk}", permission="work.plan",
            after={"from": review.plan.year, "items": len(made), "tasks": review.carried_tasks.count()},
        )  # fmt: skip
        return made


def _left(item: KeyItem, codes: Sequence[str]) -> list[Leaf]:
    """Return the leaves of an item that the review left over and that are still open."""
    rows = Leaf.objects.filter(node__item=item, node__code__in=codes, matter__is_open=True)
    return list(rows.select_related("node", "matter", "target").order_by("node__code"))


def _item(
    actor: Actor, review: AnnualReview, into: Plan, chapter: Chapter, seq: int, old: KeyItem,
    leaves: Sequence[tuple[Leaf, int]],
) -> KeyItem:  # fmt: skip
    last = datetime.date(into.year, 12, 31)
    item = KeyItem.objects.create(
        plan=into, chapter=chapter, seq=seq, title=old.title, raw_lead=old.raw_lead, raw_coop=old.raw_coop,
        leader_organ=old.leader_organ, leader_post=old.leader_post, public=old.public, kind=old.kind, due=last,
        decomposition=KeyItem.Decomposition.DRAFTED,
    )  # fmt: skip
    _organs(item, old, {leaf.organ for leaf, _weight in leaves})
    targets: dict[int, Target] = {}
    for leaf, _weight in leaves:
        if leaf.target is not None and leaf.target_id not in targets:
            k = len(targets) + 1
            one = Target.objects.get(pk=leaf.target.pk)
            one.pk, one.item, one.seq, one.code, one.due = None, item, k, f"T{seq}.{k}", last
            one.start = one.end = 0
            one.save(force_insert=True)
            targets[leaf.target.pk] = one
    groups = [leaves[at : at + _MOST] for at in range(0, len(leaves), _MOST)]
    for n, some in enumerate(groups, 1):
        parent = None
        if len(groups) > 1:
            parent = Node.objects.create(
                plan=into, item=item, code=f"{item.code}.{n:02d}", level=1, title=f"{CHAPTER}（{n}）", kind="task",
                weight_bp=whole([1] * len(groups))[n - 1],
            )  # fmt: skip
        weights = whole([weight for _leaf, weight in some])
        for k, ((leaf, _weight), weight) in enumerate(zip(some, weights, strict=True), 1):
            _node(review, item, parent, k, leaf, weight, targets.get(leaf.target_id or 0))
    text = f"由{review.plan.year}年第{old.seq}项转入，任务{len(leaves)}个"
    ItemEvent.objects.create(item=item, at=CLOCK.now(), act="carry", text=text, who=actor.name[:100])
    return item


def _organs(item: KeyItem, old: KeyItem, owing: set[str]) -> None:
    """Copy the entries of the mark: the leads that still owe (or the first), every cooperating one, with waivers."""
    entries = list(old.organs.order_by("seq"))
    leads = [one for one in entries if one.role == ItemOrgan.Role.LEAD]
    kept = [one for one in leads if one.organ in owing or owing & set(one.members)] or leads[:1]
    coops = [one for one in entries if one.role == ItemOrgan.Role.COOP]
    for seq, one in enumerate([*kept, *coops], 1):
        one.pk, one.item, one.seq = None, item, seq
        one.save(force_insert=True)
    plan_import.spread(item)
    now = CLOCK.now()
    Waiver.objects.bulk_create(
        Waiver(item=item, organ=slug, reason="上年的任务已经完成", given_by="年度评价", given_at=now)
        for slug in dict.fromkeys(one.organ for one in coops)
        if slug and slug not in owing
    )


def _node(
    review: AnnualReview, item: KeyItem, parent: Node | None, n: int, leaf: Leaf, weight: int, target: Target | None
) -> None:
    assert leaf.matter is not None
    old, year = leaf.node, item.plan.year
    node = Node.objects.create(
        plan=item.plan, item=item, parent=parent, code=f"{parent.code if parent else item.code}.{n:02d}",
        level=2 if parent else 1, title=old.title, kind=Node.Kind.LEAF, weight_bp=weight,
        start=datetime.date(year, 1, 1), due=datetime.date(year, 12, 31),
    )  # fmt: skip
    Leaf.objects.create(
        node=node, organ=leaf.matter.organ or leaf.organ, role=leaf.role, post=leaf.post, deliverable=leaf.deliverable,
        target=target, baseline=leaf.baseline, target_value=leaf.target_value, upper=leaf.upper,
        comparator=leaf.comparator, unit=leaf.unit, evidence_types=leaf.evidence_types, cycle=leaf.cycle,
        planned_points=[[f"{year}-06-30", "50"]],
    )  # fmt: skip
    CarriedTask.objects.create(review=review, matter=leaf.matter, node=node)


def begun(node: Node, matter: Matter, actor: Actor) -> None:
    """Let a task of the new year take over from the one it was carried from: what was done, and the chase for it."""
    carried = CarriedTask.objects.select_related("matter").filter(node=node).first()
    if carried is None:
        return
    old = Matter.objects.select_for_update(of=("self",)).get(pk=carried.matter_id)
    if not old.is_open:
        return
    matter.value, matter.percent_bp, matter.stage = old.value, old.percent_bp, old.stage
    derive(matter)
    matter.save()
    said = f"由上年任务{old.external_id}转入，已完成{shown(progress(old))}%"
    acts.record(matter, actor=actor, act="carry", text=said, data={"from": old.pk})
    before = acts.picture(old)
    old.state = State.WITHDRAWN
    acts.written(
        old, actor=actor, act="carry", text=f"转入{node.plan.year}年计划，任务{node.code}，本年不再单列", before=before,
        data={"to": matter.pk},
    )  # fmt: skip
