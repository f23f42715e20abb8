"""Work on a matter: report, hand in, check, return, cross off, open again.

Each act opens the matter under a lock, asks the permission, compares the version the caller saw, writes the matter, a
line of its history and an audit entry in one transaction, and tells people. Being in time is judged by the server's
receipt. The other acts are in `matter_steps` (pause, extend, assign, remind) and `intake` (push, settle, withdraw).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from copy import copy
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction

from luoshi.kernel.clock import CLOCK, day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import acts, concern, hooks, workdays
from luoshi.office.duties.lights import flag, in_time, progress, reached, shown
from luoshi.office.duties.lights import measured as against
from luoshi.office.duties.matter_acts_open import RUNNING, reporters
from luoshi.office.duties.matter_models import CrossOff, Evidence, Matter, ProgressReport, State
from luoshi.office.files import actions as files
from luoshi.office.permissions import require, require_other_hand
from luoshi.office.roles import Role

Upload = tuple[str, bytes]
"""A file as it comes: its name and its bytes."""

NARRATIVE = (10, 2000)
EVIDENCE_FILES = 20
_PERIOD = re.compile(r"\d{4}(-(0[1-9]|1[0-2]|Q[1-4]|H[12]|W\d\d))?")


def report_progress(
    *,
    actor: Actor,
    matter: int,
    narrative: str,
    percent: Decimal | int | str | None = None,
    value: Decimal | int | str | None = None,
    stage: str = "",
    obstacles: str = "",
    help_from: str = "",
    help_text: str = "",
    evidence: Sequence[Upload] = (),
    period: str = "",
    reason: str = "",
    version: int | None = None,
    key: str = "",
) -> ProgressReport:
    """File a progress report and return it; the report before it stays, marked as followed by this one.

    `percent` 0 to 100 with at most two decimals, `value` in the target's unit: one of them. `period` is the report's
    own (`2026-11`, `2026-Q4`; this month unless given), `reason` explains what would be asked about: a value below
    the one before or above one and a half times the target, a file already used on another matter. `help_from` is the
    slug of an organ asked for help. `version` is the matter's as the writer saw it, `key` an idempotency key.

    Side effects: files kept, the matter's progress and lights, its holder when it had none, history, audit, messages to
    the organ asked for help. Errors: E_NOT_FOUND, E_FORBIDDEN, E_VERSION, E_CONFLICT, E_STATE, E_INPUT, E_FUTURE,
    E_IMPLAUSIBLE, E_DUPLICATE (file used elsewhere, no reason), E_FILE, E_TOO_LARGE.
    """
    body = [matter, narrative, str(percent), str(value), stage, obstacles, help_from, help_text, period, reason]
    body += [[name, _sm3(data)] for name, data in evidence]
    with transaction.atomic():
        row = acts.opened(actor, matter)
        if (known := acts.answered(actor, key, "report", body)) is not None:
            return ProgressReport.objects.get(pk=known["report"])
        organs = acts.answering(row)
        acts.require_for(actor, "matter.report", organs)
        acts.expect(row, version)
        acts.in_state(row, RUNNING, "填报进展")
        hooks.call(row, "reporting", actor)
        words = _checked(narrative, obstacles, help_from, help_text, stage)
        done, measured = figures_of(row, percent, value)
        _plausible(row, measured, done, reason)
        before = acts.picture(row)
        report = _stored(actor, row, period, words, done, measured, reason, organs)
        files_of = _keep(actor, report, evidence, reason)
        said = f"填报进展 {shown(progress(_as_reported(row, report)))}%"
        if row.accepted_only:
            said += "（待审核）"
        else:
            taken_over(row, report)
        row.state, row.worked, row.last_progress_at = State.IN_PROGRESS, True, report.filed_at
        if row.holder_id is None and actor.user_id is not None:
            row.holder_id = actor.user_id
        acts.written(
            row,
            actor=actor,
            act="report",
            text=f"{said}：{report.narrative}",
            before=before,
            data={"report": report.pk, "period": report.period, "files": [one.digest for one in files_of]},
        )
        hooks.call(row, "reported", report, actor)
        if report.help_from:
            acts.tell_organ(
                report.help_from,
                (Role.CLERK, Role.LEADER),
                key=f"matter.help:{report.pk}",
                text=f"{concern.title(row.organ)}请求协助：{row.title}。{report.help_text}"[:300],
                pk=row.pk,
            )
        acts.answer(actor, key, "report", body, {"report": report.pk, "matter": row.pk, "version": row.version})
        return report


def taken_over(row: Matter, report: ProgressReport) -> None:
    """Let the figures of a report be the matter's own."""
    row.percent_bp, row.value, row.stage = report.percent_bp, report.value, report.stage or row.stage


def _as_reported(row: Matter, report: ProgressReport) -> Matter:
    """Return the matter as the report says it is; only to be looked at."""
    seen = copy(row)
    taken_over(seen, report)
    return seen


def _sm3(data: bytes) -> str:
    import hashlib

    return hashlib.new("sm3", data).hexdigest()


def _checked(narrative: str, obstacles: str, help_from: str, help_text: str, stage: str) -> dict[str, str]:
    narrative = narrative.replace("\0", "").strip()
    least, most = NARRATIVE
    if not least <= len(narrative) <= most:
        raise LuoshiError(
            "E_INPUT",
            f"“进展情况”须写{least}到{most:,}字，现在是{len(narrative)}字。请写清做了什么、做到哪一步。",
            fields={"field": "narrative", "length": len(narrative)},
        )
    if len(obstacles) > 2000 or len(help_text) > 1000 or len(stage) > 60:
        raise LuoshiError("E_INPUT", "困难至多2,000字，需协助事项至多1,000字，阶段至多60字。请精简。")
    help_from = help_from.strip()
    if help_from and not concern.known(help_from):
        raise LuoshiError("E_INPUT", f"没有单位“{help_from[:60]}”，请从单位名册里选。", fields={"field": "help_from"})
    return {
        "narrative": narrative,
        "obstacles": obstacles.replace("\0", "").strip(),
        "help_from": help_from,
        "help_text": help_text.replace("\0", "").strip(),
        "stage": stage.replace("\0", "").strip(),
    }


def number(text: Decimal | int | str | None, name: str, places: int) -> Decimal | None:
    """Return the number a field holds, None when it is empty; E_INPUT for what is none or has more decimals."""
    if text is None or text == "":
        return None
    try:
        found = Decimal(str(text).strip().replace(",", "").removesuffix("%"))
    except InvalidOperation:
        raise LuoshiError("E_INPUT", f"“{name}”应是数字。", fields={"field": name}) from None
    if not found.is_finite() or abs(found) >= Decimal(10) ** 13 or found != round(found, places):
        raise LuoshiError("E_INPUT", f"“{name}”应是至多{places}位小数的数字。", fields={"field": name})
    return found


def figures_of(
    row: Matter, percent: Decimal | int | str | None = None, value: Decimal | int | str | None = None
) -> tuple[int, Decimal | None]:
    """Return progress in 1/10,000 and the value of what is typed, either of them; E_INPUT with the field."""
    done, measured = number(percent, "完成比例", 2), number(value, "完成值", 6)
    if done is None and measured is None:
        raise LuoshiError("E_INPUT", "请填完成比例，或按目标的单位填完成值。", fields={"field": "percent"})
    if done is not None and not 0 <= done <= 100:
        raise LuoshiError("E_INPUT", "完成比例应在0到100之间。", fields={"field": "percent"})
    if measured is not None and measured < 0:
        raise LuoshiError("E_INPUT", "完成值不能是负数。", fields={"field": "value"})
    if done is not None:
        return int(done * 100), measured
    if (found := against(row, measured)) is None:
        raise LuoshiError("E_INPUT", "这件事项没有可对照的目标值，请填完成比例。", fields={"field": "percent"})
    return int(found.percent * 100), measured


def _plausible(row: Matter, measured: Decimal | None, done: int, reason: str) -> None:
    if reason.strip():
        return
    falling = row.target_value is not None and row.baseline is not None and row.target_value < row.baseline
    if measured is not None and row.value is not None and not falling and measured < row.value:
        text = f"完成值{measured}比上次的{row.value.normalize():f}小"
    elif measured is not None and row.value is not None and falling and measured > row.value:
        text = f"完成值{measured}比上次的{row.value.normalize():f}大，目标是往下降"
    elif measured is not None and _far_beyond(row, measured):
        assert row.target_value is not None
        text = f"完成值{measured}超过目标值{row.target_value.normalize():f}的1.5倍"
    elif measured is None and done < row.percent_bp:
        text = f"完成比例比上次的{row.percent_bp / 100:g}%小"
    else:
        return
    raise LuoshiError("E_IMPLAUSIBLE", f"{text}，请核对；确实如此请写明理由。", fields={"field": "reason"})


def _far_beyond(row: Matter, measured: Decimal) -> bool:
    if not row.target_value or row.comparator == "<=" or row.target_value < (row.baseline or 0):
        return False
    return measured > (row.upper or row.target_value) * Decimal("1.5")


def _stored(
    actor: Actor,
    row: Matter,
    period: str,
    words: dict[str, str],
    done: int,
    measured: Decimal | None,
    reason: str,
    organs: frozenset[str],
) -> ProgressReport:
    now = CLOCK.now()
    period = period.strip() or hooks.period(row, now.date())
    if not _PERIOD.fullmatch(period):
        raise LuoshiError("E_INPUT", "填报期应如 2026、2026-11、2026-Q4。", fields={"field": "period"})
    if _first_day(period) > now.date():
        raise LuoshiError("E_FUTURE", f"{period}还没有到，不能预先填报。", fields={"field": "period"})
    ProgressReport.objects.filter(matter=row, state="filed").update(state="superseded")
    version = ProgressReport.objects.filter(matter=row, period=period).count() + 1
    reach = concern.organs_for(actor, "matter.report")
    own = sorted(organs if reach is None else organs & reach)
    return ProgressReport.objects.create(
        matter=row,
        period=period,
        version=version,
        value=measured,
        percent_bp=done,
        reason=reason.strip()[:1000],
        filed_at=now,
        filed_by_id=actor.user_id,
        filed_for_id=actor.for_id,
        filed_name=actor.name[:100],
        organ=row.organ if row.organ in own or not own else own[0],
        **words,
    )


def _first_day(period: str) -> datetime.date:
    year, _, part = period.partition("-")
    if part.startswith("W"):
        try:
            return datetime.date.fromisocalendar(int(year), int(part[1:]), 1)
        except ValueError:
            raise LuoshiError("E_INPUT", f"{year}年没有第{part[1:]}周。", fields={"field": "period"}) from None
    first = {"Q": 3, "H": 6}.get(part[:1])
    if not 1949 <= int(year) <= 2100:
        raise LuoshiError("E_INPUT", "填报期的年份不对。", fields={"field": "period"})
    month = (int(part[1:]) - 1) * first + 1 if first else int(part or 1)
    return datetime.date(int(year), month, 1)


def _keep(actor: Actor, report: ProgressReport, uploads: Sequence[Upload], reason: str) -> list[Evidence]:
    if len(uploads) > EVIDENCE_FILES:
        raise LuoshiError("E_INPUT", f"一次至多上传{EVIDENCE_FILES}个文件。", fields={"field": "evidence"})
    found: dict[str, Evidence] = {}
    for name, data in uploads:
        kept = files.keep(actor=actor, name=name, data=data)
        if kept.state == "quarantined":
            raise LuoshiError(
                "E_FILE",
                f"“{kept.name}”没有通过检查（{kept.reason}），没有保存这次填报。请换一个文件。",
                fields={"field": "evidence", "file": kept.name},
            )
        elsewhere = Evidence.objects.filter(digest=kept.digest).exclude(matter=report.matter_id).order_by("id").first()
        if elsewhere is not None and not reason.strip():
            raise LuoshiError(
                "E_DUPLICATE",
                f"“{name}”已经用作第 {elsewhere.matter_id} 号事项的证据。确需重复使用，请写明理由。",
                fields={"field": "reason", "file": name, "matter": elsewhere.matter_id},
            )
        files.attach(actor=actor, file=kept, subject=f"report:{report.pk}", name=name)
        found[kept.digest] = Evidence(
            report=report,
            matter_id=report.matter_id,
            digest=kept.digest,
            name=kept.name[:200],
            size_bytes=kept.size_bytes,
            media_type=kept.media_type[:100],
            reused_from_id=elsewhere.matter_id if elsewhere else None,
            kept_at=report.filed_at,
        )
    return Evidence.objects.bulk_create(found.values())


def submit_for_check(
    *, actor: Actor, matter: int, version: int | None = None, key: str = "", note: str = ""
) -> CrossOff:
    """Hand the open report in for check and return the submission; the moment of receipt decides whether in time.

    Side effects: state `submitted`, a snapshot of the evidence's digests, history, audit, a message to supervision.
    Errors: E_NOT_FOUND, E_FORBIDDEN, E_VERSION, E_CONFLICT, E_STATE, E_INCOMPLETE (no report, target not reached, no
    evidence; `missing` lists them).
    """
    with transaction.atomic():
        row = acts.opened(actor, matter)
        if (known := acts.answered(actor, key, "submit", [matter, note])) is not None:
            return CrossOff.objects.get(pk=known["check"])
        acts.require_for(actor, "matter.report", acts.answering(row))
        acts.expect(row, version)
        acts.in_state(row, RUNNING, "送核验")
        counting = ["filed", "accepted"] if row.accepted_only else ["filed"]
        report = ProgressReport.objects.filter(matter=row, state__in=counting).order_by("-id").first()
        evidence = list(Evidence.objects.filter(matter=row).order_by("id"))
        if missing := _missing(row, report, evidence):
            raise LuoshiError("E_INCOMPLETE", f"还不能送核验：{'；'.join(missing)}。", fields={"missing": missing})
        assert report is not None
        hooks.call(row, "submitting", actor)
        before, now = acts.picture(row), CLOCK.now()
        check = CrossOff.objects.create(
            matter=row,
            report=report,
            snapshot=[{"digest": one.digest, "name": one.name, "report": one.report_id} for one in evidence],
            submitted_at=now,
            effective_at=_effective(row, now),
            reporter_id=report.filed_by_id,
            submitter_id=actor.user_id,
            organ=row.organ,
        )
        row.state, row.submitted_at, row.worked = State.SUBMITTED, now, True
        acts.written(
            row,
            actor=actor,
            act="submit",
            text=f"送核验，附证据{len(evidence)}份" + (f"：{note.strip()}" if note.strip() else ""),
            before=before,
            data={"check": check.pk, "report": report.pk},
        )
        hooks.call(row, "submitted", check, actor)
        acts.tell_supervision(
            key=f"matter.submit:{check.pk}", text=f"等您核验：{row.title}（{concern.title(row.organ)}）", pk=row.pk
        )
        acts.answer(actor, key, "submit", [matter, note], {"check": check.pk, "version": row.version})
        return check


def _missing(row: Matter, report: ProgressReport | None, evidence: Sequence[Evidence]) -> list[str]:
    found = []
    if report is None:
        found.append("没有填报进展，请先填报")
    elif not reached(seen := _as_reported(row, report)):
        found.append(_short_of(seen))
    if not any(not one.quarantined for one in evidence):
        found.append("没有证据，请上传文件")
    return found


def _short_of(row: Matter) -> str:
    """Say in which way the target is not reached."""
    odd = f"（{odd}）" if (odd := flag(row)) else ""
    return f"完成{shown(progress(row))}%，没有达到目标{odd}"


def _effective(row: Matter, now: datetime.datetime) -> datetime.datetime:
    """Return the receipt that counts: the first one's while every return since was for form only."""
    counted = now
    for check in CrossOff.objects.filter(matter=row).exclude(decision="").order_by("-id"):
        if check.decision != CrossOff.Decision.FORMAL:
            break
        counted = check.effective_at
    return counted


def _waiting_check(row: Matter) -> CrossOff:
    return CrossOff.objects.select_for_update().get(matter=row, decision="")


def _require_checker(actor: Actor, row: Matter) -> str:
    """Refuse whoever may not check this matter; return the organ the checker acts from."""
    require(actor, "matter.check")
    require_other_hand(actor, [*reporters(row)], "核验销号")
    leads = acts.answering(row)
    if not concern.own_organs(actor).isdisjoint(leads):
        raise LuoshiError("E_SELF", "核验人不得为责任单位人员。请由其他单位的督查人员核验。")
    return actor.organ


def return_matter(
    *,
    actor: Actor,
    matter: int,
    reason: str,
    formal: bool = False,
    version: int | None = None,
    key: str = "",
) -> CrossOff:
    """Send a submission back with a reason and return it; `formal`: only its form was wrong, the receipt stands.

    Side effects: state `returned`, the report marked, history, audit, a message to the holder. Errors: E_NOT_FOUND,
    E_FORBIDDEN, E_SELF (who reported, or whose organ owes it), E_VERSION, E_CONFLICT, E_STATE, E_INPUT (no reason).
    """
    reason = reason.replace("\0", "").strip()
    with transaction.atomic():
        row = acts.opened(actor, matter)
        if (known := acts.answered(actor, key, "return", [matter, reason, formal])) is not None:
            return CrossOff.objects.get(pk=known["check"])
        require(actor, "matter.check")
        acts.expect(row, version)
        acts.in_state(row, [State.SUBMITTED], "退回")
        organ = _require_checker(actor, row)
        need(reason, "退回理由")
        before, now = acts.picture(row), CLOCK.now()
        check = _waiting_check(row)
        check.decision = CrossOff.Decision.FORMAL if formal else CrossOff.Decision.SUBSTANCE
        check.reason, check.decided_at, check.checker_id, check.checker_organ = reason, now, actor.user_id, organ
        check.save()
        # What was accepted before stays accepted.
        ProgressReport.objects.filter(pk=check.report_id, state="filed").update(
            state="returned", decided_at=now, decided_by=actor.user_id, decision_reason=reason
        )
        row.state, row.handed_at = State.RETURNED, now
        acts.written(
            row,
            actor=actor,
            act="return",
            text=f"退回（{'形式' if formal else '实质'}）：{reason}",
            before=before,
            data={"check": check.pk, "formal": formal},
        )
        acts.tell_holder(row, key=f"matter.return:{check.pk}", text=f"退回：{row.title}。理由：{reason}"[:300])
        acts.answer(actor, key, "return", [matter, reason, formal], {"check": check.pk, "version": row.version})
        return check


def accept_and_cross_off(
    *, actor: Actor, matter: int, note: str = "", version: int | None = None, key: str = ""
) -> CrossOff:
    """Accept what was handed in and cross the matter off (销号); return the check, which says whether it was in time.

    Side effects: state `crossed_off`, dates of completion and lateness, the report accepted, history, audit, messages
    to holder and reporter. Errors: E_NOT_FOUND, E_FORBIDDEN, E_SELF, E_VERSION, E_CONFLICT, E_STATE, E_RULE (target not
    reached by exact value).
    """
    with transaction.atomic():
        row = acts.opened(actor, matter)
        if (known := acts.answered(actor, key, "cross_off", [matter, note])) is not None:
            return CrossOff.objects.get(pk=known["check"])
        require(actor, "matter.check")
        acts.expect(row, version)
        acts.in_state(row, [State.SUBMITTED], "销号")
        organ = _require_checker(actor, row)
        before, now = acts.picture(row), CLOCK.now()
        check = _waiting_check(row)
        if row.accepted_only:
            taken_over(row, check.report)
        if not reached(row):
            raise LuoshiError("E_RULE", f"{_short_of(row)}，不能销号。可写明理由退回。")
        hooks.call(row, "crossing", check, actor)
        check.decision, check.decided_at = CrossOff.Decision.ACCEPTED, now
        check.checker_id, check.checker_organ, check.reason = actor.user_id, organ, note.strip()[:1000]
        check.late = not in_time(row, check.effective_at)
        check.late_wd = workdays.after(row.due_on, day_of(check.effective_at)) if check.late and row.due_on else 0
        check.save()
        ProgressReport.objects.filter(pk=check.report_id, state="filed").update(
            state="accepted", decided_at=now, decided_by=actor.user_id
        )
        row.state, row.crossed_off_at, row.crossed_off_by_id = State.CROSSED_OFF, now, actor.user_id
        row.completed_at, row.completed_late, row.supervised_at = check.effective_at, check.late, None
        when = f"，晚{check.late_wd}个工作日" if check.late else "，按期" if row.due_on else ""
        acts.written(
            row,
            actor=actor,
            act="cross_off",
            text=f"核验通过，销号{when}" + (f"：{note.strip()}" if note.strip() else ""),
            before=before,
            data={"check": check.pk, "late": check.late, "late_wd": check.late_wd, "snapshot": check.snapshot},
        )
        acts.tell(
            [row.holder_id, check.submitter_id],
            key=f"matter.cross_off:{check.pk}",
            text=f"已销号：{row.title}{when}",
            pk=row.pk,
        )
        acts.answer(actor, key, "cross_off", [matter, note], {"check": check.pk, "version": row.version})
        return check


def reopen(*, actor: Actor, matter: int, reason: str, version: int | None = None, key: str = "") -> Matter:
    """Open a crossed-off matter again, with a reason; what was accepted stays in its history.

    Side effects: state `in_progress`, the check marked, history, audit, a message to the holder. Errors: E_NOT_FOUND,
    E_FORBIDDEN, E_VERSION, E_CONFLICT, E_STATE, E_INPUT (no reason).
    """
    reason = reason.replace("\0", "").strip()
    with transaction.atomic():
        row = acts.opened(actor, matter)
        if acts.answered(actor, key, "reopen", [matter, reason]) is not None:
            return row
        require(actor, "matter.reopen")
        acts.expect(row, version)
        acts.in_state(row, [State.CROSSED_OFF], "重新打开")
        need(reason, "重新打开的理由")
        before, now = acts.picture(row), CLOCK.now()
        check = CrossOff.objects.select_for_update().get(matter=row, decision="accepted", reopened_at__isnull=True)
        check.reopened_at, check.reopened_by_id, check.reopened_why = now, actor.user_id, reason
        check.save()
        row.state, row.crossed_off_at, row.crossed_off_by, row.completed_at = State.IN_PROGRESS, None, None, None
        row.completed_late, row.submitted_at, row.handed_at = None, None, now
        acts.written(
            row, actor=actor, act="reopen", text=f"重新打开：{reason}", before=before, data={"check": check.pk}
        )
        acts.tell_holder(row, key=f"matter.reopen:{check.pk}", text=f"重新打开：{row.title}。理由：{reason}"[:300])
        acts.answer(actor, key, "reopen", [matter, reason], {"version": row.version})
        return row


def need(text: str, name: str, most: int = 1000) -> None:
    """Refuse with E_INPUT a text that is empty or too long."""
    if not text:
        raise LuoshiError("E_INPUT", f"请写明{name}。", fields={"field": "reason"})
    if len(text) > most:
        raise LuoshiError("E_INPUT", f"{name}至多{most:,}字，现在是{len(text)}字。", fields={"field": "reason"})


def state_of(row: Matter) -> dict[str, Any]:
    """Return id, state and version of a matter as plain data: what an act answers."""
    return {"id": row.pk, "state": row.state, "version": row.version}
