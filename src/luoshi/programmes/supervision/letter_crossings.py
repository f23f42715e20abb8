"""The page of cross-offs that wait: for the head's signature, a word of cooperating organs, a verdict, the leader."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from luoshi.kernel.errors import LuoshiError
from luoshi.office.duties import concern
from luoshi.office.duties.acts import reaches
from luoshi.office.duties.matter_models import CrossOff
from luoshi.office.permissions import may
from luoshi.office.web import actor_of, needs, page
from luoshi.programmes.supervision import crossing
from luoshi.programmes.supervision.letter_forms import crumbs, errors_of, status_of, tabs, text_of, version_of
from luoshi.programmes.supervision.models import KeyItem


@needs("work.see")
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Show what waits, what waits for the reader first."""
    return _show(request)


def _show(request: HttpRequest, error: LuoshiError | None = None) -> HttpResponse:
    actor = actor_of(request)
    found = crossing.waiting_for(actor)
    checks = [one for some in found.values() for one in some]
    names = concern.titles({one.organ for one in checks} | {s.organ for one in checks for s in one.confirmations.all()})
    own, supervises = concern.own_organs(actor), may(actor, "work.letter")

    def told(check: CrossOff) -> dict[str, Any]:
        return {
            "check": check, "organ": names.get(check.organ, check.organ), "href": f"/tasks/{check.matter_id}/",
            "signed": check.request.signed_at is not None,
            "may_sign": check in found["sign"],
            "said": [
                {"one": one, "organ": names.get(one.organ, one.organ),
                 "may_speak": one.state == "waiting" and one.organ in own and reaches(actor, "work.reply", [one.organ]),
                 "may_overrule": one.state == "objected" and supervises}
                for one in sorted(check.confirmations.all(), key=lambda one: one.pk)
            ],
        }  # fmt: skip

    groups = [
        (_("轮到您"), [*found["sign"], *found["speak"], *found["overrule"]]), (_("等别人"), found["other"]),
    ]  # fmt: skip
    items: list[dict[str, Any]] = []
    if may(actor, "work.lead"):
        led = KeyItem.objects.filter(state="open", plan__status__in=["active", "reviewing"]).select_related("plan")
        led = led.filter(nodes__kind="leaf").distinct().order_by("plan__year", "seq")
        mine = [row for row in led[:200] if may(actor, "work.lead", [row.leader_organ])]
        items = [{"item": row, "missing": crossing.item_missing(row)} for row in mine]
        items.sort(key=lambda one: len(one["missing"]))
    context = {
        "page_title": _("销号意见"),
        "crumbs": crumbs((_("督办函"), reverse("supervision-letters"))),
        "tabs": tabs(actor, "crossings"),
        "groups": [{"title": title, "rows": [told(one) for one in rows]} for title, rows in groups if rows],
        "items": items[:60],
        "errors": errors_of(error),
        "error": error,
    }
    return page(request, "supervision/letter_crossings.html", context, status=status_of(error))


@needs("work.see")
@require_POST
def do(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Sign a request, speak for a cooperating organ, overrule an objection."""
    actor, data = actor_of(request), request.POST
    organ, reason = text_of(data, "organ", 80), text_of(data, "reason", 1000)
    try:
        if act == "sign":
            crossing.sign_request(actor=actor, check=pk)
        elif act in ("agree", "object"):
            crossing.speak(actor=actor, check=pk, organ=organ, agree=act == "agree", reason=reason)
        elif act == "overrule":
            crossing.overrule(actor=actor, check=pk, organ=organ, reason=reason)
        else:
            raise LuoshiError("E_NOT_FOUND", _("没有这个办理动作。"))
    except LuoshiError as error:
        return _show(request, error)
    return HttpResponseRedirect(reverse("supervision-crossings"), status=303)


@needs("work.lead")
@require_POST
def item(request: HttpRequest, pk: int) -> HttpResponse:
    """Cross an item off as its leader in charge."""
    data = request.POST
    try:
        crossing.cross_off_item(
            actor=actor_of(request), item=pk, note=text_of(data, "note", 300), version=version_of(data)
        )
    except LuoshiError as error:
        return _show(request, error)
    return HttpResponseRedirect(reverse("supervision-crossings"), status=303)


urlpatterns: list[URLPattern] = [
    path("supervision/crossings/", listed, name="supervision-crossings"),
    path("supervision/crossings/items/<int:pk>/", item, name="supervision-cross-item"),
    path("supervision/crossings/<int:pk>/<slug:act>/", do, name="supervision-crossing-act"),
]
