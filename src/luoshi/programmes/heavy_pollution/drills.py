"""Drills: drawn up, run as an exercise that never leaves the house, summed up; the roster and its gaps.

The way is `procedures/drill.yaml`. What is run is a consultation marked as an exercise: its papers, its warning, tasks
and CAP messages bear the word in every line, and no gateway is reached.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from luoshi.kernel.clock import CLOCK, day_of, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.cases import actions as cases
from luoshi.office.cases.hooks import effect
from luoshi.office.cases.models import Case, CasePaper
from luoshi.office.cases.turns import PROGRAM, Turn
from luoshi.office.duties import concern
from luoshi.office.duties.intake import push_matter
from luoshi.office.duties.matter_models import Kind as MatterKind
from luoshi.office.notices import actions as notices
from luoshi.office.notices.models import Notice
from luoshi.office.parameters import book
from luoshi.office.permissions import require
from luoshi.office.registers import actions as records
from luoshi.programmes.heavy_pollution import air_queries, episodes, plan
from luoshi.programmes.heavy_pollution.air_actions import ROOM
from luoshi.programmes.heavy_pollution.decisions.plans import Gap, gaps
from luoshi.programmes.heavy_pollution.decisions.settings import PLAN
from luoshi.programmes.heavy_pollution.models import Contact, Drill, Shift, Training
from luoshi.programmes.heavy_pollution.registers import DRILLS

PROCEDURE = episodes.DRILL
FIELDS = ("title", "mode", "planned_on", "aim", "people", "content", "rules", "scenario")
AHEAD_DAYS = 14
"""So many days ahead the roster is looked at for gaps."""


def season_of(day: datetime.date) -> int:
    """Return the heating season a day belongs to or comes before: the year in which that season begins."""
    # Until spring the season that began the year before is still on.
    return day.year if day.month >= 4 else day.year - 1


def draw_up(
    *,
    actor: Actor,
    title: str,
    planned_on: str,
    aim: str,
    people: str,
    content: str,
    mode: str = Drill.Mode.DESK,
    rules: str = "",
    scenario: str = "",
) -> Drill:
    """Draw a drill up: a record of the register and its case, an exercise from the first line. E_FORBIDDEN, E_INPUT."""
    require(actor, "pollution.command", [plan.COMMAND])
    try:
        day = datetime.date.fromisoformat(planned_on)
    except ValueError:
        raise LuoshiError("E_INPUT", "请填计划日期。", fields={"fields": {"planned_on": "应如 2018-11-01"}}) from None
    lacking = {
        key: f"请写{word}"
        for key, word, text in (("title", "名称", title), ("aim", "目的", aim), ("people", "参加人员", people),
                                ("content", "内容", content))
        if len(text.strip()) < 2
    }  # fmt: skip
    if lacking:
        raise LuoshiError("E_INPUT", "；".join(lacking.values()) + "。", fields={"fields": lacking})
    with transaction.atomic():
        count = Drill.objects.filter(season=season_of(day)).count()
        code = f"YL-{season_of(day)}-{count + 1:02}"
        case = cases.open_case(actor=actor, procedure=PROCEDURE, title=f"【演练】{title.strip()}", organ=plan.COMMAND,
                               subject=f"hp-drill:{code}", facts={"drill": code}, exercise=True)  # fmt: skip
        records.enter(
            actor=PROGRAM, register=DRILLS, reason=f"{actor.name}拟定演练方案",
            rows=[{"code": code, "title": title.strip()[:120], "mode": mode, "season": season_of(day),
                   "planned_on": day, "held_on": None, "aim": aim.strip()[:500], "people": people.strip()[:500],
                   "content": content.strip()[:2000], "rules": rules.strip()[:1000],
                   "scenario": scenario.strip()[:1000], "summary": "", "suggestions": "",
                   "case_number": case.number}],
        )  # fmt: skip
        return Drill.objects.get(code=code)


def case_of(drill: Drill) -> Case | None:
    """Return the case of a drill; None for one that was only registered."""
    return Case.objects.filter(number=drill.case_number).first() if drill.case_number else None


# --- the steps --------------------------------------------------------------------------------------------------------


def _row(turn: Turn) -> Drill:
    row: Drill = Drill.objects.get(code=turn.case.facts["drill"])
    return row


def _change(row: Drill, given: dict[str, Any], reason: str) -> None:
    records.correct(actor=PROGRAM, register=DRILLS, record_id=row.pk, version=row.version, given=given, reason=reason)


def _paper(turn: Turn, kind: str, fields: dict[str, Any]) -> None:
    draft = notices.draft(actor=PROGRAM, kind=f"{ROOM}.{kind}", fields=fields, case=turn.case.pk, exercise=True)
    signed = notices.sign(actor=turn.actor, notice=draft.pk)
    CasePaper.objects.create(case=turn.case, kind=kind, title=signed.title[:200], notice_id=signed.pk,
                             event=turn.case.events_count + 1, at=turn.at)  # fmt: skip


@effect("heavy_pollution.drill_approved")
def _approved(turn: Turn) -> None:
    row = _row(turn)
    fields = {
        "name": row.title, "day": row.planned_on, "mode": row.get_mode_display(), "aim": row.aim,
        "people": row.people, "content": row.content, "rules": row.rules, "scenario": row.scenario,
    }  # fmt: skip
    _paper(turn, "drill_plan", fields)


@effect("heavy_pollution.drill_run")
def _run(turn: Turn) -> None:
    """The drill begins: a consultation as an exercise, under the drill's case."""
    row = episodes.hold(actor=turn.actor, at=turn.at, exercise=True)
    row.approval.parent = turn.case
    row.approval.save(update_fields=["parent"])
    turn.case.facts["consultation"] = row.approval_id
    _change(_row(turn), {"held_on": day_of(turn.at)}, "开始演练")


def open_consultations(drill: Case) -> QuerySet[Case]:
    """Return the consultations held as an exercise that are still open, but those of another drill, oldest first.

    One that adjusts the drill's warning stands under the warning, one opened from the board under nothing.
    """
    others = Case.objects.filter(procedure=PROCEDURE, is_open=True).exclude(pk=drill.pk)
    rows = Case.objects.filter(procedure=episodes.APPROVAL, exercise=True, is_open=True)
    return rows.exclude(parent__in=others).order_by("id")


def _nothing_open(turn: Turn) -> None:
    """Refuse while the drill's warning is live or a consultation of it is open. E_STATE names it and what to do."""
    live = episodes.live_warning(exercise=True)
    if live is not None:
        raise LuoshiError(
            "E_STATE", f"演练的预警{live.case.number}还没有结束。请先在那一件里按“演练结束”。",
            fields={"case": live.case_id, "number": live.case.number},
        )  # fmt: skip
    left = open_consultations(turn.case).first()
    if left is not None:
        raise LuoshiError(
            "E_STATE", f"演练的会商{left.number}还没有办完。请先把它办到发布；"
            "只推演到这一步的，由指挥部办公室在那一件里按“撤回”并写明理由。",
            fields={"case": left.pk, "number": left.number},
        )  # fmt: skip


@effect("heavy_pollution.drill_summed")
def _summed(turn: Turn) -> None:
    _nothing_open(turn)
    given = {"summary": str(turn.data["summary"]), "suggestions": str(turn.data.get("suggestions") or "")}
    row = _row(turn)
    if (row.summary, row.suggestions) != (given["summary"], given["suggestions"]):
        _change(row, given, "演练总结")


@effect("heavy_pollution.drill_closed")
def _closed(turn: Turn) -> None:
    """The summary is signed; every suggestion becomes a matter of the office. Nothing of it is left open."""
    _nothing_open(turn)
    row = _row(turn)
    lines = suggestions_of(row)
    fields = {"name": row.title, "day": row.held_on, "summary": row.summary,
              "suggestions": [{"text": line} for line in lines]}  # fmt: skip
    _paper(turn, "drill_summary", fields)
    program = Actor.system("演练总结", "case", user_id=turn.actor.user_id)
    for number, line in enumerate(lines, 1):
        push_matter(
            actor=program, module="heavy-pollution", external_id=f"drill:{row.code}:{number}",
            kind=MatterKind.INSPECTION_RECTIFICATION, title=f"落实演练改进建议：{line}"[:200], organ=plan.COMMAND,
            basis=f"{PLAN} 5.1", href=f"/pollution/drills/{row.pk}/",
        )  # fmt: skip


def suggestions_of(row: Drill) -> list[str]:
    """Return the suggestions of a drill, one a line."""
    return [line.strip() for line in row.suggestions.splitlines() if line.strip()]


def owed_drills() -> int:
    """Return how many drills a year must have before the heating season."""
    return int(book.current().values(ROOM, CLOCK.today())["hp.drill"])


def held_before_season(season: int) -> int:
    """Return how many drills of a season were held before it began (K11)."""
    start = air_queries.number_on("hp.heating.start", datetime.date(season, 12, 31))
    if start is None:
        return 0
    month, day = map(int, str(start).split("-"))
    rows = Drill.objects.filter(season=season, held_on__lt=datetime.date(season, month, day), void=False)
    return rows.count()


# --- training ---------------------------------------------------------------------------------------------------------


def trainings(year: int) -> list[Training]:
    """Return the courses planned in a year, in order."""
    rows = Training.objects.filter(planned_on__year=year, void=False, ended_on=None)
    return list(rows.order_by("planned_on", "code"))


def training_plan(*, actor: Actor, year: int) -> Notice:
    """Draft the training plan of a year from the register (5.2.2); the same courses give the same draft.

    Errors: E_FORBIDDEN, E_STATE without a course.
    """
    require(actor, "pollution.command", [plan.COMMAND])
    rows = trainings(year)
    if not rows:
        raise LuoshiError("E_STATE", f"{year}年还没有登记培训，不能起草计划。请先在培训台账里登记。")
    courses = [
        {"title": one.title, "organ": one.organ, "day": one.planned_on, "audience": one.audience,
         "hours": f"{one.hours.normalize():f}"}
        for one in rows
    ]  # fmt: skip
    digest = hashlib.sha256(repr(courses).encode()).hexdigest()[:16]
    return notices.draft(actor=actor, kind=f"{ROOM}.training_plan", fields={"year": year, "courses": courses},
                         organ=plan.COMMAND, key=f"hp-training:{year}:{digest}")  # fmt: skip


# --- the roster -------------------------------------------------------------------------------------------------------


def shifts(organ: str, begins: datetime.datetime, ends: datetime.datetime) -> list[Shift]:
    """Return the shifts of an organ that touch a stretch of time, in order."""
    rows = Shift.objects.filter(organ=organ, begins__lt=ends, ends__gt=begins, void=False, ended_on=None)
    return list(rows.order_by("begins", "person"))


def uncovered(organ: str, begins: datetime.datetime, ends: datetime.datetime) -> list[Gap]:
    """Return where an organ has nobody on duty in a stretch of time (K12: their minutes)."""
    found = [(local(one.begins), local(one.ends)) for one in shifts(organ, begins, ends)]
    return gaps(found, local(begins), local(ends))


def on_duty(organ: str, at: datetime.datetime) -> list[Shift]:
    """Return who is on duty at an organ at a moment."""
    rows = Shift.objects.filter(organ=organ, begins__lte=at, ends__gt=at, void=False, ended_on=None)
    return list(rows.order_by("begins"))


def calls(actor: Actor) -> list[dict[str, Any]]:
    """Return the call list with telephone numbers, for print: responsible person and liaison of every organ.

    Who gaps in it is told of too. Side effect: one audit entry. E_FORBIDDEN for whoever is not of the command's office.
    """
    require(actor, "pollution.command", [plan.COMMAND, "environment"])
    found: dict[str, dict[str, Any]] = {organ: {} for organ in (*plan.MEMBERS, *sorted(concern.towns()))}
    for one in Contact.objects.filter(void=False, ended_on=None):
        found.setdefault(one.organ, {})[one.kind] = one
    names = concern.titles(found)
    now = CLOCK.now()
    duty: dict[str, Shift] = {}
    for shift in Shift.objects.filter(begins__lte=now, ends__gt=now, void=False, ended_on=None).order_by("-begins"):
        duty[shift.organ] = shift
    with transaction.atomic():
        append(actor=actor, act="pollution.call_list", subject="hp-contacts", permission="pollution.command",
               after={"organs": len(found)}, basis=f"{PLAN} 4.4")  # fmt: skip
    return [
        {"organ": names.get(organ, organ), "responsible": kinds.get("responsible"), "liaison": kinds.get("liaison"),
         "duty": duty.get(organ)}
        for organ, kinds in found.items()
    ]  # fmt: skip


def days_of(rows: Sequence[Shift], begins: datetime.datetime, count: int, found: Sequence[Gap]) -> list[dict[str, Any]]:
    """Return the roster by day: its shifts and the minutes nobody covers."""
    days = []
    for number in range(count):
        start = local(begins) + datetime.timedelta(days=number)
        end = start + datetime.timedelta(days=1)
        minutes = sum(
            Gap(max(one.begins, start), min(one.ends, end)).minutes
            for one in found
            if one.begins < end and one.ends > start
        )
        mine = [
            {"from": f"{max(local(one.begins), start):%H:%M}", "person": one.person,
             "to": "24:00" if local(one.ends) >= end else f"{local(one.ends):%H:%M}"}
            for one in rows
            if local(one.begins) < end and local(one.ends) > start
        ]  # fmt: skip
        days.append({"day": start.date(), "shifts": mine, "minutes": minutes})
    return days
