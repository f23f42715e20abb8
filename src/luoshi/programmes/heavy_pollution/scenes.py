"""What scenarios can do and look at in this room."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db.models import Count

from luoshi.kernel.clock import CLOCK, local
from luoshi.office.actors import Actor
from luoshi.office.cases.models import CasePaper
from luoshi.office.duties.matter_models import Matter
from luoshi.office.notices.models import Notice, Publication, Sending
from luoshi.office.scenarios import Scene, check, moment, verb
from luoshi.programmes.heavy_pollution import (
    air_actions,
    drills,
    duties,
    episodes,
    organ_plans,
    site_plans,
    tasks,
    violations,
)
from luoshi.programmes.heavy_pollution.models import (
    CapMessage,
    CityHour,
    Consultation,
    Drill,
    Enterprise,
    EpisodeDuty,
    ForecastRun,
    ForecastValue,
    Inspection,
    MeasureTask,
    PlanVersion,
    PollutionWarning,
    SitePlan,
)


@verb("heavy_pollution.measured")
def measured(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> None:
    """Let the city have measured these AQI: `hours` [[count, aqi], ...] ending at `until` (now)."""
    until = moment(given["until"]) if "until" in given else CLOCK.now()
    values = [aqi for count, aqi in given["hours"] for _ in range(int(count))]
    end = until.replace(minute=0, second=0, microsecond=0)
    CityHour.objects.filter(hour__gte=end - datetime.timedelta(hours=len(values)), hour__lt=end).delete()
    CityHour.objects.bulk_create(
        [
            CityHour(hour=end - datetime.timedelta(hours=len(values) - n), pm25=_pm25(aqi), aqi=aqi, partial=True,
                     stations=3, received_at=CLOCK.now())
            for n, aqi in enumerate(values)
        ],
        batch_size=500,
    )  # fmt: skip


_STEPS = ((0, 0), (50, 35), (100, 75), (150, 115), (200, 150), (300, 250), (400, 350), (500, 500))


def _pm25(aqi: int) -> Decimal:
    """Return a PM2.5 concentration whose index is `aqi`, by the breakpoints of 2012."""
    for (low, under), (high, over) in pairwise(_STEPS):
        if aqi <= high:
            return Decimal(under) + Decimal((aqi - low) * (over - under)) / (high - low)
    return Decimal(500)


@verb("heavy_pollution.forecast")
def forecast(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> None:
    """Let an issuer have forecast `days` [[date, aqi], ...], or `hours` [[count, aqi], ...] from now on."""
    issued = moment(given["issued"]) if "issued" in given else CLOCK.now()
    daily = "days" in given
    kind = ForecastRun.Kind.DAILY if daily else ForecastRun.Kind.HOURLY
    issuer = str(given.get("issuer", "rushan_environment"))
    ForecastRun.objects.filter(issuer=issuer, issued_at=issued, kind=kind).update(current=False)
    run = ForecastRun.objects.create(
        issuer=issuer, issued_at=issued, kind=kind, digest="scene", received_at=CLOCK.now(), received_by="场景"
    )
    if daily:
        rows = [(moment(day), int(aqi)) for day, aqi in given["days"]]
    else:
        begin = CLOCK.now().replace(minute=0, second=0, microsecond=0)
        values = [aqi for count, aqi in given["hours"] for _ in range(int(count))]
        rows = [(begin + datetime.timedelta(hours=n), int(aqi)) for n, aqi in enumerate(values)]
    ForecastValue.objects.bulk_create([ForecastValue(run=run, valid_from=when, aqi=aqi) for when, aqi in rows])


@verb("heavy_pollution.dust")
def dust(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int:
    """Enter dust weather; returns its record for `confirm_dust`."""
    return air_actions.enter_dust(
        actor=actor, grade=str(given["grade"]), begins=moment(given["begins"]), ends=moment(given["ends"]),
        evidence=str(given.get("evidence", "能见度观测")),
    ).pk  # fmt: skip


@verb("heavy_pollution.confirm_dust")
def confirm_dust(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Confirm dust weather."""
    air_actions.confirm_dust(actor=actor, dust=int(given["dust"]))


@verb("heavy_pollution.hold")
def hold(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int:
    """Open a consultation; returns its case."""
    row = episodes.hold(actor=actor, purpose=str(given.get("purpose", "")), exercise=bool(given.get("exercise")))
    return row.approval_id


@verb("heavy_pollution.adopt")
def adopt(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Adopt a series for a consultation: the newest forecast unless one is given."""
    episodes.adopt(actor=actor, approval=int(given["consultation"]), forecast=given.get("forecast"),
                   edits=given.get("edits") or (), weihai=str(given.get("weihai", "")),
                   no_improvement=given.get("no_improvement"),
                   outlook_reason=str(given.get("outlook_reason", "")))  # fmt: skip


@verb("heavy_pollution.report_task")
def report_task(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Report the first open task of a measure (of an organ)."""
    rows = MeasureTask.objects.filter(measure=given["measure"], closed="")
    if "organ" in given:
        rows = rows.filter(organ=given["organ"])
    row = rows.order_by("id").first()
    tasks.report(actor=actor, task=row.pk if row else 0, state=str(given["state"]), note=str(given.get("note", "")))


@verb("heavy_pollution.hand_in")
def hand_in(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Hand in the first report of a kind that an organ owes; `all`: every one of that kind."""
    rows = EpisodeDuty.objects.filter(kind=given["kind"], state=EpisodeDuty.State.DUE)
    if "organ" in given:
        rows = rows.filter(organ=given["organ"])
    found = list(rows.order_by("due_at", "id").values_list("pk", flat=True))
    for pk in found if given.get("all") else found[:1]:
        duties.hand_in(actor=actor, duty=pk, content=given.get("content") or {})
    if not found:
        duties.hand_in(actor=actor, duty=0)


# --- what stands ready between episodes -------------------------------------------------------------------------------

_LEVELS = ("IV", "III", "II", "I")


@verb("heavy_pollution.firm")
def firm(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> None:
    """Let a firm stand on the list of a year: code, name, town, sector, baselines so2, nox, pm, vocs."""
    amounts = {name: Decimal(str(given.get(name, 0))) for name in ("so2", "nox", "pm", "vocs")}
    Enterprise.objects.create(credit_code=str(given["code"]), name=str(given["name"]), town=str(given["town"]),
                              sector=str(given["sector"]), list_year=int(given["year"]), **amounts)  # fmt: skip


def _plan_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return steps and reductions: each pollutant a list of four amounts, from the mildest level up."""
    steps = {level: [{"process": "涂装线", "action": "限产", "limit": "20%"}] for level in _LEVELS}
    return {
        "steps": steps,
        "reductions": {
            level: {name: str(given[name][n]) for name in ("so2", "nox", "pm", "vocs") if name in given}
            for n, level in enumerate(_LEVELS)
        },
    }


@verb("heavy_pollution.draft_plan")
def draft_plan(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int | None:
    """Begin a firm's plan; returns its case."""
    return site_plans.draft(actor=actor, firm=str(given["firm"]), **_plan_of(given)).case_id


@verb("heavy_pollution.change_plan")
def change_plan(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Change a plan that is a draft or was returned."""
    row = SitePlan.objects.get(case=given["case"])
    site_plans.change(actor=actor, pk=row.pk, **_plan_of(given))


@verb("heavy_pollution.publish_list")
def publish_list(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Publish the list of a year."""
    site_plans.publish_list(actor=actor, year=int(given["year"]))


@verb("heavy_pollution.inspect")
def inspect(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int | None:
    """Record an inspection; returns the case of what it found."""
    words: dict[str, Any] = {str(key): str(value) for key, value in given.items() if key != "report"}
    return violations.inspect(actor=actor, report=given.get("report"), **words).case_id


@verb("heavy_pollution.citizen")
def citizen(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> int:
    """Let somebody report a violation on the public page; returns the report."""
    return violations.report(address=str(given.get("address", "203.0.113.7")), **{
        key: str(given.get(key, "")) for key in ("kind", "town", "place", "text", "phone")
    }).pk  # fmt: skip


@verb("heavy_pollution.draw_up_drill")
def draw_up_drill(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int | None:
    """Draw a drill up; returns its case."""
    row = drills.draw_up(actor=actor, **{str(key): str(value) for key, value in given.items()})
    case = drills.case_of(row)
    return case.pk if case else None


@verb("heavy_pollution.exercise_case")
def exercise_case(_scene: Scene, _actor: Actor, _given: Mapping[str, Any]) -> int:
    """Return the case of the newest consultation that is an exercise."""
    return (
        Consultation.objects.filter(approval__exercise=True).order_by("-id").values_list("approval", flat=True).first()
        or 0
    )


@verb("heavy_pollution.exercise_warning")
def exercise_warning(_scene: Scene, _actor: Actor, _given: Mapping[str, Any]) -> int:
    """Return the case of the newest warning that is an exercise."""
    return PollutionWarning.objects.filter(exercise=True).order_by("-id").values_list("case", flat=True).first() or 0


@verb("heavy_pollution.warning_case")
def warning_case(_scene: Scene, _actor: Actor, _given: Mapping[str, Any]) -> int:
    """Return the case of the newest warning that is no exercise."""
    return PollutionWarning.objects.filter(exercise=False).order_by("-id").values_list("case", flat=True).first() or 0


@check("drill")
def drill(_scene: Scene, _subject: Any, _asked: Any) -> Any:
    """The newest drill: when held, its papers, whether every line that can leave the house says so, what did leave."""
    row = Drill.objects.order_by("-id").get()
    case = drills.case_of(row)
    drilled = MeasureTask.objects.filter(response__warning__exercise=True)
    messages = CapMessage.objects.filter(warning__exercise=True)
    marked = (
        not Notice.objects.filter(exercise=False).exists()
        and all(one.startswith("【演练】") for one in drilled.values_list("text", flat=True))
        and all(one.xml.count("【演练】") == 3 and one.status == "Exercise" for one in messages)
    )
    return {
        "held": row.held_on, "before_season": drills.held_before_season(row.season), "marked": marked,
        "papers": list(case.papers.order_by("id").values_list("title", flat=True)) if case else [],
        "matters": Matter.objects.filter(external_id__startswith="drill:").count(),
        "sent": Sending.objects.count(), "public": Publication.objects.count(),
    }  # fmt: skip


@check("inspection")
def inspected(_scene: Scene, subject: Any, _asked: Any) -> Any:
    """What the inspection behind a case says."""
    row = Inspection.objects.get(case=subject)
    report = row.reports.first()
    papers = list(row.case.papers.order_by("id").values_list("title", flat=True)) if row.case else []
    return {
        "finding": row.finding, "order": row.order, "penalty": row.penalty, "closed": row.closed_at is not None,
        "rechecked": row.rechecked_at is not None, "papers": papers, "report": report.state if report else None,
        "object": row.object_name,
    }  # fmt: skip


@verb("heavy_pollution.propose_plan")
def propose_plan(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int | None:
    """Propose a revision of the city's plan; returns its case."""
    return organ_plans.propose(actor=actor, why=str(given["why"]), changes=str(given["changes"])).case_id


@verb("heavy_pollution.organ_plan")
def organ_plan(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> int | None:
    """Return the case of an organ's newest plan."""
    return PlanVersion.objects.filter(organ=given["organ"]).order_by("-edition").first().case_id  # type: ignore[union-attr]


@check("plans")
def plans_filed(_scene: Scene, _subject: Any, _asked: Any) -> Any:
    """How many plans the newest city plan brought, how many are filed in time, missing, named; when it is published."""
    row = organ_plans.current()
    if row is None:
        return {"owed": 0}
    parts = row.parts.all()
    due = {one.due_on.isoformat() for one in parts if one.due_on}
    return organ_plans.counts(row) | {
        "due": sorted(due), "named": parts.filter(named=True).count(), "number": row.number, "state": row.state,
        "publish_by": row.publish_by,
    }  # fmt: skip


@check("readiness")
def readiness(_scene: Scene, _subject: Any, _asked: Any) -> Any:
    """How many firms are listed, ready and not, and how many matters there are because of those that were not."""
    rows = list(site_plans.with_readiness(Enterprise.objects.all(), CLOCK.today().year).values_list("ready", flat=True))
    matters = Matter.objects.filter(module="heavy-pollution", external_id__startswith="site-plan:").count()
    return {"listed": len(rows), "ready": sum(rows), "not_ready": len(rows) - sum(rows), "matters": matters}


# --- looking ----------------------------------------------------------------------------------------------------------


def _latest() -> PollutionWarning | None:
    return PollutionWarning.objects.select_related("case", "response").order_by("-issued_at", "-id").first()


@check("grade")
def grade(_scene: Scene, subject: Any, _asked: Any) -> Any:
    """The grade computed in a consultation."""
    return Consultation.objects.get(approval=subject).grade


@check("warning")
def warning(_scene: Scene, _subject: Any, _asked: Any) -> Any:
    """The newest warning."""
    row = _latest()
    if row is None:
        return {"live": False, "number": None}
    return {
        "number": row.case.number, "state": row.case.state, "colour": row.colour, "highest": row.highest,
        "basis": row.basis, "live": row.live, "onset": row.onset,
        "end": row.expected_end, "hours": row.duration_h, "daily": row.daily,
        "late_s": row.late_s, "issued": row.issued_at, "released": row.released_at, "release_at": row.release_at,
        "level": row.response.level, "reached": row.response.highest, "ended": row.response.ended_at,
        "changes": list(row.changes.order_by("id").values_list("kind", flat=True)),
    }  # fmt: skip


@check("measures")
def measures(_scene: Scene, _subject: Any, _asked: Any) -> Any:
    """The measures in force, in order."""
    row = _latest()
    return row.response.measures if row else []


@check("papers")
def papers_of(_scene: Scene, subject: Any, _asked: Any) -> Any:
    """The papers of a case, in order, by kind."""
    return list(CasePaper.objects.filter(case=subject).order_by("id").values_list("kind", flat=True))


@check("tasks")
def task_counts(_scene: Scene, _subject: Any, asked: Any) -> Any:
    """How many tasks there are, by measure, `open` and `total` beside them."""
    row = _latest()
    if row is None:
        return {}
    found = dict(row.response.tasks.filter(closed="").values_list("measure").annotate(n=Count("id")))
    found["total"] = row.response.tasks.count()
    found["open"] = row.response.tasks.filter(closed="").count()
    return {key: found.get(key, 0) for key in asked}


@check("duties")
def owed(_scene: Scene, _subject: Any, asked: Any) -> Any:
    """Reports by kind: the moment the latest is due, how many, their states; of one organ as `kind/organ`."""
    row = _latest()
    found: dict[str, Any] = {}
    for key in asked:
        kind, _slash, organ = str(key).partition("/")
        rows = row.response.duties.filter(kind=kind) if row else EpisodeDuty.objects.none()
        if organ:
            rows = rows.filter(organ=organ)
        states = dict(rows.values_list("state").annotate(n=Count("id")))
        due = rows.order_by("due_at").values_list("due_at", flat=True)
        found[key] = {
            "count": rows.count(),
            "first": _until(due.first()),
            "last": _until(due.last()),
            **states,
        }
    return found


def _until(value: datetime.datetime | None) -> str | None:
    if value is None:
        return None
    shown = local(value)
    if (shown.hour, shown.minute) == (0, 0):
        return f"{shown - datetime.timedelta(days=1):%Y-%m-%d} 24:00"
    return f"{shown:%Y-%m-%d %H:%M}"


@check("cap")
def cap_messages(_scene: Scene, _subject: Any, _asked: Any) -> Any:
    """The newest CAP message, by element."""
    from lxml import etree

    row = CapMessage.objects.order_by("-id").first()
    if row is None:
        return None
    found: dict[str, Any] = {}
    for element in etree.fromstring(row.xml.encode()).iter():
        name = etree.QName(element).localname
        if len(element) == 0:
            found[name] = element.text if name not in found else f"{found[name]} {element.text}"
    found["count"] = CapMessage.objects.count()
    return found
