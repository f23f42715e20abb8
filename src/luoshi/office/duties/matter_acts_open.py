"""Which acts a matter's state and a person's roles leave open: for buttons; each act asks again."""

from __future__ import annotations

from collections.abc import Sequence

from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import Actor
from luoshi.office.duties import concern, hooks
from luoshi.office.duties.acts import answering, reaches
from luoshi.office.duties.lights import in_time
from luoshi.office.duties.matter_models import CrossOff, Extension, Matter, MatterOrgan, ProgressReport, State
from luoshi.office.permissions import may

RUNNING = (State.OPEN, State.IN_PROGRESS, State.RETURNED)


def open_to(
    actor: Actor,
    matter: Matter,
    *,
    checks: Sequence[CrossOff] | None = None,
    extensions: Sequence[Extension] | None = None,
) -> frozenset[str]:
    """Return the open acts: report, submit, check, reopen, pause, resume, ask_extension, decide_extension, assign, …"""
    asked = list(Extension.objects.filter(matter=matter)) if extensions is None else list(extensions)
    pending = [one for one in asked if not one.decision]
    leads = (
        frozenset({row.organ for row in matter.organs.all() if row.role != MatterOrgan.Role.COOP} | {matter.organ})
        - {""}
        if hasattr(matter, "_prefetched_objects_cache")
        else answering(matter)
    )
    found: set[str] = set()
    running = matter.state in RUNNING
    own = reaches(actor, "matter.report", leads)
    checks_it = may(actor, "matter.check") and (actor.trusted or concern.own_organs(actor).isdisjoint(leads))
    filed = None
    if running and (own or matter.accepted_only):
        filed = ProgressReport.objects.filter(matter=matter, state="filed").first()
    if own and running:
        found.add("report")
        if filed is not None or (matter.accepted_only and matter.reports.filter(state="accepted").exists()):
            found.add("submit")
        if matter.due_on and not pending and in_time(matter, CLOCK.now()):
            found.add("ask_extension")
    if checks_it and matter.state == State.SUBMITTED and actor.hands.isdisjoint(reporters(matter)):
        found.add("check")
    reviews = filed is not None and matter.accepted_only and may(actor, "matter.check")
    if filed is not None and reviews and actor.hands.isdisjoint({filed.filed_by_id, filed.filed_for_id}):
        found.add("review_report")
    decides = hooks.may_decide(matter, actor)
    if decides and running and in_time(matter, CLOCK.now()):
        found.add("pause")
    if decides and matter.state == State.PAUSED:
        found.add("resume")
    if decides and pending and actor.hands.isdisjoint({pending[0].asked_by_id}):
        found.add("decide_extension")
    if may(actor, "matter.reopen") and matter.state == State.CROSSED_OFF:
        found.add("reopen")
    if reaches(actor, "matter.assign", leads) and matter.is_open:
        found.add("assign")
    if may(actor, "matter.remind") and running:
        found.add("remind")
    if may(actor, "review.decide") and matter.pending_duty_id is not None:
        found.add("settle")
    return frozenset(found)


def reporters(matter: Matter) -> frozenset[int]:
    """Return everybody whose hand is in a report or a submission of the matter: none of them may check it."""
    hands = [one for pair in matter.reports.values_list("filed_by_id", "filed_for_id") for one in pair]
    hands += matter.checks.values_list("submitter_id", flat=True)
    return frozenset(hand for hand in hands if hand is not None)
