"""Read groups: list, page with the members of a day, the seats of an organ or a person."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count, Q, QuerySet

import luoshi.office.organs.decisions  # noqa: F401  registers the decisions
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import VISITOR, Actor
from luoshi.office.organs import library, shapes
from luoshi.office.organs.models import Evidence, LeadingGroup, Membership, Proposal
from luoshi.office.organs.queues import seen_by
from luoshi.office.organs.wording import organ_ref, person_ref
from luoshi.office.parameters.book import decide


def group_list(
    *, on: datetime.date, number: str = "", rows: QuerySet[LeadingGroup] | None = None
) -> list[shapes.GroupRow]:
    """The groups of the instruments in the library, newest first; with `number` those of one instrument."""
    found = LeadingGroup.objects.filter(withdrawn_at__isnull=True) if rows is None else rows
    if number:
        found = found.filter(number=number)
    seats = Count("members", filter=Q(members__replaces__isnull=True, members__is_office_head=False))
    found = found.select_related("instrument", "office").annotate(seats=seats)
    return [_group_row(row, row.seats, on) for row in found.order_by("-issued_on", "number", "seq")]


def _group_row(row: LeadingGroup, seats: int, on: datetime.date) -> shapes.GroupRow:
    return shapes.GroupRow(
        id=row.pk,
        name=row.name,
        number=row.number,
        instrument_title=row.instrument.name,
        issued_on=row.issued_on,
        basis=row.basis,
        basis_title=row.get_basis_display(),
        member_count=seats,
        printed_entries=row.printed_entries,
        office=organ_ref(row.office) if row.office else None,
        state=state_on(row, on),
    )


def state_on(row: LeadingGroup, on: datetime.date) -> str:
    """in_force, undated, not_yet or dissolved on the day."""
    if row.dissolved_on is not None and on >= row.dissolved_on:
        return "dissolved"
    if row.issued_on is None:
        return "undated"
    return "not_yet" if on < row.issued_on else "in_force"


def seats_where(condition: Q, on: datetime.date | None = None) -> list[shapes.SeatOfOrgan]:
    """The seats in standing groups that fit a condition on members; with `on` those of that day."""
    rows = (
        Membership.objects.filter(condition, group__withdrawn_at__isnull=True)
        .select_related("group", "person", "person__merged_into", "post")
        .order_by("-group__issued_on", "group_id", "order", "id")
    )
    if on is not None:
        rows = rows.filter(Q(until__isnull=True) | Q(until__gt=on)).filter(Q(since__isnull=True) | Q(since__lte=on))
    return [
        shapes.SeatOfOrgan(
            group=row.group_id,
            group_name=row.group.name,
            number=row.group.number,
            role=row.role,
            person=person_ref(row.person) if row.person else None,
            post=row.printed,
        )
        for row in rows
    ]


def group_page(group_id: int, on: datetime.date, *, reader: Actor = VISITOR) -> shapes.GroupPage:
    """A group on a day; E_NOT_FOUND for an unknown id. The same number of queries however many members."""
    group = LeadingGroup.objects.select_related("instrument", "office").filter(pk=group_id).first()
    if group is None:
        raise LuoshiError("E_NOT_FOUND", "没有这个领导小组。请从小组列表或文件的附件进入。")
    members = list(library.members_of([group.pk]))
    evidence = library.evidence_of_members(members)
    taken = decide("organs.members", library.group_facts(group, members, evidence) | {"on": on}, on)
    value = taken.value
    open_seats = {
        row.payload["order"]: row.pk
        for row in Proposal.objects.filter(
            seen_by(reader),
            state=Proposal.State.OPEN,
            kind=Proposal.Kind.MEMBER,
            subject__startswith=f"group:{group.pk};",
        )
    }
    entries = {entry["order"]: entry for entry in value["members"]}
    proposals = [_proposal(one, evidence, members) for one in value["proposals"]]
    proposed = {one["order"]: one for one in proposals}
    printed = [row for row in members if row.replaces_id is None and not row.is_office_head]
    heads = [row for row in members if row.is_office_head]
    rows = [
        _member(row, members, entries.get(row.order), proposed.get(row.order), open_seats, evidence, on)
        for row in printed
    ]
    roles: dict[str, int] = {}
    for row in printed:
        roles[row.role] = roles.get(row.role, 0) + 1
    return shapes.GroupPage(
        row=_group_row(group, len(printed), on),
        on=on,
        clause=group.clause,
        office_head=_member(heads[0], members, None, None, open_seats, evidence, on) if heads else None,
        office_clause=group.office_clause,
        members=rows,
        roles=[shapes.Count(role, role, count) for role, count in roles.items()],
        proposals=proposals,
        reasons=[reason.as_dict() for reason in taken.reasons],
        value=value,
    )


def _member(
    printed: Membership,
    members: Sequence[Membership],
    entry: Mapping[str, Any] | None,
    proposal: Mapping[str, Any] | None,
    open_seats: Mapping[int, int],
    evidence: Sequence[Evidence],
    on: datetime.date,
) -> shapes.MemberRow:
    """A seat on the day: the row that stands, those before it as history."""
    own = [row for row in members if row.order == printed.order]
    begun = [row for row in own if row.since is None or row.since <= on] or own[:1]
    now = begun[-1]
    person = person_ref(now.person) if now.person else _holder_of_seat(now, entry, evidence)
    return shapes.MemberRow(
        membership=now.pk,
        order=printed.order,
        role=printed.role,
        person=person,
        organ=organ_ref(printed.organ) if printed.organ else None,
        post=printed.post.title if printed.post else "",
        printed=printed.printed,
        duties=printed.duties,
        since=now.since,
        history=[
            {"person": person_ref(row.person) if row.person else None, "from": row.since, "to": row.until}
            for row in begun[:-1]
        ],
        proposal=proposal,
        open_proposal=open_seats.get(printed.order),
    )


def _holder_of_seat(
    row: Membership, entry: Mapping[str, Any] | None, evidence: Sequence[Evidence]
) -> shapes.PersonRef | None:
    """Who sits ex officio, as the decision found him."""
    name = entry["person"] if entry else None
    found = {person_ref(one.person) for one in evidence if one.post_id == row.post_id and one.person.name == name}
    return found.pop() if name and len(found) == 1 else None


def _proposal(one: Mapping[str, Any], evidence: Sequence[Evidence], members: Sequence[Membership]) -> dict[str, Any]:
    """A proposal of succession by post, with the id of the person proposed."""
    seat = next(row for row in members if row.order == one["order"])
    people = {
        person_ref(row.person) for row in evidence if row.post_id == seat.post_id and row.person.name == one["to"]
    }
    return {**one, "person": people.pop() if len(people) == 1 else None}
