"""Pages of integrity cases, of headquarters with the tasks of their sessions, of suggestions and proposals."""

from __future__ import annotations

import datetime
from decimal import Decimal, InvalidOperation

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.duties import concern
from luoshi.office.duties.matter_models import Matter
from luoshi.office.permissions import may
from luoshi.office.web import actor_of, needs, page
from luoshi.programmes.supervision import integrity, meetings, seeing
from luoshi.programmes.supervision.letter_forms import (
    crumbs,
    date_of,
    errors_of,
    organ_options,
    status_of,
    tabs,
    text_of,
    version_of,
)
from luoshi.programmes.supervision.models import Headquarters, IntegrityCase, KeyItem

_TONES = {"warned": "yellow", "in_breach": "red", "sanctioned": "red", "crossed_off": "green"}


def _fen(text: str) -> int:
    """Return an amount in yuan as fen; E_AMOUNT."""
    try:
        fen = Decimal(text.replace(",", "")) * 100
    except InvalidOperation:
        fen = Decimal(-1)
    if not fen.is_finite() or fen != fen.to_integral_value() or not 0 <= fen < 10**15:
        raise LuoshiError("E_AMOUNT", _("金额请按元填，至多两位小数。"), fields={"field": "amount"})
    return int(fen)


@needs("work.see")
@require_http_methods(["GET", "HEAD", "POST"])
def integrity_list(request: HttpRequest) -> HttpResponse:
    """Show the cases by level; supervision enters one, or crosses one off with its voucher."""
    actor, data, error = actor_of(request), request.POST, None
    if request.method == "POST":
        try:
            _integrity(actor, request)
            return HttpResponseRedirect(reverse("supervision-integrity"), status=303)
        except LuoshiError as refused:
            error = refused
    rows = list(integrity.visible(actor).order_by("-due", "-pk")[:200])
    names = concern.titles({row.organ for row in rows})
    order = {"sanctioned": 0, "in_breach": 1, "warned": 2, "watched": 3}
    rows.sort(key=lambda row: (order.get(row.state, 9), row.due))
    context = {
        "page_title": _("政务诚信"),
        "crumbs": crumbs((_("督办函"), reverse("supervision-letters"))),
        "tabs": tabs(actor, "integrity"),
        "rows": [
            {"row": row, "organ": names[row.organ], "yuan": str(Money(row.amount)), "tone": _TONES.get(row.state, ""),
             "open": row.state in integrity.OPEN}
            for row in rows
        ],
        "organs": organ_options(),
        "levels": IntegrityCase.Level.choices,
        "bases": IntegrityCase.Basis.choices,
        "may_enter": may(actor, "work.letter"),
        "values": data.dict(),
        "errors": errors_of(error),
        "error": error,
    }  # fmt: skip
    return page(request, "supervision/integrity.html", context, status=status_of(error))


def _integrity(actor: Actor, request: HttpRequest) -> None:
    data = request.POST
    if data.get("act") == "execute":
        given = request.FILES.get("voucher")
        on, pk = date_of(data, "on", _("执行日期")), text_of(data, "case", 15)
        assert on is not None
        voucher = (given.name or "", given.read()) if given is not None else ("", b"")
        integrity.execute(
            actor=actor, case=int(pk) if pk.isdecimal() else 0, on=on, voucher=voucher, version=version_of(data)
        )
        return
    due = date_of(data, "due", _("应履行日期"))
    assert isinstance(due, datetime.date)
    integrity.enter(
        actor=actor, organ=text_of(data, "organ", 80), level=text_of(data, "level", 10),
        basis=text_of(data, "basis", 10), reference=text_of(data, "reference", 110), title=text_of(data, "title", 310),
        amount=_fen(text_of(data, "amount", 30)), due=due,
    )  # fmt: skip


@needs("work.see")
@require_http_methods(["GET", "HEAD", "POST"])
def headquarters(request: HttpRequest) -> HttpResponse:
    """Show headquarters with what their sessions gave to do, and proposals; supervision adds to them."""
    actor, data, error = actor_of(request), request.POST, None
    if request.method == "POST":
        try:
            _headquarters(actor, request)
            return HttpResponseRedirect(reverse("supervision-headquarters"), status=303)
        except LuoshiError as refused:
            error = refused
    reach = seeing.organs(actor)
    rows = list(Headquarters.objects.prefetch_related("tasks__matter", "items__plan").order_by("-id")[:50])
    if reach is not None:
        rows = [row for row in rows if not reach.isdisjoint({row.organ, *row.members})]
    proposals = Matter.objects.filter(module="proposals")
    proposals = proposals if reach is None else proposals.filter(organ__in=reach)
    shown = list(proposals.order_by("-is_open", "due_sort", "pk")[:100])
    names = concern.titles(
        {one for row in rows for one in (row.organ, *row.members)}
        | {task.matter.organ for row in rows for task in row.tasks.all()} | {row.organ for row in shown}
    )  # fmt: skip
    context = {
        "page_title": _("指挥部、建议提案"),
        "crumbs": crumbs((_("督办函"), reverse("supervision-letters"))),
        "tabs": tabs(actor, "headquarters"),
        "rows": [
            {"row": row, "organ": names.get(row.organ, row.organ), "items": _led(row),
             "members": "、".join(names.get(one, one) for one in row.members),
             "member_options": [("", _("请选单位")),
                                *((one, names.get(one, one)) for one in dict.fromkeys((row.organ, *row.members)))],
             "tasks": [{"task": task, "organ": names.get(task.matter.organ, task.matter.organ)}
                       for task in row.tasks.all()]}
            for row in rows
        ],
        "proposals": [{"row": row, "organ": names.get(row.organ, row.organ)} for row in shown],
        "items": KeyItem.objects.filter(plan__status__in=["active", "reviewing"]).select_related("plan")
        .exclude(state="withdrawn").order_by("plan__year", "seq"),
        "organs": organ_options(),
        "kinds": [("deputy", _("人大代表建议")), ("cppcc", _("政协提案"))],
        "may_enter": may(actor, "work.letter"),
        "values": data.dict(),
        "errors": errors_of(error),
        "error": error,
    }  # fmt: skip
    return page(request, "supervision/letter_headquarters.html", context, status=status_of(error))


def _led(row: Headquarters) -> list[KeyItem]:
    return sorted(row.items.all(), key=lambda one: (one.plan.year, one.seq))


def _headquarters(actor: Actor, request: HttpRequest) -> None:
    data = request.POST
    act, pk = text_of(data, "act", 20), text_of(data, "headquarters", 15)
    number = int(pk) if pk.isdecimal() else 0
    if act == "give":
        due = date_of(data, "due", _("期限"))
        assert due is not None
        session = text_of(data, "session", 4)
        meetings.give(
            actor=actor, headquarters=number, session=int(session) if session.isdecimal() else 0,
            title=text_of(data, "title", 400), organ=text_of(data, "organ", 80), due=due,
        )  # fmt: skip
    elif act == "items":
        meetings.choose_items(actor=actor, headquarters=number, items=_items(data))
    elif act == "dissolve":
        meetings.dissolve(actor=actor, headquarters=number)
    elif act == "proposal":
        meetings.receive_proposal(
            actor=actor, kind=text_of(data, "kind", 10), number=text_of(data, "number", 60),
            title=text_of(data, "title", 400), organ=text_of(data, "organ", 80),
        )  # fmt: skip
    else:
        meetings.set_up(
            actor=actor, name=text_of(data, "name", 210), organ=text_of(data, "organ", 80),
            chief_post=text_of(data, "chief_post", 110), members=[one for one in data.getlist("member")[:60] if one],
            items=_items(data),
        )  # fmt: skip


def _items(data: QueryDict) -> list[int]:
    """Return the items ticked, by id."""
    return [int(one) for one in data.getlist("item")[:200] if one.isdecimal() and len(one) < 15]


urlpatterns: list[URLPattern] = [
    path("supervision/integrity/", integrity_list, name="supervision-integrity"),
    path("supervision/headquarters/", headquarters, name="supervision-headquarters"),
]
