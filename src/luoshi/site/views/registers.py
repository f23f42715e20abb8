"""Registers: the index of all, the list of one, its Excel file, its template; the public lists."""

from __future__ import annotations

import datetime
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from luoshi.kernel.clock import CLOCK, day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import VISITOR, Actor
from luoshi.office.permissions import may
from luoshi.office.registers import exports, jobs, queries, reach, sheets
from luoshi.office.registers.declaration import Register, find, registers
from luoshi.office.registers.queries import RegisterFilter, RegisterList
from luoshi.office.web import attachment
from luoshi.office.workbook import EXCEL
from luoshi.site import present, register_list, switching
from luoshi.site.access import actor_of, needs
from luoshi.site.addresses import Address, chips, page_links
from luoshi.site.context import AsOf, as_of
from luoshi.site.pages import page
from luoshi.site.parameter_words import cites
from luoshi.site.views import register_imports, register_records

PAGE_SIZE = 40


# --- the index --------------------------------------------------------------------------------------------------------


@needs("open.see")
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List the registers of all programmes that are there for whoever asks."""
    actor, seen = actor_of(request), as_of(request)
    room = switching.chosen(request.GET)
    own = queries.visible(actor) if may(actor, "register.see") else []
    changed = queries.last_change(own)
    chip_of = cites(dict.fromkeys(register.citation for register in registers() if register.citation))
    groups: dict[str, list[dict[str, Any]]] = {}
    for register in (one for one in own if room is None or one.programme == room.key):
        groups.setdefault(register.programme, []).append(
            _index_row(actor, register, changed, seen.today) | {"cite": chip_of.get(register.citation)}
        )
    for register in queries.public_registers() if not own else []:
        groups.setdefault(register.programme, []).append(
            _public_row(register) | {"cite": chip_of.get(register.citation)}
        )
    context = {
        "page_title": _("台账"),
        "lead": _("一条不漏在哪里"),
        "crumbs": [],
        "duties_href": reverse("duties") if may(actor, "duty.see") else "",
        "groups": [{"title": register_list.programme_title(key), "rows": rows} for key, rows in groups.items()],
        "public": not own,
    }
    return page(request, "site/registers.html", context)


def _index_row(
    actor: Actor, register: Register, changed: dict[str, datetime.datetime], today: datetime.date
) -> dict[str, Any]:
    total = RegisterList(register, RegisterFilter(), actor=actor, day=today).total()
    at = changed.get(register.key)
    return {
        "title": register.title,
        "note": register.note,
        "href": reverse("register", args=[register.key]),
        "count": register_list.count_words(total),
        "changed": present.day_words(day_of(at), today) if at else "",
        "public": register.public,
        "import_href": reverse("register-import", args=[register.key])
        if reach.reach(actor, register, "take_in")
        else "",
    }


def _public_row(register: Register) -> dict[str, Any]:
    asked = RegisterList(register, RegisterFilter(), actor=VISITOR, day=CLOCK.today(), public=True)
    return {
        "title": register.title,
        "note": register.note,
        "href": reverse("public-register", args=[register.key]),
        "count": register_list.count_words(asked.total()),
    }


# --- the list ---------------------------------------------------------------------------------------------------------


@needs("register.see")
@require_safe
def register_page(request: HttpRequest, key: str) -> HttpResponse:
    """Show one page of a register."""
    actor, seen, register = actor_of(request), as_of(request), find(key)
    found = RegisterList(register, register_list.read(request.GET, register), actor=actor, day=seen.date)
    at = Address(request)
    context = _shown(request, found, at) | {
        "tabs": register_list.tabs(found, request.path, request.GET, actor),
        "list_name": register.key,
        "acts": {} if seen.active else _acts(actor, register),
        "export_href": reverse("register-export", args=[key]) + at.having()[len(request.path) :],
        "history_note": found.past,
        "lead": register.note,
        "public_href": reverse("public-register", args=[key]) if register.public else "",
    }
    return page(request, "site/register.html", context, fragment="results")


def _acts(actor: Actor, register: Register) -> dict[str, str]:
    found = {}
    if reach.reach(actor, register, "edit"):
        found["new"] = reverse("register-new", args=[register.key])
    if reach.reach(actor, register, "take_in"):
        found["import"] = reverse("register-import", args=[register.key])
        found["imports"] = reverse("register-imports", args=[register.key])
    return found


def _shown(request: HttpRequest, found: RegisterList, at: Address, *, public: bool = False) -> dict[str, Any]:
    register = found.register
    facets, labels = register_list.facets(at, found)
    rows = found.page(size=PAGE_SIZE, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    total = found.total()
    conditions = register_list.conditions(found, labels)
    shown = register_list.columns(request.GET, found)
    name = register.by_name[register.name]
    rest = [column for column in shown if column is not name]
    key = "" if public else register.key
    return {
        "page_title": register.title,
        "crumbs": register_list.crumbs(register),
        "programme": register_list.programme_title(register.programme),
        "cite": cites([register.citation]).get(register.citation) if register.citation else None,
        "name_head": register_list.heads(at, found, [name])[0],
        "heads": register_list.heads(at, found, rest),
        "rows": [
            {
                "id": row.pk,
                "name": found.words(name, row.values[name.name]),
                "href": _record_href(key, row.pk, found) if key else "",
                "cells": register_list.cells(found, row, rest),
                "state": register_list.state_words(row, found.day) if not row.stands(found.day) else None,
            }
            for row in rows.rows
        ],
        "facets": facets,
        "chips": chips(at, conditions),
        "page": page_links(at, rows, total),
        "count_words": register_list.count_words(total),
        "too_much": not total.exact,
        "whole": total.exact and total.value <= exports.IN_REQUEST,
        "foot": register_list.described(conditions),
        "q": found.wanted.q,
        "hidden": at.hidden("q"),
        "search_words": "、".join(
            register.by_name[n].title for n in register.search if register.by_name[n] in found.columns
        ),
        "columns": [(c.name, c.title, c in shown) for c in found.columns],
        "hidden_columns": at.hidden("cols"),
        "density": "loose" if request.GET.get("d") == "loose" else "dense",
        "density_href": at.having(d="" if request.GET.get("d") == "loose" else "loose"),
        "empty_reason": "" if rows.rows else _empty(found, conditions),
        "empty_act": _("去掉全部条件") if not found.wanted.plain else "",
        "path": request.path,
        "public": public,
    }


def _record_href(key: str, pk: int, found: RegisterList) -> str:
    href = reverse("register-record", args=[key, pk])
    return f"{href}?on={found.day.isoformat()}" if found.past else href


def _empty(found: RegisterList, conditions: list[tuple[str, str, str, str]]) -> str:
    if not found.wanted.plain:
        return _("没有符合条件的记录：%s。") % register_list.described(conditions)
    if found.past:
        return _("%s时这个台账还没有记录。") % present.day_words(found.day)
    return _("这个台账还没有记录。可逐条登记，或用模板填好后导入。")


# --- Excel ------------------------------------------------------------------------------------------------------------


@needs("register.see")
@require_safe
def export(request: HttpRequest, key: str) -> HttpResponse:
    """Send the list as an Excel file; E_TOO_LARGE beyond what is written at once, which is asked for as a job."""
    found, seen = _asked(request, key), as_of(request)
    if not found.total(exports.IN_REQUEST).exact:
        raise LuoshiError(
            "E_TOO_LARGE", _("超过 %s 条，请在列表上点“导出 Excel”，由后台写好后下载。") % f"{exports.IN_REQUEST:,}"
        )
    return _file(request, found, seen)


def _asked(request: HttpRequest, key: str) -> RegisterList:
    register = find(key)
    wanted = register_list.read(request.GET, register)
    return RegisterList(register, wanted, actor=actor_of(request), day=as_of(request).date)


def _file(request: HttpRequest, found: RegisterList, seen: AsOf) -> HttpResponse:
    actor, register = actor_of(request), found.register
    shown = register_list.columns(request.GET, found)
    labels = register_list.facets(Address(request), found)[1]
    words = register_list.described(register_list.conditions(found, labels))
    body = exports.workbook(found, columns=shown, actor=actor, described=words)
    return attachment(body, f"{register.title}-{seen.date:%Y%m%d}.xlsx")


@needs("register.see")
@require_POST
def export_later(request: HttpRequest, key: str) -> HttpResponse:
    """Have the list written to a file as a job; what is written at once is sent at once."""
    found, seen = _asked(request, key), as_of(request)
    if found.total(exports.IN_REQUEST).exact:
        return _file(request, found, seen)
    labels = register_list.facets(Address(request), found)[1]
    asked = {
        "filter": found.wanted.as_data(),
        "on": found.day.isoformat(),
        "columns": [column.name for column in register_list.columns(request.GET, found)],
    }
    words = register_list.described(register_list.conditions(found, labels))
    job = jobs.enqueue_export(actor=actor_of(request), register=found.register, asked=asked, described=words)
    return HttpResponseRedirect(reverse("job", args=[job.pk]), status=303)


@needs("register.see")
@require_safe
def export_file(request: HttpRequest, key: str, file: str) -> HttpResponseBase:
    """Hand out an export to whoever asked for it."""
    register = find(key)
    kept = exports.waiting(actor_of(request), register, file)
    response = FileResponse(kept.open("rb"), content_type=EXCEL, as_attachment=True, filename=f"{register.title}.xlsx")
    response["X-Content-Type-Options"] = "nosniff"
    return response


@needs("register.import")
@require_safe
def template(request: HttpRequest, key: str) -> HttpResponse:
    """Send an empty file with the register's columns."""
    register = find(key)
    reach.require_act(actor_of(request), register, "take_in")
    return attachment(sheets.template(register), f"{register.title}-模板.xlsx")


# --- the public lists -------------------------------------------------------------------------------------------------


@needs("open.see")
@require_safe
def public_register(request: HttpRequest, key: str) -> HttpResponse:
    """Show what everybody may see of a register: published records, public columns, as they stand today."""
    register = find(key)
    found = RegisterList(
        register, register_list.read(request.GET, register), actor=VISITOR, day=CLOCK.today(), public=True
    )
    if found.wanted.state != "current":
        found = RegisterList(register, RegisterFilter(), actor=VISITOR, day=CLOCK.today(), public=True)
    context = _shown(request, found, Address(request), public=True)
    context |= {"lead": _("公开的内容"), "tabs": [], "acts": {}, "crumbs": register_list.crumbs(register)}
    return page(request, "site/register.html", context, fragment="results")


urlpatterns: list[URLPattern] = [
    path("registers/", index, name="registers"),
    path("registers/<str:key>/", register_page, name="register"),
    path("registers/<str:key>/export.xlsx", export, name="register-export"),
    path("registers/<str:key>/exports/", export_later, name="register-export-later"),
    path("registers/<str:key>/exports/<str:file>/", export_file, name="register-export-file"),
    path("registers/<str:key>/template.xlsx", template, name="register-template"),
    *register_imports.urlpatterns,
    *register_records.urlpatterns,
    path("open/registers/<str:key>/", public_register, name="public-register"),
]
