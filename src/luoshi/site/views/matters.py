"""One matter: what is owed, how far it is, who holds it, what happened; the acts on it; its evidence."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from luoshi.kernel.clock import day_of, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import hooks, matter_queries, workdays
from luoshi.office.duties.lights import Lamp, profile_of, shown
from luoshi.office.duties.matter_models import FAR, CrossOff, Evidence, Matter, MatterEvent, MatterOrgan, State
from luoshi.office.duties.matter_queries import MatterDetail
from luoshi.office.files import queries as files
from luoshi.office.files.models import StoredFile
from luoshi.office.instruments.validity import judge
from luoshi.office.web import attachment
from luoshi.site import matter_acts, matter_rows, present
from luoshi.site.access import actor_of, needs
from luoshi.site.context import AsOf, as_of
from luoshi.site.matter_acts import ACTS, Act
from luoshi.site.pages import page
from luoshi.site.views.known import library_addresses

PICTURES = ("image/jpeg", "image/png")
"""What a browser may show in the page; anything else is handed out as a file."""


@needs("matter.see")
@require_safe
def matter(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one matter; `?act=` opens the form of an act."""
    actor, seen = actor_of(request), as_of(request)
    detail = matter_queries.detail(actor, pk, seen.date)
    act = ACTS.get(request.GET.get("act", ""))
    if act is not None and (act.needs not in detail.may or seen.active):
        act = None
    return _show(request, detail, seen, act)


@needs("matter.see")
@require_POST
def do(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Do an act. A refusal shows the page again with what was typed; a newer version shows both contents (409)."""
    actor, wanted = actor_of(request), ACTS.get(act)
    if wanted is None:
        raise LuoshiError("E_NOT_FOUND", _("没有这个办理动作。"))
    found = matter_queries.get(actor, pk)
    try:
        wanted.run(actor, found, request.POST, request.FILES)
    except LuoshiError as error:
        return _refused(request, actor, pk, wanted, error)
    said = "submitted" if request.POST.get("then") == "submit" else wanted.key
    return HttpResponseRedirect(f"{matter_rows.matter_href(pk)}?done={said}", status=303)


def _refused(request: HttpRequest, actor: Actor, pk: int, act: Act, error: LuoshiError) -> HttpResponse:
    if error.code == "E_NOT_FOUND":
        raise error
    seen = as_of(request)
    if error.fields.get("saved"):
        # The report is stored; the page shows it, with what is still missing for the check.
        return _show(request, matter_queries.detail(actor, pk, seen.date), seen, None, error=error)
    detail = matter_queries.detail(actor, pk, seen.date)
    return _show(request, detail, seen, act, error=error, values=matter_acts.typed(request))


def _show(
    request: HttpRequest,
    detail: MatterDetail,
    seen: AsOf,
    act: Act | None,
    *,
    error: LuoshiError | None = None,
    values: Mapping[str, str] | None = None,
) -> HttpResponse:
    actor, day, row = actor_of(request), seen.date, detail.matter
    shown_row = matter_rows.rows_of([row], day)[0]
    clause = row.duty.clause if row.duty is not None else None
    stale = error is not None and error.code == "E_VERSION"
    room = hooks.block(row, actor, day)
    # What another hand has to do first is not offered; the room's block says whose.
    withheld = (room or {}).get("withheld", ())
    offered = [one for one in matter_acts.offered(detail) if one.key not in withheld]
    acts = [] if seen.active else [one for one in offered if one is not act]
    if act is not None and act.key in withheld and error is None:
        act = None
    hands = None if seen.active or act is not None else _hands(detail, actor)
    context: dict[str, Any] = {
        "page_title": row.title,
        "crumbs": [
            {"title": _("责任台账"), "href": reverse("duties")},
            {"title": row.get_kind_display(), "href": f"{reverse('duties')}?kind={row.kind}"},
        ],
        "row": shown_row,
        "matter": row,
        "holder": matter_rows.holder_line(detail.holding),
        "derived": matter_rows.derived(row, detail.pauses, day),
        "silence": _silence(row),
        "lamp": detail.lamp,
        "reasons": _reasons(row, detail.lamp, day),
        "steps": _steps(row, detail.checks, day),
        "clause": clause,
        "duty": row.duty,
        "validity": _validity(row, day),
        "reports": _reports(detail, day),
        "checks": _checks(detail, day),
        "extensions": detail.extensions,
        "room": room,
        "pauses": detail.pauses,
        "events": _events(detail, day),
        "organs": [
            {"name": one.name, "role": one.get_role_display(), "link": matter_rows.organ_of(one.organ, one.name)}
            for one in detail.organs
        ],
        "pending": row.pending_duty,
        "acts": acts,
        "hands": hands,
        "others": [one for one in acts if hands is None or one.needs != "check"],
        "version": row.version,
        "key": uuid4().hex,
        "done": _done(request.GET.get("done", "")) if error is None else "",
        "error": error,
        "errors": _errors(error),
        "stale": _stale(detail, error, values or {}) if stale else None,
    }
    if act is not None:
        context |= matter_acts.form_context(act, detail, values or {}, actor)
        context["consequence"] = matter_acts.consequence(act, detail, actor, day)
    status = error.http_status if error is not None else 200
    return page(request, "site/matter.html", context, fragment="matter", status=status)


def _done(key: str) -> str:
    if key == "submitted":
        return _("进展已存，并已送市政府办督查核验。")
    return str(ACTS[key].said) if key in ACTS else ""


def _errors(error: LuoshiError | None) -> dict[str, str]:
    if error is None or error.code == "E_VERSION":
        return {}
    field = error.fields.get("field", "")
    return {field if isinstance(field, str) else "": error.message}


def _silence(row: Matter) -> str:
    if not row.is_open or row.due_on is None or row.backlog:
        return ""
    if row.state == State.SUBMITTED and row.late_on == FAR:
        return _("已按时送核验：核验期间不计逾期；退回后期限照旧")
    grace = profile_of(row).grace
    if grace is not None:
        return (
            _("过了这天没有销号即逾期：先黄，过%d个工作日变红；次日提醒办理人，逐级提醒单位负责人，再列入督办") % grace
        )
    return _("过了这天没有销号即逾期变红：次日提醒办理人，逐级提醒单位负责人，再列入督办")


def _validity(row: Matter, day: datetime.date) -> Any:
    if row.instrument is None:
        return None
    judged = judge([row.instrument], day, estimate=True)[row.instrument.pk]
    return present.shown_validity(judged, library_addresses([judged]))


def _reasons(row: Matter, lamp: Lamp, day: datetime.date) -> list[dict[str, Any]]:
    """Return why the lamp is what it is, the deciding sentence first."""
    good = {"red": False, "yellow": False, "green": True, "blue": True}.get(lamp.light)
    found: list[dict[str, Any]] = [{"ok": good, "text": lamp.reason, "cite": None}]
    if row.is_open and row.due_on is not None and lamp.planned is not None and row.due_on > row.start:
        profile = profile_of(row)
        begins = profile.from_day(row.start)
        total = (row.due_on - begins).days
        told = {
            "total": total, "gone": min(max((day - begins).days, 0), total), "plan": shown(lamp.planned),
            "done": shown(lamp.done),
        }  # fmt: skip
        if row.planned_points:
            words = _("按计划点：今天应完成 %(plan)s%%，实际 %(done)s%%") % told
        elif profile.both_days:
            words = (
                _("按日匀速：首尾两天都算共 %(total)d 天，到今天 %(gone)d 天，应完成 %(plan)s%%，实际 %(done)s%%")
                % told
            )
        else:
            words = _("按日匀速：%(total)d 天过了 %(gone)d 天，今天应完成 %(plan)s%%，实际 %(done)s%%") % told
        gap = lamp.planned - lamp.done
        limits = {"gap": shown(gap), "yellow": profile.yellow, "red": profile.red}
        if gap <= 0:
            note = _("不落后于计划")
        elif profile.beyond:
            note = _("差 %(gap)s 个百分点；过 %(yellow)d 变黄，过 %(red)d 变红") % limits
        else:
            note = _("差 %(gap)s 个百分点；差 %(yellow)d 变黄，差 %(red)d 变红") % limits
        found.append({"ok": None, "text": f"{words}；{note}", "cite": None})
    if lamp.overdue and row.due_on is not None:
        late = workdays.after(row.due_on, day)
        words = _("最后一日 %(day)s，今天是其后第 %(n)d 天（%(wd)d 个工作日）") % {
            "day": present.day_words(row.due_on, day), "n": lamp.late_days, "wd": late
        }  # fmt: skip
        found.append({"ok": None, "text": words, "cite": None})
    return found


def _steps(row: Matter, checks: list[CrossOff], day: datetime.date) -> list[dict[str, str]]:
    """Return the step bar: taken up, worked on, handed in, checked and crossed off."""
    order = {State.OPEN: 0, State.IN_PROGRESS: 1, State.RETURNED: 1, State.PAUSED: 1, State.SUBMITTED: 2}
    here = order.get(State(row.state), 3) if row.is_open else 4

    def moment(at: datetime.datetime | None) -> str:
        return present.day_words(day_of(at), day) if at else ""

    returned = sum(1 for check in checks if check.decision in ("formal", "substance"))
    words = (
        (_("立项"), moment(row.created_at)),
        (_("办理"), _("暂停") if row.state == State.PAUSED else moment(row.last_progress_at) or _("还没有填报")),
        (_("送核验"), moment(row.submitted_at) or (_("退回过 %d 次") % returned if returned else "")),
        (_("核验"), _("须另一人，不属责任单位")),
        (_("销号"), moment(row.crossed_off_at)),
    )
    last = 3 if row.state == State.SUBMITTED else here
    return [
        {
            "title": title,
            "note": note,
            "state": "done" if n < last or not row.is_open else "here" if n == last else "next",
        }
        for n, (title, note) in enumerate(words)
    ]


def _file_note(size: int, name: str) -> str:
    ending = name.rpartition(".")[2].upper()[:5] if "." in name else ""
    return " · ".join(part for part in (ending, present.size_words(size)) if part)


def _tiles(pk: int, rows: list[Evidence], marks: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    found = []
    for one in rows:
        href = reverse("matter-evidence", args=[pk, one.pk])
        flags = [_("第 %d 号事项也用过") % one.reused_from_id] if one.reused_from_id else []
        flags += [_("已隔离")] if one.quarantined else []
        flags += marks.get(one.digest, [])
        found.append(
            {
                "title": one.name,
                "href": "" if one.quarantined else href,
                "note": _file_note(one.size_bytes, one.name),
                "at": one.kept_at,
                "digest": one.digest,
                "flags": flags,
                "picture": f"{href}?show=1" if one.media_type in PICTURES and not one.quarantined else "",
            }
        )
    return found


def _reports(detail: MatterDetail, day: datetime.date) -> list[dict[str, Any]]:
    unit = detail.matter.target_unit
    # What a phone told of its photos: taken before the task began, too far away, no place.
    told = [one.data.get("photos", ()) for one in detail.events if one.act == "field"]
    marks = {one["digest"]: one["flags"] for photos in told for one in photos if one.get("digest")}
    return [
        {
            "row": report,
            "state_word": report.get_state_display(),
            "percent": f"{report.percent_bp / 100:g}",
            "value": f"{matter_rows.plain_number(report.value)} {unit}".strip() if report.value is not None else "",
            "at": report.filed_at,
            "tiles": _tiles(detail.matter.pk, detail.evidence.get(report.pk, []), marks),
            "help": report.help_from,
        }
        for report in detail.reports
    ]


def _checks(detail: MatterDetail, day: datetime.date) -> list[dict[str, Any]]:
    return [
        {
            "row": check,
            "word": check.get_decision_display() if check.decision else _("等核验"),
            "tone": {"accepted": "green", "formal": "yellow", "substance": "red"}.get(check.decision, ""),
            "submitter": check.submitter.name if check.submitter is not None else "",
            "checker": check.checker.name if check.checker is not None else "",
            "files": len(check.snapshot),
        }
        for check in detail.checks
    ]


def _events(detail: MatterDetail, day: datetime.date) -> list[dict[str, Any]]:
    """Return the timeline, newest first, with what will come by itself on top."""
    row = detail.matter
    found: list[dict[str, Any]] = []
    if row.is_open and row.due_on is not None and row.state != State.PAUSED and row.due_on >= day:
        if row.late_on != FAR:
            after = present.day_words(row.late_on, day)
            red = profile_of(row).overdue(0) == "red"
            words = _("没有销号：变红，提醒办理人") if red else _("没有销号：变黄，提醒办理人")
            found.append({"at": f"{after} 00:00", "words": words, "kind": "future"})
        hour = row.due_time.strftime("%H:%M") if row.due_time is not None else "24:00"
        found.append({"at": f"{present.day_words(row.due_on, day)} {hour}", "words": _("期限届满"), "kind": "future"})
    return found + [_event(event, day) for event in detail.events]


def _event(event: MatterEvent, day: datetime.date) -> dict[str, Any]:
    at = local(event.at)
    when = _("今天 %s") % f"{at:%H:%M}" if at.date() == day else f"{present.day_words(at.date(), day)} {at:%H:%M}"
    person = event.user_id is not None
    words = f"{event.who} {event.text}" if person else event.text
    return {"at": when, "words": words, "note": "" if person else event.who, "kind": "person" if person else "auto"}


def _hands(detail: MatterDetail, actor: Actor) -> dict[str, Any] | None:
    """Return the two persons of a check that waits: who handed in, and the checker."""
    check = next((row for row in detail.checks if not row.decision), None)
    if check is None:
        return None
    mine = "check" in detail.may
    submitter = check.submitter.name if check.submitter is not None else _("接口送入")
    second = {"name": actor.name if mine else "", "post": _("核验"), "at": None, "you": mine,
              "note": _("看到全部填报和证据后办") if mine else _("不是送核验的人，不属责任单位")}  # fmt: skip
    pair: dict[str, Any] = {
        "first": {"name": submitter, "post": _("送核验"), "at": check.submitted_at,
                  "you": check.submitter_id in actor.hands, "note": _("附证据 %d 份") % len(check.snapshot)},
        "second": second,
    }  # fmt: skip
    if mine:
        pair["act"] = {"name": "act", "value": "accept", "words": _("接受并销号")}
        pair["back"] = {"name": "act", "value": "return", "words": _("退回（写理由）")}
    return pair


def _stale(detail: MatterDetail, error: LuoshiError | None, values: Mapping[str, str]) -> dict[str, Any]:
    """Return both contents: what stands now, and what was typed; and what happened in between."""
    row = detail.matter
    yours = error.fields.get("yours", 0) if error is not None else 0
    between = [event for event in detail.events if event.version > (yours if isinstance(yours, int) else 0)]
    last = detail.reports[0] if detail.reports else None
    now = {
        "percent": f"{row.percent_bp / 100:g}",
        "value": f"{row.value.normalize():f}" if row.value is not None else "",
        "stage": row.stage,
        "narrative": last.narrative if last else "",
        "obstacles": last.obstacles if last else "",
        "new_due": f"{row.due_on or ''}",
        "user": str(row.holder_id or ""),
    }
    labels = {
        "percent": _("完成比例 %"), "value": _("完成值"), "stage": _("阶段"), "narrative": _("进展情况"),
        "obstacles": _("困难"), "new_due": _("期限"), "reason": _("理由"), "note": _("说明"), "text": _("催办的话"),
        "user": _("办理人"),
    }  # fmt: skip
    rows = [
        {"label": label, "old": now.get(name, ""), "new": values.get(name, "")}
        for name, label in labels.items()
        if values.get(name) and values.get(name) != now.get(name, "")
    ]
    return {"message": error.message if error else "", "rows": rows, "state": row.get_state_display(),
            "events": [_event(event, day_of(row.updated_at)) for event in between[:5]]}  # fmt: skip


@needs("matter.see")
@require_safe
def evidence(request: HttpRequest, pk: int, evidence_id: int) -> HttpResponse:
    """Hand out one file of evidence to whoever may see its matter; E_NOT_FOUND for anybody else."""
    found = matter_queries.get(actor_of(request), pk)
    row = Evidence.objects.filter(matter=found, pk=evidence_id).first()
    kept = StoredFile.objects.filter(digest=row.digest).first() if row is not None else None
    if row is None or kept is None:
        raise LuoshiError("E_NOT_FOUND", _("没有这份证据。"))
    body = files.read(kept)
    shows = request.GET.get("show") == "1" and kept.media_type in PICTURES
    return attachment(body, row.name, kept.media_type if shows else "application/octet-stream", inline=shows)


urlpatterns: list[URLPattern] = [
    path("tasks/<int:pk>/", matter, name="matter"),
    path("tasks/<int:pk>/evidence/<int:evidence_id>/", evidence, name="matter-evidence"),
    path("tasks/<int:pk>/<slug:act>/", do, name="matter-act"),
]

__all__ = ["MatterOrgan", "do", "evidence", "matter"]
