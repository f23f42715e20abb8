"""Pages of the assessment: ranking and runs, an organ's line and how it was reckoned, spot checks, annual review."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.duties import concern, curve
from luoshi.office.permissions import may, require, scope_of
from luoshi.office.web import actor_of, attachment, needs, page
from luoshi.programmes.supervision import assessing, carrying, checking, papers, reviewing, score_sheets
from luoshi.programmes.supervision.board import plan_of
from luoshi.programmes.supervision.letter_forms import date_of, errors_of, organ_options, status_of, text_of, version_of
from luoshi.programmes.supervision.models import (
    AnnualReview,
    AssessmentLine,
    AssessmentRun,
    ItemConcern,
    Plan,
    SpotCheck,
    SpotCheckLine,
)
from luoshi.programmes.supervision.task_views import handed_out

OFFICE = "government-office"
TONES = {"trial": "", "objections": "yellow", "frozen": "blue", "published": "green"}
CATEGORY_TONES = {"完成": "blue", "基本完成": "green", "未完成": "red", "调整": ""}
CITED = ({"cite": "乳政发〔2019〕2号 51"}, {"cite": "乳政发〔2018〕2号 39"})


def _crumbs(*more: tuple[str, str]) -> list[dict[str, str]]:
    head = {"title": _("重点工作看板"), "href": reverse("supervision")}
    return [head, *({"title": title, "href": href} for title, href in more)]


def _tabs(here: str) -> list[dict[str, Any]]:
    rows = (("scores", _("效能评估")), ("checks", _("抽查")), ("review", _("年度评价")))
    return [{"label": words, "href": reverse(f"supervision-{key}"), "current": key == here, "count": None}
            for key, words in rows]  # fmt: skip


def _seen_tabs(actor: Actor, here: str) -> list[dict[str, Any]]:
    return _tabs(here) if may(actor, "work.score") or assessing.sees_all(actor) else _tabs(here)[:1]


def _form(request: HttpRequest, error: LuoshiError | None) -> dict[str, Any]:
    return {"error": error, "errors": errors_of(error), "values": request.POST.dict() if error else {}}


# --- scores -----------------------------------------------------------------------------------------------------------


def _ranking(rows: list[AssessmentLine]) -> list[dict[str, Any]]:
    """Return the three groups with their lines; who has nothing due stands behind, without a rank."""
    found = []
    for group, title in AssessmentLine.Group.choices:
        held = [one for one in rows if one.group == group]
        ranked = [one for one in held if one.score is not None]
        if held:
            found.append({
                "key": group, "title": title, "rows": [{"line": one, "width": float(one.score or 0)} for one in ranked],
                "unranked": [one.name for one in held if one.score is None], "count": len(ranked),
            })  # fmt: skip
    return found


def _periods(today: datetime.date) -> list[tuple[str, str, str]]:
    """Return the periods that ended last: kind, last day, words; none of a time without a plan."""
    last = today.replace(day=1) - datetime.timedelta(days=1)
    half = datetime.date(today.year, 6, 30) if today.month > 6 else datetime.date(today.year - 1, 12, 31)
    year = datetime.date(today.year - 1, 12, 31)
    ended = (("month", last), ("half", half), ("year", year))
    return [(kind, str(day), AssessmentRun(kind=kind, until=day, seq=1).title)
            for kind, day in ended if assessing.offered(kind, day)]  # fmt: skip


def _scores(request: HttpRequest, error: LuoshiError | None = None) -> HttpResponse:
    actor = actor_of(request)
    runs = list(assessing.runs(actor)[:60])
    newest = runs[0] if runs else None
    context = {
        "page_title": _("效能评估"),
        "crumbs": _crumbs(),
        "tabs": _seen_tabs(actor, "scores"),
        "runs": [{"run": one, "tone": TONES[one.state], "href": assessing.address(one)} for one in runs],
        "newest": newest,
        "groups": _ranking(list(assessing.lines(actor, newest))) if newest else [],
        "all": newest is not None and (newest.state == "published" or assessing.sees_all(actor)),
        "may_run": may(actor, "work.score"),
        "plan": plan_of(),
        "periods": _periods(CLOCK.today()),
        "clauses": CITED,
        **_form(request, error),
    }
    return page(request, "supervision/scores.html", context, status=status_of(error))


@needs("work.see")
@require_safe
def scores(request: HttpRequest) -> HttpResponse:
    """The newest ranking in its three groups, every run, and a form for another one."""
    return _scores(request)


@needs("work.score")
@require_POST
def run_new(request: HttpRequest) -> HttpResponse:
    """Reckon a period and go to the run."""
    try:
        until = date_of(request.POST, "until", _("最后一日"))
        assert until is not None
        made = assessing.run(
            actor=actor_of(request), plan=assessing.plan_for(until).pk, until=until,
            kind=text_of(request.POST, "kind", 10), reason=text_of(request.POST, "reason"),
        )  # fmt: skip
    except LuoshiError as error:
        return _scores(request, error)
    return HttpResponseRedirect(assessing.address(made), status=303)


def _run(request: HttpRequest, pk: int, error: LuoshiError | None = None) -> HttpResponse:
    actor = actor_of(request)
    row = assessing.one(actor, pk)
    lines = list(assessing.lines(actor, row))
    others = assessing.runs(actor).filter(plan=row.plan_id, kind=row.kind, until=row.until).exclude(pk=row.pk)
    waiting = [one for one in lines if one.objected_at is not None]
    direct = may(actor, "work.freeze", [OFFICE])
    until = row.objections_until if row.state == "objections" else None
    open_to = until if until is not None and CLOCK.today() <= until else None
    context = {
        "page_title": row.title,
        "crumbs": _crumbs((_("效能评估"), reverse("supervision-scores"))),
        "run": row,
        "tone": TONES[row.state],
        "groups": _ranking(lines),
        "all": row.state == "published" or assessing.sees_all(actor),
        "others": others,
        "objections": waiting,
        "may_open": may(actor, "work.score") and row.state == "trial" and row.kind != "month",
        "may_freeze": direct and row.state == "objections" and not open_to,
        "open_to": open_to if direct else None,
        "may_publish": direct and row.state == "frozen",
        "sees_all": assessing.sees_all(actor),
        "asof_today": CLOCK.today(),
        "clauses": CITED,
        **_form(request, error),
    }
    return page(request, "supervision/score.html", context, status=status_of(error))


@needs("work.see")
@require_safe
def run_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One run: its ranking, objections, and what may be done with it."""
    return _run(request, pk)


def _stepped(step: Callable[..., AssessmentRun]) -> Callable[[HttpRequest, int], HttpResponse]:
    def act(request: HttpRequest, pk: int) -> HttpResponse:
        try:
            step(actor=actor_of(request), pk=pk, version=version_of(request.POST))
        except LuoshiError as error:
            return _run(request, pk, error)
        return HttpResponseRedirect(reverse("supervision-score", args=[pk]), status=303)

    return act


@needs("work.score")
@require_POST
def objections_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the organs object."""
    return _stepped(assessing.open_objections)(request, pk)


@needs("work.freeze")
@require_POST
def freeze(request: HttpRequest, pk: int) -> HttpResponse:
    """Freeze the ranking."""
    return _stepped(assessing.freeze)(request, pk)


@needs("work.freeze")
@require_POST
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish the frozen ranking."""
    return _stepped(assessing.publish)(request, pk)


def _line(request: HttpRequest, pk: int, organ: str, error: LuoshiError | None = None) -> HttpResponse:
    actor = actor_of(request)
    line = assessing.line(actor, pk, organ)
    row = line.run
    counts = line.inputs["counts"]
    limit = row.objections_until
    open_ = row.state == "objections" and limit is not None and limit >= CLOCK.today()
    context = {
        "page_title": line.name,
        "crumbs": _crumbs((_("效能评估"), reverse("supervision-scores")), (row.title, assessing.address(row))),
        "run": row,
        "line": line,
        "tone": TONES[row.state],
        "parts": _parts(line, row),
        "leaves": [
            one | {"weight_words": curve.written(Fraction(str(one["weight"]))),
                   "actual_words": curve.shown(Fraction(str(one["actual"])), 100),
                   "due_day": datetime.date.fromisoformat(one["due"]),
                   "done_day": one["completed_on"] and datetime.date.fromisoformat(one["completed_on"])}
            for one in line.inputs["leaves"]
        ],
        "counts": [{"title": title, "n": counts[key]} for key, title in score_sheets.COUNTS],
        "may_object": open_ and line.objected_at is None and may(actor, "work.reply", [organ]),
        "may_answer": row.state == "objections" and line.objected_at is not None and line.answered_at is None
        and may(actor, "work.score"),
        "clauses": CITED,
        **_form(request, error),
    }  # fmt: skip
    return page(request, "supervision/score_line.html", context, status=status_of(error))


def _parts(line: AssessmentLine, row: AssessmentRun) -> list[dict[str, Any]]:
    """Return the components with their weights, as the mean was taken."""
    if line.score is None:
        return []
    names = (
        ("C", _("完成"), "w_completion"), ("T", _("按时"), "w_timely"), ("R", _("填报"), "w_report"),
        ("Q", _("质量"), "w_quality"),
    )  # fmt: skip
    return [
        {"key": key, "title": title, "value": line.parts[key], "weight": row.parameters[weight]["value"],
         "width": float(line.parts[key] or 0)}
        for key, title, weight in names
    ]  # fmt: skip


@needs("work.see")
@require_safe
def line_page(request: HttpRequest, pk: int, organ: str) -> HttpResponse:
    """One organ's score: its parts, every task and count behind them, its objection."""
    return _line(request, pk, organ)


@needs("work.see")
@require_POST
def line_act(request: HttpRequest, pk: int, organ: str) -> HttpResponse:
    """Object, or answer an objection."""
    act = assessing.answer_objection if text_of(request.POST, "act", 10) == "answer" else assessing.object_to
    try:
        act(actor=actor_of(request), pk=pk, organ=organ, text=text_of(request.POST, "text"))
    except LuoshiError as error:
        return _line(request, pk, organ, error)
    return HttpResponseRedirect(reverse("supervision-score-line", args=[pk, organ]), status=303)


@needs("work.see")
@require_safe
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """The run as a workbook: every line the reader sees with all it was reckoned from."""
    actor = actor_of(request)
    row = assessing.one(actor, pk)
    rows = row.lines.order_by("group", "rank", "organ")
    if not assessing.sees_all(actor):
        rows = rows.filter(organ__in=scope_of(actor, "work.see").organs)
    return attachment(score_sheets.workbook(actor, row, list(rows)), f"{row.title}.xlsx")


# --- spot checks ------------------------------------------------------------------------------------------------------


def _last_quarter(today: datetime.date) -> str:
    month = (today.month - 1) // 3 * 3
    return f"{today.year}-Q{month // 3}" if month else f"{today.year - 1}-Q4"


def _looking(request: HttpRequest) -> Actor:
    """Return who looks at spot checks: who runs them, and who sees every organ's score. E_FORBIDDEN."""
    actor = actor_of(request)
    if not assessing.sees_all(actor):
        require(actor, "work.score")
    return actor


def _checks(request: HttpRequest, error: LuoshiError | None = None) -> HttpResponse:
    actor = actor_of(request)
    rows = list(checking.checks()[:40])
    left = {pk: (n, bad) for pk, n, bad in _tallies(rows)}
    context = {
        "page_title": _("抽查"),
        "crumbs": _crumbs(),
        "tabs": _seen_tabs(actor, "checks"),
        "rows": [{"check": one, "drawn": left.get(one.pk, (0, 0))[0], "failed": left.get(one.pk, (0, 0))[1]}
                 for one in rows],
        "quarter": _last_quarter(CLOCK.today()),
        "may_draw": may(actor, "work.score"),
        "may_open": assessing.sees_all(actor),
        "clauses": CITED,
        **_form(request, error),
    }  # fmt: skip
    return page(request, "supervision/checks.html", context, status=status_of(error))


def _tallies(rows: list[SpotCheck]) -> list[tuple[int, int, int]]:
    found: dict[int, list[int]] = {}
    for check, result in SpotCheckLine.objects.filter(check_of__in=rows).values_list("check_of_id", "result"):
        tally = found.setdefault(check, [0, 0])
        tally[0] += 1
        tally[1] += result == "failed"
    return [(pk, n, bad) for pk, (n, bad) in found.items()]


@needs("work.see")
@require_safe
def checks(request: HttpRequest) -> HttpResponse:
    """The draws of the quarters."""
    return _checks(request)


@needs("work.score")
@require_POST
def check_draw(request: HttpRequest) -> HttpResponse:
    """Draw a quarter and go to what was drawn."""
    try:
        quarter = text_of(request.POST, "quarter", 7)
        plan = assessing.plan_for(checking.quarter_days(quarter)[1])
        made = checking.draw(actor=actor_of(request), plan=plan.pk, quarter=quarter)
    except LuoshiError as error:
        return _checks(request, error)
    return HttpResponseRedirect(reverse("supervision-check", args=[made.pk]), status=303)


def _check(request: HttpRequest, pk: int, error: LuoshiError | None = None) -> HttpResponse:
    actor = _looking(request)
    row = SpotCheck.objects.select_related("plan").filter(pk=pk).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 次抽查。")
    lines = list(row.lines.select_related("matter").order_by("order"))
    names = concern.titles({one for line in lines for one in (line.organ, line.with_organ) if one})
    context = {
        "page_title": _("%s 抽查") % row.quarter,
        "crumbs": _crumbs((_("抽查"), reverse("supervision-checks"))),
        "row": row,
        "lines": [
            {"line": one, "organ": names.get(one.organ, one.organ), "with": names.get(one.with_organ, ""),
             "tone": {"passed": "green", "failed": "red"}.get(one.result, "")}
            for one in lines
        ],
        "organs": organ_options(),
        "today": CLOCK.today(),
        "may_record": may(actor, "work.score"),
        "which": request.POST.get("line", ""),
        "clauses": CITED,
        **_form(request, error),
    }  # fmt: skip
    return page(request, "supervision/check.html", context, status=status_of(error))


@needs("work.see")
@require_safe
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """What a quarter drew, and what was found."""
    return _check(request, pk)


@needs("work.see")
@require_safe
def check_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand out a draw as a record from which anybody can draw it again."""
    actor = _looking(request)
    row = SpotCheck.objects.filter(pk=pk).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 次抽查。")
    response = JsonResponse(checking.exported(row), json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Content-Disposition"] = f'attachment; filename="spot-check-{row.quarter}.json"'
    audit.append(actor=actor, act="work.spot_export", subject=f"spot_check:{row.pk}",
                 permission="work.see", after={"quarter": row.quarter})  # fmt: skip
    return response


@needs("work.score")
@require_POST
def check_record(request: HttpRequest, pk: int) -> HttpResponse:
    """Record what was found at one task."""
    data = request.POST
    try:
        day = date_of(data, "visited_on", _("抽查的日子"))
        assert day is not None
        line, result = text_of(data, "line", 12), text_of(data, "result", 10)
        if result not in ("passed", "failed") or not line.isdecimal():
            raise LuoshiError("E_INPUT", "请选合格或不合格。", fields={"field": "result"})
        checking.record(
            actor=actor_of(request), line=int(line), passed=result == "passed", visited_on=day,
            with_organ=text_of(data, "with_organ", 80), found=text_of(data, "found"), falsified="falsified" in data,
            reached=text_of(data, "reached", 30),
        )  # fmt: skip
    except LuoshiError as error:
        return _check(request, pk, error)
    return HttpResponseRedirect(reverse("supervision-check", args=[pk]), status=303)


# --- the annual review ------------------------------------------------------------------------------------------------


def _found(actor: Actor, year: str) -> tuple[AnnualReview | None, bool]:
    """Return the review of a year (the newest unless one is named) and whether all of it is shown."""
    rows = AnnualReview.objects.select_related("plan", "notice").order_by("-plan__year")
    full = may(actor, "work.score") or assessing.sees_all(actor)
    rows = rows if full else rows.filter(state=AnnualReview.State.SIGNED)
    return (rows.filter(plan__year=int(year)) if year.isdecimal() and len(year) == 4 else rows).first(), full


def _years() -> list[int]:
    return list(AnnualReview.objects.order_by("-plan__year").values_list("plan__year", flat=True))


def _signatures(found: AnnualReview) -> list[dict[str, Any]]:
    names = concern.titles(reviewing.CO_SIGNERS)
    rows = {one.organ: one for one in found.signatures.all()}
    return [{"organ": names.get(one, one), "row": rows.get(one)} for one in reviewing.CO_SIGNERS]


def _review(request: HttpRequest, error: LuoshiError | None = None) -> HttpResponse:
    actor = actor_of(request)
    found, full = _found(actor, request.GET.get("year", request.POST.get("year", "")))
    plan = Plan.objects.filter(kind=Plan.Kind.WORK_POINTS, status=Plan.Status.ACTIVE).order_by("year").first()
    lines = list(found.lines.select_related("item__chapter").order_by("item__seq")) if found else []
    if not full:
        own = ItemConcern.objects.filter(organ__in=scope_of(actor, "work.see").organs).values_list("item", flat=True)
        mine = set(own)
        lines = [one for one in lines if one.item_id in mine]
    counts = [{"title": one, "n": sum(line.category == one for line in lines), "tone": CATEGORY_TONES[one]}
              for one in reviewing.CATEGORIES]  # fmt: skip
    drafted = found is not None and found.state == AnnualReview.State.DRAFTED
    waits = set(reviewing.missing(found)) if found is not None and drafted else set()
    into = carrying.next_plan(found) if found is not None and not drafted else None
    moved = (
        list(found.carried_tasks.select_related("matter", "node__item__plan").order_by("pk"))
        if found is not None and not drafted and full
        else []
    )
    left = sum(len(one.carried) for one in lines)
    context = {
        "page_title": _("%s年度评价") % found.plan.year if found else _("年度评价"),
        "crumbs": _crumbs(),
        "tabs": _seen_tabs(actor, "review"),
        "review": found,
        "plan": plan,
        "years": _years() if full else [],
        "counts": counts,
        "lines": [
            {"line": one, "tone": CATEGORY_TONES[one.category], "percent": curve.shown(Fraction(one.actual), 100),
             "tasks": sum(one.counts.values()), "done": one.counts.get("完成", 0)}
            for one in lines
        ],
        "carried": left,
        "signatures": _signatures(found) if found is not None and full else [],
        "moved": moved,
        "into": into,
        "may_draft": plan is not None and may(actor, "work.score") and CLOCK.today() > reviewing.year_end(plan),
        "opens": reviewing.year_end(plan) if plan else None,
        "may_cosign": drafted and not waits.isdisjoint(reviewing.heads(actor)),
        "may_sign": drafted and not waits and may(actor, "work.lead", [reviewing.LEADER]),
        "may_carry": into is not None and not moved and left > 0 and may(actor, "work.plan"),
        "may_print": full,
        "clauses": CITED,
        **_form(request, error),
    }  # fmt: skip
    return page(request, "supervision/review.html", context, status=status_of(error))


@needs("work.see")
@require_safe
def review(request: HttpRequest) -> HttpResponse:
    """The annual review: every item's category, what is carried over; drafted, signed and carried over here.

    Whoever does not see every organ's score sees the own items, once the review is signed.
    """
    return _review(request)


@needs("work.see")
@require_POST
def review_act(request: HttpRequest) -> HttpResponse:
    """Take the picture of the year, sign it with the others or as the leader, carry over what is left."""
    actor, act = actor_of(request), text_of(request.POST, "act", 10)
    found, _full = _found(actor, text_of(request.POST, "year", 4))
    plan = found.plan_id if found is not None else 0
    try:
        if act == "sign":
            reviewing.sign(actor=actor, plan=plan)
        elif act == "cosign":
            reviewing.co_sign(actor=actor, plan=plan)
        elif act == "carry":
            carrying.carry_over(actor=actor, plan=plan)
        else:
            open_ = Plan.objects.filter(kind=Plan.Kind.WORK_POINTS, status=Plan.Status.ACTIVE).order_by("year").first()
            reviewing.draft(actor=actor, plan=open_.pk if open_ else 0)
    except LuoshiError as error:
        return _review(request, error)
    return HttpResponseRedirect(reverse("supervision-review"), status=303)


@needs("work.see")
@require_safe
def review_paper(request: HttpRequest, year: int, form: str) -> HttpResponse:
    """Hand out the report of a year as PDF or Word: what was signed, before that a draft."""
    found, full = _found(actor_of(request), str(year))
    if found is None or not full:
        raise LuoshiError("E_NOT_FOUND", "没有这一年的年度评价。")
    return handed_out(papers.of_review(found), form, f"review-{year}")


urlpatterns: list[URLPattern] = [
    path("supervision/scores/", scores, name="supervision-scores"),
    path("supervision/scores/run/", run_new, name="supervision-score-run"),
    path("supervision/scores/<int:pk>/", run_page, name="supervision-score"),
    path("supervision/scores/<int:pk>/export.xlsx", export, name="supervision-score-export"),
    path("supervision/scores/<int:pk>/objections/", objections_open, name="supervision-score-objections"),
    path("supervision/scores/<int:pk>/freeze/", freeze, name="supervision-score-freeze"),
    path("supervision/scores/<int:pk>/publish/", publish, name="supervision-score-publish"),
    path("supervision/scores/<int:pk>/<slug:organ>/", line_page, name="supervision-score-line"),
    path("supervision/scores/<int:pk>/<slug:organ>/act/", line_act, name="supervision-score-line-act"),
    path("supervision/checks/", checks, name="supervision-checks"),
    path("supervision/checks/draw/", check_draw, name="supervision-check-draw"),
    path("supervision/checks/<int:pk>/", check, name="supervision-check"),
    path("supervision/checks/<int:pk>/export.json", check_export, name="supervision-check-export"),
    path("supervision/checks/<int:pk>/record/", check_record, name="supervision-check-record"),
    path("supervision/review/", review, name="supervision-review"),
    path("supervision/review/<int:year>.<slug:form>", review_paper, name="supervision-review-paper"),
    path("supervision/review/act/", review_act, name="supervision-review-act"),
]
