"""The public page of the year's items: what was promised, by whom, how far it is; no persons, no letters."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from luoshi.kernel.clock import CLOCK, local
from luoshi.office import ready
from luoshi.office.duties import curve
from luoshi.office.web import needs, page
from luoshi.programmes.supervision import board
from luoshi.programmes.supervision.models import ItemDay, ItemOrgan, KeyItem, Plan, Target

KEPT_SECONDS = 300
"""How long an answer is the same for everybody."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A published item: number, title, lead organs, targets in words, accepted progress, light, when last updated."""

    seq: int
    title: str
    chapter: str
    leads: str
    targets: list[str]
    percent: str
    done: float
    light: str
    word: str
    due: datetime.date
    updated: datetime.date | None


def published(day: datetime.date) -> tuple[Plan | None, list[Shown]]:
    """Return the plan in force and its public items; a plan that is still being loaded is nobody's to see."""
    plan = Plan.objects.filter(kind="work_points").exclude(status=Plan.Status.LOADING).order_by("-year").first()
    if plan is None:
        return None, []
    items = list(KeyItem.objects.filter(plan=plan, public=True).select_related("chapter").order_by("seq"))
    found = board.board_of(plan, items, day)
    ids = [item.pk for item in items]
    raw: dict[int, list[str]] = {}
    for one in ItemOrgan.objects.filter(item__in=ids, role="lead").order_by("item", "seq"):
        raw.setdefault(one.item_id, []).append(found.names.get(one.organ, one.raw) if one.organ else one.raw)
    targets: dict[int, list[str]] = {}
    for target in Target.objects.filter(item__in=ids).order_by("item", "seq"):
        targets.setdefault(target.item_id, []).append(_words(target))
    days = ItemDay.objects.filter(item__in=ids, reports__gt=0).order_by()
    latest: dict[int, datetime.date] = dict(days.values_list("item").annotate(newest=Max("day")))
    rows = [
        Shown(
            tile.item.seq, tile.item.title, tile.item.chapter.title, "、".join(raw.get(tile.item.pk, ())),
            targets.get(tile.item.pk, []), curve.written(tile.actual, 1), tile.done, tile.light, str(tile.word),
            tile.item.due, latest.get(tile.item.pk),
        )
        for tile in found.tiles
    ]  # fmt: skip
    return plan, rows


def _words(target: Target) -> str:
    if target.value is None:
        return target.name
    value = f"{target.value.normalize():f}"
    if target.upper is not None:
        value = f"{value}—{target.upper.normalize():f}"
    sign = {">=": _("不少于"), "<=": _("不超过")}.get(target.comparator, "")
    return f"{target.name} {sign}{value}{target.unit}".replace("  ", " ")


@needs("open.see")
@require_safe
def shown(request: HttpRequest) -> HttpResponse:
    """Show the year's items to everybody."""
    day, now = CLOCK.today(), CLOCK.now()
    plan, rows = published(day)
    chapters: dict[str, list[Shown]] = {}
    for row in rows:
        chapters.setdefault(row.chapter, []).append(row)
    size = request.COOKIES.get("ls_size", "normal")
    context: dict[str, Any] = {
        "page_title": _("%d 年重点工作进展") % plan.year if plan else _("重点工作进展"),
        "plan": plan,
        "chapters": list(chapters.items()),
        "count": len(rows),
        "done": sum(row.light == "blue" for row in rows),
        "now": local(now),
        "open": reverse("open-supervision"),
        "chosen_size": size if size in ("large", "largest") else "",
    }
    response = page(request, "supervision/public.html", context)
    return ready.keep(response, now.timestamp() + KEPT_SECONDS)


urlpatterns = [path("open/supervision/", shown, name="open-supervision")]
