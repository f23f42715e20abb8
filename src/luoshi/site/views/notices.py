"""Papers: the list, one paper with what may be done to it, drafting, the register of numbers, the files."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.organs import choices, titles
from luoshi.office.actors import Actor
from luoshi.office.duties import concern
from luoshi.office.files.models import StoredFile
from luoshi.office.notices import actions, content, copies, paper, publishing, queries, templates
from luoshi.office.notices.acts import may_at
from luoshi.office.notices.kinds import BY_HAND, LAYOUTS, PARTS, Kind, kinds, room_title
from luoshi.office.notices.models import Notice, Publication
from luoshi.office.notices.queries import NoticeFilter
from luoshi.office.permissions import may
from luoshi.office.web import attachment, incident_of
from luoshi.site import notice_words as words
from luoshi.site import switching
from luoshi.site.access import actor_of, needs
from luoshi.site.addresses import Address, chips, facet, page_links
from luoshi.site.context import as_of
from luoshi.site.download import file_response
from luoshi.site.pages import page
from luoshi.site.views import notice_public, notice_templates

PAGE_SIZE = 40
_SHOWN_AGAIN = ("E_INPUT", "E_STATE", "E_SELF", "E_VERSION", "E_RULE", "E_FUTURE", "E_FILE", "E_TOO_LARGE",
                "E_DUPLICATE", "E_SERIES_FULL", "E_FORBIDDEN")  # fmt: skip


# --- the list ---------------------------------------------------------------------------------------------------------


@needs("notice.see")
@require_safe
def notice_list(request: HttpRequest) -> HttpResponse:
    """Show papers, newest first."""
    actor, at, seen = actor_of(request), Address(request), as_of(request)
    wanted = _read(request)
    found = queries.notices(
        actor, wanted, size=PAGE_SIZE, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    spread, known = queries.facets(actor, wanted), kinds()
    organs = titles({row.organ for row in found.rows} | set(spread.organs) | set(wanted.organs), seen.date)
    total = queries.total(actor, wanted)
    kind_titles = {key: known[key].title if key in known else key for key in {*spread.kinds, *wanted.kinds}}
    context = {
        "page_title": _("文书"),
        "crumbs": [{"title": _("公开发布"), "href": reverse("publish")}, {"title": _("文书"), "href": ""}],
        "rows": [words.row_of(row, known, organs) for row in found.rows],
        "tabs": _tabs(request, actor, wanted),
        "facets": [
            facet(at, "state", _("状态"), [(k, str(w[0]), spread.states.get(k, 0)) for k, w in words.STATES.items()
                                          if spread.states.get(k) or k in wanted.states], wanted.states),
            facet(at, "kind", _("种类"), [(k, kind_titles[k], n) for k, n in spread.kinds.items()], wanted.kinds),
            facet(at, "organ", _("单位"), [(k, organs.get(k, k), n) for k, n in spread.organs.items()], wanted.organs),
            facet(at, "year", _("年份"), [(str(year), _("%d年") % year, None) for year in spread.years],
                  (str(wanted.year),) if wanted.year else ()),
        ],
        "chips": chips(at, _conditions(request.GET, wanted, kind_titles, organs)),
        "page": page_links(at, found, total),
        "q": wanted.q,
        "hidden": at.hidden("q"),
        "reset_href": request.path,
        "draft_href": reverse("notice-new") if may(actor, "notice.draft") and not seen.active else "",
    }  # fmt: skip
    return page(request, "site/notices.html", context, fragment="results")


def _read(request: HttpRequest) -> NoticeFilter:
    query = request.GET
    year = query.get("year", "")
    return NoticeFilter(
        kinds=tuple(query.getlist("kind")[:40]) or _of_room(query),
        organs=tuple(query.getlist("organ")[:40]),
        states=tuple(state for state in query.getlist("state") if state in words.STATES),
        year=int(year) if year.isascii() and year.isdecimal() and len(year) == 4 and int(year) >= 1949 else None,
        box="in" if query.get("box") == "in" else "",
        q=query.get("q", "").replace("\0", "").strip()[:60],
    )


def _of_room(query: QueryDict) -> tuple[str, ...]:
    room = switching.chosen(query)
    if room is None:
        return ()
    return tuple(key for key, kind in kinds().items() if kind.room == room.key) or ("-",)


def _tabs(request: HttpRequest, actor: Actor, wanted: NoticeFilter) -> list[dict[str, Any]]:
    here = {"states": wanted.states, "box": wanted.box}
    plain = {"states": (), "box": ""}
    tabs = [
        ("", _("全部"), plain),
        ("?state=draft&state=checked", _("待签发"), plain | {"states": ("draft", "checked")}),
        ("?state=signed", _("已签待印发"), plain | {"states": ("signed",)}),
        ("?state=issued", _("已印发"), plain | {"states": ("issued",)}),
    ]
    if actor.grants:
        tabs.append(("?box=in", _("发给我单位"), plain | {"box": "in"}))
    return [{"label": label, "href": request.path + query, "current": here == state, "count": None}
            for query, label, state in tabs]  # fmt: skip


def _conditions(
    query: QueryDict, wanted: NoticeFilter, kind_titles: Mapping[str, str], organs: Mapping[str, str]
) -> list[tuple[str, str, str, str]]:
    found = [("state", key, _("状态"), str(words.STATES[key][0])) for key in wanted.states]
    asked = [("kind", key, _("种类"), kind_titles.get(key, key)) for key in wanted.kinds]
    found += asked if "kind" in query else switching.condition(query)
    found += [("organ", key, _("单位"), organs.get(key, key)) for key in wanted.organs]
    if wanted.year:
        found.append(("year", str(wanted.year), _("年份"), str(wanted.year)))
    if wanted.box:
        found.append(("box", "in", _("范围"), _("发给我单位")))
    if wanted.q:
        found.append(("q", wanted.q, _("含"), wanted.q))
    return found


# --- one paper --------------------------------------------------------------------------------------------------------


@needs("notice.see")
@require_safe
def notice_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one paper: as it is printed, who did what, where it went, what may be done."""
    return _page(request, queries.notice(actor_of(request), pk))


def _page(
    request: HttpRequest, row: Notice, error: LuoshiError | None = None, typed: Mapping[str, Any] | None = None
) -> HttpResponse:
    actor, seen = actor_of(request), as_of(request)
    sent = queries.publications(row)
    kind = kinds().get(row.kind)
    organs = titles({row.organ, *(one.target for one in sent if one.target)}, seen.date)
    receives = concern.organs_for(actor, "notice.receive") if may(actor, "notice.receive") else frozenset()
    writes = not seen.active
    shown = content.printed(row)
    context = {
        "page_title": row.title,
        "crumbs": [{"title": _("文书"), "href": reverse("notices")},
                   {"title": kind.title if kind else row.kind, "href": f"{reverse('notices')}?kind={row.kind}"}],
        "row": row,
        "state": words.state_of(row),
        "paper": paper.html(shown, heading="h2"),
        "steps": words.steps_of(row),
        "kind": kind,
        "kind_title": kind.title if kind else row.kind,
        "organ": organs.get(row.organ, row.organ),
        "facts": words.facts_of(kind, row.fields),
        "sent": [words.published(one, organs, receives) for one in sent],
        "events": words.events_of(row, sent, organs),
        "follower": row.replaced_by.order_by("-id").first(),
        "verify_href": reverse("open-verify", args=[row.slug]) + f"?d={row.digest[:16]}" if row.signed else "",
        "audit_href": f"{reverse('audit')}?subject=notice:{row.pk}" if may(actor, "audit.see") else "",
        "acts": _acts(row, kind, actor, sent) if writes else {},
        "error": _shown(request, error),
        "errors": _faults(error),
        "typed": typed or {},
        "said": _said(request, row) if error is None else "",
    }  # fmt: skip
    return page(request, "site/notice.html", context, status=error.http_status if error else 200)


def _acts(row: Notice, kind: Kind | None, actor: Actor, sent: list[Publication] | Any) -> dict[str, Any]:
    """Return what the reader may do now, and as which hand."""
    own = bool(actor.hands & set(row.hands))
    drafts, signs = may_at(actor, "notice.draft", row.organ), may_at(actor, "notice.sign", row.organ)
    person = bool(actor.hands)
    found: dict[str, Any] = {"publishes": may_at(actor, "notice.publish", row.organ)}
    if row.state in ("draft", "checked"):
        unchecked = kind is not None and kind.check and row.state == "draft"
        found |= {
            "revise": reverse("notice-revise", args=[row.pk]) if drafts else "",
            "withdraw": drafts,
            "check": row.state == "draft" and person and not own and may_at(actor, "notice.check", row.organ),
            "hands": _signing(row, actor, signs and person and not own and not unchecked, own, unchecked),
        }
    elif row.state in ("signed", "issued"):
        if row.void_asked_at is not None:
            asked = bool(actor.hands & {row.void_asked_by_id, row.void_asked_for_id})
            found |= {"void_hands": _voiding(row, actor, signs and person and not asked, asked),
                      "keeps": asked or signs}  # fmt: skip
        else:
            found["asks_void"] = drafts or signs
        if found["publishes"]:
            found["channels"] = _channels(row, kind, sent)
    return found


def _signing(row: Notice, actor: Actor, signs: bool, own: bool, unchecked: bool) -> dict[str, Any]:
    number = _("取“%s”当年的下一号，") % row.series if row.series else ""
    note = _("须先核稿") if unchecked else "" if signs else _("须本单位负责人，且没有参与拟稿")
    return {
        "first": {"name": row.drafted_name, "post": _("拟稿"), "at": row.drafted_at, "you": own, "note": ""},
        "second": {"name": actor.name if signs else "", "post": _("签发"), "at": None, "you": signs, "note": note},
        "consequence": [
            _("%s落款日期为今天。") % number,
            _("签发后正文、编号、日期都不能再改；错了只能作废或另拟一件替代。"),
        ],
        "act": {
            "name": "act",
            "value": "sign",
            "words": _("签发这件%s") % (_("演练文书") if row.exercise else _("文书")),
        }
        if signs
        else None,
    }


def _voiding(row: Notice, actor: Actor, voids: bool, own: bool) -> dict[str, Any]:
    return {
        "first": {"name": row.void_asked_name, "post": _("提出作废"), "at": row.void_asked_at, "you": own,
                  "note": row.void_reason},
        "second": {"name": actor.name if voids else "", "post": _("确认作废"), "at": None, "you": voids,
                   "note": "" if voids else _("须另一人：本单位负责人")},
        "consequence": [_("编号 %s 留在登记簿，标“作废”，不再给别的文书用。") % (row.number_text or "—"),
                        _("没有发出的不再发；公开页和核验页显示“作废”。")],
        "act": {"name": "act", "value": "void", "words": _("确认作废")} if voids else None,
    }  # fmt: skip


def _channels(row: Notice, kind: Kind | None, sent: list[Publication]) -> dict[str, Any]:
    on = {one.channel for one in sent if one.channel != "inside"}
    usual = kind.channels if kind else ()
    offered = [key for key in ("web", "feed", *BY_HAND) if key not in on and (row.public or key not in ("web", "feed"))]
    return {
        "boxes": [(key, words.CHANNEL_WORDS[key], key in usual) for key in offered],
        "organs": choices(),
        "served": {one.target for one in sent if one.channel == "inside"},
        "mail": "mail" not in on,
        "sms": "sms" not in on,
        "sms_lists": publishing.audiences("sms"),
        "mail_lists": publishing.audiences("mail"),
    }


def _shown(request: HttpRequest, error: LuoshiError | None) -> dict[str, Any] | None:
    if error is None:
        return None
    return {"title": error.definition.title, "message": error.message, "code": error.code,
            "incident": incident_of(request)}  # fmt: skip


def _faults(error: LuoshiError | None) -> dict[str, str]:
    if error is None:
        return {}
    faults = {str(one.get("field", "")): str(one.get("fault", "")) for one in error.fields.get("faults", ())}
    if not faults and error.fields.get("field"):
        faults = {str(error.fields["field"]): error.message}
    return faults


def _said(request: HttpRequest, row: Notice) -> str:
    number = row.number_text or row.title
    return {
        "draft": _("已存草稿，待核稿、签发。"), "revise": _("已改稿，先前的核稿作废。"), "check": _("已核稿，待签发。"),
        "sign": _("已签发，%s。接着印发、公开。") % number, "publish": _("已送各渠道，送达情况见下表。"),
        "ask_void": _("已提出作废，待另一人确认；现在仍然有效。"), "void": _("%s 已作废，编号留在登记簿。") % number,
        "withdraw_void": _("没有作废，仍然有效。"), "withdraw": _("已撤回草稿。"), "receive": _("已签收。"),
        "proof": _("已登记发布情况。"), "retry": _("已重新排队发送。"), "take_down": _("已撤下。"),
    }.get(request.GET.get("done", ""), "")  # fmt: skip


@needs("notice.see")
@require_POST
def notice_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Do an act on a paper; a refusal is shown on its page, with what was typed."""
    actor = actor_of(request)
    row = queries.notice(actor, pk)
    act = request.POST.get("act", "")
    try:
        _do(request, actor, row, act)
    except LuoshiError as error:
        if error.code not in _SHOWN_AGAIN:
            raise
        request.refusal = error  # type: ignore[attr-defined]
        return _page(request, queries.notice(actor, pk), error, request.POST)
    return HttpResponseRedirect(f"{reverse('notice', args=[pk])}?done={act}", status=303)


def _do(request: HttpRequest, actor: Actor, row: Notice, act: str) -> None:
    form = request.POST
    version = _number(form.get("version", ""))
    on_paper = {"check": actions.check, "sign": actions.sign, "withdraw": actions.withdraw, "void": actions.void,
                "withdraw_void": actions.withdraw_void}  # fmt: skip
    if act in on_paper:
        on_paper[act](actor=actor, notice=row.pk, version=version)
    elif act == "ask_void":
        actions.ask_void(actor=actor, notice=row.pk, version=version, reason=form.get("reason", ""))
    elif act == "publish":
        actions.publish(actor=actor, notice=row.pk, version=version, channels=_wanted(form, request.FILES))
    elif act in ("receive", "retry", "proof", "take_down"):
        _on_publication(request, actor, row, act)
    else:
        raise LuoshiError("E_INPUT", _("没有选要办什么，请回到文书页再办。"))


def _on_publication(request: HttpRequest, actor: Actor, row: Notice, act: str) -> None:
    form = request.POST
    pk = _number(form.get("publication", "")) or 0
    if not row.publications.filter(pk=pk).exists():
        raise LuoshiError("E_NOT_FOUND", _("没有这条印发记录。"))
    if act == "receive":
        actions.receive(actor=actor, publication=pk)
    elif act == "retry":
        actions.retry(actor=actor, publication=pk)
    elif act == "take_down":
        actions.withdraw_publication(actor=actor, publication=pk, reason=form.get("reason", ""))
    else:
        reach, file = form.get("reach", "").replace(",", "").strip(), request.FILES.get("file")
        if reach and not (reach.isascii() and reach.isdecimal()):
            raise LuoshiError("E_INPUT", _("覆盖人数应是整数。"), fields={"field": "reach"})
        actions.record_proof(
            actor=actor, publication=pk, at=_moment(form.get("at", "")), words=form.get("words", ""),
            reach=int(reach) if reach else None, file=(str(file.name), file.read()) if file else None,
        )  # fmt: skip


def _wanted(form: Any, uploaded: Any) -> dict[str, Any]:
    found: dict[str, Any] = {key: True for key in form.getlist("channel") if key in words.CHANNEL_WORDS}
    if organs := [slug for slug in form.getlist("inside") if slug]:
        found["inside"] = organs
    for name in ("mail", "sms"):
        text = form.get(name, "").strip()
        if file := uploaded.get(f"{name}_file"):
            found[name] = (line.decode("utf-8", "replace").strip() for line in file)
        elif text:
            found[name] = text.replace(",", "\n").replace("，", "\n").split()
        elif form.get(f"{name}_list"):
            found[name] = form.get(f"{name}_list")
    return found


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _moment(text: str) -> datetime.datetime:
    try:
        found = datetime.datetime.fromisoformat(text.strip())
    except ValueError:
        raise LuoshiError("E_INPUT", _("请填发布时间，应如 2026-01-12 16:30。"), fields={"field": "at"}) from None
    return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)


# --- drafting ---------------------------------------------------------------------------------------------------------


@needs("notice.draft")
@require_http_methods(["GET", "HEAD", "POST"])
def notice_new(request: HttpRequest) -> HttpResponse:
    """Choose a kind of paper, fill its fields, look at the text, keep the draft."""
    actor = actor_of(request)
    key = request.POST.get("kind") or request.GET.get("kind", "")
    if not key:
        return _choose(request, actor)
    kind = templates.on_day(key, CLOCK.today()).kind
    if request.method != "POST":
        return _form(request, kind, {}, title=_("拟稿：%s") % kind.title)
    values = words.typed(kind, request.POST)
    exercise, organ = request.POST.get("exercise") == "1", request.POST.get("organ", "")[:80]
    try:
        if request.POST.get("act") == "preview":
            return _preview(request, kind, values, organ, exercise)
        made = actions.draft(actor=actor, kind=key, fields=values, organ=organ, exercise=exercise)
    except LuoshiError as error:
        if error.code != "E_INPUT":
            raise
        return _form(request, kind, values, error=error, title=_("拟稿：%s") % kind.title)
    return HttpResponseRedirect(f"{reverse('notice', args=[made.pk])}?done=draft", status=303)


def _choose(request: HttpRequest, actor: Actor) -> HttpResponse:
    rooms: dict[str, list[Kind]] = {}
    for kind in kinds().values():
        rooms.setdefault(kind.room, []).append(kind)
    organs = {kind.key: words.issuers_of(kind) for kind in kinds().values()}
    context = {
        "page_title": _("拟稿：选文书种类"),
        "crumbs": [{"title": _("文书"), "href": reverse("notices")}],
        "groups": [
            {"title": room_title(room), "rows": [
                {"title": one.title, "layout": LAYOUTS[one.layout], "organ": organs[one.key],
                 "series": words.series_of(one), "public": one.public, "href": f"{reverse('notice-new')}?kind={one.key}"
                 if any(may_at(actor, "notice.draft", slug) for slug in one.organs) else ""}
                for one in found]}
            for room, found in rooms.items()
        ],
    }  # fmt: skip
    return page(request, "site/notice_kinds.html", context)


def _preview(request: HttpRequest, kind: Kind, values: Mapping[str, Any], organ: str, exercise: bool) -> HttpResponse:
    from luoshi.office.notices import facts

    today = CLOCK.today()
    kind.series_of(organ or kind.organ)
    text = content.compose(
        kind, facts.plain(kind.fields, values, today), on=today, organ=organ or kind.organ, exercise=exercise
    )
    marks = [*(["演练"] if exercise else [])]
    shown = content.paper(text.content, text.title, marks=marks, exercise=exercise)
    return _form(request, kind, values, title=_("拟稿：%s") % kind.title, shown=paper.html(shown, heading="h3"))


def _form(
    request: HttpRequest,
    kind: Kind,
    values: Mapping[str, Any],
    *,
    title: str,
    error: LuoshiError | None = None,
    row: Notice | None = None,
    parts: Mapping[str, str] | None = None,
    shown: str = "",
) -> HttpResponse:
    errors = _faults(error)
    if error is not None and not errors:
        errors = {"": error.message}
    fields = words.inputs(kind, values, errors)
    known = {one["name"].removeprefix("f.") for one in fields}
    summary: dict[str, str] = {}
    for place, text in errors.items():
        first = place.partition(".")[0]
        name = f"f.{first}" if first in known else place
        summary[name] = summary.get(name, "") + text
    actor = actor_of(request)
    issuers = [] if row else [slug for slug in kind.organs if may_at(actor, "notice.draft", slug)]
    names = titles({*kind.organs, *([row.organ] if row else [])})
    context = {
        "page_title": title,
        "crumbs": [{"title": _("文书"), "href": reverse("notices")}]
        + ([{"title": row.title, "href": reverse("notice", args=[row.pk])}] if row else []),
        "kind": kind,
        "layout": LAYOUTS[kind.layout],
        "organ": names[row.organ] if row else names[issuers[0]] if len(issuers) == 1 else "",
        "issuers": [(slug, names[slug]) for slug in issuers],
        "issuer": request.POST.get("organ") or (issuers[0] if issuers else ""),
        "fields": fields,
        "errors": summary,
        "row": row,
        "parts": [(key, PARTS[key], parts[key]) for key in PARTS] if parts else [],
        "exercise": request.POST.get("exercise") == "1",
        "shown": shown,
        "back_href": reverse("notice", args=[row.pk]) if row else reverse("notices"),
    }
    return page(request, "site/notice_form.html", context, status=error.http_status if error else 200)


@needs("notice.draft")
@require_http_methods(["GET", "HEAD", "POST"])
def notice_revise(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a draft: its fields, or its text by hand."""
    actor = actor_of(request)
    row = queries.notice(actor, pk)
    kind = templates.on_day(row.kind, CLOCK.today()).kind
    title = _("改稿：%s") % row.title
    parts = content.parts_of(row.title, row.content)
    if request.method != "POST":
        return _form(request, kind, row.fields, title=title, row=row, parts=parts)
    version = _number(request.POST.get("version", ""))
    values: Mapping[str, Any] = row.fields
    try:
        if request.POST.get("act") == "texts":
            parts = {part: request.POST.get(f"t.{part}", "").replace("\r\n", "\n") for part in PARTS}
            actions.revise(actor=actor, notice=pk, version=version, texts=parts)
        else:
            values = words.typed(kind, request.POST)
            actions.revise(actor=actor, notice=pk, version=version, fields=values)
    except LuoshiError as error:
        if error.code not in ("E_INPUT", "E_VERSION", "E_STATE"):
            raise
        return _form(request, kind, values, title=title, row=row, parts=parts, error=error)
    return HttpResponseRedirect(f"{reverse('notice', args=[pk])}?done=revise", status=303)


# --- files, numbers ---------------------------------------------------------------------------------------------------


@needs("notice.see")
@require_safe
def notice_file(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """Give out a paper as PDF or DOCX."""
    row = queries.notice(actor_of(request), pk)
    return send(row, form, inline=request.GET.get("view") == "1")


def send(row: Notice, form: str, *, inline: bool = False) -> HttpResponse:
    """Return the answer that gives out a paper as a file; a PDF may be shown by the browser."""
    body, shown = copies.as_file(row, form), inline and form == "pdf"
    return attachment(body, copies.name_of(row, form), copies.FORMS[form], inline=shown)


@needs("notice.see")
@require_safe
def notice_proof(request: HttpRequest, pk: int, publication: int) -> HttpResponse:
    """Give out the file kept as proof that a channel was served."""
    row = queries.notice(actor_of(request), pk)
    found = row.publications.filter(pk=publication).first()
    file = StoredFile.objects.filter(pk=found.proof.get("file", 0)).first() if found else None
    if file is None:
        raise LuoshiError("E_NOT_FOUND", _("没有这份送达凭证。"))
    return file_response(file)


@needs("notice.see")
@require_safe
def numbers(request: HttpRequest) -> HttpResponse:
    """Show the runs of numbers, and the register of one."""
    actor, at = actor_of(request), Address(request)
    runs = queries.series(actor)
    organs = titles({run.organ for run in runs if run.organ})
    wanted = _number(request.GET.get("run", ""))
    run = next((one for one in runs if one.pk == wanted), None)
    if wanted is not None and run is None:
        raise LuoshiError("E_NOT_FOUND", _("没有这个编号簿。"))
    found = None
    if run is not None:
        found = queries.taken(
            actor, run.pk, size=PAGE_SIZE, after=request.GET.get("after", ""), before=request.GET.get("before", "")
        )
    context = {
        "page_title": _("编号登记簿") if run is None else f"{run.word} {run.year or ''}",
        "crumbs": [{"title": _("文书"), "href": reverse("notices")}]
        + ([{"title": _("编号登记簿"), "href": reverse("notice-numbers")}] if run else []),
        "runs": [{"row": one, "organ": organs.get(one.organ, ""), "href": f"{reverse('notice-numbers')}?run={one.pk}"}
                 for one in runs],
        "run": run,
        "rows": [{"row": one, "notice": getattr(one, "notice", None)} for one in found.rows] if found else [],
        "page": {"prev_href": at.having(before=found.previous) if found.previous else "",
                 "next_href": at.having(after=found.next) if found.next else "",
                 "first": found.first, "shown": len(found.rows)} if found else None,
    }  # fmt: skip
    return page(request, "site/notice_numbers.html", context)


@needs("notice.see")
@require_safe
def publish_home(request: HttpRequest) -> HttpResponse:
    """Lead to the papers."""
    return HttpResponseRedirect(reverse("notices"))


urlpatterns = [
    path("publish/", publish_home, name="publish"),
    path("publish/notices/", notice_list, name="notices"),
    path("publish/notices/new/", notice_new, name="notice-new"),
    path("publish/notices/numbers/", numbers, name="notice-numbers"),
    path("publish/notices/<int:pk>/", notice_page, name="notice"),
    path("publish/notices/<int:pk>/act/", notice_act, name="notice-act"),
    path("publish/notices/<int:pk>/revise/", notice_revise, name="notice-revise"),
    path("publish/notices/<int:pk>/file.<str:form>", notice_file, name="notice-file"),
    path("publish/notices/<int:pk>/proof/<int:publication>/", notice_proof, name="notice-proof"),
    *notice_templates.urlpatterns,
    *notice_public.urlpatterns,
]
