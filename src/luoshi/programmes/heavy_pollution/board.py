"""What the board and the public page show: the air, the grade, the warning, its tasks and reports. Reads only."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db.models import Count, Q, Sum, Value
from django.utils.translation import gettext as _

from luoshi.kernel.clock import CLOCK, day_of, local, start_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.duties import concern
from luoshi.office.parameters import book
from luoshi.programmes.heavy_pollution import air, air_queries, maps, plan
from luoshi.programmes.heavy_pollution.air_actions import ROOM
from luoshi.programmes.heavy_pollution.decisions import settings
from luoshi.programmes.heavy_pollution.models import (
    ConstructionSite,
    EmissionInventory,
    Enterprise,
    EpisodeDuty,
    MeasureTask,
    MedicalInstitution,
    PollutionWarning,
    PortBerth,
    Response,
    RoadSection,
    School,
    SitePlan,
    WarningChange,
)
from luoshi.programmes.heavy_pollution.numbers import plain
from luoshi.programmes.heavy_pollution.series import read
from luoshi.programmes.heavy_pollution.windows import lay_out

State = MeasureTask.State
SHOWN_BACK, SHOWN_AHEAD = datetime.timedelta(days=4), datetime.timedelta(days=5)
TILES = (
    ("", "yazi", "wuji", "xiachu", ""),
    ("zhuwang", "yuli", "xiacun", "fengjia", "nanhuang"),
    ("rushanzhai", "chengqu-subdistrict", "dagushan", "xujia", ""),
    ("rushankou", "haiyangsuo", "baishatan", "", ""),
)
"""The tile grid of the 15 towns: where they lie to each other, not their true borders."""
POLLUTANTS = (("so2", "SO2"), ("nox", "NOx"), ("pm", "PM"), ("vocs", "VOCs"))


def picture(now: datetime.datetime | None = None, back: datetime.timedelta = SHOWN_BACK) -> dict[str, Any]:
    """Return the air around now: hours, running means, the grade with its reasons, when a release would be possible.

    `back`: since when hours and means are given.
    """
    moment = now or CLOCK.now()
    found = air_queries.grading(moment)
    value = found.graded.value
    hours = list(found.assembled.value.get("hours") or [])
    shown = [one for one in hours if moment - back <= _at(one) <= moment + SHOWN_AHEAD]
    means: dict[str, int] = {}
    release = None
    if found.assembled.value.get("series") is not None:
        windows = book.decide("heavy_pollution.window", {"series": found.assembled.value["series"]}, day_of(moment))
        for one in windows.value.get("windows", []):
            if one["aqi"] is not None:
                means[one["to"]] = one["aqi"]
        release = air_queries.release_of(found, moment)
    measured = [one for one in hours if one.get("origin") == "measured" and one.get("aqi") is not None]
    return {
        "now": moment,
        "hours": shown,
        "means": {key: mean for key, mean in means.items() if moment - back <= _parsed(key) <= moment + SHOWN_AHEAD},
        "grade": value,
        "reasons": found.graded.reasons,
        "outcome": found.graded.outcome,
        "release": release,
        "nowcast": air_queries.nowcast_of(found, moment),
        "latest": measured[-1] if measured else None,
        "running": next((means[key] for key in sorted(means, reverse=True) if _parsed(key) <= moment), None),
        "runs": found.runs,
        "gaps": sum(one.get("aqi") is None for one in hours),
    }


def adopted(series: Mapping[str, Any], now: datetime.datetime) -> dict[str, Any]:
    """Return the hours and running means of a series that a consultation adopted at `now`, as the picture has them.

    The hourly index is reckoned anew from what the series holds, as the grade reckoned it.
    """
    whole, day = read(series), day_of(now)
    numbers = book.current().values(ROOM, day)
    line = lay_out(whole, [False] * len(whole.hours), day, None, settings.rounding(numbers), settings.validity(numbers))
    step, start = datetime.timedelta(hours=1), _parsed(str(series["start"]))
    hours = [
        {"hour": (start + place * step).isoformat(), "aqi": plain(line.aqi[place]), "origin": one.origin}
        for place, one in enumerate(whole.hours)
    ]
    means = {
        (start + (place + line.window) * step).isoformat(): int(daily.aqi)
        for place, daily in enumerate(line.daily)
        if daily.aqi is not None
    }
    first, last = now - SHOWN_BACK, now + SHOWN_AHEAD
    return {
        "hours": [one for one in hours if first <= _at(one) <= last],
        "means": {key: mean for key, mean in means.items() if first <= _parsed(key) <= last},
    }


def _at(one: Mapping[str, Any]) -> datetime.datetime:
    return _parsed(str(one["hour"]))


def _parsed(text: str) -> datetime.datetime:
    return local(datetime.datetime.fromisoformat(text))


def warning_of(pk: int | None = None) -> PollutionWarning | None:
    """Return a warning by its number, the live one, or the last one."""
    rows = PollutionWarning.objects.select_related("case", "response")
    if pk is not None:
        found = rows.filter(pk=pk).first()
        if found is None:
            raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 次预警。")
        return found
    return rows.filter(live=True, exercise=False).first() or rows.filter(exercise=False).order_by("-issued_at").first()


def numbered(number: str) -> PollutionWarning:
    """Return the warning that bears a number (RSZWR-2018-001), a drill's too; E_NOT_FOUND."""
    rows = PollutionWarning.objects.select_related("case", "response")
    found = rows.filter(case__number=number.strip()[:60]).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"没有编号为“{number.strip()[:40]}”的预警。编号如 RSZWR-2018-001。")
    return found


def chain(warning: PollutionWarning) -> list[dict[str, Any]]:
    """Return the steps of the bar at the head of a warning: what was signed when by whom, what comes."""
    first = warning.changes.filter(kind=WarningChange.Kind.ISSUE).select_related("approval").first()
    words = {"propose": "会商", "confirm": "确认", "consent": "应急委同意", "sign": "总指挥签发", "issue": "发布"}
    events = {}
    if first is not None and first.approval is not None:
        for event in first.approval.events.filter(act__in=words).order_by("n"):
            events[event.act] = event
    found = []
    day = ""
    for act, title in words.items():
        note = ""
        if (taken := events.get(act)) is not None:
            at = local(taken.at)
            before, day = day, f"{at.month}月{at.day}日"
            # What follows on the same day says the hour alone.
            # The consultation is the act of two bureaus: no one name stands for it.
            who = "" if act == "propose" else taken.who
            note = f"{'' if day == before else day + ' '}{at:%H:%M} {who}".strip()
        found.append({"title": title, "note": note, "state": "done"})
    live, ended = warning.live, warning.released_at
    found.append({"title": "落实", "note": "每日15:00报", "state": "here" if live else "done"})
    released = local(warning.release_at) if warning.release_at else None
    note = f"{released.month}月{released.day}日 {released:%H:%M}" if released else "须会商提出"
    found.append({"title": "解除", "note": note, "state": "todo" if live else "done"})
    closed = not warning.case.is_open
    found.append(
        {"title": "评估", "note": "终止后3个工作日", "state": "done" if closed else "here" if ended else "todo"}
    )
    return found


class Tally(NamedTuple):
    """How many tasks of a response are alike in these."""

    measure: str
    organ: str
    town: str
    state: str
    tasks: int


def tallies(response: Response) -> list[Tally]:
    """Count the tasks of a response in one pass: those that stand, all of them once it is over."""
    rows = response.tasks.all() if response.ended_at else response.tasks.filter(closed="")
    # Counting rows reads less than counting a column.
    found = rows.order_by().values_list("measure", "organ", "town", "state").annotate(n=Count("*"))
    return [Tally(*one) for one in found]


def measures(
    response: Response, organs: frozenset[str] | None, counted: Sequence[Tally] | None = None
) -> list[dict[str, Any]]:
    """Return the measures of a response with how far their tasks are; `organs` bounds what is counted."""
    counts: dict[str, Counter[str]] = {}
    for one in tallies(response) if counted is None else counted:
        if organs is None or one.organ in organs or one.town in organs:
            counts.setdefault(one.measure, Counter())[one.state] += one.tasks
    names = concern.titles({lead for one in plan.measures().values() for lead in one.lead if lead != "all"})
    found = []
    for key in response.measures:
        measure, state = plan.measures()[key], counts.get(key, Counter())
        if organs is not None and not state:
            continue
        done = state.get(State.IN_PLACE, 0) + state.get(State.EXCUSED, 0)
        failed = state.get(State.FAILED, 0)
        found.append(
            {
                "measure": measure,
                "lead": "、".join(names.get(lead, "各镇区") for lead in measure.lead),
                "done": done,
                "going": sum(state.values()) - done - failed,
                "failed": failed,
                "unread": state.get(State.SENT, 0),
                "total": sum(state.values()),
            }
        )
    return found


def reports(response: Response, now: datetime.datetime) -> dict[str, Any]:
    """Return the daily reports of today, else the next, else the last: who has, who has not, until when."""
    rows = response.duties.filter(kind=EpisodeDuty.Kind.DAILY).exclude(state=EpisodeDuty.State.VOID)
    due = rows.filter(due_at__gte=start_of(day_of(now))).order_by("due_at").values_list("due_at", flat=True).first()
    due = due or rows.order_by("-due_at").values_list("due_at", flat=True).first()
    if due is None:
        return {}
    found = list(rows.filter(due_at=due).order_by("received_at", "organ"))
    names = concern.titles({one.organ for one in found})
    compiled = response.duties.filter(kind=EpisodeDuty.Kind.COMPILED, due_at__date=day_of(due)).first()
    return {
        "due": due,
        "over": due < now,
        "rows": [{"name": names[one.organ], "duty": one} for one in sorted(found, key=_came)],
        "in": sum(one.received_at is not None for one in found),
        "total": len(found),
        "compiled": compiled,
    }


def _came(one: EpisodeDuty) -> tuple[bool, Any, str]:
    return (one.received_at is None, one.received_at or one.due_at, one.organ)


MOST_MAPPED = 40_000
"""Of more tasks than these no map is made."""
_RANK = {"failed": 3, "going": 2, "in_place": 1, "none": 0}
_PLACED: tuple[tuple[str, Any, str], ...] = (
    ("firm", Enterprise, "credit_code"), ("site", ConstructionSite, "code"), ("school", School, "code"),
    ("hospital", MedicalInstitution, "code"), ("road", RoadSection, "code"), ("port", PortBerth, "code"),
)  # fmt: skip


def object_map(response: Response, organs: frozenset[str] | None, day: datetime.date) -> dict[str, Any]:
    """Return the map of objects by their worst task, how many are in which state, and what has no place.

    `organs` bounds what is shown. Above `maps.MOST_POINTS` points there is no map: the towns tell; and above
    `MOST_MAPPED` tasks (`many`) objects are not asked one by one what their worst task is.
    """
    rows = response.tasks.exclude(object_kind="")
    if response.ended_at is None:
        rows = rows.filter(closed="")
    if organs is not None:
        rows = rows.filter(Q(organ__in=organs) | Q(town__in=organs))
    if rows[MOST_MAPPED : MOST_MAPPED + 1].exists():
        return {"many": True, "svg": "", "counts": {}, "total": MOST_MAPPED, "unplaced": 0, "placed": 0}
    states: dict[tuple[str, str], str] = {}
    for kind, object_id, state in rows.values_list("object_kind", "object_id", "state"):
        name = _shown_state(state)
        if _RANK[name] >= _RANK[states.get((kind, object_id), "none")]:
            states[kind, object_id] = name
    points, counts = [], dict.fromkeys(maps.STATES, 0)
    present = {kind for kind, _object_id in states}
    parts = [
        model.objects.filter(lat__isnull=False).values_list(Value(kind), key, "name", "lat", "lon")
        for kind, model, key in _PLACED
        if kind in present
    ]
    for kind, object_id, name, lat, lon in parts[0].union(*parts[1:], all=True) if parts else ():
        if (kind, object_id) in states:
            points.append(maps.Point(float(lat), float(lon), states[kind, object_id], name))
    for name in states.values():
        counts[name] += 1
    fits = 0 < len(points) <= maps.MOST_POINTS
    drawn = maps.objects(points, maps.built_up(day), _map_words(counts)) if fits else ""
    return {"svg": drawn, "counts": counts, "total": len(states), "unplaced": len(states) - len(points),
            "placed": len(points)}  # fmt: skip


def _shown_state(state: str) -> str:
    if state in (State.IN_PLACE, State.EXCUSED, State.CLOSED):
        return "in_place"
    return "failed" if state == State.FAILED else "going"


def _map_words(counts: Mapping[str, int]) -> str:
    return _("各对象的位置：%(done)s个到位，%(going)s个在办，%(failed)s个未到位") % {
        "done": counts["in_place"], "going": counts["going"], "failed": counts["failed"],
    }  # fmt: skip


def towns(response: Response, counted: Sequence[Tally] | None = None) -> dict[str, dict[str, Any]]:
    """Return, by town, the share of its objects that are in place, in whole percent, and how many are not."""
    found: dict[str, dict[str, Any]] = {}
    for _measure, _organ, town, state, count in tallies(response) if counted is None else counted:
        if not town:
            continue
        one = found.setdefault(town, {"done": 0, "total": 0, "failed": 0})
        one["total"] += count
        one["done"] += count if state in (State.IN_PLACE, State.EXCUSED) else 0
        one["failed"] += count if state == State.FAILED else 0
    for one in found.values():
        one["percent"] = one["done"] * 100 // one["total"]
    return found


def amounts(response_level: str, year: int | None = None) -> dict[str, Any]:
    """Return base, planned reduction by plans in force, and the reserve: what the simulator reckons with."""
    newest = year or EmissionInventory.objects.order_by("-year").values_list("year", flat=True).first()
    suffix = response_level.lower()
    base: dict[str, str] = {}
    red: dict[str, str] = {}
    rows = EmissionInventory.objects.filter(year=newest or 0, void=False, ended_on=None)
    sums = rows.aggregate(
        **{name: Sum(name) for name, _title in POLLUTANTS},
        **{f"r_{name}": Sum(f"{name}_{suffix}") for name, _t in POLLUTANTS},
    )
    for name, title in POLLUTANTS:
        base[title], red[title] = str(sums[name] or 0), str(sums[f"r_{name}"] or 0)
    reserve = []
    standing = {"reserve": True, "void": False, "ended_on": None}
    plans = SitePlan.objects.filter(
        enterprise__in=Enterprise.objects.filter(**standing), state__in=("approved", "filed")
    )
    for one in plans.select_related("enterprise").order_by("enterprise__priority"):
        reduction = one.reductions.get(response_level, {})
        reserve.append(
            {"name": one.enterprise.name, "priority": one.enterprise.priority,
             "red": {title: str(reduction.get(name, 0)) for name, title in POLLUTANTS}}
        )  # fmt: skip
    reserve += [
        {"name": site.name, "priority": 1000 + (site.priority or 0), "red": {"PM": str(getattr(site, f"pm_{suffix}"))}}
        for site in ConstructionSite.objects.filter(**standing).order_by("priority")
    ]
    return {"year": newest, "base": base, "red": red, "reserve": reserve}


def classes(level: str, year: int) -> list[dict[str, Any]]:
    """Return base and planned reduction of each class of sources, by pollutant, as the inventory of a year has them."""
    suffix = level.lower()
    rows = EmissionInventory.objects.filter(year=year, void=False, ended_on=None).values("source")
    sums = rows.annotate(
        **{f"b_{name}": Sum(name) for name, _title in POLLUTANTS},
        **{f"r_{name}": Sum(f"{name}_{suffix}") for name, _title in POLLUTANTS},
    )
    words = dict(EmissionInventory.Source.choices)
    order = list(words)
    found: list[Any] = sorted(sums, key=lambda one: order.index(one["source"]))
    return [
        {"title": words[row["source"]],
         "cells": [{"base": row[f"b_{name}"], "red": row[f"r_{name}"]} for name, _title in POLLUTANTS]}
        for row in found
    ]  # fmt: skip


def reductions(level: str) -> Any:
    """Return the decision whether a level's reductions are reached by the plans on file; None without an inventory."""
    found = amounts(level)
    if not found["year"]:
        return None
    return book.decide(
        "heavy_pollution.reduction", {"level": level, "base": found["base"], "red": found["red"]}, CLOCK.today()
    )


def days(found: Mapping[str, Any], first: int, last: int) -> list[dict[str, Any]]:
    """Return the days from `first` to `last` counted from today (0): the mean of each whole day and its class.

    What is to come, today included, is forecast in part; days without a mean are left out.
    """
    today, rows = day_of(found["now"]), []
    for shift in range(first, last + 1):
        day = today + datetime.timedelta(days=shift)
        aqi = found["means"].get(local(start_of(day + datetime.timedelta(days=1))).isoformat())
        if aqi is not None:
            rows.append(
                {"day": day, "aqi": aqi, "class": air.class_of(aqi), "forecast": shift >= 0, "today": not shift}
            )
    return rows


def air_class(aqi: int | None) -> air.AirClass | None:
    """Return the class of an index."""
    return None if aqi is None else air.class_of(aqi)
