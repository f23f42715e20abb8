"""The facts the database has for the decisions `organs.*`; each function asks a fixed number of queries."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet

from luoshi.office.organs.history import MOVING
from luoshi.office.organs.models import (
    Evidence,
    LeadingGroup,
    Membership,
    NameReading,
    Organ,
    OrganName,
    OrganRelation,
    Person,
    Proposal,
)
from luoshi.office.organs.naming import canonical, organs, read_name, slug_of, variants_of
from luoshi.office.organs.printed import Reader

_POINTS = ("appoint", "remove", "attest")
_REACHABLE = """
WITH RECURSIVE reach(id) AS (
    SELECT id FROM organs_organ WHERE slug = %s
    UNION
    SELECT r.{there}_id FROM organs_organrelation r JOIN reach ON r.{here}_id = reach.id
    WHERE NOT r.superseded AND r.kind IN ('renamed', 'merged_into', 'functions_moved', 'split')
)
SELECT id FROM reach"""


# --- names ------------------------------------------------------------------------------------------------------------


def names_beside_directory(texts: Iterable[str] | None = None) -> list[dict[str, Any]]:
    """The names the packaged directory does not have as the database has them, as facts; of `texts` or all.

    A text of which any row came of a proposal is told whole, so that an alias found ambiguous is so for every owner.
    """
    rows = OrganName.objects.all()
    if texts is None:
        touched = OrganName.objects.filter(proposal__isnull=False).values("text")
        rows = rows.filter(text__in=touched)
    else:
        rows = rows.filter(text__in=list(texts))
    found = list(rows.order_by("id").values_list("text", "organ__slug", "kind", "ambiguous", "ended", "proposal_id"))
    touched_texts = {text for text, _, _, _, _, proposal in found if proposal is not None}
    facts: list[dict[str, Any]] = []
    for text in dict.fromkeys(text for text, *_ in found if text in touched_texts):
        live = [row for row in found if row[0] == text and not row[4]]
        facts += [
            {"text": text, "organ": slug, "kind": kind, "ambiguous": ambiguous}
            for _, slug, kind, ambiguous, _, _ in live
        ] or [{"text": text}]
    return facts


def confirmed_readings(text: str | None = None) -> list[dict[str, Any]]:
    """Readings two persons confirmed, as facts; of one text or all."""
    rows = NameReading.objects.filter(superseded=False, proposal__state=Proposal.State.CONFIRMED)
    if text is not None:
        rows = rows.filter(text=canonical(text))
    wanted = ("text", "organ__slug", "proposal__proposed_by", "proposal__confirmed_by")
    return [
        {"text": printed, "organ": slug, "confirmed_by": hands(*people)}
        for printed, slug, *people in rows.order_by("id").values_list(*wanted)
    ]


def hands(proposed_by: int | None, confirmed_by: int | None) -> list[str]:
    """Whose hands confirmed something, as facts name them: accounts by number, nobody by name."""
    return [f"账号{one}" for one in (proposed_by, confirmed_by) if one is not None]


def organ_reader() -> Reader:
    """A reader of printed posts with every name, reading and sub-unit the database has."""
    names, readings = names_beside_directory(), confirmed_readings()
    from luoshi.office.organs.facts import ConfirmedReading, NameFact

    given = [NameFact(**name) for name in names]
    read = [ConfirmedReading(**reading) for reading in readings]

    def resolve(text: str) -> str | None:
        return read_name(text, read, 2, given).slug

    children: dict[str, list[tuple[str, str]]] = {}
    rows = OrganName.objects.filter(ended=False).exclude(organ__parent="")
    for parent, text, slug in rows.values_list("organ__parent", "text", "organ__slug"):
        children.setdefault(parent, []).append((text, slug))
    for parent, text, slug in Organ.objects.exclude(parent="").values_list("parent", "name", "slug"):
        children.setdefault(parent, []).append((text, slug))
    return Reader(resolve, {parent: list(dict.fromkeys(names)) for parent, names in children.items()})


def slug_in_library(text: str) -> str:
    """The slug of an organ given by slug or written name, the database's names included; else the text as it is."""
    if text in organs() or Organ.objects.filter(slug=text).exists():
        return text
    from luoshi.office.organs.facts import NameFact

    given = [NameFact(**name) for name in names_beside_directory(variants_of(canonical(text)))]
    reading = read_name(text, (), 2, given)
    return reading.slug or slug_of(text)


# --- relations --------------------------------------------------------------------------------------------------------


def relation_facts(rows: Iterable[OrganRelation]) -> list[dict[str, Any]]:
    """Relations as facts; who confirmed one that came of a proposal are its two persons."""
    return [
        {
            "from": row.origin.slug,
            "to": row.target.slug,
            "kind": row.kind,
            "effective": row.effective,
            "effective_after": row.effective_after,
            "effective_until": row.effective_until,
            "function": row.function or None,
            "evidence": row.evidence,
            "instrument": row.instrument or None,
            "clause": row.clause or None,
            "confirmed_by": hands(row.proposal.proposed_by_id, row.proposal.confirmed_by_id) if row.proposal else [],
        }
        for row in rows
    ]


def live_relations() -> QuerySet[OrganRelation]:
    """The relations that stand, with what facts about them need."""
    return OrganRelation.objects.filter(superseded=False).select_related("origin", "target", "proposal").order_by("id")


def relations_from(slug: str) -> list[dict[str, Any]]:
    """The relations on any way on from an organ."""
    return relation_facts(live_relations().filter(origin__in=_reach(slug, "origin", "target"), kind__in=MOVING))


def relations_towards(slug: str) -> list[dict[str, Any]]:
    """The relations on any way to an organ, and those on from it."""
    before, after = _reach(slug, "target", "origin"), _reach(slug, "origin", "target")
    if len(before) < 2 and len(after) < 2:
        # No way leads here or on from here.
        return []
    near = Q(target__in=before) | Q(origin__in=[*before, *after])
    return relation_facts(live_relations().filter(near, kind__in=MOVING))


def _reach(slug: str, here: str, there: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_REACHABLE.format(here=here, there=there), [slug])
        return [pk for (pk,) in cursor.fetchall()]


# --- evidence ---------------------------------------------------------------------------------------------------------


def evidence_rows(condition: Q) -> QuerySet[Evidence]:
    """Evidence that stands and fits, with what facts about it need. Merged persons answer as the one they are."""
    return (
        Evidence.objects.filter(condition, withdrawn_at__isnull=True, kind__in=_POINTS)
        .select_related("person", "person__merged_into", "post", "post__organ")
        .order_by("id")
    )


def person_of(person: Person) -> Person:
    """The person somebody was found to be, himself if nobody else."""
    return person.merged_into or person


def person_fact(person: Person) -> dict[str, Any]:
    """A person as facts name him: printed name and number."""
    one = person_of(person)
    return {"person": one.name, "person_id": str(one.pk)}


def evidence_facts(rows: Iterable[Evidence]) -> list[dict[str, Any]]:
    """Rows of evidence as facts."""
    return [
        person_fact(row.person)
        | {
            "kind": row.kind,
            "date": row.day,
            "instrument": row.number or None,
            "clause": row.clause or None,
            "organ": row.post.organ.slug,
            "post": row.post.title,
            "printed": row.printed,
            "remark": row.remark or None,
        }
        for row in rows
    ]


def of_post(organ: str, post: str) -> Q:
    """The condition that evidence is of a post."""
    return Q(post__organ__slug=organ, post__title=canonical(post))


# --- groups -----------------------------------------------------------------------------------------------------------


def group_facts(group: LeadingGroup, members: Sequence[Membership], evidence: Sequence[Evidence]) -> dict[str, Any]:
    """A group as facts of `organs.members`: printed seats, changes confirmed since, evidence of its posts."""
    printed = [row for row in members if row.replaces_id is None and not row.is_office_head]
    seats = {row.order for row in printed}
    changes = [row for row in members if row.replaces_id is not None and row.order in seats and row.person]
    return {
        "group": group.name,
        "instrument": group.number,
        "issued_on": group.issued_on,
        "office": group.office.slug if group.office else None,
        "members": [_seat_fact(row) for row in printed],
        "changes": [
            person_fact(row.person)
            | {
                "order": row.order,
                "on": row.since,
                "confirmed_by": group.office.slug if group.office else None,
                "instrument": group.number,
            }
            for row in changes
            if row.person is not None and row.since is not None
        ],
        "evidence": evidence_facts(evidence),
    }


def _seat_fact(row: Membership) -> dict[str, Any]:
    return {
        "order": row.order,
        "role": row.role,
        "organ": row.organ.slug if row.organ else None,
        "post": row.post.title if row.post else None,
    } | (person_fact(row.person) if row.person else {})


def members_of(groups: Iterable[int]) -> QuerySet[Membership]:
    """The members of groups, past ones included, with what facts about them need."""
    return (
        Membership.objects.filter(group__in=list(groups))
        .select_related("person", "person__merged_into", "post", "organ", "post__organ", "proposal")
        .order_by("group_id", "order", F("since").asc(nulls_first=True), "id")
    )


def evidence_of_members(members: Iterable[Membership]) -> list[Evidence]:
    """The evidence of the posts on which members sit."""
    posts = sorted({row.post_id for row in members if row.post_id})
    return list(evidence_rows(Q(post__in=posts))) if posts else []


# --- facts for decisions that name only what they ask about -----------------------------------------------------------


def facts_of_holder(facts: Mapping[str, Any], _on: datetime.date) -> dict[str, Any]:
    """The evidence of the post asked about."""
    slug = slug_in_library(str(facts["organ"]))
    post = of_post(slug, str(facts["post"])) & Q(post__is_public=True)
    rows = list(evidence_rows(post))
    found: dict[str, Any] = {"organ": slug, "evidence": evidence_facts(rows)}
    # A number of seats two officers registered counts; what only follows from the title the decision knows itself.
    registered = next((row.post.seats for row in rows if row.post.proposal_id is not None), None)
    if registered is not None and "seats" not in facts:
        found["seats"] = registered
    return found


def facts_of_name(facts: Mapping[str, Any], _on: datetime.date) -> dict[str, Any]:
    """Names, readings and relations for a written name."""
    text = str(facts["text"])
    names = names_beside_directory(variants_of(canonical(text)))
    readings = confirmed_readings(text)
    from luoshi.office.organs.facts import ConfirmedReading, NameFact

    slug = read_name(text, [ConfirmedReading(**r) for r in readings], 2, [NameFact(**n) for n in names]).slug
    return {"names": names, "readings": readings, "relations": relations_from(slug) if slug else []}


def facts_of_successor(facts: Mapping[str, Any], _on: datetime.date) -> dict[str, Any]:
    """The relations on from an organ, and its end."""
    slug = slug_in_library(str(facts["organ"]))
    found: dict[str, Any] = {"organ": slug, "relations": relations_from(slug)}
    ended = Organ.objects.filter(slug=slug, not_after__isnull=False).values_list("not_after", flat=True).first()
    if ended is not None and "ended_on" not in facts:
        found["ended_on"] = ended + datetime.timedelta(days=1)
    return found


def facts_of_list(_facts: Mapping[str, Any], _on: datetime.date) -> dict[str, Any]:
    """Names and readings for a printed list."""
    return {"names": names_beside_directory(), "readings": confirmed_readings()}


def facts_of_group(facts: Mapping[str, Any], on: datetime.date) -> dict[str, Any]:
    """A group's seats, changes and evidence."""
    group = find_group(str(facts["group"]), facts.get("instrument"))
    if group is None:
        return {}
    members = list(members_of([group.pk]))
    return group_facts(group, members, evidence_of_members(members))


def facts_of_appointments(facts: Mapping[str, Any], _on: datetime.date) -> dict[str, Any]:
    """What was known before an appointment list."""
    acts = [act for act in facts["acts"] if isinstance(act, Mapping)]
    return {"evidence": evidence_facts(evidence_before(acts, facts.get("number")))}


def facts_of_citation(facts: Mapping[str, Any], _on: datetime.date) -> dict[str, Any]:
    """The paths of the instrument a citation names; nothing where the library does not hold it."""
    from luoshi.kernel.citation import Citation
    from luoshi.office.instruments.models import Clause

    found = Citation.parse(str(facts["text"]))
    if found is None:
        return {}
    key = str(found.instrument)
    paths = list(
        Clause.objects.filter(instrument__key=key, instrument__is_current=True)
        .order_by("seq")
        .values_list("path", flat=True)
    )
    return {"paths": paths} if paths else {}


def evidence_before(acts: Iterable[Mapping[str, Any]], number: str | None) -> list[Evidence]:
    """What is known of the posts and the names of a list before it: the list's own evidence left out."""
    condition = Q(pk__in=[])
    for act in acts:
        condition |= of_post(slug_of(str(act.get("organ") or "")), str(act.get("post") or ""))
        condition |= Q(person__name=str(act.get("person") or ""))
    rows = evidence_rows(condition)
    return list(rows.exclude(number=number) if number else rows)


def find_group(name: str, number: str | None = None) -> LeadingGroup | None:
    """The group of that name (or slug of the directory), the newest first; None if there is none."""
    from luoshi.office.organs.printed import group_key

    rows = LeadingGroup.objects.filter(withdrawn_at__isnull=True).select_related("office").order_by("-issued_on", "-id")
    if number:
        rows = rows.filter(number=number)
    known = organs().get(name)
    if known and "instrument" in known:
        rows = rows.filter(number=known["instrument"])
        return rows.filter(basis="named").first() or rows.first()
    key = group_key(name)
    exact = rows.filter(name__in=[name, key, "市" + key, "乳山市" + key]).first()
    return exact or rows.filter(name__endswith=key).first()
