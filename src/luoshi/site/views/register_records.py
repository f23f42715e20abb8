"""One record of a register: what it holds, its versions, and the acts on it: enter, correct, end, restore, void."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.audit.actions import read_sensitive
from luoshi.office.registers import actions, queries, reach, sheets
from luoshi.office.registers.declaration import Column, Register, find
from luoshi.office.registers.kinds import masked
from luoshi.office.registers.models import RegisterChange
from luoshi.office.registers.queries import RecordRow
from luoshi.office.registers.reading import Books
from luoshi.site import register_list
from luoshi.site.access import actor_of, needs
from luoshi.site.context import as_of
from luoshi.site.pages import page
from luoshi.site.parameter_words import cites

ACT_WORDS = {
    "end": (gettext_lazy("终止"), gettext_lazy("为什么终止")),
    "restore": (gettext_lazy("恢复"), gettext_lazy("为什么恢复")),
    "void": (gettext_lazy("作废"), gettext_lazy("为什么作废：不该登记的才作废，停用、退出用终止")),
}


# --- the page ---------------------------------------------------------------------------------------------------------


@needs("register.see")
@require_safe
def record(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Show a record as it stands on the day looked at."""
    return _page(request, find(key), pk)


def _page(
    request: HttpRequest,
    register: Register,
    pk: int,
    *,
    error: LuoshiError | None = None,
    act: str = "",
    revealed: Mapping[str, str] | None = None,
) -> HttpResponse:
    actor, seen = actor_of(request), as_of(request)
    found = queries.record(actor, register, pk)
    now = queries.row_of_record(register, found)
    changes = queries.versions(register, pk, seen.date if seen.active else None)
    # What was entered before there was a history is shown as it is: nothing says it was otherwise.
    kept = bool(changes) or queries.has_history(register, pk)
    row = queries.state_on(register, pk, seen.date) if seen.active and kept else now
    books = Books(register, seen.date)
    if row is not None:
        books.learn([row.values])
    edits = not seen.active and reach.covers(register, reach.reach(actor, register, "edit"), now.values)
    context: dict[str, Any] = {
        "page_title": queries.words(register.by_name[register.name], (row or now).values[register.name], books),
        "crumbs": register_list.crumbs(register, register_list.own_crumb(register)),
        "register": register,
        "cite": cites([register.citation]).get(register.citation) if register.citation else None,
        "keys": [
            {"label": c.title, "words": queries.words(c, (row or now).values[c.name], books)}
            for c in register.columns
            if c.name in register.natural_key and c.name != register.name
        ],
        "row": row,
        "not_yet": row is None,
        "state": register_list.state_words(row, seen.date) if row is not None else None,
        "fields": _fields(register, row, books, edits, revealed or {}) if row is not None else [],
        "versions": _versions(register, changes, books, seen.today),
        "links": list(register.links(found, seen.date, actor))
        if register.links is not None and not seen.active
        else [],
        "organs": [
            {"name": books.names.title(slug), "href": reverse("organ", args=[slug])}
            for slug in dict.fromkeys(reach.organs_of(register, found))
        ],
        "acts": _acts(register, now, pk, seen.today) if edits else [],
        "correct_href": reverse("register-correct", args=[register.key, pk])
        if edits and now.stands(seen.today)
        else "",
        "reveal_href": reverse("register-reveal", args=[register.key, pk]) if not seen.active else "",
        "has_sensitive": any(c.sensitive and now.values[c.name] for c in register.columns),
        "revealed": bool(revealed),
        "version": now.version,
        "error": _shown(error),
        "act_error": act,
        "reason": request.POST.get("reason", "") if error is not None else "",
        "today": seen.today,
    }
    response = page(request, "site/register_record.html", context, status=error.http_status if error else 200)
    if revealed:
        response["Cache-Control"] = "no-store, private"
    return response


def _fields(
    register: Register, row: RecordRow, books: Books, edits: bool, revealed: Mapping[str, str]
) -> list[dict[str, Any]]:
    shown = []
    for column in register.columns:
        value = row.values[column.name]
        words = revealed.get(column.name) or queries.words(column, value, books)
        shown.append(
            {
                "label": column.header,
                "words": words,
                "masked": column.sensitive and bool(value) and column.name not in revealed,
                "right": column.right,
                "note": column.note,
                "href": reverse("organ", args=[value]) if column.kind == "organ" and value else "",
            }
        )
    return shown


def _versions(
    register: Register, changes: list[RegisterChange], books: Books, today: datetime.date
) -> list[dict[str, Any]]:
    return [
        {
            "version": change.version,
            "kind": change.get_kind_display(),
            "at": change.at,
            "by": f"{change.by}（代{change.for_name}）" if change.for_name else change.by,
            "reason": change.reason,
            "import": f"第 {change.taken_id} 次导入，第 {change.row} 行" if change.taken_id else "",
            "rows": queries.differences(register, change, books),
            "first": change.before is None,
        }
        for change in changes
    ]


def _acts(register: Register, row: RecordRow, pk: int, today: datetime.date) -> list[dict[str, Any]]:
    offered = ["end", "void"] if not row.void and row.ended_on is None else ["restore"]
    if row.ended_on is not None and not row.void:
        offered.append("void")
    return [
        {
            "key": name,
            "words": str(ACT_WORDS[name][0]),
            "hint": str(ACT_WORDS[name][1]),
            "href": reverse(f"register-{name}", args=[register.key, pk]),
            "dated": name == "end",
        }
        for name in offered
    ]


def _shown(error: LuoshiError | None) -> dict[str, Any] | None:
    if error is None:
        return None
    return {"code": error.code, "title": error.definition.title, "message": error.message}


@needs("register.see")
@require_POST
def reveal(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Show the sensitive values of a record for a stated purpose, which is taken down."""
    register, actor = find(key), actor_of(request)
    found = queries.row_of_record(register, queries.record(actor, register, pk))
    columns = [c for c in register.columns if c.sensitive and found.values[c.name]]
    try:
        read_sensitive(
            actor=actor,
            subject=f"register:{register.key}:{pk}",
            fields=[column.name for column in columns],
            purpose=request.POST.get("purpose", "")[:200],
        )
    except LuoshiError as error:
        if error.code != "E_PURPOSE":
            raise
        return _page(request, register, pk, error=error, act="reveal")
    books = Books(register, CLOCK.today())
    told = {c.name: queries.words(c, found.values[c.name], books, mask=False) for c in columns}
    return _page(request, register, pk, revealed=told)


# --- entering and correcting ------------------------------------------------------------------------------------------


@needs("register.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, key: str) -> HttpResponse:
    """Enter one record."""
    register, actor = find(key), actor_of(request)
    reach.require_act(actor, register, "edit")
    if request.method != "POST":
        return _form(request, register, None, {})
    typed = _typed(request, register)
    try:
        done = actions.create(actor=actor, register=register, given=typed, reason=request.POST.get("reason", ""))
    except LuoshiError as error:
        if error.code in ("E_NOT_FOUND",) or (error.code == "E_FORBIDDEN" and not error.fields.get("faults")):
            raise
        return _form(request, register, None, typed, error)
    return HttpResponseRedirect(reverse("register-record", args=[key, done.record.pk]), status=303)


@needs("register.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Correct a record; a newer version of another is shown beside what was typed."""
    register, actor = find(key), actor_of(request)
    found = queries.record(actor, register, pk)
    reach.require_act(actor, register, "edit", queries.row_of_record(register, found).values)
    if request.method != "POST":
        return _form(request, register, found, {})
    typed, version = _typed(request, register), _version(request)
    try:
        actions.correct(
            actor=actor, register=register, record_id=pk, version=version, given=typed,
            reason=request.POST.get("reason", ""),
        )  # fmt: skip
    except LuoshiError as error:
        if error.code == "E_NOT_FOUND" or (error.code == "E_FORBIDDEN" and not error.fields.get("faults")):
            raise
        return _form(request, register, found, typed, error)
    return HttpResponseRedirect(reverse("register-record", args=[key, pk]), status=303)


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0


def _typed(request: HttpRequest, register: Register) -> dict[str, str]:
    return {c.name: request.POST.get(c.name, "")[: c.longest + 100] for c in register.columns if c.name in request.POST}


def _form(
    request: HttpRequest,
    register: Register,
    found: Any,
    typed: Mapping[str, str],
    error: LuoshiError | None = None,
) -> HttpResponse:
    row = queries.row_of_record(register, found) if found is not None else None
    books = Books(register, CLOCK.today())
    if row is not None:
        books.learn([row.values])
    faults = {} if error is None else {f["field"]: f["fault"] for f in error.fields.get("faults", ())}
    stale = error is not None and error.code == "E_VERSION"
    if error is not None and not faults and not stale:
        faults = {error.fields.get("field", ""): error.message}
    name = register.by_name[register.name]
    title = _("登记：%s") % register.title if row is None else _("更正：%s") % row.values[name.name]
    back = reverse("register", args=[register.key])
    if row is not None:
        back = reverse("register-record", args=[register.key, row.pk])
    crumbs = register_list.crumbs(register, register_list.own_crumb(register))
    context = {
        "page_title": title,
        "crumbs": crumbs,
        "register": register,
        "fields": [_field(column, row, typed, books) for column in register.columns],
        "errors": faults,
        "stale": {"message": error.message, "rows": error.fields.get("rows", ())} if stale and error else None,
        "correcting": row is not None,
        "reason": request.POST.get("reason", ""),
        # After a stale attempt the form carries the version shown beside it: the person has seen both.
        "version": row.version if row is not None else 0,
        "back_href": back,
    }
    return page(request, "site/register_form.html", context, status=error.http_status if error else 200)


def _field(column: Column, row: RecordRow | None, typed: Mapping[str, str], books: Books) -> dict[str, Any]:
    value = row.values[column.name] if row is not None else None
    if column.name in typed:
        text = typed[column.name]
    elif value is None or value == "" or column.sensitive:
        text = ""
    elif column.kind == "choice":
        text = str(value)
    elif column.kind == "boolean":
        text = "是" if value else "否"
    elif column.kind == "date":
        text = value.isoformat()
    else:
        text = queries.words(column, value, books, mask=False).replace("−", "-")
    hint = sheets.hint(column) if column.kind not in ("choice", "boolean", "date") else column.note
    if column.sensitive and value:
        hint = _("现为 %s；不改请留空。") % masked(column, str(value)) + hint
    options: list[tuple[str, str]] = []
    if column.kind == "choice":
        options = [("", _("请选")), *((str(key), words) for key, words in column.words_of.items())]
    elif column.kind == "boolean":
        options = [("", _("未填")), ("是", _("是")), ("否", _("否"))]
    return {
        "name": column.name,
        "label": column.header,
        "value": text,
        "hint": hint,
        "required": column.required and not (column.sensitive and bool(value)),
        "options": options,
        "kind": {"date": "date", "area": "area"}.get(column.kind, "text"),
        "maxlength": min(column.longest, 2000),
        "area": column.kind == "area",
    }


# --- end, restore, void -----------------------------------------------------------------------------------------------


def _done(request: HttpRequest, key: str, pk: int, act: str) -> HttpResponse:
    register, actor = find(key), actor_of(request)
    more: dict[str, Any] = {}
    try:
        if act == "end":
            more["on"] = _day(request.POST.get("on", ""))
        _ACTS[act](
            actor=actor, register=register, record_id=pk, version=_version(request),
            reason=request.POST.get("reason", ""), **more,
        )  # fmt: skip
    except LuoshiError as error:
        if error.code in ("E_NOT_FOUND", "E_FORBIDDEN"):
            raise
        return _page(request, register, pk, error=error, act=act)
    return HttpResponseRedirect(reverse("register-record", args=[key, pk]), status=303)


_ACTS: dict[str, Any] = {"end": actions.end, "restore": actions.restore, "void": actions.void}


def _day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text.strip())
    except ValueError:
        raise LuoshiError("E_INPUT", _("“%s”不是日期，应如 2018-03-08。") % text[:20]) from None


@needs("register.edit")
@require_POST
def end(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """End a record."""
    return _done(request, key, pk, "end")


@needs("register.edit")
@require_POST
def restore(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Let a record stand again."""
    return _done(request, key, pk, "restore")


@needs("register.edit")
@require_POST
def void(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Mark a record as one that should never have been entered."""
    return _done(request, key, pk, "void")


urlpatterns: list[URLPattern] = [
    path("registers/<str:key>/new/", new, name="register-new"),
    path("registers/<str:key>/<int:pk>/", record, name="register-record"),
    path("registers/<str:key>/<int:pk>/correct/", correct, name="register-correct"),
    path("registers/<str:key>/<int:pk>/end/", end, name="register-end"),
    path("registers/<str:key>/<int:pk>/restore/", restore, name="register-restore"),
    path("registers/<str:key>/<int:pk>/void/", void, name="register-void"),
    path("registers/<str:key>/<int:pk>/reveal/", reveal, name="register-reveal"),
]
