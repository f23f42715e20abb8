"""The library: list, upload with preview."""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from luoshi.kernel.citation import Citation, DocumentNumber
from luoshi.kernel.errors import LuoshiError
from luoshi.office.instruments import queries, spool
from luoshi.office.instruments.actions import IMPORT_JOB, read
from luoshi.office.instruments.models import Instrument
from luoshi.office.instruments.plan import NEW, NEW_VERSION, SAME, Places, Plan, Planned, plan_import
from luoshi.office.instruments.queries import LibraryFilter
from luoshi.office.instruments.validity import judge
from luoshi.office.jobs.actions import enqueue
from luoshi.office.jobs.models import Job
from luoshi.office.permissions import may
from luoshi.site import present, switching
from luoshi.site.access import actor_of, needs
from luoshi.site.addresses import Address, chips, facet, page_links
from luoshi.site.context import AsOf, as_of
from luoshi.site.pages import page
from luoshi.site.words import KIND, STATE, WARNING

PAGE_SIZE = 50
FORMATS = ".txt .md .docx .pdf"
_MAX_CHOICES = 20
_MAX_QUERY = 60
_MAX_DAYS = 3660
_SHOWN_WARNINGS = 200
_SHOWN_INSTRUMENTS = 500


def read_filter(query: QueryDict, seen: AsOf) -> LibraryFilter:
    """Read the list's conditions from an address; values that mean nothing are left out."""
    return LibraryFilter(
        on=seen.date,
        issuers=tuple(name for name in query.getlist("issuer")[:_MAX_CHOICES] if name),
        years=tuple(
            int(year)
            for year in query.getlist("year")[:_MAX_CHOICES]
            if year.isascii() and year.isdigit() and len(year) == 4
        ),
        kinds=tuple(kind for kind in query.getlist("kind") if kind in KIND),
        states=tuple(state for state in query.getlist("validity") if state in STATE),
        q=query.get("q", "").replace("\0", "").strip()[:_MAX_QUERY],
        expiring=_days(query.get("expiring", "")),
        numbers=switching.documents(query),
    )


def _days(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:9]) <= _MAX_DAYS else 0


@needs("instrument.see")
@require_safe
def library(request: HttpRequest) -> HttpResponse:
    """Show one page of the instruments; a whole number, with or without a clause, leads straight to it."""
    seen, address = as_of(request), Address(request)
    wanted = read_filter(request.GET, seen)
    if (target := _straight_to(wanted.q)) and not request.headers.get("HX-Request"):
        return HttpResponseRedirect(target)
    wanted = queries.looked_up(wanted)
    found = queries.library_page(
        wanted, size=PAGE_SIZE, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    judged = judge(found.rows, seen.date)
    hits = queries.hits(found.rows, wanted.q) if wanted.q else {}
    no_data = not found.rows and not Instrument.objects.exists()
    context: dict[str, Any] = {
        "page_title": _("公报与政策"),
        "crumbs": [],
        "rows": [_row(item, judged[item.pk], hits.get(item.pk, ""), seen.date) for item in found.rows],
        "facets": _facets(address, wanted),
        "chips": chips(address, switching.condition(request.GET) + _conditions(wanted)),
        "page": page_links(address, found, queries.total(wanted)),
        "tabs": _tabs(address, wanted),
        "q": wanted.q,
        "hidden": address.hidden("q"),
        "empty_reason": "" if found.rows or no_data else _("没有符合条件的文件。可去掉一个条件再看。"),
        "reset_href": request.path,
        "no_data": no_data,
        "upload_href": reverse("upload") if may(actor_of(request), "instrument.import") else "",
        "review_href": reverse("review-queue") if may(actor_of(request), "review.see") else "",
    }
    return page(request, "site/policy_list.html", context, fragment="results")


def _straight_to(q: str) -> str:
    citation = Citation.parse(q) if "号" in q else None
    if citation is None or not isinstance(citation.instrument, DocumentNumber):
        return ""
    if not queries.known_keys([str(citation.instrument)]):
        return ""
    instrument = queries.instrument(str(citation.instrument))
    path = citation.locator.path
    return present.instrument_href(instrument, path if instrument.clauses.filter(path=path).exists() else "")


def _row(item: Instrument, validity: Any, hit: str, on: datetime.date) -> dict[str, Any]:
    left = (item.expires_on - on).days if item.expires_on and validity.state == "in_force" else -1
    near = next((days for days in sorted(queries.WARNED) if 0 <= left <= days), 0)
    return {
        "left": _("还有 %d 天") % left if near else "",
        "left_tone": "orange" if near == min(queries.WARNED) else "yellow",
        "href": present.instrument_href(item),
        "number": item.number,
        "number_short": present.short_number(item.number),
        "title": item.name,
        "kind_word": KIND.get(item.kind, item.kind),
        "trial": item.trial,
        "issuer": item.issuer,
        "issued_on": item.issued_on,
        "effective_from": item.effective_from,
        "expires_on": item.expires_on,
        "validity": present.shown_validity(validity, lambda _text: ""),
        "clause_count": item.clause_count,
        "duty_count": item.duty_count,
        "warning_count": item.warning_count,
        "version": item.version,
        "hit": hit,
    }


def _facets(address: Address, wanted: LibraryFilter) -> list[dict[str, Any]]:
    states = [(c.value, str(STATE[c.value]), c.count) for c in queries.state_facet(wanted)]
    kinds = [(c.value, str(KIND.get(c.value, c.value)), c.count) for c in queries.kind_facet(wanted)]
    years = [(c.value, _("%s年") % c.value, c.count) for c in queries.year_facet(wanted)]
    issuers = [(c.value, c.value, c.count) for c in queries.issuer_facet(wanted)]
    return [
        facet(address, "validity", _("效力"), states, wanted.states),
        facet(address, "year", _("年份"), years, [str(year) for year in wanted.years]),
        facet(address, "kind", _("文种"), kinds, wanted.kinds),
        facet(address, "issuer", _("发文机关"), issuers, wanted.issuers),
    ]


def _conditions(wanted: LibraryFilter) -> list[tuple[str, str, str, str]]:
    found = [("validity", state, _("效力"), str(STATE[state])) for state in wanted.states]
    found += [("year", str(year), _("年份"), str(year)) for year in wanted.years]
    found += [("kind", kind, _("文种"), str(KIND[kind])) for kind in wanted.kinds]
    found += [("issuer", name, _("发文机关"), name) for name in wanted.issuers]
    if wanted.expiring:
        found.append(("expiring", str(wanted.expiring), _("到期"), _("%d 天内") % wanted.expiring))
    if wanted.q:
        found.append(("q", wanted.q, _("含"), wanted.q))
    return found


def _tabs(address: Address, wanted: LibraryFilter) -> list[dict[str, Any]]:
    tabs = (
        (_("全部"), "", "", not wanted.states and not wanted.expiring),
        (_("现行有效"), "in_force", "", wanted.states == ("in_force",)),
        (_("未注明"), "unknown", "", wanted.states == ("unknown",)),
        *((_("%d 天内到期") % days, "", str(days), wanted.expiring == days) for days in queries.WARNED),
    )
    return [
        {"label": label, "href": address.having(validity=state, expiring=days), "count": None, "current": current}
        for label, state, days, current in tabs
    ]


def _upload_context(error: LuoshiError | None) -> dict[str, Any]:
    return {
        "page_title": _("导入公报"),
        "crumbs": [{"title": _("公报与政策"), "href": reverse("policy")}],
        "max_mb": settings.UPLOAD_BYTES // (1024 * 1024),
        "formats": FORMATS,
        "error": _shown_error(error) if error else None,
    }


def _shown_error(error: LuoshiError) -> dict[str, Any]:
    return {
        "code": error.code,
        "title": error.definition.title,
        "message": error.message,
        "remedy": "",
        "place": error.fields.get("place", ""),
    }


@needs("instrument.import")
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file or pasted text, check that it can be read, and go on to its preview; the library is not touched."""
    if request.method != "POST":
        return page(request, "site/upload.html", _upload_context(None))
    try:
        waiting = _received(request)
    except LuoshiError as error:
        return page(request, "site/upload.html", _upload_context(error), status=error.http_status)
    return HttpResponseRedirect(reverse("upload-preview", args=[waiting.key]), status=303)


def _received(request: HttpRequest) -> spool.Upload:
    file = request.FILES.get("file")
    if file is not None:
        if (file.size or 0) > settings.UPLOAD_BYTES:
            raise LuoshiError("E_TOO_LARGE", _too_large(file.size or 0))
        name, data = file.name or "", file.read()
    else:
        name, data = _("粘贴的文本") + ".txt", request.POST.get("text", "").encode(errors="replace")
        if not data.strip():
            raise LuoshiError("E_FILE", _("还没有选择文件，也没有粘贴文本。请选择公报文件后再预览。"))
    read(data, name)
    return spool.keep(name, data)


def _too_large(size: int) -> str:
    bound = settings.UPLOAD_BYTES // (1024 * 1024)
    return _("文件有 %(size)s，超过上限 %(bound)d MB。请按期拆分成几个文件，或只导入文字（不含图片）。") % {
        "size": present.size_words(size),
        "bound": bound,
    }


@needs("instrument.import")
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, key: str) -> HttpResponse:
    """Show what an import would do; POST confirms it and queues the job.

    Who confirms a file that another has confirmed already is led to that job: it is taken in once.
    """
    if request.method == "POST" and (going := import_of(key, Job.State.WAITING, Job.State.RUNNING)) is not None:
        return HttpResponseRedirect(reverse("job", args=[going.pk]), status=303)
    try:
        waiting = spool.take(key)
    except LuoshiError:
        if (done := import_of(key, Job.State.DONE)) is not None:
            return HttpResponseRedirect(reverse("job", args=[done.pk]), status=303)
        raise
    if request.method == "POST":
        job = enqueue(IMPORT_JOB, actor=actor_of(request), arguments={"key": key})
        return HttpResponseRedirect(reverse("job", args=[job.pk]), status=303)
    context: dict[str, Any] = {
        "page_title": _("导入预览"),
        "crumbs": [
            {"title": _("公报与政策"), "href": reverse("policy")},
            {"title": _("导入公报"), "href": reverse("upload")},
        ],
        "filename": waiting.filename,
        "size_words": present.size_words(len(waiting.data)),
        "digest": key,
        "cancel_href": reverse("upload"),
        "error": None,
    }
    try:
        plan = plan_import(read(waiting.data, waiting.filename))
    except LuoshiError as error:
        context["error"] = _shown_error(error)
        return page(request, "site/upload_preview.html", context, status=error.http_status)
    return page(request, "site/upload_preview.html", context | _planned(plan))


_LATEST_JOBS = 5_000


def import_of(key: str, *states: Job.State) -> Job | None:
    """Return the latest import of an uploaded file that stands in one of `states`, of the latest jobs."""
    newest = Job.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    rows = Job.objects.filter(pk__gt=newest - _LATEST_JOBS, kind=IMPORT_JOB, state__in=states, arguments__key=key)
    return rows.order_by("-pk").first()


def _planned(plan: Plan) -> dict[str, Any]:
    records = [item.record for item in plan.instruments]
    limits = sum(len(duty.time_limits) for record in records for duty in record.duties)
    counts = (
        (_("文件"), len(records)),
        (_("条款"), sum(len(record.clauses) for record in records)),
        (_("责任"), sum(len(record.duties) for record in records)),
        (_("时限"), limits),
        (_("目标"), sum(len(record.targets) for record in records)),
        (_("存疑"), len(plan.compilation.warnings)),
    )
    places = Places(plan.text)
    return {
        "chars": len(plan.text),
        "already": _already(plan),
        "gazette": plan.compilation.gazette,
        "counts": [{"title": title, "value": value} for title, value in counts],
        "warnings_total": len(plan.compilation.warnings),
        "warnings": [
            {
                "code": w.code,
                "code_word": str(WARNING.get(w.code, _("存疑"))),
                "message": w.message,
                "place": _("第 %d 行") % places.line(max(w.start, 0)),
                "excerpt": places.excerpt(max(w.start, 0), w.end),
                "instrument": w.instrument or "",
            }
            for w in plan.compilation.warnings[:_SHOWN_WARNINGS]
        ],
        "instruments": [_planned_row(item) for item in plan.instruments[:_SHOWN_INSTRUMENTS]],
        "instruments_total": len(plan.instruments),
        "consequence": _consequence(plan),
    }


def _already(plan: Plan) -> dict[str, str] | None:
    if plan.already is None:
        return None
    at = plan.already.received_at
    words = _("同一文件已于 %(day)s 导入（%(name)s），内容一字未变；再导入不会改动任何记录。") % {
        "day": present.day_words(at.date()),
        "name": plan.already.filename,
    }
    return {"href": reverse("imports"), "words": words}


def _planned_row(item: Planned) -> dict[str, Any]:
    words = {NEW: _("新增"), NEW_VERSION: _("新版本"), SAME: _("未变")}
    record = item.record
    return {
        "number": record.number or "",
        "title": record.title or record.covering_title or _("（无标题）"),
        "kind_word": KIND.get(record.kind, record.kind),
        "issued_on": record.issued_on,
        "clause_count": len(record.clauses),
        "duty_count": len(record.duties),
        "limit_count": sum(len(duty.time_limits) for duty in record.duties),
        "target_count": len(record.targets),
        "status": item.status,
        "status_word": words[item.status],
        "existing_href": present.instrument_href(item.existing) if item.existing else "",
    }


def _consequence(plan: Plan) -> list[str]:
    if plan.already is not None:
        return [_("库中不作任何改动。")]
    by_status = {status: [p for p in plan.instruments if p.status == status] for status in (NEW, NEW_VERSION, SAME)}
    duties = sum(len(p.record.duties) for p in plan.instruments if p.status != SAME)
    found = []
    if by_status[NEW]:
        found.append(_("新增 %d 件文件。") % len(by_status[NEW]))
    if by_status[NEW_VERSION]:
        found.append(_("%d 件已有的文件出新版本；旧版本保留，其责任退出台账。") % len(by_status[NEW_VERSION]))
    if by_status[SAME]:
        found.append(_("%d 件与库中内容相同，不动。") % len(by_status[SAME]))
    found.append(_("责任台账新增 %d 条。") % duties)
    repeals = sum(r.type == "repeals" for p in plan.instruments for r in p.record.relations)
    if repeals:
        found.append(_("登记 %d 处废止，被废止的文件自施行之日起不再有效。") % repeals)
    return found
