"""The two hands: what one person prepares another confirms, sends back, or the first takes back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.models import Assignment
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.messages.actions import tell
from luoshi.office.organs.models import Proposal
from luoshi.office.organs.queues import PERMISSIONS
from luoshi.office.permissions import require, require_other_hand
from luoshi.office.roles import PERMISSIONS as TABLE
from luoshi.office.roles import Reach

Apply = Callable[[Proposal, Actor], Mapping[str, Any] | None]
_APPLY: dict[str, Apply] = {}


def applies(kind: str) -> Callable[[Apply], Apply]:
    """Register what confirming a proposal of a kind does; it may refuse, and returns what was before, for the trail."""

    def register(function: Apply) -> Apply:
        _APPLY[kind] = function
        return function

    return register


def propose(
    *,
    actor: Actor,
    kind: str,
    subject: str,
    title: str,
    payload: Mapping[str, Any],
    organ: str = "",
    warnings: Sequence[Mapping[str, Any]] = (),
    explanation: str = "",
) -> Proposal:
    """Store an open proposal, inside the caller's transaction and after its checks of permission.

    Side effects: one audit entry, a message to all who may confirm. E_BUSY when another on the same subject waits.
    """
    row = Proposal(
        kind=kind,
        subject=subject[:200],
        title=title[:300],
        organ=organ,
        payload=_plain(payload),
        warnings=_plain(list(warnings)),
        explanation=explanation[:500],
        proposed_by_id=actor.user_id,
        proposed_for_id=actor.for_id,
        proposed_name=actor.name[:100],
        proposed_at=CLOCK.now(),
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise LuoshiError(
            "E_BUSY", f"“{title}”已有一份拟办待确认。请先确认、退回或撤回那一份。", fields={"subject": subject}
        ) from None
    edit, _ = PERMISSIONS[kind]
    append(actor=actor, act=f"{kind}.propose", subject=_subject(row), after=row.payload, permission=edit)
    text = f"{row.get_kind_display()}待确认：{title}"
    tell(key=f"organs.proposal:{row.pk}", users=_confirmers(row), kind="organs", text=text, href=_address(row))
    return row


def confirm(*, actor: Actor, proposal_id: int, version: int) -> Proposal:
    """Confirm by another hand, and apply.

    Side effects: those of the kind, one audit entry, a message to who proposed. E_NOT_FOUND, E_FORBIDDEN, E_SELF (the
    same person, or for the same person), E_STATE, E_VERSION; E_RULE and others when it can no longer be applied.
    """
    with transaction.atomic():
        row = _locked(proposal_id)
        _, key = PERMISSIONS[row.kind]
        require(actor, key, [row.organ])
        require_other_hand(actor, [row.proposed_by_id, row.proposed_for_id], f"“{row.title}”的确认")
        _decide(row, version, actor, Proposal.State.CONFIRMED, "")
        before = _APPLY[row.kind](row, actor)
        append(
            actor=actor,
            act=f"{row.kind}.confirm",
            subject=_subject(row),
            before=None if before is None else _plain(before),
            after=row.payload,
            permission=key,
        )
        _tell_proposer(row, f"已确认：{row.title}")
    return row


def refuse(*, actor: Actor, proposal_id: int, version: int, reason: str) -> Proposal:
    """Send a proposal back with a reason, by whoever may confirm; errors as `confirm`, E_INCOMPLETE without reason."""
    with transaction.atomic():
        row = _locked(proposal_id)
        _, key = PERMISSIONS[row.kind]
        require(actor, key, [row.organ])
        require_other_hand(actor, [row.proposed_by_id, row.proposed_for_id], f"“{row.title}”的退回")
        if not reason.strip():
            raise LuoshiError("E_INCOMPLETE", "退回须写明理由，供拟办人更正。", fields={"reason": ""})
        _decide(row, version, actor, Proposal.State.REFUSED, reason)
        append(actor=actor, act=f"{row.kind}.refuse", subject=_subject(row), after={"reason": reason}, permission=key)
        _tell_proposer(row, f"已退回：{row.title}（{reason}）")
    return row


def withdraw(*, actor: Actor, proposal_id: int, version: int, reason: str = "") -> Proposal:
    """Take one's own proposal back; E_FORBIDDEN for another's, otherwise errors as `confirm`."""
    with transaction.atomic():
        row = _locked(proposal_id)
        edit, _ = PERMISSIONS[row.kind]
        require(actor, edit, [row.organ])
        makers = {row.proposed_by_id, row.proposed_for_id} - {None}
        if not actor.trusted and not actor.hands & makers:
            raise LuoshiError("E_FORBIDDEN", "拟办只能由拟办人本人撤回；他人可以退回。", fields={"actor": actor.name})
        _decide(row, version, actor, Proposal.State.WITHDRAWN, reason)
        append(
            actor=actor, act=f"{row.kind}.withdraw", subject=_subject(row), after={"reason": reason}, permission=edit
        )
    return row


def _locked(proposal_id: int) -> Proposal:
    row = Proposal.objects.select_for_update().filter(pk=proposal_id).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", "没有这份拟办。")
    found: Proposal = row
    return found


def _decide(row: Proposal, version: int, actor: Actor, state: str, reason: str) -> None:
    if row.state != Proposal.State.OPEN:
        raise LuoshiError("E_STATE", f"这份拟办{row.get_state_display()}，不能再办。", fields={"state": row.state})
    if row.version != version:
        raise LuoshiError(
            "E_VERSION", "这份拟办已被他人改动，请刷新后再办。", fields={"yours": version, "current": row.version}
        )
    row.state, row.reason, row.version = state, reason[:500], version + 1
    row.decided_name, row.decided_at = actor.name[:100], CLOCK.now()
    if state == Proposal.State.CONFIRMED:
        row.confirmed_by_id = actor.user_id
    row.save()


def _confirmers(row: Proposal) -> Iterable[int]:
    """The accounts that may confirm it, its makers left out."""
    today = CLOCK.today()
    reach = TABLE[PERMISSIONS[row.kind][1]].reach
    held = Assignment.objects.filter(valid_from__lte=today, role__in=list(reach)).order_by("id")
    makers = {row.proposed_by_id, row.proposed_for_id}
    for one in held:
        how_far = reach.get(one.role, Reach.NONE)  # type: ignore[call-overload]
        far_enough = how_far is Reach.ALL or (how_far is Reach.OWN and one.organ == row.organ)
        if far_enough and one.held_on(today) and one.user_id not in makers:
            yield one.user_id


def _tell_proposer(row: Proposal, text: str) -> None:
    if row.proposed_by_id is not None:
        key = f"organs.proposal:{row.pk}:{row.state}"
        tell(key=key, users=[row.proposed_by_id], kind="organs", text=text, href=_address(row))


def _subject(row: Proposal) -> str:
    return f"proposal:{row.pk}"


def _address(row: Proposal) -> str:
    return f"/organs/proposals/{row.pk}/"


def _plain(data: Any) -> Any:
    """Plain JSON data: dates as text."""
    return json.loads(json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False))
