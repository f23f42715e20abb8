"""Acts on a smallest task that the room adds: the head's signature, a change by an instrument, its printed forms."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import acts, concern, hooks, lights
from luoshi.office.duties.matter_models import Matter
from luoshi.office.notices.content import Paper
from luoshi.office.web import actor_of, needs, page
from luoshi.programmes.supervision import adjusting, correcting, matter_block, papers, signing, works
from luoshi.programmes.supervision.crossing import leaf_of
from luoshi.programmes.supervision.letter_forms import crumbs, date_of, errors_of, status_of, text_of, version_of
from luoshi.programmes.supervision.letters import ROOM
from luoshi.programmes.supervision.models import Correction


def task_of(actor: Actor, pk: int) -> Matter:
    """Return a smallest task somebody sees; E_NOT_FOUND."""
    row = Matter.objects.filter(pk=pk, module=ROOM, work_leaf__isnull=False).first()
    if row is None or not (acts.reaches(actor, "matter.see", acts.concerned(row)) or hooks.also_sees(row, actor)):
        raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 号任务。")
    return row


@needs("work.see")
@require_POST
def sign_report(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign the open report as the head of the organ."""
    actor = actor_of(request)
    task_of(actor, pk)
    try:
        signing.sign_report(actor=actor, matter=pk, version=version_of(request.POST))
    except LuoshiError as error:
        return _adjust(request, pk, error)
    return HttpResponseRedirect(acts.href(pk), status=303)


@needs("work.see")
@require_http_methods(["GET", "HEAD", "POST"])
def adjust(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a change of a task by an instrument, or decide on the one that waits."""
    if request.method == "POST":
        try:
            _do(actor_of(request), request, pk)
            return HttpResponseRedirect(acts.href(pk), status=303)
        except LuoshiError as error:
            return _adjust(request, pk, error)
    return _adjust(request, pk)


def _do(actor: Actor, request: HttpRequest, pk: int) -> None:
    data, act = request.POST, text_of(request.POST, "act", 10)
    task_of(actor, pk)
    if act == "ask":
        adjusting.ask(
            actor=actor, matter=pk, instrument=text_of(data, "instrument", 80), place=text_of(data, "place", 80),
            reason=text_of(data, "reason", 1100), value=text_of(data, "value", 30) or None,
            due=date_of(data, "due", _("新的期限"), required=False), withdraw=data.get("withdraw") == "1",
            version=version_of(data),
        )  # fmt: skip
        return
    given = text_of(data, "adjustment", 15)
    adjusting.decide(
        actor=actor, adjustment=int(given) if given.isdecimal() else 0, approve=act == "approve",
        reason=text_of(data, "reason", 1100), version=version_of(data),
    )  # fmt: skip


def _adjust(request: HttpRequest, pk: int, error: LuoshiError | None = None) -> HttpResponse:
    actor = actor_of(request)
    row = task_of(actor, pk)
    waiting = next((one for one in adjusting.of(row) if not one.decision), None)
    leaf = leaf_of(row)
    context: dict[str, Any] = {
        "page_title": _("调整"),
        "crumbs": crumbs(
            (row.title, acts.href(pk)),
            *([(leaf.node.item.code, reverse("supervision-item", args=[leaf.node.item.code]))] if leaf else []),
        ),
        "matter": row,
        "organ": concern.title(row.organ),
        "target": f"{row.target_value.normalize():f}" if row.target_value is not None else "",
        "waiting": waiting,
        "words": adjusting.words(waiting) if waiting else "",
        "curves": matter_block.curves(row, waiting, CLOCK.today()) if waiting and waiting.kind == "target" else "",
        "may_decide": waiting is not None and adjusting.may_decide(actor, waiting),
        "may_ask": adjusting.may_ask(actor, row),
        "version": row.version,
        "values": request.POST.dict(),
        "errors": errors_of(error),
        "error": error,
    }
    return page(request, "supervision/adjust.html", context, status=status_of(error))


@needs("work.see")
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the order to explain or to put right that runs on a task, or give one; with those before."""
    actor, error = actor_of(request), None
    row, data = task_of(actor, pk), request.POST
    if request.method == "POST":
        try:
            if data.get("act") == "object":
                works.object_to(
                    actor=actor, matter=pk, reason=text_of(data, "reason", 500), version=version_of(data)
                )  # fmt: skip
            elif data.get("act") == "order":
                correcting.order(
                    actor=actor, matter=pk, level=text_of(data, "level", 10), words=text_of(data, "words", 1100),
                    version=version_of(data),
                )  # fmt: skip
            else:
                given = text_of(data, "correction", 15)
                correcting.answer(
                    actor=actor, correction=int(given) if given.isdecimal() else 0, words=text_of(data, "answer", 2100),
                    steps=correcting.steps_of(text_of(data, "steps", 8000)), version=version_of(data),
                )  # fmt: skip
            return HttpResponseRedirect(acts.href(pk), status=303)
        except LuoshiError as refusal:
            if refusal.code == "E_FORBIDDEN":
                raise
            error = refusal
    leaf, found = leaf_of(row), list(correcting.of(row))
    running = next((one for one in found if one.ended_at is None), None)
    context: dict[str, Any] = {
        "page_title": _("说明和纠偏"),
        "crumbs": crumbs(
            (row.title, acts.href(pk)),
            *([(leaf.node.item.code, reverse("supervision-item", args=[leaf.node.item.code]))] if leaf else []),
        ),
        "matter": row,
        "lamp": lights.lamp(row, CLOCK.today()),
        "organ": concern.title(row.organ),
        "running": running,
        "rows": found,
        "may_answer": running is not None and not running.answer and correcting.may_answer(actor, row),
        "object_by": works.object_by(row) if works.may_object(actor, row) else None,
        "may_order": row.is_open and correcting.may_order(actor, row),
        "levels": Correction.Level.choices,
        "values": data.dict() if error else {"level": "red"},
        "errors": errors_of(error),
        "error": error,
        "version": data.get("version", row.version) if error else row.version,
    }
    return page(request, "supervision/correct.html", context, status=status_of(error))


@needs("work.see")
@require_safe
def task_paper(request: HttpRequest, pk: int, what: str, number: int, form: str) -> HttpResponse:
    """Hand out a form of a task as PDF or Word."""
    row = task_of(actor_of(request), pk)
    return handed_out(papers.of_matter(row, what, number), form, f"{what}-{row.external_id}-{number}")


def handed_out(found: Paper, form: str, name: str) -> HttpResponse:
    """Return a paper as a file."""
    data, media = papers.rendered(found, form)
    response = HttpResponse(data, content_type=media)
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response


urlpatterns: list[URLPattern] = [
    path("supervision/tasks/<int:pk>/sign-report/", sign_report, name="supervision-sign-report"),
    path("supervision/tasks/<int:pk>/adjust/", adjust, name="supervision-adjust"),
    path("supervision/tasks/<int:pk>/correct/", correct, name="supervision-correct"),
    path(
        "supervision/tasks/<int:pk>/papers/<slug:what>-<int:number>.<slug:form>", task_paper,
        name="supervision-task-paper",
    ),
]  # fmt: skip
