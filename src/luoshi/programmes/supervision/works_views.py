"""Pages of key works set outside the yearly plan: the list of a year, setting one, changing or withdrawing one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.web import actor_of, needs, page
from luoshi.programmes.supervision import board, plan_actions, plan_queries, works
from luoshi.programmes.supervision.letter_forms import (
    date_of,
    errors_of,
    organ_options,
    status_of,
    text_of,
    version_of,
)
from luoshi.programmes.supervision.models import SOURCES, KeyItem, Plan
from luoshi.programmes.supervision.plan_views import crumbs

_PAGE = 50


def _to_list() -> tuple[str, str]:
    return (_("计划外重点工作"), reverse("supervision-works"))


@needs("work.see")
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """The key works of a year: what set them, who leads, how far they are and by which light; filtered, in pages."""
    actor, data = actor_of(request), request.GET
    year, number = data.get("year", ""), data.get("page", "1")
    wanted = board.Wanted(
        year=int(year) if year.isdecimal() and len(year) == 4 else None,
        kind=str(Plan.Kind.KEY_WORKS),
        organ=data.get("organ", "")[:80],
        light=data.get("light", "") if data.get("light", "") in board.LIGHTS else "",
        q=data.get("q", "")[:60].strip(),
    )
    found = board.board(actor, CLOCK.today(), wanted)
    place = max(int(number), 1) if number.isdecimal() and len(number) < 6 else 1
    tiles = sorted(found.tiles, key=lambda tile: -tile.item.seq)
    some = tiles[(place - 1) * _PAGE : place * _PAGE]
    known = {key: value for key, value in data.items() if value and key != "page"}

    def turned(to: int) -> str:
        return f"?{urlencode(known | {'page': str(to)})}"

    sources = {chapter.pk: chapter.title for chapter, _tiles in found.chapters}
    organs = sorted({slug for tile in found.everything for slug in tile.organs})
    context: dict[str, Any] = {
        "page_title": _("计划外重点工作"),
        "crumbs": crumbs((_("计划外重点工作"), "")),
        "plan": found.plan,
        "years": works.years(),
        "wanted": wanted,
        "rows": [
            {
                "tile": tile,
                "item": tile.item,
                "code": found.plan.code(tile.item.seq),
                "source": sources.get(tile.item.chapter_id, ""),
            }
            for tile in some
            if found.plan is not None
        ],
        "count": len(tiles),
        "spread": [{"light": light, "n": n, "word": str(board.WORDS[light])} for light, n in found.spread.items() if n],
        "organs": [("", _("全部")), *((slug, found.names.get(slug, slug)) for slug in organs)],
        "lights": [("", _("全部")), *((light, str(board.WORDS[light])) for light in board.LIGHTS)],
        "pager": {
            "before": turned(place - 1) if place > 1 else "",
            "after": turned(place + 1) if place * _PAGE < len(tiles) else "",
        },
        "may_set": works.may_set(actor),
    }
    return page(request, "supervision/works.html", context)


@needs("work.set")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Set a key work; who heads another organ than the city's is told who does."""
    actor, error = actor_of(request), None
    if not works.may_set(actor) and request.method != "POST":
        told = {"page_title": _("设立重点工作"), "crumbs": crumbs(_to_list(), (_("设立"), "")), "closed": True}
        return page(request, "supervision/work.html", told)
    if request.method == "POST":
        try:
            made = works.set_work(actor=actor, work=_given(request.POST))
            return HttpResponseRedirect(plan_actions.address(made), status=303)
        except LuoshiError as refusal:
            error = refusal
    blank = {"source": "meeting", "begins_on": CLOCK.today().isoformat(), "coop": []}
    values = _typed(request.POST) if error else blank
    return _form(request, _("设立重点工作"), values, error, crumbs(_to_list(), (_("设立"), "")))


@needs("work.set")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change what is said of a key work."""
    actor, error = actor_of(request), None
    item = plan_queries.item_of(actor, code)
    works.require_setter(actor)
    if request.method == "POST":
        try:
            works.change_work(
                actor=actor, item=item.pk, work=_given(request.POST), reason=text_of(request.POST, "reason", 400),
                version=version_of(request.POST),
            )  # fmt: skip
            return HttpResponseRedirect(plan_actions.address(item), status=303)
        except LuoshiError as refusal:
            error = refusal
    values = _typed(request.POST) if error else _said(item)
    trail = crumbs(_to_list(), (item.code, plan_actions.address(item)), (_("改"), ""))
    return _form(request, _("改重点工作"), values, error, trail, item)


def _given(data: QueryDict) -> works.Work:
    return works.Work(
        title=text_of(data, "title", 400),
        lead=text_of(data, "lead", 80),
        begins_on=date_of(data, "begins_on", _("开始日"), required=False),
        due=date_of(data, "due", _("完成日"), required=False),
        source=text_of(data, "source", 20),
        basis=text_of(data, "basis", 400),
        words=text_of(data, "words", 5000),
        coop=[slug[:80] for slug in data.getlist("coop")],
        leader_post=text_of(data, "leader_post", 200),
    )


def _typed(data: QueryDict) -> dict[str, Any]:
    return data.dict() | {"coop": data.getlist("coop")}


def _said(item: KeyItem) -> dict[str, Any]:
    said = works.work_of(item)
    return {
        "title": said.title, "lead": said.lead, "source": said.source, "basis": said.basis, "words": said.words,
        "coop": list(said.coop), "leader_post": said.leader_post,
        "begins_on": said.begins_on.isoformat() if said.begins_on else "",
        "due": said.due.isoformat() if said.due else "",
    }  # fmt: skip


def _form(
    request: HttpRequest, title: str, values: dict[str, Any], error: LuoshiError | None, trail: list[dict[str, str]],
    item: KeyItem | None = None,
) -> HttpResponse:  # fmt: skip
    organs = organ_options()
    context = {
        "page_title": title,
        "crumbs": trail,
        "item": item,
        "values": values,
        "organs": organs,
        "coops": [(slug, name, slug in values["coop"]) for slug, name in organs if slug],
        "sources": [(key, title) for key, (title, _kind) in SOURCES.items()],
        "errors": errors_of(error),
        "error": error,
        "version": values.get("version", item.version if item else ""),
        "decomposed": item is not None and item.decomposition != KeyItem.Decomposition.NONE,
    }
    return page(request, "supervision/work.html", context, status=status_of(error))


@needs("work.see")
@require_POST
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """Withdraw a key work with a reason."""
    actor = actor_of(request)
    item = plan_queries.item_of(actor, code)
    try:
        works.withdraw_work(
            actor=actor, item=item.pk, reason=text_of(request.POST, "reason", 400), version=version_of(request.POST)
        )
    except LuoshiError as refusal:
        if refusal.code in ("E_FORBIDDEN", "E_NOT_FOUND"):
            raise
        trail = crumbs(_to_list(), (item.code, plan_actions.address(item)), (_("改"), ""))
        return _form(request, _("改重点工作"), _said(item), refusal, trail, item)
    return HttpResponseRedirect(plan_actions.address(item), status=303)


urlpatterns: list[URLPattern] = [
    path("supervision/works/", listed, name="supervision-works"),
    path("supervision/works/new/", new, name="supervision-work-new"),
    path("supervision/works/<str:code>/", edit, name="supervision-work"),
    path("supervision/works/<str:code>/withdraw/", withdraw, name="supervision-work-withdraw"),
]
