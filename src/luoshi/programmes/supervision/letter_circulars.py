"""Pages of circulars: the list, a new one with what waits on the red list, one circular."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.duties import concern
from luoshi.office.paging import Key, keyset_page
from luoshi.office.permissions import may
from luoshi.office.web import actor_of, needs, page
from luoshi.programmes.supervision import circulars
from luoshi.programmes.supervision.letter_forms import (
    crumbs,
    errors_of,
    organ_options,
    status_of,
    tabs,
    text_of,
    version_of,
)
from luoshi.programmes.supervision.letters import OFFICE
from luoshi.programmes.supervision.models import Circular

_TONES = {"drafted": "yellow", "issued": "green", "void": "red"}


@needs("work.see")
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Show the circulars and what waits for the next one."""
    actor = actor_of(request)
    found = keyset_page(
        circulars.visible(actor), (Key("id", int, descending=True),), size=30, after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )  # fmt: skip
    writes = may(actor, "work.letter") or may(actor, "work.sign", [OFFICE])
    lines = list(circulars.waiting_lines()[:100]) if writes else []
    names = concern.titles({line.organ for line in lines})
    context = {
        "page_title": _("通报"),
        "crumbs": crumbs((_("督办函"), reverse("supervision-letters"))),
        "tabs": tabs(actor, "circulars"),
        "rows": [{"row": row, "href": circulars.address(row), "tone": _TONES.get(row.state, "")} for row in found.rows],
        "pager": {
            name: f"?{name}={cursor}" for name, cursor in (("before", found.previous), ("after", found.next)) if cursor
        },
        "writes": writes,
        "waiting": [{"line": line, "organ": names[line.organ]} for line in lines],
        "may_draft": may(actor, "work.letter"),
    }
    return page(request, "supervision/circulars.html", context)


@needs("work.letter")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Draft a circular."""
    actor, data, error = actor_of(request), request.POST, None
    if request.method == "POST":
        try:
            row = circulars.draft(
                actor=actor, period=text_of(data, "period", 60), following=text_of(data, "following"),
                praised=text_of(data, "praised"), criticised=text_of(data, "criticised"),
                praise=[one for one in data.getlist("praise")[:60] if one],
                criticism=[one for one in data.getlist("criticism")[:60] if one], public=data.get("public") == "1",
            )  # fmt: skip
            return HttpResponseRedirect(circulars.address(row), status=303)
        except LuoshiError as refused:
            error = refused
    lines = list(circulars.waiting_lines()[:100])
    names = concern.titles({line.organ for line in lines})
    today = CLOCK.today()
    context = {
        "page_title": _("起草通报"),
        "crumbs": crumbs((_("通报"), reverse("supervision-circulars"))),
        "organs": organ_options(empty=_("不点名"))[:],
        "waiting": [{"line": line, "organ": names[line.organ]} for line in lines],
        "values": data.dict() if data else {"period": f"{today.year}年{today.month}月"},
        "praise": data.getlist("praise"),
        "criticism": data.getlist("criticism"),
        "errors": errors_of(error),
        "error": error,
    }
    return page(request, "supervision/circular_new.html", context, status=status_of(error))


@needs("work.see")
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one circular; the director signs it, its writer takes a draft back."""
    actor, data, error = actor_of(request), request.POST, None
    if request.method == "POST":
        act = circulars.drop if data.get("act") == "drop" else circulars.sign
        try:
            act(actor=actor, circular=pk, version=version_of(data))
            return HttpResponseRedirect(reverse("supervision-circular", args=[pk]), status=303)
        except LuoshiError as refused:
            error = refused
    row = circulars.one(actor, pk)
    lines = list(row.lines.select_related("matter").order_by("kind", "organ", "due_on", "pk"))
    names = concern.titles({line.organ for line in lines})
    hands = set(row.notice.hands) if row.notice is not None else set()
    signs = may(actor, "work.sign", [OFFICE])
    drafted = row.state == Circular.State.DRAFTED
    context = {
        "page_title": row.number or _("通报（待签发）"),
        "crumbs": crumbs((_("通报"), reverse("supervision-circulars"))),
        "row": row,
        "tone": _TONES.get(row.state, ""),
        "red": [{"line": line, "organ": names[line.organ]} for line in lines if line.kind == "red"],
        "praise": [names[line.organ] for line in lines if line.kind == "praise"],
        "criticism": [names[line.organ] for line in lines if line.kind == "criticism"],
        "paper": f"/publish/notices/{row.notice_id}/" if may(actor, "notice.see") else "",
        "may_sign": drafted and signs and actor.hands.isdisjoint(hands),
        "may_drop": drafted and (signs or may(actor, "work.letter")),
        "errors": errors_of(error),
        "error": error,
    }
    return page(request, "supervision/circular.html", context, status=status_of(error))


urlpatterns: list[URLPattern] = [
    path("supervision/circulars/", listed, name="supervision-circulars"),
    path("supervision/circulars/new/", new, name="supervision-circular-new"),
    path("supervision/circulars/<int:pk>/", one, name="supervision-circular"),
]
