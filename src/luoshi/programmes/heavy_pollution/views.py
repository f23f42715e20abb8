"""The pages of heavy pollution weather for those who work on it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from luoshi.kernel.clock import CLOCK, day_of, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.duties import concern
from luoshi.office.paging import Key, Total, bounded_total, keyset_page
from luoshi.office.parameters import book
from luoshi.office.permissions import may
from luoshi.office.web import actor_of, needs, page, status_of
from luoshi.programmes.heavy_pollution import (
    air_actions,
    air_queries,
    board,
    charts,
    dossier,
    duties,
    episodes,
    plan,
    report_counts,
    report_papers,
    supervising,
    tasks,
    words_shown,
)
from luoshi.programmes.heavy_pollution.decisions.chain import COLOURS
from luoshi.programmes.heavy_pollution.models import (
    Consultation,
    DustRecord,
    EpisodeDuty,
    ForecastRun,
    MeasureTask,
    PollutionWarning,
)

PAGE = 40
_ORDER = (Key("id", int),)


def _crumbs(*more: tuple[str, str]) -> list[dict[str, str]]:
    return [{"title": _("重污染天气应急"), "href": reverse("pollution")}, *({"title": t, "href": h} for t, h in more)]


@needs("pollution.see")
@require_http_methods(["GET"])
def show_board(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The board: the live warning (or the last one), the air with its lines, the grade, tasks, reports, towns."""
    actor, now = actor_of(request), CLOCK.now()
    warning = board.warning_of(pk)
    found = board.picture(now)
    grade = found["grade"]
    span = None
    if grade.get("start_at") and grade.get("end_at"):
        span = tuple(local(datetime.datetime.fromisoformat(grade[key])) for key in ("start_at", "end_at"))
    at_once = bool(found["nowcast"] and found["nowcast"].value["trigger"]) and not (warning and warning.live)
    shown_grade = (found["nowcast"].value if at_once else grade).get("grade") or "none"
    context: dict[str, Any] = {
        "page_title": _("重污染天气应急"),
        "crumbs": _crumbs(),
        "air": found,
        **_charted(found, request.GET.get("chart", ""), now, span),  # type: ignore[arg-type]
        "reasons": _deciding_first(map(_reason, found["reasons"])),
        "at_once": at_once,
        "nowcast_reasons": [_reason(one) for one in found["nowcast"].reasons] if at_once else [],
        "release_reasons": _beyond(found),
        "shown_grade": shown_grade,
        "grade_word": words_shown.COLOURS.get(shown_grade, "") if at_once or grade.get("grade") else _("不能确定"),
        "compared": _compared(shown_grade, grade.get("forward_grade") or "none", warning.colour)
        if warning and warning.live
        else "",
        "unmerged_word": words_shown.COLOURS.get(grade.get("unmerged_grade") or "", ""),
        "latest_class": board.air_class(found["latest"]["aqi"] if found["latest"] else None),
        "running_class": board.air_class(found["running"]),
        "warning": warning,
        "live": bool(warning and warning.live),
        "may_consult": may(actor, "pollution.consult", ["environment", "weather", plan.COMMAND]),
        "open_chain": Consultation.objects.filter(approval__is_open=True)
        .select_related("approval")
        .order_by("-id")
        .first(),
        "past": PollutionWarning.objects.select_related("case").order_by("-issued_at")[:6],
        "lamp_tone": {"blue": "blue", "yellow": "yellow", "orange": "orange", "red": "red"},
    }
    if warning is not None:
        context |= _warning_context(warning, actor, now)
    return page(request, "heavy_pollution/board.html", context, fragment="board")


_CHARTS = (("hours", gettext_lazy("小时")), ("days", gettext_lazy("日")), ("table", gettext_lazy("表格")))
"""How the air is shown; the first unless another is asked for by `?chart=`."""


def _compared(found: str, forward: str, live: str) -> Any:
    """Return how the grade found stands to the live warning's: raised at once, lowered by what is to come (D9)."""
    rank, word = plan.ORDER, words_shown.COLOURS
    if rank.index(found) > rank.index(live):
        return _("高于在发的%s，应提出升级") % word[live]
    if rank.index(forward) < rank.index(live):
        return _("与在发的%(live)s比，今后为%(forward)s") % {"live": word[live], "forward": word[forward]}
    return _("与在发一致")


def _charted(
    found: dict[str, Any], wanted: str, now: datetime.datetime, span: tuple[datetime.datetime, datetime.datetime] | None
) -> dict[str, Any]:
    """Return the air as hours in a picture, as days in a picture, or as tables of both."""
    chosen = wanted if wanted in dict(_CHARTS) else "hours"
    told: dict[str, Any] = {"charts": _CHARTS, "chart_kind": chosen}
    if chosen == "hours":
        if not found["hours"]:
            return told | {"chart": ""}
        return told | {"chart": charts.air_chart(found["hours"], found["means"], now, span, _finding(found))}
    days = board.days(found, -4, 4)
    for one in days:
        words = _("%(m)d月%(d)d日") % {"m": one["day"].month, "d": one["day"].day}
        one["words"] = _("今天") if one["today"] else words
        one["class_word"] = words_shown.CLASSES[one["class"].number]
    if chosen == "days":
        return told | {"chart": charts.daily_chart(days, _finding(found), charts.WIDTH) if days else ""}
    return told | {"days": days, "hour_rows": [_hour_row(one, found["means"]) for one in found["hours"]]}


def _hour_row(one: dict[str, Any], means: dict[str, int]) -> dict[str, Any]:
    """Return an hour as the table has it: the running mean is that of the 24 hours which it ends."""
    at = local(datetime.datetime.fromisoformat(str(one["hour"])))
    found = board.air_class(one.get("aqi"))
    return {
        "at": at, "aqi": one.get("aqi"), "origin": one.get("origin"),
        "mean": means.get((at + datetime.timedelta(hours=1)).isoformat()),
        "class": words_shown.CLASSES[found.number] if found else "—",
    }  # fmt: skip


def _beyond(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the release adds to the reasons of the grade: the dust is told of once."""
    if found["release"] is None:
        return []
    told = {one.text for one in found["reasons"]}
    return [_reason(one) for one in found["release"].reasons if one.text not in told]


def _warning_context(warning: PollutionWarning, actor: Any, now: datetime.datetime) -> dict[str, Any]:
    reach = tasks.reach_of(actor)
    response = warning.response
    counted = board.tallies(response)
    rows = board.measures(response, reach, counted)
    share = board.towns(response, counted)
    reduction = board.reductions(response.level)
    names = concern.titles([slug for row in board.TILES for slug in row if slug])
    return {
        "level_word": words_shown.LEVELS[response.level],
        "colour_word": words_shown.COLOURS[warning.colour],
        "bars": list(words_shown.LEVELS).index(response.level) + 1,
        "severity": words_shown.SEVERITIES[response.level],
        "steps": board.chain(warning),
        "hours_in": max(0, int(((response.ended_at or now) - response.started_at).total_seconds() // 3600)),
        "lead": _lead(warning),
        "papers": dossier.papers_of(actor, warning).count(),
        "may_ban": response.ended_at is None and may(actor, "notice.draft", ["public-security"]),
        "measures": [
            row | {"bar": charts.share_bar(row["done"], row["going"], row["failed"]),
                   "cite": row["measure"].citations[0]}
            for row in rows
        ],
        "done": sum(row["done"] for row in rows),
        "going": sum(row["going"] for row in rows),
        "unread": sum(row["unread"] for row in rows),
        "failed": sum(row["failed"] for row in rows),
        "reports": board.reports(response, now),
        "tiles": [
            [{"name": names.get(slug, ""), **share.get(slug, {"percent": None, "failed": 0})} if slug else None
             for slug in row]
            for row in board.TILES
        ],
        "map": board.object_map(response, reach, day_of(now)),
        "failures": response.tasks.filter(closed="", state=MeasureTask.State.FAILED).order_by("-state_at")[:6],
        "reduction": reduction,
        "targets": _targets(reduction),
        "reduction_reasons": [_reason(one) for one in reduction.reasons] if reduction else [],
        "messages_cap": warning.messages.order_by("sent"),
    }  # fmt: skip


_EMITTED = {"PM": gettext_lazy("颗粒物"), "VOCs": "VOCs", "SO2+NOx": "SO₂+NOx", "SO2": "SO₂", "NOx": "NOx"}


def _targets(reduction: Any) -> list[dict[str, Any]]:
    """Return the city's targets as three figures: the ratio cut to one decimal, what is asked, what is lacking."""
    if reduction is None:
        return []
    return [
        {"name": _EMITTED.get(one["name"], one["name"]), "ratio": one["ratio"], "required": one["required"],
         "ok": one["ok"], "short": _short(one)}
        for one in reduction.value.get("tests") or []
    ]  # fmt: skip


def _short(test: dict[str, Any]) -> str:
    """Return by how many points a target is missed, with one decimal, never less than 0.1."""
    if test["ok"] is not False or test["ratio"] is None:
        return ""
    return f"{Decimal(str(test['required'])) - Decimal(str(test['ratio'])):.1f}"


def _lead(warning: PollutionWarning) -> str:
    if warning.basis == episodes.NOWCAST:
        return _("即时发布")
    ahead = warning.onset - warning.issued_at
    hours, minutes = divmod(int(ahead.total_seconds()) // 60, 60)
    return _("%(h)s 小时 %(m)s 分") % {"h": hours, "m": minutes} if ahead.total_seconds() > 0 else _("已开始")


def _finding(found: dict[str, Any]) -> str:
    grade = found["grade"]
    word = COLOURS.get(grade.get("grade") or "none", "")
    peak = grade.get("max_w")
    return _("逐小时AQI实测与预报，24小时均值最高%(peak)s，系统定级%(word)s") % {"peak": peak or "—", "word": word}


def _reason(one: Any) -> dict[str, Any]:
    return {"ok": one.ok, "text": one.text, "cite": None if one.citation is None else str(one.citation)}


def _deciding_first(reasons: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return reasons with what decided first; dust that only bears on some hours stands last."""
    return sorted(reasons, key=lambda one: (one["cite"] or "").endswith(" 1.3"))


def _kept_reasons(decision: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the reasons of a decision that was kept as data."""
    rows = decision.get("reasons", [])
    return _deciding_first({"ok": one["ok"], "text": one["text"], "cite": one["citation"]} for one in rows)


# --- consultation -----------------------------------------------------------------------------------------------------


@needs("pollution.consult")
@require_POST
def hold(request: HttpRequest) -> HttpResponse:
    """Open a consultation and go to its page."""
    row = episodes.hold(actor=actor_of(request), purpose=request.POST.get("purpose", ""),
                        exercise=request.POST.get("exercise") == "1")  # fmt: skip
    return HttpResponseRedirect(reverse("pollution-consultation", args=[row.approval_id]), status=303)


@needs("pollution.see")
@require_http_methods(["GET", "POST"])
def consultation(request: HttpRequest, case: int) -> HttpResponse:
    """A consultation: forecasts side by side, the series adopted, hours changed with a reason, the grade live."""
    row = Consultation.objects.select_related("approval", "warning__case").filter(approval=case).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第 {case} 号会商。")
    actor, error, status = actor_of(request), None, 200
    issuer, pick = request.GET.get("issuer", "rushan_environment"), request.GET.get("pick", "mid")
    edits: list[dict[str, Any]] = list(row.edits)
    if request.method == "POST":
        issuer, pick = request.POST.get("issuer", issuer), request.POST.get("pick", pick)
        edits = _edits(request)
        try:
            episodes.adopt(
                actor=actor, approval=case, edits=edits, issuer=issuer, pick=pick,
                weihai=request.POST.get("weihai", ""), with_weihai=bool(request.POST.get("weihai")),
                dust=request.POST.get("dust", ""), minutes=request.POST.get("minutes", ""),
                no_improvement=_OUTLOOKS.get(request.POST.get("outlook", "")),
                outlook_reason=request.POST.get("outlook_reason", ""), seen=request.POST.get("seen", ""),
            )  # fmt: skip
            return HttpResponseRedirect(request.path, status=303)
        except LuoshiError as refusal:
            error, status = refusal, 422
    now = row.now if row.closed_at else CLOCK.now()
    runs = air_queries.newest_runs(now)
    days = [day_of(now) + datetime.timedelta(days=n) for n in range(6)]
    value = row.computed.get("value", {})
    begins, ends = (moment_of(str(value.get(key) or "")) for key in ("start_at", "end_at"))
    context = {
        "page_title": row.approval.title,
        "crumbs": _crumbs((row.approval.number, reverse("case", args=[case]) if _has("case") else "")),
        "row": row,
        "runs": [{"run": run, "cells": _cells(run, days)} for run in runs if run.kind == "daily"],
        "hourly": [run for run in runs if run.kind == "hourly"],
        "days": days,
        "issuers": ForecastRun.ISSUERS,
        "issuer": issuer,
        "pick": pick,
        "picks": (("low", _("低值")), ("mid", _("中值")), ("high", _("高值"))),
        "colours": [(key, COLOURS[key]) for key in ("blue", "yellow", "orange", "red")],
        "reasons": _kept_reasons(row.computed),
        "value": value,
        "begins": begins,
        "ends": ends,
        "chart": _adopted_chart(row, (begins, ends) if begins and ends else None),
        "grade_word": words_shown.COLOURS.get(row.grade, ""),
        "at_once": episodes.basis_of(row) == episodes.NOWCAST,
        "nowcast_reasons": _kept_reasons(row.computed.get("nowcast") or {}),
        "outlooks": (("", _("按预报均值")), ("lasting", _("会商认定无明显改善")), ("better", _("会商认定有明显改善"))),
        "release_reasons": _kept_reasons(row.computed.get("release") or {}),
        "releasable": (row.computed.get("release") or {}).get("outcome") == "allow",
        "first": row.purpose == episodes.ISSUE,
        "proposed_word": words_shown.COLOURS.get(row.proposed) or (COLOURS[row.proposed] if row.proposed else ""),
        "merged": {
            key: words_shown.COLOURS.get(row.computed.get("value", {}).get(key) or "", "—")
            for key in ("unmerged_grade", "forward_grade")
        },
        "edits": edits,
        "error": error,
        "token": episodes.token_of(row),
        "closed": row.closed_at is not None,
        "may_adopt": row.closed_at is None
        and may(actor, "pollution.consult", ["environment", "weather", plan.COMMAND]),
        "typed": request.POST if request.method == "POST" else _typed(row),
        "newer": bool(runs and row.newest_run_at and runs[0].issued_at > row.newest_run_at),
    }
    return page(request, "heavy_pollution/consultation.html", context, status=status)


def _adopted_chart(row: Consultation, span: tuple[datetime.datetime, datetime.datetime] | None) -> Any:
    """Return the series a consultation adopted as a picture, as it stood then; nothing before it adopted one."""
    if not row.series:
        return ""
    found = board.adopted(row.series, local(row.now))
    said = _("会商采用的逐小时AQI和24小时均值，最高%(peak)s") % {"peak": max(found["means"].values(), default="—")}
    return charts.air_chart(found["hours"], found["means"], local(row.now), span, said)


_OUTLOOKS = {"lasting": True, "better": False}
"""What a consultation may say of the next hours in place of their mean (A9), as forms name it."""


def _has(name: str) -> bool:
    from django.urls import NoReverseMatch

    try:
        reverse(name, args=[1])
    except NoReverseMatch:
        return False
    return True


def _typed(row: Consultation) -> dict[str, Any]:
    """Return what a consultation was given when its series was adopted, as its form shows it again."""
    said = row.computed.get("outlook") or {}
    stated = next((key for key, word in _OUTLOOKS.items() if word is said.get("no_improvement")), "")
    return {"weihai": row.weihai, "dust": row.dust, "minutes": row.minutes, "outlook": stated,
            "outlook_reason": said.get("reason", "")}  # fmt: skip


def _edits(request: HttpRequest) -> list[dict[str, Any]]:
    rows = zip(request.POST.getlist("hour"), request.POST.getlist("aqi"), request.POST.getlist("why"), strict=False)
    return [{"hour": hour, "aqi": aqi, "reason": why} for hour, aqi, why in rows if hour.strip() and aqi.strip()]


def _cells(run: ForecastRun, days: list[datetime.date]) -> list[dict[str, Any]]:
    values = {day_of(local(one.valid_from)): one for one in run.values.all()}
    found = []
    for day in days:
        one = values.get(day)
        aqi = one.aqi if one else None
        found.append({"aqi": aqi, "low": one.low if one else None, "high": one.high if one else None,
                      "class": board.air_class(aqi)})  # fmt: skip
    return found


# --- the air ----------------------------------------------------------------------------------------------------------


@needs("pollution.see")
@require_http_methods(["GET", "POST"])
def air(request: HttpRequest) -> HttpResponse:
    """Take in files of hours, forecasts and weather; enter and confirm dust; set the frost period."""
    actor, error, said, status = actor_of(request), None, "", 200
    if request.method == "POST":
        try:
            said = _air_act(request, actor)
        except LuoshiError as refusal:
            error, status = refusal, status_of(refusal)
    now = CLOCK.now()
    context = {
        "page_title": _("监测与预报"),
        "crumbs": _crumbs((_("监测与预报"), "")),
        "runs": air_queries.newest_runs(now),
        "latest": air_queries.latest(now),
        "dust": DustRecord.objects.filter(withdrawn_at=None).order_by("-begins")[:10],
        "grades": DustRecord.Grade.values,
        "issuers": ForecastRun.ISSUERS,
        "error": error,
        "typed": request.POST if error is not None else {},
        "said": said,
        "is_environment": may(actor, "pollution.measure", ["environment"]),
        "is_weather": may(actor, "pollution.weather", ["weather"]),
        "may_forecast": may(actor, "pollution.forecast", ["environment", "weather"]),
    }
    return page(request, "heavy_pollution/air.html", context, status=status)


def _air_act(request: HttpRequest, actor: Any) -> str:
    """Do what was posted and return what is now the case, in words."""
    kind, upload = request.POST.get("act", ""), request.FILES.get("file")
    if kind in ("hours", "forecast", "weather"):
        if upload is None:
            raise LuoshiError("E_FILE", "请先选择文件。", fields={"fields": {"file": "请选择文件"}})
        data = upload.read()
        if kind == "hours":
            taken = air_actions.import_hours(actor=actor, name=str(upload.name), data=data,
                                             reason=request.POST.get("reason", ""))  # fmt: skip
            return _("已接收 %(n)s 行：新增 %(new)s，更正 %(corrected)s，未变 %(same)s。") % {
                "n": taken["rows"], "new": taken["new"], "corrected": taken["corrected"], "same": taken["unchanged"],
            }  # fmt: skip
        if kind == "weather":
            taken = air_actions.import_weather(actor=actor, name=str(upload.name), data=data)
            return _("已接收 %(n)s 个小时的气象。") % {"n": taken["rows"]}
        taken = air_actions.import_forecast(
            actor=actor, name=str(upload.name), data=data, issuer=request.POST.get("issuer", ""),
            issued_at=moment_of(request.POST.get("issued_at", "")), revise=request.POST.get("revise") == "1",
        )  # fmt: skip
        said = _("已接收 %(n)s 个时段的预报。定级已按最新预报重算。") % {"n": taken["values"]}
        if not taken["missing"]:
            return said
        return said + _("文件里缺%(gaps)s，缺的按没有预报计；补齐后请选“作为更正导入”。") % {
            "gaps": "、".join(taken["missing"][:3]) + (_("等%(n)s处") % {"n": len(taken["missing"])}
                                                       if len(taken["missing"]) > 3 else ""),
        }  # fmt: skip
    if kind == "dust":
        begins, ends = moment_of(request.POST.get("begins", "")), moment_of(request.POST.get("ends", ""))
        if begins is None or ends is None:
            raise LuoshiError("E_INPUT", "请填沙尘的开始和结束时刻。")
        air_actions.enter_dust(actor=actor, grade=request.POST.get("grade", ""), begins=begins, ends=ends,
                               evidence=request.POST.get("evidence", ""))  # fmt: skip
        return _("沙尘已录入，等环保局确认；确认前不排除。")
    if kind == "confirm":
        air_actions.confirm_dust(actor=actor, dust=_number(request.POST.get("dust", "")))
        return _("沙尘已确认。")
    if kind == "frost":
        air_actions.set_met_day(actor=actor, day=CLOCK.today(), frost=request.POST.get("frost") == "1")
        return _("今天的冰冻期标记已记下。")
    raise LuoshiError("E_INPUT", "请选择要做的事。")


def moment_of(text: str) -> datetime.datetime | None:
    """Return the moment a form or an API call gives, None for nothing; E_INPUT for what is none."""
    if not text.strip():
        return None
    try:
        return local(datetime.datetime.fromisoformat(text.strip()))
    except ValueError:
        raise LuoshiError("E_INPUT", f"“{text[:30]}”不是时刻，应如 2018-01-12 16:00。") from None


# --- tasks and reports ------------------------------------------------------------------------------------------------


@needs("pollution.see")
@require_http_methods(["GET", "POST"])
def task_list(request: HttpRequest) -> HttpResponse:
    """What must be put in place, by measure, state and organ; reported from here or from a phone."""
    actor, error, status = actor_of(request), None, 200
    if request.method == "POST":
        try:
            query = request.GET.copy()
            query["done"] = str(_report(request, actor).pk)
            return HttpResponseRedirect(f"{request.path}?{query.urlencode()}", status=303)
        except LuoshiError as refusal:
            error, status = refusal, status_of(refusal)
    reach = tasks.reach_of(actor)
    warning = board.warning_of()
    rows = MeasureTask.objects.filter(response=warning.response) if warning else MeasureTask.objects.none()
    if reach is not None:
        rows = rows.filter(Q(organ__in=reach) | Q(town__in=reach))
    chosen, shown = {key: request.GET.get(key, "") for key in _FILTERS}, rows
    leads = tasks.leads_of(warning.response, reach) if warning else []
    for key in ("measure", "state", "organ", "town"):
        if chosen[key]:
            rows = rows.filter(**{key: chosen[key]})
    if chosen["q"]:
        rows = rows.filter(object_name__contains=chosen["q"][:60])
    if chosen["object"]:
        kind, _colon, number = chosen["object"].partition(":")
        rows = rows.filter(object_kind=kind[:20], object_id=number[:60])
    found = keyset_page(
        rows, _ORDER, size=PAGE, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    names = concern.titles({*leads, *(row.town for row in found.rows)} | {row.organ for row in found.rows})
    measures, now = plan.measures(), CLOCK.now()
    context = {
        # A page that is the whole list is its own count.
        "total": Total(len(found.rows), True) if not found.next and not found.previous else bounded_total(rows),
        "done": shown.filter(pk=_number(request.GET.get("done", ""))).first() if request.GET.get("done") else None,
        "leads": [(slug, names.get(slug, slug)) for slug in leads],
        "query": urlencode({key: value for key, value in chosen.items() if value}),
        "page_title": _("措施任务"),
        "crumbs": _crumbs((_("措施任务"), "")),
        "warning": warning,
        "rows": [{"task": row, "measure": measures[row.measure], "organ": names.get(row.organ, row.organ),
                  "town": names.get(row.town, ""),
                  "late": bool(row.due_at and row.due_at < now and row.state in tasks.OPEN)} for row in found.rows],
        "page": found,
        "states": MeasureTask.State.choices,
        "measures": [measures[key] for key in warning.response.measures] if warning else [],
        "chosen": chosen,
        "only": next((row.object_name for row in found.rows), "") if chosen["object"] else "",
        "may_report": may(actor, "pollution.task"),
        "may_excuse": may(actor, "pollution.command", [plan.COMMAND]),
        "error": error,
        "opened": request.GET.get("open", ""),
    }  # fmt: skip
    return page(request, "heavy_pollution/tasks.html", context, status=status)


_FILTERS = ("measure", "state", "organ", "town", "q", "object")
"""What the list of tasks is narrowed by; `object` is a kind and a number (firm:9137…)."""


def _report(request: HttpRequest, actor: Any) -> MeasureTask:
    number = _number(request.POST.get("task", ""))
    with transaction.atomic():
        if request.POST.get("state") == "excused":
            return tasks.excuse(actor=actor, task=number, reason=request.POST.get("note", ""))
        photo = request.FILES.get("photo")
        return tasks.report(
            actor=actor, task=number, state=request.POST.get("state", ""), note=request.POST.get("note", ""),
            photo=(str(photo.name), photo.read()) if photo is not None else None, lat=request.POST.get("lat", ""),
            lon=request.POST.get("lon", ""), acted_at=moment_of(request.POST.get("acted_at", "")),
            version=_number(request.POST["version"]) if request.POST.get("version") else None,
        )  # fmt: skip


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0


@needs("pollution.see")
@require_http_methods(["GET", "POST"])
def duty_list(request: HttpRequest) -> HttpResponse:
    """The reports an episode is owed: what is due, what came, in time or late; handed in from here."""
    actor, error, status = actor_of(request), None, 200
    if request.method == "POST":
        content = {
            key: value for key, value in request.POST.items() if key in _REPORT_FIELDS and isinstance(value, str)
        }
        upload = request.FILES.get("file")
        try:
            if "supervise" in request.POST:
                letter = supervising.supervise(actor=actor, response=_number(request.POST.get("response", "")),
                                               organ=request.POST["supervise"][:80])  # fmt: skip
                return HttpResponseRedirect(reverse("notice", args=[letter.pk]), status=303)
            if "paper" in request.POST:
                paper = report_papers.of_duty(actor=actor, duty=_number(request.POST["paper"]))
                return HttpResponseRedirect(reverse("notice", args=[paper.pk]), status=303)
            done = duties.hand_in(actor=actor, duty=_number(request.POST.get("duty", "")), content=content,
                                  upload=(str(upload.name), upload.read()) if upload is not None else None)  # fmt: skip
            kept = {key: request.GET[key] for key in ("kind", "state") if key in request.GET}
            return HttpResponseRedirect(f"{request.path}?{urlencode(kept | {'done': done.pk})}", status=303)
        except LuoshiError as refusal:
            error, status = refusal, status_of(refusal)
    reach = tasks.reach_of(actor)
    rows = EpisodeDuty.objects.exclude(state=EpisodeDuty.State.VOID).select_related("response__warning__case")
    if reach is not None:
        rows = rows.filter(organ__in=reach)
    kind, state = request.GET.get("kind", ""), request.GET.get("state", "due")
    if kind:
        rows = rows.filter(kind=kind)
    if state:
        rows = rows.filter(state=state)
    shown = list(rows.order_by("due_at", "organ")[:300])
    names = concern.titles({row.organ for row in shown})
    now, own = CLOCK.now(), concern.organs_for(actor, "pollution.task")
    counted = report_counts.known([row for row in shown if own is None or row.organ in own])
    opened = request.POST.get("duty") or request.GET.get("open", "")
    context = {
        "page_title": _("应急报告"),
        "said": _handed(actor, _number(request.GET.get("done", ""))),
        "crumbs": _crumbs((_("应急报告"), "")),
        "rows": [
            {
                "duty": row,
                "organ": names[row.organ],
                "to": _RECEIVERS.get(row.period, "") if row.kind == EpisodeDuty.Kind.UPWARD else "",
                "late": row.state == "due" and row.due_at < now,
                "may": own is None or row.organ in own,
                "counts": counted.get(row.pk),
                "typed": request.POST if error is not None and opened == str(row.pk) else counted.get(row.pk, {}),
                "paper_ready": row.state != "due" or row.kind in ("lists", "compiled"),
                "content": [(_CONTENT.get(key, key), value) for key, value in row.content.items()],
            }
            for row in shown
        ],
        "kinds": EpisodeDuty.Kind.choices,
        "states": [("due", _("待报")), ("done", _("按时")), ("late", _("迟报")), ("", _("全部"))],
        "kind": kind,
        "state": state,
        "parts": duties.PART_TITLES.items(),
        "error": error,
        "opened": opened,
        "may_supervise": may(actor, "pollution.command", [plan.COMMAND]),
        "with_paper": report_papers.WITH_PAPER,
        "may_draft": may(actor, "notice.draft"),
    }
    return page(request, "heavy_pollution/duties.html", context, status=status)


_RECEIVERS = {"weihai": gettext_lazy("威海市"), "province": gettext_lazy("省")}
"""To whom an evaluation is sent up, by the period of its duty."""


def _handed(actor: Any, pk: int) -> str:
    """Return in words which report has just been handed in and whether it was in time."""
    reach = tasks.reach_of(actor)
    row = EpisodeDuty.objects.filter(pk=pk, received_at__isnull=False).first() if pk else None
    if row is None or row.received_at is None or (reach is not None and row.organ not in reach):
        return ""
    return _("%(organ)s的%(kind)s已于%(at)s收到，%(state)s。") % {
        "organ": concern.title(row.organ), "kind": row.get_kind_display(),
        "at": f"{local(row.received_at):%H:%M}", "state": row.get_state_display(),
    }  # fmt: skip


_CONTENT = {
    "measures": gettext_lazy("采取的措施"), "results": gettext_lazy("取得的成效"),
    "problems": gettext_lazy("存在的问题"), "improvements": gettext_lazy("改进措施"),
    "text": gettext_lazy("内容"), "due": gettext_lazy("应落实对象"),
    "in_place": gettext_lazy("已落实"), "failed": gettext_lazy("未落实"), "next": gettext_lazy("下步打算"),
    "inspections": gettext_lazy("检查情况"),
}  # fmt: skip
"""What a report says, by the names of its fields."""
_REPORT_FIELDS = (*duties.PARTS, "text", "due", "in_place", "failed", "next")


def _kg(amount: Any) -> str:
    """Return kilograms a day as tables show them: grouped, without idle zeros."""
    text = f"{Decimal(str(amount)):,.3f}"
    return text.rstrip("0").rstrip(".")


@needs("pollution.see")
@require_http_methods(["GET"])
def simulator(request: HttpRequest) -> HttpResponse:
    """What a level would save by the plans on file, and which reserve objects would close a gap (D13, D17)."""
    level = request.GET.get("level", "II")
    level = level if level in plan.LEVEL_WORDS else "II"
    found = board.amounts(level)
    decided = gap = None
    if found["year"]:
        decided = board.reductions(level)
        gap = book.decide(
            "heavy_pollution.fill_gap",
            {"level": level, "base": found["base"], "mandatory": found["red"], "reserve": found["reserve"]},
            CLOCK.today(),
        )
    context = {
        "page_title": _("减排模拟"),
        "crumbs": _crumbs((_("减排模拟"), "")),
        "level": level,
        "levels": plan.LEVEL_WORDS.items(),
        "amounts": found,
        "rows": [(name, _kg(found["base"][name]), _kg(found["red"][name])) for _key, name in board.POLLUTANTS],
        "classes": [
            {"title": one["title"], "cells": [(_kg(cell["red"]), _kg(cell["base"])) for cell in one["cells"]]}
            for one in (board.classes(level, found["year"]) if found["year"] else ())
        ],
        "pollutants": [name for _key, name in board.POLLUTANTS],
        "decided": decided,
        "reasons": [_reason(one) for one in decided.reasons] if decided else [],
        "gap": gap.value if gap else None,
        "gap_reasons": [_reason(one) for one in gap.reasons] if gap else [],
        "measures": plan.in_force(level),
    }
    return page(request, "heavy_pollution/simulator.html", context)
