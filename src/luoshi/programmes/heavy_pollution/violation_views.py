"""Pages of inspections: the list, the form for a phone, a finding with its way; citizens' reports and their page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.cases import stepping
from luoshi.office.duties import concern
from luoshi.office.paging import Key, keyset_page
from luoshi.office.permissions import may
from luoshi.office.web import actor_of, needs, page, status_of
from luoshi.programmes.heavy_pollution import plan, violations
from luoshi.programmes.heavy_pollution.models import CitizenReport, Inspection
from luoshi.programmes.heavy_pollution.plan_views import crumbs

PAGE = 40
_ORDER = (Key("id", int, descending=True),)
_FIELDS = ("kind", "finding", "text", "name", "object_id", "organ", "town", "penal_organ", "lat", "lon")


def _towns() -> list[tuple[str, str]]:
    return sorted(concern.titles(sorted(concern.towns())).items(), key=lambda one: one[1])


@needs("pollution.see")
@require_http_methods(["GET", "HEAD"])
def inspection_list(request: HttpRequest) -> HttpResponse:
    """Inspections, newest first: what was found, how far its case is."""
    actor = actor_of(request)
    chosen = {key: request.GET.get(key, "")[:20] for key in ("kind", "finding", "open", "town")}
    rows = violations.seen(actor)
    for key, name in (("kind", "object_kind"), ("finding", "finding"), ("town", "town")):
        if chosen[key]:
            rows = rows.filter(**{name: chosen[key]})
    if chosen["open"]:
        rows = rows.filter(case__is_open=chosen["open"] == "yes")
    found = keyset_page(
        rows, _ORDER, size=PAGE, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    names = concern.titles({one.organ for one in found.rows} | {one.town for one in found.rows})
    context = {
        "page_title": _("检查和违规"),
        "crumbs": crumbs((_("检查和违规"), "")),
        "rows": [
            {"row": one, "organ": names.get(one.organ, one.organ), "town": names.get(one.town, "")}
            for one in found.rows
        ],
        "page": found,
        "chosen": chosen,
        "kinds": Inspection.Kind.choices,
        "findings": Inspection.Finding.choices,
        "towns": _towns(),
        "waiting": violations.reports_seen(actor).filter(state=CitizenReport.State.NEW).count(),
        "may_inspect": may(actor, "pollution.task"),
        "standing": violations.standing(actor),
        "lately": violations.LATELY,
    }
    return page(request, "heavy_pollution/inspections.html", context)


@needs("pollution.task")
@require_http_methods(["GET", "HEAD", "POST"])
def inspect(request: HttpRequest) -> HttpResponse:
    """The form of an inspection, for a phone: object, what was found, a photo, the place."""
    actor, error = actor_of(request), None
    typed: Any = {key: request.GET.get(key, "")[:80] for key in (*_FIELDS, "report")}
    if request.method == "POST":
        typed = request.POST
        photo = request.FILES.get("photo")
        number = request.POST.get("report", "")
        try:
            row = violations.inspect(
                actor=actor, photo=(str(photo.name), photo.read()) if photo is not None else None,
                report=int(number) if number.isdecimal() else None,
                **{key: request.POST.get(key, "")[:1000] for key in _FIELDS},
            )  # fmt: skip
            return HttpResponseRedirect(reverse("pollution-inspection", args=[row.pk]), status=303)
        except LuoshiError as refusal:
            error = refusal
    own = sorted(concern.own_organs(actor))
    members = sorted({*plan.MEMBERS, *concern.towns()})
    faults = error.fields.get("fields", {}) if error else {}
    context = {
        "page_title": _("现场检查"),
        "crumbs": crumbs((_("检查和违规"), reverse("pollution-inspections")), (_("现场检查"), "")),
        "typed": typed,
        "kinds": Inspection.Kind.choices,
        "findings": Inspection.Finding.choices,
        "organs": [(one, concern.title(one)) for one in own],
        "members": sorted(concern.titles(members).items(), key=lambda one: one[1]),
        "penal": [(one, concern.title(one)) for one in dict.fromkeys(violations.PENAL.values())],
        "towns": _towns(),
        "faults": faults,
        "error": error,
    }
    return page(request, "heavy_pollution/inspect.html", context, status=status_of(error))


@needs("pollution.see")
@require_http_methods(["GET", "HEAD", "POST"])
def inspection(request: HttpRequest, pk: int) -> HttpResponse:
    """One inspection with the way of what it found."""
    actor = actor_of(request)
    row = violations.visible(actor, pk)
    done, error = stepping.posted(request, actor, row.case)
    if done:
        return HttpResponseRedirect(request.path, status=303)
    names = concern.titles({row.organ, row.town})
    context = {
        "page_title": _("检查：%s") % row.object_name,
        "crumbs": crumbs((_("检查和违规"), reverse("pollution-inspections")), (row.object_name, "")),
        "row": row,
        "organ": names.get(row.organ, row.organ),
        "town": names.get(row.town, ""),
        "papers": row.case.papers.order_by("event") if row.case else [],
        "report": row.reports.first(),
        "before": violations.seen(actor).filter(object_kind=row.object_kind, object_id=row.object_id)
        .exclude(pk=row.pk).exclude(finding=Inspection.Finding.NONE).order_by("-at")[:10],
        "way": stepping.offered(actor, row.case, request.POST if error else None),
        "refused": request.POST.get("step", "") if error else "",
        "error": error,
    }  # fmt: skip
    return page(request, "heavy_pollution/inspection.html", context, status=status_of(error))


# --- citizens ---------------------------------------------------------------------------------------------------------


@needs("pollution.see")
@require_http_methods(["GET", "HEAD", "POST"])
def report_list(request: HttpRequest) -> HttpResponse:
    """What citizens have reported: taken to an inspection, or answered without one."""
    actor, error = actor_of(request), None
    if request.method == "POST":
        try:
            number = request.POST.get("report", "")
            violations.dismiss(actor=actor, report=int(number) if number.isdecimal() else 0,
                               answer=request.POST.get("answer", ""))  # fmt: skip
            return HttpResponseRedirect(request.get_full_path(), status=303)
        except LuoshiError as refusal:
            error = refusal
    state = request.GET.get("state", "new")
    rows = violations.reports_seen(actor)
    if state:
        rows = rows.filter(state=state)
    found = keyset_page(
        rows, _ORDER, size=PAGE, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    names = concern.titles({one.town for one in found.rows})
    context = {
        "page_title": _("市民线索"),
        "crumbs": crumbs((_("检查和违规"), reverse("pollution-inspections")), (_("市民线索"), "")),
        "rows": [{"row": one, "town": names.get(one.town, one.town)} for one in found.rows],
        "page": found,
        "states": [*CitizenReport.State.choices, ("", _("全部"))],
        "state": state,
        "may_act": may(actor, "pollution.task"),
        "opened": request.POST.get("report", ""),
        "error": error,
    }
    return page(request, "heavy_pollution/citizen_reports.html", context, status=status_of(error))


@needs("open.see")
@require_http_methods(["GET", "HEAD", "POST"])
def public_report(request: HttpRequest) -> HttpResponse:
    """The public form: what, where, in a few words; answered with a code under which its answer is found."""
    typed: Any = {}
    error: LuoshiError | None = None
    context: dict[str, Any] = {}
    status = 200
    code = request.GET.get("code", "")[:12]
    try:
        if request.method == "POST":
            typed = request.POST
            row = violations.report(
                address=request.META.get("REMOTE_ADDR", ""), trap=request.POST.get("website", ""),
                **{key: request.POST.get(key, "")[:600] for key in ("kind", "town", "place", "text", "phone")},
            )  # fmt: skip
            return HttpResponseRedirect(f"{reverse('open-pollution-report')}?code={row.code}&new=1", status=303)
        if code:
            context["answer"] = violations.answer_of(code)
    except LuoshiError as refusal:
        error = refusal
        status = 429 if refusal.code == "E_CAPACITY" else status_of(refusal)
    context |= {
        "page_title": _("报告违规"),
        "kinds": CitizenReport.Kind.choices,
        "towns": _towns(),
        "typed": typed,
        "code": code,
        "new": request.GET.get("new") == "1",
        "faults": (error.fields.get("fields") or {}) if error else {},
        "error": error,
        "now": CLOCK.now(),
    }
    response = page(request, "heavy_pollution/public_report.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response
