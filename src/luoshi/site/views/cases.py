"""Cases (办件): whose turn it is, the list, one case with its story and its acts, opening one, its replay."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luoshi.kernel.clock import CLOCK, end_of, local
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.procedures import Procedure, Step
from luoshi.office.accounts import organs as organ_names
from luoshi.office.actors import Actor
from luoshi.office.calendar.book import calendar
from luoshi.office.cases import actions, hooks, procedures
from luoshi.office.cases.models import CasePaper
from luoshi.office.cases.offers import Offer, judge, may_open
from luoshi.office.cases.queries import CaseLedger, beside
from luoshi.office.cases.replay import Whole, whole
from luoshi.office.duties import concern
from luoshi.office.files import queries as files
from luoshi.office.notices import content, paper
from luoshi.office.notices import queries as notices
from luoshi.office.notices.models import Notice
from luoshi.office.paging import Total
from luoshi.office.permissions import may, scope_of
from luoshi.office.roles import Role
from luoshi.office.web import attachment
from luoshi.site import case_acts, case_list, case_page, case_sheet
from luoshi.site.access import actor_of, needs
from luoshi.site.addresses import Address, chips, page_links
from luoshi.site.case_acts import ACTS
from luoshi.site.case_rows import case_href, groups_by_due, rows_of
from luoshi.site.context import AsOf, as_of
from luoshi.site.pages import page
from luoshi.site.registry import load_decisions

PAGE_SIZE = 40
MOST_TICKED = 500


# --- the list ---------------------------------------------------------------------------------------------------------


@needs("case.see")
@require_safe
def case_list_page(request: HttpRequest) -> HttpResponse:
    """Show one page of cases: by whose turn it is, of one's organ, late ones, all one may see."""
    actor, now, at = actor_of(request), CLOCK.now(), Address(request)
    seen, table = as_of(request), calendar()
    asked = case_list.read(request.GET, actor, now.date(), table)
    book = CaseLedger(asked.filter, actor=actor, now=now, calendar=table)
    found = book.page(size=PAGE_SIZE, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    rows = rows_of(found.rows, now, table, beside(found.rows, now.date()))
    spread = book.facets()
    kinds = {one.key: one.title for one in procedures.all_procedures()}
    organs = concern.titles((*asked.filter.organs, *asked.filter.holders), now.date())
    told = case_list.conditions(asked, spread, organs, kinds)
    by_kind = book.by_kind_and_state() if asked.plain and asked.view == "own" and not asked.filter.overdue else None
    context: dict[str, Any] = {
        "page_title": _("办件"),
        "crumbs": [],
        "list_name": case_list.NAME,
        "lead": _("这件办到哪一步、在谁手上、几时到期"),
        "tabs": case_list.tabs(asked, actor, now, table, {asked.filter: spread.total}),
        "groups": groups_by_due(rows, now) if asked.filter.which == "open" else [{"title": "", "rows": rows}],
        "facets": case_list.facets(at, asked, spread),
        "chips": chips(at, told),
        "page": page_links(at, found, spread.total),
        "count_words": case_list.count_words(spread.total),
        "too_much": not spread.total.exact,
        "picture": case_list.picture(by_kind, kinds, "own") if by_kind and _heads(actor) else None,
        "asked": asked.filter,
        "span": asked.span,
        "spans": case_list.SPANS.items(),
        "whiches": case_list.WHICH.items(),
        "organ_options": [("", _("不限")), *organ_names.choices()],
        "hidden": at.hidden("q", "which", "due", "organ", "exercise"),
        "export_href": reverse("cases-export") + at.having()[len(request.path) :],
        "may_open": may(actor, "case.open") and not seen.active,
        "acts": [{"value": "reassign", "words": _("移交单位")}],
        "may_manage": may(actor, "case.manage") and not seen.active and asked.filter.which == "open",
        "here": request.get_full_path(),
        "empty_reason": "" if rows else _empty(asked, told),
        "empty_act": _empty_act(asked, actor),
        "foot": case_list.described(told, asked.view),
    }
    return page(request, "site/cases.html", context, fragment="results")


def _heads(actor: Actor) -> bool:
    return bool(actor.roles & {Role.LEADER, Role.SUPERVISOR, Role.REVIEWER})


def _empty(asked: case_list.Asked, told: list[tuple[str, str, str, str]]) -> str:
    if not asked.plain:
        return _("没有符合条件的办件：%s。") % case_list.described(told, asked.view)
    if asked.filter.overdue:
        return _("没有逾期的办件。")
    if asked.view == "mine":
        return _("现在没有轮到您办的。")
    if not procedures.all_procedures():
        return _("还没有哪个领域定下办件程序，没有办件。")
    return _("您的单位没有在办的办件。") if asked.view == "own" else _("没有在办的办件。")


def _empty_act(asked: case_list.Asked, actor: Actor) -> dict[str, str]:
    if not asked.plain:
        return {"href": case_list.address(view=asked.view), "words": _("去掉条件")}
    if asked.view == "mine" and actor.grants:
        return {"href": case_list.address(view="own"), "words": _("看本单位的")}
    if may(actor, "case.open") and procedures.all_procedures():
        return {"href": reverse("case-kinds"), "words": _("立一件")}
    return {"href": case_list.address(view="all"), "words": _("看全部在办")}


@needs("case.see")
@require_safe
def case_export(request: HttpRequest) -> HttpResponse:
    """Give the list out as an Excel file: the same rows in the same order; E_TOO_LARGE for more than one file holds."""
    actor, now, table = actor_of(request), CLOCK.now(), calendar()
    asked = case_list.read(request.GET, actor, now.date(), table)
    book = CaseLedger(asked.filter, actor=actor, now=now, calendar=table)
    total: Total = book.total(case_sheet.LIMIT)
    if not total.exact:
        bound = f"{case_sheet.LIMIT:,}"
        raise LuoshiError("E_TOO_LARGE", _("符合条件的超过 %s 件，请加上种类、状态或单位再导出。") % bound)
    rows = rows_of(book.page(size=case_sheet.LIMIT).rows, now, table)
    kinds = {one.key: one.title for one in procedures.all_procedures()}
    organs = concern.titles((*asked.filter.organs, *asked.filter.holders), now.date())
    told = case_list.conditions(asked, book.facets(), organs, kinds)
    words = case_list.described(told, asked.view)
    body = case_sheet.workbook(rows, day=now.date(), described=words, who=actor.name)
    return attachment(body, _("办件") + f"-{now:%Y%m%d}.xlsx")


@needs("case.manage")
@require_POST
def bulk_reassign(request: HttpRequest) -> HttpResponse:
    """Hand the ticked cases over from one organ to another: first a look at what will happen, then at once."""
    actor, back = actor_of(request), _back(request)
    ticked = [int(value) for value in request.POST.getlist("row")[:MOST_TICKED] if value.isdecimal()]
    typed = {name: request.POST.get(name, "")[:400] for name in ("origin", "target", "reason")}
    errors: dict[str, str] = {}
    moved: int | None = None
    status = 200
    if request.POST.get("confirmed") == "1":
        try:
            moved = actions.reassign(actor=actor, cases=ticked, origin=typed["origin"], target=typed["target"],
                                     reason=typed["reason"])  # fmt: skip
        except LuoshiError as error:
            errors, status = case_acts.faults(error), error.http_status
    context = {
        "page_title": _("移交办件"),
        "crumbs": [{"title": _("办件"), "href": back}],
        "back": back,
        "ticked": ticked,
        "typed": typed,
        "errors": errors,
        "moved": moved,
        "organ_options": [("", _("请选单位")), *organ_names.choices()],
    }
    return page(request, "site/cases_reassign.html", context, status=status)


def _back(request: HttpRequest) -> str:
    target = request.POST.get("next", "")
    ok = target.startswith("/") and url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure())
    return target if ok else reverse("cases")


# --- opening ----------------------------------------------------------------------------------------------------------


@needs("case.open")
@require_safe
def case_kinds(request: HttpRequest) -> HttpResponse:
    """List the kinds of case the person may open."""
    actor = actor_of(request)
    found = [one for one in procedures.all_procedures() if one.effective_from <= CLOCK.today()]
    context = {
        "page_title": _("立一件"),
        "crumbs": [{"title": _("办件"), "href": reverse("cases")}],
        "kinds": [
            {"title": one.title, "href": reverse("case-new", args=[one.key]), "note": one.note,
             "procedure_href": reverse("procedure", args=[one.key])}
            for one in found if may_open(actor, one.key)
        ],
        "others": [one.title for one in found if not may_open(actor, one.key)],
    }  # fmt: skip
    return page(request, "site/case_kinds.html", context)


@needs("case.open")
@require_http_methods(["GET", "HEAD", "POST"])
def case_new(request: HttpRequest, key: str) -> HttpResponse:
    """Show the form with which a case is opened, and open it; a refusal keeps what was typed."""
    actor, kind = actor_of(request), procedures.procedure(key)
    if request.method != "POST":
        return _new_form(request, kind, actor, {})
    data = request.POST
    try:
        opened = actions.open_case(
            actor=actor,
            procedure=key,
            title=data.get("title", ""),
            facts=case_acts.given(kind.asks, data, request.FILES),
            subject=data.get("subject", "").replace("\0", "").strip(),
            organ=data.get("organ", ""),
            at=_moment(data.get("at", ""), "at"),
            exercise=data.get("exercise") == "1",
        )
    except LuoshiError as error:
        if error.code == "E_FORBIDDEN":
            raise
        return _new_form(request, kind, actor, case_acts.typed(data), error)
    return HttpResponseRedirect(f"{case_href(opened.pk)}?did=open", status=303)


def _moment(text: str, field: str) -> datetime.datetime | None:
    if not text.strip():
        return None
    try:
        return local(datetime.datetime.fromisoformat(text.strip()))
    except ValueError:
        raise LuoshiError(
            "E_INPUT", _("“%s”不是时刻，应如 2018-01-12 16:00。") % text[:20], fields={"field": field}
        ) from None


def _new_form(
    request: HttpRequest, kind: Procedure, actor: Actor, values: Mapping[str, str], error: LuoshiError | None = None
) -> HttpResponse:
    errors = case_acts.faults(error, kind.asks)
    duplicate = error.fields.get("case") if error is not None and error.code == "E_DUPLICATE" else None
    scope = scope_of(actor, "case.open")
    own = concern.titles(sorted(scope.organs))
    organs = organ_names.choices() if scope.everywhere else list(own.items())
    first = actor.organ if not scope.everywhere or actor.organ else ""
    context = {
        "page_title": _("立案：%s") % kind.title,
        "crumbs": [
            {"title": _("办件"), "href": reverse("cases")},
            {"title": _("立一件"), "href": reverse("case-kinds")},
        ],
        "kind": kind,
        "kind_href": reverse("procedure", args=[kind.key]),
        "fields": case_acts.fields(kind.asks, values),
        "values": {"organ": first, **values},
        "organ_options": organs if len(organs) == 1 else [("", _("请选单位")), *organs],
        "errors": errors,
        "error": error,
        "duplicate": case_href(int(duplicate)) if isinstance(duplicate, int) else "",
        "has_file": any(ask.type == "file" for ask in kind.asks),
        "limits": [(limit.title, limit.words) for limit in kind.limits.values() if "open" in limit.starts],
        "parties": [party.title for party in kind.parties.values()],
    }
    return page(request, "site/case_new.html", context, status=error.http_status if error else 200)


# --- one case ---------------------------------------------------------------------------------------------------------


@needs("case.see")
@require_safe
def case_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one case; `?act=` opens the form of a step, `?do=` that of another act, `?at=` how it stood at a moment."""
    seen = as_of(request)
    found = whole(actor_of(request), pk, _looked_at(request, seen))
    opened = None if found.at is not None else _form_of(found, request.GET.get("act", ""), request.GET)
    return _show(request, found, form=opened)


def _looked_at(request: HttpRequest, seen: AsOf) -> datetime.datetime | None:
    """Return the moment asked for by `?at=`, or the end of the day of `?on=`."""
    if text := request.GET.get("at", ""):
        return _moment(text, "at")
    return end_of(seen.date) - datetime.timedelta(seconds=1) if seen.active and seen.date < seen.today else None


def _form_of(found: Whole, step: str, query: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the form that was asked for, None where it is not open to whoever looks."""
    if step:
        offer = next((one for one in found.offers if one.step.key == step and one.may), None)
        return _step_form(found, offer, {}) if offer and hooks.elsewhere_of(found.case, step) is None else None
    key = query.get("do", "")
    if key in {act.key for act in case_acts.open_acts(found)}:
        return _act_form(found, key, query, {})
    return None


def _step_form(
    found: Whole, offer: Offer, values: Mapping[str, str], error: LuoshiError | None = None, *, tried: bool = False
) -> dict[str, Any]:
    step = offer.step
    typed = {name.removeprefix(case_acts.PREFIX): value for name, value in values.items()}
    turn = found.turn
    decision, guard = judge(turn, step, typed) if values and turn is not None else (offer.decision, offer.guard)
    return {
        "kind": "step",
        "key": step.key,
        "title": step.title,
        "note": step.note,
        "action": reverse("case-step", args=[found.case.pk, step.key]),
        "preview_href": reverse("case-step-preview", args=[found.case.pk, step.key]) if step.guard else "",
        "fields": case_acts.fields(step.asks, values),
        "joint": step.kind == "joint",
        "values": values,
        "errors": case_acts.faults(error, step.asks),
        "consequence": case_acts.consequence(found, offer),
        "reasons": case_page.reasons_of([*guard, *offer.whys]),
        "guarded": bool(step.guard),
        "allowed": decision is not None,
        "tried": tried,
        "files": any(ask.type == "file" for ask in step.asks),
        "cite": step.citation,
        "as_who": found.procedure.parties[offer.party.party].title if offer.party is not None else "",
    }


def _act_form(
    found: Whole, key: str, query: Mapping[str, str], values: Mapping[str, str], error: LuoshiError | None = None
) -> dict[str, Any]:
    act, acts = ACTS[key], found.acts
    options: list[tuple[str, str]] = []
    consequence: list[str] = []
    if key in ("pause", "resume", "extend"):
        choices = {"pause": acts.pause, "resume": acts.resume, "extend": acts.extend}[key]
        options = list(choices.items())
        what = values.get("what") or query.get("what") or next(iter(choices), "")
        tell = {"pause": case_acts.paused, "resume": case_acts.resumed, "extend": case_acts.prolonged}[key]
        consequence = tell(found, what) if what in choices else []
        values = {"what": what, **values}
    elif key == "move":
        options = [(version, _("%s 起的一版") % version) for version in acts.move]
        consequence = [_("状态和在算的期限不变，以后的步骤按所选版本"), _("经过里记明原版和理由")]
    elif key == "reassign":
        organs = dict.fromkeys([party.organ for party in found.parties])
        options = [(slug, found.organs.get(slug, slug)) for slug in organs]
        consequence = [_("原单位在本件里的身份全部转给新单位"), _("期限不变；以前办的记录仍是原单位的")]
    return {
        "kind": "act",
        "key": key,
        "title": str(act.title),
        "words": act.words,
        "action": reverse("case-manage" if key in ("move", "reassign") else "case-act", args=[found.case.pk, key]),
        "options": options,
        "organ_options": [("", _("请选单位")), *organ_names.choices()] if key == "reassign" else [],
        "values": values,
        "errors": case_acts.faults(error),
        "consequence": consequence,
        "files": key == "papers",
    }


def _reading(actor: Actor, found: Whole, form: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the paper a step signs or sends out, as it is printed: who signs has read it in full."""
    pk = hooks.to_read(found.case, form["key"])
    row = Notice.objects.filter(pk=pk).first() if pk is not None else None
    if row is None or not notices.sees(actor, row):
        return None
    return {"title": row.title, "href": reverse("notice", args=[row.pk]),
            "html": paper.html(content.printed(row), heading="h3")}  # fmt: skip


def _show(
    request: HttpRequest,
    found: Whole,
    *,
    form: dict[str, Any] | None = None,
    error: LuoshiError | None = None,
    values: Mapping[str, str] | None = None,
) -> HttpResponse:
    actor, past = actor_of(request), found.at is not None
    readonly = past or as_of(request).active
    shown = case_page.context(found, actor)
    offers = [one for one in shown["offers"] if not readonly and (one["elsewhere"] is None or one["elsewhere"][1])]
    stale = error is not None and error.code == "E_VERSION"
    hands = None if readonly or form is not None else case_page.two_hands(found, actor)
    mine = [
        one for one in offers if one["may"] and one["elsewhere"] is None and (form is None or form["key"] != one["key"])
    ]
    if hands is not None and "act" in hands:
        mine = [one for one in mine if one["key"] != hands["act"]["value"]]
    context = shown | {
        "page_title": found.case.title,
        "crumbs": [
            {"title": _("办件"), "href": reverse("cases")},
            {"title": found.procedure.title, "href": case_list.address(view="all", procedure=found.procedure.key)},
        ],
        "offers": offers,
        "mine": mine,
        "elsewhere": [one for one in offers if one["may"] and one["elsewhere"] is not None],
        "blocked": [one for one in offers if one["mine"] and not one["may"]],
        "others": [one for one in offers if not one["mine"]],
        "acts": [] if readonly else case_acts.open_acts(found),
        "hands": hands,
        "form": form,
        "revision": found.case.revision,
        "seen": found.case.events_count,
        "past": past,
        "replay": case_page.replay(found) if past or request.GET.get("replay") == "1" else None,
        "replay_href": f"{shown['href']}?at={case_page.replay_text(found.case.opened_at)}",
        "people_only": request.GET.get("who") == "people",
        "done": _said(found, request.GET) if error is None and not past else "",
        "error": error,
        "stale": _stale(request, found, error, values or {}) if stale else None,
        "readonly_case": readonly,
        "reading": _reading(actor, found, form) if form is not None and form["kind"] == "step" else None,
    }
    status = error.http_status if error is not None else 200
    part = "body" if request.headers.get("HX-Target") == "case-body" else "case"
    return page(request, "site/case.html", context, fragment=part, status=status)


def _said(found: Whole, query: Mapping[str, str]) -> str:
    """Return what is said when something is done: what now is, not that it succeeded.

    `did` names an act on any case, `done` a step of this kind: a kind may have a step of the same name, as 恢复.
    """
    act = query.get("did", "")
    if act == "open":
        return _("已立案，编号 %s。") % found.case.number
    if act in ACTS:
        return str(ACTS[act].said)
    step = found.procedure.steps.get(query.get("done", ""))
    if step is None:
        return ""
    if step.kind == "joint":
        voice = _("不同意") if query.get("agrees") == "no" else _("同意")
        words = _("您对“%(step)s”表示%(voice)s，本件现在是“%(state)s”。")
        return words % {"step": step.title, "voice": voice, "state": found.state.title}
    if not found.is_open:
        return _("已“%(step)s”，本件%(state)s。") % {"step": step.title, "state": found.state.title}
    who = "、".join(party.title for party in found.acting)
    if not who:
        return _("已“%(step)s”，现在是“%(state)s”。") % {"step": step.title, "state": found.state.title}
    words = _("已“%(step)s”，现在是“%(state)s”，在%(who)s手上。")
    return words % {"step": step.title, "state": found.state.title, "who": who}


def _stale(request: HttpRequest, found: Whole, error: LuoshiError | None, values: Mapping[str, str]) -> dict[str, Any]:
    """Return both: what has happened since the form was opened and stands now, and what was typed."""
    seen = request.POST.get("seen", "")
    since = int(seen) if seen.isdecimal() and len(seen) < 9 else 0
    story = case_page.context(found, actor_of(request))["story"]
    asks = {ask.name: ask for ask in found.procedure.asks}
    asks |= {ask.name: ask for step in found.procedure.steps.values() for ask in step.asks}
    rows = []
    for name, value in values.items():
        ask = asks.get(name.removeprefix(case_acts.PREFIX))
        if ask is None or not value:
            continue
        old = case_acts.shown(ask, found.facts[ask.name]) if ask.name in found.facts else ""
        rows.append({"label": ask.title, "old": old, "new": ask.choices.get(value, value)})
    rows += [{"label": _("意见、理由"), "old": "", "new": values[name]}
             for name in ("remark", "reason") if values.get(name)]  # fmt: skip
    return {
        "message": error.message if error else "",
        "events": [event for event in story if event["n"] > since][:8],
        "rows": rows,
        "state": found.state.title,
    }


# --- acts -------------------------------------------------------------------------------------------------------------


def _revision(request: HttpRequest) -> int | None:
    text = request.POST.get("revision", "")
    return int(text) if text.isdecimal() and len(text) < 12 else None


def _step_data(request: HttpRequest, step: Step) -> dict[str, Any]:
    data = case_acts.given(step.asks, request.POST, request.FILES)
    if step.kind == "joint":
        data |= {"agrees": request.POST.get("agrees", "yes"), "remark": request.POST.get("remark", "")}
    return data


@needs("case.act")
@require_POST
def case_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Take a step. A refusal shows the page again with what was typed; one that came too late shows both (409)."""
    load_decisions()
    actor = actor_of(request)
    found = whole(actor, pk)
    chosen = found.procedure.steps.get(step)
    try:
        data = _step_data(request, chosen) if chosen is not None else {}
        actions.act(actor=actor, case=pk, step=step, data=data, revision=_revision(request))
    except LuoshiError as error:
        return _refused(request, pk, error, step)
    voice = "&agrees=no" if actions.disagrees(data) else ""
    return HttpResponseRedirect(f"{case_href(pk)}?done={quote(step)}{voice}", status=303)


def _refused(request: HttpRequest, pk: int, error: LuoshiError, step: str) -> HttpResponse:
    if error.code in ("E_NOT_FOUND", "E_INTERNAL"):
        raise error
    values = case_acts.typed(request.POST)
    found = whole(actor_of(request), pk)
    offer = next((one for one in found.offers if one.step.key == step and one.may), None)
    form = _step_form(found, offer, values, error, tried=True) if offer is not None else None
    return _show(request, found, form=form, error=error, values=values)


@needs("case.act")
@require_POST
def case_step_preview(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Say what the guard of a step makes of what the form holds so far; nothing is done."""
    load_decisions()
    found = whole(actor_of(request), pk)
    offer = next((one for one in found.offers if one.step.key == step and one.may), None)
    if offer is None:
        raise LuoshiError("E_STATE", _("现在不能办这一步。"))
    form = _step_form(found, offer, case_acts.typed(request.POST), tried=True)
    if request.headers.get("HX-Request"):
        return page(request, "site/_case_guard.html", {"form": form})
    return _show(request, found, form=form)


def _do(actor: Actor, pk: int, key: str, request: HttpRequest) -> None:
    data = request.POST
    what, reason = data.get("what", ""), data.get("reason", "").replace("\0", "")[:400]
    revision = _revision(request)
    if key == "pause":
        actions.pause(actor=actor, case=pk, kind=what, reason=reason, revision=revision)
    elif key == "resume":
        actions.resume(actor=actor, case=pk, kind=what, reason=reason, revision=revision)
    elif key == "extend":
        actions.extend(actor=actor, case=pk, limit=what, reason=reason, revision=revision)
    elif key == "move":
        actions.move(actor=actor, case=pk, version=what, reason=reason, revision=revision)
    elif key == "reassign":
        whole(actor, pk)
        actions.reassign(actor=actor, cases=[pk], origin=what, target=data.get("target", ""), reason=reason)
    else:
        _keep(actor, pk, request)


def _keep(actor: Actor, pk: int, request: HttpRequest) -> None:
    title = request.POST.get("title", "").replace("\0", "").strip()
    if not title:
        raise LuoshiError("E_INPUT", _("请写明材料的名称。"), fields={"field": "title"})
    sent = request.FILES.get("file")
    if sent is None:
        raise LuoshiError("E_INPUT", _("请选要存入的文件。"), fields={"field": "file"})
    kind = request.POST.get("kind", "").strip() or title
    actions.add_paper(actor=actor, case=pk, kind=kind, title=title, upload=case_acts.upload(sent, "file"))


def _act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    actor = actor_of(request)
    try:
        _do(actor, pk, act, request)
    except LuoshiError as error:
        if error.code in ("E_NOT_FOUND", "E_INTERNAL"):
            raise
        values = case_acts.typed(request.POST)
        found = whole(actor, pk)
        is_open = act in {one.key for one in case_acts.open_acts(found)}
        form = _act_form(found, act, request.POST, values, error) if is_open else None
        return _show(request, found, form=form, error=error, values=values)
    return HttpResponseRedirect(f"{case_href(pk)}?did={act}", status=303)


@needs("case.act")
@require_POST
def case_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Stop or prolong limits, let them go on, put a paper into the case."""
    if act not in ("pause", "resume", "extend", "papers"):
        raise LuoshiError("E_NOT_FOUND", _("没有这个办理动作。"))
    return _act(request, pk, act)


@needs("case.manage")
@require_POST
def case_manage(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Put a case under another version of its procedure, or hand an organ's part in it to another."""
    if act not in ("move", "reassign"):
        raise LuoshiError("E_NOT_FOUND", _("没有这个办理动作。"))
    return _act(request, pk, act)


@needs("case.see")
@require_safe
def case_paper(request: HttpRequest, pk: int, paper: int) -> HttpResponse:
    """Hand out one paper of a case to whoever may see the case; E_NOT_FOUND for anybody else."""
    actions.opened(actor_of(request), pk, lock=False)
    row = CasePaper.objects.filter(case=pk, pk=paper).select_related("file").first()
    if row is None or row.file is None:
        raise LuoshiError("E_NOT_FOUND", _("没有这份材料。"))
    return attachment(files.read(row.file), row.file.name, "application/octet-stream")


urlpatterns: list[URLPattern] = [
    path("cases/", case_list_page, name="cases"),
    path("cases/export.xlsx", case_export, name="cases-export"),
    path("cases/reassign/", bulk_reassign, name="cases-reassign"),
    path("cases/new/", case_kinds, name="case-kinds"),
    path("cases/new/<str:key>/", case_new, name="case-new"),
    path("cases/<int:pk>/", case_view, name="case"),
    path("cases/<int:pk>/papers/<int:paper>/", case_paper, name="case-paper"),
    path("cases/<int:pk>/steps/<str:step>/", case_step, name="case-step"),
    path("cases/<int:pk>/steps/<str:step>/preview/", case_step_preview, name="case-step-preview"),
    path("cases/<int:pk>/manage/<slug:act>/", case_manage, name="case-manage"),
    path("cases/<int:pk>/<slug:act>/", case_act, name="case-act"),
]
