"""Who sits in a group: proposed by its secretary, confirmed by the organ where its office sits."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.organs.models import LeadingGroup, Membership, Person, Proposal
from luoshi.office.organs.workflow import applies, propose
from luoshi.office.permissions import require

Kind = Proposal.Kind


def _group(pk: int) -> LeadingGroup:
    group = LeadingGroup.objects.select_related("office").filter(pk=pk, withdrawn_at__isnull=True).first()
    if group is None:
        raise LuoshiError("E_NOT_FOUND", "没有这个领导小组。", fields={"group": pk})
    if group.dissolved_on is not None:
        raise LuoshiError("E_STATE", f"小组已于{group.dissolved_on}撤销。", fields={"group": pk})
    found: LeadingGroup = group
    return found


def _office(group: LeadingGroup) -> str:
    return group.office.slug if group.office else ""


def propose_member(
    *,
    actor: Actor,
    group: int,
    order: int,
    person: int | None,
    on: datetime.date,
    name: str = "",
    reason: str = "",
) -> Proposal:
    """Propose who sits on a seat from a day: a person by id, or a new one by `name`.

    Permission group.propose at the organ where the office sits. E_NOT_FOUND for a seat the list does not have, E_RULE
    for a day before the present member's first.
    """
    with transaction.atomic():
        found = _group(group)
        require(actor, "group.propose", [_office(found)])
        seat = _open_seat(found, order)
        _check_day(seat, found, on)
        if person is None and not name.strip():
            raise LuoshiError("E_INCOMPLETE", "请选择接任人，或写明姓名。", fields={"person": ""})
        known = Person.objects.filter(pk=person).first() if person is not None else None
        if person is not None and known is None:
            raise LuoshiError("E_NOT_FOUND", "没有这个人员。", fields={"person": person})
        who = known.name if known else name.strip()
        return propose(
            actor=actor,
            kind=Kind.MEMBER,
            subject=f"group:{found.pk};seat:{order}",
            title=f"{found.name}：{seat.role}（{seat.printed}）自{on}起由{who}担任",
            payload={
                "group": found.pk,
                "order": order,
                "person": known.pk if known else None,
                "name": who,
                "on": on,
                "reason": reason.strip(),
                "membership": seat.pk,
            },
            organ=_office(found),
        )


def _open_seat(group: LeadingGroup, order: int) -> Membership:
    seat = Membership.objects.filter(group=group, order=order, until__isnull=True).first()
    if seat is None:
        raise LuoshiError("E_NOT_FOUND", f"名单没有第{order}席。", fields={"order": order})
    found: Membership = seat
    return found


def _check_day(seat: Membership, group: LeadingGroup, on: datetime.date) -> None:
    first = seat.since or group.issued_on
    if first is not None and on < first:
        raise LuoshiError("E_RULE", f"变更日不能早于现任成员的起始日{first}。", fields={"on": str(on)})


@applies(Kind.MEMBER)
def _apply_member(row: Proposal, _actor: Actor) -> Mapping[str, Any] | None:
    said = row.payload
    group = _group(said["group"])
    seat = _open_seat(group, said["order"])
    if seat.pk != said["membership"]:
        raise LuoshiError("E_VERSION", "这一席位在拟办之后已有变更，请退回重拟。", fields={"order": said["order"]})
    on = datetime.date.fromisoformat(said["on"])
    _check_day(seat, group, on)
    person = Person.objects.filter(pk=said["person"]).first() if said["person"] else None
    if person is None:
        person = Person.objects.create(name=said["name"], disambiguator=f"{group.name}{seat.role}"[:120])
    Membership.objects.filter(pk=seat.pk).update(until=on)
    Membership.objects.create(
        group=group,
        order=seat.order,
        role=seat.role,
        is_office_head=seat.is_office_head,
        person=person,
        post=seat.post,
        organ=seat.organ,
        printed=seat.printed,
        duties=seat.duties,
        since=on,
        replaces=seat,
        proposal=row,
    )
    LeadingGroup.objects.filter(pk=group.pk).update(version=group.version + 1)
    return {"person": seat.person_id, "until": None}


def propose_dissolution(*, actor: Actor, group: int, on: datetime.date, instrument: str = "") -> Proposal:
    """Propose that a group is dissolved from a day. Permission group.propose at the office organ. E_STATE, E_RULE."""
    with transaction.atomic():
        found = _group(group)
        require(actor, "group.propose", [_office(found)])
        if found.issued_on is not None and on < found.issued_on:
            raise LuoshiError("E_RULE", "撤销日早于成立日。", fields={"on": str(on)})
        return propose(
            actor=actor,
            kind=Kind.DISSOLVE,
            subject=f"group:{found.pk};",
            title=f"{found.name}自{on}起撤销",
            payload={"group": found.pk, "on": on, "instrument": instrument.strip()},
            organ=_office(found),
        )


@applies(Kind.DISSOLVE)
def _apply_dissolution(row: Proposal, _actor: Actor) -> Mapping[str, Any] | None:
    group = _group(row.payload["group"])
    on = datetime.date.fromisoformat(row.payload["on"])
    LeadingGroup.objects.filter(pk=group.pk).update(dissolved_on=on, version=group.version + 1)
    return {"dissolved_on": None}
