"""The ledger of matters (责任台账): list, Excel, acts on ticked rows. The duties as printed stand in `printed`."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import concern, matter_queries, matter_steps
from luoshi.office.duties.matter_models import State
from luoshi.office.duties.matter_queries import MatterLedger
from luoshi.office.instruments.models import Instrument
from luoshi.office.permissions import may, require
from luoshi.office.web import attachment
from luoshi.site import matter_list, matter_sheet
from luoshi.site.access import actor_of, needs
from luoshi.site.addresses import Address, page_links
from luoshi.site.context import as_of
from luoshi.site.matter_rows import MatterRow, groups_by_due, number_of, rows_of
from luoshi.site.pages import page
from luoshi.site.views.printed import duty_page, printed, printed_export

PAGE_SIZE = 40
MOST_TICKED = 500


@needs("duty.see")
@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    """Show one page of the ledger of matters; who sees printed duties only is led to these."""
    if not may(actor_of(request), "matter.see"):
        return HttpResponseRedirect(reverse("printed-duties"))
    return _list(request, supervising=False)


@needs("matter.see")
@require_safe
def tasks(request: HttpRequest) -> HttpResponse:
    """Show the matters for supervision: the same list, its tabs by lamp."""
    return _list(request, supervising=True)


def _list(request: HttpRequest, *, supervising: bool) -> HttpResponse:
    actor, seen, at = actor_of(request), as_of(request), Address(request)
    asked = matter_list.read(request.GET, actor, seen.date)
    book = MatterLedger(asked.filter, actor=actor, day=seen.date)
    found = book.page(size=PAGE_SIZE, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    rows = [tight(row) for row in rows_of(found.rows, seen.date)]
    spread = book.facets()
    organs = concern.titles(asked.organs, seen.date) | {row.value: row.label for row in spread.organs}
    documents = {row.value: row.label for row in spread.documents}
    conditions = matter_list.conditions(asked, seen.date, organs, documents)
    shown = matter_list.columns(request.GET)
    known = {asked.filter: spread.total}
    tabs = matter_list.tabs(request.GET, request.path, actor, seen.date, supervising, known)
    nothing = not rows and asked.plain
    context: dict[str, Any] = {
        "page_title": _("任务督办") if supervising else _("责任台账"),
        "lead": _("哪件没落实、卡在谁") if supervising else _("谁 · 什么事 · 几时 · 到哪一步；每行都能追到条款"),
        "crumbs": [],
        "list_name": matter_list.NAME,
        "tabs": tabs if supervising else [*tabs, _printed_tab(), _registers_tab()],
        "groups": groups_by_due(rows, seen.date) if request.GET.get("group") != "none" else _one(rows),
        "grouped": request.GET.get("group") != "none",
        "group_hrefs": {"due": at.having(group=""), "none": at.having(group="none")},
        "facets": matter_list.facets(at, asked, spread),
        "chips": matter_list.chips_of(at, conditions),
        "page": page_links(at, found, spread.total),
        "count_words": matter_list.count_words(spread.total),
        "too_much": not spread.total.exact,
        "export_href": reverse("duties-export") + at.having()[len(request.path) :],
        "columns": [(key, words, key in shown) for key, words in matter_list.COLUMNS.items()],
        "shown": shown,
        "span": len(shown) + 4,
        "hidden_columns": at.hidden("cols"),
        "hidden": at.hidden("q", "month", "from", "to", "due", "closed", "role"),
        "asked": asked.filter,
        "month": f"{asked.filter.month:%Y-%m}" if asked.filter.month else "",
        "density": "loose" if request.GET.get("d") == "loose" else "dense",
        "density_href": at.having(d="" if request.GET.get("d") == "loose" else "loose"),
        "acts": _bulk_acts(actor) if not seen.active else [{"value": "export", "words": _("导出所选")}],
        "here": request.get_full_path(),
        "empty_reason": "" if rows else _empty(asked, conditions, actor),
        "empty_act": _empty_act(actor, nothing),
        "foot": matter_list.described(conditions),
        "places": {"path": request.path},
    }
    return page(request, "site/duties.html", context, fragment="results")


def tight(row: MatterRow) -> MatterRow:
    """Return the row with its due chip in the short words of a dense list."""
    return replace(row, due=replace(row.due, words=row.due.words.replace(_("个工作日"), _("工作日"))))


def _one(rows: list[MatterRow]) -> list[dict[str, Any]]:
    return [{"key": "all", "title": "", "rows": rows}]


def _printed_tab() -> dict[str, Any]:
    return {"label": _("条文责任"), "href": reverse("printed-duties"), "count": None, "current": False, "away": True}


def _registers_tab() -> dict[str, Any]:
    return {"label": _("各领域台账"), "href": reverse("registers"), "count": None, "current": False, "away": True}


def _bulk_acts(actor: Actor) -> list[dict[str, str]]:
    found = [{"value": "remind", "words": _("催办")}] if may(actor, "matter.remind") else []
    return [*found, {"value": "export", "words": _("导出所选")}]


def _empty(asked: matter_list.Asked, conditions: list[tuple[str, str, str, str]], actor: Actor) -> str:
    if not asked.plain:
        return _("没有符合条件的事项：%s。") % matter_list.described(conditions)
    if not Instrument.objects.exists():
        return _("还没有导入公报。台账由公报里的责任、时限和目标生成。")
    if concern.organs_for(actor, "matter.see") is not None:
        return _("您所在的单位没有在办的事项。")
    return _("没有在办的事项。文件里的责任核对后，在这里逐件列出。")


def _empty_act(actor: Actor, nothing: bool) -> dict[str, str]:
    if nothing and may(actor, "instrument.import"):
        return {"href": reverse("upload"), "words": _("上传一份公报")}
    if nothing:
        return {"href": reverse("printed-duties"), "words": _("看条文责任")}
    return {"href": "?", "words": _("去掉全部条件")}


# --- Excel --------------------------------------------------------------------------------------------------------


@needs("matter.see")
@require_safe
def ledger_export(request: HttpRequest) -> HttpResponse:
    """Send the rows of the present conditions as an Excel file: same rows, order and columns as the list."""
    actor, seen = actor_of(request), as_of(request)
    asked = matter_list.read(request.GET, actor, seen.date)
    rows = matter_queries.matters(asked.filter, actor=actor, day=seen.date)
    matter_list.require_rows(bounded(rows), matter_sheet.LIMIT)
    found = list(matter_queries.complete(rows).order_by("due_sort", "id")[: matter_sheet.LIMIT])
    organs = concern.titles(asked.organs, seen.date)
    documents = Instrument.objects.filter(is_current=True, key__in=asked.filter.documents)
    conditions = matter_list.conditions(asked, seen.date, organs, {row.key: row.name for row in documents})
    return _sheet(rows_of(found, seen.date), request, seen.date, matter_list.described(conditions))


def bounded(rows: Any) -> Any:
    """Count rows up to one more than a file holds."""
    from luoshi.office.paging import Total

    value = rows.order_by()[: matter_sheet.LIMIT + 1].count()
    return Total(value, value <= matter_sheet.LIMIT)


def _sheet(rows: list[MatterRow], request: HttpRequest, day: datetime.date, described: str) -> HttpResponse:
    actor = actor_of(request)
    who = f"{actor.name}（代{actor.for_name}）" if actor.for_name else actor.name
    body = matter_sheet.workbook(rows, shown=matter_list.columns(request.GET), day=day, described=described, who=who)
    return attachment(body, f"责任台账-{day:%Y%m%d}.xlsx")


# --- acts on ticked rows ------------------------------------------------------------------------------------------


@needs("matter.see")
@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """Do an act on ticked rows. What cannot be done is listed with its reason; the rest is done when that is ticked."""
    actor, back = actor_of(request), _back(request)
    ids = [int(text) for text in request.POST.getlist("row") if text.isdecimal() and len(text) < 16][:MOST_TICKED]
    if not ids:
        return _bulk_page(request, back, error=_("没有选中任何一条。请在行首打钩后再办。"), status=422)
    act = request.POST.get("act", "")
    rows = matter_queries.visible(actor, walking=True).filter(pk__in=dict.fromkeys(ids))
    found = list(matter_queries.complete(rows).order_by("due_sort", "id"))
    if act == "export":
        return _sheet(rows_of(found, CLOCK.today()), request, CLOCK.today(), _("所选 %d 条") % len(found))
    if act != "remind":
        raise LuoshiError("E_INPUT", _("没有选要办什么，请回到列表再选。"))
    require(actor, "matter.remind")
    today = CLOCK.today()
    fit = [row for row in found if row.state in (State.OPEN, State.IN_PROGRESS, State.RETURNED)]
    refused = [
        {"row": row, "reason": _("现在是“%s”，不用催办") % row.state_word}
        for row in rows_of([row for row in found if row not in fit], today)
    ]
    if request.POST.get("confirmed") != "1":
        return _bulk_page(request, back, fit=rows_of(fit, today), refused=refused)
    text, key = request.POST.get("text", "")[:300], request.POST.get("key", "")[:60]
    done = 0
    for row in fit:
        try:
            matter_steps.remind(actor=actor, matter=row.pk, text=text, key=f"{key}:{row.pk}" if key else "")
            done += 1
        except LuoshiError as error:
            refused.append({"row": rows_of([row], today)[0], "reason": error.message})
    return _bulk_page(request, back, refused=refused, done=done)


def _bulk_page(request: HttpRequest, back: str, *, status: int = 200, **more: Any) -> HttpResponse:
    from uuid import uuid4

    context = {
        "page_title": _("催办"),
        "crumbs": [{"title": _("责任台账"), "href": back}],
        "back": back,
        "text": request.POST.get("text", "")[:300],
        "key": request.POST.get("key", "")[:60] or uuid4().hex,
    }
    return page(request, "site/matters_bulk.html", context | more, status=status)


def _back(request: HttpRequest) -> str:
    target = request.POST.get("next", "")
    ok = target.startswith("/") and url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure())
    return target if ok else reverse("duties")


urlpatterns = [
    path("registers/duties/", ledger, name="duties"),
    path("registers/duties/export.xlsx", ledger_export, name="duties-export"),
    path("registers/duties/acts/", bulk, name="matters-bulk"),
    path("registers/duties/clauses/", printed, name="printed-duties"),
    path("registers/duties/clauses/export.xlsx", printed_export, name="printed-export"),
    path("registers/duties/<int:pk>/", duty_page, name="duty"),
    path("tasks/", tasks, name="matters"),
]

__all__ = ["bulk", "duty_page", "ledger", "ledger_export", "number_of", "printed", "printed_export", "tasks"]
