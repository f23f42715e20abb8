"""The buttons that draft a paper from the board and from a firm's plan; what was drafted opens as a paper."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from luoshi.kernel.errors import LuoshiError
from luoshi.office.web import actor_of, needs
from luoshi.programmes.heavy_pollution import report_papers, site_plans


@needs("notice.draft")
@require_POST
def traffic(request: HttpRequest, response: int) -> HttpResponse:
    """Draft the notice of what may not drive."""
    paper = report_papers.traffic(actor=actor_of(request), response=response)
    return HttpResponseRedirect(reverse("notice", args=[paper.pk]), status=303)


@needs("notice.draft")
@require_POST
def of_plan(request: HttpRequest, pk: int) -> HttpResponse:
    """Draft a firm's plan, or its pledge, as a paper."""
    actor = actor_of(request)
    row = site_plans.visible(actor, pk)
    drawn = {"operation_plan": report_papers.operation_plan, "pledge": report_papers.pledge}.get(
        request.POST.get("paper", "")
    )
    if drawn is None:
        raise LuoshiError("E_INPUT", "请选要起草的文书：减排操作方案或应急责任承诺书。")
    paper = drawn(actor=actor, site_plan=row)
    return HttpResponseRedirect(reverse("notice", args=[paper.pk]), status=303)
