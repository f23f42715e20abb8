"""The papers that report on a response and the papers of a firm, drafted from what the registers and tasks say (11.2).

Each is drafted once for its report, list or plan, and goes on as any paper: words, signature, print, sending.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from luoshi.kernel.clock import local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import concern
from luoshi.office.notices import actions as notices
from luoshi.office.notices.models import Notice
from luoshi.programmes.heavy_pollution import plan, report_counts, tasks
from luoshi.programmes.heavy_pollution.air_actions import ROOM
from luoshi.programmes.heavy_pollution.decisions.plans import LEVELS, POLLUTANTS
from luoshi.programmes.heavy_pollution.models import (
    ConstructionSite,
    Enterprise,
    EpisodeDuty,
    Inspection,
    MeasureTask,
    Response,
    SitePlan,
)

Fields = dict[str, Any]
Kind, State = EpisodeDuty.Kind, MeasureTask.State
_SITES = ("housing-construction", "highway")
"""Who lists building sites; firms are listed by the others (3.3)."""


def of_duty(*, actor: Actor, duty: int) -> Notice:
    """Draft the paper of a report: list, daily report, compiled report, implementation report, evaluation.

    It takes what was handed in, else what stands there now. Errors: E_NOT_FOUND, E_FORBIDDEN, E_STATE for a report that
    has no paper of its own, or an evaluation that was not handed in.
    """
    row = EpisodeDuty.objects.select_related("response__warning__case").filter(pk=duty).first()
    reach = tasks.reach_of(actor)
    if row is None or (reach is not None and row.organ not in reach):
        raise LuoshiError("E_NOT_FOUND", f"没有第 {duty} 号报告。")
    found = _DRAWN.get(row.kind)
    if found is None:
        raise LuoshiError("E_STATE", f"“{row.get_kind_display()}”没有单独的文书。")
    name, fields = found
    warning = row.response.warning
    return notices.draft(
        actor=actor, kind=f"{ROOM}.{name}", organ=row.organ, case=warning.case_id, exercise=warning.exercise,
        fields=fields(row) | {"warning": warning.case.number}, subject=f"hp-duty:{row.pk}",
        key=f"hp-paper:{row.pk}:{row.version}",
    )  # fmt: skip


def _list(row: EpisodeDuty) -> Fields:
    kind = "site" if row.organ in _SITES else "firm"
    open_tasks = row.response.tasks.filter(object_kind=kind, closed="").order_by("object_name", "measure")
    known, level = plan.measures(), row.response.level
    measures: dict[str, list[str]] = {}
    for code, measure in open_tasks.values_list("object_id", "measure"):
        measures.setdefault(code, []).append(known[measure].title)
    if not measures:
        raise LuoshiError("E_STATE", "现在没有下达到企业、工地的措施，没有名单可起草。")
    describe = _sites if kind == "site" else _firms
    return {"level": plan.LEVEL_WORDS[level], "start": _since(row.response), "objects": describe(measures, level)}


def _since(response: Response) -> datetime.datetime:
    """Return when the present level of a response began."""
    last = response.levels[-1]["at"] if response.levels else None
    return datetime.datetime.fromisoformat(last) if last else response.started_at


def _firms(measures: dict[str, list[str]], level: str) -> list[Fields]:
    rows = Enterprise.objects.filter(credit_code__in=measures).order_by("name")
    approved = SitePlan.objects.filter(
        enterprise__in=rows, state__in=(SitePlan.State.APPROVED, SitePlan.State.FILED)
    ).order_by("year", "edition")
    plans = {one.enterprise_id: one for one in approved}
    found = []
    for firm in rows:
        own = plans.get(firm.pk)
        steps = own.steps.get(level, []) if own is not None else []
        found.append(
            {
                "name": firm.name,
                "process": "、".join(step["process"] for step in steps) or "—",
                "action": "；".join(_action(step) for step in steps) or "；".join(measures[firm.credit_code]),
                "reduction": _amounts(own.reductions.get(level, {})) if own is not None else "方案未就绪",
                "contact": f"{firm.contact} {firm.phone}".strip() or "—",
            }
        )
    return found


def _sites(measures: dict[str, list[str]], level: str) -> list[Fields]:
    return [
        {"name": site.name, "process": site.get_kind_display(), "action": "；".join(measures[site.code]),
         "reduction": _amounts({"pm": str(getattr(site, f"pm_{level.lower()}"))}), "contact": site.builder or "—"}
        for site in ConstructionSite.objects.filter(code__in=measures).order_by("name")
    ]  # fmt: skip


def _action(step: dict[str, Any]) -> str:
    limit = str(step.get("limit") or "")
    return f"{step['action']}{limit}%" if limit and step["action"] == "限产" else str(step["action"])


def _amounts(reductions: dict[str, Any]) -> str:
    parts = [f"{title} {reductions[name]}" for name, title in POLLUTANTS.items() if Decimal(reductions.get(name) or 0)]
    return "，".join(parts) or "—"


def _counted(rows: Iterable[tuple[str, str]], column: str, title: Callable[[str], str]) -> list[Fields]:
    """Return how many tasks there are by measure or organ, how many are in place, how many failed."""
    due: Counter[str] = Counter()
    states: Counter[tuple[str, str]] = Counter()
    for one, state in rows:
        due[one] += 1
        states[one, state] += 1
    return [
        {column: title(one), "due": n, "in_place": states[one, State.IN_PLACE], "failed": states[one, State.FAILED]}
        for one, n in sorted(due.items())
    ]


def _measures(row: EpisodeDuty, whole: bool = False) -> list[Fields]:
    own = report_counts.tasks_of(row)
    # When a response ends every task is closed: what stood then is told.
    own = own if whole or row.response.ended_at is not None else own.filter(closed="")
    known = plan.measures()
    return _counted(own.values_list("measure", "state"), "title", lambda one: f"{one} {known[one].title}")


def _inspections(row: EpisodeDuty, day: datetime.date | None = None) -> int:
    made = Inspection.objects.filter(response=row.response, organ=row.organ)
    return made.filter(at__date=day).count() if day is not None else made.count()


def _told(row: EpisodeDuty) -> str:
    given = [str(row.content.get(name, "")).strip() for name in ("text", "problems", "next")]
    return "\n".join(part for part in given if part)


def _day(row: EpisodeDuty) -> str:
    day = local(row.due_at)
    return f"{day.month}月{day.day}日"


def _daily(row: EpisodeDuty) -> Fields:
    return {
        "organ": row.organ, "level": plan.LEVEL_WORDS[row.response.level], "period": _day(row),
        "measures": _measures(row), "inspections": _inspections(row, local(row.due_at).date()), "told": _told(row),
    }  # fmt: skip


def _compiled(row: EpisodeDuty) -> Fields:
    owed = row.response.duties.filter(kind=Kind.DAILY, due_at__date=local(row.due_at).date())
    came = {EpisodeDuty.State.DONE, EpisodeDuty.State.LATE}
    rows = [one for one in owed.order_by("organ") if one.state != EpisodeDuty.State.VOID]
    names = concern.titles({one.organ for one in rows})
    return {
        "level": plan.LEVEL_WORDS[row.response.level], "period": _day(row), "owed": len(rows),
        "received": sum(one.state in came for one in rows),
        "missing": "、".join(names[one.organ] for one in rows if one.state not in came),
        "organs": _counted(row.response.tasks.filter(closed="").values_list("organ", "state"), "organ", str),
        "told": _told(row),
    }  # fmt: skip


def _implementation(row: EpisodeDuty) -> Fields:
    return {
        "organ": row.organ, "start": row.response.started_at, "end": row.response.ended_at,
        "measures": _measures(row, whole=True), "inspections": _inspections(row), "told": _told(row),
    }  # fmt: skip


def _evaluation(row: EpisodeDuty) -> Fields:
    if not row.content:
        raise LuoshiError("E_STATE", "评估报告还没有报，先填四个部分。")
    owed = list(row.response.duties.exclude(state=EpisodeDuty.State.VOID).values_list("state", flat=True))
    warning = row.response.warning
    lead = warning.onset - warning.issued_at
    hours, rest = divmod(int(lead.total_seconds()), 3600)
    return {
        "organ": row.organ, "highest": plan.LEVEL_WORDS[row.response.highest], "start": row.response.started_at,
        "end": row.response.ended_at, "lead": f"{hours}小时{rest // 60}分" if hours >= 0 else "0小时",
        "in_time": owed.count(EpisodeDuty.State.DONE), "owed": len(owed),
        **{name: row.content.get(name, "") for name in ("measures", "results", "problems", "improvements")},
    }  # fmt: skip


_DRAWN: dict[str, tuple[str, Callable[[EpisodeDuty], Fields]]] = {
    Kind.LISTS: ("stop_list", _list),
    Kind.DAILY: ("daily_report", _daily),
    Kind.COMPILED: ("compiled_report", _compiled),
    Kind.IMPLEMENTATION: ("implementation_report", _implementation),
    Kind.EVALUATION: ("evaluation_report", _evaluation),
}
WITH_PAPER = frozenset(_DRAWN)
"""The kinds of report that have a paper of their own."""


def traffic(*, actor: Actor, response: int) -> Notice:
    """Draft the notice of what may not drive at the present level of a response (限行通告), once for a level.

    Errors: E_NOT_FOUND, E_FORBIDDEN, E_STATE when the response has ended.
    """
    row = Response.objects.select_related("warning__case").filter(pk=response).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第 {response} 号应急响应。")
    if row.ended_at is not None:
        raise LuoshiError("E_STATE", "响应已终止，不再限行。")
    rules = [
        {"text": one.text.rstrip("。"), "basis": one.citations[0]}
        for one in plan.in_force(row.level)
        if one.id.startswith("V")
    ]
    end = local(row.warning.release_at or row.warning.expected_end)
    fields = {
        "warning": row.warning.case.number, "level": plan.LEVEL_WORDS[row.level], "start": _since(row),
        "end": f"{end.month}月{end.day}日{end.hour}时", "rules": rules,
    }  # fmt: skip
    return notices.draft(
        actor=actor, kind=f"{ROOM}.traffic", fields=fields, case=row.warning.case_id, exercise=row.warning.exercise,
        subject=f"hp-response:{row.pk}", key=f"hp-traffic:{row.pk}:{row.level}",
    )  # fmt: skip


def operation_plan(*, actor: Actor, site_plan: SitePlan) -> Notice:
    """Draft a firm's plan as a paper (减排操作方案), once for an edition as it stands. Errors: E_FORBIDDEN."""
    firm = site_plan.enterprise
    fields = {
        "firm": firm.name, "code": firm.credit_code, "year": site_plan.year, "edition": site_plan.edition,
        "state": site_plan.get_state_display(), "contact": f"{firm.contact} {firm.phone}".strip(),
        "amounts": [
            {"pollutant": title, "base": str(getattr(firm, name)),
             **{level.lower(): str(site_plan.reductions.get(level, {}).get(name) or 0) for level in LEVELS}}
            for name, title in POLLUTANTS.items()
        ],
        "steps": [
            {"level": words, "process": step["process"], "action": _action(step),
             "hours": f"{step['hours']}小时内" if step.get("hours") else "立即",
             "safety": step.get("safety") or "—", "evidence": step.get("evidence") or "—"}
            for level, words in LEVELS.items() for step in site_plan.steps.get(level, [])
        ],
    }  # fmt: skip
    return _of_plan(actor, "operation_plan", site_plan, fields)


def pledge(*, actor: Actor, site_plan: SitePlan) -> Notice:
    """Draft the pledge a firm signs for the year of its plan (应急责任承诺书). Errors: E_FORBIDDEN."""
    firm = site_plan.enterprise
    fields = {
        "firm": firm.name, "code": firm.credit_code, "town": concern.title(firm.town), "year": site_plan.year,
        "reductions": [
            {"level": words,
             "what": "；".join(f"{step['process']}{_action(step)}" for step in site_plan.steps.get(level, [])) or "—",
             "amount": _amounts(site_plan.reductions.get(level, {}))}
            for level, words in LEVELS.items()
        ],
    }  # fmt: skip
    return _of_plan(actor, "pledge", site_plan, fields)


def _of_plan(actor: Actor, name: str, site_plan: SitePlan, fields: Fields) -> Notice:
    return notices.draft(
        actor=actor, kind=f"{ROOM}.{name}", fields=fields, subject=f"hp-plan:{site_plan.pk}",
        key=f"hp-{name}:{site_plan.pk}:{site_plan.version}",
    )  # fmt: skip
