"""The words of the kinds of paper: list, one kind with its editions, proposing with a preview, the second hand."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.organs import titles
from luoshi.office.notices import content, kinds, paper, sandbox, templates
from luoshi.office.notices.facts import TYPES
from luoshi.office.notices.kinds import LAYOUTS, PARTS, Kind
from luoshi.office.notices.models import TemplateEdition
from luoshi.office.permissions import may
from luoshi.office.web import incident_of
from luoshi.site import notice_words as words
from luoshi.site.access import actor_of, needs
from luoshi.site.context import as_of
from luoshi.site.pages import page
from luoshi.site.typography import date_words

_ROWS = {"title": 2, "to": 2, "body": 16, "attachments": 3, "note": 1, "copy": 2, "short": 2}
_STATES = {"proposed": ("yellow",), "approved": ("green",), "refused": ("red",), "withdrawn": ("",)}


@needs("template.see")
@require_safe
def template_list(request: HttpRequest) -> HttpResponse:
    """Show every kind of paper by room, and what waits for a second person."""
    actor, seen = actor_of(request), as_of(request)
    waiting: dict[str, int] = {}
    if templates.sees_drafts(actor):
        for key in TemplateEdition.objects.filter(state="proposed").values_list("kind", flat=True):
            waiting[key] = waiting.get(key, 0) + 1
    edited = set(
        TemplateEdition.objects.filter(state="approved", valid_from__lte=seen.date).values_list("kind", flat=True)
    )
    known = kinds.kinds()
    rooms: dict[str, list[Kind]] = {}
    for kind in known.values():
        rooms.setdefault(kind.room, []).append(kind)
    context = {
        "page_title": _("文书模板"),
        "crumbs": [{"title": _("文书"), "href": reverse("notices")}],
        "groups": [
            {"title": kinds.room_title(room), "rows": [
                {"title": one.title, "href": reverse("notice-template", args=[one.key]), "layout": LAYOUTS[one.layout],
                 "organ": words.issuers_of(one), "series": words.series_of(one), "public": one.public,
                 "edited": one.key in edited, "waiting": waiting.get(one.key, 0)}
                for one in found]}
            for room, found in rooms.items()
        ],
        "sees_drafts": templates.sees_drafts(actor),
    }  # fmt: skip
    return page(request, "site/notice_templates.html", context)


@needs("template.see")
@require_http_methods(["GET", "HEAD", "POST"])
def template_page(request: HttpRequest, key: str) -> HttpResponse:
    """Show a kind: its words on the day looked at, its fields, editions; propose other words after a preview."""
    actor = actor_of(request)
    kinds.kind_of(key)
    if request.method != "POST":
        return _page(request, key)
    typed = {part: request.POST.get(f"t.{part}", "").replace("\r\n", "\n") for part in PARTS}
    typed |= {name: request.POST.get(name, "").strip() for name in ("valid_from", "reason")}
    try:
        day = _day(typed["valid_from"])
        if request.POST.get("act") == "send":
            made = templates.propose(actor=actor, kind=key, words=typed, valid_from=day, reason=typed["reason"])
            return HttpResponseRedirect(templates.address(made), status=303)
        found = templates.draft(kind=key, words=typed, valid_from=day, reason=typed["reason"])
    except LuoshiError as error:
        if error.code not in ("E_INPUT", "E_DUPLICATE"):
            raise
        return _page(request, key, typed=typed, error=error)
    return _page(request, key, typed=typed, preview=found)


def _day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        fault = _("请填从哪一天起用。") if not text else _("“%s”不是日期，应如 2026-03-08。") % text[:20]
        raise LuoshiError("E_INPUT", fault, fields={"faults": [{"field": "valid_from", "fault": fault}]}) from None


def _page(
    request: HttpRequest,
    key: str,
    *,
    typed: Mapping[str, str] | None = None,
    preview: TemplateEdition | None = None,
    error: LuoshiError | None = None,
) -> HttpResponse:
    actor, seen = actor_of(request), as_of(request)
    held = templates.on_day(key, seen.date)
    kind, sees = held.kind, templates.sees_drafts(actor)
    editions = [one for one in templates.editions(key) if sees or one.state == "approved"]
    faults = {} if error is None else {_place(one): one["fault"] for one in error.fields.get("faults", ())}
    if error is not None and not faults:
        faults = {"": error.message}
    proposes = may(actor, "template.propose", [kind.organ]) and not seen.active
    shown = dict(kind.words) | {"valid_from": "", "reason": ""} | dict(typed or {})
    context = {
        "page_title": _("模板：%s") % kind.title,
        "crumbs": [{"title": _("文书模板"), "href": reverse("notice-templates")},
                   {"title": kinds.room_title(kind.room), "href": reverse("notice-templates")}],
        "kind": kind,
        "layout": LAYOUTS[kind.layout],
        "organ": titles([kind.organ], seen.date)[kind.organ],
        "series": words.series_of(kind),
        "edition": held.edition,
        "parts": [{"key": part, "title": title, "words": kind.words[part]} for part, title in PARTS.items()],
        "fields": [{"name": one.name, "title": one.title, "type": TYPES[one.type], "required": one.required,
                    "note": "、".join(one.choices) or "、".join(f"{c.name} {c.title}" for c in one.columns)}
                   for one in kind.fields],
        "filters": [(name, note) for name, (_function, note) in sandbox.FILTERS.items()],
        "sample": paper.html(_sampled(kind, kind.words, seen.date), heading="h3"),
        "waiting": [_waiting(one, kind, actor, seen.date, not seen.active) for one in editions
                    if one.state == "proposed"],
        "log": [{"row": one, "tone": _STATES[one.state][0]} for one in editions if one.state != "proposed"],
        "sees": sees,
        "proposes": proposes,
        "open": typed is not None,
        "form": [{"name": f"t.{part}", "title": title, "value": shown[part], "rows": _ROWS[part],
                  "error": faults.get(f"t.{part}", "")} for part, title in PARTS.items()],
        "typed": shown,
        "errors": faults,
        "preview": None if preview is None else {
            "paper": paper.html(_sampled(kind, preview.parts, preview.valid_from), heading="h3"),
            "changes": _changes(kind.words, preview.parts),
            "day": preview.valid_from,
        },
        "error": None if error is None or error.code == "E_INPUT" else {
            "title": error.definition.title, "message": error.message, "code": error.code,
            "incident": incident_of(request)},
    }  # fmt: skip
    return page(request, "site/notice_template.html", context, status=error.http_status if error else 200)


def _place(fault: Mapping[str, Any]) -> str:
    place = str(fault.get("field", ""))
    return f"t.{place}" if place in PARTS else place


def _sampled(kind: Kind, parts: Mapping[str, str], on: datetime.date) -> content.Paper:
    text = content.sample(kind, parts, on)
    return content.paper(
        text.content, text.title, number=f"{series}〔{on.year}〕×号" if (series := kind.series_of(kind.organ)) else ""
    )


def _changes(old: Mapping[str, str], new: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"label": title, "old": old.get(part, ""), "new": new.get(part, "")} for part, title in PARTS.items()]


def _waiting(one: TemplateEdition, kind: Kind, actor: Any, today: datetime.date, writes: bool) -> dict[str, Any]:
    own = bool(actor.hands & {one.proposed_by_id, one.proposed_for_id})
    decides = writes and not own and bool(actor.hands) and may(actor, "template.approve", [one.owner])
    try:
        sampled = paper.html(_sampled(kind, one.parts, one.valid_from), heading="h3")
    except LuoshiError as error:
        sampled = f'<p class="ls-t-red">{error.message}</p>'
    before = templates.on_day(kind.key, one.valid_from).kind.words
    return {
        "row": one,
        "changes": _changes(before, one.parts),
        "paper": sampled,
        "outdated": one.delivered != kinds.kind_of(kind.key).digest,
        "pair": {
            "first": {"name": one.proposed_name, "post": _("拟改"), "at": one.proposed_at, "you": own,
                      "note": one.reason},
            "second": {"name": actor.name if decides else "", "post": _("批准"), "at": None, "you": decides,
                       "note": "" if decides else _("须另一人：发文单位的审核或负责人")},
            "consequence": [_("%s起拟的这种文书按新模板；以前拟的、签的都不变。") % date_words(one.valid_from)],
            "act": {"name": "act", "value": "approve", "words": _("批准，自%s起用") % date_words(one.valid_from)}
            if decides else None,
        },
        "decides": decides,
        "withdraws": writes and own and may(actor, "template.propose", [one.owner]),
    }  # fmt: skip


@needs("template.see")
@require_POST
def template_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve, refuse or take back an edition; a refusal is shown on the kind's page."""
    actor, edition = actor_of(request), templates.edition_of(pk)
    text = request.POST.get("version", "")
    version = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
    act = request.POST.get("act", "")
    try:
        if act == "approve":
            templates.approve(actor=actor, edition=pk, version=version)
        elif act == "refuse":
            templates.refuse(actor=actor, edition=pk, version=version, answer=request.POST.get("answer", ""))
        elif act == "withdraw":
            templates.withdraw(actor=actor, edition=pk, version=version)
        else:
            raise LuoshiError("E_INPUT", _("没有选要办什么。"))
    except LuoshiError as error:
        if error.code not in ("E_INPUT", "E_SELF", "E_STATE", "E_VERSION"):
            raise
        request.refusal = error  # type: ignore[attr-defined]
        return _page(request, edition.kind, error=LuoshiError(error.code, error.message))
    return HttpResponseRedirect(templates.address(edition), status=303)


urlpatterns = [
    path("publish/templates/", template_list, name="notice-templates"),
    path("publish/templates/<str:key>/", template_page, name="notice-template"),
    path("publish/templates/editions/<int:pk>/act/", template_act, name="notice-template-act"),
]
