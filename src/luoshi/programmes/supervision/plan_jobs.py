"""A large plan is activated as a job, so that whoever asked sees how many of its tasks are handed over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.urls import reverse

from luoshi.office.actors import Actor, Grant
from luoshi.office.jobs.actions import Progress, enqueue, handler
from luoshi.office.jobs.models import Job
from luoshi.office.roles import Role
from luoshi.programmes.supervision import plan_actions
from luoshi.programmes.supervision.models import KeyItem, Leaf, Plan

JOB = "work.activate"
AT_ONCE = 300
"""Smallest tasks handed over while somebody waits for the page: some two seconds."""


def at_once(plan: Plan) -> bool:
    """Tell whether a plan is small enough to be activated while its page is waited for."""
    approved = KeyItem.Decomposition.APPROVED
    rows = Leaf.objects.filter(node__item__plan=plan, node__item__decomposition=approved)
    return len(rows.values_list("pk")[: AT_ONCE + 1]) <= AT_ONCE


def later(*, actor: Actor, plan: Plan, version: int | None = None) -> Job:
    """Have a plan activated as a job, the one that is under way if there is one; refused at once as `activate`."""
    plan_actions.ready(actor, plan, version)
    running = Job.objects.filter(kind=JOB, arguments__plan=plan.pk, state__in=(Job.State.WAITING, Job.State.RUNNING))
    if (known := running.order_by("pk").first()) is not None:
        return known
    grants = None if actor.trusted else [[grant.role.value, grant.organ] for grant in actor.grants]
    return enqueue(JOB, actor=actor, arguments={"plan": plan.pk, "version": version, "grants": grants})


@handler(JOB, "work.activate")
def make(
    progress: Progress, actor: Actor, *, plan: int, version: int | None, grants: list[list[str]] | None
) -> dict[str, Any]:
    """Activate the plan with the roles its asker had; all of it or nothing."""
    acting = actor
    if grants is not None:
        held = tuple(Grant(Role(role), organ) for role, organ in grants)
        acting = replace(actor, trusted=False, grants=held)
    row = plan_actions.activate(actor=acting, plan=plan, version=version, report=progress)
    return {"href": reverse("supervision-plan", args=[row.year])}
