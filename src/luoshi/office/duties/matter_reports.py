"""Reports of matters whose figures count only once accepted (supervision P3): accept, return, and silence for 3 days.

Who filed a report does not accept it. Nobody's word within three working days after the day of filing counts as
acceptance, and the report says so for ever (`tacit`). An accepted report is not edited: the next one corrects it.
"""

from __future__ import annotations

import datetime
from decimal import Decimal

from django.db import transaction

from luoshi.kernel.calendar import ONE_DAY
from luoshi.kernel.clock import CLOCK, day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import acts, hooks, workdays
from luoshi.office.duties.curve import PROFILES
from luoshi.office.duties.lights import progress, shown
from luoshi.office.duties.matter_actions import figures_of, need, taken_over
from luoshi.office.duties.matter_acts_open import RUNNING
from luoshi.office.duties.matter_models import Matter, ProgressReport, State
from luoshi.office.permissions import require, require_other_hand

REVIEW_WD = 3
"""Working days after the day of filing within which a report is accepted or returned (supervision P3)."""
TIMER = Actor.system("系统", "timer")


def accept_report(
    *, actor: Actor, matter: int, note: str = "", version: int | None = None, key: str = ""
) -> ProgressReport:
    """Accept the waiting report and return it: from now on its figure is the matter's progress.

    Side effects: value, percentage, stage and lights of the matter, history, audit, a message to the holder. Errors:
    E_NOT_FOUND, E_FORBIDDEN, E_SELF (who filed it), E_VERSION, E_CONFLICT, E_STATE; E_INCOMPLETE where its room asks
    for a signature that is not there.
    """
    note = note.replace("\0", "").strip()[:1000]
    with transaction.atomic():
        row = acts.opened(actor, matter)
        if (known := acts.answered(actor, key, "accept_report", [matter, note])) is not None:
            return ProgressReport.objects.get(pk=known["report"])
        report = _waiting(actor, row, version, "接受填报")
        hooks.call(row, "accepting", report, actor)
        before = acts.picture(row)
        report.decision_reason = note
        _accept(row, report, actor)
        text = f"接受填报，进展{shown(progress(row))}%" + (f"：{note}" if note else "")
        acts.written(row, actor=actor, act="accept_report", text=text, before=before, data={"report": report.pk})
        acts.tell_holder(row, key=f"matter.accept_report:{report.pk}", text=f"填报已接受：{row.title}"[:300])
        acts.answer(actor, key, "accept_report", [matter, note], {"report": report.pk, "version": row.version})
        return report


def put_right(*, actor: Actor, matter: int, reached: Decimal | str, words: str) -> ProgressReport:
    """Put the progress of a running matter at the figure a check found: a counter-report, accepted as it is made.

    `reached` is in the unit of the target, in percent where there is none. It stands in the period last reported on, so
    that it is nobody's report in time. Side effects: progress and lights, history, audit, a message to the holder.
    Errors: E_NOT_FOUND, E_FORBIDDEN, E_STATE, E_INPUT.
    """
    with transaction.atomic():
        row = acts.opened(actor, matter)
        require(actor, "matter.check")
        acts.in_state(row, RUNNING, "核定进度")
        given = {"value": reached} if row.target_value is not None else {"percent": reached}
        done, value = figures_of(row, **given)
        now, last = CLOCK.now(), ProgressReport.objects.filter(matter=row).order_by("-id").first()
        period = last.period if last is not None else hooks.period(row, now.date())
        before = acts.picture(row)
        made = ProgressReport.objects.create(
            matter=row, period=period, state="accepted", narrative=words[:2000], filed_at=now, filed_name="核查",
            version=ProgressReport.objects.filter(matter=row, period=period).count() + 1, value=value,
            percent_bp=done, decided_at=now, decided_by_id=actor.user_id, reason=words[:1000],
        )  # fmt: skip
        taken_over(row, made)
        text = f"核查，进展按{shown(progress(row))}%计：{words}"[:400]
        acts.written(row, actor=actor, act="accept_report", text=text, before=before, data={"report": made.pk})
        acts.tell_holder(row, key=f"matter.put_right:{made.pk}", text=text[:300])
        return made


def return_report(
    *, actor: Actor, matter: int, reason: str, version: int | None = None, key: str = ""
) -> ProgressReport:
    """Send the waiting report back with a reason and return it; what was accepted before stands.

    Side effects: state `returned`, history, audit, a message to the holder; a returned report lowers the organ's mark
    for quality. Errors: E_NOT_FOUND, E_FORBIDDEN, E_SELF, E_VERSION, E_CONFLICT, E_STATE, E_INPUT (no reason).
    """
    reason = reason.replace("\0", "").strip()
    with transaction.atomic():
        row = acts.opened(actor, matter)
        if (known := acts.answered(actor, key, "return_report", [matter, reason])) is not None:
            return ProgressReport.objects.get(pk=known["report"])
        report = _waiting(actor, row, version, "退回填报")
        need(reason, "退回理由")
        before = acts.picture(row)
        report.state, report.decision_reason = ProgressReport.State.RETURNED, reason
        report.decided_at, report.decided_by_id = CLOCK.now(), actor.user_id
        report.save()
        if row.state != State.PAUSED:
            row.state, row.handed_at = State.RETURNED, CLOCK.now()
        text = f"退回填报：{reason}"
        acts.written(row, actor=actor, act="return_report", text=text, before=before, data={"report": report.pk})
        acts.tell_holder(row, key=f"matter.return_report:{report.pk}", text=f"{text}（{row.title}）"[:300])
        acts.answer(actor, key, "return_report", [matter, reason], {"report": report.pk, "version": row.version})
        return report


def accept_in_silence(moment: datetime.datetime) -> int:
    """Accept the reports nobody looked at for three working days, marked so; return how many.

    Nothing becomes tacit on a day whose calendar was not announced, nor where the matter's profile wants a word.
    """
    day = day_of(moment)
    if workdays.is_provisional(day):
        return 0
    latest = workdays.shift(day, -REVIEW_WD)
    tacit = [one.key for one in PROFILES.values() if one.tacit]
    rows = ProgressReport.objects.filter(state="filed", matter__accepted_only=True, matter__is_open=True)
    rows = rows.filter(matter__profile__in=tacit)
    waiting = rows.exclude(matter__state=State.SUBMITTED).values_list("pk", "matter_id", "filed_at").order_by("pk")
    done = 0
    for pk, matter, filed_at in waiting:
        filed = day_of(filed_at)
        if filed >= latest or workdays.after(filed, day - ONE_DAY) < REVIEW_WD:
            continue
        with transaction.atomic():
            row = Matter.objects.select_for_update(of=("self",)).get(pk=matter)
            report = ProgressReport.objects.select_for_update(of=("self",)).get(pk=pk)
            if report.state != "filed" or not row.is_open or row.state == State.SUBMITTED:
                continue
            try:
                hooks.call(row, "accepting", report, TIMER)
            except LuoshiError:
                # Its room still waits for something: the head's signature, or the days counted from it.
                continue
            before = acts.picture(row)
            report.tacit = True
            _accept(row, report, TIMER)
            acts.written(
                row,
                actor=TIMER,
                act="accept_report",
                text=f"{REVIEW_WD}个工作日内没有审核，填报视为接受，进展{shown(progress(row))}%",
                before=before,
                data={"report": report.pk, "tacit": True},
            )
        done += 1
    return done


def _waiting(actor: Actor, row: Matter, version: int | None, what: str) -> ProgressReport:
    require(actor, "matter.check")
    acts.expect(row, version)
    if not row.accepted_only:
        raise LuoshiError("E_STATE", "这件事项的填报当时生效，不另审核；送核验后再接受或退回。")
    acts.in_state(row, [*RUNNING, State.PAUSED], what)
    report = ProgressReport.objects.select_for_update(of=("self",)).filter(matter=row, state="filed").first()
    if report is None:
        raise LuoshiError("E_STATE", "没有等审核的填报。")
    require_other_hand(actor, [report.filed_by_id, report.filed_for_id], what)
    return report


def _accept(row: Matter, report: ProgressReport, actor: Actor) -> None:
    report.state, report.decided_at, report.decided_by_id = "accepted", CLOCK.now(), actor.user_id
    report.save()
    taken_over(row, report)
