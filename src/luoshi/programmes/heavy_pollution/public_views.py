"""What everybody may see without logging in: the warning, the air, what to do, whether a vehicle may drive, CAP.

Page, feed, list and messages are given out as copies made ahead (`publication`); the question of a driver is answered
each time, from the warning alone.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.models import Max, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from luoshi.kernel.clock import CLOCK, day_of, local
from luoshi.kernel.decisions import Outcome
from luoshi.kernel.errors import LuoshiError
from luoshi.office.duties import concern
from luoshi.office.parameters import book
from luoshi.office.programme import Emergency
from luoshi.office.ready import RENEWAL
from luoshi.office.web import needs
from luoshi.programmes.heavy_pollution import (
    air,
    air_queries,
    board,
    charts,
    maps,
    plan,
    publication,
    site_plans,
    words_shown,
)
from luoshi.programmes.heavy_pollution.models import (
    CapMessage,
    CityHour,
    Enterprise,
    PollutionWarning,
    SitePlan,
    WarningChange,
)

HTML = "text/html; charset=utf-8"
_SIZES = ("normal", "large", "largest")
BARS = {"blue": 1, "yellow": 2, "orange": 3, "red": 4}
"""How many of four bars a warning's colour fills."""
_BACK = datetime.timedelta(days=8)
_MOMENT = datetime.timedelta(microseconds=1)


# --- the page ---------------------------------------------------------------------------------------------------------


def _size(request: HttpRequest) -> str:
    size = request.COOKIES.get("ls_size", "")
    return size if size in _SIZES else "normal"


def _ready(
    request: HttpRequest, name: str, template: str, context: Callable[[], dict[str, Any]], query: str = ""
) -> HttpResponse:
    """Answer with the copy of a page in the reader's language and size of type."""
    size, language = _size(request), get_language() or "zh-hans"
    path = request.path

    def build() -> str:
        return render_to_string(template, context() | _shell(size, language, path))

    return publication.answer(
        request, publication.copy_of(f"{name}{query}-{language}-{size}.html", build, renewal=_renewal(request)), HTML
    )


def _renewal(request: HttpRequest) -> bool:
    return RENEWAL in request.META


def _shell(size: str, language: str, path: str) -> dict[str, Any]:
    """Return what stands around every public page of this room."""
    return {
        "now": CLOCK.now(),
        "size": size,
        "next_size": {"normal": "large", "large": "largest", "largest": "normal"}[size],
        "language": "en" if language == "en" else "zh-CN",
        "path": path,
        "demo": settings.DEMO,
    }


@needs("open.see")
@require_http_methods(["GET"])
def public(request: HttpRequest) -> HttpResponse:
    """The public page: what is in force, the air now, may my vehicle drive, what to do, the chart and its table."""
    return _ready(request, "page", "heavy_pollution/public.html", _context)


def make_ahead() -> int:
    """Make the copy most people ask for; return how many were made. Nothing where copies are not kept."""
    if not getattr(settings, "PUBLIC_AGE_S", publication.AGE_S):
        return 0
    path, language = reverse("open-pollution"), settings.LANGUAGE_CODE

    def build() -> str:
        with override(language):
            return render_to_string("heavy_pollution/public.html", _context() | _shell("normal", language, path))

    publication.copy_of(f"page-{language}-normal.html", build)
    return 1


_CHANGED = Max("changes__at", filter=Q(changes__kind__in=(WarningChange.Kind.UPGRADE, WarningChange.Kind.DOWNGRADE)))
"""When a warning was last raised or lowered; nothing where it never was."""


def live_warning() -> PollutionWarning | None:
    """Return the warning the public sees: the live one, else a drill that is being run."""
    rows = PollutionWarning.objects.filter(live=True).select_related("case", "response").annotate(changed_at=_CHANGED)
    return rows.order_by("exercise").first()


def emergency() -> Emergency | None:
    """Return the real warning in force for the head of every page; a drill is told of in its own pages only."""
    rows = PollutionWarning.objects.filter(live=True, exercise=False).annotate(changed_at=_CHANGED)
    row = rows.values_list("colour", "issued_at", "changed_at").first()
    if row is None:
        return None
    at = local(row[2] or row[1])
    told = {"month": at.month, "day": at.day, "clock": f"{at:%H:%M}"}
    if row[2]:
        words = _("重污染天气预警正在生效，%(month)s月%(day)s日 %(clock)s调整。") % told
    else:
        words = _("重污染天气预警正在生效，%(month)s月%(day)s日 %(clock)s发布。") % told
    return Emergency(BARS[row[0]], words, reverse("open-pollution"))


def _banner(warning: PollutionWarning | None, now: datetime.datetime) -> dict[str, Any]:
    """Return what the head of a page says of the warning in force."""
    return {
        "warning": warning,
        "exercise": bool(warning and warning.exercise),
        "colour_word": words_shown.COLOURS[warning.colour] if warning else "",
        "level_word": words_shown.LEVELS[warning.response.level] if warning else "",
        "bars": BARS[warning.colour] if warning else 0,
        "day_number": (day_of(now) - day_of(local(warning.issued_at))).days + 1 if warning else 0,
    }


def _context() -> dict[str, Any]:
    now, warning = CLOCK.now(), live_warning()
    found = board.picture(now, _BACK)
    latest = found["latest"]
    hour = local(datetime.datetime.fromisoformat(latest["hour"])) if latest else None
    aqi = latest["aqi"] if latest else None
    row = CityHour.objects.filter(hour=hour).first() if hour else None
    days = board.days(found, -6, 3)
    placed = air_queries.stations(hour)
    names = concern.titles({row.town for row, _aqi in placed} | {slug for row in board.TILES for slug in row if slug})
    by_town = {row.town: index for row, index in placed if index is not None}
    for one in days:
        one["words"] = _("今天") if one["today"] else _("%(d)d日") % {"d": one["day"].day}
        one["class_word"] = words_shown.CLASSES[one["class"].number]
    return {
        "page_title": _("重污染天气：预警和应对"),
        **_banner(warning, now),
        "aqi": aqi,
        "aqi_class": board.air_class(aqi),
        "aqi_word": _word(aqi),
        "aqi_at": hour,
        "primary": "、".join(air_queries.primary(row)) if row is not None else "",
        "air_advice": words_shown.ADVICE[air.class_of(aqi).number] if aqi is not None else "",
        "running": found["running"],
        "days": days,
        "chart": charts.daily_chart(days, _days_finding(days)) if days else "",
        "advice": _advice(warning),
        "progress": _progress(warning),
        "dust": any("沙尘" in one.text for one in found["reasons"] if one.ok) if not warning else False,
        "stations": [
            {"name": row.name, "town": names.get(row.town, ""), "aqi": index, "word": _word(index)}
            for row, index in placed
        ],
        "map": maps.stations(placed, maps.built_up(day_of(now))),
        "tiles": [
            [{"name": names.get(slug, ""), "aqi": by_town.get(slug)} if slug else None for slug in row]
            for row in board.TILES
        ],
        "past": PollutionWarning.objects.filter(live=False, exercise=False)
        .select_related("case")
        .order_by("-issued_at")[:8],
        **_form({"category": "载货", "fuel": "柴油", "use": "", "place": "建成区内"}),
    }  # fmt: skip


def _word(aqi: int | None) -> Any:
    return words_shown.CLASSES[air.class_of(aqi).number] if aqi is not None else ""


def _days_finding(days: list[dict[str, Any]]) -> str:
    top = max(days, key=lambda one: int(one["aqi"]))
    return _("近日实测和未来预报的日均AQI，最高%(aqi)s（%(day)s）") % {"aqi": top["aqi"], "day": top["words"]}


def _advice(warning: PollutionWarning | None) -> list[dict[str, Any]]:
    if warning is None:
        return []
    measures = plan.in_force(warning.response.level)
    groups = (
        {"key": key, "title": title, "rows": [_said(one.text) for one in measures if key in one.audiences]}
        for key, title in words_shown.AUDIENCES
    )
    return [group for group in groups if group["rows"]]


def _said(text: str) -> str:
    """Return what a measure asks, said to those it is about: what organs are to remind people of."""
    return text.removeprefix("提醒").removeprefix("倡议").lstrip("，、")


def _progress(warning: PollutionWarning | None) -> dict[str, int] | None:
    if warning is None:
        return None
    rows = board.measures(warning.response, None)
    return {"done": sum(row["done"] for row in rows), "total": sum(row["total"] for row in rows)}


# --- the driver -------------------------------------------------------------------------------------------------------


def _form(typed: dict[str, str]) -> dict[str, Any]:
    return {
        "typed": typed, "categories": words_shown.CATEGORIES, "fuels": words_shown.FUELS, "uses": words_shown.USES,
        "places": words_shown.PLACES,
    }  # fmt: skip


@needs("open.see")
@csrf_exempt  # It changes nothing and knows nobody: the page that asks it is one copy for everybody.
@require_http_methods(["GET", "POST"])
def vehicle(request: HttpRequest) -> HttpResponse:
    """Answer whether a vehicle may drive today and on the next two days. The plate is neither kept nor logged."""
    now, warning, status = CLOCK.now(), live_warning(), 200
    given = {key: str(request.POST.get(key, ""))[:20] for key in ("category", "fuel", "use", "plate", "place")}
    context: dict[str, Any] = {"page_title": _("我的车能上路吗"), **_banner(warning, now)}
    if request.method == "POST":
        try:
            context["answers"] = _answers(given, warning, now)
        except LuoshiError as refusal:
            context["vehicle_error"], status = refusal.message, 422
    else:
        given = {"category": "载货", "fuel": "柴油", "use": "", "place": "建成区内", "plate": ""}
    context |= _form(given) | _shell(_size(request), get_language() or "zh-hans", request.path)
    response = HttpResponse(render_to_string("heavy_pollution/public_vehicle.html", context), status=status)
    response["Cache-Control"] = "no-store"
    return response


def _answers(given: dict[str, str], warning: PollutionWarning | None, now: datetime.datetime) -> list[dict[str, Any]]:
    """Return one answer a day: today and the next two, as far as the warning is expected to last."""
    found = []
    # The last moment of the warning: what was announced, else what is expected. Until then its level holds today.
    end = None if warning is None else local(warning.release_at or warning.expected_end) - _MOMENT
    for shift in range(3):
        day = day_of(now) + datetime.timedelta(days=shift)
        level = warning.response.level if warning and end and (not shift or day <= day_of(end)) else None
        facts: dict[str, Any] = {
            "vehicle": {"category": given["category"], "fuel": given["fuel"], "use": given["use"] or "其他",
                        "plate": given["plate"]},
            "place": given["place"] or "建成区内",
            "t": f"{day.isoformat()}T12:00",
            "level": level or "无",
        }  # fmt: skip
        decided = book.decide("heavy_pollution.vehicle", facts, day)
        word = {Outcome.ALLOW: _("可以"), Outcome.REFUSE: _("不可以")}.get(decided.outcome, _("以现场交警为准"))
        found.append(
            {"day": day, "outcome": decided.outcome.value, "word": word, "today": shift == 0,
             "name": (_("今天"), _("明天"), _("后天"))[shift], "day_word": _("%(d)d日") % {"d": day.day},
             "reasons": [{"ok": one.ok, "text": one.text, "cite": str(one.citation) if one.citation else ""}
                         for one in decided.reasons]}
        )  # fmt: skip
    return found


# --- lists, feed, messages --------------------------------------------------------------------------------------------


@needs("open.see")
@require_http_methods(["GET"])
def firms(request: HttpRequest) -> HttpResponse:
    """The published list of firms that limit or stop production: name, trade, town, where they reduce; no more."""
    return _ready(request, "firms", "heavy_pollution/public_firms.html", _firms)


def _firms() -> dict[str, Any]:
    rows = Enterprise.objects.filter(published=True, void=False, ended_on=None)
    year = rows.aggregate(year=Max("list_year"))["year"] or 0
    listed = list(site_plans.with_readiness(rows.filter(list_year=year), year).order_by("town", "name")[:2000])
    ready = SitePlan.objects.filter(enterprise__in=[one.pk for one in listed], year=year, state__in=site_plans.READY)
    links = {row.enterprise_id: _links(row.steps) for row in ready.order_by("edition")}
    names = concern.titles({row.town for row in listed})
    return {
        "page_title": _("应急减排企业名单"),
        "year": year,
        "ready": sum(row.ready for row in listed),
        "rows": [
            {"name": row.name, "sector": row.get_sector_display(), "town": names.get(row.town, ""), "ready": row.ready,
             "links": links.get(row.pk, [])}
            for row in listed
        ],
    }  # fmt: skip


def _links(steps: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return where a firm reduces (减排环节): the processes of its plan, each with the level from which it is cut back.

    How far, and with what, is the firm's own affair and not published.
    """
    first: dict[str, str] = {}
    for level in plan.LEVEL_WORDS:
        for one in steps.get(level) or ():
            first.setdefault(str(one.get("process", "")), level)
    return [{"process": process, "level": words_shown.LEVELS[level]} for process, level in first.items() if process]


@needs("open.see")
@require_http_methods(["GET"])
def feed(request: HttpRequest) -> HttpResponse:
    """The Atom feed of the CAP messages of the last thirty days, newest first."""
    root = request.build_absolute_uri("/")

    def build() -> str:
        with override(settings.LANGUAGE_CODE):
            return _feed(root.rstrip("/"))

    name = f"feed-{request.scheme}-{request.get_host().replace(':', '_')}.atom"
    return publication.answer(
        request, publication.copy_of(name, build, renewal=_renewal(request)), "application/atom+xml; charset=utf-8"
    )


def _feed(root: str) -> str:
    since = CLOCK.now() - datetime.timedelta(days=30)
    rows = CapMessage.objects.filter(sent__gte=since).select_related("warning__case").order_by("-sent", "-id")[:100]
    atom = Atom1Feed(
        title=_("重污染天气预警"), link=root + reverse("open-pollution"), description="CAP 1.2", language="zh-CN",
        feed_url=root + reverse("open-pollution-feed"),
    )  # fmt: skip
    for row in rows:
        href = root + reverse("open-pollution-cap", args=[row.identifier])
        words = _("演练 ") if row.status != "Actual" else ""
        atom.add_item(
            title=f"{words}{row.warning.case.number} {row.msg_type}", link=href, unique_id=href,
            description=row.status, pubdate=row.sent, updateddate=row.sent,
        )  # fmt: skip
    return str(atom.writeString("utf-8"))


@needs("open.see")
@require_http_methods(["GET"])
@cache_control(public=True, max_age=86400)
def message(_request: HttpRequest, identifier: str) -> HttpResponse:
    """One CAP message, as sent."""
    row = CapMessage.objects.filter(identifier=identifier).first()
    if row is None:
        raise Http404
    return HttpResponse(row.xml.encode(), content_type="application/cap+xml; charset=utf-8")
