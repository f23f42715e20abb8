"""The whole file of an episode: its papers listed, the archive taken out."""

from __future__ import annotations

from typing import IO

from django.http import FileResponse, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from luoshi.kernel.errors import LuoshiError
from luoshi.office.duties import concern
from luoshi.office.notices.kinds import kinds
from luoshi.office.permissions import may
from luoshi.office.web import actor_of, needs, page, status_of
from luoshi.programmes.heavy_pollution import board, dossier, dossier_jobs, tasks, words_shown

ZIP = "application/zip"


@needs("pollution.see")
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, pk: int) -> HttpResponseBase:
    """List the papers of an episode; hand its whole file out, at once or, when it is large, by a job."""
    actor, warning, error = actor_of(request), board.warning_of(pk), None
    assert warning is not None
    purpose = request.POST.get("purpose", "")[:200]
    if request.method == "POST":
        try:
            if not dossier.at_once(actor, warning):
                job = dossier_jobs.later(actor=actor, warning=warning, purpose=purpose)
                return HttpResponseRedirect(reverse("job", args=[job.pk]), status=303)
            made = dossier.write(actor=actor, warning=warning, purpose=purpose)
            return zip_response(made, dossier.name_of(warning))
        except LuoshiError as refusal:
            error = refusal
    rows = list(dossier.papers_of(actor, warning).defer("content", "fields"))
    names = concern.titles({row.organ for row in rows})
    known = kinds()
    context = {
        "page_title": _("%s 文书与整卷") % warning.case.number,
        "crumbs": [
            {"title": _("重污染天气应急"), "href": reverse("pollution")},
            {"title": warning.case.number, "href": reverse("pollution-warning", args=[pk])},
            {"title": _("文书与整卷"), "href": ""},
        ],
        "warning": warning,
        "colour_word": words_shown.COLOURS[warning.highest],
        "rows": [
            {"paper": row, "organ": names.get(row.organ, row.organ), "at": row.signed_at or row.drafted_at,
             "kind": known[row.kind].title if row.kind in known else row.kind}
            for row in rows
        ],
        "unsigned": sum(not row.signed for row in rows),
        "messages_cap": warning.messages.order_by("sent"),
        "whole": tasks.reach_of(actor) is None,
        "at_once": dossier.at_once(actor, warning),
        "tasks": warning.response.tasks.count(),
        "duties": warning.response.duties.exclude(state="void").count(),
        "with_trail": may(actor, "audit.see"),
        "purpose": purpose,
        "error": error,
        "errors": {"purpose": error.message} if error is not None and error.code == "E_PURPOSE" else {},
        "consequences": [
            _("得到一个压缩包：目录、空气与预报、会商与审批、文书、CAP、措施任务和证据、报告、发布、检查，逐件有摘要。"),
            _("谁、何时、为什么导出会记入审计记录。"),
        ],
    }  # fmt: skip
    return page(request, "heavy_pollution/dossier.html", context, status=422 if context["errors"] else status_of(error))


@needs("pollution.see")
@require_safe
def file(request: HttpRequest, pk: int, key: str) -> HttpResponseBase:
    """Hand out a whole file that was made as a job to whoever asked for it."""
    path, name = dossier_jobs.waiting(actor_of(request), pk, key)
    return zip_response(path.open("rb"), name)


def zip_response(made: IO[bytes], name: str) -> FileResponse:
    """Return the answer that hands an open archive out, never to be kept or guessed at by a browser."""
    response = FileResponse(made, as_attachment=True, filename=name, content_type=ZIP)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store, private"
    return response
