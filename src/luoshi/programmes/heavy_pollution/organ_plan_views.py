"""Pages of the plans of city, departments and towns: who has filed in time, who has not; one plan; the public list."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.cases import stepping
from luoshi.office.duties import concern
from luoshi.office.permissions import may
from luoshi.office.web import actor_of, needs, page, status_of
from luoshi.programmes.heavy_pollution import organ_plans, plan
from luoshi.programmes.heavy_pollution.models import PlanVersion, VehicleScheme
from luoshi.programmes.heavy_pollution.plan_views import crumbs

WHY = (("superior", "上级预案变化"), ("problems", "应对中发现问题"), ("drill", "演练总结建议"), ("other", "其他"))
MOST = 300


def _shown(row: PlanVersion, names: dict[str, str]) -> dict[str, Any]:
    today = CLOCK.today()
    return {
        "row": row,
        "organ": names.get(row.organ, row.organ),
        "late": organ_plans.late(row, today),
        "state": organ_plans.STATES.get(row.state, row.state),
    }


@needs("pollution.see")
@require_http_methods(["GET", "HEAD", "POST"])
def organ_plan_list(request: HttpRequest) -> HttpResponse:
    """Every plan by organ: its edition, filed when, in time or not; a revision of the city's plan is proposed here."""
    actor, error = actor_of(request), None
    if request.method == "POST":
        try:
            if request.POST.get("act") == "propose":
                row = organ_plans.propose(actor=actor, why=request.POST.get("why", ""),
                                          changes=request.POST.get("changes", ""))  # fmt: skip
            else:
                row = organ_plans.begin(actor=actor, organ=request.POST.get("organ", ""))
            return HttpResponseRedirect(reverse("pollution-organ-plan", args=[row.pk]), status=303)
        except LuoshiError as refusal:
            error = refusal
    kind, state = request.GET.get("kind", ""), request.GET.get("state", "")
    rows = organ_plans.seen(actor)
    if kind:
        rows = rows.filter(kind=kind)
    if state == "missing":
        rows = rows.filter(filed_at=None).exclude(kind=PlanVersion.Kind.CITY)
    elif state:
        rows = rows.filter(state=state)
    found = list(rows.order_by("kind", "organ", "-edition")[:MOST])
    names = concern.titles({one.organ for one in found})
    city = organ_plans.current()
    own = sorted(concern.own_organs(actor) & {organ for _kind, organ in organ_plans.owing()})
    context = {
        "page_title": _("预案和方案"),
        "crumbs": crumbs((_("预案和方案"), "")),
        "rows": [_shown(one, names) for one in found],
        "city": city,
        "counts": organ_plans.counts(city),
        "kinds": PlanVersion.Kind.choices,
        "states": [("missing", _("未备案")), *organ_plans.STATES.items()],
        "kind": kind,
        "state": state,
        "why": WHY,
        "may_propose": may(actor, "pollution.command", [plan.COMMAND]),
        "own": [{"slug": one, "title": concern.title(one)} for one in own],
        "typed": request.POST,
        "error": error,
    }
    return page(request, "heavy_pollution/organ_plans.html", context, status=status_of(error))


@needs("pollution.see")
@require_http_methods(["GET", "HEAD", "POST"])
def organ_plan(request: HttpRequest, pk: int) -> HttpResponse:
    """One edition of a plan with its way, the editions before it, and for the city's who has filed."""
    actor = actor_of(request)
    row = organ_plans.visible(actor, pk)
    done, error = stepping.posted(request, actor, row.case)
    if done:
        return HttpResponseRedirect(request.path, status=303)
    parts = list(row.parts.order_by("filed_at", "organ")) if row.kind == PlanVersion.Kind.CITY else []
    names = concern.titles({row.organ, *(one.organ for one in parts)})
    context = {
        "page_title": row.title,
        "crumbs": crumbs((_("预案和方案"), reverse("pollution-organ-plans")), (row.title, "")),
        "one": _shown(row, names),
        "row": row,
        "parts": [_shown(one, names) for one in parts],
        "counts": organ_plans.counts(row) if parts else None,
        "editions": PlanVersion.objects.filter(kind=row.kind, organ=row.organ).order_by("-edition"),
        "way": stepping.offered(actor, row.case, request.POST if error else None),
        "refused": request.POST.get("step", "") if error else "",
        "error": error,
    }
    return page(request, "heavy_pollution/organ_plan.html", context, status=status_of(error))


@needs("open.see")
@require_safe
@cache_control(public=True, max_age=300)
def public_plans(request: HttpRequest) -> HttpResponse:
    """The newest published plans and the traffic scheme, for everybody (3.5.1)."""
    rows = list(PlanVersion.objects.filter(state="published").order_by("kind", "organ"))
    names = concern.titles({one.organ for one in rows})
    context = {
        "page_title": _("预案、方案和清单"),
        "rows": [{"row": one, "organ": names.get(one.organ, "")} for one in rows],
        "scheme": VehicleScheme.objects.filter(effective_from__lte=CLOCK.today()).order_by("-effective_from").first(),
        "now": CLOCK.now(),
    }
    return page(request, "heavy_pollution/public_plans.html", context)
