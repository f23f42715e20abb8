"""Organs, posts, persons, groups: who handles what, who held which post, and how we know."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luoshi.kernel.citation import Citation, clause_url
from luoshi.kernel.errors import LuoshiError
from luoshi.office.instruments.queries import known_keys
from luoshi.office.organs import actions, queries, shapes
from luoshi.office.organs.directory import load_data
from luoshi.office.organs.models import Organ, OrganName, OrganRelation
from luoshi.office.permissions import may
from luoshi.site import organ_charts
from luoshi.site.access import actor_of, needs
from luoshi.site.addresses import Address, chips, facet
from luoshi.site.context import AsOf, as_of
from luoshi.site.pages import page
from luoshi.site.present import Cite, ShownReason, path_words, short_number

PAGE_SIZE = 50
_MAX_QUERY = 60
_QUEUE_NAMES = 30
_BADGE_TONE = {"任命": "green", "名单": "blue", "推定": "yellow", "待核": "red"}
_KIND_PERMISSION = {"reading": "name.confirm", "post": "post.confirm", "appointments": "post.confirm"}

RESULT_WORDS = {
    "appointed": "任命在案",
    "attested": "当日名单可证",
    "bracketed": "前后名单均为此人",
    "uncertain": "前后名单不是同一人，不能断定",
    "vacant_or_unknown": "前任已免，之后未见任命",
    "last_known": "此前最近一次见于名单，之后没有证据",
    "unknown": "没有可用的证据",
}


class _Cites:
    """Turns document numbers and clause paths into chips, those in the library with an address; one query."""

    def __init__(self, numbers: Iterable[str]) -> None:
        self._known = known_keys(sorted({number for number in numbers if number}))

    def chip(self, number: str, clause: str = "") -> Cite | None:
        """Return the chip, None without a number."""
        if not number:
            return None
        shown = path_words(clause) if clause else ""
        href = clause_url(number, clause) if number in self._known else ""
        return Cite(number, short_number(number), clause, shown, href, f"{number} {shown}".strip())

    def reason(self, reason: Mapping[str, Any]) -> ShownReason:
        """Return a decision's reason with its chip."""
        text = str(reason.get("citation") or "")
        cited = Citation.parse(text) if text else None
        number = str(cited.instrument) if cited else ""
        chip = self.chip(number, cited.locator.path) if cited and number in self._known else None
        if chip is None and text:
            chip = Cite(text, text, "", "", "", text)
        return ShownReason(reason.get("ok"), str(reason.get("text", "")), chip)


def _numbers_of_reasons(reasons: Iterable[Mapping[str, Any]]) -> list[str]:
    cited = (Citation.parse(str(reason.get("citation") or "")) for reason in reasons)
    return [str(one.instrument) for one in cited if one is not None]


def _organ_href(slug: str, seen: AsOf) -> str:
    return reverse("organ", args=[slug]) + (f"?on={seen.on.isoformat()}" if seen.on else "")


# --- organs -----------------------------------------------------------------------------------------------------------


@needs("organ.see")
@require_safe
def organ_index(request: HttpRequest) -> HttpResponse:
    """List organs; the finder above says what an old or short name means and who handles its affairs now."""
    seen, address = as_of(request), Address(request)
    asked = request.GET.get("name", "").replace("\0", "").strip()[:_MAX_QUERY]
    kind, q = request.GET.get("kind", ""), request.GET.get("q", "").replace("\0", "").strip()[:_MAX_QUERY]
    found = queries.organ_list(
        on=seen.date,
        kind=kind if kind in Organ.Kind.values else "",
        q=q,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        size=PAGE_SIZE,
    )
    answer = queries.resolve(asked, seen.date) if asked else None
    kinds = [(one.value, one.title, one.count) for one in found.kinds]
    context = {
        "page_title": _("单位与职务"),
        "crumbs": _crumbs(),
        "tabs": _tabs(request, "organs"),
        "name": asked,
        "answer": answer,
        "answer_reasons": _shown(answer.reasons) if answer else [],
        "q": q,
        "rows": found.rows,
        "facets": [facet(address, "kind", _("类别"), kinds, [kind] if kind else [], 20)],
        "chips": chips(address, [("kind", kind, _("类别"), {v: t for v, t, _n in kinds}.get(kind, kind))])
        if kind
        else [],
        "hidden": address.hidden("q"),
        "page": _links(address, found.previous, found.next, found.total, found.exact, len(found.rows)),
        "suffix": f"?on={seen.on.isoformat()}" if seen.on else "",
    }
    return page(request, "site/organs.html", context, fragment="results")


@needs("organ.see")
@require_safe
def organ(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one organ: names over time, successions, posts and holders with their basis, groups, what burdens it."""
    seen, actor = as_of(request), actor_of(request)
    shown = queries.organ_page(slug, seen.date, reader=actor)
    post = request.GET.get("post", "").replace("\0", "").strip()[:_MAX_QUERY]
    asked_on, date_error = _day(request.GET.get("day", ""), seen.date)
    answer = queries.holder(slug, post, asked_on or seen.date) if post else None
    numbers = [row.instrument for row in (*shown.relations_out, *shown.relations_in)]
    numbers += [view.instrument for row in shown.posts for one in row.answer.holdings for view in one.basis]
    reasons = [*shown.succession.reasons, *(answer.reasons if answer else ())]
    numbers += _numbers_of_reasons(reasons) + (_answer_numbers(answer) if answer else [])
    cites = _Cites([*numbers, *(band.instrument for band in shown.names)])
    window = load_data().get("reform_window")
    context = {
        "page_title": shown.title,
        "crumbs": [*_crumbs(), {"title": _("单位与职务"), "href": reverse("organs")}],
        "organ": shown,
        "bands": organ_charts.name_bands(shown.names, (window["after"], window["until"]) if window else None),
        "posts": [_post(row, cites) for row in shown.posts],
        "relations": [_relation(row, cites, out=True) for row in shown.relations_out]
        + [_relation(row, cites, out=False) for row in shown.relations_in],
        "succession_reasons": [cites.reason(reason) for reason in shown.succession.reasons],
        "post": post,
        "asked_on": asked_on,
        "date_error": date_error,
        "answer": _answer(answer, cites) if answer else None,
        "duties_href": f"{reverse('duties')}?organ={slug}",
        "may_see_duties": may(actor, "duty.see", [slug]),
        "may_edit": may(actor, "organ.edit") and not seen.active,
        "suffix": f"?on={seen.on.isoformat()}" if seen.on else "",
        "kinds": OrganRelation.Kind.choices[:4],
        "name_kinds": OrganName.Kind.choices,
    }
    return page(request, "site/organ.html", context, fragment="answer")


def _post(row: shapes.PostRow, cites: _Cites) -> dict[str, Any]:
    return {"row": row, "holdings": [_holding(one, cites) for one in row.answer.holdings], "ended": row.answer.ended}


def _holding(one: shapes.Holding, cites: _Cites) -> dict[str, Any]:
    return {
        "badge": one.badge,
        "tone": _BADGE_TONE.get(one.badge, ""),
        "words": RESULT_WORDS.get(one.result, one.result),
        "persons": one.persons,
        "since": one.since,
        "from": one.interval_from,
        "to": one.interval_to,
        "last_known": one.last_known,
        "first_evidence": one.first_evidence,
        "stale": one.stale,
        "basis": [{"view": view, "cite": cites.chip(view.instrument, view.clause)} for view in one.basis],
    }


def _answer(answer: shapes.HolderAnswer, cites: _Cites) -> dict[str, Any]:
    return {
        "answer": answer,
        "holdings": [_holding(one, cites) for one in answer.holdings],
        "reasons": [cites.reason(reason) for reason in answer.reasons],
        "ended": [{"view": view, "cite": cites.chip(view.instrument, view.clause)} for view in answer.ended],
        "supporting": [{"view": view, "cite": cites.chip(view.instrument, view.clause)} for view in answer.supporting],
    }


def _answer_numbers(answer: shapes.HolderAnswer) -> list[str]:
    views = [view for one in answer.holdings for view in (*one.basis, *one.conflicts)]
    return [view.instrument for view in (*views, *answer.ended, *answer.supporting)]


def _relation(row: shapes.RelationRow, cites: _Cites, *, out: bool) -> dict[str, Any]:
    return {
        "row": row,
        "other": row.target if out else row.origin,
        "out": out,
        "cite": cites.chip(row.instrument, row.clause),
    }


@needs("organ.see")
@require_safe
def chart(request: HttpRequest) -> HttpResponse:
    """Draw which old organs' duties went to which new ones, and the same as a table."""
    seen = as_of(request)
    graph = queries.succession_graph(seen.date)
    cites = _Cites(edge.relation.instrument for edge in graph.edges)
    context = {
        "page_title": _("承接关系图"),
        "crumbs": [*_crumbs(), {"title": _("单位与职务"), "href": reverse("organs")}],
        "tabs": _tabs(request, "chart"),
        "flow": organ_charts.succession_flow(graph),
        "edges": [
            {"edge": edge, "cite": cites.chip(edge.relation.instrument, edge.relation.clause)} for edge in graph.edges
        ],
        "suffix": f"?on={seen.on.isoformat()}" if seen.on else "",
    }
    return page(request, "site/organ_chart.html", context)


# --- persons and groups -----------------------------------------------------------------------------------------------


@needs("organ.see")
@require_safe
def persons(request: HttpRequest) -> HttpResponse:
    """List the persons that gazettes name."""
    address = Address(request)
    q = request.GET.get("q", "").replace("\0", "").strip()[:_MAX_QUERY]
    found = queries.person_list(
        q=q, after=request.GET.get("after", ""), before=request.GET.get("before", ""), size=PAGE_SIZE
    )
    context = {
        "page_title": _("任职人员"),
        "crumbs": [*_crumbs(), {"title": _("单位与职务"), "href": reverse("organs")}],
        "tabs": _tabs(request, "persons"),
        "q": q,
        "rows": found.rows,
        "page": _links(address, found.previous, found.next, found.total, found.exact, len(found.rows)),
    }
    return page(request, "site/persons.html", context, fragment="results")


@needs("organ.see")
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a person's posts and what proves them; an identifier is read by POST with a purpose, and logged."""
    actor, revealed, error = actor_of(request), "", ""
    if request.method == "POST":
        try:
            revealed = actions.read_identifier(
                actor=actor,
                person=pk,
                kind=request.POST.get("kind", "")[:20],
                purpose=request.POST.get("purpose", "").strip()[:200],
            )
        except LuoshiError as refusal:
            if refusal.code not in ("E_PURPOSE", "E_INPUT"):
                raise
            error = refusal.message
    shown = queries.person_page(pk, reader=actor)
    evidence = [view for tenure in shown.tenures for view in tenure.evidence]
    cites = _Cites([*(view.instrument for view in evidence), *(seat.number for seat in shown.seats)])
    context = {
        "page_title": shown.name,
        "crumbs": [*_crumbs(), {"title": _("任职人员"), "href": reverse("persons")}],
        "who": shown,
        "bars": organ_charts.tenure_bars(shown.tenures, as_of(request).date),
        "tenures": [
            {
                "tenure": tenure,
                "evidence": [
                    {"view": view, "cite": cites.chip(view.instrument, view.clause)} for view in tenure.evidence
                ],
            }
            for tenure in shown.tenures
        ],
        "seats": [{"seat": seat, "cite": cites.chip(seat.number)} for seat in shown.seats],
        "may_see": may(actor, "person.see"),
        "may_merge": may(actor, "person.merge"),
        "revealed": revealed,
        "error": error,
        "errors": {"purpose": error} if error else {},
    }
    return page(request, "site/person.html", context, status=422 if error else 200)


@needs("organ.see")
@require_safe
def groups(request: HttpRequest) -> HttpResponse:
    """List leading groups, joint conferences and commands as instruments set them up."""
    seen = as_of(request)
    rows = queries.group_list(on=seen.date)
    cites = _Cites(row.number for row in rows)
    context = {
        "page_title": _("领导小组和联席会议"),
        "crumbs": [*_crumbs(), {"title": _("单位与职务"), "href": reverse("organs")}],
        "tabs": _tabs(request, "groups"),
        "rows": [{"row": row, "cite": cites.chip(row.number)} for row in rows],
        "suffix": f"?on={seen.on.isoformat()}" if seen.on else "",
    }
    return page(request, "site/groups.html", context)


@needs("organ.see")
@require_safe
def group(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a group on a day, in the form of a printed member list."""
    seen, actor = as_of(request), actor_of(request)
    shown = queries.group_page(pk, seen.date, reader=actor)
    cites = _Cites([shown.row.number, *_numbers_of_reasons(shown.reasons)])
    office = [shown.row.office.slug] if shown.row.office else []
    context = {
        "page_title": shown.row.name,
        "crumbs": [*_crumbs(), {"title": _("领导小组和联席会议"), "href": reverse("groups")}],
        "group": shown,
        "cite": cites.chip(shown.row.number, shown.clause),
        "reasons": [cites.reason(reason) for reason in shown.reasons],
        "may_propose": may(actor, "group.propose", office) and not seen.active,
        "suffix": f"?on={seen.on.isoformat()}" if seen.on else "",
        "foot": shown.row.name,
    }
    return page(request, "site/group.html", context)


# --- what waits, proposals --------------------------------------------------------------------------------------------


@needs("desk.see")
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Show what waits for a decision: names, successions, duties without a live organ, proposals of others."""
    seen, actor = as_of(request), actor_of(request)
    waiting = queries.open_queues(seen.date, reader=actor)
    names = waiting.names if request.GET.get("names") == "all" else waiting.names[:_QUEUE_NAMES]
    cites = _Cites(
        [*(row.instrument for row in waiting.relations), *(n for one in waiting.names for n in one.instruments)]
    )
    context = {
        "page_title": _("单位待办"),
        "crumbs": [*_crumbs(), {"title": _("单位与职务"), "href": reverse("organs")}],
        "tabs": _tabs(request, "queue"),
        "waiting": waiting,
        "names": [{"row": one, "cites": [cites.chip(n) for n in one.instruments[:3]]} for one in names],
        "relations": [{"row": row, "cite": cites.chip(row.instrument, row.clause)} for row in waiting.relations],
        "more_names": len(waiting.names) - len(names),
        "all_names_href": Address(request).having(names="all") + "#oq-n",
        "indicators": queries.indicators(seen.date),
        "may_edit": may(actor, "organ.edit") and not seen.active,
        "may_read_names": may(actor, "name.decide") and not seen.active,
        "may_appoint": may(actor, "post.edit") and not seen.active,
    }
    return page(request, "site/organ_queue.html", context)


@needs("desk.see")
@require_http_methods(["GET", "HEAD", "POST"])
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a proposal to its second hand, who confirms it or sends it back."""
    actor, error = actor_of(request), ""
    if request.method == "POST":
        version = _whole(request.POST.get("version", ""))
        reason = request.POST.get("reason", "").strip()[:500]
        act = request.POST.get("act", "")
        try:
            if act == "confirm":
                actions.confirm(actor=actor, proposal_id=pk, version=version)
            elif act == "refuse":
                actions.refuse(actor=actor, proposal_id=pk, version=version, reason=reason)
            else:
                actions.withdraw(actor=actor, proposal_id=pk, version=version, reason=reason)
            return HttpResponseRedirect(reverse("organ-proposal", args=[pk]), status=303)
        except LuoshiError as refusal:
            if refusal.code in ("E_NOT_FOUND", "E_FORBIDDEN", "E_LOGIN"):
                raise
            error, status = refusal.message, refusal.http_status
    shown = queries.proposal(pk, reader=actor)
    open_ = shown.state == "open"
    own = shown.proposed_by == actor.name
    pair = {
        "first": {
            "name": shown.proposed_by,
            "post": _("拟办"),
            "at": shown.proposed_at,
            "you": own,
            "note": shown.explanation,
        },
        "second": {
            "name": shown.decided_by,
            "post": shown.state_title if not open_ else _("确认"),
            "at": shown.decided_at if shown.state == "confirmed" else None,
            "you": shown.may_confirm,
            "note": shown.reason,
        },
        "act": {"name": "act", "value": "confirm", "words": _("确认这项变更")} if open_ and shown.may_confirm else None,
    }
    context = {
        "page_title": shown.title,
        "crumbs": [*_crumbs(), {"title": _("单位待办"), "href": reverse("organ-queue")}],
        "proposal": shown,
        "pair": pair,
        "facts": [(str(name), _plain(value)) for name, value in shown.payload.items() if value not in (None, "", [])],
        "may_withdraw": open_ and own,
        "error": error,
        "errors": {"": error} if error else {},
        "readonly": as_of(request).active,
    }
    return page(request, "site/organ_proposal.html", context, status=status if error else 200)


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return "；".join(f"{name} {_plain(part)}" for name, part in value.items() if part not in (None, "", []))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "、".join(_plain(part) for part in value)
    return str(value)


@needs("organ.edit")
@require_POST
def propose_relation(request: HttpRequest) -> HttpResponse:
    """Propose that one organ's duties went to another."""
    form = request.POST
    effective, error = _day(form.get("effective", ""), None)
    if error:
        raise LuoshiError("E_INPUT", error)
    made = actions.propose_relation(
        actor=actor_of(request),
        origin=form.get("origin", "").strip()[:80],
        target=form.get("target", "").strip()[:80],
        kind=form.get("kind", "")[:20],
        function=form.get("function", "").strip()[:100],
        effective=effective,
        evidence=[one[:10] for one in form.getlist("evidence")],
        instrument=form.get("instrument", "").strip()[:120],
        director_note=form.get("director_note", "").strip()[:300],
    )
    return HttpResponseRedirect(reverse("organ-proposal", args=[made.pk]), status=303)


@needs("organ.edit")
@require_POST
def propose_name(request: HttpRequest) -> HttpResponse:
    """Propose a written form of an organ's name."""
    form = request.POST
    made = actions.propose_name(
        actor=actor_of(request),
        organ=form.get("organ", "").strip()[:80],
        text=form.get("text", "").strip()[:200],
        kind=form.get("kind", "")[:10],
        ambiguous=form.get("ambiguous") == "1",
        end=form.get("end") == "1",
        instrument=form.get("instrument", "").strip()[:120],
    )
    return HttpResponseRedirect(reverse("organ-proposal", args=[made.pk]), status=303)


@needs("name.decide")
@require_POST
def propose_reading(request: HttpRequest) -> HttpResponse:
    """Propose how a misprinted or ambiguous name is read."""
    form = request.POST
    made = actions.propose_reading(
        actor=actor_of(request), text=form.get("text", "").strip()[:200], organ=form.get("organ", "").strip()[:80]
    )
    return HttpResponseRedirect(reverse("organ-proposal", args=[made.pk]), status=303)


@needs("post.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def appointments(request: HttpRequest) -> HttpResponse:
    """Enter an appointment list act by act; warnings ask for an explanation before it goes to the second hand."""
    form, error = request.POST, ""
    names = ("action", "person", "organ", "post", "remark")
    columns = [form.getlist(name)[:60] for name in names]
    acts = [
        {name: value.strip()[:200] for name, value in zip(names, row, strict=True)}
        for row in zip(*columns, strict=False)
        if any(value.strip() for value in row[1:])
    ]
    if request.method == "POST":
        day, date_error = _day(form.get("issued_on", ""), None)
        try:
            if date_error or day is None:
                raise LuoshiError("E_INPUT", date_error or _("请填写印发日期。"))
            made = actions.propose_appointments(
                actor=actor_of(request),
                number=form.get("number", "").strip()[:120],
                issued_on=day,
                acts=acts,
                explanation=form.get("explanation", "").strip()[:500],
            )
            return HttpResponseRedirect(reverse("organ-proposal", args=[made.pk]), status=303)
        except LuoshiError as refusal:
            if refusal.code in ("E_FORBIDDEN", "E_LOGIN"):
                raise
            error = refusal.message
    context = {
        "page_title": _("登记任免名单"),
        "crumbs": [*_crumbs(), {"title": _("单位待办"), "href": reverse("organ-queue")}],
        "form": {name: form.get(name, "") for name in ("number", "issued_on", "explanation")},
        "acts": [*acts, *({} for _blank in range(max(6 - len(acts), 2)))],
        "errors": {"": error} if error else {},
    }
    return page(request, "site/organ_appointments.html", context, status=422 if error else 200)


@needs("person.merge")
@require_POST
def propose_merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose that a namesake is the same person."""
    made = actions.propose_merge(
        actor=actor_of(request),
        kept=pk,
        merged=_whole(request.POST.get("merged", "")),
        reason=request.POST.get("reason", "").strip()[:500],
    )
    return HttpResponseRedirect(reverse("organ-proposal", args=[made.pk]), status=303)


@needs("group.propose")
@require_POST
def propose_member(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose who sits on a seat of a group from a day."""
    form = request.POST
    day, error = _day(form.get("since", ""), as_of(request).today)
    if error or day is None:
        raise LuoshiError("E_INPUT", error or _("请填写从哪一天起。"))
    who = form.get("person", "")
    made = actions.propose_member(
        actor=actor_of(request),
        group=pk,
        order=_whole(form.get("order", "")),
        person=_whole(who) if who else None,
        name=form.get("name", "").strip()[:60],
        on=day,
        reason=form.get("reason", "").strip()[:500],
    )
    return HttpResponseRedirect(reverse("organ-proposal", args=[made.pk]), status=303)


# --- shared -----------------------------------------------------------------------------------------------------------


def _crumbs() -> list[dict[str, str]]:
    return [{"title": _("公报与政策"), "href": reverse("policy")}]


def _tabs(request: HttpRequest, current: str) -> list[dict[str, Any]]:
    tabs = [
        ("organs", _("单位"), "organs"),
        ("chart", _("承接关系"), "organ-chart"),
        ("groups", _("领导小组"), "groups"),
        ("persons", _("任职人员"), "persons"),
    ]
    if may(actor_of(request), "desk.see"):
        tabs.append(("queue", _("待办"), "organ-queue"))
    return [
        {"label": label, "href": reverse(name), "count": None, "current": key == current} for key, label, name in tabs
    ]


def _links(address: Address, previous: str, following: str, total: int, exact: bool, shown: int) -> dict[str, Any]:
    words = _("%(n)s 条") if exact else _("%(n)s 条以上")
    return {
        "prev_href": address.having(before=previous) if previous else "",
        "next_href": address.having(after=following) if following else "",
        "shown": 0,
        "count_words": words % {"n": f"{total:,}"},
        "rows": shown,
    }


def _shown(reasons: Sequence[Mapping[str, Any]]) -> list[ShownReason]:
    cites = _Cites(_numbers_of_reasons(reasons))
    return [cites.reason(reason) for reason in reasons]


def _day(text: str, default: datetime.date | None) -> tuple[datetime.date | None, str]:
    if not text.strip():
        return default, ""
    try:
        return datetime.date.fromisoformat(text.strip()), ""
    except ValueError:
        return default, _("“%(text)s”不是日期，应如 2018-05-01。") % {"text": text[:20]}


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise LuoshiError("E_INPUT", _("编号不对，请从页面上重新进入。"))
    return int(text)


urlpatterns: list[URLPattern] = [
    path("organs/", organ_index, name="organs"),
    path("organs/chart/", chart, name="organ-chart"),
    path("organs/queue/", queue, name="organ-queue"),
    path("organs/proposals/<int:pk>/", proposal, name="organ-proposal"),
    path("organs/propose/relation", propose_relation, name="organ-propose-relation"),
    path("organs/propose/name", propose_name, name="organ-propose-name"),
    path("organs/propose/reading", propose_reading, name="organ-propose-reading"),
    path("organs/appointments/", appointments, name="organ-appointments"),
    path("organs/<slug:slug>/", organ, name="organ"),
    path("persons/", persons, name="persons"),
    path("persons/<int:pk>/", person, name="person"),
    path("persons/<int:pk>/merge", propose_merge, name="person-merge"),
    path("groups/", groups, name="groups"),
    path("groups/<int:pk>/", group, name="group"),
    path("groups/<int:pk>/members", propose_member, name="group-member"),
]
