"""A book is opened: which kinds there are, the form one hand fills in, the proposal another hand decides."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import concern
from luoshi.office.funds import openings, plans
from luoshi.office.funds.models import Opening
from luoshi.office.permissions import may
from luoshi.site.access import actor_of, needs
from luoshi.site.fund_words import book_href, cite_of, crumbs
from luoshi.site.pages import page


def waiting_rows(actor: Actor) -> list[dict[str, Any]]:
    """Return the proposals that wait for a second hand, as a list shows them."""
    return [
        {"title": one.title, "href": reverse("fund-opening", args=[one.pk]), "maker": one.maker_name, "at": one.made_at}
        for one in openings.waiting(actor)
    ]


def kind_rows(kinds: Sequence[openings.Kind]) -> list[dict[str, Any]]:
    """Return kinds of books as a list shows them; `href` where the actor may propose one now."""
    return [
        {"kind": one, "cite": cite_of(one.plan.basis), "accounts": len(one.plan.accounts),
         "href": reverse("fund-open", args=one.plan.key.split("/", 1)) if one.offered else ""}
        for one in kinds
    ]  # fmt: skip


@needs("fund.see")
@require_safe
def kinds(request: HttpRequest) -> HttpResponse:
    """Show the kinds of books, how many of each are open, and those that may be opened."""
    actor = actor_of(request)
    context = {
        "page_title": _("开立账簿"), "crumbs": crumbs(), "rows": kind_rows(openings.kinds(actor)),
        "waiting": waiting_rows(actor),
    }  # fmt: skip
    return page(request, "funds/open.html", context)


@needs("fund.post")
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest, room: str, name: str) -> HttpResponse:
    """Ask what the plan wants to know, and propose the book."""
    actor, plan = actor_of(request), plans.plan_of(f"{room}/{name}")
    if not openings.proposable(actor, plan):
        raise LuoshiError("E_FORBIDDEN", _("“%s”由记账的单位开立。") % plan.title)
    typed = {one.name: request.POST.get(one.name, "")[:200] for one in plan.asked}
    day = request.POST.get("opened_on", str(CLOCK.today()))[:10]
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            row = openings.propose(actor=actor, plan=plan.key, opened_on=_day(day), values=typed)
            return HttpResponseRedirect(reverse("fund-opening", args=[row.pk]) + "?done=proposed", status=303)
        except LuoshiError as error:
            if error.http_status not in (409, 422):
                raise
            errors = {str(error.fields.get("field", "")): error.message}
    context = {
        "page_title": _("开立%s") % plan.title,
        "crumbs": [*crumbs(), {"title": _("开立账簿"), "href": reverse("fund-open-kinds")}],
        "plan": plan, "cite": cite_of(plan.basis), "day": day, "errors": errors, "many": plan.many,
        "keeper": concern.title(plan.organ, CLOCK.today()),
        "seers": [*concern.titles(plan.sees, CLOCK.today()).values()],
        "fields": [
            {"field": one, "value": typed[one.name], "required": not one.optional,
             "kind": "date" if one.kind == "date" else "text",
             "options": [("", _("请选")), *one.choices.items()] if one.kind == "choice" else []}
            for one in plan.asked
        ],
    }  # fmt: skip
    return page(request, "funds/open_form.html", context, status=422 if errors else 200)


def _day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise LuoshiError("E_INPUT", _("开立日应如 2018-03-08。"), fields={"field": "opened_on"}) from None


@needs("fund.see")
@require_http_methods(["GET", "HEAD", "POST"])
def opening(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a proposed book; decide it."""
    actor, error = actor_of(request), None
    if request.method == "POST":
        version = request.POST.get("version", "")
        try:
            done = openings.decide(
                actor=actor, opening=pk, accept=request.POST.get("act") == "accept",
                reason=request.POST.get("reason", ""), version=int(version) if version.isdecimal() else None,
            )  # fmt: skip
            if done.book is not None:
                return HttpResponseRedirect(book_href("fund-book", done.book) + "?done=opened", status=303)
            return HttpResponseRedirect(reverse("fund-opening", args=[pk]) + "?done=refused", status=303)
        except LuoshiError as refused:
            if refused.code in ("E_NOT_FOUND", "E_FORBIDDEN"):
                raise
            error = refused
    row = openings.opening_of(actor, pk)
    said = {"proposed": _("已送复核，另一人同意后开立"), "refused": _("已退回")}
    plan = plans.plan_of(row.plan)
    asked = {one.name: one for one in plan.asked}
    context = {
        "page_title": _("开立%s") % row.title,
        "crumbs": crumbs(), "row": row, "plan": plan, "cite": cite_of(plan.basis),
        "keeper": concern.title(row.organ, CLOCK.today()),
        "told": [
            {"title": asked[name].title if name in asked else name,
             "value": asked[name].choices.get(text, text) if name in asked else text}
            for name, text in row.told.items() if text
        ],
        "accounts": plan.accounts,
        "book_href": book_href("fund-book", row.book) if row.book else "",
        "hands": _hands(row, actor),
        "errors": {str(error.fields.get("field", "")): error.message} if error else {},
        "done": said.get(request.GET.get("done", ""), ""),
    }  # fmt: skip
    return page(request, "funds/opening.html", context, status=422 if error else 200)


def _hands(row: Opening, actor: Actor) -> dict[str, Any] | None:
    """Return the two slots of a proposal that waits; None when it is decided."""
    if row.state != Opening.State.PROPOSED:
        return None
    own = row.maker_id is not None and bool({row.maker_id, row.maker_for} & actor.hands)
    mine = may(actor, "fund.open", [row.organ]) and not own
    pair: dict[str, Any] = {
        "first": {"name": row.maker_name, "post": _("拟办"), "at": row.made_at, "you": own, "note": ""},
        "second": {"name": actor.name if mine else "", "post": _("复核"), "at": None, "you": mine,
                   "note": _("对照协议或开户证明看过行号、账号后办")},
    }  # fmt: skip
    if mine:
        pair["act"] = {"name": "act", "value": "accept", "words": _("复核无误，开立")}
        pair["back"] = {"name": "act", "value": "refuse", "words": _("退回")}
    return pair


urlpatterns: list[URLPattern] = [
    path("funds/open/", kinds, name="fund-open-kinds"),
    path("funds/open/<slug:room>/<str:name>/", propose, name="fund-open"),
    path("funds/openings/<int:pk>/", opening, name="fund-opening"),
]
