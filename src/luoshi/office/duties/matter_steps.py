"""The other steps of a matter: assign, remind, pause and resume, ask for more time and decide on it."""

from __future__ import annotations

import datetime

from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.models import Assignment
from luoshi.office.actors import Actor
from luoshi.office.duties import acts, concern, hooks
from luoshi.office.duties.lights import in_time
from luoshi.office.duties.matter_actions import need
from luoshi.office.duties.matter_acts_open import RUNNING
from luoshi.office.duties.matter_models import Extension, Matter, MatterPause, PauseKind, State
from luoshi.office.permissions import require, require_other_hand
from luoshi.office.roles import Role

EXTENSION_DAYS = 60
"""How far a limit may be put off, in calendar days from the old due day (supervision section 5, ext_max_days)."""
EXTENSIONS = 1
"""How often (ext_max_count)."""


def assign(*, actor: Actor, matter: int, user: int, version: int | None = None, key: str = "") -> Matter:
    """Name the person of the organ who holds the matter (经办人), by account id, and return the matter.

    Side effects: holder and moment of handing over, history, audit, a message to the person. Errors: E_NOT_FOUND,
    E_FORBIDDEN, E_VERSION, E_CONFLICT, E_STATE, E_INPUT (the person reports for none of the organs that answer for it).
    """
    with transaction.atomic():
        row = acts.opened(actor, matter)
        if acts.answered(actor, key, "assign", [matter, user]) is not None:
            return row
        leads = acts.answering(row)
        acts.require_for(actor, "matter.assign", leads)
        acts.expect(row, version)
        acts.in_state(row, [*RUNNING, State.PAUSED, State.SUBMITTED], "指定办理人")
        person = _of_organ(user, leads)
        before = acts.picture(row)
        row.holder, row.handed_at, row.worked = person.user, CLOCK.now(), True
        text = f"交{person.user.name}办理"
        acts.written(row, actor=actor, act="assign", text=text, before=before, data={"holder": person.user_id})
        acts.tell(
            [person.user_id], key=f"matter.assign:{row.pk}:{row.version}", text=f"交您办理：{row.title}", pk=row.pk
        )
        acts.answer(actor, key, "assign", [matter, user], {"version": row.version})
        return row


def candidates(matter: Matter) -> list[Assignment]:
    """Return who may be named for the matter: those who report for the organs that answer for it, with their roles."""
    served = acts.answering(matter)
    day = CLOCK.today()
    rows = Assignment.objects.filter(role__in=[Role.CLERK.value, Role.LEADER.value], user__is_active=True)
    found: dict[int, Assignment] = {}
    for row in rows.select_related("user").order_by("user__login", "id"):
        if row.held_on(day) and not concern.served_by(row.organ, day).isdisjoint(served):
            found.setdefault(row.user_id, row)
    return list(found.values())


def _of_organ(user: int, organs: frozenset[str]) -> Assignment:
    day = CLOCK.today()
    rows = Assignment.objects.filter(user=user, role__in=[Role.CLERK.value, Role.LEADER.value], user__is_active=True)
    for row in rows.select_related("user"):
        if row.held_on(day) and not concern.served_by(row.organ, day).isdisjoint(organs):
            return row
    raise LuoshiError(
        "E_INPUT", "这个人今天不是责任单位的经办或负责人，不能指定。请另选一人。", fields={"field": "user"}
    )


def remind(*, actor: Actor, matter: int, text: str = "", key: str = "") -> Matter:
    """Chase a matter (催办) and return it; counted, and said to the holder or, without one, to clerks and head.

    Side effects: the count, history, audit, messages; the version stays, so that a form being filled in is not upset.
    Errors: E_NOT_FOUND, E_FORBIDDEN, E_CONFLICT, E_STATE.
    """
    text = text.replace("\0", "").strip()[:300]
    with transaction.atomic():
        row = acts.opened(actor, matter)
        if acts.answered(actor, key, "remind", [matter, text]) is not None:
            return row
        require(actor, "matter.remind")
        acts.in_state(row, RUNNING, "催办")
        before = acts.picture(row)
        row.reminders += 1
        words = f"第{row.reminders}次催办" + (f"：{text}" if text else "")
        event = acts.written(row, actor=actor, act="remind", text=words, before=before, bump=False)
        acts.tell_holder(row, key=f"matter.remind:{event.pk}", text=f"催办：{row.title}。{text}"[:300], kind="remind")
        acts.answer(actor, key, "remind", [matter, text], {"reminders": row.reminders})
        return row


def pause(
    *,
    actor: Actor,
    matter: int,
    kind: str,
    reason: str,
    expected_end: datetime.date | None = None,
    version: int | None = None,
    key: str = "",
) -> MatterPause:
    """Stop the clock (停表) from today on one of the listed grounds (`PauseKind`) and return the pause.

    It must be recorded before the limit ends. Side effects: state `paused`, history, audit, a message to the holder.
    Errors: E_NOT_FOUND, E_FORBIDDEN, E_VERSION, E_CONFLICT, E_STATE, E_INPUT (ground, reason), E_EXPIRED.
    """
    reason = reason.replace("\0", "").strip()
    body = [matter, kind, reason, expected_end]
    with transaction.atomic():
        row = acts.opened(actor, matter)
        if (known := acts.answered(actor, key, "pause", body)) is not None:
            return MatterPause.objects.get(pk=known["pause"])
        hooks.require_decider(row, actor)
        acts.expect(row, version)
        acts.in_state(row, RUNNING, "停表")
        if kind not in PauseKind.values:
            listed = "、".join(str(label) for label in PauseKind.labels)
            raise LuoshiError("E_INPUT", f"停表只限：{listed}。", fields={"field": "kind"})
        need(reason, "停表理由")
        now = CLOCK.now()
        if expected_end is not None and expected_end < now.date():
            raise LuoshiError("E_INPUT", "预计恢复日不能早于今天。", fields={"field": "expected_end"})
        if not in_time(row, now):
            raise LuoshiError("E_EXPIRED", f"期限已于{row.due_on}届满，停表须在期限内登记。")
        hooks.call(row, "pausing", expected_end, actor)
        before = acts.picture(row)
        made = MatterPause.objects.create(
            matter=row,
            kind=kind,
            reason=reason,
            state_before=row.state,
            begins=now.date(),
            expected_end=expected_end,
            recorded_at=now,
            recorded_by_id=actor.user_id,
        )
        row.state, row.worked = State.PAUSED, True
        text = f"停表（{PauseKind(kind).label}）：{reason}"
        acts.written(row, actor=actor, act="pause", text=text, before=before, data={"pause": made.pk})
        acts.tell_holder(row, key=f"matter.pause:{made.pk}", text=f"停表：{row.title}", kind="matter")
        acts.answer(actor, key, "pause", body, {"pause": made.pk, "version": row.version})
        return made


def resume(*, actor: Actor, matter: int, version: int | None = None, key: str = "") -> Matter:
    """Let the clock run again and return the matter: the days after the stop up to and including today are taken out.

    Side effects: the due day moves on by these days, the state before the stop, history, audit, a message. Errors:
    E_NOT_FOUND, E_FORBIDDEN, E_VERSION, E_CONFLICT, E_STATE.
    """
    with transaction.atomic():
        row = acts.opened(actor, matter)
        if acts.answered(actor, key, "resume", [matter]) is not None:
            return row
        hooks.require_decider(row, actor)
        acts.expect(row, version)
        acts.in_state(row, [State.PAUSED], "恢复计时")
        stop = MatterPause.objects.select_for_update().get(matter=row, ends__isnull=True)
        before, today = acts.picture(row), CLOCK.today()
        stop.ends = max(today, stop.begins)
        stop.save()
        days = (stop.ends - stop.begins).days
        row.state = stop.state_before
        if row.due_on is not None and days:
            old, row.due_on = row.due_on, row.due_on + datetime.timedelta(days=days)
            step = f"停表{stop.begins}当日照计，次日起至{stop.ends}（含）{days}日不计入，{old}顺延至{row.due_on}"
            _derived(row, "pause", step)
        text = f"恢复计时，扣除{days}日" + (f"，期限到{row.due_on}" if row.due_on else "")
        acts.written(row, actor=actor, act="resume", text=text, before=before, data={"pause": stop.pk, "days": days})
        acts.tell_holder(row, key=f"matter.resume:{stop.pk}", text=f"{text}：{row.title}")
        acts.answer(actor, key, "resume", [matter], {"version": row.version})
        return row


def _derived(row: Matter, rule: str, text: str) -> None:
    steps = [*row.derivation.get("steps", []), {"rule": rule, "text": text}]
    row.derivation = row.derivation | {"steps": steps}


def ask_extension(
    *,
    actor: Actor,
    matter: int,
    new_due: datetime.date,
    reason: str,
    version: int | None = None,
    key: str = "",
) -> Extension:
    """Ask for more time until `new_due` and return the request; it must come not later than the due day.

    Side effects: the request, history, audit, a message to supervision; the limit runs on until it is granted. Errors:
    E_NOT_FOUND, E_FORBIDDEN, E_VERSION, E_CONFLICT, E_STATE, E_INPUT, E_EXPIRED (asked late: refused outright), E_RULE
    (a second extension, or too far), E_DUPLICATE (one is waiting).
    """
    reason = reason.replace("\0", "").strip()
    body = [matter, new_due, reason]
    with transaction.atomic():
        row = acts.opened(actor, matter)
        if (known := acts.answered(actor, key, "ask_extension", body)) is not None:
            return Extension.objects.get(pk=known["extension"])
        acts.require_for(actor, "matter.report", acts.answering(row))
        acts.expect(row, version)
        acts.in_state(row, RUNNING, "申请延期")
        need(reason, "延期理由")
        if row.due_on is None:
            raise LuoshiError("E_STATE", "这件事项没有写时限，不需要延期。")
        now = CLOCK.now()
        if not in_time(row, now):
            raise LuoshiError("E_EXPIRED", f"期限已于{row.due_on}届满，延期须在期限内申请。")
        if new_due <= row.due_on:
            raise LuoshiError("E_INPUT", f"新的期限应晚于{row.due_on}。", fields={"field": "new_due"})
        last = row.due_on + datetime.timedelta(days=EXTENSION_DAYS)
        if new_due > last:
            raise LuoshiError(
                "E_RULE", f"延期自原期限起算至多{EXTENSION_DAYS}日，最晚{last}。", fields={"latest": str(last)}
            )
        asked = Extension.objects.filter(matter=row)
        if asked.filter(decision="granted").count() >= EXTENSIONS:
            raise LuoshiError("E_RULE", f"已延期{EXTENSIONS}次，不能再延。")
        if asked.filter(decision="").exists():
            raise LuoshiError("E_DUPLICATE", "已有一份延期申请在等批。")
        hooks.call(row, "extending", new_due, actor)
        before = acts.picture(row)
        made = Extension.objects.create(
            matter=row, old_due=row.due_on, new_due=new_due, reason=reason, asked_at=now, asked_by_id=actor.user_id
        )
        row.worked = True
        text = f"申请延期到{new_due}：{reason}"
        acts.written(row, actor=actor, act="ask_extension", text=text, before=before, data={"extension": made.pk})
        acts.tell_supervision(key=f"matter.extension:{made.pk}", text=f"申请延期：{row.title}", pk=row.pk)
        acts.answer(actor, key, "ask_extension", body, {"extension": made.pk, "version": row.version})
        return made


def decide_extension(
    *,
    actor: Actor,
    matter: int,
    grant: bool,
    reason: str = "",
    version: int | None = None,
    key: str = "",
) -> Extension:
    """Grant or refuse the waiting request, by another person than who asked, and return it.

    A granted one puts the due day off and ends an episode of being overdue. Side effects: due day, history, audit, a
    message to the holder. Errors: E_NOT_FOUND, E_FORBIDDEN, E_SELF, E_VERSION, E_CONFLICT, E_STATE, E_INPUT (a refusal
    needs a reason).
    """
    reason = reason.replace("\0", "").strip()
    with transaction.atomic():
        row = acts.opened(actor, matter)
        if (known := acts.answered(actor, key, "decide_extension", [matter, grant, reason])) is not None:
            return Extension.objects.get(pk=known["extension"])
        hooks.require_decider(row, actor)
        acts.expect(row, version)
        asked = Extension.objects.select_for_update().filter(matter=row, decision="").first()
        if asked is None:
            raise LuoshiError("E_STATE", "没有在等批的延期申请。")
        require_other_hand(actor, [asked.asked_by_id], "批延期")
        if not concern.own_organs(actor).isdisjoint(acts.answering(row)):
            raise LuoshiError("E_SELF", "责任单位人员不能批本单位的延期。请由其他单位的督查人员批。")
        if grant:
            acts.in_state(row, [*RUNNING, State.SUBMITTED], "批延期")
        else:
            need(reason, "不同意的理由")
        before = acts.picture(row)
        asked.decision, asked.decided_at = ("granted" if grant else "refused"), CLOCK.now()
        asked.decided_by_id, asked.decision_reason = actor.user_id, reason[:1000]
        asked.save()
        if grant:
            row.due_on, row.supervised_at, row.escalated = asked.new_due, None, 0
            _derived(row, "extension", f"{asked.old_due}前申请，同意延期，自原期限起延至{asked.new_due}")
        text = f"同意延期到{asked.new_due}" if grant else f"不同意延期：{reason}"
        acts.written(row, actor=actor, act="decide_extension", text=text, before=before, data={"extension": asked.pk})
        acts.tell_holder(row, key=f"matter.extended:{asked.pk}", text=f"{text}：{row.title}"[:300])
        acts.answer(
            actor, key, "decide_extension", [matter, grant, reason], {"extension": asked.pk, "version": row.version}
        )
        return asked
