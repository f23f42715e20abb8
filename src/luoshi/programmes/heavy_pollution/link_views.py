"""The page behind a personal link, and the list of links for the SMS operator."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.web import actor_of, needs, page, status_of
from luoshi.programmes.heavy_pollution import board, object_links, plan
from luoshi.programmes.heavy_pollution.models import MeasureTask

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
TASKS = MeasureTask.State


@needs("open.see")
@require_http_methods(["GET", "HEAD", "POST"])
def object_tasks(request: HttpRequest, code: str) -> HttpResponse:
    """What the holder of the link has to do, until when, how far it is; answered from here."""
    error: LuoshiError | None = None
    if request.method == "POST":
        try:
            row = _answer(request, code)
            return HttpResponseRedirect(f"{request.path}?done={row.pk}", status=303)
        except LuoshiError as refusal:
            error = refusal
    rows = list(object_links.tasks_of(object_links.read(code)))
    measures = plan.measures()
    warning = rows[0].response.warning
    context = {
        "page_title": rows[0].object_name,
        "warning": warning,
        "exercise": warning.case.exercise,
        "rows": [{"task": row, "title": measures[row.measure].title} for row in rows],
        "states": [(TASKS.RECEIVED, _("已收到")), (TASKS.IN_PLACE, _("已落实")), (TASKS.FAILED, _("落实不了"))],
        "done": request.GET.get("done", ""),
        "typed": request.POST if error else {},
        "faults": (error.fields.get("fields") or {}) if error else {},
        "error": error,
        "now": CLOCK.now(),
    }
    response = page(request, "heavy_pollution/object_tasks.html", context, status=status_of(error))
    response["Cache-Control"] = "no-store"
    # The address is the key: no other site learns it.
    response["Referrer-Policy"] = "same-origin"
    return response


def _answer(request: HttpRequest, code: str) -> MeasureTask:
    photo = request.FILES.get("photo")
    return object_links.answer(
        code=code,
        task=_number(request.POST.get("task")) or 0,
        state=request.POST.get("state", ""),
        note=request.POST.get("note", ""),
        photo=(str(photo.name), photo.read()) if photo is not None else None,
        lat=request.POST.get("lat", ""),
        lon=request.POST.get("lon", ""),
        version=_number(request.POST.get("version")),
    )


def _number(text: Any) -> int | None:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 19 else None


@needs("pollution.task")
@require_POST
def links(request: HttpRequest) -> HttpResponseBase:
    """The list for the SMS operator, line by line: telephone, object, words, link."""
    warning = board.warning_of()
    if warning is None or warning.response is None:
        raise LuoshiError("E_STATE", "现在没有响应，没有要下达的任务。")
    address = request.build_absolute_uri(reverse("open-pollution-object", args=["x"]))[: -len("x/")]
    lines = object_links.hand_out(
        actor=actor_of(request), response=warning.response, address=address, purpose=request.POST.get("purpose", "")
    )
    answer = StreamingHttpResponse(_csv(lines), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{warning.case.number}-sms.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


def _csv(lines: Iterator[object_links.Handed]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    # Excel reads UTF-8 only behind this mark.
    yield "\ufeff"
    writer.writerow([_("电话"), _("对象"), _("短信"), _("链接")])
    for line in lines:
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in line])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()
