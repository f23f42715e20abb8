"""Pages of drills, of the duty roster and its gaps, and the call list for print."""

from __future__ import annotations

import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luoshi.kernel.clock import CLOCK, day_of, start_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.cases import stepping
from luoshi.office.duties import concern
from luoshi.office.permissions import may
from luoshi.office.web import actor_of, needs, page, status_of
from luoshi.programmes.heavy_pollution import drills, plan, tasks
from luoshi.programmes.heavy_pollution.models import Drill, PollutionWarning, Shift
from luoshi.programmes.heavy_pollution.plan_views import crumbs


@needs("pollution.see")
@require_safe
def drill_list(request: HttpRequest) -> HttpResponse:
    """The drills by season: planned, held, summed up; how many were held before the heating season began."""
    season, year = drills.season_of(CLOCK.today()), CLOCK.today().year
    courses = drills.trainings(year)
    names = concern.titles({one.organ for one in courses})
    context = {
        "page_title": _("演练和培训"),
        "crumbs": crumbs((_("演练和培训"), "")),
        "year": year,
        "courses": [{"row": one, "organ": names.get(one.organ, one.organ)} for one in courses],
        "rows": Drill.objects.filter(void=False).order_by("-season", "-planned_on")[:100],
        "season": season,
        "held": drills.held_before_season(season),
        "owed": drills.owed_drills(),
        "may_draw": may(actor_of(request), "pollution.command", [plan.COMMAND]),
    }
    return page(request, "heavy_pollution/drills.html", context)


@needs("pollution.command")
@require_POST
def training_plan(request: HttpRequest) -> HttpResponse:
    """Draft the training plan of a year from its register and go to the paper."""
    given = request.POST.get("year", "")
    year = int(given) if given.isdecimal() and len(given) == 4 else CLOCK.today().year
    paper = drills.training_plan(actor=actor_of(request), year=year)
    return HttpResponseRedirect(reverse("notice", args=[paper.pk]), status=303)


@needs("pollution.command")
@require_http_methods(["GET", "HEAD", "POST"])
def drill_new(request: HttpRequest) -> HttpResponse:
    """The form of a drill's plan."""
    error = None
    if request.method == "POST":
        try:
            row = drills.draw_up(
                actor=actor_of(request), **{key: request.POST.get(key, "")[:2000] for key in drills.FIELDS}
            )
            return HttpResponseRedirect(reverse("pollution-drill", args=[row.pk]), status=303)
        except LuoshiError as refusal:
            error = refusal
    context = {
        "page_title": _("拟定演练方案"),
        "crumbs": crumbs((_("演练和培训"), reverse("pollution-drills")), (_("拟定"), "")),
        "modes": Drill.Mode.choices,
        "typed": request.POST,
        "faults": (error.fields.get("fields") or {}) if error else {},
        "error": error,
        "areas": (("aim", _("目的"), 500), ("people", _("参加人员"), 500), ("content", _("内容"), 2000),
                  ("rules", _("规则"), 1000), ("scenario", _("情景"), 1000)),
    }  # fmt: skip
    return page(request, "heavy_pollution/drill_form.html", context, status=status_of(error))


@needs("pollution.see")
@require_http_methods(["GET", "HEAD", "POST"])
def drill_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One drill: its plan, what was run, its summary, and what may be done now."""
    actor = actor_of(request)
    row = Drill.objects.filter(pk=pk, void=False).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 号演练。")
    case = drills.case_of(row)
    done, error = stepping.posted(request, actor, case)
    if done:
        return HttpResponseRedirect(request.path, status=303)
    office = tasks.reach_of(actor) is None
    context = {
        "page_title": row.title,
        "crumbs": crumbs((_("演练和培训"), reverse("pollution-drills")), (row.code, "")),
        "row": row,
        "suggestions": drills.suggestions_of(row),
        "parts": case.parts.order_by("id") if case is not None and office else [],
        "warnings": PollutionWarning.objects.filter(exercise=True, live=True).select_related("case"),
        "consultations": drills.open_consultations(case) if case is not None and case.is_open and office else [],
        "papers": case.papers.order_by("event") if case is not None else [],
        "way": stepping.offered(actor, case, request.POST if error else None) if office else {},
        "refused": request.POST.get("step", "") if error else "",
        "error": error,
    }
    return page(request, "heavy_pollution/drill.html", context, status=status_of(error))


@needs("pollution.see")
@require_safe
def roster(request: HttpRequest) -> HttpResponse:
    """The roster of an organ for two weeks: who is on duty, and where nobody is."""
    actor, now = actor_of(request), CLOCK.now()
    reach = tasks.reach_of(actor)
    organs = sorted(
        organ
        for organ in Shift.objects.filter(void=False).values_list("organ", flat=True).distinct()
        if reach is None or organ in reach
    )
    organ = request.GET.get("organ", "")
    if organ not in organs:
        organ = plan.COMMAND if plan.COMMAND in organs else organs[0] if organs else ""
    try:
        first = datetime.date.fromisoformat(request.GET.get("from", ""))
    except ValueError:
        first = day_of(now)
    begins = start_of(first)
    ends = begins + datetime.timedelta(days=drills.AHEAD_DAYS)
    rows = drills.shifts(organ, begins, ends) if organ else []
    found = drills.uncovered(organ, begins, ends) if organ else []
    context = {
        "page_title": _("值班和通讯录"),
        "crumbs": crumbs((_("值班和通讯录"), "")),
        "organs": sorted(concern.titles(organs).items(), key=lambda one: one[1]),
        "organ": organ,
        "organ_title": concern.title(organ) if organ else "",
        "first": first,
        "before": first - datetime.timedelta(days=drills.AHEAD_DAYS),
        "after": first + datetime.timedelta(days=drills.AHEAD_DAYS),
        "days": drills.days_of(rows, begins, drills.AHEAD_DAYS, found),
        "gaps": found,
        "minutes": sum(one.minutes for one in found),
        "now_on": drills.on_duty(organ, now) if organ else [],
        "may_print": may(actor, "pollution.command", [plan.COMMAND, "environment"]),
    }
    return page(request, "heavy_pollution/roster.html", context)


@needs("pollution.command")
@require_POST
def call_list(request: HttpRequest) -> HttpResponse:
    """The call list with telephone numbers, laid out for print; asking for it is an act that is recorded."""
    actor = actor_of(request)
    context = {
        "page_title": _("应急通讯录"),
        "rows": drills.calls(actor),
        "actor": actor,
        "now": CLOCK.now(),
    }
    response = page(request, "heavy_pollution/call_list.html", context)
    response["Cache-Control"] = "no-store"
    return response
