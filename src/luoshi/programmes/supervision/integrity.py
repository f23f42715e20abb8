"""Integrity cases (政务诚信, D13): promises and judgments public organs owe, warned of, in breach, executed."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.db.models import QuerySet

from luoshi.kernel.clock import CLOCK, day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.duties import concern
from luoshi.office.duties.intake import push_matter
from luoshi.office.duties.matter_models import Kind
from luoshi.office.files import actions as files
from luoshi.office.messages import actions as messages
from luoshi.office.permissions import require
from luoshi.office.roles import Role
from luoshi.programmes.supervision import seeing
from luoshi.programmes.supervision.letters import TIMER, setting
from luoshi.programmes.supervision.models import IntegrityCase

State = IntegrityCase.State
OPEN = (State.WATCHED, State.WARNED, State.IN_BREACH, State.SANCTIONED)
OWNER, CLAUSE = "development-reform", "乳政发〔2019〕2号 48"


def visible(actor: Actor) -> QuerySet[IntegrityCase]:
    """Return the cases somebody sees: their own organ's, all for supervision and the owner of the list."""
    reach = seeing.organs(actor)
    rows = IntegrityCase.objects.all()
    return rows if reach is None or OWNER in reach else rows.filter(organ__in=reach)


def one(actor: Actor, pk: int) -> IntegrityCase:
    """Return one case; E_NOT_FOUND."""
    found = visible(actor).filter(pk=pk).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 号政务诚信事项。")
    return found


def enter(
    *, actor: Actor, organ: str, level: str, basis: str, reference: str, title: str, amount: int, due: datetime.date
) -> IntegrityCase:
    """Enter a promise or judgment an organ owes, `amount` in fen; it is a matter of that organ from the same moment.

    Errors: E_FORBIDDEN, E_INPUT, E_AMOUNT, E_DUPLICATE.
    """
    require(actor, "work.letter")
    reference, title = reference.replace("\0", "").strip(), title.replace("\0", "").strip()
    if level not in IntegrityCase.Level.values or basis not in IntegrityCase.Basis.values:
        raise LuoshiError("E_INPUT", "请选级别和依据。", fields={"field": "level"})
    if not concern.known(organ):
        raise LuoshiError("E_INPUT", "请从单位名册里选单位。", fields={"field": "organ"})
    if not 2 <= len(reference) <= 100 or not 4 <= len(title) <= 300:
        raise LuoshiError("E_INPUT", "请写明承诺或判决的编号和内容。", fields={"field": "reference"})
    if amount < 0 or amount >= 10**15:
        raise LuoshiError("E_AMOUNT", "金额不对。", fields={"field": "amount"})
    with transaction.atomic():
        if IntegrityCase.objects.filter(organ=organ, reference=reference).exists():
            raise LuoshiError("E_DUPLICATE", f"{reference}已经登记。", fields={"field": "reference"})
        matter, _new = push_matter(
            actor=actor, module="integrity", external_id=f"{organ}/{reference}"[:200], kind=Kind.INTEGRITY_CASE,
            title=title, organ=organ, due_on=due, basis=CLAUSE,
        )  # fmt: skip
        row = IntegrityCase.objects.create(
            organ=organ, level=level, basis=basis, reference=reference, title=title, amount=amount, due=due,
            matter=matter, entered_at=CLOCK.now(), entered_name=actor.name[:100],
        )  # fmt: skip
        _look(row, CLOCK.today())
        _note(actor, row, "enter")
    return row


def execute(
    *, actor: Actor, case: int, on: datetime.date, voucher: tuple[str, bytes], version: int | None = None
) -> IntegrityCase:
    """Cross a case off: executed on a day, with the voucher as a file. Its matter goes the usual way.

    Errors: E_FORBIDDEN, E_NOT_FOUND, E_VERSION, E_STATE, E_FUTURE, E_FILE.
    """
    require(actor, "work.letter")
    name, data = voucher
    with transaction.atomic():
        row = IntegrityCase.objects.select_for_update().get(pk=one(actor, case).pk)
        if version is not None and row.version != version:
            raise LuoshiError("E_VERSION", "您打开以后，这件事项有变化。请重新看过再办。", fields={"now": row.version})
        if row.state not in OPEN:
            raise LuoshiError("E_STATE", f"这件事项{row.get_state_display()}，不能再销号。")
        if on > CLOCK.today():
            raise LuoshiError("E_FUTURE", "执行日期不能晚于今天。", fields={"field": "on"})
        if not data:
            raise LuoshiError("E_INCOMPLETE", "请上传执行凭证。", fields={"field": "voucher"})
        kept = files.keep(actor=actor, name=name, data=data)
        if kept.state == "quarantined":
            raise LuoshiError("E_FILE", f"“{kept.name}”没有通过检查（{kept.reason}）。", fields={"field": "voucher"})
        files.attach(actor=actor, file=kept, subject=f"integrity:{row.pk}", name=name)
        row.state, row.executed_on, row.closed_name = State.CROSSED_OFF, on, actor.name[:100]
        row.voucher, row.voucher_digest = kept.name[:200], kept.digest
        row.version += 1
        row.save()
        _note(actor, row, "execute")
    return row


def look_after(moment: datetime.datetime) -> int:
    """Move cases to warned, in breach and proposed for sanction on their days; return how many moved."""
    day, moved = day_of(moment), 0
    for row in IntegrityCase.objects.filter(state__in=OPEN).order_by("pk"):
        if _look(row, day):
            _note(TIMER, row, "look")
            moved += 1
    return moved


def _look(row: IntegrityCase, day: datetime.date) -> bool:
    left = (row.due - day).days
    before = row.state
    if left < 0:
        row.breached_on = row.breached_on or row.due + datetime.timedelta(days=1)
        beyond = -left > setting("integrity_sanction", day)
        row.state = State.SANCTIONED if beyond else State.IN_BREACH
        row.proposed_on = row.proposed_on or (day if beyond else None)
    elif left <= setting("integrity_warn", day):
        row.state, row.warned_on = State.WARNED, row.warned_on or day
    if row.state == before:
        return False
    row.version += 1
    row.save()
    organ = OWNER if row.state == State.SANCTIONED else row.organ
    messages.tell_organ(
        key=f"integrity.{row.state}:{row.pk}", organ=organ, roles=[Role.LEADER, Role.CLERK], kind="matter",
        text=f"{row.get_state_display()}：{row.title}"[:300], href="/supervision/integrity/",
    )  # fmt: skip
    return True


def _note(actor: Actor, row: IntegrityCase, verb: str) -> None:
    audit.append(
        actor=actor, act=f"integrity.{verb}", subject=f"integrity:{row.pk}", after={"state": row.state},
        basis=CLAUSE, permission="work.letter",
    )  # fmt: skip
