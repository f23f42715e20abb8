"""The audit trail: list, entry, proof, seals, export; jobs, health, a person's messages."""

from __future__ import annotations

import datetime
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.organs import titles
from luoshi.office.audit import export, queries
from luoshi.office.audit.jobs import VERIFY_JOB
from luoshi.office.audit.models import AuditSeal, Stream
from luoshi.office.audit.queries import AuditFilter
from luoshi.office.jobs import actions as jobs
from luoshi.office.jobs.models import Job
from luoshi.office.messages import actions as messages
from luoshi.office.messages import queries as message_queries
from luoshi.office.paging import Key, Total, bounded_total, keyset_page
from luoshi.office.permissions import may
from luoshi.site import health as checks
from luoshi.site.access import actor_of, needs
from luoshi.site.addresses import Address, chips, facet, page_links
from luoshi.site.audit_words import STREAM, act_words, differences, entry_row, proof_rows, result_words
from luoshi.site.pages import page
from luoshi.site.words import JOB_KIND

_ROWS = 50
_TEXT = 100


def day_asked(value: str) -> datetime.date | None:
    """Return the day a condition says, None for none; E_INPUT for what is no day."""
    if not value.strip():
        return None
    try:
        return datetime.date.fromisoformat(value.strip())
    except ValueError:
        raise LuoshiError("E_INPUT", _("“%s”不是日期，应如 2019-03-01。") % value[:20]) from None


def read_filter(asked: Any) -> AuditFilter:
    """Return the filter an address asks for."""
    text = {
        name: asked.get(name, "").replace("\0", "").strip()[:_TEXT]
        for name in ("who", "act", "subject", "organ", "result", "stream")
    }
    if text["stream"] not in Stream.values:
        text["stream"] = ""
    return AuditFilter(since=day_asked(asked.get("since", "")), until=day_asked(asked.get("until", "")), **text)


@needs("audit.see")
@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """List the trail, newest first."""
    wanted, address = read_filter(request.GET), Address(request)
    found = queries.audit_page(
        wanted, size=_ROWS, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    organs = titles({row.organ for row in found.rows if row.organ} | ({wanted.organ} if wanted.organ else set()))
    acts = [(act, act_words(act), None) for act in queries.known_acts()]
    results = [(result, result_words(result), None) for result in queries.known_results()]
    streams = [(str(value), str(STREAM[value]), None) for value in Stream]
    conditions = [
        (name, value, label, words)
        for name, value, label, words in (
            ("who", wanted.who, _("谁"), wanted.who),
            ("act", wanted.act, _("事项"), act_words(wanted.act)),
            ("subject", wanted.subject, _("对象"), wanted.subject),
            ("organ", wanted.organ, _("单位"), organs.get(wanted.organ, wanted.organ)),
            ("since", str(wanted.since or ""), _("从"), str(wanted.since)),
            ("until", str(wanted.until or ""), _("到"), str(wanted.until)),
            ("stream", wanted.stream, _("链"), str(STREAM[Stream(wanted.stream)]) if wanted.stream else ""),
            ("result", wanted.result, _("结果"), result_words(wanted.result)),
        )
        if value
    ]
    facets = [
        _single(facet(address, "stream", _("链"), streams, [wanted.stream] if wanted.stream else []), address),
        _single(facet(address, "act", _("事项"), acts, [wanted.act] if wanted.act else [], size=30), address),
        _single(facet(address, "result", _("结果"), results, [wanted.result] if wanted.result else []), address),
    ]
    context = {
        "page_title": _("审计记录"),
        "crumbs": [_system()],
        "tabs": _tabs("audit", request),
        "rows": [entry_row(row, organs) for row in found.rows],
        "page": page_links(address, found, queries.total(wanted)),
        "facets": facets,
        "chips": chips(address, conditions),
        "hidden": address.hidden("who", "subject", "since", "until"),
        "wanted": wanted,
        "export_query": request.GET.urlencode(),
    }
    return page(request, "site/audit.html", context, fragment="results")


def _single(shown: dict[str, Any], address: Address) -> dict[str, Any]:
    """Let a facet take one value at a time."""
    for option in shown["options"]:
        option["href"] = address.having(**{shown["name"]: "" if option["checked"] else option["value"]})
    return shown


def _system() -> dict[str, str]:
    return {"title": _("系统"), "href": ""}


def _tabs(current: str, request: HttpRequest) -> list[dict[str, Any]]:
    actor = actor_of(request)
    wanted = (
        ("audit", _("记录"), "audit.see"),
        ("audit-verify", _("校验"), "audit.verify"),
        ("audit-seals", _("封存"), "audit.verify"),
    )
    return [
        {"label": label, "href": reverse(name), "current": name == current, "count": None}
        for name, label, key in wanted
        if may(actor, key)
    ]


@needs("audit.see")
@require_safe
def audit_entry(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one entry with what was and what is."""
    row = queries.entry(pk)
    if row is None:
        raise LuoshiError("E_NOT_FOUND", _("没有第 %d 号审计记录。") % pk)
    organs = titles({row.organ} if row.organ else set())
    before, after = queries.neighbours(row)
    context = {
        "page_title": _("审计记录第 %d 号") % row.pk,
        "crumbs": [_system(), {"title": _("审计记录"), "href": reverse("audit")}],
        "entry": row,
        "row": entry_row(row, organs),
        "differences": differences(row.before, row.after),
        "previous_href": reverse("audit-entry", args=[before]) if before else "",
        "next_href": reverse("audit-entry", args=[after]) if after else "",
        "subject_href": f"{reverse('audit')}?subject={row.subject}",
    }
    return page(request, "site/audit_entry.html", context)


@needs("audit.verify")
@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    """Show how the trail stands and the last proof; offer to prove it now."""
    last = Job.objects.filter(kind=VERIFY_JOB, state=Job.State.DONE).order_by("-id").first()
    running = Job.objects.filter(kind=VERIFY_JOB, state__in=(Job.State.WAITING, Job.State.RUNNING)).first()
    context = {
        "page_title": _("校验审计链"),
        "crumbs": [_system(), {"title": _("审计记录"), "href": reverse("audit")}],
        "tabs": _tabs("audit-verify", request),
        "heads": [{"title": STREAM.get(Stream(head.stream), head.stream), "head": head} for head in queries.heads()],
        "last": last,
        "proof": proof_rows(last.result) if last and last.result else None,
        "running": running,
        "seal": queries.last_seal(),
    }
    return page(request, "site/audit_verify.html", context)


@needs("audit.verify")
@require_POST
def verify_now(request: HttpRequest) -> HttpResponse:
    """Have the trail proven, as a job; one at a time."""
    running = Job.objects.filter(kind=VERIFY_JOB, state__in=(Job.State.WAITING, Job.State.RUNNING)).first()
    job = running or jobs.enqueue(VERIFY_JOB, actor=actor_of(request), arguments={})
    return HttpResponseRedirect(reverse("job", args=[job.pk]), status=303)


@needs("audit.verify")
@require_safe
def seals(request: HttpRequest) -> HttpResponse:
    """List the daily seals."""
    found = queries.seals_page(size=_ROWS, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    context = {
        "page_title": _("每日封存"),
        "crumbs": [_system(), {"title": _("审计记录"), "href": reverse("audit")}],
        "tabs": _tabs("audit-seals", request),
        "rows": [{"seal": row, "title": STREAM.get(Stream(row.stream), row.stream)} for row in found.rows],
        "page": page_links(Address(request), found, bounded_total(AuditSeal.objects.all())),
        "waiting_days": queries.days_unsealed(),
    }
    return page(request, "site/audit_seals.html", context, fragment="results")


@needs("audit.see")
def audit_export(request: HttpRequest) -> HttpResponse | FileResponse:
    """Ask what for, then hand out the working papers."""
    wanted = read_filter(request.GET)
    total = queries.total(wanted)
    error = ""
    if request.method == "POST":
        try:
            file = export.working_papers(
                actor=actor_of(request), wanted=wanted, purpose=request.POST.get("purpose", "")[:200]
            )
        except LuoshiError as refusal:
            if refusal.code != "E_PURPOSE":
                raise
            error = refusal.message
        else:
            name = f"audit-{CLOCK.today():%Y%m%d}.zip"
            return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
    context = {
        "page_title": _("导出审计底稿"),
        "crumbs": [_system(), {"title": _("审计记录"), "href": reverse("audit")}],
        "count": total,
        "errors": {"purpose": error} if error else {},
        "conditions": [f"{name}={getattr(wanted, name)}" for name in AuditFilter.__slots__ if getattr(wanted, name)],
        "query": request.GET.urlencode(),
        "consequences": [
            _("得到一个压缩包：逐行 JSON（全部）、Excel（前十万条）、封存、独立核验的说明。"),
            _("谁、何时、为什么导出会记入审计记录。"),
        ],
    }
    return page(request, "site/audit_export.html", context, status=422 if error else 200)


@needs("job.see")
@require_safe
def job_list(request: HttpRequest) -> HttpResponse:
    """List jobs, newest first: one's own, and everybody's for who administers or audits."""
    actor = actor_of(request)
    all_of_them = may(actor, "health.see")
    rows = Job.objects.all() if all_of_them else Job.objects.filter(by_id=actor.user_id)
    state = request.GET.get("state", "")
    if state in Job.State.values:
        rows = rows.filter(state=state)
    found = keyset_page(
        rows.defer("result", "arguments"),
        (Key("id", int, descending=True),),
        size=_ROWS,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    tones = {"waiting": "grey", "running": "green", "done": "blue", "failed": "red", "cancelled": "grey"}
    address = Address(request)
    tabs = [("", _("全部")), *((str(value), str(label)) for value, label in Job.State.choices)]
    context = {
        "page_title": _("后台任务"),
        "crumbs": [_system()],
        "tabs": [
            {"label": label, "href": address.having(state=value), "current": value == state, "count": None}
            for value, label in tabs
        ],
        "rows": [
            {
                "job": job,
                "kind_word": str(JOB_KIND.get(job.kind, checks.JOB_WORDS.get(job.kind, job.kind))),
                "tone": tones[job.state],
                "may_stop": jobs.may_stop(actor, job),
                "message": (job.error or {}).get("message", ""),
            }
            for job in found.rows
        ],
        "page": page_links(address, found, bounded_total(rows)),
        "everybody": all_of_them,
    }
    return page(request, "site/jobs.html", context, fragment="results")


@needs("job.see")
@require_POST
def job_stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a job."""
    jobs.stop(actor=actor_of(request), job_id=pk)
    return HttpResponseRedirect(reverse("jobs"), status=303)


@needs("health.see")
@require_safe
def health_page(request: HttpRequest) -> HttpResponse:
    """Show every check: how it stands and what to do."""
    rows = checks.run()
    context = {
        "page_title": _("运行状况"),
        "crumbs": [_system()],
        "rows": rows,
        "worst": checks.worst(rows),
        "at": CLOCK.now(),
    }
    return page(request, "site/health.html", context, fragment="results")


@needs("desk.see")
@require_safe
def message_list(request: HttpRequest) -> HttpResponse:
    """List one's own messages, newest first."""
    actor = actor_of(request)
    user_id = actor.user_id or 0
    only = request.GET.get("unread") == "1"
    found = message_queries.messages_page(
        user_id,
        only_unread=only,
        size=_ROWS,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    unread, address = message_queries.unread(user_id), Address(request)
    context = {
        "page_title": _("消息"),
        "crumbs": [],
        "tabs": [
            {"label": _("全部"), "href": address.having(unread=""), "current": not only, "count": None},
            {"label": _("未读"), "href": address.having(unread="1"), "current": only, "count": unread},
        ],
        "rows": found.rows,
        "page": page_links(address, found, Total(unread, True) if only else message_queries.total(user_id)),
        "count": unread,
        "only": only,
    }
    return page(request, "site/messages.html", context, fragment="results")


@needs("desk.see")
@require_POST
def messages_read(request: HttpRequest) -> HttpResponse:
    """Mark one's messages as read: those ticked, or all."""
    ids = [int(value) for value in request.POST.getlist("id") if value.isascii() and value.isdigit()][:1000]
    messages.mark_read(actor=actor_of(request), ids=ids or None)
    return HttpResponseRedirect(reverse("messages"), status=303)


@needs("desk.see")
@require_safe
def message_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Go where a message leads and count it as read."""
    found = message_queries.own(actor_of(request).user_id or 0, pk)
    if found is None:
        raise LuoshiError("E_NOT_FOUND", _("没有这条消息。"))
    messages.mark_read(actor=actor_of(request), ids=[pk])
    return HttpResponseRedirect(found.href or reverse("messages"))


urlpatterns: list[URLPattern] = [
    path("system/audit/", audit, name="audit"),
    path("system/audit/verify/", verify, name="audit-verify"),
    path("system/audit/verify/now", verify_now, name="audit-verify-now"),
    path("system/audit/seals/", seals, name="audit-seals"),
    path("system/audit/export/", audit_export, name="audit-export"),
    path("system/audit/<int:pk>/", audit_entry, name="audit-entry"),
    path("system/jobs/", job_list, name="jobs"),
    path("system/jobs/<int:pk>/stop", job_stop, name="job-stop"),
    path("system/health/", health_page, name="health-page"),
    path("messages/", message_list, name="messages"),
    path("messages/read", messages_read, name="messages-read"),
    path("messages/<int:pk>/", message_open, name="message"),
]
