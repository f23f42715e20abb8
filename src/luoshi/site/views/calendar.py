"""The working calendar: a year of 休 and 班, changes entered by one hand and approved by another."""

from __future__ import annotations

import calendar as months
import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luoshi.kernel.calendar import DayKind, WorkingCalendar, announced_calendar
from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.calendar import actions, queries
from luoshi.office.calendar.book import calendar
from luoshi.office.calendar.days import Turned, named_days, read_days, span, turned, with_change
from luoshi.office.calendar.models import CalendarChange
from luoshi.office.cases.models import Case
from luoshi.office.cases.recount import Foreseen, foresee
from luoshi.office.permissions import may
from luoshi.site.access import actor_of, needs
from luoshi.site.case_rows import case_href, until_words
from luoshi.site.pages import page
from luoshi.site.present import day_words
from luoshi.site.words import WEEKDAY

_FIRST, _LAST = 2004, 2050
_SHOWN = 40
"""So many changed days of a whole year are named one by one."""


@needs("desk.see")
@require_safe
def calendar_page(request: HttpRequest) -> HttpResponse:
    """Show a year day by day, the changes and what each would do."""
    return _show(request, actor_of(request))


def _year(request: HttpRequest) -> int:
    text = request.GET.get("year", "")
    year = int(text) if text.isdecimal() and len(text) == 4 else CLOCK.today().year
    return min(max(year, _FIRST), _LAST)


def _show(
    request: HttpRequest,
    actor: Actor,
    *,
    typed: dict[str, str] | None = None,
    preview: dict[str, Any] | None = None,
    error: LuoshiError | None = None,
) -> HttpResponse:
    today, table, year = CLOCK.today(), calendar(), _year(request)
    approves = may(actor, "calendar.approve")
    rows = [_change(change, actor, approves, today) for change in queries.changes()]
    fields = error.fields.get("fields") if error is not None else None
    errors = dict(fields) if isinstance(fields, dict) else {"": error.message} if error is not None else {}
    context = {
        "page_title": _("工作日历"),
        "crumbs": [{"title": _("系统"), "href": reverse("system")}],
        "year": year,
        "previous": year - 1 if year > _FIRST else 0,
        "next": year + 1 if year < _LAST else 0,
        "months": [_month(year, month, table, today) for month in range(1, 13)],
        "provisional": table.is_provisional(datetime.date(year, 7, 1)),
        "source": table.source,
        "version": table.version,
        "counts": _counts(year, table),
        "waiting": [row for row in rows if row["state"] == CalendarChange.State.PROPOSED],
        "decided": [row for row in rows if row["state"] != CalendarChange.State.PROPOSED],
        "may_propose": may(actor, "calendar.propose"),
        "typed": typed or {},
        "preview": preview,
        "errors": errors,
        "done": {"proposed": _("已录入，等另一人批准；批准以前日历和期限都不变。"),
                 "approved": _("已批准：下一次到点办理时重算未结期限，两个日期都留着。"),
                 "refused": _("没有同意，日历和期限都不变。")}.get(request.GET.get("done", ""), ""),
    }  # fmt: skip
    return page(request, "site/calendar.html", context, status=error.http_status if error else 200)


def _month(year: int, month: int, table: WorkingCalendar, today: datetime.date) -> dict[str, Any]:
    first = datetime.date(year, month, 1)
    last = first.replace(day=months.monthrange(year, month)[1])
    delivered = announced_calendar()
    cells: list[dict[str, Any]] = [{} for _ in range(first.weekday())]
    cells += [_cell(day, table, delivered, today) for day in table.days(first, last)]
    cells += [{} for _ in range(-len(cells) % 7)]
    return {"title": _("%d月") % month, "weeks": [cells[n : n + 7] for n in range(0, len(cells), 7)]}


def _cell(
    day: datetime.date, table: WorkingCalendar, delivered: WorkingCalendar, today: datetime.date
) -> dict[str, Any]:
    kind = table.kind(day)
    changed = delivered.knows(day) and delivered.kind(day) is not kind
    flag = {DayKind.HOLIDAY: _("休"), DayKind.WORKED_WEEKEND: _("班")}.get(kind, "")
    words = [day_words(day), WEEKDAY[day.weekday()], kind.value]
    if changed:
        words.append(_("后来改的"))
    return {
        "day": day.day,
        "off": not kind.works,
        "flag": flag,
        "makeup": kind is DayKind.WORKED_WEEKEND,
        "changed": changed,
        "today": day == today,
        "title": "，".join(str(word) for word in words),
    }


def _counts(year: int, table: WorkingCalendar) -> dict[str, int]:
    days = list(table.days(datetime.date(year, 1, 1), datetime.date(year, 12, 31)))
    kinds = [table.kind(day) for day in days]
    return {
        "works": sum(kind.works for kind in kinds),
        "holidays": sum(kind is DayKind.HOLIDAY for kind in kinds),
        "makeup": sum(kind is DayKind.WORKED_WEEKEND for kind in kinds),
    }


def _spans(days: list[str], today: datetime.date) -> str:
    read = [datetime.date.fromisoformat(day) for day in days]
    words = [
        day_words(first, today) if first == last else f"{day_words(first, today)}–{day_words(last, today)}"
        for first, last in span(read)
    ]
    return "、".join(words) or "—"


def _change(change: CalendarChange, actor: Actor, approves: bool, today: datetime.date) -> dict[str, Any]:
    waits = change.state == CalendarChange.State.PROPOSED
    own = change.proposed_by_user_id is not None and change.proposed_by_user_id in actor.hands
    return {
        "id": change.pk,
        "state": change.state,
        "word": change.get_state_display(),
        "tone": {"approved": "green", "refused": "red"}.get(change.state, "yellow"),
        "source": change.source,
        "off": _spans(change.off, today),
        "worked": _spans(change.worked, today),
        "whole_year": change.whole_year,
        "proposed_by": change.proposed_by,
        "proposed_at": change.proposed_at,
        "decided_by": change.decided_by,
        "decided_at": change.decided_at,
        "may_decide": waits and approves and not own,
        "own": waits and own,
        "effect": effect_of(change) if waits else None,
        "hands": _hands(change, actor, approves, own) if waits else None,
    }


def _hands(change: CalendarChange, actor: Actor, approves: bool, own: bool) -> dict[str, Any]:
    mine = approves and not own
    pair: dict[str, Any] = {
        "first": {"name": change.proposed_by, "post": _("录入"), "at": change.proposed_at, "you": own, "note": ""},
        "second": {"name": actor.name if mine else "", "post": _("批准"), "at": None, "you": mine,
                   "note": _("对照通知原文看过每一天后办")},
    }  # fmt: skip
    if mine:
        pair["act"] = {"name": "act", "value": "approve", "words": _("批准，日历生效")}
        pair["back"] = {"name": "act", "value": "refuse", "words": _("不同意")}
    return pair


def effect_of(change: CalendarChange) -> dict[str, Any]:
    """Return what a change would do: days that become others, open limits that would end at another moment."""
    after, days = with_change(change), named_days(change)
    shifted = turned(calendar(), after, days)
    found = foresee(after, [one.day for one in shifted])
    return {
        "turned": shifted,
        "foreseen": found,
        "days": [_turned_words(one) for one in shifted[:_SHOWN]],
        "more_days": max(len(shifted) - _SHOWN, 0),
        "sentences": _sentences(shifted, found, change),
        "samples": _samples(found),
    }


def _turned_words(one: Turned) -> dict[str, str]:
    return {"day": f"{day_words(one.day)} {WEEKDAY[one.day.weekday()]}", "old": one.old.value, "new": one.new.value}


def _sentences(shifted: list[Turned], found: Foreseen, change: CalendarChange) -> list[str]:
    if not shifted:
        return [_("所写的日子现在就是这样，日历不变")]
    sentences = [_("%d 天改了性质") % len(shifted)]
    if change.whole_year:
        sentences.append(_("%d年不再是暂定：到这一年的期限可以视为同意、失效或逾期") % change.whole_year)
    more = "" if found.exact else _("（只看了最先到期的 %s 个，还有更多）") % f"{found.looked_at:,}"
    if found.moved:
        sentences.append(
            _("未结期限 %(n)s 个会变：%(later)s 个推后，%(earlier)s 个提前%(more)s") % {
                "n": f"{found.moved:,}", "later": f"{found.later:,}", "earlier": f"{found.earlier:,}", "more": more
            }
        )  # fmt: skip
        sentences.append(_("每个都留着原来的日期，经过里写明，经手人收到消息；没有一个提前到明天收班以前"))
    else:
        sentences.append(_("没有未结期限会变%s") % more)
    sentences.append(_("已办结的不重算"))
    return sentences


def _samples(found: Foreseen) -> list[dict[str, Any]]:
    known = Case.objects.defer("facts").in_bulk([pk for pk, _old, _new in found.samples])
    today = CLOCK.today()
    return [
        {
            "href": case_href(pk),
            "title": known[pk].title,
            "number": known[pk].number,
            "old": until_words(old, inclusive=False, today=today),
            "new": until_words(new, inclusive=False, today=today),
        }
        for pk, old, new in found.samples
        if pk in known
    ]


# --- the two hands ----------------------------------------------------------------------------------------------------


@needs("calendar.propose")
@require_http_methods(["POST"])
def propose(request: HttpRequest) -> HttpResponse:
    """Look at what a notice would do; with `act=send` enter it for another person's approval."""
    actor = actor_of(request)
    typed = {name: request.POST.get(name, "")[:4000] for name in ("source", "off", "worked", "whole_year")}
    try:
        given = _given(typed)
        if request.POST.get("act") == "send":
            actions.propose(actor=actor, **given)
            return HttpResponseRedirect(f"{reverse('calendar')}?done=proposed", status=303)
        draft = CalendarChange(
            off=[f"{day}" for day in given["off"]], worked=[f"{day}" for day in given["worked"]],
            whole_year=given["whole_year"], source=given["source"],
        )  # fmt: skip
        return _show(request, actor, typed=typed, preview=effect_of(draft))
    except LuoshiError as error:
        if error.code != "E_INPUT":
            raise
        return _show(request, actor, typed=typed, error=error)


def _given(typed: dict[str, str]) -> dict[str, Any]:
    faults: dict[str, str] = {}
    given: dict[str, Any] = {"source": typed["source"].replace("\0", "").strip()}
    for name in ("off", "worked"):
        try:
            given[name] = read_days(typed[name])
        except LuoshiError as error:
            faults[name] = error.message
    year = typed["whole_year"].strip()
    if year and not (year.isdecimal() and _FIRST < int(year) <= _LAST):
        faults["whole_year"] = _("年份应如 2020。")
    given["whole_year"] = int(year) if year and "whole_year" not in faults else None
    if len(given["source"]) < 4:
        faults["source"] = _("请写明依据哪份通知（文号和名称）。")
    if not faults and not given["off"] and not given["worked"]:
        faults["off"] = _("请至少写一个放假日或上班日。")
    if faults:
        raise LuoshiError("E_INPUT", "；".join(faults.values()), fields={"fields": faults})
    return given


@needs("calendar.approve")
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve an entered change, or refuse it; by another hand than the one that entered it."""
    actor, approves = actor_of(request), request.POST.get("act") == "approve"
    try:
        (actions.approve if approves else actions.refuse)(actor=actor, change=pk)
    except LuoshiError as error:
        if error.code not in ("E_STATE", "E_SELF"):
            raise
        return _show(request, actor, error=error)
    return HttpResponseRedirect(f"{reverse('calendar')}?done={'approved' if approves else 'refused'}", status=303)


urlpatterns: list[URLPattern] = [
    path("system/calendar/", calendar_page, name="calendar"),
    path("system/calendar/propose/", propose, name="calendar-propose"),
    path("system/calendar/changes/<int:pk>/", decide, name="calendar-decide"),
]
