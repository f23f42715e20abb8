"""Tasks of a response: one a measure and object, made in bulk at the start, moved on at each change of level."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from luoshi.kernel.clock import CLOCK, day_of, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.duties import concern
from luoshi.office.files import actions as files
from luoshi.office.messages.actions import Telling, tell_organs
from luoshi.office.parameters import book
from luoshi.office.permissions import require
from luoshi.programmes.heavy_pollution import plan
from luoshi.programmes.heavy_pollution.air_actions import ROOM
from luoshi.programmes.heavy_pollution.decisions.settings import PLAN
from luoshi.programmes.heavy_pollution.models import (
    ConstructionSite,
    Enterprise,
    Inspection,
    MeasureTask,
    MedicalInstitution,
    PortBerth,
    Response,
    RoadSection,
    School,
)

State = MeasureTask.State
OPEN = (State.SENT, State.RECEIVED, State.FAILED)
FAR_KM = 1.0
"""A photo taken farther from its object than this is flagged for inspection."""


@dataclass(frozen=True, slots=True)
class Object:
    """What a measure is carried out on."""

    kind: str
    id: str
    name: str
    town: str = ""
    organ: str = ""


def objects_of(kind: str, measure: plan.Measure) -> Iterator[Object]:
    """Yield the objects of a kind that a measure reaches; nothing for kinds that have no register."""
    live = {"ended_on__isnull": True, "void": False}
    if kind == "firm":
        rows = Enterprise.objects.filter(reserve=False, **live)
        sectors = _SECTORS.get(measure.id)
        if sectors is not None:
            rows = rows.filter(sector__in=sectors)
        for code, name, town in rows.values_list("credit_code", "name", "town"):
            yield Object("firm", code, name, town)
    elif kind == "site":
        for code, name, town, organ in ConstructionSite.objects.filter(reserve=False, **live).values_list(
            "code", "name", "town", "organ"
        ):
            yield Object("site", code, name, town, organ)
    elif kind == "road":
        for code, name, town, organ in RoadSection.objects.filter(**live).values_list("code", "name", "town", "organ"):
            yield Object("road", code, name, town, organ)
    elif kind == "school":
        rows_of = School.objects.filter(**live)
        if measure.id == "P6":
            rows_of = rows_of.filter(suspendable=True)
        for code, name, town in rows_of.values_list("code", "name", "town"):
            yield Object("school", code, name, town)
    elif kind == "hospital":
        for code, name, town in MedicalInstitution.objects.filter(**live).values_list("code", "name", "town"):
            yield Object("hospital", code, name, town)
    elif kind == "port":
        for code, name, town in PortBerth.objects.filter(bulk=True, **live).values_list("code", "name", "town"):
            yield Object("port", code, name, town)


_Sector = Enterprise.Sector
_SECTORS = {
    "E2": (_Sector.CEMENT,),
    "E3": (_Sector.SPRAYING,),
    "E4": (_Sector.RUBBER,),
    "E5": (_Sector.RUBBER, _Sector.CASTING),
    "E6": (_Sector.RUBBER, _Sector.CASTING),
    "E7": (_Sector.PRINTING, _Sector.CHEMICAL),
    "E8": (_Sector.PRINTING, _Sector.CHEMICAL),
    "E9": (_Sector.PRINTING, _Sector.CHEMICAL, _Sector.METAL, _Sector.EQUIPMENT),
}
"""The trades a measure reaches; measures that are not here reach every firm on the list."""


def send(response: Response, at: datetime.datetime, *, note: str = "") -> int:
    """Open the tasks of the measures in force that have none yet; return how many. Needs a transaction.

    Each is due by the first daily report after it was sent, which must say how far it is (3.3).
    """
    wanted = plan.in_force(response.level)
    due = plan.first_daily(at, book.current().values(ROOM, day_of(response.started_at)))
    present = set(response.tasks.filter(closed="").values_list("measure", flat=True))
    rows = [task for measure in wanted if measure.id not in present for task in _tasks(response, measure, at, due)]
    MeasureTask.objects.bulk_create(rows, batch_size=1000)
    response.measures = [measure.id for measure in wanted]
    response.save(update_fields=["measures", "level", "highest", "levels"])
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.organ] = counts.get(row.organ, 0) + 1
    drill = "【演练】" if response.warning.exercise else ""
    what = f"{drill}{response.warning.case.number} {plan.LEVEL_WORDS[response.level]}应急响应：{note or '请落实'}"
    key = f"hp:{response.pk}:{response.level}:{at:%Y%m%d%H%M}"
    tell_organs(
        [
            Telling(f"{key}:{organ}:{role}", organ, role, "pollution", f"{what} {count} 项措施", "/pollution/tasks/")
            for organ, count in counts.items()
            for role in ("clerk", "leader")
        ]
    )
    return len(rows)


def _tasks(
    response: Response, measure: plan.Measure, at: datetime.datetime, due: datetime.datetime
) -> Iterator[MeasureTask]:
    for lead in measure.lead:
        organs = sorted(concern.towns()) if measure.lead == ("all",) else [lead]
        found = [one for kind in measure.objects for one in objects_of(kind, measure)]
        mine = [one for one in found if not one.organ or one.organ == lead or one.organ not in measure.lead]
        for organ in organs:
            if not mine:
                yield _task(response, measure, organ, None, at, due)
            for one in mine:
                yield _task(response, measure, one.organ if one.organ in measure.lead else organ, one, at, due)


def _task(
    response: Response,
    measure: plan.Measure,
    organ: str,
    one: Object | None,
    at: datetime.datetime,
    due: datetime.datetime,
) -> MeasureTask:
    return MeasureTask(
        response=response,
        measure=measure.id,
        organ=organ,
        town=one.town if one else "",
        object_kind=one.kind if one else "",
        object_id=one.id if one else "",
        object_name=one.name if one else "",
        text=("【演练】" if response.warning.exercise else "") + measure.text[:290],
        sent_at=at,
        due_at=due,
        state_at=at,
    )


def close_replaced(response: Response, at: datetime.datetime) -> int:
    """Close the open tasks of measures no longer in force at the response's level; return how many."""
    kept = [measure.id for measure in plan.in_force(response.level)]
    return response.tasks.filter(closed="").exclude(measure__in=kept).update(closed="措施已被替代", state_at=at)


def close_all(response: Response, at: datetime.datetime) -> int:
    """Close what is still open when the response ends; return how many."""
    gone = response.tasks.filter(closed="")
    gone.filter(state__in=OPEN).update(state=State.CLOSED)
    return response.tasks.filter(closed="").update(closed="响应终止", state_at=at)


def report(
    *,
    actor: Actor,
    task: int,
    state: str,
    note: str = "",
    photo: tuple[str, bytes] | None = None,
    lat: str = "",
    lon: str = "",
    acted_at: datetime.datetime | None = None,
    version: int | None = None,
) -> MeasureTask:
    """Say how far a task is, with evidence. The server's clock stamps it; what looks odd is flagged, not refused.

    Flags: the same photo used on another object, a place far from the object, an act told more than a day later.
    Errors: E_NOT_FOUND, E_FORBIDDEN, E_STATE (closed), E_VERSION, E_INPUT (a failure or excuse without a reason).
    """
    row = visible(actor, task, MeasureTask.objects.select_for_update(of=("self",)).select_related("response"))
    own = concern.organs_for(actor, "pollution.task")
    if own is not None and own.isdisjoint({row.organ, row.town}):
        require(actor, "pollution.task", [row.organ])
    if row.closed:
        raise LuoshiError("E_STATE", f"这项任务已结束（{row.closed}），不用再报。")
    if version is not None and version != row.version:
        raise LuoshiError("E_VERSION", f"{row.by}已报过“{row.get_state_display()}”，请刷新后再报。",
                          fields={"yours": version, "now": row.version})  # fmt: skip
    if state not in (State.RECEIVED, State.IN_PLACE, State.FAILED):
        raise LuoshiError("E_INPUT", "请选：已接收、已落实或未落实。", fields={"fields": {"state": "请选一项"}})
    if state == State.FAILED and len(note.strip()) < 2:
        raise LuoshiError("E_INPUT", "未落实请写明原因。", fields={"fields": {"note": "请写明原因"}})
    flags = []
    now = CLOCK.now()
    if photo is not None:
        kept = files.keep(actor=actor, name=photo[0], data=photo[1])
        if MeasureTask.objects.filter(evidence=kept).exclude(object_id=row.object_id).exists():
            flags.append("照片在别处用过")
        row.evidence = kept
    if acted_at is not None and now - local(acted_at) > datetime.timedelta(hours=24):
        flags.append("补报超过24小时")
    if (away := kilometres(row, lat, lon)) is not None and away > FAR_KM:
        flags.append(f"拍摄地距对象{away:.1f}公里")
    before = row.state
    row.state, row.state_at, row.by, row.note = state, now, actor.name[:100], note.strip()[:600]
    row.lat, row.lon = (lat or None, lon or None) if lat and lon else (None, None)
    row.acted_at, row.flagged, row.version = acted_at or now, "；".join(flags)[:200], row.version + 1
    row.save()
    append(actor=actor, act="pollution.task", subject=f"hp-task:{row.pk}", before={"state": before},
           after={"state": state, "flags": flags, "note": row.note}, basis=f"{PLAN} 3.3")  # fmt: skip
    return row


def excuse(*, actor: Actor, task: int, reason: str) -> MeasureTask:
    """Excuse a task, as the command, by a recorded decision. E_FORBIDDEN, E_NOT_FOUND, E_INPUT, E_STATE."""
    require(actor, "pollution.command", [plan.COMMAND])
    row = MeasureTask.objects.select_for_update().filter(pk=task).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第 {task} 号任务。")
    if row.closed:
        raise LuoshiError("E_STATE", f"这项任务已结束（{row.closed}）。")
    if len(reason.strip()) < 4:
        raise LuoshiError("E_INPUT", "免除任务请写明理由。", fields={"fields": {"reason": "请写明理由"}})
    row.state, row.state_at, row.by, row.note = State.EXCUSED, CLOCK.now(), actor.name[:100], reason.strip()[:600]
    row.version += 1
    row.save()
    append(actor=actor, act="pollution.excuse", subject=f"hp-task:{row.pk}", after={"reason": row.note},
           permission="pollution.command")  # fmt: skip
    return row


def visible(actor: Actor, task: int, rows: QuerySet[MeasureTask] | None = None) -> MeasureTask:
    """Return a task the actor sees, read from `rows` where they are given. E_NOT_FOUND."""
    row = (MeasureTask.objects.all() if rows is None else rows).filter(pk=task).first()
    reach = reach_of(actor)
    if row is None or (reach is not None and row.organ not in reach and row.town not in reach):
        raise LuoshiError("E_NOT_FOUND", f"没有第 {task} 号任务。")
    return row


def reach_of(actor: Actor) -> frozenset[str] | None:
    """Return the organs whose tasks and reports the actor sees; None for all: the command and who runs its office."""
    if any(grant.organ in (plan.COMMAND, "environment") for grant in actor.grants):
        return None
    return concern.organs_for(actor, "pollution.see")


_LEADS = """
WITH RECURSIVE found(organ) AS (
    SELECT * FROM (SELECT organ FROM {table} WHERE response_id = %s ORDER BY organ LIMIT 1) AS first
    UNION ALL
    SELECT (SELECT organ FROM {table} WHERE response_id = %s AND organ > found.organ ORDER BY organ LIMIT 1)
    FROM found WHERE found.organ IS NOT NULL
)
SELECT organ FROM found WHERE organ IS NOT NULL
"""


def leads_of(response: Response, reach: frozenset[str] | None) -> list[str]:
    """Return the organs that have tasks in a response, as far as the reader's list may hold any of theirs.

    From organ to organ through the index, not by reading every task. Who sees a town's objects meets all organs.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LEADS.format(table=MeasureTask._meta.db_table), [response.pk, response.pk])
        found = [organ for (organ,) in cursor.fetchall()]
    if reach is None or not reach.isdisjoint(concern.towns()):
        return found
    return [organ for organ in found if organ in reach]


_PLACED: dict[str, tuple[Any, str]] = {
    "firm": (Enterprise, "credit_code"), "site": (ConstructionSite, "code"), "school": (School, "code"),
    "hospital": (MedicalInstitution, "code"), "port": (PortBerth, "code"),
}  # fmt: skip
"""Objects that lie in one place; a road is as long as it is."""


def kilometres(row: MeasureTask | Inspection, lat: str, lon: str) -> float | None:
    """Return how far a photo was taken from its object; None where either place is unknown."""
    if not lat or not lon or row.object_kind not in _PLACED:
        return None
    try:
        here = float(lat), float(lon)
    except ValueError:
        raise LuoshiError("E_INPUT", "经纬度应是数字。", fields={"fields": {"lat": "应是数字"}}) from None
    model, key = _PLACED[row.object_kind]
    there = model.objects.filter(**{key: row.object_id}).values_list("lat", "lon").first()
    if there is None or there[0] is None:
        return None
    from math import cos, hypot, radians

    north = (here[0] - float(there[0])) * 111.2
    east = (here[1] - float(there[1])) * 111.2 * cos(radians(here[0]))
    return hypot(north, east)
