"""What organs owe an episode, report by report: made as it falls due, received with the server's stamp."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from luoshi.kernel.clock import CLOCK, day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.calendar import book as calendar_book
from luoshi.office.duties import concern
from luoshi.office.files import actions as files
from luoshi.office.messages.actions import Telling, tell_organs
from luoshi.office.parameters import book
from luoshi.office.permissions import require
from luoshi.programmes.heavy_pollution import plan, tasks
from luoshi.programmes.heavy_pollution.air_actions import ROOM
from luoshi.programmes.heavy_pollution.decisions.settings import PLAN
from luoshi.programmes.heavy_pollution.models import EpisodeDuty, Response
from luoshi.programmes.heavy_pollution.moments import until

State, Kind = EpisodeDuty.State, EpisodeDuty.Kind
PARTS = ("measures", "results", "problems", "improvements")
"""The four parts an evaluation must have (3.4)."""
PART_TITLES = {"measures": "采取的措施", "results": "取得的成效", "problems": "存在的问题", "improvements": "改进措施"}


def _parameters(response: Response) -> Mapping[str, Any]:
    return book.current().values(ROOM, day_of(response.started_at))


def organs(response: Response) -> list[str]:
    """Return who reports on a response: the leads of its measures and the towns and zones."""
    leads = {lead for measure in plan.in_force(response.level) for lead in measure.lead}
    return sorted((leads & set(plan.MEMBERS)) | concern.towns())


def _owe(response: Response, owed: Iterable[plan.Owed]) -> list[EpisodeDuty]:
    """Write what is owed and tell who owes it; what is there already stays."""
    rows = [
        EpisodeDuty(response=response, kind=one.kind, organ=one.organ, period=one.period, due_at=one.due_at,
                    citation=one.citation)
        for one in owed
    ]  # fmt: skip
    known = set(response.duties.values_list("kind", "organ", "period"))
    fresh = [row for row in rows if (row.kind, row.organ, row.period) not in known]
    EpisodeDuty.objects.bulk_create(fresh, batch_size=500)
    drill = "【演练】" if response.warning.exercise else ""
    tell_organs(
        [
            Telling(f"hp-duty:{response.pk}:{row.kind}:{row.period}:{row.organ}", row.organ, "clerk", "pollution",
                    f"{drill}{Kind(row.kind).label}：请于{until(row.due_at)}前报", "/pollution/duties/")
            for row in fresh
        ]
    )  # fmt: skip
    return fresh


def owe_issue(response: Response, at: datetime.datetime) -> None:
    """Owe what an issue or an upgrade brings, and the first daily reports."""
    parameters = _parameters(response)
    _owe(response, plan.owed_at_issue(at, parameters, calendar_book.calendar(), lists=plan.LISTS_FROM))
    owe_daily(response, at + datetime.timedelta(days=1))


def owe_daily(response: Response, upto: datetime.datetime) -> int:
    """Owe the daily reports up to a moment, not after the end of the response; return how many are new."""
    end = response.ended_at or upto
    found = plan.owed_daily(response.started_at, min(upto, end), _parameters(response), organs(response))
    return len(_owe(response, found))


def owe_end(response: Response, at: datetime.datetime) -> None:
    """Owe what the end of a response brings; daily reports of hours it did not see are void."""
    response.duties.filter(kind__in=(Kind.DAILY, Kind.COMPILED), state=State.DUE, due_at__gt=at).update(
        state=State.VOID
    )
    owed = plan.owed_at_end(at, _parameters(response), calendar_book.calendar(), organs=organs(response),
                            highest=response.highest)  # fmt: skip
    _owe(response, owed)


def missing(response: Response) -> list[str]:
    """Return what must still come before an episode can be closed."""
    wanted = (Kind.IMPLEMENTATION, Kind.EVALUATION, Kind.UPWARD)
    rows = list(response.duties.filter(kind__in=wanted, state=State.DUE).order_by("due_at", "organ"))
    names = concern.titles({row.organ for row in rows})
    return [f"{names[row.organ]}{Kind(row.kind).label}" for row in rows]


def hand_in(
    *, actor: Actor, duty: int, content: Mapping[str, Any] | None = None, upload: tuple[str, bytes] | None = None
) -> EpisodeDuty:
    """Hand in a report. After its moment it is taken and late for ever, by the server's clock.

    Errors: E_NOT_FOUND, E_FORBIDDEN, E_STATE (in already, or no longer needed), E_INPUT (an evaluation lacks a part).
    """
    given = {str(key)[:40]: str(value)[:4000] for key, value in (content or {}).items()}
    with transaction.atomic():
        row = EpisodeDuty.objects.select_for_update().filter(pk=duty).first()
        reach = tasks.reach_of(actor)
        if row is None or (reach is not None and row.organ not in reach):
            raise LuoshiError("E_NOT_FOUND", f"没有第 {duty} 号报告。")
        own = concern.organs_for(actor, "pollution.task")
        if own is not None and row.organ not in own:
            require(actor, "pollution.task", [row.organ])
        if row.state != State.DUE:
            raise LuoshiError("E_STATE", f"这份报告已是“{row.get_state_display()}”，不能再报。")
        if row.kind == Kind.EVALUATION:
            lacking = [PART_TITLES[part] for part in PARTS if len(given.get(part, "").strip()) < 2]
            if lacking:
                faults = {part: "请填写" for part in PARTS if len(given.get(part, "").strip()) < 2}
                raise LuoshiError("E_INPUT", f"评估报告缺：{'、'.join(lacking)}。", fields={"fields": faults},
                                  citation=f"{PLAN} 3.4")  # fmt: skip
        if row.kind in (Kind.DAILY, Kind.COMPILED):
            _require_counts(given)
        if upload is not None:
            row.file = files.keep(actor=actor, name=upload[0], data=upload[1])
        now = CLOCK.now()
        row.content, row.received_at, row.by = given, now, actor.name[:100]
        row.state = State.DONE if now <= row.due_at else State.LATE
        row.version += 1
        row.save()
        append(actor=actor, act="pollution.report", subject=f"hp-duty:{row.pk}",
               after={"kind": row.kind, "state": row.state, "organ": row.organ}, permission="pollution.task",
               basis=row.citation)  # fmt: skip
    return row


COUNTS = {"due": "应落实对象", "in_place": "已落实", "failed": "未落实"}
"""The figures of a daily report; each may be left out."""


def _require_counts(given: Mapping[str, str]) -> None:
    """Refuse figures of a daily report that are no counts, or of which the parts are more than the whole."""
    wrong: dict[str, str] = {}
    counts: dict[str, int] = {}
    for name, title in COUNTS.items():
        text = given.get(name, "").strip()
        if text and not (text.isascii() and text.isdecimal() and len(text) < 8):
            wrong[name] = f"“{title}”应为整数，写的是“{text[:20]}”"
        elif text:
            counts[name] = int(text)
    if not wrong and "due" in counts and counts.get("in_place", 0) + counts.get("failed", 0) > counts["due"]:
        wrong["due"] = (
            f"已落实{counts.get('in_place', 0)}、未落实{counts.get('failed', 0)}合计多于应落实{counts['due']}，请核对"
        )
    if wrong:
        raise LuoshiError("E_INPUT", "；".join(wrong.values()) + "。", fields={"fields": wrong})


def tell_overdue(at: datetime.datetime) -> int:
    """Tell, once, who owes a report that is past its moment, and the command office; return how many there were."""
    rows = list(EpisodeDuty.objects.filter(state=State.DUE, due_at__lt=at, overdue_told=False).order_by("id")[:5000])
    if not rows:
        return 0
    names = concern.titles({row.organ for row in rows})
    tell_organs(
        [
            Telling(f"hp-late:{row.pk}:{organ}:{role}", organ, role, "pollution", words, "/pollution/duties/")
            for row, words in ((row, _late(row, names)) for row in rows)
            for organ, role in ((row.organ, "leader"), (plan.COMMAND, "clerk"))
        ]
    )
    return EpisodeDuty.objects.filter(pk__in=[row.pk for row in rows]).update(overdue_told=True)


def _late(row: EpisodeDuty, names: Mapping[str, str]) -> str:
    return f"{names[row.organ]}{Kind(row.kind).label}已逾期（{until(row.due_at)}）"
