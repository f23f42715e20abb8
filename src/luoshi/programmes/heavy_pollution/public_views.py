"""What everybody may see without logging in: the warning, the air, what to do, whether a vehicle may drive, CAP."""

from __future__ import annotations

import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from luoshi.kernel.clock import CLOCK, day_of, local
from luoshi.kernel.decisions import Outcome
from luoshi.kernel.errors import LuoshiError
from luoshi.office.duties import concern
from luoshi.office.parameters import book
from luoshi.office.web import needs, page
from luoshi.programmes.heavy_pollution import board, charts, plan
from luoshi.programmes.heavy_pollution.decisions.chain import COLOURS
from luoshi.programmes.heavy_pollution.models import CapMessage, Enterprise, PollutionWarning

AUDIENCES = (
    ("sensitive", "老人孩子"),
    ("everyone", "其他人"),
    ("school", "学校"),
    ("driver", "司机"),
    ("builder", "工地"),
)
CATEGORIES = (("载货", "货车"), ("载客", "客车"), ("非道路", "工程机械"))
FUELS = (("柴油", "柴油"), ("汽油", "汽油"), ("天然气", "天然气"), ("电", "电动"))
USES = (("", "一般"), ("渣土", "渣土、建筑垃圾、散装建材"), ("工程运输", "工程运输"))


@needs("open.see")
@require_http_methods(["GET"])
@cache_control(public=True, max_age=30)
def public(request: HttpRequest) -> HttpResponse:
    """The public page: what is in force, the air now, may my vehicle drive, what to do, the chart and its table."""
    return page(request, "heavy_pollution/public.html", _context(CLOCK.now()))


def _context(now: datetime.datetime) -> dict[str, Any]:
    warning = PollutionWarning.objects.filter(live=True).select_related("case", "response").order_by("exercise").first()
    found = board.picture(now)
    latest = found["latest"]
    level = warning.response.level if warning else ""
    advice = []
    if warning is not None:
        for key, title in AUDIENCES:
            rows = [one for one in plan.in_force(level) if key in one.audiences]
            if rows:
                advice.append({"key": key, "title": title, "rows": rows})
    aqi = latest["aqi"] if latest else None
    grade = found["grade"]
    span = None
    if warning is not None:
        span = (local(warning.onset), local(warning.expected_end))
    days = []
    for shift in range(-6, 4):
        day = day_of(now) + datetime.timedelta(days=shift)
        values = [
            one["aqi"] for one in found["hours"] if one["hour"].startswith(day.isoformat()) and one["aqi"] is not None
        ]
        if values:
            top = max(values)
            days.append({"day": day, "max": top, "class": board.air_class(top), "forecast": day > day_of(now)})
    return {
        "page_title": _("重污染天气：预警和应对"),
        "now": now,
        "warning": warning,
        "colour_word": COLOURS[warning.colour] if warning else "",
        "level_word": plan.LEVEL_WORDS.get(level, ""),
        "bars": {"blue": 1, "yellow": 2, "orange": 3, "red": 4}.get(warning.colour if warning else "", 0),
        "aqi": aqi,
        "air_class": board.air_class(aqi),
        "aqi_at": latest["hour"] if latest else None,
        "running": found["running"],
        "chart": charts.air_chart(found["hours"], found["means"], now, span, _("近日实测和未来预报的逐小时AQI")),
        "days": days,
        "advice": advice,
        "progress": _progress(warning),
        "dust": any("沙尘" in one.text for one in found["reasons"] if one.ok) if not warning else False,
        "grade": grade,
        "past": PollutionWarning.objects.filter(live=False, exercise=False)
        .select_related("case")
        .order_by("-issued_at")[:8],
        "categories": CATEGORIES,
        "fuels": FUELS,
        "uses": USES,
        "typed": {"category": "载货", "fuel": "柴油", "use": "", "place": "建成区内"},
        "exercise": bool(warning and warning.exercise),
    }


def _progress(warning: PollutionWarning | None) -> dict[str, int] | None:
    if warning is None:
        return None
    rows = board.measures(warning.response, None)
    return {"done": sum(row["done"] for row in rows), "total": sum(row["total"] for row in rows)}


@needs("open.see")
@require_http_methods(["GET", "POST"])
def vehicle(request: HttpRequest) -> HttpResponse:
    """Answer whether a vehicle may drive today and on the next two days. The plate is neither kept nor logged."""
    context = _context(CLOCK.now())
    if request.method != "POST":
        return page(request, "heavy_pollution/public.html", context)
    given = {key: str(request.POST.get(key, ""))[:20] for key in ("category", "fuel", "use", "plate", "place")}
    context["typed"] = given
    status = 200
    try:
        context["answers"] = _answers(given, context["warning"], context["now"])
    except LuoshiError as refusal:
        context["vehicle_error"], status = refusal.message, 422
    response = page(request, "heavy_pollution/public.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def _answers(given: dict[str, str], warning: PollutionWarning | None, now: datetime.datetime) -> list[dict[str, Any]]:
    """Return one answer a day: today and the next two, as far as the warning is expected to last."""
    found = []
    for shift in range(3):
        day = day_of(now) + datetime.timedelta(days=shift)
        level = warning.response.level if warning and day <= day_of(local(warning.expected_end)) else None
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
             "reasons": [{"ok": one.ok, "text": one.text, "cite": str(one.citation) if one.citation else ""}
                         for one in decided.reasons]}
        )  # fmt: skip
    return found


@needs("open.see")
@require_http_methods(["GET"])
def firms(request: HttpRequest) -> HttpResponse:
    """The published list of firms that limit or stop production: name, trade, town; nothing else."""
    rows = Enterprise.objects.filter(published=True, void=False, ended_on=None).order_by("town", "name")[:2000]
    names = concern.titles({row.town for row in rows})
    context = {
        "page_title": _("应急减排企业名单"),
        "rows": [
            {"name": row.name, "sector": row.get_sector_display(), "town": names.get(row.town, "")} for row in rows
        ],
        "now": CLOCK.now(),
    }
    return page(request, "heavy_pollution/public_firms.html", context)


@needs("open.see")
@require_http_methods(["GET"])
@cache_control(public=True, max_age=30)
def feed(request: HttpRequest) -> HttpResponse:
    """The Atom feed of the CAP messages of the last thirty days, newest first."""
    since = CLOCK.now() - datetime.timedelta(days=30)
    rows = list(
        CapMessage.objects.filter(sent__gte=since, status="Actual")
        .select_related("warning__case")
        .order_by("-sent", "-id")[:100]
    )
    atom = Atom1Feed(
        title=_("重污染天气预警"), link=request.build_absolute_uri(reverse("open-pollution")),
        description="CAP 1.2", language="zh-CN", feed_url=request.build_absolute_uri(),
    )  # fmt: skip
    for row in rows:
        href = request.build_absolute_uri(reverse("open-pollution-cap", args=[row.identifier]))
        words = _("演练 ") if row.status != "Actual" else ""
        atom.add_item(
            title=f"{words}{row.warning.case.number} {row.msg_type}", link=href, unique_id=href,
            description=row.status, pubdate=row.sent, updateddate=row.sent,
        )  # fmt: skip
    return HttpResponse(atom.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


@needs("open.see")
@require_http_methods(["GET"])
@cache_control(public=True, max_age=86400)
def message(_request: HttpRequest, identifier: str) -> HttpResponse:
    """One CAP message, as sent."""
    row = CapMessage.objects.filter(identifier=identifier).first()
    if row is None:
        raise Http404
    return HttpResponse(row.xml.encode(), content_type="application/cap+xml; charset=utf-8")
