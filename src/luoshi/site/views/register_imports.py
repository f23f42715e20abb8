"""Tables into a register: choose a file, look at what it would do, confirm; the imports and how to take one back."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.instruments import spool
from luoshi.office.paging import Key, bounded_total, keyset_page
from luoshi.office.registers import actions, jobs, preview, queries, reach, sheets
from luoshi.office.registers.declaration import Register, find
from luoshi.office.registers.models import RegisterChange, RegisterImport
from luoshi.office.registers.plan import CHANGED, FAULTY, NEW, RESTORED, UNCHANGED
from luoshi.office.registers.preview import Preview
from luoshi.office.registers.reading import Books
from luoshi.office.web import attachment
from luoshi.site import present, register_list
from luoshi.site.access import actor_of, needs
from luoshi.site.addresses import Address, page_links
from luoshi.site.pages import page

_PAGE = 30
_SHOWN = 100
MODE_WORDS = {
    "all": gettext_lazy("全部通过才导：有一行错就一行也不写"),
    "valid_rows": gettext_lazy("只导合格行：有错的行留下，改好再导"),
    "by_group": gettext_lazy("只导整组合格的：同组有一行错，整组留下"),
}


def _shown_error(error: LuoshiError) -> dict[str, Any]:
    return {"code": error.code, "title": error.definition.title, "message": error.message}


@needs("register.import")
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, key: str) -> HttpResponse:
    """Take a file, check that it can be read, and go on to its preview; the register is not touched."""
    register, actor = find(key), actor_of(request)
    reach.require_act(actor, register, "take_in")
    error = None
    if request.method == "POST":
        try:
            return _received(request, register, actor)
        except LuoshiError as refused:
            if refused.code in ("E_FORBIDDEN", "E_NOT_FOUND"):
                raise
            error = refused
    context = {
        "page_title": _("导入%s") % register.title,
        "crumbs": register_list.crumbs(register, register_list.own_crumb(register)),
        "max_mb": settings.UPLOAD_BYTES // (1024 * 1024),
        "max_rows": f"{sheets.MAX_ROWS:,}",
        "template_href": reverse("register-template", args=[key]),
        "columns": [{"title": c.header, "required": c.required, "hint": sheets.hint(c)} for c in register.columns],
        "same": "、".join(register.by_name[name].title for name in register.natural_key),
        "error": _shown_error(error) if error else None,
    }
    return page(request, "site/register_import.html", context, status=error.http_status if error else 200)


def _received(request: HttpRequest, register: Register, actor: Actor) -> HttpResponse:
    file = request.FILES.get("file")
    if file is None:
        raise LuoshiError("E_FILE", _("还没有选择文件。请选择填好的表格。"))
    if (file.size or 0) > settings.UPLOAD_BYTES:
        bound = settings.UPLOAD_BYTES // (1024 * 1024)
        size = present.size_words(file.size or 0)
        words = _("文件有 %(size)s，超过上限 %(bound)d MB。请分成几个文件，或存成 CSV 由管理员用命令导入。")
        raise LuoshiError("E_TOO_LARGE", words % {"size": size, "bound": bound})
    name, data = file.name or "", file.read()
    long = preview.is_long(register, name, data)
    waiting = spool.keep(name, data)
    if long:
        job = jobs.enqueue_preview(actor=actor, register=register, key=waiting.key)
        return HttpResponseRedirect(reverse("job", args=[job.pk]), status=303)
    preview.keep(actor, waiting.key, preview.preview(actor=actor, register=register, name=name, data=data))
    return HttpResponseRedirect(reverse("register-preview", args=[register.key, waiting.key]), status=303)


@needs("register.import")
@require_http_methods(["GET", "HEAD", "POST"])
def preview_page(request: HttpRequest, key: str, file: str) -> HttpResponse:
    """Show what an import would do; POST confirms it: at once where it is small, else as a job."""
    register, actor = find(key), actor_of(request)
    reach.require_act(actor, register, "take_in")
    found = _kept(request, register, actor, file)
    error: LuoshiError | None = None
    mode = request.POST.get("mode", "")
    if request.method == "POST":
        try:
            return _confirmed(request, register, actor, file, found, mode)
        except LuoshiError as refused:
            if refused.code in ("E_FORBIDDEN", "E_NOT_FOUND"):
                raise
            error = refused
            if refused.code == "E_VERSION":
                # What the person saw is no longer so: the page shows what is so now.
                found = _looked(register, actor, file)
    return _show(request, register, file, found, error, mode)


def _kept(request: HttpRequest, register: Register, actor: Actor, file: str) -> Preview:
    found = preview.kept(actor, register, file)
    if found is None or request.GET.get("again") == "1":
        found = _looked(register, actor, file)
    return found


def _looked(register: Register, actor: Actor, file: str) -> Preview:
    waiting = spool.take(file)
    found = preview.preview(actor=actor, register=register, name=waiting.filename, data=waiting.data)
    preview.keep(actor, file, found)
    return found


def _confirmed(
    request: HttpRequest, register: Register, actor: Actor, file: str, found: Preview, mode: str
) -> HttpResponse:
    if mode not in register.modes:
        raise LuoshiError("E_INPUT", _("没有选怎么导，请选一种再导入。"))
    if request.POST.get("plan") != found.plan:
        raise LuoshiError("E_VERSION", _("您确认的是先前的预览。请看过现在的预览再导入。"))
    if mode != "all" and found.counts[FAULTY] and request.POST.get("leave") != "1":
        raise LuoshiError("E_INPUT", _("有错的行会留下不导。请打钩表示知道，再导入。"))
    if found.rows_total > preview.IN_REQUEST:
        job = jobs.enqueue_import(actor=actor, register=register, key=file, mode=mode, found=found)
        return HttpResponseRedirect(reverse("job", args=[job.pk]), status=303)
    waiting = spool.take(file)
    taken = actions.take_in(
        actor=actor, register=register, name=waiting.filename, data=waiting.data, mode=mode,
        plan_digest=found.plan, seen_at=found.at,
    )  # fmt: skip
    preview.forget(actor, register, file)
    return HttpResponseRedirect(reverse("register-import-done", args=[register.key, taken.pk]), status=303)


def _show(
    request: HttpRequest, register: Register, file: str, found: Preview, error: LuoshiError | None, mode: str
) -> HttpResponse:
    faulty, writes = found.counts[FAULTY], found.writes
    modes = [name for name in register.modes if name == "all" or faulty]
    possible = [name for name in modes if name != "all" or not faulty]
    context = {
        "page_title": _("导入预览"),
        "crumbs": register_list.crumbs(
            register,
            register_list.own_crumb(register),
            {"title": _("导入"), "href": reverse("register-import", args=[register.key])},
        ),
        "register": register,
        "found": found,
        "size_words": present.size_words(found.size_bytes),
        "preview": {
            "counts": {
                "new": found.counts[NEW] + found.counts[RESTORED],
                "changed": found.counts[CHANGED],
                "same": found.counts[UNCHANGED],
                "faulty": faulty,
            },
            **_faults_first(register, found),
            "more": max(faulty + found.counts[NEW] + found.counts[RESTORED] - len(found.rows), 0),
            "faults_href": reverse("register-faults", args=[register.key, file]) if found.faults else "",
        },
        "whole_faults": [
            {"row": fault["row"], "message": fault["message"]}
            for fault in found.faults
            if not fault["warning"] and not fault["title"]
        ][:50],
        "warnings": [fault for fault in found.faults if fault["warning"]][:50],
        "changes": found.changes,
        "changes_more": max(found.counts[CHANGED] - len(found.changes), 0),
        "restored": found.counts[RESTORED],
        "already": _already(register, found),
        "modes": [(name, str(MODE_WORDS[name])) for name in possible],
        "mode": mode if mode in possible else (possible[0] if possible else ""),
        "leaves": bool(faulty),
        "can": bool(writes and possible and found.already is None),
        "why_not": _why_not(found, possible),
        "consequence": _consequence(register, found),
        "again_href": f"{request.path}?again=1",
        "other_href": reverse("register-import", args=[register.key]),
        "error": _shown_error(error) if error else None,
    }
    status = error.http_status if error is not None else 200
    return page(request, "site/register_preview.html", context, status=status)


def _faults_first(register: Register, found: Preview) -> dict[str, Any]:
    """Return columns and rows of the preview: what names the record, then the columns with faults, then the rest."""
    named = {register.by_name[name].header for name in (*register.natural_key, register.name)}
    faulty = {place for row in found.rows for place, cell in enumerate(row["cells"]) if cell["fault"]}

    def rank(place: int) -> int:
        return 0 if found.columns[place] in named else 1 if place in faulty else 2

    order = sorted(range(len(found.columns)), key=rank)
    return {
        "columns": [found.columns[place] for place in order],
        "rows": [row | {"cells": [row["cells"][place] for place in order]} for row in found.rows],
    }


def _already(register: Register, found: Preview) -> dict[str, str] | None:
    if found.already is None:
        return None
    return {
        "href": reverse("register-import-done", args=[register.key, found.already]),
        "words": _("同一文件已导入过（第 %d 次），内容一字未变；不能再导入。") % found.already,
    }


def _why_not(found: Preview, possible: list[str]) -> str:
    if found.already is not None:
        return ""
    if not possible:
        return _("有错的行须先改好：这个台账只收整份合格的表格。")
    if not found.writes:
        return _("没有要写入的行：与台账一致，或都有错。")
    return ""


def _consequence(register: Register, found: Preview) -> list[str]:
    rows = []
    if found.counts[NEW]:
        rows.append(_("新登记 %s 条。") % f"{found.counts[NEW]:,}")
    if found.counts[CHANGED]:
        rows.append(_("更正 %s 条，旧值留在各条的版本里。") % f"{found.counts[CHANGED]:,}")
    if found.counts[RESTORED]:
        rows.append(_("恢复 %s 条已终止或作废的。") % f"{found.counts[RESTORED]:,}")
    if found.counts[FAULTY]:
        rows.append(_("%s 行有错，不写入。") % f"{found.counts[FAULTY]:,}")
    if found.left_columns:
        rows.append(_("文件里没有的列不动：%s。") % "、".join(found.left_columns[:8]))
    if found.ignored:
        rows.append(_("不认识的列不导入：%s。") % "、".join(found.ignored[:8]))
    rows.append(_("导入后可以整次对冲，恢复原值。"))
    return rows


@needs("register.import")
@require_safe
def faults(request: HttpRequest, key: str, file: str) -> HttpResponse:
    """Send the faults of a preview as an Excel file."""
    register, actor = find(key), actor_of(request)
    reach.require_act(actor, register, "take_in")
    body = preview.faults_sheet(register, _kept(request, register, actor, file))
    return attachment(body, _("%s-错误清单.xlsx") % register.title)


# --- what was taken in ------------------------------------------------------------------------------------------------


@needs("register.import")
@require_safe
def imports(request: HttpRequest, key: str) -> HttpResponse:
    """List the imports of a register, newest first."""
    register, actor = find(key), actor_of(request)
    rows = queries.imports(actor, register)
    found = keyset_page(
        rows, (Key("id", int, descending=True),), size=_PAGE,
        after=request.GET.get("after", ""), before=request.GET.get("before", ""),
    )  # fmt: skip
    context = {
        "page_title": _("导入记录"),
        "crumbs": register_list.crumbs(register, register_list.own_crumb(register)),
        "rows": [_row(register, row) for row in found.rows],
        "page": page_links(Address(request), found, bounded_total(rows)),
        "import_href": reverse("register-import", args=[key]),
    }
    return page(request, "site/register_imports.html", context, fragment="results")


def _row(register: Register, row: RegisterImport) -> dict[str, Any]:
    return {
        "id": row.pk,
        "href": reverse("register-import-done", args=[register.key, row.pk]),
        "name": row.name,
        "at": row.at,
        "by": row.by,
        "mode": row.get_mode_display(),
        "new": row.new + row.restored,
        "changed": row.changed,
        "unchanged": row.unchanged,
        "left_out": row.left_out,
        "rows": row.rows,
        "undone": row.undone_at,
        "undone_by": row.undone_by,
        "undone_reason": row.undone_reason,
        "undone_count": row.undone_count,
        "digest": row.digest,
    }


@needs("register.import")
@require_safe
def import_done(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Show one import: what it did, record by record, and the way to take it back."""
    return _import_page(request, find(key), pk)


def _import_page(
    request: HttpRequest, register: Register, pk: int, error: LuoshiError | None = None, reason: str = ""
) -> HttpResponse:
    row = queries.import_of(actor_of(request), register, pk)
    changes = list(row.changes.order_by("pk")[:_SHOWN])
    context = {
        "page_title": _("第 %d 次导入") % pk,
        "crumbs": register_list.crumbs(
            register,
            register_list.own_crumb(register),
            {"title": _("导入记录"), "href": reverse("register-imports", args=[register.key])},
        ),
        "row": _row(register, row),
        "changes": _changes(register, changes),
        "more": max(row.new + row.changed + row.restored - len(changes), 0),
        "undo_href": reverse("register-undo", args=[register.key, pk]) if row.undone_at is None else "",
        "stopped": error is not None and error.code == "E_VERSION",
        "errors": _errors(error),
        "reason": reason,
    }
    return page(request, "site/register_import_done.html", context, status=error.http_status if error else 200)


def _errors(error: LuoshiError | None) -> dict[str, str]:
    if error is None:
        return {}
    given = error.fields.get("faults", ())
    return {fault["field"]: fault["fault"] for fault in given} or {"": error.message}


def _changes(register: Register, changes: list[RegisterChange]) -> list[dict[str, Any]]:
    books = Books(register, CLOCK.today())
    books.learn([queries.row_of_change(register, change).values for change in changes])
    shown = []
    for change in changes:
        row = queries.row_of_change(register, change)
        named = register.by_name[register.name]
        shown.append(
            {
                "row": change.row,
                "kind": change.get_kind_display(),
                "name": queries.words(named, row.values[register.name], books),
                "href": reverse("register-record", args=[register.key, change.record_id]),
                "rows": queries.differences(register, change, books) if change.before is not None else [],
            }
        )
    return shown


@needs("register.import")
@require_POST
def undo(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Take an import back: at once where it is small, else as a job."""
    register, actor = find(key), actor_of(request)
    row = queries.import_of(actor, register, pk)
    reason, skip = request.POST.get("reason", ""), request.POST.get("skip") == "1"
    try:
        if row.new + row.changed + row.restored > preview.IN_REQUEST and reason.strip():
            job = jobs.enqueue_undo(actor=actor, register=register, import_id=pk, reason=reason, skip_changed=skip)
            return HttpResponseRedirect(reverse("job", args=[job.pk]), status=303)
        actions.undo_import(actor=actor, import_id=pk, reason=reason, skip_changed=skip)
    except LuoshiError as error:
        if error.code not in ("E_INPUT", "E_VERSION", "E_STATE"):
            raise
        return _import_page(request, register, pk, error, reason)
    return HttpResponseRedirect(reverse("register-import-done", args=[key, pk]), status=303)


urlpatterns: list[URLPattern] = [
    path("registers/<str:key>/import/", upload, name="register-import"),
    path("registers/<str:key>/import/<str:file>/", preview_page, name="register-preview"),
    path("registers/<str:key>/import/<str:file>/faults.xlsx", faults, name="register-faults"),
    path("registers/<str:key>/imports/", imports, name="register-imports"),
    path("registers/<str:key>/imports/<int:pk>/", import_done, name="register-import-done"),
    path("registers/<str:key>/imports/<int:pk>/undo/", undo, name="register-undo"),
]
