"""What the plan says in tables: measures by level, colours and levels, what organs owe an episode and by when. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from luoshi.kernel import yaml_text
from luoshi.kernel.calendar import WorkingCalendar
from luoshi.kernel.clock import local
from luoshi.kernel.dues import Roll, Unit
from luoshi.kernel.limits import TimeLimit
from luoshi.kernel.periods import daily_at, repeated
from luoshi.kernel.procedures import clock_of
from luoshi.programmes.heavy_pollution.decisions.settings import PLAN

LEVEL_OF = {"blue": "IV", "yellow": "III", "orange": "II", "red": "I"}
"""Which level of response belongs to a colour (3.2.x.1)."""
LEVEL_WORDS = {"IV": "Ⅳ级", "III": "Ⅲ级", "II": "Ⅱ级", "I": "Ⅰ级"}
COLOUR_WORDS = {"none": "无", "blue": "蓝色", "yellow": "黄色", "orange": "橙色", "red": "红色"}
ORDER = ("none", "blue", "yellow", "orange", "red")
_LEVELS = {"Ⅳ": "IV", "Ⅲ": "III", "Ⅱ": "II", "Ⅰ": "I"}
_RISING = ("IV", "III", "II", "I")
MEMBERS = (
    "publicity-dept", "development-reform", "economy-it", "education", "public-security", "finance",
    "housing-construction", "enforcement", "transport", "health-family", "environment", "weather", "highway", "unicom",
    "mobile", "telecom", "power-company",
)  # fmt: skip
"""The member organs of the command besides the towns and zones."""
_REPORTS = f"{PLAN} 附件/应急处置组行动细则/三/(二)/7"
LISTS_FROM = ("environment", "economy-it", "housing-construction", "highway")
"""Who hands in the lists of firms and sites (3.3)."""
COMMAND = "air-command"


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure: the level that introduces it, what it replaces, who leads with whom, on which objects."""

    id: str
    level: str
    group: str
    title: str
    lead: tuple[str, ...]
    together: tuple[str, ...]
    text: str
    objects: tuple[str, ...]
    audiences: tuple[str, ...]
    evidence: tuple[str, ...]
    citations: tuple[str, ...]
    replaces: tuple[str, ...] = ()
    lead_as: str = ""


@lru_cache(maxsize=1)
def measures() -> Mapping[str, Measure]:
    """Return every measure by its id, in the order of the plan."""
    rows = yaml_text.read((Path(__file__).parent / "data" / "measures.yaml").read_text("utf-8"))["measures"]
    found = {}
    for row in rows:
        replaced = row.get("replaces") or []
        found[row["id"]] = Measure(
            id=row["id"],
            level=_LEVELS[row["level"]],
            group=row["class"],
            title=row["title"],
            lead=tuple(row["lead"]),
            together=tuple(row.get("with") or ()),
            text=row["text"],
            objects=tuple(row["objects"]),
            audiences=tuple(row.get("audiences") or ()),
            evidence=tuple(row.get("evidence") or ()),
            citations=tuple(f"{PLAN} {one}" for one in row["citations"]),
            replaces=(replaced,) if isinstance(replaced, str) else tuple(replaced),
            lead_as=row.get("lead_as") or "",
        )
    return found


def in_force(level: str) -> list[Measure]:
    """Return the measures of a level: all introduced at or below it, less those replaced by one of them (D12)."""
    upto = _RISING.index(level)
    chosen = [one for one in measures().values() if _RISING.index(one.level) <= upto]
    replaced = {old for one in chosen for old in one.replaces}
    return [one for one in chosen if one.id not in replaced]


# --- what is owed -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Owed:
    """Something an organ owes an episode by a moment, and where that stands."""

    kind: str
    organ: str
    period: str
    due_at: datetime.datetime
    citation: str


def owed_at_issue(
    issued_at: datetime.datetime, parameters: Mapping[str, Any], calendar: WorkingCalendar, *, lists: Sequence[str]
) -> list[Owed]:
    """Return what an issue or an upgrade brings: lists, publicity, filing with the province on the same day (D18)."""
    issued = local(issued_at)
    name = f"{issued:%Y-%m-%d %H:%M}"
    hours = TimeLimit(int(parameters["hp.list.h"]), Unit.HOUR).due(issued, calendar).until
    publicity = TimeLimit(int(parameters["hp.pub.h"]), Unit.HOUR).due(issued, calendar).until
    midnight = TimeLimit(0, Unit.DAY).due(issued, calendar).until
    return [
        *(Owed("lists", organ, name, hours, f"{PLAN} 3.3") for organ in lists),
        Owed("publicity", "publicity-dept", name, publicity, f"{PLAN} 附件/信息公开和宣传组行动细则/一/(二)/1"),
        Owed("filing", COMMAND, name, midnight, f"{PLAN} 3.1.4"),
    ]


def owed_daily(
    started_at: datetime.datetime, upto: datetime.datetime, parameters: Mapping[str, Any], organs: Sequence[str]
) -> list[Owed]:
    """Return the daily reports owed from a response's start up to a moment: members 15:00, the office 17:00 (A17)."""
    found = []
    member, office = clock_of(str(parameters["hp.daily.member"])), clock_of(str(parameters["hp.daily.office"]))
    wait = datetime.timedelta(hours=int(parameters["hp.first_report.h"]))
    cutoff = (datetime.datetime.combine(datetime.date(2000, 1, 2), member) - wait).time()
    for moment in repeated(daily_at(started_at, member, cutoff), upto):
        period = f"{moment:%Y-%m-%d}"
        compiled = datetime.datetime.combine(moment.date(), office, moment.tzinfo)
        found += [Owed("daily", organ, period, moment, f"{PLAN} 3.3") for organ in organs]
        found.append(Owed("compiled", COMMAND, period, compiled, f"{PLAN} 3.3"))
    return found


def first_daily(at: datetime.datetime, parameters: Mapping[str, Any]) -> datetime.datetime:
    """Return when the first daily report of members is due after something began at a moment (A17)."""
    found = owed_daily(at, at + datetime.timedelta(days=2), parameters, ["-"])
    return min(one.due_at for one in found if one.kind == "daily")


def owed_at_end(
    ended_at: datetime.datetime,
    parameters: Mapping[str, Any],
    calendar: WorkingCalendar,
    *,
    organs: Sequence[str],
    highest: str,
) -> list[Owed]:
    """Return what the end of a response brings: implementation reports, evaluations, and from Ⅱ on their sending up."""
    days, working = int(parameters["hp.impl.days"]), int(parameters["hp.eval.wd"])
    implementation = TimeLimit(days, Unit.DAY).due(ended_at, calendar).until
    evaluation = TimeLimit(working, Unit.WORKING_DAY, roll=Roll.NEXT).due(ended_at, calendar).until
    found = [
        *(Owed("implementation", organ, "", implementation, _REPORTS) for organ in organs),
        *(Owed("evaluation", organ, "", evaluation, f"{PLAN} 3.4") for organ in organs),
        Owed("evaluation", COMMAND, "", evaluation, f"{PLAN} 3.4"),
    ]
    if highest in ("II", "I"):
        found += [
            Owed("upward", COMMAND, "weihai", evaluation, f"{PLAN} 3.4"),
            Owed("upward", COMMAND, "province", evaluation, f"{PLAN} 附件/市指挥部办公室行动细则/一/8"),
        ]
    return found
