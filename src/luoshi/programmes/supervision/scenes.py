"""What scenarios can do and look at in this room: a year of work points from its import to the signed review.

    - {who: clerk, do: supervision.plan, with: {issued: 2019-04-10, items: [{text: 改造公路97公里, lead: 市交通局}]}}
    - {who: roads, do: supervision.decompose, with: {item: 1, nodes: [{title: 改造公路, organ: transport, ...}]}}
    - {who: roads, do: supervision.report, with: {leaf: 2019-01.01, value: 61, evidence: [acceptance]}}
    - {at: 2019-07-01 00:01, do: tick}
    - expect: {leaf: {2019-01.01: {state: in_progress, light: red, late_wd: 0}}}

Tasks are called by their code (`2019-01.01`), items by their number (1) or code (`2019-01`), organs by slug or name.
"""

from __future__ import annotations

import datetime
import struct
import zlib
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import count
from typing import Any

from django.db.models import Q

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import intake, matter_actions, matter_reports, matter_steps, reminders, workdays
from luoshi.office.duties.lights import lamp, progress
from luoshi.office.duties.matter_models import CrossOff, Matter
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.scenarios import Scene, check, moment, verb
from luoshi.programmes.supervision import (
    adjusting,
    assessing,
    carrying,
    checking,
    circulars,
    crossing,
    demo,
    integrity,
    letters,
    meetings,
    plan_actions,
    plan_import,
    referrals,
    reviewing,
    signing,
    timers,
)
from luoshi.programmes.supervision.decisions.settings import organ_key
from luoshi.programmes.supervision.models import (
    AnnualLine,
    AnnualReview,
    AssessmentLine,
    CircularLine,
    CoopConfirmation,
    IntegrityCase,
    ItemOrgan,
    KeyItem,
    Plan,
    Referral,
    SpotCheckLine,
    SupervisionLetter,
    of_code,
)

_NARRATIVE = "已按方案推进，资料齐全并登记在册。"
_PROGRAM = Actor.system("场景", "scenario")
_serial = count(1)

# --- what things are called -------------------------------------------------------------------------------------------


def day_said(value: Any) -> datetime.date:
    """Return a day as a scenario writes it."""
    return moment(value).date()


def _days(given: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: day_said(given[name]) for name in names if given.get(name) is not None}


def organs_said(value: Any) -> list[str]:
    """Slugs of organs written as a list, or in one line with 、 between them."""
    rows = value.replace("，", "、").split("、") if isinstance(value, str) else value or ()
    return [organ_key(str(one)) for one in rows if one]


def _plan(given: Mapping[str, Any]) -> Plan:
    named = given.get("plan")
    rows = Plan.objects.filter(kind=Plan.Kind.WORK_POINTS)
    rows = Plan.objects.filter(pk=named) if isinstance(named, int) and named < 1900 else rows
    found = rows.filter(year=named).first() if isinstance(named, int) and named >= 1900 else rows.order_by("pk").last()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", "场景里还没有年度计划，请先用 supervision.plan 导入。")
    return found


def item_named(name: Any) -> KeyItem:
    """An item by its number in the newest plan, or by its code `2019-24`, `2019-Z024`."""
    named = of_code(str(name))
    if named is None and str(name).isdecimal():
        named = Q(seq=int(name), plan__kind=Plan.Kind.WORK_POINTS)
    found = None if named is None else KeyItem.objects.filter(named).order_by("plan_id").last()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第“{name}”项重点事项。")
    return found


def matter_named(name: Any) -> Matter:
    """A task by its code, or a matter of another room by `module:external_id`."""
    module, _colon, external = str(name).rpartition(":")
    found = Matter.objects.filter(module=module or "supervision", external_id=external).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"没有任务“{name}”。计划启用、分解批准后才有任务。")
    return found


def _waiting_check(name: Any) -> int:
    found = CrossOff.objects.filter(matter=matter_named(name), decision="").order_by("pk").last()
    if found is None:
        raise LuoshiError("E_STATE", f"任务“{name}”没有待核验的销号申请。")
    return found.pk


def _entry(item: Any, raw: str) -> ItemOrgan:
    found = ItemOrgan.objects.filter(item=item_named(item), raw__in=(raw, f"市{raw}")).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"责任单位里没有“{raw}”。")
    return found


_ITEM = "text lead coop chapter due leader_post weight_bp public"
_NODE = (
    "title kind parent code weight_bp start due organ post deliverable target target_value baseline unit"
    " evidence_types cycle planned_points latitude longitude"
)


def _rows(given: Sequence[Any], name: str, known: str, needs: Sequence[str]) -> list[Mapping[str, Any]]:
    """The rows under a field; what a row does not know, and what it lacks, is refused by name."""
    fields = known.split()
    for place, one in enumerate(given, 1):
        if not isinstance(one, Mapping):
            raise LuoshiError("E_INPUT", f"{name}第{place}行应写成 {{{', '.join(fields[:3])}…}}。")
        strange = [str(key) for key in one if key not in fields]
        lacking = [key for key in needs if key not in one]
        if strange or lacking:
            said = f"不要“{'、'.join(strange)}”" if strange else f"还要写“{'、'.join(lacking)}”"
            raise LuoshiError("E_INPUT", f"{name}第{place}行{said}，可写：{'、'.join(fields)}。",
                              fields={"known": fields, "missing": lacking})  # fmt: skip
    return list(given)


def _picture(text: str) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head, pixel = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0), zlib.compress(b"\0\0")
    told = chunk(b"tEXt", b"Comment\0" + text.encode())
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + told + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")


def _files(rows: Sequence[Any]) -> list[tuple[str, bytes]]:
    """Evidence by its kind; `{kind, content}` for a file that is to be used twice."""
    found = []
    for one in rows:
        kind = str(one["kind"] if isinstance(one, Mapping) else one)
        words = str(one["content"]) if isinstance(one, Mapping) and "content" in one else f"{kind} {next(_serial)}"
        ending = {"photo": "png", "statistics": "csv"}.get(kind, "txt")
        found.append((f"{kind}.{ending}", _picture(words) if kind == "photo" else f"{words}\n".encode()))
    return found


# --- the plan and its decomposition (P1, D1 to D3) --------------------------------------------------------------------


@verb(
    "supervision.plan",
    "导入编写的工作要点并载入为年度计划",
    issued="印发日，默认当天",
    items=f"各项：{_ITEM}",
)
def plan(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int:
    """Import invented work points and load them as a plan: `issued`, `items` [{text, lead, coop, chapter, due}].

    `lead` and `coop` as printed, with 、 between them; `leader_post`, `weight_bp`, `public` of an item may be given.
    """
    issued, items = day_said(given.get("issued", CLOCK.now())), _rows(given["items"], "items", _ITEM, ("text", "lead"))
    rows = [
        demo.Invented(str(one.get("chapter", "重点任务")), str(one["text"]), str(one["lead"]),
                      str(one.get("coop", "")), "")
        for one in items
    ]  # fmt: skip
    import_gazette(demo.text(issued, rows).encode(), actor=_PROGRAM, filename=f"工作要点-{issued.year}.txt")
    found = plan_import.load_plan(actor=actor, key=f"测政发〔{issued.year}〕12号", year=issued.year)
    for seq, one in enumerate(items, 1):
        if "due" in one:
            KeyItem.objects.filter(plan=found, seq=seq).update(due=day_said(one["due"]))
    names = ("leader_post", "weight_bp", "public")
    settled = {seq: {name: one[name] for name in names if name in one} for seq, one in enumerate(items, 1)}
    if any(settled.values()):
        plan_actions.settle_items(actor=actor, plan=found.pk, rows=settled)
    return found.pk


@verb(
    "supervision.propose_reading",
    "提出误印的单位读作什么",
    item="事项的序号或编号",
    raw="印出的名称",
    reading="读作的单位",
    reason="理由",
)
def propose_reading(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Propose how a misprint of an item is read: `item`, `raw`, `reading`, `reason`."""
    entry = _entry(given["item"], str(given["raw"]))
    plan_actions.propose_reading(
        actor=actor, entry=entry.pk, reading=organ_key(str(given["reading"])),
        reason=str(given.get("reason", "其他各项都写此单位")),
    )  # fmt: skip


@verb(
    "supervision.decide_reading",
    "第二人确认或不同意读法",
    item="事项",
    raw="印出的名称",
    confirm="确认（默认）还是不同意",
)
def decide_reading(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Confirm the reading that another person proposed: `item`, `raw`; `confirm: false` refuses it."""
    entry = _entry(given["item"], str(given["raw"]))
    plan_actions.decide_reading(actor=actor, entry=entry.pk, confirm=bool(given.get("confirm", True)))


@verb(
    "supervision.designate",
    "确定各相关镇区是哪些",
    item="事项",
    members="成员单位",
    none_reason="不涉及镇区的理由",
    token="泛称，事项里有几个时才写",  # noqa: S106
)
def designate(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Say whom 各相关镇区 means in an item: `item`, `members`, or `none_reason`; `token` where it has several."""
    rows = ItemOrgan.objects.filter(item=item_named(given["item"]), token__in=plan_import.CHOSEN)
    if "token" in given:
        rows = rows.filter(token=given["token"])
    plan_actions.designate(
        actor=actor, entry=rows.get().pk, members=organs_said(given.get("members")),
        none_reason=str(given.get("none_reason", "")),
    )  # fmt: skip


@verb("supervision.waive", "写明配合单位为什么没有任务", item="事项", organ="配合单位", reason="理由")
def waive(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Write down why a cooperating organ has no task: `item`, `organ`, `reason`."""
    reason = str(given.get("reason", "本年没有需要其承担的任务"))
    plan_actions.waive(
        actor=actor, item=item_named(given["item"]).pk, organ=organ_key(str(given["organ"])), reason=reason
    )


@verb(
    "supervision.target",
    "给事项加一个量化目标",
    item="事项",
    name="名称",
    value="目标值",
    unit="单位（量词）",
    comparator=">=、<=、=、range、event",
    upper="区间的上限",
    scope="范围说明",
    context="背景数字，不考核",
    due="最后一日",
)
def target(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> str:
    """Add a target to an item: `item`, `name`, `value`, `unit`, `comparator`, `upper`, `due`, `context`; its code."""
    row: dict[str, Any] = {name: given[name] for name in ("comparator", "unit", "scope", "context") if name in given}
    row |= {name: str(given[name]) for name in ("value", "upper") if name in given}
    name = str(given.get("name", "目标"))
    made = plan_actions.add_target(
        actor=actor, item=item_named(given["item"]).pk, name=name, **row, **_days(given, "due")
    )
    return made.code


@verb(
    "supervision.decompose",
    "把事项分解为节点和最小任务",
    item="事项",
    nodes=f"各节点：{_NODE}",
)
def decompose(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Put nodes under an item, in order: `item`, `nodes` [{title, weight_bp, start, due, organ, post, ...}].

    A node is a leaf unless `kind` says task or milestone; `parent` is the code of the node above. Of a leaf also
    `deliverable`, `target` (code), `baseline`, `target_value`, `unit`, `evidence_types`, `cycle`, `planned_points`.
    `code` names a node that is changed. A leaf of the whole weight is 10000.
    """
    top = item_named(given["item"])
    for one in _rows(given["nodes"], "nodes", _NODE, ("title",)):
        row: dict[str, Any] = {"kind": "leaf", "weight_bp": 10000, "deliverable": "成果"} | dict(one) | _days(
            one, "start", "due")  # fmt: skip
        row.setdefault("post", "科室负责人")
        row["organ"] = organ_key(str(one.get("organ", "")))
        row["evidence_types"] = one.get("evidence_types", ["document"])
        row["planned_points"] = [(day_said(when), share) for when, share in one.get("planned_points", ())]
        for name in ("baseline", "target_value"):
            if name in one:
                row[name] = str(one[name])
        code, parent = str(row.pop("code", "")), str(row.pop("parent", ""))
        plan_actions.save_node(actor=actor, item=top.pk, code=code, parent=parent, row=row)


@verb("supervision.remove_node", "去掉一个节点", item="事项", code="节点编号")
def remove_node(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Take a node out of a tree: `item`, `code`."""
    plan_actions.remove_node(actor=actor, item=item_named(given["item"]).pk, code=str(given["code"]))


@verb("supervision.propose", "把分解送分包领导", item="事项")
def propose(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Hand the decomposition of an item to the leader in charge: `item`."""
    plan_actions.propose(actor=actor, item=item_named(given["item"]).pk)


@verb("supervision.approve", "批准分解；写了理由是退回", item="事项", reason="退回的理由")
def approve(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Approve the decomposition of an item, or with `reason` send it back: `item`."""
    top = item_named(given["item"]).pk
    if "reason" in given:
        plan_actions.send_back(actor=actor, item=top, reason=str(given["reason"]))
    else:
        plan_actions.approve(actor=actor, item=top)


@verb("supervision.activate", "启用年度计划", plan="年度，默认最新的计划")
def activate(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Make the plan active."""
    plan_actions.activate(actor=actor, plan=_plan(given).pk)


@verb("supervision.tick", "办理本领域到此刻应自动办的事")
def tick(_scene: Scene, _actor: Actor, _given: Mapping[str, Any]) -> None:
    """Carry out what falls due by itself in this room up to now: `tick` for all rooms, but quick."""
    now = CLOCK.now()
    for one in (
        reminders.remind_before, reminders.mark_overdue, reminders.enter_supervision, reminders.climb_ladder,
        matter_reports.accept_in_silence, timers.unanswered_letters, timers.silence, timers.unverified,
        timers.integrity_cases, timers.undecomposed, timers.late_reports, timers.corrections,
    ):  # fmt: skip
        one(now)


# --- reports (P3) and crossing off (P2, P5, D8) -----------------------------------------------------------------------


@verb(
    "supervision.report",
    "填报一个任务的进展",
    leaf="任务编号",
    value="完成值",
    percent="完成百分比",
    stage="节点",
    narrative="进展情况",
    evidence="佐证的种类，或 {kind, content}",
    obstacles="困难",
    help_from="请哪个单位协助",
    help_text="请协助什么",
    period="哪一期",
    reason="数值异常的说明",
)
def report(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """File a report: `leaf`, `value` in the target's unit or `percent`, `evidence` (kinds), `period`, `reason`."""
    row: dict[str, Any] = {name: str(given[name]) for name in ("value", "percent") if name in given}
    said = ("stage", "obstacles", "help_from", "help_text", "period", "reason")
    words: dict[str, Any] = {name: str(given[name]) for name in said if name in given}
    matter_actions.report_progress(
        actor=actor, matter=matter_named(given["leaf"]).pk, narrative=str(given.get("narrative", _NARRATIVE)),
        evidence=_files(given.get("evidence", ())), **row, **words,
    )  # fmt: skip


@verb("supervision.sign_report", "单位负责人签报告", leaf="任务编号")
def sign_report(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Sign the open report as the head of the organ: `leaf`."""
    signing.sign_report(actor=actor, matter=matter_named(given["leaf"]).pk)


@verb("supervision.accept_report", "接受待审的填报", leaf="任务编号")
def accept_report(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Accept the waiting report: `leaf`."""
    matter_reports.accept_report(actor=actor, matter=matter_named(given["leaf"]).pk)


@verb("supervision.return_report", "退回待审的填报", leaf="任务编号", reason="理由")
def return_report(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Send the waiting report back: `leaf`, `reason`."""
    matter_reports.return_report(actor=actor, matter=matter_named(given["leaf"]).pk, reason=str(given["reason"]))


@verb("supervision.submit", "申请销号", leaf="任务编号")
def submit(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Ask for a task to be crossed off: `leaf`. The moment of receipt decides whether it is in time."""
    matter_actions.submit_for_check(actor=actor, matter=matter_named(given["leaf"]).pk)


@verb("supervision.sign_request", "责任单位主要负责人签销号申请", leaf="任务编号")
def sign_request(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Sign the request to cross off as the head of the lead organ: `leaf`."""
    crossing.sign_request(actor=actor, check=_waiting_check(given["leaf"]))


@verb(
    "supervision.consent",
    "配合单位确认或提出异议",
    leaf="任务编号",
    organ="配合单位",
    agree="确认（默认）还是异议",
    reason="异议的理由",
)
def consent(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Confirm a cross-off for a cooperating organ, or object: `leaf`, `organ`, `agree` (yes), `reason`."""
    crossing.speak(
        actor=actor, check=_waiting_check(given["leaf"]), organ=organ_key(str(given["organ"])),
        agree=bool(given.get("agree", True)), reason=str(given.get("reason", "")),
    )  # fmt: skip


@verb("supervision.overrule", "对异议不予采纳", leaf="任务编号", organ="提出异议的单位", reason="理由")
def overrule(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Overrule an objection: `leaf`, `organ`, `reason`."""
    crossing.overrule(
        actor=actor, check=_waiting_check(given["leaf"]), organ=organ_key(str(given["organ"])),
        reason=str(given.get("reason", "")),
    )  # fmt: skip


@verb(
    "supervision.cross_off",
    "核验并销号任务，或由分包领导销号事项",
    leaf="任务编号",
    item="事项，与 leaf 只写一个",
    note="意见",
)
def cross_off(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Verify and cross a task off: `leaf`; or as the leader in charge an item: `item`."""
    note = str(given.get("note", ""))
    if "item" in given:
        crossing.cross_off_item(actor=actor, item=item_named(given["item"]).pk, note=note)
    elif "leaf" in given:
        matter_actions.accept_and_cross_off(actor=actor, matter=matter_named(given["leaf"]).pk, note=note)
    else:
        raise LuoshiError("E_INPUT", "动作“supervision.cross_off”还要写：leaf（任务编号）或 item（事项）。",
                          fields={"missing": ["leaf"]})  # fmt: skip


@verb("supervision.return", "退回销号申请", leaf="任务编号", reason="理由", formal="只因形式退回")
def send_back(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Send a request to cross off back: `leaf`, `reason`; `formal: true` where only its form was wrong."""
    matter_actions.return_matter(
        actor=actor, matter=matter_named(given["leaf"]).pk, reason=str(given.get("reason", "佐证看不清，请重拍后再送")),
        formal=bool(given.get("formal", False)),
    )  # fmt: skip


@verb("supervision.reopen", "重开已销号的任务", leaf="任务编号", reason="理由")
def reopen(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Open a crossed-off task again: `leaf`, `reason`."""
    matter_actions.reopen(actor=actor, matter=matter_named(given["leaf"]).pk, reason=str(given["reason"]))


# --- pauses, extension, adjustment (P2, P6) ---------------------------------------------------------------------------


@verb(
    "supervision.pause",
    "分包领导决定停表",
    leaf="任务编号",
    kind="原因种类，默认 superior",
    reason="理由",
    until="预计恢复日",
)
def pause(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Stop a task's clock as the leader in charge: `leaf`, `kind`, `reason`, `until`."""
    matter_steps.pause(
        actor=actor, matter=matter_named(given["leaf"]).pk, kind=str(given.get("kind", "superior")),
        reason=str(given.get("reason", "等待上级批复")),
        expected_end=day_said(given["until"]) if "until" in given else None,
    )  # fmt: skip


@verb("supervision.resume", "恢复计时", leaf="任务编号")
def resume(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Let the clock run again: `leaf`."""
    matter_steps.resume(actor=actor, matter=matter_named(given["leaf"]).pk)


@verb("supervision.ask_extension", "申请延期", leaf="任务编号", new_due="要延到哪天", reason="理由")
def ask_extension(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Ask for more time: `leaf`, `new_due`, `reason`."""
    matter_steps.ask_extension(
        actor=actor, matter=matter_named(given["leaf"]).pk, new_due=day_said(given["new_due"]),
        reason=str(given.get("reason", "雨季停工，工期顺延")),
    )  # fmt: skip


@verb(
    "supervision.decide_extension", "批准或不批准延期", leaf="任务编号", grant="批准（默认）还是不批准", reason="意见"
)
def decide_extension(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Grant the extension that was asked for, or refuse it: `leaf`, `grant` (yes), `reason`."""
    matter_steps.decide_extension(
        actor=actor, matter=matter_named(given["leaf"]).pk, grant=bool(given.get("grant", True)),
        reason=str(given.get("reason", "情况属实")),
    )  # fmt: skip


@verb(
    "supervision.ask_adjustment",
    "按文件申请调整任务",
    leaf="任务编号",
    instrument="文号",
    place="条款，默认 1",
    reason="理由",
    value="新的目标值",
    due="新的最后一日",
    withdraw="撤回任务",
)
def ask_adjustment(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int:
    """Ask to change a task by an instrument: `leaf`, `instrument`, `place`, `value`, `due` or `withdraw`."""
    return adjusting.ask(
        actor=actor, matter=matter_named(given["leaf"]).pk, instrument=str(given["instrument"]),
        place=str(given.get("place", "1")), reason=str(given.get("reason", "文件调整了任务")),
        value=str(given["value"]) if "value" in given else None, withdraw=bool(given.get("withdraw", False)),
        **_days(given, "due"),
    ).pk  # fmt: skip


@verb(
    "supervision.decide_adjustment",
    "分包领导决定调整",
    adjustment="调整申请（as 起的名）",
    approve="批准（默认）还是不批准",
    reason="意见",
)
def decide_adjustment(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Decide an adjustment as the leader in charge: `adjustment`, `approve` (yes), `reason`."""
    adjusting.decide(
        actor=actor, adjustment=int(given["adjustment"]), approve=bool(given.get("approve", True)),
        reason=str(given.get("reason", "")),
    )  # fmt: skip


# --- letters, circulars, referrals (P4, D7, D12) ----------------------------------------------------------------------


def _letter(given: Mapping[str, Any]) -> int:
    """A letter by what it was called, or the newest one to an `organ`, or the newest of all."""
    if "letter" in given:
        return int(given["letter"])
    rows = SupervisionLetter.objects.exclude(state="dropped")
    if "organ" in given:
        rows = rows.filter(organ=organ_key(str(given["organ"])))
    found = rows.order_by("pk").last()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", "没有督办函。")
    return found.pk


@verb("supervision.draft_letter", "起草督办函", organ="主送单位", leaves="任务编号", facts="现状", demands="要求")
def draft_letter(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int:
    """Draft a letter by hand: `organ`, `leaves` (codes), `facts`, `demands`."""
    return letters.draft(
        actor=actor, organ=organ_key(str(given["organ"])), matters=[matter_named(one).pk for one in given["leaves"]],
        facts=str(given.get("facts", "")), demands=str(given.get("demands", "")),
    ).pk  # fmt: skip


@verb(
    "supervision.sign_letter",
    "主任签发督办函",
    letter="督办函（as 起的名）",
    organ="或主送单位，取最新一份",
    deliver="签发后即送达（默认）",
)
def sign_letter(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int:
    """Sign a letter as the director, and send it at once unless `deliver: false`."""
    return letters.sign(actor=actor, letter=_letter(given), deliver_now=bool(given.get("deliver", True))).pk


@verb("supervision.deliver_letter", "送达已签发的督办函", letter="督办函", organ="或主送单位")
def deliver_letter(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Serve a signed letter."""
    letters.deliver(actor=actor, letter=_letter(given))


@verb("supervision.read_letter", "主送单位签收督办函", letter="督办函", organ="或主送单位")
def read_letter(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Sign for a letter as its organ."""
    letters.read(actor=actor, letter=_letter(given))


@verb(
    "supervision.reply_letter",
    "回复督办函",
    letter="督办函",
    organ="或主送单位",
    done="落实情况",
    why="未完成原因",
    following="下步措施",
    finish_by="完成时限",
)
def reply_letter(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Answer a letter: `done`, `why`, `following`, `finish_by`."""
    words: dict[str, Any] = {name: str(given[name]) for name in ("why", "following") if name in given}
    letters.reply(
        actor=actor, letter=_letter(given), done=str(given.get("done", "已逐项落实到岗位，手续已补齐。")), **words,
        **_days(given, "finish_by"),
    )  # fmt: skip


@verb("supervision.close_letter", "办结已回复的督办函", letter="督办函", organ="或主送单位", note="意见")
def close_letter(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Close an answered letter."""
    letters.close(actor=actor, letter=_letter(given), note=str(given.get("note", "")))


@verb("supervision.void_letter", "提出或由第二人确认督办函作废", letter="督办函", organ="或主送单位", reason="理由")
def void_letter(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Propose that a signed letter is void, or as the second person confirm it: `reason`."""
    letters.void(actor=actor, letter=_letter(given), reason=str(given.get("reason", "")))


@verb(
    "supervision.draft_circular",
    "起草通报",
    period="期间",
    praise="表扬的单位",
    criticism="批评的单位",
    following="要求",
    praised="表扬的事实",
    criticised="批评的事实",
    public="对外公开",
)
def draft_circular(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int:
    """Draft a circular: `period`, `praise`, `criticism` (organs), `following`, `public`."""
    return circulars.draft(
        actor=actor, period=str(given["period"]), following=str(given.get("following", "请逾期单位抓紧落实。")),
        praise=organs_said(given.get("praise")), criticism=organs_said(given.get("criticism")),
        praised=str(given.get("praised", "")), criticised=str(given.get("criticised", "")),
        public=bool(given.get("public", False)),
    ).pk  # fmt: skip


@verb("supervision.sign_circular", "主任签发通报", circular="通报（as 起的名）")
def sign_circular(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Sign a circular as the director: `circular`."""
    circulars.sign(actor=actor, circular=int(given["circular"]))


def _referral(given: Mapping[str, Any]) -> int:
    rows = Referral.objects.all()
    if "leaf" in given:
        rows = rows.filter(matter=matter_named(given["leaf"]))
    found = rows.order_by("pk").last()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", "没有移送建议。")
    return found.pk


@verb(
    "supervision.decide_referral",
    "主任决定移送或不移送",
    leaf="任务编号，不写是最新的一件",
    send="移送（默认）还是不移送",
    reason="理由",
)
def decide_referral(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Send a drafted referral as the director, or not: `leaf`, `send` (yes), `reason`."""
    referrals.decide(
        actor=actor, referral=_referral(given), send=bool(given.get("send", True)),
        reason=str(given.get("reason", "逾期已满，事实清楚")),
    )  # fmt: skip


@verb("supervision.referral_outcome", "登记移送的结果", leaf="任务编号，不写是最新的一件", outcome="结果")
def referral_outcome(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Register what came of a referral: `leaf`, `outcome`."""
    referrals.record_outcome(actor=actor, referral=_referral(given), outcome=str(given["outcome"]))


# --- spot checks, scores, the year (P7 to P9, D9 to D11) --------------------------------------------------------------


@verb(
    "supervision.draw", "抽取一个季度的抽查", plan="年度，默认最新的计划", quarter="季度，如 2019-Q2", seed="随机种子"
)
def draw(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int:
    """Draw the spot check of a quarter: `quarter` (2019-Q2), `seed`."""
    return checking.draw(actor=actor, plan=_plan(given).pk, quarter=str(given["quarter"]),
                         seed=str(given.get("seed", ""))).pk  # fmt: skip


@verb(
    "supervision.check",
    "登记抽查查到什么",
    leaf="任务编号",
    passed="合格",
    falsified="弄虚作假",
    visited="到现场的日子",
    found="查到什么",
    reached="查到的进度：目标的单位，没有目标的写百分数",
    **{"with": "会同的单位"},
)
def record_check(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Record what a spot check found at a task: `leaf`, `passed`, `with`, `found`, `falsified`."""
    line = SpotCheckLine.objects.filter(matter=matter_named(given["leaf"])).order_by("pk").last()
    if line is None:
        raise LuoshiError("E_NOT_FOUND", f"抽查没有抽到“{given['leaf']}”。")
    checking.record(
        actor=actor, line=line.pk, passed=bool(given["passed"]), falsified=bool(given.get("falsified", False)),
        visited_on=day_said(given.get("visited", CLOCK.now())), with_organ=organ_key(str(given.get("with", "audit"))),
        found=str(given.get("found", "到现场看过，与填报一致。")), reached=str(given.get("reached", "")),
    )  # fmt: skip


@verb(
    "supervision.assess",
    "算一个期间的得分",
    plan="年度，默认最新的计划",
    kind="month、half 或 year",
    until="期间最后一日",
    reason="重算的理由",
)
def assess(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int:
    """Reckon the scores of a period: `kind` month, half or year, `until` its last day, `reason` for another run."""
    return assessing.run(
        actor=actor, plan=_plan(given).pk, kind=str(given.get("kind", "half")), until=day_said(given["until"]),
        reason=str(given.get("reason", "")),
    ).pk  # fmt: skip


@verb("supervision.open_objections", "把得分送各单位，开始提异议", run="评估（as 起的名）")
def open_objections(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Show every organ its score and let it object: `run`."""
    assessing.open_objections(actor=actor, pk=int(given["run"]))


@verb("supervision.object", "对得分提异议", run="评估", organ="单位", text="异议")
def object_to(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Object to an organ's score: `run`, `organ`, `text`."""
    organ, words = organ_key(str(given["organ"])), str(given.get("text", "有一次填报按时，没有计入。"))
    assessing.object_to(actor=actor, pk=int(given["run"]), organ=organ, text=words)


@verb("supervision.answer_objection", "答复异议", run="评估", organ="单位", text="答复")
def answer_objection(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Answer an objection: `run`, `organ`, `text`."""
    organ, words = organ_key(str(given["organ"])), str(given.get("text", "已核对记录，填报确实晚一天。"))
    assessing.answer_objection(actor=actor, pk=int(given["run"]), organ=organ, text=words)


@verb("supervision.freeze", "冻结得分和排名", run="评估")
def freeze(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Freeze a ranking after its objections: `run`."""
    assessing.freeze(actor=actor, pk=int(given["run"]))


@verb("supervision.publish", "公布冻结的排名", run="评估")
def publish(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Show a frozen ranking to every organ: `run`."""
    assessing.publish(actor=actor, pk=int(given["run"]))


@verb("supervision.review", "取年度评价的截面", plan="年度，默认最新的计划")
def review(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Take the picture of a year that is over."""
    reviewing.draft(actor=actor, plan=_plan(given).pk)


@verb("supervision.co_sign", "会签单位负责人签年度评价", plan="年度，默认最新的计划")
def co_sign(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Sign the year's review as the head of one of the organs that sign it together."""
    reviewing.co_sign(actor=actor, plan=_plan(given).pk)


@verb("supervision.sign_review", "分包领导签年度评价，计划关闭", plan="年度，默认最新的计划")
def sign_review(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Sign the year's review as the leader in charge, after the organs; the plan is closed."""
    reviewing.sign(actor=actor, plan=_plan(given).pk)


@verb("supervision.carry_over", "把没完成的结转到下一年计划", plan="哪一年，默认最新的计划")
def carry_over(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Carry what a signed review of the year `plan` left over into the next year's plan."""
    carrying.carry_over(actor=actor, plan=_plan(given).pk)


# --- integrity, headquarters, proposals, matters of other rooms (D13, P10, P11, SourceMatter) -------------------------


@verb(
    "supervision.integrity",
    "登记政务诚信事项",
    organ="债务单位",
    due="到期日",
    amount="金额，分",
    level="city、town、village",
    basis="promise 或 judgment",
    reference="承诺或判决的编号",
    title="事由",
)
def enter_integrity(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int:
    """Enter what an organ owes: `organ`, `due`, `amount` fen, `level`, `basis`, `reference`, `title`."""
    return integrity.enter(
        actor=actor, organ=organ_key(str(given["organ"])), level=str(given.get("level", "city")),
        basis=str(given.get("basis", "judgment")), reference=str(given.get("reference", f"场景{next(_serial)}号")),
        title=str(given.get("title", "应付工程款")), amount=int(given.get("amount", 100)), due=day_said(given["due"]),
    ).pk  # fmt: skip


@verb("supervision.execute", "凭履行凭证销号政务诚信事项", case="政务诚信事项（as 起的名）", on="履行日")
def execute(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Cross an integrity case off with its voucher: `case`, `on`."""
    on = day_said(given.get("on", CLOCK.now()))
    integrity.execute(actor=actor, case=int(given["case"]), on=on, voucher=_files(["voucher"])[0])


@verb(
    "supervision.headquarters",
    "设立指挥部",
    name="名称",
    organ="牵头单位",
    chief_post="指挥的岗位",
    members="成员单位",
    items="负责的事项",
)
def headquarters(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int:
    """Set a headquarters up: `name`, `organ`, `chief_post`, `members`, `items`."""
    return meetings.set_up(
        actor=actor, name=str(given["name"]), organ=organ_key(str(given["organ"])),
        chief_post=str(given.get("chief_post", "副市长")), members=organs_said(given["members"]),
        items=[item_named(one).pk for one in given.get("items", ())],
    ).pk  # fmt: skip


@verb(
    "supervision.meeting_task",
    "登记调度会的交办",
    headquarters="指挥部（as 起的名）",
    session="第几次会",
    title="交办什么",
    organ="承办单位",
    due="最后一日",
)
def meeting_task(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> str:
    """Note a decision of a session: `headquarters`, `session`, `title`, `organ`, `due`; its matter's name."""
    made = meetings.give(
        actor=actor, headquarters=int(given["headquarters"]), session=int(given.get("session", 1)),
        title=str(given["title"]), organ=organ_key(str(given["organ"])), due=day_said(given["due"]),
    )  # fmt: skip
    return f"{made.matter.module}:{made.matter.external_id}"


@verb("supervision.dissolve", "撤销指挥部", headquarters="指挥部")
def dissolve(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Dissolve a headquarters."""
    meetings.dissolve(actor=actor, headquarters=int(given["headquarters"]))


@verb(
    "supervision.proposal",
    "登记建议、提案并交办",
    kind="deputy 建议、cppcc 提案",
    number="编号",
    title="题目",
    organ="承办单位",
    coop="协办单位",
)
def proposal(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> str:
    """Take in a deputy's suggestion or a member's proposal: `kind`, `number`, `title`, `organ`; its matter's name."""
    made = meetings.receive_proposal(
        actor=actor, kind=str(given.get("kind", "deputy")), number=str(given["number"]),
        title=str(given.get("title", "关于改善出行的建议")), organ=organ_key(str(given["organ"])),
        cooperating=organs_said(given.get("coop")),
    )  # fmt: skip
    return f"{made.module}:{made.external_id}"


@verb(
    "supervision.push",
    "其他领域送来一件",
    module="领域",
    external_id="该领域的编号",
    kind="种类",
    title="名称",
    organ="责任单位",
    due="最后一日",
    coop="配合单位",
    basis="依据",
)
def push(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> str:
    """Push a matter of another room: `module`, `external_id`, `kind`, `title`, `organ`, `due`; its name."""
    made, _new = intake.push_matter(
        actor=actor, module=str(given["module"]), external_id=str(given["external_id"]),
        kind=str(given.get("kind", "instrument_duty")), title=str(given.get("title", "其他领域的任务")),
        organ=organ_key(str(given["organ"])), due_on=day_said(given["due"]) if "due" in given else None,
        cooperating=organs_said(given.get("coop")), basis=str(given.get("basis", "")),
    )  # fmt: skip
    return f"{made.module}:{made.external_id}"


# --- what can be looked at --------------------------------------------------------------------------------------------


_STEPS = ("none", "holder", "supervision", "head", "letter", "leader", "referral")
"""Steps of the ladder (D7); the first working day after the due day a matter enters supervision."""


def _percent(text: str) -> Fraction:
    return round(Fraction(text), 4)


@check("plan", "最新的年度计划：状态、项数、不能启用的原因")
def _plan_check(_scene: Scene, _subject: Any, _asked: Any) -> dict[str, Any]:
    """The newest plan: status, number of items, why it cannot be activated."""
    row = _plan({})
    return {
        "status": row.status, "year": row.year, "items": row.items.count(),
        "faults": plan_actions.activation_faults(row),
        "unresolved": list(ItemOrgan.objects.filter(item__plan=row, resolution="unresolved").values_list("raw",
                                                                                                       flat=True)),
    }  # fmt: skip


@check("item", "事项：状态、分解、进度、缺什么")
def _item_check(_scene: Scene, _subject: Any, asked: Mapping[Any, Any]) -> dict[str, Any]:
    """Items by number: state, decomposition, actual in percent, what is missing in the tree, what keeps it open."""
    found = {}
    for name in asked:
        row = item_named(name)
        found[str(name)] = {
            "state": row.state, "decomposition": row.decomposition, "actual": _percent(row.actual),
            "complete": not plan_actions.failures(row), "missing": crossing.item_missing(row),
            "lead": plan_actions.leads(row), "tasks": len(plan_actions.matters_of(row)),
            "targets": list(row.targets.order_by("seq").values_list("code", flat=True)),
        }  # fmt: skip
    return found


@check("leaf", "任务：状态、灯、期限、进度、逾期、逐级提醒、督办函")
def _leaf_check(_scene: Scene, _subject: Any, asked: Mapping[Any, Any]) -> dict[str, Any]:
    """Tasks by code: state, light, due, organ, actual in percent, days late, step of the ladder, its letters."""
    found = {}
    today = CLOCK.today()
    for name in asked:
        row = matter_named(name)
        check_of = row.checks.order_by("pk").last()
        asked_of = CoopConfirmation.objects.filter(check_of=check_of) if check_of else CoopConfirmation.objects.none()
        found[str(name)] = {
            "state": row.state, "light": str(lamp(row, today).light), "due": row.due_on, "organ": row.organ,
            "open": row.is_open, "actual": round(progress(row), 4), "value": row.value,
            "late_wd": workdays.after(row.due_on, today) if row.due_on and row.is_open and row.due_on < today else 0,
            "step": _STEPS[min(row.escalated, 6)], "completed_late": row.completed_late,
            "completed": None if row.completed_at is None else row.completed_at,
            "reports": list(row.reports.order_by("pk").values_list("state", flat=True)),
            "events": list(row.events.order_by("pk").values_list("act", flat=True)),
            "letters": row.letters.count(),
            "consents": {one.organ: one.state for one in asked_of},
        }  # fmt: skip
    return found


@check("letters", "各份督办函")
def _letters_check(_scene: Scene, _subject: Any, _asked: Any) -> list[dict[str, Any]]:
    """All letters in order: number, organ, state, whether the ladder drafted them, tasks, day the reply is due."""
    return [
        {"number": row.number, "organ": row.organ, "state": row.state, "auto": row.auto,
         "leaves": sorted(one.matter.external_id for one in row.leaves.select_related("matter")),
         "reply_due": row.reply_due, "unanswered": row.unanswered_at is not None, "second": row.follows_id is not None}
        for row in SupervisionLetter.objects.order_by("pk")
    ]  # fmt: skip


@check("red_list", "等下期通报红榜的任务")
def _red_list(_scene: Scene, _subject: Any, _asked: Any) -> list[str]:
    """Tasks that wait for the next circular's red list."""
    return [one.matter.external_id for one in CircularLine.objects.filter(circular=None).order_by("pk") if one.matter]


@check("referrals", "各件移送建议")
def _referrals_check(_scene: Scene, _subject: Any, _asked: Any) -> list[dict[str, Any]]:
    """All referrals: task, organ, cause, state."""
    rows = Referral.objects.select_related("matter").order_by("pk")
    return [{"leaf": row.matter.external_id, "organ": row.organ, "cause": row.cause, "state": row.state}
            for row in rows]  # fmt: skip


@check("scores", "最新一次评估的得分、名次")
def _scores(_scene: Scene, subject: Any, asked: Mapping[Any, Any]) -> dict[str, Any]:
    """The newest run's scores by organ: score, rank, group, parts."""
    del subject
    rows = AssessmentLine.objects.filter(organ__in=[organ_key(str(one)) for one in asked]).order_by("run_id")
    lines = {row.organ: row for row in rows}
    found: dict[str, Any] = {}
    for name in asked:
        row = lines.get(organ_key(str(name)))
        found[str(name)] = None if row is None else {
            "score": row.score, "rank": row.rank, "group": row.group, "leaves": row.leaves, **row.parts,
        }  # fmt: skip
    return found


@check("categories", "事项的年度评价")
def _categories(_scene: Scene, _subject: Any, asked: Mapping[Any, Any]) -> dict[str, Any]:
    """The year's category of items by number."""
    return {str(name): AnnualLine.objects.get(item=item_named(name)).category for name in asked}


@check("review", "最新的年度评价：状态、谁没有签、结转几个")
def _review(_scene: Scene, _subject: Any, _asked: Any) -> dict[str, Any] | None:
    """The newest annual review: state, organs whose head has not signed it yet, how many tasks are carried over."""
    row = AnnualReview.objects.order_by("pk").last()
    return None if row is None else {
        "state": row.state, "missing": reviewing.missing(row), "plan": row.plan.status,
        "carried": sum(len(line.carried) for line in row.lines.all()),
    }  # fmt: skip


@check("integrity", "各件政务诚信事项的状态")
def _integrity(_scene: Scene, _subject: Any, _asked: Any) -> list[str]:
    """The states of all integrity cases."""
    return list(IntegrityCase.objects.order_by("pk").values_list("state", flat=True))


@check("matters", "某领域送来几件")
def _matters(_scene: Scene, _subject: Any, asked: Mapping[Any, Any]) -> dict[str, int]:
    """How many matters a room has pushed."""
    return {str(name): Matter.objects.filter(module=name).count() for name in asked}
