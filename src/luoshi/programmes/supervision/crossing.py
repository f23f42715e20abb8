"""What a cross-off of a smallest task needs besides the office's check, and the cross-off of an item (D8, P5, P6).

The head of the lead organ signs the request; each cooperating organ confirms, objects, or is silent for the days there
are (which is consent); an objection may be overruled with a reason; no letter on the task is open; every kind of
evidence the tree asks for is there. The leader in charge decides on more time, stops of the clock, and whole items.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.db import transaction

from luoshi.kernel.clock import CLOCK, day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.duties import acts, concern, hooks, workdays
from luoshi.office.duties.matter_models import CrossOff, Evidence, Matter, MatterOrgan, State
from luoshi.office.messages import actions as messages
from luoshi.office.permissions import may, require
from luoshi.office.roles import Role
from luoshi.programmes.supervision import letters, seeing
from luoshi.programmes.supervision.letters import OFFICE, ROOM, TIMER, setting
from luoshi.programmes.supervision.models import (
    EVIDENCE,
    CoopConfirmation,
    CrossOffRequest,
    ItemEvent,
    ItemOrgan,
    KeyItem,
    Leaf,
    Plan,
)

Said = CoopConfirmation.State
SETTLED = (Said.CONFIRMED, Said.TACIT, Said.OVERRULED)
_SHEETS, _PICTURES = (".xlsx", ".csv", ".xls"), "image/"


def leaf_of(matter: Matter) -> Leaf | None:
    """Return what the plan adds to a matter, None for one that is no smallest task of a plan."""
    return Leaf.objects.select_related("node__item__plan").filter(matter=matter).first()


def missing_kinds(wanted: Iterable[str], evidence: Iterable[Evidence]) -> list[str]:
    """Return the kinds of evidence of which no file is there, in words: a photo is a picture, statistics a table."""
    files = [one for one in evidence if not one.quarantined]
    pictures = [one for one in files if one.media_type.startswith(_PICTURES)]
    sheets = [one for one in files if one.name.lower().endswith(_SHEETS)]
    there = {"photo": pictures, "statistics": sheets}
    return [EVIDENCE[kind] for kind in wanted if kind in EVIDENCE and not there.get(kind, files)]


# --- the guards -------------------------------------------------------------------------------------------------------


@hooks.on(ROOM, "submitting")
def before_submitting(matter: Matter, _actor: Actor) -> None:
    """Refuse a request without the kinds of evidence the tree asks for. E_INCOMPLETE."""
    leaf = leaf_of(matter)
    if leaf is None:
        return
    evidence = Evidence.objects.filter(matter=matter)
    if missing := missing_kinds(leaf.evidence_types, evidence):
        raise LuoshiError(
            "E_INCOMPLETE", f"还不能送核验：缺{'、'.join(missing)}。请补传后再送。", fields={"missing": missing}
        )


@hooks.on(ROOM, "submitted")
def ask_everybody(matter: Matter, check: CrossOff, actor: Actor) -> None:
    """Ask the head to sign (whose own submission is signed) and the cooperating organs to speak."""
    leaf = leaf_of(matter)
    if leaf is None:
        return
    request = CrossOffRequest(check_of=check)
    if is_head(actor, matter):
        _signed(request, actor)
    request.save()
    today = CLOCK.today()
    due = workdays.shift(today, setting("coop_confirm", today))
    leads = acts.answering(matter)
    asked = [
        one.organ for one in MatterOrgan.objects.filter(matter=matter, role=MatterOrgan.Role.COOP).order_by("seq")
        if one.organ and one.organ not in leads
    ]  # fmt: skip
    CoopConfirmation.objects.bulk_create(
        CoopConfirmation(check_of=check, organ=organ, asked_at=CLOCK.now(), due_on=due) for organ in asked
    )
    for organ in asked:
        messages.tell_organ(
            key=f"coop.ask:{check.pk}:{organ}", organ=organ, roles=[Role.LEADER, Role.CLERK], kind="matter",
            text=f"请在{due}前对销号表示意见，不表态视为同意：{matter.title}"[:300], href="/supervision/crossings/",
        )  # fmt: skip
    if request.signed_at is None:
        messages.tell_organ(
            key=f"coop.sign:{check.pk}", organ=matter.organ, roles=[Role.LEADER], kind="matter",
            text=f"销号申请待您签字：{matter.title}"[:300], href="/supervision/crossings/",
        )  # fmt: skip


@hooks.on(ROOM, "crossing")
def before_crossing(matter: Matter, check: CrossOff, _actor: Actor) -> None:
    """Refuse a cross-off while something D8 asks for is missing. E_INCOMPLETE lists it, E_RULE for an open letter."""
    if leaf_of(matter) is None:
        return
    missing = []
    request = CrossOffRequest.objects.filter(check_of=check).first()
    if request is None or request.signed_at is None:
        missing.append("责任单位主要负责人还没有签字")
    for one in check.confirmations.exclude(state__in=SETTLED).order_by("pk"):
        name = concern.title(one.organ)
        if one.state == Said.OBJECTED:
            missing.append(f"{name}有异议：{one.reason}。采纳就退回，不采纳须写明理由")
        else:
            missing.append(f"{name}还没有表态（{one.due_on}期满视为同意）")
    if missing:
        raise LuoshiError("E_INCOMPLETE", f"还不能销号：{'；'.join(missing)}。", fields={"missing": missing})
    if letter := letters.open_on(matter).first():
        raise LuoshiError(
            "E_RULE", f"督办函 {letter.number} 还没有办结，不能销号。请先办结。", fields={"letter": letter.pk}
        )


def is_head(actor: Actor, matter: Matter) -> bool:
    """Tell whether somebody heads the organ that answers for a task."""
    leads = acts.answering(matter)
    return any(grant.role == Role.LEADER and grant.organ in leads for grant in actor.grants)


def _signed(request: CrossOffRequest, actor: Actor) -> None:
    request.signed_at, request.signed_by_id, request.signed_name = CLOCK.now(), actor.user_id, actor.name[:100]


def sign_request(*, actor: Actor, check: int) -> CrossOffRequest:
    """Sign a request as the head of the lead organ; a second time changes nothing. E_NOT_FOUND, E_FORBIDDEN, E_STATE.

    The day that counts stays that of the submission.
    """
    with transaction.atomic():
        row = _waiting(actor, check)
        if not is_head(actor, row.matter):
            raise LuoshiError("E_FORBIDDEN", "销号申请由责任单位主要负责人签字。")
        request, _new = CrossOffRequest.objects.get_or_create(check_of=row)
        if request.signed_at is None:
            _signed(request, actor)
            request.save()
            _noted(actor, row, "crossing.sign", "单位主要负责人签字，申请销号")
        return request


def speak(*, actor: Actor, check: int, organ: str, agree: bool, reason: str = "") -> CoopConfirmation:
    """Confirm a cross-off for a cooperating organ, or object with a reason.

    Errors: E_NOT_FOUND, E_FORBIDDEN, E_STATE when it has spoken or its days are over, E_INPUT for no reason.
    """
    reason = reason.replace("\0", "").strip()[:1000]
    with transaction.atomic():
        row = _waiting(actor, check)
        acts.require_for(actor, "work.reply", [organ])
        said = CoopConfirmation.objects.select_for_update().filter(check_of=row, organ=organ).first()
        if said is None:
            raise LuoshiError("E_NOT_FOUND", "这件销号没有征求这个单位的意见。")
        if said.state != Said.WAITING:
            raise LuoshiError("E_STATE", f"已经记为“{said.get_state_display()}”，不能再改。")
        if not agree and not reason:
            raise LuoshiError("E_INPUT", "请写明异议的理由。", fields={"field": "reason"})
        said.state, said.reason = (Said.CONFIRMED if agree else Said.OBJECTED), reason
        said.answered_at, said.answered_name = CLOCK.now(), actor.name[:100]
        said.save()
        words = f"{concern.title(organ)}{'同意销号' if agree else f'对销号有异议：{reason}'}"
        _noted(actor, row, "crossing.speak", words)
        if not agree:
            acts.tell_supervision(
                key=f"coop.objects:{said.pk}", text=f"{words}（{row.matter.title}）"[:300], pk=row.matter_id
            )
        return said


def overrule(*, actor: Actor, check: int, organ: str, reason: str) -> CoopConfirmation:
    """Overrule an objection with a reason, as supervision. Errors: E_NOT_FOUND, E_FORBIDDEN, E_STATE, E_INPUT."""
    reason = reason.replace("\0", "").strip()[:1000]
    with transaction.atomic():
        require(actor, "work.letter")
        row = _waiting(actor, check)
        said = CoopConfirmation.objects.select_for_update().filter(check_of=row, organ=organ).first()
        if said is None or said.state != Said.OBJECTED:
            raise LuoshiError("E_STATE", "这个单位没有提出异议。")
        if len(reason) < 4:
            raise LuoshiError("E_INPUT", "请写明不采纳异议的理由，至少 4 字。", fields={"field": "reason"})
        said.state, said.overruled_at = Said.OVERRULED, CLOCK.now()
        said.overruled_name, said.overruled_why = actor.name[:100], reason
        said.save()
        _noted(actor, row, "crossing.overrule", f"{concern.title(organ)}的异议不采纳：{reason}")
        return said


def _waiting(actor: Actor, check: int) -> CrossOff:
    row = CrossOff.objects.select_related("matter").filter(pk=check, decision="", matter__module=ROOM).first()
    if row is None or not acts.reaches(actor, "work.see", acts.concerned(row.matter)):
        raise LuoshiError("E_NOT_FOUND", f"没有第 {check} 号销号申请，或已经核验。")
    return row


def _noted(actor: Actor, row: CrossOff, act: str, text: str) -> None:
    acts.record(row.matter, actor=actor, act=act.partition(".")[2], text=text[:400], data={"check": row.pk})
    audit.append(actor=actor, act=act, subject=f"matter:{row.matter_id}", after={"check": row.pk, "text": text})


# --- what a day does --------------------------------------------------------------------------------------------------


def silence_agrees(moment: datetime.datetime) -> int:
    """Take the silence of cooperating organs after their days for consent; return how many."""
    day = day_of(moment)
    if workdays.is_provisional(day):
        return 0
    rows = CoopConfirmation.objects.filter(state=Said.WAITING, due_on__lt=day, check_of__decision="")
    found = list(rows.select_related("check_of__matter").order_by("pk"))
    for said in found:
        said.state, said.answered_at = Said.TACIT, moment
        said.save()
        _noted(TIMER, said.check_of, "crossing.silence", f"{concern.title(said.organ)}期满未表态，视为同意销号")
    return len(found)


def escalate_unverified(moment: datetime.datetime) -> int:
    """Tell the director of requests nobody verified within the days there are, once each; nothing is accepted by it."""
    day = day_of(moment)
    if not workdays.is_working(day):
        return 0
    waiting = CrossOffRequest.objects.filter(escalated_at=None, check_of__decision="").select_related(
        "check_of__matter"
    )
    done = 0
    for row in waiting.order_by("pk"):
        limit = setting("verify_days", day)
        if workdays.after(day_of(row.check_of.submitted_at), day - datetime.timedelta(days=1)) < limit:
            continue
        row.escalated_at = moment
        row.save(update_fields=["escalated_at"])
        matter = row.check_of.matter
        messages.tell_organ(
            key=f"coop.late:{row.pk}", organ=OFFICE, roles=[Role.LEADER, Role.SUPERVISOR], kind="ladder",
            text=f"送核验满{limit}个工作日没有核验：{matter.title}"[:300], href=f"/tasks/{matter.pk}/",
        )  # fmt: skip
        _noted(TIMER, row.check_of, "crossing.late", f"送核验满{limit}个工作日没有核验，报督查主任")
        done += 1
    return done


# --- the leader in charge ---------------------------------------------------------------------------------------------


@hooks.decides(ROOM)
def leader_decides(matter: Matter, actor: Actor) -> None:
    """More time and stops of the clock are the leader's in charge of the item. E_FORBIDDEN."""
    leaf = leaf_of(matter)
    if leaf is None:
        require(actor, "matter.check")
        return
    require(actor, "work.lead", [leaf.node.item.leader_organ])


@hooks.on(ROOM, "extending")
def before_extending(matter: Matter, new_due: datetime.date, _actor: Actor) -> None:
    """Refuse to go beyond the plan's year unless the plan is being closed (P6), or beyond a key work's day. E_RULE."""
    leaf = leaf_of(matter)
    if leaf is not None and leaf.node.item.plan.status not in (Plan.Status.REVIEWING, Plan.Status.CLOSED):
        leaf.node.item.require_within(new_due, "延期")


@hooks.on(ROOM, "pausing")
def before_pausing(_matter: Matter, expected_end: datetime.date | None, _actor: Actor) -> None:
    """A stop of the clock names its end (P2). E_INPUT."""
    if expected_end is None:
        raise LuoshiError("E_INPUT", "停表须写明到哪一天为止。", fields={"field": "expected_end"})


def cross_off_item(*, actor: Actor, item: int, note: str = "", version: int | None = None) -> KeyItem:
    """Cross an item off as its leader in charge: every smallest task is crossed off or withdrawn.

    Side effects: state of the item, its history, audit. Errors: E_NOT_FOUND, E_FORBIDDEN, E_VERSION, E_STATE,
    E_INCOMPLETE with the codes of what is open, or a wildcard nobody designated the members of.
    """
    with transaction.atomic():
        row = KeyItem.objects.select_for_update(of=("self",)).select_related("plan").filter(pk=item).first()
        if row is None:
            raise LuoshiError("E_NOT_FOUND", "没有这件重点事项。")
        require(actor, "work.lead", [row.leader_organ])
        if version is not None and row.version != version:
            raise LuoshiError("E_VERSION", "您打开以后，这件事项有变化。请重新看过再办。", fields={"now": row.version})
        if row.state != KeyItem.State.OPEN:
            raise LuoshiError("E_STATE", f"这件事项{row.get_state_display()}，不能销号。")
        missing = item_missing(row)
        if missing:
            raise LuoshiError("E_INCOMPLETE", f"还不能销号：{'；'.join(missing[:10])}。", fields={"missing": missing})
        row.state, row.crossed_off_at, row.version = KeyItem.State.CROSSED_OFF, CLOCK.now(), row.version + 1
        row.save()
        text = "分包领导同意，事项销号" + (f"：{note.strip()}" if note.strip() else "")
        _item_noted(actor, row, "cross_off", text)
        return row


def item_missing(row: KeyItem) -> list[str]:
    """Return what an item lacks to be crossed off, in words."""
    leaves = Leaf.objects.filter(node__item=row, node__ended_at=None).select_related("matter", "node")
    found = list(leaves.order_by("node__code"))
    missing = [] if found else ["还没有最小颗粒"]
    missing += [
        f"{leaf.node.code} 没有销号" for leaf in found
        if leaf.matter is None or leaf.matter.state not in (State.CROSSED_OFF, State.WITHDRAWN)
    ]  # fmt: skip
    marks = ItemOrgan.objects.filter(item=row, resolution="wildcard", members=[], none_reason="")
    return missing + [f"“{one.raw}”还没有指定单位" for one in marks.order_by("seq")]


@hooks.on(ROOM, "changed")
def reopen_item(matter: Matter, act: str) -> None:
    """An item one of whose tasks is opened again is open again."""
    if act != "reopen":
        return
    leaf = leaf_of(matter)
    item = leaf.node.item if leaf else None
    if item is None or item.state != KeyItem.State.CROSSED_OFF:
        return
    item.state, item.crossed_off_at, item.version = KeyItem.State.OPEN, None, item.version + 1
    item.save()
    _item_noted(TIMER, item, "reopen", f"{matter.external_id} 重新打开，事项恢复为进行中")


def _item_noted(actor: Actor, row: KeyItem, act: str, text: str) -> None:
    ItemEvent.objects.create(item=row, at=CLOCK.now(), act=act, text=text[:400], who=actor.name[:100])
    audit.append(
        actor=actor, act=f"work.{act}", subject=f"item:{row.code}", after={"state": row.state}, permission="work.lead"
    )


def waiting_for(actor: Actor) -> dict[str, list[CrossOff]]:
    """Return the requests that wait for somebody: to be signed, for a word of the organ, for an objection's verdict."""
    rows = CrossOff.objects.filter(decision="", matter__module=ROOM, request__isnull=False)
    rows = rows.select_related("matter", "request").prefetch_related("confirmations").order_by("submitted_at", "pk")
    reach = seeing.organs(actor)
    found: dict[str, list[CrossOff]] = {"sign": [], "speak": [], "overrule": [], "other": []}
    own = concern.own_organs(actor)
    supervises = may(actor, "work.letter")
    for row in rows[:500]:
        said = list(row.confirmations.all())
        concerned = {row.organ, *(one.organ for one in said)}
        if reach is not None and reach.isdisjoint(concerned):
            continue
        if row.request.signed_at is None and row.organ in own and is_head(actor, row.matter):
            found["sign"].append(row)
        elif any(one.state == Said.WAITING and one.organ in own for one in said):
            found["speak"].append(row)
        elif supervises and any(one.state == Said.OBJECTED for one in said):
            found["overrule"].append(row)
        else:
            found["other"].append(row)
    return found
