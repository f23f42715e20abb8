"""What of key works waits for somebody's own hand: how many, and where to begin; asked by the desk."""

from __future__ import annotations

import datetime
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse

from luoshi.office.actors import Actor
from luoshi.office.duties import acts, concern, hooks
from luoshi.office.duties.matter_models import Extension
from luoshi.office.permissions import may
from luoshi.office.roles import Role
from luoshi.programmes.supervision import adjusting, correcting, plan_actions, reporting, reviewing, signing
from luoshi.programmes.supervision import letters as papers
from luoshi.programmes.supervision.letters import ROOM
from luoshi.programmes.supervision.models import (
    CoopConfirmation,
    CrossOffRequest,
    ItemOrgan,
    KeyItem,
    LeafSums,
    NamingDecision,
    Plan,
)


class Awaited(NamedTuple):
    """How many wait, the page to begin with, and by which day."""

    many: int
    href: str
    by: datetime.date | None = None


NOTHING = Awaited(0, "")


def _heads(actor: Actor) -> bool:
    return any(grant.role == Role.LEADER for grant in actor.grants)


def reports(actor: Actor, bound: int) -> Awaited:
    """Reports to sign as head of the organ: the oldest first."""
    if not _heads(actor):
        return NOTHING
    found = list(signing.unsigned(actor).values_list("matter_id", flat=True)[:bound])
    return Awaited(len(found), acts.href(found[0])) if found else NOTHING


def accepting(actor: Actor, bound: int) -> Awaited:
    """Signed reports to accept or to send back: the longest waiting first; nobody accepts what they filed."""
    if not may(actor, "matter.check"):
        return NOTHING
    rows = signing.signed().exclude(filed_by__in=actor.hands)
    found = list(rows.values_list("matter_id", flat=True)[:bound])
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
    """Letters to sign, to answer, to close: the one whose answer is due first, with the day."""
    rows = papers.visible(actor).filter(papers.waiting_for(actor)).order_by(F("reply_due").asc(nulls_last=True), "pk")
    found = list(rows.values_list("pk", "state", "reply_due")[:bound])
    if not found:
        return NOTHING
    first, state, due = found[0]
    href = "/supervision/letters/" + (f"{first}/" if len(found) == 1 else "")
    return Awaited(len(found), href, due if state == "delivered" else None)


def corrections(actor: Actor, bound: int) -> Awaited:
    """Orders to explain or to put right that wait for the organ's answer: the one due first, with its day."""
    own = concern.own_organs(actor) if may(actor, "work.reply") else frozenset()
    found = list(correcting.waiting_for(sorted(own)).values_list("matter", "due_on")[:bound]) if own else []
    if not found:
        return NOTHING
    first, due = found[0]
    return Awaited(len(found), reverse("supervision-correct", args=[first]), due)


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


def readings(actor: Actor, bound: int) -> Awaited:
    """Readings of misprinted names: those another person proposed, and those nobody has proposed yet."""
    if not may(actor, "work.plan"):
        return NOTHING
    names = ItemOrgan.objects.filter(
        resolution=ItemOrgan.Resolution.UNRESOLVED, item__plan__status__in=[Plan.Status.LOADING, Plan.Status.ACTIVE]
    )
    mine = NamingDecision.objects.filter(entry=OuterRef("pk"), decision="", proposed_by__in=actor.hands)
    years = list(names.exclude(Exists(mine)).values_list("item__plan__year", flat=True)[:bound])
    return Awaited(len(years), reverse("supervision-plan", args=[min(years)]) + "#names") if years else NOTHING


def _items() -> Any:
    going = [Plan.Status.LOADING, Plan.Status.ACTIVE]
    rows = KeyItem.objects.filter(plan__status__in=going, state=KeyItem.State.OPEN)
    return rows.select_related("plan").order_by("plan__year", "seq")


def undecomposed(actor: Actor, bound: int) -> Awaited:
    """Items that the actor's organ leads and that are still to be broken down and handed to the leader in charge."""
    own = concern.own_organs(actor) if may(actor, "work.decompose") else frozenset()
    if not own:
        return NOTHING
    rows = _items().filter(decomposition__in=[KeyItem.Decomposition.NONE, KeyItem.Decomposition.DRAFTED])
    found = list(rows.filter(organs__role=ItemOrgan.Role.LEAD, organs__organ__in=own).distinct()[:bound])
    return Awaited(len(found), plan_actions.address(found[0])) if found else NOTHING


def proposed(actor: Actor, bound: int) -> Awaited:
    """Trees that wait for the approval of the leader in charge."""
    led = {grant.organ for grant in actor.grants if grant.role == Role.LEADER} if may(actor, "work.lead") else set()
    if not led:
        return NOTHING
    rows = _items().filter(decomposition=KeyItem.Decomposition.PROPOSED, leader_organ__in=led)
    found = list(rows.exclude(proposed_by__in=actor.hands)[:bound])
    return Awaited(len(found), plan_actions.address(found[0])) if found else NOTHING


def finished(actor: Actor, bound: int) -> Awaited:
    """Items all of whose tasks are crossed off, which the leader in charge may cross off."""
    led = {grant.organ for grant in actor.grants if grant.role == Role.LEADER} if may(actor, "work.lead") else set()
    if not led:
        return NOTHING
    sums = LeafSums.objects.filter(item=OuterRef("pk"), count__gt=0)
    rows = _items().filter(Exists(sums), ~Exists(sums.filter(open=True)), leader_organ__in=led)
    found = list(rows.filter(plan__status=Plan.Status.ACTIVE)[:bound])
    return Awaited(len(found), plan_actions.address(found[0])) if found else NOTHING


def due_reports(actor: Actor, day: datetime.date) -> Awaited:
    """Reports of the running period that the actor's organ still owes, from a week before their last day."""
    own = concern.own_organs(actor) if may(actor, "matter.report") else frozenset()
    many, by = reporting.owed(own, day)
    return Awaited(many, reverse("field"), by) if many else NOTHING
