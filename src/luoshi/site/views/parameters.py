"""The parameter book: list, one parameter with its history, proposing, and the second person's decision."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.parameters import Parameter
from luoshi.office.accounts.organs import titles
from luoshi.office.actors import Actor
from luoshi.office.parameters import actions, packaged, queries, values
from luoshi.office.parameters.book import Span, current, dated_value
from luoshi.office.parameters.models import ParameterChange
from luoshi.office.permissions import may, require
from luoshi.office.web import incident_of
from luoshi.site import parameter_words as words
from luoshi.site.access import actor_of, needs
from luoshi.site.addresses import Address, chips, facet
from luoshi.site.context import as_of
from luoshi.site.pages import page
from luoshi.site.registry import load_decisions
from luoshi.site.typography import date_words
from luoshi.site.views import calculators

PAGE_SIZE = 80
_MAX_QUERY = 60
_FIELDS = ("value", "valid_from", "valid_to", "source", "citation", "document", "reason")
_LABELS = {
    "value": gettext_lazy("值"),
    "from": gettext_lazy("自"),
    "to": gettext_lazy("至"),
    "source": gettext_lazy("来源"),
    "citation": gettext_lazy("依据"),
    "document": gettext_lazy("确认文件"),
}


# --- the list ---------------------------------------------------------------------------------------------------------


@needs("parameter.see")
@require_safe
def book_list(request: HttpRequest) -> HttpResponse:
    """Show the parameters by room with their values on the day looked at."""
    seen, address, actor = as_of(request), Address(request), actor_of(request)
    wanted = _read_filter(request, seen.date)
    book = current()
    every = queries.rows(actor, queries.BookFilter(seen.date), book)
    found = [row for row in every if queries.fits(row, wanted)]
    start = _start(request.GET.get("after", ""), len(found))
    shown = found[start : start + PAGE_SIZE]
    chip_of = words.cites({words.basis_text(row.dated) for row in shown if row.dated})
    owner_names = titles({row.owner for row in every}, seen.date)
    context = {
        "page_title": _("参数簿"),
        "crumbs": [{"title": _("公报与政策"), "href": reverse("policy")}, {"title": _("参数簿"), "href": ""}],
        "groups": [
            {"title": room.title, "key": room.key, "rows": [_list_row(row, chip_of, owner_names) for row in rows]}
            for room, rows in groupby(shown, lambda row: row.room)
        ],
        "facets": _facets(address, every, wanted, owner_names),
        "chips": chips(address, _conditions(wanted, owner_names)),
        "page": {
            "first": start + 1,
            "shown": len(shown),
            "prev_href": address.having(after=str(start - PAGE_SIZE)) if start > PAGE_SIZE else
            (address.having() if start else ""),
            "next_href": address.having(after=str(start + PAGE_SIZE)) if start + PAGE_SIZE < len(found) else "",
        },
        "count_words": _("%d 个") % len(found),
        "unconfirmed": sum(row.standing == "unconfirmed" for row in every),
        "unconfirmed_href": address.having(standing="unconfirmed"),
        "waiting": sum(row.waiting for row in every),
        "waiting_href": address.having(waiting="1"),
        "sees_drafts": queries.sees_drafts(actor),
        "edition": book.name.partition(":")[0],
        "q": wanted.q,
        "hidden": address.hidden("q"),
        "reset_href": request.path,
    }  # fmt: skip
    return page(request, "site/parameters.html", context, fragment="results")


def _read_filter(request: HttpRequest, on: datetime.date) -> queries.BookFilter:
    query = request.GET
    return queries.BookFilter(
        on,
        rooms=tuple(query.getlist("room")[:50]),
        standings=tuple(value for value in query.getlist("standing") if value in words.STANDINGS),
        owners=tuple(query.getlist("owner")[:50]),
        waiting=query.get("waiting") == "1",
        q=query.get("q", "").replace("\0", "").strip()[:_MAX_QUERY],
    )


def _start(text: str, total: int) -> int:
    start = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
    return start if start < max(total, 1) else 0


def _list_row(row: queries.BookRow, chip_of: Mapping[str, Any], owners: Mapping[str, str]) -> dict[str, Any]:
    return {
        "title": row.parameter.title,
        "name": row.parameter.name,
        "href": reverse("parameter", args=[row.room.key, row.parameter.name]),
        "held": words.value_row(row.parameter, row.dated, chip_of),
        "owner": owners[row.owner],
        "waiting": row.waiting,
    }


def _facets(
    address: Address, every: Sequence[queries.BookRow], wanted: queries.BookFilter, owners: Mapping[str, str]
) -> list[dict[str, Any]]:
    rooms = Counter(row.room.key for row in every)
    standings = Counter(row.standing for row in every)
    owned = Counter(row.owner for row in every)
    room_titles = {room.key: room.title for room in packaged.rooms().values()}
    return [
        facet(address, "room", _("领域"), [(k, room_titles[k], n) for k, n in rooms.items()], wanted.rooms, 30),
        facet(
            address, "standing", _("来源"), [(k, str(w), standings[k]) for k, (w, _tone) in words.STANDINGS.items()
                                           if standings[k] or k in wanted.standings], wanted.standings,
        ),
        facet(address, "owner", _("负责单位"), [(k, owners[k], n) for k, n in owned.most_common()], wanted.owners),
    ]  # fmt: skip


def _conditions(wanted: queries.BookFilter, owners: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    titles_of = {room.key: room.title for room in packaged.rooms().values()}
    found = [("room", key, _("领域"), titles_of.get(key, key)) for key in wanted.rooms]
    found += [("standing", key, _("来源"), str(words.STANDINGS[key][0])) for key in wanted.standings]
    found += [("owner", key, _("负责单位"), owners.get(key, key)) for key in wanted.owners]
    if wanted.waiting:
        found.append(("waiting", "1", _("变更"), _("有待批准的")))
    if wanted.q:
        found.append(("q", wanted.q, _("含"), wanted.q))
    return found


# --- one parameter ----------------------------------------------------------------------------------------------------


@needs("parameter.see")
@require_safe
def parameter_page(request: HttpRequest, room: str, name: str) -> HttpResponse:
    """Show a parameter: value, history, what waits for a second person, what reads it."""
    return _parameter_page(request, room, name)


def _parameter_page(
    request: HttpRequest, room: str, name: str, error: LuoshiError | None = None, typed: Mapping[str, str] | None = None
) -> HttpResponse:
    load_decisions()
    seen, actor = as_of(request), actor_of(request)
    found = current().parameter(room, name)
    owner = packaged.owner_of(found)
    changes = queries.changes_of(actor, room, name)
    held = queries.value_on(found, seen.date)
    cited = {words.basis_text(value) for value in found.values} | {change.citation for change in changes}
    chip_of = words.cites(cited)
    waiting = [change for change in changes if change.state == ParameterChange.State.PROPOSED]
    writes = not seen.active
    mine = may(actor, "parameter.propose", [owner]) and writes
    drafts = [dated_value(found, _span(change)) for change in waiting]
    context = {
        "page_title": found.title,
        "crumbs": [
            {"title": _("参数簿"), "href": reverse("parameters")},
            {"title": packaged.rooms()[room].title, "href": f"{reverse('parameters')}?room={room}"},
        ],
        "name": f"{room}.{name}",
        "held": words.value_row(found, held, chip_of, current=True),
        "unit": found.unit,
        "kind": words.KINDS[values.kind_of(found)],
        "owner": titles([owner], seen.date)[owner],
        "drawing": words.steps(found, CLOCK.today(), drafts),
        "rows": [words.value_row(found, value, chip_of, current=value is held) for value in reversed(found.values)],
        "waiting": [_waiting(request, change, found, chip_of, writes, typed or {}) for change in waiting],
        "log": [_logged(found, change, chip_of) for change in changes if change not in waiting],
        "sees_names": queries.sees_drafts(actor),
        "readers": [
            {"key": d.key, "title": d.title, "href": reverse("calculator", args=[d.key])}
            for d in packaged.readers(room, name)
        ],
        "propose_href": reverse("parameter-propose", args=[room, name]) if mine else "",
        "confirm_href": reverse("parameter-confirm", args=[room, name])
        if mine and held is not None and held.needs_confirmation
        else "",
        "error": _shown_error(request, error),
        "missing_words": _missing_words(found, seen.date) if held is None else "",
    }
    return page(request, "site/parameter.html", context, status=error.http_status if error else 200)


def _missing_words(found: Parameter, day: datetime.date) -> str:
    spans = "、".join(words.span_words(value.valid_from, value.valid_to) for value in found.values)
    return _("%(day)s没有值，办理时会停下并说明；已有：%(spans)s。") % {"day": date_words(day), "spans": spans}


def _span(change: ParameterChange) -> Span:
    return Span(
        change.room, change.name, change.valid_from, change.valid_to, change.value, change.source, change.citation, None
    )


def _waiting(
    request: HttpRequest,
    change: ParameterChange,
    found: Parameter,
    chip_of: Mapping[str, Any],
    writes: bool,
    typed: Mapping[str, str],
) -> dict[str, Any]:
    actor = actor_of(request)
    makers = {change.proposed_by_id, change.proposed_for_id}
    own = bool(actor.hands & makers)
    decides = writes and not own and bool(actor.hands) and may(actor, "parameter.approve", [change.owner])
    effect = queries.consequence(change, CLOCK.today())
    address = {act: reverse(f"parameter-{act}", args=[change.pk]) for act in ("approve", "refuse", "withdraw")}
    pair = {
        "first": {"name": change.proposed_name, "post": _("拟办"), "at": change.proposed_at, "you": own, "note": ""},
        "second": {
            "name": actor.name if decides else "",
            "post": _("批准"),
            "at": None,
            "you": decides,
            "note": "" if decides else _("须另一人：负责单位的审核或负责人"),
        },
        "consequence": _consequence_words(effect, change),
        "act": {"name": "act", "value": "approve", "words": _("批准，自%s起执行") % date_words(change.valid_from)}
        if decides
        else None,
    }
    return {
        "id": change.pk,
        "version": change.version,
        "title": _("确认现值") if change.kind == ParameterChange.Kind.CONFIRM else _("改值"),
        "changes": _changed(found, change),
        "cite": chip_of.get(change.citation),
        "reason": change.reason,
        "past": _past_words(effect),
        "samples": _samples(effect),
        "pair": pair,
        "decides": decides,
        "withdraws": writes and own and may(actor, "parameter.propose", [change.owner]),
        "address": address,
        "answer": typed.get("answer", ""),
    }


def _changed(found: Parameter, change: ParameterChange) -> list[dict[str, str]]:
    old = queries.value_on(found, change.valid_from)
    new = dated_value(found, _span(change))
    rows = {
        "value": (words.held(found, old.value) if old else "", words.held(found, new.value)),
        "from": (date_words(old.valid_from) if old else "", date_words(new.valid_from)),
        "to": (
            (date_words(old.valid_to) if old.valid_to else _("长期")) if old else "",
            date_words(new.valid_to) if new.valid_to else _("长期"),
        ),
        "source": (str(words.SOURCES[old.source.value]) if old else "", str(words.SOURCES[new.source.value])),
        "citation": (words.basis_text(old) if old else "", change.citation),
        "document": ((old.confirmed_by or "") if old else "", change.document),
    }
    return [{"label": str(_LABELS[key]), "old": before, "new": after} for key, (before, after) in rows.items()]


def _consequence_words(effect: queries.Consequence, change: ParameterChange) -> list[str]:
    if change.kind == ParameterChange.Kind.CONFIRM:
        return [_("数值不变，不再显示“默认值，未经确认”，写明由谁、何时、据何文件确认。")]
    first, before = change.valid_from, change.valid_from - datetime.timedelta(days=1)
    new = words.held(effect.after, effect.after.on(first).value)
    found = [_("%(day)s起的办理和试算按 %(value)s；此前的不变，已出具的回执照原值复核。") % {
        "day": date_words(first), "value": new}]  # fmt: skip
    old = queries.value_on(effect.before, first)
    if old is not None and old.valid_from < first:
        found.append(_("现值 %(value)s 到%(day)s止。") % {
            "value": words.held(effect.before, old.value), "day": date_words(before)})  # fmt: skip
    found += [
        _("%(days)s 的 %(value)s 被取代。")
        % {
            "days": words.span_words(value.valid_from, value.valid_to),
            "value": words.held(effect.before, value.value),
        }
        for value in effect.displaced
    ]
    if effect.gap_from is not None:
        found.append(_("%s起没有值：到时办理会停下。需要接续的，请另拟一件。") % date_words(effect.gap_from))
    differing = sum(sample.differs for sample in effect.samples)
    if effect.samples:
        found.append(
            _("样例中有 %d 个结果不同，见“样例”。") % differing if differing else _("所试的样例，结果都不变。")
        )
    elif not effect.readers:
        found.append(_("目前没有决定读这个参数。"))
    return found


def _past_words(effect: queries.Consequence) -> str:
    if effect.past is None:
        return ""
    names = "、".join(definition.title for definition in effect.readers) or _("没有决定读它")
    return _(
        "起始日已过：%(first)s到%(last)s之间作出的下列决定可能受影响：%(names)s。系统没有留存逐件回执，"
        "手中有回执的，请到“试算 / 复核回执”逐件重新计算并比对。"
    ) % {"first": date_words(effect.past[0]), "last": date_words(effect.past[1]), "names": names}


def _samples(effect: queries.Consequence) -> list[dict[str, Any]]:
    return [
        {
            "title": sample.title,
            "facts": calculators.facts_words(sample.facts),
            "before": calculators.answer_words(sample.before),
            "after": calculators.answer_words(sample.after),
            "differs": sample.differs,
            "href": calculators.link(sample.key, sample.facts),
        }
        for sample in effect.samples
    ]


def _logged(found: Parameter, change: ParameterChange, chip_of: Mapping[str, Any]) -> dict[str, Any]:
    state, tone = words.STATES[change.state]
    return {
        "id": change.pk,
        "state": state,
        "tone": tone,
        "kind": _("确认现值") if change.kind == ParameterChange.Kind.CONFIRM else _("改值"),
        "value": words.held(found, change.value),
        "days": words.span_words(change.valid_from, change.valid_to),
        "cite": chip_of.get(change.citation),
        "document": change.document,
        "reason": change.reason,
        "answer": change.answer,
        "proposed": change.proposed_name,
        "proposed_at": change.proposed_at,
        "decided": change.decided_name,
        "decided_at": change.decided_at,
        "book": change.book,
    }


def _shown_error(request: HttpRequest, error: LuoshiError | None) -> dict[str, Any] | None:
    if error is None:
        return None
    return {
        "title": error.definition.title,
        "message": error.message,
        "code": error.code,
        "incident": incident_of(request),
    }


# --- proposing --------------------------------------------------------------------------------------------------------


@needs("parameter.propose")
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest, room: str, name: str) -> HttpResponse:
    """Show the form of a change; look at its consequence, then send it to a second person."""
    load_decisions()
    delivered = packaged.parameter(room, name)
    actor = actor_of(request)
    require(actor, "parameter.propose", [packaged.owner_of(delivered)])
    if request.method != "POST":
        return _form(request, room, name, typed={"source": "clause"})
    typed = {field: request.POST.get(field, "") for field in _FIELDS}
    try:
        given = _given(delivered, typed)
        if request.POST.get("act") == "send":
            made = actions.propose(actor=actor, room=room, name=name, **given)
            return HttpResponseRedirect(actions.address(made), status=303)
        return _form(request, room, name, typed, preview=actions.draft(room=room, name=name, **given))
    except LuoshiError as error:
        if error.code not in ("E_INPUT", "E_IMPLAUSIBLE", "E_DUPLICATE"):
            raise
        return _form(request, room, name, typed, error=error)


def _given(delivered: Parameter, typed: Mapping[str, str]) -> dict[str, Any]:
    """Read the form; E_INPUT names every field that cannot be read."""
    faults: list[dict[str, str]] = []
    given: dict[str, Any] = {field: typed[field] for field in ("source", "citation", "document", "reason")}
    try:
        given["value"] = values.from_text(delivered, typed["value"])
    except LuoshiError as error:
        faults += error.fields["faults"]
    for field, required in (("valid_from", True), ("valid_to", False)):
        text = typed[field].strip()
        try:
            given[field] = datetime.date.fromisoformat(text) if text else None
        except ValueError:
            faults.append({"field": field, "fault": _("“%s”不是日期，应如 2018-03-08。") % text[:20]})
        else:
            if required and not text:
                faults.append({"field": field, "fault": _("请填写从哪一天起执行。")})
    if faults:
        raise LuoshiError("E_INPUT", "；".join(fault["fault"] for fault in faults), fields={"faults": faults})
    return given


def _form(
    request: HttpRequest,
    room: str,
    name: str,
    typed: Mapping[str, str],
    *,
    preview: ParameterChange | None = None,
    error: LuoshiError | None = None,
) -> HttpResponse:
    found = current().parameter(room, name)
    today = CLOCK.today()
    held = queries.value_on(found, today)
    faults = {} if error is None else {f["field"]: f["fault"] for f in error.fields.get("faults", ())}
    if error is not None and not faults:
        faults = {"": error.message}
    kind = values.kind_of(found)
    effect = queries.consequence(preview, today) if preview is not None else None
    context = {
        "page_title": _("拟改：%s") % found.title,
        "crumbs": [
            {"title": _("参数簿"), "href": reverse("parameters")},
            {"title": found.title, "href": reverse("parameter", args=[room, name])},
        ],
        "name": f"{room}.{name}",
        "held": words.value_row(found, held, words.cites([words.basis_text(held)] if held else [])),
        "kind": kind,
        "unit": "" if kind in ("json", "boolean", "choice") else found.unit,
        "example": values.as_text(found.values[-1].value) if found.values else "",
        "typed": typed,
        "errors": faults,
        "sources": [("", _("请选")), *((key, str(text)) for key, text in words.SOURCES.items())],
        "choices": [("", _("请选")), *(found.choices.items() if found.choices else (("是", _("是")), ("否", _("否"))))],
        "preview": preview is not None,
        "changes": _changed(found, preview) if preview is not None else [],
        "consequence": _consequence_words(effect, preview) if effect and preview is not None else [],
        "past": _past_words(effect) if effect else "",
        "samples": _samples(effect) if effect else [],
        "owner": titles([packaged.owner_of(found)], today)[packaged.owner_of(found)],
        "back_href": reverse("parameter", args=[room, name]),
        "confirming": False,
    }
    return page(request, "site/parameter_form.html", context, status=error.http_status if error else 200)


@needs("parameter.propose")
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, room: str, name: str) -> HttpResponse:
    """Propose to confirm the value of today by a document."""
    found, today, actor = current().parameter(room, name), CLOCK.today(), actor_of(request)
    require(actor, "parameter.propose", [packaged.owner_of(found)])
    typed = {field: request.POST.get(field, "") for field in ("document", "reason")}
    faults: dict[str, str] = {}
    status = 200
    if request.method == "POST":
        try:
            made = actions.propose_confirmation(actor=actor, room=room, name=name, on=today, **typed)
            return HttpResponseRedirect(actions.address(made), status=303)
        except LuoshiError as error:
            if error.code not in ("E_INPUT", "E_DUPLICATE"):
                raise
            status = error.http_status
            faults = {f["field"]: f["fault"] for f in error.fields.get("faults", ())} or {"": error.message}
    held = queries.value_on(found, today)
    context = {
        "page_title": _("确认现值：%s") % found.title,
        "crumbs": [
            {"title": _("参数簿"), "href": reverse("parameters")},
            {"title": found.title, "href": reverse("parameter", args=[room, name])},
        ],
        "name": f"{room}.{name}",
        "held": words.value_row(found, held, words.cites([words.basis_text(held)] if held else [])),
        "typed": typed,
        "errors": faults,
        "owner": titles([packaged.owner_of(found)], today)[packaged.owner_of(found)],
        "back_href": reverse("parameter", args=[room, name]),
        "confirming": True,
    }
    return page(request, "site/parameter_form.html", context, status=status)


# --- the second person ------------------------------------------------------------------------------------------------


def _decided(request: HttpRequest, pk: int, act: Callable[[Actor, int], ParameterChange]) -> HttpResponse:
    """Do an act on a change; a refusal is shown on the parameter's page, with what was typed."""
    actor = actor_of(request)
    change = queries.change(actor, pk)
    version = request.POST.get("version", "")
    try:
        act(actor, int(version) if version.isascii() and version.isdecimal() and len(version) < 9 else 0)
    except LuoshiError as error:
        if error.code not in ("E_INPUT", "E_VERSION", "E_STATE", "E_SELF"):
            raise
        return _parameter_page(request, change.room, change.name, error, {"answer": request.POST.get("answer", "")})
    return HttpResponseRedirect(actions.address(change), status=303)


@needs("parameter.approve")
@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve a change."""
    return _decided(request, pk, lambda actor, version: actions.approve(actor=actor, change_id=pk, version=version))


@needs("parameter.approve")
@require_POST
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Refuse a change, with the reason typed."""
    answer = request.POST.get("answer", "")
    return _decided(
        request, pk, lambda actor, version: actions.refuse(actor=actor, change_id=pk, version=version, answer=answer)
    )


@needs("parameter.propose")
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back one's own proposal."""
    return _decided(request, pk, lambda actor, version: actions.withdraw(actor=actor, change_id=pk, version=version))


urlpatterns = [
    path("policy/parameters/", book_list, name="parameters"),
    path("policy/parameters/changes/<int:pk>/approve/", approve, name="parameter-approve"),
    path("policy/parameters/changes/<int:pk>/refuse/", refuse, name="parameter-refuse"),
    path("policy/parameters/changes/<int:pk>/withdraw/", withdraw, name="parameter-withdraw"),
    path("policy/parameters/<str:room>/<str:name>/", parameter_page, name="parameter"),
    path("policy/parameters/<str:room>/<str:name>/propose/", propose, name="parameter-propose"),
    path("policy/parameters/<str:room>/<str:name>/confirm/", confirm, name="parameter-confirm"),
    *calculators.urlpatterns,
]
