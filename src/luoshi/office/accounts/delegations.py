"""Letting another act: dated, on a stated basis, only with roles held oneself, never passed on."""

from __future__ import annotations

import datetime

from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.actions import check_separation
from luoshi.office.accounts.models import Assignment, Delegation, User
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.permissions import require
from luoshi.office.roles import Role


def give_delegation(
    *,
    actor: Actor,
    taker_login: str,
    assignment_id: int,
    valid_from: datetime.date,
    valid_to: datetime.date,
    basis: str,
) -> Delegation:
    """Let `taker_login` act with one of the actor's own roles from `valid_from` to `valid_to`, both included.

    Needs `delegation.give`. Tells the taker. Appends `delegation.give`. E_INPUT for dates past, turned round or beyond
    the role's own, or no basis; E_STATE while acting for another (what was delegated is not passed on); E_NOT_FOUND for
    an unknown or closed taker; E_SELF for oneself; E_RULE when the taker's own roles may not stand beside it.
    """
    require(actor, "delegation.give")
    if actor.for_id is not None:
        raise LuoshiError("E_STATE", f"您正在代{actor.for_name}办理，受托的角色不能再转授他人。")
    if actor.user_id is None:
        raise LuoshiError("E_LOGIN", "授权须由本人登录办理。")
    basis, today = basis.strip()[:200], CLOCK.today()
    if not basis:
        raise _input("basis", "请写明授权依据，例如授权书文号或会议纪要。")
    if valid_from < today:
        raise _input("valid_from", "开始日期早于今天：授权不能倒签。")
    if valid_to < valid_from:
        raise _input("valid_to", "结束日期早于开始日期，请改正。")
    with transaction.atomic():
        # Taking the taker's row first makes a role given to the same person meanwhile wait, and be seen.
        taker = User.objects.select_for_update().filter(login=taker_login.strip().lower(), is_active=True).first()
        if taker is None:
            raise LuoshiError(
                "E_NOT_FOUND", f"没有账号“{taker_login[:60]}”，或已停用。", fields={"field": "taker_login"}
            )
        if taker.pk == actor.user_id:
            raise LuoshiError("E_SELF", "不能授权给自己。", fields={"field": "taker_login"})
        row = Assignment.objects.select_for_update().filter(pk=assignment_id, user_id=actor.user_id).first()
        if row is None or row.ended_at is not None:
            raise LuoshiError("E_NOT_FOUND", "您没有这项角色，不能授权他人代行。", fields={"field": "assignment_id"})
        if valid_from < row.valid_from or (row.valid_to is not None and valid_to > row.valid_to):
            raise _input("valid_to", "授权日期超出您自己担任这个角色的日期，请改短。")
        if Role(row.role) in (Role.AUDITOR, Role.ADMINISTRATOR):
            raise LuoshiError("E_RULE", f"“{Role(row.role).title}”的权限不能授权他人代行，请另授角色。")
        check_separation(taker, Role(row.role), row.organ, valid_from, valid_to)
        given = Delegation.objects.create(
            giver_id=actor.user_id,
            taker=taker,
            assignment=row,
            valid_from=valid_from,
            valid_to=valid_to,
            basis=basis,
            given_at=CLOCK.now(),
        )
        audit.append(
            actor=actor,
            act="delegation.give",
            subject=f"delegation:{given.pk}",
            after={
                "taker": taker.login,
                "role": row.role,
                "organ": row.organ,
                "from": valid_from.isoformat(),
                "to": valid_to.isoformat(),
            },
            basis=basis,
        )
        _tell(given, f"{actor.name}授权您代行“{Role(row.role).title}”，{valid_from:%Y-%m-%d} 至 {valid_to:%Y-%m-%d}。")
    return given


def revoke_delegation(*, actor: Actor, delegation_id: int, reason: str = "") -> Delegation:
    """End a delegation at once: by its giver, its taker or an administrator; the taker is told.

    Appends `delegation.revoke`. E_FORBIDDEN for anybody else, E_STATE when it has ended.
    """
    with transaction.atomic():
        given = Delegation.objects.select_for_update().filter(pk=delegation_id).first()
        own = given is not None and given.giver_id == actor.user_id and actor.for_id is None
        if given is None or (not own and given.taker_id not in actor.hands):
            require(actor, "user.manage")
        if given is None:
            raise LuoshiError("E_NOT_FOUND", "没有这份授权。")
        if given.revoked_at is not None or given.valid_to < CLOCK.today():
            raise LuoshiError("E_STATE", "这份授权已经结束。")
        given.revoked_at = CLOCK.now()
        given.save(update_fields=["revoked_at"])
        audit.append(
            actor=actor,
            act="delegation.revoke",
            subject=f"delegation:{given.pk}",
            after={"reason": reason.strip()[:200]},
            permission="delegation.give",
        )
        _tell(given, f"{given.giver.name}给您的授权已收回，请勿再代办。")
    return given


def _tell(given: Delegation, text: str) -> None:
    from luoshi.office.messages.actions import tell

    moment = "revoked" if given.revoked_at else "given"
    tell(
        key=f"delegation.{moment}:{given.pk}",
        users=[given.taker_id],
        kind="delegation",
        text=text,
        href="/delegations/",
    )


def _input(field: str, message: str) -> LuoshiError:
    return LuoshiError("E_INPUT", message, fields={"field": field})
