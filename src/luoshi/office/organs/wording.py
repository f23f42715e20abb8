"""Rows of the database put into the shapes that pages and the API show."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from luoshi.office.actors import Actor
from luoshi.office.organs import shapes
from luoshi.office.organs.decisions import PARAMETERS
from luoshi.office.organs.history import MOVING
from luoshi.office.organs.library import person_of
from luoshi.office.organs.models import Evidence, Organ, OrganRelation, Person

CONFIRMATIONS = int(PARAMETERS["confirmations"].values[0].value)
"""Persons it takes to confirm a reading, a relation, a merger: the proposer and the one who confirms."""

EVIDENCE_TITLES = {
    "stated": "文件载明",
    "N": "名称可证",
    "F": "职能见于后者",
    "P": "人员转任",
    "A": "推断",
}
LEVEL_TITLES = {"city": "市", "town": "镇区", "province": "省", "weihai": "威海市", "state": "国家"}


def is_staff(reader: Actor) -> bool:
    """Whether the reader works here: who prepared and confirmed what is nothing for the public."""
    return reader.trusted or bool(reader.grants)


def organ_ref(organ: Organ) -> shapes.OrganName:
    """An organ as links show it."""
    return shapes.OrganName(organ.slug, organ.name)


def person_ref(person: Person) -> shapes.PersonRef:
    """A person as links show him: the one he was found to be."""
    one = person_of(person)
    return shapes.PersonRef(one.pk, one.name, one.disambiguator)


def relation_row(
    row: OrganRelation, waiting: Mapping[tuple[str, str, str], int] | None = None, *, names_hands: bool = False
) -> shapes.RelationRow:
    """A relation as pages show it; `waiting` are open proposals by (from, to, kind), `names_hands` for staff only."""
    confirmed = row.proposal is not None
    key = (row.origin.slug, row.target.slug, row.kind)
    return shapes.RelationRow(
        id=row.pk,
        origin=organ_ref(row.origin),
        target=organ_ref(row.target),
        kind=row.kind,
        kind_title=row.get_kind_display(),
        function=row.function,
        effective=row.effective,
        effective_after=row.effective_after,
        effective_until=row.effective_until,
        evidence=tuple(row.evidence),
        evidence_titles=tuple(EVIDENCE_TITLES.get(code, code) for code in row.evidence),
        instrument=row.instrument,
        clause=row.clause,
        confirmed=confirmed,
        moves=confirmed and row.kind in MOVING,
        confirmers=(row.proposal.proposed_name, row.proposal.decided_name) if row.proposal and names_hands else (),
        open_proposal=(waiting or {}).get(key),
    )


def evidence_view(row: Evidence) -> shapes.EvidenceView:
    """A row of evidence as pages show it; a removal proves the day before."""
    proves = row.day - timedelta(days=1) if row.day and row.kind == Evidence.Kind.REMOVE else row.day
    return shapes.EvidenceView(
        id=row.pk,
        kind=row.kind,
        kind_title=row.get_kind_display(),
        person=person_ref(row.person),
        day=row.day,
        proves=proves,
        instrument=row.number,
        clause=row.clause,
        printed=row.printed,
        remark=row.remark,
        entered_at=row.entered_at,
    )
