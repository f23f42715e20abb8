"""Pages of supervision letters: the tray, a new one, one letter with its tasks, paper, answer and acts."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import concern, workdays
from luoshi.office.duties.acts import reaches
from luoshi.office.duties.matter_models import Matter
from luoshi.office.paging import Key, bounded_total, keyset_page
from luoshi.office.permissions import may
from luoshi.office.web import actor_of, needs, page
from luoshi.programmes.supervision import (
    letter_circulars,
    letter_crossings,
    letter_registers,
    letters,
    papers,
    referrals,
)
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
from luoshi.programmes.supervision.letters import OFFICE, State
from luoshi.programmes.supervision.models import LetterLeaf, SupervisionLetter
from luoshi.programmes.supervision.task_views import handed_out

PAGE = 30
_ORDER = (Key("id", int, descending=True),)
# --- the tray ---------------------------------------------------------------------------------------------------------


@needs("work.see")
@require_safe
def tray(request: HttpRequest) -> HttpResponse:
    """Show the letters: what waits for the reader, what is out, what stayed unanswered."""
    actor, state = actor_of(request), request.GET.get("state", "")[:12]
    everything = letters.visible(actor)
    filters: dict[str, Any] = {
        "": everything.filter(letters.waiting_for(actor)),
        "drafted": everything.filter(state=State.DRAFTED),
        "out": everything.filter(state__in=[State.SIGNED, State.DELIVERED, State.REPLIED]),
        "unanswered": everything.filter(unanswered_at__isnull=False).exclude(state__in=[State.VOID]),
        "closed": everything.filter(state__in=[State.CLOSED, State.VOID, State.DROPPED]),
    }
    words = {
        "": _("轮到您"), "drafted": _("待签发"), "out": _("在外"), "unanswered": _("逾期未复"),
        "closed": _("办结、作废"),
    }  # fmt: skip
    if not letters.sees_all(actor):
        filters.pop("drafted")
    state = state if state in filters else ""
    found = keyset_page(
        filters[state], _ORDER, size=PAGE, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    context = {
        "page_title": _("督办函"),
        "crumbs": [],
        "tabs": tabs(actor, "letters"),
        "views": [
            {"label": words[key], "href": f"?state={key}", "current": key == state, "count": bounded_total(rows).value}
            for key, rows in filters.items()
        ],
        "rows": rows_of(found.rows),
        "pager": {
            name: f"?state={state}&{name}={cursor}"
            for name, cursor in (("before", found.previous), ("after", found.next)) if cursor
        },
        "may_draft": may(actor, "work.letter"),
    }  # fmt: skip
    return page(request, "supervision/letters.html", context)


_TONES = {"drafted": "yellow", "signed": "blue", "delivered": "blue", "replied": "green", "void": "red"}


def rows_of(rows: Sequence[SupervisionLetter]) -> list[dict[str, Any]]:
    """Return letters as the list shows them; no query per row."""
    names = concern.titles({row.organ for row in rows})
    first: dict[int, tuple[str, int]] = {}
    kept = LetterLeaf.objects.filter(letter__in=rows).select_related("matter")
    for leaf in kept.order_by("due_on", "pk"):
        title, n = first.get(leaf.letter_id, (leaf.matter.title, 0))
        first[leaf.letter_id] = (title, n + 1)
    day = CLOCK.today()
    return [
        {
            "row": row,
            "href": letters.address(row),
            "organ": names[row.organ],
            "title": first.get(row.pk, ("", 0))[0],
            "n": first.get(row.pk, ("", 0))[1],
            "tone": _TONES.get(row.state, ""),
            "left": _left(row, day),
            "late": row.unanswered_at is not None and row.state == State.DELIVERED,
        }
        for row in rows
    ]


def _left(row: SupervisionLetter, day: datetime.date) -> str:
    if row.state != State.DELIVERED or row.reply_due is None:
        return ""
    if row.reply_due < day:
        return _("逾期 %d 个工作日未复") % workdays.after(row.reply_due, day)
    return _("还剩 %d 个工作日") % workdays.after(day, row.reply_due)


# --- a new one --------------------------------------------------------------------------------------------------------


@needs("work.letter")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Draft a letter by hand: the organ first, then its overdue tasks."""
    actor, data = actor_of(request), request.POST
    organ = text_of(data if request.method == "POST" else request.GET, "organ", 80)
    error = None
    chosen = {int(one) for one in data.getlist("matter") if one.isdecimal() and len(one) < 15}
    if request.method == "POST":
        try:
            row = letters.draft(
                actor=actor, organ=organ, matters=sorted(chosen), facts=text_of(data, "facts"),
                demands=text_of(data, "demands"),
            )  # fmt: skip
            return HttpResponseRedirect(letters.address(row), status=303)
        except LuoshiError as refused:
            error = refused
    late = Matter.objects.filter(organ=organ, is_open=True, late_on__lte=CLOCK.today()).order_by("due_sort", "pk")
    busy = set(Matter.objects.filter(letters__letter__state__in=letters.OPEN, organ=organ).values_list("pk", flat=True))
    day = CLOCK.today()
    context = {
        "page_title": _("起草督办函"),
        "crumbs": crumbs((_("督办函"), reverse("supervision-letters"))),
        "organ": organ,
        "organs": organ_options(),
        "late": [
            {"row": one, "busy": one.pk in busy, "wd": workdays.after(one.due_on, day) if one.due_on else 0,
             "chosen": one.pk in chosen}
            for one in (late[:200] if organ else [])
        ],
        "values": data.dict() if request.method == "POST" else {"demands": letters.DEMANDS},
        "errors": errors_of(error),
        "error": error,
    }  # fmt: skip
    return page(request, "supervision/letter_new.html", context, status=status_of(error))


# --- one letter -------------------------------------------------------------------------------------------------------


@needs("work.see")
@require_safe
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one letter."""
    return _show(request, pk)


def _show(
    request: HttpRequest, pk: int, error: LuoshiError | None = None, values: Mapping[str, str] | None = None
) -> HttpResponse:
    actor = actor_of(request)
    row = letters.one(actor, pk)
    leaves = list(row.leaves.select_related("matter").order_by("due_on", "pk"))
    day = CLOCK.today()
    context = {
        "page_title": row.number or _("督办函（待签发）"),
        "crumbs": crumbs((_("督办函"), reverse("supervision-letters"))),
        "row": row,
        "organ": concern.title(row.organ),
        "tone": _TONES.get(row.state, ""),
        "left": _left(row, day),
        "leaves": [
            {"leaf": leaf, "href": f"/tasks/{leaf.matter_id}/", "state": leaf.matter.get_state_display()}
            for leaf in leaves
        ],
        "paper": f"/publish/notices/{row.notice_id}/" if may(actor, "notice.see") else "",
        "steps": _steps(row),
        "may": acts_open(actor, row),
        "first_href": letters.address(row.follows) if row.follows is not None else "",
        "second": SupervisionLetter.objects.filter(follows=row).first() if letters.sees_all(actor) else None,
        "values": values or {"facts": row.facts, "demands": row.demands},
        "errors": errors_of(error),
        "error": error,
        "done": _said().get(request.GET.get("done", ""), "") if error is None else "",
        "reply_days": letters.setting("letter_reply", row.drafted_on),
    }  # fmt: skip
    return page(request, "supervision/letter.html", context, status=status_of(error))


def _steps(row: SupervisionLetter) -> list[dict[str, Any]]:
    moments = (
        (_("起草"), row.drafted_at, row.drafted_name), (_("签发"), row.signed_at, row.signed_name),
        (_("送达"), row.delivered_at, concern.title(row.organ)), (_("签收"), row.read_at, row.read_name),
        (_("回复"), row.replied_at, row.replied_name), (_("办结"), row.closed_at, row.closed_name),
    )  # fmt: skip
    return [{"title": title, "at": at, "who": who if at else ""} for title, at, who in moments]


def acts_open(actor: Actor, row: SupervisionLetter) -> frozenset[str]:
    """Return the acts state and roles leave open; each asks again."""
    found: set[str] = set()
    writes, signs = may(actor, "work.letter"), may(actor, "work.sign", [OFFICE])
    answers = reaches(actor, "work.reply", [row.organ])
    if row.state == State.DRAFTED:
        found |= {"revise", "drop"} if writes else {"drop"} if signs else set()
        hands = set(row.notice.hands) if row.notice is not None else set()
        found |= {"sign"} if signs and actor.hands.isdisjoint(hands) else set()
    if row.state == State.SIGNED and (writes or signs):
        found.add("deliver")
    if row.state == State.DELIVERED and answers:
        found |= {"reply"} | ({"read"} if row.read_at is None else set())
    if row.state == State.REPLIED and writes:
        found.add("close")
    if row.state in (State.SIGNED, State.DELIVERED) and (writes or signs):
        asked = row.notice is not None and row.notice.void_asked_at is not None
        if not asked:
            found.add("ask_void")
        elif signs and row.notice is not None and row.notice.void_asked_by_id not in actor.hands:
            found.add("void")
    return frozenset(found)


def _said() -> dict[str, str]:
    return {
        "revise": _("已改稿。"), "drop": _("已撤稿。"), "sign": _("已签发并送达，回复期限从今天起算。"),
        "deliver": _("已送达。"), "read": _("已签收。"), "reply": _("已回复，督查收到了消息。"),
        "close": _("已办结。"), "void": _("已登记；作废要由另一人确认，编号留在编号簿里。"),
    }  # fmt: skip


@needs("work.see")
@require_POST
def do(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Do an act on a letter; a refusal shows it again with what was typed."""
    actor, data = actor_of(request), request.POST
    kept: dict[str, Any] = {"actor": actor, "letter": pk, "version": version_of(data)}
    try:
        if act == "revise":
            letters.revise(**kept, facts=text_of(data, "facts"), demands=text_of(data, "demands"))
        elif act == "drop":
            letters.drop(**kept, reason=text_of(data, "reason", 600))
        elif act == "sign":
            letters.sign(**kept)
        elif act == "deliver":
            letters.deliver(**kept)
        elif act == "read":
            letters.read(actor=actor, letter=pk)
        elif act == "reply":
            letters.reply(
                **kept, done=text_of(data, "done"), why=text_of(data, "why"), following=text_of(data, "following"),
                finish_by=date_of(data, "finish_by", _("完成时限"), required=False),
            )  # fmt: skip
        elif act == "close":
            letters.close(**kept, note=text_of(data, "note", 1000))
        elif act == "void":
            letters.void(**kept, reason=text_of(data, "reason", 600))
        else:
            raise LuoshiError("E_NOT_FOUND", _("没有这个办理动作。"))
    except LuoshiError as error:
        return _show(request, pk, error, data.dict())
    return HttpResponseRedirect(f"{reverse('supervision-letter', args=[pk])}?done={act}", status=303)


@needs("work.see")
@require_safe
def reply_paper(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """Hand out the organ's reply as PDF or Word."""
    return handed_out(papers.of_reply(letters.one(actor_of(request), pk)), form, f"reply-{pk}")


# --- referrals --------------------------------------------------------------------------------------------------------


@needs("referral.see")
@require_safe
def referral_list(request: HttpRequest) -> HttpResponse:
    """Show the referrals to the director and the commission; the look is taken down."""
    actor = actor_of(request)
    rows = referrals.listed(actor)
    names = concern.titles({row.organ for row in rows})
    context = {
        "page_title": _("移送建议"),
        "crumbs": crumbs((_("督办函"), reverse("supervision-letters"))),
        "tabs": tabs(actor, "referrals"),
        "rows": [{"row": row, "organ": names[row.organ]} for row in rows],
    }
    return page(request, "supervision/referrals.html", context)


@needs("referral.see")
@require_http_methods(["GET", "HEAD", "POST"])
def referral(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one referral; the director decides, who reads for the commission registers what came of it."""
    actor, data, error = actor_of(request), request.POST, None
    if request.method == "POST":
        try:
            if text_of(data, "act", 10) == "outcome":
                referrals.record_outcome(
                    actor=actor, referral=pk, outcome=text_of(data, "outcome"), version=version_of(data)
                )
            else:
                referrals.decide(
                    actor=actor, referral=pk, send=data.get("act") == "send", reason=text_of(data, "reason", 1000),
                    version=version_of(data),
                )  # fmt: skip
            return HttpResponseRedirect(reverse("supervision-referral", args=[pk]), status=303)
        except LuoshiError as refused:
            error = refused
    row = referrals.one(actor, pk)
    context = {
        "page_title": _("移送建议：%s") % concern.title(row.organ),
        "crumbs": crumbs((_("移送建议"), reverse("supervision-referrals"))),
        "row": row,
        "facts": row.facts,
        "organ": concern.title(row.organ),
        "due": datetime.date.fromisoformat(row.facts["due"]),
        "may_decide": row.state == "drafted" and may(actor, "work.sign", [OFFICE]),
        "may_register": row.state == "sent" and referrals.may_answer(actor),
        "values": data.dict(),
        "errors": errors_of(error),
        "error": error,
    }
    return page(request, "supervision/referral.html", context, status=status_of(error))


urlpatterns: list[URLPattern] = [
    path("supervision/letters/", tray, name="supervision-letters"),
    path("supervision/letters/new/", new, name="supervision-letter-new"),
    path("supervision/letters/<int:pk>/", one, name="supervision-letter"),
    path("supervision/letters/<int:pk>/reply.<slug:form>", reply_paper, name="supervision-letter-reply"),
    path("supervision/letters/<int:pk>/<slug:act>/", do, name="supervision-letter-act"),
    path("supervision/referrals/", referral_list, name="supervision-referrals"),
    path("supervision/referrals/<int:pk>/", referral, name="supervision-referral"),
    *letter_circulars.urlpatterns,
    *letter_crossings.urlpatterns,
    *letter_registers.urlpatterns,
]
