"""What the room adds to the page of a smallest task: signatures, words of cooperating organs, changes, papers."""

from __future__ import annotations

import datetime
from fractions import Fraction
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from luoshi.kernel.clock import CLOCK, day_of
from luoshi.office.actors import Actor
from luoshi.office.duties import concern, curve, hooks
from luoshi.office.duties.matter_models import Extension, Matter, ProgressReport
from luoshi.programmes.supervision import adjusting, correcting, signing, works
from luoshi.programmes.supervision.crossing import leaf_of
from luoshi.programmes.supervision.letters import ROOM
from luoshi.programmes.supervision.models import Adjustment, CoopConfirmation, CrossOffRequest, ReportSignature

_SAID = {"confirmed": "green", "tacit": "", "objected": "red", "overruled": "yellow", "waiting": "blue"}
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 560, 180, 34, 92, 12, 24


@hooks.block_of(ROOM)
def block(matter: Matter, actor: Actor, day: datetime.date) -> dict[str, Any] | None:
    """Return what the page of a smallest task shows besides; nothing for other matters of the room."""
    leaf = leaf_of(matter)
    if leaf is None:
        return None
    reports = list(ProgressReport.objects.filter(matter=matter, state="filed")[:1])
    signed = list(ReportSignature.objects.filter(report__matter=matter).select_related("report").order_by("-pk")[:6])
    unsigned = bool(reports) and reports[0].pk not in {one.report_id for one in signed}
    changes = list(adjusting.of(matter))
    waiting = next((one for one in changes if not one.decision), None)
    last = next((one for one in reversed(changes) if one.kind == Adjustment.Kind.TARGET and one.decision != "refused"),
                None)  # fmt: skip
    return {
        "template": "supervision/matter_block.html",
        "leaf": leaf,
        "report": reports[0] if reports else None,
        "unsigned": unsigned,
        # What the office cannot do yet: it accepts a report after the head has signed it.
        "withheld": ("accept_report",) if unsigned else (),
        "may_sign": unsigned and signing.signs(actor, matter) and CLOCK.today() == day,
        "signed": signed,
        "said": _said(matter),
        "requests": _requests(matter),
        "extensions": list(Extension.objects.filter(matter=matter).order_by("pk")),
        "changes": [
            {"row": one, "words": adjusting.words(one),
             "tone": {"approved": "green", "refused": "red"}.get(one.decision, "yellow")}
            for one in changes
        ],
        "may_ask": adjusting.may_ask(actor, matter),
        "corrections": list(correcting.of(matter)[:6]),
        "object_by": works.object_by(matter) if works.may_object(actor, matter) else None,
        "may_correct": matter.is_open and (correcting.may_order(actor, matter) or correcting.may_answer(actor, matter)),
        "waiting": waiting,
        "may_decide": waiting is not None and adjusting.may_decide(actor, waiting),
        "curves": curves(matter, last, day) if last is not None else "",
        "matter": matter,
    }  # fmt: skip


def _requests(matter: Matter) -> list[dict[str, Any]]:
    rows = CrossOffRequest.objects.filter(check_of__matter=matter).select_related("check_of").order_by("pk")
    return [{"row": one, "check": one.check_of} for one in rows]


def _said(matter: Matter) -> list[dict[str, Any]]:
    """Return what each cooperating organ said to each request, and whether within its days."""
    rows = (
        CoopConfirmation.objects.filter(check_of__matter=matter).select_related("check_of").order_by("-check_of", "pk")
    )
    found = list(rows)
    names = concern.titles({one.organ for one in found})
    return [
        {"row": one, "organ": names.get(one.organ, one.organ), "tone": _SAID[one.state], "time": _time(one)}
        for one in found
    ]


def _time(one: CoopConfirmation) -> str:
    if one.state == CoopConfirmation.State.TACIT:
        return _("到期未表态")
    if one.answered_at is None:
        return _("还没有表态")
    return _("按时表态") if day_of(one.answered_at) <= one.due_on else _("过期表态")


# --- both curves ------------------------------------------------------------------------------------------------------


def curves(matter: Matter, change: Adjustment, day: datetime.date) -> SafeString:
    """Return the plan before and after a change, and how far the task is, as a picture in the page."""
    new_points = matter.planned_points if change.decision else [
        one for one in change.old_points if one[0] < str(change.new_due)
    ]  # fmt: skip
    first, last = matter.start, max(change.old_due, change.new_due)
    span = max((last - first).days, 1)

    def at(when: datetime.date, percent: Fraction) -> str:
        x = _LEFT + (_WIDTH - _LEFT - _RIGHT) * (when - first).days / span
        y = _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - float(percent) / 100)
        return f"{x:.1f},{y:.1f}"

    def line(due: datetime.date, points: list[list[str]]) -> str:
        corners = [(datetime.date.fromisoformat(one), Fraction(share)) for one, share in points]
        return " ".join(at(*one) for one in [(first, curve.NONE), *corners, (due, curve.ALL)])

    marks = [
        format_html(
            '<line x1="{}" x2="{}" y1="{y}" y2="{y}" stroke="#EAEFEF"/>'
            '<text x="{}" y="{}" fill="#566970" text-anchor="end">{}</text>',
            _LEFT, _WIDTH - _RIGHT, _LEFT - 6, y + 4, mark, y=y,
        )
        for mark in (0, 50, 100)
        for y in [_TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - mark / 100)]
    ]  # fmt: skip
    now = min(max(day, first), last)
    x, y = at(now, _done(matter)).split(",")
    old_x, new_x = at(change.old_due, curve.ALL).split(",")[0], at(change.new_due, curve.ALL).split(",")[0]
    told = {"old": change.old_due, "new": change.new_due, "words": adjusting.words(change)}
    finding = _("计划线：原到%(old)s，%(words)s后到%(new)s") % told
    near = abs(float(old_x) - float(new_x)) < 40
    return format_html(
        '<svg width="560" height="180" viewBox="0 0 {} {}" role="img" aria-label="{}" font-size="12">{}'
        '<polyline fill="none" stroke="#7F9098" stroke-dasharray="5 4" points="{}"/>'
        '<polyline fill="none" stroke="#126374" stroke-width="2.2" points="{}"/>'
        '<circle cx="{}" cy="{}" r="4" fill="#B84A0B"/><text x="{}" y="{}" fill="#8F3B08">{}</text>'
        '<text x="{}" y="{}" fill="#566970">{}</text><text x="{}" y="{}" fill="#126374" font-weight="700">{}</text>'
        '<text x="{}" y="{}" fill="#566970">{}</text><text x="{}" y="{}" fill="#566970" text-anchor="end">{}</text>'
        "</svg>",
        _WIDTH, _HEIGHT, finding, SafeString("".join(marks)),
        line(change.old_due, change.old_points), line(change.new_due, new_points),
        x, y, min(float(x) + 8, _WIDTH - _RIGHT), float(y) + 14, _("实际"),
        float(old_x) + 6, _TOP + (34 if near else 6), _("原计划"), float(new_x) + 6, _TOP + (18 if near else 6),
        _("调整后"), _LEFT, _HEIGHT - 6, str(first), _WIDTH - _RIGHT, _HEIGHT - 6, str(last),
    )  # fmt: skip


def _done(matter: Matter) -> Fraction:
    from luoshi.office.duties.lights import progress

    return progress(matter)
