"""Reports of smallest tasks are signed by the head of the organ before they are accepted (P3).

What the head files is signed with it; a clerk's report waits for the head, and a trusted program speaks for the organ.
The days after which silence counts as acceptance run from the signature. A request to cross off has the head's
signature of its own (`crossing`).
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from luoshi.kernel.calendar import ONE_DAY
from luoshi.kernel.clock import CLOCK, day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.models import Assignment
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.duties import acts, concern, hooks, workdays
from luoshi.office.duties.matter_models import Matter, ProgressReport
from luoshi.office.duties.matter_reports import REVIEW_WD
from luoshi.office.messages import actions as messages
from luoshi.office.roles import Role
from luoshi.programmes.supervision import crossing
from luoshi.programmes.supervision.letters import ROOM, TIMER
from luoshi.programmes.supervision.models import ReportSignature


def signs(actor: Actor, matter: Matter) -> bool:
    """Tell whether somebody's hand is the organ's: its head, or a trusted program."""
    return actor.trusted or crossing.is_head(actor, matter)


def signature_of(report: ProgressReport) -> ReportSignature | None:
    """Return the signature under a report, None while it has none."""
    return ReportSignature.objects.filter(report=report).first()


def _put(actor: Actor, matter: Matter, report: ProgressReport) -> ReportSignature:
    return ReportSignature.objects.create(
        report=report, organ=matter.organ, signed_at=CLOCK.now(), signed_by_id=actor.user_id,
        signed_name=actor.name[:100],
    )  # fmt: skip


@hooks.on(ROOM, "reported")
def ask_head(matter: Matter, report: ProgressReport, actor: Actor) -> None:
    """Sign what the head filed; ask the head to sign what a clerk filed."""
    if crossing.leaf_of(matter) is None:
        return
    if signs(actor, matter):
        _put(actor, matter, report)
        return
    messages.tell_organ(
        key=f"report.sign:{report.pk}", organ=matter.organ, roles=[Role.LEADER], kind="matter",
        text=f"进展填报待您签字：{matter.title}"[:300], href=acts.href(matter.pk),
    )  # fmt: skip


@hooks.on(ROOM, "accepting")
def before_accepting(matter: Matter, report: ProgressReport, actor: Actor) -> None:
    """Refuse to accept what the head has not signed; silence counts from the signature. E_INCOMPLETE, E_NOT_YET."""
    if crossing.leaf_of(matter) is None:
        return
    found = signature_of(report)
    if found is None:
        raise LuoshiError(
            "E_INCOMPLETE",
            f"这次填报还没有{concern.title(matter.organ)}主要负责人签字，不能接受。请其签字，或写明理由退回。",
            fields={"missing": ["主要负责人签字"]},
        )
    if actor == TIMER:
        signed, day = day_of(found.signed_at), CLOCK.today()
        if workdays.after(signed, day - ONE_DAY) < REVIEW_WD:
            raise LuoshiError("E_NOT_YET", f"{signed}签字，还在{REVIEW_WD}个工作日的审核期内。")


def after_report(actor: Actor, matter: Matter) -> str:
    """Return who has a report of the actor next: the head of the organ, by name where there is one; else nobody here.

    What the head files is signed with it, what is no smallest task is not signed: then it is with supervision at once.
    """
    if signs(actor, matter) or crossing.leaf_of(matter) is None:
        return ""
    today = CLOCK.today()
    held = Assignment.objects.filter(organ=matter.organ, role=Role.LEADER, valid_from__lte=today, user__is_active=True)
    names = sorted({one.user.name for one in held.select_related("user") if one.held_on(today)})
    return names[0] if len(names) == 1 else "本单位主要负责人"


def sign_report(*, actor: Actor, matter: int, version: int | None = None) -> ReportSignature:
    """Sign the open report of a task as the head of its organ and return the signature; again changes nothing.

    Side effects: the signature, history, audit, a message to supervision. Errors: E_NOT_FOUND, E_FORBIDDEN, E_VERSION,
    E_STATE (no report waits).
    """
    with transaction.atomic():
        row = acts.opened(actor, matter)
        if not signs(actor, row):
            raise LuoshiError("E_FORBIDDEN", f"只有{concern.title(row.organ)}主要负责人能签字。")
        acts.expect(row, version)
        report = _open(row)
        if report is None or crossing.leaf_of(row) is None:
            raise LuoshiError("E_STATE", "没有等签字的填报。")
        if (known := signature_of(report)) is not None:
            return known
        made = _put(actor, row, report)
        text = f"主要负责人签字：{report.period}进展填报"
        acts.record(row, actor=actor, act="sign_report", text=text, data={"report": report.pk})
        audit.append(
            actor=actor, act="report.sign", subject=f"matter:{row.pk}", after={"report": report.pk, "text": text},
            permission="matter.report",
        )  # fmt: skip
        acts.tell_supervision(
            key=f"report.signed:{report.pk}", text=f"等您审核填报：{row.title}（{concern.title(row.organ)}）"[:300],
            pk=row.pk,
        )  # fmt: skip
        return made


def _open(row: Matter) -> ProgressReport | None:
    return ProgressReport.objects.filter(matter=row, state="filed").first()


def signed() -> QuerySet[ProgressReport]:
    """Return the open reports that are signed and wait to be accepted, the longest waiting first."""
    rows = ProgressReport.objects.filter(state="filed", signature__isnull=False, matter__module=ROOM)
    return rows.filter(matter__is_open=True).order_by("signature__signed_at", "pk")


def unsigned(actor: Actor) -> QuerySet[ProgressReport]:
    """Return the open reports that wait for somebody's signature as head of the organ."""
    organs = {grant.organ for grant in actor.grants if grant.role == Role.LEADER}
    return ProgressReport.objects.filter(
        state="filed", signature=None, matter__module=ROOM, matter__is_open=True, matter__organ__in=organs,
        matter__work_leaf__isnull=False,
    ).order_by("filed_at", "pk")  # fmt: skip
