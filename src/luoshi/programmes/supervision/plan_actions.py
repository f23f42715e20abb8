"""What is done with a plan: names read by two people, targets added, the tree built, approved, activated (P1, D1-D3).

Every act checks who may, compares versions of the item, writes a line of its history and an audit entry. A smallest
task becomes a matter of the office when its tree is approved and the plan is active, whichever is later.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q

from luoshi.kernel.calendar import ONE_DAY
from luoshi.kernel.clock import CLOCK, day_of
from luoshi.kernel.counting import add_months
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.duties import acts, concern, hooks, intake, workdays
from luoshi.office.duties.lights import derive
from luoshi.office.duties.matter_models import Matter, State
from luoshi.office.duties.schedule import MODULE as DUTIES
from luoshi.office.messages.actions import tell_organ
from luoshi.office.parameters import book
from luoshi.office.permissions import may, require, require_other_hand
from luoshi.office.roles import Role
from luoshi.programmes.supervision import carrying, plan_import, rollup
from luoshi.programmes.supervision.models import (
    EVIDENCE,
    ItemEvent,
    ItemOrgan,
    KeyItem,
    Leaf,
    NamingDecision,
    Node,
    Plan,
    Target,
    Waiver,
)

MODULE = "supervision"
SYSTEM = Actor.system("重点工作计划", "work")
"""Who hands an approved smallest task to the office: the approval is the person's, the handing over the room's."""
_LEVELS = 4
_CENTURY = range(1949, 2101)

# --- opening ----------------------------------------------------------------------------------------------------------


def locked(pk: int, version: int | None = None) -> KeyItem:
    """Return an item locked for writing; E_NOT_FOUND, E_VERSION when somebody wrote since it was opened."""
    item = KeyItem.objects.select_for_update(of=("self",)).select_related("plan").filter(pk=pk).first()
    if item is None:
        raise LuoshiError("E_NOT_FOUND", "没有这项重点事项。")
    if version is not None and version != item.version:
        last = ItemEvent.objects.filter(item=item).order_by("-id").first()
        by = f"{last.who} {last.text}" if last else "他人已更新"
        raise LuoshiError(
            "E_VERSION",
            f"{by}。您打开以后内容有变化，没有保存。您填的还在，请比对后再报。",
            fields={"yours": version, "now": item.version},
        )
    if item.plan.status == Plan.Status.CLOSED:
        raise LuoshiError("E_STATE", f"{item.plan.title}已经结束，不能再改。")
    return item


def leads(item: KeyItem) -> list[str]:
    """Return the organs that lead an item, in the order of the mark."""
    rows = item.organs.filter(role=ItemOrgan.Role.LEAD).exclude(organ="").order_by("seq")
    return list(rows.values_list("organ", flat=True))


def may_decompose(actor: Actor, item: KeyItem) -> bool:
    """Tell whether somebody may build the tree: who leads the item, or supervision, which proposes one."""
    return may(actor, "work.plan") or acts.reaches(actor, "work.decompose", leads(item))


def require_decomposer(actor: Actor, item: KeyItem) -> None:
    """Refuse with E_FORBIDDEN whoever may not build the tree."""
    if not may_decompose(actor, item):
        require(actor, "work.decompose", leads(item))


def record(item: KeyItem, actor: Actor, act: str, text: str, data: Mapping[str, Any] | None = None) -> None:
    """Store an item with its next version, a line of its history and an audit entry."""
    item.version += 1
    item.save()
    ItemEvent.objects.create(item=item, at=CLOCK.now(), act=act, text=text[:400], who=actor.name[:100])
    append(actor=actor, act=f"work.{act}", subject=f"work_item:{item.pk}", after={"text": text[:400], **(data or {})})


def need(text: str, what: str, field: str, most: int) -> str:
    """Return a text without blanks at its ends; E_INPUT with its field for an empty one or one too long."""
    text = text.replace("\0", "").strip()
    if not text:
        raise LuoshiError("E_INPUT", f"请写明{what}。", fields={"field": field})
    if len(text) > most:
        raise LuoshiError("E_INPUT", f"{what}至多{most:,}字，现在是{len(text)}字。", fields={"field": field})
    return text


# --- names (D1) -------------------------------------------------------------------------------------------------------


def propose_reading(*, actor: Actor, entry: int, reading: str, reason: str) -> NamingDecision:
    """Propose how an unread name of a mark is read; a second person decides.

    Side effects: the proposal, history, audit. Errors: E_FORBIDDEN, E_NOT_FOUND, E_STATE (settled, or proposed
    already), E_INPUT (no such organ, no reason).
    """
    require(actor, "work.plan")
    reason = need(reason, "理由", "reason", 400)
    with transaction.atomic():
        row = _unread(entry)
        if not concern.known(reading):
            raise LuoshiError("E_INPUT", f"没有单位“{reading[:60]}”，请从名录中选。", fields={"field": "reading"})
        if NamingDecision.objects.filter(entry=row, decision="").exists():
            raise LuoshiError("E_STATE", f"“{row.raw}”的读法已有人拟定，等另一人确认。")
        item = locked(row.item_id)
        made = NamingDecision.objects.create(
            entry=row,
            raw=row.raw,
            reading=reading,
            reason=reason,
            proposed_by_id=actor.user_id,
            proposed_name=actor.name[:100],
            proposed_at=CLOCK.now(),
        )
        said = f"拟将“{row.raw}”读作{concern.title(reading)}：{reason}"
        record(item, actor, "reading_proposed", said, {"entry": row.pk, "reading": reading})
        return made


def decide_reading(*, actor: Actor, entry: int, confirm: bool) -> ItemOrgan:
    """Confirm or refuse the proposed reading, as another person than who proposed it; return the entry.

    Side effects: the entry carries the organ and stays marked as a misprint; history, audit. Errors: E_FORBIDDEN,
    E_SELF, E_NOT_FOUND, E_STATE.
    """
    require(actor, "work.plan")
    with transaction.atomic():
        row = _unread(entry)
        made = NamingDecision.objects.select_for_update(of=("self",)).filter(entry=row, decision="").first()
        if made is None:
            raise LuoshiError("E_STATE", f"“{row.raw}”还没有人拟定读法，请先拟定。")
        require_other_hand(actor, [made.proposed_by_id], "误印名称的读法")
        item = locked(row.item_id)
        made.decision = "confirmed" if confirm else "refused"
        made.decided_by_id, made.decided_name, made.decided_at = actor.user_id, actor.name[:100], CLOCK.now()
        made.save()
        said = f"不同意将“{row.raw}”读作{concern.title(made.reading)}"
        if confirm:
            row.organ, row.resolution = made.reading, ItemOrgan.Resolution.MISPRINT
            row.save()
            plan_import.spread(item)
            said = f"确认“{row.raw}”为误印，读作{concern.title(made.reading)}"
        record(item, actor, f"reading_{made.decision}", said, {"entry": row.pk, "reading": made.reading})
        return row


def _unread(entry: int) -> ItemOrgan:
    row = ItemOrgan.objects.select_for_update(of=("self",)).filter(pk=entry).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", "没有这个责任单位条目。")
    if row.resolution != ItemOrgan.Resolution.UNRESOLVED:
        raise LuoshiError("E_STATE", f"“{row.raw}”已经认定为{concern.title(row.organ) or '统称'}。")
    return row


# --- wildcards and waivers (D2, D3) -----------------------------------------------------------------------------------


def designate(
    *, actor: Actor, entry: int, members: Collection[str], none_reason: str = "", version: int | None = None
) -> ItemOrgan:
    """Say which towns 各相关镇区 means in an item, or with a reason that none is concerned.

    Side effects: the item concerns these organs; history, audit. Errors: E_FORBIDDEN, E_NOT_FOUND, E_VERSION, E_STATE
    (a wildcard that has its members), E_INPUT (none without reason, no town).
    """
    with transaction.atomic():
        row = ItemOrgan.objects.select_for_update(of=("self",)).filter(pk=entry).first()
        if row is None:
            raise LuoshiError("E_NOT_FOUND", "没有这个责任单位条目。")
        item = locked(row.item_id, version)
        require_decomposer(actor, item)
        if row.token not in plan_import.CHOSEN:
            raise LuoshiError("E_STATE", f"“{row.raw}”不需要逐项确定成员。")
        chosen = [slug for slug in concern.expand("各镇区") if slug in set(members)]
        if unknown := sorted(set(members) - set(chosen)):
            raise LuoshiError(
                "E_INPUT", f"“{unknown[0][:40]}”不是镇区，请从17个镇区中选。", fields={"field": "members"}
            )
        reason = "" if chosen else need(none_reason, "无相关镇区的理由，或选至少一个镇区", "none_reason", 400)
        row.members, row.none_reason = chosen, reason
        row.designated_by, row.designated_at = actor.name[:100], CLOCK.now()
        row.save()
        plan_import.spread(item)
        names = "、".join(concern.titles(chosen).values())
        record(item, actor, "designate", f"{row.raw}确定为：{names or '无（' + reason + '）'}", {"members": chosen})
        return row


def waive(*, actor: Actor, item: int, organ: str, reason: str, version: int | None = None) -> Waiver:
    """Write down why a cooperating organ has no smallest task of its own in an item (D3 d).

    Side effects: history, audit. Errors: E_FORBIDDEN, E_NOT_FOUND, E_VERSION, E_INPUT, E_DUPLICATE.
    """
    reason = need(reason, "豁免的理由", "reason", 400)
    with transaction.atomic():
        row = locked(item, version)
        require_decomposer(actor, row)
        if not row.concerns.filter(organ=organ, role=ItemOrgan.Role.COOP).exists():
            raise LuoshiError("E_INPUT", "只有配合单位可以豁免。", fields={"field": "organ"})
        if Waiver.objects.filter(item=row, organ=organ).exists():
            raise LuoshiError("E_DUPLICATE", f"{concern.title(organ)}已经写明豁免。")
        made = Waiver.objects.create(
            item=row, organ=organ, reason=reason, given_by=actor.name[:100], given_at=CLOCK.now()
        )
        _reopened(row)
        record(row, actor, "waive", f"{concern.title(organ)}不设最小颗粒：{reason}", {"organ": organ})
        return made


# --- who leads, weights, what is public -------------------------------------------------------------------------------


def settle_items(
    *, actor: Actor, plan: int, rows: Mapping[int, Mapping[str, Any]], version: int | None = None
) -> list[KeyItem]:
    """Say of items by number who leads them (`leader_post`), what they weigh (`weight_bp`), whether they are `public`.

    What a row does not name stays. Weights are all set and make 10,000, or all empty, which is equal (D3). Returns the
    items that changed. Side effects: version of the plan, histories, audit. Errors: E_FORBIDDEN, E_NOT_FOUND,
    E_VERSION, E_STATE, E_INPUT.
    """
    require(actor, "work.plan")
    with transaction.atomic():
        row = Plan.objects.select_for_update(of=("self",)).filter(pk=plan).first()
        if row is None:
            raise LuoshiError("E_NOT_FOUND", "没有这个年度计划。")
        if version is not None and version != row.version:
            raise LuoshiError(
                "E_VERSION", "计划已被他人更新，请刷新后再办。", fields={"yours": version, "now": row.version}
            )
        if row.status == Plan.Status.CLOSED:
            raise LuoshiError("E_STATE", f"{row.title}已经结束，不能再改。")
        items = {one.seq: one for one in row.items.select_for_update(of=("self",)).select_related("plan")}
        if unknown := sorted(set(rows) - set(items)):
            raise LuoshiError("E_NOT_FOUND", f"计划里没有第{unknown[0]}项。", fields={"field": "rows"})
        changed = []
        for seq, given in sorted(rows.items()):
            item, said = items[seq], []
            post = str(given.get("leader_post", item.leader_post)).replace("\0", "").strip()[:100]
            if post != item.leader_post:
                said.append(f"分包领导：{post or '未定'}")
            weight = given.get("weight_bp", item.weight_bp)
            if weight != item.weight_bp:
                said.append("权重：不填" if weight is None else f"权重：{Decimal(weight) / 100}%")
            public = bool(given.get("public", item.public))
            if public != item.public:
                said.append("公开" if public else "不公开")
            if said:
                item.leader_post, item.weight_bp, item.public = post, weight, public
                changed.append((item, "；".join(said)))
        _weigh([one.weight_bp for one in items.values() if one.state != KeyItem.State.WITHDRAWN])
        for item, text in changed:
            record(item, actor, "settle", text)
        if changed:
            row.version += 1
            row.save(update_fields=["version"])
        return [item for item, _text in changed]


def _weigh(weights: Sequence[int | None]) -> None:
    if all(one is None for one in weights):
        return
    if any(one is None or not 0 <= one <= 10000 for one in weights):
        raise LuoshiError("E_INPUT", "各项权重要么都不填，要么都填，在0到100%之间。", fields={"field": "weight"})
    if (total := sum(one or 0 for one in weights)) != 10000:
        raise LuoshiError(
            "E_INPUT", f"各项权重之和须为100%（现为{Decimal(total) / 100}%）。", fields={"field": "weight"}
        )


# --- targets ----------------------------------------------------------------------------------------------------------


def add_target(
    *,
    actor: Actor,
    item: int,
    name: str,
    comparator: str = ">=",
    value: str | Decimal | None = None,
    upper: str | Decimal | None = None,
    unit: str = "",
    scope: str = "",
    due: datetime.date | None = None,
    context: bool = False,
) -> Target:
    """Add a target that the compiler did not read; it is marked as added, with who added it.

    Side effects: history, audit. Errors: E_FORBIDDEN, E_NOT_FOUND, E_INPUT.
    """
    require(actor, "work.plan")
    name = need(name, "目标名称", "name", 300)
    if comparator not in Target.Comparator.values:
        raise LuoshiError("E_INPUT", "比较方式应为 >=、=、<=、range、event 之一。", fields={"field": "comparator"})
    least, most = number(value, "value", "目标值"), number(upper, "upper", "上限")
    if comparator != "event" and least is None:
        raise LuoshiError("E_INPUT", "请填目标值。", fields={"field": "value"})
    if (comparator == "range") != (most is not None) or (most is not None and least is not None and most < least):
        raise LuoshiError("E_INPUT", "区间目标须填上限，且不小于下限；其他目标不填上限。", fields={"field": "upper"})
    with transaction.atomic():
        row = locked(item)
        last = row.targets.order_by("-seq").first()
        seq = last.seq + 1 if last else 1
        numbers = [int(code.rpartition(".")[2]) for code in row.targets.values_list("code", flat=True)]
        made = Target.objects.create(
            item=row,
            seq=seq,
            code=f"T{row.number}.{max(numbers, default=0) + 1}",
            name=name,
            comparator=comparator,
            value=least,
            upper=most,
            unit=unit.strip()[:40],
            scope=scope.strip()[:300],
            due=due or row.due,
            kind=Target.Kind.ADDED,
            context=context,
            added_by=actor.name[:100],
        )
        _reopened(row)
        record(row, actor, "target_add", f"补录目标{made.code} {name}", {"target": made.code})
        return made


def number(value: str | Decimal | None, field: str, what: str) -> Decimal | None:
    """Return an amount of a form, None for an empty one; E_INPUT for what is none."""
    if value is None or not str(value).strip():
        return None
    try:
        found = Decimal(str(value).strip().replace(",", ""))
    except InvalidOperation:
        raise LuoshiError("E_INPUT", f"{what}应为数字。", fields={"field": field}) from None
    if not found.is_finite() or abs(found) >= Decimal(10) ** 13 or found != round(found, 6):
        raise LuoshiError("E_INPUT", f"{what}应为数字，至多6位小数。", fields={"field": field})
    return found


# --- the tree ---------------------------------------------------------------------------------------------------------


def _reopened(item: KeyItem) -> None:
    """What is changed after approval has to be approved again; what runs goes on meanwhile."""
    if item.decomposition in (KeyItem.Decomposition.APPROVED, KeyItem.Decomposition.PROPOSED):
        item.decomposition = KeyItem.Decomposition.DRAFTED


def save_node(
    *, actor: Actor, item: int, code: str = "", parent: str = "", row: Mapping[str, Any], version: int | None = None
) -> Node:
    """Add a node under `parent` (empty: under the item), or change the one with `code`; return it.

    `row`: title, kind, weight_bp, start, due; of a leaf also organ, post, deliverable, target (code), baseline,
    target_value, unit, evidence_types, cycle, planned_points, latitude, longitude (degrees, both or none). Side
    effects: the item's tree is a draft again; history, audit. Errors: E_FORBIDDEN, E_NOT_FOUND, E_VERSION, E_STATE,
    E_INPUT with the field.
    """
    with transaction.atomic():
        top = locked(item, version)
        require_decomposer(actor, top)
        require_drafting(top)
        node = put_node(top, code=code, parent=parent, row=row)
        _reopened_draft(top)
        record(top, actor, "node", f"{'改' if code else '增'}任务{node.code} {node.title}", {"code": node.code})
        return node


def require_drafting(item: KeyItem) -> None:
    """Refuse with E_STATE a change to a tree that waits for approval, or of an item that is closed."""
    if item.decomposition == KeyItem.Decomposition.PROPOSED:
        raise LuoshiError("E_STATE", "分解已送分包领导批准，批准或退回后再改。")
    if item.state != KeyItem.State.OPEN:
        raise LuoshiError("E_STATE", "这项重点事项已经销号或调整，不能再分解。")


def _reopened_draft(item: KeyItem) -> None:
    item.decomposition = KeyItem.Decomposition.DRAFTED


def put_node(item: KeyItem, *, code: str, parent: str, row: Mapping[str, Any]) -> Node:
    """Write one node of a tree without history: what `save_node` and the import of a table have in common."""
    above = None
    if parent:
        above = Node.objects.filter(item=item, code=parent, ended_at=None).first()
        if above is None:
            raise LuoshiError("E_INPUT", f"没有上级节点“{parent[:30]}”。", fields={"field": "parent"})
        if above.kind == Node.Kind.LEAF:
            raise LuoshiError("E_INPUT", f"“{parent}”是最小颗粒，下面不能再有任务。", fields={"field": "parent"})
        if above.level >= _LEVELS:
            raise LuoshiError("E_INPUT", f"事项下至多{_LEVELS}级。", fields={"field": "parent"})
    node = Node.objects.filter(item=item, code=code).first() if code else None
    values = read_row(item, row)
    if node is None:
        node = Node(plan=item.plan, item=item, parent=above, code=code or next_code(item, above))
        node.level = above.level + 1 if above else 1
    elif node.ended_at is not None:
        raise LuoshiError("E_INPUT", f"节点“{code}”已经撤下，编号不再使用。", fields={"field": "code"})
    elif (
        node.kind == Node.Kind.LEAF
        and values["kind"] != Node.Kind.LEAF
        and Leaf.objects.filter(node=node, matter__isnull=False)
    ):
        raise LuoshiError("E_INPUT", "已经执行的最小颗粒不能改成任务，可撤下后另建。", fields={"field": "kind"})
    elif node.kind != Node.Kind.LEAF and values["kind"] == Node.Kind.LEAF and _under(node):
        raise LuoshiError("E_INPUT", "下面还有任务，不能改成最小颗粒。", fields={"field": "kind"})
    for name in ("title", "kind", "weight_bp", "start", "due"):
        setattr(node, name, values[name])
    node.save()
    if node.kind == Node.Kind.LEAF:
        Leaf.objects.update_or_create(node=node, defaults=values["leaf"])
    else:
        Leaf.objects.filter(node=node).delete()
    return node


def _under(node: Node) -> bool:
    return node.children.filter(ended_at=None).exists()


def next_code(item: KeyItem, above: Node | None) -> str:
    """Return the next free code under a node; a code once given is not given again."""
    prefix = above.code if above else item.code
    used = Node.objects.filter(item=item, parent=above).values_list("code", flat=True)
    following = max((int(code.rpartition(".")[2]) for code in used), default=0) + 1
    if following > 99:
        raise LuoshiError("E_INPUT", f"“{prefix}”下面的编号已经用完（99个），请再分一级。", fields={"field": "parent"})
    return f"{prefix}.{following:02d}"


def read_row(item: KeyItem, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a node from a form or a line of a table; E_INPUT names the field that is wrong."""
    kind = str(row.get("kind") or Node.Kind.LEAF)
    if kind not in Node.Kind.values:
        raise LuoshiError("E_INPUT", "类别应为节点、任务、最小颗粒之一。", fields={"field": "kind"})
    title = need(str(row.get("title") or ""), "任务名称", "title", 200)
    weight = row.get("weight_bp")
    if not isinstance(weight, int) or not 0 < weight <= 10000:
        raise LuoshiError("E_INPUT", "权重应大于0、不超过100%，至多两位小数。", fields={"field": "weight"})
    start, due = row.get("start"), row.get("due")
    for field, day in (("start", start), ("due", due)):
        if day is not None and day.year not in _CENTURY:
            raise LuoshiError("E_INPUT", "日期的年份不对。", fields={"field": field})
    if start and due and start > due:
        raise LuoshiError("E_INPUT", f"开始日{start}晚于完成日{due}。", fields={"field": "due"})
    values: dict[str, Any] = {"title": title, "kind": kind, "weight_bp": weight, "start": start, "due": due}
    if kind == Node.Kind.LEAF:
        for field, day, what in (("start", start, "开始日"), ("due", due, "完成日")):
            if day is None:
                raise LuoshiError("E_INPUT", f"请填{what}。", fields={"field": field})
        values["leaf"] = _leaf_row(item, row, start, due)
    return values


def _leaf_row(item: KeyItem, row: Mapping[str, Any], start: Any, due: Any) -> dict[str, Any]:
    organ = str(row.get("organ") or "")
    concerned = item.concerns.filter(organ=organ).first()
    if concerned is None:
        raise LuoshiError(
            "E_INPUT", "单位须是本项的责任单位、配合单位或所列镇区（相关镇区先确定成员）。", fields={"field": "organ"}
        )
    target = None
    if row.get("target"):
        target = item.targets.filter(code=str(row["target"]).strip()).first()
        if target is None:
            raise LuoshiError("E_INPUT", f"本项没有目标“{str(row['target'])[:12]}”。", fields={"field": "target"})
    wanted = number(row.get("target_value"), "target_value", "目标值")
    baseline = number(row.get("baseline"), "baseline", "基数")
    if wanted is not None and baseline is not None and wanted == baseline:
        raise LuoshiError("E_INPUT", "目标值与基数相同，无法计量进度。", fields={"field": "target_value"})
    kinds = [str(one) for one in row.get("evidence_types") or ()]
    if unknown := [one for one in kinds if one not in EVIDENCE]:
        raise LuoshiError("E_INPUT", f"没有佐证种类“{unknown[0][:20]}”。", fields={"field": "evidence_types"})
    cycle = str(row.get("cycle") or usual_cycle(item))
    if cycle not in Leaf.Cycle.values:
        raise LuoshiError("E_INPUT", "填报周期应为每周、每月、每季、按节点之一。", fields={"field": "cycle"})
    if item.plan.outside and row.get("planned_points"):
        raise LuoshiError(
            "E_INPUT", "计划外重点工作的计划按起止日均匀推进，不填计划点。", fields={"field": "planned_points"}
        )
    measured = wanted is not None
    whole = target is not None and target.comparator == "range" and wanted == target.value
    return {
        "organ": organ,
        "role": concerned.role,
        "post": need(str(row.get("post") or ""), "岗位", "post", 100),
        "deliverable": need(str(row.get("deliverable") or ""), "成果", "deliverable", 400),
        "target": target,
        "baseline": baseline if measured else None,
        "target_value": wanted,
        "upper": target.upper if target is not None and whole else None,
        "comparator": _comparator(target, measured, whole),
        "unit": str(row.get("unit") or (target.unit if target else "")).strip()[:40] if measured else "",
        "evidence_types": list(dict.fromkeys(kinds)),
        "cycle": cycle,
        "planned_points": _points(row.get("planned_points") or (), start, due),
        **place_of(row),
    }


def usual_cycle(item: KeyItem) -> str:
    """Return how often tasks of an item report where nothing is said: monthly; outside the plan weekly.

    A key work that runs a year or longer reports monthly (services-governance 5, report.cycle).
    """
    if not item.plan.outside or item.begins_on is None:
        return str(Leaf.Cycle.MONTHLY)
    yearly = add_months(item.begins_on, 12) <= item.due + ONE_DAY
    return str(Leaf.Cycle.MONTHLY if yearly else Leaf.Cycle.WEEKLY)


LAND = ((Decimal(18), Decimal(54)), (Decimal(73), Decimal(136)))
"""Bounds of latitude and longitude a task's place lies in: work is also done in partner cities."""


def place_of(row: Mapping[str, Any]) -> dict[str, Decimal | None]:
    """Return where a task is done, in degrees with six decimals; both are given or none. E_INPUT."""
    lat, lon = (number(row.get(name), "place", what) for name, what in (("latitude", "纬度"), ("longitude", "经度")))
    if lat is None and lon is None:
        return {"latitude": None, "longitude": None}
    if lat is None or lon is None:
        raise LuoshiError("E_INPUT", "地点须同时写纬度和经度。", fields={"field": "place"})
    (south, north), (west, east) = LAND
    if not (south <= lat <= north and west <= lon <= east):
        raise LuoshiError(
            "E_INPUT", f"地点{lat:f},{lon:f}不在国内，请核对：先纬度后经度，如36.91963,121.53968。",
            fields={"field": "place"},
        )  # fmt: skip
    return {"latitude": lat, "longitude": lon}


def _comparator(target: Target | None, measured: bool, whole: bool) -> str:
    if not measured:
        return ""
    if target is None or target.comparator == "event" or (target.comparator == "range" and not whole):
        return ">="
    return str(target.comparator)


def _points(rows: Sequence[Any], start: datetime.date, due: datetime.date) -> list[list[str]]:
    """Return planned points as the matter keeps them: days within the leaf, cumulative percent that does not fall."""
    found: list[list[str]] = []
    before, last = start, Decimal(0)
    for day, percent in rows:
        share = number(str(percent), "planned_points", "计划点的累计比例")
        if not start <= day <= due or (found and day <= before):
            raise LuoshiError("E_INPUT", f"计划点{day}应在起止日之间，逐个往后。", fields={"field": "planned_points"})
        if share is None or not last <= share <= 100:
            raise LuoshiError(
                "E_INPUT", "计划点的累计比例应在0到100之间，不能往回。", fields={"field": "planned_points"}
            )
        before, last = day, share
        found.append([day.isoformat(), f"{share.normalize():f}"])
    return found


def remove_node(*, actor: Actor, item: int, code: str, version: int | None = None) -> None:
    """Take a node, with all below it, out of the tree; what runs of it is withdrawn when the tree is approved again.

    Side effects: history, audit. Errors: E_FORBIDDEN, E_NOT_FOUND, E_VERSION, E_STATE.
    """
    with transaction.atomic():
        top = locked(item, version)
        require_decomposer(actor, top)
        require_drafting(top)
        if not Node.objects.filter(item=top, code=code, ended_at=None).exists():
            raise LuoshiError("E_NOT_FOUND", f"没有节点“{code[:30]}”。")
        below = Node.objects.filter(item=top, ended_at=None, code__startswith=f"{code}.") | Node.objects.filter(
            item=top, ended_at=None, code=code
        )
        done = below.filter(leaf__matter__state="crossed_off").first()
        if done is not None:
            raise LuoshiError("E_STATE", f"{done.code}已经销号，不能撤下。")
        count = below.update(ended_at=CLOCK.now())
        _reopened_draft(top)
        record(top, actor, "node_end", f"撤下任务{code}（共{count}个）", {"code": code, "count": count})


# --- D3, approval -----------------------------------------------------------------------------------------------------


def facts_of(item: KeyItem) -> dict[str, Any]:
    """Return the facts of the decision `supervision.decomposition`: organs by name, nodes and leaves by code."""
    nodes = list(
        Node.objects.filter(item=item, ended_at=None).select_related("leaf__target", "leaf__matter", "parent")
        .order_by("code")
    )  # fmt: skip
    lead = leads(item)
    coop = list(
        item.organs.filter(role=ItemOrgan.Role.COOP).exclude(organ="").order_by("seq").values_list("organ", flat=True)
    )
    waived = list(item.waivers.values_list("organ", flat=True))
    names = concern.titles([*lead, *coop, *waived, *(n.leaf.organ for n in nodes if n.kind == Node.Kind.LEAF)])
    leaves, tasks = [], []
    for node in nodes:
        plain = {"code": node.code, "parent": node.parent.code if node.parent else None, "weight_bp": node.weight_bp}
        if node.kind != Node.Kind.LEAF:
            tasks.append({**plain, "kind": node.kind})
            continue
        leaf = node.leaf
        leaves.append(
            plain
            | {
                "organ": names.get(leaf.organ, leaf.organ),
                "post": leaf.post,
                "deliverable": leaf.deliverable,
                "evidence_types": leaf.evidence_types,
                "target": leaf.target.code if leaf.target else [],
                "start": str(node.start),
                "due": str(node.due),
                "planned_points": leaf.planned_points,
                "later_approved": leaf.matter is not None and leaf.matter.due_on == node.due,
            }
        )
    return {
        "item": item.code,
        "profile": item.plan.profile.key,
        "start": None if item.begins_on is None else str(item.begins_on),
        "due": str(item.due),
        "targets": [{"code": one.code, "context": one.context} for one in item.targets.order_by("seq")],
        "lead": [names[slug] for slug in lead],
        "coop": [names[slug] for slug in coop],
        "waivers": [names[slug] for slug in waived],
        "nodes": tasks,
        "leaves": leaves,
    }


def failures(item: KeyItem) -> list[dict[str, str]]:
    """Return why the decomposition is not complete (D3): node codes and sentences; nothing when it is."""
    found = book.decide("supervision.decomposition", facts_of(item), CLOCK.today()).value
    rows = [{"code": one["code"] or "", "text": one["text"]} for one in found["failures"]]
    if unread := item.organs.filter(resolution=ItemOrgan.Resolution.UNRESOLVED).first():
        rows.append({"code": "", "text": f"“{unread.raw}”没有认定，须两人确认读法"})
    rows += [
        {"code": "", "text": f"“{entry.raw}”没有确定成员，也没有写明无相关镇区"}
        for entry in item.organs.filter(token__in=plan_import.CHOSEN, designated_at=None)
    ]
    return rows


def propose(*, actor: Actor, item: int, version: int | None = None) -> KeyItem:
    """Hand the tree to the leader in charge for approval; return the item.

    Side effects: history, audit, a message to the leader's organ. Errors: E_FORBIDDEN, E_NOT_FOUND, E_VERSION, E_STATE,
    E_INCOMPLETE with the failures of D3.
    """
    with transaction.atomic():
        row = locked(item, version)
        require_decomposer(actor, row)
        require_drafting(row)
        _require_complete(row)
        row.decomposition = KeyItem.Decomposition.PROPOSED
        row.proposed_by_id, row.proposed_at = actor.user_id, CLOCK.now()
        record(row, actor, "propose", "分解送分包领导批准")
        tell_organ(
            key=f"work.propose:{row.pk}:{row.version}",
            organ=row.leader_organ,
            roles=(Role.LEADER,),
            kind="matter",
            text=f"等您批准分解：{row.number} {row.title}",
            href=address(row),
        )
        return row


def _require_complete(row: KeyItem) -> None:
    if missing := failures(row):
        raise LuoshiError(
            "E_INCOMPLETE",
            f"分解还不完整：{missing[0]['text']}" + (f"等{len(missing)}处" if len(missing) > 1 else "") + "。",
            fields={"failures": missing},
        )


def approve(*, actor: Actor, item: int, version: int | None = None) -> KeyItem:
    """Approve the tree as the leader in charge; its smallest tasks become matters when the plan is active.

    Side effects: matters made, changed, withdrawn; history, audit, messages to the organs. Errors: E_FORBIDDEN, E_SELF
    (who proposed it), E_NOT_FOUND, E_VERSION, E_STATE, E_INCOMPLETE.
    """
    with transaction.atomic():
        row = locked(item, version)
        require(actor, "work.lead", [row.leader_organ])
        if row.decomposition != KeyItem.Decomposition.PROPOSED:
            raise LuoshiError("E_STATE", f"分解现在是“{row.get_decomposition_display()}”，送批以后才能批准。")
        if row.proposed_by_id is not None:
            require_other_hand(actor, [row.proposed_by_id], "分解的批准")
        _require_complete(row)
        row.decomposition = KeyItem.Decomposition.APPROVED
        row.approved_by_id, row.approved_at = actor.user_id, CLOCK.now()
        count = hand_over(row) if row.plan.status == Plan.Status.ACTIVE else 0
        record(row, actor, "approve", f"批准分解，交办最小颗粒{count}个" if count else "批准分解", {"tasks": count})
        return row


def send_back(*, actor: Actor, item: int, reason: str, version: int | None = None) -> KeyItem:
    """Send a proposed tree back with a reason.

    Side effects: history, audit, messages to the leads. Errors: E_FORBIDDEN, E_NOT_FOUND, E_VERSION, E_STATE, E_INPUT.
    """
    reason = need(reason, "退回的理由", "reason", 400)
    with transaction.atomic():
        row = locked(item, version)
        require(actor, "work.lead", [row.leader_organ])
        if row.decomposition != KeyItem.Decomposition.PROPOSED:
            raise LuoshiError("E_STATE", f"分解现在是“{row.get_decomposition_display()}”，不能退回。")
        row.decomposition = KeyItem.Decomposition.DRAFTED
        record(row, actor, "send_back", f"退回分解：{reason}")
        for organ in leads(row):
            tell_organ(
                key=f"work.send_back:{row.pk}:{row.version}:{organ}",
                organ=organ,
                roles=(Role.CLERK, Role.LEADER),
                kind="matter",
                text=f"分解退回：{row.number} {row.title}。理由：{reason}"[:300],
                href=address(row),
            )
        return row


def address(item: KeyItem) -> str:
    """Return the address of an item's page."""
    return f"/supervision/items/{item.code}/"


# --- smallest tasks become matters ------------------------------------------------------------------------------------


HANDED = "最小颗粒交办"


def hand_over(item: KeyItem, report: Callable[[int], None] | None = None) -> int:
    """Make or change the matters of an approved tree, withdraw those taken out; return how many were made.

    `report` is told how many are made so far.

    The room hands them over itself, so whoever approves needs no permission of the office's intake. What is crossed
    off stays as it is. An organ that renamed or merged is the successor's, as with every matter.
    """
    made = 0
    rows = Node.objects.filter(item=item, kind=Node.Kind.LEAF).select_related("leaf__matter", "leaf__target")
    for node in rows.order_by("code"):
        leaf = node.leaf
        if leaf.matter is not None and not leaf.matter.is_open:
            continue
        if node.ended_at is not None and leaf.matter is None:
            continue
        made += _hand_over(item, node, leaf)
        if report is not None:
            report(made)
    if made:
        take_up(item)
    rollup.recompute(item.pk)
    item.refresh_from_db(fields=["actual"])
    return made


def _hand_over(item: KeyItem, node: Node, leaf: Leaf) -> bool:
    matter, new = intake.push_matter(
        actor=SYSTEM,
        module=MODULE,
        external_id=node.code,
        kind=item.matter_kind,
        title=node.title,
        organ=leaf.organ,
        due_on=node.due,
        start=node.start,
        cooperating=_asked(item) if leaf.role == ItemOrgan.Role.LEAD else (),
        basis=item.basis or f"{item.plan.instrument_key or item.plan.title} {item.seq}",
        href=address(item),
        target_value=leaf.target_value,
        target_unit=leaf.unit,
        withdrawn=node.ended_at is not None,
    )
    matter.target_text = leaf.deliverable[:300]
    matter.weight_bp, matter.accepted_only = node.weight_bp, True
    matter.planned_points, matter.baseline, matter.upper = leaf.planned_points, leaf.baseline, leaf.upper
    matter.comparator = leaf.comparator
    matter.instrument, matter.profile = item.plan.instrument, item.plan.profile.key
    derive(matter)
    matter.save()
    if leaf.matter_id != matter.pk:
        leaf.matter = matter
        leaf.save(update_fields=["matter"])
        carrying.begun(node, matter, SYSTEM)
    hooks.call(matter, "changed", "plan")
    return new


def take_up(item: KeyItem) -> int:
    """End the duties the compiler read from an item's own words, now that its smallest tasks stand for them.

    Until then the duty keeps the item from being forgotten; from now on it would be chased twice. Returns how many.
    """
    if item.plan.instrument_id is None or item.end <= item.start:
        return 0
    rows = Matter.objects.select_for_update(of=("self",)).filter(
        module=DUTIES, is_open=True, duty__instrument=item.plan.instrument_id, duty__clause__start__gte=item.start,
        duty__clause__end__lte=item.end,
    )  # fmt: skip
    ended = 0
    for row in rows.order_by("pk"):
        before = acts.picture(row)
        row.state = State.WITHDRAWN
        acts.written(
            row, actor=SYSTEM, act="take_up", before=before,
            text=f"已由重点工作{item.code}分解到最小颗粒，这里不再单列", data={"item": item.pk},
        )  # fmt: skip
        ended += 1
    return ended


def take_up_new(_moment: datetime.datetime) -> int:
    """End what periods have brought up since of duties that smallest tasks stand for; return how many."""
    ended = 0
    for plan in Plan.objects.filter(status__in=[Plan.Status.ACTIVE, Plan.Status.REVIEWING]).exclude(instrument=None):
        if not Matter.objects.filter(module=DUTIES, is_open=True, duty__instrument=plan.instrument_id).exists():
            continue
        for item in plan.items.select_related("plan").filter(nodes__leaf__matter__isnull=False).distinct():
            with transaction.atomic():
                ended += take_up(item)
    return ended


def _asked(item: KeyItem) -> list[str]:
    """Return the cooperating organs the mark names: they are asked when a task of a lead is to be crossed off (D8)."""
    rows = item.organs.filter(role=ItemOrgan.Role.COOP).exclude(organ="").order_by("seq")
    return list(rows.values_list("organ", flat=True))


# --- the plan (P1) ----------------------------------------------------------------------------------------------------


def activation_faults(plan: Plan) -> list[str]:
    """Return why a plan may not become active yet: the load is not whole, a name unread, an item not decomposed.

    Items have `decompose_wd` working days from the issue to be decomposed; after that the plan no longer waits, their
    lead organs are reminded instead.
    """
    found = plan_import.load_faults(plan)
    days = int(book.current().values(MODULE, CLOCK.today())["decompose_wd"])
    if CLOCK.today() <= workdays.shift(plan.issued_on, days):
        waiting = plan.items.filter(state=KeyItem.State.OPEN).exclude(decomposition=KeyItem.Decomposition.APPROVED)
        if left := list(waiting.order_by("seq").values_list("seq", flat=True)):
            found.append(f"{len(left)}项还没有分解并经批准：第{_spans(left)}项")
    weights = list(plan.items.values_list("weight_bp", flat=True))
    if any(one is not None for one in weights) and sum(one or 0 for one in weights) != 10000:
        found.append("各项的权重须都不填，或都填且合计100%")
    return found


def _spans(numbers: Sequence[int]) -> str:
    """Return ascending numbers in one line: 1至3、7."""
    spans: list[list[int]] = []
    for one in numbers:
        if spans and spans[-1][1] == one - 1:
            spans[-1][1] = one
        else:
            spans.append([one, one])
    return "、".join(str(first) if first == last else f"{first}至{last}" for first, last in spans)


Report = Callable[[str, int, int], None]
"""Told what is being done, how many are done, of how many."""


def _told(report: Report, total: int, before: int, made: int) -> None:
    report(HANDED, before + made, total)


def ready(actor: Actor, row: Plan, version: int | None = None) -> None:
    """Refuse what keeps a plan from being activated: E_FORBIDDEN, E_VERSION, E_STATE, E_INCOMPLETE with all reasons."""
    require(actor, "work.activate", [concern.GOVERNMENT_OFFICE])
    if version is not None and version != row.version:
        told = {"yours": version, "now": row.version}
        raise LuoshiError("E_VERSION", "计划已被他人更新，请刷新后再办。", fields=told)
    if row.status != Plan.Status.LOADING:
        raise LuoshiError("E_STATE", f"{row.title}现在是“{row.get_status_display()}”，不用再启用。")
    if reasons := activation_faults(row):
        raise LuoshiError(
            "E_INCOMPLETE",
            f"还不能启用：{reasons[0]}" + (f"等{len(reasons)}处" if len(reasons) > 1 else "") + "。",
            fields={"reasons": reasons},
        )


def activate(*, actor: Actor, plan: int, version: int | None = None, report: Report | None = None) -> Plan:
    """Make a loaded plan active, as the director of the government office (P1); return it.

    `report` is told how many smallest tasks are handed over. Side effects: approved smallest tasks become matters;
    audit. Errors: E_FORBIDDEN, E_NOT_FOUND, E_VERSION, E_STATE, E_INCOMPLETE with all reasons.
    """
    with transaction.atomic():
        row = Plan.objects.select_for_update(of=("self",)).filter(pk=plan).first()
        if row is None:
            raise LuoshiError("E_NOT_FOUND", "没有这个年度计划。")
        ready(actor, row, version)
        row.status, row.version = Plan.Status.ACTIVE, row.version + 1
        row.activated_at, row.activated_by = CLOCK.now(), actor.name[:100]
        row.save()
        approved = row.items.select_related("plan").filter(decomposition=KeyItem.Decomposition.APPROVED)
        items = list(approved.order_by("seq"))
        total = Leaf.objects.filter(node__item__in=items, node__ended_at__isnull=True).count() if report else 0
        made = 0
        for item in items:
            made += hand_over(item, partial(_told, report, total, made) if report else None)
        append(actor=actor, act="work.activate", subject=f"plan:{row.pk}", after={"year": row.year, "tasks": made})
        return row


def decompose_by(item: KeyItem) -> datetime.date:
    """Return the last day an item shall be decomposed by: working days after the plan's issue, or after it was set."""
    if not item.plan.outside:
        name, begins = "decompose_wd", item.plan.issued_on
    else:
        at = ItemEvent.objects.filter(item=item, act="set").values_list("at", flat=True).first()
        name, begins = "gov_decompose_wd", day_of(at) if at is not None else item.plan.issued_on
    return workdays.shift(begins, int(book.current().values(MODULE, CLOCK.today())[name]))


def remind_undecomposed(now: datetime.datetime) -> int:
    """Tell the heads of lead organs, once a day, of items whose decomposition is overdue; return how many were told."""
    today, told = day_of(now), 0
    running = [Plan.Status.LOADING, Plan.Status.ACTIVE]
    waiting = KeyItem.objects.filter(state=KeyItem.State.OPEN, plan__status__in=running).select_related("plan")
    waiting = waiting.filter(Q(plan__year=today.year) | Q(plan__kind=Plan.Kind.KEY_WORKS))
    for item in waiting.exclude(decomposition=KeyItem.Decomposition.APPROVED).order_by("plan__kind", "plan", "seq"):
        last = decompose_by(item)
        if today <= last:
            continue
        for organ in leads(item)[:1]:
            told += tell_organ(
                key=f"work.undecomposed:{item.pk}:{today}",
                organ=organ,
                roles=(Role.LEADER,),
                kind="matter",
                text=f"第{item.number}项应在{last}前分解到最小颗粒，还没有完成：{item.title}"[:300],
                href=address(item),
            )
    return told


def matters_of(item: KeyItem) -> Sequence[Matter]:
    """Return the matters of an item's tree in the order of codes."""
    return list(Matter.objects.filter(work_leaf__node__item=item).order_by("external_id"))
