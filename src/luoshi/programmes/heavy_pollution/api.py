"""What other systems ask of this room: air, grade, warning, tasks, reports; and files of hours and forecasts."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile
from pydantic import Field

from luoshi.kernel.clock import CLOCK, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.web import Needs, actor_of
from luoshi.programmes.heavy_pollution import air_actions, board, dossier, duties, episodes, plan, site_plans, tasks
from luoshi.programmes.heavy_pollution.models import EpisodeDuty, MeasureTask, SitePlan

router = Router()
Number = Annotated[int, Field(ge=1, le=2**63 - 1)]
Text = Annotated[str, Field(max_length=1000)]
_REFUSALS = frozenset((400, 401, 403, 404, 405, 409, 422))


class Refused(Schema):
    """A refusal (RFC 9457)."""

    code: str
    detail: str


_ANSWERS: dict[Any, Any] = {200: dict[str, Any], _REFUSALS: Refused}


@router.get("/pollution/air", auth=Needs("open.see"), response=_ANSWERS)
def air(request: HttpRequest) -> dict[str, Any]:
    """Return the last hour measured, the running daily mean, the grade computed with its reasons, and the hours."""
    found = board.picture()
    return {
        "now": found["now"].isoformat(),
        "latest": found["latest"],
        "running": found["running"],
        "grade": found["grade"],
        "reasons": [one.as_dict() for one in found["reasons"]],
        "release": found["release"].value if found["release"] else None,
        "hours": found["hours"],
    }


@router.get("/pollution/warning", auth=Needs("open.see"), response=_ANSWERS)
def warning(request: HttpRequest) -> dict[str, Any]:
    """Return the live warning, `live` False when there is none."""
    row = episodes.live_warning()
    if row is None:
        return {"live": False}
    return {
        "live": True,
        "number": row.case.number,
        "colour": row.colour,
        "level": row.response.level,
        "onset": local(row.onset).isoformat(),
        "expected_end": local(row.expected_end).isoformat(),
        "issued_at": local(row.issued_at).isoformat(),
        "release_at": local(row.release_at).isoformat() if row.release_at else None,
        "daily": row.daily,
        "measures": row.response.measures,
        "cap": list(row.messages.order_by("id").values_list("identifier", flat=True)),
    }


@router.get("/pollution/measures/{level}", auth=Needs("open.see"), response=_ANSWERS)
def measures(request: HttpRequest, level: str) -> dict[str, Any]:
    """Return the measures of a response level: IV, III, II or I."""
    found = plan.in_force(level) if level in plan.LEVEL_WORDS else []
    return {"level": level, "measures": [{"id": one.id, "title": one.title, "text": one.text, "lead": one.lead,
                                          "citations": one.citations} for one in found]}  # fmt: skip


class ConsultationIn(Schema):
    """What a consultation is about: issue, adjust or release; empty for what the state asks for."""

    purpose: Annotated[str, Field(pattern="^(|issue|adjust|release)$")] = ""
    exercise: bool = False


@router.post("/pollution/consultations", auth=Needs("pollution.consult"), response=_ANSWERS)
def hold(request: HttpRequest, body: ConsultationIn) -> dict[str, Any]:
    """Open a consultation; its case goes on with the steps of `heavy_pollution.approval`."""
    row = episodes.hold(actor=actor_of(request), purpose=body.purpose, exercise=body.exercise)
    return {"case": row.approval_id, "number": row.approval.number}


class EditIn(Schema):
    """One hour changed by the consultation."""

    hour: datetime.datetime
    aqi: Annotated[int, Field(ge=0, le=500)]
    reason: Text


class AdoptIn(Schema):
    """Which forecast is adopted and what the consultation changes."""

    issuer: Text = "rushan_environment"
    pick: Annotated[str, Field(pattern="^(low|mid|high)$")] = "mid"
    edits: Annotated[list[EditIn], Field(max_length=500)] = Field(default_factory=list)
    weihai: Annotated[str, Field(max_length=40)] = ""
    dust: Annotated[str, Field(max_length=300)] = ""
    minutes: Annotated[str, Field(max_length=4000)] = ""
    no_improvement: bool | None = None
    outlook_reason: Annotated[str, Field(max_length=300)] = ""


@router.post("/pollution/consultations/{case}/series", auth=Needs("pollution.consult"), response=_ANSWERS)
def adopt(request: HttpRequest, case: Number, body: AdoptIn) -> dict[str, Any]:
    """Adopt a series for a consultation and return the grade with its reasons."""
    edits = [{"hour": local(one.hour).isoformat(), "aqi": one.aqi, "reason": one.reason} for one in body.edits]
    row = episodes.adopt(actor=actor_of(request), approval=case, edits=edits, issuer=body.issuer, pick=body.pick,
                         weihai=body.weihai, dust=body.dust, minutes=body.minutes,
                         no_improvement=body.no_improvement, outlook_reason=body.outlook_reason)  # fmt: skip
    return {"grade": row.grade, "basis": episodes.basis_of(row), "computed": row.computed}


@router.post("/pollution/hours", auth=Needs("pollution.measure"), response=_ANSWERS)
def hours(request: HttpRequest, file: File[UploadedFile], reason: Form[Text] = "") -> dict[str, Any]:
    """Take in a file of measured hours (CSV, Excel, JSON)."""
    return dict(air_actions.import_hours(actor=actor_of(request), name=str(file.name), data=file.read(), reason=reason))


@router.post("/pollution/forecasts", auth=Needs("pollution.forecast"), response=_ANSWERS)
def forecasts(
    request: HttpRequest, file: File[UploadedFile], issuer: Form[Text] = "", issued_at: Form[str] = "",
    revise: Form[bool] = False,
) -> dict[str, Any]:  # fmt: skip
    """Take in a file of a forecast, hourly or daily."""
    from luoshi.programmes.heavy_pollution.views import moment_of

    return dict(
        air_actions.import_forecast(actor=actor_of(request), name=str(file.name), data=file.read(), issuer=issuer,
                                    issued_at=moment_of(issued_at), revise=revise)
    )  # fmt: skip


@router.get("/pollution/tasks", auth=Needs("pollution.see"), response=_ANSWERS)
def task_list(request: HttpRequest, state: str = "", measure: str = "", after: int = 0) -> dict[str, Any]:
    """Return the tasks of the last warning that the actor sees, 200 at a time, by number; `after` goes on."""
    reach, row = tasks.reach_of(actor_of(request)), board.warning_of()
    rows = MeasureTask.objects.filter(response=row.response) if row else MeasureTask.objects.none()
    if reach is not None:
        rows = rows.filter(Q(organ__in=reach) | Q(town__in=reach))
    rows = rows.filter(**{key: value for key, value in (("state", state), ("measure", measure)) if value})
    found = list(rows.filter(pk__gt=max(after, 0)).order_by("pk")[:200])
    return {
        "tasks": [
            {"id": one.pk, "measure": one.measure, "organ": one.organ, "town": one.town, "object": one.object_name,
             "object_kind": one.object_kind, "state": one.state, "note": one.note, "flagged": one.flagged,
             "closed": one.closed, "version": one.version}
            for one in found
        ],
        "next": found[-1].pk if len(found) == 200 else None,
    }  # fmt: skip


class TaskIn(Schema):
    """How far a task is."""

    state: Annotated[str, Field(max_length=12)]
    note: Annotated[str, Field(max_length=600)] = ""
    lat: Annotated[str, Field(max_length=20)] = ""
    lon: Annotated[str, Field(max_length=20)] = ""
    acted_at: datetime.datetime | None = None
    version: Annotated[int | None, Field(ge=1)] = None


@router.post("/pollution/tasks/{task}", auth=Needs("pollution.task"), response=_ANSWERS)
def report(request: HttpRequest, task: Number, body: TaskIn) -> dict[str, Any]:
    """Report a task: received, in_place or failed."""
    with transaction.atomic():
        row = tasks.report(actor=actor_of(request), task=task, state=body.state, note=body.note, lat=body.lat,
                           lon=body.lon, acted_at=body.acted_at, version=body.version)  # fmt: skip
    return {"id": row.pk, "state": row.state, "flagged": row.flagged, "version": row.version}


@router.get("/pollution/duties", auth=Needs("pollution.see"), response=_ANSWERS)
def duty_list(request: HttpRequest, state: str = "due") -> dict[str, Any]:
    """Return the reports the actor sees, by the moment they are due; at most 500."""
    reach = tasks.reach_of(actor_of(request))
    rows = EpisodeDuty.objects.all() if reach is None else EpisodeDuty.objects.filter(organ__in=reach)
    if state:
        rows = rows.filter(state=state)
    now = CLOCK.now()
    return {
        "duties": [
            {"id": one.pk, "kind": one.kind, "organ": one.organ, "due_at": local(one.due_at).isoformat(),
             "state": one.state, "overdue": one.state == "due" and one.due_at < now}
            for one in rows.order_by("due_at", "id")[:500]
        ]
    }  # fmt: skip


class DutyIn(Schema):
    """A report: its parts in words."""

    content: dict[str, Text] = Field(default_factory=dict)


@router.post("/pollution/duties/{duty}", auth=Needs("pollution.task"), response=_ANSWERS)
def hand_in(request: HttpRequest, duty: Number, body: DutyIn) -> dict[str, Any]:
    """Hand in a report; after its moment it is late for ever."""
    row = duties.hand_in(actor=actor_of(request), duty=duty, content=body.content)
    return {"id": row.pk, "state": row.state, "received_at": local(row.received_at or CLOCK.now()).isoformat()}


# --- the whole file of an episode -------------------------------------------------------------------------------------


@router.get("/pollution/warnings/{number}/papers", auth=Needs("pollution.see"), response=_ANSWERS)
def papers(request: HttpRequest, number: str) -> dict[str, Any]:
    """Return the papers of an episode that the actor sees, in the order they were drafted; at most 500."""
    found = dossier.papers_of(actor_of(request), board.numbered(number)).defer("content", "fields")
    return {
        "papers": [
            {"id": one.pk, "kind": one.kind, "title": one.title, "number": one.number_text, "organ": one.organ,
             "state": one.state, "at": local(one.signed_at or one.drafted_at).isoformat()}
            for one in found[:500]
        ],
        "count": found.count(),
    }  # fmt: skip


class PurposeIn(Schema):
    """Why the whole file is taken out."""

    purpose: Annotated[str, Field(max_length=200)]


@router.post("/pollution/warnings/{number}/file", auth=Needs("pollution.see"), response=_ANSWERS)
def whole_file(request: HttpRequest, number: str, body: PurposeIn) -> Any:
    """Return the whole file of an episode as a ZIP; E_TOO_LARGE for one that the page has made by a job."""
    actor, row = actor_of(request), board.numbered(number)
    dossier.require_whole(actor)
    if not dossier.at_once(actor, row):
        raise LuoshiError("E_TOO_LARGE", "这一卷较大，请在“文书与整卷”页导出，或用 luoshi pollution file。")
    from luoshi.programmes.heavy_pollution.dossier_views import zip_response

    return zip_response(dossier.write(actor=actor, warning=row, purpose=body.purpose), dossier.name_of(row))


# --- firms' plans -----------------------------------------------------------------------------------------------------


@router.get("/pollution/plans", auth=Needs("pollution.see"), response=_ANSWERS)
def plan_list(
    request: HttpRequest, year: int = 0, state: str = "", town: str = "", sector: str = "", after: int = 0
) -> dict[str, Any]:
    """Return the newest plan of each firm on the list of a year that the actor sees, 200 at a time; `after` goes on."""
    chosen = site_plans.year_of(str(year))
    rows = site_plans.with_readiness(site_plans.listed(chosen), chosen)
    if (reach := site_plans.reach_of(actor_of(request))) is not None:
        rows = rows.filter(town__in=reach)
    rows = rows.filter(**{key: value for key, value in (("town", town), ("sector", sector)) if value})
    if state:
        rows = rows.filter(plans__year=chosen, plans__state=state).distinct()
    firms = list(rows.filter(pk__gt=max(after, 0)).order_by("pk")[:200])
    plans = site_plans.newest(firms, chosen)
    return {
        "year": chosen,
        "plans": [
            {"firm": one.credit_code, "name": one.name, "town": one.town, "sector": one.sector,
             "ready": one.ready, "plan": _plan_out(plans.get(one.pk))}
            for one in firms
        ],
        "next": firms[-1].pk if len(firms) == 200 else None,
    }  # fmt: skip


def _plan_out(row: SitePlan | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "id": row.pk, "year": row.year, "edition": row.edition, "state": row.state, "case": row.case_id,
        "steps": row.steps, "reductions": row.reductions, "version": row.version,
        "filed_at": local(row.filed_at).isoformat() if row.filed_at else None,
    }  # fmt: skip


@router.get("/pollution/plans/{int:plan_id}", auth=Needs("pollution.see"), response=_ANSWERS)
def plan_one(request: HttpRequest, plan_id: Number) -> dict[str, Any]:
    """Return one plan with what the decisions say of it."""
    row = site_plans.visible(actor_of(request), plan_id)
    sound, sector = site_plans.soundness(row), site_plans.sector_results(row)
    return {
        **(_plan_out(row) or {}),
        "firm": row.enterprise.credit_code,
        "sound": sound.value,
        "reasons": [one.as_dict() for one in sound.reasons],
        "sector": {level: one.value for level, one in sector.items()},
    }


StepLine = dict[Annotated[str, Field(max_length=10)], Annotated[str, Field(max_length=200)]]


class PlanIn(Schema):
    """A plan: by level IV, III, II, I the steps and, in kg/d as decimal text, the reductions so2, nox, pm, vocs."""

    firm: Annotated[str, Field(max_length=18)] = ""
    year: Annotated[int | None, Field(ge=2018, le=2100)] = None
    steps: dict[Annotated[str, Field(pattern="^(IV|III|II|I)$")], Annotated[list[StepLine], Field(max_length=30)]]
    reductions: dict[
        Annotated[str, Field(pattern="^(IV|III|II|I)$")],
        dict[Annotated[str, Field(pattern="^(so2|nox|pm|vocs)$")], Annotated[str, Field(max_length=20)]],
    ]
    version: Annotated[int | None, Field(ge=1)] = None


@router.post("/pollution/plans", auth=Needs("pollution.plan"), response=_ANSWERS)
def plan_draft(request: HttpRequest, body: PlanIn) -> dict[str, Any]:
    """Begin a plan of a firm; its case goes on with the steps of `heavy_pollution.site_plan`."""
    row = site_plans.draft(actor=actor_of(request), firm=body.firm, year=body.year, steps=body.steps,
                           reductions=body.reductions)  # fmt: skip
    return _plan_out(row) or {}


@router.put("/pollution/plans/{int:plan_id}", auth=Needs("pollution.plan"), response=_ANSWERS)
def plan_change(request: HttpRequest, plan_id: Number, body: PlanIn) -> dict[str, Any]:
    """Change a plan that is a draft or was returned."""
    row = site_plans.change(actor=actor_of(request), pk=plan_id, steps=body.steps, reductions=body.reductions,
                            version=body.version)  # fmt: skip
    return _plan_out(row) or {}


class ListIn(Schema):
    """Which list is published."""

    year: Annotated[int | None, Field(ge=2018, le=2100)] = None


@router.post("/pollution/plans/publish", auth=Needs("pollution.plan"), response=_ANSWERS)
def plan_publish(request: HttpRequest, body: ListIn) -> dict[str, Any]:
    """Publish the list of a year: who has no approved plan is listed as not ready and supervised."""
    return dict(site_plans.publish_list(actor=actor_of(request), year=body.year))
