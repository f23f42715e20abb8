"""Pages of key-work supervision: the board, due dates, what a person's posts hold; with phone and public pages."""

from __future__ import annotations

import calendar as months
import datetime
from collections import Counter
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.duties import concern, curve, lights, workdays
from luoshi.office.permissions import may
from luoshi.office.web import actor_of, attachment, needs, page
from luoshi.programmes.supervision import board, board_sheet, charts, field_views, maps, public_views
from luoshi.programmes.supervision.board import Board, Tile, Wanted
from luoshi.programmes.supervision.models import Leaf, Plan

VIEWS = ("tiles", "timeline", "table", "map")
POSTS_SHOWN = 300
REDS = 12
FEW = 5
"""With no more items in any chapter the tiles are wide."""


def _day(request: HttpRequest) -> datetime.date:
    try:
        return datetime.date.fromisoformat(request.GET.get("on", ""))
    except ValueError:
        return CLOCK.today()


def wanted_of(request: HttpRequest) -> Wanted:
    """Return what an address asks of the board; what cannot be read is left out."""
    data = request.GET
    year, chapter, month = data.get("year", ""), data.get("chapter", ""), data.get("month", "")
    light, kind = data.get("light", ""), data.get("kind", "")
    return Wanted(
        year=int(year) if year.isdecimal() and len(year) == 4 else None,
        kind=kind if kind in Plan.Kind.values else str(Plan.Kind.WORK_POINTS),
        organ=data.get("organ", "")[:80],
        leader=data.get("leader", "")[:100],
        light=light if light in board.LIGHTS else "",
        month=month if len(month) == 7 and month[:4].isdecimal() and month[5:].isdecimal() else "",
        chapter=int(chapter) if chapter.isdecimal() and len(chapter) < 12 else None,
        q=data.get("q", "")[:60].strip(),
    )


def item_href(plan: Plan, seq: int) -> str:
    """Return the address of an item's page."""
    return f"/supervision/items/{plan.code(seq)}/"


def _href(request: HttpRequest, **change: str) -> str:
    data = {key: value for key, value in request.GET.items() if value} | change
    query = urlencode({key: value for key, value in data.items() if value})
    return f"{reverse('supervision')}?{query}" if query else reverse("supervision")


@needs("work.see")
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Show the board of a year: tiles, timeline or table, with what is red and the year's course."""
    actor, day, wanted = actor_of(request), _day(request), wanted_of(request)
    found = board.board(actor, day, wanted)
    if found.plan is None:
        told = {"page_title": _("重点工作落实看板"), "crumbs": [], "outside": wanted.kind == Plan.Kind.KEY_WORKS}
        return page(request, "supervision/board_empty.html", told)
    view = request.GET.get("view", "tiles")
    view = view if view in VIEWS else "tiles"
    course, by_month, reds = board.course(found), board.by_month(found), board.reds(found)
    spread = found.spread
    context: dict[str, Any] = {
        "page_title": _("重点工作落实看板"),
        "crumbs": [{"title": _("任务督办"), "href": reverse("duties")}, {"title": _("%d 年度") % found.plan.year}],
        "found": found,
        "plan": found.plan,
        "day": day,
        "wanted": wanted,
        "view": view,
        "screen": request.GET.get("screen") == "1",
        "views": [
            {"title": title, "href": _href(request, view=key), "current": key == view}
            for key, title in zip(VIEWS, (_("方块"), _("时间线"), _("表格"), _("地图")), strict=True)
        ],
        "kinds": _kinds(found.plan),
        "all_href": reverse("supervision") + ("?kind=key_works" if found.plan.outside else ""),
        "screen_href": _href(request, screen="1"),
        "plain_href": _href(request, screen=""),
        "export_href": f"{reverse('supervision-export')}?{urlencode({k: v for k, v in request.GET.items() if v})}",
        "chapters": [_chapter(chapter, tiles, found.plan) for chapter, tiles in found.chapters],
        "few": max((len(tiles) for _one, tiles in found.chapters), default=0) <= FEW,
        "total": curve.written(found.actual, 1),
        "total_plan": curve.written(found.planned, 1),
        "total_bar": (float(found.actual), float(found.planned)),
        "spread": [
            {"light": light, "n": spread[light], "word": _spread_words()[light], "href": _href(request, light=light)}
            for light in board.LIGHTS
        ],
        "spread_bar": charts.spread(list(spread.items())),
        "week": board.last_week(found),
        "red_count": len(reds),
        "reds": [
            (row, *who, item_href(found.plan, row.tile.item.seq))
            for row, who in zip(reds[:REDS], board.stands(found, reds[:REDS]), strict=True)
        ],
        "letters": board.letters(actor, day),
        "scores": _scores(actor),
        "elsewhere": board.elsewhere(actor, day) if wanted.empty else {"counts": [], "rows": []},
        "year_chart": charts.year_chart(course, _finding(found)),
        "course": [(row, f"{row.planned:.1f}", _maybe(row.actual)) for row in course],
        "month_chart": charts.month_chart(by_month, _("各月到期的最小任务数")),
        "by_month": by_month,
        "filters": _filters(found),
        "calm": sum(tile.light not in ("red", "yellow") for tile in found.tiles),
        "lines": _lines(found) if view == "timeline" else [],
        "map": _map(found) if view == "map" else {},
    }  # fmt: skip
    return page(request, "supervision/board.html", context)


def _kinds(plan: Plan) -> list[dict[str, Any]]:
    """Return the switch between the work points and what was set outside them, where there are both."""
    known = Plan.objects.exclude(status=Plan.Status.LOADING).values_list("kind", flat=True)
    if len({*known, plan.kind}) < 2:
        return []
    home = reverse("supervision")
    return [
        {"title": title, "href": home + query, "current": plan.kind == kind}
        for kind, title, query in (
            (Plan.Kind.WORK_POINTS, _("工作要点"), ""), (Plan.Kind.KEY_WORKS, _("计划外"), "?kind=key_works"),
        )
    ]  # fmt: skip


def _spread_words() -> dict[str, str]:
    """Return the words of the distribution bar."""
    return {"blue": _("已销号"), "green": _("正常"), "yellow": _("滞后"), "red": _("滞后或逾期"), "paused": _("暂停"),
            "grey": _("未开始")}  # fmt: skip


def _maybe(value: float | None) -> str:
    return "—" if value is None else f"{value:.1f}"


def _finding(found: Board) -> str:
    return _("到今天完成 %(a)s%%，按计划应为 %(p)s%%") % {
        "a": curve.written(found.actual, 1), "p": curve.written(found.planned, 1)
    }  # fmt: skip


def _chapter(chapter: Any, tiles: list[Tile], plan: Plan) -> dict[str, Any]:
    average = board.mean((tile.item, tile.actual) for tile in tiles)
    return {
        "no": _("第%s章") % _NUMERALS[chapter.no] if chapter.no < len(_NUMERALS) else str(chapter.no),
        "title": chapter.title,
        "count": len(tiles),
        "percent": curve.written(average, 1),
        "tiles": [_tile(tile, plan) for tile in tiles],
    }


_NUMERALS = ("", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二", "十三", "十四", "十五")


def _tile(tile: Tile, plan: Plan) -> dict[str, Any]:
    return {
        "tile": tile,
        "href": item_href(plan, tile.item.seq),
        "seq": tile.number,
        "overdue": tile.overdue(CLOCK.today()),
        "tone": {"red": "red", "yellow": "yellow", "green": "green", "blue": "blue"}.get(tile.light, "sea"),
        "none": not tile.sums,
    }


def _lines(found: Board) -> list[dict[str, Any]]:
    if found.plan is None or not found.tiles:
        return []
    plan, last = found.plan, max(tile.last for tile in found.tiles)
    first = board.first_day(found, plan)
    return [_tile(tile, plan) | {"line": charts.timeline(tile, found.day, first, last)} for tile in found.tiles]


MAP_LISTED = 24


def _map(found: Board) -> dict[str, Any]:
    """Return the map of the tasks whose place is known, and the list beside it, the worst lights first."""
    order, places = list(maps.COLOURS), []
    seq = {tile.item.pk: tile.number for tile in found.tiles}
    rows = []
    for leaf in board.places_of(found):
        matter = leaf.matter
        if matter is None or leaf.latitude is None or leaf.longitude is None or leaf.item_id is None:
            continue
        lamp, href = lights.lamp(matter, found.day), f"/tasks/{matter.pk}/"
        title = f"{seq[leaf.item_id]} {matter.title}"
        places.append(maps.Place(float(leaf.latitude), float(leaf.longitude), lamp.light, title, href))
        organ = board.short(found.names.get(matter.organ, matter.organ_name), matter.organ)
        rows.append({"title": title, "href": href, "light": lamp.light, "word": lamp.word, "organ": organ,
                     "percent": lights.shown(lamp.done)})  # fmt: skip
    rows.sort(key=lambda row: order.index(row["light"]))
    counts = Counter(one.light for one in places)
    outside = sum(not one.inside for one in places)
    finding = _("示意图：%(n)d 个最小任务的位置，红灯 %(red)d 个") % {"n": len(places), "red": counts["red"]}
    return {
        "drawn": maps.drawn(places, finding),
        "count": len(places),
        "outside": outside,
        "rows": rows[:MAP_LISTED],
        "more": max(len(rows) - MAP_LISTED, 0),
        "legend": [(maps.sample(light), _spread_words()[light], counts[light]) for light in order if counts[light]],
    }


def _filters(found: Board) -> dict[str, Any]:
    """Return what the filters offer: only what occurs in what the person sees."""
    seen = {slug for tile in found.everything for slug in tile.organs}
    organs = sorted(seen, key=lambda slug: found.names.get(slug, slug))
    leaders = sorted({tile.item.leader_post for tile in found.everything if tile.item.leader_post})
    due = {month for tile in found.everything for month in tile.months}
    chapters = {tile.item.chapter_id for tile in found.everything}
    rows = found.plan.chapters.filter(pk__in=chapters).order_by("no") if found.plan else []
    return {
        "organs": [(slug, found.names.get(slug, slug)) for slug in organs],
        "leaders": leaders,
        "months": sorted(due),
        "chapters": [(str(one.pk), one.title) for one in rows],
        "lights": [(light, _spread_words()[light]) for light in board.LIGHTS],
    }


def _scores(actor: Any) -> dict[str, Any]:
    """Return the newest assessment's first and last organs; nothing before there is one."""
    from luoshi.programmes.supervision import board_scores

    return board_scores.newest(actor)


@needs("work.see")
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Give the board out as a spreadsheet: the items that fit, and their smallest tasks."""
    found = board.board(actor_of(request), _day(request), wanted_of(request))
    if found.plan is None:
        raise LuoshiError("E_NOT_FOUND", _("还没有年度工作要点。"))
    body = board_sheet.workbook(found, actor_of(request).name)
    return attachment(body, _("重点工作%(year)d-%(day)s.xlsx") % {"year": found.plan.year, "day": f"{found.day:%m%d}"})


@needs("work.see")
@require_safe
def due(request: HttpRequest) -> HttpResponse:
    """Show a month's due dates of smallest tasks, day by day."""
    actor, day = actor_of(request), _day(request)
    text = request.GET.get("month", "")
    try:
        month = datetime.date.fromisoformat(f"{text}-01")
    except ValueError:
        month = day.replace(day=1)
    found = board.board(actor, day, wanted_of_without_month(request))
    rows = board.due_dates(found, month)
    weeks = [
        [
            {
                "day": one,
                "inside": one.month == month.month,
                "today": one == day,
                "off": not workdays.calendar().is_working(one),
                "tasks": [
                    {"title": matter.title, "href": f"/tasks/{matter.pk}/", "light": lights.lamp(matter, day).light,
                     "seq": seq, "organ": board.short(found.names.get(matter.organ, ""), matter.organ)}
                    for seq, matter in rows.get(one, (0, []))[1]
                ],
                "count": rows.get(one, (0, []))[0] if one.month == month.month else 0,
            }
            for one in week
        ]
        for week in months.Calendar().monthdatescalendar(month.year, month.month)
    ]  # fmt: skip
    before, after = month - datetime.timedelta(days=1), month + datetime.timedelta(days=31)
    kind = "&kind=key_works" if found.plan is not None and found.plan.outside else ""
    context = {
        "page_title": _("到期日历"),
        "crumbs": [{"title": _("重点工作看板"), "href": reverse("supervision")}],
        "month": month,
        "weeks": weeks,
        "count": sum(count for count, _some in rows.values()),
        "before": f"{reverse('supervision-due')}?month={before:%Y-%m}{kind}",
        "after": f"{reverse('supervision-due')}?month={after:%Y-%m}{kind}",
        "heads": [_("一"), _("二"), _("三"), _("四"), _("五"), _("六"), _("日")],
    }
    return page(request, "supervision/board_due.html", context)


def wanted_of_without_month(request: HttpRequest) -> Wanted:
    """Return what an address asks of the board, whatever month it names."""
    found = wanted_of(request)
    return replace(found, month="")


@needs("work.see")
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Show what the posts of the person's organs hold: it follows the person when a post changes hands."""
    actor, day = actor_of(request), _day(request)
    held_by = Q(matter__organ__in=concern.own_organs(actor)) | Q(matter__holder__in=sorted(actor.hands))
    leaves = Leaf.objects.filter(held_by, matter__is_open=True).select_related("node", "matter", "matter__holder")
    leaves = leaves.order_by("matter__due_sort", "pk")[:POSTS_SHOWN]
    names = concern.titles({leaf.matter.organ for leaf in leaves if leaf.matter})
    posts: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for leaf in leaves:
        matter = leaf.matter
        if matter is None:
            continue
        lamp = lights.lamp(matter, day)
        posts.setdefault((names.get(matter.organ, matter.organ), leaf.post), []).append(
            {"code": leaf.node.code, "title": matter.title, "href": f"/tasks/{matter.pk}/", "light": lamp.light,
             "word": lamp.word, "due": matter.due_on, "percent": lights.shown(lamp.done),
             "mine": matter.holder_id in actor.hands, "holder": matter.holder.name if matter.holder else ""}
        )  # fmt: skip
    rows = [
        {"organ": organ, "post": post, "rows": sorted(tasks, key=lambda row: not row["mine"]),
         "mine": any(row["mine"] for row in tasks)}
        for (organ, post), tasks in posts.items()
    ]  # fmt: skip
    context = {
        "page_title": _("我的岗位"),
        "crumbs": [{"title": _("重点工作看板"), "href": reverse("supervision")}],
        "posts": sorted(rows, key=lambda row: (not row["mine"], row["organ"], row["post"])),
        "may_report": may(actor, "matter.report"),
    }
    return page(request, "supervision/board_posts.html", context)


urlpatterns: list[URLPattern] = [
    path("supervision/", show, name="supervision"),
    path("supervision/board.xlsx", export, name="supervision-export"),
    path("supervision/due/", due, name="supervision-due"),
    path("supervision/posts/", mine, name="supervision-posts"),
    *public_views.urlpatterns,
    *field_views.urlpatterns,
]
