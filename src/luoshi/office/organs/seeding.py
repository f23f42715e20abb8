"""Load the packaged directory into the database: an act that may be repeated and never overwrites."""

from __future__ import annotations

from django.db import transaction

from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.locks import serialise
from luoshi.office.organs.directory import load_data
from luoshi.office.organs.models import Organ, OrganName, OrganRelation, Town
from luoshi.office.organs.naming import directory_relations
from luoshi.office.permissions import require

_BATCH = 500


def load_directory_into_database(*, actor: Actor) -> dict[str, int]:
    """Load organs, written names, relations and towns of the packaged directory; returns how many were new.

    What the database holds stays as it is, so a second time changes nothing. Relations come unconfirmed. Side effect:
    one audit entry if anything was new. Permission organ.edit.
    """
    with transaction.atomic():
        require(actor, "organ.edit")
        made = fill_directory()
        if any(made.values()):
            append(actor=actor, act="organ.edit", subject="directory:rushan", after=made, basis="机构名录")
    return made


def fill_directory() -> dict[str, int]:
    """Add what is missing of the packaged directory, inside the caller's transaction; returns how many were new."""
    serialise("organs.directory")
    data = load_data()["organs"]
    known = dict(Organ.objects.values_list("slug", "pk"))
    organs = [
        Organ(
            slug=organ["slug"],
            name=organ["name"],
            english=organ["english"],
            kind=organ["kind"],
            level=organ["level"],
            parent=organ.get("parent", ""),
            office=organ.get("office", ""),
            ambiguous=bool(organ.get("ambiguous")),
            note=organ.get("note", ""),
        )
        for organ in data
        if organ["slug"] not in known
    ]
    Organ.objects.bulk_create(organs, batch_size=_BATCH)
    known = dict(Organ.objects.filter(slug__in=[organ["slug"] for organ in data]).values_list("slug", "pk"))
    towns = _towns(known)
    return {
        "organs": len(organs),
        "names": _names(known),
        "relations": _relations(known),
        "towns": towns,
    }


def _names(known: dict[str, int]) -> int:
    present = set(OrganName.objects.values_list("organ_id", "text"))
    owned = set(OrganName.objects.filter(ambiguous=False, ended=False).values_list("text", flat=True))
    names = []
    for organ in load_data()["organs"]:
        forms = [{"text": organ["name"], "kind": "full", "seen": organ.get("seen", [])}, *organ.get("names", ())]
        for form in forms:
            pk = known[organ["slug"]]
            if (pk, form["text"]) in present:
                continue
            present.add((pk, form["text"]))
            ambiguous = bool(organ.get("ambiguous") or form.get("ambiguous")) or form["text"] in owned
            if not ambiguous:
                owned.add(form["text"])
            years = list(form.get("seen", ()))
            names.append(OrganName(organ_id=pk, text=form["text"], kind=form["kind"], ambiguous=ambiguous, years=years))
    OrganName.objects.bulk_create(names, batch_size=_BATCH)
    return len(names)


def _relations(known: dict[str, int]) -> int:
    present = set(OrganRelation.objects.values_list("origin_id", "target_id"))
    relations = [
        OrganRelation(
            origin_id=known[relation.origin],
            target_id=known[relation.target],
            kind=relation.kind,
            function=relation.function or "",
            effective_after=relation.effective_after,
            effective_until=relation.effective_until,
            evidence=list(relation.evidence),
        )
        for relation in directory_relations()
        if (known[relation.origin], known[relation.target]) not in present
    ]
    OrganRelation.objects.bulk_create(relations, batch_size=_BATCH)
    return len(relations)


def _towns(known: dict[str, int]) -> int:
    present = set(Town.objects.values_list("organ_id", flat=True))
    towns = [
        Town(organ_id=known[organ["slug"]], division_code=organ["division_code"])
        for organ in load_data()["organs"]
        if "division_code" in organ and known[organ["slug"]] not in present
    ]
    Town.objects.bulk_create(towns, batch_size=_BATCH)
    return len(towns)
