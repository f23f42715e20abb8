"""Changes of a smallest task by an instrument (调整, P6): another target value or due day, or it falls away.

The head of the lead organ asks, not later than the due day, and cites an instrument of the library; the leader in
charge decides. What the plan was stays with the request, so both curves can be drawn; progress is reckoned anew.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.duties import acts, concern, hooks
from luoshi.office.duties.lights import in_time, measured
from luoshi.office.duties.matter_actions import need, number
from luoshi.office.duties.matter_acts_open import RUNNING
from luoshi.office.duties.matter_models import Matter, State
from luoshi.office.instruments.models import Instrument
from luoshi.office.messages import actions as messages
from luoshi.office.permissions import require_other_hand
from luoshi.office.roles import Role
from luoshi.programmes.supervision import rollup
from luoshi.programmes.supervision.crossing import leaf_of
from luoshi.programmes.supervision.models import Adjustment, ItemEvent, Leaf, Node
from luoshi.programmes.supervision.signing import signs

Kind, Decision = Adjustment.Kind, Adjustment.Decision


def of(matter: Matter) -> QuerySet[Adjustment]:
    """Return the requests about a task, oldest first."""
    return Adjustment.objects.select_related("instrument").filter(matter=matter).order_by("pk")


def waiting(actor: Actor) -> list[Adjustment]:
    """Return the requests that wait for somebody as leader in charge."""
    rows = Adjustment.objects.filter(decision="").select_related("matter", "instrument").order_by("pk")[:200]
    return [row for row in rows if may_decide(actor, row)]


def may_decide(actor: Actor, row: Adjustment) -> bool:
    """Tell whether somebody decides on a request: the leader in charge, with another hand than who asked."""
    return hooks.may_decide(row.matter, actor) and row.asked_by_id not in actor.hands


def may_ask(actor: Actor, matter: Matter) -> bool:
    """Tell whether somebody may ask for a change of a task now."""
    return (
        signs(actor, matter)
        and matter.state in RUNNING
        and matter.due_on is not None
        and in_time(matter, CLOCK.now())
        and not Adjustment.objects.filter(matter=matter, decision="").exists()
    )


def ask(
    *,
    actor: Actor,
    matter: int,
    instrument: str,
    place: str,
    reason: str,
    value: Decimal | int | str | None = None,
    due: datetime.date | None = None,
    withdraw: bool = False,
    version: int | None = None,
) -> Adjustment:
    """Ask to change a task by an instrument and return the request: `value` its new target, `due` its new due day.

    `instrument` is the number of a document of the library, `place` where in it. Side effects: the request, history,
    audit, a message to the leader in charge; nothing changes before the decision. Errors: E_NOT_FOUND (matter,
    instrument), E_FORBIDDEN (not the head), E_VERSION, E_STATE, E_EXPIRED (asked late: refused outright), E_INPUT,
    E_RULE (beyond the plan's year), E_DUPLICATE (one is waiting).
    """
    reason, place = reason.replace("\0", "").strip(), place.replace("\0", "").strip()
    with transaction.atomic():
        row = acts.opened(actor, matter)
        leaf = leaf_of(row)
        if leaf is None:
            raise LuoshiError("E_STATE", "只有年度计划的最小颗粒才能调整。")
        if not signs(actor, row):
            raise LuoshiError("E_FORBIDDEN", f"调整由{concern.title(row.organ)}主要负责人申请。")
        acts.expect(row, version)
        acts.in_state(row, RUNNING, "申请调整")
        need(reason, "调整的理由")
        if row.due_on is None or not in_time(row, CLOCK.now()):
            raise LuoshiError("E_EXPIRED", f"期限已于{row.due_on}届满，调整须在期限内申请。")
        cited = _cited(instrument)
        if not 1 <= len(place) <= 60:
            raise LuoshiError("E_INPUT", "请写明依据文件的哪一条，至多60字。", fields={"field": "place"})
        new_value, new_due = _wanted(row, leaf, value, due, withdraw)
        if Adjustment.objects.filter(matter=row, decision="").exists():
            raise LuoshiError("E_DUPLICATE", "已有一份调整申请在等批。")
        made = Adjustment.objects.create(
            matter=row, kind=Kind.WITHDRAW if withdraw else Kind.TARGET, instrument=cited,
            citation=f"{cited.key} {place}"[:200], reason=reason, old_value=row.target_value, new_value=new_value,
            old_due=row.due_on, new_due=new_due, old_points=row.planned_points, asked_at=CLOCK.now(),
            asked_by_id=actor.user_id, asked_name=actor.name[:100],
        )  # fmt: skip
        said = f"申请{words(made)}（依据{made.citation}）：{reason}"
        _noted(actor, row, "ask_adjustment", said, made)
        leader = leaf.node.item.leader_organ
        messages.tell_organ(
            key=f"adjust.ask:{made.pk}", organ=leader, roles=[Role.LEADER], kind="matter",
            text=f"等您批调整：{row.title}"[:300], href=acts.href(row.pk),
        )  # fmt: skip
        return made


def _cited(key: str) -> Instrument:
    found = Instrument.objects.filter(key=key.replace("\0", "").strip(), is_current=True).first()
    if found is None:
        raise LuoshiError(
            "E_INPUT",
            f"文库里没有“{key[:60]}”。调整目标或期限须引用文库里的文件，请写完整的文号。",
            fields={"field": "instrument"},
        )
    return found


def _wanted(
    row: Matter, leaf: Leaf, value: Decimal | int | str | None, due: datetime.date | None, withdraw: bool
) -> tuple[Decimal | None, datetime.date]:
    assert row.due_on is not None
    if withdraw:
        return None, row.due_on
    new_value, new_due = number(value, "新的目标值", 6), due or row.due_on
    if new_value is not None and row.target_value is None:
        raise LuoshiError("E_INPUT", "这件任务没有量化目标，只能调整期限或取消。", fields={"field": "value"})
    if new_value is not None and new_value == (row.baseline or 0):
        raise LuoshiError("E_INPUT", "新的目标值不能等于基数。", fields={"field": "value"})
    if new_value is not None and row.upper is not None and new_value > row.upper:
        raise LuoshiError("E_INPUT", "新的下限不能大于区间的上限。", fields={"field": "value"})
    new_value = None if new_value == row.target_value else new_value
    if new_value is None and new_due == row.due_on:
        raise LuoshiError("E_INPUT", "请填新的目标值或新的期限。", fields={"field": "value"})
    if new_due < max(CLOCK.today(), row.start):
        raise LuoshiError("E_INPUT", "新的期限不能早于今天。", fields={"field": "due"})
    leaf.node.item.require_within(new_due, "调整")
    return new_value, new_due


def words(row: Adjustment) -> str:
    """Return what a request changes, in words."""
    if row.kind == Kind.WITHDRAW:
        return "取消任务"
    parts = []
    if row.new_value is not None:
        old = "—" if row.old_value is None else f"{row.old_value.normalize():f}"
        parts.append(f"目标值{old}调整为{row.new_value.normalize():f}")
    if row.new_due != row.old_due:
        parts.append(f"期限{row.old_due}调整为{row.new_due}")
    return "、".join(parts)


def decide(*, actor: Actor, adjustment: int, approve: bool, reason: str = "", version: int | None = None) -> Adjustment:
    """Approve or refuse a request as the leader in charge, by another hand than who asked, and return it.

    Approved: target, due day and planned points of the task and its leaf change, an episode of being overdue ends with
    a new due day, a cancelled task is withdrawn and leaves the tree; progress up to the item is reckoned anew. Side
    effects: history, audit, a message to the holder. Errors: E_NOT_FOUND, E_FORBIDDEN, E_SELF, E_VERSION, E_STATE,
    E_INPUT (a refusal needs a reason).
    """
    reason = reason.replace("\0", "").strip()
    with transaction.atomic():
        asked = Adjustment.objects.filter(pk=adjustment).first()
        if asked is None:
            raise LuoshiError("E_NOT_FOUND", "没有这份调整申请。")
        row = acts.opened(actor, asked.matter_id)
        hooks.require_decider(row, actor)
        acts.expect(row, version)
        asked = Adjustment.objects.select_for_update(of=("self",)).get(pk=adjustment)
        if asked.decision:
            raise LuoshiError("E_STATE", f"这份申请已经“{asked.get_decision_display()}”。")
        require_other_hand(actor, [asked.asked_by_id], "批调整")
        if not concern.own_organs(actor).isdisjoint(acts.answering(row)):
            raise LuoshiError("E_SELF", "责任单位人员不能批本单位的调整。")
        asked.decision = Decision.APPROVED if approve else Decision.REFUSED
        asked.decided_at, asked.decided_by_id = CLOCK.now(), actor.user_id
        asked.decided_name, asked.decision_reason = actor.name[:100], reason[:1000]
        if not approve:
            need(reason, "不同意的理由")
            asked.save()
            _noted(actor, row, "decide_adjustment", f"不同意{words(asked)}：{reason}", asked)
        else:
            acts.in_state(row, [*RUNNING, State.PAUSED, State.SUBMITTED], "批调整")
            asked.save()
            _applied(actor, row, asked)
        acts.tell_holder(
            row, key=f"adjust.decided:{asked.pk}",
            text=f"{asked.get_decision_display()}：{row.title}，{words(asked)}"[:300],
        )  # fmt: skip
        return asked


def _applied(actor: Actor, row: Matter, asked: Adjustment) -> None:
    leaf = leaf_of(row)
    assert leaf is not None
    before, said = acts.picture(row), f"同意{words(asked)}（依据{asked.citation}）"
    data: dict[str, Any] = {"adjustment": asked.pk}
    ItemEvent.objects.create(
        item=leaf.node.item, at=CLOCK.now(), act="adjust", text=f"{row.external_id} {said}"[:400], who=actor.name[:100]
    )
    if asked.kind == Kind.WITHDRAW:
        row.state = State.WITHDRAWN
        acts.written(row, actor=actor, act="adjust", text=said, before=before, data=data)
        _leave(leaf.node)
        rollup.recompute(leaf.node.item_id)
        return
    if asked.new_value is not None:
        _aim(row, leaf, asked.new_value)
    if asked.new_due != asked.old_due:
        row.due_on, row.supervised_at, row.escalated = asked.new_due, None, 0
        row.planned_points = [one for one in row.planned_points if one[0] < str(asked.new_due)]
        leaf.planned_points = row.planned_points
        step = {"rule": "adjustment", "text": f"依据{asked.citation}，期限由{asked.old_due}调整为{asked.new_due}"}
        row.derivation = row.derivation | {"steps": [*row.derivation.get("steps", []), step]}
    leaf.save()
    acts.written(row, actor=actor, act="adjust", text=said, before=before, data=data)


def _leave(node: Node | None) -> None:
    """Take a node out of the tree; its weight goes to its siblings in proportion, and nodes left empty go with it."""
    while node is not None:
        Node.objects.filter(pk=node.pk).update(ended_at=CLOCK.now())
        siblings = list(Node.objects.filter(item=node.item_id, parent=node.parent_id, ended_at=None).order_by("code"))
        if siblings:
            for one, weight in zip(siblings, whole([one.weight_bp for one in siblings]), strict=True):
                Node.objects.filter(pk=one.pk).update(weight_bp=weight)
                Matter.objects.filter(work_leaf__node=one).update(weight_bp=weight)
            return
        node = node.parent


def whole(weights: list[int]) -> list[int]:
    """Return weights in the same proportion that make 10,000: the largest remainder first, ties by order."""
    total = sum(weights)
    if not total:
        weights, total = [1] * len(weights), len(weights)
    found = [one * 10_000 // total for one in weights]
    order = sorted(range(len(weights)), key=lambda n: (-(weights[n] * 10_000 % total), n))
    for n in order[: 10_000 - sum(found)]:
        found[n] += 1
    return found


def _aim(row: Matter, leaf: Leaf, value: Decimal) -> None:
    """Set a new target of a task, and of the item's target where this task alone stands for it."""
    target = leaf.target
    if target is not None and target.value == row.target_value:
        others = Leaf.objects.filter(target=target, node__ended_at=None).exclude(pk=leaf.pk)
        if not others.exists():
            target.value = value
            target.save(update_fields=["value"])
    row.target_value = leaf.target_value = value
    if (found := measured(row, row.value)) is not None:
        row.percent_bp = int(found.percent * 100)


def _noted(actor: Actor, row: Matter, act: str, text: str, made: Adjustment) -> None:
    acts.record(row, actor=actor, act=act, text=text, data={"adjustment": made.pk})
    audit.append(
        actor=actor, act=f"work.{act}", subject=f"matter:{row.pk}", basis=made.citation,
        permission="work.lead" if act.startswith("decide") else "work.reply",
        after={"adjustment": made.pk, "text": text[:400], "decision": made.decision},
    )  # fmt: skip


__all__ = ["ask", "decide", "may_ask", "may_decide", "of", "waiting", "whole", "words"]
