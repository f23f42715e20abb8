"""Pages of firms' plans: the list by trade, town, readiness; a plan with its editions; the form; Excel in and out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luoshi.kernel.errors import LuoshiError
from luoshi.office.cases import stepping
from luoshi.office.duties import concern
from luoshi.office.instruments import spool
from luoshi.office.paging import Key, bounded_total, keyset_page
from luoshi.office.permissions import may
from luoshi.office.web import actor_of, attachment, needs, page, status_of
from luoshi.programmes.heavy_pollution import plan, plan_sheets, site_plans
from luoshi.programmes.heavy_pollution.decisions.plans import LEVELS, POLLUTANTS
from luoshi.programmes.heavy_pollution.models import Enterprise, SitePlan

PAGE = 40
EXPORT_MOST = 5000
_ORDER = (Key("id", int),)
_SPARE_LINES = 2
READINESS = (("yes", "已就绪"), ("no", "未就绪"))


def crumbs(*more: tuple[str, str]) -> list[dict[str, str]]:
    """Return the way back to the board."""
    return [{"title": _("重污染天气应急"), "href": reverse("pollution")}, *({"title": t, "href": h} for t, h in more)]


def _chosen(request: HttpRequest) -> dict[str, str]:
    return {key: request.GET.get(key, "")[:60].strip() for key in ("year", "sector", "town", "ready", "state", "q")}


def _rows(actor: Any, chosen: dict[str, str]) -> tuple[int, Any]:
    year = site_plans.year_of(chosen["year"])
    rows = site_plans.with_readiness(site_plans.listed(year), year)
    if (reach := site_plans.reach_of(actor)) is not None:
        rows = rows.filter(town__in=reach)
    for key in ("sector", "town"):
        if chosen[key]:
            rows = rows.filter(**{key: chosen[key]})
    if chosen["q"]:
        rows = (
            rows.filter(credit_code=chosen["q"]) if len(chosen["q"]) == 18 else rows.filter(name__contains=chosen["q"])
        )
    if chosen["state"]:
        newest = SitePlan.objects.filter(year=year, state=chosen["state"]).values("enterprise")
        rows = rows.filter(pk__in=newest)
    return year, rows


@needs("pollution.see")
@require_safe
def plan_list(request: HttpRequest) -> HttpResponse:
    """The firms on the list of a year, by trade, town, readiness and state of the plan."""
    actor, chosen = actor_of(request), _chosen(request)
    year, rows = _rows(actor, chosen)
    counts = {"all": bounded_total(rows), "ready": bounded_total(rows.filter(ready=True))}
    if chosen["ready"] in ("yes", "no"):
        rows = rows.filter(ready=chosen["ready"] == "yes")
    found = keyset_page(
        rows, _ORDER, size=PAGE, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    plans = site_plans.newest(found.rows, year)
    towns = concern.titles(sorted(concern.towns()))
    kept = urlencode({key: value for key, value in chosen.items() if value})
    context = {
        "page_title": _("企业减排方案"),
        "crumbs": crumbs((_("企业减排方案"), "")),
        "rows": [{"firm": one, "plan": plans.get(one.pk), "town": towns.get(one.town, one.town)} for one in found.rows],
        "page": found,
        "year": year,
        "counts": counts,
        "not_ready": counts["all"].value - counts["ready"].value,
        "chosen": chosen,
        "kept": kept,
        "sectors": Enterprise.Sector.choices,
        "towns": sorted(towns.items(), key=lambda one: one[1]),
        "readiness": [(key, _(word)) for key, word in READINESS],
        "states": SitePlan.State.choices,
        "may_draw": may(actor, "pollution.plan"),
        "may_publish": may(actor, "pollution.plan", [plan.COMMAND, "environment"]),
        "said": _published(request),
    }
    return page(request, "heavy_pollution/plans.html", context, fragment="content")


def _published(request: HttpRequest) -> str:
    found = [request.GET.get(key, "") for key in ("listed", "not_ready", "matters")]
    if not all(one.isdecimal() for one in found):
        return ""
    return _("名单已公布：%(listed)s 家，其中未就绪 %(not)s 家；新转督办 %(new)s 件。") % {
        "listed": found[0], "not": found[1], "new": found[2],
    }  # fmt: skip


@needs("pollution.plan")
@require_POST
def publish(request: HttpRequest) -> HttpResponse:
    """Publish the list of a year: who has no approved plan is listed as not ready and supervised."""
    year = site_plans.year_of(request.POST.get("year", ""))
    counts = site_plans.publish_list(actor=actor_of(request), year=year)
    return HttpResponseRedirect(f"{reverse('pollution-plans')}?{urlencode({'year': year, **counts})}", status=303)


@needs("pollution.plan")
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Begin a plan, or a new edition of it, for a firm and go to its form."""
    year = request.POST.get("year", "")
    row = site_plans.draft(
        actor=actor_of(request), firm=request.POST.get("firm", ""), year=int(year) if year.isdecimal() else None
    )
    return HttpResponseRedirect(reverse("pollution-plan-edit", args=[row.pk]), status=303)


@needs("pollution.see")
@require_http_methods(["GET", "HEAD", "POST"])
def plan_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One plan: steps and reductions by level, what the trade owes, its editions, what differs, what may be done."""
    actor = actor_of(request)
    row = site_plans.visible(actor, pk)
    done, error = stepping.posted(request, actor, row.case)
    if done:
        return HttpResponseRedirect(request.path, status=303)
    editions = list(SitePlan.objects.filter(enterprise=row.enterprise).order_by("-year", "-edition"))
    against = next((one for one in editions if str(one.pk) == request.GET.get("against", "")), None)
    sound = site_plans.soundness(row)
    sector = site_plans.sector_results(row)
    base = site_plans.base_of(row.enterprise)
    context = {
        "page_title": _("%(firm)s %(year)s年减排操作方案") % {"firm": row.enterprise.name, "year": row.year},
        "crumbs": crumbs((_("企业减排方案"), reverse("pollution-plans")), (row.enterprise.name, "")),
        "row": row,
        "town": concern.title(row.enterprise.town),
        "levels": [
            {"key": level, "word": words, "lines": row.steps.get(level, []),
             "ok": sector[level].value.get("ok") if sector else None,
             "why": [one.text for one in sector[level].reasons if one.ok is False] if sector else []}
            for level, words in LEVELS.items()
        ],
        "amounts": [
            {"title": title, "base": base[name],
             "cells": [row.reductions.get(level, {}).get(name, "0") for level in LEVELS]}
            for name, title in POLLUTANTS.items()
        ],
        "level_words": LEVELS.values(),
        "sound": [{"ok": one.ok, "text": one.text, "cite": str(one.citation)} for one in sound.reasons],
        "editions": editions,
        "against": against,
        "changes": site_plans.comparison(row, against) if against is not None else [],
        "open": row.state in (SitePlan.State.DRAFT, SitePlan.State.RETURNED),
        "may_draw": may(actor, "pollution.plan"),
        "may_paper": may(actor, "notice.draft", ["environment"]),
        "may_pledge": may(actor, "notice.draft", ["economy-it"]),
        "way": stepping.offered(actor, row.case, request.POST if error else None),
        "refused": request.POST.get("step", "") if error else "",
        "error": error,
    }  # fmt: skip
    return page(request, "heavy_pollution/plan.html", context, status=status_of(error))


@needs("pollution.plan")
@require_http_methods(["GET", "HEAD", "POST"])
def plan_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of a plan: for each level its steps and what they save."""
    actor, error = actor_of(request), None
    row = site_plans.visible(actor, pk)
    if request.method != "POST":
        site_plans.drawer_of(actor, row.enterprise)
        site_plans.require_open(row)
    steps: Mapping[str, Any] = row.steps
    reductions: Mapping[str, Any] = row.reductions
    if request.method == "POST":
        steps, reductions = _typed(request)
        version = request.POST.get("version", "")
        try:
            site_plans.change(actor=actor, pk=pk, steps=steps, reductions=reductions,
                              version=int(version) if version.isdecimal() else None)  # fmt: skip
            return HttpResponseRedirect(reverse("pollution-plan", args=[pk]), status=303)
        except LuoshiError as refusal:
            error = refusal
    faults = error.fields.get("fields", {}) if error else {}
    base = site_plans.base_of(row.enterprise)
    context = {
        "page_title": _("填写减排操作方案"),
        "crumbs": crumbs((_("企业减排方案"), reverse("pollution-plans")),
                         (row.enterprise.name, reverse("pollution-plan", args=[pk])), (_("填写"), "")),
        "row": row,
        "levels": [
            {"key": level, "word": words, "lines": _lines(level, steps.get(level, []), faults),
             "amounts": [
                 {"name": f"{name}-{level}", "title": title, "base": base[name],
                  "value": reductions.get(level, {}).get(name, "0"), "fault": faults.get(f"{name}-{level}", "")}
                 for name, title in POLLUTANTS.items()
             ]}
            for level, words in LEVELS.items()
        ],
        "actions": ("限产", "停产"),
        "faults": [{"name": key, "words": words} for key, words in faults.items()],
        "error": error,
        "version": request.POST.get("version", row.version),
    }  # fmt: skip
    return page(request, "heavy_pollution/plan_form.html", context, status=status_of(error))


def _lines(level: str, lines: list[Mapping[str, str]], faults: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the lines of a level's form: those there are and some to fill in."""
    rows = [*lines, *({} for _n in range(_SPARE_LINES))][: site_plans.MOST_STEPS]
    return [
        {"place": f"{level}-{number}",
         "cells": [{"name": f"{name}-{level}-{number}", "key": name, "title": title, "value": line.get(name, ""),
                    "fault": faults.get(f"{name}-{level}-{number}", "")}
                   for name, title in site_plans.STEP_FIELDS.items()]}
        for number, line in enumerate(rows)
    ]  # fmt: skip


def _typed(request: HttpRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    steps: dict[str, Any] = {}
    reductions: dict[str, Any] = {}
    for level in LEVELS:
        lines: list[dict[str, str]] = []
        while len(lines) <= site_plans.MOST_STEPS and f"process-{level}-{len(lines)}" in request.POST:
            lines.append(
                {name: request.POST.get(f"{name}-{level}-{len(lines)}", "")[:200] for name in site_plans.STEP_FIELDS}
            )
        # A line whose only word is the one the form chose by itself is a blank line.
        steps[level] = [line if any(line[key] for key in line if key != "action") else {} for line in lines]
        reductions[level] = {name: request.POST.get(f"{name}-{level}", "")[:30] for name in POLLUTANTS}
    return steps, reductions


# --- Excel ------------------------------------------------------------------------------------------------------------


@needs("pollution.plan")
@require_safe
def plan_template(_request: HttpRequest) -> HttpResponse:
    """The empty table."""
    return attachment(plan_sheets.template(), "site-plans-template.xlsx")


@needs("pollution.see")
@require_safe
def plan_export(request: HttpRequest) -> HttpResponse:
    """The plans of the list as it is narrowed, in the form in which they can be taken in again."""
    actor, chosen = actor_of(request), _chosen(request)
    year, rows = _rows(actor, chosen)
    if chosen["ready"] in ("yes", "no"):
        rows = rows.filter(ready=chosen["ready"] == "yes")
    firms = list(rows.order_by("id")[:EXPORT_MOST])
    plans = site_plans.newest(firms, year)
    shown = []
    for firm in firms:
        if (row := plans.get(firm.pk)) is not None:
            row.enterprise = firm
            shown.append(row)
    described = "；".join(f"{key}={value}" for key, value in chosen.items() if value) or "全部"
    return attachment(plan_sheets.workbook(shown, actor=actor, described=described), f"site-plans-{year}.xlsx")


@needs("pollution.plan")
@require_http_methods(["GET", "HEAD", "POST"])
def plan_import(request: HttpRequest, file: str = "") -> HttpResponse:
    """Take a table of plans: look at what it would do, row by row; written only when that is confirmed."""
    actor, error = actor_of(request), None
    found: plan_sheets.Planned | None = None
    try:
        upload = request.FILES.get("file")
        if request.method == "POST" and upload is not None:
            name, data = str(upload.name), upload.read()
            plan_sheets.look(actor=actor, name=name, data=data)
            waiting = spool.keep(name, data)
            return HttpResponseRedirect(reverse("pollution-plan-preview", args=[waiting.key]), status=303)
        if request.method == "POST" and not file:
            raise LuoshiError("E_FILE", _("还没有选择文件。请选择填好的表格。"))
        if file:
            kept = spool.take(file)
            found = plan_sheets.look(actor=actor, name=kept.filename, data=kept.data)
            if request.method == "POST":
                plan_sheets.take_in(actor=actor, name=kept.filename, data=kept.data,
                                    digest=request.POST.get("digest", ""))  # fmt: skip
                return HttpResponseRedirect(f"{reverse('pollution-plans')}?state=draft", status=303)
    except LuoshiError as refusal:
        error = refusal
    context = {
        "page_title": _("导入减排操作方案"),
        "crumbs": crumbs((_("企业减排方案"), reverse("pollution-plans")), (_("导入"), "")),
        "found": found,
        "columns": [title for _name, title, _width in plan_sheets.COLUMNS],
        "error": error,
    }
    return page(request, "heavy_pollution/plan_import.html", context, status=status_of(error))
