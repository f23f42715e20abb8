"""Who sees which key works: everything, what concerns the own organ, what is led from it (supervision section 3)."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from luoshi.office.actors import Actor
from luoshi.office.duties import concern
from luoshi.office.permissions import may
from luoshi.programmes.supervision.models import ItemConcern, KeyItem


def organs(actor: Actor) -> frozenset[str] | None:
    """Return the organs whose works somebody sees; None for all: supervision, audit, the office's director."""
    reach = concern.organs_for(actor, "work.see")
    return None if reach is None or may(actor, "work.sign", [concern.GOVERNMENT_OFFICE]) else reach


def items(actor: Actor, rows: QuerySet[KeyItem]) -> QuerySet[KeyItem]:
    """Return of these items the ones somebody sees: all, or what concerns an organ of theirs or is led from it."""
    reach = organs(actor)
    if reach is None:
        return rows
    concerned = ItemConcern.objects.filter(organ__in=reach).values("item")
    return rows.filter(Q(pk__in=concerned) | Q(leader_organ__in=reach))
