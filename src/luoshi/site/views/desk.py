"""The desk (工作台): what I owe, what is due, what changed, what waits for others; quick acts."""

from __future__ import annotations

import calendar as months
import datetime
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from luoshi.kernel.calendar import ONE_DAY, DayKind
from luoshi.kernel.clock import CLOCK, start_of
from luoshi.office.actors import Actor
from luoshi.office.duties import desk as office
from luoshi.office.duties import workdays
from luoshi.office.duties.desk import GROUP_ROWS, Desk, Group
from luoshi.office.duties.matter_models import Matter
from luoshi.office.duties.matter_queries import MatterFilter, complete, matters
from luoshi.office.instruments.models import Instrument
from luoshi.office.paging import Total
from luoshi.office.permissions import may, scope_of
from luoshi.site import switching
from luoshi.site.access import actor_of, needs
from luoshi.site.addresses import Address
from luoshi.site.context import as_of
from luoshi.site.matter_list import address as ledger
from luoshi.site.matter_rows import MatterRow, clock_words, matter_href, rows_of
from luoshi.site.pages import page
from luoshi.site.places import SYSTEM
from luoshi.site.places import address as door
from luoshi.site.present import day_words
from luoshi.site.waiting import waiting_for
from luoshi.site.words import WEEKDAY

FOLD_AT = 200
"""Beyond so many rows the later groups are shown as counts."""
CHANGES = 10
BY = ("due", "document", "organ")


@needs("desk.see")
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """Show what the person owes and what waits; for roles without matters, what their rooms hold."""
    actor, seen, at = actor_of(request), as_of(request), Address(request)
    waits = waiting_for(actor, seen.date)
    context: dict[str, Any] = {
        "page_title": _("工作台"),
        "crumbs": [],
        "actor_words": _("%(name)s代%(other)s办理") % {"name": actor.name, "other": actor.for_name}
        if actor.for_name
        else "",
        "left": left_at(request),
        "waits": [row for row in waits if row.count],
        "quiet": [row for row in waits if not row.count],
        "acts": quick_acts(actor),
        "doors": doors(actor),
        "empty": not Instrument.objects.exists(),
        "may_import": may(actor, "instrument.import") and not seen.active,
    }
    if may(actor, "matter.see"):
        context |= _owed(request, actor, seen.date, at, waits)
    return page(request, "site/desk.html", context, fragment="desk")


def left_at(request: HttpRequest) -> datetime.datetime | None:
    """Return when the person was last here before the present login."""
    user = request.user
    return getattr(user, "left_at", None) if user.is_authenticated else None


def _owed(request: HttpRequest, actor: Actor, day: datetime.date, at: Address, waits: list[Any]) -> dict[str, Any]:
    view = request.GET.get("view", "")
    views = _views(actor)
    view = view if view in views else next(iter(views))
    by = request.GET.get("by", "")
    by = by if by in BY else "due"
    left, documents = left_at(request) or start_of(day - ONE_DAY), switching.documents(request.GET)
    # Rows that are not shown are not read: of later groups beyond the fold, and of all where the list is another.
    fold_at = 0 if view == "check" else FOLD_AT if by == "due" else None
    found = office.desk(actor, day, view=view, since=left, fold_at=fold_at, documents=documents)
    shown = iter(rows_of([row for group in found.groups for row in group.rows], day))
    rows = {group.key: [next(shown) for _row in group.rows] for group in found.groups}
    base = {"own": "1"} if view in ("mine", "organ") and actor.grants else {}
    total = sum(group.total.value for group in found.groups)
    if view == "check":
        # What waits for a check waits whenever it is due: the oldest submission first.
        total = found.checking.value
        waiting = MatterFilter(checking=True, documents=documents)
        ordered = matters(waiting, actor=actor, day=day).order_by("submitted_at", "id")
        ids = list(ordered.values_list("pk", flat=True)[:GROUP_ROWS]) if total else []
        submitted = complete(Matter.objects.filter(pk__in=ids)).order_by("submitted_at", "id")
        rows = {"check": rows_of(list(submitted), day)} if total else {}
        groups = _to_check(found.checking, rows.get("check", []))
    else:
        groups = _groups(found, rows, day, base)
    if by != "due":
        groups = _regrouped(rows, by)
    messages = _messages(actor, left)
    second = Total(sum(row.count for row in waits), all(row.exact for row in waits))
    return {
        "matters": True,
        "second_first": second.value > 0,
        "view": view,
        "tabs": [
            {"label": words, "href": at.having(view="" if key == "mine" else key), "current": key == view,
             "count": found.views[key].value if key in found.views and key != "mine" else None}
            for key, words in views.items()
        ],
        "by": [(key, words, at.having(by="" if key == "due" else key), key == by) for key, words in _by().items()],
        "counts": _counts(found, rows, base, second, len(messages)),
        "groups": groups,
        "total": total,
        "heading": {"mine": _("要我办的"), "organ": _("本单位的"), "check": _("要我核验的"), "all": _("在办的")}[view],
        "later": _later(found, base, day),
        "nothing": _nothing(found, day, view) if not groups else {},
        "month": month(day, found.months),
        "month_title": _("%d月") % day.month,
        "calendar_words": _("工作日历 %d 版") % day.year if not workdays.is_provisional(day) else _("工作日历 暂定"),
        "changes": _changes(found, messages, day),
        "changed": found.changed.value + len(messages),
        "waiting": [
            {"title": row.matter.title, "href": matter_href(row.matter.pk), "what": row.what, "holder": row.holder,
             "days": row.working_days}
            for row in found.waiting_rows
        ],
        "waiting_total": found.waiting.value,
        "backlog": found.backlog.value,
        "backlog_href": ledger(backlog="1", **base),
        "undated": found.undated.value,
        "undated_href": ledger(origin="none", **base),
    }  # fmt: skip


def _views(actor: Actor) -> dict[str, str]:
    """Return the tabs of the desk that mean something to the actor, the first of which opens."""
    everywhere, own = scope_of(actor, "matter.see").everywhere, bool(actor.grants)
    found = {}
    if may(actor, "matter.report"):
        found["mine"] = _("我经办")
    if may(actor, "matter.check"):
        found["check"] = _("我复核")
    if own and not everywhere:
        found["organ"] = _("本单位")
    if everywhere:
        found["all"] = _("全市")
    if own and everywhere:
        found["organ"] = _("本单位")
    return found


def _by() -> dict[str, str]:
    return {"due": _("按期限"), "document": _("按文件"), "organ": _("按单位")}


def _counts(
    found: Desk, rows: dict[str, list[MatterRow]], base: dict[str, str], second: Total, messages: int
) -> list[dict[str, Any]]:
    """Return the six counts; one that stands on the page leads to its rows, an empty one to the ledger."""

    def place(key: str, other: str) -> str:
        return f"#desk-{key}" if rows.get(key) else other

    return [
        {"title": _("已逾期"), "value": found.overdue, "tone": "red",
         "href": place("overdue", ledger(overdue="1", **base))},
        {"title": _("今天到期"), "value": found.today, "tone": "orange",
         "href": place("today", ledger(due="today", **base))},
        {"title": _("三个工作日内"), "value": found.soon, "tone": "yellow",
         "href": place("soon", ledger(due="soon", **base))},
        {"title": _("等我复核"), "value": second, "tone": "", "href": "#desk-second"},
        {"title": _("我在等别人"), "value": found.waiting, "tone": "", "href": "#desk-waiting"},
        {"title": _("离开后有变化"), "value": Total(found.changed.value + messages, found.changed.exact), "tone": "",
         "href": "#desk-changes"},
    ]  # fmt: skip


def _groups(
    found: Desk, rows: dict[str, list[MatterRow]], day: datetime.date, base: dict[str, str]
) -> list[dict[str, Any]]:
    shown, before = [], 0
    for group in found.groups:
        if not group.total.value:
            continue
        folded = before > 0 and before + group.total.value > FOLD_AT
        before += group.total.value
        more = max(group.total.value - len(rows[group.key]), 0)
        shown.append(
            {
                "key": group.key,
                "title": group.title,
                "count": group.total,
                "rows": [] if folded else rows[group.key],
                "folded": folded,
                "more": group.total.value if folded else more,
                "href": group_href(group, day, base),
            }
        )
    return shown


def group_href(group: Group, day: datetime.date, base: dict[str, str]) -> str:
    """Return where all of a group stands in the ledger."""
    end = day.replace(day=months.monthrange(day.year, day.month)[1])
    conditions = {
        "overdue": {"overdue": "1"},
        "today": {"due": "today"},
        "soon": {"due": "soon"},
        "month": {"from": f"{workdays.shift(day, 3) + ONE_DAY}", "to": f"{end}"},
        "paused": {"state": "paused"},
    }[group.key]
    return ledger(**conditions, **base)


def _to_check(total: Total, rows: list[MatterRow]) -> list[dict[str, Any]]:
    if not rows:
        return []
    more = max(total.value - len(rows), 0)
    return [{"key": "check", "title": _("等我核验，先送的在前"), "count": total, "rows": rows, "more": more,
             "href": ledger(check="1")}]  # fmt: skip


def _regrouped(rows: dict[str, list[MatterRow]], by: str) -> list[dict[str, Any]]:
    every = [row for some in rows.values() for row in some]

    def name(row: MatterRow) -> str:
        return row.organ.name if by == "organ" else row.document or _("没有文件")

    shown = []
    for number, (title, some) in enumerate(groupby(sorted(every, key=name), key=name)):
        listed = list(some)
        shown.append(
            {"key": f"g{number}", "title": title, "count": Total(len(listed), True), "rows": listed, "more": 0}
        )
    return shown


def _later(found: Desk, base: dict[str, str], day: datetime.date) -> dict[str, Any]:
    first = (day.replace(day=28) + datetime.timedelta(days=4)).replace(day=1)
    return {"href": ledger(**{"from": f"{first}"}, **base), "words": _("下月以后的")}


def _nothing(found: Desk, day: datetime.date, view: str) -> dict[str, str]:
    if any(group.total.value for group in found.groups):
        return {}
    following = found.next_due
    if following is not None and following.due_on is not None:
        words = _("今天没有到期的，下一件在%s。") % day_words(following.due_on, day)
        return {"words": words, "href": matter_href(following.pk), "act": following.title}
    if view == "check":
        return {"words": _("没有送来等核验的。"), "href": ledger(), "act": _("看责任台账")}
    if found.undated.value:
        words = _("没有写日期的期限；另有 %d 件未写时限。") % found.undated.value
        return {"words": words, "href": ledger(), "act": _("看责任台账")}
    return {"words": _("没有在办的事项。"), "href": ledger(), "act": _("看责任台账")}


def month(day: datetime.date, counts: dict[datetime.date, int]) -> list[list[dict[str, Any]]]:
    """Return the weeks of the month: each day with 休 or 班 and how many are due, as a link to them."""
    table = workdays.calendar()
    first = day.replace(day=1)
    last = day.replace(day=months.monthrange(day.year, day.month)[1])
    begin, end = first - datetime.timedelta(days=first.weekday()), last + datetime.timedelta(days=6 - last.weekday())
    weeks: list[list[dict[str, Any]]] = []
    for offset in range((end - begin).days + 1):
        one = begin + datetime.timedelta(days=offset)
        kind = table.kind(one) if table.knows(one) else None
        off = kind in (DayKind.HOLIDAY, DayKind.WEEKEND) if kind else one.weekday() >= 5
        count = counts.get(one, 0)
        if one.weekday() == 0:
            weeks.append([])
        weeks[-1].append(
            {
                "day": one.day,
                "outside": one.month != day.month,
                "today": one == day,
                "past": one < day,
                "off": off,
                "flag": _("休") if kind is DayKind.HOLIDAY else _("班") if kind is DayKind.WORKED_WEEKEND else "",
                "count": count,
                "href": ledger(**{"from": f"{one}", "to": f"{one}"}) if count else "",
                "words": f"{day_words(one)} {WEEKDAY[one.weekday()]}",
            }
        )
    return weeks


def _messages(actor: Actor, since: datetime.datetime) -> list[Any]:
    """Return what the actor was told since, but for what stands among the changes of matters already."""
    if actor.user_id is None:
        return []
    from luoshi.office.messages.queries import since as told

    return [row for row in told(actor.user_id, since, CHANGES * 2) if row.kind not in ("matter", "remind")][:CHANGES]


def _changes(found: Desk, messages: list[Any], day: datetime.date) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"at": event.at, "words": event.text.rstrip("。；"), "who": event.who, "auto": event.user_id is None,
         "title": event.matter.title, "href": matter_href(event.matter_id)}
        for event in found.changes
    ]  # fmt: skip
    rows += [
        {"at": one.at, "words": one.text, "who": "", "auto": True, "title": "", "href": one.href} for one in messages
    ]
    rows.sort(key=lambda row: row["at"], reverse=True)
    return [row | {"when": clock_words(row["at"], CLOCK.today())} for row in rows[:CHANGES]]


def quick_acts(actor: Actor) -> list[dict[str, str]]:
    """Return the quick acts (常办) the actor may do, at most five."""
    limits, onto = reverse("calculator", args=["calendar.limit"]), f"{reverse('policy')}?on={CLOCK.today()}"
    offered = (
        (_("导入公报"), _("一期的文字，读出责任和期限"), "upload", door("upload"), "instrument.import"),
        (_("核对"), _("读出来的逐条与原文对照"), "eye", door("review-queue"), "review.see"),
        (_("试算"), _("限额、分担、期限，附依据"), "calculator", door("calculators"), "decision.run"),
        (_("推算期限"), _("起算日 → 到期日，附过程"), "calendar-event", limits, "decision.run"),
        (_("按日期查"), _("某日有效的文件、职务、数值"), "history", onto, "instrument.see"),
    )
    return [
        {"title": title, "note": note, "icon": icon, "href": href}
        for title, note, icon, href, key in offered
        if href and may(actor, key)
    ]


def doors(actor: Actor) -> list[dict[str, Any]]:
    """Return the rooms of a role that owes nothing itself: audit, people, imports, what the system holds."""
    if may(actor, "matter.report"):
        return []
    kept = ("people", "roles", "audit", "audit-verify", "jobs", "health-page", "imports", "parameters", "delegations")
    return [
        {"title": title, "note": note, "icon": icon, "href": door(name)}
        for name, title, icon, key, note in SYSTEM
        if name in kept and door(name) and may(actor, key)
    ]  # fmt: skip


urlpatterns = [path("desk", desk, name="desk")]
