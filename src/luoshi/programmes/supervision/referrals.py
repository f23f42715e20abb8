"""Referrals (问责移送): drafts that people decide on; seen by the director and the supervisory commission only.

Every look at one is taken down in the stream of sensitive reads, the list of them too.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.permissions import may, require
from luoshi.programmes.supervision.letters import OFFICE
from luoshi.programmes.supervision.models import Referral

State = Referral.State
COMMISSION = "supervisory-commission"


def may_see(actor: Actor) -> bool:
    """Tell whether somebody sees referrals: the director, the head of the commission, auditors."""
    return may(actor, "referral.see", [OFFICE]) or may(actor, "referral.see", [COMMISSION])


def may_answer(actor: Actor) -> bool:
    """Tell whether somebody registers what came of a referral: the commission, which it is sent to."""
    return may_see(actor) and may(actor, "work.reply", [COMMISSION])


def listed(actor: Actor) -> list[Referral]:
    """Return the referrals, newest first, the look taken down. E_NOT_FOUND for everybody else."""
    _require(actor)
    with transaction.atomic():
        rows = list(_rows().order_by("-pk")[:200])
        _looked(actor, "referrals", [row.pk for row in rows])
    return rows


def one(actor: Actor, pk: int) -> Referral:
    """Return one referral, the look taken down. E_NOT_FOUND."""
    _require(actor)
    with transaction.atomic():
        found = _rows().filter(pk=pk).first()
        if found is None:
            raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 号移送建议。")
        _looked(actor, f"referral:{pk}", [pk])
    return found


def decide(*, actor: Actor, referral: int, send: bool, reason: str = "", version: int | None = None) -> Referral:
    """Send a referral to the commission, or not, with a reason, as the director.

    Errors: E_NOT_FOUND, E_FORBIDDEN, E_VERSION, E_STATE, E_INPUT.
    """
    reason = reason.replace("\0", "").strip()[:1000]
    _require(actor)
    require(actor, "work.sign", [OFFICE])
    with transaction.atomic():
        row = _locked(referral, version)
        if row.state != State.DRAFTED:
            raise LuoshiError("E_STATE", f"这件移送建议已经是“{row.get_state_display()}”。")
        if not send and len(reason) < 4:
            raise LuoshiError("E_INPUT", "不移送须写明理由，至少 4 字。", fields={"field": "reason"})
        row.state = State.SENT if send else State.DROPPED
        row.sent_to = COMMISSION if send else ""
        row.decided_at, row.decided_name, row.decision_reason = CLOCK.now(), actor.name[:100], reason
        _write(actor, row, "decide")
        return row


def record_outcome(*, actor: Actor, referral: int, outcome: str, version: int | None = None) -> Referral:
    """Register, for the commission, what came of it. Errors: E_NOT_FOUND, E_FORBIDDEN, E_VERSION, E_STATE, E_INPUT."""
    outcome = outcome.replace("\0", "").strip()
    _require(actor)
    require(actor, "work.reply", [COMMISSION])
    with transaction.atomic():
        row = _locked(referral, version)
        if row.state != State.SENT:
            raise LuoshiError("E_STATE", f"这件移送建议现在是“{row.get_state_display()}”，没有结果可登记。")
        if not 4 <= len(outcome) <= 2000:
            raise LuoshiError("E_INPUT", "请写明结果，4 至 2,000 字。", fields={"field": "outcome"})
        row.state, row.outcome = State.ANSWERED, outcome
        row.outcome_at, row.outcome_name = CLOCK.now(), actor.name[:100]
        _write(actor, row, "outcome")
        return row


def _rows() -> QuerySet[Referral]:
    return Referral.objects.select_related("matter")


def _locked(pk: int, version: int | None) -> Referral:
    row = Referral.objects.select_for_update(of=("self",)).filter(pk=pk).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 号移送建议。")
    if version is not None and row.version != version:
        raise LuoshiError("E_VERSION", "您打开以后，这件移送建议有变化。请重新看过再办。", fields={"now": row.version})
    return row


def _require(actor: Actor) -> None:
    if not may_see(actor):
        raise LuoshiError("E_NOT_FOUND", "没有这一页。")


def _looked(actor: Actor, subject: str, ids: list[int]) -> None:
    audit.append(
        actor=actor, act="referral.read", subject=subject, after={"referrals": ids}, stream="sensitive",
        purpose="审阅移送建议", permission="referral.see",
    )  # fmt: skip


def _write(actor: Actor, row: Referral, verb: str) -> None:
    row.version += 1
    row.save()
    audit.append(
        actor=actor, act=f"referral.{verb}", subject=f"referral:{row.pk}", after={"state": row.state},
        basis=row.clause, permission="work.sign" if verb == "decide" else "work.reply",
    )  # fmt: skip
