"""Imports, jobs, health, and the reader's own choices."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

import luoshi
from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.audit.jobs import VERIFY_JOB
from luoshi.office.instruments import queries
from luoshi.office.instruments.actions import IMPORT_JOB
from luoshi.office.instruments.models import GazetteIssue
from luoshi.office.jobs.actions import Progress
from luoshi.office.jobs.models import Job
from luoshi.office.jobs.queries import may_follow
from luoshi.office.paging import Key, bounded_total, keyset_page
from luoshi.site import present
from luoshi.site.access import OPEN, actor_of, needs
from luoshi.site.addresses import Address, page_links
from luoshi.site.audit_words import proof_rows
from luoshi.site.health import JOB_WORDS
from luoshi.site.pages import page, wants_fragment
from luoshi.site.views.policy import import_of
from luoshi.site.words import JOB_KIND, JOB_PHASE, PHASE

_IMPORTS_PAGE = 30
_STOP_POLLING = 286


@needs(OPEN)
def home(_request: HttpRequest) -> HttpResponse:
    """Lead to the desk."""
    return HttpResponseRedirect(reverse("desk"))


def import_row(issue: GazetteIssue) -> dict[str, Any]:
    """Return one import as the lists of imports show it."""
    source = issue.source
    return {
        "id": issue.pk,
        "filename": source.filename,
        "title": issue.title or source.filename,
        "at": source.received_at,
        "by": source.received_by,
        "size_words": present.size_words(source.size_bytes),
        "instruments": issue.instrument_count,
        "clauses": issue.clause_count,
        "duties": issue.duty_count,
        "warnings": issue.warning_count,
        "digest_short": source.digest[:12],
        "href": reverse("import", args=[issue.pk]),
    }


@needs("import.see")
@require_safe
def imports(request: HttpRequest) -> HttpResponse:
    """List what has been imported, newest first, and jobs that run or failed."""
    found = keyset_page(
        queries.issues(),
        (Key("id", int, descending=True),),
        size=_IMPORTS_PAGE,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    jobs = Job.objects.exclude(state=Job.State.DONE).order_by("-id")[:10]
    context = {
        "page_title": _("导入记录"),
        "crumbs": [{"title": _("系统"), "href": ""}],
        "rows": [import_row(issue) for issue in found.rows],
        "page": page_links(Address(request), found, bounded_total(GazetteIssue.objects.all())),
        "upload_href": reverse("upload"),
        "jobs": [
            {
                "id": job.pk,
                "href": reverse("job", args=[job.pk]),
                "kind_word": str(JOB_KIND.get(job.kind, job.kind)),
                "state": job.state,
                "state_word": job.get_state_display(),
                "at": job.created_at,
            }
            for job in jobs
        ],
    }
    return page(request, "site/imports.html", context, fragment="results")


@needs("job.see")
@require_safe
def job(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a job is; ends the polling with status 286 when it has ended."""
    row = Job.objects.filter(pk=pk).first()
    if row is None or not may_follow(actor_of(request), row):
        raise LuoshiError("E_NOT_FOUND", _("没有第 %d 号任务。") % pk)
    kind_word = str(JOB_KIND.get(row.kind, JOB_WORDS.get(row.kind, row.kind)))
    phase, n, total = Progress.of(row)
    ended = row.finished_at or CLOCK.now()
    elapsed = int((ended - (row.started_at or row.created_at)).total_seconds())
    context: dict[str, Any] = {
        "page_title": _("%(kind)s · 第 %(id)d 号")
        % {"kind": JOB_KIND.get(row.kind, JOB_WORDS.get(row.kind, row.kind)), "id": row.pk},
        "crumbs": [_whence(row)],
        "job": {
            "id": row.pk,
            "kind_word": kind_word,
            "phase": phase,
            "phase_word": str(PHASE.get(phase, JOB_PHASE.get(phase, phase))),
            "n": n,
            "total": total,
            "percent": _percent(row, phase, n, total),
            "state": row.state,
            "state_word": row.get_state_display(),
            "message": (row.result or {}).get("message", ""),
            "started_at": row.started_at,
            "finished_at": row.finished_at,
            "elapsed_words": _("%d 秒") % max(elapsed, 0),
        },
        "finished": row.finished,
        "summary": _summary(row) if row.state == Job.State.DONE and row.kind == IMPORT_JOB else None,
        "proof": proof_rows(row.result or {}) if row.state == Job.State.DONE and row.kind == VERIFY_JOB else None,
        "importing": row.kind == IMPORT_JOB,
        "result_href": (row.result or {}).get("href", "") if row.state == Job.State.DONE else "",
        "error": _error(row) if row.error else None,
        "retry_href": reverse("upload"),
    }
    status = _STOP_POLLING if row.finished and wants_fragment(request) else 200
    return page(request, "site/job.html", context, fragment="progress", status=status)


def _whence(row: Job) -> dict[str, Any]:
    if row.kind == IMPORT_JOB:
        return {"title": _("导入记录"), "href": reverse("imports")}
    return {"title": _("后台任务"), "href": reverse("jobs")}


def _percent(row: Job, phase: str, n: int, total: int) -> int:
    if row.finished:
        return 100
    if row.kind != IMPORT_JOB:
        return int(100 * n / total) if total else 0
    phases = [name for name in PHASE if name]
    if phase not in phases:
        return 0
    inside = n / total if total else 0
    return int(100 * (phases.index(phase) + inside) / len(phases))


def _error(row: Job) -> dict[str, Any]:
    told = row.error or {}
    error = LuoshiError(told.get("code", "E_INTERNAL"), told.get("message", ""))
    if row.kind == IMPORT_JOB and error.code == "E_NOT_FOUND":
        # Two confirmed one file at once: the first has taken it in and put it away.
        other = import_of(str(row.arguments.get("key", "")), Job.State.DONE)
        if other is not None:
            words = _("同一个文件刚由第 %d 号任务导入，这一次没有再导入，库中没有改动。") % other.pk
            error = LuoshiError("E_DUPLICATE_FILE", words)
    return {"code": error.code, "title": error.definition.title, "message": error.message, "remedy": "", "place": ""}


def _summary(row: Job) -> dict[str, Any]:
    result = row.result or {}
    issue = (
        GazetteIssue.objects.select_related("source").defer("source__text").filter(pk=result.get("issue_id", 0)).first()
    )
    return {"headline": result.get("message", ""), **(_issue_summary(issue) if issue else {})}


def _issue_summary(issue: GazetteIssue) -> dict[str, Any]:
    instruments = list(issue.instruments.order_by("seq")[:200])
    warnings = issue.warnings.select_related("instrument").order_by("start")[:200]
    counts = (
        (_("文件"), issue.instrument_count, reverse("policy")),
        (_("条款"), issue.clause_count, ""),
        (_("责任"), issue.duty_count, reverse("duties")),
        (_("时限"), issue.limit_count, ""),
        (_("目标"), issue.target_count, ""),
        (_("存疑"), issue.warning_count, ""),
    )
    return {
        "counts": [{"title": title, "value": value, "href": href} for title, value, href in counts],
        "links": [
            {
                "title": item.name,
                "number": item.number,
                "href": present.instrument_href(item),
                "warnings": item.warning_count,
            }
            for item in instruments
        ],
        "warnings": [present.warning_row(warning) for warning in warnings],
        "warnings_total": issue.warning_count,
    }


@needs("import.see")
@require_safe
def import_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what one file brought: counts, instruments, warnings."""
    issue = queries.issues().filter(pk=pk).first()
    if issue is None:
        raise LuoshiError("E_NOT_FOUND", _("没有第 %d 号导入记录。") % pk)
    context = {
        "page_title": issue.title or issue.source.filename,
        "crumbs": [{"title": _("导入记录"), "href": reverse("imports")}],
        "row": import_row(issue),
        "summary": {"headline": "", **_issue_summary(issue)},
    }
    return page(request, "site/import.html", context)


@needs(OPEN)
@require_safe
def health(_request: HttpRequest) -> HttpResponse:
    """Say whether the database answers, for a watchdog."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    waiting = Job.objects.filter(state=Job.State.WAITING).count()
    return JsonResponse(
        {"status": "ok", "version": luoshi.__version__, "database": connection.vendor, "jobs_waiting": waiting}
    )


@needs(OPEN)
@require_safe
def choose(request: HttpRequest, cookie: str, allowed: tuple[str, ...]) -> HttpResponse:
    """Keep the reader's choice of language or size in a cookie and go back to the page."""
    back = request.GET.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = "/"
    response = HttpResponseRedirect(back)
    if (value := request.GET.get("to", "")) in allowed:
        response.set_cookie(cookie, value, max_age=365 * 24 * 3600, samesite="Lax", httponly=True)
    return response
