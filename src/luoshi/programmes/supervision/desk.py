"""What of key works waits for somebody's own hand: how many, and where to begin; asked by the desk."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Q

from luoshi.office.actors import Actor
from luoshi.office.duties import acts, concern, hooks
from luoshi.office.duties.matter_models import Extension
from luoshi.office.permissions import may
from luoshi.office.roles import Role
from luoshi.programmes.supervision import adjusting, reviewing, signing
from luoshi.programmes.supervision import letters as papers
from luoshi.programmes.supervision.letters import ROOM
from luoshi.programmes.supervision.models import CoopConfirmation, CrossOffRequest


class Awaited(NamedTuple):
    """How many wait, and the page to begin with."""

    many: int
    href: str


NOTHING = Awaited(0, "")


def _heads(actor: Actor) -> bool:
    return any(grant.role == Role.LEADER for grant in actor.grants)


def reports(actor: Actor, bound: int) -> Awaited:
    """Reports to sign as head of the organ: the oldest first."""
    if not _heads(actor):
        return NOTHING
    found = list(signing.unsigned(actor).values_list("matter_id", flat=True)[:bound])
    return Awaited(len(found), acts.href(found[0])) if found else NOTHING


def crossings(actor: Actor, bound: int) -> Awaited:
    """Cross-offs to sign, to speak on as a cooperating organ, objections to settle."""
    heads = {grant.organ for grant in actor.grants if grant.role == Role.LEADER}
    asked = CrossOffRequest.objects.filter(signed_at=None, check_of__decision="", check_of__organ__in=heads)
    own = concern.own_organs(actor) if may(actor, "work.reply") else frozenset()
    mine = Q(state="waiting", organ__in=own)
    said = CoopConfirmation.objects.filter(mine | Q(state="objected") if may(actor, "work.letter") else mine)
    many = asked[:bound].count() if heads else 0
    if own or may(actor, "work.letter"):
        many += said.filter(check_of__decision="")[:bound].count()
    return Awaited(min(many, bound), "/supervision/crossings/") if many else NOTHING


def letters(actor: Actor, bound: int) -> Awaited:
    """Letters to sign, to answer, to close."""
    many = papers.visible(actor).filter(papers.waiting_for(actor)).order_by()[:bound].count()
    return Awaited(many, "/supervision/letters/") if many else NOTHING


def adjustments(actor: Actor, bound: int) -> Awaited:
    """Changes by an instrument to decide on as the leader in charge."""
    if not may(actor, "work.lead"):
        return NOTHING
    found = adjusting.waiting(actor)[:bound]
    return Awaited(len(found), f"/supervision/tasks/{found[0].matter_id}/adjust/") if found else NOTHING


def extensions(actor: Actor, bound: int) -> Awaited:
    """More time to decide on as the leader in charge; whoever checks matters has them in the office's own list."""
    if not may(actor, "work.lead") or may(actor, "matter.check"):
        return NOTHING
    rows = Extension.objects.filter(decision="", matter__module=ROOM).select_related("matter").order_by("pk")[:bound]
    found = [one for one in rows if one.asked_by_id not in actor.hands and hooks.may_decide(one.matter, actor)]
    return Awaited(len(found), acts.href(found[0].matter_id)) if found else NOTHING


def reviews(actor: Actor, _bound: int) -> Awaited:
    """The annual review, to be signed with the others or by the leader."""
    return Awaited(1, "/supervision/review/") if reviewing.waits_for(actor) else NOTHING
